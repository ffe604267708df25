//! What the market reads from the tables. Only stalls with a name and products that are not archived.

use std::collections::BTreeSet;

use soko_app_api::{Member, OfferDeal, OptionValue, Rating, ShopHandings};
use soko_domain::deal::Deal;
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::stock::Account;
use soko_projection::read;
use soko_record_log::{Param, Row, StoreError, Tx, params};

use super::held::Key;
use super::lowered;
use crate::operator::offset;

/// Products of one statement; a statement is prepared once for each of these sizes.
const PORTIONS: [usize; 4] = [1, 8, 24, 64];
const PORTION_MAX: usize = PORTIONS[PORTIONS.len() - 1];
/// Columns whose value is two for each product.
const PARAMS_OF_KEY: usize = 2;
/// Products that are read at a time when a stall is taken into memory.
const OFFERED_ROWS: usize = 5_000;

pub(super) struct StallRow {
    pub(super) stall: LogId,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) description: String,
    pub(super) currency: String,
    pub(super) hours: String,
    pub(super) handings: ShopHandings,
}

/// What a price was before it went down, and since when it is down; all zero where it did not.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lowered {
    was_minor: i64,
    since_ms: i64,
}

impl Lowered {
    /// What it was, as long as that is told.
    pub(super) fn was_minor(self, now_ms: i64) -> Option<i64> {
        let is_told = self.was_minor > 0 && now_ms.saturating_sub(self.since_ms) < lowered::BEFORE_MS;
        is_told.then_some(self.was_minor)
    }
}

/// Another price for a while, and what was sold for it.
pub(super) struct DealFound {
    deal: Deal,
    sold: i64,
    zone: String,
    /// The lowest price of the thirty days before now, as far as anybody noted it.
    least_minor: Option<i64>,
}

/// What is told of a price.
pub(super) struct PriceTold {
    pub(super) price_minor: i64,
    pub(super) was_minor: Option<i64>,
    pub(super) deal: Option<OfferDeal>,
}

/// A deal's price while it can be had, and beside it no more than the lowest of the thirty days before; the usual one otherwise.
fn told(usual_minor: i64, lowered: Lowered, deal: Option<&DealFound>, now_ms: i64) -> PriceTold {
    let usual = PriceTold { price_minor: usual_minor, was_minor: lowered.was_minor(now_ms), deal: None };
    let Some(found) = deal else { return usual };
    let Some(deal) = deal_told(&found.deal, (usual_minor, found.sold), &found.zone, now_ms) else {
        return usual;
    };
    let price_minor = deal.price_of(1);
    if price_minor == usual_minor {
        return PriceTold { deal: Some(deal), ..usual };
    }
    let least_minor = found.least_minor.map_or(usual_minor, |least| least.min(usual_minor));
    let was_minor = Some(least_minor).filter(|was| *was > price_minor);
    PriceTold { price_minor, was_minor, deal: Some(deal) }
}

/// For buyers, with its hours by the stall's clock.
pub(crate) fn deal_told(
    deal: &Deal,
    minor_and_sold: (i64, i64),
    zone: &str,
    now_ms: i64,
) -> Option<OfferDeal> {
    OfferDeal::of(deal, minor_and_sold, now_ms, |at_ms| offset(zone, at_ms).get())
}

/// Four columns: the deal, what was sold of it, the stall's zone, and the lowest price; from this one on.
fn deal(row: &Row, column: usize) -> Result<Option<DealFound>, StoreError> {
    let Some(deal) = Deal::read(row.text(column)?) else { return Ok(None) };
    let zone = row.text(column + 2)?.into();
    Ok(Some(DealFound { deal, sold: row.int(column + 1)?, zone, least_minor: row.int_opt(column + 3)? }))
}

/// The same columns of a product `p`, with what was sold of its deal as `d` and its stall's profile as `s`. What was asked at the
/// beginning of the thirty days was asked since before them.
const DEAL_COLUMNS: &str = "p.deal, coalesce(d.units, 0), s.zone,
    case when p.deal = '' then null else (
      select min(m.price_minor) from market_price m where m.log = p.log and m.product = p.product and m.since_ms >= coalesce(
        (select max(e.since_ms) from market_price e
         where e.log = p.log and e.product = p.product and e.since_ms <= $3), 0)) end";

