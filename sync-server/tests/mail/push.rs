//! What browsers are told: by a push service on this machine, which opens what arrives as a browser would.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Held};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, ECDSA_P256_SHA256_FIXED};
use serde_json::{Value, json};
use soko_sync_server::egress::Egress;
use soko_sync_server::messages::{Carriers, Push, PushKey, Round, round};
use soko_sync_server::outside::OsEntropy;

use super::{MINUTE_MS, ORIGIN};
use crate::common::TestStore;
use crate::common::server::{Answer, TestServer, Wanted};
use crate::common::shop::{Shop, TEA, core, id, orders, stores};

const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What a push service was given.
struct Taken {
    to: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Taken {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

type Answers = Vec<(u16, Option<&'static str>)>;

/// Takes messages, or answers as it was told to.
#[derive(Clone)]
struct Service {
    origin: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    answers: Arc<Mutex<Answers>>,
}

impl Service {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let service = Self { origin, taken: Arc::default(), answers: Arc::default() };
        let take =
            async |Held(service): Held<Self>, Path(to): Path<String>, headers: HeaderMap, body: Bytes| {
                let answers = &mut *service.answers.lock().unwrap();
                let (status, wait) = if answers.is_empty() { (201, None) } else { answers.remove(0) };
                service.taken.lock().unwrap().push(Taken { to, headers, body: body.to_vec() });
                let mut headers = HeaderMap::new();
                if let Some(wait) = wait {
                    headers.insert("retry-after", HeaderValue::from_static(wait));
                }
                (StatusCode::from_u16(status).unwrap(), headers)
            };
        let router = Router::new().route("/send/{to}", post(take)).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    fn answer(&self, answers: &[(u16, Option<&'static str>)]) {
        self.answers.lock().unwrap().extend(answers);
    }

    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().drain(..).collect()
    }
}

/// A browser's side of a subscription. Its key opens one message, as ring wants it.
struct Browser {
    name: &'static str,
    key: EphemeralPrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
}

impl Browser {
    fn new(name: &'static str) -> Self {
        let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = key.compute_public_key().unwrap().as_ref().to_vec();
        Self { name, key, public, auth: [7; 16] }
    }

    fn body(&self, service: &Service) -> Value {
        json!({
            "endpoint": format!("{}/send/{}", service.origin, self.name),
            "p256dh": URL_SAFE_NO_PAD.encode(&self.public),
            "auth": URL_SAFE_NO_PAD.encode(self.auth),
            "name": self.name,
        })
    }

    /// RFC 8291 from the other side, with HKDF written out as RFC 5869 does.
    fn open(self, taken: &Taken) -> Value {
        let (salt, rest) = taken.body.split_at(16);
        let (record_bytes, rest) = rest.split_at(4);
        assert_eq!((record_bytes, rest[0]), (4096_u32.to_be_bytes().as_slice(), 65));
        let (server, sealed) = rest[1..].split_at(65);
        let hash = |key: &[u8], text: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
        };
        let shared = agree_ephemeral(self.key, &UnparsedPublicKey::new(&ECDH_P256, server), <[u8]>::to_vec);
        let first = hash(&self.auth, &shared.unwrap());
        let secret = hash(&first, &[b"WebPush: info\0", self.public.as_slice(), server, &[1]].concat());
        let second = hash(salt, &secret);
        let key = hash(&second, b"Content-Encoding: aes128gcm\0\x01");
        let nonce = hash(&second, b"Content-Encoding: nonce\0\x01");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).unwrap();
        let mut record = sealed.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        let text = text.strip_suffix(&[2]).unwrap();
        serde_json::from_slice(text).unwrap()
    }
}

/// Whether a message is signed by the key that browsers subscribed to, for this push service.
fn assert_signed(taken: &Taken, service: &Service, public_key: &str) {
    let (token, key) =
        taken.header("authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, public_key);
    let (signed, proof) = token.rsplit_once('.').unwrap();
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key));
    key.verify(signed.as_bytes(), &bytes(proof)).unwrap();
    let claims: Value = serde_json::from_slice(&bytes(signed.split_once('.').unwrap().1)).unwrap();
    assert_eq!(
        (claims["aud"].as_str(), claims["sub"].as_str()),
        (Some(service.origin.as_str()), Some(ORIGIN))
    );
}

struct Market {
    shop: Shop,
    service: Service,
    carriers: Carriers,
    key: String,
    buyer: String,
}

impl Market {
    async fn open(store: TestStore) -> Self {
        let egress = Egress::new(true).unwrap();
        let key = PushKey::read(&PushKey::fresh().unwrap()).unwrap();
        let push = Push::new(key, egress.clone(), Arc::new(OsEntropy), ORIGIN);
        let key = push.public_key();
        let wanted = Wanted { push: Some((key.clone(), egress)), ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 20, wanted).await;
        let buyer = shop.server.person("amina@example.org").await;
        let carriers =
            Carriers { post: None, push: Some(push), hooks: None, sms: None, origin: ORIGIN.to_owned() };
        Self { shop, service: Service::open().await, carriers, key, buyer }
    }

