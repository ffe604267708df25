//! A device on a real disk: locks, damage, deletion, copies.

use std::fs;
use std::path::Path;

use soko_app_api::{BeyondShare, Query, View};
use soko_domain::role::Role;
use soko_engine::{DeviceFolder, Engine, Entropy, FrozenWhy, Join, OpenError, Opened};
use soko_replication::session::Timing;

use crate::world::*;

const MANGO: u16 = 101;
const DATABASE: &str = "register.sqlite";

fn open_folder(path: &Path, seed: u64) -> Result<Opened, OpenError> {
    let entropy = move || -> Box<dyn Entropy> { Box::new(Seeded(seed)) };
    DeviceFolder::open(path, Timing::default(), &entropy)
}

/// A folder with a stall, an open shift, five mangoes and one sale of two.
fn used(path: &Path) {
    let mut opened = open_folder(path, 1).unwrap();
    let engine = &mut opened.engine;
    let join = Join { stall: STALL, name: "till".into(), role: Role::Owner, server_keys: vec![] };
    engine.join(join).unwrap();
    for command in [
        create_stall(1),
        create_product(MANGO, "Mango"),
        open_shift(2),
        receive(10, product(MANGO), 5),
        sell(20, product(MANGO), 2, BeyondShare::Refuse),
    ] {
        engine.handle(command, now()).unwrap();
    }
    opened.engine.close().unwrap();
}

fn counted(engine: &mut Engine) -> i64 {
    match engine.answer(&Query::Stock { stall: STALL, product: product(MANGO) }, now()).unwrap() {
        View::Stock(stock) => stock.counted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_opens_again_and_a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    used(folder.path());
    let mut opened = open_folder(folder.path(), 2).unwrap();
    assert_eq!((opened.engine.frozen(STALL), counted(&mut opened.engine)), (None, 3));
    assert!(opened.salvaged.is_none() && !opened.database_was_missing && !opened.low_space);
    let second = open_folder(folder.path(), 3).err().map(|error| error.to_string());
    assert!(second.unwrap().contains("in use"));
}

#[test]
fn a_copied_folder_is_frozen_and_the_original_is_not() {
    let parent = tempfile::tempdir().unwrap();
    let (original, copy) = (parent.path().join("a"), parent.path().join("b"));
    used(&original);
    fs::create_dir(&copy).unwrap();
    for file in fs::read_dir(&original).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    assert_eq!(open_folder(&copy, 2).unwrap().engine.frozen(STALL), Some(FrozenWhy::Copied));
    let moved = parent.path().join("c");
    fs::rename(&original, &moved).unwrap();
    assert_eq!(open_folder(&moved, 3).unwrap().engine.frozen(STALL), None);
}

#[test]
fn an_older_database_put_back_is_frozen() {
    let folder = tempfile::tempdir().unwrap();
    used(folder.path());
    let backup = fs::read(folder.path().join(DATABASE)).unwrap();
    let mut opened = open_folder(folder.path(), 2).unwrap();
    opened.engine.handle(sell(21, product(MANGO), 1, BeyondShare::Refuse), now()).unwrap();
    opened.engine.close().unwrap();
    drop(opened.folder);
    fs::write(folder.path().join(DATABASE), backup).unwrap();
    assert_eq!(open_folder(folder.path(), 3).unwrap().engine.frozen(STALL), Some(FrozenWhy::Restored));
}

#[test]
fn a_deleted_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    used(folder.path());
    fs::remove_file(folder.path().join(DATABASE)).unwrap();
    let opened = open_folder(folder.path(), 2).unwrap();
    assert!(opened.database_was_missing);
}

#[test]
fn damage_anywhere_is_set_aside_and_never_an_empty_store_in_silence() {
    let template = tempfile::tempdir().unwrap();
    used(template.path());
    let whole = fs::read(template.path().join(DATABASE)).unwrap();
    let pages = whole.len() / 4096;
    let mut set_aside = 0;
    for page in (0..pages).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        used(folder.path());
        let path = folder.path().join(DATABASE);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len().min((page + 1) * 4096);
        bytes[page * 4096..last].iter_mut().for_each(|byte| *byte ^= 0x5a);
        fs::write(&path, &bytes).unwrap();
        let entropy = || -> Box<dyn Entropy> { Box::new(Seeded(2)) };
        let mut opened = match DeviceFolder::open_thorough(folder.path(), Timing::default(), &entropy) {
            Ok(opened) => opened,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let Some((aside, salvaged)) = &opened.salvaged else {
            assert_eq!(counted(&mut opened.engine), 3, "page {page} was damaged and nobody said so");
            continue;
        };
        set_aside += 1;
        assert_eq!(fs::read(aside).unwrap(), bytes, "what is set aside is not touched");
        let lost = salvaged.lost.clone();
        let is_whole = lost.is_empty() && counted(&mut opened.engine) == 3;
        assert!(is_whole || !lost.is_empty(), "page {page} lost something in silence");
    }
    assert!(set_aside > 0, "no damage was ever seen");
}
