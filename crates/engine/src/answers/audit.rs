//! What somebody may want to look into, told from the records that say it.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    AUDIT_PARTS_MAX, AuditAmount, AuditBefore, AuditPart, AuditPrice, AuditRow, AuditWhat, Query,
    WINDOW_ROWS_MAX,
};
use soko_domain::entry::{
    Entry, Kind, LinesRepriced, LinesTakenOff, OrderSentBack, OrderTransferCame, PricesSet, PurseKind,
    ReceivedLine, RivalLine, SaleMade, SetCause, StockAdjusted, StockCounted, StockReceived,
};
use soko_domain::ids::{AuthorId, LogId, PersonId, ProductId, SaleId};
use soko_domain::quantity::Unit;
use soko_domain::role::Role;
use soko_projection::audit::{self as facts, AuditFilter, AuditFound, AuditKinds, AuditPlace, Facet};
use soko_projection::read as trade;
use soko_record_log::StoreError;

use super::Asking;
use super::desk::{Names, is_blind};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;

pub(super) fn audit(asking: &mut Asking<'_>, query: &Query) -> Result<Vec<AuditRow>, StoreError> {
    let Query::Audit { person, business_day, what, before, rows, .. } = query else { return Ok(Vec::new()) };
    let filter = AuditFilter {
        person: *person,
        business_day: *business_day,
        kinds: what.map_or(AuditKinds::All, kinds),
        before: before.map(place),
    };
    let mut rows = told_rows(asking, &filter, ((*rows).min(WINDOW_ROWS_MAX), AUDIT_PARTS_MAX))?;
    hide_from_blind(asking, &mut rows)?;
    Ok(rows)
}

/// Whoever is to count the drawer blind is not told what went into it or came out of it since it was opened: all of it together is what
/// should be there.
fn hide_from_blind(asking: &mut Asking<'_>, rows: &mut [AuditRow]) -> Result<(), StoreError> {
    let me = asking.stall.row.author;
    let Some(open) = trade::open_shift(asking.tx, asking.log, me)? else { return Ok(()) };
    if !is_blind(asking, open.counts)? {
        return Ok(());
    }
    // By its place in the register's own chain: its clock may have been put back since.
    let opened = facts::last_said(asking.tx, (asking.log, me), Kind::ShiftOpened)?;
    let is_hidden = |row: &&mut AuditRow| {
        let moves_cash = matches!(
            row.what,
            AuditWhat::PaidIn | AuditWhat::PaidOut | AuditWhat::Refunded | AuditWhat::OrderCashGiven
        );
        moves_cash && row.register == me && row.seq > opened
    };
    rows.iter_mut().filter(is_hidden).for_each(|row| row.amount_minor = None);
    Ok(())
}

/// So many rows, with so many parts of each.
fn told_rows(
    asking: &mut Asking<'_>,
    filter: &AuditFilter,
    (rows_max, parts_max): (u32, usize),
) -> Result<Vec<AuditRow>, StoreError> {
    let limit = usize::try_from(rows_max).unwrap_or(0);
    let found = facts::rows(asking.tx, asking.log, filter, limit)?;
    let currency = trade::profile(asking.tx, asking.log)?.map(|it| it.currency).unwrap_or_default();
    let mut names = Names::new(asking);
    found.into_iter().map(|found| audit_row(&mut names, found, (&currency, parts_max))).collect()
}

impl Engine {
    /// A page of everything with all of its parts, for whoever reads all of it.
    pub(crate) fn audit_page(
        &mut self,
        stall: LogId,
        now: Now,
        before: Option<AuditBefore>,
    ) -> Result<Vec<AuditRow>, NotDone> {
        let filter = AuditFilter {
            person: None,
            business_day: None,
            kinds: AuditKinds::All,
            before: before.map(place),
        };
        let known = self.stalls.get(&stall).ok_or(Failure::UnknownStall(stall))?;
        let page = self.db.read::<_, StoreError>(|tx| {
            let asking = &mut Asking { tx, stall: known, log: stall, now };
            told_rows(asking, &filter, (WINDOW_ROWS_MAX, usize::MAX))
        });
        Ok(page.map_err(Failure::from)?)
    }
}

