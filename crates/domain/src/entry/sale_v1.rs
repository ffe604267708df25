//! Sales as they were first written. Read for ever, written no longer.

use super::{SaleLine as LineNow, SaleMade as SaleNow, Standing, Tendered as TenderedNow};
use crate::basket::TenderKind;
use crate::ids::{ProductId, SaleId, ShiftId};
use crate::money::{Currency, Ppm};
use crate::tax::{LineTax as TaxNow, TaxMode, TaxRate};

crate::wire_struct! {
    pub struct LineTax {
        pub ppm: Ppm,
        pub mode: TaxMode,
        pub tax_minor: i64,
    }
}

crate::wire_struct! {
    pub struct SaleLine {
        pub product: Option<ProductId>,
        pub name: String,
        pub quantity: i64,
        pub beyond_share: i64,
        pub unit_price_minor: i64,
        pub price_per: i64,
        pub discount_minor: i64,
        pub taxes: Vec<LineTax>,
        pub total_minor: i64,
    }
}

crate::wire_struct! {
    pub struct Tendered {
        pub kind: TenderKind,
        pub amount_minor: i64,
        pub reference: String,
    }
}

crate::wire_struct! {
    pub struct SaleMade {
        pub sale: SaleId,
        pub shift: ShiftId,
        pub receipt_number: u64,
        pub currency: Currency,
        pub lines: Vec<SaleLine>,
        pub total_minor: i64,
        pub cash_rounding_minor: i64,
        pub tenders: Vec<Tendered>,
        pub change_minor: i64,
    }
}

impl From<SaleMade> for SaleNow {
    fn from(old: SaleMade) -> Self {
        Self {
            sale: old.sale,
            shift: old.shift,
            receipt_number: old.receipt_number,
            currency: old.currency,
            lines: old.lines.into_iter().map(LineNow::from).collect(),
            discount: None,
            total_minor: old.total_minor,
            cash_rounding_minor: old.cash_rounding_minor,
            tenders: old.tenders.into_iter().map(TenderedNow::from).collect(),
            change_minor: old.change_minor,
            note: String::new(),
            customer: None,
            tab: None,
        }
    }
}

impl From<SaleLine> for LineNow {
    fn from(old: SaleLine) -> Self {
        let tax = |tax: LineTax| TaxNow {
            rate: TaxRate { ppm: tax.ppm, mode: tax.mode, label: String::new() },
            tax_minor: tax.tax_minor,
        };
        Self {
            product: old.product,
            name: old.name,
            unit: None,
            quantity: old.quantity,
            beyond_share: old.beyond_share,
            unit_price_minor: old.unit_price_minor,
            price_per: old.price_per,
            discount_minor: old.discount_minor,
            discount: None,
            taxes: old.taxes.into_iter().map(tax).collect(),
            total_minor: old.total_minor,
            note: String::new(),
        }
    }
}

/// Nobody said then whether the money had been seen, so nobody is asked to look for it now.
impl From<Tendered> for TenderedNow {
    fn from(old: Tendered) -> Self {
        Self {
            kind: old.kind,
            amount_minor: old.amount_minor,
            reference: old.reference,
            standing: Standing::Taken,
        }
    }
}
