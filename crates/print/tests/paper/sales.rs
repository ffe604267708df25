//! Sales to print, and the words in English and Arabic.

use soko_app_api::{PaperWords, ReceiptView, SaleLineView, SaleRow, SaleView, TaxRow, TenderView};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Standing;
use soko_domain::ids::{AuthorId, SaleId, ShiftId};
use soko_domain::quantity::Unit;
use soko_domain::tax::TaxMode;

/// As long as a real one.
pub(crate) const PROOF: &str = "https://market.example/verify/AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn-AgYKDhIWGh4iJiouMjY6PkA";

fn line(name: &str, quantity: i64, unit_price_minor: i64, total_minor: i64) -> SaleLineView {
    SaleLineView {
        product: None,
        name: name.into(),
        quantity,
        beyond_share: 0,
        unit_price_minor,
        price_per: 1,
        discount_minor: quantity * unit_price_minor - total_minor,
        total_minor,
        refunded: 0,
        refunded_minor: 0,
        note: String::new(),
        discount_reason: String::new(),
        unit: Unit::Piece,
    }
}

fn sale(stall: &str, place: &str, register: &str, lines: Vec<SaleLineView>) -> SaleView {
    let total_minor = lines.iter().map(|line| line.total_minor).sum();
    SaleView {
        row: SaleRow {
            sale: SaleId([1; 16]),
            register: AuthorId([2; 16]),
            receipt_number: 128,
            at_ms: 1_795_691_100_000,
            offset_minutes: 180,
            business_day: 20_783,
            currency: "EUR".into(),
            total_minor,
            voided: false,
            refunded_minor: 0,
        },
        stall_name: stall.into(),
        stall_place: place.into(),
        register_name: register.into(),
        shift: ShiftId([3; 16]),
        lines,
        taxes: vec![
            TaxRow {
                ppm: 100_000,
                mode: TaxMode::Inclusive,
                label: String::new(),
                net_minor: 114,
                tax_minor: 11,
            },
            TaxRow {
                ppm: 220_000,
                mode: TaxMode::Inclusive,
                label: String::new(),
                net_minor: 2_369,
                tax_minor: 521,
            },
        ],
        tenders: vec![paid(TenderKind::MobileMoney, 1_000, "QK7H2"), paid(TenderKind::Cash, 3_000, "")],
        cash_rounding_minor: 0,
        change_minor: 985,
        note: String::new(),
        discount_reason: String::new(),
        customer: None,
        tab: None,
    }
}

fn paid(kind: TenderKind, amount_minor: i64, reference: &str) -> TenderView {
    TenderView { kind, amount_minor, reference: reference.into(), standing: Standing::Taken, is_twice: false }
}

/// First-hour 11: 28.90 with 22 % and 1.25 with 10 % are 30.15.
pub(crate) fn english() -> ReceiptView {
    let mut lines = vec![
        line("Woven basket with a lid, large", 1, 2_890, 2_890),
        line("Café au lait · crème", 2, 50, 75),
    ];
    let mut rice = line("Rice", 250, 200, 50);
    (rice.price_per, rice.discount_minor) = (1_000, 0);
    lines.push(rice);
    let mut sale = sale("Mama Njeri's Corner", "Market Street 5, Nairobi", "Front till", lines);
    sale.cash_rounding_minor = 0;
    ReceiptView { sale, proof: PROOF.into(), is_copy: false }
}

/// The same amounts, in Arabic, with a Latin name between.
pub(crate) fn arabic() -> ReceiptView {
    let lines = vec![
        line("سلة منسوجة بغطاء، كبيرة", 1, 2_890, 2_890),
        line("قهوة بالحليب", 2, 50, 75),
        line("Nescafé Gold", 1, 50, 50),
    ];
    let sale = sale("ركن ماما نجيري", "شارع السوق 5، نيروبي", "الصندوق الأمامي", lines);
    ReceiptView { sale, proof: PROOF.into(), is_copy: true }
}

pub(crate) fn english_words() -> PaperWords {
    PaperWords {
        language: "en".into(),
        is_right_to_left: false,
        receipt: "Receipt {number}".into(),
        tax_included: "incl. {rate} tax on {net}".into(),
        tax_added: "plus {rate} tax on {net}".into(),
        rounding: "Rounding".into(),
        total: "Total".into(),
        discount: "Off".into(),
        change: "Change".into(),
        refunded: "Given back".into(),
        copy: "COPY".into(),
        voided: "VOID".into(),
        claimed: "not seen yet".into(),
        failed: "never came".into(),
        thanks: "Thank you, and come again".into(),
        check: "Scan to check this receipt".into(),
        test_title: "Test page".into(),
        test_text: "The printer works.".into(),
        tenders: vec![("cash".into(), "Cash".into()), ("mobile-money".into(), "Mobile money".into())],
    }
}

pub(crate) fn arabic_words() -> PaperWords {
    PaperWords {
        language: "ar".into(),
        is_right_to_left: true,
        receipt: "إيصال {number}".into(),
        tax_included: "منها ضريبة {rate} على {net}".into(),
        tax_added: "زائد ضريبة {rate} على {net}".into(),
        rounding: "تقريب".into(),
        total: "المجموع".into(),
        discount: "خصم".into(),
        change: "الباقي".into(),
        refunded: "أعيد".into(),
        copy: "نسخة".into(),
        voided: "ملغى".into(),
        claimed: "لم تصل بعد".into(),
        failed: "لم تصل".into(),
        thanks: "شكرًا لك، ونرحب بعودتك".into(),
        check: "امسح للتحقق من هذا الإيصال".into(),
        test_title: "صفحة تجربة".into(),
        test_text: "الطابعة تعمل.".into(),
        tenders: vec![("cash".into(), "نقدًا".into()), ("mobile-money".into(), "محفظة الهاتف".into())],
    }
}
