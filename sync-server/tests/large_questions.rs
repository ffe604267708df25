//! The ledger as Parquet files: read again, they add up to the figures that reports show, to the cent, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use common::{TestStore, each_store};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use soko_app_api::text::Worded as _;
use soko_domain::basket::TenderKind;
use soko_domain::calendar::BusinessDay;
use soko_domain::ids::LogId;
use soko_domain::tax::TaxMode;
use soko_projection::read_figures::{self as facts, Period};
use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::analysis::{self, Written};
use soko_sync_server::demo::{self, Size, Tools};
use soko_sync_server::outside::OsEntropy;
use soko_sync_server::platform::passwords::{Cost, Passwords};
use soko_sync_server::platform::{Refusal, server_secret};
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::store::{Place, Shard};

const SHARD: Shard = Shard::stall(LogId([1; 16]));
const NOW_MS: i64 = 1_790_000_000_000;
const DAY_MS: i64 = 86_400_000;

/// A row, by the names of its columns; the month is the folder's.
type Row = BTreeMap<String, Cell>;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Cell {
    None,
    Text(String),
    Number(i64),
}

impl Cell {
    #[expect(clippy::wildcard_enum_match_arm, reason = "no sheet has a column of any other type")]
    fn of(field: &Field) -> Self {
        match field {
            Field::Null => Self::None,
            Field::Str(text) => Self::Text(text.clone()),
            Field::Int(number) | Field::Date(number) => Self::Number(i64::from(*number)),
            Field::Long(number) | Field::TimestampMillis(number) => Self::Number(*number),
            other => panic!("no column holds {other:?}"),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::None | Self::Number(_) => "",
        }
    }

    fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::None | Self::Text(_) => 0,
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn rows(folder: &Path, sheet: &str) -> Vec<Row> {
    let mut all = Vec::new();
    for path in files(&folder.join(sheet)) {
        let month = path.parent().unwrap().file_name().unwrap().to_str().unwrap().strip_prefix("month=");
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let cells = row.get_column_iter().map(|(name, field)| (name.clone(), Cell::of(field)));
            let month = month.map(|month| ("month".to_owned(), Cell::Text(month.to_owned())));
            all.push(cells.chain(month).collect());
        }
    }
    all
}

type Sums = BTreeMap<Vec<String>, Vec<i64>>;

/// Sums of these columns of one kind of lines, with the sign that reports give them.
fn add(sums: &mut Sums, line: &Row, key: &[&str], columns: &[(usize, &str, i64)], width: usize) {
    let key = key.iter().map(|name| match &line[*name] {
        Cell::Number(number) => number.to_string(),
        Cell::None => String::new(),
        Cell::Text(text) => text.clone(),
    });
    let row = sums.entry(key.collect()).or_insert_with(|| vec![0; width]);
    for (at, column, sign) in columns {
        row[*at] += sign * if column.is_empty() { 1 } else { line[*column].number() };
    }
}

/// By stall, month and product, as the figures of a product; and by hour, register and person, as those of an hour.
fn added_up(lines: &[Row]) -> (Sums, Sums) {
    let (mut products, mut hours) = (Sums::new(), Sums::new());
    for line in lines {
        let (by_product, by_hour): (&[_], &[_]) = match line["deed"].text() {
            "refund" => (
                &[(5, "quantity", -1), (6, "restocked", 1), (7, "total_minor", -1), (8, "tax_minor", -1)],
                &[(4, "total_minor", -1)],
            ),
            deed => {
                let sign = if deed == "void" { -1 } else { 1 };
                let counted: (usize, &str, i64) = (1, "", sign);
                let by_product = [
                    (0, "quantity", 1),
                    counted,
                    (2, "total_minor", 1),
                    (3, "tax_minor", 1),
                    (4, "discount_minor", 1),
                ];
                let by_hour =
                    [(0, "", sign), (1, "total_minor", 1), (2, "tax_minor", 1), (3, "discount_minor", 1)];
                add(&mut products, line, &["stall", "month", "product"], &by_product, 9);
                add(&mut hours, line, &["stall", "business_day", "hour", "register", "person"], &by_hour, 5);
                continue;
            }
        };
        add(&mut products, line, &["stall", "month", "product"], by_product, 9);
        add(&mut hours, line, &["stall", "business_day", "hour", "register", "person"], by_hour, 5);
    }
    for sums in [&mut products, &mut hours] {
        sums.retain(|_, row| row.iter().any(|sum| *sum != 0));
    }
    (products, hours)
}

