//! The drawer, opened with a float.

use soko_app_api::{OwnStall, Query, ShiftView, Verb, View};
use soko_domain::ids::ShiftId;
use yew::prelude::*;

use crate::acting::{closes, opens, sets, use_acting};
use crate::browser;
use crate::live::use_query;
use crate::parts::{Dialog, Field, Icon, icon};
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct ShiftProps {
    pub stall: OwnStall,
}

/// The open shift; none when the drawer is closed, and nothing at all while that is not known.
#[hook]
pub(super) fn use_shift(stall: &OwnStall) -> Option<Option<ShiftView>> {
    let live = use_query(Some(Query::Shift(stall.stall)));
    let view = live.view()?;
    Some(if let View::Shift(shift) = view { Some(shift.clone()) } else { None })
}

/// Asks to open the drawer when it is closed.
#[component]
pub(super) fn NoDrawer(props: &ShiftProps) -> Html {
    let speech = use_speech();
    let shift = use_shift(&props.stall);
    let is_open = use_state(|| false);
    if shift != Some(None) {
        return Html::default();
    }
    let open = opens(&is_open);
    let on_close = closes(&is_open);
    html! {
        <div class="notice">
            <span class="notice-sign">{ icon(Icon::Drawer) }</span>
            <p><strong>{ speech.say("shift.closed") }</strong><span>{ speech.say("shift.closed-text") }</span></p>
            <button type="button" class="button button-main" onclick={open}>{ speech.say("shift.open") }</button>
            if *is_open {
                <OpenDrawer stall={props.stall.clone()} {on_close} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct DrawerProps {
    pub stall: OwnStall,
    pub on_close: Callback<()>,
    /// When it is open; it is closed then, unless this is given.
    #[prop_or_default]
    pub on_open: Option<Callback<()>>,
}

#[component]
pub(super) fn OpenDrawer(props: &DrawerProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let shift = use_memo((), |()| ShiftId(browser::chance()));
    let float = use_state(String::new);
    let minor = if float.trim().is_empty() { Some(0) } else { typed::amount(&float, &props.stall.currency) };
    let onsubmit = {
        let (acting, stall, shift) = (acting.clone(), props.stall.stall, *shift);
        let on_open = props.on_open.clone().unwrap_or_else(|| props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(float_minor) = minor else { return };
            let on_open = on_open.clone();
            acting.act(stall, Verb::OpenShift { shift, float_minor }, move |_| on_open.emit(()));
        })
    };
    let on_input = sets(&float);
    html! {
        <Dialog title={speech.say("shift.open")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("shift.float")} value={(*float).clone()} {on_input} inputmode="decimal"
                    sign={props.stall.currency.clone()} hint={speech.say("shift.float-hint")} autofocus=true class="field-money"
                    problem={minor.is_none().then(|| speech.say("form.amount"))} />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={minor.is_none() || acting.is_busy()}>
                        { speech.say("shift.open") }
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}
