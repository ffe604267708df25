//! Prices that moved by themselves, as they arrive: the limits that the register should have asked are asked again, by the same
//! functions, of what the server knows and what the register's own chain says before the move. What is beyond them is parked with its
//! edit and what moved on from it, so the price stays what it was, and everything else of the run counts.
//!
//! A price that a person set is not looked at here: whoever may edit products sets prices as they like. Where a person edited the
//! product later in the same run, the move stands, because their edit builds on it and would be lost with it.

use std::collections::{BTreeMap, BTreeSet};

use soko_documents::{ChangeBody, DocumentKind, Field, Limits, Scalar, Scanned, prescan};
use soko_domain::entry::{Entry, Kind, PriceCause, PriceMode, PriceMoved, Stamp};
use soko_domain::ids::{AuthorId, ProductId};
use soko_domain::verbs::move_price::Rule;
use soko_domain::wire::Wire as _;
use soko_pricing::guard::{self, Facts, Quote};
use soko_projection::price_limits::{Market, NEW_DAY, cost_of, guard_rules, quote, rule_of, sells, tried_on};
use soko_projection::read::ProductFound;
use soko_projection::{change_kind, read, read_prices as facts};
use soko_record_log::{StoreError, log, params};
use soko_replication::{Body, Record};

use crate::stall::desk::Desk;

/// The numbers of a run's records that are parked: what moved by itself beyond its limits.
pub(super) fn beyond_limits(desk: &mut Desk<'_>, records: &[Record]) -> Result<BTreeSet<u64>, StoreError> {
    let mut beyond = BTreeSet::new();
    if let Some(first) = records.first()
        && let Some(change) = product_change(first)
        && moved_before(desk, first)? == Some(ProductId(change.document.0))
    {
        beyond.insert(first.seq);
    }
    let moves: BTreeMap<u64, (Stamp, PriceMoved)> = records.iter().filter_map(moved_by_itself).collect();
    if moves.is_empty() {
        return Ok(beyond);
    }
    let is_of_move = |record: &Record, product| {
        moves.get(&record.seq.saturating_sub(1)).is_some_and(|(_, said)| said.product == product)
    };
    let mut by_hand: BTreeMap<ProductId, u64> = BTreeMap::new();
    for record in records {
        let product = product_change(record).map(|change| ProductId(change.document.0));
        if let Some(product) = product.filter(|product| !is_of_move(record, *product)) {
            by_hand.insert(product, record.seq);
        }
    }
    let mut chain = Chain::begin(desk, records)?;
    let mut stopped: BTreeSet<ProductId> = BTreeSet::new();
    for record in records {
        if beyond.contains(&record.seq) {
            continue;
        }
        if let Some((stamp, said)) = moves.get(&record.seq) {
            let stands = by_hand.get(&said.product).is_some_and(|last| *last > record.seq);
            if !stands && (stopped.contains(&said.product) || !chain.may(desk, stamp, said)?) {
                stopped.insert(said.product);
                beyond.insert(record.seq);
                continue;
            }
        }
        let product = product_change(record).map(|change| ProductId(change.document.0));
        if product.is_some_and(|product| stopped.contains(&product)) {
            beyond.insert(record.seq);
            continue;
        }
        chain.follow(record);
    }
    Ok(beyond)
}

fn moved_by_itself(record: &Record) -> Option<(u64, (Stamp, PriceMoved))> {
    match entry(record)? {
        (stamp, Entry::PriceMoved(said)) if said.cause == PriceCause::Auto => {
            Some((record.seq, (stamp, said)))
        }
        _ => None,
    }
}

fn entry(record: &Record) -> Option<(Stamp, Entry)> {
    Entry::from_body(Kind::from_number(record.kind)?, record.body.bytes()?).ok()
}

fn product_change(record: &Record) -> Option<ChangeBody> {
    change(record).filter(|change| change.kind == DocumentKind::Product)
}

fn change(record: &Record) -> Option<ChangeBody> {
    let is_looked_at = [DocumentKind::Product, DocumentKind::Stall].map(change_kind).contains(&record.kind);
    let Body::Here(body) = &record.body else { return None };
    ChangeBody::from_bytes(body).ok().filter(|_| is_looked_at)
}

