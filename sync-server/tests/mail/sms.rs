//! Texts to telephones: a provider on this machine that is spoken to like each that we know, keeps what it is given and answers as
//! it was told.

mod reported;
mod texted;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Held;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, params};
use soko_sync_server::egress::Egress;
use soko_sync_server::messages::{Carriers, Round, Sms, SmsSettings, SmsShape, round};
use soko_sync_server::pay::Secret;
use soko_sync_server::store::Shard;

use super::{MINUTE_MS, ORIGIN};
use crate::common::TestStore;
use crate::common::server::{Answer, PASSWORD, TestServer, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, stores};

/// Where Twilio reports.
const REPORTED: &str = "https://market.example/v1/sms/reported";
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const NUMBER: &str = "+254712345678";
const SHAPES: [SmsShape; 3] = [SmsShape::Http, SmsShape::Twilio, SmsShape::AfricasTalking];
const SENT: Round = Round { made: 0, sent: 0, later: 0, given_up: 0, dropped: 0, held: 0 };

/// What a provider was given.
#[derive(Clone, Debug)]
struct Taken {
    path: String,
    headers: HeaderMap,
    fields: BTreeMap<String, String>,
}

impl Taken {
    fn field(&self, names: [&str; 2]) -> &str {
        names.iter().find_map(|name| self.fields.get(*name)).map_or("", String::as_str)
    }

    fn to(&self) -> &str {
        self.field(["to", "To"])
    }

    fn text(&self) -> &str {
        let text = self.field(["text", "Body"]);
        if text.is_empty() { self.field(["message", ""]) } else { text }
    }

    fn code(&self) -> String {
        self.text().chars().take(6).collect()
    }
}

/// Status, what it asks to be left alone for, and body.
type Said = (u16, Option<&'static str>, String);

#[derive(Clone)]
struct Provider {
    origin: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    answers: Arc<Mutex<Vec<Said>>>,
}

impl Provider {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { origin, taken: Arc::default(), answers: Arc::default() };
        let take = async |Held(provider): Held<Self>, uri: Uri, headers: HeaderMap, body: Bytes| {
            let taken = Taken { path: uri.path().to_owned(), fields: fields(&body), headers };
            let (status, wait, body) = {
                let answers = &mut *provider.answers.lock().unwrap();
                if answers.is_empty() { usual(&taken.path) } else { answers.remove(0) }
            };
            provider.taken.lock().unwrap().push(taken);
            let mut headers = HeaderMap::new();
            if let Some(wait) = wait {
                headers.insert("retry-after", HeaderValue::from_static(wait));
            }
            (StatusCode::from_u16(status).unwrap(), headers, body)
        };
        let router = Router::new().fallback(take).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    fn settings(&self, shape: SmsShape) -> SmsSettings {
        let (url, user) = match shape {
            SmsShape::Http => (format!("{}/texts", self.origin), ""),
            SmsShape::Twilio => (self.origin.clone(), "AC1"),
            SmsShape::AfricasTalking => (self.origin.clone(), "soko"),
        };
        let (secret, from) = (Secret::new("hush"), "SOKO".to_owned());
        SmsSettings { shape, url, user: user.into(), secret, from, reports_to: Some(REPORTED.into()) }
    }

    fn answer(&self, answers: &[Said]) {
        self.answers.lock().unwrap().extend_from_slice(answers);
    }

    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().drain(..).collect()
    }
}

/// Of JSON or of a form.
fn fields(body: &[u8]) -> BTreeMap<String, String> {
    if let Ok(fields) = serde_json::from_slice(body) {
        return fields;
    }
    let form = format!("http://form/?{}", std::str::from_utf8(body).unwrap());
    reqwest::Url::parse(&form).unwrap().query_pairs().into_owned().collect()
}

/// How each says that it took a text.
fn usual(path: &str) -> Said {
    match path {
        "/version1/messaging" => of_africas_talking(101, "Success"),
        "/texts" => (202, None, String::new()),
        _ => (201, None, json!({"sid": "SM1", "status": "queued"}).to_string()),
    }
}

fn of_africas_talking(code: i64, status: &str) -> Said {
    let recipient = json!({"statusCode": code, "status": status, "number": NUMBER, "messageId": "AT1"});
    let body = json!({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}});
    (201, None, body.to_string())
}

