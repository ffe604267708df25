//! The border between this server's shell and what happens inside a stall. The shell proves who asks, bounds what
//! it costs, opens the transaction and carries the bytes; the core decides, and knows no HTTP and no thread.

use soko_domain::entry::{ProgramActed, RivalLine};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx};

use crate::pay::provider::Asked;
use crate::stall::{
    CategoryView, EndOrder, OfferView, OrderView, PayTurn, PlaceOrder, Placed, Prepared, ReturnTurn,
    StallView, SwapAnswer,
};
use crate::store::JobError;

/// What every call of the core gets: when it is, and fresh randomness.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub now_ms: i64,
    pub seed: [u8; 32],
}

/// A page from a device whose access was checked. `author` and `role` are proven, the bytes are not.
#[derive(Clone, Copy, Debug)]
pub struct PageIn<'a> {
    pub stall: LogId,
    pub author: AuthorId,
    pub role: Role,
    pub page: &'a [u8],
    /// What was found out about the documents that it changes. Without it that happens while the transaction is open.
    pub prepared: Option<&'a Prepared>,
}

/// The answer, and how far the stall's log is if this request moved it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageOut {
    pub page: Vec<u8>,
    pub moved_to: Option<u64>,
}

/// A device that was let in. `record` is its introduction, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'a> {
    pub stall: LogId,
    pub author: AuthorId,
    pub role: Role,
    pub name: &'a str,
    pub record: &'a [u8],
}

/// A device that takes its leave of a stall; that it says so itself was checked already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaving {
    pub stall: LogId,
    pub author: AuthorId,
    /// The last record that it wrote.
    pub seq: u64,
    /// Whatever it could not send or give back stays where it is: a person chose that.
    pub anyway: bool,
}

/// What happens inside a stall. Each call runs inside one transaction, alone on its stall, and may run again from
/// its start if another transaction came first. An answer that must be remembered is an `Ok`.
pub trait StallCore: ShopCore {
    /// What devices must know to tell the server's word from anybody else's.
    fn server_key(&self) -> [u8; 32];

    /// One exchange of records. Refused, with nothing kept, if `prepared` is wanting something then.
    fn replicate(&self, tx: &mut dyn Tx, page: &PageIn<'_>, now: Now) -> Result<PageOut, CoreRefusal>;

    /// Finds out what an exchange wanted to know about its documents. May take seconds; no transaction may be open.
    fn find_out(&self, prepared: &Prepared) -> Result<(), CoreRefusal>;

    /// A device was enrolled, for the first time or again, perhaps with another role. Says how far the log is if that moved it.
    fn admitted(&self, tx: &mut dyn Tx, device: &Admitted<'_>, now: Now) -> Result<Option<u64>, CoreRefusal>;

    /// A device was revoked by a person at the server. Says how far the log is if that moved it.
    fn revoked(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        author: AuthorId,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal>;

    /// A device takes its leave. Refused, with nothing kept, while something of it is missing here. Says how far the log is if that moved it.
    fn left(&self, tx: &mut dyn Tx, leaving: &Leaving, now: Now) -> Result<Option<u64>, CoreRefusal>;
}

/// What buyers and staff ask of a stall. The same rules as for `StallCore`; what moves a log says how far it is.
pub trait ShopCore: Send + Sync {
    /// The stalls that have a name, by identity, from behind `after`.
    fn stalls(
        &self,
        tx: &mut dyn Tx,
        after: Option<LogId>,
        limit: usize,
    ) -> Result<Vec<StallView>, CoreRefusal>;

    fn stall(&self, tx: &mut dyn Tx, stall: LogId) -> Result<Option<StallView>, CoreRefusal>;

    /// In the order in which the stall shows them.
    fn categories(&self, tx: &mut dyn Tx, stall: LogId) -> Result<Vec<CategoryView>, CoreRefusal>;

    fn offers(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        asked: OffersAsked<'_>,
    ) -> Result<Vec<OfferView>, CoreRefusal>;

    fn place_order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        order: &PlaceOrder,
        now: Now,
    ) -> Result<(Placed, Option<u64>), CoreRefusal>;

    fn end_order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        order: (OrderId, EndOrder),
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal>;

    /// A buyer wants to bring something back, or the stall answers.
    fn return_turn(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        turn: &ReturnTurn,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal>;

    /// A buyer says whether something else is taken in place of a line.
    fn swap_answer(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        said: &SwapAnswer,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal>;

    /// Whoever has a gift card wants to spend what registers hold of it: they are asked for it.
    fn ask_for_card(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        purse: ProductId,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal>;

    /// Something happens to an order's payment. Says what is to be asked of its provider now.
    fn pay_turn(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        turn: (OrderId, PayTurn),
        now: Now,
    ) -> Result<(Option<Asked>, Option<u64>), CoreRefusal>;

    fn order(&self, tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Option<OrderView>, CoreRefusal>;

    /// A stall's orders, youngest first, from behind `after`.
    fn orders(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<OrderView>, CoreRefusal>;

    /// The owner says that the device list is complete. Says whether stock is still frozen.
    fn confirm_devices(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        now: Now,
    ) -> Result<(bool, Option<u64>), CoreRefusal>;

    /// The owner takes a revoked device's units back.
    fn reclaim(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        device: (AuthorId, &str),
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal>;

    /// An owner let a program do something, or ended that.
    fn program_acted(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        acted: &ProgramActed,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal>;

    /// What an address says that others ask.
    fn rivals_fetched(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        said: (&str, &[RivalLine]),
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal>;
}

/// A portion of a stall's offers.
#[derive(Clone, Copy, Debug)]
pub struct OffersAsked<'a> {
    pub search: &'a str,
    /// The cursor of the last offer seen.
    pub after: Option<&'a str>,
    pub limit: usize,
    /// When it is asked: prices may be others for a while.
    pub now_ms: i64,
}

/// How a refusal of the core looks from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The bytes are not what they should be.
    Malformed,
    /// Understood, and against the rules.
    Refused,
    /// Not this caller's to do.
    Forbidden,
    /// True, but not in the state that things are in.
    Conflict,
    /// The same request can succeed later.
    Later,
}

/// A refusal of the core.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CoreRefusal {
    #[error("{detail}")]
    Refused { fault: Fault, code: &'static str, detail: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl JobError for CoreRefusal {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused { .. } => None,
        }
    }
}
