//! What entries add to the sums. Nothing is read here and nothing written.

use std::collections::BTreeMap;

use soko_domain::calendar::{BusinessDay, CutOffMinutes, Moment, OffsetMinutes, business_day};
use soko_domain::entry::{GoodsBack, RefundLine, RefundMade, SaleLine, SaleMade, Stamp, TenderKind};
use soko_domain::ids::{AuthorId, PersonId, ProductId, ThingId};
use soko_domain::money::part_of;
use soko_domain::tax::TaxRate;

use super::costs::Costs;

pub(super) const GRAIN_DAY: i32 = 1;
pub(super) const GRAIN_MONTH: i32 = 2;
pub(super) const GRAIN_EVER: i32 = 3;
const HOURS_PER_DAY: u8 = 24;

/// Far above what any line comes to, and so far below where an integer ends that ninety million such lines fit into a
/// sum: a record from outside may say anything.
const LINE_MAX: i64 = 100_000_000_000;

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub struct $name { $($(#[$field_doc])* pub $field: i64),* }

        impl $name {
            /// The columns, in the order of [`Self::values`].
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            pub fn values(&self) -> Vec<i64> {
                vec![$(self.$field),*]
            }

            pub fn add(&mut self, more: &Self) {
                $(self.$field = self.$field.saturating_add(more.$field);)*
            }

            pub(crate) fn times(&self, sign: i64) -> Self {
                Self { $($field: self.$field.saturating_mul(sign)),* }
            }

            pub fn from_values(values: &[i64]) -> Option<Self> {
                let mut values = values.iter().copied();
                Some(Self { $($field: values.next()?),* })
            }
        }
    )*};
}

measures! {
    /// One hour of one register and one person.
    Hour {
        /// Sales that stand.
        sales,
        lines,
        /// What buyers were to pay, taxes in, before cash was rounded.
        revenue_minor,
        tax_minor,
        discount_minor,
        rounding_minor,
        voids,
        voided_minor,
        refunds,
        refunded_minor,
        returned_minor,
        restated,
    }
    /// One product on a day or in a month.
    Goods {
        units,
        lines,
        revenue_minor,
        tax_minor,
        discount_minor,
        returned_units,
        /// Those of them that can be sold again.
        restocked_units,
        refunded_minor,
        refunded_tax_minor,
        /// What those units cost of which that was said as they were sold; and how many they are. Without what came back and can be
        /// sold again.
        cost_minor,
        costed_units,
    }
    /// One way to pay on a day.
    Paid {
        payments,
        /// What was kept: change is gone from cash.
        amount_minor,
        refunded_minor,
    }
    /// One rate on a day.
    Taxed { net_minor, tax_minor }
    /// What one customer bought on a day, or ever.
    Bought { sales, revenue_minor }
    /// What a later day changed of a day.
    Restated {
        sales,
        revenue_minor,
        /// Given back on the day, and told of later.
        refunded_minor,
        /// What came back later of what was sold on the day.
        returned_minor,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct HourKey {
    pub(crate) business_day: i32,
    /// Since the midnight with which the day's date begins: behind the next one it is 24 and more.
    pub(crate) hour: u8,
    pub(crate) register: AuthorId,
    pub(crate) person: PersonId,
}

#[derive(Default, Debug)]
pub(crate) struct GoodsByTime {
    pub(crate) days: BTreeMap<(i32, ProductId), Goods>,
    pub(crate) months: BTreeMap<(i32, ProductId), Goods>,
}

/// What some entries add.
#[derive(Default, Debug)]
pub(crate) struct Figures {
    pub(crate) hours: BTreeMap<HourKey, Hour>,
    pub(crate) goods: GoodsByTime,
    pub(crate) paid: BTreeMap<(i32, TenderKind), Paid>,
    pub(crate) taxed: BTreeMap<(i32, TaxRate), Taxed>,
    pub(crate) bought: BTreeMap<(ThingId, i32), Bought>,
    /// By the day that changed, and the later one that changed it.
    pub(crate) restated: BTreeMap<(i32, i32), Restated>,
}

/// A sale, where and when it was made.
pub(crate) struct Sold<'a> {
    pub(crate) register: AuthorId,
    pub(crate) stamp: &'a Stamp,
    pub(crate) sale: &'a SaleMade,
    pub(crate) costs: &'a Costs,
}

/// A line that came back, as its record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Back {
    pub(crate) author: AuthorId,
    pub(crate) seq: u64,
    pub(crate) line: u32,
    pub(crate) amount_minor: i64,
    pub(crate) business_day: i32,
}

