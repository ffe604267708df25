//! Devices that exchange pages hold the same; asks, recalls, epochs, parked records and notices.

use soko_app_api::{
    AskView, BeyondShare, Holder, OpenOrderEdit, ProductEdit, Query, QueryKey, RegisterState, Saying,
    SharesRow, TenderInput, Verb, View, Wrote,
};
use soko_domain::ask::{Answer, Ask};
use soko_domain::delivery::Handing;
use soko_domain::entry::{
    DeviceRevoked, EpochStarted, Kind, OrderLine, OrderPlaced, OrderStep, RecordParked, ShareGranted,
    ShareRecalled, Unfrozen,
};
use soko_domain::ids::{EpochId, OrderId, ShareId};
use soko_domain::money::Currency;
use soko_engine::LOW_WATER_UNITS;
use soko_projection::ParkCode;
use soko_record_log::{Sqlite, log};
use soko_replication::{Capabilities, Epoch, Page, Pen};

use crate::world::*;

pub(crate) const MANGO: u16 = 101;

pub(crate) fn pair() -> (Relay, Device, Device) {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &["Mango", "Papaya"], Some(&relay));
    let mut second = Device::new(2, Some(&relay));
    relay.admit(&first);
    relay.admit(&second);
    first.done(receive(10, product(MANGO), 8));
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    second.done(open_shift(3));
    (relay, first, second)
}

pub(crate) fn meet(relay: &mut Relay, devices: &mut [&mut Device]) {
    for _ in 0..2 {
        for device in devices.iter_mut() {
            device.replicate(relay);
        }
    }
}

