//! A buyer's own affairs on one device: baskets, and orders from the moment they are kept here.

use serde::{Deserialize, Serialize};
use soko_domain::delivery::Handing;
use soko_domain::entry::{PayWay, ReleaseReason, ReturnWhy};
use soko_domain::ids::{Hash, LogId, OrderId, ProductId, ThingId};
use soko_domain::quantity::Unit;

use crate::interactions::ConsentView;
use crate::market::{OfferRow, StallCard};
use crate::query::Window;
use crate::returned::{BackLine, OwnReturn};
use crate::review::{Bought, OwnReview};
use crate::swaps::OwnSwap;
use crate::text::{as_hex, as_hex_opt, as_word, as_word_opt};
use crate::transfer::TransferView;
use crate::views::{ContactView, OrderLineView, TaxRow};

/// One thing to do as a buyer; repeated under the same id it does nothing more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BuyerCommand {
    #[serde(with = "as_hex")]
    pub id: ThingId,
    pub verb: BuyerVerb,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuyerVerb {
    /// So much of this product is in the basket; 0 takes it out.
    PutLine {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
        quantity: i64,
        /// How much of it whoever wants so much saw there: what their other devices put in meanwhile stays in beside it. None takes
        /// what is known here for what was seen.
        shown: Option<i64>,
    },
    EmptyBasket {
        #[serde(with = "as_hex")]
        stall: LogId,
    },
    /// Orders what is in the basket of a stall, at the prices that were seen. It is kept here, sent when there is
    /// a connection, and sent once however often this is asked for.
    PlaceOrder {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
        note: String,
        /// None pays when it is fetched.
        pay: Option<PayChoice>,
        #[serde(with = "as_word")]
        handing: Handing,
        /// Where to, if the stall has prices by zone.
        zone: String,
        /// Whom it is for; needed where it is brought.
        contact: Option<ContactView>,
        /// The code that is to take something off; empty without one. What nobody could ask a server about goes with the
        /// order and is answered when it is sent.
        coupon: String,
        /// What was shown before the last tap. With any other total nothing is ordered.
        seen_total_minor: Option<i64>,
        /// How much of that was taxes, as the stall's server said; none where it was not asked, and one from before it could be
        /// asked is not told.
        seen_tax_minor: Option<i64>,
        /// The code of a gift card that pays first; empty without one. What nobody could ask a server about is tried when the order is
        /// sent.
        card: String,
        /// What it was shown to pay; none where nobody could be asked. If it pays another amount by then, the buyer is asked again.
        seen_card_minor: Option<i64>,
    },
    CancelOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
    },
    /// Do not suggest this again, or do after all.
    Unwanted {
        #[serde(with = "as_hex")]
        product: ProductId,
        is_unwanted: bool,
    },
    /// Likes this, or does not any more. It is kept here, and brought to the person's other devices once somebody is
    /// signed in.
    Like { it: Liked, is_liked: bool },
    /// Says what somebody thinks of what was handed over; no stars take back what was said. It is kept here, and sent
    /// once when there is a connection.
    Review { it: Bought, stars: u8, words: String },
    /// Takes what the stall offers in place of a line, or not. It is kept here, and sent once when there is a connection.
    AnswerSwap {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_hex")]
        swap: ThingId,
        is_taken: bool,
    },
    /// Asks to bring back a part of what was handed over. It is kept here, and sent once when there is a connection.
    ReturnGoods {
        #[serde(with = "as_hex")]
        order: OrderId,
        #[serde(with = "as_hex")]
        returned: ThingId,
        #[serde(with = "as_word")]
        why: ReturnWhy,
        lines: Vec<BackLine>,
    },
    /// Keeps an address in this person's book, or changes it; one that is chosen is the usual one from now on.
    PutAddress {
        #[serde(with = "as_hex")]
        address: ThingId,
        it: AddressInput,
    },
    /// Takes an address out of the book.
    RemoveAddress {
        #[serde(with = "as_hex")]
        address: ThingId,
    },
    /// What is met in the shop may be sent to the server from now on, or not any more.
    Consent { agrees: bool },
    /// Deletes what was gathered of that, here and at the server.
    ForgetNoticed,
}

/// How a buyer pays before the goods are fetched.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayChoice {
    #[serde(with = "as_word")]
    pub way: PayWay,
    /// Whose telephone is asked; empty where none is.
    pub phone: String,
}

