//! What reports show. Every number is final; a screen formats, and adds nothing up.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::ids::ProductId;
use soko_domain::quantity::Unit;

use crate::text::{as_hex_opt, as_word};
use crate::views::TaxRow;

/// Most business days of one report.
pub const SPAN_DAYS_MAX: i32 = 3_700;

/// Business days, both of them included, as days since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Span {
    pub from: i32,
    pub to: i32,
}

impl Span {
    pub fn day(day: i32) -> Self {
        Self { from: day, to: day }
    }

    /// At least one day, for a span that makes sense.
    pub fn days(self) -> i32 {
        self.to.saturating_sub(self.from).saturating_add(1)
    }
}

/// What was sold in some time or by somebody.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Sums {
    /// Sales that stand.
    pub sales: i64,
    pub lines: i64,
    /// What buyers were to pay, taxes in.
    pub revenue_minor: i64,
    pub tax_minor: i64,
    pub discount_minor: i64,
    pub voids: i64,
    pub voided_minor: i64,
    /// Money that was given back then.
    pub refunds: i64,
    pub refunded_minor: i64,
    /// Revenue less what was given back.
    pub kept_minor: i64,
    /// Revenue of a sale; nothing without sales.
    pub average_minor: Option<i64>,
    /// Lines of a hundred sales; nothing without sales.
    pub lines_of_hundred: Option<i64>,
}

/// How a span is cut up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    Hours,
    Days,
    Months,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepSums {
    /// An hour on the wall, a business day, or the first day of a month.
    pub at: i32,
    pub sums: Sums,
    /// The step at the same place of the span that is compared with.
    pub before: Option<Sums>,
    /// It changed once it was over, see [`FiguresView::restated`]. Hours do not say it.
    pub is_restated: bool,
}

/// What a later day changed of a business day: a register had been without a network, a sale was voided, goods came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RestatedRow {
    pub day: i32,
    /// When it was known here.
    pub told_day: i32,
    /// By how much: below zero it is less than before.
    pub sales: i64,
    pub revenue_minor: i64,
    /// Given back on the day itself, and known later.
    pub refunded_minor: i64,
    /// What came back on that later day of what was sold on this one. It counts for that later day.
    pub returned_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WeekHour {
    /// Of the business day. Monday is 0.
    pub weekday: u8,
    /// Counted from the midnight with which the date of the business day begins: behind the next one it is 24 and more.
    pub hour: u8,
    pub sales: i64,
    pub revenue_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NamedSums {
    /// Empty for nobody.
    pub name: String,
    pub sums: Sums,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaidSums {
    #[serde(with = "as_word")]
    pub kind: TenderKind,
    pub payments: i64,
    /// What was kept: change is gone from cash.
    pub amount_minor: i64,
    pub refunded_minor: i64,
}

/// Customers, of sales that name one and of orders that were handed over.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct CustomerSums {
    /// Bought here for the first time.
    pub new: i64,
    /// Bought, and had bought before.
    pub returning: i64,
    /// Had bought before, and not for as long as [`CustomerSums::LAPSED_DAYS`] at the end.
    pub lapsed: i64,
    pub new_minor: i64,
    pub returning_minor: i64,
    /// Sales that name nobody.
    pub unnamed: i64,
}

impl CustomerSums {
    pub const LAPSED_DAYS: i32 = 90;
}

/// Most restated days that a report lists, those known last.
pub const RESTATED_ROWS_MAX: u32 = 200;

/// A span of business days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FiguresView {
    pub currency: String,
    pub span: Span,
    pub total: Sums,
    pub before: Option<Sums>,
    /// By how much revenue is above what it is compared with, in parts per million of that.
    pub change_ppm: Option<i64>,
    /// The minute of the date at which a business day begins. One that begins inside an hour has a part of it at either end.
    pub begins_minutes: u16,
    /// The span is today: the total before ends with this hour, too.
    pub until_hour: Option<u8>,
    pub step: Step,
    pub steps: Vec<StepSums>,
    /// The days of the span that changed once they were over, those known last first.
    pub restated: Vec<RestatedRow>,
    pub week: Vec<WeekHour>,
    pub registers: Vec<NamedSums>,
    pub people: Vec<NamedSums>,
    pub paid: Vec<PaidSums>,
    /// Money for gift cards, which is no revenue: how many were sold, and for how much. No way to pay above has it.
    pub cards_sold: i64,
    pub cards_sold_minor: i64,
    pub taxes: Vec<TaxRow>,
    pub customers: CustomerSums,
}

/// A product, or a category, over a span.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GoodsRow {
    /// None for a category, and for amounts without a product.
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    /// Sold, less what came back and can be sold again.
    pub units: i64,
    /// Taxes in, less what was given back.
    pub kept_minor: i64,
    /// Without taxes and without what the goods cost; nothing where no cost is known.
    pub margin_minor: Option<i64>,
    /// The margin as a part of the net amount, in parts per million.
    pub margin_ppm: Option<i64>,
    /// What is there now.
    pub here: i64,
    /// What that cost.
    pub worth_minor: Option<i64>,
    /// How many days that lasts if it sells as it did in the span; nothing where nothing was sold.
    pub days_left: Option<i64>,
}

/// What goods brought in, as far as it is known what they cost.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct MarginSums {
    /// Net amounts of goods whose cost is known, and of all others.
    pub known_minor: i64,
    pub unknown_minor: i64,
    pub cost_minor: i64,
    /// Of that, what is reckoned with what goods cost today: nobody knew what they cost when they were sold.
    pub cost_today_minor: i64,
    pub margin_minor: i64,
    /// Of the known net amount, in parts per million.
    pub margin_ppm: Option<i64>,
    /// What is at the stall, at cost, and how many products there have none.
    pub stock_minor: i64,
    pub stock_unknown: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GoodsView {
    pub currency: String,
    pub span: Span,
    pub margin: MarginSums,
    /// Products that brought most, the most first.
    pub top: Vec<GoodsRow>,
    /// Products that are there and sold least, those that bind most money first.
    pub slow: Vec<GoodsRow>,
    /// As categories are today; a product that is in two counts in both.
    pub categories: Vec<GoodsRow>,
}
