//! What crosses a link between a screen and whatever answers it: an engine behind a window or in a browser's
//! worker, or a server during a first visit. One call is bytes in, bytes out; what happened by itself is told.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ProductId};

use crate::buyer::{BuyerCommand, BuyerQuery, BuyerView};
use crate::command::Command;
use crate::device::{DeviceCommand, DeviceReply, DeviceView};
use crate::interactions::Noticed;
use crate::market::{MarketQuery, MarketView};
use crate::meet::{MeetCall, MeetView};
use crate::notice::Notice;
use crate::paper::{PaperCall, PaperReply};
use crate::people::{PeopleCall, PeopleReply};
use crate::programs::{ProgramsCall, ProgramsReply};
use crate::proof::ProofView;
use crate::query::Query;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::said::Said;
use crate::suggest::{SuggestQuery, Suggestions};
use crate::text::as_hex;
use crate::views::View;

/// The largest file that a screen hands over: longer ones are no backup of a stall.
pub const BACKUP_BYTES_MAX: usize = 1 << 30;

/// One call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Do something at a stall of this device.
    Do(Command),
    /// Ask something about a stall of this device.
    Ask(Query),
    /// Look at what every shop offers. A server answers it, too.
    Market(MarketQuery),
    /// Ask for what somebody may want, too.
    Suggest(SuggestQuery),
    /// Do something as a buyer.
    Buy(BuyerCommand),
    /// Ask about the buyer's own baskets and orders.
    Buyer(BuyerQuery),
    /// Do something that concerns the device and its servers.
    Device(DeviceCommand),
    /// Say who is at the register, or allow something.
    People(PeopleCall),
    /// Receipts, labels and the printer.
    Paper(PaperCall),
    /// What the text of a receipt's code proves.
    Check { proof: String },
    /// How the device stands.
    About,
    /// Keeps a draft of a screen on this device: the open cart, a half-filled form. An empty value forgets it.
    Keep { key: String, value: Vec<u8> },
    /// What was kept under this key; empty when nothing was.
    Kept { key: String },
    /// What an owner lets programs of their own do.
    Programs(ProgramsCall),
    /// Which code a camera sees: shades of grey, row by row; 0 is black.
    ReadCode { width: u32, height: u32, shades: Vec<u8> },
    /// What a shopper met on the screens; at most `NOTICED_MAX`. The same again within the hour changes nothing.
    Noticed(Vec<Noticed>),
    /// Registers of this device's stalls on the network that it is in.
    Meet(MeetCall),
}

/// Before the stall, the key of what a buyer wrote on the way from its basket to an order. It is forgotten with that basket, and when
/// somebody signs out or in as another person.
pub const CHECKOUT_DRAFT: &str = "checkout/";

/// Longest key and longest value of a draft: a full open order fits, more of each line of which is on its way into it.
pub const DRAFT_KEY_BYTES_MAX: usize = 100;
pub const DRAFT_BYTES_MAX: usize = 160 * 1024;

/// The answer to one call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Done(Reply),
    View(View),
    Market(MarketView),
    Suggested(Suggestions),
    /// What a buyer asked to be done is kept on this device.
    Bought,
    Buyer(BuyerView),
    Device(DeviceReply),
    People(PeopleReply),
    Paper(PaperReply),
    Checked(ProofView),
    About(DeviceView),
    Kept(Vec<u8>),
    /// It was not done, for a reason that a person can do something about.
    Refused(Refused),
    /// It could not be tried: the store, the network or the program failed.
    Failed(Said),
    Programs(ProgramsReply),
    /// As a scanner would have typed it.
    Code(Option<String>),
    Meet(MeetView),
}

/// What happened without being asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// Queries about a stall of this device would answer differently now.
    Stall(Notice),
    /// Views of this shop, or of the whole market, would be different now.
    Market(MarketMoved),
    /// The buyer's baskets or orders changed.
    Buyer,
    /// How the device stands changed.
    Device,
    /// Something that a person wants to hear of at once.
    Arrived(Arrival),
    /// Show this screen: somebody clicked a notification or a link outside.
    Show { path: String },
    /// Nobody was listening for a while: whatever is shown may be old.
    Everything,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarketMoved {
    Stall(#[serde(with = "as_hex")] LogId),
    Everything,
}

/// News with a place to look at it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// A buyer ordered at a stall of this device, and units are held.
    Order {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
        stall_name: String,
        currency: String,
        total_minor: i64,
        lines: u32,
    },
    /// An order of this device's buyer went on: confirmed, refused, handed over or cancelled.
    OwnOrder {
        #[serde(with = "as_hex")]
        order: OrderId,
        stall_name: String,
        state: crate::buyer::OwnOrderState,
    },
    /// The money for orders of a stall of this device came, and not by this device's word. Order and amount are those of the first.
    Paid {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
        stall_name: String,
        currency: String,
        amount_minor: i64,
        payments: u32,
    },
    /// Something of an order of this device's buyer went on, beside the order itself.
    OwnNews {
        #[serde(with = "as_hex")]
        order: OrderId,
        stall_name: String,
        currency: String,
        news: OwnNews,
    },
    /// Of a product of a stall of this device there is no more than its owner wants to have at least, or nothing. It is the first of
    /// so many that fell together.
    Level {
        #[serde(with = "as_hex")]
        stall: LogId,
        stall_name: String,
        #[serde(with = "as_hex")]
        product: ProductId,
        product_name: String,
        is_out: bool,
        products: u32,
    },
    /// Something at a stall needs a person's eye.
    Incident {
        #[serde(with = "as_hex")]
        stall: LogId,
        stall_name: String,
    },
    /// Somebody wants to see that news arrive: `DeviceVerb::TestNotification`.
    Test,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnNews {
    /// A part of the money went back.
    PartBack { amount_minor: i64 },
    /// A part did not go back the way it was paid, or did not arrive.
    PartOwed { amount_minor: i64 },
    /// The stall has again what was to come back.
    ReturnTaken,
    /// It does not take it.
    ReturnRefused,
}
