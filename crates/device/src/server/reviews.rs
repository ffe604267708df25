//! What buyers say, at the server.

use serde_json::json;
use soko_app_api::ReviewAnswer;
use soko_domain::ids::{LogId, OrderId, ProductId};

use super::{PlacedAs, Server, Unanswered};

/// What a buyer says of a product on an order.
pub(crate) struct Said<'a> {
    pub(crate) stall: LogId,
    pub(crate) order: OrderId,
    pub(crate) product: ProductId,
    /// 0 takes it back.
    pub(crate) stars: u8,
    pub(crate) words: &'a str,
}

impl Server {
    /// Says it once, however often it is asked: it is the one review of that purchase.
    pub(crate) async fn say(&self, buyer: &PlacedAs, said: &Said<'_>) -> Result<(), Unanswered> {
        let path = format!("/v1/stalls/{}/orders/{}/reviews/{}", said.stall, said.order, said.product);
        let request = match said.stars {
            0 => self.web.delete(&path),
            stars => self.web.put(&path).json(&json!({"stars": stars, "words": said.words})),
        };
        self.web.whole(buyer.sign(request)).await.map(drop)
    }

    /// Answers a review, as a register of an owner or manager.
    pub(crate) async fn answer_review(&self, access: &str, answer: &ReviewAnswer) -> Result<(), Unanswered> {
        let path = format!("/v1/stalls/{}/reviews/{}/answer", answer.stall, answer.review);
        let request = self.web.put(&path).bearer_auth(access).json(&json!({"words": answer.words}));
        self.web.whole(request).await.map(drop)
    }
}
