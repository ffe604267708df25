//! Orders from the shop: placed and held in one step, ended once. A repeated request gets the first answer.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use soko_domain::basket::Policy;
use soko_domain::coupon::{CouponProblem, CouponTerms, Uses, code_of};
use soko_domain::deal::DealUse;
use soko_domain::delivery::Handing;
use soko_domain::entry::{
    Entry, OrderCoupon, OrderHandedOver, OrderLine, OrderPlaced, OrderStep, PayWay, ReleaseReason, Units,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, SaleId, ThingId};
use soko_domain::money::Currency;
use soko_domain::refusal::Refusal;
use soko_domain::sabotage::Sabotage;
use soko_domain::stock::Account;
use soko_domain::tax::{TaxRate, TaxTotal};
use soko_domain::verbs::card_order::AskedCard;
use soko_domain::verbs::pay_order::{self, PayStanding};
use soko_domain::verbs::place_order::{self, AskedLine, Offer};
use soko_domain::verbs::release_order::OrderState;
use soko_domain::verbs::swap_order::Swap;
use soko_domain::verbs::{fulfil_order, hand_over_order, release_order, step_order};
use soko_projection::figures::costs_today;
use soko_projection::read::{self, OrderFound};
use soko_projection::returns::ReturnFound;
use soko_projection::{coupons, deals, order_money, order_steps, returns};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::core::{CoreRefusal, Fault};
use crate::operator::today;
use crate::platform::stalls;
use crate::stall::cards::{self, CardPays};
use crate::stall::contact::{self, Contact};
use crate::stall::desk::Desk;
use crate::stall::paying::{self, PaymentView, ToPay};
use crate::stall::refunds::{self, RefundView};
use crate::stall::{frozen, sharing, swaps, transfers, weaken};

/// Longest key that a buyer's device may choose.
const KEY_BYTES_MAX: usize = 100;

/// What a buyer asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceOrder {
    /// Who asks: keys of different people never meet.
    pub actor: ThingId,
    /// Chosen by the buyer's device before the first attempt.
    pub key: String,
    pub order: OrderId,
    pub buyer: ThingId,
    pub lines: Vec<AskedLine>,
    pub note: String,
    /// None is paid when it is fetched.
    pub pay: Option<ToPay>,
    pub handing: Handing,
    /// Where to, if the stall has prices by zone.
    pub zone: String,
    /// The code that is to take something off, as the buyer typed it; empty without one.
    pub coupon: String,
    /// What the buyer saw it come to.
    pub seen_total_minor: Option<i64>,
    /// How much of that the buyer saw to be taxes.
    pub seen_tax_minor: Option<i64>,
    /// The gift card that pays as much of it as is on it.
    pub card: Option<AskedCard>,
    /// Whom it is for.
    pub contact: Option<Contact>,
    /// The buyer is an account, and no guest.
    pub is_account: bool,
}

