//! PDFs: the same bytes for the same receipt, and the text that a reader finds in them.

use soko_app_api::{LabelSheet, PageSize};
use soko_print::{Barcode, Label, Receipt, labels_pdf, receipt_pdf};

use crate::sales::{arabic, arabic_words, english, english_words};

fn pages(pdf: &[u8]) -> usize {
    String::from_utf8_lossy(pdf).matches("/Type /Page\n").count()
        + String::from_utf8_lossy(pdf).matches("/Type/Page/").count()
}

#[test]
fn receipts_are_small_and_repeatable() {
    for (receipt, size) in [
        (Receipt::of(&english(), &english_words()), PageSize::A4),
        (Receipt::of(&english(), &english_words()), PageSize::Roll80),
        (Receipt::of(&arabic(), &arabic_words()), PageSize::Roll58),
        (Receipt::of(&arabic(), &arabic_words()), PageSize::A4),
    ] {
        let pdf = receipt_pdf(&receipt, size).unwrap();
        assert!(pdf.starts_with(b"%PDF-1."));
        assert!(pdf.len() < 60_000, "{} bytes", pdf.len());
        assert_eq!(pdf, receipt_pdf(&receipt, size).unwrap());
        if let Some(folder) = std::env::var_os("SOKO_PDF_FOLDER") {
            let name = format!("{}-{size:?}.pdf", receipt.language);
            std::fs::write(std::path::Path::new(&folder).join(name), &pdf).unwrap();
        }
    }
}

#[test]
fn labels_fill_sheets() {
    let label = |name: &str, code: Option<Barcode>, copies| Label {
        name: name.into(),
        price: "EUR 12.50".into(),
        code,
        copies,
    };
    let labels = [
        label("Woven basket with a lid, large", Barcode::ean13("4006381333931").ok(), 20),
        label("قهوة بالحليب", Barcode::code128("COFFEE-1").ok(), 3),
        label("Mango", Barcode::qr("4006381333931").ok(), 2),
        label("Mango", None, 1),
    ];
    for (sheet, expected) in [(LabelSheet::A4Of24, 2), (LabelSheet::A4Of65, 1), (LabelSheet::Roll50x30, 26)] {
        let pdf = labels_pdf(&labels, sheet, ("en", false)).unwrap();
        if let Some(folder) = std::env::var_os("SOKO_PDF_FOLDER") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{sheet:?}.pdf")), &pdf).unwrap();
        }
        assert_eq!(pages(&pdf), expected, "{sheet:?}");
    }
}
