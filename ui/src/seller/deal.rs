//! Another price for a while and for so many: what the seller says of it, how many were sold, and its end.

use soko_app_api::{DealInput, DealView, OwnStall, ProductEdit, ProductView, Query, Verb, View};
use soko_domain::calendar::BusinessDay;
use soko_domain::deal::{Deal, DealStage};
use soko_domain::ids::ThingId;
use soko_domain::quantity::Unit;
use yew::prelude::*;

use crate::acting::{closes, opens, part, use_acting};
use crate::app::use_about;
use crate::browser;
use crate::browser::time::{now_ms, wall_clock};
use crate::live::use_query;
use crate::parts::{Confirm, Dialog, Field};
use crate::speech::Speech;
use crate::typed;

const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: i64 = 60;
const DAY_MINUTES: i64 = 24 * HOUR_MINUTES;

#[derive(Properties, PartialEq)]
pub(super) struct DealCardProps {
    pub stall: OwnStall,
    pub view: ProductView,
}

#[component]
pub(super) fn DealCard(props: &DealCardProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let zone = use_zone(&props.stall);
    let (is_saying, is_ending) = (use_state(|| false), use_state(|| false));
    let DealCardProps { stall, view } = props;
    // The server sells by its own clock, and this one may be far from it.
    let about = use_about();
    let ahead_ms = about.and_then(|about| about.clock_off_ms()).unwrap_or(0);
    let at_ms = now_ms() - ahead_ms;
    let known = view.deal.filter(|known| Deal::from(known.said).stage(at_ms) != DealStage::Over);
    let end = {
        let (acting, stall, product) = (acting.clone(), stall.stall, view.product);
        let is_ending = is_ending.setter();
        Callback::from(move |_: String| {
            is_ending.set(false);
            let edits =
                vec![ProductEdit::Deal(known.and_then(|known| ended(&known.said, now_ms() - ahead_ms)))];
            let done = acting.clone();
            acting.act(stall, Verb::EditProduct { product, edits }, move |_| {
                done.desk.toasts.done(done.speech.say("special.ended"));
            });
        })
    };
    let title = speech.say("special.title");
    html! {
        <section class="card stack" aria-label={title.clone()}>
            <h2 class="h-small">{ title.clone() }</h2>
            { for view.deal.as_ref().map(|known| said(&speech, (known, view), &zone, at_ms)) }
            if known.is_none() { <p class="field-hint">{ speech.say("special.text") }</p> }
            <div class="row">
                <button type="button" class="button" onclick={opens(&is_saying)}>
                    { speech.say(if known.is_some() { "special.change" } else { "special.new" }) }
                </button>
                if known.is_some() {
                    <button type="button" class="button button-quiet" onclick={opens(&is_ending)} disabled={acting.is_busy()}>{ speech.say("special.end") }</button>
                }
            </div>
            if *is_saying {
                <Dialog {title} on_close={closes(&is_saying)}>
                    <DealForm stall={stall.clone()} view={view.clone()} known={known.map(|known| known.said)} {zone} on_done={closes(&is_saying)} />
                </Dialog>
            }
            if *is_ending {
                <Confirm title={speech.say("special.end")} text={speech.say("special.end-text")} action={speech.say("special.end")} on_confirm={end} on_close={closes(&is_ending)} />
            }
        </section>
    }
}

/// The stall's zone, if this browser knows it; else its own.
#[hook]
fn use_zone(stall: &OwnStall) -> AttrValue {
    let live = use_query(Some(Query::Stall(stall.stall)));
    let zone = match live.view() {
        Some(View::Stall(view)) => view.zone.clone(),
        Some(_) | None => String::new(),
    };
    if wall_clock(0, &zone).is_some() { zone.into() } else { browser::zone().into() }
}

/// One that was on stays, with what was sold of it; one that never began is taken away.
fn ended(deal: &DealInput, now_ms: i64) -> Option<DealInput> {
    (deal.from_ms < now_ms).then_some(DealInput { until_ms: now_ms, ..*deal })
}

