//! What a register may ask the server for, and the answer. Both travel inside a page; the answer's effect is
//! always a record, so a lost reply neither leaks nor doubles anything.

use crate::ids::{ProductId, SaleId};
use crate::wire::{Malformed, Reader, Wire, Writer};

/// A request, idempotent by the id it travels with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Units from the shop's share; less is better than nothing.
    Share { product: ProductId, quantity: i64 },
    /// The right to refund a line of a sale whose shift has closed.
    Refund { sale: SaleId, line: u32, quantity: i64 },
    /// The owner's confirmation that the device list is complete after a restore of the server.
    ConfirmDevices,
}

impl Wire for Ask {
    fn put(&self, out: &mut Writer) {
        match self {
            Self::Share { product, quantity } => {
                out.byte(1);
                product.put(out);
                quantity.put(out);
            }
            Self::Refund { sale, line, quantity } => {
                out.byte(2);
                sale.put(out);
                line.put(out);
                quantity.put(out);
            }
            Self::ConfirmDevices => out.byte(3),
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match input.byte()? {
            1 => Ok(Self::Share { product: ProductId::take(input)?, quantity: i64::take(input)? }),
            2 => Ok(Self::Refund {
                sale: SaleId::take(input)?,
                line: u32::take(input)?,
                quantity: i64::take(input)?,
            }),
            3 => Ok(Self::ConfirmDevices),
            _ => Err(Malformed::Choice),
        }
    }
}

/// The answer: done (the record is on its way), or refused with a stable word and a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Done,
    Refused { code: String, sentence: String },
}

impl Wire for Answer {
    fn put(&self, out: &mut Writer) {
        match self {
            Self::Done => out.byte(1),
            Self::Refused { code, sentence } => {
                out.byte(2);
                code.put(out);
                sentence.put(out);
            }
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match input.byte()? {
            1 => Ok(Self::Done),
            2 => Ok(Self::Refused { code: String::take(input)?, sentence: String::take(input)? }),
            _ => Err(Malformed::Choice),
        }
    }
}
