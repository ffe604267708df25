//! Models in their table. Each is what its hash says, so none ever changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use soko_domain::ids::Hash;
use soko_experiment::Share;
use soko_recommend::train::Compared;
use soko_record_log::{Row, StoreError, Tx, params};
use utoipa::ToSchema;

use super::acts::{self, Act};
use super::refresh::Try;

/// Models that stay beside the one in use and those of an experiment: so many trained ones, which reach back for days, and so many refreshed
/// ones, of which an hour may bring several.
const OTHERS_MAX: usize = 4;

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
    /// What people who agreed had told of products by then; 0 in cards of older versions.
    #[serde(default)]
    pub met: i64,
    /// Of the latest baskets, those that were asked about: one product taken away, the rest shown.
    pub tested: usize,
    /// How often what was taken away was among ten suggestions.
    pub found: f64,
    /// The same of the model that was in use then.
    pub found_before: Option<f64>,
    /// By how much the difference may be chance.
    pub give_or_take: f64,
    /// The same question about people; nothing where nobody could be asked about, and in cards of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_you: Option<ForYou>,
    /// What it was trained with; nothing in cards of older versions.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    /// Whom it follows, where it was not trained but refreshed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Follows>,
}

/// How often what somebody bought next was among the ten that are for them, from what they had and liked until then.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ForYou {
    /// People who were asked about.
    pub tested: usize,
    pub found: f64,
    /// Of the model that was in use then; nothing where they were too few to compare by.
    pub found_before: Option<f64>,
    pub give_or_take: f64,
}

impl From<Compared> for ForYou {
    fn from(Compared { tested, new, old, give_or_take }: Compared) -> Self {
        Self { tested, found: new, found_before: old, give_or_take }
    }
}

impl ForYou {
    /// Whether it did worse than the model in use, by more than chance would explain.
    pub(crate) fn is_worse(&self) -> bool {
        let Self { tested, found, found_before, give_or_take } = *self;
        Compared { tested, new: found, old: found_before, give_or_take }.is_worse()
    }
}

/// The model that a refreshed one was made from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Follows {
    /// SHA-256 of its bytes.
    pub parent: String,
    /// What was bought after this is what was folded in.
    pub since_ms: i64,
    /// This one is the first, second… since the last training.
    pub refreshes: u32,
    /// When that was, and the records and deeds of the server then.
    pub trained_ms: i64,
    pub records: i64,
    pub met: i64,
}

impl Card {
    /// Of the baskets that were asked about, those whose product was found.
    pub(crate) fn hits(&self) -> Share {
        let of = self.tested as u64;
        // A part of them between nothing and all.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `of`")]
        let hits = (self.found * of as f64).round().clamp(0.0, of as f64) as u64;
        Share { hits, of }
    }
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

/// When something was learnt last, and when it was a training, as kept models say: also one that did worse, or that somebody went back from.
pub(super) struct Tries {
    pub(super) last: Try,
    pub(super) training: Try,
}

pub(super) fn tries(tx: &mut dyn Tx) -> Result<Option<Tries>, StoreError> {
    let all = list(tx)?;
    let made = |it: &Kept| Try { at_ms: it.made_ms, records: it.card.records, met: it.card.met };
    let trained = |it: &Kept| match &it.card.follows {
        Some(it) => Try { at_ms: it.trained_ms, records: it.records, met: it.met },
        None => made(it),
    };
    let last = all.iter().map(made).max_by_key(|it| it.at_ms);
    let training = all.iter().map(trained).max_by_key(|it| it.at_ms);
    Ok(last.zip(training).map(|(last, training)| Tries { last, training }))
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

/// Keeps a model, which is in use from now on or only kept; the oldest others go, but none of a running experiment.
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
        put_in_use(tx, model)?;
    }
    acts::note(tx, if is_better { Act::Used } else { Act::KeptAside }, model, "", now_ms)?;
    let all = list(tx)?;
    for is_refreshed in [false, true] {
        let others = all.iter().filter(|it| !it.is_in_use && it.card.follows.is_some() == is_refreshed);
        for old in others.skip(OTHERS_MAX) {
            tx.run(
                "delete from model where model = $1 and not exists (
                   select 1 from experiment_arm a join experiment e on e.experiment = a.experiment
                   where a.model = model.model and e.ended_ms is null)",
                params![old.model],
            )?;
        }
    }
    Ok(())
}

/// From now on this one is in use, because somebody says so; whether it is there.
pub fn use_instead(tx: &mut dyn Tx, (model, because): (Hash, &str), now_ms: i64) -> Result<bool, StoreError> {
    if !is_kept(tx, model)? {
        return Ok(false);
    }
    put_in_use(tx, model)?;
    acts::note(tx, Act::Chosen, model, because, now_ms)?;
    Ok(true)
}

pub(crate) fn is_kept(tx: &mut dyn Tx, model: Hash) -> Result<bool, StoreError> {
    Ok(tx.query_opt("select 1 from model where model = $1", params![model])?.is_some())
}

fn put_in_use(tx: &mut dyn Tx, model: Hash) -> Result<(), StoreError> {
    tx.run("update model set in_use = case when model = $1 then 1 else 0 end", params![model])
}
