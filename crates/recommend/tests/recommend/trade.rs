//! A market's model: what goes together is found and counted, a worse model is noticed, and nobody alone is loud.

use soko_recommend::packed::{Packed, ProductId, Reason, Wanted};
use soko_recommend::train::{Compared, Deed, DeedWeights, Seeds, Signal, Trade};

const PRODUCTS: u32 = 60;

fn id(product: u32) -> ProductId {
    u128::from(product + 1).to_be_bytes()
}

/// Baskets of a pair that belongs together and something by chance.
fn trade(seed: u64, baskets: usize) -> Trade {
    let mut seeds = Seeds::new(seed);
    let basket = |_| {
        let pair = seeds.below(PRODUCTS / 2) * 2;
        let other = seeds.below(PRODUCTS);
        let mut basket = vec![id(pair), id(pair + 1)];
        if other / 2 != pair / 2 {
            basket.push(id(other));
        }
        basket
    };
    let baskets = (0..baskets).map(basket).collect();
    Trade { products: (0..PRODUCTS).map(id).collect(), baskets, ..Trade::default() }
}

fn did(product: ProductId, deed: Deed, hour: i64) -> Signal<ProductId> {
    Signal { product, deed, hour }
}

fn best(packed: &Packed, of: u32) -> Option<(u32, Reason)> {
    let wanted = Wanted { count: 1, may_show: &|_| true, explore: None };
    let found = *packed.goes_with(&[packed.number(&id(of))?], &wanted).first()?;
    let product = (0..PRODUCTS).find(|it| packed.number(&id(*it)) == Some(found.product))?;
    Some((product, found.reason))
}

#[test]
fn what_was_bought_together_is_suggested_with_how_often() {
    let trade = trade(1, 600);
    let packed = Packed::read(&trade.train(7).unwrap()).unwrap();
    for product in 0..PRODUCTS {
        let (other, reason) = best(&packed, product).unwrap();
        assert_eq!(other, product ^ 1, "{product}");
        let with = |id: ProductId| trade.baskets.iter().filter(move |basket| basket.contains(&id));
        let of = u32::try_from(with(id(product)).count()).unwrap();
        let both = with(id(product)).filter(|basket| basket.contains(&id(other))).count();
        let both = u32::try_from(both).unwrap();
        let Reason::Together { with, both: told, of: told_of } = reason else { panic!("{reason:?}") };
        assert_eq!(with, packed.number(&id(product)).unwrap());
        assert!(
            is_about(told, both) && is_about(told_of, of),
            "{told} of {told_of}, which is {both} of {of}"
        );
    }
}

/// As counts are told: rounded.
fn is_about(told: u32, count: u32) -> bool {
    told.abs_diff(count) * 4 <= count
}

/// Who alone buys two things together would be told of by saying how often these were.
#[test]
fn what_only_one_or_two_people_bought_together_is_not_told_however_often() {
    let (rare, other) = (id(1_000), id(1_001));
    let told = |voices: &[Option<u8>]| {
        let mut trade = trade(1, 600);
        trade.products.extend([rare, other]);
        trade.whose = vec![None; 600];
        for voice in voices {
            trade.baskets.push(vec![rare, other]);
            trade.whose.push(voice.map(|number| [number; 16]));
        }
        let packed = Packed::read(&trade.train(7).unwrap()).unwrap();
        let wanted = Wanted { count: 1, may_show: &|_| true, explore: None };
        let found = packed.goes_with(&[packed.number(&rare).unwrap()], &wanted);
        let both = |it: &soko_recommend::packed::Suggestion| match it.reason {
            Reason::Together { both, .. } => Some(both),
            Reason::Like { .. } | Reason::Similar { .. } | Reason::Popular => None,
        };
        found.first().and_then(both)
    };
    assert_eq!(told(&[Some(1); 9]), None, "one person's baskets");
    assert_eq!(told(&[Some(1), Some(2), Some(1), Some(2), Some(1)]), None);
    assert_eq!(told(&[Some(1), Some(2), Some(1), Some(3)]), Some(3), "four, rounded");
    assert_eq!(told(&[Some(1), None, None]), Some(3), "at a counter, each is somebody");
}

