//! One phone in several hands: what one person orders is theirs alone, here and at the server.

use std::path::Path;

use soko_app_api::{
    Answer, BuyerQuery, BuyerVerb, BuyerView, Call, CheckoutView, ContactView, DeviceReply, DeviceVerb,
    OwnOrderRow, OwnOrderState, ProductEdit, Query, Verb, View, Window,
};
use soko_domain::delivery::Handing;
use soko_domain::ids::{OrderId, ProductId};
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx};

use crate::buyer::{buy, buyer, buyer_of, offers, orders_at, own_order, put, until_state};
use crate::world::*;

const FIRST: OrderId = OrderId([0x71; 16]);
const SECOND: OrderId = OrderId([0x72; 16]);
const AMINA: &str = "amina@example.org";
const BARAKA: &str = "baraka@example.org";

fn order_for(order: OrderId, name: &str) -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order,
        note: String::new(),
        pay: None,
        handing: Handing::Pickup,
        zone: String::new(),
        contact: Some(ContactView {
            name: name.into(),
            reach: "+254 7".into(),
            address: "Acacia Lane 4".into(),
        }),
        coupon: String::new(),
        seen_total_minor: None,
        seen_tax_minor: None,
        card: String::new(),
        seen_card_minor: None,
    }
}

async fn sign_in(shell: &Shell, email: &str) {
    shell.device(DeviceVerb::SignIn { email: email.into(), password: PASSWORD.into() }).await;
}

