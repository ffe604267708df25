//! The web app as a browser meets it: files, packed files, pages with a first paint, and headers that keep a page
//! from doing what it should not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::Path;

use axum::http::{Method, StatusCode};
use common::TestStore;
use common::server::{Answer, OPERATOR_KEY, TestServer, Wanted};
use common::shop::{STALL, Shop, TEA, core, stores};
use serde_json::{Value, json};
use soko_documents::{Category, DocumentKind, Edit, Field, Product, Typed as _};
use soko_domain::deal::Deal;
use soko_domain::ids::{ProductId, ThingId};
use soko_sync_server::web::Web;

const INDEX: &str = "<!doctype html><head><title>Soko</title><!--soko:head--></head>\
                     <body><!--soko:body--><noscript><p>Soko needs JavaScript.</p></noscript><script src=\"/ui-0123456789abcdef.js\"></script></body>";
const MANIFEST: &str = r#"{"name": "Soko", "description": "A till.", "shortcuts": [
    {"name": "Sell", "url": "/sell"}, {"name": "Orders", "url": "/orders"}, {"name": "Market", "url": "/"}]}"#;
const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A made web app in a folder.
fn made(folder: &Path) -> Web {
    std::fs::create_dir_all(folder.join("icons")).unwrap();
    for (name, text) in [
        ("index.html", INDEX),
        ("shop.html", &INDEX.replace("ui-", "shop-")),
        ("ui-0123456789abcdef.js", "plain"),
        ("ui-0123456789abcdef.js.br", "brotli"),
        ("ui-0123456789abcdef.js.gz", "gzip"),
        ("ui-0123456789abcdef_bg.wasm", "wasm"),
        ("sw.js", "worker"),
        ("manifest.webmanifest", MANIFEST),
        ("icons/soko.svg", "<svg/>"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::write(folder.parent().unwrap().join("secret.txt"), "secret").unwrap();
    Web::Folder(folder.to_owned())
}

struct Made {
    server: TestServer,
    _folder: tempfile::TempDir,
}

fn server() -> Made {
    let folder = tempfile::tempdir().unwrap();
    let web = made(&folder.path().join("dist"));
    let wanted = Wanted { core: Some(core()), web: Some(web), ..Wanted::default() };
    Made { server: TestServer::on(TestStore::sqlite(), wanted), _folder: folder }
}

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    let ask = headers.iter().fold(server.get(path), |ask, (name, value)| ask.header(name, value));
    ask.send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_as_the_browser_takes_them_and_say_how_long_they_keep() {
    let made = server();
    let js = "/ui-0123456789abcdef.js";
    for (takes, coding, body) in [
        ("gzip, deflate, br, zstd", Some("br"), "brotli"),
        ("gzip", Some("gzip"), "gzip"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "gzip"),
        ("identity", None, "plain"),
        ("", None, "plain"),
    ] {
        let answer = get(&made.server, js, &[("accept-encoding", takes)]).await.expect(StatusCode::OK);
        let given = answer.headers.get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!((given.as_deref(), &answer.bytes[..]), (coding, body.as_bytes()), "{takes}");
        assert_eq!(answer.headers["vary"], "accept-encoding");
        assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    for (path, kind, kept) in [
        ("/ui-0123456789abcdef_bg.wasm", "application/wasm", "public, max-age=31536000, immutable"),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/icons/soko.svg", "image/svg+xml", "no-cache"),
    ] {
        let answer = get(&made.server, path, &[]).await.expect(StatusCode::OK);
        assert_eq!(answer.headers["content-type"], kind, "{path}");
        assert_eq!(answer.headers["cache-control"], kept, "{path}");
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        let again = get(&made.server, path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
    }
    for path in
        ["/../secret.txt", "/%2e%2e/secret.txt", "//secret.txt", "/sw.js.br", "/ui-0123456789abcdef.js.br"]
    {
        get(&made.server, path, &[]).await.refused(StatusCode::NOT_FOUND, "no_such_path");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_before_the_app_runs_is_in_the_visitors_language() {
    let made = server();
    for (asked, lang, direction, sell, needs) in [
        ("", "en", "ltr", "Sell", "Soko needs JavaScript."),
        ("de, en-GB;q=0.5", "en", "ltr", "Sell", "Soko needs JavaScript."),
        ("fr-CH, en;q=0.8", "fr", "ltr", "Vendre", "Soko a besoin de JavaScript."),
        ("sw", "sw", "ltr", "Uza", "Soko inahitaji JavaScript."),
        ("ar-TN", "ar", "rtl", "البيع", "يحتاج Soko إلى JavaScript."),
    ] {
        let spoken = [("accept", HTML), ("accept-language", asked)];
        let manifest = get(&made.server, "/manifest.webmanifest", &spoken).await.expect(StatusCode::OK);
        assert_eq!(manifest.headers["vary"], "accept-language");
        let said = manifest.json();
        assert_eq!(
            (&said["lang"], &said["dir"], &said["name"]),
            (&json!(lang), &json!(direction), &json!("Soko"))
        );
        assert_eq!(
            (&said["shortcuts"][0]["name"], &said["shortcuts"][0]["url"]),
            (&json!(sell), &json!("/sell"))
        );
        let is_english =
            said["description"] == "A till and a shop that go on working when the network does not.";
        assert_eq!(is_english, lang == "en", "{said}");
        let page = get(&made.server, "/sell", &spoken).await.expect(StatusCode::OK);
        let page = String::from_utf8(page.bytes.to_vec()).unwrap();
        let words = format!("<noscript><p lang=\"{lang}\" dir=\"{direction}\">{needs}</p></noscript>");
        assert!(page.contains(&words), "{asked}: {page}");
        // What was chosen in the app counts for more than what the browser speaks; what is no language does not.
        for (chosen, expected) in [("ar", "ar"), ("sw", "sw"), ("tlh", lang), ("", lang)] {
            let path = format!("/manifest.webmanifest?lang={chosen}");
            let manifest = get(&made.server, &path, &spoken).await.expect(StatusCode::OK).json();
            assert_eq!(
                (&manifest["lang"], &manifest["id"]),
                (&json!(expected), &said["id"]),
                "{asked} {chosen}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_the_app_is_its_page_and_no_other_is() {
    let made = server();
    for path in ["/", "/sell", "/no/such/screen", "/settings/server"] {
        let answer = get(&made.server, path, &[("accept", HTML)]).await.expect(StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-cache");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
        assert!(answer.headers["permissions-policy"].to_str().unwrap().starts_with("camera=(self)"));
        let page = String::from_utf8(answer.bytes.to_vec()).unwrap();
        assert!(page.contains("-0123456789abcdef.js") && !page.contains("<!--soko:"), "{page}");
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        let again = get(&made.server, path, &[("accept", HTML), ("if-none-match", &tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
    }
    // Who looks around for the first time gets less; who has the app or works with it, the whole.
    for (path, headers, program) in [
        ("/", &[("accept", HTML)][..], "/shop-"),
        ("/market", &[("accept", HTML)], "/shop-"),
        ("/search?q=tea", &[("accept", HTML)], "/shop-"),
        ("/market", &[("accept", HTML), ("soko-app", "kept")], "/ui-"),
        ("/sell", &[("accept", HTML)], "/ui-"),
        ("/markets", &[("accept", HTML)], "/ui-"),
    ] {
        let answer = get(&made.server, path, headers).await.expect(StatusCode::OK);
        assert_eq!(answer.headers["vary"], "soko-app, accept-language");
        let page = String::from_utf8(answer.bytes.to_vec()).unwrap();
        assert!(page.contains(&format!("src=\"{program}")), "{path}: {page}");
    }
    // Who makes a preview of a link takes whatever there is, and follows no link to the counter.
    let anything: [&[(&str, &str)]; 2] = [&[("accept", "*/*")], &[]];
    for headers in anything {
        for path in ["/market", "/search?q=tea"] {
            let answer = get(&made.server, path, headers).await.expect(StatusCode::OK);
            assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{path}");
        }
        get(&made.server, "/sell", headers).await.refused(StatusCode::NOT_FOUND, "no_such_path");
    }
    let json = get(&made.server, "/market", &[("accept", "application/json")]).await;
    json.refused(StatusCode::NOT_FOUND, "no_such_path");
    for path in ["/v1/nothing", "/v1", "/pictures", "/healthz/x", "/app-9.css", "/docs/none", "/sell/a.js"] {
        let answer = get(&made.server, path, &[("accept", HTML)]).await;
        assert_ne!(answer.status, StatusCode::OK, "{path}");
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("<!doctype"), "{path}");
    }
    get(&made.server, "/sell", &[]).await.refused(StatusCode::NOT_FOUND, "no_such_path");
    made.server
        .delete("/sell")
        .header("accept", HTML)
        .send()
        .await
        .refused(StatusCode::NOT_FOUND, "no_such_path");
}

/// What a page says to programs.
fn data(page: &str) -> Vec<Value> {
    let parts = page.split("<script type=\"application/ld+json\">").skip(1);
    parts.map(|part| serde_json::from_str(part.split_once("</script>").unwrap().0).unwrap()).collect()
}

const EVIL: &str = "<script>alert(1)</script>\"'&";

struct Decorated {
    shop: Shop,
    _folder: tempfile::TempDir,
}

/// A shop with a web app, opening hours, a category, and a product whose name is not meant well.
async fn decorated(store: TestStore) -> Decorated {
    let folder = tempfile::tempdir().unwrap();
    let web = made(&folder.path().join("dist"));
    let public_origin = Some("https://market.example");
    let wanted = Wanted { web: Some(web), public_origin, ..Wanted::default() };
    let mut shop = Shop::open_wanted(store, core(), 4, wanted).await;
    let drinks = ThingId([0xdd; 16]);
    let named =
        [Edit::SetText { field: Field::Name, text: EVIL.into() }, Edit::AddCategory { category: drinks }];
    let device = &mut shop.register.device;
    device.edit((ThingId(TEA.0), DocumentKind::Product), &named, 9).unwrap();
    let content = Category { name: "Drinks".into(), ..Category::default() };
    device.edit((drinks, DocumentKind::Category), &content.edits(), 9).unwrap();
    let hours = [Edit::SetText { field: Field::Hours, text: "Every day, 7 to 15".into() }];
    device.edit((ThingId(STALL.0), DocumentKind::Stall), &hours, 9).unwrap();
    shop.exchange().await;
    Decorated { shop, _folder: folder }
}

impl Decorated {
    async fn text(&self, path: &str) -> String {
        let answer = get(&self.shop.server, path, &[("accept", HTML)]).await.expect(StatusCode::OK);
        String::from_utf8(answer.bytes.to_vec()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_with_variants_is_told_with_all_of_them() {
    for store in stores() {
        let mut made = decorated(store).await;
        for (number, name, price_minor) in [(0x41, "Tea small", 300), (0x42, "Tea large", 500)] {
            let options = [("Size".into(), name.into())].into();
            let currency = "EUR".into();
            let variant_of = Some(TEA);
            let variant = Product {
                name: name.into(),
                price_minor,
                currency,
                variant_of,
                options,
                ..Product::default()
            };
            let document = (ThingId([number; 16]), DocumentKind::Product);
            made.shop.register.device.edit(document, &variant.edits(), 10).unwrap();
        }
        // Of the product itself there is some; with nothing of it left, only its variants have a price.
        for (units, low, high, state) in [(0, "4.50", "4.50", "InStock"), (4, "3.00", "5.00", "OutOfStock")] {
            if units > 0 {
                made.shop.order(1, 1, units).send().await.expect(StatusCode::CREATED);
            }
            made.shop.exchange().await;
            let page = made.text(&format!("/stall/{STALL}/{TEA}")).await;
            let offers = &data(&page)[0]["offers"];
            assert_eq!(offers["@type"], "AggregateOffer");
            assert_eq!((&offers["lowPrice"], &offers["highPrice"]), (&json!(low), &json!(high)));
            assert_eq!((&offers["offerCount"], offers.get("price")), (&json!(2), None));
            assert_eq!(offers["availability"], format!("https://schema.org/{state}"));
            let link = format!("/stall/{STALL}/{}", ProductId([0x42; 16]));
            assert!(page.contains(&format!("<a href=\"{link}\">Tea large</a> 5.00 EUR")), "{page}");
        }
        let stall = made.text(&format!("/stall/{STALL}")).await;
        assert!(stall.contains("3.00 EUR – 5.00 EUR") && !stall.contains("Tea large"), "{stall}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_told_with_its_end_and_what_the_product_usually_costs() {
    for store in stores() {
        let mut made = decorated(store).await;
        let now_ms = made.shop.server.app.now_ms();
        let deal = Deal {
            id: ThingId([7; 16]),
            price_minor: 300,
            price_per: Some(1),
            from_ms: now_ms - 60_000,
            until_ms: 1_900_000_000_000,
            quantity: 9,
            each: None,
        };
        let edit = Edit::SetText { field: Field::Deal, text: deal.to_string() };
        let document = (ThingId(TEA.0), DocumentKind::Product);
        made.shop.register.device.edit(document, &[edit], 10).unwrap();
        made.shop.exchange().await;
        let page = made.text(&format!("/stall/{STALL}/{TEA}")).await;
        assert!(page.contains("<p>3.00 EUR <s>4.50 EUR</s> <time"), "{page}");
        assert!(
            page.contains("<time datetime=\"2030-03-17T17:46Z\">2030-03-17T17:46Z</time> (9)</p>"),
            "{page}"
        );
        let offer = &data(&page)[0]["offers"];
        assert_eq!(
            (&offer["price"], &offer["priceValidUntil"]),
            (&json!("3.00"), &json!("2030-03-17T17:46:40Z"))
        );
        let stall = made.text(&format!("/stall/{STALL}")).await;
        assert!(stall.contains("3.00 EUR") && !stall.contains("4.50 EUR"), "{stall}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_reads_the_stall_before_the_app_has_arrived() {
    for store in stores() {
        let made = decorated(store).await;
        let market = made.text("/").await;
        assert!(market.contains(&format!("<a href=\"/stall/{STALL}\">Tea House</a>")), "{market}");
        let stall = made.text(&format!("/stall/{STALL}")).await;
        assert!(stall.contains("<title>Tea House</title>") && stall.contains("4.50 EUR"), "{stall}");
        let link = format!("/stall/{STALL}/{TEA}");
        assert!(stall.contains(&format!("<a href=\"{link}\">")), "{stall}");
        let product = made.text(&link).await;
        let category = made.text("/category/drinks?sort=price&stock=1").await;
        assert!(category.contains("<title>Drinks – Soko</title>"), "{category}");
        for page in [&stall, &product, &category] {
            assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
            let data = page.matches("<script type=\"application/ld+json\">").count();
            assert!(data > 0 && page.matches("<script").count() == data + 1, "only the app's own: {page}");
            assert_eq!(page.matches("</script>").count(), data + 1, "{page}");
            assert_eq!(page.matches("<title>").count(), 1, "{page}");
        }
        let nobody = "66".repeat(16);
        for path in [
            format!("/stall/{nobody}"),
            format!("/stall/{STALL}/{nobody}"),
            "/stall/unknown".into(),
            "/stall/unknown/deep".into(),
            "/category/nobody-has-this".into(),
        ] {
            let answer =
                get(&made.shop.server, &path, &[("accept", HTML)]).await.expect(StatusCode::NOT_FOUND);
            let unknown = String::from_utf8(answer.bytes.to_vec()).unwrap();
            assert!(unknown.contains("<title>Soko</title>") && unknown.contains("<script"), "{unknown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_speaks_the_language_that_is_asked_for() {
    for store in stores() {
        let made = decorated(store).await;
        let server = &made.shop.server;
        let until = json!({"until_ms": server.app.now_ms() + 86_400_000});
        let put = server.ask(Method::PUT, &format!("/v1/operator/featured/{STALL}")).json(&until);
        put.bearer(OPERATOR_KEY).send().await.expect(StatusCode::NO_CONTENT);
        for (asked, heading, description) in [
            ("en-GB,en;q=0.9", "<h2>Featured</h2>", "Stalls of this market: Tea House"),
            ("xx", "<h2>Featured</h2>", "Stalls of this market: Tea House"),
            (
                "fr-CH, fr;q=0.9, en;q=0.8",
                r#"<h2 lang="fr" dir="ltr">À la une</h2>"#,
                "Les étals de ce marché : Tea House",
            ),
            ("ar", r#"<h2 lang="ar" dir="rtl">مختارات</h2>"#, "أكشاك هذا السوق: Tea House"),
        ] {
            let headers = [("accept", HTML), ("accept-language", asked)];
            let answer = get(server, "/", &headers).await.expect(StatusCode::OK);
            let page = String::from_utf8(answer.bytes.to_vec()).unwrap();
            assert!(page.contains(heading), "{asked}: {page}");
            assert!(page.contains(&format!("content=\"{description}\"")), "{asked}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_what_a_page_is_and_where_everything_is() {
    for store in stores() {
        let made = decorated(store).await;
        let link = format!("/stall/{STALL}/{TEA}");
        // However it is filtered, it is one page.
        for (path, canonical) in [
            ("/market", "/"),
            (&*format!("/stall/{STALL}"), &*format!("/stall/{STALL}")),
            (&link, &link),
            ("/category/drinks?sort=price", "/category/drinks"),
        ] {
            let wanted = format!("<link rel=\"canonical\" href=\"https://market.example{canonical}\">");
            let page = made.text(path).await;
            assert!(page.contains(&wanted), "{wanted} in {page}");
        }
        let [store] = data(&made.text(&format!("/stall/{STALL}")).await).try_into().unwrap();
        assert_eq!((&store["@type"], &store["name"]), (&json!("Store"), &json!("Tea House")));
        assert_eq!(store["openingHoursSpecification"]["opens"], "07:00");
        let [thing, way] = data(&made.text(&link).await).try_into().unwrap();
        assert_eq!((&thing["@type"], &thing["name"]), (&json!("Product"), &json!(EVIL)), "as it was written");
        let offer = &thing["offers"];
        assert_eq!((&offer["price"], &offer["priceCurrency"]), (&json!("4.50"), &json!("EUR")));
        assert_eq!(offer["availability"], "https://schema.org/InStock");
        assert_eq!(offer["url"], format!("https://market.example{link}"));
        assert_eq!(thing["aggregateRating"], Value::Null, "nobody rated it");
        assert_eq!(way["itemListElement"].as_array().unwrap().len(), 3);
        let [list] = data(&made.text("/category/drinks").await).try_into().unwrap();
        assert_eq!(list["mainEntity"]["itemListElement"][0]["name"], json!(EVIL));

        let robots = made.text("/robots.txt").await;
        let map = "Sitemap: https://market.example/sitemap.xml";
        assert!(robots.contains("Disallow: /me\n") && robots.contains(map), "{robots}");
        let maps = made.text("/sitemap.xml").await;
        let mut urls = String::new();
        for map in maps.split("<loc>https://market.example").skip(1) {
            urls += &made.text(map.split('<').next().unwrap()).await;
        }
        for path in ["/", "/category/drinks", &format!("/stall/{STALL}"), &link] {
            assert!(urls.contains(&format!("<loc>https://market.example{path}</loc>")), "{path}: {urls}");
        }
        assert!(!urls.contains("script"), "{urls}");
        get(&made.shop.server, "/sitemap/x", &[]).await.refused(StatusCode::BAD_REQUEST, "malformed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_made_app_the_server_says_how_to_make_it() {
    let folder = tempfile::tempdir().unwrap();
    let web = Some(Web::Folder(folder.path().join("nothing")));
    let server = TestServer::with(Wanted { core: Some(core()), web, ..Wanted::default() });
    let answer = get(&server, "/", &[("accept", HTML)]).await.expect(StatusCode::OK);
    assert!(String::from_utf8_lossy(&answer.bytes).contains("cargo xtask web"));
    get(&server, "/sell", &[("accept", HTML)]).await.refused(StatusCode::NOT_FOUND, "no_such_path");
}
