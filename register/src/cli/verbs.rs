//! From what was typed to the engine's commands, and from its answers to values.

use serde::Serialize;
use serde_json::json;
use soko_app_api::{
    BeyondShare, Command, DiscountInput, ProductContent, ProductEdit, ProductFilter, ProductRow, Query,
    ReceivedLineInput, RefundLineInput, SaleLineInput, TenderInput, Verb, View, WINDOW_ROWS_MAX, Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ShiftId, ThingId};

use super::arguments::{
    AddProduct, Count, EditProduct, IdArgument, Order, Product, QuantityOf, Refund, Rows, Sale, Sell, Share,
    Shift,
};
use crate::home::{Home, now, random_id};
use crate::outcome::{Outcome, Undone};

/// Candidates that are named when a product was not named exactly.
const CANDIDATES_MAX: u32 = 5;

/// One stall of an open register, for the length of one command.
pub(super) struct Desk<'h> {
    pub(super) home: &'h Home,
    pub(super) stall: LogId,
}

impl Desk<'_> {
    /// Does it, and answers with its id beside what the engine replied.
    pub(super) fn command(&mut self, id: ThingId, verb: Verb) -> Outcome {
        let command = Command { id, stall: self.stall, verb };
        let reply = self.home.engine()?.handle(command, now())?;
        Ok(json!({"id": id.to_string(), "reply": value(&reply)?}))
    }

    pub(super) fn query(&mut self, query: &Query) -> Outcome {
        let view = self.home.ask(query)?;
        if view == View::Missing {
            return Err(Undone::refused("unknown", "nothing of that id is known here"));
        }
        value(&view)
    }

    /// A product by id, barcode or SKU, or its exact name.
    pub(super) fn product(&mut self, named: &str) -> Result<ProductId, Undone> {
        if let Some(id) = ProductId::from_hex(named) {
            return Ok(id);
        }
        let stall = self.stall;
        let scan = self.home.ask(&Query::Scan { stall, code: named.to_owned() })?;
        if let [only] = rows(scan).as_slice() {
            return Ok(only.product);
        }
        let search = Query::Search { stall, text: named.to_owned(), rows: WINDOW_ROWS_MAX };
        let found = rows(self.home.ask(&search)?);
        let exact: Vec<&ProductRow> = found.iter().filter(|row| row.name == named).collect();
        match exact.as_slice() {
            [only] => Ok(only.product),
            [] => Err(Undone::refused("unknown_product", unknown(named, &found))),
            [_, _, ..] => Err(Undone::refused(
                "unknown_product",
                format!("several products are called {named:?}: use the id"),
            )),
        }
    }

    fn lines(&mut self, lines: &[QuantityOf]) -> Result<Vec<(ProductId, i64)>, Undone> {
        lines.iter().map(|line| Ok((self.product(&line.what)?, line.quantity))).collect()
    }

    pub(super) fn products(&mut self, what: &Product) -> Outcome {
        let stall = self.stall;
        match what {
            Product::Add(add) => {
                let id = given(add.id);
                self.command(id, Verb::CreateProduct { product: ProductId(id.0), content: content(add) })
            }
            Product::Edit(edit) => {
                let (id, product) = (given(edit.id), self.product(&edit.product)?);
                self.command(id, Verb::EditProduct { product, edits: edits(edit) })
            }
            Product::List(rows) => self.query(&Query::Products {
                stall,
                filter: ProductFilter::default(),
                window: window(*rows),
            }),
            Product::Search { text, rows } => {
                self.query(&Query::Search { stall, text: text.clone(), rows: *rows })
            }
            Product::Show { product } => {
                let product = self.product(product)?;
                self.query(&Query::Product { stall, product })
            }
        }
    }

    pub(super) fn shift(&mut self, what: &Shift) -> Outcome {
        match what {
            Shift::Open { float, id } => {
                let id = given(*id);
                self.command(id, Verb::OpenShift { shift: ShiftId(id.0), float_minor: *float })
            }
            Shift::Close { counted, reason, id } => {
                let View::Shift(open) = self.home.ask(&Query::Shift(self.stall))? else {
                    return Err(soko_app_api::Refused::from(soko_domain::refusal::Refusal::NoShift).into());
                };
                let verb =
                    Verb::CloseShift { shift: open.shift, counted_minor: *counted, reason: reason.clone() };
                self.command(given(*id), verb)
            }
            Shift::Show => self.query(&Query::Shift(self.stall)),
        }
    }

    pub(super) fn sell(&mut self, sell: &Sell) -> Outcome {
        let id = given(sell.id);
        let lines = self.lines(&sell.lines)?;
        self.command(
            id,
            Verb::MakeSale {
                sale: SaleId(id.0),
                lines: lines
                    .into_iter()
                    .map(|(product, quantity)| SaleLineInput::of(product, quantity))
                    .collect(),
                discount: DiscountInput::None,
                tenders: tenders(sell.cash, sell.card),
                beyond: if sell.goods_in_hand { BeyondShare::Allow } else { BeyondShare::Refuse },
                about: soko_app_api::SaleAbout::default(),
            },
        )
    }

    pub(super) fn refund(&mut self, refund: &Refund) -> Outcome {
        let line = |line: &QuantityOf| {
            let number = line.what.parse();
            let number =
                number.map_err(|_| Undone::usage(format!("{:?} is no line: count from 0", line.what)))?;
            Ok(RefundLineInput { line: number, quantity: line.quantity, goods: refund.goods })
        };
        let lines = refund.lines.iter().map(line).collect::<Result<_, Undone>>()?;
        let (sale, tender, reason) = (refund.sale, refund.tender, refund.reason.clone());
        self.command(given(refund.id), Verb::Refund { sale, lines, tender, reason, into: None })
    }

    pub(super) fn receive(&mut self, lines: &[QuantityOf], note: &str, id: IdArgument) -> Outcome {
        let lines = self.lines(lines)?.into_iter();
        let lines =
            lines.map(|(product, quantity)| ReceivedLineInput { product, quantity, cost_minor: None });
        self.command(given(id), Verb::ReceiveStock { lines: lines.collect(), note: note.to_owned() })
    }

    pub(super) fn open_count(&mut self, product: &str, id: IdArgument) -> Outcome {
        let product = self.product(product)?;
        self.command(given(id), Verb::OpenCount { product })
    }

    pub(super) fn count(&mut self, count: &Count) -> Outcome {
        let product = self.product(&count.line.what)?;
        let (counted, reason) = (count.line.quantity, count.reason.clone());
        self.command(given(count.id), Verb::CountStock { product, counted, reason, count: count.opened })
    }

    pub(super) fn share(&mut self, what: &Share) -> Outcome {
        match what {
            Share::Ask { line, id } => {
                let product = self.product(&line.what)?;
                self.command(given(*id), Verb::AskShare { product, quantity: line.quantity })
            }
            Share::Return { line, id } => {
                let product = self.product(&line.what)?;
                self.command(given(*id), Verb::ReturnShare { product, quantity: line.quantity })
            }
        }
    }

    pub(super) fn sales(&mut self, what: &Sale) -> Outcome {
        let stall = self.stall;
        match what {
            Sale::List(rows) => self.query(&Query::Sales { stall, window: window(*rows) }),
            Sale::Show { sale } => self.query(&Query::Sale { stall, sale: *sale }),
        }
    }

    pub(super) fn orders(&mut self, what: &Order) -> Outcome {
        let stall = self.stall;
        match what {
            Order::List(rows) => {
                self.query(&Query::Orders { stall, only_waiting: false, window: window(*rows) })
            }
            Order::Show { order } => self.query(&Query::Order { stall, order: *order }),
            Order::HandOver { order, cash, card, id } => {
                let (order, tenders) = (*order, tenders(*cash, *card));
                self.command(given(*id), Verb::HandOverOrder { order, tenders })
            }
            Order::Cancel { order, reason, id } => {
                let (order, reason): (OrderId, _) = (*order, reason.clone());
                self.command(given(*id), Verb::AskCancelOrder { order, reason })
            }
        }
    }
}

