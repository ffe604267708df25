//! Customers, and what a stall owes them: gift cards, store credit and points.

use soko_app_api::{
    BeyondShare, Command, CustomerInput, CustomerRow, CustomerView, DiscountInput, LoyaltyView, PurseInput,
    PurseTotal, PurseView, PurseWhat, Query, RefundLineInput, Reply, ReturnInput, SaleAbout, SaleLineInput,
    SaleView, ShiftReport, TenderInput, Verb, View, Window,
};
use soko_domain::ask::{Answer, Ask};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{GoodsBack, PurseKind, RefundAllowed, ShareGranted, ShareRecalled};
use soko_domain::ids::{ShareId, ShiftId, ThingId};
use soko_domain::purse::CardCode;
use soko_projection::{running_digest, state_digest};
use soko_record_log::{StoreError, log};

use crate::world::{Device, Relay, STALL, command, now, product, receive, sale_id, thing};

const MANGO: u16 = 101;
const AMINA: u16 = 500;

fn stocked() -> Device {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(receive(3, product(MANGO), 500));
    device
}

fn put(number: u16, customer: u16, name: &str, phone: &str) -> Command {
    let about = CustomerInput { name: name.into(), phone: phone.into(), ..CustomerInput::default() };
    command(number, Verb::PutCustomer { customer: thing(customer), about })
}

fn code() -> String {
    CardCode::of_chance([9; 16]).to_string()
}

fn card() -> PurseInput {
    PurseInput::Card(code())
}

fn credit() -> PurseInput {
    PurseInput::Credit(thing(AMINA))
}

fn points() -> PurseInput {
    PurseInput::Points(thing(AMINA))
}

fn by(kind: TenderKind, amount_minor: i64) -> TenderInput {
    TenderInput { kind, ..TenderInput::cash(amount_minor) }
}

fn from(purse: PurseInput, amount_minor: i64) -> TenderInput {
    TenderInput { purse: Some(purse), ..by(TenderKind::Voucher, amount_minor) }
}

fn fill(number: u16, purse: PurseInput, units: i64) -> Command {
    let (tender, reason) = (Some(TenderInput::cash(units)), String::new());
    command(number, Verb::FillPurse { purse, units, tender, reason })
}

/// Mangoes at 2.50 each.
fn sell(number: u16, quantity: i64, customer: Option<u16>, tenders: Vec<TenderInput>) -> Command {
    command(
        number,
        Verb::MakeSale {
            sale: sale_id(number),
            lines: vec![SaleLineInput::of(product(MANGO), quantity)],
            discount: DiscountInput::None,
            tenders,
            beyond: BeyondShare::Refuse,
            about: SaleAbout { customer: customer.map(thing), ..SaleAbout::default() },
        },
    )
}

fn refund(number: u16, sale: u16, quantity: i64, into: Option<PurseInput>) -> Command {
    let lines = vec![RefundLineInput { line: 0, quantity, goods: GoodsBack::Sellable }];
    let tender = if into.is_some() { TenderKind::Voucher } else { TenderKind::Cash };
    command(number, Verb::Refund { sale: sale_id(sale), lines, tender, reason: "ripe".into(), into })
}

fn void(number: u16, sale: u16) -> Command {
    command(number, Verb::VoidSale { sale: sale_id(sale), reason: "wrong".into() })
}

fn loyalty(number: u16, earn_minor: i64, worth_minor: i64) -> Command {
    command(number, Verb::PutLoyalty(LoyaltyView { earn_minor, worth_minor }))
}

impl Device {
    fn asked(&mut self, query: Query) -> View {
        self.engine.answer(&query, now()).unwrap()
    }

