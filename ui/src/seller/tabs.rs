//! Open orders at the counter: put the cart aside under a name, take one up again, from whichever register it came, and
//! follow what others do to it meanwhile.

use soko_app_api::{Answer, Call, OpenOrderRow, OpenOrderView, OwnStall, Query, Verb, View, Window};
use soko_domain::ids::{LogId, OrderId, SaleId, ThingId};
use yew::prelude::*;

use crate::acting::{Acting, sets, use_acting};
use crate::browser;
use crate::cart::{Cart, NotTaken, emptied};
use crate::desk::{Desk, new_cart, use_desk};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Confirm, Dialog, Field, Icon, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

/// More open orders than a counter looks through.
const TABS_MAX: u32 = 100;

/// The open order that the cart is, as everybody sees it; the cart follows it.
#[hook]
pub(super) fn use_tab(stall: &OwnStall, cart: &Cart) -> Option<OpenOrderView> {
    let desk = use_desk();
    let order = cart.tab.as_ref().map(|tab| tab.order);
    let live = use_query(order.map(|order| Query::OpenOrder { stall: stall.stall, order }));
    let view = match live.view() {
        Some(View::OpenOrder(view)) if Some(view.order) == order => Some(view.clone()),
        _ => None,
    };
    // Also where the cart was changed by what did not know of it yet.
    use_effect_with((view.clone(), cart.clone()), move |(view, _)| {
        let Some(view) = view else { return };
        let mut cart = desk.cart.get();
        if cart.follow(view) {
            desk.cart.set(cart);
        }
    });
    view
}

#[hook]
pub(super) fn use_tabs(stall: &OwnStall) -> Vec<OpenOrderRow> {
    let live = use_query(Some(Query::OpenOrders { stall: stall.stall, window: Window::first(TABS_MAX) }));
    if let Some(View::OpenOrders(rows)) = live.view() { rows.clone() } else { Vec::new() }
}

#[derive(Properties, PartialEq)]
pub(super) struct TabStateProps {
    pub tab: OpenOrderView,
}

/// Which open order is on the counter, and that it was paid elsewhere, where it was: what was never in it is sold still.
#[component]
pub(super) fn TabState(props: &TabStateProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let Some(sale) = props.tab.closed_by else {
        let title = html! { <p class="tab-name">{ icon(Icon::Note) }{ props.tab.title.clone() }</p> };
        return html! { <>{ title }{ for props.tab.paid_by.map(|sale| rest(&speech, sale)) }</> };
    };
    let has_rest = !cart.beside_tab(new_cart()).is_blank();
    let leave =
        Callback::from(move |_: MouseEvent| desk.cart.change(|cart| *cart = cart.beside_tab(new_cart())));
    let said = speech.say(if has_rest { "tabs.keep-rest" } else { "cart.clear" });
    html! {
        <div class="notice" role="alert">
            <p>{ speech.fill("tabs.closed", &[("title", &props.tab.title)]) }</p>
            <Go to={Route::Sale(sale)} class="button">{ speech.say("tabs.receipt") }</Go>
            <button type="button" class="button" onclick={leave}>{ said }</button>
        </div>
    }
}

