//! What somebody likes, on all their devices.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_domain::likes::TURNS_MAX;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::likes::{self, Like};
use crate::store::Shard;

/// Likes that are said at once; a body has no room for many more.
const SAID_MAX: usize = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayLikes {
    /// `up_to` of the answer before; 0 at first.
    since: i64,
    /// At most 200.
    likes: Vec<LikeBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LikeBody {
    stall: String,
    product: String,
    /// How often it was liked and unliked: odd is liked. Of two counts the larger is what holds.
    turns: u32,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LikesBody {
    /// Less than `since`: this server was restored, begin again with 0 and say everything.
    up_to: i64,
    likes: Vec<LikeBody>,
}

/// Say what I like, and hear what my other devices said.
///
/// Saying the same again changes nothing. Products that this market does not know are left out.
#[utoipa::path(post, path = "/v1/me/likes", tag = "people", request_body = SayLikes, responses(
    (status = 200, description = "What was said since", body = LikesBody),
    (status = 400, description = "No identity, too many at once, or too large a count", body = ProblemBody),
    (status = 409, description = "More likes than one person may have", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn exchange(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<SayLikes>,
) -> Answered<LikesBody> {
    let (account, since) = (person.account, request.since);
    if request.likes.len() > SAID_MAX {
        return Err(Problem::malformed(format!("at most {SAID_MAX} likes are taken at once")));
    }
    let said: Vec<Like> = request.likes.iter().map(read).collect::<Result<_, _>>()?;
    let exchange = move |tx: &mut dyn Tx| likes::exchange(tx, account, since, &said);
    // Whoever only asks keeps nobody from writing.
    let exchanged = if request.likes.is_empty() {
        app.store().read(exchange).await?
    } else {
        app.spend(Who::Account(account), cost::WRITE)?;
        app.store().write(Shard::account(account), exchange).await?
    };
    let likes = exchanged.likes.iter().map(shown).collect();
    Ok(Json(LikesBody { up_to: exchanged.up_to, likes }))
}

fn read(body: &LikeBody) -> Result<Like, Problem> {
    if !(1..=TURNS_MAX).contains(&body.turns) {
        return Err(Problem::malformed(format!("turns are 1 to {TURNS_MAX}")));
    }
    Ok(Like {
        stall: id(&body.stall, "the stall")?,
        product: id(&body.product, "the product")?,
        turns: body.turns,
    })
}

pub(crate) fn shown(like: &Like) -> LikeBody {
    LikeBody { stall: like.stall.to_string(), product: like.product.to_string(), turns: like.turns }
}
