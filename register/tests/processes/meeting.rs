//! Registers that meet while there is no server.

use serde_json::Value;

use crate::network::World;
use crate::programs::{Script, id};

const HERE: &str = "127.0.0.1:0";

/// One waits for the other; what each says of it.
fn meet(listens: &mut Script, calls: &mut Script) -> (Value, Value) {
    listens.send(&format!("meet --listen {HERE} --once"));
    let address = listens.hear()["listening"].as_str().unwrap().to_owned();
    let called = calls.done(&format!("meet {address}"));
    let answered = listens.hear();
    assert_eq!(answered["ok"], true, "{answered}");
    (called, answered["answer"].clone())
}

fn sales(register: &mut Script) -> Vec<String> {
    let list = register.done("sale list --rows 50");
    let ids = list["sales"].as_array().unwrap().iter().map(|sale| sale["sale"].as_str().unwrap().to_owned());
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids
}

/// First hour 20: what a register sold is not lost with it, if another one met it.
#[test]
fn registers_meet_without_a_server_and_one_of_them_brings_it_the_sales_of_both() {
    let mut world = World::new(2, 11, None);
    world.registers[0].done("receive tea=10");
    world.meet();
    world.server.kill();
    let both = [id(1, 1), id(2, 1)];
    for (register, sale) in world.registers.iter_mut().zip(&both) {
        let refused = register.say("replicate --failures 1");
        assert_eq!(refused["exit"], 4, "there is a server: {refused}");
        register.done(&format!("sell tea=1 --cash 500 --goods-in-hand --id {sale}"));
    }
    let [first, second] = world.registers.as_mut_slice() else { panic!("there are two") };
    let (called, answered) = meet(first, second);
    let records = |met: &Value| met["records"].as_u64().unwrap();
    assert!(records(&called) > 0 && records(&answered) > 0, "{called} {answered}");
    let (left, right) = (first.done("status"), second.done("status"));
    assert_eq!((&answered["with"], &called["with"]), (&right["author"], &left["author"]));
    for proof in ["heads_digest", "state_digest"] {
        assert_eq!(left[proof], right[proof], "{proof}: {left} {right}");
    }
    assert_eq!((sales(first), sales(second)), (both.to_vec(), both.to_vec()));
    let (called, answered) = meet(second, first);
    assert_eq!((records(&called), records(&answered)), (0, 0), "they had something left to say");

    // The second one is stolen. It never spoke to the server again.
    world.registers.pop().unwrap().kill();
    world.server = world.server.restart();
    world.registers[0].patiently("replicate");
    world.enrol_another();
    assert_eq!(sales(&mut world.registers[1]), both);
    world.registers[1].done("verify");
}

#[test]
fn a_register_of_another_stall_is_told_nothing_and_nobody_is_waited_for_in_vain() {
    let folder = tempfile::tempdir().unwrap();
    let mut tills = ["one", "two"].map(|name| {
        let mut till = Script::start(&folder.path().join(name));
        till.done("create-stall --name Duka --currency KES");
        till
    });
    let [first, second] = &mut tills;
    first.send(&format!("meet --listen {HERE} --once"));
    let address = first.hear()["listening"].as_str().unwrap().to_owned();
    let refused = second.say(&format!("meet {address}"));
    assert_eq!(refused["exit"], 4, "{refused}");
    assert!(refused["sentence"].as_str().unwrap().contains("of this stall"), "{refused}");
    let parted = first.hear();
    assert!(parted["parted"].as_str().unwrap().contains("of this stall"), "{parted}");
    // It still waits for one that it knows; whoever calls it now that it is gone hears so.
    let [first, mut second] = tills;
    first.kill();
    let gone = second.say(&format!("meet {address}"));
    assert_eq!(gone["exit"], 4, "{gone}");
    for wrong in ["meet", "meet --once", &format!("meet {address} --listen {HERE}")] {
        assert_eq!(second.say(wrong)["exit"], 2, "{wrong}");
    }
}
