//! Products that fell under the level that their owner wants to have, or ran out: told once for each fall, with a server or without.
//!
//! How each stood when it was looked at last is kept, so that whatever is closed and opened in between is told neither twice nor never.
//! What a stall looked like at the first look is no news, nor a product of which there never was any.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{Arrival, Notice, QueryKey, Told};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::level::Standing;
use soko_projection::levels::{self, Leveled};
use soko_projection::read as facts;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::device::Device;

/// Beside orders, incidents and payments.
const LEVEL: u8 = 4;
/// Stands where a product does: this stall was looked at before.
const BEGUN: ProductId = ProductId([0; 16]);
/// More products than this at once are all products.
const NAMED_MAX: usize = 100;

/// Products that have to be looked at. What could not be looked at stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Moved {
    These(BTreeSet<ProductId>),
    All,
}

impl Default for Moved {
    /// Nobody looked since the device was opened.
    fn default() -> Self {
        Self::All
    }
}

impl Moved {
    pub(crate) fn by(notice: &Notice) -> Self {
        let mut these = BTreeSet::new();
        for key in &notice.keys {
            match key {
                QueryKey::Stock(product) | QueryKey::Product(product) => {
                    these.insert(*product);
                }
                QueryKey::Everything => return Self::All,
                QueryKey::Status
                | QueryKey::Products
                | QueryKey::Document(_)
                | QueryKey::Shift
                | QueryKey::Sales
                | QueryKey::Orders
                | QueryKey::Order(_)
                | QueryKey::Devices
                | QueryKey::Incidents
                | QueryKey::Parked
                | QueryKey::People
                | QueryKey::Audit
                | QueryKey::Customers
                | QueryKey::Purses
                | QueryKey::Prices
                | QueryKey::Ask(_) => {}
            }
        }
        if these.len() > NAMED_MAX { Self::All } else { Self::These(these) }
    }

    fn join(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::These(these), Self::These(more)) => these.extend(more),
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
        }
    }
}

/// What stands otherwise than when it was looked at last.
#[derive(Default)]
struct News {
    stall_name: String,
    was_begun: bool,
    /// With how each stood before, if it was seen before.
    changed: Vec<(Leveled, Option<Standing>)>,
}

impl Device {
    /// Looks at what moved at a stall, and tells what fell.
    pub(crate) fn look_at_levels(&self, stall: LogId, moved: Moved) {
        let moved = {
            let mut unlooked = self.unlooked_levels.borrow_mut();
            let waiting = unlooked.entry(stall).or_default();
            waiting.join(moved);
            waiting.clone()
        };
        if moved == Moved::These(BTreeSet::new()) {
            return;
        }
        // Whoever fails here looks again with the next change: what moved is not forgotten, and the marks are as they were.
        let Ok(link) = self.link(stall) else { return };
        let Ok(news) = self.read(|tx| news(tx, stall, &moved)) else { return };
        // The mark first: told twice is worse than not at all, and the list of what to buy shows it anyway.
        let is_unmarked = !news.was_begun || !news.changed.is_empty();
        if is_unmarked && self.write(|tx| mark(tx, stall, &news)).is_err() {
            return;
        }
        self.unlooked_levels.borrow_mut().insert(stall, Moved::These(BTreeSet::new()));
        // What was there before this device had everything is no news. Without a server it has everything.
        if news.was_begun && link.is_none_or(|link| link.caught_up) {
            self.tell_fallen(stall, &news);
        }
    }

    fn tell_fallen(&self, stall: LogId, news: &News) {
        for standing in [Standing::Out, Standing::Low] {
            let mut fallen =
                news.changed.iter().filter(|(now, before)| now.standing == standing && fell(now, *before));
            let Some((first, _)) = fallen.next() else { continue };
            let products = u32::try_from(fallen.count()).unwrap_or(u32::MAX).saturating_add(1);
            self.tell(&Told::Arrived(Arrival::Level {
                stall,
                stall_name: news.stall_name.clone(),
                product: first.product,
                product_name: first.name.clone(),
                is_out: standing == Standing::Out,
                products,
            }));
        }
    }
}

/// What was sold down before anybody looked at it fell, too; what was written down and never there did not.
fn fell(now: &Leveled, before: Option<Standing>) -> bool {
    match before {
        Some(before) => now.standing.fell_from(before),
        None => now.was_stocked && now.standing.fell_from(Standing::Enough),
    }
}

