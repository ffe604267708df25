//! Giving money back, line by line, never more than was sold; and saying where the goods went. The right to do so is
//! held by one party at a time (R14): what this register does not hold it asks for.

use std::collections::BTreeMap;

use soko_app_api::text::Worded;
use soko_app_api::{
    OwnStall, PurseInput, Query, RefundHolder, RefundLineInput, RefundRightView, Reply, SaleLineView,
    SaleView, TenderView, Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::pay::name;
use super::refund_asked::Asked;
use super::tenders::KINDS;
use crate::acting::{Acting, sets, use_acting};
use crate::cart::Returned;
use crate::customers::{Into, IntoPurse};
use crate::desk::Desk;
use crate::live::use_query;
use crate::parts::{Choice, Dialog, Field, Icon, Loading, Stepper, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct RefundProps {
    pub stall: OwnStall,
    pub sale: SaleView,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn Refund(props: &RefundProps) -> Html {
    let speech = use_speech();
    let (stall, sale) = (props.stall.stall, props.sale.row.sale);
    let live = use_query(Some(Query::RefundRight { stall, sale }));
    let right: Option<RefundRightView> = match live.view() {
        Some(View::RefundRight(right)) => Some(right.clone()),
        Some(_) | None => None,
    };
    let parts = match right {
        None => html! { <Loading /> },
        Some(right) if right.holder == RefundHolder::Here => {
            html! { <Own stall={props.stall.clone()} sale={props.sale.clone()} on_close={props.on_close.clone()} /> }
        }
        Some(right) => {
            html! { <Asked stall={props.stall.clone()} sale={props.sale.clone()} {right} on_close={props.on_close.clone()} /> }
        }
    };
    html! { <Dialog title={speech.say("refund.title")} on_close={props.on_close.clone()}>{ parts }</Dialog> }
}

/// By this register's own right.
#[component]
fn Own(props: &RefundProps) -> Html {
    let acting = use_acting();
    let wanted = use_state(BTreeMap::<u32, i64>::new);
    let on_do = {
        let (acting, wanted) = (acting.clone(), wanted.clone());
        let (stall, sale, on_close) = (props.stall.clone(), props.sale.clone(), props.on_close.clone());
        Callback::from(move |terms: Terms| {
            give_back(&acting, (&stall, &sale), (terms.lines(&wanted), &terms), on_close.clone());
        })
    };
    let on_exchange = {
        let (desk, wanted, sale) = (acting.desk.clone(), wanted.clone(), props.sale.clone());
        Callback::from(move |terms: Terms| take_back(&desk, &sale, terms.lines(&wanted), &terms))
    };
    let set = {
        let wanted = wanted.clone();
        Callback::from(move |(line, quantity)| {
            let mut now = (*wanted).clone();
            now.insert(line, quantity);
            wanted.set(now);
        })
    };
    let is_ready = wanted.values().any(|quantity| *quantity > 0) && !acting.is_busy();
    html! {
        <>
            <ul class="plain">
                { for (0_u32..).zip(&props.sale.lines).map(|(place, line)| html! {
                    <li class="row row-apart">
                        { line_name(&acting.speech, line) }
                        <HowMany {place} line={line.clone()} quantity={wanted.get(&place).copied().unwrap_or(0)} on_change={set.clone()} />
                    </li>
                }) }
            </ul>
            <TermsForm {is_ready} customer={props.sale.customer} tenders={props.sale.tenders.clone()}
                currency={props.sale.row.currency.clone()} {on_do} {on_exchange} />
        </>
    }
}

/// How something is given back.
#[derive(Clone, PartialEq)]
pub(super) struct Terms {
    goods: GoodsBack,
    tender: TenderKind,
    /// Where the money stays, if it does.
    into: Option<PurseInput>,
    reason: String,
}

impl Terms {
    pub(super) fn lines(&self, wanted: &BTreeMap<u32, i64>) -> Vec<RefundLineInput> {
        let some = wanted.iter().filter(|(_, quantity)| **quantity > 0);
        some.map(|(line, quantity)| RefundLineInput { line: *line, quantity: *quantity, goods: self.goods })
            .collect()
    }
}

pub(super) const GOODS: [GoodsBack; 3] = [GoodsBack::Sellable, GoodsBack::Waste, GoodsBack::KeptByBuyer];

#[derive(Properties, PartialEq)]
pub(super) struct TermsProps {
    /// Something was chosen to be given back.
    pub is_ready: bool,
    /// Whose sale it was.
    pub customer: Option<ThingId>,
    /// How it was paid.
    pub tenders: Vec<TenderView>,
    pub currency: AttrValue,
    pub on_do: Callback<Terms>,
    pub on_exchange: Callback<Terms>,
}

/// Where the goods went, by what means the money goes back, and why.
#[component]
pub(super) fn TermsForm(props: &TermsProps) -> Html {
    let speech = use_speech();
    let goods = use_state(|| GoodsBack::Sellable);
    // Back the way it came.
    let first = props.tenders.iter().map(|paid| paid.kind).find(|kind| KINDS.contains(kind));
    let tender = use_state(|| first.unwrap_or(TenderKind::Cash));
    let reason = use_state(String::new);
    let kept = use_state(Into::default);
    let into = kept.purse(props.customer);
    let is_ready = props.is_ready && !reason.trim().is_empty() && into.is_some();
    let onsubmit = {
        let into = into.flatten();
        let tender = if into.is_some() { TenderKind::Voucher } else { *tender };
        let terms = Terms { goods: *goods, tender, into, reason: reason.trim().into() };
        props.on_do.reform(move |submit: SubmitEvent| {
            submit.prevent_default();
            terms.clone()
        })
    };
    let exchange = {
        let terms = Terms { goods: *goods, tender: *tender, into: None, reason: reason.trim().into() };
        props.on_exchange.reform(move |_: MouseEvent| terms.clone())
    };
    let goods_options = GOODS.map(|kind| {
        (kind.word().into(), speech.say_or(&format!("refund.goods-{}", kind.word()), kind.word()))
    });
    let tender_options = KINDS.map(|kind| (kind.word().into(), name(&speech, kind)));
    html! {
        <form class="stack" {onsubmit}>
            if !props.tenders.is_empty() {
                <p class="prose">{ speech.fill("refund.paid", &[("by", &means(&speech, &props.tenders, &props.currency))]) }</p>
            }
            <div class="pair">
                <Choice label={speech.say("refund.goods")} value={goods.word()} options={goods_options.to_vec()} on_choose={chosen(&goods)} />
                if *kept == Into::Nothing {
                    <Choice label={speech.say("refund.tender")} value={tender.word()} options={tender_options.to_vec()} on_choose={chosen(&tender)} />
                }
            </div>
            <IntoPurse value={(*kept).clone()} customer={props.customer} on_change={sets(&kept)} />
            <Field label={speech.say("confirm.reason")} value={(*reason).clone()} on_input={sets(&reason)} required=true />
            <footer class="dialog-foot">
                <button type="button" class="button" disabled={!is_ready} onclick={exchange}>
                    { icon(Icon::Swap) }{ speech.say("exchange.do") }
                </button>
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("refund.do") }</button>
            </footer>
        </form>
    }
}

/// How something was paid: each means with its amount.
pub(super) fn means(speech: &Speech, tenders: &[TenderView], currency: &str) -> String {
    let one = |paid: &TenderView| {
        format!("{} {}", name(speech, paid.kind), speech.money(paid.amount_minor, currency))
    };
    tenders.iter().map(one).collect::<Vec<_>>().join(" · ")
}

/// Takes the word of a choice.
pub(super) fn chosen<T: Worded>(state: &UseStateHandle<T>) -> Callback<String> {
    let setter = state.setter();
    Callback::from(move |word: String| T::from_word(&word).into_iter().for_each(|choice| setter.set(choice)))
}

pub(super) fn give_back(
    acting: &Acting,
    (stall, sale): (&OwnStall, &SaleView),
    (lines, terms): (Vec<RefundLineInput>, &Terms),
    on_close: Callback<()>,
) {
    let (desk, speech, currency) = (acting.desk.clone(), acting.speech.clone(), sale.row.currency.clone());
    let (tender, reason, into) = (terms.tender, terms.reason.clone(), terms.into.clone());
    let verb = Verb::Refund { sale: sale.row.sale, lines, tender, reason, into };
    acting.act(stall.stall, verb, move |reply| {
        if let Reply::Refunded { amount_minor, .. } = reply {
            let amount = speech.money(amount_minor, &currency);
            desk.toasts.done(speech.fill("refund.done", &[("amount", &amount)]));
        }
        on_close.emit(());
    });
}

/// Onto the counter: others go out for it.
pub(super) fn take_back(desk: &Desk, sale: &SaleView, lines: Vec<RefundLineInput>, terms: &Terms) {
    let (sale, receipt_number) = (sale.row.sale, sale.row.receipt_number);
    let returned = Returned { sale, receipt_number, lines, reason: terms.reason.clone() };
    desk.cart.change(|cart| cart.returned = Some(returned.clone()));
    desk.go(Route::Sell);
}

pub(super) fn left(line: &SaleLineView) -> i64 {
    (line.quantity - line.refunded).max(0)
}

pub(super) fn line_name(speech: &Speech, line: &SaleLineView) -> Html {
    html! {
        <span class="list-main grow">
            <span class="list-name">{ line.name.clone() }</span>
            <span class="list-more">{ speech.count("refund.left", left(line)) }</span>
        </span>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct HowManyProps {
    pub place: u32,
    pub line: SaleLineView,
    pub quantity: i64,
    pub on_change: Callback<(u32, i64)>,
}

/// How many of a line.
#[component]
pub(super) fn HowMany(props: &HowManyProps) -> Html {
    let speech = use_speech();
    let (place, line) = (props.place, &props.line);
    let left = left(line);
    // What is weighed is not given back gram by gram.
    let step = if line.price_per > 1 { 50 } else { 1 };
    let on_change = props.on_change.reform(move |quantity: i64| (place, quantity.clamp(0, left)));
    html! {
        <Stepper label={line.name.clone()} value={props.quantity} {step} shown={speech.number(props.quantity)} {on_change} />
    }
}
