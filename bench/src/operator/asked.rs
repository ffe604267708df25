//! Every question that the operator's page asks of the tables, one by one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soko_domain::ids::LogId;
use soko_record_log::{Dialect, Param, StoreError, Tx};
use soko_register::home::now;
use soko_sync_server::operator::{self, After, Asked, DAYS_MAX};
use soko_sync_server::platform::Refusal;
use soko_sync_server::store::{Place, Shard, Store};

use super::filled::{self, MS_PER_DAY, STALLS};
use crate::figure::{Fault, Measured, Milli, percentile, print, resident_mb};

const TIMES: usize = 21;
const SPANS: [(&str, u16); 3] = [("day", 1), ("month", 30), ("year", DAYS_MAX)];
/// Portions that somebody goes through before the one that is measured.
const DEEP: usize = 20;
const PORTION: usize = 50;
const EVERY_ROW: &str = "select count(*) from figure_product
  where log in (select log from stall_profile) and grain = 1 and at >= $1";

pub(super) fn measure(name: &str, place: &Place) -> Measured {
    let store = Store::open(place, Arc::new(|_| {}))?;
    let today = i32::try_from(now().at_ms / MS_PER_DAY)?;
    for stall in 1..=STALLS {
        let log = LogId([stall; 16]);
        let fill = move |tx: &mut dyn Tx| Ok::<_, Refusal>(filled::fill(tx, log, today)?);
        store.write_blocking(Shard::stall(log), fill).map_err(|failed| Fault(format!("{failed:?}")))?;
    }
    store
        .write_blocking(Shard::stall(LogId([1; 16])), counted)
        .map_err(|failed| Fault(format!("{failed:?}")))?;
    let bench = Bench { name, store: &store, today };
    let lines = bench.one("select cast(sum(lines) as bigint) from figure_product where grain = 1", None)?;
    print(&bench.figure("lines"), "lines", Milli::whole(u64::try_from(lines)?), None);
    bench.sums()?;
    bench.moved()?;
    bench.around()?;
    bench.lists()?;
    print(&bench.figure("memory_mb"), "MB", resident_mb(std::process::id())?, None);
    store.close();
    Ok(())
}

/// PostgreSQL plans by what it counted, which it does by itself within a minute of such a year; nobody waits for that here.
fn counted(tx: &mut dyn Tx) -> Result<(), Refusal> {
    match tx.dialect() {
        Dialect::Postgres => tx.execute("analyze", &[])?,
        Dialect::Sqlite => 0,
    };
    Ok(())
}

struct Bench<'s> {
    name: &'s str,
    store: &'s Store,
    today: i32,
}

