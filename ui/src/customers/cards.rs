//! Gift cards: selling one, looking at one, and all that were sold.

use soko_app_api::{Answer, Call, OwnStall, PurseInput, PurseRow, Query, View, Window};
use soko_domain::purse::CardCode;
use yew::prelude::*;

use super::card::{Card, SoldCard};
use super::fill::Fill;
use crate::acting::{closes, opens, sets};
use crate::app::use_stall;
use crate::browser;
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Empty, Field, Icon, Loading, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[component]
pub(super) fn Cards() -> Html {
    match use_stall() {
        Some(stall) => html! { <All {stall} /> },
        None => html! { <Loading rows={6} /> },
    }
}

#[derive(Properties, PartialEq)]
struct AllProps {
    stall: OwnStall,
}

#[component]
fn All(props: &AllProps) -> Html {
    let speech = use_speech();
    let sells = use_state(|| false);
    // A new code for each card that is begun.
    let code = *use_memo(*sells, |_| CardCode::of_chance(browser::chance()));
    let sold = use_state(|| None::<(CardCode, i64)>);
    let looked_at = use_state(|| None::<PurseInput>);
    use_card_scans(&looked_at);
    let on_done = {
        let (sold, sells) = (sold.setter(), sells.setter());
        Callback::from(move |units: i64| {
            sells.set(false);
            sold.set(Some((code, units)));
        })
    };
    if let Some((code, amount_minor)) = *sold {
        let on_close = {
            let sold = sold.setter();
            Callback::from(move |()| sold.set(None))
        };
        return html! {
            <section class="page page-narrow receipt-page"><SoldCard stall={props.stall.clone()} {code} {amount_minor} {on_close} /></section>
        };
    }
    let on_look = sets(&looked_at);
    let close_look = {
        let looked_at = looked_at.setter();
        Callback::from(move |()| looked_at.set(None))
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Today} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("cards.title") }</h1>
                <button type="button" class="button button-main" onclick={opens(&sells)}>{ icon(Icon::Plus) }{ speech.say("cards.sell") }</button>
            </header>
            <Check on_look={on_look.reform(Some)} />
            <List stall={props.stall.clone()} on_look={on_look.reform(Some)} />
            if *sells {
                <Fill stall={props.stall.clone()} purse={PurseInput::Card(code.to_string())} title={speech.say("cards.sell")}
                    {on_done} on_close={closes(&sells)} />
            }
            if let Some(input) = &*looked_at {
                <Card stall={props.stall.clone()} input={input.clone()} on_close={close_look} />
            }
        </section>
    }
}

/// A card that is scanned is looked at.
#[hook]
fn use_card_scans(looked_at: &UseStateHandle<Option<PurseInput>>) {
    let (desk, looked_at) = (use_desk(), looked_at.setter());
    use_effect_with((), move |()| {
        let listening = desk.scans.listen(move |code| {
            if let Some(code) = CardCode::parse(code) {
                looked_at.set(Some(PurseInput::Card(code.to_string())));
            }
        });
        move || drop(listening)
    });
}

#[derive(Properties, PartialEq)]
struct CheckProps {
    on_look: Callback<PurseInput>,
}

/// What is on the card with this code?
#[component]
fn Check(props: &CheckProps) -> Html {
    let speech = use_speech();
    let text = use_state(String::new);
    let code = CardCode::parse(&text);
    let is_wrong = code.is_none() && text.chars().filter(char::is_ascii_alphanumeric).count() >= 16;
    let onsubmit = {
        let (on_look, text) = (props.on_look.clone(), text.setter());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if let Some(code) = code {
                on_look.emit(PurseInput::Card(code.to_string()));
                text.set(String::new());
            }
        })
    };
    html! {
        <form class="card stack" {onsubmit}>
            <Field label={speech.say("cards.code")} value={(*text).clone()} on_input={sets(&text)} hint={speech.say("cards.code-hint")}
                problem={is_wrong.then(|| speech.say("cards.code-wrong"))} class="field-code" />
            <footer class="dialog-foot">
                <button type="submit" class="button" disabled={code.is_none()}>{ speech.say("cards.check") }</button>
            </footer>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
    on_look: Callback<PurseInput>,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let call = Call::Ask(Query::Cards { stall: props.stall.stall, window: Window::first(1) });
    let slot = {
        let (speech, on_look) = (speech.clone(), props.on_look.clone());
        Callback::from(move |slot: Slot| {
            let Answer::View(View::Cards(rows)) = &*slot.answer else { return Html::default() };
            rows.get(slot.at).map_or_else(Html::default, |row| row_of(&speech, row, &on_look))
        })
    };
    let empty = html! { <Empty icon={Icon::Card} title={speech.say("cards.none")} text={speech.say("cards.none-text")} /> };
    html! { <Windowed label={speech.say("cards.title")} {call} {slot} {empty} /> }
}

fn row_of(speech: &Speech, row: &PurseRow, on_look: &Callback<PurseInput>) -> Html {
    let purse = row.purse;
    let onclick = on_look.reform(move |_: MouseEvent| PurseInput::Listed(purse));
    html! {
        <button type="button" class="list-row" {onclick}>
            { icon(Icon::Card) }
            <span class="list-main">
                <span class="list-name">{ speech.fill("cards.title-of", &[("label", &row.label)]) }</span>
                <span class="list-more number">{ speech.day_and_time(row.first_at_ms, None) }</span>
            </span>
            <span class="list-end number">{ speech.money(row.total_minor, &row.currency) }</span>
        </button>
    }
}
