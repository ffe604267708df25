//! Gift cards that a buyer typed the code of. Nothing of them is kept but with an order, until its server has it.

use soko_domain::ids::LogId;
use soko_domain::purse::CardCode;

use super::by_whom::Buyer;
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
use crate::server::{Unanswered, timed};

/// A card that no stall sold, as its server says.
const UNKNOWN: &str = "unknown_purse";
/// A register with a network gives back what it is asked for within this time.
const GIVEN_BACK_MS: u64 = 1_500;

/// A card as somebody typed its code, and what is known of it.
#[derive(Clone, Default, Debug)]
pub(super) struct LookedCard {
    pub(super) code: String,
    /// What is on it that can pay; none where nobody could be asked.
    pub(super) there_minor: Option<i64>,
    /// Why it pays nothing, as a refusal's code; empty otherwise.
    pub(super) problem: String,
}

impl Device {
    /// Looks a card up at the stall's server, if that answers in time. Where some of it lies at registers, they are asked for it, and
    /// it is looked up once more.
    pub(super) async fn look_at_card(
        &self,
        own: &Own,
        (stall, typed): (LogId, &str),
    ) -> Result<LookedCard, Undone> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(LookedCard::default());
        }
        let known = LookedCard { code: typed.to_owned(), ..LookedCard::default() };
        let refused = |code: &str| LookedCard { problem: code.to_owned(), ..known.clone() };
        let Some(code) = CardCode::parse(typed) else { return Ok(refused(UNKNOWN)) };
        let buyer = Buyer::now(own).placed_as(own);
        let (Ok(server), Some(buyer), false) = (self.server(), buyer, self.heard.is_online() == Some(false))
        else {
            return Ok(known);
        };
        let code = code.to_string();
        let mut found = known.clone();
        for may_wait in [true, false] {
            match timed(&*self.host, self.options.market_ms, server.card(stall, &buyer, &code)).await {
                Some(Ok(there)) => {
                    found.there_minor = Some(there.pays_minor);
                    if there.elsewhere_minor == 0 {
                        break;
                    }
                }
                Some(Err(Unanswered::Refused { code, .. })) => return Ok(refused(&code)),
                Some(Err(
                    Unanswered::NoAnswer(_)
                    | Unanswered::Unreached(_)
                    | Unanswered::NoAccess(_)
                    | Unanswered::Expired(_)
                    | Unanswered::Later { .. },
                ))
                | None => break,
            }
            if may_wait {
                self.host.sleep(GIVEN_BACK_MS).await;
            }
        }
        Ok(found)
    }
}