/// How each says that nobody can be texted at a number, and what of it is told on.
fn no_number(shape: SmsShape) -> (Said, &'static str) {
    match shape {
        SmsShape::Http => {
            let body = json!({"reason": format!("nobody has {NUMBER}")});
            ((422, None, body.to_string()), "nobody has …")
        }
        SmsShape::Twilio => {
            let message = format!("The 'To' number {NUMBER} is not a valid phone number.");
            let body = json!({"code": 21_211, "message": message, "status": 400});
            ((400, None, body.to_string()), "21211")
        }
        SmsShape::AfricasTalking => (of_africas_talking(403, "InvalidPhoneNumber"), "InvalidPhoneNumber"),
    }
}

struct Market {
    shop: Shop,
    provider: Provider,
    carriers: Carriers,
    buyer: String,
}

impl Market {
    async fn open(store: TestStore, shape: SmsShape) -> Self {
        Self::open_wanted(store, shape, Wanted { sends_sms: true, ..Wanted::default() }).await
    }

    async fn open_wanted(store: TestStore, shape: SmsShape, wanted: Wanted) -> Self {
        let shop = Shop::open_wanted(store, core(), 40, wanted).await;
        let provider = Provider::open().await;
        let sms = Sms::new(provider.settings(shape), Egress::new(true).unwrap()).unwrap();
        let carriers =
            Carriers { post: None, push: None, hooks: None, sms: Some(sms), origin: ORIGIN.to_owned() };
        let buyer = shop.server.person("amina@example.org").await;
        Self { shop, provider, carriers, buyer }
    }

    fn server(&self) -> &TestServer {
        &self.shop.server
    }

    async fn ask(&self, who: &str, number: &str) -> Answer {
        self.server().put("/v1/me/telephone", &json!({"number": number})).bearer(who).send().await
    }

    async fn confirm(&self, who: &str, code: &str) -> Answer {
        self.server().post("/v1/me/telephone/code", &json!({"code": code})).bearer(who).send().await
    }

    /// The code that is texted now.
    async fn code(&self) -> String {
        assert_eq!(self.round().await, Round { sent: 1, ..SENT });
        self.provider.taken().pop().unwrap().code()
    }

    async fn confirmed(&self, who: &str) {
        self.ask(who, NUMBER).await.expect(StatusCode::OK);
        let code = self.code().await;
        self.confirm(who, &code).await.expect(StatusCode::OK);
    }

    async fn choose(&self, who: &str, wishes: &Value) -> Value {
        let kept = self.server().put("/v1/me/messages", wishes).bearer(who).send().await;
        kept.expect(StatusCode::OK).json()
    }

    async fn mine(&self, who: &str, what: &str) -> Value {
        let answer = self.server().get(&format!("/v1/me/{what}")).bearer(who).send().await;
        answer.expect(StatusCode::OK).json()
    }

