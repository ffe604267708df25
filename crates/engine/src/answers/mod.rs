//! Questions: views out of the derived tables. Nothing is written, and lists are windowed.

mod audit;
mod coupons;
mod customers;
mod desk;
mod families;
mod figures;
mod goods;
mod history;
mod imports;
mod incidents;
mod prices;
mod products;
mod questions;
mod refunds;
mod rivals;
mod statement;
mod stock;
mod tabs;
mod trade;
mod written;

pub(crate) use customers::what_of;
pub(crate) use trade::SalePlace;

use soko_app_api::{
    AskView, DeviceRow, ParkedRow, Query, RegisterState, StatusView, View, WINDOW_ROWS_MAX, Window,
};
use soko_domain::ask::Answer;
use soko_domain::entry::Stamp;
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_projection::{ParkCode, read as facts};
use soko_record_log::{StoreError, Tx, log, params};

use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::identity::FrozenWhy;
use crate::options::Now;
use crate::own;
use crate::prices::Prices;
use crate::said;
use crate::stall::Stall;

const DEVICES_MAX: usize = 1_000;

/// What an answer is read from.
struct Asking<'t> {
    tx: &'t mut dyn Tx,
    stall: &'t Stall,
    log: LogId,
    now: Now,
}

impl Engine {
    /// Answers from the derived tables, as they are now. The time says which day is today.
    pub fn answer(&mut self, query: &Query, now: Now) -> Result<View, NotDone> {
        self.settle()?;
        let Some(stall) = query.stall() else { return Ok(View::Stalls(self.stalls())) };
        if matches!(query, Query::Search { .. }) {
            self.warm(stall)?;
        }
        if matches!(query, Query::Prices(_) | Query::Price { .. }) {
            self.learn_prices(stall, now)?;
        }
        let known = self.stalls.get(&stall).ok_or(Failure::UnknownStall(stall))?;
        self.db.read(|tx| answer(&mut Asking { tx, stall: known, log: stall, now }, query))
    }

    /// Whether whoever is at the register may see what its figures are made of.
    pub(crate) fn may_see_all(&mut self, stall: LogId, now: Now) -> Result<bool, Failure> {
        self.settle()?;
        let known = self.stalls.get(&stall).ok_or(Failure::UnknownStall(stall))?;
        let may = self
            .db
            .read::<_, StoreError>(|tx| figures::may_see(&mut Asking { tx, stall: known, log: stall, now }));
        Ok(may?)
    }

    /// Reads the search index into memory, as the first search would. A shell does it when there is time.
    pub fn warm(&mut self, stall: LogId) -> Result<(), Failure> {
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        if known.index.is_none() {
            let number = known.row.stall;
            known.index = Some(self.db.read::<_, StoreError>(|tx| crate::search::load(tx, number))?);
        }
        Ok(())
    }
}

/// Prices, which are learnt when somebody asks and when one may move by itself.
impl Engine {
    fn learn_prices(&mut self, stall: LogId, now: Now) -> Result<(), Failure> {
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let kept = known.prices.take();
        let learnt = self.db.read::<_, StoreError>(|tx| {
            let cut_off = facts::profile(tx, stall)?.map_or(0, |profile| profile.cut_off_minutes);
            let at = (now.stamp(cut_off).business_day, now.at_ms);
            match kept {
                Some(kept) if !kept.is_old(tx, stall, at)? => Ok(kept),
                Some(_) | None => Prices::learn(tx, stall, at),
            }
        });
        known.prices = Some(learnt?);
        Ok(())
    }
}

