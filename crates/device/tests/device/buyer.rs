//! Buying: looking, the basket, an order that is sent once, and what the stall hears of it.

use std::path::Path;
use std::time::Duration;

use soko_app_api::{
    Answer, Arrival, BasketOf, Bought, Browse, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, Call,
    CategoryEdit, CheckoutView, ContactView, Dated, DeviceVerb, MarketMoved, MarketQuery, MarketView,
    OfferRow, OwnOrderState, OwnOrderView, OwnReview, OwnReviewState, ProductEdit, Query, Rating,
    ReviewAnswer, Sort, StallEdit, TenderInput, Told, Verb, View, Window,
};
use soko_domain::delivery::Handing;
use soko_domain::entry::{OrderStep, ReleaseReason};
use soko_domain::ids::{OrderId, ProductId, ThingId};

use crate::world::*;

const ORDER: OrderId = OrderId([0x77; 16]);

pub(crate) async fn buy(shell: &Shell, id: u8, verb: BuyerVerb) -> Answer {
    shell.call(Call::Buy(BuyerCommand { id: ThingId([id; 16]), verb })).await
}

pub(crate) fn put(product: ProductId, quantity: i64) -> BuyerVerb {
    BuyerVerb::PutLine { stall: STALL, product, quantity, shown: None }
}

pub(crate) fn place(order: OrderId) -> BuyerVerb {
    brought(order, (Handing::Pickup, None), None)
}

fn brought(
    order: OrderId,
    (handing, contact): (Handing, Option<ContactView>),
    seen_total_minor: Option<i64>,
) -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order,
        note: "no plastic".into(),
        pay: None,
        handing,
        zone: String::new(),
        contact,
        coupon: String::new(),
        seen_total_minor,
        seen_tax_minor: None,
        card: String::new(),
        seen_card_minor: None,
    }
}

async fn checkout(shell: &Shell, handing: Handing) -> CheckoutView {
    let query = BuyerQuery::Checkout {
        stall: STALL,
        handing: Some(handing),
        zone: String::new(),
        coupon: None,
        card: None,
    };
    match shell.call(Call::Buyer(query)).await {
        Answer::Buyer(BuyerView::Checkout(view)) => *view,
        other => panic!("{other:?}"),
    }
}

async fn baskets(shell: &Shell) -> Vec<BasketOf> {
    match shell.call(Call::Buyer(BuyerQuery::Baskets)).await {
        Answer::Buyer(BuyerView::Baskets(baskets)) => baskets,
        other => panic!("{other:?}"),
    }
}

