//! The open cart, kept on the device; and what a scanner reads: onto the cart from any screen of the seller, one
//! after the other, none lost. A code that two products share is asked about, an unknown one is offered to create.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use soko_app_api::{Answer, Call, ProductRow, Query, ScannedRow, Told, View};
use soko_domain::ids::LogId;
use soko_domain::purse::CardCode;
use yew::prelude::*;

use super::choose::Choosing;
use crate::app::use_stall;
use crate::cart::{self, Cart, LAYOUT};
use crate::desk::{Desk, new_cart, use_desk};
use crate::drafts::{self, Draft};
use crate::parts::{Dialog, Photo};
use crate::route::{Mode, Route};
use crate::speech::{Speech, use_speech};

#[component]
pub fn Scans() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let known = use_stall();
    let stall = known.as_ref().map(|stall| stall.stall);
    let choice = use_state(|| None::<Vec<ProductRow>>);
    use_kept_cart(stall);
    {
        let (desk, choose) = (desk.clone(), choice.setter());
        use_effect_with((stall, speech.clone()), move |(stall, speech)| {
            let queue = Rc::new(Queue {
                waiting: RefCell::default(),
                desk: desk.clone(),
                speech: speech.clone(),
                choose,
            });
            let listening = stall.map(|stall| {
                desk.scans.listen(move |code| {
                    // The form of a product takes the code itself.
                    let route = queue.desk.route.get();
                    let is_form = matches!(
                        route,
                        Route::NewProduct { .. } | Route::Product(_) | Route::StockSession(_)
                    );
                    // A gift card is no product: Pay takes it, and so does the list of cards.
                    if CardCode::parse(code).is_some() {
                        queue.card(&route);
                        return;
                    }
                    if route.mode() == Some(Mode::Seller) && !is_form {
                        Queue::take(&queue, stall, code.clone());
                    }
                })
            });
            move || drop(listening)
        });
    }
    let on_close = {
        let choice = choice.clone();
        Callback::from(move |()| choice.set(None))
    };
    html! {
        <>
            if let Some(stall) = known { <Choosing {stall} /> }
            if let Some(rows) = (*choice).clone() { <Chooser {rows} {on_close} /> }
        </>
    }
}

/// Codes wait here while the one before is looked up.
struct Queue {
    waiting: RefCell<VecDeque<String>>,
    desk: Desk,
    speech: Speech,
    choose: UseStateSetter<Option<Vec<ProductRow>>>,
}

impl Queue {
    fn take(queue: &Rc<Self>, stall: LogId, code: String) {
        let is_idle = queue.waiting.borrow().is_empty();
        queue.waiting.borrow_mut().push_back(code);
        if !is_idle {
            return;
        }
        let queue = Rc::clone(queue);
        wasm_bindgen_futures::spawn_local(async move {
            // The code that is looked up stays in the queue, so that the next one waits.
            while let Some(code) = queue.first() {
                let answer = queue.desk.call(Call::Ask(Query::Scan { stall, code: code.clone() })).await;
                queue.found(code, answer);
                queue.waiting.borrow_mut().pop_front();
            }
        });
    }

    fn card(&self, route: &Route) {
        if route.mode() == Some(Mode::Seller) && !matches!(route, Route::Pay | Route::Cards) {
            let desk = self.desk.clone();
            let look = Callback::from(move |()| desk.go(Route::Cards));
            self.desk.toasts.offer(self.speech.say("scan.card"), self.speech.say("cards.title"), look);
        }
    }

    fn first(&self) -> Option<String> {
        self.waiting.borrow().front().cloned()
    }

    fn found(&self, code: String, answer: Answer) {
        if let Answer::View(View::Scanned(scanned)) = &answer {
            match scanned.as_slice() {
                [one] => put_labelled(&self.desk, &self.speech, (&code, one)),
                several => self.choose.set(Some(several.iter().map(|one| one.row.clone()).collect())),
            }
            return;
        }
        let Answer::View(View::Products(rows)) = answer else {
            self.desk.toasts.error(self.speech.say("scan.failed"));
            return;
        };
        let rows: Vec<ProductRow> = rows.into_iter().filter(|row| !row.archived).collect();
        match rows.as_slice() {
            [] => {
                let (desk, wanted) = (self.desk.clone(), code.clone());
                let create = Callback::from(move |()| desk.go(Route::NewProduct { code: wanted.clone() }));
                let text = self.speech.fill("scan.unknown", &[("code", &code)]);
                self.desk.toasts.offer(text, self.speech.say("scan.create"), create);
            }
            [row] => put(&self.desk, &self.speech, row),
            _ => self.choose.set(Some(rows)),
        }
    }
}

/// Puts one more onto the cart; of a product with variants, asks which.
pub(super) fn put(desk: &Desk, speech: &Speech, row: &ProductRow) {
    if row.family.is_some() {
        desk.choosing.set(Some(row.product));
    } else {
        put_one(desk, speech, row);
    }
}

