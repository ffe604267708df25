//! Where the units of one product are, holder by holder, and what can be done about it.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    AdjustedLineInput, Command, DeviceRow, Holder, HolderRow, OwnStall, ProductView, Query,
    ReceivedLineInput, Reply, StockView, Verb, View,
};
use soko_domain::entry::AdjustReason;
use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use yew::prelude::*;

use super::order::code;
use super::passing::{Goes, Other, Stays, ToWhom, use_others};
use super::session::{reason_setter, reasons};
use super::stock_history::History;
use super::with_stall;
use crate::acting::{sets, use_acting};
use crate::browser;
use crate::desk::{Desk, use_desk};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Choice, Confirm, Dialog, Field, Icon, Photo, Problem, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct StockOfProps {
    pub product: ProductId,
}

#[component]
pub(super) fn StockOf(props: &StockOfProps) -> Html {
    let product = props.product;
    with_stall(move |stall| html! { <Loaded {stall} {product} /> })
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    product: ProductId,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let (stall, product) = (props.stall.stall, props.product);
    let shown = use_query(Some(Query::Product { stall, product }));
    let stock = use_query(Some(Query::Stock { stall, product }));
    match (shown.view(), stock.view()) {
        (Some(View::Product(view)), Some(View::Stock(stock))) => {
            html! { <Shown stall={props.stall.clone()} view={view.clone()} stock={stock.clone()} /> }
        }
        _ => html! { <Busy live={stock} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    stall: OwnStall,
    view: ProductView,
    stock: StockView,
}

/// What can be done with units.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Receive,
    Count,
    Gone,
    GiveBack,
    Pass,
    AskFor,
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let deed = use_state(|| None::<Deed>);
    let others = use_others(&props.stall);
    let (view, stock) = (&props.view, &props.stock);
    let quantity = |n: i64| speech.quantity(n, view.unit);
    let does = |which: Deed, key: &'static str, sign: Icon| {
        let deed = deed.clone();
        let onclick = Callback::from(move |_: MouseEvent| deed.set(Some(which)));
        html! { <button type="button" class="button" {onclick}>{ icon(sign) }{ speech.say(key) }</button> }
    };
    let on_close = {
        let deed = deed.clone();
        Callback::from(move |()| deed.set(None))
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Stock} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <Photo address={view.pictures.first().map(|hash| desk.picture(hash))} name={view.name.clone()} />
                <h1>{ view.name.clone() }</h1>
            </header>
            if stock.owed > 0 {
                <Problem text={speech.fill("stock.owed", &[("n", &quantity(stock.owed))])} />
            }
            if let Some((code, sentence)) = &stock.refused {
                <Problem text={speech.fill("stock.refused", &[("because", &speech.refused(code, sentence))])} />
            }
            <div class="card stock-sum">
                <p class="stock-counted"><strong class="number">{ quantity(stock.counted) }</strong><span>{ speech.say("stock.counted") }</span></p>
                <dl class="facts">
                    { for stock.holders.iter().map(|row| html! { <HeldBy stall={props.stall.clone()} product={view.product} row={row.clone()} unit={view.unit} /> }) }
                    if stock.on_the_way != 0 {
                        <div><dt>{ speech.say("stock.on-the-way") }</dt><dd class="number">{ quantity(stock.on_the_way) }</dd></div>
                    }
                    if stock.owed != 0 {
                        <div><dt>{ speech.say("stock.owed-name") }</dt><dd class="number">{ quantity(-stock.owed) }</dd></div>
                    }
                </dl>
            </div>
            <div class="row">
                { does(Deed::Receive, "stock.receive", Icon::Truck) }
                if props.stall.role.may_edit_catalogue() {
                    { does(Deed::Count, "stock.count", Icon::Count) }
                    { does(Deed::Gone, "session.gone", Icon::Trash) }
                }
                if stock.own_share > 0 && props.stall.is_connected { { does(Deed::GiveBack, "stock.give-back", Icon::Share) } }
                if stock.own_share > 0 && !others.is_empty() { { does(Deed::Pass, "session.pass", Icon::Truck) } }
                if props.stall.is_connected { { does(Deed::AskFor, "stock.ask-for", Icon::Swap) } }
            </div>
            <History stall={props.stall.stall} product={view.product} unit={view.unit} currency={view.currency.clone()} />
            if let Some(deed) = *deed {
                <Doing stall={props.stall.clone()} product={view.product} unit={view.unit} stock={stock.clone()} others={others.clone()} {deed} {on_close} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct HeldByProps {
    stall: OwnStall,
    product: ProductId,
    row: HolderRow,
    unit: Unit,
}

#[component]
fn HeldBy(props: &HeldByProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Devices(props.stall.stall)));
    let devices: &[DeviceRow] = if let Some(View::Devices(rows)) = live.view() { rows } else { &[] };
    let name = |author| {
        let known = devices.iter().find(|row| row.author == author);
        known.map_or_else(|| speech.say("stock.some-register"), |row| row.name.clone().into())
    };
    let holder = match props.row.holder {
        Holder::Shop => speech.say("stock.shop"),
        Holder::Register(author) if author == props.stall.author => speech.say("stock.this-register"),
        Holder::Register(author) => name(author),
        Holder::Order(order) => speech.fill("order.name", &[("code", &code(order))]),
        Holder::SetApart(author) => speech.fill("stock.set-apart", &[("name", &name(author))]),
    };
    let quantity = AttrValue::from(speech.quantity(props.row.quantity, props.unit));
    let stall = &props.stall;
    let may_take_back = stall.is_connected && stall.role.may_take_back() && props.row.quantity > 0;
    let set_apart_of = if let Holder::SetApart(of) = props.row.holder { Some(of) } else { None };
    html! {
        <div>
            <dt>{ holder.clone() }</dt>
            <dd class="number">{ quantity.clone() }</dd>
            if let Some(of) = set_apart_of.filter(|_| may_take_back) {
                <dd><TakeBack stall={stall.stall} product={props.product} {of} {quantity} {holder} /></dd>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct TakeBackProps {
    stall: LogId,
    product: ProductId,
    of: AuthorId,
    quantity: AttrValue,
    holder: AttrValue,
}

/// The owner found what is set apart.
#[component]
fn TakeBack(props: &TakeBackProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let is_asking = use_state_eq(|| false);
    let ask = {
        let is_asking = is_asking.setter();
        Callback::from(move |is_shown: bool| is_asking.set(is_shown))
    };
    let on_confirm = {
        let (acting, ask) = (acting.clone(), ask.clone());
        let (stall, product, of) = (props.stall, props.product, props.of);
        Callback::from(move |reason: String| {
            ask.emit(false);
            let doing = acting.clone();
            acting.act(stall, Verb::TakeBack { product, of, reason }, move |_| {
                doing.desk.toasts.done(doing.speech.say("stock.take-back-asked"));
            });
        })
    };
    let deed = speech.say("stock.take-back");
    html! {
        <>
            <button type="button" class="button" onclick={ask.reform(|_| true)} disabled={acting.is_busy()}
                aria-label={format!("{deed}: {}", props.holder)}>
                { deed.clone() }
            </button>
            if *is_asking {
                <Confirm title={speech.fill("stock.take-back-name", &[("n", &props.quantity)])}
                    text={speech.say("stock.take-back-text")} action={deed} asks_reason=true
                    {on_confirm} on_close={ask.reform(|()| false)} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct DoingProps {
    stall: OwnStall,
    product: ProductId,
    unit: Unit,
    stock: StockView,
    others: Vec<Other>,
    deed: Deed,
    on_close: Callback<()>,
}

impl Deed {
    fn title(self) -> &'static str {
        match self {
            Self::Receive => "stock.receive",
            Self::Count => "stock.count",
            Self::Gone => "session.gone",
            Self::GiveBack => "stock.give-back",
            Self::Pass => "session.pass",
            Self::AskFor => "stock.ask-for",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Receive => "stock.receive-text",
            Self::Count => "stock.count-text",
            Self::Gone => "stock.gone-text",
            Self::GiveBack => "stock.give-back-text",
            Self::Pass => "session.pass-text",
            Self::AskFor => "stock.ask-for-text",
        }
    }

    fn goes(self) -> Option<Goes> {
        match self {
            Self::AskFor => Some(Goes::Here),
            Self::GiveBack | Self::Pass => Some(Goes::Away),
            Self::Receive | Self::Count | Self::Gone => None,
        }
    }

    /// None while it is not said to whom.
    fn verb(
        self,
        (product, quantity): (ProductId, i64),
        (note, reason): (&str, AdjustReason),
        (to, count): (Option<AuthorId>, ThingId),
    ) -> Option<Verb> {
        Some(match self {
            Self::Receive => {
                let line = ReceivedLineInput { product, quantity, cost_minor: None };
                Verb::ReceiveStock { lines: vec![line], note: note.into() }
            }
            Self::Count => {
                Verb::CountStock { product, counted: quantity, reason: note.into(), count: Some(count) }
            }
            Self::Gone => {
                let lines = vec![AdjustedLineInput { product, quantity }];
                Verb::AdjustStock { reason, lines, note: note.into() }
            }
            Self::GiveBack => Verb::ReturnShare { product, quantity },
            Self::Pass => Verb::PassShare { product, quantity, to: to? },
            Self::AskFor => Verb::AskShare { product, quantity },
        })
    }

    fn may(self, quantity: i64, stock: &StockView) -> bool {
        match self {
            Self::Receive | Self::Gone | Self::AskFor => quantity > 0,
            Self::Count => true,
            Self::GiveBack | Self::Pass => quantity > 0 && quantity <= stock.own_share,
        }
    }
}

#[component]
fn Doing(props: &DoingProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (text, note) = (use_state(String::new), use_state(String::new));
    let deed = props.deed;
    let quantity = typed::whole(&text).filter(|quantity| deed.may(*quantity, &props.stock));
    let count = use_count(props.stall.stall, props.product, deed == Deed::Count);
    let waits_for = if deed == Deed::Count { props.stock.waits_for.len() } else { 0 };
    let has_note = matches!(deed, Deed::Receive | Deed::Count | Deed::Gone);
    let reason = use_state(|| AdjustReason::Waste);
    let chosen = use_state(|| None::<AuthorId>);
    let to = chosen.or_else(|| props.others.first().map(|other| other.author));
    let onsubmit = {
        let (acting, note, on_close) = (acting.clone(), note.clone(), props.on_close.clone());
        let reason = *reason;
        let (stall, product) = (props.stall.stall, props.product);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(quantity) = quantity else { return };
            let Some(verb) = deed.verb((product, quantity), (note.trim(), reason), (to, count)) else {
                return;
            };
            let (doing, on_close) = (acting.clone(), on_close.clone());
            acting.act(stall, verb, move |reply| {
                doing.desk.toasts.done(told(&doing.speech, deed, &reply));
                on_close.emit(());
            });
        })
    };
    let on_text = sets(&text);
    let on_to = Callback::from({
        let chosen = chosen.setter();
        move |author: AuthorId| chosen.set(Some(author))
    });
    let sign = (props.unit != Unit::Piece).then(|| AttrValue::Static(props.unit.symbol()));
    html! {
        <Dialog title={speech.say(deed.title())} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.say(deed.text()) }</p>
                if waits_for > 0 {
                    <p class="prose" role="status">
                        { speech.fill("stock.count-waits", &[("n", &speech.number(i64::try_from(waits_for).unwrap_or(i64::MAX)))]) }
                    </p>
                }
                <Field label={speech.say("line.quantity")} value={(*text).clone()} on_input={on_text} inputmode="numeric" {sign}
                    autofocus=true class="field-money" />
                if let Some(goes) = deed.goes() {
                    <Stays stall={props.stall.stall} product={props.product} unit={props.unit} {goes} quantity={typed::whole(&text)} />
                }
                if deed == Deed::Gone {
                    <Choice label={speech.say("session.reason")} value={reason.word()} options={reasons(&speech)} on_choose={reason_setter(&reason)} />
                }
                if deed == Deed::Pass { <ToWhom others={props.others.clone()} {to} on_choose={on_to} /> }
                if has_note {
                    <Field label={speech.say("line.note")} value={(*note).clone()} on_input={sets(&note)} />
                }
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={quantity.is_none() || acting.is_busy()}>
                        { speech.say(deed.title()) }
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}

/// A count of its own for as long as the dialog stands: nobody takes what was marked for one that was put aside.
#[hook]
fn use_count(stall: LogId, product: ProductId, is_wanted: bool) -> ThingId {
    let desk = use_desk();
    let count = *use_memo((), |()| ThingId(browser::chance()));
    use_effect_with((), move |()| {
        if is_wanted {
            open_count(&desk, stall, (product, count));
        }
        // One whose number was given has ended already.
        move || {
            if is_wanted {
                drop_count(&desk, stall, count);
            }
        }
    });
    count
}

/// The other registers say what they sold by now. Who may not count is told when the number is given.
pub(super) fn open_count(desk: &Desk, stall: LogId, (product, count): (ProductId, ThingId)) {
    quietly(desk, Command { id: count, stall, verb: Verb::OpenCount { product } });
}

pub(super) fn drop_count(desk: &Desk, stall: LogId, count: ThingId) {
    quietly(desk, Command { id: ThingId(browser::chance()), stall, verb: Verb::DropCount { count } });
}

fn quietly(desk: &Desk, command: Command) {
    let desk = desk.clone();
    wasm_bindgen_futures::spawn_local(async move { drop(desk.send(command).await) });
}

fn told(speech: &Speech, deed: Deed, reply: &Reply) -> AttrValue {
    match reply {
        Reply::Counted { expected, counted } if expected != counted => {
            let difference = speech.number(counted - expected);
            speech.fill("stock.counted-difference", &[("n", &difference)])
        }
        Reply::Asked { .. } if deed == Deed::Pass => speech.say("stock.passed"),
        Reply::Asked { .. } => speech.say("stock.asked"),
        Reply::Done
        | Reply::Counted { .. }
        | Reply::Sold { .. }
        | Reply::HandedOver { .. }
        | Reply::Voided { .. }
        | Reply::Refunded { .. }
        | Reply::Filled { .. }
        | Reply::Imported(_)
        | Reply::VariantsMade { .. }
        | Reply::ShiftClosed { .. } => speech.say("stock.done"),
    }
}
