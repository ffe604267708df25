//! Ledger entries: what happened, written once by one author and never edited.
//!
//! An entry states everything its effect needs, so that folding a set of entries gives the same state in any
//! order. No message carries an absolute quantity: stock only ever moves between accounts.
//!
//! Body = version byte, stamp, who, fields. A change of fields is a new version of that kind alone, and `tests/frozen`
//! keeps a sample of every version that ever existed. Who did it is there only where the register knew, and the
//! version byte says so; a stall without people writes what it always wrote.

mod converted_v1;
mod coupon;
mod customer;
mod deal;
mod drawer;
mod order;
mod order_v1;
mod order_v2;
mod order_v3;
mod payment;
mod person;
mod person_v1;
mod price;
mod price_v1;
mod program;
mod purse;
mod purse_v1;
mod refund;
mod refund_v1;
mod returned;
mod rival;
mod sale;
mod sale_v1;
mod swap;
mod transfer;

pub use crate::basket::TenderKind;
use crate::ids::{AuthorId, EpochId, OrderId, PersonId, ProductId, SaleId, ShareId, ShiftId, ThingId};
pub use crate::people::{Act, Approval};
use crate::tax::LineTax;
use crate::wire::{Malformed, Reader, Wire, Writer};
pub use coupon::{CouponPut, OrderCoupon};
pub use customer::{CustomerErased, CustomerPut};
pub use deal::DealTaken;
pub use drawer::{Coins, DrawerCounted, DrawerMoved, DrawerOpened};
pub use order::{OrderHandedOver, OrderStep, OrderStepped, OrderTaken};
pub use payment::{
    BackWay, OrderBackAsked, OrderBackLine, OrderCashGiven, OrderPaid, OrderPaidBack, OrderRefundAllowed,
    OrderRefundAsked, OrderRefundEnded, OrderToPay, PayWay, RefundEnd,
};
pub use person::{LimitsPut, PersonErased, PersonPut};
pub use price::{
    PriceAim, PriceCause, PriceMode, PriceMoved, PriceReason, PriceRefused, PriceRulePut, PriceSet, PriceWhy,
    PricesSet, SetCause,
};
pub use program::{ProgramAct, ProgramActed};
pub use purse::{
    FillCause, LoyaltyPut, OrderPurseHeld, OrderPurseMoved, PurseFilled, PurseKind, PurseMove, PurseSpent,
    SpendCause,
};
pub use refund::{GivenBack, RefundAllowed, RefundLine, RefundMade};
pub use returned::{BackLine, ReturnAsked, ReturnRefused, ReturnTaken, ReturnWhy, TakenLine};
pub use rival::{RivalLine, RivalPrice, RivalSourcePut, RivalWay, RivalsFetched, RivalsSeen};
pub use sale::{
    CostsNoted, LinesRepriced, LinesTakenOff, PaymentFailed, PaymentSettled, PaymentVerified, Reduction,
    Repriced, SaleLine, SaleMade, Standing, TabPaid, TabSpan, TakenOff, Tendered, UnitCost, cash_kept,
    cash_tendered,
};
pub use swap::{
    Instead, OrderSwapAsked, OrderSwapEnded, OrderSwapOffered, OrderSwapTaken, OrderSwapWithdrawn, SwapEnd,
};
pub use transfer::{OrderSentBack, OrderToTransfer, OrderTransferCame};

/// In the version byte: after the stamp stands who did it.
const WITH_PERSON: u8 = 0x80;

/// When and in which business day something happened, by the clock of the device that wrote it, and by whom. A label:
/// no clock decides about money or stock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// Minutes east of UTC in force at the stall.
    pub offset_minutes: i32,
    /// Days since 1970-01-01, after the stall's cut-off hour.
    pub business_day: i32,
    /// Who was at the register. Nobody, where no people are set up.
    pub by: Option<PersonId>,
    /// Who allowed what that person may not do alone.
    pub approval: Option<Approval>,
}