async fn known_stalls(shell: &Shell) -> Vec<String> {
    match shell.call(Call::Buyer(BuyerQuery::KnownStalls)).await {
        Answer::Buyer(BuyerView::KnownStalls(cards)) => cards.into_iter().map(|card| card.name).collect(),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn own_order(shell: &Shell, order: OrderId) -> OwnOrderView {
    match shell.call(Call::Buyer(BuyerQuery::Order(order))).await {
        Answer::Buyer(BuyerView::Order(view)) => *view,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn offers(shell: &Shell, text: &str) -> Dated<Vec<OfferRow>> {
    let query = MarketQuery::Offers {
        stall: None,
        text: text.into(),
        category: None,
        families: true,
        window: Window::first(10),
    };
    match shell.call(Call::Market(query)).await {
        Answer::Market(MarketView::Offers(offers)) => offers,
        other => panic!("{other:?}"),
    }
}

/// A buyer who has seen what is offered.
pub(crate) async fn buyer(shell: &Shell, server: &Running) {
    buyer_of(shell, server.url()).await;
}

pub(crate) async fn buyer_of(shell: &Shell, server: String) {
    shell.device(DeviceVerb::UseServer { server }).await;
    shell
        .until("the market", async || {
            let seen = offers(shell, "").await;
            (seen.value.len() == 2 && seen.value.iter().all(|row| row.available == 10)).then_some(())
        })
        .await;
}

pub(crate) async fn until_state(shell: &Shell, order: OrderId, state: OwnOrderState) {
    let what = format!("the order to be {state:?}");
    shell.until(&what, async || (own_order(shell, order).await.row.state == state).then_some(())).await;
}

pub(crate) async fn orders_at(stall: &Shell) -> usize {
    match stall.ask(Query::Orders { stall: STALL, only_waiting: false, window: Window::first(50) }).await {
        View::Orders(rows) => rows.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_saved_offline_is_sent_once_and_told_once_on_both_sides() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&till);
        stall.shop(&server).await;
        let shopper = Shell::open(&phone);
        buyer(&shopper, &server).await;
        let stalls = MarketQuery::Stalls { text: String::new(), window: Window::first(8) };
        assert!(matches!(shopper.call(Call::Market(stalls)).await, Answer::Market(MarketView::Stalls(_))));
        drop(server);

        assert_eq!(known_stalls(&shopper).await, [""; 0]);
        buy(&shopper, 1, put(MANGO, 3)).await;
        buy(&shopper, 2, put(TEA, 1)).await;
        let [basket] = baskets(&shopper).await.try_into().unwrap();
        assert_eq!((basket.stall_name.as_str(), basket.total_minor), ("Duka", 3 * 250 + 400));
        for number in 10..15 {
            // Five presses of the button: the first makes the order, the others change nothing.
            assert_eq!(buy(&shopper, number, place(ORDER)).await, Answer::Bought);
        }
        let saved = own_order(&shopper, ORDER).await;
        assert_eq!((saved.row.state, saved.lines.len()), (OwnOrderState::Saved, 2));
        assert!(baskets(&shopper).await.is_empty());
        assert_eq!(known_stalls(&shopper).await, ["Duka"], "also before it is sent, and without a signal");
        // Closed before it was sent.
        shopper.close();
        let shopper = Shell::open(&phone);
        let server = Running::start_at(&data, port);
        shopper.device(DeviceVerb::ExchangeNow).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the order at the stall", async || stall.arrivals().first().cloned()).await;
        assert_eq!(orders_at(&stall).await, 1);
        let news = Arrival::Order {
            stall: STALL,
            order: ORDER,
            stall_name: "Duka".into(),
            currency: "EUR".into(),
            total_minor: 1_150,
            lines: 2,
        };
        assert_eq!(stall.arrivals(), [news]);
        let confirmed =
            Arrival::OwnOrder { order: ORDER, stall_name: "Duka".into(), state: OwnOrderState::Held };
        assert_eq!(shopper.arrivals(), [confirmed]);

        // Opened again, nobody is told again; handed over, the buyer hears of it.
        stall.close();
        let stall = Shell::open(&till);
        let cash = vec![TenderInput::cash(1_200)];
        let handed = stall.done(Verb::HandOverOrder { order: ORDER, tenders: cash }).await;
        assert_eq!(handed, soko_app_api::Reply::HandedOver { cash_rounding_minor: 0, change_minor: 50 });
        stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
        shopper.device(DeviceVerb::ExchangeNow).await;
        until_state(&shopper, ORDER, OwnOrderState::HandedOver).await;
        assert_eq!(stall.arrivals(), []);
        assert_eq!(shopper.arrivals().len(), 2);
        review_it(&stall, &shopper, (server, &data, port)).await;
        stall.close();
        shopper.close();
    });
}

async fn said(shell: &Shell) -> Vec<OwnReview> {
    match shell.call(Call::Buyer(BuyerQuery::OwnReviews(ORDER))).await {
        Answer::Buyer(BuyerView::OwnReviews(said)) => said,
        other => panic!("{other:?}"),
    }
}

/// What everybody is shown of the mango.
async fn shown(shell: &Shell) -> (Rating, Vec<(u8, String)>) {
    let query = MarketQuery::Reviews { stall: STALL, product: Some(MANGO), window: Window::first(5) };
    let reviews = match shell.call(Call::Market(query)).await {
        Answer::Market(MarketView::Reviews(seen)) => seen.value,
        _ => Vec::new(),
    };
    let rating = offers(shell, "mango").await.value[0].rating;
    (rating, reviews.into_iter().map(|row| (row.stars, row.answer)).collect())
}

/// Said alone, changed, taken along by a start, sent once, answered, and read by everybody without the server.
async fn review_it(stall: &Shell, shopper: &Shell, (server, data, port): (Running, &Path, u16)) {
    drop(server);
    let review = |product, stars, words: &str| BuyerVerb::Review {
        it: Bought { order: ORDER, product },
        stars,
        words: words.into(),
    };
    for (id, verb, code) in [
        (30, review(ProductId([9; 16]), 5, ""), "not_ordered"),
        (31, review(MANGO, 6, ""), "stars"),
        (32, review(MANGO, 5, &"x".repeat(10_000)), "text_too_long"),
    ] {
        let Answer::Refused(refused) = buy(shopper, id, verb).await else { panic!("it was taken") };
        assert_eq!(refused.code, code);
    }
    for (id, stars) in [(33, 2), (34, 5), (35, 4)] {
        assert_eq!(buy(shopper, id, review(MANGO, stars, "Sweet.")).await, Answer::Bought);
    }
    let [own] = said(shopper).await.try_into().unwrap();
    assert_eq!((own.stars, own.state), (4, OwnReviewState::Saved));
    let server = Running::start_at(data, port);
    shopper.device(DeviceVerb::ExchangeNow).await;
    shopper
        .until("it to be sent", async || (said(shopper).await[0].state == OwnReviewState::Sent).then_some(()))
        .await;
    let (rating, all) = shopper
        .until("it to be shown", async || Some(shown(shopper).await).filter(|(_, all)| !all.is_empty()))
        .await;
    assert_eq!((rating, all), (Rating { reviews: 1, stars: 4 }, vec![(4, String::new())]));

    let query = MarketQuery::Reviews { stall: STALL, product: None, window: Window::first(5) };
    // It finds out in its own time that the server is there again.
    let asked = async || {
        let answer = stall.call(Call::Market(query.clone())).await;
        if let Answer::Market(MarketView::Reviews(seen)) = answer { Some(seen) } else { None }
    };
    let seen = stall.until("the stall to see it", asked).await;
    let answer = ReviewAnswer { stall: STALL, review: seen.value[0].review, words: "Come again.".into() };
    stall.device(DeviceVerb::AnswerReview(answer)).await;
    shopper
        .until("the answer", async || {
            (shown(shopper).await.1 == [(4, String::from("Come again."))]).then_some(())
        })
        .await;
    drop(server);
    let alone = async || shopper.about().await.is_online == Some(false);
    shopper.until("it to be alone", async || alone().await.then_some(())).await;
    assert_eq!(shown(shopper).await.1, [(4, String::from("Come again."))], "as it was last seen");
}

#[test]
fn each_step_of_the_stall_reaches_the_buyer_at_once_and_stays_offline() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 3)).await;
        buy(&shopper, 2, place(ORDER)).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        let step = |step| Verb::StepOrder { order: ORDER, step };
        // Nobody asks: by itself a device looks twice a minute.
        for (taken, state) in [
            (OrderStep::Accepted, OwnOrderState::Accepted),
            (OrderStep::Packed, OwnOrderState::Packed),
            (OrderStep::Ready, OwnOrderState::Ready),
        ] {
            assert_eq!(stall.done(step(taken)).await, soko_app_api::Reply::Done);
            let heard = tokio::time::timeout(SOON, until_state(&shopper, ORDER, state)).await;
            assert!(heard.is_ok(), "{state:?} was not heard, only asked for");
        }
        let states: Vec<OwnOrderState> = shopper.arrivals().iter().filter_map(state_of).collect();
        let expected =
            [OwnOrderState::Held, OwnOrderState::Accepted, OwnOrderState::Packed, OwnOrderState::Ready];
        assert_eq!(states, expected, "each was told once");
        // The stall cannot do it after all, and says why; the buyer has no network by then, and sees it later.
        let cancel = Verb::AskCancelOrder { order: ORDER, reason: "the cat sat on it".into() };
        assert_eq!(stall.done(cancel).await, soko_app_api::Reply::Done);
        until_state(&shopper, ORDER, OwnOrderState::Cancelled).await;
        assert_eq!(own_order(&shopper, ORDER).await.reason, "the cat sat on it");
        drop(server);
        shopper.close();
        let shopper = Shell::open(&folder.path().join("phone"));
        let seen = own_order(&shopper, ORDER).await;
        assert_eq!((seen.row.state, seen.reason.as_str()), (OwnOrderState::Cancelled, "the cat sat on it"));
        assert_eq!(seen.ended, Some(ReleaseReason::StallCancelled));
        stall.close();
        shopper.close();
    });
}

