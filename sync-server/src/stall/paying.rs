//! The payment of an order, a step at a time, in the transaction of what the stall's records say of it. What happens to
//! money is decided by `soko_checkout`, what is written of it by the domain's verbs; here they meet in one commit.

use soko_checkout::{Answer, Call, Class, Deed, Due, Ending, Next, Object, Payment, State, Status, Trouble};
use soko_domain::entry::{IncidentKind, IncidentRaised, OrderToPay, PayWay, RefundEnd, ReleaseReason};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::money::Currency;
use soko_domain::sabotage::Sabotage;
use soko_domain::verbs::pay_order::{self, PayStanding};
use soko_domain::verbs::release_order::{self, OrderState};
use soko_projection::{order_money, read};
use soko_record_log::{StoreError, Tx};

use crate::core::{CoreRefusal, Fault};
use crate::pay::provider::Asked;
use crate::pay::rows::{self, Found, Kept};
use crate::stall::desk::Desk;
use crate::stall::orders::{held_units, refused};
use crate::stall::transfers::{self, TransferView};
use crate::stall::{backs, cards, frozen, lost, refunds};

/// While a call is made nobody else takes the payment on; who dies with it is followed after so long.
pub const LEASE_MS: i64 = 60_000;
/// A buyer who has not paid by then is not waited for: the provider is asked to end it. Only its answer frees the hold.
const PATIENCE_MS: i64 = 45 * 60 * 1_000;
/// How long until it is tried again whether a provider is back.
const SHUT_MS: i64 = 5_000;

/// When what cannot be read is looked at again: another program may read it by then.
const UNREAD_MS: i64 = 15 * 60 * 1_000;

/// How an order is to be paid before it is fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToPay {
    pub way: PayWay,
    pub provider: String,
    /// What the provider's objects must name.
    pub account: String,
    pub phone: String,
    /// Where the buyer's browser comes back to.
    pub back: String,
}

/// Which classes of calls a provider answers at the moment; look-ups are always made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Open {
    pub charges: bool,
    pub returns: bool,
}

/// What happens to a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PayTurn {
    /// Somebody has time for it.
    Begin(Open),
    Answered {
        call: Call,
        /// The part that was asked for, if it was one.
        part: Option<ThingId>,
        answer: Answer,
        /// Whoever asked has time for what comes next, too: it is begun in the same transaction.
        goes_on: Option<Open>,
    },
    /// A webhook names it.
    Named,
    /// The same, signed by the provider, with its name for the payment: what was lost is looked for under that.
    NamedAs(String),
    Disputed,
    /// The records name it and nobody remembers it: whether anything was asked for has to be looked up.
    Forgotten(Box<ToPay>),
    /// The same, and nobody here can be asked about it.
    NobodyToAsk,
    /// The records allow parts of it to go back that nobody remembers.
    ForgottenParts,
    /// Its provider shows it, and no record here names such an order.
    Found(Box<(ToPay, Object)>),
    /// A transfer to the stall's own account did not come in time.
    Lapsed,
}

/// How far a payment is, for its buyer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentView {
    pub way: PayWay,
    /// `asking`, `waiting`, `confirming`, `paid`, `cancelling`, `cancelled`, `returning` or `returned`.
    pub state: &'static str,
    /// Where the buyer pays.
    pub page: String,
    /// Where the money goes by bank.
    pub transfer: Option<Box<TransferView>>,
}

