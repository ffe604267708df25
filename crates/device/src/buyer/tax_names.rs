//! What stalls call their taxes, as their servers last said it before an order: what is worked out here alone has these names, too.

use std::collections::BTreeMap;

use soko_app_api::TaxRow;
use soko_domain::ids::LogId;
use soko_domain::tax::{TaxMode, TaxTotal};
use soko_record_log::{Row, StoreError, Tx, params};

/// Millionths, and whether prices contain it.
type Rate = (u32, bool);

fn rate(tax: &TaxRow) -> Rate {
    (tax.ppm, tax.mode == TaxMode::Inclusive)
}

/// Keeps what a server calls each rate.
pub(super) fn keep(tx: &mut dyn Tx, stall: LogId, taxes: &[TaxRow]) -> Result<(), StoreError> {
    let mut said = BTreeMap::<Rate, Option<&str>>::new();
    for tax in taxes {
        let label = Some(tax.label.as_str()).filter(|label| !label.is_empty());
        // Several taxes of one rate are one where it is worked out here.
        said.entry(rate(tax)).and_modify(|known| *known = None).or_insert(label);
    }
    for ((ppm, is_inclusive), label) in said {
        match label {
            // One that had another name before is called by none from then on: nobody here knows which of its taxes it is.
            Some(label) => tx.execute(
                "insert into tax_name (stall, ppm, is_inclusive, label) values ($1, $2, $3, $4)
                 on conflict (stall, ppm, is_inclusive) do update set label = '' where tax_name.label <> excluded.label",
                params![stall, ppm, i64::from(is_inclusive), label],
            )?,
            None => tx.execute(
                "insert into tax_name (stall, ppm, is_inclusive, label) values ($1, $2, $3, '')
                 on conflict (stall, ppm, is_inclusive) do update set label = ''",
                params![stall, ppm, i64::from(is_inclusive)],
            )?,
        };
    }
    Ok(())
}

/// What was worked out here, by the names that are known.
pub(super) fn named(tx: &mut dyn Tx, stall: LogId, taxes: &[TaxTotal]) -> Result<Vec<TaxRow>, StoreError> {
    let rows = tx.query("select ppm, is_inclusive, label from tax_name where stall = $1", params![stall])?;
    let name = |row: &Row| Ok(((row.number(0)?, row.bool(1)?), row.text(2)?.to_owned()));
    let names = rows.iter().map(name).collect::<Result<BTreeMap<Rate, String>, StoreError>>()?;
    let named = |tax: &TaxTotal| {
        let row = TaxRow::from(tax);
        let label = names.get(&rate(&row)).cloned().unwrap_or_default();
        TaxRow { label, ..row }
    };
    Ok(taxes.iter().map(named).collect())
}
