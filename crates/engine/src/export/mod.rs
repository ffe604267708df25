//! Everything of a stall for other programs: each table once as CSV and once as JSON, with the same columns, in one zip.
//! Amounts are those of the records, never computed again.

mod customers;
mod money;
mod table;
mod zip;

use soko_app_api::text::Worded as _;
use soko_app_api::{ProductFilter, ProductView, Query, SaleView, View, Window};
use soko_domain::ids::LogId;
use soko_record_log::{StoreError, params};

use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;
use money::OfSales;
use table::{Cell, Table};
use zip::Zip;

const WINDOW_ROWS: u32 = 500;

impl Engine {
    /// A zip file of tables.
    pub fn export_tables(&mut self, stall: LogId, now: Now) -> Result<Vec<u8>, NotDone> {
        let profile = self.answer(&Query::Stall(stall), now)?;
        let currency = if let View::Stall(view) = profile { view.currency } else { String::new() };
        let mut zip = Zip::default();
        let (sale_lines, OfSales { taxes, payments }) = self.sales(stall, now)?;
        let (refund_lines, refund_payments) = self.refunds(stall)?;
        let tables = [
            ("products", self.products(stall, now)?),
            ("stock", self.stock(stall, now)?),
            ("stock-changes", self.stock_changes(stall, now)?),
            ("sale-lines", sale_lines),
            ("sale-taxes", taxes),
            ("sale-payments", payments),
            ("refund-lines", refund_lines),
            ("refund-payments", refund_payments),
            ("shifts", self.shifts(stall)?),
            ("orders", self.orders(stall, now)?),
            ("customers", self.customer_table(stall, now)?),
            ("purses", self.purses(stall)?),
            ("purse-entries", self.purse_entries(stall)?),
        ];
        for (name, table) in tables {
            zip.add(&format!("{name}.csv"), table.csv(&currency).as_bytes());
            zip.add(&format!("{name}.json"), table.json(&currency).as_bytes());
        }
        Ok(zip.finish())
    }

