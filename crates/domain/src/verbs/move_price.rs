//! Say between which limits a price may move by itself, move it, or refuse to. What the limits are in numbers, with all that
//! they depend on, is `pricing`'s; it comes as a fact, for a suggestion and for the moment in which a price moves.

use crate::entry::{
    Entry, PriceAim, PriceCause, PriceMode, PriceMoved, PriceReason, PriceRefused, PriceRulePut, PriceWhy,
};
use crate::ids::{ProductId, ThingId};
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::role::Role;
use crate::wrong::Wrong;

/// No price is above this.
pub const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
/// A suggestion that was refused does not come back for so many days.
pub const REFUSED_DAYS: i32 = 14;
const MINUTES_OF_DAY: u32 = 24 * 60;
const STEP_PPM_MAX: u32 = 500_000;
/// How far from the middle of what others ask a price may be: what an owner may say, and what counts where nobody said it.
pub const MARKET_PPM_MIN: u32 = 50_000;
pub const MARKET_PPM_MAX: u32 = 500_000;
pub const MARKET_PPM_USUAL: u32 = 300_000;
const OVER_COST_PPM_MAX: u32 = 100_000_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    pub mode: PriceMode,
    pub aim: PriceAim,
    pub floor_minor: Option<i64>,
    pub ceiling_minor: Option<i64>,
    pub over_cost_ppm: u32,
    pub step_ppm: u32,
    pub gone_by_minutes: Option<u32>,
    pub market_ppm: u32,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            mode: PriceMode::Suggest,
            aim: PriceAim::Margin,
            floor_minor: None,
            ceiling_minor: None,
            over_cost_ppm: 50_000,
            step_ppm: 150_000,
            gone_by_minutes: None,
            market_ppm: MARKET_PPM_USUAL,
        }
    }
}

impl From<&PriceRulePut> for Rule {
    fn from(put: &PriceRulePut) -> Self {
        Self {
            mode: put.mode,
            aim: put.aim,
            floor_minor: put.floor_minor,
            ceiling_minor: put.ceiling_minor,
            over_cost_ppm: put.over_cost_ppm,
            step_ppm: put.step_ppm,
            gone_by_minutes: put.gone_by_minutes,
            // Whoever wrote it: beyond its bounds it is as good as none.
            market_ppm: put.market_ppm.clamp(MARKET_PPM_MIN, MARKET_PPM_MAX),
        }
    }
}

impl Rule {
    /// Whether anything keeps a price that moves by itself from falling to nothing: what the product costs, or an own floor.
    #[must_use]
    pub fn is_bottomless(&self, cost_minor: Option<i64>) -> bool {
        self.floor_minor.is_none() && cost_minor.is_none_or(|cost| cost < 1)
    }
}

/// Who may say it: whoever says what others may do. Nothing moves by itself before somebody said so, nor without anything below it.
pub fn decide_rule(
    (register, doer): (Role, &Doer),
    (product, revision): (Option<ProductId>, u64),
    cost_minor: Option<i64>,
    rule: Rule,
) -> Result<Vec<Entry>, Refusal> {
    let is_price = |minor: Option<i64>| minor.is_none_or(|minor| (1..=PRICE_MINOR_MAX).contains(&minor));
    ensure(is_price(rule.floor_minor), invalid(Wrong::PriceOdd))?;
    ensure(is_price(rule.ceiling_minor), invalid(Wrong::PriceOdd))?;
    let crossed = rule.floor_minor.zip(rule.ceiling_minor).is_some_and(|(low, high)| low > high);
    ensure(!crossed, invalid(Wrong::CeilingBelowFloor))?;
    ensure(rule.step_ppm <= STEP_PPM_MAX, invalid(Wrong::StepTooLarge))?;
    ensure(rule.over_cost_ppm <= OVER_COST_PPM_MAX, invalid(Wrong::OverCostOdd))?;
    let in_bounds = (MARKET_PPM_MIN..=MARKET_PPM_MAX).contains(&rule.market_ppm);
    ensure(in_bounds, invalid(Wrong::MarketOdd))?;
    let in_day = rule.gone_by_minutes.is_none_or(|minutes| minutes < MINUTES_OF_DAY);
    ensure(in_day, invalid(Wrong::GoneByOdd))?;
    ensure(register.may_manage_people(), Refusal::NotAllowed)?;
    doer.allow(&[Wish::ManagePeople])?;
    if let Some(product) = product.filter(|_| rule.mode == PriceMode::Auto) {
        ensure(!rule.is_bottomless(cost_minor), Refusal::NoFloor(product))?;
    }
    let Rule { mode, aim, floor_minor, ceiling_minor, over_cost_ppm, step_ppm, gone_by_minutes, market_ppm } =
        rule;
    let revision = revision.checked_add(1).ok_or(Refusal::TooLarge)?;
    Ok(vec![
        PriceRulePut {
            product,
            revision,
            mode,
            aim,
            floor_minor,
            ceiling_minor,
            over_cost_ppm,
            step_ppm,
            gone_by_minutes,
            market_ppm,
        }
        .into(),
    ])
}

