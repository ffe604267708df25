//! Registers that hear each other and no server.

use soko_app_api::{
    BeyondShare, OpenOrderEdit, Query, RegisterState, SaleAbout, SaleLineInput, TabLine, TenderInput, Verb,
    View,
};
use soko_domain::entry::DeviceRevoked;
use soko_domain::ids::{OrderId, SaleId};
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_engine::{FrozenWhy, MeetingProof, MeetingSide, Met};
use soko_replication::{Offer, Page, Pen, Run};

use crate::replication::{MANGO, meet as replicate, pair};
use crate::world::*;

const TRANSCRIPT: [u8; 32] = [77; 32];
/// More pages than any two registers here exchange.
const PAGES_MAX: usize = 50;

/// As whoever carries the bytes does it: each hands over what the other lacks, until the caller has nothing new to say.
fn meet(caller: &mut Device, answerer: &mut Device) -> (Met, Met) {
    let (mut first, mut second) = (Met::default(), Met::default());
    let mut page = caller.engine.page_to_meet(STALL, None).unwrap();
    for _ in 0..PAGES_MAX {
        add(&mut second, answerer.engine.take_met(STALL, &page, now()).unwrap());
        let reply = answerer.engine.page_to_meet(STALL, Some(&page)).unwrap();
        add(&mut first, caller.engine.take_met(STALL, &reply, now()).unwrap());
        let next = caller.engine.page_to_meet(STALL, Some(&reply)).unwrap();
        if next == page {
            return (first, second);
        }
        page = next;
    }
    panic!("they do not come to an end");
}

fn add(sum: &mut Met, part: Met) {
    sum.records += part.records;
    sum.refused.extend(part.refused);
    sum.frozen = sum.frozen.or(part.frozen);
}

fn shown(device: &mut Device, side: MeetingSide) -> MeetingProof {
    let proof = device.engine.prove_to_meet(STALL, side, &TRANSCRIPT).unwrap().unwrap();
    // As it travels.
    MeetingProof::from_bytes(&proof.to_bytes()).unwrap()
}

/// Whether one of them is believed by the other.
fn believes(shows: &mut Device, looks: &mut Device, side: MeetingSide) -> bool {
    let proof = shown(shows, side);
    let known = looks.engine.may_meet(STALL, side, &TRANSCRIPT, &proof).unwrap();
    assert!(known.is_none() || known == Some(shows.me()));
    known.is_some()
}

fn digest(device: &mut Device) -> soko_domain::ids::Hash {
    device.engine.state_digest(STALL).unwrap()
}

#[test]
fn registers_that_meet_hold_the_same_and_promise_no_more_than_before() {
    let (_, mut first, mut second) = pair();
    first.done(sell(20, product(MANGO), 3, BeyondShare::Refuse));
    second.done(sell(30, product(MANGO), 1, BeyondShare::Allow));
    let own = (first.stock(product(MANGO)).own_share, second.stock(product(MANGO)).own_share);

    let (to_first, to_second) = meet(&mut first, &mut second);
    assert!(to_first.records > 0 && to_second.records > 0, "{to_first:?} {to_second:?}");
    assert_eq!((to_first.refused, to_second.refused), (vec![], vec![]));
    assert_eq!(digest(&mut first), digest(&mut second));
    assert_eq!(own, (first.stock(product(MANGO)).own_share, second.stock(product(MANGO)).own_share));
    assert_eq!(first.stock(product(MANGO)).counted, 4);
    // Again there is nothing to say.
    assert_eq!(meet(&mut second, &mut first), (Met::default(), Met::default()));
}

/// First hour 20: what a stolen register sold is complete at the one that it met.
#[test]
fn what_a_register_sold_reaches_the_server_through_the_one_that_it_met() {
    let (mut relay, mut first, mut second) = pair();
    first.done(sell(20, product(MANGO), 3, BeyondShare::Refuse));
    meet(&mut second, &mut first);
    let stolen = digest(&mut first);
    drop(first);
    assert_eq!(digest(&mut second), stolen);
    second.replicate(&mut relay);

    let mut third = Device::new(3, Some(&relay));
    relay.admit(&third);
    third.replicate(&mut relay);
    let found = Query::Sale { stall: STALL, sale: SaleId(thing(20).0) };
    assert!(matches!(third.engine.answer(&found, now()).unwrap(), View::Sale(_)));
}

/// First hour 9, without any server: both sets of lines remain, one pays, the other cannot pay again.
#[test]
fn an_open_order_of_two_registers_that_meet_is_paid_once() {
    let (_, mut first, mut second) = pair();
    let order = OrderId(thing(60).0);
    let line = |number: u16| OpenOrderEdit::PutLine {
        line: thing(number),
        content: TabLine {
            product: Some(product(MANGO)),
            name: String::new(),
            quantity: 1,
            unit_price_minor: 250,
            discount: soko_app_api::DiscountInput::None,
            note: String::new(),
            reason: String::new(),
            label: String::new(),
        },
    };
    let edit = |edits| Verb::EditOpenOrder { order, edits };
    first.done(command(40, edit(vec![OpenOrderEdit::Title("Table 4".into()), line(61)])));
    meet(&mut first, &mut second);
    first.done(command(41, edit(vec![line(62)])));
    second.done(command(42, edit(vec![line(63)])));
    meet(&mut second, &mut first);
    let shown = Query::OpenOrder { stall: STALL, order };
    for device in [&mut first, &mut second] {
        let View::OpenOrder(view) = device.engine.answer(&shown, now()).unwrap() else { panic!() };
        assert_eq!(view.lines.len(), 3);
    }
    let pay = |number: u16| {
        command(
            number,
            Verb::MakeSale {
                sale: sale_id(number),
                lines: vec![SaleLineInput::of(product(MANGO), 3)],
                discount: soko_app_api::DiscountInput::None,
                tenders: vec![TenderInput::cash(100_000)],
                beyond: BeyondShare::Allow,
                about: SaleAbout { tab: Some(order), ..SaleAbout::default() },
            },
        )
    };
    first.done(pay(50));
    meet(&mut first, &mut second);
    assert_eq!(second.refused(pay(51)), "tab_closed");
}

