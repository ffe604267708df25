//! Papers as they were when they were last looked at: texts and pictures in `samples`, compared to the letter and the
//! dot; and codes that a reader reads again. `SOKO_KEEP_SAMPLES=1` writes what is made now, to be looked at.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

mod barcodes;
mod kept;
mod pdfs;
mod printers;
mod reports;
mod sales;
mod texts;
