//! What a command or a page may do inside its transaction: read facts, append own records, let what follows from
//! them follow. Whoever opened the transaction keeps or drops all of it.

use std::collections::BTreeSet;

use soko_app_api::QueryKey;
use soko_documents::{ChangeBody, DocumentKind};
use soko_domain::entry::{Entry, SaleMade, Stamp};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, SaleId, ThingId};
use soko_domain::people::Doer;
use soko_domain::refusal::Refusal;
use soko_domain::role::Role;
use soko_domain::stock::Account;
use soko_domain::verbs::release_order::OrderState;
use soko_domain::wire::Wire as _;
use soko_projection::{LocalApplier, Touched, change_kind, heard, read as facts};
use soko_record_log::{Sqlite, StoreError, Tx, log};
use soko_replication::Record;

use crate::failure::{Failure, NotDone};
use crate::options::Now;
use crate::own::{self, StallRow};
use crate::people;
use crate::search::{Changes, index_product};
use crate::stall::Stall;
use crate::verbs::GivenBack;
use crate::weaken::Weakened;

/// One transaction's work on one stall.
pub(crate) struct Writing<'t> {
    pub(crate) tx: &'t mut dyn Tx,
    pub(crate) stall: &'t mut Stall,
    pub(crate) log: LogId,
    pub(crate) me: AuthorId,
    pub(crate) stamp: Stamp,
    /// What whoever does it may be here: the less of register and person.
    pub(crate) role: Role,
    pub(crate) register_role: Role,
    /// Whoever is at the register, for decisions that can need a manager.
    pub(crate) doer: Doer,
    pub(crate) weakened: Weakened,
    pub(crate) after: After,
}

/// What happens once the transaction is kept.
#[derive(Default)]
pub(crate) struct After {
    pub(crate) search: Changes,
    pub(crate) changed: BTreeSet<QueryKey>,
    /// Set if a restored backup must not undo this.
    pub(crate) generation: Option<u64>,
    /// The stall's row, if it is another now.
    pub(crate) row: Option<StallRow>,
    /// There is something for the server.
    pub(crate) wants_to_send: bool,
    /// Somebody was erased.
    pub(crate) erased: bool,
}

/// What a transaction needs beside the database.
pub(crate) struct Around<'a> {
    pub(crate) stall: &'a mut Stall,
    pub(crate) now: Now,
    pub(crate) weakened: Weakened,
}