/// Less than it takes until a device asks by itself.
const SOON: Duration = Duration::from_secs(15);

#[test]
fn an_order_is_brought_for_the_price_that_was_shown() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        brings(&stall, "flat 500\nfree 5000").await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 3)).await;
        let view = checkout(&shopper, Handing::Local).await;
        assert_eq!((view.goods_minor, view.delivery_minor, view.total_minor), (750, Some(500), Some(1_250)));
        assert!(view.is_guest && view.ways.len() == 2, "{view:?}");
        assert_eq!(checkout(&shopper, Handing::Pickup).await.total_minor, Some(750));
        // What is not offered falls back to what is.
        assert_eq!(checkout(&shopper, Handing::Shipping).await.handing, Handing::Pickup);

        let contact = wanjiku();
        let local = || (Handing::Local, Some(contact.clone()));
        for (id, verb, code) in [
            (2, brought(ORDER, (Handing::Local, None), Some(1_250)), "no_address"),
            (3, brought(ORDER, local(), Some(750)), "total_changed"),
            (4, brought(ORDER, (Handing::Shipping, Some(contact.clone())), None), "handing_not_offered"),
        ] {
            match buy(&shopper, id, verb).await {
                Answer::Refused(refused) => assert_eq!(refused.code, code),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(buy(&shopper, 5, brought(ORDER, local(), Some(1_250))).await, Answer::Bought);
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        let own = own_order(&shopper, ORDER).await;
        assert_eq!(
            (own.row.total_minor, own.delivery_minor, own.contact),
            (1_250, Some(500), contact.clone())
        );
        assert_eq!(checkout(&shopper, Handing::Pickup).await.contact, contact, "for the next one");

        // The stall sees whom it is for while it is open, without a network, too.
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        let asked = Query::OrderContact { stall: STALL, order: ORDER };
        assert_eq!(stall.ask(asked.clone()).await, View::OrderContact(contact.clone()));
        let view = match stall.ask(Query::Order { stall: STALL, order: ORDER }).await {
            View::Order(view) => view,
            other => panic!("{other:?}"),
        };
        assert_eq!((view.row.handing, view.row.total_minor), (Handing::Local, 1_250));
        assert_eq!(view.delivery.map(|delivery| delivery.total_minor), Some(500));

        drop(server);
        assert_eq!(stall.ask(asked.clone()).await, View::OrderContact(contact), "without a network, too");
        let tenders = vec![TenderInput::cash(1_250)];
        stall.done(Verb::HandOverOrder { order: ORDER, tenders }).await;
        assert_eq!(stall.ask(asked).await, View::Missing, "it is over");
        stall.close();
        shopper.close();
    });
}

