//! What of an open order is put in, taken out and paid. Each line is put in once, by one register; a word says which of its
//! units were taken out, and a sale which it is done with. So what registers do apart from each other adds up, whichever is
//! heard of first: no unit that nobody paid or took out is missing, and none is there twice. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::entry::TabSpan;
use crate::ids::ThingId;

/// More pieces than a word about one line falls into.
pub const PIECES_MAX: usize = 64;
/// Longest text of one.
pub const PIECES_BYTES_MAX: usize = PIECES_MAX * 24;

/// Units of a line, from one up to another.
type Span = (i64, i64);

/// Units of lines, whichever of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Units(BTreeMap<ThingId, Vec<Span>>);

impl Units {
    /// What nonsense says it says of no unit.
    pub fn add(&mut self, spans: &[TabSpan]) {
        for span in spans.iter().filter(|span| span.from >= 0 && span.from < span.upto) {
            self.0.entry(span.line).or_default().push((span.from, span.upto));
        }
    }

    fn add_all(&mut self, other: &Self) {
        for (line, spans) in &other.0 {
            self.0.entry(*line).or_default().extend(spans);
        }
    }

    /// Whether both have some unit.
    pub fn meets(&self, other: &Self) -> bool {
        let common = |(line, spans): (&ThingId, &Vec<Span>)| {
            let theirs = other.0.get(line).into_iter().flatten();
            theirs.clone().any(|their| spans.iter().any(|own| own.0.max(their.0) < own.1.min(their.1)))
        };
        self.0.iter().any(common)
    }

    /// Of so many units of a line those that are not among these.
    fn gaps(&self, line: ThingId, quantity: i64) -> Vec<Span> {
        let mut spans = self.0.get(&line).cloned().unwrap_or_default();
        spans.sort_unstable();
        let (mut gaps, mut at) = (Vec::new(), 0_i64);
        for (from, upto) in spans {
            if from.min(quantity) > at {
                gaps.push((at, from.min(quantity)));
            }
            at = at.max(upto);
        }
        if quantity > at {
            gaps.push((at, quantity));
        }
        gaps
    }
}

/// An open order: how much of each line was put in, and which units of them were taken out and paid.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bill {
    pub put: BTreeMap<ThingId, i64>,
    pub out: Units,
    pub paid: Units,
    /// Some sale of it stands.
    pub has_sale: bool,
    /// A sale that does not say what it is of is of everything.
    pub is_whole: bool,
}

impl Bill {
    fn of(&self, line: ThingId) -> i64 {
        self.put.get(&line).copied().unwrap_or(0)
    }

    /// So many units of a line are to be paid.
    pub fn due(&self, line: ThingId) -> i64 {
        count(&self.due_spans(line))
    }

    /// So many are paid. Whoever paid what somebody else took out paid it.
    pub fn paid(&self, line: ThingId) -> i64 {
        if self.is_whole {
            return count(&self.out.gaps(line, self.of(line)));
        }
        self.of(line).saturating_sub(count(&self.paid.gaps(line, self.of(line))))
    }

    /// There are sales of it, and nothing is to be paid.
    pub fn is_closed(&self) -> bool {
        self.has_sale && self.put.keys().all(|line| self.due(*line) == 0)
    }

    fn due_spans(&self, line: ThingId) -> Vec<Span> {
        if self.is_whole {
            return Vec::new();
        }
        let mut done = self.paid.clone();
        done.add_all(&self.out);
        done.gaps(line, self.of(line))
    }

    /// The units that a sale of so many is of, the first ones of those that are due. What others took out meanwhile is in the
    /// customer's hands all the same. Nothing where somebody else paid some of it, or may have: once units of a line are paid,
    /// fewer that are due than whoever sells saw may be those, and money is not taken for them twice.
    pub fn pay(&self, line: ThingId, units: i64) -> Option<Vec<TabSpan>> {
        let mut left = units.max(0);
        if self.is_whole {
            return (left == 0).then(Vec::new);
        }
        let mut spans = first(&self.due_spans(line), &mut left);
        if self.paid(line) == 0 {
            let mut known = Units::default();
            known.add(&of_line(line, &spans));
            spans.extend(first(&known.gaps(line, self.of(line)), &mut left));
        }
        if !self.has_sale && left > 0 {
            let from = self.of(line).max(0);
            spans.push((from, from.saturating_add(left)));
            left = 0;
        }
        (left == 0).then(|| of_line(line, &spans))
    }

