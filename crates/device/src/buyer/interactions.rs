//! What whoever uses this device meets in the shop: seen, opened, liked, put, ordered, suggested, followed, sent away. It is always
//! kept here, for suggestions that are made here, and bounded. It goes to the server only from when somebody agreed to that, in
//! portions under ids of their own, so that what is sent twice is kept once.

use soko_app_api::{Arm, BuyerVerb, ConsentView, NOTICED_MAX, Noticed, Told};
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_domain::interaction::{KEPT_HOURS, Met, Place, hour, is_arm};
use soko_record_log::{Row, StoreError, Tx, params};

use super::by_whom::Buyer;
use super::likes;
use super::sending::{Heard, Waits};
use crate::device::Device;
use crate::experiment::{OwnArm, own_arm};
use crate::failure::Undone;
use crate::kept::Own;
use crate::server::{MetSaid, PlacedAs, Server};
use crate::suggest;

/// Kept on the device; the oldest go first.
const GATHERED_MAX: i64 = 5_000;
/// Sent at once, as the server takes them.
const AT_ONCE: u32 = 64;
/// How long something waits for others, and for an order that is sent anyway.
const TOGETHER_MS: u64 = 60_000;
/// Before somebody met so much, there is nothing to ask about.
const ASK_FROM: u32 = 12;
/// Whatever happens to a product so many hours after a suggestion of it was followed is put down to that.
const FOLLOWED_HOURS: i64 = 7 * 24;

const STAYS: u8 = 0;
const TO_SEND: u8 = 1;
const SENT: u8 = 2;
const YES: u8 = 1;
const NO: u8 = 2;

/// Who meets it, when, and how its identities are drawn.
pub(super) struct Noting<'a> {
    pub(super) whose: &'a str,
    pub(super) now_ms: i64,
    pub(super) draw: &'a dyn Fn() -> ThingId,
}

/// What a suggestion came from.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Source {
    model: Option<Hash>,
    experiment: String,
    arm: String,
}

struct Meeting {
    met: Met,
    place: Place,
    stall: LogId,
    product: ProductId,
    source: Source,
}

/// What is done to a product says itself what happened.
pub(super) struct Doing {
    /// It was not in the basket before.
    is_new: bool,
}

impl Doing {
    /// Looked at before the verb is done.
    pub(super) fn before(tx: &mut dyn Tx, whose: &str, verb: &BuyerVerb) -> Result<Self, StoreError> {
        let BuyerVerb::PutLine { stall, product, quantity: 1.., .. } = verb else {
            return Ok(Self { is_new: false });
        };
        let sql = "select 1 from basket_line where whose = $1 and stall = $2 and product = $3";
        Ok(Self { is_new: tx.query_opt(sql, params![whose, *stall, *product])?.is_none() })
    }

