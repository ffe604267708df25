//! How a store stands, in a few numbers: what an operator is woken by. Read when somebody scrapes or asks `doctor`; names
//! nobody.

use soko_checkout::{DENIALS_MAX, State, Status};
use soko_domain::entry::IncidentKind;
use soko_record_log::{StoreError, Tx, params};

use crate::messages::outbox;

/// How long ago a device was heard, in seconds: each device stands under the first that covers it.
pub const HEARD_WITHIN: [(&str, i64); 5] =
    [("1m", 60), ("1h", 3_600), ("1d", 86_400), ("7d", 7 * 86_400), ("longer", i64::MAX)];
const MS: i64 = 1_000;

/// One moment of the store.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Standing {
    pub stalls: i64,
    pub stalls_frozen: i64,
    /// Their tables were filled by an older version.
    pub stalls_to_refill: i64,
    /// In the order of [`HEARD_WITHIN`]; revoked devices left out.
    pub devices: [i64; HEARD_WITHIN.len()],
    pub lag_seconds_max: i64,
    pub holds_open: i64,
    pub hold_seconds_max: i64,
    pub changes_waiting: i64,
    /// Records that devices had and the server had not, as each said when it was heard last.
    pub records_waiting: i64,
    pub parked: i64,
    /// Those that nobody dealt with.
    pub incidents: Vec<(&'static str, i64)>,
    /// How many of them are about units that were promised or sold and are not there: always 0 unless somebody overrode a warning.
    pub oversells: i64,
    pub messages_waiting: i64,
    /// Those that somebody has to try again or discard.
    pub messages_given_up: i64,
    /// -1 without a model.
    pub model_seconds: i64,
    /// Products that are offered and were ever there, and those of them of which nothing is there any more.
    pub products_stocked: i64,
    pub products_out: i64,
    /// Since a price that learns moved last, at the stall where that is longest ago; -1 where none ever did.
    pub price_seconds: i64,
    /// What the server has to do: what it is, how it stands, and how many.
    pub jobs: Vec<(&'static str, &'static str, i64)>,
}

/// What waits to be done, and what says how many.
const JOBS: [(&str, &str, &str); 7] = [
    ("message", "waiting", "select count(*) from message where state in (1, 6)"),
    ("message", "given-up", "select count(*) from message where state = 3"),
    ("payment", "open", "select count(*) from checkout where settled = 0 and doubt = 0"),
    ("payment", "in-doubt", "select count(*) from checkout where settled = 0 and doubt <> 0"),
    ("hook", "failing", "select count(*) from hook where off_ms is null and failures > 0"),
    ("hook", "off", "select count(*) from hook where off_ms is not null"),
    ("refill", "waiting", "select count(*) from tables_stale"),
];

