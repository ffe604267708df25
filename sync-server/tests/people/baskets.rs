//! What lies in a person's baskets, on every engine: brought together from their devices, theirs alone, and never more than there is room
//! for.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_record_log::Tx;
use soko_sync_server::platform::Refusal;
use soko_sync_server::store::{Place, Shard};

use crate::common::TestStore;
use crate::common::server::{Answer, PASSWORD, TestServer, Wanted};
use crate::common::shop::{STALL, TEA, id, stores};

const PHONE: u8 = 1;
const TABLET: u8 = 2;
const PATH: &str = "/v1/me/baskets";

fn device(number: u8, up_to: i64) -> Value {
    json!({"device": id(number), "up_to": up_to})
}

/// Units of the tea.
fn part(number: u8, first: i64, units: i64) -> Value {
    json!({"device": id(number), "first": first, "units": units, "stall": STALL.to_string(),
        "product": TEA.to_string(), "seen_minor": 450, "added_ms": 7})
}

/// The same of one of many products.
fn of_product(number: usize, from: Value) -> Value {
    let mut part = from;
    part["product"] = json!(format!("{number:032x}"));
    part
}

fn baskets(devices: &[Value], parts: &[Value]) -> Value {
    json!({"devices": devices, "parts": parts})
}

async fn say(server: &TestServer, token: &str, since: i64, said: &Value) -> Answer {
    server.post(PATH, &json!({"since": since, "baskets": said})).bearer(token).send().await
}

