//! The stall's rules as the routes for buyers and staff reach them.

use soko_domain::entry::{ProgramActed, RivalLine};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId};
use soko_projection::read;
use soko_record_log::{StoreError, Tx, params};

use crate::core::{CoreRefusal, Fault, Now, OffersAsked, ShopCore};
use crate::pay::provider::Asked;
use crate::stall::shop::taken;
use crate::stall::{
    CategoryView, Core, EndOrder, OfferView, OrderView, PayTurn, PlaceOrder, Placed, ReturnTurn, StallView,
    SwapAnswer, orders, shop,
};

impl ShopCore for Core {
    fn stalls(
        &self,
        tx: &mut dyn Tx,
        after: Option<LogId>,
        limit: usize,
    ) -> Result<Vec<StallView>, CoreRefusal> {
        Self::stalls(self, tx, after, limit)
    }

    fn stall(&self, tx: &mut dyn Tx, stall: LogId) -> Result<Option<StallView>, CoreRefusal> {
        Ok(profile(tx, stall)?)
    }

    fn categories(&self, tx: &mut dyn Tx, stall: LogId) -> Result<Vec<CategoryView>, CoreRefusal> {
        Ok(shop::categories(tx, stall)?)
    }

    fn offers(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        asked: OffersAsked<'_>,
    ) -> Result<Vec<OfferView>, CoreRefusal> {
        Self::offers(self, tx, stall, asked)
    }

    fn place_order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        order: &PlaceOrder,
        now: Now,
    ) -> Result<(Placed, Option<u64>), CoreRefusal> {
        Self::place_order(self, tx, stall, order, now)
    }

    fn end_order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (order, end): (OrderId, EndOrder),
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        // The demo's orders, which nobody pays, do not come this way.
        let check = |tx: &mut dyn Tx| match end {
            EndOrder::Fulfil => orders::check_given_out(tx, stall, order),
            EndOrder::Release(_) | EndOrder::Step(_) => Ok(()),
        };
        self.end_if(tx, stall, (order, end), check, now)
    }

    fn return_turn(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        turn: &ReturnTurn,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        Self::return_turn(self, tx, stall, turn, now)
    }

    fn swap_answer(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        said: &SwapAnswer,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        Self::swap_answer(self, tx, stall, said, now)
    }

    fn ask_for_card(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        purse: ProductId,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        Self::ask_for_card(self, tx, stall, purse, now)
    }

    fn pay_turn(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (order, turn): (OrderId, PayTurn),
        now: Now,
    ) -> Result<(Option<Asked>, Option<u64>), CoreRefusal> {
        Self::pay_turn(self, tx, stall, (order, &turn), now)
    }

    fn order(&self, tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Option<OrderView>, CoreRefusal> {
        Self::order(self, tx, stall, order)
    }

    fn orders(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<OrderView>, CoreRefusal> {
        let mut views = Vec::new();
        for order in listed(tx, stall, after, limit)? {
            views.extend(orders::view(tx, stall, order)?);
        }
        Ok(views)
    }

    fn confirm_devices(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        now: Now,
    ) -> Result<(bool, Option<u64>), CoreRefusal> {
        let moved_to = Self::confirm_devices(self, tx, stall, now)?;
        Ok((read::stall_frozen(tx, stall)?, moved_to))
    }

    fn reclaim(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (author, reason): (AuthorId, &str),
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        // Only what is set apart can be taken back, and only a revoked device's share is.
        if !read::device(tx, stall, author)?.is_some_and(|device| device.revoked) {
            let detail = "the device may still sell what it holds: revoke it first".to_owned();
            return Err(CoreRefusal::Refused { fault: Fault::Conflict, code: "not_revoked", detail });
        }
        Self::reclaim(self, tx, stall, author, reason, now)
    }

    fn program_acted(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        acted: &ProgramActed,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        self.note_acted(tx, stall, acted, now)
    }

    fn rivals_fetched(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (source, lines): (&str, &[RivalLine]),
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        self.note_rivals(tx, stall, (source, lines), now)
    }
}

fn profile(tx: &mut dyn Tx, stall: LogId) -> Result<Option<StallView>, StoreError> {
    let row = tx.query_opt(
        "select name, currency, description, place, hours, takes_card, takes_phone, transfer_terms
         from stall_profile where log = $1 and name <> ''",
        params![stall],
    )?;
    row.map(|row| {
        Ok(StallView {
            stall,
            name: row.text(0)?.into(),
            currency: row.text(1)?.into(),
            description: row.text(2)?.into(),
            place: row.text(3)?.into(),
            hours: row.text(4)?.into(),
            takes: taken(&row, 5)?,
        })
    })
    .transpose()
}

fn listed(
    tx: &mut dyn Tx,
    stall: LogId,
    after: Option<OrderId>,
    limit: usize,
) -> Result<Vec<OrderId>, StoreError> {
    // An unknown cursor begins at the start, which never skips anything.
    let known = match after {
        Some(after) => read::order(tx, stall, after)?,
        None => None,
    };
    let (at_ms, last) = known.map_or((i64::MAX, OrderId::default()), |found| (found.at_ms, found.order));
    let rows = tx.query(
        "select order_id from orders
         where log = $1 and placed = 1 and (at_ms < $2 or (at_ms = $2 and order_id > $3))
         order by at_ms desc, order_id limit $4",
        params![stall, at_ms, last, limit],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}
