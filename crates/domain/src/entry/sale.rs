//! A sale and what becomes of its payments. Prices, taxes, discounts and their reasons are copied in and never looked
//! up again. Who sold and who approved stands in the stamp. A customer is an id: no name stands in a record.

use crate::basket::{Discount, Tender, TenderKind};
use crate::ids::{OrderId, ProductId, SaleId, ShiftId, ThingId};
use crate::money::Currency;
use crate::quantity::Unit;
use crate::tax::LineTax;

crate::wire_struct! {
    /// What came off a price, and why. Who let it stands with the record's stamp.
    pub struct Reduction {
        /// As it was asked for: an amount or a percentage.
        pub off: Discount,
        pub amount_minor: i64,
        pub reason: String,
    }
}

crate::wire_struct! {
    pub struct SaleLine {
        /// None for a custom amount.
        pub product: Option<ProductId>,
        pub name: String,
        /// None in sales of the first version, which did not say it.
        pub unit: Option<Unit>,
        pub quantity: i64,
        /// The part of the quantity that no share of the register covered.
        pub beyond_share: i64,
        pub unit_price_minor: i64,
        pub price_per: i64,
        /// All that came off: the line's own discount and its part of the sale's.
        pub discount_minor: i64,
        /// The line's own discount.
        pub discount: Option<Reduction>,
        pub taxes: Vec<LineTax>,
        /// What the buyer pays for the line, taxes in.
        pub total_minor: i64,
        pub note: String,
    }
}

impl SaleLine {
    /// The part of the quantity that the register's own share covered.
    pub fn from_share(&self) -> i64 {
        self.quantity.saturating_sub(self.beyond_share)
    }
}

crate::wire_choice! {
    /// Whether a payment's money was seen. It only moves forward: claimed, failed, verified, settled.
    pub enum Standing {
        /// There is nothing to prove: coins in the hand, a card's slip.
        Taken = 1,
        /// The buyer says so. A message on a buyer's screen is never proof (C73).
        Claimed = 2,
        /// Somebody looked, and it never came.
        Failed = 3,
        /// Somebody of the stall saw that the money came.
        Verified = 4,
        /// It is on the stall's account.
        Settled = 5,
    }
}

impl Standing {
    /// Of two things said about one payment, the one that counts; the order in which they arrive does not matter.
    #[must_use]
    pub fn further(self, other: Self) -> Self {
        self.max(other)
    }

    /// Nobody of the stall saw the money: a report counts it apart.
    pub fn is_unseen(self) -> bool {
        matches!(self, Self::Claimed | Self::Failed)
    }
}

crate::wire_struct! {
    /// A payment as it was taken.
    pub struct Tendered {
        pub kind: TenderKind,
        /// What was handed over, before change.
        pub amount_minor: i64,
        /// The code of a payment by phone, the last digits of a card.
        pub reference: String,
        pub standing: Standing,
    }
}

/// Before the number of the receipt whose goods came back for others.
const EXCHANGED: char = '#';

impl Tendered {
    /// What stands at the payment of an exchange: the receipt whose goods came back.
    pub fn exchange_of(receipt_number: u64) -> String {
        format!("{EXCHANGED}{receipt_number}")
    }

    /// Goods that came back, not money: what the exchange of `kind` handed over.
    pub fn is_exchange(&self) -> bool {
        matches!(self.kind, TenderKind::Cash | TenderKind::Voucher) && self.reference.starts_with(EXCHANGED)
    }

    /// What it is worth, without what proves it.
    pub fn plain(&self) -> Tender {
        Tender { kind: self.kind, amount_minor: self.amount_minor }
    }
}

/// The cash among payments, as it was handed over.
pub fn cash_tendered(tenders: &[Tendered]) -> i64 {
    let cash = tenders.iter().filter(|taken| taken.kind == TenderKind::Cash);
    cash.fold(0, |sum: i64, taken| sum.saturating_add(taken.amount_minor))
}

