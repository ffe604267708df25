//! How ids and choices look outside: hex and words where people read, bytes and numbers where programs do.

use std::fmt::Display;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use soko_domain::basket::TenderKind;
use soko_domain::delivery::Handing;
use soko_domain::entry::{
    AdjustReason, BackWay, GoodsBack, IncidentKind, OrderStep, PayWay, PriceAim, PriceCause, PriceMode,
    PriceWhy, RefundEnd, ReleaseReason, ReturnWhy, RivalWay, Standing, SwapEnd,
};
use soko_domain::ids::{
    AuthorId, EpochId, Hash, LogId, OrderId, PersonId, ProductId, SaleId, ShiftId, ThingId,
};
use soko_domain::import::{DecimalMark, IfKnown, ImportField, ImportTrouble};
use soko_domain::interaction::{Met, Place};
use soko_domain::people::Act;
use soko_domain::purse::PurseKind;
use soko_domain::quantity::Unit;
use soko_domain::rival::{RivalField, RivalTrouble};
use soko_domain::role::Role;
use soko_domain::statement::{Found, StatementField, StatementTrouble};
use soko_domain::tax::TaxMode;
use soko_domain::verbs::make_sale::BeyondRule;
use soko_domain::verbs::pay_order::PayStanding;
use soko_domain::verbs::refund_order::PartStanding;
use soko_domain::verbs::return_goods::ReturnState;
use soko_domain::verbs::swap_order::SwapStanding;

/// An id of fixed length.
pub trait HexId: Sized + Display {
    fn read_hex(text: &str) -> Option<Self>;
    fn read_bytes(bytes: &[u8]) -> Option<Self>;
    fn bytes(&self) -> &[u8];
}

macro_rules! hex_ids {
    ($($kind:ty),*) => {$(
        impl HexId for $kind {
            fn read_hex(text: &str) -> Option<Self> {
                Self::from_hex(text)
            }
            fn read_bytes(bytes: &[u8]) -> Option<Self> {
                Self::from_slice(bytes)
            }
            fn bytes(&self) -> &[u8] {
                self.as_bytes()
            }
        }
    )*};
}
hex_ids!(AuthorId, EpochId, Hash, LogId, OrderId, PersonId, ProductId, SaleId, ShiftId, ThingId);

/// A choice without content that has a stable word.
pub trait Worded: Copy + Sized + 'static {
    const WORDS: &'static [(Self, &'static str)];
    fn number(self) -> u8;

    fn word(self) -> &'static str {
        let same = |(known, _): &&(Self, &'static str)| known.number() == self.number();
        Self::WORDS.iter().find(same).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(choice, _)| *choice)
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::WORDS.iter().find(|(choice, _)| choice.number() == number).map(|(choice, _)| *choice)
    }
}