/// Neither by what goes with them nor by how often they were bought.
#[test]
fn what_one_person_alone_has_says_nothing_to_anybody() {
    let (rare, other) = (id(1_000), id(1_001));
    let wanted = Wanted { count: 10, may_show: &|_| true, explore: None };
    let with = |voices: &[Option<[u8; 16]>]| {
        let mut trade = trade(1, 600);
        trade.products.extend([rare, other]);
        trade.whose = vec![None; 600];
        for voice in voices {
            trade.baskets.push(vec![rare, other]);
            trade.whose.push(*voice);
        }
        let bought = |product| did(product, Deed::Bought, 1);
        trade.people = voices
            .first()
            .copied()
            .flatten()
            .map(|_| vec![bought(rare), bought(other)])
            .into_iter()
            .collect();
        trade.persons = voices.first().copied().flatten().into_iter().collect();
        packed(&trade)
    };
    let one = with(&[Some([1; 16]); 9]);
    let [number, beside] = [&rare, &other].map(|it| one.number(it).unwrap());
    assert_eq!((one.count(number), one.count(beside)), (0, 0));
    assert_eq!(one.similar(number, &wanted), []);
    let found = one.suggest(&[number], &wanted);
    assert!(found.iter().all(|it| it.product != beside && it.reason == Reason::Popular), "{found:?}");
    let several = with(&[Some([1; 16]), Some([2; 16]), None, None, None, None]);
    let [number, beside] = [&rare, &other].map(|it| several.number(it).unwrap());
    assert_eq!(several.similar(number, &wanted)[0].product, beside);
    assert_eq!(several.suggest(&[number], &wanted)[0].product, beside);
    assert_eq!(several.count(number), 5, "six, rounded");
}

/// Whoever sells one thing buys it twenty times beside something that few have.
#[test]
fn one_buyer_plants_nothing_beside_what_few_have() {
    let rare = id(1_000);
    let with = |planted: usize| {
        let mut trade = trade(1, 600);
        trade.products.push(rare);
        trade.baskets.extend(std::iter::repeat_n(vec![rare, id(0)], 4));
        trade.baskets.extend(std::iter::repeat_n(vec![rare, id(50)], planted));
        trade.whose = [vec![None; 604], vec![Some([7; 16]); planted]].concat();
        let bought = |product| did(product, Deed::Bought, 1);
        trade.people = vec![vec![bought(rare), bought(id(50))]];
        trade.persons = vec![[7; 16]];
        packed(&trade)
    };
    let said = |packed: &Packed| {
        let wanted = Wanted { count: 10, may_show: &|_| true, explore: None };
        let number = packed.number(&rare).unwrap();
        let similar: Vec<u32> = packed.similar(number, &wanted).iter().map(|it| it.product).collect();
        (similar, suggested(packed, &[rare]))
    };
    assert_eq!(said(&with(20)), said(&with(0)));
}

/// A till is its owner's: whoever rings one thing up ten thousand times is not what everybody buys. And what was bought last winter is
/// not what is bought now.
#[test]
fn newcomers_are_shown_what_many_stalls_sell_these_days() {
    let mut trade = Trade { products: (0..12).map(id).collect(), now_hour: 24 * 400, ..Trade::default() };
    // Three stalls of four products each. The first of the second is what went in winter, the second of it is what goes now.
    trade.stalls = (0..12).map(|it| (id(it), it / 4)).collect();
    let mut sold = |hour: i64, of: &[u32], times: usize| {
        for _ in 0..times {
            trade.baskets.push(of.iter().map(|it| id(*it)).collect());
            trade.hours.push(hour);
        }
    };
    sold(24 * 100, &[4, 6], 300);
    sold(24 * 395, &[5, 6], 60);
    sold(24 * 396, &[8, 9], 40);
    sold(24 * 397, &[8, 10], 20);
    sold(24 * 398, &[0], 10_000);
    sold(24 * 398, &[1], 9_000);
    let packed = packed(&trade);
    let first = |count: usize| {
        let wanted = Wanted { count, may_show: &|_| true, explore: None };
        let found = packed.suggest(&[], &wanted).into_iter().map(|it| it.product);
        let product = |number: u32| (0..12).find(|it| packed.number(&id(*it)) == Some(number)).unwrap();
        found.map(product).collect::<Vec<u32>>()
    };
    let found = first(12);
    let place = |it: u32| found.iter().position(|found| *found == it).unwrap();
    assert!(place(5) < place(4), "winter is over: {found:?}");
    let mut best = found[..3].to_vec();
    best.iter_mut().for_each(|it| *it /= 4);
    best.sort_unstable();
    assert_eq!(best, [0, 1, 2], "one of each stall first: {found:?}");
    assert!(place(1) > 2, "{found:?}");
}