/// A way that a stall takes and its server can offer now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayOffer {
    #[serde(with = "as_word")]
    pub way: PayWay,
    /// No money moves: it is for trying.
    pub is_test: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuyerQuery {
    /// How the stall can be paid before the goods are fetched, as its server says now; without one, not at all.
    PayOffers(#[serde(with = "as_hex")] LogId),
    Baskets,
    /// What ordering the basket of a stall comes to, in one way of handing it over.
    Checkout {
        #[serde(with = "as_hex")]
        stall: LogId,
        /// None is the first way that the stall offers.
        #[serde(with = "as_word_opt")]
        handing: Option<Handing>,
        zone: String,
        /// As it is typed; empty without one. None is the code of an order that has to be confirmed again.
        coupon: Option<String>,
        /// The code of a gift card, likewise.
        card: Option<String>,
    },
    /// Latest first.
    Orders {
        window: Window,
    },
    Order(#[serde(with = "as_hex")] OrderId),
    /// What was said here of what is on an order.
    OwnReviews(#[serde(with = "as_hex")] OrderId),
    /// What is liked, without what it is: for the signs on everything else.
    LikedKeys,
    /// What is liked, the latest first.
    Likes {
        window: Window,
    },
    /// Stalls where something was ordered or is liked here, those of the latest orders first.
    KnownStalls,
    /// Whether what is met in the shop may be sent.
    Consent,
    /// The addresses that are kept, the usual one first.
    Addresses,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuyerView {
    Missing,
    Baskets(Vec<BasketOf>),
    Orders(Vec<OwnOrderRow>),
    Order(Box<OwnOrderView>),
    PayOffers(Vec<PayOffer>),
    LikedKeys(Vec<Liked>),
    Likes(Likes),
    OwnReviews(Vec<OwnReview>),
    Checkout(Box<CheckoutView>),
    KnownStalls(Vec<StallCard>),
    Consent(ConsentView),
    Addresses(Vec<AddressView>),
}

/// What somebody writes of an address.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct AddressInput {
    pub label: String,
    pub contact: ContactView,
    pub is_usual: bool,
}

/// An address that somebody keeps for their orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AddressView {
    #[serde(with = "as_hex")]
    pub address: ThingId,
    /// What its owner calls it.
    pub label: String,
    pub contact: ContactView,
    /// Written first where nothing else was chosen.
    pub is_usual: bool,
}

/// A product of a stall that somebody likes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Liked {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    #[serde(with = "as_hex")]
    pub product: ProductId,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Likes {
    /// As they were last seen.
    pub offers: Vec<OfferRow>,
    /// Liked, and not on offer any more.
    pub gone: u32,
}

/// What can be chosen before an order, and what it comes to then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckoutView {
    pub ways: Vec<HandingWay>,
    /// What the sums below are for.
    #[serde(with = "as_word")]
    pub handing: Handing,
    /// Where and when buyers come.
    pub pickup_text: String,
    pub goods_minor: i64,
    /// What each line of the basket costs in the order, taxes on top and what the code takes off included; empty while something
    /// stands in the way.
    pub line_totals: Vec<i64>,
    /// None where the buyer comes.
    pub delivery_minor: Option<i64>,
    /// The code that was looked at; empty without one.
    pub coupon: String,
    /// Why it takes nothing off, as a refusal's code, or `coupon_unseen` where nobody could be asked; empty otherwise.
    pub coupon_problem: String,
    /// From how much on it is good, where less is in the basket.
    pub coupon_min_minor: Option<i64>,
    /// What it takes off the goods.
    pub discount_minor: i64,
    /// The code of the gift card that was looked at; empty without one.
    pub card: String,
    /// Why it pays nothing, as a refusal's code; empty otherwise.
    pub card_problem: String,
    /// What is on it that can pay; none where nobody could be asked.
    pub card_there_minor: Option<i64>,
    /// Each rate with what it is on, bringing included; the total has all of it.
    pub taxes: Vec<TaxRow>,
    /// None while something stands in the way.
    pub total_minor: Option<i64>,
    /// All taxes in it, where the server said so.
    pub tax_minor: Option<i64>,
    /// The stall's server worked it out just now; else it was worked out here, from what was seen last.
    pub is_of_server: bool,
    /// Why that server would decline it now, as a refusal's code; empty where it would not, or was not asked.
    pub declined: String,
    /// Why there is no total, as a refusal's code; empty otherwise.
    pub problem: String,
    /// What is written already: the usual address, or what was written last.
    pub contact: ContactView,
    /// The addresses that are kept, the usual one first.
    pub addresses: Vec<AddressView>,
    /// Nobody is signed in: the stall has to be told who orders.
    pub is_guest: bool,
}

impl CheckoutView {
    /// What the gift card pays of the total; none where there is no card, or nobody could be asked about it.
    pub fn card_pays_minor(&self) -> Option<i64> {
        self.card_there_minor.zip(self.total_minor).map(|(there, total)| there.min(total).max(0))
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandingWay {
    #[serde(with = "as_word")]
    pub handing: Handing,
    /// The places that it goes to; none where one price is for all.
    pub zones: Vec<String>,
}

/// The basket of one stall: one order, once it is placed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BasketOf {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub stall_name: String,
    pub currency: String,
    pub lines: Vec<WantedLine>,
    pub total_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WantedLine {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub quantity: i64,
    pub price_minor: i64,
    pub price_per: i64,
    pub total_minor: i64,
    /// The price when it was put in, if it is another one now.
    pub price_was_minor: Option<i64>,
    /// What the shop could promise when it was last seen.
    pub available: i64,
    /// It is not offered any more.
    pub is_gone: bool,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnOrderRow {
    #[serde(with = "as_hex")]
    pub order: OrderId,
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub stall_name: String,
    pub state: OwnOrderState,
    pub at_ms: i64,
    pub currency: String,
    pub total_minor: i64,
    pub lines: u32,
    #[serde(with = "as_word")]
    pub handing: Handing,
}

/// Where an order is, and never further than is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnOrderState {
    /// On this device only. Nobody has promised anything.
    Saved,
    /// Price or stock changed since it was saved. What was ordered is in the basket again, where the changes
    /// show; an order placed from there, under another id, takes the place of this one.
    Reconfirm,
    /// The shop holds the units.
    Held,
    /// Somebody at the stall has seen it.
    Accepted,
    Packed,
    /// The buyer can come now.
    Ready,
    OnTheWay,
    HandedOver,
    Cancelled,
    Refused,
}

impl OwnOrderState {
    /// The shop has it, and it has not ended.
    pub fn is_under_way(self) -> bool {
        match self {
            Self::Held | Self::Accepted | Self::Packed | Self::Ready | Self::OnTheWay => true,
            Self::Saved | Self::Reconfirm | Self::HandedOver | Self::Cancelled | Self::Refused => false,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnOrderView {
    pub row: OwnOrderRow,
    pub lines: Vec<OrderLineView>,
    pub note: String,
    /// What bringing it costs; none where the buyer comes.
    pub delivery_minor: Option<i64>,
    pub zone: String,
    /// Each rate with what it is on, bringing included.
    pub taxes: Vec<TaxRow>,
    /// The code that it carries, and what that took off the lines; empty without one.
    pub coupon: String,
    pub discount_minor: i64,
    /// Whom it is for; empty where nobody asked.
    pub contact: ContactView,
    /// Why it was refused or must be confirmed again, as a refusal's code; empty otherwise.
    pub because: String,
    /// The same in the server's own words, for whoever has none for the code.
    pub because_said: String,
    /// What the stall says to its cancelling; empty otherwise.
    pub reason: String,
    /// Why it ended without its goods, where that is known.
    #[serde(with = "as_word_opt")]
    pub ended: Option<ReleaseReason>,
    /// The server has been told to cancel it and has not answered.
    pub cancel_asked: bool,
    /// None is paid when it is fetched.
    pub payment: Option<OwnPayment>,
    /// What a gift card pays of it, as far as is known, and what of that is on the card again.
    pub card_minor: i64,
    pub card_back_minor: i64,
    /// What the stall gives back of it, part by part.
    pub refunds: Vec<OwnRefund>,
    /// So many days the stall takes back what was handed over, as it was last seen; 0 does not.
    pub return_days: u16,
    /// What comes back of it, the oldest first.
    pub returns: Vec<OwnReturn>,
    /// What the stall offers in place of its lines.
    pub swaps: Vec<OwnSwap>,
    /// What is shown at the stall; none where nothing lies there to be fetched.
    pub pickup: Option<PickupCode>,
}

/// A link to an order as a square of dark and light, for the stall to scan. The screens draw it and make none of their own, so
/// that a first visit needs nothing for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PickupCode {
    pub link: String,
    pub side: u32,
    /// Row by row; true is dark.
    pub modules: Vec<bool>,
}

/// A part of an own order's money that goes back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnRefund {
    pub amount_minor: i64,
    pub state: OwnRefundState,
    /// What the stall says to it.
    pub reason: String,
    pub at_ms: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnRefundState {
    /// The way it was paid.
    OnItsWay,
    /// Cash lies ready at the stall.
    ToFetch,
    Back,
    /// Whoever took the money does not give it back: the stall has to do it another way.
    Refused,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnPayment {
    #[serde(with = "as_word")]
    pub way: PayWay,
    pub state: OwnPayState,
    /// Where to pay; empty where there is no such place, or not any more.
    pub page: String,
    /// Where to send it by bank, once the shop holds the goods.
    pub transfer: Option<TransferView>,
}

/// How far a payment is, and never further than the server said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnPayState {
    /// Being prepared.
    Asking,
    /// It is the buyer's turn: on the provider's page, or on the telephone.
    Waiting,
    /// The money is there; the stall is being told.
    Confirming,
    Paid,
    /// On its way to an end without payment.
    Cancelling,
    Cancelled,
    /// The money is on its way back.
    Returning,
    Returned,
}
