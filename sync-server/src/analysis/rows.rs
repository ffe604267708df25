//! What is written: stalls, products, the lines that figures are made of, and what was ordered. Read in portions, in the
//! order in which records arrived.

use std::collections::BTreeMap;

use parquet::data_type::ByteArray;
use soko_app_api::text::Worded as _;
use soko_domain::calendar::BusinessDay;
use soko_domain::delivery::Handing;
use soko_domain::entry::{Entry, Kind, OrderPlaced, Stamp};
use soko_domain::ids::{AuthorId, Hash, LogId, PersonId, ProductId, SaleId, ThingId};
use soko_domain::quantity::Unit;
use soko_projection::figures::{self, About, Line, Payment, Tax};
use soko_projection::read;
use soko_projection::read_figures::{self as facts, Period};
use soko_record_log::{Row, StoreError, Tx, params};

use super::AnalysisError;
use super::sheet::{Cell, Files, Holds, Sheet, always, sometimes};
use crate::outside::{OsEntropy, random};
use crate::platform::server_secret;
use crate::sealed::SealKey;
use crate::secret::ServerSecret;

/// Records that are read at a time.
const PORTION: usize = 2_000;
/// The folder of days that no calendar has.
const NO_MONTH: &str = "none";

pub(super) const STALLS: Sheet = Sheet {
    name: "stalls",
    columns: &[
        always("stall", Holds::Name),
        always("name", Holds::Name),
        always("currency", Holds::Name),
        always("zone", Holds::Name),
        always("place", Holds::Name),
    ],
};

pub(super) const PRODUCTS: Sheet = Sheet {
    name: "products",
    columns: &[
        always("stall", Holds::Name),
        always("product", Holds::Name),
        always("name", Holds::Name),
        sometimes("category", Holds::Name),
        always("unit", Holds::Name),
        always("price_minor", Holds::Number),
        always("price_per", Holds::Number),
        always("currency", Holds::Name),
        sometimes("cost_minor", Holds::Number),
        sometimes("variant_of", Holds::Name),
        always("archived", Holds::Small),
    ],
};

pub(super) const LINES: Sheet = Sheet {
    name: "lines",
    columns: &[
        always("stall", Holds::Name),
        always("deed", Holds::Name),
        always("channel", Holds::Name),
        always("sale", Holds::Identity),
        always("business_day", Holds::Day),
        always("hour", Holds::Small),
        always("at", Holds::Moment),
        always("register", Holds::Name),
        sometimes("person", Holds::Name),
        sometimes("product", Holds::Name),
        sometimes("currency", Holds::Name),
        always("quantity", Holds::Number),
        always("restocked", Holds::Number),
        always("total_minor", Holds::Number),
        always("tax_minor", Holds::Number),
        always("discount_minor", Holds::Number),
    ],
};

pub(super) const PAYMENTS: Sheet = Sheet {
    name: "payments",
    columns: &[
        always("stall", Holds::Name),
        always("deed", Holds::Name),
        always("channel", Holds::Name),
        always("sale", Holds::Identity),
        always("business_day", Holds::Day),
        always("hour", Holds::Small),
        always("at", Holds::Moment),
        always("register", Holds::Name),
        sometimes("person", Holds::Name),
        sometimes("currency", Holds::Name),
        always("kind", Holds::Name),
        always("payments", Holds::Small),
        always("amount_minor", Holds::Number),
    ],
};

pub(super) const TAXES: Sheet = Sheet {
    name: "taxes",
    columns: &[
        always("stall", Holds::Name),
        always("deed", Holds::Name),
        always("channel", Holds::Name),
        always("sale", Holds::Identity),
        always("business_day", Holds::Day),
        sometimes("product", Holds::Name),
        sometimes("currency", Holds::Name),
        always("rate_ppm", Holds::Number),
        always("mode", Holds::Name),
        always("label", Holds::Name),
        always("net_minor", Holds::Number),
        always("tax_minor", Holds::Number),
    ],
};