async fn orders(shell: &Shell) -> Vec<OrderId> {
    match shell.call(Call::Buyer(BuyerQuery::Orders { window: Window::first(10) })).await {
        Answer::Buyer(BuyerView::Orders(rows)) => {
            rows.into_iter().map(|row: OwnOrderRow| row.order).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn checkout(shell: &Shell) -> CheckoutView {
    let query =
        BuyerQuery::Checkout { stall: STALL, handing: None, zone: String::new(), coupon: None, card: None };
    match shell.call(Call::Buyer(query)).await {
        Answer::Buyer(BuyerView::Checkout(view)) => *view,
        other => panic!("{other:?}"),
    }
}

/// How much of what lies in the stall's basket.
async fn basket(shell: &Shell) -> Vec<(ProductId, i64)> {
    match shell.call(Call::Buyer(BuyerQuery::Baskets)).await {
        Answer::Buyer(BuyerView::Baskets(all)) => {
            all.iter().flat_map(|it| &it.lines).map(|line| (line.product, line.quantity)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Whoever holds the phone finds nothing of anybody else.
async fn finds_nothing(shell: &Shell, who: &str) {
    assert_eq!((orders(shell).await, basket(shell).await), (vec![], vec![]), "{who}");
    let seen = shell.call(Call::Buyer(BuyerQuery::Order(FIRST))).await;
    assert_eq!(seen, Answer::Buyer(BuyerView::Missing), "{who}");
    let Answer::Buyer(BuyerView::KnownStalls(known)) = shell.call(Call::Buyer(BuyerQuery::KnownStalls)).await
    else {
        panic!("no stalls")
    };
    assert_eq!((known.len(), checkout(shell).await.contact), (0, ContactView::default()), "{who}");
    match buy(shell, 90, BuyerVerb::CancelOrder { order: FIRST }).await {
        Answer::Refused(refused) => assert_eq!(refused.code, "unknown_order", "{who}"),
        other => panic!("{who}: {other:?}"),
    }
}

/// A stall, and a phone on which two people have accounts and nobody is signed in.
async fn stall_and_phone(folder: &Path, server: &Running) -> (Shell, Shell) {
    let stall = Shell::open(&folder.join("till"));
    stall.shop(server).await;
    let phone = Shell::open(&folder.join("phone"));
    buyer(&phone, server).await;
    for email in [AMINA, BARAKA] {
        phone.sign_up(server, email).await;
        phone.device(DeviceVerb::SignOut).await;
    }
    (stall, phone)
}

/// What the account's own file says of its orders.
async fn own_data(shell: &Shell) -> String {
    let DeviceReply::File(file) = shell.device(DeviceVerb::OwnData).await else { panic!("no file") };
    String::from_utf8(file.bytes).unwrap()
}

#[test]
fn an_order_waits_for_who_made_it_and_goes_out_in_nobody_elses_name() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        sign_in(&phone, AMINA).await;
        drop(server);
        buy(&phone, 1, put(MANGO, 1)).await;
        assert_eq!(buy(&phone, 2, order_for(FIRST, "Amina")).await, Answer::Bought);
        buy(&phone, 3, put(TEA, 2)).await;
        phone.device(DeviceVerb::SignOut).await;
        finds_nothing(&phone, "nobody").await;

        let _server = Running::start_at(&data, port);
        sign_in(&phone, BARAKA).await;
        finds_nothing(&phone, "another").await;
        buy(&phone, 4, put(TEA, 1)).await;
        assert_eq!(buy(&phone, 5, order_for(SECOND, "Baraka")).await, Answer::Bought);
        until_state(&phone, SECOND, OwnOrderState::Held).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        let said = own_data(&phone).await;
        assert!(said.contains(&SECOND.to_string()) && !said.contains(&FIRST.to_string()), "{said}");
        assert!(!said.contains("Amina"), "{said}");

        // Whoever made it finds it, and their basket, as they left them.
        sign_in(&phone, AMINA).await;
        assert_eq!(basket(&phone).await, [(TEA, 2)]);
        until_state(&phone, FIRST, OwnOrderState::Held).await;
        assert_eq!(own_order(&phone, FIRST).await.contact.name, "Amina");
        stall.close();
        phone.close();
    });
}

#[test]
fn what_a_guest_ordered_becomes_theirs_who_signs_in_and_the_next_guest_is_another() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        buy(&phone, 1, put(MANGO, 1)).await;
        assert_eq!(buy(&phone, 2, order_for(FIRST, "Amina")).await, Answer::Bought);
        until_state(&phone, FIRST, OwnOrderState::Held).await;
        buy(&phone, 3, put(TEA, 1)).await;
        sign_in(&phone, AMINA).await;
        assert_eq!((orders(&phone).await, basket(&phone).await), (vec![FIRST], vec![(TEA, 1)]));
        assert!(own_data(&phone).await.contains(&FIRST.to_string()));
        phone.device(DeviceVerb::SignOut).await;
        finds_nothing(&phone, "the next guest").await;

        // Another guest, who is nobody that the account has been.
        buy(&phone, 4, put(TEA, 1)).await;
        assert_eq!(buy(&phone, 5, order_for(SECOND, "Baraka")).await, Answer::Bought);
        until_state(&phone, SECOND, OwnOrderState::Held).await;
        let tablet = Shell::open(&folder.path().join("tablet"));
        tablet.device(DeviceVerb::UseServer { server: server.url() }).await;
        sign_in(&tablet, AMINA).await;
        let said = own_data(&tablet).await;
        assert!(said.contains(&FIRST.to_string()) && !said.contains(&SECOND.to_string()), "{said}");
        sign_in(&phone, BARAKA).await;
        assert_eq!(orders(&phone).await, [SECOND]);
        let said = own_data(&phone).await;
        assert!(said.contains(&SECOND.to_string()) && !said.contains(&FIRST.to_string()), "{said}");

        // The first guest's order is still followed from here, and by nobody else.
        sign_in(&phone, AMINA).await;
        assert_eq!(buy(&phone, 6, BuyerVerb::CancelOrder { order: FIRST }).await, Answer::Bought);
        until_state(&phone, FIRST, OwnOrderState::Cancelled).await;
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

/// A session that nobody used for long, as the server has it.
fn let_rest(server: &Path) {
    let mut database = Sqlite::open(&server.join("soko.db"), OpenMode::Existing).unwrap();
    let rest = |tx: &mut dyn Tx| tx.execute("update session set expires_ms = 1", &[]);
    assert!(database.transaction::<_, StoreError>(rest).unwrap() > 0);
}

/// Whoever comes back after a month finds their order with what shows it at the stall, and what waited goes out when they sign in: once.
/// Nobody else who signs in finds any of it.
#[test]
fn a_session_that_ended_by_itself_hides_nothing_and_loses_no_order() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        sign_in(&phone, AMINA).await;
        buy(&phone, 1, put(MANGO, 1)).await;
        assert_eq!(buy(&phone, 2, order_for(FIRST, "Amina")).await, Answer::Bought);
        until_state(&phone, FIRST, OwnOrderState::Held).await;
        drop(server);
        let_rest(&data);
        buy(&phone, 3, put(TEA, 1)).await;
        assert_eq!(buy(&phone, 4, order_for(SECOND, "Amina")).await, Answer::Bought);
        buy(&phone, 5, put(MANGO, 2)).await;

        let _server = Running::start_at(&data, port);
        let rested = async || phone.about().await.rested;
        assert_eq!(phone.until("the session to end", rested).await, AMINA);
        assert_eq!(phone.about().await.account, None);
        assert_eq!((orders(&phone).await.len(), basket(&phone).await), (2, vec![(MANGO, 2)]));
        assert_eq!(own_order(&phone, FIRST).await.contact.name, "Amina");
        // What is ordered now is theirs, too, and no guest's.
        assert!(!checkout(&phone).await.is_guest);
        assert_eq!(own_order(&phone, SECOND).await.row.state, OwnOrderState::Saved);
        assert_eq!(phone.device_refused(DeviceVerb::OwnData).await, "not_signed_in");

        sign_in(&phone, BARAKA).await;
        finds_nothing(&phone, "another").await;
        sign_in(&phone, AMINA).await;
        until_state(&phone, SECOND, OwnOrderState::Held).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("both orders, once", async || (orders_at(&stall).await == 2).then_some(())).await;

        // Whoever is not that person says so, and the device is its guest's.
        let_rest(&data);
        phone.device(DeviceVerb::ExchangeNow).await;
        assert_eq!(phone.until("the session to end", rested).await, AMINA);
        phone.device(DeviceVerb::SignOut).await;
        assert_eq!(phone.about().await.rested, None);
        finds_nothing(&phone, "a guest").await;
        stall.close();
        phone.close();
    });
}

#[test]
fn a_password_is_changed_by_who_knows_it_and_ends_what_was_open_elsewhere() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        let tablet = Shell::open(&folder.path().join("tablet"));
        tablet.device(DeviceVerb::UseServer { server: server.url() }).await;
        for shell in [&phone, &tablet] {
            sign_in(shell, AMINA).await;
        }
        let change = |old: &str, new: &str| DeviceVerb::ChangePassword { old: old.into(), new: new.into() };
        let new = "paper lantern creek";
        assert_eq!(phone.device_refused(change("not the one", new)).await, "wrong_credentials");
        assert_eq!(phone.device_refused(change(PASSWORD, "123412341234")).await, "weak_password");
        phone.device(change(PASSWORD, new)).await;
        assert_eq!(phone.about().await.account.as_deref(), Some(AMINA));
        let refused = tablet.device_refused(DeviceVerb::OwnData).await;
        let about = tablet.about().await;
        assert_eq!((refused.as_str(), about.account, about.rested), ("not_signed_in", None, None));
        tablet.device(DeviceVerb::SignIn { email: AMINA.into(), password: new.into() }).await;
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

/// Rows about orders that are still on the device.
fn kept_of_orders(folder: &Path) -> i64 {
    let mut database = Sqlite::open(&folder.join("register.sqlite"), OpenMode::ReadOnly).unwrap();
    let count = |tx: &mut dyn Tx| {
        let sql = "select (select count(*) from own_order) + (select count(*) from own_order_line)
                   + (select count(*) from basket_line)";
        tx.query_one(sql, &[])?.int(0)
    };
    database.read::<_, StoreError>(count).unwrap()
}

/// The files of a folder that have these words.
fn held_in(folder: &Path, words: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let has_them = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(words.len()).any(|part| part == words.as_bytes())
    };
    files.filter(has_them).map(|path| path.display().to_string()).collect()
}

