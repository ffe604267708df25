//! What a message is about, who it is for, and whether somebody can do without it.

use super::hooks::HookTopic;

/// Numbers are kept in the store: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Topic {
    /// To the stall: somebody ordered.
    OrderNew,
    /// To the stall: a buyer does not want an order any more.
    OrderCancelled,
    /// To the stall: something needs a person's eye.
    Incident,
    /// To the stall: a buyer said what they think of something.
    ReviewNew,
    /// To the stall: there is less of a product than its owner wants to have.
    LowStock,
    /// To the stall: there is nothing left of a product that should not run out.
    StockOut,
    /// To the stall: a device was shut out.
    DeviceRevoked,
    /// To a stall's owners: an address of a program failed for days and is told nothing any more.
    HookOff,
    /// To the buyer: the goods are set aside.
    OrderHeld,
    /// To the buyer: the goods were handed over.
    OrderHandedOver,
    /// To the buyer: the stall does not fulfil the order.
    OrderReleased,
    /// To the buyer: the goods lie together.
    OrderPacked,
    /// To the buyer: come and fetch it.
    OrderReady,
    /// To the buyer: somebody brings it.
    OrderOnTheWay,
    /// To the buyer: the stall offers something else for what is missing, and waits for an answer.
    OrderSwap,
    /// To the buyer: the stall has the money.
    OrderPaid,
    /// To the buyer: the money is on its way back.
    OrderPaidBack,
    /// To the buyer: a part of the money is on its way back, or was given out of the drawer.
    OrderPartBack,
    /// To the buyer: what was to go back did not arrive, and the stall owes it.
    OrderOwed,
    /// To the buyer: the stall has again what was to come back, or does not take it.
    ReturnAnswered,
    /// To the stall: the money for an order is there.
    PaymentCame,
    /// To the stall: a buyer's money went back past Soko, or their bank takes it back.
    PaymentTrouble,
    /// To whoever likes a product: there is some of it again.
    BackInStock,
    /// To whoever likes a product: it costs less.
    PriceDrop,
    /// To whoever forgot a password.
    Recovery,
    /// To whoever has a new password, wanted or not.
    PasswordChanged,
    /// To whoever wants to see that messages arrive.
    Test,
    /// To whoever wants to be texted: shows that the telephone is theirs.
    TelephoneCode,
    /// To whoever bought at a counter, at the address that was written down there.
    Receipt,
    /// To whoever wants many messages in one: all of them.
    Gathered,
    /// To whoever's mail comes back, in another way.
    MailboxFailing,
    /// To an address that somebody wants in place of their own: shows that it is theirs.
    EmailChange,
    /// To the address that an account had, or is to have no more.
    EmailChanged,
    /// To a program.
    Program(HookTopic),
}

/// Whom a topic concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    Stall,
    Buyer,
    Account,
    /// Somebody who has no account, and may never hear of us again.
    Customer,
    /// No person.
    Program,
}

impl Topic {
    /// What people are told.
    pub const ALL: [Self; 33] = [
        Self::OrderNew,
        Self::OrderCancelled,
        Self::Incident,
        Self::ReviewNew,
        Self::LowStock,
        Self::StockOut,
        Self::DeviceRevoked,
        Self::HookOff,
        Self::OrderHeld,
        Self::OrderHandedOver,
        Self::OrderReleased,
        Self::OrderPacked,
        Self::OrderReady,
        Self::OrderOnTheWay,
        Self::OrderSwap,
        Self::OrderPaid,
        Self::OrderPaidBack,
        Self::OrderPartBack,
        Self::OrderOwed,
        Self::ReturnAnswered,
        Self::PaymentCame,
        Self::PaymentTrouble,
        Self::BackInStock,
        Self::PriceDrop,
        Self::Recovery,
        Self::PasswordChanged,
        Self::Test,
        Self::TelephoneCode,
        Self::Receipt,
        Self::Gathered,
        Self::MailboxFailing,
        Self::EmailChange,
        Self::EmailChanged,
    ];

