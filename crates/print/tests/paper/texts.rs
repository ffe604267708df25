//! Receipts as plain text.

use soko_domain::entry::Standing;
use soko_print::{Receipt, Sheet, to_text};

use crate::kept::same_text;
use crate::sales::{arabic, arabic_words, english, english_words};

#[test]
fn an_english_and_an_arabic_receipt_in_both_widths() {
    for (name, receipt) in [
        ("english", Receipt::of(&english(), &english_words())),
        ("arabic", Receipt::of(&arabic(), &arabic_words())),
    ] {
        for (width, columns) in [("58", 32), ("80", 48)] {
            let text = to_text(&Sheet::from(&receipt), columns);
            assert!(
                text.lines().all(|line| line.chars().filter(|c| *c != '\u{200e}').count() <= columns),
                "{text}"
            );
            same_text(&format!("{name}-{width}.txt"), &text);
        }
    }
}

/// First-hour 17: the paper does not say that money came which nobody saw.
#[test]
fn a_note_and_a_payment_that_nobody_saw_are_said() {
    let mut view = english();
    view.sale.note = "Call when the basket is mended".into();
    for (standing, said) in [
        (Standing::Claimed, "Mobile money QK7H2 · not seen yet"),
        (Standing::Failed, "Mobile money QK7H2 · never came"),
        (Standing::Verified, "Mobile money QK7H2"),
    ] {
        view.sale.tenders[0].standing = standing;
        let receipt = Receipt::of(&view, &english_words());
        assert_eq!(receipt.paid[0].label, said);
        let text = to_text(&Sheet::from(&receipt), 48);
        assert!(text.contains(said) && text.contains("Call when the basket is mended"), "{text}");
    }
}

#[test]
fn voids_refunds_and_rounding_are_said() {
    let mut view = english();
    view.is_copy = true;
    view.sale.row.voided = true;
    view.sale.row.refunded_minor = 75;
    view.sale.lines[1].refunded = 2;
    view.sale.cash_rounding_minor = -2;
    let receipt = Receipt::of(&view, &english_words());
    assert_eq!(receipt.marks, ["COPY", "VOID", "Given back 0.75"]);
    assert_eq!(receipt.rounding.as_ref().map(|sum| sum.amount.as_str()), Some("-0.02"));
    let refunded: Vec<bool> = receipt.lines.iter().map(|line| line.is_refunded).collect();
    assert_eq!(refunded, [false, true, false]);
}
