//! From records to tables: decode, check who may say such a thing, then the ledger or the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::entry::{Entry, Kind, SERVER_KIND_FIRST, SERVER_KIND_LAST};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, ShiftId, ThingId};
use soko_domain::order_card::{self, CardWord};
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::record::{
    KIND_CHANGE_FIRST, KIND_CHANGE_LAST, KIND_ENTRY_FIRST, KIND_ENTRY_LAST, KIND_INTRODUCTION,
};
use soko_replication::{Body, Record};

use crate::book::Book;
use crate::catalogue::{Applier, Changes};
use crate::heard::{self, Heard};
use crate::history;
use crate::ledger::{Place, apply_entry};
use crate::order_money;
use crate::shown::{self, Shown};
use crate::stock::Balances;
use crate::sum::Sum;

/// Records of newer programs that are looked at after an update.
const NEWER_LOOKED_AT_MAX: usize = 1_000;
/// Records that one step of a rebuild reads.
const REBUILD_RECORDS_PER_STEP: usize = 2_000;

/// The keys of servers. What an author with one of these keys says counts as the server's word.
#[derive(Clone, Default, Debug)]
pub struct Trust {
    pub server_keys: BTreeSet<[u8; 32]>,
}

/// What several calls in one transaction need to find out once.
#[derive(Clone, Default, Debug)]
pub struct Known {
    servers: BTreeMap<AuthorId, bool>,
    /// Of each author what the server's word parked, whether or not it has come.
    refused: BTreeMap<AuthorId, BTreeSet<u64>>,
    sum: Option<Sum>,
    heard: Option<Heard>,
}

impl Known {
    /// When records were heard of is another now.
    pub fn heard_again(&mut self) {
        self.heard = None;
    }
}

/// What changed, for whoever shows it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Touched {
    pub products: BTreeSet<ProductId>,
    pub stock: BTreeSet<ProductId>,
    pub orders: BTreeSet<OrderId>,
    pub shifts: BTreeSet<ShiftId>,
    pub documents: BTreeSet<ThingId>,
    pub sales: bool,
    pub devices: bool,
    pub incidents: bool,
    pub people: bool,
    pub audit: bool,
    pub customers: bool,
    pub purses: bool,
    pub prices: bool,
    /// Somebody was erased: what is known of them is to be in no file any more.
    pub erased: bool,
}

#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Projected {
    pub touched: Touched,
    /// Records that count for nothing, with the reason. Everything else flows on.
    pub parked: Vec<(AuthorId, u64, ParkCode)>,
    /// Records that the server's word parks: [`set_aside`] takes their bodies away.
    pub withheld: Vec<(AuthorId, u64)>,
    /// Records of kinds that a newer version wrote: kept, relayed, and projected after an update.
    pub unknown: usize,
}

soko_domain::wire_choice! {
    /// Why a record counts for nothing.
    pub enum ParkCode {
        Undecodable = 1,
        Impossible = 2,
        NotTheServer = 3,
        RoleForbids = 4,
        ChangeRefused = 5,
        ServerSaid = 6,
        Newer = 7,
        NewerOfDevice = 8,
    }
}

