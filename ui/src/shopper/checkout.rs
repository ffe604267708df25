//! From a basket to its order, step by step: how it gets to its buyer, how it is paid, and all of it once more before the last tap.
//! Each step has an address, so that the browser's own way back and forward leads through them. What was written is kept on this device
//! until it is ordered or the basket is emptied: it is there after a look into the basket, and after a page that was loaded anew.

use serde::{Deserialize, Serialize};
use soko_app_api::text::{Worded as _, as_word_opt};
use soko_app_api::{
    AddressInput, Answer, BasketOf, BuyerQuery, BuyerVerb, BuyerView, CHECKOUT_DRAFT, Call, CheckoutView,
    ContactView, PayChoice, PayOffer,
};
use soko_domain::coupon::code_of;
use soko_domain::delivery::Handing;
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::telephone::Telephone;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::gift_card;
use super::me::Rested;
use super::review::{Review, off};
use crate::browser;
use crate::desk::use_desk;
use crate::doing::{Doing, use_doing};
use crate::drafts;
use crate::live::use_buyer;
use crate::nav::Go;
use crate::parts::{Busy, Choice, Empty, Field, Icon, TextArea, icon};
use crate::route::{Leg, Route};
use crate::speech::{Speech, use_speech};
use crate::typed::latin;

/// The value of paying when it is fetched, which every stall takes.
const LATER: &str = "later";

/// Of a form as it is kept.
const LAYOUT: u8 = 1;

/// What a buyer chose and wrote so far.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Form {
    #[serde(with = "as_word_opt")]
    handing: Option<Handing>,
    pub(super) zone: String,
    /// The code as it is typed, and the one that is looked up; none is that of an order to confirm again.
    typed: Option<String>,
    coupon: Option<String>,
    /// The same of a gift card, which is money to whoever reads it: it is not kept, and typed again after a reload.
    #[serde(skip)]
    pub(super) card_typed: Option<String>,
    #[serde(skip)]
    card: Option<String>,
    /// None is what was written for the last order.
    contact: Option<ContactView>,
    /// What the address is to be called that is kept for other orders; none where it is not.
    label: Option<String>,
    #[serde(with = "as_word_opt")]
    pub(super) way: Option<PayWay>,
    phone: String,
    pub(super) note: String,
}

impl Form {
    fn contact(&self, view: &CheckoutView) -> ContactView {
        self.contact.clone().unwrap_or_else(|| view.contact.clone())
    }

    /// What goes to the stall; nothing where it needs to know nothing.
    pub(super) fn sent(&self, view: &CheckoutView) -> Option<ContactView> {
        let ContactView { name, reach, address } = self.contact(view);
        let (name, reach) = (name.trim().to_owned(), reach.trim().to_owned());
        let address = if view.handing.is_brought() { address.trim().to_owned() } else { String::new() };
        asks_contact(view).then_some(ContactView { name, reach, address })
    }

    /// What is kept in the address book with the order.
    fn kept(&self, view: &CheckoutView) -> Option<BuyerVerb> {
        let label = self.label.clone().filter(|_| self.may_keep(view))?;
        let (address, contact) = (ThingId(browser::chance()), self.sent(view)?);
        Some(BuyerVerb::PutAddress { address, it: AddressInput { label, contact, is_usual: false } })
    }

    /// Whether this goes to an address that is not kept.
    fn may_keep(&self, view: &CheckoutView) -> bool {
        let sent = self.sent(view).filter(|sent| !sent.address.is_empty());
        sent.is_some_and(|sent| view.addresses.iter().all(|it| it.contact != sent))
    }