fn answer(asking: &mut Asking<'_>, query: &Query) -> Result<View, NotDone> {
    Ok(match query {
        Query::Status(_) => View::Status(status(asking)?),
        Query::Written(_) => View::Written(written::view(asking)?),
        Query::Stall(_) => found(products::stall(asking)?, View::Stall),
        Query::Products { filter, window, .. } => View::Products(products::list(asking, *filter, *window)?),
        Query::Categories(_) => View::Categories(products::categories(asking)?),
        Query::Product { product, .. } => found(products::one(asking, *product)?, View::Product),
        Query::Search { text, rows, .. } => View::Products(products::search(asking, text, *rows)?),
        Query::These { products, .. } => View::Products(products::these(asking, products)?),
        Query::Scan { code, .. } => scan(asking, code)?,
        Query::Stock { product, .. } => View::Stock(stock::stock(asking, *product)?),
        Query::StockHistory { product, window, .. } => history::of_product(asking, *product, *window)?,
        Query::ToBuy { window, .. } => View::StockList(stock::to_buy(asking, *window)?),
        Query::Family { product, .. } => boxed(families::view(asking, *product)?, View::Family),
        Query::Questions { window, .. } => View::Questions(questions::list(asking, *window)?),
        Query::Import { import, choice, .. } => imports::view(asking, *import, choice.as_ref())?,
        Query::Imports(_) => View::Imports(crate::verbs::jobs(asking.tx, asking.log)?),
        Query::StockList { window, .. } => View::StockList(stock::list(asking, *window)?),
        Query::Shares(_) => View::Shares(stock::shares(asking)?),
        Query::Today(_) => View::Today(trade::today(asking)?),
        Query::Basket { .. } | Query::Exchange { .. } => View::Basket(trade::priced(asking, query)?),
        Query::Shift(_) => found(trade::shift(asking)?, View::Shift),
        Query::AtRegister(_) => View::AtRegister(desk::at_register(asking)?),
        Query::ShiftReport { register, shift, .. } => {
            boxed(desk::report(asking, *register, *shift)?, View::ShiftReport)
        }
        Query::ShiftReports { window, .. } => View::ShiftReports(desk::reports(asking, *window)?),
        Query::Audit { .. } => View::Audit(audit::audit(asking, query)?),
        Query::Sale { sale, .. } => found(trade::sale(asking, *sale)?, View::Sale),
        Query::RefundPlan { .. } => refunds::plan(asking, query)?,
        Query::RefundRight { sale, .. } => found(refunds::right(asking, *sale)?, View::RefundRight),
        Query::Sales { window, .. } => View::Sales(trade::sales(asking, *window)?),
        Query::Order { order, .. } => found(trade::order(asking, *order)?, View::Order),
        // The device's to say.
        Query::Stalls | Query::OrderContact { .. } | Query::DeviceWords(_) | Query::Leaving(_) => {
            View::Missing
        }
        Query::Orders { only_waiting, window, .. } => trade::orders(asking, *only_waiting, *window)?,
        Query::OrdersByCode { code, rows, .. } => View::Orders(trade::orders_by_code(asking, code, *rows)?),
        Query::OpenOrder { order, .. } => found(tabs::one(asking, *order)?, View::OpenOrder),
        Query::OpenOrders { window, .. } => View::OpenOrders(tabs::open_ones(asking, *window)?),
        Query::Payments { window, .. } => View::Payments(tabs::unseen(asking, *window)?),
        Query::Statement { bytes, choice, .. } => statement::view(asking, bytes, choice.as_ref())?,
        Query::Customers { text, window, .. } => View::Customers(customers::list(asking, text, *window)?),
        Query::Customer { customer, .. } => boxed(customers::one(asking, *customer)?, View::Customer),
        Query::Purse { purse, .. } => View::Purse(Box::new(customers::purse(asking, purse)?)),
        Query::Cards { window, .. } => View::Cards(customers::cards(asking, *window)?),
        Query::Prices(_) | Query::Price { .. } | Query::Rivals { .. } => prices::view(asking, query)?,
        Query::Coupons(_) => coupons::view(asking)?,
        Query::Funnel { .. } => figures::of_server(asking)?,
        Query::Loyalty(_) => View::Loyalty(customers::loyalty(asking)?),
        Query::Figures { span, against, .. } => figures::view(asking, *span, *against)?,
        Query::Goods { span, .. } => goods::view(asking, *span)?,
        Query::Devices(_) => View::Devices(devices(asking)?),
        Query::SharesOf { author, window, .. } => View::SharesOf(stock::shares_of(asking, *author, *window)?),
        Query::Incidents { window, .. } => View::Incidents(incidents::rows(asking, *window)?),
        Query::Parked { window, .. } => View::Parked(parked(asking, *window)?),
        Query::Ask { ask, .. } => found(ask_view(asking, *ask)?, View::Ask),
    })
}

/// A product's own code first: a maker's code can look like one of a scale.
fn scan(asking: &mut Asking<'_>, code: &str) -> Result<View, StoreError> {
    let rows = products::scan(asking, code)?;
    if rows.is_empty() {
        let weighed = tabs::weighed(asking, code)?;
        if !weighed.is_empty() {
            return Ok(View::Scanned(weighed));
        }
    }
    Ok(View::Products(rows))
}

/// The same, for what is large.
fn boxed<T>(value: Option<T>, view: fn(Box<T>) -> View) -> View {
    found(value.map(Box::new), view)
}

fn found<T>(value: Option<T>, view: fn(T) -> View) -> View {
    value.map_or(View::Missing, view)
}

/// Offset and rows of a window, bounded.
fn bounded(window: Window) -> (u32, u32) {
    (window.offset, window.rows.min(WINDOW_ROWS_MAX))
}

/// As what the register was let in.
fn register_role(asking: &mut Asking<'_>) -> Result<Role, StoreError> {
    crate::write::register_role(asking.tx, asking.stall)
}

