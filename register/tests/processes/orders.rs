//! The server is killed before every write of an order, on its disk or to its database: an order that was
//! acknowledged is there when it is back, and one that was not can be asked for again under the same identity. A
//! disk that is full or fails costs the orders that met it, and nothing else.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::network::{Database, World};
use crate::programs::{Ended, has_strace, not_tried};

/// More writes than any order does: the loop ends when an order is answered.
const WRITES_MAX: u32 = 120;
/// What leaves the process: words to PostgreSQL, and its answer to the buyer.
const WORDS: &str = "sendto,write,writev,sendmsg";
/// More questions than are answered in a second.
const READY_ASKED_MAX: u32 = 100_000;

/// A tracer that does something to these calls of the process. It has attached when this answers.
fn attach(process: u32, calls: &str, what: &str) -> Ended {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e"]);
    command.arg(format!("inject={calls}:{what}"));
    let child = command.args(["-p", &process.to_string()]).stderr(Stdio::piped()).spawn();
    let mut tracer = Ended(child.unwrap());
    let mut words = BufReader::new(tracer.0.stderr.take().unwrap()).lines();
    let attached = words.by_ref().map_while(Result::ok).any(|line| line.contains("attached"));
    assert!(attached, "the tracer did not attach");
    // It may say more; nobody reads it, and it must not wait for that.
    std::thread::spawn(move || words.map_while(Result::ok).for_each(drop));
    tracer
}

/// A stall whose shop has 400 units of tea to promise.
fn shop(database: Option<Database>) -> World {
    let mut world = World::new(1, 5, database);
    world.registers[0].done("receive tea=500");
    world.registers[0].done("share return tea=400");
    world.registers[0].done("replicate");
    world
}

#[test]
fn an_order_that_was_acknowledged_survives_the_servers_death_at_any_write() {
    if !has_strace() {
        return not_tried("killing the server at each write of an order: strace is missing");
    }
    kill_at_each(shop(None), &["pwrite64", "fsync,fdatasync", "ftruncate", "unlink", WORDS], 10);
}

#[test]
fn an_order_that_was_acknowledged_survives_the_servers_death_at_any_word_to_postgresql() {
    if !has_strace() {
        return not_tried("killing the server at each word to PostgreSQL: strace is missing");
    }
    if let Some(database) = Database::create("kill") {
        kill_at_each(shop(Some(database)), &[WORDS], 5);
    }
}

fn kill_at_each(mut world: World, all: &[&str], kills_min: u32) {
    let product = world.product();
    let (mut kills, mut acknowledged) = (0, Vec::new());
    for (word, calls) in (1..).zip(all) {
        let mut survived = false;
        for number in 1..WRITES_MAX {
            let order = word * 1_000 + number;
            let what = format!("signal=SIGKILL:when={number}");
            let tracer = attach(world.server.child.0.id(), calls, &what);
            let (status, answer) = world.order(&product, order);
            drop(tracer);
            acknowledged.extend((status == 201).then_some(order));
            survived = status == 201 && world.server.child.0.try_wait().unwrap().is_none();
            world.server = world.server.restart();
            for order in &acknowledged {
                assert_eq!(
                    world.find_order(*order).0,
                    200,
                    "killed at {calls} {number}: order {order} is lost"
                );
            }
            if survived {
                break;
            }
            assert!(status == 0 || status == 201, "killed at {calls} {number}: {status} {answer}");
            kills += 1;
            // The same request again is the same order, whether or not it was kept.
            assert_eq!(world.order(&product, order).0, 201);
            acknowledged.push(order);
        }
        assert!(survived, "after {WRITES_MAX} of {calls} there were more of them");
    }
    assert!(kills >= kills_min, "only {kills} kills: no order was interrupted");
    acknowledged.sort_unstable();
    acknowledged.dedup();
    world.registers[0].done("replicate");
    let stock = world.registers[0].done("stock tea")["stock"].clone();
    let held = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(stock["held"], held, "an order was held twice, or is half there: {stock}");
    assert_eq!(stock["counted"], 500, "{stock}");
}

#[test]
fn a_server_whose_disk_is_full_or_fails_says_so_goes_on_reading_and_recovers() {
    if !has_strace() {
        return not_tried("orders on a full and on a broken disk of the server: strace is missing");
    }
    let mut world = shop(None);
    let product = world.product();
    let (mut held, mut number) = (0, 0);
    for (calls, error, status) in
        [("pwrite64", "ENOSPC", 507), ("pwrite64", "EIO", 503), ("fsync,fdatasync", "EIO", 503)]
    {
        let context = format!("{error} from {calls}");
        number += 1;
        let tracer = attach(world.server.child.0.id(), calls, &format!("error={error}:when=1+"));
        let (refused, problem) = world.order(&product, number);
        assert_eq!(refused, status, "{context}: {problem}");
        assert_eq!(problem["retry"], true, "{context}: {problem}");
        for order in 1..number {
            assert_eq!(world.find_order(order).0, 200, "{context}: order {order} cannot be read");
        }
        // Its last word holds for a second.
        assert!(
            (0..READY_ASKED_MAX).any(|_| world.ready() == 503),
            "{context}: it says that it can do its work"
        );
        drop(tracer);
        assert_eq!(world.ready(), 200, "{context}");
        // Nobody mended anything by hand.
        assert_eq!(world.order(&product, number).0, 201, "{context}: it did not recover");
        held += 1;
        world.registers[0].done("replicate");
        let stock = world.registers[0].done("stock tea")["stock"].clone();
        assert_eq!((&stock["held"], &stock["counted"]), (&held.into(), &500.into()), "{context}: {stock}");
    }
    world.server = world.server.restart();
    for order in 1..=number {
        assert_eq!(world.find_order(order).0, 200, "order {order} is lost");
    }
}
