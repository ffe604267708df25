//! Letting one more device in: a role, then a text and a code to read with its camera, good once and for a short time.

use soko_app_api::{DeviceReply, DeviceVerb};
use soko_domain::ids::LogId;
use soko_domain::role::Role;
use yew::prelude::*;

use crate::copying::copies;
use crate::doing::use_doing;
use crate::parts::{Icon, Qr, Segmented, icon};
use crate::speech::role_name;

/// Roles that a register may have, the least first.
const ROLES: [Role; 3] = [Role::Cashier, Role::Manager, Role::Owner];

#[derive(Properties, PartialEq)]
pub(super) struct InviteProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Invite(props: &InviteProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let role = use_state_eq(|| Role::Cashier);
    let invited = use_state(|| None::<(String, i64)>);
    let choose = {
        let (role, invited) = (role.setter(), invited.setter());
        Callback::from(move |word: AttrValue| {
            if let Some(chosen) = Role::from_name(&word) {
                role.set(chosen);
                invited.set(None);
            }
        })
    };
    let invite = {
        let (doing, invited, verb) =
            (doing.clone(), invited.setter(), DeviceVerb::Invite { stall: props.stall, role: *role });
        Callback::from(move |_: MouseEvent| {
            let (desk, invited, verb) = (doing.desk.clone(), invited.clone(), verb.clone());
            doing.run(async move { desk.with_device(verb).await }, move |reply| {
                if let DeviceReply::Invitation { invitation, expires_ms } = reply {
                    invited.set(Some((invitation, expires_ms)));
                }
            });
        })
    };
    let roles: Vec<(AttrValue, Html)> = ROLES
        .into_iter()
        .map(|role| (AttrValue::Static(role.name()), html! { { role_name(&speech, role.name()) } }))
        .collect();
    html! {
        <section class="card stack" aria-labelledby="invite">
            <h2 id="invite">{ speech.say("devices.invite") }</h2>
            <p class="prose">{ speech.say("devices.invite-text") }</p>
            <Segmented label={speech.say("devices.role")} value={role.name()} options={roles} on_choose={choose} />
            <p class="field-hint">{ speech.say(allowed(*role)) }</p>
            if let Some((invitation, expires_ms)) = &*invited {
                <Invitation invitation={invitation.clone()} expires_ms={*expires_ms} />
            }
            <div class="row">
                <button type="button" class={classes!("button", invited.is_none().then_some("button-main"))}
                    onclick={invite} disabled={doing.is_busy()}>
                    { icon(Icon::Plus) }
                    { speech.say(if invited.is_some() { "devices.invite-new" } else { "devices.invite-do" }) }
                </button>
            </div>
        </section>
    }
}

fn allowed(role: Role) -> &'static str {
    match role {
        Role::Owner => "devices.owner-may",
        Role::Manager => "devices.manager-may",
        Role::Cashier | Role::Buyer | Role::Operator => "devices.cashier-may",
    }
}

#[derive(Properties, PartialEq)]
struct InvitationProps {
    invitation: AttrValue,
    expires_ms: i64,
}

#[component]
fn Invitation(props: &InvitationProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let copy = copies(&doing.desk, &speech, &props.invitation);
    let until = speech.time_of_day(props.expires_ms, None);
    html! {
        <div class="invitation" role="status">
            <Qr text={props.invitation.clone()} label={speech.say("devices.code")} />
            <div class="stack">
                <p>{ speech.fill("devices.until", &[("time", &until)]) }</p>
                <code class="invitation-text" dir="ltr">{ props.invitation.clone() }</code>
                <button type="button" class="button" onclick={copy}>{ icon(Icon::Link) }{ speech.say("devices.copy") }</button>
            </div>
        </div>
    }
}
