//! The report of a shift on every paper.

use soko_app_api::{PageSize, PaperWidth, PurseTotal, ReportWords, ShiftReport, TaxRow, TenderTotal};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{AuthorId, ShiftId};
use soko_domain::purse::PurseKind;
use soko_domain::tax::TaxMode;
use soko_print::{Report, Sheet, Weight, sheet_pdf, to_text};

use crate::kept::{same_picture, same_text};
use crate::printers::{printed, printer};

fn tax(ppm: u32, label: &str, net_minor: i64, tax_minor: i64) -> TaxRow {
    TaxRow { ppm, mode: TaxMode::Inclusive, label: label.into(), net_minor, tax_minor }
}

fn tender(kind: TenderKind, payments: i64, amount_minor: i64) -> TenderTotal {
    TenderTotal { kind, payments, amount_minor: Some(amount_minor), refunded_minor: 0, unseen_minor: 0 }
}

fn purse(kind: PurseKind, bought_units: i64, spent_units: i64, spent_minor: i64) -> PurseTotal {
    PurseTotal { kind, bought: 1, bought_units, given_units: 0, spent_units, spent_minor, taken_units: 0 }
}

/// A closed shift in which everything happened once.
fn closed() -> ShiftReport {
    let mut cash = tender(TenderKind::Cash, 210, 184_300);
    cash.refunded_minor = 1_200;
    let mut phone = tender(TenderKind::MobileMoney, 41, 52_000);
    phone.unseen_minor = 1_500;
    ShiftReport {
        stall_name: "Mama Njeri's Corner".into(),
        stall_place: "Market Street 5, Nairobi".into(),
        register_name: "Front till".into(),
        register: AuthorId([2; 16]),
        shift: ShiftId([3; 16]),
        currency: "EUR".into(),
        z_number: Some(17),
        business_day: 20_783,
        opened_at_ms: 1_795_660_000_000,
        opened_offset: 180,
        opened_by: "Wanjiru".into(),
        closed_at_ms: Some(1_795_701_900_000),
        closed_offset: 180,
        closed_by: "Njeri".into(),
        sales: 251,
        sales_minor: 238_800,
        voids: 2,
        voids_minor: 1_100,
        refunds: 1,
        refunds_minor: 1_200,
        orders: 3,
        orders_minor: 4_200,
        net_minor: 240_700,
        discounts_minor: 2_345,
        rounding_minor: -4,
        taxes: vec![tax(160_000, "Standard", 180_000, 28_800), tax(0, "", 31_900, 0)],
        tenders: vec![cash, phone],
        purses: vec![purse(PurseKind::GiftCard, 5_000, 1_250, 1_250), purse(PurseKind::Points, 0, 340, 340)],
        float_minor: 20_000,
        tendered_minor: 215_000,
        change_minor: 30_700,
        cash_refunds_minor: 1_200,
        paid_in_minor: 5_000,
        paid_out_minor: 12_000,
        openings: 2,
        expected_minor: Some(196_100),
        counted_minor: Some(195_980),
        counts: 1,
        first_counted_minor: None,
        variance_minor: Some(-120),
        reason: "wrong change".into(),
        late: 2,
        late_minor: 450,
        unsent: 0,
    }
}

fn words() -> ReportWords {
    let words = |text: &str| text.to_owned();
    ReportWords {
        language: words("en"),
        is_right_to_left: false,
        open: words("Report so far (X)"),
        closed: words("Z report {number}"),
        amended: words("Amended"),
        sales: words("Sales"),
        orders: words("Orders from the shop"),
        voids: words("Voided"),
        refunds: words("Refunded"),
        net: words("Taken"),
        discounts: words("Discounts given"),
        rounding: words("Rounding"),
        tax: words("Tax {rate}"),
        unseen: words("Not seen yet"),
        purse_bought: words("Bought: owed, no revenue"),
        purse_given: words("Given"),
        purse_spent: words("Paid with"),
        purse_taken: words("Taken back"),
        float: words("In the drawer at the beginning"),
        tendered: words("Cash handed over"),
        change: words("Change given back"),
        cash_refunds: words("Refunded in cash"),
        paid_in: words("Put in"),
        paid_out: words("Taken out"),
        expected: words("Should be in the drawer"),
        hidden: words("After counting"),
        counted: words("Counted"),
        first_counted: words("First of {number} counts"),
        variance: words("Difference"),
        openings: words("Opened without a sale"),
        reason: words("Why it differs"),
        tenders: [
            ("cash", "Cash"),
            ("mobile-money", "Mobile money"),
            ("gift-card", "Gift card"),
            ("points", "Points"),
        ]
        .map(|(word, name)| (words(word), words(name)))
        .into(),
    }
}

