//! What all screens share: the link, what is told, where we are, who looks. One `Desk` lives as long as the page;
//! views find it as a context.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use soko_app_api::{
    Answer, BuyerCommand, BuyerVerb, Call, Command, DeviceCommand, DeviceReply, DeviceVerb, Noticed,
    PeopleCall, PeopleReply, PeopleVerb, Refused, Reply, Said, Told, Verb,
};
use soko_domain::ids::{Hash, LogId, ProductId, SaleId, ThingId};
use soko_domain::point::Point;
use yew::prelude::*;

use crate::app::Program;
use crate::browser::{self, time};
use crate::cart::{Cart, Reduced};
use crate::link::{Link, Standing};
use crate::people::Wanted;
use crate::prefs::Prefs;
use crate::route::Route;
use crate::toast::Toasts;
use crate::watched::{Listeners, Watched};

/// Waits before a call that could not be made is made again, under the same id, in milliseconds.
const AGAIN_MS: [i32; 2] = [250, 1000];

#[derive(Clone)]
pub struct Desk(Rc<Inner>);

pub struct Inner {
    link: Rc<dyn Link>,
    pub told: Listeners<Told>,
    pub standing: Watched<Standing>,
    pub program: Program,
    pub route: Watched<Route>,
    /// Where the page began.
    pub first: Route,
    pub toasts: Toasts,
    pub prefs: Watched<Prefs>,
    /// What lies over the screen.
    pub overlay: Watched<Overlay>,
    /// A manager's word that something waits for.
    pub approval: Watched<Option<Wanted>>,
    /// The stall that the seller's screens are about.
    pub stall: Watched<Option<LogId>>,
    /// What a scanner read, whatever has the focus.
    pub scans: Listeners<String>,
    /// What is on the counter of the chosen stall.
    pub cart: Watched<Cart>,
    /// The stall whose counter that is; none before the first one was chosen.
    pub cart_of: Cell<Option<LogId>>,
    /// The sale that is being made of it in this page, until the answer is there: then the next cart is.
    pub paying: Cell<Option<SaleId>>,
    /// What the cart is to be once somebody said why something leaves it.
    pub reduced: Watched<Option<Reduced>>,
    /// A product of which a variant is to be chosen for the counter.
    pub choosing: Watched<Option<ProductId>>,
    /// What a shopper met and the device was not told yet.
    pub noticed: RefCell<Vec<Noticed>>,
    /// Where this device is, since its person said so in this page.
    pub here: Watched<Option<Point>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlay {
    Nothing,
    Palette,
    Shortcuts,
    Replication,
    Stalls,
}

impl std::ops::Deref for Desk {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl PartialEq for Desk {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[hook]
#[expect(clippy::expect_used, reason = "the app provides the desk around every view")]
pub fn use_desk() -> Desk {
    use_context::<Desk>().expect("views stand inside of the app")
}

/// Why something was not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    Refused(Refused),
    /// In the screens' own words, or in those of the program at the other end.
    Failed(Said),
}

/// An empty cart with the identity of the sale that it becomes.
pub fn new_cart() -> Cart {
    Cart::new(SaleId(browser::chance()), ThingId(browser::chance()))
}

const STALL_KEY: &str = "soko-stall";
/// Where the window looks for the language.
const LANGUAGE_DRAFT: &str = "language";

impl Desk {
    pub fn new(link: Rc<dyn Link>, route: Route, program: Program) -> Self {
        let standing = Watched::new(link.standing());
        let stall = browser::kept(STALL_KEY).and_then(|hex| LogId::from_hex(&hex));
        let desk = Self(Rc::new(Inner {
            link,
            told: Listeners::default(),
            standing,
            program,
            route: Watched::new(route.clone()),
            first: route,
            toasts: Toasts::default(),
            prefs: Watched::new(Prefs::kept()),
            overlay: Watched::new(Overlay::Nothing),
            approval: Watched::new(None),
            stall: Watched::new(stall),
            scans: Listeners::default(),
            cart: Watched::new(new_cart()),
            cart_of: Cell::new(None),
            paying: Cell::new(None),
            reduced: Watched::new(None),
            choosing: Watched::new(None),
            noticed: RefCell::default(),
            here: Watched::new(None),
        }));
        desk.look_at_named_stall();
        let hearing = desk.clone();
        desk.link.listen(Rc::new(move |told| {
            hearing.standing.set(hearing.link.standing());
            // Also before any view stands: whoever clicked outside wants to get there.
            if let Told::Show { path } = &told {
                hearing.go_path(path);
            }
            hearing.told.tell(&told);
        }));
        desk
    }