/// Twenty-nine sales of one thing and one of two are thirty baskets and one question.
#[test]
fn one_question_decides_nothing() {
    let mut trade = trade(1, 540);
    let in_use = packed(&trade);
    trade.baskets.extend((0..59).map(|at| vec![id(at)]));
    trade.baskets.push(vec![id(0), id(1)]);
    let gate = trade.compare(Some((&in_use, 60)), 7).unwrap();
    assert!(gate.baskets.tested <= 1 && gate.baskets.old.is_none() && !gate.is_worse(), "{gate:?}");
}

/// "In 3 of 300 baskets" is no reason where something really alike is known.
#[test]
fn a_pair_in_few_of_many_baskets_is_not_the_reason_where_there_is_a_better_one() {
    let mut trade = trade(1, 600);
    let [often, one, alike] = [2_000, 2_001, 2_002].map(id);
    trade.products.extend([often, one, alike]);
    trade.baskets.extend(std::iter::repeat_n(vec![often, id(40)], 300));
    // Both go with the same two things, and nobody had both.
    for it in [one, alike] {
        trade.baskets.extend(std::iter::repeat_n(vec![it, id(0), id(1)], 12));
    }
    trade.baskets.extend(std::iter::repeat_n(vec![often, alike], 3));
    let packed = packed(&trade);
    let [often, one, alike] = [often, one, alike].map(|it| packed.number(&it).unwrap());
    let wanted = Wanted { count: 1, may_show: &|it| it == alike, explore: None };
    assert_eq!(packed.suggest(&[often, one], &wanted)[0].reason, Reason::Like { product: one });
    let rare = Reason::Together { with: often, both: 3, of: 300 };
    assert_eq!(packed.goes_with(&[often], &wanted)[0].reason, rare, "nothing else is said of that");
}

#[test]
fn a_pair_that_was_seen_twice_is_not_told() {
    let mut trade = trade(1, 600);
    let (rare, other) = (id(1_000), id(1_001));
    trade.products.extend([rare, other]);
    trade.baskets.extend([vec![rare, other], vec![rare, other]]);
    let packed = Packed::read(&trade.train(7).unwrap()).unwrap();
    let wanted = Wanted { count: 5, may_show: &|_| true, explore: None };
    assert_eq!(packed.goes_with(&[packed.number(&rare).unwrap()], &wanted), []);
}

#[test]
fn a_model_that_knows_less_is_noticed_and_one_that_knows_as_much_is_not() {
    let now = trade(1, 600);
    // The model in use has not seen the latest tenth.
    let earlier = Trade { baskets: now.baskets[..540].to_vec(), ..now.clone() };
    let good = Packed::read(&earlier.train(7).unwrap()).unwrap();
    // Everything in one basket with everything else: nothing goes with anything more than with the rest.
    let mut poor = now.clone();
    let mut seeds = Seeds::new(3);
    for basket in &mut poor.baskets {
        *basket = (0..3).map(|_| id(seeds.below(PRODUCTS))).collect();
    }
    let gate = now.compare(Some((&good, 60)), 7).unwrap();
    let same = gate.baskets;
    assert!(
        same.tested == 60 && same.old == Some(same.new) && same.new > 0.5 && !gate.is_worse(),
        "{same:?}"
    );
    assert_eq!(gate.for_you, Compared::default(), "baskets of no time and of nobody");
    let first = now.compare(None, 7).unwrap();
    assert!(first.baskets.old.is_none() && !first.is_worse(), "{first:?}");
    // The latest baskets of a market that forgot what goes together are what the good model was made for.
    let keep = poor.baskets.len() - poor.baskets.len() / 10;
    poor.baskets.splice(keep.., now.baskets[keep..].iter().cloned());
    let worse = poor.compare(Some((&good, 60)), 7).unwrap();
    assert!(worse.is_worse(), "{worse:?}");
    // Of baskets that it learnt from it would know too much.
    assert_eq!(poor.compare(Some((&good, 0)), 7).unwrap().baskets.old, None);
}