pub(super) const CUSTOMERS: Sheet = Sheet {
    name: "customers",
    columns: &[
        always("stall", Holds::Name),
        always("customer", Holds::Name),
        always("currency", Holds::Name),
        always("first_month", Holds::Name),
        always("last_month", Holds::Name),
        always("sales", Holds::Number),
    ],
};

pub(super) const PURCHASES: Sheet = Sheet {
    name: "purchases",
    columns: &[
        always("stall", Holds::Name),
        always("customer", Holds::Name),
        always("currency", Holds::Name),
        always("sales", Holds::Number),
        always("about_minor", Holds::Number),
    ],
};

pub(super) const ORDERS: Sheet = Sheet {
    name: "orders",
    columns: &[
        always("stall", Holds::Name),
        always("order_id", Holds::Identity),
        always("state", Holds::Name),
        always("handing", Holds::Name),
        always("business_day", Holds::Day),
        always("hour", Holds::Small),
        always("at", Holds::Moment),
        sometimes("ended_at", Holds::Moment),
        sometimes("product", Holds::Name),
        always("currency", Holds::Name),
        always("quantity", Holds::Number),
        always("total_minor", Holds::Number),
        always("tax_minor", Holds::Number),
        always("discount_minor", Holds::Number),
    ],
};

fn id(id: impl std::fmt::Display) -> ByteArray {
    ByteArray::from(id.to_string().into_bytes())
}

/// Every log with the number of its last record.
pub(super) fn logs(tx: &mut dyn Tx) -> Result<Vec<(LogId, u64)>, StoreError> {
    let rows = tx.query("select log, last_position from log_counter order by log", &[])?;
    rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

/// Nothing where a log is no stall's.
pub(super) fn stall(tx: &mut dyn Tx, stall: LogId, files: &mut Files) -> Result<(), AnalysisError> {
    let sql = "select name, currency, zone, place from stall_profile where log = $1";
    let Some(row) = tx.query_opt(sql, params![stall])? else { return Ok(()) };
    let mut cells = vec![Cell::Text(id(stall))];
    for column in 0..4 {
        cells.push(row.text(column)?.into());
    }
    files.add("", cells)
}

pub(super) fn products(tx: &mut dyn Tx, stall: LogId, files: &mut Files) -> Result<(), AnalysisError> {
    let rows = tx.query("select category, name from category where log = $1", params![stall])?;
    let categories: BTreeMap<ThingId, String> = rows
        .iter()
        .map(|row| Ok((row.id(0)?, row.text(1)?.to_owned())))
        .collect::<Result<_, StoreError>>()?;
    let (of_stall, mut after) = (id(stall), ProductId::default());
    loop {
        let rows = tx.query(
            "select product, name, categories, unit, price_minor, price_per, currency, cost_minor, variant_of, archived
             from product where log = $1 and product > $2 order by product limit $3",
            params![stall, after, PORTION],
        )?;
        for row in &rows {
            after = row.id(0)?;
            let first = row.blob_opt(2)?.and_then(|all| ThingId::from_slice(all.get(..16)?));
            let category = first.and_then(|first| categories.get(&first));
            let cells = vec![
                Cell::Text(of_stall.clone()),
                Cell::Text(id(after)),
                row.text(1)?.into(),
                category.map(String::as_str).into(),
                unit(row)?.into(),
                row.int(4)?.into(),
                row.int(5)?.into(),
                row.text(6)?.into(),
                row.int_opt(7)?.into(),
                row.id_opt::<ProductId>(8)?.map(id).into(),
                row.int(9)?.into(),
            ];
            files.add("", cells)?;
        }
        if rows.len() < PORTION {
            return Ok(());
        }
    }
}

fn unit(row: &Row) -> Result<&'static str, StoreError> {
    Ok(match Unit::from_number(row.number(3)?) {
        Some(Unit::Gram) => "gram",
        Some(Unit::Millilitre) => "millilitre",
        Some(Unit::Piece) | None => "piece",
    })
}

/// What whoever bought, and what they bought together, is called in the files: the same in all of them and each time, another one at
/// each stall, and nothing that a record says. Without the store's secret nobody can tell who it was, nor find a sale by what its
/// receipt or its order's address calls it.
pub(super) struct Hidden(ServerSecret);