/// Where the cart is not in sight, it says so. Whatever was to be chosen, it is this.
pub(super) fn put_one(desk: &Desk, speech: &Speech, row: &ProductRow) {
    desk.choosing.set(None);
    let mut has_room = true;
    desk.cart.change(|cart| has_room = cart.add(row));
    if !has_room {
        desk.toasts.error(speech.say("cart.full"));
    } else if desk.route.get() != Route::Sell {
        desk.toasts.done(speech.fill("scan.added", &[("name", &row.name)]));
    }
}

/// What the label of a scale says.
fn put_labelled(desk: &Desk, speech: &Speech, (code, scanned): (&str, &ScannedRow)) {
    let mut has_room = true;
    desk.cart.change(|cart| has_room = cart.add_labelled(code, scanned));
    let name = scanned.row.name.as_str();
    if !has_room {
        desk.toasts.error(speech.say("cart.full"));
    } else if desk.route.get() != Route::Sell {
        desk.toasts.done(speech.fill("scan.added", &[("name", name)]));
    }
}

#[derive(Properties, PartialEq)]
struct ChooserProps {
    rows: Vec<ProductRow>,
    on_close: Callback<()>,
}

/// Which of the products with this code is it?
#[component]
fn Chooser(props: &ChooserProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let one = |row: &ProductRow| {
        let (desk, speech, row, on_close) =
            (desk.clone(), speech.clone(), row.clone(), props.on_close.clone());
        let (picture, name) = (row.picture.as_ref().map(|hash| desk.picture(hash)), row.name.clone());
        let price = speech.price(row.price_minor, &row.currency, row.unit, row.price_per);
        let onclick = Callback::from(move |_: MouseEvent| {
            put(&desk, &speech, &row);
            on_close.emit(());
        });
        html! {
            <button type="button" class="list-row" {onclick}>
                <Photo address={picture} name={name.clone()} />
                <span class="list-main"><span class="list-name">{ name }</span></span>
                <span class="list-end number">{ price }</span>
            </button>
        }
    };
    html! {
        <Dialog title={speech.say("scan.which")} on_close={props.on_close.clone()}>
            <div>{ for props.rows.iter().map(one) }</div>
        </Dialog>
    }
}

/// The cart of a stall comes back after a reload and is kept at every change.
#[hook]
fn use_kept_cart(stall: Option<LogId>) {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with(stall, move |stall| {
        let keeping = Rc::new(RefCell::new(None));
        // Another page may have sold it while this one lay aside.
        let returning = stall.map(|stall| {
            let (loading, speech) = (desk.clone(), speech.clone());
            desk.told.listen(move |told| {
                if *told == Told::Everything {
                    let (desk, speech) = (loading.clone(), speech.clone());
                    wasm_bindgen_futures::spawn_local(async move { load((&desk, &speech), stall).await });
                }
            })
        });
        if let Some(stall) = *stall {
            let slot = Rc::clone(&keeping);
            wasm_bindgen_futures::spawn_local(async move {
                load((&desk, &speech), stall).await;
                // The view may be gone meanwhile, or about another stall.
                if Rc::strong_count(&slot) == 1 {
                    return;
                }
                let keeper = desk.clone();
                *slot.borrow_mut() = Some(desk.cart.listen(move |cart| keep(&keeper, stall, cart)));
            });
        }
        move || drop((keeping.borrow_mut().take(), returning))
    });
}

fn key(stall: LogId) -> String {
    format!("cart/{stall}")
}

async fn load((desk, speech): (&Desk, &Speech), stall: LogId) {
    let before = desk.cart.get();
    let answer = desk.call(Call::Kept { key: key(stall) }).await;
    let Answer::Kept(bytes) = answer else { return };
    let kept = match cart::unpack(&bytes) {
        Draft::Is(cart) => unless_sold(desk, stall, cart).await,
        Draft::None => new_cart(),
        Draft::Unreadable => {
            desk.toasts.error(speech.say("cart.lost"));
            new_cart()
        }
    };
    // What was put on the counter meanwhile stays there.
    if desk.cart.get() == before {
        desk.cart.set(kept);
    }
}

/// The power may have gone after the sale was on the disk and before the cart was emptied.
async fn unless_sold(desk: &Desk, stall: LogId, cart: Cart) -> Cart {
    let sold = desk.call(Call::Ask(Query::Sale { stall, sale: cart.sale })).await;
    if matches!(sold, Answer::View(View::Sale(_))) { new_cart() } else { cart }
}

fn keep(desk: &Desk, stall: LogId, cart: &Cart) {
    let value = if cart.is_empty() { Vec::new() } else { drafts::pack(LAYOUT, cart) };
    let desk = desk.clone();
    wasm_bindgen_futures::spawn_local(async move {
        // A draft that could not be kept is kept with the next change.
        let _ = desk.call(Call::Keep { key: key(stall), value }).await;
    });
}
