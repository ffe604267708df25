//! The browser's link: a server at once, and the engine in the worker as soon as it answers. What was put into a
//! basket before is put into the engine's then. What only an engine can answer waits for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use soko_app_api::{Answer, BuyerQuery, BuyerVerb, BuyerView, Call, MarketMoved, MarketQuery, Said, Told};
use soko_domain::ids::Hash;

use super::worker::{Worker, had_own};
use super::{Hear, Link, Reads, Standing, Waiting, failed, http};
use crate::baskets::{self, Early};
use crate::browser::time;

/// A first visit is shown before the engine is fetched, unless something needs the engine sooner.
const ENGINE_AFTER_MS: i32 = 1500;

pub(super) struct Upgrade {
    shared: Rc<Shared>,
}

struct Shared {
    reads: Reads,
    worker: RefCell<Option<Rc<Worker>>>,
    standing: Cell<Standing>,
    hear: RefCell<Option<Hear>>,
    early: RefCell<Early>,
    /// Why there is no engine, for whoever looks after the device.
    trouble: RefCell<Vec<Said>>,
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
        let shared = Rc::new(Shared {
            reads,
            worker: RefCell::default(),
            standing: Cell::new(Standing::GettingReady),
            hear: RefCell::default(),
            early: RefCell::new(baskets::kept()),
            trouble: RefCell::default(),
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
        Self { shared }
    }
}

impl Shared {
    /// Starts the worker, once.
    fn start(shared: &Rc<Self>) {
        if shared.worker.borrow().is_some() || shared.standing.get() != Standing::GettingReady {
            return;
        }
        let failing = Rc::clone(shared);
        match Worker::start(shared.reads, Rc::new(move || failing.decide(Standing::OnlineOnly))) {
            Some(worker) => Self::wake(shared, Rc::new(worker)),
            None => shared.decide(Standing::OnlineOnly),
        }
    }

    /// Goes over to the worker as soon as it answers.
    fn wake(shared: &Rc<Self>, worker: Rc<Worker>) {
        *shared.worker.borrow_mut() = Some(Rc::clone(&worker));
        let waking = Rc::clone(shared);
        wasm_bindgen_futures::spawn_local(async move {
            if let Answer::Failed(said) = worker.call(&Call::About).await {
                waking.trouble.borrow_mut().push(said);
                waking.decide(Standing::OnlineOnly);
            }
            if waking.standing.get() != Standing::GettingReady {
                return;
            }
            waking.hand_over(&worker).await;
            baskets::forget();
            if let Some(hear) = waking.hear.borrow().clone() {
                worker.listen(hear);
            }
            waking.decide(Standing::Engine);
        });
    }

    /// Puts what is in the early baskets into the engine's, and what somebody puts in meanwhile.
    async fn hand_over(&self, worker: &Worker) {
        let mut done = Vec::new();
        loop {
            let next = self.early.borrow().commands().into_iter().find(|it| !done.contains(&it.id));
            let Some(command) = next else { return };
            done.push(command.id);
            // An engine takes only what it has seen on offer.
            if let BuyerVerb::PutLine { stall, product, .. } = command.verb {
                worker.call(&Call::Market(MarketQuery::Offer { stall, product })).await;
            }
            worker.call(&Call::Buy(command)).await;
        }
    }

    fn decide(&self, standing: Standing) {
        // A worker that breaks later is told by each call that it leaves unanswered.
        if self.standing.get() != Standing::GettingReady {
            return;
        }
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
                    self.early.borrow_mut().apply(command);
                    baskets::keep(&self.early.borrow());
                    self.tell(&[Told::Buyer]);
                    Some(Answer::Bought)
                }
                BuyerVerb::PlaceOrder { .. }
                | BuyerVerb::CancelOrder { .. }
                | BuyerVerb::Unwanted { .. }
                | BuyerVerb::Like { .. }
                | BuyerVerb::Review { .. }
                | BuyerVerb::AnswerSwap { .. }
                | BuyerVerb::Consent { .. }
                | BuyerVerb::ForgetNoticed
                | BuyerVerb::ReturnGoods { .. } => None,
            },
            Call::Buyer(BuyerQuery::Baskets) => {
                let early = self.early.borrow().clone();
                Some(Answer::Buyer(baskets::view(&early, http::ask).await))
            }
            // Asked for by every screen, and nothing before there is an engine.
            Call::Buyer(BuyerQuery::LikedKeys) => Some(Answer::Buyer(BuyerView::LikedKeys(Vec::new()))),
            // Whoever has a stall here is not shown for a moment as somebody without one.
            Call::About if had_own() && self.standing.get() == Standing::GettingReady => None,
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
                (None, Call::About) => {
                    shared.early(&call).await.unwrap_or_else(|| failed("link.online-only"))
                }
                (None, _) => failed("link.online-only"),
            }
        })
    }

    fn listen(&self, hear: Hear) {
        *self.shared.hear.borrow_mut() = Some(Rc::clone(&hear));
        if let Some(worker) = self.shared.engine() {
            worker.listen(hear);
        }
    }

    fn picture(&self, picture: &Hash) -> String {
        format!("/pictures/{picture}")
    }

    fn standing(&self) -> Standing {
        self.shared.standing.get()
    }
}
