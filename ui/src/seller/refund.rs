//! Giving money back, line by line, never more than was sold; and saying where the goods went. The right to do so is
//! held by one party at a time (R14): what this register does not hold it asks for.

use std::collections::BTreeMap;

use soko_app_api::text::Worded;
use soko_app_api::{
    Answer, DrawerFor, GivenBackView, OwnStall, PurseInput, Query, RefundHolder, RefundLineInput,
    RefundPlanView, RefundRightView, Reply, SaleLineView, SaleView, TenderView, Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use yew::prelude::*;

use super::pay::name;
use super::refund_asked::Asked;
use super::tenders::KINDS;
use crate::acting::{Acting, sets, use_acting};
use crate::cart::Returned;
use crate::customers::{Into, IntoPurse};
use crate::desk::Desk;
use crate::live::use_query;
use crate::paper;
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
            <TermsForm is_busy={acting.is_busy()} stall={props.stall.clone()} sale={props.sale.clone()} wanted={(*wanted).clone()}
                {on_do} {on_exchange} />
        </>
    }
}

/// How something is given back.
#[derive(Clone, PartialEq)]
pub(super) struct Terms {
    goods: GoodsBack,
    tender: TenderKind,
    /// Where the money stays, or what of it does not go back as money.
    into: Option<PurseInput>,
    reason: String,
}

impl Terms {
    pub(super) fn lines(&self, wanted: &BTreeMap<u32, i64>) -> Vec<RefundLineInput> {
        lines(wanted, self.goods)
    }
}

fn lines(wanted: &BTreeMap<u32, i64>, goods: GoodsBack) -> Vec<RefundLineInput> {
    let some = wanted.iter().filter(|(_, quantity)| **quantity > 0);
    some.map(|(line, quantity)| RefundLineInput { line: *line, quantity: *quantity, goods }).collect()
}

pub(super) const GOODS: [GoodsBack; 3] = [GoodsBack::Sellable, GoodsBack::Waste, GoodsBack::KeptByBuyer];

#[derive(Properties, PartialEq)]
pub(super) struct TermsProps {
    pub stall: OwnStall,
    pub sale: SaleView,
    /// How many of which line.
    pub wanted: BTreeMap<u32, i64>,
    pub is_busy: bool,
    pub on_do: Callback<Terms>,
    pub on_exchange: Callback<Terms>,
}

/// Where the goods went, by what means the money goes back, and why.
#[component]
pub(super) fn TermsForm(props: &TermsProps) -> Html {
    let speech = use_speech();
    let (sale, customer) = (&props.sale, props.sale.customer);
    let goods = use_state(|| GoodsBack::Sellable);
    let paid = paid(sale);
    let is_purse = |view: &TenderView| view.kind == TenderKind::Voucher;
    // Back the way it came.
    let first = paid.iter().map(|paid| paid.kind).find(|kind| KINDS.contains(kind));
    let tender = use_state(|| first.unwrap_or(TenderKind::Cash));
    let reason = use_state(String::new);
    let kept = use_state(|| if paid.iter().any(is_purse) { Into::first(customer) } else { Into::Nothing });
    // Money goes back as money first, where something was paid in money and something else from a purse.
    let is_mixed = paid.iter().any(is_purse) && !paid.iter().all(is_purse);
    let is_split = use_state(|| is_mixed);
    let into = kept.purse(customer);
    let by = if *kept == Into::Nothing || (is_mixed && *is_split) { *tender } else { TenderKind::Voucher };
    let wanted = lines(&props.wanted, *goods);
    let is_wanted = !wanted.is_empty();
    let plan = use_plan(props, wanted, by, into.as_ref().is_some_and(Option::is_some));
    let for_goods = use_plan(props, lines(&props.wanted, *goods), TenderKind::Cash, true);
    let is_said = !props.is_busy && is_wanted && !reason.trim().is_empty();
    let terms =
        Terms { goods: *goods, tender: by, into: into.clone().flatten(), reason: reason.trim().into() };
    let onsubmit = {
        let terms = terms.clone();
        props.on_do.reform(move |submit: SubmitEvent| {
            submit.prevent_default();
            terms.clone()
        })
    };
    let exchange = props.on_exchange.reform(move |_: MouseEvent| terms.clone());
    let goods_options = GOODS.map(|kind| {
        (kind.word().into(), speech.say_or(&format!("refund.goods-{}", kind.word()), kind.word()))
    });
    let tender_options = KINDS.map(|kind| (kind.word().into(), name(&speech, kind)));
    let split = {
        let is_split = is_split.clone();
        Callback::from(move |_: Event| is_split.set(!*is_split))
    };
    html! {
        <form class="stack" {onsubmit}>
            if !paid.is_empty() {
                <p class="prose">{ speech.fill("refund.paid", &[("by", &means(&speech, &paid, &sale.row.currency))]) }</p>
            }
            <div class="pair">
                <Choice label={speech.say("refund.goods")} value={goods.word()} options={goods_options.to_vec()} on_choose={chosen(&goods)} />
                if by != TenderKind::Voucher {
                    <Choice label={speech.say("refund.tender")} value={tender.word()} options={tender_options.to_vec()} on_choose={chosen(&tender)} />
                }
            </div>
            <IntoPurse value={(*kept).clone()} {customer} on_change={sets(&kept)} />
            if is_mixed && *kept != Into::Nothing {
                <label class="check">
                    <input type="checkbox" checked={*is_split} onchange={split} />
                    <span>{ speech.say("refund.split") }</span>
                </label>
            }
            <Field label={speech.say("confirm.reason")} value={(*reason).clone()} on_input={sets(&reason)} required=true />
            { planned(&speech, &plan, &sale.row.currency) }
            <footer class="dialog-foot">
                <button type="button" class="button" disabled={!is_said || !matches!(for_goods, Plan::Is(_))} onclick={exchange}>
                    { icon(Icon::Swap) }{ speech.say("exchange.do") }
                </button>
                <button type="submit" class="button button-main" disabled={!is_said || into.is_none() || !matches!(plan, Plan::Is(_))}>{ speech.say("refund.do") }</button>
            </footer>
        </form>
    }
}

