//! Receipts by mail or by text, as a register asks for them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, SaleId, ThingId};
use soko_domain::telephone::Telephone;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{ApiJson, ApiPath, id};
use crate::http::caller::DeviceCaller;
use crate::http::problem::{Problem, ProblemBody};
use crate::messages::Channel;
use crate::messages::receipt::{Address, Asked, Terms, Wanted, ask};
use crate::messages::words::Language;
use crate::platform::accounts::Email;
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::store::Shard;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailReceipt {
    /// The mailbox that it goes to. It is kept until the mail server has it, and in no record.
    address: Option<String>,
    /// Or the telephone that it is texted to, with its country: +254 712 345 678. It is kept no longer.
    telephone: Option<String>,
    /// `en`, `sw`, `fr` or `ar`.
    language: String,
    /// A receipt of this sale was given out before: it says so.
    #[serde(default)]
    is_copy: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MailedBody {
    /// `waiting`, `sent`, `delivered` where a text is on the telephone, `given-up` or `dropped`.
    state: &'static str,
    /// Why it did not leave, if it did not.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

/// Send the receipt of a sale to somebody, as a register of the stall; or hear what became of it.
///
/// What it says comes from the stall's records. The register makes `request`, and keeps it before it asks: the same request again is the
/// same message, and answers where it stands.
#[utoipa::path(put, path = "/v1/stalls/{stall}/sales/{sale}/mailed/{request}", tag = "replication", request_body = MailReceipt,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("sale" = String, Path, description = "The sale's identity"),
           ("request" = String, Path, description = "16 random bytes in hexadecimal digits")), responses(
    (status = 200, description = "It is in the outbox, now or before", body = MailedBody),
    (status = 404, description = "No such stall, or not this device's", body = ProblemBody),
    (status = 409, description = "Sent often enough, or this server does not send in this way", body = ProblemBody),
    (status = 422, description = "No address or number, no language, or the request was another one", body = ProblemBody),
    (status = 429, description = "This register, this stall or all asked too often, or for this number", body = ProblemBody),
    (status = 503, description = "The sale is not here yet", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    DeviceCaller(device): DeviceCaller,
    ApiPath((stall, sale, request)): ApiPath<(String, String, String)>,
    ApiJson(body): ApiJson<MailReceipt>,
) -> Result<Json<MailedBody>, Problem> {
    let (stall, sale): (LogId, SaleId) = (id(&stall, "the stall")?, id(&sale, "the sale")?);
    let request: ThingId = id(&request, "the request")?;
    app.spend(Who::Device(device.author), cost::HOLD)?;
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let language = Language::from_code(&body.language).ok_or_else(unreadable)?;
    let address = address(&body)?;
    let channel = address.channel();
    let principal = Principal::Device { author: device.author, stall: device.stall, role: device.role };
    let wanted =
        Wanted { stall, author: device.author, sale, request, address, language, is_copy: body.is_copy };
    let terms = Terms {
        is_offered: app.offers().has(channel),
        texts_of_all: app.settings().texted_receipts_per_day,
        secret: app.secret(),
        now_ms: app.now_ms(),
    };
    let work = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::MailReceipt)?;
        Ok::<_, Refusal>(ask(tx, &wanted, &terms)?)
    };
    let asked = app.store().write(Shard::stall(stall), work).await?;
    let answer = answered(asked, channel)?;
    app.message_bell().notify_one();
    Ok(Json(answer))
}

fn address(body: &MailReceipt) -> Result<Address, Problem> {
    let unprocessable = |code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    match (&body.address, &body.telephone) {
        (Some(address), None) => Ok(Address::Mail(Email::read(address)?)),
        (None, Some(number)) => {
            let number = Telephone::read(number);
            let number = number.map_err(|none| unprocessable("telephone_unreadable", &none.to_string()))?;
            Ok(Address::Text(number))
        }
        (Some(_), Some(_)) | (None, None) => {
            Err(unprocessable("receipt_address", "say an address or a telephone, one of both"))
        }
    }
}

fn answered(asked: Asked, channel: Channel) -> Result<MailedBody, Problem> {
    let refused = |status, code, detail: &str| Err(Problem::new(status, code, detail));
    match asked {
        Asked::Taken(state, reason) => Ok(MailedBody { state: state.word(), reason }),
        Asked::NoSale => {
            let detail = "this sale is not here yet: bring the register's records first";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "sale_not_here", detail).retry_after(SOON_S))
        }
        Asked::Reused => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "id_reused",
            "this request was for another sale: make a new one",
        ),
        Asked::NotOffered => Err(no_way(channel)),
        Asked::Enough => refused(
            StatusCode::CONFLICT,
            "mailed_enough",
            "the receipt of this sale was sent five times: give it out here",
        ),
        Asked::TooOften(wait_ms) => {
            let detail =
                "many receipts were sent from here lately: this one goes on by itself a little later";
            let seconds = u32::try_from(wait_ms / 1_000 + 1).unwrap_or(u32::MAX);
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(seconds))
        }
    }
}

/// Until a register is worth asking again about a sale that it has not brought.
const SOON_S: u32 = 5;

fn unreadable() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "language_unknown", "the language is en, sw, fr or ar")
}

fn no_way(channel: Channel) -> Problem {
    let (code, detail) = match channel {
        Channel::Sms => ("no_texts", "this server sends no texts: ask whoever runs it"),
        Channel::Mail | Channel::Push | Channel::Hook => {
            ("no_mail", "this server sends no mail: ask whoever runs it")
        }
    };
    Problem::new(StatusCode::CONFLICT, code, detail)
}
