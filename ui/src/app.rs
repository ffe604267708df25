//! The app: what stands around every screen, and which screen an address shows.

use std::rc::Rc;

use soko_app_api::{Answer, Arrival, Call, DeviceView, OwnNews, OwnStall, Told, decode, decode_for_shoppers};
use yew::prelude::*;

use crate::browser;
use crate::chrome::{self, Frame, Keys, Overlays};
use crate::customers;
use crate::desk::{Desk, Trouble, use_desk};
use crate::link;
use crate::live::use_live;
use crate::nav;
use crate::parts::{Empty, Icon, Loading, ToastShelf};
use crate::people::{self, LockScreen, use_at_register, use_auto_lock};
use crate::prefs::Prefs;
use crate::route::{Mode, Route};
use crate::seller;
use crate::settings;
use crate::shopper;
use crate::speech::{Sections, Speech, use_speech};
use crate::unkept::Unkept;
use crate::update::use_updates;
use crate::watched::use_watched;

/// What a program brings. People get the whole app; for a first visit, which should be quick, there is one that only
/// brings the shopper's side and has the page loaded again for the rest.
#[derive(Clone, Copy)]
pub struct Program {
    screen: fn(&Route) -> Html,
    /// What is there on every screen without being seen.
    around: fn() -> Html,
    /// What the command palette finds.
    pub(crate) palette: fn() -> Html,
    /// What it can read of the answers.
    reads: link::Reads,
    /// Sections of the texts that have a refusal by its code.
    refusals: Sections,
}

pub const WHOLE: Program = Program {
    screen: |route| html! { <Whole route={route.clone()} /> },
    around: || {
        html! {
            <>
                <seller::Scans />
                <people::Approving />
                <settings::Listener />
                <Unkept />
            </>
        }
    },
    palette: || html! { <seller::Palette /> },
    reads: decode::<Answer>,
    refusals: &["refused.", "refused-more."],
};

pub const SHOP: Program = Program {
    screen: |route| match shopper::screen(route) {
        Some(screen) => screen,
        None if *route == Route::NotFound => html! { <Nowhere /> },
        None => html! { <Elsewhere /> },
    },
    around: Html::default,
    palette: || html! { <chrome::Palette /> },
    reads: decode_for_shoppers,
    refusals: &["refused."],
};

/// Shows the app when it can speak; until then the page shows what it came with.
pub fn run(program: Program) {
    wasm_bindgen_futures::spawn_local(async move {
        let prefs = Prefs::kept();
        let speech = Speech::arrived(program.refusals, prefs.language, &prefs.locale).await;
        let desk = Desk::new(link::choose(program.reads), nav::here(), program);
        desk.follow_history();
        yew::Renderer::<App>::with_props(AppProps { desk, speech }).render();
    });
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

#[derive(Properties, PartialEq)]
struct AppProps {
    desk: Desk,
    /// What it says at first.
    speech: Speech,
}

#[component]
fn App(props: &AppProps) -> Html {
    let prefs = use_watched(&props.desk.prefs);
    let speech = use_spoken(&props.speech, &prefs, props.desk.program.refusals);
    use_effect_with((prefs, speech.clone()), |(prefs, speech)| prefs.show(speech.language()));
    html! {
        <ContextProvider<Desk> context={props.desk.clone()}>
            <ContextProvider<Speech> context={speech}>
                <Inside />
            </ContextProvider<Speech>>
        </ContextProvider<Desk>>
    }
}

/// The language that was chosen last, from when its words are there.
#[hook]
fn use_spoken(first: &Speech, prefs: &Prefs, refusals: Sections) -> Speech {
    let spoken = use_state_eq(|| first.clone());
    let wanted = use_mut_ref(|| prefs.language);
    let setter = spoken.setter();
    use_effect_with((prefs.language, prefs.locale.clone()), move |(language, locale)| {
        let is_first = std::mem::replace(&mut *wanted.borrow_mut(), *language) == *language;
        let (language, locale) = (*language, locale.clone());
        if !is_first {
            wasm_bindgen_futures::spawn_local(async move {
                let speech = Speech::arrived(refusals, language, &locale).await;
                if *wanted.borrow() == language {
                    setter.set(speech);
                }
            });
        }
    });
    (*spoken).clone()
}

#[component]
fn Inside() -> Html {
    let desk = use_desk();
    let live = use_live(Some(Call::About));
    let last = use_mut_ref(|| None::<DeviceView>);
    if let Some(about) = live.about() {
        *last.borrow_mut() = Some(about.clone());
    }
    // Whatever stands on the screen stays there when there are no answers any more.
    let seen = use_memo(last.borrow().clone(), |about| about.clone().map(Rc::new));
    let route = use_watched(&desk.route);
    use_arrivals();
    use_updates();
    use_told_language();
    html! {
        <ContextProvider<About> context={About((*seen).clone())}>
            <Keys />
            { (desk.program.around)() }
            <Frame>
                <Shown {route} failure={live.failure()} />
            </Frame>
            <Overlays />
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
            Told::Show { .. }
            | Told::Stall(_)
            | Told::Market(_)
            | Told::Buyer
            | Told::Device
            | Told::Everything => {}
        });
        move || drop(listening)
    });
}