pub(super) fn begin(
    desk: &mut Desk<'_>,
    order: OrderId,
    (to_pay, amount_minor, currency): (&ToPay, i64, Currency),
) -> Result<PaymentView, CoreRefusal> {
    if !to_pay.way.has_provider() {
        return transfers::begin(desk, (order, amount_minor));
    }
    desk.write([OrderToPay { order, way: to_pay.way, amount_minor }.into()])?;
    let due = Due { order, account: to_pay.account.clone(), amount_minor, currency };
    let kept = Kept {
        payment: Payment::new(due),
        provider: to_pay.provider.clone(),
        way: to_pay.way,
        phone: to_pay.phone.clone(),
        back: to_pay.back.clone(),
        asked_ms: 0,
        next_ms: desk.now.now_ms,
        begun_ms: desk.now.now_ms,
    };
    rows::save(desk.tx, desk.log, &kept)?;
    Ok(PaymentView::fresh(to_pay.way))
}

pub(super) fn turn(
    desk: &mut Desk<'_>,
    order: OrderId,
    turn: &PayTurn,
) -> Result<Option<Asked>, CoreRefusal> {
    match turn {
        PayTurn::Forgotten(to_pay) => return remember(desk, order, to_pay).map(|()| None),
        PayTurn::NobodyToAsk => return nobody_to_ask(desk, order).map(|()| None),
        PayTurn::Found(found) => return lost::found(desk, order, found).map(|()| None),
        PayTurn::Lapsed => return transfers::lapse(desk, order).map(|()| None),
        PayTurn::Begin(_)
        | PayTurn::Answered { .. }
        | PayTurn::Named
        | PayTurn::NamedAs(_)
        | PayTurn::Disputed
        | PayTurn::ForgottenParts => {}
    }
    let mut kept = match rows::find(desk.tx, desk.log, order)? {
        Found::Kept(kept) => *kept,
        Found::None => return Ok(None),
        Found::Unread => return unread(desk, order).map(|()| None),
    };
    let now_ms = desk.now.now_ms;
    let is_news = is_recorded(desk, &mut kept.payment)?;
    let mut has_time_for = None;
    let Next { deeds, mut call } = match turn {
        PayTurn::Begin(open) => {
            // Whoever reads what is due is not alone.
            if kept.next_ms > now_ms {
                return Ok(None);
            }
            let mut deeds = heed_release(desk, &mut kept)?;
            has_time_for = Some(*open);
            deeds.extend(give_up(desk, &mut kept)?);
            Next { deeds, call: None }
        }
        PayTurn::Answered { call, part, answer, goes_on } => {
            let over = heed_release(desk, &mut kept)?;
            let part = part.filter(|_| *call == Call::RefundPart);
            let mut next = answered(desk, &mut kept.payment, (*call, part, answer), is_news)?;
            next.deeds.splice(..0, over);
            kept.next_ms = next_ms(&kept, now_ms);
            has_time_for = goes_on.filter(|_| next.call.is_none() && kept.next_ms <= now_ms);
            next
        }
        PayTurn::Named => named(&mut kept, now_ms, Payment::named),
        PayTurn::NamedAs(object) => named(&mut kept, now_ms, |payment| payment.named_as(object)),
        PayTurn::Disputed => named(&mut kept, now_ms, Payment::disputed),
        PayTurn::ForgottenParts => {
            refunds::remember(desk, &mut kept.payment)?;
            kept.next_ms = now_ms;
            Next::default()
        }
        PayTurn::Forgotten(_) | PayTurn::NobodyToAsk | PayTurn::Found(_) | PayTurn::Lapsed => {
            return Ok(None);
        }
    };
    do_all(desk, &mut kept, &deeds)?;
    if let Some(open) = has_time_for {
        call = go_on(desk, &mut kept, open)?;
    }
    lease(&mut kept, call, now_ms);
    rows::save(desk.tx, desk.log, &kept)?;
    Ok(call.map(|call| asked(desk, (call, now_ms), kept)))
}

