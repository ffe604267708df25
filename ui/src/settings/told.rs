//! What somebody is told outside of the app: about what, in which way, when nothing rings, and what became of it.

use std::rc::Rc;

use soko_app_api::{
    DeviceReply, DeviceVerb, MailboxFailing, MessageRow, MessagesReply, MessagesVerb, QuietHours, Wishes,
};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::told_gathered::OneMail;
use super::told_here::Here;
use super::told_number::Number;
use crate::acting::sets;
use crate::app::use_about;
use crate::browser::{self, time};
use crate::desk::{Desk, Trouble, use_desk};
use crate::doing::{Doing, use_doing};
use crate::nav::Go;
use crate::parts::{
    Badge, Choice, Empty, Field, Icon, Loading, Problem, SavedTone, given_up, icon, left_at_that,
};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::words::Language;

/// What is for the stall; everything else is for a buyer.
const OF_THE_STALL: [&str; 10] = [
    "order-new",
    "order-cancelled",
    "incident",
    "review-new",
    "low-stock",
    "stock-out",
    "device-revoked",
    "hook-off",
    "payment-came",
    "payment-trouble",
];
/// What somebody waits for who asked for it a moment ago.
const AWAITED: [&str; 2] = ["test", "telephone-code"];
/// How long such a message is followed, until it left or failed.
const LOOKS: usize = 12;
const LOOK_MS: i32 = 800;

/// The way that is not spoken of where the server has none.
const SMS: &str = "sms";
const MAIL: &str = "mail";

/// Whether the server sends texts.
fn texts(wishes: &Wishes) -> bool {
    wishes.channels.iter().any(|it| it.channel == SMS && it.is_offered)
}

/// Whether the server sends mail, and knows the one that comes once a day.
fn has_one_mail(wishes: &Wishes) -> bool {
    !wishes.gathered.at.is_empty() && wishes.channels.iter().any(|it| it.channel == MAIL && it.is_offered)
}

#[component]
pub(super) fn Told() -> Html {
    let (speech, about) = (use_speech(), use_about());
    let account = about.and_then(|about| about.account.clone());
    html! {
        <section class="page page-narrow told">
            <header class="page-head">
                <Go to={Route::Settings} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("told.title") }</h1>
            </header>
            if let Some(account) = account {
                <Mine key={account.clone()} account={account.clone()} />
            } else {
                <Empty icon={Icon::Bell} title={speech.say("told.nobody")} text={speech.say("told.nobody-text")}>
                    <Go to={Route::SignIn} class="button button-main">{ icon(Icon::Person) }{ speech.say("sign-in.title") }</Go>
                </Empty>
            }
        </section>
    }
}

pub(super) async fn ask(desk: &Desk, verb: MessagesVerb) -> Result<MessagesReply, Trouble> {
    let reply = desk.with_device(DeviceVerb::Messages(verb)).await?;
    if let DeviceReply::Messages(reply) = reply { Ok(reply) } else { Err(Trouble::of("link.unreadable")) }
}

pub(super) async fn ask_wishes(desk: &Desk, verb: MessagesVerb) -> Result<Wishes, Trouble> {
    let reply = ask(desk, verb).await?;
    if let MessagesReply::Wishes(wishes) = reply { Ok(*wishes) } else { Err(Trouble::of("link.unreadable")) }
}

async fn ask_log(desk: &Desk) -> Result<Vec<MessageRow>, Trouble> {
    let reply = ask(desk, MessagesVerb::Log).await?;
    if let MessagesReply::Log(rows) = reply { Ok(rows) } else { Err(Trouble::of("link.unreadable")) }
}

#[derive(Properties, PartialEq)]
struct MineProps {
    account: String,
}