    /// The units that a word takes out, where it says so many: the last ones of those that are due, as far as there are any. A
    /// sale has the first ones, so of one register that takes something out and another one that takes money for the others,
    /// apart from each other, each is right.
    pub fn take_out(&self, line: ThingId, units: i64) -> Vec<TabSpan> {
        let (mut spans, mut left) = (Vec::new(), units.max(0));
        for (from, upto) in self.due_spans(line).into_iter().rev() {
            if left == 0 || spans.len() == PIECES_MAX {
                break;
            }
            let from = from.max(upto.saturating_sub(left));
            left -= upto - from;
            spans.push((from, upto));
        }
        spans.reverse();
        of_line(line, &spans)
    }
}

fn count(spans: &[Span]) -> i64 {
    spans.iter().fold(0, |sum: i64, (from, upto)| sum.saturating_add(upto.saturating_sub(*from)))
}

/// The first so many of these units.
fn first(of: &[Span], left: &mut i64) -> Vec<Span> {
    let mut spans = Vec::new();
    for (from, upto) in of {
        let upto = (*upto).min(from.saturating_add(*left));
        if upto > *from {
            *left -= upto - from;
            spans.push((*from, upto));
        }
    }
    spans
}

fn of_line(line: ThingId, spans: &[Span]) -> Vec<TabSpan> {
    spans.iter().map(|(from, upto)| TabSpan { line, from: *from, upto: *upto }).collect()
}

/// What a word takes out of a line, as it is kept: `2-3 5-9`.
pub fn kept(spans: &[TabSpan]) -> String {
    let mut text = String::new();
    for span in spans {
        let gap = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{gap}{}-{}", span.from, span.upto);
    }
    text
}