/// What the ledger itself keeps, which reports show.
fn figures(store: &TestStore) -> (Sums, Sums) {
    let read = store.store.read_blocking(|tx| {
        let id = |bytes: &[u8]| {
            let is_nobody = bytes.iter().all(|byte| *byte == 0);
            if is_nobody { String::new() } else { common::server::hex(bytes) }
        };
        let (mut products, mut hours) = (Sums::new(), Sums::new());
        let sql = "select log, at, product, units, lines, revenue_minor, tax_minor, discount_minor, returned_units,
                   restocked_units, refunded_minor, refunded_tax_minor from figure_product where grain = 2";
        for row in tx.query(sql, &[])? {
            let month = format!("{:04}-{:02}", row.int(1)? / 12, row.int(1)? % 12 + 1);
            let sums = (3..12).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()?;
            products.insert(vec![id(row.blob(0)?), month, id(row.blob(2)?)], sums);
        }
        let sql = "select log, business_day, hour % 24, register, person, lines, revenue_minor, tax_minor, discount_minor,
                   refunded_minor from figure_hour";
        for row in tx.query(sql, &[])? {
            let [day, hour] = [row.int(1)?, row.int(2)?].map(|number| number.to_string());
            let sums = (5..10).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()?;
            let key = vec![id(row.blob(0)?), day, hour, id(row.blob(3)?), id(row.blob(4)?)];
            let before: &mut Vec<i64> = hours.entry(key).or_insert_with(|| vec![0; sums.len()]);
            before.iter_mut().zip(sums).for_each(|(before, sum)| *before += sum);
        }
        for sums in [&mut products, &mut hours] {
            sums.retain(|_, row: &mut Vec<i64>| row.iter().any(|sum| *sum != 0));
        }
        Ok::<_, StoreError>((products, hours))
    });
    read.map_err(|error| format!("{error:?}")).unwrap()
}

/// By stall, day and kind: how many payments, what was kept and what went back; and by stall, day and rate: the amount and its tax.
fn money_added_up(out: &Path) -> (Sums, Sums) {
    let (mut paid, mut taxed) = (Sums::new(), Sums::new());
    for payment in rows(out, "payments") {
        let columns: &[(usize, &str, i64)] = match payment["deed"].text() {
            "refund" => &[(2, "amount_minor", -1)],
            _ => &[(0, "payments", 1), (1, "amount_minor", 1)],
        };
        add(&mut paid, &payment, &["stall", "business_day", "kind"], columns, 3);
    }
    for tax in rows(out, "taxes") {
        let key = ["stall", "business_day", "rate_ppm", "mode", "label"];
        add(&mut taxed, &tax, &key, &[(0, "net_minor", 1), (1, "tax_minor", 1)], 2);
    }
    for sums in [&mut paid, &mut taxed] {
        sums.retain(|_, row| row.iter().any(|sum| *sum != 0));
    }
    (paid, taxed)
}

/// The same, as the ledger keeps it.
fn money(store: &TestStore) -> (Sums, Sums) {
    let read = store.store.read_blocking(|tx| {
        let (mut paid, mut taxed) = (Sums::new(), Sums::new());
        let text = |row: &soko_record_log::Row, column| Ok::<_, StoreError>(row.int(column)?.to_string());
        let sql = "select log, business_day, kind, payments, amount_minor, refunded_minor from figure_tender";
        for row in tx.query(sql, &[])? {
            let kind = TenderKind::from_number(row.number(2)?).unwrap();
            let key = vec![common::server::hex(row.blob(0)?), text(&row, 1)?, kind.word().to_owned()];
            paid.insert(key, vec![row.int(3)?, row.int(4)?, row.int(5)?]);
        }
        let sql = "select log, business_day, ppm, mode, label, net_minor, tax_minor from figure_tax";
        for row in tx.query(sql, &[])? {
            let mode = TaxMode::from_number(row.number(3)?).unwrap().word().to_owned();
            let stall = common::server::hex(row.blob(0)?);
            let key = vec![stall, text(&row, 1)?, text(&row, 2)?, mode, row.text(4)?.to_owned()];
            taxed.insert(key, vec![row.int(5)?, row.int(6)?]);
        }
        for sums in [&mut paid, &mut taxed] {
            sums.retain(|_, row: &mut Vec<i64>| row.iter().any(|sum| *sum != 0));
        }
        Ok::<_, StoreError>((paid, taxed))
    });
    read.map_err(|error| format!("{error:?}")).unwrap()
}

