//! A table of others' prices against the stall: which product each row means, for sure or probably. The screen looks at it, and
//! whoever takes it reads it again in the transaction.

use soko_app_api::{Refused, RetryHint, RivalChoice};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::import::Table;
use soko_domain::rival::{
    RIVAL_BYTES_MAX, RIVAL_ROWS_MAX, ReadAt, RivalProblem, RivalReading, RivalsRead, TheirRow, read_rivals,
};
use soko_projection::rivals::{self, Certain, Matches};
use soko_record_log::Tx;
use soko_search::Alike;

use crate::failure::NotDone;
use crate::verbs::{currency, no_table};

/// From so much on a name is asked about.
const ALIKE_PERCENT_MIN: u8 = 55;

/// What a row means here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fit {
    Certain(Certain),
    Like(ProductId, u8),
}

pub(crate) struct Fitted {
    pub(crate) table: Table,
    pub(crate) reading: RivalReading,
    pub(crate) matches: Matches,
    pub(crate) rows: Vec<(TheirRow, Fit)>,
    pub(crate) problems: Vec<RivalProblem>,
}

/// Where and when a table is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    pub(crate) log: LogId,
    pub(crate) at_ms: i64,
    pub(crate) offset_minutes: i32,
}

pub(crate) fn fit(
    tx: &mut dyn Tx,
    here: Here,
    (source, bytes): (&str, &[u8]),
    choice: Option<&RivalChoice>,
) -> Result<Fitted, NotDone> {
    if bytes.len() > RIVAL_BYTES_MAX {
        return Err(refused("rivals_too_large", "the file is larger than 2 MiB; leave some of it out"));
    }
    let table = Table::read(bytes).map_err(no_table)?;
    if table.lines.len() > RIVAL_ROWS_MAX {
        let sentence = "the file has more than 20,000 rows; leave some of them out";
        return Err(refused("rivals_too_many_rows", sentence));
    }
    let chosen =
        |choice: &RivalChoice| RivalReading { fields: choice.fields.clone(), decimal: choice.decimal };
    let reading = choice.map_or_else(|| RivalReading::guess(&table), chosen);
    let at =
        ReadAt { currency: currency(tx, here.log)?, now_ms: here.at_ms, offset_minutes: here.offset_minutes };
    let read = if reading.is_enough() { read_rivals(&table, &reading, at) } else { RivalsRead::default() };
    let matches = rivals::matches(tx, here.log, source)?;
    let mut alike = Alike::default();
    for (product, name) in rivals::names(tx, here.log)? {
        alike.put(product, &name);
    }
    let mut rows = Vec::new();
    for row in read.rows {
        let certain = rivals::certain(tx, here.log, &matches, &row)?;
        let near = (certain == Certain::Unknown).then(|| alike.nearest(&row.name)).flatten();
        let near = near.filter(|(_, percent)| *percent >= ALIKE_PERCENT_MIN);
        rows.push((
            row,
            near.map_or(Fit::Certain(certain), |(product, percent)| Fit::Like(product, percent)),
        ));
    }
    Ok(Fitted { table, reading, matches, rows, problems: read.problems })
}

fn refused(code: &str, sentence: &str) -> NotDone {
    let (code, sentence) = (code.into(), sentence.into());
    NotDone::Refused(Refused { code, sentence, retry: RetryHint::Never, share: None, acts: Vec::new() })
}
