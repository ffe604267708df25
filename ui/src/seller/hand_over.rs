//! Taking the money for an order from the shop, with its goods. What was paid before is handed over without this.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{Answer, Call, OrderView, OwnStall, TenderInput, Verb};
use soko_domain::basket::{Settled, Tender, TenderKind, settle};
use soko_domain::ids::OrderId;
use soko_domain::money::{CashRounding, Rounding};
use yew::prelude::*;

use super::pay::{Means, use_paying};
use super::shift::{OpenDrawer, use_shift};
use crate::acting::use_acting;
use crate::desk::use_desk;
use crate::drafts;
use crate::parts::{Dialog, Icon, icon};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct TakeProps {
    pub(super) stall: OwnStall,
    pub(super) order: OrderView,
    pub(super) on_close: Callback<()>,
}

/// Into an open drawer; where it is closed, that comes first.
#[component]
pub(super) fn Take(props: &TakeProps) -> Html {
    let (taken, keep) = use_taken(props.order.row.order);
    let (stall, on_close) = (props.stall.clone(), props.on_close.clone());
    match (use_shift(&props.stall), taken) {
        // A part that is taken before it is known what was would be taken for all of it.
        (None, _) | (Some(Some(_)), None) => Html::default(),
        // It shows the payment as soon as it is open.
        (Some(None), _) => html! { <OpenDrawer {stall} {on_close} on_open={Callback::noop()} /> },
        (Some(Some(_)), Some(taken)) => {
            html! { <Taking {stall} order={props.order.clone()} {taken} {keep} {on_close} /> }
        }
    }
}

#[derive(Properties, PartialEq)]
struct TakingProps {
    stall: OwnStall,
    order: OrderView,
    taken: Vec<TenderInput>,
    keep: Callback<Vec<TenderInput>>,
    on_close: Callback<()>,
}

#[component]
fn Taking(props: &TakingProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (taken, keep) = (props.taken.clone(), props.keep.clone());
    let (paying, set) = use_paying(taken, keep.clone());
    let currency: AttrValue = props.order.row.currency.clone().into();
    let before = settled(&props.order, &paying.added);
    let is_cash = paying.kind == TenderKind::Cash;
    let due = before.map_or(0, |it| if is_cash { it.due_in_cash_minor } else { it.due_minor });
    let tenders = paying.tenders(due, &currency).filter(|tenders| tenders.iter().all(is_seen));
    let after =
        tenders.as_deref().and_then(|tenders| settled(&props.order, tenders)).filter(Settled::is_paid);
    let change = after.map_or(0, |after| after.change_minor);
    let rounding = after.map_or(0, |after| after.cash_rounding_minor);
    let take = {
        let (acting, stall, order) = (acting.clone(), props.stall.stall, props.order.row.order);
        let (on_close, shown) = (props.on_close.clone(), speech.money(change, &currency));
        Callback::from(move |_: MouseEvent| {
            let Some(tenders) = tenders.clone() else { return };
            let (desk, speech, on_close) = (acting.desk.clone(), acting.speech.clone(), on_close.clone());
            let keep = keep.clone();
            let done = match change {
                0 => speech.say("order.handed-over"),
                _ => speech.fill("order.handed-over-change", &[("amount", &shown)]),
            };
            acting.act(stall, Verb::HandOverOrder { order, tenders }, move |_| {
                keep.emit(Vec::new());
                desk.toasts.done(done);
                on_close.emit(());
            });
        })
    };
    let is_unseen = paying.kind == TenderKind::MobileMoney && !paying.seen;
    html! {
        <Dialog title={speech.say("order.take-title")} on_close={props.on_close.clone()}>
            <p class="pay-due">
                <span>{ speech.say("pay.due") }</span>
                <strong class="number" aria-live="polite">{ speech.money(due, &currency) }</strong>
            </p>
            <Means paying={paying.clone()} {due} currency={currency.clone()} {set} />
            if is_unseen { <p class="hint" role="status">{ speech.say("order.take-unseen") }</p> }
            if rounding != 0 {
                <p class="row row-apart"><span>{ speech.say("receipt.rounding") }</span>
                    <span class="number">{ speech.money(rounding, &currency) }</span></p>
            }
            if change > 0 {
                <p class="pay-change" aria-live="polite"><span>{ speech.say("pay.change") }</span>
                    <strong class="number">{ speech.money(change, &currency) }</strong></p>
            }
            <footer class="dialog-foot">
                <button type="button" class="button button-main button-large button-wide" onclick={take}
                    disabled={after.is_none() || acting.is_busy()}>
                    { icon(Icon::Check) }{ speech.say("order.take") }
                </button>
            </footer>
        </Dialog>
    }
}

/// Of the parts as they are kept; counted up with what they have.
const LAYOUT: u8 = 1;

/// What was taken of an order's money already, and how that changes. It is kept until the order is handed over: who closes the dialog, or
/// whose page is locked or gone, has the money still.
#[hook]
fn use_taken(order: OrderId) -> (Option<Vec<TenderInput>>, Callback<Vec<TenderInput>>) {
    let (desk, speech) = (use_desk(), use_speech());
    let taken = use_state(|| None);
    let is_said = use_memo((), |()| Rc::new(Cell::new(false)));
    {
        let (desk, taken) = (desk.clone(), taken.setter());
        use_effect_with(order, move |order| {
            let key = key(*order);
            wasm_bindgen_futures::spawn_local(async move {
                let answer = desk.call(Call::Kept { key }).await;
                let bytes = if let Answer::Kept(bytes) = answer { bytes } else { Vec::new() };
                taken.set(Some(drafts::unpack(LAYOUT, &bytes).found().unwrap_or_default()));
            });
        });
    }
    let keep = {
        let taken = taken.setter();
        Callback::from(move |now: Vec<TenderInput>| {
            let value = if now.is_empty() { Vec::new() } else { drafts::pack(LAYOUT, &now) };
            let (desk, speech, is_said) = (desk.clone(), speech.clone(), Rc::clone(&is_said));
            taken.set(Some(now));
            wasm_bindgen_futures::spawn_local(async move {
                drafts::keep(&desk, &speech, &is_said, (key(order), value)).await;
            });
        })
    };
    ((*taken).clone(), keep)
}

fn key(order: OrderId) -> String {
    format!("taken/{order}")
}

/// The goods are gone after it, so what a buyer only says does not count.
fn is_seen(tender: &TenderInput) -> bool {
    tender.kind != TenderKind::MobileMoney || tender.seen
}

fn settled(order: &OrderView, tenders: &[TenderInput]) -> Option<Settled> {
    let plain = |it: &TenderInput| Tender { kind: it.kind, amount_minor: it.amount_minor };
    let tenders: Vec<Tender> = tenders.iter().map(plain).collect();
    let rounding = CashRounding { step_minor: order.cash_step_minor, rounding: Rounding::HalfUp };
    settle(order.due_minor, &tenders, rounding).ok()
}
