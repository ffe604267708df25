//! Which id a purse has. Of a card's code only a hash is ever kept: whoever reads the records cannot pay with them.

use soko_app_api::PurseInput;
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::purse::{self, PurseKind};
use soko_domain::refusal::Refusal;
use soko_domain::wrong::Wrong;
use soko_projection::read_customers as facts;
use soko_record_log::Tx;

use crate::failure::NotDone;

/// A purse that somebody named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Purse {
    pub(crate) id: ProductId,
    pub(crate) kind: PurseKind,
    pub(crate) customer: Option<ThingId>,
}

/// The purse that is meant, whether anything is known of it or not.
pub(crate) fn named(tx: &mut dyn Tx, log: LogId, input: &PurseInput) -> Result<Purse, NotDone> {
    let of_customer = |kind, customer: &ThingId| Purse {
        id: purse::id(log, kind, customer.as_bytes()),
        kind,
        customer: Some(*customer),
    };
    Ok(match input {
        PurseInput::Credit(customer) => of_customer(PurseKind::Credit, customer),
        PurseInput::Points(customer) => of_customer(PurseKind::Points, customer),
        PurseInput::Card(code) => {
            let kind = PurseKind::GiftCard;
            let wrong = Refusal::Invalid(Wrong::PurseCodeOdd);
            Purse { id: purse::of_code(log, code).ok_or(wrong)?, kind, customer: None }
        }
        PurseInput::Listed(purse) => {
            // Whose it is does not decide where its units are.
            let found = facts::purse(tx, (log, Default::default()), *purse)?.ok_or(Refusal::UnknownPurse)?;
            Purse { id: *purse, kind: found.kind, customer: found.customer }
        }
    })
}
