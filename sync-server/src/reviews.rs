//! Reviews in the store: written by buyers of what they have, answered by the stall, hidden by the operator. Functions
//! over one open transaction; the rule is the domain's.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_domain::review::{self, Facts, Unfit};
use soko_domain::role::Role;
use soko_projection::read as facts;
use soko_record_log::{Param, Row, StoreError, Tx, params};

use crate::market::note_goods;
use crate::messages::outbox::{self, About};
use crate::messages::{Offers, Topic};
use crate::platform::{Refusal, guests};

/// A review, and all that belongs to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Review {
    pub review: ThingId,
    pub stall: LogId,
    pub product: ProductId,
    /// Empty if the product is not known any more.
    pub product_name: String,
    pub stars: u8,
    pub words: String,
    pub written_ms: i64,
    pub answer: String,
    pub answered_ms: Option<i64>,
    /// Empty is not hidden.
    pub hidden_because: String,
}

/// What is bought and by whom, as a buyer names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Purchase {
    pub stall: LogId,
    pub order: OrderId,
    pub product: ProductId,
    pub buyer: ThingId,
}

impl Purchase {
    /// By whoever placed the order, where its buyer was a guest then and has an account now.
    pub fn as_its_buyer(self, tx: &mut dyn Tx) -> Result<Self, StoreError> {
        let buyer = guests::ordered_as(tx, self.buyer, (self.stall, self.order))?;
        Ok(Self { buyer, ..self })
    }

    /// What its review is called in public.
    pub fn review(&self) -> ThingId {
        let mut hasher = Sha256::new_with_prefix(b"soko review 1");
        hasher.update(self.stall.as_bytes());
        hasher.update(self.order.as_bytes());
        hasher.update(self.product.as_bytes());
        let hash: [u8; 32] = hasher.finalize().into();
        let mut id = ThingId::default();
        id.0.copy_from_slice(&hash[..ThingId::SIZE]);
        id
    }
}

/// Which reviews are looked at, the latest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Of {
    Product(LogId, ProductId),
    /// Of these together.
    Family(LogId, Vec<ProductId>),
    Stall(LogId),
    /// Everywhere, hidden ones too: for the operator.
    Market,
}

/// Writes a review, or changes what was written. Says whether it is a new one.
pub fn put(tx: &mut dyn Tx, of: &Purchase, (stars, words): (u8, &str), now_ms: i64) -> Result<bool, Refusal> {
    let facts = purchase(tx, of)?.ok_or(Refusal::NoSuchOrder)?;
    review::check(&facts, of.buyer, stars, words)?;
    let id = of.review();
    let is_new = tx.query_opt("select 1 from review where review = $1", params![id])?.is_none();
    tx.run(
        "insert into review (review, log, order_id, product, buyer, stars, words, written_ms, changed_ms, answer,
                             hidden_because)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, '', '')
         on conflict (review) do update
         set stars = excluded.stars, words = excluded.words, changed_ms = excluded.changed_ms",
        params![id, of.stall, of.order, of.product, of.buyer, stars, words.trim(), now_ms],
    )?;
    add_up(tx, of.stall, of.product)?;
    Ok(is_new)
}

/// Takes it back; what was not there stays away. Of one that the operator hid stays that it is hidden, without stars: whoever writes
/// it again writes what nobody sees.
pub fn take_back(tx: &mut dyn Tx, of: &Purchase) -> Result<(), Refusal> {
    let facts = purchase(tx, of)?.ok_or(Refusal::NoSuchOrder)?;
    if facts.buyer != of.buyer {
        return Err(Unfit::NotYours.into());
    }
    let id = of.review();
    tx.run("delete from review where review = $1 and hidden_because = ''", params![id])?;
    tx.run(
        "update review set stars = 0, words = '', answer = '', answered_ms = null where review = $1",
        params![id],
    )?;
    Ok(add_up(tx, of.stall, of.product)?)
}

/// What the stall says to it; nothing takes its answer back.
pub fn answer(
    tx: &mut dyn Tx,
    (stall, review): (LogId, ThingId),
    words: &str,
    now_ms: i64,
) -> Result<(), Refusal> {
    review::plain(words)?;
    let answered_ms = Some(now_ms).filter(|_| !words.trim().is_empty());
    let changed = tx.execute(
        "update review set answer = $3, answered_ms = $4 where review = $1 and log = $2 and hidden_because = ''",
        params![review, stall, words.trim(), answered_ms],
    )?;
    if changed == 0 { Err(Refusal::NoSuchReview) } else { Ok(note_goods(tx, stall)?) }
}

/// Where a review was written.
pub fn stall_of(tx: &mut dyn Tx, id: ThingId) -> Result<Option<LogId>, StoreError> {
    let row = tx.query_opt("select log from review where review = $1", params![id])?;
    row.map(|row| row.id(0)).transpose()
}

/// Hides it from everybody for a reason, or shows it again without one.
pub fn hide(tx: &mut dyn Tx, id: ThingId, because: Option<&str>) -> Result<(), Refusal> {
    if let Some(because) = because {
        review::reason(because)?;
    }
    let row = tx.query_opt("select log, product from review where review = $1", params![id])?;
    let row = row.ok_or(Refusal::NoSuchReview)?;
    let (stall, product): (LogId, ProductId) = (row.id(0)?, row.id(1)?);
    let because = because.map_or("", str::trim);
    tx.run("update review set hidden_because = $2 where review = $1", params![id, because])?;
    // Nothing is left to show of one that was taken back.
    tx.run("delete from review where review = $1 and hidden_because = '' and stars = 0", params![id])?;
    Ok(add_up(tx, stall, product)?)
}

