//! What of an open order is paid, where its registers are apart (first-hour 9): what one puts into it while the other takes
//! the money for it is to be paid still, on both, whichever hears of what first.

use soko_app_api::{
    BeyondShare, Command, DiscountInput, OpenOrderEdit, OpenOrderRow, OpenOrderView, Query, SaleAbout,
    SaleLineInput, TabLine, TabTaken, TenderInput, Verb, View, Window,
};
use soko_domain::ids::{OrderId, SaleId};
use soko_domain::money::Ppm;
use soko_engine::Now;

use crate::world::{Device, Relay, STALL, command, now, open_shift, product, sale_id, thing};

const MANGO: u16 = 101;

fn order() -> OrderId {
    OrderId(thing(60).0)
}

pub(crate) fn edit(number: u16, edits: Vec<OpenOrderEdit>) -> Command {
    command(number, Verb::EditOpenOrder { order: order(), edits })
}

pub(crate) fn put(line: u16, quantity: i64) -> OpenOrderEdit {
    let content = TabLine {
        product: Some(product(MANGO)),
        name: String::new(),
        quantity,
        unit_price_minor: 250,
        discount: DiscountInput::None,
        note: String::new(),
        reason: String::new(),
        label: String::new(),
    };
    OpenOrderEdit::PutLine { line: thing(line), content }
}

pub(crate) fn take(word: u16, line: u16, quantity: i64) -> OpenOrderEdit {
    let lines = vec![TabTaken { line: thing(line), quantity }];
    OpenOrderEdit::TakeOut { word: thing(word), lines }
}

/// A sale of the order by somebody who saw these lines of it.
pub(crate) fn pay(number: u16, seen: &[(u16, i64)]) -> Command {
    let sum = seen.iter().map(|(_, quantity)| quantity).sum();
    let taken = |(line, quantity): &(u16, i64)| TabTaken { line: thing(*line), quantity: *quantity };
    let tab_lines = Some(seen.iter().map(taken).collect());
    let about = SaleAbout { tab: Some(order()), tab_lines, ..SaleAbout::default() };
    let verb = Verb::MakeSale {
        sale: sale_id(number),
        lines: vec![SaleLineInput::of(product(MANGO), sum)],
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(100_000)],
        beyond: BeyondShare::Allow,
        about,
    };
    command(number, verb)
}

pub(crate) fn void(number: u16, sale: u16) -> Command {
    command(number, Verb::VoidSale { sale: sale_id(sale), reason: "wrong table".into() })
}

pub(crate) fn tab(device: &mut Device) -> OpenOrderView {
    match device.engine.answer(&Query::OpenOrder { stall: STALL, order: order() }, now()).unwrap() {
        View::OpenOrder(view) => view,
        other => panic!("{other:?}"),
    }
}

fn listed(device: &mut Device) -> Vec<OpenOrderRow> {
    let query = Query::OpenOrders { stall: STALL, window: Window::first(5) };
    match device.engine.answer(&query, now()).unwrap() {
        View::OpenOrders(rows) => rows,
        other => panic!("{other:?}"),
    }
}

/// What is to be paid of each line, and what is paid; and which sale paid some, or all of it.
type Told = (Vec<(i64, i64)>, Option<SaleId>, Option<SaleId>);

fn told(device: &mut Device) -> Told {
    let view = tab(device);
    let lines = view.lines.iter().map(|line| (line.quantity, line.paid)).collect();
    let row = listed(device).first().map(|row| (row.lines, row.is_rest));
    let due = view.lines.iter().filter(|line| line.quantity > 0).count();
    let expected = (due > 0).then_some((u32::try_from(due).unwrap(), view.paid_by.is_some()));
    assert_eq!(row, expected, "the list says what the order says");
    (lines, view.paid_by, view.closed_by)
}

/// Two registers of a stall, and an order with two mangoes in it that both know.
fn together() -> (Relay, Device, Device) {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &["Mango"], Some(&relay));
    relay.admit(&first);
    first.replicate(&mut relay);
    let mut second = Device::new(2, Some(&relay));
    relay.admit(&second);
    second.replicate(&mut relay);
    second.done(open_shift(3));
    first.done(edit(40, vec![OpenOrderEdit::Title("Table 4".into()), put(61, 2)]));
    meet(&mut relay, [&mut first, &mut second]);
    (relay, first, second)
}