#[test]
fn an_account_that_is_erased_leaves_nothing_of_its_orders_on_the_device() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        sign_in(&phone, AMINA).await;
        buy(&phone, 1, put(MANGO, 1)).await;
        assert_eq!(buy(&phone, 2, order_for(FIRST, "Amina")).await, Answer::Bought);
        until_state(&phone, FIRST, OwnOrderState::Held).await;
        // The stall looked whom it is for, and keeps that for when there is no network.
        let whose = Query::OrderContact { stall: STALL, order: FIRST };
        stall.until("the order at the stall", async || (orders_at(&stall).await > 0).then_some(())).await;
        assert!(matches!(stall.ask(whose.clone()).await, View::OrderContact(it) if it.name == "Amina"));
        buy(&phone, 3, put(TEA, 1)).await;
        phone.device(DeviceVerb::EraseAccount { password: PASSWORD.into() }).await;
        finds_nothing(&phone, "nobody").await;
        // Somebody new under the same address is another person.
        phone.sign_up(&server, AMINA).await;
        finds_nothing(&phone, "somebody new").await;
        let nobody = async || (stall.ask(whose.clone()).await == View::Missing).then_some(());
        stall.until("nobody is named to the stall any more", nobody).await;
        drop(server);
        assert_eq!(stall.ask(whose).await, View::Missing, "nor is it kept there");
        assert_eq!(orders_at(&stall).await, 1);
        // Both are open, and what they wrote before is still in their write-ahead logs, unless it was taken out.
        for device in ["phone", "till"] {
            assert_eq!(held_in(&folder.path().join(device), "Acacia Lane 4"), [""; 0], "{device}");
        }
        phone.close();
        assert_eq!(kept_of_orders(&folder.path().join("phone")), 0);
        stall.close();
    });
}

