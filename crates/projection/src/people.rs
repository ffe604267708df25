//! Who may write for a stall, and the lives of its server.

use soko_domain::entry::{DeviceAdmitted, EpochStarted, LimitsPut, PersonPut};
use soko_domain::ids::{AuthorId, EpochId, PersonId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, params};

use crate::book::Book;
use crate::digest::{EPOCH, STALL_DEVICE};
use crate::erasable::PERSON;
use crate::ledger::Place;
use crate::project::Touched;

pub(crate) fn admitted(
    book: &mut Book<'_>,
    place: &Place,
    device: &DeviceAdmitted,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.devices = true;
    book.change(&STALL_DEVICE, params![device.author], |tx| {
        tx.run(
            "insert into stall_device (log, author, role, name, replaces, admitted, revoked)
             values ($1, $2, $3, $4, $5, 1, 0)
             on conflict (log, author) do update
             set role = excluded.role, name = excluded.name, replaces = excluded.replaces, admitted = 1",
            params![place.log, device.author, device.role.number(), device.name, device.replaces],
        )
    })
}

pub(crate) fn revoked(
    book: &mut Book<'_>,
    place: &Place,
    author: AuthorId,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.devices = true;
    book.change(&STALL_DEVICE, params![author], |tx| {
        tx.run(
            "insert into stall_device (log, author, role, name, replaces, admitted, revoked)
             values ($1, $2, 0, '', null, 0, 1) on conflict (log, author) do update set revoked = 1",
            params![place.log, author],
        )
    })
}

pub(crate) fn epoch_started(
    book: &mut Book<'_>,
    place: &Place,
    started: &EpochStarted,
) -> Result<(), StoreError> {
    book.change(&EPOCH, params![started.epoch], |tx| {
        tx.run(
            "insert into epoch (log, epoch, counter, author, frozen, unfrozen) values ($1, $2, $3, $4, $5, 0)
             on conflict (log, epoch) do update
             set counter = excluded.counter, author = excluded.author, frozen = excluded.frozen",
            params![place.log, started.epoch, started.counter, place.author, started.frozen],
        )
    })
}

pub(crate) fn unfrozen(book: &mut Book<'_>, place: &Place, epoch: EpochId) -> Result<(), StoreError> {
    book.change(&EPOCH, params![epoch], |tx| {
        tx.run(
            "insert into epoch (log, epoch, counter, author, frozen, unfrozen) values ($1, $2, 0, $3, 0, 1)
             on conflict (log, epoch) do update set unfrozen = 1",
            params![place.log, epoch, place.author],
        )
    })
}

/// The latest word about somebody.
pub(crate) fn person_put(
    book: &mut Book<'_>,
    place: &Place,
    put: &PersonPut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.people = true;
    if !PERSON.is_latest(book, place, (put.person.0, put.revision))? {
        return Ok(());
    }
    book.tx.run(
        "insert into person (log, person, revision, author, name, role, active, erased)
         values ($1, $2, $3, $4, $5, $6, $7, 0)
         on conflict (log, person) do update
         set revision = excluded.revision, author = excluded.author, name = excluded.name,
             role = excluded.role, active = excluded.active",
        params![
            place.log,
            put.person,
            put.revision,
            place.author,
            put.name,
            put.role.number(),
            put.is_active
        ],
    )
}

/// Takes the name out of the row and of every record that holds it.
pub(crate) fn person_erased(
    book: &mut Book<'_>,
    place: &Place,
    person: PersonId,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.people = true;
    touched.erased = true;
    PERSON.forget(book, place, person.0)?;
    book.tx.run(
        "insert into person (log, person, revision, author, name, role, active, erased)
         values ($1, $2, 0, $3, '', $4, 0, 1)
         on conflict (log, person) do update set name = '', active = 0, erased = 1",
        params![place.log, person, place.author, Role::Cashier.number()],
    )
}

pub(crate) fn limits_put(
    book: &mut Book<'_>,
    place: &Place,
    put: &LimitsPut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.people = true;
    let role = put.role.number();
    let row = book.tx.query_opt(
        "select revision, author from role_limits where log = $1 and role = $2",
        params![place.log, role],
    )?;
    let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?))).transpose()?;
    if known.is_some_and(|known: (u64, AuthorId)| known >= (put.revision, place.author)) {
        return Ok(());
    }
    let limits = &put.limits;
    book.tx.run(
        "insert into role_limits (log, role, revision, author, discount_ppm, refund_minor, void_sale,
           open_drawer, change_price, custom_minor)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (log, role) do update
         set revision = excluded.revision, author = excluded.author, discount_ppm = excluded.discount_ppm,
             refund_minor = excluded.refund_minor, void_sale = excluded.void_sale,
             open_drawer = excluded.open_drawer, change_price = excluded.change_price,
             custom_minor = excluded.custom_minor",
        params![
            place.log,
            role,
            put.revision,
            place.author,
            limits.discount_ppm,
            limits.refund_minor,
            limits.void_sale,
            limits.open_drawer,
            limits.change_price,
            limits.custom_minor
        ],
    )
}