/// The id that was typed, or a fresh one.
pub(super) fn given(id: IdArgument) -> ThingId {
    id.id.unwrap_or_else(random_id)
}

pub(super) fn value(answer: &impl Serialize) -> Outcome {
    serde_json::to_value(answer).map_err(|error| Undone::failed(error.to_string()))
}

fn window(rows: Rows) -> Window {
    Window { offset: rows.offset, rows: rows.rows }
}

fn rows(view: View) -> Vec<ProductRow> {
    if let View::Products(rows) = view { rows } else { Vec::new() }
}

fn unknown(named: &str, found: &[ProductRow]) -> String {
    let near: Vec<&str> = found
        .iter()
        .take(usize::try_from(CANDIDATES_MAX).unwrap_or(0))
        .map(|row| row.name.as_str())
        .collect();
    if near.is_empty() {
        return format!("no product is called {named:?}: see product list");
    }
    format!("no product is called exactly {named:?}; there is {}", near.join(", "))
}

fn content(add: &AddProduct) -> ProductContent {
    ProductContent {
        sku: add.sku.clone(),
        barcodes: add.barcode.clone(),
        unit: add.unit,
        price_per: add.per,
        tax_ppm: add.tax_ppm,
        tax_inclusive: !add.tax_on_top,
        ..ProductContent::piece(&add.name, add.price)
    }
}

fn edits(edit: &EditProduct) -> Vec<ProductEdit> {
    let EditProduct { name, price, description, sku, archived, .. } = edit;
    [
        name.clone().map(ProductEdit::Name),
        price.map(ProductEdit::PriceMinor),
        description.clone().map(ProductEdit::Description),
        sku.clone().map(ProductEdit::Sku),
        archived.map(ProductEdit::Archived),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn tenders(cash: Option<i64>, card: Option<i64>) -> Vec<TenderInput> {
    let tender = |(kind, amount): (TenderKind, Option<i64>)| {
        amount.map(|amount_minor| TenderInput { kind, ..TenderInput::cash(amount_minor) })
    };
    [(TenderKind::Cash, cash), (TenderKind::Card, card)].into_iter().filter_map(tender).collect()
}
