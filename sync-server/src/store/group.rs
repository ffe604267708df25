//! Group commit: many requests, one transaction, answers only after the commit. A refusal undoes its own request
//! alone; a failure of the group runs each request by itself, so that one bad request costs the others time only.

use soko_record_log::{Again, Dialect, Kept, Param, Row, StoreError, Tx};

use crate::store::conn::{Conn, Shard, Undone};
use crate::store::job::{Job, NoAnswer, Ran};

/// Runs of one request against transactions that came first.
const TRIES_MAX: usize = 4;

/// What became of a group, for the metrics.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct GroupReport {
    pub commits: u32,
    pub kept: u32,
    pub undone: u32,
    pub failed: u32,
}

/// Runs and answers every job.
pub(crate) fn run_group(conn: &mut dyn Conn, mut jobs: Vec<Box<dyn Job>>) -> GroupReport {
    let mut report = GroupReport::default();
    if jobs.len() > 1 {
        match together(conn, &mut jobs) {
            Ok(kept) => {
                report.commits += 1;
                report.kept += kept;
                report.undone += count(&jobs) - kept;
                jobs.into_iter().for_each(Job::answer);
                return report;
            }
            Err(GroupFault::Lost(error)) => {
                report.failed += count(&jobs);
                jobs.into_iter().for_each(|job| job.fail(NoAnswer::NotKept(error.clone())));
                return report;
            }
            Err(GroupFault::Spoilt) => {}
        }
    }
    for job in jobs {
        alone(conn, job, &mut report);
    }
    report
}

enum GroupFault {
    /// The commit, or the transaction around the jobs, failed in a way that another try does not help.
    Lost(StoreError),
    /// One of the jobs spoilt the transaction, or another transaction came first: each job's own run will tell.
    Spoilt,
}

fn together(conn: &mut dyn Conn, jobs: &mut [Box<dyn Job>]) -> Result<u32, GroupFault> {
    let mut shards: Vec<Shard> = jobs.iter().filter_map(|job| job.shard()).collect();
    shards.sort_unstable();
    shards.dedup();
    let mut kept = 0;
    let outcome = conn.write(&shards, &mut |tx| {
        kept = 0;
        for job in jobs.iter_mut() {
            kept += u32::from(one_of_group(tx, job.as_mut())?);
        }
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(kept),
        Err(Undone::Store(error)) if error.again() == Again::WhenFixed => Err(GroupFault::Lost(error)),
        Err(Undone::Store(_) | Undone::Wanted) => Err(GroupFault::Spoilt),
    }
}

/// Whether what the job wrote is part of the group. An error: the group's transaction cannot go on.
fn one_of_group(tx: &mut dyn Tx, job: &mut dyn Job) -> Result<bool, Undone> {
    let mut guarded = Guarded { tx, is_open: false };
    let ran = job.run(&mut guarded);
    let is_open = guarded.is_open;
    match (ran, is_open) {
        (Ran::Keep, false) => Ok(true),
        (Ran::Keep, true) => {
            tx.run("release savepoint job", &[])?;
            Ok(true)
        }
        (Ran::Undo, false) => Ok(false),
        (Ran::Undo, true) => {
            tx.execute("rollback to savepoint job", &[])?;
            tx.execute("release savepoint job", &[])?;
            Ok(false)
        }
        (Ran::Failed(error), _) => Err(Undone::Store(error)),
    }
}

fn alone(conn: &mut dyn Conn, mut job: Box<dyn Job>, report: &mut GroupReport) {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(conn, job.as_mut()) {
            Ok(is_kept) => {
                report.commits += u32::from(is_kept);
                report.kept += u32::from(is_kept);
                report.undone += u32::from(!is_kept);
                return job.answer();
            }
            Err(error) if error.again() == Again::Now && tries < TRIES_MAX && conn.is_usable() => {}
            Err(error) => {
                report.failed += 1;
                return job.fail(NoAnswer::NotKept(error));
            }
        }
    }
}

/// Without a savepoint: the transaction is the request's own.
fn once(conn: &mut dyn Conn, job: &mut dyn Job) -> Result<bool, StoreError> {
    let shard = job.shard();
    let outcome = conn.write(shard.as_slice(), &mut |tx| match job.run(tx) {
        Ran::Keep => Ok(()),
        Ran::Undo => Err(Undone::Wanted),
        Ran::Failed(error) => Err(Undone::Store(error)),
    });
    match outcome {
        Ok(()) => Ok(true),
        Err(Undone::Wanted) => Ok(false),
        Err(Undone::Store(error)) => Err(error),
    }
}

