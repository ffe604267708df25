//! Baskets of several devices that do not hear each other, beside a model that remembers every unit there ever was.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::wanted::{
    Baskets, COUNT_MAX, DEVICES_MAX, Full, LINES_MAX, Line, PARTS_MAX, Part, Put, QUANTITY_MAX, Unkeepable,
    Wanted,
};

const DUKA: LogId = LogId([1; 16]);
const OTHER: LogId = LogId([2; 16]);
const TEA: ProductId = ProductId([1; 16]);
const MANGO: ProductId = ProductId([2; 16]);
const PHONE: ThingId = ThingId([1; 16]);
const TABLET: ThingId = ThingId([2; 16]);
const DESK: ThingId = ThingId([3; 16]);
const HOUR_MS: i64 = 3_600_000;

fn put_of((stall, product): Wanted, added_ms: i64, seen_minor: i64) -> Put {
    Put { added_ms, seen_minor, stall, product }
}

/// Tea of the first stall, put in at a moment and a price.
fn tea(added_ms: i64, seen_minor: i64) -> Put {
    put_of((DUKA, TEA), added_ms, seen_minor)
}

fn with(from: &Baskets, device: ThingId, put: Put, units: i64) -> Baskets {
    let mut next = from.clone();
    next.put(device, put, units).unwrap();
    next
}

fn without(from: &Baskets, units: i64) -> Baskets {
    let mut next = from.clone();
    next.take((DUKA, TEA), units);
    next
}

fn emptied(from: &Baskets) -> Baskets {
    let mut next = from.clone();
    next.empty(DUKA);
    next
}

fn all(states: &[&Baskets]) -> Baskets {
    states.iter().fold(Baskets::default(), |all, one| all.merged(one))
}

fn quantity(baskets: &Baskets) -> i64 {
    baskets.quantity((DUKA, TEA))
}

#[test]
fn what_two_devices_put_in_apart_is_in_and_what_one_takes_out_takes_nothing_along_that_the_other_put_in() {
    let none = Baskets::default();
    let (phone, tablet) = (with(&none, PHONE, tea(1, 400), 1), with(&none, TABLET, tea(2, 400), 1));
    let both = all(&[&phone, &tablet]);
    assert_eq!((quantity(&both), both.lines().len()), (2, 1));
    // Taken out on one, while the other puts in another one.
    let (out, more) = (without(&both, 2), with(&both, TABLET, tea(3, 400), 1));
    assert_eq!((quantity(&out), quantity(&all(&[&out, &more]))), (0, 1));
    // Both took one of three out: they saw the same basket, and two were left in it.
    let three = with(&both, PHONE, tea(3, 400), 1);
    let (here, there) = (without(&three, 1), without(&three, 1));
    assert_eq!(quantity(&all(&[&here, &there])), 2);
    assert_eq!(quantity(&all(&[&without(&three, 1), &without(&three, 2)])), 1);
}

#[test]
fn an_order_takes_out_what_was_ordered_and_no_more_wherever_it_is_heard_of() {
    let three = with(&Baskets::default(), PHONE, tea(1, 400), 3);
    let ordered = emptied(&three);
    let other = with(&three, TABLET, put_of((OTHER, MANGO), 2, 250), 4);
    for meanwhile in [three.clone(), without(&three, 1), emptied(&three)] {
        assert_eq!(quantity(&all(&[&ordered, &meanwhile])), 0, "{meanwhile:?}");
        assert_eq!(quantity(&all(&[&meanwhile, &ordered, &three])), 0, "late, it brings nothing back");
    }
    assert_eq!(quantity(&all(&[&with(&three, TABLET, tea(2, 400), 2), &ordered])), 2, "not ordered");
    let left = all(&[&other, &ordered]).lines();
    assert_eq!(left.keys().collect::<Vec<_>>(), [&(OTHER, MANGO)], "another stall's basket");
    // What is put in again is counted on, whoever hears of the order late.
    let again = with(&ordered, PHONE, tea(9, 400), 1);
    assert_eq!(quantity(&all(&[&three, &again, &ordered])), 1);
}

