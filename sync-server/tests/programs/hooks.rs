//! Webhooks: what happens reaches an address on this machine, signed, once, and says nothing of people; an address that
//! fails, hangs, moves or is gone is treated as it deserves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Held;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Product, Typed as _};
use soko_domain::entry::{OrderStep, OrderStepped, ProgramAct};
use soko_domain::ids::{OrderId, ThingId};
use soko_sync_server::egress::Egress;
use soko_sync_server::messages::{Carriers, Hooks, Post, Round, round};
use soko_sync_server::pay::drive;

use super::{DAY_MS, acts};
use crate::common::TestStore;
use crate::common::hostile::Hostile;
use crate::common::server::{Answer, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret as guest_secret, stores};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// How long a request may take here.
const PATIENCE: Duration = Duration::from_millis(300);
/// Looks within which a payment comes to rest.
const LOOKS: usize = 60;
const NONE: Round = Round { made: 0, sent: 0, later: 0, given_up: 0, dropped: 0, held: 0 };
const ALL: [&str; 7] = [
    "order.placed",
    "order.paid",
    "order.step",
    "order.cancelled",
    "order.refunded",
    "stock.low",
    "stock.out",
];

/// What an address was told.
#[derive(Clone)]
struct Heard {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn topic(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// Which of these secrets signed it, worked out as the specification says.
    fn signed_by(&self, secrets: &[&str]) -> Vec<usize> {
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = [format!("{id}.{at}.").as_bytes(), &self.body].concat();
        let signature = |secret: &str| {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
        };
        let given: Vec<&str> = self.header("webhook-signature").split(' ').collect();
        let ours = given.iter().map(|given| secrets.iter().position(|secret| signature(secret) == **given));
        ours.map(Option::unwrap).collect()
    }
}

/// How an address answers; without a word it takes everything.
#[derive(Clone)]
enum Behave {
    Status(u16),
    Wait(&'static str),
    Redirect(String),
    Hang,
}

/// A program of the owner's, on this machine.
#[derive(Clone)]
struct Program {
    address: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    behave: Arc<Mutex<Vec<Behave>>>,
}

impl Program {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/soko?token=mine", listener.local_addr().unwrap());
        let program = Self { address, heard: Arc::default(), behave: Arc::default() };
        let router = Router::new().route("/soko", post(Self::take)).with_state(program.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        program
    }

    async fn take(Held(program): Held<Self>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
        let next = {
            let mut behave = program.behave.lock().unwrap();
            program.heard.lock().unwrap().push(Heard { headers, body: body.to_vec() });
            if behave.is_empty() { Behave::Status(204) } else { behave.remove(0) }
        };
        let mut headers = HeaderMap::new();
        let status = match next {
            Behave::Status(status) => status,
            Behave::Wait(seconds) => {
                headers.insert("retry-after", HeaderValue::from_static(seconds));
                503
            }
            Behave::Redirect(to) => {
                headers.insert("location", HeaderValue::from_str(&to).unwrap());
                307
            }
            Behave::Hang => std::future::pending().await,
        };
        (StatusCode::from_u16(status).unwrap(), headers)
    }

    fn will(&self, behave: impl IntoIterator<Item = Behave>) {
        self.behave.lock().unwrap().extend(behave);
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().drain(..).collect()
    }
}

struct World {
    shop: Shop,
    program: Program,
    carriers: Carriers,
}

impl World {
    async fn open(store: TestStore) -> Self {
        Self::open_with(store, Egress::patient(true, PATIENCE).unwrap(), None).await
    }

    async fn open_with(store: TestStore, egress: Egress, post: Option<Post>) -> Self {
        Self::open_wanted(store, (egress, post), Wanted::default()).await
    }

    async fn open_wanted(store: TestStore, (egress, post): (Egress, Option<Post>), wanted: Wanted) -> Self {
        let wanted = Wanted { egress: Some(egress.clone()), sends_mail: post.is_some(), ..wanted };
        let shop = Shop::open_wanted(store, core(), 5, wanted).await;
        let origin = "https://market.example".to_owned();
        let carriers = Carriers { post, push: None, hooks: Some(Hooks::new(egress)), sms: None, origin };
        Self { shop, program: Program::open().await, carriers }
    }

    fn path(what: &str) -> String {
        format!("/v1/stalls/{STALL}/hooks{what}")
    }

    async fn post(&self, what: &str, body: &Value) -> Answer {
        self.shop.server.post(&Self::path(what), body).bearer(&self.shop.owner).send().await
    }

