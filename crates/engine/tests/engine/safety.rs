//! Damage, a full disk and proof on demand.

use soko_app_api::{BeyondShare, Query, View};
use soko_domain::ids::{Hash, ThingId};
use soko_domain::wire::Wire as _;
use soko_engine::vault::{MemoryVault, Vault, VaultContent, VaultError};
use soko_engine::{Engine, Failure, FrozenWhy, NotDone, OpenError, Options, salvage};
use soko_record_log::{Sqlite, StoreError, params};
use soko_replication::Record;

use crate::world::*;

const MANGO: u16 = 101;

fn stocked() -> Device {
    let mut device = Device::ready(1, &["Mango", "Papaya"], None);
    device.done(receive(10, product(MANGO), 5));
    device
}

#[test]
fn a_changed_record_and_a_changed_table_are_found() {
    let mut device = stocked();
    assert!(device.engine.verify(STALL).unwrap().is_sound());
    let db = device.engine.database();
    db.transaction::<_, StoreError>(|tx| {
        tx.execute("update balance set quantity = quantity + 1 where quantity = 5", &[])
    })
    .unwrap();
    let check = device.engine.verify(STALL).unwrap();
    // The tables are not what the records say, and not what the server was told of them.
    assert!(check.problems.len() == 1 && check.digest != check.rebuilt, "{check:?}");
    device.engine.rebuild(STALL).unwrap();
    assert!(device.engine.verify(STALL).unwrap().is_sound());
    assert_eq!(device.search("mango"), ["Mango"]);

    let db = device.engine.database();
    db.transaction::<_, StoreError>(|tx| {
        tx.execute("update record set body = $1 where seq = 3", params![vec![1u8, 2, 3]])
    })
    .unwrap();
    let check = device.engine.verify(STALL).unwrap();
    assert_eq!(check.problems.len(), 1, "{check:?}");
}

#[test]
fn an_export_holds_every_record_in_its_own_form() {
    let mut device = stocked();
    let (mut after, mut records) = (0, Vec::new());
    loop {
        let (portion, position) = device.engine.export(STALL, after, 2).unwrap();
        if portion.is_empty() {
            break;
        }
        assert!(portion.len() <= 2);
        records.extend(portion.iter().map(|bytes| Record::from_bytes(bytes).unwrap()));
        after = position;
    }
    assert_eq!(records.len() as u64, device.status().records);
    assert!(records.iter().all(|record| record.author == device.me()));
    assert!((1..).zip(&records).all(|(seq, record)| record.seq == seq));
}

#[test]
fn a_damaged_database_is_told_and_what_verifies_is_salvaged() {
    let mut device = stocked();
    device.done(sell(20, product(MANGO), 2, BeyondShare::Refuse));
    let records = device.status().records;
    device
        .engine
        .database()
        .transaction::<_, StoreError>(|tx| {
            tx.execute("update record set body = $1 where seq = $2", params![vec![9u8; 4], records])
        })
        .unwrap();
    let disk = device.disk();

    let mut damaged = Sqlite::deserialize(&disk).unwrap();
    let mut fresh = Sqlite::open_in_memory().unwrap();
    let salvaged = salvage(&mut damaged, &mut fresh, ThingId([8; 16])).unwrap();
    assert_eq!((salvaged.stalls.as_slice(), salvaged.records), (&[STALL][..], records - 1));
    assert_eq!(salvaged.lost.len(), 1, "{:?}", salvaged.lost);

    let mut engine = open(fresh, &device.vault, 3).unwrap();
    assert_eq!(engine.frozen(STALL), Some(FrozenWhy::Restored));
    let renewed = engine.renew(STALL).unwrap();
    assert_eq!(renewed.replaces, Some(device.joined.author));
    let View::Stock(stock) =
        engine.answer(&Query::Stock { stall: STALL, product: product(MANGO) }, now()).unwrap()
    else {
        panic!("no stock")
    };
    assert_eq!(stock.counted, 5);
}