fn arrived(desk: &Desk, speech: &Speech, arrival: &Arrival) {
    let (text, route, stall) = match arrival {
        Arrival::Order { stall, order, stall_name, currency, total_minor, .. } => {
            let total = speech.money(*total_minor, currency);
            let text = speech.fill("arrival.order", &[("stall", stall_name), ("total", &total)]);
            (text, Route::Order(*order), Some(*stall))
        }
        Arrival::OwnOrder { order, stall_name, .. } => {
            (speech.fill("arrival.own-order", &[("stall", stall_name)]), Route::MyOrder(*order), None)
        }
        Arrival::Paid { stall, order, stall_name, currency, amount_minor, payments: 0 | 1 } => {
            let amount = speech.money(*amount_minor, currency);
            let text = speech.fill("arrival.paid", &[("stall", stall_name), ("amount", &amount)]);
            (text, Route::Order(*order), Some(*stall))
        }
        Arrival::Paid { stall, stall_name, payments, .. } => {
            let count = speech.number((*payments).into());
            let text = speech.fill("arrival.paid-many", &[("stall", stall_name), ("count", &count)]);
            (text, Route::Orders, Some(*stall))
        }
        Arrival::OwnNews { order, stall_name, currency, news } => {
            let (key, amount) = match news {
                OwnNews::PartBack { amount_minor } => {
                    ("arrival.part-back", speech.money(*amount_minor, currency))
                }
                OwnNews::PartOwed { amount_minor } => {
                    ("arrival.part-owed", speech.money(*amount_minor, currency))
                }
                OwnNews::ReturnTaken => ("arrival.return-taken", String::new()),
                OwnNews::ReturnRefused => ("arrival.return-refused", String::new()),
            };
            let text = speech.fill(key, &[("stall", stall_name), ("amount", &amount)]);
            (text, Route::MyOrder(*order), None)
        }
        Arrival::Level { stall, stall_name, product, product_name, is_out, products: 0 | 1 } => {
            let key = if *is_out { "arrival.out" } else { "arrival.low" };
            let text = speech.fill(key, &[("stall", stall_name), ("product", product_name)]);
            (text, Route::StockOf(*product), Some(*stall))
        }
        Arrival::Level { stall, stall_name, is_out, products, .. } => {
            let key = if *is_out { "arrival.out-many" } else { "arrival.low-many" };
            let count = speech.number((*products).into());
            (speech.fill(key, &[("stall", stall_name), ("count", &count)]), Route::Stock, Some(*stall))
        }
        Arrival::Incident { stall, stall_name } => {
            (speech.fill("arrival.incident", &[("stall", stall_name)]), Route::Incidents, Some(*stall))
        }
        Arrival::Test => (speech.say("arrival.test"), Route::Settings, None),
    };
    let going = desk.clone();
    let look = Callback::from(move |()| {
        // It may be another stall's than the one that is looked at.
        stall.iter().for_each(|stall| going.choose_stall(*stall));
        going.go(route.clone());
    });
    desk.toasts.offer(text, speech.say("action.look"), look);
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    route: Route,
    /// Why the device does not say how it stands.
    failure: Option<Trouble>,
}

/// The screen of an address. A device that cannot be opened is never shown as one on which there is nothing.
#[component]
fn Shown(props: &ShownProps) -> Html {
    let (desk, speech, about) = (use_desk(), use_speech(), use_about());
    let title = use_title(&props.route);
    use_effect_with(title, |title| browser::document().set_title(title));
    let Some(about) = about else {
        return match &props.failure {
            // The market needs nothing of what is kept here.
            Some(_) if props.route.mode() == Some(Mode::Shopper) => (desk.program.screen)(&props.route),
            Some(trouble) => html! { <NotOpened text={trouble.sentence(&speech)} /> },
            None => html! { <Loading rows={8} /> },
        };
    };
    if props.route == Route::Home {
        return html! { <seller::Home has_stall={!about.stalls.is_empty()} /> };
    }
    (desk.program.screen)(&props.route)
}

#[derive(Properties, PartialEq)]
struct NotOpenedProps {
    text: AttrValue,
}

#[component]
fn NotOpened(props: &NotOpenedProps) -> Html {
    let speech = use_speech();
    html! {
        <Empty icon={Icon::Warning} title={speech.say("state.failed")} text={props.text.clone()}>
            <button type="button" class="button button-main" onclick={|_: MouseEvent| nav::load_again()}>
                { speech.say("update.reload") }
            </button>
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
struct WholeProps {
    route: Route,
}

/// A screen of the whole app. What is of the stall is shown to whoever said who they are.
#[component]
fn Whole(props: &WholeProps) -> Html {
    let route = &props.route;
    let stall = use_stall();
    let here = use_at_register(stall.as_ref());
    use_auto_lock(stall.as_ref(), here.as_ref());
    if is_of_the_stall(route)
        && let Some(stall) = stall
    {
        match here {
            None => return html! { <Loading rows={8} /> },
            Some(here) if here.is_locked() => return html! { <LockScreen {stall} {here} /> },
            Some(_) => {}
        }
    }
    let screen = seller::screen(route)
        .or_else(|| people::screen(route))
        .or_else(|| customers::screen(route))
        .or_else(|| shopper::screen(route))
        .or_else(|| shopper::ordering(route))
        .or_else(|| settings::screen(route));
    screen.unwrap_or_else(|| html! { <Nowhere /> })
}

/// Whoever has not said who they are sees nothing of these.
fn is_of_the_stall(route: &Route) -> bool {
    route.mode() == Some(Mode::Seller)
        || matches!(route, Route::Settings | Route::Devices | Route::Told | Route::Home)
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

/// A screen of the other program: the page is loaded again, and the server gives the whole one with it.
#[component]
fn Elsewhere() -> Html {
    let desk = use_desk();
    let route = use_watched(&desk.route);
    // The server gave this program for this address: asking again would never end.
    let is_first = route == desk.first;
    use_effect_with(is_first, |is_first| {
        if !is_first {
            nav::load_again();
        }
    });
    if is_first {
        html! { <Nowhere /> }
    } else {
        html! { <Loading rows={8} /> }
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
