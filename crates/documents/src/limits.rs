//! How much of everything a document and a change may hold. Each limit is far above honest use and far below
//! what would hurt the process that holds the document.

/// Longest change, as it is stored and sent.
pub const CHANGE_BYTES_MAX: usize = 256 * 1024;
/// Longest change after inflating.
pub const INFLATED_BYTES_MAX: usize = 1024 * 1024;
/// Most changes that one change may name as its direct past.
pub const DEPS_MAX: usize = 64;
/// Most rows of one column: a run of equal rows is a few bytes, so bytes alone bound nothing.
pub const RUN_LENGTH_SUM_MAX: u64 = 10_000;
/// Most actors that one change may refer to beside its own.
pub const OTHER_ACTORS_MAX: usize = 1_000;
/// Longest name of a register.
pub const KEY_BYTES_MAX: usize = 160;
/// Longest value of a register.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Highest operation counter; Automerge keeps counters in 32 bits.
pub const COUNTER_MAX: u64 = u32::MAX as u64;

/// Most edits that become one change. A line of an order is four registers, so this stays below
/// [`RUN_LENGTH_SUM_MAX`].
pub const EDITS_MAX: usize = 2_000;
/// Most operations in a document's whole history.
pub const DOCUMENT_OPS_MAX: u64 = 100_000;
/// Most changes in a document's whole history.
pub const DOCUMENT_CHANGES_MAX: u64 = 20_000;
/// Longest saved document.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most registers that a document shows at one moment.
pub const DOCUMENT_FIELDS_MAX: usize = 12_000;
/// Most values that one register shows at one moment: one per concurrent writer.
pub const CONCURRENT_VALUES_MAX: usize = 1_000;

/// Most barcodes, categories, pictures, options and parts of one product, each.
pub const MEMBERS_MAX: usize = 64;
/// Most prices of one price list.
pub const PRICES_MAX: usize = 10_000;
/// Most lines of one open order.
pub const LINES_MAX: usize = 500;
/// Most words that took something out of them, counted once for each line.
pub const OUTS_MAX: usize = 2 * LINES_MAX;

/// Most changes in one request to the worker.
pub const WORK_CHANGES_MAX: usize = 256;
/// Longest frame between a server and its worker.
pub const FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;

const _: () = assert!(EDITS_MAX as u64 * 4 <= RUN_LENGTH_SUM_MAX);
const _: () = assert!(CHANGE_BYTES_MAX <= INFLATED_BYTES_MAX);
const _: () = assert!(PRICES_MAX < DOCUMENT_FIELDS_MAX && LINES_MAX * 10 + OUTS_MAX < DOCUMENT_FIELDS_MAX);

/// What [`crate::prescan`] measures a change against.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub change_bytes_max: usize,
    pub inflated_bytes_max: usize,
    pub deps_max: usize,
    pub run_length_sum_max: u64,
}

impl Limits {
    pub const STANDARD: Self = Self {
        change_bytes_max: CHANGE_BYTES_MAX,
        inflated_bytes_max: INFLATED_BYTES_MAX,
        deps_max: DEPS_MAX,
        run_length_sum_max: RUN_LENGTH_SUM_MAX,
    };
}
