//! Which faults there are, how often, and how many have happened.

use serde::Serialize;

/// Most that a probability can be.
const PERCENT_MAX: u64 = 100;
/// Nobody waits longer in a test.
const MILLIS_MAX: u64 = 60_000;

/// What can happen to a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// The server never saw it.
    LostRequest,
    /// The server did it, and nobody heard the reply.
    LostReply,
    /// Only a part of the request reached the server.
    CutRequest,
    /// Only a part of the reply came back.
    CutReply,
    /// The server got the whole request twice.
    Duplicate,
    /// It was held back, so that later ones overtook it.
    Delay,
    /// Nothing more was heard, and the connection stayed open for a while.
    Stall,
    /// The way was closed.
    Partition,
}

/// How often each happens, in percent of the requests.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Knobs {
    pub lost_request: u64,
    pub lost_reply: u64,
    pub cut_request: u64,
    pub cut_reply: u64,
    pub duplicate: u64,
    pub delay: u64,
    pub stall: u64,
    /// The longest delay.
    pub delay_ms: u64,
    /// How long a stalled connection stays open.
    pub stall_ms: u64,
    pub partition: bool,
}

/// What the proxy did not understand.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is no word of this proxy: loss N, cut N, dup N, delay N, stall N (percent), delay-ms N, stall-ms N, \
     partition on|off, heal"
)]
pub struct WordRefused(pub String);

impl Knobs {
    /// Takes one word of control.
    pub fn obey(&mut self, words: &str) -> Result<(), WordRefused> {
        let refused = || WordRefused(words.to_owned());
        let mut parts = words.split_whitespace();
        let (Some(word), value, None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refused());
        };
        let number = |max: u64| {
            let number = value.and_then(|value| value.parse::<u64>().ok());
            number.filter(|number| *number <= max).ok_or_else(refused)
        };
        match (word, value) {
            // Half before the server saw it, half after.
            ("loss", Some(_)) => {
                let percent = number(PERCENT_MAX)?;
                (self.lost_request, self.lost_reply) = (percent / 2, percent - percent / 2);
            }
            ("cut", Some(_)) => {
                let percent = number(PERCENT_MAX)?;
                (self.cut_request, self.cut_reply) = (percent / 2, percent - percent / 2);
            }
            ("dup", Some(_)) => self.duplicate = number(PERCENT_MAX)?,
            ("delay", Some(_)) => self.delay = number(PERCENT_MAX)?,
            ("stall", Some(_)) => self.stall = number(PERCENT_MAX)?,
            ("delay-ms", Some(_)) => self.delay_ms = number(MILLIS_MAX)?,
            ("stall-ms", Some(_)) => self.stall_ms = number(MILLIS_MAX)?,
            ("partition", Some("on")) => self.partition = true,
            ("partition", Some("off")) => self.partition = false,
            ("heal", None) => {
                *self = Self { delay_ms: self.delay_ms, stall_ms: self.stall_ms, ..Self::default() };
            }
            _ => return Err(refused()),
        }
        Ok(())
    }
}

/// How often each fault has really happened.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Counters {
    /// Requests that came through as they were.
    pub whole: u64,
    pub lost_request: u64,
    pub lost_reply: u64,
    pub cut_request: u64,
    pub cut_reply: u64,
    pub duplicate: u64,
    pub delay: u64,
    pub stall: u64,
    pub partition: u64,
}

impl Counters {
    pub(super) fn add(&mut self, fault: Fault) {
        *match fault {
            Fault::LostRequest => &mut self.lost_request,
            Fault::LostReply => &mut self.lost_reply,
            Fault::CutRequest => &mut self.cut_request,
            Fault::CutReply => &mut self.cut_reply,
            Fault::Duplicate => &mut self.duplicate,
            Fault::Delay => &mut self.delay,
            Fault::Stall => &mut self.stall,
            Fault::Partition => &mut self.partition,
        } += 1;
    }
}

/// Numbers that repeat themselves for the same seed (splitmix64).
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the limit; 0 below 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// One fault at most for each request: which one can be seen in the counters.
    pub(super) fn draw(&mut self, knobs: &Knobs) -> Option<Fault> {
        let mut drawn = self.below(PERCENT_MAX);
        let table = [
            (Fault::LostRequest, knobs.lost_request),
            (Fault::LostReply, knobs.lost_reply),
            (Fault::CutRequest, knobs.cut_request),
            (Fault::CutReply, knobs.cut_reply),
            (Fault::Duplicate, knobs.duplicate),
            (Fault::Delay, knobs.delay),
            (Fault::Stall, knobs.stall),
        ];
        for (fault, percent) in table {
            if drawn < percent {
                return Some(fault);
            }
            drawn -= percent;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_turn_the_knobs_and_heal_turns_them_back() {
        let mut knobs = Knobs::default();
        for word in
            ["loss 31", "cut 5", "dup 20", "delay 10", "stall 1", "delay-ms 40", "stall-ms 9", "partition on"]
        {
            knobs.obey(word).unwrap();
        }
        let expected = Knobs {
            lost_request: 15,
            lost_reply: 16,
            cut_request: 2,
            cut_reply: 3,
            duplicate: 20,
            delay: 10,
            stall: 1,
            delay_ms: 40,
            stall_ms: 9,
            partition: true,
        };
        assert_eq!(knobs, expected);
        knobs.obey("heal").unwrap();
        assert_eq!(knobs, Knobs { delay_ms: 40, stall_ms: 9, ..Knobs::default() });
    }

    #[test]
    fn other_words_are_refused_and_change_nothing() {
        for wrong in ["", "loss", "loss 101", "loss -1", "loss x", "partition maybe", "heal now", "loss 1 2"]
        {
            let mut knobs = Knobs::default();
            assert_eq!(knobs.obey(wrong), Err(WordRefused(wrong.into())), "{wrong}");
            assert_eq!(knobs, Knobs::default());
        }
    }

    #[test]
    fn faults_come_as_often_as_asked_and_repeat_with_the_seed() {
        let knobs = Knobs { lost_request: 10, duplicate: 30, ..Knobs::default() };
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            (0..10_000).map(|_| dice.draw(&knobs)).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        for (fault, percent) in [(Some(Fault::LostRequest), 10), (Some(Fault::Duplicate), 30), (None, 60)] {
            let share = drawn.iter().filter(|it| **it == fault).count() / 100;
            assert!(share.abs_diff(percent) <= 2, "{fault:?}: {share} %");
        }
    }
}
