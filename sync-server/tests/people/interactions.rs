//! What shoppers who agreed met in the shop, on every engine: kept once, bounded, forgotten when asked, swept, told to nobody by name.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::ids::{Hash, ProductId, ThingId};
use soko_domain::interaction::{KEPT_HOURS, Met, Place, hour};
use soko_experiment::ArmCounts;
use soko_record_log::{StoreError, Tx};
use soko_sync_server::guard::limits::Rates;
use soko_sync_server::interactions::{self, Interaction, PERSON_MAX};
use soko_sync_server::outside::Clock as _;
use soko_sync_server::store::Shard;
use soko_sync_server::sweep::sweep;

use crate::common::server::{Answer, OPERATOR_KEY, PASSWORD, TestServer, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, secret, stores};

const PATH: &str = "/v1/interactions";

fn met(server: &TestServer, id: u8, word: &str) -> Value {
    json!({"id": ThingId([id; 16]).to_string(), "met": word, "place": "home", "stall": STALL.to_string(),
        "product": TEA.to_string(), "hour": hour(server.clock.now_ms())})
}

fn with(mut it: Value, field: &str, value: Value) -> Value {
    it[field] = value;
    it
}

async fn say_as(server: &TestServer, token: &str, all: &[Value]) -> Answer {
    server.post(PATH, &json!({"interactions": all})).bearer(token).send().await
}

async fn say_as_guest(server: &TestServer, guest: u8, all: &[Value]) -> Answer {
    server.post(PATH, &json!({"interactions": all})).header("soko-buyer", &secret(guest)).send().await
}

/// What is kept of whoever is signed in.
async fn kept(server: &TestServer, token: &str) -> Vec<Value> {
    let all = server.get("/v1/me/data").bearer(token).send().await.expect(StatusCode::OK).json();
    all["interactions"].as_array().unwrap().clone()
}

async fn funnel(server: &TestServer, token: &str) -> Value {
    let path = format!("/v1/stalls/{STALL}/funnel?days=28");
    server.get(&path).bearer(token).send().await.expect(StatusCode::OK).json()
}

