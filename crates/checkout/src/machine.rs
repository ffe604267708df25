//! The rules. A call that can change anything is noted as in doubt before it is made, and a doubt is ended by what the
//! provider shows, never by an error, a webhook or a clock.

use crate::payment::{Answer, Call, Deed, Due, Ending, Next, Object, Payment, State, Status, Trouble};

/// Calls without an answer before a person hears of it.
const UNANSWERED_MAX: u32 = 6;
/// Calls without a step forward before a person hears of it; a buyer may take longer.
const TRIES_MAX: u32 = 12;
/// Answers by which a provider denies what was recorded until it is asked no more: at the longest wait between two of them, some
/// eight hours. From there a person decides.
pub const DENIALS_MAX: u32 = 40;
/// What a refusal to give back counts among them: the look-up that follows each one takes as long again.
const REFUSAL_COUNTS: u32 = 2;
/// Calls without an answer, in a row, from which a person may decide who cannot wait: some ten hours.
const SILENCE_MAX: u32 = 40;
/// How long until one that is denied is looked up again.
const DENIED_WAIT_MS: i64 = 24 * 60 * 60 * 1_000;
/// Look-ups after somebody said that something happened: what a provider shows may lag behind what it tells.
const LOOKS: u8 = 5;
/// The first wait after a call; each further one doubles it.
const WAIT_MS: i64 = 1_000;
const WAIT_MS_MAX: i64 = 15 * 60 * 1_000;
/// While somebody looks at a screen and a webhook may not come.
const BUYER_WAIT_MS_MAX: i64 = 15 * 1_000;

/// The rules that the simulation can weaken, to prove that it would notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weak {
    /// After an unknown outcome it is asked again at once, under a fresh key.
    AskAgain,
    /// An answer that did not come counts as "not done", and the hold is free.
    SilenceIsNo,
    /// A capture that was not answered counts as done.
    SilenceIsYes,
    /// What the provider shows is not compared with what was asked.
    Unequal,
    /// A payment that succeeds after it was cancelled is kept.
    LateKept,
    /// Cancelling frees the hold before the provider confirmed.
    FreeAtOnce,
    /// An old answer takes the state back.
    Backwards,
    /// What was captured while it was being cancelled is only voided.
    VoidCaptured,
    /// A webhook alone counts as payment.
    WebhookPays,
    /// A part that was not answered is asked for again under a fresh key.
    PartAgain,
    /// A part that was not answered counts as not done.
    PartSilenceIsNo,
    /// A part that was not answered counts as done.
    PartSilenceIsYes,
    /// More is promised back than was paid.
    PartsAbove,
    /// What is left goes back while it is open whether a part did.
    RestBeforePart,
    /// One no to giving it back ends that, though an earlier request may have been done.
    NoIsTheEnd,
}

#[cfg(test)]
thread_local! {
    pub(crate) static WEAK: std::cell::Cell<Option<Weak>> = const { std::cell::Cell::new(None) };
}

pub(crate) fn weak(rule: Weak) -> bool {
    #[cfg(test)]
    return WEAK.get() == Some(rule);
    #[cfg(not(test))]
    {
        let _ = rule;
        false
    }
}

impl Payment {
    pub fn new(due: Due) -> Self {
        Self {
            due,
            state: State::Created,
            doubt: None,
            object: None,
            page: None,
            seen: None,
            ending: None,
            trouble: None,
            looks: 0,
            is_posted: false,
            asks: 0,
            tries: 0,
            unanswered: 0,
            denials: 0,
            parts: Vec::new(),
        }
    }

    /// As a payment that was begun and is not remembered: whether anything was asked has to be looked up.
    pub fn forgotten(due: Due) -> Self {
        Self { state: State::Intent, doubt: Some(Call::Ask), asks: 1, ..Self::new(due) }
    }