impl PlaceOrder {
    /// To be fetched and paid then, by somebody of whom nothing is known.
    pub fn fetched(buyer: ThingId, order: OrderId, lines: Vec<AskedLine>) -> Self {
        Self {
            actor: buyer,
            key: order.to_string(),
            order,
            buyer,
            lines,
            note: String::new(),
            pay: None,
            handing: Handing::Pickup,
            zone: String::new(),
            coupon: String::new(),
            seen_total_minor: None,
            seen_tax_minor: None,
            card: None,
            contact: None,
            is_account: false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndOrder {
    Release(ReleaseReason),
    Fulfil,
    /// It does not end: the stall is so far with it.
    Step(OrderStep),
}

/// An order as its buyer sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderView {
    pub order: OrderId,
    pub buyer: ThingId,
    pub state: OrderState,
    pub currency: Currency,
    pub total_minor: i64,
    pub lines: Vec<OrderLineView>,
    pub note: String,
    pub placed_ms: i64,
    /// None is paid when it is fetched.
    pub payment: Option<PaymentView>,
    /// What goes back of it in parts.
    pub refunds: Vec<RefundView>,
    /// How far the stall is with it.
    pub step: Option<OrderStep>,
    /// What the stall says to its cancelling; empty otherwise.
    pub reason: String,
    /// Why it ended without its goods.
    pub ended: Option<ReleaseReason>,
    pub handing: Handing,
    /// What bringing it costs.
    pub delivery: Option<DeliveryView>,
    /// Net amount and tax of each rate, bringing it included.
    pub taxes: Vec<TaxTotal>,
    /// What took something off its lines.
    pub coupon: Option<Box<OrderCoupon>>,
    /// What a gift card pays of it.
    pub card: Option<CardPays>,
    /// What its buyer brings back, the oldest first.
    pub returns: Vec<ReturnFound>,
    /// What the stall offered in place of its lines.
    pub swaps: Vec<Swap>,
}

/// A line of its own in the total.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryView {
    pub zone: String,
    pub tax_minor: i64,
    pub total_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderLineView {
    pub product: ProductId,
    pub name: String,
    pub quantity: i64,
    /// Off it already.
    pub discount_minor: i64,
    pub total_minor: i64,
}

impl From<OrderLine> for OrderLineView {
    fn from(line: OrderLine) -> Self {
        Self {
            product: line.product,
            name: line.name,
            quantity: line.quantity,
            discount_minor: line.discount_minor,
            total_minor: line.total_minor,
        }
    }
}

/// What became of a request for an order. Both are remembered under its key.
#[expect(clippy::large_enum_variant, reason = "one for each order, passed on at once")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Placed {
    Held(OrderView),
    Declined(Declined),
}

/// A refusal that every repetition of the request gets again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declined {
    pub fault: Fault,
    pub code: String,
    pub detail: String,
}

pub(super) fn place(desk: &mut Desk<'_>, order: &PlaceOrder) -> Result<Placed, CoreRefusal> {
    if order.key.is_empty() || order.key.len() > KEY_BYTES_MAX {
        return Err(refused(Fault::Malformed, "key", "the key must have 1 to 100 bytes"));
    }
    let retry_again = desk.core.weak(Sabotage::RetryExecutesAgain);
    let hash = request_hash(order);
    let row = desk.tx.query_one(
        "select k.request_hash, k.declined_code, k.declined_detail,
           (select count(*) from orders o where o.log = $1 and o.order_id = $4 and o.placed = 1)
         from (select 1 as one) one_row
         left join order_key k on k.log = $1 and k.actor = $2 and k.request_key = $3",
        params![desk.log, order.actor, order.key, order.order],
    )?;
    if let Some(kept) = row.id_opt::<[u8; 32]>(0)?.filter(|_| !retry_again) {
        if kept != hash {
            return Err(Refusal::IdReused.into());
        }
        return first_answer(desk, order.order, &row);
    }
    let is_taken = row.int(3)? > 0 && !retry_again;
    if let (true, Some(placed)) = (is_taken, placed_before(desk, order)?) {
        return Ok(Placed::Held(placed));
    }
    let decided = if is_taken { Err(Refusal::IdReused.into()) } else { decide(desk, order) };
    let placed = match decided {
        Ok(placed) => Placed::Held(placed),
        Err(refusal) => match declined(refusal) {
            CoreRefusal::Refused { fault: Fault::Conflict, code, detail } => {
                Placed::Declined(Declined { fault: Fault::Conflict, code: code.into(), detail })
            }
            // By itself it can be done later, so nothing is settled yet.
            later @ (CoreRefusal::Refused { .. } | CoreRefusal::Store(_)) => return Err(later),
        },
    };
    let declined = match &placed {
        Placed::Declined(declined) => Some(declined),
        Placed::Held(_) => None,
    };
    desk.tx.run(
        "insert into order_key
           (log, actor, request_key, request_hash, declined_code, declined_detail, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, actor, request_key) do nothing",
        params![
            desk.log,
            order.actor,
            order.key,
            hash,
            declined.map(|declined| &declined.code),
            declined.map(|declined| &declined.detail),
            desk.now.now_ms
        ],
    )?;
    Ok(placed)
}

