//! Prices that learn, as screens show them.

use soko_app_api::{
    Between, PriceBrought, PriceDay, PriceExperimentRow, PriceMoveRow, PriceQuiet, PriceRow, PriceSuggested,
    PriceView, PricesView, Query, View,
};
use soko_domain::entry::PriceMode;
use soko_domain::ids::{PersonId, ProductId};
use soko_domain::verbs::move_price;
use soko_pricing::decide::Objective;
use soko_pricing::guard::Held;
use soko_pricing::spread::{Range, minor};
use soko_pricing::suggest::{Nothing, Suggestion};
use soko_projection::read::{self, ProductFound};
use soko_projection::read_desk;
use soko_projection::read_prices::{self as facts, MoveFound};
use soko_record_log::StoreError;

use super::{Asking, boxed, figures, rivals};
use crate::failure::NotDone;
use crate::prices::experiment::{self, Tried};
use crate::prices::{self, Moment, Outcome, Prices, Reach, Rules};

/// A move of the last days is shown beside its product.
const MOVED_DAYS: i32 = 7;
/// The chart's days.
const CHART_DAYS: usize = 60;

/// For whoever may see what the figures are made of.
#[expect(clippy::wildcard_enum_match_arm, reason = "only what is asked about prices comes here")]
pub(super) fn view(asking: &mut Asking<'_>, query: &Query) -> Result<View, NotDone> {
    if !figures::may_see(asking)? {
        return Ok(View::ForManagers);
    }
    match query {
        Query::Rivals { source, bytes, choice, .. } => rivals::table(asking, source, bytes, choice.as_ref()),
        Query::Price { product, .. } => Ok(boxed(one(asking, *product)?, View::Price)),
        _ => Ok(View::Prices(Box::new(list(asking)?))),
    }
}

fn list(asking: &mut Asking<'_>) -> Result<PricesView, StoreError> {
    let (moment, rules) = begin(asking)?;
    let currency = read::profile(asking.tx, asking.log)?.map(|profile| profile.currency).unwrap_or_default();
    let sources = rivals::sources(asking)?;
    let mut view =
        PricesView { currency, rule: rules.of_all().into(), rows: Vec::new(), fine: 0, too_few: 0, sources };
    let Some(known) = &asking.stall.prices else { return Ok(view) };
    let moved: Vec<ProductId> = facts::moves_since(asking.tx, asking.log, moment.today - MOVED_DAYS)?
        .into_iter()
        .map(|(product, ..)| product)
        .collect();
    let mut looked: Vec<ProductId> =
        known.products().chain(rules.auto()).chain(moved.iter().copied()).collect();
    looked.sort_unstable();
    looked.dedup();
    for product in looked {
        let Some(found) = read::product(asking.tx, asking.log, product)?.filter(|it| !it.archived) else {
            continue;
        };
        let row = row(asking, (known, &rules), &found, &moment)?;
        let is_shown = row.suggested.is_some() || row.mode == PriceMode::Auto || moved.contains(&product);
        if is_shown {
            view.rows.push(row);
            continue;
        }
        match row.quiet {
            Some(
                PriceQuiet::TooFew | PriceQuiet::NeverVaried | PriceQuiet::NoCost | PriceQuiet::NotCounted,
            ) => view.too_few += 1,
            _ => view.fine += 1,
        }
    }
    // What brings most comes first.
    let gain = |row: &PriceRow| row.suggested.as_ref().map(|it| it.gain_minor.likely);
    view.rows.sort_by(|a, b| gain(b).cmp(&gain(a)).then_with(|| a.name.cmp(&b.name)));
    Ok(view)
}

fn one(asking: &mut Asking<'_>, product: ProductId) -> Result<Option<PriceView>, StoreError> {
    let (moment, rules) = begin(asking)?;
    let Some(found) = read::product(asking.tx, asking.log, product)? else { return Ok(None) };
    let Some(known) = &asking.stall.prices else { return Ok(None) };
    let row = row(asking, (known, &rules), &found, &moment)?;
    let others = rivals::of_product(asking, &found, &rules.of(product))?;
    let mut moves = Vec::new();
    for found_move in facts::moves(asking.tx, asking.log, product)? {
        moves.push(move_row(asking, &found, &found_move, (&rules, &moment), moves.is_empty())?);
    }
    let days = known.days(product);
    let day = |day: &soko_pricing::history::Day| PriceDay {
        day: day.day,
        price_minor: day.price_minor,
        sold: minor(f64::from(day.sold) * found.price_per as f64),
    };
    Ok(Some(PriceView {
        row,
        rule: rules.of(product).into(),
        has_own_rule: rules.own(product).is_some(),
        cost_minor: found.cost_minor,
        days: days.iter().skip(days.len().saturating_sub(CHART_DAYS)).map(day).collect(),
        moves,
        others,
        experiment: experiment::latest(asking.tx, asking.log, product)?
            .map(|tried| experiment_row(asking, (known, &rules, &found), (&tried, moment.today)))
            .transpose()?,
    }))
}

fn experiment_row(
    asking: &mut Asking<'_>,
    (known, rules, found): (&Prices, &Rules, &ProductFound),
    (tried, today): (&Tried, i32),
) -> Result<PriceExperimentRow, StoreError> {
    let stood = experiment::stood(asking.tx, asking.log, tried)?;
    let day = tried.block(today).map_or(0, |block| u32::try_from(block + 1).unwrap_or(u32::MAX));
    let worth = prices::worth(&rules.of(tried.product), found);
    let brought = tried.effect(known, &stood, worth).map(|effect| PriceBrought {
        is_margin: worth.objective == Objective::Margin && worth.cost_minor.is_some(),
        before_minor: minor(effect.before),
        tried_minor: minor(effect.tried),
        more_minor: Between {
            low: minor(effect.low),
            likely: minor(effect.estimate),
            high: minor(effect.high),
        },
    });
    Ok(PriceExperimentRow {
        before_minor: tried.before_minor,
        tried_minor: tried.tried_minor,
        from_day: tried.from_day,
        days: tried.days,
        day: day.min(tried.days),
        state: tried.state,
        brought,
    })
}

