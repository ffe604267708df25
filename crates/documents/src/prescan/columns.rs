//! The operations of a change: columns of run-length encoded rows. Every row is counted before it is expanded,
//! and only operations that set or delete a named register of the root pass.

use std::collections::BTreeSet;

use soko_domain::wire::Reader;

use super::ScannedOp;
use super::numbers::{signed, unsigned};
use crate::limits::{COUNTER_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::problem::Scalar;
use crate::refused::{Part, Refused};

const COLUMNS_MAX: u64 = 16;
const DEFLATED_COLUMN: u64 = 0b1000;

// A column's number is its id shifted by four, with its type in the low three bits.
const OBJECT_ACTOR: u64 = 0x01;
const OBJECT_COUNTER: u64 = 0x02;
const KEY_ACTOR: u64 = 0x11;
const KEY_COUNTER: u64 = 0x13;
const KEY_TEXT: u64 = 0x15;
const INSERT: u64 = 0x34;
const ACTION: u64 = 0x42;
const VALUE_META: u64 = 0x56;
const VALUE: u64 = 0x57;
const PREDECESSOR_COUNT: u64 = 0x70;
const PREDECESSOR_ACTOR: u64 = 0x71;
const PREDECESSOR_COUNTER: u64 = 0x73;
const EXPAND: u64 = 0x94;
const MARK_NAME: u64 = 0xa5;

const ACTION_SET: u64 = 1;
const ACTION_DELETE: u64 = 3;

const VALUE_FALSE: u64 = 1;
const VALUE_TRUE: u64 = 2;
const VALUE_SIGNED: u64 = 4;
const VALUE_TEXT: u64 = 6;
const VALUE_BYTES: u64 = 7;

/// The bytes of each column that may be there; an absent column is empty.
#[derive(Default)]
pub(super) struct Columns<'a> {
    key_text: &'a [u8],
    insert: &'a [u8],
    action: &'a [u8],
    value_meta: &'a [u8],
    value: &'a [u8],
    predecessor_count: &'a [u8],
    predecessor_actor: &'a [u8],
    predecessor_counter: &'a [u8],
}

impl<'a> Columns<'a> {
    /// Reads the list of columns and then their bytes, which must be there to the last one.
    pub(super) fn parse(input: &mut Reader<'a>) -> Result<Self, Refused> {
        let malformed = Refused::Malformed(Part::Columns);
        let count = unsigned(input, Part::Columns)?;
        if count > COLUMNS_MAX {
            return Err(malformed);
        }
        let mut layout: Vec<(u64, usize)> = Vec::new();
        for _ in 0..count {
            let number = unsigned(input, Part::Columns)?;
            let len = unsigned(input, Part::Columns)?;
            let len = usize::try_from(len).map_err(|_| malformed.clone())?;
            // Ascending and not empty, as Automerge writes them: there is no second spelling.
            if len == 0 || layout.last().is_some_and(|(last, _)| *last >= number) {
                return Err(malformed);
            }
            layout.push((number, len));
        }
        let mut columns = Self::default();
        for (number, len) in layout {
            let data = input.raw(len).map_err(|_| malformed.clone())?;
            *columns.slot(number)? = data;
        }
        Ok(columns)
    }

    fn slot(&mut self, number: u64) -> Result<&mut &'a [u8], Refused> {
        if number & DEFLATED_COLUMN != 0 {
            return Err(Refused::NotAllowed(Part::Columns));
        }
        Ok(match number {
            KEY_TEXT => &mut self.key_text,
            INSERT => &mut self.insert,
            ACTION => &mut self.action,
            VALUE_META => &mut self.value_meta,
            VALUE => &mut self.value,
            PREDECESSOR_COUNT => &mut self.predecessor_count,
            PREDECESSOR_ACTOR => &mut self.predecessor_actor,
            PREDECESSOR_COUNTER => &mut self.predecessor_counter,
            OBJECT_ACTOR | OBJECT_COUNTER => return Err(Refused::NotAllowed(Part::Object)),
            KEY_ACTOR | KEY_COUNTER => return Err(Refused::NotAllowed(Part::Key)),
            EXPAND | MARK_NAME => return Err(Refused::NotAllowed(Part::Mark)),
            _ => return Err(Refused::NotAllowed(Part::Columns)),
        })
    }
}

/// What the columns are read against.
pub(super) struct Operations {
    pub(super) start_op: u64,
    pub(super) other_actors: usize,
    pub(super) rows_max: u64,
}

impl Operations {
    pub(super) fn read(&self, columns: &Columns<'_>) -> Result<Vec<ScannedOp>, Refused> {
        // Count first, over all columns: nothing is expanded before every claim is known to be small.
        let actions = self.rows(columns.action, Part::Action, |input| unsigned(input, Part::Action))?;
        let keys = self.rows(columns.key_text, Part::Key, key_text)?;
        let metas = self.rows(columns.value_meta, Part::Value, |input| unsigned(input, Part::Value))?;
        let counts = self.rows(columns.predecessor_count, Part::Predecessors, |input| {
            unsigned(input, Part::Predecessors)
        })?;
        let rows = actions.len();
        if rows == 0 || keys.len() != rows || metas.len() != rows || counts.len() != rows {
            return Err(Refused::Malformed(Part::Columns));
        }
        if self.start_op + rows as u64 > COUNTER_MAX {
            return Err(Refused::Malformed(Part::StartOperation));
        }
        self.no_inserts(columns.insert, rows)?;
        self.predecessors(columns, &counts)?;
        let mut values = Reader::new(columns.value);
        let mut ops = Vec::with_capacity(rows);
        let mut seen = BTreeSet::new();
        for (((action, key), meta), count) in actions.into_iter().zip(keys).zip(metas).zip(counts) {
            // One edit sets a register once.
            if !seen.insert(key) {
                return Err(Refused::NotAllowed(Part::Key));
            }
            let value = value(action, meta, count, &mut values)?;
            ops.push(ScannedOp { key: key.to_owned(), value });
        }
        values.end().map_err(|_| Refused::Malformed(Part::Value))?;
        Ok(ops)
    }

