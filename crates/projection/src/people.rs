//! Who may write for a stall, and the lives of its server.

use soko_domain::entry::{DeviceAdmitted, EpochStarted};
use soko_domain::ids::{AuthorId, EpochId};
use soko_record_log::{StoreError, params};

use crate::book::Book;
use crate::digest::{EPOCH, STALL_DEVICE};
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
