//! What buyers may see of a stall: its name, its offers, and how many of each the shop can promise. Never its
//! history.

use soko_app_api::OfferDeal;
use soko_domain::deal::Deal;
use soko_domain::entry::PayWay;
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_domain::stock::Account;
use soko_domain::transfer::TransferTerms;
use soko_projection::{folded, read};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::core::OffersAsked;
use crate::market::{deal_told, pictures, things};

/// A stall as the market shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StallView {
    pub stall: LogId,
    pub name: String,
    pub currency: String,
    pub description: String,
    pub place: String,
    pub hours: String,
    /// How buyers may pay before they fetch.
    pub takes: Vec<PayWay>,
}

/// A category of a stall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CategoryView {
    pub category: ThingId,
    pub name: String,
}

/// A product as the shop shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferView {
    pub product: ProductId,
    pub name: String,
    pub description: String,
    pub unit: u8,
    pub price_minor: i64,
    pub price_per: i64,
    pub currency: String,
    /// What the shop can promise now.
    pub available: i64,
    pub picture: Option<Hash>,
    pub categories: Vec<ThingId>,
    /// The product that it is a variant of, and what makes it that one.
    pub variant_of: Option<ProductId>,
    pub options: Vec<(String, String)>,
    /// Another price for a while, which is the price above while it can be had.
    pub deal: Option<OfferDeal>,
    /// Where the next portion of the list begins.
    pub cursor: String,
}

pub(super) fn stalls(
    tx: &mut dyn Tx,
    after: Option<LogId>,
    limit: usize,
) -> Result<Vec<StallView>, StoreError> {
    let rows = tx.query(
        "select log, name, currency, description, place, hours, takes_card, takes_phone, transfer_terms
         from stall_profile
         where log > $1 and name <> '' and not exists (select 1 from stall_block b where b.stall = log)
         order by log limit $2",
        params![after.unwrap_or_default(), limit],
    )?;
    let view = |row: &Row| {
        Ok(StallView {
            stall: row.id(0)?,
            name: row.text(1)?.into(),
            currency: row.text(2)?.into(),
            description: row.text(3)?.into(),
            place: row.text(4)?.into(),
            hours: row.text(5)?.into(),
            takes: taken(row, 6)?,
        })
    };
    rows.iter().map(view).collect()
}

/// The ways that three columns say, from this one on.
pub(super) fn taken(row: &Row, column: usize) -> Result<Vec<PayWay>, StoreError> {
    let (card, phone) = (row.bool(column)?, row.bool(column + 1)?);
    let transfer = TransferTerms::parse(row.text(column + 2)?).is_ok();
    Ok([(card, PayWay::Card), (phone, PayWay::Phone), (transfer, PayWay::Transfer)]
        .into_iter()
        .filter(|(takes, _)| *takes)
        .map(|(_, way)| way)
        .collect())
}

pub(super) fn offers(
    tx: &mut dyn Tx,
    stall: LogId,
    asked: &OffersAsked<'_>,
) -> Result<Vec<OfferView>, StoreError> {
    let OffersAsked { search, after, limit, now_ms } = *asked;
    let frozen = read::stall_frozen(tx, stall)?;
    let pattern = format!("%{}%", escaped(&folded(search)));
    let (pool, nobody) = Account::Pool.parts();
    let rows = tx.query(
        "select p.product, p.name, p.description, p.unit, p.price_minor, p.price_per, p.currency,
                coalesce(b.quantity, 0), p.folded, p.pictures, p.categories, p.variant_of, p.options,
                p.deal, coalesce(d.units, 0), s.zone
         from product p
         join stall_profile s on s.log = p.log
         left join deal_sum d on d.log = p.log and d.product = p.product and d.deal = p.deal_id
         left join balance b on b.log = p.log and b.product = p.product and b.account = $5 and b.whose = $6
         where p.log = $1 and p.archived = 0 and p.folded like $2 escape '\\'
           and (p.folded, p.product) > ($3, $4)
         order by p.folded, p.product limit $7",
        params![stall, pattern, cursor_name(after), cursor_product(after), pool, nobody, limit],
    )?;
    let view = |row: &Row| {
        let product: ProductId = row.id(0)?;
        let (usual_minor, sold, zone) = (row.int(4)?, row.int(14)?, row.text(15)?);
        let deal =
            Deal::read(row.text(13)?).and_then(|deal| deal_told(&deal, (usual_minor, sold), zone, now_ms));
        Ok(OfferView {
            product,
            name: row.text(1)?.into(),
            description: row.text(2)?.into(),
            unit: row.number(3)?,
            price_minor: deal.as_ref().map_or(usual_minor, |deal| deal.price_of(1)),
            price_per: row.int(5)?,
            currency: row.text(6)?.into(),
            available: if frozen { 0 } else { row.int(7)?.max(0) },
            picture: pictures(row.blob_opt(9)?).first().copied(),
            categories: things(row.blob_opt(10)?),
            variant_of: row.id_opt(11)?,
            options: read::options(row.text(12)?),
            deal,
            cursor: format!("{product}{}", row.text(8)?),
        })
    };
    rows.iter().map(view).collect()
}

/// All categories of a stall, in the order in which it shows them.
pub(super) fn categories(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<CategoryView>, StoreError> {
    let found = crate::market::categories(tx, stall)?;
    Ok(found.into_iter().map(|(category, name)| CategoryView { category, name }).collect())
}

/// A cursor is the product's identity, then the name that the list is sorted by.
fn cursor_name(after: Option<&str>) -> &str {
    after.and_then(|after| after.get(2 * ProductId::SIZE..)).unwrap_or("")
}

fn cursor_product(after: Option<&str>) -> ProductId {
    let id = after.and_then(|after| after.get(..2 * ProductId::SIZE));
    id.and_then(ProductId::from_hex).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
