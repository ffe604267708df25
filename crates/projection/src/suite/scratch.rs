//! The same figures in the slow and plain way: for each sale, look through everything for what became of it. It shares
//! no line with what it checks.

#![expect(clippy::wildcard_enum_match_arm, reason = "nothing else moves money here")]

use std::collections::BTreeMap;

use soko_domain::entry::{
    BackWay, Entry, GivenBack, GoodsBack, OrderHandedOver, OrderPlaced, OrderRefundAllowed, RefundEnd,
    RefundLine, RefundMade, SaleMade, TenderKind, UnitCost,
};
use soko_domain::ids::{AuthorId, OrderId, PersonId, ProductId, SaleId, ThingId};
use soko_domain::tax::LineTax;
use soko_record_log::Value;

use super::Rows;
use super::ledger::Said;

const HOUR: usize = 12;
const PRODUCT: usize = 11;

pub(super) fn added_up(said: &[&Said]) -> Rows {
    let mut sums = Sums::default();
    for one in said {
        match &one.entry {
            Entry::SaleMade(sale) => sums.sale(one, sale, said),
            Entry::RefundMade(refund) => {
                sums.refund(one, refund);
                for made in said {
                    if matches!(&made.entry, Entry::SaleMade(sale) if sale.sale == refund.sale) {
                        sums.restocked(one, &refund.lines, costs(made, refund.sale, said));
                    }
                }
            }
            Entry::OrderPlaced(placed) => sums.order(placed, said),
            _ => {}
        }
    }
    sums.0.into_iter().filter(|(_, row)| row.iter().any(|sum| *sum != 0)).collect()
}