impl Stamp {
    /// Without a person.
    pub fn at(at_ms: i64, offset_minutes: i32, business_day: i32) -> Self {
        Self { at_ms, offset_minutes, business_day, by: None, approval: None }
    }

    /// The moment of a body of any kind, also of one that only newer programs know.
    pub fn of_body(body: &[u8]) -> Result<Self, Malformed> {
        Self::take(&mut Reader::new(body)).map(|(_, stamp)| stamp)
    }

    /// The version byte, the moment, and who, if anybody.
    fn put(&self, version: u8, out: &mut Writer) {
        let with_person = self.by.is_some() || self.approval.is_some();
        out.byte(if with_person { version | WITH_PERSON } else { version });
        self.at_ms.put(out);
        self.offset_minutes.put(out);
        self.business_day.put(out);
        if with_person {
            self.by.put(out);
            self.approval.put(out);
        }
    }

    /// Reads the version of the fields, and the stamp.
    fn take(input: &mut Reader<'_>) -> Result<(u8, Self), Malformed> {
        let byte = input.byte()?;
        let mut stamp = Self::at(i64::take(input)?, i32::take(input)?, i32::take(input)?);
        if byte & WITH_PERSON != 0 {
            stamp.by = Wire::take(input)?;
            stamp.approval = Wire::take(input)?;
            // Nobody has one encoding only: without the mark.
            if stamp.by.is_none() && stamp.approval.is_none() {
                return Err(Malformed::Choice);
            }
        }
        Ok((byte & !WITH_PERSON, stamp))
    }
}

macro_rules! entries {
    ($($number:literal $name:ident v $version:literal $(from v $old_version:literal $old:ty)*),* $(,)?) => {
        /// Everything that can happen. The number travels as the record's kind and is never reused.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Entry { $($name($name)),* }

        /// The kinds of entry, without their content.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind { $($name),* }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn number(self) -> u16 {
                match self { $(Self::$name => $number),* }
            }

            pub fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The newest version in which bodies of this kind are written today.
            pub fn version(self) -> u8 {
                match self { $(Self::$name => $version),* }
            }

            /// Every version in which bodies of this kind were ever written, the first one first.
            pub fn versions(self) -> &'static [u8] {
                match self { $(Self::$name => &[$($old_version,)* $version]),* }
            }
        }

        impl Entry {
            pub fn kind(&self) -> Kind {
                match self { $(Self::$name(_) => Kind::$name),* }
            }

            fn put_fields(&self, out: &mut Writer) {
                match self { $(Self::$name(fields) => fields.put(out)),* }
            }

            fn take_fields(kind: Kind, version: u8, input: &mut Reader<'_>) -> Result<Self, Malformed> {
                match (kind, version) {
                    $(
                        (Kind::$name, $version) => $name::take(input).map(Self::$name),
                        $((Kind::$name, $old_version) => <$old>::take(input).map(|old| Self::$name(old.into())),)*
                    )*
                    _ => Err(Malformed::Choice),
                }
            }
        }

        $(impl From<$name> for Entry {
            fn from(fields: $name) -> Self { Self::$name(fields) }
        })*
    };
}

