//! Prices that learn: rules, moves and refusals as rows.

use soko_domain::entry::{PriceMoved, PriceRefused, PriceRulePut, Stamp};
use soko_domain::ids::AuthorId;
use soko_record_log::{StoreError, params};

use crate::book::Book;
use crate::ledger::Place;
use crate::project::Touched;

pub(crate) fn rule_put(
    book: &mut Book<'_>,
    place: &Place,
    put: &PriceRulePut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.prices = true;
    let product = put.product.unwrap_or_default();
    let row = book.tx.query_opt(
        "select revision, author from price_rule where log = $1 and product = $2",
        params![place.log, product],
    )?;
    let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?))).transpose()?;
    if known.is_some_and(|known: (u64, AuthorId)| known >= (put.revision, place.author)) {
        return Ok(());
    }
    book.tx.run(
        "insert into price_rule (log, product, revision, author, mode, aim, floor_minor, ceiling_minor,
           over_cost_ppm, step_ppm, gone_by_minutes, market_ppm)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (log, product) do update
         set revision = excluded.revision, author = excluded.author, mode = excluded.mode, aim = excluded.aim,
             floor_minor = excluded.floor_minor, ceiling_minor = excluded.ceiling_minor,
             over_cost_ppm = excluded.over_cost_ppm, step_ppm = excluded.step_ppm,
             gone_by_minutes = excluded.gone_by_minutes, market_ppm = excluded.market_ppm",
        params![
            place.log,
            product,
            put.revision,
            place.author,
            put.mode.number(),
            put.aim.number(),
            put.floor_minor,
            put.ceiling_minor,
            put.over_cost_ppm,
            put.step_ppm,
            put.gone_by_minutes,
            put.market_ppm
        ],
    )
}

pub(crate) fn moved(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    moved: &PriceMoved,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.prices = true;
    book.tx.run(
        "insert into price_move (log, author, seq, product, moved, at_ms, business_day, from_minor, to_minor, undoes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            moved.product,
            moved.moved,
            stamp.at_ms,
            stamp.business_day,
            moved.from_minor,
            moved.to_minor,
            moved.undoes
        ],
    )
}

pub(crate) fn refused(
    book: &mut Book<'_>,
    place: &Place,
    refused: &PriceRefused,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.prices = true;
    book.tx.run(
        "insert into price_refusal (log, author, seq, product, price_minor, until_day)
         values ($1, $2, $3, $4, $5, $6) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, refused.product, refused.price_minor, refused.until_day],
    )
}
