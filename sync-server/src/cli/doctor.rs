//! `doctor`: looks at settings and store, says what is wrong and what to do. Changes nothing, and may run beside the server.

use clap::Command;
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};

use crate::cli::settings::Resolved;
use crate::cli::{CliError, say, seal_key};
use crate::outside::{Clock as _, SystemClock};
use crate::sealed::{self, Lying, SealKey};
use crate::standing::Standing;
use crate::store::{DATABASE_FILE, Place, STEPS, holds_store, is_in_the_open, look_beside};
use crate::web::{Program, Web};

const EXAMPLES: &str = "EXAMPLES
  soko-server doctor --data-dir /var/lib/soko
  soko-server doctor --database-url postgres://soko@db/soko

Looks at the settings and the store and says, line by line, what is good, what to look at and what is wrong, with what to
do. Changes nothing; on SQLite the server may run meanwhile. Ends with 1 if anything is wrong. It reads no records: that
is what verify does.";

pub(super) fn command() -> Command {
    Command::new("doctor")
        .about("Say what is wrong with settings and store, and what to do")
        .after_help(EXAMPLES)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    Look,
    Wrong,
}

/// What was found, in the order of looking.
#[derive(Default)]
struct Findings(Vec<(Grade, String)>);

impl Findings {
    fn add(&mut self, grade: Grade, sentence: impl Into<String>) {
        self.0.push((grade, sentence.into()));
    }

    /// Good where nothing is counted; otherwise to be looked at.
    fn count(&mut self, count: i64, good: &str, look: &str) {
        if count == 0 {
            self.add(Grade::Good, good)
        } else {
            self.add(Grade::Look, format!("{count} {look}"))
        }
    }
}

pub(super) fn run(settings: &Resolved) -> Result<(), CliError> {
    let mut findings = Findings::default();
    look_at_settings(settings, &mut findings);
    look_at_store(settings, &mut findings);
    let mut wrong = 0;
    for (grade, sentence) in &findings.0 {
        let word = match grade {
            Grade::Good => "good ",
            Grade::Look => "look ",
            Grade::Wrong => "WRONG",
        };
        say(&format!("{word}  {sentence}"));
        wrong += u32::from(*grade == Grade::Wrong);
    }
    if wrong > 0 { Err(CliError::failed(format!("{wrong} things are wrong"))) } else { Ok(()) }
}

fn look_at_settings(settings: &Resolved, findings: &mut Findings) {
    let is_local =
        settings.text("listen").starts_with("127.") || settings.text("listen").starts_with("[::1]");
    match settings.optional("public-url") {
        Some(url) if url.starts_with("https://") => findings.add(Grade::Good, format!("the outside knows it as {url}")),
        Some(url) => findings.add(
            Grade::Wrong,
            format!("the outside reaches it without TLS ({url}): put a proxy in front and set public-url to its https address"),
        ),
        None if is_local => findings.add(Grade::Good, "it listens for this machine only"),
        None => findings.add(
            Grade::Wrong,
            "it listens to the network without public-url: passwords would travel in the open; put a proxy in front and name its https address",
        ),
    }
    if settings.text("limits") != "true" {
        findings.add(Grade::Look, "rate limits are off: only for closed networks");
    }
    if settings.optional("operator-key").is_none() {
        findings.add(Grade::Look, "there is no operator-key: nobody can look at /operator");
    }
    if is_in_the_open(&settings.place()) {
        findings.add(
            Grade::Look,
            "what it says to the database can be read on the way: add sslmode=require to the database-url, and sslrootcert=FILE for an authority of your own",
        );
    }
    let web = settings.optional("web-dir").map_or(Web::Embedded, |folder| Web::Folder(folder.into()));
    if web.page(Program::Whole).is_some() {
        findings.add(Grade::Good, "the web app is there");
    } else {
        findings.add(Grade::Look, "it was built without the web app: only programs can use it");
    }
}

fn look_at_store(settings: &Resolved, findings: &mut Findings) {
    let key = match seal_key::find(settings) {
        Ok(key) => key,
        // Whether anything is sealed is said all the same.
        Err(error) => {
            findings.add(Grade::Wrong, error.to_string());
            None
        }
    };
    let found = match settings.place() {
        Place::Directory(directory) => {
            if !holds_store(&directory) {
                let sentence =
                    format!("there is no store in {}: the first start makes one", directory.display());
                return findings.add(Grade::Look, sentence);
            }
            sqlite(&directory.join(DATABASE_FILE), key.as_ref())
        }
        place @ Place::Url(_) => postgres(&place, key.as_ref()),
    };
    match found {
        Ok(seen) => {
            findings.add(Grade::Good, "the store answers");
            for problem in &seen.problems {
                findings.add(Grade::Wrong, format!("{problem}: restore the last backup"));
            }
            report_secrets(&seen, settings, findings);
            report(&seen, findings);
        }
        Err(error) => findings.add(Grade::Wrong, format!("the store does not answer: {error}")),
    }
}

