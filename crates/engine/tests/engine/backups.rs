//! A backup and the register that is made of it on another device; and everything of a stall as tables.

use soko_app_api::{BeyondShare, Query, View};
use soko_domain::wire::Wire as _;
use soko_engine::backup::{Backup, BackupError, Picture, open as open_backup, seal};
use soko_engine::vault::MemoryVault;
use soko_record_log::Sqlite;

use crate::world::*;

const MANGO: u16 = 101;
const SALT: [u8; 16] = [3; 16];

fn restored(backup: &Backup, machine: u8) -> Device {
    let vault = MemoryVault::on_machine(soko_domain::ids::Hash([machine; 32]));
    let mut engine = open(Sqlite::open_in_memory().unwrap(), &vault, u64::from(machine)).unwrap();
    let joined = engine.restore(backup, "new phone").unwrap();
    Device { engine, vault, joined, clock_ms: 0, seed: u64::from(machine) }
}

#[test]
fn another_device_goes_on_from_a_backup_as_a_new_author() {
    let mut relay = Relay::new();
    let mut old = Device::ready(1, &["Mango", "Tea"], Some(&relay));
    relay.admit(&old);
    old.done(receive(20, product(MANGO), 10));
    old.done(sell(21, product(MANGO), 2, BeyondShare::Refuse));
    old.replicate(&mut relay);
    // These two the server never saw from the old device.
    old.done(sell(22, product(MANGO), 1, BeyondShare::Refuse));
    old.done(sell(23, product(MANGO), 1, BeyondShare::Refuse));

    let file = seal(&old.engine.backup(STALL).unwrap(), "orchid ladder", SALT).unwrap();
    let digest = old.engine.state_digest(STALL).unwrap();
    let mut new = restored(&open_backup(&file, "orchid ladder").unwrap(), 2);
    assert_ne!(new.me(), old.me(), "the old author's chain is not continued");
    assert_eq!(new.joined.replaces, Some(old.me()));
    assert_eq!(new.engine.frozen(STALL), None);
    assert_eq!(new.engine.state_digest(STALL).unwrap(), digest);
    assert_eq!(new.search("mango"), ["Mango"]);

    // It sells at once, under numbers of its own, and promises nothing of the old one's share.
    new.done(open_shift(30));
    assert_eq!(new.refused(sell(31, product(MANGO), 1, BeyondShare::Refuse)), "share_exceeded");
    new.done(sell(32, product(MANGO), 1, BeyondShare::Allow));
    let View::Sale(sale) =
        new.engine.answer(&Query::Sale { stall: STALL, sale: sale_id(32) }, now()).unwrap()
    else {
        panic!("no sale")
    };
    assert_eq!((sale.row.receipt_number, sale.row.register), (1, new.me()));

    // What the old device had not sent arrives from the new one, and everybody holds the same.
    relay.admit(&new);
    new.replicate(&mut relay);
    let mut third = Device::new(3, Some(&relay));
    relay.admit(&third);
    third.replicate(&mut relay);
    new.replicate(&mut relay);
    old.replicate(&mut relay);
    let digests = [&mut old, &mut new, &mut third].map(|device| device.engine.state_digest(STALL).unwrap());
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[1], digests[2]);
    assert_eq!(third.stock(product(MANGO)).counted, 5);
    for device in [&mut old, &mut new, &mut third] {
        assert!(device.engine.verify(STALL).unwrap().is_sound());
    }
}

#[test]
fn a_device_takes_a_backup_of_a_stall_that_it_has_not() {
    let mut old = Device::ready(1, &["Mango"], None);
    let backup = old.engine.backup(STALL).unwrap();
    assert!(old.engine.restore(&backup, "again").is_err());
    let new = restored(&backup, 2);
    // The key is kept, so that a restart goes on selling.
    let mut new = new.restart();
    assert_eq!(new.engine.frozen(STALL), None);
    new.done(open_shift(30));
}

