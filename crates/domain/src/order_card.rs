//! What servers said, in their lives, of the gift card that pays for an order, and what of it counts. A server that was restored
//! says again what an earlier one said in a life that it forgot; when a device brings that back, both stand in the records. A
//! movement is named by its order, its card and its cause, and says how much of the same name went before. So what is said again
//! is the same movement and counts once, in whatever order the two are heard of; and what is said of more than before counts as far
//! as it is more. Nobody counts a card, so nothing else would ever set it right.

use std::collections::BTreeMap;

use crate::entry::{Entry, PurseMove};
use crate::ids::{AuthorId, OrderId, ProductId, ThingId};
use crate::stock::{Account, Transfer};

/// What happens to units of a card for an order, and its name: parts of the order's money have names of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CardStep {
    Held,
    Paid,
    Freed,
    Back(Option<ThingId>),
}

/// One word about it, by one life of the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardWord {
    pub author: AuthorId,
    pub purse: ProductId,
    pub step: CardStep,
    pub units: i64,
    pub before: i64,
}

/// What of a word counts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counted {
    pub units: i64,
    /// Something of the same name counted before it in its own life: the card paid once more for what it had again.
    pub is_again: bool,
}

impl CardWord {
    /// Nothing of any other entry.
    pub fn of(author: AuthorId, entry: &Entry) -> Option<(OrderId, Self)> {
        if let Entry::OrderPurseHeld(held) = entry {
            let (purse, units, before) = (held.purse, held.units, held.before);
            return Some((held.order, Self { author, purse, step: CardStep::Held, units, before }));
        }
        let Entry::OrderPurseMoved(moved) = entry else { return None };
        let step = match moved.cause {
            PurseMove::Paid => CardStep::Paid,
            PurseMove::Back => CardStep::Back(moved.refund),
            PurseMove::Freed => CardStep::Freed,
        };
        let (purse, units, before) = (moved.purse, moved.units, moved.before);
        Some((moved.order, Self { author, purse, step, units, before }))
    }
}

impl CardStep {
    fn between(self, order: OrderId) -> (Account, Account) {
        match self {
            Self::Held => (Account::Pool, Account::Hold(order)),
            Self::Paid => (Account::Hold(order), Account::Sold),
            Self::Freed => (Account::Hold(order), Account::Pool),
            Self::Back(_) => (Account::Sold, Account::Pool),
        }
    }

    /// In which order they are counted: what is paid was held, and what is back was paid.
    fn turn(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Paid => 1,
            Self::Freed => 2,
            Self::Back(_) => 3,
        }
    }
}

/// What counts of each word about one order. They come in the order of authors, and of each author in the order in which they were
/// written.
pub fn counted(words: &[CardWord]) -> Vec<Counted> {
    let mut all = vec![Counted::default(); words.len()];
    let mut names = Names::default();
    // What an order holds of each card, and what that paid and does not have again: no word counts beyond it.
    let mut holds: BTreeMap<ProductId, i64> = BTreeMap::new();
    let mut paid: BTreeMap<ProductId, i64> = BTreeMap::new();
    for turn in 0..=3 {
        for (word, counted) in words.iter().zip(&mut all).filter(|(word, _)| word.step.turn() == turn) {
            let (before, more) = names.hear(word);
            let hold = holds.entry(word.purse).or_default();
            let spent = paid.entry(word.purse).or_default();
            let units = match word.step {
                CardStep::Held => more,
                CardStep::Paid | CardStep::Freed => more.min(*hold),
                CardStep::Back(_) => more.min(*spent),
            };
            match word.step {
                CardStep::Held => *hold = hold.saturating_add(units),
                CardStep::Paid => (*hold, *spent) = (*hold - units, spent.saturating_add(units)),
                CardStep::Freed => *hold -= units,
                CardStep::Back(_) => *spent -= units,
            }
            *counted = Counted { units, is_again: before > 0 };
        }
    }
    all
}

/// The same for whoever asks what an order was paid with: what the card had again and paid once more for the same order is neither.
pub fn settled(words: &[CardWord]) -> Vec<i64> {
    let all = counted(words);
    let is_again = |word: &CardWord, one: &Counted| word.step == CardStep::Paid && one.is_again;
    let again = words.iter().zip(&all).filter(|(word, one)| is_again(word, one));
    let mut left = again.fold(0, |sum: i64, (_, one)| sum.saturating_add(one.units));
    let take = |(word, one): (&CardWord, &Counted)| match word.step {
        CardStep::Paid if one.is_again => 0,
        CardStep::Back(None) => {
            let taken = one.units.min(left);
            left -= taken;
            one.units - taken
        }
        CardStep::Held | CardStep::Paid | CardStep::Freed | CardStep::Back(Some(_)) => one.units,
    };
    let mut units: Vec<i64> = words.iter().zip(&all).map(take).collect();
    // Paid once more beyond what it had again: that is paid.
    for (word, (one, units)) in words.iter().zip(all.iter().zip(&mut units)) {
        if is_again(word, one) {
            let more = one.units.min(left);
            (*units, left) = (more, left - more);
        }
    }
    units
}