    /// What is still to be said before this step is left, by the names of its fields, but for where it goes: without that there is no
    /// total, which is said as what is wrong.
    fn missing(&self, view: &CheckoutView, leg: Leg) -> Vec<&'static str> {
        let mut missing = Vec::new();
        let mut needs = |is_there: bool, key: &'static str| {
            if !is_there {
                missing.push(key);
            }
        };
        match leg {
            Leg::Delivery => {
                if let Some(ContactView { name, reach, address }) = self.sent(view) {
                    needs(!name.is_empty(), "ordering.name");
                    needs(!reach.is_empty(), "checkout.reach");
                    needs(!address.is_empty() || !view.handing.is_brought(), "checkout.address");
                }
                let label = self.label.as_ref().filter(|_| self.may_keep(view));
                needs(label.is_none_or(|label| !label.trim().is_empty()), "addresses.label");
            }
            Leg::Payment => {
                let is_by_phone = self.way_of_rest(view) == Some(PayWay::Phone);
                needs(!is_by_phone || !number(PayWay::Phone, &self.phone).is_empty(), "ordering.phone");
            }
            Leg::Review => {}
        }
        missing
    }

    /// Whether this step cannot be left yet.
    fn is_missing(&self, view: &CheckoutView, leg: Leg) -> bool {
        (leg == Leg::Delivery && view.total_minor.is_none()) || !self.missing(view, leg).is_empty()
    }

    /// The first step before this one that something is missing in.
    fn leads_back(&self, view: &CheckoutView, leg: Leg) -> Option<Leg> {
        Leg::ALL.into_iter().find(|before| *before < leg && self.is_missing(view, *before))
    }

    /// A code was typed that nobody looked up yet.
    fn has_untried_code(&self, view: &CheckoutView) -> bool {
        let typed = self.typed.as_ref();
        typed.is_some_and(|typed| !is_same_code(typed, &view.coupon))
            || gift_card::is_untried(self.card_typed.as_ref(), view)
    }

    /// With what was typed as the codes that are looked up.
    fn with_typed_code(&self) -> Self {
        let written = |typed: &Option<String>| typed.as_ref().map(|typed| latin(typed).trim().to_owned());
        Self { coupon: written(&self.typed), card: written(&self.card_typed), ..self.clone() }
    }

    /// With the code of a gift card, which is looked up.
    pub(super) fn with_card(&self, typed: String) -> Self {
        Self { card_typed: Some(typed), ..self.clone() }.with_typed_code()
    }

    /// How what a gift card leaves is paid.
    pub(super) fn way_of_rest(&self, view: &CheckoutView) -> Option<PayWay> {
        self.way.filter(|_| gift_card::rest_minor(view) > 0)
    }
}

/// A stall has to find whoever it brings something to, and be able to ask whoever has no account.
fn asks_contact(view: &CheckoutView) -> bool {
    view.is_guest || view.handing.is_brought()
}

#[derive(Properties, PartialEq)]
pub(super) struct CheckoutProps {
    pub stall: LogId,
    pub leg: Leg,
}

#[component]
pub(super) fn Checkout(props: &CheckoutProps) -> Html {
    let speech = use_speech();
    let CheckoutProps { stall, leg } = *props;
    let (form, on_form) = use_form(stall);
    let baskets = use_buyer(Some(BuyerQuery::Baskets));
    let live = use_buyer(form.as_ref().map(|form| {
        let (handing, zone) = (form.handing, form.zone.clone());
        let (coupon, card) = (form.coupon.clone(), form.card.clone());
        BuyerQuery::Checkout { stall, handing, zone, coupon, card }
    }));
    // One identity however often the button is tapped.
    let order = *use_memo((), |()| OrderId(browser::chance()));
    let body = match (baskets.buyer(), live.buyer(), form) {
        (Some(BuyerView::Baskets(all)), Some(BuyerView::Checkout(view)), Some(form)) => {
            match all.iter().find(|basket| basket.stall == stall && !basket.lines.is_empty()) {
                Some(basket) => html! {
                    <Asked basket={basket.clone()} view={(**view).clone()} {form} {leg} {order} {on_form} />
                },
                None => html! {
                    <Empty icon={Icon::Basket} title={speech.say("basket.empty")} text={speech.say("basket.empty-text")}>
                        <Go to={Route::Market} class="button button-main">{ speech.say("shop.to-market") }</Go>
                    </Empty>
                },
            }
        }
        (Some(_), ..) => html! { <Busy {live} /> },
        (None, ..) => html! { <Busy live={baskets} /> },
    };
    html! {
        <section class="page page-narrow">
            <Head {stall} {leg} />
            <Rested />
            { body }
        </section>
    }
}

