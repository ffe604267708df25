//! The bank transfer that an order waits for: what to look for on the account, and that it came. Works without a network and without an
//! open drawer.

use soko_app_api::{OrderView, TransferView, Verb};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::pay_order::PayStanding;
use yew::prelude::*;

use crate::acting::{closes, opens, sets, use_acting};
use crate::parts::{Dialog, Field, Icon, icon};
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct TransferProps {
    pub stall: LogId,
    pub order: OrderView,
}

/// Nothing where nobody waits for one. Of an order that was cancelled it still can come, and then has to be sent back.
#[component]
pub(super) fn Transfer(props: &TransferProps) -> Html {
    let speech = use_speech();
    let asks = use_state(|| false);
    let row = &props.order.row;
    let Some(transfer) = props.order.transfer.as_ref().filter(|_| row.money == PayStanding::Waiting) else {
        return Html::default();
    };
    let amount = speech.money(transfer.amount_minor, &row.currency);
    let until = speech.day_and_time(transfer.until_ms, None);
    let means = match row.state.as_str() {
        "cancelled" => speech.say("order-transfer.late"),
        _ => speech.fill("order-transfer.until", &[("when", &until)]),
    };
    html! {
        <section class="card stack" aria-label={speech.say("order-transfer.title")}>
            <h2>{ speech.say("order-transfer.title") }</h2>
            <dl class="sums">
                <div><dt>{ speech.say("order-transfer.amount") }</dt><dd class="number">{ amount }</dd></div>
                <div><dt>{ speech.say("order-transfer.reference") }</dt><dd class="number"><bdi>{ transfer.reference.clone() }</bdi></dd></div>
            </dl>
            <p class="prose">{ means }</p>
            <div class="row">
                <button type="button" class="button button-main" onclick={opens(&asks)}>{ icon(Icon::Check) }{ speech.say("order-transfer.came") }</button>
            </div>
            if *asks {
                <Dialog title={speech.say("order-transfer.came")} on_close={closes(&asks)}>
                    <Came stall={props.stall} order={row.order} currency={row.currency.clone()} transfer={(**transfer).clone()} on_close={closes(&asks)} />
                </Dialog>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct CameProps {
    stall: LogId,
    order: OrderId,
    currency: AttrValue,
    transfer: TransferView,
    on_close: Callback<()>,
}

/// What somebody reads on the account is typed again, so that it is looked at.
#[component]
fn Came(props: &CameProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (seen, reference) = (use_state(String::new), use_state(String::new));
    let amount = typed::amount(&seen, &props.currency);
    let due_minor = props.transfer.amount_minor;
    let problem = amount.and_then(|minor| difference(&speech, (minor, due_minor), &props.currency));
    let onsubmit = {
        let (acting, stall, on_close) = (acting.clone(), props.stall, props.on_close.clone());
        let (order, reference) = (props.order, reference.trim().to_owned());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(amount_minor) = amount else { return };
            let (desk, speech, on_close) = (acting.desk.clone(), acting.speech.clone(), on_close.clone());
            let verb = Verb::TransferCame { order, amount_minor, reference: reference.clone() };
            acting.act(stall, verb, move |_| {
                desk.toasts.done(speech.say("order-transfer.noted"));
                on_close.emit(());
            });
        })
    };
    let is_ready = amount == Some(due_minor) && !acting.is_busy();
    html! {
        <form class="stack" {onsubmit}>
            <p class="prose">{ speech.say("order-transfer.look") }</p>
            <Field label={speech.say("order-transfer.seen")} value={(*seen).clone()} on_input={sets(&seen)} inputmode="decimal"
                sign={props.currency.clone()} {problem} required=true />
            <Field label={speech.say("order-transfer.bank-reference")} value={(*reference).clone()} on_input={sets(&reference)}
                hint={speech.say("order-transfer.bank-reference-hint")} />
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("order-transfer.note") }</button>
            </footer>
        </form>
    }
}

/// How far what came is from what is due; nothing where it is the same.
fn difference(speech: &Speech, (seen_minor, due_minor): (i64, i64), currency: &str) -> Option<AttrValue> {
    let apart = seen_minor.saturating_sub(due_minor);
    let key = if apart < 0 { "order-transfer.less" } else { "order-transfer.more" };
    let amount = speech.money(apart.saturating_abs(), currency);
    (apart != 0).then(|| speech.fill(key, &[("amount", &amount)]))
}
