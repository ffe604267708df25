//! Another mail address: asked for with the password, confirmed behind a link in a mail to the new one.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use soko_domain::ids::ThingId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{ApiJson, ApiPath};
use crate::http::caller::SignedIn;
use crate::http::front::Origin;
use crate::http::own_data::proven;
use crate::http::plain::{self, asked_language};
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::email_change::{self, Asked, Open};
use crate::messages::letter::EMAIL_CHANGE;
use crate::messages::wishes;
use crate::messages::words::Language;
use crate::platform::Refusal;
use crate::platform::accounts::Email;
use crate::store::Shard;
use crate::web::escaped;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEmail {
    email: String,
    password: String,
}

/// Ask for another mail address. Until the link in a mail to it is followed the old one counts.
///
/// The answer is the same whether or not the new address has an account; one that has gets no link. The old address is told.
#[utoipa::path(post, path = "/v1/me/email", tag = "people", request_body = ChangeEmail, responses(
    (status = 202, description = "If the address is nobody's, a mail is on its way to it"),
    (status = 401, description = "The password is another", body = ProblemBody),
    (status = 409, description = "This server sends no mail, it is the same address, or it was asked too often", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    person: SignedIn,
    origin: Origin,
    ApiJson(request): ApiJson<ChangeEmail>,
) -> Result<StatusCode, Problem> {
    let account = person.account;
    app.spend(Who::Account(account), cost::PASSWORD)?;
    if !app.settings().sends_mail {
        let detail = "this server sends no mail: nobody could confirm another address";
        return Err(Problem::new(StatusCode::CONFLICT, "email_fixed", detail));
    }
    let new = Email::read(&request.email)?;
    let password = proven(&app, (account, origin), request.password).await?;
    let (message, told, now_ms) = (ThingId(app.random()?), ThingId(app.random()?), app.now_ms());
    let ask = move |tx: &mut dyn Tx| {
        email_change::ask(tx, &Asked { account, password: &password, new: &new, message, told, now_ms })
    };
    app.store().write(Shard::account(account), ask).await?;
    app.message_bell().notify_one();
    Ok(StatusCode::ACCEPTED)
}

/// A link that is in force, and how its owner reads.
struct Found {
    message: ThingId,
    open: Open,
    language: Language,
}

pub(crate) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(link): ApiPath<String>,
) -> Result<Response, Problem> {
    Ok(match find(&app, &link).await? {
        Some(found) => form(&found),
        None => plain::dead_link(asked_language(&headers).unwrap_or_default()),
    })
}

/// Confirms it. Programs that look at links in mails do not press buttons.
pub(crate) async fn keep(
    State(app): State<App>,
    origin: Origin,
    ApiPath(link): ApiPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
    let asked = asked_language(request.headers()).unwrap_or_default();
    let Some(Found { message, open, language }) = find(&app, &link).await? else {
        return Ok(plain::dead_link(asked));
    };
    let (told, now_ms) = (ThingId(app.random()?), app.now_ms());
    // Whoever makes an account with this address meanwhile waits in the same queue.
    let shard = Shard::name(&Email::read(&open.new)?.digest());
    let finish = move |tx: &mut dyn Tx| Ok::<_, Refusal>(email_change::finish(tx, (message, told), now_ms)?);
    if !app.store().write(shard, finish).await? {
        return Ok(plain::dead_link(language));
    }
    app.message_bell().notify_one();
    let text =
        format!("<p>{}</p>", escaped(&language.say("change-email.done-text", &[("email", &open.new)])));
    Ok(plain::page(language, StatusCode::OK, &language.say("change-email.done", &[]), &text))
}

async fn find(app: &App, link: &str) -> Result<Option<Found>, Problem> {
    let Some(message) = app.secret().read_link(EMAIL_CHANGE, link) else { return Ok(None) };
    let now_ms = app.now_ms();
    let find = move |tx: &mut dyn Tx| {
        let Some(open) = email_change::open(tx, message, now_ms)? else { return Ok(None) };
        let language = wishes::language_of(tx, open.account)?;
        Ok::<_, Refusal>(Some(Found { message, open, language }))
    };
    Ok(app.store().read(find).await?)
}

fn form(Found { open, language, .. }: &Found) -> Response {
    let body = format!(
        "<p>{}</p><form method=\"post\"><button>{}</button></form>",
        escaped(&language.say("change-email.text", &[("email", &open.new)])),
        escaped(&language.say("change-email.keep", &[]))
    );
    plain::page(*language, StatusCode::OK, &language.say("change-email.title", &[]), &body)
}
