//! Every command with its arguments.

use clap::{Args, Subcommand, ValueEnum};
use soko_app_api::text::Worded as _;
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use soko_domain::ids::{AuthorId, LogId, OrderId, SaleId, ThingId};
use soko_domain::quantity::Unit;

/// Failures in a row after which `replicate` gives up.
const FAILURES_MAX: u32 = 20;

#[derive(Subcommand, Debug)]
pub enum What {
    /// Found a stall, on this device alone
    CreateStall(CreateStall),
    /// Join a server: claim the stall that was founded here, or work for one with a code
    Enrol(Enrol),
    /// Make a code that lets another device in
    Invite(Invite),
    /// Products: add, edit, list, search, show
    #[command(subcommand)]
    Product(Product),
    /// Where a product's units are
    Stock { product: String },
    /// Open and close the shift at the drawer
    #[command(subcommand)]
    Shift(Shift),
    /// Sell: PRODUCT=QUANTITY, the product by name, SKU, barcode or id
    Sell(Sell),
    /// Take a sale back before the goods are handed over, in the same shift
    Void(Void),
    /// Give money back for lines of a sale
    Refund(Refund),
    /// Receive stock: PRODUCT=QUANTITY
    Receive(Receive),
    /// Begin to count a product: other registers that are connected say what they sold by then; `stock` tells of whom
    /// it still waits
    OpenCount(OpenCount),
    /// End a count that was opened, without a number
    DropCount(DropCount),
    /// Count a product: PRODUCT=QUANTITY as it lies there
    Count(Count),
    /// Shares: ask the server for units, or return some
    #[command(subcommand)]
    Share(Share),
    /// End another device's life in this stall
    Revoke(Revoke),
    /// Sales: list and show
    #[command(subcommand)]
    Sale(Sale),
    /// Orders from the shop: list, show, hand over, ask to cancel
    #[command(subcommand)]
    Order(Order),
    /// Exchange records with the server
    Replicate(Replicate),
    /// Exchange records with another register of the stall, without any server: call it, or wait to be called
    Meet(Meet),
    /// How this register stands: heads, digests, what waits, what is frozen
    Status,
    /// The devices of the stall
    Devices,
    /// What went wrong with stock, and which records count for nothing
    Incidents,
    /// What became of a question to the server
    Answer {
        /// The id that `share ask` gave
        #[arg(value_parser = thing)]
        ask: ThingId,
    },
    /// Read every record again, prove the chains, and compare what was derived from them
    Verify,
    /// Say that the list of devices is complete, after the server was restored
    ConfirmDevices(IdArgument),
    /// Go on as a new author after a restore or a copy; enrols again when given a code or a person
    Renew(Renew),
    /// Do the commands of a file, or of standard input, one by one; one JSON line for each answer
    RunScript {
        /// The file; `-` for standard input
        #[arg(default_value = "-")]
        file: String,
    },
}

/// The command's identity: a repeat under the same id is answered with the first answer and does nothing.
#[derive(Args, Clone, Copy, Debug)]
pub struct IdArgument {
    /// 32 hexadecimal digits; made up if left out
    #[arg(long, value_parser = thing)]
    pub id: Option<ThingId>,
}

#[derive(Args, Debug)]
pub struct CreateStall {
    #[arg(long)]
    pub name: String,
    /// Three letters of ISO 4217
    #[arg(long)]
    pub currency: String,
    /// A zone's name
    #[arg(long, default_value = "UTC")]
    pub zone: String,
    /// Minutes after midnight at which the business day changes
    #[arg(long, default_value_t = 0)]
    pub cut_off: u16,
    /// What people call this register
    #[arg(long, default_value = "till")]
    pub register: String,
}

/// Who lets a device in.
#[derive(Args, Clone, Debug)]
pub struct Person {
    /// The account of an owner or manager
    #[arg(long)]
    pub email: Option<String>,
    #[arg(long, env = "SOKO_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// Make the account first
    #[arg(long)]
    pub new_account: bool,
    /// A code from an owner or manager instead
    #[arg(long, conflicts_with = "email")]
    pub code: Option<String>,
}

#[derive(Args, Debug)]
pub struct Enrol {
    /// Such as http://127.0.0.1:7300
    #[arg(long)]
    pub server: String,
    #[command(flatten)]
    pub person: Person,
    /// What people call this register
    #[arg(long, default_value = "till")]
    pub register: String,
    /// What this register may do, when it is not the code that says so
    #[arg(long, value_enum, default_value_t = RoleWord::Cashier)]
    pub role: RoleWord,
}

