//! Who is at the register, and what a shift comes to.

use std::collections::BTreeMap;

use soko_app_api::{AtRegisterView, PersonRow, ShiftReport, ShiftReportRow, TaxRow, TenderTotal, Window};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{AuthorId, PersonId, ProductId, ShiftId};
use soko_domain::money::part_of;
use soko_domain::people::{Doer, Limits};
use soko_domain::quantity::Unit;
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;
use soko_projection::payments;
use soko_projection::read as trade;
use soko_projection::read_desk::{self as facts, ShiftFound, TenderFound};
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
    products: BTreeMap<ProductId, (String, Unit)>,
}

impl<'a, 't> Names<'a, 't> {
    pub(super) fn new(asking: &'a mut Asking<'t>) -> Self {
        Self { asking, people: BTreeMap::new(), registers: BTreeMap::new(), products: BTreeMap::new() }
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

    /// What a product is called now, and in which unit it is counted.
    pub(super) fn product(&mut self, product: ProductId) -> Result<(String, Unit), StoreError> {
        if let Some(known) = self.products.get(&product) {
            return Ok(known.clone());
        }
        let found = trade::product(self.asking.tx, self.asking.log, product)?;
        let named = found.map_or((String::new(), Unit::Piece), |found| (found.name, found.unit));
        self.products.insert(product, named.clone());
        Ok(named)
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
    let mut report = filled(found, named, (tenders, taxes), unsent);
    if is_blind {
        return Ok(Some(hidden(report)));
    }
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
    unsent: u64,
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
    let tender = |of: TenderFound| TenderTotal {
        kind: of.kind,
        payments: of.payments,
        amount_minor: Some(of.amount_minor),
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
        tendered_minor: found.tendered_minor,
        change_minor: found.change_minor,
        cash_refunds_minor,
        paid_in_minor: found.paid_in_minor,
        paid_out_minor: found.paid_out_minor,
        openings: found.openings,
        expected_minor: Some(expected),
        counted_minor: counted,
        counts: found.counts,
        first_counted_minor: (found.counts > 1).then_some(found.first_counted_minor),
        variance_minor: counted.map(|counted| counted.saturating_sub(expected)),
        reason: found.reason,
        late: found.late,
        late_minor: found.late_minor,
        unsent,
    }
}

/// What may be read before the drawer was counted. Cash is what is left of all when the rest is known, and what was put in and taken out
/// adds up to it, so each sum waits.
fn hidden(report: ShiftReport) -> ShiftReport {
    let tender =
        |of: TenderTotal| TenderTotal { amount_minor: None, refunded_minor: 0, unseen_minor: 0, ..of };
    ShiftReport {
        sales_minor: 0,
        voids_minor: 0,
        refunds_minor: 0,
        orders_minor: 0,
        net_minor: 0,
        discounts_minor: 0,
        rounding_minor: 0,
        taxes: Vec::new(),
        tenders: report.tenders.into_iter().map(tender).collect(),
        tendered_minor: 0,
        change_minor: 0,
        cash_refunds_minor: 0,
        paid_in_minor: 0,
        paid_out_minor: 0,
        expected_minor: None,
        variance_minor: None,
        ..report
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
