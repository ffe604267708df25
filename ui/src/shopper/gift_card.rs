//! A gift card that pays for an order, wholly or in part, before anything else does.

use soko_app_api::CheckoutView;
use yew::prelude::*;

use super::checkout::{AskedProps, sets};
use crate::parts::{Field, Icon, icon};
use crate::speech::Speech;
use crate::typed::latin;

/// What remains for another way of paying, as far as is known.
pub(super) fn rest_minor(view: &CheckoutView) -> i64 {
    let total = view.total_minor.unwrap_or(view.goods_minor);
    total.saturating_sub(view.card_pays_minor().unwrap_or_default())
}

/// The code that goes with the order, and what it was seen to pay: one that pays something, or may.
pub(super) fn carried(view: &CheckoutView) -> (String, Option<i64>) {
    let pays = view.card_pays_minor();
    if view.card_problem.is_empty() && pays != Some(0) {
        (view.card.clone(), pays)
    } else {
        Default::default()
    }
}

/// What it pays and what it leaves, or that nobody could be asked; nothing without a card that is good for something.
pub(super) fn said(speech: &Speech, view: &CheckoutView, currency: &str) -> Option<AttrValue> {
    if view.card.is_empty() || !view.card_problem.is_empty() {
        return None;
    }
    Some(match (view.card_pays_minor(), rest_minor(view)) {
        (None, _) => speech.say("ordering.card-unseen"),
        (Some(_), 0) => speech.say("ordering.card-all"),
        (Some(pays), rest) => {
            let (amount, rest) = (speech.money(pays, currency), speech.money(rest, currency));
            speech.fill("ordering.card-pays", &[("amount", &amount), ("rest", &rest)])
        }
    })
}

/// Whether a code was typed that nobody looked up yet.
pub(super) fn is_untried(typed: Option<&String>, view: &CheckoutView) -> bool {
    typed.is_some_and(|typed| !is_same(typed, view))
}

fn is_same(typed: &str, view: &CheckoutView) -> bool {
    latin(typed).trim().eq_ignore_ascii_case(view.card.trim())
}

/// Where its code is typed.
pub(super) fn ask(speech: &Speech, props: &AskedProps) -> Html {
    let AskedProps { basket, view, form, on_form, .. } = props;
    let typed = form.card_typed.clone().unwrap_or_else(|| view.card.clone());
    let problem = match view.card_problem.as_str() {
        "" => None,
        // A buyer has no register that could hear of it later.
        "unknown_purse" => Some(speech.say("ordering.card-unknown")),
        code => Some(speech.refused(code, code)),
    };
    let problem = problem.filter(|_| is_same(&typed, view));
    let use_it = {
        let (form, on_form, typed) = (form.clone(), on_form.clone(), typed.clone());
        Callback::from(move |_: MouseEvent| {
            on_form.emit(form.with_card(typed.clone()));
        })
    };
    html! {
        <>
        <div class="coupon-ask">
            <Field label={speech.say("ordering.card")} value={typed} {problem}
                on_input={sets(props, |form, text| form.card_typed = Some(text))} />
            <button type="button" class="button" onclick={use_it}>{ speech.say("ordering.card-use") }</button>
        </div>
        if let Some(said) = said(speech, view, &basket.currency) {
            <p class="prose buyer-note" role="status">{ icon(Icon::Cash) }<span>{ said }</span></p>
        }
        </>
    }
}
