//! Which product has which words, in tables.

use soko_domain::ids::ProductId;
use soko_record_log::{StoreError, Tx, params};
use soko_search::{Entry, words};

use super::Index;

/// Rows that are read at a time.
const PORTION_ROWS: usize = 5_000;

/// What came into the tables, for the index in memory once the transaction is kept.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) words: Vec<(i64, String)>,
    pub(crate) products: Vec<Entry<ProductId>>,
}

impl Changes {
    pub(crate) fn put_into(self, index: &mut Index) {
        for (number, text) in &self.words {
            index.add_word(*number, text);
        }
        self.products.into_iter().for_each(|product| index.put(product));
    }
}

/// Brings the tables up to date with one product. Without a name it leaves the index.
pub(crate) fn index_product(
    tx: &mut dyn Tx,
    stall: i64,
    product: ProductId,
    name: Option<&str>,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let known = tx.query_opt(
        "select place, words from search_product where stall = $1 and product = $2",
        params![stall, product],
    )?;
    let before = known.as_ref().map_or(Ok(Vec::new()), |row| row.blob(1).map(unpack))?;
    let mut now = Vec::new();
    for word in name.map(words).unwrap_or_default() {
        now.push(word_number(tx, stall, word, changes)?);
    }
    if before == now {
        return Ok(());
    }
    let place = match (&known, now.is_empty()) {
        (None, _) => {
            let sql =
                "insert into search_product (stall, product, words) values ($1, $2, $3) returning place";
            tx.query_one(sql, params![stall, product, pack(&now)])?.int(0)?
        }
        (Some(row), true) => {
            let place = row.int(0)?;
            tx.execute("delete from search_product where place = $1", params![place])?;
            place
        }
        (Some(row), false) => {
            let place = row.int(0)?;
            tx.execute("update search_product set words = $2 where place = $1", params![place, pack(&now)])?;
            place
        }
    };
    changes.products.push(Entry { place, key: product, words: now });
    Ok(())
}

fn word_number(tx: &mut dyn Tx, stall: i64, word: String, changes: &mut Changes) -> Result<i64, StoreError> {
    let known =
        tx.query_opt("select word from search_word where stall = $1 and text = $2", params![stall, word])?;
    if let Some(row) = known {
        return row.int(0);
    }
    let sql = "insert into search_word (stall, text) values ($1, $2) returning word";
    let number = tx.query_one(sql, params![stall, word])?.int(0)?;
    changes.words.push((number, word));
    Ok(number)
}

/// Reads a stall's whole index into memory.
pub(crate) fn load(tx: &mut dyn Tx, stall: i64) -> Result<Index, StoreError> {
    let mut index = Index::default();
    let mut last = 0;
    loop {
        // The sign keeps the planner from the index by text, which it would sort anew for each portion.
        let sql = "select word, text from search_word where +stall = $1 and word > $2 order by word limit $3";
        let rows = tx.query(sql, params![stall, last, PORTION_ROWS])?;
        let Some(row) = rows.last() else { break };
        last = row.int(0)?;
        for row in &rows {
            index.add_word(row.int(0)?, row.text(1)?);
        }
    }
    last = 0;
    loop {
        let sql = "select place, product, words from search_product
                   where +stall = $1 and place > $2 order by place limit $3";
        let rows = tx.query(sql, params![stall, last, PORTION_ROWS])?;
        let Some(row) = rows.last() else { return Ok(index) };
        last = row.int(0)?;
        for row in &rows {
            let words = unpack(row.blob(2)?);
            index.put(Entry { place: row.int(0)?, key: row.id(1)?, words });
        }
    }
}

fn pack(words: &[i64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn unpack(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|word| i64::from_be_bytes(word.try_into().unwrap_or_default())).collect()
}
