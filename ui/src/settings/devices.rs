//! The devices of the stall: who is in, letting another one in, shutting one out, and going on after a restore.

use soko_app_api::{
    DeviceRow, DeviceVerb, DeviceWordRow, Holder, OwnStall, Query, RegisterState, SharesRow, StatusView,
    Verb, View,
};
use yew::prelude::*;

use super::device_words::{AsOf, Heard, Promises, use_now_and_then};
use super::invite::Invite;
use super::join::Join;
use super::leave::{Leave, Leaving};
use crate::app::use_stall;
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Badge, Busy, Confirm, Icon, Problem, SavedTone, icon};
use crate::speech::{role_name, use_speech};

#[component]
pub(super) fn Devices() -> Html {
    let (speech, stall) = (use_speech(), use_stall());
    html! {
        <section class="page page-narrow">
            <h1>{ speech.say("nav.devices") }</h1>
            if let Some(stall) = stall {
                <OfStall key={stall.stall.to_string()} stall={stall.clone()} />
            }
            <Join />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct OfStallProps {
    stall: OwnStall,
}

#[component]
fn OfStall(props: &OfStallProps) -> Html {
    let speech = use_speech();
    let stall = &props.stall;
    let live = use_query(Some(Query::Devices(stall.stall)));
    let status = use_query(Some(Query::Status(stall.stall)));
    let shares = use_query(Some(Query::Shares(stall.stall)));
    let shares: &[SharesRow] = if let Some(View::Shares(rows)) = shares.view() { rows } else { &[] };
    let words = use_query(stall.is_connected.then_some(Query::DeviceWords(stall.stall)));
    use_now_and_then(&words);
    let words = if let Some(View::DeviceWords(words)) = words.view() { Some(words) } else { None };
    let word = |row: &DeviceRow| {
        let of = words.and_then(|words| words.rows.iter().find(|word| word.author == row.author));
        of.cloned()
    };
    let may_manage = stall.role.may_manage_devices();
    html! {
        <>
            if let Some(View::Status(status)) = status.view() {
                <Standing stall={stall.clone()} status={status.clone()} />
            }
            <section class="card stack" aria-labelledby="devices">
                <h2 id="devices">{ stall.name.clone() }</h2>
                if let Some(View::Devices(rows)) = live.view() {
                    <ul class="devices">
                        { for rows.iter().map(|row| html! {
                            <Device key={row.author.to_string()} stall={stall.clone()} row={row.clone()} {may_manage}
                                word={word(row)} share={share_of(shares, row)} />
                        }) }
                    </ul>
                    if let Some(words) = words.filter(|_| rows.len() > 1) {
                        <AsOf told_ms={words.told_ms} is_now={words.is_now} />
                    }
                } else {
                    <Busy {live} />
                }
            </section>
            <Leave stall={stall.clone()} />
            if may_manage {
                if stall.is_connected {
                    <Invite stall={stall.stall} />
                } else {
                    <p class="prose">{ speech.say("devices.connect-first") }</p>
                }
            }
        </>
    }
}

/// What a device may promise, or what was set apart of it.
fn share_of(shares: &[SharesRow], row: &DeviceRow) -> Option<SharesRow> {
    let is_its = |held: &&SharesRow| matches!(held.holder, Holder::Register(author) | Holder::SetApart(author) if author == row.author);
    shares.iter().find(is_its).cloned()
}

#[derive(Properties, PartialEq)]
struct StandingProps {
    stall: OwnStall,
    status: StatusView,
}

/// Says what is wrong with this register itself, and offers to renew it after a restore or a copy.
#[component]
fn Standing(props: &StandingProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let stall = props.stall.stall;
    let renew = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            doing.run(async move { desk.with_device(DeviceVerb::Renew(stall)).await }, move |_| {
                said.toasts.done(speech.say("devices.renewed"));
            });
        })
    };
    match props.status.state {
        RegisterState::Active => Html::default(),
        // A stall of this device alone waits for nobody.
        RegisterState::Waiting if !props.stall.is_connected => Html::default(),
        RegisterState::Waiting => html! { <Problem text={speech.say("register.waiting")} /> },
        RegisterState::Revoked => html! { <Problem text={speech.say("register.revoked")} /> },
        RegisterState::Leaving => html! { <Leaving stall={stall} /> },
        RegisterState::Frozen => html! {
            <Problem text={speech.say("register.frozen")}>
                <button type="button" class="button" onclick={renew} disabled={doing.is_busy()}>
                    { speech.say("devices.renew") }
                </button>
            </Problem>
        },
    }
}

#[derive(Properties, PartialEq)]
struct DeviceProps {
    stall: OwnStall,
    row: DeviceRow,
    may_manage: bool,
    /// What it said last, if the server told that.
    word: Option<DeviceWordRow>,
    share: Option<SharesRow>,
}

#[component]
fn Device(props: &DeviceProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_asking = use_state_eq(|| false);
    let show = |is_shown: bool| {
        let is_asking = is_asking.setter();
        Callback::from(move |()| is_asking.set(is_shown))
    };
    let row = &props.row;
    let revoke = {
        let (doing, is_asking) = (doing.clone(), is_asking.setter());
        let (stall, author, name) = (props.stall.stall, row.author, row.name.clone());
        Callback::from(move |reason: String| {
            let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let name = name.clone();
            is_asking.set(false);
            doing.run(
                async move { desk.act(stall, Verb::RevokeDevice { author, reason }).await },
                move |_| {
                    said.toasts.done(speech.fill("devices.was-revoked", &[("name", &name)]));
                },
            );
        })
    };
    let may_revoke = props.may_manage && !row.revoked && !row.is_this_register;
    html! {
        <li class={classes!("device", row.revoked.then_some("device-out"))}>
            { icon(Icon::Device) }
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span>
                <span class="list-more">{ role_name(&speech, &row.role) }</span>
                <Heard stall={props.stall.clone()} row={row.clone()} word={props.word.clone()} />
                if let Some(share) = props.share.clone() {
                    <Promises stall={props.stall.stall} row={row.clone()} {share} />
                }
            </span>
            if row.is_this_register {
                <Badge tone={SavedTone::Good} text={speech.say("devices.this")} />
            }
            if props.word.as_ref().is_some_and(|word| word.has_left) {
                <Badge tone={SavedTone::Quiet} text={speech.say("devices.left")} />
            } else if row.revoked {
                <Badge tone={SavedTone::Bad} text={speech.say("devices.revoked")} />
            }
            if may_revoke {
                <button type="button" class="button" onclick={show(true).reform(|_| ())} disabled={doing.is_busy()}
                    aria-label={speech.fill("devices.revoke-name", &[("name", &row.name)])}>
                    { speech.say("devices.revoke") }
                </button>
            }
            if *is_asking {
                <Confirm title={speech.fill("devices.revoke-name", &[("name", &row.name)])}
                    text={speech.say("devices.revoke-text")} action={speech.say("devices.revoke")} asks_reason=true
                    on_confirm={revoke} on_close={show(false)} />
            }
        </li>
    }
}
