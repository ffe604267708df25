//! Customers, and what they hold.

use soko_app_api::{
    CustomerInput, CustomerRow, CustomerSaleRow, CustomerView, LoyaltyView, PurseEntryRow, PurseInput,
    PurseRow, PurseTotal, PurseView, PurseWhat, Window,
};
use soko_domain::entry::{FillCause, PurseKind, SpendCause};
use soko_domain::ids::{AuthorId, ShiftId, ThingId};
use soko_domain::purse::{self, Loyalty};
use soko_projection::read as trade;
use soko_projection::read_customers::{self as facts, CustomerFound, PurseEntryFound};
use soko_record_log::StoreError;

use super::desk::Names;
use super::{Asking, bounded};
use crate::failure::NotDone;
use crate::purse::{Purse, named};

/// Of a customer's sales and of what happened to a purse, so many of the latest.
const LATEST: u32 = 50;

pub(super) fn list(
    asking: &mut Asking<'_>,
    text: &str,
    window: Window,
) -> Result<Vec<CustomerRow>, StoreError> {
    let found = facts::customers(asking.tx, asking.log, text, bounded(window))?;
    let row = |found: CustomerFound| CustomerRow {
        customer: found.customer,
        name: found.name,
        phone: found.phone,
        email: found.email,
    };
    Ok(found.into_iter().map(row).collect())
}

pub(super) fn one(asking: &mut Asking<'_>, customer: ThingId) -> Result<Option<CustomerView>, NotDone> {
    let log = asking.log;
    let Some(found) = facts::customer(asking.tx, log, customer)? else { return Ok(None) };
    let (sales, sales_minor) = facts::bought_by(asking.tx, log, customer)?;
    Ok(Some(CustomerView {
        customer,
        is_erased: found.is_erased,
        about: CustomerInput {
            name: found.name,
            phone: found.phone,
            email: found.email,
            note: found.note,
            may_contact: found.may_contact,
        },
        currency: currency(asking)?,
        sales,
        sales_minor,
        latest: latest(asking, customer)?,
        credit: purse(asking, &PurseInput::Credit(customer))?,
        points: purse(asking, &PurseInput::Points(customer))?,
        loyalty: loyalty(asking)?,
    }))
}

fn latest(asking: &mut Asking<'_>, customer: ThingId) -> Result<Vec<CustomerSaleRow>, StoreError> {
    let log = asking.log;
    let mut rows = Vec::new();
    for (sale, _) in facts::sales_to(asking.tx, log, customer, (0, LATEST))? {
        let Some(found) = trade::sale(asking.tx, log, sale)? else { continue };
        let voided = trade::voided(asking.tx, log, sale)?;
        rows.push(CustomerSaleRow {
            sale,
            receipt_number: found.made.receipt_number,
            register_name: Names::new(asking).register(found.author)?,
            at_ms: found.stamp.at_ms,
            offset_minutes: found.stamp.offset_minutes,
            total_minor: found.made.total_minor,
            voided,
        });
    }
    Ok(rows)
}

pub(super) fn loyalty(asking: &mut Asking<'_>) -> Result<LoyaltyView, StoreError> {
    Ok(facts::loyalty(asking.tx, asking.log)?.1.into())
}

fn currency(asking: &mut Asking<'_>) -> Result<String, StoreError> {
    Ok(trade::profile(asking.tx, asking.log)?.map(|it| it.currency).unwrap_or_default())
}

