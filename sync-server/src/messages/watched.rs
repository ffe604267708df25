//! What no record says by itself: that there is less of a product than its owner wants to have, or some again of what
//! somebody likes, or that it costs less. It is seen by comparing what the tables show with what they showed when it was
//! told last, whenever a stall's log moved.
//!
//! Each is told once: a product that runs low is told of again after it was filled up, and a price after it fell further.

use std::collections::BTreeMap;

use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::level::Standing;
use soko_domain::stock::Account;
use soko_projection::levels::{self, Leveled};
use soko_record_log::{StoreError, Tx, params};

use super::causes;
use super::channel::Offers;
use super::hooks::{self, HookTopic};
use super::outbox::{self, About};
use super::topic::{Audience, Topic};

/// A smaller step is no news: tenths of a percent of the price that was told last.
const DROP_PERMILLE: i64 = 50;
/// Nobody hears of the same product's price or stock more often.
const LIKED_PAUSE_MS: i64 = 24 * 3_600_000;
/// People who are told of one product in one transaction.
const PEOPLE_AT_ONCE: usize = 200;
/// Stands where a product does: this stall was looked at before.
const BEGUN: ProductId = ProductId([0; 16]);

/// What is told when a product stood so before and stands so now.
fn topic_of(now: Standing, before: Standing) -> Option<Topic> {
    let topic = match now {
        Standing::Out => Topic::StockOut,
        Standing::Low => Topic::LowStock,
        Standing::Enough => return None,
    };
    now.fell_from(before).then_some(topic)
}

/// What differs from what was told last, and is to be noted.
enum Noted {
    Begun,
    Stock {
        product: ProductId,
        standing: Standing,
        tell: Option<Topic>,
    },
    Offer {
        product: ProductId,
        price_minor: i64,
        is_there: bool,
        tell: Option<Topic>,
        is_owed: bool,
        told_ms: i64,
    },
}

/// Whether there is anything to note.
pub(super) fn has_news(tx: &mut dyn Tx, log: LogId, now_ms: i64) -> Result<bool, StoreError> {
    Ok(!noted(tx, log, now_ms)?.is_empty())
}

/// Notes what is different now, and makes the messages of it. Says how many there are.
pub(super) fn tell(
    tx: &mut dyn Tx,
    log: LogId,
    (offers, now_ms): (Offers, i64),
) -> Result<usize, StoreError> {
    let mut made = 0;
    for one in noted(tx, log, now_ms)? {
        let told = match one {
            Noted::Begun => note_stock(tx, log, (BEGUN, Standing::Enough)).map(|()| None)?,
            Noted::Stock { product, standing, tell } => {
                note_stock(tx, log, (product, standing))?;
                tell.map(|topic| (product, topic))
            }
            Noted::Offer { product, price_minor, is_there, tell, is_owed, told_ms } => {
                tx.run(
                    "insert into told_offer (log, product, price_minor, is_there, told_ms, is_owed)
                     values ($1, $2, $3, $4, $5, $6) on conflict (log, product) do update
                     set price_minor = excluded.price_minor, is_there = excluded.is_there,
                         told_ms = excluded.told_ms, is_owed = excluded.is_owed",
                    params![log, product, price_minor, i64::from(is_there), told_ms, i64::from(is_owed)],
                )?;
                tell.map(|topic| (product, topic))
            }
        };
        let Some((product, topic)) = told else { continue };
        let subject = Some(ThingId(product.0));
        let because: [&[u8]; 3] = [log.as_bytes(), product.as_bytes(), &now_ms.to_be_bytes()];
        if let (Some(topic), true) = (to_programs(topic), offers.hooks) {
            made += hooks::address(tx, (log, topic), (subject, 0), (&because, now_ms))?;
        }
        if topic.audience() != Audience::Stall {
            begin_round(tx, log, (product, topic), now_ms)?;
            continue;
        }
        for account in causes::of_stall(tx, log)? {
            let about = About { topic, account, log: Some(log), subject, detail: 0 };
            made += outbox::address(tx, &about, &because, (offers, now_ms))?;
        }
    }
    Ok(made)
}

/// What programs are told of it.
fn to_programs(topic: Topic) -> Option<HookTopic> {
    if topic == Topic::LowStock {
        Some(HookTopic::LowStock)
    } else {
        (topic == Topic::StockOut).then_some(HookTopic::SoldOut)
    }
}

fn noted(tx: &mut dyn Tx, log: LogId, now_ms: i64) -> Result<Vec<Noted>, StoreError> {
    let mut noted = stock(tx, log)?;
    noted.extend(offers_liked(tx, log, now_ms)?);
    Ok(noted)
}

