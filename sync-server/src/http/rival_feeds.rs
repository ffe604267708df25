//! Addresses whose prices are fetched for a stall; for its owners.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use soko_app_api::text::Worded as _;
use soko_domain::ids::{LogId, ThingId};
use soko_domain::import::{DecimalMark, IMPORT_COLUMNS_MAX};
use soko_domain::rival::RivalField;
use soko_domain::verbs::note_rivals::source_of;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::egress::BadTarget;
use crate::guard::limits::{Who, cost};
use crate::http::app::{App, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::program_keys::{as_owner, asked};
use crate::platform::Refusal;
use crate::rivals::{self, Feed};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFeed {
    /// Who asks these prices, as it stands beside them.
    source: String,
    /// Of a list in CSV or JSON: `https://…`, on the public internet.
    address: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedReading {
    /// What each column says: `ignore`, `name`, `barcode`, `price`, `currency`, `unit` or `time`. Absent: by its headers.
    fields: Option<Vec<String>>,
    /// `point` or `comma`.
    decimal: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FeedBody {
    feed: String,
    source: String,
    address: String,
    made_ms: i64,
    /// When it is looked at next, at the earliest.
    due_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried_ms: Option<i64>,
    /// When a list came last, or was still the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched_ms: Option<i64>,
    /// Why the last look brought nothing: `private`, `robots`, `robots-unread`, `too-large`, `slow`, `nobody`, `redirects`,
    /// `status`, `gone`, `forbidden`, `page`, `no-table`, `empty`, `columns` or `too-much`.
    #[serde(skip_serializing_if = "String::is_empty")]
    trouble: String,
    /// Rows that could be read, and how many of them are certainly a product of this stall.
    rows: i64,
    known: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FeedList {
    feeds: Vec<FeedBody>,
}

/// The addresses whose prices are fetched for this stall; for its owners.
#[utoipa::path(get, path = "/v1/stalls/{stall}/rival-feeds", tag = "prices",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "In the order in which they were made", body = FeedList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
) -> Answered<FeedList> {
    let stall: LogId = id(&stall, "the stall")?;
    let found = as_owner(&app, (person.account, stall), move |tx| Ok(rivals::of_stall(tx, stall)?));
    Ok(Json(FeedList { feeds: found.await?.into_iter().map(FeedBody::from).collect() }))
}

/// Fetch prices from an address from now on, at once and then once a day; for owners. `robots.txt` there is followed.
#[utoipa::path(post, path = "/v1/stalls/{stall}/rival-feeds", tag = "prices", request_body = NewFeed,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 201, description = "It is looked at soon", body = FeedBody),
    (status = 400, description = "No address of the public internet, or no name", body = ProblemBody),
    (status = 409, description = "There are as many as allowed", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn make(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<NewFeed>,
) -> Result<(StatusCode, Json<FeedBody>), Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let egress = app.egress().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "no_channel", "this server sends nothing to addresses of others")
    })?;
    let bad = |bad: BadTarget| Problem::new(StatusCode::BAD_REQUEST, "bad_address", bad.to_string());
    egress.checked(&request.address).map_err(bad)?;
    let source = source_of(&request.source).map_err(|refusal| Problem::malformed(refusal.to_string()))?;
    let (feed, now_ms) = (ThingId(app.random()?), app.now_ms());
    let keep = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        rivals::make(tx, (feed, stall), (&source, &request.address), now_ms)?;
        Ok((rivals::of(tx, (stall, feed))?, None))
    };
    let made = app.in_stall(asked(person.account, stall), keep).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Say what the columns of its list are, or that its headers say it; for owners. It is looked at again soon.
