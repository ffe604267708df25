//! Live answers: asked once, asked again when something is told that concerns them, and never replaced by an older
//! one. While a new answer is on its way the last one stays.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{Answer, BuyerQuery, BuyerView, Call, DeviceView, MarketQuery, MarketView, Query, View};
use yew::prelude::*;

use crate::concerns::concerns;
use crate::desk::{Desk, Trouble, use_desk};
use crate::paging;

/// The last answer to a call.
#[derive(Clone, PartialEq)]
pub struct Live {
    pub answer: Option<Rc<Answer>>,
    /// Asks again now.
    pub again: Callback<()>,
}

impl Live {
    pub fn view(&self) -> Option<&View> {
        if let Some(Answer::View(view)) = self.answer.as_deref() { Some(view) } else { None }
    }

    pub fn market(&self) -> Option<&MarketView> {
        if let Some(Answer::Market(view)) = self.answer.as_deref() { Some(view) } else { None }
    }

    pub fn buyer(&self) -> Option<&BuyerView> {
        if let Some(Answer::Buyer(view)) = self.answer.as_deref() { Some(view) } else { None }
    }

    pub fn about(&self) -> Option<&DeviceView> {
        if let Some(Answer::About(view)) = self.answer.as_deref() { Some(view) } else { None }
    }

    /// Why there is no answer.
    pub fn failure(&self) -> Option<Trouble> {
        self.answer.as_deref().and_then(paging::failure)
    }
}

/// Asks and listens; nothing is asked, and nothing known, while the call is none.
#[hook]
pub fn use_live(call: Option<Call>) -> Live {
    let desk = use_desk();
    let answer = use_state(|| None::<Rc<Answer>>);
    let asker = use_memo((), |()| Asker::default());
    let set = answer.setter();
    let again = {
        let (desk, asker, set, call) = (desk.clone(), Rc::clone(&asker), set.clone(), call.clone());
        Callback::from(move |()| {
            if let Some(call) = call.clone() {
                Asker::ask(&asker, &desk, call, set.clone());
            }
        })
    };
    {
        let asker = Rc::clone(&asker);
        use_effect_with(call, move |call| {
            if call.is_none() {
                asker.forget();
                set.set(None);
            }
            let listening = call.clone().map(|call| {
                Asker::ask(&asker, &desk, call.clone(), set.clone());
                let asking = desk.clone();
                desk.told.listen(move |told| {
                    if concerns(&call, told) {
                        Asker::ask(&asker, &asking, call.clone(), set.clone());
                    }
                })
            });
            move || drop(listening)
        });
    }
    Live { answer: (*answer).clone(), again }
}

#[hook]
pub fn use_query(query: Option<Query>) -> Live {
    use_live(query.map(Call::Ask))
}

#[hook]
pub fn use_market(query: Option<MarketQuery>) -> Live {
    use_live(query.map(Call::Market))
}

#[hook]
pub fn use_buyer(query: Option<BuyerQuery>) -> Live {
    use_live(query.map(Call::Buyer))
}

/// Numbers its questions, so that only the answer to the last one counts.
#[derive(Default)]
struct Asker {
    last: Cell<u32>,
}

impl Asker {
    /// What is asked already is answered in vain.
    fn forget(&self) {
        self.last.set(self.last.get().wrapping_add(1));
    }

    fn ask(asker: &Rc<Self>, desk: &Desk, call: Call, set: UseStateSetter<Option<Rc<Answer>>>) {
        asker.forget();
        let number = asker.last.get();
        let (asker, desk) = (Rc::clone(asker), desk.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let answer = desk.call(call).await;
            if asker.last.get() == number {
                set.set(Some(Rc::new(answer)));
            }
        });
    }
}