/// A product as the memory keeps it.
pub(super) struct Offered {
    pub(super) product: ProductId,
    pub(super) name: String,
    pub(super) folded: String,
    pub(super) categories: Vec<ThingId>,
    pub(super) variant_of: Option<ProductId>,
    /// Its first.
    pub(super) picture: Option<Hash>,
    pub(super) price_minor: i64,
    pub(super) currency: String,
    pub(super) rating: Rating,
    pub(super) added_ms: i64,
    pub(super) lowered: Lowered,
}

/// A product as it is shown.
pub(super) struct OfferFound {
    pub(super) stall: LogId,
    pub(super) stall_name: String,
    pub(super) product: ProductId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) unit: Unit,
    pub(super) price_minor: i64,
    pub(super) price_per: i64,
    pub(super) currency: String,
    pub(super) tax_ppm: u32,
    pub(super) tax_inclusive: bool,
    pub(super) piece_g: i64,
    pub(super) in_pool: i64,
    pub(super) rating: Rating,
    pub(super) added_ms: i64,
    pub(super) pictures: Vec<Hash>,
    pub(super) categories: Vec<ThingId>,
    pub(super) lowered: Lowered,
    pub(super) deal: Option<DealFound>,
    pub(super) variant_of: Option<ProductId>,
    pub(super) options: Vec<OptionValue>,
}

impl OfferFound {
    pub(super) fn told(&self, now_ms: i64) -> PriceTold {
        told(self.price_minor, self.lowered, self.deal.as_ref(), now_ms)
    }
}

/// A variant as it is added up with the others of its product.
pub(super) struct VariantFound {
    pub(super) of: Key,
    pub(super) price_minor: i64,
    pub(super) price_per: i64,
    pub(super) in_pool: i64,
    pub(super) rating: Rating,
    pub(super) lowered: Lowered,
    pub(super) deal: Option<DealFound>,
}

/// How often a stall's goods were edited.
pub(super) fn goods(tx: &mut dyn Tx, stall: LogId) -> Result<i64, StoreError> {
    let row = tx.query_opt("select version from market_goods where log = $1", params![stall])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The same of all stalls that say who they are.
pub(super) fn goods_of_all(tx: &mut dyn Tx) -> Result<Vec<(LogId, i64)>, StoreError> {
    let rows = tx.query(
        "select p.log, coalesce(g.version, 0) from stall_profile p
         left join market_goods g on g.log = p.log order by p.log",
        params![],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.int(1)?))).collect()
}

/// What of a stall was edited that everybody may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Edited {
    /// These goods; none of them where only the stall itself or its categories were.
    Goods(BTreeSet<ProductId>),
    All,
}

impl Edited {
    /// This one, after what was edited before in the same request.
    pub(crate) fn and(self, earlier: Option<Self>) -> Self {
        match (self, earlier) {
            (Self::Goods(mut goods), Some(Self::Goods(earlier))) => {
                goods.extend(earlier);
                Self::Goods(goods)
            }
            (goods, None) => goods,
            (Self::All, Some(_)) | (Self::Goods(_), Some(Self::All)) => Self::All,
        }
    }
}

/// A stall was edited. In the transaction of the edit, and by what was edited alone: a stall may have a hundred thousand products.
pub(crate) fn note_edited(
    tx: &mut dyn Tx,
    stall: LogId,
    edited: &Edited,
    now_ms: i64,
) -> Result<(), StoreError> {
    let goods: Vec<ProductId> = match edited {
        Edited::Goods(goods) => goods.iter().copied().collect(),
        Edited::All => {
            let rows =
                tx.query("select product from product where log = $1 order by product", params![stall])?;
            rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?
        }
    };
    for portion in portions(&goods) {
        let (mut params, which) = places(&stall, &portion);
        params.push(now_ms.into());
        let now = params.len();
        tx.run(
            &format!(
                "insert into market_added (log, product, at_ms)
                 select p.log, p.product, cast(${now} as bigint) from product p
                 where p.log = $1 and p.product in ({which}) and not exists
                   (select 1 from market_added a where a.log = p.log and a.product = p.product)"
            ),
            &params,
        )?;
        lowered::note(tx, stall, &portion, now_ms)?;
    }
    note_goods(tx, stall)
}

