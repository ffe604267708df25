//! The baskets of an account, brought together from all its devices. Nobody else sees them.

use soko_domain::ids::ThingId;
use soko_domain::wanted::{Baskets, DEVICES_MAX, PARTS_MAX, Part, Put};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::platform::refusal::Refusal;

/// What a device says, and what it has seen.
#[derive(Clone, Debug)]
pub struct Said {
    pub since: i64,
    /// None where it only asks.
    pub baskets: Option<Baskets>,
}

/// How far a device has then seen everything, and all of it where that is something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchanged {
    pub up_to: i64,
    pub baskets: Option<Baskets>,
}

/// Takes what a device says, and answers what there is.
pub fn exchange(tx: &mut dyn Tx, account: ThingId, said: &Said) -> Result<Exchanged, Refusal> {
    let (known, mut up_to) = (of(tx, account)?, version(tx, account)?);
    let mut now = known.clone();
    if let Some(said) = &said.baskets {
        let mut said = said.clone();
        // How far a device has counted that is not known here and has nothing in was forgotten here, or says nothing.
        said.forget_idle(|device| known.up_to(device) > 0);
        now = known.merged(&said);
        crowd_out(tx, account, &known, &mut now)?;
        if now != known {
            up_to += 1;
            keep(tx, account, (&known, &now), up_to)?;
        }
    }
    // Whoever said something hears what became of it; whoever saw more than there is hears all.
    let is_seen = said.baskets.is_none() && said.since == up_to;
    Ok(Exchanged { up_to, baskets: (!is_seen).then_some(now) })
}

/// As they are known here.
pub fn of(tx: &mut dyn Tx, account: ThingId) -> Result<Baskets, StoreError> {
    let sql = "select device, up_to from basket_device where account = $1 order by device";
    let device = |row: &Row| Ok((row.id(0)?, row.int(1)?));
    let devices =
        tx.query(sql, params![account])?.iter().map(device).collect::<Result<Vec<_>, StoreError>>()?;
    let rows = tx.query(
        "select device, first, units, added_ms, seen_minor, stall, product from basket_part
         where account = $1 order by device, first",
        params![account],
    )?;
    let parts = rows.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    Baskets::kept(&devices, &parts).map_err(|why| StoreError::Corrupt(why.sentence().into()))
}

/// Devices that have nothing in and were heard longest ago make room for others.
fn crowd_out(tx: &mut dyn Tx, account: ThingId, known: &Baskets, now: &mut Baskets) -> Result<(), Refusal> {
    if now.devices().count() > DEVICES_MAX {
        let sql = "select device from basket_device where account = $1 order by version, device";
        let rows = tx.query(sql, params![account])?;
        let oldest = rows.iter().map(|row| row.id(0)).collect::<Result<Vec<ThingId>, _>>()?;
        for device in oldest {
            let is_heard_now = now.up_to(device) > known.up_to(device);
            if now.devices().count() > DEVICES_MAX && !is_heard_now {
                now.forget_idle(|other| other != device);
            }
        }
    }
    if now.is_within() { Ok(()) } else { Err(Refusal::TooMany(u32::try_from(PARTS_MAX).unwrap_or(u32::MAX))) }
}

/// Writes what is other than it was.
fn keep(
    tx: &mut dyn Tx,
    account: ThingId,
    (known, now): (&Baskets, &Baskets),
    version: i64,
) -> Result<(), StoreError> {
    tx.run(
        "insert into account_basket (account, version) values ($1, $2)
         on conflict (account) do update set version = excluded.version",
        params![account, version],
    )?;
    let changes = now.changes_since(known);
    for device in changes.devices_gone {
        tx.run("delete from basket_device where account = $1 and device = $2", params![account, device])?;
    }
    for (device, up_to) in changes.devices {
        tx.run(
            "insert into basket_device (account, device, up_to, version) values ($1, $2, $3, $4)
             on conflict (account, device) do update set up_to = excluded.up_to, version = excluded.version",
            params![account, device, up_to, version],
        )?;
    }
    for (device, first) in changes.parts_gone {
        let sql = "delete from basket_part where account = $1 and device = $2 and first = $3";
        tx.run(sql, params![account, device, first])?;
    }
    for (device, part) in changes.parts {
        let Put { added_ms, seen_minor, stall, product } = part.put;
        tx.run(
            "insert into basket_part (account, device, first, units, stall, product, seen_minor, added_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (account, device, first) do update
             set units = excluded.units, stall = excluded.stall, product = excluded.product,
               seen_minor = excluded.seen_minor, added_ms = excluded.added_ms",
            params![account, device, part.first, part.units, stall, product, seen_minor, added_ms],
        )?;
    }
    Ok(())
}

fn version(tx: &mut dyn Tx, account: ThingId) -> Result<i64, StoreError> {
    let row = tx.query_opt("select version from account_basket where account = $1", params![account])?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn part(row: &Row) -> Result<(ThingId, Part), StoreError> {
    let put = Put { added_ms: row.int(3)?, seen_minor: row.int(4)?, stall: row.id(5)?, product: row.id(6)? };
    Ok((row.id(0)?, Part { first: row.int(1)?, units: row.int(2)?, put }))
}
