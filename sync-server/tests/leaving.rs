//! What the server knows of each device's last word, and a device that leaves its stall by itself.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use axum::http::StatusCode;
use common::server::{Answer, hex};
use common::shop::{Register, STALL, Shop, TEA, core, exchange, send_page, stores};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use soko_domain::entry::{ReceivedLine, ShareReturned, StockReceived};
use soko_domain::ids::{AuthorId, ShareId, ThingId};
use soko_sync_server::platform::leaving::signed_bytes;

const AT_MS: i64 = 1_795_000_000_000;
const HOUR_MS: i64 = 3_600_000;
/// The number of the register that leaves, of which its key is made.
const PHONE: u8 = 9;

fn received(quantity: i64) -> StockReceived {
    let line = ReceivedLine { product: TEA, quantity, cost_minor: None };
    StockReceived { delivery: ThingId([3; 16]), lines: vec![line], note: String::new() }
}

fn row(list: &Value, author: AuthorId) -> Value {
    let devices = list["devices"].as_array().unwrap();
    devices.iter().find(|row| row["author"] == author.to_string()).unwrap().clone()
}

async fn devices(shop: &Shop, bearer: &str) -> Value {
    let answer = shop.server.get(&format!("/v1/stalls/{STALL}/devices")).bearer(bearer).send().await;
    answer.expect(StatusCode::OK).json()
}

/// What the phone says to leave, signed by some key.
async fn leaves(shop: &Shop, phone: &Register, (seq, anyway): (u64, bool), key: u8) -> Answer {
    let author = phone.device.author();
    let signature = SigningKey::from_bytes(&[key; 32]).sign(&signed_bytes(author, seq, anyway)).to_bytes();
    let body =
        json!({"author": author.to_string(), "seq": seq, "anyway": anyway, "signature": hex(&signature)});
    shop.server.post("/v1/devices/leave", &body).send().await
}

fn written(phone: &Register) -> u64 {
    phone.device.records().len() as u64
}

/// Records that wait on devices, as whoever watches the server is told.
async fn scraped_waiting(shop: &Shop) -> String {
    let answer = shop.server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("soko_records_waiting "));
    line.unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_was_there_when_it_last_spoke_and_had_then_what_it_said() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let mut phone = shop.register(PHONE, "cashier").await;
        let of = phone.device.author();
        let list = devices(&shop, &shop.owner).await;
        assert!(row(&list, of)["last_contact_ms"].is_null(), "it never exchanged anything: {list}");
        assert!(row(&list, of)["account"].is_string());
        phone.device.write([received(6).into()], AT_MS).unwrap();
        // It says how much it has, and brings nothing of it.
        let mut page = phone.device.page().unwrap();
        page.runs.clear();
        let bytes = page.encode().unwrap();
        send_page(&shop.server, &phone.access, bytes).send().await.expect(StatusCode::OK);
        let then_ms = shop.server.app.now_ms();
        shop.server.clock.advance_ms(HOUR_MS);
        shop.renew(5).await;
        shop.exchange().await;
        let list = devices(&shop, &shop.register.access).await;
        let heard = row(&list, of);
        assert_eq!((heard["last_contact_ms"].as_i64(), heard["waiting"].as_u64()), (Some(then_ms), Some(1)));
        assert_eq!(scraped_waiting(&shop).await, "1");
        assert!(heard["account"].is_null(), "who let it in is for people");
        assert_eq!(list["now_ms"].as_i64(), Some(then_ms + HOUR_MS));
        let own = row(&list, shop.register.device.author());
        assert_eq!(own["last_contact_ms"], list["now_ms"]);
        // The list is for whoever works at the stall.
        let stranger = shop.server.person("stranger@example.org").await;
        let path = format!("/v1/stalls/{STALL}/devices");
        let refused = shop.server.get(&path).bearer(&stranger).send().await;
        refused.refused(StatusCode::NOT_FOUND, "no_such_stall");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_leaves_once_nothing_of_it_is_missing_and_is_told_so_as_often_as_it_asks() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let mut phone = shop.register(PHONE, "cashier").await;
        phone.device.write([received(6).into()], AT_MS).unwrap();
        let missing = leaves(&shop, &phone, (written(&phone), false), PHONE).await;
        missing.refused(StatusCode::CONFLICT, "records_missing");
        exchange(&shop.server, &mut phone).await;
        let early = leaves(&shop, &phone, (written(&phone), false), PHONE).await;
        early.refused(StatusCode::CONFLICT, "share_left");
        let back = ShareReturned { share: ShareId([8; 16]), product: TEA, quantity: 6, recall: None };
        phone.device.write([back.into()], AT_MS).unwrap();
        exchange(&shop.server, &mut phone).await;
        let before = shop.available().await;
        let forged = leaves(&shop, &phone, (written(&phone), false), 1).await;
        forged.refused(StatusCode::UNAUTHORIZED, "signature_wrong");
        let last = written(&phone);
        for _ in 0..2 {
            leaves(&shop, &phone, (last, false), PHONE).await.expect(StatusCode::NO_CONTENT);
        }
        let page = phone.device.page().unwrap().encode().unwrap();
        let late = send_page(&shop.server, &phone.access, page).send().await;
        assert_eq!(late.status, StatusCode::UNAUTHORIZED);
        let gone = row(&devices(&shop, &shop.owner).await, phone.device.author());
        assert_eq!((gone["has_left"].as_bool(), gone["revoked_ms"].is_i64()), (Some(true), true));
        assert_eq!(shop.available().await, before, "nothing was set apart");
        shop.exchange().await;
        let unknown = json!({"author": hex(&[3; 16]), "seq": 1, "signature": hex(&[3; 64])});
        let answer = shop.server.post("/v1/devices/leave", &unknown).send().await;
        answer.refused(StatusCode::NOT_FOUND, "no_such_device");
    }
}

/// It cannot give back what it may promise, and a person chose to leave all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_leaves_behind_by_choice_is_set_apart_and_not_stranded() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 1).await;
        let mut phone = shop.register(PHONE, "cashier").await;
        phone.device.write([received(6).into()], AT_MS).unwrap();
        exchange(&shop.server, &mut phone).await;
        // One more that nobody gets: it is in a backup.
        phone.device.write([received(2).into()], AT_MS).unwrap();
        leaves(&shop, &phone, (written(&phone), true), PHONE).await.expect(StatusCode::NO_CONTENT);
        let gone = row(&devices(&shop, &shop.owner).await, phone.device.author());
        assert_eq!((gone["has_left"].as_bool(), gone["waiting"].as_u64()), (Some(true), Some(1)));
        assert_eq!(scraped_waiting(&shop).await, "0", "whoever left brings nothing any more");
        let path = format!("/v1/stalls/{STALL}/devices/{}/reclaim", phone.device.author());
        let before = shop.available().await;
        let reclaim = json!({"reason": "the phone was given away"});
        shop.server.post(&path, &reclaim).bearer(&shop.owner).send().await.expect(StatusCode::OK);
        assert!(shop.available().await > before);
        shop.exchange().await;
    }
}
