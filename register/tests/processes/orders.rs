//! The server is killed before every write of an order: an order that was acknowledged is there when it is back,
//! and one that was not can be asked for again under the same identity.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::network::World;
use crate::programs::{Ended, has_strace, not_tried};

/// More writes than any order does: the loop ends when an order is answered.
const WRITES_MAX: u32 = 120;

/// A tracer that kills the process at the given write. It has attached when this answers.
fn attach(process: u32, calls: &str, number: u32) -> Ended {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e"]);
    command.arg(format!("inject={calls}:signal=SIGKILL:when={number}"));
    let child = command.args(["-p", &process.to_string()]).stderr(Stdio::piped()).spawn();
    let mut tracer = Ended(child.unwrap());
    let mut words = BufReader::new(tracer.0.stderr.take().unwrap()).lines();
    let attached = words.by_ref().map_while(Result::ok).any(|line| line.contains("attached"));
    assert!(attached, "the tracer did not attach");
    // It may say more; nobody reads it, and it must not wait for that.
    std::thread::spawn(move || words.map_while(Result::ok).for_each(drop));
    tracer
}

#[test]
fn an_order_that_was_acknowledged_survives_the_servers_death_at_any_write() {
    if !has_strace() {
        return not_tried("killing the server at each write of an order: strace is missing");
    }
    let mut world = World::new(1, 5, None);
    world.registers[0].done("receive tea=500");
    world.registers[0].done("share return tea=400");
    world.registers[0].done("replicate");
    let product = world.product();
    let (mut kills, mut acknowledged) = (0, Vec::new());
    for (word, calls) in [(1, "pwrite64"), (2, "fsync,fdatasync")] {
        for number in 1..WRITES_MAX {
            let order = word * 1_000 + number;
            let tracer = attach(world.server.child.0.id(), calls, number);
            let (status, answer) = world.order(&product, order);
            drop(tracer);
            acknowledged.extend((status == 201).then_some(order));
            let survived = status == 201 && world.server.child.0.try_wait().unwrap().is_none();
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
    }
    assert!(kills >= 10, "only {kills} kills: no order was interrupted");
    acknowledged.sort_unstable();
    acknowledged.dedup();
    world.registers[0].done("replicate");
    let stock = world.registers[0].done("stock tea")["stock"].clone();
    let held = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(stock["held"], held, "an order was held twice, or is half there: {stock}");
    assert_eq!(stock["counted"], 500, "{stock}");
}