impl Bench<'_> {
    fn figure(&self, what: &str) -> String {
        format!("operator.{}.{what}", self.name)
    }

    fn read<T: Send + 'static>(
        &self,
        ask: impl Fn(&mut dyn Tx) -> Result<T, StoreError> + Send + Copy + 'static,
    ) -> Measured<T> {
        let read = self.store.read_blocking(move |tx| Ok::<_, Refusal>(ask(tx)?));
        read.map_err(|failed| Fault(format!("{failed:?}")))
    }

    fn one(&self, sql: &'static str, from: Option<i32>) -> Measured<i64> {
        self.read(move |tx| {
            let params: Vec<Param<'_>> = from.iter().map(|from| Param::Int(i64::from(*from))).collect();
            tx.query(sql, &params)?.first().map_or(Ok(0), |row| row.int(0))
        })
    }

    /// Asks as often as it takes to say how long it takes; `holds` says whether the answer can be one.
    fn ask<T: Send + 'static>(
        &self,
        what: &str,
        ask: impl Fn(&mut dyn Tx) -> Result<T, StoreError> + Send + Copy + 'static,
        holds: impl Fn(&T) -> bool,
    ) -> Measured {
        let mut asked = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            let seen = self.read(ask)?;
            asked.push(began.elapsed());
            if !holds(&seen) {
                return Err(Fault(format!("{what} has no answer")));
            }
        }
        let p50 = Milli::millis(percentile(&mut asked, 50));
        print(&self.figure(&format!("{what}.p50_ms")), "ms", p50, None);
        Ok(())
    }

    /// What the page shows of all stalls, beside counting the same days' rows of products.
    fn sums(&self) -> Measured {
        for (what, days) in SPANS {
            let (mut asked, mut counted) = (Vec::new(), Vec::new());
            for _ in 0..TIMES {
                let began = Instant::now();
                let (seen, _) = self.read(move |tx| operator::market(tx, now().at_ms, days))?;
                asked.push(began.elapsed());
                if seen.currencies.iter().map(|of| of.sales).sum::<i64>() == 0 {
                    return Err(Fault("nothing was sold".into()));
                }
                counted.push(self.count(self.today - i32::from(days) + 1)?);
            }
            let baseline = Milli::millis(percentile(&mut counted, 50));
            let p50 = Milli::millis(percentile(&mut asked, 50));
            print(&self.figure(&format!("{what}.p50_ms")), "ms", p50, Some(baseline));
        }
        Ok(())
    }

    /// Every row of the days in question touched once, and nothing else made of it.
    fn count(&self, from: i32) -> Measured<Duration> {
        let began = Instant::now();
        self.one(EVERY_ROW, Some(from))?;
        Ok(began.elapsed())
    }

    /// The day's page once more, right after something was sold.
    fn moved(&self) -> Measured {
        let (log, today) = (LogId([1; 16]), self.today);
        let mut asked = Vec::new();
        for _ in 0..TIMES {
            let sell = move |tx: &mut dyn Tx| Ok::<_, Refusal>(filled::sell(tx, log, today)?);
            self.store
                .write_blocking(Shard::stall(log), sell)
                .map_err(|failed| Fault(format!("{failed:?}")))?;
            let began = Instant::now();
            self.read(move |tx| operator::market(tx, now().at_ms, 1))?;
            asked.push(began.elapsed());
        }
        print(&self.figure("moved.p50_ms"), "ms", Milli::millis(percentile(&mut asked, 50)), None);
        Ok(())
    }

    /// What stands beside the sums: stock, buyers, and one stall's and one product's days.
    fn around(&self) -> Measured {
        self.ask("shelves", operator::shelves, |seen| seen.all.out > 0 && seen.all.held > 0)?;
        for (what, days) in [("buyers.month", 30), ("buyers.year", DAYS_MAX)] {
            let buyers = move |tx: &mut dyn Tx| operator::buyers(tx, now().at_ms, days);
            self.ask(what, buyers, |seen| seen.new.is_some() && seen.returning.is_some())?;
        }
        let log = LogId([1; 16]);
        for (what, product) in [("stall_days", None), ("product_days", Some(filled::product(log, 7)))] {
            let days = move |tx: &mut dyn Tx| operator::days(tx, (log, product), now().at_ms, DAYS_MAX);
            self.ask(what, days, |seen| seen.len() > 300)?;
        }
        Ok(())
    }

    fn lists(&self) -> Measured {
        for (what, days) in SPANS {
            let stalls = move |tx: &mut dyn Tx| {
                operator::sold_stalls(tx, now().at_ms, &wanted(days, "", After::NOTHING))
            };
            self.ask(&format!("stalls.{what}"), stalls, |seen| seen.stalls.len() == usize::from(STALLS))?;
            let products = move |tx: &mut dyn Tx| {
                operator::sold_products(tx, now().at_ms, &wanted(days, "", After::NOTHING))
            };
            self.ask(&format!("products.{what}"), products, |seen| seen.products.len() == PORTION)?;
        }
        let named = |tx: &mut dyn Tx| {
            operator::sold_products(tx, now().at_ms, &wanted(DAYS_MAX, "s 77", After::NOTHING))
        };
        self.ask("products.named", named, |seen| !seen.products.is_empty())?;
        let mut after = After::NOTHING;
        for _ in 0..DEEP {
            let portion =
                self.read(move |tx| operator::sold_products(tx, now().at_ms, &wanted(DAYS_MAX, "", after)))?;
            let next = portion.next.as_deref().and_then(After::parse);
            after = next.ok_or_else(|| Fault("the list ended early".into()))?;
        }
        let deep =
            move |tx: &mut dyn Tx| operator::sold_products(tx, now().at_ms, &wanted(DAYS_MAX, "", after));
        self.ask("products.deep", deep, |seen| seen.products.len() == PORTION)
    }
}

fn wanted(days: u16, search: &str, after: After) -> Asked {
    Asked { days, currency: None, search: search.into(), after, limit: PORTION }
}
