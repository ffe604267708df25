//! What follows from a stall's records: where every unit is, what was sold, refunded, ordered and counted, who
//! may write, and what the products are. Filled from records, and from nothing else, by the same code on a
//! device and on the server; so equal records give equal tables, and the digest of the tables proves it.
//!
//! Nothing here decides. Nothing here depends on the order in which records of different authors arrive.

pub mod audit;
mod book;
mod catalogue;
mod compare;
pub mod counts;
pub mod coupons;
mod customers;
pub mod deals;
mod digest;
mod drawer;
mod erasable;
pub mod figures;
pub mod heard;
mod history;
pub mod incidents;
mod ledger;
pub mod levels;
pub mod order_money;
pub mod order_refunds;
pub mod order_steps;
pub mod payments;
mod people;
mod prices;
mod project;
mod purses;
pub mod returns;
pub mod rivals;
mod shown;
mod stock;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod sum;
pub mod swaps;
pub mod tabs;
pub mod taxes;
mod trade;
pub mod transfers;

pub mod read;
pub mod read_customers;
pub mod read_desk;
pub mod read_figures;
pub mod read_prices;

pub use catalogue::{
    Applier, ApplyFailure, LocalApplier, Pile, SortedOut, Waiting, Work, change_kind, folded, sort_out,
};
pub use compare::{TOLD_TABLE, emptied, table_sums};
pub use digest::{running_digest, state_digest, table_digests};
pub use project::{
    Known, ParkCode, ProjectError, Projected, Touched, Trust, forget, project, project_knowing, rebuild,
    rebuild_others, set_aside, stale,
};
pub use shown::{date as date_changes, undated as undated_changes};

/// The tables, as one step of a migration of device and server alike.
pub const TABLES: &str = include_str!("../../../migrations/shared/0001_projection.sql");

/// What lists and days show, the step after [`TABLES`]. It marks the logs whose tables must be filled again:
/// whoever runs it calls [`rebuild`] for each of [`stale`].
pub const LISTS: &str = include_str!("../../../migrations/shared/0002_lists.sql");

/// The step after [`LISTS`]: the sum behind the running digest. A database that held records before has none, and gets it
/// with the next ones.
pub const SUM_TABLE: &str = include_str!("../../../migrations/shared/0003_state_sum.sql");

/// The step after those above: shifts' totals, people, and what somebody may want to look into. It marks logs as
/// [`LISTS`] does.
pub const DESK: &str = include_str!("../../../migrations/shared/0004_desk.sql");
/// The step after [`SUM_TABLE`]: variants, bundles, favourites, and what happened to each product's units. It marks the
/// logs as [`LISTS`] does.
pub const GOODS: &str = include_str!("../../../migrations/shared/0005_goods.sql");
/// Payments, closed tabs and how a stall sells. It marks logs, as [`LISTS`] does.
pub const SELL: &str = include_str!("../../../migrations/shared/0006_sell.sql");
/// Customers, gift cards, credit and points. It marks logs, as [`LISTS`] does.
pub const CUSTOMERS: &str = include_str!("../../../migrations/shared/0008_customers.sql");

/// What reports add up. It marks logs, as [`LISTS`] does.
pub const FIGURES: &str = include_str!("../../../migrations/shared/0009_figures.sql");

/// How the money for orders moved.
pub const ORDER_MONEY: &str = include_str!("../../../migrations/shared/0010_order_money.sql");

/// Prices that learn. It marks logs, as [`LISTS`] does.
pub const PRICES: &str = include_str!("../../../migrations/shared/0011_prices.sql");

/// How far stalls are with their orders. It marks logs, as [`LISTS`] does.
pub const ORDER_STEPS: &str = include_str!("../../../migrations/shared/0012_order_steps.sql");

/// What became of incidents. It marks logs, as [`LISTS`] does.
pub const INCIDENTS: &str = include_str!("../../../migrations/shared/0013_incidents.sql");

/// How stalls hand orders over. It marks logs, as [`LISTS`] does.
pub const DELIVERY: &str = include_str!("../../../migrations/shared/0014_delivery.sql");

/// Codes that take something off orders.
pub const COUPONS: &str = include_str!("../../../migrations/shared/0015_coupons.sql");

/// Parts of orders' money that go back. It marks logs, as [`LISTS`] does.
pub const ORDER_REFUNDS: &str = include_str!("../../../migrations/shared/0016_order_refunds.sql");

/// What buyers bring back. It marks logs, as [`LISTS`] does.
pub const RETURNS: &str = include_str!("../../../migrations/shared/0017_returns.sql");

/// What hand-overs put into drawers. It marks logs, as [`LISTS`] does.
pub const DRAWER_ORDERS: &str = include_str!("../../../migrations/shared/0018_orders_in_the_drawer.sql");

/// What is offered in place of lines of orders. It marks logs, as [`LISTS`] does.
pub const SWAPS: &str = include_str!("../../../migrations/shared/0019_swaps.sql");

/// Paying by bank transfer. It marks logs, as [`LISTS`] does.
pub const TRANSFERS: &str = include_str!("../../../migrations/shared/0020_transfers.sql");

/// What a stall's own amounts are taxed with, and what codes of payments paid beside sales. It marks logs, as [`LISTS`] does.
pub const CUSTOM_TAX: &str = include_str!("../../../migrations/shared/0021_custom_tax.sql");

/// Taxes that products share. It marks logs, as [`LISTS`] does.
pub const TAX_CLASSES: &str = include_str!("../../../migrations/shared/0022_tax_classes.sql");
/// Other prices for a while and for so many. It marks logs, as [`LISTS`] does.
pub const DEALS: &str = include_str!("../../../migrations/shared/0023_deals.sql");

