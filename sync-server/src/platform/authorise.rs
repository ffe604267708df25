//! The one place that decides whether somebody may do something to something. Identities in a request's body
//! decide nothing: who asks comes from a session or a device's token, and what they are to the object is read
//! from the store.

use std::collections::BTreeSet;

use soko_domain::entry::Kind;
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx, params};
use soko_replication::record::{KIND_CHANGE_FIRST, KIND_CHANGE_LAST, KIND_INTRODUCTION};

use crate::platform::guests;
use crate::platform::program_keys::{Scope, Scopes};
use crate::platform::refusal::Refusal;
use crate::platform::stalls;

/// Who asks, proven by a session, a device's access token, or a secret that a guest keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Principal {
    Account(ThingId),
    /// Who bought without an account; named by a hash of a secret that only that buyer knows.
    Guest(ThingId),
    /// Somebody who proved nothing.
    Anyone,
    Device {
        author: AuthorId,
        stall: LogId,
        role: Role,
    },
    /// A program of a stall's owner, by its key.
    Program {
        key: ThingId,
        stall: LogId,
        scopes: Scopes,
    },
}

impl Principal {
    /// Who can be the buyer of an order.
    pub fn person(self) -> Option<ThingId> {
        match self {
            Self::Account(person) | Self::Guest(person) => Some(person),
            Self::Anyone | Self::Device { .. } | Self::Program { .. } => None,
        }
    }
}

/// What is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    Stall(LogId),
    /// A device, named together with the stall that it is said to belong to.
    Device(LogId, AuthorId),
    /// Somebody's membership of a stall, as it would be or as it is.
    Member(LogId, Role),
    /// An order, named together with the stall that it is said to be placed at.
    Order(LogId, OrderId),
}

