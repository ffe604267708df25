//! Who wants to be told what, in which way and when; which browsers; and what became of the last messages.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_domain::quiet::minute_of;
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx, params};
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::SignedIn;
use crate::http::given_up::discarded_by;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::telephone::TelephoneBody;
use crate::messages::gathered::{self, Gathering};
use crate::messages::letter::WISHES;
use crate::messages::mailbox::{self, Failing};
use crate::messages::outbox::{self, About, Listed};
use crate::messages::push::{self, BrowserKeys, Subscription};
use crate::messages::quiet::{self, Quiet};
use crate::messages::telephone::{self, Own};
use crate::messages::words::Language;
use crate::messages::{Channel, Topic, wishes};
use crate::platform::Refusal;
use crate::store::Shard;

/// Messages that the log shows.
const LOG_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 60;
/// Nobody's mailbox is filled by trying again and again.
const TESTS_PER_DAY_MAX: i64 = 10;
const TEST_PAUSE_MS: i64 = 5_000;
const DAY_MS: i64 = 24 * 3_600_000;

#[derive(Serialize, ToSchema)]
pub(crate) struct WishesBody {
    /// Whether this server sends mail at all.
    mail: bool,
    /// `en`, `sw`, `fr` or `ar`.
    language: &'static str,
    /// For each topic whether a mail is wanted: `order-new`, `order-cancelled`, `incident`, `review-new`, `order-held`,
    /// `order-handed-over`, `order-released`, `order-packed`, `order-ready`, `order-on-the-way`, `order-swap`, `order-paid`, `order-paid-back`,
    /// `order-part-back`, `order-owed`, `return-answered`, `payment-came`, `payment-trouble`, `low-stock`, `stock-out`, `device-revoked`,
    /// `back-in-stock`, `price-drop`.
    topics: BTreeMap<&'static str, bool>,
    /// Every way to be told: `mail`, `push` for notifications of browsers, and `sms` for texts to a telephone.
    channels: BTreeMap<&'static str, ChannelBody>,
    quiet: QuietBody,
    /// Mail that comes once a day, all in one.
    gathered: GatheredBody,
    /// Set where mail to me came back, so that nothing is written to me any more.
    mailbox_failing: Option<MailboxBody>,
    /// What a browser subscribes to, in base64url; none where this server has no push messages.
    push_key: Option<String>,
    /// My browsers that show notifications, the latest first.
    browsers: Vec<BrowserBody>,
    telephone: TelephoneBody,
    /// Whether I own or manage a stall.
    sells: bool,
    /// A page where mails can be chosen without signing in. Whoever has it can choose.
    page: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelBody {
    /// Whether this server has it.
    offered: bool,
    /// The same topics as above.
    topics: BTreeMap<&'static str, bool>,
}

/// Hours in which nothing rings, a browser or a telephone. Mails come whenever they are sent.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuietBody {
    on: bool,
    /// As the person's clock shows it, such as `22:00`.
    from: String,
    to: String,
    /// A time zone such as `Africa/Nairobi`.
    zone: String,
    /// What cannot wait rings all the same: a new order, goods on their way.
    urgent_rings: bool,
}

