//! What is near, when it is open, and what the operator features.

use std::collections::BTreeMap;

use super::*;
use soko_app_api::{Around, Spot, Spots};
use soko_domain::point::Point;

const HERE: &str = "-1286389,36817223";
/// A day from the clock of a test's server.
const DAY_MS: i64 = 86_400_000;

fn near(point: &str) -> MarketQuery {
    let around = Around::of(Point::read(point).unwrap());
    MarketQuery::Spots { which: Spots::Near(around), window: Window::first(50) }
}

async fn spots(server: &TestServer, query: &MarketQuery) -> Vec<Spot> {
    let MarketView::Spots(spots) = ask(server, query).await else { panic!("no spots: {query:?}") };
    spots.value
}

async fn found(server: &TestServer, query: &MarketQuery) -> Vec<String> {
    spots(server, query).await.into_iter().map(|spot| spot.card.name).collect()
}

async fn says(shop: &mut Shop, edits: &[(Field, &str)]) {
    let edits: Vec<Edit> =
        edits.iter().map(|(field, text)| Edit::SetText { field: *field, text: (*text).into() }).collect();
    shop.register.device.edit((ThingId(STALL.0), DocumentKind::Stall), &edits, AT_MS).unwrap();
    shop.exchange().await;
}

/// Stalls of nobody, as rows alone: what is near is looked for among many.
async fn beside(shop: &Shop, stalls: &[(&'static str, Option<(i32, i32)>)]) {
    for (at, (name, point)) in stalls.iter().enumerate() {
        let (log, name, point) = (LogId([u8::try_from(at).unwrap() + 1; 16]), *name, *point);
        let put = move |tx: &mut dyn soko_record_log::Tx| {
            let sql = "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place, hours, lat, lon)
                       values ($1, $2, 'EUR', 'UTC', 0, '', '', '', $3, $4)";
            let (lat, lon) = point.unzip();
            tx.execute(sql, soko_record_log::params![log, name, lat, lon])
        };
        shop.server.app.store().write(soko_sync_server::store::Shard::stall(log), put).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_near_comes_first_over_the_line_and_the_pole_and_what_is_far_does_not_come() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        let stalls = [
            ("round the corner", Some((-1_287_000, 36_817_000))),
            ("across town", Some((-1_330_000, 36_900_000))),
            ("next town", Some((-1_286_000, 37_500_000))),
            ("another country", Some((-6_800_000, 39_280_000))),
            ("west of the line", Some((10_000, -179_990_000))),
            ("east of the line", Some((10_000, 179_950_000))),
            ("behind the pole", Some((89_900_000, -170_000_000))),
            ("nowhere", None),
        ];
        beside(&shop, &stalls).await;
        for (here, expected) in [
            (HERE, &["round the corner", "across town", "next town"][..]),
            ("0,180000000", &["west of the line", "east of the line"]),
            ("0,-179980000", &["west of the line", "east of the line"]),
            ("89900000,10000000", &["behind the pole"]),
            ("50000000,10000000", &[]),
        ] {
            assert_eq!(found(&shop.server, &near(here)).await, expected, "{here}");
        }
        let two = MarketQuery::Spots {
            which: Spots::Near(Around::of(Point::read(HERE).unwrap())),
            window: Window::first(2),
        };
        assert_eq!(found(&shop.server, &two).await, ["round the corner", "across town"]);
    }
}

#[tokio::test]
async fn a_stall_says_where_and_when_and_takes_it_back() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let of = MarketQuery::Spots { which: Spots::Of(STALL), window: Window::first(1) };
        let all = MarketQuery::Spots { which: Spots::All, window: Window::first(50) };
        assert_eq!(found(&shop.server, &all).await, [] as [&str; 0], "who says nothing is nowhere");
        says(
            &mut shop,
            &[(Field::Point, HERE), (Field::Opening, "1111100 08:00-18:00"), (Field::Zone, "Africa/Nairobi")],
        )
        .await;
        let spot = spots(&shop.server, &of).await.remove(0);
        assert_eq!(
            (spot.point.as_str(), spot.opening.as_str(), spot.offset_minutes),
            (HERE, "1111100 08:00-18:00", 180)
        );
        assert_eq!((spot.card.name.as_str(), spot.card.offers), ("Tea House", 1));
        assert_eq!(spots(&shop.server, &all).await, std::slice::from_ref(&spot));
        assert_eq!(spots(&shop.server, &near(HERE)).await, [spot]);
        says(&mut shop, &[(Field::Point, "")]).await;
        assert_eq!(found(&shop.server, &near(HERE)).await, [] as [&str; 0]);
        assert_eq!(found(&shop.server, &all).await, ["Tea House"], "it is still open");
    }
}

