//! The open cart, kept on the device; and what a scanner reads: onto the cart from any screen of the seller, one
//! after the other, none lost. A code that two products share is asked about, an unknown one is offered to create.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use soko_app_api::{Answer, Call, Notice, Pickup, ProductRow, Query, QueryKey, ScannedRow, Told, View};
use soko_domain::ids::LogId;
use soko_domain::purse::CardCode;
use yew::prelude::*;

use super::choose::Choosing;
use super::pickup;
use crate::app::use_stall;
use crate::browser;
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
                    let is_taken = route.mode() == Some(Mode::Seller) && !is_form;
                    // What a buyer shows is an order, and nothing to sell.
                    if let Some(shown) = Pickup::of_link(code) {
                        if is_taken {
                            pickup::fetch(&queue.desk, &queue.speech, stall, shown);
                        }
                        return;
                    }
                    // A gift card is no product: Pay takes it, and so does the list of cards.
                    if CardCode::parse(code).is_some() {
                        queue.card(&route);
                        return;
                    }
                    if is_taken {
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
        if let Answer::View(View::Scanned(scanned)) = answer {
            let scanned: Vec<ScannedRow> = scanned.into_iter().filter(|one| !one.row.archived).collect();
            match scanned.as_slice() {
                [] => self.unknown(&code),
                [one] => put_labelled(&self.desk, &self.speech, (&code, one)),
                _ => self.asking.set(Some(Asked::Labelled(code, scanned))),
            }
            return;
        }
        let Answer::View(View::Products(rows)) = answer else {
            self.desk.toasts.error(self.speech.say("scan.failed"));
            return;
        };
        let rows: Vec<ProductRow> = rows.into_iter().filter(|row| !row.archived).collect();
        match rows.as_slice() {
            [] => self.unknown(&code),
            [row] => put(&self.desk, &self.speech, row),
            _ => self.asking.set(Some(Asked::Product(rows))),
        }
    }

    fn unknown(&self, code: &str) {
        let (desk, wanted) = (self.desk.clone(), code.to_owned());
        let create = Callback::from(move |()| desk.go(Route::NewProduct { code: wanted.clone() }));
        let text = self.speech.fill("scan.unknown", &[("code", code)]);
        self.desk.toasts.offer(text, self.speech.say("scan.create"), create);
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

/// What the pages of this browser say to each other when one of them kept a cart.
const CART_MOVED: &str = "soko-cart-moved";

/// The cart of a stall comes back after a reload and is kept at every change. All pages of a browser have the same one:
/// two that are paid apart from each other would be one sale.
#[hook]
fn use_kept_cart(stall: Option<LogId>) {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with(stall, move |stall| {
        let hearing = stall.map(|stall| {
            let was_of = desk.cart_of.replace(Some(stall));
            // What lies on the counter of another stall is kept there, and is none of this one's.
            if was_of.is_some_and(|other| other != stall) {
                desk.cart.set(new_cart());
            }
            let kept = Rc::new(KeptCart {
                desk,
                speech,
                stall,
                is_back: was_of == Some(stall),
                known: RefCell::default(),
                is_read: Cell::default(),
                looks: Cell::default(),
                is_said: Rc::default(),
                keeping: RefCell::default(),
            });
            KeptCart::begin(&kept);
            let (telling, moving) = (Rc::clone(&kept), Rc::clone(&kept));
            let told = kept.desk.told.listen(move |told| KeptCart::hear(&telling, told));
            let moved = browser::hear_pages(CART_MOVED, move || KeptCart::load_again(&moving));
            (kept, told, moved)
        });
        move || {
            if let Some((kept, ..)) = &hearing {
                kept.keeping.borrow_mut().take();
            }
            drop(hearing);
        }
    });
}

struct KeptCart {
    desk: Desk,
    speech: Speech,
    stall: LogId,
    /// What lies on the counter is this stall's from before.
    is_back: bool,
    /// As it is kept, as far as this page knows: only what differs is kept anew.
    known: RefCell<Option<Cart>>,
    /// Whether what is kept was taken over. Nothing is kept over what was not: while nobody said who they are, nobody is told whether it
    /// was sold.
    is_read: Cell<bool>,
    /// How often it was looked for.
    looks: Cell<u32>,
    /// That it is not kept; once for as long as it is so.
    is_said: Rc<Cell<bool>>,
    keeping: RefCell<Option<Listening>>,
}

impl KeptCart {
    fn begin(kept: &Rc<Self>) {
        let kept = Rc::clone(kept);
        wasm_bindgen_futures::spawn_local(async move {
            kept.load().await;
            // The view may be gone meanwhile, or about another stall.
            if Rc::strong_count(&kept) == 1 {
                return;
            }
            let keeper = Rc::downgrade(&kept);
            let keeping = kept.desk.cart.listen(move |cart| {
                keeper.upgrade().iter().for_each(|kept| kept.keep(cart));
            });
            kept.keeping.replace(Some(keeping));
        });
    }

    fn hear(kept: &Rc<Self>, told: &Told) {
        match told {
            // Another page may have sold it while this one lay aside.
            Told::Everything => Self::load_again(kept),
            Told::Stall(notice) if notice.stall == kept.stall && !kept.is_read.get() => {
                Self::load_again(kept)
            }
            Told::Stall(notice) if notice.stall == kept.stall && moves_sales(notice) => {
                let kept = Rc::clone(kept);
                wasm_bindgen_futures::spawn_local(async move { kept.leave_if_sold().await });
            }
            Told::Stall(_)
            | Told::Market(_)
            | Told::Buyer
            | Told::Device
            | Told::Arrived(_)
            | Told::Show { .. } => {}
        }
    }

    fn load_again(kept: &Rc<Self>) {
        let kept = Rc::clone(kept);
        wasm_bindgen_futures::spawn_local(async move { kept.load().await });
    }

    async fn load(&self) {
        let look = self.looks.get().wrapping_add(1);
        self.looks.set(look);
        let mut before = self.desk.cart.get();
        if !self.is_read.get() && !self.is_back {
            // All that is there by now was put on top of what is kept.
            before = Cart::new(before.sale, before.command);
        }
        let answer = self.desk.call(Call::Kept { key: self.key() }).await;
        let Answer::Kept(bytes) = answer else { return };
        let kept = match cart::unpack(&bytes) {
            Draft::Is(cart) => match self.is_sold(&cart).await {
                Some(true) => new_cart(),
                Some(false) => cart,
                None => return,
            },
            Draft::None if before.is_blank() => before.clone(),
            Draft::None => new_cart(),
            Draft::Unreadable => {
                self.desk.toasts.error(self.speech.say("cart.lost"));
                new_cart()
            }
        };
        // A later look tells more, and takes what was put here since for no more than it is.
        if self.looks.get() != look || self.desk.cart_of.get() != Some(self.stall) {
            return;
        }
        let now = self.desk.cart.get();
        let paying = self.desk.paying.get();
        if let Some(counter) = kept.clone().taken_over((&before, &now), (paying, new_cart())) {
            self.is_read.set(true);
            self.known.replace(Some(kept));
            self.desk.cart.set(counter.clone());
            self.keep(&counter);
        }
    }

    async fn leave_if_sold(&self) {
        let cart = self.desk.cart.get();
        if !cart.is_empty()
            && self.is_sold(&cart).await == Some(true)
            && self.desk.cart.get().sale == cart.sale
        {
            // The page where it was paid may hold what was scanned meanwhile: an empty cart of this one's must not be kept over it.
            self.load().await;
        }
    }

    /// The power may have gone after the sale was on the disk and before the cart was emptied. Nothing where nobody says.
    async fn is_sold(&self, cart: &Cart) -> Option<bool> {
        let asked = Query::Sale { stall: self.stall, sale: cart.sale };
        if let Answer::View(view) = self.desk.call(Call::Ask(asked)).await {
            return Some(matches!(view, View::Sale(_)));
        }
        None
    }

    fn keep(&self, cart: &Cart) {
        if !self.is_read.get() || self.known.replace(Some(cart.clone())).as_ref() == Some(cart) {
            return;
        }
        let value = if cart.is_blank() { Vec::new() } else { drafts::pack(LAYOUT, cart) };
        let (desk, speech, is_said) = (self.desk.clone(), self.speech.clone(), Rc::clone(&self.is_said));
        let draft = (self.key(), value);
        wasm_bindgen_futures::spawn_local(async move {
            // A draft that could not be kept is kept with the next change.
            drafts::keep(&desk, &speech, &is_said, draft).await;
            browser::tell_pages(CART_MOVED);
        });
    }

    fn key(&self) -> String {
        format!("cart/{}", self.stall)
    }
}

fn moves_sales(notice: &Notice) -> bool {
    notice.keys.iter().any(|key| matches!(key, QueryKey::Sales | QueryKey::Everything))
}
