//! Keys and addresses of a stall's own programs, at the server.

use serde::Deserialize;
use serde_json::{Value, json};
use soko_app_api::text::Worded as _;
use soko_app_api::{
    DeliveryRow, FeedRow, HookInput, HookRow, ProgramKeyRow, ProgramsCall, ProgramsReply, ProgramsVerb,
    ProgramsView,
};
use soko_domain::ids::{LogId, ThingId};

use super::web::read_json;
use super::{Server, Unanswered};

#[derive(Deserialize)]
struct KeysBody {
    keys: Vec<KeyBody>,
}

#[derive(Deserialize)]
struct KeyBody {
    key: String,
    name: String,
    scopes: Vec<String>,
    made_ms: i64,
    ends_ms: Option<i64>,
    used_ms: Option<i64>,
}

#[derive(Deserialize)]
struct HooksBody {
    hooks: Vec<HookBody>,
}

#[derive(Deserialize)]
struct HookBody {
    hook: String,
    address: String,
    topics: Vec<String>,
    before_until_ms: Option<i64>,
    failing_since_ms: Option<i64>,
    off_ms: Option<i64>,
    #[serde(default)]
    off_reason: String,
}

#[derive(Deserialize)]
struct SecretBody {
    secret: String,
}

#[derive(Deserialize)]
struct DeliveriesBody {
    deliveries: Vec<DeliveryBody>,
}

#[derive(Deserialize)]
struct DeliveryBody {
    delivery: String,
    topic: String,
    state: String,
    #[serde(default)]
    reason: String,
    tries: u32,
    made_ms: i64,
    due_ms: Option<i64>,
}

#[derive(Deserialize)]
struct FeedsBody {
    feeds: Vec<FeedBody>,
}

#[derive(Deserialize)]
struct FeedBody {
    feed: String,
    source: String,
    address: String,
    due_ms: i64,
    fetched_ms: Option<i64>,
    #[serde(default)]
    trouble: String,
    rows: i64,
    known: i64,
}

impl Server {
    pub(crate) async fn programs(
        &self,
        session: &str,
        call: &ProgramsCall,
    ) -> Result<ProgramsReply, Unanswered> {
        let (keys, hooks) = paths(call.stall);
        match &call.verb {
            ProgramsVerb::Look => {
                let listed: KeysBody = self.listed(session, &keys).await?;
                let told: HooksBody = self.listed(session, &hooks).await?;
                Ok(ProgramsReply::Programs(ProgramsView {
                    server: self.base().to_owned(),
                    keys: listed.keys.into_iter().filter_map(key).collect(),
                    hooks: told.hooks.into_iter().filter_map(hook).collect(),
                }))
            }
            ProgramsVerb::MakeKey { name, scopes, ends_ms } => {
                let body = json!({"name": name, "scopes": scopes, "ends_ms": ends_ms});
                self.secret(session, &keys, &body).await
            }
            ProgramsVerb::EndKey(key) => self.ended(session, (&format!("{keys}/{key}"), "no_such_key")).await,
            ProgramsVerb::MakeHook(input) => self.secret(session, &hooks, &told(input)).await,
            ProgramsVerb::PutHook { hook, input } => {
                let request = self.web.put(&format!("{hooks}/{hook}")).bearer_auth(session);
                self.web.whole(request.json(&told(input))).await.map(|_| ProgramsReply::Done)
            }
            ProgramsVerb::EndHook(hook) => {
                self.ended(session, (&format!("{hooks}/{hook}"), "no_such_hook")).await
            }
            ProgramsVerb::RenewSecret(hook) => {
                self.secret(session, &format!("{hooks}/{hook}/secret"), &json!({})).await
            }
            ProgramsVerb::TestHook(hook) => {
                let path = format!("{hooks}/{hook}/test");
                self.web.post(&path, Some(session), &json!({})).await.map(|_| ProgramsReply::Done)
            }
            ProgramsVerb::Deliveries(hook) => {
                let log: DeliveriesBody = self.listed(session, &format!("{hooks}/{hook}/deliveries")).await?;
                let rows = log.deliveries.into_iter().filter_map(delivery).collect();
                Ok(ProgramsReply::Deliveries(rows))
            }
            ProgramsVerb::Again { hook, delivery } => {
                let delivery = delivery.map(|delivery| delivery.to_string());
                let (path, body) = (format!("{hooks}/{hook}/again"), json!({"delivery": delivery}));
                self.web.post(&path, Some(session), &body).await.map(|_| ProgramsReply::Done)
            }
            ProgramsVerb::Discard { hook, delivery } => {
                let path = format!("{hooks}/{hook}/deliveries/{delivery}/discard");
                self.web.post(&path, Some(session), &json!({})).await.map(|_| ProgramsReply::Done)
            }
            ProgramsVerb::Feeds
            | ProgramsVerb::MakeFeed { .. }
            | ProgramsVerb::EndFeed(_)
            | ProgramsVerb::LookAtFeed(_)
            | ProgramsVerb::FeedTable(_)
            | ProgramsVerb::ReadFeed { .. } => self.feeds(session, call).await,
        }
    }

