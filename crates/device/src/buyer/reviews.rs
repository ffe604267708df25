//! What the buyer of this device says of what was bought. It is kept before it is sent, and sent once.

use soko_app_api::{Bought, OwnOrderState, OwnReview, OwnReviewState, Told};
use soko_domain::ids::{LogId, OrderId, ProductId};
use soko_domain::review::{self, Unfit};
use soko_record_log::{Row, StoreError, Tx, params};

use super::by_whom::{self, BUYER, Buyer};
use super::own_orders;
use super::sending::{Heard, Waits, each};
use super::{Tried, refused};
use crate::device::Device;
use crate::failure::Undone;
use crate::server::Said;

const STATES: &[(OwnReviewState, u8)] =
    &[(OwnReviewState::Saved, 1), (OwnReviewState::Sent, 2), (OwnReviewState::Refused, 3)];

fn number(state: OwnReviewState) -> u8 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

/// A review that the server has not heard.
struct Unsent {
    it: Bought,
    stall: LogId,
    buyer: Buyer,
    /// 0 takes it back.
    stars: u8,
    words: String,
}

/// Keeps what somebody says; no stars take back what was said.
pub(super) fn put(tx: &mut dyn Tx, whose: &str, it: Bought, (stars, words): (u8, &str)) -> Tried {
    let Some(order) = own_orders::view(tx, whose, it.order)? else {
        return Ok(Err(refused("unknown_order", "this device knows no such order")));
    };
    let unfit = if !order.lines.iter().any(|line| line.product == it.product) {
        Some(Unfit::NotOrdered)
    } else if order.row.state != OwnOrderState::HandedOver {
        Some(Unfit::NotHandedOver)
    } else if stars == 0 {
        None
    } else {
        review::said(stars, words).err()
    };
    if let Some(unfit) = unfit {
        return Ok(Err(refused(unfit.code(), &unfit.to_string())));
    }
    tx.execute(
        "insert into own_review (order_id, product, stars, words, state, because) values ($1, $2, $3, $4, $5, '')
         on conflict (order_id, product) do update
         set stars = excluded.stars, words = excluded.words, state = excluded.state, because = '',
           because_said = ''",
        params![it.order, it.product, stars, words.trim(), number(OwnReviewState::Saved)],
    )?;
    Ok(Ok(()))
}

/// What somebody said of an order's products.
pub(super) fn of_order(tx: &mut dyn Tx, whose: &str, order: OrderId) -> Result<Vec<OwnReview>, StoreError> {
    let rows = tx.query(
        "select r.product, r.stars, r.words, r.state, r.because, r.because_said
         from own_review r join own_order o on o.order_id = r.order_id
         where r.order_id = $1 and o.whose = $2 and r.stars > 0 order by r.product",
        params![order, whose],
    )?;
    let review = |row: &Row| {
        let known: u8 = row.number(3)?;
        let state = STATES.iter().find(|(_, number)| *number == known).map(|(state, _)| *state);
        Ok(OwnReview {
            product: ProductId(row.id(0)?),
            stars: row.number(1)?,
            words: row.text(2)?.into(),
            state: state.ok_or_else(|| StoreError::Corrupt("a state of a review is unknown".into()))?,
            because: row.text(4)?.into(),
            because_said: row.text(5)?.into(),
        })
    };
    rows.iter().map(review).collect()
}

impl Device {
    /// Brings what was said to the servers of the orders, each once.
    pub(super) async fn send_reviews(&self) -> Result<Option<Waits>, Undone> {
        each(self.read(unsent)?, async |unsent| self.send_review(&unsent).await).await
    }

    async fn send_review(&self, unsent: &Unsent) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let Some(buyer) = unsent.buyer.placed_as(&own) else {
            return Ok(Some(Waits::ForPerson));
        };
        let server = self.server_at(&unsent.buyer.server)?;
        let Bought { order, product } = unsent.it;
        let said = Said { stall: unsent.stall, order, product, stars: unsent.stars, words: &unsent.words };
        let (state, because, said_because) = match self.heard(&own, server.say(&buyer, &said).await)? {
            Heard::Now(()) => (OwnReviewState::Sent, String::new(), String::new()),
            Heard::Waits(waits) => return Ok(Some(waits)),
            Heard::Refused { code, sentence } => (OwnReviewState::Refused, code, sentence),
        };
        // Unless somebody wrote something else meanwhile.
        self.write(|tx| {
            tx.execute(
                "update own_review set state = $5, because = $6, because_said = $7
                 where order_id = $1 and product = $2 and stars = $3 and words = $4",
                params![order, product, unsent.stars, unsent.words, number(state), because, said_because],
            )
        })?;
        self.tell(&Told::Buyer);
        Ok(None)
    }
}

fn unsent(tx: &mut dyn Tx) -> Result<Vec<Unsent>, StoreError> {
    let sql = format!(
        "select r.order_id, r.product, o.stall, r.stars, r.words, {BUYER}
         from own_review r join own_order o on o.order_id = r.order_id
         where r.state = $1 order by r.order_id, r.product"
    );
    let rows = tx.query(&sql, params![number(OwnReviewState::Saved)])?;
    let one = |row: &Row| {
        Ok(Unsent {
            it: Bought { order: OrderId(row.id(0)?), product: ProductId(row.id(1)?) },
            stall: LogId(row.id(2)?),
            stars: row.number(3)?,
            words: row.text(4)?.into(),
            buyer: by_whom::buyer(row, 5)?,
        })
    };
    rows.iter().map(one).collect()
}
