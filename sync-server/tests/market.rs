//! The market as a device and a page ask for it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "market/families.rs"]
mod families;
#[path = "market/models.rs"]
mod models;
#[path = "market/operator.rs"]
mod operator;
#[path = "market/operator_lists.rs"]
mod operator_lists;
#[path = "market/spots.rs"]
mod spots;
#[path = "market/tried.rs"]
mod tried;

use axum::http::{Method, StatusCode};
use common::server::{OPERATOR_KEY, TestServer};
use common::shop::{STALL, Shop, TEA, core, stores};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use soko_app_api::{Browse, MarketQuery, MarketView, OfferRow, Sort, Window, decode, encode};
use soko_documents::{Category, DocumentKind, Edit, Field, Product, Stall, Typed as _};
use soko_domain::entry::{SaleLine, SaleMade, Standing, TenderKind, Tendered};
use soko_domain::ids::{Hash, LogId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::money::Currency;
use soko_domain::quantity::Unit;

const CHEESE: ThingId = ThingId([0xca; 16]);
const EMPTY: ThingId = ThingId([0xcb; 16]);
const AT_MS: i64 = 5;

async fn ask(server: &TestServer, query: &MarketQuery) -> MarketView {
    let body = encode(query).unwrap();
    let sent = server.ask(Method::POST, "/v1/market/ask").body("application/octet-stream", body).send().await;
    let answer = sent.expect(StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/octet-stream");
    decode(&answer.bytes).unwrap()
}

fn offers_of(stall: Option<LogId>, text: &str) -> MarketQuery {
    MarketQuery::Offers {
        stall,
        text: text.into(),
        category: None,
        families: false,
        window: Window::first(50),
    }
}

async fn offers(server: &TestServer, query: &MarketQuery) -> Vec<OfferRow> {
    let MarketView::Offers(rows) = ask(server, query).await else { panic!("no offers: {query:?}") };
    rows.value
}

async fn names(server: &TestServer, query: &MarketQuery) -> Vec<String> {
    offers(server, query).await.into_iter().map(|row| row.name).collect()
}

fn put(shop: &mut Shop, number: u8, product: &Product) {
    let document = (ThingId([number; 16]), DocumentKind::Product);
    shop.register.device.edit(document, &product.edits(), AT_MS).unwrap();
}

fn named(name: &str) -> Product {
    Product { name: name.into(), price_minor: 100, currency: "EUR".into(), ..Product::default() }
}

/// Five products, one of them archived; two categories, one of them empty.
async fn filled(mut shop: Shop) -> Shop {
    put(&mut shop, 1, &named("Émile's jam"));
    let pictures = vec![Hash([1; 32]), Hash([2; 32])];
    put(&mut shop, 2, &Product { pictures, categories: [CHEESE].into(), ..named("Brie de Meaux") });
    put(&mut shop, 3, &Product { categories: [CHEESE].into(), ..named("Gruyère") });
    put(&mut shop, 4, &named("Zebra cake"));
    let archived = [Edit::SetFlag { field: Field::Archived, flag: true }];
    shop.register.device.edit((ThingId([4; 16]), DocumentKind::Product), &archived, AT_MS).unwrap();
    for (category, name) in [(CHEESE, "Cheese"), (EMPTY, "Nothing yet")] {
        let content = Category { name: name.into(), ..Category::default() };
        shop.register.device.edit((category, DocumentKind::Category), &content.edits(), AT_MS).unwrap();
    }
    let profile = [Edit::SetText { field: Field::Hours, text: "Saturdays".into() }];
    shop.register.device.edit((ThingId(STALL.0), DocumentKind::Stall), &profile, AT_MS).unwrap();
    shop.exchange().await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_sees_stalls_pages_categories_and_offers() {
    for store in stores() {
        let shop = filled(Shop::open(store, core(), 4).await).await;
        let stalls = |text: &str| MarketQuery::Stalls { text: text.into(), window: Window::first(10) };
        let MarketView::Stalls(all) = ask(&shop.server, &stalls("")).await else { panic!() };
        assert!(all.is_fresh);
        assert_eq!((all.value[0].name.as_str(), all.value[0].offers), ("Tea House", 4));
        assert_eq!(all.value[0].picture, Some(Hash([1; 32])));
        for (text, found) in [("tee hous", 1), ("HOUSE", 1), ("bakery", 0)] {
            let MarketView::Stalls(some) = ask(&shop.server, &stalls(text)).await else { panic!() };
            assert_eq!(some.value.len(), found, "{text}");
        }
        let MarketView::Stall(page) = ask(&shop.server, &MarketQuery::Stall(STALL)).await else { panic!() };
        assert_eq!(page.value.hours, "Saturdays");
        let categories: Vec<_> =
            page.value.categories.iter().map(|one| (one.name.as_str(), one.offers)).collect();
        assert_eq!(categories, [("Cheese", 2)]);

        let whole = names(&shop.server, &offers_of(None, "")).await;
        assert_eq!(whole, ["Brie de Meaux", "Crème tea", "Émile's jam", "Gruyère"]);
        let second = MarketQuery::Offers {
            stall: Some(STALL),
            text: String::new(),
            category: None,
            families: false,
            window: Window { offset: 1, rows: 2 },
        };
        assert_eq!(names(&shop.server, &second).await, ["Crème tea", "Émile's jam"]);
        let offer = MarketQuery::Offer { stall: STALL, product: ProductId([2; 16]) };
        let MarketView::Offer(page) = ask(&shop.server, &offer).await else { panic!() };
        assert_eq!((page.value.pictures.len(), page.value.row.categories), (2, vec![CHEESE]));
        let tea = &offers(&shop.server, &offers_of(Some(STALL), "creme")).await[0];
        assert_eq!((tea.product, tea.available, tea.stall_name.as_str()), (TEA, 4, "Tea House"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_errors_accents_and_capitals_do_not_matter() {
    for store in stores() {
        let shop = filled(Shop::open(store, core(), 4).await).await;
        for (typed, first) in [
            ("emile", Some("Émile's jam")),
            ("GRUYERE", Some("Gruyère")),
            ("gruyeer", Some("Gruyère")),
            ("brie maux", Some("Brie de Meaux")),
            ("creem tea", Some("Crème tea")),
            ("zebra", None),
            ("qqqq", None),
        ] {
            for stall in [None, Some(STALL)] {
                let found = names(&shop.server, &offers_of(stall, typed)).await;
                assert_eq!(found.first().map(String::as_str), first, "{typed}: {found:?}");
            }
        }
        let in_category = |category, text: &str| MarketQuery::Offers {
            stall: None,
            text: text.into(),
            category: Some(category),
            families: false,
            window: Window::first(10),
        };
        assert_eq!(names(&shop.server, &in_category(CHEESE, "")).await, ["Brie de Meaux", "Gruyère"]);
        assert_eq!(names(&shop.server, &in_category(CHEESE, "gruyer")).await, ["Gruyère"]);
        assert!(names(&shop.server, &in_category(EMPTY, "gruyer")).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_edited_ordered_or_archived_is_seen_by_the_next_question() {
    for store in stores() {
        let mut shop = filled(Shop::open(store, core(), 4).await).await;
        assert_eq!(names(&shop.server, &offers_of(None, "mango")).await, Vec::<String>::new());
        put(&mut shop, 5, &named("Mango"));
        shop.exchange().await;
        assert_eq!(names(&shop.server, &offers_of(None, "mangoo")).await, ["Mango"]);
        let renamed = [Edit::SetText { field: Field::Name, text: "Papaya".into() }];
        shop.register.device.edit((ThingId([5; 16]), DocumentKind::Product), &renamed, 6).unwrap();
        shop.exchange().await;
        assert!(names(&shop.server, &offers_of(None, "mango")).await.is_empty());
        assert_eq!(names(&shop.server, &offers_of(None, "papaja")).await, ["Papaya"]);
        let archived = [Edit::SetFlag { field: Field::Archived, flag: true }];
        shop.register.device.edit((ThingId([5; 16]), DocumentKind::Product), &archived, 7).unwrap();
        shop.exchange().await;
        assert!(names(&shop.server, &offers_of(None, "papaya")).await.is_empty());
        let gone = MarketQuery::Offer { stall: STALL, product: ProductId([5; 16]) };
        assert_eq!(ask(&shop.server, &gone).await, MarketView::Missing);

        shop.order(1, 1, 3).send().await.expect(StatusCode::CREATED);
        assert_eq!(offers(&shop.server, &offers_of(None, "creme")).await[0].available, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_without_a_name_shows_nothing() {
    for store in stores() {
        let mut shop = filled(Shop::open(store, core(), 4).await).await;
        assert_eq!(names(&shop.server, &offers_of(None, "creme")).await.len(), 1);
        let nameless = Stall { currency: "EUR".into(), ..Stall::default() };
        shop.register.device.edit((ThingId(STALL.0), DocumentKind::Stall), &nameless.edits(), AT_MS).unwrap();
        shop.exchange().await;
        assert_eq!(ask(&shop.server, &MarketQuery::Stall(STALL)).await, MarketView::Missing);
        assert_eq!(ask(&shop.server, &offers_of(Some(STALL), "")).await, MarketView::Missing);
        for text in ["", "creme"] {
            assert!(names(&shop.server, &offers_of(None, text)).await.is_empty());
        }
        let tea = MarketQuery::Offer { stall: STALL, product: TEA };
        assert_eq!(ask(&shop.server, &tea).await, MarketView::Missing);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_refused() {
    let server = TestServer::with(common::server::Wanted { core: Some(core()), ..Default::default() });
    let post =
        |kind: &'static str, body: Vec<u8>| server.ask(Method::POST, "/v1/market/ask").body(kind, body);
    let bytes = "application/octet-stream";
    for rubbish in [vec![], vec![0xff; 40], [encode(&offers_of(None, "x")).unwrap(), vec![0]].concat()] {
        post(bytes, rubbish).send().await.refused(StatusCode::BAD_REQUEST, "malformed");
    }
    post(bytes, vec![0; 3_000]).send().await.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
    post("text/plain", vec![0]).send().await.refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
    let far = MarketQuery::Stalls { text: "x".into(), window: Window { offset: u32::MAX, rows: u32::MAX } };
    assert!(matches!(ask(&server, &far).await, MarketView::Stalls(_)));
}

/// The next word of a stream that is no heartbeat.
async fn word(stream: &mut axum::body::BodyDataStream) -> String {
    loop {
        let chunk = stream.next().await.unwrap().unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
            return data.to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_the_market_hears_whose_face_moved() {
    for store in stores() {
        let mut shop = filled(Shop::open(store, core(), 4).await).await;
        let response = shop.server.get("/v1/market/stream").raw().await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut stream = response.into_body().into_data_stream();
        put(&mut shop, 6, &named("Fig"));
        shop.exchange().await;
        assert_eq!(word(&mut stream).await, STALL.to_string());
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        assert_eq!(word(&mut stream).await, STALL.to_string());
        shop.server.app.begin_closing();
        assert!(stream.next().await.is_none());
    }
}

/// A sale of so many teas at 4.50.
fn teas(number: u8, quantity: i64) -> SaleMade {
    let line = SaleLine {
        product: Some(TEA),
        name: "Tea".into(),
        unit: Some(Unit::Piece),
        quantity,
        beyond_share: 0,
        unit_price_minor: 450,
        price_per: 1,
        discount_minor: 0,
        discount: None,
        taxes: Vec::new(),
        total_minor: 450 * quantity,
        note: String::new(),
    };
    let paid = Tendered {
        kind: TenderKind::Cash,
        amount_minor: 450 * quantity,
        reference: String::new(),
        standing: Standing::Taken,
    };
    SaleMade {
        sale: SaleId([number; 16]),
        shift: ShiftId([9; 16]),
        receipt_number: u64::from(number),
        currency: Currency::parse("EUR").unwrap(),
        lines: vec![line],
        discount: None,
        total_minor: 450 * quantity,
        cash_rounding_minor: 0,
        tenders: vec![paid],
        change_minor: 0,
        note: String::new(),
        customer: None,
        tab: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_what_is_sold_as_it_is_sold() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        shop.server
            .get("/v1/operator/figures")
            .send()
            .await
            .refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        let owner = shop.server.get("/v1/operator/stream").bearer(&shop.owner);
        owner.send().await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        let page = shop.server.get("/operator").send().await.expect(StatusCode::OK);
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));

        let response = shop.server.get("/v1/operator/stream?days=7").bearer(OPERATOR_KEY).raw().await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut stream = response.into_body().into_data_stream();
        let first: Value = serde_json::from_str(&word(&mut stream).await).unwrap();
        assert_eq!(first["currencies"], json!([]));
        let now_ms = shop.server.app.now_ms();
        shop.register.device.write([teas(1, 2).into(), teas(2, 1).into()], now_ms).unwrap();
        shop.register.device.write([teas(3, 5).into()], now_ms - 10 * 86_400_000).unwrap();
        // The day before the longer time below.
        shop.register.device.write([teas(4, 7).into()], now_ms - 28 * 86_400_000).unwrap();
        shop.exchange().await;
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        // Several moves may be shown together; the last word says all of them.
        let seen = loop {
            let seen: Value = serde_json::from_str(&word(&mut stream).await).unwrap();
            if seen["currencies"][0]["orders"] == json!(1) {
                break seen["currencies"][0].clone();
            }
        };
        let totals =
            ["sales", "pieces", "revenue_minor", "stalls", "orders_minor"].map(|key| seen[key].as_i64());
        assert_eq!(totals, [2, 3, 1_350, 1, 450].map(Some));
        assert_eq!(
            (&seen["top_stalls"][0]["name"], &seen["top_stalls"][0]["pieces"]),
            (&json!("Tea House"), &json!(3))
        );
        assert_eq!(seen["top_products"][0]["revenue_minor"], json!(1_350));
        // The older sale is in a longer time, and a product has its own days.
        let longer = shop.server.get("/v1/operator/figures?days=28").bearer(OPERATOR_KEY).send().await;
        let longer = longer.expect(StatusCode::OK).json()["currencies"][0].clone();
        let earned = [&longer, &longer["top_stalls"][0], &longer["top_products"][0]];
        assert_eq!(earned.map(|of| of["revenue_minor"].as_i64()), [Some(8 * 450); 3]);
        assert_eq!([&longer["pieces"], &longer["top_stalls"][0]["pieces"]], [&json!(8), &json!(8)]);
        let path = format!("/v1/operator/days?stall={STALL}&product={TEA}");
        let days = shop.server.get(&path).bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json();
        let days: Vec<_> = days.as_array().unwrap().iter().map(|day| day["revenue_minor"].as_i64()).collect();
        assert_eq!(days, [Some(5 * 450), Some(3 * 450)]);
        shop.server.app.begin_closing();
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_does_not_take_every_seat() {
    let server = TestServer::with(common::server::Wanted { core: Some(core()), ..Default::default() });
    let mut open = Vec::new();
    for _ in 0..100 {
        let response = server.get("/v1/market/stream").raw().await;
        assert_eq!(response.status(), StatusCode::OK);
        open.push(response);
    }
    let refused = server.get("/v1/market/stream").send().await;
    refused.refused(StatusCode::TOO_MANY_REQUESTS, "too_many_listeners");
    let other = server.get("/v1/market/stream").from("192.0.2.9").raw().await;
    assert_eq!(other.status(), StatusCode::OK);
    drop(open);
    assert_eq!(server.get("/v1/market/stream").raw().await.status(), StatusCode::OK);
}

async fn browse(server: &TestServer, browse: Browse) -> Option<Vec<String>> {
    let view = ask(server, &MarketQuery::Browse { browse, window: Window::first(50) }).await;
    let MarketView::Offers(rows) = view else { return None };
    Some(rows.value.into_iter().map(|row| row.name).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_of_the_whole_market_are_browsed_filtered_and_sorted() {
    for store in stores() {
        let mut shop = filled(Shop::open(store, core(), 4).await).await;
        shop.server.clock.advance_ms(1_000);
        // Later, and dearer; and a second category of the same name.
        let more = ThingId([0xcc; 16]);
        let content = Category { name: "CHEESE ".into(), ..Category::default() };
        shop.register.device.edit((more, DocumentKind::Category), &content.edits(), AT_MS).unwrap();
        put(&mut shop, 5, &Product { price_minor: 900, categories: [more, CHEESE].into(), ..named("Comté") });
        shop.exchange().await;
        let server = &shop.server;

        let MarketView::Categories(all) = ask(server, &MarketQuery::Categories).await else { panic!() };
        let told: Vec<_> = all.value.iter().map(|it| (it.slug.as_str(), it.offers, it.at.len())).collect();
        assert_eq!(told, [("cheese", 4, 2)], "one name is one category, an empty one is none");

        let cheese = || Browse::of("cheese");
        let only = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(browse(server, cheese()).await, only(&["Brie de Meaux", "Comté", "Gruyère"]));
        let newest = Browse { sort: Sort::Newest, ..cheese() };
        assert_eq!(browse(server, newest).await, only(&["Comté", "Brie de Meaux", "Gruyère"]));
        let dear = Browse { min: Some(2), ..cheese() };
        assert_eq!(browse(server, dear).await, only(&["Comté"]));
        let cheap = Browse { max: Some(1), sort: Sort::Cheapest, ..cheese() };
        assert_eq!(browse(server, cheap).await, only(&["Brie de Meaux", "Gruyère"]));
        assert_eq!(
            browse(server, Browse { in_stock: true, ..cheese() }).await,
            only(&[]),
            "none was taken in"
        );
        let in_stock = Browse { in_stock: true, ..Browse::of("") };
        assert_eq!(browse(server, in_stock).await, only(&["Crème tea"]));
        let elsewhere = Browse { stall: Some(LogId([9; 16])), ..cheese() };
        assert_eq!(browse(server, elsewhere).await, only(&[]));
        assert_eq!(browse(server, Browse::of("nobody-has-this")).await, None);
        let window = Window { offset: 1, rows: 1 };
        let MarketView::Offers(second) = ask(server, &MarketQuery::Browse { browse: cheese(), window }).await
        else {
            panic!()
        };
        assert_eq!((second.value.len(), second.value[0].name.as_str()), (1, "Comté"));

        // What was sold stands before what was not, and says no number of it.
        let now_ms = shop.server.app.now_ms();
        let mut sale = teas(7, 1);
        sale.lines[0].product = Some(ProductId([3; 16]));
        shop.register.device.write([sale.into()], now_ms).unwrap();
        shop.exchange().await;
        shop.server.clock.advance_ms(16 * 60_000);
        let bought = Browse { sort: Sort::MostBought, ..cheese() };
        assert_eq!(browse(&shop.server, bought).await, only(&["Gruyère", "Brie de Meaux", "Comté"]));
    }
}

/// Name, price, and what it was.
async fn lowered(server: &TestServer) -> Vec<(String, i64, Option<i64>)> {
    let browse = Browse { sort: Sort::Lowered, ..Browse::of("") };
    let view = ask(server, &MarketQuery::Browse { browse, window: Window::first(50) }).await;
    let MarketView::Offers(rows) = view else { panic!("{view:?}") };
    rows.value.into_iter().map(|row| (row.name, row.price_minor, row.was_minor)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_price_is_shown_beside_the_lowest_of_the_thirty_days_before() {
    const DAY_MS: i64 = 86_400_000;
    for store in stores() {
        let mut shop = filled(Shop::open(store, core(), 4).await).await;
        assert_eq!(lowered(&shop.server).await, [], "what just came is not lowered");
        // Up for a day and down again to what it was: that is no lower price.
        let mut times = 40;
        let mut after = async |days: i64, price_minor: i64| {
            shop.server.clock.advance_ms(days * DAY_MS);
            shop.owner = shop.server.signed_in("owner@example.org").await;
            times += 1;
            shop.renew(times).await;
            put(
                &mut shop,
                2,
                &Product { price_minor, categories: [CHEESE].into(), ..named("Brie de Meaux") },
            );
            shop.exchange().await;
            lowered(&shop.server).await
        };
        let brie = |price, was| vec![("Brie de Meaux".to_owned(), price, Some(was))];
        assert_eq!(after(10, 200).await, []);
        assert_eq!(after(1, 100).await, []);
        assert_eq!(after(1, 80).await, brie(80, 100));
        // Further down, it is told from the price that was the lowest, and a rise ends it.
        assert_eq!(after(1, 60).await, brie(60, 80));
        assert_eq!(after(1, 90).await, []);
        // After thirty days of it, what was lower before is not looked at, and the higher price is what it was.
        assert_eq!(after(31, 70).await, brie(70, 90));
        assert_eq!(after(31, 70).await, [], "it is just the price by now");
        // Its page tells all of them, the last one of each day.
        let page = ask(&shop.server, &MarketQuery::Offer { stall: STALL, product: ProductId([2; 16]) }).await;
        let MarketView::Offer(page) = page else { panic!("{page:?}") };
        let told: Vec<_> = page.value.prices.iter().map(|it| it.price_minor).collect();
        assert_eq!(told, [100, 200, 100, 80, 60, 90, 70]);
        assert!(page.value.prices.is_sorted_by_key(|it| it.since_ms));
    }
}
