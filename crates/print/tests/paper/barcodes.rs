//! Codes, read again by a reader that knows nothing of how they were made.

use soko_print::{Barcode, Grey, Picture, SIDE_MAX, read_code};

/// The code in a picture, with a white border around it.
pub(crate) fn read(picture: &Picture) -> Option<String> {
    read_code(grey(picture, |_, shade| shade))
}

/// As a camera would see it, with something done to each place.
fn grey(picture: &Picture, spoilt: impl Fn(usize, u8) -> u8) -> Grey {
    const BORDER: usize = 20;
    let (width, height) = (picture.width() + 2 * BORDER, picture.height() + 2 * BORDER);
    let mut shades = vec![255_u8; width * height];
    for y in 0..picture.height() {
        for x in (0..picture.width()).filter(|x| picture.is_black(*x, y)) {
            shades[(y + BORDER) * width + x + BORDER] = 0;
        }
    }
    shades.iter_mut().enumerate().for_each(|(at, shade)| *shade = spoilt(at, *shade));
    Grey { width: u32::try_from(width).unwrap(), height: u32::try_from(height).unwrap(), shades }
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
fn a_code_is_read_in_bad_light_and_upside_down() {
    for code in [Barcode::ean13("4006381333931"), Barcode::code128("SOKO-12/b"), Barcode::qr("soko://x")] {
        let picture = picture(&code.unwrap());
        let sharp = read(&picture);
        // Grey on grey, darker to one side, with the grain of a cheap camera.
        let dim = |at: usize, shade: u8| {
            let grain = u8::try_from(at * 2_654_435_761 % 13).unwrap();
            shade / 3 + 60 + u8::try_from(at % 300 / 10).unwrap() + grain
        };
        assert_eq!(read_code(grey(&picture, dim)), sharp);
        let mut turned = grey(&picture, dim);
        turned.shades.reverse();
        assert_eq!(read_code(turned), sharp);
        assert!(sharp.is_some());
    }
}

#[test]
fn a_picture_without_a_code_or_of_another_size_than_it_says_has_none() {
    let flat = |width, height, shades: usize| Grey { width, height, shades: vec![127; shades] };
    for seen in [flat(40, 30, 1_200), flat(40, 30, 1_199), flat(0, 30, 0), flat(SIDE_MAX + 1, 1, 4_097)] {
        assert_eq!(read_code(seen), None);
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
