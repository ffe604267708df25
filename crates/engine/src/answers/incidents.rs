//! What needs a person's eye, with the names that a person knows it by.

use soko_app_api::{IncidentRow, SettledView, Window};
use soko_domain::quantity::Unit;
use soko_projection::{incidents, read as facts};
use soko_record_log::StoreError;

use super::desk::Names;
use super::{Asking, bounded};

/// Those that wait first.
pub(super) fn rows(asking: &mut Asking<'_>, window: Window) -> Result<Vec<IncidentRow>, StoreError> {
    let log = asking.log;
    let currency = facts::profile(asking.tx, log)?.map(|profile| profile.currency).unwrap_or_default();
    let found = incidents::incidents(asking.tx, log, bounded(window))?;
    found.into_iter().map(|found| row(asking, found, &currency)).collect()
}

fn row(
    asking: &mut Asking<'_>,
    found: incidents::IncidentFound,
    currency: &str,
) -> Result<IncidentRow, StoreError> {
    let log = asking.log;
    let raised = facts::incident(asking.tx, log, (found.author, found.seq))?;
    let product = match found.product {
        Some(product) => facts::product(asking.tx, log, product)?,
        None => None,
    };
    let (product_name, unit) = product.map_or((String::new(), Unit::Piece), |it| (it.name, it.unit));
    let mut names = Names::new(asking);
    let register_name = raised.author.map_or(Ok(String::new()), |author| names.register(author))?;
    let settled = match found.settled {
        Some(settled) => Some(SettledView {
            by: names.person(settled.person)?,
            register_name: names.register(settled.author)?,
            at_ms: settled.at_ms,
        }),
        None => None,
    };
    Ok(IncidentRow {
        incident: raised.incident,
        kind: found.kind,
        at_ms: found.at_ms,
        author: raised.author,
        register_name,
        product: found.product,
        product_name,
        unit,
        quantity: found.quantity,
        currency: currency.into(),
        orders: raised.orders,
        settled,
    })
}
