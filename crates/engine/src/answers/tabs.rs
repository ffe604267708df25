//! Open orders as a counter takes them up again, and payments that wait for somebody to look.

use std::collections::BTreeSet;

use soko_app_api::{
    DiscountInput, LabelView, OpenOrderLineView, OpenOrderRow, OpenOrderView, PaymentRow, ScannedRow, Window,
};
use soko_documents::{OpenOrder, OrderLine};
use soko_domain::basket::Discount;
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::scale::ScaleAmount;
use soko_domain::tab::Bill;
use soko_domain::verbs::make_sale::{NO_PRODUCT, OwnPrice};
use soko_projection::tabs::{self, OpenTab};
use soko_projection::{payments, read as facts};
use soko_record_log::StoreError;

use super::products::{read, rows_of};
use super::{Asking, bounded, trade};
use crate::verbs::label;

/// Products that one label of a scale can mean.
const SCANNED_MAX: usize = 20;

pub(super) fn one(asking: &mut Asking<'_>, order: OrderId) -> Result<Option<OpenOrderView>, StoreError> {
    let Some((value, problems)) = read::<OpenOrder>(asking, ThingId(order.0))? else { return Ok(None) };
    let standing = tabs::standing_of(asking.tx, asking.log, (order, &value))?;
    let words: BTreeSet<ThingId> = value.outs.keys().map(|(_, word)| *word).collect();
    let mut lines = Vec::new();
    for (line, content) in value.lines {
        lines.push(line_view(asking, (line, &standing.bill), content)?);
    }
    let closed = standing.closed_by();
    let is_spent = value.off_after != standing.sales();
    let rest = standing.paid.map(|paid| paid.by).filter(|_| closed.is_none());
    Ok(Some(OpenOrderView {
        order,
        title: value.title,
        lines,
        customer: value.customer,
        discount: discount(if is_spent { of_rest(value.off) } else { value.off }),
        reason: value.reason,
        note: value.note,
        // Whoever paid was told what it costs.
        is_told: value.is_told || rest.is_some(),
        closed_by: closed.or(value.closed_by),
        paid_by: rest,
        words: words.into_iter().collect(),
        problems,
    }))
}

/// An amount that was said when other sales stood came off one of these, or may have, and does not come off again.
fn of_rest(off: Discount) -> Discount {
    match off {
        Discount::Amount(_) => Discount::None,
        Discount::None | Discount::Percent(_) => off,
    }
}

fn line_view(
    asking: &mut Asking<'_>,
    (line, bill): (ThingId, &Bill),
    content: OrderLine,
) -> Result<OpenOrderLineView, StoreError> {
    let (due, paid) = (bill.due(line), bill.paid(line));
    let product = (content.product != NO_PRODUCT).then_some(content.product);
    let found = match product {
        Some(product) => facts::product(asking.tx, asking.log, product)?,
        None => None,
    };
    let unit = found.as_ref().map_or(Unit::Piece, |found| found.unit);
    let own = OwnPrice {
        unit_price_minor: found.as_ref().map_or(0, |found| found.price_minor),
        price_per: found.as_ref().map_or(1, |found| found.price_per),
    };
    let label = match (product, content.label.as_str()) {
        (None, _) | (_, "") => None,
        (Some(product), code) => {
            let label = label(asking.tx, asking.log, code)?.filter(|label| label.products.contains(&product));
            label.and_then(|label| label.price(own, unit))
        }
    };
    let label = label.map(|price| LabelView {
        code: content.label.clone(),
        price_minor: price.unit_price_minor,
        quantity: price.price_per,
    });
    Ok(OpenOrderLineView {
        line,
        product,
        name: if content.name.is_empty() {
            found.as_ref().map_or_else(String::new, |found| found.name.clone())
        } else {
            content.name
        },
        unit,
        picture: found.as_ref().and_then(|found| found.pictures.first().copied()),
        quantity: due,
        paid,
        unit_price_minor: content.unit_price_minor,
        price_per: found.map_or(1, |found| found.price_per),
        discount: discount(if paid > content.off_paid { of_rest(content.off) } else { content.off }),
        reason: content.reason,
        note: content.note,
        label,
    })
}

fn discount(off: Discount) -> DiscountInput {
    match off {
        Discount::None => DiscountInput::None,
        Discount::Amount(minor) => DiscountInput::AmountMinor(minor),
        Discount::Percent(ppm) => DiscountInput::PercentPpm(ppm.0),
    }
}

/// Those of which something is to be paid.
pub(super) fn open_ones(asking: &mut Asking<'_>, window: Window) -> Result<Vec<OpenOrderRow>, StoreError> {
    let found = tabs::open_tabs(asking.tx, asking.log, bounded(window))?;
    let row = |OpenTab { tab, title, lines, is_rest }| OpenOrderRow { order: tab, title, lines, is_rest };
    Ok(found.into_iter().map(row).collect())
}

pub(super) fn unseen(asking: &mut Asking<'_>, window: Window) -> Result<Vec<PaymentRow>, StoreError> {
    let found = payments::unseen(asking.tx, asking.log, bounded(window))?;
    let mut rows = Vec::new();
    for payment in found {
        rows.extend(payment_row(asking, payment)?);
    }
    Ok(rows)
}

/// A payment with its sale.
pub(super) fn payment_row(
    asking: &mut Asking<'_>,
    payment: payments::PaymentFound,
) -> Result<Option<PaymentRow>, StoreError> {
    let Some(sale) = trade::sale(asking, payment.payment.sale)? else { return Ok(None) };
    let code = (payment.code.as_str(), payment.payment.sale);
    let twin =
        if payment.code.is_empty() { None } else { payments::sale_of_code(asking.tx, asking.log, code)? };
    Ok(Some(PaymentRow {
        sale: payment.payment.sale,
        tender: payment.payment.tender,
        receipt_number: sale.row.receipt_number,
        register_name: sale.register_name,
        at_ms: sale.row.at_ms,
        offset_minutes: sale.row.offset_minutes,
        kind: payment.kind,
        amount_minor: payment.amount_minor,
        currency: sale.row.currency,
        code: payment.code,
        standing: payment.standing,
        is_twice: twin.is_some(),
    }))
}

/// What a code that a scale printed means; nothing when it is no such code.
pub(super) fn weighed(asking: &mut Asking<'_>, code: &str) -> Result<Vec<ScannedRow>, StoreError> {
    let Some(label) = label(asking.tx, asking.log, code)? else { return Ok(Vec::new()) };
    let rows = rows_of(asking, label.products.clone(), SCANNED_MAX)?;
    let scanned = |row: soko_app_api::ProductRow| {
        let (quantity, price_minor) = match label.amount {
            ScaleAmount::Grams(grams) if row.unit != Unit::Piece => (grams, None),
            ScaleAmount::Grams(_) => (1, None),
            ScaleAmount::PriceMinor(minor) => {
                let own = OwnPrice { unit_price_minor: row.price_minor, price_per: row.price_per };
                (label.price(own, row.unit).map_or(1, |price| price.price_per), Some(minor))
            }
        };
        ScannedRow { row, quantity, price_minor }
    };
    Ok(rows.into_iter().map(scanned).filter(|scanned| scanned.quantity > 0).collect())
}
