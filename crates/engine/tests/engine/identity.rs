//! A restored backup or a copied disk never goes on as the author it was.

use soko_app_api::{BeyondShare, IncidentRow, Query, RegisterState, Verb, View, Window};
use soko_domain::entry::{IncidentKind, IncidentRaised};
use soko_domain::ids::Hash;
use soko_domain::role::Role;
use soko_engine::vault::{MemoryVault, Vault as _};
use soko_engine::{Failure, FrozenWhy, Join};
use soko_record_log::Sqlite;

use crate::world::*;

const MANGO: u16 = 101;

fn stocked(relay: Option<&Relay>) -> Device {
    let mut device = Device::ready(1, &["Mango"], relay);
    device.done(receive(10, product(MANGO), 5));
    device
}

#[test]
fn a_restart_and_a_kill_go_on_as_the_same_author() {
    let device = stocked(None);
    let author = device.me();
    let mut device = device.restart();
    assert_eq!(device.engine.frozen(STALL), None);
    device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    let disk = device.disk();
    device.engine.close().unwrap();
    let mut engine = open(Sqlite::deserialize(&disk).unwrap(), &device.vault, 8).unwrap();
    assert_eq!(engine.frozen(STALL), None);
    engine.handle(sell(21, product(MANGO), 1, BeyondShare::Refuse), now()).unwrap();
    let View::Status(status) = engine.answer(&Query::Status(STALL), now()).unwrap() else {
        panic!("no status")
    };
    assert_eq!(status.author, author);
}

#[test]
fn a_restored_backup_is_frozen_until_renewed() {
    let mut device = stocked(None);
    let backup = device.disk();
    device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    let mut device = device.restart_on(&backup);
    assert_eq!(device.engine.frozen(STALL), Some(FrozenWhy::Restored));
    assert_eq!(device.status().state, RegisterState::Frozen);
    assert_eq!(device.refused(sell(21, product(MANGO), 1, BeyondShare::Refuse)), "register_frozen");
    assert_eq!(device.refused(sell(22, product(MANGO), 1, BeyondShare::Allow)), "register_frozen");

    // It stays frozen, although nothing looks wrong at the next start.
    let mut device = device.restart();
    assert_eq!(device.engine.frozen(STALL), Some(FrozenWhy::Restored));

    let old = device.me();
    let renewed = device.engine.renew(STALL).unwrap();
    assert_eq!(renewed.replaces, Some(old));
    assert_ne!(renewed.author, old);
    device.done(open_shift(30));
    assert_eq!(device.refused(sell(31, product(MANGO), 1, BeyondShare::Refuse)), "share_exceeded");
    device.done(sell(32, product(MANGO), 1, BeyondShare::Allow));
    let device = device.restart();
    assert_eq!(device.engine.frozen(STALL), None);
}

#[test]
fn a_backup_older_by_an_edit_or_a_grant_alone_is_noticed_too() {
    let mut relay = Relay::new();
    let mut device = stocked(Some(&relay));
    relay.admit(&device);
    let before_admission = device.disk();
    device.replicate(&mut relay);
    let before_edit = device.disk();
    device.done(create_product(102, "Papaya"));
    let vault = device.vault.clone();
    for backup in [before_admission, before_edit] {
        let engine = open(Sqlite::deserialize(&backup).unwrap(), &vault.snapshot(), 3).unwrap();
        assert_eq!(engine.frozen(STALL), Some(FrozenWhy::Restored));
    }
}

#[test]
fn a_copy_is_frozen_and_the_original_is_not() {
    let mut device = stocked(None);
    let mut copy = device.copy(2);
    assert_eq!(copy.engine.frozen(STALL), Some(FrozenWhy::Copied));
    assert_eq!(copy.refused(sell(20, product(MANGO), 1, BeyondShare::Refuse)), "register_frozen");
    device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    copy.engine.renew(STALL).unwrap();
    copy.done(open_shift(21));
    let copy = copy.restart();
    assert_eq!(copy.engine.frozen(STALL), None);
}

#[test]
fn lost_keys_freeze_and_renewing_makes_others() {
    let mut device = stocked(None);
    let disk = device.disk();
    let vault = MemoryVault::on_machine(Hash([1; 32]));
    let mut engine = open(Sqlite::deserialize(&disk).unwrap(), &vault, 3).unwrap();
    assert_eq!(engine.frozen(STALL), Some(FrozenWhy::NoVault));
    engine.renew(STALL).unwrap();
    let disk = engine.database().serialize().unwrap();
    let engine = open(Sqlite::deserialize(&disk).unwrap(), &vault, 4).unwrap();
    assert_eq!(engine.frozen(STALL), None);
}

#[test]
fn a_deleted_database_begins_as_an_author_that_replaces_the_lost_one() {
    let device = stocked(None);
    let mut engine = open(Sqlite::open_in_memory().unwrap(), &device.vault, 3).unwrap();
    let join = Join { stall: STALL, name: "till".into(), role: Role::Owner, server_keys: vec![] };
    let joined = engine.join(join.clone()).unwrap();
    assert_eq!(joined.replaces, Some(device.joined.author));
    assert_eq!(engine.join(join), Err(Failure::KnownStall(STALL)));
    let content = device.vault.clone().load().unwrap().unwrap();
    assert_eq!(content.secrets.len(), 1, "the lost author's key is never used again");
}

