//! Prices that learn: limits, a suggestion taken, refused or taken back, and what moves by itself.

use std::collections::BTreeMap;

use soko_app_api::{Command, PriceExperimentState, ProductEdit, Reply, Verb};
use soko_domain::entry::{Entry, PriceReason};
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::people::Wish;
use soko_domain::refusal::Refusal;
use soko_domain::verbs::move_price::{self, Facts, MovePrice, Rule};
use soko_domain::wrong::Wrong;
use soko_pricing::suggest::Suggestion;
use soko_projection::read::{self, ProductFound};
use soko_projection::read_prices as facts;
use soko_record_log::StoreError;

use crate::failure::{Failure, NotDone};
use crate::prices::experiment::{self, Tried};
use crate::prices::limits::sells;
use crate::prices::{self, Looked, Moment, Outcome, Prices, Reach, Rules};
use crate::write::Writing;

/// A price moves by itself when a better one is so many parts of a hundred away: each move is a label to print.
const AUTO_PERCENT: i64 = 3;
/// What keeps moves once a day, so that what follows can be seen; what must be gone moves as the day goes on, not more often than this.
const AUTO_EVERY_MS: i64 = 15 * 60 * 1_000;
/// A drawer that was opened longer ago may have been left open over night: prices move then only in hours in which something sells.
const SURELY_OPEN_MS: i64 = 12 * 3_600 * 1_000;

