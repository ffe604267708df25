//! The operator's page of models and experiments.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::entry::{SaleMade, SaleVoided};
use soko_domain::ids::{Hash, LogId, ProductId, ShareId, ThingId};
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};
use soko_experiment::ArmCounts;
use soko_experiment::judge::Verdict;
use soko_record_log::StoreError;
use soko_sync_server::experiments;
use soko_sync_server::model::{self, Looks, NotTrained, Trained};
use soko_sync_server::outside::{Clock as _, SystemClock};
use soko_sync_server::store::Shard;

use crate::common::server::{OPERATOR_KEY, TestServer};
use crate::common::shop::{STALL, Shop, core, id, orders, secret, stores};
use crate::{named, put, teas};

pub(crate) const MANGO: u8 = 0x3a;
pub(crate) const FIG: u8 = 0x3b;

/// So many more sales of both, and what the server learns from all of them.
pub(crate) async fn learn(shop: &mut Shop, numbers: std::ops::Range<u8>) -> Trained {
    learn_with(shop, (numbers, MANGO)).await
}

async fn learn_with(shop: &mut Shop, sold: (std::ops::Range<u8>, u8)) -> Trained {
    let now_ms = shop.server.app.now_ms();
    sell(shop, sold, now_ms).await;
    train(shop)
}

/// Sales of tea beside something else, by the register's clock.
pub(crate) async fn sell(shop: &mut Shop, (numbers, other): (std::ops::Range<u8>, u8), at_ms: i64) {
    for number in numbers {
        shop.register.device.write([tea_with(number, other).into()], at_ms).unwrap();
    }
    shop.exchange().await;
}

/// A sale of tea beside something else.
fn tea_with(number: u8, other: u8) -> SaleMade {
    let mut sale = teas(number, 1);
    let line = sale.lines.first().cloned().unwrap();
    sale.lines.push(soko_domain::entry::SaleLine { product: Some(ProductId([other; 16])), ..line });
    sale.total_minor *= 2;
    sale.tenders[0].amount_minor *= 2;
    sale
}

/// Whose turn to train it is, by a clock.
async fn give_turn(shop: &Shop, until_ms: i64) {
    let put = move |tx: &mut dyn soko_record_log::Tx| {
        let sql = "insert into training (only_row, holder, until_ms) values (1, $1, $2)
                   on conflict (only_row) do update set holder = excluded.holder, until_ms = excluded.until_ms";
        tx.execute(sql, soko_record_log::params![ThingId([9; 16]), until_ms])
    };
    shop.server.app.store().write(Shard::stall(LogId::default()), put).await.unwrap();
}

/// Two servers on one store do not both train, one that ended keeps nobody waiting, and what was stopped is as if it had not been.
#[tokio::test(flavor = "multi_thread")]
async fn one_trains_at_a_time_and_may_be_stopped() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        let now_ms = shop.server.app.now_ms();
        sell(&mut shop, (1..61, MANGO), now_ms).await;
        let (store, stopped_at) = (shop.server.app.store().clone(), "training");
        let try_to = move |stops: bool| {
            let store = store.clone();
            let tell = move |_: usize, what: &str| match stops && what == stopped_at {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            std::thread::spawn(move || model::train(&store, now_ms, &tell)).join().unwrap()
        };
        let clock_ms = SystemClock.now_ms();
        give_turn(&shop, clock_ms + 60_000).await;
        assert!(matches!(try_to(false), Err(NotTrained::Elsewhere)));
        give_turn(&shop, clock_ms - 1).await;
        assert!(matches!(try_to(true), Err(NotTrained::Stopped)));
        let kept = shop.server.app.store().read(model::list).await.unwrap();
        assert!(kept.is_empty());
        assert!(try_to(false).unwrap().is_in_use, "the turn was given back");
    }
}