/// Some of it was paid, and this was not.
fn rest(speech: &Speech, sale: SaleId) -> Html {
    html! {
        <div class="notice" role="status">
            <p>{ speech.say("tabs.rest-text") }</p>
            <Go to={Route::Sale(sale)} class="button">{ speech.say("tabs.receipt") }</Go>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ParkProps {
    pub stall: OwnStall,
    pub on_close: Callback<()>,
}

/// Puts the cart aside.
#[component]
pub(super) fn Park(props: &ParkProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let title =
        use_state(|| acting.desk.cart.get().tab.as_ref().map(|tab| tab.title.clone()).unwrap_or_default());
    let onsubmit = {
        let (acting, title, stall, on_close) =
            (acting.clone(), title.clone(), props.stall.stall, props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, speech, on_close) = (acting.desk.clone(), acting.speech.clone(), on_close.clone());
            // The identities are kept in the cart before anything is sent, so that a repeat puts the same lines.
            desk.cart.change(|cart| cart.send(|| ThingId(browser::chance())));
            let cart = desk.cart.get();
            let Some(tab) = &cart.tab else { return };
            let title = if title.trim().is_empty() {
                speech.say("tabs.untitled").to_string()
            } else {
                title.trim().to_owned()
            };
            let edits = cart.parked(&title);
            let order = tab.order;
            acting.try_to(stall, Verb::EditOpenOrder { order, edits }, move |outcome| {
                // What was scanned meanwhile is the next customer's.
                desk.cart.change(|now| {
                    if outcome.is_ok() && now.sale == cart.sale {
                        *now = now.since(&cart, new_cart());
                    }
                });
                if let Err(trouble) = outcome {
                    return desk.toasts.error(trouble.sentence(&speech));
                }
                desk.toasts.done(speech.fill("tabs.parked", &[("title", &title)]));
                on_close.emit(());
            });
        })
    };
    html! {
        <Dialog title={speech.say("tabs.park")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("tabs.title")} value={(*title).clone()} on_input={sets(&title)} autofocus=true
                    hint={speech.say("tabs.title-hint")} />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={acting.is_busy()}>{ speech.say("tabs.park") }</button>
                </footer>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct TabsProps {
    pub stall: OwnStall,
    pub rows: Vec<OpenOrderRow>,
    #[prop_or_default]
    pub on_taken: Callback<()>,
}

/// The open orders, each to be taken up by a tap, or closed where nobody wants it. Shown where the cart is empty.
#[component]
pub(super) fn Tabs(props: &TabsProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let discarded = use_state(|| None::<OpenOrderView>);
    if props.rows.is_empty() {
        return Html::default();
    }
    let stall = props.stall.stall;
    let row = |row: &OpenOrderRow| {
        let take = {
            let (to, words, on_taken) = (desk.clone(), speech.clone(), props.on_taken.clone());
            with_tab(&desk, &speech, (stall, row.order), move |view| {
                // Something may have been tapped or scanned since the press.
                match to.cart.get().with_tab(&view) {
                    Ok(cart) => to.cart.set(cart),
                    Err(NotTaken::Other) => to.toasts.error(words.say("tabs.other")),
                    Err(NotTaken::Full) => to.toasts.error(words.say("cart.full")),
                }
                on_taken.emit(());
            })
        };
        let discard = {
            let discarded = discarded.setter();
            with_tab(&desk, &speech, (stall, row.order), move |view| discarded.set(Some(view)))
        };
        html! {
            <div class="tab-row" key={row.order.to_string()}>
                <button type="button" class="list-row" onclick={take}>
                    { icon(Icon::Note) }
                    <span class="list-main"><span class="list-name">{ row.title.clone() }</span>
                        <span class="list-more">{ speech.count("cart.lines", i64::from(row.lines)) }
                            </span>
                        if row.is_rest { <Badge tone={SavedTone::Waiting} text={speech.say("tabs.rest")} /> }</span>
                    { icon(Icon::Forward) }
                </button>
                <button type="button" class="button-icon" onclick={discard}
                    aria-label={speech.fill("tabs.discard", &[("title", &row.title)])}>{ icon(Icon::Trash) }</button>
            </div>
        }
    };
    let on_close = sets(&discarded).reform(|()| None);
    html! {
        <section class="tabs-open">
            <h3>{ speech.say("tabs.open") }</h3>
            { for props.rows.iter().map(row) }
            if let Some(tab) = (*discarded).clone() {
                <Discard stall={props.stall.clone()} {tab} {on_close} />
            }
        </section>
    }
}

/// Does something with an open order as it stands when it is pressed.
fn with_tab(
    desk: &Desk,
    speech: &Speech,
    (stall, order): (LogId, OrderId),
    then: impl Fn(OpenOrderView) + Clone + 'static,
) -> Callback<MouseEvent> {
    let (desk, speech) = (desk.clone(), speech.clone());
    Callback::from(move |_: MouseEvent| {
        let (desk, speech, then) = (desk.clone(), speech.clone(), then.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let call = Call::Ask(Query::OpenOrder { stall, order });
            let Answer::View(View::OpenOrder(view)) = desk.call(call).await else {
                desk.toasts.error(speech.say("tabs.gone"));
                return;
            };
            then(view);
        });
    })
}

#[derive(Properties, PartialEq)]
struct DiscardProps {
    stall: OwnStall,
    tab: OpenOrderView,
    on_close: Callback<()>,
}

/// Asks before an open order that nobody wants is closed: with a reason where the customer was told its total, so that putting a
/// cart aside is no way around that.
#[component]
fn Discard(props: &DiscardProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (tab, named) = (&props.tab, [("title", props.tab.title.as_str())]);
    let on_confirm = {
        let (acting, stall, tab, on_close) =
            (acting.clone(), props.stall.stall, tab.clone(), props.on_close.clone());
        Callback::from(move |reason: String| {
            let (then, tab, on_close) = (acting.clone(), tab.clone(), on_close.clone());
            if !tab.is_told {
                return empty(&acting, stall, &tab, on_close);
            }
            let fresh = new_cart();
            let lines = Cart::of_tab(&tab, fresh.sale, fresh.command).taken_off(&new_cart(), "");
            let off = Verb::TakeOff { sale: fresh.sale, lines, reason };
            acting.act(stall, off, move |_| empty(&then, stall, &tab, on_close));
        })
    };
    let text = speech.say(match tab.paid_by {
        Some(_) => "tabs.discard-rest",
        None if tab.is_told => "tabs.discard-told",
        None => "tabs.discard-text",
    });
    html! {
        <Confirm title={speech.fill("tabs.discard-title", &named)} {text} action={speech.say("tabs.discard-do")}
            asks_reason={tab.is_told} {on_confirm} on_close={props.on_close.clone()} />
    }
}

/// One of which nothing is to be paid is open nowhere.
fn empty(acting: &Acting, stall: LogId, tab: &OpenOrderView, on_close: Callback<()>) {
    let edits = emptied(tab, ThingId(browser::chance()));
    let (desk, text) = (acting.desk.clone(), acting.speech.fill("tabs.discarded", &[("title", &tab.title)]));
    acting.act(stall, Verb::EditOpenOrder { order: tab.order, edits }, move |_| {
        desk.toasts.done(text);
        on_close.emit(());
    });
}