#[derive(Args, Debug)]
pub struct Renew {
    /// The server, if it is not the one from before
    #[arg(long)]
    pub server: Option<String>,
    #[command(flatten)]
    pub person: Person,
    #[arg(long, value_enum, default_value_t = RoleWord::Cashier)]
    pub role: RoleWord,
}

#[derive(Args, Debug)]
pub struct Invite {
    /// The server, if it is not the one this register is enrolled at
    #[arg(long)]
    pub server: Option<String>,
    #[arg(long)]
    pub email: String,
    #[arg(long, env = "SOKO_PASSWORD", hide_env_values = true)]
    pub password: String,
    #[arg(long, value_enum, default_value_t = RoleWord::Cashier)]
    pub role: RoleWord,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum RoleWord {
    Owner,
    Manager,
    Cashier,
}

#[derive(Subcommand, Debug)]
pub enum Product {
    /// Add a product
    Add(AddProduct),
    /// Change what is known of a product
    Edit(EditProduct),
    /// List products by name
    List(Rows),
    /// Search by name, forgiving a wrong letter and all accents
    Search {
        text: String,
        #[arg(long, default_value_t = 20)]
        rows: u32,
    },
    /// Show one
    Show { product: String },
}

#[derive(Args, Debug)]
pub struct AddProduct {
    #[arg(long)]
    pub name: String,
    /// In the currency's smallest unit
    #[arg(long)]
    pub price: i64,
    /// The price is for so many units
    #[arg(long, default_value_t = 1)]
    pub per: i64,
    /// piece, gram or millilitre
    #[arg(long, value_parser = unit, default_value = "piece")]
    pub unit: Unit,
    #[arg(long, default_value = "")]
    pub sku: String,
    #[arg(long)]
    pub barcode: Vec<String>,
    /// In parts per million: 160000 is 16 %
    #[arg(long, default_value_t = 0)]
    pub tax_ppm: u32,
    /// The tax comes on top of the price
    #[arg(long)]
    pub tax_on_top: bool,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct EditProduct {
    pub product: String,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub price: Option<i64>,
    #[arg(long)]
    pub description: Option<String>,
    #[arg(long)]
    pub sku: Option<String>,
    #[arg(long)]
    pub archived: Option<bool>,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Clone, Copy, Debug)]
pub struct Rows {
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
    #[arg(long, default_value_t = 100)]
    pub rows: u32,
}

#[derive(Subcommand, Debug)]
pub enum Shift {
    /// Open a shift with this much in the drawer
    Open {
        #[arg(long, default_value_t = 0)]
        float: i64,
        #[command(flatten)]
        id: IdArgument,
    },
    /// Close the open shift with what was counted in the drawer
    Close {
        #[arg(long)]
        counted: i64,
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        id: IdArgument,
    },
    /// Show the open shift
    Show,
}

#[derive(Args, Debug)]
pub struct Sell {
    /// PRODUCT=QUANTITY
    #[arg(required = true, value_parser = quantity_of)]
    pub lines: Vec<QuantityOf>,
    /// Handed over in cash
    #[arg(long)]
    pub cash: Option<i64>,
    /// Paid by card
    #[arg(long)]
    pub card: Option<i64>,
    /// The buyer holds the goods: sell also what the share does not cover
    #[arg(long)]
    pub goods_in_hand: bool,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct Void {
    #[arg(value_parser = sale)]
    pub sale: SaleId,
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct Refund {
    #[arg(value_parser = sale)]
    pub sale: SaleId,
    /// LINE=QUANTITY, lines counted from 0
    #[arg(required = true, value_parser = quantity_of)]
    pub lines: Vec<QuantityOf>,
    /// cash, card, mobile-money, voucher, bank-transfer or other
    #[arg(long, value_parser = tender, default_value = "cash")]
    pub tender: TenderKind,
    /// kept, sellable or waste
    #[arg(long, value_parser = goods, default_value = "sellable")]
    pub goods: GoodsBack,
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct Receive {
    #[arg(required = true, value_parser = quantity_of)]
    pub lines: Vec<QuantityOf>,
    #[arg(long, default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct OpenCount {
    pub product: String,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct Count {
    #[arg(value_parser = quantity_of)]
    pub line: QuantityOf,
    /// The identity of the `open-count` whose number this is
    #[arg(long, value_parser = thing)]
    pub opened: Option<ThingId>,
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Args, Debug)]
pub struct DropCount {
    /// The identity of the `open-count`
    #[arg(value_parser = thing)]
    pub count: ThingId,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Subcommand, Debug)]
pub enum Share {
    /// Ask the server for units of the shop's share; the answer comes with the next exchange
    Ask {
        #[arg(value_parser = quantity_of)]
        line: QuantityOf,
        #[command(flatten)]
        id: IdArgument,
    },
    /// Give units back to the shop
    Return {
        #[arg(value_parser = quantity_of)]
        line: QuantityOf,
        #[command(flatten)]
        id: IdArgument,
    },
}

#[derive(Args, Debug)]
pub struct Revoke {
    #[arg(value_parser = author)]
    pub device: AuthorId,
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub id: IdArgument,
}

#[derive(Subcommand, Debug)]
pub enum Sale {
    /// List sales, the latest first
    List(Rows),
    /// Show one
    Show {
        #[arg(value_parser = sale)]
        sale: SaleId,
    },
}

#[derive(Subcommand, Debug)]
pub enum Order {
    /// List orders
    List(Rows),
    /// Show one
    Show {
        #[arg(value_parser = order)]
        order: OrderId,
    },
    /// Hand the goods over; whoever had not paid before pays now
    HandOver {
        #[arg(value_parser = order)]
        order: OrderId,
        /// Handed over in cash
        #[arg(long, value_name = "MINOR")]
        cash: Option<i64>,
        /// Paid by card
        #[arg(long, value_name = "MINOR")]
        card: Option<i64>,
        #[command(flatten)]
        id: IdArgument,
    },
    /// Ask the server to cancel it
    Cancel {
        #[arg(value_parser = order)]
        order: OrderId,
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        id: IdArgument,
    },
}

#[derive(Args, Debug)]
pub struct Replicate {
    /// Until neither side has anything to say (the default)
    #[arg(long, conflicts_with = "watch")]
    pub until_quiet: bool,
    /// Go on until told to stop (Ctrl-C); the server says when there is something new
    #[arg(long)]
    pub watch: bool,
    /// Give up after so many failures in a row
    #[arg(long, default_value_t = FAILURES_MAX)]
    pub failures: u32,
}

#[derive(Args, Debug)]
#[group(required = true)]
pub struct Meet {
    /// Where the other register listens, such as 192.168.1.20:7317
    pub address: Option<String>,
    /// Answer whoever calls at this address of this machine, such as 0.0.0.0:7317, until told to stop (Ctrl-C)
    #[arg(long, conflicts_with = "address")]
    pub listen: Option<String>,
    /// Stop after the first meeting
    #[arg(long, requires = "listen", conflicts_with = "address")]
    pub once: bool,
}

/// What was typed before and behind the last equals sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuantityOf {
    pub what: String,
    pub quantity: i64,
}

fn quantity_of(text: &str) -> Result<QuantityOf, String> {
    let wrong = || format!("{text:?} should be NAME=QUANTITY, such as tea=2");
    let (what, quantity) = text.rsplit_once('=').ok_or_else(wrong)?;
    let quantity = quantity.parse().map_err(|_| wrong())?;
    if what.is_empty() { Err(wrong()) } else { Ok(QuantityOf { what: what.to_owned(), quantity }) }
}

pub(super) fn stall(text: &str) -> Result<LogId, String> {
    LogId::from_hex(text).ok_or_else(no_id)
}

fn thing(text: &str) -> Result<ThingId, String> {
    ThingId::from_hex(text).ok_or_else(no_id)
}

fn sale(text: &str) -> Result<SaleId, String> {
    SaleId::from_hex(text).ok_or_else(no_id)
}

fn order(text: &str) -> Result<OrderId, String> {
    OrderId::from_hex(text).ok_or_else(no_id)
}

fn author(text: &str) -> Result<AuthorId, String> {
    AuthorId::from_hex(text).ok_or_else(no_id)
}

fn no_id() -> String {
    "an id has 32 lower-case hexadecimal digits".into()
}

fn unit(text: &str) -> Result<Unit, String> {
    Unit::from_word(text).ok_or_else(|| "piece, gram or millilitre".into())
}

fn tender(text: &str) -> Result<TenderKind, String> {
    TenderKind::from_word(text)
        .ok_or_else(|| "cash, card, mobile-money, voucher, bank-transfer or other".into())
}

fn goods(text: &str) -> Result<GoodsBack, String> {
    GoodsBack::from_word(text).ok_or_else(|| "kept, sellable or waste".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_stands_behind_the_last_equals_sign() {
        let of = |what: &str, quantity| Ok(QuantityOf { what: what.into(), quantity });
        for (text, expected) in [("tea=2", of("tea", 2)), ("a=b=3", of("a=b", 3)), ("tea=-1", of("tea", -1))]
        {
            assert_eq!(quantity_of(text), expected, "{text}");
        }
        for wrong in ["tea", "tea=", "=2", "tea=two", "tea=99999999999999999999"] {
            assert!(quantity_of(wrong).is_err(), "{wrong}");
        }
    }
}
