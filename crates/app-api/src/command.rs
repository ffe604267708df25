//! What a person tells the register to do.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{AdjustReason, BackWay, GoodsBack, OrderStep};
use soko_domain::ids::{AuthorId, LogId, OrderId, PersonId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;

use crate::counter::SaleAbout;
use crate::coupons::CouponInput;
use crate::customers::{CustomerInput, LoyaltyView, PurseInput};
use crate::edits::{
    CategoryEdit, OpenOrderEdit, PriceListEdit, ProductContent, ProductEdit, StallContent, StallEdit,
};
use crate::family::VariantInput;
use crate::import::ImportChoice;
use crate::people::{CoinsInput, LimitsView};
use crate::prices::PriceRuleInput;
use crate::rivals::{RivalAnswer, RivalChoice};
use crate::text::{as_hex, as_hex_opt, as_word};

/// One thing to do at one stall. Whoever sends it makes the id, random and before the first try: a repeat under
/// the same id is answered with the first answer and does nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Command {
    #[serde(with = "as_hex")]
    pub id: ThingId,
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub verb: Verb,
}

/// A closed list. What a verb makes and has no id of its own (a refund, a delivery, a count, a returned share, a
/// request) has the command's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    CreateStall(StallContent),
    EditStall {
        edits: Vec<StallEdit>,
    },
    CreateProduct {
        #[serde(with = "as_hex")]
        product: ProductId,
        content: ProductContent,
    },
    EditProduct {
        #[serde(with = "as_hex")]
        product: ProductId,
        edits: Vec<ProductEdit>,
    },
    EditCategory {
        #[serde(with = "as_hex")]
        category: ThingId,
        edits: Vec<CategoryEdit>,
    },
    EditPriceList {
        #[serde(with = "as_hex")]
        price_list: ThingId,
        edits: Vec<PriceListEdit>,
    },
    /// A tab that is still open; nothing is sold or held yet.
    EditOpenOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        edits: Vec<OpenOrderEdit>,
    },
    /// Puts a file of products aside, under the command's id. Nothing is made of it before it is taken.
    KeepImport {
        file_name: String,
        bytes: Vec<u8>,
    },
    /// Takes the next rows. The first such command settles how the file is read.
    TakeImport {
        #[serde(with = "as_hex")]
        import: ThingId,
        choice: ImportChoice,
        /// How many rows were taken before: a command that was overtaken does nothing.
        from: u32,
    },
    /// Takes back the next rows: what the import made is archived, what it changed is as before.
    UndoImport {
        #[serde(with = "as_hex")]
        import: ThingId,
        from: u32,
    },
    OpenShift {
        #[serde(with = "as_hex")]
        shift: ShiftId,
        float_minor: i64,
    },
    CloseShift {
        #[serde(with = "as_hex")]
        shift: ShiftId,
        counted_minor: i64,
        reason: String,
    },
    MakeSale {
        #[serde(with = "as_hex")]
        sale: SaleId,
        lines: Vec<SaleLineInput>,
        /// Off the whole basket.
        discount: DiscountInput,
        tenders: Vec<TenderInput>,
        beyond: BeyondShare,
        #[serde(default)]
        about: SaleAbout,
    },
    /// Somebody looked at an incident and did what was to be done.
    SettleIncident {
        #[serde(with = "as_hex")]
        incident: ThingId,
    },
    /// Somebody of the stall saw the money of a payment that the buyer claimed, with this code.
    VerifyPayment {
        #[serde(with = "as_hex")]
        sale: SaleId,
        /// Position of the payment in its sale.
        tender: u32,
        code: String,
    },
    /// The money stands on the stall's account.
    SettlePayment {
        #[serde(with = "as_hex")]
        sale: SaleId,
        tender: u32,
    },
    /// Somebody looked, and the money never came.
    FailPayment {
        #[serde(with = "as_hex")]
        sale: SaleId,
        tender: u32,
        reason: String,
    },
    VoidSale {
        #[serde(with = "as_hex")]
        sale: SaleId,
        reason: String,
    },
    Refund {
        #[serde(with = "as_hex")]
        sale: SaleId,
        lines: Vec<RefundLineInput>,
        #[serde(with = "as_word")]
        tender: TenderKind,
        reason: String,
        /// Where the money stays, with a voucher as the tender.
        #[serde(default)]
        into: Option<PurseInput>,
    },
    ReceiveStock {
        lines: Vec<ReceivedLineInput>,
        note: String,
    },
    /// What a person knows to be gone or found, without counting the rest.
    AdjustStock {
        #[serde(with = "as_word")]
        reason: AdjustReason,
        lines: Vec<AdjustedLineInput>,
        note: String,
    },
    /// Other counts of the product that were opened here end, too.
    CountStock {
        #[serde(with = "as_hex")]
        product: ProductId,
        counted: i64,
        reason: String,
        /// The `OpenCount` whose number this is. Without one it is compared with what is known now.
        #[serde(with = "as_hex_opt", default)]
        count: Option<ThingId>,
    },
    ReturnShare {
        #[serde(with = "as_hex")]
        product: ProductId,
        quantity: i64,
    },
    /// Asks the server for units of the shop's share. Answered with the next pages; see `Query::Ask`.
    AskShare {
        #[serde(with = "as_hex")]
        product: ProductId,
        quantity: i64,
    },
    /// Units of this register's share go to another register: given back at once, and granted there when the server
    /// hears of it.
    PassShare {
        #[serde(with = "as_hex")]
        product: ProductId,
        quantity: i64,
        #[serde(with = "as_hex")]
        to: AuthorId,
    },
    /// Asks the server for the right to refund a line of a sale whose shift has closed.
    AskRefund {
        #[serde(with = "as_hex")]
        sale: SaleId,
        line: u32,
        quantity: i64,
    },
    /// Asks the server to give the shop what is set apart of a revoked device: the units are here after all.
    TakeBack {
        #[serde(with = "as_hex")]
        product: ProductId,
        #[serde(with = "as_hex")]
        of: AuthorId,
        reason: String,
    },
    RevokeDevice {
        #[serde(with = "as_hex")]
        author: AuthorId,
        reason: String,
    },
    /// The goods go to their buyer. Who had not paid before pays now, into the open drawer.
    HandOverOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(default)]
        tenders: Vec<TenderInput>,
    },
    /// Offers the buyer something else for a line of an order, or less of it, or nothing. The offer has the command's id.
    SwapLine {
        #[serde(with = "as_hex")]
        order: OrderId,
        line: u32,
        instead: Option<InsteadInput>,
    },
    /// Takes such an offer back.
    WithdrawSwap {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_hex")]
        swap: ThingId,
    },
    /// The buyer of an order that was paid and handed over gets all the money back, the way it came.
    PayBackOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        reason: String,
    },
    /// A part of an order's money goes back: some of its lines, or an amount. The server answers; the refund has the command's id,
    /// or that of the return whose money it is: then it goes back once, whoever gives it.
    RefundOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_hex_opt", default)]
        returned: Option<ThingId>,
        lines: Vec<RefundLineInput>,
        amount_minor: i64,
        #[serde(with = "as_word")]
        way: BackWay,
        reason: String,
    },
    /// Cash that was allowed leaves the drawer.
    GiveOrderCash {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_hex")]
        refund: ThingId,
    },
    /// Somebody saw the transfer for an order on the stall's account. `reference` is the bank's name for it; empty where nobody
    /// wrote it down. Needs no drawer.
    TransferCame {
        #[serde(with = "as_hex")]
        order: OrderId,
        amount_minor: i64,
        reference: String,
    },
    /// What is owed to a buyer who had paid by transfer was sent back, by hand.
    SendBackTransfer {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_hex")]
        refund: ThingId,
        reference: String,
    },
    AskCancelOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        reason: String,
    },
    /// The stall is so far with an order from the shop.
    StepOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_word")]
        step: OrderStep,
    },
    /// Money into the drawer, or out of it where it is below zero, that is no sale.
    MoveDrawer {
        amount_minor: i64,
        reason: String,
    },
    /// Lines leave a cart after paying began.
    TakeOff {
        #[serde(with = "as_hex")]
        sale: SaleId,
        lines: Vec<TakenOffInput>,
        reason: String,
    },
    /// Opens the drawer without a sale.
    OpenDrawer {
        reason: String,
    },
    /// What is in the drawer, before the register says what it expects.
    CountDrawer {
        #[serde(with = "as_hex")]
        shift: ShiftId,
        coins: Vec<CoinsInput>,
        other_minor: i64,
    },
    PutPerson {
        #[serde(with = "as_hex")]
        person: PersonId,
        name: String,
        #[serde(with = "as_word")]
        role: Role,
        is_active: bool,
    },
    /// Takes somebody's name out of the records, everywhere.
    ErasePerson {
        #[serde(with = "as_hex")]
        person: PersonId,
    },
    PutLimits {
        #[serde(with = "as_word")]
        role: Role,
        limits: LimitsView,
    },
    PutCustomer {
        #[serde(with = "as_hex")]
        customer: ThingId,
        about: CustomerInput,
    },
    /// Takes what is known of a customer out of the records, everywhere.
    EraseCustomer {
        #[serde(with = "as_hex")]
        customer: ThingId,
    },
    /// Puts value into a purse: paid for with a tender, or given with a reason.
    FillPurse {
        purse: PurseInput,
        units: i64,
        tender: Option<TenderInput>,
        reason: String,
    },
    /// Asks the server for what others hold of a purse. Answered as `AskShare` is; where another register must give
    /// it back first, when that one did.
    AskPurse {
        purse: PurseInput,
        units: i64,
    },
    PutLoyalty(LoyaltyView),
    /// Between which limits a price may move, or all that have none of their own.
    PutPriceRule {
        #[serde(with = "as_hex_opt")]
        product: Option<ProductId>,
        rule: PriceRuleInput,
    },
    /// Takes a suggestion, from the price that was seen beside it.
    AcceptPrice {
        #[serde(with = "as_hex")]
        product: ProductId,
        from_minor: i64,
        to_minor: i64,
    },
    /// This price, and what is further away, is not to be suggested soon.
    RefusePrice {
        #[serde(with = "as_hex")]
        product: ProductId,
        price_minor: i64,
    },
    UndoPrice {
        #[serde(with = "as_hex")]
        moved: ThingId,
    },
    /// What somebody asks for it, for as much as the own price is for: seen now.
    SeeRival {
        #[serde(with = "as_hex")]
        product: ProductId,
        source: String,
        price_minor: i64,
    },
    /// That a source's thing is not this product, or its price is wrong: it does not count, and is not asked about again.
    DropRival {
        source: String,
        key: String,
    },
    /// Takes a table of a source's prices: what is certain, and what somebody said of the rest.
    TakeRivals {
        source: String,
        /// Whether the server fetched it.
        is_feed: bool,
        bytes: Vec<u8>,
        choice: RivalChoice,
        answers: Vec<RivalAnswer>,
    },
    /// Whether a source counts; or forget what was said of it.
    PutRivalSource {
        source: String,
        is_on: bool,
        forget: bool,
    },
    /// Tries another price out against the one that was seen, day by day from tomorrow on.
    BeginPriceExperiment {
        #[serde(with = "as_hex")]
        product: ProductId,
        from_minor: i64,
        tried_minor: i64,
        weeks: u32,
    },
    EndPriceExperiment {
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// Makes a code that takes something off orders, or says anew what it is good for.
    PutCoupon {
        code: String,
        terms: CouponInput,
    },
    /// Goods come back, and others go out for them: a refund and a sale, both or neither. What came back pays the sale
    /// first; the rest is paid as the sale says, or given back in cash.
    Exchange {
        returned: ReturnInput,
        /// A `MakeSale`.
        sale: Box<Verb>,
    },
    /// Does it with the approval that `PeopleVerb::Approve` answered.
    Approved {
        #[serde(with = "as_hex")]
        approval: ThingId,
        verb: Box<Verb>,
    },
    /// The owner says that the list of devices is complete, after a restore of the server.
    ConfirmDevices,
    /// Somebody begins to count: every register that hears of it says what it sold by then. See `StockView::waits_for`.
    OpenCount {
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// Makes variants of a product, all or none; one that is off the offer comes back, and one that is there stays as it is.
    MakeVariants {
        #[serde(with = "as_hex")]
        product: ProductId,
        variants: Vec<VariantInput>,
    },
    /// Ends a count of this register without a number; one that ended already stays as it is.
    DropCount {
        #[serde(with = "as_hex")]
        count: ThingId,
    },
}

/// What to do with units that the register's share does not cover.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeyondShare {
    /// Refuse, and say what is there. The cashier looks, and may then allow it in a new command.
    Refuse,
    /// The goods are in the buyer's hands: record the sale, mark it, and let what is offered elsewhere drop.
    Allow,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SaleLineInput {
    /// None for a custom amount.
    #[serde(with = "as_hex_opt", default)]
    pub product: Option<ProductId>,
    /// None for the product's own name; a custom amount needs one.
    #[serde(default)]
    pub name: Option<String>,
    pub quantity: i64,
    /// None for the product's own price; a custom amount needs one.
    #[serde(default)]
    pub unit_price_minor: Option<i64>,
    /// For how many of the smallest unit that price is; None for as many as the product's own.
    #[serde(default)]
    pub price_per: Option<i64>,
    /// The code of a scale's label that says this price; empty for none.
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub discount: DiscountInput,
    #[serde(default)]
    pub discount_reason: String,
    #[serde(default)]
    pub note: String,
    /// None for the product's own tax, or none at all for a custom amount.
    #[serde(default)]
    pub tax: Option<TaxInput>,
}

impl SaleLineInput {
    /// A product at its own price.
    pub fn of(product: ProductId, quantity: i64) -> Self {
        Self {
            product: Some(product),
            name: None,
            quantity,
            unit_price_minor: None,
            price_per: None,
            label: String::new(),
            discount: DiscountInput::None,
            discount_reason: String::new(),
            note: String::new(),
            tax: None,
        }
    }
}

/// A rate in parts per million.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaxInput {
    pub ppm: u32,
    #[serde(with = "as_word")]
    pub mode: TaxMode,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscountInput {
    #[default]
    None,
    AmountMinor(i64),
    PercentPpm(u32),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InsteadInput {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub quantity: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TenderInput {
    #[serde(with = "as_word")]
    pub kind: TenderKind,
    /// What was handed over, before change.
    pub amount_minor: i64,
    #[serde(default)]
    pub reference: String,
    /// Somebody of the stall saw the money come. A payment by phone that nobody saw is claimed.
    #[serde(default)]
    pub seen: bool,
    /// Which purse pays, with a voucher as the kind.
    #[serde(default)]
    pub purse: Option<PurseInput>,
}

impl TenderInput {
    pub fn cash(amount_minor: i64) -> Self {
        Self { kind: TenderKind::Cash, amount_minor, reference: String::new(), seen: true, purse: None }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundLineInput {
    /// Position of the line in its sale, from 0.
    pub line: u32,
    pub quantity: i64,
    #[serde(with = "as_word")]
    pub goods: GoodsBack,
}

/// So much of a line that a cart had asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TakenOffInput {
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    pub quantity: i64,
    pub amount_minor: i64,
}

/// What comes back of an earlier sale, in exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReturnInput {
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    pub lines: Vec<RefundLineInput>,
    pub reason: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceivedLineInput {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub quantity: i64,
    #[serde(default)]
    pub cost_minor: Option<i64>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdjustedLineInput {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    /// Always above zero; the reason says which way.
    pub quantity: i64,
}