    /// Rows in runs: a positive count repeats one value, a negative one lists values, zero is a run of nothing,
    /// which no column that is allowed here has.
    fn rows<'a, T: Copy>(
        &self,
        column: &'a [u8],
        part: Part,
        read: impl Fn(&mut Reader<'a>) -> Result<T, Refused>,
    ) -> Result<Vec<T>, Refused> {
        let mut input = Reader::new(column);
        let mut rows = Vec::new();
        while input.left() > 0 {
            let run = signed(&mut input, part)?;
            let room = self.rows_max.saturating_sub(rows.len() as u64);
            if run.unsigned_abs() > room {
                return Err(Refused::RunLengths);
            }
            if run == 0 {
                return Err(Refused::Malformed(part));
            }
            if run > 0 {
                let value = read(&mut input)?;
                rows.extend((0..run).map(|_| value));
            } else {
                for _ in run..0 {
                    rows.push(read(&mut input)?);
                }
            }
        }
        Ok(rows)
    }

    /// The insert column counts false rows, then true rows, and so on. Registers are never inserted.
    fn no_inserts(&self, column: &[u8], rows: usize) -> Result<(), Refused> {
        let mut input = Reader::new(column);
        let count = unsigned(&mut input, Part::Insert)?;
        if count > self.rows_max {
            return Err(Refused::RunLengths);
        }
        if count != rows as u64 || input.left() > 0 {
            return Err(Refused::NotAllowed(Part::Insert));
        }
        Ok(())
    }

    /// Which older operations each one replaces. A predecessor is older than its operation, and every other
    /// actor that the header lists is used, since Automerge would not list it otherwise.
    fn predecessors(&self, columns: &Columns<'_>, counts: &[u64]) -> Result<(), Refused> {
        let malformed = Refused::Malformed(Part::Predecessors);
        let read_unsigned = |input: &mut Reader<'_>| unsigned(input, Part::Predecessors);
        let read_signed = |input: &mut Reader<'_>| signed(input, Part::Predecessors);
        let actors = self.rows(columns.predecessor_actor, Part::Predecessors, read_unsigned)?;
        let steps = self.rows(columns.predecessor_counter, Part::Predecessors, read_signed)?;
        let total = counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
        if total != Some(actors.len() as u64) || actors.len() != steps.len() {
            return Err(malformed);
        }
        let mut used = vec![false; self.other_actors + 1];
        let mut pairs = actors.into_iter().zip(steps);
        let mut counter = 0i64;
        for (op, count) in (self.start_op..).zip(counts) {
            for _ in 0..*count {
                let (actor, step) = pairs.next().ok_or_else(|| malformed.clone())?;
                counter = counter.checked_add(step).ok_or_else(|| malformed.clone())?;
                let older = u64::try_from(counter).is_ok_and(|counter| counter >= 1 && counter < op);
                let known = usize::try_from(actor).ok().and_then(|actor| used.get_mut(actor));
                match known {
                    Some(known) if older => *known = true,
                    Some(_) | None => return Err(malformed),
                }
            }
        }
        if used.iter().skip(1).all(|used| *used) {
            Ok(())
        } else {
            Err(Refused::Malformed(Part::OtherActors))
        }
    }
}

fn key_text<'a>(input: &mut Reader<'a>) -> Result<&'a str, Refused> {
    let malformed = Refused::Malformed(Part::Key);
    let bytes = input.bytes(KEY_BYTES_MAX).map_err(|_| malformed.clone())?;
    match std::str::from_utf8(bytes) {
        Ok(key) if !key.is_empty() => Ok(key),
        Ok(_) | Err(_) => Err(malformed),
    }
}

/// A value's type is the low four bits of its meta, its length the rest.
fn value(
    action: u64,
    meta: u64,
    predecessors: u64,
    values: &mut Reader<'_>,
) -> Result<Option<Scalar>, Refused> {
    let malformed = || Refused::Malformed(Part::Value);
    if action == ACTION_DELETE {
        // Automerge deletes only what is there, and deletes it without a value.
        return if meta == 0 && predecessors > 0 { Ok(None) } else { Err(malformed()) };
    }
    if action != ACTION_SET {
        return Err(Refused::NotAllowed(Part::Action));
    }
    let len = usize::try_from(meta >> 4).map_err(|_| malformed())?;
    if len > VALUE_BYTES_MAX {
        return Err(Refused::NotAllowed(Part::Value));
    }
    let bytes = values.raw(len).map_err(|_| malformed())?;
    Ok(Some(match (meta & 0x0f, len) {
        (VALUE_FALSE, 0) => Scalar::Flag(false),
        (VALUE_TRUE, 0) => Scalar::Flag(true),
        (VALUE_SIGNED, _) => {
            let mut input = Reader::new(bytes);
            let number = signed(&mut input, Part::Value)?;
            input.end().map_err(|_| malformed())?;
            Scalar::Number(number)
        }
        (VALUE_TEXT, _) => Scalar::Text(std::str::from_utf8(bytes).map_err(|_| malformed())?.to_owned()),
        (VALUE_BYTES, _) => Scalar::Bytes(bytes.to_vec()),
        _ => return Err(Refused::NotAllowed(Part::Value)),
    }))
}