impl Figures {
    /// Adds others, or takes them away where `sign` is -1.
    pub(crate) fn plus(&mut self, other: Self, sign: i64) {
        let Self { hours, goods, paid, taxed, bought, restated } = other;
        for (key, hour) in hours {
            self.hours.entry(key).or_default().add(&hour.times(sign));
        }
        for (key, of_day) in goods.days {
            self.goods.days.entry(key).or_default().add(&of_day.times(sign));
        }
        for (key, of_month) in goods.months {
            self.goods.months.entry(key).or_default().add(&of_month.times(sign));
        }
        for (key, of_kind) in paid {
            self.paid.entry(key).or_default().add(&of_kind.times(sign));
        }
        for (key, of_rate) in taxed {
            self.taxed.entry(key).or_default().add(&of_rate.times(sign));
        }
        for (key, of_customer) in bought {
            self.bought.entry(key).or_default().add(&of_customer.times(sign));
        }
        for (key, of_days) in restated {
            self.restated.entry(key).or_default().add(&of_days.times(sign));
        }
    }

    /// Notes what one entry adds to days of which this place was told later; `told` says when that was. What came back is
    /// noted where it is added, by the day on which it came.
    pub(crate) fn restate(&mut self, told: impl Fn(i32) -> Option<i32>) {
        for (key, hour) in &self.hours {
            let Some(told_day) = told(key.business_day) else { continue };
            let Hour { sales, revenue_minor, refunded_minor, .. } = *hour;
            let restated = Restated { sales, revenue_minor, refunded_minor, returned_minor: 0 };
            self.restated.entry((key.business_day, told_day)).or_default().add(&restated);
        }
    }

    /// A sale; or one less, where `sign` is -1.
    pub(crate) fn sold(&mut self, sold: &Sold<'_>, sign: i64) {
        let (day, sale) = (sold.stamp.business_day, sold.sale);
        let signed = |amount: i64| sign * bounded(amount);
        let lines = sign * i64::try_from(sale.lines.len()).unwrap_or(i64::MAX).min(LINE_MAX);
        let sum = |of: fn(&SaleLine) -> i64| sale.lines.iter().map(of).map(signed).sum();
        let hour = Hour {
            sales: sign,
            lines,
            revenue_minor: signed(sale.total_minor),
            tax_minor: sum(tax_of),
            discount_minor: sum(|line| line.discount_minor),
            rounding_minor: signed(sale.cash_rounding_minor),
            ..Hour::default()
        };
        self.hours.entry(key(sold.stamp, sold.register)).or_default().add(&hour);
        if let Some(customer) = sale.customer {
            let bought = Bought { sales: sign, revenue_minor: signed(sale.total_minor) };
            self.bought.entry((customer, day)).or_default().add(&bought);
        }
        for line in &sale.lines {
            let cost = sold.costs.of(line.product, line.quantity);
            let goods = Goods {
                units: signed(line.quantity),
                lines: sign,
                revenue_minor: signed(line.total_minor),
                tax_minor: signed(tax_of(line)),
                discount_minor: signed(line.discount_minor),
                cost_minor: signed(cost.unwrap_or(0)),
                costed_units: cost.map_or(0, |_| signed(line.quantity)),
                ..Goods::default()
            };
            self.goods(day, line.product, &goods);
            for of_rate in &line.taxes {
                let net = line.total_minor.saturating_sub(tax_of(line));
                let taxed = Taxed { net_minor: signed(net), tax_minor: signed(of_rate.tax_minor) };
                self.taxed.entry((day, of_rate.rate.clone())).or_default().add(&taxed);
            }
        }
        for taken in &sale.tenders {
            let paid = Paid { payments: sign, amount_minor: signed(taken.amount_minor), refunded_minor: 0 };
            self.paid.entry((day, taken.kind)).or_default().add(&paid);
        }
        if sale.tenders.iter().any(|taken| taken.kind == TenderKind::Cash) {
            let change = Paid { amount_minor: -signed(sale.change_minor), ..Paid::default() };
            self.paid.entry((day, TenderKind::Cash)).or_default().add(&change);
        }
    }