    fn customers(&mut self, text: &str) -> Vec<CustomerRow> {
        let query = Query::Customers { stall: STALL, text: text.into(), window: Window::first(10) };
        match self.asked(query) {
            View::Customers(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    fn customer(&mut self, customer: u16) -> CustomerView {
        match self.asked(Query::Customer { stall: STALL, customer: thing(customer) }) {
            View::Customer(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn purse(&mut self, purse: PurseInput) -> PurseView {
        match self.asked(Query::Purse { stall: STALL, purse }) {
            View::Purse(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    /// What is here and what there is in all.
    fn balance(&mut self, purse: PurseInput) -> (i64, i64) {
        let view = self.purse(purse);
        (view.here, view.here + view.elsewhere)
    }

    fn shift_report(&mut self) -> ShiftReport {
        match self.asked(Query::ShiftReport { stall: STALL, register: None, shift: None }) {
            View::ShiftReport(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn sold(&mut self, sale: u16) -> SaleView {
        match self.asked(Query::Sale { stall: STALL, sale: sale_id(sale) }) {
            View::Sale(view) => view,
            other => panic!("{other:?}"),
        }
    }

    /// Every byte that leaves this device with its records.
    fn bodies(&mut self) -> Vec<u8> {
        let records = self.engine.database().read::<_, StoreError>(|tx| log::since(tx, STALL, 0, 10_000));
        let records = records.unwrap().into_iter();
        records.flat_map(|row| row.record.body.bytes().map(<[u8]>::to_vec).unwrap_or_default()).collect()
    }

    fn digests_agree(&mut self) {
        let both = self
            .engine
            .database()
            .read::<_, StoreError>(|tx| Ok((running_digest(tx, STALL)?, state_digest(tx, STALL)?)));
        let (running, state) = both.unwrap();
        assert_eq!(running, state);
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_customer_is_found_by_name_or_number_and_edited() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amína Wanjirũ", "+254 712 345 678"));
    device.done(put(11, 501, "Émile Kibe", "0733 000 111"));
    for (text, found) in [
        ("amina", vec!["Amína Wanjirũ"]),
        ("WANJIRU ami", vec!["Amína Wanjirũ"]),
        ("712-345", vec!["Amína Wanjirũ"]),
        ("kibe", vec!["Émile Kibe"]),
        ("%", vec![]),
        ("", vec!["Amína Wanjirũ", "Émile Kibe"]),
    ] {
        let names: Vec<String> = device.customers(text).into_iter().map(|row| row.name).collect();
        assert_eq!(names, found, "{text}");
    }
    device.done(put(12, AMINA, "Amina W.", ""));
    let view = device.customer(AMINA);
    assert_eq!((view.about.name.as_str(), view.about.phone.as_str()), ("Amina W.", ""));
    assert_eq!(device.refused(put(13, 502, "  ", "")), "name_missing");
}

#[test]
fn an_erased_customer_is_gone_from_every_record_here_and_elsewhere() {
    let mut relay = Relay::new();
    let mut one = Device::ready(1, &["Mango"], Some(&relay));
    let mut two = Device::new(2, Some(&relay));
    relay.admit(&one);
    relay.admit(&two);
    one.done(put(10, AMINA, "Amina Wanjiru", "0712"));
    one.done(put(11, AMINA, "Amina Wanjiru", "0799"));
    one.replicate(&mut relay);
    two.replicate(&mut relay);
    assert_eq!(two.customers("wanjiru").len(), 1);
    two.done(command(12, Verb::EraseCustomer { customer: thing(AMINA) }));
    two.replicate(&mut relay);
    one.replicate(&mut relay);
    for device in [&mut one, &mut two] {
        assert_eq!(device.customers(""), vec![]);
        let view = device.customer(AMINA);
        assert!(view.is_erased && view.about == CustomerInput::default(), "{view:?}");
        let bodies = device.bodies();
        assert!(!holds(&bodies, "Wanjiru") && !holds(&bodies, "0799"));
    }
    assert_eq!(one.refused(put(13, AMINA, "Amina", "")), "customer_erased");
    assert_eq!(one.refused(command(14, Verb::EraseCustomer { customer: thing(AMINA) })), "unknown_customer");
}

/// First-hour 12: 40 by card, 20 by points, the rest in cash; nothing is due.
#[test]
fn a_sale_is_paid_by_card_by_points_and_the_rest_in_cash() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    device.done(loyalty(11, 100, 5));
    device.done(fill(12, card(), 4_000));
    // 200 mangoes for 500.00 earn 500 points.
    device.done(sell(20, 200, Some(AMINA), vec![TenderInput::cash(50_000)]));
    assert_eq!(device.balance(points()), (500, 500));
    let tenders = vec![from(card(), 4_000), from(points(), 2_000), TenderInput::cash(2_000)];
    let reply = device.done(sell(21, 30, Some(AMINA), tenders));
    let Reply::Sold { total_minor: 7_500, change_minor: 500, .. } = reply else { panic!("{reply:?}") };
    // The same sale again under another command is the one that was made.
    let tenders = vec![from(card(), 4_000), from(points(), 2_000), TenderInput::cash(2_000)];
    let Command { verb, .. } = sell(21, 30, Some(AMINA), tenders);
    let again = device.done(command(22, verb));
    assert!(matches!(again, Reply::Sold { receipt_number: 2, .. }), "{again:?}");
    // 400 points paid, and what was not paid by points earned 55.
    assert_eq!((device.balance(card()), device.balance(points())), ((0, 0), (155, 155)));
    let references: Vec<String> =
        device.sold(21).tenders.into_iter().map(|tender| tender.reference).collect();
    let label = device.purse(card()).label;
    assert_eq!(references, [format!("card:{label}"), "points:400".into(), String::new()]);
    let bodies = device.bodies();
    assert!(!holds(&bodies, &code()) && !holds(&bodies, &code().replace('-', "")));
    device.digests_agree();
}

#[test]
fn a_purse_pays_what_is_in_it_and_nobody_else_s() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    assert_eq!(device.refused(sell(20, 1, None, vec![from(card(), 250)])), "unknown_purse");
    device.done(fill(12, card(), 400));
    assert_eq!(device.refused(sell(21, 2, None, vec![from(card(), 500)])), "purse_short");
    // Twice from one card is not more than once.
    assert_eq!(device.refused(sell(22, 2, None, vec![from(card(), 250), from(card(), 250)])), "purse_short");
    assert_eq!(device.refused(sell(23, 1, Some(AMINA), vec![from(points(), 250)])), "points_none");
    let wrong = PurseInput::Card(code().replace('9', "8"));
    assert_eq!(device.refused(sell(24, 1, None, vec![from(wrong, 250)])), "purse_code_odd");
    // Seen in a list is not held in the hand.
    let listed = PurseInput::Listed(device.purse(card()).purse);
    assert_eq!(device.refused(sell(25, 1, None, vec![from(listed.clone(), 250)])), "purse_code_missing");
    assert_eq!(device.purse(listed).here_minor, 400);
    device.done(sell(26, 2, None, vec![from(card(), 250), from(card(), 100), TenderInput::cash(150)]));
    assert_eq!(device.balance(card()), (50, 50));
    // Nothing of what was refused took a number or a coin.
    assert_eq!(device.sold(26).row.receipt_number, 1);
}

#[test]
fn a_void_and_a_refund_bring_value_back_and_take_points() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    device.done(loyalty(11, 100, 5));
    device.done(fill(12, card(), 1_000));
    device.done(sell(20, 4, Some(AMINA), vec![from(card(), 1_000)]));
    assert_eq!((device.balance(card()), device.balance(points())), ((0, 0), (10, 10)));
    device.done(void(21, 20));
    assert_eq!((device.balance(card()), device.balance(points())), ((1_000, 1_000), (0, 0)));
    let undone = device.purse(card()).entries.into_iter().map(|entry| (entry.what, entry.units));
    let expected = [(PurseWhat::Undone, 1_000), (PurseWhat::Paid, -1_000), (PurseWhat::Bought, 1_000)];
    assert_eq!(undone.collect::<Vec<_>>(), expected);

    // 10.00 in cash, one of four back onto the card and one as credit; points go with what went back.
    device.done(sell(30, 4, Some(AMINA), vec![TenderInput::cash(1_000)]));
    device.done(refund(31, 30, 1, Some(card())));
    device.done(refund(32, 30, 1, Some(credit())));
    assert_eq!((device.balance(card()), device.balance(credit())), ((1_250, 1_250), (250, 250)));
    assert_eq!(device.balance(points()), (5, 5));
    // The points are spent before the rest comes back: what is missing is said, and nobody owes points.
    device.done(sell(33, 1, Some(AMINA), vec![from(points(), 25), TenderInput::cash(225)]));
    device.done(refund(34, 30, 2, None));
    let last = device.purse(points()).entries.into_iter().find(|entry| entry.what == PurseWhat::TakenBack);
    let last = last.map(|entry| (entry.units, entry.missing));
    assert_eq!((last, device.balance(points())), (Some((-2, 3)), (0, 0)));
    assert_eq!(device.refused(refund(35, 33, 1, Some(points()))), "points_not_back");
    device.digests_agree();
}

#[test]
fn what_is_given_has_a_reason_and_stands_in_the_audit() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    let given = |number, reason: &str| {
        let reason = reason.into();
        command(number, Verb::FillPurse { purse: credit(), units: 300, tender: None, reason })
    };
    assert_eq!(device.refused(given(11, "")), "reason_missing");
    device.done(given(12, "came too late"));
    assert_eq!(device.balance(credit()), (300, 300));
    let what = Some(soko_app_api::AuditWhat::PurseGiven);
    let (person, business_day, before, rows) = (None, None, None, 10);
    let View::Audit(rows) =
        device.asked(Query::Audit { stall: STALL, person, business_day, what, before, rows })
    else {
        panic!("no audit")
    };
    let rows: Vec<_> = rows.iter().map(|row| (row.amount_minor, row.reason.as_str())).collect();
    assert_eq!(rows, [(Some(300), "came too late")]);
    assert_eq!(device.refused(fill(13, PurseInput::Credit(thing(999)), 100)), "unknown_customer");
}

/// What a purse paid goes back into a purse, or out as goods; never as money, not by way of an exchange either (R14).
#[test]
fn what_a_card_paid_becomes_no_money() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    device.done(fill(12, card(), 2_000));
    let before = device.shift_report().expected_minor;
    device.done(sell(20, 4, None, vec![from(card(), 750), TenderInput::cash(250)]));
    assert_eq!(device.refused(refund(21, 20, 2, None)), "refund_unpaid");
    device.done(refund(22, 20, 1, None));
    assert_eq!(device.refused(refund(23, 20, 1, None)), "refund_unpaid", "the cash went back already");
    let exchange = |number: u16, of: u16, out: i64| {
        let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable }];
        let returned = ReturnInput { sale: sale_id(of), lines, reason: "too green".into() };
        let goods = sell(number, out, None, vec![]).verb;
        command(number, Verb::Exchange { returned, sale: Box::new(goods) })
    };
    device.done(exchange(24, 20, 1));
    assert_eq!(device.refused(refund(25, 24, 1, None)), "refund_unpaid", "it is no cash by now either");
    assert_eq!(device.refused(void(29, 24)), "sale_exchanged", "no purse would have it again");
    device.done(refund(26, 24, 1, Some(credit())));
    device.done(refund(27, 20, 1, Some(card())));
    device.done(refund(28, 20, 1, Some(card())));
    assert_eq!((device.balance(card()), device.balance(credit())), ((1_750, 1_750), (250, 250)));
    assert_eq!(device.shift_report().expected_minor, before, "what came in as cash went out as cash");
    device.digests_agree();
}

/// C73: what a buyer only says fills no purse, and a code that paid for something fills none.
#[test]
fn a_payment_by_phone_fills_a_purse_when_it_was_seen() {
    let mut device = stocked();
    let by_phone = |number, code: &str, seen| {
        let tender = TenderInput { reference: code.into(), seen, ..TenderInput::cash(500) };
        let tender = Some(TenderInput { kind: TenderKind::MobileMoney, ..tender });
        command(number, Verb::FillPurse { purse: card(), units: 500, tender, reason: String::new() })
    };
    assert_eq!(device.refused(by_phone(10, "QX1", false)), "payment_unseen");
    assert_eq!(device.refused(by_phone(11, "", true)), "payment_unseen");
    device.done(by_phone(12, "QX1", true));
    assert_eq!(device.refused(by_phone(13, "q x1", true)), "code_used");
    // It pays no sale either, and what paid a sale fills no purse.
    let phone = |code: &str| TenderInput {
        kind: TenderKind::MobileMoney,
        reference: code.into(),
        ..TenderInput::cash(250)
    };
    assert_eq!(device.refused(sell(20, 1, None, vec![phone("QX1")])), "code_used");
    device.done(sell(21, 1, None, vec![phone("QX2")]));
    assert_eq!(device.refused(by_phone(14, "QX2", true)), "code_used");
    assert_eq!(device.balance(card()), (500, 500));
}

/// A line that was paid in cash and from a card comes back into both, by one refund; and out for other goods as both.
#[test]
fn a_line_that_was_paid_in_two_ways_goes_back_in_two() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    device.done(fill(12, card(), 2_000));
    let before = device.shift_report().expected_minor;
    let two_ways = |number| sell(number, 1, None, vec![from(card(), 150), TenderInput::cash(100)]);
    device.done(two_ways(20));
    let both = |number, of| {
        let Verb::Refund { sale, lines, reason, into, .. } = refund(number, of, 1, Some(credit())).verb
        else {
            panic!("no refund")
        };
        command(number, Verb::Refund { sale, lines, tender: TenderKind::Cash, reason, into })
    };
    let nowhere = |number, of| {
        let Verb::Refund { sale, lines, reason, .. } = refund(number, of, 1, None).verb else {
            panic!("no refund")
        };
        command(number, Verb::Refund { sale, lines, tender: TenderKind::Voucher, reason, into: None })
    };
    assert_eq!(device.refused(nowhere(21, 20)), "purse_unnamed", "a voucher has to be somewhere");
    device.done(both(22, 20));
    assert_eq!((device.balance(credit()), device.shift_report().expected_minor), ((150, 150), before));

    device.done(two_ways(30));
    let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable }];
    let returned = ReturnInput { sale: sale_id(30), lines, reason: "too green".into() };
    let exchange = |number: u16, price_minor: i64, tenders: &[TenderInput]| {
        let goods = sell(number, 1, None, tenders.to_vec()).verb;
        let Verb::MakeSale { sale, mut lines, discount, tenders, beyond, about } = goods else {
            panic!("no sale")
        };
        lines[0].unit_price_minor = Some(price_minor);
        let goods = Verb::MakeSale { sale, lines, discount, tenders, beyond, about };
        command(number, Verb::Exchange { returned: returned.clone(), sale: Box::new(goods) })
    };
    let shown = |device: &mut Device, of: &Command| {
        let Verb::Exchange { returned, sale } = &of.verb else { panic!("no exchange") };
        let Verb::MakeSale { lines, discount, tenders, .. } = sale.as_ref() else { panic!("no sale") };
        let (returned, lines, tenders) = (returned.clone(), lines.clone(), tenders.clone());
        let query = Query::Exchange { stall: STALL, returned, lines, discount: *discount, tenders };
        let View::Basket(basket) = device.asked(query) else { panic!("no basket") };
        (basket.returned_minor, basket.due_minor, basket.change_minor, basket.excess_minor)
    };
    // The screen says what the register does: for less than the card had paid nothing can be taken, and nothing is change.
    let less = exchange(31, 100, &[]);
    assert_eq!(shown(&mut device, &less), (250, 0, 0, 50));
    assert_eq!(device.refused(less), "payment");
    let between = exchange(32, 200, &[]);
    assert_eq!(shown(&mut device, &between), (250, 0, 50, 0));
    let done = device.done(between.clone());
    assert!(matches!(done, Reply::Sold { total_minor: 200, change_minor: 50, .. }), "{done:?}");
    let again = command(33, between.verb);
    assert_eq!(device.done(again), done, "once, however often it is asked for");
    let grown = device.shift_report().expected_minor.zip(before).map(|(now, before)| now - before);
    assert_eq!(grown, Some(50), "100 came in, 50 went out");
    device.digests_agree();
}

/// A card that is sold is owed: it lies in the drawer and is no revenue; what it pays is a sale and no cash.
#[test]
fn the_drawer_keeps_what_is_owed_apart_from_what_was_earned() {
    let mut device = stocked();
    let before = device.shift_report();
    device.done(fill(12, card(), 4_000));
    device.done(sell(20, 10, None, vec![from(card(), 2_000), TenderInput::cash(500)]));
    device.done(sell(21, 1, None, vec![from(card(), 250)]));
    device.done(void(22, 21));
    let report = device.shift_report();
    let grown = report.expected_minor.zip(before.expected_minor).map(|(now, before)| now - before);
    assert_eq!((grown, report.net_minor, report.sales), (Some(4_500), 2_500, 2));
    let tenders: Vec<_> = report.tenders.iter().map(|total| (total.kind, total.amount_minor)).collect();
    assert_eq!(tenders, [(TenderKind::Cash, Some(4_500)), (TenderKind::Voucher, Some(2_000))]);
    let total = PurseTotal {
        kind: PurseKind::GiftCard,
        bought: 1,
        bought_units: 4_000,
        given_units: 0,
        spent_units: 2_000,
        spent_minor: 2_000,
        taken_units: 0,
    };
    assert_eq!(report.purses, [total]);
    // Paid for is what went in, less what of it was spent.
    assert_eq!(device.balance(card()), (2_000, 2_000));
}

/// A card that was sold at one register pays at another one when the first one gave it back; until then it is an
/// honest no.
#[test]
fn a_card_pays_elsewhere_only_once_its_share_is_there() {
    let mut relay = Relay::new();
    let mut one = Device::ready(1, &["Mango"], Some(&relay));
    let mut two = Device::new(2, Some(&relay));
    relay.admit(&one);
    relay.admit(&two);
    one.done(receive(3, product(MANGO), 100));
    one.done(fill(12, card(), 1_000));
    one.replicate(&mut relay);
    two.replicate(&mut relay);
    two.done(crate::world::open_shift(4));
    two.done(receive(5, product(MANGO), 100));
    assert_eq!(two.balance(card()), (0, 1_000));
    assert_eq!(two.refused(sell(20, 2, None, vec![from(card(), 500)])), "purse_short");
    let asked = two.done(command(21, Verb::AskPurse { purse: card(), units: 1_000 }));
    assert_eq!(asked, Reply::Asked { ask: thing(21) });
    two.replicate(&mut relay);
    let purse = one.purse(card()).purse;
    assert_eq!(relay.asks.first(), Some(&(thing(21), Ask::Share { product: purse, quantity: 1_000 })));
    relay.write(ShareRecalled { recall: thing(22), from: one.me(), product: purse, quantity: 1_000 });
    one.replicate(&mut relay);
    // All of it: value has no low water.
    assert_eq!(one.balance(card()), (0, 1_000));
    assert_eq!(one.refused(sell(23, 2, None, vec![from(card(), 500)])), "purse_short");
    let (share, to, ask) = (ShareId(thing(24).0), two.me(), Some(thing(21)));
    relay.write(ShareGranted { share, to, product: purse, quantity: 1_000, ask });
    relay.answers.push((thing(21), Answer::Done));
    two.replicate(&mut relay);
    assert_eq!(two.balance(card()), (1_000, 1_000));
    two.done(sell(25, 2, None, vec![from(card(), 500)]));
    two.replicate(&mut relay);
    one.replicate(&mut relay);
    assert_eq!((one.balance(card()), two.balance(card())), ((0, 500), (500, 500)));
    assert_eq!(one.status().digest, two.status().digest);
}

/// First hour 10: the points of a sale go with its refund, although they lie at the register that sold.
#[test]
fn points_that_lie_at_another_register_go_with_a_refund() {
    let mut relay = Relay::new();
    let (mut one, mut two) = (Device::ready(1, &["Mango"], Some(&relay)), Device::new(2, Some(&relay)));
    relay.admit(&one);
    relay.admit(&two);
    one.done(receive(3, product(MANGO), 100));
    one.done(put(10, AMINA, "Amina", ""));
    one.done(loyalty(11, 100, 5));
    one.done(sell(20, 4, Some(AMINA), vec![TenderInput::cash(1_000)]));
    let shift = ShiftId(thing(2).0);
    let close = Verb::CloseShift { shift, counted_minor: 2_000, reason: String::new() };
    one.done(command(21, close));
    one.replicate(&mut relay);
    two.replicate(&mut relay);
    two.done(crate::world::open_shift(4));
    assert_eq!(two.balance(points()), (0, 10));
    let (to, sale, line) = (two.me(), sale_id(20), 0);
    let (quantity, amount_minor) = (2, 500);
    let (money_minor, all_minor) = (500, 500);
    let word = RefundAllowed {
        allowance: thing(30),
        to,
        sale,
        line,
        quantity,
        amount_minor,
        money_minor,
        all_minor,
    };
    relay.write(word);
    two.replicate(&mut relay);
    two.done(refund(31, 20, 2, None));
    assert_eq!(two.balance(points()), (0, 10), "not here yet");
    two.replicate(&mut relay);
    let purse = two.purse(points()).purse;
    assert_eq!(relay.asks.first(), Some(&(thing(31), Ask::Share { product: purse, quantity: 5 })));
    relay.write(ShareRecalled { recall: thing(32), from: one.me(), product: purse, quantity: 5 });
    relay.answers.push((thing(31), Answer::Done));
    two.replicate(&mut relay);
    assert_eq!(two.balance(points()), (0, 10), "it was answered before it came");
    // What the customer earns meanwhile is not what was asked for.
    two.done(receive(5, product(MANGO), 10));
    two.done(sell(40, 1, Some(AMINA), vec![TenderInput::cash(250)]));
    two.replicate(&mut relay);
    assert_eq!(two.balance(points()), (2, 12));
    one.replicate(&mut relay);
    let (share, ask) = (ShareId(thing(33).0), Some(thing(31)));
    relay.write(ShareGranted { share, to, product: purse, quantity: 5, ask });
    two.replicate(&mut relay);
    two.replicate(&mut relay);
    one.replicate(&mut relay);
    assert_eq!((one.balance(points()), two.balance(points())), ((5, 7), (2, 7)));
    let taken = two.purse(points()).entries.into_iter().filter(|entry| entry.what == PurseWhat::TakenBack);
    let taken: Vec<_> = taken.map(|entry| (entry.units, entry.missing)).collect();
    assert_eq!(taken.iter().map(|(units, _)| units).sum::<i64>(), -5);
    assert_eq!(taken.iter().map(|(_, missing)| missing).sum::<i64>(), 0, "{taken:?}");
    assert_eq!(one.status().digest, two.status().digest);
}

#[test]
fn a_customers_page_says_what_they_bought_and_hold() {
    let mut device = stocked();
    device.done(put(10, AMINA, "Amina", ""));
    device.done(loyalty(11, 100, 5));
    device.done(sell(20, 4, Some(AMINA), vec![TenderInput::cash(1_000)]));
    device.done(sell(21, 2, Some(AMINA), vec![TenderInput::cash(500)]));
    device.done(sell(22, 1, None, vec![TenderInput::cash(250)]));
    device.done(void(23, 21));
    let view = device.customer(AMINA);
    assert_eq!((view.sales, view.sales_minor), (1, 1_000));
    let latest: Vec<_> = view.latest.iter().map(|row| (row.sale, row.voided)).collect();
    assert!(latest.contains(&(sale_id(20), false)) && latest.contains(&(sale_id(21), true)));
    assert_eq!(latest.len(), 2);
    assert_eq!((view.points.here, view.points.here_minor, view.credit.is_known), (10, 50, false));
    assert_eq!(view.loyalty, LoyaltyView { earn_minor: 100, worth_minor: 5 });
    let zip = device.engine.export_tables(STALL, now()).unwrap();
    let text = String::from_utf8_lossy(&zip);
    for name in ["customers", "purses", "purse-entries"] {
        assert!(text.contains(&format!("{name}.csv")) && text.contains(&format!("{name}.json")), "{name}");
    }
    assert!(text.contains(",Amina,,,,no\r\n"), "customers");
    assert!(text.contains(&format!(",points,{},,10\r\n", thing(AMINA))), "purses");
    assert!(text.contains(",points,taken-back,,-5,0,"), "purse-entries");
    // Nobody earns points for a name that is not known.
    device.done(sell(24, 4, Some(999), vec![TenderInput::cash(1_000)]));
    assert_eq!(device.balance(PurseInput::Points(ThingId(thing(999).0))), (0, 0));
}
