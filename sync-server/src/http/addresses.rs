//! The addresses that somebody keeps for their orders, on all their devices.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_domain::address_book::{COUNT_MAX, Kept, Written};
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, id};
use crate::http::caller::SignedIn;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::Refusal;
use crate::platform::accounts;
use crate::platform::addresses::{self, BookEntry};
use crate::store::Shard;

/// Addresses that are said at once; a body has no room for many more.
const SAID_MAX: usize = 10;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayAddresses {
    /// `up_to` of the answer before; 0 at first.
    since: i64,
    /// At most 10.
    addresses: Vec<AddressBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressBody {
    /// An identity that a device made: 32 hexadecimal digits.
    address: String,
    /// How often it was written or taken out. Of two the one with more holds; of as many the greater words.
    edits: u32,
    /// The highest of all is the usual address.
    #[serde(default)]
    chosen: u32,
    /// Nothing where it was taken out.
    written: Option<WrittenBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenBody {
    /// What its owner calls it; 1 to 60 bytes.
    label: String,
    /// Whom it is for; 1 to 200 bytes.
    name: String,
    /// A telephone number or a mail address; 1 to 200 bytes.
    reach: String,
    /// Where it goes; 1 to 500 bytes.
    goes_to: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AddressesBody {
    /// The mail address of this account by now, for devices that signed in when it was another.
    email: String,
    /// Less than `since`: this server was restored, begin again with 0 and say everything.
    up_to: i64,
    addresses: Vec<AddressBody>,
}

/// Say which addresses I keep, and hear what my other devices said.
///
/// Saying the same again changes nothing.
#[utoipa::path(post, path = "/v1/me/addresses", tag = "people", request_body = SayAddresses, responses(
    (status = 200, description = "What was said since", body = AddressesBody),
    (status = 400, description = "No identity, too many at once, too large a count, or not to be kept", body = ProblemBody),
    (status = 409, description = "More addresses than one person may have", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn exchange(
    State(app): State<App>,
    person: SignedIn,
    ApiJson(request): ApiJson<SayAddresses>,
) -> Answered<AddressesBody> {
    let (account, since) = (person.account, request.since);
    if request.addresses.len() > SAID_MAX {
        return Err(Problem::malformed(format!("at most {SAID_MAX} addresses are taken at once")));
    }
    let said: Vec<BookEntry> = request.addresses.into_iter().map(read).collect::<Result<_, _>>()?;
    let is_question = said.is_empty();
    let exchange = move |tx: &mut dyn Tx| {
        let profile = accounts::profile(tx, account)?.ok_or(Refusal::NotSignedIn)?;
        Ok::<_, Refusal>((profile.email, addresses::exchange(tx, account, since, &said)?))
    };
    // Whoever only asks keeps nobody from writing.
    let (email, exchanged) = if is_question {
        app.store().read(exchange).await?
    } else {
        app.spend(Who::Account(account), cost::WRITE)?;
        app.store().write(Shard::account(account), exchange).await?
    };
    let addresses = exchanged.entries.iter().map(shown).collect();
    Ok(Json(AddressesBody { email, up_to: exchanged.up_to, addresses }))
}

fn read(body: AddressBody) -> Result<BookEntry, Problem> {
    if !(1..=COUNT_MAX).contains(&body.edits) || body.chosen > COUNT_MAX {
        return Err(Problem::malformed(format!("edits are 1 to {COUNT_MAX}, and chosen is no more")));
    }
    let written = body.written.map(|it| Written {
        label: it.label,
        name: it.name,
        reach: it.reach,
        address: it.goes_to,
    });
    if let Some(Err(why)) = written.as_ref().map(Written::check) {
        return Err(Problem::malformed(why.sentence()));
    }
    let kept = Kept { edits: body.edits, chosen: body.chosen, written };
    Ok(BookEntry { address: id(&body.address, "the address")?, kept })
}

pub(crate) fn shown(entry: &BookEntry) -> AddressBody {
    let written = entry.kept.written.as_ref().map(|it| WrittenBody {
        label: it.label.clone(),
        name: it.name.clone(),
        reach: it.reach.clone(),
        goes_to: it.address.clone(),
    });
    AddressBody {
        address: entry.address.to_string(),
        edits: entry.kept.edits,
        chosen: entry.kept.chosen,
        written,
    }
}