    /// What a void leaves on the day of its sale, beside taking the sale back.
    pub(crate) fn voided(&mut self, sold: &Sold<'_>, by: &Stamp) {
        let hour = Hour {
            voids: 1,
            voided_minor: bounded(sold.sale.total_minor),
            restated: i64::from(by.business_day != sold.stamp.business_day),
            ..Hour::default()
        };
        self.hours.entry(key(sold.stamp, sold.register)).or_default().add(&hour);
    }

    /// Money that was given back, where it was given back.
    pub(crate) fn refunded(&mut self, register: AuthorId, stamp: &Stamp, refund: &RefundMade) {
        let day = stamp.business_day;
        let refunded_minor =
            refund.lines.iter().map(|line| bounded(line.amount_minor)).fold(0, i64::saturating_add);
        let rounding_minor = bounded(refund.cash_rounding_minor).saturating_neg();
        let hour = Hour { refunds: 1, refunded_minor, rounding_minor, ..Hour::default() };
        self.hours.entry(key(stamp, register)).or_default().add(&hour);
        for part in &refund.given {
            let paid = Paid { refunded_minor: bounded(part.amount_minor), ..Paid::default() };
            self.paid.entry((day, part.kind)).or_default().add(&paid);
        }
        for line in &refund.lines {
            let units = bounded(line.quantity);
            let goods = Goods {
                returned_units: units,
                restocked_units: if line.goods == GoodsBack::Sellable { units } else { 0 },
                refunded_minor: bounded(line.amount_minor),
                ..Goods::default()
            };
            self.goods(day, line.product, &goods);
        }
    }

    /// What goods had cost that came back and can be sold again, for the day on which they came.
    pub(crate) fn restocked(&mut self, costs: &Costs, business_day: i32, lines: &[RefundLine]) {
        for line in lines.iter().filter(|line| line.goods == GoodsBack::Sellable) {
            if let Some(cost) = costs.of(line.product, line.quantity) {
                let (cost_minor, costed_units) = (-cost, -bounded(line.quantity));
                let goods = Goods { cost_minor, costed_units, ..Goods::default() };
                self.goods(business_day, line.product, &goods);
            }
        }
    }

    /// What came back of a sale, for the day on which it was sold.
    pub(crate) fn returned(&mut self, sold: &Sold<'_>, backs: &[Back]) {
        let day = sold.stamp.business_day;
        let mut hour = Hour::default();
        for back in backs {
            hour.returned_minor = hour.returned_minor.saturating_add(bounded(back.amount_minor));
            hour.restated += i64::from(back.business_day != day);
            if back.business_day > day {
                let returned = Restated { returned_minor: bounded(back.amount_minor), ..Restated::default() };
                self.restated.entry((day, back.business_day)).or_default().add(&returned);
            }
        }
        self.hours.entry(key(sold.stamp, sold.register)).or_default().add(&hour);
    }

    /// The taxes that refunds take back, from what they took `before` to what they take `after`, both in the order in
    /// which taxes are cut. However a line is cut up, its parts add up to it.
    pub(crate) fn taxes_back(&mut self, sale: &SaleMade, before: &[Back], after: &[Back]) {
        for (backs, sign) in [(before, 1), (after, -1)] {
            self.taxes_of(sale, backs, sign);
        }
    }