/// A refusal as whoever orders is told it: for good, or for now.
fn declined(refusal: CoreRefusal) -> CoreRefusal {
    match refusal {
        CoreRefusal::Refused { fault: Fault::Later | Fault::Malformed, code, detail } => {
            CoreRefusal::Refused { fault: Fault::Later, code, detail }
        }
        CoreRefusal::Refused { code, detail, .. } => {
            CoreRefusal::Refused { fault: Fault::Conflict, code, detail }
        }
        CoreRefusal::Store(error) => error.into(),
    }
}

/// The very same order, whose answer is not kept any more or was asked for under another key: it is what it became.
fn placed_before(desk: &mut Desk<'_>, order: &PlaceOrder) -> Result<Option<OrderView>, CoreRefusal> {
    let Some(found) = read::order(desk.tx, desk.log, order.order)? else { return Ok(None) };
    let placed = read::as_placed(desk.tx, desk.log, &found)?;
    let mut lines = placed.lines.iter().map(|line| (line.product, line.quantity));
    let is_same = placed.buyer == order.buyer
        && placed.note == order.note
        && order_money::of(desk.tx, desk.log, order.order)?.card.map(|card| card.purse)
            == order.card.map(|card| card.purse)
        && placed.coupon.as_ref().map(|coupon| coupon.code.clone()) == code_of(&order.coupon)
        && placed.lines.len() == order.lines.len()
        && order.lines.iter().all(|asked| lines.next() == Some((asked.product, asked.quantity)));
    if is_same { as_first(desk, &found).map(Some) } else { Ok(None) }
}

fn first_answer(desk: &mut Desk<'_>, order: OrderId, row: &Row) -> Result<Placed, CoreRefusal> {
    if let Some(code) = row.text_opt(1)? {
        let (code, detail) = (code.into(), row.text_opt(2)?.unwrap_or_default().into());
        return Ok(Placed::Declined(Declined { fault: Fault::Conflict, code, detail }));
    }
    let found = read::order(desk.tx, desk.log, order)?.ok_or_else(unknown)?;
    as_first(desk, &found).map(Placed::Held)
}

/// What was answered first: the order as it was asked for, whatever was taken in place of its lines since.
fn as_first(desk: &mut Desk<'_>, found: &OrderFound) -> Result<OrderView, CoreRefusal> {
    let placed = read::as_placed(desk.tx, desk.log, found)?;
    let payment = paying::view(desk.tx, desk.log, found.order)?;
    // As it was then: nothing of it was back, and it had not ended.
    let card = CardPays::of(&order_money::of(desk.tx, desk.log, found.order)?, OrderState::Held);
    let card = card.map(|card| CardPays { back_minor: 0, ..card });
    Ok(OrderView { payment, card, ..shown(found.order, found.state, placed, found.at_ms) })
}

fn decide(desk: &mut Desk<'_>, order: &PlaceOrder) -> Result<OrderView, CoreRefusal> {
    if let Some(pay) = &order.pay {
        check_way(desk, pay)?;
    }
    contact::check(order)?;
    let mut facts = Shop::load(desk, &order.lines)?;
    let command = known(desk.tx, desk.log, (order, desk.now.now_ms), &mut facts)?;
    weaken::order(desk, &mut facts);
    let entries = match place_order::decide(&facts, &command) {
        Ok(entries) => entries,
        Err(refusal) => {
            desk.shop = Some(Shop(facts));
            return Err(refusal.into());
        }
    };
    let placed = entries
        .iter()
        .find_map(|entry| if let Entry::OrderPlaced(placed) = entry { Some(placed.clone()) } else { None });
    note_taken(&mut facts, &entries);
    let held = cards::held(&entries);
    desk.write(entries)?;
    contact::keep(desk.tx, desk.log, order, desk.now.now_ms)?;
    for line in &order.lines {
        sharing::note_shop_demand(desk, line.product)?;
        // The units are in the order's hold now.
        if let Some(offer) = facts.offers.get_mut(&line.product) {
            offer.pool -= line.quantity;
        }
    }
    let placed = placed.ok_or_else(unknown)?;
    let card = held.as_ref().map(CardPays::held);
    // What costs nothing needs no payment, and neither does what a gift card pays.
    let rest_minor = held.map_or(placed.total_minor, |held| held.rest_minor);
    let pay = order.pay.as_ref().filter(|_| rest_minor > 0);
    let begun = pay.map(|pay| paying::begin(desk, order.order, (pay, rest_minor, placed.currency)));
    let payment = begun.transpose()?;
    desk.shop = Some(Shop(facts));
    Ok(OrderView { payment, card, ..shown(order.order, OrderState::Held, placed, desk.now.now_ms) })
}