#[test]
fn a_line_has_the_price_and_the_time_of_the_earliest_that_is_still_in() {
    let line = |baskets: &Baskets| baskets.lines()[&(DUKA, TEA)];
    let first = with(&Baskets::default(), PHONE, tea(10, 400), 1);
    let dearer = with(&first, PHONE, tea(20, 450), 2);
    assert_eq!(line(&dearer), Line { quantity: 3, seen_minor: 400, added_ms: 10 });
    let fewer = without(&dearer, 2);
    assert_eq!(line(&fewer), Line { quantity: 1, seen_minor: 400, added_ms: 10 });
    // The first was ordered elsewhere, before the others were put in.
    let rest = all(&[&dearer, &emptied(&first)]);
    assert_eq!(line(&rest), Line { quantity: 2, seen_minor: 450, added_ms: 20 });
    let earlier = with(&Baskets::default(), TABLET, tea(5, 380), 1);
    assert_eq!(line(&all(&[&dearer, &earlier])), Line { quantity: 4, seen_minor: 380, added_ms: 5 });
}

#[test]
fn a_hundred_taps_are_one_part_and_an_hour_or_another_price_is_the_next() {
    let mut baskets = Baskets::default();
    for tap in 0..100 {
        baskets.put(PHONE, tea(tap * 1_000, 400), 1).unwrap();
    }
    assert_eq!(baskets.parts().count(), 1);
    baskets.put(PHONE, tea(HOUR_MS, 400), 1).unwrap();
    baskets.put(PHONE, tea(HOUR_MS + 1, 450), 1).unwrap();
    assert_eq!((baskets.parts().count(), quantity(&baskets)), (3, 102));
}

#[test]
fn what_nobody_heard_of_may_be_counted_under_other_numbers() {
    let mango = put_of((DUKA, MANGO), 3, 250);
    let five = with(&with(&Baskets::default(), PHONE, tea(1, 400), 3), PHONE, mango, 2);
    let mut heard = five.clone();
    assert_eq!((heard.lift(PHONE, 5), heard.lift(TABLET, 0)), (vec![], vec![]), "all of it was heard of");
    assert_eq!(heard, five);
    let (tea, mangoes) =
        (Part { first: 3, units: 1, put: tea(1, 400) }, Part { first: 4, units: 2, put: mango });
    assert_eq!(heard.lift(PHONE, 2), [tea, mangoes]);
    assert_eq!((heard.up_to(PHONE), quantity(&heard), heard.quantity((DUKA, MANGO))), (2, 2, 0));
    let mut nothing = five.clone();
    nothing.lift(PHONE, 0);
    assert_eq!(nothing, Baskets::default());

    // The same units are known where they are heard of, and others under their numbers are not taken for them.
    assert_eq!((five.units_of(PHONE, &tea), five.units_of(PHONE, &mangoes)), (1, 2));
    assert_eq!((five.units_of(TABLET, &tea), heard.units_of(PHONE, &mangoes)), (0, 0));
    assert_eq!(five.units_of(PHONE, &Part { units: 9, ..mangoes }), 2);
    assert_eq!(five.units_of(PHONE, &Part { put: mango, ..tea }), 0);
}