#[utoipa::path(put, path = "/v1/stalls/{stall}/rival-feeds/{feed}", tag = "prices", request_body = FeedReading,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("feed" = String, Path, description = "The address's identity")), responses(
    (status = 200, description = "It is read so from now on", body = FeedBody),
    (status = 400, description = "No such column or mark", body = ProblemBody),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, feed)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<FeedReading>,
) -> Answered<FeedBody> {
    let (stall, feed): (LogId, ThingId) = (id(&stall, "the stall")?, id(&feed, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (choice, now_ms) = (choice(&request)?, app.now_ms());
    let keep = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        let found = rivals::of(tx, (stall, feed))?;
        rivals::put(tx, feed, &choice)?;
        rivals::soon(tx, &found, now_ms)?;
        Ok((rivals::of(tx, (stall, feed))?, None))
    };
    Ok(Json(app.in_stall(asked(person.account, stall), keep).await?.into()))
}

/// Fetch it no more, and forget what it said; for owners. Prices that count already stay until they are too old, or are forgotten on a
/// register.
#[utoipa::path(delete, path = "/v1/stalls/{stall}/rival-feeds/{feed}", tag = "prices",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("feed" = String, Path, description = "The address's identity")), responses(
    (status = 204, description = "It is fetched no more"),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, feed)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (stall, feed): (LogId, ThingId) = (id(&stall, "the stall")?, id(&feed, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let end = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        rivals::of(tx, (stall, feed))?;
        rivals::end(tx, feed)?;
        Ok(((), None))
    };
    app.in_stall(asked(person.account, stall), end).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Look at it now rather than tomorrow; for owners. Not more often than every ten minutes.
#[utoipa::path(post, path = "/v1/stalls/{stall}/rival-feeds/{feed}/look", tag = "prices",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("feed" = String, Path, description = "The address's identity")), responses(
    (status = 202, description = "It is looked at within a minute"),
    (status = 404, description = "No such address", body = ProblemBody),
    (status = 429, description = "It was looked at a moment ago", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn look(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, feed)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (stall, feed): (LogId, ThingId) = (id(&stall, "the stall")?, id(&feed, "the address")?);
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let now_ms = app.now_ms();
    let look = move |tx: &mut dyn Tx, _: &Turn<'_>| {
        let found = rivals::of(tx, (stall, feed))?;
        Ok((rivals::soon(tx, &found, now_ms)?, None))
    };
    if app.in_stall(asked(person.account, stall), look).await? {
        return Ok(StatusCode::ACCEPTED);
    }
    let detail = "this address was looked at a moment ago: others should not be asked too often";
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "looked_lately", detail).retry_after(600))
}

/// What it said last, as it came, so that somebody at a register can say which products are meant; for owners.
#[utoipa::path(get, path = "/v1/stalls/{stall}/rival-feeds/{feed}/table", tag = "prices",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("feed" = String, Path, description = "The address's identity")), responses(
    (status = 200, description = "CSV or JSON", content_type = "application/octet-stream"),
    (status = 404, description = "No such address, or nothing came yet", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn table(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, feed)): ApiPath<(String, String)>,
) -> Result<Response, Problem> {
    let (stall, feed): (LogId, ThingId) = (id(&stall, "the stall")?, id(&feed, "the address")?);
    let found = as_owner(&app, (person.account, stall), move |tx| {
        rivals::of(tx, (stall, feed))?;
        rivals::table(tx, feed)?.ok_or(Refusal::NoSuchFeed)
    });
    // It is a stranger's text: nothing shows it as anything else.
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_DISPOSITION, "attachment")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from(found.await?));
    response.map_err(|error| Problem::malformed(error.to_string()))
}

/// As it is kept: words of fields, and the mark.
fn choice(request: &FeedReading) -> Result<String, Problem> {
    let (fields, decimal) = match (&request.fields, &request.decimal) {
        (None, None) => return Ok(String::new()),
        (Some(fields), Some(decimal)) => (fields, decimal),
        (Some(_), None) | (None, Some(_)) => {
            return Err(Problem::malformed("say both the fields and the decimal mark, or neither"));
        }
    };
    let are_known = fields.iter().all(|field| RivalField::from_word(field).is_some());
    if !are_known || fields.is_empty() || fields.len() > IMPORT_COLUMNS_MAX {
        return Err(Problem::malformed("the fields are words of the list in `/docs`, one for each column"));
    }
    if DecimalMark::from_word(decimal).is_none() {
        return Err(Problem::malformed("the decimal mark is `point` or `comma`"));
    }
    Ok(format!("{};{decimal}", fields.join(",")))
}

impl From<Feed> for FeedBody {
    fn from(feed: Feed) -> Self {
        Self {
            feed: feed.feed.to_string(),
            source: feed.source,
            address: feed.address,
            made_ms: feed.made_ms,
            due_ms: feed.due_ms,
            tried_ms: feed.tried_ms,
            fetched_ms: feed.fetched_ms,
            trouble: feed.trouble,
            rows: feed.rows_read,
            known: feed.rows_known,
        }
    }
}
