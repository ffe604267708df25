//! What lies in somebody's baskets, put in and taken out on several devices that do not hear each other. Every unit has a number: whoever
//! puts it in counts on, under a name that the device drew for this alone. A state says up to which number each device was heard, and which
//! units are still in. Of two states a unit stays in if both have it, or if one has it and the other has not heard of it; what was heard of
//! and is not there was taken out. So two devices that put in one each have two, what is taken out or ordered takes nothing along that
//! somebody else put in meanwhile, no clock decides, and every order of arrival ends the same. What is no more leaves nothing behind but
//! how far its device has counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{LogId, ProductId, ThingId};

/// Lines of all baskets of one person.
pub const LINES_MAX: usize = 500;
/// Runs of units that were put in together: a line has one for each device and price.
pub const PARTS_MAX: usize = 1_000;
/// Devices whose count is kept. Of more, those go that were heard longest ago and have nothing in.
pub const DEVICES_MAX: usize = 64;
/// More of one thing than anybody wants.
pub const QUANTITY_MAX: i64 = 1_000_000_000;
/// More units than anybody puts in, and still a whole number in every program that reads JSON.
pub const COUNT_MAX: i64 = (1 << 53) - 1;
/// What one device puts in within this time, at one price, was added at once: taps are not kept one by one.
const TOGETHER_MS: i64 = 3_600_000;

const _: () = assert!(LINES_MAX <= PARTS_MAX && LINES_MAX >= crate::verbs::LINES_MAX);

/// A product of a stall; a variant is a product.
pub type Wanted = (LogId, ProductId);

/// What was put in, when, and what it cost whoever did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Put {
    pub added_ms: i64,
    pub seen_minor: i64,
    pub stall: LogId,
    pub product: ProductId,
}

/// Some units with numbers one behind the other, that are still in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Part {
    pub first: i64,
    pub units: i64,
    pub put: Put,
}

impl Part {
    fn end(&self) -> i64 {
        self.first.saturating_add(self.units)
    }

    fn is_of(&self, (stall, product): Wanted) -> bool {
        self.put.stall == stall && self.put.product == product
    }
}

/// One device: how far it has counted, and what of that is still in, in the order of the numbers.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Counted {
    up_to: i64,
    parts: Vec<Part>,
}

/// What is wanted of one product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    pub quantity: i64,
    /// What it cost when the earliest of what is still in was put in, and when that was.
    pub seen_minor: i64,
    pub added_ms: i64,
}

/// Why something is no state of baskets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unkeepable {
    TooMany,
    Count,
    Device,
    Overlap,
    Number,
}

impl Unkeepable {
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooMany => "baskets have at most 500 lines in 1000 parts, of 64 devices",
            Self::Count => {
                "a device counts its units from 1, and a part ends where its device has counted to"
            }
            Self::Device => "each device is named once, and each part names one of them",
            Self::Overlap => "no unit is in two parts",
            Self::Number => {
                "a part has units, prices and times are not negative, and no number is above 9007199254740991"
            }
        }
    }
}

/// What has to be written so that what was kept of one state becomes another one.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Changes {
    pub devices_gone: Vec<ThingId>,
    /// How far those have counted whose count is another one.
    pub devices: Vec<(ThingId, i64)>,
    /// By device and first number.
    pub parts_gone: Vec<(ThingId, i64)>,
    pub parts: Vec<(ThingId, Part)>,
}

/// There is no room for more: what is in has to be ordered first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// The baskets of one person, as one device or the server knows them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Baskets {
    counted: BTreeMap<ThingId, Counted>,
}

impl Baskets {
    /// What somebody says, whoever it is.
    ///
    /// # Errors
    /// Why it is no such state.
    pub fn read(devices: &[(ThingId, i64)], parts: &[(ThingId, Part)]) -> Result<Self, Unkeepable> {
        if devices.len() > DEVICES_MAX || parts.len() > PARTS_MAX {
            return Err(Unkeepable::TooMany);
        }
        let baskets = Self::kept(devices, parts)?;
        if baskets.is_within() { Ok(baskets) } else { Err(Unkeepable::TooMany) }
    }

