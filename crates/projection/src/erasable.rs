//! What is known of people: the latest word counts, whatever the order in which the words arrive, and whoever was erased
//! stays so. Names stand in rows and in the records that said them, and leave both.

use soko_domain::ids::AuthorId;
use soko_record_log::{Row, StoreError, log, params};

use crate::book::Book;
use crate::ledger::Place;

/// The statements for one kind of people: their table, and the one that knows which records said who they are.
pub(crate) struct Erasable {
    word: &'static str,
    remember: &'static str,
    cards: &'static str,
    forget: &'static str,
}

macro_rules! erasable {
    ($table:literal) => {
        Erasable {
            word: concat!(
                "select revision, author, erased from ",
                $table,
                " where log = $1 and ",
                $table,
                " = $2"
            ),
            remember: concat!(
                "insert into ",
                $table,
                "_card (log, ",
                $table,
                ", author, seq) values ($1, $2, $3, $4)
                 on conflict (log, ",
                $table,
                ", author, seq) do nothing"
            ),
            cards: concat!(
                "select author, seq from ",
                $table,
                "_card where log = $1 and ",
                $table,
                " = $2 order by author, seq"
            ),
            forget: concat!("delete from ", $table, "_card where log = $1 and ", $table, " = $2"),
        }
    };
}

pub(crate) const PERSON: Erasable = erasable!("person");
pub(crate) const CUSTOMER: Erasable = erasable!("customer");

impl Erasable {
    /// Whether what a record says is the latest word; which record said it is remembered. Of somebody who was erased
    /// before, the record loses its body at once.
    pub(crate) fn is_latest(
        &self,
        book: &mut Book<'_>,
        place: &Place,
        (who, revision): ([u8; 16], u64),
    ) -> Result<bool, StoreError> {
        let known = book.tx.query_opt(self.word, params![place.log, who])?;
        if known.as_ref().map(|row| row.bool(2)).transpose()? == Some(true) {
            log::withhold(book.tx, place.log, &place.author, place.seq)?;
            return Ok(false);
        }
        book.tx.run(self.remember, params![place.log, who, place.author, place.seq])?;
        let word = |row: Row| Ok::<(u64, AuthorId), StoreError>((row.number(0)?, row.id(1)?));
        let known = known.map(word).transpose()?;
        Ok(known.is_none_or(|known| known < (revision, place.author)))
    }

    /// Takes the bodies of the records that said it, here and in whatever is passed on from here. Only those can lose
    /// their body this way.
    pub(crate) fn forget(&self, book: &mut Book<'_>, place: &Place, who: [u8; 16]) -> Result<(), StoreError> {
        for card in book.tx.query(self.cards, params![place.log, who])? {
            let author: AuthorId = card.id(0)?;
            log::withhold(book.tx, place.log, &author, card.number(1)?)?;
        }
        book.tx.run(self.forget, params![place.log, who])
    }
}
