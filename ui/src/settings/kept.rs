//! Where this device keeps its data and how sure that is, whether its notifications arrive, and which program this is.

use soko_app_api::{DeviceVerb, DeviceView, KeptIn};
use yew::prelude::*;

use crate::desk::Overlay;
use crate::doing::use_doing;
use crate::link::Standing;
use crate::parts::{Icon, Problem, icon};
use crate::speech::Speech;
use crate::watched::use_watched;

#[derive(Properties, PartialEq)]
pub(super) struct KeptProps {
    pub about: DeviceView,
}

#[component]
pub(super) fn Kept(props: &KeptProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let about = &props.about;
    let test = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            doing.run(async move { desk.with_device(DeviceVerb::TestNotification).await }, move |_| {
                said.toasts.done(speech.say("settings.notification-sent"));
            });
        })
    };
    let centre = {
        let desk = doing.desk.clone();
        Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Replication))
    };
    let standing = use_watched(&doing.desk.standing);
    let (key, is_safe) = meaning(standing, about.keeps.place);
    html! {
        <>
            <section class="card stack" aria-labelledby="kept">
                <h2 id="kept">{ speech.say("settings.kept") }</h2>
                if is_safe {
                    <p class="prose">{ speech.say(key) }</p>
                } else {
                    <Problem text={speech.say(key)} />
                }
                if let Some(space) = space(&speech, about) {
                    <p class="field-hint">{ space }</p>
                }
                { for about.warnings.iter().map(|said| html! { <Problem text={speech.said(said)} /> }) }
                <div class="row">
                    <button type="button" class="button" onclick={centre}>
                        { icon(Icon::Cloud) }{ speech.say("replication.title") }
                    </button>
                </div>
            </section>
            <section class="card stack" aria-labelledby="bell">
                <h2 id="bell">{ speech.say("settings.notifications") }</h2>
                <p class="prose">{ speech.say("settings.notifications-text") }</p>
                <div class="row">
                    <button type="button" class="button" onclick={test} disabled={doing.is_busy()}>
                        { icon(Icon::Bell) }{ speech.say("settings.notification-test") }
                    </button>
                </div>
            </section>
            <section class="card stack" aria-labelledby="about">
                <h2 id="about">{ speech.say("settings.about") }</h2>
                <dl class="facts">
                    <div><dt>{ speech.say("settings.version") }</dt><dd class="number">{ about.version.clone() }</dd></div>
                    <div>
                        <dt>{ speech.say("replication.server") }</dt>
                        <dd>{ if about.server.is_empty() { speech.say("replication.no-server") } else { about.server.clone().into() } }</dd>
                    </div>
                </dl>
                <p class="field-hint">{ speech.say("settings.about-text") }</p>
            </section>
        </>
    }
}

/// In plain words, and whether nothing needs to be done about it.
fn meaning(standing: Standing, place: KeptIn) -> (&'static str, bool) {
    // The place is known when the engine has come.
    if standing == Standing::GettingReady {
        return ("replication.ready-means", true);
    }
    match place {
        KeptIn::Files => ("settings.kept-files", true),
        KeptIn::Browser => ("settings.kept-browser", true),
        KeptIn::BrowserMayClear => ("settings.kept-may-clear", false),
        KeptIn::Memory => ("settings.kept-memory", false),
    }
}

const MEBIBYTE: u64 = 1 << 20;

fn space(speech: &Speech, about: &DeviceView) -> Option<AttrValue> {
    let mebibytes = |bytes: u64| {
        let whole = bytes.div_ceil(MEBIBYTE);
        speech.number(i64::try_from(whole).unwrap_or(i64::MAX))
    };
    let used = about.keeps.used_bytes.map(mebibytes)?;
    Some(match about.keeps.free_bytes.map(mebibytes) {
        Some(free) => speech.fill("settings.space-free", &[("used", &used), ("free", &free)]),
        None => speech.fill("settings.space", &[("used", &used)]),
    })
}