    /// As a payment that is not remembered, of an order that was cancelled: that is written only when the provider said that no
    /// money comes, so nothing is asked for any more. What it shows all the same goes back.
    pub fn forgotten_and_over(due: Due) -> Self {
        Self { state: State::Cancelled, ending: Some(Ending::Failed), looks: LOOKS, ..Self::new(due) }
    }

    /// The records say that it is paid, under this name of the provider's: it is never asked for again, whatever is shown of it.
    pub fn recorded(&mut self, object: Option<String>) {
        (self.is_posted, self.seen) = (true, Some(Status::Captured));
        if self.object.is_none() {
            self.object = object;
        }
    }

    /// What is asked of the provider next; nothing if it is not its turn.
    pub fn next(&self) -> Option<Call> {
        if weak(Weak::AskAgain) && self.doubt == Some(Call::Ask) {
            return Some(Call::Ask);
        }
        // One look is enough where it is our turn: the others follow what is done then.
        let looks_first = self.looks > 0 && !(self.has_to_act() && self.looks < LOOKS);
        let doubts = self.doubt.is_some() || self.doubts_part();
        if doubts || looks_first {
            return Some(Call::LookUp);
        }
        match self.state {
            State::Posted => self.next_of_parts(),
            State::Created => Some(Call::Ask),
            // Without an object there is always a doubt; should there be none, looking is never wrong.
            State::Cancelling if self.object.is_none() => Some(Call::LookUp),
            State::Intent => Some(Call::LookUp),
            State::Authorised => Some(Call::Capture),
            State::Cancelling => Some(Call::Void),
            State::Returning if self.seen == Some(Status::Captured) && !weak(Weak::VoidCaptured) => {
                Some(Call::Refund)
            }
            State::Returning => Some(Call::Void),
            State::Cancelled if self.is_left_behind() => Some(Call::LookUp),
            State::Captured | State::Cancelled | State::Returned | State::Stays => None,
        }
    }

    /// Takes the next call on. What this leaves is kept before the call is made.
    pub fn begin(&mut self) -> Option<Call> {
        let call = self.next()?;
        self.tries = self.tries.saturating_add(1);
        self.note(call);
        Some(call)
    }

    pub(crate) fn note(&mut self, call: Call) {
        if call == Call::LookUp {
            return;
        }
        if call == Call::RefundPart {
            return self.note_part();
        }
        self.doubt = Some(call);
        if call == Call::Ask {
            self.asks = self.asks.saturating_add(1);
            self.enter(State::Intent);
        }
    }

    /// The key of a call that was begun.
    pub fn key(&self, call: Call) -> String {
        if call == Call::RefundPart {
            return self.key_of_part();
        }
        if weak(Weak::AskAgain) {
            return format!("{}:{}", call.key(self.due.order), self.asks);
        }
        call.key(self.due.order)
    }