fn status(asking: &mut Asking<'_>) -> Result<StatusView, StoreError> {
    let log = asking.log;
    let row = &asking.stall.row;
    let device = facts::device(asking.tx, log, row.author)?;
    let state = match &device {
        _ if row.frozen == Some(FrozenWhy::Leaving) => RegisterState::Leaving,
        _ if row.frozen.is_some() => RegisterState::Frozen,
        Some(device) if device.revoked => RegisterState::Revoked,
        Some(device) if device.admitted => RegisterState::Active,
        Some(_) | None => RegisterState::Waiting,
    };
    let admitted = device.filter(|device| device.admitted);
    Ok(StatusView {
        author: row.author,
        name: row.name.clone(),
        role: admitted.and_then(|device| device.role).unwrap_or(row.role),
        state,
        frozen_because: row.frozen.and_then(FrozenWhy::said),
        stall_frozen: facts::stall_frozen(asking.tx, log)?,
        unsent: unsent(asking)?,
        records: log::count(asking.tx, log)?,
        asks_waiting: own::count_asks_waiting(asking.tx, log)?,
        epoch: row.epoch.id,
        epoch_counter: row.epoch.counter,
        trouble: row.trouble.clone(),
        digest: soko_projection::running_digest(asking.tx, log)?,
    })
}

/// Own records, of every author this device was, that the server has not said it holds.
fn unsent(asking: &mut Asking<'_>) -> Result<u64, StoreError> {
    let log = asking.log;
    let theirs = asking.stall.session.server_heads();
    let mut unsent = 0;
    for author in own::authors(asking.tx, log)? {
        let ours = log::head(asking.tx, log, &author)?.map_or(0, |head| head.seq);
        let held = theirs.and_then(|heads| heads.get(&author)).map_or(0, |head| head.seq);
        unsent += ours.saturating_sub(held);
    }
    Ok(unsent)
}

fn devices(asking: &mut Asking<'_>) -> Result<Vec<DeviceRow>, StoreError> {
    let log = asking.log;
    let me = asking.stall.row.author;
    let devices = facts::devices(asking.tx, log, DEVICES_MAX)?;
    let row = |device: facts::DeviceFound| {
        Ok(DeviceRow {
            author: device.author,
            name: device.name,
            role: device.role.map_or("", |role| role.name()).into(),
            revoked: device.revoked,
            replaces: device.replaces,
            is_this_register: device.author == me,
            last_record_ms: last_record_ms(asking.tx, log, device.author)?,
        })
    };
    devices.into_iter().map(row).collect()
}

fn last_record_ms(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<Option<i64>, StoreError> {
    let Some(head) = log::head(tx, log, &author)? else { return Ok(None) };
    let records = log::range(tx, log, &author, head.seq, 1, usize::MAX)?;
    // Of a record that was set aside only the hash may be here.
    let body = records.first().and_then(|record| record.body.bytes());
    Ok(body.and_then(|body| Stamp::of_body(body).ok()).map(|stamp| stamp.at_ms))
}

fn parked(asking: &mut Asking<'_>, window: Window) -> Result<Vec<ParkedRow>, StoreError> {
    let log = asking.log;
    let (offset, limit) = bounded(window);
    let rows = asking.tx.query(
        "select p.author, p.seq, p.code, p.note, d.name from parked p
         left join stall_device d on d.log = p.log and d.author = p.author
         where p.log = $1 order by p.author, p.seq limit $2 offset $3",
        params![log, limit, offset],
    )?;
    let row = |row: &soko_record_log::Row| {
        let code = ParkCode::from_number(row.number(2)?);
        let code = code.ok_or_else(|| StoreError::Corrupt("a reason to set aside is unknown".into()))?;
        Ok(ParkedRow {
            author: row.id(0)?,
            seq: row.number(1)?,
            device: row.text_opt(4)?.unwrap_or_default().into(),
            why: said::set_aside(code, row.text(3)?),
        })
    };
    rows.iter().map(row).collect()
}

fn ask_view(asking: &mut Asking<'_>, ask: ThingId) -> Result<Option<AskView>, StoreError> {
    let Some(answer) = own::ask_answer(asking.tx, ask)? else { return Ok(None) };
    let Some(body) = answer else { return Ok(Some(AskView::Waiting)) };
    Ok(Some(match Answer::from_bytes(&body) {
        Ok(Answer::Done) => AskView::Done,
        Ok(Answer::Refused { code, sentence }) => AskView::Refused { code, sentence },
        Err(error) => AskView::Refused {
            code: "unreadable".into(),
            sentence: format!("the server's answer cannot be read: {error}; update this register"),
        },
    }))
}
