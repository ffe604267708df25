//! What the operator's pages show once goods came back, a day is over, and many look.

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use soko_domain::entry::{
    GivenBack, GoodsBack, PriceAim, PriceCause, PriceMode, PriceMoved, PriceRulePut, RecordParked,
    RefundLine, RefundMade, TenderKind,
};
use soko_domain::ids::{LogId, ProductId, SaleId, ShiftId, ThingId};
use soko_record_log::{StoreError, Tx, params};
use soko_replication::{Page, Run};
use soko_sync_server::demo::Device;
use soko_sync_server::proof;
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::store::Shard;

use super::common::server::{OPERATOR_KEY, SECRET, TestServer};
use super::common::shop::{STALL, Shop, TEA, core, stores};
use super::{named, put, teas, word};

const DAY_MS: i64 = 86_400_000;
const FIG: u8 = 6;

async fn figures(server: &TestServer, days: u16) -> Value {
    let path = format!("/v1/operator/figures?days={days}");
    let answer = server.get(&path).bearer(OPERATOR_KEY).send().await;
    answer.expect(StatusCode::OK).json()
}

fn read(server: &TestServer) -> u64 {
    let text = server.app.metrics().text().unwrap();
    let line = text.lines().find(|line| line.starts_with("soko_market_figures_read_total ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Tea's price may move by itself.
fn rule() -> PriceRulePut {
    PriceRulePut {
        product: Some(TEA),
        revision: 1,
        mode: PriceMode::Auto,
        aim: PriceAim::Revenue,
        floor_minor: None,
        ceiling_minor: None,
        over_cost_ppm: 0,
        step_ppm: 150_000,
        gone_by_minutes: None,
        market_ppm: 0,
    }
}

fn moved() -> PriceMoved {
    PriceMoved {
        moved: ThingId([0x77; 16]),
        product: TEA,
        from_minor: 440,
        to_minor: 450,
        cause: PriceCause::Auto,
        undoes: None,
        low_minor: 400,
        high_minor: 500,
        gain_low_minor: 0,
        gain_minor: 0,
        gain_high_minor: 0,
        days: 1,
        reasons: Vec::new(),
    }
}

/// So many teas of the sale came back and were thrown away.
fn back(sale: u8, quantity: i64) -> RefundMade {
    let amount_minor = 450 * quantity;
    let (line, product) = (0, Some(TEA));
    RefundMade {
        refund: ThingId([0xbb; 16]),
        sale: SaleId([sale; 16]),
        shift: ShiftId([9; 16]),
        allowance: None,
        lines: vec![RefundLine { line, product, quantity, amount_minor, goods: GoodsBack::Waste }],
        amount_minor,
        cash_rounding_minor: 0,
        given: vec![GivenBack { kind: TenderKind::Cash, amount_minor, never_came: false }],
        reason: "stale".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_counts_for_nobody_and_is_shown() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let now_ms = shop.server.app.now_ms();
        put(&mut shop, FIG, &named("Fig"));
        let mut figs = teas(2, 2);
        figs.lines[0].product = Some(ProductId([FIG; 16]));
        shop.register.device.write([teas(1, 10).into(), figs.into(), back(1, 9).into()], now_ms).unwrap();
        shop.exchange().await;
        let seen = figures(&shop.server, 1).await["currencies"][0].clone();
        let numbers = |of: &Value, keys: [&str; 4]| keys.map(|key| of[key].as_i64().unwrap());
        let money = ["revenue_minor", "refunded_minor", "net_minor", "returned_minor"];
        for of in [&seen, &seen["top_stalls"][0]] {
            assert_eq!(numbers(of, money), [5_400, 4_050, 1_350, 4_050]);
            // Nine cannot be sold again, and are not sold.
            assert_eq!([&of["pieces"], &of["pieces_returned"]], [&json!(3), &json!(9)]);
        }
        let products = seen["top_products"].as_array().unwrap();
        let of_products: Vec<_> = products
            .iter()
            .map(|of| {
                (
                    of["name"].as_str().unwrap(),
                    numbers(of, ["net_minor", "refunded_minor", "units", "units_returned"]),
                )
            })
            .collect();
        assert_eq!(of_products, [("Fig", [900, 0, 2, 0]), ("Crème tea", [450, 4_050, 1, 9])]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_leaves_the_page_although_nothing_is_sold() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let now_ms = shop.server.app.now_ms();
        shop.register.device.write([teas(1, 2).into()], now_ms).unwrap();
        shop.exchange().await;
        let response = shop.server.get("/v1/operator/stream").bearer(OPERATOR_KEY).raw().await;
        let mut stream = response.into_body().into_data_stream();
        let today: Value = serde_json::from_str(&word(&mut stream).await).unwrap();
        assert_eq!(today["currencies"][0]["revenue_minor"], json!(900));
        shop.server.clock.advance_ms(DAY_MS);
        let next: Value = serde_json::from_str(&word(&mut stream).await).unwrap();
        assert_eq!(next["currencies"], json!([]));
        assert_eq!(next["from"].as_i64(), today["from"].as_i64().map(|day| day + 1));
        assert_eq!(figures(&shop.server, 1).await["currencies"], json!([]));
        // What comes of it now is late, and the day says so.
        shop.renew(40).await;
        shop.register.device.write([teas(3, 1).into()], now_ms).unwrap();
        shop.exchange().await;
        let path = format!("/v1/operator/days?stall={STALL}");
        let days = shop.server.get(&path).bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json();
        let day = &days[0];
        assert_eq!((&day["revenue_minor"], &day["restated_minor"]), (&json!(1_350), &json!(450)));
        assert_eq!(day["restated_day"], next["from"]);
        shop.server.app.begin_closing();
        while stream.next().await.is_some() {}
    }
}

/// After a restore, what this server had said comes back from the devices, and some of it behind what it is about.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_set_aside_after_its_day_changes_that_day_and_the_day_says_so() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let now_ms = shop.server.app.now_ms();
        shop.register.device.write([teas(1, 2).into(), teas(2, 1).into()], now_ms).unwrap();
        let (author, last) = (shop.register.device.author(), shop.register.device.records().len());
        shop.exchange().await;
        shop.server.clock.advance_ms(2 * DAY_MS);
        shop.renew(40).await;
        let key = ServerSecret::new(SECRET).stall_key();
        let mut before = Device::new(key, STALL, [0xee; 16], "an earlier life").unwrap();
        let seq = u64::try_from(last).unwrap();
        let word = RecordParked { author, seq, code: 4, note: "no".into() };
        before.write([word.into()], now_ms).unwrap();
        let mut page = shop.register.device.page().unwrap();
        page.runs.push(Run::from_records(before.records().to_vec()).unwrap());
        let sent = shop.page(&shop.register.access, page.encode().unwrap()).send().await;
        shop.register.device.take(&Page::decode(&sent.expect(StatusCode::OK).bytes).unwrap());
        let path = format!("/v1/operator/days?stall={STALL}");
        let days = shop.server.get(&path).bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json();
        let today = figures(&shop.server, 1).await["to"].clone();
        assert_eq!(
            (&days[0]["revenue_minor"], &days[0]["restated_minor"], &days[0]["restated_day"]),
            (&json!(900), &json!(-450), &today)
        );
        let (store, core) = (shop.server.store.store.clone(), std::sync::Arc::clone(&shop.core));
        let looked = std::thread::spawn(move || proof::verify(&store, &core, STALL).unwrap().problems);
        assert_eq!(looked.join().unwrap(), Vec::<String>::new());
    }
}

/// More zones and ends of days than one question names, each with a stall of its own; the one in the far east is a day ahead.
#[tokio::test(flavor = "multi_thread")]
async fn however_many_ends_of_days_there_are_each_stall_counts_by_its_own() {
    const STALLS: u16 = 450;
    for store in stores() {
        let shop = Shop::open(store, core(), 0).await;
        // Noon in UTC: no day that ends within the next hours is over yet.
        let today = i32::try_from(shop.server.app.now_ms() / DAY_MS).unwrap();
        let noon_ms = i64::from(today) * DAY_MS + DAY_MS / 2;
        shop.server.clock.advance_ms(noon_ms + DAY_MS - shop.server.app.now_ms());
        let today = today + 1;
        let filled = shop.server.store.store.clone();
        let fill = move |tx: &mut dyn Tx| {
            for number in 0..STALLS {
                let mut log = LogId([0xa0; 16]);
                log.0[..2].copy_from_slice(&number.to_be_bytes());
                let (zone, day) = match number {
                    0 => ("Pacific/Kiritimati", today + 1),
                    _ => ("UTC", today),
                };
                tx.execute(
                    "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place)
                     values ($1, 'A stall', 'KES', $2, $3, '', '')",
                    params![log, zone, if number == 0 { 0 } else { i64::from(number) }],
                )?;
                for (day, revenue_minor) in [(day, 1_000 + i64::from(number)), (day - 1, 7), (day + 1, 9)] {
                    tx.execute(
                        "insert into figure_hour values ($1, $2, 12, $1, $1, 1, 1, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
                        params![log, day, revenue_minor],
                    )?;
                }
            }
            Ok::<_, StoreError>(())
        };
        let done =
            std::thread::spawn(move || filled.write_blocking(Shard::stall(STALL), fill)).join().unwrap();
        assert!(done.is_ok(), "{done:?}");
        let seen = figures(&shop.server, 1).await["currencies"][0].clone();
        let sum: i64 = (0..i64::from(STALLS)).map(|number| 1_000 + number).sum();
        assert_eq!((&seen["stalls"], &seen["revenue_minor"]), (&json!(STALLS), &json!(sum)));
        let top: Vec<_> =
            seen["top_stalls"].as_array().unwrap().iter().map(|of| &of["revenue_minor"]).collect();
        let best: Vec<_> = (0..10).map(|place| json!(1_449 - place)).collect();
        assert_eq!(top, best.iter().collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_look_the_rows_are_added_up_once() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let mut streams = Vec::new();
        for _ in 0..8 {
            let response = shop.server.get("/v1/operator/stream").bearer(OPERATOR_KEY).raw().await;
            streams.push(response.into_body().into_data_stream());
        }
        for stream in &mut streams {
            word(stream).await;
        }
        assert_eq!(read(&shop.server), 1);
        let now_ms = shop.server.app.now_ms();
        shop.register.device.write([teas(1, 2).into()], now_ms).unwrap();
        shop.exchange().await;
        for stream in &mut streams {
            // An exchange may be told of in several steps; the last word says all of them.
            while !word(stream).await.contains("\"revenue_minor\":900") {}
        }
        let before = read(&shop.server);
        for _ in 0..3 {
            assert_eq!(figures(&shop.server, 1).await["currencies"][0]["revenue_minor"], json!(900));
        }
        assert_eq!(read(&shop.server), before);
        assert!(before <= 4, "{before} readings for one exchange");
        shop.server.app.begin_closing();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_says_what_ran_out_and_what_waits() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let scraped = async |shop: &Shop| {
            let answer = shop.server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
            String::from_utf8(answer.bytes.to_vec()).unwrap()
        };
        let says = |text: &str, line: &str| assert!(text.lines().any(|it| it == line), "{line}: {text}");
        let before = scraped(&shop).await;
        for line in [
            "soko_products_stocked 1",
            "soko_products_out 0",
            "soko_records_waiting 0",
            "soko_price_age_seconds -1",
            r#"soko_jobs{kind="payment",state="in-doubt"} 0"#,
        ] {
            says(&before, line);
        }
        // A price that learns moved three weeks ago, and nothing was sold since: nothing is to be learnt.
        let now_ms = shop.server.app.now_ms();
        shop.register.device.write([rule().into(), moved().into()], now_ms - 21 * DAY_MS).unwrap();
        shop.exchange().await;
        says(&scraped(&shop).await, "soko_price_age_seconds -1");
        // All that is there is sold: the register's share, and what the shop may promise.
        shop.register.device.write([teas(1, 40).into()], now_ms).unwrap();
        shop.exchange().await;
        let after = scraped(&shop).await;
        says(&after, "soko_products_out 1");
        let age = after.lines().find_map(|line| line.strip_prefix("soko_price_age_seconds ")).unwrap();
        assert!(age.parse::<i64>().unwrap() >= 21 * DAY_MS / 1_000, "{age}");
        // The operator's page says at which stall that is, and nothing to whoever has no key.
        let seen = asked(&shop, "/v1/operator/shelves").await;
        let counts = |of: &Value| ["stocked", "out", "short", "held"].map(|key| of[key].as_i64().unwrap());
        assert_eq!((counts(&seen), counts(&seen["stalls"][0])), ([1, 1, 0, 0], [1, 1, 0, 0]));
        assert_eq!(seen["stalls"][0]["stall"], json!(STALL.to_string()));
        shop.server.get("/v1/operator/shelves").send().await.expect(StatusCode::UNAUTHORIZED);
    }
}

async fn asked(shop: &Shop, path: &str) -> Value {
    shop.server.get(path).bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json()
}

/// Each buyer bought on these days before today.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_buys_is_new_comes_back_or_stays_away_and_few_are_only_few() {
    for store in stores() {
        let shop = Shop::open(store, core(), 0).await;
        let figures = asked(&shop, "/v1/operator/figures?days=1").await;
        let today = i32::try_from(figures["to"].as_i64().unwrap()).unwrap();
        let groups: [(u8, &[i32]); 5] = [(7, &[3]), (6, &[3, 40]), (5, &[120]), (4, &[60]), (9, &[])];
        let filled = shop.server.store.store.clone();
        let fill = move |tx: &mut dyn Tx| {
            for (number, (buyers, days)) in groups.iter().enumerate() {
                for buyer in 0..*buyers {
                    let customer = [u8::try_from(number).unwrap() + 1, buyer, 1, 1, 1, 1, 1, 1].repeat(2);
                    let bought = days.iter().map(|before| (1, today - before, 1));
                    // One whose only purchase was voided has a row of nothing.
                    let all = [(3, 0, i32::from(!days.is_empty()))].into_iter().chain(bought);
                    for (grain, at, sales) in all {
                        tx.execute(
                            "insert into figure_customer values ($1, $2, $3, $4, $5, 450)",
                            params![STALL, grain, customer, at, sales],
                        )?;
                    }
                }
            }
            Ok::<_, StoreError>(())
        };
        let done = std::thread::spawn(move || filled.write_blocking(Shard::stall(STALL), fill));
        assert!(done.join().unwrap().is_ok());
        for (days, [new, returning, lapsed]) in [
            (28, [json!(7), json!(6), json!(5)]),
            (2, [json!(0), json!(0), json!(5)]),
            // Four came for the first time sixty days ago: with the seven they are told, alone they would not be.
            (90, [json!(17), json!(0), json!(5)]),
            (364, [json!(22), json!(0), json!(0)]),
        ] {
            let seen = asked(&shop, &format!("/v1/operator/buyers?days={days}")).await;
            assert_eq!(seen, json!({ "new": new, "returning": returning, "lapsed": lapsed }), "{days}");
        }
        let filled = shop.server.store.store.clone();
        let fewer = move |tx: &mut dyn Tx| {
            tx.execute("delete from figure_customer where customer >= $1", params![vec![3_u8, 3]])
        };
        let done = std::thread::spawn(move || filled.write_blocking(Shard::stall(STALL), fewer));
        assert!(done.join().unwrap().is_ok());
        let seen = asked(&shop, "/v1/operator/buyers?days=28").await;
        assert_eq!(seen, json!({ "new": 7, "returning": 6, "lapsed": null }));
    }
}