#[test]
fn an_answer_that_comes_behind_an_erasure_is_nobodys() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let asks = Marked { method: "GET ", path: "/v1/me/orders?", instead: Instead::Later };
        let way = Lossy::before(&server, (asks, 1)).await;
        way.lost.set(1);
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let phone = Shell::open(&folder.path().join("phone"));
        buyer_of(&phone, way.url()).await;
        phone.sign_up_at(way.url(), AMINA).await;
        buy(&phone, 1, put(MANGO, 1)).await;
        assert_eq!(buy(&phone, 2, order_for(FIRST, "Amina")).await, Answer::Bought);
        until_state(&phone, FIRST, OwnOrderState::Held).await;
        phone.device(DeviceVerb::SignOut).await;

        // The server has told of the order, and it is on its way when the account ends.
        way.lost.set(0);
        sign_in(&phone, AMINA).await;
        phone.until("the reply on its way", async || (way.lost.get() == 1).then_some(())).await;
        phone.device(DeviceVerb::EraseAccount { password: PASSWORD.into() }).await;
        phone.sign_up_at(way.url(), AMINA).await;
        let passed = way.passed.get();
        way.gate.notify_one();
        // Whoever asks again has dealt with what came before.
        phone.until("the next question", async || (way.passed.get() > passed + 1).then_some(())).await;
        finds_nothing(&phone, "somebody new").await;
        assert!(phone.about().await.account.is_some(), "whoever came after is signed in");
        phone.close();
        assert_eq!(kept_of_orders(&folder.path().join("phone")), 0);
        stall.close();
        way.end().await;
    });
}

#[test]
fn units_of_two_orders_that_must_be_confirmed_again_meet_in_the_basket() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        phone.close();
        stall.done(Verb::EditProduct { product: TEA, edits: vec![ProductEdit::PriceMinor(450)] }).await;
        stall
            .until("the price at the server", async || (stall.status().await.unsent == 0).then_some(()))
            .await;
        drop(server);
        let phone = Shell::open(&folder.path().join("phone"));
        for (id, order, quantity) in [(1, FIRST, 2), (3, SECOND, 3)] {
            buy(&phone, id, put(TEA, quantity)).await;
            assert_eq!(buy(&phone, id + 1, order_for(order, "Amina")).await, Answer::Bought);
        }
        let _server = Running::start_at(&data, port);
        phone.device(DeviceVerb::ExchangeNow).await;
        for order in [FIRST, SECOND] {
            until_state(&phone, order, OwnOrderState::Reconfirm).await;
            let own = own_order(&phone, order).await;
            assert_eq!(own.because, "price_changed");
            assert!(own.because_said.contains("price"), "{}", own.because_said);
        }
        assert_eq!(basket(&phone).await, [(TEA, 5)]);

        // Another basket of the stall says nothing of them; theirs does.
        buy(&phone, 5, put(TEA, 0)).await;
        buy(&phone, 6, put(MANGO, 1)).await;
        let third = OrderId([0x73; 16]);
        buy(&phone, 7, order_for(third, "Amina")).await;
        assert_eq!(orders(&phone).await.len(), 3);
        buy(&phone, 8, put(TEA, 5)).await;
        let fourth = OrderId([0x74; 16]);
        buy(&phone, 9, order_for(fourth, "Amina")).await;
        let mut left = orders(&phone).await;
        left.sort();
        assert_eq!(left, [third, fourth]);
        stall.close();
        phone.close();
    });
}

#[test]
fn an_order_with_something_that_is_no_more_comes_back_into_the_basket() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let (stall, phone) = stall_and_phone(folder.path(), &server).await;
        phone.close();
        stall.done(Verb::EditProduct { product: TEA, edits: vec![ProductEdit::Archived(true)] }).await;
        stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
        drop(server);
        let phone = Shell::open(&folder.path().join("phone"));
        buy(&phone, 1, put(TEA, 1)).await;
        buy(&phone, 2, put(MANGO, 3)).await;
        assert_eq!(buy(&phone, 3, order_for(FIRST, "Amina")).await, Answer::Bought);
        let _server = Running::start_at(&data, port);
        phone.device(DeviceVerb::ExchangeNow).await;
        until_state(&phone, FIRST, OwnOrderState::Reconfirm).await;
        assert_eq!(own_order(&phone, FIRST).await.because, "unknown_product");
        assert_eq!(basket(&phone).await, [(TEA, 1), (MANGO, 3)]);
        phone
            .until("the tea to be gone", async || offers(&phone, "tea").await.value.is_empty().then_some(()))
            .await;
        // What is gone is taken out, and the rest is ordered.
        buy(&phone, 4, put(TEA, 0)).await;
        assert_eq!(buy(&phone, 5, order_for(SECOND, "Amina")).await, Answer::Bought);
        until_state(&phone, SECOND, OwnOrderState::Held).await;
        assert_eq!(orders(&phone).await, [SECOND]);
        stall.close();
        phone.close();
    });
}