#[expect(clippy::wildcard_enum_match_arm, reason = "only the verbs about prices come here")]
pub(super) fn perform(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    match &command.verb {
        Verb::PutPriceRule { product, rule } => put_rule(writing, *product, (*rule).into()),
        Verb::AcceptPrice { product, from_minor, to_minor } => {
            accept(writing, (command.id, *product), (*from_minor, *to_minor))
        }
        Verb::RefusePrice { product, price_minor } => refuse(writing, *product, *price_minor),
        Verb::UndoPrice { moved } => undo(writing, command.id, *moved),
        Verb::BeginPriceExperiment { product, from_minor, tried_minor, weeks } => {
            begin(writing, (command.id, *product), (*from_minor, *tried_minor), *weeks)
        }
        Verb::EndPriceExperiment { product } => end(writing, command.id, *product),
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

fn put_rule(writing: &mut Writing<'_>, product: Option<ProductId>, rule: Rule) -> Result<Reply, NotDone> {
    let cost_minor = match product {
        Some(product) => product_found(writing, product)?.cost_minor,
        None => None,
    };
    let rules = Rules::read(writing.tx, writing.log, writing.stamp.business_day)?;
    let who = (writing.register_role, &writing.doer);
    let entries = move_price::decide_rule(who, (product, rules.revision(product)), cost_minor, rule)?;
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn accept(
    writing: &mut Writing<'_>,
    (moved, product): (ThingId, ProductId),
    (from_minor, to_minor): (i64, i64),
) -> Result<Reply, NotDone> {
    let found = product_found(writing, product)?;
    let moment = moment(writing, false)?;
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    // Its reasons are those of now, where what was seen is still what is suggested.
    let known = learnt(writing)?;
    let outcome = prices::outcome(writing.tx, (&known, &rules), &found, &moment)?;
    keep(writing, known);
    let said = match &outcome {
        Outcome::Better(better) if better.price_minor == to_minor => Said::of(better),
        Outcome::Better(_)
        | Outcome::Stays(_)
        | Outcome::Refused
        | Outcome::NotCounted
        | Outcome::NoCost
        | Outcome::NotLooked => Said::default(),
    };
    let limits = prices::limits(writing.tx, &rules, &found, (&moment, Reach::Day))?.ok();
    move_to(writing, &found, Moved { moved, from_minor, to_minor, is_auto: false, limits, said })
}

fn refuse(writing: &mut Writing<'_>, product: ProductId, price_minor: i64) -> Result<Reply, NotDone> {
    writing.require_product(product)?;
    let entries = move_price::decide_refuse(product, price_minor, writing.stamp.business_day)?;
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn undo(writing: &mut Writing<'_>, undo: ThingId, moved: ThingId) -> Result<Reply, NotDone> {
    let unknown = Refusal::Invalid(Wrong::PriceChangeUnknown);
    let moved = facts::moved(writing.tx, writing.log, moved)?.ok_or(unknown)?.said;
    let found = product_found(writing, moved.product)?;
    let moment = moment(writing, false)?;
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    let limits = prices::limits(writing.tx, &rules, &found, (&moment, Reach::Back))?.ok();
    let facts = Facts { now_minor: found.price_minor, limits };
    let entries = move_price::decide_undo((&facts, moment.today), undo, &moved)?;
    set(writing, moved.product, moved.from_minor, entries)
}

/// Moves what the owner allowed to move by itself; how many did.
pub(crate) fn move_by_themselves(writing: &mut Writing<'_>, ids: &[ThingId]) -> Result<usize, Failure> {
    let mut moment = moment(writing, true)?;
    let opened_at_ms = writing.open_shift()?.map(|shift| shift.opened_at_ms);
    let open_ms = opened_at_ms.map(|opened| moment.at_ms.saturating_sub(opened));
    let opening = read::profile(writing.tx, writing.log)?.map(|profile| profile.opening).unwrap_or_default();
    moment.is_open = sells(opened_at_ms, &opening, (moment.at_ms, moment.offset_minutes));
    // Nobody did this: it is not said to be whoever stands at the register.
    writing.stamp.by = None;
    let is_stopped = writing.stall.row.frozen.is_some() || writing.stall.pen.is_none();
    if !moment.is_open || is_stopped || !writing.register_role.may_edit_catalogue() {
        return Ok(0);
    }
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    let last = writing.stall.looked.take();
    let left = match last.as_ref().is_some_and(|last| last.is_of(moment.today)) {
        true => Vec::new(),
        false => experiment::left_behind(writing.tx, (writing.log, writing.me), moment.today)?,
    };
    let last = last.filter(|last| last.holds(&rules, &moment, opened_at_ms));
    let is_again = last.is_some();
    let mut looked = last.unwrap_or_else(|| Looked::new(&rules, &moment, opened_at_ms));
    let running = experiment::running(writing.tx, writing.log)?;
    let mut auto = rules.auto();
    auto.retain(|product| running.iter().chain(&left).all(|it| it.product != *product));
    let tried = if is_again { Vec::new() } else { running };
    let by_hand = match auto.is_empty() && tried.is_empty() {
        true => BTreeMap::new(),
        false => facts::set_within(writing.tx, writing.log, (moment.today, moment.today))?,
    };
    retain_due(&mut auto, &by_hand, (&rules, &moment), is_again);
    if auto.is_empty() && tried.is_empty() && left.is_empty() {
        writing.stall.looked = Some(looked);
        return Ok(0);
    }
    let known = learnt(writing)?;
    if open_ms.is_some_and(|open_ms| open_ms >= SURELY_OPEN_MS) && !known.sells_at(&moment) {
        keep(writing, known);
        // That was a look, too: a sale at night need not pay for another one. What somebody left waits for the morning's.
        writing.stall.looked = Some(looked).filter(|_| left.is_empty());
        return Ok(0);
    }
    let mut moved = 0;
    // One for each that moves. What there is no room for is looked at next time.
    let free = |moved: usize| ids.get(moved).copied();
    for it in &left {
        let Some(id) = free(moved) else { break };
        moved += usize::from(put_back(writing, (id, it), (&rules, &moment))?);
    }
    for it in &tried {
        let Some(id) = free(moved) else { break };
        moved += usize::from(go_on(writing, (id, it), (&known, &by_hand), (&rules, &moment))?);
    }
    for product in auto {
        let Some(id) = free(moved) else { break };
        let around = (&known, &rules, &moment, by_hand.get(&product).copied());
        let is_moved = move_one(writing, (id, product), around, (&mut looked, is_again))?;
        moved += usize::from(is_moved);
    }
    keep(writing, known);
    writing.stall.looked = Some(looked).filter(|_| moved < ids.len());
    Ok(moved)
}

/// Leaves what may move now, as far as today's moves and hands say. What keeps is not looked at again within a moment.
fn retain_due(
    auto: &mut Vec<ProductId>,
    by_hand: &BTreeMap<ProductId, i64>,
    (rules, moment): (&Rules, &Moment),
    is_again: bool,
) {
    let must_be_gone = |product: &ProductId| rules.of(*product).gone_by_minutes.is_some();
    auto.retain(|product| match rules.today(*product).last() {
        Some((at_ms, ..)) => must_be_gone(product) && moment.at_ms.saturating_sub(*at_ms) >= AUTO_EVERY_MS,
        None => must_be_gone(product) || !is_again,
    });
    auto.retain(|product| match (rules.today(*product).last(), by_hand.get(product)) {
        (_, None) => true,
        // What must be gone gets cheaper from the price that somebody gave it for today.
        (None, Some(_)) => must_be_gone(product),
        (Some((moved_ms, ..)), Some(set_ms)) => set_ms < moved_ms,
    });
}

/// Moves one price by itself, if it may and there is a better one; whether it moved.
fn move_one(
    writing: &mut Writing<'_>,
    (id, product): (ThingId, ProductId),
    (known, rules, moment, set_ms): (&Prices, &Rules, &Moment, Option<i64>),
    (looked, is_again): (&mut Looked, bool),
) -> Result<bool, Failure> {
    if rules.of(product).gone_by_minutes.is_some() {
        let left = read::for_sale(&read::accounts(writing.tx, writing.log, product)?);
        if !looked.note_left(product, left) && is_again {
            return Ok(false);
        }
    }
    let found = read::product(writing.tx, writing.log, product)?.filter(|it| !it.archived);
    let Some(found) = found else { return Ok(false) };
    if experiment::is_elsewhere(writing.tx, (writing.log, writing.me), &found, moment.today)? {
        return Ok(false);
    }
    let better = by_itself(writing, (known, rules), &found, (moment, set_ms))?;
    let Some((to_minor, reach, said)) = better else { return Ok(false) };
    let limits = prices::limits(writing.tx, rules, &found, (moment, reach))?.ok();
    let from_minor = found.price_minor;
    let step = Moved { moved: id, from_minor, to_minor, is_auto: true, limits, said };
    match move_to(writing, &found, step) {
        Ok(_) => Ok(true),
        // The limits have the last word; it stays what it is.
        Err(NotDone::Refused(_)) => Ok(false),
        Err(NotDone::Failed(failure)) => Err(failure),
    }
}

/// The price that one which moves by itself becomes now, and why.
fn by_itself(
    writing: &mut Writing<'_>,
    (known, rules): (&Prices, &Rules),
    found: &ProductFound,
    (moment, set_ms): (&Moment, Option<i64>),
) -> Result<Option<(i64, Reach, Said)>, StoreError> {
    let usual = match set_ms {
        Some(_) => None,
        None => prices::new_day(writing.tx, rules, found, moment)?,
    };
    if let Some(usual) = usual {
        return Ok(Some((usual, Reach::Back, Said { reasons: vec![prices::NEW_DAY], ..Said::default() })));
    }
    // A price that no move of today made is somebody's.
    let today = rules.today(found.product);
    if !today.is_empty() && today.iter().all(|(.., to_minor)| *to_minor != found.price_minor) {
        return Ok(None);
    }
    // Whoever took one back has the word until tomorrow.
    if !today.is_empty() && facts::has_undone(writing.tx, writing.log, (found.product, moment.today))? {
        return Ok(None);
    }
    let Outcome::Better(better) = prices::outcome(writing.tx, (known, rules), found, moment)? else {
        return Ok(None);
    };
    let is_much = (better.price_minor - found.price_minor).saturating_abs().saturating_mul(100)
        >= found.price_minor.saturating_mul(AUTO_PERCENT);
    let is_inside = (better.band.low_minor..=better.band.high_minor).contains(&found.price_minor);
    Ok((is_much || !is_inside).then(|| (better.price_minor, Reach::Day, Said::of(&better))))
}

fn begin(
    writing: &mut Writing<'_>,
    (experiment, product): (ThingId, ProductId),
    (from_minor, tried_minor): (i64, i64),
    weeks: u32,
) -> Result<Reply, NotDone> {
    allow_experiments(writing)?;
    let found = product_found(writing, product)?;
    let moment = moment(writing, false)?;
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    let latest = experiment::latest(writing.tx, writing.log, product)?;
    let is_here = latest.is_some_and(|it| it.state == PriceExperimentState::Running);
    let is_running =
        is_here || experiment::is_elsewhere(writing.tx, (writing.log, writing.me), &found, moment.today)?;
    let facts = experiment::Facts {
        now_minor: found.price_minor,
        limits: prices::limits(writing.tx, &rules, &found, (&moment, Reach::Day))?.ok(),
        step_ppm: rules.of(product).step_ppm,
        is_running,
        today: moment.today,
    };
    let begun = experiment::decide(&facts, (experiment, product), (from_minor, tried_minor), weeks)?;
    experiment::put(writing.tx, writing.log, &begun)?;
    Ok(Reply::Done)
}

/// Ends it, with the price that was there before.
fn end(writing: &mut Writing<'_>, moved: ThingId, product: ProductId) -> Result<Reply, NotDone> {
    allow_experiments(writing)?;
    let latest = experiment::latest(writing.tx, writing.log, product)?;
    let running = latest.filter(|it| it.state == PriceExperimentState::Running);
    let none = Refusal::Invalid(Wrong::TrialNone);
    let it = running.ok_or(none)?;
    let moment = moment(writing, false)?;
    let rules = Rules::read(writing.tx, writing.log, moment.today)?;
    experiment::end(writing.tx, it.experiment, PriceExperimentState::Stopped)?;
    put_back(writing, (moved, &it), (&rules, &moment))?;
    Ok(Reply::Done)
}

/// Whoever says between which limits a price may move says this, too.
fn allow_experiments(writing: &Writing<'_>) -> Result<(), Refusal> {
    if !writing.register_role.may_manage_people() {
        return Err(Refusal::NotAllowed);
    }
    writing.doer.allow(&[Wish::ManagePeople])
}

/// Sets what the plan says for today, or ends it; whether the price moved.
fn go_on(
    writing: &mut Writing<'_>,
    (id, it): (ThingId, &Tried),
    (known, by_hand): (&Prices, &BTreeMap<ProductId, i64>),
    (rules, moment): (&Rules, &Moment),
) -> Result<bool, Failure> {
    let Some(block) = it.block(moment.today) else { return Ok(false) };
    let found = read::product(writing.tx, writing.log, it.product)?.filter(|found| !found.archived);
    let Some(found) = found.filter(|it_is| [it.before_minor, it.tried_minor].contains(&it_is.price_minor))
    else {
        experiment::end(writing.tx, it.experiment, PriceExperimentState::ByHand)?;
        return Ok(false);
    };
    // Begun on two registers that did not hear of each other: the one that moved the price last goes on with its own.
    let is_over = it.is_over(moment.today);
    if !is_over && experiment::is_elsewhere(writing.tx, (writing.log, writing.me), &found, moment.today)? {
        experiment::end(writing.tx, it.experiment, PriceExperimentState::ByHand)?;
        return Ok(false);
    }
    let stood = experiment::stood(writing.tx, writing.log, it)?;
    let effect = it.effect(known, &stood, prices::worth(&rules.of(it.product), &found));
    let state = it.verdict(effect.as_ref(), moment.today);
    if state != PriceExperimentState::Running {
        experiment::end(writing.tx, it.experiment, state)?;
        return put_back(writing, (id, it), (rules, moment));
    }
    let to_minor = it.price(block);
    let had_its_move = !rules.today(it.product).is_empty() || by_hand.contains_key(&it.product);
    if found.price_minor == to_minor {
        experiment::note_stood(writing.tx, it.experiment, moment.today)?;
        return Ok(false);
    }
    // Once a day: who puts it back by hand has the word for today, and the day does not count.
    if had_its_move {
        return Ok(false);
    }
    let limits = prices::limits(writing.tx, rules, &found, (moment, Reach::Day))?.ok();
    let is_moved = set_planned(writing, (id, it), (&found, to_minor, block + 1), limits)?;
    if is_moved {
        experiment::note_stood(writing.tx, it.experiment, moment.today)?;
    }
    Ok(is_moved)
}

/// The price from before, whatever the limits say by now: it is the owner's own, and an experiment ends with it. What they allow is
/// noted, or that price where they would not.
fn put_back(
    writing: &mut Writing<'_>,
    (id, it): (ThingId, &Tried),
    (rules, moment): (&Rules, &Moment),
) -> Result<bool, Failure> {
    let found = read::product(writing.tx, writing.log, it.product)?.filter(|found| !found.archived);
    match found.filter(|found| found.price_minor == it.tried_minor) {
        Some(found) => {
            let days = usize::try_from(it.days).unwrap_or(0);
            let limits = prices::limits(writing.tx, rules, &found, (moment, Reach::Back))?.ok();
            let own = it.before_minor;
            let limits = limits.filter(|(low, high)| (*low..=*high).contains(&own)).unwrap_or((own, own));
            set_planned(writing, (id, it), (&found, own, days), Some(limits))
        }
        None => Ok(false),
    }
}

/// A move whose reason is the day of the experiment. An older program reads that reason as "to find out more", which it is.
fn set_planned(
    writing: &mut Writing<'_>,
    (moved, it): (ThingId, &Tried),
    (found, to_minor, day): (&ProductFound, i64, usize),
    limits: Option<(i64, i64)>,
) -> Result<bool, Failure> {
    let reason = experiment::reason(day, it.days);
    let said = Said { reasons: vec![reason], ..Said::default() };
    let step = Moved { moved, from_minor: found.price_minor, to_minor, is_auto: true, limits, said };
    match move_to(writing, found, step) {
        Ok(_) => Ok(true),
        // The limits have the last word.
        Err(NotDone::Refused(_)) => Ok(false),
        Err(NotDone::Failed(failure)) => Err(failure),
    }
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
    /// Of this moment; none where it must stay.
    limits: Option<(i64, i64)>,
    said: Said,
}

/// Decides with the limits of this moment, and edits the product.
fn move_to(writing: &mut Writing<'_>, found: &ProductFound, step: Moved) -> Result<Reply, NotDone> {
    let Moved { moved, from_minor, to_minor, is_auto, limits, said } = step;
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

fn moment(writing: &mut Writing<'_>, is_curious: bool) -> Result<Moment, StoreError> {
    let profile = read::profile(writing.tx, writing.log)?;
    Ok(Moment {
        log: writing.log,
        today: writing.stamp.business_day,
        at_ms: writing.stamp.at_ms,
        offset_minutes: writing.stamp.offset_minutes,
        cut_off_minutes: profile.map_or(0, |profile| profile.cut_off_minutes),
        is_open: true,
        is_curious,
    })
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
