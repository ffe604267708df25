//! Codes that a buyer typed: what the stall's server said of them is kept, so that what an order comes to can be worked out here.
//! What nobody could be asked about goes with the order and is answered when that is sent.

use soko_domain::coupon::{CouponTerms, code_of};
use soko_domain::ids::LogId;
use soko_domain::wire::Wire as _;
use soko_record_log::{StoreError, Tx, params};

use super::by_whom::Buyer;
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
use crate::server::{Unanswered, timed};

/// Nobody could be asked what the code takes off.
pub(super) const UNSEEN: &str = "coupon_unseen";
const UNKNOWN: &str = "coupon_unknown";

/// A code as somebody typed it, and what is known of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Looked {
    /// In its one way of writing where it has one.
    pub(super) code: String,
    pub(super) terms: Option<CouponTerms>,
    /// Why it takes nothing off, as a refusal's code; empty where it does, or where there is none.
    pub(super) problem: String,
}

impl Looked {
    /// What goes with the order: nothing that is known to take nothing off.
    pub(super) fn of(tx: &mut dyn Tx, stall: LogId, typed: &str) -> Result<Self, StoreError> {
        if typed.trim().is_empty() {
            return Ok(Self::default());
        }
        let Some(code) = code_of(typed) else {
            return Ok(Self { code: typed.trim().into(), terms: None, problem: UNKNOWN.into() });
        };
        let terms = kept(tx, stall, &code)?;
        let problem = if terms.is_some() { String::new() } else { UNSEEN.into() };
        Ok(Self { code, terms, problem })
    }
}

impl Device {
    /// Looks a code up at the stall's server, if that answers in time; else what it said before counts.
    pub(super) async fn look_at_coupon(
        &self,
        own: &Own,
        (stall, typed): (LogId, &str),
    ) -> Result<Looked, Undone> {
        let looked = self.read(|tx| Looked::of(tx, stall, typed))?;
        if looked.code.is_empty() || looked.problem == UNKNOWN || self.heard.is_online() == Some(false) {
            return Ok(looked);
        }
        let buyer = Buyer::now(own).placed_as(own);
        let (Ok(server), Some(buyer)) = (self.server(), buyer) else { return Ok(looked) };
        let asked = timed(&*self.host, self.options.market_ms, server.coupon(stall, &buyer, &looked.code));
        match asked.await {
            Some(Ok(terms)) => {
                self.write(|tx| keep(tx, stall, &looked.code, &terms))?;
                Ok(Looked { terms: Some(terms), problem: String::new(), ..looked })
            }
            Some(Err(Unanswered::Refused { code, .. })) => {
                self.write(|tx| forget(tx, stall, &looked.code))?;
                Ok(Looked { terms: None, problem: code, ..looked })
            }
            Some(Err(
                Unanswered::NoAnswer(_)
                | Unanswered::Unreached(_)
                | Unanswered::NoAccess(_)
                | Unanswered::Expired(_)
                | Unanswered::Later { .. },
            ))
            | None => Ok(looked),
        }
    }
}

fn kept(tx: &mut dyn Tx, stall: LogId, code: &str) -> Result<Option<CouponTerms>, StoreError> {
    let row =
        tx.query_opt("select terms from coupon_seen where stall = $1 and code = $2", params![stall, code])?;
    // What an older program kept in another form is asked for again.
    Ok(row.map(|row| row.blob(0).map(CouponTerms::from_bytes)).transpose()?.and_then(Result::ok))
}

fn keep(tx: &mut dyn Tx, stall: LogId, code: &str, terms: &CouponTerms) -> Result<(), StoreError> {
    tx.execute(
        "insert into coupon_seen (stall, code, terms) values ($1, $2, $3)
         on conflict (stall, code) do update set terms = excluded.terms",
        params![stall, code, terms.to_bytes()],
    )?;
    Ok(())
}

/// What was seen of it is not true any more.
pub(super) fn forget(tx: &mut dyn Tx, stall: LogId, code: &str) -> Result<(), StoreError> {
    tx.execute("delete from coupon_seen where stall = $1 and code = $2", params![stall, code])?;
    Ok(())
}
