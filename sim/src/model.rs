//! What is true, kept in plain maps from what was written and answered. It decodes entries and adds up by itself;
//! nothing of the code that derives tables is used here.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::entry::{Entry, GoodsBack, Kind, MoveCause, RefundMade, SaleMade, SaleVoided};
use soko_domain::ids::{AuthorId, Hash, OrderId, ProductId, SaleId, ShiftId};
use soko_domain::stock::Account;
use soko_domain::wire::Wire as _;
use soko_replication::{Heads, Introduction, Record};

use crate::broken::{Broken, broken};
use crate::owed::Owed;
use crate::web::COUPON_USES;

pub(crate) const NO_FORK: &str = "an author's history exists once";
pub(crate) const GAPLESS: &str = "receipt numbers have no gap and no repeat";
pub(crate) const ONCE: &str = "a command takes effect once";
pub(crate) const REFUNDS: &str = "refunds never exceed what was sold";
pub(crate) const PROMISED: &str = "no unit is promised twice";
pub(crate) const HELD: &str = "nobody promises more than it holds";
pub(crate) const GENUINE: &str = "only what its author wrote is accepted";
pub(crate) const COUPONS: &str = "a coupon is good for as many orders as were said";
pub(crate) const BINDS: &str = "what was granted binds";
pub(crate) const NO_CLOCK: &str = "nothing is set apart but what a revoked device held";
pub(crate) const ENDED: &str =
    "a restored server ends and pays back nothing before every device has reported";
pub(crate) const FROZEN: &str = "a restored server promises nothing before every device has reported";

#[derive(Default)]
pub(crate) struct Model {
    /// Every record that a device or a server ever kept, by its author and place.
    records: BTreeMap<(AuthorId, u64), Hash>,
    supply: BTreeMap<ProductId, i64>,
    promised: BTreeMap<ProductId, i64>,
    /// What each author holds, by every record that was ever written, known to it or not.
    shares: BTreeMap<(AuthorId, ProductId), i64>,
    #[cfg(test)]
    sold: BTreeMap<ProductId, i64>,
    sales: BTreeMap<SaleId, Sold>,
    /// What each sale of a shift came to, with the number of its record.
    shifts: BTreeMap<(AuthorId, ShiftId), Vec<(u64, i64)>>,
    pub(crate) owed: Owed,
    orders: BTreeMap<OrderId, Ordered>,
    last_receipts: BTreeMap<AuthorId, u64>,
    /// With the record that says so.
    revoked: BTreeMap<AuthorId, (AuthorId, u64)>,
    /// Authors from whose share the server took: a copy of them went on under another name, or they were revoked. What they
    /// sell until they hear of it is covered from what was set apart.
    set_apart: BTreeSet<AuthorId>,
    /// Places behind which an author's records were lost with their disk.
    lost_behind: BTreeMap<AuthorId, u64>,
    /// Authors that a whole-machine snapshot may have doubled.
    pub(crate) doubled: BTreeSet<AuthorId>,
    /// A person's recorded risk, or a snapshot: promises are not checked any more.
    pub(crate) excepted: bool,
    server: ServerLife,
    server_authors: BTreeSet<AuthorId>,
}

#[derive(Default)]
struct ServerLife {
    author: Option<AuthorId>,
    must_be_frozen: bool,
    was_set_back: bool,
}

struct Sold {
    author: AuthorId,
    total_minor: i64,
    lines: Vec<SoldLine>,
    voided: bool,
}

struct SoldLine {
    quantity: i64,
    total_minor: i64,
    refunded: i64,
    refunded_minor: i64,
}

struct Ordered {
    units: Vec<(ProductId, i64)>,
    has_coupon: bool,
    placed_at: (AuthorId, u64),
    released: bool,
    /// The server's disk was lost, and no device is known to hold the order.
    forgotten: bool,
}

impl Ordered {
    fn counts(&self) -> bool {
        !self.released && !self.forgotten
    }
}

/// What a record that a device just wrote turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    Known,
    Other,
    Is(Kind),
}