/// The entries that say such a thing, and what of them; none where it is whatever nobody named.
fn said_by(what: AuditWhat) -> Option<(Kind, Facet)> {
    Some(match what {
        AuditWhat::ShiftOpened => (Kind::ShiftOpened, Facet::Whole),
        AuditWhat::ShiftClosed => (Kind::ShiftClosed, Facet::Whole),
        AuditWhat::DrawerCounted => (Kind::DrawerCounted, Facet::Whole),
        AuditWhat::PaidIn => (Kind::DrawerMoved, Facet::Whole),
        AuditWhat::PaidOut => (Kind::DrawerMoved, Facet::PaidOut),
        AuditWhat::DrawerOpened => (Kind::DrawerOpened, Facet::Whole),
        AuditWhat::Discount => (Kind::SaleMade, Facet::Discount),
        AuditWhat::BeyondShare => (Kind::SaleMade, Facet::BeyondShare),
        AuditWhat::CustomAmount => (Kind::SaleMade, Facet::CustomAmount),
        AuditWhat::SaleApproved => (Kind::SaleMade, Facet::Whole),
        AuditWhat::PriceOverridden => (Kind::LinesRepriced, Facet::Whole),
        AuditWhat::Voided => (Kind::SaleVoided, Facet::Whole),
        AuditWhat::TakenOff => (Kind::LinesTakenOff, Facet::Whole),
        AuditWhat::Refunded => (Kind::RefundMade, Facet::Whole),
        AuditWhat::StockReceived => (Kind::StockReceived, Facet::Whole),
        AuditWhat::StockCounted => (Kind::StockCounted, Facet::Whole),
        AuditWhat::StockAdjusted => (Kind::StockAdjusted, Facet::Whole),
        AuditWhat::PersonChanged => (Kind::PersonPut, Facet::Whole),
        AuditWhat::PersonErased => (Kind::PersonErased, Facet::Whole),
        AuditWhat::LimitsChanged => (Kind::LimitsPut, Facet::Whole),
        AuditWhat::DeviceAdmitted => (Kind::DeviceAdmitted, Facet::Whole),
        AuditWhat::DeviceRevoked => (Kind::DeviceRevoked, Facet::Whole),
        AuditWhat::PurseGiven => (Kind::PurseFilled, Facet::Whole),
        AuditWhat::CustomerErased => (Kind::CustomerErased, Facet::Whole),
        AuditWhat::LoyaltyChanged => (Kind::LoyaltyPut, Facet::Whole),
        AuditWhat::PriceSet => (Kind::PricesSet, Facet::Whole),
        AuditWhat::PriceMoved => (Kind::PriceMoved, Facet::Whole),
        AuditWhat::PriceRuleChanged => (Kind::PriceRulePut, Facet::Whole),
        AuditWhat::RivalsSeen => (Kind::RivalsSeen, Facet::Whole),
        AuditWhat::RivalsFetched => (Kind::RivalsFetched, Facet::Whole),
        AuditWhat::RivalSourceChanged => (Kind::RivalSourcePut, Facet::Whole),
        AuditWhat::CouponChanged => (Kind::CouponPut, Facet::Whole),
        AuditWhat::IncidentSettled => (Kind::IncidentSettled, Facet::Whole),
        AuditWhat::OrderBackAsked => (Kind::OrderBackAsked, Facet::Whole),
        AuditWhat::OrderRefundAsked => (Kind::OrderRefundAsked, Facet::Whole),
        AuditWhat::OrderCashGiven => (Kind::OrderCashGiven, Facet::Whole),
        AuditWhat::TransferCame => (Kind::OrderTransferCame, Facet::Whole),
        AuditWhat::TransferSentBack => (Kind::OrderSentBack, Facet::Whole),
        AuditWhat::KeyMade => (Kind::ProgramActed, Facet::Whole),
        AuditWhat::KeyEnded => (Kind::ProgramActed, Facet::KeyEnded),
        AuditWhat::HookPut => (Kind::ProgramActed, Facet::HookPut),
        AuditWhat::HookEnded => (Kind::ProgramActed, Facet::HookEnded),
        AuditWhat::HookSecretMade => (Kind::ProgramActed, Facet::HookSecretMade),
        AuditWhat::Other => return None,
    })
}

fn what_of(kind: Kind, facet: Facet) -> AuditWhat {
    let is_it = |what: &&AuditWhat| said_by(**what) == Some((kind, facet));
    AuditWhat::ALL.iter().find(is_it).copied().unwrap_or(AuditWhat::Other)
}

