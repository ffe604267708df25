//! What somebody is told outside of the app, at the server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use soko_app_api::{
    ChannelWishes, Gathered, MailboxFailing, MessageRow, MessagesReply, MessagesVerb, OwnBrowser,
    OwnTelephone, QuietHours, Wishes,
};
use soko_domain::ids::ThingId;

use super::web::read_json;
use super::{Server, Unanswered};

const WISHES: &str = "/v1/me/messages";
const LOG: &str = "/v1/me/messages/log";
const MAILBOX: &str = "/v1/me/messages/mailbox-failing";
const TEST: &str = "/v1/me/messages/test";
const BROWSERS: &str = "/v1/me/browsers";
const TELEPHONE: &str = "/v1/me/telephone";
const CODE: &str = "/v1/me/telephone/code";

#[derive(Deserialize)]
struct WishesBody {
    language: String,
    // A server from before these has mail alone.
    #[serde(default)]
    sells: bool,
    #[serde(default)]
    channels: BTreeMap<String, ChannelBody>,
    quiet: Option<QuietBody>,
    #[serde(default)]
    gathered: GatheredBody,
    mailbox_failing: Option<MailboxBody>,
    push_key: Option<String>,
    #[serde(default)]
    browsers: Vec<BrowserBody>,
    #[serde(default)]
    telephone: TelephoneBody,
}

/// None of it at a server from before such mail.
#[derive(Default, Serialize, Deserialize)]
struct GatheredBody {
    at: String,
    zone: String,
    topics: BTreeMap<String, bool>,
}

impl From<&Gathered> for GatheredBody {
    fn from(gathered: &Gathered) -> Self {
        let Gathered { at, zone, topics } = gathered.clone();
        Self { at, zone, topics: topics.into_iter().collect() }
    }
}

#[derive(Deserialize)]
struct MailboxBody {
    since_ms: i64,
    reason: String,
}

#[derive(Default, Deserialize)]
struct TelephoneBody {
    #[serde(default)]
    number: String,
    #[serde(default)]
    asked: String,
}

#[derive(Deserialize)]
struct ChannelBody {
    offered: bool,
    topics: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
struct QuietBody {
    on: bool,
    from: String,
    to: String,
    zone: String,
    urgent_rings: bool,
}

#[derive(Deserialize)]
struct BrowserBody {
    browser: String,
    name: String,
    made_ms: i64,
}

#[derive(Deserialize)]
struct LogBody {
    messages: Vec<MessageBody>,
}

#[derive(Deserialize)]
struct MessageBody {
    message: String,
    topic: String,
    channel: String,
    #[serde(default)]
    browser: String,
    state: String,
    #[serde(default)]
    reason: String,
    made_ms: i64,
    due_ms: Option<i64>,
}

impl Server {
    pub(crate) async fn messages(
        &self,
        session: &str,
        verb: &MessagesVerb,
    ) -> Result<MessagesReply, Unanswered> {
        match verb {
            MessagesVerb::Look => {
                let request = self.web.get(WISHES).bearer_auth(session);
                wishes(&self.web.whole(request).await?)
            }
            MessagesVerb::Want { channel, topic, wanted } => {
                self.choose(session, &json!({"channels": {channel: {topic: wanted}}})).await
            }
            MessagesVerb::KeepQuiet(quiet) => {
                let QuietHours { is_on, from, to, zone, urgent_rings } = quiet;
                let quiet =
                    json!({"on": is_on, "from": from, "to": to, "zone": zone, "urgent_rings": urgent_rings});
                self.choose(session, &json!({"quiet": quiet})).await
            }
            MessagesVerb::Gather(gathered) => {
                self.choose(session, &json!({"gathered": GatheredBody::from(gathered)})).await
            }
            MessagesVerb::MailboxWorks => {
                let request = self.web.delete(MAILBOX).bearer_auth(session);
                self.web.whole(request).await.map(|_| MessagesReply::Done)
            }
            MessagesVerb::Speak { language } => self.choose(session, &json!({"language": language})).await,
            MessagesVerb::Log => {
                let request = self.web.get(LOG).bearer_auth(session);
                log(&self.web.whole(request).await?)
            }
            MessagesVerb::GivenUp { message, again } => self.given_up(session, (*message, *again)).await,
            MessagesVerb::Test { channel } => {
                self.web.post(TEST, Some(session), &json!({"channel": channel})).await?;
                Ok(MessagesReply::Done)
            }
            MessagesVerb::Listen(keys) => {
                let body = json!({
                    "endpoint": keys.endpoint, "p256dh": keys.p256dh, "auth": keys.auth, "name": keys.name,
                });
                let kept: BrowserBody = self.web.post_json(BROWSERS, Some(session), &body).await?;
                let browser = ThingId::from_hex(&kept.browser);
                let browser = browser.ok_or_else(|| Unanswered::NoAnswer("a browser has no identity".into()));
                browser.map(MessagesReply::Listening)
            }
            MessagesVerb::StopListening(browser) => {
                let request = self.web.delete(&format!("{BROWSERS}/{browser}")).bearer_auth(session);
                match self.web.whole(request).await {
                    // It is as was asked for.
                    Ok(_) => Ok(MessagesReply::Done),
                    Err(Unanswered::Refused { code, .. }) if code == "no_such_browser" => {
                        Ok(MessagesReply::Done)
                    }
                    Err(unanswered) => Err(unanswered),
                }
            }
            MessagesVerb::Text { number } => {
                let request = self.web.put(TELEPHONE).bearer_auth(session).json(&json!({"number": number}));
                self.web.whole(request).await.map(|_| MessagesReply::Done)
            }
            MessagesVerb::Confirm { code } => {
                self.web.post(CODE, Some(session), &json!({"code": code})).await?;
                Ok(MessagesReply::Done)
            }
            MessagesVerb::StopTexting => {
                let request = self.web.delete(TELEPHONE).bearer_auth(session);
                self.web.whole(request).await.map(|_| MessagesReply::Done)
            }
        }
    }

