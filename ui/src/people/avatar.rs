//! The sign of a person, and who is at the register now.

use soko_app_api::{AtRegisterView, PeopleVerb};
use soko_domain::ids::PersonId;
use yew::prelude::*;

use super::use_at_register;
use crate::app::use_stall;
use crate::doing::use_doing;
use crate::parts::{Icon, icon};

const TONES: u8 = 6;

#[derive(Properties, PartialEq)]
pub(super) struct AvatarProps {
    pub person: PersonId,
    pub name: AttrValue,
}

/// The first letter on a colour of the person's own.
#[component]
pub(super) fn Avatar(props: &AvatarProps) -> Html {
    let tone = props.person.0[0] % TONES;
    let letter: String =
        props.name.chars().next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    html! {
        <span class={classes!("avatar", format!("photo-tone-{tone}"))} aria-hidden="true">{ letter }</span>
    }
}

/// Stands above every screen once somebody has to say who they are; a tap lets the next one come.
#[component]
pub fn WhoIsHere() -> Html {
    let doing = use_doing();
    let stall = use_stall();
    let here = use_at_register(stall.as_ref());
    let Some((stall, AtRegisterView { person: Some(person), people, .. })) = stall.zip(here) else {
        return Html::default();
    };
    let name = people.iter().find(|row| row.person == person).map(|row| row.name.clone()).unwrap_or_default();
    let label = doing.speech.fill("people.switch", &[("name", &name)]);
    let leave = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            doing.run(async move { desk.people(stall.stall, PeopleVerb::Lock).await }, |_| ());
        })
    };
    html! {
        <button type="button" class="who" onclick={leave} aria-label={label}>
            <Avatar {person} name={name.clone()} /><span class="who-name">{ name }</span>{ icon(Icon::Swap) }
        </button>
    }
}