entries! {
    // Written by registers.
    1 ShiftOpened v 1,
    2 ShiftClosed v 1,
    3 SaleMade v 2 from v 1 sale_v1::SaleMade,
    4 SaleVoided v 1,
    5 RefundMade v 2 from v 1 refund_v1::RefundMade,
    6 StockReceived v 1,
    7 StockCounted v 1,
    8 ShareReturned v 1,
    9 DeviceRevoked v 1,
    10 OrderHandedOver v 2 from v 1 order_v1::OrderHandedOver,
    11 OrderCancelAsked v 1,
    12 DrawerMoved v 1,
    13 DrawerOpened v 1,
    14 PaymentVerified v 1,
    15 PaymentSettled v 1,
    16 PaymentFailed v 1,
    20 PersonPut v 1,
    21 PersonErased v 1,
    22 LimitsPut v 2 from v 1 person_v1::LimitsPut,
    23 DrawerCounted v 1,
    25 StockAdjusted v 1,
    26 StockConverted v 2 from v 1 converted_v1::StockConverted,
    27 CountOpened v 1,
    28 CountMarked v 1,
    33 CustomerPut v 1,
    34 CustomerErased v 1,
    35 PurseFilled v 1,
    36 PurseSpent v 1,
    37 LoyaltyPut v 1,
    58 PriceRulePut v 2 from v 1 price_v1::PriceRulePut,
    59 PriceMoved v 1,
    60 PriceRefused v 1,
    61 OrderStepped v 1,
    62 OrderSwapAsked v 1,
    63 OrderSwapWithdrawn v 1,
    64 OrderTransferCame v 1,
    65 OrderSentBack v 1,
    66 LinesTakenOff v 1,
    67 TabPaid v 1,
    69 PricesSet v 1,
    70 LinesRepriced v 1,
    71 IncidentSettled v 1,
    72 OrderBackAsked v 1,
    73 OrderRefundAsked v 1,
    74 OrderCashGiven v 1,
    77 RivalsSeen v 1,
    78 RivalSourcePut v 1,
    79 CountDropped v 1,
    80 CouponPut v 1,
    // Written by the server alone.
    0x101 EpochStarted v 1,
    0x102 DeviceAdmitted v 1,
    0x103 ShareGranted v 1,
    0x104 ShareRecalled v 1,
    0x105 OrderPlaced v 4 from v 1 order_v1::OrderPlaced from v 2 order_v2::OrderPlaced
        from v 3 order_v3::OrderPlaced,
    0x106 OrderReleased v 1,
    0x107 OrderFulfilled v 1,
    0x108 StockMoved v 1,
    0x109 IncidentRaised v 1,
    0x10a RefundAllowed v 2 from v 1 refund_v1::RefundAllowed,
    0x10b Unfrozen v 1,
    0x10c RecordParked v 1,
    0x132 OrderToPay v 1,
    0x133 OrderPaid v 1,
    0x134 OrderPaidBack v 1,
    0x135 OrderRefundAllowed v 1,
    0x136 OrderRefundEnded v 1,
    0x137 OrderToTransfer v 1,
    0x13a ReturnAsked v 1,
    0x13b ReturnTaken v 1,
    0x13c ReturnRefused v 1,
    0x13d OrderSwapOffered v 1,
    0x13e OrderSwapTaken v 1,
    0x13f OrderSwapEnded v 1,
    0x140 RivalsFetched v 1,
    0x141 ProgramActed v 1,
    0x142 DealTaken v 1,
    0x143 OrderPurseHeld v 2 from v 1 purse_v1::OrderPurseHeld,
    0x144 OrderPurseMoved v 2 from v 1 purse_v1::OrderPurseMoved,
    // Notes, from 0x2000 to 0x2fff: they move nothing, so whoever cannot read one passes it on and promises as before.
    0x2001 CostsNoted v 1,
}

/// Kinds from here up to `SERVER_KIND_LAST` count only when the server wrote them.
pub const SERVER_KIND_FIRST: u16 = 0x100;
pub const SERVER_KIND_LAST: u16 = 0x1ff;

impl Kind {
    pub fn is_server_only(self) -> bool {
        (SERVER_KIND_FIRST..=SERVER_KIND_LAST).contains(&self.number())
    }
}

