//! What an operator is woken by ends when somebody dealt with it, and what strangers ask wakes nobody; and what the server writes in a
//! stall's log counts on that stall's day.

use axum::http::StatusCode;
use serde_json::json;
use soko_documents::{DocumentKind, Edit, Field};
use soko_domain::entry::{Entry, IncidentSettled};
use soko_domain::ids::{OrderId, ThingId};
use soko_projection::read;
use soko_record_log::{StoreError, params};
use soko_sync_server::standing::Standing;

use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};

const AT_MS: i64 = 1_790_000_000_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

async fn stands(shop: &Shop) -> Standing {
    let read = shop.server.store.store.read(|tx| Standing::read(tx, AT_MS)).await;
    read.map_err(StoreError::from).unwrap()
}

fn waiting(standing: &Standing) -> i64 {
    standing.incidents.iter().map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_oversold_wakes_somebody_until_its_owner_settled_it() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 2).await;
        assert_eq!(waiting(&stands(&shop).await), 0);
        shop.sell(9).await;
        let before = stands(&shop).await;
        assert!(before.oversells > 0 && before.oversells == waiting(&before), "{before:?}");
        let read = shop.server.store.store.read(|tx| {
            let rows = tx.query("select incident from incident where log = $1", params![STALL])?;
            rows.iter().map(|row| row.id(0)).collect::<Result<Vec<ThingId>, StoreError>>()
        });
        let raised = read.await.map_err(StoreError::from).unwrap();
        let settled = raised.into_iter().map(|incident| Entry::from(IncidentSettled { incident }));
        shop.register.device.write(settled, AT_MS).unwrap();
        shop.exchange().await;
        let after = stands(&shop).await;
        assert_eq!((after.oversells, waiting(&after)), (0, 0), "{after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_refused_is_no_failure_of_the_servers() {
    for store in stores() {
        let shop = Shop::open(store, core(), 3).await;
        let lines = json!([{"product": TEA.to_string(), "quantity": 1}]);
        let nowhere = format!("/v1/stalls/{}/orders", id(0x77));
        let stranger = shop.server.post(&nowhere, &json!({"order": id(9), "lines": lines}));
        let stranger = stranger.header("soko-buyer", &secret(1)).send().await;
        stranger.refused(StatusCode::NOT_FOUND, "no_such_stall");
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        shop.order(2, 1, 1).send().await.refused(StatusCode::CONFLICT, "id_reused");
        shop.order(1, 2, 9).send().await.refused(StatusCode::CONFLICT, "share_exceeded");
        let metrics = shop.server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
        let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
        for (kind, count) in [("held", 1), ("declined", 2), ("refused", 1), ("failed", 0)] {
            let line = format!("soko_orders_total{{kind=\"{kind}\"}} {count}\n");
            assert!(text.contains(&line), "{line} {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_read_while_the_store_does_not_answer() {
    for store in stores() {
        let shop = Shop::open(store, core(), 3).await;
        let metrics = || async {
            let asked = shop.server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
            String::from_utf8(asked.bytes.to_vec()).unwrap()
        };
        let well = metrics().await;
        assert!(well.contains("soko_store_answers 1\n") && well.contains("soko_stalls 1\n"), "{well}");
        let store = shop.server.store.store.clone();
        std::thread::spawn(move || store.close()).join().unwrap();
        let ill = metrics().await;
        assert!(ill.contains("soko_store_answers 0\n") && ill.contains("soko_http_requests_total"), "{ill}");
    }
}

/// 03:13 in Los Angeles, where the day ends at four: it is still the day before.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_writes_counts_on_the_stalls_own_day_and_hour() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 3).await;
        let edits = [
            Edit::SetText { field: Field::Zone, text: "America/Los_Angeles".into() },
            Edit::SetNumber { field: Field::CutOffMinutes, number: 240 },
        ];
        shop.register.device.edit((ThingId(STALL.0), DocumentKind::Stall), &edits, AT_MS).unwrap();
        shop.exchange().await;
        shop.server.clock.advance_ms(20 * HOUR_MS);
        shop.order(1, 1, 1).send().await.expect(StatusCode::CREATED);
        let order = OrderId::from_hex(&id(1)).unwrap();
        let read = shop.server.store.store.read(move |tx| {
            let found = read::order(tx, STALL, order)?.unwrap();
            read::entry_at(tx, STALL, found.author, found.seq)
        });
        let (stamp, _) = read.await.map_err(StoreError::from).unwrap().unwrap();
        let now_ms = shop.server.app.now_ms();
        let day_utc = i32::try_from(now_ms.div_euclid(DAY_MS)).unwrap();
        let said = (stamp.at_ms, stamp.offset_minutes, stamp.business_day);
        assert_eq!(said, (now_ms, -420, day_utc - 1));
        let seen = shop.server.get(&format!("{}/{}", orders(), id(1))).header("soko-buyer", &secret(1));
        assert_eq!(seen.send().await.expect(StatusCode::OK).json()["placed_ms"], now_ms);
    }
}
