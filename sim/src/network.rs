//! The network between devices and server: it loses, doubles, delays, damages and forges messages, cuts links in
//! one direction or both, and sends again what it saw long ago.

use std::collections::{BTreeMap, VecDeque};

use soko_domain::ids::AuthorId;
use soko_replication::{Body, Page};

use crate::choice::Choices;
use crate::counters::{Counter, Counters};
use crate::plan::{Knob, Knobs};

/// Messages that may be sent again much later.
const PAST_MAX: usize = 48;
/// Messages on their way; more are lost, as in a full queue.
const QUEUE_MAX: usize = 400;
const QUICK_MS: u64 = 60;
const SLOW_MS: u64 = 45_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum To {
    Server { from: usize, author: AuthorId },
    Device { device: usize },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) to: To,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sent_ms: u64,
    /// The server's life in which it was sent.
    pub(crate) life: u64,
    pub(crate) is_forged: bool,
}

impl Message {
    fn device(&self) -> usize {
        match self.to {
            To::Server { from, .. } => from,
            To::Device { device } => device,
        }
    }

    fn is_upward(&self) -> bool {
        matches!(self.to, To::Server { .. })
    }
}

/// What is cut of a device's link.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Cut {
    pub(crate) up: bool,
    pub(crate) down: bool,
}

#[derive(Default)]
pub(crate) struct Network {
    queue: BTreeMap<(u64, u64), Message>,
    past: VecDeque<Message>,
    cuts: BTreeMap<usize, Cut>,
    latest: BTreeMap<(usize, bool), u64>,
    calm: bool,
}

impl Network {
    pub(crate) fn cut(&mut self, device: usize, cut: Cut) {
        self.cuts.insert(device, cut);
    }

    pub(crate) fn is_cut(&self, device: usize) -> Cut {
        self.cuts.get(&device).copied().unwrap_or_default()
    }

    /// From now on everything arrives, and what is old is forgotten.
    pub(crate) fn calm(&mut self) {
        self.calm = true;
        self.cuts.clear();
        self.past.clear();
        self.queue.clear();
    }

    pub(crate) fn send(&mut self, message: Message, around: &mut Around<'_>) {
        let Around { knobs, choices, counters } = around;
        if self.calm {
            self.enqueue(message, QUICK_MS / 2, choices);
            return;
        }
        let cut = self.is_cut(message.device());
        let is_cut = if message.is_upward() { cut.up } else { cut.down };
        if is_cut || choices.chance(knobs.get(Knob::Loss)) {
            counters.add(Counter::MessagesLost);
            return;
        }
        self.past.push_back(message.clone());
        if self.past.len() > PAST_MAX {
            self.past.pop_front();
        }
        if choices.chance(knobs.get(Knob::Duplication)) {
            counters.add(Counter::MessagesDoubled);
            let wait_ms = choices.below(SLOW_MS);
            self.enqueue(message.clone(), wait_ms, choices);
        }
        let slow = choices.chance(knobs.get(Knob::Delay));
        let wait_ms = choices.below(if slow { SLOW_MS } else { QUICK_MS });
        let damaged = damage(message, knobs, choices, counters);
        self.enqueue(damaged, wait_ms, choices);
    }

    fn enqueue(&mut self, message: Message, wait_ms: u64, choices: &mut Choices) {
        if self.queue.len() < QUEUE_MAX {
            let tie = choices.word();
            self.queue.insert((message.sent_ms + wait_ms, tie), message);
        }
    }

    /// Sends something again that was sent before.
    pub(crate) fn send_old(&mut self, now_ms: u64, around: &mut Around<'_>) {
        let Some(at) = around.choices.index(self.past.len()) else { return };
        let Some(message) = self.past.get(at).cloned() else { return };
        around.counters.add(Counter::OldMessages);
        let tie = around.choices.word();
        self.queue.insert((now_ms, tie), message);
    }

    /// The next message that arrives by then, and when.
    pub(crate) fn arrived(&mut self, until_ms: u64, counters: &mut Counters) -> Option<(u64, Message)> {
        let ((due_ms, _), _) = self.queue.first_key_value()?;
        let due_ms = *due_ms;
        if due_ms > until_ms {
            return None;
        }
        let (_, message) = self.queue.pop_first()?;
        let way = (message.device(), message.is_upward());
        let latest = self.latest.entry(way).or_default();
        if message.sent_ms < *latest {
            counters.add(Counter::MessagesOvertaken);
        }
        *latest = (*latest).max(message.sent_ms);
        Some((due_ms, message))
    }
}

/// What the network's doings need from the run.
pub(crate) struct Around<'a> {
    pub(crate) knobs: Knobs,
    pub(crate) choices: &'a mut Choices,
    pub(crate) counters: &'a mut Counters,
}

fn damage(mut message: Message, knobs: &Knobs, choices: &mut Choices, counters: &mut Counters) -> Message {
    if choices.chance(knobs.get(Knob::Corruption)) {
        counters.add(Counter::MessagesDamaged);
        match choices.index(message.bytes.len()) {
            Some(at) if choices.chance(128) => message.bytes.truncate(at),
            Some(at) => message.bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0x20),
            None => {}
        }
    }
    if choices.chance(knobs.get(Knob::Forgery))
        && let Some(forged) = forge(&message.bytes, choices)
    {
        counters.add(Counter::MessagesForged);
        message.bytes = forged;
        message.is_forged = true;
    }
    message
}

/// The same page with records that their author did not write so: changed, left out, or put elsewhere.
fn forge(bytes: &[u8], choices: &mut Choices) -> Option<Vec<u8>> {
    let mut page = Page::decode(bytes).ok()?;
    let at = choices.index(page.runs.len())?;
    let run = page.runs.get_mut(at)?;
    let which = choices.index(run.records.len())?;
    match choices.below(3) {
        0 => run.first_seq += 1,
        1 if run.records.len() > 1 => {
            run.records.remove(which);
        }
        _ => {
            let (_, body) = run.records.get_mut(which)?;
            let Body::Here(body) = body else { return None };
            if let Some(last) = body.last_mut() {
                *last ^= 1;
            }
        }
    }
    page.encode().ok()
}
