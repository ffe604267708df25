//! A buyer's own affairs on this device: baskets, and orders from the moment they are kept.

pub(crate) mod addresses;
mod baskets;
pub(crate) mod by_whom;
mod cards;
mod checkout;
mod coupons;
mod elsewhere;
pub(crate) mod interactions;
pub(crate) mod likes;
mod own_news;
mod own_orders;
mod pickup;
mod returns;
mod reviews;
mod sending;
mod swaps;
mod tax_names;
mod watching;

use std::collections::BTreeMap;

use soko_app_api::{
    BasketOf, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, ContactView, OfferRow, OwnOrderState,
    PayChoice, PayOffer, Refused, RetryHint, StallCard, Told, WantedLine, Window,
};
use soko_domain::coupon::TYPED_BYTES_MAX;
use soko_domain::delivery::Handing;
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_domain::money::{Rounding, div_round};
use soko_domain::purse::CardCode;
use soko_domain::verbs::place_order::How;
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::market::{OfferKept, offer, stall_card, stall_name};
use crate::server::timed;
use crate::suggest::put_unwanted;
use by_whom::Buyer;
use checkout::{offered, with_coupon};
use coupons::Looked;
use interactions::{Doing, Noting};
use own_orders::{NewOrder, OrderLine};
pub(crate) use sending::Waits;

/// More are found by searching.
const KNOWN_STALLS_MAX: usize = 8;
/// Longest note of an order, as the server reads it.
const NOTE_BYTES_MAX: usize = 500;
/// Longest telephone number that is sent.
const PHONE_BYTES_MAX: usize = 40;
/// Longest name, number and address together.
const CONTACT_BYTES_MAX: usize = 900;
/// Commands whose repetition is noticed.
const REMEMBERED_MAX: u32 = 1_000;

/// Done, or refused before anything was changed.
type Tried = Result<Result<(), Refused>, StoreError>;

impl Device {
    /// Does what a buyer wants, once.
    pub(crate) fn buy(&self, command: &BuyerCommand) -> Result<(), Undone> {
        let (buyer, now_ms) = (Buyer::now(&self.own()?), self.host.now().at_ms);
        let whose = buyer.whose.as_str();
        let noting = Noting { whose, now_ms: self.now().at_ms, draw: &|| self.random_id() };
        let done = self.write(|tx| {
            if was_done(tx, command.id)? {
                return Ok(Ok(false));
            }
            let doing = Doing::before(tx, whose, &command.verb)?;
            let tried = match &command.verb {
                BuyerVerb::PutLine { stall, product, quantity, shown } => {
                    baskets::set(tx, &noting, (*stall, *product), (*quantity, *shown))
                }
                BuyerVerb::EmptyBasket { stall } => baskets::empty(tx, whose, *stall).map(Ok),
                BuyerVerb::PlaceOrder { stall, .. } => match Placing::of(&command.verb, &buyer, now_ms) {
                    Some(placing) => place(tx, *stall, &placing),
                    None => Ok(Ok(())),
                },
                BuyerVerb::CancelOrder { order } => cancel(tx, whose, *order),
                BuyerVerb::Unwanted { product, is_unwanted } => {
                    put_unwanted(tx, whose, *product, *is_unwanted).map(Ok)
                }
                BuyerVerb::Like { it, is_liked } => likes::put(tx, whose, *it, *is_liked),
                BuyerVerb::ReturnGoods { order, returned, why, lines } => {
                    returns::put(tx, whose, (*order, *returned), (*why, lines), now_ms)
                }
                BuyerVerb::AnswerSwap { order, swap, is_taken } => {
                    swaps::answer(tx, whose, (*order, *swap), *is_taken)
                }
                BuyerVerb::PutAddress { address, it } => addresses::put(tx, whose, *address, it),
                BuyerVerb::RemoveAddress { address } => addresses::remove(tx, whose, *address).map(Ok),
                BuyerVerb::Review { it, stars, words } => reviews::put(tx, whose, *it, (*stars, words)),
                BuyerVerb::Consent { agrees } => interactions::put_consent(tx, whose, *agrees).map(Ok),
                BuyerVerb::ForgetNoticed => interactions::forget_noticed(tx, whose).map(Ok),
            }?;
            if tried.is_ok() {
                doing.after(tx, &noting, &command.verb)?;
                remember(tx, command.id)?;
            }
            Ok(tried.map(|()| true))
        })?;
        if done? {
            self.tell(&Told::Buyer);
            self.orders.ring();
        }
        Ok(())
    }

