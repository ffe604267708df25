//! Choosing a few of many: what may be shown, not too much of one kind, sometimes something unexpected, and each with the
//! reason why it is there.

use super::score::latest;
use super::{NEWCOMERS, Packed};

/// Why something is suggested.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// Bought together with something in `both` of `of` baskets.
    Together { with: u32, both: u32, of: u32 },
    /// People who like this one like it, too.
    Like { product: u32 },
    /// It is like this one, and one of them was bought by nobody yet.
    Similar { product: u32 },
    /// Many had it; nothing is known of this person.
    Popular,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suggestion {
    pub product: u32,
    pub reason: Reason,
}

/// What is wanted.
pub struct Wanted<'a> {
    pub count: usize,
    /// Whether a product may be shown: in stock, neither archived nor dismissed, its stall open and near.
    pub may_show: &'a dyn Fn(u32) -> bool,
    /// With a seed, the last place goes to something a little less likely, so that it can be found out.
    pub explore: Option<u64>,
}

/// Of how many of the best the few are chosen, for each of the few.
const CHOICE: usize = 4;
/// How far down something unexpected is looked for, for each of the few.
const EXPLORED: usize = 8;
/// What being just like something that is already there costs, in spreads of the scores.
const SAMENESS_COST: f32 = 0.7;

/// More than any count says, and what a place among what newcomers are shown is worth: being like another costs some places.
const NEWCOMERS_FIRST: f32 = 100.0;
const NEWCOMERS_STEP: f32 = 0.25;

/// In fewer than one of so many baskets, and something else of the history is really like it: then that is the better reason.
const TOGETHER_PART: u32 = 20;
/// Less alike than this is not similar.
const SIMILAR_MIN: f32 = 0.3;

impl Packed {
    /// What goes with what is in a basket.
    #[must_use]
    pub fn goes_with(&self, basket: &[u32], wanted: &Wanted<'_>) -> Vec<Suggestion> {
        let basket = latest(basket);
        let mut found: Vec<(u32, f32, Reason)> = Vec::new();
        for with in basket {
            let Some(place) = self.place(*with) else { continue };
            let of = self.counts[place];
            for (product, both) in self.together.of(place) {
                let often = of as f32 * self.count(product) as f32;
                let score = both as f32 / often.max(1.0).sqrt();
                let reason = Reason::Together { with: *with, both, of };
                match found.iter_mut().find(|it| it.0 == product) {
                    None => found.push((product, score, reason)),
                    Some(known) => {
                        known.1 += score;
                        known.2 = stronger(known.2, reason);
                    }
                }
            }
        }
        found.retain(|it| !basket.contains(&it.0) && (wanted.may_show)(it.0));
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(wanted.count);
        found.into_iter().map(|(product, _, reason)| Suggestion { product, reason }).collect()
    }

    /// What is like a product, by what people who had it have; of one that nobody had, by what it is.
    #[must_use]
    pub fn similar(&self, product: u32, wanted: &Wanted<'_>) -> Vec<Suggestion> {
        let nothing = self.number(&NEWCOMERS);
        let may = |it: u32| it != product && Some(it) != nothing && (wanted.may_show)(it);
        let others = (0u32..).take(self.products()).filter(|it| may(*it));
        let mut found: Vec<(u32, f32)> = others.map(|it| (it, self.likeness(product, it))).collect();
        found.retain(|(_, likeness)| *likeness >= SIMILAR_MIN);
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(wanted.count);
        let reason = Reason::Similar { product };
        found.into_iter().map(|(product, _)| Suggestion { product, reason }).collect()
    }

    /// What somebody may like, from what they had, the latest last.
    #[must_use]
    pub fn suggest(&self, history: &[u32], wanted: &Wanted<'_>) -> Vec<Suggestion> {
        let history = latest(history);
        // What nobody else had says nothing of what goes with it.
        let known = history.iter().filter_map(|it| self.place(*it)).any(|at| self.tells(at));
        let scores = if known { self.score(&self.fold_in(history), history) } else { self.for_newcomers() };
        let nothing = self.number(&NEWCOMERS);
        let may = |it: u32| !history.contains(&it) && Some(it) != nothing && (wanted.may_show)(it);
        let mut ranked: Vec<(u32, f32)> = (0u32..).zip(scores).filter(|it| may(it.0)).collect();
        let better = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        let looked_at = (wanted.count * EXPLORED).min(ranked.len());
        if looked_at == 0 {
            return Vec::new();
        }
        ranked.select_nth_unstable_by(looked_at - 1, better);
        ranked.truncate(looked_at);
        ranked.sort_unstable_by(better);
        let mut chosen = self.different(&ranked[..ranked.len().min(wanted.count * CHOICE)], wanted.count);
        self.explore(&ranked, &mut chosen, wanted);
        chosen
            .into_iter()
            .map(|product| Suggestion {
                product,
                reason: self.reason(if known { history } else { &[] }, product),
            })
            .collect()
    }

