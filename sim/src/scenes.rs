//! Cases that a campaign meets seldom, each played out on purpose and judged by the campaign's own calm.

use soko_app_api::{BeyondShare, Query, Verb, View};
use soko_domain::ask::{Answer, Ask};
use soko_domain::ids::{AuthorId, ThingId};
use soko_domain::stock::Account;
use soko_domain::wire::Wire as _;
use soko_record_log::params;
use soko_replication::{Ask as PageAsk, Capabilities, Page};

use crate::counters::Counter;
use crate::network::Cut;
use crate::plan::{Knobs, Plan};
use crate::server::STALL;
use crate::web::hand_over;
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

#[test]
fn what_people_move_by_hand_stays_where_they_moved_it() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    let product = world.products[0];
    let held = |world: &mut World<'_>, at: usize| {
        let account = Account::Share(world.devices[at].author());
        world.server.read(|tx| soko_projection::read::balance(tx, STALL, product, account)).unwrap()
    };
    let share = |world: &mut World<'_>| held(world, 1);
    world.receive(0, product, 60).unwrap();
    meet(&mut world);
    let at_home = held(&mut world, 0);
    world.command(0, Verb::ReturnShare { product, quantity: at_home - 2 }).unwrap();
    meet(&mut world);
    assert_eq!(held(&mut world, 0), 2, "what was given back stays away");
    let before = share(&mut world);
    world.command(1, Verb::AskShare { product, quantity: 30 }).unwrap();
    meet(&mut world);
    let taken = share(&mut world);
    assert!(taken - before >= 20, "{before}, then {taken}");
    // Whatever the others do meanwhile.
    for _ in 0..3 {
        sell(&mut world, 0, 1);
        world.order().unwrap();
        meet(&mut world);
    }
    assert!(share(&mut world) >= taken, "{taken}, then {}", share(&mut world));
    world.command(1, Verb::ReturnShare { product, quantity: taken }).unwrap();
    meet(&mut world);
    let rest = share(&mut world);
    assert!(rest < taken / 2, "{taken}, then {rest}");
    world.settle_down().unwrap();
}

/// All that are connected tell each other what they know.
fn meet(world: &mut World<'_>) {
    // Longer than any waits after a failure.
    world.pass(120_000).unwrap();
    for _ in 0..12 {
        let now_ms = world.now_ms;
        world.devices.iter_mut().for_each(|device| device.wake(now_ms));
        world.pass(1_000).unwrap();
    }
}

fn should_be_there(world: &mut World<'_>) -> i64 {
    soko_projection::read::expected(&accounts(world).into_iter().collect::<Vec<_>>())
}

fn waits_for(world: &mut World<'_>, at: usize) -> usize {
    let product = world.products[0];
    let View::Stock(stock) = world.devices[at].answer(&Query::Stock { stall: STALL, product }).unwrap()
    else {
        panic!("no stock")
    };
    stock.waits_for.len()
}

#[test]
fn a_count_that_every_register_marked_says_what_was_there_however_late_the_sales_arrive() {
    let plan = quiet();
    // (sold before the mark and handed in late, sold behind it and known when the number is given, and not known)
    for (before, known, unknown) in [(2, 0, 0), (0, 2, 0), (0, 0, 2), (2, 1, 2)] {
        let mut world = World::new(&plan, false).unwrap();
        let product = world.products[0];
        world.receive(0, product, 40).unwrap();
        meet(&mut world);
        let sold = |world: &mut World<'_>| world.model.out_of_hand(product);
        let count = world.open_count(0, product).unwrap();
        assert_eq!(waits_for(&mut world, 0), 1);
        sell(&mut world, 1, before);
        meet(&mut world);
        assert_eq!(waits_for(&mut world, 0), 0);
        // Three were stolen, and somebody looks now.
        let there = should_be_there(&mut world) - 3;
        let gone = sold(&mut world);
        sell(&mut world, 1, known);
        meet(&mut world);
        world.network.cut(1, Cut { up: true, down: true });
        sell(&mut world, 1, unknown);
        world.give_count(0, (product, Some(count)), there).unwrap();
        world.network.cut(1, Cut::default());
        meet(&mut world);
        let gone_since = sold(&mut world) - gone;
        assert_eq!(should_be_there(&mut world), there - gone_since, "{before}, {known}, {unknown}");
    }
}

#[test]
fn what_a_register_sold_that_did_not_mark_is_missed_until_it_is_counted_again_and_never_promised() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    let product = world.products[0];
    world.receive(0, product, 40).unwrap();
    meet(&mut world);
    let all = should_be_there(&mut world);
    world.network.cut(1, Cut { up: true, down: true });
    sell(&mut world, 1, 2);
    let gone = world.model.out_of_hand(product);
    let count = world.open_count(0, product).unwrap();
    meet(&mut world);
    assert_eq!(waits_for(&mut world, 0), 1, "the screen says so");
    world.give_count(0, (product, Some(count)), all - gone).unwrap();
    world.network.cut(1, Cut::default());
    meet(&mut world);
    assert_eq!(should_be_there(&mut world), all - 2 * gone, "on the safe side");
    let count = world.open_count(0, product).unwrap();
    meet(&mut world);
    assert_eq!(waits_for(&mut world, 0), 0);
    world.give_count(0, (product, Some(count)), all - gone).unwrap();
    meet(&mut world);
    assert_eq!(should_be_there(&mut world), all - gone);
    world.settle_down().unwrap();
}

