//! What everybody may see of the market, and that nobody waits for somebody else's documents.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "shop/costs.rs"]
mod costs;
#[path = "shop/paid_twice.rs"]
mod paid_twice;
#[path = "shop/water.rs"]
mod water;

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use common::server::{Answer, SECRET};
use common::shop::{STALL, Shop, core, exchange, stores};
use soko_documents::{Applied, Category, DocumentKind, Edit, Field, Product, Typed as _};
use soko_domain::entry::{Entry, Kind, PersonErased, PersonPut, RecordParked};
use soko_domain::ids::{AuthorId, Hash, PersonId, ThingId};
use soko_domain::role::Role;
use soko_projection::{Applier, ApplyFailure, LocalApplier, Work};
use soko_record_log::{StoreError, Tx, log, params};
use soko_sync_server::proof;
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::stall::Core;
use soko_sync_server::store::Shard;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[tokio::test(flavor = "multi_thread")]
async fn the_market_shows_stalls_and_offers_in_portions() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 4).await;
        for (number, name) in [(1, "Apple"), (2, "Émile's jam"), (3, "100% juice"), (4, "Zebra cake")] {
            let categories = [ThingId([9; 16])].into();
            let pictures = vec![Hash([7; 32])];
            let currency = "EUR".into();
            let product = Product { name: name.into(), currency, categories, pictures, ..Product::default() };
            let document = (ThingId([number; 16]), DocumentKind::Product);
            shop.register.device.edit(document, &product.edits(), 1).unwrap();
        }
        let archived = [Edit::SetFlag { field: Field::Archived, flag: true }];
        shop.register.device.edit((ThingId([4; 16]), DocumentKind::Product), &archived, 2).unwrap();
        let fruit = Category { name: "Fruit".into(), ..Category::default() };
        let category = (ThingId([9; 16]), DocumentKind::Category);
        shop.register.device.edit(category, &fruit.edits(), 2).unwrap();
        let hours = [Edit::SetText { field: Field::Hours, text: "Saturdays".into() }];
        shop.register.device.edit((ThingId(STALL.0), DocumentKind::Stall), &hours, 2).unwrap();
        shop.exchange().await;

        let get = |path: String| shop.server.get(&path).send();
        let market = get("/v1/market/stalls".into()).await.expect(StatusCode::OK).json();
        assert_eq!(
            (market["stalls"][0]["name"].as_str(), market["next"].as_str()),
            (Some("Tea House"), None)
        );
        let profile = get(format!("/v1/stalls/{STALL}")).await.expect(StatusCode::OK);
        assert_eq!((profile.text("currency"), profile.text("hours")), ("EUR".into(), "Saturdays".into()));
        assert_eq!(profile.json()["categories"][0]["name"], "Fruit");
        let apple = get(format!("/v1/stalls/{STALL}/products?search=apple")).await.expect(StatusCode::OK);
        let apple = &apple.json()["products"][0];
        assert_eq!(apple["picture"].as_str().map(str::len), Some(64));
        assert_eq!(apple["categories"][0], profile.json()["categories"][0]["category"]);

        let names = |answer: Answer| {
            let json = answer.expect(StatusCode::OK).json();
            let products = json["products"].as_array().cloned().unwrap();
            let names = products.iter().map(|one| one["name"].as_str().unwrap().to_owned());
            (names.collect::<Vec<_>>(), json["next"].as_str().map(str::to_owned))
        };
        let base = format!("/v1/stalls/{STALL}/products");
        let (first, next) = names(get(format!("{base}?limit=3")).await);
        assert_eq!(first, ["100% juice", "Apple", "Crème tea"]);
        let after = next.unwrap().replace(' ', "%20").replace('%', "%25").replace("%2520", "%20");
        let (rest, next) = names(get(format!("{base}?limit=3&after={after}")).await);
        assert_eq!((rest, next), (vec!["Émile's jam".to_owned()], None));
        for (search, found) in
            [("creme", vec!["Crème tea"]), ("EMILE", vec!["Émile's jam"]), ("%25", vec!["100% juice"])]
        {
            assert_eq!(names(get(format!("{base}?search={search}")).await).0, found, "{search}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_change_is_not_sent_again_and_nonsense_is_refused() {
    for store in stores() {
        let shop = Shop::open(store, core(), 4).await;
        let base = format!("/v1/stalls/{STALL}/products");
        let first = shop.server.get(&base).send().await.expect(StatusCode::OK);
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        assert!(first.headers["cache-control"].to_str().unwrap().contains("max-age"));
        let same = shop.server.get(&base).header("if-none-match", &tag).send().await;
        assert_eq!((same.status, same.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        shop.server.get(&base).header("if-none-match", &tag).send().await.expect(StatusCode::OK);

        let long = "a".repeat(2_000);
        for query in [
            "limit=0",
            "limit=101",
            "limit=x",
            "search=%00",
            "after=%00",
            "what=1",
            &format!("search={long}"),
        ] {
            let answer = shop.server.get(&format!("{base}?{query}")).send().await;
            answer.refused(StatusCode::BAD_REQUEST, "malformed");
        }
        shop.server.get(&format!("{base}?after=x")).send().await.expect(StatusCode::OK);
        let unknown = shop.server.get("/v1/stalls/66666666666666666666666666666666/products").send().await;
        unknown.refused(StatusCode::NOT_FOUND, "no_such_stall");
    }
}

const SLOW: ThingId = ThingId([0x5c; 16]);

/// Holds the first change of one document back until it is let go.
struct Slow {
    began: UnboundedSender<()>,
    go: Mutex<Option<Receiver<()>>>,
}

struct SlowApplier(Arc<Slow>);

impl Applier for SlowApplier {
    fn apply(&mut self, work: &Work<'_>) -> Result<Applied, ApplyFailure> {
        let go = if work.document == SLOW { self.0.go.lock().unwrap().take() } else { None };
        if let Some(go) = go {
            self.0.began.send(()).unwrap();
            go.recv().unwrap();
        }
        LocalApplier.apply(work)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_takes_its_time_keeps_nobody_from_writing() {
    for store in stores() {
        let (began, mut has_begun) = unbounded_channel();
        let (let_go, go) = std::sync::mpsc::channel();
        let slow = Arc::new(Slow { began, go: Mutex::new(Some(go)) });
        let key = ServerSecret::new(SECRET).stall_key();
        let core = Core::new(key, Box::new(move || Box::new(SlowApplier(Arc::clone(&slow)))));
        let mut shop = Shop::open(store, Arc::new(core), 4).await;
        let mut other = shop.register(7, "manager").await;

        let document = (SLOW, DocumentKind::Product);
        let name = [Edit::SetText { field: Field::Name, text: "Slow cake".into() }];
        shop.register.device.edit(document, &name, 1).unwrap();
        let page = shop.register.device.page().unwrap().encode().unwrap();
        let sent = tokio::spawn(shop.page(&shop.register.access, page).send());
        has_begun.recv().await.unwrap();

        // Meanwhile: an order at the same stall, and an edit of the same document.
        shop.order(1, 9, 1).send().await.expect(StatusCode::CREATED);
        let price = [Edit::SetNumber { field: Field::Price, number: 320 }];
        other.device.edit(document, &price, 2).unwrap();
        exchange(&shop.server, &mut other).await;
        let_go.send(()).unwrap();

        sent.await.unwrap().expect(StatusCode::OK);
        let path = format!("/v1/stalls/{STALL}/products?search=slow");
        let found = shop.server.get(&path).send().await.expect(StatusCode::OK).json();
        assert_eq!(found["products"][0]["name"], "Slow cake");
        assert_eq!(found["products"][0]["price_minor"], 320);
    }
}

/// As a step that brings new columns leaves them, on either engine.
#[tokio::test(flavor = "multi_thread")]
async fn tables_that_an_older_program_filled_are_filled_again_before_anybody_is_served() {
    for store in stores() {
        let shop = Shop::open(store, core(), 4).await;
        let (store, core) = (shop.server.store.store.clone(), Arc::clone(&shop.core));
        let refilled = std::thread::spawn(move || {
            let spoil = |tx: &mut dyn Tx| {
                for table in ["product", "stall_profile", "balance"] {
                    tx.execute(&format!("delete from {table} where log = $1"), params![STALL])?;
                }
                tx.execute("insert into tables_stale (log) values ($1)", params![STALL])
            };
            let spoilt = store.write_blocking(Shard::stall(STALL), spoil);
            assert!(spoilt.is_ok(), "{spoilt:?}");
            [proof::refill(&store, &core, 0), proof::refill(&store, &core, 0)]
        });
        assert_eq!(refilled.join().unwrap(), [Ok(1), Ok(0)]);
        assert_eq!(shop.available().await, 4);
    }
}

/// One fault for each of several tables, in the digest and beside it.
const SPOILT: [(&str, &str); 10] = [
    ("product", "update product set low_level = 77 where log = $1"),
    ("stall_profile", "delete from stall_profile where log = $1"),
    ("sale", "update sale set cash_minor = cash_minor + 1 where log = $1"),
    ("shift", "update shift set tendered_minor = tendered_minor - 1 where log = $1"),
    ("shift_tender", "delete from shift_tender where log = $1"),
    ("person", "update person set role = 1 where log = $1"),
    ("person_card", "delete from person_card where log = $1"),
    (
        "audit_row",
        "insert into audit_row (log, author, seq, facet, kind, at_ms, business_day)
         select log, author, 1, 0, 1, 0, 0 from stall_device where log = $1",
    ),
    ("balance", "update balance set quantity = quantity + 1 where log = $1"),
    ("figure_hour", "update figure_hour set sales = sales + 1 where log = $1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_no_record_says_is_found_in_whichever_table_it_stands() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 4).await;
        shop.register.device.write([put(1, "Amina"), put(2, "Juma")], 1).unwrap();
        shop.sell(1).await;
        let (store, core) = (shop.server.store.store.clone(), Arc::clone(&shop.core));
        let looked = std::thread::spawn(move || {
            let look = || proof::verify(&store, &core, STALL).unwrap().problems;
            assert_eq!(look(), Vec::<String>::new());
            for (table, sql) in SPOILT {
                let changed =
                    store.write_blocking(Shard::stall(STALL), move |tx| tx.execute(sql, params![STALL]));
                assert!(matches!(changed, Ok(1..)), "{table}: {changed:?}");
                let wanted =
                    format!("the table {table} is not what the records say: run soko-server rebuild");
                assert!(look().contains(&wanted), "{table}: {:?}", look());
                assert_eq!(proof::rebuild(&store, &core, STALL).unwrap().differing, [table]);
                assert!(proof::rebuild(&store, &core, STALL).unwrap().was_right(), "{table}");
            }
        });
        looked.join().unwrap();
    }
}

fn put(person: u8, name: &str) -> Entry {
    let (person, veil, role) = (PersonId([person; 16]), ThingId([9; 16]), Role::Cashier);
    PersonPut { person, revision: 1, veil, name: name.into(), role, is_active: true }.into()
}

/// The server parks what a device must not write, and who was erased loses the name: both leave a hash, and say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_gone_only_where_a_record_says_why() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 4).await;
        let person = PersonId([1; 16]);
        let parked = RecordParked { author: AuthorId([9; 16]), seq: 9, code: 1, note: String::new() };
        let written = [put(1, "Amina"), PersonErased { person }.into(), parked.into()];
        shop.register.device.write(written, 1).unwrap();
        shop.sell(1).await;
        let (store, core) = (shop.server.store.store.clone(), Arc::clone(&shop.core));
        let looked = std::thread::spawn(move || {
            let look = || proof::verify(&store, &core, STALL).unwrap().problems;
            assert_eq!(look(), Vec::<String>::new());
            let empty = |tx: &mut dyn Tx| {
                let gone = tx.query_one(
                    "select count(*) from record where log = $1 and body is null",
                    params![STALL],
                )?;
                let sale = Kind::SaleMade.number();
                let made = "select author, seq from record where log = $1 and kind = $2";
                let row = tx.query_one(made, params![STALL, sale])?;
                let (author, seq): (AuthorId, u64) = (row.id(0)?, row.number(1)?);
                log::withhold(tx, STALL, &author, seq)?;
                Ok::<_, StoreError>((gone.int(0)?, author, seq))
            };
            let (gone, author, seq) = store.write_blocking(Shard::stall(STALL), empty).unwrap();
            assert_eq!(gone, 2);
            let found = look();
            let wanted = format!("author {author}: record {seq} lost its body, and no record says why");
            assert_eq!(found.first(), Some(&wanted));
            // A rebuild would make the sale never have been.
            assert!(
                found.iter().any(|said| said.contains("sale") && said.contains("not what the records say"))
            );
            assert!(!found.iter().any(|said| said.contains("run soko-server rebuild")), "{found:?}");
        });
        looked.join().unwrap();
    }
}