#[test]
fn there_is_an_end_to_lines_to_parts_to_quantities_and_to_devices() {
    let product = |number: usize| {
        let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
        let mut product = ProductId([9; 16]);
        product.0[..2].copy_from_slice(&[high, low]);
        product
    };
    let mut baskets = Baskets::default();
    for number in 0..LINES_MAX {
        baskets.put(PHONE, put_of((DUKA, product(number)), 1, 1), 1).unwrap();
    }
    let before = baskets.clone();
    assert_eq!(baskets.put(PHONE, put_of((DUKA, product(LINES_MAX)), 1, 1), 1), Err(Full));
    assert_eq!(baskets, before, "nothing of it is in");
    for number in 0..PARTS_MAX - LINES_MAX {
        baskets.put(PHONE, put_of((DUKA, product(number)), 2, 2), 1).unwrap();
    }
    assert_eq!(baskets.put(PHONE, put_of((DUKA, product(0)), 3, 3), 1), Err(Full));
    assert!(baskets.is_within() && !with_line(&baskets).is_within());

    let mut much = with(&Baskets::default(), PHONE, tea(1, 1), QUANTITY_MAX);
    assert_eq!(much.put(TABLET, tea(1, 1), 1), Err(Full));
    assert_eq!(much.put(TABLET, tea(1, 1), 0), Err(Full));

    // Of devices that have nothing in, one makes room; where all have something in, there is none.
    let device = |number: usize| ThingId([u8::try_from(number).unwrap(); 16]);
    let mut many = Baskets::default();
    for number in 0..DEVICES_MAX {
        many.put(device(number), tea(1, 1), 1).unwrap();
    }
    assert_eq!(many.put(device(DEVICES_MAX), tea(1, 1), 1), Err(Full));
    many.take((DUKA, TEA), 1);
    many.put(device(DEVICES_MAX), tea(1, 1), 1).unwrap();
    assert_eq!((many.devices().count(), many.is_within()), (DEVICES_MAX, true));
}

/// With one more line of another device than there may be.
fn with_line(baskets: &Baskets) -> Baskets {
    baskets.merged(&with(&Baskets::default(), TABLET, put_of((OTHER, TEA), 1, 1), 1))
}

#[test]
fn what_is_no_state_of_baskets_is_not_read() {
    let part = |first, units| Part { first, units, put: tea(1, 400) };
    let wrong_put = |added_ms, seen_minor| Part { put: tea(added_ms, seen_minor), ..part(1, 1) };
    for (devices, parts, why) in [
        (vec![(PHONE, 0)], vec![], Unkeepable::Count),
        (vec![(PHONE, COUNT_MAX + 1)], vec![], Unkeepable::Count),
        (vec![(PHONE, 3), (PHONE, 4)], vec![], Unkeepable::Device),
        (vec![(PHONE, 3)], vec![(TABLET, part(1, 1))], Unkeepable::Device),
        (vec![(PHONE, 3)], vec![(PHONE, part(0, 1))], Unkeepable::Count),
        (vec![(PHONE, 3)], vec![(PHONE, part(3, 2))], Unkeepable::Count),
        (vec![(PHONE, 3)], vec![(PHONE, part(i64::MAX, COUNT_MAX))], Unkeepable::Count),
        (vec![(PHONE, 3)], vec![(PHONE, part(1, 0))], Unkeepable::Number),
        (vec![(PHONE, 3)], vec![(PHONE, part(1, -1))], Unkeepable::Number),
        (vec![(PHONE, 3)], vec![(PHONE, part(1, i64::MAX))], Unkeepable::Number),
        (vec![(PHONE, 3)], vec![(PHONE, wrong_put(-1, 400))], Unkeepable::Number),
        (vec![(PHONE, 3)], vec![(PHONE, wrong_put(1, -400))], Unkeepable::Number),
        (vec![(PHONE, 3)], vec![(PHONE, part(2, 2)), (PHONE, part(1, 2))], Unkeepable::Overlap),
        (vec![(PHONE, 3); DEVICES_MAX + 1], vec![], Unkeepable::TooMany),
        (vec![(PHONE, COUNT_MAX)], vec![(PHONE, part(1, 1)); PARTS_MAX + 1], Unkeepable::TooMany),
    ] {
        assert_eq!(Baskets::read(&devices, &parts), Err(why), "{devices:?}");
    }
    // Cut in pieces and in any order, it is the same state.
    let whole = Baskets::read(&[(PHONE, 3)], &[(PHONE, part(1, 3))]).unwrap();
    let pieces = Baskets::read(&[(PHONE, 3)], &[(PHONE, part(3, 1)), (PHONE, part(1, 2))]).unwrap();
    assert_eq!((&pieces, quantity(&whole)), (&whole, 3));
}

