//! The receipt printer of this device: where it is, how wide its paper is, and a page to see what it can do.

use soko_app_api::{Answer, Call, PaperCall, PaperReply, PaperWidth, Printer, PrinterAt};
use yew::prelude::*;

use crate::doing::use_doing;
use crate::live::use_live;
use crate::paper;
use crate::parts::{Choice, Field};
use crate::speech::use_speech;

#[component]
pub(super) fn Printers() -> Html {
    let speech = use_speech();
    let live = use_live(Some(Call::Paper(PaperCall::Printer)));
    match live.answer.as_deref() {
        Some(Answer::Paper(PaperReply::Printer { printer, can_print })) => html! {
            <section class="card stack" aria-labelledby="printer">
                <h2 id="printer">{ speech.say("printer.title") }</h2>
                if *can_print {
                    <Form kept={printer.clone()} key={printer.is_some().to_string()} />
                } else {
                    <p class="field-hint">{ speech.say("printer.by-dialog") }</p>
                }
            </section>
        },
        _ => Html::default(),
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    kept: Option<Printer>,
}

fn first() -> Printer {
    Printer {
        at: PrinterAt::Network(String::new()),
        width: PaperWidth::Mm80,
        draws_all: false,
        cuts: true,
        opens_drawer: false,
        prints_at_once: false,
    }
}

#[component]
fn Form(props: &FormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let draft = use_state(|| props.kept.clone().unwrap_or_else(first));
    let (PrinterAt::Network(address) | PrinterAt::File(address)) = &draft.at;
    let is_network = matches!(draft.at, PrinterAt::Network(_));
    let change = {
        let draft = draft.clone();
        move |edit: fn(Printer, String) -> Printer| {
            let draft = draft.clone();
            Callback::from(move |value: String| draft.set(edit((*draft).clone(), value)))
        }
    };
    let set = |printer: Option<Printer>, said: &'static str| {
        let (doing, desk, speech) = (doing.clone(), doing.desk.clone(), speech.clone());
        Callback::from(move |()| {
            let (desk, speech, printer, asked) =
                (desk.clone(), speech.clone(), printer.clone(), desk.clone());
            let set = async move { paper::ask(&asked, PaperCall::SetPrinter(printer)).await };
            doing.run(set, move |_| desk.toasts.done(speech.say(said)));
        })
    };
    let save = set(Some((*draft).clone()), "settings.saved");
    let onsubmit = Callback::from(move |submit: SubmitEvent| {
        submit.prevent_default();
        save.emit(());
    });
    let forget = set(None, "printer.forgotten").reform(|_: MouseEvent| ());
    let test = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, speech, asked) = (doing.desk.clone(), doing.speech.clone(), doing.desk.clone());
            let call = PaperCall::TestPage { words: paper::words(&speech) };
            doing.run(async move { paper::ask(&asked, call).await }, move |reply| {
                paper::tell(&desk, &speech, &reply);
            });
        })
    };
    let kinds = [("network", "printer.network"), ("file", "printer.file")];
    let widths = [("58", "printer.narrow"), ("80", "printer.wide")];
    let options = |all: [(&'static str, &'static str); 2]| {
        all.map(|(word, key)| (AttrValue::Static(word), speech.say(key))).to_vec()
    };
    let (address_hint, kind) =
        if is_network { ("printer.address-hint", "network") } else { ("printer.file-hint", "file") };
    html! {
        <form class="stack" {onsubmit}>
            <div class="pair">
                <Choice label={speech.say("printer.at")} value={kind} options={options(kinds)} on_choose={change(place)} />
                <Choice label={speech.say("printer.width")} value={if draft.width == PaperWidth::Mm58 { "58" } else { "80" }}
                    options={options(widths)} on_choose={change(width)} />
            </div>
            <Field label={speech.say("printer.address")} value={address.clone()} hint={speech.say(address_hint)} required=true
                on_input={change(located)} />
            { tick(&draft, &speech.say("printer.draws-all"), |it| it.draws_all, |it, on| it.draws_all = on) }
            { tick(&draft, &speech.say("printer.cuts"), |it| it.cuts, |it, on| it.cuts = on) }
            { tick(&draft, &speech.say("printer.opens-drawer"), |it| it.opens_drawer, |it, on| it.opens_drawer = on) }
            { tick(&draft, &speech.say("printer.prints-at-once"), |it| it.prints_at_once, |it, on| it.prints_at_once = on) }
            <div class="row">
                <button type="submit" class="button button-main" disabled={doing.is_busy()}>{ speech.say("settings.save") }</button>
                if props.kept.is_some() {
                    <button type="button" class="button" onclick={test} disabled={doing.is_busy()}>{ speech.say("printer.test") }</button>
                    <button type="button" class="button button-quiet" onclick={forget} disabled={doing.is_busy()}>{ speech.say("printer.forget") }</button>
                }
            </div>
        </form>
    }
}

fn place(printer: Printer, word: String) -> Printer {
    let (PrinterAt::Network(address) | PrinterAt::File(address)) = printer.at;
    let at = if word == "file" { PrinterAt::File(address) } else { PrinterAt::Network(address) };
    Printer { at, ..printer }
}

fn width(printer: Printer, word: String) -> Printer {
    Printer { width: if word == "58" { PaperWidth::Mm58 } else { PaperWidth::Mm80 }, ..printer }
}

fn located(printer: Printer, address: String) -> Printer {
    let at = match printer.at {
        PrinterAt::Network(_) => PrinterAt::Network(address),
        PrinterAt::File(_) => PrinterAt::File(address),
    };
    Printer { at, ..printer }
}

fn tick(
    draft: &UseStateHandle<Printer>,
    label: &AttrValue,
    read: fn(&Printer) -> bool,
    write: fn(&mut Printer, bool),
) -> Html {
    let is_on = read(draft);
    let draft = draft.clone();
    let onchange = Callback::from(move |_: Event| {
        let mut printer = (*draft).clone();
        write(&mut printer, !is_on);
        draft.set(printer);
    });
    html! {
        <label class="check"><input type="checkbox" checked={is_on} {onchange} /><span>{ label.clone() }</span></label>
    }
}