/// Reads what [`kept`] writes, and only that: pieces that ascend and do not touch.
pub fn read(line: ThingId, text: &str) -> Option<Vec<TabSpan>> {
    if text.len() > PIECES_BYTES_MAX {
        return None;
    }
    let mut spans: Vec<TabSpan> = Vec::new();
    for piece in text.split(' ') {
        let (from, upto) = piece.split_once('-')?;
        let span = TabSpan { line, from: from.parse().ok()?, upto: upto.parse().ok()? };
        let last = spans.last().map_or(-1, |last| last.upto);
        if span.from <= last || span.from >= span.upto || spans.len() == PIECES_MAX {
            return None;
        }
        spans.push(span);
    }
    (kept(&spans) == text).then_some(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: ThingId = ThingId([1; 16]);

    fn span(from: i64, upto: i64) -> TabSpan {
        TabSpan { line: LINE, from, upto }
    }

    fn units(spans: &[TabSpan]) -> Units {
        let mut units = Units::default();
        units.add(spans);
        units
    }

    fn bill(put: i64, paid: &[TabSpan], out: &[TabSpan]) -> Bill {
        let (paid, out, has_sale) = (units(paid), units(out), !paid.is_empty());
        Bill { put: [(LINE, put)].into(), out, paid, has_sale, is_whole: false }
    }

    #[test]
    fn what_nobody_paid_is_between_what_was_paid_and_on_top_of_it() {
        for (paid, quantity, due) in [
            (vec![], 3, 3),
            (vec![span(0, 2)], 3, 1),
            (vec![span(0, 2)], 2, 0),
            (vec![span(0, 2)], 1, 0),
            (vec![span(0, 2), span(2, 3)], 5, 2),
            (vec![span(2, 3)], 3, 2),
            (vec![span(4, 6), span(0, 2), span(1, 3)], 5, 1),
            (vec![span(0, 2), span(0, 2)], 3, 1),
            (vec![span(3, 1), span(-4, 9)], 2, 2),
        ] {
            assert_eq!(bill(quantity, &paid, &[]).due(LINE), due, "{paid:?} of {quantity}");
        }
        assert_eq!(bill(2, &[span(0, 2)], &[]).due(ThingId([2; 16])), 0, "another line");
    }

    #[test]
    fn what_was_taken_out_is_neither_paid_nor_due() {
        for (paid, out, counts) in [
            (vec![], vec![span(2, 3)], (0, 2)),
            (vec![span(0, 2)], vec![span(2, 3)], (2, 0)),
            (vec![span(0, 3)], vec![span(2, 3)], (3, 0)),
            (vec![span(1, 2)], vec![span(0, 1), span(0, 2)], (1, 1)),
            (vec![], vec![span(1, 9)], (0, 1)),
        ] {
            let bill = bill(3, &paid, &out);
            assert_eq!((bill.paid(LINE), bill.due(LINE)), counts, "{paid:?} {out:?}");
        }
        let whole = Bill { is_whole: true, has_sale: true, ..bill(3, &[], &[span(2, 3)]) };
        assert_eq!((whole.paid(LINE), whole.due(LINE), whole.is_closed()), (2, 0, true));
    }

    #[test]
    fn a_sale_takes_the_first_units_that_are_due() {
        let paid = bill(6, &[span(1, 2), span(4, 5)], &[]);
        assert_eq!(paid.pay(LINE, 4), Some(vec![span(0, 1), span(2, 4), span(5, 6)]));
        assert_eq!(paid.pay(LINE, 2), Some(vec![span(0, 1), span(2, 3)]));
        assert_eq!(paid.pay(LINE, 0), Some(vec![]));
        assert_eq!(paid.pay(LINE, 5), None, "that many are not to be paid");
        let less = bill(3, &[], &[span(2, 3)]);
        assert_eq!(
            less.pay(LINE, 3),
            Some(vec![span(0, 2), span(2, 3)]),
            "taken out elsewhere, and paid here"
        );
        // Two of which one was taken out, and both counters saw one: whoever comes second takes no money for it.
        let second = bill(2, &[span(0, 1)], &[span(1, 2)]);
        assert_eq!(second.pay(LINE, 1), None, "paid elsewhere meanwhile");
        assert_eq!(bill(3, &[span(0, 1)], &[span(2, 3)]).pay(LINE, 2), None, "it may be the paid one");
        assert_eq!(bill(1, &[], &[]).pay(LINE, 2), Some(vec![span(0, 1), span(1, 2)]), "goods in the hand");
    }

    #[test]
    fn a_word_takes_the_last_units_that_are_due() {
        let of = bill(6, &[span(0, 2)], &[span(4, 5)]);
        assert_eq!(of.take_out(LINE, 2), [span(3, 4), span(5, 6)]);
        assert_eq!(of.take_out(LINE, 9), [span(2, 4), span(5, 6)], "no more than there are");
        assert_eq!(of.take_out(ThingId([2; 16]), 1), []);
    }

    #[test]
    fn units_that_two_sales_say_are_paid_twice() {
        let first = units(&[span(0, 2)]);
        assert!(first.meets(&units(&[span(1, 3)])));
        assert!(!first.meets(&units(&[span(2, 3)])));
        assert!(!first.meets(&units(&[TabSpan { line: ThingId([2; 16]), from: 0, upto: 2 }])));
    }

    #[test]
    fn what_was_taken_out_has_one_written_form() {
        for text in ["2-3", "0-1 2-9", "5-1000000000"] {
            assert_eq!(read(LINE, text).map(|spans| kept(&spans)).as_deref(), Some(text));
        }
        for text in
            ["", "3-2", "2-2", "1-2 2-3", "4-5 1-2", "-1-2", "+1-2", "01-2", "1-2 ", " 1-2", "a-b", "1"]
        {
            assert_eq!(read(LINE, text), None, "{text:?}");
        }
    }
}