/// Neither the command nor what it says changes anything.
#[tokio::test(flavor = "multi_thread")]
async fn models_are_asked_how_much_they_find_and_why() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        let trained = learn(&mut shop, 1..61).await;
        let (store, now_ms) = (shop.server.app.store().clone(), shop.server.app.now_ms());
        let asked = std::thread::spawn(move || {
            let evaluated = model::evaluate(&store, now_ms, &|_, _| ControlFlow::Continue(())).unwrap();
            let words = ["Mango".to_owned(), "Papaya".to_owned()];
            (evaluated, model::explain(&store, None, &words).unwrap())
        });
        let (evaluated, explained) = asked.join().unwrap();
        assert_eq!((evaluated.model.tested, evaluated.model.found), (6, 1.0));
        assert_eq!(evaluated.kept.len(), 1);
        assert_eq!(
            (evaluated.kept[0].0.model, evaluated.kept[0].1),
            (trained.model, None),
            "it learnt from all"
        );
        let (mango, tea) = (ProductId([MANGO; 16]), crate::TEA);
        assert_eq!(explained.basket, [(mango, "Mango".to_owned())]);
        assert_eq!(explained.unknown, ["Papaya"]);
        let because = "bought with Mango in about 60 of 60 baskets".to_owned();
        assert_eq!(explained.goes_with, [(tea, "Crème tea".to_owned(), because)]);
    }
}

/// One customer of a stall who buys the same two things again and again says it once.
#[tokio::test(flavor = "multi_thread")]
async fn a_regular_at_the_counter_is_one_voice() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        put(&mut shop, FIG, &named("Fig"));
        let now_ms = shop.server.app.now_ms();
        for number in 1..16 {
            let sale = SaleMade { customer: Some(ThingId([7; 16])), ..tea_with(number, MANGO) };
            shop.register.device.write([sale.into()], now_ms).unwrap();
        }
        sell(&mut shop, (16..76, FIG), now_ms).await;
        let (store, model) = (shop.server.app.store().clone(), train(&shop).model);
        let words = ["Mango".to_owned()];
        let explained = std::thread::spawn(move || model::explain(&store, Some(model), &words).unwrap());
        let explained = explained.join().unwrap();
        assert_eq!(explained.goes_with, []);
        let is_told = |it: &(ProductId, String, String)| it.2.contains("had Mango");
        assert!(!explained.for_whom.iter().any(is_told), "nor learnt from: {:?}", explained.for_whom);
    }
}

/// What was taken back, and what a wrong clock puts into the future.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_learnt_from_sales_that_do_not_stand_or_are_still_to_come() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        let before = learn(&mut shop, 1..61).await.card;
        let now_ms = shop.server.app.now_ms();
        sell(&mut shop, (61..71, MANGO), now_ms + 400 * 86_400_000).await;
        for number in 71..81 {
            sell(&mut shop, (number..number + 1, MANGO), now_ms).await;
            let SaleMade { sale, shift, .. } = teas(number, 1);
            let reason = "try".to_owned();
            let void = SaleVoided { sale, shift, reason, units: Vec::new(), cash_back_minor: 0 };
            shop.register.device.write([void.into()], now_ms).unwrap();
        }
        shop.exchange().await;
        let after = train(&shop).card;
        assert_eq!((after.baskets, after.to_ms <= now_ms), (before.baskets, true));
    }
}

/// Whoever orders and calls it off, or never comes, has bought nothing: it costs nothing to be a guest.
#[tokio::test(flavor = "multi_thread")]
async fn only_orders_that_were_handed_over_teach_anything() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        for (product, name) in [(MANGO, "Mango"), (FIG, "Fig")] {
            put(&mut shop, product, &named(name));
        }
        stock(&mut shop, MANGO);
        stock(&mut shop, FIG);
        let before = learn_with(&mut shop, (1..61, FIG)).await.card;
        let order = async |shop: &Shop, number: u8| {
            let lines =
                [FIG, MANGO].map(|it| json!({"product": ProductId([it; 16]).to_string(), "quantity": 1}));
            let order = json!({"order": id(number), "lines": lines});
            let placed = shop.server.post(&orders(), &order).header("soko-buyer", &secret(number));
            placed.send().await.expect(StatusCode::CREATED);
        };
        for number in 1..7 {
            order(&shop, number).await;
        }
        for number in 1..4 {
            let path = format!("{}/{}/cancel", orders(), id(number));
            let end = shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(number));
            end.send().await.expect(StatusCode::OK);
        }
        let mango = ["Mango".to_owned()];
        let with_mango = async |shop: &Shop, model| {
            let (store, words) = (shop.server.app.store().clone(), mango.clone());
            let asked = std::thread::spawn(move || model::explain(&store, Some(model), &words).unwrap());
            asked.join().unwrap().goes_with
        };
        let after = train(&shop);
        assert_eq!(after.card.baskets, before.baskets, "three were called off, three wait");
        assert_eq!(with_mango(&shop, after.model).await, []);
        for number in 4..7 {
            shop.hand_over(number).await;
        }
        let after = train(&shop);
        assert_eq!((after.card.baskets, after.card.people), (before.baskets + 3, 3));
        let because = "bought with Mango in about 3 of 3 baskets".to_owned();
        assert_eq!(with_mango(&shop, after.model).await, [(ProductId([FIG; 16]), "Fig".to_owned(), because)]);
    }
}