impl Hidden {
    pub(super) fn of(tx: &mut dyn Tx, seal: Option<&SealKey>) -> Result<Self, AnalysisError> {
        if let Some(secret) = server_secret::read(tx, seal)? {
            return Ok(Self(secret));
        }
        // Nobody was ever served here.
        let secret = random(&OsEntropy).map_err(|error| AnalysisError::File(error.to_string()))?;
        Ok(Self(ServerSecret::new(secret)))
    }

    fn customer(&self, stall: LogId, customer: ThingId) -> ByteArray {
        self.name("customers in files", stall, customer)
    }

    /// A sale, or an order and the sale that it became, so that both can be joined.
    fn basket(&self, stall: LogId, basket: ThingId) -> ByteArray {
        self.name("baskets in files", stall, basket)
    }

    fn name(&self, what: &str, stall: LogId, thing: ThingId) -> ByteArray {
        let Hash(digest) = self.0.digest(what, &format!("{stall}{thing}"));
        let mut hidden = [0; ThingId::SIZE];
        hidden.copy_from_slice(&digest[..ThingId::SIZE]);
        id(ThingId(hidden))
    }
}

/// Whoever bought anything that was not voided: customers by name, and whoever had an order handed over; and what each of them bought by
/// month. No line, payment or order says whose it is, and here no day and no exact amount stands by which one would be found among them. Months
/// and rough amounts still fit few baskets where little is sold or an amount is rare: docs/large-questions.md says what can be joined.
pub(super) fn customers(
    tx: &mut dyn Tx,
    stall: LogId,
    hidden: &Hidden,
    (customers, purchases): (&mut Files, &mut Files),
) -> Result<(), AnalysisError> {
    let currency = tx.query_opt("select currency from stall_profile where log = $1", params![stall])?;
    let currency = currency.map(|row| row.text(0).map(ToOwned::to_owned)).transpose()?.unwrap_or_default();
    let of_stall = id(stall);
    let ever = Period { from: BusinessDay::MIN.days(), to: BusinessDay::MAX.days() };
    for found in facts::customers(tx, (stall, ever))? {
        let customer = hidden.customer(stall, found.customer);
        let cells = vec![
            Cell::Text(of_stall.clone()),
            Cell::Text(customer.clone()),
            currency.as_str().into(),
            month(found.first_day).as_str().into(),
            month(found.last_day).as_str().into(),
            found.sales.into(),
        ];
        customers.add("", cells)?;
        for (month, (sales, revenue_minor)) in months(tx, stall, found.customer)? {
            let cells = vec![
                Cell::Text(of_stall.clone()),
                Cell::Text(customer.clone()),
                currency.as_str().into(),
                sales.into(),
                roughly(revenue_minor).into(),
            ];
            purchases.add(&month, cells)?;
        }
    }
    Ok(())
}

/// To two digits that count.
fn roughly(amount_minor: i64) -> i64 {
    let mut unit = 1_i64;
    while amount_minor.unsigned_abs() / unit.unsigned_abs() >= 100 {
        unit = unit.saturating_mul(10);
    }
    let (whole, rest) = (amount_minor / unit, amount_minor % unit);
    let up = if rest.unsigned_abs() * 2 >= unit.unsigned_abs() && unit > 1 { rest.signum() } else { 0 };
    (whole + up).saturating_mul(unit)
}

/// Sales that stand, and what they came to, by month.
fn months(
    tx: &mut dyn Tx,
    stall: LogId,
    customer: ThingId,
) -> Result<BTreeMap<String, (i64, i64)>, StoreError> {
    let rows = tx.query(
        "select at, sales, revenue_minor from figure_customer
         where log = $1 and grain = 1 and customer = $2 and sales > 0 order by at",
        params![stall, customer],
    )?;
    let mut months: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in &rows {
        let of = months.entry(month(row.number(0)?)).or_default();
        *of = (of.0.saturating_add(row.int(1)?), of.1.saturating_add(row.int(2)?));
    }
    Ok(months)
}

