//! What happens inside a stall: records are taken, checked and answered; shares are granted; orders are held
//! and ended; a restored server freezes until its devices have reported. Functions over a transaction: no HTTP,
//! no thread, no clock, no random source. Rules are the domain's; tables are the projection's.

mod backs;
mod cards;
mod contact;
mod desk;
mod epoch;
mod frozen;
mod ingest;
mod lost;
mod orders;
mod paid_twice;
mod paying;
mod prepared;
mod programs;
mod public;
mod refunds;
mod replicate;
mod returns;
mod settle;
mod sharing;
mod shop;
mod swaps;
mod transfers;
mod value;
mod weaken;
mod words;

pub use cards::CardPays;
pub(crate) use cards::look as look_at_card;
pub use contact::Contact;
pub(crate) use contact::{
    forget_account as forget_contact_of, of_account as contact_of_account, of_order as contact_of_order,
};
pub use orders::{Declined, DeliveryView, EndOrder, OrderLineView, OrderView, PlaceOrder, Placed};
pub(crate) use orders::{look_at_coupon, quote, view as order_view};
pub use paying::{LEASE_MS, Open, PayTurn, PaymentView, ToPay};
pub use prepared::Prepared;
pub(crate) use programs::{CatalogueView, catalogue, here};
pub use refunds::RefundView;
pub use returns::ReturnTurn;
pub use shop::{CategoryView, OfferView, StallView};
pub use swaps::SwapAnswer;
pub use transfers::TransferView;
pub(crate) use words::{DeviceWord, of_stall as device_words};

use soko_domain::ids::{AuthorId, Hash, LogId, OrderId, ProductId};
use soko_domain::sabotage::Sabotage;
use soko_projection::{
    Applier, ProjectError, TOLD_TABLE, Trust, rebuild, running_digest, stale, state_digest, table_sums,
};
use soko_record_log::{StoreError, Tx, log};

use crate::core::{Admitted, CoreRefusal, Fault, Leaving, Now, OffersAsked, PageIn, PageOut, StallCore};
use crate::market::{Edited, note_edited};
use crate::pay::provider::Asked;
use crate::stall::desk::Desk;

/// Makes whoever applies document changes: a child process in the product, this process in the simulator.
pub type Appliers = Box<dyn Fn() -> Box<dyn Applier> + Send + Sync>;

/// The rules of stalls, with the server's key.
pub struct Core {
    key: [u8; 32],
    trust: Trust,
    appliers: Appliers,
    weaken: Option<Sabotage>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Core")
    }
}

impl Core {
    /// `key` signs what the server says about every stall, and stays the same over all its lives.
    pub fn new(key: [u8; 32], appliers: Appliers) -> Self {
        let public = ed25519_dalek::SigningKey::from_bytes(&key).verifying_key().to_bytes();
        Self { key, trust: Trust { server_keys: [public].into() }, appliers, weaken: None }
    }

    /// The same core with one rule weakened, to prove that the simulator notices.
    #[cfg(feature = "sabotage")]
    pub fn weakened(mut self, rule: Option<Sabotage>) -> Self {
        self.weaken = rule;
        self
    }

    fn public_key(&self) -> [u8; 32] {
        self.trust.server_keys.iter().next().copied().unwrap_or_default()
    }

    /// Whether a rule is weakened. Without the feature nothing can be.
    fn weak(&self, rule: Sabotage) -> bool {
        cfg!(feature = "sabotage") && self.weaken == Some(rule)
    }