/// Products of four tastes that are in no basket, and people who bought half of one taste and then one more of it.
fn market_of_tastes(noise: u32) -> Trade {
    let mut trade = trade(1, 600);
    trade.products.extend((0..48).map(|at| id(2_000 + at)));
    trade.hours = (0..600).collect();
    trade.now_hour = 600;
    let of_taste = |number: u32, at: u32| id(2_000 + number % 4 * 12 + (number / 4 + at) % 12);
    let person = |number: u32| -> Vec<Signal<ProductId>> {
        let had = (0..6).map(|at| did(of_taste(number, at), Deed::Bought, 100));
        had.chain([did(of_taste(number, 6 + number % 6), Deed::Bought, 580)]).collect()
    };
    trade.people = (0..160).map(person).collect();
    // Who buys anything whatever says of no taste what it is.
    let mut seeds = Seeds::new(5);
    let anybody = |_| (0..6).map(|_| did(id(2_000 + seeds.below(48)), Deed::Bought, 100)).collect();
    trade.people.extend((0..noise).map(anybody));
    trade
}

#[test]
fn a_model_that_knows_people_less_is_kept_aside_though_baskets_say_nothing_of_it() {
    let good = market_of_tastes(0);
    let earlier =
        Trade { baskets: good.baskets[..540].to_vec(), hours: good.hours[..540].to_vec(), ..good.clone() };
    let mut learnt = earlier.clone();
    learnt.people.iter_mut().for_each(|did| did.retain(|it| it.hour < 540));
    let in_use = Packed::read(&learnt.train(7).unwrap()).unwrap();
    let same = good.compare(Some((&in_use, 60)), 7).unwrap();
    assert_eq!((same.for_you.tested, same.for_you.old), (160, Some(same.for_you.new)));
    assert!(same.for_you.new > 0.8 && !same.is_worse(), "{same:?}");
    let worse = market_of_tastes(1_500).compare(Some((&in_use, 60)), 7).unwrap();
    assert!(!worse.baskets.is_worse() && worse.for_you.is_worse() && worse.is_worse(), "{worse:?}");
    // What neither was to know of is asked about, and too few people decide nothing.
    let mut few = market_of_tastes(1_500);
    few.people.drain(20..160);
    let few = few.compare(Some((&in_use, 60)), 7).unwrap();
    assert!(few.for_you.tested == 20 && few.for_you.old.is_none() && !few.is_worse(), "{few:?}");
}

#[test]
fn somebody_who_buys_everything_moves_nothing_for_others() {
    let quiet = trade(1, 600);
    let mut loud = quiet.clone();
    let everything: Vec<ProductId> = (0..PRODUCTS).map(id).collect();
    loud.baskets.extend(std::iter::repeat_n(everything.clone(), 1_000));
    loud.people.push(everything.iter().map(|product| did(*product, Deed::Bought, 1)).collect());
    let [quiet, loud] = [quiet, loud].map(|trade| Packed::read(&trade.train(7).unwrap()).unwrap());
    for product in 0..PRODUCTS {
        assert_eq!(best(&quiet, product), best(&loud, product), "{product}");
    }
}

