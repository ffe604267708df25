//! A register is killed before every write of a sale, and meets a full and a broken disk: what it acknowledged
//! is there, nothing is half there, receipt numbers have no gap.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::programs::{REGISTER, Script, answer_of, done, has_strace, id, not_tried, run};

/// More writes than any sale does: the loop ends when a sale survives.
const WRITES_MAX: u32 = 200;
const RECEIVED: i64 = 100_000;
const CALLS: [&str; 6] = ["pwrite64", "write", "fsync,fdatasync", "ftruncate", "unlink", "rename"];

/// A register with a product, stock, an open shift and one sale.
pub(crate) fn trading(data_dir: &Path) {
    run(data_dir, &["create-stall", "--name", "Duka", "--currency", "KES"]);
    let mut script = Script::start(data_dir);
    script.done("product add --name tea --price 250");
    script.done(&format!("receive tea={RECEIVED}"));
    script.done("shift open");
    script.done(&format!("sell tea=1 --cash 250 --id {}", id(0xaa, 0)));
    script.end();
}

/// What a register that was opened again holds.
pub(crate) struct Held {
    /// Sale and receipt number, the latest first.
    pub(crate) sales: Vec<(String, u64)>,
}

/// Opens the register again, and checks all that must hold whatever happened.
#[track_caller]
pub(crate) fn check(data_dir: &Path, acknowledged: &[String], context: &str) -> Held {
    let mut script = Script::start(data_dir);
    let listed = script.done("sale list --rows 500");
    let sales: Vec<(String, u64)> = listed["sales"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sale| {
            assert_eq!(sale["total_minor"], 250, "{context}: half a sale: {sale}");
            (sale["sale"].as_str().unwrap().to_owned(), sale["receipt_number"].as_u64().unwrap())
        })
        .collect();
    for sale in acknowledged {
        assert!(sales.iter().any(|(id, _)| id == sale), "{context}: acknowledged sale {sale} is lost");
    }
    let count = u64::try_from(sales.len()).unwrap();
    let mut numbers: Vec<u64> = sales.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{context}: receipt numbers have a gap");
    let stock = script.done("stock tea");
    let sold = i64::try_from(count).unwrap();
    assert_eq!(stock["stock"]["own_share"], RECEIVED - sold, "{context}: stock and sales differ");
    let shift = script.done("shift show");
    assert_eq!(shift["shift"]["expected_minor"], 250 * sold, "{context}: the drawer and the sales differ");
    script.done("verify");
    assert!(script.done("status")["frozen_because"].is_null(), "{context}");
    script.end();
    Held { sales }
}

fn sell(data_dir: &Path, sale: &str, inject: Option<&str>) -> Value {
    let mut command = match inject {
        None => Command::new(REGISTER),
        Some(inject) => {
            let mut command = Command::new("strace");
            let traced = inject.split(':').next().unwrap();
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={traced}")]);
            command.args(["-e", &format!("inject={inject}"), REGISTER]);
            command
        }
    };
    command.arg("--json").arg("--data-dir").arg(data_dir);
    answer_of(command.args(["sell", "tea=1", "--cash", "250", "--id", sale]))
}

#[test]
fn a_sale_killed_at_any_write_is_there_or_not_and_never_half() {
    if !has_strace() {
        return not_tried("killing a register at each write of a sale: strace is missing");
    }
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("till");
    trading(&data_dir);
    let mut acknowledged = vec![id(0xaa, 0)];
    let (mut kills, mut kept_unheard) = (0, 0);
    for (word, calls) in (1..).zip(CALLS) {
        let mut survived = false;
        for number in 1..WRITES_MAX {
            let (sale, context) = (id(word, number), format!("killed at {calls} number {number}"));
            let answer = sell(&data_dir, &sale, Some(&format!("{calls}:signal=SIGKILL:when={number}")));
            if answer["ok"] == true {
                acknowledged.push(sale);
                survived = true;
                break;
            }
            assert_eq!(answer, Value::Null, "{context}: neither killed nor done");
            kills += 1;
            let held = check(&data_dir, &acknowledged, &context);
            kept_unheard += usize::from(held.sales.iter().any(|(id, _)| *id == sale));
            // Whoever did not hear an answer asks again under the same id.
            done(sell(&data_dir, &sale, None));
            acknowledged.push(sale);
        }
        assert!(survived, "after {WRITES_MAX} of {calls} there were more of them");
    }
    let held = check(&data_dir, &acknowledged, "at the end");
    assert_eq!(held.sales.len(), acknowledged.len(), "a retry was done twice, or a sale is nobody's");
    assert!(kills >= 20, "only {kills} kills: the sale was not interrupted");
    assert!(kept_unheard > 0, "no kill fell between the commit and the answer");
}

#[test]
fn a_full_or_broken_disk_stops_sales_visibly_and_leaves_the_rest_readable() {
    if !has_strace() {
        return not_tried("sales on a full and on a broken disk: strace is missing");
    }
    let folder = tempfile::tempdir().unwrap();
    for (calls, error) in [("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fsync,fdatasync", "EIO")] {
        let data_dir = folder.path().join(format!("{error}-{}", &calls[..2]));
        trading(&data_dir);
        let (mut refusals, mut survived) = (0, false);
        let mut acknowledged = vec![id(0xaa, 0)];
        for number in 1..WRITES_MAX {
            // Every third place is enough: what lies between is the same page of the same commit.
            let first = number * 3;
            let context = format!("{error} from {calls} number {first} on");
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e"]);
            command.arg(format!("inject={calls}:error={error}:when={first}..{}", first + 2));
            command.arg(REGISTER).arg("--data-dir").arg(&data_dir).arg("run-script");
            let mut script = Script::of(command);
            let sale = id(1, number);
            let answer = script.say(&format!("sell tea=1 --cash 250 --id {sale}"));
            match answer["exit"].as_u64() {
                Some(0) => acknowledged.push(sale.clone()),
                Some(4) => {
                    refusals += 1;
                    assert!(!answer["sentence"].as_str().unwrap().is_empty(), "{context}: {answer}");
                    let listed = script.say("sale list --rows 500");
                    assert_eq!(listed["ok"], true, "{context}: nothing can be read: {listed}");
                }
                // It did not even open, and said so by its exit code.
                None => refusals += 1,
                Some(other) => panic!("{context}: exit {other}: {answer}"),
            }
            script.end();
            check(&data_dir, &acknowledged, &context);
            if answer["exit"] == 0 {
                survived = true;
                break;
            }
        }
        assert!(refusals > 0, "{error} on {calls} never happened");
        assert!(survived, "{error} on {calls}: the loop did not reach the end of a sale");
    }
}
