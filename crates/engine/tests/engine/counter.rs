//! At the counter: what a sale says beyond its lines, open orders at two registers, payments that were only claimed,
//! labels of a scale, and figures that are the same wherever they are shown.

use soko_app_api::{
    BasketView, BeyondShare, DiscountInput, OpenOrderEdit, OpenOrderView, PaymentRow, ProductContent,
    ProductEdit, Query, RefundLineInput, Reply, ReturnInput, SaleAbout, SaleLineInput, SaleView, ScannedRow,
    StallEdit, TabLine, TenderInput, Verb, View, Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{GoodsBack, Standing};
use soko_domain::ids::{OrderId, SaleId};
use soko_domain::quantity::Unit;
use soko_domain::verbs::make_sale::BeyondRule;

use crate::tabs::take;
use crate::world::{Device, Relay, STALL, command, now, open_shift, product, receive, sale_id, thing};

const MANGO: u16 = 101;

fn view(device: &mut Device, query: &Query) -> View {
    device.engine.answer(query, now()).unwrap()
}

fn sale(device: &mut Device, sale: SaleId) -> SaleView {
    match view(device, &Query::Sale { stall: STALL, sale }) {
        View::Sale(view) => view,
        other => panic!("{other:?}"),
    }
}

fn basket(device: &mut Device, lines: &[SaleLineInput], tenders: &[TenderInput]) -> BasketView {
    let (lines, tenders) = (lines.to_vec(), tenders.to_vec());
    match view(device, &Query::Basket { stall: STALL, lines, discount: DiscountInput::None, tenders }) {
        View::Basket(view) => view,
        other => panic!("{other:?}"),
    }
}

fn unseen(device: &mut Device) -> Vec<PaymentRow> {
    match view(device, &Query::Payments { stall: STALL, window: Window::first(50) }) {
        View::Payments(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn tab(device: &mut Device, order: OrderId) -> OpenOrderView {
    match view(device, &Query::OpenOrder { stall: STALL, order }) {
        View::OpenOrder(view) => view,
        other => panic!("{other:?}"),
    }
}

fn phone(amount_minor: i64, code: &str) -> TenderInput {
    TenderInput {
        kind: TenderKind::MobileMoney,
        amount_minor,
        reference: code.into(),
        seen: false,
        purse: None,
    }
}

fn sell(
    number: u16,
    lines: Vec<SaleLineInput>,
    tenders: Vec<TenderInput>,
    about: SaleAbout,
) -> soko_app_api::Command {
    let (sale, beyond) = (sale_id(number), BeyondShare::Allow);
    command(number, Verb::MakeSale { sale, lines, discount: DiscountInput::None, tenders, beyond, about })
}

fn custom(name: &str, price_minor: i64) -> SaleLineInput {
    SaleLineInput {
        product: None,
        name: Some(name.into()),
        unit_price_minor: Some(price_minor),
        ..SaleLineInput::of(product(MANGO), 1)
    }
}

#[test]
fn a_sale_keeps_notes_and_reasons() {
    let mut device = Device::ready(1, &["Mango"], None);
    let line = SaleLineInput {
        discount: DiscountInput::PercentPpm(100_000),
        discount_reason: "bruised".into(),
        note: "cut".into(),
        ..SaleLineInput::of(product(MANGO), 2)
    };
    let about =
        SaleAbout { note: "for the school".into(), customer: Some(thing(77)), ..SaleAbout::default() };
    device.done(sell(20, vec![line], vec![TenderInput::cash(450)], about));
    let sold = sale(&mut device, sale_id(20));
    assert_eq!((sold.note.as_str(), sold.customer), ("for the school", Some(thing(77))));
    let line = &sold.lines[0];
    assert_eq!(
        (line.note.as_str(), line.discount_reason.as_str(), line.unit),
        ("cut", "bruised", Unit::Piece)
    );
    assert_eq!((line.name.as_str(), line.total_minor), ("Mango", 450));
}

/// First-hour 11: the same 30.15 everywhere; part cash with 0.05 rounding, part by phone; only cash is rounded.
#[test]
fn thirty_fifteen_everywhere_and_only_cash_is_rounded() {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(command(10, Verb::EditStall { edits: vec![StallEdit::CashStepMinor(5)] }));
    for (number, name, price_minor, tax_ppm) in [(111, "Oil", 2_890, 220_000), (112, "Milk", 125, 100_000)] {
        let content =
            ProductContent { tax_ppm, tax_inclusive: true, ..ProductContent::piece(name, price_minor) };
        device.done(command(number, Verb::CreateProduct { product: product(number), content }));
    }
    let lines = vec![SaleLineInput::of(product(111), 1), SaleLineInput::of(product(112), 1)];
    let shown = basket(&mut device, &lines, &[]);
    assert_eq!((shown.total_minor, shown.tax_minor, shown.due_in_cash_minor), (3_015, 521 + 11, 3_015));
    let by_phone = basket(&mut device, &lines, &[phone(1_012, "QX12")]);
    assert_eq!(
        (by_phone.due_minor, by_phone.due_in_cash_minor, by_phone.cash_rounding_minor),
        (2_003, 2_005, 0)
    );
    let tenders = vec![phone(1_012, "QX12"), TenderInput::cash(3_000)];
    let paid = basket(&mut device, &lines, &tenders);
    assert_eq!((paid.total_minor, paid.cash_rounding_minor, paid.change_minor), (3_015, 2, 995));
    let Reply::Sold { total_minor, cash_rounding_minor, change_minor, .. } =
        device.done(sell(20, lines.clone(), tenders, SaleAbout::default()))
    else {
        panic!("not sold")
    };
    assert_eq!((total_minor, cash_rounding_minor, change_minor), (3_015, 2, 995));
    let receipt = sale(&mut device, sale_id(20));
    assert_eq!((receipt.row.total_minor, receipt.cash_rounding_minor, receipt.change_minor), (3_015, 2, 995));
    assert_eq!(receipt.taxes, shown.taxes);
    let View::Today(today) = view(&mut device, &Query::Today(STALL)) else { panic!("no day") };
    assert_eq!((today.total_minor, today.cash_minor), (Some(3_015), Some(2_005)));
    // All by phone: nothing is rounded.
    device.done(sell(21, lines, vec![phone(3_015, "QX13")], SaleAbout::default()));
    assert_eq!(sale(&mut device, sale_id(21)).cash_rounding_minor, 0);
}

/// First-hour 17: claimed, then verified with its code, then settled; a code pays one sale.
#[test]
fn a_claim_is_verified_with_a_code_that_pays_once() {
    let mut device = Device::ready(1, &["Mango"], None);
    let about = SaleAbout::default;
    device.done(sell(20, vec![custom("Bag", 300)], vec![phone(300, "")], about()));
    device.done(sell(21, vec![custom("Bag", 200)], vec![phone(200, "AB1")], about()));
    assert_eq!(
        device.refused(sell(22, vec![custom("Bag", 200)], vec![phone(200, "ab-1")], about())),
        "code_used"
    );
    let rows = unseen(&mut device);
    assert_eq!(rows.iter().map(|row| row.amount_minor).sum::<i64>(), 500);
    assert!(rows.iter().all(|row| row.standing == Standing::Claimed && !row.is_twice));

    let verify = |sale, code: &str| Verb::VerifyPayment { sale, tender: 0, code: code.into() };
    assert_eq!(device.refused(command(30, verify(sale_id(20), "AB1"))), "code_used");
    device.done(command(31, verify(sale_id(20), "QX 12")));
    assert_eq!(device.refused(command(32, verify(sale_id(20), "QX12"))), "payment_seen");
    device.done(command(33, Verb::SettlePayment { sale: sale_id(20), tender: 0 }));
    let paid = &sale(&mut device, sale_id(20)).tenders[0];
    assert_eq!((paid.standing, paid.reference.as_str()), (Standing::Settled, "QX12"));
    // The code that it was verified with is used, too.
    assert_eq!(
        device.refused(sell(23, vec![custom("Bag", 300)], vec![phone(300, "qx12")], about())),
        "code_used"
    );

    let never = Verb::FailPayment { sale: sale_id(21), tender: 0, reason: "not in the list".into() };
    device.done(command(34, never));
    let rows = unseen(&mut device);
    assert_eq!((rows.len(), rows[0].standing), (1, Standing::Failed), "the money is still missing");
    device.done(command(35, Verb::VoidSale { sale: sale_id(21), reason: "not paid".into() }));
    assert!(unseen(&mut device).is_empty());
    device.done(sell(24, vec![custom("Bag", 200)], vec![phone(200, "AB1")], about()));
}

/// Money that nobody saw come does not leave the drawer.
#[test]
fn what_was_only_claimed_is_not_given_back() {
    let mut device = Device::ready(1, &["Mango"], None);
    let tenders = vec![TenderInput::cash(100), phone(300, "QX12")];
    device.done(sell(20, vec![custom("Bag", 400)], tenders, SaleAbout::default()));
    let back = |number: u16| {
        let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::KeptByBuyer }];
        let (tender, reason) = (TenderKind::Cash, "torn".into());
        command(number, Verb::Refund { sale: sale_id(20), lines, tender, reason, into: None })
    };
    assert_eq!(device.refused(back(30)), "refund_unpaid");
    device.done(command(33, Verb::VerifyPayment { sale: sale_id(20), tender: 1, code: "QX12".into() }));
    device.done(back(34));
}

fn drawer(device: &mut Device) -> Option<i64> {
    match view(device, &Query::Shift(STALL)) {
        View::Shift(shift) => shift.expected_minor,
        other => panic!("{other:?}"),
    }
}

fn back(sale: u16) -> Verb {
    let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::KeptByBuyer }];
    Verb::Refund { sale: sale_id(sale), lines, tender: TenderKind::Cash, reason: "torn".into(), into: None }
}