/// What follows from an answer. Where nothing is found it is looked for under the name that the records have, if that is news; and nobody
/// is asked to pay while the stall is frozen: it may have been called off.
fn answered(
    desk: &mut Desk<'_>,
    payment: &mut Payment,
    (call, part, answer): (Call, Option<ThingId>, &Answer),
    is_news: bool,
) -> Result<Next, StoreError> {
    let is_nothing = *answer == Answer::Nothing;
    let is_left =
        is_nothing && (is_news || (payment.asks_if_nothing() && read::stall_frozen(desk.tx, desk.log)?));
    Ok(match part {
        Some(refund) => payment.part_answered(refund, answer),
        None if is_believed(desk, (call, answer)) => believed(payment),
        None if is_left => Next::default(),
        None => payment.answered(call, answer),
    })
}

/// While it is asked nobody else begins anything.
fn lease(kept: &mut Kept, call: Option<Call>, now_ms: i64) {
    let Some(call) = call else { return };
    kept.next_ms = now_ms + LEASE_MS;
    if call == Call::Ask && kept.asked_ms == 0 {
        kept.asked_ms = now_ms;
    }
}

/// Begins what comes next, unless its provider does not answer such calls at the moment.
fn go_on(desk: &mut Desk<'_>, kept: &mut Kept, open: Open) -> Result<Option<Call>, StoreError> {
    let next = kept.payment.next();
    let waits = next == Some(Call::Ask) && read::stall_frozen(desk.tx, desk.log)?;
    let is_open = match next.map(Call::class) {
        Some(_) if waits => false,
        Some(Class::Charge) => open.charges,
        Some(Class::Return) => open.returns,
        Some(Class::Look) | None => true,
    };
    kept.next_ms = desk.now.now_ms + if is_open { LEASE_MS } else { SHUT_MS };
    Ok(if is_open { begun(desk, &mut kept.payment) } else { None })
}

/// After a restore: the order came back with a device, and its payment is looked up from its beginning.
fn remember(desk: &mut Desk<'_>, order: OrderId, to_pay: &ToPay) -> Result<(), CoreRefusal> {
    let is_known = rows::is_known(desk.tx, desk.log, order)?;
    let facts = order_money::of(desk.tx, desk.log, order)?;
    let found = read::order(desk.tx, desk.log, order)?;
    let (Some(found), Some((way, amount_minor)), false) = (found, facts.to_pay, is_known) else {
        return Ok(());
    };
    // Whoever reads no amount can ask nobody about it.
    let Some(currency) = Currency::parse(&found.currency) else { return nobody_to_ask(desk, order) };
    let due = Due { order, account: to_pay.account.clone(), amount_minor, currency };
    let is_over = facts.paid_minor == 0 && frozen::was_called_off(desk.tx, desk.log, order)?;
    let mut payment = if is_over { Payment::forgotten_and_over(due) } else { Payment::forgotten(due) };
    is_recorded(desk, &mut payment)?;
    refunds::remember(desk, &mut payment)?;
    // Where some went out of a drawer the rest goes back as a part, which the records have.
    let is_to_end = found.state == OrderState::Released || facts.is_back_asked;
    // What was not given back before is a person's.
    if is_to_end && facts.cash_back_minor == 0 && !facts.is_not_taken {
        // Nobody waits for these goods, or for this money: whatever was asked for since is to end.
        payment.cancel(Ending::Failed);
    }
    let kept = Kept {
        payment,
        provider: to_pay.provider.clone(),
        way,
        phone: to_pay.phone.clone(),
        back: to_pay.back.clone(),
        asked_ms: found.at_ms,
        next_ms: desk.now.now_ms,
        begun_ms: desk.now.now_ms,
    };
    rows::somebody(desk.tx, desk.log, order)?;
    Ok(rows::save(desk.tx, desk.log, &kept)?)
}

/// Notes that the records say that it is paid, if they do and it was not known: a server that was restored hears of it from devices.
fn is_recorded(desk: &mut Desk<'_>, payment: &mut Payment) -> Result<bool, StoreError> {
    let order = payment.due.order;
    let is_over = matches!(payment.state, State::Cancelled | State::Returned | State::Stays);
    if payment.is_posted || is_over || order_money::of(desk.tx, desk.log, order)?.paid_minor == 0 {
        return Ok(false);
    }
    payment.recorded(order_money::reference(desk.tx, desk.log, order)?);
    Ok(true)
}