    async fn given_up(
        &self,
        session: &str,
        (message, again): (ThingId, bool),
    ) -> Result<MessagesReply, Unanswered> {
        let path = format!("{WISHES}/{message}/{}", if again { "again" } else { "discard" });
        self.web.post(&path, Some(session), &json!({})).await.map(|_| MessagesReply::Done)
    }

    async fn choose(&self, session: &str, chosen: &Value) -> Result<MessagesReply, Unanswered> {
        wishes(&self.web.whole(self.web.put(WISHES).bearer_auth(session).json(chosen)).await?)
    }
}

fn wishes(answer: &[u8]) -> Result<MessagesReply, Unanswered> {
    let body: WishesBody = read_json(answer)?;
    let channel = |(channel, it): (String, ChannelBody)| ChannelWishes {
        channel,
        is_offered: it.offered,
        topics: it.topics.into_iter().collect(),
    };
    let browser = |it: BrowserBody| {
        Some(OwnBrowser { browser: ThingId::from_hex(&it.browser)?, name: it.name, made_ms: it.made_ms })
    };
    let quiet = body.quiet.map(|it| QuietHours {
        is_on: it.on,
        from: it.from,
        to: it.to,
        zone: it.zone,
        urgent_rings: it.urgent_rings,
    });
    Ok(MessagesReply::Wishes(Box::new(Wishes {
        language: body.language,
        sells: body.sells,
        channels: body.channels.into_iter().map(channel).collect(),
        quiet: quiet.unwrap_or_default(),
        gathered: Gathered {
            at: body.gathered.at,
            zone: body.gathered.zone,
            topics: body.gathered.topics.into_iter().collect(),
        },
        mailbox_failing: body
            .mailbox_failing
            .map(|it| MailboxFailing { since_ms: it.since_ms, reason: it.reason }),
        push_key: body.push_key.unwrap_or_default(),
        browsers: body.browsers.into_iter().filter_map(browser).collect(),
        telephone: OwnTelephone { number: body.telephone.number, asked: body.telephone.asked },
    })))
}

fn log(answer: &[u8]) -> Result<MessagesReply, Unanswered> {
    let body: LogBody = read_json(answer)?;
    let row = |it: MessageBody| {
        Some(MessageRow {
            message: ThingId::from_hex(&it.message)?,
            topic: it.topic,
            channel: it.channel,
            browser: it.browser,
            state: it.state,
            reason: it.reason,
            made_ms: it.made_ms,
            due_ms: it.due_ms,
        })
    };
    Ok(MessagesReply::Log(body.messages.into_iter().filter_map(row).collect()))
}
