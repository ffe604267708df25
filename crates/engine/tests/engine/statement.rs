//! A statement of mobile money against real sales: what came is marked by the verbs of a payment, and once.

use soko_app_api::{
    BeyondShare, DiscountInput, PaymentRow, Query, SaleAbout, SaleLineInput, StatementGroup, StatementView,
    TenderInput, Verb, View, Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Standing;
use soko_domain::statement::{Found, STATEMENT_BYTES_MAX, STATEMENT_ROWS_MAX, StatementTrouble};

use crate::world::{Device, STALL, command, now, product, sale_id};

const MANGO: u16 = 101;
const HEADERS: &str = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance";

fn sell(device: &mut Device, number: u16, amount_minor: i64, (code, seen): (&str, bool)) {
    let line = SaleLineInput {
        product: None,
        name: Some("Bag".into()),
        unit_price_minor: Some(amount_minor),
        ..SaleLineInput::of(product(MANGO), 1)
    };
    let kind = TenderKind::MobileMoney;
    let tender = TenderInput { kind, amount_minor, reference: code.into(), seen, purse: None };
    let verb = Verb::MakeSale {
        sale: sale_id(number),
        lines: vec![line],
        discount: DiscountInput::None,
        tenders: vec![tender],
        beyond: BeyondShare::Allow,
        about: SaleAbout::default(),
    };
    device.done(command(number, verb));
}

fn look(device: &mut Device, text: &str) -> StatementView {
    let query = Query::Statement { stall: STALL, bytes: text.as_bytes().to_vec(), choice: None };
    match device.engine.answer(&query, now()).unwrap() {
        View::Statement(view) => *view,
        other => panic!("{other:?}"),
    }
}

/// What was found, how often, and of what sum.
fn sums(view: &StatementView) -> Vec<(Found, u32, i64)> {
    view.groups.iter().map(|group| (group.found, group.count, group.sum_minor)).collect()
}

fn group(view: &StatementView, found: Found) -> &StatementGroup {
    view.groups.iter().find(|group| group.found == found).unwrap()
}

/// As a screen marks what came.
fn mark(device: &mut Device, view: &StatementView, found: Found, number: u16) {
    for (at, row) in (0u16..).zip(&group(view, found).rows) {
        let (payment, received) = (row.payment.clone().unwrap(), row.received.clone().unwrap());
        let PaymentRow { sale, tender, standing, .. } = payment;
        if standing.is_unseen() {
            let verify = Verb::VerifyPayment { sale, tender, code: received.code };
            device.done(command(number + 2 * at, verify));
        }
        device.done(command(number + 2 * at + 1, Verb::SettlePayment { sale, tender }));
    }
}

/// A morning at noon of the tests' day, and the afternoon behind it.
fn morning(rows: &str) -> String {
    let day = now().at_ms.div_euclid(86_400_000);
    let date = soko_domain::calendar::BusinessDay::from_days(i32::try_from(day).unwrap()).unwrap().civil();
    format!("Shop,Mama Akinyi\n{HEADERS}\n{}", rows.replace("TODAY", &date.to_string()))
}

const ROWS: &str = "\
TKR4A1B2C3,TODAY 12:01:44,Pay from Wanjiku,Completed,300.00,,300.00
TKR4A1B2C3,TODAY 12:01:44,Charge,Completed,,-1.65,298.35
TKR4A1B2C4,TODAY 12:02:10,Pay from Otieno,Completed,200.00,,498.35
TKR4A1B2C5,TODAY 12:04:00,Pay from Njeri,Completed,450.00,,948.35
TKR4A1B2C6,TODAY 12:05:31,Pay from Baraka,Completed,75.00,,1023.35
TKR4A1B2C7,TODAY 12:06:02,Pay from Amina,Completed,60.00,,1083.35
TKR4A1B2C8,TODAY 12:07:02,Pay from Amina,Completed,many,,1083.35
TKR4A1B2C9,TODAY 17:00:00,Sent to the supplier,Completed,,-900.00,183.35
";

#[test]
fn a_statement_marks_what_came_and_twice_changes_nothing() {
    let mut device = Device::ready(1, &["Mango"], None);
    sell(&mut device, 20, 30_000, ("tkr4a1b2c3", false));
    sell(&mut device, 21, 20_000, ("TKR4A1B2C4", false));
    device.done(command(30, Verb::VerifyPayment { sale: sale_id(21), tender: 0, code: "TKR4A1B2C4".into() }));
    sell(&mut device, 22, 40_000, ("TKR4A1B2C5", false));
    sell(&mut device, 23, 7_500, ("", false));
    sell(&mut device, 24, 9_900, ("GONE1", false));
    let text = morning(ROWS);
    let before = look(&mut device, &text);
    assert_eq!(
        sums(&before),
        [
            (Found::Ready, 2, 50_000),
            (Found::Question, 1, 7_500),
            (Found::OtherAmount, 1, 45_000),
            (Found::Absent, 1, 9_900),
            (Found::Unknown, 1, 6_000),
        ]
    );
    let problems: Vec<_> =
        before.problems.iter().map(|it| (it.line, it.trouble, it.value.as_str())).collect();
    assert_eq!(problems, [(9, StatementTrouble::NotAnAmount, "many")]);
    let other = &group(&before, Found::OtherAmount).rows[0];
    assert_eq!(other.payment.as_ref().map(|payment| payment.amount_minor), Some(40_000));

    mark(&mut device, &before, Found::Ready, 40);
    mark(&mut device, &before, Found::Question, 60);
    let after = look(&mut device, &text);
    assert_eq!(
        sums(&after),
        [
            (Found::OtherAmount, 1, 45_000),
            (Found::Absent, 1, 9_900),
            (Found::Unknown, 1, 6_000),
            (Found::InOrder, 3, 57_500),
        ]
    );
    assert_eq!(look(&mut device, &text), after);
    let window = Window::first(50);
    let View::Payments(unseen) =
        device.engine.answer(&Query::Payments { stall: STALL, window }, now()).unwrap()
    else {
        panic!("no payments")
    };
    assert_eq!(unseen.len(), 2, "what differs and what is absent still waits");
    assert!(unseen.iter().all(|row| row.standing == Standing::Claimed));
}

#[test]
fn a_voided_sale_leaves_money_that_nobody_wrote_down() {
    let mut device = Device::ready(1, &["Mango"], None);
    sell(&mut device, 20, 30_000, ("TKR4A1B2C3", false));
    sell(&mut device, 21, 20_000, ("TKR4A1B2C4", true));
    device.done(command(30, Verb::VoidSale { sale: sale_id(20), reason: "left".into() }));
    let view = look(&mut device, &morning(ROWS));
    assert_eq!(sums(&view), [(Found::Ready, 1, 20_000), (Found::Unknown, 4, 88_500)]);
}

#[test]
fn a_file_that_is_no_statement_or_too_large_is_said_so() {
    let mut device = Device::ready(1, &["Mango"], None);
    let many = format!("{HEADERS}\n{}", "AB1,,,,1,,\n".repeat(STATEMENT_ROWS_MAX + 1));
    for (bytes, wanted) in [
        (vec![b'a'; STATEMENT_BYTES_MAX + 1], "statement_too_large"),
        (many.into_bytes(), "statement_too_many_rows"),
        (b"PK\x03\x04\0\0".to_vec(), "import_not_text"),
    ] {
        let query = Query::Statement { stall: STALL, bytes, choice: None };
        let refused = device.engine.answer(&query, now()).unwrap_err();
        assert!(format!("{refused:?}").contains(wanted), "{refused:?}");
    }
    let view = look(&mut device, "Colour,Shape\nred,round\n");
    assert!(!view.is_enough && view.groups.is_empty());
    assert_eq!(view.columns.len(), 2);
}