    fn tells(&self, at: usize) -> bool {
        self.row(at).iter().any(|value| *value != 0)
            || self.near.of(at).next().is_some()
            || self.together.of(at).next().is_some()
    }

    /// What is said to whoever had nothing yet comes first, in its order, and what most had behind it.
    fn for_newcomers(&self) -> Vec<f32> {
        let mut scores: Vec<f32> = self.counts.iter().map(|count| (*count as f32).ln_1p()).collect();
        for (product, weight) in
            self.number(&NEWCOMERS).and_then(|it| self.place(it)).into_iter().flat_map(|it| self.near.of(it))
        {
            if let Some(place) = self.place(product) {
                scores[place] = NEWCOMERS_FIRST + NEWCOMERS_STEP * f32::from(weight);
            }
        }
        scores
    }

    /// The best first, each next one paying for being like those before it.
    fn different(&self, ranked: &[(u32, f32)], count: usize) -> Vec<u32> {
        let mut left: Vec<(u32, f32, f32)> =
            ranked.iter().map(|(product, score)| (*product, *score, 0.0)).collect();
        let mut chosen: Vec<u32> = Vec::with_capacity(count);
        while chosen.len() < count && !left.is_empty() {
            let worth = |it: &(u32, f32, f32)| it.1 - SAMENESS_COST * it.2;
            let best = (0..left.len()).max_by(|a, b| {
                worth(&left[*a]).total_cmp(&worth(&left[*b])).then(left[*b].0.cmp(&left[*a].0))
            });
            let product = left.remove(best.unwrap_or(0)).0;
            for it in &mut left {
                it.2 = it.2.max(self.likeness(product, it.0));
            }
            chosen.push(product);
        }
        chosen
    }

    fn explore(&self, ranked: &[(u32, f32)], chosen: &mut [u32], wanted: &Wanted<'_>) {
        let (Some(seed), Some(last)) = (wanted.explore, chosen.len().checked_sub(1)) else { return };
        let others: Vec<u32> = ranked.iter().map(|it| it.0).filter(|it| !chosen.contains(it)).collect();
        let Ok(count) = u64::try_from(others.len()) else { return };
        if last > 0 && count > 0 {
            let mixed = (seed ^ seed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17;
            let at = usize::try_from(mixed % count).unwrap_or(0);
            chosen[last] = others[at];
        }
    }

    /// The cosine of two products' factors.
    fn likeness(&self, a: u32, b: u32) -> f32 {
        let (Some(a), Some(b)) = (self.place(a), self.place(b)) else { return 0.0 };
        let product =
            |a: &[i8], b: &[i8]| a.iter().zip(b).map(|(a, b)| f32::from(*a) * f32::from(*b)).sum::<f32>();
        let (a, b) = (self.row(a), self.row(b));
        let lengths = product(a, a) * product(b, b);
        if lengths > 0.0 { product(a, b) / lengths.sqrt() } else { 0.0 }
    }

    /// What of the history speaks most for a product.
    fn reason(&self, history: &[u32], product: u32) -> Reason {
        let mut best: Option<Reason> = None;
        let mut like: Option<(f32, u32)> = None;
        for had in history {
            let Some(place) = self.place(*had) else { continue };
            for (_, both) in self.together.of(place).filter(|it| it.0 == product) {
                let reason = Reason::Together { with: *had, both, of: self.counts[place] };
                best = Some(best.map_or(reason, |best| stronger(best, reason)));
            }
            let near = self.near.of(place).find(|it| it.0 == product).map_or(0.0, |it| f32::from(it.1));
            let likeness = self.likeness(*had, product) + near * self.near_scales[place];
            // Of what is alike in nothing, as where too few had it, nobody says that who had one had the other.
            if likeness > 0.0 && like.is_none_or(|(most, _)| likeness > most) {
                like = Some((likeness, *had));
            }
        }
        let is_alike = like.is_some_and(|(likeness, _)| likeness >= SIMILAR_MIN);
        // Of what too few had, nobody says who had it; what it is like by its kind may be said.
        let like = like.map(|(_, like)| match self.count(product).min(self.count(like)) {
            0 => Reason::Similar { product: like },
            1.. => Reason::Like { product: like },
        });
        best.filter(|best| !(is_alike && is_rare(*best))).or(like).unwrap_or(Reason::Popular)
    }
}

/// Of which hardly anybody would say that it goes with the other.
fn is_rare(reason: Reason) -> bool {
    match reason {
        Reason::Together { both, of, .. } => u64::from(both) * u64::from(TOGETHER_PART) < u64::from(of),
        Reason::Like { .. } | Reason::Similar { .. } | Reason::Popular => false,
    }
}

/// The one that says more: the larger share of baskets.
fn stronger(a: Reason, b: Reason) -> Reason {
    match (a, b) {
        (Reason::Together { both, of, .. }, Reason::Together { both: other, of: other_of, .. })
            if u64::from(other) * u64::from(of) > u64::from(both) * u64::from(other_of) =>
        {
            b
        }
        _ => a,
    }
}
