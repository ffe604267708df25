//! What no register could see alone: one payment's code on two sales, the same of one open order paid at two registers. Both sales
//! are facts; a person hears of it once, when the second one arrives.

use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, IncidentKind, IncidentRaised, Kind, SaleMade};
use soko_domain::ids::{AuthorId, OrderId, SaleId};
use soko_domain::verbs::verify_payment::code_key;
use soko_projection::{payments, tabs};
use soko_replication::Record;

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;

pub(super) fn tell(desk: &mut Desk<'_>, author: AuthorId, records: &[Record]) -> Result<(), CoreRefusal> {
    for record in records {
        let kind = Kind::from_number(record.kind);
        let Some((kind, body)) = kind.zip(record.body.bytes()) else { continue };
        if !matches!(kind, Kind::SaleMade | Kind::PaymentVerified) {
            continue;
        }
        let Ok((_, entry)) = Entry::from_body(kind, body) else { continue };
        if let Entry::SaleMade(made) = &entry {
            tell_of_sale(desk, author, made)?;
        } else if let Entry::PaymentVerified(word) = &entry {
            tell_of_code(desk, author, (&word.code, word.sale), 0)?;
        }
    }
    Ok(())
}

fn tell_of_sale(desk: &mut Desk<'_>, author: AuthorId, made: &SaleMade) -> Result<(), CoreRefusal> {
    for paid in made.tenders.iter().filter(|paid| paid.kind == TenderKind::MobileMoney) {
        tell_of_code(desk, author, (&paid.reference, made.sale), paid.amount_minor)?;
    }
    let Some(tab) = made.tab else { return Ok(()) };
    // Whoever pays what was put into it meanwhile pays nothing again.
    let standing = tabs::standing(desk.tx, desk.log, (tab, None))?;
    if standing.paid.is_some_and(|paid| paid.is_twice(made.sale)) {
        raise(desk, IncidentKind::PaidTwice, (author, made.total_minor), vec![tab])?;
    }
    Ok(())
}

fn tell_of_code(
    desk: &mut Desk<'_>,
    author: AuthorId,
    (code, sale): (&str, SaleId),
    amount_minor: i64,
) -> Result<(), CoreRefusal> {
    let code = code_key(code);
    if !code.is_empty() && payments::sale_of_code(desk.tx, desk.log, (&code, sale))?.is_some() {
        raise(desk, IncidentKind::PaymentTwice, (author, amount_minor), vec![])?;
    }
    Ok(())
}

/// The quantity is money here.
fn raise(
    desk: &mut Desk<'_>,
    kind: IncidentKind,
    (author, quantity): (AuthorId, i64),
    orders: Vec<OrderId>,
) -> Result<(), CoreRefusal> {
    let incident = desk.id();
    let raised = IncidentRaised { incident, kind, author: Some(author), product: None, quantity, orders };
    desk.write([raised.into()])
}