impl Model {
    /// A record that its author has on its own disk.
    pub(crate) fn written(&mut self, id: Hash, record: &Record) -> Result<News, Broken> {
        let (author, seq) = (record.author, record.seq);
        match self.records.get(&(author, seq)) {
            Some(known) if *known == id => return Ok(News::Known),
            Some(_) if self.doubled.contains(&author) => {}
            Some(_) => return broken(NO_FORK, format!("{author} wrote record {seq} twice")),
            None => {
                self.records.insert((author, seq), id);
            }
        }
        let Some(kind) = Kind::from_number(record.kind) else { return Ok(News::Other) };
        let Some(Ok((_, entry))) = record.body.bytes().map(|body| Entry::from_body(kind, body)) else {
            return Ok(News::Other);
        };
        self.apply((author, seq), &entry)?;
        Ok(News::Is(kind))
    }

    /// A record that the server has in its log, in the order of arrival.
    pub(crate) fn held_by_server(
        &mut self,
        id: Hash,
        record: &Record,
        server_key_author: bool,
    ) -> Result<News, Broken> {
        let place = (record.author, record.seq);
        if let Some(known) = self.records.get(&place) {
            if *known != id && !self.doubled.contains(&record.author) {
                return broken(
                    GENUINE,
                    format!("record {} of {} is another at the server", place.1, place.0),
                );
            }
            self.seen_again(record);
            return Ok(News::Known);
        }
        if !server_key_author {
            return broken(GENUINE, format!("{} never wrote record {}", place.0, place.1));
        }
        let news = self.written(id, record)?;
        let is_frozen = self.server.must_be_frozen && self.server.author == Some(record.author);
        let promises = matches!(news, News::Is(Kind::ShareGranted | Kind::OrderPlaced));
        if promises && is_frozen {
            return broken(FROZEN, format!("{news:?} by its record {}", record.seq));
        }
        let ends =
            matches!(news, News::Is(Kind::OrderReleased | Kind::OrderFulfilled | Kind::OrderRefundAllowed));
        if ends && is_frozen {
            return broken(ENDED, format!("{news:?} by its record {}", record.seq));
        }
        Ok(news)
    }

    /// Whether a chain is the server's own: its first record names the server's key.
    pub(crate) fn note_server_author(&mut self, record: &Record, key: [u8; 32]) -> bool {
        if record.is_introduction() {
            let introduction = record.body.bytes().and_then(|body| Introduction::from_bytes(body).ok());
            if introduction.is_some_and(|introduction| introduction.public_key == key) {
                self.server_authors.insert(record.author);
            }
        }
        self.server_authors.contains(&record.author)
    }

    fn apply(&mut self, place: (AuthorId, u64), entry: &Entry) -> Result<(), Broken> {
        let author = place.0;
        self.hold(author, entry)?;
        self.owe(place, entry)?;
        #[expect(clippy::wildcard_enum_match_arm, reason = "every other entry promises and undoes nothing")]
        match entry {
            Entry::StockReceived(received) => {
                for line in &received.lines {
                    *self.supply.entry(line.product).or_default() += line.quantity;
                }
            }
            Entry::StockCounted(count) => {
                let found = (count.counted - count.expected).max(0);
                *self.supply.entry(count.product).or_default() += found;
            }
            Entry::SaleMade(sale) => {
                let of_shift = self.shifts.entry((author, sale.shift)).or_default();
                of_shift.push((place.1, sale.total_minor));
                self.sold(author, sale)?;
            }
            Entry::SaleVoided(void) => self.voided(void)?,
            Entry::RefundMade(refund) => self.refunded(place, refund)?,
            Entry::DeviceRevoked(revoked) => {
                self.revoked.insert(revoked.author, place);
            }
            Entry::OrderPlaced(order) => {
                let units: Vec<_> = order.lines.iter().map(|line| (line.product, line.quantity)).collect();
                let known = self.orders.get(&order.order);
                if known.is_some_and(|known| known.counts() && known.placed_at.0 == author) {
                    return broken(ONCE, format!("order {} was placed twice", order.order));
                }
                let released = known.is_some_and(|known| known.released);
                let has_coupon = order.coupon.is_some();
                let ordered = Ordered { units, has_coupon, placed_at: place, released, forgotten: false };
                self.orders.insert(order.order, ordered);
                self.check_coupon()?;
            }
            Entry::OrderReleased(order) => {
                if let Some(known) = self.orders.get_mut(&order.order) {
                    known.released = true;
                }
            }
            Entry::EpochStarted(started) => {
                self.server.author = Some(author);
                self.server.must_be_frozen |= started.frozen;
            }
            Entry::Unfrozen(_) if self.server.author == Some(author) => self.server.must_be_frozen = false,
            _ => {}
        }
        Ok(())
    }

