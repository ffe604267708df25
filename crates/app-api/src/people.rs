//! Who is at the register: saying who one is, leaving, allowing what somebody else may not do alone, and setting PINs.
//! These are no commands: nothing of them is kept or repeated, so no PIN stands anywhere. And what the screens about
//! people show.

use serde::{Deserialize, Serialize};
use soko_domain::entry::Coins;
use soko_domain::ids::{LogId, PersonId, ThingId};
use soko_domain::people::{Act, Limits};
use soko_domain::role::Role;

use crate::text::{as_hex, as_hex_opt, as_word, as_words};

/// Digits of a PIN.
pub const PIN_LEN_MIN: usize = 4;
pub const PIN_LEN_MAX: usize = 12;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PeopleCall {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub verb: PeopleVerb,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeopleVerb {
    /// From now on, this person does what is done here.
    Enter {
        #[serde(with = "as_hex")]
        person: PersonId,
        pin: String,
    },
    /// From now on, nobody does anything here until somebody enters.
    Lock,
    /// Allows one command, once and soon: see `Verb::Approved`.
    Approve {
        #[serde(with = "as_hex")]
        person: PersonId,
        pin: String,
        #[serde(with = "as_words")]
        acts: Vec<Act>,
        reason: String,
    },
    /// Sets the PIN of somebody at this register. Whoever has one already changes it at the register under their own
    /// name, knowing the present one; for anybody else, somebody who may manage people does, whose word is asked for
    /// where a PIN is taken away by it.
    SetPin {
        #[serde(with = "as_hex")]
        person: PersonId,
        pin: String,
        /// The one that it takes the place of, or nothing.
        old: String,
        #[serde(with = "as_hex_opt")]
        approval: Option<ThingId>,
    },
    /// The owner's way back in: takes all PINs away from this register.
    Recover { code: String },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeopleReply {
    Done,
    Approval(#[serde(with = "as_hex")] ThingId),
    /// It was another PIN. After some of them, the next try must wait.
    Wrong {
        wait_ms: i64,
    },
    /// The first PIN that closes this register; write the code down, it is shown once.
    Closed {
        recovery: String,
    },
}

/// Who is here and who may come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AtRegisterView {
    /// Somebody must say who they are before anything is done.
    pub is_guarded: bool,
    #[serde(with = "as_hex_opt")]
    pub person: Option<PersonId>,
    /// What whoever is here may be, at this register.
    #[serde(with = "as_word")]
    pub role: Role,
    pub people: Vec<PersonRow>,
    /// What a cashier and a manager may do alone.
    pub cashier: LimitsView,
    pub manager: LimitsView,
}

impl AtRegisterView {
    pub fn is_locked(&self) -> bool {
        self.is_guarded && self.person.is_none()
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonRow {
    #[serde(with = "as_hex")]
    pub person: PersonId,
    pub name: String,
    #[serde(with = "as_word")]
    pub role: Role,
    pub is_active: bool,
    /// Whether they have a PIN at this register.
    pub has_pin: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LimitsView {
    pub discount_ppm: u32,
    pub refund_minor: i64,
    pub void_sale: bool,
    pub open_drawer: bool,
    pub change_price: bool,
    /// What custom amounts of one sale may come to.
    pub custom_minor: i64,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        let Limits { discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor } =
            limits;
        Self { discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor }
    }
}

impl From<LimitsView> for Limits {
    fn from(limits: LimitsView) -> Self {
        let LimitsView { discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor } =
            limits;
        Self { discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor }
    }
}

/// Coins or notes of one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CoinsInput {
    pub value_minor: i64,
    pub pieces: i64,
}

impl From<CoinsInput> for Coins {
    fn from(coins: CoinsInput) -> Self {
        Self { value_minor: coins.value_minor, pieces: coins.pieces }
    }
}