fn stock(tx: &mut dyn Tx, log: LogId) -> Result<Vec<Noted>, StoreError> {
    let begun = "select 1 from told_stock where log = $1 and product = $2";
    let has_begun = tx.query_opt(begun, params![log, BEGUN])?.is_some();
    let mut told = BTreeMap::new();
    for row in &tx.query("select product, standing from told_stock where log = $1", params![log])? {
        told.insert(row.id::<ProductId>(0)?, Standing::from_number(row.int(1)?).unwrap_or(Standing::Enough));
    }
    let mut noted = Vec::new();
    if !has_begun {
        noted.push(Noted::Begun);
    }
    for Leveled { product, standing, .. } in levels::standings(tx, log, None)? {
        let before = told.get(&product).copied().unwrap_or(Standing::Enough);
        if standing != before {
            // What was low before anybody looked is on the list of what to buy, and no news.
            let tell = topic_of(standing, before).filter(|_| has_begun);
            noted.push(Noted::Stock { product, standing, tell });
        }
    }
    Ok(noted)
}

fn note_stock(
    tx: &mut dyn Tx,
    log: LogId,
    (product, standing): (ProductId, Standing),
) -> Result<(), StoreError> {
    tx.run(
        "insert into told_stock (log, product, standing) values ($1, $2, $3)
         on conflict (log, product) do update set standing = excluded.standing",
        params![log, product, standing.number()],
    )
}

fn offers_liked(tx: &mut dyn Tx, log: LogId, now_ms: i64) -> Result<Vec<Noted>, StoreError> {
    let rows = tx.query(
        "select p.product, p.price_minor, p.archived, (
           select cast(coalesce(sum(b.quantity), 0) as bigint) from balance b
           where b.log = p.log and b.product = p.product and b.account = $2),
           t.price_minor, t.is_there, t.told_ms, t.is_owed
         from (select distinct stall, product from liked where stall = $1 and turns % 2 = 1) l
         join product p on p.log = l.stall and p.product = l.product
         left join told_offer t on t.log = p.log and t.product = p.product order by p.product",
        params![log, Account::Pool.parts().0],
    )?;
    let mut noted = Vec::new();
    for row in &rows {
        let now = Offer { price_minor: row.int(1)?, is_there: row.int(2)? == 0 && row.int(3)? > 0 };
        let product = row.id(0)?;
        let (Some(price_minor), Some(there), Some(told_ms)) =
            (row.int_opt(4)?, row.int_opt(5)?, row.int_opt(6)?)
        else {
            // Looked at for the first time: this is what later prices are compared with.
            let Offer { price_minor, is_there } = now;
            noted.push(Noted::Offer {
                product,
                price_minor,
                is_there,
                tell: None,
                is_owed: false,
                told_ms: 0,
            });
            continue;
        };
        let before = Offer { price_minor, is_there: there != 0 };
        let may_tell = told_ms <= now_ms - LIKED_PAUSE_MS;
        let (kept, tell) = now.since(before, may_tell);
        let is_owed = !may_tell && now.since(before, true).1.is_some();
        let was_owed = row.int_opt(7)? == Some(1);
        if kept != before || tell.is_some() || is_owed != was_owed {
            let Offer { price_minor, is_there } = kept;
            let told_ms = if tell.is_some() { now_ms } else { told_ms };
            noted.push(Noted::Offer { product, price_minor, is_there, tell, is_owed, told_ms });
        }
    }
    Ok(noted)
}

/// A product as whoever likes it sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Offer {
    price_minor: i64,
    is_there: bool,
}

impl Offer {
    /// What is kept to compare with next time, and what is told.
    fn since(self, before: Self, may_tell: bool) -> (Self, Option<Topic>) {
        let is_back = self.is_there && !before.is_there;
        let fallen = before.price_minor.saturating_sub(self.price_minor);
        let is_less = fallen.saturating_mul(1_000) >= before.price_minor.saturating_mul(DROP_PERMILLE);
        let tell = match () {
            () if !may_tell || !self.is_there => None,
            () if is_back => Some(Topic::BackInStock),
            () if fallen > 0 && is_less => Some(Topic::PriceDrop),
            () => None,
        };
        // A price that rises is what it may fall from; one that falls a little, or untold, is compared with as before.
        let is_new_price = tell.is_some() || self.price_minor > before.price_minor;
        let price_minor = if is_new_price { self.price_minor } else { before.price_minor };
        // That it is there again is still to be told: as if it were not, until the day is over or it is gone once more.
        let is_there = self.is_there && (may_tell || !is_back);
        (Self { price_minor, is_there }, tell)
    }
}