    fn taxes_of(&mut self, sale: &SaleMade, backs: &[Back], sign: i64) {
        let mut taken: BTreeMap<u32, i64> = BTreeMap::new();
        for back in backs {
            let Some(line) = line_of(sale, back) else { continue };
            let parts = parts_taken(line, taken.entry(back.line).or_default(), back);
            let tax: i64 = parts.iter().fold(0, |sum, part| sum.saturating_add(*part));
            let net = back.amount_minor.saturating_sub(tax);
            for (of_rate, part) in line.taxes.iter().zip(&parts) {
                let taxed = Taxed { net_minor: sign * bounded(net), tax_minor: sign * bounded(*part) };
                self.taxed.entry((back.business_day, of_rate.rate.clone())).or_default().add(&taxed);
            }
            // What is taken from the rates is added to what was given back.
            let goods = Goods { refunded_tax_minor: -sign * bounded(tax), ..Goods::default() };
            self.goods(back.business_day, line.product, &goods);
        }
    }

    fn goods(&mut self, business_day: i32, product: Option<ProductId>, goods: &Goods) {
        let product = product.unwrap_or_default();
        self.goods.days.entry((business_day, product)).or_default().add(goods);
        self.goods.months.entry((month_of(business_day), product)).or_default().add(goods);
    }
}

/// The taxes in each of the lines that came back, in the order in which taxes are cut.
pub(super) fn taxes_taken(sale: &SaleMade, backs: &[Back]) -> Vec<Vec<(TaxRate, i64)>> {
    let mut taken: BTreeMap<u32, i64> = BTreeMap::new();
    let mut taxes = |back: &Back| {
        let line = line_of(sale, back)?;
        let parts = parts_taken(line, taken.entry(back.line).or_default(), back);
        Some(line.taxes.iter().zip(parts).map(|(of_rate, part)| (of_rate.rate.clone(), part)).collect())
    };
    backs.iter().map(|back| taxes(back).unwrap_or_default()).collect()
}

pub(super) fn line_of<'a>(sale: &'a SaleMade, back: &Back) -> Option<&'a SaleLine> {
    usize::try_from(back.line).ok().and_then(|line| sale.lines.get(line))
}

/// What of each tax of a line comes back, where so much of the line had come back before.
fn parts_taken(line: &SaleLine, taken: &mut i64, back: &Back) -> Vec<i64> {
    let part = |whole: i64| part_of(whole, line.total_minor, *taken, back.amount_minor).unwrap_or(0);
    let parts = line.taxes.iter().map(|tax| part(tax.tax_minor)).collect();
    *taken = taken.saturating_add(back.amount_minor);
    parts
}

pub(super) fn bounded(amount: i64) -> i64 {
    amount.clamp(-LINE_MAX, LINE_MAX)
}

pub(super) fn tax_of(line: &SaleLine) -> i64 {
    line.taxes.iter().fold(0, |sum: i64, tax| sum.saturating_add(tax.tax_minor))
}

/// The hour on the stall's wall at that moment. What an author says of its zone and cannot be counts as UTC.
pub fn hour(stamp: &Stamp) -> u8 {
    let offset = OffsetMinutes::new(stamp.offset_minutes).unwrap_or(OffsetMinutes::UTC);
    u8::try_from(Moment(stamp.at_ms).at(offset).hour).unwrap_or(0)
}

/// The same, counted from the midnight with which the date of the business day begins. Only whoever stands behind the next
/// midnight has more than 23.
pub fn hour_of_day(stamp: &Stamp) -> u8 {
    let offset = OffsetMinutes::new(stamp.offset_minutes).unwrap_or(OffsetMinutes::UTC);
    let date = business_day(Moment(stamp.at_ms), offset, CutOffMinutes::MIDNIGHT).days();
    let is_behind = date.checked_sub(1) == Some(stamp.business_day);
    hour(stamp) + if is_behind { HOURS_PER_DAY } else { 0 }
}

fn key(stamp: &Stamp, register: AuthorId) -> HourKey {
    HourKey {
        business_day: stamp.business_day,
        hour: hour_of_day(stamp),
        register,
        person: stamp.by.unwrap_or_default(),
    }
}

pub(super) fn month_of(business_day: i32) -> i32 {
    let Some(day) = BusinessDay::from_days(business_day) else { return 0 };
    let date = day.civil();
    i32::try_from(date.year * 12 + date.month - 1).unwrap_or(0)
}
