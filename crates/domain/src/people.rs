//! Who is at the register, what each may do alone, and what a manager allowed. People separate responsibility
//! between those who share a register; they protect nothing against whoever has the device in hands. A stall without
//! people has no limits.

use crate::ids::PersonId;
use crate::refusal::Refusal;
use crate::role::Role;

crate::wire_choice! {
    /// What can need a manager.
    pub enum Act {
        VoidSale = 1,
        Discount = 2,
        Refund = 3,
        /// Opening the drawer without a sale, and taking money out of it.
        OpenDrawer = 4,
        /// Another price than the product's own.
        ChangePrice = 5,
        /// Adding people, changing what they may do, and their PINs.
        ManagePeople = 6,
        /// Letting units go that may be promised to somebody, at a stall that asks a manager for that (R16).
        SellBeyondShare = 7,
    }
}

crate::wire_struct! {
    /// One exceptional thing, allowed by somebody who may, with their PIN.
    pub struct Approval {
        /// Who allowed it.
        pub by: PersonId,
        pub acts: Vec<Act>,
        /// Why.
        pub reason: String,
    }
}

crate::wire_struct! {
    /// What a role may do without asking.
    pub struct Limits {
        /// Largest part of a price that may be taken off, in parts per million.
        pub discount_ppm: u32,
        /// Largest refund in the smallest units of the stall's currency.
        pub refund_minor: i64,
        pub void_sale: bool,
        pub open_drawer: bool,
        pub change_price: bool,
        /// What the lines of one sale that are no product's may come to. Without a limit, anything.
        pub custom_minor: i64,
    }
}

impl Limits {
    pub const NONE: Self = Self {
        discount_ppm: 1_000_000,
        refund_minor: i64::MAX,
        void_sale: true,
        open_drawer: true,
        change_price: true,
        custom_minor: i64::MAX,
    };

    /// Until an owner sets others: a cashier gives a tenth off and asks for everything else, but not for custom amounts: what
    /// is a small one depends on the currency.
    pub fn of(role: Role) -> Self {
        match role {
            Role::Owner | Role::Manager => Self::NONE,
            Role::Cashier | Role::Buyer | Role::Operator => Self {
                discount_ppm: 100_000,
                refund_minor: 0,
                void_sale: false,
                open_drawer: false,
                change_price: false,
                custom_minor: i64::MAX,
            },
        }
    }
}

/// Something to do that may need a manager, and how much of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    VoidSale,
    Discount {
        ppm: u32,
    },
    Refund {
        minor: i64,
    },
    OpenDrawer,
    ChangePrice,
    /// Lines of a sale that are no product's, and what they come to. Who gives something away by them asks for the most.
    CustomAmount {
        minor: i64,
    },
    ManagePeople,
    SellBeyondShare,
}

impl Wish {
    pub fn act(self) -> Act {
        match self {
            Self::VoidSale => Act::VoidSale,
            Self::Discount { .. } => Act::Discount,
            Self::Refund { .. } => Act::Refund,
            Self::OpenDrawer => Act::OpenDrawer,
            // Whoever says the price says it of something, whether it has a price of its own or not.
            Self::ChangePrice | Self::CustomAmount { .. } => Act::ChangePrice,
            Self::ManagePeople => Act::ManagePeople,
            Self::SellBeyondShare => Act::SellBeyondShare,
        }
    }
}

/// Who does something, as far as the register knows: a fact for every decision that can need a manager.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Doer {
    /// Nobody has a PIN here: whoever has the device may do what the device may.
    #[default]
    Anybody,
    /// People are set up, and nobody said who they are.
    Nobody,
    Person {
        role: Role,
        limits: Limits,
        /// What somebody else allowed for this one command.
        backing: Option<Backing>,
    },
}

/// An approval, and what whoever gave it may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backing {
    pub approval: Approval,
    pub role: Role,
    pub limits: Limits,
}

impl Doer {
    /// Refuses unless all of it may be done: by the person alone, or with the approval that came with it.
    pub fn allow(&self, wishes: &[Wish]) -> Result<(), Refusal> {
        let (role, limits, backing) = match self {
            Self::Anybody => return Ok(()),
            Self::Nobody => return Err(Refusal::Locked),
            Self::Person { role, limits, backing } => (*role, limits, backing),
        };
        let backed = |wish: Wish| {
            backing.as_ref().is_some_and(|backing| {
                backing.approval.acts.contains(&wish.act()) && backing.limits.cover(wish, backing.role)
            })
        };
        let mut acts: Vec<Act> = wishes
            .iter()
            .filter(|wish| !limits.cover(**wish, role) && !backed(**wish))
            .map(|wish| wish.act())
            .collect();
        acts.sort_unstable();
        acts.dedup();
        if acts.is_empty() { Ok(()) } else { Err(Refusal::ApprovalNeeded { acts }) }
    }
}