#[component]
fn Mine(props: &MineProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let wishes = use_state(|| None::<Result<Rc<Wishes>, Trouble>>);
    let log = use_state(|| None::<Rc<Vec<MessageRow>>>);
    let look = {
        let (desk, wishes) = (desk.clone(), wishes.setter());
        Callback::from(move |()| {
            let (desk, wishes) = (desk.clone(), wishes.clone());
            wasm_bindgen_futures::spawn_local(async move {
                wishes.set(Some(ask_wishes(&desk, MessagesVerb::Look).await.map(Rc::new)));
            });
        })
    };
    let look_at_log = {
        let (desk, log) = (desk.clone(), log.setter());
        Callback::from(move |()| follow(desk.clone(), log.clone()))
    };
    {
        let (look, look_at_log) = (look.clone(), look_at_log.clone());
        use_effect_with((), move |()| {
            look.emit(());
            look_at_log.emit(());
        });
    }
    let taken = {
        let wishes = wishes.setter();
        Callback::from(move |new: Wishes| wishes.set(Some(Ok(Rc::new(new)))))
    };
    match &*wishes {
        None => html! { <Loading rows={6} /> },
        Some(Err(trouble)) => html! {
            <Problem text={trouble.sentence(&speech)}>
                <button type="button" class="button" onclick={look.reform(|_| ())}>{ speech.say("action.try-again") }</button>
            </Problem>
        },
        Some(Ok(wishes)) => html! {
            <>
                <Here wishes={wishes.clone()} on_look={look.clone()} on_tested={look_at_log.clone()} />
                <Mail account={props.account.clone()} wishes={wishes.clone()} on_look={look.clone()} on_tested={look_at_log.clone()} />
                if texts(wishes) {
                    <Number wishes={wishes.clone()} on_look={look.clone()} on_tested={look_at_log.clone()} />
                }
                <Topics wishes={wishes.clone()} on_look={look.clone()} on_wishes={taken.clone()} />
                if has_one_mail(wishes) {
                    <OneMail wishes={wishes.clone()} on_look={look} on_wishes={taken.clone()} />
                }
                <Quiet key={format!("{:?}", wishes.quiet)} wishes={wishes.clone()} on_wishes={taken} />
                <Log rows={(*log).clone()} on_changed={look_at_log} />
            </>
        },
    }
}

/// Shows the log, and again as long as something in it is on its way.
fn follow(desk: Desk, log: UseStateSetter<Option<Rc<Vec<MessageRow>>>>) {
    wasm_bindgen_futures::spawn_local(async move {
        for _ in 0..LOOKS {
            // What cannot be read now is read with the next visit.
            let Ok(rows) = ask_log(&desk).await else { return };
            let is_awaited =
                |row: &MessageRow| AWAITED.contains(&row.topic.as_str()) && row.state == "waiting";
            let moves = rows.iter().any(|row| is_awaited(row) && row.reason.is_empty());
            log.set(Some(Rc::new(rows)));
            if !moves {
                return;
            }
            time::sleep(LOOK_MS).await;
        }
    });
}

#[derive(Properties, PartialEq)]
struct MailProps {
    account: String,
    wishes: Rc<Wishes>,
    on_look: Callback<()>,
    on_tested: Callback<()>,
}