macro_rules! worded {
    ($($kind:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl Worded for $kind {
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),*];
            fn number(self) -> u8 {
                $kind::number(self)
            }
        }
    )*};
}
worded! {
    TenderKind {
        Cash = "cash", Card = "card", MobileMoney = "mobile-money", Voucher = "voucher",
        BankTransfer = "bank-transfer", Other = "other",
    }
    ReturnWhy {
        Damaged = "damaged", NotAsShown = "not-as-shown", WrongOne = "wrong-one", DoesNotFit = "does-not-fit",
        NotWanted = "not-wanted",
    }
    Met {
        Seen = "seen", Opened = "opened", Liked = "liked", Put = "put", Ordered = "ordered",
        Dismissed = "dismissed", Suggested = "suggested", Followed = "followed",
    }
    Place { Home = "home", Search = "search", Stall = "stall", Product = "product", Basket = "basket" }
    ReleaseReason {
        BuyerCancelled = "buyer", StallCancelled = "stall", PaymentFailed = "payment", Lapsed = "lapsed",
    }
    ReturnState { Asked = "asked", Taken = "taken", Refused = "refused" }
    GoodsBack { KeptByBuyer = "kept", Sellable = "sellable", Waste = "waste" }
    Unit { Piece = "piece", Gram = "gram", Millilitre = "millilitre" }
    TaxMode { Inclusive = "inclusive", Exclusive = "exclusive" }
    Act {
        VoidSale = "void-sale", Discount = "discount", Refund = "refund", OpenDrawer = "open-drawer",
        ChangePrice = "change-price", ManagePeople = "manage-people",
        SellBeyondShare = "sell-beyond-share",
    }
    RivalField {
        Ignore = "ignore", Name = "name", Barcode = "barcode", Price = "price", Currency = "currency",
        Unit = "unit", Time = "time",
    }
    RivalTrouble {
        NoName = "no-name", NotAPrice = "not-a-price", UnknownCurrency = "unknown-currency",
        UnknownUnit = "unknown-unit", NotATime = "not-a-time", TooLong = "too-long", Repeated = "repeated",
        InTheFuture = "in-the-future",
    }
    RivalWay { Typed = "typed", File = "file", Feed = "feed" }
    PriceMode { Suggest = "suggest", Auto = "auto", Frozen = "frozen" }
    PriceAim { Revenue = "revenue", Margin = "margin" }
    PriceCause { Accepted = "accepted", Auto = "auto", Undone = "undone" }
    PriceWhy {
        TenthDearer = "tenth-dearer", Weekday = "weekday", Left = "left", Kept = "kept", Short = "short", Market = "market",
        HeldByOwner = "held-by-owner", HeldByCost = "held-by-cost", HeldByStep = "held-by-step",
        HeldByMarket = "held-by-market", Curious = "curious",
    }
    AdjustReason {
        Waste = "waste", Broken = "broken", Stolen = "stolen", OwnUse = "own-use", Gift = "gift",
        OtherLoss = "other-loss", Found = "found", Undone = "undone",
    }
    ImportField {
        Ignore = "ignore", Name = "name", Price = "price", Sku = "sku", Barcode = "barcode",
        Category = "category", Stock = "stock", Cost = "cost", Tax = "tax", Unit = "unit",
        Description = "description", LowLevel = "low-level",
    }
    IfKnown { Update = "update", Skip = "skip", Create = "create" }
    DecimalMark { Point = "point", Comma = "comma" }
    ImportTrouble {
        NoName = "no-name", NoPrice = "no-price", NotAnAmount = "not-an-amount",
        NotAQuantity = "not-a-quantity", NotAPercent = "not-a-percent", UnknownUnit = "unknown-unit",
        TooLong = "too-long", Repeated = "repeated", Ambiguous = "ambiguous", Refused = "refused",
        TooMany = "too-many",
    }
    StatementField {
        Ignore = "ignore", Code = "code", Received = "received", Sent = "sent", Time = "time",
        Status = "status", Who = "who",
    }
    StatementTrouble { NoCode = "no-code", NotAnAmount = "not-an-amount", NotATime = "not-a-time" }
    Found {
        Ready = "ready", Question = "question", OtherAmount = "other-amount", NotComplete = "not-complete",
        TwiceInStatement = "twice-in-statement", OnTwoSales = "on-two-sales", Absent = "absent",
        Unclear = "unclear", Unknown = "unknown", InOrder = "in-order", Outside = "outside",
    }
    IncidentKind {
        Shortage = "shortage", Overdrawn = "overdrawn", Fork = "fork", PaymentTwice = "payment-twice",
        PaidTwice = "paid-twice", PaymentOdd = "payment-odd", PaymentReturned = "payment-returned",
        PaymentDisputed = "payment-disputed", HandedOverUnpaid = "handed-over-unpaid",
        TransferToSendBack = "transfer-to-send-back", TransferTwice = "transfer-twice",
        PaymentStays = "payment-stays",
    }
    Standing {
        Taken = "taken", Claimed = "claimed", Failed = "failed", Verified = "verified", Settled = "settled",
    }
    Handing { Pickup = "pickup", Local = "local", Shipping = "shipping" }
    OrderStep { Accepted = "accepted", Packed = "packed", Ready = "ready", OnTheWay = "on-the-way" }
    PayWay { Card = "card", Phone = "phone", Transfer = "transfer" }
    BackWay { AsPaid = "as-paid", Cash = "cash" }
    RefundEnd { PaidBack = "paid-back", TooMuch = "too-much", NotTaken = "not-taken", Whole = "whole", NotPaid = "not-paid" }
    SwapStanding { Asked = "asked", Offered = "offered", Taken = "taken", Ended = "ended" }
    SwapEnd {
        Declined = "declined", Withdrawn = "withdrawn", NotThere = "not-there", TooLate = "too-late",
        Money = "money",
    }
    PartStanding { Asked = "asked", Allowed = "allowed", Back = "back", Refused = "refused" }
    PayStanding { AtHandOver = "at-hand-over", Waiting = "waiting", Paid = "paid", PaidBack = "paid-back",
        PayingBack = "paying-back", PartlyBack = "partly-back",
    }
    PurseKind { GiftCard = "gift-card", Credit = "credit", Points = "points" }
    BeyondRule { Warn = "warn", Approve = "approve", Refuse = "refuse" }
    Role { Owner = "owner", Manager = "manager", Cashier = "cashier", Buyer = "buyer", Operator = "operator" }
}

