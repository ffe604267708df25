//! What an order would come to: the same to the smallest unit as what it then costs, rate by rate, and nothing is held by asking.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Product, Typed as _};
use soko_domain::basket::Discount;
use soko_domain::coupon::CouponTerms;
use soko_domain::entry::{CouponPut, ReceivedLine};
use soko_domain::ids::{ProductId, ShareId, ThingId};
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};
use soko_sync_server::guard::limits::Rates;

use crate::common::server::{Ask, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

const AT_MS: i64 = 1_790_000_000_000;
/// Its tax stands in the price, and that of the other comes on top.
const SOAP: ProductId = ProductId([0x50; 16]);
const CUP: ProductId = ProductId([0x0c; 16]);
/// More codes than anybody's burst of units allows.
const TRIES: u8 = 30;

/// Soap and cups beside the tea, and a code that takes a third of something odd.
async fn taxed(shop: &mut Shop) {
    let device = &mut shop.register.device;
    for (number, product, price_minor, tax_ppm, tax_inclusive) in
        [(0x61, SOAP, 333, 160_000, true), (0x62, CUP, 799, 190_000, false)]
    {
        let value = Product {
            name: "Thing".into(),
            price_minor,
            currency: "EUR".into(),
            tax_ppm,
            tax_inclusive,
            ..Product::default()
        };
        device.edit((ThingId(product.0), DocumentKind::Product), &value.edits(), AT_MS).unwrap();
        let line = ReceivedLine { product, quantity: 200, cost_minor: None };
        let received =
            ReceiveStock { delivery: ThingId([number; 16]), lines: vec![line], note: String::new() };
        device.write(receive_stock::decide(&received).unwrap(), AT_MS).unwrap();
        let facts = return_share::Facts { frozen: false, own_share: 200 };
        let share = ShareId([number; 16]);
        let back = ReturnShare { share, product, quantity: 100, recall: None };
        device.write(return_share::decide(&facts, &back).unwrap(), AT_MS).unwrap();
    }
    let terms = CouponTerms {
        off: Discount::Percent(soko_domain::money::Ppm(333_333)),
        min_minor: 0,
        products: vec![],
        from_day: None,
        until_day: None,
        uses_max: Some(50),
        buyer_uses_max: None,
        is_ended: false,
    };
    device.write(vec![CouponPut { code: "THIRD".into(), revision: 1, terms }.into()], AT_MS).unwrap();
    shop.exchange().await;
}

fn quoted(shop: &Shop, guest: u8, asked: &Value) -> Ask {
    shop.server.post(&format!("{}/quote", orders()), asked).header("soko-buyer", &secret(guest))
}

fn lines(all: &[(ProductId, i64)]) -> Value {
    all.iter().map(|(product, n)| json!({"product": product.to_string(), "quantity": n})).collect()
}

fn with(mut asked: Value, more: &Value) -> Value {
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_what_the_order_costs_rate_by_rate() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        taxed(&mut shop).await;
        let local = json!({"handing": "local", "zone": "Town"});
        let contact = json!({"contact": {"name": "W", "reach": "+254 700 1", "address": "Lane 4"}});
        let mut order = 0;
        for wanted in [
            vec![(TEA, 1)],
            vec![(SOAP, 3)],
            vec![(CUP, 3)],
            vec![(SOAP, 1), (CUP, 2), (TEA, 1)],
            vec![(CUP, 1), (SOAP, 2), (CUP, 2)],
        ] {
            for how in [
                json!({}),
                local.clone(),
                json!({"coupon": "third"}),
                with(local.clone(), &json!({"coupon": "third"})),
            ] {
                order += 1;
                let asked = with(json!({"lines": lines(&wanted)}), &how);
                let quote = quoted(&shop, order, &asked).send().await.expect(StatusCode::OK).json();
                let tax_minor: i64 = quote["taxes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|tax| tax["tax_minor"].as_i64().unwrap())
                    .sum();
                let seen = json!({"order": id(order), "seen_total_minor": quote["total_minor"], "seen_tax_minor": tax_minor});
                let request = with(with(asked, &seen), &contact);
                let place = || shop.server.post(&orders(), &request).header("soko-buyer", &secret(order));
                let placed = place().send().await.expect(StatusCode::CREATED).json();
                for part in ["currency", "lines", "taxes", "delivery", "coupon", "total_minor"] {
                    assert_eq!(quote[part], placed[part], "{part} of {wanted:?} {how}");
                }
                assert_eq!(place().send().await.expect(StatusCode::CREATED).json(), placed);
                let path = format!("{}/{}", orders(), id(order));
                let now = shop.server.get(&path).header("soko-buyer", &secret(order)).send().await;
                assert_eq!(now.expect(StatusCode::OK).json()["taxes"], quote["taxes"]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rate_is_said_with_what_it_is_on_and_another_one_is_asked_about() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        taxed(&mut shop).await;
        let asked = json!({"lines": lines(&[(SOAP, 1), (CUP, 1)]), "handing": "local", "zone": "Town"});
        let quote = quoted(&shop, 1, &asked).send().await.expect(StatusCode::OK).json();
        // 333 with 16 % in it, 799 and 19 % of it, and 150 for bringing with 25 % in it.
        let rate = |ppm: i64, inclusive: bool, net_minor: i64, tax_minor: i64| json!({"label": "", "ppm": ppm, "inclusive": inclusive, "net_minor": net_minor, "tax_minor": tax_minor});
        let taxes = json!([
            rate(160_000, true, 287, 46),
            rate(190_000, false, 799, 152),
            rate(250_000, true, 120, 30)
        ]);
        assert_eq!((&quote["taxes"], quote["total_minor"].as_i64()), (&taxes, Some(333 + 951 + 150)));
        let contact = json!({"name": "W", "reach": "+254 700 1", "address": "Lane 4"});
        let order = |number: u8, tax_minor: i64| {
            let seen = json!({"order": id(number), "contact": contact, "seen_total_minor": 1434, "seen_tax_minor": tax_minor});
            shop.server.post(&orders(), &with(asked.clone(), &seen)).header("soko-buyer", &secret(1))
        };
        order(1, 229).send().await.refused(StatusCode::CONFLICT, "tax_changed");
        order(1, 228).send().await.refused(StatusCode::UNPROCESSABLE_ENTITY, "id_reused");
        order(2, 228).send().await.expect(StatusCode::CREATED);
        // What was written beside the first one is part of it.
        order(2, 229).send().await.refused(StatusCode::UNPROCESSABLE_ENTITY, "id_reused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_holds_nothing_and_says_what_the_order_would_be_refused_for() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        taxed(&mut shop).await;
        for _ in 0..3 {
            let all = json!({"lines": lines(&[(TEA, 50)])});
            quoted(&shop, 1, &all).send().await.expect(StatusCode::OK);
        }
        assert_eq!(shop.available().await, 50);
        let tea = |more: Value| with(json!({"lines": lines(&[(TEA, 1)])}), &more);
        let seen = json!([{"product": TEA.to_string(), "quantity": 1, "seen_price_minor": 1}]);
        let mut number = 0;
        for (asked, status, code) in [
            (json!({"lines": lines(&[(TEA, 51)])}), 409, "share_exceeded"),
            (json!({"lines": lines(&[(ProductId([9; 16]), 1)])}), 409, "unknown_product"),
            (json!({"lines": seen}), 409, "price_changed"),
            (tea(json!({"handing": "shipping"})), 409, "handing_not_offered"),
            (tea(json!({"handing": "local", "zone": "Moon"})), 409, "unknown_zone"),
            (tea(json!({"coupon": "nope"})), 409, "coupon_unknown"),
            (json!({"lines": []}), 400, "malformed"),
            (tea(json!({"note": "hi"})), 400, "malformed"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            quoted(&shop, 2, &asked).send().await.refused(status, code);
            if asked.get("note").is_none() {
                number += 1;
                let order = with(
                    asked.clone(),
                    &json!({"order": id(number), "contact": {"name": "W", "reach": "1", "address": "x"}}),
                );
                let placed =
                    shop.server.post(&orders(), &order).header("soko-buyer", &secret(2)).send().await;
                placed.refused(status, code);
            }
        }
        let elsewhere = format!("/v1/stalls/{}/orders/quote", id(0x99));
        let nowhere = shop.server.post(&elsewhere, &tea(json!({}))).header("soko-buyer", &secret(3));
        assert_eq!(nowhere.send().await.status, StatusCode::NOT_FOUND);
        let nobody = shop.server.post(&format!("/v1/stalls/{STALL}/orders/quote"), &tea(json!({})));
        nobody.send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_not_tried_out_by_quotes_any_faster_than_by_looking_them_up() {
    for store in stores() {
        let wanted = Wanted { rates: Some(Rates::default()), ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 50, wanted).await;
        let mut tries = 0;
        for number in 0..TRIES {
            let asked = json!({"lines": lines(&[(TEA, 1)]), "coupon": format!("CODE{number}")});
            let answer = quoted(&shop, 1, &asked).send().await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            answer.refused(StatusCode::CONFLICT, "coupon_unknown");
            tries += 1;
        }
        assert!((10..TRIES).contains(&tries), "{tries} tries");
    }
}
