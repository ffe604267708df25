//! What was sold in a span of business days, from sums that are kept: a report reads rows, not sales.

use std::collections::BTreeMap;

use soko_app_api::{
    CustomerSums, FiguresView, NamedSums, PaidSums, SPAN_DAYS_MAX, Span, Step, StepSums, Sums, TaxRow, View,
    WeekHour,
};
use soko_domain::calendar::{BusinessDay, Civil, Moment, OffsetMinutes};
use soko_domain::money::{Rounding, div_round};
use soko_domain::people::Doer;
use soko_projection::figures::{Hour, month};
use soko_projection::read as trade;
use soko_projection::read_figures::{self as facts, Period, Until};
use soko_record_log::StoreError;

use super::Asking;
use super::desk::Names;
use crate::people;

/// A span of more days than this is cut into months.
const DAYS_AS_DAYS_MAX: i32 = 62;
const HOURS_PER_DAY: u8 = 24;

/// What only the server adds up is nothing here, for whoever may see it.
pub(super) fn of_server(asking: &mut Asking<'_>) -> Result<View, StoreError> {
    Ok(if may_see(asking)? { View::Missing } else { View::ForManagers })
}

pub(super) fn view(
    asking: &mut Asking<'_>,
    span: Option<Span>,
    against: Option<Span>,
) -> Result<View, StoreError> {
    if !may_see(asking)? {
        return Ok(View::ForManagers);
    }
    let of = Shown::of(asking, span)?;
    let (log, now) = (asking.log, of.period);
    let against = against.map(period);
    let before = match against {
        Some(against) => Some(sums(&facts::total(asking.tx, (log, against), of.until)?)),
        None => None,
    };
    let step = match of.span.days() {
        ..=1 => Step::Hours,
        2..=DAYS_AS_DAYS_MAX => Step::Days,
        _ => Step::Months,
    };
    let total = sums(&facts::total(asking.tx, (log, now), None)?);
    let week = facts::week(asking.tx, (log, now))?;
    let week_hour = |(weekday, hour, of): &(u8, u8, Hour)| WeekHour {
        weekday: *weekday,
        hour: *hour,
        sales: of.sales,
        revenue_minor: of.revenue_minor,
    };
    let paid = facts::paid(asking.tx, (log, now))?.into_iter().map(|(kind, paid)| PaidSums {
        kind,
        payments: paid.payments,
        amount_minor: paid.amount_minor,
        refunded_minor: paid.refunded_minor,
    });
    let taxes = facts::taxed(asking.tx, (log, now))?.into_iter().map(|(rate, taxed)| TaxRow {
        ppm: rate.ppm.0,
        mode: rate.mode,
        label: rate.label,
        net_minor: taxed.net_minor,
        tax_minor: taxed.tax_minor,
    });
    Ok(View::Figures(Box::new(FiguresView {
        currency: of.currency,
        span: of.span,
        total,
        before,
        change_ppm: before.and_then(|before| change_ppm(total.revenue_minor, before.revenue_minor)),
        until_hour: of.until.map(|until| (until.first + until.last) % HOURS_PER_DAY),
        step,
        steps: steps(asking, (step, of.first_hour), now, against)?,
        week: week.iter().map(week_hour).collect(),
        paid: paid.collect(),
        taxes: taxes.collect(),
        customers: customers(asking, now, total.sales)?,
        registers: registers(asking, now)?,
        people: by_person(asking, now)?,
    })))
}

fn change_ppm(now: i64, before: i64) -> Option<i64> {
    let more = i128::from(now) - i128::from(before);
    div_round(more * 1_000_000, i128::from(before), Rounding::HalfUp).filter(|_| before > 0)
}

/// Somebody who manages people here; anybody, where nobody has to say who they are at an owner's or manager's register.
pub(super) fn may_see(asking: &mut Asking<'_>) -> Result<bool, StoreError> {
    let register = super::register_role(asking)?;
    let (doer, ..) = people::doer(asking.tx, asking.stall, register)?;
    Ok(match doer {
        Doer::Anybody => register.may_manage_people(),
        Doer::Nobody => false,
        Doer::Person { role, .. } => role.may_manage_people(),
    })
}

/// The span that a report is about.
pub(super) struct Shown {
    pub(super) currency: String,
    pub(super) span: Span,
    pub(super) period: Period,
    /// The hour in which a business day begins.
    first_hour: u8,
    /// Where the span is today: how far it is.
    until: Option<Until>,
}

impl Shown {
    pub(super) fn of(asking: &mut Asking<'_>, span: Option<Span>) -> Result<Self, StoreError> {
        let profile = trade::profile(asking.tx, asking.log)?;
        let (currency, cut_off) = profile.map(|it| (it.currency, it.cut_off_minutes)).unwrap_or_default();
        let stamp = asking.now.stamp(cut_off);
        let today = stamp.business_day;
        let asked = span.unwrap_or_else(|| Span::day(today));
        let to = asked.to.clamp(BusinessDay::MIN.days(), BusinessDay::MAX.days());
        let from = asked.from.clamp(to.saturating_sub(SPAN_DAYS_MAX - 1), to);
        let offset = OffsetMinutes::new(stamp.offset_minutes).unwrap_or_default();
        let hour = u8::try_from(Moment(stamp.at_ms).at(offset).hour).unwrap_or(0);
        let first_hour = u8::try_from(cut_off / 60).unwrap_or(0) % HOURS_PER_DAY;
        let last = (hour + HOURS_PER_DAY - first_hour) % HOURS_PER_DAY;
        let until = ((from, to) == (today, today)).then_some(Until { first: first_hour, last });
        Ok(Self { currency, span: Span { from, to }, period: Period { from, to }, first_hour, until })
    }
}

