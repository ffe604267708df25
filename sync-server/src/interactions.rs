//! What shoppers who agreed met in the shop: kept once each, for a time, under an account or a guest's pseudonym; added up without
//! people for the stalls and for experiments, and gone with whoever it was of. No handler reads it another way.

use std::collections::BTreeMap;

use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_domain::interaction::{KEPT_HOURS, Met, PEOPLE_MIN, Place, Reached, Step, hour};
use soko_experiment::ArmCounts;
use soko_record_log::{Param, Row, StoreError, Tx, params};

/// Kept of one person; the oldest go first.
pub const PERSON_MAX: i64 = 20_000;
/// Products that a stall is told of, those first that most people saw.
const PRODUCTS_MAX: usize = 100;

/// One of them, as a device says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interaction {
    pub id: ThingId,
    pub met: Met,
    pub place: Place,
    pub stall: LogId,
    pub product: ProductId,
    pub hour: i64,
    /// The model that suggested it.
    pub model: Option<Hash>,
    /// Both empty outside of an experiment.
    pub experiment: String,
    pub arm: String,
}

/// How far people came, at a stall and with each of its products.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Funnel {
    pub all: Reached,
    pub products: Vec<(ProductId, Reached)>,
}

/// Keeps what is not known yet. What this market does not sell, and what is too old to be kept, is left out.
///
/// # Errors
/// Where the store fails.
pub fn keep(tx: &mut dyn Tx, who: ThingId, said: &[Interaction], now_ms: i64) -> Result<(), StoreError> {
    let now_hour = hour(now_ms);
    let mut known: BTreeMap<(LogId, ProductId), bool> = BTreeMap::new();
    for it in said {
        let key = (it.stall, it.product);
        let is_sold = match known.get(&key) {
            Some(is_sold) => *is_sold,
            None => {
                let sql = "select 1 from product where log = $1 and product = $2";
                let is_sold = tx.query_opt(sql, params![it.stall, it.product])?.is_some();
                known.insert(key, is_sold);
                is_sold
            }
        };
        if !is_sold || it.hour < now_hour - KEPT_HOURS {
            continue;
        }
        tx.run(
            "insert into interaction (id, who, stall, product, what, place, hour, model, experiment, arm)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing",
            params![
                it.id,
                who,
                it.stall,
                it.product,
                it.met.number(),
                it.place.number(),
                // A clock that is ahead makes nothing last longer.
                it.hour.min(now_hour),
                it.model,
                it.experiment,
                it.arm
            ],
        )?;
    }
    let kept = tx.query_one("select count(*) from interaction where who = $1", params![who])?.int(0)?;
    if kept > PERSON_MAX {
        tx.run(
            "delete from interaction where id in
               (select id from interaction where who = $1 order by hour, id limit $2)",
            params![who, kept - PERSON_MAX],
        )?;
    }
    Ok(())
}

