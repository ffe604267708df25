//! Codes that a scanner reads, as modules: bars of one row, or dots of a square. How large they become is not
//! decided here.

use barcoders::sym::code128::Code128;
use barcoders::sym::ean13::EAN13;
use qrcode::{Color, EcLevel, QrCode};

/// Longest text in Code 128: more would be too wide for any label.
pub(crate) const CODE_128_LETTERS_MAX: usize = 40;
/// White beside bars, in modules; a scanner needs it to find the code.
pub(crate) const BARS_QUIET: usize = 10;
/// The same around a square.
pub(crate) const SQUARE_QUIET: usize = 4;

/// Sets of characters in the library's own notation.
const SET_B: char = '\u{181}';
const SET_C: char = '\u{106}';

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Barcode {
    Bars(Bars),
    /// Side and modules, row by row; true is black.
    Square {
        side: usize,
        modules: Vec<bool>,
    },
}

/// True is black.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bars {
    pub modules: Vec<bool>,
    /// What stands below them.
    pub text: String,
}

/// Why a text has no such code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotEncodable {
    #[error("an EAN-13 code has 13 digits, of which the last one follows from the others")]
    Ean13,
    #[error("Code 128 has 1 to 40 letters and digits without accents")]
    Code128,
    #[error("this text is too long for a code of squares")]
    Qr,
}

impl Barcode {
    /// Thirteen digits, the last of which must be right.
    pub fn ean13(digits: &str) -> Result<Self, NotEncodable> {
        if digits.len() != 13 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotEncodable::Ean13);
        }
        let code = EAN13::new(digits).map_err(|_| NotEncodable::Ean13)?;
        Ok(bars(&code.encode(), digits))
    }

    pub fn code128(text: &str) -> Result<Self, NotEncodable> {
        let is_possible = (1..=CODE_128_LETTERS_MAX).contains(&text.len())
            && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_possible {
            return Err(NotEncodable::Code128);
        }
        // Two digits in one symbol, where there are only digits.
        let pairs = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_digit());
        let set = if pairs { SET_C } else { SET_B };
        let code = Code128::new(format!("{set}{text}")).map_err(|_| NotEncodable::Code128)?;
        Ok(bars(&code.encode(), text))
    }

    pub fn qr(text: &str) -> Result<Self, NotEncodable> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| NotEncodable::Qr)?;
        let side = code.width();
        let modules = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self::Square { side, modules })
    }

    /// EAN-13 where the text is one, Code 128 otherwise.
    pub fn bars_of(text: &str) -> Result<Self, NotEncodable> {
        Self::ean13(text).or_else(|_| Self::code128(text))
    }
}

fn bars(modules: &[u8], text: &str) -> Barcode {
    Barcode::Bars(Bars { modules: modules.iter().map(|module| *module == 1).collect(), text: text.into() })
}
