//! Whether people were shared out as planned. If they were not, something loses the people of one arm, and then no difference
//! means anything.

use crate::assign::Shares;
use crate::counts::ArmCounts;
use crate::distributions::{chi_square_above, ln_gamma};

/// A healthy experiment is ever called unequal in fewer than one of a thousand.
const LEVEL: f64 = 0.001;
/// How far from the plan one looks: as if a hundred people had been seen already, shared out as planned.
const BEFORE: f64 = 100.0;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sharing {
    /// How often a plan that was kept looks like this or worse at one look (chi-square).
    pub chance: f64,
    /// However often one looked.
    pub is_unequal: bool,
}

#[must_use]
pub fn sharing(shares: &Shares, arms: &[ArmCounts]) -> Sharing {
    let planned: u64 = shares.parts().iter().map(|part| u64::from(*part)).sum();
    let people: u64 = arms.iter().map(|arm| arm.people).sum();
    if people == 0 || arms.len() != shares.parts().len() {
        return Sharing { chance: 1.0, is_unequal: false };
    }
    let all = people as f64;
    let (mut squares, mut ln_ratio) = (0.0, ln_gamma(BEFORE) - ln_gamma(BEFORE + all));
    for (part, arm) in shares.parts().iter().zip(arms) {
        let (share, found) = (f64::from(*part) / planned as f64, arm.people as f64);
        let wanted = share * all;
        squares += (found - wanted) * (found - wanted) / wanted;
        // Against a plan that was not kept, by how much nobody knows (Lindon and Malek, 2022): may be asked at any time.
        let before = BEFORE * share;
        ln_ratio += ln_gamma(before + found) - ln_gamma(before) - found * share.ln();
    }
    Sharing { chance: chi_square_above(squares, arms.len() - 1), is_unequal: ln_ratio >= -LEVEL.ln() }
}