/// Each hears all that the other did.
fn meet(relay: &mut Relay, mut devices: [&mut Device; 2]) {
    for _ in 0..2 {
        for device in &mut devices {
            device.replicate(relay);
        }
    }
    let [first, second] = devices;
    assert_eq!(tab(first), tab(second));
    assert_eq!(listed(first), listed(second));
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
    for device in [first, second] {
        assert!(device.engine.verify(STALL).unwrap().is_sound());
    }
}

#[test]
fn what_was_put_into_an_order_while_it_was_paid_elsewhere_is_to_be_paid() {
    for sale_first in [true, false] {
        let (mut relay, mut first, mut second) = together();
        first.done(pay(50, &[(61, 2)]));
        assert_eq!(told(&mut first), (vec![(0, 2)], None, Some(sale_id(50))));
        second.done(edit(41, vec![put(62, 1)]));
        // Which of the two the relay hears first is which of them the other one hears of.
        let mut order = [&mut first, &mut second];
        if !sale_first {
            order.reverse();
        }
        meet(&mut relay, order);
        for device in [&mut first, &mut second] {
            assert_eq!(told(device), (vec![(0, 2), (1, 0)], Some(sale_id(50)), None));
            assert!(tab(device).is_told, "whoever takes it out says why");
        }
        assert_eq!(second.refused(pay(51, &[(61, 2), (62, 1)])), "tab_closed", "two of these are paid");
        second.done(pay(52, &[(62, 1)]));
        meet(&mut relay, [&mut first, &mut second]);
        assert_eq!(told(&mut first), (vec![(0, 2), (0, 1)], None, Some(sale_id(50))));
        assert_eq!(first.refused(pay(53, &[(62, 1)])), "tab_closed");
    }
}

#[test]
fn more_of_a_line_that_was_paid_is_to_be_paid() {
    let (mut relay, mut first, mut second) = together();
    first.done(pay(50, &[(61, 2)]));
    second.done(edit(41, vec![put(63, 3)]));
    meet(&mut relay, [&mut second, &mut first]);
    assert_eq!(told(&mut first), (vec![(0, 2), (3, 0)], Some(sale_id(50)), None));
    // Some of it is paid, and then somebody takes the rest out.
    first.done(pay(51, &[(63, 2)]));
    assert_eq!(told(&mut first), (vec![(0, 2), (1, 2)], Some(sale_id(50)), None));
    first.done(edit(42, vec![take(70, 63, 1)]));
    assert_eq!(told(&mut first), (vec![(0, 2), (0, 2)], None, Some(sale_id(50))));
    // Who does not hear of that puts one more there, and it is to be paid.
    meet(&mut relay, [&mut second, &mut first]);
    assert_eq!(second.refused(edit(43, vec![put(62, 1)])), "tab_closed", "whoever paid is gone");
    first.done(void(44, 50));
    meet(&mut relay, [&mut second, &mut first]);
    assert_eq!(
        told(&mut second),
        (vec![(2, 0), (0, 2)], Some(sale_id(51)), None),
        "what the other sale paid stays paid, and what was taken out stays out"
    );
    second.done(pay(52, &[(61, 2)]));
    assert_eq!(told(&mut second), (vec![(0, 2), (0, 2)], None, Some(sale_id(51))));
}