/// A stall looks different from now on: whoever holds it in memory reads it again.
pub(crate) fn note_goods(tx: &mut dyn Tx, stall: LogId) -> Result<(), StoreError> {
    tx.run(
        "insert into market_goods (log, version) values ($1, 1)
         on conflict (log) do update set version = market_goods.version + 1",
        params![stall],
    )
}

/// A stall as the first parameter, its products as the next, and the places of these.
pub(super) fn places<'a>(stall: &'a LogId, portion: &'a [ProductId]) -> (Vec<Param<'a>>, String) {
    let params = std::iter::once(Param::from(stall)).chain(portion.iter().map(Param::from)).collect();
    let places: Vec<String> = (2..2 + portion.len()).map(|number| format!("${number}")).collect();
    (params, places.join(", "))
}

pub(super) fn stall(tx: &mut dyn Tx, stall: LogId) -> Result<Option<StallRow>, StoreError> {
    Ok(stalls(tx, &[stall])?.pop())
}

/// These stalls, in any order; those that nobody is shown are not among them.
pub(super) fn stalls(tx: &mut dyn Tx, stalls: &[LogId]) -> Result<Vec<StallRow>, StoreError> {
    let mut found = Vec::with_capacity(stalls.len());
    for portion in portions(stalls) {
        let params: Vec<Param<'_>> = portion.iter().map(Param::from).collect();
        let places: Vec<String> = (1..=portion.len()).map(|number| format!("${number}")).collect();
        let rows = tx.query(
            &format!(
                "select log, name, place, description, currency, hours, no_pickup, pickup_text, local_terms,
                        shipping_terms, return_days
                 from stall_profile where log in ({}) and name <> ''
                   and not exists (select 1 from stall_block b where b.stall = log)",
                places.join(", ")
            ),
            &params,
        )?;
        for row in &rows {
            found.push(stall_row(row)?);
        }
    }
    Ok(found)
}

fn stall_row(row: &Row) -> Result<StallRow, StoreError> {
    Ok(StallRow {
        stall: row.id(0)?,
        name: row.text(1)?.into(),
        place: row.text(2)?.into(),
        description: row.text(3)?.into(),
        currency: row.text(4)?.into(),
        hours: row.text(5)?.into(),
        handings: ShopHandings {
            no_pickup: row.bool(6)?,
            pickup_text: row.text(7)?.into(),
            local_terms: row.text(8)?.into(),
            shipping_terms: row.text(9)?.into(),
            return_days: row.number(10)?,
        },
    })
}

