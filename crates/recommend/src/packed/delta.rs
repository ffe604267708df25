//! What a device that has one model needs to have another: the products that changed, and nothing of the others.
//!
//! `SOKODEL1`, the hashes of both models, whether weights and squares are other ones (and then both), the products that are gone, by
//! number in the first model, and the rows that are new or other ones, by fingerprint: for each which of its four parts follow.
//! Lists have the numbers of the second model. Whoever applies it has the second model to the last byte, or nothing.

use std::collections::BTreeMap;

use super::bytes::{Malformed, Reader, number, scale};
use super::{Lists, PACKED_BYTES_MAX, PACKED_PRODUCTS_MAX, Packed, Row, model_id};

const MAGIC: &[u8; 8] = b"SOKODEL1";
/// The parts of a row, and that the row is new.
const COUNT: u8 = 1;
const FACTORS: u8 = 2;
const NEAR: u8 = 4;
const TOGETHER: u8 = 8;
const NEW: u8 = 16;
const ALL: u8 = COUNT | FACTORS | NEAR | TOGETHER;

/// The difference from the first model to the second; none where it would not be smaller than the second.
#[must_use]
pub fn difference(from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let (old, new) = (Packed::read(from).ok()?, Packed::read(to).ok()?);
    if old.salt != new.salt || old.dimension != new.dimension {
        return None;
    }
    let mut delta = MAGIC.to_vec();
    delta.extend(model_id(from));
    delta.extend(model_id(to));
    delta.push(new.salt);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (model, head) in [(&old, &mut before), (&new, &mut after)] {
        model.write_weights(head);
        model.write_gram(head);
    }
    delta.push(u8::from(before != after));
    if before != after {
        delta.extend(after);
    }
    let gone = (0u32..).zip(&old.fingerprints).filter(|it| new.fingerprints.binary_search(it.1).is_err());
    let gone: Vec<u32> = gone.map(|it| it.0).collect();
    number(gone.len() as u64, &mut delta);
    let mut next = 0;
    for product in gone {
        number(u64::from(product - next), &mut delta);
        next = product + 1;
    }
    write_rows(&old, &new, &mut delta);
    (delta.len() < to.len()).then_some(delta)
}

fn write_rows(old: &Packed, new: &Packed, delta: &mut Vec<u8>) {
    let renumbered = renumbering(&old.fingerprints, &new.fingerprints);
    let (mut rows, mut count, mut before) = (Vec::new(), 0, 0);
    for (at, fingerprint) in new.fingerprints.iter().enumerate() {
        let row = new.row_of(at);
        let known = old.fingerprints.binary_search(fingerprint).ok();
        let known = known.map(|at| old.row_of(at).renumbered(|it| renumbered.get(&it).copied()));
        let parts = known.map_or(NEW | ALL, |known| changed(&known, &row));
        if parts == 0 {
            continue;
        }
        count += 1;
        number(fingerprint - before, &mut rows);
        before = *fingerprint;
        rows.push(parts);
        if parts & COUNT != 0 {
            number(u64::from(row.count), &mut rows);
        }
        if parts & FACTORS != 0 {
            row.write_factors(&mut rows);
        }
        if parts & NEAR != 0 {
            row.write_near(&mut rows);
        }
        if parts & TOGETHER != 0 {
            row.write_together(&mut rows);
        }
    }
    number(count, delta);
    delta.extend(rows);
}

fn changed(old: &Row, new: &Row) -> u8 {
    let part = |differs: bool, part: u8| if differs { part } else { 0 };
    part(old.count != new.count, COUNT)
        | part(old.scale != new.scale || old.factors != new.factors, FACTORS)
        | part(old.near_scale != new.near_scale || old.near != new.near, NEAR)
        | part(old.together != new.together, TOGETHER)
}

/// The numbers of the second list for those of the first that are in it. Both ascend.
fn renumbering(from: &[u64], to: &[u64]) -> BTreeMap<u32, u32> {
    let number = |fingerprint: &u64| u32::try_from(to.binary_search(fingerprint).ok()?).ok();
    (0u32..).zip(from).filter_map(|(at, fingerprint)| Some((at, number(fingerprint)?))).collect()
}

/// The second model's bytes from the first one's.
///
/// # Errors
/// Where the difference is damaged, is one to another model, or does not lead to the model that it names.
pub fn apply(from: &[u8], delta: &[u8]) -> Result<Vec<u8>, Malformed> {
    if delta.len() > PACKED_BYTES_MAX {
        return Err(Malformed::TooLong);
    }
    let mut reader = Reader(delta);
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(Malformed::NotAModel);
    }
    if reader.take(32)? != model_id(from) {
        return Err(Malformed::OtherModel);
    }
    let wanted = reader.take(32)?;
    let mut old = Packed::read(from)?;
    if reader.byte()? != old.salt {
        return Err(Malformed::OtherModel);
    }
    match reader.byte()? {
        0 => {}
        1 => old.read_weights_and_gram(&mut reader)?,
        2..=255 => return Err(Malformed::OutOfRange),
    }
    let gone = numbers(&mut reader, old.products())?;
    let changes = changes(&mut reader, &old, &gone)?;
    if !reader.0.is_empty() {
        return Err(Malformed::TooMuch);
    }
    let bytes = changed_model(&old, &gone, changes).bytes();
    if bytes.len() > PACKED_BYTES_MAX {
        return Err(Malformed::TooLong);
    }
    if wanted == model_id(&bytes) { Ok(bytes) } else { Err(Malformed::OtherModel) }
}

