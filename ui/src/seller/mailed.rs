//! A receipt by mail: asked for at the counter, sent as soon as there is a connection, and what became of it.

use soko_app_api::{Answer, Call, MailedRow, MailedState, PaperCall, PaperReply};
use soko_domain::email::is_email;
use soko_domain::ids::{LogId, SaleId};
use yew::prelude::*;

use crate::acting::{closes, opens};
use crate::doing::use_doing;
use crate::live::use_live;
use crate::paper;
use crate::parts::{Badge, Dialog, Field, Icon, SavedTone, icon};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct MailedProps {
    pub stall: LogId,
    pub sale: SaleId,
    /// Looks at the paper again: what is given out next is a copy.
    pub again: Callback<()>,
}

#[component]
pub(super) fn Mailed(props: &MailedProps) -> Html {
    let speech = use_speech();
    let asks = use_state(|| false);
    let (stall, sale) = (props.stall, props.sale);
    let live = use_live(Some(Call::Paper(PaperCall::Mailed { stall, sale })));
    let Some(Answer::Paper(PaperReply::Mailed(view))) = live.answer.as_deref() else {
        return Html::default();
    };
    let kept = {
        let (close, look, again) = (closes(&asks), live.again.clone(), props.again.clone());
        Callback::from(move |()| {
            close.emit(());
            look.emit(());
            again.emit(());
        })
    };
    html! {
        <div class="row no-print">
            <button type="button" class="button" onclick={opens(&asks)}>{ icon(Icon::Receipt) }{ speech.say("mailed.title") }</button>
            { for view.rows.iter().map(|row| state(&speech, row)) }
            if *asks {
                <Dialog title={speech.say("mailed.title")} on_close={closes(&asks)}>
                    <Form {stall} {sale} address={view.address.clone()} on_kept={kept} />
                </Dialog>
            }
        </div>
    }
}

fn state(speech: &Speech, row: &MailedRow) -> Html {
    match row.state {
        MailedState::Waiting => {
            html! { <Badge tone={SavedTone::Waiting} text={speech.say("mailed.waiting")} /> }
        }
        MailedState::Sent => html! { <Badge tone={SavedTone::Good} text={speech.say("mailed.sent")} /> },
        MailedState::Refused => {
            html! { <Badge tone={SavedTone::Bad} text={speech.fill("mailed.refused", &[("because", &row.because)])} /> }
        }
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    stall: LogId,
    sale: SaleId,
    /// The customer's, if one is written down.
    address: String,
    on_kept: Callback<()>,
}

#[component]
fn Form(props: &FormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let first = props.address.clone();
    let typed = use_state(|| first);
    let is_odd = !typed.trim().is_empty() && !is_email(typed.trim());
    let send = {
        let (doing, typed, on_kept) = (doing.clone(), typed.clone(), props.on_kept.clone());
        let (stall, sale) = (props.stall, props.sale);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (desk, on_kept) = (doing.desk.clone(), on_kept.clone());
            let language = doing.speech.language().code().into();
            let call = PaperCall::Mail { stall, sale, address: typed.trim().into(), language };
            doing.run(async move { paper::ask(&desk, call).await }, move |_| on_kept.emit(()));
        })
    };
    let input = {
        let typed = typed.clone();
        Callback::from(move |text: String| typed.set(text))
    };
    html! {
        <form class="stack" onsubmit={send}>
            <Field label={speech.say("mailed.address")} value={(*typed).clone()} on_input={input} kind="email" inputmode="email"
                required=true autofocus=true hint={speech.say("mailed.hint")} problem={is_odd.then(|| speech.say("customer.email-odd"))} />
            <button class="button button-main" disabled={doing.is_busy() || !is_email(typed.trim())}>{ speech.say("mailed.send") }</button>
        </form>
    }
}