    /// How a stall can be paid before the goods are fetched, as its server says; nothing without an answer in time.
    pub(crate) async fn pay_offers(&self, stall: LogId) -> Vec<PayOffer> {
        let Ok(server) = self.server() else { return Vec::new() };
        let asked = timed(&*self.host, self.options.market_ms, server.pay_offers(stall)).await;
        asked.and_then(Result::ok).unwrap_or_default()
    }

    pub(crate) fn buyer_answer(&self, query: &BuyerQuery) -> Result<BuyerView, Undone> {
        let own = self.own()?;
        let whose = likes::whose(&own);
        if let BuyerQuery::Likes { .. } | BuyerQuery::Addresses | BuyerQuery::Orders { .. } = query {
            // Another device may have said something meanwhile; what comes is told.
            self.orders.ring();
        }
        if let BuyerQuery::Order(order) = query {
            self.looked_at.borrow_mut().push(*order);
            self.orders.ring();
        }
        if let BuyerQuery::Baskets = query {
            self.look_at_baskets();
        }
        self.read(|tx| match query {
            BuyerQuery::OwnReviews(order) => {
                Ok(BuyerView::OwnReviews(reviews::of_order(tx, &whose, *order)?))
            }
            BuyerQuery::LikedKeys => Ok(BuyerView::LikedKeys(likes::keys(tx, &whose)?)),
            BuyerQuery::Likes { window } => Ok(BuyerView::Likes(likes::rows(tx, &whose, *window)?)),
            BuyerQuery::Baskets => Ok(BuyerView::Baskets(baskets_of(tx, &whose)?)),
            BuyerQuery::Orders { window } => Ok(BuyerView::Orders(own_orders::rows(tx, &whose, *window)?)),
            BuyerQuery::Consent => Ok(BuyerView::Consent(interactions::consent(tx, &own)?)),
            BuyerQuery::Addresses => Ok(BuyerView::Addresses(addresses::views(tx, &whose)?)),
            BuyerQuery::KnownStalls => Ok(BuyerView::KnownStalls(known_stalls(tx, &whose)?)),
            // The server's to say.
            BuyerQuery::PayOffers(_) => Ok(BuyerView::PayOffers(Vec::new())),
            BuyerQuery::Checkout { .. } => Ok(BuyerView::Missing),
            BuyerQuery::Order(order) => {
                let found = own_orders::view(tx, &whose, *order)?;
                let server = own_orders::server_of(tx, *order)?;
                let shown = |view| BuyerView::Order(Box::new(pickup::shown(view, &server)));
                Ok(found.map_or(BuyerView::Missing, shown))
            }
        })
    }
}

/// As they were last seen; one whose card is not kept has nothing to show.
fn known_stalls(tx: &mut dyn Tx, whose: &str) -> Result<Vec<StallCard>, StoreError> {
    let rows = tx.query(
        "select stall, max(at_ms) as at_ms from (
           select stall, at_ms from own_order where whose = $1
           union all select stall, 0 as at_ms from own_like where whose = $1 and turns % 2 = 1) as known
         group by stall order by at_ms desc, stall",
        params![whose],
    )?;
    let mut cards = Vec::new();
    for row in &rows {
        cards.extend(stall_card(tx, LogId(row.id(0)?))?);
        if cards.len() == KNOWN_STALLS_MAX {
            break;
        }
    }
    Ok(cards)
}