    /// What the provider answered. An answer may be late, and about an older state.
    pub fn answered(&mut self, call: Call, answer: &Answer) -> Next {
        let before = (self.state, self.seen, self.object.is_some(), self.open_parts());
        let mut again = None;
        let mut deeds = match answer {
            Answer::Seen(object) => {
                self.unanswered = 0;
                self.looks = self.looks.saturating_sub(u8::from(call == Call::LookUp));
                let denials = self.denials;
                let mut deeds = self.shown(object);
                if self.is_left_with_shop(call, object) {
                    deeds.extend(self.stays());
                }
                // That the money is there still is what whoever does not give it back says, too.
                let is_kept = self.state == State::Returning && object.status == Status::Captured;
                if self.denials == denials && !is_kept {
                    self.denials = 0;
                }
                if call == Call::LookUp && self.misses_part(object) {
                    // Never arrived, or on its way: the same key makes one of the two.
                    self.note(Call::RefundPart);
                    again = Some(Call::RefundPart);
                }
                deeds
            }
            Answer::Nothing => {
                self.unanswered = 0;
                self.looks = self.looks.saturating_sub(1);
                if self.asks_if_nothing() && call == Call::LookUp {
                    // The request never arrived, or is on its way: the same key makes one of the two. Whoever cancels
                    // asks, too, to have for certain what is to be voided.
                    self.note(Call::Ask);
                    again = Some(Call::Ask);
                }
                self.found_nothing()
            }
            Answer::Refused(_) if self.is_first_no(call) => self.ended(Ending::Failed),
            Answer::Refused(_) if call == Call::Refund && self.state == State::Returning => self.not_back(),
            Answer::Refused(_) | Answer::Unknown => self.unknown(call),
            Answer::Gone => self.gone(),
        };
        if before != (self.state, self.seen, self.object.is_some(), self.open_parts()) {
            self.tries = 0;
        }
        let waits_for_others =
            (self.state == State::Intent && self.object.is_some()) || self.waits_for_part();
        // Of what is not given back a person hears once that is sure, and in words of its own.
        let is_refused = self.state == State::Returning && self.denials > 0;
        let is_stuck = self.tries > TRIES_MAX && !waits_for_others && !is_refused && self.next().is_some();
        if is_stuck || self.unanswered > UNANSWERED_MAX {
            deeds.extend(self.tell(Trouble::Stuck));
        }
        Next { deeds, call: again }
    }

    /// The buyer or the stall wants it to end. Money that was taken goes back.
    pub fn cancel(&mut self, why: Ending) -> Vec<Deed> {
        match self.state {
            State::Created => return self.ended(why),
            State::Intent | State::Authorised => self.enter(State::Cancelling),
            State::Captured | State::Posted => self.enter(State::Returning),
            State::Cancelling | State::Cancelled | State::Returning | State::Returned | State::Stays => {
                return Vec::new();
            }
        }
        self.ending = Some(why);
        (self.tries, self.unanswered, self.denials) = (0, 0, 0);
        let mut deeds = self.drop_wanted();
        if weak(Weak::FreeAtOnce) {
            deeds.push(Deed::Free(why));
        }
        deeds
    }

    /// Whether nobody but a person can say what became of it: its provider denies for long what was recorded, or shows something else
    /// than what was asked for. It is looked up once a day from then on, since it may be our own key that is wrong, and at once where
    /// somebody names it.
    pub fn is_denied(&self) -> bool {
        let is_another =
            matches!(self.trouble, Some(Trouble::Mismatch | Trouble::TwoObjects | Trouble::Gone));
        let is_owed = match self.state {
            State::Created | State::Intent | State::Authorised => self.is_posted || is_another,
            State::Posted => self.doubts_part(),
            State::Cancelling | State::Returning => true,
            State::Cancelled => self.is_left_behind(),
            State::Captured | State::Returned | State::Stays => false,
        };
        is_owed && self.denials >= DENIALS_MAX
    }

    /// Whether its provider says nothing for so long that whoever cannot wait may decide. It is looked up all the same.
    pub fn is_silent(&self) -> bool {
        let is_open = match self.state {
            State::Intent | State::Authorised | State::Cancelling | State::Returning => true,
            State::Created
            | State::Captured
            | State::Posted
            | State::Cancelled
            | State::Returned
            | State::Stays => false,
        };
        is_open && self.unanswered >= SILENCE_MAX
    }

    /// A person's word where there is no other: nothing comes of it. What its provider shows all the same goes back.
    pub fn given_up(&mut self, why: Ending) -> Vec<Deed> {
        self.ending = Some(why);
        let mut deeds = Vec::new();
        // Who only said nothing is asked still.
        self.looks = if self.is_silent() { LOOKS } else { self.looks };
        // What was on its way back stays so: should it come to light, that goes on.
        if self.state < State::Cancelled {
            deeds = self.end_open();
            // What was seen before is no word about what is shown from here.
            (self.doubt, self.seen) = (None, None);
            self.enter(State::Cancelled);
        }
        deeds.push(Deed::Free(why));
        deeds
    }