/// What an order would come to now, decided as the order itself would be; nothing is held, written or remembered by it.
pub(crate) fn quote(
    tx: &mut dyn Tx,
    log: LogId,
    order: &PlaceOrder,
    now_ms: i64,
) -> Result<OrderView, CoreRefusal> {
    let row = tx.query_opt("select author from stall_core where log = $1", params![log])?;
    let server = row.map(|row| row.id::<AuthorId>(0)).transpose()?;
    let mut facts = shop_facts(tx, log, server)?;
    load_offers(tx, log, &mut facts, &order.lines)?;
    let command = known(tx, log, (order, now_ms), &mut facts).map_err(declined)?;
    let entries = place_order::decide(&facts, &command).map_err(|refusal| declined(refusal.into()))?;
    let card = cards::held(&entries).as_ref().map(CardPays::held);
    let placed = entries
        .into_iter()
        .find_map(|entry| if let Entry::OrderPlaced(placed) = entry { Some(placed) } else { None });
    Ok(OrderView { card, ..shown(order.order, OrderState::Held, placed.ok_or_else(unknown)?, now_ms) })
}

/// What is asked for in the domain's words, once all else that decides about it is among the facts.
fn known(
    tx: &mut dyn Tx,
    log: LogId,
    (order, now_ms): (&PlaceOrder, i64),
    facts: &mut place_order::Facts,
) -> Result<place_order::PlaceOrder, CoreRefusal> {
    let (is_blocked, held) = stalls::standing(tx, log, order.buyer)?;
    if is_blocked {
        let detail = "this stall is not in the market now and takes no orders: buy it elsewhere";
        return Err(refused(Fault::Conflict, "stall_blocked", detail));
    }
    facts.held = held;
    facts.now_ms = now_ms;
    let coupon = coupon(tx, log, order, facts)?;
    know_deals(tx, log, order, facts)?;
    facts.card = match order.card {
        Some(card) => cards::there(tx, log, card.purse)?,
        None => None,
    };
    Ok(place_order::PlaceOrder {
        order: order.order,
        buyer: order.buyer,
        lines: order.lines.clone(),
        note: order.note.clone(),
        handing: order.handing,
        zone: order.zone.clone(),
        coupon,
        seen_total_minor: order.seen_total_minor,
        seen_tax_minor: order.seen_tax_minor,
        card: order.card,
    })
}

/// The code that an order names, in its one way of writing, and what has to be known of it. Its uses are counted here, in the
/// transaction that decides, where nobody else decides at the same time.
fn coupon(
    tx: &mut dyn Tx,
    log: LogId,
    order: &PlaceOrder,
    facts: &mut place_order::Facts,
) -> Result<String, CoreRefusal> {
    facts.coupon = None;
    facts.has_account = order.is_account;
    if order.coupon.trim().is_empty() {
        return Ok(String::new());
    }
    let code = code_of(&order.coupon).ok_or(Refusal::Coupon(CouponProblem::Unknown))?;
    facts.day = today(tx, log, facts.now_ms)?;
    facts.coupon = known_coupon(tx, log, (&code, order.buyer))?;
    Ok(code)
}

