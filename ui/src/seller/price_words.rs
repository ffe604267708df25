//! Reasons as sentences. The numbers come from what was learnt; here they only get words.

use soko_app_api::{PriceQuiet, PriceReasonRow, PriceRow, PriceSuggested};
use soko_domain::entry::PriceWhy;
use yew::AttrValue;

use crate::speech::Speech;

/// One sentence for each reason; two that belong together are one.
pub(super) fn reasons(speech: &Speech, row: &PriceRow, reasons: &[PriceReasonRow]) -> Vec<AttrValue> {
    reasons.iter().map(|reason| sentence(speech, row, reason)).collect()
}

fn sentence(speech: &Speech, row: &PriceRow, reason: &PriceReasonRow) -> AttrValue {
    let (first, second) = (reason.first, reason.second);
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    let units = |quantity: i64| speech.quantity(quantity.saturating_mul(row.price_per), row.unit);
    match reason.why {
        PriceWhy::TenthDearer if first > 0 => {
            speech.fill("prices.why-dearer-more", &[("percent", &percent(speech, first))])
        }
        PriceWhy::TenthDearer => speech.fill("prices.why-dearer", &[("percent", &percent(speech, first))]),
        PriceWhy::Weekday => {
            let day = speech.weekday(u8::try_from(first).unwrap_or(0));
            let key = if second < 0 { "prices.why-weekday-less" } else { "prices.why-weekday-more" };
            speech.fill(key, &[("day", &day), ("percent", &percent(speech, second))])
        }
        // Nothing left and no time to go: that was yesterday.
        PriceWhy::Left if second == 0 => speech.say("prices.why-new-day"),
        PriceWhy::Left => {
            let hours = speech.number(second / 60);
            let minutes = speech.number(second % 60);
            speech
                .fill("prices.why-left", &[("left", &units(first)), ("hours", &hours), ("minutes", &minutes)])
        }
        PriceWhy::Kept => speech.fill("prices.why-kept", &[("now", &units(first)), ("then", &units(second))]),
        PriceWhy::Short => speech.count("prices.why-short", first),
        PriceWhy::Market => speech.count_with("prices.why-market", first, &[("price", &price(second))]),
        PriceWhy::HeldByOwner => speech.fill("prices.why-owner", &[("price", &price(first))]),
        PriceWhy::HeldByCost => speech.fill("prices.why-cost", &[("price", &price(first))]),
        PriceWhy::HeldByStep => speech.fill("prices.why-step", &[("price", &price(first))]),
        PriceWhy::HeldByMarket => speech.fill("prices.why-others", &[("price", &price(first))]),
        // The day of an experiment.
        PriceWhy::Curious if second > 0 => {
            let (day, days) = (speech.number(first), speech.number(second));
            speech.fill("prices.why-experiment", &[("day", &day), ("days", &days)])
        }
        PriceWhy::Curious => speech.say("prices.why-curious"),
    }
}

/// How much, whichever way; the sentence says which.
fn percent(speech: &Speech, ppm: i64) -> String {
    // Nobody knows it to a tenth of a percent.
    let whole = ppm.unsigned_abs().saturating_add(5_000) / 10_000 * 10_000;
    speech.percent(u32::try_from(whole).unwrap_or(u32::MAX))
}

/// From when until when a change's effect is counted.
pub(super) fn span(speech: &Speech, days: u32) -> String {
    if days == 0 {
        return speech.say("prices.span-gone").to_string();
    }
    speech.count("prices.span-days", i64::from(days)).to_string()
}

/// What it is known from.
pub(super) fn ground(speech: &Speech, row: &PriceRow, better: &PriceSuggested) -> AttrValue {
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    // None of its kind says anything: that is no "0 products".
    let key = if better.alike == 0 { "prices.ground-alone" } else { "prices.ground" };
    speech.fill(
        key,
        &[
            ("days", &speech.number(i64::from(better.learnt_days))),
            ("sold", &speech.quantity(better.learnt_sold, row.unit)),
            ("alike", &speech.number(i64::from(better.alike))),
            ("low", &price(better.low_minor)),
            ("high", &price(better.high_minor)),
        ],
    )
}

pub(super) fn quiet(speech: &Speech, row: &PriceRow, quiet: PriceQuiet) -> AttrValue {
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    match quiet {
        PriceQuiet::Fine => speech.say("prices.quiet-fine"),
        PriceQuiet::TooFew => speech.say("prices.quiet-few"),
        PriceQuiet::NeverVaried => speech.say("prices.quiet-never-varied"),
        PriceQuiet::NotCounted => speech.say("prices.quiet-not-counted"),
        PriceQuiet::NoCost => speech.say("prices.quiet-no-cost"),
        PriceQuiet::Frozen => speech.say("prices.quiet-frozen"),
        PriceQuiet::Refused => speech.say("prices.quiet-refused"),
        PriceQuiet::NotLooked => speech.say("prices.quiet-not-looked"),
        PriceQuiet::NoRoom { low_minor, high_minor } => {
            speech.fill("prices.quiet-no-room", &[("low", &price(low_minor)), ("high", &price(high_minor))])
        }
    }
}

pub(super) fn signed_money(speech: &Speech, minor: i64, currency: &str) -> String {
    let amount = speech.money(minor.saturating_abs(), currency);
    if minor < 0 { format!("−{amount}") } else { format!("+{amount}") }
}
