//! What happens to devices and servers over the years, on real files and real connections: renewed after a backup was
//! put back, revoked, orders handed over, tokens that ran out, a server restored from its backup.

use std::path::Path;

use serde_json::Value;
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};

use crate::network::{World, person};
use crate::programs::{Script, id, server_command};

fn author(register: &mut Script) -> String {
    register.done("status")["author"].as_str().unwrap().to_owned()
}

fn stock(register: &mut Script) -> Value {
    register.done("stock tea")["stock"].clone()
}

/// Ends a register, does something to its files, and starts it again.
fn between(world: &mut World, number: usize, work: impl FnOnce(&Path)) {
    let till = world.till(number);
    world.registers.remove(number).end();
    work(&till);
    world.registers.insert(number, Script::start(&till));
}

#[test]
fn a_register_whose_backup_was_put_back_is_renewed_and_nothing_it_sold_is_lost() {
    let mut world = World::new(2, 11, None);
    world.registers[1].done("receive tea=20");
    world.registers[1].done("replicate");
    let (old, backup) = (author(&mut world.registers[1]), world.place("backup"));
    between(&mut world, 1, |till| {
        std::fs::copy(till.join("register.sqlite"), &backup).unwrap();
    });
    let sold = id(0xbb, 1);
    world.registers[1].done(&format!("sell tea=3 --cash 1000 --id {sold}"));
    world.registers[1].done("replicate");
    between(&mut world, 1, |till| {
        std::fs::copy(&backup, till.join("register.sqlite")).unwrap();
    });

    let register = &mut world.registers[1];
    let because = register.done("status")["frozen_because"].clone();
    assert_eq!(because["key"], "frozen.restored", "it did not notice that it was set back");
    let refused = register.say("sell tea=1 --cash 250");
    assert_eq!(refused["code"], "register_frozen", "{refused}");
    register.patiently(&format!("renew {} --role manager", person()));
    register.done("replicate");
    register.done("shift open");
    let new = author(register);
    assert_ne!(old, new);
    world.meet();
    for register in &mut world.registers {
        register.done("verify");
        let sales = register.done("sale list --rows 10");
        assert_eq!(sales["sales"][0]["sale"], sold.as_str(), "{sales}");
        assert_eq!(stock(register)["counted"], 17);
        let devices = register.done("devices");
        let device = devices["devices"].as_array().unwrap().iter().find(|device| device["author"] == old);
        assert_eq!(device.unwrap()["revoked"], true, "{devices}");
    }
    // Some of it was the shop's before; the rest is set apart with its holder, and the new one has none of it.
    let kept = stock(&mut world.registers[1]);
    assert!(kept["set_apart"].as_i64().unwrap() > 0 && kept["own_share"] == 0, "{kept}");
}

#[test]
fn a_revoked_register_is_turned_away_and_its_share_is_set_apart() {
    let mut world = World::new(2, 12, None);
    world.registers[1].done("receive tea=8");
    world.registers[1].done("replicate");
    let lost = author(&mut world.registers[1]);
    world.registers[0].done("replicate");
    world.registers[0].done(&format!("revoke {lost} --reason 'left in the bus'"));
    world.registers[0].done("replicate");
    let turned_away = world.registers[1].say("replicate --failures 1");
    assert_eq!(turned_away["ok"], false, "{turned_away}");
    world.registers[0].done("replicate");
    let stock = stock(&mut world.registers[0]);
    assert!(stock["set_apart"].as_i64().unwrap() > 0, "{stock}");
    assert_eq!((&stock["counted"], &stock["owed"]), (&8.into(), &0.into()), "{stock}");
}

