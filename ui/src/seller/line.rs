//! What can be changed about a line and about the whole cart: quantity, price, discount, note; and an amount of one's
//! own.

use soko_app_api::{DiscountInput, OwnStall};
use soko_domain::money::Ppm;
use soko_domain::quantity::Unit;
use yew::prelude::*;

use super::taken_off::reduce;
use crate::acting::sets;
use crate::cart::CartLine;
use crate::desk::{Desk, use_desk};
use crate::parts::{Dialog, Field, Segmented};
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct LineSheetProps {
    pub stall: OwnStall,
    pub key_of: u32,
    /// The product's own price, where the line has another one.
    pub own_price_minor: Option<i64>,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn LineSheet(props: &LineSheetProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let line = desk.cart.get().rows().into_iter().find(|line| line.key == props.key_of);
    let quantity = use_state(|| line.as_ref().map(|line| line.quantity.to_string()).unwrap_or_default());
    let note = use_state(|| line.as_ref().map(|line| line.note.clone()).unwrap_or_default());
    let reason = use_state(|| line.as_ref().map(|line| line.reason.clone()).unwrap_or_default());
    let discount = use_state(|| {
        Off::of(line.as_ref().map_or(DiscountInput::None, |line| line.discount), &props.stall.currency)
    });
    let price = use_state(|| {
        line.as_ref().map(|line| typed::plain(line.price_minor, &props.stall.currency)).unwrap_or_default()
    });
    let Some(line) = line else { return Html::default() };
    let price_read = typed::amount(&price, &props.stall.currency);
    let read = typed::whole(&quantity).zip(discount.read(&props.stall.currency)).zip(price_read);
    let onsubmit = {
        let (desk, line, on_close) = (desk.clone(), line.clone(), props.on_close.clone());
        let (note, reason) = (note.clone(), reason.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(((quantity, discount), price_minor)) = read else { return };
            let (note, reason) = (note.trim().to_owned(), reason.trim().to_owned());
            let changed = CartLine { quantity, price_minor, discount, note, reason, ..line.clone() };
            put(&desk, changed);
            on_close.emit(());
        })
    };
    let remove = {
        let (desk, on_close, line) = (desk.clone(), props.on_close.clone(), line.clone());
        Callback::from(move |_: MouseEvent| {
            put(&desk, CartLine { quantity: 0, ..line.clone() });
            on_close.emit(());
        })
    };
    let on_quantity = sets(&quantity);
    let on_note = sets(&note);
    let on_discount = sets(&discount);
    let own_price = props.own_price_minor.map(|minor| {
        let price = speech.price(minor, &props.stall.currency, line.unit, line.price_per);
        speech.fill("line.own-price", &[("price", &price)])
    });
    let sign = (line.unit != Unit::Piece).then(|| AttrValue::Static(line.unit.symbol()));
    html! {
        <Dialog title={line.name.clone()} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("line.quantity")} value={(*quantity).clone()} on_input={on_quantity}
                    inputmode="numeric" {sign} autofocus=true
                    problem={typed::whole(&quantity).is_none().then(|| speech.say("form.whole"))} />
                if line.label.is_none() {
                    <Field label={speech.say("line.price")} value={(*price).clone()} on_input={sets(&price)} inputmode="decimal"
                        sign={props.stall.currency.clone()} hint={own_price}
                        problem={price_read.is_none().then(|| speech.say("form.amount"))} />
                }
                <OffField off={(*discount).clone()} currency={props.stall.currency.clone()} on_change={on_discount} />
                if read.is_none_or(|((_, discount), _)| discount != DiscountInput::None) {
                    <Field label={speech.say("line.reason")} value={(*reason).clone()} on_input={sets(&reason)} />
                }
                <Field label={speech.say("line.note")} value={(*note).clone()} on_input={on_note}
                    hint={speech.say("line.note-hint")} />
                <footer class="dialog-foot">
                    <button type="button" class="button button-quiet" onclick={remove}>{ speech.say("line.remove") }</button>
                    <button type="submit" class="button button-main" disabled={read.is_none()}>{ speech.say("action.done") }</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// Nothing of a line takes it off.
fn put(desk: &Desk, line: CartLine) {
    let mut after = desk.cart.get();
    if line.quantity == 0 {
        after.set_row(line.key, 0);
    } else {
        after.replace_row(&line);
    }
    reduce(desk, after);
}

/// A discount as it is typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Off {
    is_percent: bool,
    text: String,
}

impl Off {
    fn of(discount: DiscountInput, currency: &str) -> Self {
        match discount {
            DiscountInput::None => Self { is_percent: true, text: String::new() },
            DiscountInput::PercentPpm(ppm) => Self { is_percent: true, text: Ppm(ppm).to_string() },
            DiscountInput::AmountMinor(minor) => {
                Self { is_percent: false, text: typed::plain(minor, currency) }
            }
        }
    }

