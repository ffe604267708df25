//! What goes onto paper: receipts, labels, and where they are printed. The words of a paper come with the question,
//! because every text of the program stands in the screens' translations; what they are about comes from the device.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, LogId, ProductId, SaleId, ShiftId};

use crate::text::as_hex;
use crate::views::SaleView;

/// Most labels of one file.
pub const LABELS_MAX: u32 = 2_000;
/// Most copies of the same label.
pub const LABEL_COPIES_MAX: u16 = 500;
/// The largest table of one file.
pub const TABLE_ROWS_MAX: usize = 5_000;
pub const TABLE_COLUMNS_MAX: usize = 50;
/// Longest address of a printer.
pub const PRINTER_ADDRESS_BYTES_MAX: usize = 200;

/// One thing to do with paper.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperCall {
    /// A sale as its paper says it, to be looked at.
    Look {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
    },
    /// The same, given to somebody. The first one is the original, each later one says that it is a copy.
    Issue {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
        words: PaperWords,
        form: PaperForm,
    },
    /// The report of a shift, given to somebody; of the one that is open here where none is named.
    Report {
        #[serde(with = "as_hex")]
        stall: LogId,
        of: Option<ShiftOf>,
        words: Box<ReportWords>,
        form: PaperForm,
    },
    /// Labels as a file.
    Labels {
        #[serde(with = "as_hex")]
        stall: LogId,
        labels: Vec<LabelWanted>,
        sheet: LabelSheet,
        code: LabelCode,
        words: PaperWords,
    },
    /// The printer of this device, if it has one.
    Printer,
    SetPrinter(Option<Printer>),
    /// Prints a page that shows what the printer can do.
    TestPage {
        words: PaperWords,
    },
    /// The receipt of a sale, to somebody's mailbox or telephone as soon as there is a connection.
    Mail {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
        way: MailedWay,
        /// A mail address, or a telephone number as it is typed where the stall is.
        address: String,
        /// As HTML names it.
        language: String,
    },
    /// What was sent of a sale.
    Mailed {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
    },
    /// A table that a screen shows, as a file.
    Table(Box<TableWanted>),
    /// Opens the drawer that hangs at the printer, if there is one.
    OpenDrawer(DrawerFor),
}

/// One shift of one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShiftOf {
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    #[serde(with = "as_hex")]
    pub shift: ShiftId,
}

/// Why a drawer opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawerFor {
    /// Cash of a sale that was saved; a receipt that is printed at once opens it itself.
    Sale,
    /// Somebody said why.
    Reason,
}

/// A table as it is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TableWanted {
    pub title: String,
    /// Whose figures these are, and of when.
    pub note: String,
    /// Without its ending.
    pub file_name: String,
    pub columns: Vec<String>,
    /// Each as long as the columns; the first names its row.
    pub rows: Vec<Vec<String>>,
    /// As HTML names it.
    pub language: String,
    pub is_right_to_left: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperReply {
    Receipt(Box<ReceiptView>),
    File(PaperFile),
    /// The window put the file here.
    Saved {
        path: String,
        missing: String,
        is_copy: bool,
    },
    Printed {
        /// Whether the printer said so itself; many say nothing.
        is_confirmed: bool,
        is_copy: bool,
    },
    /// It is given from the screen, by the system's dialog.
    OnScreen,
    /// It was asked to print, and that did not work. The sale is safe.
    NotPrinted(PrinterTrouble),
    Printer {
        printer: Option<Printer>,
        /// Whether this device can print without the system's dialog.
        can_print: bool,
    },
    Mailed(MailedView),
}

/// What was sent of a sale, the latest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailedView {
    pub rows: Vec<MailedRow>,
    /// Of the sale's customer; empty where nobody wrote one down.
    pub address: String,
    pub phone: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailedWay {
    Mail,
    /// To a telephone, as one short text.
    Text,
}

