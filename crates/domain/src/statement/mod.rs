//! The statement that a provider of mobile money gives a stall, and what it says of the payments that buyers only
//! claimed. Pure: it reads rows and compares them. What is marked as seen is marked by the verbs of a payment, one by one,
//! and nothing of a statement is kept.

mod fit;
mod read;
mod time;

pub use fit::{Claim, Finding, NEAR_MS, fit};
pub use read::{
    Received, StatementProblem, StatementRead, StatementReading, read_statement, statement_table,
};
pub(crate) use time::{DayOrder, order_of, parse as time_of};

/// Largest file that is looked at: months of one phone.
pub const STATEMENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most rows of one file.
pub const STATEMENT_ROWS_MAX: usize = 20_000;

crate::wire_choice! {
    /// What a column of a statement says.
    pub enum StatementField {
        Ignore = 0,
        /// The provider's own name for one payment.
        Code = 1,
        /// Money that came. Below nothing it went out.
        Received = 2,
        Sent = 3,
        /// A date and a time of day; where they are two columns, both.
        Time = 4,
        Status = 5,
        /// Name, telephone, or whatever says whom the money came from.
        Who = 6,
    }
}

crate::wire_choice! {
    /// What is wrong with a row.
    pub enum StatementTrouble {
        /// Money came, and no code says which.
        NoCode = 1,
        NotAnAmount = 2,
        /// The row counts without its time.
        NotATime = 3,
    }
}

crate::wire_choice! {
    /// What the statement says of a payment, or the books of a row. What can be done comes first, then what somebody has
    /// to look at.
    pub enum Found {
        /// Code and amount are the same: the money came.
        Ready = 1,
        /// A claim without a code, and one row of the same amount at about its time.
        Question = 2,
        /// The code is the same, the amount is not.
        OtherAmount = 3,
        /// The provider did not complete it, or it went back.
        NotComplete = 4,
        /// Two rows have the same code.
        TwiceInStatement = 5,
        /// Two payments have the same code.
        OnTwoSales = 6,
        /// The statement covers the payment's time and does not have it.
        Absent = 7,
        /// A claim without a code that several rows could be.
        Unclear = 8,
        /// Money came that no payment names.
        Unknown = 9,
        /// Nothing is left to do.
        InOrder = 10,
        /// The statement does not cover the payment's time.
        Outside = 11,
    }
}