/// What was written so far, once it is known whether anything was kept, and how it changes.
#[hook]
fn use_form(stall: LogId) -> (Option<Form>, Callback<Form>) {
    let desk = use_desk();
    let form = use_state(|| None::<Form>);
    {
        let (desk, form) = (desk.clone(), form.setter());
        use_effect_with(stall, move |stall| {
            let key = format!("{CHECKOUT_DRAFT}{stall}");
            wasm_bindgen_futures::spawn_local(async move {
                let answer = desk.call(Call::Kept { key }).await;
                let bytes = if let Answer::Kept(bytes) = answer { bytes } else { Vec::new() };
                form.set(Some(drafts::unpack(LAYOUT, &bytes).found().unwrap_or_default()));
            });
        });
    }
    let on_form = {
        let form = form.setter();
        Callback::from(move |now: Form| {
            let (desk, key, value) =
                (desk.clone(), format!("{CHECKOUT_DRAFT}{stall}"), drafts::pack(LAYOUT, &now));
            form.set(Some(now));
            wasm_bindgen_futures::spawn_local(async move {
                // What could not be kept is kept with the next change.
                let _ = desk.call(Call::Keep { key, value }).await;
            });
        })
    };
    ((*form).clone(), on_form)
}

/// What a step is called.
pub(super) fn name(leg: Leg) -> &'static str {
    match leg {
        Leg::Delivery => "checkout.delivery",
        Leg::Payment => "own-pay.title",
        Leg::Review => "ordering.review",
    }
}