/// Who has what of the deals that an order may be in. All that was taken is known with the offers, and is not asked for again
/// within one transaction: what one buyer has of it is, while there is some left.
fn know_deals(
    tx: &mut dyn Tx,
    log: LogId,
    order: &PlaceOrder,
    facts: &mut place_order::Facts,
) -> Result<(), StoreError> {
    for line in &order.lines {
        let Some(offer) = facts.offers.get_mut(&line.product) else { continue };
        let usual_minor = offer.unit_price_minor;
        let Some((deal, taken)) = &mut offer.deal else { continue };
        taken.by_buyer = 0;
        let is_asked = deal.each.is_some() && deal.left(taken.all) > 0;
        if is_asked && deal.is_on(facts.now_ms, usual_minor) {
            let of = (line.product, deal.id);
            taken.by_buyer = deals::of_buyer(tx, log, of, order.buyer)?;
        }
    }
    Ok(())
}

/// The next order of the transaction finds what this one took.
fn note_taken(facts: &mut place_order::Facts, entries: &[Entry]) {
    for entry in entries {
        if let Entry::DealTaken(taken) = entry
            && let Some(offer) = facts.offers.get_mut(&taken.product)
            && let Some((_, so_far)) = &mut offer.deal
        {
            so_far.all = so_far.all.saturating_add(taken.units);
        }
    }
}

/// What a code is good for, and its uses so far.
fn known_coupon(
    tx: &mut dyn Tx,
    log: LogId,
    (code, buyer): (&str, ThingId),
) -> Result<Option<(CouponTerms, Uses)>, StoreError> {
    let Some((_, terms)) = coupons::of(tx, log, code)? else { return Ok(None) };
    let is_counted = terms.uses_max.is_some() || terms.buyer_uses_max.is_some();
    let uses = if is_counted { coupons::uses(tx, log, code, buyer)? } else { Uses::default() };
    Ok(Some((terms, uses)))
}

/// What a code would take off now, for whoever asks before ordering; the order asks again.
pub(crate) fn look_at_coupon(
    tx: &mut dyn Tx,
    log: LogId,
    typed: &str,
    (buyer, has_account): (ThingId, bool),
    now_ms: i64,
) -> Result<Result<(String, CouponTerms), CouponProblem>, StoreError> {
    let Some(code) = code_of(typed) else { return Ok(Err(CouponProblem::Unknown)) };
    let Some((terms, uses)) = known_coupon(tx, log, (&code, buyer))? else {
        return Ok(Err(CouponProblem::Unknown));
    };
    let checked = terms.check(today(tx, log, now_ms)?, uses, has_account);
    Ok(checked.map(|()| (code, terms)))
}

/// Whether the stall lets buyers pay in this way.
fn check_way(desk: &mut Desk<'_>, pay: &ToPay) -> Result<(), CoreRefusal> {
    let profile = read::profile(desk.tx, desk.log)?;
    let takes = profile.is_some_and(|profile| match pay.way {
        PayWay::Card => profile.takes_card,
        PayWay::Phone => profile.takes_phone,
        PayWay::Transfer => profile.transfers.is_some(),
    });
    let sentence = "the stall does not take this way of paying: pay when you fetch it, or choose another";
    if takes { Ok(()) } else { Err(refused(Fault::Conflict, "way_not_taken", sentence)) }
}

/// What the shop knows, for the orders that follow each other in one transaction.
pub(super) struct Shop(place_order::Facts);

impl Shop {
    /// What an order of these lines needs, from the order before it or from the store.
    fn load(desk: &mut Desk<'_>, lines: &[AskedLine]) -> Result<place_order::Facts, CoreRefusal> {
        let mut facts = match desk.shop.take() {
            Some(Self(facts)) => facts,
            None => {
                let server = desk.author();
                shop_facts(desk.tx, desk.log, Some(server))?
            }
        };
        load_offers(desk.tx, desk.log, &mut facts, lines)?;
        Ok(facts)
    }
}

