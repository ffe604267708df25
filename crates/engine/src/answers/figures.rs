//! What was sold in a span of business days, from sums that are kept: a report reads rows, not sales.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{
    CustomerSums, FiguresView, NamedSums, PaidSums, RESTATED_ROWS_MAX, RestatedRow, SPAN_DAYS_MAX, Span,
    Step, StepSums, Sums, TaxRow, View, WeekHour,
};
use soko_domain::calendar::{BusinessDay, Civil};
use soko_domain::money::{Rounding, div_round};
use soko_domain::people::Doer;
use soko_projection::figures::{Hour, hour_of_day, month};
use soko_projection::read as trade;
use soko_projection::read_figures::{self as facts, Period, RestatedDay, Until};
use soko_record_log::StoreError;

use super::Asking;
use super::desk::Names;
use crate::people;

/// A span of more days than this is cut into months.
const DAYS_AS_DAYS_MAX: i32 = 62;
const HOURS_PER_DAY: u8 = 24;
const MINUTES_PER_HOUR: u16 = 60;
const MINUTES_PER_DAY: u16 = 1_440;

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
    let (cards_sold, cards_sold_minor) = facts::cards_sold(asking.tx, (log, now))?;
    Ok(View::Figures(Box::new(FiguresView {
        currency: of.currency,
        span: of.span,
        total,
        before,
        change_ppm: before.and_then(|before| change_ppm(total.revenue_minor, before.revenue_minor)),
        begins_minutes: of.begins_minutes,
        until_hour: of.until.map(|until| until.last % HOURS_PER_DAY),
        step,
        steps: steps(asking, (step, of.hours), now, against)?,
        restated: restated(asking, now)?,
        week: week.iter().map(week_hour).collect(),
        paid: paid.collect(),
        cards_sold,
        cards_sold_minor,
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
    /// The hours in which a business day begins and ends, counted from the midnight with which its date begins. A day that
    /// begins inside an hour has a part of that hour at either end.
    hours: (u8, u8),
    begins_minutes: u16,
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
        let is_now = (from, to) == (today, today);
        let until = is_now.then_some(Until { last: hour_of_day(&stamp) });
        let last_minute = (MINUTES_PER_DAY - 1).saturating_add(cut_off);
        let [first, last] = [cut_off, last_minute].map(|at| u8::try_from(at / MINUTES_PER_HOUR).unwrap_or(0));
        let (span, period) = (Span { from, to }, Period { from, to });
        Ok(Self { currency, span, period, hours: (first, last), begins_minutes: cut_off, until })
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

fn restated(asking: &mut Asking<'_>, period: Period) -> Result<Vec<RestatedRow>, StoreError> {
    let row = |day: RestatedDay| RestatedRow {
        day: day.business_day,
        told_day: day.told_day,
        sales: day.sums.sales,
        revenue_minor: day.sums.revenue_minor,
        refunded_minor: day.sums.refunded_minor,
        returned_minor: day.sums.returned_minor,
    };
    let days = facts::restated(asking.tx, (asking.log, period), RESTATED_ROWS_MAX)?;
    Ok(days.into_iter().map(row).collect())
}

/// Every step of the span, those without sales, too, each beside the one at its place of the other span.
fn steps(
    asking: &mut Asking<'_>,
    (step, (first, last)): (Step, (u8, u8)),
    now: Period,
    against: Option<Period>,
) -> Result<Vec<StepSums>, StoreError> {
    let found = by_step(asking, step, (now, 0))?;
    let before = match against {
        Some(against) => Some(by_step(asking, step, (against, now.from.saturating_sub(against.from)))?),
        None => None,
    };
    let restated = match step {
        Step::Hours => BTreeSet::new(),
        Step::Days | Step::Months => {
            let days = facts::restated(asking.tx, (asking.log, now), u32::MAX)?;
            days.iter().filter_map(|day| place(step, day.business_day)).collect()
        }
    };
    let places: Vec<i32> = match step {
        // A sale may lie outside the day: the day began at another hour when it was made.
        Step::Hours => {
            let seen = || found.keys().chain(before.iter().flat_map(BTreeMap::keys)).copied();
            let first = seen().min().map_or(first.into(), |seen| seen.min(first.into()));
            let last = seen().max().map_or(last.into(), |seen| seen.max(last.into()));
            (first..=last).collect()
        }
        Step::Days => (now.from..=now.to).collect(),
        Step::Months => (month(now.from)..=month(now.to)).filter_map(first_day).collect(),
    };
    let row = |at: i32| StepSums {
        at: if step == Step::Hours { at % i32::from(HOURS_PER_DAY) } else { at },
        sums: sums(&found.get(&at).copied().unwrap_or_default()),
        before: before.as_ref().map(|found| sums(&found.get(&at).copied().unwrap_or_default())),
        is_restated: restated.contains(&at),
    };
    Ok(places.into_iter().map(row).collect())
}

/// The step to which a business day belongs.
fn place(step: Step, day: i32) -> Option<i32> {
    match step {
        Step::Hours | Step::Days => Some(day),
        Step::Months => first_day(month(day)),
    }
}

fn first_day(month: i32) -> Option<i32> {
    let (year, month) = (i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1);
    BusinessDay::from_civil(Civil { year, month, day: 1 }).map(BusinessDay::days)
}

/// The sums of a period by step. Those of another period are moved forward by whole days, so that each day counts beside the day
/// that it is compared with: months that begin on other weekdays would otherwise slip.
fn by_step(
    asking: &mut Asking<'_>,
    step: Step,
    (period, forward_days): (Period, i32),
) -> Result<BTreeMap<i32, Hour>, StoreError> {
    let of = (asking.log, period);
    let mut found: BTreeMap<i32, Hour> = BTreeMap::new();
    if step == Step::Hours {
        for (hour, sums) in facts::hours(asking.tx, of)? {
            found.insert(i32::from(hour), sums);
        }
        return Ok(found);
    }
    for (day, sums) in facts::days(asking.tx, of)? {
        if let Some(at) = place(step, day.saturating_add(forward_days)) {
            found.entry(at).or_default().add(&sums);
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