/// The stall is told, once, and decides: whether the money came knows only somebody who is not asked here.
fn nobody_to_ask(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let facts = order_money::of(desk.tx, desk.log, order)?;
    let is_open = is_forgotten(desk.tx, desk.log, order)?;
    let Some((_, due_minor)) = facts.to_pay.filter(|_| is_open) else { return Ok(()) };
    // What the records have as paid, and what was released since no money came, leaves no doubt.
    let state = read::order(desk.tx, desk.log, order)?.map(|found| found.state);
    let is_clear = facts.paid_minor > 0 || state.is_none_or(|state| state == OrderState::Released);
    if rows::keep_nobody(desk.tx, desk.log, (order, desk.now.now_ms))? && !is_clear {
        tell(desk, IncidentKind::PaymentOdd, order, due_minor)?;
    }
    Ok(())
}

/// Whether a stall may call off an order although nobody can be asked whether it was paid: no record says so.
pub(super) fn is_stalls_word(desk: &mut Desk<'_>, order: OrderId) -> Result<bool, StoreError> {
    let is_of_nobody =
        is_forgotten(desk.tx, desk.log, order)? && rows::is_of_nobody(desk.tx, desk.log, order)?;
    Ok(is_of_nobody && order_money::of(desk.tx, desk.log, order)?.paid_minor == 0)
}

fn named(kept: &mut Kept, now_ms: i64, tell: impl FnOnce(&mut Payment) -> Vec<Deed>) -> Next {
    let deeds = tell(&mut kept.payment);
    // Not while somebody calls: that answer is kept first.
    kept.next_ms = kept.next_ms.min(now_ms + if kept.payment.doubt.is_some() { 1_000 } else { 0 });
    Next { deeds, call: None }
}

/// A restored server does not know what was asked for since its backup. Where a device brought back that the order was cancelled, the
/// provider had said that no money comes: nothing is asked for any more, and what was meanwhile is to end.
fn heed_release(desk: &mut Desk<'_>, kept: &mut Kept) -> Result<Vec<Deed>, StoreError> {
    let payment = &kept.payment;
    if payment.ending.is_some() || payment.is_posted || payment.state >= State::Cancelling {
        return Ok(Vec::new());
    }
    let order = payment.due.order;
    if !frozen::was_called_off(desk.tx, desk.log, order)? {
        return Ok(Vec::new());
    }
    // What was paid and went back: the provider shows it.
    if order_money::of(desk.tx, desk.log, order)?.paid_minor > 0 {
        return Ok(Vec::new());
    }
    if payment.doubt == Some(Call::Ask) && payment.object.is_none() {
        kept.payment = Payment::forgotten_and_over(payment.due.clone());
        return Ok(Vec::new());
    }
    Ok(kept.payment.cancel(Ending::Failed))
}

/// Until when a buyer is waited for, if it is a buyer's turn.
fn patience(kept: &Kept) -> Option<i64> {
    let waits =
        kept.payment.state == State::Intent && kept.payment.ending.is_none() && !kept.payment.is_posted;
    waits.then(|| kept.begun_ms + PATIENCE_MS)
}

/// When it is called next: as long as it is a buyer's turn, never later than that ends.
fn next_ms(kept: &Kept, now_ms: i64) -> i64 {
    let next_ms = now_ms + kept.payment.wait_ms();
    patience(kept).map_or(next_ms, |until| next_ms.min((until + 1).max(now_ms + 1_000)))
}

