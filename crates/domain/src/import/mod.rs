//! Products out of a table that another program wrote: the text is found in whatever encoding and with whatever
//! mark between its columns it has, columns are guessed by their headers, and each row becomes what a product needs or
//! what is wrong with it. It does not know which products a stall has: what a row means there is decided elsewhere.

mod guess;
mod objects;
mod row;
mod table;

pub(crate) use guess::{decimal_in, plain};
pub use guess::{guess_decimal, guess_fields};
pub use row::{Reading, Row, read_rows};
pub(crate) use row::{minor_of, one_line, unit_of, western_digit};
pub use table::{Encoding, Line, Table, TableFault};

/// Longest file that is looked at.
pub const IMPORT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// More rows than any stall has products.
pub const IMPORT_ROWS_MAX: usize = 100_000;
/// More columns than any of which a product could be made.
pub const IMPORT_COLUMNS_MAX: usize = 100;

crate::wire_choice! {
    /// What a column says about a product.
    pub enum ImportField {
        Ignore = 0,
        Name = 1,
        Price = 2,
        Sku = 3,
        /// Several are separated by `|`.
        Barcode = 4,
        /// Several are separated by `|`.
        Category = 5,
        Stock = 6,
        Cost = 7,
        /// Percent.
        Tax = 8,
        /// A word such as `piece`, `kg` or `ml`: what the price is for.
        Unit = 9,
        Description = 10,
        LowLevel = 11,
    }
}

crate::wire_choice! {
    /// What to do with a row whose SKU or barcode a product has already.
    pub enum IfKnown { Update = 1, Skip = 2, Create = 3 }
}

crate::wire_choice! {
    /// The mark before the decimals; the other one groups thousands.
    pub enum DecimalMark { Point = 1, Comma = 2 }
}

crate::wire_choice! {
    /// What is wrong with a cell, or with its row.
    pub enum ImportTrouble {
        /// A product needs a name.
        NoName = 1,
        /// A product needs a price.
        NoPrice = 2,
        NotAnAmount = 3,
        NotAQuantity = 4,
        NotAPercent = 5,
        UnknownUnit = 6,
        TooLong = 7,
        /// The same SKU or barcode stands in an earlier line of the file.
        Repeated = 8,
        /// Several products of the stall have this SKU or barcode.
        Ambiguous = 9,
        /// The stall does not take such a product.
        Refused = 10,
        /// More codes or categories than a product can have.
        TooMany = 11,
    }
}

/// One thing wrong, with where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Of the file, from 1.
    pub line: u32,
    /// None where the whole row is meant.
    pub column: Option<usize>,
    pub trouble: ImportTrouble,
    /// What stands there, shortened.
    pub value: String,
}