#[test]
fn another_price_of_bringing_is_asked_about_before_anything_is_ordered() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, phone) = (folder.path().join("server"), folder.path().join("phone"));
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        brings(&stall, "flat 500").await;
        let shopper = Shell::open(&phone);
        buyer(&shopper, &server).await;
        buy(&shopper, 6, put(MANGO, 1)).await;
        assert_eq!(checkout(&shopper, Handing::Local).await.total_minor, Some(750));
        // It changes while the buyer has no network.
        shopper.close();
        brings(&stall, "flat 600").await;
        drop(server);
        let shopper = Shell::open(&phone);
        let local = (Handing::Local, Some(wanjiku()));
        assert_eq!(buy(&shopper, 7, brought(ORDER, local, Some(750))).await, Answer::Bought);
        let _server = Running::start_at(&data, port);
        shopper.device(DeviceVerb::ExchangeNow).await;
        until_state(&shopper, ORDER, OwnOrderState::Reconfirm).await;
        let total = shopper
            .until("the new price of bringing", async || {
                let view = checkout(&shopper, Handing::Local).await;
                view.total_minor.filter(|total| *total != 750)
            })
            .await;
        assert_eq!(total, 850);
        stall.close();
        shopper.close();
    });
}

fn wanjiku() -> ContactView {
    ContactView { name: "Wanjiku".into(), reach: "+254 7".into(), address: "Acacia Lane 4".into() }
}