/// Seen once: the first of two sales of an order was voided, and what was taken out of the rest was due again, each time.
#[test]
fn what_is_taken_out_of_what_a_void_gave_back_is_out() {
    let (mut relay, mut first, mut second) = together();
    first.done(pay(50, &[(61, 2)]));
    second.done(edit(41, vec![put(62, 1)]));
    meet(&mut relay, [&mut first, &mut second]);
    second.done(pay(51, &[(62, 1)]));
    first.done(void(44, 50));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut first), (vec![(2, 0), (0, 1)], Some(sale_id(51)), None));
    first.done(edit(45, vec![take(70, 61, 2)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut second), (vec![(0, 0), (0, 1)], None, Some(sale_id(51))));
    second.done(void(46, 51));
    second.done(edit(47, vec![take(71, 61, 2)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut first), (vec![(0, 0), (1, 0)], None, None), "nothing is taken out twice");
}

/// The answer was lost, and the program says it again with another command.
#[test]
fn what_is_put_in_and_taken_out_is_known_by_its_identity() {
    let (mut relay, mut first, mut second) = together();
    for number in [41, 42] {
        first.done(edit(number, vec![put(62, 4), take(70, 61, 1), take(71, 62, 3)]));
        meet(&mut relay, [&mut first, &mut second]);
        assert_eq!(told(&mut second).0, [(1, 0), (1, 0)]);
    }
    // A line that is there has its number: another one would be written over what nobody has heard of yet.
    second.done(edit(43, vec![put(62, 9), take(72, 99, 1)]));
    assert_eq!(told(&mut second).0, [(1, 0), (1, 0)]);
    assert_eq!(tab(&mut second).words, [thing(70), thing(71)]);
}

/// What others took out and whoever sells has in the hand is paid by nobody else, so nothing is refused.
#[test]
fn what_was_taken_out_elsewhere_is_sold_all_the_same() {
    let (mut relay, mut first, mut second) = together();
    first.done(pay(50, &[(61, 2)]));
    second.done(edit(41, vec![put(62, 3)]));
    meet(&mut relay, [&mut first, &mut second]);
    second.done(edit(42, vec![take(70, 62, 1)]));
    meet(&mut relay, [&mut first, &mut second]);
    first.done(pay(51, &[(62, 3)]));
    assert_eq!(told(&mut first), (vec![(0, 2), (0, 3)], None, Some(sale_id(50))));
    assert_eq!(first.refused(pay(52, &[(62, 1)])), "tab_closed");
}

#[test]
fn an_order_that_was_paid_twice_hides_nothing_that_was_not() {
    let (mut relay, mut first, mut second) = together();
    let mut third = Device::new(3, Some(&relay));
    relay.admit(&third);
    third.replicate(&mut relay);
    first.done(pay(50, &[(61, 2)]));
    second.done(pay(51, &[(61, 2)]));
    third.done(edit(41, vec![put(62, 1)]));
    third.replicate(&mut relay);
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut first).0, [(0, 2), (1, 0)], "both sales are of the same two");
    first.done(void(60, 50));
    assert_eq!(told(&mut first).0, [(0, 2), (1, 0)], "the other sale paid them, too");
    meet(&mut relay, [&mut first, &mut second]);
    second.done(void(61, 51));
    assert_eq!(told(&mut second), (vec![(2, 0), (1, 0)], None, None));
}

#[test]
fn what_came_into_an_order_between_the_look_and_the_sale_is_to_be_paid() {
    let (mut relay, mut first, mut second) = together();
    second.done(edit(41, vec![put(62, 1)]));
    meet(&mut relay, [&mut second, &mut first]);
    // The screen had not shown it yet.
    first.done(pay(50, &[(61, 2)]));
    assert_eq!(told(&mut first), (vec![(0, 2), (1, 0)], Some(sale_id(50)), None));
    first.done(edit(51, vec![put(63, 1)]));
    assert_eq!(told(&mut first).0, [(0, 2), (1, 0), (1, 0)], "it is open, so more may come");
}