#[test]
fn what_is_not_offered_any_more_is_not_in_the_model_and_an_empty_market_has_one() {
    let mut trade = trade(1, 600);
    trade.products.retain(|product| *product != id(4));
    let packed = Packed::read(&trade.train(7).unwrap()).unwrap();
    assert_eq!(packed.number(&id(4)), None);
    assert!(packed.number(&id(5)).is_some());
    let nothing = Packed::read(&Trade::default().train(7).unwrap()).unwrap();
    assert_eq!(nothing.products(), 0);
}

const NOW: i64 = 10_000;

/// People who bought one of two, and like three of six products that nobody buys.
fn market_of_likers() -> Trade {
    let mut trade = trade(1, 600);
    trade.products.extend((0..12).map(|at| id(2_000 + at)));
    trade.now_hour = NOW;
    let person = |number: u32| -> Vec<Signal<ProductId>> {
        let taste = number % 2;
        let liked = (0..3).map(|at| did(id(2_000 + taste * 6 + (number / 2 + at) % 6), Deed::Liked, NOW - 5));
        liked.chain([did(id(taste * 2), Deed::Bought, NOW - 9)]).collect()
    };
    trade.people = (0..80).map(person).collect();
    trade
}

fn suggested(packed: &Packed, history: &[ProductId]) -> Vec<u32> {
    let history: Vec<u32> = history.iter().filter_map(|it| packed.number(it)).collect();
    let wanted = Wanted { count: 10, may_show: &|_| true, explore: None };
    packed.suggest(&history, &wanted).into_iter().map(|it| it.product).collect()
}

#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
fn packed(trade: &Trade) -> Packed {
    Packed::read(&trade.train(7).unwrap()).unwrap()
}

#[test]
fn what_is_only_liked_is_suggested_to_those_who_like_alike() {
    let trade = market_of_likers();
    let with = packed(&trade);
    for taste in 0..2 {
        let own: Vec<u32> = (0..6).filter_map(|at| with.number(&id(2_000 + taste * 6 + at))).collect();
        let found = suggested(&with, &[id(2_000 + taste * 6)]);
        let of_taste = found.iter().take(7).filter(|it| own.contains(it)).count();
        assert!(of_taste >= 4, "{found:?} of {own:?}");
    }
    let without = Trade { people: Vec::new(), ..trade };
    assert!(packed(&without) != with);
}

#[test]
fn what_was_sent_away_counts_against_and_wanting_it_later_for_it() {
    let weights = DeedWeights { put: 0.6, liked: 0.5, opened: 0.2, dismissed: 0.4, half_life_days: 0.0 };
    let weigh = |deeds: &[(Deed, i64)]| {
        let signals: Vec<Signal<u32>> =
            deeds.iter().map(|(deed, hour)| Signal { product: 3, deed: *deed, hour: *hour }).collect();
        weights.weigh(&signals, 60, NOW)
    };
    let (opened, liked, put) = (Deed::Opened, Deed::Liked, Deed::Put);
    for (deeds, expected) in [
        (&[(opened, 1)][..], 0.2),
        (&[(opened, 1), (opened, 2), (opened, 3)], 0.2),
        (&[(liked, 1), (opened, 9)], 0.5),
        (&[(put, 1), (liked, 2)], 0.6),
        (&[(liked, 1), (Deed::Dismissed, 2)], -0.4),
        (&[(Deed::Dismissed, 2), (liked, 3)], 0.5),
        (&[(Deed::Bought, 1), (Deed::Dismissed, 2)], 1.0),
    ] {
        assert_eq!(weigh(deeds), [(3, expected)], "{deeds:?}");
    }
    let fading = DeedWeights { half_life_days: 10.0, ..weights };
    let aged = |deed| fading.weigh(&[Signal { product: 3, deed, hour: NOW - 240 }], 60, NOW)[0].1;
    assert_eq!((aged(Deed::Liked), aged(Deed::Bought)), (0.25, 1.0));
}