/// `#[serde(with = "as_hex")]` on an id.
pub mod as_hex {
    use super::*;

    pub fn serialize<T: HexId, S: Serializer>(id: &T, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() { out.collect_str(id) } else { id.bytes().serialize(out) }
    }

    pub fn deserialize<'de, T: HexId, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
        let id = if input.is_human_readable() {
            T::read_hex(&String::deserialize(input)?)
        } else {
            T::read_bytes(&Vec::<u8>::deserialize(input)?)
        };
        id.ok_or_else(|| D::Error::custom("this is not an id: write its hexadecimal digits"))
    }
}

struct Hexed<T>(T);

impl<T: HexId> Serialize for Hexed<&T> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        as_hex::serialize(self.0, out)
    }
}

impl<'de, T: HexId> Deserialize<'de> for Hexed<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        as_hex::deserialize(input).map(Self)
    }
}

/// `#[serde(with = "as_hex_opt")]` on an id that may be missing.
pub mod as_hex_opt {
    use super::*;

    pub fn serialize<T: HexId, S: Serializer>(id: &Option<T>, out: S) -> Result<S::Ok, S::Error> {
        id.as_ref().map(Hexed).serialize(out)
    }

    pub fn deserialize<'de, T: HexId, D: Deserializer<'de>>(input: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<Hexed<T>>::deserialize(input)?.map(|hexed| hexed.0))
    }
}

/// `#[serde(with = "as_hex_list")]` on a list of ids.
pub mod as_hex_list {
    use super::*;

    pub fn serialize<T: HexId, S: Serializer>(ids: &[T], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(ids.iter().map(Hexed))
    }

    pub fn deserialize<'de, T: HexId, D: Deserializer<'de>>(input: D) -> Result<Vec<T>, D::Error> {
        let ids = Vec::<Hexed<T>>::deserialize(input)?;
        Ok(ids.into_iter().map(|hexed| hexed.0).collect())
    }
}

/// `#[serde(with = "as_word")]` on a choice.
pub mod as_word {
    use super::*;

    pub fn serialize<T: Worded, S: Serializer>(choice: &T, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() {
            out.serialize_str(choice.word())
        } else {
            out.serialize_u8(choice.number())
        }
    }

    pub fn deserialize<'de, T: Worded, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
        let choice = if input.is_human_readable() {
            T::from_word(&String::deserialize(input)?)
        } else {
            T::from_number(u8::deserialize(input)?)
        };
        choice.ok_or_else(|| {
            let words: Vec<&str> = T::WORDS.iter().map(|(_, word)| *word).collect();
            D::Error::custom(format!("choose one of: {}", words.join(", ")))
        })
    }
}

struct Wordy<T>(T);

impl<T: Worded> Serialize for Wordy<&T> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        as_word::serialize(self.0, out)
    }
}

impl<'de, T: Worded> Deserialize<'de> for Wordy<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        as_word::deserialize(input).map(Self)
    }
}

/// `#[serde(with = "as_words")]` on a list of choices.
pub mod as_words {
    use super::*;

    pub fn serialize<T: Worded, S: Serializer>(choices: &[T], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(choices.iter().map(Wordy))
    }

    pub fn deserialize<'de, T: Worded, D: Deserializer<'de>>(input: D) -> Result<Vec<T>, D::Error> {
        let choices = Vec::<Wordy<T>>::deserialize(input)?;
        Ok(choices.into_iter().map(|wordy| wordy.0).collect())
    }
}

/// `#[serde(with = "as_word_opt")]` on a choice that may be missing.
pub mod as_word_opt {
    use super::*;

    pub fn serialize<T: Worded, S: Serializer>(choice: &Option<T>, out: S) -> Result<S::Ok, S::Error> {
        choice.as_ref().map(Wordy).serialize(out)
    }

    pub fn deserialize<'de, T: Worded, D: Deserializer<'de>>(input: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<Wordy<T>>::deserialize(input)?.map(|wordy| wordy.0))
    }
}
