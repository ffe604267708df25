//! The trust pill: one quiet sentence about where the data stands. It opens the replication centre.

use soko_app_api::{DeviceView, Trust};
use yew::prelude::*;

use crate::app::use_about;
use crate::desk::{Overlay, use_desk};
use crate::link::Standing;
use crate::parts::{Icon, icon};
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

#[component]
pub fn Pill() -> Html {
    let (desk, speech, about) = (use_desk(), use_speech(), use_about());
    let standing = use_watched(&desk.standing);
    let trust = trust(standing, about.as_deref());
    let open = Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Replication));
    let (class, sign) = look(trust);
    html! {
        <button type="button" class={classes!("pill", class)} onclick={open} aria-live="polite">
            { icon(sign) }<span class="pill-long">{ sentence(trust, &speech) }</span>
            <span class="pill-short" aria-hidden="true">{ short(trust, &speech) }</span>
        </button>
    }
}

pub(super) fn trust(standing: Standing, about: Option<&DeviceView>) -> Trust {
    match standing {
        Standing::GettingReady => Trust::GettingReady,
        Standing::OnlineOnly => Trust::OnlineOnly,
        Standing::NotOpened => Trust::NotOpened,
        Standing::Engine => about.map_or(Trust::GettingReady, Trust::of),
    }
}

fn look(trust: Trust) -> (&'static str, Icon) {
    match trust {
        Trust::GettingReady => ("pill-quiet", Icon::Clock),
        Trust::OnlineOnly | Trust::NotOpened | Trust::NothingKept | Trust::Trouble => {
            ("pill-bad", Icon::Warning)
        }
        Trust::Offline { .. } => ("pill-waiting", Icon::CloudOff),
        Trust::Waiting { .. } | Trust::Arriving => ("pill-waiting", Icon::Clock),
        Trust::AllSent => ("pill-good", Icon::Cloud),
        Trust::OnlyHere => ("pill-quiet", Icon::Device),
    }
}

pub(super) fn sentence(trust: Trust, speech: &Speech) -> AttrValue {
    match trust {
        Trust::GettingReady => speech.say("trust.getting-ready"),
        Trust::OnlineOnly => speech.say("trust.online-only"),
        Trust::NotOpened => speech.say("trust.not-opened"),
        Trust::NothingKept => speech.say("trust.nothing-kept"),
        Trust::Trouble => speech.say("trust.trouble"),
        Trust::Offline { waiting: 0 } => speech.say("trust.offline"),
        Trust::Offline { waiting } => speech.count("trust.offline-waiting", count(waiting)),
        Trust::Waiting { waiting } => speech.count("trust.waiting", count(waiting)),
        Trust::Arriving => speech.say("trust.arriving"),
        Trust::AllSent => speech.say("trust.all-sent"),
        Trust::OnlyHere => speech.say("trust.only-here"),
    }
}

fn short(trust: Trust, speech: &Speech) -> AttrValue {
    match trust {
        Trust::GettingReady | Trust::Arriving => speech.say("trust.short-ready"),
        Trust::OnlineOnly | Trust::NotOpened | Trust::NothingKept | Trust::Trouble => {
            speech.say("trust.short-look")
        }
        Trust::Offline { waiting: 0 } => speech.say("trust.short-offline"),
        Trust::Offline { waiting } | Trust::Waiting { waiting } => speech.number(count(waiting)).into(),
        Trust::AllSent => speech.say("trust.short-sent"),
        Trust::OnlyHere => speech.say("trust.short-here"),
    }
}

fn count(waiting: u64) -> i64 {
    i64::try_from(waiting).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use soko_app_api::{Keeps, KeptIn, OwnStall, Saying};
    use soko_domain::ids::{AuthorId, LogId};
    use soko_domain::role::Role;

    use super::*;

    fn about(is_online: Option<bool>, unsent: u64, is_connected: bool) -> DeviceView {
        let stall = OwnStall {
            stall: LogId::default(),
            author: AuthorId::default(),
            name: String::new(),
            currency: "KES".into(),
            role: Role::Owner,
            is_connected,
            is_arriving: false,
            unsent,
            trouble: None,
        };
        let keeps = Keeps { place: KeptIn::Browser, used_bytes: None, free_bytes: None };
        let server = "https://market.example".into();
        DeviceView { server, is_online, stalls: vec![stall], keeps, ..crate::baskets::about() }
    }

    #[test]
    fn the_pill_never_says_more_than_is_known() {
        let engine = Standing::Engine;
        for (standing, about, wanted) in [
            (engine, about(Some(true), 0, true), Trust::AllSent),
            (engine, about(Some(true), 3, true), Trust::Waiting { waiting: 3 }),
            (engine, about(Some(false), 3, true), Trust::Offline { waiting: 3 }),
            (engine, about(None, 5, false), Trust::OnlyHere),
            (Standing::OnlineOnly, about(Some(true), 0, true), Trust::OnlineOnly),
            (Standing::GettingReady, about(Some(true), 0, true), Trust::GettingReady),
        ] {
            assert_eq!(trust(standing, Some(&about)), wanted);
        }
        // Neither as if there was nothing, nor as it stood when it could still be opened.
        for about in [None, Some(&about(Some(true), 0, true))] {
            assert_eq!(trust(Standing::NotOpened, about), Trust::NotOpened);
        }
        assert_eq!(trust(engine, None), Trust::GettingReady);
        let mut new = about(Some(true), 0, true);
        new.stalls[0].is_arriving = true;
        assert_eq!(trust(engine, Some(&new)), Trust::Arriving);
        new.is_online = Some(false);
        assert_eq!(trust(engine, Some(&new)), Trust::Offline { waiting: 0 });
        let alone = DeviceView { server: String::new(), stalls: Vec::new(), ..about(None, 0, false) };
        assert_eq!(trust(engine, Some(&alone)), Trust::OnlyHere);
        let mut troubled = about(Some(true), 0, true);
        troubled.stalls[0].trouble = Some(Saying::OldServer.plain(""));
        assert_eq!(trust(engine, Some(&troubled)), Trust::Trouble);
        troubled.keeps.place = KeptIn::Memory;
        assert_eq!(trust(engine, Some(&troubled)), Trust::NothingKept);
    }
}