/// The product of the move that stands before a record and was parked: a page may end between a move and its edit.
fn moved_before(desk: &mut Desk<'_>, record: &Record) -> Result<Option<ProductId>, StoreError> {
    let before = record.seq.saturating_sub(1);
    let known = log::record_at(desk.tx, desk.log, &record.author, before)?;
    if known.is_none_or(|known| known.kind != Kind::PriceMoved.number() || known.body.bytes().is_some()) {
        return Ok(None);
    }
    let row = desk.tx.query_opt(
        "select body from set_aside where log = $1 and author = $2 and seq = $3",
        params![desk.log, record.author, before],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(match Entry::from_body(Kind::PriceMoved, row.blob(0)?) {
        Ok((_, Entry::PriceMoved(said))) if said.cause == PriceCause::Auto => Some(said.product),
        Ok(_) | Err(_) => None,
    })
}

/// What a register's chain says up to a record, over what the server knew before the run.
struct Chain {
    author: AuthorId,
    rules: BTreeMap<ProductId, (u64, Rule)>,
    opened_at_ms: Option<i64>,
    opening: String,
    products: BTreeMap<ProductId, Said>,
}

/// What the run says of a product so far.
#[derive(Default)]
struct Said {
    price_minor: Option<i64>,
    cost_minor: Option<Option<i64>>,
    moves: Vec<(i32, PriceMoved)>,
    /// It says what others ask, which the server knows otherwise: that limit is the register's alone then.
    has_rivals: bool,
}

impl Chain {
    fn begin(desk: &mut Desk<'_>, records: &[Record]) -> Result<Self, StoreError> {
        let author = records.first().map(|record| record.author).unwrap_or_default();
        Ok(Self {
            author,
            rules: facts::rules(desk.tx, desk.log)?,
            opened_at_ms: read::open_shift(desk.tx, desk.log, author)?.map(|shift| shift.opened_at_ms),
            opening: read::profile(desk.tx, desk.log)?.map(|profile| profile.opening).unwrap_or_default(),
            products: BTreeMap::new(),
        })
    }

    /// Takes in what a record that counts says.
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else says anything of limits")]
    fn follow(&mut self, record: &Record) {
        if let Some(change) = change(record) {
            if let Ok(scanned) = prescan(&change.change, &record.author, &Limits::STANDARD) {
                self.edited(&change, &scanned);
            }
            return;
        }
        let Some((stamp, entry)) = entry(record) else { return };
        match entry {
            Entry::ShiftOpened(_) => self.opened_at_ms = Some(stamp.at_ms),
            Entry::ShiftClosed(_) => self.opened_at_ms = None,
            Entry::PriceRulePut(put) => {
                let product = put.product.unwrap_or_default();
                if self.rules.get(&product).is_none_or(|(revision, _)| *revision <= put.revision) {
                    self.rules.insert(product, (put.revision, (&put).into()));
                }
            }
            Entry::RivalsSeen(seen) => {
                for product in seen.lines.iter().filter_map(|line| line.product) {
                    self.products.entry(product).or_default().has_rivals = true;
                }
            }
            Entry::PriceMoved(said) => {
                let of = self.products.entry(said.product).or_default();
                of.price_minor = Some(said.to_minor);
                of.moves.push((stamp.business_day, said));
            }
            _ => {}
        }
    }

    fn edited(&mut self, change: &ChangeBody, scanned: &Scanned) {
        for op in scanned.ops() {
            match (change.kind, &op.value) {
                (DocumentKind::Stall, Some(Scalar::Text(text))) if op.key == Field::Opening.key() => {
                    self.opening.clone_from(text);
                }
                (DocumentKind::Product, value) => {
                    let number = if let Some(Scalar::Number(number)) = value { Some(*number) } else { None };
                    let of = self.products.entry(ProductId(change.document.0)).or_default();
                    if op.key == Field::Price.key() {
                        of.price_minor = number;
                    } else if op.key == Field::Cost.key() {
                        of.cost_minor = Some(number);
                    }
                }
                (
                    DocumentKind::Stall
                    | DocumentKind::Category
                    | DocumentKind::PriceList
                    | DocumentKind::OpenOrder,
                    _,
                ) => {}
            }
        }
    }

    /// Whether a price might move so by itself.
    fn may(&self, desk: &mut Desk<'_>, stamp: &Stamp, said: &PriceMoved) -> Result<bool, StoreError> {
        let rule = rule_of(&self.rules, said.product);
        let before = facts::moves(desk.tx, desk.log, said.product)?;
        let is_tried = tried_on(said).is_some();
        let of_run = self.products.get(&said.product);
        // The owner's own price, which an experiment goes back to whatever the limits say.
        let went_away = |it: &PriceMoved| {
            tried_on(it).is_some() && it.from_minor == said.to_minor && it.to_minor == said.from_minor
        };
        let mut own = before.iter().filter(|it| it.author == self.author).map(|it| &it.said);
        let mut moved = of_run.into_iter().flat_map(|of| &of.moves).map(|(_, said)| said);
        if is_tried && (own.any(went_away) || moved.any(went_away)) {
            return Ok(true);
        }
        let moment = (stamp.at_ms, stamp.offset_minutes);
        let is_allowed = is_tried || rule.mode == PriceMode::Auto;
        if !is_allowed || !sells(self.opened_at_ms, &self.opening, moment) {
            return Ok(false);
        }
        let found = read::product(desk.tx, desk.log, said.product)?;
        let cost_minor = found.as_ref().and_then(|found| {
            let told = of_run.and_then(|of| of.cost_minor);
            cost_of(&ProductFound { cost_minor: told.unwrap_or(found.cost_minor), ..found.clone() })
        });
        if !is_tried && found.is_some() && rule.is_bottomless(cost_minor) {
            return Ok(false);
        }
        let rivals = match &found {
            Some(found) if of_run.is_none_or(|of| !of.has_rivals) => {
                Market::read(desk.tx, desk.log, found, stamp.at_ms)?.rivals()
            }
            Some(_) | None => Vec::new(),
        };
        // What this very run made has no row yet.
        let unknown = Quote { price_minor: said.from_minor, currency: [0; 3], unit: 0, per: 1 };
        let now = found.as_ref().map_or(unknown, quote);
        let facts = Facts {
            now: Quote { price_minor: said.from_minor, ..now },
            day_price_minor: said.from_minor,
            cost_minor,
            rivals: &rivals,
            is_open: true,
            at_ms: stamp.at_ms,
        };
        let rules = guard_rules(&rule);
        if said.reasons.contains(&NEW_DAY) {
            return Ok(guard::lasting(&rules, &facts).is_ok_and(|band| band.allows(said.to_minor)));
        }
        let known = of_run.and_then(|of| of.price_minor).unwrap_or(now.price_minor);
        let firsts = self.day_prices(&before, (stamp.business_day, said), known);
        Ok(firsts.into_iter().any(|day_price_minor| {
            guard::may(&rules, &Facts { day_price_minor, ..facts }, said.to_minor).is_ok()
        }))
    }

    /// The prices with which the day may have begun for whoever moved: registers that did not hear of each other see another first one.
    fn day_prices(
        &self,
        before: &[facts::MoveFound],
        (day, said): (i32, &PriceMoved),
        known_minor: i64,
    ) -> Vec<i64> {
        let mut by_author: BTreeMap<AuthorId, Vec<&PriceMoved>> = BTreeMap::new();
        for it in before.iter().rev().filter(|it| it.stamp.business_day == day) {
            by_author.entry(it.author).or_default().push(&it.said);
        }
        let of_run = self.products.get(&said.product).map_or(&[][..], |of| &of.moves);
        for (_, it) in of_run.iter().filter(|(on, _)| *on == day) {
            by_author.entry(self.author).or_default().push(it);
        }
        let first = |moves: &Vec<&PriceMoved>| {
            let began = moves.iter().find(|it| it.reasons.contains(&NEW_DAY)).map(|it| it.to_minor);
            began.or_else(|| moves.first().map(|it| it.from_minor))
        };
        let mut firsts: Vec<i64> = by_author.values().filter_map(first).collect();
        // What no move of the day made was set by hand, and the day begins anew with it.
        let is_moved = by_author.values().flatten().any(|it| it.to_minor == known_minor);
        if !is_moved {
            firsts.push(known_minor);
        }
        firsts
    }
}