    pub fn number(self) -> i64 {
        match self {
            Self::OrderNew => 1,
            Self::OrderCancelled => 2,
            Self::Incident => 3,
            Self::ReviewNew => 4,
            Self::LowStock => 5,
            Self::StockOut => 6,
            Self::DeviceRevoked => 7,
            Self::HookOff => 8,
            Self::OrderHeld => 10,
            Self::OrderHandedOver => 11,
            Self::OrderReleased => 12,
            Self::OrderPacked => 13,
            Self::OrderReady => 14,
            Self::OrderOnTheWay => 15,
            Self::OrderSwap => 19,
            Self::OrderPaidBack => 16,
            Self::BackInStock => 17,
            Self::PriceDrop => 18,
            Self::Recovery => 20,
            Self::PasswordChanged => 21,
            Self::Test => 22,
            Self::Receipt => 23,
            Self::TelephoneCode => 24,
            Self::Gathered => 25,
            Self::MailboxFailing => 26,
            Self::EmailChange => 27,
            Self::EmailChanged => 28,
            Self::OrderPaid => 29,
            Self::OrderPartBack => 31,
            Self::ReturnAnswered => 32,
            Self::PaymentCame => 33,
            Self::PaymentTrouble => 34,
            Self::OrderOwed => 35,
            Self::Program(topic) => topic.number(),
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        let of_people = Self::ALL.into_iter().find(|topic| topic.number() == number);
        of_people.or_else(|| HookTopic::from_number(number).map(Self::Program))
    }

    /// As programs, links and word files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderNew => "order-new",
            Self::OrderCancelled => "order-cancelled",
            Self::Incident => "incident",
            Self::ReviewNew => "review-new",
            Self::LowStock => "low-stock",
            Self::StockOut => "stock-out",
            Self::DeviceRevoked => "device-revoked",
            Self::HookOff => "hook-off",
            Self::OrderHeld => "order-held",
            Self::OrderHandedOver => "order-handed-over",
            Self::OrderReleased => "order-released",
            Self::OrderPacked => "order-packed",
            Self::OrderReady => "order-ready",
            Self::OrderOnTheWay => "order-on-the-way",
            Self::OrderSwap => "order-swap",
            Self::OrderPaid => "order-paid",
            Self::OrderPaidBack => "order-paid-back",
            Self::OrderPartBack => "order-part-back",
            Self::OrderOwed => "order-owed",
            Self::ReturnAnswered => "return-answered",
            Self::PaymentCame => "payment-came",
            Self::PaymentTrouble => "payment-trouble",
            Self::BackInStock => "back-in-stock",
            Self::PriceDrop => "price-drop",
            Self::Recovery => "recovery",
            Self::PasswordChanged => "password-changed",
            Self::Test => "test",
            Self::Receipt => "receipt",
            Self::TelephoneCode => "telephone-code",
            Self::Gathered => "gathered",
            Self::MailboxFailing => "mailbox-failing",
            Self::EmailChange => "email-change",
            Self::EmailChanged => "email-changed",
            Self::Program(topic) => topic.name(),
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    pub fn audience(self) -> Audience {
        match self {
            Self::OrderNew
            | Self::OrderCancelled
            | Self::Incident
            | Self::ReviewNew
            | Self::LowStock
            | Self::StockOut
            | Self::DeviceRevoked
            | Self::HookOff
            | Self::PaymentCame
            | Self::PaymentTrouble => Audience::Stall,
            Self::OrderHeld
            | Self::OrderHandedOver
            | Self::OrderReleased
            | Self::OrderPacked
            | Self::OrderReady
            | Self::OrderOnTheWay
            | Self::OrderSwap
            | Self::OrderPaid
            | Self::OrderPaidBack
            | Self::OrderPartBack
            | Self::OrderOwed
            | Self::ReturnAnswered
            | Self::BackInStock
            | Self::PriceDrop => Audience::Buyer,
            Self::Recovery
            | Self::PasswordChanged
            | Self::Test
            | Self::TelephoneCode
            | Self::Gathered
            | Self::MailboxFailing
            | Self::EmailChange
            | Self::EmailChanged => Audience::Account,
            Self::Receipt => Audience::Customer,
            Self::Program(_) => Audience::Program,
        }
    }

    /// What is too late when it is read in the morning: somebody waits for goods, or stands at the door with them.
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::OrderNew | Self::OrderSwap | Self::OrderOnTheWay | Self::Test)
    }

    /// What can be read with other mail once a day: nobody waits for an answer, and nothing is on its way.
    pub(crate) fn can_wait(self) -> bool {
        matches!(
            self,
            Self::OrderNew
                | Self::OrderCancelled
                | Self::ReviewNew
                | Self::LowStock
                | Self::StockOut
                | Self::PaymentCame
                | Self::BackInStock
                | Self::PriceDrop
        )
    }

    /// What speaks of money or of who may do what: it leaves before all else.
    pub(crate) fn is_first(self) -> bool {
        matches!(
            self,
            Self::OrderPaid
                | Self::OrderPaidBack
                | Self::OrderPartBack
                | Self::OrderOwed
                | Self::ReturnAnswered
                | Self::PaymentCame
                | Self::PaymentTrouble
                | Self::DeviceRevoked
        ) || self.audience() == Audience::Account && self != Self::Gathered
    }

    /// What somebody asked for and waits for, or what answers that: how often, its own limits say.
    pub(crate) fn is_asked_for(self) -> bool {
        matches!(self, Self::Recovery | Self::EmailChange) || self.is_awaited()
    }

    /// Whoever asked for it a moment ago is awake.
    pub(crate) fn is_awaited(self) -> bool {
        matches!(self, Self::Test | Self::TelephoneCode | Self::Receipt)
    }

    /// What goes to another address than the account's: that says nothing of its mailbox, and is not read by whoever has it for sure.
    pub(crate) fn is_elsewhere(self) -> bool {
        matches!(self, Self::EmailChange | Self::EmailChanged) || self.audience() == Audience::Customer
    }

    /// Whoever owns an account has to hear what happens to its password.
    pub fn may_decline(self) -> bool {
        matches!(self.audience(), Audience::Stall | Audience::Buyer)
    }
}
