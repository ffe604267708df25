//! Who may do what at a stall.

use crate::entry::Kind;

crate::wire_choice! {
    /// What a person is to a stall. `Operator` runs the server and has no business in a stall's records.
    pub enum Role { Owner = 1, Manager = 2, Cashier = 3, Buyer = 4, Operator = 5 }
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Cashier => "cashier",
            Self::Buyer => "buyer",
            Self::Operator => "operator",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// Whether this role reads a stall's records and may hold a register.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Owner | Self::Manager | Self::Cashier)
    }

    /// Whether this role may enrol and revoke devices.
    pub fn may_manage_devices(self) -> bool {
        matches!(self, Self::Owner | Self::Manager)
    }

    /// Whether a person of this role may add people, change what they may do, and approve what others may not.
    pub fn may_manage_people(self) -> bool {
        matches!(self, Self::Owner | Self::Manager)
    }

    /// Whether this role may take the risk that units of a lost device are promised twice.
    pub fn may_take_back(self) -> bool {
        self == Self::Owner
    }

    /// Whether a register of this role may write such an entry.
    pub fn may_write(self, kind: Kind) -> bool {
        if kind.is_server_only() || !self.is_staff() {
            return false;
        }
        // A count or a write-off can hide a theft, so it takes more than a cashier; so does saying who may do what.
        let managers_only = matches!(
            kind,
            Kind::DeviceRevoked
                | Kind::StockCounted
                | Kind::CountOpened
                | Kind::CountDropped
                | Kind::StockAdjusted
                | Kind::PersonPut
                | Kind::PersonErased
                | Kind::LimitsPut
                | Kind::LoyaltyPut
                | Kind::PriceRulePut
                | Kind::PriceMoved
                | Kind::PriceRefused
                | Kind::PricesSet
                | Kind::RivalsSeen
                | Kind::RivalSourcePut
                | Kind::CouponPut
                | Kind::CustomerErased
                | Kind::IncidentSettled
        );
        !managers_only || self.may_manage_devices()
    }

    /// Whether a register of this role may change products, prices and the stall's profile.
    pub fn may_edit_catalogue(self) -> bool {
        matches!(self, Self::Owner | Self::Manager)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_what() {
        for (role, may_sell, may_count, may_revoke) in [
            (Role::Owner, true, true, true),
            (Role::Manager, true, true, true),
            (Role::Cashier, true, false, false),
            (Role::Buyer, false, false, false),
            (Role::Operator, false, false, false),
        ] {
            assert_eq!(role.may_write(Kind::SaleMade), may_sell, "{role:?}");
            assert_eq!(role.may_write(Kind::StockCounted), may_count, "{role:?}");
            assert_eq!(role.may_write(Kind::StockAdjusted), may_count, "{role:?}");
            assert_eq!(role.may_write(Kind::CountOpened), may_count, "{role:?}");
            assert_eq!(role.may_write(Kind::CountDropped), may_count, "{role:?}");
            assert_eq!(role.may_write(Kind::CountMarked), may_sell, "{role:?}");
            assert_eq!(role.may_write(Kind::StockConverted), may_sell, "{role:?}");
            assert_eq!(role.may_write(Kind::DeviceRevoked), may_revoke, "{role:?}");
            assert_eq!(role.may_write(Kind::PricesSet), may_revoke, "{role:?}");
            assert_eq!(role.may_write(Kind::RivalsSeen), may_revoke, "{role:?}");
            assert_eq!(role.may_write(Kind::LinesRepriced), may_sell, "{role:?}");
            assert_eq!(role.may_write(Kind::TabPaid), may_sell, "{role:?}");
            assert_eq!(role.may_write(Kind::CostsNoted), may_sell, "{role:?}");
            assert_eq!(role.may_write(Kind::PersonPut), may_revoke, "{role:?}");
            for kind in Kind::ALL.iter().filter(|kind| kind.is_server_only()) {
                assert!(!role.may_write(*kind), "{role:?} wrote {kind:?}");
            }
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(*role));
        }
        assert_eq!(Role::from_name("king"), None);
    }
}