/// By how much payments let the drawer grow.
pub fn cash_kept(tenders: &[Tendered], change_minor: i64) -> i64 {
    cash_tendered(tenders).saturating_sub(change_minor)
}

crate::wire_struct! {
    pub struct SaleMade {
        pub sale: SaleId,
        pub shift: ShiftId,
        /// Gapless per register, never reused; a label, not an identity.
        pub receipt_number: u64,
        pub currency: Currency,
        pub lines: Vec<SaleLine>,
        /// Off the whole sale; each line says its part.
        pub discount: Option<Reduction>,
        pub total_minor: i64,
        /// Added to the cash part only, so that coins suffice.
        pub cash_rounding_minor: i64,
        pub tenders: Vec<Tendered>,
        pub change_minor: i64,
        pub note: String,
        pub customer: Option<ThingId>,
        /// The open order that this sale closed.
        pub tab: Option<OrderId>,
    }
}

crate::wire_struct! {
    /// Units of one line of an open order: those above `from` up to `upto`, counted from the line's first one. So what nobody paid
    /// is told from what somebody did, whoever hears of which first.
    pub struct TabSpan { pub line: ThingId, pub from: i64, pub upto: i64 }
}

crate::wire_struct! {
    /// Before a sale of an open order: what of the order is done with by it, paid or taken out at the counter. The rest of the
    /// order is still to be paid. A sale without this word closes all of its order.
    pub struct TabPaid { pub sale: SaleId, pub tab: OrderId, pub spans: Vec<TabSpan> }
}

crate::wire_struct! {
    /// What so many units of a product cost the stall.
    pub struct UnitCost { pub product: ProductId, pub cost_minor: i64, pub per: i64 }
}

crate::wire_struct! {
    /// Right before a sale, or before an order is handed over under the name of its order: what the goods cost by then. Goods whose
    /// cost nobody knew are not in it. A note: whoever does not know it sells, counts and passes it on without.
    pub struct CostsNoted { pub sale: SaleId, pub costs: Vec<UnitCost> }
}

crate::wire_struct! {
    /// Somebody of the stall saw the money of a claimed payment.
    pub struct PaymentVerified {
        pub sale: SaleId,
        /// Position of the payment in its sale.
        pub tender: u32,
        /// As the provider wrote it to the stall.
        pub code: String,
    }
}

crate::wire_struct! {
    /// The money of a payment stands on the stall's account.
    pub struct PaymentSettled {
        pub sale: SaleId,
        pub tender: u32,
    }
}

crate::wire_struct! {
    /// Somebody looked, and the money of a claimed payment never came. The sale stays what it was; the money is missing.
    pub struct PaymentFailed {
        pub sale: SaleId,
        pub tender: u32,
        pub reason: String,
    }
}

crate::wire_struct! {
    pub struct TakenOff {
        /// None for a custom amount.
        pub product: Option<ProductId>,
        pub name: String,
        pub quantity: i64,
        /// What the cart had asked for it.
        pub amount_minor: i64,
    }
}

crate::wire_struct! {
    /// Lines left a cart after paying began. Nothing was sold of them.
    pub struct LinesTakenOff {
        pub taking: ThingId,
        /// The sale that the cart was to become.
        pub sale: SaleId,
        pub shift: Option<ShiftId>,
        pub lines: Vec<TakenOff>,
        pub amount_minor: i64,
        pub reason: String,
    }
}

crate::wire_struct! {
    /// A line that was sold at another price than its own.
    pub struct Repriced {
        /// Position of the line in its sale.
        pub line: u32,
        pub product: ProductId,
        pub name: String,
        pub quantity: i64,
        pub unit: Option<Unit>,
        pub own_minor: i64,
        pub own_per: i64,
        pub unit_price_minor: i64,
        pub price_per: i64,
    }
}

crate::wire_struct! {
    /// Beside a sale: its lines that were sold at another price than their own, which the sale does not say.
    pub struct LinesRepriced { pub sale: SaleId, pub lines: Vec<Repriced> }
}