/// Where somebody is between basket and order, and the way back. The focus is here after each step, so that it is read out.
#[component]
fn Head(props: &CheckoutProps) -> Html {
    let speech = use_speech();
    let CheckoutProps { stall, leg } = *props;
    let title = use_node_ref();
    {
        let title = title.clone();
        use_effect_with(leg, move |_| {
            if let Some(title) = title.cast::<HtmlElement>() {
                // An element that cannot be focused is no loss.
                let _ = title.focus();
            }
        });
    }
    let legs = Leg::ALL.into_iter().map(|step| (Some(step), Route::Checkout(stall, step), name(step)));
    let all: Vec<_> = std::iter::once((None, Route::Basket, "nav.basket"))
        .chain(legs)
        .chain([(None, Route::MyOrders, "action.done")])
        .collect();
    let at = all.iter().position(|(step, ..)| *step == Some(leg)).unwrap_or_default();
    let number = |place: usize| speech.number(i64::try_from(place + 1).unwrap_or_default());
    let step = |(place, (_, to, key)): (usize, &(Option<Leg>, Route, &'static str))| {
        let inside = html! { <><span class="leg-sign number" aria-hidden="true">{ number(place) }</span><span>{ speech.say(key) }</span></> };
        match place.cmp(&at) {
            std::cmp::Ordering::Less => {
                html! { <li class="leg leg-done"><Go to={to.clone()}>{ inside }</Go></li> }
            }
            std::cmp::Ordering::Equal => {
                html! { <li class="leg leg-now" aria-current="step">{ inside }</li> }
            }
            std::cmp::Ordering::Greater => html! { <li class="leg">{ inside }</li> },
        }
    };
    html! {
        <header class="stack-tight">
            <nav aria-label={speech.say("ordering.steps")}><ol class="legs">{ for all.iter().enumerate().map(step) }</ol></nav>
            <h1 ref={title} tabindex="-1" class="leg-title">{ speech.say(name(leg)) }
                <span class="silent">{ " · " }{ speech.fill("ordering.step", &[("n", &number(at)), ("all", &number(all.len() - 1))]) }</span>
            </h1>
        </header>
    }
}

#[derive(Clone, Properties, PartialEq)]
pub(super) struct AskedProps {
    pub(super) basket: BasketOf,
    pub(super) view: CheckoutView,
    pub(super) form: Form,
    pub(super) leg: Leg,
    pub(super) order: OrderId,
    pub(super) on_form: Callback<Form>,
}

#[component]
fn Asked(props: &AskedProps) -> Html {
    let (doing, desk) = (use_doing(), use_desk());
    let speech = doing.speech.clone();
    let AskedProps { basket, view, form, leg, on_form, .. } = props;
    // Whoever comes to a step by its address says first what comes before it.
    let back = form.leads_back(view, *leg);
    let stall = basket.stall;
    use_effect_with(back, move |back| {
        if let Some(before) = back {
            desk.go_instead(Route::Checkout(stall, *before));
        }
    });
    let onsubmit = match leg {
        Leg::Delivery | Leg::Payment => forward(&doing, props),
        Leg::Review => orders(&doing, props, props.order),
    };
    let on_way = {
        let (form, on_form) = (form.clone(), on_form.clone());
        Callback::from(move |way: Option<PayWay>| on_form.emit(Form { way, ..form.clone() }))
    };
    let body = match leg {
        Leg::Delivery => html! {
            <>
                { handing(&speech, props) }
                { contact(&speech, props) }
                <TextArea label={speech.say("ordering.note")} value={form.note.clone()} hint={speech.say("ordering.note-hint")}
                    on_input={sets(props, |form, text| form.note = text)} />
            </>
        },
        Leg::Payment => html! {
            <>
                { gift_card::ask(&speech, props) }
                if gift_card::rest_minor(view) > 0 {
                    <Paying stall={basket.stall} way={form.way} phone={form.phone.clone()} on_way={on_way}
                        on_phone={sets(props, |form, text| form.phone = text)} />
                }
                { coupon(&speech, props) }
            </>
        },
        Leg::Review => html! { <Review ..props.clone() /> },
    };
    html! { <form class="card stack" {onsubmit}>{ body }{ foot(&speech, props, doing.is_busy()) }</form> }
}

/// What it comes to so far, what stands in the way, and the ways back and on.
fn foot(speech: &Speech, props: &AskedProps, is_busy: bool) -> Html {
    let AskedProps { basket, view, form, leg, .. } = props;
    let (before, on) = match leg {
        Leg::Delivery => (Route::Basket, "ordering.on"),
        Leg::Payment => (Route::Checkout(basket.stall, Leg::Delivery), "ordering.on"),
        Leg::Review => (Route::Checkout(basket.stall, Leg::Payment), "ordering.order"),
    };
    let missing: Vec<AttrValue> = form.missing(view, *leg).into_iter().map(|key| speech.say(key)).collect();
    html! {
        <div class="checkout-foot">
            <p class="basket-total" aria-live="polite">
                <span>{ speech.say("basket.total") }</span>
                <strong class="number">{ speech.money(view.total_minor.unwrap_or(view.goods_minor), &basket.currency) }</strong>
            </p>
            if !view.problem.is_empty() {
                <p class="remark remark-bad" role="status">{ speech.refused(&view.problem, &view.problem) }</p>
            }
            if !missing.is_empty() {
                <p class="hint">{ speech.fill("ordering.missing", &[("what", &missing.join(" · "))]) }</p>
            }
            <div class="checkout-ways">
                <Go to={before} class="button button-large">{ speech.say("action.back") }</Go>
                <button type="submit" class="button button-main button-large" disabled={is_busy || form.is_missing(view, *leg)}>
                    { speech.say(on) }
                </button>
            </div>
        </div>
    }
}

/// To the next step; a code that was typed and not looked up is looked up first.
fn forward(doing: &Doing, props: &AskedProps) -> Callback<SubmitEvent> {
    let (desk, props) = (doing.desk.clone(), props.clone());
    Callback::from(move |submit: SubmitEvent| {
        submit.prevent_default();
        let AskedProps { basket, view, form, leg, on_form, .. } = &props;
        let next = Leg::ALL.into_iter().find(|next| next > leg);
        if *leg == Leg::Payment && form.has_untried_code(view) {
            on_form.emit(form.with_typed_code());
        } else if let Some(next) = next.filter(|_| !form.is_missing(view, *leg)) {
            desk.go(Route::Checkout(basket.stall, next));
        }
    })
}

/// Orders it, keeps the address that is to be kept, and goes to the order.
fn orders(doing: &Doing, props: &AskedProps, order: OrderId) -> Callback<SubmitEvent> {
    let (doing, form, view) = (doing.clone(), props.form.clone(), props.view.clone());
    let (card, seen_card_minor) = gift_card::carried(&view);
    let verb = BuyerVerb::PlaceOrder {
        stall: props.basket.stall,
        order,
        note: form.note.trim().to_owned(),
        pay: form.way_of_rest(&view).map(|way| PayChoice { way, phone: number(way, &form.phone) }),
        handing: view.handing,
        zone: form.zone.clone(),
        contact: form.sent(&view),
        coupon: carried(&view).to_owned(),
        seen_total_minor: view.total_minor,
        seen_tax_minor: view.tax_minor,
        card,
        seen_card_minor,
    };
    Callback::from(move |submit: SubmitEvent| {
        submit.prevent_default();
        let (desk, verb, kept) = (doing.desk.clone(), verb.clone(), form.kept(&view));
        let (going, speech) = (desk.clone(), doing.speech.clone());
        let ordering = async move {
            desk.buy(verb).await?;
            // What cannot be kept takes nothing back of the order.
            Ok(if let Some(kept) = kept { desk.buy(kept).await.err() } else { None })
        };
        doing.run(ordering, move |unkept| {
            if let Some(trouble) = unkept {
                going.toasts.error(trouble.sentence(&speech));
            }
            going.go(Route::MyOrder(order));
        });
    })
}

/// Puts what is typed into the form.
pub(super) fn sets(props: &AskedProps, change: fn(&mut Form, String)) -> Callback<String> {
    let (form, on_form) = (props.form.clone(), props.on_form.clone());
    Callback::from(move |text: String| {
        let mut now = form.clone();
        change(&mut now, text);
        on_form.emit(now);
    })
}

/// How it gets into the buyer's hands. Nothing to choose where buyers can only come.
fn handing(speech: &Speech, props: &AskedProps) -> Html {
    let view = &props.view;
    let zones = view.ways.iter().find(|way| way.handing == view.handing).map(|way| way.zones.as_slice());
    let zones = zones.unwrap_or_default();
    let ways = view.ways.iter().map(|way| {
        let word = way.handing.word();
        (AttrValue::Static(word), speech.say_or(&format!("handing-way.{word}"), word))
    });
    let places = zones.iter().map(|zone| (AttrValue::from(zone.clone()), AttrValue::from(zone.clone())));
    let places = std::iter::once((AttrValue::Static(""), speech.say("ordering.zone-choose"))).chain(places);
    html! {
        <>
            if view.ways.len() > 1 {
                <Choice label={speech.say("ordering.handing")} value={AttrValue::Static(view.handing.word())} options={ways.collect::<Vec<_>>()}
                    on_choose={sets(props, |form, word| {
                        form.handing = Handing::from_word(&word);
                        form.zone = String::new();
                    })} />
            } else if view.handing.is_brought() {
                <p class="prose">{ speech.say_or(&format!("handing-way.{}", view.handing.word()), view.handing.word()) }</p>
            }
            if view.handing == Handing::Pickup && !view.pickup_text.is_empty() {
                <p class="prose buyer-note lines-kept">{ icon(Icon::Stall) }<span>{ view.pickup_text.clone() }</span></p>
            }
            if !zones.is_empty() {
                <Choice label={speech.say("ordering.zone")} value={props.form.zone.clone()} options={places.collect::<Vec<_>>()}
                    on_choose={sets(props, |form, zone| form.zone = zone)} />
            }
        </>
    }
}

/// Whether what is typed is the code that was looked up, however it is written.
fn is_same_code(typed: &str, known: &str) -> bool {
    let plain = |text: &str| {
        let text = latin(text);
        code_of(&text).unwrap_or_else(|| text.trim().to_ascii_uppercase())
    };
    plain(typed) == plain(known)
}

/// What nobody could be asked about.
const UNSEEN: &str = "coupon_unseen";

/// The code that goes with the order: one that takes something off, or may.
fn carried(view: &CheckoutView) -> &str {
    if view.coupon_problem.is_empty() || view.coupon_problem == UNSEEN { &view.coupon } else { "" }
}

/// A code that takes something off, and what is to be said of it.
fn coupon(speech: &Speech, props: &AskedProps) -> Html {
    let AskedProps { basket, view, form, on_form, .. } = props;
    let typed = form.typed.clone().unwrap_or_else(|| view.coupon.clone());
    let said = match (view.coupon_problem.as_str(), view.coupon_min_minor) {
        ("", _) => None,
        (_, Some(minor)) => Some(
            speech.fill("ordering.coupon-minimum", &[("amount", &speech.money(minor, &basket.currency))]),
        ),
        (code, None) => Some(speech.refused(code, code)),
    };
    // What is said is of the code that was looked up, not of what is being typed.
    let said = said.filter(|_| is_same_code(&typed, &view.coupon));
    let (hint, problem) = if view.coupon_problem == UNSEEN { (said, None) } else { (None, said) };
    let use_it = {
        let (form, on_form, typed) = (form.clone(), on_form.clone(), typed.clone());
        Callback::from(move |_: MouseEvent| {
            on_form.emit(Form { typed: Some(typed.clone()), ..form.clone() }.with_typed_code());
        })
    };
    html! {
        <>
        <div class="coupon-ask">
            <Field label={speech.say("ordering.coupon")} value={typed} {hint} {problem}
                on_input={sets(props, |form, text| form.typed = Some(text))} />
            <button type="button" class="button" onclick={use_it}>{ speech.say("ordering.coupon-use") }</button>
        </div>
        if view.discount_minor > 0 {
            <p class="prose buyer-note" role="status">{ icon(Icon::Tag) }<span>{ off(speech, view, &basket.currency) }</span></p>
        }
        </>
    }
}

/// Whom it is for, where the stall has to know.
fn contact(speech: &Speech, props: &AskedProps) -> Html {
    let (view, form) = (&props.view, &props.form);
    if !asks_contact(view) {
        return Html::default();
    }
    let now = form.contact(view);
    let set = |change: fn(&mut ContactView, String)| {
        let (form, on_form, now) = (form.clone(), props.on_form.clone(), now.clone());
        Callback::from(move |text: String| {
            let mut contact = now.clone();
            change(&mut contact, text);
            on_form.emit(Form { contact: Some(contact), ..form.clone() });
        })
    };
    html! {
        <>
            { book(speech, props, &now) }
            <Field label={speech.say("ordering.name")} value={now.name.clone()} autocomplete="name"
                on_input={set(|contact, text| contact.name = text)} />
            <Field label={speech.say("checkout.reach")} value={now.reach.clone()} autocomplete="tel"
                on_input={set(|contact, text| contact.reach = text)} hint={speech.say("ordering.contact-hint")} />
            if view.handing.is_brought() {
                <TextArea label={speech.say("checkout.address")} value={now.address.clone()}
                    on_input={set(|contact, text| contact.address = text)} />
                { keeping(speech, props) }
            }
        </>
    }
}

/// The addresses that are kept, where it is brought: one of them is written with a tap.
fn book(speech: &Speech, props: &AskedProps, now: &ContactView) -> Html {
    let (view, form) = (&props.view, &props.form);
    if !view.handing.is_brought() || view.addresses.is_empty() {
        return Html::default();
    }
    let at = view.addresses.iter().find(|it| it.contact == *now);
    let options = view.addresses.iter().map(|it| (it.address.to_string().into(), it.label.clone().into()));
    let options: Vec<(AttrValue, AttrValue)> =
        options.chain([(AttrValue::Static(""), speech.say("ordering.other-address"))]).collect();
    let on_choose = {
        let (form, on_form, all) = (form.clone(), props.on_form.clone(), view.addresses.clone());
        let typed = ContactView { address: String::new(), ..now.clone() };
        Callback::from(move |word: String| {
            let found = all.iter().find(|it| it.address.to_string() == word);
            let contact = found.map_or_else(|| typed.clone(), |it| it.contact.clone());
            on_form.emit(Form { contact: Some(contact), ..form.clone() });
        })
    };
    let value = at.map_or(AttrValue::Static(""), |it| it.address.to_string().into());
    html! { <Choice label={speech.say("ordering.kept-address")} {value} {options} {on_choose} /> }
}

/// Whether what was typed is kept for other orders, and under which name.
fn keeping(speech: &Speech, props: &AskedProps) -> Html {
    let form = &props.form;
    if !form.may_keep(&props.view) {
        return Html::default();
    }
    let toggle = {
        let (form, on_form) = (form.clone(), props.on_form.clone());
        Callback::from(move |_: Event| {
            let label = if form.label.is_some() { None } else { Some(String::new()) };
            on_form.emit(Form { label, ..form.clone() });
        })
    };
    html! {
        <>
            <label class="check">
                <input type="checkbox" checked={form.label.is_some()} onchange={toggle} />
                <span>{ speech.say("ordering.keep-address") }</span>
            </label>
            if let Some(label) = &form.label {
                <Field label={speech.say("addresses.label")} value={label.clone()} hint={speech.say("addresses.label-hint")}
                    on_input={sets(props, |form, text| form.label = Some(text))} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PayingProps {
    stall: LogId,
    way: Option<PayWay>,
    phone: String,
    on_way: Callback<Option<PayWay>>,
    on_phone: Callback<String>,
}

/// How it is paid. Nothing to choose where it can only be paid when it is fetched.
#[component]
fn Paying(props: &PayingProps) -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::PayOffers(props.stall)));
    let Some(BuyerView::PayOffers(offers)) = live.buyer() else { return Html::default() };
    let choose = props.on_way.reform(|word: String| PayWay::from_word(&word));
    html! {
        <>
            if !offers.is_empty() {
                <Choice label={speech.say("ordering.pay")} value={props.way.map_or(LATER, |way| way.word())} on_choose={choose}
                    options={ways(&speech, offers)} />
            }
            if props.way == Some(PayWay::Phone) {
                <Field label={speech.say("ordering.phone")} value={props.phone.clone()} on_input={props.on_phone.clone()} kind="tel"
                    inputmode="tel" autocomplete="tel" hint={speech.say("ordering.phone-hint")} />
            }
        </>
    }
}

/// Paying when it is fetched, and what the server offers now; money that is none is called so.
fn ways(speech: &Speech, offers: &[PayOffer]) -> Vec<(AttrValue, AttrValue)> {
    let offered = offers.iter().map(|offer| {
        let word = offer.way.word();
        let name = speech.say_or(&format!("ordering.pay-{word}"), word);
        let name = if offer.is_test { speech.fill("ordering.pay-test", &[("way", &name)]) } else { name };
        (AttrValue::Static(word), name)
    });
    std::iter::once((AttrValue::Static(LATER), speech.say("ordering.pay-later"))).chain(offered).collect()
}

/// A number as it is sent, its country among its digits, which the field asks for. Nothing where no telephone is asked, or none is meant.
fn number(way: PayWay, typed: &str) -> String {
    match way {
        PayWay::Card | PayWay::Transfer => String::new(),
        PayWay::Phone => {
            Telephone::read_to_pay(typed, "").map(|read| read.digits().to_owned()).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_written() {
        for (typed, known, expected) in [
            ("SAVE 10", "SAVE10", true),
            (" save١٠ ", "SAVE10", true),
            ("", "", true),
            ("what?", "WHAT?", true),
            ("SAVE1", "SAVE10", false),
            ("SAVE10", "", false),
        ] {
            assert_eq!(is_same_code(typed, known), expected, "{typed:?}");
        }
    }
}
