//! Parts of the money that go back, several for one payment. Each has a name and a key of its own, is asked for one at a
//! time, and is in doubt from then on until the provider shows it. What is left goes back only when no part is open.

use soko_domain::ids::ThingId;

use crate::machine::{Weak, weak};
use crate::payment::{Answer, Call, Deed, Next, Object, Part, Payment, Stage, State};

/// How often a part is asked for, each time behind a look that does not show it, until a no to it is believed: some five hours.
const ASKS_MAX: u32 = 20;

impl Payment {
    /// Wants a part of the money to go back. The same name again changes nothing. What is more than is left, or about money that
    /// is not here or goes back as a whole, fails at once.
    pub fn refund(&mut self, refund: ThingId, amount_minor: i64) -> Vec<Deed> {
        if self.parts.iter().any(|part| part.refund == refund) {
            return Vec::new();
        }
        let is_here = matches!(self.state, State::Captured | State::Posted);
        let fits = (1..=self.rest_minor()).contains(&amount_minor) || weak(Weak::PartsAbove);
        let stage = if is_here && fits { Stage::Wanted } else { Stage::Failed };
        self.parts.push(Part { refund, amount_minor, stage, asks: 0 });
        if stage == Stage::Failed {
            return vec![Deed::PartFailed(refund)];
        }
        (self.tries, self.unanswered, self.denials) = (0, 0, 0);
        Vec::new()
    }

    /// A part that is not remembered: whether it was asked for has to be looked up, unless it is known to be back. A no to it
    /// would not be the first.
    pub fn forgotten_part(&mut self, refund: ThingId, amount_minor: i64, is_back: bool) {
        if self.parts.iter().all(|part| part.refund != refund) {
            let stage = if is_back { Stage::Done } else { Stage::Asked };
            self.parts.push(Part { refund, amount_minor, stage, asks: 2 });
        }
    }

    /// The part that is asked for, or would be next.
    pub fn part_in_hand(&self) -> Option<&Part> {
        self.first(Stage::Asked).or_else(|| self.first(Stage::Wanted))
    }

    /// What has not gone back and is not on its way.
    pub fn rest_minor(&self) -> i64 {
        self.due.amount_minor.saturating_sub(self.sum(|part| part.stage != Stage::Failed))
    }

    fn first(&self, stage: Stage) -> Option<&Part> {
        self.parts.iter().find(|part| part.stage == stage)
    }

    fn sum(&self, counts: impl Fn(&Part) -> bool) -> i64 {
        let counted = self.parts.iter().filter(|part| counts(part));
        counted.fold(0, |sum: i64, part| sum.saturating_add(part.amount_minor))
    }

    /// Whether it is open what became of a part. Once everything ended nobody asks any more.
    pub(crate) fn doubts_part(&self) -> bool {
        let can_be = match self.state {
            State::Posted => true,
            State::Returning => !weak(Weak::RestBeforePart),
            State::Created
            | State::Intent
            | State::Authorised
            | State::Captured
            | State::Cancelling
            | State::Cancelled
            | State::Returned
            | State::Stays => false,
        };
        can_be
            && (self.first(Stage::Asked).is_some() || (self.state == State::Returning && self.has_pending()))
    }

    fn has_pending(&self) -> bool {
        self.first(Stage::Pending).is_some()
    }

    /// Whether the provider has all that there is to do.
    pub(crate) fn waits_for_part(&self) -> bool {
        self.has_pending() && self.part_in_hand().is_none()
    }

    pub(crate) fn next_of_parts(&self) -> Option<Call> {
        if self.state != State::Posted {
            return None;
        }
        if self.first(Stage::Wanted).is_some() {
            return Some(Call::RefundPart);
        }
        self.has_pending().then_some(Call::LookUp)
    }

    pub(crate) fn note_part(&mut self) {
        let Some(refund) = self.part_in_hand().map(|part| part.refund) else { return };
        if let Some(part) = self.part_mut(refund) {
            part.stage = Stage::Asked;
            part.asks = part.asks.saturating_add(1);
        }
    }

    /// One key for each part, for ever.
    pub(crate) fn key_of_part(&self) -> String {
        let call = Call::RefundPart.key(self.due.order);
        let Some(part) = self.part_in_hand() else { return call };
        if weak(Weak::PartAgain) {
            return format!("{call}:{}:{}", part.refund, part.asks);
        }
        format!("{call}:{}", part.refund)
    }

    /// What moves when parts do.
    pub(crate) fn open_parts(&self) -> usize {
        self.parts.iter().map(|part| usize::from(part.stage.number())).sum()
    }