/// The stall says what bringing costs, and the server knows.
async fn brings(stall: &Shell, terms: &str) {
    stall.done(Verb::EditStall { edits: vec![StallEdit::LocalTerms(terms.into())] }).await;
    stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
}

fn state_of(arrival: &Arrival) -> Option<OwnOrderState> {
    if let Arrival::OwnOrder { state, .. } = arrival { Some(*state) } else { None }
}

#[test]
fn an_order_whose_replies_are_lost_is_held_once() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let lossy = Lossy::before(&server, (ORDERS, 2)).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer_of(&shopper, lossy.url()).await;
        buy(&shopper, 1, put(MANGO, 3)).await;
        buy(&shopper, 2, place(ORDER)).await;
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        assert_eq!(lossy.lost.get(), 2, "the reply was lost twice");
        let confirmed =
            Arrival::OwnOrder { order: ORDER, stall_name: "Duka".into(), state: OwnOrderState::Held };
        assert_eq!(shopper.arrivals(), [confirmed]);
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        assert_eq!(orders_at(&stall).await, 1);
        match stall.ask(Query::Stock { stall: STALL, product: MANGO }).await {
            View::Stock(stock) => assert_eq!((stock.held, stock.shop), (3, 7)),
            other => panic!("{other:?}"),
        }
        stall.close();
        shopper.close();
    });
}

#[test]
fn a_changed_price_is_confirmed_again_by_another_order() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, phone) = (folder.path().join("server"), folder.path().join("phone"));
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let shopper = Shell::open(&phone);
        buyer(&shopper, &server).await;
        buy(&shopper, 1, put(MANGO, 2)).await;
        // The buyer is offline while the price changes.
        shopper.close();
        stall.done(Verb::EditProduct { product: MANGO, edits: vec![ProductEdit::PriceMinor(300)] }).await;
        stall
            .until("the price at the server", async || (stall.status().await.unsent == 0).then_some(()))
            .await;
        drop(server);
        let shopper = Shell::open(&phone);
        buy(&shopper, 2, place(ORDER)).await;
        let _server = Running::start_at(&data, port);
        shopper.device(DeviceVerb::ExchangeNow).await;
        until_state(&shopper, ORDER, OwnOrderState::Reconfirm).await;
        assert!(!own_order(&shopper, ORDER).await.because.is_empty());
        let line = shopper
            .until("the new price", async || {
                let baskets = baskets(&shopper).await;
                baskets.first()?.lines.first().cloned().filter(|line| line.price_was_minor.is_some())
            })
            .await;
        assert_eq!((line.price_minor, line.price_was_minor, line.quantity), (300, Some(250), 2));
        let again = OrderId([0x78; 16]);
        buy(&shopper, 3, place(again)).await;
        until_state(&shopper, again, OwnOrderState::Held).await;
        assert_eq!(own_order(&shopper, again).await.row.total_minor, 600);
        let gone = shopper.call(Call::Buyer(BuyerQuery::Order(ORDER))).await;
        assert_eq!(gone, Answer::Buyer(BuyerView::Missing), "the new one took its place");

        // More than there is: confirmed again, too. And what is held can be cancelled.
        buy(&shopper, 4, put(TEA, 11)).await;
        let too_many = OrderId([0x79; 16]);
        buy(&shopper, 5, place(too_many)).await;
        until_state(&shopper, too_many, OwnOrderState::Reconfirm).await;
        buy(&shopper, 6, BuyerVerb::CancelOrder { order: again }).await;
        until_state(&shopper, again, OwnOrderState::Cancelled).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall
            .until("the cancelled order", async || {
                match stall.ask(Query::Order { stall: STALL, order: again }).await {
                    View::Order(view) if view.row.state == "cancelled" => Some(()),
                    _ => None,
                }
            })
            .await;
        stall.close();
        shopper.close();
    });
}