fn count(jobs: &[Box<dyn Job>]) -> u32 {
    u32::try_from(jobs.len()).unwrap_or(u32::MAX)
}

/// Opens the savepoint at the first statement that may write: most refusals, and every read, need none.
struct Guarded<'a> {
    tx: &'a mut dyn Tx,
    is_open: bool,
}

impl Guarded<'_> {
    fn open(&mut self) -> Result<(), StoreError> {
        if !self.is_open {
            self.tx.run("savepoint job", &[])?;
            self.is_open = true;
        }
        Ok(())
    }
}

impl Tx for Guarded<'_> {
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.open()?;
        self.tx.execute(sql, params)
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        if !is_plain_read(sql) {
            self.open()?;
        }
        self.tx.query(sql, params)
    }

    fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), StoreError> {
        self.open()?;
        self.tx.run(sql, params)
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        self.tx.kept()
    }

    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}

/// `insert … returning` also answers rows; only what begins with `select` cannot write.
fn is_plain_read(sql: &str) -> bool {
    sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

#[cfg(test)]
mod tests {
    use soko_record_log::{Sqlite, params};
    use tokio::sync::oneshot::Receiver;

    use super::*;
    use crate::store::conn::Work as InTransaction;
    use crate::store::job::{Failed, Work};

    /// SQLite whose next commits fail with these errors.
    struct Failing {
        sqlite: Sqlite,
        errors: Vec<Option<StoreError>>,
    }

    impl Conn for Failing {
        fn write(&mut self, _: &[Shard], work: InTransaction<'_>) -> Result<(), Undone> {
            let error = if self.errors.is_empty() { None } else { self.errors.remove(0) };
            self.sqlite.transaction(|tx| {
                work(tx)?;
                error.map_or(Ok(()), |error| Err(Undone::Store(error)))
            })
        }

        fn read(&mut self, _: &mut dyn FnMut(&mut dyn Tx)) -> Result<(), StoreError> {
            Ok(())
        }

        fn is_usable(&self) -> bool {
            true
        }
    }

    type Answer = Receiver<Result<i64, Failed<StoreError>>>;

    /// Two jobs that each append a row and answer how many there are, on a store whose commits fail like this.
    fn run_two(errors: &[Option<StoreError>]) -> (Vec<Answer>, i64, GroupReport) {
        let mut sqlite = Sqlite::open_in_memory().unwrap();
        let table = |tx: &mut dyn Tx| tx.execute("create table t (n integer) strict", params![]);
        sqlite.transaction(table).unwrap();
        let mut conn = Failing { sqlite, errors: errors.to_vec() };
        let append = |tx: &mut dyn Tx| {
            tx.execute("insert into t values (1)", params![])?;
            tx.query_one("select count(*) from t", params![])?.int(0)
        };
        let (jobs, answers): (Vec<_>, Vec<_>) = (0..2).map(|_| Work::boxed(None, append)).unzip();
        let report = run_group(&mut conn, jobs);
        let rows = conn.sqlite.read(|tx| tx.query_one("select count(*) from t", params![])?.int(0)).unwrap();
        (answers, rows, report)
    }

    fn values(answers: Vec<Answer>) -> Vec<Option<i64>> {
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap().ok()).collect()
    }

    #[test]
    fn nothing_is_acknowledged_that_the_commit_did_not_keep() {
        let (answers, rows, report) = run_two(&[]);
        assert_eq!((values(answers), rows, report.commits), (vec![Some(1), Some(2)], 2, 1));
        let (answers, rows, report) = run_two(&[Some(StoreError::Io("fsync".into()))]);
        assert_eq!((rows, report.failed, report.commits), (0, 2, 0));
        for mut answer in answers {
            let answer = answer.try_recv().unwrap();
            assert!(
                matches!(answer, Err(Failed::NoAnswer(NoAnswer::NotKept(StoreError::Io(_))))),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn whoever_came_second_runs_again_alone_and_answers_what_it_found_then() {
        let came_first = || Some(StoreError::Serialization("deadlock".into()));
        let (answers, rows, report) = run_two(&[came_first()]);
        assert_eq!((values(answers), rows), (vec![Some(1), Some(2)], 2));
        assert_eq!((report.commits, report.kept), (2, 2));
        // The first one comes second a few times more.
        let (answers, rows, _) = run_two(&[came_first(), came_first(), came_first()]);
        assert_eq!((values(answers), rows), (vec![Some(1), Some(2)], 2));
        // Not for ever.
        let many: Vec<_> = (0..=TRIES_MAX).map(|_| came_first()).collect();
        let (answers, rows, report) = run_two(&many);
        assert_eq!((values(answers), rows, report.failed), (vec![None, Some(1)], 1, 1));
    }
}
