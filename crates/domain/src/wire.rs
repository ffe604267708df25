//! The frozen byte form of what is stored and sent: explicit, canonical, without a framework.
//!
//! Every value has exactly one encoding. A reader refuses padding, trailing bytes and lengths it was not
//! promised, so that equal values have equal hashes and nothing can hide behind a record.

/// Longest list that any stored value may hold.
pub const LIST_LEN_MAX: usize = 10_000;
/// Longest text, in bytes, that any stored value may hold.
pub const TEXT_LEN_MAX: usize = 16 * 1024;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    #[error("the bytes end too early")]
    Truncated,
    #[error("a number is not in its shortest form or does not fit")]
    Number,
    #[error("a list or text is longer than allowed")]
    TooLong,
    #[error("a text is not UTF-8")]
    Text,
    #[error("a choice that this version does not know")]
    Choice,
    #[error("bytes remain after the end")]
    Trailing,
}

/// Collects bytes.
#[derive(Default, Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A variable-length number, seven bits a byte, least significant first.
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes bytes apart.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        if self.0.len() < len {
            return Err(Malformed::Truncated);
        }
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Malformed> {
        self.raw(1).map(|bytes| bytes[0])
    }

    pub fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 || shift > 0 && byte == 0 {
                return Err(Malformed::Number);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::Number)
    }

    /// A length-prefixed run of bytes, no longer than `max`.
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(self.varint()?).map_err(|_| Malformed::TooLong)?;
        if len > max {
            return Err(Malformed::TooLong);
        }
        self.raw(len)
    }

    pub fn left(&self) -> usize {
        self.0.len()
    }

    pub fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::Trailing) }
    }
}

/// A value with one canonical byte form.
pub trait Wire: Sized {
    fn put(&self, out: &mut Writer);
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed>;

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        self.put(&mut out);
        out.finish()
    }

    /// Reads one value and nothing else.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        let value = Self::take(&mut input)?;
        input.end()?;
        Ok(value)
    }
}

impl Wire for u64 {
    fn put(&self, out: &mut Writer) {
        out.varint(*self);
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        input.varint()
    }
}

macro_rules! small_number {
    ($($kind:ty),*) => {$(
        impl Wire for $kind {
            fn put(&self, out: &mut Writer) {
                out.varint(u64::from(*self));
            }
            fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
                <$kind>::try_from(input.varint()?).map_err(|_| Malformed::Number)
            }
        }
    )*};
}
small_number!(u8, u16, u32);

impl Wire for i64 {
    fn put(&self, out: &mut Writer) {
        out.varint(((*self << 1) ^ (*self >> 63)).cast_unsigned());
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let folded = input.varint()?;
        Ok((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()))
    }
}

impl Wire for i32 {
    fn put(&self, out: &mut Writer) {
        i64::from(*self).put(out);
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::try_from(i64::take(input)?).map_err(|_| Malformed::Number)
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Writer) {
        out.byte(u8::from(*self));
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed::Choice),
        }
    }
}

impl Wire for String {
    fn put(&self, out: &mut Writer) {
        out.bytes(self.as_bytes());
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let bytes = input.bytes(TEXT_LEN_MAX)?;
        std::str::from_utf8(bytes).map(Self::from).map_err(|_| Malformed::Text)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Writer) {
        out.byte(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        if bool::take(input)? { T::take(input).map(Some) } else { Ok(None) }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Writer) {
        out.varint(self.len() as u64);
        self.iter().for_each(|value| value.put(out));
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let len = usize::try_from(input.varint()?).map_err(|_| Malformed::TooLong)?;
        if len > LIST_LEN_MAX {
            return Err(Malformed::TooLong);
        }
        // Every element is at least one byte, so a forged length cannot reserve memory.
        if len > input.left() {
            return Err(Malformed::Truncated);
        }
        (0..len).map(|_| T::take(input)).collect()
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok((A::take(input)?, B::take(input)?))
    }
}

/// Declares a struct whose encoding is its fields in the order written. Reordering, adding or removing a
/// field is a new version of the entry that holds it: the frozen samples fail otherwise.
#[macro_export]
macro_rules! wire_struct {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $name { $($(#[$field_meta])* pub $field: $kind),* }

        impl $crate::wire::Wire for $name {
            fn put(&self, out: &mut $crate::wire::Writer) {
                $($crate::wire::Wire::put(&self.$field, out);)*
                let _ = out;
            }
            fn take(input: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Malformed> {
                $(let $field = <$kind as $crate::wire::Wire>::take(input)?;)*
                let _ = &input;
                Ok(Self { $($field),* })
            }
        }
    };
}

/// Declares a choice without content: one byte, the number written. Numbers are never reused.
#[macro_export]
macro_rules! wire_choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $number:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$variant_meta])* $variant = $number),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub fn number(self) -> u8 { self as u8 }
            pub fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::wire::Wire for $name {
            fn put(&self, out: &mut $crate::wire::Writer) {
                out.byte(self.number());
            }
            fn take(input: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Malformed> {
                Self::from_number(input.byte()?).ok_or($crate::wire::Malformed::Choice)
            }
        }
    };
}
