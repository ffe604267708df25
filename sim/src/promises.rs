//! Which rule of the simulation stands for which promise of `ARCHITECTURE.md`, when it is looked at, and whose weakening breaks it. Rules
//! about the simulation itself are not here: that it comes to rest, that nothing fails by itself, and that everybody meets in the calm.

use soko_domain::sabotage::Sabotage;

use crate::{checks, misfortune, model, owed, pay, people, refunds};

/// When a rule is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// With each record or answer that it is about.
    AtOnce,
    /// After every step.
    EachStep,
    /// Once everybody met.
    InTheCalm,
}

/// One row of the table of promises.
#[derive(Debug)]
pub struct Promise {
    pub number: &'static str,
    /// How it begins.
    pub begins: &'static str,
    pub rules: &'static [(&'static str, When)],
    /// What breaks one of its rules in a small case.
    pub broken_by: &'static [Sabotage],
}

use When::{AtOnce, EachStep, InTheCalm};

pub const PROMISES: &[Promise] = &[
    Promise {
        number: "P1",
        begins: "A sale whose receipt was offered survives a kill and a power cut",
        rules: &[(people::DURABLE, AtOnce)],
        broken_by: &[Sabotage::AckBeforeDurable],
    },
    Promise {
        number: "P2",
        begins: "Units promised never exceed units recorded",
        rules: &[
            (model::PROMISED, EachStep),
            (model::HELD, AtOnce),
            (model::FROZEN, AtOnce),
            (model::ENDED, AtOnce),
            (model::BINDS, InTheCalm),
            (checks::CONSERVED, EachStep),
            (checks::COVERED, EachStep),
            (owed::CARD_WORTH, AtOnce),
            (owed::OFFERED, AtOnce),
            (model::COUPONS, AtOnce),
        ],
        broken_by: &[
            Sabotage::AbsoluteQuota,
            Sabotage::ReturnTwice,
            Sabotage::NoFreeze,
            Sabotage::NoCertificateImport,
            Sabotage::ShareCheckSkipped,
            Sabotage::CardUncounted,
            Sabotage::OfferUncounted,
            Sabotage::EndsFrozen,
        ],
    },
    Promise {
        number: "P3",
        begins: "A sale of goods in the hand is never refused because a number is wrong",
        rules: &[(people::IN_HAND, AtOnce)],
        broken_by: &[Sabotage::NumberRefuses],
    },
    Promise {
        number: "P4",
        begins: "A command repeated any number of times takes effect once",
        rules: &[(model::ONCE, AtOnce)],
        broken_by: &[Sabotage::RetryExecutesAgain],
    },
    Promise {
        number: "P5",
        begins: "A buyer is charged at most once per order",
        rules: &[
            (pay::CHARGED_ONCE, EachStep),
            (pay::POSTED, EachStep),
            (pay::FREED, EachStep),
            (pay::AS_ASKED, EachStep),
            (pay::KEPT, InTheCalm),
            (pay::BOOKED, InTheCalm),
            (refunds::BACK, EachStep),
            (owed::GIVEN_ONCE, AtOnce),
            (owed::CARD_ONCE, InTheCalm),
        ],
        broken_by: &[
            Sabotage::ChargeAgain,
            Sabotage::PostUncaptured,
            Sabotage::FreeEarly,
            Sabotage::RefundsUncounted,
        ],
    },
    Promise {
        number: "P6",
        begins: "Devices with the same records hold the same state",
        rules: &[(checks::SAME_STATE, EachStep), (checks::SOUND, InTheCalm)],
        broken_by: &[Sabotage::ArrivalsUnfollowed],
    },
    Promise {
        number: "P7",
        begins: "One bad record parks what it belongs to, with its reason",
        rules: &[(checks::PARKED_ALONE, AtOnce), (checks::REASON, InTheCalm)],
        broken_by: &[Sabotage::ParksNeighbours],
    },
    Promise {
        number: "P8",
        begins: "No clock decides about money or stock",
        rules: &[(model::NO_CLOCK, AtOnce)],
        broken_by: &[Sabotage::ClockLease],
    },
    Promise {
        number: "P9",
        begins: "A restored or copied device cannot go on with the old author's chain",
        rules: &[(model::NO_FORK, AtOnce), (misfortune::HANDED_IN, InTheCalm)],
        broken_by: &[Sabotage::NoCloneCheck, Sabotage::NoRestoreCheck, Sabotage::UnchainedLog],
    },
    Promise {
        number: "P10",
        begins: "Receipt numbers are one series per register",
        rules: &[(model::GAPLESS, AtOnce)],
        broken_by: &[Sabotage::NumberReused],
    },
    Promise {
        number: "P11",
        begins: "One integer arithmetic computes every total",
        rules: &[(people::ONE_TOTAL, AtOnce), (checks::REPORTED, EachStep), (model::REFUNDS, AtOnce)],
        broken_by: &[Sabotage::TotalApart],
    },
    Promise {
        number: "P12",
        begins: "No stranger reads or writes a stall's or an account's records",
        rules: &[(model::GENUINE, AtOnce), (checks::REVOKED, EachStep)],
        broken_by: &[Sabotage::RevokedKeeps],
    },
];

/// The promise that a rule stands for.
pub fn of_rule(rule: &str) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.rules.iter().any(|(known, _)| *known == rule))
}

/// The promise that is broken by weakening this.
pub fn of_sabotage(rule: Sabotage) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.broken_by.contains(&rule))
}