impl Entry {
    /// The record body: version, stamp, who, fields. In the first form in which all of it can be said: registers of before
    /// set aside what they cannot read.
    pub fn to_body(&self, stamp: &Stamp) -> Vec<u8> {
        let mut out = Writer::new();
        if let Self::LimitsPut(put) = self
            && let Some(first) = person_v1::first_form(put)
        {
            stamp.put(person_v1::VERSION, &mut out);
            first.put(&mut out);
            return out.finish();
        }
        if let Self::PriceRulePut(put) = self
            && let Some(first) = price_v1::first_form(put)
        {
            stamp.put(price_v1::VERSION, &mut out);
            first.put(&mut out);
            return out.finish();
        }
        if let Self::OrderPurseHeld(held) = self
            && let Some(first) = purse_v1::first_held(held)
        {
            stamp.put(purse_v1::VERSION, &mut out);
            first.put(&mut out);
            return out.finish();
        }
        if let Self::OrderPurseMoved(moved) = self
            && let Some(first) = purse_v1::first_moved(moved)
        {
            stamp.put(purse_v1::VERSION, &mut out);
            first.put(&mut out);
            return out.finish();
        }
        stamp.put(self.kind().version(), &mut out);
        self.put_fields(&mut out);
        out.finish()
    }

    /// Whether a newer program wrote this body: it cannot be read here, and is no nonsense for that.
    pub fn is_newer(kind: Kind, body: &[u8]) -> bool {
        body.first().is_some_and(|byte| byte & !WITH_PERSON > kind.version())
    }

    /// Reads a body written by any version that ever existed.
    pub fn from_body(kind: Kind, body: &[u8]) -> Result<(Stamp, Self), Malformed> {
        let mut input = Reader::new(body);
        let (version, stamp) = Stamp::take(&mut input)?;
        let entry = Self::take_fields(kind, version, &mut input)?;
        input.end()?;
        Ok((stamp, entry))
    }
}

crate::wire_choice! {
    /// Where refunded goods went.
    pub enum GoodsBack { KeptByBuyer = 1, Sellable = 2, Waste = 3 }
}

crate::wire_choice! {
    /// Why an order's hold went back.
    pub enum ReleaseReason { BuyerCancelled = 1, StallCancelled = 2, PaymentFailed = 3, Lapsed = 4 }
}

crate::wire_choice! {
    /// Why the server moved units between accounts.
    pub enum MoveCause {
        /// A revoked device's share is set apart.
        Quarantine = 1,
        /// A revoked device's late facts are covered by what was set apart.
        TailArrived = 2,
        /// An owner took a lost device's units back, by a recorded decision with a risk.
        ForcedReclaim = 3,
        /// Units owed are covered from the shop's share.
        Cover = 4,
        /// An author spent more than the server ever knew it to hold.
        Overdrawn = 5,
        /// An order was cancelled here and handed over there: the units are gone.
        HandedOverAnyway = 6,
        /// A copied device sold too; what its history says happened is a fact.
        OtherBranch = 7,
        /// Somebody counted after the device was revoked: what is missing is what was set apart.
        Counted = 8,
    }
}

crate::wire_choice! {
    /// What needs a person's eye.
    pub enum IncidentKind {
        /// More was promised or sold than is there.
        Shortage = 1,
        /// An author spent more than it held.
        Overdrawn = 2,
        /// Two histories of one author exist: a copied device.
        Fork = 3,
        /// One payment's code stands on two sales: at most one of them was paid with it.
        PaymentTwice = 4,
        /// One open order was paid at two registers that could not hear each other.
        PaidTwice = 5,
        /// A buyer's payment does not come to an end, or its provider says what cannot be.
        PaymentOdd = 6,
        /// Somebody gave a buyer's money back, and not from here.
        PaymentReturned = 7,
        /// A buyer's bank takes the money back.
        PaymentDisputed = 8,
        /// An order was handed over, and its payment came to nothing.
        HandedOverUnpaid = 9,
        /// An order ended without its goods, and its transfer came: somebody has to send the money back.
        TransferToSendBack = 10,
        /// Two registers say that the transfer for one order came: it may have come twice.
        TransferTwice = 11,
        /// What was to go back to a buyer stays with the shop, which gives it back in another way.
        PaymentStays = 12,
    }
}

