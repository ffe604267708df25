//! What an account likes, at its server.

use serde::Deserialize;
use serde_json::{Value, json};
use soko_app_api::Liked;
use soko_domain::ids::{LogId, ProductId};

use super::web::read_json;
use super::{Server, Unanswered};

/// A product, and how often somebody changed their mind about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Turned {
    pub(crate) it: Liked,
    pub(crate) turns: u32,
}

/// What other devices said, and how far everything was then seen.
pub(crate) struct LikesSaid {
    pub(crate) up_to: i64,
    pub(crate) turned: Vec<Turned>,
}

#[derive(Deserialize)]
struct LikesBody {
    up_to: i64,
    likes: Vec<LikeBody>,
}

#[derive(Deserialize)]
struct LikeBody {
    stall: String,
    product: String,
    turns: u32,
}

impl Server {
    pub(crate) async fn exchange_likes(
        &self,
        session: &str,
        since: i64,
        said: &[Turned],
    ) -> Result<LikesSaid, Unanswered> {
        let like = |Turned { it, turns }: &Turned| json!({"stall": it.stall.to_string(), "product": it.product.to_string(), "turns": turns});
        let likes: Vec<Value> = said.iter().map(like).collect();
        let body = json!({"since": since, "likes": likes});
        let answer: LikesBody = read_json(&self.web.post("/v1/me/likes", Some(session), &body).await?)?;
        let turned = answer.likes.iter().filter_map(|like| {
            let (stall, product) = (LogId::from_hex(&like.stall)?, ProductId::from_hex(&like.product)?);
            Some(Turned { it: Liked { stall, product }, turns: like.turns })
        });
        Ok(LikesSaid { up_to: answer.up_to, turned: turned.collect() })
    }

    /// Everything that the server keeps of whoever is signed in.
    pub(crate) async fn own_data(&self, session: &str) -> Result<Vec<u8>, Unanswered> {
        self.web.whole(self.web.get("/v1/me/data").bearer_auth(session)).await
    }

    /// Ends the account, for good.
    pub(crate) async fn erase_account(&self, session: &str, password: &str) -> Result<(), Unanswered> {
        let body = json!({"password": password});
        self.web.post("/v1/me/erasure", Some(session), &body).await.map(drop)
    }
}