/// To whom is not told: nobody has to read that later.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailedRow {
    pub way: MailedWay,
    pub state: MailedState,
    /// Why it was refused.
    pub because: String,
    pub at_ms: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailedState {
    /// For a connection, or in the outbox of the server.
    Waiting,
    Sent,
    Refused,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaperFile {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
    /// Letters that the fonts here do not have, each once.
    pub missing: String,
    pub is_copy: bool,
}

/// In which form a receipt is given to somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperForm {
    /// By the printer of this device.
    Printer,
    /// By the system's dialog, from what the screen shows.
    Screen,
    Pdf(PageSize),
    Text,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageSize {
    A4,
    /// As long as the receipt is.
    Roll80,
    Roll58,
}

/// A sale with what its paper says beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiptView {
    pub sale: SaleView,
    /// What its code says: the signed essence of the sale. Empty when this device has no key to sign with.
    pub proof: String,
    /// Whether a paper of this sale was given out before this one.
    pub is_copy: bool,
}

/// The words of a paper in one language. `{number}`, `{rate}` and `{net}` are filled in.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct PaperWords {
    /// As HTML names it: `ar`, `fr`.
    pub language: String,
    pub is_right_to_left: bool,
    pub receipt: String,
    pub tax_included: String,
    pub tax_added: String,
    pub rounding: String,
    pub total: String,
    pub discount: String,
    pub change: String,
    pub refunded: String,
    pub copy: String,
    pub voided: String,
    /// Of a payment that nobody of the stall saw, and of one that never came.
    pub claimed: String,
    pub failed: String,
    pub thanks: String,
    pub check: String,
    pub test_title: String,
    pub test_text: String,
    /// What each way of paying is called, by its word.
    pub tenders: Vec<(String, String)>,
}

/// The words of a shift's report in one language. `{number}` and `{rate}` are filled in.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ReportWords {
    /// As HTML names it: `ar`, `fr`.
    pub language: String,
    pub is_right_to_left: bool,
    /// What the report of an open shift is called, and that of a closed one.
    pub open: String,
    pub closed: String,
    /// Something came after the closing.
    pub amended: String,
    pub sales: String,
    pub orders: String,
    pub voids: String,
    pub refunds: String,
    pub net: String,
    pub discounts: String,
    pub rounding: String,
    pub tax: String,
    /// Of payments that nobody of the stall has seen.
    pub unseen: String,
    pub purse_bought: String,
    pub purse_given: String,
    pub purse_spent: String,
    pub purse_taken: String,
    pub float: String,
    pub tendered: String,
    pub change: String,
    pub cash_refunds: String,
    pub paid_in: String,
    pub paid_out: String,
    pub expected: String,
    /// Instead of an amount that is told after counting only.
    pub hidden: String,
    pub counted: String,
    /// What was found at first, where `{number}` counts were made.
    pub first_counted: String,
    pub variance: String,
    pub openings: String,
    pub reason: String,
    /// What each way of paying is called, by its word.
    pub tenders: Vec<(String, String)>,
}

/// The printer of one register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Printer {
    pub at: PrinterAt,
    pub width: PaperWidth,
    /// Draws everything instead of using the printer's own letters: slower, and right on every printer.
    pub draws_all: bool,
    pub cuts: bool,
    /// Opens the drawer when a sale took cash.
    pub opens_drawer: bool,
    /// Prints each sale as soon as it is saved.
    pub prints_at_once: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterAt {
    /// `host` or `host:port`; 9100 without a port.
    Network(String),
    /// A device file of the system, such as `/dev/usb/lp0`.
    File(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperWidth {
    Mm58,
    Mm80,
}

/// Why nothing came out, or not all of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterTrouble {
    /// None was chosen for this device.
    None,
    /// This device prints through the system's dialog only.
    Unable,
    /// Its address means nothing, or nobody answers there.
    Unreachable {
        address: String,
        because: String,
    },
    PaperOut,
    CoverOpen,
    /// It reports an error of its own.
    Faulty,
    /// It stopped answering while it printed: look at the paper.
    Stopped,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LabelWanted {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub copies: u16,
}

/// How labels lie on a sheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelSheet {
    /// A4 with 3 × 8 labels of 70 × 37 mm.
    A4Of24,
    /// A4 with 5 × 13 labels of 38 × 21 mm.
    A4Of65,
    /// One label of 50 × 30 mm a page, for label printers.
    Roll50x30,
}

/// What a label's code is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelCode {
    /// EAN-13 where the product has such a code, Code 128 otherwise.
    Bars,
    Code128,
    Qr,
    None,
}
