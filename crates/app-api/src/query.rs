//! What a screen can ask for. Answers come from derived tables; lists are windowed.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{AuthorId, LogId, OrderId, PersonId, ProductId, SaleId, ShiftId, ThingId};

use crate::audit::{AuditBefore, AuditWhat};
use crate::command::{DiscountInput, RefundLineInput, ReturnInput, SaleLineInput, TenderInput};
use crate::customers::PurseInput;
use crate::figures::Span;
use crate::import::ImportChoice;
use crate::notice::{QueryKey, QueryKey as Key};
use crate::rivals::RivalChoice;
use crate::statement::StatementChoice;
use crate::text::{as_hex, as_hex_list, as_hex_opt, as_word};

/// Most rows of one answer.
pub const WINDOW_ROWS_MAX: u32 = 500;

/// A part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Window {
    pub offset: u32,
    pub rows: u32,
}

impl Window {
    pub fn first(rows: u32) -> Self {
        Self { offset: 0, rows }
    }
}

/// Which products of a list.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ProductFilter {
    /// Only what is in this category itself.
    #[serde(with = "as_hex_opt")]
    pub category: Option<ThingId>,
    /// Those that were archived instead of those on offer.
    pub archived: bool,
    /// Only those that a seller wants at hand.
    #[serde(default)]
    pub favourites: bool,
    /// A family as one row: no variant whose product stands in the same list.
    #[serde(default)]
    pub families: bool,
}