#[test]
fn salvaging_over_something_is_refused() {
    let mut device = stocked();
    let mut damaged = Sqlite::deserialize(&device.disk()).unwrap();
    let mut used = Sqlite::deserialize(&device.disk()).unwrap();
    let refused = salvage(&mut damaged, &mut used, ThingId([8; 16]));
    assert!(matches!(refused, Err(Failure::Inconsistent(_))), "{refused:?}");
}

#[test]
fn a_file_that_is_damaged_after_a_kill_does_not_open() {
    let mut device = stocked();
    let mut disk = device.disk();
    // Pages behind the first few: the schema stays readable, what it leads to does not.
    let from = disk.len() / 3;
    disk[from..].iter_mut().for_each(|byte| *byte = 0xa5);
    let opened =
        Sqlite::deserialize(&disk).map_err(OpenError::from).and_then(|db| open(db, &device.vault, 3));
    match opened {
        Err(OpenError::Damaged(problems)) => assert!(!problems.is_empty()),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a damaged database was opened"),
    }
}

#[test]
fn a_full_disk_refuses_new_sales_and_leaves_the_rest() {
    let mut relay = Relay::new();
    let mut device = stocked();
    device.done(sell(20, product(MANGO), 1, BeyondShare::Refuse));
    let limit = |device: &mut Device, pages: i64| {
        let connection = device.engine.database().connection().unwrap();
        connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0)).unwrap()
    };
    let full = limit(&mut device, 1);
    let mut failed = None;
    for number in 30..400 {
        if let Err(error) = device.handle(sell(number, product(MANGO), 1, BeyondShare::Allow)) {
            failed = Some((number, error));
            break;
        }
    }
    let (number, error) = failed.expect("the disk never filled up");
    assert_eq!(error, NotDone::Failed(Failure::DiskFull));
    assert!(error.to_string().contains("disk is full"));
    let sold = i64::from(number) - 30;
    assert_eq!(
        device.stock(product(MANGO)).counted,
        4 - sold,
        "reading goes on, and no sale is there by half"
    );
    let page = device.engine.poll_page(STALL, 10).unwrap().expect("replication goes on");
    relay.answer(&page);

    limit(&mut device, full * 10);
    let number = device.handle(sell(number, product(MANGO), 1, BeyondShare::Allow));
    assert!(number.is_ok(), "{number:?}");
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

/// There is no room on the disk for the number beside the database.
struct NoRoom(MemoryVault);

impl Vault for NoRoom {
    fn load(&mut self) -> Result<Option<VaultContent>, VaultError> {
        self.0.load()
    }

    fn store(&mut self, content: &VaultContent) -> Result<(), VaultError> {
        self.0.store(content)
    }

    fn generation(&mut self) -> Result<u64, VaultError> {
        self.0.generation()
    }

    fn raise(&mut self, _generation: u64) -> Result<(), VaultError> {
        Err(VaultError::Io("no space left".into()))
    }

    fn binding(&self) -> Result<Hash, VaultError> {
        self.0.binding()
    }
}

#[test]
fn a_sale_that_was_kept_is_told_as_kept_though_nothing_beside_the_database_can_be() {
    let mut device = stocked();
    let (db, vault) = (Sqlite::deserialize(&device.disk()).unwrap(), NoRoom(device.vault.clone()));
    device.engine = Engine::open(Options::new(db, Box::new(vault), Box::new(Seeded(77)))).unwrap();
    let sale = sell(20, product(MANGO), 2, BeyondShare::Refuse);
    let reply = device.done(sale.clone());
    assert_eq!(device.done(sale), reply, "a repeat has the same answer");
    assert_eq!(device.stock(product(MANGO)).own_share, 3);
    // The number that stayed too low freezes nobody, and the next one stands for it.
    let mut device = device.restart();
    assert_eq!(device.engine.frozen(STALL), None);
    device.done(sell(21, product(MANGO), 3, BeyondShare::Refuse));
    assert_eq!(device.stock(product(MANGO)).own_share, 0);
}
