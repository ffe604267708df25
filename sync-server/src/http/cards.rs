//! What a gift card can pay of an order, for whoever has its code. Nothing is set aside by asking: the order decides.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_domain::ids::LogId;
use soko_domain::purse;
use soko_domain::refusal::Refusal as Said;
use soko_domain::verbs::card_order::AskedCard;
use soko_record_log::Tx;
use utoipa::ToSchema;

use crate::http::app::{App, Asked, Turn};
use crate::http::body::{Answered, ApiJson, ApiPath};
use crate::http::codes::{check_length, may_look};
use crate::http::front::Origin;
use crate::http::orders::Buyer;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::stall::{CardPays, look_at_card};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardLook {
    /// As the buyer typed it: blanks, dashes and case do not matter.
    code: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CardBody {
    currency: String,
    /// What it can pay of an order now, in the smallest unit.
    pays_minor: i64,
    /// What of it lies at the stall's registers. They are asked for it now, and those with a network give it within seconds.
    elsewhere_minor: i64,
}

/// What a gift card of this stall can pay.
///
/// Buyers sign in, or send `Soko-Buyer`, as for an order. A code of another stall, one with a slip and one that nobody sold are all
/// the same here: unknown. What lies at registers is asked back, so that it can pay a moment later. While the stall waits for its devices
/// after a restore no card can pay for anything, and this is refused as an order is.
#[utoipa::path(post, path = "/v1/stalls/{stall}/cards/look", tag = "orders", request_body = CardLook,
    params(("stall" = String, Path, description = "The stall's identity"),
           ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")), responses(
    (status = 200, description = "So much", body = CardBody),
    (status = 404, description = "No such stall, or no such card", body = ProblemBody),
    (status = 503, description = "Nothing can be promised now: the stall waits for its devices", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn look(
    State(app): State<App>,
    origin: Origin,
    Buyer(principal): Buyer,
    ApiPath(stall): ApiPath<String>,
    ApiJson(asked): ApiJson<CardLook>,
) -> Answered<CardBody> {
    let (stall, _) = may_look(&app, (&origin, principal), (&stall, &asked.code))?;
    let purse = purse::of_code(stall, &asked.code);
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, Principal::Anyone, Object::Stall(stall), Action::Browse)?;
        Ok::<_, Refusal>(look_at_card(tx, stall, purse)?)
    };
    let unknown = || Problem::new(StatusCode::NOT_FOUND, Said::UnknownPurse.code(), "no card of this stall");
    let (Some(found), Some(purse)) = (app.store().read(find).await?, purse) else { return Err(unknown()) };
    // Whoever guesses never takes the stall's turn.
    if found.elsewhere_minor > 0 {
        let asked = Asked { principal, object: Object::Stall(stall), action: Action::Browse };
        let work = move |tx: &mut dyn Tx, now: &Turn<'_>| {
            Ok(((), now.core.ask_for_card(tx, stall, purse, now.now)?))
        };
        app.in_stall(asked, work).await?;
    }
    Ok(Json(CardBody {
        currency: found.currency.code().to_owned(),
        pays_minor: found.pays_minor,
        elsewhere_minor: found.elsewhere_minor,
    }))
}

/// The gift card that a buyer wants an order to be paid with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardToPay {
    /// As the buyer typed it.
    code: String,
    /// What the buyer saw it pay. If it pays another amount by now, the order is declined, and nobody is charged in another way instead.
    pays_minor: Option<i64>,
}

impl CardToPay {
    /// What cannot be a code is no card of this stall, as the order will say.
    pub(super) fn read(&self, stall: LogId) -> Result<AskedCard, Problem> {
        check_length(&self.code)?;
        let purse = purse::of_code(stall, &self.code).unwrap_or_default();
        Ok(AskedCard { purse, seen_minor: self.pays_minor })
    }
}

/// What a gift card pays of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct CardPaysBody {
    pays_minor: i64,
    /// What of that is on the card again. What goes back of an order goes to its card first.
    back_minor: i64,
}

impl From<CardPays> for CardPaysBody {
    fn from(card: CardPays) -> Self {
        let CardPays { pays_minor, back_minor } = card;
        Self { pays_minor, back_minor }
    }
}