#[component]
fn Mail(props: &MailProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_offered = props.wishes.channels.iter().any(|it| it.channel == MAIL && it.is_offered);
    let languages: Vec<(AttrValue, AttrValue)> = Language::ALL
        .into_iter()
        .map(|language| (AttrValue::Static(language.code()), AttrValue::Static(language.own_name())))
        .collect();
    let chosen = use_state(|| props.wishes.language.clone());
    let speak = {
        let (doing, chosen) = (doing.clone(), chosen.clone());
        Callback::from(move |language: String| {
            chosen.set(language.clone());
            let desk = doing.desk.clone();
            doing.run(async move { ask(&desk, MessagesVerb::Speak { language }).await }, |_| ());
        })
    };
    html! {
        <section class="card stack" aria-labelledby="told-mail">
            <h2 id="told-mail">{ speech.say("told.mail") }</h2>
            if is_offered {
                <p class="prose">{ speech.fill("told.mail-to", &[("address", &props.account)]) }</p>
                if let Some(failing) = &props.wishes.mailbox_failing {
                    <Failing failing={failing.clone()} on_look={props.on_look.clone()} />
                }
                <Test channel={MAIL} on_tested={props.on_tested.clone()} />
            } else {
                <p class="prose">{ speech.say("told.mail-none") }</p>
            }
            <Choice label={speech.say("told.language")} value={(*chosen).clone()} options={languages} on_choose={speak} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FailingProps {
    failing: MailboxFailing,
    on_look: Callback<()>,
}

/// Mail came back: why, and what to press once it arrives again.
#[component]
fn Failing(props: &FailingProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let time = speech.day_and_time(props.failing.since_ms, None);
    let text = speech.fill("told.mail-failing", &[("time", &time), ("reason", &props.failing.reason)]);
    let works = {
        let (doing, on_look) = (doing.clone(), props.on_look.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, told, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let on_look = on_look.clone();
            doing.run(async move { ask(&desk, MessagesVerb::MailboxWorks).await }, move |_| {
                told.toasts.done(speech.say("told.mail-worked"));
                on_look.emit(());
            });
        })
    };
    html! {
        <Problem {text}>
            <button type="button" class="button" onclick={works} disabled={doing.is_busy()}>{ speech.say("told.mail-works") }</button>
        </Problem>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct TestProps {
    pub channel: AttrValue,
    pub on_tested: Callback<()>,
}

/// Sends a message, so that somebody sees whether it arrives.
#[component]
pub(super) fn Test(props: &TestProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let test = {
        let (doing, channel, on_tested) = (doing.clone(), props.channel.to_string(), props.on_tested.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, told, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let (verb, on_tested) = (MessagesVerb::Test { channel: channel.clone() }, on_tested.clone());
            doing.run(async move { ask(&desk, verb).await }, move |_| {
                told.toasts.done(speech.say("told.tested"));
                on_tested.emit(());
            });
        })
    };
    html! {
        <div class="row">
            <button type="button" class="button" onclick={test} disabled={doing.is_busy()}>
                { icon(Icon::Bell) }{ speech.say("told.test") }
            </button>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct TopicsProps {
    wishes: Rc<Wishes>,
    on_look: Callback<()>,
    on_wishes: Callback<Wishes>,
}

/// A tick for each topic and way.
#[component]
fn Topics(props: &TopicsProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let wishes = &props.wishes;
    let ways = wishes.channels.iter().map(|it| it.channel.as_str());
    let ways: Vec<&str> = ways.filter(|way| *way != SMS || texts(wishes)).collect();
    let topics: Vec<&str> = wishes.channels.first().map(|it| names(&it.topics)).unwrap_or_default();
    let (of_stall, of_buyer): (Vec<&str>, Vec<&str>) =
        topics.into_iter().partition(|topic| OF_THE_STALL.contains(topic));
    let on_want = {
        let props = props.clone();
        Callback::from(move |(channel, topic, wanted): (String, String, bool)| {
            props.on_wishes.emit(changed(&props.wishes, (&channel, &topic), wanted));
            let (desk, speech, on_look) = (desk.clone(), speech.clone(), props.on_look.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(trouble) = ask(&desk, MessagesVerb::Want { channel, topic, wanted }).await {
                    desk.toasts.error(trouble.sentence(&speech));
                    on_look.emit(());
                }
            });
        })
    };
    let speech = use_speech();
    let groups = [("told.stall", of_stall, wishes.sells), ("told.buyer", of_buyer, true)];
    html! {
        <section class="card stack" aria-labelledby="told-topics">
            <h2 id="told-topics">{ speech.say("told.topics") }</h2>
            <p class="prose">{ speech.say("told.topics-text") }</p>
            { for groups.into_iter().filter(|(.., is_shown)| *is_shown).map(|(title, topics, _)| html! {
                <table class="told-table">
                    <thead>
                        <tr>
                            <th scope="col">{ speech.say(title) }</th>
                            { for ways.iter().map(|way| html! { <th scope="col">{ way_name(&speech, way) }</th> }) }
                        </tr>
                    </thead>
                    <tbody>
                        { for topics.into_iter().map(|topic| row(&speech, wishes, (topic, &ways), &on_want)) }
                    </tbody>
                </table>
            }) }
        </section>
    }
}

impl Clone for TopicsProps {
    fn clone(&self) -> Self {
        Self {
            wishes: Rc::clone(&self.wishes),
            on_look: self.on_look.clone(),
            on_wishes: self.on_wishes.clone(),
        }
    }
}

fn names(topics: &[(String, bool)]) -> Vec<&str> {
    topics.iter().map(|(topic, _)| topic.as_str()).collect()
}

/// As it is once this is kept.
fn changed(wishes: &Wishes, (channel, topic): (&str, &str), wanted: bool) -> Wishes {
    let mut wishes = wishes.clone();
    let of_channel = wishes.channels.iter_mut().filter(|it| it.channel == channel);
    of_channel.flat_map(|it| &mut it.topics).filter(|it| it.0 == topic).for_each(|it| it.1 = wanted);
    wishes
}

fn row(
    speech: &Speech,
    wishes: &Wishes,
    (topic, ways): (&str, &[&str]),
    on_want: &Callback<(String, String, bool)>,
) -> Html {
    let said = topic_name(speech, topic);
    let tick = |way: &str| {
        let of_way = wishes.channels.iter().find(|it| it.channel == way);
        let wanted = of_way.is_some_and(|it| it.topics.iter().any(|(name, on)| name == topic && *on));
        let (channel, about) = (way.to_owned(), topic.to_owned());
        let onchange = on_want.reform(move |_: Event| (channel.clone(), about.clone(), !wanted));
        let label = format!("{said}, {}", way_name(speech, way));
        html! {
            <td><label class="told-tick"><input type="checkbox" checked={wanted} {onchange} aria-label={label} /></label></td>
        }
    };
    html! {
        <tr key={topic.to_owned()}>
            <th scope="row">{ said.clone() }</th>
            { for ways.iter().map(|way| tick(way)) }
        </tr>
    }
}

pub(super) fn topic_name(speech: &Speech, topic: &str) -> AttrValue {
    speech.say_or(&format!("told.is-{topic}"), topic)
}

fn way_name(speech: &Speech, way: &str) -> AttrValue {
    speech.say_or(&format!("told.by-{way}"), way)
}

#[derive(Properties, PartialEq)]
struct QuietProps {
    wishes: Rc<Wishes>,
    on_wishes: Callback<Wishes>,
}

#[component]
fn Quiet(props: &QuietProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let kept = &props.wishes.quiet;
    let is_on = use_state(|| kept.is_on);
    let (from, to) = (use_state(|| kept.from.clone()), use_state(|| kept.to.clone()));
    let urgent = use_state(|| kept.urgent_rings);
    // Hours are of the clock that the person looks at now.
    let now = QuietHours {
        is_on: *is_on,
        from: (*from).clone(),
        to: (*to).clone(),
        zone: browser::zone(),
        urgent_rings: *urgent,
    };
    let is_ready = now != *kept && !from.is_empty() && !to.is_empty() && !doing.is_busy();
    let turn = |state: &UseStateHandle<bool>| {
        let state = state.clone();
        Callback::from(move |_: Event| state.set(!*state))
    };
    let onsubmit = {
        let (doing, now, on_wishes) = (doing.clone(), now.clone(), props.on_wishes.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, told, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let (verb, on_wishes) = (MessagesVerb::KeepQuiet(now.clone()), on_wishes.clone());
            doing.run(async move { ask_wishes(&desk, verb).await }, move |wishes| {
                told.toasts.done(speech.say("settings.saved"));
                on_wishes.emit(wishes);
            });
        })
    };
    html! {
        <section class="card stack" aria-labelledby="told-quiet">
            <h2 id="told-quiet">{ speech.say("told.quiet") }</h2>
            <p class="prose">{ speech.say("told.quiet-text") }</p>
            <form class="stack" {onsubmit}>
                <label class="check"><input type="checkbox" checked={*is_on} onchange={turn(&is_on)} />
                    <span>{ speech.say("told.quiet-on") }</span></label>
                if *is_on {
                    <div class="pair">
                        <Field label={speech.say("told.quiet-from")} value={(*from).clone()} on_input={sets(&from)} kind="time" required=true />
                        <Field label={speech.say("told.quiet-to")} value={(*to).clone()} on_input={sets(&to)} kind="time" required=true />
                    </div>
                    <p class="field-hint">{ speech.fill("told.quiet-zone", &[("zone", &now.zone)]) }</p>
                    <label class="check"><input type="checkbox" checked={*urgent} onchange={turn(&urgent)} />
                        <span>{ speech.say("told.quiet-urgent") }</span></label>
                }
                <footer class="row form-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
                </footer>
            </form>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct LogProps {
    rows: Option<Rc<Vec<MessageRow>>>,
    on_changed: Callback<()>,
}

#[component]
fn Log(props: &LogProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    html! {
        <section class="card stack" aria-labelledby="told-log">
            <h2 id="told-log">{ speech.say("told.log") }</h2>
            if let Some(rows) = &props.rows {
                if rows.is_empty() {
                    <p class="prose">{ speech.say("told.log-none") }</p>
                } else {
                    <ul class="plain" aria-live="polite">
                        { for rows.iter().map(|row| entry(&doing, row, &props.on_changed)) }
                    </ul>
                }
            } else {
                <Loading rows={3} />
            }
        </section>
    }
}

fn entry(doing: &Doing, row: &MessageRow, on_changed: &Callback<()>) -> Html {
    let speech = &doing.speech;
    let is_given_up = row.state == "given-up";
    let tone = match row.state.as_str() {
        "sent" | "delivered" => SavedTone::Good,
        "given-up" => SavedTone::Bad,
        "waiting" if !row.reason.is_empty() => SavedTone::Waiting,
        _ => SavedTone::Quiet,
    };
    let state = speech.say_or(&format!("told.state-{}", row.state), &row.state);
    let mut way = way_name(speech, &row.channel).to_string();
    if !row.browser.is_empty() {
        way = row.browser.clone();
    }
    // A text costs whoever runs the server money: only they try it again.
    let choices = if row.channel == SMS { left_at_that } else { given_up };
    let again = row.due_ms.filter(|_| !row.reason.is_empty());
    html! {
        <li key={row.message.to_string()} class="list-row">
            <span class="list-main">
                <span class="list-name">{ topic_name(speech, &row.topic) }</span>
                <span class="list-more list-more-long">{ way }{ " · " }{ speech.day_and_time(row.made_ms, None) }</span>
                if !row.reason.is_empty() {
                    <span class="list-more list-more-long" dir="auto">{ row.reason.clone() }</span>
                }
                if let Some(due_ms) = again {
                    <span class="list-more">{ speech.fill("told.again-at", &[("time", &speech.day_and_time(due_ms, None))]) }</span>
                }
                if is_given_up {
                    { choices(doing, &topic_name(speech, &row.topic), &says(doing, row.message, on_changed)) }
                }
            </span>
            <Badge {tone} text={state} />
        </li>
    }
}

/// Tries it again or leaves it at that, and looks again.
fn says(doing: &Doing, message: ThingId, on_changed: &Callback<()>) -> Callback<bool> {
    let (doing, on_changed) = (doing.clone(), on_changed.clone());
    Callback::from(move |again: bool| {
        let (desk, on_changed) = (doing.desk.clone(), on_changed.clone());
        let verb = MessagesVerb::GivenUp { message, again };
        doing.run(async move { ask(&desk, verb).await }, move |_| on_changed.emit(()));
    })
}

#[cfg(test)]
mod tests {
    use soko_app_api::{ChannelWishes, Gathered, OwnTelephone};

    use super::*;

    #[test]
    fn one_tick_changes_one_topic_in_one_way() {
        let channel = |name: &str| ChannelWishes {
            channel: name.into(),
            is_offered: true,
            topics: vec![("order-new".into(), true), ("incident".into(), true)],
        };
        let wishes = Wishes {
            language: "en".into(),
            sells: true,
            channels: vec![channel("mail"), channel("push")],
            quiet: QuietHours::default(),
            gathered: Gathered::default(),
            mailbox_failing: None,
            push_key: String::new(),
            browsers: vec![],
            telephone: OwnTelephone::default(),
        };
        let now = changed(&wishes, ("push", "incident"), false);
        assert_eq!(now.channels[0], wishes.channels[0]);
        assert_eq!(now.channels[1].topics, vec![("order-new".into(), true), ("incident".into(), false)]);
    }
}