/// Units of a product that the shop may promise.
pub(crate) fn stock(shop: &mut Shop, product: u8) {
    let device = &mut shop.register.device;
    let (product, quantity) = (ProductId([product; 16]), 2_000);
    let line = soko_domain::entry::ReceivedLine { product, quantity, cost_minor: None };
    let received = ReceiveStock { delivery: ThingId(product.0), lines: vec![line], note: String::new() };
    device.write(receive_stock::decide(&received).unwrap(), crate::AT_MS).unwrap();
    let facts = return_share::Facts { frozen: false, own_share: quantity };
    let back = ReturnShare { share: ShareId(product.0), product, quantity: 600, recall: None };
    device.write(return_share::decide(&facts, &back).unwrap(), crate::AT_MS).unwrap();
}

pub(crate) fn train(shop: &Shop) -> Trained {
    // What comes later is later.
    shop.server.clock.advance_ms(1);
    let now_ms = shop.server.app.now_ms();
    let store = shop.server.store.store.clone();
    // A thread that may wait.
    std::thread::spawn(move || model::train(&store, now_ms, &|_, _| ControlFlow::Continue(())))
        .join()
        .unwrap()
        .unwrap()
}

async fn note(shop: &Shop, experiment: ThingId, counts: [ArmCounts; 2]) -> Option<Verdict> {
    let now_ms = shop.server.app.now_ms();
    let work = move |tx: &mut dyn soko_record_log::Tx| {
        experiments::note(tx, experiment, &counts, now_ms).map_err(|error: StoreError| error)
    };
    shop.server.store.store.write(Shard::stall(LogId::default()), work).await.unwrap()
}

async fn overview(server: &TestServer) -> Value {
    server.get("/v1/operator/models").bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json()
}

async fn published(server: &TestServer) -> Value {
    server.get("/v1/model").send().await.expect(StatusCode::OK).json()
}