/// One question about one stall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// Of the register itself, for each stall it works for.
    Stalls,
    Status(#[serde(with = "as_hex")] LogId),
    /// What this register wrote last, and what of it the server holds.
    Written(#[serde(with = "as_hex")] LogId),
    Stall(#[serde(with = "as_hex")] LogId),
    /// By name.
    Products {
        #[serde(with = "as_hex")]
        stall: LogId,
        filter: ProductFilter,
        window: Window,
    },
    /// By position, then by name.
    Categories(#[serde(with = "as_hex")] LogId),
    Product {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// By name, forgiving one or two wrong letters and all accents; by barcode or SKU when one is equal.
    Search {
        #[serde(with = "as_hex")]
        stall: LogId,
        text: String,
        rows: u32,
    },
    /// These, in this order; those that are not known are left out.
    These {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex_list")]
        products: Vec<ProductId>,
    },
    /// Exactly this barcode or SKU.
    Scan {
        #[serde(with = "as_hex")]
        stall: LogId,
        code: String,
    },
    Stock {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// What happened to a product's units, latest first.
    StockHistory {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
        window: Window,
    },
    /// Products below the level at which somebody should buy more, by name.
    ToBuy {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    /// A product with its variants, archived ones left out.
    Family {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// What several people set differently, and barcodes that several products have.
    Questions {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    /// A file that was put aside. Read as chosen; as begun, or as guessed, where nothing is chosen.
    Import {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        import: ThingId,
        choice: Option<ImportChoice>,
    },
    /// The last imports, latest first.
    Imports(#[serde(with = "as_hex")] LogId),
    /// Where the units of all products are that are not archived, by name.
    StockList {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    /// Who may promise something, and of how many products.
    Shares(#[serde(with = "as_hex")] LogId),
    /// What a device may promise of each product, by name; of one that was shut out, what was set apart.
    SharesOf {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        author: AuthorId,
        window: Window,
    },
    /// The business day so far.
    Today(#[serde(with = "as_hex")] LogId),
    /// What this would cost, what is due, and what the share does not cover.
    Basket {
        #[serde(with = "as_hex")]
        stall: LogId,
        lines: Vec<SaleLineInput>,
        discount: DiscountInput,
        tenders: Vec<TenderInput>,
    },
    Shift(#[serde(with = "as_hex")] LogId),
    /// Who is here, who may come, and what each may do.
    AtRegister(#[serde(with = "as_hex")] LogId),
    /// The totals of a shift: of the open one here, or of the one that is named with its register.
    ShiftReport {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex_opt")]
        register: Option<AuthorId>,
        #[serde(with = "as_hex_opt")]
        shift: Option<ShiftId>,
    },
    /// Closed shifts of every register, the latest first.
    ShiftReports {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    /// Who did what, the latest first: so many rows, from the one before a page's end.
    Audit {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex_opt")]
        person: Option<PersonId>,
        business_day: Option<i32>,
        what: Option<AuditWhat>,
        before: Option<AuditBefore>,
        rows: u32,
    },
    Sale {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
    },
    /// What a basket costs when something of an earlier sale comes back for it.
    Exchange {
        #[serde(with = "as_hex")]
        stall: LogId,
        returned: ReturnInput,
        lines: Vec<SaleLineInput>,
        discount: DiscountInput,
        tenders: Vec<TenderInput>,
    },
    /// What would go back for some lines of a sale, by what means; refused where it was not paid.
    RefundPlan {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
        lines: Vec<RefundLineInput>,
        #[serde(with = "as_word")]
        tender: TenderKind,
        rest_into_purse: bool,
    },
    /// Whether this register may refund a sale, and what it may ask for.
    RefundRight {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
    },
    /// Latest first.
    Sales {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Order {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
    },
    /// Whom an order is for. The device asks its server, or remembers what that said; an engine alone does not know.
    OrderContact {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
    },
    /// Of all, latest first; of those that wait, whoever waits longest for the next step.
    Orders {
        #[serde(with = "as_hex")]
        stall: LogId,
        /// Those that are neither handed over nor cancelled.
        only_waiting: bool,
        window: Window,
    },
    /// Those whose code begins so, as people read it to each other; the latest first.
    OrdersByCode {
        #[serde(with = "as_hex")]
        stall: LogId,
        code: String,
        rows: u32,
    },
    OpenOrder {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
    },
    OpenOrders {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    /// Payments whose money nobody saw, the latest first.
    Payments {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    /// What a statement of mobile money says of the payments. Read as chosen, or as guessed; it is not kept.
    Statement {
        #[serde(with = "as_hex")]
        stall: LogId,
        bytes: Vec<u8>,
        choice: Option<StatementChoice>,
    },
    /// By name; by words of the name, by the number or the address where something is searched for.
    Customers {
        #[serde(with = "as_hex")]
        stall: LogId,
        text: String,
        window: Window,
    },
    Customer {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        customer: ThingId,
    },
    Purse {
        #[serde(with = "as_hex")]
        stall: LogId,
        purse: PurseInput,
    },
    /// Gift cards, the latest first.
    Cards {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Loyalty(#[serde(with = "as_hex")] LogId),
    /// What was sold in a span of business days, or today, against another span: for owners and managers.
    Figures {
        #[serde(with = "as_hex")]
        stall: LogId,
        span: Option<Span>,
        against: Option<Span>,
    },
    /// The same by product and category, with margins and stock.
    Goods {
        #[serde(with = "as_hex")]
        stall: LogId,
        span: Option<Span>,
    },
    /// Prices that could be better, and those that move by themselves.
    Prices(#[serde(with = "as_hex")] LogId),
    /// Codes that take something off orders, with their uses.
    Coupons(#[serde(with = "as_hex")] LogId),
    /// All about one product's price.
    Price {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// What taking a table of a source's prices would do. Read as chosen, or as guessed; it is not kept.
    Rivals {
        #[serde(with = "as_hex")]
        stall: LogId,
        source: String,
        bytes: Vec<u8>,
        choice: Option<RivalChoice>,
    },
    Devices(#[serde(with = "as_hex")] LogId),
    /// When each device last spoke with the server. The device asks its server, or remembers what that said; an engine alone does not know.
    DeviceWords(#[serde(with = "as_hex")] LogId),
    /// What stands between this device and leaving the stall. The device knows it, and an engine alone does not.
    Leaving(#[serde(with = "as_hex")] LogId),
    Incidents {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Parked {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Ask {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        ask: ThingId,
    },
    /// The way of the stall's shoppers over so many days until now: 7, 28 or 364. The device asks its server, or remembers what that
    /// said; an engine alone does not know.
    Funnel {
        #[serde(with = "as_hex")]
        stall: LogId,
        days: u16,
    },
}

impl Query {
    /// The stall that is asked about.
    pub fn stall(&self) -> Option<LogId> {
        match self {
            Self::Stalls => None,
            Self::Status(stall)
            | Self::Written(stall)
            | Self::Stall(stall)
            | Self::Shift(stall)
            | Self::AtRegister(stall)
            | Self::Devices(stall)
            | Self::DeviceWords(stall)
            | Self::Leaving(stall)
            | Self::Shares(stall)
            | Self::Loyalty(stall)
            | Self::Prices(stall)
            | Self::Coupons(stall)
            | Self::Categories(stall)
            | Self::Today(stall)
            | Self::ShiftReport { stall, .. }
            | Self::ShiftReports { stall, .. }
            | Self::Audit { stall, .. }
            | Self::Imports(stall)
            | Self::Products { stall, .. }
            | Self::Product { stall, .. }
            | Self::Price { stall, .. }
            | Self::Search { stall, .. }
            | Self::These { stall, .. }
            | Self::Scan { stall, .. }
            | Self::Stock { stall, .. }
            | Self::StockList { stall, .. }
            | Self::StockHistory { stall, .. }
            | Self::SharesOf { stall, .. }
            | Self::ToBuy { stall, .. }
            | Self::Family { stall, .. }
            | Self::Questions { stall, .. }
            | Self::Import { stall, .. }
            | Self::Basket { stall, .. }
            | Self::Sale { stall, .. }
            | Self::RefundRight { stall, .. }
            | Self::RefundPlan { stall, .. }
            | Self::Exchange { stall, .. }
            | Self::Sales { stall, .. }
            | Self::Order { stall, .. }
            | Self::OrderContact { stall, .. }
            | Self::Orders { stall, .. }
            | Self::OrdersByCode { stall, .. }
            | Self::OpenOrder { stall, .. }
            | Self::OpenOrders { stall, .. }
            | Self::Incidents { stall, .. }
            | Self::Payments { stall, .. }
            | Self::Statement { stall, .. }
            | Self::Rivals { stall, .. }
            | Self::Customers { stall, .. }
            | Self::Customer { stall, .. }
            | Self::Purse { stall, .. }
            | Self::Cards { stall, .. }
            | Self::Figures { stall, .. }
            | Self::Goods { stall, .. }
            | Self::Parked { stall, .. }
            | Self::Ask { stall, .. }
            | Self::Funnel { stall, .. } => Some(*stall),
        }
    }

    /// Whether the answer may be another one after a notice of the same stall with this key.
    pub fn concerns(&self, key: &QueryKey) -> bool {
        if matches!(key, Key::Everything) {
            return true;
        }
        let is_document = |id: [u8; 16]| matches!(key, Key::Document(changed) if changed.0 == id);
        match self {
            Self::Stalls | Self::Funnel { .. } => false,
            Self::Status(_) | Self::Written(_) | Self::Leaving(_) => matches!(key, Key::Status),
            Self::Stall(stall) => is_document(stall.0),
            Self::Products { .. }
            | Self::Search { .. }
            | Self::These { .. }
            | Self::Scan { .. }
            | Self::StockList { .. }
            | Self::Shares(_)
            | Self::SharesOf { .. }
            | Self::ToBuy { .. }
            | Self::Family { .. } => matches!(key, Key::Products | Key::Stock(_)),
            Self::Questions { .. } | Self::Import { .. } | Self::Imports(_) => matches!(key, Key::Products),
            Self::Categories(_) | Self::Rivals { .. } => matches!(key, Key::Products | Key::Document(_)),
            Self::Product { product, .. } => {
                matches!(key, Key::Product(changed) if changed == product) || is_document(product.0)
            }
            Self::StockHistory { product, .. } => {
                matches!(key, Key::Devices) || matches!(key, Key::Stock(changed) if changed == product)
            }
            Self::Stock { product, .. } => matches!(key, Key::Stock(changed) if changed == product),
            Self::Exchange { .. } if matches!(key, Key::Sales | Key::Shift | Key::Ask(_)) => true,
            Self::Basket { stall, lines, .. } | Self::Exchange { stall, lines, .. } => {
                let has = |product| lines.iter().any(|line| line.product == Some(product));
                matches!(key, Key::Stock(changed) | Key::Product(changed) if has(*changed))
                    || is_document(stall.0)
            }
            Self::Shift(_) => matches!(key, Key::Shift),
            Self::AtRegister(_) => matches!(key, Key::People | Key::Devices),
            Self::ShiftReport { stall, .. } | Self::ShiftReports { stall, .. } => {
                matches!(key, Key::Shift | Key::Sales | Key::People) || is_document(stall.0)
            }
            Self::Audit { .. } => matches!(key, Key::Audit | Key::People),
            Self::Today(stall) => matches!(key, Key::Sales | Key::Orders) || is_document(stall.0),
            Self::Sale { stall, .. } => matches!(key, Key::Sales | Key::Devices) || is_document(stall.0),
            Self::RefundRight { .. } | Self::RefundPlan { .. } => {
                matches!(key, Key::Sales | Key::Shift | Key::Devices | Key::Ask(_))
            }
            Self::Sales { .. } | Self::Payments { .. } | Self::Statement { .. } => matches!(key, Key::Sales),
            Self::Order { order, .. } | Self::OrderContact { order, .. } => {
                matches!(key, Key::Order(changed) if changed == order)
            }
            Self::Orders { .. } | Self::OrdersByCode { .. } => matches!(key, Key::Orders),
            Self::OpenOrder { order, .. } => is_document(order.0),
            Self::OpenOrders { .. } => matches!(key, Key::Document(_)),
            Self::Customers { .. } => matches!(key, Key::Customers),
            Self::Customer { .. } => matches!(key, Key::Customers | Key::Purses | Key::Sales | Key::Stock(_)),
            Self::Purse { .. } | Self::Cards { .. } => {
                matches!(key, Key::Customers | Key::Purses | Key::Stock(_))
            }
            Self::Loyalty(_) => matches!(key, Key::Purses),
            Self::Figures { stall, .. } => matches!(key, Key::Sales | Key::People) || is_document(stall.0),
            Self::Goods { .. } => matches!(key, Key::Sales | Key::Products | Key::Stock(_)),
            Self::Prices(_) | Self::Coupons(_) => matches!(key, Key::Prices | Key::Products | Key::Stock(_)),
            Self::Price { product, .. } => {
                matches!(key, Key::Prices)
                    || matches!(key, Key::Stock(changed) | Key::Product(changed) if changed == product)
            }
            Self::Devices(_) | Self::DeviceWords(_) => matches!(key, Key::Devices | Key::Status),
            Self::Incidents { .. } => matches!(key, Key::Incidents),
            Self::Parked { .. } => matches!(key, Key::Parked),
            Self::Ask { ask, .. } => matches!(key, Key::Ask(changed) if changed == ask),
        }
    }
}
