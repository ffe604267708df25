//! Identities. All are made outside and handed in; none is derived from a clock.

use crate::wire::{Malformed, Reader, Wire, Writer};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; $size]);

        impl $name {
            pub const SIZE: usize = $size;

            /// Reads exactly this many bytes, or nothing.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// Reads what `Display` writes.
            pub fn from_hex(text: &str) -> Option<Self> {
                let digits = text.as_bytes();
                if digits.len() != 2 * $size {
                    return None;
                }
                let mut bytes = [0u8; $size];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
                }
                Some(Self(bytes))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}(", stringify!($name))?;
                self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                write!(f, ")")
            }
        }

        impl Wire for $name {
            fn put(&self, out: &mut Writer) {
                out.raw(&self.0);
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
                input.raw($size).and_then(|bytes| Self::from_slice(bytes).ok_or(Malformed::Truncated))
            }
        }
    };
}

id!(
    /// One installation's one life in one log. Never reused: a restored copy becomes a new author.
    AuthorId, 16
);
id!(
    /// A log of records: one for a stall, one for an account.
    LogId, 16
);
id!(
    /// One life of the server between two restores.
    EpochId, 16
);
id!(
    /// Anything a person or a verb made: a sale, a product, an order, a share, a command.
    ThingId, 16
);
id!(
    /// SHA-256 of something.
    Hash, 32
);

id!(
    /// A product, and the document that describes it: both have the same bytes.
    ProductId, 16
);
id!(
    /// A sale's identity. The receipt number is only a label.
    SaleId, 16
);
id!(
    /// An order's identity, made by the buyer's device before it is sent.
    OrderId, 16
);
id!(
    /// One moved share, so that a repeat is recognised.
    ShareId, 16
);
id!(
    /// A shift at a drawer.
    ShiftId, 16
);
id!(
    /// Somebody who works at a stall. A random reference: what people call them stands nowhere but in what can be
    /// erased.
    PersonId, 16
);

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
