//! What is kept of a person, for that person: all of it to take away, and its end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::addresses::{self, AddressBody};
use crate::http::app::App;
use crate::http::baskets::{self, BasketsBody};
use crate::http::body::{Answered, ApiJson};
use crate::http::caller::SignedIn;
use crate::http::contacts::ContactBody;
use crate::http::front::Origin;
use crate::http::interactions::{self, InteractionBody};
use crate::http::likes::{LikeBody, shown};
use crate::http::messages::{MessageBody, QuietBody};
use crate::http::orders::OrderBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::reviews::ReviewBody;
use crate::http::telephone::TelephoneBody;
use crate::messages::{Channel, Topic};
use crate::own_data::{self, OwnData};
use crate::platform::Refusal;
use crate::platform::accounts::{self, Email};
use crate::platform::passwords::{Checked, Passwords};
use crate::store::Shard;

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnDataBody {
    account: String,
    email: String,
    /// The mail address that waits to be confirmed.
    asked_email: Option<String>,
    created_ms: i64,
    /// `en`, `sw`, `fr` or `ar`: how mails are written.
    language: String,
    /// When each session that is in force began and was last used.
    sessions: Vec<SessionBody>,
    stalls: Vec<MembershipBody>,
    /// Orders with this account as their buyer, by stall.
    orders: Vec<OwnOrderBody>,
    likes: Vec<LikeBody>,
    /// The addresses that are kept for orders.
    addresses: Vec<AddressBody>,
    /// What lies in my baskets, with the devices that put it there.
    baskets: BasketsBody,
    reviews: Vec<ReviewBody>,
    /// What was written for the last order.
    contact: Option<ContactBody>,
    /// What I do not want to be told, such as `mail order-held`.
    unwanted: Vec<String>,
    /// What I want to be told where nobody is unasked, such as `sms order-held`.
    wanted: Vec<String>,
    telephone: TelephoneBody,
    quiet: QuietBody,
    browsers: Vec<OwnBrowserBody>,
    /// The last thousand messages to me; their texts are not kept.
    messages: Vec<MessageBody>,
    /// What I met in the shop since I agreed that it is kept, the latest first.
    interactions: Vec<InteractionBody>,
    /// When operators of the market saw who I am, or decided about this account, and why; the latest first. Who it was they know.
    looked_at: Vec<LookedAtBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LookedAtBody {
    at_ms: i64,
    /// Such as `looked-at-account`.
    act: String,
    because: String,
}

/// A browser that shows notifications.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnBrowserBody {
    name: String,
    /// Where its push service takes messages.
    endpoint: String,
    made_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    created_ms: i64,
    seen_ms: i64,
    /// Browser and system of whoever signed in, as far as they are known.
    name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MembershipBody {
    stall: String,
    role: &'static str,
    added_ms: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnOrderBody {
    stall: String,
    #[serde(flatten)]
    order: OrderBody,
    /// Whom it is for; kept until it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseBody {
    password: String,
}

/// Everything that this server keeps of me.
#[utoipa::path(get, path = "/v1/me/data", tag = "people", responses(
    (status = 200, description = "All of it", body = OwnDataBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn show(State(app): State<App>, person: SignedIn) -> Answered<OwnDataBody> {
    let (account, now_ms) = (person.account, app.now_ms());
    app.spend(Who::Account(account), cost::WRITE)?;
    let read = move |tx: &mut dyn Tx| own_data::read(tx, account, now_ms)?.ok_or(Refusal::NotSignedIn);
    Ok(Json(app.store().read(read).await?.into()))
}

/// Erase my account, for good.
///
/// Address, telephone, password, sessions, memberships, likes, kept addresses, baskets, reviews, what was met in the shop and what was to be told are gone at once. Orders stay in the
/// records of the stalls, under a number that stands for nobody any more. Whoever is the only owner of a stall makes
/// somebody else owner first.
#[utoipa::path(post, path = "/v1/me/erasure", tag = "people", request_body = EraseBody, responses(
    (status = 204, description = "Erased"),
    (status = 401, description = "The password is another", body = ProblemBody),
    (status = 409, description = "The only owner of a stall", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn erase(
    State(app): State<App>,
    person: SignedIn,
    origin: Origin,
    ApiJson(request): ApiJson<EraseBody>,
) -> Result<StatusCode, Problem> {
    let account = person.account;
    app.spend(Who::Account(account), cost::PASSWORD)?;
    let kept = proven(&app, (account, origin), request.password).await?;
    let erase = move |tx: &mut dyn Tx| own_data::erase(tx, account, &kept);
    let stalls = app.store().write(Shard::account(account), erase).await?;
    stalls.into_iter().for_each(|stall| app.market().doubt(stall));
    Ok(StatusCode::NO_CONTENT)
}

/// What the password of whoever is signed in was checked against, which keeps what nobody else may do from whoever finds a session.
pub(crate) async fn proven(
    app: &App,
    (account, origin): (ThingId, Origin),
    password: String,
) -> Result<String, Problem> {
    let found = app.store().read(move |tx| {
        let profile = accounts::profile(tx, account)?.ok_or(Refusal::NotSignedIn)?;
        let kept = accounts::password_of(tx, account)?.ok_or(Refusal::NotSignedIn)?;
        Ok::<_, Refusal>((Email::read(&profile.email)?, kept))
    });
    let (email, kept) = found.await?;
    let tried = (email.digest(), origin.prefix);
    app.may_try(&tried)?;
    let hash = kept.clone();
    let checked = app.passwords().run(move |desk: &Passwords| desk.check(&password, Some(&hash))).await?;
    app.note_try(tried, checked != Checked::Wrong);
    if checked == Checked::Wrong {
        return Err(Refusal::WrongCredentials.into());
    }
    Ok(kept)
}

impl From<OwnData> for OwnDataBody {
    fn from(data: OwnData) -> Self {
        let session =
            |(created_ms, seen_ms, name): (i64, i64, String)| SessionBody { created_ms, seen_ms, name };
        Self {
            account: data.profile.account.to_string(),
            email: data.profile.email,
            asked_email: data.asked_email,
            created_ms: data.profile.created_ms,
            language: data.language,
            sessions: data.sessions.into_iter().map(session).collect(),
            stalls: data
                .memberships
                .into_iter()
                .map(|it| MembershipBody {
                    stall: it.stall.to_string(),
                    role: it.role.name(),
                    added_ms: it.added_ms,
                })
                .collect(),
            orders: data
                .orders
                .into_iter()
                .map(|it| OwnOrderBody {
                    stall: it.stall.to_string(),
                    order: it.order.into(),
                    contact: it.contact.map(ContactBody::from),
                })
                .collect(),
            likes: data.likes.iter().map(shown).collect(),
            addresses: data.addresses.iter().map(addresses::shown).collect(),
            baskets: baskets::shown(&data.baskets),
            reviews: data.reviews.into_iter().map(ReviewBody::from).collect(),
            contact: data.contact.map(ContactBody::from),
            unwanted: data.unwanted.into_iter().map(named).collect(),
            wanted: data.wanted.into_iter().map(named).collect(),
            telephone: data.telephone.into(),
            quiet: QuietBody::from(&data.quiet),
            browsers: data
                .browsers
                .into_iter()
                .map(|it| OwnBrowserBody { name: it.name, endpoint: it.endpoint, made_ms: it.made_ms })
                .collect(),
            interactions: data.interactions.into_iter().map(interactions::shown).collect(),
            looked_at: data
                .looked_at
                .into_iter()
                .map(|it| LookedAtBody { at_ms: it.at_ms, act: it.act, because: it.because })
                .collect(),
            messages: data.messages.iter().map(|one| MessageBody::of(one, &[])).collect(),
        }
    }
}

fn named((channel, topic): (Channel, Topic)) -> String {
    format!("{} {}", channel.name(), topic.name())
}