/// What each device said last. It follows from no record, so nothing here fills or empties it.
pub const DEVICE_WORDS: &str = include_str!("../../../migrations/shared/0024_device_words.sql");
/// What somebody may want to look into, and limits of custom amounts. It marks logs, as [`LISTS`] does.
pub const LOOKED_INTO: &str = include_str!("../../../migrations/shared/0025_looked_into.sql");

/// What others ask. It marks logs, as [`LISTS`] does.
pub const RIVALS: &str = include_str!("../../../migrations/shared/0026_rivals.sql");

/// Carts that are put aside. It marks logs, as [`LISTS`] does.
pub const OPEN_TABS: &str = include_str!("../../../migrations/shared/0027_open_tabs.sql");

/// What was counted in a drawer first. It marks logs, as [`LISTS`] does.
pub const FIRST_COUNT: &str = include_str!("../../../migrations/shared/0028_first_count.sql");

/// What never came and went out of the books. It marks logs, as [`LISTS`] does.
pub const WRITTEN_OFF: &str = include_str!("../../../migrations/shared/0029_written_off.sql");

/// How far from what others ask a price may be. It marks logs, as [`LISTS`] does.
pub const MARKET_BAND: &str = include_str!("../../../migrations/shared/0030_market_band.sql");

/// Where stalls are on the earth, and when they are open. It marks logs, as [`LISTS`] does.
pub const STALL_POINT: &str = include_str!("../../../migrations/shared/0031_stall_point.sql");

/// What orders have of deals counts for the digest. It marks logs, as [`LISTS`] does.
pub const DEALS_COMPARED: &str = include_str!("../../../migrations/shared/0032_deals_compared.sql");

/// By how much days changed once they were over, and what customers bought on which. It marks logs, as [`LISTS`] does.
pub const RESTATED: &str = include_str!("../../../migrations/shared/0033_restated.sql");

/// What days said before something was set aside, or counted. Like [`DEVICE_WORDS`] it follows from no record.
pub const TOLD_BEFORE: &str = include_str!("../../../migrations/shared/0034_told_before.sql");
/// What of an open order was paid. It marks logs, as [`LISTS`] does.
pub const TABS_PAID: &str = include_str!("../../../migrations/shared/0035_tabs_paid.sql");
/// What of one was taken out. It marks logs, as [`LISTS`] does.
pub const TABS_TAKEN_OUT: &str = include_str!("../../../migrations/shared/0036_tabs_taken_out.sql");
/// What counts of a card's movements for orders. It marks logs, as [`LISTS`] does.
pub const CARD_LIVES: &str = include_str!("../../../migrations/shared/0037_card_lives.sql");
/// What goods had cost when they were sold. It marks logs of which something was passed on unread.
pub const COSTS: &str = include_str!("../../../migrations/shared/0038_costs.sql");
/// Why orders ended. It marks logs, as [`LISTS`] does.
pub const ORDER_ENDED: &str = include_str!("../../../migrations/shared/0039_order_ended.sql");
/// Products that have a level, for whoever looks at how they stand.
pub const LEVELED: &str = include_str!("../../../migrations/shared/0040_leveled.sql");

/// Counts and their marks.
pub const COUNTS: &str = include_str!("../../../migrations/shared/0007_counts.sql");

/// The steps above, in an order in which a new store can run them behind the log's own.
pub const STEPS: [&str; 40] = [
    TABLES,
    LISTS,
    SUM_TABLE,
    DESK,
    GOODS,
    SELL,
    COUNTS,
    CUSTOMERS,
    FIGURES,
    ORDER_MONEY,
    PRICES,
    ORDER_STEPS,
    INCIDENTS,
    DELIVERY,
    COUPONS,
    ORDER_REFUNDS,
    RETURNS,
    DRAWER_ORDERS,
    SWAPS,
    TRANSFERS,
    CUSTOM_TAX,
    TAX_CLASSES,
    DEALS,
    DEVICE_WORDS,
    LOOKED_INTO,
    RIVALS,
    OPEN_TABS,
    FIRST_COUNT,
    WRITTEN_OFF,
    MARKET_BAND,
    STALL_POINT,
    DEALS_COMPARED,
    RESTATED,
    TOLD_BEFORE,
    TABS_PAID,
    TABS_TAKEN_OUT,
    CARD_LIVES,
    COSTS,
    ORDER_ENDED,
    LEVELED,
];

/// Every table above, to be emptied before a rebuild.
pub(crate) const ALL_TABLES: &[&str] = &[
    "balance",
    "sale",
    "sale_void",
    "refund_line",
    "refund_allowance",
    "shift",
    "orders",
    "stall_device",
    "recall",
    "incident",
    "incident_word",
    "epoch",
    "share_moved",
    "parked",
    "document",
    "pending_change",
    "product",
    "product_code",
    "tax_class",
    "product_category",
    "open_tab",
    "tab_paid",
    "category",
    "stall_profile",
    "stock_change",
    "state_sum",
    "order_handed",
    "order_swap",
    "shift_tender",
    "shift_tax",
    "person",
    "person_card",
    "role_limits",
    "audit",
    "audit_row",
    "payment",
    "payment_word",
    "stock_count",
    "count_mark",
    "customer",
    "customer_card",
    "purse",
    "purse_entry",
    "shift_purse",
    "loyalty",
    "figure_hour",
    "figure_product",
    "figure_tender",
    "figure_tax",
    "figure_customer",
    "figure_restated",
    "order_money",
    "order_refund",
    "order_transfer",
    "order_step",
    "price_rule",
    "price_move",
    "price_refusal",
    "rival_price",
    "rival_source",
    "rival_seen",
    "coupon",
    "deal_taken",
    "deal_sum",
    "order_return",
    "paid_code",
    "written_off",
];
