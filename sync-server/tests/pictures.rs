//! Pictures: brought by those who may, seen by everybody.

mod common;

use axum::http::{Method, StatusCode};
use common::server::{Answer, hex};
use common::shop::{STALL, Shop, core, stores};
use sha2::{Digest as _, Sha256};
use soko_record_log::{StoreError, params};
use soko_sync_server::platform::pictures::PICTURE_BYTES_PER_STALL_MAX;
use soko_sync_server::store::{Failed, Shard};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0and so on";
const WEBP: &[u8] = b"RIFF\x04\0\0\0WEBPand so on";

fn path(bytes: &[u8]) -> String {
    format!("/pictures/{}", hex(&Sha256::digest(bytes)))
}

async fn put(shop: &Shop, token: &str, path: &str, bytes: &[u8]) -> Answer {
    shop.server.ask(Method::PUT, path).body("image/png", bytes.to_vec()).bearer(token).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_brought_once_and_kept_by_everybody() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        for (bytes, kind) in [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")] {
            let path = path(bytes);
            shop.server.get(&path).send().await.refused(StatusCode::NOT_FOUND, "no_such_picture");
            for _ in 0..2 {
                put(&shop, &shop.register.access, &path, bytes).await.expect(StatusCode::NO_CONTENT);
            }
            let seen = shop.server.get(&path).send().await.expect(StatusCode::OK);
            assert_eq!(seen.bytes, bytes);
            let tag = seen.headers["etag"].to_str().unwrap().to_owned();
            for (name, value) in [
                ("content-type", kind),
                ("cache-control", "public, max-age=31536000, immutable"),
                ("x-content-type-options", "nosniff"),
                ("content-security-policy", "default-src 'none'; sandbox"),
            ] {
                assert_eq!(seen.headers[name], value);
            }
            let again = shop.server.get(&path).header("if-none-match", &tag).send().await;
            assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pictures_by_their_own_name_and_of_bounded_size_are_taken() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        let token = &shop.register.access;
        let html = b"<script>alert(1)</script>";
        put(&shop, token, &path(html), html).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_picture");
        put(&shop, token, &path(b""), b"").await.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_picture");
        let other = put(&shop, token, &path(JPEG), PNG).await;
        other.refused(StatusCode::UNPROCESSABLE_ENTITY, "other_picture");
        let mut long = JPEG.to_vec();
        long.resize(512 * 1024, 1);
        put(&shop, token, &path(&long), &long).await.expect(StatusCode::NO_CONTENT);
        long.push(1);
        put(&shop, token, &path(&long), &long).await.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
        put(&shop, token, "/pictures/abc", PNG).await.refused(StatusCode::BAD_REQUEST, "malformed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_edit_the_goods_may_bring_pictures_of_them() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        let (path, of_stall) = (path(PNG), format!("{}?stall={STALL}", path(PNG)));
        let nobody = shop.server.ask(Method::PUT, &path).body("image/png", PNG).send().await;
        nobody.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
        put(&shop, &shop.owner, &path, PNG).await.refused(StatusCode::BAD_REQUEST, "malformed");
        let cashier = shop.member("cashier@example.org", "cashier").await;
        put(&shop, &cashier, &of_stall, PNG).await.refused(StatusCode::FORBIDDEN, "not_allowed");
        let stranger = shop.server.person("stranger@example.org").await;
        put(&shop, &stranger, &of_stall, PNG).await.refused(StatusCode::NOT_FOUND, "no_such_stall");
        put(&shop, &shop.owner, &of_stall, PNG).await.expect(StatusCode::NO_CONTENT);
        shop.server.get(&path).send().await.expect(StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stall_fills_the_disk_alone() {
    for store in stores() {
        let shop = Shop::open(store, core(), 1).await;
        let token = &shop.register.access;
        put(&shop, token, &path(PNG), PNG).await.expect(StatusCode::NO_CONTENT);
        // As if that one had been nearly all that a stall may bring.
        let length = PICTURE_BYTES_PER_STALL_MAX - i64::try_from(JPEG.len()).unwrap();
        let made = shop.server.store.store.write(Shard::stall(STALL), move |tx| {
            tx.execute("update stall_picture set length = $1", params![length])
        });
        let made = made.await;
        assert_eq!(made.map_err(|error: Failed<StoreError>| format!("{error:?}")), Ok(1));
        put(&shop, token, &path(JPEG), JPEG).await.expect(StatusCode::NO_CONTENT);
        put(&shop, token, &path(WEBP), WEBP).await.refused(StatusCode::CONFLICT, "too_many");
        shop.server.get(&path(WEBP)).send().await.refused(StatusCode::NOT_FOUND, "no_such_picture");
        put(&shop, token, &path(PNG), PNG).await.expect(StatusCode::NO_CONTENT);
    }
}