async fn use_model(server: &TestServer, model: &str, because: &str) -> crate::common::server::Answer {
    let path = format!("/v1/operator/models/{model}/use");
    server.clock.advance_ms(1);
    server.post(&path, &json!({"because": because})).bearer(OPERATOR_KEY).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_goes_back_to_another_model_with_a_reason_that_stays() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        let server = &shop.server;
        server.get("/v1/operator/models").send().await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        assert_eq!(overview(server).await, json!({"models": [], "acts": [], "experiments": []}));
        for path in ["/operator/models", "/operator/models.js", "/operator/parts.js"] {
            let page = server.get(path).send().await.expect(StatusCode::OK);
            assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
        }

        let first = learn(&mut shop, 1..61).await.model.to_string();
        let second = learn(&mut shop, 61..71).await.model.to_string();
        let server = &shop.server;
        let seen = overview(server).await;
        assert_eq!(published(server).await["model"], json!(second));
        let kept: Vec<_> =
            seen["models"].as_array().unwrap().iter().map(|it| it["is_in_use"].clone()).collect();
        assert_eq!(kept.iter().filter(|it| **it == json!(true)).count(), 1, "{seen}");
        let row = |seen: &Value, model: &str| {
            seen["models"].as_array().unwrap().iter().find(|it| it["model"] == json!(model)).cloned().unwrap()
        };
        assert_eq!(row(&seen, &first)["why"], json!("Kept aside: it was in use before"));
        let newest = row(&seen, &second);
        assert_eq!(newest["parameters"]["EASE weight"], json!(0.45));
        let between = |key: &str| newest[key].as_f64().unwrap();
        assert!(between("low") <= between("found") && between("found") <= between("high"), "{newest}");
        assert!(between("high") - between("low") > 0.1, "seven baskets say little: {newest}");

        use_model(server, &first, " ").await.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_reason");
        use_model(server, &"0".repeat(64), "why not").await.refused(StatusCode::NOT_FOUND, "no_such_model");
        let path = format!("/v1/operator/models/{first}/use");
        let stranger = server.post(&path, &json!({"because": "mine"})).bearer(&shop.owner).send().await;
        stranger.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        assert_eq!(published(server).await["model"], json!(second));
        use_model(server, &first, "the new one suggests ice in winter").await.expect(StatusCode::NO_CONTENT);
        assert_eq!(published(server).await["model"], json!(first));
        let seen = overview(server).await;
        assert_eq!(row(&seen, &first)["why"], json!("In use: the new one suggests ice in winter"));
        assert_eq!(row(&seen, &second)["why"], json!("Kept aside: it was in use before"));
        let acts = seen["acts"].as_array().unwrap();
        let chosen: Vec<_> = acts.iter().filter(|it| it["act"] == json!("chosen")).collect();
        assert_eq!((acts.len(), chosen.len()), (3, 1), "{acts:?}");
        assert_eq!(chosen[0]["because"], json!("the new one suggests ice in winter"));
    }
}

fn wanted(models: [&str; 2]) -> Value {
    let arm = |(name, model): (&str, &str)| json!({"name": name, "share_ppm": 400_000, "model": model});
    json!({"name": "old or new", "aim": "tapped", "worth_ppm": 10_000, "people_min": 100, "people_max": 50_000,
        "ordered_margin_ppm": 5_000, "dismissed_margin_ppm": 5_000,
        "arms": [arm(("A", models[0])), arm(("B", models[1]))]})
}

async fn begin(server: &TestServer, wanted: &Value) -> crate::common::server::Answer {
    server.post("/v1/operator/experiments", wanted).bearer(OPERATOR_KEY).send().await
}