impl Packed {
    fn read_weights_and_gram(&mut self, from: &mut Reader<'_>) -> Result<(), Malformed> {
        self.unobserved = from.float()?;
        self.regularisation = from.float()?;
        self.exponent = from.float()?;
        self.factors_weight = from.float()?;
        self.near_weight = from.float()?;
        self.gram = from.symmetric(self.dimension)?;
        Ok(())
    }
}

/// Products that are gone, ascending.
fn numbers(from: &mut Reader<'_>, below: usize) -> Result<Vec<u32>, Malformed> {
    let mut list = Lists::new();
    let length = from.count()?;
    from.list(length, below, &mut list, |_| Ok(()))?;
    Ok(list.products)
}

struct Change {
    parts: u8,
    /// What is no part of the change says nothing.
    row: Row,
}

fn changes(from: &mut Reader<'_>, old: &Packed, gone: &[u32]) -> Result<Vec<Change>, Malformed> {
    let count = from.count()?;
    // What a list may name: its numbers are looked at once more when the whole is read.
    let most = PACKED_PRODUCTS_MAX;
    let (mut all, mut added) = (Vec::<Change>::new(), 0);
    for _ in 0..count {
        let distance = from.number()?;
        let fingerprint = match all.last() {
            None => distance,
            Some(_) if distance == 0 => return Err(Malformed::OutOfRange),
            Some(before) => before.row.fingerprint + distance,
        };
        let parts = from.byte()?;
        let known = old.fingerprints.binary_search(&fingerprint);
        let stays = known.is_ok_and(|at| u32::try_from(at).is_ok_and(|at| gone.binary_search(&at).is_err()));
        let is_new = parts & NEW != 0;
        if fingerprint >= 1 << 40
            || stays == is_new
            || parts & !(NEW | ALL) != 0
            || (is_new && parts != NEW | ALL)
        {
            return Err(Malformed::OutOfRange);
        }
        added += usize::from(is_new);
        if old.products() + added > gone.len() + most {
            return Err(Malformed::OutOfRange);
        }
        all.push(Change { parts, row: read_row(from, fingerprint, parts, old.dimension)? });
    }
    Ok(all)
}

fn read_row(from: &mut Reader<'_>, fingerprint: u64, parts: u8, dimension: usize) -> Result<Row, Malformed> {
    let mut row = Row {
        fingerprint,
        count: 0,
        scale: 0.0,
        factors: Vec::new(),
        near_scale: 0.0,
        near: Vec::new(),
        together: Vec::new(),
    };
    if parts & COUNT != 0 {
        row.count = from.count()?;
    }
    if parts & FACTORS != 0 {
        row.scale = scale(from.byte()?);
        row.factors = from.take(dimension)?.iter().map(|byte| byte.cast_signed()).collect();
    }
    if parts & NEAR != 0 {
        let mut near = Lists::new();
        let length = from.count()?;
        row.near_scale = scale(from.byte()?);
        from.list(length, PACKED_PRODUCTS_MAX, &mut near, |from| Ok(from.byte()?.cast_signed()))?;
        row.near = near.of(0).collect();
    }
    if parts & TOGETHER != 0 {
        let mut together = Lists::new();
        let length = from.count()?;
        from.list(length, PACKED_PRODUCTS_MAX, &mut together, Reader::count)?;
        row.together = together.of(0).collect();
    }
    Ok(row)
}

fn changed_model(old: &Packed, gone: &[u32], changes: Vec<Change>) -> Packed {
    let stays = (0u32..).zip(&old.fingerprints).filter(|it| gone.binary_search(&it.0).is_err());
    let mut fingerprints: Vec<u64> = stays.map(|it| *it.1).collect();
    fingerprints.extend(changes.iter().filter(|it| it.parts & NEW != 0).map(|it| it.row.fingerprint));
    fingerprints.sort_unstable();
    let renumbered = renumbering(&old.fingerprints, &fingerprints);
    let mut changes: BTreeMap<u64, Change> = changes.into_iter().map(|it| (it.row.fingerprint, it)).collect();
    let mut rows = Vec::with_capacity(fingerprints.len());
    for fingerprint in fingerprints {
        let change = changes.remove(&fingerprint);
        let known = old.fingerprints.binary_search(&fingerprint).ok();
        let known = known.map(|at| old.row_of(at).renumbered(|it| renumbered.get(&it).copied()));
        rows.extend(match (known, change) {
            (Some(known), Some(change)) => Some(merged(known, change)),
            (None, Some(change)) => Some(change.row),
            (known, None) => known,
        });
    }
    old.with_rows(old.salt, rows)
}

fn merged(mut known: Row, Change { parts, row }: Change) -> Row {
    if parts & COUNT != 0 {
        known.count = row.count;
    }
    if parts & FACTORS != 0 {
        (known.scale, known.factors) = (row.scale, row.factors);
    }
    if parts & NEAR != 0 {
        (known.near_scale, known.near) = (row.near_scale, row.near);
    }
    if parts & TOGETHER != 0 {
        known.together = row.together;
    }
    known
}