fn in_arabic() -> ReportWords {
    ReportWords {
        language: "ar".into(),
        is_right_to_left: true,
        closed: "تقرير Z رقم {number}".into(),
        sales: "المبيعات".into(),
        net: "المقبوض".into(),
        expected: "ما يجب أن يكون في الدرج".into(),
        variance: "الفرق".into(),
        ..words()
    }
}

#[test]
fn a_z_report_in_two_scripts_on_both_papers() {
    for (name, words) in [("z-english", words()), ("z-arabic", in_arabic())] {
        let sheet = Sheet::from(&Report::of(&closed(), &words));
        for (size, width) in [("58", PaperWidth::Mm58), ("80", PaperWidth::Mm80)] {
            let peer = printed(&sheet, &printer(width, false));
            same_picture(&format!("{name}-{size}.png"), peer.paper());
        }
        same_text(&format!("{name}.txt"), &to_text(&sheet, 40));
        for size in [PageSize::A4, PageSize::Roll80] {
            let pdf = sheet_pdf(&sheet, size).unwrap();
            assert!(pdf.starts_with(b"%PDF-1.") && pdf.len() < 60_000, "{} bytes", pdf.len());
            assert_eq!(pdf, sheet_pdf(&sheet, size).unwrap());
        }
    }
}

/// Every figure of the report that is not nothing stands on the paper, with its sign.
#[test]
fn every_figure_of_a_shift_is_on_its_paper() {
    let said = Report::of(&ShiftReport { counts: 2, first_counted_minor: Some(0), ..closed() }, &words());
    let found = |label: &str| {
        let figures = said.parts.iter().flat_map(|part| &part.figures);
        let amounts: Vec<&str> =
            figures.filter(|it| it.sum.label == label).map(|it| it.sum.amount.as_str()).collect();
        amounts.join(" ")
    };
    for (label, amount) in [
        ("Sales × 251", "2,388.00"),
        ("Orders from the shop × 3", "42.00"),
        ("Voided × 2", "-11.00"),
        ("Refunded × 1", "-12.00"),
        ("Taken EUR", "2,407.00"),
        ("Discounts given", "23.45"),
        ("Rounding", "-0.04"),
        ("Standard · Tax 16% · 1,800.00", "288.00"),
        ("Tax 0% · 319.00", "0.00"),
        ("Cash × 210", "1,843.00"),
        ("Refunded", "-12.00"),
        ("Mobile money × 41", "520.00"),
        ("Not seen yet", "15.00"),
        ("Bought: owed, no revenue", "50.00"),
        ("Paid with", "12.50 340 · 3.40"),
        ("In the drawer at the beginning", "200.00"),
        ("Cash handed over", "2,150.00"),
        ("Change given back", "-307.00"),
        ("Refunded in cash", "-12.00"),
        ("Put in", "50.00"),
        ("Taken out", "-120.00"),
        ("Should be in the drawer", "1,961.00"),
        ("Counted", "1,959.80"),
        ("First of 2 counts", "0.00"),
        ("Difference", "-1.20"),
        ("Opened without a sale", "2"),
        ("Amended × 2", "4.50"),
    ] {
        assert_eq!(found(label), amount, "{label}");
    }
    assert_eq!(
        (said.marks.as_slice(), said.reason.as_str()),
        (&["Amended".to_owned()][..], "Why it differs: wrong change")
    );
    assert_eq!(said.made[..2], ["Front till", "2026-11-26"]);
}

/// Who must count first reads no sum of the drawer on paper either.
#[test]
fn before_a_blind_count_no_paper_says_what_should_be_there() {
    let mut open = closed();
    (open.z_number, open.closed_at_ms, open.late) = (None, None, 0);
    (open.expected_minor, open.counted_minor, open.variance_minor) = (None, None, None);
    (open.tendered_minor, open.change_minor, open.cash_refunds_minor) = (0, 0, 0);
    for tender in &mut open.tenders {
        *tender = TenderTotal { amount_minor: None, refunded_minor: 0, unseen_minor: 0, ..tender.clone() };
    }
    let said = Report::of(&open, &words());
    assert_eq!(said.title, "Report so far (X)");
    let figures: Vec<_> = said.parts.iter().flat_map(|part| &part.figures).collect();
    let hidden: Vec<&str> = figures
        .iter()
        .filter(|it| it.sum.amount == "After counting")
        .map(|it| it.sum.label.as_str())
        .collect();
    let sums = ["Sales × 251", "Orders from the shop × 3", "Voided × 2", "Refunded × 1", "Taken EUR"];
    let drawer = ["Cash × 210", "Mobile money × 41", "Should be in the drawer"];
    assert_eq!(hidden, [&sums[..], &drawer[..]].concat(), "all but one sum is the one sum");
    assert!(
        !figures
            .iter()
            .any(|it| ["Cash handed over", "Counted", "Difference"].contains(&it.sum.label.as_str()))
    );
    assert_eq!(figures.iter().filter(|it| it.weight == Weight::Total).count(), 1);
}