#[test]
fn a_register_whose_tail_only_the_server_has_is_frozen_at_first_contact() {
    let mut relay = Relay::new();
    let mut device = stocked(Some(&relay));
    relay.admit(&device);
    device.replicate(&mut relay);
    let (disk, vault) = (device.disk(), device.vault.snapshot());
    device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    device.replicate(&mut relay);

    // The whole machine is put back: database and vault agree with each other.
    device.vault = vault;
    let mut restored = device.restart_on(&disk);
    assert_eq!(restored.engine.frozen(STALL), None);
    let taken = restored.replicate(&mut relay);
    assert!(taken.iter().any(|taken| taken.frozen == Some(FrozenWhy::Behind)), "{taken:?}");
    assert_eq!(restored.refused(sell(21, product(MANGO), 1, BeyondShare::Refuse)), "register_frozen");
    // The forgotten sale came back as a fact.
    assert_eq!(restored.stock(product(MANGO)).counted, 3);
    assert_eq!(restored.restart().engine.frozen(STALL), Some(FrozenWhy::Behind));
}

#[test]
fn two_live_copies_are_told_apart_at_the_server() {
    let mut relay = Relay::new();
    let mut device = stocked(Some(&relay));
    relay.admit(&device);
    device.replicate(&mut relay);
    let (disk, vault) = (device.disk(), device.vault.snapshot());
    device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    device.replicate(&mut relay);

    let mut twin = Device {
        engine: open(Sqlite::deserialize(&disk).unwrap(), &vault, 77).unwrap(),
        vault,
        ..Device::new(3, None)
    };
    twin.done(sell(30, product(MANGO), 3, BeyondShare::Refuse));
    let taken = twin.replicate(&mut relay);
    assert!(taken.iter().any(|taken| taken.frozen == Some(FrozenWhy::Forked)), "{taken:?}");
    assert_eq!(twin.refused(sell(31, product(MANGO), 1, BeyondShare::Refuse)), "register_frozen");
}

#[test]
fn who_is_told_of_a_second_history_stops() {
    let mut relay = Relay::new();
    let mut device = stocked(Some(&relay));
    relay.admit(&device);
    let fork = |author| IncidentRaised {
        incident: thing(60),
        kind: IncidentKind::Fork,
        author: Some(author),
        product: None,
        quantity: 0,
        orders: vec![],
    };
    relay.write(fork(relay.pen.author()));
    device.replicate(&mut relay);
    assert_eq!(device.engine.frozen(STALL), None, "somebody else was meant");
    relay.write(fork(device.me()));
    device.replicate(&mut relay);
    assert_eq!(device.engine.frozen(STALL), Some(FrozenWhy::Forked));
}

#[test]
fn an_incident_waits_until_somebody_dealt_with_it_on_whatever_register() {
    let mut relay = Relay::new();
    let mut device = stocked(Some(&relay));
    relay.admit(&device);
    for (number, product, quantity) in [(60, Some(product(MANGO)), 3), (61, None, 1_350)] {
        let kind = if product.is_some() { IncidentKind::Shortage } else { IncidentKind::PaymentDisputed };
        let incident = thing(number);
        relay.write(IncidentRaised { incident, kind, author: None, product, quantity, orders: vec![] });
    }
    device.replicate(&mut relay);
    let waiting = |device: &mut Device| {
        let query = Query::Incidents { stall: STALL, window: Window::first(10) };
        let Ok(View::Incidents(rows)) = device.engine.answer(&query, now()) else { panic!("no incidents") };
        let is_first = |row: &IncidentRow| row.incident == thing(60);
        let first = rows.iter().find(|row| is_first(row)).unwrap();
        assert_eq!((first.product_name.as_str(), first.quantity), ("Mango", 3));
        rows.iter().map(|row| (is_first(row), row.settled.is_some())).collect::<Vec<_>>()
    };
    let settle = |number| Verb::SettleIncident { incident: thing(number) };
    assert!(waiting(&mut device).iter().all(|(_, is_settled)| !is_settled));
    assert_eq!(device.refused(command(70, settle(9))), "incident_unknown");
    device.done(command(71, settle(60)));
    assert_eq!(waiting(&mut device), [(false, false), (true, true)], "those that wait come first");
    device.replicate(&mut relay);
    let mut other = Device::new(2, Some(&relay));
    relay.admit(&other);
    other.replicate(&mut relay);
    assert_eq!(waiting(&mut other), [(false, false), (true, true)]);
    // Said again, also elsewhere, it is the same.
    other.done(command(72, settle(60)));
    assert_eq!(waiting(&mut other).len(), 2);
}

#[test]
fn what_the_old_author_had_not_sent_is_sent_after_renewing() {
    let mut relay = Relay::new();
    let mut device = stocked(Some(&relay));
    relay.admit(&device);
    device.replicate(&mut relay);
    device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    let backup = device.disk();
    device.done(sell(21, product(MANGO), 1, BeyondShare::Refuse));
    let mut device = device.restart_on(&backup);
    assert_eq!(device.engine.frozen(STALL), Some(FrozenWhy::Restored));
    let renewed = device.engine.renew(STALL).unwrap();
    relay.admit_author(&renewed, Role::Cashier);
    device.replicate(&mut relay);
    assert_eq!(device.status().unsent, 0);
    let mut other = Device::new(2, Some(&relay));
    other.replicate(&mut relay);
    assert_eq!(other.stock(product(MANGO)).counted, 3, "the sale of the old author arrived");
}
