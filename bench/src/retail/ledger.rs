//! The register that sells the year, and who may still bring back what.

use std::collections::BTreeMap;

use soko_app_api::{
    BeyondShare, Command, CustomerInput, DiscountInput, Query, RefundLineInput, SaleAbout, SaleLineInput,
    TenderInput, Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use soko_domain::ids::{SaleId, ShiftId, ThingId};
use soko_engine::Now;
use soko_register::home::random_id;
use tokio::runtime::Runtime;

use super::data::{Invoice, Line};
use crate::figure::{Fault, Measured};
use crate::world::Till;

/// Lines of one sale.
pub(super) const SALE_LINES: usize = soko_domain::verbs::LINES_MAX;

/// What a buyer bought at a price and has not brought back, the latest last.
pub(super) struct Rights<T>(BTreeMap<(String, usize, i64), Vec<(T, i64)>>);

impl<T> Default for Rights<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Copy> Rights<T> {
    fn of(&mut self, buyer: &str, line: &Line) -> &mut Vec<(T, i64)> {
        self.0.entry((buyer.to_owned(), line.product, line.price_minor())).or_default()
    }

    pub(super) fn sold(&mut self, buyer: &str, line: &Line, place: T) {
        self.of(buyer, line).push((place, line.quantity));
    }

    /// Where the cancelled units were sold, as many as there are.
    pub(super) fn take(&mut self, buyer: &str, line: &Line) -> Vec<(T, i64)> {
        let (mut wanted, mut taken) = (-line.quantity, Vec::new());
        let bought = self.of(buyer, line);
        while let Some((place, left)) = bought.last_mut().filter(|_| wanted > 0) {
            let part = wanted.min(*left);
            taken.push((*place, part));
            (wanted, *left) = (wanted - part, *left - part);
            if *left == 0 {
                bought.pop();
            }
        }
        taken
    }
}

/// Where something was sold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    sale: SaleId,
    line: u32,
    day: i64,
}

pub(super) struct Ledger {
    pub(super) till: Till,
    pub(super) sold: i64,
    pub(super) refunded: i64,
    rights: Rights<Place>,
    /// Whoever has a number in the file.
    pub(super) customers: BTreeMap<String, ThingId>,
    now: Now,
    day: i64,
}

impl Ledger {
    /// The shift that the till has open goes on.
    pub(super) fn begin(till: Till, at_ms: i64) -> Self {
        let (rights, now) = (Rights::default(), Now::utc(at_ms));
        Self { till, sold: 0, refunded: 0, rights, customers: BTreeMap::new(), now, day: 0 }
    }

    /// The customer of a number, who is written down when they come first.
    fn customer(&mut self, buyer: &str) -> Measured<Option<ThingId>> {
        if buyer.is_empty() || self.customers.contains_key(buyer) {
            return Ok(self.customers.get(buyer).copied());
        }
        let customer = ThingId(random_id().0);
        let about = CustomerInput {
            name: buyer.to_owned(),
            phone: String::new(),
            email: String::new(),
            note: String::new(),
            may_contact: false,
        };
        self.handle(Verb::PutCustomer { customer, about })?;
        self.customers.insert(buyer.to_owned(), customer);
        Ok(Some(customer))
    }

    fn handle(&mut self, verb: Verb) -> Measured {
        let command = Command { id: ThingId(random_id().0), stall: self.till.stall, verb };
        self.till.home.engine()?.handle(command, self.now)?;
        Ok(())
    }

    /// Closes the shift, exchanges, and opens the next one.
    pub(super) fn next_day(&mut self, at_ms: i64, runtime: &Runtime) -> Measured {
        let View::Shift(open) = self.till.home.ask(&Query::Shift(self.till.stall))? else {
            return Err(Fault("no shift is open".into()));
        };
        // Everything is paid by transfer: nothing is in the drawer.
        let verb = Verb::CloseShift { shift: open.shift, counted_minor: 0, reason: String::new() };
        self.handle(verb)?;
        runtime.block_on(self.till.exchange())?;
        self.day += 1;
        self.now = Now::utc(at_ms);
        self.handle(Verb::OpenShift { shift: ShiftId(random_id().0), float_minor: 0 })
    }