    /// What was kept here: what came together may be more than is said at once.
    ///
    /// # Errors
    /// Why it is no such state.
    pub fn kept(devices: &[(ThingId, i64)], parts: &[(ThingId, Part)]) -> Result<Self, Unkeepable> {
        let mut counted = BTreeMap::new();
        for (device, up_to) in devices {
            if !(1..=COUNT_MAX).contains(up_to) {
                return Err(Unkeepable::Count);
            }
            if counted.insert(*device, Counted { up_to: *up_to, parts: Vec::new() }).is_some() {
                return Err(Unkeepable::Device);
            }
        }
        let mut sorted = parts.to_vec();
        sorted.sort_unstable();
        for (device, part) in sorted {
            let Put { added_ms, seen_minor, .. } = part.put;
            let is_number = |number: i64| (0..=COUNT_MAX).contains(&number);
            if !(1..=COUNT_MAX).contains(&part.units) || !is_number(added_ms) || !is_number(seen_minor) {
                return Err(Unkeepable::Number);
            }
            let of_device = counted.get_mut(&device).ok_or(Unkeepable::Device)?;
            if part.first < 1 || part.end() - 1 > of_device.up_to {
                return Err(Unkeepable::Count);
            }
            if of_device.parts.last().is_some_and(|before| before.end() > part.first) {
                return Err(Unkeepable::Overlap);
            }
            join(&mut of_device.parts, part);
        }
        Ok(Self { counted })
    }

    /// Every device that was heard of, and how far it has counted.
    pub fn devices(&self) -> impl Iterator<Item = (ThingId, i64)> {
        self.counted.iter().map(|(device, counted)| (*device, counted.up_to))
    }

    /// What is still in, by device.
    pub fn parts(&self) -> impl Iterator<Item = (ThingId, Part)> {
        self.counted.iter().flat_map(|(device, counted)| counted.parts.iter().map(|part| (*device, *part)))
    }

    /// What is other than it was.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Changes {
        let numbered = |baskets: &Self| -> BTreeMap<(ThingId, i64), Part> {
            baskets.parts().map(|(device, part)| ((device, part.first), part)).collect()
        };
        let (was, is) = (numbered(before), numbered(self));
        let devices_gone =
            before.devices().map(|(device, _)| device).filter(|device| self.up_to(*device) == 0);
        let devices = self.devices().filter(|(device, up_to)| before.up_to(*device) != *up_to);
        let parts_gone = was.keys().filter(|number| !is.contains_key(number)).copied();
        let parts = is.iter().filter(|(number, part)| was.get(number) != Some(part));
        Changes {
            devices_gone: devices_gone.collect(),
            devices: devices.collect(),
            parts_gone: parts_gone.collect(),
            parts: parts.map(|((device, _), part)| (*device, *part)).collect(),
        }
    }

    /// How far a device has counted.
    #[must_use]
    pub fn up_to(&self, device: ThingId) -> i64 {
        self.counted.get(&device).map_or(0, |counted| counted.up_to)
    }

    #[must_use]
    pub fn lines(&self) -> BTreeMap<Wanted, Line> {
        let mut lines = BTreeMap::<Wanted, Line>::new();
        for (_, part) in self.parts() {
            let Put { added_ms, seen_minor, stall, product } = part.put;
            let it = Line { quantity: 0, seen_minor, added_ms };
            let line = lines.entry((stall, product)).or_insert(it);
            line.quantity = line.quantity.saturating_add(part.units).min(QUANTITY_MAX);
            (line.added_ms, line.seen_minor) = (line.added_ms, line.seen_minor).min((added_ms, seen_minor));
        }
        lines
    }

    #[must_use]
    pub fn quantity(&self, it: Wanted) -> i64 {
        let units = self.parts().filter(|(_, part)| part.is_of(it)).map(|(_, part)| part.units);
        units.fold(0, i64::saturating_add).min(QUANTITY_MAX)
    }

    /// So many more, put in by this device.
    ///
    /// # Errors
    /// There is no room.
    pub fn put(&mut self, device: ThingId, put: Put, units: i64) -> Result<(), Full> {
        let it = (put.stall, put.product);
        if units < 1 || self.quantity(it).saturating_add(units) > QUANTITY_MAX {
            return Err(Full);
        }
        let mut next = self.clone();
        let counted = next.counted.entry(device).or_default();
        if counted.up_to > COUNT_MAX - units {
            return Err(Full);
        }
        let first = counted.up_to + 1;
        let before = counted.parts.last().filter(|last| last.end() == first).map(|last| last.put);
        let is_together = |before: &Put| {
            (before.stall, before.product) == it
                && before.seen_minor == put.seen_minor
                && (0..TOGETHER_MS).contains(&put.added_ms.saturating_sub(before.added_ms))
        };
        let put = before.filter(is_together).unwrap_or(put);
        counted.up_to += units;
        join(&mut counted.parts, Part { first, units, put });
        next.make_room(device)?;
        if next.parts().count() > PARTS_MAX || next.lines().len() > LINES_MAX {
            return Err(Full);
        }
        *self = next;
        Ok(())
    }

    /// So many less: those that were put in last go first, so that the price of the earliest stays. Two devices that each take one out of
    /// the same basket, apart, took out the same one.
    pub fn take(&mut self, it: Wanted, units: i64) {
        let mut left = units;
        while left > 0 {
            let latest = self.parts().filter(|(_, part)| part.is_of(it));
            let Some((device, part)) =
                latest.max_by_key(|(device, part)| (part.put.added_ms, *device, part.first))
            else {
                return;
            };
            let taken = left.min(part.units);
            left -= taken;
            let Some(counted) = self.counted.get_mut(&device) else { return };
            if let Some(found) = counted.parts.iter_mut().find(|found| found.first == part.first) {
                found.units -= taken;
            }
            counted.parts.retain(|part| part.units > 0);
        }
    }

    /// Takes out all that lies in the basket of a stall, as it is seen here: it was ordered, or is not wanted any more.
    pub fn empty(&mut self, stall: LogId) {
        for counted in self.counted.values_mut() {
            counted.parts.retain(|part| part.put.stall != stall);
        }
    }

    /// Takes out what a device counted after `up_to`, as if it had not counted that far: where nobody else heard of it, it may be counted
    /// under other numbers.
    pub fn lift(&mut self, device: ThingId, up_to: i64) -> Vec<Part> {
        let Some(counted) = self.counted.get_mut(&device).filter(|counted| counted.up_to > up_to) else {
            return Vec::new();
        };
        let mut lifted = Vec::new();
        for part in std::mem::take(&mut counted.parts) {
            let stays = (up_to + 1 - part.first).clamp(0, part.units);
            if stays > 0 {
                counted.parts.push(Part { units: stays, ..part });
            }
            if stays < part.units {
                lifted.push(Part { first: part.first + stays, units: part.units - stays, ..part });
            }
        }
        counted.up_to = up_to;
        if up_to < 1 {
            self.counted.remove(&device);
        }
        lifted
    }

    /// How many of these units are in here under the same numbers, put in as they were.
    #[must_use]
    pub fn units_of(&self, device: ThingId, part: &Part) -> i64 {
        let own = self.counted.get(&device).map(|counted| counted.parts.as_slice()).unwrap_or_default();
        let same = own.iter().filter(|own| own.put == part.put);
        same.map(|own| (own.end().min(part.end()) - own.first.max(part.first)).max(0)).sum()
    }

    /// What two devices know, together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut counted = self.counted.clone();
        for (device, theirs) in &other.counted {
            let ours = counted.entry(*device).or_default();
            *ours = ours.merged(theirs);
        }
        Self { counted }
    }

    /// Forgets how far devices have counted of which nothing is in and that are not to be kept. Whoever still has something of them, and
    /// did not hear that it was taken out, brings it back.
    pub fn forget_idle(&mut self, is_kept: impl Fn(ThingId) -> bool) {
        self.counted.retain(|device, counted| !counted.parts.is_empty() || is_kept(*device));
    }

    /// Forgets others that have nothing in, until there are no more devices than there may be.
    ///
    /// # Errors
    /// All the others have something in.
    pub fn make_room(&mut self, device: ThingId) -> Result<(), Full> {
        while self.counted.len() > DEVICES_MAX {
            let is_idle =
                |(other, counted): &(&ThingId, &Counted)| **other != device && counted.parts.is_empty();
            let idle = self.counted.iter().find(is_idle).map(|(other, _)| *other).ok_or(Full)?;
            self.counted.remove(&idle);
        }
        Ok(())
    }

    /// Whether it is no larger than it may be.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.counted.len() <= DEVICES_MAX
            && self.parts().count() <= PARTS_MAX
            && self.lines().len() <= LINES_MAX
    }
}

