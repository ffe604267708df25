//! Currencies of ISO 4217 with their number of decimals. No names, no symbols, no exchange rates; codes
//! without a smallest unit (metals, funds of account, tests) are left out.

use std::fmt;

use crate::wire::{Malformed, Reader, Wire, Writer};

/// A currency that this version knows. Its code is three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// Reads a code in any case. `None` when ISO 4217 knows no such currency.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        code.make_ascii_uppercase();
        Self::from_code(code)
    }

    /// How many decimals an amount has: 2 for EUR, 0 for JPY, 3 for KWD, 4 for CLF.
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    pub fn code(&self) -> &str {
        // Only ASCII codes of the tables get here.
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// Whether prices may still be set in it. Books kept in a withdrawn currency stay readable for ever.
    pub fn is_current(self) -> bool {
        WITHDRAWN.binary_search(&self.code()).is_err()
    }

    /// Every currency that a stall may choose, by code within each number of decimals.
    pub fn current() -> impl Iterator<Item = Self> {
        let known = TABLES.iter().flat_map(|(_, codes)| codes.iter());
        known.filter_map(|code| Self::parse(code)).filter(|currency| currency.is_current())
    }

    fn from_code(code: [u8; 3]) -> Option<Self> {
        let text = std::str::from_utf8(&code).ok()?;
        let (exponent, _) = TABLES.iter().find(|(_, codes)| codes.binary_search(&text).is_ok())?;
        Some(Self { code, exponent: *exponent })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Three letters. The decimals are not stored: ISO 4217 gives a changed currency a new code.
impl Wire for Currency {
    fn put(&self, out: &mut Writer) {
        out.raw(&self.code);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let code = input.raw(3)?.try_into().map_err(|_| Malformed::Truncated)?;
        Self::from_code(code).ok_or(Malformed::Choice)
    }
}

/// Decimals and the codes that have them, in alphabetical order. Codes are added, never removed: stored
/// records name them. The frequent tables come first.
const TABLES: &[(u8, &[&str])] = &[(2, TWO), (0, ZERO), (3, THREE), (4, FOUR)];

const ZERO: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

const TWO: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD",
    "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY",
    "COP", "COU", "CRC", "CUC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS",
    "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD",
    "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD",
    "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB",
    "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SLL", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED",
    "VES", "WST", "XAD", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG", "ZWL",
];

const THREE: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

const FOUR: &[&str] = &["CLF", "UYW"];

/// Still readable, no longer offered.
const WITHDRAWN: &[&str] = &["ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_disjoint() {
        for (_, codes) in TABLES {
            assert!(codes.is_sorted_by(|left, right| left < right), "binary search needs {codes:?} in order");
        }
        let mut all: Vec<_> = TABLES.iter().flat_map(|(_, codes)| codes.iter()).collect();
        let listed = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), listed, "one code has one number of decimals");
        assert!(WITHDRAWN.is_sorted() && WITHDRAWN.iter().all(|code| Currency::parse(code).is_some()));
    }
}