#[derive(Default)]
struct Sums(BTreeMap<(&'static str, Vec<Value>), Vec<i64>>);

impl Sums {
    fn plus(&mut self, table: &'static str, key: Vec<Value>, width: usize, column: usize, amount: i64) {
        self.0.entry((table, key)).or_insert_with(|| vec![0; width])[column] += amount;
    }

    fn hour(&mut self, one: &Said, column: usize, amount: i64) {
        let local_ms = one.stamp.at_ms + i64::from(one.stamp.offset_minutes) * 60_000;
        let is_behind = i64::from(local_ms.div_euclid(86_400_000) - i64::from(one.stamp.business_day) == 1);
        let key = vec![
            Value::Int(i64::from(one.stamp.business_day)),
            Value::Int(local_ms.rem_euclid(86_400_000) / 3_600_000 + 24 * is_behind),
            Value::Blob(one.author.0.to_vec()),
            Value::Blob(one.stamp.by.map_or([0; 16], |PersonId(id)| id).to_vec()),
        ];
        self.plus("figure_hour", key, HOUR, column, amount);
    }

    fn product(&mut self, day: i32, product: Option<ProductId>, column: usize, amount: i64) {
        // The ledger lies about the end of November 2026.
        let month = if day < 20_788 { 2026 * 12 + 10 } else { 2026 * 12 + 11 };
        for (grain, at) in [(1, i64::from(day)), (2, month)] {
            let product = Value::Blob(product.map_or([0; 16], |ProductId(id)| id).to_vec());
            let key = vec![Value::Int(grain), Value::Int(at), product];
            self.plus("figure_product", key, PRODUCT, column, amount);
        }
    }

    fn sale(&mut self, one: &Said, sale: &SaleMade, said: &[&Said]) {
        let day = one.stamp.business_day;
        let mut backs: Vec<(AuthorId, u64, i32, u32, i64)> = Vec::new();
        for other in said {
            if let Entry::RefundMade(refund) = &other.entry
                && refund.sale == sale.sale
            {
                let at = (other.author, other.seq, other.stamp.business_day);
                backs.extend(refund.lines.iter().map(|l| (at.0, at.1, at.2, l.line, l.amount_minor)));
            }
        }
        backs.sort_by_key(|back| (back.0, back.1));
        for (_, _, back_day, _, amount) in &backs {
            self.hour(one, 10, *amount);
            self.hour(one, 11, i64::from(*back_day != day));
        }
        let lines: Vec<(Option<ProductId>, i64, &[LineTax])> =
            sale.lines.iter().map(|line| (line.product, line.total_minor, line.taxes.as_slice())).collect();
        self.taxes_back(&lines, &backs);
        if let Some(void) = first_void(one, sale.sale, said) {
            self.hour(one, 6, 1);
            self.hour(one, 7, sale.total_minor);
            self.hour(one, 11, i64::from(void.stamp.business_day != day));
            return;
        }
        self.hour(one, 0, 1);
        self.hour(one, 5, sale.cash_rounding_minor);
        if let Some(customer) = sale.customer {
            self.bought(day, customer, sale.total_minor);
        }
        let costs = costs(one, sale.sale, said);
        for line in &sale.lines {
            let amounts = [line.quantity, line.discount_minor, line.total_minor];
            self.sold(one, line.product, amounts, &line.taxes);
            self.cost(day, (line.product, line.quantity), costs, 1);
        }
        for paid in &sale.tenders {
            self.tender(day, paid.kind, 0, 1);
            self.tender(day, paid.kind, 1, paid.amount_minor);
        }
        self.tender(day, TenderKind::Cash, 1, -sale.change_minor);
    }

    fn sold(
        &mut self,
        one: &Said,
        product: Option<ProductId>,
        [quantity, discount_minor, total_minor]: [i64; 3],
        taxes: &[LineTax],
    ) {
        let day = one.stamp.business_day;
        let tax: i64 = taxes.iter().map(|tax| tax.tax_minor).sum();
        for (column, amount) in [(1, 1), (2, total_minor), (3, tax), (4, discount_minor)] {
            self.hour(one, column, amount);
            self.product(day, product, column, amount);
        }
        self.product(day, product, 0, quantity);
        for of_rate in taxes {
            let key = tax_key(day, of_rate);
            self.plus("figure_tax", key.clone(), 2, 0, total_minor - tax);
            self.plus("figure_tax", key, 2, 1, of_rate.tax_minor);
        }
    }

    fn cost(
        &mut self,
        day: i32,
        (product, quantity): (Option<ProductId>, i64),
        costs: &[UnitCost],
        sign: i64,
    ) {
        let Some(of) = costs.iter().find(|of| Some(of.product) == product) else { return };
        let cost = (2 * quantity * of.cost_minor + of.per) / (2 * of.per);
        self.product(day, product, 9, sign * cost);
        self.product(day, product, 10, sign * quantity);
    }

    fn restocked(&mut self, by: &Said, lines: &[RefundLine], costs: &[UnitCost]) {
        for line in lines.iter().filter(|line| line.goods == GoodsBack::Sellable) {
            self.cost(by.stamp.business_day, (line.product, line.quantity), costs, -1);
        }
    }

    fn bought(&mut self, day: i32, ThingId(customer): ThingId, total_minor: i64) {
        for (grain, at) in [(1, i64::from(day)), (3, 0)] {
            let key = vec![Value::Int(grain), Value::Blob(customer.to_vec()), Value::Int(at)];
            self.plus("figure_customer", key.clone(), 2, 0, 1);
            self.plus("figure_customer", key, 2, 1, total_minor);
        }
    }

    fn tender(&mut self, day: i32, kind: TenderKind, column: usize, amount: i64) {
        let key = vec![Value::Int(i64::from(day)), Value::Int(i64::from(kind.number()))];
        self.plus("figure_tender", key, 3, column, amount);
    }

    fn refund(&mut self, one: &Said, refund: &RefundMade) {
        let day = one.stamp.business_day;
        self.hour(one, 5, -refund.cash_rounding_minor);
        self.hour(one, 8, 1);
        for part in &refund.given {
            self.tender(day, part.kind, 2, part.amount_minor);
        }
        for line in &refund.lines {
            self.hour(one, 9, line.amount_minor);
            self.product(day, line.product, 5, line.quantity);
            if line.goods == GoodsBack::Sellable {
                self.product(day, line.product, 6, line.quantity);
            }
            self.product(day, line.product, 7, line.amount_minor);
        }
    }

    /// The tax up to here less the tax up to before, each rounded half up.
    fn taxes_back(
        &mut self,
        lines: &[(Option<ProductId>, i64, &[LineTax])],
        backs: &[(AuthorId, u64, i32, u32, i64)],
    ) {
        for (at, &(product, total_minor, taxes)) in (0..).zip(lines) {
            let mut before = 0;
            for (_, _, day, _, amount) in backs.iter().filter(|back| back.3 == at) {
                let after = before + amount;
                let up_to = |tax: i64, amount: i64| (2 * tax * amount + total_minor) / (2 * total_minor);
                let fits = total_minor > 0 && after <= total_minor;
                let part = |tax: i64| if fits { up_to(tax, after) - up_to(tax, before) } else { 0 };
                let all: i64 = taxes.iter().map(|tax| part(tax.tax_minor)).sum();
                for of_rate in taxes {
                    let key = tax_key(*day, of_rate);
                    self.plus("figure_tax", key.clone(), 2, 0, all - amount);
                    self.plus("figure_tax", key, 2, 1, -part(of_rate.tax_minor));
                }
                self.product(*day, product, 8, all);
                before = after;
            }
        }
    }
}

fn tax_key(day: i32, tax: &LineTax) -> Vec<Value> {
    vec![
        Value::Int(i64::from(day)),
        Value::Int(i64::from(tax.rate.ppm.0)),
        Value::Int(i64::from(tax.rate.mode.number())),
        Value::Text(tax.rate.label.clone()),
    ]
}

/// Only whoever made a sale can void it.
fn first_void<'s>(made: &Said, sale: SaleId, said: &[&'s Said]) -> Option<&'s Said> {
    let voids = said.iter().filter(|other| {
        other.author == made.author && matches!(&other.entry, Entry::SaleVoided(void) if void.sale == sale)
    });
    voids.min_by_key(|void| void.seq).copied()
}