fn begin(asking: &mut Asking<'_>) -> Result<(Moment, Rules), StoreError> {
    let cut_off = read::profile(asking.tx, asking.log)?.map_or(0, |profile| profile.cut_off_minutes);
    let stamp = asking.now.stamp(cut_off);
    let rules = Rules::read(asking.tx, asking.log, stamp.business_day)?;
    let moment = Moment {
        log: asking.log,
        today: stamp.business_day,
        at_ms: stamp.at_ms,
        offset_minutes: stamp.offset_minutes,
        cut_off_minutes: cut_off,
        is_open: true,
        is_curious: false,
    };
    Ok((moment, rules))
}

fn row(
    asking: &mut Asking<'_>,
    (known, rules): (&Prices, &Rules),
    found: &ProductFound,
    moment: &Moment,
) -> Result<PriceRow, StoreError> {
    let mode = rules.of(found.product).mode;
    let (suggested, quiet) = match prices::outcome(asking.tx, (known, rules), found, moment)? {
        Outcome::Better(better) => (Some(suggested(&better, found.price_per)), None),
        Outcome::Refused => (None, Some(PriceQuiet::Refused)),
        Outcome::NotCounted => (None, Some(PriceQuiet::NotCounted)),
        Outcome::NoCost => (None, Some(PriceQuiet::NoCost)),
        Outcome::NotLooked => (None, Some(PriceQuiet::NotLooked)),
        Outcome::Stays(nothing) => (None, Some(quiet(nothing))),
    };
    let latest = facts::moves(asking.tx, asking.log, found.product)?.into_iter().next();
    let latest = latest.filter(|latest| latest.stamp.business_day > moment.today - MOVED_DAYS);
    let moved = latest.map(|latest| move_row(asking, found, &latest, (rules, moment), true)).transpose()?;
    Ok(PriceRow {
        product: found.product,
        name: found.name.clone(),
        unit: found.unit,
        price_per: found.price_per,
        currency: found.currency.clone(),
        picture: found.pictures.first().copied(),
        now_minor: found.price_minor,
        mode,
        suggested,
        quiet,
        moved,
    })
}

fn suggested(better: &Suggestion, per: i64) -> PriceSuggested {
    let units = |range: Range| Between {
        low: minor(range.low * per as f64),
        likely: minor(range.likely * per as f64),
        high: minor(range.high * per as f64),
    };
    PriceSuggested {
        price_minor: better.price_minor,
        low_minor: better.band.low_minor,
        high_minor: better.band.high_minor,
        sold_now: units(better.sold_now),
        sold_then: units(better.sold_then),
        gain_minor: Between {
            low: better.gain_low_minor,
            likely: better.gain_minor,
            high: better.gain_high_minor,
        },
        better_percent: u32::try_from(better.better_ppm / 10_000).unwrap_or(0),
        days: better.days,
        reasons: prices::reasons(better).iter().map(Into::into).collect(),
        learnt_days: better.evidence.days,
        learnt_sold: minor(better.evidence.sold * per as f64),
        alike: better.alike,
    }
}

fn quiet(nothing: Nothing) -> PriceQuiet {
    match nothing {
        Nothing::Fine | Nothing::Held(Held::Closed | Held::Outside { .. }) => PriceQuiet::Fine,
        Nothing::TooFew { .. } => PriceQuiet::TooFew,
        Nothing::NeverVaried => PriceQuiet::NeverVaried,
        Nothing::Held(Held::Frozen) => PriceQuiet::Frozen,
        Nothing::Held(Held::NoPrice) => PriceQuiet::NotLooked,
        Nothing::Held(Held::NoRoom { low_minor, high_minor, .. }) => {
            PriceQuiet::NoRoom { low_minor, high_minor }
        }
    }
}

fn move_row(
    asking: &mut Asking<'_>,
    found: &ProductFound,
    latest: &MoveFound,
    (rules, moment): (&Rules, &Moment),
    is_latest: bool,
) -> Result<PriceMoveRow, StoreError> {
    let said = &latest.said;
    // What would be refused is not offered.
    let can_undo = is_latest && {
        let limits = prices::limits(asking.tx, rules, found, (moment, Reach::Back))?.ok();
        let facts = move_price::Facts { now_minor: found.price_minor, limits };
        move_price::decide_undo((&facts, moment.today), said.moved, said).is_ok()
    };
    let who = match latest.stamp.by {
        Some(person) => person_name(asking, person)?,
        None => {
            read::device(asking.tx, asking.log, latest.author)?.map(|device| device.name).unwrap_or_default()
        }
    };
    Ok(PriceMoveRow {
        moved: said.moved,
        at_ms: latest.stamp.at_ms,
        from_minor: said.from_minor,
        to_minor: said.to_minor,
        cause: said.cause,
        who,
        gain_minor: Between { low: said.gain_low_minor, likely: said.gain_minor, high: said.gain_high_minor },
        days: said.days,
        reasons: said.reasons.iter().map(Into::into).collect(),
        can_undo,
    })
}

fn person_name(asking: &mut Asking<'_>, person: PersonId) -> Result<String, StoreError> {
    Ok(read_desk::person(asking.tx, asking.log, person)?.map(|person| person.name).unwrap_or_default())
}
