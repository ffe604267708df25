//! The last look before an order: what it comes to, how it is paid, a note for the stall, and what happens next.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    AddressInput, BasketOf, BuyerQuery, BuyerVerb, BuyerView, CheckoutView, ContactView, PayChoice, PayOffer,
};
use soko_domain::delivery::Handing;
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId, ThingId};
use yew::prelude::*;

use crate::app::use_about;
use crate::browser;
use crate::doing::{Doing, use_doing};
use crate::live::use_buyer;
use crate::parts::{Busy, Choice, Dialog, Field, Icon, TextArea, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::typed::latin;

/// Fewer digits are no telephone's number.
const DIGITS_MIN: usize = 7;
/// The value of paying when it is fetched, which every stall takes.
const LATER: &str = "later";

#[derive(Properties, PartialEq)]
pub(super) struct CheckoutProps {
    pub basket: BasketOf,
    pub on_close: Callback<()>,
}

/// What a buyer chose and wrote so far.
#[derive(Clone, PartialEq, Default)]
struct Form {
    handing: Option<Handing>,
    zone: String,
    /// The code as it is typed, and the one that is looked up; none is that of an order to confirm again.
    typed: Option<String>,
    coupon: Option<String>,
    /// None is what was written for the last order.
    contact: Option<ContactView>,
    /// What the address is to be called that is kept for other orders; none where it is not.
    label: Option<String>,
    way: Option<PayWay>,
    phone: String,
    note: String,
}

impl Form {
    fn contact(&self, view: &CheckoutView) -> ContactView {
        self.contact.clone().unwrap_or_else(|| view.contact.clone())
    }

    /// What goes to the stall; nothing where it needs to know nothing.
    fn sent(&self, view: &CheckoutView) -> Option<ContactView> {
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

    /// Whether something is still to be said before it can be ordered.
    fn is_missing(&self, view: &CheckoutView) -> bool {
        let misses_phone =
            self.way == Some(PayWay::Phone) && number(PayWay::Phone, &self.phone).len() < DIGITS_MIN;
        let misses_contact = self.sent(view).is_some_and(|contact| {
            let misses_address = view.handing.is_brought() && contact.address.is_empty();
            contact.name.is_empty() || contact.reach.is_empty() || misses_address
        });
        let misses_label =
            self.may_keep(view) && self.label.as_ref().is_some_and(|label| label.trim().is_empty());
        misses_phone || misses_contact || misses_label || view.total_minor.is_none()
    }
}

/// A stall has to find whoever it brings something to, and be able to ask whoever has no account.
fn asks_contact(view: &CheckoutView) -> bool {
    view.is_guest || view.handing.is_brought()
}

#[component]
pub(super) fn Checkout(props: &CheckoutProps) -> Html {
    let speech = use_speech();
    let form = use_state(Form::default);
    let stall = props.basket.stall;
    let (handing, zone, coupon) = (form.handing, form.zone.clone(), form.coupon.clone());
    let live = use_buyer(Some(BuyerQuery::Checkout { stall, handing, zone, coupon }));
    let body = match live.buyer() {
        Some(BuyerView::Checkout(view)) => html! {
            <Asked basket={props.basket.clone()} view={(**view).clone()} form={(*form).clone()}
                on_form={Callback::from({ let form = form.setter(); move |now: Form| form.set(now) })} />
        },
        _ => html! { <Busy {live} /> },
    };
    html! {
        <Dialog title={speech.fill("basket.order-at", &[("stall", &props.basket.stall_name)])} on_close={props.on_close.clone()}>
            { body }
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct AskedProps {
    basket: BasketOf,
    view: CheckoutView,
    form: Form,
    on_form: Callback<Form>,
}

#[component]
fn Asked(props: &AskedProps) -> Html {
    let doing = use_doing();
    let about = use_about();
    let speech = doing.speech.clone();
    let AskedProps { basket, view, form, on_form } = props;
    // One identity however often the button is tapped.
    let order = use_memo((), |()| OrderId(browser::chance()));
    let onsubmit = orders(&doing, props, *order);
    let is_offline = about.is_some_and(|about| about.is_online == Some(false));
    let next = match (is_offline, form.way, view.handing.is_brought()) {
        (true, ..) => "checkout.offline",
        (false, None, false) => "checkout.next",
        (false, None, true) => "checkout.next-brought",
        (false, Some(PayWay::Card), _) => "checkout.next-card",
        (false, Some(PayWay::Phone), _) => "checkout.next-phone",
        (false, Some(PayWay::Transfer), _) => "checkout.next-transfer",
    };
    let set_note = sets(props, |form, text| form.note = text);
    let on_way = {
        let (form, on_form) = (form.clone(), on_form.clone());
        Callback::from(move |way: Option<PayWay>| on_form.emit(Form { way, ..form.clone() }))
    };
    let on_phone = sets(props, |form, text| form.phone = text);
    html! {
        <form class="stack" {onsubmit}>
            { lines(&speech, basket, view) }
            { handing(&speech, props) }
            { contact(&speech, props) }
            { coupon(&speech, props) }
            <Paying stall={basket.stall} way={form.way} phone={form.phone.clone()} on_way={on_way} on_phone={on_phone} />
            <TextArea label={speech.say("checkout.note")} value={form.note.clone()} on_input={set_note}
                hint={speech.say("checkout.note-hint")} />
            <div class="checkout-foot">
                <p class="basket-total" aria-live="polite">
                    <span>{ speech.say("basket.total") }</span>
                    <strong class="number">{ speech.money(view.total_minor.unwrap_or(view.goods_minor), &basket.currency) }</strong>
                </p>
                if view.problem.is_empty() {
                    <p class="prose">{ speech.say(next) }</p>
                } else {
                    <p class="remark remark-bad" role="status">{ speech.refused(&view.problem, &view.problem) }</p>
                }
                <button type="submit" class="button button-main button-large button-wide" disabled={doing.is_busy() || form.is_missing(view)}>
                    { speech.say("checkout.order") }
                </button>
            </div>
        </form>
    }
}

/// Orders it, keeps the address that is to be kept, and goes to the order.
fn orders(doing: &Doing, props: &AskedProps, order: OrderId) -> Callback<SubmitEvent> {
    let (doing, form, view) = (doing.clone(), props.form.clone(), props.view.clone());
    let verb = BuyerVerb::PlaceOrder {
        stall: props.basket.stall,
        order,
        note: form.note.trim().to_owned(),
        pay: form.way.map(|way| PayChoice { way, phone: number(way, &form.phone) }),
        handing: view.handing,
        zone: form.zone.clone(),
        contact: form.sent(&view),
        coupon: carried(&view).to_owned(),
        seen_total_minor: view.total_minor,
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
fn sets(props: &AskedProps, change: fn(&mut Form, String)) -> Callback<String> {
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
    let places = std::iter::once((AttrValue::Static(""), speech.say("checkout.zone-choose"))).chain(places);
    html! {
        <>
            if view.ways.len() > 1 {
                <Choice label={speech.say("checkout.handing")} value={AttrValue::Static(view.handing.word())} options={ways.collect::<Vec<_>>()}
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
                <Choice label={speech.say("checkout.zone")} value={props.form.zone.clone()} options={places.collect::<Vec<_>>()}
                    on_choose={sets(props, |form, zone| form.zone = zone)} />
            }
        </>
    }
}

/// What nobody could be asked about.
const UNSEEN: &str = "coupon_unseen";

/// The code that goes with the order: one that takes something off, or may.
fn carried(view: &CheckoutView) -> &str {
    if view.coupon_problem.is_empty() || view.coupon_problem == UNSEEN { &view.coupon } else { "" }
}

/// A code that takes something off, and what is to be said of it.
fn coupon(speech: &Speech, props: &AskedProps) -> Html {
    let AskedProps { basket, view, form, on_form } = props;
    let typed = form.typed.clone().unwrap_or_else(|| view.coupon.clone());
    let said = match (view.coupon_problem.as_str(), view.coupon_min_minor) {
        ("", _) => None,
        (_, Some(minor)) => Some(
            speech.fill("checkout.coupon-minimum", &[("amount", &speech.money(minor, &basket.currency))]),
        ),
        (code, None) => Some(speech.refused(code, code)),
    };
    // What is said is of the code that was looked up, not of what is being typed.
    let said = said.filter(|_| latin(&typed).trim().eq_ignore_ascii_case(view.coupon.trim()));
    let (hint, problem) = if view.coupon_problem == UNSEEN { (said, None) } else { (None, said) };
    let use_it = {
        let (form, on_form, typed) = (form.clone(), on_form.clone(), typed.clone());
        Callback::from(move |_: MouseEvent| {
            on_form.emit(Form { coupon: Some(latin(&typed).trim().to_owned()), ..form.clone() });
        })
    };
    html! {
        <div class="coupon-ask">
            <Field label={speech.say("checkout.coupon")} value={typed} {hint} {problem}
                on_input={sets(props, |form, text| form.typed = Some(text))} />
            <button type="button" class="button" onclick={use_it}>{ speech.say("checkout.coupon-use") }</button>
        </div>
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
            <Field label={speech.say("checkout.name")} value={now.name.clone()} autocomplete="name"
                on_input={set(|contact, text| contact.name = text)} />
            <Field label={speech.say("checkout.reach")} value={now.reach.clone()} autocomplete="tel"
                on_input={set(|contact, text| contact.reach = text)} hint={speech.say("checkout.contact-hint")} />
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
        options.chain([(AttrValue::Static(""), speech.say("checkout.other-address"))]).collect();
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
    html! { <Choice label={speech.say("checkout.kept-address")} {value} {options} {on_choose} /> }
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
                <span>{ speech.say("checkout.keep-address") }</span>
            </label>
            if let Some(label) = &form.label {
                <Field label={speech.say("addresses.label")} value={label.clone()} hint={speech.say("addresses.label-hint")}
                    on_input={sets(props, |form, text| form.label = Some(text))} />
            }
        </>
    }
}

fn lines(speech: &Speech, basket: &BasketOf, view: &CheckoutView) -> Html {
    html! {
        <ul class="checkout-lines">
            { for basket.lines.iter().map(|line| html! {
                <li>
                    <span class="checkout-quantity number">{ speech.quantity(line.quantity, line.unit) }</span>
                    <span class="grow">{ line.name.clone() }</span>
                    <span class="number">{ speech.money(line.total_minor, &basket.currency) }</span>
                </li>
            }) }
            if view.discount_minor > 0 {
                <li>
                    <span class="checkout-quantity">{ icon(Icon::Tag) }</span>
                    <span class="grow">{ speech.fill("checkout.coupon-line", &[("code", &view.coupon)]) }</span>
                    <span class="number">{ speech.money(view.discount_minor.saturating_neg(), &basket.currency) }</span>
                </li>
            }
            { for view.delivery_minor.map(|minor| delivery(speech, (minor, ""), &basket.currency)) }
        </ul>
    }
}

/// What bringing costs, as a line among those of the goods.
pub(super) fn delivery(speech: &Speech, (minor, zone): (i64, &str), currency: &str) -> Html {
    let price = if minor == 0 { speech.say("checkout.free") } else { speech.money(minor, currency).into() };
    html! {
        <li>
            <span class="checkout-quantity">{ icon(Icon::Boxes) }</span>
            <span class="grow">{ speech.say("checkout.delivery") }{ if zone.is_empty() { String::new() } else { format!(" · {zone}") } }</span>
            <span class="number">{ price }</span>
        </li>
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
                <Choice label={speech.say("checkout.pay")} value={props.way.map_or(LATER, |way| way.word())} on_choose={choose}
                    options={ways(&speech, offers)} />
            }
            if props.way == Some(PayWay::Phone) {
                <Field label={speech.say("checkout.phone")} value={props.phone.clone()} on_input={props.on_phone.clone()} kind="tel"
                    inputmode="tel" autocomplete="tel" hint={speech.say("checkout.phone-hint")} />
            }
        </>
    }
}

/// Paying when it is fetched, and what the server offers now; money that is none is called so.
fn ways(speech: &Speech, offers: &[PayOffer]) -> Vec<(AttrValue, AttrValue)> {
    let offered = offers.iter().map(|offer| {
        let word = offer.way.word();
        let name = speech.say_or(&format!("checkout.pay-{word}"), word);
        let name = if offer.is_test { speech.fill("checkout.pay-test", &[("way", &name)]) } else { name };
        (AttrValue::Static(word), name)
    });
    std::iter::once((AttrValue::Static(LATER), speech.say("checkout.pay-later"))).chain(offered).collect()
}

/// A number as it is sent: digits of any script as plain ones, and nothing where no telephone is asked.
fn number(way: PayWay, typed: &str) -> String {
    match way {
        PayWay::Card | PayWay::Transfer => String::new(),
        PayWay::Phone => latin(typed).chars().filter(char::is_ascii_digit).collect(),
    }
}
