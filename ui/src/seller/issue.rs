//! Giving a paper to somebody: by the printer of this device, by the system's dialog, as a file, or through
//! whatever the system shares with.

use soko_app_api::{Answer, Call, PageSize, PaperCall, PaperForm, PaperReply};
use yew::prelude::*;

use crate::doing::{Doing, use_doing};
use crate::live::use_live;
use crate::paper;
use crate::parts::{Icon, icon};

#[derive(Properties, PartialEq)]
pub(super) struct IssueProps {
    /// How the paper is asked for.
    pub call: Callback<PaperForm, PaperCall>,
    /// What is given, for those who hear it.
    pub label: AttrValue,
    /// What it is of happened a moment ago: a printer that prints at once does so.
    #[prop_or_default]
    pub is_new: bool,
    /// The next one says that it is a copy.
    #[prop_or_default]
    pub is_copy: bool,
    /// Looks at the paper again once one was given.
    #[prop_or_default]
    pub again: Callback<()>,
}

#[component]
pub(super) fn Issue(props: &IssueProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let live = use_live(Some(Call::Paper(PaperCall::Printer)));
    let printer = match live.answer.as_deref() {
        Some(Answer::Paper(PaperReply::Printer { printer, can_print: true })) => printer.clone(),
        _ => None,
    };
    let issue = {
        let (doing, ask, again) = (doing.clone(), props.call.clone(), props.again.clone());
        Callback::from(move |form: PaperForm| {
            let (desk, speech, again) = (doing.desk.clone(), doing.speech.clone(), again.clone());
            let (call, asked) = (ask.emit(form), desk.clone());
            doing.run(async move { paper::ask(&asked, call).await }, move |reply| {
                given(&desk, &speech, form, &reply);
                again.emit(());
            });
        })
    };
    let at_once = printer.as_ref().is_some_and(|printer| printer.prints_at_once);
    use_once(at_once && props.is_new && !props.is_copy, issue.clone());
    let pressed = |form: PaperForm| issue.reform(move |_: MouseEvent| form);
    let by = if printer.is_some() { PaperForm::Printer } else { PaperForm::Screen };
    html! {
        <div class="row issue no-print" role="group" aria-label={props.label.clone()}>
            { button(&doing, pressed(by), Icon::Print, "sold.print") }
            { button(&doing, pressed(PaperForm::Pdf(PageSize::A4)), Icon::Receipt, "paper.pdf") }
            { button(&doing, pressed(PaperForm::Text), Icon::Share, "paper.share") }
            if props.is_copy { <p class="field-hint">{ speech.say("paper.next-is-copy") }</p> }
        </div>
    }
}

fn button(doing: &Doing, onclick: Callback<MouseEvent>, sign: Icon, key: &'static str) -> Html {
    html! {
        <button type="button" class="button" {onclick} disabled={doing.is_busy()}>{ icon(sign) }{ doing.speech.say(key) }</button>
    }
}

fn given(desk: &crate::desk::Desk, speech: &crate::speech::Speech, form: PaperForm, reply: &PaperReply) {
    match (form, reply) {
        (PaperForm::Text, PaperReply::File(file)) => {
            let (desk, speech, file) = (desk.clone(), speech.clone(), file.clone());
            wasm_bindgen_futures::spawn_local(async move { paper::share(&desk, &speech, &file).await });
        }
        _ => paper::tell(desk, speech, reply),
    }
}

/// Once, as soon as the printer is known.
#[hook]
fn use_once(is_wanted: bool, issue: Callback<PaperForm>) {
    let begun = use_mut_ref(|| false);
    use_effect_with(is_wanted, move |is_wanted| {
        if *is_wanted && !begun.replace(true) {
            issue.emit(PaperForm::Printer);
        }
    });
}