    /// Somebody says that something happened to this payment. It is looked up, and nothing else follows from it.
    pub fn named(&mut self) -> Vec<Deed> {
        (self.looks, self.tries) = (LOOKS, 0);
        if weak(Weak::WebhookPays) && self.state < State::Captured {
            self.enter(State::Captured);
            return vec![Deed::Post];
        }
        Vec::new()
    }

    /// The same, by whoever took it, with its name for what may have been asked for and was not answered.
    pub fn named_as(&mut self, object: &str) -> Vec<Deed> {
        if self.object.is_none() && self.doubt == Some(Call::Ask) {
            self.object = Some(object.to_owned());
        }
        self.named()
    }

    /// The provider says that the buyer's bank takes the money back.
    pub fn disputed(&mut self) -> Vec<Deed> {
        self.looks = LOOKS;
        vec![Deed::Tell(Trouble::Disputed)]
    }

    /// The stall's records say that it is paid.
    pub fn posted(&mut self) {
        if self.state == State::Captured {
            self.enter(State::Posted);
            self.is_posted = true;
        }
    }

    /// Whether its provider showed, since it was last doubted, that the buyer has not paid.
    pub fn is_unpaid(&self) -> bool {
        let is_looked_at = self.doubt.is_none() && self.looks == 0 && self.object.is_some();
        is_looked_at && !self.is_posted && matches!(self.state, State::Intent | State::Authorised)
    }

    /// Whether it is asked for once more if nothing is found of it.
    pub fn asks_if_nothing(&self) -> bool {
        self.object.is_none() && !self.is_posted && self.doubt == Some(Call::Ask)
    }

    /// Whether it needs nobody any more.
    pub fn is_settled(&self) -> bool {
        self.next().is_none() && self.state != State::Captured
    }

    /// How long until the next call.
    pub fn wait_ms(&self) -> i64 {
        if self.is_denied() && self.looks == 0 {
            return DENIED_WAIT_MS;
        }
        let waits_for_buyer = self.state == State::Intent && self.object.is_some() && !self.is_posted;
        if self.tries == 0 && !waits_for_buyer {
            return 0;
        }
        // What is denied meanwhile is nothing that a buyer could settle.
        let is_odd = waits_for_buyer && self.denials > 0;
        let calls = if is_odd { self.denials } else { self.tries };
        let doubled = 1_i64 << calls.saturating_sub(1).min(20);
        let longest = if waits_for_buyer && !is_odd { BUYER_WAIT_MS_MAX } else { WAIT_MS_MAX };
        WAIT_MS.saturating_mul(doubled).min(longest)
    }

    /// A no to the only request that was ever made is certain. To a repetition it is not: the first may be on its way.
    fn is_first_no(&self, call: Call) -> bool {
        call == Call::Ask && self.doubt == Some(Call::Ask) && self.asks == 1 && self.object.is_none()
    }

    /// Whether it is our turn and not the buyer's.
    fn has_to_act(&self) -> bool {
        matches!(self.state, State::Authorised | State::Cancelling | State::Returning)
            || self.next_of_parts() == Some(Call::RefundPart)
    }

    fn unknown(&mut self, call: Call) -> Vec<Deed> {
        self.unanswered = self.unanswered.saturating_add(1);
        if call == Call::RefundPart && (weak(Weak::PartSilenceIsNo) || weak(Weak::PartSilenceIsYes)) {
            return self.end_asked(weak(Weak::PartSilenceIsYes));
        }
        if weak(Weak::SilenceIsNo) && self.state < State::Captured {
            return self.ended(Ending::Failed);
        }
        if weak(Weak::SilenceIsYes) && call == Call::Capture && self.state == State::Authorised {
            self.enter(State::Captured);
            return vec![Deed::Post];
        }
        Vec::new()
    }