    fn server(&self) -> &TestServer {
        &self.shop.server
    }

    async fn listen(&self, who: &str, browser: &Browser) -> Answer {
        self.server().post("/v1/me/browsers", &browser.body(&self.service)).bearer(who).send().await
    }

    async fn choose(&self, who: &str, wishes: &Value) -> Answer {
        self.server().put("/v1/me/messages", wishes).bearer(who).send().await.expect(StatusCode::OK)
    }

    async fn mine(&self, who: &str, what: &str) -> Value {
        let answer = self.server().get(&format!("/v1/me/messages{what}")).bearer(who).send().await;
        answer.expect(StatusCode::OK).json()
    }

    async fn order(&self, order: u8) {
        let body = json!({"order": id(order), "lines": [{"product": TEA.to_string(), "quantity": 2}]});
        let placed = self.server().post(&orders(), &body).bearer(&self.buyer).send().await;
        placed.expect(StatusCode::CREATED);
    }

    async fn round(&self) -> Round {
        round(&self.server().app, &self.carriers).await.unwrap()
    }
}

const SENT: Round = Round { made: 0, sent: 0, later: 0, given_up: 0, dropped: 0, held: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn a_new_order_reaches_the_browsers_of_stall_and_buyer_sealed_and_signed() {
    for store in stores() {
        let market = Market::open(store).await;
        let owner = market.shop.owner.clone();
        let (phone, tablet) = (Browser::new("phone"), Browser::new("tablet"));
        market.listen(&owner, &phone).await.expect(StatusCode::CREATED);
        market.listen(&market.buyer, &tablet).await.expect(StatusCode::CREATED);
        let mine = market.mine(&owner, "").await;
        assert_eq!(mine["push_key"].as_str(), Some(market.key.as_str()));
        assert_eq!((&mine["sells"], &mine["browsers"][0]["name"]), (&json!(true), &json!("phone")));
        assert_eq!(mine["channels"]["push"]["offered"], json!(true));
        assert_eq!(mine["channels"]["mail"]["offered"], json!(false));

        market.order(1).await;
        assert_eq!(market.round().await, Round { made: 2, sent: 2, ..SENT });
        assert_eq!(market.round().await, Round::default(), "once is enough");
        let mut taken = market.service.taken();
        taken.sort_by(|one, other| one.to.cmp(&other.to));
        let [to_owner, to_buyer] = taken.as_slice() else { panic!("{}", taken.len()) };
        for one in [to_owner, to_buyer] {
            assert_signed(one, &market.service, &market.key);
            assert_eq!((one.header("content-encoding"), one.header("ttl")), ("aes128gcm", "86400"));
        }
        assert_eq!((to_owner.header("urgency"), to_buyer.header("urgency")), ("high", "normal"));
        let (shown, to_buyer) = (phone.open(to_owner), tablet.open(to_buyer));
        assert_eq!(shown["title"], "New order at Tea House");
        assert_eq!(
            shown["path"].as_str().unwrap().split_once("?at=").unwrap().0,
            format!("/orders/{}", id(1))
        );
        assert!(shown["body"].as_str().unwrap().starts_with("Total: 9.00 EUR\n"), "{shown}");
        assert_eq!(to_buyer["title"], "Tea House set your order aside");
        assert_eq!(to_buyer["path"], format!("/my-orders/{}", id(1)));

        // Each sees their own log, and what they declined is not sent.
        let log = market.mine(&owner, "/log").await;
        let row = &log["messages"][0];
        assert_eq!((&row["topic"], &row["channel"]), (&json!("order-new"), &json!("push")));
        assert_eq!((&row["state"], &row["browser"]), (&json!("sent"), &json!("phone")));
        assert_eq!(log["messages"].as_array().unwrap().len(), 1);
        market.choose(&market.buyer, &json!({"channels": {"push": {"order-held": false}}})).await;
        market.order(2).await;
        assert_eq!(market.round().await, Round { made: 1, sent: 1, ..SENT });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_is_left_alone_as_long_as_it_asks_and_what_is_gone_is_forgotten() {
    for store in stores() {
        let market = Market::open(store).await;
        let owner = market.shop.owner.clone();
        market.listen(&owner, &Browser::new("phone")).await.expect(StatusCode::CREATED);
        market.order(1).await;
        market.service.answer(&[(429, Some("7200")), (500, None), (410, None)]);
        assert_eq!(market.round().await, Round { made: 1, later: 1, ..SENT });
        let row = market.mine(&owner, "/log").await["messages"][0].clone();
        assert_eq!(
            (&row["state"], &row["reason"]),
            (&json!("waiting"), &json!("the push service answers 429"))
        );
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round::default(), "it asked for two hours");
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round { later: 1, ..SENT });
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round { given_up: 1, ..SENT });
        assert_eq!(market.mine(&owner, "").await["browsers"], json!([]));
        // The same message each time, so that a push service can tell.
        let topics: Vec<String> =
            market.service.taken().iter().map(|one| one.header("topic").to_owned()).collect();
        assert!(topics.len() == 3 && topics.iter().all(|topic| *topic == topics[0]), "{topics:?}");
        market.order(2).await;
        assert_eq!(market.round().await, Round::default(), "nobody listens any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_rings_in_quiet_hours_but_what_is_urgent_if_it_may() {
    for store in stores() {
        let market = Market::open(store).await;
        let owner = market.shop.owner.clone();
        market.listen(&owner, &Browser::new("phone")).await.expect(StatusCode::CREATED);
        market.listen(&market.buyer, &Browser::new("tablet")).await.expect(StatusCode::CREATED);
        // 1,790,000,000 seconds is a quarter past two in the afternoon, and after five in Nairobi.
        let quiet = |urgent: bool| json!({"quiet": {"on": true, "from": "17:00", "to": "18:30", "zone": "Africa/Nairobi", "urgent_rings": urgent}});
        for who in [&owner, &market.buyer] {
            let kept = market.choose(who, &quiet(true)).await.json();
            assert_eq!(kept["quiet"], quiet(true)["quiet"]);
        }
        market.order(1).await;
        assert_eq!(market.round().await, Round { made: 2, sent: 1, ..SENT });
        assert_eq!(market.service.taken()[0].to, "phone");
        market.choose(&owner, &quiet(false)).await;
        market.server().clock.advance_ms(MINUTE_MS);
        market.order(2).await;
        assert_eq!(market.round().await, Round { made: 2, ..SENT });
        let row = market.mine(&owner, "/log").await["messages"][0].clone();
        assert_eq!((&row["state"], &row["tries"]), (&json!("waiting"), &json!(0)));
        // The test of a channel wakes whoever asked for it.
        let test = market.server().post("/v1/me/messages/test", &json!({"channel": "push"}));
        test.bearer(&owner).send().await.expect(StatusCode::ACCEPTED);
        assert_eq!(market.round().await, Round { sent: 1, ..SENT });
        market.server().clock.advance_ms(2 * HOUR_MS);
        assert_eq!(market.round().await, Round { sent: 3, ..SENT });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_as_long_as_somebody_is_signed_in_there() {
    for store in stores() {
        let market = Market::open(store).await;
        let server = market.server();
        let owner = market.shop.owner.clone();
        market.listen(&owner, &Browser::new("phone")).await.expect(StatusCode::CREATED);
        // Signed in as somebody else, the same browser is theirs alone.
        market.listen(&market.buyer, &Browser::new("phone")).await.expect(StatusCode::CREATED);
        assert_eq!(market.mine(&owner, "").await["browsers"], json!([]));
        let theirs = market.mine(&market.buyer, "").await["browsers"][0]["browser"].clone();
        let path = format!("/v1/me/browsers/{}", theirs.as_str().unwrap());
        server.delete(&path).bearer(&owner).send().await.refused(StatusCode::NOT_FOUND, "no_such_browser");
        market.order(1).await;
        market.service.answer(&[(503, None)]);
        assert_eq!(market.round().await, Round { made: 1, later: 1, ..SENT });
        server
            .delete("/v1/sessions/current")
            .bearer(&market.buyer)
            .send()
            .await
            .expect(StatusCode::NO_CONTENT);
        server.clock.advance_ms(2 * MINUTE_MS);
        assert_eq!(market.round().await, Round { dropped: 1, ..SENT });
        assert_eq!(market.service.taken().len(), 1);
        // Signed in again the same browser is told again, as the same; then it is not, by its own wish.
        let again = market.listen(&owner, &Browser::new("laptop")).await.expect(StatusCode::CREATED);
        let once_more = market.listen(&owner, &Browser::new("laptop")).await.expect(StatusCode::CREATED);
        assert_eq!(again.text("browser"), once_more.text("browser"));
        let own = market.mine(&owner, "").await["browsers"][0]["browser"].clone();
        let path = format!("/v1/me/browsers/{}", own.as_str().unwrap());
        server.delete(&path).bearer(&owner).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(market.mine(&owner, "").await["browsers"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_and_browsers_that_are_none_are_refused_with_a_sentence() {
    let market = Market::open(TestStore::sqlite()).await;
    let (server, owner) = (market.server(), market.shop.owner.clone());
    let browser = Browser::new("phone").body(&market.service);
    for (field, wrong) in [
        ("endpoint", "nowhere"),
        ("endpoint", "ftp://push.example/a"),
        ("p256dh", "BAAA"),
        ("p256dh", &URL_SAFE_NO_PAD.encode([4; 65])),
        ("auth", "AA"),
        ("name", " "),
    ] {
        let mut body = browser.clone();
        body[field] = json!(wrong);
        let answer = server.post("/v1/me/browsers", &body).bearer(&owner).send().await;
        answer.refused(StatusCode::BAD_REQUEST, "malformed");
    }
    let quiet = |from: &str, zone: &str| json!({"quiet": {"on": true, "from": from, "to": "07:00", "zone": zone, "urgent_rings": true}});
    for wishes in [
        quiet("24:00", "UTC"),
        quiet("7:00", "UTC"),
        quiet("07:60", "UTC"),
        quiet("22:00", "Atlantis/Port"),
        json!({"channels": {"pigeon": {"order-new": true}}}),
        json!({"channels": {"push": {"recovery": false}}}),
    ] {
        let answer = server.put("/v1/me/messages", &wishes).bearer(&owner).send().await;
        answer.refused(StatusCode::BAD_REQUEST, "malformed");
    }
    let test = async |channel: &str| {
        let body = json!({"channel": channel});
        server.post("/v1/me/messages/test", &body).bearer(&owner).send().await
    };
    test("pigeon").await.refused(StatusCode::BAD_REQUEST, "malformed");
    test("mail").await.refused(StatusCode::CONFLICT, "no_channel");
    test("push").await.refused(StatusCode::CONFLICT, "no_browser");
    server.post("/v1/me/browsers", &browser).bearer(&owner).send().await.expect(StatusCode::CREATED);
    test("push").await.expect(StatusCode::ACCEPTED);
    test("push").await.refused(StatusCode::TOO_MANY_REQUESTS, "too_many_tests");
    for path in ["/v1/me/messages", "/v1/me/messages/log"] {
        server.get(path).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    }
    // Where there is no way out, there is nothing to subscribe to.
    let closed = TestServer::new();
    let somebody = closed.person("amina@example.org").await;
    let answer = closed.post("/v1/me/browsers", &browser).bearer(&somebody).send().await;
    answer.refused(StatusCode::CONFLICT, "no_channel");
}