/// How the server's own secrets lie, and why they cannot be read, if they cannot.
struct Secrets {
    lying: Lying,
    trouble: Option<&'static str>,
}

/// What was read of a store.
struct Seen {
    problems: Vec<String>,
    secrets: Option<Secrets>,
    steps: i64,
    standing: Option<Standing>,
}

fn sqlite(file: &std::path::Path, key: Option<&SealKey>) -> Result<Seen, StoreError> {
    let mut db = Sqlite::open(file, OpenMode::ReadOnly)?;
    let problems = db.quick_check()?;
    let (secrets, steps, standing) = db.read(|tx| look(tx, key))?;
    Ok(Seen { problems, secrets, steps, standing })
}

fn postgres(place: &Place, key: Option<&SealKey>) -> Result<Seen, StoreError> {
    let (secrets, steps, standing) = look_beside(place, |tx| {
        let made = "select count(*) from information_schema.tables
                    where table_schema = current_schema() and table_name = 'schema_migration'";
        if tx.query_one(made, params![])?.int(0)? == 0 {
            return Err(StoreError::Other(
                "there are no tables in this database; the first start makes them".to_owned(),
            ));
        }
        look(tx, key)
    })?;
    Ok(Seen { problems: Vec::new(), secrets, steps, standing })
}

/// The last step of its tables; how it stands, where they are those of this program.
fn look(
    tx: &mut dyn Tx,
    key: Option<&SealKey>,
) -> Result<(Option<Secrets>, i64, Option<Standing>), StoreError> {
    let steps = tx.query_one("select coalesce(max(number), 0) from schema_migration", params![])?.int(0)?;
    let is_current = usize::try_from(steps).is_ok_and(|steps| steps == STEPS.len());
    if !is_current {
        return Ok((None, steps, None));
    }
    let secrets = Secrets { lying: sealed::lying(tx)?, trouble: sealed::trouble(tx, key)? };
    Ok((Some(secrets), steps, Some(Standing::read(tx, SystemClock.now_ms())?)))
}

fn report_secrets(seen: &Seen, settings: &Resolved, findings: &mut Findings) {
    let Some(Secrets { lying, trouble }) = &seen.secrets else { return };
    if let Some(trouble) = trouble {
        return findings.add(Grade::Wrong, *trouble);
    }
    if lying.clear > 0 {
        let sentence = match settings.place() {
            Place::Directory(_) => "the next start seals them",
            Place::Url(_) => "name a file for their key with --seal-key, the same for all processes",
        };
        findings
            .add(Grade::Look, format!("{} secrets lie in the store in the clear: {sentence}", lying.clear));
    } else {
        findings.add(Grade::Good, format!("the store's {} secrets are sealed", lying.sealed));
    }
    let Some(file) = seal_key::file(settings).filter(|file| file.exists()) else { return };
    if seal_key::is_open_to_others(&file) {
        findings.add(Grade::Look, format!("others may read {}: chmod 600 it", file.display()));
    }
}

fn report(seen: &Seen, findings: &mut Findings) {
    let Some(standing) = &seen.standing else {
        let (here, wanted) = (seen.steps, STEPS.len());
        let sentence = format!("its tables are at step {here} and this program wants {wanted}");
        let is_newer = usize::try_from(here).is_ok_and(|here| here > wanted);
        if is_newer {
            findings.add(Grade::Wrong, format!("{sentence}: a newer program wrote them; use that one"));
        } else {
            findings.add(Grade::Look, format!("{sentence}: the next start brings them up to date"));
        }
        return;
    };
    let devices: i64 = standing.devices.iter().sum();
    findings.add(Grade::Good, format!("{} stalls, {devices} devices", standing.stalls));
    if standing.oversells == 0 {
        findings.add(Grade::Good, "nothing was promised twice");
    } else {
        let sentence = "times more was promised or sold than there was: the owner sees the incidents; run soko-server verify";
        findings.add(Grade::Wrong, format!("{} {sentence}", standing.oversells));
    }
    let silent: i64 = standing.devices.iter().skip(3).sum();
    findings.count(
        silent,
        "every device was heard within a day",
        "devices were not heard for more than a day: their sales are on them",
    );
    findings.count(
        standing.parked,
        "no record is set aside",
        "records are set aside: the stall's screens say why",
    );
    findings.count(
        standing.stalls_frozen,
        "no stall is frozen",
        "stalls are frozen: their owners confirm the list of devices",
    );
    findings.count(
        standing.stalls_to_refill,
        "all tables are filled",
        "stalls' tables are filled again at the next start",
    );
    let old = i64::from(standing.hold_seconds_max > 2 * 86_400);
    findings.count(
        old,
        "no order waits longer than two days",
        "order or more holds units for more than two days",
    );
}
