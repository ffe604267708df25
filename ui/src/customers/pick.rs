//! Whose sale it is: a customer on the counter.

use soko_app_api::{CustomerInput, CustomerRow, OwnStall};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::form::CustomerForm;
use super::list::Found;
use super::use_customer_name;
use crate::acting::{closes, opens, sets};
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Dialog, Icon, SearchBox, icon};
use crate::route::Route;
use crate::speech::use_speech;
use crate::watched::use_watched;

#[derive(Properties, PartialEq)]
pub struct OnCounterProps {
    pub stall: OwnStall,
}

/// The customer of the open cart, or the way to choose one.
#[component]
pub fn OnCounter(props: &OnCounterProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let name = use_customer_name(&props.stall, cart.customer);
    let picks = use_state(|| false);
    let remove = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.cart.change(|cart| cart.customer = None))
    };
    let on_pick = {
        let (desk, close) = (desk.clone(), closes(&picks));
        Callback::from(move |customer: ThingId| {
            desk.cart.change(|cart| cart.customer = Some(customer));
            close.emit(());
        })
    };
    html! {
        <div class="counter-customer row row-apart">
            if let Some(customer) = cart.customer {
                <Go to={Route::Customer(customer)} class="row">{ icon(Icon::Person) }<strong>{ name }</strong></Go>
                <button type="button" class="button-icon" onclick={remove} aria-label={speech.say("customer.off-sale")}>{ icon(Icon::Cross) }</button>
            } else {
                <button type="button" class="button button-quiet" onclick={opens(&picks)}>{ icon(Icon::Person) }{ speech.say("customer.on-sale") }</button>
            }
            if *picks { <Pick stall={props.stall.clone()} {on_pick} on_close={closes(&picks)} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct PickProps {
    pub stall: OwnStall,
    pub on_pick: Callback<ThingId>,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn Pick(props: &PickProps) -> Html {
    let speech = use_speech();
    let text = use_state(String::new);
    let adds = use_state(|| false);
    let on_choose = props.on_pick.reform(|row: CustomerRow| row.customer);
    if *adds {
        let about = CustomerInput { name: (*text).clone(), ..CustomerInput::default() };
        return html! {
            <CustomerForm stall={props.stall.clone()} customer={None::<ThingId>} {about} on_saved={props.on_pick.clone()} on_close={closes(&adds)} />
        };
    }
    html! {
        <Dialog title={speech.say("customer.on-sale")} on_close={props.on_close.clone()}>
            <div class="stack">
                <SearchBox label={speech.say("customers.search")} value={(*text).clone()} on_input={sets(&text)} autofocus=true />
                <div class="pick-list scrolls"><Found stall={props.stall.clone()} text={(*text).clone()} {on_choose} /></div>
                <footer class="dialog-foot">
                    <button type="button" class="button button-main" onclick={opens(&adds)}>{ icon(Icon::Plus) }{ speech.say("customer.add") }</button>
                </footer>
            </div>
        </Dialog>
    }
}