crate::wire_struct! {
    pub struct ShiftOpened { pub shift: ShiftId, pub float_minor: i64 }
}

crate::wire_struct! {
    pub struct ShiftClosed {
        pub shift: ShiftId,
        pub expected_minor: i64,
        pub counted_minor: i64,
        pub reason: String,
    }
}

crate::wire_struct! {
    /// Units of one product on their way back.
    pub struct Units { pub product: ProductId, pub quantity: i64 }
}

crate::wire_struct! {
    /// Units of one product that one entry takes back, split as the entry it undoes was.
    pub struct SplitUnits { pub product: ProductId, pub from_share: i64, pub beyond_share: i64 }
}

crate::wire_struct! {
    pub struct SaleVoided {
        pub sale: SaleId,
        pub shift: ShiftId,
        pub reason: String,
        /// Every unit of the sale, so that the fold needs no other entry.
        pub units: Vec<SplitUnits>,
        pub cash_back_minor: i64,
    }
}

crate::wire_struct! {
    pub struct ReceivedLine { pub product: ProductId, pub quantity: i64, pub cost_minor: Option<i64> }
}

crate::wire_struct! {
    pub struct StockReceived { pub delivery: ThingId, pub lines: Vec<ReceivedLine>, pub note: String }
}

crate::wire_struct! {
    /// A count never sets a number: it states what the counter had seen, and the difference moves.
    pub struct StockCounted {
        pub count: ThingId,
        pub product: ProductId,
        pub counted: i64,
        pub expected: i64,
        /// The part of a shortage that the counter's own share covered.
        pub from_share: i64,
        /// The records the counter had seen: expected is exact for these. Of a register that marked the count, its mark.
        pub seen: Vec<(AuthorId, u64)>,
        pub reason: String,
    }
}

crate::wire_struct! {
    /// Somebody begins to count a product. Every register that hears of it says where in its chain it stands, so that
    /// the count is compared with what had happened everywhere by then.
    pub struct CountOpened { pub count: ThingId, pub product: ProductId }
}

crate::wire_struct! {
    /// What this register wrote before stands before the count, and what it writes from now on behind it.
    pub struct CountMarked { pub count: ThingId }
}

crate::wire_struct! {
    /// Whoever opened this count gives no number for it: nobody marks it any more.
    pub struct CountDropped { pub count: ThingId }
}

crate::wire_choice! {
    /// Why units are here no more, or are here after all.
    pub enum AdjustReason {
        /// Spoiled or past its date.
        Waste = 1,
        Broken = 2,
        Stolen = 3,
        /// Used at the stall itself.
        OwnUse = 4,
        /// Given away.
        Gift = 5,
        OtherLoss = 6,
        /// The only one that adds units.
        Found = 7,
        /// An import of products was undone: what it had taken in never came.
        Undone = 8,
    }
}

crate::wire_struct! {
    /// Units that a person knows to be gone or found, without counting the rest.
    pub struct StockAdjusted {
        pub adjustment: ThingId,
        pub reason: AdjustReason,
        /// For what was found, the whole quantity is from the share: it becomes the author's.
        pub lines: Vec<SplitUnits>,
        pub note: String,
    }
}

crate::wire_struct! {
    /// Units that became units of other products: a basket packed from its parts, or a crate opened.
    pub struct StockConverted {
        pub conversion: ThingId,
        pub taken: Vec<SplitUnits>,
        /// Into the author's share; what is made beyond it pays what is owed of the product.
        pub made: Vec<SplitUnits>,
        pub note: String,
    }
}

crate::wire_struct! {
    pub struct ShareReturned {
        pub share: ShareId,
        pub product: ProductId,
        pub quantity: i64,
        pub recall: Option<ThingId>,
    }
}

crate::wire_struct! {
    pub struct DeviceRevoked { pub author: AuthorId, pub reason: String }
}

crate::wire_struct! {
    pub struct OrderCancelAsked { pub order: OrderId, pub reason: String }
}