#[test]
fn of_a_device_that_has_nothing_in_only_its_count_is_forgotten() {
    let tea_here = with(&Baskets::default(), PHONE, tea(1, 400), 1);
    let mut gone = emptied(&with(&tea_here, TABLET, tea(1, 400), 1));
    gone = with(&gone, DESK, tea(2, 400), 1);
    gone.forget_idle(|device| device == PHONE);
    assert_eq!(gone.devices().map(|(device, _)| device).collect::<Vec<_>>(), [PHONE, DESK]);
    assert_eq!(quantity(&all(&[&gone, &tea_here])), 1, "what is kept is still known");
}

/// The same cases on every run.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        rng_seed: RngSeed::Fixed(5_4),
        failure_persistence: None,
        ..Default::default()
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Put { device: usize, it: Wanted, units: i64, at: (i64, i64) },
    Take { device: usize, it: Wanted, units: i64 },
    Empty { device: usize, stall: LogId },
    Hear { device: usize, of: usize },
}

const DEVICES: [ThingId; 3] = [PHONE, TABLET, DESK];

fn act() -> impl Strategy<Value = Act> {
    let device = || 0..DEVICES.len();
    let it = || prop::sample::select(vec![(DUKA, TEA), (DUKA, MANGO), (OTHER, TEA)]);
    // Two prices, and moments some of which are more than an hour apart.
    let at = (0..4i64, 1..3i64).prop_map(|(hours, price)| (hours * HOUR_MS / 2, price));
    prop_oneof![
        4 => (device(), it(), 1..4i64, at).prop_map(|(device, it, units, at)| Act::Put { device, it, units, at }),
        2 => (device(), it(), 1..4i64).prop_map(|(device, it, units)| Act::Take { device, it, units }),
        1 => (device(), prop::sample::select(vec![DUKA, OTHER])).prop_map(|(device, stall)| Act::Empty { device, stall }),
        3 => (device(), device()).prop_map(|(device, of)| Act::Hear { device, of }),
    ]
}

type Unit = (ThingId, i64);

/// A device, and all units that it ever heard of.
#[derive(Clone, Default, Debug)]
struct Modelled {
    baskets: Baskets,
    ever: BTreeMap<Unit, Put>,
    out: BTreeSet<Unit>,
}

fn units(baskets: &Baskets) -> BTreeMap<Unit, Put> {
    let numbers = |(device, part): (ThingId, Part)| {
        (part.first..part.first + part.units).map(move |number| ((device, number), part.put))
    };
    baskets.parts().flat_map(numbers).collect()
}

impl Modelled {
    fn still_in(&self) -> BTreeMap<Unit, Put> {
        let still = self.ever.iter().filter(|(unit, _)| !self.out.contains(unit));
        still.map(|(unit, put)| (*unit, *put)).collect()
    }

    /// Whatever is not there any more was taken out here.
    fn took(&mut self, before: &BTreeMap<Unit, Put>) -> BTreeMap<Unit, Put> {
        let now = units(&self.baskets);
        let gone = before.iter().filter(|(unit, _)| !now.contains_key(unit));
        let gone: BTreeMap<Unit, Put> = gone.map(|(unit, put)| (*unit, *put)).collect();
        self.out.extend(gone.keys());
        gone
    }

    fn hear(&mut self, other: &Self) {
        self.baskets = self.baskets.merged(&other.baskets);
        self.ever.extend(&other.ever);
        self.out.extend(&other.out);
    }
}

