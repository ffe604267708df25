//! Every stall and every product on the operator's page: all of them, in portions, by name, on every engine.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Edit, Field, Product};
use soko_domain::entry::{Entry, SaleMade};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::store::Shard;

use super::common::server::OPERATOR_KEY;
use super::common::shop::{STALL, Shop, core, stores};
use super::{AT_MS, named, put, teas};

const DAY_MS: i64 = 86_400_000;
/// More than a portion holds, of which each second sold.
const OTHERS: u8 = 24;

async fn asked(shop: &Shop, path: &str) -> Value {
    shop.server.get(path).bearer(OPERATOR_KEY).send().await.expect(StatusCode::OK).json()
}

/// All that a list holds, however many portions that are.
async fn all(shop: &Shop, list: &str, query: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/operator/sold/{list}?limit={limit}&{query}{after}");
        let portion = asked(shop, &path).await;
        let found = portion[list].as_array().unwrap();
        assert!(found.len() <= limit, "{path}");
        rows.extend(found.iter().cloned());
        let Some(next) = portion["next"].as_str() else { return rows };
        assert_eq!(found.len(), limit, "{path}: a portion before the last is whole");
        after = format!("&after={next}");
    }
}

fn say(rows: &[Value], key: &str) -> Vec<String> {
    rows.iter().map(|row| row[key].to_string().trim_matches('"').to_owned()).collect()
}

/// Other stalls that sold a kilo, two kilos and so on of their only product, at 100 a kilo; some sold as much as another.
fn others(today: i32) -> impl Fn(&mut dyn Tx) -> Result<(), StoreError> {
    move |tx| {
        for number in 1..=OTHERS {
            let log = LogId([0xa0 + number; 16]);
            let currency = if number == OTHERS { "KES" } else { "EUR" };
            tx.execute(
                "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place)
                 values ($1, $2, $3, 'UTC', 0, '', '')",
                params![log, format!("Étal {number}"), currency],
            )?;
            if number % 2 == 0 {
                let revenue_minor = 100 * i64::from(number / 4);
                tx.execute(
                    "insert into figure_hour values ($1, $2, 12, $1, $1, 1, 1, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
                    params![log, today, revenue_minor],
                )?;
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stall_is_listed_whatever_it_sold_and_none_is_left_out_between_portions() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let now_ms = shop.server.app.now_ms();
        let today = i32::try_from(now_ms / DAY_MS).unwrap();
        shop.register.device.write([teas(1, 2).into()], now_ms).unwrap();
        shop.register.device.write([teas(2, 3).into()], now_ms - 10 * DAY_MS).unwrap();
        shop.exchange().await;
        let (filled, fill) = (shop.server.store.store.clone(), others(today));
        let done = std::thread::spawn(move || filled.write_blocking(Shard::stall(STALL), fill)).join();
        assert!(done.unwrap().is_ok());
        let whole = all(&shop, "stalls", "days=1", 100).await;
        // Tea House, and all others but the one of another currency.
        assert_eq!(whole.len(), usize::from(OTHERS));
        let numbers = ["sales", "pieces", "revenue_minor", "net_minor"].map(|key| whole[0][key].as_i64());
        assert_eq!((&whole[0]["name"], numbers), (&json!("Tea House"), [1, 2, 900, 900].map(Some)));
        let kept: Vec<i64> = whole.iter().map(|of| of["net_minor"].as_i64().unwrap()).collect();
        assert!(kept.is_sorted_by(|a, b| a >= b), "{kept:?}");
        assert_eq!(kept.iter().filter(|kept| **kept == 0).count(), usize::from(OTHERS) / 2 + 1);
        for limit in [1, 5, 23, 24] {
            assert_eq!(all(&shop, "stalls", "days=1", limit).await, whole, "{limit}");
        }
        let week = all(&shop, "stalls", "days=28&search=TEA%20h", 5).await;
        assert_eq!(
            (say(&week, "revenue_minor"), say(&week, "pieces")),
            (vec!["2250".into()], vec!["5".into()])
        );
        assert_eq!(all(&shop, "stalls", "days=1&search=etal%2021", 5).await.len(), 1);
        assert_eq!(all(&shop, "stalls", "days=1&search=nobody", 5).await, Vec::<Value>::new());
        let other = asked(&shop, "/v1/operator/sold/stalls?currency=KES").await;
        assert_eq!(say(other["stalls"].as_array().unwrap(), "name"), [format!("Étal {OTHERS}")]);
        assert_eq!((&other["currencies"], &other["decimals"]), (&json!(["EUR", "KES"]), &json!(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_product_is_listed_and_found_by_a_part_of_its_name() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        for (number, name) in [(2, "100% juice"), (3, "Émile's jam"), (4, "Old cake"), (5, "Gone cake")] {
            put(&mut shop, number, &named(name));
        }
        put(&mut shop, 6, &Product { unit: Unit::Gram, ..named("Rice_long") });
        for number in [4, 5] {
            let archived = [Edit::SetFlag { field: Field::Archived, flag: true }];
            let document = (ThingId([number; 16]), DocumentKind::Product);
            shop.register.device.edit(document, &archived, AT_MS).unwrap();
        }
        let now_ms = shop.server.app.now_ms();
        let of = |product: u8, mut sale: SaleMade| {
            sale.lines[0].product = Some(ProductId([product; 16]));
            Entry::from(sale)
        };
        // What is not on offer any more is listed where it was sold.
        let sold = [teas(1, 2).into(), of(4, teas(2, 2)), of(3, teas(3, 1)), of(3, teas(4, 1))];
        shop.register.device.write(sold, now_ms).unwrap();
        shop.exchange().await;
        let whole = all(&shop, "products", "days=1", 100).await;
        let mut most = say(&whole[..3], "name");
        most.sort();
        assert_eq!(most, ["Crème tea", "Old cake", "Émile's jam"]);
        let mut rest = say(&whole[3..], "name");
        rest.sort();
        assert_eq!(rest, ["100% juice", "Rice_long"]);
        assert_eq!(say(&whole, "net_minor"), ["900", "900", "900", "0", "0"]);
        for limit in 1..=6 {
            assert_eq!(all(&shop, "products", "days=1", limit).await, whole, "{limit}");
        }
        for (search, found) in [
            ("100%25", vec!["100% juice"]),
            ("e_l", vec!["Rice_long"]),
            ("EMILE", vec!["Émile's jam"]),
            ("cake", vec!["Old cake"]),
            ("!", vec![]),
        ] {
            assert_eq!(
                say(&all(&shop, "products", &format!("search={search}"), 5).await, "name"),
                found,
                "{search}"
            );
        }
        let jam = &all(&shop, "products", "search=jam", 5).await[0];
        let numbers = ["lines", "units", "units_returned"].map(|key| jam[key].as_i64());
        assert_eq!((numbers, &jam["stall_name"]), ([2, 2, 0].map(Some), &json!("Tea House")));
        let get = |path: &str| shop.server.get(path);
        for wrong in ["after=1", "limit=0", "limit=101", "more=1"] {
            let path = format!("/v1/operator/sold/products?{wrong}");
            get(&path).bearer(OPERATOR_KEY).send().await.expect(StatusCode::BAD_REQUEST);
        }
        for list in ["stalls", "products"] {
            let path = format!("/v1/operator/sold/{list}");
            get(&path).send().await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
            get(&path).bearer(&shop.owner).send().await.refused(StatusCode::UNAUTHORIZED, "not_the_operator");
        }
    }
}
