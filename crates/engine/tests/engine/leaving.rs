//! A register that leaves a stall: what it may promise goes back, it writes nothing while it waits, and its copy goes as a whole.

use soko_app_api::{
    BeyondShare, Command, ProductContent, Query, RegisterState, StallContent, Verb, View, Window,
};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::role::Role;
use soko_engine::{FrozenWhy, Join};
use soko_record_log::StoreError;

use crate::replication::{MANGO, meet, pair};
use crate::world::*;

const OTHER: LogId = LogId([8; 16]);

/// Tables in which something has a stall's mark.
fn marked(device: &mut Device, stall: LogId) -> Vec<String> {
    let engine = &mut device.engine;
    let found = engine.database().read::<_, StoreError>(|tx| {
        let tables = tx.query(
            "select m.name from sqlite_master m where m.type = 'table'
               and exists (select 1 from pragma_table_info(m.name) c where c.name = 'log') order by m.name",
            &[],
        )?;
        let mut marked = Vec::new();
        for row in &tables {
            let sql = format!("select count(*) from {} where log = $1", row.text(0)?);
            if tx.query_one(&sql, soko_record_log::params![stall])?.int(0)? > 0 {
                marked.push(row.text(0)?.to_owned());
            }
        }
        Ok(marked)
    });
    found.unwrap()
}

#[test]
fn all_that_may_be_promised_goes_back_and_nobody_loses_a_unit() {
    let (mut relay, mut first, mut second) = pair();
    let lies = first.engine.lies_here(STALL).unwrap();
    assert_eq!((lies.products, lies.pieces, lies.is_shift_open), (1, 8, true));
    let rows = first
        .engine
        .answer(&Query::SharesOf { stall: STALL, author: first.me(), window: Window::first(5) }, now());
    let View::SharesOf(rows) = rows.unwrap() else { panic!("no list") };
    assert_eq!(rows.iter().map(|row| (row.name.as_str(), row.quantity)).collect::<Vec<_>>(), [("Mango", 8)]);
    assert_eq!(first.engine.give_all_back(STALL, now()).unwrap(), 1);
    assert_eq!(first.engine.give_all_back(STALL, now()).unwrap(), 0, "nothing is left");
    assert_eq!((first.stock(product(MANGO)).own_share, first.stock(product(MANGO)).counted), (0, 8));
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert_eq!((second.stock(product(MANGO)).shop, second.stock(product(MANGO)).counted), (8, 8));
    assert_eq!(second.engine.lies_here(STALL).unwrap().products, 0);
}

#[test]
fn whoever_waits_to_leave_writes_nothing_and_may_stay_after_all() {
    let (mut relay, mut first, _) = pair();
    first.replicate(&mut relay);
    let (author, seq) = first.engine.seal(STALL).unwrap();
    assert_eq!(author, first.me());
    // Killed in the middle: it waits as before.
    let mut first = first.restart();
    assert!(first.engine.is_leaving(STALL));
    assert_eq!(first.status().state, RegisterState::Leaving);
    assert_eq!(first.status().frozen_because, None, "nothing went wrong");
    assert_eq!(first.refused(sell(30, product(MANGO), 1, BeyondShare::Allow)), "register_frozen");
    assert_eq!(first.engine.seal(STALL).unwrap(), (author, seq), "and says the same again");
    first.replicate(&mut relay);
    first.engine.unseal(STALL).unwrap();
    assert_eq!((first.status().state, first.me()), (RegisterState::Active, author));
    first.done(sell(31, product(MANGO), 1, BeyondShare::Refuse));
    first.replicate(&mut relay);
    assert_eq!(first.status().unsent, 0);
}

#[test]
fn a_copy_of_a_register_does_not_leave_in_its_name() {
    let (_, mut first, _) = pair();
    assert!(first.engine.may_leave(STALL).is_ok());
    let mut copy = first.copy(77);
    assert_eq!(copy.engine.frozen(STALL), Some(FrozenWhy::Copied));
    assert!(copy.engine.may_leave(STALL).is_err());
    copy.engine.seal(STALL).unwrap();
    assert!(!copy.engine.is_leaving(STALL), "what froze it goes before");
}

#[test]
fn nothing_is_left_of_a_stall_that_was_left_and_the_other_stall_is_as_it_was() {
    let (mut relay, mut first, _) = pair();
    let join =
        |stall, name: &str| Join { stall, name: name.into(), role: Role::Owner, server_keys: Vec::new() };
    first.engine.join(join(OTHER, "till")).unwrap();
    let content = StallContent {
        name: "Other".into(),
        currency: "EUR".into(),
        zone: "Africa/Nairobi".into(),
        cut_off_minutes: 0,
    };
    for (number, verb) in [
        (201, Verb::CreateStall(content)),
        (202, Verb::CreateProduct { product: product(101), content: ProductContent::piece("Mango", 300) }),
    ] {
        first.engine.handle(Command { id: thing(number), stall: OTHER, verb }, now()).unwrap();
    }
    first.done(sell(30, product(MANGO), 1, BeyondShare::Refuse));
    first.replicate(&mut relay);
    assert_eq!(first.search("mango"), ["Mango"]);
    let before = first.engine.state_digest(OTHER).unwrap();
    assert!(marked(&mut first, STALL).len() > 10);
    first.engine.forget(STALL).unwrap();
    first.engine.forget(STALL).unwrap();
    assert_eq!(marked(&mut first, STALL), Vec::<String>::new());
    assert_eq!(first.engine.stalls(), [OTHER]);
    let mut first = first.restart();
    assert_eq!((first.engine.stalls(), first.engine.frozen(OTHER)), (vec![OTHER], None));
    assert_eq!(first.engine.state_digest(OTHER).unwrap(), before);
    assert!(first.engine.verify(OTHER).unwrap().is_sound());
    let found = first.engine.answer(&Query::Search { stall: OTHER, text: "mango".into(), rows: 5 }, now());
    assert!(matches!(found, Ok(View::Products(rows)) if rows.len() == 1));
    // It comes in again as somebody new, who continues nobody.
    let again = first.engine.join(join(STALL, "till again")).unwrap();
    assert_eq!(again.replaces, None);
    assert!(ThingId(again.author.0) != ThingId(first.me().0));
}