#[tokio::test]
async fn the_operator_features_stalls_for_a_while() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        let featured = MarketQuery::Spots { which: Spots::Featured, window: Window::first(50) };
        let path = |stall: LogId| format!("/v1/operator/featured/{stall}");
        let now_ms = shop.server.app.now_ms();
        let until = |ms: i64| json!({ "until_ms": now_ms + ms });
        let put = |stall: LogId, body: Value| {
            shop.server.ask(Method::PUT, &path(stall)).json(&body).bearer(OPERATOR_KEY).send()
        };
        let stranger =
            shop.server.ask(Method::PUT, &path(STALL)).json(&until(DAY_MS)).bearer(&shop.owner).send().await;
        stranger.expect(StatusCode::UNAUTHORIZED);
        put(LogId([9; 16]), until(DAY_MS)).await.expect(StatusCode::NOT_FOUND);
        for wrong in [0, -1, 367 * DAY_MS] {
            put(STALL, until(wrong)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        }
        put(STALL, until(DAY_MS)).await.expect(StatusCode::NO_CONTENT);
        let spot = spots(&shop.server, &featured).await.remove(0);
        assert_eq!((spot.card.stall, spot.featured_until_ms), (STALL, now_ms + DAY_MS));
        let listed = shop
            .server
            .get("/v1/operator/featured")
            .bearer(OPERATOR_KEY)
            .send()
            .await
            .expect(StatusCode::OK)
            .json();
        assert_eq!(listed["featured"][0]["name"], "Tea House");

        // As many as the front has room for, and one more.
        let others: BTreeMap<u8, String> = (1..=11).map(|at| (at, format!("Stall {at}"))).collect();
        let names: Vec<(&'static str, Option<(i32, i32)>)> =
            others.values().map(|_| ("Other", None)).collect();
        beside(&shop, &names).await;
        beside_one_more(&shop).await;
        for at in others.keys() {
            put(LogId([*at; 16]), until(DAY_MS)).await.expect(StatusCode::NO_CONTENT);
        }
        put(LogId([0xee; 16]), until(DAY_MS)).await.expect(StatusCode::CONFLICT);
        put(STALL, until(2 * DAY_MS)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(spots(&shop.server, &featured).await.len(), 12);

        let end = shop.server.ask(Method::DELETE, &path(STALL)).bearer(OPERATOR_KEY).send().await;
        end.expect(StatusCode::NO_CONTENT);
        assert!(!found(&shop.server, &featured).await.contains(&"Tea House".to_owned()));
        put(LogId([0xee; 16]), until(DAY_MS)).await.expect(StatusCode::NO_CONTENT);
    }
}

async fn beside_one_more(shop: &Shop) {
    let put = |tx: &mut dyn soko_record_log::Tx| {
        let sql = "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place, hours)
                   values ($1, 'One more', 'EUR', 'UTC', 0, '', '', '')";
        tx.execute(sql, soko_record_log::params![LogId([0xee; 16])])
    };
    shop.server.app.store().write(soko_sync_server::store::Shard::stall(STALL), put).await.unwrap();
}