    /// Addresses whose prices the server fetches.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is about such addresses comes here")]
    async fn feeds(&self, session: &str, call: &ProgramsCall) -> Result<ProgramsReply, Unanswered> {
        let feeds = format!("/v1/stalls/{}/rival-feeds", call.stall);
        match &call.verb {
            ProgramsVerb::MakeFeed { source, address } => {
                let body = json!({"source": source, "address": address});
                self.web.post(&feeds, Some(session), &body).await.map(|_| ProgramsReply::Done)
            }
            ProgramsVerb::EndFeed(feed) => {
                self.ended(session, (&format!("{feeds}/{feed}"), "no_such_feed")).await
            }
            ProgramsVerb::LookAtFeed(feed) => {
                let path = format!("{feeds}/{feed}/look");
                self.web.post(&path, Some(session), &json!({})).await.map(|_| ProgramsReply::Done)
            }
            ProgramsVerb::FeedTable(feed) => {
                let request = self.web.get(&format!("{feeds}/{feed}/table")).bearer_auth(session);
                self.web.whole(request).await.map(|bytes| ProgramsReply::Table(bytes.to_vec()))
            }
            ProgramsVerb::ReadFeed { feed, choice } => {
                let fields: Vec<&str> = choice.fields.iter().map(|field| field.word()).collect();
                let body = json!({"fields": fields, "decimal": choice.decimal.word()});
                let request = self.web.put(&format!("{feeds}/{feed}")).bearer_auth(session);
                self.web.whole(request.json(&body)).await.map(|_| ProgramsReply::Done)
            }
            _ => {
                let listed: FeedsBody = self.listed(session, &feeds).await?;
                Ok(ProgramsReply::Feeds(listed.feeds.into_iter().filter_map(feed).collect()))
            }
        }
    }

    async fn listed<T: serde::de::DeserializeOwned>(
        &self,
        session: &str,
        path: &str,
    ) -> Result<T, Unanswered> {
        read_json(&self.web.whole(self.web.get(path).bearer_auth(session)).await?)
    }

    async fn secret(&self, session: &str, path: &str, body: &Value) -> Result<ProgramsReply, Unanswered> {
        let made: SecretBody = self.web.post_json(path, Some(session), body).await?;
        Ok(ProgramsReply::Secret(made.secret))
    }

    /// What is not there any more is as was asked for.
    async fn ended(&self, session: &str, (path, gone): (&str, &str)) -> Result<ProgramsReply, Unanswered> {
        match self.web.whole(self.web.delete(path).bearer_auth(session)).await {
            Ok(_) => Ok(ProgramsReply::Done),
            Err(Unanswered::Refused { code, .. }) if code == gone => Ok(ProgramsReply::Done),
            Err(unanswered) => Err(unanswered),
        }
    }
}

fn feed(body: FeedBody) -> Option<FeedRow> {
    let FeedBody { feed, source, address, due_ms, fetched_ms, trouble, rows, known } = body;
    let feed = ThingId::from_hex(&feed)?;
    Some(FeedRow { feed, source, address, due_ms, fetched_ms, trouble, rows, known })
}

fn paths(stall: LogId) -> (String, String) {
    (format!("/v1/stalls/{stall}/keys"), format!("/v1/stalls/{stall}/hooks"))
}

fn told(input: &HookInput) -> Value {
    json!({"address": input.address, "topics": input.topics})
}

fn key(body: KeyBody) -> Option<ProgramKeyRow> {
    let KeyBody { key, name, scopes, made_ms, ends_ms, used_ms } = body;
    Some(ProgramKeyRow { key: ThingId::from_hex(&key)?, name, scopes, made_ms, ends_ms, used_ms })
}

fn hook(body: HookBody) -> Option<HookRow> {
    Some(HookRow {
        hook: ThingId::from_hex(&body.hook)?,
        address: body.address,
        topics: body.topics,
        before_until_ms: body.before_until_ms,
        failing_since_ms: body.failing_since_ms,
        off_ms: body.off_ms,
        off_reason: body.off_reason,
    })
}

fn delivery(body: DeliveryBody) -> Option<DeliveryRow> {
    let DeliveryBody { delivery, topic, state, reason, tries, made_ms, due_ms } = body;
    Some(DeliveryRow {
        delivery: ThingId::from_hex(&delivery)?,
        topic,
        state,
        reason,
        tries,
        made_ms,
        due_ms,
    })
}
