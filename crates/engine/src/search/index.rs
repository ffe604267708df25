//! Which product has which words, in tables.

use std::collections::BTreeMap;

use soko_domain::ids::ProductId;
use soko_record_log::{Param, Row, StoreError, ToParam as _, Tx, params};

use super::fold::words;
use super::fuzzy::Typed;
use super::vocabulary::{MATCHES_MAX, Match, Vocabulary};

/// Most products that are compared for one search.
const CANDIDATES_MAX: usize = 400;
/// Typed words beyond this are not looked for.
const TYPED_WORDS_MAX: usize = 4;
/// What a typed word costs that a product lacks.
const COST_LACKING: u32 = 1_000;
/// What each further word of a name costs: the product that is called just so comes first.
const COST_FURTHER_WORD: u32 = 1;

/// Words that came into the tables, for the vocabulary once the transaction is kept.
pub(crate) type NewWords = Vec<(i64, String)>;

/// Brings the index up to date with one product. Without a name it leaves the index.
pub(crate) fn index_product(
    tx: &mut dyn Tx,
    stall: i64,
    product: ProductId,
    name: Option<&str>,
    new_words: &mut NewWords,
) -> Result<(), StoreError> {
    let known = tx.query_opt(
        "select place, words from search_product where stall = $1 and product = $2",
        params![stall, product],
    )?;
    let before = known.as_ref().map_or(Ok(Vec::new()), |row| row.blob(1).map(unpack))?;
    let mut now = Vec::new();
    for word in name.map(words).unwrap_or_default() {
        now.push(word_number(tx, stall, word, new_words)?);
    }
    if before == now {
        return Ok(());
    }
    let place = match &known {
        Some(row) => row.int(0)?,
        None => new_place(tx, stall, product)?,
    };
    for word in before.iter().filter(|word| !now.contains(word)) {
        tx.execute("delete from search_posting where word = $1 and place = $2", params![word, place])?;
    }
    for word in now.iter().filter(|word| !before.contains(word)) {
        tx.execute("insert into search_posting (word, place) values ($1, $2)", params![word, place])?;
    }
    if now.is_empty() {
        tx.execute("delete from search_product where place = $1", params![place])?;
    } else {
        tx.execute("update search_product set words = $2 where place = $1", params![place, pack(&now)])?;
    }
    Ok(())
}

fn new_place(tx: &mut dyn Tx, stall: i64, product: ProductId) -> Result<i64, StoreError> {
    let row = tx.query_one(
        "insert into search_product (stall, product, words) values ($1, $2, $3) returning place",
        params![stall, product, Vec::<u8>::new()],
    )?;
    row.int(0)
}

fn word_number(
    tx: &mut dyn Tx,
    stall: i64,
    word: String,
    new_words: &mut NewWords,
) -> Result<i64, StoreError> {
    let known =
        tx.query_opt("select word from search_word where stall = $1 and text = $2", params![stall, word])?;
    if let Some(row) = known {
        return row.int(0);
    }
    let row = tx.query_one(
        "insert into search_word (stall, text) values ($1, $2) returning word",
        params![stall, word],
    )?;
    let number = row.int(0)?;
    new_words.push((number, word));
    Ok(number)
}

/// A product and how near it is to what was typed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Found {
    pub(crate) cost: u32,
    pub(crate) product: ProductId,
}

