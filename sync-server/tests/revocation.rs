//! A device revoked by another device's record, not by a person at the server.

mod common;

use axum::http::StatusCode;
use common::shop::{Register, Shop, TEA, asked, core, exchange, send_page, stores};
use soko_domain::ask::Ask;
use soko_domain::entry::{DeviceRevoked, Entry, ReceivedLine, ShareReturned, StockReceived};
use soko_domain::ids::{AuthorId, ShareId, ThingId};
use soko_replication::Capabilities;

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

/// It may have taken in what it gives back, and said so in a way that only a newer program can read.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_binds_as_much_as_it_can_touch_until_its_device_is_revoked() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 5).await;
        let mut newer = shop.register(9, "cashier").await;
        let written = newer.device.write_body(0x0ffe, b"of a newer program".to_vec());
        assert!(written.is_ok(), "{written:?}");
        let back = ShareReturned { share: ShareId([8; 16]), product: TEA, quantity: 2, recall: None };
        let written = newer.device.write([back.into()], AT_MS);
        assert!(written.is_ok(), "{written:?}");
        // It takes no share, so that what it owes is not covered by a grant.
        let Ok(mut page) = newer.device.page() else { panic!("no page") };
        page.capabilities = page.capabilities.without(Capabilities::SHARES);
        let Ok(page) = page.encode() else { panic!("no page") };
        send_page(&shop.server, &newer.access, page).send().await.expect(StatusCode::OK);
        // Nothing was taken from the shop for it, nothing of it is promised, and everybody else goes on.
        assert_eq!(shop.available().await, 7);
        shop.order(1, 1, 6).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        shop.order(1, 2, 1).send().await.expect(StatusCode::CREATED);
        let written = shop.register.device.write([revoke(newer.device.author())], AT_MS);
        assert!(written.is_ok(), "{written:?}");
        shop.exchange().await;
        assert_eq!(shop.available().await, 4);
        shop.order(1, 3, 4).send().await.expect(StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_apart_is_the_shops_again_when_its_owner_says_why() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let (mut lost, mut cashier) = (shop.register(9, "cashier").await, shop.register(7, "cashier").await);
        let of = lost.device.author();
        let line = ReceivedLine { product: TEA, quantity: 6, cost_minor: None };
        let received = StockReceived { delivery: ThingId([3; 16]), lines: vec![line], note: String::new() };
        lost.device.write([received.into()], AT_MS).unwrap();
        exchange(&shop.server, &mut lost).await;
        let back = |reason: &str| Ask::TakeBack { product: TEA, of, reason: reason.into() };
        let early = asked(&shop.server, &mut shop.register, (81, back("it is here"))).await;
        assert_eq!(early.as_deref(), Some("not_revoked"));
        shop.register.device.write([revoke(of)], AT_MS).unwrap();
        shop.exchange().await;
        let before = shop.available().await;
        let by_cashier = asked(&shop.server, &mut cashier, (82, back("it is here"))).await;
        assert_eq!(by_cashier.as_deref(), Some("not_allowed"));
        let unsaid = asked(&shop.server, &mut shop.register, (83, back(" "))).await;
        assert_eq!((unsaid.as_deref(), shop.available().await), (Some("reason_missing"), before));
        // Twice is once: nothing is set apart any more.
        for number in [84, 84, 85] {
            assert_eq!(asked(&shop.server, &mut shop.register, (number, back("it is here"))).await, None);
        }
        let after = shop.available().await;
        assert!(after > before, "{before}, then {after}");
        shop.exchange().await;
        shop.order(1, 1, after).send().await.expect(StatusCode::CREATED);
    }
}