    /// None while it is no discount that can be given.
    fn read(&self, currency: &str) -> Option<DiscountInput> {
        if self.text.trim().is_empty() {
            return Some(DiscountInput::None);
        }
        if self.is_percent {
            let ppm: Ppm = typed::latin(&self.text).parse().ok()?;
            return (ppm <= Ppm::ONE).then_some(DiscountInput::PercentPpm(ppm.0));
        }
        typed::amount(&self.text, currency).map(DiscountInput::AmountMinor)
    }
}

#[derive(Properties, PartialEq)]
struct OffFieldProps {
    off: Off,
    currency: AttrValue,
    on_change: Callback<Off>,
}

#[component]
fn OffField(props: &OffFieldProps) -> Html {
    let speech = use_speech();
    let off = props.off.clone();
    let on_input = {
        let off = off.clone();
        props.on_change.reform(move |text| Off { text, ..off.clone() })
    };
    let on_choose = {
        let off = off.clone();
        props.on_change.reform(move |kind: AttrValue| Off { is_percent: kind == "percent", ..off.clone() })
    };
    let sign = if off.is_percent { AttrValue::Static("%") } else { props.currency.clone() };
    let problem = off.read(&props.currency).is_none().then(|| speech.say("form.discount"));
    html! {
        <div class="stack-tight">
            <Segmented label={speech.say("line.discount")} value={if off.is_percent { "percent" } else { "amount" }} {on_choose}
                options={vec![
                    ("percent".into(), html! { <>{ speech.say("line.percent") }</> }),
                    ("amount".into(), html! { <>{ speech.say("line.amount") }</> }),
                ]} />
            <Field label={speech.say("line.discount")} value={off.text.clone()} {on_input} inputmode="decimal" {sign} {problem} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct OverCartProps {
    pub stall: OwnStall,
    pub on_close: Callback<()>,
}

/// Off the whole cart.
#[component]
pub(super) fn CartDiscount(props: &OverCartProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let off = use_state(|| Off::of(desk.cart.get().discount, &props.stall.currency));
    let read = off.read(&props.stall.currency);
    let reason = use_state(|| desk.cart.get().reason);
    let note = use_state(|| desk.cart.get().note);
    let onsubmit = {
        let (desk, on_close) = (desk.clone(), props.on_close.clone());
        let (note, reason) = (note.clone(), reason.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if let Some(discount) = read {
                let mut after = desk.cart.get();
                after.discount = discount;
                after.reason = reason.trim().into();
                after.note = note.trim().into();
                reduce(&desk, after);
                on_close.emit(());
            }
        })
    };
    let on_change = sets(&off);
    html! {
        <Dialog title={speech.say("cart.discount")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <OffField off={(*off).clone()} currency={props.stall.currency.clone()} {on_change} />
                if read != Some(DiscountInput::None) {
                    <Field label={speech.say("line.reason")} value={(*reason).clone()} on_input={sets(&reason)} />
                }
                <Field label={speech.say("cart.note")} value={(*note).clone()} on_input={sets(&note)}
                    hint={speech.say("cart.note-hint")} />
                { done(&speech, read.is_some()) }
            </form>
        </Dialog>
    }
}

/// Something without a product: a name and an amount.
#[component]
pub(super) fn Custom(props: &OverCartProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let name = use_state(String::new);
    let price = use_state(String::new);
    let minor = typed::amount(&price, &props.stall.currency).filter(|minor| *minor > 0);
    let onsubmit = {
        let (desk, speech, on_close) = (desk.clone(), speech.clone(), props.on_close.clone());
        let name = name.clone();
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(minor) = minor else { return };
            let name = if name.trim().is_empty() {
                speech.say("cart.custom-name").to_string()
            } else {
                name.trim().into()
            };
            desk.cart.change(|cart| {
                // A full cart says so at the next product.
                cart.add_custom(name.clone(), minor);
            });
            on_close.emit(());
        })
    };
    let on_name = sets(&name);
    let on_price = sets(&price);
    html! {
        <Dialog title={speech.say("cart.custom")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("line.amount")} value={(*price).clone()} on_input={on_price} inputmode="decimal"
                    sign={props.stall.currency.clone()} autofocus=true class="field-money" />
                <Field label={speech.say("product.name")} value={(*name).clone()} on_input={on_name}
                    hint={speech.say("cart.custom-hint")} />
                { done(&speech, minor.is_some()) }
            </form>
        </Dialog>
    }
}

fn done(speech: &Speech, is_ready: bool) -> Html {
    html! {
        <footer class="dialog-foot">
            <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("action.done") }</button>
        </footer>
    }
}