/// Where lines and orders go, and how far the reading is.
pub(super) struct Ledger<'a> {
    pub(super) lines: &'a mut Files,
    pub(super) payments: &'a mut Files,
    pub(super) taxes: &'a mut Files,
    pub(super) hidden: &'a Hidden,
    pub(super) orders: &'a mut Files,
    /// Records that count for nothing because their bodies cannot be read here.
    pub(super) unread: u64,
    /// Hears the position of the last record that was read.
    pub(super) progress: &'a mut dyn FnMut(u64),
}

impl Ledger<'_> {
    /// All that a stall sold, gave back and was asked for.
    pub(super) fn read(&mut self, tx: &mut dyn Tx, stall: LogId) -> Result<(), AnalysisError> {
        let kinds =
            [Kind::SaleMade, Kind::SaleVoided, Kind::RefundMade, Kind::OrderHandedOver, Kind::OrderPlaced];
        let [sale, void, refund, handed, placed] = kinds.map(Kind::number);
        let (of_stall, mut after) = (id(stall), 0_u64);
        loop {
            // What was parked counts in no figure, and here neither.
            let rows = tx.query(
                "select r.position, r.kind, r.author, r.seq, r.body from record r
                 where r.log = $1 and r.position > $2 and r.kind in ($3, $4, $5, $6, $7)
                 and not exists (select 1 from parked p where p.log = r.log and p.author = r.author and p.seq = r.seq)
                 order by r.position limit $8",
                params![stall, after, sale, void, refund, handed, placed, PORTION],
            )?;
            for row in &rows {
                after = row.number(0)?;
                self.record(tx, (stall, &of_stall), row)?;
            }
            (self.progress)(after);
            if rows.len() < PORTION {
                return Ok(());
            }
        }
    }

    fn record(
        &mut self,
        tx: &mut dyn Tx,
        (stall, of_stall): (LogId, &ByteArray),
        row: &Row,
    ) -> Result<(), AnalysisError> {
        let place: (AuthorId, u64) = (row.id(2)?, row.number(3)?);
        let (Some(kind), Some(body)) = (Kind::from_number(row.number(1)?), row.blob_opt(4)?) else {
            self.unread += 1;
            return Ok(());
        };
        let Ok((stamp, entry)) = Entry::from_body(kind, body) else {
            self.unread += 1;
            return Ok(());
        };
        if let Entry::OrderPlaced(placed) = &entry {
            return self.order(tx, (stall, of_stall), place, (&stamp, placed));
        }
        let all = figures::lines(tx, stall, place, (&stamp, &entry))?;
        let mut names = Names { hidden: self.hidden, stall: (stall, of_stall), last: None };
        for line in &all.lines {
            self.lines.add(&month(line.about.business_day), cells(line, names.of(&line.about)))?;
        }
        for payment in &all.payments {
            self.payments.add(&month(payment.about.business_day), paid(payment, names.of(&payment.about)))?;
        }
        for tax in &all.taxes {
            self.taxes.add(&month(tax.about.business_day), taxed(tax, names.of(&tax.about)))?;
        }
        Ok(())
    }

    /// As it was placed, with what became of it.
    fn order(
        &mut self,
        tx: &mut dyn Tx,
        (stall, of_stall): (LogId, &ByteArray),
        place: (AuthorId, u64),
        (stamp, placed): (&Stamp, &OrderPlaced),
    ) -> Result<(), AnalysisError> {
        let Some(found) = read::order(tx, stall, placed.order)? else { return Ok(()) };
        // Another record said the same order once more.
        if (found.author, found.seq) != place {
            return Ok(());
        }
        let order = self.hidden.basket(stall, ThingId(placed.order.0));
        let currency = ByteArray::from(placed.currency.code());
        let ended = (found.ended_ms != 0).then_some(found.ended_ms);
        let row = |product: Option<ProductId>, [quantity, total, tax, discount]: [i64; 4]| {
            vec![
                Cell::Text(of_stall.clone()),
                Cell::Text(order.clone()),
                found.state.name().into(),
                handing(placed.handing).into(),
                i64::from(stamp.business_day).into(),
                i64::from(figures::hour(stamp)).into(),
                stamp.at_ms.into(),
                ended.into(),
                product.map(id).into(),
                Cell::Text(currency.clone()),
                quantity.into(),
                total.into(),
                tax.into(),
                discount.into(),
            ]
        };
        let month = month(stamp.business_day);
        for line in &placed.lines {
            let amounts = [line.quantity, line.total_minor, line.tax_minor, line.discount_minor];
            self.orders.add(&month, row(Some(line.product), amounts))?;
        }
        if let Some(delivery) = &placed.delivery {
            self.orders.add(&month, row(None, [1, delivery.total_minor, delivery.tax_minor, 0]))?;
        }
        Ok(())
    }
}

