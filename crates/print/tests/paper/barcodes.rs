//! Codes, read again by a reader that knows nothing of how they were made.

use rxing::common::HybridBinarizer;
use rxing::{BinaryBitmap, DecodeHints, Luma8Source, MultiFormatReader, Reader as _};
use soko_print::{Barcode, Picture};

/// The code in a picture, with a white border around it.
pub(crate) fn read(picture: &Picture) -> Option<String> {
    const BORDER: usize = 20;
    let (width, height) = (picture.width() + 2 * BORDER, picture.height() + 2 * BORDER);
    let mut luma = vec![255_u8; width * height];
    for y in 0..picture.height() {
        for x in (0..picture.width()).filter(|x| picture.is_black(*x, y)) {
            luma[(y + BORDER) * width + x + BORDER] = 0;
        }
    }
    let (width, height) = (u32::try_from(width).unwrap(), u32::try_from(height).unwrap());
    let source = Luma8Source::new(luma, width, height).unwrap();
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let found = MultiFormatReader::default().decode_with_hints(&mut bitmap, &hints).ok()?;
    Some(found.getText().to_owned())
}

fn picture(code: &Barcode) -> Picture {
    const MODULE: usize = 3;
    match code {
        Barcode::Bars(bars) => {
            let mut picture = Picture::new((bars.modules.len() + 20) * MODULE, 90);
            for at in (0..bars.modules.len()).filter(|at| bars.modules[*at]) {
                picture.fill((at + 10) * MODULE, 0, MODULE, 90);
            }
            picture
        }
        Barcode::Square { side, modules } => {
            let mut picture = Picture::new(side * MODULE, side * MODULE);
            for at in (0..modules.len()).filter(|at| modules[*at]) {
                picture.fill(at % side * MODULE, at / side * MODULE, MODULE, MODULE);
            }
            picture
        }
    }
}

#[test]
fn what_was_made_is_read_again() {
    for (code, text) in [
        (Barcode::ean13("4006381333931"), "4006381333931"),
        (Barcode::ean13("5901234123457"), "5901234123457"),
        (Barcode::code128("SOKO-12/b"), "SOKO-12/b"),
        (Barcode::code128("123456"), "123456"),
        (Barcode::code128("12345"), "12345"),
        (Barcode::bars_of("4006381333931"), "4006381333931"),
        // Thirteen digits that are no EAN-13.
        (Barcode::bars_of("4006381333930"), "4006381333930"),
        (Barcode::qr("https://market.example/a?b=ü"), "https://market.example/a?b=ü"),
    ] {
        assert_eq!(read(&picture(&code.unwrap())).as_deref(), Some(text));
    }
}

#[test]
fn what_has_no_code_is_refused() {
    for digits in ["", "400638133393", "4006381333930", "400638133393a", "٤٠٠٦٣٨١٣٣٣٩٣١"] {
        assert!(Barcode::ean13(digits).is_err(), "{digits}");
    }
    for text in ["", "é", "سوق", "a\u{7f}", "Ć123", &"x".repeat(41)] {
        assert!(Barcode::code128(text).is_err(), "{text}");
    }
    assert!(Barcode::qr(&"x".repeat(3_000)).is_err());
}