fn whose(row: &Row) -> (String, String) {
    (row["stall"].text().to_owned(), row["customer"].text().to_owned())
}

fn month(day: i64) -> String {
    let date = BusinessDay::from_days(i32::try_from(day).unwrap()).unwrap().civil();
    format!("{:04}-{:02}", date.year, date.month)
}

/// Of customers stand no day and no amount but roughly, so that whoever bought once is not found among the lines by either. How many
/// were looked at whose amount is told less exactly than it was.
fn who_bought_once_is_told_roughly(store: &TestStore, out: &Path) -> usize {
    let read = store.store.read_blocking(|tx| {
        let sql = "select d.log, d.at, d.revenue_minor from figure_customer d join figure_customer e
                     on e.log = d.log and e.customer = d.customer and e.grain = 3 and e.sales = 1
                   where d.grain = 1 and d.sales = 1";
        let rows = tx.query(sql, &[])?;
        let row = |row: &soko_record_log::Row| {
            Ok((common::server::hex(row.blob(0)?), month(row.int(1)?), [row.int(1)?, row.int(2)?]))
        };
        rows.iter().map(row).collect::<Result<Vec<_>, StoreError>>()
    });
    let once = read.map_err(|error| format!("{error:?}")).unwrap();
    let told = [rows(out, "customers"), rows(out, "purchases")].concat();
    let mut looked_at = 0;
    for (stall, month, [day, amount_minor]) in &once {
        // An amount of two digits and noughts is as rough as it is exact.
        let is_rough = amount_minor.to_string().trim_start_matches('-').trim_end_matches('0').len() <= 2;
        looked_at += usize::from(!is_rough);
        for row in told.iter().filter(|row| row["stall"].text() == stall.as_str()) {
            let has = |number: &i64| row.values().any(|cell| *cell == Cell::Number(*number));
            assert!(!has(day) && (is_rough || !has(amount_minor)), "{row:?} is of {day}: {amount_minor}");
        }
        let is_near = |row: &&Row| {
            let off = (row["about_minor"].number() - amount_minor).abs();
            row["sales"].number() == 1 && off * 20 <= amount_minor.abs()
        };
        let purchases = told.iter().filter(|row| row.contains_key("about_minor"));
        let here =
            |row: &&Row| row["stall"].text() == stall.as_str() && row["month"].text() == month.as_str();
        assert!(purchases.filter(here).any(|row| is_near(&row)), "{stall} {month}: {amount_minor}");
    }
    looked_at
}