crate::wire_struct! {
    /// The server begins a life: after a restore, everything it had promised is frozen until proven.
    pub struct EpochStarted { pub epoch: EpochId, pub counter: u64, pub frozen: bool }
}

crate::wire_struct! {
    pub struct DeviceAdmitted {
        pub author: AuthorId,
        pub role: crate::role::Role,
        pub name: String,
        /// The author that this one continues after a restore; its share is set apart.
        pub replaces: Option<AuthorId>,
    }
}

crate::wire_struct! {
    /// A certificate: the holder may promise these units, and can prove it to a server that forgot.
    pub struct ShareGranted {
        pub share: ShareId,
        pub to: AuthorId,
        pub product: ProductId,
        pub quantity: i64,
        pub ask: Option<ThingId>,
    }
}

crate::wire_struct! {
    /// The server may only ask for a share back.
    pub struct ShareRecalled { pub recall: ThingId, pub from: AuthorId, pub product: ProductId, pub quantity: i64 }
}

crate::wire_struct! {
    pub struct OrderLine {
        pub product: ProductId,
        pub name: String,
        pub quantity: i64,
        pub unit_price_minor: i64,
        pub price_per: i64,
        /// Came off before taxes; the other amounts are without it.
        pub discount_minor: i64,
        /// Each with its rate; none in orders of the first versions, which said only what all of them come to.
        pub taxes: Vec<LineTax>,
        pub tax_minor: i64,
        pub total_minor: i64,
    }
}

crate::wire_struct! {
    pub struct OrderPlaced {
        pub order: OrderId,
        /// A random reference; the person behind it is in no record.
        pub buyer: ThingId,
        pub currency: crate::money::Currency,
        pub lines: Vec<OrderLine>,
        /// With what bringing it costs.
        pub total_minor: i64,
        pub note: String,
        /// How it comes into the buyer's hands. Where to is in no record.
        pub handing: crate::delivery::Handing,
        /// Nothing where the buyer comes for it.
        pub delivery: Option<OrderDelivery>,
        /// What took something off its lines.
        pub coupon: Option<OrderCoupon>,
    }
}

crate::wire_struct! {
    /// What bringing an order costs, a line of its own.
    pub struct OrderDelivery {
        /// One of the stall's own names of places; empty where it has one price for all.
        pub zone: String,
        /// As with a line.
        pub taxes: Vec<LineTax>,
        pub tax_minor: i64,
        /// With its tax.
        pub total_minor: i64,
    }
}

crate::wire_struct! {
    pub struct OrderReleased { pub order: OrderId, pub reason: ReleaseReason, pub units: Vec<Units> }
}

crate::wire_struct! {
    pub struct OrderFulfilled { pub order: OrderId, pub units: Vec<Units> }
}

crate::wire_struct! {
    pub struct Move {
        pub product: ProductId,
        pub from: crate::stock::Account,
        pub to: crate::stock::Account,
        pub quantity: i64,
    }
}

crate::wire_struct! {
    pub struct StockMoved { pub cause: MoveCause, pub moves: Vec<Move>, pub reason: String }
}

crate::wire_struct! {
    pub struct IncidentRaised {
        pub incident: ThingId,
        pub kind: IncidentKind,
        pub author: Option<AuthorId>,
        pub product: Option<ProductId>,
        pub quantity: i64,
        /// Orders that may not be kept, youngest first.
        pub orders: Vec<OrderId>,
    }
}

crate::wire_struct! {
    /// Somebody of the stall looked at an incident and did what was to be done.
    pub struct IncidentSettled { pub incident: ThingId }
}

crate::wire_struct! {
    /// Every device has proven its history to the new life of the server, or the stock was counted.
    pub struct Unfrozen { pub epoch: EpochId, pub by_count: bool }
}

crate::wire_struct! {
    pub struct RecordParked { pub author: AuthorId, pub seq: u64, pub code: u8, pub note: String }
}