    /// Whether a look-up does not show what may have been asked for.
    pub(crate) fn misses_part(&self, object: &Object) -> bool {
        let is_open = matches!(self.state, State::Posted | State::Returning);
        let asked = self.first(Stage::Asked).filter(|_| is_open && object.due == self.due);
        asked.is_some_and(|part| object.back.parts.iter().all(|(shown, _)| *shown != part.refund))
    }

    /// What the provider answered to being asked for this part. A no to the only request for it is certain, and so it is in the end where
    /// no look ever showed it; another part may be in hand by now.
    pub fn part_answered(&mut self, refund: ThingId, answer: &Answer) -> Next {
        let is_sure = |part: &Part| part.asks == 1 || part.asks > ASKS_MAX;
        let is_only = |part: &Part| part.refund == refund && part.stage == Stage::Asked && is_sure(part);
        if matches!(answer, Answer::Refused(_)) && self.parts.iter().any(is_only) {
            (self.tries, self.unanswered) = (0, 0);
            return Next { deeds: self.reach(refund, Stage::Failed), call: None };
        }
        self.answered(Call::RefundPart, answer)
    }

    /// Ends what was asked for, as weakened rules do.
    pub(crate) fn end_asked(&mut self, is_done: bool) -> Vec<Deed> {
        let asked = self.first(Stage::Asked).map(|part| part.refund);
        let stage = if is_done { Stage::Done } else { Stage::Failed };
        asked.map(|refund| self.reach(refund, stage)).unwrap_or_default()
    }

    /// All goes back as a whole: what nobody asked for is part of that.
    pub(crate) fn drop_wanted(&mut self) -> Vec<Deed> {
        self.all_reach(Stage::Failed, |part| part.stage == Stage::Wanted)
    }

    /// The provider says that all is back: with it what it had on its way, and without it what it never had.
    pub(crate) fn end_open(&mut self) -> Vec<Deed> {
        let mut deeds = self.all_reach(Stage::Done, |part| part.stage == Stage::Pending);
        deeds.extend(self.all_reach(Stage::Failed, |part| part.stage < Stage::Pending));
        deeds
    }

    fn all_reach(&mut self, stage: Stage, is_meant: impl Fn(&Part) -> bool) -> Vec<Deed> {
        let meant: Vec<ThingId> =
            self.parts.iter().filter(|part| is_meant(part)).map(|part| part.refund).collect();
        meant.into_iter().flat_map(|refund| self.reach(refund, stage)).collect()
    }

    pub(crate) fn parts_shown(&mut self, object: &Object) -> Vec<Deed> {
        let shown = object.back.parts.clone();
        shown.into_iter().flat_map(|(refund, stage)| self.reach(refund, stage)).collect()
    }

    /// Never to an earlier stage, and what ended stays as it ended, but for what a bank did not take: no later look says otherwise.
    fn reach(&mut self, refund: ThingId, stage: Stage) -> Vec<Deed> {
        let Some(part) = self.part_mut(refund) else { return Vec::new() };
        if (part.stage, stage) == (Stage::Done, Stage::Failed) {
            part.stage = Stage::Undone;
            return vec![Deed::PartUndone(refund)];
        }
        if part.stage >= stage || part.stage == Stage::Done {
            return Vec::new();
        }
        part.stage = stage;
        match stage {
            Stage::Done => vec![Deed::PartBack(refund)],
            Stage::Failed => vec![Deed::PartFailed(refund)],
            Stage::Wanted | Stage::Asked | Stage::Pending | Stage::Undone => Vec::new(),
        }
    }

    fn part_mut(&mut self, refund: ThingId) -> Option<&mut Part> {
        self.parts.iter_mut().find(|part| part.refund == refund)
    }

    /// Whether the parts that went back are all that was paid.
    pub(crate) fn is_all_back(&self) -> bool {
        matches!(self.state, State::Posted | State::Returning) && self.is_back_in_parts()
    }

    pub(crate) fn is_back_in_parts(&self) -> bool {
        self.sum(|part| matches!(part.stage, Stage::Done | Stage::Undone)) >= self.due.amount_minor
    }