/// What the register says that would go back.
enum Plan {
    Unknown,
    Is(RefundPlanView),
    /// In the person's language.
    Refused(AttrValue),
}

#[hook]
fn use_plan(
    props: &TermsProps,
    lines: Vec<RefundLineInput>,
    tender: TenderKind,
    rest_into_purse: bool,
) -> Plan {
    let speech = use_speech();
    let (stall, sale) = (props.stall.stall, props.sale.row.sale);
    let is_wanted = !lines.is_empty();
    let query = Query::RefundPlan { stall, sale, lines, tender, rest_into_purse };
    let live = use_query(is_wanted.then_some(query));
    match live.answer.as_deref() {
        Some(Answer::View(View::RefundPlan(plan))) if is_wanted => Plan::Is(plan.clone()),
        Some(Answer::Refused(refused)) if is_wanted => {
            Plan::Refused(speech.refused(&refused.code, &refused.sentence))
        }
        _ => Plan::Unknown,
    }
}

/// What leaves by which means, and what does not because it never came.
fn planned(speech: &Speech, plan: &Plan, currency: &str) -> Html {
    let plan = match plan {
        Plan::Unknown => return Html::default(),
        Plan::Refused(sentence) => return html! { <p class="problem" role="status">{ sentence.clone() }</p> },
        Plan::Is(plan) => plan,
    };
    let line = |part: &GivenBackView| {
        let key = if part.never_came {
            "refund.never-came"
        } else if part.kind == TenderKind::Voucher {
            "refund.into-purse"
        } else {
            "refund.leaves"
        };
        html! {
            <li class="row row-apart">
                <span>{ speech.fill(key, &[("by", &name(speech, part.kind))]) }</span>
                <strong class="number">{ speech.money(part.amount_minor, currency) }</strong>
            </li>
        }
    };
    html! {
        <ul class="plain" role="status" aria-label={speech.say("refund.plan")}>
            { for plan.given.iter().map(line) }
            if plan.cash_rounding_minor != 0 {
                <li class="row row-apart hint">
                    <span>{ speech.say("receipt.rounding") }</span>
                    <span class="number">{ speech.money(plan.cash_rounding_minor, currency) }</span>
                </li>
            }
        </ul>
    }
}

/// How a sale was paid: of cash, what stayed after the change.
pub(super) fn paid(sale: &SaleView) -> Vec<TenderView> {
    let mut change = sale.change_minor;
    let mut paid = sale.tenders.clone();
    for cash in paid.iter_mut().filter(|paid| paid.kind == TenderKind::Cash) {
        let out = change.min(cash.amount_minor);
        cash.amount_minor -= out;
        change -= out;
    }
    paid.retain(|paid| paid.amount_minor > 0);
    paid
}

/// How something was paid: each means with its amount, and whether nobody saw it.
pub(super) fn means(speech: &Speech, tenders: &[TenderView], currency: &str) -> String {
    let one = |paid: &TenderView| {
        let one = format!("{} {}", name(speech, paid.kind), speech.money(paid.amount_minor, currency));
        if paid.standing.is_unseen() {
            speech.fill("refund.unseen", &[("by", &one)]).to_string()
        } else {
            one
        }
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
            if tender == TenderKind::Cash && amount_minor > 0 {
                paper::open_drawer(&desk, &speech, DrawerFor::Reason);
            }
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
    /// How many there may be, if not all that are left.
    #[prop_or_default]
    pub most: Option<i64>,
    pub on_change: Callback<(u32, i64)>,
}

/// How many of a line.
#[component]
pub(super) fn HowMany(props: &HowManyProps) -> Html {
    let speech = use_speech();
    let (place, line) = (props.place, &props.line);
    let left = props.most.unwrap_or_else(|| left(line));
    // What is weighed is not given back gram by gram.
    let step = if line.price_per > 1 { 50 } else { 1 };
    let on_change = props.on_change.reform(move |quantity: i64| (place, quantity.clamp(0, left)));
    html! {
        <Stepper label={line.name.clone()} value={props.quantity} {step} shown={speech.number(props.quantity)} {on_change} />
    }
}