/// How much of a card was said to go so for this order by now: what the next word of that name says was before it.
pub fn said(words: &[CardWord], (purse, step): (ProductId, CardStep)) -> i64 {
    let mut names = Names::default();
    words.iter().filter(|word| (word.purse, word.step) == (purse, step)).for_each(|word| {
        names.hear(word);
    });
    names.told.get(&(purse, step)).copied().unwrap_or(0)
}

/// The same for a word that this life of the server is to write. Where its own chain says as much as anybody said, that chain says what
/// was before, and nothing is written of it: so a register of before reads the word, unless another life spoke.
pub fn said_by(words: &[CardWord], author: AuthorId, (purse, step): (ProductId, CardStep)) -> i64 {
    let told = said(words, (purse, step));
    let own: Vec<CardWord> = words.iter().copied().filter(|word| word.author == author).collect();
    if said(&own, (purse, step)) < told { told } else { 0 }
}

/// Whether all that a word says was said in words of the same name before it, by another life of the server.
pub fn is_said(earlier: &[CardWord], word: &CardWord) -> bool {
    let mut names = Names::default();
    earlier.iter().for_each(|earlier| {
        names.hear(earlier);
    });
    names.hear(word).1 == 0
}

/// By how much more words move units of cards between accounts. What counts of a word can become less: then they move the other way.
pub fn moved(order: OrderId, before: &[CardWord], after: &[CardWord]) -> Vec<Transfer> {
    let mut sums: BTreeMap<(ProductId, CardStep), i64> = BTreeMap::new();
    for (words, sign) in [(before, -1), (after, 1)] {
        for (word, one) in words.iter().zip(counted(words)) {
            let sum = sums.entry((word.purse, word.step)).or_default();
            *sum = sum.saturating_add(sign * one.units);
        }
    }
    let transfer = |((product, step), units): ((ProductId, CardStep), i64)| {
        let (from, to) = step.between(order);
        let (from, to) = if units < 0 { (to, from) } else { (from, to) };
        Transfer { product, from, to, quantity: units.saturating_abs() }
    };
    sums.into_iter().filter(|(_, units)| *units != 0).map(transfer).collect()
}

/// How far each life said each name, and how far any did.
#[derive(Default)]
struct Names {
    lives: BTreeMap<(AuthorId, ProductId, CardStep), i64>,
    told: BTreeMap<(ProductId, CardStep), i64>,
}