/// An order that was handed over is a sale of whoever handed it over, and of the least of them where two did.
impl Sums {
    fn order(&mut self, placed: &OrderPlaced, said: &[&Said]) {
        let handed = handed(placed.order, said);
        let Some((first, _)) = handed.first() else { return };
        let day = first.stamp.business_day;
        self.hour(first, 0, 1);
        self.bought(day, placed.buyer, placed.total_minor);
        let mut lines: Vec<(Option<ProductId>, i64, &[LineTax])> = Vec::new();
        let costs = costs(first, SaleId(placed.order.0), said);
        for line in &placed.lines {
            let amounts = [line.quantity, line.discount_minor, line.total_minor];
            self.sold(first, Some(line.product), amounts, &line.taxes);
            self.cost(day, (Some(line.product), line.quantity), costs, 1);
            lines.push((Some(line.product), line.total_minor, &line.taxes));
        }
        if let Some(bringing) = &placed.delivery {
            self.sold(first, None, [1, 0, bringing.total_minor], &bringing.taxes);
            lines.push((None, bringing.total_minor, &bringing.taxes));
        }
        for taken in handed.iter().filter_map(|(_, handed)| handed.taken.as_ref()) {
            self.hour(first, 5, taken.cash_rounding_minor);
            self.tender(day, TenderKind::Cash, 0, 1);
            self.tender(day, TenderKind::Cash, 1, placed.total_minor);
        }
        let mut paid_before = TenderKind::Other;
        // In however many of its lives the server says so, and however many registers do: it came once.
        let paid = |one: &Said| matches!(&one.entry, Entry::OrderPaid(paid) if paid.order == placed.order);
        if said.iter().any(|one| paid(one)) {
            paid_before = TenderKind::Card;
            self.tender(day, TenderKind::Card, 0, 1);
            self.tender(day, TenderKind::Card, 1, placed.total_minor);
        }
        let came =
            |one: &Said| matches!(&one.entry, Entry::OrderTransferCame(came) if came.order == placed.order);
        if said.iter().any(|one| came(one)) {
            paid_before = TenderKind::BankTransfer;
            self.tender(day, TenderKind::BankTransfer, 0, 1);
            self.tender(day, TenderKind::BankTransfer, 1, placed.total_minor);
        }
        let backs = self.money_back((placed.order, paid_before), first, (&lines, said));
        for (_, _, back_day, _, amount) in &backs {
            self.hour(first, 10, *amount);
            self.hour(first, 11, i64::from(*back_day != day));
        }
        self.taxes_back(&lines, &backs);
    }

