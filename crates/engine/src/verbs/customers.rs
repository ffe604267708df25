//! Customers, and how points are earned.

use soko_app_api::{CustomerInput, LoyaltyView, Reply};
use soko_domain::ids::ThingId;
use soko_domain::verbs::manage_customers::{self, PutCustomer};
use soko_projection::read_customers as facts;
use soko_record_log::StoreError;

use crate::failure::NotDone;
use crate::write::Writing;

/// The veil is the command's id: it is chance, and stands in no other record.
pub(super) fn put(
    writing: &mut Writing<'_>,
    (customer, veil): (ThingId, ThingId),
    about: &CustomerInput,
) -> Result<Reply, NotDone> {
    let facts = customer_facts(writing, customer)?;
    let CustomerInput { name, phone, email, note, may_contact } = about.clone();
    let put = PutCustomer { customer, veil, name, phone, email, note, may_contact };
    writing.write(manage_customers::decide_put(&facts, &put)?)?;
    Ok(Reply::Done)
}

pub(super) fn erase(writing: &mut Writing<'_>, customer: ThingId) -> Result<Reply, NotDone> {
    let facts = customer_facts(writing, customer)?;
    writing.write(manage_customers::decide_erase(&facts, customer)?)?;
    Ok(Reply::Done)
}

pub(super) fn put_loyalty(writing: &mut Writing<'_>, loyalty: LoyaltyView) -> Result<Reply, NotDone> {
    let (revision, _) = facts::loyalty(writing.tx, writing.log)?;
    let who = (writing.register_role, &writing.doer);
    let entries = manage_customers::decide_loyalty(who, revision, loyalty.into())?;
    writing.write(entries)?;
    Ok(Reply::Done)
}

fn customer_facts(
    writing: &mut Writing<'_>,
    customer: ThingId,
) -> Result<manage_customers::Facts, StoreError> {
    let found = facts::customer(writing.tx, writing.log, customer)?;
    Ok(manage_customers::Facts {
        // One that was erased before anything was known of it has no revision.
        revision: found.as_ref().map_or(0, |found| found.revision),
        is_erased: found.is_some_and(|found| found.is_erased),
    })
}
