//! What was done with models, and when: who came after whom, and why.

use soko_domain::ids::Hash;
use soko_record_log::{Row, StoreError, Tx, params};

use super::kept::Card;

/// Acts that are kept: a year and more of models.
const ACTS_MAX: u32 = 500;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Used,
    KeptAside,
    Chosen,
    /// Before acts were written down.
    Earlier,
}

/// The number is what is stored.
const ACTS: [(i64, Act); 4] = [(1, Act::Used), (2, Act::KeptAside), (3, Act::Chosen), (4, Act::Earlier)];

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Done {
    pub(crate) at_ms: i64,
    pub(crate) model: Hash,
    pub(crate) act: Act,
    pub(crate) card: Card,
    pub(crate) because: String,
}

/// Writes down what is done with a model that is kept.
pub(super) fn note(
    tx: &mut dyn Tx,
    act: Act,
    model: Hash,
    because: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let number = ACTS.iter().find(|known| known.1 == act).map_or(0, |known| known.0);
    tx.run(
        "insert into model_act (at_ms, model, act, card, because)
         select cast($1 as bigint), model, cast($2 as bigint), card, cast($3 as text) from model where model = $4
         on conflict (at_ms, model, act) do nothing",
        params![now_ms, number, because, model],
    )?;
    tx.run(
        "delete from model_act where at_ms < coalesce((
           select min(at_ms) from (select at_ms from model_act order by at_ms desc limit $1) latest), 0)",
        params![ACTS_MAX],
    )
}

/// The latest first.
pub(crate) fn list(tx: &mut dyn Tx) -> Result<Vec<Done>, StoreError> {
    let sql =
        "select at_ms, model, act, card, because from model_act order by at_ms desc, model, act limit $1";
    tx.query(sql, params![ACTS_MAX])?.iter().map(done).collect()
}

fn done(row: &Row) -> Result<Done, StoreError> {
    let unreadable = || StoreError::Corrupt("an act about a model cannot be read".into());
    let number = row.int(2)?;
    Ok(Done {
        at_ms: row.int(0)?,
        model: row.id(1)?,
        act: ACTS.iter().find(|known| known.0 == number).map(|known| known.1).ok_or_else(unreadable)?,
        card: serde_json::from_str(row.text(3)?).map_err(|_| unreadable())?,
        because: row.text(4)?.to_owned(),
    })
}