/// From now on everybody who likes it is told, a portion at a time.
fn begin_round(
    tx: &mut dyn Tx,
    log: LogId,
    (product, topic): (ProductId, Topic),
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.run(
        "insert into watch_round (log, product, at_ms, topic) values ($1, $2, $3, $4)
         on conflict (log, product, at_ms) do nothing",
        params![log, product, now_ms, topic.number()],
    )
}

/// Stalls of which somebody is still to be told something: people a portion of whom was, or of what fell within a day of the last.
pub(super) fn owing(tx: &mut dyn Tx, now_ms: i64) -> Result<Vec<LogId>, StoreError> {
    let rows = tx.query(
        "select log from watch_round union select log from told_offer where is_owed = 1 and told_ms <= $1 order by 1",
        params![now_ms - LIKED_PAUSE_MS],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// What one portion came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Portion {
    pub(super) made: usize,
    /// Everybody was told of everything.
    pub(super) is_last: bool,
}

/// Makes the messages of the next people, and notes in the same transaction how far it came: whenever the server ends, nobody is left
/// out or told twice.
pub(super) fn tell_portion(
    tx: &mut dyn Tx,
    log: LogId,
    (offers, now_ms): (Offers, i64),
) -> Result<Portion, StoreError> {
    let sql =
        "select product, at_ms, topic, after from watch_round where log = $1 order by at_ms, product limit 1";
    let Some(round) = tx.query_opt(sql, params![log])? else { return Ok(Portion { made: 0, is_last: true }) };
    let (product, at_ms): (ProductId, i64) = (round.id(0)?, round.int(1)?);
    let people = people(tx, (log, product), round.id_opt(3)?)?;
    let mut made = 0;
    // Only a newer program has another topic.
    if let Some(topic) = Topic::from_number(round.int(2)?) {
        let because: [&[u8]; 3] = [log.as_bytes(), product.as_bytes(), &at_ms.to_be_bytes()];
        for account in people.iter().copied() {
            let about =
                About { topic, account, log: Some(log), subject: Some(ThingId(product.0)), detail: 0 };
            made += outbox::address(tx, &about, &because, (offers, now_ms))?;
        }
    }
    match people.last().filter(|_| people.len() == PEOPLE_AT_ONCE) {
        Some(last) => tx.run(
            "update watch_round set after = $4 where log = $1 and product = $2 and at_ms = $3",
            params![log, product, at_ms, *last],
        )?,
        None => tx.run(
            "delete from watch_round where log = $1 and product = $2 and at_ms = $3",
            params![log, product, at_ms],
        )?,
    }
    Ok(Portion { made, is_last: false })
}

/// The next ones who like a product, in the order of their identities.
fn people(
    tx: &mut dyn Tx,
    (log, product): (LogId, ProductId),
    after: Option<ThingId>,
) -> Result<Vec<ThingId>, StoreError> {
    let rows = tx.query(
        "select account from liked where stall = $1 and product = $2 and turns % 2 = 1
           and ($3 = 0 or account > $4) order by account limit $5",
        params![log, product, i64::from(after.is_some()), after.unwrap_or_default(), PEOPLE_AT_ONCE],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_told_of_when_it_gets_worse_and_again_once_it_was_filled_up() {
        let steps: &[(i64, Option<Topic>)] = &[
            (9, None),
            (5, Some(Topic::LowStock)),
            (4, None),
            (0, Some(Topic::StockOut)),
            (-1, None),
            (3, None),
            (6, None),
            (0, Some(Topic::StockOut)),
            (20, None),
            (5, Some(Topic::LowStock)),
        ];
        let mut before = Standing::Enough;
        for (here, told) in steps {
            let now = Standing::of(*here, 5);
            assert_eq!(topic_of(now, before), *told, "{here}");
            before = now;
        }
    }

    #[test]
    fn what_is_liked_is_told_of_when_it_is_back_or_costs_clearly_less() {
        let offer = |price_minor, is_there| Offer { price_minor, is_there };
        // (before, now, what is kept, what is told)
        let cases = [
            ((1_000, true), (950, true), (950, true), Some(Topic::PriceDrop)),
            ((1_000, true), (951, true), (1_000, true), None),
            ((1_000, true), (1_200, true), (1_200, true), None),
            ((1_000, true), (1_000, false), (1_000, false), None),
            ((1_000, false), (1_000, true), (1_000, true), Some(Topic::BackInStock)),
            ((1_000, false), (500, false), (1_000, false), None),
            ((0, true), (0, true), (0, true), None),
        ];
        for (before, now, kept, told) in cases {
            let (before, now) = (offer(before.0, before.1), offer(now.0, now.1));
            assert_eq!(now.since(before, true), (offer(kept.0, kept.1), told), "{now:?}");
            let (kept, told) = now.since(before, false);
            assert_eq!((kept.is_there, told), (now.is_there && before.is_there, None));
        }
    }
}
