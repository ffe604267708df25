//! Codes in what a camera sees, whoever printed them.

use rxing::common::HybridBinarizer;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, MultiFormatReader, Reader as _};

/// Longest side of a picture that is looked through.
pub const SIDE_MAX: u32 = 4096;

/// What stands on goods, labels, receipts and invitations.
const FORMATS: [BarcodeFormat; 7] = [
    BarcodeFormat::EAN_13,
    BarcodeFormat::EAN_8,
    BarcodeFormat::UPC_A,
    BarcodeFormat::UPC_E,
    BarcodeFormat::CODE_128,
    BarcodeFormat::CODE_39,
    BarcodeFormat::QR_CODE,
];

/// Shades of grey, row by row; 0 is black.
#[derive(Clone, Debug)]
pub struct Grey {
    pub width: u32,
    pub height: u32,
    pub shades: Vec<u8>,
}

/// The code in a picture, as a scanner would type it.
pub fn read_code(seen: Grey) -> Option<String> {
    let Grey { width, height, shades } = seen;
    let is_whole = u64::from(width) * u64::from(height) == u64::try_from(shades.len()).ok()?;
    if !is_whole || !(1..=SIDE_MAX).contains(&width) || !(1..=SIDE_MAX).contains(&height) {
        return None;
    }
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(Luma8Source::new(shades, width, height).ok()?));
    let formats = Some(FORMATS.into_iter().collect());
    let hints = DecodeHints { TryHarder: Some(true), PossibleFormats: formats, ..DecodeHints::default() };
    let found = MultiFormatReader::default().decode_with_hints(&mut bitmap, &hints).ok()?;
    Some(found.getText().trim().to_owned()).filter(|text| !text.is_empty())
}
