//! A sale as its paper says it, from its record and what came after it: the same wherever it is read.

use soko_domain::entry::{SaleLine, SaleMade, Stamp, Standing, Tendered};
use soko_domain::ids::AuthorId;
use soko_domain::quantity::Unit;
use soko_domain::tax::{TaxTotal, add_up};
use soko_domain::verbs::verify_payment::code_key;

use crate::views::{SaleLineView, SaleRow, SaleView, TaxRow, TenderView};

/// What a sale's view is made of.
pub struct SaleFacts<'a> {
    pub register: AuthorId,
    pub stamp: &'a Stamp,
    pub made: SaleMade,
    pub voided: bool,
    /// Line, quantity and amount of what was given back.
    pub refunded: &'a [(u32, i64, i64)],
    /// The payments as they stand now.
    pub tenders: Vec<TenderView>,
    pub stall_name: String,
    pub stall_place: String,
    pub register_name: String,
}

impl SaleView {
    pub fn of(facts: SaleFacts<'_>) -> Self {
        let SaleFacts { register, stamp, made, voided, refunded, tenders, .. } = facts;
        let row = SaleRow {
            sale: made.sale,
            register,
            receipt_number: made.receipt_number,
            at_ms: stamp.at_ms,
            offset_minutes: stamp.offset_minutes,
            business_day: stamp.business_day,
            currency: made.currency.to_string(),
            total_minor: made.total_minor,
            voided,
            refunded_minor: refunded.iter().map(|(_, _, amount)| amount).sum(),
        };
        Self {
            row,
            stall_name: facts.stall_name,
            stall_place: facts.stall_place,
            register_name: facts.register_name,
            shift: made.shift,
            lines: (0u32..).zip(&made.lines).map(|(place, line)| sale_line(place, line, refunded)).collect(),
            taxes: taxes(&made),
            tenders,
            cash_rounding_minor: made.cash_rounding_minor,
            change_minor: made.change_minor,
            discount_reason: made.discount.map(|off| off.reason).unwrap_or_default(),
            note: made.note,
            customer: made.customer,
            tab: made.tab,
        }
    }
}

impl TenderView {
    /// A payment as the sale took it, and what is known of it since: how it stands, and the code it came with.
    pub fn of(taken: &Tendered, known: Option<(Standing, &str)>, is_twice: bool) -> Self {
        let code = known.map(|(_, code)| code).filter(|code| *code != code_key(&taken.reference));
        Self {
            kind: taken.kind,
            amount_minor: taken.amount_minor,
            reference: code.unwrap_or(&taken.reference).into(),
            standing: known.map_or(taken.standing, |(standing, _)| standing),
            is_twice,
        }
    }
}

fn sale_line(place: u32, line: &SaleLine, refunded: &[(u32, i64, i64)]) -> SaleLineView {
    let of_line = || refunded.iter().filter(|(at, ..)| *at == place);
    SaleLineView {
        product: line.product,
        name: line.name.clone(),
        quantity: line.quantity,
        beyond_share: line.beyond_share,
        unit_price_minor: line.unit_price_minor,
        price_per: line.price_per,
        discount_minor: line.discount_minor,
        total_minor: line.total_minor,
        refunded: of_line().map(|(_, quantity, _)| quantity).sum(),
        refunded_minor: of_line().map(|(_, _, amount)| amount).sum(),
        note: line.note.clone(),
        discount_reason: line.discount.as_ref().map(|off| off.reason.clone()).unwrap_or_default(),
        unit: line.unit.unwrap_or(if line.price_per == 1 { Unit::Piece } else { Unit::Gram }),
    }
}

/// What the receipt says about each rate, added up from what the lines copied in.
fn taxes(made: &SaleMade) -> Vec<TaxRow> {
    let lines = made.lines.iter().map(|line| (line.taxes.as_slice(), line.total_minor));
    add_up(lines).iter().map(TaxRow::from).collect()
}

impl From<&TaxTotal> for TaxRow {
    fn from(tax: &TaxTotal) -> Self {
        Self {
            ppm: tax.rate.ppm.0,
            mode: tax.rate.mode,
            label: tax.rate.label.clone(),
            net_minor: tax.net_minor,
            tax_minor: tax.tax_minor,
        }
    }
}