fn said(speech: &Speech, (known, view): (&DealView, &ProductView), zone: &AttrValue, now_ms: i64) -> Html {
    let deal = known.said;
    let stage = match Deal::from(deal).stage(now_ms) {
        DealStage::Before => "special.before",
        DealStage::On => "special.on",
        DealStage::Over => "special.over",
    };
    let price = speech.price(deal.price_minor, &view.currency, view.unit, view.price_per);
    let time = |at_ms| speech.day_and_time(at_ms, Some(zone.as_str()));
    let units = |quantity| speech.quantity(quantity, view.unit);
    let (sold, all) = (units(known.sold), units(deal.quantity));
    html! {
        <>
            <p><strong class="number">{ price }</strong>{ " · " }{ speech.say(stage) }{ " · " }
                { speech.fill("special.span", &[("from", &time(deal.from_ms)), ("until", &time(deal.until_ms))]) }</p>
            <p class="deal-sold">{ speech.fill("special.sold", &[("sold", &sold), ("all", &all)]) }
                { for deal.each.map(|each| html! { <>{ " · " }{ speech.fill("deal.each", &[("quantity", &units(each))]) }</> }) }</p>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct DealFormProps {
    stall: OwnStall,
    view: ProductView,
    /// The one to change.
    known: Option<DealInput>,
    zone: AttrValue,
    on_done: Callback<()>,
}

/// As it is typed.
#[derive(Clone, PartialEq)]
struct Draft {
    deal: ThingId,
    price: String,
    from: String,
    until: String,
    quantity: String,
    each: String,
}

impl Draft {
    /// A new one begins now and is on for a day.
    fn of(known: Option<&DealInput>, currency: &str, zone: &str) -> Self {
        let at_ms = now_ms();
        let time = |at_ms| wall_clock(at_ms, zone).unwrap_or_default();
        let day_ms = DAY_MINUTES * MINUTE_MS;
        Self {
            deal: known.map_or_else(|| ThingId(browser::chance()), |known| known.deal),
            price: known.map(|known| typed::plain(known.price_minor, currency)).unwrap_or_default(),
            from: time(known.map_or(at_ms, |known| known.from_ms)),
            until: time(known.map_or(at_ms + day_ms, |known| known.until_ms)),
            quantity: known.map(|known| known.quantity.to_string()).unwrap_or_default(),
            each: known.and_then(|known| known.each).map(|each| each.to_string()).unwrap_or_default(),
        }
    }

    fn price(&self, view: &ProductView) -> Option<i64> {
        typed::amount(&self.price, &view.currency).filter(|minor| *minor < view.price_minor)
    }

    fn span(&self, zone: &str) -> Option<(i64, i64)> {
        let moment = |text: &str| moment(text, |at_ms| wall_clock(at_ms, zone));
        let (from_ms, until_ms) = (moment(&self.from)?, moment(&self.until)?);
        (from_ms < until_ms).then_some((from_ms, until_ms))
    }

    fn quantity(&self) -> Option<i64> {
        typed::whole(&self.quantity).filter(|quantity| *quantity > 0)
    }

    /// Nothing typed is no limit.
    fn each(&self) -> Option<Option<i64>> {
        if self.each.trim().is_empty() {
            return Some(None);
        }
        let most = self.quantity().unwrap_or(i64::MAX);
        typed::whole(&self.each).filter(|each| (1..=most).contains(each)).map(Some)
    }

    fn input(&self, view: &ProductView, zone: &str) -> Option<DealInput> {
        let (from_ms, until_ms) = self.span(zone)?;
        let (price_minor, quantity, each) = (self.price(view)?, self.quantity()?, self.each()?);
        let price_per = Some(view.price_per);
        Some(DealInput { deal: self.deal, price_minor, price_per, from_ms, until_ms, quantity, each })
    }
}

/// Minutes since 1970 of what a field for a day and a time holds.
fn minutes(text: &str) -> Option<i64> {
    let (day, time) = text.split_once('T')?;
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.get(..2)?.parse().ok()?);
    let is_time = (0..24).contains(&hours) && (0..60).contains(&minutes);
    let day: BusinessDay = day.parse().ok().filter(|_| is_time)?;
    Some(i64::from(day.days()) * DAY_MINUTES + hours * HOUR_MINUTES + minutes)
}

/// The moment at which a clock on the wall shows this. Where it shows it twice, or skips it, the one that is found.
fn moment(text: &str, wall_clock: impl Fn(i64) -> Option<String>) -> Option<i64> {
    let wanted = minutes(text)?;
    let mut at = wanted;
    // The first guess may lie on the other side of a change of the clock.
    for _ in 0..2 {
        at += wanted - minutes(&wall_clock(at * MINUTE_MS)?)?;
    }
    Some(at * MINUTE_MS)
}

#[component]
fn DealForm(props: &DealFormProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let DealFormProps { stall, view, known, zone, on_done } = props;
    let draft = use_state(|| Draft::of(known.as_ref(), &view.currency, zone));
    let input = draft.input(view, zone).filter(|_| !acting.is_busy());
    let onsubmit = {
        let (acting, stall, product, on_done) = (acting.clone(), stall.stall, view.product, on_done.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(input) = input else { return };
            let (done, on_done) = (acting.clone(), on_done.clone());
            let edits = vec![ProductEdit::Deal(Some(input))];
            acting.act(stall, Verb::EditProduct { product, edits }, move |_| {
                done.desk.toasts.done(done.speech.say("settings.saved"));
                on_done.emit(());
            });
        })
    };
    let sign = (view.unit != Unit::Piece).then(|| AttrValue::Static(view.unit.symbol()));
    let usual = speech.price(view.price_minor, &view.currency, view.unit, view.price_per);
    let is_dear = !draft.price.is_empty() && draft.price(view).is_none();
    let wrong = |text: &str, is_wrong: bool| (!text.is_empty() && is_wrong).then(|| speech.say("form.whole"));
    html! {
        <form class="stack" {onsubmit}>
            <p class="field-hint">{ speech.say("special.orders-only") }</p>
            <Field label={speech.say("special.price")} value={draft.price.clone()} on_input={part(&draft, |it, text| it.price = text)} inputmode="decimal"
                sign={AttrValue::from(view.currency.clone())} hint={speech.fill("special.usual", &[("price", &usual)])}
                problem={is_dear.then(|| speech.fill("special.dear", &[("price", &usual)]))} autofocus=true />
            <div class="pair">
                <Field label={speech.say("special.begins")} kind="datetime-local" value={draft.from.clone()} on_input={part(&draft, |it, text| it.from = text)}
                    hint={speech.fill("special.zone", &[("zone", zone)])} />
                <Field label={speech.say("special.ends")} kind="datetime-local" value={draft.until.clone()} on_input={part(&draft, |it, text| it.until = text)}
                    problem={draft.span(zone).is_none().then(|| speech.say("special.crossed"))} />
            </div>
            <div class="pair">
                <Field label={speech.say("special.quantity")} value={draft.quantity.clone()} on_input={part(&draft, |it, text| it.quantity = text)} inputmode="numeric"
                    sign={sign.clone()} problem={wrong(&draft.quantity, draft.quantity().is_none())} />
                <Field label={speech.say("special.each-max")} value={draft.each.clone()} on_input={part(&draft, |it, text| it.each = text)} inputmode="numeric"
                    {sign} hint={speech.say("special.each-hint")} problem={wrong(&draft.each, draft.each().is_none())} />
            </div>
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={input.is_none()}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hours ahead, and three from a moment on.
    fn wall_clock(at_ms: i64) -> Option<String> {
        let changes = minutes("2027-03-28T01:00")?;
        let at = at_ms / MINUTE_MS;
        let shown = at + HOUR_MINUTES * if at < changes { 2 } else { 3 };
        let day = BusinessDay::from_days(i32::try_from(shown.div_euclid(DAY_MINUTES)).ok()?)?;
        let of_day = shown.rem_euclid(DAY_MINUTES);
        Some(format!("{day}T{:02}:{:02}", of_day / HOUR_MINUTES, of_day % HOUR_MINUTES))
    }

    #[test]
    fn a_time_on_the_wall_is_one_moment_on_both_sides_of_a_change_of_the_clock() {
        for (text, utc) in [
            ("2026-11-28T18:00", Some("2026-11-28T16:00")),
            ("2027-03-28T02:59", Some("2027-03-28T00:59")),
            ("2027-03-28T04:00", Some("2027-03-28T01:00")),
            ("2027-06-01T00:30:00", Some("2027-05-31T21:30")),
            ("2027-06-01", None),
            ("2027-06-31T10:00", None),
            ("2027-06-01T25:00", None),
            ("", None),
        ] {
            assert_eq!(moment(text, wall_clock), utc.and_then(minutes).map(|at| at * MINUTE_MS), "{text}");
        }
    }

    #[test]
    fn one_that_is_on_ends_now_and_one_that_never_began_is_gone() {
        let deal = DealInput {
            deal: ThingId([1; 16]),
            price_minor: 90,
            price_per: None,
            from_ms: 10,
            until_ms: 20,
            quantity: 5,
            each: None,
        };
        assert_eq!(ended(&deal, 15), Some(DealInput { until_ms: 15, ..deal }));
        assert_eq!((ended(&deal, 10), ended(&deal, 5)), (None, None));
    }
}