/// How far it is, and what there is.
async fn said(server: &TestServer, token: &str, since: i64, baskets: &Value) -> (i64, Value) {
    let answer = say(server, token, since, baskets).await.expect(StatusCode::OK).json();
    (answer["up_to"].as_i64().unwrap(), answer["baskets"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn baskets_of_two_devices_come_together_and_a_repeat_or_an_older_word_changes_nothing() {
    for store in stores() {
        let server = TestServer::on(store, Wanted::default());
        let amina = server.person("amina@example.org").await;
        let phone = baskets(&[device(PHONE, 1)], &[part(PHONE, 1, 1)]);
        let tablet = baskets(&[device(TABLET, 1)], &[part(TABLET, 1, 1)]);
        for _ in 0..2 {
            assert_eq!(said(&server, &amina, 0, &phone).await, (1, phone.clone()));
        }
        let both = baskets(&[device(PHONE, 1), device(TABLET, 1)], &[part(PHONE, 1, 1), part(TABLET, 1, 1)]);
        assert_eq!(said(&server, &amina, 0, &tablet).await, (2, both.clone()));
        // Whoever has seen it is told nothing; whoever saw more than there is is told all.
        assert_eq!(said(&server, &amina, 2, &Value::Null).await, (2, Value::Null));
        assert_eq!(said(&server, &amina, 1, &Value::Null).await, (2, both.clone()));
        assert_eq!(said(&server, &amina, 9, &Value::Null).await, (2, both));

        // The phone orders what it saw, and the tablet puts one more in without having heard of it.
        let ordered = baskets(&[device(PHONE, 1), device(TABLET, 1)], &[]);
        assert_eq!(said(&server, &amina, 2, &ordered).await, (3, ordered.clone()));
        let more = baskets(&[device(PHONE, 1), device(TABLET, 2)], &[part(PHONE, 1, 1), part(TABLET, 1, 2)]);
        let left = baskets(&[device(PHONE, 1), device(TABLET, 2)], &[part(TABLET, 2, 1)]);
        for _ in 0..2 {
            assert_eq!(said(&server, &amina, 2, &more).await, (4, left.clone()));
        }
        assert_eq!(said(&server, &amina, 3, &phone).await, (4, left), "late from the phone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn baskets_are_seen_by_whose_they_are_and_go_with_the_account() {
    for store in stores() {
        let server = TestServer::on(store, Wanted::default());
        let (amina, baraka) =
            (server.person("amina@example.org").await, server.person("baraka@example.org").await);
        let phone = baskets(&[device(PHONE, 3)], &[part(PHONE, 1, 3)]);
        said(&server, &amina, 0, &phone).await;
        assert_eq!(said(&server, &baraka, 5, &Value::Null).await, (0, baskets(&[], &[])));
        // The same names of devices are others for another person.
        let other = baskets(&[device(PHONE, 1)], &[]);
        said(&server, &baraka, 0, &other).await;
        assert_eq!(said(&server, &amina, 0, &Value::Null).await, (1, phone.clone()));
        say(&server, "nobody", 0, &phone).await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        server
            .post(PATH, &json!({"since": 0}))
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_signed_in");

        // What was somebody else's under this mail address is not taken.
        let me = server.get("/v1/me").bearer(&amina).send().await.expect(StatusCode::OK).text("account");
        let of = async |token: &str| {
            server
                .post(PATH, &json!({"since": 0, "account": me, "baskets": phone}))
                .bearer(token)
                .send()
                .await
        };
        of(&amina).await.expect(StatusCode::OK);
        of(&baraka).await.refused(StatusCode::CONFLICT, "other_account");
        assert_eq!(said(&server, &baraka, 0, &Value::Null).await, (0, Value::Null));

        let all = server.get("/v1/me/data").bearer(&amina).send().await.expect(StatusCode::OK).json();
        assert_eq!(all["baskets"], phone);
        server.clock.advance_ms(60_000);
        let erase = json!({"password": PASSWORD});
        server.post("/v1/me/erasure", &erase).bearer(&amina).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(rows(&server.store), 0);
        let new = server.person("amina@example.org").await;
        assert_eq!(said(&server, &new, 5, &Value::Null).await, (0, baskets(&[], &[])));
    }
}

/// Of anybody's baskets; an account that said nothing of any has none.
fn rows(store: &TestStore) -> i64 {
    let store = store.store.clone();
    let count = |tx: &mut dyn Tx| {
        let sql = "select (select count(*) from account_basket) + (select count(*) from basket_device)
                   + (select count(*) from basket_part)";
        Ok::<_, Refusal>(tx.query_one(sql, &[])?.int(0)?)
    };
    std::thread::spawn(move || store.write_blocking(Shard::stall(STALL), count)).join().unwrap().ok().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_state_of_baskets_or_more_than_there_is_room_for_is_refused_and_keeps_what_was_there() {
    for store in stores() {
        let server = TestServer::on(store, Wanted::default());
        let amina = server.person("amina@example.org").await;
        let kept = baskets(&[device(PHONE, 1)], &[part(PHONE, 1, 1)]);
        said(&server, &amina, 0, &kept).await;
        let with = |field: &str, value: Value| {
            let mut wrong = part(PHONE, 1, 1);
            wrong[field] = value;
            baskets(&[device(PHONE, 1)], &[wrong])
        };
        let many = |count: usize| {
            (0..count).zip(0_i64..).map(|(number, at)| of_product(number, part(TABLET, 2 * at + 1, 1)))
        };
        for wrong in [
            baskets(&[device(PHONE, 0)], &[]),
            baskets(&[device(PHONE, 1 << 53)], &[]),
            baskets(&[device(PHONE, 1), device(PHONE, 1)], &[]),
            baskets(&[device(PHONE, 1)], &[part(PHONE, 1, 2)]),
            baskets(&[device(PHONE, 1)], &[part(TABLET, 1, 1)]),
            baskets(&[device(PHONE, 2)], &[part(PHONE, 1, 2), part(PHONE, 2, 1)]),
            with("units", json!(-1)),
            with("units", json!(i64::MAX)),
            with("seen_minor", json!(-1)),
            with("stall", json!("abc")),
            with("price", json!(1)),
            baskets(&(0..65).map(|number| device(number, 1)).collect::<Vec<_>>(), &[]),
            baskets(&[device(TABLET, 9_000)], &many(501).collect::<Vec<_>>()),
            baskets(
                &[device(TABLET, 9_000)],
                &(0..1_001).map(|at| part(TABLET, 2 * at + 1, 1)).collect::<Vec<_>>(),
            ),
        ] {
            say(&server, &amina, 0, &wrong).await.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        let long = json!({"since": 0, "account": "x".repeat(300_000)});
        let long = server.post(PATH, &long).bearer(&amina).send().await;
        long.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
        // Each may be said, and both together are too many.
        let full = baskets(&[device(TABLET, 9_000)], &many(500).collect::<Vec<_>>());
        say(&server, &amina, 0, &full).await.refused(StatusCode::CONFLICT, "too_many");
        assert_eq!(said(&server, &amina, 0, &Value::Null).await, (1, kept));
        said(&server, &amina, 0, &baskets(&[device(PHONE, 1)], &[])).await;
        said(&server, &amina, 0, &full).await;
        // The longest of all that may be said.
        let largest = (0..1_000_i64).map(|at| {
            let mut part = part(3, (1 << 53) - 4_000 + 2 * at, 1);
            (part["seen_minor"], part["added_ms"]) =
                (json!((1_i64 << 53) - 1), json!((1_i64 << 53) - 1 - at));
            of_product(usize::try_from(at % 500).unwrap(), part)
        });
        let mut devices: Vec<Value> = (100..163).map(|number| device(number, (1 << 53) - 1)).collect();
        devices.push(device(3, (1 << 53) - 1));
        let largest = baskets(&devices, &largest.collect::<Vec<_>>());
        let baraka = server.person("baraka@example.org").await;
        said(&server, &baraka, 0, &largest).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_have_nothing_in_make_room_for_others_the_one_that_was_heard_longest_ago_first() {
    for store in stores() {
        let server = TestServer::on(store, Wanted::default());
        let amina = server.person("amina@example.org").await;
        for number in 1..=70 {
            let in_and_out = [vec![part(number, 1, 1)], vec![]];
            for parts in in_and_out {
                said(&server, &amina, 0, &baskets(&[device(number, 1)], &parts)).await;
            }
        }
        let (_, known) = said(&server, &amina, 0, &Value::Null).await;
        let devices = known["devices"].as_array().unwrap();
        assert_eq!((devices.len(), &devices[0]), (64, &device(7, 1)));
        // One that has nothing in and is not known says nothing, and what it puts in next is taken.
        let (_, same) = said(&server, &amina, 0, &baskets(&[device(1, 1)], &[])).await;
        assert_eq!(same, known);
        let (_, with) = said(&server, &amina, 0, &baskets(&[device(1, 2)], &[part(1, 2, 1)])).await;
        assert_eq!(with["parts"], json!([part(1, 2, 1)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_said_at_once_by_two_servers_of_one_store_is_kept() {
    for store in stores().into_iter().filter(|store| matches!(store.place, Place::Url(_))) {
        let second = TestServer::on(store.again(), Wanted::default());
        let server = TestServer::on(store, Wanted::default());
        let amina = server.person("amina@example.org").await;
        let (here, there) = (
            baskets(&[device(PHONE, 1)], &[part(PHONE, 1, 1)]),
            baskets(&[device(TABLET, 1)], &[part(TABLET, 1, 1)]),
        );
        let (one, two) = tokio::join!(say(&server, &amina, 0, &here), say(&second, &amina, 0, &there));
        one.expect(StatusCode::OK);
        two.expect(StatusCode::OK);
        let (up_to, all) = said(&server, &amina, 0, &Value::Null).await;
        assert_eq!((up_to, all["parts"].as_array().unwrap().len()), (2, 2));
    }
}
