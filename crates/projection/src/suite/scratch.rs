//! The same figures in the slow and plain way: for each sale, look through everything for what became of it. It shares
//! no line with what it checks.

use std::collections::BTreeMap;

use soko_domain::entry::{Entry, GoodsBack, RefundMade, SaleMade, TenderKind};
use soko_domain::ids::{AuthorId, PersonId, ProductId, SaleId};
use soko_record_log::Value;

use super::Rows;
use super::ledger::Said;

const HOUR: usize = 12;
const PRODUCT: usize = 9;

#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else moves money here")]
pub(super) fn added_up(said: &[&Said]) -> Rows {
    let mut sums = Sums::default();
    for one in said {
        match &one.entry {
            Entry::SaleMade(sale) => sums.sale(one, sale, said),
            Entry::RefundMade(refund) => sums.refund(one, refund),
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
        let key = vec![
            Value::Int(i64::from(one.stamp.business_day)),
            Value::Int(local_ms.rem_euclid(86_400_000) / 3_600_000),
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
        self.taxes_back(sale, &backs);
        if let Some(void) = first_void(one, sale.sale, said) {
            self.hour(one, 6, 1);
            self.hour(one, 7, sale.total_minor);
            self.hour(one, 11, i64::from(void.stamp.business_day != day));
            return;
        }
        self.hour(one, 0, 1);
        self.hour(one, 5, sale.cash_rounding_minor);
        for line in &sale.lines {
            let tax: i64 = line.taxes.iter().map(|tax| tax.tax_minor).sum();
            for (column, amount) in [(1, 1), (2, line.total_minor), (3, tax), (4, line.discount_minor)] {
                self.hour(one, column, amount);
                self.product(day, line.product, column, amount);
            }
            self.product(day, line.product, 0, line.quantity);
            for of_rate in &line.taxes {
                let key = tax_key(day, of_rate);
                self.plus("figure_tax", key.clone(), 2, 0, line.total_minor - tax);
                self.plus("figure_tax", key, 2, 1, of_rate.tax_minor);
            }
        }
        for paid in &sale.tenders {
            self.tender(day, paid.kind, 0, 1);
            self.tender(day, paid.kind, 1, paid.amount_minor);
        }
        self.tender(day, TenderKind::Cash, 1, -sale.change_minor);
    }

    fn tender(&mut self, day: i32, kind: TenderKind, column: usize, amount: i64) {
        let key = vec![Value::Int(i64::from(day)), Value::Int(i64::from(kind.number()))];
        self.plus("figure_tender", key, 3, column, amount);
    }

    fn refund(&mut self, one: &Said, refund: &RefundMade) {
        let day = one.stamp.business_day;
        self.hour(one, 8, 1);
        for line in &refund.lines {
            self.hour(one, 9, line.amount_minor);
            self.tender(day, refund.tender, 2, line.amount_minor);
            self.product(day, line.product, 5, line.quantity);
            if line.goods == GoodsBack::Sellable {
                self.product(day, line.product, 6, line.quantity);
            }
            self.product(day, line.product, 7, line.amount_minor);
        }
    }

    /// The tax up to here less the tax up to before, each rounded half up.
    fn taxes_back(&mut self, sale: &SaleMade, backs: &[(AuthorId, u64, i32, u32, i64)]) {
        for (at, line) in (0..).zip(&sale.lines) {
            let mut before = 0;
            for (_, _, day, _, amount) in backs.iter().filter(|back| back.3 == at) {
                let after = before + amount;
                let up_to =
                    |tax: i64, amount: i64| (2 * tax * amount + line.total_minor) / (2 * line.total_minor);
                let fits = line.total_minor > 0 && after <= line.total_minor;
                let part = |tax: i64| if fits { up_to(tax, after) - up_to(tax, before) } else { 0 };
                let all: i64 = line.taxes.iter().map(|tax| part(tax.tax_minor)).sum();
                for of_rate in &line.taxes {
                    let key = tax_key(*day, of_rate);
                    self.plus("figure_tax", key.clone(), 2, 0, all - amount);
                    self.plus("figure_tax", key, 2, 1, -part(of_rate.tax_minor));
                }
                self.product(*day, line.product, 8, all);
                before = after;
            }
        }
    }
}

fn tax_key(day: i32, tax: &soko_domain::tax::LineTax) -> Vec<Value> {
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
