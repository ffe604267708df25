//! What a register may ask the server for, and the answer. Both travel inside a page; the answer's effect is
//! always a record, so a lost reply neither leaks nor doubles anything.

use crate::ids::{AuthorId, EpochId, ProductId, SaleId};
use crate::wire::{Malformed, Reader, Wire, Writer};

/// A request, idempotent by the id it travels with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Units from the shop's share; less is better than nothing.
    Share { product: ProductId, quantity: i64 },
    /// The right to refund a line of a sale whose shift has closed.
    Refund { sale: SaleId, line: u32, quantity: i64 },
    /// As first written, for whichever life of the server it reached. Read for ever, and never done: a late one
    /// would confirm a life that its writer knew nothing of.
    ConfirmDevices,
    /// The owner's confirmation that the device list is complete in this life of the server.
    ConfirmDevicesOf { epoch: EpochId },
    /// Units that the asker gave back under this request's id are for another register.
    Pass { product: ProductId, quantity: i64, to: AuthorId },
    /// Units that are set apart of a revoked device are here after all: the owner's recorded decision, with its risk.
    TakeBack { product: ProductId, of: AuthorId, reason: String },
}

impl Ask {
    /// Whose units it is about.
    pub fn product(&self) -> Option<ProductId> {
        match self {
            Self::Share { product, .. } | Self::Pass { product, .. } | Self::TakeBack { product, .. } => {
                Some(*product)
            }
            Self::Refund { .. } | Self::ConfirmDevices | Self::ConfirmDevicesOf { .. } => None,
        }
    }
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
            Self::ConfirmDevicesOf { epoch } => {
                out.byte(4);
                epoch.put(out);
            }
            Self::Pass { product, quantity, to } => {
                out.byte(5);
                product.put(out);
                quantity.put(out);
                to.put(out);
            }
            Self::TakeBack { product, of, reason } => {
                out.byte(6);
                product.put(out);
                of.put(out);
                reason.put(out);
            }
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
            4 => Ok(Self::ConfirmDevicesOf { epoch: EpochId::take(input)? }),
            5 => Ok(Self::Pass {
                product: ProductId::take(input)?,
                quantity: i64::take(input)?,
                to: AuthorId::take(input)?,
            }),
            6 => Ok(Self::TakeBack {
                product: ProductId::take(input)?,
                of: AuthorId::take(input)?,
                reason: String::take(input)?,
            }),
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

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: ProductId = ProductId([0x11; 16]);
    const SALE: SaleId = SaleId([0x22; 16]);
    const EPOCH: EpochId = EpochId([0x33; 16]);
    const TO: AuthorId = AuthorId([0x44; 16]);

    /// Bytes as they were first written. They are never edited: a changed request is another number.
    fn frozen() -> [(Ask, &'static str); 6] {
        [
            (Ask::Share { product: PRODUCT, quantity: 5 }, "01111111111111111111111111111111110a"),
            (Ask::Refund { sale: SALE, line: 1, quantity: 2 }, "02222222222222222222222222222222220104"),
            (Ask::ConfirmDevices, "03"),
            (Ask::ConfirmDevicesOf { epoch: EPOCH }, "0433333333333333333333333333333333"),
            (
                Ask::Pass { product: PRODUCT, quantity: 5, to: TO },
                "05111111111111111111111111111111110a44444444444444444444444444444444",
            ),
            (
                Ask::TakeBack { product: PRODUCT, of: TO, reason: "found".into() },
                "06111111111111111111111111111111114444444444444444444444444444444405666f756e64",
            ),
        ]
    }

    #[test]
    fn frozen_requests_are_read_and_written_as_ever() {
        for (ask, frozen) in frozen() {
            let written = ask.to_bytes();
            let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!((hex.as_str(), Ask::from_bytes(&written).as_ref()), (frozen, Ok(&ask)));
        }
        assert_eq!(Ask::from_bytes(&[7]), Err(Malformed::Choice));
    }
}