/// The price as it is, and between which limits it may move now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    pub now_minor: i64,
    /// None: it must stay.
    pub limits: Option<(i64, i64)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MovePrice {
    pub moved: ThingId,
    pub product: ProductId,
    pub from_minor: i64,
    pub to_minor: i64,
    pub is_auto: bool,
    pub gain_minor: (i64, i64, i64),
    pub days: u32,
    pub reasons: Vec<PriceReason>,
}

/// C53: a price that is another by now than whoever decides saw is not moved.
pub fn decide_move(facts: &Facts, command: &MovePrice) -> Result<Vec<Entry>, Refusal> {
    ensure(facts.now_minor == command.from_minor, Refusal::PriceChanged(command.product))?;
    let (low_minor, high_minor) = facts.limits.ok_or(invalid(Wrong::PriceHeld))?;
    let is_inside = (low_minor..=high_minor).contains(&command.to_minor);
    ensure(is_inside, invalid(Wrong::PriceBeyondLimits))?;
    let (gain_low_minor, gain_minor, gain_high_minor) = command.gain_minor;
    Ok(vec![
        PriceMoved {
            moved: command.moved,
            product: command.product,
            from_minor: command.from_minor,
            to_minor: command.to_minor,
            cause: if command.is_auto { PriceCause::Auto } else { PriceCause::Accepted },
            undoes: None,
            low_minor,
            high_minor,
            gain_low_minor,
            gain_minor,
            gain_high_minor,
            days: command.days,
            reasons: command.reasons.clone(),
        }
        .into(),
    ])
}

/// Back to what it was, as long as it is still what the move made of it. The limits are those without the day's step: however far it
/// is, somebody had that price before; but what it cost then, it may not cost now.
pub fn decide_undo(
    (facts, today): (&Facts, i32),
    undo: ThingId,
    moved: &PriceMoved,
) -> Result<Vec<Entry>, Refusal> {
    ensure(facts.now_minor == moved.to_minor, Refusal::PriceChanged(moved.product))?;
    ensure(moved.undoes.is_none(), invalid(Wrong::PriceTakenBack))?;
    let (low_minor, high_minor) = facts.limits.ok_or(invalid(Wrong::PriceHeld))?;
    let is_inside = (low_minor..=high_minor).contains(&moved.from_minor);
    ensure(is_inside, invalid(Wrong::PriceBeyondLimits))?;
    let mut entries = vec![
        PriceMoved {
            moved: undo,
            product: moved.product,
            from_minor: moved.to_minor,
            to_minor: moved.from_minor,
            cause: PriceCause::Undone,
            undoes: Some(moved.moved),
            low_minor,
            high_minor,
            gain_low_minor: 0,
            gain_minor: 0,
            gain_high_minor: 0,
            days: 0,
            reasons: Vec::new(),
        }
        .into(),
    ];
    // What somebody took back is not said again tomorrow. A price of that day alone says nothing of the next one's.
    let days = if is_of_a_day(moved) { 1 } else { REFUSED_DAYS };
    entries.push(refused((moved.product, moved.to_minor), today.saturating_add(days))?);
    Ok(entries)
}

pub fn decide_refuse(product: ProductId, price_minor: i64, today: i32) -> Result<Vec<Entry>, Refusal> {
    Ok(vec![refused((product, price_minor), today.saturating_add(REFUSED_DAYS))?])
}

fn refused((product, price_minor): (ProductId, i64), until_day: i32) -> Result<Entry, Refusal> {
    ensure((1..=PRICE_MINOR_MAX).contains(&price_minor), invalid(Wrong::PriceOdd))?;
    Ok(PriceRefused { product, price_minor, until_day }.into())
}