    /// Cards, offers, and cash that goes back.
    fn owe(&mut self, place: (AuthorId, u64), entry: &Entry) -> Result<(), Broken> {
        self.owed.apply(place, entry);
        if self.excepted {
            return Ok(());
        }
        if let Entry::OrderCashGiven(given) = entry {
            self.owed.cash_given((given.order, given.refund), given.amount_minor)?;
        }
        if Owed::is_about(entry.kind()) { self.owed.check() } else { Ok(()) }
    }

    fn check_coupon(&self) -> Result<(), Broken> {
        let uses = self.orders.values().filter(|order| order.has_coupon && order.counts()).count();
        if uses > usize::try_from(COUPON_USES).unwrap_or(usize::MAX) && !self.excepted {
            return broken(COUPONS, format!("{uses} orders of {COUPON_USES}"));
        }
        Ok(())
    }

    /// Moves what an entry says between holders. An author that still writes by right never holds less than nothing: what
    /// it was granted was written before it could hear of it.
    fn hold(&mut self, author: AuthorId, entry: &Entry) -> Result<(), Broken> {
        let is_set_apart = matches!(entry, Entry::StockMoved(moved) if moved.cause == MoveCause::Quarantine);
        for (holder, product, quantity) in held_by(author, entry) {
            if is_set_apart && !self.excepted && !self.revoked.contains_key(&holder) {
                return broken(NO_CLOCK, format!("{quantity} of {product} that {holder} has"));
            }
            let share = self.shares.entry((holder, product)).or_default();
            *share += quantity;
            if holder != author && quantity < 0 {
                self.set_apart.insert(holder);
            }
            let is_short = *share < 0 && quantity < 0 && holder == author;
            let is_excused = self.excepted
                || self.doubled.contains(&author)
                || self.revoked.contains_key(&author)
                || self.lost_behind.contains_key(&author)
                || self.set_apart.contains(&author);
            if is_short && !is_excused {
                return broken(HELD, format!("{author} holds {share} of {product} after {:?}", entry.kind()));
            }
        }
        Ok(())
    }

    fn sold(&mut self, author: AuthorId, sale: &SaleMade) -> Result<(), Broken> {
        let last = self.last_receipts.entry(author).or_default();
        if sale.receipt_number != *last + 1 && !self.doubled.contains(&author) {
            let what = format!("{author} gave number {} after {last}", sale.receipt_number);
            return broken(GAPLESS, what);
        }
        *last = sale.receipt_number;
        if self.sales.contains_key(&sale.sale) {
            return broken(ONCE, format!("sale {} was made twice", sale.sale));
        }
        for line in &sale.lines {
            if let Some(product) = line.product {
                #[cfg(test)]
                {
                    *self.sold.entry(product).or_default() += line.quantity;
                }
                *self.promised.entry(product).or_default() += line.from_share();
            }
        }
        let line = |line: &soko_domain::entry::SaleLine| SoldLine {
            quantity: line.quantity,
            total_minor: line.total_minor,
            refunded: 0,
            refunded_minor: 0,
        };
        let lines = sale.lines.iter().map(line).collect();
        let total_minor = sale.total_minor;
        self.sales.insert(sale.sale, Sold { author, total_minor, lines, voided: false });
        Ok(())
    }

    fn voided(&mut self, void: &SaleVoided) -> Result<(), Broken> {
        for units in &void.units {
            *self.promised.entry(units.product).or_default() -= units.from_share;
        }
        let Some(sale) = self.sales.get_mut(&void.sale) else { return Ok(()) };
        if !self.excepted && (sale.voided || sale.lines.iter().any(|line| line.refunded > 0)) {
            return broken(REFUNDS, format!("sale {} was voided after it was undone already", void.sale));
        }
        sale.voided = true;
        Ok(())
    }