/// What was taken off the whole order is a part of what was paid. A percentage is of the rest, too.
#[test]
fn an_amount_off_an_order_comes_off_once() {
    let (mut relay, mut first, mut second) = together();
    let off = DiscountInput::AmountMinor(100);
    first.done(edit(41, vec![OpenOrderEdit::Discount(off)]));
    assert_eq!(tab(&mut first).discount, off);
    first.done(pay(50, &[(61, 2)]));
    second.done(edit(42, vec![put(62, 1)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(tab(&mut second).discount, DiscountInput::None);
    let tenth = DiscountInput::PercentPpm(Ppm::ONE.0 / 10);
    second.done(edit(43, vec![OpenOrderEdit::Discount(tenth)]));
    assert_eq!(tab(&mut second).discount, tenth);
}

/// Sales of programs that do not say what they pay close all of their order.
#[test]
fn a_sale_that_does_not_say_closes_all_of_its_order() {
    let (mut relay, mut first, mut second) = together();
    let Verb::MakeSale { sale, lines, discount, tenders, beyond, about } = pay(50, &[(61, 2)]).verb else {
        panic!("no sale")
    };
    let about = SaleAbout { tab_lines: None, ..about };
    first.done(command(50, Verb::MakeSale { sale, lines, discount, tenders, beyond, about }));
    second.done(edit(41, vec![put(62, 1)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut second), (vec![(0, 2), (0, 1)], None, Some(sale_id(50))));
}

/// Off the whole order and off one of its lines.
fn offs(device: &mut Device) -> [DiscountInput; 2] {
    let view = tab(device);
    [view.discount, view.lines[0].discount]
}

/// What was said before a sale came off that; what is said of the rest stays with it while it is put aside.
#[test]
fn an_amount_off_what_is_left_is_there_when_it_is_taken_up_again() {
    let (mut relay, mut first, mut second) = together();
    let [whole, line] = [30, 20].map(DiscountInput::AmountMinor);
    let off = |number| {
        let OpenOrderEdit::PutLine { line: known, content } = put(61, 2) else { panic!("no line") };
        let content = TabLine { discount: line, ..content };
        edit(number, vec![OpenOrderEdit::Discount(whole), OpenOrderEdit::PutLine { line: known, content }])
    };
    first.done(off(41));
    assert_eq!(offs(&mut first), [whole, line]);
    first.done(pay(50, &[(61, 1)]));
    assert_eq!(told(&mut first).0, [(1, 1)]);
    assert_eq!(offs(&mut first), [DiscountInput::None; 2], "it came off what was paid");
    // As much once more, off what is left.
    first.done(off(42));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!([offs(&mut first), offs(&mut second)], [[whole, line]; 2]);
    // It came off the next sale, then.
    second.done(edit(43, vec![put(62, 1)]));
    second.done(pay(51, &[(61, 1)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut first).0, [(0, 2), (1, 0)]);
    assert_eq!(offs(&mut first), [DiscountInput::None; 2]);
}

/// A register's clock that was ahead and is put right: which sale of an order is the last one by clock says nothing.
#[test]
fn an_amount_off_the_rest_comes_off_once_whatever_the_clocks_say() {
    let (mut relay, mut first, mut second) = together();
    let off = DiscountInput::AmountMinor(30);
    first.done(edit(41, vec![put(62, 1), put(63, 1)]));
    let ahead = Now { at_ms: now().at_ms + 60_000, ..now() };
    first.engine.handle(pay(50, &[(61, 2), (62, 0), (63, 0)]), ahead).unwrap();
    first.done(edit(42, vec![OpenOrderEdit::Discount(off)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!([tab(&mut first).discount, tab(&mut second).discount], [off; 2]);
    // It comes off this one, which is before the other one by its clock.
    second.done(pay(51, &[(61, 0), (62, 1), (63, 0)]));
    meet(&mut relay, [&mut first, &mut second]);
    let both = [tab(&mut first).discount, tab(&mut second).discount];
    assert_eq!(both, [DiscountInput::None; 2]);
    // One that is said now is not lost by the clock, either, and ends when a sale is voided.
    second.done(edit(43, vec![OpenOrderEdit::Discount(off)]));
    assert_eq!(tab(&mut second).discount, off);
    second.done(void(60, 51));
    assert_eq!(tab(&mut second).discount, DiscountInput::None);
}

/// A note that is written where it is not known yet that the amount came off says no amount.
#[test]
fn a_note_to_a_line_does_not_say_its_amount_again() {
    let (mut relay, mut first, mut second) = together();
    let noted = |number, note: &str| {
        let OpenOrderEdit::PutLine { line, content } = put(61, 2) else { panic!("no line") };
        let content = TabLine { discount: DiscountInput::AmountMinor(20), note: note.into(), ..content };
        edit(number, vec![OpenOrderEdit::PutLine { line, content }])
    };
    first.done(noted(41, ""));
    first.done(pay(50, &[(61, 1)]));
    meet(&mut relay, [&mut first, &mut second]);
    second.done(noted(42, "no ice"));
    assert_eq!(offs(&mut second), [DiscountInput::None; 2]);
}

/// What a document would not read of more words is refused, and all that is left can be taken out in any case.
#[test]
fn no_more_is_taken_out_than_an_order_can_say() {
    let (mut relay, mut first, mut second) = together();
    first.done(edit(41, vec![put(62, 2_000)]));
    for (number, words) in [(42, 1_000..1_900), (43, 1_900..1_998)] {
        first.done(edit(number, words.map(|word| take(word, 62, 1)).collect()));
    }
    assert_eq!(told(&mut first).0, [(2, 0), (1_002, 0)]);
    assert_eq!(first.refused(edit(44, vec![take(1_998, 62, 1)])), "tab_outs_full");
    assert_eq!(told(&mut first).0, [(2, 0), (1_002, 0)]);
    assert_eq!(first.refused(edit(46, vec![put(63, 1)])), "tab_outs_full", "it could not be taken out");
    first.done(edit(45, vec![take(1_998, 61, 2), take(1_998, 62, 1_002)]));
    meet(&mut relay, [&mut first, &mut second]);
    assert_eq!(told(&mut second).0, [(0, 0), (0, 0)]);
    assert_eq!(tab(&mut second).problems, []);
}
