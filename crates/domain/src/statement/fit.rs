//! What a statement and the books say of each other. It proposes and lists; nothing is marked here.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::Standing;
use crate::statement::{Found, Received};
use crate::verbs::verify_payment::{Payment, code_key};

/// A buyer pays about when the sale is made. What comes later than this after the last row may not be in it yet.
pub const NEAR_MS: i64 = 30 * 60_000;
const DAY_MS: i64 = 24 * 60 * 60_000;

/// A payment by phone as the books have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    pub payment: Payment,
    pub amount_minor: i64,
    /// As `code_key` spells it; empty where nobody entered one.
    pub code: String,
    pub standing: Standing,
    /// Of the sale, since 1970 at the stall.
    pub local_ms: i64,
}

/// One thing found, with the payment and the row that it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding<'a> {
    pub found: Found,
    pub claim: Option<&'a Claim>,
    pub row: Option<&'a Received>,
}

/// Compares. The claims are those that are not settled, and all whose code stands in the statement; `elsewhere` has the
/// codes that paid an order or a purse.
pub fn fit<'a>(claims: &'a [Claim], elsewhere: &BTreeSet<String>, rows: &'a [Received]) -> Vec<Finding<'a>> {
    let mut fitting = Fitting { span: span(rows), ..Fitting::default() };
    let mut holders: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| !claim.code.is_empty()) {
        holders.entry(&claim.code).or_default().push(claim);
    }
    let coded = by_code(rows);
    for (code, of_code) in &coded {
        let theirs = holders.get(code.as_str()).map_or(&[][..], Vec::as_slice);
        fitting.code(of_code, theirs, elsewhere.contains(code));
    }
    for claim in claims.iter().filter(|claim| is_open(claim) && !claim.code.is_empty()) {
        if !coded.contains_key(&claim.code) {
            fitting.missing(claim);
        }
    }
    fitting.without_code(claims.iter().filter(|claim| is_open(claim) && claim.code.is_empty()));
    let mut findings = fitting.findings;
    findings.sort_by_key(|finding| {
        let line = finding.row.map_or(u32::MAX, |row| row.line);
        (finding.found, line, finding.claim.map(|claim| (claim.local_ms, claim.payment)))
    });
    findings
}

fn is_open(claim: &Claim) -> bool {
    match claim.standing {
        Standing::Claimed | Standing::Failed | Standing::Verified => true,
        Standing::Taken | Standing::Settled => false,
    }
}

/// From the beginning of the first day to the last row.
fn span(rows: &[Received]) -> Option<(i64, i64)> {
    let times = || rows.iter().filter_map(|row| row.local_ms);
    let (first, last) = (times().min()?, times().max()?);
    Some((first.div_euclid(DAY_MS) * DAY_MS, last))
}

/// The rows of one code.
#[derive(Default)]
struct OfCode<'a> {
    came: Vec<&'a Received>,
    /// Of `came`, those that the provider completed and that did not go back.
    complete: Vec<&'a Received>,
}

/// Rows in which money came, by their codes. A fee has its payment's code and goes out, too; it is not the same amount.
fn by_code(rows: &[Received]) -> BTreeMap<String, OfCode<'_>> {
    let gone: BTreeSet<(String, i64)> = rows
        .iter()
        .filter(|row| row.amount_minor < 0 && row.is_complete)
        .map(|row| (code_key(&row.code), row.amount_minor.saturating_neg()))
        .collect();
    let mut coded: BTreeMap<String, OfCode<'_>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.amount_minor > 0) {
        let key = code_key(&row.code);
        let is_complete = row.is_complete && !gone.contains(&(key.clone(), row.amount_minor));
        let of_code = coded.entry(key).or_default();
        of_code.came.push(row);
        if is_complete {
            of_code.complete.push(row);
        }
    }
    coded
}

#[derive(Default)]
struct Fitting<'a> {
    span: Option<(i64, i64)>,
    findings: Vec<Finding<'a>>,
    /// By amount: rows that no payment names.
    unknown: BTreeMap<i64, Vec<&'a Received>>,
}

