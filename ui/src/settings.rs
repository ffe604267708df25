//! What is set once and rarely looked at: the stall's profile, its server, its devices, who is signed in, how it is
//! shown and where it is kept. For both sides of the counter.

mod bank;
mod connect;
mod device_words;
mod devices;
mod form;
mod gathered;
mod handing;
mod invite;
mod join;
mod kept;
mod leave;
mod looks;
mod own;
mod own_data;
mod printers;
mod profile;
mod saving;
mod sessions;
mod sign_in;
mod spot;
mod spot_times;
mod taxes;
mod till;
mod told;
mod told_gathered;
mod told_here;
mod told_number;

use soko_domain::role::Role;
use yew::prelude::*;

pub use looks::Looks;
pub use sign_in::PASSWORD_LETTERS_MIN;
pub(crate) use taxes::named as tax_named;
pub use told_here::Listener;

use crate::app::{use_about, use_stall};
use crate::customers::LoyaltyForm;
use crate::desk::{Overlay, use_desk};
use crate::nav::Go;
use crate::parts::{Icon, icon};
use crate::route::Route;
use crate::shopper::Account;
use crate::speech::use_speech;

/// The screen of an address that belongs to neither side alone.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other addresses belong to a side")]
pub fn screen(route: &Route) -> Option<Html> {
    Some(match route {
        Route::Settings => html! { <Settings /> },
        Route::SignIn => html! { <sign_in::SignIn /> },
        Route::Devices => html! { <devices::Devices /> },
        Route::Told => html! { <told::Told /> },
        _ => return None,
    })
}

#[component]
fn Settings() -> Html {
    let (speech, stall, about) = (use_speech(), use_stall(), use_about());
    let desk = use_desk();
    let stalls = Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Stalls));
    html! {
        <section class="page settings">
            <h1>{ speech.say("nav.settings") }</h1>
            <div class="settings-columns">
                if let Some(stall) = &stall {
                    <div class="stack settings-column">
                        if !stall.is_connected {
                            <connect::Connect key={stall.stall.to_string()} stall={stall.clone()} />
                        }
                        <profile::Profile key={stall.stall.to_string()} stall={stall.stall} />
                        <spot::Spot key={format!("spot {}", stall.stall)} stall={stall.stall} />
                        <handing::Handing key={format!("handing {}", stall.stall)} stall={stall.stall} />
                        <till::Till key={format!("till {}", stall.stall)} stall={stall.stall} />
                        <taxes::Taxes key={format!("taxes {}", stall.stall)} stall={stall.stall} />
                        <bank::Bank key={format!("bank {}", stall.stall)} stall={stall.stall} />
                        <LoyaltyForm key={format!("loyalty {}", stall.stall)} stall={stall.clone()} />
                    </div>
                }
                <div class="stack settings-column">
                    if stall.as_ref().is_none_or(|stall| stall.is_connected) {
                        <Account />
                    }
                    { leads(Route::Told, Icon::Bell, (speech.say("told.title"), speech.say("told.settings-text"))) }
                    { leads(Route::Devices, Icon::Device, (speech.say("nav.devices"), speech.say("settings.devices-text"))) }
                    if stall.is_some() {
                        <nav class="card links" aria-label={speech.say("stalls.title")}>
                            <button type="button" class="list-row" onclick={stalls} aria-haspopup="dialog">
                                { icon(Icon::Stall) }
                                <span class="list-main">
                                    <span>{ speech.say("stalls.title") }</span>
                                    <span class="list-more list-more-long">{ speech.say("stalls.settings-text") }</span>
                                </span>
                                { icon(Icon::Forward) }
                            </button>
                        </nav>
                        { leads(Route::People, Icon::Person, (speech.say("people.title"), speech.say("people.settings-text"))) }
                        if stall.as_ref().is_some_and(|stall| stall.role == Role::Owner) {
                            { leads(Route::Programs, Icon::Link, (speech.say("programs.title"), speech.say("programs.settings-text"))) }
                        }
                        <printers::Printers />
                    }
                    <own::Own stall={stall.clone()} />
                    <gathered::Gathered />
                    <sessions::Sessions />
                    <own_data::OwnData />
                    <Looks />
                    if let Some(about) = about {
                        <kept::Kept about={(*about).clone()} />
                    }
                </div>
            </div>
        </section>
    }
}

/// The way to a screen of its own.
fn leads(to: Route, sign: Icon, (title, text): (AttrValue, AttrValue)) -> Html {
    html! {
        <nav class="card links" aria-label={title.clone()}>
            <Go {to} class="list-row">
                { icon(sign) }
                <span class="list-main">
                    <span>{ title }</span>
                    <span class="list-more list-more-long">{ text }</span>
                </span>
                { icon(Icon::Forward) }
            </Go>
        </nav>
    }
}