async fn read<T: Send + 'static>(
    server: &TestServer,
    work: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
) -> T {
    server.app.store().write(Shard::stall(STALL), work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_twice_is_kept_once_and_is_told_to_whoever_it_is_of() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        let model = Hash([7; 32]).to_string();
        let tapped = with(met(server, 2, "followed"), "model", json!(model));
        let tapped = with(with(tapped, "experiment", json!("home-2")), "arm", json!("b"));
        let late = with(met(server, 3, "opened"), "hour", json!(9_000_000));
        let old = with(met(server, 4, "seen"), "hour", json!(hour(server.clock.now_ms()) - KEPT_HOURS - 1));
        let nowhere = with(met(server, 5, "seen"), "product", json!(ProductId([9; 16]).to_string()));
        let all = [met(server, 1, "seen"), tapped.clone(), late.clone(), old, nowhere];
        for _ in 0..2 {
            say_as(server, &amina, &all).await.expect(StatusCode::NO_CONTENT);
        }
        // The same identity says nothing else later, and another person cannot take it.
        let baraka = server.person("baraka@example.org").await;
        for token in [&amina, &baraka] {
            say_as(server, token, &[met(server, 1, "ordered")]).await.expect(StatusCode::NO_CONTENT);
        }
        let now = with(late, "hour", met(server, 3, "opened")["hour"].clone());
        assert_eq!(kept(server, &amina).await, [met(server, 1, "seen"), tapped, now]);
        assert_eq!(kept(server, &baraka).await, [] as [Value; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_is_refused_with_its_reason_and_nothing_of_it_is_kept() {
    let shop = Shop::open(stores().remove(0), core(), 2).await;
    let server = &shop.server;
    let amina = server.person("amina@example.org").await;
    let good = || met(server, 1, "seen");
    for (field, value) in [
        ("id", json!("zz")),
        ("met", json!("stared")),
        ("place", json!("moon")),
        ("stall", json!("")),
        ("product", json!(7)),
        ("hour", json!(-1)),
        ("hour", json!("now")),
        ("hour", json!(1.5)),
        ("model", json!("ab")),
        ("experiment", json!("without-arm")),
        ("arm", json!("without experiment")),
        ("who", json!("somebody else")),
    ] {
        let said = say_as(server, &amina, &[good(), with(good(), field, value)]).await;
        said.refused(StatusCode::BAD_REQUEST, "malformed");
    }
    let long = with(with(good(), "arm", json!("x")), "experiment", json!("x".repeat(41)));
    say_as(server, &amina, &[long]).await.refused(StatusCode::BAD_REQUEST, "malformed");
    say_as(server, &amina, &[]).await.refused(StatusCode::BAD_REQUEST, "malformed");
    say_as(server, &amina, &vec![good(); 65]).await.refused(StatusCode::BAD_REQUEST, "malformed");
    let huge = with(good(), "experiment", json!("x".repeat(40_000)));
    say_as(server, &amina, &[huge]).await.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
    // A stall's device is nobody who shops, and neither is nobody.
    let register = shop.register(2, "cashier").await;
    say_as(server, &register.access, &[good()]).await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    say_as(server, "nobody", &[good()]).await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    let odd = server.post(PATH, &json!({"interactions": [good()]})).header("soko-buyer", "12").send().await;
    odd.refused(StatusCode::BAD_REQUEST, "malformed");
    assert_eq!(kept(server, &amina).await, [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_that_one_place_makes_up_run_into_a_limit() {
    let wanted = Wanted { rates: Some(Rates::default()), core: Some(core()), ..Wanted::default() };
    let shop = Shop::open_wanted(stores().remove(0), core(), 2, wanted).await;
    let mut refused = 0;
    for guest in 0..200 {
        let said = say_as_guest(&shop.server, guest, &[met(&shop.server, guest, "seen")]).await;
        refused += u32::from(said.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 100, "only {refused} were refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_it_back_or_ends_the_account_leaves_nothing() {
    for store in stores() {
        let shop = Shop::open(store, core(), 9).await;
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        let count = |server| {
            read(server, |tx| tx.query_one("select count(*) from interaction", &[])?.number::<u32>(0))
        };
        say_as(server, &amina, &[met(server, 1, "seen")]).await.expect(StatusCode::NO_CONTENT);
        say_as_guest(server, 1, &[met(server, 2, "seen")]).await.expect(StatusCode::NO_CONTENT);
        say_as_guest(server, 2, &[met(server, 3, "seen")]).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(count(server).await, 3);
        // A guest takes back what is theirs, and nothing else.
        let forget = |guest: u8| server.delete(PATH).header("soko-buyer", &secret(guest)).send();
        for _ in 0..2 {
            forget(2).await.expect(StatusCode::NO_CONTENT);
        }
        assert_eq!(count(server).await, 2);
        server.delete(PATH).send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        // What the account said as a guest is the account's, to be seen and to be ended.
        shop.order(1, 9, 1).send().await.expect(StatusCode::CREATED);
        let was = server.ask(Method::POST, "/v1/me/guest").bearer(&amina).header("soko-buyer", &secret(1));
        was.send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(kept(server, &amina).await.len(), 2);
        server.delete(PATH).bearer(&amina).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!((kept(server, &amina).await.len(), count(server).await), (0, 0));
        for id in [4, 5] {
            say_as(server, &amina, &[met(server, id, "seen")]).await.expect(StatusCode::NO_CONTENT);
        }
        say_as_guest(server, 1, &[met(server, 6, "put")]).await.expect(StatusCode::NO_CONTENT);
        say_as_guest(server, 2, &[met(server, 7, "put")]).await.expect(StatusCode::NO_CONTENT);
        let erase = server.post("/v1/me/erasure", &json!({"password": PASSWORD})).bearer(&amina).send().await;
        erase.expect(StatusCode::NO_CONTENT);
        assert_eq!(count(server).await, 1, "another guest's stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_hears_how_far_people_came_and_of_few_only_that_they_are_few() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let server = &shop.server;
        assert_eq!(
            funnel(server, &shop.owner).await,
            json!({"days": 28, "all": {"seen": 0, "opened": 0, "put": 0, "ordered": 0}, "products": []})
        );
        // Nine saw it, six of them opened it, one without having seen it; two put it, one ordered.
        let mut id = 0;
        for (word, guests) in [("seen", 1..=8), ("opened", 4..=9), ("put", 8..=9), ("ordered", 9..=9)] {
            for guest in guests {
                id += 1;
                let said = [met(server, id, word), met(server, id + 100, "liked")];
                say_as_guest(server, guest, &said).await.expect(StatusCode::NO_CONTENT);
            }
        }
        let steps = json!({"seen": 9, "opened": 6, "put": null, "ordered": null});
        let told = funnel(server, &shop.owner).await;
        assert_eq!(told["all"], steps);
        let product =
            json!({"product": TEA.to_string(), "seen": 9, "opened": 6, "put": null, "ordered": null});
        assert_eq!(told["products"], json!([product]));
        // The market's operator is told the same of all stalls together.
        let market = server.get("/v1/operator/funnel").bearer(OPERATOR_KEY).send().await;
        assert_eq!(market.expect(StatusCode::OK).json(), steps);
        assert_eq!(
            server.get("/v1/operator/funnel").bearer(&shop.owner).send().await.status,
            StatusCode::UNAUTHORIZED
        );
        // Whoever may not see what was sold sees none of it, and other days are not asked for.
        let path = format!("/v1/stalls/{STALL}/funnel?days=28");
        let cashier = shop.member("cashier@example.org", "cashier").await;
        assert_eq!(server.get(&path).bearer(&cashier).send().await.status, StatusCode::FORBIDDEN);
        let stranger = server.person("stranger@example.org").await;
        server.get(&path).bearer(&stranger).send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        let odd = server.get(&format!("/v1/stalls/{STALL}/funnel?days=1")).bearer(&shop.owner).send().await;
        odd.refused(StatusCode::BAD_REQUEST, "malformed");
        // Weeks later nobody came, and after four hundred days nothing is left.
        server.clock.advance_ms(29 * 24 * 3_600_000);
        let owner = server.signed_in("owner@example.org").await;
        assert_eq!(funnel(server, &owner).await["all"]["seen"], json!(0));
        server.clock.advance_ms((KEPT_HOURS - 29 * 24) * 3_600_000);
        assert_eq!(sweep(&server.app).await.unwrap(), 0);
        server.clock.advance_ms(3_600_000);
        assert_eq!(sweep(&server.app).await.unwrap(), 2 * u64::from(id));
    }
}

fn interaction(number: u64, met: Met, (experiment, arm): (&str, &str)) -> Interaction {
    let mut id = ThingId::default();
    id.0[..8].copy_from_slice(&number.to_be_bytes());
    Interaction {
        id,
        met,
        place: Place::Home,
        stall: STALL,
        product: TEA,
        hour: 100 + i64::try_from(number).unwrap(),
        model: None,
        experiment: experiment.to_owned(),
        arm: arm.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_arm_is_counted_by_itself_and_nobody_fills_the_store() {
    for store in stores() {
        let shop = Shop::open(store, core(), 2).await;
        let now_ms = 3_600_000 * 1_000_000;
        let [one, other, third, both, guest, same, own_guest] =
            [1, 2, 4, 5, 6, 7, 8].map(|it| ThingId([it; 16]));
        let arms = read(&shop.server, move |tx| {
            let said = [
                (one, interaction(1, Met::Suggested, ("home", "a"))),
                (one, interaction(2, Met::Suggested, ("home", "a"))),
                (other, interaction(3, Met::Suggested, ("home", "a"))),
                (one, interaction(4, Met::Followed, ("home", "a"))),
                (third, interaction(5, Met::Suggested, ("home", "b"))),
                (third, interaction(6, Met::Ordered, ("home", "b"))),
                (other, interaction(7, Met::Ordered, ("", ""))),
                // Somebody with two devices in two arms, and a guest of the one who is signed in on the other: of neither.
                (both, interaction(8, Met::Suggested, ("home", "a"))),
                (both, interaction(9, Met::Followed, ("home", "b"))),
                (guest, interaction(1_000_001, Met::Suggested, ("home", "a"))),
                (same, interaction(1_000_002, Met::Suggested, ("home", "b"))),
                // A guest who signed in and stayed in the arm is one person.
                (own_guest, interaction(1_000_003, Met::Suggested, ("home", "b"))),
                (third, interaction(1_000_004, Met::Suggested, ("home", "b"))),
            ];
            for (guest, account) in [(guest, same), (own_guest, third)] {
                let sql = "insert into guest_account (guest, account, at_ms) values ($1, $2, 1)";
                tx.run(sql, soko_record_log::params![guest, account])?;
            }
            for (who, mut it) in said {
                it.hour = 999_100;
                interactions::keep(tx, who, &[it], now_ms)?;
            }
            Ok((interactions::people_of(tx, ("home", "a"))?, interactions::people_of(tx, ("home", "b"))?))
        });
        let a = ArmCounts { people: 2, shown: 2, tapped: 1, ..ArmCounts::default() };
        let b = ArmCounts { people: 1, shown: 1, ordered: 1, ..ArmCounts::default() };
        assert_eq!(arms.await, (a, b));
        // The oldest of whoever says more than anybody meets make room.
        let hoarder = ThingId([3; 16]);
        let most = u64::try_from(PERSON_MAX).unwrap();
        let left = read(&shop.server, move |tx| {
            let all: Vec<Interaction> =
                (10..most + 15).map(|it| interaction(it, Met::Seen, ("", ""))).collect();
            interactions::keep(tx, hoarder, &all, 3_600_000)?;
            interactions::keep(tx, hoarder, &all, 3_600_000 * 5_000)?;
            let sql = "select count(*) from interaction where who = $1";
            let count = tx.query_one(sql, soko_record_log::params![hoarder])?.int(0)?;
            let sql = "select count(distinct who) from interaction";
            Ok((count, tx.query_one(sql, &[])?.int(0)?))
        });
        assert_eq!(left.await, (PERSON_MAX, 8));
    }
}