/// Runs `work` in one durable transaction. If it is not kept, the pen is back where it was.
pub(crate) fn commit<T>(
    db: &mut Sqlite,
    around: Around<'_>,
    work: impl FnOnce(&mut Writing<'_>) -> Result<T, Failure>,
) -> Result<(T, After), Failure> {
    let Around { stall, now, weakened } = around;
    let head = stall.pen_head();
    let kept = db.transaction(|tx| {
        let mut writing = Writing::new(tx, stall, now, weakened)?;
        let done = work(&mut writing)?;
        if writing.after.generation.is_some() {
            writing.after.generation = Some(own::next_generation(writing.tx)?);
        }
        Ok((done, writing.after))
    });
    if kept.is_err() {
        stall.rewind_pen(head);
    }
    kept
}

impl<'t> Writing<'t> {
    fn new(
        tx: &'t mut dyn Tx,
        stall: &'t mut Stall,
        now: Now,
        weakened: Weakened,
    ) -> Result<Self, StoreError> {
        let mut stamp = now.stamp(cut_off_minutes(tx, stall.log())?);
        let register_role = register_role(tx, stall)?;
        let (doer, by, role) = people::doer(tx, stall, register_role)?;
        stamp.by = by;
        let (log, me) = (stall.log(), stall.row.author);
        Ok(Self { tx, stall, log, me, stamp, role, register_role, doer, weakened, after: After::default() })
    }

    pub(crate) fn changed(&mut self, keys: impl IntoIterator<Item = QueryKey>) {
        self.after.changed.extend(keys);
    }

    /// Appends what was decided; answers the place of the last record.
    pub(crate) fn write(&mut self, entries: Vec<Entry>) -> Result<u64, Failure> {
        let stamp = self.stamp.clone();
        let bodies = entries.iter().map(|entry| (entry.kind().number(), entry.to_body(&stamp))).collect();
        self.append(bodies)
    }

    /// Appends a change of a document.
    pub(crate) fn write_change(&mut self, change: &ChangeBody) -> Result<u64, Failure> {
        self.append(vec![(change_kind(change.kind), change.to_bytes())])
    }

    /// Appends changes of documents that do not touch each other, under one signature.
    pub(crate) fn write_changes(&mut self, changes: &[ChangeBody]) -> Result<u64, Failure> {
        self.append(changes.iter().map(|change| (change_kind(change.kind), change.to_bytes())).collect())
    }

    fn append(&mut self, bodies: Vec<(u16, Vec<u8>)>) -> Result<u64, Failure> {
        let pen = self.stall.pen.as_mut().ok_or_else(no_pen)?;
        let mut records: Vec<Record> =
            bodies.into_iter().map(|(kind, body)| pen.write(kind, body)).collect::<Result<_, _>>()?;
        let Some(last) = records.last_mut() else { return Ok(pen.head().seq) };
        pen.sign(last)?;
        let head = pen.head();
        // Each record names the one before it, so only the last one's identity is missing.
        let ids: Vec<_> = records.iter().skip(1).map(|next| next.prev).chain([head.hash]).collect();
        log::append_with_ids(self.tx, ids.into_iter().zip(&records))?;
        self.after.wants_to_send = true;
        self.follow(&records)?;
        Ok(head.seq)
    }

    /// Notes on which day records come in that are about to be appended. Without a server nobody knows all, and what comes is
    /// late as soon as its day is over.
    pub(crate) fn hears(&mut self) -> Result<(), Failure> {
        let (today, position) = (self.stamp.business_day, log::count(self.tx, self.log)?);
        soko_projection::date_changes(self.tx, self.log, today)?;
        if self.stall.trust.server_keys.is_empty() {
            return Ok(heard::is_whole(self.tx, self.log, today, position)?);
        }
        Ok(heard::begins(self.tx, self.log, today, position)?)
    }

    /// Notes that everything that the server knows is here.
    pub(crate) fn knows_all(&mut self) -> Result<(), Failure> {
        let (today, position) = (self.stamp.business_day, log::count(self.tx, self.log)?);
        Ok(heard::is_whole(self.tx, self.log, today, position)?)
    }

    /// Derives what follows from records that were just appended.
    pub(crate) fn follow(&mut self, records: &[Record]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        self.after.generation = Some(0);
        let trust = &self.stall.trust;
        let projected = soko_projection::project(self.tx, self.log, trust, &mut LocalApplier, records)?;
        if !projected.parked.is_empty() || !projected.withheld.is_empty() {
            self.changed([QueryKey::Parked]);
        }
        self.touch(&projected.touched)?;
        self.withhold(&projected.withheld)
    }

    /// Derives everything again: something was taken out of the log. It is rare.
    pub(crate) fn follow_all(&mut self) -> Result<(), Failure> {
        self.after.generation = Some(0);
        let trust = &self.stall.trust;
        let rebuilt = soko_projection::rebuild_others(self.tx, self.log, trust, &mut LocalApplier)?;
        self.touch(&rebuilt.touched)?;
        self.changed([QueryKey::Everything]);
        self.withhold(&rebuilt.withheld)
    }

    /// What the server parked counts for nothing, here as there. It is rare, so everything is derived again.
    fn withhold(&mut self, withheld: &[(AuthorId, u64)]) -> Result<(), Failure> {
        let trust = &self.stall.trust;
        let rebuilt = soko_projection::set_aside(self.tx, self.log, trust, &mut LocalApplier, withheld)?;
        if let Some(rebuilt) = rebuilt {
            self.touch(&rebuilt.touched)?;
            self.changed([QueryKey::Everything]);
        }
        Ok(())
    }

    /// Brings the search up to date, and notes which queries changed.
    pub(crate) fn touch(&mut self, touched: &Touched) -> Result<(), Failure> {
        for product in &touched.products {
            index_one(self.tx, self.stall, *product, &mut self.after.search)?;
        }
        self.changed(keys(touched));
        self.after.erased |= touched.erased;
        Ok(())
    }

    /// Remembers units that nobody can promise until the server has the record.
    pub(crate) fn gave_back(&mut self, back: &GivenBack, seq: u64) -> Result<(), Failure> {
        let returned = own::Returned { author: self.me, seq, product: back.product, quantity: back.quantity };
        own::add_return(self.tx, self.log, &returned)?;
        Ok(())
    }
}

/// As what the register was let in.
pub(crate) fn register_role(tx: &mut dyn Tx, stall: &Stall) -> Result<Role, StoreError> {
    let admitted = facts::device(tx, stall.log(), stall.row.author)?.filter(|device| device.admitted);
    Ok(admitted.and_then(|device| device.role).unwrap_or(stall.row.role))
}

fn no_pen() -> Failure {
    Failure::Inconsistent("a frozen register was about to write".into())
}

fn cut_off_minutes(tx: &mut dyn Tx, log: LogId) -> Result<u16, StoreError> {
    Ok(facts::profile(tx, log)?.map_or(0, |profile| profile.cut_off_minutes))
}

/// Indexes a product under its name as it is now.
pub(crate) fn index_one(
    tx: &mut dyn Tx,
    stall: &Stall,
    product: ProductId,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let row = facts::product(tx, stall.log(), product)?;
    let name = row.filter(|row| !row.archived).map(|row| row.name);
    index_product(tx, stall.row.stall, product, name.as_deref(), changes)
}

fn keys(touched: &Touched) -> BTreeSet<QueryKey> {
    let mut keys = BTreeSet::from([QueryKey::Status]);
    keys.extend(touched.stock.iter().map(|product| QueryKey::Stock(*product)));
    keys.extend(touched.products.iter().map(|product| QueryKey::Product(*product)));
    keys.extend(touched.orders.iter().map(|order| QueryKey::Order(*order)));
    keys.extend(touched.documents.iter().map(|document| QueryKey::Document(*document)));
    let lists = [
        (!touched.products.is_empty(), QueryKey::Products),
        (!touched.orders.is_empty(), QueryKey::Orders),
        (!touched.shifts.is_empty(), QueryKey::Shift),
        (touched.sales, QueryKey::Sales),
        (touched.devices, QueryKey::Devices),
        (touched.incidents, QueryKey::Incidents),
        (touched.people, QueryKey::People),
        (touched.audit, QueryKey::Audit),
        (touched.customers, QueryKey::Customers),
        (touched.purses, QueryKey::Purses),
        (touched.prices, QueryKey::Prices),
    ];
    keys.extend(lists.into_iter().filter(|(changed, _)| *changed).map(|(_, key)| key));
    keys
}

/// The facts that decisions need.
impl Writing<'_> {
    /// What this register may promise: nothing while it cannot read all that it holds. A weakened rule may believe in more than the records say.
    pub(crate) fn own_share(&mut self, product: ProductId) -> Result<i64, StoreError> {
        if facts::is_outdated(self.tx, self.log, self.me)? {
            return Ok(0);
        }
        let share = facts::balance(self.tx, self.log, product, Account::Share(self.me))?;
        Ok(share.saturating_add(self.stall.believed(product)))
    }

    pub(crate) fn require_product(&mut self, product: ProductId) -> Result<(), NotDone> {
        match facts::product(self.tx, self.log, product)? {
            Some(_) => Ok(()),
            None => Err(Refusal::UnknownProduct(product).into()),
        }
    }

    /// Every author's last record here.
    pub(crate) fn seen(&mut self) -> Result<Vec<(AuthorId, u64)>, StoreError> {
        let heads = log::heads(self.tx, self.log)?;
        Ok(heads.into_iter().map(|(author, head)| (author, head.seq)).collect())
    }

    pub(crate) fn device(&mut self, author: AuthorId) -> Result<Option<facts::DeviceFound>, StoreError> {
        facts::device(self.tx, self.log, author)
    }

    pub(crate) fn order_state(&mut self, order: OrderId) -> Result<Option<OrderState>, StoreError> {
        Ok(facts::order(self.tx, self.log, order)?.map(|order| order.state))
    }

    pub(crate) fn order_found(&mut self, order: OrderId) -> Result<Option<facts::OrderFound>, StoreError> {
        facts::order(self.tx, self.log, order)
    }

    pub(crate) fn open_shift(&mut self) -> Result<Option<facts::ShiftRow>, StoreError> {
        facts::open_shift(self.tx, self.log, self.me)
    }

    pub(crate) fn sale(&mut self, sale: SaleId) -> Result<Option<(AuthorId, SaleMade)>, StoreError> {
        Ok(facts::sale(self.tx, self.log, sale)?.map(|found| (found.author, found.made)))
    }

    pub(crate) fn voided(&mut self, sale: SaleId) -> Result<bool, StoreError> {
        facts::voided(self.tx, self.log, sale)
    }

    pub(crate) fn refunded(&mut self, sale: SaleId) -> Result<Vec<(u32, i64, i64)>, StoreError> {
        facts::refunded(self.tx, self.log, sale)
    }

    pub(crate) fn document(
        &mut self,
        document: ThingId,
    ) -> Result<Option<(DocumentKind, Vec<u8>)>, StoreError> {
        facts::document(self.tx, self.log, document)
    }
}