/// What can wait for one mail a day.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatheredBody {
    /// When that mail leaves, as the person's clock shows it, such as `06:00`.
    at: String,
    /// A time zone such as `Africa/Nairobi`.
    zone: String,
    /// Topics of mail that is wanted and can wait, and whether they come in it: `order-new`, `order-cancelled`, `review-new`,
    /// `low-stock`, `stock-out`, `payment-came`, `back-in-stock`, `price-drop`. What is named is wanted by mail from then on; what is not named
    /// stays as it is.
    topics: BTreeMap<String, bool>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MailboxBody {
    since_ms: i64,
    /// What the mail server said.
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BrowserBody {
    browser: String,
    name: String,
    made_ms: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseBody {
    language: Option<String>,
    /// Mail's topics. Those that are not named stay as they are.
    #[serde(default)]
    topics: BTreeMap<String, bool>,
    /// By way, then by topic. What is not named stays as it is.
    #[serde(default)]
    channels: BTreeMap<String, BTreeMap<String, bool>>,
    quiet: Option<QuietBody>,
    gathered: Option<GatheredBody>,
}

struct Wishes {
    language: Language,
    channels: Vec<(Channel, Vec<(Topic, bool)>)>,
    quiet: Quiet,
    gathering: Gathering,
    gathered: Vec<(Topic, bool)>,
    failing: Option<Failing>,
    browsers: Vec<Subscription>,
    telephone: Own,
    sells: bool,
}

fn read_wishes(tx: &mut dyn Tx, account: ThingId, now_ms: i64) -> Result<Wishes, StoreError> {
    let channels = Channel::ALL.into_iter();
    let channels = channels.map(|channel| Ok((channel, wishes::all(tx, account, channel)?)));
    let channels = channels.collect::<Result<_, StoreError>>()?;
    Ok(Wishes {
        language: wishes::language_of(tx, account)?,
        channels,
        quiet: quiet::of(tx, account)?,
        gathering: gathered::of(tx, account)?,
        gathered: wishes::gathered(tx, account)?,
        failing: mailbox::failing(tx, account)?,
        browsers: push::of_account(tx, account, now_ms)?,
        telephone: telephone::of(tx, account, now_ms)?,
        sells: sells(tx, account)?,
    })
}

fn sells(tx: &mut dyn Tx, account: ThingId) -> Result<bool, StoreError> {
    let found = tx.query_opt(
        "select 1 from member where account = $1 and role in ($2, $3) limit 1",
        params![account, Role::Owner.number(), Role::Manager.number()],
    )?;
    Ok(found.is_some())
}

fn shown(app: &App, account: ThingId, wishes: Wishes) -> WishesBody {
    let named = |topics: &[(Topic, bool)]| topics.iter().map(|(topic, on)| (topic.name(), *on)).collect();
    let offers = app.offers();
    let channels: BTreeMap<_, _> = wishes
        .channels
        .iter()
        .map(|(channel, topics)| {
            (channel.name(), ChannelBody { offered: offers.has(*channel), topics: named(topics) })
        })
        .collect();
    let mail = wishes.channels.iter().find(|(channel, _)| *channel == Channel::Mail);
    WishesBody {
        mail: offers.mail,
        language: wishes.language.code(),
        topics: mail.map(|(_, topics)| named(topics)).unwrap_or_default(),
        channels,
        quiet: QuietBody::from(&wishes.quiet),
        gathered: GatheredBody {
            at: clock(wishes.gathering.at_minute),
            zone: wishes.gathering.zone.name().to_owned(),
            topics: wishes.gathered.iter().map(|(topic, on)| (topic.name().to_owned(), *on)).collect(),
        },
        mailbox_failing: wishes
            .failing
            .map(|failing| MailboxBody { since_ms: failing.since_ms, reason: failing.reason }),
        push_key: app.settings().push_key.clone(),
        browsers: wishes.browsers.iter().map(BrowserBody::from).collect(),
        telephone: wishes.telephone.into(),
        sells: wishes.sells,
        page: format!("/messages/{}", app.secret().link(WISHES, account)),
    }
}

impl From<&Subscription> for BrowserBody {
    fn from(kept: &Subscription) -> Self {
        Self { browser: kept.subscription.to_string(), name: kept.name.clone(), made_ms: kept.made_ms }
    }
}

impl From<&Quiet> for QuietBody {
    fn from(quiet: &Quiet) -> Self {
        Self {
            on: quiet.is_on,
            from: clock(quiet.from_minute),
            to: clock(quiet.to_minute),
            zone: quiet.zone.name().to_owned(),
            urgent_rings: quiet.lets_urgent,
        }
    }
}

impl QuietBody {
    fn read(&self) -> Result<Quiet, Problem> {
        Ok(Quiet {
            is_on: self.on,
            from_minute: minute(&self.from)?,
            to_minute: minute(&self.to)?,
            zone: zone(&self.zone)?,
            lets_urgent: self.urgent_rings,
        })
    }
}

impl GatheredBody {
    fn read(&self) -> Result<(Gathering, Vec<(Topic, bool)>), Problem> {
        let at = Gathering { at_minute: minute(&self.at)?, zone: zone(&self.zone)? };
        let topic = |(name, on): (&String, &bool)| {
            let topic = Topic::from_name(name).filter(|topic| topic.can_wait());
            let topic = topic.ok_or_else(|| Problem::malformed("mail about this cannot wait: see /docs"))?;
            Ok((topic, *on))
        };
        Ok((at, self.topics.iter().map(topic).collect::<Result<_, Problem>>()?))
    }
}

/// As clocks show a minute of the day.
fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn minute(text: &str) -> Result<u32, Problem> {
    minute_of(text).ok_or_else(|| Problem::malformed("an hour is written like 22:00, until 23:59"))
}

fn zone(text: &str) -> Result<chrono_tz::Tz, Problem> {
    text.parse().map_err(|_| Problem::malformed("the time zone is written like Africa/Nairobi"))
}

/// What I am told, in which way, in which language, and when nothing rings.
#[utoipa::path(get, path = "/v1/me/messages", tag = "people", responses(
    (status = 200, description = "As chosen; what was not chosen is wanted, but by no text", body = WishesBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn mine(State(app): State<App>, person: SignedIn) -> Answered<WishesBody> {
    let (account, now_ms) = (person.account, app.now_ms());
    let wishes = app.store().read(move |tx| Ok::<_, Refusal>(read_wishes(tx, account, now_ms)?)).await?;
    Ok(Json(shown(&app, account, wishes)))
}

/// Choose what I am told, in which way, in which language, and when nothing rings.
#[utoipa::path(put, path = "/v1/me/messages", tag = "people", request_body = ChooseBody, responses(
    (status = 200, description = "Kept", body = WishesBody),
    (status = 400, description = "No such topic, way, language, hour or zone", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn choose(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<ChooseBody>,
) -> Answered<WishesBody> {
    let (account, now_ms) = (person.account, app.now_ms());
    let language = request.language.as_deref().map(|code| {
        Language::from_code(code).ok_or_else(|| Problem::malformed("the language should be en, sw, fr or ar"))
    });
    let language = language.transpose()?;
    let quiet = request.quiet.as_ref().map(QuietBody::read).transpose()?;
    let gathered = request.gathered.as_ref().map(GatheredBody::read).transpose()?;
    let mut chosen = topics(Channel::Mail, &request.topics)?;
    for (name, wanted) in &request.channels {
        let channel = Channel::from_name(name);
        let channel = channel.ok_or_else(|| Problem::malformed("people are told by mail, push or sms"))?;
        chosen.extend(topics(channel, wanted)?);
    }
    let keep = move |tx: &mut dyn Tx| {
        if let Some(language) = language {
            wishes::set_language(tx, account, language)?;
        }
        for (which, wanted) in &chosen {
            wishes::set(tx, account, *which, *wanted)?;
        }
        if let Some(quiet) = &quiet {
            quiet::set(tx, account, quiet)?;
        }
        if let Some((at, topics)) = &gathered {
            gathered::set(tx, account, *at)?;
            for topic in topics {
                wishes::gather(tx, account, *topic)?;
            }
        }
        Ok::<_, Refusal>(read_wishes(tx, account, now_ms)?)
    };
    let chosen = app.store().write(Shard::account(account), keep).await?;
    Ok(Json(shown(&app, account, chosen)))
}

type Chosen = Vec<((Channel, Topic), bool)>;

fn topics(channel: Channel, named: &BTreeMap<String, bool>) -> Result<Chosen, Problem> {
    let read = |(name, wanted): (&String, &bool)| {
        let topic = Topic::from_name(name).filter(|topic| topic.may_decline());
        let topic = topic.ok_or_else(|| Problem::malformed("there is no such topic to choose: see /docs"))?;
        Ok(((channel, topic), *wanted))
    };
    named.iter().map(read).collect()
}

/// Say that mail reaches me again, so that I am written to. A test shows whether it does.
#[utoipa::path(delete, path = "/v1/me/messages/mailbox-failing", tag = "people", responses(
    (status = 204, description = "I am written to, now or before"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn mailbox_works(State(app): State<App>, person: SignedIn) -> Result<StatusCode, Problem> {
    let account = person.account;
    app.spend(Who::Account(account), cost::WRITE)?;
    let note = move |tx: &mut dyn Tx| Ok::<_, Refusal>(mailbox::works(tx, account)?);
    app.store().write(Shard::account(account), note).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MessageLog {
    /// The latest first.
    messages: Vec<MessageBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MessageBody {
    message: String,
    topic: &'static str,
    /// `mail`, `push` or `sms`.
    channel: &'static str,
    /// The browser that it went to, if it is still known.
    #[serde(skip_serializing_if = "String::is_empty")]
    browser: String,
    /// `waiting`, `sent`, `delivered` where a text is on the telephone, `given-up`, `dropped` because it was not wanted any more, or `discarded` by somebody after it was given up.
    state: &'static str,
    /// Why it did not leave, the last time that it was tried.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    tries: usize,
    made_ms: i64,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_ms: Option<i64>,
    /// Whose account discarded it, or `operator` for whoever runs the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    discarded_by: Option<String>,
}

/// What became of the last messages to me.
#[utoipa::path(get, path = "/v1/me/messages/log", tag = "people", responses(
    (status = 200, description = "The last fifty", body = MessageLog),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn log(State(app): State<App>, person: SignedIn) -> Answered<MessageLog> {
    let (account, now_ms) = (person.account, app.now_ms());
    let read = move |tx: &mut dyn Tx| {
        Ok::<_, Refusal>((outbox::of_account(tx, account, LOG_MAX)?, push::of_account(tx, account, now_ms)?))
    };
    let (listed, browsers) = app.store().read(read).await?;
    let messages = listed.iter().map(|one| MessageBody::of(one, &browsers)).collect();
    Ok(Json(MessageLog { messages }))
}

impl MessageBody {
    pub(crate) fn of(one: &Listed, browsers: &[Subscription]) -> Self {
        let browser = browsers.iter().find(|browser| Some(browser.subscription) == one.target);
        Self {
            message: one.message.to_string(),
            topic: one.topic.name(),
            channel: one.channel.name(),
            browser: browser.map(|browser| browser.name.clone()).unwrap_or_default(),
            state: one.state.word(),
            reason: one.reason.clone(),
            tries: one.tries,
            made_ms: one.made_ms,
            due_ms: one.done_ms.is_none().then_some(one.due_ms),
            done_ms: one.done_ms,
            discarded_by: discarded_by(one),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    /// `mail`, `push` or `sms`.
    channel: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TestMade {
    /// How many messages are on their way: one mail or text, or one for each of my browsers.
    messages: usize,
}

/// Send me a message, to see that it arrives. The log says what became of it.
#[utoipa::path(post, path = "/v1/me/messages/test", tag = "people", request_body = TestBody, responses(
    (status = 202, description = "On its way", body = TestMade),
    (status = 409, description = "This server has no such way, or I have no browser or no telephone", body = ProblemBody),
    (status = 429, description = "Too many tests", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn test(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<TestBody>,
) -> Result<(StatusCode, Json<TestMade>), Problem> {
    let (account, now_ms) = (person.account, app.now_ms());
    app.spend(Who::Account(account), cost::WRITE)?;
    let channel = Channel::from_name(&request.channel);
    let channel = channel.ok_or_else(|| Problem::malformed("people are told by mail, push or sms"))?;
    if !app.offers().has(channel) {
        return Err(Problem::new(StatusCode::CONFLICT, "no_channel", "this server tells nobody in this way"));
    }
    let because: [u8; 16] = app.random()?;
    let make = move |tx: &mut dyn Tx| {
        let sql = "select count(*), coalesce(max(made_ms), 0) from message
                   where account = $1 and topic = $2 and made_ms > $3";
        let row = tx.query_one(sql, params![account, Topic::Test.number(), now_ms - DAY_MS])?;
        if row.int(0)? >= TESTS_PER_DAY_MAX || row.int(1)? > now_ms - TEST_PAUSE_MS {
            return Ok::<_, Refusal>(None);
        }
        let about = About { topic: Topic::Test, account, log: None, subject: None, detail: 0 };
        Ok(Some(outbox::address_by(tx, &about, &[&because], (channel, now_ms))?))
    };
    match app.store().write(Shard::account(account), make).await? {
        None => {
            let detail = "a test was made a moment ago, or many today: look at the log first";
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tests", detail).retry_after(5))
        }
        Some(0) if channel == Channel::Sms => {
            let detail = "no telephone of yours is confirmed: say its number first";
            Err(Problem::new(StatusCode::CONFLICT, "no_telephone", detail))
        }
        Some(0) => {
            let detail = "no browser of yours shows notifications: turn them on in one first";
            Err(Problem::new(StatusCode::CONFLICT, "no_browser", detail))
        }
        Some(messages) => {
            app.message_bell().notify_one();
            Ok((StatusCode::ACCEPTED, Json(TestMade { messages })))
        }
    }
}

/// What a browser says of its subscription (`PushSubscription.toJSON()`), and what I call it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribeBody {
    endpoint: String,
    /// Its key and its secret, in base64url.
    p256dh: String,
    auth: String,
    name: String,
}

/// Show notifications in this browser, as long as I am signed in there.
#[utoipa::path(post, path = "/v1/me/browsers", tag = "people", request_body = SubscribeBody, responses(
    (status = 201, description = "Kept", body = BrowserBody),
    (status = 400, description = "No subscription of a browser, or an address that nobody may be sent to", body = ProblemBody),
    (status = 409, description = "This server has no push messages", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn subscribe(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<SubscribeBody>,
) -> Result<(StatusCode, Json<BrowserBody>), Problem> {
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let egress = app.egress().filter(|_| app.offers().push);
    let egress = egress.ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "no_channel", "this server has no push messages")
    })?;
    egress.checked(&request.endpoint).map_err(|bad| Problem::malformed(bad.to_string()))?;
    let name = request.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Problem::malformed("a browser's name has 1 to 60 characters"));
    }
    let new = Subscription {
        subscription: ThingId(app.random()?),
        name: name.to_owned(),
        endpoint: request.endpoint.clone(),
        keys: keys(&request)?,
        made_ms: app.now_ms(),
    };
    let body = BrowserBody::from(&new);
    let whose = (person.account, person.token_hash);
    let keep = move |tx: &mut dyn Tx| Ok::<_, Refusal>(push::subscribe(tx, whose, &new)?);
    let kept = app.store().write(Shard::account(person.account), keep).await?;
    Ok((StatusCode::CREATED, Json(BrowserBody { browser: kept.to_string(), ..body })))
}

fn keys(request: &SubscribeBody) -> Result<BrowserKeys, Problem> {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let public = bytes(&request.p256dh).and_then(|bytes| bytes.try_into().ok());
    let auth = bytes(&request.auth).and_then(|bytes| bytes.try_into().ok());
    let keys = public.zip(auth).map(|(public, auth)| BrowserKeys { public, auth });
    keys.filter(BrowserKeys::is_sound).ok_or_else(|| Problem::malformed("these are no keys of a browser"))
}

/// Show no notifications in this browser any more.
#[utoipa::path(delete, path = "/v1/me/browsers/{browser}", tag = "people",
    params(("browser" = String, Path, description = "One of my browsers")), responses(
    (status = 204, description = "It is not told any more"),
    (status = 404, description = "No such browser of mine", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn unsubscribe(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(browser): ApiPath<String>,
) -> Result<StatusCode, Problem> {
    let (account, browser): (ThingId, ThingId) = (person.account, id(&browser, "the browser")?);
    let end = move |tx: &mut dyn Tx| Ok::<_, Refusal>(push::end(tx, browser, Some(account))?);
    match app.store().write(Shard::account(account), end).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => {
            Err(Problem::new(StatusCode::NOT_FOUND, "no_such_browser", "there is no such browser of yours"))
        }
    }
}