/// What the stall says of all its orders. Where the server wrote nothing yet, nothing newer than itself did.
fn shop_facts(
    tx: &mut dyn Tx,
    log: LogId,
    server: Option<AuthorId>,
) -> Result<place_order::Facts, CoreRefusal> {
    let profile = read::profile(tx, log)?;
    let said = profile.and_then(|profile| Some((Currency::parse(&profile.currency)?, profile.handings)));
    let Some((currency, handings)) = said else {
        return Err(refused(Fault::Later, "no_profile", "the stall has not said its currency yet"));
    };
    let is_outdated = match server {
        Some(server) => read::is_outdated(tx, log, server)?,
        None => false,
    };
    Ok(place_order::Facts {
        // A newer server's entries may have promised what is still in the shop's share here.
        frozen: read::stall_frozen(tx, log)? || is_outdated,
        policy: Policy::plain(currency),
        offers: BTreeMap::new(),
        handings,
        held: 0,
        now_ms: 0,
        day: 0,
        has_account: false,
        coupon: None,
        card: None,
    })
}

fn load_offers(
    tx: &mut dyn Tx,
    log: LogId,
    facts: &mut place_order::Facts,
    lines: &[AskedLine],
) -> Result<(), StoreError> {
    for line in lines {
        if facts.offers.contains_key(&line.product) {
            continue;
        }
        if let Some(offer) = offer(tx, log, line.product)? {
            facts.offers.insert(line.product, offer);
        }
    }
    Ok(())
}