fn period(span: Span) -> Period {
    Period { from: span.from.max(span.to.saturating_sub(SPAN_DAYS_MAX)), to: span.to }
}

pub(super) fn sums(hour: &Hour) -> Sums {
    let part = |whole: i64, times: i128| {
        div_round(i128::from(whole) * times, i128::from(hour.sales), Rounding::HalfUp)
            .filter(|_| hour.sales > 0)
    };
    Sums {
        sales: hour.sales,
        lines: hour.lines,
        revenue_minor: hour.revenue_minor,
        tax_minor: hour.tax_minor,
        discount_minor: hour.discount_minor,
        voids: hour.voids,
        voided_minor: hour.voided_minor,
        refunds: hour.refunds,
        refunded_minor: hour.refunded_minor,
        kept_minor: hour.revenue_minor.saturating_sub(hour.refunded_minor),
        average_minor: part(hour.revenue_minor, 1),
        lines_of_hundred: part(hour.lines, 100),
    }
}

/// Every step of the span, those without sales, too, each beside the one at its place of the other span.
fn steps(
    asking: &mut Asking<'_>,
    (step, first_hour): (Step, u8),
    now: Period,
    against: Option<Period>,
) -> Result<Vec<StepSums>, StoreError> {
    let found = by_step(asking, step, now)?;
    let before = match against {
        Some(against) => Some((places((step, first_hour), against), by_step(asking, step, against)?)),
        None => None,
    };
    let row = |(place, at): (usize, i32)| {
        let hour = found.get(&at).copied().unwrap_or_default();
        let before = before.as_ref().and_then(|(places, found)| {
            places.get(place).map(|at| sums(&found.get(at).copied().unwrap_or_default()))
        });
        StepSums { at, sums: sums(&hour), before, is_restated: hour.restated > 0 }
    };
    Ok(places((step, first_hour), now).into_iter().enumerate().map(row).collect())
}

/// Where the steps of a period begin: a day that begins at four ends with the hour of three.
fn places((step, first_hour): (Step, u8), period: Period) -> Vec<i32> {
    match step {
        Step::Hours => {
            (0..HOURS_PER_DAY).map(|hour| i32::from((first_hour + hour) % HOURS_PER_DAY)).collect()
        }
        Step::Days => (period.from..=period.to).collect(),
        Step::Months => (month(period.from)..=month(period.to)).filter_map(first_day).collect(),
    }
}

fn first_day(month: i32) -> Option<i32> {
    let (year, month) = (i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1);
    BusinessDay::from_civil(Civil { year, month, day: 1 }).map(BusinessDay::days)
}

fn by_step(asking: &mut Asking<'_>, step: Step, period: Period) -> Result<BTreeMap<i32, Hour>, StoreError> {
    let of = (asking.log, period);
    let mut found: BTreeMap<i32, Hour> = BTreeMap::new();
    match step {
        Step::Hours => {
            for (hour, sums) in facts::wall_hours(asking.tx, of)? {
                found.insert(i32::from(hour), sums);
            }
        }
        Step::Days => found.extend(facts::days(asking.tx, of)?),
        Step::Months => {
            for (day, sums) in facts::days(asking.tx, of)? {
                if let Some(first) = first_day(month(day)) {
                    found.entry(first).or_default().add(&sums);
                }
            }
        }
    }
    Ok(found)
}

fn registers(asking: &mut Asking<'_>, period: Period) -> Result<Vec<NamedSums>, StoreError> {
    let found = facts::registers(asking.tx, (asking.log, period))?;
    let mut names = Names::new(asking);
    let row =
        |(register, hour): (_, Hour)| Ok(NamedSums { name: names.register(register)?, sums: sums(&hour) });
    most_first(found.into_iter().map(row).collect::<Result<_, StoreError>>()?)
}

fn by_person(asking: &mut Asking<'_>, period: Period) -> Result<Vec<NamedSums>, StoreError> {
    let found = facts::people(asking.tx, (asking.log, period))?;
    let mut names = Names::new(asking);
    let row = |(person, hour): (_, Hour)| Ok(NamedSums { name: names.person(person)?, sums: sums(&hour) });
    most_first(found.into_iter().map(row).collect::<Result<_, StoreError>>()?)
}

fn most_first(mut rows: Vec<NamedSums>) -> Result<Vec<NamedSums>, StoreError> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.sums.revenue_minor));
    Ok(rows)
}

fn customers(asking: &mut Asking<'_>, period: Period, sales: i64) -> Result<CustomerSums, StoreError> {
    let mut sums = CustomerSums::default();
    let mut named = 0;
    for found in facts::customers(asking.tx, (asking.log, period))? {
        named += found.sales;
        if found.sales > 0 && found.first_day >= period.from {
            sums.new += 1;
            sums.new_minor = sums.new_minor.saturating_add(found.revenue_minor);
        } else if found.sales > 0 {
            sums.returning += 1;
            sums.returning_minor = sums.returning_minor.saturating_add(found.revenue_minor);
        } else if found.last_day.saturating_add(CustomerSums::LAPSED_DAYS) <= period.to {
            sums.lapsed += 1;
        }
    }
    sums.unnamed = sales.saturating_sub(named);
    Ok(sums)
}
