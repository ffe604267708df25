//! Codes that a buyer types, of gift cards and of what takes something off: who may look one up, and how often.

use soko_domain::coupon::TYPED_BYTES_MAX;
use soko_domain::ids::{LogId, ThingId};

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::id;
use crate::http::front::Origin;
use crate::http::problem::Problem;
use crate::platform::{Principal, Refusal};

/// The stall that is asked, and who asks.
pub(super) fn may_look(
    app: &App,
    (origin, principal): (&Origin, Principal),
    (stall, typed): (&str, &str),
) -> Result<(LogId, ThingId), Problem> {
    let stall: LogId = id(stall, "the stall")?;
    let buyer = principal.person().ok_or(Refusal::NotAllowed)?;
    // Whoever tries many codes is slowed down; whoever has one does not notice.
    app.spend(Who::Holds(origin.prefix), cost::GUESS)?;
    app.spend(Who::Buyer(buyer), cost::GUESS)?;
    check_length(typed)?;
    Ok((stall, buyer))
}

pub(super) fn check_length(typed: &str) -> Result<(), Problem> {
    if typed.len() > TYPED_BYTES_MAX {
        return Err(Problem::malformed("a code is shorter than that"));
    }
    Ok(())
}
