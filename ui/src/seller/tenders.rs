//! How a sale is paid: what was added already, and what is being typed. Pure.

use soko_app_api::TenderInput;
use soko_domain::basket::TenderKind;

use crate::typed;

/// The ways to pay that a counter offers.
pub(super) const KINDS: [TenderKind; 3] = [TenderKind::Cash, TenderKind::Card, TenderKind::MobileMoney];

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Paying {
    pub(super) added: Vec<TenderInput>,
    pub(super) kind: TenderKind,
    /// The amount as it is typed; nothing for all that is due.
    pub(super) amount: String,
    pub(super) reference: String,
    /// Somebody of the stall saw the money come.
    pub(super) seen: bool,
}

impl Default for Paying {
    fn default() -> Self {
        Self {
            added: Vec::new(),
            kind: TenderKind::Cash,
            amount: String::new(),
            reference: String::new(),
            seen: false,
        }
    }
}

impl Paying {
    /// What is being typed, as a payment; for nothing typed, all that is due by this means.
    fn current(&self, due_minor: i64, currency: &str) -> Option<TenderInput> {
        let amount_minor =
            if self.amount.trim().is_empty() { due_minor } else { typed::amount(&self.amount, currency)? };
        if amount_minor <= 0 && self.kind != TenderKind::Cash {
            return None;
        }
        let reference: String = self.reference.trim().into();
        // What was seen has a code, by which it is known again.
        if self.seen && reference.is_empty() {
            return None;
        }
        Some(TenderInput { kind: self.kind, amount_minor, reference, seen: self.seen, purse: None })
    }

    /// Everything, as the sale would have it.
    pub(super) fn tenders(&self, due_minor: i64, currency: &str) -> Option<Vec<TenderInput>> {
        let mut tenders = self.added.clone();
        if due_minor > 0 || tenders.is_empty() {
            tenders.push(self.current(due_minor, currency)?);
        }
        Some(tenders)
    }

    /// Whether what is typed is only a part, so that another payment must follow.
    pub(super) fn is_part(&self, due_minor: i64, currency: &str) -> bool {
        typed::amount(&self.amount, currency).is_some_and(|minor| minor > 0 && minor < due_minor)
    }

    /// With one more payment that is whole already.
    pub(super) fn with(&self, tender: TenderInput) -> Self {
        let mut now = self.clone();
        now.added.push(tender);
        now.amount.clear();
        now
    }

    /// Takes what is typed as one of several payments.
    pub(super) fn add(&mut self, due_minor: i64, currency: &str) {
        if let Some(current) = self.current(due_minor, currency) {
            self.added.push(current);
            self.amount.clear();
            self.reference.clear();
            self.seen = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_is_all_that_is_due() {
        let paying = Paying { kind: TenderKind::Card, ..Paying::default() };
        let tenders = paying.tenders(3015, "EUR").unwrap();
        assert_eq!((tenders.len(), tenders[0].amount_minor), (1, 3015));
    }

    #[test]
    fn a_part_is_followed_by_the_rest() {
        let mut paying = Paying { kind: TenderKind::MobileMoney, amount: "10".into(), ..Paying::default() };
        assert!(paying.is_part(3015, "EUR"));
        paying.add(3015, "EUR");
        assert!(!paying.is_part(2015, "EUR"));
        let amounts: Vec<i64> =
            paying.tenders(2015, "EUR").unwrap().iter().map(|tender| tender.amount_minor).collect();
        assert_eq!(amounts, [1000, 2015]);
        assert_eq!(paying.tenders(0, "EUR").unwrap().len(), 1);
    }

    /// C73: a buyer's message is no proof, and what was seen is known by its code.
    #[test]
    fn what_was_seen_has_a_code() {
        let paying = Paying { kind: TenderKind::MobileMoney, seen: true, ..Paying::default() };
        assert_eq!(paying.tenders(300, "KES"), None);
        let coded = Paying { reference: "QX12".into(), ..paying };
        assert!(coded.tenders(300, "KES").unwrap()[0].seen);
    }

    #[test]
    fn what_is_no_amount_pays_nothing() {
        let paying = Paying { amount: "twelve".into(), ..Paying::default() };
        assert_eq!(paying.tenders(3015, "EUR"), None);
    }
}