/// What had to be gone by an hour moved by itself, for what was left then.
fn is_of_a_day(moved: &PriceMoved) -> bool {
    moved.cause == PriceCause::Auto && moved.reasons.iter().any(|reason| reason.why == PriceWhy::Left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: ProductId = ProductId([1; 16]);

    fn wanted(from_minor: i64, to_minor: i64) -> MovePrice {
        MovePrice {
            moved: ThingId([2; 16]),
            product: PRODUCT,
            from_minor,
            to_minor,
            is_auto: false,
            gain_minor: (-5, 20, 40),
            days: 7,
            reasons: Vec::new(),
        }
    }

    #[test]
    fn limits_are_an_owners_word_and_make_sense() {
        let (owner, cashier) = ((Role::Owner, &Doer::Anybody), (Role::Cashier, &Doer::Anybody));
        let plain = Rule::default();
        let auto = Rule { mode: PriceMode::Auto, ..plain };
        let beyond = invalid(Wrong::MarketOdd);
        for (who, rule, expected) in [
            (owner, plain, Ok(())),
            (owner, Rule { floor_minor: Some(80), ceiling_minor: Some(80), ..plain }, Ok(())),
            (owner, Rule { floor_minor: Some(0), ..plain }, Err(invalid(Wrong::PriceOdd))),
            (owner, Rule { ceiling_minor: Some(i64::MAX), ..plain }, Err(invalid(Wrong::PriceOdd))),
            (
                owner,
                Rule { floor_minor: Some(81), ceiling_minor: Some(80), ..plain },
                Err(invalid(Wrong::CeilingBelowFloor)),
            ),
            (owner, Rule { step_ppm: 500_001, ..plain }, Err(invalid(Wrong::StepTooLarge))),
            (owner, Rule { gone_by_minutes: Some(1_440), ..plain }, Err(invalid(Wrong::GoneByOdd))),
            (owner, Rule { market_ppm: 50_000, ..plain }, Ok(())),
            (owner, Rule { market_ppm: 500_000, ..plain }, Ok(())),
            (owner, Rule { market_ppm: 49_999, ..plain }, Err(beyond.clone())),
            (owner, Rule { market_ppm: 500_001, ..plain }, Err(beyond.clone())),
            (owner, Rule { floor_minor: Some(1), ..auto }, Ok(())),
            (owner, auto, Err(Refusal::NoFloor(PRODUCT))),
            (owner, Rule { aim: PriceAim::Revenue, ..auto }, Err(Refusal::NoFloor(PRODUCT))),
            (cashier, plain, Err(Refusal::NotAllowed)),
        ] {
            let decided = decide_rule(who, (Some(PRODUCT), 4), None, rule);
            let revision = decided.map(|entries| match entries.as_slice() {
                [Entry::PriceRulePut(put)] => assert_eq!(put.revision, 5),
                other => panic!("{other:?}"),
            });
            assert_eq!(revision, expected, "{rule:?}");
        }
    }

    #[test]
    fn a_price_moves_inside_its_limits_from_what_was_seen() {
        let open = Facts { now_minor: 100, limits: Some((85, 115)) };
        let beyond = Err(invalid(Wrong::PriceBeyondLimits));
        let held = Err(invalid(Wrong::PriceHeld));
        for (facts, from, to, expected) in [
            (open, 100, 115, Ok(())),
            (open, 100, 85, Ok(())),
            (open, 100, 116, beyond.clone()),
            (open, 100, 84, beyond),
            (open, 90, 95, Err(Refusal::PriceChanged(PRODUCT))),
            (Facts { limits: None, ..open }, 100, 100, held),
        ] {
            assert_eq!(decide_move(&facts, &wanted(from, to)).map(|_| ()), expected, "{from} to {to}");
        }
    }

    #[test]
    fn a_move_is_taken_back_once_and_only_while_it_stands() {
        let open = Facts { now_minor: 100, limits: Some((85, 115)) };
        let Entry::PriceMoved(moved) = decide_move(&open, &wanted(100, 110)).unwrap().remove(0) else {
            panic!("no move")
        };
        let at = |now_minor| (Facts { now_minor, ..open }, ThingId([3; 16]));
        let undone =
            |(facts, undo): (Facts, ThingId), moved: &PriceMoved| decide_undo((&facts, 9), undo, moved);
        assert_eq!(undone(at(105), &moved), Err(Refusal::PriceChanged(PRODUCT)));
        let Entry::PriceMoved(back) = undone(at(110), &moved).unwrap().remove(0) else { panic!("no move") };
        assert_eq!((back.from_minor, back.to_minor, back.undoes), (110, 100, Some(moved.moved)));
        assert_eq!((back.low_minor, back.high_minor), (85, 115));
        assert_eq!(undone(at(100), &back), Err(invalid(Wrong::PriceTakenBack)));
        let dear = Facts { now_minor: 110, limits: Some((101, 150)) };
        for (facts, why) in
            [(dear, Wrong::PriceBeyondLimits), (Facts { limits: None, ..dear }, Wrong::PriceHeld)]
        {
            assert_eq!(undone((facts, ThingId([3; 16])), &moved), Err(invalid(why)));
        }
    }

    #[test]
    fn what_was_for_a_day_alone_is_not_wanted_for_that_day_alone() {
        let open = Facts { now_minor: 100, limits: Some((85, 115)) };
        let reason = |why| vec![PriceReason { why, first: 12, second: 90 }];
        for (is_auto, why, until_day) in
            [(true, PriceWhy::Left, 10), (true, PriceWhy::HeldByStep, 23), (false, PriceWhy::Left, 23)]
        {
            let command = MovePrice { is_auto, reasons: reason(why), ..wanted(100, 90) };
            let Entry::PriceMoved(moved) = decide_move(&open, &command).unwrap().remove(0) else {
                panic!("no move")
            };
            let facts = Facts { now_minor: 90, ..open };
            let Entry::PriceRefused(refused) =
                decide_undo((&facts, 9), ThingId([3; 16]), &moved).unwrap().remove(1)
            else {
                panic!("no refusal")
            };
            assert_eq!((refused.price_minor, refused.until_day), (90, until_day), "{why:?}");
        }
    }
}
