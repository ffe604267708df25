//! Say what became of a payment that a buyer only claimed: the money was seen, it stands on the account, or it never
//! came. One code pays one sale: where this device knows it on another one, it is refused.

use crate::entry::{Entry, PaymentFailed, PaymentSettled, PaymentVerified, Standing};
use crate::ids::SaleId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_note;
use crate::wrong::Wrong;

/// One payment of one sale: the payment's position in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Payment {
    pub sale: SaleId,
    pub tender: u32,
}

#[derive(Clone, Debug)]
pub struct Facts {
    /// What is known of the payment, if anything is.
    pub standing: Option<Standing>,
    pub voided: bool,
    /// Another sale that the code stands on.
    pub code_used_by: Option<SaleId>,
}

/// A code as two people write it the same: letters and digits, in capitals.
pub fn code_key(code: &str) -> String {
    code.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

pub fn decide_verified(facts: &Facts, payment: Payment, code: &str) -> Result<Vec<Entry>, Refusal> {
    check_note(code)?;
    ensure(!code_key(code).is_empty(), invalid(Wrong::PaymentCodeMissing))?;
    let standing = open(facts, payment)?;
    ensure(standing.is_unseen(), Refusal::PaymentSeen)?;
    facts.code_used_by.map_or(Ok(()), |sale| Err(Refusal::CodeUsed(sale)))?;
    let (Payment { sale, tender }, code) = (payment, code.trim().into());
    Ok(vec![PaymentVerified { sale, tender, code }.into()])
}

pub fn decide_settled(facts: &Facts, payment: Payment) -> Result<Vec<Entry>, Refusal> {
    let standing = open(facts, payment)?;
    ensure(standing != Standing::Settled, Refusal::PaymentSeen)?;
    ensure(standing == Standing::Verified, invalid(Wrong::PaymentUnseen))?;
    Ok(vec![PaymentSettled { sale: payment.sale, tender: payment.tender }.into()])
}

pub fn decide_failed(facts: &Facts, payment: Payment, reason: &str) -> Result<Vec<Entry>, Refusal> {
    ensure(!reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(reason)?;
    let standing = open(facts, payment)?;
    ensure(standing == Standing::Claimed, Refusal::PaymentSeen)?;
    let (Payment { sale, tender }, reason) = (payment, reason.into());
    Ok(vec![PaymentFailed { sale, tender, reason }.into()])
}

fn open(facts: &Facts, payment: Payment) -> Result<Standing, Refusal> {
    let standing = facts.standing.ok_or(Refusal::UnknownSale(payment.sale))?;
    ensure(!facts.voided, Refusal::SaleVoided)?;
    ensure(standing != Standing::Taken, invalid(Wrong::PaymentTakenHere))?;
    Ok(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: Payment = Payment { sale: SaleId([1; 16]), tender: 0 };
    const OTHER: SaleId = SaleId([2; 16]);

    fn facts(standing: Standing) -> Facts {
        Facts { standing: Some(standing), voided: false, code_used_by: None }
    }

    #[test]
    fn a_claim_moves_forward_and_never_back() {
        use Standing::{Claimed, Failed, Settled, Verified};
        for (standing, verifies, settles, fails) in [
            (Claimed, true, false, true),
            (Failed, true, false, false),
            (Verified, false, true, false),
            (Settled, false, false, false),
            (Standing::Taken, false, false, false),
        ] {
            let facts = facts(standing);
            assert_eq!(decide_verified(&facts, PAYMENT, "QX1 2Y").is_ok(), verifies, "{standing:?}");
            assert_eq!(decide_settled(&facts, PAYMENT).is_ok(), settles, "{standing:?}");
            assert_eq!(decide_failed(&facts, PAYMENT, "not in the list").is_ok(), fails, "{standing:?}");
        }
        assert_eq!(Verified.further(Claimed), Verified);
        assert_eq!(Failed.further(Settled), Settled);
    }

    /// C73: one message, shown at two stalls or twice at one, pays once.
    #[test]
    fn one_code_pays_one_sale() {
        let used = Facts { code_used_by: Some(OTHER), ..facts(Standing::Claimed) };
        assert_eq!(decide_verified(&used, PAYMENT, "QX12Y"), Err(Refusal::CodeUsed(OTHER)));
        assert!(decide_verified(&facts(Standing::Claimed), PAYMENT, " - ").is_err());
        assert_eq!(code_key(" qx-12 y"), code_key("QX12Y"));
    }

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        let unknown = Facts { standing: None, ..facts(Standing::Claimed) };
        assert_eq!(decide_settled(&unknown, PAYMENT), Err(Refusal::UnknownSale(PAYMENT.sale)));
        let voided = Facts { voided: true, ..facts(Standing::Claimed) };
        assert_eq!(decide_verified(&voided, PAYMENT, "QX12Y"), Err(Refusal::SaleVoided));
    }
}