/// What each customer bought by the month of their first purchase, in the files and in the ledger, where they are called otherwise; and
/// that the months of a customer come to as many sales as stand beside the customer.
fn customers_agree(store: &TestStore, out: &Path) -> usize {
    let numbers = |row: &Row| {
        let stall = row["stall"].text().to_owned();
        let months = ["first_month", "last_month"].map(|column| row[column].text().to_owned());
        (stall, months, row["sales"].number())
    };
    let customers = rows(out, "customers");
    let mut written: Vec<_> = customers.iter().map(numbers).collect();
    let read = store.store.read_blocking(|tx| {
        let sql = "select e.log, (select min(d.at) from figure_customer d where d.log = e.log and d.customer = e.customer
                     and d.grain = 1 and d.sales > 0),
                   (select max(d.at) from figure_customer d where d.log = e.log and d.customer = e.customer
                     and d.grain = 1 and d.sales > 0), e.sales, e.customer
                   from figure_customer e where e.grain = 3 and e.sales > 0";
        let rows = tx.query(sql, &[])?;
        let row = |row: &soko_record_log::Row| {
            let months = [month(row.int(1)?), month(row.int(2)?)];
            Ok(((common::server::hex(row.blob(0)?), months, row.int(3)?), common::server::hex(row.blob(4)?)))
        };
        rows.iter().map(row).collect::<Result<Vec<_>, StoreError>>()
    });
    let known = read.map_err(|error| format!("{error:?}")).unwrap();
    let (mut kept, names): (Vec<_>, BTreeSet<String>) = known.into_iter().unzip();
    written.sort();
    kept.sort();
    assert_eq!(written, kept);
    let mut brought: BTreeMap<(String, String), i64> = BTreeMap::new();
    let purchases = rows(out, "purchases");
    for bought in &purchases {
        assert_eq!(bought["month"].text().len(), "2026-11".len(), "{bought:?}");
        *brought.entry(whose(bought)).or_default() += bought["sales"].number();
    }
    for customer in &customers {
        let known = customer["sales"].number();
        assert_eq!(brought.remove(&whose(customer)), Some(known), "{customer:?}");
    }
    assert!(brought.is_empty(), "{brought:?}");
    // Nobody is called in the files what the records call them.
    for row in customers.iter().chain(&purchases) {
        assert!(!names.contains(row["customer"].text()), "{row:?}");
    }
    // What was sold says nothing of whom it was sold to, by whatever name.
    let told: BTreeSet<&str> = customers.iter().map(|row| row["customer"].text()).collect();
    for sheet in ["lines", "payments", "taxes", "orders"] {
        for row in rows(out, sheet) {
            assert!(!row.values().any(|cell| told.contains(cell.text())), "{sheet}: {row:?}");
        }
    }
    customers.len()
}

/// No sale or order is called in the files what a receipt or an address calls it, and what came of an order is found by it.
fn baskets_are_hidden_and_joined(store: &TestStore, out: &Path) {
    let read = store.store.read_blocking(|tx| {
        let mut names = BTreeSet::new();
        for sql in ["select sale from sale", "select order_id from orders"] {
            for row in tx.query(sql, &[])? {
                names.insert(common::server::hex(row.blob(0)?));
            }
        }
        Ok::<_, StoreError>(names)
    });
    let names = read.map_err(|error| format!("{error:?}")).unwrap();
    assert!(names.len() > 10);
    for sheet in ["lines", "payments", "taxes", "orders"] {
        for row in rows(out, sheet) {
            assert!(row.values().all(|cell| !names.contains(cell.text())), "{sheet}: {row:?}");
        }
    }
    let all = |sheet: &str, column: &str, is_meant: &dyn Fn(&Row) -> bool| -> BTreeSet<String> {
        let rows = rows(out, sheet);
        rows.iter().filter(|row| is_meant(row)).map(|row| row[column].text().to_owned()).collect()
    };
    let is_sold = |row: &Row| row["deed"].text() == "sale";
    let (orders, sold) = (all("orders", "order_id", &|_| true), all("lines", "sale", &is_sold));
    let from_shop = all("lines", "sale", &|row| row["channel"].text() == "shop");
    assert!(from_shop.is_subset(&orders) && orders.iter().all(|order| !order.is_empty()));
    for sheet in ["payments", "taxes"] {
        assert!(all(sheet, "sale", &is_sold).is_subset(&sold), "{sheet}");
    }
}

fn write(store: &TestStore, folder: &Path) -> Written {
    analysis::write((&store.place, None), folder, NOW_MS, &mut |_, _| {}).unwrap()
}