/// Everything that a stall offers.
pub(super) fn offered(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<Offered>, StoreError> {
    let mut all: Vec<Offered> = Vec::new();
    loop {
        let after = all.last().map(|last| last.product).unwrap_or_default();
        let rows = tx.query(
            "select p.product, p.name, p.folded, p.categories, p.price_minor, p.currency,
                    coalesce(r.reviews, 0), coalesce(r.stars, 0), coalesce(a.at_ms, 0),
                    coalesce(l.was_minor, 0), coalesce(l.since_ms, 0), p.variant_of, p.pictures
             from product p
             left join review_sum r on r.log = p.log and r.product = p.product
             left join market_added a on a.log = p.log and a.product = p.product
             left join market_lowered l on l.log = p.log and l.product = p.product
             where p.log = $1 and p.archived = 0 and p.product > $2 order by p.product limit $3",
            params![stall, after, OFFERED_ROWS],
        )?;
        for row in &rows {
            all.push(Offered {
                product: row.id(0)?,
                name: row.text(1)?.into(),
                folded: row.text(2)?.into(),
                categories: things(row.blob_opt(3)?),
                price_minor: row.int(4)?,
                currency: row.text(5)?.into(),
                rating: Rating { reviews: row.number(6)?, stars: row.number(7)? },
                added_ms: row.int(8)?,
                lowered: Lowered { was_minor: row.int(9)?, since_ms: row.int(10)? },
                variant_of: row.id_opt(11)?,
                picture: pictures(row.blob_opt(12)?).first().copied(),
            });
        }
        if rows.len() < OFFERED_ROWS {
            return Ok(all);
        }
    }
}

/// These products, in any order; those that are not on offer are not among them.
pub(super) fn offers(tx: &mut dyn Tx, keys: &[Key], now_ms: i64) -> Result<Vec<OfferFound>, StoreError> {
    in_portions(tx, (keys, now_ms), "product", offers_sql)?.iter().map(offer).collect()
}

/// The variants of these products that are on offer, in any order.
pub(super) fn variants(
    tx: &mut dyn Tx,
    products: &[Key],
    now_ms: i64,
) -> Result<Vec<VariantFound>, StoreError> {
    let found = in_portions(tx, (products, now_ms), "variant_of", |which| {
        format!(
            "select p.log, p.variant_of, p.price_minor, p.price_per, coalesce(b.quantity, 0),
                    coalesce(r.reviews, 0), coalesce(r.stars, 0), coalesce(l.was_minor, 0), coalesce(l.since_ms, 0),
                    {DEAL_COLUMNS}
             from product p
             join stall_profile s on s.log = p.log
             left join deal_sum d on d.log = p.log and d.product = p.product and d.deal = p.deal_id
             left join review_sum r on r.log = p.log and r.product = p.product
             left join market_lowered l on l.log = p.log and l.product = p.product
             left join balance b on b.log = p.log and b.product = p.product and b.account = $1 and b.whose = $2
             where p.archived = 0 and ({which})"
        )
    })?;
    let variant = |row: &Row| {
        Ok(VariantFound {
            of: (row.id(0)?, row.id(1)?),
            price_minor: row.int(2)?,
            price_per: row.int(3)?,
            in_pool: row.int(4)?,
            rating: Rating { reviews: row.number(5)?, stars: row.number(6)? },
            lowered: Lowered { was_minor: row.int(7)?, since_ms: row.int(8)? },
            deal: deal(row, 9)?,
        })
    };
    found.iter().map(variant).collect()
}

impl VariantFound {
    pub(super) fn member(&self, now_ms: i64) -> Member {
        let told = told(self.price_minor, self.lowered, self.deal.as_ref(), now_ms);
        Member {
            price_minor: told.price_minor,
            price_per: self.price_per,
            was_minor: told.was_minor,
            available: self.in_pool.max(0),
            rating: self.rating,
        }
    }
}

/// So many at a time as statements are prepared for: what is too few is filled up with the last, and what is asked for twice is found once.
fn portions<K: Copy>(keys: &[K]) -> impl Iterator<Item = Vec<K>> {
    keys.chunks(PORTION_MAX).map(|portion| {
        let size = PORTIONS.into_iter().find(|size| *size >= portion.len()).unwrap_or(PORTION_MAX);
        portion.iter().chain(portion.last().into_iter().cycle()).take(size).copied().collect()
    })
}

/// What is found of each key, whose product stands in a column of this name.
fn in_portions(
    tx: &mut dyn Tx,
    (keys, now_ms): (&[Key], i64),
    column: &str,
    sql: impl Fn(&str) -> String,
) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    for portion in portions(keys) {
        let (pool, nobody) = Account::Pool.parts();
        let mut params: Vec<Param<'_>> =
            vec![i64::from(pool).into(), (&nobody[..]).into(), (now_ms - lowered::BEFORE_MS).into()];
        params.extend(portion.iter().flat_map(|(stall, product)| [Param::from(stall), Param::from(product)]));
        let one = |number: usize| {
            let first = 4 + PARAMS_OF_KEY * number;
            format!("(p.log = ${first} and p.{column} = ${})", first + 1)
        };
        let which: Vec<String> = (0..portion.len()).map(one).collect();
        found.extend(tx.query(&sql(&which.join(" or ")), &params)?);
    }
    Ok(found)
}