    /// Places an order and holds its units. The same key with the same content gets the first answer, be it a
    /// refusal.
    pub fn place_order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        order: &PlaceOrder,
        now: Now,
    ) -> Result<(Placed, Option<u64>), CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        let view = orders::place(&mut desk, order)?;
        Ok((view, desk.leave()?))
    }

    /// Ends an order: gives its hold back, or turns it into a sale.
    pub fn end_order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        order: OrderId,
        end: EndOrder,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        self.end_if(tx, stall, (order, end), |_| Ok(()), now)
    }

    /// The same, if what is asked first does not refuse: in the stall's turn, so that nothing changes behind its back.
    fn end_if(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (order, end): (OrderId, EndOrder),
        check: impl FnOnce(&mut dyn Tx) -> Result<(), CoreRefusal>,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        check(desk.tx)?;
        let view = orders::end(&mut desk, order, end)?;
        settle::settle(&mut desk)?;
        Ok((view, desk.moved_to()?))
    }

    /// A buyer wants to bring something back, or the stall answers.
    pub fn return_turn(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        turn: &ReturnTurn,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        let view = returns::turn(&mut desk, turn)?;
        settle::settle(&mut desk)?;
        Ok((view, desk.moved_to()?))
    }

    pub fn swap_answer(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        said: &SwapAnswer,
        now: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        let view = swaps::answer(&mut desk, said)?;
        settle::settle(&mut desk)?;
        Ok((view, desk.moved_to()?))
    }

    /// Whoever has a gift card wants to spend what registers hold of it.
    pub fn ask_for_card(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        purse: ProductId,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        cards::ask_for(&mut desk, purse)?;
        desk.leave()
    }

    /// Something happens to an order's payment. Says what is to be asked of its provider now, which is kept already.
    pub fn pay_turn(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        (order, turn): (OrderId, &PayTurn),
        now: Now,
    ) -> Result<(Option<Asked>, Option<u64>), CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        let asked = paying::turn(&mut desk, order, turn)?;
        Ok((asked, desk.leave()?))
    }

    pub fn order(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        order: OrderId,
    ) -> Result<Option<OrderView>, CoreRefusal> {
        Ok(orders::view(tx, stall, order)?)
    }

    /// The stalls of this server, by identity, from behind `after`.
    pub fn stalls(
        &self,
        tx: &mut dyn Tx,
        after: Option<LogId>,
        limit: usize,
    ) -> Result<Vec<StallView>, CoreRefusal> {
        Ok(shop::stalls(tx, after, limit)?)
    }

    /// What a stall offers, by name. Parts of names are found without accents.
    pub fn offers(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        asked: OffersAsked<'_>,
    ) -> Result<Vec<OfferView>, CoreRefusal> {
        Ok(shop::offers(tx, stall, &asked)?)
    }

    /// Begins a new life of this server, after a restore. Every stall enters it at its next turn, frozen.
    pub fn new_epoch(&self, tx: &mut dyn Tx, now: Now) -> Result<(), CoreRefusal> {
        Ok(epoch::begin(tx, now)?)
    }

    /// The owner says that the device list is complete, which a restored server cannot know by itself.
    pub fn confirm_devices(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        epoch::confirm(&mut desk)?;
        epoch::try_unfreeze(&mut desk)?;
        desk.moved_to()
    }

    /// The owner takes a lost device's units back, by a recorded decision that states the risk.
    pub fn reclaim(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        author: AuthorId,
        reason: &str,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        settle::reclaim(&mut desk, author, reason)?;
        settle::settle(&mut desk)?;
        epoch::excuse(&mut desk, author)?;
        epoch::try_unfreeze(&mut desk)?;
        desk.moved_to()
    }

    /// Derives a stall's tables from its records again, and says whether they were what they should be.
    pub fn rebuild(&self, tx: &mut dyn Tx, stall: LogId) -> Result<Rebuilt, CoreRefusal> {
        let before = state_digest(tx, stall)?;
        let (running, tables) = (running_digest(tx, stall)?, table_sums(tx, stall)?);
        // A clock went back: what days were told by it is known to wait until it is filled again.
        let waits = stale(tx)?.contains(&stall);
        desk::forget_left(tx);
        let mut applier = (self.appliers)();
        rebuild(tx, stall, &self.trust, applier.as_mut())?;
        note_edited(tx, stall, &Edited::All, 0)?;
        let (after, records) = (state_digest(tx, stall)?, log::count(tx, stall)?);
        let derived = table_sums(tx, stall)?;
        let differing = derived.into_iter().filter(|(table, sum)| tables.get(table) != Some(sum));
        let differing = differing.filter(|(table, _)| !waits || *table != TOLD_TABLE);
        let differing = differing.map(|(table, _)| table).collect();
        Ok(Rebuilt { before, running, after, records, differing })
    }
}