impl ParkCode {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Undecodable => "the record cannot be read; update the device that wrote it",
            Self::Impossible => "its quantities cannot be true; count the stock it is about",
            Self::NotTheServer => "only the server may write such a record",
            Self::RoleForbids => "the role of its author does not allow such a record; ask the owner",
            Self::ChangeRefused => "the edit would damage the document; make it again",
            Self::ServerSaid => "the server refused the record",
            Self::Newer => "a newer server wrote the record; update this program",
            Self::NewerOfDevice => {
                "a newer version of Soko wrote the record; update this one, or revoke its device"
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The documents moved while they were being checked elsewhere: check them again.
    #[error("a document changed meanwhile; try again")]
    Stale,
}

/// Takes records that were just appended, in that order, in the same transaction.
pub fn project(
    tx: &mut dyn Tx,
    log: LogId,
    trust: &Trust,
    applier: &mut dyn Applier,
    records: &[Record],
) -> Result<Projected, ProjectError> {
    project_knowing(tx, log, (trust, &mut Known::default()), applier, records)
}

/// As [`project`], for several calls in one transaction.
pub fn project_knowing(
    tx: &mut dyn Tx,
    log: LogId,
    (trust, known): (&Trust, &mut Known),
    applier: &mut dyn Applier,
    records: &[Record],
) -> Result<Projected, ProjectError> {
    let heard = match known.heard.take() {
        Some(heard) => heard,
        None => Heard::latest(tx, log)?,
    };
    let next = records.iter().map(|record| (heard::NEXT, record));
    let projected = derive(tx, log, (trust, known), applier, (&heard, next));
    known.heard = Some(heard);
    projected
}

/// Takes records with their positions.
fn derive<'r>(
    tx: &mut dyn Tx,
    log: LogId,
    (trust, known): (&Trust, &mut Known),
    applier: &mut dyn Applier,
    (heard, records): (&Heard, impl Iterator<Item = (u64, &'r Record)>),
) -> Result<Projected, ProjectError> {
    let mut book = Book::open(tx, log);
    let mut run = Run {
        log,
        trust,
        heard,
        servers: &mut known.servers,
        refused: &mut known.refused,
        balances: Balances::default(),
        changes: Changes::default(),
        out: Projected::default(),
    };
    for (position, record) in records {
        run.take(&mut book, applier, (position, record))?;
        book.last = Some((record.author, record.seq));
    }
    run.out.touched.stock.extend(run.balances.products());
    run.balances.post(&mut book)?;
    run.changes.apply(&mut book, applier, &mut run.out)?;
    for (author, seq, code) in &run.out.parked {
        park(book.tx, log, *author, *seq, *code, code.sentence())?;
    }
    let out = run.out;
    book.close(&mut known.sum)?;
    Ok(out)
}

struct Run<'a> {
    log: LogId,
    trust: &'a Trust,
    heard: &'a Heard,
    servers: &'a mut BTreeMap<AuthorId, bool>,
    refused: &'a mut BTreeMap<AuthorId, BTreeSet<u64>>,
    balances: Balances,
    changes: Changes,
    out: Projected,
}

impl Run<'_> {
    fn take(
        &mut self,
        book: &mut Book<'_>,
        applier: &dyn Applier,
        (position, record): (u64, &Record),
    ) -> Result<(), ProjectError> {
        let Body::Here(body) = &record.body else { return Ok(()) };
        if record.kind == KIND_INTRODUCTION {
            return Ok(());
        }
        // Two devices that met carry it past the server's word, which may come first.
        if self.is_refused(book.tx, record)? {
            self.out.withheld.push((record.author, record.seq));
            return Ok(());
        }
        if (KIND_CHANGE_FIRST..=KIND_CHANGE_LAST).contains(&record.kind) {
            if !self.changes.take(record, body) {
                self.park(record, ParkCode::Undecodable);
            }
            return Ok(());
        }
        let is_entry = (KIND_ENTRY_FIRST..=KIND_ENTRY_LAST).contains(&record.kind);
        let is_servers = (SERVER_KIND_FIRST..=SERVER_KIND_LAST).contains(&record.kind);
        if is_servers && !self.is_server(book.tx, record.author)? {
            self.park(record, ParkCode::NotTheServer);
            return Ok(());
        }
        let kind = match Kind::from_number(record.kind) {
            Some(kind) if !Entry::is_newer(kind, body) => kind,
            Some(_) | None if is_entry => return self.leave_for_later(book, record),
            Some(_) | None => {
                self.out.unknown += 1;
                return Ok(());
            }
        };
        self.take_entry(book, applier, (position, record), (kind, body))
    }