pub(super) fn offer(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Option<Offer>, StoreError> {
    let Some(found) = read::product(tx, log, product)? else { return Ok(None) };
    let mut deal = None;
    if let Some(said) = found.deal {
        let all = deals::sold(tx, log, product, said.id)?;
        deal = Some((said, DealUse { all, by_buyer: 0 }));
    }
    Ok(Some(Offer {
        name: found.name,
        unit_price_minor: found.price_minor,
        price_per: found.price_per,
        archived: found.archived,
        taxes: TaxRate::all(found.tax_ppm, found.tax_inclusive, &found.tax_label),
        unit: found.unit,
        piece_g: found.piece_g,
        pool: read::pool_to_promise(tx, log, product)?,
        deal,
    }))
}

pub(super) fn end(desk: &mut Desk<'_>, order: OrderId, end: EndOrder) -> Result<OrderView, CoreRefusal> {
    let found = read::order(desk.tx, desk.log, order)?;
    if let EndOrder::Step(step) = end {
        return take_step(desk, found.as_ref(), (order, step));
    }
    let (state, step) = (found.as_ref().map(|found| found.state), found.and_then(|found| found.step));
    // Ended the same way before: that was this request, or one like it.
    let done_before = matches!(
        (end, state),
        (EndOrder::Release(_), Some(OrderState::Released)) | (EndOrder::Fulfil, Some(OrderState::Fulfilled))
    );
    if frozen::waits(desk, (state, end))? {
        frozen::end(desk, (order, step), end)?;
        return view(desk.tx, desk.log, order)?.ok_or_else(unknown);
    }
    let waits_for_payment = match end {
        EndOrder::Release(reason) if !done_before && state == Some(OrderState::Held) => {
            release_order::check_reason(step, reason)?;
            let why = paying::ending(reason);
            // Nobody is left to ask: then it is the stall's word, which was told to look.
            let is_decided = reason == ReleaseReason::StallCancelled && paying::is_stalls_word(desk, order)?;
            // Nothing here would keep that it is to end.
            if !is_decided && paying::is_forgotten(desk.tx, desk.log, order)? {
                return Err(paying::not_looked_up(desk, order)?);
            }
            !is_decided && paying::ends_first(desk, order, why)?
        }
        EndOrder::Release(_) | EndOrder::Fulfil | EndOrder::Step(_) => false,
    };
    if !done_before && !waits_for_payment {
        if end == EndOrder::Fulfil && state.is_some() {
            swaps::end_open(desk, order)?;
            cards::pay(desk, order)?;
        }
        let units = held_units(desk.tx, desk.log, order)?;
        let entries = match end {
            EndOrder::Release(reason) => release_order::decide(
                &release_order::Facts { state, step, units },
                &release_order::ReleaseOrder { order, reason },
            )?,
            EndOrder::Fulfil => given_out(desk, (order, state), units)?,
            EndOrder::Step(_) => vec![],
        };
        desk.write(entries)?;
        if matches!(end, EndOrder::Release(_)) {
            cards::back(desk, order)?;
        }
        transfers::owe(desk, order)?;
    }
    view(desk.tx, desk.log, order)?.ok_or_else(unknown)
}

/// What was paid before counts as sold from here, as if a register had said that it was handed over.
fn given_out(
    desk: &mut Desk<'_>,
    (order, state): (OrderId, Option<OrderState>),
    units: Vec<Units>,
) -> Result<Vec<Entry>, CoreRefusal> {
    // Also where a card has enough for something cheaper that was taken in place of a line: then nothing is due.
    let is_paid = state == Some(OrderState::Held) && {
        let money = order_money::of(desk.tx, desk.log, order)?;
        has_money(desk.tx, desk.log, (order, &money))? || {
            let found = read::order(desk.tx, desk.log, order)?.ok_or_else(unknown)?;
            cards::pays_all(&money, read::order_placed(desk.tx, desk.log, &found)?.total_minor)
        }
    };
    let mut entries = Vec::new();
    if is_paid {
        let goods = units.iter().map(|units| units.product);
        entries.extend(costs_today(desk.tx, desk.log, SaleId(order.0), goods)?.map(Entry::from));
        entries.push(OrderHandedOver { order, taken: None }.into());
    }
    entries.extend(fulfil_order::decide(&fulfil_order::Facts { state, units }, order)?);
    Ok(entries)
}

fn has_money(
    tx: &mut dyn Tx,
    log: LogId,
    (order, money): (OrderId, &pay_order::Facts),
) -> Result<bool, StoreError> {
    let is_here = match money.standing() {
        PayStanding::Paid | PayStanding::PartlyBack => true,
        PayStanding::AtHandOver | PayStanding::Waiting | PayStanding::PaidBack | PayStanding::PayingBack => {
            false
        }
    };
    Ok(is_here && !paying::is_ending(tx, log, order)?)
}

/// Whoever gives an order out by a word takes no money for it: it is here already, or a register hands over.
pub(super) fn check_given_out(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<(), CoreRefusal> {
    let Some(found) = read::order(tx, log, order)?.filter(|found| found.state == OrderState::Held) else {
        return Ok(());
    };
    let money = order_money::of(tx, log, order)?;
    if has_money(tx, log, (order, &money))? {
        return Ok(());
    }
    if money.awaits_transfer() {
        return Err(Refusal::TransferAwaited.into());
    }
    let total_minor = read::order_placed(tx, log, &found)?.total_minor;
    if cards::pays_all(&money, total_minor) {
        return Ok(());
    }
    let by_card = money.card.map_or(0, |card| card.pays_minor);
    Err(Refusal::Underpaid { missing_minor: total_minor.saturating_sub(by_card) }.into())
}

fn take_step(
    desk: &mut Desk<'_>,
    found: Option<&OrderFound>,
    (order, step): (OrderId, OrderStep),
) -> Result<OrderView, CoreRefusal> {
    let facts = found.map(order_steps::facts).unwrap_or_default();
    // Taken before: that was this request, or one like it.
    if facts.step != Some(step) || facts.state != Some(OrderState::Held) {
        desk.write(step_order::decide(&facts, order, step)?)?;
    }
    view(desk.tx, desk.log, order)?.ok_or_else(unknown)
}

/// What an order still holds.
pub(super) fn held_units(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<Units>, StoreError> {
    let (kind, whose) = Account::Hold(order).parts();
    let rows = tx.query(
        "select product, quantity from balance
         where log = $1 and account = $2 and whose = $3 and quantity > 0 order by product",
        params![log, kind, whose],
    )?;
    rows.iter().map(|row| Ok(Units { product: row.id(0)?, quantity: row.int(1)? })).collect()
}

pub(crate) fn view(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<OrderView>, StoreError> {
    let Some(found) = read::order(tx, log, order)? else { return Ok(None) };
    let placed = read::order_placed(tx, log, &found)?;
    let payment = paying::view(tx, log, order)?;
    let card = CardPays::of(&order_money::of(tx, log, order)?, found.state);
    let reason = match found.state {
        OrderState::Released => order_steps::cancel_reason(tx, log, order)?,
        OrderState::Held | OrderState::HandedOver | OrderState::Fulfilled => String::new(),
    };
    let (step, ended) = (found.step, found.ended);
    let refunds = refunds::views(tx, log, order)?;
    let returns = returns::of_order(tx, log, order)?;
    let swaps = soko_projection::swaps::of_order(tx, log, order)?;
    Ok(Some(OrderView {
        swaps,
        payment,
        card,
        step,
        reason,
        ended,
        refunds,
        returns,
        ..shown(order, found.state, placed, found.at_ms)
    }))
}

fn shown(order: OrderId, state: OrderState, placed: OrderPlaced, placed_ms: i64) -> OrderView {
    OrderView {
        order,
        taxes: hand_over_order::taxes(&placed),
        buyer: placed.buyer,
        state,
        currency: placed.currency,
        total_minor: placed.total_minor,
        lines: placed.lines.into_iter().map(OrderLineView::from).collect(),
        note: placed.note,
        placed_ms,
        payment: None,
        refunds: Vec::new(),
        step: None,
        reason: String::new(),
        ended: None,
        handing: placed.handing,
        delivery: placed.delivery.map(|it| DeliveryView {
            zone: it.zone,
            tax_minor: it.tax_minor,
            total_minor: it.total_minor,
        }),
        coupon: placed.coupon.map(Box::new),
        card: None,
        returns: Vec::new(),
        swaps: Vec::new(),
    }
}

fn request_hash(order: &PlaceOrder) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"soko order request 1");
    hasher.update(order.order.as_bytes());
    hasher.update(order.buyer.as_bytes());
    for line in &order.lines {
        hasher.update(line.product.as_bytes());
        hasher.update(line.quantity.to_be_bytes());
        hasher.update(line.seen_price_minor.unwrap_or(-1).to_be_bytes());
    }
    hasher.update(order.note.as_bytes());
    if let Some(pay) = &order.pay {
        hasher.update([0, pay.way.number()]);
        hasher.update(pay.phone.as_bytes());
    }
    // An order from before there was anything to choose has the hash that it had.
    if order.handing != Handing::Pickup || order.contact.is_some() || order.seen_total_minor.is_some() {
        hasher.update([1, order.handing.number()]);
        let contact = order.contact.clone().unwrap_or_default();
        for text in [&order.zone, &contact.name, &contact.reach, &contact.address] {
            hasher.update(text.len().to_be_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(order.seen_total_minor.unwrap_or(-1).to_be_bytes());
    }
    if !order.coupon.is_empty() {
        hasher.update([2]);
        hasher.update(order.coupon.as_bytes());
    }
    if let Some(seen) = order.seen_tax_minor {
        hasher.update([3]);
        hasher.update(seen.to_be_bytes());
    }
    if let Some(card) = order.card {
        hasher.update([4]);
        hasher.update(card.purse.as_bytes());
        hasher.update(card.seen_minor.unwrap_or(-1).to_be_bytes());
    }
    hasher.finalize().into()
}

fn unknown() -> CoreRefusal {
    refused(Fault::Conflict, "unknown_order", "the order is not known here")
}

pub(super) fn refused(fault: Fault, code: &'static str, detail: &str) -> CoreRefusal {
    CoreRefusal::Refused { fault, code, detail: detail.into() }
}
