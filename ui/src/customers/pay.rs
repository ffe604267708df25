//! Paying from a purse: a gift card in the hand, or the credit and the points of the customer on the counter.

use soko_app_api::{OwnStall, PurseInput, PurseView, Query, TenderInput, View};
use soko_domain::basket::TenderKind;
use soko_domain::purse::{self, CardCode, PurseKind};
use yew::prelude::*;

use super::pick::Pick;
use super::purse::{Elsewhere, amount, kind_name, use_purse};
use crate::acting::{closes, opens, sets};
use crate::desk::use_desk;
use crate::live::use_query;
use crate::parts::{Dialog, Field, Icon, icon};
use crate::speech::use_speech;
use crate::typed;
use crate::watched::use_watched;

#[derive(Properties, PartialEq)]
pub struct PayProps {
    pub stall: OwnStall,
    pub due: i64,
    /// What was added before, which a purse cannot pay twice.
    pub added: Vec<TenderInput>,
    pub on_pay: Callback<TenderInput>,
}

/// A button at Pay, and what it opens. A card that is scanned opens it, too.
#[component]
pub fn PayFromPurse(props: &PayProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let is_open = use_state(|| false);
    let code = use_state(String::new);
    {
        let (is_open, code) = (is_open.setter(), code.setter());
        use_effect_with((), move |()| {
            let listening = desk.scans.listen(move |scanned| {
                if let Some(card) = CardCode::parse(scanned) {
                    code.set(card.to_string());
                    is_open.set(true);
                }
            });
            move || drop(listening)
        });
    }
    let on_close = {
        let (is_open, code) = (is_open.setter(), code.setter());
        Callback::from(move |()| {
            is_open.set(false);
            code.set(String::new());
        })
    };
    let on_pay = {
        let (on_pay, on_close) = (props.on_pay.clone(), on_close.clone());
        Callback::from(move |tender: TenderInput| {
            on_pay.emit(tender);
            on_close.emit(());
        })
    };
    html! {
        <>
            <button type="button" class="button button-wide" onclick={opens(&is_open)} disabled={props.due <= 0}>
                { icon(Icon::Card) }{ speech.say("purse.pay") }
            </button>
            if *is_open {
                <Choose stall={props.stall.clone()} due={props.due} added={props.added.clone()} code={(*code).clone()}
                    on_code={sets(&code)} {on_pay} {on_close} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ChooseProps {
    stall: OwnStall,
    due: i64,
    added: Vec<TenderInput>,
    code: String,
    on_code: Callback<String>,
    on_pay: Callback<TenderInput>,
    on_close: Callback<()>,
}

#[component]
fn Choose(props: &ChooseProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let picks = use_state(|| false);
    let live = use_query(Some(Query::Loyalty(props.stall.stall)));
    let has_points = matches!(live.view(), Some(View::Loyalty(loyalty)) if loyalty.is_on());
    let card = CardCode::parse(&props.code);
    let is_wrong = card.is_none() && props.code.chars().filter(char::is_ascii_alphanumeric).count() >= 16;
    let on_pick = {
        let (desk, close) = (desk.clone(), closes(&picks));
        Callback::from(move |customer| {
            desk.cart.change(|cart| cart.customer = Some(customer));
            close.emit(());
        })
    };
    if *picks {
        return html! { <Pick stall={props.stall.clone()} {on_pick} on_close={closes(&picks)} /> };
    }
    let from = |input: PurseInput| {
        let paid = props.added.iter().filter(|tender| tender.purse.as_ref() == Some(&input));
        let paid = paid.map(|tender| tender.amount_minor).sum::<i64>();
        let key = format!("{input:?}");
        html! {
            <From {key} stall={props.stall.clone()} due={props.due} {paid} {input} on_pay={props.on_pay.clone()} />
        }
    };
    html! {
        <Dialog title={speech.say("purse.pay")} on_close={props.on_close.clone()}>
            <div class="stack">
                <Field label={speech.say("cards.code")} value={props.code.clone()} on_input={props.on_code.clone()} hint={speech.say("cards.code-hint")}
                    problem={is_wrong.then(|| speech.say("cards.code-wrong"))} autofocus=true class="field-code" />
                if let Some(card) = card { { from(PurseInput::Card(card.to_string())) } }
                if let Some(customer) = cart.customer {
                    { from(PurseInput::Credit(customer)) }
                    if has_points { { from(PurseInput::Points(customer)) } }
                } else {
                    <button type="button" class="button" onclick={opens(&picks)}>{ icon(Icon::Person) }{ speech.say("customer.on-sale") }</button>
                    <p class="hint">{ speech.say("purse.customer-hint") }</p>
                }
            </div>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct FromProps {
    stall: OwnStall,
    due: i64,
    /// What it pays of this sale already.
    paid: i64,
    input: PurseInput,
    on_pay: Callback<TenderInput>,
}

/// One purse: what is in it, and paying as much of it as fits.
#[component]
fn From(props: &FromProps) -> Html {
    let speech = use_speech();
    let typed = use_state(String::new);
    let Some(view) = use_purse(&props.stall, Some(props.input.clone())) else { return Html::default() };
    let name = match view.kind {
        PurseKind::GiftCard => speech.fill("cards.title-of", &[("label", &view.label)]),
        PurseKind::Credit | PurseKind::Points => {
            format!("{} · {}", kind_name(&speech, view.kind), view.customer_name).into()
        }
    };
    if !view.is_known {
        let key = if view.kind == PurseKind::GiftCard { "cards.unknown" } else { "purse.empty" };
        return html! { <p class="row row-apart"><span>{ name }</span><span>{ speech.say(key) }</span></p> };
    }
    let most = (view.here_minor - props.paid).max(0).min(props.due);
    let wanted =
        if typed.trim().is_empty() { Some(most) } else { typed::amount(&typed, &props.stall.currency) };
    let pays = wanted.filter(|minor| *minor > 0 && *minor <= most);
    let pay = {
        let (input, view) = (props.input.clone(), view.clone());
        props.on_pay.reform(move |_: MouseEvent| tender(&view, &input, pays.unwrap_or(0)))
    };
    let label = speech.fill("purse.use", &[("amount", &speech.money(pays.unwrap_or(0), &view.currency))]);
    html! {
        <section class="card stack">
            <p class="row row-apart"><span>{ name }</span><strong class="number">{ amount(&speech, &view) }</strong></p>
            if most > 0 {
                <Field label={speech.say("pay.amount")} value={(*typed).clone()} on_input={sets(&typed)} inputmode="decimal"
                    sign={props.stall.currency.clone()} hint={speech.say("purse.amount-hint")}
                    problem={pays.is_none().then(|| speech.fill("purse.most", &[("amount", &speech.money(most, &view.currency))]))} />
                <button type="button" class="button button-main" onclick={pay} disabled={pays.is_none()}>{ label }</button>
            }
            <Elsewhere stall={props.stall.clone()} input={props.input.clone()} view={view.clone()} />
        </section>
    }
}

fn tender(view: &PurseView, input: &PurseInput, amount_minor: i64) -> TenderInput {
    TenderInput {
        kind: TenderKind::Voucher,
        amount_minor,
        // The register writes its own; this one is for the screen.
        reference: match view.kind {
            PurseKind::GiftCard | PurseKind::Credit => purse::reference(view.kind, view.purse, 0),
            PurseKind::Points => "points:".into(),
        },
        seen: true,
        purse: Some(input.clone()),
    }
}
