//! Units of an open order, whatever registers do to it apart from each other and whoever hears of what first: what was put in is
//! what was taken out, what was paid and what is due, on every register the same. Each is compared, step by step, with a
//! model that knows every unit by itself.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::OpenOrderEdit;

use crate::counter::Chance;
use crate::tabs::{edit, pay, put, tab, take, void};
use crate::world::{Device, Relay, STALL, open_shift};

const REGISTERS: usize = 3;

/// A unit: of which line, and the how many-th of it.
type Unit = (u16, i64);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Put { line: u16, quantity: i64 },
    TakenOut { word: u16, units: Vec<Unit> },
    Paid { sale: u16, by: usize, units: Vec<Unit> },
    Voided { sale: u16 },
}

/// What one register has heard of.
#[derive(Clone, Default, Debug)]
struct Heard(BTreeSet<Event>);

impl Heard {
    fn standing(&self) -> Vec<(u16, usize, Vec<Unit>)> {
        let stands = |sale: u16| !self.0.contains(&Event::Voided { sale });
        let paid = |event: &Event| match event {
            Event::Paid { sale, by, units } if stands(*sale) => Some((*sale, *by, units.clone())),
            Event::Paid { .. } | Event::Put { .. } | Event::TakenOut { .. } | Event::Voided { .. } => None,
        };
        self.0.iter().filter_map(paid).collect()
    }

    fn paid(&self) -> BTreeSet<Unit> {
        self.standing().into_iter().flat_map(|(.., units)| units).collect()
    }

    fn put(&self) -> BTreeMap<u16, i64> {
        let put = |event: &Event| match event {
            Event::Put { line, quantity } => Some((*line, *quantity)),
            Event::Paid { .. } | Event::TakenOut { .. } | Event::Voided { .. } => None,
        };
        self.0.iter().filter_map(put).collect()
    }

    /// Of each line, the units that nobody paid or took out.
    fn due(&self) -> BTreeMap<u16, Vec<i64>> {
        let mut done = self.paid();
        for event in &self.0 {
            if let Event::TakenOut { units, .. } = event {
                done.extend(units);
            }
        }
        let due = |(line, quantity): (u16, i64)| {
            (line, (0..quantity).filter(|unit| !done.contains(&(line, *unit))).collect())
        };
        self.put().into_iter().map(due).collect()
    }

    /// Of each line, how much is due and how much is paid.
    fn told(&self) -> Vec<(i64, i64)> {
        let paid = self.paid();
        let line = |(line, due): (u16, Vec<i64>)| {
            let paid = paid.iter().filter(|(of, _)| *of == line).count();
            (i64::try_from(due.len()).unwrap(), i64::try_from(paid).unwrap())
        };
        self.due().into_iter().map(line).collect()
    }

    fn is_closed(&self) -> bool {
        !self.standing().is_empty() && self.due().values().all(Vec::is_empty)
    }
}

struct World {
    chance: Chance,
    relay: Relay,
    devices: Vec<Device>,
    heard: Vec<Heard>,
    relay_heard: Heard,
    last: u16,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut relay = Relay::new();
        let mut devices = vec![Device::ready(1, &["Mango"], Some(&relay))];
        relay.admit(&devices[0]);
        devices[0].replicate(&mut relay);
        for number in 2..=REGISTERS {
            let number = u8::try_from(number).unwrap();
            let mut device = Device::new(number, Some(&relay));
            relay.admit(&device);
            device.replicate(&mut relay);
            device.done(open_shift(u16::from(number) + 1));
            devices.push(device);
        }
        let heard = vec![Heard::default(); REGISTERS];
        Self { chance: Chance(seed), relay, devices, heard, relay_heard: Heard::default(), last: 1_000 }
    }

    fn next(&mut self) -> u16 {
        self.last += 1;
        self.last
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.chance.below(i64::try_from(limit).unwrap())).unwrap()
    }

    fn step(&mut self) {
        let who = self.below(REGISTERS);
        match self.below(8) {
            0 | 1 => self.park(who, true, false),
            2 => self.park(who, false, true),
            3 => self.park(who, true, true),
            4 | 5 => self.pay(who),
            6 => self.void(who),
            _ => self.replicate(who),
        }
        assert_eq!(self.told(who), self.heard[who].told());
    }

    /// Puts a line in, takes some of another one out, or both at once.
    fn park(&mut self, who: usize, puts: bool, takes: bool) {
        let mut edits: Vec<OpenOrderEdit> = Vec::new();
        if puts && !self.heard[who].is_closed() {
            let (line, quantity) = (self.next(), i64::try_from(self.below(4)).unwrap() + 1);
            self.heard[who].0.insert(Event::Put { line, quantity });
            edits.push(put(line, quantity));
        }
        if let (true, Some((line, due))) = (takes, self.some_line(who)) {
            let (word, many) = (self.next(), self.below(due.len()) + 1);
            let units = due.iter().rev().take(many).map(|unit| (line, *unit)).collect();
            self.heard[who].0.insert(Event::TakenOut { word, units });
            edits.push(take(word, line, i64::try_from(many).unwrap()));
        }
        let number = self.next();
        self.devices[who].done(edit(number, edits));
    }

    /// A line of which something is due.
    fn some_line(&mut self, who: usize) -> Option<(u16, Vec<i64>)> {
        let due: Vec<_> = self.heard[who].due().into_iter().filter(|(_, due)| !due.is_empty()).collect();
        (!due.is_empty()).then(|| due[self.below(due.len())].clone())
    }

    /// All that is due there, or some of it.
    fn pay(&mut self, who: usize) {
        let is_all = self.below(2) == 0;
        let (mut seen, mut units) = (Vec::new(), Vec::new());
        for (line, due) in self.heard[who].due() {
            let many = if is_all { due.len() } else { self.below(due.len() + 1) };
            units.extend(due.iter().take(many).map(|unit| (line, *unit)));
            seen.push((line, i64::try_from(many).unwrap()));
        }
        if units.is_empty() {
            return;
        }
        let sale = self.next();
        self.heard[who].0.insert(Event::Paid { sale, by: who, units });
        self.devices[who].done(pay(sale, &seen));
    }

    fn void(&mut self, who: usize) {
        let own = self.heard[who].standing().into_iter().find(|(_, by, _)| *by == who);
        let Some((sale, ..)) = own else { return };
        self.heard[who].0.insert(Event::Voided { sale });
        let number = self.next();
        self.devices[who].done(void(number, sale));
    }

    fn replicate(&mut self, who: usize) {
        self.devices[who].replicate(&mut self.relay);
        self.relay_heard.0.extend(self.heard[who].0.iter().cloned());
        self.heard[who].0.extend(self.relay_heard.0.iter().cloned());
    }

    fn told(&mut self, who: usize) -> Vec<(i64, i64)> {
        if self.heard[who].0.is_empty() {
            return Vec::new();
        }
        let view = tab(&mut self.devices[who]);
        view.lines.iter().map(|line| (line.quantity, line.paid)).collect()
    }
}

#[test]
fn what_was_put_in_is_taken_out_paid_or_due_whatever_registers_do_apart() {
    for seed in 0..12 {
        let mut world = World::new(seed);
        for _ in 0..50 {
            world.step();
        }
        for who in (0..REGISTERS).chain(0..REGISTERS) {
            world.replicate(who);
        }
        let all = world.heard[0].told();
        for who in 0..REGISTERS {
            assert_eq!(world.told(who), all, "seed {seed}, register {who}");
            assert!(world.devices[who].engine.verify(STALL).unwrap().is_sound());
        }
    }
}
