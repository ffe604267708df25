//! The app: what stands around every screen, and which screen an address shows.

use std::rc::Rc;

use soko_app_api::{Arrival, Call, DeviceView, OwnStall, Told};
use yew::prelude::*;

use crate::browser;
use crate::chrome::{Frame, Keys, Overlays};
use crate::desk::{Desk, use_desk};
use crate::link;
use crate::live::use_live;
use crate::nav;
use crate::parts::{Empty, Icon, Loading, ToastShelf};
use crate::people::{self, LockScreen, use_at_register, use_auto_lock};
use crate::route::{Mode, Route};
use crate::seller;
use crate::settings;
use crate::shopper;
use crate::speech::{Speech, use_speech};
use crate::update::use_updates;
use crate::watched::use_watched;

pub fn run() {
    yew::Renderer::<App>::new().render();
}

/// How the device stands; none until it said so for the first time.
#[derive(Clone, PartialEq)]
pub struct About(pub Option<Rc<DeviceView>>);

#[hook]
pub fn use_about() -> Option<Rc<DeviceView>> {
    use_context::<About>().and_then(|about| about.0)
}

/// The stall that the seller's screens are about: the chosen one while this device works for it, else the first.
#[hook]
pub fn use_stall() -> Option<OwnStall> {
    let desk = use_desk();
    let chosen = use_watched(&desk.stall);
    let about = use_about()?;
    let found = about.stalls.iter().find(|stall| Some(stall.stall) == chosen);
    found.or(about.stalls.first()).cloned()
}

#[component]
fn App() -> Html {
    let desk = use_memo((), |()| {
        let desk = Desk::new(link::choose(), nav::here());
        desk.follow_history();
        desk
    });
    let prefs = use_watched(&desk.prefs);
    let speech =
        use_memo((prefs.language, prefs.locale.clone()), |(language, locale)| Speech::new(*language, locale));
    use_effect_with(prefs, |prefs| prefs.show());
    html! {
        <ContextProvider<Desk> context={(*desk).clone()}>
            <ContextProvider<Speech> context={(*speech).clone()}>
                <Inside />
            </ContextProvider<Speech>>
        </ContextProvider<Desk>>
    }
}

#[component]
fn Inside() -> Html {
    let desk = use_desk();
    let live = use_live(Some(Call::About));
    let seen = use_memo(live.about().cloned(), |about| about.clone().map(Rc::new));
    let route = use_watched(&desk.route);
    use_arrivals();
    use_updates();
    use_told_language();
    html! {
        <ContextProvider<About> context={About((*seen).clone())}>
            <Keys />
            <seller::Scans />
            <Frame>
                <Shown {route} />
            </Frame>
            <Overlays />
            <people::Approving />
            <ToastShelf />
        </ContextProvider<About>>
    }
}

#[hook]
fn use_told_language() {
    let desk = use_desk();
    let (standing, prefs) = (use_watched(&desk.standing), use_watched(&desk.prefs));
    use_effect_with((standing, prefs.language), move |(standing, _)| {
        if *standing == link::Standing::Engine {
            desk.tell_language();
        }
    });
}

/// Says what arrived, with a way to it.
#[hook]
fn use_arrivals() {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with((desk, speech), |(desk, speech)| {
        let (here, speech) = (desk.clone(), speech.clone());
        let listening = desk.told.listen(move |told| match told {
            Told::Arrived(arrival) => arrived(&here, &speech, arrival),
            Told::Show { .. } | Told::Stall(_) | Told::Market(_) | Told::Buyer | Told::Device => {}
        });
        move || drop(listening)
    });
}

fn arrived(desk: &Desk, speech: &Speech, arrival: &Arrival) {
    let (text, route) = match arrival {
        Arrival::Order { order, stall_name, currency, total_minor, .. } => {
            let total = speech.money(*total_minor, currency);
            (speech.fill("arrival.order", &[("stall", stall_name), ("total", &total)]), Route::Order(*order))
        }
        Arrival::OwnOrder { order, stall_name, .. } => {
            (speech.fill("arrival.own-order", &[("stall", stall_name)]), Route::MyOrder(*order))
        }
        Arrival::Incident { stall_name, .. } => {
            (speech.fill("arrival.incident", &[("stall", stall_name)]), Route::Stock)
        }
        Arrival::Test => (speech.say("arrival.test"), Route::Settings),
    };
    let going = desk.clone();
    desk.toasts.offer(text, speech.say("action.look"), Callback::from(move |()| going.go(route.clone())));
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    route: Route,
}

/// The screen of an address.
#[component]
fn Shown(props: &ShownProps) -> Html {
    let about = use_about();
    let title = use_title(&props.route);
    let stall = use_stall();
    let here = use_at_register(stall.as_ref());
    use_auto_lock(stall.as_ref(), here.as_ref());
    use_effect_with(title, |title| browser::document().set_title(title));
    let Some(about) = about else {
        return html! { <Loading rows={8} /> };
    };
    if is_of_the_stall(&props.route)
        && let Some(stall) = stall
    {
        match here {
            None => return html! { <Loading rows={8} /> },
            Some(here) if here.is_locked() => return html! { <LockScreen {stall} {here} /> },
            Some(_) => {}
        }
    }
    if props.route == Route::Home {
        return html! { <seller::Home has_stall={!about.stalls.is_empty()} /> };
    }
    let route = &props.route;
    let screen = seller::screen(route)
        .or_else(|| people::screen(route))
        .or_else(|| shopper::screen(route))
        .or_else(|| settings::screen(route));
    screen.unwrap_or_else(|| html! { <Nowhere /> })
}

/// Whoever has not said who they are sees nothing of these.
fn is_of_the_stall(route: &Route) -> bool {
    route.mode() == Some(Mode::Seller) || matches!(route, Route::Settings | Route::Devices | Route::Home)
}

#[hook]
fn use_title(route: &Route) -> String {
    let speech = use_speech();
    let screen = crate::chrome::entry(&route.section()).map(|entry| speech.say(entry.key));
    match screen {
        Some(screen) => format!("{screen} · {}", speech.say("app.name")),
        None => speech.say("app.name").to_string(),
    }
}

#[component]
fn Nowhere() -> Html {
    let speech = use_speech();
    html! {
        <Empty icon={Icon::Search} title={speech.say("nowhere.title")} text={speech.say("nowhere.text")}>
            <nav::Go to={Route::Home} class="button button-main">{ speech.say("nowhere.home") }</nav::Go>
        </Empty>
    }
}
