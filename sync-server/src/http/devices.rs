//! Devices: codes to enrol them, enrolment, fresh access, the list, and their end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, Hash, LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::core::{Admitted, Now};
use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::caller::{Caller, MaybeSignedIn, SignedIn};
use crate::http::front::Origin;
use crate::http::members::RoleName;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::stalls::introduced;
use crate::http::tokens::{TokenKind, unhex};
use crate::platform::codes::{self, Issued};
use crate::platform::devices::{self, Device};
use crate::platform::enrol::{self, Enrol, Enrolled, Ticket};
use crate::platform::refresh::{self, Refresh, Refreshed};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::secret::{EnrolmentCode, Token};
use crate::stall::{DeviceWord, device_words};
use crate::store::Shard;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeCode {
    role: RoleName,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CodeBody {
    /// To be typed into the device. Works once.
    code: String,
    expires_ms: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolDevice {
    /// The author's first record, in hexadecimal digits. It names the stall.
    introduction: String,
    /// What people call the device.
    name: String,
    /// The code from an owner or manager. Without one, the request needs such a person's session and `request`.
    code: Option<String>,
    /// Without a code: 16 random bytes in hexadecimal digits, made and kept by the device before it asks.
    request: Option<String>,
    /// Without a code: what the device may do. `cashier` if left out.
    role: Option<RoleName>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolledBody {
    stall: String,
    author: String,
    role: &'static str,
    /// The key behind everything the server says of the stall; keep it. Absent where no stalls are served.
    server_key: Option<String>,
    #[serde(flatten)]
    tokens: TokensBody,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TokensBody {
    /// For `Authorization: Bearer …`; ends by itself after ten minutes.
    access_token: String,
    access_expires_ms: i64,
    /// For the next `/v1/devices/refresh`. Keep it before using the access token.
    refresh_token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshAccess {
    author: String,
    refresh_token: String,
    /// 16 fresh random bytes in hexadecimal digits.
    nonce: String,
    /// By the author's key, over `soko refresh 1`, the author's 16 bytes, SHA-256 of the token's 32 bytes, and the
    /// nonce. In hexadecimal digits.
    signature: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceBody {
    author: String,
    name: String,
    role: &'static str,
    /// Who enrolled it or made its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    enrolled_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_ms: Option<i64>,
    /// Whether it took its leave by itself.
    has_left: bool,
    /// When it last exchanged records.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_contact_ms: Option<i64>,
    /// Records that it said then that it had and that are not here. What it did since, nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceList {
    /// The server's clock, which the other times are by.
    now_ms: i64,
    devices: Vec<DeviceBody>,
}

/// Make a code that lets one device in, once, for ten minutes.
#[utoipa::path(post, path = "/v1/stalls/{stall}/enrolment-codes", tag = "devices", request_body = MakeCode,
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 201, description = "Show it to whoever holds the device", body = CodeBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn make_code(
    State(app): State<App>,
    person: SignedIn,
    ApiPath(stall): ApiPath<String>,
    ApiJson(request): ApiJson<MakeCode>,
) -> Result<(StatusCode, Json<CodeBody>), Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (code, now_ms) = (EnrolmentCode::new(app.random()?), app.now_ms());
    let (made_by, role, kept) = (person.account, Role::from(request.role), code.clone());
    let make = move |tx: &mut dyn Tx| {
        require_may_enrol(tx, made_by, stall, role)?;
        codes::make(tx, &kept, Issued { stall, role, made_by, used_by: None }, now_ms)
    };
    let expires_ms = app.store().write(Shard::stall(stall), make).await?;
    Ok((StatusCode::CREATED, Json(CodeBody { code: code.reveal(), expires_ms })))
}

/// Let a device in. The same request again, after a lost reply, gets the same refresh token.
#[utoipa::path(post, path = "/v1/devices/enrol", tag = "devices", request_body = EnrolDevice, responses(
    (status = 201, description = "Enrolled", body = EnrolledBody),
    (status = 422, description = "The code or the introduction is not accepted", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn enrol(
    State(app): State<App>,
    origin: Origin,
    person: MaybeSignedIn,
    ApiJson(request): ApiJson<EnrolDevice>,
) -> Result<(StatusCode, Json<EnrolledBody>), Problem> {
    app.spend(Who::Prefix(origin.prefix), cost::GUESS)?;
    let introduced = introduced(&request.introduction)?;
    let ticket = ticket(&request, person)?;
    let (stall, author) = (introduced.stall, introduced.author);
    let (access, secret, now_ms) = (app.new_token()?, app.secret(), app.now_ms());
    let (kept, name) = (access.clone(), request.name);
    let (core, now) = (app.optional_core(), Now { now_ms, seed: app.random()? });
    let work = move |tx: &mut dyn Tx| {
        if let Ticket::Person { account, role, .. } = ticket {
            require_may_enrol(tx, account, stall, role)?;
        }
        let enrol = Enrol {
            ticket: &ticket,
            introduced: &introduced,
            name: &name,
            secret: &secret,
            access: &kept,
            now_ms,
        };
        let done = enrol::enrol(tx, &enrol)?;
        // Told every time: a device that enrols again may have another role.
        let moved_to = core.as_ref().map_or(Ok(None), |core| {
            let record = introduced.record.as_slice();
            let device = Admitted { stall, author, role: done.role, name: &name, record };
            core.admitted(tx, &device, now)
        })?;
        Ok::<_, Refusal>((done, moved_to))
    };
    let (done, moved_to): (Enrolled, _) = app.store().write(Shard::stall(stall), work).await?;
    app.tell(stall, moved_to);
    tracing::info!(%stall, %author, is_new = done.is_new, "device.enrolled");
    let tokens = TokensBody::of(&access, done.access_expires_ms, &done.refresh);
    let body = EnrolledBody {
        stall: done.stall.to_string(),
        author: done.author.to_string(),
        role: done.role.name(),
        server_key: app.optional_core().map(|core| Hash(core.server_key()).to_string()),
        tokens,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Fresh access for a device, and the refresh token after this one.
#[utoipa::path(post, path = "/v1/devices/refresh", tag = "devices", request_body = RefreshAccess, responses(
    (status = 200, description = "Access for ten minutes more", body = TokensBody),
    (status = 401, description = "The token or signature is not in force", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn refresh(
    State(app): State<App>,
    origin: Origin,
    ApiJson(request): ApiJson<RefreshAccess>,
) -> Answered<TokensBody> {
    app.spend(Who::Prefix(origin.prefix), cost::WRITE)?;
    let author: AuthorId = id(&request.author, "the author")?;
    let nonce: [u8; 16] = id(&request.nonce, "the nonce")?;
    let signature: [u8; 64] = id(&request.signature, "the signature")?;
    let token = TokenKind::Refresh.read(&request.refresh_token).ok_or(Refusal::RefreshUnknown)?;
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(devices::find(tx, author)?);
    let stall = app.store().read(find).await?.ok_or(Refusal::RefreshUnknown)?.stall;
    let (access, secret, now_ms) = (app.new_token()?, app.secret(), app.now_ms());
    let kept = access.clone();
    let work = move |tx: &mut dyn Tx| {
        let (token, secret, access) = (&token, &secret, &kept);
        refresh::refresh(tx, &Refresh { author, token, nonce, signature, secret, access, now_ms })
    };
    match app.store().write(Shard::stall(stall), work).await? {
        Refreshed::Renewed { refresh, access_expires_ms } => {
            Ok(Json(TokensBody::of(&access, access_expires_ms, &refresh)))
        }
        Refreshed::Reused => {
            tracing::warn!(%stall, %author, "device.refresh_reused");
            Err(Refusal::RefreshReused.into())
        }
    }
}

/// The devices of a stall, revoked ones too, and when each was last here. For people of the stall and for its devices.
#[utoipa::path(get, path = "/v1/stalls/{stall}/devices", tag = "devices",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "In the order in which they came", body = DeviceList),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    ApiPath(stall): ApiPath<String>,
) -> Answered<DeviceList> {
    let stall: LogId = id(&stall, "the stall")?;
    let found = app.store().read(move |tx| {
        authorise(tx, principal, Object::Stall(stall), Action::See)?;
        Ok::<_, Refusal>((devices::of_stall(tx, stall)?, device_words(tx, stall)?))
    });
    let (found, words) = found.await?;
    // Who let whom in is for people.
    let is_person = matches!(principal, Principal::Account(_));
    let body = |device: Device| {
        let word = words.iter().find(|word| word.author == device.author);
        let account = device.account.filter(|_| is_person);
        DeviceBody::of(Device { account, ..device }, word)
    };
    let devices = found.into_iter().map(body).collect();
    Ok(Json(DeviceList { now_ms: app.now_ms(), devices }))
}

/// End a device's access for good, at once.
#[utoipa::path(delete, path = "/v1/stalls/{stall}/devices/{author}", tag = "devices",
    params(("stall" = String, Path, description = "The stall's identity"),
           ("author" = String, Path, description = "The device's author")), responses(
    (status = 204, description = "Revoked, now or before"),
    (status = 404, description = "No such stall or device", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    person: SignedIn,
    ApiPath((stall, author)): ApiPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let author: AuthorId = id(&author, "the device")?;
    app.spend(Who::Account(person.account), cost::WRITE)?;
    let (principal, now_ms) = (Principal::Account(person.account), app.now_ms());
    let (core, now) = (app.optional_core(), Now { now_ms, seed: app.random()? });
    let work = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Device(stall, author), Action::ManageDevices)?;
        let is_first = devices::revoke(tx, author, now_ms)?;
        let moved_to = core
            .as_ref()
            .filter(|_| is_first)
            .map_or(Ok(None), |core| core.revoked(tx, stall, author, now))?;
        Ok::<_, Refusal>((is_first, moved_to))
    };
    let (is_first, moved_to) = app.store().write(Shard::stall(stall), work).await?;
    app.tell(stall, moved_to);
    tracing::info!(%stall, %author, is_first, "device.revoked");
    Ok(StatusCode::NO_CONTENT)
}

/// Nobody lets a device do what they may not do themselves.
fn require_may_enrol(tx: &mut dyn Tx, account: ThingId, stall: LogId, role: Role) -> Result<(), Refusal> {
    let principal = Principal::Account(account);
    let authority = authorise(tx, principal, Object::Stall(stall), Action::ManageDevices)?;
    let is_below = role.is_staff() && role.number() >= authority.role.number();
    if is_below { Ok(()) } else { Err(Refusal::NotAllowed) }
}

fn ticket(request: &EnrolDevice, person: MaybeSignedIn) -> Result<Ticket, Problem> {
    if let Some(typed) = &request.code {
        return Ok(Ticket::Code(EnrolmentCode::read(typed).ok_or(Refusal::CodeUnknown)?));
    }
    let person = person.required()?;
    let asked = request.request.as_deref().and_then(unhex).and_then(|bytes| ThingId::from_slice(&bytes));
    let asked = asked.ok_or_else(|| {
        Problem::malformed("without a code, `request` needs 16 random bytes in hexadecimal digits")
    })?;
    let role = request.role.map_or(Role::Cashier, Role::from);
    Ok(Ticket::Person { account: person.account, role, request: asked })
}

impl TokensBody {
    fn of(access: &Token, access_expires_ms: i64, refresh: &Token) -> Self {
        Self {
            access_token: TokenKind::Access.show(access),
            access_expires_ms,
            refresh_token: TokenKind::Refresh.show(refresh),
        }
    }
}

impl DeviceBody {
    fn of(device: Device, word: Option<&DeviceWord>) -> Self {
        Self {
            author: device.author.to_string(),
            name: device.name,
            role: device.role.name(),
            account: device.account.map(|account| account.to_string()),
            enrolled_ms: device.enrolled_ms,
            revoked_ms: device.revoked_ms,
            has_left: word.is_some_and(|word| word.has_left),
            last_contact_ms: word.map(|word| word.last_ms),
            waiting: word.map(|word| word.waiting),
        }
    }
}
