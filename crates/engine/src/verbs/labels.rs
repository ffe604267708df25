//! What the codes on goods say: whose they are, and what a scale's label says about one packet. For screens that
//! scan them, and for sales that name the label their price stands on.

use soko_domain::barcode;
use soko_domain::ids::{LogId, ProductId};
use soko_domain::money::{Rounding, div_round};
use soko_domain::quantity::Unit;
use soko_domain::scale::{self, ScaleAmount};
use soko_domain::verbs::make_sale::OwnPrice;
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx};

/// Products that can share one code.
const PRODUCTS_OF_CODE_MAX: u32 = 20;

/// A scale's label.
pub(crate) struct Label {
    /// The product has the label's number as its code or SKU, with or without the leading zeros.
    pub(crate) products: Vec<ProductId>,
    pub(crate) amount: ScaleAmount,
}

/// Nothing when the stall's scale prints no such code.
pub(crate) fn label(tx: &mut dyn Tx, log: LogId, code: &str) -> Result<Option<Label>, StoreError> {
    let patterns = facts::profile(tx, log)?.map(|profile| profile.scale_codes).unwrap_or_default();
    let Some(read) = scale::read(&patterns, code.trim()) else { return Ok(None) };
    let mut products = of_code(tx, log, &read.product)?;
    let short = read.product.trim_start_matches('0');
    if short != read.product {
        products.extend(of_code(tx, log, short)?);
    }
    Ok(Some(Label { products, amount: read.amount }))
}

impl Label {
    /// What the packet costs, where the label says so: its price is for the quantity that the product's own price makes
    /// of it, and for one packet of what is sold by the piece.
    pub(crate) fn price(&self, own: OwnPrice, unit: Unit) -> Option<OwnPrice> {
        match self.amount {
            ScaleAmount::Grams(_) => None,
            ScaleAmount::PriceMinor(minor) if unit == Unit::Piece => {
                Some(OwnPrice { unit_price_minor: minor, price_per: 1 })
            }
            ScaleAmount::PriceMinor(minor) => {
                let worth = i128::from(minor) * i128::from(own.price_per);
                let quantity = div_round(worth, i128::from(own.unit_price_minor), Rounding::HalfUp);
                Some(OwnPrice { unit_price_minor: minor, price_per: quantity.unwrap_or(1).max(1) })
            }
        }
    }
}

/// Products with exactly this barcode, then those with this SKU; where there is none, those with the same number in another form.
pub(crate) fn of_code(tx: &mut dyn Tx, log: LogId, code: &str) -> Result<Vec<ProductId>, StoreError> {
    let code = code.trim();
    if code.is_empty() {
        return Ok(Vec::new());
    }
    let mut products = facts::products_of_code(tx, log, code, PRODUCTS_OF_CODE_MAX)?;
    products.extend(facts::products_of_sku(tx, log, code, PRODUCTS_OF_CODE_MAX)?);
    if products.is_empty() {
        products = in_other_form(tx, log, code, PRODUCTS_OF_CODE_MAX)?;
    }
    Ok(products)
}

/// Products whose barcode is the same number in another form.
pub(crate) fn in_other_form(
    tx: &mut dyn Tx,
    log: LogId,
    code: &str,
    limit: u32,
) -> Result<Vec<ProductId>, StoreError> {
    let mut products = Vec::new();
    for form in barcode::other_forms(code) {
        products.extend(facts::products_of_code(tx, log, &form, limit)?);
    }
    Ok(products)
}