impl Names {
    /// What went before a word in its own life, and how much more it says than anybody did.
    fn hear(&mut self, word: &CardWord) -> (i64, i64) {
        let life = self.lives.entry((word.author, word.purse, word.step)).or_default();
        let before = word.before.max(*life);
        *life = before.saturating_add(word.units.max(0));
        let told = self.told.entry((word.purse, word.step)).or_default();
        let more = life.saturating_sub(*told).max(0);
        *told = (*told).max(*life);
        (before, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: OrderId = OrderId([1; 16]);
    const CARD: ProductId = ProductId([2; 16]);
    const PART: CardStep = CardStep::Back(Some(ThingId([3; 16])));
    const ALL: CardStep = CardStep::Back(None);
    /// Two lives of a server: the second one was restored from a backup of the first.
    const A: u8 = 7;
    const B: u8 = 4;

    fn word(life: u8, step: CardStep, units: i64, before: i64) -> CardWord {
        CardWord { author: AuthorId([life; 16]), purse: CARD, step, units, before }
    }

    /// What a card and its order have of 1,000 after some words: the shop, the order, nobody any more.
    fn lies(words: &[CardWord]) -> (i64, i64, i64) {
        let (mut pool, mut hold, mut sold) = (1_000, 0, 0);
        for step in moved(ORDER, &[], words) {
            for (account, by) in [(step.from, -step.quantity), (step.to, step.quantity)] {
                if account == Account::Pool {
                    pool += by;
                } else if account == Account::Hold(ORDER) {
                    hold += by;
                } else if account == Account::Sold {
                    sold += by;
                }
            }
        }
        (pool, hold, sold)
    }

    #[test]
    fn what_two_lives_say_of_the_same_movement_counts_once() {
        use CardStep::{Freed, Held, Paid};
        for (words, expected) in [
            // Held before the backup, and paid in both lives.
            (vec![word(A, Held, 300, 0), word(A, Paid, 300, 0), word(B, Paid, 300, 0)], (700, 0, 300)),
            // Paid before it, and had again in both.
            (
                vec![
                    word(A, Held, 300, 0),
                    word(A, Paid, 300, 0),
                    word(A, ALL, 300, 0),
                    word(B, ALL, 300, 0),
                ],
                (1_000, 0, 0),
            ),
            // A part in both, and all the rest in one.
            (
                vec![
                    word(A, Held, 300, 0),
                    word(A, Paid, 300, 0),
                    word(A, PART, 100, 0),
                    word(B, PART, 100, 0),
                    word(B, ALL, 200, 0),
                ],
                (1_000, 0, 0),
            ),
            // A part in the one, and everything in the other: no more is back than was paid.
            (
                vec![
                    word(A, Held, 300, 0),
                    word(A, Paid, 300, 0),
                    word(A, PART, 100, 0),
                    word(B, ALL, 300, 0),
                ],
                (1_000, 0, 0),
            ),
            // The one heard of something cheaper in place of a line, the other one did not.
            (
                vec![
                    word(A, Held, 300, 0),
                    word(A, Paid, 300, 0),
                    word(B, Paid, 250, 0),
                    word(B, Freed, 50, 0),
                ],
                (700, 0, 300),
            ),
            // The whole order in both lives.
            (
                vec![
                    word(A, Held, 300, 0),
                    word(A, Paid, 300, 0),
                    word(B, Held, 300, 0),
                    word(B, Paid, 300, 0),
                ],
                (700, 0, 300),
            ),
        ] {
            assert_eq!(lies(&words), expected, "{words:?}");
            let mut other_way: Vec<_> = words.iter().filter(|word| word.author.0[0] == B).copied().collect();
            other_way.extend(words.iter().filter(|word| word.author.0[0] == A));
            assert_eq!(lies(&other_way), expected, "the other life first: {words:?}");
        }
    }

    /// It was cancelled, its card had all again, and then a register had given it out: the card paid once more.
    #[test]
    fn what_is_paid_once_more_is_another_movement_also_in_another_life() {
        use CardStep::{Held, Paid};
        let first = [word(A, Held, 300, 0), word(A, Paid, 300, 0)];
        for life in [A, B] {
            for again in [300, 200] {
                let words = [
                    first.as_slice(),
                    &[word(life, ALL, 300, 0), word(life, Held, again, 300), word(life, Paid, again, 300)],
                ]
                .concat();
                assert_eq!(lies(&words), (1_000 - again, 0, again), "in life {life}");
                let expected = [300, 300, 300 - again, again, 0];
                assert_eq!(settled(&words), expected, "in life {life}");
                assert_eq!(said(&words, (CARD, Paid)), 300 + again);
            }
        }
        // One of before did not say what went before: its own chain does.
        let words = [first.as_slice(), &[word(A, ALL, 300, 0), first[0], first[1]]].concat();
        assert_eq!(lies(&words), (700, 0, 300));
    }

    /// A register that was not updated reads no word that says what was before it.
    #[test]
    fn what_the_own_chain_says_was_before_a_word_does_not_say_again() {
        use CardStep::{Held, Paid};
        let by = |words: &[CardWord], life: u8, step| said_by(words, AuthorId([life; 16]), (CARD, step));
        // Cancelled here and given out there, in one life.
        let one = [word(A, Held, 300, 0), word(A, Paid, 300, 0), word(A, ALL, 300, 0)];
        assert_eq!([Held, Paid, ALL].map(|step| by(&one, A, step)), [0, 0, 0]);
        let again = [one.as_slice(), &[word(A, Held, 300, 0), word(A, Paid, 300, 0)]].concat();
        assert_eq!(lies(&again), (700, 0, 300));
        // In the life after it, of which no word says so.
        assert_eq!([Held, Paid, ALL].map(|step| by(&one, B, step)), [300, 300, 300]);
        let other = [one.as_slice(), &[word(B, Held, 200, 300), word(B, Paid, 200, 300)]].concat();
        assert_eq!([Held, Paid].map(|step| by(&other, B, step)), [0, 0], "its own chain says it by now");
        assert_eq!([Held, Paid].map(|step| by(&other, A, step)), [500, 500]);
    }

    #[test]
    fn a_word_is_news_as_far_as_no_word_of_its_name_reaches() {
        let first = word(A, ALL, 300, 0);
        assert!(!is_said(&[], &first));
        assert!(is_said(&[first], &word(B, ALL, 300, 0)), "another life says the same");
        assert!(!is_said(&[first], &word(B, ALL, 301, 0)));
        assert!(!is_said(&[first], &word(B, ALL, 200, 300)), "it had it, paid once more, and has it again");
        assert!(!is_said(&[first], &word(A, ALL, 200, 0)), "its own chain says what was before");
        assert!(!is_said(&[first], &word(B, PART, 100, 0)), "a part has a name of its own");
    }

    #[test]
    fn what_was_counted_less_for_a_later_word_moves_back() {
        use CardStep::{Freed, Held, Paid};
        let other = [word(B, Paid, 250, 0), word(B, Freed, 50, 0)];
        let all = [other.as_slice(), &[word(A, Held, 300, 0), word(A, Paid, 300, 0)]].concat();
        let mut steps = moved(ORDER, &[], &other);
        assert_eq!(steps, [], "nothing is known to be held");
        steps.extend(moved(ORDER, &other, &all[..3]));
        let last = moved(ORDER, &all[..3], &all);
        let freed = Transfer { product: CARD, from: Account::Pool, to: Account::Hold(ORDER), quantity: 50 };
        assert!(last.contains(&freed), "{last:?}");
        let forged = [word(A, Held, i64::MAX, i64::MAX), word(A, Paid, -5, i64::MIN)];
        assert_eq!(counted(&forged)[1].units, 0);
    }
}
