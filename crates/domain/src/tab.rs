//! What of an open order is paid. A sale says of each line which units it is done with, so that what another register puts
//! on top of them meanwhile is known as not paid, and units that two sales say are known as paid twice. Pure.

use std::collections::BTreeMap;

use crate::entry::TabSpan;
use crate::ids::ThingId;

/// What sales say is done with, line by line.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Done(BTreeMap<ThingId, Vec<(i64, i64)>>);

impl Done {
    /// What nonsense says it says of no unit.
    pub fn add(&mut self, spans: &[TabSpan]) {
        for span in spans.iter().filter(|span| span.from >= 0 && span.from < span.upto) {
            self.0.entry(span.line).or_default().push((span.from, span.upto));
        }
    }

    /// How many units of so many of a line nobody paid.
    pub fn due(&self, line: ThingId, quantity: i64) -> i64 {
        let gaps = self.gaps(line, quantity);
        gaps.iter().fold(0, |sum: i64, (from, upto)| sum.saturating_add(upto.saturating_sub(*from)))
    }

    /// The first so many units of a line that nobody paid, where there are as many.
    pub fn take(&self, line: ThingId, quantity: i64, units: i64) -> Option<Vec<TabSpan>> {
        let (mut spans, mut left) = (Vec::new(), units.max(0));
        for (from, upto) in self.gaps(line, quantity) {
            if left == 0 {
                break;
            }
            let upto = upto.min(from.saturating_add(left));
            left -= upto - from;
            spans.push(TabSpan { line, from, upto });
        }
        (left == 0).then_some(spans)
    }

    /// Whether both say that some unit is done with.
    pub fn meets(&self, other: &Self) -> bool {
        let common = |(line, spans): (&ThingId, &Vec<(i64, i64)>)| {
            let theirs = other.0.get(line).into_iter().flatten();
            theirs.clone().any(|their| spans.iter().any(|own| own.0.max(their.0) < own.1.min(their.1)))
        };
        self.0.iter().any(common)
    }

    fn gaps(&self, line: ThingId, quantity: i64) -> Vec<(i64, i64)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: ThingId = ThingId([1; 16]);

    fn span(from: i64, upto: i64) -> TabSpan {
        TabSpan { line: LINE, from, upto }
    }

    fn done(spans: &[TabSpan]) -> Done {
        let mut done = Done::default();
        done.add(spans);
        done
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
            assert_eq!(done(&paid).due(LINE, quantity), due, "{paid:?} of {quantity}");
        }
        assert_eq!(done(&[span(0, 2)]).due(ThingId([2; 16]), 2), 2, "another line");
    }

    #[test]
    fn a_sale_takes_the_first_units_that_nobody_paid() {
        let paid = done(&[span(1, 2), span(4, 5)]);
        assert_eq!(paid.take(LINE, 6, 4), Some(vec![span(0, 1), span(2, 4), span(5, 6)]));
        assert_eq!(paid.take(LINE, 6, 2), Some(vec![span(0, 1), span(2, 3)]));
        assert_eq!(paid.take(LINE, 6, 0), Some(vec![]));
        assert_eq!(paid.take(LINE, 6, 5), None, "that many are not to be paid");
    }

    #[test]
    fn units_that_two_sales_say_are_paid_twice() {
        let first = done(&[span(0, 2)]);
        assert!(first.meets(&done(&[span(1, 3)])));
        assert!(!first.meets(&done(&[span(2, 3)])));
        assert!(!first.meets(&done(&[TabSpan { line: ThingId([2; 16]), from: 0, upto: 2 }])));
    }
}