    fn refunded(&mut self, (author, seq): (AuthorId, u64), refund: &RefundMade) -> Result<(), Broken> {
        for line in refund.lines.iter().filter(|line| line.goods == GoodsBack::Sellable) {
            if let Some(product) = line.product {
                *self.promised.entry(product).or_default() -= line.quantity;
            }
        }
        let Some(sale) = self.sales.get_mut(&refund.sale) else { return Ok(()) };
        // The server allows refunds of a lost register's sales while that may still refund by its own right.
        let is_shared =
            self.revoked.contains_key(&sale.author) || self.lost_behind.contains_key(&sale.author);
        let is_lost = self.lost_behind.get(&author).is_some_and(|behind| seq > *behind);
        if is_shared || is_lost || self.excepted {
            return Ok(());
        }
        for line in &refund.lines {
            let Some(sold) = usize::try_from(line.line).ok().and_then(|at| sale.lines.get_mut(at)) else {
                return broken(REFUNDS, format!("sale {} has no line {}", refund.sale, line.line));
            };
            sold.refunded += line.quantity;
            sold.refunded_minor += line.amount_minor;
            if sale.voided || sold.refunded > sold.quantity || sold.refunded_minor > sold.total_minor {
                return broken(REFUNDS, format!("line {} of sale {}", line.line, refund.sale));
            }
        }
        Ok(())
    }

    /// What the server had forgotten came back from a device.
    fn seen_again(&mut self, record: &Record) {
        if Kind::from_number(record.kind) == Some(Kind::DeviceRevoked) {
            let entry = record.body.bytes().map(|body| Entry::from_body(Kind::DeviceRevoked, body));
            if let Some(Ok((_, Entry::DeviceRevoked(revoked)))) = entry {
                self.revoked.insert(revoked.author, (record.author, record.seq));
            }
        }
        let place = (record.author, record.seq);
        if Kind::from_number(record.kind).is_some_and(Owed::is_about) {
            self.owed.seen_again(place);
        }
        if Kind::from_number(record.kind) != Some(Kind::OrderPlaced) {
            return;
        }
        for order in self.orders.values_mut().filter(|order| order.placed_at == place) {
            order.forgotten = false;
        }
    }

    /// The server was restored; `held` tells how far it now knows an author.
    pub(crate) fn server_restored(&mut self, held: impl Fn(AuthorId) -> u64) -> u64 {
        self.server = ServerLife { author: None, must_be_frozen: true, was_set_back: false };
        self.orders_forgotten(held)
    }

    /// The server was set back and does not know it: until a device says so, promises may break, and what it
    /// writes stands where other records of its own once stood.
    pub(crate) fn server_set_back(&mut self, held: impl Fn(AuthorId) -> u64) -> u64 {
        self.excepted = true;
        self.doubled.extend(self.server_authors.iter().copied());
        self.server.was_set_back = true;
        self.orders_forgotten(held)
    }

    /// A life began, frozen: whether that was because of what a device said.
    pub(crate) fn noticed_set_back(&mut self) -> bool {
        std::mem::take(&mut self.server.was_set_back)
    }

    fn orders_forgotten(&mut self, held: impl Fn(AuthorId) -> u64) -> u64 {
        // What only the server had said may never be heard of again.
        self.revoked
            .retain(|_, (author, seq)| *seq <= held(*author) || !self.server_authors.contains(author));
        let server_authors = &self.server_authors;
        self.owed.forget(|(author, seq)| server_authors.contains(&author) && seq > held(author));
        let mut forgotten = 0;
        for order in self.orders.values_mut() {
            let (author, seq) = order.placed_at;
            if seq > held(author) && !order.forgotten {
                order.forgotten = true;
                forgotten += 1;
            }
        }
        forgotten
    }

    /// A device's disk went back; what the author wrote behind `seq` and nobody else has is gone.
    /// `elsewhere` is how far the server has it: whom it revoked behind that is revoked no more.
    pub(crate) fn lost(&mut self, author: AuthorId, seq: u64, elsewhere: u64) {
        let behind = self.lost_behind.entry(author).or_insert(seq);
        *behind = (*behind).min(seq);
        let left = seq.max(elsewhere);
        self.revoked.retain(|_, (revoker, at)| *revoker != author || *at <= left);
    }

    /// Every author that wrote and is not a server.
    pub(crate) fn authors(&self) -> BTreeSet<AuthorId> {
        let all: BTreeSet<AuthorId> = self.records.keys().map(|(author, _)| *author).collect();
        all.difference(&self.server_authors).copied().collect()
    }

    pub(crate) fn server_authors(&self) -> &BTreeSet<AuthorId> {
        &self.server_authors
    }

    /// Devices' authors that may have two histories.
    pub(crate) fn doubled_devices(&self) -> BTreeSet<AuthorId> {
        self.doubled.difference(&self.server_authors).copied().collect()
    }