    async fn get(&self, what: &str) -> Value {
        let answer = self.shop.server.get(&Self::path(what)).bearer(&self.shop.owner).send().await;
        answer.expect(StatusCode::OK).json()
    }

    /// Tells the program of these; the hook's identity and its secret.
    async fn hook(&self, topics: &[&str]) -> (String, String) {
        let asked = json!({"address": self.program.address, "topics": topics});
        let made = self.post("", &asked).await.expect(StatusCode::CREATED);
        (made.text("hook"), made.text("secret"))
    }

    async fn order(&self, order: u8, quantity: i64) {
        self.shop.order(1, order, quantity).send().await.expect(StatusCode::CREATED);
    }

    async fn step(&self, order: u8, how: &str, body: &Value) {
        let path = format!("{}/{}/{how}", orders(), id(order));
        self.shop.server.post(&path, body).bearer(&self.shop.owner).send().await.expect(StatusCode::OK);
    }

    async fn round(&self) -> Round {
        round(&self.shop.server.app, &self.carriers).await.unwrap()
    }

    fn later(&self, ms: i64) {
        self.shop.server.clock.advance_ms(ms);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_orders_is_told_once_signed_and_without_a_word_about_the_buyer() {
    for store in stores() {
        let world = World::open(store).await;
        let (hook, secret) = world.hook(&ALL).await;
        assert!(secret.starts_with("whsec_") && !world.get("").await.to_string().contains(&secret));
        let body = json!({
            "order": id(1), "lines": [{"product": TEA.to_string(), "quantity": 2}], "note": "ring twice",
            "contact": {"name": "Amina", "reach": "+254700000001", "address": ""},
        });
        let ask = world.shop.server.post(&orders(), &body).header("soko-buyer", &guest_secret(1));
        let buyer = ask.send().await.expect(StatusCode::CREATED).text("buyer");
        assert_eq!(world.round().await, Round { made: 1, sent: 1, ..NONE });
        assert_eq!(world.round().await, NONE, "once is enough");
        let heard = world.program.heard();
        let [placed] = heard.as_slice() else { panic!("{}", heard.len()) };
        assert_eq!(placed.signed_by(&[&secret]), [0]);
        assert_eq!(placed.header("content-type"), "application/json");
        let now_s = world.shop.server.app.now_ms() / 1_000;
        assert_eq!(placed.header("webhook-timestamp"), now_s.to_string());
        let said = placed.json();
        assert_eq!(
            (&said["type"], &said["timestamp"]),
            (&json!("order.placed"), &json!("2026-09-21T14:13:20.000Z"))
        );
        let (data, order) = (&said["data"], &said["data"]["order"]);
        assert_eq!((&data["stall"], &order["order"]), (&json!(STALL.to_string()), &json!(id(1))));
        assert_eq!((&order["state"], &order["total_minor"]), (&json!("held"), &json!(900)));
        assert_eq!((&order["lines"][0]["quantity"], &order["currency"]), (&json!(2), &json!("EUR")));
        let text = String::from_utf8(placed.body.clone()).unwrap();
        for secret in [buyer.as_str(), "ring twice", "Amina", "254700"] {
            assert!(!text.contains(secret), "{text}");
        }

        world.step(1, "step", &json!({"step": "accepted"})).await;
        world.step(1, "step", &json!({"step": "accepted"})).await;
        world.shop.hand_over(1).await;
        world.order(2, 1).await;
        world.step(2, "cancel", &json!({})).await;
        assert_eq!(world.round().await, Round { made: 4, sent: 4, ..NONE });
        let mut told: Vec<(String, Value)> = world
            .program
            .heard()
            .iter()
            .map(|one| (one.topic(), one.json()["data"]["step"].clone()))
            .collect();
        told.sort_by_key(|(topic, step)| format!("{topic} {step}"));
        let expected = [
            ("order.cancelled", Value::Null),
            ("order.placed", Value::Null),
            ("order.step", json!("accepted")),
            ("order.step", json!("handed over")),
        ];
        assert_eq!(told, expected.map(|(topic, step)| (topic.to_owned(), step)));

        // Nothing more when it is not wanted, and nothing at all when it is forgotten.
        let fewer = json!({"address": world.program.address, "topics": ["order.cancelled"]});
        let put = world.shop.server.put(&World::path(&format!("/{hook}")), &fewer).bearer(&world.shop.owner);
        put.send().await.expect(StatusCode::OK);
        world.order(3, 1).await;
        assert_eq!(world.round().await, NONE);
        let end = world.shop.server.delete(&World::path(&format!("/{hook}"))).bearer(&world.shop.owner);
        world.step(3, "cancel", &json!({})).await;
        end.send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!((world.round().await, world.program.heard().len()), (NONE, 0));
        assert_host_alone_is_noted(&world.shop).await;
    }
}

/// What an address has behind its host may be a secret of its own, and is not in the records.
async fn assert_host_alone_is_noted(shop: &Shop) {
    let acts = acts(shop).await.into_iter().map(|(act, name, _)| (act, name)).collect::<Vec<_>>();
    let done = [ProgramAct::HookPut, ProgramAct::HookPut, ProgramAct::HookEnded];
    assert_eq!(acts, done.map(|act| (act, "127.0.0.1".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_fails_gets_the_same_message_again_until_it_takes_it() {
    for store in stores() {
        let world = World::open(store).await;
        let (hook, secret) = world.hook(&["order.placed"]).await;
        world.program.will([
            Behave::Status(500),
            Behave::Status(404),
            Behave::Wait("7200"),
            Behave::Status(200),
        ]);
        world.order(1, 1).await;
        assert_eq!(world.round().await, Round { made: 1, later: 1, ..NONE });
        // Others wait with it, and one at a time tries.
        world.order(2, 1).await;
        assert_eq!(world.round().await, Round { made: 1, ..NONE });
        for _ in 0..2 {
            world.later(7 * MINUTE_MS);
            assert_eq!(world.round().await, Round { later: 1, ..NONE });
        }
        world.later(40 * MINUTE_MS);
        // The address comes back for the message that did not ask to be left alone, then everything follows in its time.
        assert_eq!(world.round().await, Round { sent: 1, ..NONE });
        world.later(3 * HOUR_MS);
        assert_eq!(world.round().await, Round { sent: 1, ..NONE });
        let heard = world.program.heard();
        assert!(heard.iter().all(|one| one.signed_by(&[&secret]) == [0]));
        let ids = |order: u8| {
            let of = heard.iter().filter(|one| one.json()["data"]["order"]["order"] == json!(id(order)));
            of.map(|one| one.header("webhook-id").to_owned()).collect::<Vec<_>>()
        };
        let (one, two) = (ids(1), ids(2));
        assert_eq!(one.len() + two.len(), 5);
        assert!(one.iter().all(|id| *id == one[0]) && two.iter().all(|id| *id == two[0]) && one[0] != two[0]);
        let log = world.get(&format!("/{hook}/deliveries")).await;
        let states: Vec<&Value> =
            log["deliveries"].as_array().unwrap().iter().map(|row| &row["state"]).collect();
        assert_eq!(states, [&json!("sent"), &json!("sent")]);
        assert!(world.get("").await["hooks"][0].get("failing_since_ms").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_hangs_or_redirects_is_left_and_not_followed() {
    for store in stores() {
        let world = World::open(store).await;
        let inside = Program::open().await;
        let (hook, _) = world.hook(&["order.placed"]).await;
        world.program.will([Behave::Hang, Behave::Redirect(inside.address.clone())]);
        world.order(1, 1).await;
        assert_eq!(world.round().await, Round { made: 1, later: 1, ..NONE });
        let reason =
            async || world.get(&format!("/{hook}/deliveries")).await["deliveries"][0]["reason"].clone();
        assert_eq!(reason().await, json!("it did not answer in time"));
        world.later(2 * MINUTE_MS);
        assert_eq!(world.round().await, Round { later: 1, ..NONE });
        assert_eq!(reason().await, json!("the address answers 307, and redirects are not followed"));
        assert_eq!((world.program.heard().len(), inside.heard().len()), (2, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_behind_our_own_walls_is_talked_to() {
    for store in stores() {
        let world = World::open_with(store, Egress::new(false).unwrap(), None).await;
        for address in [
            world.program.address.as_str(),
            "http://shop.example/soko",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.1.2.3/soko",
            "https://169.254.169.254/latest",
            "https://me:secret@shop.example/",
            "ftp://shop.example/",
            "",
        ] {
            let asked = json!({"address": address, "topics": ["order.placed"]});
            world.post("", &asked).await.refused(StatusCode::BAD_REQUEST, "bad_address");
        }
        // A name is found out when it is talked to, each time.
        let port = world.program.address.split([':', '/']).nth(4).unwrap();
        let asked = json!({"address": format!("https://localhost:{port}/soko"), "topics": ["order.placed"]});
        let hook = world.post("", &asked).await.expect(StatusCode::CREATED).text("hook");
        world.order(1, 1).await;
        assert_eq!(world.round().await, Round { made: 1, later: 1, ..NONE });
        let log = world.get(&format!("/{hook}/deliveries")).await;
        let reason = json!("the address does not lead to the public internet");
        assert_eq!((&log["deliveries"][0]["reason"], world.program.heard().len()), (&reason, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_failed_for_days_is_switched_off_and_its_owner_hears_of_it() {
    for store in stores() {
        // Nobody takes mail there: what is to be told waits, and can be seen.
        let post = Post::new("smtp://127.0.0.1:9", "Soko <market@example.org>").unwrap();
        let world = World::open_with(store, Egress::patient(true, PATIENCE).unwrap(), Some(post)).await;
        let manager = world.shop.member("manager@example.org", "manager").await;
        let (hook, _) = world.hook(&["order.placed"]).await;
        world.program.will(std::iter::repeat_n(Behave::Status(500), 100));
        world.order(1, 1).await;
        for _ in 0..19 {
            world.round().await;
            assert!(world.get("").await["hooks"][0].get("off_ms").is_none());
            world.later(6 * HOUR_MS);
        }
        world.order(2, 1).await;
        world.order(3, 1).await;
        world.later(6 * HOUR_MS);
        world.round().await;
        let off = world.get("").await["hooks"][0].clone();
        assert_eq!(
            (off.get("off_ms").is_some(), &off["off_reason"]),
            (true, &json!("the address answers 500"))
        );
        let told = async |who: &str| {
            let log = world.shop.server.get("/v1/me/messages/log").bearer(who).send().await.json();
            let rows = log["messages"].as_array().unwrap().clone();
            rows.iter().filter(|row| row["topic"] == json!("hook-off")).count()
        };
        let owner = world.shop.server.signed_in("owner@example.org").await;
        let manager_now = world.shop.server.signed_in("manager@example.org").await;
        assert_eq!((told(&owner).await, told(&manager_now).await), (1, 0));
        let _ = manager;

        // It is told nothing more, and what was not delivered is sent when the owner says so, under the same identity.
        let tried = world.program.heard();
        world.order(4, 1).await;
        world.later(HOUR_MS);
        world.round().await;
        assert_eq!(world.program.heard().len(), 0);
        world.program.behave.lock().unwrap().clear();
        let server = &world.shop.server;
        let test = server.post(&World::path(&format!("/{hook}/test")), &json!({})).bearer(&owner);
        test.send().await.refused(StatusCode::CONFLICT, "hook_off");
        let on = json!({"address": world.program.address, "topics": ["order.placed"]});
        let put = server.put(&World::path(&format!("/{hook}")), &on).bearer(&owner).send().await;
        assert!(put.expect(StatusCode::OK).json().get("off_ms").is_none());
        let again =
            server.post(&World::path(&format!("/{hook}/again")), &json!({})).bearer(&owner).send().await;
        assert_eq!(again.expect(StatusCode::OK).json()["deliveries"], json!(3));
        world.round().await;
        let heard = world.program.heard();
        assert_eq!(heard.len(), 3);
        let first = tried[0].header("webhook-id");
        assert!(heard.iter().any(|one| one.header("webhook-id") == first));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_gone_is_switched_off_at_once() {
    for store in stores() {
        let world = World::open(store).await;
        let (hook, _) = world.hook(&["order.placed"]).await;
        world.program.will([Behave::Status(410)]);
        world.order(1, 1).await;
        assert_eq!(world.round().await, Round { made: 1, given_up: 1, ..NONE });
        assert_eq!(world.get("").await["hooks"][0]["off_reason"], json!("the address answers 410"));
        world.order(2, 1).await;
        assert_eq!((world.round().await, world.program.heard().len()), (NONE, 1));
        assert_eq!(
            world.get(&format!("/{hook}/deliveries")).await["deliveries"][0]["state"],
            json!("given-up")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_and_the_one_before_it_both_count_for_a_day() {
    for store in stores() {
        let world = World::open(store).await;
        let (hook, before) = world.hook(&["order.placed"]).await;
        let new =
            world.post(&format!("/{hook}/secret"), &json!({})).await.expect(StatusCode::OK).text("secret");
        assert_ne!(before, new);
        world.order(1, 1).await;
        world.later(DAY_MS - 1);
        // What is older than a day is no news: this one is not.
        assert_eq!(world.round().await, Round { made: 1, sent: 1, ..NONE });
        assert_eq!(world.program.heard()[0].signed_by(&[&before, &new]), [1, 0]);
        world.later(1);
        let owner = world.shop.server.signed_in("owner@example.org").await;
        let test = World::path(&format!("/{hook}/test"));
        let asked = async || world.shop.server.post(&test, &json!({})).bearer(&owner).send().await;
        asked().await.expect(StatusCode::ACCEPTED);
        asked().await.refused(StatusCode::TOO_MANY_REQUESTS, "too_many_tests");
        assert_eq!(world.round().await, Round { sent: 1, ..NONE });
        let heard = world.program.heard();
        assert_eq!((heard[0].topic().as_str(), heard[0].signed_by(&[&before, &new])), ("test", vec![1]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_alone_say_where_their_stall_is_told_and_of_theirs_alone() {
    for store in stores() {
        let world = World::open(store).await;
        let (hook, _) = world.hook(&["order.placed"]).await;
        let server = &world.shop.server;
        let manager = world.shop.member("manager@example.org", "manager").await;
        let other = server.person("other@example.org").await;
        let theirs = crate::common::server::Device::new(9, soko_domain::ids::LogId([0x66; 16]));
        let claim = json!({"introduction": theirs.introduction});
        server.post("/v1/stalls", &claim).bearer(&other).send().await.expect(StatusCode::CREATED);
        let body = json!({"address": "https://shop.example/", "topics": ["order.placed"]});
        let (mine, elsewhere) = (World::path(""), format!("/v1/stalls/{}/hooks", id(0x66)));
        for (who, path, status, code) in [
            (&manager, &mine, StatusCode::FORBIDDEN, "not_allowed"),
            (&other, &mine, StatusCode::NOT_FOUND, "no_such_stall"),
            // The identity of somebody else's address opens nothing.
            (&other, &elsewhere, StatusCode::NOT_FOUND, "no_such_hook"),
        ] {
            let of = |what: &str| format!("{path}/{hook}{what}");
            for ask in [
                server.put(&of(""), &body),
                server.delete(&of("")),
                server.post(&of("/secret"), &json!({})),
                server.post(&of("/test"), &json!({})),
                server.post(&of("/again"), &json!({})),
                server.post(&of(&format!("/deliveries/{}/discard", id(1))), &json!({})),
                server.ask(Method::GET, &of("/deliveries")),
            ] {
                ask.bearer(who).send().await.refused(status, code);
            }
        }
        for topics in [json!([]), json!(["test"]), json!(["order.read"])] {
            let asked = json!({"address": world.program.address, "topics": topics});
            world.post("", &asked).await.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        for _ in 1..10 {
            world.hook(&["order.placed"]).await;
        }
        let asked = json!({"address": world.program.address, "topics": ["order.placed"]});
        world.post("", &asked).await.refused(StatusCode::CONFLICT, "too_many");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_runs_low_or_out_is_told_of_once() {
    for store in stores() {
        let mut world = World::open(store).await;
        let (_, secret) = world.hook(&["stock.low", "stock.out"]).await;
        let tea = Product {
            name: "Mint tea".into(),
            price_minor: 450,
            currency: "EUR".into(),
            low_level: Some(5),
            ..Product::default()
        };
        let at_ms = world.shop.server.app.now_ms();
        let document = (ThingId(TEA.0), DocumentKind::Product);
        world.shop.register.device.edit(document, &tea.edits(), at_ms).unwrap();
        world.shop.exchange().await;
        assert_eq!(world.round().await, NONE, "what was so before is no news");
        world.order(1, 5).await;
        world.shop.hand_over(1).await;
        assert_eq!(world.round().await, Round { made: 1, sent: 1, ..NONE });
        world.shop.sell(5).await;
        assert_eq!(world.round().await, Round { made: 1, sent: 1, ..NONE });
        let heard = world.program.heard();
        assert!(heard.iter().all(|one| one.signed_by(&[&secret]) == [0]));
        let told: Vec<(String, Value)> =
            heard.iter().map(|one| (one.topic(), one.json()["data"]["product"].clone())).collect();
        let tea = |at_stall: i64| json!({"product": TEA.to_string(), "name": "Mint tea", "sku": "", "at_stall": at_stall});
        assert_eq!(told, [("stock.low".to_owned(), tea(5)), ("stock.out".to_owned(), tea(0))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_look_at_once_tell_nothing_twice_and_one_that_hangs_keeps_no_other_waiting() {
    for store in stores() {
        let world = World::open(store).await;
        world.hook(&["order.placed"]).await;
        let slow = Program::open().await;
        slow.will(std::iter::repeat_n(Behave::Hang, 100));
        let asked = json!({"address": slow.address, "topics": ["order.placed"]});
        world.post("", &asked).await.expect(StatusCode::CREATED);
        for order in 1..=5 {
            world.order(order, 1).await;
        }
        let (one, other) = tokio::join!(world.round(), world.round());
        assert_eq!((one.made + other.made, one.sent + other.sent), (10, 5));
        assert_eq!(world.program.heard().len(), 5);
        // A few were tried at once; then it is left alone.
        assert!((1..=5).contains(&slow.heard().len()), "each of its messages at most once");
        assert_eq!(world.round().await, NONE);
        // Twice at most was that noticed.
        world.later(7 * MINUTE_MS);
        assert_eq!(world.round().await, Round { later: 1, ..NONE });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_came_and_went_is_told_with_its_amount() {
    for store in stores() {
        let provider = Hostile::open().await;
        let wanted = Wanted { pay: vec![provider.provider()], ..Wanted::default() };
        let egress = Egress::patient(true, PATIENCE).unwrap();
        let world = World::open_wanted(store, (egress, None), wanted).await;
        let (_, secret) = world.hook(&["order.paid", "order.refunded", "order.cancelled"]).await;
        let lines = [json!({"product": TEA.to_string(), "quantity": 2})];
        let body = json!({"order": id(1), "lines": lines, "pay": {"way": "card"}});
        let ask = world.shop.server.post(&orders(), &body).header("soko-buyer", &guest_secret(1));
        ask.send().await.expect(StatusCode::CREATED);
        world.until_payment("waiting").await;
        provider.books().buyer(true);
        world.until_payment("paid").await;
        assert_eq!(world.round().await, Round { made: 1, sent: 1, ..NONE });
        world.step(1, "cancel", &json!({})).await;
        assert_eq!(world.round().await, NONE, "it is not cancelled before its money is back");
        world.until_payment("returned").await;
        assert_eq!(world.round().await, Round { made: 2, sent: 2, ..NONE });
        let heard = world.program.heard();
        assert!(heard.iter().all(|one| one.signed_by(&[&secret]) == [0]));
        let mut told: Vec<(String, Value)> =
            heard.iter().map(|one| (one.topic(), one.json()["data"]["amount_minor"].clone())).collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        let expected =
            [("order.cancelled", Value::Null), ("order.paid", json!(900)), ("order.refunded", json!(900))];
        assert_eq!(told, expected.map(|(topic, amount)| (topic.to_owned(), amount)));
        assert_eq!(heard[0].json()["data"]["order"]["payment"], json!({"way": "card", "state": "paid"}));
    }
}

/// What a register did without a network, or under a clock that is slow, reaches programs; what was before an address was given does not.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_register_says_days_later_is_told_all_the_same() {
    for store in stores() {
        let mut world = World::open(store).await;
        world.order(1, 1).await;
        let order = OrderId::from_hex(&id(1)).unwrap();
        let stepped = |step| vec![OrderStepped { order, step }.into()];
        let now_ms = world.shop.server.app.now_ms();
        let device = &mut world.shop.register.device;
        device.write(stepped(OrderStep::Accepted), now_ms - 3 * DAY_MS).unwrap();
        world.shop.exchange().await;
        assert_eq!(world.round().await, NONE);
        world.hook(&ALL).await;
        assert_eq!(world.round().await, NONE, "what was so before is no news");
        let device = &mut world.shop.register.device;
        device.write(stepped(OrderStep::Packed), now_ms - 2 * DAY_MS).unwrap();
        world.shop.exchange().await;
        assert_eq!(world.round().await, Round { made: 1, sent: 1, ..NONE });
        let heard = world.program.heard();
        let said = heard[0].json();
        assert_eq!((heard[0].topic().as_str(), &said["data"]["step"]), ("order.step", &json!("packed")));
    }
}

impl World {
    /// Drives the payment of the first order until it is so far.
    async fn until_payment(&self, wanted: &str) {
        let server = &self.shop.server;
        for _ in 0..LOOKS {
            let seen = server.get(&format!("{}/{}", orders(), id(1))).header("soko-buyer", &guest_secret(1));
            if seen.send().await.json()["payment"]["state"] == json!(wanted) {
                return;
            }
            drive::once(&server.app).await;
            self.later(2 * MINUTE_MS);
        }
        panic!("the payment does not become {wanted}");
    }
}