/// All that is kept of an account and of the guests that it was, the latest first.
///
/// # Errors
/// Where the store fails.
pub fn of_account(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<Interaction>, StoreError> {
    let rows = tx.query(
        "select id, what, place, stall, product, hour, model, experiment, arm from interaction
         where who = $1 or who in (select guest from guest_account where account = $1)
         order by hour desc, id limit $2",
        params![account, PERSON_MAX],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Interaction, StoreError> {
    let unknown = || StoreError::Corrupt("an interaction is of no known kind or place".into());
    Ok(Interaction {
        id: row.id(0)?,
        met: Met::from_number(row.number(1)?).ok_or_else(unknown)?,
        place: Place::from_number(row.number(2)?).ok_or_else(unknown)?,
        stall: row.id(3)?,
        product: row.id(4)?,
        hour: row.int(5)?,
        model: row.id_opt(6)?,
        experiment: row.text(7)?.into(),
        arm: row.text(8)?.into(),
    })
}

/// Deletes what is kept of a person; of an account, also what it said as a guest.
///
/// # Errors
/// Where the store fails.
pub fn forget(tx: &mut dyn Tx, who: ThingId) -> Result<(), StoreError> {
    tx.run(
        "delete from interaction
         where who = $1 or who in (select guest from guest_account where account = $1)",
        params![who],
    )
}

/// A portion of what nobody keeps any longer; says how many rows that were.
///
/// # Errors
/// Where the store fails.
pub fn sweep(tx: &mut dyn Tx, now_ms: i64, portion: usize) -> Result<u64, StoreError> {
    tx.execute(
        "delete from interaction where id in (select id from interaction where hour < $1 order by hour limit $2)",
        params![hour(now_ms) - KEPT_HOURS, portion],
    )
}

/// How far people came at a stall since then. Products that few saw are left out.
///
/// # Errors
/// Where the store fails.
pub fn funnel(tx: &mut dyn Tx, stall: LogId, since_hour: i64) -> Result<Funnel, StoreError> {
    let all = reached(tx, "stall = $1 and hour >= $2", params![stall, since_hour])?;
    let furthest = furthest();
    let each = format!(
        "select product, furthest, count(*) from
           (select product, {furthest} as furthest from interaction
            where stall = $1 and hour >= $2 group by product, who) as person
         group by product, furthest order by product, furthest"
    );
    let mut products: BTreeMap<ProductId, Reached> = BTreeMap::new();
    for row in &tx.query(&each, params![stall, since_hour])? {
        products.entry(row.id(0)?).or_default().add(step(row.int(1)?), row.number(2)?);
    }
    let mut products: Vec<(ProductId, Reached)> =
        products.into_iter().filter(|(_, reached)| reached.seen() >= PEOPLE_MIN).collect();
    products.sort_by_key(|(product, reached)| (std::cmp::Reverse(reached.seen()), *product));
    products.truncate(PRODUCTS_MAX);
    Ok(Funnel { all, products })
}

/// How far people came in the whole market since then.
///
/// # Errors
/// Where the store fails.
pub fn market(tx: &mut dyn Tx, since_hour: i64) -> Result<Reached, StoreError> {
    reached(tx, "hour >= $1", params![since_hour])
}

fn reached(tx: &mut dyn Tx, which: &str, given: &[Param<'_>]) -> Result<Reached, StoreError> {
    let furthest = furthest();
    let sql = format!(
        "select furthest, count(*) from
           (select {furthest} as furthest from interaction where {which} group by who) as person
         group by furthest order by furthest"
    );
    let mut reached = Reached::default();
    for row in &tx.query(&sql, given)? {
        reached.add(step(row.int(0)?), row.number(1)?);
    }
    Ok(reached)
}

/// The furthest step of some rows, in SQL, as `Met::step` has it.
fn furthest() -> String {
    let cases: String =
        Met::ALL.iter().map(|met| format!(" when {} then {}", met.number(), place_of(met.step()))).collect();
    format!("max(case what{cases} else 0 end)")
}

fn place_of(step: Step) -> usize {
    Step::ALL.iter().position(|it| *it == step).unwrap_or(0)
}

fn step(place: i64) -> Step {
    usize::try_from(place).ok().and_then(|place| Step::ALL.get(place).copied()).unwrap_or(Step::Seen)
}

/// What people did in one arm of an experiment. Whoever was a guest and has an account by now is one person, and who was in more than one
/// arm, on two devices or before and after signing in, says nothing of either.
///
/// # Errors
/// Where the store fails.
pub fn people_of(tx: &mut dyn Tx, (experiment, arm): (&str, &str)) -> Result<ArmCounts, StoreError> {
    let all = [Met::Suggested, Met::Followed, Met::Put, Met::Ordered, Met::Dismissed];
    let did = |met: Met| {
        let number = met.number();
        format!(", max(case when i.what = {number} then 1 else 0 end) as did_{number}")
    };
    let counted = |met: Met| format!(", cast(coalesce(sum(did_{}), 0) as bigint)", met.number());
    let sql = format!(
        "select count(*){} from (
           select coalesce(g.account, i.who) as person{}
           from interaction i left join guest_account g on g.guest = i.who
           where i.experiment = $1 group by coalesce(g.account, i.who)
           having min(i.arm) = max(i.arm) and min(i.arm) = $2) as people",
        all.map(counted).concat(),
        all.map(did).concat()
    );
    let row = tx.query_one(&sql, params![experiment, arm])?;
    Ok(ArmCounts {
        people: row.number(0)?,
        shown: row.number(1)?,
        tapped: row.number(2)?,
        basket: row.number(3)?,
        ordered: row.number(4)?,
        dismissed: row.number(5)?,
    })
}