#[test]
fn the_market_is_searched_offline_with_mistakes_and_says_how_old_it_is() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let fruit = ThingId([0xca; 16]);
        let edits = vec![CategoryEdit::Name("Früits & more".into())];
        stall.done(Verb::EditCategory { category: fruit, edits }).await;
        let edits = vec![ProductEdit::AddCategory(fruit)];
        stall.done(Verb::EditProduct { product: MANGO, edits }).await;
        stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        let fresh = offers(&shopper, "mango").await;
        assert!(fresh.is_fresh && fresh.as_of_ms > 0, "{fresh:?}");
        let everything = Told::Market(MarketMoved::Everything);
        shopper
            .until("the market to be held here", async || shopper.was_told(&everything).then_some(()))
            .await;
        stall.close();
        drop(server);
        shopper
            .until("it to be noticed", async || {
                (shopper.about().await.is_online == Some(false)).then_some(())
            })
            .await;
        for (typed, expected) in [
            ("mamgo", vec!["Mango"]),
            ("creme", vec!["Crème tea"]),
            ("TAE", vec!["Crème tea"]),
            ("zzzz", vec![]),
        ] {
            let seen = offers(&shopper, typed).await;
            let names: Vec<&str> = seen.value.iter().map(|row| row.name.as_str()).collect();
            assert_eq!((names, seen.is_fresh), (expected.clone(), false), "{typed}");
            assert_eq!(seen.as_of_ms > 0, !expected.is_empty());
        }
        look_around(&shopper).await;
        let stalls = MarketQuery::Stalls { text: "duka".into(), window: Window::first(5) };
        match shopper.call(Call::Market(stalls)).await {
            Answer::Market(MarketView::Stalls(stalls)) => assert_eq!(stalls.value[0].name, "Duka"),
            other => panic!("{other:?}"),
        }
        shopper.close();
    });
}

/// By category, price and stock, as the server would, without it.
async fn look_around(shopper: &Shell) {
    let Answer::Market(MarketView::Categories(all)) =
        shopper.call(Call::Market(MarketQuery::Categories)).await
    else {
        panic!("no categories")
    };
    let told: Vec<_> = all.value.iter().map(|it| (it.slug.as_str(), it.offers)).collect();
    assert_eq!((told, all.is_fresh), (vec![("fruits-more", 1)], false));
    let everything = || Browse::of("");
    for (browse, expected) in [
        (Browse::of("fruits-more"), Some(vec!["Mango"])),
        (Browse { sort: Sort::Cheapest, ..everything() }, Some(vec!["Mango", "Crème tea"])),
        (Browse { min: Some(3), in_stock: true, ..everything() }, Some(vec!["Crème tea"])),
        (Browse { max: Some(2), ..everything() }, Some(vec![])),
        (Browse::of("nobody-has-this"), None),
    ] {
        let query = MarketQuery::Browse { browse: browse.clone(), window: Window::first(10) };
        let names = match shopper.call(Call::Market(query)).await {
            Answer::Market(MarketView::Offers(seen)) => Some(seen.value),
            Answer::Market(MarketView::Unseen) => None,
            other => panic!("{other:?}"),
        };
        let names = names.as_ref().map(|rows| rows.iter().map(|row| row.name.as_str()).collect());
        assert_eq!(names, expected, "{browse:?}");
    }
}

#[test]
fn a_basket_refuses_what_cannot_be_ordered() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        for (id, verb, code) in [
            (1, put(MANGO, 1), "unknown_product"),
            (2, put(MANGO, -1), "quantity"),
            (3, place(ORDER), "empty_basket"),
            (4, BuyerVerb::CancelOrder { order: ORDER }, "unknown_order"),
        ] {
            match buy(&shell, id, verb).await {
                Answer::Refused(refused) => assert_eq!(refused.code, code),
                other => panic!("{other:?}"),
            }
        }
        shell.close();
    });
}
