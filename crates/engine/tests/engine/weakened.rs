//! Each rule that can be weakened shows its damage here, so that the simulator has something to catch.

use soko_app_api::{BeyondShare, Reply};
use soko_domain::entry::ShareGranted;
use soko_domain::ids::{Hash, ShareId};
use soko_domain::sabotage::Sabotage;
use soko_engine::vault::MemoryVault;
use soko_engine::{Engine, Options};
use soko_record_log::Sqlite;

use crate::world::*;

const MANGO: u16 = 101;

fn open_weak(disk: &[u8], vault: &MemoryVault, rule: Sabotage) -> Engine {
    let db = Sqlite::deserialize(disk).unwrap();
    let options = Options::new(db, Box::new(vault.clone()), Box::new(Seeded(99)));
    Engine::open(Options { weaken: Some(rule), ..options }).unwrap()
}

fn weak(mut device: Device, rule: Sabotage) -> Device {
    let disk = device.disk();
    device.engine = open_weak(&disk, &device.vault, rule);
    device
}

fn stocked(relay: Option<&Relay>) -> Device {
    let mut device = Device::ready(1, &["Mango"], relay);
    device.done(receive(10, product(MANGO), 5));
    device
}

#[test]
fn a_copy_goes_on_as_the_original() {
    let mut device = stocked(None);
    let disk = device.disk();
    let elsewhere = device.vault.copied_to(Hash([8; 32]));
    let mut engine = open_weak(&disk, &elsewhere, Sabotage::NoCloneCheck);
    assert_eq!(engine.frozen(STALL), None);
    engine.handle(sell(20, product(MANGO), 5, BeyondShare::Refuse), now()).unwrap();
    device.done(sell(21, product(MANGO), 5, BeyondShare::Refuse));
}

#[test]
fn a_backup_goes_on_as_the_same_author() {
    let mut device = stocked(None);
    let backup = device.disk();
    device.done(sell(20, product(MANGO), 5, BeyondShare::Refuse));
    let mut engine = open_weak(&backup, &device.vault, Sabotage::NoRestoreCheck);
    assert_eq!(engine.frozen(STALL), None);
    engine.handle(sell(21, product(MANGO), 5, BeyondShare::Refuse), now()).unwrap();
}

#[test]
fn more_than_the_share_is_promised() {
    let mut device = weak(stocked(None), Sabotage::ShareCheckSkipped);
    let reply = device.done(sell(20, product(MANGO), 50, BeyondShare::Refuse));
    assert!(matches!(reply, Reply::Sold { beyond_share: 0, .. }), "{reply:?}");
    assert_eq!(device.stock(product(MANGO)).own_share, -45);
}

#[test]
fn a_repeat_is_done_again() {
    let mut device = weak(stocked(None), Sabotage::RetryExecutesAgain);
    device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    assert_eq!(device.stock(product(MANGO)).own_share, 3);
}

#[test]
fn an_answered_sale_is_lost_in_a_crash() {
    let mut device = weak(stocked(None), Sabotage::AckBeforeDurable);
    let before = device.disk();
    let reply = device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    assert!(matches!(reply, Reply::Sold { receipt_number: 1, .. }), "{reply:?}");
    assert_eq!(device.engine.database().serialize().unwrap(), before);
    // The next call writes it.
    assert_eq!(device.stock(product(MANGO)).own_share, 4);
    assert_eq!(device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse)), reply);
}

#[test]
fn a_grant_brings_back_what_was_sold_meanwhile() {
    let mut relay = Relay::new();
    let device = stocked(Some(&relay));
    relay.admit(&device);
    let mut device = weak(device, Sabotage::AbsoluteQuota);
    device.replicate(&mut relay);
    device.clock_ms += 60_000;
    let page = device.engine.poll_page(STALL, device.clock_ms).unwrap().unwrap();
    device.done(sell(20, product(MANGO), 5, BeyondShare::Refuse));
    let share = ShareId(thing(81).0);
    relay.write(ShareGranted { share, to: device.me(), product: product(MANGO), quantity: 1, ask: None });
    let reply = relay.answer(&page);
    device.engine.take_page(STALL, &reply, device.clock_ms, now()).unwrap();
    device.done(sell(21, product(MANGO), 6, BeyondShare::Refuse));
    assert_eq!(device.stock(product(MANGO)).own_share, -5);
}

#[test]
fn a_forged_record_is_taken() {
    let mut relay = Relay::new();
    let device = stocked(Some(&relay));
    relay.admit(&device);
    let (share, to) = (ShareId(thing(81).0), device.me());
    let forged = |relay: &mut Relay, page: &[u8]| {
        let mut reply = soko_replication::Page::decode(&relay.answer(page)).unwrap();
        for run in &mut reply.runs {
            run.signature = soko_replication::Signature([1; 64]);
        }
        reply.encode().unwrap()
    };
    for (rule, expected) in [(Sabotage::UnchainedLog, 9), (Sabotage::ClockLease, 5)] {
        let mut device = weak(stocked(Some(&relay)), rule);
        device.joined.author = to;
        if expected == 9 {
            relay.write(ShareGranted { share, to, product: product(MANGO), quantity: 4, ask: None });
        }
        device.clock_ms += 60_000;
        let page = device.engine.poll_page(STALL, device.clock_ms).unwrap().unwrap();
        let reply = forged(&mut relay, &page);
        device.engine.take_page(STALL, &reply, device.clock_ms, now()).unwrap();
        assert_eq!(device.stock(product(MANGO)).own_share, expected, "{rule:?}");
    }
}
