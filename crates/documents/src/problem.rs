//! What a typed read found wrong, beside the value it could still give.

use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::limits::{CONCURRENT_VALUES_MAX, VALUE_BYTES_MAX};

/// The content of a register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scalar {
    Flag(bool),
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// Something Automerge can hold and a document may not: a float, a counter, a nested object.
    Foreign,
}

/// One thing wrong with a document. Reading never fails: the value holds the best that could be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    #[error("{field} was never set: set it")]
    Missing { field: String },
    #[error("{field} holds another type than expected: set it again")]
    WrongType { field: String },
    #[error("{field} is too long: shorten it")]
    TooLong { field: String },
    #[error("{field} is outside its allowed range: correct it")]
    OutOfRange { field: String },
    /// Two or more people set it without seeing each other. The values come in the same order on every
    /// replica, and the last one is what the typed read shows until somebody sets the field again.
    #[error("{field} was set differently by several people at once: choose one value")]
    Conflict { field: String, values: Vec<Scalar> },
    #[error("there are too many entries under {field}: remove some")]
    TooMany { field: String },
    /// Perhaps written by a newer version; kept, and not shown.
    #[error("{field} is not a field that this version knows")]
    Unknown { field: String },
}

impl Problem {
    pub fn field(&self) -> &str {
        match self {
            Self::Missing { field }
            | Self::WrongType { field }
            | Self::TooLong { field }
            | Self::OutOfRange { field }
            | Self::Conflict { field, .. }
            | Self::TooMany { field }
            | Self::Unknown { field } => field,
        }
    }

    /// True for what no merge of well-formed changes can produce: some writer broke the schema.
    pub fn is_breach(&self) -> bool {
        match self {
            Self::WrongType { .. } | Self::TooLong { .. } | Self::OutOfRange { .. } => true,
            Self::Missing { .. } | Self::Conflict { .. } | Self::TooMany { .. } | Self::Unknown { .. } => {
                false
            }
        }
    }
}

impl Wire for Scalar {
    fn put(&self, out: &mut Writer) {
        match self {
            Self::Flag(flag) => {
                out.byte(1);
                flag.put(out);
            }
            Self::Number(number) => {
                out.byte(2);
                number.put(out);
            }
            Self::Text(text) => {
                out.byte(3);
                out.bytes(text.as_bytes());
            }
            Self::Bytes(bytes) => {
                out.byte(4);
                out.bytes(bytes);
            }
            Self::Foreign => out.byte(5),
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match input.byte()? {
            1 => Self::Flag(bool::take(input)?),
            2 => Self::Number(i64::take(input)?),
            3 => {
                let bytes = input.bytes(VALUE_BYTES_MAX)?;
                Self::Text(std::str::from_utf8(bytes).map_err(|_| Malformed::Text)?.to_owned())
            }
            4 => Self::Bytes(input.bytes(VALUE_BYTES_MAX)?.to_vec()),
            5 => Self::Foreign,
            _ => return Err(Malformed::Choice),
        })
    }
}

impl Wire for Problem {
    fn put(&self, out: &mut Writer) {
        out.byte(match self {
            Self::Missing { .. } => 1,
            Self::WrongType { .. } => 2,
            Self::TooLong { .. } => 3,
            Self::OutOfRange { .. } => 4,
            Self::Conflict { .. } => 5,
            Self::TooMany { .. } => 6,
            Self::Unknown { .. } => 7,
        });
        out.bytes(self.field().as_bytes());
        if let Self::Conflict { values, .. } = self {
            values.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let number = input.byte()?;
        let field = String::take(input)?;
        Ok(match number {
            1 => Self::Missing { field },
            2 => Self::WrongType { field },
            3 => Self::TooLong { field },
            4 => Self::OutOfRange { field },
            5 => Self::Conflict { field, values: take_values(input)? },
            6 => Self::TooMany { field },
            7 => Self::Unknown { field },
            _ => return Err(Malformed::Choice),
        })
    }
}

pub(crate) fn take_values(input: &mut Reader<'_>) -> Result<Vec<Scalar>, Malformed> {
    let values = Vec::<Scalar>::take(input)?;
    if values.len() > CONCURRENT_VALUES_MAX { Err(Malformed::TooLong) } else { Ok(values) }
}
