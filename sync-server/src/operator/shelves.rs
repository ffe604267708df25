//! What lies at the stalls, and whether those who buy are new. Sums: of buyers only how many they are, and of few not even that.

use serde::Serialize;
use soko_app_api::CustomerSums;
use soko_domain::ids::LogId;
use soko_domain::interaction::told;
use soko_record_log::{StoreError, Tx, params};
use utoipa::ToSchema;

use super::Days;

/// Stalls in the list.
const STALLS_MAX: usize = 20;

/// What is offered, and what of it is there.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, ToSchema)]
pub struct Shelves {
    #[serde(flatten)]
    pub all: Shelf,
    /// Those at which most ran out first, 20 at most.
    pub stalls: Vec<StallShelf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, ToSchema)]
pub struct Shelf {
    /// Products that are offered and were ever there.
    pub stocked: i64,
    /// Those of them of which nothing is there any more.
    pub out: i64,
    /// Those of which more was sold or promised than there was.
    pub short: i64,
    /// Those of which units are set aside for orders.
    pub held: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct StallShelf {
    pub stall: String,
    pub name: String,
    #[serde(flatten)]
    pub shelf: Shelf,
}

/// Pool, shares, holds, quarantine and deficit are at the stall; what was sold or written off is not.
pub fn shelves(tx: &mut dyn Tx) -> Result<Shelves, StoreError> {
    let rows = tx.query(
        "select s.log, s.name, count(*), cast(sum(case when g.here <= 0 then 1 else 0 end) as bigint) as gone,
           cast(sum(case when g.missing < 0 then 1 else 0 end) as bigint),
           cast(sum(case when g.held > 0 then 1 else 0 end) as bigint)
         from (
           select b.log, b.product,
             sum(case when b.account in (1, 5, 6) then 0 else b.quantity end) as here,
             sum(case when b.account = 8 then b.quantity else 0 end) as missing,
             sum(case when b.account = 4 then b.quantity else 0 end) as held
           from balance b join product p on p.log = b.log and p.product = b.product
           where p.archived = 0 group by b.log, b.product) as g
         join stall_profile s on s.log = g.log
         group by s.log, s.name order by gone desc, s.log",
        params![],
    )?;
    let mut shelves = Shelves::default();
    for row in &rows {
        let shelf = Shelf { stocked: row.int(2)?, out: row.int(3)?, short: row.int(4)?, held: row.int(5)? };
        let all = &mut shelves.all;
        all.stocked += shelf.stocked;
        all.out += shelf.out;
        all.short += shelf.short;
        all.held += shelf.held;
        if shelves.stalls.len() < STALLS_MAX {
            let (stall, name) = (LogId(row.id(0)?).to_string(), row.text(1)?.into());
            shelves.stalls.push(StallShelf { stall, name, shelf });
        }
    }
    Ok(shelves)
}

/// Whoever bought at a stall, each counted at each stall: customers by name, and whoever had an order handed over.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, ToSchema)]
pub struct Buyers {
    /// Bought for the first time in these days. Null is fewer than 5, and not nobody.
    pub new: Option<u32>,
    /// Bought in these days, and before.
    pub returning: Option<u32>,
    /// Had bought before, and not for ninety days at their end.
    pub lapsed: Option<u32>,
}

pub fn buyers(tx: &mut dyn Tx, now_ms: i64, days: u16) -> Result<Buyers, StoreError> {
    let rows = Days::read(tx, now_ms, days)?.ask(
        tx,
        &format!(
            ", b as materialized (
               select p.from_day, p.to_day,
                 (select d.at {bought} order by d.at limit 1) as first_day,
                 (select d.at {bought} order by d.at desc limit 1) as last_day
               from open p cross join figure_customer c where c.log = p.log and c.grain = 3)
             select count(case when b.first_day >= b.from_day then 1 end),
               count(case when b.first_day < b.from_day and b.last_day >= b.from_day then 1 end),
               count(case when b.last_day < b.from_day and b.last_day <= b.to_day - {lapsed} then 1 end)
             from b",
            lapsed = CustomerSums::LAPSED_DAYS,
            bought = "from figure_customer d where d.log = c.log and d.grain = 1 and d.customer = c.customer
                 and d.at <= p.to_day and d.sales > 0"
        ),
    )?;
    let mut sums = [0_u32; 3];
    for row in &rows {
        for (column, sum) in sums.iter_mut().enumerate() {
            *sum = sum.saturating_add(row.number(column)?);
        }
    }
    let [new, returning, lapsed] = sums.map(told);
    Ok(Buyers { new, returning, lapsed })
}
