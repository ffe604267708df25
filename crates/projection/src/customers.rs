//! Customers, as rows that can be emptied. What is known of somebody stands in these rows and in the records that said
//! it, and leaves both.

use soko_domain::entry::CustomerPut;
use soko_domain::ids::{AuthorId, ThingId};
use soko_record_log::{StoreError, log, params};

use crate::book::Book;
use crate::catalogue::folded;
use crate::ledger::Place;
use crate::project::Touched;

/// The latest word about a customer, whatever the order in which the words arrive.
pub(crate) fn put(
    book: &mut Book<'_>,
    place: &Place,
    put: &CustomerPut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.customers = true;
    let row = book.tx.query_opt(
        "select revision, author, erased from customer where log = $1 and customer = $2",
        params![place.log, put.customer],
    )?;
    let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?, row.bool(2)?))).transpose()?;
    let known: Option<((u64, AuthorId), bool)> =
        known.map(|(revision, author, erased)| ((revision, author), erased));
    if let Some((_, true)) = known {
        // It was taken out before this record arrived.
        log::withhold(book.tx, place.log, &place.author, place.seq)?;
        return Ok(());
    }
    book.tx.run(
        "insert into customer_card (log, customer, author, seq) values ($1, $2, $3, $4)
         on conflict (log, customer, author, seq) do nothing",
        params![place.log, put.customer, place.author, place.seq],
    )?;
    if known.is_some_and(|(known, _)| known >= (put.revision, place.author)) {
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

/// Takes out what is known of somebody, here and in whatever is passed on from here. Only records that said it can lose
/// their body this way.
pub(crate) fn erased(
    book: &mut Book<'_>,
    place: &Place,
    customer: ThingId,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.customers = true;
    let cards = book.tx.query(
        "select author, seq from customer_card where log = $1 and customer = $2 order by author, seq",
        params![place.log, customer],
    )?;
    for card in cards {
        let author: AuthorId = card.id(0)?;
        log::withhold(book.tx, place.log, &author, card.number(1)?)?;
    }
    book.tx
        .run("delete from customer_card where log = $1 and customer = $2", params![place.log, customer])?;
    book.tx.run(
        "insert into customer (log, customer, revision, author, name, phone, email, note, may_contact, erased,
           folded)
         values ($1, $2, 0, $3, '', '', '', '', 0, 1, '')
         on conflict (log, customer) do update
         set name = '', phone = '', email = '', note = '', may_contact = 0, erased = 1, folded = ''",
        params![place.log, customer, place.author],
    )
}