fn refused(code: &str, sentence: &str) -> Refused {
    Refused {
        code: code.into(),
        sentence: sentence.into(),
        retry: RetryHint::AfterChange,
        share: None,
        acts: Vec::new(),
    }
}

fn was_done(tx: &mut dyn Tx, command: ThingId) -> Result<bool, StoreError> {
    Ok(tx.query_opt("select 1 from buyer_command where command = $1", params![command])?.is_some())
}

fn remember(tx: &mut dyn Tx, command: ThingId) -> Result<(), StoreError> {
    tx.execute("insert into buyer_command (command) values ($1)", params![command])?;
    tx.execute(
        "delete from buyer_command where place <= (select max(place) from buyer_command) - $1",
        params![REMEMBERED_MAX],
    )?;
    Ok(())
}

/// One line of a basket, and the offer behind it as it was last seen.
struct Line {
    stall: LogId,
    product: ProductId,
    quantity: i64,
    seen_minor: i64,
    /// This buyer had as many at a deal's price as one may have.
    is_usual: bool,
    kept: Option<OfferKept>,
}

impl Line {
    fn price_minor(&self, row: &OfferRow) -> i64 {
        match &row.deal {
            Some(deal) if self.is_usual => deal.usual_minor,
            Some(_) | None => row.price_of(self.quantity),
        }
    }

    /// As the server will add it up, but for taxes that come on top.
    fn total_minor(&self) -> i64 {
        let Some(kept) = &self.kept else { return 0 };
        let whole = i128::from(self.price_minor(&kept.row)) * i128::from(self.quantity);
        div_round(whole, i128::from(kept.row.price_per), Rounding::HalfUp).unwrap_or_default()
    }
}

fn lines(tx: &mut dyn Tx, whose: &str, of: Option<LogId>) -> Result<Vec<Line>, StoreError> {
    let rows = tx.query(
        "select stall, product, quantity, seen_minor, is_usual from basket_line
         where whose = $2 and ($1 is null or stall = $1) order by place, stall, product",
        params![of, whose],
    )?;
    let mut lines = Vec::new();
    for row in &rows {
        let (stall, product) = (LogId(row.id(0)?), ProductId(row.id(1)?));
        let kept = offer(tx, stall, product)?;
        let (quantity, seen_minor, is_usual) = (row.int(2)?, row.int(3)?, row.bool(4)?);
        lines.push(Line { stall, product, quantity, seen_minor, is_usual, kept });
    }
    Ok(lines)
}

/// Any offer of a basket, for what they all say.
fn seen(lines: &[Line]) -> Option<&OfferRow> {
    lines.iter().find_map(|line| line.kept.as_ref()).map(|kept| &kept.row)
}

/// What the stall is called, as its offers say or as it was listed.
fn name_of(tx: &mut dyn Tx, stall: LogId, seen: Option<&OfferRow>) -> Result<String, StoreError> {
    match seen.map(|row| row.stall_name.clone()).filter(|name| !name.is_empty()) {
        Some(name) => Ok(name),
        None => stall_name(tx, stall),
    }
}

fn baskets_of(tx: &mut dyn Tx, whose: &str) -> Result<Vec<BasketOf>, StoreError> {
    let (mut order, mut by_stall): (Vec<LogId>, BTreeMap<LogId, Vec<Line>>) = Default::default();
    for line in lines(tx, whose, None)? {
        if !order.contains(&line.stall) {
            order.push(line.stall);
        }
        by_stall.entry(line.stall).or_default().push(line);
    }
    let mut baskets = Vec::new();
    for stall in order {
        let lines = by_stall.remove(&stall).unwrap_or_default();
        let seen = seen(&lines);
        let currency = seen.map(|row| row.currency.clone()).unwrap_or_default();
        let stall_name = name_of(tx, stall, seen)?;
        let total_minor = lines.iter().map(Line::total_minor).fold(0, i64::saturating_add);
        let lines = lines.into_iter().map(wanted).collect();
        baskets.push(BasketOf { stall, stall_name, currency, lines, total_minor });
    }
    Ok(baskets)
}

