//! A file of twenty thousand products, taken into a register as a screen does it: looked at, then taken step by step.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use soko_app_api::{Command, ImportChoice, Query, Reply, Verb, View};
use soko_domain::ids::ThingId;
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};
use soko_register::home::{now, random_id};

use crate::figure::{Fault, Measured, Milli, print};
use crate::world::{Folder, Till, product_name};

const ROWS: usize = 20_000;
/// As many rows are taken with one command.
const STEP: usize = 250;

pub(crate) fn import() -> Measured {
    let folder = Folder::new()?;
    let mut till = Till::found(&folder.path().join("till"), 0)?;
    let file = csv();
    let started = Instant::now();
    let import = ThingId(random_id().0);
    let keep = Verb::KeepImport { file_name: "list.csv".into(), bytes: file.as_bytes().to_vec() };
    till.home.engine()?.handle(Command { id: import, stall: till.stall, verb: keep }, now())?;
    let choice = looked_at(&mut till, import)?;
    let mut from = 0;
    loop {
        let verb = Verb::TakeImport { import, choice: choice.clone(), from };
        let command = Command { id: ThingId(random_id().0), stall: till.stall, verb };
        let reply = till.home.engine()?.handle(command, now())?;
        let Reply::Imported(progress) = reply else { return Err(Fault("the import has no progress".into())) };
        from = progress.done;
        if progress.done >= progress.rows {
            break;
        }
    }
    let value = started.elapsed();
    if usize::try_from(from) != Ok(ROWS) {
        return Err(Fault(format!("only {from} of {ROWS} rows were taken")));
    }
    let baseline = plain_inserts(folder.path())?;
    print("import.csv_20k.seconds", "s", Milli::seconds(value), Some(Milli::seconds(baseline)));
    Ok(till.home.close()?)
}

fn looked_at(till: &mut Till, import: ThingId) -> Measured<ImportChoice> {
    let query = Query::Import { stall: till.stall, import, choice: None };
    let View::Import(view) = till.home.ask(&query)? else {
        return Err(Fault("the file is not there".into()));
    };
    if usize::try_from(view.creates) != Ok(ROWS) {
        return Err(Fault(format!(
            "{} rows would be taken, {} are wrong",
            view.creates, view.problems_count
        )));
    }
    Ok(view.choice)
}

fn csv() -> String {
    let mut text = String::from("Name,Price,Cost,SKU,Barcode,Category,Stock\n");
    for number in 0..ROWS {
        let (name, group) = (product_name(number), number % 40);
        // A String takes everything that is written to it.
        let _ = writeln!(
            text,
            "{name},{}.50,2.10,SKU-{number},61{number:011},Group {group},{}",
            1 + number % 90,
            number % 7
        );
    }
    text
}

/// The same rows into one bare table with the same indexes, in as many durable transactions.
fn plain_inserts(folder: &std::path::Path) -> Measured<Duration> {
    let mut db = Sqlite::open(&folder.join("plain.sqlite"), OpenMode::Create)?;
    db.transaction::<_, StoreError>(|tx| {
        tx.execute(
            "create table product (id blob primary key, name text, price integer, cost integer, sku text, code text,
               category text, stock integer)",
            &[],
        )?;
        tx.execute("create index product_sku on product (sku)", &[])?;
        tx.execute("create index product_code on product (code)", &[])?;
        Ok(())
    })?;
    let started = Instant::now();
    for step in 0..ROWS / STEP {
        db.transaction::<_, StoreError>(|tx: &mut dyn Tx| {
            for number in step * STEP..(step + 1) * STEP {
                let (name, sku, code) =
                    (product_name(number), format!("SKU-{number}"), format!("61{number:011}"));
                tx.execute(
                    "insert into product values ($1, $2, $3, $4, $5, $6, $7, $8)",
                    params![
                        random_id(),
                        name,
                        number,
                        210,
                        sku,
                        code,
                        format!("Group {}", number % 40),
                        number % 7
                    ],
                )?;
            }
            Ok(())
        })?;
    }
    Ok(started.elapsed())
}
