//! Paper: a [`Receipt`] or a [`Report`] made from the engine's answer by one function, and everything it becomes:
//! plain text, the bytes of a receipt printer, a PDF; and labels with barcodes. Pure: nothing is sent, no total is computed,
//! no time is asked. And codes that a camera sees are read again.
//!
//! Without the feature `draw` there is only what stands on the paper, and its text: that is all a screen needs, and fonts would
//! make its first visit slow.

mod amount;
mod receipt;
mod report;
mod rows;
#[cfg(feature = "draw")]
mod table;
mod text;

#[cfg(feature = "draw")]
mod barcode;
#[cfg(feature = "draw")]
mod code_page;
#[cfg(feature = "draw")]
mod escpos;
#[cfg(feature = "draw")]
mod font;
#[cfg(feature = "draw")]
mod labels;
#[cfg(feature = "draw")]
mod page;
#[cfg(feature = "draw")]
mod pdf;
#[cfg(feature = "peer")]
pub mod peer;
#[cfg(feature = "draw")]
mod picture;
#[cfg(feature = "read")]
mod reading;

pub use amount::price_text;
pub use receipt::{Receipt, ReceiptLine, Sum, tax_sum};
pub use report::{Figure, Part, Report, Weight};
pub use rows::{Sheet, test_page};
pub use text::to_text;

#[cfg(feature = "read")]
pub use reading::{Grey, SIDE_MAX, read_code};

#[cfg(feature = "draw")]
pub use {
    barcode::{Barcode, Bars, NotEncodable},
    escpos::{ASK_PAPER, ASK_TROUBLE, ASK_WHEN_DONE, Job, Status, open_drawer, print_sheet},
    font::missing_letters,
    labels::{Label, labels_pdf},
    pdf::{NotDrawn, sheet_pdf},
    picture::Picture,
    table::{Table, table_pdf},
};