fn kinds(what: AuditWhat) -> AuditKinds {
    let named = || AuditWhat::ALL.iter().filter_map(|what| said_by(*what)).map(|(kind, _)| kind);
    said_by(what)
        .map_or_else(|| AuditKinds::But(named().collect()), |(kind, facet)| AuditKinds::One(kind, facet))
}

fn place(before: AuditBefore) -> AuditPlace {
    let AuditBefore { at_ms, register, seq, what } = before;
    let facet = said_by(what).map_or(Facet::Whole, |(_, facet)| facet);
    AuditPlace { at_ms, author: register, seq, facet }
}

fn audit_row(
    names: &mut Names<'_, '_>,
    found: AuditFound,
    (currency, parts_max): (&str, usize),
) -> Result<AuditRow, StoreError> {
    let AuditFound { place, kind, person, approved_by, said } = found;
    let what = what_of(kind, place.facet);
    let (stamp, entry) = said.unzip();
    let told = entry.map(|entry| told(&entry, place.facet)).unwrap_or_default();
    let about = match told.about {
        About::Nothing => String::new(),
        About::Person(person) => names.person(Some(person))?,
        About::Device(author) => names.register(author)?,
        About::Role(role) => role.name().into(),
        About::Product(product) => names.product(product)?.0,
    };
    let parts_more = told.parts.len().saturating_sub(parts_max);
    let parts = told.parts.into_iter().take(parts_max).map(|part| part.named(names));
    let parts = parts.collect::<Result<_, StoreError>>()?;
    let approval = stamp.as_ref().and_then(|stamp| stamp.approval.clone());
    Ok(AuditRow {
        register: place.author,
        register_name: names.register(place.author)?,
        seq: place.seq,
        what,
        at_ms: place.at_ms,
        offset_minutes: stamp.as_ref().map_or(0, |stamp| stamp.offset_minutes),
        business_day: stamp.as_ref().map_or(0, |stamp| stamp.business_day),
        by: names.person(person)?,
        person,
        approved_by: names.person(approved_by)?,
        approved_why: approval.map(|approval| approval.reason).unwrap_or_default(),
        currency: currency.into(),
        amount_minor: told.amount_minor,
        reason: told.reason,
        sale: told.sale,
        about,
        word: told.word.into(),
        parts,
        parts_more: u32::try_from(parts_more).unwrap_or(u32::MAX),
    })
}

#[derive(Default)]
enum About {
    #[default]
    Nothing,
    Person(PersonId),
    Device(AuthorId),
    Role(Role),
    Product(ProductId),
}

/// What an entry says to somebody who looks into it.
#[derive(Default)]
struct Told {
    amount_minor: Option<i64>,
    reason: String,
    sale: Option<SaleId>,
    about: About,
    word: &'static str,
    parts: Vec<Part>,
}

/// A part whose product may have to be looked up.
#[derive(Default)]
struct Part {
    product: Option<ProductId>,
    name: String,
    /// As the entry says it; else the product's.
    unit: Option<Unit>,
    quantity: Option<i64>,
    was: Option<(i64, i64)>,
    now: Option<(i64, i64)>,
    total_minor: Option<i64>,
    reason: String,
}

