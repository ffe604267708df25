//! One device with a hundred thousand products: selling, opening, searching, memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use soko_app_api::{BeyondShare, DiscountInput, Query, SaleLineInput, TenderInput, Verb, View};
use soko_domain::ids::SaleId;
use soko_register::home::{Home, random_id};
use soko_replication::Timing;

use crate::figure::{Fault, Measured, Milli, percentile, print, resident_mb};
use crate::world::{Folder, Till, product_name};

const PRODUCTS: usize = 100_000;
const SALES: usize = 500;
const OPENINGS: usize = 9;
const SHIFT_SALES: u32 = 10_000;
const REPORTS: usize = 50;
const SEARCHES: usize = 500;
const ROWS: u32 = 20;
const PAGE_BYTES: usize = 4_096;

pub(crate) fn sales() -> Measured {
    let folder = Folder::new()?;
    let mut till = Till::found(&folder.path().join("till"), PRODUCTS)?;
    let (mut sales, mut writes) = pay(&mut till, folder.path(), SALES)?;
    let (value, baseline) = (percentile(&mut sales, 99), percentile(&mut writes, 99));
    print("register.sale.p99_ms", "ms", Milli::millis(value), Some(Milli::millis(baseline)));
    Ok(till.home.close()?)
}

/// How long each sale took from the command to the durable answer, and a bare write to the same disk beside it.
pub(crate) fn pay(till: &mut Till, folder: &Path, count: usize) -> Measured<(Vec<Duration>, Vec<Duration>)> {
    let mut bare = File::create(folder.join("bare"))?;
    let (mut sales, mut writes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        // In turns, so that a busy disk hurts both.
        let started = Instant::now();
        bare.write_all(&[7; PAGE_BYTES])?;
        bare.sync_data()?;
        writes.push(started.elapsed());
        let sell = sale(till)?;
        let started = Instant::now();
        till.handle(sell)?;
        sales.push(started.elapsed());
    }
    Ok((sales, writes))
}

fn sale(till: &Till) -> Measured<Verb> {
    let product = till.products.first().ok_or_else(|| Fault("there is no product".into()))?;
    Ok(Verb::MakeSale {
        sale: SaleId(random_id().0),
        lines: vec![SaleLineInput::of(*product, 1)],
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(250)],
        beyond: BeyondShare::Refuse,
        about: soko_app_api::SaleAbout::default(),
    })
}

pub(crate) fn engine() -> Measured {
    let folder = Folder::new()?;
    let path = folder.path().join("till");
    Till::found(&path, PRODUCTS)?.home.close()?;
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let started = Instant::now();
        let home = Home::open(&path, Timing::default())?;
        openings.push(started.elapsed());
        home.close()?;
    }
    print("engine.cold_start_100k.ms", "ms", Milli::millis(percentile(&mut openings, 50)), None);
    print("engine.memory_100k_mb", "MB", memory(&path)?, None);
    report()
}

/// The report of a shift with ten thousand sales.
fn report() -> Measured {
    let folder = Folder::new()?;
    let mut till = Till::found(&folder.path().join("till"), 1)?;
    // Only while it is filled; reading waits for no disk anyway.
    till.home.engine()?.database().connection()?.pragma_update(None, "synchronous", "off")?;
    for _ in 0..SHIFT_SALES {
        let sell = sale(&till)?;
        till.handle(sell)?;
    }
    let query = Query::ShiftReport { stall: till.stall, register: None, shift: None };
    let mut times = Vec::new();
    for _ in 0..REPORTS {
        let started = Instant::now();
        let view = till.home.ask(&query)?;
        times.push(started.elapsed());
        if !matches!(&view, View::ShiftReport(report) if report.sales == SHIFT_SALES) {
            return Err(Fault(format!("the report is wrong: {view:?}")));
        }
    }
    print("drawer.z_10k.ms", "ms", Milli::millis(percentile(&mut times, 50)), None);
    Ok(till.home.close()?)
}

/// The memory of a process of its own, after it has opened the register and searched in it.
pub(crate) fn memory(path: &Path) -> Measured<Milli> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("hold").arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut line = String::new();
    let output = child.stdout.take().ok_or_else(|| Fault("the process has no output".into()))?;
    BufReader::new(output).read_line(&mut line)?;
    let resident = resident_mb(child.id());
    // The end of its input ends it.
    drop(child.stdin.take());
    child.wait()?;
    if line.trim() == "ready" { resident } else { Err(Fault(format!("the register did not open: {line}"))) }
}

/// Opens the register, uses it, and waits for the end of the input.
pub(crate) fn hold(folder: &str) -> Measured {
    let mut home = Home::open(Path::new(folder), Timing::default())?;
    let stall = home.stall(None)?;
    find(&mut home, Query::Search { stall, text: product_name(1), rows: ROWS })?;
    writeln!(std::io::stdout().lock(), "ready")?;
    std::io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(home.close()?)
}

pub(crate) fn search() -> Measured {
    let folder = Folder::new()?;
    let mut till = Till::found(&folder.path().join("till"), PRODUCTS)?;
    let stall = till.stall;
    // The first search loads the words.
    find(&mut till.home, Query::Search { stall, text: product_name(0), rows: ROWS })?;
    let (mut times, mut found) = (Vec::<Duration>::new(), 0);
    for number in 0..SEARCHES {
        let name = product_name(number * (PRODUCTS / SEARCHES));
        let query = Query::Search { stall, text: with_a_wrong_letter(&name, number), rows: ROWS };
        let started = Instant::now();
        let names = find(&mut till.home, query)?;
        times.push(started.elapsed());
        found += usize::from(names.contains(&name));
    }
    // A fast search that finds nothing is none.
    if found * 10 < SEARCHES * 9 {
        return Err(Fault(format!("only {found} of {SEARCHES} products were found")));
    }
    print("search.typo_100k.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    Ok(till.home.close()?)
}

fn find(home: &mut Home, query: Query) -> Measured<Vec<String>> {
    let View::Products(rows) = home.ask(&query)? else {
        return Err(Fault("the search has no answer".into()));
    };
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Another letter somewhere in the first word.
fn with_a_wrong_letter(name: &str, number: usize) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let word = letters.iter().position(|letter| *letter == ' ').unwrap_or(letters.len());
    if let Some(letter) = letters.get_mut(1 + number % word.saturating_sub(1).max(1)) {
        *letter = if *letter == 'x' { 'y' } else { 'x' };
    }
    letters.into_iter().collect()
}
