//! Proving and rebuilding what a store holds: chains by their signatures, tables by deriving them again, promises
//! by adding up.

use std::sync::Arc;

use soko_domain::ids::{Hash, LogId, OrderId, ThingId};
use soko_domain::stock::Account;
use soko_record_log::{StoreError, Tx, log, params};

use crate::core::CoreRefusal;
use crate::operator;
use crate::stall::{Core, Rebuilt};
use crate::store::{Failed, JobError, NoAnswer, Shard, Store};

/// Problems of one kind that are named; one is enough to look closer.
const PROBLEMS_MAX: u32 = 20;

/// What was found about one stall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StallReport {
    pub stall: LogId,
    pub records: u64,
    pub products: u64,
    /// What its devices show, too, once they have the same records.
    pub digest: Hash,
    /// Things that people were told to look at; no fault of the store.
    pub incidents: u64,
    pub problems: Vec<String>,
}

/// Every stall that has records.
pub fn stalls(store: &Store) -> Result<Vec<LogId>, StoreError> {
    store.read_blocking(|tx| log::logs(tx)).map_err(StoreError::from)
}

/// Looks at everything about a stall and changes nothing.
pub fn verify(store: &Store, core: &Arc<Core>, stall: LogId) -> Result<StallReport, StoreError> {
    let core = Arc::clone(core);
    let looked = store.write_blocking(Shard::stall(stall), move |tx| {
        let found = look(tx, &core, stall).map_err(Looked::Store)?;
        // Deriving the tables again wrote them: this undoes it.
        Err::<(), _>(Looked::Found(Box::new(found)))
    });
    match looked {
        Err(Failed::Refused(Looked::Found(found))) => Ok(*found),
        Err(Failed::Refused(Looked::Store(error)) | Failed::NoAnswer(NoAnswer::NotKept(error))) => Err(error),
        Err(Failed::NoAnswer(none)) => Err(StoreError::Other(none.to_string())),
        Ok(()) => Err(StoreError::Other("the proof kept what it should have undone".to_owned())),
    }
}

/// Derives a stall's tables from its records again.
pub fn rebuild(store: &Store, core: &Arc<Core>, stall: LogId) -> Result<Rebuilt, StoreError> {
    let core = Arc::clone(core);
    let rebuilt = store.write_blocking(Shard::stall(stall), move |tx| core.rebuild(tx, stall));
    rebuilt.map_err(|failed| match failed {
        Failed::Refused(refusal) => plain(refusal),
        Failed::NoAnswer(none) => StoreError::from(Failed::<StoreError>::NoAnswer(none)),
    })
}

/// Fills the tables of every stall that an older version filled. Run it before anybody is served. What only counts now changes
/// days that were over before `now_ms`.
pub fn refill(store: &Store, core: &Arc<Core>, now_ms: i64) -> Result<usize, StoreError> {
    let stale = store.read_blocking(|tx| soko_projection::stale(tx)).map_err(StoreError::from)?;
    for stall in &stale {
        rebuild(store, core, *stall)?;
    }
    for stall in store.read_blocking(|tx| soko_projection::undated_changes(tx)).map_err(StoreError::from)? {
        let dated = store.write_blocking(Shard::stall(stall), move |tx| {
            let today = operator::today(tx, stall, now_ms)?;
            soko_projection::date_changes(tx, stall, today)
        });
        dated.map_err(StoreError::from)?;
    }
    Ok(stale.len())
}

/// What was seen travels as the refusal of a job, because refusals undo.
enum Looked {
    Found(Box<StallReport>),
    Store(StoreError),
}

impl From<StoreError> for Looked {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl JobError for Looked {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Found(_) => None,
        }
    }
}

fn look(tx: &mut dyn Tx, core: &Core, stall: LogId) -> Result<StallReport, StoreError> {
    let mut of_records = chains(tx, stall)?;
    let mut of_tables = promises(tx, stall)?;
    let count = |tx: &mut dyn Tx, table: &str| {
        let sql = format!("select count(*) from {table} where log = $1");
        tx.query_one(&sql, params![stall])?.number::<u64>(0)
    };
    let (products, incidents) = (count(tx, "product")?, count(tx, "incident")?);
    let rebuilt = core.rebuild(tx, stall).map_err(plain)?;
    of_records.extend(bodies(tx, stall)?);
    if !rebuilt.was_right() {
        of_tables.push(tables(&rebuilt, of_records.is_empty()));
    }
    let Rebuilt { running: digest, records, .. } = rebuilt;
    of_records.append(&mut of_tables);
    Ok(StallReport { stall, records, products, digest, incidents, problems: of_records })
}

/// What to do about tables depends on the records: derived from damaged ones, they would only hide the damage.
fn tables(rebuilt: &Rebuilt, are_records_sound: bool) -> String {
    let named = match rebuilt.differing.as_slice() {
        [] => "the digest that devices compare is".to_owned(),
        [table] => format!("the table {table} is"),
        several => format!("the tables {} are", several.join(", ")),
    };
    let advice = if are_records_sound {
        "run soko-server rebuild"
    } else {
        "its records come first, so keep the tables as they are, and look at the last backup"
    };
    format!("{named} not what the records say: {advice}")
}

/// Bodies that are gone although nobody parked the record or was erased. Asked of tables that were derived just now.
fn bodies(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<String>, StoreError> {
    let emptied = soko_projection::emptied(tx, stall, PROBLEMS_MAX)?;
    let say = |(author, seq)| format!("author {author}: record {seq} lost its body, and no record says why");
    Ok(emptied.into_iter().map(say).collect())
}

fn chains(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<String>, StoreError> {
    let report = log::verify(tx, stall)?;
    let of_log = report.problem.map(|problem| problem.to_string());
    let of_authors = report
        .authors
        .into_iter()
        .filter_map(|author| author.problem.map(|problem| format!("author {}: {problem}", author.author)));
    Ok(of_log.into_iter().chain(of_authors).collect())
}

/// Every unit is in exactly one account, and neither the shop nor an order holds less than nothing.
fn promises(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<String>, StoreError> {
    let uneven = tx.query(
        "select product, cast(sum(quantity) as bigint) from balance
         where log = $1 group by product having sum(quantity) <> 0 order by product limit $2",
        params![stall, PROBLEMS_MAX],
    )?;
    let (pool, hold) = (Account::Pool.parts().0, Account::Hold(OrderId::default()).parts().0);
    let negative = tx.query(
        "select product, quantity from balance
         where log = $1 and quantity < 0 and account in ($2, $3) order by product, account, whose limit $4",
        params![stall, pool, hold, PROBLEMS_MAX],
    )?;
    let mut problems = Vec::new();
    for row in &uneven {
        let (product, units) = (row.id::<ThingId>(0)?, row.int(1)?);
        problems.push(format!("product {product}: {units} units are in no account"));
    }
    for row in &negative {
        let (product, units) = (row.id::<ThingId>(0)?, row.int(1)?);
        problems.push(format!("product {product}: {units} units are promised that are not there"));
    }
    Ok(problems)
}

fn plain(refusal: CoreRefusal) -> StoreError {
    match refusal {
        CoreRefusal::Store(error) => error,
        CoreRefusal::Refused { detail, .. } => StoreError::Other(detail),
    }
}