async fn refused_wishes(server: &TestServer, (first, good): (&str, &Value)) {
    for (key, value, status, code) in [
        ("name", json!(" "), 422, "bad_experiment"),
        ("aim", json!("shown"), 422, "bad_experiment"),
        ("worth_ppm", json!(0), 422, "bad_experiment"),
        ("people_min", json!(99), 422, "bad_experiment"),
        ("people_max", json!(99), 422, "bad_experiment"),
        ("arms", json!([]), 422, "bad_experiment"),
        ("arms", wanted([first, first])["arms"].clone(), 422, "bad_experiment"),
        ("arms", wanted([first, &"0".repeat(64)])["arms"].clone(), 422, "no_such_model"),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        begin(server, &bad).await.refused(StatusCode::from_u16(status).unwrap(), code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_is_published_ends_by_itself_and_keeps_its_models() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        begin(&shop.server, &wanted([&"1".repeat(64), &"2".repeat(64)]))
            .await
            .refused(StatusCode::CONFLICT, "no_model");
        let first = learn(&mut shop, 1..61).await.model.to_string();
        let second = learn(&mut shop, 61..71).await.model.to_string();
        let server = &shop.server;
        let good = wanted([&first, &second]);
        refused_wishes(server, (&first, &good)).await;
        server
            .post("/v1/operator/experiments", &good)
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        let id = begin(server, &good).await.expect(StatusCode::CREATED).text("experiment");
        begin(server, &good).await.refused(StatusCode::CONFLICT, "experiment_runs");
        let out = published(server).await["experiment"].clone();
        assert_eq!(out["experiment"], json!(id));
        assert_eq!(out["arms"][0], json!({"share_ppm": 400_000, "model": first, "explores": true}));

        // More models than are kept: those that are tried out stay.
        for number in 71..78 {
            learn(&mut shop, number..number + 1).await;
        }
        let server = &shop.server;
        for model in [&first, &second] {
            server.get(&format!("/v1/models/{model}")).send().await.expect(StatusCode::OK);
        }
        let experiment = ThingId::from_hex(&id).unwrap();
        let arm = |people, tapped| ArmCounts { people, shown: people, tapped, ..ArmCounts::default() };
        assert_eq!(note(&shop, ThingId([9; 16]), [arm(5_000, 0), arm(5_000, 900)]).await, None);
        assert_eq!(note(&shop, experiment, [arm(500, 12), arm(500, 15)]).await, Some(Verdict::TooEarly));
        let row = overview(server).await["experiments"][0].clone();
        assert_eq!(row["ended_ms"], Value::Null);
        assert!(row["sentence"].as_str().unwrap().starts_with("Too early to say"), "{row}");
        let better = [arm(5_000, 120), arm(5_000, 220)];
        assert_eq!(note(&shop, experiment, better).await, Some(Verdict::Better { arm: 1 }));
        assert_eq!(note(&shop, experiment, [arm(6_000, 0), arm(6_000, 0)]).await, None, "it ended");
        assert!(published(server).await.get("experiment").is_none());
        let row = overview(server).await["experiments"][0].clone();
        let sentence = "B is better: 4.4 % against 2.4 % of the people tapped a suggestion, at most 1 in 1,000 by chance.";
        assert_eq!(row["sentence"], json!(sentence));
        assert!(row["ended_ms"].is_i64() && row["arms"][1]["tapped"] == json!(220), "{row}");

        let next = begin(server, &good).await.expect(StatusCode::CREATED).text("experiment");
        let end = |id: &str| {
            server
                .post(&format!("/v1/operator/experiments/{id}/end"), &json!({"because": "a mistake"}))
                .bearer(OPERATOR_KEY)
        };
        end(&id).send().await.refused(StatusCode::NOT_FOUND, "no_such_experiment");
        end(&next).send().await.expect(StatusCode::NO_CONTENT);
        let rows = overview(server).await["experiments"].clone();
        assert!(
            rows.as_array()
                .unwrap()
                .iter()
                .any(|it| it["sentence"] == json!("Ended by the operator: a mistake")),
            "{rows}"
        );
    }
}

/// What somebody did with these products, under identities that begin with a number of their own.
async fn tell(server: &TestServer, who: (&str, u8), met: &str, products: impl Iterator<Item = u8>) {
    let it = |(at, product): (u16, u8)| {
        let mut id = [who.1; 16];
        id[..2].copy_from_slice(&at.to_be_bytes());
        let hour = soko_domain::interaction::hour(server.app.now_ms());
        json!({"id": ThingId(id).to_string(), "met": met, "place": "home", "stall": STALL.to_string(),
            "product": ProductId([product; 16]).to_string(), "hour": hour})
    };
    let all: Vec<Value> = (0..).zip(products).map(it).collect();
    for portion in all.chunks(64) {
        let said =
            server.post("/v1/interactions", &json!({"interactions": portion})).bearer(who.0).send().await;
        said.expect(StatusCode::NO_CONTENT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn training_learns_from_likes_of_those_who_agreed_and_from_nobody_who_likes_everything() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        for product in 0x80..0xc0 {
            put(&mut shop, product, &named(&format!("Thing {product}")));
        }
        let bought = learn(&mut shop, 1..61).await;
        assert_eq!((bought.card.met, bought.card.people), (0, 0));
        let server = &shop.server;
        let amina = server.person("amina@example.org").await;
        let baraka = server.person("baraka@example.org").await;
        let chidi = server.person("chidi@example.org").await;
        let dalila = server.person("dalila@example.org").await;
        tell(server, (&amina, 1), "liked", 0x80..0x84).await;
        tell(server, (&amina, 2), "opened", 0x84..0x86).await;
        assert_eq!(train(&shop).model, bought.model, "what one person alone likes says nothing to others");
        for (who, number) in [(&chidi, 0x11), (&dalila, 0x21)] {
            tell(server, (who, number), "liked", 0x80..0x84).await;
            tell(server, (who, number + 1), "opened", 0x84..0x86).await;
        }
        let liked = train(&shop);
        assert_eq!((liked.card.met, liked.card.parameters["weight of likes"]), (18, 0.5));
        assert_ne!(liked.model, bought.model);
        // To have seen something is no taste.
        tell(server, (&amina, 3), "seen", 0x90..0xa0).await;
        assert_eq!(train(&shop).model, liked.model);
        // Another account likes and looks at everything, again and again: the model is the same to the last bit.
        let everything = || (0x80..0xc0).chain([MANGO]).cycle().take(65 * 10);
        for (number, met) in [(4, "liked"), (5, "opened"), (6, "put"), (7, "dismissed")] {
            tell(server, (&baraka, number), met, everything()).await;
            assert_eq!(train(&shop).model, liked.model, "{met}");
        }
        // Sending away says something, and so does liking once; what is taken back says nothing any more.
        for (who, number) in [(&amina, 8), (&chidi, 0x18), (&dalila, 0x28)] {
            tell(server, (who, number), "dismissed", 0xa0..0xa2).await;
        }
        let dismissed = train(&shop);
        assert_ne!(dismissed.model, liked.model);
        for person in [&amina, &baraka, &chidi, &dalila] {
            server.delete("/v1/interactions").bearer(person).send().await.expect(StatusCode::NO_CONTENT);
        }
        let again = train(&shop);
        assert_eq!((again.model, again.card.met), (bought.model, 0));
    }
}

/// So many more sales of both, folded into the model in use.
async fn refresh(shop: &mut Shop, numbers: std::ops::Range<u8>) -> Option<Trained> {
    let now_ms = shop.server.app.now_ms();
    for number in numbers {
        shop.register.device.write([teas(number, 1).into()], now_ms).unwrap();
    }
    shop.exchange().await;
    shop.server.clock.advance_ms(1);
    let (now_ms, store) = (shop.server.app.now_ms(), shop.server.store.store.clone());
    std::thread::spawn(move || model::refresh(&store, now_ms, &|_, _| ControlFlow::Continue(())))
        .join()
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_follows_its_parent_leaves_the_arms_alone_and_can_be_fetched_as_a_difference() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        let first = learn(&mut shop, 1..61).await.model;
        let second = learn(&mut shop, 61..71).await.model;
        assert!(refresh(&mut shop, 0..0).await.is_none(), "nothing is new");
        begin(&shop.server, &wanted([&first.to_string(), &second.to_string()]))
            .await
            .expect(StatusCode::CREATED);
        let refreshed = refresh(&mut shop, 71..91).await.unwrap();
        let follows = refreshed.card.follows.clone().unwrap();
        assert_eq!((follows.parent, follows.refreshes), (second.to_string(), 1));
        let server = &shop.server;
        let seen = published(server).await;
        assert_eq!(seen["model"], json!(refreshed.model.to_string()));
        let arms: Vec<_> =
            seen["experiment"]["arms"].as_array().unwrap().iter().map(|it| it["model"].clone()).collect();
        assert_eq!(arms, [json!(first.to_string()), json!(second.to_string())]);

        let path = |base: &str| format!("/v1/models/{}/from/{base}", refreshed.model);
        let whole = async |model| {
            server.get(&format!("/v1/models/{model}")).send().await.expect(StatusCode::OK).bytes
        };
        let (old, new) = (whole(second).await, whole(refreshed.model).await);
        for _ in 0..2 {
            let delta = server.get(&path(&second.to_string())).send().await.expect(StatusCode::OK).bytes;
            assert!(delta.len() < new.len(), "{} of {}", delta.len(), new.len());
            assert!(soko_recommend::packed::apply(&old, &delta).unwrap() == new);
        }
        server.get(&path(&"0".repeat(64))).send().await.refused(StatusCode::NOT_FOUND, "no_such_model");
        use_model(server, &second.to_string(), "the refreshed one is odd")
            .await
            .expect(StatusCode::NO_CONTENT);
        assert_eq!(published(server).await["model"], json!(second.to_string()));
    }
}

/// A market is refreshed more often than it is trained: neither the trainings before nor what devices still have goes for that.
#[tokio::test(flavor = "multi_thread")]
async fn refreshes_push_out_no_training() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        let first = learn(&mut shop, 1..61).await.model;
        let second = learn(&mut shop, 61..71).await.model;
        let mut refreshed = Vec::new();
        for at in 0..6 {
            refreshed.push(refresh(&mut shop, 71 + at * 3..74 + at * 3).await.unwrap().model);
        }
        let server = &shop.server;
        let seen = overview(server).await;
        let kept: Vec<_> = seen["models"].as_array().unwrap().iter().map(|it| it["model"].clone()).collect();
        let wanted: Vec<_> = refreshed[1..].iter().rev().chain([&second, &first]).collect();
        assert_eq!(kept, wanted.iter().map(|it| json!(it.to_string())).collect::<Vec<_>>());
        let delta = server.get(&format!("/v1/models/{}/from/{}", refreshed[5], refreshed[1])).send().await;
        delta.expect(StatusCode::OK);
    }
}