    fn take_entry(
        &mut self,
        book: &mut Book<'_>,
        applier: &dyn Applier,
        (position, record): (u64, &Record),
        (kind, body): (Kind, &[u8]),
    ) -> Result<(), ProjectError> {
        let Ok((stamp, entry)) = Entry::from_body(kind, body) else {
            self.park(record, ParkCode::Undecodable);
            return Ok(());
        };
        let Ok(transfers) = soko_domain::stock::transfers(record.author, &entry) else {
            self.park(record, ParkCode::Impossible);
            return Ok(());
        };
        if let Entry::RecordParked(parked) = &entry {
            park(book.tx, self.log, parked.author, parked.seq, ParkCode::ServerSaid, &parked.note)?;
            if let Some(refused) = self.refused.get_mut(&parked.author) {
                refused.insert(parked.seq);
            }
            self.out.withheld.push((parked.author, parked.seq));
        }
        let place = Place { log: self.log, author: record.author, seq: record.seq };
        let card = match CardWord::of(record.author, &entry) {
            Some((order, _)) => Some((order, order_money::card_words(book.tx, self.log, order)?)),
            None => None,
        };
        let before = std::mem::take(&mut book.figures);
        apply_entry(book, &place, &stamp, &entry, &mut self.out.touched)?;
        let mut added = std::mem::replace(&mut book.figures, before);
        added.restate(|business_day| self.heard.told(position, stamp.business_day, business_day));
        book.figures.plus(added, 1);
        // What is said of an order's card is counted with all else that is: another life of the server may have said the same.
        let transfers = match card {
            Some((order, said)) => {
                order_card::moved(order, &said, &order_money::card_words(book.tx, self.log, order)?)
            }
            None => transfers,
        };
        transfers.iter().for_each(|transfer| self.balances.add(transfer));
        if applier.keeps_history() {
            history::remember(book.tx, &place, (kind, &stamp), &transfers)?;
        }
        Ok(())
    }

    /// What it does to stock is not known here. A server's entry may be about any share; a device's only about its own,
    /// since nobody else can give that away. It is no other device's business, so it does not count for the digest.
    fn leave_for_later(&mut self, book: &mut Book<'_>, record: &Record) -> Result<(), ProjectError> {
        self.out.unknown += 1;
        let is_server = self.is_server(book.tx, record.author)?;
        let code = if is_server { ParkCode::Newer } else { ParkCode::NewerOfDevice };
        Ok(park(book.tx, self.log, record.author, record.seq, code, code.sentence())?)
    }

    fn is_server(&mut self, tx: &mut dyn Tx, author: AuthorId) -> Result<bool, StoreError> {
        is_server(tx, self.log, (self.trust, self.servers), author)
    }

    /// Whether the server's word parked it. Looked up once for an author, from the first of its records that are taken.
    fn is_refused(&mut self, tx: &mut dyn Tx, record: &Record) -> Result<bool, StoreError> {
        if !self.refused.contains_key(&record.author) {
            let rows = tx.query(
                "select seq from parked where log = $1 and author = $2 and seq >= $3 and code = $4",
                params![self.log, record.author, record.seq, ParkCode::ServerSaid.number()],
            )?;
            let refused = rows.iter().map(|row| row.number(0)).collect::<Result<_, _>>()?;
            self.refused.insert(record.author, refused);
        }
        Ok(self.refused.get(&record.author).is_some_and(|refused| refused.contains(&record.seq)))
    }

    fn park(&mut self, record: &Record, code: ParkCode) {
        self.out.parked.push((record.author, record.seq, code));
    }
}

fn is_server(
    tx: &mut dyn Tx,
    log: LogId,
    (trust, servers): (&Trust, &mut BTreeMap<AuthorId, bool>),
    author: AuthorId,
) -> Result<bool, StoreError> {
    if let Some(known) = servers.get(&author) {
        return Ok(*known);
    }
    let known = log::known(tx, log, &author)?;
    let is_server = known.is_some_and(|known| trust.server_keys.contains(&known.public_key));
    servers.insert(author, is_server);
    Ok(is_server)
}

fn park(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
    seq: u64,
    code: ParkCode,
    note: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into parked (log, author, seq, code, note) values ($1, $2, $3, $4, $5)
         on conflict (log, author, seq) do nothing",
        params![log, author, seq, code.number(), note],
    )?;
    Ok(())
}

/// Empties every derived table of a log.
pub fn forget(tx: &mut dyn Tx, log: LogId) -> Result<(), StoreError> {
    for table in crate::ALL_TABLES {
        tx.execute(&format!("delete from {table} where log = $1"), params![log])?;
    }
    Ok(())
}