#[test]
fn an_order_is_handed_over_at_a_register_and_another_cancelled() {
    let mut world = World::new(1, 13, None);
    world.registers[0].done("receive tea=10");
    world.registers[0].done("share return tea=6");
    world.registers[0].done("replicate");
    let product = world.product();
    for number in [1, 2] {
        assert_eq!(world.order(&product, number).0, 201);
    }
    world.registers[0].done("replicate");
    assert_eq!(stock(&mut world.registers[0])["held"], 2);
    world.registers[0].done(&format!("order hand-over {} --cash 300", id(0x0d, 1)));
    world.registers[0].done(&format!("order cancel {} --reason 'sold out'", id(0x0d, 2)));
    world.registers[0].done("replicate");
    for (number, state) in [(1, "fulfilled"), (2, "cancelled")] {
        let (status, order) = world.find_order(number);
        assert_eq!((status, order["state"].as_str()), (200, Some(state)), "{order}");
    }
    let stock = stock(&mut world.registers[0]);
    assert_eq!((&stock["held"], &stock["counted"]), (&0.into(), &9.into()), "{stock}");
}

#[test]
fn a_token_that_is_not_taken_any_more_is_exchanged_for_another() {
    let mut world = World::new(1, 14, None);
    world.registers[0].done("receive tea=4");
    let mut spoilt = String::new();
    between(&mut world, 0, |till| {
        spoilt = token(till).replace(|digit: char| digit.is_ascii_digit(), "0");
        let mut db = Sqlite::open(&till.join("register.sqlite"), OpenMode::Existing).unwrap();
        let spoil = |tx: &mut dyn Tx| tx.execute("update own_link set access_token = $1", params![spoilt]);
        assert_eq!(db.transaction(spoil), Ok(1));
    });
    world.registers[0].done("replicate");
    assert_eq!(world.registers[0].done("status")["unsent"], 0);
    between(&mut world, 0, |till| assert_ne!(token(till), spoilt));
}

fn token(till: &Path) -> String {
    let mut db = Sqlite::open(&till.join("register.sqlite"), OpenMode::Existing).unwrap();
    let read =
        |tx: &mut dyn Tx| tx.query_one("select access_token from own_link", &[])?.text(0).map(String::from);
    db.read::<_, StoreError>(read).unwrap()
}

#[test]
fn a_restored_server_gets_back_what_it_forgot_and_sells_again_once_all_have_spoken() {
    let mut world = World::new(2, 15, None);
    world.registers[0].done("receive tea=12");
    world.registers[0].done("share return tea=6");
    world.registers[0].done("replicate");
    let (data, backup) = (world.place("server"), world.place("server-backup"));
    let (data, backup) = (data.to_str().unwrap().to_owned(), backup.to_str().unwrap().to_owned());
    world.server.kill();
    server_command(&["backup", &backup, "--data-dir", &data]);
    world.server = world.server.restart();

    // Forgotten soon: an order, a sale, a share.
    let product = world.product();
    assert_eq!(world.order(&product, 1).0, 201);
    world.registers[0].done(&format!("sell tea=1 --cash 250 --id {}", id(1, 1)));
    world.registers[1].done("share ask tea=2");
    world.meet();
    let before = stock(&mut world.registers[1]);
    assert_eq!(before["own_share"], 2, "{before}");
    world.server.kill();
    server_command(&["restore", &backup, "--data-dir", &data, "--force"]);
    world.server = world.server.restart();

    assert_eq!(world.find_order(1).0, 404, "the backup was taken before the order");
    world.registers[0].done("replicate");
    let (status, refused) = world.order(&product, 2);
    assert_eq!((status, refused["code"].as_str()), (503, Some("stall_frozen")), "{refused}");
    // A register sells from its share while the stall is frozen.
    world.registers[1].done(&format!("sell tea=1 --cash 250 --id {}", id(1, 2)));
    world.registers[1].done("replicate");
    world.registers[0].done("confirm-devices");
    world.meet();
    assert_eq!(world.find_order(1).0, 200, "a register had the order");
    assert_eq!(world.order(&product, 2).0, 201, "it is still frozen");
    world.meet();
    for register in &mut world.registers {
        register.done("verify");
        let stock = stock(register);
        assert_eq!((&stock["counted"], &stock["owed"]), (&10.into(), &0.into()), "{stock}");
        assert_eq!(stock["held"], 2, "{stock}");
    }
}
