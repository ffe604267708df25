//! A device revoked by another device's record, not by a person at the server.

mod common;

use axum::http::StatusCode;
use common::shop::{Register, Shop, core, exchange, send_page, stores};
use soko_domain::entry::{DeviceRevoked, Entry};
use soko_domain::ids::AuthorId;

const AT_MS: i64 = 1_795_000_000_000;

fn revoke(author: AuthorId) -> Entry {
    DeviceRevoked { author, reason: "lost on the bus".into() }.into()
}

async fn answer(shop: &Shop, register: &mut Register) -> StatusCode {
    let Ok(Ok(page)) = register.device.page().map(|page| page.encode()) else { panic!("no page") };
    send_page(&shop.server, &register.access, page).send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_ends_access_wherever_it_was_written() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let mut lost = shop.register(9, "cashier").await;
        exchange(&shop.server, &mut lost).await;
        assert_eq!(answer(&shop, &mut lost).await, StatusCode::OK);
        let written = shop.register.device.write([revoke(lost.device.author())], AT_MS);
        assert!(written.is_ok(), "{written:?}");
        shop.exchange().await;
        assert_eq!(answer(&shop, &mut lost).await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cashier_revokes_nobody() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let mut cashier = shop.register(9, "cashier").await;
        let written = cashier.device.write([revoke(shop.register.device.author())], AT_MS);
        assert!(written.is_ok(), "{written:?}");
        let reply = exchange(&shop.server, &mut cashier).await;
        let told = reply.verdicts.iter().any(|verdict| verdict.note.contains("role"));
        assert!(told, "{:?}", reply.verdicts);
        shop.exchange().await;
        assert_eq!(answer(&shop, &mut cashier).await, StatusCode::OK);
    }
}