#[test]
fn lines_add_up_to_the_figures_whatever_happened_to_sales_and_orders() {
    each_store(|store| {
        for seed in 2_000..2_012 {
            let ran = store.store.write_blocking(SHARD, move |tx| {
                let made = soko_projection::suite::random_ledger(tx, seed);
                made.map(drop).map_err(|error| StoreError::Other(error.to_string()))
            });
            ran.map_err(|error| format!("{error:?}")).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("ledger");
        let mut heard = Vec::new();
        let written =
            analysis::write((&store.place, None), &out, NOW_MS, &mut |done, all| heard.push((done, all)));
        let written = written.unwrap();
        let lines = rows(&out, "lines");
        assert_eq!(u64::try_from(lines.len()).unwrap(), written.lines);
        let (products, hours) = added_up(&lines);
        let (expected_products, expected_hours) = figures(store);
        assert_eq!(products, expected_products);
        assert_eq!(hours, expected_hours);
        assert_eq!(money_added_up(&out), money(store));
        assert!(customers_agree(store, &out) > 1);
        who_bought_once_is_told_roughly(store, &out);
        baskets_are_hidden_and_joined(store, &out);
        // All that can happen did, and in more than one month; what was set aside is in nothing.
        let what = |column: &str| lines.iter().map(|line| line[column].text()).collect::<BTreeSet<_>>();
        assert_eq!(what("deed"), BTreeSet::from(["refund", "sale", "void"]));
        assert_eq!(what("channel"), BTreeSet::from(["counter", "shop"]));
        assert!(what("month").len() > 1 && what("person").len() > 1, "{:?}", what("month"));
        assert!(lines.iter().any(|line| line["tax_minor"].number() < 0), "no tax went back");
        // The last word is that all is read, and none goes back.
        assert!(heard.is_sorted() && heard.last().is_some_and(|(done, all)| done == all), "{heard:?}");
    });
}

/// Small, made through the same pages as everybody's.
fn make_demo(store: &TestStore) {
    let secret = [9; 32];
    let ensured = store.store.write_blocking(Shard::stall(LogId::default()), move |tx| {
        Ok::<_, Refusal>(server_secret::ensure(tx, None, secret)?)
    });
    ensured.map_err(|error| format!("{error:?}")).unwrap();
    let secret = ServerSecret::new(secret);
    let core = soko_sync_server::stall::Core::new(
        secret.stall_key(),
        Box::new(|| Box::new(soko_projection::LocalApplier)),
    );
    let tools = Tools {
        store: &store.store,
        core: &std::sync::Arc::new(core),
        secret: &secret,
        passwords: &Passwords::new(Cost { memory_kib: 8, passes: 1 }).unwrap(),
        entropy: &OsEntropy,
        now_ms: NOW_MS,
        seed: 3,
        size: Size::SMALL,
        password: Some("kiosk lantern".to_owned()),
        progress: &|_, _, _| {},
    };
    demo::make(&tools).unwrap();
}

#[test]
fn a_market_is_written_beside_its_server_and_names_nobody() {
    each_store(|store| {
        make_demo(store);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("ledger");
        let written = write(store, &out);
        assert_eq!(written.stalls, 3);
        let (lines, orders) = (rows(&out, "lines"), rows(&out, "orders"));
        assert_eq!(added_up(&lines), figures(store));
        assert_eq!(money_added_up(&out), money(store));
        assert_eq!(u64::try_from(customers_agree(store, &out)).unwrap(), written.customers);
        assert!(who_bought_once_is_told_roughly(store, &out) > 0);
        assert_eq!(u64::try_from(orders.len()).unwrap(), written.order_lines);
        baskets_are_hidden_and_joined(store, &out);
        // Every line's product, and every product's stall, can be joined.
        let products = rows(&out, "products");
        let known: BTreeSet<_> =
            products.iter().map(|row| (row["stall"].text(), row["product"].text())).collect();
        let stalls = rows(&out, "stalls");
        let stalls: BTreeSet<_> = stalls.iter().map(|row| row["stall"].text().to_owned()).collect();
        assert!(lines.len() > 100 && !orders.is_empty() && known.len() > 10);
        for line in lines.iter().chain(&orders).filter(|line| line["product"] != Cell::None) {
            assert!(known.contains(&(line["stall"].text(), line["product"].text())), "{line:?}");
            assert!(stalls.contains(line["stall"].text()));
        }
        assert!(products.iter().any(|row| row["category"] != Cell::None));
        // The numbers of buyers and the addresses of people are in none of the files.
        let buyers = store.store.read_blocking(|tx| {
            let rows = tx.query("select distinct buyer from orders", &[])?;
            rows.iter()
                .map(|row| Ok(common::server::hex(row.blob(0)?)))
                .collect::<Result<Vec<_>, StoreError>>()
        });
        let buyers = buyers.map_err(|error| format!("{error:?}")).unwrap();
        assert!(!buyers.is_empty());
        for row in lines.iter().chain(&orders) {
            for cell in row.values() {
                assert!(!buyers.iter().any(|buyer| buyer == cell.text()) && !cell.text().contains('@'));
            }
        }
        assert!(files(&out).iter().all(|file| file.starts_with(&out)));
    });
}

#[test]
fn a_folder_is_replaced_as_a_whole_or_stays_as_it_was() {
    let store = TestStore::sqlite();
    make_demo(&store);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("ledger");
    let first = write(&store, &out);
    let baskets = || rows(&out, "lines").iter().map(|row| row["sale"].clone()).collect::<Vec<_>>();
    let first_baskets = baskets();
    // What stood there before and is in no new file is gone.
    fs::create_dir(out.join("lines/month=1999-01")).unwrap();
    fs::write(out.join("lines/month=1999-01/0001.parquet"), b"old").unwrap();
    // What a killed one left behind is in nobody's way.
    let left = folder.path().join(".ledger.soko-incoming");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("half"), b"half").unwrap();
    assert_eq!(write(&store, &out), first);
    assert_eq!(baskets(), first_baskets, "one night's sales are called otherwise than another's");
    assert!(!out.join("lines/month=1999-01").exists() && !left.exists());

    // A store that cannot be read leaves the files that are there.
    let before = files(&out);
    let nowhere = Place::Directory(folder.path().join("nowhere"));
    let refused = analysis::write((&nowhere, None), &out, NOW_MS, &mut |_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("there is no store"), "{refused}");
    assert_eq!(files(&out), before);
    assert_eq!(rows(&out, "lines").len(), usize::try_from(first.lines).unwrap());

    // Killed between the two steps of its exchange: the next one finds what was there, even if it fails itself.
    fs::rename(&out, folder.path().join(".ledger.soko-before")).unwrap();
    assert!(analysis::write((&nowhere, None), &out, NOW_MS, &mut |_, _| {}).is_err());
    assert_eq!(files(&out), before);

    // Somebody else's folder is not touched.
    let other = folder.path().join("photographs");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("wedding.jpg"), b"us").unwrap();
    let refused =
        analysis::write((&store.place, None), &other, NOW_MS, &mut |_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("holds something else"), "{refused}");
    assert_eq!(fs::read(other.join("wedding.jpg")).unwrap(), b"us");
}