/// What a device wrote last, the youngest first, and whether the server holds it.
fn written(device: &mut Device) -> Vec<(Wrote, bool)> {
    match device.engine.answer(&Query::Written(STALL), now()).unwrap() {
        View::Written(view) => view.rows.iter().map(|row| (row.what, row.is_sent)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_register_says_what_of_it_waits_and_what_was_sent() {
    let (mut relay, mut first, _) = pair();
    first.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    let edits = vec![ProductEdit::Name("Ripe mango".into())];
    first.done(command(21, Verb::EditProduct { product: product(MANGO), edits }));
    assert_eq!(written(&mut first)[..3], [(Wrote::Goods, false), (Wrote::Sale, false), (Wrote::Stock, true)]);
    meet(&mut relay, &mut [&mut first]);
    assert!(written(&mut first).iter().all(|(_, is_sent)| *is_sent), "{:?}", written(&mut first));
    let View::Written(view) = first.engine.answer(&Query::Written(STALL), now()).unwrap() else { panic!() };
    assert!(view.rows.iter().filter(|row| row.what == Wrote::Sale).all(|row| row.at_ms.is_some()));
    assert_eq!(view.sent, view.rows[0].seq);
}

#[test]
fn devices_that_exchanged_the_same_records_hold_the_same_state() {
    let (mut relay, mut first, mut second) = pair();
    first.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    second.done(sell(30, product(MANGO), 1, BeyondShare::Allow));
    let rename = |name: &str| Verb::EditProduct {
        product: product(MANGO),
        edits: vec![ProductEdit::Name(name.into())],
    };
    let price = Verb::EditProduct { product: product(MANGO), edits: vec![ProductEdit::PriceMinor(300)] };
    first.done(command(21, rename("Ripe mango")));
    second.done(command(31, price));
    meet(&mut relay, &mut [&mut first, &mut second]);

    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
    for device in [&mut first, &mut second] {
        let view =
            device.engine.answer(&Query::Product { stall: STALL, product: product(MANGO) }, now()).unwrap();
        let View::Product(view) = view else { panic!("{view:?}") };
        assert_eq!((view.name.as_str(), view.price_minor), ("Ripe mango", 300));
        assert_eq!(device.status().unsent, 0);
        assert!(device.engine.verify(STALL).unwrap().is_sound());
        assert_eq!(device.stock(product(MANGO)).counted, 5);
    }
}

#[test]
fn open_orders_merge_line_by_line() {
    let (mut relay, mut first, mut second) = pair();
    let order = OrderId(thing(70).0);
    let line = |line: u16, quantity| OpenOrderEdit::PutLine {
        line: thing(line),
        content: soko_app_api::TabLine {
            product: Some(product(MANGO)),
            name: String::new(),
            quantity,
            unit_price_minor: 250,
            discount: soko_app_api::DiscountInput::None,
            note: String::new(),
            reason: String::new(),
            label: String::new(),
        },
    };
    let edit = |edits| Verb::EditOpenOrder { order, edits };
    first.done(command(20, edit(vec![OpenOrderEdit::Title("Table 4".into()), line(71, 1)])));
    second.done(command(30, edit(vec![line(72, 2)])));
    meet(&mut relay, &mut [&mut first, &mut second]);
    for device in [&mut first, &mut second] {
        let view = device.engine.answer(&Query::OpenOrder { stall: STALL, order }, now()).unwrap();
        let View::OpenOrder(view) = view else { panic!("{view:?}") };
        assert_eq!((view.title.as_str(), view.lines.len()), ("Table 4", 2));
    }
}

#[test]
fn a_share_moves_by_recall_and_grant_and_is_shown_on_its_way() {
    let (mut relay, mut first, mut second) = pair();
    relay.write(ShareRecalled {
        recall: thing(80),
        from: first.me(),
        product: product(MANGO),
        quantity: 100,
    });
    // The recall arrives, and the answer is written; it leaves with the next page.
    first.engine.wake(STALL, first.clock_ms + 60_000);
    first.clock_ms += 60_000;
    let page = first.engine.poll_page(STALL, first.clock_ms).unwrap().unwrap();
    let reply = relay.answer(&page);
    first.engine.take_page(STALL, &reply, first.clock_ms, now()).unwrap();
    let stock = first.stock(product(MANGO));
    assert_eq!((stock.own_share, stock.shop, stock.on_the_way), (LOW_WATER_UNITS, 0, 8 - LOW_WATER_UNITS));
    assert_eq!(stock.counted, 8);

    first.replicate(&mut relay);
    let stock = first.stock(product(MANGO));
    assert_eq!((stock.own_share, stock.shop, stock.on_the_way), (LOW_WATER_UNITS, 8 - LOW_WATER_UNITS, 0));

    // Repeated, the recall is not answered again.
    first.replicate(&mut relay);
    assert_eq!(first.stock(product(MANGO)).own_share, LOW_WATER_UNITS);

    let share = ShareId(thing(81).0);
    relay.write(ShareGranted { share, to: second.me(), product: product(MANGO), quantity: 4, ask: None });
    second.replicate(&mut relay);
    second.done(sell(30, product(MANGO), 4, BeyondShare::Refuse));
    assert_eq!(second.refused(sell(31, product(MANGO), 1, BeyondShare::Refuse)), "share_exceeded");
}

#[test]
fn an_ask_goes_out_until_it_is_answered_and_keeps_its_first_answer() {
    let (mut relay, mut first, _) = pair();
    first.done(command(20, Verb::AskShare { product: product(MANGO), quantity: 3 }));
    let view = |device: &mut Device| {
        device.engine.answer(&Query::Ask { stall: STALL, ask: thing(20) }, now()).unwrap()
    };
    assert_eq!(view(&mut first), View::Ask(AskView::Waiting));
    first.replicate(&mut relay);
    let mut first = first.restart();
    first.replicate(&mut relay);
    let asked: Vec<_> = relay.asks.iter().filter(|(id, _)| *id == thing(20)).collect();
    assert!(asked.len() >= 2, "asked {} times", asked.len());
    assert_eq!(asked[0].1, Ask::Share { product: product(MANGO), quantity: 3 });

    let refused = Answer::Refused { code: "share_exceeded".into(), sentence: "nothing left".into() };
    relay.answers = vec![(thing(20), refused.clone())];
    first.replicate(&mut relay);
    let before = relay.asks.len();
    relay.answers = vec![(thing(20), Answer::Done)];
    first.replicate(&mut relay);
    assert_eq!(relay.asks.len(), before, "an answered ask is not sent again");
    let expected = AskView::Refused { code: "share_exceeded".into(), sentence: "nothing left".into() };
    assert_eq!(view(&mut first), View::Ask(expected));
    let told = first.stock(product(MANGO)).refused.map(|(code, _)| code);
    assert_eq!(told.as_deref(), Some("share_exceeded"), "it stands beside the units that it is about");
    assert_eq!(first.stock(product(MANGO + 1)).refused, None);

    first.done(command(21, Verb::AskShare { product: product(MANGO), quantity: 1 }));
    relay.answers = vec![(thing(21), Answer::Done)];
    first.replicate(&mut relay);
    assert_eq!(first.stock(product(MANGO)).refused, None, "what came after it is past");
}

#[test]
fn what_the_server_parks_counts_for_nothing_and_is_named() {
    let (mut relay, mut first, mut second) = pair();
    first.done(receive(20, product(MANGO), 1_000));
    let seq = first.status().records;
    first.replicate(&mut relay);
    let own = first.me();
    let last = soko_record_log::log::head;
    let place = relay.db.read::<_, soko_record_log::StoreError>(|tx| last(tx, STALL, &own)).unwrap().unwrap();
    assert!(place.seq <= seq);
    relay.withhold(own, place.seq);
    relay.write(RecordParked { author: own, seq: place.seq, code: 2, note: "a thousand mangoes".into() });
    meet(&mut relay, &mut [&mut first, &mut second]);
    for device in [&mut first, &mut second] {
        assert_eq!(device.stock(product(MANGO)).counted, 8);
        let window = soko_app_api::Window::first(10);
        let View::Parked(parked) =
            device.engine.answer(&Query::Parked { stall: STALL, window }, now()).unwrap()
        else {
            panic!("no list")
        };
        assert_eq!(parked.len(), 1);
        assert_eq!((parked[0].seq, parked[0].why.sentence.as_str()), (place.seq, "a thousand mangoes"));
        assert_eq!(parked[0].why.key, "", "a server's own words have no text");
        let devices = device.engine.answer(&Query::Devices(STALL), now()).unwrap();
        let View::Devices(devices) = devices else { panic!("no list") };
        let writer = devices.iter().find(|device| device.author == own).unwrap();
        assert_eq!(parked[0].device, writer.name);
        // Of the one that was set aside only the hash is here.
        let heard =
            |device: &soko_app_api::DeviceRow| (device.author == own, device.last_record_ms.is_some());
        assert!(devices.iter().map(heard).all(|(is_writer, is_heard)| is_writer != is_heard), "{devices:?}");
        // Eight are there, in the first one's share and nowhere else.
        let holder = Holder::Register(own);
        let shares = device.engine.answer(&Query::Shares(STALL), now()).unwrap();
        assert_eq!(shares, View::Shares(vec![SharesRow { holder, products: 1, pieces: 8 }]));
        assert!(device.engine.verify(STALL).unwrap().is_sound());
    }
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
    first.done(sell(30, product(MANGO), 1, BeyondShare::Refuse));
}

#[test]
fn what_a_server_says_in_our_words_is_said_in_the_persons() {
    let (mut relay, mut first, _) = pair();
    first.done(receive(20, product(MANGO), 1_000));
    first.replicate(&mut relay);
    for (back, (code, saying)) in (0..).zip([
        (ParkCode::Impossible, Saying::Impossible),
        (ParkCode::RoleForbids, Saying::RoleForbids),
        (ParkCode::Newer, Saying::Newer),
    ]) {
        let (author, seq) = (first.me(), first.status().records + back);
        relay.write(RecordParked { author, seq, code: code.number(), note: code.sentence().into() });
        first.replicate(&mut relay);
        let window = soko_app_api::Window::first(10);
        let parked = first.engine.answer(&Query::Parked { stall: STALL, window }, now()).unwrap();
        let View::Parked(parked) = parked else { panic!("no list") };
        assert!(parked.iter().any(|row| Saying::of(&row.why) == Some(saying)), "{parked:?}");
    }
}

#[test]
fn a_revoked_register_writes_nothing_more() {
    let (mut relay, mut first, mut second) = pair();
    let revoke = Verb::RevokeDevice { author: second.me(), reason: "lost".into() };
    first.done(command(20, revoke));
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert_eq!(second.status().state, RegisterState::Revoked);
    assert_eq!(second.refused(sell(30, product(MANGO), 1, BeyondShare::Allow)), "device_revoked");
    assert_eq!(first.status().state, RegisterState::Active);
    let unknown = Verb::RevokeDevice { author: Default::default(), reason: "lost".into() };
    assert_eq!(first.refused(command(21, unknown)), "unknown_device");
}

#[test]
fn after_a_restore_of_the_server_everything_it_forgot_is_pushed_again() {
    let (mut relay, mut first, mut second) = pair();
    let share = ShareId(thing(81).0);
    relay.write(ShareGranted { share, to: second.me(), product: product(MANGO), quantity: 0, ask: None });
    first.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    meet(&mut relay, &mut [&mut first, &mut second]);
    let old_server = relay.pen.author();

    let mut restored = Relay::new();
    // It has another author's chain of its own, and nothing of the old life.
    let (pen, introduction) = soko_replication::Pen::new([43; 32], STALL, [2; 16], Vec::new()).unwrap();
    restored.db = {
        let mut db = soko_record_log::Sqlite::open_in_memory().unwrap();
        let schema = soko_record_log::Migration { number: 1, name: "log", sql: soko_record_log::log::SCHEMA };
        db.migrate(&[schema]).unwrap();
        db.transaction::<_, soko_record_log::log::AppendError>(|tx| {
            soko_record_log::log::append(tx, &[introduction]).map(drop)
        })
        .unwrap();
        db
    };
    restored.pen = pen;
    restored.epoch = Epoch { id: EpochId([6; 16]), counter: 2 };
    restored.write(EpochStarted { epoch: EpochId([6; 16]), counter: 2, frozen: true });
    first.engine.trust_server(STALL, restored.pen.public_key()).unwrap();
    let taken = first.replicate(&mut restored);
    assert!(taken.iter().any(|taken| taken.server_restored), "{taken:?}");
    let heads = restored
        .db
        .read::<_, soko_record_log::StoreError>(|tx| soko_record_log::log::heads(tx, STALL))
        .unwrap();
    for author in [first.me(), second.me(), old_server] {
        assert!(heads.contains_key(&author), "{author} was not pushed");
    }
    assert_eq!(first.status().unsent, 0);
    assert!(first.status().stall_frozen);
    restored.write(Unfrozen { epoch: EpochId([6; 16]), by_count: false });
    first.replicate(&mut restored);
    assert!(!first.status().stall_frozen);

    // A reply of the old life changes nothing any more.
    let records = first.status().records;
    relay.write(DeviceRevoked { author: first.me(), reason: "old".into() });
    let taken = first.replicate(&mut relay);
    assert!(taken.iter().all(|taken| taken.dropped.is_some()), "{taken:?}");
    assert_eq!(first.status().records, records);
    let trouble = first.status().trouble.unwrap();
    assert_eq!(Saying::of(&trouble), Some(Saying::OldServer), "{trouble:?}");
}

#[test]
fn damaged_late_and_foreign_pages_change_nothing() {
    let (mut relay, mut first, mut second) = pair();
    second.done(sell(30, product(MANGO), 1, BeyondShare::Allow));
    second.replicate(&mut relay);
    let records = first.status().records;
    first.clock_ms += 60_000;
    first.engine.wake(STALL, first.clock_ms);
    let page = first.engine.poll_page(STALL, first.clock_ms).unwrap().unwrap();
    let reply = relay.answer(&page);
    for cut in [0, 1, reply.len() / 2, reply.len() - 1] {
        let taken = first.engine.take_page(STALL, &reply[..cut], first.clock_ms, now()).unwrap();
        assert!(taken.dropped.is_some());
    }
    assert_eq!(first.status().records, records);
    // The exchange failed; the next one brings what was missed, and its reply counts once.
    first.clock_ms += 60_000;
    let page = first.engine.poll_page(STALL, first.clock_ms).unwrap().unwrap();
    let reply = relay.answer(&page);
    let taken = first.engine.take_page(STALL, &reply, first.clock_ms, now()).unwrap();
    assert_eq!(taken.dropped, None);
    let again = first.engine.take_page(STALL, &reply, first.clock_ms, now()).unwrap();
    assert!(again.dropped.is_some());
    first.replicate(&mut relay);
    assert_eq!(first.stock(product(MANGO)).owed, 1);
    assert_eq!(first.engine.state_digest(STALL).unwrap(), {
        second.replicate(&mut relay);
        second.engine.state_digest(STALL).unwrap()
    });
}

#[test]
fn an_order_is_shown_handed_over_once_and_ended_by_the_server() {
    let (mut relay, mut first, _) = pair();
    let order = OrderId(thing(90).0);
    relay.write(order_of(order, 2));
    first.replicate(&mut relay);
    let View::Order(view) = first.engine.answer(&Query::Order { stall: STALL, order }, now()).unwrap() else {
        panic!("no order")
    };
    assert_eq!((view.row.state.as_str(), view.lines.len(), view.note.as_str()), ("held", 1, "ring twice"));
    assert_eq!(first.stock(product(MANGO)).held, 2);
    first.done(command(20, Verb::HandOverOrder { order, tenders: vec![TenderInput::cash(500)] }));
    assert_eq!(
        first.refused(command(21, Verb::HandOverOrder { order, tenders: vec![TenderInput::cash(500)] })),
        "order_ended"
    );
    let cancel = Verb::AskCancelOrder { order, reason: "late".into() };
    assert_eq!(first.refused(command(22, cancel)), "order_ended");
    let code = order.to_string();
    let apart = if code.starts_with('0') { "1" } else { "0" };
    for (code, expected) in
        [(&code[..3], 1), (&code.to_uppercase()[..6], 1), (&code, 1), (apart, 0), ("", 0), ("mango", 0)]
    {
        let asked = Query::OrdersByCode { stall: STALL, code: code.into(), rows: 5 };
        match first.engine.answer(&asked, now()).unwrap() {
            View::Orders(rows) => assert_eq!(rows.len(), expected, "{code}"),
            other => panic!("{other:?}"),
        }
    }
    for (only_waiting, expected) in [(false, 1), (true, 0)] {
        let asked = Query::Orders { stall: STALL, only_waiting, window: soko_app_api::Window::first(5) };
        match first.engine.answer(&asked, now()).unwrap() {
            View::Orders(rows) => assert_eq!(rows.len(), expected, "{only_waiting}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn steps_of_two_registers_meet_in_the_furthest() {
    let (mut relay, mut first, mut second) = pair();
    let order = OrderId(thing(90).0);
    relay.write(order_of(order, 2));
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    let step = |id: u16, step: OrderStep| command(id, Verb::StepOrder { order, step });
    assert_eq!(first.refused(step(20, OrderStep::Packed)), "step_too_early");
    first.done(step(21, OrderStep::Accepted));
    assert_eq!(first.refused(step(22, OrderStep::Accepted)), "step_taken");
    assert_eq!(first.refused(step(23, OrderStep::OnTheWay)), "step_misfit", "nobody brings it");
    first.done(step(24, OrderStep::Packed));
    // The other one does not hear of it, and begins as well.
    second.done(step(25, OrderStep::Accepted));
    second.replicate(&mut relay);
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    let seen = |device: &mut Device| match device.engine.answer(&Query::Order { stall: STALL, order }, now())
    {
        Ok(View::Order(view)) => (view.row.step, view.row.next, view.steps.len()),
        other => panic!("{other:?}"),
    };
    for device in [&mut first, &mut second] {
        assert_eq!(seen(device), (Some(OrderStep::Packed), Some(OrderStep::Ready), 2));
        assert_eq!(device.stock(product(MANGO)).held, 2, "a step moves nothing");
    }
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
    // It is handed over from wherever it is, and goes no further.
    second.done(command(26, Verb::HandOverOrder { order, tenders: vec![TenderInput::cash(500)] }));
    assert_eq!(second.refused(step(27, OrderStep::Ready)), "order_ended");
    // What nobody began with comes first among those that wait, and then whoever waits longest.
    let (late, later) = (OrderId(thing(92).0), OrderId(thing(93).0));
    relay.write(order_of(later, 1));
    relay.write(order_of(late, 1));
    first.replicate(&mut relay);
    let began = Verb::StepOrder { order: later, step: OrderStep::Accepted };
    first.done(command(28, began));
    let asked = Query::Orders { stall: STALL, only_waiting: true, window: soko_app_api::Window::first(5) };
    match first.engine.answer(&asked, now()).unwrap() {
        View::Orders(rows) => {
            let waiting: Vec<OrderId> = rows.iter().map(|row| row.order).filter(|it| *it != order).collect();
            assert_eq!(waiting, [late, later]);
        }
        other => panic!("{other:?}"),
    }
    // Why it was cancelled is kept.
    first.done(command(29, Verb::AskCancelOrder { order: late, reason: "sold out".into() }));
    match first.engine.answer(&Query::Order { stall: STALL, order: late }, now()).unwrap() {
        View::Order(view) => assert_eq!(view.cancel_reason, "sold out"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn order_of(order: OrderId, quantity: i64) -> OrderPlaced {
    OrderPlaced {
        order,
        buyer: thing(91),
        currency: Currency::parse("EUR").unwrap(),
        lines: vec![OrderLine {
            product: product(MANGO),
            name: "Mango".into(),
            quantity,
            unit_price_minor: 250,
            price_per: 1,
            discount_minor: 0,
            taxes: vec![],
            tax_minor: 0,
            total_minor: 250 * quantity,
        }],
        total_minor: 250 * quantity,
        note: "ring twice".into(),
        handing: Handing::Pickup,
        delivery: None,
        coupon: None,
    }
}

#[test]
fn notices_name_what_changed_once() {
    let (mut relay, mut first, mut second) = pair();
    first.engine.take_notices();
    second.engine.take_notices();
    assert!(first.engine.take_notices().is_empty());
    first.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    first.done(sell(21, product(MANGO), 1, BeyondShare::Refuse));
    let notices = first.engine.take_notices();
    assert_eq!(notices.len(), 1);
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    for key in [QueryKey::Sales, QueryKey::Shift, QueryKey::Stock(product(MANGO)), QueryKey::Status] {
        assert_eq!(notice.keys.iter().filter(|known| **known == key).count(), 1, "{key:?} in {notice:?}");
    }
    assert!(!notice.keys.contains(&QueryKey::Products), "{notice:?}");
    first.refused(sell(22, product(MANGO), 1_000, BeyondShare::Refuse));
    assert!(first.engine.take_notices().is_empty(), "a refusal changes nothing on a screen");

    first.replicate(&mut relay);
    second.replicate(&mut relay);
    let notices = second.engine.take_notices();
    assert!(notices[0].keys.contains(&QueryKey::Stock(product(MANGO))), "{notices:?}");
    first.done(sell(23, product(MANGO), 1, BeyondShare::Refuse));
    let later = first.engine.take_notices();
    assert!(later[0].revision > notice.revision);
}

#[test]
fn an_entry_of_a_newer_program_stops_promises_and_no_facts() {
    let unknown_kind = (0x1fe, b"moves units in a way nobody here knows".to_vec());
    // A known kind, in a version that is not known yet.
    let unknown_version = (Kind::StockMoved.number(), vec![0x7f, 1, 2, 3]);
    for (kind, body) in [unknown_kind, unknown_version] {
        let (mut relay, mut first, mut second) = pair();
        relay.write(ShareRecalled {
            recall: thing(70),
            from: first.me(),
            product: product(MANGO),
            quantity: 4,
        });
        relay.write_body(kind, body.clone());
        first.replicate(&mut relay);
        // The share is there, and nothing of it may be promised, asked for or given back.
        assert_eq!(first.stock(product(MANGO)).own_share, 8);
        assert_eq!(first.refused(sell(20, product(MANGO), 1, BeyondShare::Refuse)), "share_exceeded");
        let (ask, back) = (
            Verb::AskShare { product: product(MANGO), quantity: 1 },
            Verb::ReturnShare { product: product(MANGO), quantity: 1 },
        );
        assert_eq!(first.refused(command(21, ask)), "outdated");
        assert_eq!(first.refused(command(22, back)), "outdated");
        let page = first.engine.poll_page(STALL, first.clock_ms + 100_000).unwrap().unwrap();
        let said = Page::decode(&page).unwrap().capabilities;
        assert!(!said.contains(Capabilities::SHARES) && said.contains(Capabilities::ASKS));
        let reply = relay.answer(&page);
        first.engine.take_page(STALL, &reply, first.clock_ms + 100_000, now()).unwrap();

        // Goods in the hand are sold, and the record travels on to the byte.
        first.done(sell(23, product(MANGO), 1, BeyondShare::Allow));
        first.clock_ms += 200_000;
        second.clock_ms += 200_000;
        meet(&mut relay, &mut [&mut first, &mut second]);
        assert_eq!(second.stock(product(MANGO)).counted, 7);
        let pen = relay.pen.head();
        let author = relay.pen.author();
        let mut db = Sqlite::deserialize(&second.disk()).unwrap();
        let held =
            db.read(|tx| soko_record_log::log::record_at(tx, STALL, &author, pen.seq)).unwrap().unwrap();
        assert_eq!((held.kind, held.body.bytes()), (kind, Some(body.as_slice())));
        assert!(second.engine.verify(STALL).unwrap().is_sound());
    }
}

#[test]
fn what_another_device_wrote_with_a_newer_program_touches_its_own_share_alone() {
    let (mut relay, mut first, _) = pair();
    let (mut pen, introduction) = Pen::new([50; 32], STALL, [9; 16], Vec::new()).unwrap();
    let unknown = (0x0ffe, b"of a newer program".to_vec());
    let mut record = pen.write(unknown.0, unknown.1.clone()).unwrap();
    pen.sign(&mut record).unwrap();
    let records = [introduction, record];
    relay.db.transaction::<_, log::AppendError>(|tx| log::append(tx, &records).map(drop)).unwrap();
    first.replicate(&mut relay);
    let mut db = Sqlite::deserialize(&first.disk()).unwrap();
    let held = db.read(|tx| log::record_at(tx, STALL, &pen.author(), 2)).unwrap().unwrap();
    assert_eq!((held.kind, held.body.bytes()), (unknown.0, Some(unknown.1.as_slice())));
    for (author, is_outdated) in [(first.me(), false), (pen.author(), true)] {
        let found = db.read(|tx| soko_projection::read::is_outdated(tx, STALL, author));
        assert_eq!(found, Ok(is_outdated), "{author}");
    }
    first.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    first.done(command(21, Verb::ReturnShare { product: product(MANGO), quantity: 1 }));
    let page = first.engine.poll_page(STALL, first.clock_ms + 100_000).unwrap().unwrap();
    assert!(Page::decode(&page).unwrap().capabilities.contains(Capabilities::SHARES));
}
