//! How much fits: one place for every limit of a page, with the relations between them checked when compiling.
//!
//! The parts of the largest page that `fill` and `Page::encode` let through fit into one page even if nothing
//! in it can be compressed, so a full page never has to be taken apart again.

use soko_domain::ids::{AuthorId, Hash, ThingId};
use soko_domain::wire::LIST_LEN_MAX;

use crate::record::{BODY_BYTES_MAX, Signature};

/// Longest page as it travels.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Longest page after inflating. What says it is longer is refused before any memory is taken.
pub const PAGE_INFLATED_MAX: usize = 4 * 1024 * 1024;
/// Pages shorter than this travel as they are: deflating them costs more than it saves.
pub const DEFLATE_BYTES_MIN: usize = 512;

/// Most authors of one log, and so most heads in a page.
pub const AUTHORS_MAX: usize = 4_096;
/// Most runs in a page.
pub const RUNS_PER_PAGE_MAX: usize = 512;
/// Most records in a page, over all its runs.
pub const RECORDS_PER_PAGE_MAX: usize = 10_000;
/// Most bytes that `fill` puts into the runs of one page.
pub const RUNS_BYTES_MAX: usize = 560 * 1024;
/// Most bytes between two signatures of one author: a longer commit could never be sent.
pub const COMMIT_BYTES_MAX: usize = RUNS_BYTES_MAX;

/// Most verdicts in a page.
pub const VERDICTS_MAX: usize = 128;
/// Longest note of a verdict.
pub const NOTE_BYTES_MAX: usize = 200;
/// Most requests in a page; the rest wait for the next one.
pub const ASKS_MAX: usize = 16;
/// Longest request.
pub const ASK_BYTES_MAX: usize = 4 * 1024;
/// Most answers in a page.
pub const ANSWERS_MAX: usize = 16;
/// Longest answer.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// Everything of a run that is not a record, in its longest form.
pub const RUN_OVERHEAD_BYTES: usize = AuthorId::SIZE + 9 + Hash::SIZE + 2 + Signature::SIZE;
/// Everything of a record in a run that is not its body, in its longest form.
pub const RECORD_OVERHEAD_BYTES: usize = 3 + 1 + 3;

/// Magic, flags, versions, length, checksum.
pub(crate) const HEADER_BYTES: usize = 4 + 1 + 2 + 2 + 4 + CHECK_BYTES;
pub(crate) const CHECK_BYTES: usize = 8;
const HEAD_BYTES: usize = AuthorId::SIZE + 9 + Hash::SIZE;
const VERDICT_BYTES: usize = AuthorId::SIZE + 9 + 2 + 2 + NOTE_BYTES_MAX;
const ASK_BYTES: usize = ThingId::SIZE + 2 + ASK_BYTES_MAX;
const ANSWER_BYTES: usize = ThingId::SIZE + 2 + ANSWER_BYTES_MAX;
/// Numbers, epoch, log, sender, list lengths: generously.
const FIXED_BYTES: usize = 512;

const _: () = assert!(
    HEADER_BYTES
        + FIXED_BYTES
        + AUTHORS_MAX * HEAD_BYTES
        + RUNS_BYTES_MAX
        + VERDICTS_MAX * VERDICT_BYTES
        + ASKS_MAX * ASK_BYTES
        + ANSWERS_MAX * ANSWER_BYTES
        <= PAGE_BYTES_MAX
);
const _: () = assert!(PAGE_BYTES_MAX <= PAGE_INFLATED_MAX);
const _: () = assert!(PAGE_INFLATED_MAX <= u32::MAX as usize);
const _: () = assert!(COMMIT_BYTES_MAX >= RUN_OVERHEAD_BYTES + 2 * (RECORD_OVERHEAD_BYTES + BODY_BYTES_MAX));
const _: () = assert!(RUNS_PER_PAGE_MAX <= AUTHORS_MAX);
const _: () = assert!(RUNS_PER_PAGE_MAX <= RECORDS_PER_PAGE_MAX);
const _: () = assert!(RECORDS_PER_PAGE_MAX <= LIST_LEN_MAX);
const _: () = assert!(DEFLATE_BYTES_MIN < PAGE_BYTES_MAX);