pub fn list(tx: &mut dyn Tx, of: Of, (offset, rows): (u32, u32)) -> Result<Vec<Review>, StoreError> {
    let (which, mut params): (String, Vec<Param<'_>>) = match &of {
        Of::Product(stall, product) => (
            "r.log = $3 and r.product = $4 and r.hidden_because = ''".to_owned(),
            vec![stall.into(), product.into()],
        ),
        Of::Family(stall, products) => {
            let places: Vec<String> = (4..products.len() + 4).map(|at| format!("${at}")).collect();
            let which =
                format!("r.log = $3 and r.product in ({}) and r.hidden_because = ''", places.join(", "));
            (which, std::iter::once(stall.into()).chain(products.iter().map(Param::from)).collect())
        }
        Of::Stall(stall) => ("r.log = $3 and r.hidden_because = ''".to_owned(), vec![stall.into()]),
        Of::Market => ("r.stars > 0".to_owned(), Vec::new()),
    };
    let (offset, rows) = (i64::from(offset), i64::from(rows));
    params.splice(0..0, [rows.into(), offset.into()]);
    let sql = format!(
        "select r.review, r.log, r.product, coalesce(p.name, ''), r.stars, r.words, r.written_ms, r.answer,
                r.answered_ms, r.hidden_because
         from review r left join product p on p.log = r.log and p.product = r.product
         where {which} order by r.written_ms desc, r.review limit $1 offset $2"
    );
    tx.query(&sql, &params)?.iter().map(read).collect()
}

/// Of an account, also what it wrote as a guest.
const BY: &str = "(buyer = $1 or buyer in (select guest from guest_account where account = $1))";

/// What somebody wrote: product, stars, words and when.
pub fn of_buyer(tx: &mut dyn Tx, buyer: ThingId) -> Result<Vec<Review>, StoreError> {
    let sql = format!(
        "select r.review, r.log, r.product, coalesce(p.name, ''), r.stars, r.words, r.written_ms, r.answer,
                r.answered_ms, r.hidden_because
         from review r left join product p on p.log = r.log and p.product = r.product
         where {BY} and r.stars > 0 order by r.written_ms, r.review"
    );
    tx.query(&sql, params![buyer])?.iter().map(read).collect()
}

/// Takes away all that somebody wrote, while it is known which guests they were. Says at which stalls.
pub fn erase(tx: &mut dyn Tx, buyer: ThingId) -> Result<Vec<LogId>, StoreError> {
    let written = of_buyer(tx, buyer)?;
    tx.run(&format!("delete from review where {BY}"), params![buyer])?;
    let mut stalls = Vec::new();
    for review in written {
        add_up(tx, review.stall, review.product)?;
        if !stalls.contains(&review.stall) {
            stalls.push(review.stall);
        }
    }
    Ok(stalls)
}

fn purchase(tx: &mut dyn Tx, of: &Purchase) -> Result<Option<Facts>, StoreError> {
    let Some(found) = facts::order(tx, of.stall, of.order)? else { return Ok(None) };
    let placed = facts::order_placed(tx, of.stall, &found)?;
    // A line that went when something else was taken in its place has nothing in it.
    let has_product = placed.lines.iter().any(|line| line.product == of.product && line.quantity > 0);
    let sql = "select 1 from member where stall = $1
               and (account = $2 or account in (select account from guest_account where guest = $2))";
    let sells_here = tx.query_opt(sql, params![of.stall, placed.buyer])?.is_some();
    Ok(Some(Facts { buyer: placed.buyer, state: found.state, has_product, sells_here }))
}

/// What is shown of a product's reviews, and that its row shows something else now.
fn add_up(tx: &mut dyn Tx, stall: LogId, product: ProductId) -> Result<(), StoreError> {
    // Not taken away and put again: an account that is erased may meet a buyer who writes.
    tx.run(
        "insert into review_sum (log, product, reviews, stars)
         select $1, $2, count(*), cast(coalesce(sum(stars), 0) as bigint) from review
         where log = $1 and product = $2 and hidden_because = ''
         on conflict (log, product) do update set reviews = excluded.reviews, stars = excluded.stars",
        params![stall, product],
    )?;
    note_goods(tx, stall)
}

/// Whoever owns or manages the stall is told, unless they do not want to be.
pub(crate) fn tell_stall(
    tx: &mut dyn Tx,
    of: &Purchase,
    stars: u8,
    told: (Offers, i64),
) -> Result<(), StoreError> {
    let members = tx.query(
        "select account from member where stall = $1 and role in ($2, $3) order by account",
        params![of.stall, Role::Owner.number(), Role::Manager.number()],
    )?;
    for row in &members {
        let about = About {
            topic: Topic::ReviewNew,
            account: row.id(0)?,
            log: Some(of.stall),
            subject: Some(ThingId(of.product.0)),
            detail: i64::from(stars),
        };
        outbox::address(tx, &about, &[of.review().as_bytes()], told)?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Review, StoreError> {
    Ok(Review {
        review: row.id(0)?,
        stall: row.id(1)?,
        product: row.id(2)?,
        product_name: row.text(3)?.into(),
        stars: row.number(4)?,
        words: row.text(5)?.into(),
        written_ms: row.int(6)?,
        answer: row.text(7)?.into(),
        answered_ms: row.int_opt(8)?,
        hidden_because: row.text(9)?.into(),
    })
}