impl Counted {
    fn merged(&self, other: &Self) -> Self {
        let of_parts = self.parts.iter().chain(&other.parts).flat_map(|part| [part.first, part.end()]);
        let borders: BTreeSet<i64> = of_parts.chain([self.up_to + 1, other.up_to + 1]).collect();
        let mut parts = Vec::new();
        for (first, end) in borders.iter().zip(borders.iter().skip(1)) {
            let put = match (self.at(*first), other.at(*first)) {
                // The same unit is the same everywhere; where somebody says otherwise, all agree on one.
                (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
                (Some(ours), None) if *first > other.up_to => Some(ours),
                (None, Some(theirs)) if *first > self.up_to => Some(theirs),
                (Some(_), None) | (None, Some(_) | None) => None,
            };
            if let Some(put) = put {
                join(&mut parts, Part { first: *first, units: end - first, put });
            }
        }
        Self { up_to: self.up_to.max(other.up_to), parts }
    }

    /// What a unit is that is still in.
    fn at(&self, unit: i64) -> Option<Put> {
        let behind = self.parts.partition_point(|part| part.first <= unit);
        let part = self.parts.get(behind.checked_sub(1)?)?;
        (unit < part.end()).then_some(part.put)
    }
}

/// Behind the others; what goes on where they end is one part with them, so that one state has one form.
fn join(parts: &mut Vec<Part>, part: Part) {
    match parts.last_mut() {
        Some(last) if last.end() == part.first && last.put == part.put => last.units += part.units,
        Some(_) | None => parts.push(part),
    }
}
