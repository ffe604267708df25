//! Who wants to be told what: for programs, and as a page behind the link of every message.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx};
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath};
use crate::http::caller::SignedIn;
use crate::http::plain::{self, Form, asked_language};
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::letter::WISHES;
use crate::messages::words::Language;
use crate::messages::{Audience, Topic, wishes};
use crate::platform::Refusal;
use crate::platform::accounts;
use crate::store::Shard;
use crate::web::escaped;

#[derive(Serialize, ToSchema)]
pub(crate) struct WishesBody {
    /// Whether this server sends mail at all.
    mail: bool,
    /// `en`, `sw`, `fr` or `ar`.
    language: &'static str,
    /// For each topic whether it is wanted: `order-new`, `order-cancelled`, `incident`, `review-new`, `order-held`,
    /// `order-handed-over`, `order-released`, `order-packed`, `order-ready`, `order-on-the-way`, `order-paid-back`.
    topics: BTreeMap<&'static str, bool>,
    /// A page where the same can be chosen without signing in. Whoever has it can choose.
    page: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseBody {
    language: Option<String>,
    /// Topics that are not named stay as they are.
    #[serde(default)]
    topics: BTreeMap<String, bool>,
}

struct Wishes {
    language: Language,
    topics: Vec<(Topic, bool)>,
}

fn read_wishes(tx: &mut dyn Tx, account: ThingId) -> Result<Wishes, StoreError> {
    Ok(Wishes { language: wishes::language_of(tx, account)?, topics: wishes::all(tx, account)? })
}

fn shown(app: &App, account: ThingId, wishes: &Wishes) -> WishesBody {
    WishesBody {
        mail: app.settings().sends_mail,
        language: wishes.language.code(),
        topics: wishes.topics.iter().map(|(topic, wanted)| (topic.name(), *wanted)).collect(),
        page: format!("/messages/{}", app.secret().link(WISHES, account)),
    }
}

/// What I am told by mail, and in which language.
#[utoipa::path(get, path = "/v1/me/messages", tag = "people", responses(
    (status = 200, description = "As chosen; what was not chosen is wanted", body = WishesBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn mine(State(app): State<App>, person: SignedIn) -> Answered<WishesBody> {
    let account = person.account;
    let wishes = app.store().read(move |tx| Ok::<_, Refusal>(read_wishes(tx, account)?)).await?;
    Ok(Json(shown(&app, account, &wishes)))
}

/// Choose what I am told by mail, and in which language.
#[utoipa::path(put, path = "/v1/me/messages", tag = "people", request_body = ChooseBody, responses(
    (status = 200, description = "Kept", body = WishesBody),
    (status = 400, description = "No such topic or language", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn choose(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<ChooseBody>,
) -> Answered<WishesBody> {
    let account = person.account;
    let language = match request.language.as_deref() {
        Some(code) => Some(
            Language::from_code(code)
                .ok_or_else(|| Problem::malformed("the language should be en, sw, fr or ar"))?,
        ),
        None => None,
    };
    let mut topics = Vec::new();
    for (name, wanted) in &request.topics {
        let topic = Topic::from_name(name).filter(|topic| topic.may_decline());
        let topic = topic.ok_or_else(|| Problem::malformed("there is no such topic to choose: see /docs"))?;
        topics.push((topic, *wanted));
    }
    let chosen = keep_wishes(&app, account, language, topics).await?;
    Ok(Json(shown(&app, account, &chosen)))
}

async fn keep_wishes(
    app: &App,
    account: ThingId,
    language: Option<Language>,
    topics: Vec<(Topic, bool)>,
) -> Result<Wishes, Problem> {
    let keep = move |tx: &mut dyn Tx| {
        if let Some(language) = language {
            wishes::set_language(tx, account, language)?;
        }
        for (topic, wanted) in &topics {
            wishes::set(tx, account, *topic, *wanted)?;
        }
        Ok::<_, Refusal>(read_wishes(tx, account)?)
    };
    Ok(app.store().write(Shard::account(account), keep).await?)
}

/// The page behind a message's link. Looking at it changes nothing: programs that check mail look, too.
pub(crate) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(link): ApiPath<String>,
) -> Result<Response, Problem> {
    let Some((_, wishes)) = open(&app, &link).await? else {
        return Ok(plain::dead_link(asked_language(&headers).unwrap_or_default()));
    };
    Ok(form(&wishes, None))
}

#[derive(Deserialize)]
pub(crate) struct Stop {
    stop: Option<String>,
}

/// Keeps what the page's form says; or ends one kind of message, as mail programs do with one press.
pub(crate) async fn keep(
    State(app): State<App>,
    ApiPath(link): ApiPath<String>,
    Query(Stop { stop }): Query<Stop>,
    request: Request,
) -> Result<Response, Problem> {
    let asked = asked_language(request.headers()).unwrap_or_default();
    let form_sent = Form::read(request).await?;
    let Some((account, _)) = open(&app, &link).await? else { return Ok(plain::dead_link(asked)) };
    if form_sent.has("List-Unsubscribe") {
        let topic = stop.as_deref().and_then(Topic::from_name).filter(|topic| topic.may_decline());
        let topic = topic.ok_or_else(|| Problem::malformed("the link does not say what to stop"))?;
        let wishes = keep_wishes(&app, account, None, vec![(topic, false)]).await?;
        return Ok(form(&wishes, Some("wishes.stopped")));
    }
    let declinable = Topic::ALL.into_iter().filter(|topic| topic.may_decline());
    let topics = declinable.map(|topic| (topic, form_sent.has(topic.name()))).collect();
    let language = form_sent.get("language").as_deref().and_then(Language::from_code);
    let wishes = keep_wishes(&app, account, language, topics).await?;
    Ok(form(&wishes, Some("wishes.kept")))
}

/// Whose wishes a link opens.
async fn open(app: &App, link: &str) -> Result<Option<(ThingId, Wishes)>, Problem> {
    let Some(account) = app.secret().read_link(WISHES, link) else { return Ok(None) };
    let find = move |tx: &mut dyn Tx| {
        let is_there = accounts::profile(tx, account)?.is_some();
        Ok::<_, Refusal>(if is_there { Some((account, read_wishes(tx, account)?)) } else { None })
    };
    Ok(app.store().read(find).await?)
}

fn form(wishes: &Wishes, done: Option<&str>) -> Response {
    let language = wishes.language;
    let say = |key: &str| escaped(&language.say(key, &[]));
    let mut body = String::new();
    if let Some(done) = done {
        body.push_str(&format!("<p role=\"status\">{}</p>", say(done)));
    }
    body.push_str(&format!("<p>{}</p><form method=\"post\">", say("wishes.text")));
    for (audience, title) in [(Audience::Buyer, "wishes.buyer"), (Audience::Stall, "wishes.stall")] {
        body.push_str(&format!("<fieldset><legend>{}</legend>", say(title)));
        for (topic, wanted) in wishes.topics.iter().filter(|(topic, _)| topic.audience() == audience) {
            let (name, checked) = (topic.name(), if *wanted { " checked" } else { "" });
            body.push_str(&format!(
                "<label><input type=\"checkbox\" name=\"{name}\"{checked}>{}</label>",
                say(&format!("wishes.{name}"))
            ));
        }
        body.push_str("</fieldset>");
    }
    body.push_str(&format!("<p><label class=\"over\">{}<select name=\"language\">", say("wishes.language")));
    for known in Language::ALL {
        let selected = if known == language { " selected" } else { "" };
        body.push_str(&format!(
            "<option value=\"{}\" lang=\"{0}\"{selected}>{}</option>",
            known.code(),
            known.own_name()
        ));
    }
    body.push_str(&format!("</select></label></p><button>{}</button></form>", say("wishes.keep")));
    plain::page(language, StatusCode::OK, &language.say("wishes.title", &[]), &body)
}
