//! Codes that take something off: for whom, when, and never more often than the stall allows.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::basket::Discount;
use soko_domain::coupon::CouponTerms;
use soko_domain::entry::CouponPut;
use soko_domain::ids::ProductId;
use soko_domain::money::Ppm;

use crate::common::server::{Answer, Ask};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

const AT_MS: i64 = 1_790_000_000_000;

fn tenth() -> CouponTerms {
    CouponTerms {
        off: Discount::Percent(Ppm(100_000)),
        min_minor: 0,
        products: vec![],
        from_day: None,
        until_day: None,
        uses_max: None,
        buyer_uses_max: None,
        is_ended: false,
    }
}

/// The register makes them, and the server hears of it.
async fn made(shop: &mut Shop, codes: &[(&str, CouponTerms)]) {
    for (code, terms) in codes {
        let put = CouponPut { code: (*code).into(), revision: 1, terms: terms.clone() };
        shop.register.device.write(vec![put.into()], AT_MS).unwrap();
    }
    shop.exchange().await;
}

fn ordered(shop: &Shop, order: u8, quantity: i64, more: &Value) -> Ask {
    let mut body = json!({"order": id(order), "lines": [{"product": TEA.to_string(), "quantity": quantity}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shop.server.post(&orders(), &body)
}

async fn cancelled(shop: &Shop, guest: u8, order: u8) {
    let path = format!("{}/{}/cancel", orders(), id(order));
    let answer = shop.server.ask(Method::POST, &path).header("soko-buyer", &secret(guest)).send().await;
    answer.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_no_more_often_than_allowed_in_any_race_and_comes_back_with_its_order() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        made(&mut shop, &[("THREE", CouponTerms { uses_max: Some(3), ..tenth() })]).await;
        let with = json!({"coupon": " three "});
        let race =
            (1..=8).map(|guest| ordered(&shop, guest, 2, &with).header("soko-buyer", &secret(guest)).send());
        let answers: Vec<Answer> = futures_util::future::join_all(race).await;
        let won: Vec<u8> = (1..=8)
            .zip(&answers)
            .filter(|(_, answer)| answer.status == StatusCode::CREATED)
            .map(|(guest, _)| guest)
            .collect();
        assert_eq!(won.len(), 3);
        for answer in &answers {
            match answer.status {
                StatusCode::CREATED => {
                    let placed = answer.json();
                    assert_eq!(placed["coupon"], json!({"code": "THREE", "discount_minor": 90}));
                    assert_eq!(
                        (placed["total_minor"].as_i64(), placed["lines"][0]["discount_minor"].as_i64()),
                        (Some(810), Some(90))
                    );
                }
                _ => assert_eq!(
                    (answer.status, answer.text("code").as_str()),
                    (StatusCode::CONFLICT, "coupon_used_up")
                ),
            }
        }
        // An answer that was lost is given again, and uses nothing.
        for _ in 0..5 {
            let again = ordered(&shop, won[0], 2, &with).header("soko-buyer", &secret(won[0])).send().await;
            again.expect(StatusCode::CREATED);
        }
        let next = |order: u8| ordered(&shop, order, 1, &with).header("soko-buyer", &secret(9)).send();
        next(20).await.refused(StatusCode::CONFLICT, "coupon_used_up");
        cancelled(&shop, won[1], won[1]).await;
        cancelled(&shop, won[1], won[1]).await;
        next(21).await.expect(StatusCode::CREATED);
        next(22).await.refused(StatusCode::CONFLICT, "coupon_used_up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_answered_alike_before_the_order_and_by_it() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        let other = ProductId([0x0f; 16]);
        made(
            &mut shop,
            &[
                ("TENTH", tenth()),
                ("OVER", CouponTerms { until_day: Some(1), ..tenth() }),
                ("EARLY", CouponTerms { from_day: Some(2_000_000), ..tenth() }),
                ("ENDED", CouponTerms { is_ended: true, ..tenth() }),
                ("ONCE", CouponTerms { buyer_uses_max: Some(1), ..tenth() }),
                ("OTHER", CouponTerms { products: vec![other], ..tenth() }),
                ("MUCH", CouponTerms { min_minor: 1_000, ..tenth() }),
                ("GIFT", CouponTerms { off: Discount::Amount(100_000), ..tenth() }),
            ],
        )
        .await;
        let looked = |code: &str| {
            shop.server.post(&format!("/v1/stalls/{STALL}/coupons/look"), &json!({"code": code}))
        };
        for (number, (code, seen, problem)) in (30..).zip([
            ("NONE", "coupon_unknown", "coupon_unknown"),
            ("<script>", "coupon_unknown", "coupon_unknown"),
            ("over", "coupon_over", "coupon_over"),
            ("EARLY", "coupon_early", "coupon_early"),
            ("ENDED", "coupon_over", "coupon_over"),
            ("ONCE", "coupon_account", "coupon_account"),
            // What it has to do with the basket only the order can say.
            ("OTHER", "", "coupon_products"),
            ("MUCH", "", "coupon_minimum"),
        ]) {
            let look = looked(code).header("soko-buyer", &secret(1)).send().await;
            if seen.is_empty() {
                look.expect(StatusCode::OK);
            } else {
                assert_eq!(look.text("code"), seen, "{code}");
            }
            let placed = ordered(&shop, number, 1, &json!({"coupon": code}))
                .header("soko-buyer", &secret(1))
                .send()
                .await;
            placed.refused(StatusCode::CONFLICT, problem);
        }
        looked(&"x".repeat(200))
            .header("soko-buyer", &secret(1))
            .send()
            .await
            .refused(StatusCode::BAD_REQUEST, "malformed");
        looked("TENTH").send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        let seen =
            looked(" te nth").header("soko-buyer", &secret(1)).send().await.expect(StatusCode::OK).json();
        assert_eq!(seen, json!({"code": "TENTH", "off_ppm": 100_000, "min_minor": 0, "products": []}));

        once_for_each_account(&shop).await;
        // A gift makes it free and no less; the same order under another code is another one.
        let gift = json!({"coupon": "GIFT", "seen_total_minor": 0});
        let free = ordered(&shop, 60, 2, &gift).header("soko-buyer", &secret(1)).send().await;
        assert_eq!(free.expect(StatusCode::CREATED).json()["coupon"]["discount_minor"], 900);
        let tenth = json!({"coupon": "TENTH", "seen_total_minor": 0});
        let changed = ordered(&shop, 60, 2, &tenth).header("soko-buyer", &secret(1)).send().await;
        changed.refused(StatusCode::UNPROCESSABLE_ENTITY, "id_reused");
        let odd = ordered(&shop, 61, 2, &tenth).header("soko-buyer", &secret(1)).send().await;
        odd.refused(StatusCode::CONFLICT, "total_changed");
    }
}

/// And again where the first was cancelled.
async fn once_for_each_account(shop: &Shop) {
    let account = shop.server.person("buyer@example.org").await;
    let looked =
        |code: &str| shop.server.post(&format!("/v1/stalls/{STALL}/coupons/look"), &json!({"code": code}));
    let once = |order: u8| ordered(shop, order, 1, &json!({"coupon": "ONCE"})).bearer(&account).send();
    once(50).await.expect(StatusCode::CREATED);
    once(51).await.refused(StatusCode::CONFLICT, "coupon_used");
    assert_eq!(looked("ONCE").bearer(&account).send().await.text("code"), "coupon_used");
    let path = format!("{}/{}/cancel", orders(), id(50));
    shop.server.ask(Method::POST, &path).bearer(&account).send().await.expect(StatusCode::OK);
    once(52).await.expect(StatusCode::CREATED);
}