impl Standing {
    pub fn read(tx: &mut dyn Tx, now_ms: i64) -> Result<Self, StoreError> {
        let mut standing = Self {
            stalls: count(tx, "select count(*) from stall_profile")?,
            stalls_frozen: count(
                tx,
                "select count(distinct e.log) from epoch e where e.frozen = 1 and e.unfrozen = 0 and not exists (
                   select 1 from epoch l where l.log = e.log and l.counter > e.counter)",
            )?,
            stalls_to_refill: count(tx, "select count(*) from tables_stale")?,
            changes_waiting: count(tx, "select count(*) from pending_change")?,
            records_waiting: count(
                tx,
                "select cast(coalesce(sum(w.waiting), 0) as bigint) from device_word w
                 join stall_device d on d.log = w.log and d.author = w.author
                 where d.admitted = 1 and d.revoked = 0 and w.has_left = 0",
            )?,
            parked: count(tx, "select count(*) from parked")?,
            ..Self::default()
        };
        standing.read_devices(tx, now_ms)?;
        let held = tx.query_one(
            "select count(*), coalesce(min(at_ms), $1) from orders
             where placed = 1 and handed_over = 0 and released = 0 and fulfilled = 0",
            params![now_ms],
        )?;
        standing.holds_open = held.int(0)?;
        standing.hold_seconds_max = (now_ms - held.int(1)?).max(0) / MS;
        standing.read_incidents(tx)?;
        (standing.messages_waiting, standing.messages_given_up) = outbox::counts(tx)?;
        let model = tx.query_opt("select max(made_ms) from model where in_use = 1", params![])?;
        let made_ms = model.map(|row| row.int_opt(0)).transpose()?.flatten();
        standing.model_seconds = made_ms.map_or(-1, |made_ms| (now_ms - made_ms).max(0) / MS);
        standing.read_goods(tx, now_ms)?;
        for (kind, state, sql) in JOBS {
            standing.jobs.push((kind, state, count(tx, sql)?));
        }
        // Looked at once a day, and by people: an incident of their stall says so.
        let ended = [State::Cancelled, State::Returned].map(State::number);
        let denied = tx.query_one(
            // That some were there at all is what its index knows: a parameter says nothing to whoever plans.
            "select count(*) from checkout
             where denials > 0 and settled = 0 and denials >= $1
               and (state not in ($2, $3) or (state = $2 and seen = $4))",
            // Of what was called off, money that is there with another amount than was asked for.
            params![DENIALS_MAX, ended[0], ended[1], Status::Captured.number()],
        )?;
        standing.jobs.push(("payment", "denied", denied.int(0)?));
        Ok(standing)
    }

    fn read_goods(&mut self, tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
        // Pool, shares, holds, quarantine and deficit are at the stall; what was sold or written off is not.
        let row = tx.query_one(
            "select count(*), cast(coalesce(sum(case when here <= 0 then 1 else 0 end), 0) as bigint) from (
               select b.log, b.product, sum(case when b.account in (1, 5, 6) then 0 else b.quantity end) as here
               from balance b join product p on p.log = b.log and p.product = b.product
               where p.archived = 0 group by b.log, b.product) as stocked",
            params![],
        )?;
        (self.products_stocked, self.products_out) = (row.int(0)?, row.int(1)?);
        // A stall that sold nothing of it since has nothing to learn from.
        let row = tx.query_one(
            "select min(at_ms) from (
               select m.log, max(m.at_ms) as at_ms, max(m.business_day) as moved_on from price_move m
               where exists (select 1 from price_rule r where r.log = m.log and r.product = m.product)
               group by m.log) as moved
             where exists (select 1 from figure_product f
               join price_rule r on r.log = f.log and r.product = f.product
               where f.log = moved.log and f.grain = 1 and f.at > moved.moved_on and f.units > 0)",
            params![],
        )?;
        self.price_seconds = row.int_opt(0)?.map_or(-1, |at_ms| (now_ms - at_ms).max(0) / MS);
        Ok(())
    }

    fn read_devices(&mut self, tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
        let rows = tx.query(
            "select r.last_ms from reported r join stall_device d on d.log = r.log and d.author = r.author
             where d.admitted = 1 and d.revoked = 0",
            params![],
        )?;
        for row in &rows {
            let seconds = (now_ms - row.int(0)?).max(0) / MS;
            self.lag_seconds_max = self.lag_seconds_max.max(seconds);
            let place = HEARD_WITHIN.iter().position(|(_, within)| seconds <= *within);
            if let Some(devices) = place.and_then(|place| self.devices.get_mut(place)) {
                *devices += 1;
            }
        }
        Ok(())
    }

    fn read_incidents(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for kind in IncidentKind::ALL {
            let row = tx.query_one(
                "select count(*) from incident i where i.kind = $1 and not exists (
                   select 1 from incident_word w where w.log = i.log and w.incident = i.incident)",
                params![kind.number()],
            )?;
            let (name, is_oversell) = match kind {
                IncidentKind::Shortage => ("shortage", true),
                IncidentKind::Overdrawn => ("overdrawn", true),
                IncidentKind::Fork => ("fork", false),
                IncidentKind::PaymentTwice => ("payment-twice", false),
                IncidentKind::PaidTwice => ("paid-twice", false),
                IncidentKind::PaymentOdd => ("payment-odd", false),
                IncidentKind::PaymentReturned => ("payment-returned", false),
                IncidentKind::PaymentDisputed => ("payment-disputed", false),
                IncidentKind::HandedOverUnpaid => ("handed-over-unpaid", false),
                IncidentKind::TransferToSendBack => ("transfer-to-send-back", false),
                IncidentKind::TransferTwice => ("transfer-twice", false),
                IncidentKind::PaymentStays => ("payment-stays", false),
            };
            self.incidents.push((name, row.int(0)?));
            self.oversells += if is_oversell { row.int(0)? } else { 0 };
        }
        Ok(())
    }
}

fn count(tx: &mut dyn Tx, sql: &str) -> Result<i64, StoreError> {
    tx.query_one(sql, params![])?.int(0)
}
