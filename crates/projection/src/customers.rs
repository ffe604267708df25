//! Customers, as rows that can be emptied.

use soko_domain::entry::CustomerPut;
use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, params};

use crate::book::Book;
use crate::catalogue::folded;
use crate::erasable::CUSTOMER;
use crate::ledger::Place;
use crate::project::Touched;

/// The latest word about a customer.
pub(crate) fn put(
    book: &mut Book<'_>,
    place: &Place,
    put: &CustomerPut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.customers = true;
    if !CUSTOMER.is_latest(book, place, (put.customer.0, put.revision))? {
        return Ok(());
    }
    book.tx.run(
        "insert into customer (log, customer, revision, author, name, phone, email, note, may_contact, erased,
           folded)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)
         on conflict (log, customer) do update
         set revision = excluded.revision, author = excluded.author, name = excluded.name,
             phone = excluded.phone, email = excluded.email, note = excluded.note,
             may_contact = excluded.may_contact, folded = excluded.folded",
        params![
            place.log,
            put.customer,
            put.revision,
            place.author,
            put.name,
            put.phone,
            put.email,
            put.note,
            put.may_contact,
            searched(put)
        ],
    )
}

/// What a search compares.
fn searched(put: &CustomerPut) -> String {
    let digits: String = put.phone.chars().filter(char::is_ascii_digit).collect();
    format!("{} {digits} {}", folded(&put.name), folded(&put.email))
}

/// Takes out what is known of somebody.
pub(crate) fn erased(
    book: &mut Book<'_>,
    place: &Place,
    customer: ThingId,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.customers = true;
    touched.erased = true;
    CUSTOMER.forget(book, place, customer.0)?;
    book.tx.run(
        "insert into customer (log, customer, revision, author, name, phone, email, note, may_contact, erased,
           folded)
         values ($1, $2, 0, $3, '', '', '', '', 0, 1, '')
         on conflict (log, customer) do update
         set name = '', phone = '', email = '', note = '', may_contact = 0, erased = 1, folded = ''",
        params![place.log, customer, place.author],
    )
}