    /// Notes it once the verb is done.
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is done says nothing of a product")]
    pub(super) fn after(
        self,
        tx: &mut dyn Tx,
        noting: &Noting<'_>,
        verb: &BuyerVerb,
    ) -> Result<(), StoreError> {
        match verb {
            BuyerVerb::PutLine { stall, product, .. } if self.is_new => {
                done(tx, noting, (Met::Put, None), (Some(*stall), *product))
            }
            BuyerVerb::Like { it, is_liked: true } => {
                done(tx, noting, (Met::Liked, None), (Some(it.stall), it.product))
            }
            BuyerVerb::Unwanted { product, is_unwanted: true } => {
                done(tx, noting, (Met::Dismissed, None), (None, *product))
            }
            BuyerVerb::PlaceOrder { stall, order, .. } => {
                let sql = "select product from own_order_line where order_id = $1 order by place";
                for row in &tx.query(sql, params![*order])? {
                    let it = (Some(*stall), ProductId(row.id(0)?));
                    done(tx, noting, (Met::Ordered, Some(Place::Basket)), it)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Where it was met last says where this happened, unless that goes without saying.
fn done(
    tx: &mut dyn Tx,
    noting: &Noting<'_>,
    (met, place): (Met, Option<Place>),
    (stall, product): (Option<LogId>, ProductId),
) -> Result<(), StoreError> {
    let last = tx.query_opt(
        "select stall, place from interaction where whose = $1 and product = $2 order by number desc limit 1",
        params![noting.whose, product],
    )?;
    let (seen_stall, seen_place) = match &last {
        Some(row) => (Some(LogId(row.id(0)?)), Place::from_number(row.number(1)?)),
        None => (None, None),
    };
    let Some(stall) = stall.or(seen_stall) else { return Ok(()) };
    let because = if met.is_of_suggestion() { Met::Suggested } else { Met::Followed };
    let source = source(tx, noting, because, product)?;
    let place = place.or(seen_place).unwrap_or(Place::Product);
    note(tx, noting, Meeting { met, place, stall, product, source })
}

/// Of the last such suggestion of this product, while that counts.
fn source(tx: &mut dyn Tx, noting: &Noting<'_>, met: Met, product: ProductId) -> Result<Source, StoreError> {
    let row = tx.query_opt(
        "select model, experiment, arm from interaction
         where whose = $1 and product = $2 and what = $3 and hour >= $4 order by number desc limit 1",
        params![noting.whose, product, met.number(), hour(noting.now_ms) - FOLLOWED_HOURS],
    )?;
    let read = |row: Row| {
        Ok(Source { model: row.id_opt(0)?, experiment: row.text(1)?.into(), arm: row.text(2)?.into() })
    };
    row.map_or(Ok(Source::default()), read)
}

/// The same within the hour is noted once. What was met before somebody agreed, and is met again since, may be sent.
fn note(tx: &mut dyn Tx, noting: &Noting<'_>, it: Meeting) -> Result<(), StoreError> {
    let standing = if says(tx, noting.whose)? == Some(YES) { TO_SEND } else { STAYS };
    let Source { model, experiment, arm } = it.source;
    tx.execute(
        "insert into interaction
           (id, whose, stall, product, what, place, hour, model, experiment, arm, standing)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (whose, product, what, place, hour) do update set standing = excluded.standing
         where interaction.standing = 0 and excluded.standing = 1",
        params![
            (noting.draw)(),
            noting.whose,
            it.stall,
            it.product,
            it.met.number(),
            it.place.number(),
            hour(noting.now_ms),
            model,
            experiment,
            arm,
            standing
        ],
    )?;
    Ok(())
}

/// What is too much or too old goes.
fn trim(tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
    tx.execute(
        "delete from interaction
         where number <= (select max(number) from interaction) - $1 or hour < $2",
        params![GATHERED_MAX, hour(now_ms) - KEPT_HOURS],
    )?;
    Ok(())
}

fn says(tx: &mut dyn Tx, whose: &str) -> Result<Option<u8>, StoreError> {
    let row = tx.query_opt("select says from consent where whose = $1", params![whose])?;
    row.map(|row| row.number(0)).transpose()
}

/// From now on. What was gathered before somebody agreed stays here, and so does what was not sent when they take it back; what was
/// sent by then is forgotten there.
pub(super) fn put_consent(tx: &mut dyn Tx, whose: &str, agrees: bool) -> Result<(), StoreError> {
    tx.execute(
        "insert into consent (whose, says, is_to_forget) values ($1, $2, 0)
         on conflict (whose) do update set says = excluded.says, is_to_forget =
           case when consent.says = $3 and excluded.says = $4 then 1 else consent.is_to_forget end",
        params![whose, if agrees { YES } else { NO }, YES, NO],
    )?;
    if !agrees {
        keep_here(tx, whose)?;
    }
    Ok(())
}

fn keep_here(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    tx.execute(
        "update interaction set standing = $2 where whose = $1 and standing = $3",
        params![whose, STAYS, TO_SEND],
    )?;
    Ok(())
}

/// Here at once; there as soon as the server can be told. Who never agreed has nothing there. Before they signed in, they were the
/// guest of this device.
pub(super) fn forget_noticed(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    tx.execute("delete from interaction where whose in ($1, '')", params![whose])?;
    tx.execute("update consent set is_to_forget = 1 where whose in ($1, '')", params![whose])?;
    Ok(())
}

/// An account that is no more has none, and agreed to nothing.
pub(crate) fn forget(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    forget_noticed(tx, whose)?;
    tx.execute("delete from consent where whose = $1", params![whose])?;
    Ok(())
}

/// Whoever is not signed in agreed for the server of then: another one is another question.
pub(crate) fn ask_anew(tx: &mut dyn Tx) -> Result<(), StoreError> {
    keep_here(tx, "")?;
    tx.execute("delete from consent where whose = ''", params![])?;
    Ok(())
}

pub(super) fn consent(tx: &mut dyn Tx, own: &Own) -> Result<ConsentView, StoreError> {
    let whose = likes::whose(own);
    let sql = "select count(*) from interaction where whose = $1";
    let gathered: u32 = tx.query_one(sql, params![whose])?.number(0)?;
    let row = tx.query_opt("select says, is_to_forget from consent where whose = $1", params![whose])?;
    let (agrees, is_forgetting) = match row {
        Some(row) => (Some(row.number::<u8>(0)? == YES), row.bool(1)?),
        None => (None, false),
    };
    let is_due = agrees.is_none() && gathered >= ASK_FROM && !own.server.is_empty();
    Ok(ConsentView { agrees, is_due, gathered, is_forgetting })
}

impl Device {
    /// What a shopper met on the screens.
    pub(crate) fn noticed(&self, all: &[Noticed]) -> Result<(), Undone> {
        if all.len() > NOTICED_MAX {
            return Err(Undone::refused("too_large", format!("at most {NOTICED_MAX} are noted at once")));
        }
        let whose = likes::whose(&self.own()?);
        let noting = Noting { whose: &whose, now_ms: self.now().at_ms, draw: &|| self.random_id() };
        let waiting = self.write(|tx| {
            // What it is that suggests here.
            let model = suggest::kept_id(tx)?;
            let own = own_arm(tx)?.and_then(OwnArm::named);
            for it in all {
                if let Some(meeting) = meeting(it, (model, own.as_ref())) {
                    note(tx, &noting, meeting)?;
                }
            }
            trim(tx, noting.now_ms)?;
            to_send(tx, &whose)
        })?;
        if waiting.len() == usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            self.orders.ring();
        }
        Ok(())
    }

    /// How long until what waits is sent, if anything does.
    pub(super) fn interactions_wait_ms(&self) -> Option<u64> {
        let own = self.own().ok()?;
        let waits = self.read(|tx| {
            let mut waits = false;
            for whose in all_of(&own) {
                waits = waits || !to_send(tx, &whose)?.is_empty();
            }
            Ok(waits)
        });
        waits.ok()?.then_some(TOGETHER_MS)
    }

    /// What somebody agreed to, and first what they want forgotten.
    pub(super) async fn send_interactions(&self) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        if own.server.is_empty() {
            return Ok(None);
        }
        let server = self.server_at(&own.server)?;
        for whose in all_of(&own) {
            // What was met before somebody signed in was met by the guest.
            let guest = PlacedAs::Guest(own.guest);
            let buyer = if whose.is_empty() { Some(guest) } else { Buyer::now(&own).placed_as(&own) };
            let Some(buyer) = buyer else { continue };
            if let Some(waits) = self.forget_there(&server, (&own, &buyer), &whose).await? {
                return Ok(Some(waits));
            }
            if let Some(waits) = self.send_met(&server, (&own, &buyer), &whose).await? {
                return Ok(Some(waits));
            }
        }
        Ok(None)
    }

    async fn forget_there(
        &self,
        server: &Server,
        (own, buyer): (&Own, &PlacedAs),
        whose: &str,
    ) -> Result<Option<Waits>, Undone> {
        let sql = "select 1 from consent where whose = $1 and is_to_forget = 1";
        if self.read(|tx| Ok(tx.query_opt(sql, params![whose])?.is_none()))? {
            return Ok(None);
        }
        match self.heard(own, server.forget_interactions(buyer).await)? {
            Heard::Waits(waits) => return Ok(Some(waits)),
            // A server that knows no such request never kept any.
            Heard::Now(()) | Heard::Refused { .. } => {}
        }
        self.write(|tx| tx.execute("update consent set is_to_forget = 0 where whose = $1", params![whose]))?;
        self.tell(&Told::Buyer);
        Ok(None)
    }

    async fn send_met(
        &self,
        server: &Server,
        (own, buyer): (&Own, &PlacedAs),
        whose: &str,
    ) -> Result<Option<Waits>, Undone> {
        loop {
            let portion = self.read(|tx| to_send(tx, whose))?;
            if portion.is_empty() {
                return Ok(None);
            }
            match self.heard(own, server.send_interactions(buyer, &portion).await)? {
                Heard::Waits(waits) => return Ok(Some(waits)),
                // What is refused once is refused again.
                Heard::Now(()) | Heard::Refused { .. } => {}
            }
            self.write(|tx| {
                for it in &portion {
                    tx.execute("update interaction set standing = $2 where id = $1", params![it.id, SENT])?;
                }
                Ok(())
            })?;
        }
    }
}

/// As whom something may wait: whoever is signed in, and this device's guest.
fn all_of(own: &Own) -> Vec<String> {
    let mut all = vec![likes::whose(own), String::new()];
    all.dedup();
    all
}

/// Nothing where a screen says what only the device can know, or names an arm that is none.
fn meeting(it: &Noticed, (model, own): (Option<Hash>, Option<&Arm>)) -> Option<Meeting> {
    let is_for_screens = match it.met {
        Met::Seen | Met::Opened | Met::Suggested | Met::Followed => true,
        Met::Liked | Met::Put | Met::Ordered | Met::Dismissed => false,
    };
    let Arm { experiment, arm } =
        it.arm.as_ref().or(own).cloned().unwrap_or(Arm { experiment: String::new(), arm: String::new() });
    if !is_for_screens || !is_arm(&experiment, &arm) {
        return None;
    }
    let source =
        if it.met.is_of_suggestion() { Source { model, experiment, arm } } else { Source::default() };
    Some(Meeting { met: it.met, place: it.place, stall: it.stall, product: it.product, source })
}

fn to_send(tx: &mut dyn Tx, whose: &str) -> Result<Vec<MetSaid>, StoreError> {
    let rows = tx.query(
        "select id, stall, product, what, place, hour, model, experiment, arm from interaction
         where whose = $1 and standing = 1 order by number limit $2",
        params![whose, AT_ONCE],
    )?;
    let unknown = || StoreError::Corrupt("an interaction is of no known kind or place".into());
    let read = |row: &Row| {
        Ok(MetSaid {
            id: row.id(0)?,
            stall: LogId(row.id(1)?),
            product: ProductId(row.id(2)?),
            met: Met::from_number(row.number(3)?).ok_or_else(unknown)?,
            place: Place::from_number(row.number(4)?).ok_or_else(unknown)?,
            hour: row.int(5)?,
            model: row.id_opt(6)?,
            experiment: row.text(7)?.into(),
            arm: row.text(8)?.into(),
        })
    };
    rows.iter().map(read).collect()
}

/// Products whose pages were opened here, the latest last.
pub(crate) fn opened(tx: &mut dyn Tx, whose: &str, limit: u32) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query(
        "select product, max(number) as latest from interaction where whose = $1 and what = $2
         group by product order by latest desc limit $3",
        params![whose, Met::Opened.number(), limit],
    )?;
    rows.iter().rev().map(|row| row.id(0)).collect()
}
