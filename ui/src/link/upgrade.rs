//! The browser's link: a server at once, and the engine in the worker as soon as it answers. What was put into a
//! basket before is put into the engine's then. What only an engine can answer waits for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use soko_app_api::{
    Answer, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, Call, MarketMoved, MarketQuery, Said, Told,
};
use soko_domain::ids::{Hash, ThingId};
use wasm_bindgen::prelude::Closure;

use super::worker::{Worker, had_own, on};
use super::{Hear, Link, Reads, Standing, Waiting, failed, http};
use crate::baskets::{self, Early};
use crate::browser;
use crate::browser::time::{self, Timer};

/// A first visit is shown before the engine is fetched, unless something needs the engine sooner.
const ENGINE_AFTER_MS: i32 = 1500;
/// After so long an engine that did not begin is begun again, at first and at most.
const AGAIN_MS: i32 = 5_000;
const AGAIN_MS_MAX: i32 = 300_000;

pub(super) struct Upgrade {
    shared: Rc<Shared>,
}

struct Shared {
    reads: Reads,
    worker: RefCell<Option<Rc<Worker>>>,
    standing: Cell<Standing>,
    hear: RefCell<Option<Hear>>,
    early: RefCell<Early>,
    /// Early lines that were tried since the market was last within reach.
    tried: RefCell<Vec<ThingId>>,
    /// Early lines that an engine may have by now.
    handed: RefCell<Vec<ThingId>>,
    is_handing_over: Cell<bool>,
    /// Why there is no engine, for whoever looks after the device.
    trouble: RefCell<Option<Said>>,
    /// How long it waits for the next try, should one fail.
    again_ms: Cell<i32>,
    /// Begins it again, while it waits for that.
    waits: RefCell<Option<Timer>>,
    /// Resolved when the standing is decided.
    decided: js_sys::Promise,
    decide: RefCell<Option<js_sys::Function>>,
}

impl Upgrade {
    pub(super) fn new(reads: Reads) -> Self {
        let mut decide = None;
        let decided = js_sys::Promise::new(&mut |resolve: js_sys::Function, _reject: js_sys::Function| {
            decide = Some(resolve);
        });
        let early = baskets::kept();
        let shared = Rc::new(Shared {
            reads,
            worker: RefCell::default(),
            standing: Cell::new(Standing::GettingReady),
            hear: RefCell::default(),
            handed: RefCell::new(early.ids()),
            early: RefCell::new(early),
            tried: RefCell::default(),
            is_handing_over: Cell::new(false),
            trouble: RefCell::default(),
            again_ms: Cell::new(AGAIN_MS),
            waits: RefCell::default(),
            decided,
            decide: RefCell::new(decide),
        });
        if had_own() {
            Shared::start(&shared);
        } else {
            let waiting = Rc::clone(&shared);
            wasm_bindgen_futures::spawn_local(async move {
                time::sleep(ENGINE_AFTER_MS).await;
                Shared::start(&waiting);
            });
        }
        let trying = Rc::clone(&shared);
        on(&browser::window(), "online", Closure::<dyn Fn()>::new(move || Shared::try_again(&trying)));
        Self { shared }
    }
}

impl Shared {
    /// Starts the worker, once.
    fn start(shared: &Rc<Self>) {
        if shared.worker.borrow().is_none() && shared.standing.get() == Standing::GettingReady {
            Self::begin(shared);
        }
    }

    fn begin(shared: &Rc<Self>) {
        let failing = Rc::clone(shared);
        let on_failure = Rc::new(move |said| Self::fail(&failing, said));
        match Worker::start(shared.reads, on_failure) {
            Some(worker) => Self::wake(shared, Rc::new(worker)),
            None => shared.stand(Standing::OnlineOnly),
        }
    }