    /// The records have each part: nothing is left to say but that nobody waits for it, and that of which nothing is left will not come.
    pub(crate) fn all_parts_back(&mut self) -> Vec<Deed> {
        self.doubt = None;
        self.enter(State::Returned);
        let mut deeds = self.all_reach(Stage::Failed, |part| part.stage < Stage::Pending);
        deeds.extend(self.ending.map(Deed::Free));
        deeds
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::OrderId;
    use soko_domain::money::Currency;

    use super::*;
    use crate::payment::{Back, Due, Ending, Status};

    fn paid() -> Payment {
        let currency = Currency::parse("EUR").unwrap();
        let due = Due { order: OrderId([1; 16]), account: "stall".into(), amount_minor: 500, currency };
        let mut payment = Payment::new(due);
        payment.begin();
        payment.answered(Call::Ask, &shows(&payment, &[]));
        payment.posted();
        payment
    }

    fn shows(payment: &Payment, parts: &[(u8, Stage)]) -> Answer {
        let parts = parts.iter().map(|(name, stage)| (ThingId([*name; 16]), *stage)).collect();
        let back = Back { parts, outside_minor: 0 };
        let due = payment.due.clone();
        Answer::Seen(Object { id: "o1".into(), status: Status::Captured, due, page: None, back })
    }

    const ONE: ThingId = ThingId([1; 16]);
    const TWO: ThingId = ThingId([2; 16]);

    #[test]
    fn parts_go_back_one_after_the_other_and_never_more_than_was_paid() {
        let mut payment = paid();
        assert_eq!((payment.refund(ONE, 200), payment.refund(ONE, 200)), (vec![], vec![]));
        assert_eq!(payment.refund(TWO, 301), [Deed::PartFailed(TWO)]);
        assert_eq!(payment.begin(), Some(Call::RefundPart));
        let key = payment.key(Call::RefundPart);
        payment.part_answered(ONE, &Answer::Unknown);
        assert_eq!(payment.begin(), Some(Call::LookUp), "it may have been done");
        let next = payment.answered(Call::LookUp, &shows(&payment, &[]));
        assert_eq!((next.call, payment.key(Call::RefundPart)), (Some(Call::RefundPart), key));
        assert_eq!(payment.part_answered(ONE, &Answer::Refused("no".into())).deeds, []);
        payment.begin();
        let done = payment.answered(Call::LookUp, &shows(&payment, &[(1, Stage::Done)]));
        assert_eq!((done.deeds, done.call), (vec![Deed::PartBack(ONE)], None));
        assert_eq!((payment.next(), payment.rest_minor()), (None, 300));
        // The rest goes back as a whole, when a buyer's last word comes.
        assert_eq!(payment.refund(ThingId([3; 16]), 100), []);
        let dropped = payment.cancel(Ending::Stall);
        assert_eq!((dropped, payment.next()), (vec![Deed::PartFailed(ThingId([3; 16]))], Some(Call::Refund)));
    }

    #[test]
    fn a_part_that_a_bank_did_not_take_is_told_once_and_counts_as_gone() {
        let mut payment = paid();
        payment.refund(ONE, 200);
        payment.begin();
        payment.part_answered(ONE, &shows(&payment, &[(1, Stage::Done)]));
        for told in [vec![Deed::PartUndone(ONE)], vec![]] {
            payment.named();
            payment.begin();
            assert_eq!(payment.answered(Call::LookUp, &shows(&payment, &[(1, Stage::Failed)])).deeds, told);
        }
        assert_eq!((payment.state, payment.rest_minor()), (State::Posted, 300));
    }

    /// The answer to the first request is lost, and meanwhile there is not enough left for it.
    #[test]
    fn a_part_that_no_look_ever_shows_ends_by_a_no_that_is_said_for_long() {
        let mut payment = paid();
        payment.refund(ONE, 200);
        payment.begin();
        payment.part_answered(ONE, &Answer::Unknown);
        for asks in 1..=ASKS_MAX {
            payment.begin();
            let next = payment.answered(Call::LookUp, &shows(&payment, &[]));
            assert_eq!(next.call, Some(Call::RefundPart));
            let no = payment.part_answered(ONE, &Answer::Refused("left".into())).deeds;
            assert_eq!(no.contains(&Deed::PartFailed(ONE)), asks == ASKS_MAX, "{asks}");
        }
        assert_eq!((payment.next(), payment.rest_minor()), (None, 500));
    }

    #[test]
    fn a_no_to_the_only_request_ends_a_part_and_all_parts_are_the_whole() {
        let mut payment = paid();
        payment.refund(ONE, 500);
        payment.begin();
        let no = payment.part_answered(ONE, &Answer::Refused("balance".into()));
        assert_eq!(
            (no.deeds, payment.next(), payment.rest_minor()),
            (vec![Deed::PartFailed(ONE)], None, 500)
        );
        payment.refund(TWO, 500);
        payment.begin();
        payment.part_answered(TWO, &shows(&payment, &[(2, Stage::Pending)]));
        assert_eq!((payment.state, payment.next()), (State::Posted, Some(Call::LookUp)), "on its way");
        payment.begin();
        let back = payment.answered(Call::LookUp, &shows(&payment, &[(2, Stage::Done)]));
        assert_eq!((back.deeds, payment.state), (vec![Deed::PartBack(TWO)], State::Returned));
    }
}