/// Monday somebody opens a count and gives no number; Friday the shelves are counted.
#[test]
fn a_count_that_was_opened_and_dropped_changes_no_later_one() {
    let plan = quiet();
    for is_closed in [false, true] {
        let mut world = World::new(&plan, false).unwrap();
        let product = world.products[0];
        world.receive(0, product, 40).unwrap();
        world.receive(1, product, 20).unwrap();
        meet(&mut world);
        let monday = world.open_count(0, product).unwrap();
        meet(&mut world);
        assert_eq!(waits_for(&mut world, 0), 0, "the phone marked it");
        if is_closed {
            world.drop_count(0, monday).unwrap();
        }
        sell(&mut world, 1, 8);
        meet(&mut world);
        let there = should_be_there(&mut world);
        // With a count of its own, and without one, as a program sends it.
        for is_opened in [true, false] {
            let friday = is_opened.then(|| world.open_count(0, product).unwrap());
            meet(&mut world);
            world.give_count(0, (product, friday), there).unwrap();
            meet(&mut world);
            assert_eq!(should_be_there(&mut world), there, "{is_closed}, {is_opened}");
        }
        // Nobody is asked to mark what has ended.
        let (log, phone) = (STALL, world.devices[1].author());
        let open = world.devices[0].read(|tx| soko_projection::counts::unmarked(tx, log, phone, 10)).unwrap();
        assert_eq!(open, []);
        world.settle_down().unwrap();
    }
}

/// The second register holds ten; its owner shuts it out, with or without a connection, and counts what is left.
#[test]
fn a_count_writes_off_what_was_set_apart_before_anybody_promises_less() {
    let plan = quiet();
    // (whether the owner is connected, found of the ten, sold by the thief and heard of later)
    for (is_connected, found, sold) in
        [(true, 0, 0), (false, 0, 0), (true, 4, 0), (true, 0, 3), (false, 0, 3)]
    {
        let case = format!("{is_connected}, {found}, {sold}");
        let mut world = World::new(&plan, false).unwrap();
        let product = world.products[0];
        world.pass(10_000).unwrap();
        world.receive(1, product, 10).unwrap();
        world.receive(0, product, 40).unwrap();
        meet(&mut world);
        let lost = world.devices[1].author();
        let all = should_be_there(&mut world);
        let away = accounts(&mut world).get(&Account::Share(lost)).copied().unwrap();
        world.network.cut(1, Cut { up: true, down: true });
        let before = world.model.out_of_hand(product);
        sell(&mut world, 1, sold);
        let gone = world.model.out_of_hand(product) - before;
        if !is_connected {
            world.network.cut(0, Cut { up: true, down: true });
        }
        world.command(0, Verb::RevokeDevice { author: lost, reason: "stolen".into() }).unwrap();
        if is_connected {
            meet(&mut world);
            assert_eq!(accounts(&mut world).get(&Account::Quarantine(lost)), Some(&away), "{case}");
        }
        world.give_count(0, (product, None), all - away + found).unwrap();
        world.network.cut(0, Cut::default());
        meet(&mut world);
        let after = accounts(&mut world);
        assert_eq!(after.get(&Account::Quarantine(lost)).copied().unwrap_or_default(), found, "{case}");
        assert_eq!(after.get(&Account::Deficit).copied().unwrap_or_default(), 0, "{case}");
        assert_eq!(should_be_there(&mut world), all - away + found, "{case}");
        assert_eq!(after.get(&Account::WriteOff).copied(), Some(away - found), "{case}");
        // The thief's sales come to light: on the safe side, until somebody counts again.
        world.network.cut(1, Cut::default());
        meet(&mut world);
        assert_eq!(should_be_there(&mut world), all - away + found - gone, "{case}");
        world.settle_down().unwrap();
    }
}

fn accounts(world: &mut World<'_>) -> std::collections::BTreeMap<Account, i64> {
    let product = world.products[0];
    let accounts = world.server.read(|tx| soko_projection::read::accounts(tx, STALL, product)).unwrap();
    accounts.into_iter().collect()
}

#[test]
fn a_count_looks_for_nothing_that_was_handed_over_while_the_stall_is_frozen() {
    let plan = quiet();
    let mut world = World::new(&plan, false).unwrap();
    let product = world.products[0];
    world.receive(0, product, 40).unwrap();
    meet(&mut world);
    world.command(0, Verb::ReturnShare { product, quantity: 20 }).unwrap();
    meet(&mut world);
    assert!(world.order_units(product, 3).unwrap());
    let order = *world.open_orders.keys().next().unwrap();
    meet(&mut world);
    for _ in 0..10 {
        world.back_up_server().unwrap();
    }
    world.restore_server().unwrap();
    let all = should_be_there(&mut world);
    world.command(1, hand_over(order, false)).unwrap();
    meet(&mut world);
    for is_opened in [false, true] {
        assert!(world.is_frozen().unwrap(), "nobody has confirmed the devices");
        let count = is_opened.then(|| world.open_count(0, product).unwrap());
        meet(&mut world);
        let View::Stock(stock) = world.devices[0].answer(&Query::Stock { stall: STALL, product }).unwrap()
        else {
            panic!("no stock")
        };
        assert_eq!(stock.counted, all - 3, "it is with its buyer");
        world.give_count(0, (product, count), all - 3).unwrap();
        meet(&mut world);
    }
    world.settle_down().unwrap();
    let after = accounts(&mut world);
    let of = |account: &Account| after.get(account).copied().unwrap_or_default();
    assert_eq!((of(&Account::Deficit), of(&Account::WriteOff)), (0, 0));
    assert_eq!(should_be_there(&mut world), all - 3);
}