/// What things are called that all of one record share.
#[derive(Clone)]
struct Named {
    stall: ByteArray,
    sale: ByteArray,
    register: ByteArray,
}

struct Names<'a> {
    hidden: &'a Hidden,
    stall: (LogId, &'a ByteArray),
    last: Option<((SaleId, AuthorId), Named)>,
}

impl Names<'_> {
    fn of(&mut self, about: &About) -> Named {
        let key = (about.sale, about.register);
        if let Some((_, same)) = self.last.as_ref().filter(|(last, _)| *last == key) {
            return same.clone();
        }
        let (stall, of_stall) = self.stall;
        let named = Named {
            stall: of_stall.clone(),
            sale: self.hidden.basket(stall, ThingId(about.sale.0)),
            register: id(about.register),
        };
        self.last = Some((key, named.clone()));
        named
    }
}

fn channel(about: &About) -> &'static str {
    if about.is_order { "shop" } else { "counter" }
}

fn person(about: &About) -> Option<ByteArray> {
    about.person.filter(|person| *person != PersonId::default()).map(id)
}

fn product(product: Option<ProductId>) -> Option<ByteArray> {
    product.filter(|product| *product != ProductId::default()).map(id)
}

fn cells(line: &Line, named: Named) -> Vec<Cell> {
    let about = &line.about;
    vec![
        Cell::Text(named.stall),
        about.deed.name().into(),
        channel(about).into(),
        Cell::Text(named.sale),
        i64::from(about.business_day).into(),
        i64::from(about.hour).into(),
        about.at_ms.into(),
        Cell::Text(named.register),
        person(about).into(),
        product(line.product).into(),
        about.currency.as_ref().map(|currency| currency.code()).into(),
        line.quantity.into(),
        line.restocked.into(),
        line.total_minor.into(),
        line.tax_minor.into(),
        line.discount_minor.into(),
    ]
}

fn paid(payment: &Payment, named: Named) -> Vec<Cell> {
    let about = &payment.about;
    vec![
        Cell::Text(named.stall),
        about.deed.name().into(),
        channel(about).into(),
        Cell::Text(named.sale),
        i64::from(about.business_day).into(),
        i64::from(about.hour).into(),
        about.at_ms.into(),
        Cell::Text(named.register),
        person(about).into(),
        about.currency.as_ref().map(|currency| currency.code()).into(),
        payment.kind.word().into(),
        payment.payments.into(),
        payment.amount_minor.into(),
    ]
}

fn taxed(tax: &Tax, named: Named) -> Vec<Cell> {
    let about = &tax.about;
    vec![
        Cell::Text(named.stall),
        about.deed.name().into(),
        channel(about).into(),
        Cell::Text(named.sale),
        i64::from(about.business_day).into(),
        product(tax.product).into(),
        about.currency.as_ref().map(|currency| currency.code()).into(),
        i64::from(tax.rate.ppm.0).into(),
        tax.rate.mode.word().into(),
        tax.rate.label.as_str().into(),
        tax.net_minor.into(),
        tax.tax_minor.into(),
    ]
}

fn handing(handing: Handing) -> &'static str {
    match handing {
        Handing::Pickup => "pickup",
        Handing::Local => "local",
        Handing::Shipping => "shipping",
    }
}

/// `2026-11`.
fn month(business_day: i32) -> String {
    let date = BusinessDay::from_days(business_day).map(BusinessDay::civil);
    date.map_or_else(|| NO_MONTH.to_owned(), |date| format!("{:04}-{:02}", date.year, date.month))
}
