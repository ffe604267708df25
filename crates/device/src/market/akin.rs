//! What is like a product by what it is called and where it stands: all that can be said before anybody learnt from what was bought.
//!
//! What many products have says of none what it is: "with" no more than a category that holds everything. How many have it is counted
//! among what is kept here, so it needs no list of words, and holds for any language.

use std::collections::BTreeMap;

use soko_app_api::OfferRow;
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_record_log::{StoreError, Tx, params};
use soko_search::{Names, fold, words};

use super::cache::stall_kept;
use super::offers::{of_category, offer};
use crate::device::Device;
use crate::failure::Undone;

type Key = (LogId, ProductId);

/// Letters of the shortest word that says what something is.
const WORD_MIN: usize = 3;
/// So few products that have a word say what it is in any case: a small stall sells mostly one thing.
const FEW_IN_STALL: usize = 4;
const FEW_IN_MARKET: usize = 24;
/// A word that more than one of so many products has says nothing.
const PART_OF_STALL: usize = 5;
const PART_OF_MARKET: usize = 20;

/// What products may have in common: what it is called, and who has it.
struct Common {
    what: Option<String>,
    having: Vec<Key>,
}

impl Device {
    /// Others of the same stall with what an offer and they have in common by name or category; those first that share most of what few
    /// have, and of that the rarest is told. Without a name where a category's is not known here.
    pub(crate) fn offers_akin(
        &self,
        to: &OfferRow,
        most: usize,
    ) -> Result<Vec<(OfferRow, Option<String>)>, Undone> {
        self.warm_names()?;
        let (in_stall, in_all) = self.read(|tx| sizes(tx, to.stall))?;
        let mut common = match self.names.borrow().as_ref() {
            Some(names) => by_name(names, (to.stall, &to.name), (in_stall, in_all)),
            None => Vec::new(),
        };
        self.read(|tx| {
            let page = stall_kept(tx, to.stall)?.and_then(|(_, _, page)| page);
            let named = |category: ThingId| {
                let known = page.iter().flat_map(|page| &page.categories);
                known.into_iter().find(|it| it.category == category).map(|it| it.name.clone())
            };
            for category in &to.categories {
                let having =
                    of_category(tx, *category)?.into_iter().filter(|key| key.0 == to.stall).collect();
                common.push(Common { what: named(*category), having });
            }
            let mut rows = Vec::new();
            for (key, what) in ranked(&common, (to.stall, to.product), in_stall).into_iter().take(most) {
                rows.extend(offer(tx, key.0, key.1)?.map(|kept| (kept.row, what)));
            }
            Ok(rows)
        })
    }
}

/// How many products are kept here, of a stall and of all.
fn sizes(tx: &mut dyn Tx, stall: LogId) -> Result<(usize, usize), StoreError> {
    let own = tx.query_one("select count(*) from market_offer where stall = $1", params![stall])?;
    let all = tx.query_one("select count(*) from market_offer", &[])?;
    Ok((own.number(0)?, all.number(0)?))
}

/// Each word of a name that says what something is, and the stall's products that have it.
fn by_name(
    names: &Names<Key>,
    (stall, name): (LogId, &str),
    (in_stall, in_all): (usize, usize),
) -> Vec<Common> {
    let mut common = Vec::new();
    for word in words(name).into_iter().filter(|word| is_a_word(word)) {
        // Just this word: what a search forgives is not what two have in common.
        let all: Vec<Key> = names.with_word(&word).collect();
        let having: Vec<Key> = all.iter().copied().filter(|key| key.0 == stall).collect();
        if tells(having.len(), (in_stall, FEW_IN_STALL, PART_OF_STALL))
            && tells(all.len(), (in_all, FEW_IN_MARKET, PART_OF_MARKET))
        {
            common.push(Common { what: Some(as_written(name, word)), having });
        }
    }
    common
}

/// No number of how much it is.
fn is_a_word(word: &str) -> bool {
    word.chars().count() >= WORD_MIN && word.chars().all(char::is_alphabetic)
}

fn tells(having: usize, (of, few, part): (usize, usize, usize)) -> bool {
    having <= few || having.saturating_mul(part) <= of
}