/// The logs whose tables an older version filled, or filled without what it could not read.
pub fn stale(tx: &mut dyn Tx) -> Result<Vec<LogId>, StoreError> {
    let rows = tx.query("select log from tables_stale order by log", &[])?;
    let mut stale: BTreeSet<LogId> = rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?;
    let rows = tx.query(
        "select log, author, seq from parked where code in ($1, $2) order by log, author, seq limit $3",
        params![ParkCode::Newer.number(), ParkCode::NewerOfDevice.number(), NEWER_LOOKED_AT_MAX],
    )?;
    for row in &rows {
        let (log, author, seq): (LogId, AuthorId, u64) = (row.id(0)?, row.id(1)?, row.number(2)?);
        if !stale.contains(&log) && can_be_read(tx, log, author, seq)? {
            stale.insert(log);
        }
    }
    Ok(stale.into_iter().collect())
}

fn can_be_read(tx: &mut dyn Tx, log: LogId, author: AuthorId, seq: u64) -> Result<bool, StoreError> {
    let Some(record) = log::record_at(tx, log, &author, seq)? else { return Ok(false) };
    let (kind, body) = (Kind::from_number(record.kind), record.body.bytes());
    Ok(kind.zip(body).is_some_and(|(kind, body)| !Entry::is_newer(kind, body)))
}

/// Derives every table of a log from its records again. What counts only now changes the days of which something else was
/// said until then.
pub fn rebuild(
    tx: &mut dyn Tx,
    log: LogId,
    trust: &Trust,
    applier: &mut dyn Applier,
) -> Result<Projected, ProjectError> {
    let new = counts_now(tx, log, trust)?;
    if !new.is_empty() {
        // The tables may be an older program's: what they said is derived again, too.
        refill(tx, log, trust, applier, &new)?;
        let before = Shown::read(tx, log)?;
        let whole = refill(tx, log, trust, applier, &BTreeSet::new())?;
        before.keep_changes(tx, log, None)?;
        return Ok(whole);
    }
    refill(tx, log, trust, applier, &new)
}

/// As [`rebuild`], once the log holds others of somebody's records than before: that changes the days that they are about.
pub fn rebuild_others(
    tx: &mut dyn Tx,
    log: LogId,
    trust: &Trust,
    applier: &mut dyn Applier,
) -> Result<Projected, ProjectError> {
    let Some((today, _)) = Heard::latest(tx, log)?.today() else { return rebuild(tx, log, trust, applier) };
    let before = Shown::read(tx, log)?;
    // What else counts only now changes days on this one, too, and must not be told apart a second time.
    let whole = refill(tx, log, trust, applier, &BTreeSet::new())?;
    before.keep_changes(tx, log, Some(today))?;
    Ok(whole)
}

/// Takes away the bodies of what the server's word parked, and derives everything again: it is rare. A day that had counted one of
/// them, and was over, says so. Answers nothing where no body was here.
pub fn set_aside(
    tx: &mut dyn Tx,
    log: LogId,
    trust: &Trust,
    applier: &mut dyn Applier,
    places: &[(AuthorId, u64)],
) -> Result<Option<Projected>, ProjectError> {
    let today = Heard::latest(tx, log)?.today();
    let (mut unseen, mut seen) = (Vec::new(), Vec::new());
    for (author, seq) in places {
        let position = log::position_of(tx, log, author, *seq)?;
        let is_seen = position.zip(today).is_some_and(|(position, (_, until))| position <= until);
        if is_seen { seen.push((*author, *seq)) } else { unseen.push((*author, *seq)) }
    }
    let mut done = None;
    // What came and went on one day was in no day's figures when that day was over.
    for (places, today) in [(unseen, None), (seen, today)] {
        let mut had_body = false;
        for (author, seq) in &places {
            had_body |= log::withhold(tx, log, author, *seq)?;
        }
        if !had_body {
            continue;
        }
        done = Some(match today {
            Some((today, _)) => {
                let before = Shown::read(tx, log)?;
                // With whatever else counts only now: told once, as of this day.
                let whole = refill(tx, log, trust, applier, &BTreeSet::new())?;
                before.keep_changes(tx, log, Some(today))?;
                whole
            }
            None => rebuild(tx, log, trust, applier)?,
        });
    }
    Ok(done)
}

