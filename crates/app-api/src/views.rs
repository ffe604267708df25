//! What a screen shows: plain fields in the cashier's words, every number final.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::delivery::Handing;
use soko_domain::entry::{AdjustReason, IncidentKind, OrderStep, ReleaseReason, Standing};
use soko_domain::ids::{AuthorId, EpochId, Hash, LogId, OrderId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;
use soko_domain::verbs::make_sale::BeyondRule;
use soko_domain::verbs::pay_order::PayStanding;

use crate::audit::AuditRow;
use crate::cards::CardPart;
use crate::counter::{OpenOrderRow, OpenOrderView, PaymentRow, ScannedRow};
use crate::coupons::CouponsView;
use crate::customers::{CustomerRow, CustomerView, LoyaltyView, PurseRow, PurseView};
use crate::deals::DealView;
use crate::devices::{DeviceRow, DeviceWords, LeavingView, ShareOfRow};
use crate::edits::{OptionValue, ProductEdit, TaxClass};
use crate::family::{FamilyRow, FamilyView};
use crate::figures::{FiguresView, GoodsView};
use crate::import::{ImportRow, ImportView};
use crate::interactions::FunnelView;
use crate::people::AtRegisterView;
use crate::prices::{PriceView, PricesView};
use crate::refund::{RefundPlanView, RefundRightView};
pub use crate::refused::ShareShort;
use crate::report::{ShiftReport, ShiftReportRow};
use crate::returned::{OrderRefundView, ReturnRow};
use crate::rivals::RivalsView;
use crate::said::Said;
use crate::statement::StatementView;
use crate::swaps::SwapView;
use crate::text::{as_hex, as_hex_list, as_hex_opt, as_word, as_word_opt};
use crate::transfer::TransferView;
use crate::written::WrittenView;

/// The answer to a query. `Missing` when what was asked for is not known here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    Missing,
    Stalls(#[serde(with = "as_hex_list")] Vec<LogId>),
    Status(StatusView),
    Written(WrittenView),
    Stall(StallView),
    Products(Vec<ProductRow>),
    Family(Box<FamilyView>),
    Scanned(Vec<ScannedRow>),
    Payments(Vec<PaymentRow>),
    Statement(Box<StatementView>),
    Rivals(Box<RivalsView>),
    Categories(Vec<CategoryRow>),
    Product(ProductView),
    Stock(StockView),
    StockList(Vec<StockRow>),
    Shares(Vec<SharesRow>),
    SharesOf(Vec<ShareOfRow>),
    StockHistory(Vec<StockChangeRow>),
    Questions(Vec<QuestionRow>),
    Import(ImportView),
    Imports(Vec<ImportRow>),
    Basket(BasketView),
    Today(TodayView),
    Shift(ShiftView),
    AtRegister(AtRegisterView),
    ShiftReport(Box<ShiftReport>),
    ShiftReports(Vec<ShiftReportRow>),
    Audit(Vec<AuditRow>),
    Sale(SaleView),
    RefundRight(RefundRightView),
    RefundPlan(RefundPlanView),
    Sales(Vec<SaleRow>),
    Order(OrderView),
    Orders(Vec<OrderRow>),
    OrderContact(ContactView),
    OpenOrder(OpenOrderView),
    OpenOrders(Vec<OpenOrderRow>),
    Devices(Vec<DeviceRow>),
    DeviceWords(DeviceWords),
    Leaving(LeavingView),
    Incidents(Vec<IncidentRow>),
    Parked(Vec<ParkedRow>),
    Customers(Vec<CustomerRow>),
    Customer(Box<CustomerView>),
    Purse(Box<PurseView>),
    Cards(Vec<PurseRow>),
    Loyalty(LoyaltyView),
    Figures(Box<FiguresView>),
    Goods(Box<GoodsView>),
    /// Only an owner or a manager sees this.
    ForManagers,
    Prices(Box<PricesView>),
    Coupons(CouponsView),
    Price(Box<PriceView>),
    Ask(AskView),
    Funnel(FunnelView),
}

/// How the register stands at a stall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusView {
    #[serde(with = "as_hex")]
    pub author: AuthorId,
    pub name: String,
    #[serde(with = "as_word")]
    pub role: Role,
    pub state: RegisterState,
    /// Why it is frozen and what to do.
    pub frozen_because: Option<Said>,
    /// The server was restored and waits for every device to report.
    pub stall_frozen: bool,
    /// Own records that the server has not confirmed.
    pub unsent: u64,
    pub records: u64,
    /// Questions to the server that wait for an answer.
    pub asks_waiting: u32,
    #[serde(with = "as_hex")]
    pub epoch: EpochId,
    pub epoch_counter: u64,
    /// What stands in the way of exchanging records.
    pub trouble: Option<Said>,
    /// The digest of all that follows from the records: who has the same ones has the same digest.
    #[serde(with = "as_hex")]
    pub digest: Hash,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterState {
    /// The server has not admitted it yet. It sells goods in the hand.
    Waiting,
    Active,
    /// Restored or copied: it promises nothing until it was renewed.
    Frozen,
    Revoked,
    /// It told the server that it leaves, and waits to hear that it was heard.
    Leaving,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StallView {
    pub name: String,
    pub currency: String,
    pub zone: String,
    pub cut_off_minutes: u16,
    pub description: String,
    pub place: String,
    pub hours: String,
    /// As `soko_domain::point` and `soko_domain::opening` write them; empty where the stall does not say so.
    pub point: String,
    pub opening: String,
    /// The smallest coin in use; 0 where every minor unit can be paid in coins.
    pub cash_step_minor: u32,
    #[serde(with = "as_word")]
    pub beyond_rule: BeyondRule,
    pub scale_codes: String,
    pub takes_card: bool,
    pub takes_phone: bool,
    /// As `soko_domain::transfer` writes it; empty where the stall takes no transfers.
    pub transfer_terms: String,
    pub no_pickup: bool,
    pub pickup_text: String,
    /// As `soko_domain::delivery` writes terms; empty where the stall does not.
    pub local_terms: String,
    pub shipping_terms: String,
    /// So many days what was handed over can come back; 0 cannot.
    pub return_days: u16,
    /// The tax of an amount that is no product's.
    pub tax_ppm: u32,
    pub tax_inclusive: bool,
    /// Those that products share, by name.
    pub taxes: Vec<TaxClass>,
    /// What several people set differently, and what nobody set.
    pub problems: Vec<Said>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    pub sku: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub price_minor: i64,
    pub price_per: i64,
    pub currency: String,
    pub archived: bool,
    /// What this register may promise.
    pub own_share: i64,
    /// The first picture.
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    #[serde(with = "as_hex_list")]
    pub categories: Vec<ThingId>,
    pub favourite: bool,
    /// What makes it a variant: "M · red". Empty otherwise; the name has it already.
    pub options: String,
    pub is_bundle: bool,
    /// Its variants in one; none for what has none.
    pub family: Option<Box<FamilyRow>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CategoryRow {
    #[serde(with = "as_hex")]
    pub category: ThingId,
    pub name: String,
    #[serde(with = "as_hex_opt")]
    pub parent: Option<ThingId>,
    pub position: i64,
    /// Products in it that are not archived, one with its variants as one, without those of categories below it.
    pub products: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductView {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    pub description: String,
    pub sku: String,
    pub barcodes: Vec<String>,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub price_minor: i64,
    pub price_per: i64,
    pub currency: String,
    pub cost_minor: Option<i64>,
    /// What counts: its class's, as long as the stall has that.
    pub tax_ppm: u32,
    #[serde(with = "as_word")]
    pub tax_mode: TaxMode,
    #[serde(with = "as_hex_opt")]
    pub tax_class: Option<ThingId>,
    /// The class's name.
    pub tax_label: String,
    #[serde(with = "as_hex_list")]
    pub categories: Vec<ThingId>,
    #[serde(with = "as_hex_list")]
    pub pictures: Vec<Hash>,
    pub archived: bool,
    pub favourite: bool,
    pub low_level: Option<i64>,
    /// What a piece weighs, in grams.
    pub piece_g: Option<i64>,
    #[serde(with = "as_hex_opt")]
    pub variant_of: Option<ProductId>,
    pub options: Vec<OptionValue>,
    pub parts: Vec<PartRow>,
    pub deal: Option<DealView>,
    /// What several people set differently, with every answer.
    pub questions: Vec<Question>,
    /// What else is wrong with it.
    pub problems: Vec<Said>,
}

/// Units of another product in a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub quantity: i64,
}

/// Something that only a person can settle. Each answer is the edits that settle it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    pub about: QuestionAbout,
    pub answers: Vec<QuestionAnswer>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionAbout {
    /// Several people set this field at once: its word.
    Field(String),
    /// Several products have this barcode.
    Barcode(String),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuestionAnswer {
    pub value: AnswerValue,
    /// Whether it is what everybody sees until somebody answers.
    pub is_shown: bool,
    pub edits: Vec<ProductToEdit>,
}

/// What one product needs for an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductToEdit {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub edits: Vec<ProductEdit>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerValue {
    Text(String),
    Money(i64),
    Number(i64),
    Percent(u32),
    Flag(bool),
    /// The product that keeps it.
    Product(String),
}

/// A product that needs somebody's eye.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuestionRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    pub currency: String,
    pub questions: Vec<Question>,
    pub problems: Vec<Said>,
}

/// One change of a product's units.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StockChangeRow {
    pub at_ms: i64,
    pub offset_minutes: i32,
    /// The register, or the server.
    pub who: String,
    pub what: StockChange,
    /// By how much it changed what is at the stall; 0 for what went from one holder to another.
    pub here: i64,
    /// Units that it moved.
    pub moved: i64,
    pub note: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StockChange {
    Sold {
        receipt_number: u64,
    },
    Voided,
    Refunded,
    Received {
        cost_minor: Option<i64>,
    },
    Counted {
        counted: i64,
        expected: i64,
    },
    Adjusted(#[serde(with = "as_word")] AdjustReason),
    /// Packed into a bundle, taken apart, or made by either.
    Converted,
    GivenBack,
    Granted,
    Ordered,
    Released,
    HandedOver,
    /// By the server, for a reason of its own.
    Moved,
}

/// Where a product's units are. Always: counted = shop + registers + on the way + held + set apart - owed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StockView {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    /// What should be on the shelves of all places together.
    pub counted: i64,
    /// What this register may promise.
    pub own_share: i64,
    /// What the shop may promise.
    pub shop: i64,
    /// Returned by this register and not yet confirmed by the server; nobody can promise it meanwhile.
    pub on_the_way: i64,
    /// In orders that are not handed over.
    pub held: i64,
    /// On lost or revoked devices, until somebody counts or decides.
    pub set_apart: i64,
    /// Sold or missed without a share behind it.
    pub owed: i64,
    pub holders: Vec<HolderRow>,
    /// Registers that the count that was opened here still has to hear from. What they sold and nobody knows of yet
    /// would be missed twice.
    #[serde(with = "as_hex_list")]
    pub waits_for: Vec<AuthorId>,
    /// Code and sentence, if the server's latest answer about these units was no.
    pub refused: Option<(String, String)>,
}

/// The same numbers for a line of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StockRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    pub low_level: Option<i64>,
    pub counted: i64,
    pub own_share: i64,
    pub shop: i64,
    /// What the other registers may promise.
    pub others: i64,
    pub on_the_way: i64,
    pub held: i64,
    pub set_apart: i64,
    pub owed: i64,
}

/// The business day so far, of all registers whose records are here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TodayView {
    /// Days since 1970.
    pub business_day: i32,
    pub currency: String,
    /// Sales that were not voided.
    pub sales: u32,
    /// Nothing for whom the drawer's count is blind: where all is paid in cash it says what should be in there.
    pub total_minor: Option<i64>,
    /// Refunded today, of whichever day's sales; nothing as above.
    pub refunds_minor: Option<i64>,
    /// Cash from today's sales less what was refunded in cash today; nothing as above.
    pub cash_minor: Option<i64>,
    pub orders_waiting: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HolderRow {
    pub holder: Holder,
    pub quantity: i64,
}

/// Somebody who may promise something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SharesRow {
    pub holder: Holder,
    /// Of so many products.
    pub products: u32,
    /// So many pieces; what is weighed or poured is counted among the products alone.
    pub pieces: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    Shop,
    Register(#[serde(with = "as_hex")] AuthorId),
    Order(#[serde(with = "as_hex")] OrderId),
    SetApart(#[serde(with = "as_hex")] AuthorId),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BasketView {
    pub currency: String,
    pub lines: Vec<BasketLineView>,
    pub taxes: Vec<TaxRow>,
    pub gross_minor: i64,
    pub discount_minor: i64,
    pub net_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
    pub cash_rounding_minor: i64,
    pub change_minor: i64,
    pub due_minor: i64,
    pub due_in_cash_minor: i64,
    /// What comes back of an earlier sale is worth; it pays first.
    pub returned_minor: i64,
    /// By so much what a purse paid, and comes back, is worth more than what goes out: it is no change, so nothing can be taken.
    pub excess_minor: i64,
    /// What the share does not cover, product by product: tell the cashier before confirming.
    pub short: Vec<ShareShort>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BasketLineView {
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    pub quantity: i64,
    pub unit_price_minor: i64,
    pub price_per: i64,
    /// The product's own price, where the line has another one. C53: it may have changed since the line was added.
    pub own_price_minor: Option<i64>,
    pub discount_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaxRow {
    pub ppm: u32,
    #[serde(with = "as_word")]
    pub mode: TaxMode,
    /// The tax class; empty where there is none.
    pub label: String,
    pub net_minor: i64,
    pub tax_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShiftView {
    #[serde(with = "as_hex")]
    pub shift: ShiftId,
    pub float_minor: i64,
    /// What should be in the drawer. Nothing while somebody who must count first has not.
    pub expected_minor: Option<i64>,
    /// What was counted last in this shift, if it was.
    pub counted_minor: Option<i64>,
    pub opened_at_ms: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SaleRow {
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    pub receipt_number: u64,
    pub at_ms: i64,
    /// Minutes east of UTC when it was made, for the time on the receipt.
    pub offset_minutes: i32,
    /// Days since 1970.
    pub business_day: i32,
    pub currency: String,
    pub total_minor: i64,
    pub voided: bool,
    pub refunded_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SaleView {
    pub row: SaleRow,
    /// As a receipt's head says it.
    pub stall_name: String,
    pub stall_place: String,
    pub register_name: String,
    #[serde(with = "as_hex")]
    pub shift: ShiftId,
    pub lines: Vec<SaleLineView>,
    pub taxes: Vec<TaxRow>,
    pub tenders: Vec<TenderView>,
    pub cash_rounding_minor: i64,
    pub change_minor: i64,
    pub note: String,
    /// Why something came off the whole sale.
    pub discount_reason: String,
    #[serde(with = "as_hex_opt")]
    pub customer: Option<ThingId>,
    #[serde(with = "as_hex_opt")]
    pub tab: Option<OrderId>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SaleLineView {
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    pub quantity: i64,
    pub beyond_share: i64,
    pub unit_price_minor: i64,
    pub price_per: i64,
    pub discount_minor: i64,
    pub total_minor: i64,
    pub refunded: i64,
    pub refunded_minor: i64,
    pub note: String,
    pub discount_reason: String,
    /// Sales of earlier versions did not say it: then it is a guess.
    #[serde(with = "as_word")]
    pub unit: Unit,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TenderView {
    #[serde(with = "as_word")]
    pub kind: TenderKind,
    pub amount_minor: i64,
    pub reference: String,
    #[serde(with = "as_word")]
    pub standing: Standing,
    /// Its code stands on another sale, too.
    pub is_twice: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderRow {
    #[serde(with = "as_hex")]
    pub order: OrderId,
    /// held, handed over, cancelled, fulfilled.
    pub state: String,
    pub at_ms: i64,
    pub currency: String,
    pub total_minor: i64,
    pub lines: u32,
    #[serde(with = "as_word")]
    pub money: PayStanding,
    /// How far the stall is with it.
    #[serde(with = "as_word_opt")]
    pub step: Option<OrderStep>,
    /// What the stall does next; nothing before it is handed over, or where it ended.
    #[serde(with = "as_word_opt")]
    pub next: Option<OrderStep>,
    #[serde(with = "as_word")]
    pub handing: Handing,
    /// What stands beside the transfer that it waits for; empty where it waits for none.
    pub reference: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderView {
    pub row: OrderRow,
    pub lines: Vec<OrderLineView>,
    pub note: String,
    /// Each step that was taken, and when.
    pub steps: Vec<OrderStepView>,
    /// Why the stall cancelled it; empty otherwise.
    pub cancel_reason: String,
    /// Why it ended without its goods being handed over.
    #[serde(with = "as_word_opt")]
    pub ended: Option<ReleaseReason>,
    /// What bringing it costs, and to which of the stall's zones.
    pub delivery: Option<DeliveryView>,
    /// What went back of its money in parts, or is to.
    pub refunds: Vec<OrderRefundView>,
    /// What can still go back in parts, and of each line how many.
    pub left_minor: i64,
    pub lines_left: Vec<i64>,
    /// What its buyer brings back, the oldest first.
    pub returns: Vec<ReturnRow>,
    /// The code that it carries, and what that took off; empty without one.
    pub coupon: String,
    pub discount_minor: i64,
    /// What whoever takes the goods pays for them now, and the smallest coin for it.
    pub due_minor: i64,
    pub cash_step_minor: u32,
    /// What was offered in place of its lines.
    pub swaps: Vec<SwapView>,
    /// Whether something can be offered now.
    pub may_swap: bool,
    /// How it is paid by bank, where its buyer chose that.
    pub transfer: Option<Box<TransferView>>,
    /// What a gift card pays of it.
    pub card: Option<CardPart>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeliveryView {
    pub zone: String,
    pub total_minor: i64,
}

/// Whom an order is for, as the buyer wrote it. It is in no record: the server has it while the order is open, and so has the
/// register that asked.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ContactView {
    pub name: String,
    /// A telephone number or a mail address.
    pub reach: String,
    /// Empty where the buyer comes.
    pub address: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderStepView {
    #[serde(with = "as_word")]
    pub step: OrderStep,
    pub at_ms: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderLineView {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub quantity: i64,
    pub total_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LabelView {
    pub code: String,
    pub price_minor: i64,
    /// For so much.
    pub quantity: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IncidentRow {
    #[serde(with = "as_hex")]
    pub incident: ThingId,
    #[serde(with = "as_word")]
    pub kind: IncidentKind,
    pub at_ms: i64,
    /// The register that it is about.
    #[serde(with = "as_hex_opt")]
    pub author: Option<AuthorId>,
    pub register_name: String,
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub product_name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    /// Units of the product, or money where there is none.
    pub quantity: i64,
    pub currency: String,
    #[serde(with = "as_hex_list")]
    pub orders: Vec<OrderId>,
    /// Somebody dealt with it.
    pub settled: Option<SettledView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SettledView {
    /// Empty where the register knew nobody.
    pub by: String,
    pub register_name: String,
    pub at_ms: i64,
}

/// A record that is kept and counts for nothing, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ParkedRow {
    #[serde(with = "as_hex")]
    pub author: AuthorId,
    pub seq: u64,
    /// What people call the device that wrote it; empty where nobody here knows it.
    pub device: String,
    pub why: Said,
}

/// What became of a request to the server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskView {
    Waiting,
    Done,
    Refused { code: String, sentence: String },
}