    /// Goes over to the worker as soon as it answers.
    fn wake(shared: &Rc<Self>, worker: Rc<Worker>) {
        *shared.worker.borrow_mut() = Some(Rc::clone(&worker));
        let waking = Rc::clone(shared);
        wasm_bindgen_futures::spawn_local(async move {
            let answer = worker.call(&Call::About).await;
            // It may have ended for good meanwhile.
            if !waking.has(&worker) {
                return;
            }
            if let Answer::Failed(said) = answer {
                worker.end();
                return Self::fail(&waking, said);
            }
            Self::listen(&waking, &worker);
            waking.hand_over(&worker).await;
            if waking.has(&worker) {
                waking.again_ms.set(AGAIN_MS);
                let was_without = waking.trouble.take().is_some();
                waking.stand(Standing::Engine);
                // What was asked meanwhile was answered with why there is none.
                waking.tell(if was_without { &[Told::Everything] } else { &[] });
            }
        });
    }

    fn has(&self, worker: &Rc<Worker>) -> bool {
        self.worker.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, worker))
    }

    fn listen(shared: &Rc<Self>, worker: &Rc<Worker>) {
        let (hearing, to) = (Rc::clone(shared), Rc::clone(worker));
        worker.listen(Rc::new(move |told| {
            // The engine has fetched the market, now or again.
            if told == Told::Market(MarketMoved::Everything) {
                hearing.tried.borrow_mut().clear();
                let (handing, to) = (Rc::clone(&hearing), Rc::clone(&to));
                wasm_bindgen_futures::spawn_local(async move { handing.hand_over(&to).await });
            }
            hearing.tell(&[told]);
        }));
    }

    /// Puts what is in the early baskets into the engine's, and what somebody puts in meanwhile. What it does not take,
    /// since the market is out of reach, stays for the next time.
    async fn hand_over(&self, worker: &Worker) {
        if self.is_handing_over.replace(true) {
            return;
        }
        while let Some(command) = self.next_early() {
            let id = command.id;
            self.tried.borrow_mut().push(id);
            self.handed.borrow_mut().push(id);
            // An engine takes only what it has seen on offer.
            if let BuyerVerb::PutLine { stall, product, .. } = command.verb {
                worker.call(&Call::Market(MarketQuery::Offer { stall, product })).await;
            }
            if let Answer::Bought = worker.call(&Call::Buy(command)).await {
                self.early.borrow_mut().bought(id);
                baskets::keep(&self.early.borrow());
            }
        }
        self.is_handing_over.set(false);
    }

    fn next_early(&self) -> Option<BuyerCommand> {
        self.early.borrow().next(&self.tried.borrow())
    }

    /// There is no engine, or none any more. What did not arrive may arrive yet, so it is begun again after a while, each time after
    /// a longer one, and when there is a connection again.
    fn fail(shared: &Rc<Self>, said: Said) {
        shared.worker.take();
        shared.trouble.replace(Some(said));
        shared.stand(if had_own() { Standing::NotOpened } else { Standing::OnlineOnly });
        let after_ms = shared.again_ms.get();
        shared.again_ms.set(after_ms.saturating_mul(2).min(AGAIN_MS_MAX));
        let trying = Rc::clone(shared);
        shared.waits.replace(Timer::after(after_ms, move || Self::try_again(&trying)));
    }

    /// Nothing, where it does not wait for that.
    fn try_again(shared: &Rc<Self>) {
        if shared.waits.take().is_some() {
            Self::begin(shared);
        }
    }

    /// Why what only an engine can do is not done.
    fn unable(&self) -> Answer {
        self.trouble.borrow().clone().map_or_else(|| failed("link.online-only"), Answer::Failed)
    }

    fn stand(&self, standing: Standing) {
        self.standing.set(standing);
        if let Some(decide) = self.decide.borrow_mut().take() {
            // A promise's own function cannot throw.
            let _ = decide.call0(&wasm_bindgen::JsValue::UNDEFINED);
        }
        self.tell(&[Told::Device, Told::Buyer, Told::Market(MarketMoved::Everything)]);
    }

    fn tell(&self, news: &[Told]) {
        let hear = self.hear.borrow().clone();
        for told in news {
            hear.iter().for_each(|hear| hear(told.clone()));
        }
    }

    fn engine(&self) -> Option<Rc<Worker>> {
        (self.standing.get() == Standing::Engine).then(|| self.worker.borrow().clone()).flatten()
    }

    /// What a server and this page can answer without an engine.
    async fn early(&self, call: &Call) -> Option<Answer> {
        match call {
            Call::Market(query) => Some(http::ask(query.clone()).await),
            Call::Buy(command) => match &command.verb {
                BuyerVerb::PutLine { .. } | BuyerVerb::EmptyBasket { .. } => {
                    self.early.borrow_mut().apply(command, &self.handed.borrow());
                    baskets::keep(&self.early.borrow());
                    self.tell(&[Told::Buyer]);
                    Some(Answer::Bought)
                }
                BuyerVerb::PlaceOrder { .. }
                | BuyerVerb::CancelOrder { .. }
                | BuyerVerb::Unwanted { .. }
                | BuyerVerb::Like { .. }
                | BuyerVerb::PutAddress { .. }
                | BuyerVerb::RemoveAddress { .. }
                | BuyerVerb::Review { .. }
                | BuyerVerb::AnswerSwap { .. }
                | BuyerVerb::Consent { .. }
                | BuyerVerb::ForgetNoticed
                | BuyerVerb::ReturnGoods { .. } => None,
            },
            Call::Buyer(BuyerQuery::Baskets) => {
                let early = self.early.borrow().clone();
                Some(baskets::view(&early, http::ask).await)
            }
            // Asked for by every screen, and nothing before there is an engine.
            Call::Buyer(BuyerQuery::LikedKeys) => Some(Answer::Buyer(BuyerView::LikedKeys(Vec::new()))),
            // Whoever has a stall here is not shown for a moment as somebody without one.
            Call::About if had_own() && self.standing.get() == Standing::GettingReady => None,
            // Nor as somebody without one while it cannot be opened.
            Call::About if self.standing.get() == Standing::NotOpened => Some(self.unable()),
            Call::About => {
                let mut about = baskets::about();
                about.warnings.extend(self.trouble.borrow().iter().cloned());
                Some(Answer::About(about))
            }
            Call::Do(_)
            | Call::People(_)
            | Call::Ask(_)
            | Call::Buyer(_)
            | Call::Suggest(_)
            | Call::Device(_)
            | Call::Paper(_)
            | Call::Check { .. }
            | Call::Programs(_)
            | Call::Meet(_)
            | Call::ReadCode { .. }
            | Call::Noticed(_)
            | Call::Keep { .. }
            | Call::Kept { .. } => None,
        }
    }
}

impl Link for Upgrade {
    fn call(&self, call: Call) -> Waiting {
        if let Some(worker) = self.shared.engine() {
            if let Call::Buy(command) = &call {
                self.shared.early.borrow_mut().drop_for(&command.verb);
                baskets::keep(&self.shared.early.borrow());
            }
            return worker.call(&call);
        }
        let shared = Rc::clone(&self.shared);
        Box::pin(async move {
            if let Some(answer) = shared.early(&call).await {
                return answer;
            }
            Shared::start(&shared);
            // The promise is only ever resolved.
            let _ = wasm_bindgen_futures::JsFuture::from(shared.decided.clone()).await;
            match (shared.engine(), &call) {
                (Some(worker), _) => worker.call(&call).await,
                (None, Call::About) => shared.early(&call).await.unwrap_or_else(|| shared.unable()),
                (None, _) => shared.unable(),
            }
        })
    }

    fn listen(&self, hear: Hear) {
        *self.shared.hear.borrow_mut() = Some(hear);
    }

    fn picture(&self, picture: &Hash) -> String {
        format!("/pictures/{picture}")
    }

    fn standing(&self) -> Standing {
        self.shared.standing.get()
    }
}
