//! The trust pill: one quiet sentence about where the data stands. It opens the replication centre.

use soko_app_api::{DeviceView, KeptIn};
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
    let trust = Trust::of(standing, about.as_deref());
    let open = Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Replication));
    let (class, sign) = trust.look();
    html! {
        <button type="button" class={classes!("pill", class)} onclick={open} aria-live="polite">
            { icon(sign) }<span class="pill-long">{ trust.sentence(&speech) }</span>
            <span class="pill-short" aria-hidden="true">{ trust.short(&speech) }</span>
        </button>
    }
}

/// Where the data stands, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    GettingReady,
    OnlineOnly,
    /// What is kept here cannot be reached.
    NotOpened,
    /// The store goes away with the page.
    NothingKept,
    /// A stall's records cannot be exchanged, or something was found at the start: somebody must look.
    Trouble,
    Offline {
        waiting: u64,
    },
    Waiting {
        waiting: u64,
    },
    /// The server has more of a stall than ever came here.
    Arriving,
    AllSent,
    /// Kept here, and no server was ever named.
    OnlyHere,
}

impl Trust {
    pub(super) fn of(standing: Standing, about: Option<&DeviceView>) -> Self {
        match standing {
            Standing::GettingReady => return Self::GettingReady,
            Standing::OnlineOnly => return Self::OnlineOnly,
            Standing::NotOpened => return Self::NotOpened,
            Standing::Engine => {}
        }
        let Some(about) = about else { return Self::GettingReady };
        if about.keeps.place == KeptIn::Memory {
            return Self::NothingKept;
        }
        if about.stalls.iter().any(|stall| stall.trouble.is_some()) || !about.warnings.is_empty() {
            return Self::Trouble;
        }
        let waiting = about.stalls.iter().map(|stall| stall.unsent).sum();
        let is_connected = about.stalls.iter().any(|stall| stall.is_connected) || about.account.is_some();
        match about.is_online {
            _ if about.server.is_empty() => Self::OnlyHere,
            _ if !is_connected && !about.stalls.is_empty() => Self::OnlyHere,
            Some(false) => Self::Offline { waiting },
            _ if waiting > 0 => Self::Waiting { waiting },
            _ if about.stalls.iter().any(|stall| stall.is_arriving) => Self::Arriving,
            _ => Self::AllSent,
        }
    }

    fn look(self) -> (&'static str, Icon) {
        match self {
            Self::GettingReady => ("pill-quiet", Icon::Clock),
            Self::OnlineOnly | Self::NotOpened | Self::NothingKept | Self::Trouble => {
                ("pill-bad", Icon::Warning)
            }
            Self::Offline { .. } => ("pill-waiting", Icon::CloudOff),
            Self::Waiting { .. } | Self::Arriving => ("pill-waiting", Icon::Clock),
            Self::AllSent => ("pill-good", Icon::Cloud),
            Self::OnlyHere => ("pill-quiet", Icon::Device),
        }
    }

    pub(super) fn sentence(self, speech: &Speech) -> AttrValue {
        match self {
            Self::GettingReady => speech.say("trust.getting-ready"),
            Self::OnlineOnly => speech.say("trust.online-only"),
            Self::NotOpened => speech.say("trust.not-opened"),
            Self::NothingKept => speech.say("trust.nothing-kept"),
            Self::Trouble => speech.say("trust.trouble"),
            Self::Offline { waiting: 0 } => speech.say("trust.offline"),
            Self::Offline { waiting } => speech.count("trust.offline-waiting", count(waiting)),
            Self::Waiting { waiting } => speech.count("trust.waiting", count(waiting)),
            Self::Arriving => speech.say("trust.arriving"),
            Self::AllSent => speech.say("trust.all-sent"),
            Self::OnlyHere => speech.say("trust.only-here"),
        }
    }

    fn short(self, speech: &Speech) -> AttrValue {
        match self {
            Self::GettingReady | Self::Arriving => speech.say("trust.short-ready"),
            Self::OnlineOnly | Self::NotOpened | Self::NothingKept | Self::Trouble => {
                speech.say("trust.short-look")
            }
            Self::Offline { waiting: 0 } => speech.say("trust.short-offline"),
            Self::Offline { waiting } | Self::Waiting { waiting } => speech.number(count(waiting)).into(),
            Self::AllSent => speech.say("trust.short-sent"),
            Self::OnlyHere => speech.say("trust.short-here"),
        }
    }
}

fn count(waiting: u64) -> i64 {
    i64::try_from(waiting).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use soko_app_api::{Keeps, OwnStall, Saying};
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
            assert_eq!(Trust::of(standing, Some(&about)), wanted);
        }
        // Neither as if there was nothing, nor as it stood when it could still be opened.
        for about in [None, Some(&about(Some(true), 0, true))] {
            assert_eq!(Trust::of(Standing::NotOpened, about), Trust::NotOpened);
        }
        assert_eq!(Trust::of(engine, None), Trust::GettingReady);
        let mut new = about(Some(true), 0, true);
        new.stalls[0].is_arriving = true;
        assert_eq!(Trust::of(engine, Some(&new)), Trust::Arriving);
        new.is_online = Some(false);
        assert_eq!(Trust::of(engine, Some(&new)), Trust::Offline { waiting: 0 });
        let alone = DeviceView { server: String::new(), stalls: Vec::new(), ..about(None, 0, false) };
        assert_eq!(Trust::of(engine, Some(&alone)), Trust::OnlyHere);
        let mut troubled = about(Some(true), 0, true);
        troubled.stalls[0].trouble = Some(Saying::OldServer.plain(""));
        assert_eq!(Trust::of(engine, Some(&troubled)), Trust::Trouble);
        troubled.keeps.place = KeptIn::Memory;
        assert_eq!(Trust::of(engine, Some(&troubled)), Trust::NothingKept);
    }
}