impl Object {
    /// The stall that it belongs to, or is said to.
    pub fn stall(self) -> LogId {
        match self {
            Self::Stall(stall) | Self::Device(stall, _) | Self::Member(stall, _) | Self::Order(stall, _) => {
                stall
            }
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Action {
    /// Records both ways, as a device.
    Replicate,
    /// A receipt by mail, as a device.
    MailReceipt,
    /// Hearing that a stall's log moved.
    Listen,
    /// The stall's name, its members and devices.
    See,
    ManageDevices,
    ManageMembers,
    /// Pictures for what a stall shows.
    PutPicture,
    /// What a stall shows to everybody.
    Browse,
    PlaceOrder,
    /// One order, as its buyer or as staff.
    SeeOrder,
    CancelOrder,
    FulfilOrder,
    /// All orders of a stall.
    ListOrders,
    /// What the stall says to a review.
    AnswerReview,
    /// Saying, after a restore, that there is no other device.
    ConfirmDevices,
    /// Taking a lost device's units back, at a risk.
    ReclaimShare,
    /// All products, with all that is at the stall.
    ReadCatalogue,
    /// What was sold, in sums.
    ReadSales,
    /// Keys of the stall's own programs, and addresses that are told.
    ManagePrograms,
}

/// Proof that `authorise` said yes, with what was found on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authority {
    pub principal: Principal,
    pub stall: LogId,
    pub role: Role,
}

/// Whether `principal` may do `action` to `object`. Who has nothing to do with a stall cannot tell whether it
/// exists.
pub fn authorise(
    tx: &mut dyn Tx,
    principal: Principal,
    object: Object,
    action: Action,
) -> Result<Authority, Refusal> {
    let stall = object.stall();
    if let Principal::Program { stall: own, scopes, .. } = principal {
        may_read(tx, (own, scopes), object, action)?;
        return Ok(Authority { principal, stall, role: Role::Buyer });
    }
    let role = match role_at(tx, principal, stall)? {
        Some(role) => role,
        None if is_for_buyers(action) && stall_exists(tx, stall)? => Role::Buyer,
        None => return Err(Refusal::NoSuchStall),
    };
    if action == Action::Browse && stalls::is_blocked(tx, stall)? {
        return Err(Refusal::NoSuchStall);
    }
    let is_device = matches!(principal, Principal::Device { .. });
    if let Object::Order(_, order) = object {
        // Who has nothing to do with an order cannot tell whether it exists.
        let buyer = buyer_of(tx, stall, order)?.ok_or(Refusal::NoSuchOrder)?;
        let is_own = match principal {
            Principal::Account(account) => account == buyer || guests::was(tx, account, buyer)?,
            Principal::Guest(_)
            | Principal::Anyone
            | Principal::Device { .. }
            | Principal::Program { .. } => principal.person() == Some(buyer),
        };
        if !role.is_staff() && !is_own {
            return Err(Refusal::NoSuchOrder);
        }
    }
    if action == Action::PlaceOrder && principal.person().is_none() {
        return Err(if is_device { Refusal::NotAllowed } else { Refusal::NotSignedIn });
    }
    if !allows(role, is_device, object, action) {
        return Err(Refusal::NotAllowed);
    }
    if let Object::Device(_, author) = object {
        require_device(tx, stall, author)?;
    }
    Ok(Authority { principal, stall, role })
}

/// Whether a device of this role may write records of this kind. Unknown newer kinds are taken from staff: they
/// are kept and relayed, and count for nothing until they are understood.
pub fn may_write(role: Role, kind: u16) -> bool {
    match kind {
        KIND_INTRODUCTION => role.is_staff(),
        KIND_CHANGE_FIRST..=KIND_CHANGE_LAST => role.may_edit_catalogue(),
        soko_domain::entry::SERVER_KIND_FIRST..=soko_domain::entry::SERVER_KIND_LAST => false,
        _ => Kind::from_number(kind).map_or(role.is_staff(), |known| role.may_write(known)),
    }
}

/// A key reads what its scopes say of its own stall. Of any other it learns nothing, be it public or not.
fn may_read(
    tx: &mut dyn Tx,
    (own, scopes): (LogId, Scopes),
    object: Object,
    action: Action,
) -> Result<(), Refusal> {
    if object.stall() != own {
        return Err(Refusal::NoSuchStall);
    }
    let scope = scope_of(action).ok_or(Refusal::NotForKeys)?;
    if !scopes.has(scope) {
        return Err(Refusal::ScopeMissing(scope));
    }
    if let Object::Order(_, order) = object {
        buyer_of(tx, own, order)?.ok_or(Refusal::NoSuchOrder)?;
    }
    Ok(())
}

/// What a key needs for it; nothing does for the rest.
fn scope_of(action: Action) -> Option<Scope> {
    match action {
        Action::ListOrders | Action::SeeOrder => Some(Scope::Orders),
        Action::ReadCatalogue => Some(Scope::Products),
        Action::ReadSales => Some(Scope::Sales),
        Action::Replicate
        | Action::MailReceipt
        | Action::Listen
        | Action::See
        | Action::ManageDevices
        | Action::ManageMembers
        | Action::PutPicture
        | Action::Browse
        | Action::PlaceOrder
        | Action::CancelOrder
        | Action::FulfilOrder
        | Action::AnswerReview
        | Action::ConfirmDevices
        | Action::ReclaimShare
        | Action::ManagePrograms => None,
    }
}

fn allows(role: Role, is_device: bool, object: Object, action: Action) -> bool {
    match action {
        Action::Replicate | Action::MailReceipt => is_device && role.is_staff(),
        Action::Listen | Action::See => role.is_staff(),
        // A device is no person: what is done to people and devices needs somebody who signed in.
        // Whose order it is was asked before.
        Action::Browse | Action::PlaceOrder | Action::SeeOrder | Action::CancelOrder => true,
        Action::PutPicture | Action::AnswerReview => role.may_edit_catalogue(),
        Action::FulfilOrder | Action::ListOrders | Action::ReadCatalogue => role.is_staff(),
        Action::ReadSales => role.may_manage_people(),
        Action::ConfirmDevices | Action::ReclaimShare | Action::ManagePrograms => {
            !is_device && role == Role::Owner
        }
        Action::ManageDevices => !is_device && role.may_manage_devices(),
        Action::ManageMembers => !is_device && may_manage_member(role, object),
    }
}

/// An owner makes and unmakes everybody; a manager those who stand below.
fn may_manage_member(role: Role, object: Object) -> bool {
    match (role, object) {
        (Role::Owner, _) => true,
        (Role::Manager, Object::Member(_, Role::Cashier | Role::Buyer)) => true,
        (Role::Manager | Role::Cashier | Role::Buyer | Role::Operator, _) => false,
    }
}

fn role_at(tx: &mut dyn Tx, principal: Principal, stall: LogId) -> Result<Option<Role>, StoreError> {
    match principal {
        Principal::Device { stall: own, role, .. } => Ok((own == stall).then_some(role)),
        Principal::Guest(_) | Principal::Anyone | Principal::Program { .. } => Ok(None),
        Principal::Account(account) => {
            let row = tx.query_opt(
                "select role from member where stall = $1 and account = $2",
                params![stall, account],
            )?;
            row.map(|row| role_of(row.number(0)?)).transpose()
        }
    }
}

fn require_device(tx: &mut dyn Tx, stall: LogId, author: AuthorId) -> Result<(), Refusal> {
    let row =
        tx.query_opt("select 1 from device where author = $1 and stall = $2", params![author, stall])?;
    row.map(drop).ok_or(Refusal::NoSuchDevice)
}

/// Everybody may look at a stall and be its buyer.
fn is_for_buyers(action: Action) -> bool {
    matches!(action, Action::Browse | Action::PlaceOrder | Action::SeeOrder | Action::CancelOrder)
}

/// Stalls that are known to be there. None is ever removed.
#[derive(Default)]
struct Seen(BTreeSet<LogId>);

fn stall_exists(tx: &mut dyn Tx, stall: LogId) -> Result<bool, StoreError> {
    let mut seen = tx.kept().and_then(|kept| kept.take::<Seen>()).unwrap_or_default();
    let exists = seen.0.contains(&stall)
        || tx.query_opt("select 1 from stall where stall = $1", params![stall])?.is_some();
    if exists {
        seen.0.insert(stall);
    }
    if let Some(kept) = tx.kept() {
        kept.put(seen);
    }
    Ok(exists)
}

fn buyer_of(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Option<ThingId>, StoreError> {
    let row = tx.query_opt(
        "select buyer from orders where log = $1 and order_id = $2 and placed = 1",
        params![stall, order],
    )?;
    row.map(|row| row.id(0)).transpose()
}

/// A role as the store keeps it.
pub(crate) fn role_of(number: u8) -> Result<Role, StoreError> {
    Role::from_number(number).ok_or_else(|| StoreError::Corrupt(format!("{number} is no role")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_actions() {
        let stall = Object::Stall(LogId([1; 16]));
        let member = |role| Object::Member(LogId([1; 16]), role);
        let order = Object::Order(LogId([1; 16]), OrderId([2; 16]));
        // (role, as a device, object, action, allowed)
        let table = [
            (Role::Cashier, true, stall, Action::Replicate, true),
            (Role::Owner, false, stall, Action::Replicate, false),
            (Role::Buyer, true, stall, Action::Replicate, false),
            (Role::Operator, true, stall, Action::Replicate, false),
            (Role::Cashier, true, stall, Action::MailReceipt, true),
            (Role::Owner, false, stall, Action::MailReceipt, false),
            (Role::Operator, false, stall, Action::See, false),
            (Role::Buyer, false, stall, Action::Listen, false),
            (Role::Cashier, false, stall, Action::See, true),
            (Role::Cashier, false, stall, Action::ManageDevices, false),
            (Role::Manager, false, stall, Action::ManageDevices, true),
            (Role::Owner, true, stall, Action::ManageDevices, false),
            (Role::Manager, false, member(Role::Cashier), Action::ManageMembers, true),
            (Role::Manager, false, member(Role::Manager), Action::ManageMembers, false),
            (Role::Manager, false, member(Role::Owner), Action::ManageMembers, false),
            (Role::Owner, false, member(Role::Owner), Action::ManageMembers, true),
            (Role::Owner, true, member(Role::Cashier), Action::ManageMembers, false),
            (Role::Cashier, false, member(Role::Cashier), Action::ManageMembers, false),
            (Role::Manager, true, stall, Action::PutPicture, true),
            (Role::Owner, false, stall, Action::PutPicture, true),
            (Role::Cashier, true, stall, Action::PutPicture, false),
            (Role::Buyer, false, stall, Action::PutPicture, false),
            (Role::Manager, true, stall, Action::AnswerReview, true),
            (Role::Cashier, true, stall, Action::AnswerReview, false),
            (Role::Buyer, false, stall, Action::AnswerReview, false),
            (Role::Buyer, false, stall, Action::PlaceOrder, true),
            (Role::Buyer, false, stall, Action::ListOrders, false),
            (Role::Operator, false, stall, Action::ListOrders, false),
            (Role::Cashier, true, stall, Action::ListOrders, true),
            (Role::Buyer, false, order, Action::CancelOrder, true),
            (Role::Buyer, false, order, Action::FulfilOrder, false),
            (Role::Cashier, true, order, Action::FulfilOrder, true),
            (Role::Manager, false, stall, Action::ConfirmDevices, false),
            (Role::Owner, false, stall, Action::ConfirmDevices, true),
            (Role::Owner, true, stall, Action::ConfirmDevices, false),
            (Role::Manager, false, stall, Action::ReclaimShare, false),
            (Role::Owner, false, stall, Action::ReclaimShare, true),
            (Role::Owner, false, stall, Action::ManagePrograms, true),
            (Role::Manager, false, stall, Action::ManagePrograms, false),
            (Role::Owner, true, stall, Action::ManagePrograms, false),
            (Role::Cashier, true, stall, Action::ReadCatalogue, true),
            (Role::Buyer, false, stall, Action::ReadCatalogue, false),
            (Role::Manager, false, stall, Action::ReadSales, true),
            (Role::Cashier, false, stall, Action::ReadSales, false),
        ];
        for (role, is_device, object, action, expected) in table {
            assert_eq!(allows(role, is_device, object, action), expected, "{role:?} {object:?} {action:?}");
        }
    }

    #[test]
    fn kinds_and_roles() {
        let server_only = Kind::OrderPlaced.number();
        let table = [
            (Role::Cashier, Kind::SaleMade.number(), true),
            (Role::Cashier, Kind::StockCounted.number(), false),
            (Role::Manager, Kind::StockCounted.number(), true),
            (Role::Cashier, KIND_CHANGE_FIRST, false),
            (Role::Manager, KIND_CHANGE_LAST, true),
            (Role::Owner, server_only, false),
            (Role::Owner, soko_domain::entry::SERVER_KIND_LAST, false),
            (Role::Cashier, 0x0fff, true),
            (Role::Cashier, 0xffff, true),
            (Role::Buyer, 0xffff, false),
            (Role::Operator, Kind::SaleMade.number(), false),
            (Role::Cashier, KIND_INTRODUCTION, true),
            (Role::Buyer, KIND_INTRODUCTION, false),
        ];
        for (role, kind, expected) in table {
            assert_eq!(may_write(role, kind), expected, "{role:?} {kind:#x}");
        }
    }
}