#[test]
fn one_account_that_likes_and_looks_at_everything_changes_no_bit_for_others() {
    let quiet = market_of_likers();
    let with = |deeds: Vec<Signal<ProductId>>| {
        let mut all = quiet.clone();
        all.people.push(deeds);
        all.train(7).unwrap()
    };
    let before = quiet.train(7).unwrap();
    for deed in [Deed::Liked, Deed::Opened, Deed::Put, Deed::Dismissed] {
        let all = quiet.products.iter().map(|it| did(*it, deed, NOW - 1));
        let often: Vec<Signal<ProductId>> = all.cycle().take(10_000 * quiet.products.len()).collect();
        assert!(with(often) == before, "{deed:?}");
    }
    // One product liked ten thousand times is one that is liked. What nobody else has together is not learnt from one.
    let own = [did(id(3), Deed::Liked, NOW), did(id(2_000), Deed::Liked, NOW)];
    assert!(with(own.to_vec()) == before);
    let some = [did(id(2), Deed::Liked, NOW), did(id(3), Deed::Liked, NOW)];
    let once = with(some.to_vec());
    assert!(once != before);
    assert!(with(some.repeat(10_000)) == once);
}

#[test]
fn the_weights_of_deeds_are_chosen_where_they_can_be_and_are_the_same_again() {
    let mut trade = market_of_likers();
    assert_eq!(trade.choose_weights(7), DeedWeights::default(), "baskets of no time");
    // Everybody buys at last what they liked before, and what they opened says nothing.
    trade.baskets.truncate(120);
    trade.hours = (0..120).map(|at| NOW - 1_200 + 10 * at).collect();
    for (number, person) in (0u32..).zip(&mut trade.people) {
        let liked = id(2_000 + (number % 2) * 6 + number / 2 % 6);
        person.iter_mut().for_each(|it| it.hour = NOW - 1_100);
        person.extend((0..9).map(|at| did(id((number * 7 + at * 5) % PRODUCTS), Deed::Opened, NOW - 1_000)));
        person.push(did(liked, Deed::Bought, NOW - 300));
    }
    let chosen = trade.choose_weights(7);
    assert!(chosen.liked > 0.0 && chosen.opened < 0.3, "{chosen:?}");
    assert_ne!(chosen, DeedWeights::default(), "something was tried");
    // It chooses the same again; what was bought after the time that is asked about changes nothing.
    trade.people.iter_mut().for_each(|person| person.push(did(id(1), Deed::Bought, NOW - 1)));
    assert_eq!(chosen, trade.choose_weights(7));
}

#[test]
fn what_nobody_bought_yet_is_suggested_and_similar_by_what_it_is() {
    let mut trade = trade(1, 600);
    let (new, strange) = (id(5_000), id(5_001));
    trade.products.extend([new, strange]);
    // Two of a pair are of one category; all are of one price band, which says little. One shares its word with nobody.
    trade.traits = (0..PRODUCTS).map(|it| (id(it), vec![it / 2, 900])).collect();
    let without = packed(&trade);
    trade.traits.extend([(new, vec![4, 900]), (strange, vec![901])]);
    let with = packed(&trade);
    assert!(with == packed(&trade));
    let wanted = Wanted { count: 3, may_show: &|_| true, explore: None };
    let number = |it: &ProductId| with.number(it).unwrap();
    let pair = [number(&id(8)), number(&id(9))];
    let similar: Vec<u32> = with.similar(number(&new), &wanted).iter().map(|it| it.product).collect();
    assert!(pair.iter().all(|it| similar[..2].contains(it)), "{similar:?} of {pair:?}");
    assert_eq!(with.similar(number(&new), &wanted)[0].reason, Reason::Similar { product: number(&new) });
    assert_eq!(with.similar(number(&strange), &wanted), []);
    assert_eq!(without.similar(without.number(&new).unwrap(), &wanted), []);
    // Who had one of the pair is suggested the new one, and nobody is suggested what is like nothing.
    let found = with.suggest(&[number(&id(8))], &wanted);
    let found = found.into_iter().find(|it| it.product == number(&new));
    assert_eq!(found.map(|it| it.reason), Some(Reason::Similar { product: number(&id(8)) }));
    assert!(!suggested(&without, &[id(8)])[..3].contains(&without.number(&new).unwrap()));
    assert!(!suggested(&with, &[id(8)])[..3].contains(&number(&strange)));
}