    /// Asks window after window, until one comes back empty.
    fn all<T>(
        &mut self,
        now: Now,
        query: impl Fn(Window) -> Query,
        rows: impl Fn(View) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, NotDone> {
        let mut all = Vec::new();
        loop {
            let offset = u32::try_from(all.len()).unwrap_or(u32::MAX);
            let view = self.answer(&query(Window { offset, rows: WINDOW_ROWS }), now)?;
            let odd = || Failure::Inconsistent("a list was answered with something else".into());
            let found = rows(view).ok_or_else(odd)?;
            if found.is_empty() {
                return Ok(all);
            }
            all.extend(found);
        }
    }

    fn products(&mut self, stall: LogId, now: Now) -> Result<Table, NotDone> {
        let mut table = Table::new(&[
            "id",
            "name",
            "sku",
            "barcodes",
            "price",
            "currency",
            "unit",
            "price_per",
            "cost",
            "tax_percent",
            "tax_inclusive",
            "tax_class",
            "description",
            "categories",
            "favourite",
            "low_level",
            "variant_of",
            "options",
            "parts",
            "archived",
        ]);
        for archived in [false, true] {
            let filter = ProductFilter { archived, ..ProductFilter::default() };
            let rows = self.all(
                now,
                |window| Query::Products { stall, filter, window },
                |view| if let View::Products(rows) = view { Some(rows) } else { None },
            )?;
            for row in rows {
                let product = row.product;
                if let View::Product(view) = self.answer(&Query::Product { stall, product }, now)? {
                    table.add(product_cells(&view));
                }
            }
        }
        Ok(table)
    }

    fn stock(&mut self, stall: LogId, now: Now) -> Result<Table, NotDone> {
        let mut table = Table::new(&[
            "product",
            "name",
            "unit",
            "counted",
            "this_register",
            "shop",
            "other_registers",
            "on_the_way",
            "held",
            "set_apart",
            "owed",
        ]);
        let rows = self.all(
            now,
            |window| Query::StockList { stall, window },
            |view| if let View::StockList(rows) = view { Some(rows) } else { None },
        )?;
        for row in rows {
            let places = [
                row.counted,
                row.own_share,
                row.shop,
                row.others,
                row.on_the_way,
                row.held,
                row.set_apart,
                row.owed,
            ];
            let names = [Cell::Text(row.product.to_string()), Cell::Text(row.name), word(row.unit.word())];
            table.add(names.into_iter().chain(places.map(Cell::Number)).collect());
        }
        Ok(table)
    }

    /// Their lines, their taxes and their payments.
    fn sales(&mut self, stall: LogId, now: Now) -> Result<(Table, OfSales), NotDone> {
        let mut of_sales = OfSales::new();
        let mut table = Table::new(&[
            "sale",
            "register",
            "receipt_number",
            "at_ms",
            "business_day",
            "voided",
            "line",
            "product",
            "name",
            "quantity",
            "unit_price",
            "price_per",
            "discount",
            "total",
            "refunded_quantity",
            "refunded",
            "sale_total",
            "cash_rounding",
            "currency",
        ]);
        let rows = self.all(
            now,
            |window| Query::Sales { stall, window },
            |view| if let View::Sales(rows) = view { Some(rows) } else { None },
        )?;
        for row in rows {
            if let View::Sale(sale) = self.answer(&Query::Sale { stall, sale: row.sale }, now)? {
                sale_cells(&sale).into_iter().for_each(|cells| table.add(cells));
                of_sales.add(&sale);
            }
        }
        Ok((table, of_sales))
    }

    fn shifts(&mut self, stall: LogId) -> Result<Table, NotDone> {
        let mut table = Table::new(&[
            "shift",
            "register",
            "opened_at_ms",
            "business_day",
            "float",
            "sales",
            "sales_total",
            "voids",
            "refunds",
            "orders",
            "orders_total",
            "cash",
            "closed",
            "expected",
            "counted",
            "reason",
        ]);
        let rows = self.db.read::<_, StoreError>(|tx| {
            tx.query(
                "select shift, author, opened_at_ms, business_day, float_minor, sales, sales_minor, voids, refunds_minor,
                   orders, orders_minor, cash_minor, closed, expected_minor, counted_minor, reason
                 from shift where log = $1 order by opened_at_ms, shift",
                params![stall],
            )
        });
        for row in rows.map_err(Failure::from)? {
            let cells = || -> Result<Vec<Cell>, StoreError> {
                Ok(vec![
                    Cell::Text(soko_domain::ids::ShiftId(row.id(0)?).to_string()),
                    Cell::Text(row.id::<soko_domain::ids::AuthorId>(1)?.to_string()),
                    Cell::Number(row.int(2)?),
                    Cell::Day(row.number(3)?),
                    Cell::Money(row.int(4)?),
                    Cell::Number(row.int(5)?),
                    Cell::Money(row.int(6)?),
                    Cell::Number(row.int(7)?),
                    Cell::Money(row.int(8)?),
                    Cell::Number(row.int(9)?),
                    Cell::Money(row.int(10)?),
                    Cell::Money(row.int(11)?),
                    Cell::Flag(row.bool(12)?),
                    Cell::Money(row.int(13)?),
                    Cell::Money(row.int(14)?),
                    Cell::Text(row.text(15)?.into()),
                ])
            };
            table.add(cells().map_err(Failure::from)?);
        }
        Ok(table)
    }

    fn orders(&mut self, stall: LogId, now: Now) -> Result<Table, NotDone> {
        let mut table = Table::new(&["order", "state", "at_ms", "product", "name", "quantity", "total"]);
        let rows = self.all(
            now,
            |window| Query::Orders { stall, only_waiting: false, window },
            |view| if let View::Orders(rows) = view { Some(rows) } else { None },
        )?;
        for row in rows {
            let View::Order(order) = self.answer(&Query::Order { stall, order: row.order }, now)? else {
                continue;
            };
            for line in &order.lines {
                table.add(vec![
                    Cell::Text(row.order.to_string()),
                    Cell::Text(row.state.clone()),
                    Cell::Number(row.at_ms),
                    Cell::Text(line.product.to_string()),
                    Cell::Text(line.name.clone()),
                    Cell::Number(line.quantity),
                    Cell::Money(line.total_minor),
                ]);
            }
            // Without it the lines would not add up to what was paid.
            if let Some(delivery) = &order.delivery {
                table.add(vec![
                    Cell::Text(row.order.to_string()),
                    Cell::Text(row.state.clone()),
                    Cell::Number(row.at_ms),
                    Cell::Nothing,
                    Cell::Text(format!("delivery {}", delivery.zone).trim_end().to_owned()),
                    Cell::Number(1),
                    Cell::Money(delivery.total_minor),
                ]);
            }
        }
        Ok(table)
    }
}

fn word(word: &str) -> Cell {
    Cell::Text(word.into())
}

fn joined<T: ToString>(many: impl IntoIterator<Item = T>) -> Cell {
    let parts: Vec<String> = many.into_iter().map(|one| one.to_string()).collect();
    Cell::Text(parts.join("|"))
}

fn product_cells(view: &ProductView) -> Vec<Cell> {
    vec![
        Cell::Text(view.product.to_string()),
        Cell::Text(view.name.clone()),
        Cell::Text(view.sku.clone()),
        joined(&view.barcodes),
        Cell::Money(view.price_minor),
        Cell::Text(view.currency.clone()),
        word(view.unit.word()),
        Cell::Number(view.price_per),
        view.cost_minor.map_or(Cell::Nothing, Cell::Money),
        Cell::Text(soko_domain::money::Ppm(view.tax_ppm).to_string()),
        Cell::Flag(view.tax_mode == soko_domain::tax::TaxMode::Inclusive),
        Cell::Text(view.tax_label.clone()),
        Cell::Text(view.description.clone()),
        joined(&view.categories),
        Cell::Flag(view.favourite),
        view.low_level.map_or(Cell::Nothing, Cell::Number),
        view.variant_of.map_or(Cell::Nothing, |parent| Cell::Text(parent.to_string())),
        joined(view.options.iter().map(|option| format!("{}={}", option.name, option.value))),
        joined(view.parts.iter().map(|part| format!("{}={}", part.product, part.quantity))),
        Cell::Flag(view.archived),
    ]
}

fn sale_cells(sale: &SaleView) -> Vec<Vec<Cell>> {
    let row = &sale.row;
    let line_cells = |(at, line): (i64, &soko_app_api::SaleLineView)| {
        vec![
            Cell::Text(row.sale.to_string()),
            Cell::Text(row.register.to_string()),
            Cell::Number(i64::try_from(row.receipt_number).unwrap_or(i64::MAX)),
            Cell::Number(row.at_ms),
            Cell::Day(row.business_day),
            Cell::Flag(row.voided),
            Cell::Number(at),
            line.product.map_or(Cell::Nothing, |product| Cell::Text(product.to_string())),
            Cell::Text(line.name.clone()),
            Cell::Number(line.quantity),
            Cell::Money(line.unit_price_minor),
            Cell::Number(line.price_per),
            Cell::Money(line.discount_minor),
            Cell::Money(line.total_minor),
            Cell::Number(line.refunded),
            Cell::Money(line.refunded_minor),
            Cell::Money(row.total_minor),
            Cell::Money(sale.cash_rounding_minor),
            Cell::Text(row.currency.clone()),
        ]
    };
    (1..).zip(&sale.lines).map(line_cells).collect()
}