    pub(crate) fn was_lost(&self, author: AuthorId) -> bool {
        self.lost_behind.contains_key(&author)
    }

    pub(crate) fn must_be_frozen(&self) -> bool {
        self.server.must_be_frozen
    }

    pub(crate) fn wrote(&self, author: AuthorId, seq: u64) -> Option<Hash> {
        self.records.get(&(author, seq)).copied()
    }

    /// What a sale's record comes to, and what its lines do.
    pub(crate) fn totals(&self, sale: SaleId) -> Option<(i64, i64)> {
        let sold = self.sales.get(&sale)?;
        Some((sold.total_minor, sold.lines.iter().map(|line| line.total_minor).sum()))
    }

    /// What each shift sold, as somebody has to say who holds so much of its register's chain.
    pub(crate) fn shift_totals(&self, heads: &Heads) -> Vec<((AuthorId, ShiftId), i64)> {
        let sum = |author: &AuthorId, sales: &[(u64, i64)]| {
            let held = heads.get(author).map_or(0, |head| head.seq);
            sales.iter().filter(|(seq, _)| *seq <= held).map(|(_, minor)| minor).sum()
        };
        let shifts = self.shifts.iter().filter(|((author, _), _)| !self.doubled.contains(author));
        shifts.map(|((author, shift), sales)| ((*author, *shift), sum(author, sales))).collect()
    }

    pub(crate) fn is_revoked(&self, author: AuthorId) -> bool {
        self.revoked.contains_key(&author)
    }

    /// Units that left with buyers at a counter.
    #[cfg(test)]
    pub(crate) fn out_of_hand(&self, product: ProductId) -> i64 {
        self.sold.get(&product).copied().unwrap_or_default()
    }

    /// The units promised to buyers never exceed the units that were recorded.
    pub(crate) fn check_promises(&mut self) -> Result<(), Broken> {
        if self.excepted {
            return Ok(());
        }
        // What was forgotten and came back is counted again.
        self.owed.check()?;
        let mut promised = self.promised.clone();
        for order in self.orders.values().filter(|order| order.counts()) {
            for (product, quantity) in &order.units {
                *promised.entry(*product).or_default() += quantity;
            }
        }
        for (product, promised) in promised {
            let supply = self.supply.get(&product).copied().unwrap_or_default();
            if promised > supply {
                return broken(PROMISED, format!("{promised} of {supply} units of {product} were promised"));
            }
        }
        Ok(())
    }
}

/// Whose share an entry changes, and by how much.
fn held_by(author: AuthorId, entry: &Entry) -> Vec<(AuthorId, ProductId, i64)> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other entry of a run moves a share")]
    match entry {
        Entry::StockReceived(received) => {
            received.lines.iter().map(|line| (author, line.product, line.quantity)).collect()
        }
        Entry::StockCounted(count) => {
            let found = (count.counted - count.expected).max(0);
            vec![(author, count.product, found - count.from_share)]
        }
        Entry::SaleMade(sale) => {
            let lines = sale.lines.iter().filter_map(|line| Some((line.product?, line.from_share())));
            lines.map(|(product, quantity)| (author, product, -quantity)).collect()
        }
        Entry::SaleVoided(void) => {
            void.units.iter().map(|units| (author, units.product, units.from_share)).collect()
        }
        Entry::RefundMade(refund) => {
            let sellable = refund.lines.iter().filter(|line| line.goods == GoodsBack::Sellable);
            sellable.filter_map(|line| Some((author, line.product?, line.quantity))).collect()
        }
        Entry::ShareReturned(share) => vec![(author, share.product, -share.quantity)],
        Entry::PurseFilled(filled) => vec![(author, filled.purse, filled.units)],
        Entry::PurseSpent(spent) => vec![(author, spent.purse, -spent.units)],
        Entry::ShareGranted(share) => vec![(share.to, share.product, share.quantity)],
        Entry::StockMoved(moved) => {
            let share = |account| if let Account::Share(holder) = account { Some(holder) } else { None };
            let from =
                moved.moves.iter().filter_map(|step| Some((share(step.from)?, step.product, -step.quantity)));
            let to =
                moved.moves.iter().filter_map(|step| Some((share(step.to)?, step.product, step.quantity)));
            from.chain(to).collect()
        }
        _ => Vec::new(),
    }
}
