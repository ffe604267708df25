//! How a stall can be paid, what providers tell, and the page of the money for trying. What a provider tells is a hint:
//! whoever it names is looked up.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use soko_app_api::text::Worded as _;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::{Currency, Money};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, AnyBytes, ApiPath, id};
use crate::http::front::Origin;
use crate::http::plain;
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::words::Language;
use crate::pay::drive;
use crate::pay::lost::{self, Lost};
use crate::pay::provider::{Heard, NotHeard, Provider};
use crate::pay::rows::DuePayment;
use crate::pay::test_money::{self, TestPayment};
use crate::platform::Refusal;
use crate::stall::PayTurn;
use crate::store::Shard;
use crate::web::escaped;

/// Longest word of a provider.
const WORD_BYTES_MAX: usize = 256 * 1024;
const TEST_CARD: &str = "test-card";

#[derive(Serialize, ToSchema)]
pub(crate) struct Ways {
    /// Beside paying when it is fetched, which every stall takes.
    ways: Vec<Way>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Way {
    /// `card`, `phone` or `transfer`.
    way: &'static str,
    /// No money moves: it is for trying.
    is_test: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Taken {
    /// Always `taken`, the first time and every other.
    status: &'static str,
}

/// How a stall can be paid before the goods are fetched: what it takes and this server can do now.
#[utoipa::path(get, path = "/v1/stalls/{stall}/ways-to-pay", tag = "orders",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "Empty where it is only paid when it is fetched", body = Ways),
    (status = 404, description = "No such stall, or one without a name", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ways(State(app): State<App>, ApiPath(stall): ApiPath<String>) -> Answered<Ways> {
    let stall: LogId = id(&stall, "the stall")?;
    let core = app.core()?;
    let find = move |tx: &mut dyn Tx| core.stall(tx, stall)?.ok_or(Refusal::NoSuchStall);
    let found = app.store().read(find).await?;
    let offered = Currency::parse(&found.currency).map(|currency| app.pay().offered(currency));
    let taken = offered.unwrap_or_default().into_iter().filter(|offer| found.takes.contains(&offer.way));
    let mut ways: Vec<Way> =
        taken.map(|offer| Way { way: offer.way.word(), is_test: offer.is_test }).collect();
    // What no provider moves needs nobody to answer.
    let by_hand = found.takes.iter().filter(|way| !way.has_provider());
    ways.extend(by_hand.map(|way| Way { way: way.word(), is_test: false }));
    Ok(Json(Ways { ways }))
}

/// What a provider tells. Checked, noted once, and never believed: the payment that it names is looked up.
#[utoipa::path(post, path = "/v1/pay/{provider}/webhook", tag = "orders",
    params(("provider" = String, Path, description = "Such as stripe")), responses(
    (status = 200, description = "Taken, now or before", body = Taken),
    (status = 400, description = "Not signed by the provider, too old, or unreadable", body = ProblemBody),
    (status = 404, description = "No such provider here", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn webhook(
    State(app): State<App>,
    origin: Origin,
    ApiPath(provider): ApiPath<String>,
    headers: HeaderMap,
    AnyBytes(body): AnyBytes<WORD_BYTES_MAX>,
) -> Answered<Taken> {
    app.spend(Who::Prefix(origin.prefix), cost::WRITE)?;
    let no_provider =
        || Problem::new(StatusCode::NOT_FOUND, "no_such_provider", "there is no such provider here");
    let known = app.pay().provider(&provider).ok_or_else(no_provider)?;
    let heard = known.heard(&headers, &body, app.now_ms()).await.map_err(|error| match error {
        NotHeard::Never => no_provider(),
        NotHeard::Later => Problem::busy("it cannot be looked up now: say it again"),
        NotHeard::Forged | NotHeard::Unreadable(_) => {
            if let Some(count) = app.pay().refused(&provider, app.now_ms()) {
                tracing::warn!(provider, count, %error, "pay.word_refused");
            }
            Problem::new(StatusCode::BAD_REQUEST, "not_taken", error.to_string())
        }
    })?;
    if let Some(about) = heard.about {
        keep(&app, known, (heard, about)).await?;
    }
    Ok(Json(Taken { status: "taken" }))
}

async fn keep(
    app: &App,
    provider: &dyn Provider,
    (heard, (stall, order)): (Heard, (LogId, OrderId)),
) -> Result<(), Problem> {
    let not_kept = |error: String| {
        tracing::error!(error, "pay.word_not_kept");
        Problem::busy("it cannot be kept now: say it again")
    };
    match lost::heard(app, provider, (&heard, stall, order)).await.map_err(not_kept)? {
        Lost::No => {}
        Lost::Taken => return Ok(()),
        Lost::Later => return Err(Problem::busy("its order is not known here yet: say it again")),
    }
    let turn = match heard.object {
        _ if heard.is_dispute => PayTurn::Disputed,
        Some(object) => PayTurn::NamedAs(object),
        None => PayTurn::Named,
    };
    let due = DuePayment { stall, order, provider: provider.name().to_owned() };
    drive::heard(app, (provider.name().to_owned(), heard.word), (due, turn)).await.map_err(not_kept)
}

/// The page of the money for trying, which is no part of the interface.
pub(crate) fn pages() -> Router<App> {
    Router::new().route("/v1/test-money/{order}", get(show).post(press))
}

async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Path(order): Path<String>,
) -> Result<Response, Problem> {
    let order = test_order(&app, &order)?;
    let found = app.store().read(move |tx| test_money::page_of(tx, order)).await;
    let found = found.map_err(|_| Problem::busy("try again"))?.ok_or(Refusal::NoSuchOrder)?;
    if !found.is_pending {
        return Ok(Redirect::to(&found.back).into_response());
    }
    Ok(page(&found, plain::asked_language(&headers).unwrap_or_default()))
}

async fn press(
    State(app): State<App>,
    Path(order): Path<String>,
    AnyBytes(body): AnyBytes<1024>,
) -> Result<Redirect, Problem> {
    let order = test_order(&app, &order)?;
    let found = app.store().read(move |tx| test_money::page_of(tx, order)).await;
    let found = found.map_err(|_| Problem::busy("try again"))?.ok_or(Refusal::NoSuchOrder)?;
    let is_yes = body.as_ref() == b"answer=yes";
    let pressed =
        app.store().write(Shard::stall(found.stall), move |tx| test_money::press(tx, order, is_yes)).await;
    pressed.map_err(|_| Problem::busy("try again"))?;
    let due = DuePayment { stall: found.stall, order, provider: TEST_CARD.into() };
    // Told or not, it is looked up.
    let _ = drive::turn(&app, &due, PayTurn::Named).await;
    app.pay_bell().notify_one();
    Ok(Redirect::to(&found.back))
}

fn test_order(app: &App, order: &str) -> Result<OrderId, Problem> {
    if app.pay().provider(TEST_CARD).is_none() {
        return Err(Refusal::NoSuchOrder.into());
    }
    id(order, "the order")
}

/// Not a bank, and it says so.
fn page(found: &TestPayment, language: Language) -> Response {
    let say = |key: &str| escaped(&language.say(key, &[]));
    let due = Money { minor: found.due_minor, currency: found.currency };
    let body = format!(
        "<p role=\"status\">{}</p><p><strong class=\"sum\" dir=\"ltr\">{due}</strong></p>\
         <form method=\"post\"><p><button name=\"answer\" value=\"yes\">{}</button></p>\
         <p><button class=\"other\" name=\"answer\" value=\"no\">{}</button></p></form>",
        say("test-money.text"),
        say("test-money.pay"),
        say("test-money.refuse")
    );
    plain::page(language, StatusCode::OK, &language.say("test-money.title", &[]), &body)
}