/// A variant without pictures of its own has those of its product.
fn offers_sql(which: &str) -> String {
    format!(
        "select p.log, s.name, p.product, p.name, p.description, p.unit, p.price_minor, p.price_per,
                p.currency, coalesce(b.quantity, 0),
                case when length(p.pictures) > 0 then p.pictures else o.pictures end, p.categories,
                coalesce(r.reviews, 0), coalesce(r.stars, 0), coalesce(a.at_ms, 0), p.tax_ppm, p.tax_inclusive, p.piece_g,
                coalesce(l.was_minor, 0), coalesce(l.since_ms, 0), p.variant_of, p.options,
                {DEAL_COLUMNS}
         from product p
         left join deal_sum d on d.log = p.log and d.product = p.product and d.deal = p.deal_id
         left join product o on o.log = p.log and o.product = p.variant_of
         left join review_sum r on r.log = p.log and r.product = p.product
         left join market_added a on a.log = p.log and a.product = p.product
         left join market_lowered l on l.log = p.log and l.product = p.product
         join stall_profile s on s.log = p.log and s.name <> ''
           and not exists (select 1 from stall_block k where k.stall = p.log)
         left join balance b on b.log = p.log and b.product = p.product and b.account = $1 and b.whose = $2
         where p.archived = 0 and ({which})"
    )
}

fn offer(row: &Row) -> Result<OfferFound, StoreError> {
    Ok(OfferFound {
        stall: row.id(0)?,
        stall_name: row.text(1)?.into(),
        product: row.id(2)?,
        name: row.text(3)?.into(),
        description: row.text(4)?.into(),
        unit: Unit::from_number(row.number(5)?).unwrap_or(Unit::Piece),
        price_minor: row.int(6)?,
        price_per: row.int(7)?,
        currency: row.text(8)?.into(),
        in_pool: row.int(9)?,
        pictures: pictures(row.blob_opt(10)?),
        categories: things(row.blob_opt(11)?),
        rating: Rating { reviews: row.number(12)?, stars: row.number(13)? },
        added_ms: row.int(14)?,
        tax_ppm: row.number(15)?,
        tax_inclusive: row.bool(16)?,
        piece_g: row.int(17)?,
        lowered: Lowered { was_minor: row.int(18)?, since_ms: row.int(19)? },
        variant_of: row.id_opt(20)?,
        options: read::options(row.text(21)?).into_iter().map(option).collect(),
        deal: deal(row, 22)?,
    })
}

fn option((name, value): (String, String)) -> OptionValue {
    OptionValue { name, value }
}

/// A stall's categories in the order in which it shows them.
pub(crate) fn categories(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<(ThingId, String)>, StoreError> {
    let rows = tx.query(
        "select category, name from category where log = $1 order by position, folded, category",
        params![stall],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.into()))).collect()
}

/// How often each product of the market was sold since a month, counted by lines of sales; those that sold least first.
pub(super) fn sold(tx: &mut dyn Tx, since_month: i32) -> Result<Vec<(Key, i64)>, StoreError> {
    let rows = tx.query(
        "select f.log, f.product, cast(sum(f.lines) as bigint) from figure_product f
         join product p on p.log = f.log and p.product = f.product and p.archived = 0
         where f.grain = 2 and f.at >= $1 group by f.log, f.product order by 3, 1, 2",
        params![since_month],
    )?;
    rows.iter().map(|row| Ok(((row.id(0)?, row.id(1)?), row.int(2)?))).collect()
}

/// What the shop can promise of everything, to see whether that moved.
pub(super) fn in_pool(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<(ProductId, i64)>, StoreError> {
    let (pool, nobody) = Account::Pool.parts();
    let rows = tx.query(
        "select product, quantity from balance where log = $1 and account = $2 and whose = $3 order by product",
        params![stall, pool, nobody],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.int(1)?.max(0)))).collect()
}

/// Pictures as a product's row has them, one after the other.
pub(crate) fn pictures(bytes: Option<&[u8]>) -> Vec<Hash> {
    ids(bytes, Hash::SIZE, Hash::from_slice)
}

/// Categories as a product's row has them.
pub(crate) fn things(bytes: Option<&[u8]>) -> Vec<ThingId> {
    ids(bytes, ThingId::SIZE, ThingId::from_slice)
}

fn ids<T>(bytes: Option<&[u8]>, size: usize, read: impl Fn(&[u8]) -> Option<T>) -> Vec<T> {
    bytes.unwrap_or_default().chunks(size).filter_map(read).collect()
}
