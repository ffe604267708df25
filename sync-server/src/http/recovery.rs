//! A forgotten password: ask for a link by mail, and set another one behind it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use soko_domain::ids::ThingId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::accounts::hash;
use crate::http::app::App;
use crate::http::body::{ApiJson, ApiPath};
use crate::http::front::Origin;
use crate::http::plain::{self, Form, asked_language};
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::letter::RECOVERY;
use crate::messages::words::Language;
use crate::messages::{recovery, wishes};
use crate::platform::Refusal;
use crate::platform::accounts::{self, Email};
use crate::platform::passwords::{self, Weak};
use crate::store::Shard;
use crate::web::escaped;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgottenBody {
    email: String,
}

/// Ask for a link to set another password. The answer is the same whether or not the address has an account.
#[utoipa::path(post, path = "/v1/recoveries", tag = "people", request_body = ForgottenBody, responses(
    (status = 202, description = "If there is such an account, a mail is on its way"),
    (status = 409, description = "This server sends no mail", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn ask(
    State(app): State<App>,
    origin: Origin,
    ApiJson(request): ApiJson<ForgottenBody>,
) -> Result<StatusCode, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
    if !app.settings().sends_mail {
        let detail = "this server sends no mail: ask whoever runs it for another password";
        return Err(Problem::new(StatusCode::CONFLICT, "no_mail", detail));
    }
    let email = Email::read(&request.email)?;
    let (message, now_ms) = (ThingId(app.random()?), app.now_ms());
    let shard = Shard::name(&email.digest());
    let ask = move |tx: &mut dyn Tx| Ok::<_, Refusal>(recovery::ask(tx, &email, message, now_ms)?);
    app.store().write(shard, ask).await?;
    app.message_bell().notify_one();
    Ok(StatusCode::ACCEPTED)
}

/// A link that is in force.
struct Open {
    message: ThingId,
    email: String,
    language: Language,
}

pub(crate) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(link): ApiPath<String>,
) -> Result<Response, Problem> {
    Ok(match open(&app, &link).await? {
        Some(open) => form(open.language, None),
        None => plain::dead_link(asked_language(&headers).unwrap_or_default()),
    })
}

/// Sets the password that the form holds.
pub(crate) async fn keep(
    State(app): State<App>,
    origin: Origin,
    ApiPath(link): ApiPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::PASSWORD)?;
    let asked = asked_language(request.headers()).unwrap_or_default();
    let password = Form::read(request).await?.get("password").unwrap_or_default();
    let Some(open) = open(&app, &link).await? else { return Ok(plain::dead_link(asked)) };
    if let Err(weak) = passwords::accept(&password, &open.email) {
        return Ok(form(open.language, Some(weak)));
    }
    let password_hash = hash(&app, password).await?;
    let (told, now_ms) = (ThingId(app.random()?), app.now_ms());
    let shard = Shard::name(&Email::read(&open.email)?.digest());
    let finish = move |tx: &mut dyn Tx| {
        Ok::<_, Refusal>(recovery::finish(tx, (open.message, told), &password_hash, now_ms)?)
    };
    let language = open.language;
    if !app.store().write(shard, finish).await? {
        return Ok(plain::dead_link(language));
    }
    app.message_bell().notify_one();
    let text = format!("<p>{}</p>", escaped(&language.say("recover.done-text", &[])));
    Ok(plain::page(language, StatusCode::OK, &language.say("recover.done", &[]), &text))
}

async fn open(app: &App, link: &str) -> Result<Option<Open>, Problem> {
    let Some(message) = app.secret().read_link(RECOVERY, link) else { return Ok(None) };
    let now_ms = app.now_ms();
    let find = move |tx: &mut dyn Tx| {
        let Some(account) = recovery::open(tx, message, now_ms)? else { return Ok(None) };
        let Some(profile) = accounts::profile(tx, account)? else { return Ok(None) };
        let language = wishes::language_of(tx, account)?;
        Ok::<_, Refusal>(Some(Open { message, email: profile.email, language }))
    };
    Ok(app.store().read(find).await?)
}

fn form(language: Language, weak: Option<Weak>) -> Response {
    let say = |key: &str| escaped(&language.say(key, &[]));
    let mut body = String::new();
    if let Some(weak) = weak {
        let key = match weak {
            Weak::Short => "recover.weak-short",
            Weak::Long => "recover.weak-long",
            Weak::Common => "recover.weak-common",
            Weak::LikeEmail => "recover.weak-like-email",
        };
        body.push_str(&format!("<p role=\"alert\">{}</p>", say(key)));
    }
    body.push_str(&format!(
        "<form method=\"post\"><p><label class=\"over\">{}\
         <input type=\"password\" name=\"password\" autocomplete=\"new-password\" required></label>{}</p>\
         <button>{}</button></form>",
        say("recover.password"),
        say("recover.hint"),
        say("recover.keep")
    ));
    let status = if weak.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    plain::page(language, status, &language.say("recover.title", &[]), &body)
}