    /// All that is left is not given back. In the end that is so, once a look shows the money where it was: an earlier request may
    /// have been done.
    fn not_back(&mut self) -> Vec<Deed> {
        self.unanswered = 0;
        self.denials = self.denials.saturating_add(REFUSAL_COUNTS);
        if weak(Weak::NoIsTheEnd) {
            return self.stays();
        }
        if self.denials >= DENIALS_MAX {
            (self.looks, self.trouble) = (self.looks.max(1), Some(Trouble::Stays));
        }
        Vec::new()
    }

    /// Whether a look shows with the shop what was refused often enough.
    fn is_left_with_shop(&self, call: Call, object: &Object) -> bool {
        let is_it = object.due == self.due && self.object.as_ref() == Some(&object.id);
        let is_refused = self.state == State::Returning && self.trouble == Some(Trouble::Stays);
        call == Call::LookUp && is_refused && is_it && object.status == Status::Captured
    }

    /// Nobody here can be asked; another server may. What is recorded as paid stays with the shop in the end, if it was to go back; of
    /// anything else a person decides.
    fn gone(&mut self) -> Vec<Deed> {
        self.looks = self.looks.saturating_sub(1);
        self.denials = self.denials.saturating_add(1);
        let mut deeds = Vec::new();
        if self.denials > UNANSWERED_MAX {
            deeds.extend(self.tell(Trouble::Gone));
        }
        if self.denials < DENIALS_MAX {
            return deeds;
        }
        if self.state == State::Returning && self.is_posted {
            deeds.extend(self.stays());
        } else if self.is_denied() && self.ending == Some(Ending::Stall) {
            deeds.extend(self.given_up(Ending::Stall));
        }
        deeds
    }

    /// The shop has the money, and nobody asks for it any more. Parts of which nobody knows are left as they are.
    fn stays(&mut self) -> Vec<Deed> {
        let why = *self.ending.get_or_insert(Ending::Failed);
        (self.doubt, self.looks) = (None, 0);
        self.enter(State::Stays);
        let mut deeds: Vec<Deed> = self.is_posted.then_some(Deed::Stays).into_iter().collect();
        deeds.extend([Deed::Tell(Trouble::Stays), Deed::Free(why)]);
        deeds
    }

    fn found_nothing(&mut self) -> Vec<Deed> {
        if self.object.is_none() && !self.is_posted {
            return Vec::new();
        }
        self.denied()
    }

    fn denied(&mut self) -> Vec<Deed> {
        self.odd(Trouble::Contradiction)
    }

    /// What is no answer to what was asked. Told at once. In the end nobody asks any more, and who waits for the stall's word alone has
    /// it.
    fn odd(&mut self, trouble: Trouble) -> Vec<Deed> {
        self.denials = self.denials.saturating_add(1);
        let mut deeds: Vec<Deed> = self.tell(trouble).into_iter().collect();
        if self.is_denied() && self.ending == Some(Ending::Stall) {
            deeds.extend(self.given_up(Ending::Stall));
        }
        deeds
    }

    /// Whether money is there for what ended, and another amount than was asked for: nobody but a person can send that back.
    pub fn is_left_behind(&self) -> bool {
        self.state == State::Cancelled && self.seen == Some(Status::Captured)
    }

    /// What is about another amount, currency, account or order than was asked for. After the end a person hears once of money that is
    /// there all the same, and it stays counted among what is denied until it is shown not to be there any more.
    fn unequal(&mut self, object: &Object) -> Vec<Deed> {
        if self.state != State::Cancelled {
            return self.odd(Trouble::Mismatch);
        }
        let was_left_behind = self.is_left_behind();
        self.seen = Some(object.status);
        if !self.is_left_behind() {
            return self.tell(Trouble::Mismatch).into_iter().collect();
        }
        self.denials = self.denials.saturating_add(1).max(DENIALS_MAX);
        self.trouble = Some(Trouble::Mismatch);
        if was_left_behind { Vec::new() } else { vec![Deed::Tell(Trouble::Mismatch)] }
    }