/// A buyer who went away. While the stall is frozen only one who did not pay, by what the provider said in this life.
fn give_up(desk: &mut Desk<'_>, kept: &mut Kept) -> Result<Vec<Deed>, StoreError> {
    let is_over = patience(kept).is_some_and(|until| desk.now.now_ms > until);
    if !is_over || (!kept.payment.is_unpaid() && read::stall_frozen(desk.tx, desk.log)?) {
        return Ok(Vec::new());
    }
    Ok(kept.payment.cancel(Ending::Failed))
}

/// The next call, taken on.
fn begun(desk: &Desk<'_>, payment: &mut Payment) -> Option<Call> {
    if desk.core.weak(Sabotage::ChargeAgain) && payment.doubt == Some(Call::Ask) {
        payment.asks = payment.asks.saturating_add(1);
        return payment.doubt;
    }
    payment.begin()
}

/// Under the weakened rule that a capture counts without an answer.
fn is_believed(desk: &Desk<'_>, (call, answer): (Call, &Answer)) -> bool {
    call == Call::Capture && *answer == Answer::Unknown && desk.core.weak(Sabotage::PostUncaptured)
}

fn believed(payment: &mut Payment) -> Next {
    (payment.state, payment.doubt) = (State::Captured, None);
    Next { deeds: vec![Deed::Post], call: None }
}

fn asked(desk: &Desk<'_>, (call, now_ms): (Call, i64), kept: Kept) -> Asked {
    let stall = desk.log;
    let mut key = kept.payment.key(call);
    if call == Call::Ask && desk.core.weak(Sabotage::ChargeAgain) {
        key = format!("{key}:{}", kept.payment.asks);
    }
    let Kept { payment, phone, back, asked_ms, .. } = kept;
    let part = payment.part_in_hand().copied().filter(|_| call == Call::RefundPart);
    Asked { stall, call, key, payment, part, phone, back, asked_ms, now_ms }
}

