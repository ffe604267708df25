//! All customers, and finding one by name or number.

use soko_app_api::{Answer, Call, CustomerInput, CustomerRow, OwnStall, Query, View, Window};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::form::CustomerForm;
use crate::acting::{closes, opens, sets};
use crate::app::use_stall;
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Empty, Icon, Loading, SearchBox, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[component]
pub(super) fn Customers() -> Html {
    match use_stall() {
        Some(stall) => html! { <List {stall} /> },
        None => html! { <Loading rows={6} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let text = use_state(String::new);
    let adds = use_state(|| false);
    let on_saved = Callback::from(move |customer: ThingId| desk.go(Route::Customer(customer)));
    let on_choose = {
        let desk = use_desk();
        Callback::from(move |row: CustomerRow| desk.go(Route::Customer(row.customer)))
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Today} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("customers.title") }</h1>
                <button type="button" class="button button-main" onclick={opens(&adds)}>{ icon(Icon::Plus) }{ speech.say("customer.add") }</button>
            </header>
            <SearchBox label={speech.say("customers.search")} value={(*text).clone()} on_input={sets(&text)} />
            <Found stall={props.stall.clone()} text={(*text).clone()} {on_choose} />
            if *adds {
                <CustomerForm stall={props.stall.clone()} customer={None::<ThingId>} about={CustomerInput { name: (*text).clone(), ..CustomerInput::default() }}
                    {on_saved} on_close={closes(&adds)} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct FoundProps {
    pub stall: OwnStall,
    pub text: String,
    pub on_choose: Callback<CustomerRow>,
}

#[component]
pub(super) fn Found(props: &FoundProps) -> Html {
    let speech = use_speech();
    let (stall, text) = (props.stall.stall, props.text.trim().to_owned());
    let is_searching = !text.is_empty();
    let call = Call::Ask(Query::Customers { stall, text, window: Window::first(1) });
    let on_choose = props.on_choose.clone();
    let slot = Callback::from(move |slot: Slot| {
        let Answer::View(View::Customers(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| row_of(row, &on_choose))
    });
    let (title, more) = if is_searching {
        ("customers.not-found", "customers.not-found-text")
    } else {
        ("customers.none", "customers.none-text")
    };
    let empty = html! { <Empty icon={Icon::Person} title={speech.say(title)} text={speech.say(more)} /> };
    html! { <Windowed label={speech.say("customers.title")} {call} {slot} {empty} /> }
}

fn row_of(row: &CustomerRow, on_choose: &Callback<CustomerRow>) -> Html {
    let chosen = row.clone();
    let onclick = on_choose.reform(move |_: MouseEvent| chosen.clone());
    let more = [row.phone.as_str(), row.email.as_str()].into_iter().find(|text| !text.is_empty());
    html! {
        <button type="button" class="list-row" {onclick}>
            { icon(Icon::Person) }
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span>
                if let Some(more) = more { <span class="list-more" dir="auto">{ more.to_owned() }</span> }
            </span>
            { icon(Icon::Forward) }
        </button>
    }
}
