//! Prices that learn, as screens show them: suggestions with their reasons as numbers, limits, and how a price moved.

use serde::{Deserialize, Serialize};
use soko_domain::entry::{PriceAim, PriceCause, PriceMode, PriceReason, PriceWhy};
use soko_domain::ids::{Hash, ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::verbs::move_price::Rule;

use crate::rivals::{RivalSourceRow, RivalsRow};
use crate::text::{as_hex, as_hex_opt, as_word};

/// What may be done with a price by itself, and between which limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceRuleInput {
    #[serde(with = "as_word")]
    pub mode: PriceMode,
    #[serde(with = "as_word")]
    pub aim: PriceAim,
    pub floor_minor: Option<i64>,
    pub ceiling_minor: Option<i64>,
    pub over_cost_ppm: u32,
    pub step_ppm: u32,
    /// Minutes after midnight by which what is left is worth nothing.
    pub gone_by_minutes: Option<u32>,
    /// How far from the middle of what others ask it may be.
    pub market_ppm: u32,
}

impl From<Rule> for PriceRuleInput {
    fn from(rule: Rule) -> Self {
        let Rule {
            mode,
            aim,
            floor_minor,
            ceiling_minor,
            over_cost_ppm,
            step_ppm,
            gone_by_minutes,
            market_ppm,
        } = rule;
        Self { mode, aim, floor_minor, ceiling_minor, over_cost_ppm, step_ppm, gone_by_minutes, market_ppm }
    }
}

impl From<PriceRuleInput> for Rule {
    fn from(rule: PriceRuleInput) -> Self {
        let PriceRuleInput {
            mode,
            aim,
            floor_minor,
            ceiling_minor,
            over_cost_ppm,
            step_ppm,
            gone_by_minutes,
            market_ppm,
        } = rule;
        Self { mode, aim, floor_minor, ceiling_minor, over_cost_ppm, step_ppm, gone_by_minutes, market_ppm }
    }
}

/// A reason and the two numbers that belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceReasonRow {
    #[serde(with = "as_word")]
    pub why: PriceWhy,
    pub first: i64,
    pub second: i64,
}

impl From<&PriceReason> for PriceReasonRow {
    fn from(reason: &PriceReason) -> Self {
        Self { why: reason.why, first: reason.first, second: reason.second }
    }
}

/// Between two numbers nine times of ten.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Between {
    pub low: i64,
    pub likely: i64,
    pub high: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceSuggested {
    pub price_minor: i64,
    /// The limits now.
    pub low_minor: i64,
    pub high_minor: i64,
    /// What is sold until the horizon, in the product's unit: as it is, and with the change.
    pub sold_now: Between,
    pub sold_then: Between,
    /// How much more money.
    pub gain_minor: Between,
    /// How likely the change is better than staying, in percent.
    pub better_percent: u32,
    /// 0: until it must be gone.
    pub days: u32,
    pub reasons: Vec<PriceReasonRow>,
    /// What that is known from.
    pub learnt_days: u32,
    pub learnt_sold: i64,
    pub alike: u32,
}

/// Why nothing is suggested.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceQuiet {
    /// As good as anybody knows.
    Fine,
    TooFew,
    /// It always had the same price, as had all of its kind.
    NeverVaried,
    /// It must be gone by an hour, and nobody knows how much is left.
    NotCounted,
    /// More margin is wanted, and nobody said what it costs.
    NoCost,
    Frozen,
    /// The limits leave no room: the lowest allowed is above the highest.
    NoRoom {
        low_minor: i64,
        high_minor: i64,
    },
    /// Somebody did not want it lately.
    Refused,
    /// Only what sold most is looked at, and only what has a price.
    NotLooked,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub price_per: i64,
    pub currency: String,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    pub now_minor: i64,
    #[serde(with = "as_word")]
    pub mode: PriceMode,
    pub suggested: Option<PriceSuggested>,
    /// Set where nothing is suggested.
    pub quiet: Option<PriceQuiet>,
    /// How it moved last.
    pub moved: Option<PriceMoveRow>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PricesView {
    pub currency: String,
    /// Of all products without limits of their own.
    pub rule: PriceRuleInput,
    /// What has a suggestion, then what moved or moves by itself.
    pub rows: Vec<PriceRow>,
    /// Products that are as they should be, and those of which too little is known.
    pub fine: u32,
    pub too_few: u32,
    /// Who asks what for the same things.
    pub sources: Vec<RivalSourceRow>,
}

/// One move of a price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceMoveRow {
    #[serde(with = "as_hex")]
    pub moved: ThingId,
    pub at_ms: i64,
    pub from_minor: i64,
    pub to_minor: i64,
    #[serde(with = "as_word")]
    pub cause: PriceCause,
    /// The person, or the register where nobody said who they were.
    pub who: String,
    pub gain_minor: Between,
    pub days: u32,
    pub reasons: Vec<PriceReasonRow>,
    /// Whether one tap takes it back.
    pub can_undo: bool,
}

/// A day of a product.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceDay {
    pub day: i32,
    pub price_minor: i64,
    pub sold: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceView {
    pub row: PriceRow,
    /// Its own limits, or those of all.
    pub rule: PriceRuleInput,
    pub has_own_rule: bool,
    pub cost_minor: Option<i64>,
    /// The oldest first; days without a sale have none.
    pub days: Vec<PriceDay>,
    /// The latest first.
    pub moves: Vec<PriceMoveRow>,
    pub others: RivalsRow,
    /// The latest that this register carried out.
    pub experiment: Option<PriceExperimentRow>,
}

/// How an experiment with a price stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceExperimentState {
    Running,
    /// Stopped: it cost too much.
    Harmful,
    Worse,
    Better,
    /// No clear difference.
    Unclear,
    /// Somebody set the price by hand meanwhile.
    ByHand,
    /// Somebody ended it.
    Stopped,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceExperimentRow {
    pub before_minor: i64,
    pub tried_minor: i64,
    /// The business day of the first.
    pub from_day: i32,
    pub days: u32,
    /// How many of them are over, or began today; 0 before the first.
    pub day: u32,
    pub state: PriceExperimentState,
    /// What a day brought with each on average, without tax; nothing while too few days are there.
    pub brought: Option<PriceBrought>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceBrought {
    /// After what the goods cost; otherwise all that was taken.
    pub is_margin: bool,
    pub before_minor: i64,
    pub tried_minor: i64,
    /// Tried less before; nine times of ten between these.
    pub more_minor: Between,
}