/// A purse, whether anything was ever put in or not.
pub(super) fn purse(asking: &mut Asking<'_>, input: &PurseInput) -> Result<PurseView, NotDone> {
    let (log, me) = (asking.log, asking.stall.row.author);
    let Purse { id, kind, customer } = named(asking.tx, log, input)?;
    let found = facts::purse(asking.tx, (log, me), id)?;
    let (here, elsewhere) = found.as_ref().map_or((0, 0), |found| (found.here, found.elsewhere));
    let (_, loyalty) = facts::loyalty(asking.tx, log)?;
    let total = here.saturating_add(elsewhere).max(0);
    // What is owed elsewhere is not here to be spent.
    let here = here.clamp(0, total);
    let customer = customer.or(found.as_ref().and_then(|found| found.customer));
    let customer_name = match customer {
        Some(customer) => facts::customer(asking.tx, log, customer)?.map(|it| it.name).unwrap_or_default(),
        None => String::new(),
    };
    Ok(PurseView {
        purse: id,
        kind,
        label: purse::label(id),
        is_known: found.is_some(),
        customer,
        customer_name,
        currency: currency(asking)?,
        here,
        elsewhere: total - here,
        here_minor: money(kind, &loyalty, here),
        total_minor: money(kind, &loyalty, total),
        entries: entries(asking, id)?,
    })
}

fn money(kind: PurseKind, loyalty: &Loyalty, units: i64) -> i64 {
    match kind {
        PurseKind::GiftCard | PurseKind::Credit => units.max(0),
        PurseKind::Points => loyalty.worth(units),
    }
}

fn entries(
    asking: &mut Asking<'_>,
    purse: soko_domain::ids::ProductId,
) -> Result<Vec<PurseEntryRow>, StoreError> {
    let found = facts::purse_entries(asking.tx, asking.log, Some(purse), (0, LATEST))?;
    let mut names = Names::new(asking);
    let mut rows = Vec::new();
    for entry in found {
        let register_name = names.register(entry.author)?;
        rows.push(entry_row(entry, register_name));
    }
    Ok(rows)
}

pub(crate) fn what_of(entry: &PurseEntryFound) -> PurseWhat {
    if entry.is_filled {
        match FillCause::from_number(entry.cause) {
            Some(FillCause::Refund) => PurseWhat::Refund,
            Some(FillCause::Earned) => PurseWhat::Earned,
            Some(FillCause::Given) => PurseWhat::Given,
            Some(FillCause::Undone) => PurseWhat::Undone,
            Some(FillCause::Bought) | None => PurseWhat::Bought,
        }
    } else if SpendCause::from_number(entry.cause) == Some(SpendCause::TakenBack) {
        PurseWhat::TakenBack
    } else {
        PurseWhat::Paid
    }
}

fn entry_row(entry: PurseEntryFound, register_name: String) -> PurseEntryRow {
    PurseEntryRow {
        what: what_of(&entry),
        units: if entry.is_filled { entry.units } else { -entry.units },
        missing: entry.missing,
        sale: entry.sale,
        reason: entry.reason,
        register_name,
        at_ms: entry.at_ms,
        offset_minutes: entry.offset_minutes,
    }
}

pub(super) fn cards(asking: &mut Asking<'_>, window: Window) -> Result<Vec<PurseRow>, StoreError> {
    let (log, me) = (asking.log, asking.stall.row.author);
    let currency = currency(asking)?;
    let found = facts::purses(asking.tx, (log, me), PurseKind::GiftCard, bounded(window))?;
    let row = |found: facts::PurseFound| PurseRow {
        purse: found.purse,
        label: purse::label(found.purse),
        first_at_ms: found.first_at_ms,
        currency: currency.clone(),
        here_minor: found.here.max(0),
        total_minor: found.here.saturating_add(found.elsewhere).max(0),
    };
    Ok(found.into_iter().map(row).collect())
}

pub(super) fn of_shift(
    asking: &mut Asking<'_>,
    of: (AuthorId, ShiftId),
) -> Result<Vec<PurseTotal>, StoreError> {
    let found = facts::shift_purses(asking.tx, asking.log, of)?;
    let total = |found: facts::ShiftPurseFound| PurseTotal {
        kind: found.kind,
        bought: found.bought,
        bought_units: found.bought_units,
        given_units: found.given_units,
        spent_units: found.spent_units,
        spent_minor: found.spent_minor,
        taken_units: found.taken_units,
    };
    Ok(found.into_iter().map(total).collect())
}