#[test]
fn of_whoever_bought_in_the_demo_some_are_new_some_come_again_and_some_stay_away() {
    let store = TestStore::sqlite();
    make_demo(&store);
    let today = i32::try_from(NOW_MS / DAY_MS).unwrap();
    let read = store.store.read_blocking(move |tx| {
        let mut found = Vec::new();
        for stall in tx.query("select log from stall_profile", &[])? {
            let month = Period { from: today - 29, to: today };
            found.push((facts::customers(tx, (stall.id(0)?, month))?, known(tx, stall.id(0)?)?));
        }
        Ok::<_, StoreError>(found)
    });
    let found = read.map_err(|error| format!("{error:?}")).unwrap();
    assert_eq!(found.len(), 3);
    for (bought, known) in found {
        // As the reports count them.
        let here = |one: &&facts::CustomerFigures| one.sales > 0;
        let new = bought.iter().filter(here).filter(|one| one.first_day >= today - 29).count();
        let again = bought.iter().filter(here).count() - new;
        let lapsed = bought.iter().filter(|one| one.sales == 0 && one.last_day + 90 <= today).count();
        assert!(new > 0 && again > 1 && lapsed > 0, "{new} {again} {lapsed}");
        let agreed = known.iter().filter(|(_, may_contact)| *may_contact).count();
        assert!(known.len() == 10 && (1..known.len()).contains(&agreed), "{known:?}");
        let names: BTreeSet<&String> = known.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), known.len(), "two have one name");
    }
}

/// Names, and whether they may be written to.
fn known(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<(String, bool)>, StoreError> {
    let rows = tx.query("select name, may_contact from customer where log = $1", params![stall])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.bool(1)?))).collect()
}
