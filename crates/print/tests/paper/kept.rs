//! What is compared with the samples, and how a difference is shown.

use std::fmt::Write as _;
use std::path::PathBuf;

use soko_print::Picture;

/// Writes instead of comparing.
const KEEP: &str = "SOKO_KEEP_SAMPLES";

fn sample(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "samples", name].iter().collect()
}

fn keeps() -> bool {
    std::env::var_os(KEEP).is_some()
}

pub(crate) fn same_text(name: &str, made: &str) {
    if keeps() {
        std::fs::write(sample(name), made).unwrap();
    }
    let kept = std::fs::read_to_string(sample(name)).unwrap_or_default();
    assert_eq!(made, kept, "{name}: {KEEP}=1 writes what is made now");
}

/// Compares to the dot, and shows the rows that differ.
pub(crate) fn same_picture(name: &str, made: &Picture) {
    if keeps() {
        std::fs::write(sample(name), png_of(made)).unwrap();
    }
    let kept =
        std::fs::read(sample(name)).map(|bytes| picture_of(&bytes)).unwrap_or_else(|_| Picture::new(8, 0));
    assert_eq!((made.width(), made.height()), (kept.width(), kept.height()), "{name}: another size");
    let mut shown = String::new();
    for y in 0..made.height() {
        let differs = |x: &usize| made.is_black(*x, y) != kept.is_black(*x, y);
        let (first, count) = ((0..made.width()).find(differs), (0..made.width()).filter(differs).count());
        if let Some(first) = first
            && shown.lines().count() < 20
        {
            let row: String = (first..made.width().min(first + 60))
                .map(|x| match (made.is_black(x, y), kept.is_black(x, y)) {
                    (true, true) => '#',
                    (false, false) => '.',
                    (true, false) => '+',
                    (false, true) => '-',
                })
                .collect();
            writeln!(shown, "row {y}: {count} dots from {first}: {row}").unwrap();
        }
    }
    assert!(shown.is_empty(), "{name} differs (+ now, - before); {KEEP}=1 writes what is made now\n{shown}");
}

fn png_of(picture: &Picture) -> Vec<u8> {
    let (width, height) = (u32::try_from(picture.width()).unwrap(), u32::try_from(picture.height()).unwrap());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let white_is_one: Vec<u8> = picture.bits().iter().map(|byte| !byte).collect();
    encoder.write_header().unwrap().write_image_data(&white_is_one).unwrap();
    bytes
}

fn picture_of(bytes: &[u8]) -> Picture {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rows).unwrap();
    let (width, height) = (usize::try_from(info.width).unwrap(), usize::try_from(info.height).unwrap());
    let mut picture = Picture::new(width, height);
    for y in 0..height {
        let row = &rows[y * info.line_size..];
        (0..width).filter(|x| row[x / 8] & (0x80 >> (x % 8)) == 0).for_each(|x| picture.set(x, y));
    }
    picture
}
