//! The open cart, kept on the device; and what a scanner reads: onto the cart from any screen of the seller, one
//! after the other, none lost. A code that two products share is asked about, an unknown one is offered to create.

use std::cell::{Cell, RefCell};
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
use crate::watched::{Listening, Watched, use_watched};

#[component]
pub fn Scans() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let known = use_stall();
    let stall = known.as_ref().map(|stall| stall.stall);
    let asking = use_memo((), |()| Watched::new(None::<Asked>));
    let asked = use_watched(&asking);
    use_kept_cart(stall);
    {
        let (desk, asking) = (desk.clone(), Watched::clone(&asking));
        use_effect_with((stall, speech.clone()), move |(stall, speech)| {
            let queue = Rc::new(Queue {
                waiting: RefCell::default(),
                is_looking: Cell::new(false),
                desk: desk.clone(),
                speech: speech.clone(),
                asking,
            });
            let going_on = stall.map(|stall| Queue::goes_on(&queue, stall));
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
            move || drop((listening, going_on))
        });
    }
    let on_close = {
        let asking = Watched::clone(&asking);
        Callback::from(move |()| asking.set(None))
    };
    html! {
        <>
            if let Some(stall) = known { <Choosing {stall} /> }
            if let Some(asked) = asked { <Chooser {asked} {on_close} /> }
        </>
    }
}

/// Which of several products a code is.
#[derive(Clone, PartialEq)]
enum Asked {
    Product(Vec<ProductRow>),
    /// The label of a scale says how much of it there is, or what it costs.
    Labelled(String, Vec<ScannedRow>),
}

/// Codes wait here while the one before is looked up, or while somebody is asked about it.
struct Queue {
    waiting: RefCell<VecDeque<String>>,
    is_looking: Cell<bool>,
    desk: Desk,
    speech: Speech,
    asking: Watched<Option<Asked>>,
}

impl Queue {
    fn take(queue: &Rc<Self>, stall: LogId, code: String) {
        queue.waiting.borrow_mut().push_back(code);
        Self::go_on(queue, stall);
    }

    /// Whenever a question was answered or put aside.
    fn goes_on(queue: &Rc<Self>, stall: LogId) -> (Listening, Listening) {
        let (asked, chosen) = (Rc::clone(queue), Rc::clone(queue));
        (
            queue.asking.listen(move |_| Self::go_on(&asked, stall)),
            queue.desk.choosing.listen(move |_| Self::go_on(&chosen, stall)),
        )
    }

    fn go_on(queue: &Rc<Self>, stall: LogId) {
        if queue.is_looking.replace(true) {
            return;
        }
        let queue = Rc::clone(queue);
        wasm_bindgen_futures::spawn_local(async move {
            while let Some(code) = queue.next() {
                let answer = queue.desk.call(Call::Ask(Query::Scan { stall, code: code.clone() })).await;
                queue.found(code, answer);
            }
            queue.is_looking.set(false);
        });
    }

    fn next(&self) -> Option<String> {
        let is_asking = self.asking.get().is_some() || self.desk.choosing.get().is_some();
        if is_asking { None } else { self.waiting.borrow_mut().pop_front() }
    }

    fn card(&self, route: &Route) {
        if route.mode() == Some(Mode::Seller) && !matches!(route, Route::Pay | Route::Cards) {
            let desk = self.desk.clone();
            let look = Callback::from(move |()| desk.go(Route::Cards));
            self.desk.toasts.offer(self.speech.say("scan.card"), self.speech.say("cards.title"), look);
        }
    }

    fn found(&self, code: String, answer: Answer) {
        if let Answer::View(View::Scanned(scanned)) = &answer {
            match scanned.as_slice() {
                [one] => put_labelled(&self.desk, &self.speech, (&code, one)),
                several => self.asking.set(Some(Asked::Labelled(code, several.to_vec()))),
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
            _ => self.asking.set(Some(Asked::Product(rows))),
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
    asked: Asked,
    on_close: Callback<()>,
}

/// Which of the products with this code is it?
#[component]
fn Chooser(props: &ChooserProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let rows: Vec<&ProductRow> = match &props.asked {
        Asked::Product(rows) => rows.iter().collect(),
        Asked::Labelled(_, scanned) => scanned.iter().map(|one| &one.row).collect(),
    };
    let one = |(place, row): (usize, &ProductRow)| {
        let (desk, speech, asked, on_close) =
            (desk.clone(), speech.clone(), props.asked.clone(), props.on_close.clone());
        let (picture, name) = (row.picture.as_ref().map(|hash| desk.picture(hash)), row.name.clone());
        let price = speech.price(row.price_minor, &row.currency, row.unit, row.price_per);
        let onclick = Callback::from(move |_: MouseEvent| {
            match &asked {
                Asked::Product(rows) => rows.get(place).iter().for_each(|row| put(&desk, &speech, row)),
                Asked::Labelled(code, scanned) => {
                    scanned.get(place).iter().for_each(|one| put_labelled(&desk, &speech, (code, one)));
                }
            }
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
            <div>{ for rows.into_iter().enumerate().map(one) }</div>
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