    /// Tells the engine's shell which language its notifications speak. Nothing waits for it.
    pub fn tell_language(&self) {
        let (desk, value) = (self.clone(), self.prefs.get().language.code().as_bytes().to_vec());
        wasm_bindgen_futures::spawn_local(async move {
            desk.call(Call::Keep { key: LANGUAGE_DRAFT.into(), value }).await;
        });
    }

    pub fn choose_stall(&self, stall: LogId) {
        browser::keep(STALL_KEY, &stall.to_string());
        self.stall.set(Some(stall));
    }

    /// One call; tried again under the same id while it could not be made.
    pub async fn call(&self, call: Call) -> Answer {
        for wait_ms in AGAIN_MS {
            let answer = self.link.call(call.clone()).await;
            if !matches!(&answer, Answer::Failed(said) if may_pass(said)) {
                return answer;
            }
            time::sleep(wait_ms).await;
        }
        self.link.call(call).await
    }

    /// Does something at a stall, under an id made now.
    pub async fn act(&self, stall: LogId, verb: Verb) -> Result<Reply, Trouble> {
        self.send(Command { id: ThingId(browser::chance()), stall, verb }).await
    }

    /// Does a command that has its id; a repeat does nothing more.
    pub async fn send(&self, mut command: Command) -> Result<Reply, Trouble> {
        self.send_or_ask(&mut command).await
    }

    /// Where it needs a manager's word, that is asked for, and another command goes with it: that one is left here, since it is the
    /// one that is to be sent again where nobody knows whether it was done.
    pub async fn send_or_ask(&self, command: &mut Command) -> Result<Reply, Trouble> {
        let outcome = self.send_plainly(command.clone()).await;
        let Err(Trouble::Refused(refused)) = &outcome else { return outcome };
        if refused.acts.is_empty() || matches!(command.verb, Verb::Approved { .. }) {
            return outcome;
        }
        let asked = self.ask_approval(command.stall, refused.acts.clone()).await;
        let Some(approval) = asked else { return outcome };
        let verb = Verb::Approved { approval, verb: Box::new(command.verb.clone()) };
        *command = Command { id: ThingId(browser::chance()), stall: command.stall, verb };
        self.send_plainly(command.clone()).await
    }

    async fn send_plainly(&self, command: Command) -> Result<Reply, Trouble> {
        let answer = self.call(Call::Do(command)).await;
        if let Answer::Done(reply) = answer { Ok(reply) } else { Err(trouble(answer)) }
    }

    /// Says who is at the register, or allows something there.
    pub async fn people(&self, stall: LogId, verb: PeopleVerb) -> Result<PeopleReply, Trouble> {
        let answer = self.call(Call::People(PeopleCall { stall, verb })).await;
        if let Answer::People(reply) = answer { Ok(reply) } else { Err(trouble(answer)) }
    }

    pub async fn buy(&self, verb: BuyerVerb) -> Result<(), Trouble> {
        let command = BuyerCommand { id: ThingId(browser::chance()), verb };
        let answer = self.call(Call::Buy(command)).await;
        if let Answer::Bought = answer { Ok(()) } else { Err(trouble(answer)) }
    }

    pub async fn with_device(&self, verb: DeviceVerb) -> Result<DeviceReply, Trouble> {
        let command = DeviceCommand { id: ThingId(browser::chance()), verb };
        let answer = self.call(Call::Device(command)).await;
        if let Answer::Device(reply) = answer { Ok(reply) } else { Err(trouble(answer)) }
    }

    pub fn picture(&self, picture: &Hash) -> AttrValue {
        self.link.picture(picture).into()
    }
}

/// A link that broke may mend; a refusal to be online will not.
fn may_pass(said: &Said) -> bool {
    said.key == "link.broken"
}

pub(crate) fn trouble(answer: Answer) -> Trouble {
    match answer {
        Answer::Refused(refused) => Trouble::Refused(refused),
        Answer::Failed(said) => Trouble::Failed(said),
        Answer::Done(_)
        | Answer::View(_)
        | Answer::Market(_)
        | Answer::Suggested(_)
        | Answer::Bought
        | Answer::Buyer(_)
        | Answer::Device(_)
        | Answer::People(_)
        | Answer::About(_)
        | Answer::Paper(_)
        | Answer::Checked(_)
        | Answer::Programs(_)
        | Answer::Meet(_)
        | Answer::Code(_)
        | Answer::Kept(_) => Trouble::of("link.unreadable"),
    }
}

impl Trouble {
    /// A text of the screens' own.
    pub fn of(key: &str) -> Self {
        Self::Failed(Said::keyed(key))
    }

    /// What was wrong and what to do, in the person's language where it is known.
    pub fn sentence(&self, speech: &crate::speech::Speech) -> AttrValue {
        match self {
            Self::Refused(refused) => speech.refused(&refused.code, &refused.sentence),
            Self::Failed(said) => speech.said(said),
        }
    }
}
