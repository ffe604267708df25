//! The page behind the link of every mail, where its reader chooses without signing in what mails come.

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx};

use crate::http::app::App;
use crate::http::body::ApiPath;
use crate::http::plain::{self, Form, asked_language};
use crate::http::problem::Problem;
use crate::messages::letter::WISHES;
use crate::messages::words::Language;
use crate::messages::{Audience, Channel, Topic, wishes};
use crate::platform::{Refusal, accounts};
use crate::store::Shard;
use crate::web::escaped;

struct Wishes {
    language: Language,
    topics: Vec<(Topic, bool)>,
}

fn read_wishes(tx: &mut dyn Tx, account: ThingId) -> Result<Wishes, StoreError> {
    let language = wishes::language_of(tx, account)?;
    Ok(Wishes { language, topics: wishes::all(tx, account, Channel::Mail)? })
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
            wishes::set(tx, account, (Channel::Mail, *topic), *wanted)?;
        }
        Ok::<_, Refusal>(read_wishes(tx, account)?)
    };
    Ok(app.store().write(Shard::account(account), keep).await?)
}

/// Looking at it changes nothing: programs that check mail look, too.
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
        let topic = stop.as_deref().and_then(Topic::from_name);
        let topics = match topic {
            // Everything that comes in that mail.
            Some(Topic::Gathered) => in_one_mail(&app, account).await?,
            Some(topic) if topic.may_decline() => vec![topic],
            Some(_) | None => return Err(Problem::malformed("the link does not say what to stop")),
        };
        let topics = topics.into_iter().map(|topic| (topic, false)).collect();
        let wishes = keep_wishes(&app, account, None, topics).await?;
        return Ok(form(&wishes, Some("wishes.stopped")));
    }
    let declinable = Topic::ALL.into_iter().filter(|topic| topic.may_decline());
    let topics = declinable.map(|topic| (topic, form_sent.has(topic.name()))).collect();
    let language = form_sent.get("language").as_deref().and_then(Language::from_code);
    let wishes = keep_wishes(&app, account, language, topics).await?;
    Ok(form(&wishes, Some("wishes.kept")))
}

async fn in_one_mail(app: &App, account: ThingId) -> Result<Vec<Topic>, Problem> {
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(wishes::gathered(tx, account)?);
    let topics = app.store().read(find).await?.into_iter();
    Ok(topics.filter(|(_, is_gathered)| *is_gathered).map(|(topic, _)| topic).collect())
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
