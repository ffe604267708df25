//! PDFs: the same bytes for the same receipt, and the text that a reader finds in them.

use soko_app_api::{LabelSheet, PageSize};
use soko_print::{Barcode, Label, Receipt, Sheet, Table, labels_pdf, sheet_pdf, table_pdf};

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
        let sheet = Sheet::from(&receipt);
        let pdf = sheet_pdf(&sheet, size).unwrap();
        assert!(pdf.starts_with(b"%PDF-1."));
        assert!(pdf.len() < 60_000, "{} bytes", pdf.len());
        assert_eq!(pdf, sheet_pdf(&sheet, size).unwrap());
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

fn table(columns: usize, rows: usize, language: &str) -> Table {
    let is_right_to_left = language == "ar";
    let name = |row: usize| match (is_right_to_left, row % 3) {
        (true, _) => format!("قهوة بالحليب {row}"),
        (false, 0) => format!(
            "A basket with a lid, woven by hand from the leaves of a palm, as large as they come, number {row}"
        ),
        (false, _) => format!("Mango {row}"),
    };
    let row = |row: usize| {
        std::iter::once(name(row)).chain((1..columns).map(move |at| format!("KES {row},{at:03}.00")))
    };
    Table {
        title: "What sold".into(),
        note: "Duka la Asha · 1 – 28 November".into(),
        columns: (0..columns).map(|column| format!("Column {column}")).collect(),
        rows: (0..rows).map(|at| row(at).collect()).collect(),
        language: language.into(),
        is_right_to_left,
    }
}

#[test]
fn tables_go_on_over_pages_and_turn_them_where_they_are_wide() {
    // A short one, one over several pages, a wide one, one that has no room at all, and one without rows.
    for (columns, rows, language, expected) in
        [(3, 5, "en", 1), (4, 100, "en", 3), (12, 30, "ar", 1), (40, 3, "en", 1), (3, 0, "en", 1)]
    {
        let table = table(columns, rows, language);
        let pdf = table_pdf(&table).unwrap();
        if let Some(folder) = std::env::var_os("SOKO_PDF_FOLDER") {
            let name = format!("table-{language}-{columns}-{rows}.pdf");
            std::fs::write(std::path::Path::new(&folder).join(name), &pdf).unwrap();
        }
        assert_eq!(pages(&pdf), expected, "{columns} columns, {rows} rows");
        assert_eq!(pdf, table_pdf(&table).unwrap());
    }
}
