//! What a buyer hears of its order without asking.

use axum::http::StatusCode;
use futures_util::StreamExt as _;

use crate::common::hostile::Speaks;
use crate::common::shop::{STALL, id, secret, stores};
use crate::paying::{ORDER, World};

/// Where to pay is no record: it is told all the same, since its buyer waits for nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn its_buyer_hears_where_to_pay_as_soon_as_that_is_known() {
    for store in stores() {
        let world = World::open((store, Speaks::Stripe)).await;
        world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
        let path = format!("/v1/orders/stream?orders={STALL}.{}", id(ORDER));
        let response = world.shop.server.get(&path).header("soko-buyer", &secret(1)).raw().await;
        let mut words = response.into_body().into_data_stream();
        world.until(("held", "waiting")).await;
        let word = String::from_utf8(words.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(word.contains(&id(ORDER)), "{word}");
        world.shop.server.app.begin_closing();
    }
}