/// One look of the server's; what it made, and how often it said how far it is.
fn look(shop: &Shop, looks: Looks) -> (Looks, Option<Trained>, usize) {
    let (now_ms, store) = (shop.server.app.now_ms(), shop.server.store.store.clone());
    let work = move || {
        let (mut looks, steps) = (looks, AtomicUsize::new(0));
        let tell = |_: usize, _: &str| {
            steps.fetch_add(1, Ordering::Relaxed);
            ControlFlow::Continue(())
        };
        let made = model::look(&store, now_ms, &mut looks, &tell).unwrap();
        (looks, made, steps.load(Ordering::Relaxed))
    };
    std::thread::spawn(work).join().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_nobody_can_read_any_more_is_trained_anew_and_nothing_is_tried_twice() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        put(&mut shop, MANGO, &named("Mango"));
        for product in 0x90..0xb0 {
            put(&mut shop, product, &named(&format!("Thing {product}")));
        }
        let first = learn(&mut shop, 1..61).await.model;
        let (looks, made, steps) = look(&shop, Looks::default());
        assert!(made.is_none() && steps == 0, "nothing is new");
        // As another version packed it, under another hash.
        let spoil = |tx: &mut dyn soko_record_log::Tx| {
            let sql = "update model set model = $1, bytes = $2 where in_use = 1";
            tx.execute(sql, soko_record_log::params![Hash([7; 32]), vec![0_u8; 9]])
        };
        shop.server.store.store.write(Shard::stall(LogId::default()), spoil).await.unwrap();
        let (looks, made, _) = look(&shop, looks);
        let made = made.unwrap();
        assert_eq!((made.model, made.is_in_use, made.card.follows), (first, true, None));

        // What says nothing of taste gives the same bytes, and is read once.
        let amina = shop.server.person("amina@example.org").await;
        tell(&shop.server, (&amina, 3), "seen", 0x90..0xb0).await;
        shop.server.clock.advance_ms(3_600_000);
        let (looks, made, steps) = look(&shop, looks);
        assert_eq!((made.map(|it| it.card), steps > 0), (None, true), "{steps} steps");
        shop.server.clock.advance_ms(3_600_000);
        let (looks, made, steps) = look(&shop, looks);
        assert!(made.is_none() && steps == 0, "{steps} steps");
        // A day later it is trained, and what is taken back is a reason a day after that.
        shop.server.clock.advance_ms(24 * 3_600_000);
        let (looks, made, _) = look(&shop, looks);
        assert_eq!(made.unwrap().card.met, 32);
        shop.server.delete("/v1/interactions").bearer(&amina).send().await.expect(StatusCode::NO_CONTENT);
        shop.server.clock.advance_ms(24 * 3_600_000);
        let (_, made, _) = look(&shop, looks);
        assert_eq!(made.unwrap().card.met, 0);
    }
}
