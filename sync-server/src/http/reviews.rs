//! Reviews: read by everybody, written by who has the goods, answered by the stall, hidden by the operator.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_record_log::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::console::acts::{self, Act, Done};
use crate::console::{self, Need};
use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::{ApiQuery, rows};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::Caller;
use crate::http::operator::Operator;
use crate::http::orders::Buyer;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::reviews::{self, Of, Purchase, Review};
use crate::store::Shard;

/// Reviews further down than anybody reads.
const OFFSET_MAX: u32 = 10_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteReview {
    /// 1 to 5.
    stars: u8,
    /// At most 1,000 letters; plain text.
    #[serde(default)]
    words: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerReview {
    /// At most 1,000 letters; nothing takes the answer back.
    words: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HideReview {
    /// Why it is hidden, in at most 200 letters; absent, it is shown again.
    because: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReviewBody {
    review: String,
    stall: String,
    product: String,
    product_name: String,
    stars: u8,
    words: String,
    written_ms: i64,
    /// The stall's.
    #[serde(skip_serializing_if = "String::is_empty")]
    answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_ms: Option<i64>,
    /// Only the operator sees hidden ones.
    #[serde(skip_serializing_if = "String::is_empty")]
    hidden_because: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReviewList {
    reviews: Vec<ReviewBody>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReviewsAsked {
    /// So many of the latest are left out; at most 10,000.
    #[serde(default)]
    offset: u32,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What buyers say of a product, the latest first.
#[utoipa::path(get, path = "/v1/stalls/{stall}/products/{product}/reviews", tag = "shop",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("product" = String, Path, description = "The product's identity"), ReviewsAsked), responses(
    (status = 200, description = "A portion of them", body = ReviewList),
    (status = 404, description = "No such stall", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    ApiPath((stall, product)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<ReviewsAsked>,
) -> Answered<ReviewList> {
    let (stall, product): (LogId, ProductId) = (id(&stall, "the stall")?, id(&product, "the product")?);
    app.spend(Who::Stall(stall), cost::READ)?;
    let portion = portion(&asked)?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, Principal::Anyone, Object::Stall(stall), Action::Browse)?;
        Ok::<_, Refusal>(reviews::list(tx, Of::Product(stall, product), portion)?)
    };
    Ok(Json(listed(app.store().read(find).await?)))
}

/// Say what I think of something that I bought, or change what I said.
///
/// Only after the order was handed over; one review for a product on an order. Buyers sign in, or send `Soko-Buyer`.
#[utoipa::path(put, path = "/v1/stalls/{stall}/orders/{order}/reviews/{product}", tag = "orders",
    request_body = WriteReview,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("product" = String, Path, description = "A product on it"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")),
    responses(
    (status = 201, description = "Written"),
    (status = 204, description = "Changed"),
    (status = 403, description = "Somebody else's order", body = ProblemBody),
    (status = 404, description = "No such order, or not yours", body = ProblemBody),
    (status = 409, description = "Not handed over, or not on the order", body = ProblemBody),
    (status = 422, description = "Stars or text are no review", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn write(
    State(app): State<App>,
    Buyer(principal): Buyer,
    ApiPath((stall, order, product)): ApiPath<(String, String, String)>,
    ApiJson(request): ApiJson<WriteReview>,
) -> Result<StatusCode, Problem> {
    let buyer = principal.person().ok_or(Refusal::NotAllowed)?;
    let purchase = purchase((&stall, &order, &product), buyer)?;
    app.spend(Who::Buyer(buyer), cost::WRITE)?;
    let (now_ms, offers) = (app.now_ms(), app.offers());
    let object = Object::Order(purchase.stall, purchase.order);
    let write = move |tx: &mut dyn Tx| {
        authorise(tx, principal, object, Action::SeeOrder)?;
        let purchase = purchase.as_its_buyer(tx)?;
        let is_new = reviews::put(tx, &purchase, (request.stars, &request.words), now_ms)?;
        if is_new {
            reviews::tell_stall(tx, &purchase, request.stars, (offers, now_ms))?;
        }
        Ok::<_, Refusal>(is_new)
    };
    let is_new = app.store().write(Shard::stall(purchase.stall), write).await?;
    shown(&app, purchase.stall);
    Ok(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT })
}

/// Take back what I said.
#[utoipa::path(delete, path = "/v1/stalls/{stall}/orders/{order}/reviews/{product}", tag = "orders",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("order" = String, Path, description = "The order's identity"),
           ("product" = String, Path, description = "A product on it"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")),
    responses(
    (status = 204, description = "Gone, now or before"),
    (status = 404, description = "No such order, or not yours", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn take_back(
    State(app): State<App>,
    Buyer(principal): Buyer,
    ApiPath((stall, order, product)): ApiPath<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let buyer = principal.person().ok_or(Refusal::NotAllowed)?;
    let purchase = purchase((&stall, &order, &product), buyer)?;
    app.spend(Who::Buyer(buyer), cost::WRITE)?;
    let object = Object::Order(purchase.stall, purchase.order);
    let work = move |tx: &mut dyn Tx| {
        authorise(tx, principal, object, Action::SeeOrder)?;
        let purchase = purchase.as_its_buyer(tx)?;
        reviews::take_back(tx, &purchase)
    };
    app.store().write(Shard::stall(purchase.stall), work).await?;
    shown(&app, purchase.stall);
    Ok(StatusCode::NO_CONTENT)
}

/// Answer a review, as whoever owns or manages the stall.
#[utoipa::path(put, path = "/v1/stalls/{stall}/reviews/{review}/answer", tag = "stalls",
    request_body = AnswerReview,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("review" = String, Path, description = "The review's identity")),
    responses(
    (status = 204, description = "Answered"),
    (status = 403, description = "Owners and managers answer", body = ProblemBody),
    (status = 404, description = "No such review at this stall", body = ProblemBody),
    (status = 422, description = "The text is no answer", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn answer(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath((stall, review)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<AnswerReview>,
) -> Result<StatusCode, Problem> {
    let (stall, review): (LogId, ThingId) = (id(&stall, "the stall")?, id(&review, "the review")?);
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let now_ms = app.now_ms();
    let work = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::AnswerReview)?;
        reviews::answer(tx, (stall, review), &request.words, now_ms)
    };
    app.store().write(Shard::stall(stall), work).await?;
    shown(&app, stall);
    Ok(StatusCode::NO_CONTENT)
}

/// All reviews of the market, hidden ones too, the latest first; for the operator.
#[utoipa::path(get, path = "/v1/operator/reviews", tag = "operation", params(ReviewsAsked), responses(
    (status = 200, description = "A portion of them", body = ReviewList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn all(
    State(app): State<App>,
    _: Operator,
    ApiQuery(asked): ApiQuery<ReviewsAsked>,
) -> Answered<ReviewList> {
    let portion = portion(&asked)?;
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(reviews::list(tx, Of::Market, portion)?);
    Ok(Json(listed(app.store().read(find).await?)))
}

/// Hide a review from everybody, with the reason; or show it again.
#[utoipa::path(put, path = "/v1/operator/reviews/{review}", tag = "operation", request_body = HideReview,
    params(("review" = String, Path, description = "The review's identity")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "No such review", body = ProblemBody),
    (status = 422, description = "Nothing is hidden without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn hide(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(review): ApiPath<String>,
    ApiJson(request): ApiJson<HideReview>,
) -> Result<StatusCode, Problem> {
    let review: ThingId = id(&review, "the review")?;
    let now_ms = app.now_ms();
    let hide = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        reviews::hide(tx, review, request.because.as_deref())?;
        let act = if request.because.is_some() { Act::HidReview } else { Act::ShowedReview };
        let (subject, because) = (review.to_string(), request.because.as_deref().unwrap_or_default().trim());
        acts::add(tx, &Done { acting, act, subject: &subject, because, more: "", at_ms: now_ms })
    };
    let find = move |tx: &mut dyn Tx| reviews::stall_of(tx, review)?.ok_or(Refusal::NoSuchReview);
    let stall = app.store().read(find).await?;
    app.store().write(Shard::stall(stall), hide).await?;
    tracing::info!(%review, %stall, "review.hidden_or_shown");
    shown(&app, stall);
    Ok(StatusCode::NO_CONTENT)
}

/// The market shows something else of this stall now; and there may be mail.
fn shown(app: &App, stall: LogId) {
    app.market().doubt(stall);
    app.message_bell().notify_one();
}

fn purchase((stall, order, product): (&str, &str, &str), buyer: ThingId) -> Result<Purchase, Problem> {
    let (stall, order): (LogId, OrderId) = (id(stall, "the stall")?, id(order, "the order")?);
    Ok(Purchase { stall, order, product: id(product, "the product")?, buyer })
}

fn portion(asked: &ReviewsAsked) -> Result<(u32, u32), Problem> {
    let rows = u32::try_from(rows(asked.limit)?).unwrap_or(1);
    if asked.offset > OFFSET_MAX {
        return Err(Problem::malformed(format!("the offset is at most {OFFSET_MAX}")));
    }
    Ok((asked.offset, rows))
}

fn listed(found: Vec<Review>) -> ReviewList {
    ReviewList { reviews: found.into_iter().map(ReviewBody::from).collect() }
}

impl From<Review> for ReviewBody {
    fn from(review: Review) -> Self {
        Self {
            review: review.review.to_string(),
            stall: review.stall.to_string(),
            product: review.product.to_string(),
            product_name: review.product_name,
            stars: review.stars,
            words: review.words,
            written_ms: review.written_ms,
            answer: review.answer,
            answered_ms: review.answered_ms,
            hidden_because: review.hidden_because,
        }
    }
}
