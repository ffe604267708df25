//! Who is at the register, what a shift comes to, and what somebody may want to look into.

use std::collections::BTreeMap;

use soko_app_api::{
    AtRegisterView, AuditRow, AuditWhat, PersonRow, Query, ShiftReport, ShiftReportRow, TaxRow, TenderTotal,
    Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{
    Entry, Kind, LinesTakenOff, OrderSentBack, OrderTransferCame, ProgramAct, PurseKind,
};
use soko_domain::ids::{AuthorId, PersonId, ShiftId};
use soko_domain::money::part_of;
use soko_domain::people::{Doer, Limits};
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;
use soko_projection::payments;
use soko_projection::read as trade;
use soko_projection::read_desk::{self as facts, AuditFilter, AuditFound, ShiftFound, TenderFound};
use soko_record_log::StoreError;

use super::{Asking, bounded, unsent};
use crate::people;

const PEOPLE_MAX: u32 = 500;

pub(super) fn at_register(asking: &mut Asking<'_>) -> Result<AtRegisterView, StoreError> {
    let (log, me) = (asking.log, asking.stall.row.author);
    let register = super::register_role(asking)?;
    let (_, person, role) = people::doer(asking.tx, asking.stall, register)?;
    let mut rows = Vec::new();
    for found in facts::people(asking.tx, log, PEOPLE_MAX)? {
        let has_pin = people::has_pin(asking.tx, (log, me), found.person)?;
        let (person, name, role, is_active) = (found.person, found.name, found.role, found.is_active);
        rows.push(PersonRow { person, name, role, is_active, has_pin });
    }
    Ok(AtRegisterView {
        is_guarded: people::is_guarded(asking.tx, log, me)?,
        person,
        role,
        people: rows,
        cashier: limits(asking, Role::Cashier)?.into(),
        manager: limits(asking, Role::Manager)?.into(),
    })
}

fn limits(asking: &mut Asking<'_>, role: Role) -> Result<Limits, StoreError> {
    Ok(facts::limits(asking.tx, asking.log, role)?.1)
}

/// Whether what should be in the drawer stays unsaid: a cashier counts first.
pub(super) fn is_blind(asking: &mut Asking<'_>, counts: u32) -> Result<bool, StoreError> {
    let register = super::register_role(asking)?;
    let (doer, ..) = people::doer(asking.tx, asking.stall, register)?;
    Ok(match doer {
        Doer::Anybody => false,
        Doer::Nobody => true,
        Doer::Person { role, .. } => !role.may_manage_people() && counts == 0,
    })
}

/// Names of people and registers, each asked for once.
pub(super) struct Names<'a, 't> {
    asking: &'a mut Asking<'t>,
    people: BTreeMap<PersonId, String>,
    registers: BTreeMap<AuthorId, String>,
}

impl<'a, 't> Names<'a, 't> {
    pub(super) fn new(asking: &'a mut Asking<'t>) -> Self {
        Self { asking, people: BTreeMap::new(), registers: BTreeMap::new() }
    }

    pub(super) fn person(&mut self, person: Option<PersonId>) -> Result<String, StoreError> {
        let Some(person) = person else { return Ok(String::new()) };
        if let Some(known) = self.people.get(&person) {
            return Ok(known.clone());
        }
        let found = facts::person(self.asking.tx, self.asking.log, person)?;
        let name = found.map(|found| found.name).unwrap_or_default();
        self.people.insert(person, name.clone());
        Ok(name)
    }

    pub(super) fn register(&mut self, author: AuthorId) -> Result<String, StoreError> {
        if let Some(known) = self.registers.get(&author) {
            return Ok(known.clone());
        }
        let row = &self.asking.stall.row;
        let own = (author == row.author).then(|| row.name.clone());
        let device = trade::device(self.asking.tx, self.asking.log, author)?;
        let name = device.map(|device| device.name).filter(|name| !name.is_empty()).or(own);
        let name = name.unwrap_or_default();
        self.registers.insert(author, name.clone());
        Ok(name)
    }
}

pub(super) fn report(
    asking: &mut Asking<'_>,
    register: Option<AuthorId>,
    shift: Option<ShiftId>,
) -> Result<Option<ShiftReport>, StoreError> {
    let log = asking.log;
    let author = register.unwrap_or(asking.stall.row.author);
    let shift = match shift {
        Some(shift) => Some(shift),
        None => trade::open_shift(asking.tx, log, author)?.map(|open| open.shift),
    };
    let Some(shift) = shift else { return Ok(None) };
    let Some(found) = facts::shift(asking.tx, log, (author, shift))? else { return Ok(None) };
    let is_blind = !found.is_closed && is_blind(asking, found.counts)?;
    let tenders = facts::shift_tenders(asking.tx, log, (author, shift))?;
    let taxes = taxes(asking, (author, shift))?;
    let purses = super::customers::of_shift(asking, (author, shift))?;
    let profile = trade::profile(asking.tx, log)?;
    let (stall_name, stall_place, currency) =
        profile.map(|it| (it.name, it.place, it.currency)).unwrap_or_default();
    let unsent = unsent(asking)?;
    let mut names = Names::new(asking);
    let register_name = names.register(author)?;
    let (opened_by, closed_by) = (names.person(found.opened_by)?, names.person(found.closed_by)?);
    let named = Named { stall_name, stall_place, register_name, currency, opened_by, closed_by };
    let unseen_minor = payments::unseen_of_shift(asking.tx, log, (author, shift))?;
    let mut report = filled(found, named, (tenders, taxes), (is_blind, unsent));
    report.purses = purses;
    // Only a payment by phone can be claimed.
    for tender in report.tenders.iter_mut().filter(|tender| tender.kind == TenderKind::MobileMoney) {
        tender.unseen_minor = unseen_minor;
    }
    Ok(Some(report))
}

/// The taxes of a shift's sales, less those of what was refunded in it. However a line is cut up, its parts add up to it.
fn taxes(asking: &mut Asking<'_>, of: (AuthorId, ShiftId)) -> Result<Vec<TaxRow>, StoreError> {
    let log = asking.log;
    let mut rows: BTreeMap<(u32, TaxMode, String), (i64, i64)> = BTreeMap::new();
    for tax in facts::shift_taxes(asking.tx, log, of)? {
        rows.insert((tax.ppm.0, tax.mode, tax.label), (tax.net_minor, tax.tax_minor));
    }
    for back in facts::shift_refunds(asking.tx, log, of)? {
        // A sale of another register may arrive after its refund.
        let Some(found) = trade::sale(asking.tx, log, back.sale)? else { continue };
        let line = usize::try_from(back.line).ok().and_then(|line| found.made.lines.get(line));
        let Some(line) = line else { continue };
        let part =
            |whole| part_of(whole, line.total_minor, back.before_minor, back.amount_minor).unwrap_or(0);
        let parts: Vec<i64> = line.taxes.iter().map(|tax| part(tax.tax_minor)).collect();
        let net = back.amount_minor.saturating_sub(parts.iter().sum());
        for (tax, part) in line.taxes.iter().zip(&parts) {
            let rate = &tax.rate;
            let row = rows.entry((rate.ppm.0, rate.mode, rate.label.clone())).or_default();
            *row = (row.0.saturating_sub(net), row.1.saturating_sub(*part));
        }
    }
    let row =
        |((ppm, mode, label), (net_minor, tax_minor))| TaxRow { ppm, mode, label, net_minor, tax_minor };
    Ok(rows.into_iter().rev().map(row).collect())
}

struct Named {
    stall_name: String,
    stall_place: String,
    register_name: String,
    currency: String,
    opened_by: String,
    closed_by: String,
}

fn filled(
    found: ShiftFound,
    named: Named,
    (tenders, taxes): (Vec<TenderFound>, Vec<TaxRow>),
    (is_blind, unsent): (bool, u64),
) -> ShiftReport {
    let cash_refunds_minor =
        tenders.iter().find(|found| found.kind == TenderKind::Cash).map_or(0, |cash| cash.refunded_minor);
    // What came after the closing is in the sums, and so in what should have been there.
    let expected = found.float_minor.saturating_add(found.cash_minor);
    let counted = if found.is_closed {
        Some(found.counted_minor)
    } else {
        (found.counts > 0).then_some(found.last_counted_minor)
    };
    let expected_minor = (!is_blind).then_some(expected);
    let tender = |of: TenderFound| TenderTotal {
        kind: of.kind,
        payments: of.payments,
        amount_minor: (!is_blind || of.kind != TenderKind::Cash).then_some(of.amount_minor),
        refunded_minor: of.refunded_minor,
        unseen_minor: 0,
    };
    ShiftReport {
        stall_name: named.stall_name,
        stall_place: named.stall_place,
        register_name: named.register_name,
        register: found.author,
        shift: found.shift,
        currency: named.currency,
        z_number: found.is_closed.then_some(found.z_number),
        business_day: found.business_day,
        opened_at_ms: found.opened_at_ms,
        opened_offset: found.opened_offset,
        opened_by: named.opened_by,
        closed_at_ms: found.is_closed.then_some(found.closed_at_ms),
        closed_offset: found.closed_offset,
        closed_by: named.closed_by,
        sales: found.sales,
        sales_minor: found.sales_minor,
        voids: found.voids,
        voids_minor: found.voids_minor,
        refunds: found.refunds,
        refunds_minor: found.refunds_minor,
        orders: found.orders,
        orders_minor: found.orders_minor,
        net_minor: net(&found),
        discounts_minor: found.discounts_minor,
        rounding_minor: found.rounding_minor,
        taxes,
        tenders: tenders.into_iter().map(tender).collect(),
        purses: Vec::new(),
        float_minor: found.float_minor,
        tendered_minor: if is_blind { 0 } else { found.tendered_minor },
        change_minor: if is_blind { 0 } else { found.change_minor },
        cash_refunds_minor,
        paid_in_minor: found.paid_in_minor,
        paid_out_minor: found.paid_out_minor,
        openings: found.openings,
        expected_minor,
        counted_minor: counted,
        variance_minor: counted
            .zip(expected_minor)
            .map(|(counted, expected)| counted.saturating_sub(expected)),
        reason: found.reason,
        late: found.late,
        late_minor: found.late_minor,
        unsent,
    }
}

fn net(found: &ShiftFound) -> i64 {
    let taken = found.sales_minor.saturating_add(found.orders_minor);
    taken.saturating_sub(found.voids_minor).saturating_sub(found.refunds_minor)
}

pub(super) fn reports(asking: &mut Asking<'_>, window: Window) -> Result<Vec<ShiftReportRow>, StoreError> {
    let shifts = facts::closed_shifts(asking.tx, asking.log, bounded(window))?;
    let currency = trade::profile(asking.tx, asking.log)?.map(|it| it.currency).unwrap_or_default();
    let mut names = Names::new(asking);
    let mut rows = Vec::new();
    for found in shifts {
        let expected = found.float_minor.saturating_add(found.cash_minor);
        rows.push(ShiftReportRow {
            register: found.author,
            register_name: names.register(found.author)?,
            shift: found.shift,
            z_number: found.z_number,
            business_day: found.business_day,
            closed_at_ms: found.closed_at_ms,
            closed_offset: found.closed_offset,
            closed_by: names.person(found.closed_by)?,
            currency: currency.clone(),
            net_minor: net(&found),
            variance_minor: found.counted_minor.saturating_sub(expected),
            late: found.late,
        });
    }
    Ok(rows)
}

pub(super) fn audit(asking: &mut Asking<'_>, query: &Query) -> Result<Vec<AuditRow>, StoreError> {
    let Query::Audit { person, business_day, what, window, .. } = query else { return Ok(Vec::new()) };
    let filter = AuditFilter { person: *person, business_day: *business_day, kind: what.and_then(kind_of) };
    let found = facts::audit(asking.tx, asking.log, filter, bounded(*window))?;
    let currency = trade::profile(asking.tx, asking.log)?.map(|it| it.currency).unwrap_or_default();
    let mut rows = Vec::new();
    for found in found {
        let row = audit_row(asking, found, &currency)?;
        if what.is_none_or(|what| what == row.what) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The kind of entry that says such a thing; none where several do.
fn kind_of(what: AuditWhat) -> Option<Kind> {
    Some(match what {
        AuditWhat::ShiftOpened => Kind::ShiftOpened,
        AuditWhat::ShiftClosed => Kind::ShiftClosed,
        AuditWhat::DrawerCounted => Kind::DrawerCounted,
        AuditWhat::PaidIn | AuditWhat::PaidOut => Kind::DrawerMoved,
        AuditWhat::DrawerOpened => Kind::DrawerOpened,
        AuditWhat::Discount | AuditWhat::BeyondShare | AuditWhat::SaleApproved => Kind::SaleMade,
        AuditWhat::Voided => Kind::SaleVoided,
        AuditWhat::TakenOff => Kind::LinesTakenOff,
        AuditWhat::Refunded => Kind::RefundMade,
        AuditWhat::StockCounted => Kind::StockCounted,
        AuditWhat::PersonChanged => Kind::PersonPut,
        AuditWhat::PersonErased => Kind::PersonErased,
        AuditWhat::LimitsChanged => Kind::LimitsPut,
        AuditWhat::DeviceRevoked => Kind::DeviceRevoked,
        AuditWhat::PurseGiven => Kind::PurseFilled,
        AuditWhat::CustomerErased => Kind::CustomerErased,
        AuditWhat::LoyaltyChanged => Kind::LoyaltyPut,
        AuditWhat::PriceMoved => Kind::PriceMoved,
        AuditWhat::PriceRuleChanged => Kind::PriceRulePut,
        AuditWhat::CouponChanged => Kind::CouponPut,
        AuditWhat::IncidentSettled => Kind::IncidentSettled,
        AuditWhat::OrderBackAsked => Kind::OrderBackAsked,
        AuditWhat::OrderRefundAsked => Kind::OrderRefundAsked,
        AuditWhat::OrderCashGiven => Kind::OrderCashGiven,
        AuditWhat::TransferCame => Kind::OrderTransferCame,
        AuditWhat::TransferSentBack => Kind::OrderSentBack,
        AuditWhat::KeyMade
        | AuditWhat::KeyEnded
        | AuditWhat::HookPut
        | AuditWhat::HookEnded
        | AuditWhat::HookSecretMade => Kind::ProgramActed,
        AuditWhat::Other => return None,
    })
}

fn audit_row(asking: &mut Asking<'_>, found: AuditFound, currency: &str) -> Result<AuditRow, StoreError> {
    let stamp = found.said.as_ref().map(|(stamp, _)| stamp.clone());
    let told = found.said.as_ref().map(|(_, entry)| told(entry));
    let told = told.unwrap_or_else(|| Told { what: what_of(found.kind), ..Told::default() });
    let mut names = Names::new(asking);
    let about = match told.about {
        About::Nothing => String::new(),
        About::Person(person) => names.person(Some(person))?,
        About::Device(author) => names.register(author)?,
        About::Role(role) => role.name().into(),
        About::Product(product) => {
            let found = trade::product(names.asking.tx, names.asking.log, product)?;
            found.map(|found| found.name).unwrap_or_default()
        }
    };
    let approval = stamp.as_ref().and_then(|stamp| stamp.approval.clone());
    Ok(AuditRow {
        register: found.author,
        register_name: names.register(found.author)?,
        seq: found.seq,
        what: told.what,
        at_ms: found.at_ms,
        offset_minutes: stamp.as_ref().map_or(0, |stamp| stamp.offset_minutes),
        business_day: stamp.as_ref().map_or(0, |stamp| stamp.business_day),
        by: names.person(found.person)?,
        person: found.person,
        approved_by: names.person(found.approved_by)?,
        approved_why: approval.map(|approval| approval.reason).unwrap_or_default(),
        currency: currency.into(),
        amount_minor: told.amount_minor,
        reason: told.reason,
        sale: told.sale,
        about,
    })
}

#[derive(Default)]
enum About {
    #[default]
    Nothing,
    Person(PersonId),
    Device(AuthorId),
    Role(Role),
    Product(soko_domain::ids::ProductId),
}

/// What an entry says to somebody who looks into it.
struct Told {
    what: AuditWhat,
    amount_minor: Option<i64>,
    reason: String,
    sale: Option<soko_domain::ids::SaleId>,
    about: About,
}

impl Default for Told {
    fn default() -> Self {
        let what = AuditWhat::Other;
        Self { what, amount_minor: None, reason: String::new(), sale: None, about: About::Nothing }
    }
}

fn taken_off(off: &LinesTakenOff, plain: Told) -> Told {
    let names: Vec<&str> = off.lines.iter().map(|line| line.name.as_str()).collect();
    let reason = format!("{} ({})", off.reason, names.join(", "));
    Told { amount_minor: Some(off.amount_minor), reason, ..plain }
}

fn what_of(kind: Kind) -> AuditWhat {
    let is_of = |what: &&AuditWhat| kind_of(**what) == Some(kind);
    AuditWhat::ALL.iter().find(is_of).copied().unwrap_or(AuditWhat::Other)
}

fn acted_on(act: ProgramAct) -> AuditWhat {
    match act {
        ProgramAct::KeyMade => AuditWhat::KeyMade,
        ProgramAct::KeyEnded => AuditWhat::KeyEnded,
        ProgramAct::HookPut => AuditWhat::HookPut,
        ProgramAct::HookEnded => AuditWhat::HookEnded,
        ProgramAct::HookSecretMade => AuditWhat::HookSecretMade,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not looked into has nothing to tell here")]
fn told(entry: &Entry) -> Told {
    let what = what_of(entry.kind());
    let plain = Told { what, ..Told::default() };
    match entry {
        Entry::ShiftOpened(opened) => Told { amount_minor: Some(opened.float_minor), ..plain },
        Entry::ShiftClosed(closed) => Told {
            amount_minor: Some(closed.counted_minor.saturating_sub(closed.expected_minor)),
            reason: closed.reason.clone(),
            ..plain
        },
        Entry::DrawerCounted(counted) => Told { amount_minor: Some(counted.counted_minor), ..plain },
        Entry::DrawerMoved(moved) => Told {
            what: if moved.amount_minor < 0 { AuditWhat::PaidOut } else { AuditWhat::PaidIn },
            amount_minor: Some(moved.amount_minor.saturating_abs()),
            reason: moved.reason.clone(),
            ..plain
        },
        Entry::OrderBackAsked(asked) => Told { reason: asked.reason.clone(), ..plain },
        Entry::OrderRefundAsked(asked) => Told { reason: asked.reason.clone(), ..plain },
        Entry::OrderCashGiven(given) => Told { amount_minor: Some(given.amount_minor), ..plain },
        Entry::OrderTransferCame(OrderTransferCame { amount_minor, reference, .. })
        | Entry::OrderSentBack(OrderSentBack { amount_minor, reference, .. }) => {
            Told { amount_minor: Some(*amount_minor), reason: reference.clone(), ..plain }
        }
        Entry::DrawerOpened(opened) => Told { reason: opened.reason.clone(), ..plain },
        Entry::SaleMade(sale) => {
            let off = sale.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.discount_minor));
            let is_beyond = sale.lines.iter().any(|line| line.beyond_share != 0);
            let (what, amount) = match (off, is_beyond) {
                (0, true) => (AuditWhat::BeyondShare, sale.total_minor),
                (0, false) => (AuditWhat::SaleApproved, sale.total_minor),
                (off, _) => (AuditWhat::Discount, off),
            };
            Told { what, amount_minor: Some(amount), sale: Some(sale.sale), ..plain }
        }
        Entry::LinesTakenOff(off) => taken_off(off, plain),
        Entry::SaleVoided(void) => Told { reason: void.reason.clone(), sale: Some(void.sale), ..plain },
        Entry::RefundMade(refund) => Told {
            amount_minor: Some(refund.amount_minor),
            reason: refund.reason.clone(),
            sale: Some(refund.sale),
            ..plain
        },
        Entry::StockCounted(count) => {
            Told { reason: count.reason.clone(), about: About::Product(count.product), ..plain }
        }
        Entry::PriceMoved(moved) => {
            Told { amount_minor: Some(moved.to_minor), about: About::Product(moved.product), ..plain }
        }
        Entry::PriceRulePut(put) => {
            Told { about: put.product.map_or(About::Nothing, About::Product), ..plain }
        }
        Entry::ProgramActed(acted) => Told { what: acted_on(acted.act), reason: acted.name.clone(), ..plain },
        Entry::CouponPut(put) => Told { reason: put.code.clone(), ..plain },
        Entry::PersonPut(put) => Told { about: About::Person(put.person), ..plain },
        Entry::PersonErased(erased) => Told { about: About::Person(erased.person), ..plain },
        Entry::LimitsPut(put) => Told { about: About::Role(put.role), ..plain },
        Entry::PurseFilled(filled) => Told {
            // Points are counted, not paid.
            amount_minor: (filled.kind != PurseKind::Points).then_some(filled.units),
            reason: filled.reason.clone(),
            sale: filled.sale,
            ..plain
        },
        Entry::DeviceRevoked(device) => {
            Told { reason: device.reason.clone(), about: About::Device(device.author), ..plain }
        }
        _ => plain,
    }
}