fn wanted(line: Line) -> WantedLine {
    let total_minor = line.total_minor();
    let price_minor = line.kept.as_ref().map_or(line.seen_minor, |kept| line.price_minor(&kept.row));
    let Line { product, quantity, seen_minor, kept, .. } = line;
    let Some(OfferKept { row, .. }) = kept else {
        return WantedLine {
            product,
            name: String::new(),
            unit: soko_domain::quantity::Unit::Piece,
            quantity,
            price_minor,
            price_per: 1,
            total_minor: 0,
            price_was_minor: None,
            available: 0,
            is_gone: true,
            picture: None,
        };
    };
    WantedLine {
        product,
        name: row.name,
        unit: row.unit,
        quantity,
        price_minor,
        price_per: row.price_per,
        total_minor,
        price_was_minor: Some(seen_minor).filter(|seen| *seen != price_minor),
        available: row.available,
        is_gone: false,
        picture: row.picture,
    }
}

struct Placing<'a> {
    order: OrderId,
    note: &'a str,
    buyer: &'a Buyer,
    now_ms: i64,
    pay: Option<&'a PayChoice>,
    handing: Handing,
    zone: &'a str,
    contact: Option<&'a ContactView>,
    coupon: &'a str,
    seen_total_minor: Option<i64>,
    seen_tax_minor: Option<i64>,
    /// The code of a gift card, and what it was shown to pay.
    card: (&'a str, Option<i64>),
}

impl<'a> Placing<'a> {
    /// Nothing where it is no order that is wanted.
    fn of(verb: &'a BuyerVerb, buyer: &'a Buyer, now_ms: i64) -> Option<Self> {
        let BuyerVerb::PlaceOrder {
            stall: _,
            order,
            note,
            pay,
            handing,
            zone,
            contact,
            coupon,
            seen_total_minor,
            seen_tax_minor,
            card,
            seen_card_minor,
        } = verb
        else {
            return None;
        };
        Some(Self {
            order: *order,
            note,
            buyer,
            now_ms,
            pay: pay.as_ref(),
            handing: *handing,
            zone,
            contact: contact.as_ref(),
            coupon,
            seen_total_minor: *seen_total_minor,
            seen_tax_minor: *seen_tax_minor,
            card: (card, *seen_card_minor),
        })
    }
}

/// Makes an order of the basket, at the prices that are shown. It is on the disk before anything is sent.
fn place(tx: &mut dyn Tx, stall: LogId, placing: &Placing<'_>) -> Tried {
    let whose = placing.buyer.whose.as_str();
    if own_orders::view(tx, whose, placing.order)?.is_some() {
        return Ok(Ok(()));
    }
    if let Err(refused) = check_written(placing) {
        return Ok(Err(refused));
    }
    let lines = lines(tx, whose, Some(stall))?;
    if lines.is_empty() {
        return Ok(Err(refused("empty_basket", "the basket is empty")));
    }
    let Some(currency) = seen(&lines).map(|row| row.currency.clone()) else { return Ok(Err(gone())) };
    if lines.iter().any(|line| line.kept.is_none()) {
        return Ok(Err(gone()));
    }
    let (handings, _) = offered(tx, stall)?;
    let how = How { handings: &handings, handing: placing.handing, zone: placing.zone, coupon: None };
    let looked = Looked::of(tx, stall, placing.coupon)?;
    let worked = match with_coupon(&lines, &how, &looked) {
        (_, Some(problem)) => return Ok(Err(refused(problem.code(), &problem.to_string()))),
        (Ok(worked), None) => worked,
        (Err(refusal), None) => return Ok(Err(refused(refusal.code(), &refusal.to_string()))),
    };
    if placing.seen_total_minor.is_some_and(|seen| seen != worked.total_minor) {
        return Ok(Err(refused("total_changed", "it comes to something else by now: look again")));
    }
    let ordered = lines.iter().zip(&worked.priced.lines).filter_map(|(line, priced)| {
        let row = &line.kept.as_ref()?.row;
        Some(OrderLine {
            product: line.product,
            name: row.name.clone(),
            unit: row.unit,
            quantity: line.quantity,
            seen_minor: line.price_minor(row),
            total_minor: priced.total_minor,
        })
    });
    let new = NewOrder {
        order: placing.order,
        stall,
        stall_name: name_of(tx, stall, seen(&lines))?,
        buyer: placing.buyer,
        at_ms: placing.now_ms,
        currency,
        note: placing.note,
        pay: placing.pay,
        handing: placing.handing,
        zone: placing.zone,
        taxes: tax_names::named(tx, stall, &worked.taxes())?,
        delivery_minor: worked.delivery.as_ref().map_or(0, |charge| charge.total_minor),
        total_minor: worked.total_minor,
        coupon: &looked.code,
        discount_minor: worked.priced.discount_minor,
        seen_total_minor: placing.seen_total_minor,
        seen_tax_minor: placing.seen_tax_minor,
        card: placing.card,
        contact: placing.contact.cloned().unwrap_or_default(),
        lines: ordered.collect(),
    };
    own_orders::add(tx, &new)?;
    own_orders::forget_reconfirm(tx, whose, stall)?;
    baskets::empty(tx, whose, stall)?;
    Ok(Ok(()))
}

