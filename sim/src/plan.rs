//! What a run will be: its size, the strength of each class of faults, and one word for each step. Written out it
//! is a tape: small text that repeats the run exactly.

use std::fmt::Write as _;

use soko_domain::sabotage::Sabotage;

use crate::choice::Choices;

/// Steps before the faults stop.
pub const SAFETY_STEPS: usize = 260;
pub const DEVICES_MAX: usize = 4;
pub const PRODUCTS_MAX: usize = 3;
/// A class of faults is off in this many of ten runs.
const OFF_IN_TEN: u64 = 4;
const TAPE_HEADER: &str = "soko-sim tape 1";

macro_rules! knobs {
    ($($name:ident $word:literal $weakest:literal $strongest:literal),* $(,)?) => {
        /// A class of faults, or a kind of people's doing that a run may leave out.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Knob { $($name),* }

        impl Knob {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            fn range(self) -> (i64, i64) {
                match self { $(Self::$name => ($weakest, $strongest)),* }
            }
        }
    };
}

// Strengths are cases in 256: 77 is 30 percent.
knobs! {
    Loss "loss" 5 77,
    Duplication "duplication" 5 100,
    Delay "delay" 20 255,
    Corruption "corruption" 5 60,
    Forgery "forgery" 10 80,
    OldMessages "old-messages" 20 200,
    Partition "partition" 40 255,
    Crash "crash" 40 255,
    Restore "restore" 40 255,
    Clone "clone" 40 255,
    ServerCrash "server-crash" 40 255,
    ServerRestore "server-restore" 60 255,
    Clocks "clocks" 40 255,
    Revoke "revoke" 20 160,
    Counts "counts" 40 255,
    Beyond "beyond" 20 160,
    Death "death" 60 255,
    Snapshot "snapshot" 60 255,
    Reclaim "reclaim" 60 255,
    DiskFull "disk-full" 40 255,
    DiskFails "disk-fails" 10 100,
    ServerSetBack "server-set-back" 20 120,
    Twin "twin" 20 120,
    SellOut "sell-out" 255 255,
    OpenCounts "open-counts" 100 255,
    Hurry "hurry" 160 255,
    Meet "meet" 80 255,
    Paid "paid" 60 255,
    PayFaults "pay-faults" 20 160,
    OrderRefunds "order-refunds" 40 200,
    Deals "deals" 60 255,
    Cards "cards" 40 200,
    BadRecords "bad-records" 255 255,
}

/// Off in another number of ten runs: most of these break a promise by themselves, and the last two show what is broken.
const EXCEPTIONS: &[(Knob, u64)] = &[
    (Knob::Snapshot, 8),
    (Knob::Reclaim, 8),
    (Knob::ServerSetBack, 9),
    (Knob::Twin, 9),
    (Knob::SellOut, 1),
    (Knob::Hurry, 1),
];

/// The strength of each class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Knobs([u8; Knob::ALL.len()]);

impl Default for Knobs {
    fn default() -> Self {
        Self([0; Knob::ALL.len()])
    }
}

impl Knobs {
    pub fn get(&self, knob: Knob) -> u8 {
        Knob::ALL.iter().zip(self.0).find(|(at, _)| **at == knob).map_or(0, |(_, strength)| strength)
    }

    pub fn set(&mut self, knob: Knob, strength: u8) {
        for (at, place) in Knob::ALL.iter().zip(&mut self.0) {
            if *at == knob {
                *place = strength;
            }
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    pub seed: u64,
    pub devices: usize,
    pub products: usize,
    pub knobs: Knobs,
    pub weaken: Option<Sabotage>,
    pub steps: Vec<u64>,
}

impl Plan {
    pub fn from_seed(seed: u64, weaken: Option<Sabotage>) -> Self {
        let mut choices = Choices::of(seed, 1);
        let devices = 1 + choices.index(DEVICES_MAX).unwrap_or_default();
        let products = 1 + choices.index(PRODUCTS_MAX).unwrap_or_default();
        let mut knobs = Knobs::default();
        for knob in Knob::ALL {
            let exception = EXCEPTIONS.iter().find(|(exception, _)| exception == knob);
            let off = exception.map_or(OFF_IN_TEN, |(_, off_in_ten)| *off_in_ten);
            let (is_on, (weakest, strongest)) = (choices.below(10) >= off, knob.range());
            let strength = u8::try_from(choices.between(weakest, strongest)).unwrap_or(u8::MAX);
            knobs.set(*knob, if is_on { strength } else { 0 });
        }
        let mut words = Choices::of(seed, 2);
        let steps = (0..SAFETY_STEPS).map(|_| words.word()).collect();
        Self { seed, devices, products, knobs, weaken, steps }
    }

    /// Whether a device writes what its role forbids, before it hears of that: the last one, and never the only one.
    pub(crate) fn is_pretender(&self, number: usize) -> bool {
        self.knobs.get(Knob::BadRecords) > 0 && number > 0 && number + 1 == self.devices
    }

    pub fn to_tape(&self) -> String {
        let mut text = format!(
            "{TAPE_HEADER}\nseed {}\ndevices {}\nproducts {}\nweaken {}\n",
            self.seed,
            self.devices,
            self.products,
            self.weaken.map_or("nothing", Sabotage::word)
        );
        for knob in Knob::ALL.iter().filter(|knob| self.knobs.get(**knob) > 0) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "knob {} {}", knob.word(), self.knobs.get(*knob));
        }
        for step in &self.steps {
            let _ = writeln!(text, "step {step:016x}");
        }
        text
    }

    pub fn from_tape(text: &str) -> Result<Self, NotATape> {
        let mut lines = text.lines();
        if lines.next() != Some(TAPE_HEADER) {
            return Err(NotATape::Header);
        }
        let mut plan = Self {
            seed: 0,
            devices: 1,
            products: 1,
            knobs: Knobs::default(),
            weaken: None,
            steps: Vec::new(),
        };
        for line in lines.filter(|line| !line.is_empty()) {
            plan.take_line(line).ok_or_else(|| NotATape::Line(line.into()))?;
        }
        Ok(plan)
    }

    fn take_line(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "seed" => self.seed = rest.parse().ok()?,
            "devices" => self.devices = rest.parse().ok().filter(|n| (1..=DEVICES_MAX).contains(n))?,
            "products" => self.products = rest.parse().ok().filter(|n| (1..=PRODUCTS_MAX).contains(n))?,
            "weaken" if rest == "nothing" => self.weaken = None,
            "weaken" => self.weaken = Some(Sabotage::from_word(rest)?),
            "knob" => {
                let (name, strength) = rest.split_once(' ')?;
                let knob = Knob::ALL.iter().find(|knob| knob.word() == name)?;
                self.knobs.set(*knob, strength.parse().ok()?);
            }
            "step" => self.steps.push(u64::from_str_radix(rest, 16).ok()?),
            _ => return None,
        }
        Some(())
    }
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotATape {
    #[error("it does not begin with `{TAPE_HEADER}`")]
    Header,
    #[error("this line is none of a tape: {0}")]
    Line(String),
}