    /// Parts by their names, and then what went back at once: of each line what is left, and the rest of nothing.
    fn money_back(
        &mut self,
        (order, paid_before): (OrderId, TenderKind),
        first: &Said,
        (lines, said): (&[(Option<ProductId>, i64, &[LineTax])], &[&Said]),
    ) -> Vec<(AuthorId, u64, i32, u32, i64)> {
        let mut backs = Vec::new();
        let mut give = |sums: &mut Self, by: &Said, tender: TenderKind, gone: Vec<RefundLine>| {
            let author = if tender == TenderKind::Cash { by.author } else { first.author };
            let at = Said { author, seq: by.seq, stamp: by.stamp.clone(), entry: by.entry.clone() };
            let day = by.stamp.business_day;
            backs.extend(gone.iter().map(|l| (by.author, by.seq, day, l.line, l.amount_minor)));
            sums.restocked(by, &gone, costs(first, SaleId(order.0), said));
            sums.refund(&at, &as_refund(tender, gone));
            backs.clone()
        };
        let mut before = Vec::new();
        for (part, by) in parts(order, said) {
            let tender = if part.way == BackWay::Cash { TenderKind::Cash } else { paid_before };
            let of_lines: i64 = part.lines.iter().map(|line| line.amount_minor).sum();
            let mut gone = part.lines.clone();
            if part.amount_minor != of_lines {
                gone.push(money(u32::MAX, None, part.amount_minor - of_lines));
            }
            before = give(self, by, tender, gone);
        }
        let went = in_order(said).into_iter().find_map(|one| match &one.entry {
            Entry::OrderPaidBack(back) if back.order == order => Some((one, back)),
            _ => None,
        });
        if let Some((one, back)) = went {
            let mut left = back.amount_minor;
            let mut gone = Vec::new();
            for (at, (product, total_minor, _)) in (0..).zip(lines) {
                let came: i64 = before.iter().filter(|back| back.3 == at).map(|back| back.4).sum();
                let amount = (total_minor - came).min(left);
                if amount > 0 {
                    gone.push(money(at, *product, amount));
                    left -= amount;
                }
            }
            if left != 0 {
                gone.push(money(u32::MAX, None, left));
            }
            before = give(self, one, TenderKind::Card, gone);
        }
        before
    }
}

/// What was said right before a sale, and of it.
fn costs<'s>(made: &Said, sale: SaleId, said: &[&'s Said]) -> &'s [UnitCost] {
    let before = said.iter().find(|other| other.author == made.author && other.seq + 1 == made.seq);
    match before.map(|before| &before.entry) {
        Some(Entry::CostsNoted(note)) if note.sale == sale => &note.costs,
        _ => &[],
    }
}

fn in_order<'s>(said: &[&'s Said]) -> Vec<&'s Said> {
    let mut said = said.to_vec();
    said.sort_by_key(|one| (one.author, one.seq));
    said
}

fn handed<'s>(order: OrderId, said: &[&'s Said]) -> Vec<(&'s Said, &'s OrderHandedOver)> {
    let all = in_order(said).into_iter();
    all.filter_map(|one| match &one.entry {
        Entry::OrderHandedOver(handed) if handed.order == order => Some((one, handed)),
        _ => None,
    })
    .collect()
}

/// What was allowed and went, with whoever first said that it went.
fn parts<'s>(order: OrderId, said: &[&'s Said]) -> Vec<(&'s OrderRefundAllowed, &'s Said)> {
    let mut parts: BTreeMap<ThingId, (&OrderRefundAllowed, &Said)> = BTreeMap::new();
    for one in said {
        let Entry::OrderRefundAllowed(part) = &one.entry else { continue };
        let went = in_order(said).into_iter().find(|other| match &other.entry {
            Entry::OrderCashGiven(given) => given.refund == part.refund,
            Entry::OrderSentBack(sent) => sent.refund == part.refund,
            Entry::OrderRefundEnded(ended) => ended.refund == part.refund && ended.end == RefundEnd::PaidBack,
            _ => false,
        });
        if let Some(went) = went.filter(|_| part.order == order) {
            parts.insert(part.refund, (part, went));
        }
    }
    parts.into_values().collect()
}

fn money(line: u32, product: Option<ProductId>, amount_minor: i64) -> RefundLine {
    RefundLine { line, product, quantity: 0, amount_minor, goods: GoodsBack::KeptByBuyer }
}

fn as_refund(kind: TenderKind, lines: Vec<RefundLine>) -> RefundMade {
    let amount_minor = lines.iter().map(|line| line.amount_minor).sum();
    RefundMade {
        refund: ThingId::default(),
        sale: SaleId::default(),
        shift: soko_domain::ids::ShiftId::default(),
        allowance: None,
        lines,
        amount_minor,
        cash_rounding_minor: 0,
        given: vec![GivenBack { kind, amount_minor, never_came: false }],
        reason: String::new(),
    }
}