    /// One sale, or several if it is longer than a sale may be; what was written off on the same paper is counted.
    pub(super) fn sell(&mut self, invoice: &Invoice) -> Measured {
        self.now = Now::utc(invoice.at_ms.max(self.now.at_ms));
        let sold: Vec<&Line> = invoice.lines.iter().filter(|line| line.quantity > 0).collect();
        for lines in sold.chunks(SALE_LINES) {
            self.sell_lines(&invoice.buyer, lines)?;
        }
        let written_off: Vec<&Line> = invoice.lines.iter().filter(|line| line.quantity < 0).collect();
        written_off.into_iter().try_for_each(|line| self.write_off(line))
    }

    fn sell_lines(&mut self, buyer: &str, lines: &[&Line]) -> Measured {
        let (sale, customer) = (SaleId(random_id().0), self.customer(buyer)?);
        let total: i64 = lines.iter().map(|line| line.total_minor()).sum();
        let inputs = lines.iter().map(|line| SaleLineInput {
            unit_price_minor: Some(line.price_minor()),
            ..SaleLineInput::of(self.till.products[line.product], line.quantity)
        });
        let paid = TenderInput {
            kind: TenderKind::BankTransfer,
            amount_minor: total,
            reference: buyer.to_owned(),
            seen: true,
            purse: None,
        };
        let verb = Verb::MakeSale {
            sale,
            lines: inputs.collect(),
            discount: DiscountInput::None,
            tenders: if total > 0 { vec![paid] } else { Vec::new() },
            beyond: BeyondShare::Allow,
            about: SaleAbout { customer, ..SaleAbout::default() },
        };
        self.handle(verb)?;
        self.sold += total;
        for (number, line) in (0..).zip(lines) {
            self.rights.sold(buyer, line, Place { sale, line: number, day: self.day });
        }
        Ok(())
    }

    fn write_off(&mut self, line: &Line) -> Measured {
        let (stall, product) = (self.till.stall, self.till.products[line.product]);
        let View::Stock(stock) = self.till.home.ask(&Query::Stock { stall, product })? else {
            return Err(Fault("the stock has no answer".into()));
        };
        let counted = stock.counted + line.quantity;
        self.handle(Verb::CountStock { product, counted, reason: "written off".into(), count: None })
    }

    /// Money back for each line where it was sold. The right to refund a sale of a day that is over is asked of the
    /// server first.
    pub(super) fn refund(&mut self, invoice: &Invoice, runtime: &Runtime) -> Measured {
        self.now = Now::utc(invoice.at_ms.max(self.now.at_ms));
        let mut parts: BTreeMap<Place, i64> = BTreeMap::new();
        for line in &invoice.lines {
            for (place, quantity) in self.rights.take(&invoice.buyer, line) {
                *parts.entry(place).or_default() += quantity;
                self.refunded += quantity * line.price_minor();
            }
        }
        let (mut has_asked, today) = (false, self.day);
        for (place, quantity) in parts.iter().filter(|(place, _)| place.day != today) {
            self.handle(Verb::AskRefund { sale: place.sale, line: place.line, quantity: *quantity })?;
            has_asked = true;
        }
        if has_asked {
            runtime.block_on(self.till.exchange())?;
        }
        for (place, quantity) in parts {
            let line = RefundLineInput { line: place.line, quantity, goods: GoodsBack::Sellable };
            self.handle(Verb::Refund {
                sale: place.sale,
                lines: vec![line],
                tender: TenderKind::BankTransfer,
                reason: String::new(),
                into: None,
            })?;
        }
        Ok(())
    }
}
