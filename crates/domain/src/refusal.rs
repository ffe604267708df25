//! Why a verb was not done. One closed list, most important first: when several reasons hold, the first one
//! is given. Each says whether trying again can help, and its sentence says what to do.

use crate::basket::{PriceError, SettleError};
use crate::coupon::CouponProblem;
use crate::deal::DealProblem;
use crate::ids::{AuthorId, OrderId, ProductId, SaleId, ShiftId, ThingId};
use crate::money::MoneyError;
use crate::people::Act;
use crate::verbs::return_goods::ReturnProblem;
use crate::wrong::Wrong;

/// Whether the same command can succeed later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// Never: something about the command itself is wrong.
    Never,
    /// After a person changed something: opened a shift, got a share.
    AfterChange,
    /// By itself, later.
    Later,
}

/// A closed list in order of precedence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("this copy of the register was restored or copied; enrol it again before it may promise stock")]
    RegisterFrozen,
    #[error("another device of this stall runs a newer version; update this one before it promises stock")]
    Outdated,
    #[error("this device was revoked; ask the stall's owner to enrol it again")]
    DeviceRevoked,
    #[error("the device may still sell what it holds; shut it out first")]
    DeviceNotRevoked,
    #[error("your role may not do this; ask the owner or a manager")]
    NotAllowed,
    #[error("nobody said who is at the register; choose yourself and enter your PIN")]
    Locked,
    #[error("this needs a manager; ask one for the PIN")]
    ApprovalNeeded { acts: Vec<Act> },
    #[error("the server was restored and waits for every device to report; try again when it says so")]
    StallFrozen,
    #[error(
        "the confirmation is of another life of the server; look at the device list and confirm it again"
    )]
    OtherEpoch,
    #[error("{0}")]
    Invalid(Wrong),
    #[error("{0}")]
    Basket(PriceError),
    #[error("{0}")]
    Payment(SettleError),
    #[error("an amount is too large to compute")]
    TooLarge,
    #[error("the stall does not hand orders over in this way; choose another")]
    HandingNotOffered,
    #[error("the stall brings nothing there; choose one of its zones")]
    UnknownZone,
    #[error("the order is too heavy to be sent: at most {heaviest_g} grams; take something out, or fetch it")]
    TooHeavy { heaviest_g: i64 },
    #[error("{0} does not exist in this stall")]
    UnknownProduct(ProductId),
    #[error("sale {0} is not known here; replicate first, or use the register that made it")]
    UnknownSale(SaleId),
    #[error("order {0} is not known here")]
    UnknownOrder(OrderId),
    #[error("device {0} is not known in this stall")]
    UnknownDevice(AuthorId),
    #[error("customer {0} is not known here, or was erased")]
    UnknownCustomer(ThingId),
    #[error("nothing is known of this card here; check its code, or replicate first")]
    UnknownPurse,
    #[error("no shift is open; open one first")]
    NoShift,
    #[error("shift {0} is open already; close it first")]
    ShiftOpen(ShiftId),
    #[error("shift {0} is not the one that is open here")]
    OtherShift(ShiftId),
    #[error("the sale was voided")]
    SaleVoided,
    #[error("the sale was refunded in part, so it cannot be voided; refund the rest")]
    SaleRefunded,
    #[error("only the register that made the sale, in the same shift, may void it; refund it instead")]
    VoidElsewhere,
    #[error("only {left} of this line can still be refunded")]
    RefundExceeds { left: i64 },
    #[error(
        "only {left_minor} (smallest units) of this sale was paid in a way that can go back like this: see first that a payment by phone came, and give what a gift card, credit or points paid back into a gift card or credit"
    )]
    RefundUnpaid { left_minor: i64 },
    #[error("register {register} holds the right to refund this sale until its shift closes")]
    RefundHeldElsewhere { register: AuthorId },
    #[error("the tab was paid with sale {0}; look at that receipt")]
    TabClosed(SaleId),
    #[error("this stall sells nothing beyond its share; ask for a share, or receive the goods first")]
    BeyondForbidden,
    #[error("the payment was seen already")]
    PaymentSeen,
    #[error("this code paid already, for {0}; ask the buyer for another payment")]
    CodeUsed(SaleId),
    #[error("{products} products have this tax: give them another one first")]
    TaxInUse { products: i64 },
    #[error(
        "money was taken in the stall's currency: it cannot become another one; open another stall for it"
    )]
    CurrencyKept,
    #[error("the payments do not cover the total: {missing_minor} (smallest units) are missing")]
    Underpaid { missing_minor: i64 },
    #[error("{available} left in the share for product {product}, {asked} asked")]
    ShareExceeded { product: ProductId, available: i64, asked: i64 },
    #[error("{here} of it can be spent at this register, {asked} asked; {elsewhere} more is held elsewhere")]
    PurseShort { here: i64, elsewhere: i64, asked: i64 },
    #[error("{held} of this buyer's orders are open here already; wait for one or cancel it")]
    TooManyHeld { held: u32 },
    #[error("the order was {0} already")]
    OrderEnded(&'static str),
    #[error("the order is {0} already; look at it again")]
    StepTaken(&'static str),
    #[error("the order has to be {0} first")]
    StepTooEarly(&'static str),
    #[error("the order is on its way; speak with the stall, or refuse it when it comes")]
    OnTheWay,
    #[error("the order waits for its bank transfer; say that it came, or cancel the order")]
    TransferAwaited,
    #[error("the order was cancelled before its transfer came; send the money back, or make a new order")]
    TransferLate,
    #[error("somebody said before that this transfer came; look at the order again")]
    TransferSeen,
    #[error(
        "the transfer has to be {due_minor} (smallest units); send another amount back, or have the rest sent"
    )]
    TransferDiffers { due_minor: i64 },
    #[error("this reference is another order's; look which order the transfer is for")]
    TransferOfOther,
    #[error("{0}")]
    Coupon(CouponProblem),
    #[error("{problem} ({product})")]
    Deal { product: ProductId, problem: DealProblem },
    #[error("{0}")]
    Return(ReturnProblem),
    #[error("the id was used before for something else")]
    IdReused,
    #[error(
        "this was answered long ago, and the answer is not kept any longer; look whether it was done before doing it anew"
    )]
    AnsweredLongAgo,
    #[error("the price of {0} changed; look again before ordering")]
    PriceChanged(ProductId),
    #[error("nobody said what {0} costs: say it, or a floor, before its price moves by itself")]
    NoFloor(ProductId),
    #[error("the order comes to {total_minor} (smallest units) by now; look again before ordering")]
    TotalChanged { total_minor: i64 },
    #[error("{tax_minor} (smallest units) of it are taxes by now; look again before ordering")]
    TaxChanged { tax_minor: i64 },
    #[error("the gift card pays {pays_minor} (smallest units) of it by now; look again before ordering")]
    CardPays { pays_minor: i64 },
}