/// The nearest products, the nearest first, no more than `rows_max`. A product that has all typed words comes
/// before every one that lacks a word.
pub(crate) fn search(
    tx: &mut dyn Tx,
    vocabulary: &Vocabulary,
    text: &str,
    rows_max: usize,
) -> Result<Vec<Found>, StoreError> {
    let typed: Vec<Vec<Match>> = words(text)
        .into_iter()
        .take(TYPED_WORDS_MAX)
        .map(|word| vocabulary.nearest(&Typed::new(word)))
        .filter(|nearest| !nearest.is_empty())
        .collect();
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let mut candidates = BTreeMap::new();
    let rarest = rarest(tx, &typed)?;
    let others: Vec<&Vec<Match>> =
        typed.iter().enumerate().filter(|(place, _)| *place != rarest).map(|(_, nearest)| nearest).collect();
    collect(tx, &typed[rarest], &others, &mut candidates)?;
    if candidates.len() < rows_max && !others.is_empty() {
        // Too few have all the words: those that have the rarest one, or any other, follow.
        collect(tx, &typed[rarest], &[], &mut candidates)?;
        for nearest in others {
            collect(tx, nearest, &[], &mut candidates)?;
        }
    }
    let costed = candidates.into_values().map(|(product, has)| Found { cost: cost(&typed, &has), product });
    let mut found: Vec<Found> = costed.collect();
    found.sort_unstable();
    found.truncate(rows_max);
    Ok(found)
}

/// The typed word that the fewest products have: it leads the search.
fn rarest(tx: &mut dyn Tx, typed: &[Vec<Match>]) -> Result<usize, StoreError> {
    let mut least = (usize::MAX, 0);
    for (place, nearest) in typed.iter().enumerate().filter(|_| typed.len() > 1) {
        let mut products = 0;
        for found in nearest {
            let row = tx.query_one(
                "select count(*) from (select 1 from search_posting where word = $1 limit $2)",
                params![found.word, CANDIDATES_MAX],
            )?;
            products += row.number::<usize>(0)?;
        }
        least = least.min((products, place));
    }
    Ok(least.1)
}

type Candidates = BTreeMap<i64, (ProductId, Vec<i64>)>;

/// Products that have a word of `leading`, and one of each of `others`.
fn collect(
    tx: &mut dyn Tx,
    leading: &[Match],
    others: &[&Vec<Match>],
    candidates: &mut Candidates,
) -> Result<(), StoreError> {
    let sql = statement(others.len());
    for found in leading {
        let Some(left) = CANDIDATES_MAX.checked_sub(candidates.len()).filter(|left| *left > 0) else { break };
        let mut params = vec![Param::Int(found.word), left.to_param()];
        for nearest in others {
            // Every statement has room for the most words; the last one fills what is left.
            let last = nearest.last().map_or(0, |last| last.word);
            let padded = nearest.iter().map(|other| other.word).chain(std::iter::repeat(last));
            params.extend(padded.take(MATCHES_MAX).map(Param::Int));
        }
        for row in tx.query(&sql, &params)? {
            candidates.insert(row.int(0)?, candidate(&row)?);
        }
    }
    Ok(())
}

fn candidate(row: &Row) -> Result<(ProductId, Vec<i64>), StoreError> {
    let product = ProductId(row.id::<[u8; 16]>(1)?);
    Ok((product, unpack(row.blob(2)?)))
}

fn statement(others: usize) -> String {
    let has = |other: usize| {
        let first = 3 + other * MATCHES_MAX;
        let places: Vec<String> = (first..first + MATCHES_MAX).map(|place| format!("${place}")).collect();
        format!(
            " and exists (select 1 from search_posting o where o.place = l.place and o.word in ({}))",
            places.join(", ")
        )
    };
    let all: String = (0..others).map(has).collect();
    format!(
        "select p.place, p.product, p.words from search_posting l join search_product p on p.place = l.place
         where l.word = $1{all} order by l.place limit $2"
    )
}

fn cost(typed: &[Vec<Match>], has: &[i64]) -> u32 {
    let of_word = |nearest: &Vec<Match>| {
        let best = nearest.iter().filter(|found| has.contains(&found.word)).map(|found| found.cost).min();
        best.unwrap_or(COST_LACKING)
    };
    let further = u32::try_from(has.len().saturating_sub(typed.len())).unwrap_or(u32::MAX);
    typed.iter().map(of_word).sum::<u32>().saturating_add(further.saturating_mul(COST_FURTHER_WORD))
}

fn pack(words: &[i64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn unpack(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|word| i64::from_be_bytes(word.try_into().unwrap_or_default())).collect()
}
