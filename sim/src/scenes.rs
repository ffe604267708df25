//! Cases that a campaign meets seldom, each played out on purpose and judged by the campaign's own calm.

use soko_app_api::{BeyondShare, Verb};
use soko_domain::ask::{Answer, Ask};
use soko_domain::ids::{AuthorId, ThingId};
use soko_domain::wire::Wire as _;
use soko_record_log::params;
use soko_replication::{Ask as PageAsk, Capabilities, Page};

use crate::counters::Counter;
use crate::network::Cut;
use crate::plan::{Knobs, Plan};
use crate::server::STALL;
use crate::world::World;

/// Two registers with units to sell, and nothing that goes wrong by itself.
fn quiet() -> Plan {
    Plan { seed: 3, devices: 2, products: 1, knobs: Knobs::default(), weaken: None, steps: Vec::new() }
}

fn sell(world: &mut World<'_>, at: usize, times: usize) {
    let product = world.products[0];
    for _ in 0..times {
        world.sell(at, product, BeyondShare::Allow).unwrap();
    }
}

fn held(world: &mut World<'_>, author: AuthorId) -> u64 {
    world.server.heads().unwrap().get(&author).map_or(0, |head| head.seq)
}

#[test]
fn what_a_register_wrote_between_several_renewals_arrives_once_it_meets_the_server() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    world.pass(10_000).unwrap();
    world.network.cut(1, Cut { up: true, down: true });
    let mut written = Vec::new();
    for _ in 0..3 {
        sell(&mut world, 1, 2);
        let device = &mut world.devices[1];
        written.push((device.author(), device.own_seq().unwrap()));
        device.renew().unwrap();
        world.look_at(1).unwrap();
        world.open_shift(1).unwrap();
    }
    world.settle_down().unwrap();
    for (author, seq) in written {
        assert_eq!(held(&mut world, author), seq, "{author}");
    }
    assert_eq!(world.counters.get(Counter::NeverEnrolled), 2, "two were renewed before they were let in");
}

#[test]
fn both_branches_of_a_forked_history_reach_the_server_whichever_is_longer() {
    for (original, twin) in [(1, 4), (4, 1), (2, 2)] {
        let plan = quiet();
        let mut world = World::new(&plan, false).unwrap();
        world.pass(10_000).unwrap();
        let author = world.devices[1].author();
        world.start_twin_of(1).unwrap();
        for at in [1, 2] {
            world.network.cut(at, Cut { up: true, down: true });
        }
        sell(&mut world, 1, original);
        sell(&mut world, 2, twin);
        world.network.cut(1, Cut::default());
        world.pass(60_000).unwrap();
        world.network.cut(2, Cut::default());
        world.settle_down().unwrap();
        assert!(world.counters.get(Counter::ForkIncidents) > 0, "{original} and {twin}");
        let kept = world.server.read(|tx| {
            let sql = "select count(*) from other_branch where log = $1 and author = $2";
            tx.query_one(sql, params![STALL, author])?.int(0)
        });
        assert_eq!(kept, Ok(i64::try_from(twin).unwrap()), "{original} and {twin}");
    }
}

#[test]
fn a_server_that_was_set_back_in_silence_begins_another_life_at_the_first_word_of_it() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    world.pass(10_000).unwrap();
    world.back_up_server().unwrap();
    let product = world.products[0];
    // Something that only the server decided, and that the backup does not know.
    world.command(1, Verb::AskShare { product, quantity: 1 }).unwrap();
    world.command(0, Verb::ReturnShare { product, quantity: 1 }).unwrap();
    world.pass(10_000).unwrap();
    world.set_server_back().unwrap();
    world.settle_down().unwrap();
    for counter in [Counter::ServerSetBacks, Counter::SetBacksNoticed, Counter::Unfreezes] {
        assert_eq!(world.counters.get(counter), 1, "{}", counter.word());
    }
}

#[test]
fn registers_go_over_to_what_a_server_wrote_after_it_was_set_back_in_silence() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    world.pass(10_000).unwrap();
    let product = world.products[0];
    world.receive(0, product, 40).unwrap();
    world.command(0, Verb::ReturnShare { product, quantity: 30 }).unwrap();
    world.pass(10_000).unwrap();
    // So often that no older one is left.
    for _ in 0..10 {
        world.back_up_server().unwrap();
    }
    // Only the registers remember this one.
    world.order().unwrap();
    world.pass(10_000).unwrap();
    for at in 0..2 {
        world.network.cut(at, Cut { up: true, down: true });
    }
    world.set_server_back().unwrap();
    // These stand in the place of what the server forgot.
    for _ in 0..3 {
        world.order().unwrap();
    }
    for at in 0..2 {
        world.network.cut(at, Cut::default());
    }
    // All meet, and the registers end the orders that they did not know.
    world.settle_down().unwrap();
    assert_eq!(world.counters.get(Counter::BranchesChanged), 2);
    assert_eq!(world.counters.get(Counter::SetBacksNoticed), 1);
}

#[test]
fn who_cannot_read_all_that_it_holds_is_granted_nothing() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    world.pass(10_000).unwrap();
    let product = world.products[0];
    world.receive(0, product, 4).unwrap();
    world.pass(10_000).unwrap();
    let author = world.devices[1].author();
    // The page that is on its way is given up first.
    assert_eq!(world.devices[1].poll(world.now_ms + 60_000).unwrap(), None);
    let now_ms = world.now_ms + 120_000;
    let mut page = Page::decode(&world.devices[1].poll(now_ms).unwrap().unwrap()).unwrap();
    for (number, capabilities, is_granted) in
        [(1, Capabilities::ALL.without(Capabilities::SHARES), false), (2, Capabilities::ALL, true)]
    {
        page.capabilities = capabilities;
        let body = Ask::Share { product, quantity: 1 }.to_bytes();
        page.asks = vec![PageAsk { id: ThingId([number; 16]), body }];
        let out = world.server.replicate(author, &page.encode().unwrap(), now_ms).unwrap().unwrap();
        let answers = Page::decode(&out.page).unwrap().answers;
        let answer = Answer::from_bytes(&answers[0].body).unwrap();
        let is_outdated = matches!(&answer, Answer::Refused { code, .. } if code == "outdated");
        assert_eq!((answer == Answer::Done, is_outdated), (is_granted, !is_granted), "{answer:?}");
    }
}
