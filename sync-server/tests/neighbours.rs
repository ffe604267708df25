//! Two processes on one PostgreSQL database: what one commits, listeners of the other hear, and its market shows.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "neighbours/tls.rs"]
mod tls;

use axum::body::BodyDataStream;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use common::server::{TestServer, Wanted};
use common::shop::{STALL, Shop, core, stores};
use futures_util::StreamExt as _;
use soko_app_api::{MarketQuery, MarketView, Window, decode, encode};
use soko_documents::{DocumentKind, Product, Typed as _};
use soko_domain::ids::ThingId;
use soko_sync_server::store::Place;

/// On a thread of its own: this client cannot run inside the async runtime.
fn meet(server: &TestServer) {
    let (app, place) = (server.app.clone(), server.store.place.clone());
    std::thread::spawn(move || app.meet_neighbours(&place)).join().unwrap().unwrap();
}

struct Words(BodyDataStream);

impl Words {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        Self(response.into_body().into_data_stream())
    }

    /// The next word that is no heartbeat.
    async fn next(&mut self) -> String {
        loop {
            let chunk = self.0.next().await.unwrap().unwrap();
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
                return data.to_owned();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_commits_the_other_tells() {
    // A directory belongs to one process alone.
    for store in stores().into_iter().filter(|store| matches!(store.place, Place::Url(_))) {
        let second = store.again();
        let mut shop = Shop::open(store, core(), 4).await;
        let other = TestServer::on(second, Wanted { core: Some(core()), ..Wanted::default() });
        meet(&shop.server);
        meet(&other);
        let stall = other.get(&format!("/v1/stalls/{STALL}/stream")).bearer(&shop.owner).raw().await;
        let market = other.get("/v1/market/stream").raw().await;
        let (mut stall, mut market) = (Words::of(stall), Words::of(market));
        assert_eq!(stall.next().await, "0");
        let ask = || {
            let (text, window) = ("figs".into(), Window::first(5));
            let query = MarketQuery::Offers { stall: None, text, category: None, families: false, window };
            other
                .ask(Method::POST, "/v1/market/ask")
                .body("application/octet-stream", encode(&query).unwrap())
        };
        let before = ask().send().await.expect(StatusCode::OK);
        let fig = Product { name: "Figs".into(), currency: "EUR".into(), ..Product::default() };
        let document = (ThingId([6; 16]), DocumentKind::Product);
        shop.register.device.edit(document, &fig.edits(), 9).unwrap();
        shop.exchange().await;
        assert!(stall.next().await.parse::<u64>().unwrap() > 0);
        assert_eq!(market.next().await, STALL.to_string());
        let after = ask().send().await.expect(StatusCode::OK);
        let count = |bytes: &[u8]| {
            let MarketView::Offers(rows) = decode(bytes).unwrap() else { panic!("no offers") };
            rows.value.len()
        };
        assert_eq!((count(&before.bytes), count(&after.bytes)), (0, 1));
    }
}