fn news(tx: &mut dyn Tx, stall: LogId, moved: &Moved) -> Result<News, StoreError> {
    let (mut found, mut seen) = (Vec::new(), BTreeMap::new());
    match moved {
        Moved::All => {
            found = levels::standings(tx, stall, None)?;
            let sql = "select thing, seq from own_told where log = $1 and kind = $2";
            note_seen(&tx.query(sql, params![stall, LEVEL])?, &mut seen)?;
        }
        // A sale looks at what was sold, however many products there are.
        Moved::These(these) => {
            for product in these {
                found.extend(levels::standings(tx, stall, Some(*product))?);
                let sql = "select thing, seq from own_told where log = $1 and kind = $2 and thing = $3";
                note_seen(&tx.query(sql, params![stall, LEVEL, *product])?, &mut seen)?;
            }
        }
    }
    let changed: Vec<_> = found
        .into_iter()
        .map(|now| (seen.get(&now.product).copied(), now))
        .filter(|(before, now)| *before != Some(now.standing))
        .map(|(before, now)| (now, before))
        .collect();
    let sql = "select 1 from own_told where log = $1 and kind = $2 and thing = $3";
    let was_begun = tx.query_opt(sql, params![stall, LEVEL, BEGUN])?.is_some();
    if changed.is_empty() {
        return Ok(News { was_begun, ..News::default() });
    }
    let stall_name = facts::profile(tx, stall)?.map(|profile| profile.name).unwrap_or_default();
    Ok(News { stall_name, was_begun, changed })
}

fn note_seen(rows: &[Row], seen: &mut BTreeMap<ProductId, Standing>) -> Result<(), StoreError> {
    for row in rows {
        if let Some(standing) = Standing::from_number(row.int(1)?) {
            seen.insert(row.id(0)?, standing);
        }
    }
    Ok(())
}

fn mark(tx: &mut dyn Tx, stall: LogId, news: &News) -> Result<(), StoreError> {
    for (now, _) in &news.changed {
        tx.execute(
            "delete from own_told where log = $1 and kind = $2 and thing = $3",
            params![stall, LEVEL, now.product],
        )?;
        keep(tx, stall, (now.product, now.standing))?;
    }
    if !news.was_begun {
        keep(tx, stall, (BEGUN, Standing::Enough))?;
    }
    Ok(())
}

fn keep(tx: &mut dyn Tx, stall: LogId, (product, standing): (ProductId, Standing)) -> Result<(), StoreError> {
    tx.run(
        "insert into own_told (log, kind, thing, seq) values ($1, $2, $3, $4)",
        params![stall, LEVEL, product, standing.number()],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(keys: Vec<QueryKey>) -> Notice {
        Notice { stall: LogId([1; 16]), keys, revision: 1 }
    }

    #[test]
    fn what_never_was_there_did_not_fall_and_what_was_sold_before_a_look_did() {
        use Standing::{Enough, Low, Out};
        for (before, now, was_stocked, expected) in [
            (None, Out, false, false),
            (None, Out, true, true),
            (None, Low, true, true),
            (None, Enough, true, false),
            (Some(Enough), Low, true, true),
            (Some(Low), Low, true, false),
            (Some(Out), Low, true, false),
            (Some(Low), Out, true, true),
        ] {
            let leveled =
                Leveled { product: ProductId([1; 16]), name: String::new(), standing: now, was_stocked };
            assert_eq!(fell(&leveled, before), expected, "{before:?} {now:?} {was_stocked}");
        }
    }

    #[test]
    fn what_moved_gathers_until_it_was_looked_at() {
        let [mango, tea] = [ProductId([1; 16]), ProductId([2; 16])];
        let mut moved = Moved::by(&notice(vec![QueryKey::Sales, QueryKey::Stock(mango)]));
        assert_eq!(moved, Moved::These([mango].into()));
        moved.join(Moved::by(&notice(vec![QueryKey::Shift])));
        moved.join(Moved::by(&notice(vec![QueryKey::Product(tea)])));
        assert_eq!(moved, Moved::These([mango, tea].into()));
        moved.join(Moved::by(&notice(vec![QueryKey::Everything])));
        moved.join(Moved::by(&notice(vec![QueryKey::Stock(tea)])));
        assert_eq!(moved, Moved::All);
        let many = (0..=NAMED_MAX).map(|number| {
            let mut product = ProductId([9; 16]);
            product.0[0] = u8::try_from(number).unwrap();
            QueryKey::Stock(product)
        });
        assert_eq!(Moved::by(&notice(many.collect())), Moved::All);
    }
}