/// What was typed, before anything is looked at.
fn check_written(placing: &Placing<'_>) -> Result<(), Refused> {
    if placing.pay.is_some_and(|pay| pay.phone.len() > PHONE_BYTES_MAX) {
        return Err(refused("phone", "this is no telephone number"));
    }
    let length = |it: &ContactView| it.name.len() + it.reach.len() + it.address.len();
    if placing.contact.is_some_and(|contact| length(contact) > CONTACT_BYTES_MAX) {
        return Err(refused("contact", "a name, a number and an address are shorter than that"));
    }
    if placing.handing.is_brought() && placing.contact.is_none_or(|contact| contact.address.is_empty()) {
        return Err(refused("no_address", "say whom it is for and where it goes"));
    }
    if placing.coupon.len() > TYPED_BYTES_MAX {
        return Err(refused("coupon_unknown", "no code is as long as that"));
    }
    if !placing.card.0.is_empty() && CardCode::parse(placing.card.0).is_none() {
        return Err(refused("unknown_purse", "this cannot be the code of a gift card"));
    }
    if placing.note.len() > NOTE_BYTES_MAX {
        return Err(refused("note", "the note is too long: 500 bytes are enough for a seller to read"));
    }
    Ok(())
}

fn gone() -> Refused {
    refused("gone", "something in the basket is not offered any more: take it out first")
}

fn cancel(tx: &mut dyn Tx, whose: &str, order: OrderId) -> Tried {
    let Some(known) = own_orders::view(tx, whose, order)? else {
        return Ok(Err(refused("unknown_order", "this device knows no such order")));
    };
    match known.row.state {
        OwnOrderState::Cancelled => {}
        OwnOrderState::Reconfirm => own_orders::set_cancelled(tx, order)?,
        OwnOrderState::OnTheWay => {
            return Ok(Err(refused("on_the_way", "the order is on its way: speak with the stall")));
        }
        OwnOrderState::Saved
        | OwnOrderState::Held
        | OwnOrderState::Accepted
        | OwnOrderState::Packed
        | OwnOrderState::Ready => own_orders::ask_cancel(tx, order)?,
        OwnOrderState::HandedOver | OwnOrderState::Refused => {
            return Ok(Err(refused("order_ended", "the order has ended already")));
        }
    }
    Ok(Ok(()))
}

/// Offset and rows, bounded.
fn bounded(window: Window) -> (u32, u32) {
    (window.offset, window.rows.min(soko_app_api::WINDOW_ROWS_MAX))
}