/// What a rebuild found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    pub before: Hash,
    /// What devices were told, which should be the same.
    pub running: Hash,
    pub after: Hash,
    pub records: u64,
    /// The tables that were not what the records say, be they in the digest or not.
    pub differing: Vec<&'static str>,
}

impl Rebuilt {
    /// Whether the tables were what the records say, and the devices were told so.
    pub fn was_right(&self) -> bool {
        self.before == self.after && self.running == self.after && self.differing.is_empty()
    }
}

impl StallCore for Core {
    fn server_key(&self) -> [u8; 32] {
        self.public_key()
    }

    fn replicate(&self, tx: &mut dyn Tx, page: &PageIn<'_>, now: Now) -> Result<PageOut, CoreRefusal> {
        let Some(prepared) = page.prepared else {
            let mut applier = (self.appliers)();
            return replicate::replicate(self, tx, page, applier.as_mut(), now);
        };
        match replicate::replicate(self, tx, page, &mut prepared::Looked(prepared), now) {
            Err(_) if prepared.is_wanting() => Err(documents_busy()),
            done => done,
        }
    }

    fn find_out(&self, prepared: &Prepared) -> Result<(), CoreRefusal> {
        let mut applier = (self.appliers)();
        prepared.find_out(applier.as_mut()).map_err(|_| documents_busy())
    }

    fn admitted(&self, tx: &mut dyn Tx, device: &Admitted<'_>, now: Now) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, device.stall, applier.as_mut(), now)?;
        epoch::admit(&mut desk, device)?;
        settle::settle(&mut desk)?;
        desk.moved_to()
    }

    fn revoked(
        &self,
        tx: &mut dyn Tx,
        stall: LogId,
        author: AuthorId,
        now: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, stall, applier.as_mut(), now)?;
        epoch::revoke(&mut desk, author, "revoked at the server")?;
        settle::settle(&mut desk)?;
        desk.moved_to()
    }

    fn left(&self, tx: &mut dyn Tx, leaving: &Leaving, now: Now) -> Result<Option<u64>, CoreRefusal> {
        let mut applier = (self.appliers)();
        let mut desk = Desk::open(self, tx, leaving.stall, applier.as_mut(), now)?;
        words::leave(&mut desk, leaving)?;
        settle::settle(&mut desk)?;
        desk.moved_to()
    }
}

fn documents_busy() -> CoreRefusal {
    CoreRefusal::Refused {
        fault: Fault::Later,
        code: "documents_busy",
        detail: "too many documents are being changed at this moment; try again".into(),
    }
}

impl From<ProjectError> for CoreRefusal {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Store(error) => Self::Store(error),
            ProjectError::Stale => Self::Store(StoreError::Serialization("a document moved".into())),
        }
    }
}

impl From<soko_domain::refusal::Refusal> for CoreRefusal {
    fn from(refusal: soko_domain::refusal::Refusal) -> Self {
        use soko_domain::refusal::{Refusal, Retry};
        let fault = match (&refusal, refusal.retry()) {
            (Refusal::NotAllowed | Refusal::DeviceRevoked, _) => Fault::Forbidden,
            (Refusal::OrderEnded(_) | Refusal::StepTaken(_) | Refusal::OnTheWay | Refusal::Return(_), _) => {
                Fault::Conflict
            }
            (_, Retry::Later) => Fault::Later,
            (_, Retry::AfterChange) => Fault::Conflict,
            (_, Retry::Never) => Fault::Refused,
        };
        Self::Refused { fault, code: refusal.code(), detail: refusal.to_string() }
    }
}