impl<'a> Fitting<'a> {
    fn say(&mut self, found: Found, claim: Option<&'a Claim>, row: Option<&'a Received>) {
        self.findings.push(Finding { found, claim, row });
    }

    fn code(&mut self, of_code: &OfCode<'a>, holders: &[&'a Claim], is_elsewhere: bool) {
        let row = of_code.complete.first().or_else(|| of_code.came.first()).copied();
        let Some(row) = row else { return };
        if of_code.complete.len() > 1 {
            for row in &of_code.complete {
                self.say(Found::TwiceInStatement, holders.first().copied(), Some(*row));
            }
            return;
        }
        if holders.len() > 1 || (is_elsewhere && !holders.is_empty()) {
            for claim in holders {
                self.say(Found::OnTwoSales, Some(*claim), Some(row));
            }
            return;
        }
        let is_complete = !of_code.complete.is_empty();
        match holders.first().copied() {
            Some(claim) if !is_complete => self.say(Found::NotComplete, Some(claim), Some(row)),
            Some(claim) if claim.amount_minor != row.amount_minor => {
                self.say(Found::OtherAmount, Some(claim), Some(row));
            }
            Some(claim) if is_open(claim) => self.say(Found::Ready, Some(claim), Some(row)),
            Some(claim) => self.say(Found::InOrder, Some(claim), Some(row)),
            None if is_elsewhere => self.say(Found::InOrder, None, Some(row)),
            // What did not come and nobody counts on is nothing to look at.
            None if !is_complete => {}
            None => self.unknown.entry(row.amount_minor).or_default().push(row),
        }
    }

    fn missing(&mut self, claim: &'a Claim) {
        let is_covered = self
            .span
            .is_some_and(|(from, until)| claim.local_ms >= from && claim.local_ms <= until - NEAR_MS);
        let found = if is_covered { Found::Absent } else { Found::Outside };
        self.say(found, Some(claim), None);
    }

    /// A question needs one row that only one claim can mean, and a claim that only one row can be.
    fn without_code(&mut self, claims: impl Iterator<Item = &'a Claim>) {
        let mut suitors: BTreeMap<u32, u32> = BTreeMap::new();
        let mut could_be: Vec<(&'a Claim, Vec<&'a Received>)> = Vec::new();
        for claim in claims {
            let same = self.unknown.get(&claim.amount_minor).map_or(&[][..], Vec::as_slice);
            let is_near = |row: &&Received| {
                row.local_ms.is_some_and(|at| (at - claim.local_ms).saturating_abs() <= NEAR_MS)
            };
            let near: Vec<&'a Received> = same.iter().copied().filter(is_near).collect();
            for row in &near {
                *suitors.entry(row.line).or_default() += 1;
            }
            could_be.push((claim, near));
        }
        let mut asked = BTreeSet::new();
        for (claim, near) in could_be {
            match near.as_slice() {
                [] => self.missing(claim),
                [row] if suitors.get(&row.line) == Some(&1) => {
                    asked.insert(row.line);
                    self.say(Found::Question, Some(claim), Some(*row));
                }
                [_, ..] => self.say(Found::Unclear, Some(claim), None),
            }
        }
        for row in std::mem::take(&mut self.unknown).into_values().flatten() {
            if !asked.contains(&row.line) {
                self.say(Found::Unknown, None, Some(row));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SaleId;

    const HOUR_MS: i64 = 60 * 60_000;
    const NOON_MS: i64 = 20_000 * DAY_MS + 12 * HOUR_MS;

    fn claim(sale: u8, amount_minor: i64, code: &str, standing: Standing) -> Claim {
        let payment = Payment { sale: SaleId([sale; 16]), tender: 0 };
        Claim { payment, amount_minor, code: code.into(), standing, local_ms: NOON_MS }
    }

    fn row(line: u32, code: &str, amount_minor: i64) -> Received {
        let (code, who) = (code.into(), String::new());
        Received { line, code, amount_minor, local_ms: Some(NOON_MS), who, is_complete: true }
    }

    fn late(line: u32) -> Received {
        Received { local_ms: Some(NOON_MS + 3 * HOUR_MS), ..row(line, "END1", -1) }
    }

    /// What was found, the first byte of its sale or 0, and its line or 0.
    fn found(claims: &[Claim], elsewhere: &[&str], rows: &[Received]) -> Vec<(Found, u8, u32)> {
        let elsewhere = elsewhere.iter().map(|code| (*code).to_owned()).collect();
        let sale = |finding: &Finding<'_>| finding.claim.map_or(0, |claim| claim.payment.sale.0[0]);
        let findings = fit(claims, &elsewhere, rows);
        findings.iter().map(|it| (it.found, sale(it), it.row.map_or(0, |row| row.line))).collect()
    }

    #[test]
    fn one_code_and_its_payment() {
        use Standing::{Claimed, Failed, Settled, Taken, Verified};
        let failed = || Received { is_complete: false, ..row(2, "AB1", 500) };
        for (standing, rows, wanted) in [
            (Claimed, vec![row(2, "ab-1", 500)], vec![(Found::Ready, 1, 2)]),
            (Failed, vec![row(2, "AB1", 500)], vec![(Found::Ready, 1, 2)]),
            (Verified, vec![row(2, "AB1", 500)], vec![(Found::Ready, 1, 2)]),
            (Settled, vec![row(2, "AB1", 500)], vec![(Found::InOrder, 1, 2)]),
            (Taken, vec![row(2, "AB1", 500)], vec![(Found::InOrder, 1, 2)]),
            (Claimed, vec![row(2, "AB1", 499)], vec![(Found::OtherAmount, 1, 2)]),
            (Settled, vec![row(2, "AB1", 499)], vec![(Found::OtherAmount, 1, 2)]),
            (Claimed, vec![failed()], vec![(Found::NotComplete, 1, 2)]),
            // The first try was declined, the second came.
            (Claimed, vec![failed(), row(3, "AB1", 500)], vec![(Found::Ready, 1, 3)]),
            // A fee goes out under the same code; a payment that went back is the same amount.
            (Claimed, vec![row(2, "AB1", 500), row(3, "AB1", -5)], vec![(Found::Ready, 1, 2)]),
            (Claimed, vec![row(2, "AB1", 500), row(3, "AB1", -500)], vec![(Found::NotComplete, 1, 2)]),
            (
                Claimed,
                vec![row(2, "AB1", 500), row(3, "AB1", 500)],
                vec![(Found::TwiceInStatement, 1, 2), (Found::TwiceInStatement, 1, 3)],
            ),
        ] {
            assert_eq!(found(&[claim(1, 500, "AB1", standing)], &[], &rows), wanted, "{standing:?} {rows:?}");
        }
    }

    #[test]
    fn a_code_on_two_payments_is_said_and_marks_neither() {
        let two = [claim(1, 500, "AB1", Standing::Claimed), claim(2, 500, "AB1", Standing::Settled)];
        let expected = [(Found::OnTwoSales, 1, 2), (Found::OnTwoSales, 2, 2)];
        assert_eq!(found(&two, &[], &[row(2, "AB1", 500)]), expected);
        assert_eq!(found(&two[..1], &["AB1"], &[row(2, "AB1", 500)]), [(Found::OnTwoSales, 1, 2)]);
        assert_eq!(found(&[], &["AB1"], &[row(2, "AB1", 500)]), [(Found::InOrder, 0, 2)]);
    }

    #[test]
    fn money_that_nobody_wrote_down_is_listed() {
        let declined = Received { is_complete: false, ..row(3, "CD2", 700) };
        let rows = [row(2, "AB1", 500), declined, row(4, "EF3", -200)];
        assert_eq!(found(&[], &[], &rows), [(Found::Unknown, 0, 2)]);
    }

    #[test]
    fn what_the_statement_should_have_and_has_not() {
        let at = |local_ms| Claim { local_ms, ..claim(1, 500, "AB1", Standing::Claimed) };
        let rows = [row(2, "ZZ9", -300), late(3)];
        for (local_ms, wanted) in [
            (NOON_MS, Found::Absent),
            // A statement of a day has that day from its beginning.
            (NOON_MS - 11 * HOUR_MS, Found::Absent),
            (NOON_MS - 13 * HOUR_MS, Found::Outside),
            (NOON_MS + 3 * HOUR_MS - NEAR_MS, Found::Absent),
            // It may have come after the last row.
            (NOON_MS + 3 * HOUR_MS, Found::Outside),
        ] {
            assert_eq!(found(&[at(local_ms)], &[], &rows), [(wanted, 1, 0)], "{local_ms}");
        }
        let timeless = Received { local_ms: None, ..row(2, "ZZ9", -300) };
        assert_eq!(found(&[at(NOON_MS)], &[], &[timeless]), [(Found::Outside, 1, 0)]);
        let settled = claim(1, 500, "AB1", Standing::Settled);
        assert_eq!(found(&[settled], &[], &rows), []);
    }

    #[test]
    fn a_claim_without_a_code_is_asked_about_where_only_one_row_can_be_it() {
        let bare = |sale| claim(sale, 500, "", Standing::Claimed);
        let far = Received { local_ms: Some(NOON_MS + NEAR_MS + 1), ..row(3, "CD2", 500) };
        let timeless = Received { local_ms: None, ..row(2, "AB1", 500) };
        for (claims, rows, wanted) in [
            (vec![bare(1)], vec![row(2, "AB1", 500), late(9)], vec![(Found::Question, 1, 2)]),
            (
                vec![bare(1)],
                vec![row(2, "AB1", 500), far],
                vec![(Found::Question, 1, 2), (Found::Unknown, 0, 3)],
            ),
            (
                vec![bare(1)],
                vec![row(2, "AB1", 500), row(3, "CD2", 500)],
                vec![(Found::Unclear, 1, 0), (Found::Unknown, 0, 2), (Found::Unknown, 0, 3)],
            ),
            (
                vec![bare(1), bare(2)],
                vec![row(2, "AB1", 500)],
                vec![(Found::Unclear, 1, 0), (Found::Unclear, 2, 0), (Found::Unknown, 0, 2)],
            ),
            (
                vec![bare(1)],
                vec![row(2, "AB1", 501), late(9)],
                vec![(Found::Absent, 1, 0), (Found::Unknown, 0, 2)],
            ),
            (vec![bare(1)], vec![timeless], vec![(Found::Unknown, 0, 2), (Found::Outside, 1, 0)]),
            // A row that another payment names by its code is not in question.
            (
                vec![bare(1), claim(2, 500, "AB1", Standing::Claimed)],
                vec![row(2, "AB1", 500), late(9)],
                vec![(Found::Ready, 2, 2), (Found::Absent, 1, 0)],
            ),
        ] {
            assert_eq!(found(&claims, &[], &rows), wanted, "{claims:?} {rows:?}");
        }
    }

    /// What was marked is in order, whatever else the statement has.
    #[test]
    fn what_was_marked_is_not_ready_again() {
        let rows = [row(2, "AB1", 500), row(3, "CD2", 700), late(9)];
        let mut claims = vec![claim(1, 500, "AB1", Standing::Claimed), claim(2, 700, "", Standing::Claimed)];
        assert_eq!(found(&claims, &[], &rows), [(Found::Ready, 1, 2), (Found::Question, 2, 3)]);
        for (claim, code) in claims.iter_mut().zip(["AB1", "CD2"]) {
            (claim.standing, claim.code) = (Standing::Settled, code.into());
        }
        assert_eq!(found(&claims, &[], &rows), [(Found::InOrder, 1, 2), (Found::InOrder, 2, 3)]);
    }
}
