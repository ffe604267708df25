//! What was bought at a stall, as training sees it, and what people who agreed otherwise did with products: buyers have no name here.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use soko_domain::entry::{Entry, Kind, SaleMade};
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ThingId};
use soko_domain::interaction::Met;
use soko_projection::read;
use soko_recommend::train::{Deed, Signal};
use soko_record_log::{Row, StoreError, Tx, params};
use soko_search::{fold, words};

/// Records that are read at a time: nobody else waits long for this reader.
const PORTION: usize = 5_000;
/// Orders of one buyer that count as baskets: nobody alone says what goes with what.
pub(super) const BASKETS_PER_BUYER_MAX: usize = 20;

pub(super) struct Basket {
    pub(super) at_ms: i64,
    /// Whose order it was; nobody's at a counter.
    pub(super) buyer: Option<ThingId>,
    /// Who of the stall's own customers bought it at the counter, as a number that says nothing: one voice among others, and
    /// nobody's taste.
    pub(super) customer: Option<ThingId>,
    /// Which order it was; the same may be said twice, where a restored server and a device both say it.
    pub(super) order: Option<OrderId>,
    pub(super) products: Vec<ProductId>,
}

/// Stalls that everybody may see.
pub(super) fn stalls(tx: &mut dyn Tx) -> Result<Vec<LogId>, StoreError> {
    let rows = tx.query("select log from stall_profile where name <> '' order by log", &[])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Records of all stalls together: how much happened.
pub(super) fn records(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    let row = tx.query_one("select cast(coalesce(sum(last_position), 0) as bigint) from log_counter", &[])?;
    row.int(0)
}

/// A product that a stall offers, and what it is like: its categories and the words of its name, as search compares them, and how much
/// it costs, to the double.
pub(super) struct Offered {
    pub(super) product: ProductId,
    pub(super) traits: Vec<String>,
}

/// What a stall offers.
pub(super) fn products(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<Offered>, StoreError> {
    let rows = tx.query("select category, name from category where log = $1", params![stall])?;
    let categories: BTreeMap<ThingId, String> =
        rows.iter().map(|row| Ok((row.id(0)?, fold(row.text(1)?)))).collect::<Result<_, StoreError>>()?;
    let sql = "select product, name, categories, price_minor, currency, unit from product
        where log = $1 and archived = 0 order by product";
    let offered = |row: &Row| {
        let mut traits: Vec<String> = words(row.text(1)?).iter().map(|word| format!("word {word}")).collect();
        let of = row.blob_opt(2)?.unwrap_or_default().as_chunks::<16>().0;
        let named = of.iter().filter_map(|category| categories.get(&ThingId(*category)));
        traits.extend(named.map(|name| format!("category {name}")));
        let doubled = row.int(3)?.checked_ilog2().unwrap_or(0);
        traits.push(format!("price {} {} {doubled}", row.text(4)?, row.int(5)?));
        traits.sort_unstable();
        traits.dedup();
        Ok(Offered { product: row.id(0)?, traits })
    };
    tx.query(sql, params![stall])?.iter().map(offered).collect()
}

/// Whether a sale was taken back: nobody has what it says.
fn is_void(tx: &mut dyn Tx, stall: LogId, sale: SaleId) -> Result<bool, StoreError> {
    let sql = "select 1 from sale_void where log = $1 and sale = $2 limit 1";
    Ok(tx.query_opt(sql, params![stall, sale])?.is_some())
}

/// Sales, and orders that were handed over, behind a position, and how far that went; nothing behind the last. What is no product of this
/// stall says nothing: a stall could put its own beside what others sell well. An order that ended otherwise, or did not end yet, is
/// nobody's basket: it costs nothing to make up.
pub(super) fn baskets(
    tx: &mut dyn Tx,
    (stall, own): (LogId, &BTreeSet<ProductId>),
    after: i64,
) -> Result<Option<(Vec<Basket>, i64)>, StoreError> {
    let rows = tx.query(
        "select position, kind, body from record
         where log = $1 and position > $2 and kind in ($3, $4) order by position limit $5",
        params![stall, after, Kind::SaleMade.number(), Kind::OrderFulfilled.number(), PORTION],
    )?;
    let Some(last) = rows.last() else { return Ok(None) };
    let last = last.int(0)?;
    let mut baskets = Vec::with_capacity(rows.len());
    for row in &rows {
        // What only a newer program reads teaches nothing, and neither does what was withheld.
        let (Some(kind), Some(body)) = (Kind::from_number(row.number(1)?), row.blob_opt(2)?) else {
            continue;
        };
        let Ok((stamp, entry)) = Entry::from_body(kind, body) else { continue };
        let bought = if let Entry::SaleMade(sale) = entry {
            bought_at_counter(tx, stall, sale)?
        } else if let Entry::OrderFulfilled(fulfilled) = entry {
            ordered(tx, stall, fulfilled.order)?
        } else {
            None
        };
        let Some(mut basket) = bought else { continue };
        basket.at_ms = stamp.at_ms;
        basket.products.retain(|product| own.contains(product));
        basket.products.sort_unstable();
        basket.products.dedup();
        if !basket.products.is_empty() {
            baskets.push(basket);
        }
    }
    Ok(Some((baskets, last)))
}

fn bought_at_counter(tx: &mut dyn Tx, stall: LogId, sale: SaleMade) -> Result<Option<Basket>, StoreError> {
    if is_void(tx, stall, sale.sale)? {
        return Ok(None);
    }
    let customer = sale.customer.map(|customer| voice(stall, customer));
    let products = sale.lines.into_iter().filter_map(|line| line.product).collect();
    Ok(Some(Basket { at_ms: 0, buyer: None, customer, order: None, products }))
}

/// What an order was of that is with its buyer now; nothing where it was lost with a server's disk, or erased.
fn ordered(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Option<Basket>, StoreError> {
    let sql = "select author, seq from orders where log = $1 and order_id = $2 and placed = 1";
    let Some(row) = tx.query_opt(sql, params![stall, order])? else { return Ok(None) };
    let placed = read::entry_at(tx, stall, row.id(0)?, row.number(1)?)?.map(|(_, entry)| entry);
    let Some(Entry::OrderPlaced(placed)) = placed else { return Ok(None) };
    let products = placed.lines.into_iter().map(|line| line.product).collect();
    Ok(Some(Basket { at_ms: 0, buyer: Some(placed.buyer), customer: None, order: Some(order), products }))
}

fn voice(stall: LogId, customer: ThingId) -> ThingId {
    let digest =
        Sha256::new().chain_update(b"soko-voice").chain_update(stall.0).chain_update(customer.0).finalize();
    let mut voice = ThingId::default();
    voice.0.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    voice
}

/// The accounts that guests became.
pub(super) fn accounts(tx: &mut dyn Tx) -> Result<BTreeMap<ThingId, ThingId>, StoreError> {
    let rows = tx.query("select guest, account from guest_account", &[])?;
    rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect()
}

/// What people agreed to tell, as it is kept now: how much that is.
pub(super) fn met(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    tx.query_one("select count(*) from interaction", &[])?.int(0)
}

/// What says something of taste. To have seen something says nothing, and what was ordered stands in the ledger.
const DEEDS: [(Met, Deed); 4] = [
    (Met::Opened, Deed::Opened),
    (Met::Liked, Deed::Liked),
    (Met::Put, Deed::Put),
    (Met::Dismissed, Deed::Dismissed),
];

/// From which hour on people's deeds are read, so that these are no more than so many.
pub(super) fn deeds_from(tx: &mut dyn Tx, since_hour: i64, most: u32) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "select hour from interaction where hour >= $1 order by hour desc limit 1 offset $2",
        params![since_hour, most],
    )?;
    // That hour is beyond it, as far as is known.
    row.map_or(Ok(since_hour), |row| Ok(row.int(0)?.saturating_add(1)))
}

pub(super) type Deeds = Vec<(ThingId, Signal<[u8; 16]>)>;

/// What people did, in the order of its identities behind one of them, and how far that went; nothing behind the last.
pub(super) fn deeds(
    tx: &mut dyn Tx,
    after: ThingId,
    since_hour: i64,
) -> Result<Option<(Deeds, ThingId)>, StoreError> {
    let [opened, liked, put, dismissed] = DEEDS.map(|(met, _)| met.number());
    let rows = tx.query(
        "select id, who, product, what, hour from interaction
         where id > $1 and what in ($2, $3, $4, $5) and hour >= $6 order by id limit $7",
        params![after, opened, liked, put, dismissed, since_hour, PORTION],
    )?;
    let Some(last) = rows.last() else { return Ok(None) };
    let last = last.id(0)?;
    let mut deeds = Deeds::with_capacity(rows.len());
    for row in &rows {
        let met = Met::from_number(row.number(3)?);
        let Some((_, deed)) = DEEDS.into_iter().find(|it| Some(it.0) == met) else { continue };
        let product: ProductId = row.id(2)?;
        deeds.push((row.id(1)?, Signal { product: product.0, deed, hour: row.int(4)? }));
    }
    Ok(Some((deeds, last)))
}
