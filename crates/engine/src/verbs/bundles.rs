//! Bundles are packed as they are sold: what the register has not packed already is made of its share of the parts, in
//! the same transaction as the sale. What comes back of them lies on the shelf as parts.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use soko_app_api::BeyondShare;
use soko_domain::basket::BasketLine;
use soko_domain::entry::{Entry, StockConverted, Units};
use soko_domain::ids::{LogId, ProductId, SaleId, ThingId};
use soko_domain::verbs::pack_bundle;
use soko_projection::{payments, read as facts};
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

/// Bundles of a sale that come back onto the shelf are their parts again, as far as they were packed for it. `id` is of what
/// brings them back; what is undone was never sold.
pub(super) fn unpack(
    writing: &mut Writing<'_>,
    (sale, id): (SaleId, ThingId),
    back: &[Units],
    undone: bool,
) -> Result<Vec<Entry>, StoreError> {
    let packed = packed_for(writing, sale)?;
    let before: BTreeMap<ProductId, i64> = returned(writing, sale)?;
    let mut entries = Vec::new();
    for packed in packed {
        let Some(bundle) = packed.made.first() else { continue };
        let came = back.iter().filter(|units| units.product == bundle.product).map(|units| units.quantity);
        let left = bundle.from_share.saturating_sub(before.get(&bundle.product).copied().unwrap_or_default());
        let quantity = came.fold(0, i64::saturating_add).min(left);
        let apart =
            pack_bundle::unpack(&packed, (conversion(SaleId(id.0), bundle.product), quantity), undone);
        entries.extend(apart.map(Entry::from));
    }
    Ok(entries)
}

/// What was packed stands right before its sale, in the same transaction.
fn packed_for(writing: &mut Writing<'_>, sale: SaleId) -> Result<Vec<StockConverted>, StoreError> {
    let Some(found) = facts::sale(writing.tx, writing.log, sale)? else { return Ok(Vec::new()) };
    let mut packed = Vec::new();
    for seq in (0..found.seq).rev() {
        match facts::entry_at(writing.tx, writing.log, found.author, seq)? {
            Some((_, Entry::StockConverted(converted)))
                if converted
                    .made
                    .iter()
                    .all(|made| converted.conversion == conversion(sale, made.product)) =>
            {
                packed.push(converted);
            }
            Some((_, Entry::PurseSpent(_))) => {}
            Some(_) | None => break,
        }
    }
    Ok(packed)
}

/// Units of each product that came back of a sale already.
fn returned(writing: &mut Writing<'_>, sale: SaleId) -> Result<BTreeMap<ProductId, i64>, StoreError> {
    let mut all: BTreeMap<ProductId, i64> = BTreeMap::new();
    for refund in payments::refunds_of(writing.tx, writing.log, sale)? {
        for line in refund.lines {
            let Some(product) = line.product else { continue };
            let sum = all.entry(product).or_default();
            *sum = sum.saturating_add(line.quantity);
        }
    }
    Ok(all)
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

/// Follows from the sale, or from what undoes it, so that a repeat has the same.
fn conversion(sale: SaleId, bundle: ProductId) -> ThingId {
    let hash = Sha256::new_with_prefix(b"soko pack").chain_update(sale.0).chain_update(bundle.0).finalize();
    let mut id = ThingId::default();
    id.0.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}
