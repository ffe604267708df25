//! Codes that take something off orders: what each is good for, and how often it was used.

use soko_app_api::{
    CouponInput, CouponRow, CouponStanding, CouponsView, DiscountInput, OwnStall, Query, Verb, View,
};
use yew::prelude::*;

use super::coupon_form::CouponForm;
use super::prices::not_shown;
use super::with_stall;
use crate::acting::{closes, opens, use_acting};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Confirm, Dialog, Empty, Icon, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[component]
pub(super) fn Coupons() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let is_making = use_state(|| false);
    let live = use_query(Some(Query::Coupons(props.stall.stall)));
    let view = match live.view() {
        Some(View::Coupons(view)) => Some(view.clone()),
        _ => None,
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Orders} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("coupons.title") }</h1>
                if view.is_some() {
                    <button type="button" class="button button-main" onclick={opens(&is_making)}>{ icon(Icon::Plus) }{ speech.say("coupons.new") }</button>
                }
            </header>
            if let Some(view) = view {
                <p class="prose">{ speech.say("coupons.text") }</p>
                { rows(&speech, &props.stall, &view) }
                if *is_making {
                    <Dialog title={speech.say("coupons.new")} on_close={closes(&is_making)}>
                        <CouponForm stall={props.stall.clone()} row={None::<CouponRow>} on_done={closes(&is_making)}
                            known={view.rows.iter().map(|row| row.code.clone()).collect::<Vec<_>>()} />
                    </Dialog>
                }
            } else {
                { not_shown(&speech, live) }
            }
        </section>
    }
}

fn rows(speech: &Speech, stall: &OwnStall, view: &CouponsView) -> Html {
    if view.rows.is_empty() {
        return html! { <Empty icon={Icon::Tag} title={speech.say("coupons.none")} text={speech.say("coupons.none-text")} /> };
    }
    html! {
        { for view.rows.iter().map(|row| html! { <Coupon key={row.code.clone()} stall={stall.clone()} row={row.clone()} /> }) }
    }
}

#[derive(Properties, PartialEq)]
struct CouponProps {
    stall: OwnStall,
    row: CouponRow,
}

#[component]
fn Coupon(props: &CouponProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (is_changing, is_ending) = (use_state(|| false), use_state(|| false));
    let CouponProps { stall, row } = props;
    let uses = speech.count("coupons.uses", i64::try_from(row.uses).unwrap_or(i64::MAX));
    let most =
        row.terms.uses_max.map(|max| speech.fill("coupons.uses-of", &[("most", &speech.number(max.into()))]));
    let end = {
        let (acting, code, stall) = (acting.clone(), row.code.clone(), stall.stall);
        let terms = CouponInput { is_ended: true, ..row.terms.clone() };
        let is_ending = is_ending.setter();
        Callback::from(move |()| {
            is_ending.set(false);
            let done = acting.clone();
            acting.act(stall, Verb::PutCoupon { code: code.clone(), terms: terms.clone() }, move |_| {
                done.desk.toasts.done(done.speech.say("coupons.ended"));
            });
        })
    };
    html! {
        <article class="card stack" aria-label={row.code.clone()}>
            <div class="row row-apart">
                <h2 class="number" dir="ltr">{ row.code.clone() }</h2>
                { badge(&speech, row.standing) }
            </div>
            <p><strong>{ off(&speech, &row.terms, &stall.currency) }</strong>{ for conditions(&speech, row, &stall.currency).into_iter().map(|it| format!(" · {it}")) }</p>
            <p class="quiet">{ uses }{ for most.map(|most| format!(" {most}")) }{ " · " }{ speech.fill("coupons.given", &[("amount", &speech.money(row.off_minor, &stall.currency))]) }</p>
            <div class="row">
                <button type="button" class="button" onclick={opens(&is_changing)}>{ speech.say("coupons.change") }</button>
                if !row.terms.is_ended {
                    <button type="button" class="button button-quiet" onclick={opens(&is_ending)} disabled={acting.is_busy()}>{ speech.say("coupons.end") }</button>
                }
            </div>
            if *is_changing {
                <Dialog title={AttrValue::from(row.code.clone())} on_close={closes(&is_changing)}>
                    <CouponForm stall={stall.clone()} row={Some(row.clone())} known={Vec::<String>::new()} on_done={closes(&is_changing)} />
                </Dialog>
            }
            if *is_ending {
                <Confirm title={speech.say("coupons.end")} text={speech.say("coupons.end-text")} action={speech.say("coupons.end")}
                    on_confirm={end.reform(|_: String| ())} on_close={closes(&is_ending)} />
            }
        </article>
    }
}

fn badge(speech: &Speech, standing: CouponStanding) -> Html {
    let (tone, key) = match standing {
        CouponStanding::Good => (SavedTone::Good, "coupons.good"),
        CouponStanding::Early => (SavedTone::Quiet, "coupons.early"),
        CouponStanding::UsedUp => (SavedTone::Quiet, "coupons.used-up"),
        CouponStanding::Over => (SavedTone::Quiet, "coupons.over"),
    };
    html! { <Badge {tone} text={speech.say(key)} /> }
}

/// What comes off, as it is told to buyers.
fn off(speech: &Speech, terms: &CouponInput, currency: &str) -> AttrValue {
    let off = match terms.off {
        DiscountInput::None => String::new(),
        DiscountInput::AmountMinor(minor) => speech.money(minor, currency),
        DiscountInput::PercentPpm(ppm) => speech.percent(ppm),
    };
    speech.fill("coupons.off", &[("off", &off)])
}

/// From how much on, when, for whom and for what.
fn conditions(speech: &Speech, row: &CouponRow, currency: &str) -> Vec<String> {
    let terms = &row.terms;
    let day =
        |key, day: Option<i32>| day.map(|day| speech.fill(key, &[("day", &speech.day(day))]).to_string());
    let minimum = (terms.min_minor > 0).then(|| {
        speech.fill("coupons.from-goods", &[("amount", &speech.money(terms.min_minor, currency))]).to_string()
    });
    let each = terms.buyer_uses_max.map(|max| speech.count("coupons.each", max.into()).to_string());
    let names = (!row.product_names.is_empty()).then(|| row.product_names.join(", "));
    [minimum, day("coupons.from-day", terms.from_day), day("coupons.until-day", terms.until_day), each, names]
        .into_iter()
        .flatten()
        .collect()
}
