//! The data: what is due, how far it came, what a provider says of it, and what follows for the shop.

use soko_domain::ids::{OrderId, ThingId};
use soko_domain::money::Currency;

/// A closed list that is kept as a number.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $case:ident = $number:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name { $($(#[$doc])* $case = $number),* }

        impl $name {
            pub fn number(self) -> u8 {
                match self { $(Self::$case => $number),* }
            }

            pub fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$case),)* _ => None }
            }
        }
    };
}

numbered! {
    /// How far a payment came. It only ever moves to a later one of these.
    pub enum State {
        /// Nothing was asked of the provider yet.
        Created = 1,
        /// It was asked for, or may have been; the buyer has not paid.
        Intent = 2,
        /// The provider holds the money for us.
        Authorised = 3,
        /// The money is ours, and the stall's records do not say so yet.
        Captured = 4,
        /// The stall's records say that it is paid.
        Posted = 5,
        /// It is to end, and the provider has not confirmed that.
        Cancelling = 6,
        /// The provider said that nothing will be paid, or it was never asked.
        Cancelled = 7,
        /// It was paid and is on its way back.
        Returning = 8,
        Returned = 9,
        /// It was to go back and does not: whoever sells has it, and gives it back in another way. Nobody asks for it any more.
        Stays = 10,
    }
}

numbered! {
    /// What can be asked of a provider.
    pub enum Call {
        Ask = 1,
        LookUp = 2,
        Capture = 3,
        Void = 4,
        /// All that is left of what was paid.
        Refund = 5,
        RefundPart = 6,
    }
}

numbered! {
    /// Calls that fail together: each has its own breaker and its own seats.
    pub enum Class {
        /// Takes money or promises to.
        Charge = 1,
        /// Gives it back.
        Return = 2,
        Look = 3,
    }
}

numbered! {
    /// What the provider says of its object.
    pub enum Status {
        /// The buyer can still pay.
        Pending = 1,
        Authorised = 2,
        Captured = 3,
        /// Cancelled, failed or expired: nothing was paid.
        Dead = 4,
        Refunded = 5,
    }
}

numbered! {
    /// How far a part of the money is on its way back. It only ever moves to a later one of these.
    pub enum Stage {
        /// Nothing was asked of the provider yet.
        Wanted = 1,
        /// It was asked for, or may have been.
        Asked = 2,
        /// The provider has it, and the buyer not yet.
        Pending = 3,
        Done = 4,
        /// The buyer does not get it this way.
        Failed = 5,
        /// It was back, and then it was not: a person gives it in another way.
        Undone = 6,
    }
}

numbered! {
    /// Why it ends without the money.
    pub enum Ending { Buyer = 1, Stall = 2, Failed = 3 }
}

numbered! {
    /// Why a person has to look.
    pub enum Trouble {
        /// The provider's object is about another amount, currency, account or order.
        Mismatch = 1,
        /// Two objects name one order.
        TwoObjects = 2,
        /// It does not move on, or there is no answer.
        Stuck = 3,
        /// The provider takes back what it had said.
        Contradiction = 4,
        /// Somebody gave the money back at the provider.
        ReturnedOutside = 5,
        /// The buyer's bank takes the money back.
        Disputed = 6,
        /// What was to go back stays with the shop.
        Stays = 7,
        /// Nobody here can be asked about it any more.
        Gone = 8,
    }
}

impl Call {
    pub fn class(self) -> Class {
        match self {
            Self::Ask | Self::Capture => Class::Charge,
            Self::Void | Self::Refund | Self::RefundPart => Class::Return,
            Self::LookUp => Class::Look,
        }
    }

    /// One key for each order and call, for ever: however often it is sent, it is done once.
    pub fn key(self, order: OrderId) -> String {
        let what = match self {
            Self::Ask => "ask",
            Self::LookUp => "look",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::RefundPart => "part",
        };
        format!("{order}:{what}:1")
    }
}

/// What is asked of the provider, and must be equal in all that it says. Never changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    pub order: OrderId,
    /// Whose money it is to be, as the provider names it.
    pub account: String,
    pub amount_minor: i64,
    pub currency: Currency,
}

/// What the provider has for an order, as it was fetched from it. A webhook is never one of these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    pub id: String,
    pub status: Status,
    pub due: Due,
    /// Where the buyer pays.
    pub page: Option<String>,
    pub back: Back,
}

/// What went back of it without all of it going back.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Back {
    /// By our own names, each as far as it is: `Pending`, `Done` or `Failed`.
    pub parts: Vec<(ThingId, Stage)>,
    /// What somebody gave back at the provider, and not from here, in all.
    pub outside_minor: i64,
}

/// A part of the money that is to go back, under a name of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    pub refund: ThingId,
    pub amount_minor: i64,
    pub stage: Stage,
    /// How often it was asked for.
    pub asks: u32,
}

/// What came of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Seen(Object),
    /// A look-up found nothing under this order.
    Nothing,
    /// Understood, and not done.
    Refused(String),
    /// A timeout, a broken connection, a 500: done or not done.
    Unknown,
    /// Not asked: whoever takes such payments is not here any more.
    Gone,
}

/// What follows for the shop, in the transaction in which the payment is kept. Each is done once even if it is asked for twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Write that the order is paid, and say so with `Payment::posted`.
    Post,
    /// Give the order's hold back, if it still has one.
    Free(Ending),
    /// Write that all that was left of the money went back.
    PaidBack,
    /// Write that this part went back.
    PartBack(ThingId),
    /// Write that this part does not go back this way.
    PartFailed(ThingId),
    /// This part was back and is not any more: a person gives it in another way.
    PartUndone(ThingId),
    /// Write that all that was left does not go back this way.
    Stays,
    /// Write that so much in all was given back at the provider, and not from here.
    BackOutside(i64),
    /// A person has to look.
    Tell(Trouble),
}

/// What follows from an answer.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Next {
    pub deeds: Vec<Deed>,
    /// Begun already: to be made at once, while what the look-up said is fresh. Whoever dies before it looks again.
    pub call: Option<Call>,
}

/// One payment, all of which is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    pub due: Due,
    pub state: State,
    /// A call that may have been done: until a look-up says so, nothing else is asked.
    pub doubt: Option<Call>,
    /// The provider's name for it.
    pub object: Option<String>,
    pub page: Option<String>,
    /// What the provider last said.
    pub seen: Option<Status>,
    pub ending: Option<Ending>,
    /// Told already, or about to be.
    pub trouble: Option<Trouble>,
    /// Somebody said that something happened: so often it is looked up, whatever the state.
    pub looks: u8,
    /// The records say that it is paid.
    pub is_posted: bool,
    /// How often it was asked for.
    pub asks: u32,
    /// Calls since it last moved on.
    pub tries: u32,
    /// Calls without an answer, in a row.
    pub unanswered: u32,
    /// Answers, in a row, by which the provider does not know what the records, or it itself, said before.
    pub denials: u32,
    /// Parts that went back or are to, in the order in which they were asked for.
    pub parts: Vec<Part>,
}
