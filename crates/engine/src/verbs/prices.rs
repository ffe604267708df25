//! Prices that learn: limits, a suggestion taken, refused or taken back, and what moves by itself.

use soko_app_api::{Command, ProductEdit, Reply, Verb};
use soko_domain::entry::{Entry, PriceReason};
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::verbs::move_price::{self, Facts, MovePrice, Rule};
use soko_pricing::suggest::Suggestion;
use soko_projection::read::{self, ProductFound};
use soko_projection::read_prices as facts;
use soko_record_log::StoreError;

use crate::failure::{Failure, NotDone};
use crate::prices::{self, Moment, Outcome, Prices, Rules};
use crate::write::Writing;

/// What must be gone moves again when a better price is so many parts of a hundred away, and not more often than this.
const AUTO_PERCENT: i64 = 3;
const AUTO_EVERY_MS: i64 = 15 * 60 * 1_000;

#[expect(clippy::wildcard_enum_match_arm, reason = "only the verbs about prices come here")]
pub(super) fn perform(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    match &command.verb {
        Verb::PutPriceRule { product, rule } => put_rule(writing, *product, (*rule).into()),
        Verb::AcceptPrice { product, from_minor, to_minor } => {
            accept(writing, (command.id, *product), (*from_minor, *to_minor))
        }
        Verb::RefusePrice { product, price_minor } => refuse(writing, *product, *price_minor),
        Verb::UndoPrice { moved } => undo(writing, command.id, *moved),
        Verb::SeeRival { .. }
        | Verb::DropRival { .. }
        | Verb::TakeRivals { .. }
        | Verb::PutRivalSource { .. } => super::rivals::perform(writing, &command.verb),
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

fn put_rule(writing: &mut Writing<'_>, product: Option<ProductId>, rule: Rule) -> Result<Reply, NotDone> {
    if let Some(product) = product {
        writing.require_product(product)?;
    }
    let rules = Rules::read(writing.tx, writing.log, writing.stamp.business_day)?;
    let who = (writing.register_role, &writing.doer);
    let entries = move_price::decide_rule(who, (product, rules.revision(product)), rule)?;
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn accept(
    writing: &mut Writing<'_>,
    (moved, product): (ThingId, ProductId),
    (from_minor, to_minor): (i64, i64),
) -> Result<Reply, NotDone> {
    let found = product_found(writing, product)?;
    let moment = moment(writing, false);
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    // Its reasons are those of now, where what was seen is still what is suggested.
    let known = learnt(writing)?;
    let outcome = prices::outcome(writing.tx, (&known, &rules), &found, &moment)?;
    keep(writing, known);
    let said = match &outcome {
        Outcome::Better(better) if better.price_minor == to_minor => Said::of(better),
        Outcome::Better(_) | Outcome::Stays(_) | Outcome::Refused | Outcome::NoCost | Outcome::NotLooked => {
            Said::default()
        }
    };
    move_to(writing, &found, Moved { moved, from_minor, to_minor, is_auto: false, said }, (&rules, &moment))
}

fn refuse(writing: &mut Writing<'_>, product: ProductId, price_minor: i64) -> Result<Reply, NotDone> {
    writing.require_product(product)?;
    let entries = move_price::decide_refuse(product, price_minor, writing.stamp.business_day)?;
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn undo(writing: &mut Writing<'_>, undo: ThingId, moved: ThingId) -> Result<Reply, NotDone> {
    let unknown = Refusal::Invalid { field: "price", problem: "no such change is known here" };
    let moved = facts::moved(writing.tx, writing.log, moved)?.ok_or(unknown)?.said;
    let found = product_found(writing, moved.product)?;
    let now = (found.price_minor, writing.stamp.business_day);
    let entries = move_price::decide_undo(now, undo, &moved)?;
    set(writing, moved.product, moved.from_minor, entries)
}

/// Moves what the owner allowed to move by itself; how many did.
pub(crate) fn move_by_themselves(writing: &mut Writing<'_>, ids: &[ThingId]) -> Result<usize, Failure> {
    let mut moment = moment(writing, true);
    moment.is_open = writing.open_shift()?.is_some();
    // Nobody did this: it is not said to be whoever stands at the register.
    writing.stamp.by = None;
    let is_stopped = writing.stall.row.frozen.is_some() || writing.stall.pen.is_none();
    if !moment.is_open || is_stopped || !writing.register_role.may_edit_catalogue() {
        return Ok(0);
    }
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    let auto = rules.auto();
    if auto.is_empty() {
        return Ok(0);
    }
    let known = learnt(writing)?;
    let mut ids = ids.iter().copied();
    let mut moved = 0;
    for product in auto {
        let Some(found) = read::product(writing.tx, writing.log, product)?.filter(|it| !it.archived) else {
            continue;
        };
        let is_due = is_due(writing, (&rules, &moment), &found)?;
        if !is_due {
            continue;
        }
        let Outcome::Better(better) = prices::outcome(writing.tx, (&known, &rules), &found, &moment)? else {
            continue;
        };
        let is_much = (better.price_minor - found.price_minor).saturating_abs().saturating_mul(100)
            >= found.price_minor.saturating_mul(AUTO_PERCENT);
        if rules.of(product).gone_by_minutes.is_some() && !is_much {
            continue;
        }
        let Some(id) = ids.next() else { break };
        let step = Moved {
            moved: id,
            from_minor: found.price_minor,
            to_minor: better.price_minor,
            is_auto: true,
            said: Said::of(&better),
        };
        match move_to(writing, &found, step, (&rules, &moment)) {
            Ok(_) => moved += 1,
            // The limits have the last word; it stays what it is.
            Err(NotDone::Refused(_)) => {}
            Err(NotDone::Failed(failure)) => return Err(failure),
        }
    }
    keep(writing, known);
    Ok(moved)
}

/// What keeps moves once a day, so that what follows can be seen; what must be gone moves as the day goes on. Whoever set a
/// price by hand today, or took a move back, has the word until tomorrow.
fn is_due(
    writing: &mut Writing<'_>,
    (rules, moment): (&Rules, &Moment),
    found: &ProductFound,
) -> Result<bool, StoreError> {
    let moves = facts::moves_since(writing.tx, moment.log, moment.today)?;
    let mut today = moves.iter().filter(|(product, ..)| *product == found.product);
    let Some((_, at_ms, _, _, to_minor)) = today.next_back() else { return Ok(true) };
    let must_be_gone = rules.of(found.product).gone_by_minutes.is_some();
    let waited = moment.at_ms.saturating_sub(*at_ms) >= AUTO_EVERY_MS;
    Ok(must_be_gone && waited && *to_minor == found.price_minor)
}

/// What a move says of itself.
#[derive(Default)]
struct Said {
    gain_minor: (i64, i64, i64),
    days: u32,
    reasons: Vec<PriceReason>,
}

impl Said {
    fn of(better: &Suggestion) -> Self {
        Self {
            gain_minor: (better.gain_low_minor, better.gain_minor, better.gain_high_minor),
            days: better.days,
            reasons: prices::reasons(better),
        }
    }
}

struct Moved {
    moved: ThingId,
    from_minor: i64,
    to_minor: i64,
    is_auto: bool,
    said: Said,
}

/// Decides with the limits of this moment, and edits the product.
fn move_to(
    writing: &mut Writing<'_>,
    found: &ProductFound,
    step: Moved,
    (rules, moment): (&Rules, &Moment),
) -> Result<Reply, NotDone> {
    let Moved { moved, from_minor, to_minor, is_auto, said } = step;
    let limits = prices::limits(writing.tx, rules, (found, to_minor), moment)?.ok();
    let facts = Facts { now_minor: found.price_minor, limits };
    let command = MovePrice {
        moved,
        product: found.product,
        from_minor,
        to_minor,
        is_auto,
        gain_minor: said.gain_minor,
        days: said.days,
        reasons: said.reasons,
    };
    let entries = move_price::decide_move(&facts, &command)?;
    set(writing, found.product, to_minor, entries)
}

/// The entry and the edit, in one transaction.
fn set(
    writing: &mut Writing<'_>,
    product: ProductId,
    price_minor: i64,
    entries: Vec<Entry>,
) -> Result<Reply, NotDone> {
    writing.write(entries)?;
    super::documents::put_product(writing, product, &[ProductEdit::PriceMinor(price_minor)])
}

fn product_found(writing: &mut Writing<'_>, product: ProductId) -> Result<ProductFound, NotDone> {
    let found = read::product(writing.tx, writing.log, product)?;
    found.ok_or_else(|| Refusal::UnknownProduct(product).into())
}

fn moment(writing: &Writing<'_>, is_curious: bool) -> Moment {
    Moment {
        log: writing.log,
        today: writing.stamp.business_day,
        at_ms: writing.stamp.at_ms,
        offset_minutes: writing.stamp.offset_minutes,
        is_open: true,
        is_curious,
    }
}

/// What was learnt, taken out of the stall while it is used.
fn learnt(writing: &mut Writing<'_>) -> Result<Prices, StoreError> {
    let now = (writing.stamp.business_day, writing.stamp.at_ms);
    if let Some(known) = writing.stall.prices.take()
        && !known.is_old(writing.tx, writing.log, now)?
    {
        return Ok(known);
    }
    Prices::learn(writing.tx, writing.log, now)
}

fn keep(writing: &mut Writing<'_>, known: Prices) {
    writing.stall.prices = Some(known);
}
