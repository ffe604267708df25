//! Models in their table. Each is what its hash says, so none ever changes.

use serde::{Deserialize, Serialize};
use soko_domain::ids::Hash;
use soko_record_log::{Row, StoreError, Tx, params};
use utoipa::ToSchema;

/// Models that stay beside the one in use.
const OTHERS_MAX: u32 = 4;

/// What a model was made from, and how it did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Card {
    pub products: usize,
    pub baskets: usize,
    /// Buyers with more than one product.
    pub people: usize,
    /// When the first and the last of these baskets were bought.
    pub from_ms: i64,
    pub to_ms: i64,
    /// The records of the whole server when it was made.
    pub records: i64,
    /// Of the latest baskets, those that were asked about: one product taken away, the rest shown.
    pub tested: usize,
    /// How often what was taken away was among ten suggestions.
    pub found: f64,
    /// The same of the model that was in use then.
    pub found_before: Option<f64>,
    /// By how much the difference may be chance.
    pub give_or_take: f64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    pub model: Hash,
    pub made_ms: i64,
    pub is_in_use: bool,
    pub length: u64,
    pub card: Card,
}

const COLUMNS: &str = "model, made_ms, in_use, length(bytes), card";

fn kept(row: &Row) -> Result<Kept, StoreError> {
    let card = serde_json::from_str(row.text(4)?);
    Ok(Kept {
        model: row.id(0)?,
        made_ms: row.int(1)?,
        is_in_use: row.int(2)? == 1,
        length: row.number(3)?,
        card: card.map_err(|error| StoreError::Corrupt(format!("a model's card cannot be read: {error}")))?,
    })
}

pub(crate) fn in_use(tx: &mut dyn Tx) -> Result<Option<Kept>, StoreError> {
    let row = tx.query_opt(&format!("select {COLUMNS} from model where in_use = 1"), &[])?;
    row.as_ref().map(kept).transpose()
}

/// The latest first.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<Kept>, StoreError> {
    let rows = tx.query(&format!("select {COLUMNS} from model order by made_ms desc, model"), &[])?;
    rows.iter().map(kept).collect()
}

pub(crate) fn bytes(tx: &mut dyn Tx, model: Hash) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_opt("select bytes from model where model = $1", params![model])?;
    row.map(|row| Ok(row.blob(0)?.to_vec())).transpose()
}

/// Keeps a model, which is in use from now on or only kept; the oldest others go.
pub(super) fn put(
    tx: &mut dyn Tx,
    (model, bytes, card): (Hash, &[u8], &str),
    is_better: bool,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into model (model, made_ms, in_use, card, bytes) values ($1, $2, 0, $3, $4)
         on conflict (model) do nothing",
        params![model, now_ms, card, bytes],
    )?;
    if is_better {
        use_instead(tx, model)?;
    }
    tx.execute(
        "delete from model where in_use = 0 and model not in (
           select model from model where in_use = 0 order by made_ms desc, model limit $1)",
        params![OTHERS_MAX],
    )?;
    Ok(())
}

/// From now on this one is in use; whether it is there.
pub fn use_instead(tx: &mut dyn Tx, model: Hash) -> Result<bool, StoreError> {
    if tx.query_opt("select 1 from model where model = $1", params![model])?.is_none() {
        return Ok(false);
    }
    tx.execute("update model set in_use = case when model = $1 then 1 else 0 end", params![model])?;
    Ok(true)
}
