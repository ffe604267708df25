//! A receipt by mail or by text: asked for at the counter, sent as soon as there is a connection, and what became of it.

use soko_app_api::{Answer, Call, MailedRow, MailedState, MailedView, MailedWay, PaperCall, PaperReply};
use soko_domain::email::is_email;
use soko_domain::ids::{LogId, SaleId};
use soko_domain::telephone::Telephone;
use yew::prelude::*;

use crate::acting::{closes, opens, sets};
use crate::doing::use_doing;
use crate::live::use_live;
use crate::paper;
use crate::parts::{Badge, Dialog, Field, Icon, SavedTone, Segmented, icon};
use crate::speech::{Speech, use_speech};
use crate::typed::telephone_problem;

#[derive(Properties, PartialEq)]
pub(super) struct MailedProps {
    pub stall: LogId,
    pub sale: SaleId,
    /// What a number without its country is one of.
    pub currency: AttrValue,
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
                    <Form {stall} {sale} currency={props.currency.clone()} known={view.clone()} on_kept={kept} />
                </Dialog>
            }
        </div>
    }
}

fn state(speech: &Speech, row: &MailedRow) -> Html {
    let (tone, state) = match row.state {
        MailedState::Waiting => (SavedTone::Waiting, speech.say("mailed.waiting")),
        MailedState::Sent => (SavedTone::Good, speech.say("mailed.sent")),
        MailedState::Refused => (SavedTone::Bad, speech.fill("mailed.refused", &[("because", &row.because)])),
    };
    let way = speech.say(name(row.way));
    html! { <Badge {tone} text={speech.fill("mailed.row", &[("way", &way), ("state", &state)])} /> }
}

fn name(way: MailedWay) -> &'static str {
    match way {
        MailedWay::Mail => "mailed.mail",
        MailedWay::Text => "mailed.text",
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    stall: LogId,
    sale: SaleId,
    currency: AttrValue,
    /// Whereto the customer may want it, if that is written down.
    known: MailedView,
    on_kept: Callback<()>,
}

#[component]
fn Form(props: &FormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (address, phone) = (props.known.address.clone(), props.known.phone.clone());
    // Whoever left a telephone alone is texted.
    let way = use_state(|| match (address.is_empty(), phone.is_empty()) {
        (true, false) => MailedWay::Text,
        (true | false, _) => MailedWay::Mail,
    });
    let (mailbox, number) = (use_state(|| address), use_state(|| phone));
    let typed = match *way {
        MailedWay::Mail => &mailbox,
        MailedWay::Text => &number,
    };
    let problem = match *way {
        MailedWay::Mail if is_email(typed.trim()) => None,
        MailedWay::Mail => Some(speech.say("customer.email-odd")),
        MailedWay::Text => {
            let none = Telephone::read_at(typed, &props.currency).err();
            none.map(|none| speech.say(telephone_problem(none)))
        }
    };
    let send = {
        let (doing, way, typed, on_kept) = (doing.clone(), *way, typed.clone(), props.on_kept.clone());
        let (stall, sale) = (props.stall, props.sale);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (desk, on_kept) = (doing.desk.clone(), on_kept.clone());
            let language = doing.speech.language().code().into();
            let call = PaperCall::Mail { stall, sale, way, address: typed.trim().into(), language };
            doing.run(async move { paper::ask(&desk, call).await }, move |_| on_kept.emit(()));
        })
    };
    let can_send = problem.is_none() && !doing.is_busy();
    let odd = problem.filter(|_| !typed.trim().is_empty());
    html! {
        <form class="stack" onsubmit={send}>
            { ways(&speech, &way) }
            if *way == MailedWay::Mail {
                <Field key="mail" label={speech.say("mailed.address")} value={(**typed).clone()} on_input={sets(typed)} kind="email"
                    inputmode="email" required=true autofocus=true hint={speech.say("mailed.hint")} problem={odd} />
            } else {
                <Field key="text" label={speech.say("mailed.phone")} value={(**typed).clone()} on_input={sets(typed)} kind="tel"
                    inputmode="tel" required=true autofocus=true hint={speech.say("mailed.phone-hint")} problem={odd} />
            }
            <button class="button button-main" disabled={!can_send}>{ speech.say("mailed.send") }</button>
        </form>
    }
}

fn ways(speech: &Speech, way: &UseStateHandle<MailedWay>) -> Html {
    let both = [MailedWay::Mail, MailedWay::Text];
    let options = both.map(|way| (AttrValue::from(name(way)), html! { speech.say(name(way)) }));
    let choose = {
        let setter = way.setter();
        let chosen = move |value: AttrValue| both.into_iter().find(|way| value == name(*way));
        Callback::from(move |value| {
            if let Some(way) = chosen(value) {
                setter.set(way);
            }
        })
    };
    html! {
        <Segmented label={speech.say("mailed.way")} value={name(**way)} options={options.to_vec()} on_choose={choose} />
    }
}
