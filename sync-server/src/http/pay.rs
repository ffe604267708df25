//! How a stall can be paid, what providers tell, and the page of the money for trying. What a provider tells is a hint:
//! whoever it names is looked up.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use soko_app_api::text::Worded as _;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, AnyBytes, ApiPath, id};
use crate::http::front::Origin;
use crate::http::problem::{Problem, ProblemBody};
use crate::pay::drive;
use crate::pay::provider::NotHeard;
use crate::pay::rows::DuePayment;
use crate::pay::test_money::{self, TestPayment};
use crate::platform::Refusal;
use crate::stall::PayTurn;
use crate::store::Shard;

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
    /// `card` or `phone`.
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
    let ways = taken.map(|offer| Way { way: offer.way.word(), is_test: offer.is_test }).collect();
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
            tracing::warn!(provider, %error, "pay.word_refused");
            Problem::new(StatusCode::BAD_REQUEST, "not_taken", error.to_string())
        }
    })?;
    if let Some((stall, order)) = heard.about {
        let turn = if heard.is_dispute { PayTurn::Disputed } else { PayTurn::Named };
        let due = DuePayment { stall, order, provider: provider.clone() };
        let kept = drive::heard(&app, (provider, heard.word), (due, turn)).await;
        kept.map_err(|error| {
            tracing::error!(error, "pay.word_not_kept");
            Problem::busy("it cannot be kept now: say it again")
        })?;
    }
    Ok(Json(Taken { status: "taken" }))
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
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let page = Html(page(&found, Words::of(&headers)));
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], page).into_response())
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

/// The page's words, in the languages of the screens.
struct Words {
    language: &'static str,
    direction: &'static str,
    title: &'static str,
    text: &'static str,
    pay: &'static str,
    refuse: &'static str,
}

const WORDS: [Words; 4] = [
    Words {
        language: "en",
        direction: "ltr",
        title: "Test money",
        text: "This is not a bank. No money moves: it is for trying.",
        pay: "Pay",
        refuse: "Do not pay",
    },
    Words {
        language: "sw",
        direction: "ltr",
        title: "Pesa za majaribio",
        text: "Hii si benki. Hakuna pesa inayohama: ni ya kujaribu tu.",
        pay: "Lipa",
        refuse: "Usilipe",
    },
    Words {
        language: "fr",
        direction: "ltr",
        title: "Argent d’essai",
        text: "Ceci n’est pas une banque. Aucun argent ne bouge : c’est pour essayer.",
        pay: "Payer",
        refuse: "Ne pas payer",
    },
    Words {
        language: "ar",
        direction: "rtl",
        title: "نقود تجريبية",
        text: "هذا ليس بنكًا. لا تنتقل أي نقود: هذا للتجربة فقط.",
        pay: "ادفع",
        refuse: "لا تدفع",
    },
];

impl Words {
    /// The first language of the browser that there is.
    fn of(headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let first = asked.split(',').find_map(|wish| {
            let language = wish.trim().get(..2)?;
            WORDS.iter().find(|words| words.language.eq_ignore_ascii_case(language))
        });
        first.unwrap_or(&WORDS[0])
    }
}

fn page(found: &TestPayment, words: &Words) -> String {
    let Words { language, direction, title, text, pay, refuse } = words;
    let amount = amount(found.due_minor, &found.currency);
    format!(
        "<!doctype html><html lang=\"{language}\" dir=\"{direction}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;\
         color:#1b1b1b;background:#fff}}\
         h1{{background:#fff3c4;border:2px dashed #7a5b00;padding:.5rem 1rem}}strong{{font-size:1.6rem}}\
         button{{font:inherit;padding:.8rem 1.2rem;margin:.4rem 0;width:100%;border:2px solid #1b1b1b;border-radius:.5rem;\
         background:#fff;color:#1b1b1b}}button.yes{{background:#14532d;color:#fff}}</style>\
         <main><h1>{title}</h1><p>{text}</p><p><strong dir=\"ltr\">{amount}</strong></p>\
         <form method=\"post\"><button class=\"yes\" name=\"answer\" value=\"yes\">{pay}</button>\
         <button name=\"answer\" value=\"no\">{refuse}</button></form></main></html>"
    )
}

/// Digits with the currency's decimals, and its code.
fn amount(minor: i64, code: &str) -> String {
    let exponent = Currency::parse(code).map_or(0, Currency::exponent);
    let one = 10_i64.pow(u32::from(exponent));
    let (whole, rest) = (minor / one, minor % one);
    let width = usize::from(exponent);
    if width == 0 { format!("{whole} {code}") } else { format!("{whole}.{rest:0width$} {code}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_currency_s_decimals() {
        assert_eq!(amount(1_205, "EUR"), "12.05 EUR");
        assert_eq!(amount(1_205, "JPY"), "1205 JPY");
        assert_eq!(amount(1_205, "KWD"), "1.205 KWD");
    }

    #[test]
    fn the_page_speaks_a_language_that_the_browser_knows() {
        for (asked, wanted) in [("fr-CA,en;q=0.5", "fr"), ("de, ar;q=0.3", "ar"), ("", "en"), ("x", "en")] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, asked.parse().unwrap());
            assert_eq!(Words::of(&headers).language, wanted);
        }
    }
}
