//! Models that whoever runs the server asks: how much they find, and what they suggest and why.

use std::collections::BTreeMap;

use soko_domain::ids::{Hash, ProductId};
use soko_recommend::packed::{Packed, Reason, Wanted};
use soko_recommend::train::{Found, Way};
use soko_record_log::StoreError;

use super::job::{NotTrained, SEED, Tell, behind, enough, gather, on_some_cores, step};
use super::kept::{self, Kept};
use crate::store::Store;

/// As a device shows.
const LIST: usize = 10;
/// Fewer baskets say nothing of a model.
const ASKED_MIN: usize = 30;

/// How much is found of what was taken out of the latest baskets.
pub struct Evaluated {
    /// By a model that was made for this without them.
    pub model: Found,
    pub together: Found,
    pub popular: Found,
    /// By the models that are kept, of those that they did not learn from; none where these are too few.
    pub kept: Vec<(Kept, Option<Found>)>,
}

/// Takes as long as a training, and keeps nothing.
///
/// # Errors
/// As for a training.
pub fn evaluate(store: &Store, now_ms: i64, tell: Tell<'_>) -> Result<Evaluated, NotTrained> {
    let mut gathered = gather(store, now_ms, tell)?;
    enough(&gathered)?;
    step(tell, 40, "weighing")?;
    gathered.trade.weights = on_some_cores(|| gathered.trade.choose_weights(SEED));
    step(tell, 60, "training")?;
    let trade = &gathered.trade;
    let (bytes, before) = on_some_cores(|| trade.held_out(SEED))?;
    let packed = Packed::read(&bytes).map_err(|_| NotTrained::NoModel)?;
    step(tell, 80, "asking")?;
    let ask = |way| trade.ask((&packed, way), before, SEED);
    let [model, together, popular] = [Way::Model, Way::Together, Way::Popular].map(ask);
    let mut all = Vec::new();
    for known in store.read_blocking(kept::list).map_err(StoreError::from)? {
        let id = known.model;
        let bytes = store.read_blocking(move |tx| kept::bytes(tx, id)).map_err(StoreError::from)?;
        let unseen = behind(&gathered.times_ms, known.card.to_ms);
        // What another version packed is as good as none.
        let packed = bytes.filter(|_| unseen >= ASKED_MIN).and_then(|bytes| Packed::read(&bytes).ok());
        let found = packed
            .map(|packed| trade.ask((&packed, Way::Model), before.max(trade.baskets.len() - unseen), SEED));
        all.push((known, found.filter(|found| found.tested >= ASKED_MIN)));
    }
    step(tell, 100, "done")?;
    Ok(Evaluated { model, together, popular, kept: all })
}

/// What a model suggests for a basket, with each reason in words.
pub struct Explained {
    /// What the words that were given mean: each a product of the market.
    pub basket: Vec<(ProductId, String)>,
    /// Of these words nothing is called so.
    pub unknown: Vec<String>,
    pub goes_with: Vec<(ProductId, String, String)>,
    pub for_whom: Vec<(ProductId, String, String)>,
}

/// Asks a kept model, or the one in use, about products that are named or given by their identity.
///
/// # Errors
/// Where there is no such model that this version reads, or the store fails.
pub fn explain(store: &Store, model: Option<Hash>, words: &[String]) -> Result<Explained, NotTrained> {
    let read = store.read_blocking(move |tx| {
        let model = match model {
            Some(model) => Some(model),
            None => kept::in_use(tx)?.map(|known| known.model),
        };
        let bytes = model.map_or(Ok(None), |model| kept::bytes(tx, model))?;
        let rows = tx.query("select product, name from product where archived = 0 order by product", &[])?;
        let named = rows.iter().map(|row| Ok((ProductId(row.id(0)?), row.text(1)?.to_owned())));
        Ok((bytes, named.collect::<Result<BTreeMap<_, _>, StoreError>>()?))
    });
    let (bytes, names) = read.map_err(StoreError::from)?;
    let packed = bytes.and_then(|bytes| Packed::read(&bytes).ok()).ok_or(NotTrained::NoModel)?;
    let (mut basket, mut unknown) = (Vec::new(), Vec::new());
    for word in words {
        let meant = names.iter().find(|(product, name)| {
            product.to_string() == *word || name.to_lowercase() == word.to_lowercase()
        });
        match meant {
            Some((product, name)) => basket.push((*product, name.clone())),
            None => unknown.push(word.clone()),
        }
    }
    let numbers: BTreeMap<u32, (ProductId, &String)> = names
        .iter()
        .filter_map(|(product, name)| Some((packed.number(&product.0)?, (*product, name))))
        .collect();
    let asked: Vec<u32> = basket.iter().filter_map(|(product, _)| packed.number(&product.0)).collect();
    let may_show = |it: u32| numbers.contains_key(&it);
    let wanted = Wanted { count: LIST, may_show: &may_show, explore: None };
    let name = |it: u32| numbers.get(&it).map_or_else(|| "something else".to_owned(), |it| it.1.clone());
    let row = |product: u32, reason| {
        let (id, called) = numbers.get(&product)?;
        Some((*id, (*called).clone(), words_of(reason, &name)))
    };
    let goes_with = packed.goes_with(&asked, &wanted);
    let for_whom = packed.suggest(&asked, &wanted);
    Ok(Explained {
        basket,
        unknown,
        goes_with: goes_with.iter().filter_map(|it| row(it.product, it.reason)).collect(),
        for_whom: for_whom.iter().filter_map(|it| row(it.product, it.reason)).collect(),
    })
}

fn words_of(reason: Reason, name: &dyn Fn(u32) -> String) -> String {
    match reason {
        Reason::Together { with, both, of } => {
            format!("bought with {} in about {both} of {of} baskets", name(with))
        }
        Reason::Like { product } => format!("who had {} had this, too", name(product)),
        Reason::Similar { product } => format!("similar to {}", name(product)),
        Reason::Popular => "many have it in their basket".to_owned(),
    }
}
