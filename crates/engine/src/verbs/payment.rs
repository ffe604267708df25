//! What became of payments that a buyer only claimed.

use soko_app_api::{Reply, Verb};
use soko_domain::verbs::verify_payment::{
    Facts, Payment, code_key, decide_failed, decide_settled, decide_verified,
};
use soko_projection::payments;

use crate::failure::{Failure, NotDone};
use crate::write::Writing;

pub(super) fn say(writing: &mut Writing<'_>, verb: &Verb) -> Result<Reply, NotDone> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the three verbs of a payment come here")]
    let entries = match verb {
        Verb::VerifyPayment { sale, tender, code } => {
            let payment = Payment { sale: *sale, tender: *tender };
            let mut facts = facts(writing, payment)?;
            facts.code_used_by = payments::sale_of_code(writing.tx, writing.log, (&code_key(code), *sale))?;
            decide_verified(&facts, payment, code)?
        }
        Verb::SettlePayment { sale, tender } => {
            let payment = Payment { sale: *sale, tender: *tender };
            decide_settled(&facts(writing, payment)?, payment)?
        }
        Verb::FailPayment { sale, tender, reason } => {
            let payment = Payment { sale: *sale, tender: *tender };
            decide_failed(&facts(writing, payment)?, payment, reason)?
        }
        _ => return Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    };
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn facts(writing: &mut Writing<'_>, payment: Payment) -> Result<Facts, NotDone> {
    let known = payments::payments_of(writing.tx, writing.log, payment.sale)?;
    let found = known.into_iter().find(|found| found.payment == payment);
    let voided = writing.voided(payment.sale)?;
    Ok(Facts { standing: found.map(|found| found.standing), voided, code_used_by: None })
}