    fn shown(&mut self, object: &Object) -> Vec<Deed> {
        if object.due != self.due && !weak(Weak::Unequal) {
            return self.unequal(object);
        }
        if self.object.as_ref().is_some_and(|known| *known != object.id) && !weak(Weak::AskAgain) {
            // What ended takes no money, under whatever name: it goes back.
            let goes_back = self.state == State::Cancelled
                && matches!(object.status, Status::Authorised | Status::Captured)
                && !weak(Weak::LateKept);
            if !goes_back {
                return self.odd(Trouble::TwoObjects);
            }
            let mut deeds: Vec<Deed> = self.tell(Trouble::TwoObjects).into_iter().collect();
            self.object = None;
            deeds.extend(self.shown(object));
            return deeds;
        }
        self.object = Some(object.id.clone());
        if object.page.is_some() {
            self.page.clone_from(&object.page);
        }
        if self.doubt.is_some_and(|doubt| ends(doubt, object.status)) {
            self.doubt = None;
        }
        let mut deeds = self.parts_shown(object);
        deeds.extend(match object.status {
            // Part by part, all of it.
            Status::Captured | Status::Refunded if self.is_all_back() => self.all_parts_back(),
            Status::Pending => self.is_pending(),
            Status::Authorised => self.is_authorised(),
            Status::Captured => self.is_captured(),
            Status::Dead => self.is_dead(),
            Status::Refunded => self.is_refunded(),
        });
        let is_here = matches!(self.state, State::Captured | State::Posted);
        let outside_minor = object.back.outside_minor;
        deeds.extend((is_here && outside_minor > 0).then_some(Deed::BackOutside(outside_minor)));
        deeds
    }

    fn is_pending(&mut self) -> Vec<Deed> {
        if self.state == State::Created {
            self.enter(State::Intent);
        }
        if self.state == State::Intent {
            self.seen = Some(Status::Pending);
        }
        if weak(Weak::Backwards) && self.state == State::Authorised {
            self.state = State::Intent;
        }
        Vec::new()
    }

    fn is_authorised(&mut self) -> Vec<Deed> {
        match self.state {
            State::Created | State::Intent => {
                self.enter(State::Authorised);
                // Nothing that was told so far can be about more than this, and whoever takes the money sees the rest.
                self.looks = 0;
            }
            State::Cancelled if !weak(Weak::LateKept) => self.enter(State::Returning),
            State::Cancelling | State::Authorised => {}
            // An older answer than what is known, or known already.
            State::Cancelled
            | State::Captured
            | State::Posted
            | State::Returning
            | State::Returned
            | State::Stays => return Vec::new(),
        }
        self.seen = Some(Status::Authorised);
        Vec::new()
    }

    fn is_captured(&mut self) -> Vec<Deed> {
        match self.state {
            State::Created | State::Intent | State::Authorised => self.enter(State::Captured),
            State::Cancelled if weak(Weak::LateKept) => return Vec::new(),
            State::Cancelling | State::Cancelled => self.enter(State::Returning),
            State::Captured | State::Returning => {}
            State::Returned => return self.is_back_no_more(),
            State::Posted | State::Stays => return Vec::new(),
        }
        self.seen = Some(Status::Captured);
        if self.state == State::Captured { vec![Deed::Post] } else { Vec::new() }
    }

    /// It went back, and is shown with the shop: a bank did not take it. What is shown may lag behind, but not for most of the looks
    /// that follow a word.
    fn is_back_no_more(&mut self) -> Vec<Deed> {
        if self.is_back_in_parts() {
            return Vec::new();
        }
        self.denials = self.denials.saturating_add(1);
        if self.denials <= u32::from(LOOKS / 2) {
            self.looks = self.looks.max(1);
        }
        if self.looks > 0 {
            return Vec::new();
        }
        self.seen = Some(Status::Captured);
        self.enter(State::Stays);
        vec![Deed::Tell(Trouble::Stays)]
    }