impl Refusal {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RegisterFrozen => "register_frozen",
            Self::Outdated => "outdated",
            Self::DeviceRevoked => "device_revoked",
            Self::DeviceNotRevoked => "not_revoked",
            Self::NotAllowed => "not_allowed",
            Self::Locked => "locked",
            Self::ApprovalNeeded { .. } => "approval_needed",
            Self::StallFrozen => "stall_frozen",
            Self::OtherEpoch => "other_epoch",
            Self::Invalid(wrong) => wrong.code(),
            Self::Basket(_) => "basket",
            Self::Payment(_) => "payment",
            Self::TooLarge => "too_large",
            Self::HandingNotOffered => "handing_not_offered",
            Self::UnknownZone => "unknown_zone",
            Self::TooHeavy { .. } => "too_heavy",
            Self::UnknownProduct(_) => "unknown_product",
            Self::UnknownSale(_) => "unknown_sale",
            Self::UnknownOrder(_) => "unknown_order",
            Self::UnknownDevice(_) => "unknown_device",
            Self::UnknownCustomer(_) => "unknown_customer",
            Self::UnknownPurse => "unknown_purse",
            Self::NoShift => "no_shift",
            Self::ShiftOpen(_) => "shift_open",
            Self::OtherShift(_) => "other_shift",
            Self::SaleVoided => "sale_voided",
            Self::SaleRefunded => "sale_refunded",
            Self::VoidElsewhere => "void_elsewhere",
            Self::RefundExceeds { .. } => "refund_exceeds",
            Self::RefundUnpaid { .. } => "refund_unpaid",
            Self::RefundHeldElsewhere { .. } => "refund_held_elsewhere",
            Self::TabClosed(_) => "tab_closed",
            Self::BeyondForbidden => "beyond_forbidden",
            Self::PaymentSeen => "payment_seen",
            Self::CodeUsed(_) => "code_used",
            Self::TaxInUse { .. } => "tax_in_use",
            Self::CurrencyKept => "currency_kept",
            Self::Underpaid { .. } => "underpaid",
            Self::ShareExceeded { .. } => "share_exceeded",
            Self::PurseShort { .. } => "purse_short",
            Self::TooManyHeld { .. } => "too_many_held",
            Self::OrderEnded(_) => "order_ended",
            Self::StepTaken(_) => "step_taken",
            Self::StepTooEarly(_) => "step_too_early",
            Self::OnTheWay => "on_the_way",
            Self::TransferAwaited => "transfer_awaited",
            Self::TransferLate => "transfer_late",
            Self::TransferSeen => "transfer_seen",
            Self::TransferDiffers { .. } => "transfer_differs",
            Self::TransferOfOther => "transfer_of_other",
            Self::Coupon(problem) => problem.code(),
            Self::Deal { problem, .. } => problem.code(),
            Self::Return(problem) => problem.code(),
            Self::IdReused => "id_reused",
            Self::AnsweredLongAgo => "answered_long_ago",
            Self::PriceChanged(_) => "price_changed",
            Self::NoFloor(_) => "no_floor",
            Self::TotalChanged { .. } => "total_changed",
            Self::TaxChanged { .. } => "tax_changed",
            Self::CardPays { .. } => "card_changed",
        }
    }

    pub fn retry(&self) -> Retry {
        match self {
            Self::StallFrozen => Retry::Later,
            Self::RegisterFrozen
            | Self::Outdated
            | Self::Locked
            | Self::ApprovalNeeded { .. }
            | Self::UnknownSale(_)
            | Self::UnknownOrder(_)
            | Self::NoShift
            | Self::ShiftOpen(_)
            | Self::RefundHeldElsewhere { .. }
            | Self::ShareExceeded { .. }
            | Self::UnknownPurse
            | Self::PurseShort { .. }
            | Self::BeyondForbidden
            | Self::TooManyHeld { .. }
            | Self::OtherEpoch
            | Self::HandingNotOffered
            | Self::UnknownZone
            | Self::TooHeavy { .. }
            | Self::StepTooEarly(_)
            | Self::TransferAwaited
            | Self::Coupon(_)
            | Self::Deal { .. }
            | Self::TotalChanged { .. }
            | Self::TaxChanged { .. }
            | Self::CardPays { .. }
            | Self::DeviceNotRevoked
            | Self::PriceChanged(_)
            | Self::NoFloor(_)
            | Self::RefundUnpaid { .. } => Retry::AfterChange,
            Self::DeviceRevoked
            | Self::NotAllowed
            | Self::Invalid(_)
            | Self::Basket(_)
            | Self::Payment(_)
            | Self::TooLarge
            | Self::UnknownProduct(_)
            | Self::UnknownDevice(_)
            | Self::UnknownCustomer(_)
            | Self::OtherShift(_)
            | Self::SaleVoided
            | Self::SaleRefunded
            | Self::VoidElsewhere
            | Self::RefundExceeds { .. }
            | Self::TabClosed(_)
            | Self::PaymentSeen
            | Self::CodeUsed(_)
            | Self::TaxInUse { .. }
            | Self::CurrencyKept
            | Self::Underpaid { .. }
            | Self::OrderEnded(_)
            | Self::StepTaken(_)
            | Self::OnTheWay
            | Self::TransferLate
            | Self::TransferSeen
            | Self::TransferDiffers { .. }
            | Self::TransferOfOther
            | Self::Return(_)
            | Self::IdReused
            | Self::AnsweredLongAgo => Retry::Never,
        }
    }
}

impl From<PriceError> for Refusal {
    fn from(problem: PriceError) -> Self {
        Self::Basket(problem)
    }
}

impl From<CouponProblem> for Refusal {
    fn from(problem: CouponProblem) -> Self {
        Self::Coupon(problem)
    }
}

impl From<ReturnProblem> for Refusal {
    fn from(problem: ReturnProblem) -> Self {
        Self::Return(problem)
    }
}

impl From<SettleError> for Refusal {
    fn from(problem: SettleError) -> Self {
        Self::Payment(problem)
    }
}

impl From<MoneyError> for Refusal {
    fn from(_: MoneyError) -> Self {
        Self::TooLarge
    }
}

/// Refuses unless the condition holds.
pub(crate) fn ensure(condition: bool, refusal: Refusal) -> Result<(), Refusal> {
    if condition { Ok(()) } else { Err(refusal) }
}

pub(crate) fn invalid(wrong: Wrong) -> Refusal {
    Refusal::Invalid(wrong)
}
