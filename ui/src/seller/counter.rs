//! The counter: the open cart with its lines and its total, beside the products or, on a phone, as a sheet.

use soko_app_api::{
    BasketLineView, BasketView, DiscountInput, OwnStall, Query, ShareShort, TenderInput, View,
};
use yew::prelude::*;

use super::line::{CartDiscount, Custom, LineSheet};
use super::offer_with::OfferWith;
use super::tabs::{Park, TabState, Tabs, use_tab, use_tabs};
use super::taken_off::reduce;
use crate::acting::{closes, opens, sets};
use crate::cart::{Cart, CartLine};
use crate::customers::OnCounter;
use crate::desk::{Desk, new_cart, use_desk};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Dialog, Empty, Icon, Problem, Stepper, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

/// What the cart costs, as the register computes it; the last answer while it computes.
#[hook]
pub(super) fn use_basket(stall: &OwnStall, cart: &Cart) -> Option<BasketView> {
    let query = (!cart.is_empty()).then(|| priced(stall, cart, Vec::new()));
    let live = use_query(query);
    match live.view() {
        Some(View::Basket(basket)) if !cart.is_empty() => Some(basket.clone()),
        _ => None,
    }
}

/// What the cart would cost, paid like this, less what came back for it.
pub(super) fn priced(stall: &OwnStall, cart: &Cart, tenders: Vec<TenderInput>) -> Query {
    let (stall, lines, discount) = (stall.stall, cart.inputs(), cart.discount);
    match cart.return_input() {
        Some(returned) => Query::Exchange { stall, returned, lines, discount, tenders },
        None => Query::Basket { stall, lines, discount, tenders },
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct CounterProps {
    pub stall: OwnStall,
    #[prop_or_default]
    pub class: Classes,
}

/// What lies over the counter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Nothing,
    Line(u32),
    Discount,
    Custom,
    Park,
}

#[component]
pub(super) fn Counter(props: &CounterProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let basket = use_basket(&props.stall, &cart);
    let over = use_state(|| Over::Nothing);
    let tab = use_tab(&props.stall, &cart);
    let is_paid = tab.as_ref().is_some_and(|tab| tab.closed_by.is_some());
    // What was paid for in part is neither emptied nor put aside before it is a sale, or the money was given back.
    let has_taken = !cart.taken.is_empty();
    let tabs = use_tabs(&props.stall);
    let rows = cart.rows();
    let open = |what: Over| {
        let over = over.clone();
        Callback::from(move |_: MouseEvent| over.set(what))
    };
    let close = sets(&over).reform(|()| Over::Nothing);
    let clear = {
        let (desk, speech) = (desk.clone(), speech.clone());
        Callback::from(move |_: MouseEvent| clear(&desk, &speech))
    };
    let shown = match *over {
        Over::Nothing => Html::default(),
        Over::Line(key) => {
            let own_price_minor = own_price(&cart, basket.as_ref(), key);
            html! { <LineSheet stall={props.stall.clone()} key_of={key} {own_price_minor} on_close={close} /> }
        }
        Over::Discount => html! { <CartDiscount stall={props.stall.clone()} on_close={close} /> },
        Over::Custom => html! { <Custom stall={props.stall.clone()} on_close={close} /> },
        Over::Park => html! { <Park stall={props.stall.clone()} on_close={close} /> },
    };
    html! {
        <aside class={classes!("counter", props.class.clone())} aria-label={speech.say("cart.title")}>
            <header class="counter-head">
                <h2>{ speech.say("cart.title") }</h2>
                <button type="button" class="button-icon" onclick={open(Over::Custom)} aria-label={speech.say("cart.custom")}>
                    { icon(Icon::Pencil) }
                </button>
                <button type="button" class="button-icon" onclick={open(Over::Discount)} disabled={cart.is_empty()}
                    aria-label={speech.say("cart.discount")}>{ icon(Icon::Percent) }</button>
                <button type="button" class="button-icon" onclick={open(Over::Park)}
                    disabled={cart.is_empty() || cart.returned.is_some() || is_paid || has_taken}
                    aria-label={speech.say("tabs.park")}>{ icon(Icon::Pause) }</button>
                <button type="button" class="button-icon" onclick={clear} disabled={cart.is_empty() || has_taken}
                    aria-label={speech.say("cart.clear")}>{ icon(Icon::Trash) }</button>
            </header>
            if let Some(tab) = tab { <TabState {tab} /> }
            <OnCounter stall={props.stall.clone()} />
            if let Some(back) = &cart.returned { <Back number={back.receipt_number} /> }
            { taken(&speech, &cart, &props.stall.currency) }
            if cart.is_empty() {
                <Empty icon={Icon::Basket} title={speech.say("cart.empty")} text={speech.say("cart.empty-text")} />
                <Tabs stall={props.stall.clone()} rows={tabs} />
            } else {
                <ul class="counter-lines">
                    { for rows.iter().enumerate().map(|(place, line)| {
                        let priced = basket.as_ref().and_then(|basket| basket.lines.get(place)).cloned();
                        html! { <Line key={line.key} line={line.clone()} {priced} currency={props.stall.currency.clone()}
                            on_open={open(Over::Line(line.key))} /> }
                    }) }
                </ul>
                <OfferWith stall={props.stall.clone()} cart={cart.clone()} />
                <Sums {basket} cart={cart.clone()} is_connected={props.stall.is_connected} />
            }
            { shown }
        </aside>
    }
}

/// Money that is in the drawer and in no sale yet, and where the rest of it is taken.
fn taken(speech: &Speech, cart: &Cart, currency: &str) -> Html {
    if cart.taken.is_empty() {
        return Html::default();
    }
    let amount = speech.money(cart.taken_minor(), currency);
    html! {
        <div class="notice" role="status">
            <p>{ speech.fill("cart.taken", &[("amount", &amount)]) }</p>
            <Go to={Route::Pay} class="button">{ speech.say("sell.pay-short") }</Go>
        </div>
    }
}

/// Takes all of it off, with a way back.
fn clear(desk: &Desk, speech: &Speech) {
    let before = desk.cart.get();
    if !reduce(desk, new_cart()) {
        return;
    }
    let back = desk.clone();
    let undo = Callback::from(move |()| {
        // Whatever is on the counter by now stays there.
        if back.cart.get().is_empty() {
            back.cart.set(before.clone());
        }
    });
    desk.toasts.offer(speech.say("cart.cleared"), speech.say("action.undo"), undo);
}

/// The product's own price, where the line has another one.
fn own_price(cart: &Cart, basket: Option<&BasketView>, key: u32) -> Option<i64> {
    let place = cart.rows().iter().position(|row| row.key == key)?;
    basket?.lines.get(place)?.own_price_minor
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: CartLine,
    priced: Option<BasketLineView>,
    currency: AttrValue,
    on_open: Callback<MouseEvent>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let line = &props.line;
    let price = speech.price(line.price_minor, &props.currency, line.unit, line.price_per);
    let total = props.priced.as_ref().map(|priced| speech.money(priced.total_minor, &props.currency));
    let own_price = props.priced.as_ref().and_then(|priced| priced.own_price_minor).map(|minor| {
        let price = speech.price(minor, &props.currency, line.unit, line.price_per);
        speech.fill("line.own-price", &[("price", &price)])
    });
    let is_cheaper = line.discount != DiscountInput::None;
    let on_change = {
        let (desk, speech, line) = (desk.clone(), speech.clone(), line.clone());
        Callback::from(move |quantity: i64| {
            let before = desk.cart.get();
            let mut after = before.clone();
            after.set_row(line.key, quantity);
            if reduce(&desk, after) && quantity <= 0 {
                let back = desk.clone();
                let text = speech.fill("cart.removed", &[("name", &line.name)]);
                let undo = Callback::from(move |()| {
                    let mut now = back.cart.get();
                    // Not into another cart; and what happened to this one since stays.
                    if now.sale == before.sale {
                        now.put_row_back(&before, line.key);
                        back.cart.set(now);
                    }
                });
                desk.toasts.offer(text, speech.say("action.undo"), undo);
            }
        })
    };
    html! {
        <li class="counter-line">
            <button type="button" class="counter-name" onclick={props.on_open.clone()}>
                <span class="list-name">{ line.name.clone() }</span>
                <span class="list-more">
                    { price }
                    if is_cheaper { <span class="counter-sign">{ icon(Icon::Percent) }</span> }
                    if let Some(own_price) = own_price { <span class="counter-sign">{ " · " }{ own_price }</span> }
                    if !line.note.is_empty() { <span>{ " · " }{ line.note.clone() }</span> }
                </span>
            </button>
            <div class="counter-much">
                <strong class="number counter-total">{ total }</strong>
                <Stepper label={speech.fill("cart.quantity-of", &[("name", &line.name)])} value={line.quantity}
                    step={line.step()} shown={speech.quantity(line.quantity, line.unit)} {on_change} />
            </div>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct SumsProps {
    basket: Option<BasketView>,
    cart: Cart,
    is_connected: bool,
}

#[component]
fn Sums(props: &SumsProps) -> Html {
    let speech = use_speech();
    let Some(basket) = &props.basket else {
        return html! { <footer class="counter-foot"><crate::parts::Loading rows={1} /></footer> };
    };
    let money = |minor: i64| speech.money(minor, &basket.currency);
    let is_taxed = basket.tax_minor != 0;
    let due = if props.cart.returned.is_some() { basket.due_minor } else { basket.total_minor };
    let rest = due.saturating_sub(props.cart.taken_minor());
    html! {
        <footer class="counter-foot">
            if props.is_connected {
                { beyond(&speech, &props.cart, &basket.short) }
            }
            <dl class="sums">
                if basket.discount_minor != 0 {
                    <div><dt>{ speech.say("sum.goods") }</dt><dd class="number">{ money(basket.gross_minor) }</dd></div>
                    <div><dt>{ speech.say("sum.discount") }</dt><dd class="number">{ money(-basket.discount_minor) }</dd></div>
                }
                if is_taxed {
                    <div><dt>{ speech.say("sum.tax") }</dt><dd class="number">{ money(basket.tax_minor) }</dd></div>
                }
                <div class="sums-total">
                    <dt>{ speech.say("sum.total") }</dt>
                    <dd class="number" aria-live="polite">{ money(basket.total_minor) }</dd>
                </div>
                if props.cart.returned.is_some() {
                    <div><dt>{ speech.say("exchange.returned") }</dt><dd class="number">{ money(-basket.returned_minor) }</dd></div>
                    if basket.change_minor > 0 {
                        <div><dt>{ speech.say("exchange.give-back") }</dt><dd class="number">{ money(basket.change_minor) }</dd></div>
                    }
                }
            </dl>
            if !props.cart.note.is_empty() { <p class="hint">{ props.cart.note.clone() }</p> }
            <Go to={Route::Pay} class="button button-main button-large button-wide">
                { if rest < 0 { speech.say("sell.pay-short") } else { speech.fill("sell.pay", &[("total", &money(rest))]).into() } }
            </Go>
        </footer>
    }
}

#[derive(Properties, PartialEq)]
struct BackProps {
    number: u64,
}

/// Something came back of an earlier sale: what it was, and the way to leave it.
#[component]
fn Back(props: &BackProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let drop = Callback::from(move |_: MouseEvent| desk.cart.change(|cart| cart.returned = None));
    html! {
        <p class="tab-name">
            { icon(Icon::Swap) }
            <span class="grow">{ speech.fill("exchange.of", &[("number", &props.number.to_string())]) }</span>
            <button type="button" class="button-icon" onclick={drop} aria-label={speech.say("exchange.drop")}>{ icon(Icon::Cross) }</button>
        </p>
    }
}

/// Says before Pay that units may be promised to somebody. C40: it warns and never forbids. A stall that is on this
/// device alone has nobody else who could promise any.
pub(super) fn beyond(speech: &Speech, cart: &Cart, short: &[ShareShort]) -> Html {
    let named = short.iter().filter_map(|short| {
        let line = cart.lines.iter().find(|line| line.product == Some(short.product))?;
        let over = speech.quantity(short.asked - short.available.max(0), line.unit);
        Some(format!("{over} × {}", line.name))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return Html::default();
    }
    html! { <Problem text={speech.fill("sell.beyond", &[("goods", &named.join(", "))])} /> }
}

/// On a phone: how much and what it costs, always in sight; a tap opens the counter as a sheet.
#[component]
pub(super) fn CounterBar(props: &CounterProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let basket = use_basket(&props.stall, &cart);
    let is_open = use_state(|| false);
    let tabs = use_tabs(&props.stall);
    let open = opens(&is_open);
    let on_close = closes(&is_open);
    if cart.is_empty() && cart.taken.is_empty() {
        if tabs.is_empty() {
            return Html::default();
        }
        let waiting = i64::try_from(tabs.len()).unwrap_or(i64::MAX);
        return html! {
            <div class="counter-bar">
                <button type="button" class="counter-bar-open" onclick={open}>
                    <span class="counter-bar-sign">{ icon(Icon::Pause) }</span>
                    <span class="list-main"><strong>{ speech.count("tabs.waiting", waiting) }</strong></span>
                </button>
                if *is_open {
                    <Dialog title={speech.say("tabs.open")} on_close={on_close.clone()}>
                        <Tabs stall={props.stall.clone()} rows={tabs} on_taken={on_close} />
                    </Dialog>
                }
            </div>
        };
    }
    let lines = i64::try_from(cart.rows().len()).unwrap_or(i64::MAX);
    let total = basket.as_ref().map(|basket| speech.money(basket.total_minor, &basket.currency));
    html! {
        <div class="counter-bar">
            <button type="button" class="counter-bar-open" onclick={open}>
                <span class="counter-bar-sign">{ icon(Icon::Basket) }</span>
                <span class="list-main">
                    <span class="list-more">{ speech.count("cart.lines", lines) }</span>
                    <strong class="number" aria-live="polite">{ total }</strong>
                </span>
            </button>
            <Go to={Route::Pay} class="button button-main">{ speech.say("sell.pay-short") }</Go>
            if *is_open {
                <Dialog title={speech.say("cart.title")} {on_close} class="dialog-counter">
                    <Counter stall={props.stall.clone()} />
                </Dialog>
            }
        </div>
    }
}