    fn is_dead(&mut self) -> Vec<Deed> {
        match self.state {
            State::Created | State::Intent | State::Authorised | State::Cancelling if self.is_posted => {
                self.denied()
            }
            State::Created | State::Intent | State::Authorised | State::Cancelling => {
                self.seen = Some(Status::Dead);
                self.ended(Ending::Failed)
            }
            State::Returning if self.seen != Some(Status::Captured) || weak(Weak::VoidCaptured) => {
                self.seen = Some(Status::Dead);
                self.back()
            }
            State::Captured | State::Posted | State::Returning => self.denied(),
            State::Cancelled => {
                self.seen = Some(Status::Dead);
                Vec::new()
            }
            State::Returned | State::Stays => Vec::new(),
        }
    }

    fn is_refunded(&mut self) -> Vec<Deed> {
        let before = self.seen.replace(Status::Refunded);
        match self.state {
            State::Returned => {
                // Of two that differ either may be the older answer.
                self.looks = if self.denials > 0 { self.looks.max(1) } else { self.looks };
                Vec::new()
            }
            // Somebody gave it back there after all, once it was a person's.
            State::Stays if before != Some(Status::Refunded) => {
                let paid_back = self.is_posted.then_some(Deed::PaidBack);
                paid_back.into_iter().chain([Deed::Tell(Trouble::ReturnedOutside)]).collect()
            }
            State::Stays => Vec::new(),
            State::Captured | State::Posted => {
                let mut deeds = self.back();
                // Nobody said that the goods go back: that is for a person.
                deeds.retain(|deed| !matches!(deed, Deed::Free(_)));
                deeds.push(Deed::Tell(Trouble::ReturnedOutside));
                deeds
            }
            State::Created
            | State::Intent
            | State::Authorised
            | State::Cancelling
            | State::Cancelled
            | State::Returning => self.back(),
        }
    }

    /// Nothing was paid and nothing will be.
    fn ended(&mut self, otherwise: Ending) -> Vec<Deed> {
        let why = *self.ending.get_or_insert(otherwise);
        self.doubt = None;
        self.enter(State::Cancelled);
        vec![Deed::Free(why)]
    }

    /// The buyer has the money again.
    fn back(&mut self) -> Vec<Deed> {
        let why = *self.ending.get_or_insert(Ending::Failed);
        self.doubt = None;
        self.enter(State::Returned);
        let mut deeds = self.end_open();
        deeds.extend(self.is_posted.then_some(Deed::PaidBack));
        deeds.push(Deed::Free(why));
        deeds
    }

    /// Never to an earlier one.
    pub(crate) fn enter(&mut self, state: State) {
        if state > self.state {
            self.state = state;
            if self.trouble == Some(Trouble::Stuck) {
                self.trouble = None;
            }
        }
    }

    /// A person is told once; that it is stuck is forgotten for something that says more.
    pub(crate) fn tell(&mut self, trouble: Trouble) -> Option<Deed> {
        let is_news = match self.trouble {
            None => true,
            Some(Trouble::Stuck) => trouble != Trouble::Stuck,
            Some(_) => false,
        };
        if is_news {
            self.trouble = Some(trouble);
        }
        is_news.then_some(Deed::Tell(trouble))
    }
}

/// Whether what the provider shows says what became of a call in doubt. What it showed before the call does not.
fn ends(doubt: Call, shown: Status) -> bool {
    match doubt {
        Call::Capture => shown != Status::Pending,
        Call::Refund => matches!(shown, Status::Captured | Status::Refunded),
        Call::Ask | Call::Void | Call::LookUp | Call::RefundPart => true,
    }
}

#[cfg(test)]
mod tests;
