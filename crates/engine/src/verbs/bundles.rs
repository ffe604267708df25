//! Bundles are packed as they are sold: what the register has not packed already is made of its share of the parts, in
//! the same transaction as the sale.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use soko_app_api::BeyondShare;
use soko_domain::basket::BasketLine;
use soko_domain::entry::Entry;
use soko_domain::ids::{LogId, ProductId, SaleId, ThingId};
use soko_domain::verbs::pack_bundle;
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx};

use crate::failure::NotDone;
use crate::write::Writing;

/// What must be packed for these lines. The shares are those of the lines' products, and are then what is left for
/// the sale.
pub(super) fn pack(
    writing: &mut Writing<'_>,
    (sale, lines): (SaleId, &[BasketLine]),
    beyond: BeyondShare,
    shares: &mut BTreeMap<ProductId, i64>,
) -> Result<Vec<Entry>, NotDone> {
    let mut entries = Vec::new();
    for (bundle, wanted) in wanted(lines) {
        let missing = wanted.saturating_sub(shares.get(&bundle).copied().unwrap_or_default().max(0));
        let parts = if missing > 0 { parts(writing.tx, writing.log, bundle)? } else { Vec::new() };
        if parts.is_empty() {
            continue;
        }
        for (part, _) in &parts {
            if !shares.contains_key(part) {
                let share = writing.own_share(*part)?;
                shares.insert(*part, share);
            }
        }
        let facts = pack_bundle::Facts { shares: shares.clone() };
        let payload = pack_bundle::PackBundle {
            conversion: conversion(sale, bundle),
            bundle,
            quantity: missing,
            parts,
            is_in_hand: beyond == BeyondShare::Allow,
        };
        let packed = pack_bundle::decide(&facts, &payload)?;
        for entry in &packed {
            if let Entry::StockConverted(converted) = entry {
                for part in &converted.taken {
                    *shares.entry(part.product).or_default() -= part.from_share;
                }
            }
        }
        *shares.entry(bundle).or_default() += missing;
        entries.extend(packed);
    }
    Ok(entries)
}

/// Units of each product, of all lines together.
fn wanted(lines: &[BasketLine]) -> BTreeMap<ProductId, i64> {
    let mut wanted: BTreeMap<ProductId, i64> = BTreeMap::new();
    for line in lines {
        let sum = wanted.entry(line.product).or_default();
        *sum = sum.saturating_add(line.quantity.0);
    }
    wanted
}

/// What one of a product takes of others; empty unless it is a bundle.
pub(crate) fn parts(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
) -> Result<Vec<(ProductId, i64)>, StoreError> {
    Ok(facts::product(tx, log, product)?.map(|found| found.parts).unwrap_or_default())
}

/// Follows from the sale, so that a repeat has the same.
fn conversion(sale: SaleId, bundle: ProductId) -> ThingId {
    let hash = Sha256::new_with_prefix(b"soko pack").chain_update(sale.0).chain_update(bundle.0).finalize();
    let mut id = ThingId::default();
    id.0.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}