impl Part {
    fn named(self, names: &mut Names<'_, '_>) -> Result<AuditPart, StoreError> {
        let known = match self.product {
            Some(product) if self.name.is_empty() || self.unit.is_none() => Some(names.product(product)?),
            Some(_) | None => None,
        };
        let (name, unit) = known.unwrap_or((String::new(), Unit::Piece));
        let unit = self.unit.unwrap_or(unit);
        let price = |(minor, per)| AuditPrice { minor, per, unit };
        Ok(AuditPart {
            about: if self.name.is_empty() { name } else { self.name },
            amount: self.quantity.map(|quantity| AuditAmount { quantity, unit }),
            was: self.was.map(price),
            now: self.now.map(price),
            total_minor: self.total_minor,
            reason: self.reason,
        })
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not looked into has nothing to tell here")]
fn told(entry: &Entry, facet: Facet) -> Told {
    let plain = Told::default();
    let because = |reason: &String| Told { reason: reason.clone(), ..Told::default() };
    match entry {
        Entry::ShiftOpened(opened) => Told { amount_minor: Some(opened.float_minor), ..plain },
        Entry::ShiftClosed(closed) => Told {
            amount_minor: Some(closed.counted_minor.saturating_sub(closed.expected_minor)),
            ..because(&closed.reason)
        },
        Entry::DrawerCounted(counted) => Told { amount_minor: Some(counted.counted_minor), ..plain },
        Entry::DrawerMoved(moved) => {
            Told { amount_minor: Some(moved.amount_minor.saturating_abs()), ..because(&moved.reason) }
        }
        Entry::OrderBackAsked(asked) => because(&asked.reason),
        Entry::OrderRefundAsked(asked) => because(&asked.reason),
        Entry::OrderCashGiven(given) => Told { amount_minor: Some(given.amount_minor), ..plain },
        Entry::OrderTransferCame(OrderTransferCame { amount_minor, reference, .. })
        | Entry::OrderSentBack(OrderSentBack { amount_minor, reference, .. }) => {
            Told { amount_minor: Some(*amount_minor), ..because(reference) }
        }
        Entry::DrawerOpened(opened) => because(&opened.reason),
        Entry::SaleMade(sale) => sold(sale, facet),
        Entry::LinesRepriced(repriced) => another_price(repriced),
        Entry::LinesTakenOff(off) => taken_off(off),
        Entry::SaleVoided(void) => Told { sale: Some(void.sale), ..because(&void.reason) },
        Entry::RefundMade(refund) => Told {
            amount_minor: Some(refund.amount_minor),
            sale: Some(refund.sale),
            ..because(&refund.reason)
        },
        Entry::StockReceived(received) => came_in(received),
        Entry::StockCounted(count) => counted(count),
        Entry::StockAdjusted(adjusted) => gone_or_found(adjusted),
        Entry::PricesSet(set) => prices_set(set),
        Entry::PriceMoved(moved) => {
            Told { amount_minor: Some(moved.to_minor), about: About::Product(moved.product), ..plain }
        }
        Entry::PriceRulePut(put) => {
            Told { about: put.product.map_or(About::Nothing, About::Product), ..plain }
        }
        Entry::ProgramActed(acted) => because(&acted.name),
        Entry::RivalsSeen(seen) => others_ask(&seen.source, &seen.lines),
        Entry::RivalsFetched(fetched) => others_ask(&fetched.source, &fetched.lines),
        Entry::RivalSourcePut(put) => because(&put.source),
        Entry::CouponPut(put) => because(&put.code),
        Entry::PersonPut(put) => Told { about: About::Person(put.person), ..plain },
        Entry::PersonErased(erased) => Told { about: About::Person(erased.person), ..plain },
        Entry::LimitsPut(put) => Told { about: About::Role(put.role), ..plain },
        Entry::PurseFilled(filled) => Told {
            // Points are counted, not paid.
            amount_minor: (filled.kind != PurseKind::Points).then_some(filled.units),
            sale: filled.sale,
            ..because(&filled.reason)
        },
        Entry::DeviceAdmitted(device) => Told { about: About::Device(device.author), ..plain },
        Entry::DeviceRevoked(device) => {
            Told { about: About::Device(device.author), ..because(&device.reason) }
        }
        _ => plain,
    }
}

/// A source with what it asks for what is sold here; what it stopped asking has no price.
fn others_ask(source: &str, lines: &[RivalLine]) -> Told {
    let part = |line: &RivalLine| Part {
        product: line.product,
        name: if line.product.is_some() { String::new() } else { line.name.clone() },
        unit: line.price.as_ref().map(|price| price.unit),
        now: line.price.as_ref().map(|price| (price.price_minor, price.per)),
        ..Part::default()
    };
    Told { reason: source.into(), parts: lines.iter().map(part).collect(), ..Told::default() }
}

fn taken_off(off: &LinesTakenOff) -> Told {
    let names: Vec<&str> = off.lines.iter().map(|line| line.name.as_str()).collect();
    let reason = format!("{} ({})", off.reason, names.join(", "));
    Told { amount_minor: Some(off.amount_minor), reason, ..Told::default() }
}

/// What of a sale somebody looks into: what came off and why, amounts that are no product's, or what was not covered.
fn sold(sale: &SaleMade, facet: Facet) -> Told {
    let parts: Vec<Part> = match facet {
        Facet::Discount => discounts(sale),
        Facet::CustomAmount => custom_amounts(sale),
        Facet::BeyondShare => beyond(sale),
        Facet::Whole
        | Facet::PaidOut
        | Facet::KeyEnded
        | Facet::HookPut
        | Facet::HookEnded
        | Facet::HookSecretMade => Vec::new(),
    };
    let of_parts = parts.iter().filter_map(|part| part.total_minor).reduce(i64::saturating_add);
    let amount_minor = Some(of_parts.unwrap_or(sale.total_minor));
    Told { amount_minor, sale: Some(sale.sale), parts, ..Told::default() }
}

fn discounts(sale: &SaleMade) -> Vec<Part> {
    let reduced = sale.lines.iter().filter_map(|line| Some((line, line.discount.as_ref()?)));
    let mut parts: Vec<Part> = reduced
        .map(|(line, off)| Part {
            name: line.name.clone(),
            total_minor: Some(off.amount_minor),
            reason: off.reason.clone(),
            ..Part::default()
        })
        .collect();
    parts.extend(sale.discount.as_ref().map(|off| Part {
        total_minor: Some(off.amount_minor),
        reason: off.reason.clone(),
        ..Part::default()
    }));
    // Sales of the first version did not say what came off where.
    if parts.is_empty() {
        let off = sale.lines.iter().filter(|line| line.discount_minor != 0);
        parts.extend(off.map(|line| Part {
            name: line.name.clone(),
            total_minor: Some(line.discount_minor),
            ..Part::default()
        }));
    }
    parts
}

fn custom_amounts(sale: &SaleMade) -> Vec<Part> {
    let lines = sale.lines.iter().filter(|line| line.product.is_none());
    lines
        .map(|line| Part {
            name: line.name.clone(),
            unit: line.unit,
            quantity: Some(line.quantity),
            now: Some((line.unit_price_minor, line.price_per)),
            total_minor: Some(line.total_minor),
            reason: line.note.clone(),
            ..Part::default()
        })
        .collect()
}

fn beyond(sale: &SaleMade) -> Vec<Part> {
    let lines = sale.lines.iter().filter(|line| line.beyond_share != 0);
    lines
        .map(|line| Part {
            product: line.product,
            name: line.name.clone(),
            unit: line.unit,
            quantity: Some(line.beyond_share),
            ..Part::default()
        })
        .collect()
}

fn another_price(repriced: &LinesRepriced) -> Told {
    let lines = repriced.lines.iter();
    let parts = lines.map(|line| Part {
        product: Some(line.product),
        name: line.name.clone(),
        unit: line.unit,
        quantity: Some(line.quantity),
        was: Some((line.own_minor, line.own_per)),
        now: Some((line.unit_price_minor, line.price_per)),
        ..Part::default()
    });
    Told { sale: Some(repriced.sale), parts: parts.collect(), ..Told::default() }
}

fn prices_set(set: &PricesSet) -> Told {
    let parts = set.lines.iter().map(|line| Part {
        product: Some(line.product),
        was: Some((line.from_minor, line.from_per)),
        now: Some((line.to_minor, line.to_per)),
        ..Part::default()
    });
    let word = match set.cause {
        SetCause::Edited => "",
        SetCause::Imported => "imported",
        SetCause::ImportUndone => "import-undone",
    };
    Told { word, parts: parts.collect(), ..Told::default() }
}

fn came_in(received: &StockReceived) -> Told {
    let line = |line: &ReceivedLine| Part {
        product: Some(line.product),
        quantity: Some(line.quantity),
        ..Part::default()
    };
    Told {
        parts: received.lines.iter().map(line).collect(),
        reason: received.note.clone(),
        ..Told::default()
    }
}

/// What is gone stands with a minus.
fn gone_or_found(adjusted: &StockAdjusted) -> Told {
    let is_found = adjusted.reason == soko_domain::entry::AdjustReason::Found;
    let parts = adjusted.lines.iter().map(|line| {
        let units = line.from_share.saturating_add(line.beyond_share);
        let quantity = Some(if is_found { units } else { units.saturating_neg() });
        Part { product: Some(line.product), quantity, ..Part::default() }
    });
    Told {
        reason: adjusted.note.clone(),
        word: adjusted.reason.word(),
        parts: parts.collect(),
        ..Told::default()
    }
}

fn counted(count: &StockCounted) -> Told {
    let quantity = Some(count.counted.saturating_sub(count.expected));
    let parts = vec![Part { product: Some(count.product), quantity, ..Part::default() }];
    Told { reason: count.reason.clone(), parts, ..Told::default() }
}