#[test]
fn only_registers_of_the_stall_are_believed() {
    let (mut relay, mut first, mut second) = pair();
    assert!(believes(&mut first, &mut second, MeetingSide::Calls));
    assert!(believes(&mut second, &mut first, MeetingSide::Answers));

    let proof = shown(&mut first, MeetingSide::Calls);
    let mut looks = |side, transcript: [u8; 32], proof: &MeetingProof| {
        second.engine.may_meet(STALL, side, &transcript, proof).unwrap()
    };
    assert_eq!(looks(MeetingSide::Answers, TRANSCRIPT, &proof), None, "the other side's words");
    assert_eq!(looks(MeetingSide::Calls, [78; 32], &proof), None, "another conversation's");
    let bytes = proof.to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        if let Ok(damaged) = MeetingProof::from_bytes(&damaged) {
            assert_eq!(looks(MeetingSide::Calls, TRANSCRIPT, &damaged), None, "damaged at {at}");
        }
    }
    // Its own words come back to it.
    assert_eq!(first.engine.may_meet(STALL, MeetingSide::Calls, &TRANSCRIPT, &proof).unwrap(), None);
    // Not let in, and shut out.
    let mut stranger = Device::new(5, Some(&relay));
    assert!(!believes(&mut stranger, &mut first, MeetingSide::Calls));
    relay.admit_author(&stranger.joined, Role::Cashier);
    replicate(&mut relay, &mut [&mut stranger, &mut first]);
    assert!(believes(&mut stranger, &mut first, MeetingSide::Calls));
    relay.write(DeviceRevoked { author: stranger.me(), reason: "lost".into() });
    first.replicate(&mut relay);
    assert!(!believes(&mut stranger, &mut first, MeetingSide::Calls));
}

#[test]
fn what_a_page_brings_is_proven_and_nobody_elses() {
    let (mut relay, mut first, mut second) = pair();
    first.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    let before = digest(&mut second);
    let asks = second.engine.page_to_meet(STALL, None).unwrap();
    let good = first.engine.page_to_meet(STALL, Some(&asks)).unwrap();
    // Damaged, of another stall, and with a signature that is none.
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    assert!(second.engine.take_met(STALL, &damaged, now()).is_err());
    let page = Page::decode(&good).unwrap();
    let mut other = page.clone();
    other.log = soko_domain::ids::LogId([3; 16]);
    assert!(second.engine.take_met(STALL, &other.encode().unwrap(), now()).is_err());
    let mut forged = page.clone();
    for run in &mut forged.runs {
        run.signature.0[5] ^= 1;
    }
    let met = second.engine.take_met(STALL, &forged.encode().unwrap(), now()).unwrap();
    assert_eq!((met.records, met.refused.is_empty()), (0, false));
    // Whoever the server did not let in leaves nothing here, until it does.
    let (pen, introduction) = Pen::new([66; 32], STALL, [2; 16], Vec::new()).unwrap();
    let mut stranger = Page::new(STALL, first.me(), Offer::OURS, relay.epoch);
    stranger.runs = vec![Run::from_records(vec![introduction.clone()]).unwrap()];
    let bytes = stranger.encode().unwrap();
    assert_eq!(second.engine.take_met(STALL, &bytes, now()).unwrap(), Met::default());
    assert_eq!(digest(&mut second), before);
    let joined = soko_engine::Joined {
        author: pen.author(),
        public_key: pen.public_key(),
        replaces: None,
        introduction,
    };
    relay.admit_author(&joined, Role::Cashier);
    second.replicate(&mut relay);
    assert_eq!(second.engine.take_met(STALL, &bytes, now()).unwrap().records, 1);
}

/// Another register knows more of it than it does: it was set back, and would write its numbers twice.
#[test]
fn a_register_that_was_set_back_learns_it_from_the_one_that_it_meets() {
    let (_, mut first, mut second) = pair();
    // A snapshot of the whole machine: nothing beside the database remembers more.
    let (old, vault) = (first.disk(), first.vault.snapshot());
    first.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    meet(&mut first, &mut second);
    first.vault = vault;
    let mut set_back = first.restart_on(&old);
    assert_eq!(set_back.status().state, RegisterState::Active);
    let (_, learnt) = meet(&mut second, &mut set_back);
    assert_eq!(learnt.frozen, Some(FrozenWhy::Behind));
    assert_eq!(set_back.status().state, RegisterState::Frozen);
    let proof = set_back.engine.prove_to_meet(STALL, MeetingSide::Calls, &TRANSCRIPT).unwrap();
    assert_eq!(proof, None, "a frozen register shows nothing");
    assert_eq!(set_back.restart().engine.frozen(STALL), Some(FrozenWhy::Behind));
}