    /// The one message about a topic in somebody's log.
    async fn logged(&self, who: &str, topic: &str) -> Value {
        let log = self.mine(who, "messages/log").await;
        let mut rows = log["messages"].as_array().unwrap().iter().filter(|row| row["topic"] == topic);
        let (row, none) = (rows.next().unwrap(), rows.next());
        assert_eq!(none, None);
        row.clone()
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

fn want(topic: &str) -> Value {
    json!({"channels": {"sms": {topic: true}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_confirmed_by_its_code_and_an_order_is_texted_there_once() {
    for shape in SHAPES {
        for store in stores() {
            let market = Market::open(store, shape).await;
            let buyer = market.buyer.clone();
            let mine = market.mine(&buyer, "messages").await;
            let way = &mine["channels"]["sms"];
            assert_eq!((&way["offered"], &way["topics"]["order-held"]), (&json!(true), &json!(false)));
            market.choose(&buyer, &want("order-held")).await;

            let asked = market.ask(&buyer, " +254 712-345-678 ").await.expect(StatusCode::OK);
            assert_eq!((asked.text("asked"), asked.json()["number"].as_str()), (NUMBER.to_owned(), None));
            market.order(1).await;
            assert_eq!(market.round().await, Round { sent: 1, ..SENT }, "only the code: it is nobody's yet");
            let code = market.provider.taken().pop().unwrap();
            assert_eq!(code.to(), NUMBER);
            assert!(code.text().contains("is your code for market.example"), "{code:?}");
            assert_proven(&code, shape);
            let confirmed = market.confirm(&buyer, &format!(" {} ", code.code())).await;
            assert_eq!(confirmed.expect(StatusCode::OK).text("number"), NUMBER);

            market.order(2).await;
            assert_eq!(market.round().await, Round { made: 1, sent: 1, ..SENT });
            assert_eq!(market.round().await, Round::default(), "once is enough");
            let taken = market.provider.taken();
            let [text] = taken.as_slice() else { panic!("{taken:?}") };
            let expected =
                format!("Tea House set your order aside\nTotal: 9.00 EUR\n{ORIGIN}/my-orders/{}", id(2));
            assert_eq!((text.to(), text.text()), (NUMBER, expected.as_str()));
            let row = market.logged(&buyer, "order-held").await;
            assert_eq!((&row["channel"], &row["state"]), (&json!("sms"), &json!("sent")));
        }
    }
}

/// Whether the provider can tell who asks.
fn assert_proven(taken: &Taken, shape: SmsShape) {
    let header = |name: &str| taken.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let from = taken.field(["from", "From"]);
    match shape {
        SmsShape::Http => {
            assert_eq!((taken.path.as_str(), header("authorization")), ("/texts", "Bearer hush"));
            assert_eq!(taken.fields["id"].len(), 32);
        }
        SmsShape::Twilio => {
            let proof = format!("Basic {}", STANDARD.encode("AC1:hush"));
            assert_eq!(header("authorization"), proof);
            assert_eq!(taken.path, "/2010-04-01/Accounts/AC1/Messages.json");
        }
        SmsShape::AfricasTalking => {
            assert_eq!((header("apikey"), taken.field(["username", ""])), ("hush", "soko"));
        }
    }
    assert_eq!(from, "SOKO");
}

/// A provider calls a text by a name that PostgreSQL keeps nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_with_a_text_whose_name_cannot_be_kept_leaves_once() {
    for store in stores() {
        let market = Market::open(store, SmsShape::Twilio).await;
        let buyer = market.buyer.clone();
        market.confirmed(&buyer).await;
        market.choose(&buyer, &want("order-held")).await;
        let odd = (201, None, json!({"sid": "SM\u{0}1", "status": "queued"}).to_string());
        market.provider.answer(&[odd]);
        market.order(1).await;
        market.order(2).await;
        assert_eq!(market.round().await, Round { made: 2, sent: 2, ..SENT });
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round::default());
        assert_eq!(market.provider.taken().len(), 2, "each once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_is_given_up_and_a_provider_without_time_is_asked_again() {
    for shape in SHAPES {
        let market = Market::open(TestStore::sqlite(), shape).await;
        let buyer = market.buyer.clone();
        market.confirmed(&buyer).await;
        market.choose(&buyer, &want("order-held")).await;
        let (refused, words) = no_number(shape);
        market.provider.answer(&[(429, Some("7200"), String::new()), (500, None, "<html>".into()), refused]);
        market.order(1).await;
        assert_eq!(market.round().await, Round { made: 1, later: 1, ..SENT });
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round::default(), "it asked for two hours");
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round { later: 1, ..SENT });
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round { given_up: 1, ..SENT });
        let row = market.logged(&buyer, "order-held").await;
        let reason = row["reason"].as_str().unwrap();
        assert_eq!(row["state"], "given-up");
        assert!(reason.contains(words) && !reason.contains("712345678"), "{reason}");
        let taken = market.provider.taken();
        assert!(taken.len() == 3 && taken.iter().all(|one| one.fields == taken[0].fields), "{taken:?}");
        market.server().clock.advance_ms(3 * DAY_MS);
        assert_eq!(market.round().await, Round::default(), "it is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_five_tries_and_ten_minutes_and_the_old_number_until_then() {
    for store in stores() {
        let market = Market::open(store, SmsShape::Http).await;
        let (buyer, clock) = (market.buyer.clone(), &market.server().clock);
        market.confirm(&buyer, "000000").await.refused(StatusCode::CONFLICT, "telephone_code_over");
        market.confirmed(&buyer).await;
        clock.advance_ms(MINUTE_MS);
        // The number that is in force needs no code.
        market.ask(&buyer, NUMBER).await.expect(StatusCode::OK);
        assert_eq!(market.round().await, Round::default());

        let other = "+255 754 000 111";
        market.ask(&buyer, other).await.expect(StatusCode::OK);
        let code = market.code().await;
        let wrong = if code == "123456" { "123457" } else { "123456" };
        for _ in 0..4 {
            let answer = market.confirm(&buyer, wrong).await;
            answer.refused(StatusCode::UNPROCESSABLE_ENTITY, "telephone_code_wrong");
        }
        for guess in [wrong, code.as_str()] {
            market.confirm(&buyer, guess).await.refused(StatusCode::CONFLICT, "telephone_code_over");
        }
        let own = market.mine(&buyer, "messages").await["telephone"].clone();
        assert_eq!((&own["number"], own.get("asked")), (&json!(NUMBER), None));

        clock.advance_ms(MINUTE_MS);
        market.ask(&buyer, other).await.expect(StatusCode::OK);
        let code = market.code().await;
        clock.advance_ms(10 * MINUTE_MS);
        market.confirm(&buyer, &code).await.refused(StatusCode::CONFLICT, "telephone_code_over");

        // A code that does not leave in time does not leave at all, nor does one that another took the place of.
        market.provider.answer(&[(503, None, String::new()), (503, None, String::new())]);
        market.ask(&buyer, other).await.expect(StatusCode::OK);
        assert_eq!(market.round().await, Round { later: 1, ..SENT });
        clock.advance_ms(2 * MINUTE_MS);
        market.ask(&buyer, "+255 754 000 222").await.expect(StatusCode::OK);
        assert_eq!(market.round().await, Round { later: 1, dropped: 1, ..SENT });
        clock.advance_ms(10 * MINUTE_MS);
        assert_eq!(market.round().await, Round { dropped: 1, ..SENT });
        assert_eq!(market.mine(&buyer, "messages").await["telephone"]["number"], NUMBER);
        let gone = market.server().delete("/v1/me/telephone").bearer(&buyer).send().await;
        gone.expect(StatusCode::NO_CONTENT);
        assert_eq!(market.mine(&buyer, "messages").await["telephone"], json!({}));
        assert_eq!(market.provider.taken().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_pestered_with_codes() {
    for store in stores() {
        let market = Market::open(store, SmsShape::Http).await;
        let clock = &market.server().clock;
        let too_many = |answer: &Answer| answer.refused(StatusCode::TOO_MANY_REQUESTS, "too_many_codes");
        market.ask(&market.buyer, NUMBER).await.expect(StatusCode::OK);
        too_many(&market.ask(&market.buyer, "+254712345679").await);
        let baraka = market.server().person("baraka@example.org").await;
        too_many(&market.ask(&baraka, NUMBER).await);
        for who in [&market.buyer, &baraka, &baraka, &market.buyer] {
            clock.advance_ms(MINUTE_MS);
            market.ask(who, NUMBER).await.expect(StatusCode::OK);
        }
        clock.advance_ms(MINUTE_MS);
        too_many(&market.ask(&market.buyer, NUMBER).await);
        // Neither a new account nor an erased one is a way around it, and another number is another's.
        let erase = json!({"password": PASSWORD});
        market
            .server()
            .post("/v1/me/erasure", &erase)
            .bearer(&baraka)
            .send()
            .await
            .expect(StatusCode::NO_CONTENT);
        let again = market.server().person("baraka@example.org").await;
        too_many(&market.ask(&again, NUMBER).await);
        market.ask(&again, "+254712345679").await.expect(StatusCode::OK);
        clock.advance_ms(DAY_MS);
        market.ask(&market.buyer, NUMBER).await.expect(StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_waits_for_the_end_of_quiet_hours_and_is_one() {
    let market = Market::open(TestStore::sqlite(), SmsShape::Http).await;
    let buyer = market.buyer.clone();
    // 1,790,000,000 seconds is a quarter past two in the afternoon, and after five in Nairobi.
    let quiet =
        json!({"on": true, "from": "17:00", "to": "18:30", "zone": "Africa/Nairobi", "urgent_rings": false});
    market.choose(&buyer, &json!({"quiet": quiet, "language": "ar"})).await;
    // Whoever asks for a code is awake.
    market.confirmed(&buyer).await;
    market.choose(&buyer, &want("order-held")).await;
    market.order(1).await;
    assert_eq!(market.round().await, Round { made: 1, ..SENT });
    market.server().clock.advance_ms(2 * HOUR_MS);
    assert_eq!(market.round().await, Round { sent: 1, ..SENT });
    // In Arabic a text holds seventy letters: the link is what is left out.
    let text = market.provider.taken().pop().unwrap().text().to_owned();
    assert!(text.contains("9.00 EUR") && !text.contains("http"), "{text}");
    assert!(text.encode_utf16().count() <= 70, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_erased_gets_no_text_and_takes_the_number_along() {
    for store in stores() {
        let market = Market::open(store, SmsShape::Http).await;
        let buyer = market.buyer.clone();
        market.confirmed(&buyer).await;
        market.choose(&buyer, &want("order-held")).await;
        let all = market.mine(&buyer, "data").await;
        assert_eq!(
            (&all["telephone"]["number"], &all["wanted"]),
            (&json!(NUMBER), &json!(["sms order-held"]))
        );
        assert_eq!(all["unwanted"], json!([]));
        market.provider.answer(&[(503, None, String::new())]);
        market.order(1).await;
        assert_eq!(market.round().await, Round { made: 1, later: 1, ..SENT });
        market.provider.taken();
        let erased = market.server().post("/v1/me/erasure", &json!({"password": PASSWORD}));
        erased.bearer(&buyer).send().await.expect(StatusCode::NO_CONTENT);
        market.server().clock.advance_ms(HOUR_MS);
        assert_eq!(market.round().await, Round::default());
        assert!(market.provider.taken().is_empty());
        let kept = market.server().store.store.read(|tx| {
            let sql = "select (select count(*) from telephone) + (select count(*) from telephone_code)";
            tx.query_one(sql, params![])?.int(0)
        });
        assert_eq!(kept.await.map_err(StoreError::from).unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_costs_in_a_day_has_an_end() {
    let market = Market::open(TestStore::sqlite(), SmsShape::Http).await;
    let buyer = market.buyer.clone();
    market.confirmed(&buyer).await;
    market.choose(&buyer, &want("order-held")).await;
    let me = market.server().get("/v1/me").bearer(&buyer).send().await.expect(StatusCode::OK);
    let account = ThingId::from_hex(&me.text("account")).unwrap();
    let now_ms = market.server().app.now_ms();
    // With the code these are fifty.
    let left = market.server().store.store.write(Shard::stall(STALL), move |tx| {
        for one in 0..49_u8 {
            let sql = "insert into message (message, topic, account, state, due_ms, tries, reason, made_ms, channel, detail, done_ms)
                       values ($1, 10, $2, 2, $3, 1, '', $3, 4, 0, $3)";
            tx.run(sql, params![ThingId([one; 16]), account, now_ms])?;
        }
        Ok::<_, StoreError>(())
    });
    left.await.map_err(StoreError::from).unwrap();
    market.order(1).await;
    assert_eq!(market.round().await, Round { made: 1, given_up: 1, ..SENT });
    market.server().clock.advance_ms(DAY_MS);
    market.order(2).await;
    assert_eq!(market.round().await, Round { made: 1, sent: 1, ..SENT });
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_none_are_refused_with_a_sentence() {
    let market = Market::open(TestStore::sqlite(), SmsShape::Http).await;
    let (server, buyer) = (market.server(), market.buyer.clone());
    for wrong in ["", "0712 345 678", "+254 CALL ME", "+1", "+12345678901234567"] {
        let answer = market.ask(&buyer, wrong).await;
        answer.refused(StatusCode::UNPROCESSABLE_ENTITY, "telephone_unreadable");
    }
    let test = async || {
        let body = json!({"channel": "sms"});
        server.post("/v1/me/messages/test", &body).bearer(&buyer).send().await
    };
    test().await.refused(StatusCode::CONFLICT, "no_telephone");
    market.confirmed(&buyer).await;
    test().await.expect(StatusCode::ACCEPTED);
    assert_eq!(market.round().await, Round { sent: 1, ..SENT });
    assert!(market.provider.taken()[0].text().starts_with("This is a test"));
    let nobody = server.put("/v1/me/telephone", &json!({"number": NUMBER})).send().await;
    nobody.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    // Where nobody takes texts, there is no number to say.
    let closed = TestServer::new();
    let somebody = closed.person("amina@example.org").await;
    let answer = closed.put("/v1/me/telephone", &json!({"number": NUMBER})).bearer(&somebody).send().await;
    answer.refused(StatusCode::CONFLICT, "no_channel");
}