/// A word as a name has it, with its accents and capitals.
fn as_written(name: &str, word: String) -> String {
    let written = name.split(|letter: char| !letter.is_alphanumeric()).find(|part| fold(part) == word);
    written.map_or(word, str::to_owned)
}

/// Who shares most, and what of it the fewest have.
fn ranked(common: &[Common], to: Key, in_stall: usize) -> Vec<(Key, Option<String>)> {
    let mut shares: BTreeMap<Key, (f64, f64, Option<&str>)> = BTreeMap::new();
    for it in common {
        let rarity = (in_stall.max(it.having.len()) as f64 + 1.0).ln() - (it.having.len() as f64).ln();
        for key in it.having.iter().filter(|key| **key != to) {
            let (sum, most, what) = shares.entry(*key).or_insert((0.0, 0.0, None));
            *sum += rarity;
            if rarity > *most {
                (*most, *what) = (rarity, it.what.as_deref());
            }
        }
    }
    let mut found: Vec<_> = shares.into_iter().map(|(key, (sum, _, what))| (key, sum, what)).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.into_iter().map(|(key, _, what)| (key, what.map(str::to_owned))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: LogId = LogId([1; 16]);

    fn key(at: usize) -> Key {
        (STALL, ProductId([u8::try_from(at).unwrap(); 16]))
    }

    fn akin(all: &[&str], name: &str) -> Vec<(String, String)> {
        let mut names = Names::default();
        all.iter().enumerate().for_each(|(at, name)| names.put(key(at), name));
        let to = key(all.iter().position(|it| *it == name).unwrap());
        let common = by_name(&names, (STALL, name), (all.len(), all.len()));
        let named = |it: Key| (0..all.len()).find(|at| key(*at) == it).map(|at| all[at].to_owned()).unwrap();
        ranked(&common, to, all.len()).into_iter().map(|(it, what)| (named(it), what.unwrap())).collect()
    }

    #[test]
    fn what_many_have_in_their_names_makes_nothing_alike_in_any_language() {
        let drinks = ["Thé glacé avec menthe", "Thé vert", "Eau avec gaz", "Jus avec pulpe"];
        let others = ["Pain avec noix", "Riz avec pois", "Lampe avec pile", "Sac avec anse"];
        let rest = ["Savon", "Bougie", "Carnet", "Stylo", "Corde", "Clou", "Miel", "Sucre", "Sel", "Poivre"];
        let all: Vec<&str> = drinks.iter().chain(&others).chain(&rest).copied().collect();
        // Seven of eighteen have "avec".
        let tea = ("Thé vert".to_owned(), "Thé".to_owned());
        assert_eq!(akin(&all, "Thé glacé avec menthe"), [tea]);
        assert_eq!(akin(&all, "Pain avec noix"), []);
        // Where a stall sells hardly anything else, the word is what it sells.
        let mangoes = ["Mango", "Green mango", "Dried mango", "Tea"];
        let alike: Vec<_> = akin(&mangoes, "Mango").into_iter().map(|it| it.0).collect();
        assert_eq!(alike, ["Green mango", "Dried mango"]);
    }

    #[test]
    fn a_word_that_another_one_begins_with_or_is_nearly_is_not_in_common() {
        let all = ["Thé vert", "Menthe fraîche", "Thermos", "The", "Vest", "Sel"];
        assert_eq!(akin(&all, "Menthe fraîche"), []);
        assert_eq!(akin(&all, "Thermos"), []);
        assert_eq!(akin(&all, "Thé vert"), [("The".to_owned(), "Thé".to_owned())]);
    }

    #[test]
    fn who_shares_what_fewer_have_comes_first_and_that_is_told() {
        let having = |all: &[usize]| all.iter().map(|at| key(*at)).collect();
        let common = [
            Common { what: Some("tea".into()), having: having(&[0, 1, 2, 3]) },
            Common { what: Some("Mint".into()), having: having(&[0, 2]) },
            Common { what: None, having: having(&[0, 1, 2, 3, 4, 5]) },
        ];
        let said = |what: &str| Some(what.to_owned());
        let wanted = [
            (key(2), said("Mint")),
            (key(1), said("tea")),
            (key(3), said("tea")),
            (key(4), None),
            (key(5), None),
        ];
        assert_eq!(ranked(&common, key(0), 20), wanted);
    }
}