/// Whether its payment ended or is to end without the money. Of what is to end, no record says so before its provider did.
pub(super) fn is_ending(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<bool, StoreError> {
    rows::is_ending(tx, log, order)
}

/// Whether the records name a payment that a restored server does not remember yet. Its provider may still charge, and only what it
/// is asked next says so.
pub(super) fn is_forgotten(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<bool, StoreError> {
    let facts = order_money::of(tx, log, order)?;
    let is_named = facts.to_pay.is_some_and(|(way, _)| way.has_provider()) && facts.back_minor == 0;
    Ok(is_named && !rows::is_known(tx, log, order)?)
}

/// Whether an order cannot end before its payment does. Then that is asked for, as soon as its payment is remembered.
pub(super) fn ends_first(desk: &mut Desk<'_>, order: OrderId, why: Ending) -> Result<bool, CoreRefusal> {
    let mut kept = match rows::find(desk.tx, desk.log, order)? {
        Found::Kept(kept) => *kept,
        Found::None => return Ok(is_forgotten(desk.tx, desk.log, order)?),
        Found::Unread => return unread_ends_first(desk, order, why),
    };
    if matches!(kept.payment.state, State::Cancelled | State::Returned | State::Stays) {
        return Ok(false);
    }
    is_recorded(desk, &mut kept.payment)?;
    if kept.payment.is_denied() && why != Ending::Stall {
        return Err(nobody_knows());
    }
    // Money that is recorded is asked for once more before it is given up.
    let is_to_ask = kept.payment.is_posted && kept.payment.ending.is_none();
    let is_the_stalls = kept.payment.is_denied() || (kept.payment.is_silent() && why == Ending::Stall);
    if is_the_stalls && !is_to_ask {
        // Its provider has no word any more, or says none for long, so it is the stall's, which was told to look.
        let deeds = kept.payment.given_up(why);
        do_all(desk, &mut kept, &deeds)?;
        rows::save(desk.tx, desk.log, &kept)?;
        return Ok(true);
    }
    if kept.payment.ending.is_none() {
        let was_denied = kept.payment.is_denied();
        let mut deeds = kept.payment.cancel(why);
        if desk.core.weak(Sabotage::FreeEarly) {
            deeds.push(Deed::Free(why));
        }
        // Whoever calls at this moment keeps the answer first. What is looked up once a day is called by nobody until then.
        let is_calling = !was_denied && kept.payment.doubt.is_some() && kept.next_ms > desk.now.now_ms;
        kept.next_ms = if is_calling { kept.next_ms } else { desk.now.now_ms };
        do_all(desk, &mut kept, &deeds)?;
        rows::save(desk.tx, desk.log, &kept)?;
    }
    Ok(true)
}

/// While the stall is frozen: ends a payment that nobody made, by what its provider said in this life of the server. Whether that is so, or
/// it was to end before. What was paid may be somebody's goods by now.
pub(super) fn call_off(desk: &mut Desk<'_>, order: OrderId, why: Ending) -> Result<bool, CoreRefusal> {
    let Found::Kept(kept) = rows::find(desk.tx, desk.log, order)? else { return Ok(false) };
    if kept.payment.ending.is_some() {
        return Ok(true);
    }
    let is_paid = order_money::of(desk.tx, desk.log, order)?.paid_minor > 0;
    if is_paid || !kept.payment.is_unpaid() {
        return Ok(false);
    }
    ends_first(desk, order, why)
}

/// What its provider said of an order's end while the stall was frozen.
pub(super) fn free_what_ended(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let Found::Kept(kept) = rows::find(desk.tx, desk.log, order)? else { return Ok(()) };
    free(desk, &kept, kept.payment.ending.unwrap_or(Ending::Failed))
}

/// A row that nobody here can read: the stall is told once, everything else goes on, and another program may read it.
pub(super) fn unread(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    rows::put_off(desk.tx, desk.log, order, desk.now.now_ms + UNREAD_MS)?;
    if rows::keep_nobody(desk.tx, desk.log, (order, desk.now.now_ms))? {
        let due_minor =
            order_money::of(desk.tx, desk.log, order)?.to_pay.map_or(0, |(_, due_minor)| due_minor);
        tell(desk, IncidentKind::PaymentOdd, order, due_minor)?;
    }
    Ok(())
}

/// Of such a one the stall has the word, unless a record says that it is paid; its buyer has not.
fn unread_ends_first(desk: &mut Desk<'_>, order: OrderId, why: Ending) -> Result<bool, CoreRefusal> {
    unread(desk, order)?;
    if why != Ending::Stall {
        return Err(nobody_knows());
    }
    Ok(order_money::of(desk.tx, desk.log, order)?.paid_minor > 0)
}

/// Whether a provider still charges can be asked of nobody.
pub(super) fn nobody_knows() -> CoreRefusal {
    let detail = "nobody who takes payments here knows whether this order is paid: the shop was told";
    refused(Fault::Conflict, "payment_nobody_to_ask", detail)
}

/// Whether a provider still charges for it is not known yet, or to nobody here.
pub(super) fn not_looked_up(desk: &mut Desk<'_>, order: OrderId) -> Result<CoreRefusal, StoreError> {
    if rows::is_of_nobody(desk.tx, desk.log, order)? {
        return Ok(nobody_knows());
    }
    let detail = "the payment of this order is being looked up: try again in a minute";
    Ok(refused(Fault::Later, "payment_looked_up", detail))
}

/// Why its payment ends.
pub(super) fn ending(reason: ReleaseReason) -> Ending {
    match reason {
        ReleaseReason::BuyerCancelled => Ending::Buyer,
        ReleaseReason::StallCancelled => Ending::Stall,
        ReleaseReason::PaymentFailed | ReleaseReason::Lapsed => Ending::Failed,
    }
}

/// What follows for the stall, in the same transaction.
pub(super) fn do_all(desk: &mut Desk<'_>, kept: &mut Kept, deeds: &[Deed]) -> Result<(), CoreRefusal> {
    let order = kept.payment.due.order;
    let (was_back, left_minor) = backs::before(desk, kept, deeds)?;
    for deed in deeds.iter().filter(|deed| !was_back || **deed != Deed::Tell(Trouble::ReturnedOutside)) {
        let reference = kept.payment.object.clone().unwrap_or_default();
        match deed {
            Deed::Post => {
                let facts = order_money::of(desk.tx, desk.log, order)?;
                let amount_minor = kept.payment.due.amount_minor;
                desk.write(pay_order::paid(&facts, order, (amount_minor, &reference))?)?;
                if facts.card.is_some() {
                    cards::pay(desk, order)?;
                }
                kept.payment.posted();
            }
            Deed::PaidBack => {
                let facts = order_money::of(desk.tx, desk.log, order)?;
                // Parts of it went back before, and the records have them.
                desk.write(pay_order::paid_back(&facts, order, (facts.left_minor(), &reference))?)?;
            }
            Deed::PartBack(refund) => {
                refunds::end(desk, (*refund, order), (RefundEnd::PaidBack, &reference))?;
            }
            Deed::PartFailed(refund) if kept.payment.state >= State::Returning => {
                refunds::end(desk, (*refund, order), (RefundEnd::Whole, ""))?;
            }
            Deed::PartFailed(refund) => {
                refunds::end(desk, (*refund, order), (RefundEnd::NotTaken, ""))?;
                backs::part_stays(desk, kept, *refund)?;
            }
            Deed::PartUndone(refund) => backs::part_stays(desk, kept, *refund)?,
            Deed::Stays => refunds::end(desk, (backs::whole(order), order), (RefundEnd::NotTaken, ""))?,
            Deed::BackOutside(total_minor) => backs::outside(desk, kept, *total_minor)?,
            Deed::Free(why) => free(desk, kept, *why)?,
            Deed::Tell(trouble) => tell_of(desk, kept, (*trouble, left_minor))?,
        }
    }
    Ok(())
}

fn tell_of(
    desk: &mut Desk<'_>,
    kept: &Kept,
    (trouble, left_minor): (Trouble, i64),
) -> Result<(), CoreRefusal> {
    let due_minor = kept.payment.due.amount_minor;
    let (kind, amount_minor) = match trouble {
        Trouble::Mismatch | Trouble::TwoObjects | Trouble::Stuck | Trouble::Contradiction | Trouble::Gone => {
            (IncidentKind::PaymentOdd, due_minor)
        }
        Trouble::ReturnedOutside => (IncidentKind::PaymentReturned, left_minor),
        Trouble::Stays => (IncidentKind::PaymentStays, left_minor),
        Trouble::Disputed => (IncidentKind::PaymentDisputed, due_minor),
    };
    tell(desk, kind, kept.payment.due.order, amount_minor)
}

/// The provider confirmed that there is no money: nobody waits for these units any more. While the stall is frozen, somebody may.
fn free(desk: &mut Desk<'_>, kept: &Kept, why: Ending) -> Result<(), CoreRefusal> {
    let order = kept.payment.due.order;
    let state = read::order(desk.tx, desk.log, order)?.map(|found| found.state);
    match state {
        Some(OrderState::Held | OrderState::HandedOver) if read::stall_frozen(desk.tx, desk.log)? => Ok(()),
        Some(OrderState::Held) => {
            let reason = match why {
                Ending::Buyer => ReleaseReason::BuyerCancelled,
                Ending::Stall => ReleaseReason::StallCancelled,
                Ending::Failed => ReleaseReason::PaymentFailed,
            };
            let units = held_units(desk.tx, desk.log, order)?;
            // Whoever began to end it was asked about steps then; now nothing is paid, whatever was packed meanwhile.
            let facts = release_order::Facts { state, step: None, units };
            desk.write(release_order::decide(&facts, &release_order::ReleaseOrder { order, reason })?)?;
            cards::back(desk, order)
        }
        // The goods are gone, and the money is here.
        Some(OrderState::HandedOver | OrderState::Fulfilled) if kept.payment.state == State::Stays => Ok(()),
        // The goods are gone, and their money did not come or is back without anybody at the stall wanting that.
        Some(OrderState::HandedOver | OrderState::Fulfilled) => {
            let is_wanted =
                kept.payment.is_posted && order_money::of(desk.tx, desk.log, order)?.is_back_asked;
            if is_wanted { Ok(()) } else { gone_unpaid(desk, order, kept.payment.due.amount_minor) }
        }
        Some(OrderState::Released) | None => Ok(()),
    }
}

/// A register gave out what was cancelled here: whether its money is with the stall.
pub(super) fn after_release(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let money = order_money::of(desk.tx, desk.log, order)?;
    match (money.standing(), money.to_pay) {
        (PayStanding::Waiting | PayStanding::PaidBack, Some((_, due_minor))) if !money.is_back_asked => {
            gone_unpaid(desk, order, due_minor)
        }
        // It is there, or on its way back with somebody's word; what is paid at hand-over was taken with the goods.
        (
            PayStanding::Waiting
            | PayStanding::PaidBack
            | PayStanding::AtHandOver
            | PayStanding::Paid
            | PayStanding::PayingBack
            | PayStanding::PartlyBack,
            _,
        ) => Ok(()),
    }
}

fn gone_unpaid(desk: &mut Desk<'_>, order: OrderId, due_minor: i64) -> Result<(), CoreRefusal> {
    tell(desk, IncidentKind::HandedOverUnpaid, order, due_minor)
}

/// The quantity is money here.
pub(super) fn tell(
    desk: &mut Desk<'_>,
    kind: IncidentKind,
    order: OrderId,
    quantity: i64,
) -> Result<(), CoreRefusal> {
    let incident = desk.id();
    let orders = vec![order];
    desk.write([IncidentRaised { incident, kind, author: None, product: None, quantity, orders }.into()])
}

pub(super) fn view(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<PaymentView>, StoreError> {
    let kept = match rows::find(tx, log, order)? {
        Found::Kept(kept) => *kept,
        Found::None => return transfers::view(tx, log, order),
        // Whatever became of it, somebody has to find out.
        Found::Unread => {
            let to_pay = order_money::of(tx, log, order)?.to_pay;
            return Ok(to_pay.map(|(way, _)| PaymentView { state: "confirming", ..PaymentView::fresh(way) }));
        }
    };
    let payment = kept.payment;
    let state = match payment.state {
        // The records say more than its provider showed yet.
        State::Intent if payment.is_posted => "confirming",
        State::Intent if payment.object.is_some() => "waiting",
        State::Created | State::Intent => "asking",
        State::Authorised | State::Captured => "confirming",
        State::Posted => "paid",
        State::Cancelling => "cancelling",
        State::Cancelled => "cancelled",
        State::Returning => "returning",
        State::Returned => "returned",
        State::Stays if payment.seen == Some(Status::Refunded) => "returned",
        // The shop has it, and gives it back in another way.
        State::Stays => "paid",
    };
    // Where nothing can be paid any more nobody is sent.
    let page = payment.page.filter(|_| state == "waiting").unwrap_or_default();
    Ok(Some(PaymentView { way: kept.way, state, page, transfer: None }))
}

impl PaymentView {
    /// As it is when an order was just placed.
    pub(super) fn fresh(way: PayWay) -> Self {
        Self { way, state: "asking", page: String::new(), transfer: None }
    }

    /// The same for every repetition of the order.
    pub(crate) fn as_it_began(&self) -> Self {
        let is_asked = self.way.has_provider();
        Self {
            state: if is_asked { "asking" } else { "waiting" },
            transfer: self.transfer.clone(),
            ..Self::fresh(self.way)
        }
    }
}