impl Limits {
    fn cover(&self, wish: Wish, role: Role) -> bool {
        match wish {
            Wish::VoidSale => self.void_sale,
            Wish::Discount { ppm } => ppm <= self.discount_ppm,
            Wish::Refund { minor } => minor <= self.refund_minor,
            Wish::OpenDrawer => self.open_drawer,
            Wish::ChangePrice => self.change_price,
            Wish::CustomAmount { minor } => minor <= self.custom_minor,
            Wish::ManagePeople | Wish::SellBeyondShare => role.may_manage_people(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_what_alone_and_with_whose_word() {
        let cashier = |acts: &[Act]| Doer::Person {
            role: Role::Cashier,
            limits: Limits::of(Role::Cashier),
            backing: (!acts.is_empty()).then(|| Backing {
                approval: Approval {
                    by: PersonId([1; 16]),
                    acts: acts.to_vec(),
                    reason: "old customer".into(),
                },
                role: Role::Manager,
                limits: Limits { discount_ppm: 300_000, ..Limits::NONE },
            }),
        };
        let limited = |custom_minor, acts: &[Act]| match cashier(acts) {
            Doer::Person { role, limits, backing } => {
                Doer::Person { role, limits: Limits { custom_minor, ..limits }, backing }
            }
            Doer::Anybody | Doer::Nobody => Doer::Nobody,
        };
        let manager = Doer::Person { role: Role::Manager, limits: Limits::of(Role::Manager), backing: None };
        let needs = |acts: &[Act]| Err(Refusal::ApprovalNeeded { acts: acts.to_vec() });
        let tenth = Wish::Discount { ppm: 100_000 };
        let more = Wish::Discount { ppm: 100_001 };
        for (doer, wishes, expected) in [
            (Doer::Anybody, &[Wish::VoidSale, more, Wish::ManagePeople][..], Ok(())),
            (Doer::Nobody, &[][..], Err(Refusal::Locked)),
            (cashier(&[]), &[], Ok(())),
            (cashier(&[]), &[tenth], Ok(())),
            (cashier(&[]), &[more], needs(&[Act::Discount])),
            (cashier(&[]), &[Wish::Refund { minor: 1 }], needs(&[Act::Refund])),
            (cashier(&[]), &[Wish::OpenDrawer, more, more], needs(&[Act::Discount, Act::OpenDrawer])),
            (cashier(&[Act::Discount]), &[more], Ok(())),
            // Nobody allows more than they may do themselves.
            (cashier(&[Act::Discount]), &[Wish::Discount { ppm: 300_001 }], needs(&[Act::Discount])),
            (cashier(&[Act::Discount]), &[more, Wish::ChangePrice], needs(&[Act::ChangePrice])),
            (cashier(&[Act::VoidSale]), &[Wish::ManagePeople], needs(&[Act::ManagePeople])),
            (cashier(&[]), &[Wish::CustomAmount { minor: i64::MAX }], Ok(())),
            (limited(500, &[]), &[Wish::CustomAmount { minor: 500 }], Ok(())),
            (limited(500, &[]), &[Wish::CustomAmount { minor: 501 }], needs(&[Act::ChangePrice])),
            (
                limited(0, &[]),
                &[Wish::CustomAmount { minor: 1 }, Wish::ChangePrice],
                needs(&[Act::ChangePrice]),
            ),
            (
                limited(500, &[Act::Discount]),
                &[Wish::CustomAmount { minor: 501 }],
                needs(&[Act::ChangePrice]),
            ),
            (limited(500, &[Act::ChangePrice]), &[Wish::CustomAmount { minor: i64::MAX }], Ok(())),
            (manager.clone(), &[Wish::VoidSale, Wish::Discount { ppm: 1_000_000 }], Ok(())),
            (manager, &[Wish::Refund { minor: i64::MAX }, Wish::ManagePeople], Ok(())),
        ] {
            assert_eq!(doer.allow(wishes), expected, "{doer:?} {wishes:?}");
        }
    }
}
