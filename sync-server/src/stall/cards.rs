//! Gift cards that pay for orders from the shop. What a card is to pay is held with the order's goods, out of what the shop itself has of
//! the card: no register can spend that, and where a register has the rest it is asked for it, as another register would ask. Points
//! and credit pay at registers alone: nothing ties the account that orders to a customer of the stall.

use soko_domain::entry::{Entry, IncidentKind, OrderPurseHeld};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId};
use soko_domain::money::Currency;
use soko_domain::purse::PurseKind;
use soko_domain::refusal::Refusal;
use soko_domain::stock::Account;
use soko_domain::verbs::card_order;
use soko_domain::verbs::pay_order;
use soko_domain::verbs::release_order::OrderState;
use soko_projection::{figures, order_money, read, read_customers};
use soko_record_log::{StoreError, Tx};

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;
use crate::stall::{paying, value};

/// Nobody's register: the shop itself wants it.
const SHOP: AuthorId = AuthorId([0; 16]);

/// What a card holds, for whoever has its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CardView {
    pub currency: Currency,
    /// What it can pay of an order now.
    pub pays_minor: i64,
    /// What lies at registers, which are asked for it.
    pub elsewhere_minor: i64,
}

/// What a gift card pays of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardPays {
    pub pays_minor: i64,
    /// What of that is on the card again.
    pub back_minor: i64,
}

impl CardPays {
    pub(super) fn held(held: &OrderPurseHeld) -> Self {
        Self { pays_minor: held.units, back_minor: 0 }
    }

    pub(super) fn of(money: &pay_order::Facts, state: OrderState) -> Option<Self> {
        let card = money.card?;
        Some(Self { pays_minor: card.shown_minor(state)?, back_minor: card.back_minor })
    }
}

/// What entries of an order that was just decided hold of a card.
pub(super) fn held(entries: &[Entry]) -> Option<OrderPurseHeld> {
    let held =
        |entry: &Entry| if let Entry::OrderPurseHeld(held) = entry { Some(held.clone()) } else { None };
    entries.iter().find_map(held)
}

/// What the shop may promise of a card. Nothing where this stall sold none with this code.
pub(super) fn there(tx: &mut dyn Tx, log: LogId, purse: ProductId) -> Result<Option<i64>, StoreError> {
    let found = read_customers::purse(tx, (log, SHOP), purse)?;
    if found.is_none_or(|found| found.kind != PurseKind::GiftCard) {
        return Ok(None);
    }
    Ok(Some(read::pool_to_promise(tx, log, purse)?.max(0)))
}

/// What is on a card, without asking anybody for more of it. While the stall waits for its devices after a restore nothing of any card
/// can be spent: what looks unspent may have been spent in the life that is forgotten.
pub(crate) fn look(
    tx: &mut dyn Tx,
    log: LogId,
    purse: Option<ProductId>,
) -> Result<Option<CardView>, CoreRefusal> {
    let Some(purse) = purse else { return Ok(None) };
    let Some(pays_minor) = there(tx, log, purse)? else { return Ok(None) };
    if read::stall_frozen(tx, log)? {
        return Err(Refusal::StallFrozen.into());
    }
    let profile = read::profile(tx, log)?;
    let Some(currency) = profile.and_then(|profile| Currency::parse(&profile.currency)) else {
        return Ok(None);
    };
    let at_registers = read::accounts(tx, log, purse)?.into_iter();
    let at_registers = at_registers.filter(|(account, _)| matches!(account, Account::Share(_)));
    let elsewhere_minor = at_registers.fold(0, |sum: i64, (_, units)| sum.saturating_add(units.max(0)));
    Ok(Some(CardView { currency, pays_minor, elsewhere_minor }))
}

/// Asks the registers that hold some of a card for it. A register without a network gives nothing back, and can go on spending it.
pub(super) fn ask_for(desk: &mut Desk<'_>, purse: ProductId) -> Result<(), CoreRefusal> {
    let Some(found) = look(desk.tx, desk.log, Some(purse))? else { return Err(Refusal::UnknownPurse.into()) };
    let all = found.pays_minor.saturating_add(found.elsewhere_minor);
    value::recall(desk, SHOP, (purse, all)).map(drop)
}

/// The rest is paid, or the goods are with their buyer: the card pays what the order holds of it. A register of before takes all of the
/// order at hand-over, since it knows of no card: that is not paid twice, so the card keeps its own, or has it again.
pub(super) fn pay(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let money = money(desk, order)?;
    let Some(card) = money.card else { return Ok(()) };
    let held = read::balance(desk.tx, desk.log, card.purse, Account::Hold(order))?;
    let Some(found) = read::order(desk.tx, desk.log, order)? else { return Ok(()) };
    let total_minor = read::order_placed(desk.tx, desk.log, &found)?.total_minor;
    let taken_minor = figures::taken_minor(desk.tx, desk.log, order)?;
    if held > 0 {
        return desk.write(card_order::pay(&money, order, (held, total_minor - taken_minor)));
    }
    let twice_minor = (card.left_minor() + taken_minor - total_minor).min(taken_minor);
    desk.write(card_order::some_back(&card, order, twice_minor))
}

/// Whether a card is to pay all that an order comes to by now, and nothing else is under way.
pub(super) fn pays_all(money: &pay_order::Facts, total_minor: i64) -> bool {
    let by_card = money.card.map_or(0, |card| card.pays_minor);
    by_card > 0 && by_card >= total_minor && money.to_pay.is_none()
}

/// Goods that are gone were paid with the card, also where that is not written yet: a part of their money may be asked back in the
/// same page that says so.
pub(super) fn pay_for_what_is_gone(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let state = read::order(desk.tx, desk.log, order)?.map(|found| found.state);
    if matches!(state, Some(OrderState::HandedOver | OrderState::Fulfilled)) {
        return pay(desk, order);
    }
    Ok(())
}

/// An order ended without its goods, or all of its money goes back.
pub(super) fn back(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let money = money(desk, order)?;
    desk.write(card_order::all_back(&money, order))
}

/// Cancelled here, and handed over there: the goods are gone, and the card pays for them after all, as far as it still can. What it
/// cannot pay is told.
pub(super) fn pay_after_release(
    desk: &mut Desk<'_>,
    (order, total_minor): (OrderId, i64),
) -> Result<(), CoreRefusal> {
    let money = money(desk, order)?;
    let Some(card) = money.card.filter(|card| card.left_minor() == 0) else { return Ok(()) };
    let wanted = card.pays_minor.min(total_minor.max(0));
    let units = read::pool_to_promise(desk.tx, desk.log, card.purse)?.clamp(0, wanted);
    desk.write(card_order::pay_after_all(&card, order, units))?;
    if units == wanted {
        return Ok(());
    }
    paying::tell(desk, IncidentKind::HandedOverUnpaid, order, wanted - units)
}

/// Of an order whose card something is to be written about.
fn money(desk: &mut Desk<'_>, order: OrderId) -> Result<pay_order::Facts, StoreError> {
    let author = desk.author();
    order_money::of_writer(desk.tx, desk.log, (order, author))
}
