//! The sum of the hashes of all rows that the digest covers. A sum can be kept up to date row by row and does not
//! care for an order, so telling whether two devices derived the same costs the same after ten records and after
//! ten million.
//!
//! It finds faults and not attackers: who may choose rows freely could make two sets with one sum. Records are
//! proven by their chains.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{Hash, LogId};
use soko_domain::wire::Writer;
use soko_record_log::{Param, StoreError, Tx, Value, params};

const ROW_DOMAIN: &[u8] = b"soko state row 1";
const DIGEST_DOMAIN: &[u8] = b"soko state 2";
const LANES: usize = 4;
const LANE_BYTES: usize = 8;
const SUM_BYTES: usize = LANES * LANE_BYTES;

/// Four sums of 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Sum([u64; LANES]);

impl Sum {
    pub(crate) fn add(&mut self, row: Self) {
        for (lane, part) in self.0.iter_mut().zip(row.0) {
            *lane = lane.wrapping_add(part);
        }
    }

    pub(crate) fn subtract(&mut self, row: Self) {
        for (lane, part) in self.0.iter_mut().zip(row.0) {
            *lane = lane.wrapping_sub(part);
        }
    }

    /// This many times the same. A row that says how much there is of something counts so: what is added to it is
    /// then added to the sum, whatever it was before.
    pub(crate) fn times(self, quantity: i64) -> Self {
        Self(self.0.map(|lane| lane.wrapping_mul(quantity.cast_unsigned())))
    }

    /// The hash of one row or of a part of one: which table, and these values.
    pub(crate) fn of(part: u8, values: &[Param<'_>]) -> Self {
        let mut bytes = Writer::new();
        bytes.byte(part);
        for value in values {
            put(value, &mut bytes);
        }
        let hash = Sha256::new_with_prefix(ROW_DOMAIN).chain_update(bytes.finish()).finalize();
        Self::from_bytes(&hash.into())
    }

    pub(crate) fn digest(self) -> Hash {
        Hash(Sha256::new_with_prefix(DIGEST_DOMAIN).chain_update(self.to_bytes()).finalize().into())
    }

    /// The sum as it was kept, if it was.
    pub(crate) fn load(tx: &mut dyn Tx, log: LogId) -> Result<Option<Self>, StoreError> {
        let row = tx.query_opt("select sum from state_sum where log = $1", params![log])?;
        row.map(|row| Ok(Self::from_bytes(&row.id(0)?))).transpose()
    }

    pub(crate) fn store(self, tx: &mut dyn Tx, log: LogId) -> Result<(), StoreError> {
        tx.run(
            "insert into state_sum (log, sum) values ($1, $2)
             on conflict (log) do update set sum = excluded.sum",
            params![log, self.to_bytes()],
        )
    }

    fn to_bytes(self) -> [u8; SUM_BYTES] {
        let mut bytes = [0; SUM_BYTES];
        for (place, lane) in bytes.chunks_exact_mut(LANE_BYTES).zip(self.0) {
            place.copy_from_slice(&lane.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; SUM_BYTES]) -> Self {
        let mut lanes = [0; LANES];
        for (lane, place) in lanes.iter_mut().zip(bytes.chunks_exact(LANE_BYTES)) {
            *lane = u64::from_be_bytes(place.try_into().unwrap_or_default());
        }
        Self(lanes)
    }
}

pub(crate) fn param(value: &Value) -> Param<'_> {
    match value {
        Value::Null => Param::Null,
        Value::Int(number) => Param::Int(*number),
        Value::Text(text) => Param::Text(text),
        Value::Blob(bytes) => Param::Blob(bytes),
    }
}

/// Each value says what it is and how long, so that no two rows share their bytes.
fn put(value: &Param<'_>, out: &mut Writer) {
    match value {
        Param::Null => out.byte(0),
        Param::Int(number) => {
            out.byte(1);
            out.raw(&number.to_be_bytes());
        }
        Param::Text(text) => {
            out.byte(2);
            out.bytes(text.as_bytes());
        }
        Param::Blob(bytes) => {
            out.byte(3);
            out.bytes(bytes);
        }
        // No row can hold it: the statement that would write it is refused.
        Param::TooLarge(_) => out.byte(4),
    }
}