#[test]
fn a_wrong_password_a_cut_and_every_changed_byte_are_noticed() {
    let mut device = Device::ready(1, &["Mango"], None);
    let mut backup = device.engine.backup(STALL).unwrap();
    // Several pieces, so that one can be left out.
    backup.pictures = vec![Picture { media_type: 1, bytes: vec![7; 150_000] }];
    let file = seal(&backup, "orchid ladder", SALT).unwrap();
    assert_eq!(open_backup(&file, "orchid ladder"), Ok(backup));
    assert_eq!(open_backup(&file, "orchid leader"), Err(BackupError::WrongPassword));
    assert_eq!(open_backup(&file[..20], "orchid ladder"), Err(BackupError::NotABackup));
    assert_eq!(open_backup(b"name,price\nMango,3 and more than a head\n", "x"), Err(BackupError::NotABackup));
    let piece = 64 * 1024 + 16;
    for cut in [file.len() - 1, file.len() - piece / 2] {
        assert_eq!(open_backup(&file[..cut], "orchid ladder"), Err(BackupError::Damaged), "cut at {cut}");
    }
    for (at, error) in
        [(25, BackupError::WrongPassword), (18, BackupError::Damaged), (file.len() - 1, BackupError::Damaged)]
    {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert_eq!(open_backup(&changed, "orchid ladder"), Err(error), "byte {at}");
    }
    let mut newer = file.clone();
    newer[12] = b'2';
    assert_eq!(open_backup(&newer, "orchid ladder"), Err(BackupError::Newer));
}

#[test]
fn a_backup_with_a_forged_record_makes_no_register() {
    let mut old = Device::ready(1, &["Mango"], None);
    let mut backup = old.engine.backup(STALL).unwrap();
    let other = Device::ready(2, &["Tea"], None).engine.backup(STALL).unwrap();
    backup.pages = other.pages;
    let vault = MemoryVault::on_machine(soko_domain::ids::Hash([5; 32]));
    let mut engine = open(Sqlite::open_in_memory().unwrap(), &vault, 5).unwrap();
    assert!(engine.restore(&backup, "new phone").is_err());
    assert_eq!(engine.stalls(), []);
}

/// The bytes of a backup last: this one was written when there were backups first.
#[test]
fn the_first_backup_ever_is_read_for_ever() {
    let backup = Backup {
        log: STALL,
        author: soko_domain::ids::AuthorId([1; 16]),
        authors: vec![soko_domain::ids::AuthorId([1; 16])],
        role: soko_domain::role::Role::Owner,
        epoch: soko_replication::Epoch { id: soko_domain::ids::EpochId([5; 16]), counter: 2 },
        server_keys: vec![[6; 32]],
        server: "https://soko.example".into(),
        pages: vec![vec![1, 2, 3]],
        pictures: vec![Picture { media_type: 2, bytes: vec![9] }],
    };
    let hex: String = backup.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let frozen = "01090909090909090909090909090909090101010101010101010101010101010101010101010101010101010101010101010105\
                  0505050505050505050505050505050201060606060606060606060606060606060606060606060606060606060606060614\
                  68747470733a2f2f736f6b6f2e6578616d706c650103010203010201 09";
    assert_eq!(hex, frozen.replace(' ', ""));
    assert_eq!(Backup::from_bytes(&backup.to_bytes()), Ok(backup));
}

#[test]
fn everything_is_exported_as_tables() {
    let mut device = Device::ready(1, &["Mango, ripe", "Tea"], None);
    device.done(receive(20, product(MANGO), 10));
    device.done(sell(21, product(MANGO), 2, BeyondShare::Refuse));
    let zip = device.engine.export_tables(STALL, now()).unwrap();
    let text = String::from_utf8_lossy(&zip);
    let names = ["products", "stock", "stock-changes", "sale-lines", "sale-taxes", "sale-payments"];
    for name in names.into_iter().chain(["refund-lines", "refund-payments", "shifts", "orders"]) {
        assert!(text.contains(&format!("{name}.csv")) && text.contains(&format!("{name}.json")), "{name}");
    }
    // Name, and what was counted, promised and sold.
    assert!(text.contains("\"Mango, ripe\",piece,8,8,0,0,0,0,0,0\r\n"), "stock");
    assert!(text.contains(",\"Mango, ripe\",2,2.50,1,0.00,5.00,0,0.00,5.00,0.00,EUR,piece,0,,\r\n"), "lines");
    assert!(text.contains(",cash,") && text.contains(",received,10,10,"), "payments and changes");
    assert!(
        text.contains(
            r#""name":"Tea","sku":"","barcodes":"","price":"2.50","currency":"EUR","unit":"piece""#
        )
    );
}