fn play(acts: &[Act]) -> [Modelled; 3] {
    let mut devices: [Modelled; 3] = Default::default();
    for act in acts {
        let (Act::Put { device, .. }
        | Act::Take { device, .. }
        | Act::Empty { device, .. }
        | Act::Hear { device, .. }) = *act;
        let before = units(&devices[device].baskets);
        match *act {
            Act::Put { it, units: count, at: (added_ms, seen_minor), .. } => {
                let (name, own) = (DEVICES[device], &mut devices[device]);
                own.baskets.put(name, put_of(it, added_ms, seen_minor), count).unwrap();
                let new = units(&own.baskets).into_iter().filter(|(unit, _)| !before.contains_key(unit));
                let new: BTreeMap<Unit, Put> = new.collect();
                assert_eq!(i64::try_from(new.len()).unwrap(), count);
                assert!(
                    new.values().all(|put| (put.stall, put.product) == it && put.seen_minor == seen_minor)
                );
                assert!(new.keys().all(|unit| !own.ever.contains_key(unit)), "a number twice");
                own.ever.extend(new);
            }
            Act::Take { it, units: count, .. } => {
                let own = &mut devices[device];
                let there = own.baskets.quantity(it);
                own.baskets.take(it, count);
                let gone = own.took(&before);
                assert_eq!(i64::try_from(gone.len()).unwrap(), count.min(there));
                let left = units(&own.baskets).into_values().filter(|put| (put.stall, put.product) == it);
                let latest = left.map(|put| put.added_ms).max();
                assert!(gone.values().all(|put| latest.is_none_or(|latest| put.added_ms >= latest)));
            }
            Act::Empty { stall, .. } => {
                let own = &mut devices[device];
                own.baskets.empty(stall);
                assert!(own.took(&before).values().all(|put| put.stall == stall));
                assert!(own.baskets.lines().keys().all(|(of, _)| *of != stall));
            }
            Act::Hear { of, .. } => {
                let other = devices[of].clone();
                devices[device].hear(&other);
            }
        }
        assert_eq!(units(&devices[device].baskets), devices[device].still_in(), "{act:?}");
    }
    devices
}

/// Whatever a stranger may say: few numbers, so that units are said to be different things.
fn said() -> impl Strategy<Value = Baskets> {
    let part = (0..2usize, 1..9i64, 1..4i64, 0..2i64);
    prop::collection::vec(part, 0..6).prop_map(|parts| {
        let (mut kept, mut used) = (Vec::new(), BTreeSet::new());
        for (device, first, units, price) in parts {
            let numbers: Vec<(usize, i64)> = (first..first + units).map(|number| (device, number)).collect();
            if numbers.iter().all(|number| !used.contains(number)) {
                used.extend(numbers);
                kept.push((DEVICES[device], Part { first, units, put: tea(price, price) }));
            }
        }
        let up_to =
            |device: usize| used.iter().filter(|(of, _)| *of == device).map(|(_, number)| *number).max();
        let devices = (0..2).filter_map(|device| Some((DEVICES[device], up_to(device)? + 1)));
        Baskets::read(&devices.collect::<Vec<_>>(), &kept).unwrap()
    })
}

proptest! {
    #![proptest_config(config())]

    /// Each step is checked against the units that there ever were; in the end all hear each other.
    #[test]
    fn devices_that_heard_each_other_agree_on_every_unit(acts in prop::collection::vec(act(), 0..40)) {
        let devices = play(&acts);
        let mut together = Modelled::default();
        devices.iter().for_each(|device| together.hear(device));
        prop_assert_eq!(units(&together.baskets), together.still_in());
        for (it, line) in together.baskets.lines() {
            let there = together.still_in().into_values().filter(|put| (put.stall, put.product) == it);
            let puts: Vec<Put> = there.collect();
            let earliest = puts.iter().map(|put| (put.added_ms, put.seen_minor)).min().unwrap();
            prop_assert_eq!((line.added_ms, line.seen_minor), earliest);
            prop_assert_eq!(line.quantity, i64::try_from(puts.len()).unwrap());
        }
    }

    #[test]
    fn every_order_of_arrival_ends_the_same_and_a_repeat_changes_nothing(one in said(), two in said(), three in said()) {
        let both = one.merged(&two);
        prop_assert_eq!(&both, &two.merged(&one));
        prop_assert_eq!(both.merged(&three), one.merged(&two.merged(&three)));
        prop_assert_eq!(both.merged(&one), both.clone());
        prop_assert_eq!(one.merged(&one), one);
        // What is said again is read as it is.
        let (devices, parts): (Vec<_>, Vec<_>) = (both.devices().collect(), both.parts().collect());
        prop_assert_eq!(Baskets::read(&devices, &parts), Ok(both));
    }
}
