//! Taking the money: what is due, how it is paid, what comes back. The sale is on the disk before the receipt is
//! shown; pressing again does it once.

use soko_app_api::text::Worded as _;
use soko_app_api::{BasketView, BeyondShare, Command, DrawerFor, OwnStall, Reply, TenderInput, Verb, View};
use soko_domain::basket::TenderKind;
use soko_domain::money::Currency;
use yew::prelude::*;

use super::counter::{beyond, priced, use_basket};
use super::shift::{OpenDrawer, use_shift};
use super::tabs::{TabState, use_tab};
use super::tenders::{KINDS, Paying};
use super::with_stall;
use crate::acting::closes;
use crate::cart::Cart;
use crate::customers::{PayFromPurse, payment_name};
use crate::desk::{Desk, Trouble, new_cart, use_desk};
use crate::live::use_query;
use crate::nav::Go;
use crate::notes;
use crate::paper;
use crate::parts::{Empty, Field, Icon, Loading, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::typed;
use crate::watched::use_watched;

#[component]
pub(super) fn Pay() -> Html {
    with_stall(|stall| html! { <Cashing {stall} /> })
}

#[derive(Properties, PartialEq)]
struct CashingProps {
    stall: OwnStall,
}

#[component]
fn Cashing(props: &CashingProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let basket = use_basket(&props.stall, &cart);
    if cart.is_empty() && !cart.taken.is_empty() {
        return html! { <GiveBack stall={props.stall.clone()} {cart} /> };
    }
    if cart.is_empty() {
        return html! {
            <Empty icon={Icon::Basket} title={speech.say("cart.empty")} text={speech.say("cart.empty-text")}>
                <Go to={Route::Sell} class="button button-main">{ speech.say("nav.sell") }</Go>
            </Empty>
        };
    }
    let Some(basket) = basket else { return html! { <Loading /> } };
    html! { <Paid stall={props.stall.clone()} {cart} {basket} /> }
}

#[derive(Properties, PartialEq)]
struct GiveBackProps {
    stall: OwnStall,
    cart: Cart,
}

/// A part was taken, and nothing is left that it could pay.
#[component]
fn GiveBack(props: &GiveBackProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let on_change = keeps_with_cart(desk);
    html! {
        <section class="page page-narrow pay">
            { head(&speech) }
            <p class="problem" role="status">{ speech.say("pay.give-back") }</p>
            <Added taken={props.cart.taken.clone()} currency={props.stall.currency.clone()} {on_change} />
        </section>
    }
}

fn head(speech: &Speech) -> Html {
    html! {
        <header class="page-head">
            <Go to={Route::Sell} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
            <h1>{ speech.say("pay.title") }</h1>
        </header>
    }
}

#[derive(Properties, PartialEq)]
struct PaidProps {
    stall: OwnStall,
    cart: Cart,
    basket: BasketView,
}

#[component]
fn Paid(props: &PaidProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    {
        let desk = desk.clone();
        use_effect_with((), move |()| desk.cart.change(|cart| cart.is_told = true));
    }
    let shift = use_shift(&props.stall);
    let tab = use_tab(&props.stall, &props.cart);
    let is_closed = tab.as_ref().is_some_and(|tab| tab.closed_by.is_some());
    let (is_busy, opens) = (use_state(|| false), use_state(|| false));
    let (paying, set) = use_paying(props.cart.taken.clone(), keeps_with_cart(desk.clone()));
    let currency = props.stall.currency.clone();
    let before = use_settled(props, paying.added.clone());
    let due = due(&before, &paying, &props.basket);
    let tenders = paying.tenders(due, &currency);
    let after = use_settled(props, tenders.clone().unwrap_or_default());
    // The answer may still be one to what was typed before.
    let excess = props.basket.excess_minor;
    let is_settled = after.as_ref().is_some_and(|after| after.due_minor == 0 && after.excess_minor == 0)
        && tenders.is_some();
    let rounding = after.as_ref().filter(|_| is_settled).map_or(0, |after| after.cash_rounding_minor);
    let change = after.as_ref().filter(|_| is_settled).map_or(0, |after| after.change_minor);
    let take = {
        let till = Till { desk: desk.clone(), speech: speech.clone(), is_busy: is_busy.clone() };
        let (stall, cart, opens) = (props.stall.stall, props.cart.clone(), opens.clone());
        let is_short = !props.basket.short.is_empty();
        Callback::from(move |_: MouseEvent| {
            if shift == Some(None) {
                opens.set(true);
                return;
            }
            let Some(tenders) = tenders.clone().filter(|_| is_settled) else { return };
            till.take(command(stall, &cart, tenders, is_short), cart.clone());
        })
    };
    let on_pay = {
        let paying = paying.clone();
        set.reform(move |tender| paying.with(tender))
    };
    let on_close = closes(&opens);
    html! {
        <section class="page page-narrow pay">
            { head(&speech) }
            <p class="pay-due">
                <span>{ speech.say("pay.due") }</span>
                <strong class="number" aria-live="polite">{ speech.money(due, &currency) }</strong>
            </p>
            if let Some(tab) = tab { <TabState {tab} /> }
            if props.stall.is_connected {
                { beyond(&speech, &props.cart, &props.basket.short) }
            }
            <Means paying={paying.clone()} {due} currency={currency.clone()} set={set.clone()} />
            <PayFromPurse stall={props.stall.clone()} {due} added={paying.added.clone()} {on_pay} />
            <footer class="pay-foot">
                { outcome(&speech, &currency, (rounding, excess, change)) }
                <button type="button" class="button button-main button-large button-wide" onclick={take}
                    disabled={!is_settled || is_closed || *is_busy}>
                    { speech.say(if *is_busy { "pay.taking" } else { "pay.take" }) }
                </button>
            </footer>
            if *opens { <OpenDrawer stall={props.stall.clone()} {on_close} /> }
        </section>
    }
}

/// What coins do to the total, what no change is given of, and what is given back.
fn outcome(speech: &Speech, currency: &str, (rounding, excess, change): (i64, i64, i64)) -> Html {
    html! {
        <>
            if rounding != 0 {
                <p class="row row-apart"><span>{ speech.say("receipt.rounding") }</span>
                    <span class="number">{ speech.money(rounding, currency) }</span></p>
            }
            if excess > 0 {
                <p class="problem" role="status">
                    { speech.fill("exchange.excess", &[("amount", &speech.money(excess, currency))]) }
                </p>
            }
            if change > 0 {
                <p class="pay-change" aria-live="polite">
                    <span>{ speech.say("pay.change") }</span>
                    <strong class="number">{ speech.money(change, currency) }</strong>
                </p>
            }
        </>
    }
}

/// What was taken is kept with the cart: a page that is left, locked or started anew has it.
fn keeps_with_cart(desk: Desk) -> Callback<Vec<TenderInput>> {
    Callback::from(move |taken: Vec<TenderInput>| desk.cart.change(|cart| cart.taken = taken))
}

/// What is being typed, with what was taken already, which somebody keeps.
#[hook]
pub(super) fn use_paying(
    taken: Vec<TenderInput>,
    keep: Callback<Vec<TenderInput>>,
) -> (Paying, Callback<Paying>) {
    let typed = use_state(Paying::default);
    let paying = Paying { added: taken.clone(), ..(*typed).clone() };
    let typed = typed.setter();
    let set = Callback::from(move |now: Paying| {
        if now.added != taken {
            keep.emit(now.added.clone());
        }
        typed.set(now);
    });
    (paying, set)
}

/// What would be due and come back with these payments.
#[hook]
fn use_settled(props: &PaidProps, tenders: Vec<TenderInput>) -> Option<BasketView> {
    let live = use_query(Some(priced(&props.stall, &props.cart, tenders)));
    if let Some(View::Basket(basket)) = live.view() { Some(basket.clone()) } else { None }
}

fn due(before: &Option<BasketView>, paying: &Paying, basket: &BasketView) -> i64 {
    let view = before.as_ref().filter(|_| !paying.added.is_empty()).unwrap_or(basket);
    if paying.kind == TenderKind::Cash { view.due_in_cash_minor } else { view.due_minor }
}

fn command(
    stall: soko_domain::ids::LogId,
    cart: &Cart,
    tenders: Vec<TenderInput>,
    is_short: bool,
) -> Command {
    // The cashier was told above the button.
    let beyond = if is_short { BeyondShare::Allow } else { BeyondShare::Refuse };
    let (sale, lines, discount) = (cart.sale, cart.inputs(), cart.discount);
    let about = cart.about();
    let goods = Verb::MakeSale { sale, lines, discount, tenders, beyond, about };
    let verb = match cart.return_input() {
        Some(returned) => Verb::Exchange { returned, sale: Box::new(goods) },
        None => goods,
    };
    Command { id: cart.command, stall, verb }
}

/// Whether money goes into the drawer or out of it.
#[expect(clippy::wildcard_enum_match_arm, reason = "only a sale is paid")]
fn takes_cash(verb: &Verb) -> bool {
    match verb {
        Verb::MakeSale { tenders, .. } => tenders.iter().any(|tender| tender.kind == TenderKind::Cash),
        Verb::Exchange { sale, .. } => takes_cash(sale),
        _ => false,
    }
}

#[derive(Clone)]
struct Till {
    desk: Desk,
    speech: Speech,
    is_busy: UseStateHandle<bool>,
}

impl Till {
    fn take(&self, command: Command, sold: Cart) {
        if *self.is_busy {
            return;
        }
        self.is_busy.set(true);
        let till = self.clone();
        let has_cash = takes_cash(&command.verb);
        till.desk.paying.set(Some(sold.sale));
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = till.desk.send(command).await;
            till.is_busy.set(false);
            till.desk.paying.set(None);
            match outcome {
                Ok(Reply::Sold { sale, .. }) => {
                    // What was scanned meanwhile is the next customer's.
                    till.desk.cart.change(|cart| {
                        if cart.sale == sold.sale {
                            *cart = cart.since(&sold, new_cart());
                        }
                    });
                    till.desk.toasts.forget_errors();
                    if has_cash {
                        paper::open_drawer(&till.desk, &till.speech, DrawerFor::Sale);
                    }
                    till.desk.go_instead(Route::Receipt(sale));
                }
                Ok(_) => till.desk.toasts.error(till.speech.say("link.unreadable")),
                Err(trouble) => {
                    // A refusal is the answer to every repeat, so the next try is another command, and another sale:
                    // this one's identity may be that of a sale that was made. What could not be tried may have been
                    // done: that one keeps its identity.
                    if matches!(trouble, Trouble::Refused(_)) {
                        let Cart { sale, command, .. } = new_cart();
                        till.desk.cart.change(|cart| (cart.sale, cart.command) = (sale, command));
                    }
                    till.desk.toasts.error(trouble.sentence(&till.speech));
                }
            }
        });
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct MeansProps {
    pub(super) paying: Paying,
    pub(super) due: i64,
    pub(super) currency: AttrValue,
    pub(super) set: Callback<Paying>,
}

/// By which means, and how much of it.
#[component]
pub(super) fn Means(props: &MeansProps) -> Html {
    let speech = use_speech();
    let (paying, currency) = (props.paying.clone(), props.currency.clone());
    let tab = |kind: TenderKind| {
        let paying = paying.clone();
        let onclick = props.set.reform(move |_: MouseEvent| Paying {
            kind,
            amount: String::new(),
            seen: false,
            ..paying.clone()
        });
        let pressed = if kind == props.paying.kind { "true" } else { "false" };
        html! {
            <button type="button" class="means" aria-pressed={pressed} {onclick}>
                { icon(sign(kind)) }<span>{ name(&speech, kind) }</span>
            </button>
        }
    };
    let on_change = {
        let paying = paying.clone();
        props.set.reform(move |added: Vec<TenderInput>| Paying { added, ..paying.clone() })
    };
    html! {
        <>
            <Added taken={paying.added.clone()} currency={currency.clone()} {on_change} />
            <div class="means-row" role="group" aria-label={speech.say("pay.means")}>{ for KINDS.iter().map(|kind| tab(*kind)) }</div>
            <Amount paying={paying.clone()} due={props.due} currency={currency.clone()} set={props.set.clone()} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct AddedProps {
    taken: Vec<TenderInput>,
    currency: AttrValue,
    on_change: Callback<Vec<TenderInput>>,
}

/// The parts that were taken already; each can be given back.
#[component]
fn Added(props: &AddedProps) -> Html {
    let speech = use_speech();
    if props.taken.is_empty() {
        return Html::default();
    }
    let remove = |place: usize| {
        let taken = props.taken.clone();
        props.on_change.reform(move |_: MouseEvent| {
            let mut now = taken.clone();
            now.remove(place);
            now
        })
    };
    let part = |(place, tender): (usize, &TenderInput)| {
        html! {
            <li class="row row-apart">
                <span>{ payment_name(&speech, tender.kind, &tender.reference) }</span>
                <span class="row"><strong class="number">{ speech.money(tender.amount_minor, &props.currency) }</strong>
                    <button type="button" class="button-icon" onclick={remove(place)}
                        aria-label={speech.say("line.remove")}>{ icon(Icon::Cross) }</button>
                </span>
            </li>
        }
    };
    html! { <ul class="plain pay-added">{ for props.taken.iter().enumerate().map(part) }</ul> }
}

#[component]
fn Amount(props: &MeansProps) -> Html {
    let speech = use_speech();
    let (paying, due, currency) = (props.paying.clone(), props.due, props.currency.clone());
    let with = |change: fn(&mut Paying, String)| {
        let paying = paying.clone();
        props.set.reform(move |text: String| {
            let mut now = paying.clone();
            change(&mut now, text);
            now
        })
    };
    let quick = |minor: i64, shown: AttrValue| {
        let (paying, amount) = (paying.clone(), typed::plain(minor, &currency));
        let pressed = if paying.amount == amount { "true" } else { "false" };
        let onclick =
            props.set.reform(move |_: MouseEvent| Paying { amount: amount.clone(), ..paying.clone() });
        html! { <button type="button" class="quick number" aria-pressed={pressed} {onclick}>{ shown }</button> }
    };
    let exponent = Currency::parse(&currency).map_or(2, Currency::exponent);
    let is_cash = paying.kind == TenderKind::Cash;
    let split = {
        let (paying, currency) = (paying.clone(), currency.clone());
        props.set.reform(move |_: MouseEvent| {
            let mut now = paying.clone();
            now.add(due, &currency);
            now
        })
    };
    let seen = {
        let paying = paying.clone();
        props.set.reform(move |_: Event| Paying { seen: !paying.seen, ..paying.clone() })
    };
    let label = speech.say(if is_cash { "pay.received" } else { "pay.amount" });
    let shown = speech.money(due, &currency);
    html! {
        <div class="stack">
            if is_cash {
                <div class="quick-row" role="group" aria-label={speech.say("pay.quick")}>
                    { quick(due, speech.fill("pay.exact", &[("amount", &shown)])) }
                    { for notes::likely(due, exponent).into_iter().map(|minor| quick(minor, speech.money(minor, &currency).into())) }
                </div>
            }
            <Field {label} value={paying.amount.clone()} on_input={with(|paying, text| paying.amount = text)} inputmode="decimal"
                sign={currency.clone()} class="field-money" hint={speech.say("pay.amount-hint")} />
            if !is_cash {
                <Field label={speech.say("pay.reference")} value={paying.reference.clone()}
                    on_input={with(|paying, text| paying.reference = text)} hint={speech.say("pay.reference-hint")} />
            }
            if paying.kind == TenderKind::MobileMoney {
                <label class="check">
                    <input type="checkbox" checked={paying.seen} onchange={seen} />
                    <span>{ speech.say("pay.seen") }</span>
                </label>
                if !paying.seen {
                    <p class="hint">{ speech.say("pay.claimed") }</p>
                } else if paying.reference.trim().is_empty() {
                    <p class="hint" role="status">{ speech.say("pay.seen-code") }</p>
                }
            }
            if paying.is_part(due, &currency) {
                <button type="button" class="button" onclick={split}>{ icon(Icon::Split) }{ speech.say("pay.split") }</button>
            }
        </div>
    }
}

fn sign(kind: TenderKind) -> Icon {
    match kind {
        TenderKind::Cash => Icon::Cash,
        TenderKind::MobileMoney => Icon::Phone,
        TenderKind::Card | TenderKind::Voucher | TenderKind::BankTransfer | TenderKind::Other => Icon::Card,
    }
}

pub(super) fn name(speech: &Speech, kind: TenderKind) -> AttrValue {
    speech.say_or(&format!("tender.{}", kind.word()), kind.word())
}