fn plan(device: &mut Device, of: u16, rest_into_purse: bool) -> Vec<(TenderKind, i64, bool)> {
    let Verb::Refund { sale, lines, tender, .. } = back(of) else { panic!("no refund") };
    match view(device, &Query::RefundPlan { stall: STALL, sale, lines, tender, rest_into_purse }) {
        View::RefundPlan(plan) => {
            plan.given.iter().map(|part| (part.kind, part.amount_minor, part.never_came)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// An amount that is no product's has the stall's tax.
#[test]
fn a_custom_amount_is_taxed_as_the_stall_says() {
    let mut device = Device::ready(1, &["Mango"], None);
    let lines = [custom("Bag", 1_160)];
    assert_eq!(basket(&mut device, &lines, &[]).tax_minor, 0);
    let edits = vec![StallEdit::TaxPpm(160_000), StallEdit::TaxInclusive(true)];
    device.done(command(10, Verb::EditStall { edits }));
    let shown = basket(&mut device, &lines, &[]);
    assert_eq!((shown.tax_minor, shown.total_minor), (160, 1_160));
    device.done(sell(20, lines.to_vec(), vec![TenderInput::cash(1_160)], SaleAbout::default()));
    assert_eq!(sale(&mut device, sale_id(20)).taxes[0].tax_minor, 160);
    device.done(command(11, Verb::EditStall { edits: vec![StallEdit::TaxInclusive(false)] }));
    assert_eq!(basket(&mut device, &lines, &[]).total_minor, 1_346);
}

/// One line that was paid in two ways comes back; what never came is taken out of the books, and nothing leaves for it.
#[test]
fn what_never_came_is_written_off_with_its_goods() {
    let mut device = Device::ready(1, &["Mango"], None);
    let before = drawer(&mut device);
    let tenders = vec![TenderInput::cash(100), phone(300, "QX12")];
    device.done(sell(20, vec![custom("Bag", 400)], tenders, SaleAbout::default()));
    let failed = Verb::FailPayment { sale: sale_id(20), tender: 1, reason: "not in the list".into() };
    device.done(command(31, failed));
    let expected = [(TenderKind::Cash, 100, false), (TenderKind::MobileMoney, 300, true)];
    assert_eq!(plan(&mut device, 20, false), expected, "it is said before");
    let done = device.done(command(32, back(20)));
    assert!(matches!(done, Reply::Refunded { amount_minor: 100, .. }), "{done:?}");
    assert_eq!(device.refused(command(33, back(20))), "refund_exceeds");
    assert_eq!(drawer(&mut device), before);
    assert_eq!(sale(&mut device, sale_id(20)).row.refunded_minor, 400);
}

/// What never came waits for nobody to see it once it is out of the books with its goods: by the part, and for good.
#[test]
fn what_is_written_off_is_unseen_no_more() {
    let mut device = Device::ready(1, &["Mango"], None);
    let waits = |device: &mut Device| -> (Vec<(i64, Standing)>, i64) {
        let rows = unseen(device).iter().map(|row| (row.amount_minor, row.standing)).collect();
        let query = Query::ShiftReport { stall: STALL, register: None, shift: None };
        let View::ShiftReport(report) = view(device, &query) else { panic!("no report") };
        (rows, report.tenders.iter().map(|tender| tender.unseen_minor).sum())
    };
    let two = SaleLineInput { quantity: 2, ..custom("Bag", 70) };
    device.done(sell(20, vec![two], vec![phone(140, "QX12")], SaleAbout::default()));
    device.done(sell(21, vec![custom("Bag", 30)], vec![phone(30, "QX13")], SaleAbout::default()));
    let (claimed, failed) = ((30, Standing::Claimed), Standing::Failed);
    assert_eq!(waits(&mut device), (vec![(140, Standing::Claimed), claimed], 170));
    let never = Verb::FailPayment { sale: sale_id(20), tender: 0, reason: "not in the list".into() };
    device.done(command(31, never));
    assert_eq!(waits(&mut device), (vec![(140, failed), claimed], 170), "it is missing still");
    device.done(command(32, back(20)));
    assert_eq!(waits(&mut device), (vec![(70, failed), claimed], 100));
    device.done(command(33, back(20)));
    assert_eq!(waits(&mut device), (vec![claimed], 30));
    let mut device = device.restart();
    assert_eq!(waits(&mut device), (vec![claimed], 30));
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

/// Coins go back as they came: rounded, and in parts no more than the whole.
#[test]
fn cash_that_goes_back_is_rounded_to_coins() {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(command(10, Verb::EditStall { edits: vec![StallEdit::CashStepMinor(5)] }));
    let before = drawer(&mut device).unwrap();
    let bag = |price| custom("Bag", price);
    let three = SaleLineInput { quantity: 3, ..bag(33) };
    device.done(sell(20, vec![three], vec![TenderInput::cash(100)], SaleAbout::default()));
    assert_eq!(drawer(&mut device), Some(before + 100));
    let mut left = Vec::new();
    for number in 21..24 {
        assert_eq!(plan(&mut device, 20, true)[0].1 % 5, 0, "coins can pay it");
        device.done(command(number, back(20)));
        left.push(drawer(&mut device).unwrap() - before);
    }
    assert_eq!(left, [65, 35, 0]);
    // By a card it goes back to the cent.
    let paid = TenderInput { kind: TenderKind::Card, ..TenderInput::cash(33) };
    device.done(sell(30, vec![bag(33)], vec![paid], SaleAbout::default()));
    let Verb::Refund { sale, lines, reason, into, .. } = back(30) else { panic!("no refund") };
    let done = device.done(command(31, Verb::Refund { sale, lines, tender: TenderKind::Card, reason, into }));
    assert!(matches!(done, Reply::Refunded { amount_minor: 33, .. }), "{done:?}");
    assert_eq!(drawer(&mut device), Some(before));
    // Of an exchange, only the coins that move are rounded.
    device.done(sell(40, vec![bag(1_003)], vec![TenderInput::cash(1_005)], SaleAbout::default()));
    let exchange = |number, price, tenders| {
        let Verb::Refund { sale, lines, reason, .. } = back(40) else { panic!("no refund") };
        let goods = sell(number, vec![bag(price)], tenders, SaleAbout::default()).verb;
        let returned = ReturnInput { sale, lines, reason };
        command(number, Verb::Exchange { returned, sale: Box::new(goods) })
    };
    assert_eq!(device.refused(exchange(41, 1_009, vec![])), "underpaid");
    device.done(exchange(42, 1_009, vec![TenderInput::cash(5)]));
    assert_eq!(drawer(&mut device), Some(before + 1_010));
}

fn put(line: u16, of: Option<u16>, quantity: i64) -> OpenOrderEdit {
    let content = TabLine {
        product: of.map(product),
        name: if of.is_none() { "Bag".into() } else { String::new() },
        quantity,
        unit_price_minor: 250,
        discount: if of.is_none() { DiscountInput::AmountMinor(10) } else { DiscountInput::None },
        note: String::new(),
        reason: if of.is_none() { "torn".into() } else { String::new() },
        label: String::new(),
    };
    OpenOrderEdit::PutLine { line: thing(line), content }
}

/// First-hour 9: both sets of lines remain; one pays; the other sees it closed and cannot pay again.
#[test]
fn two_cashiers_share_one_open_order() {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &["Mango"], Some(&relay));
    relay.admit(&first);
    first.replicate(&mut relay);
    let mut second = Device::new(2, Some(&relay));
    relay.admit(&second);
    second.replicate(&mut relay);
    second.done(open_shift(3));

    let order = OrderId(thing(60).0);
    let edit = |edits| Verb::EditOpenOrder { order, edits };
    first.done(command(40, edit(vec![OpenOrderEdit::Title("Table 4".into()), put(61, Some(MANGO), 2)])));
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    // Apart from each other, each adds a line, and one more of the other's.
    first.done(command(41, edit(vec![put(62, None, 1)])));
    let more = put(65, Some(MANGO), 1);
    second.done(command(41, edit(vec![put(63, Some(MANGO), 1), more])));
    for _ in 0..2 {
        first.replicate(&mut relay);
        second.replicate(&mut relay);
    }
    let merged = tab(&mut first, order);
    assert_eq!(merged, tab(&mut second, order));
    let lines: Vec<(&str, i64, DiscountInput)> =
        merged.lines.iter().map(|line| (line.name.as_str(), line.quantity, line.discount)).collect();
    let off = DiscountInput::AmountMinor(10);
    assert_eq!(merged.lines[1].reason, "torn");
    assert_eq!(
        lines,
        [
            ("Mango", 2, DiscountInput::None),
            ("Bag", 1, off),
            ("Mango", 1, DiscountInput::None),
            ("Mango", 1, DiscountInput::None)
        ]
    );

    let about = || SaleAbout { tab: Some(order), ..SaleAbout::default() };
    let lines = || vec![SaleLineInput::of(product(MANGO), 4), custom("Bag", 240)];
    first.done(sell(50, lines(), vec![TenderInput::cash(2_000)], about()));
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    assert_eq!(tab(&mut second, order).closed_by, Some(sale_id(50)));
    assert_eq!(second.refused(sell(51, lines(), vec![TenderInput::cash(2_000)], about())), "tab_closed");
    let open = Query::OpenOrders { stall: STALL, window: Window::first(5) };
    assert_eq!(view(&mut second, &open), View::OpenOrders(vec![]));
    // Nobody finds what is put into it now. What is in it may be taken out.
    assert_eq!(second.refused(command(42, edit(vec![put(64, Some(MANGO), 1)]))), "tab_closed");
    second.done(command(44, edit(vec![take(70, 62, 1)])));
    // A void opens it again: nothing was paid.
    first.done(command(52, Verb::VoidSale { sale: sale_id(50), reason: "wrong table".into() }));
    assert_eq!(tab(&mut first, order).closed_by, None);
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    second.done(command(45, edit(vec![put(64, Some(MANGO), 1)])));
    second.done(sell(53, lines(), vec![TenderInput::cash(2_000)], about()));
    second.replicate(&mut relay);
    first.replicate(&mut relay);
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
}

/// However many were put aside and paid before.
#[test]
fn a_cart_put_aside_is_listed_among_many_that_were_paid() {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(receive(3, product(MANGO), 50));
    let park = |number: u16| {
        let (order, edits) = (OrderId(thing(number).0), vec![put(number + 50, Some(MANGO), 1)]);
        command(number, Verb::EditOpenOrder { order, edits })
    };
    for number in 300..312 {
        device.done(park(number));
        if number != 306 && number != 309 {
            let about = SaleAbout { tab: Some(OrderId(thing(number).0)), ..SaleAbout::default() };
            let lines = vec![SaleLineInput::of(product(MANGO), 1)];
            device.done(sell(number + 100, lines, vec![TenderInput::cash(250)], about));
        }
    }
    let mut listed = |offset, rows| {
        let window = Window { offset, rows };
        match view(&mut device, &Query::OpenOrders { stall: STALL, window }) {
            View::OpenOrders(found) => found.into_iter().map(|row| row.order).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let [first, second] = [306, 309].map(|number| OrderId(thing(number).0));
    assert_eq!(listed(0, 1), [first]);
    assert_eq!(listed(1, 5), [second], "a window behind another one repeats nothing and leaves nothing out");
    assert_eq!(listed(2, 5), []);
}

/// R16: the stall's rule for goods in the hand that no share covers.
#[test]
fn a_stall_may_forbid_to_sell_beyond_the_share() {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(receive(10, product(MANGO), 2));
    let lines = || vec![SaleLineInput::of(product(MANGO), 3)];
    let tenders = || vec![TenderInput::cash(1_000)];
    device.done(command(11, Verb::EditStall { edits: vec![StallEdit::BeyondRule(BeyondRule::Refuse)] }));
    assert_eq!(device.refused(sell(20, lines(), tenders(), SaleAbout::default())), "beyond_forbidden");
    device.done(command(12, Verb::EditStall { edits: vec![StallEdit::BeyondRule(BeyondRule::Warn)] }));
    device.done(sell(21, lines(), tenders(), SaleAbout::default()));
    assert_eq!(device.stock(product(MANGO)).owed, 1);
}

/// C63: what a scale printed is read as it says.
#[test]
fn a_label_of_a_scale_is_a_weight_or_a_price() {
    let mut device = Device::ready(1, &["Mango"], None);
    let wrong = Verb::EditStall { edits: vec![StallEdit::ScaleCodes("20II".into())] };
    assert_eq!(device.refused(command(10, wrong)), "scale_codes_odd");
    let patterns = StallEdit::ScaleCodes("20IIIIIWWWWWC 22IIIIVPPPPPC".into());
    device.done(command(11, Verb::EditStall { edits: vec![patterns] }));
    let content = ProductContent {
        unit: Unit::Gram,
        price_per: 1_000,
        barcodes: vec!["42".into()],
        ..ProductContent::piece("Cheese", 1_500)
    };
    device.done(command(111, Verb::CreateProduct { product: product(111), content }));
    let mut scan = |code: &str| match view(&mut device, &Query::Scan { stall: STALL, code: code.into() }) {
        View::Scanned(rows) => rows,
        View::Products(rows) => {
            assert!(rows.is_empty());
            vec![]
        }
        other => panic!("{other:?}"),
    };
    let said =
        |rows: &[ScannedRow]| rows.iter().map(|row| (row.quantity, row.price_minor)).collect::<Vec<_>>();
    assert_eq!(said(&scan("2000042012342")), [(1_234, None)]);
    assert_eq!(said(&scan("2000042012345")), [], "the check digit is wrong");
    device.done(command(
        12,
        Verb::EditProduct { product: product(111), edits: vec![ProductEdit::AddBarcode("0421".into())] },
    ));
    let mut scan = |code: &str| view(&mut device, &Query::Scan { stall: STALL, code: code.into() });
    let View::Scanned(rows) = scan("2204217009902") else { panic!("not read") };
    assert_eq!(said(&rows), [(660, Some(990))]);
    // The buyer pays what the label says, whatever the weight rounds to.
    let line = SaleLineInput {
        unit_price_minor: Some(990),
        price_per: Some(660),
        label: "2204217009902".into(),
        ..SaleLineInput::of(product(111), 660)
    };
    let labelled = basket(&mut device, std::slice::from_ref(&line), &[]);
    assert_eq!((labelled.total_minor, labelled.lines[0].own_price_minor), (990, None));
    // Put aside, the packet keeps it, also for another register.
    let content = TabLine {
        product: Some(product(111)),
        name: String::new(),
        quantity: 660,
        unit_price_minor: 1_500,
        discount: DiscountInput::None,
        note: String::new(),
        reason: String::new(),
        label: "2204217009902".into(),
    };
    let put = OpenOrderEdit::PutLine { line: thing(61), content };
    let order = OrderId(thing(60).0);
    device.done(command(40, Verb::EditOpenOrder { order, edits: vec![put] }));
    let label = tab(&mut device, order).lines[0].label.clone().unwrap();
    assert_eq!((label.price_minor, label.quantity), (990, 660));
    // It says so of its own product and of its own price only.
    for (changed, own_minor) in [
        (SaleLineInput { label: "2000042012342".into(), ..line.clone() }, 1_500),
        (SaleLineInput { unit_price_minor: Some(900), ..line.clone() }, 990),
        (SaleLineInput { label: String::new(), ..line }, 1_500),
    ] {
        assert_eq!(basket(&mut device, &[changed], &[]).lines[0].own_price_minor, Some(own_minor));
    }
}

/// One packet is one, whatever its label says that it costs.
#[test]
fn a_label_with_a_price_is_one_packet_of_what_is_sold_by_the_piece() {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(command(11, Verb::EditStall { edits: vec![StallEdit::ScaleCodes("22IIIIVPPPPPC".into())] }));
    let content = ProductContent { barcodes: vec!["0421".into()], ..ProductContent::piece("Pie", 500) };
    device.done(command(111, Verb::CreateProduct { product: product(111), content }));
    device.done(receive(12, product(111), 10));
    let code = "2204217009902";
    let View::Scanned(rows) = view(&mut device, &Query::Scan { stall: STALL, code: code.into() }) else {
        panic!("not read")
    };
    assert_eq!((rows[0].quantity, rows[0].price_minor), (1, Some(990)));
    let content = TabLine {
        product: Some(product(111)),
        name: String::new(),
        quantity: 1,
        unit_price_minor: 500,
        discount: DiscountInput::None,
        note: String::new(),
        reason: String::new(),
        label: code.into(),
    };
    let order = OrderId(thing(60).0);
    let edits = vec![OpenOrderEdit::PutLine { line: thing(61), content }];
    device.done(command(40, Verb::EditOpenOrder { order, edits }));
    let label = tab(&mut device, order).lines[0].label.clone().unwrap();
    assert_eq!((label.price_minor, label.quantity), (990, 1));
    let line = SaleLineInput {
        unit_price_minor: Some(990),
        price_per: Some(1),
        label: code.into(),
        ..SaleLineInput::of(product(111), 1)
    };
    let shown = basket(&mut device, std::slice::from_ref(&line), &[]);
    assert_eq!((shown.total_minor, shown.lines[0].own_price_minor), (990, None));
    device.done(sell(20, vec![line], vec![TenderInput::cash(990)], SaleAbout::default()));
    assert_eq!(device.stock(product(111)).counted, 9);
}

/// P11, over two hundred baskets, a third of which come back in part: screen, reply, receipt, its lines and taxes, the day, the
/// drawer, its report and the export agree.
#[test]
fn every_place_shows_the_same_figures() {
    let mut device = Device::ready(1, &["Mango"], None);
    let (mut chance, mut prices) = (Chance(11), Vec::new());
    let mut by_amount = 0;
    for number in 0..6u16 {
        let (price, per) = (chance.below(5_000), if number > 3 { 1_000 } else { 1 });
        prices.push((price, per));
        let content = ProductContent {
            tax_ppm: [0, 50_000, 88_750, 100_000, 220_000, 333_333][usize::from(number)],
            tax_inclusive: number % 2 == 0,
            price_per: per,
            unit: if number > 3 { Unit::Gram } else { Unit::Piece },
            ..ProductContent::piece("Thing", price)
        };
        device.done(command(200 + number, Verb::CreateProduct { product: product(200 + number), content }));
    }
    let edits = vec![StallEdit::TaxPpm(160_000), StallEdit::TaxInclusive(false)];
    device.done(command(900, Verb::EditStall { edits }));
    let before = drawer(&mut device).unwrap();
    let (mut total, mut cash, mut worth, mut tax, mut paid_in) = (0, 0, 0, 0, 0);
    for number in 0..200u16 {
        let steps = [0, 1, 5, 10, 100];
        let step = steps[usize::try_from(chance.below(5)).unwrap()];
        device.done(command(1_000 + number, Verb::EditStall { edits: vec![StallEdit::CashStepMinor(step)] }));
        let (lines, left_minor) = chance.lines(&prices);
        let discount = chance.discount(left_minor);
        by_amount += amounts_off(&lines, discount);
        let asked = |tenders| Query::Basket { stall: STALL, lines: lines.clone(), discount, tenders };
        let View::Basket(bare) = view(&mut device, &asked(vec![])) else { panic!("no basket") };
        let card = chance.below(bare.total_minor + 1);
        let mut tenders = if card > 0 { vec![phone(card, &format!("C{number}"))] } else { vec![] };
        let View::Basket(rest) = view(&mut device, &asked(tenders.clone())) else { panic!("no basket") };
        tenders.push(TenderInput::cash(rest.due_in_cash_minor + chance.below(300)));
        let View::Basket(shown) = view(&mut device, &asked(tenders.clone())) else { panic!("no basket") };
        assert_eq!(shown.due_minor, 0);
        let (sale_made, beyond, about) = (sale_id(3_000 + number), BeyondShare::Allow, SaleAbout::default());
        let verb = Verb::MakeSale { sale: sale_made, lines: lines.clone(), discount, tenders, beyond, about };
        let Reply::Sold { total_minor, cash_rounding_minor, change_minor, .. } =
            device.done(command(3_000 + number, verb))
        else {
            panic!("not sold")
        };
        let receipt = sale(&mut device, sale_made);
        let told = (total_minor, cash_rounding_minor, change_minor);
        assert_eq!(told, (shown.total_minor, shown.cash_rounding_minor, shown.change_minor));
        assert_eq!(told, (receipt.row.total_minor, receipt.cash_rounding_minor, receipt.change_minor));
        assert_eq!(receipt.lines.iter().map(|line| line.total_minor).sum::<i64>(), total_minor);
        assert_eq!(receipt.taxes, shown.taxes);
        assert_eq!(shown.net_minor + shown.taxes.iter().map(|tax| tax.tax_minor).sum::<i64>(), total_minor);
        let paid: i64 = receipt.tenders.iter().map(|tender| tender.amount_minor).sum();
        assert_eq!(paid, total_minor + cash_rounding_minor + change_minor);
        (total, cash) = (total + total_minor, cash + paid - card - change_minor);
        (tax, paid_in) = (tax + shown.tax_minor, paid_in + paid - change_minor);
        if number % 3 == 0 {
            let tender = if number % 2 == 0 { TenderKind::Cash } else { TenderKind::Card };
            let line = chance.line_of(&receipt);
            let (of_worth, given) = come_back(&mut device, (number, sale_made), (line, tender), card > 0);
            (worth, paid_in) = (worth + of_worth, paid_in - given);
            cash -= if tender == TenderKind::Cash { given } else { 0 };
        }
    }
    assert!(by_amount > 100, "amounts came off {by_amount} times only");
    assert_eq!(drawer(&mut device), Some(before + cash));
    reported(&mut device, (total, tax), (worth, paid_in));
    let View::Today(today) = view(&mut device, &Query::Today(STALL)) else { panic!("no day") };
    assert_eq!((today.sales, today.total_minor, today.cash_minor), (200, Some(total), Some(cash)));
}

/// Some of a sale comes back as the screen had said; answers what it was worth, and what was given for it.
fn come_back(
    device: &mut Device,
    (number, sale): (u16, SaleId),
    (line, tender): (RefundLineInput, TenderKind),
    by_phone: bool,
) -> (i64, i64) {
    if by_phone {
        let seen = Verb::VerifyPayment { sale, tender: 0, code: format!("V{number}") };
        device.done(command(6_000 + number, seen));
    }
    let (lines, rest_into_purse) = (vec![line], false);
    let query = Query::RefundPlan { stall: STALL, sale, lines: lines.clone(), tender, rest_into_purse };
    let View::RefundPlan(plan) = view(device, &query) else { panic!("no plan") };
    let verb = Verb::Refund { sale, lines, tender, reason: "ripe".into(), into: None };
    let Reply::Refunded { amount_minor, .. } = device.done(command(9_000 + number, verb)) else {
        panic!("not refunded")
    };
    let given: i64 = plan.given.iter().map(|part| part.amount_minor).sum();
    assert_eq!((given, amount_minor), (plan.amount_minor + plan.cash_rounding_minor, given));
    (plan.amount_minor, given)
}

/// The report of the drawer and the tables for other programs say the same.
fn reported(device: &mut Device, (total, tax): (i64, i64), (worth, paid_in): (i64, i64)) {
    let query = Query::ShiftReport { stall: STALL, register: None, shift: None };
    let View::ShiftReport(report) = view(device, &query) else { panic!("no report") };
    assert_eq!((report.sales, report.sales_minor, report.refunds_minor), (200, total, worth));
    assert_eq!(report.net_minor, total - worth);
    let by_means: i64 =
        report.tenders.iter().map(|of| of.amount_minor.unwrap_or(0) - of.refunded_minor).sum();
    assert_eq!(by_means, report.net_minor + report.rounding_minor);
    assert_eq!(by_means, paid_in);
    let zip = device.engine.export_tables(STALL, now()).unwrap();
    assert_eq!(summed(&zip, "sale-lines.csv", "total"), total);
    assert_eq!(summed(&zip, "sale-taxes.csv", "tax"), tax);
    let went = summed(&zip, "refund-payments.csv", "amount");
    assert_eq!(summed(&zip, "sale-payments.csv", "amount") - went, paid_in);
    assert_eq!(summed(&zip, "refund-lines.csv", "worth"), worth);
}

/// A column of money in a table of the export, in its smallest unit.
pub(crate) fn summed(zip: &[u8], file: &str, column: &str) -> i64 {
    let text = String::from_utf8_lossy(zip);
    let table = text.split_once(&format!("{file}\u{feff}")).unwrap().1.split("PK").next().unwrap();
    let mut lines = table.lines();
    let place = lines.next().unwrap().split(',').position(|head| head == column).unwrap();
    // No cell of these tables has a comma.
    lines.map(|line| line.split(',').nth(place).unwrap().replace('.', "").parse::<i64>().unwrap()).sum()
}

/// How many discounts are amounts.
fn amounts_off(lines: &[SaleLineInput], discount: DiscountInput) -> usize {
    let all = lines.iter().map(|line| line.discount).chain([discount]);
    all.filter(|off| matches!(off, DiscountInput::AmountMinor(minor) if *minor > 0)).count()
}

pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    /// Off so much: nothing, a part, an amount, or all of it.
    fn discount(&mut self, of_minor: i64) -> DiscountInput {
        match self.below(4) {
            0 => DiscountInput::None,
            1 => DiscountInput::PercentPpm(u32::try_from(self.below(1_000_001)).unwrap()),
            2 if self.below(9) == 0 => DiscountInput::AmountMinor(of_minor),
            _ => DiscountInput::AmountMinor(self.below(of_minor + 1)),
        }
    }

    /// Some of one line that was sold.
    fn line_of(&mut self, receipt: &SaleView) -> RefundLineInput {
        let line = self.below(i64::try_from(receipt.lines.len()).unwrap());
        let sold = receipt.lines[usize::try_from(line).unwrap()].quantity;
        let quantity = 1 + self.below(sold);
        RefundLineInput { line: u32::try_from(line).unwrap(), quantity, goods: GoodsBack::Waste }
    }

    /// Lines of products with these prices, and what their own discounts leave of them.
    fn lines(&mut self, prices: &[(i64, i64)]) -> (Vec<SaleLineInput>, i64) {
        let count = 1 + self.below(6);
        let mut left_minor = 0;
        let mut line = |_| {
            let (line, gross_minor) = if self.below(7) == 0 {
                let minor = self.below(900);
                (custom("Bag", minor), minor)
            } else {
                let number = self.below(6);
                let (price, per) = prices[usize::try_from(number).unwrap()];
                let quantity = 1 + self.below(2_000);
                let of = product(200 + u16::try_from(number).unwrap());
                (SaleLineInput::of(of, quantity), (quantity * price * 2 + per) / (per * 2))
            };
            let discount = self.discount(gross_minor);
            left_minor += match discount {
                DiscountInput::None => gross_minor,
                DiscountInput::AmountMinor(off) => gross_minor - off,
                DiscountInput::PercentPpm(ppm) => {
                    gross_minor - (gross_minor * i64::from(ppm) * 2 + 1_000_000) / 2_000_000
                }
            };
            SaleLineInput { discount, ..line }
        };
        let lines = (0..count).map(&mut line).collect();
        (lines, left_minor)
    }
}