/// What counted for nothing, and can be read or is the server's word by now.
fn counts_now(tx: &mut dyn Tx, log: LogId, trust: &Trust) -> Result<BTreeSet<(AuthorId, u64)>, StoreError> {
    let codes = [ParkCode::Newer, ParkCode::NewerOfDevice, ParkCode::NotTheServer].map(ParkCode::number);
    let rows = tx.query(
        "select author, seq, code from parked where log = $1 and code in ($2, $3, $4) order by author, seq",
        params![log, codes[0], codes[1], codes[2]],
    )?;
    let (mut servers, mut new) = (BTreeMap::new(), BTreeSet::new());
    for row in &rows {
        let (author, seq): (AuthorId, u64) = (row.id(0)?, row.number(1)?);
        let counts = match ParkCode::from_number(row.number(2)?) {
            Some(ParkCode::NotTheServer) => is_server(tx, log, (trust, &mut servers), author)?,
            Some(_) | None => can_be_read(tx, log, author, seq)?,
        };
        if counts {
            new.insert((author, seq));
        }
    }
    Ok(new)
}

fn refill(
    tx: &mut dyn Tx,
    log: LogId,
    trust: &Trust,
    applier: &mut dyn Applier,
    left_out: &BTreeSet<(AuthorId, u64)>,
) -> Result<Projected, ProjectError> {
    forget(tx, log)?;
    tx.execute("delete from tables_stale where log = $1", params![log])?;
    park_refused(tx, log, trust)?;
    let mut whole = Projected::default();
    let heard = Heard::all(tx, log)?;
    let mut after = 0;
    loop {
        let step = log::since(tx, log, after, REBUILD_RECORDS_PER_STEP)?;
        let Some(last) = step.last() else { break };
        after = last.position;
        let records = step.iter().map(|positioned| (positioned.position, &positioned.record));
        let records = records.filter(|(_, record)| !left_out.contains(&(record.author, record.seq)));
        let who = (trust, &mut Known::default());
        whole.merge(derive(tx, log, who, applier, (&heard, records))?);
    }
    shown::tell_again(tx, log)?;
    Ok(whole)
}

/// All that the server's word parks, before anything is taken: of some of it the body may still be here.
fn park_refused(tx: &mut dyn Tx, log: LogId, trust: &Trust) -> Result<(), StoreError> {
    let (mut servers, mut after) = (BTreeMap::new(), 0);
    loop {
        let words =
            log::of_kind_since(tx, log, (Kind::RecordParked.number(), after), REBUILD_RECORDS_PER_STEP)?;
        let Some(last) = words.last() else { return Ok(()) };
        after = last.position;
        for record in words.iter().map(|word| &word.record) {
            let Body::Here(body) = &record.body else { continue };
            let Ok((_, Entry::RecordParked(word))) = Entry::from_body(Kind::RecordParked, body) else {
                continue;
            };
            if is_server(tx, log, (trust, &mut servers), record.author)? {
                park(tx, log, word.author, word.seq, ParkCode::ServerSaid, &word.note)?;
            }
        }
    }
}

impl Projected {
    fn merge(&mut self, more: Self) {
        let touched = &mut self.touched;
        touched.products.extend(more.touched.products);
        touched.stock.extend(more.touched.stock);
        touched.orders.extend(more.touched.orders);
        touched.shifts.extend(more.touched.shifts);
        touched.documents.extend(more.touched.documents);
        touched.sales |= more.touched.sales;
        touched.devices |= more.touched.devices;
        touched.incidents |= more.touched.incidents;
        touched.people |= more.touched.people;
        touched.audit |= more.touched.audit;
        touched.customers |= more.touched.customers;
        touched.purses |= more.touched.purses;
        touched.prices |= more.touched.prices;
        touched.erased |= more.touched.erased;
        self.parked.extend(more.parked);
        self.withheld.extend(more.withheld);
        self.unknown += more.unknown;
    }
}
