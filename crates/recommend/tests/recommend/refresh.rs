//! What follows from a model between two trainings: what is new is there, the rest stays to the last byte, and nobody alone is loud.

use soko_recommend::packed::{PACKED_BYTES_MAX, Packed, ProductId, Reason, Wanted, model_id};
use soko_recommend::train::{Deed, Quality, Seeds, Signal, Since, Trade};

const TASTES: u32 = 6;
const PER_TASTE: u32 = 20;

pub(crate) fn id(product: u32) -> ProductId {
    u128::from(product + 1).to_be_bytes()
}

/// Baskets of four products of one taste and sometimes one of any.
pub(crate) fn trade(seed: u64, baskets: usize) -> Trade {
    let mut seeds = Seeds::new(seed);
    let basket = |_| {
        let taste = seeds.below(TASTES) * PER_TASTE;
        let mut basket: Vec<ProductId> = Vec::new();
        while basket.len() < 4 {
            let product = id(taste + seeds.below(PER_TASTE).min(seeds.below(PER_TASTE)));
            if !basket.contains(&product) {
                basket.push(product);
            }
        }
        let other = id(seeds.below(TASTES * PER_TASTE));
        if seeds.below(2) == 0 && !basket.contains(&other) {
            basket.push(other);
        }
        basket
    };
    let baskets: Vec<Vec<ProductId>> = (0..baskets).map(basket).collect();
    let hours = (0i64..).take(baskets.len()).collect();
    let products = (0..TASTES * PER_TASTE).map(id).collect();
    Trade { products, baskets, hours, now_hour: 100_000, ..Trade::default() }
}

/// The first so many of its baskets.
pub(crate) fn until(trade: &Trade, baskets: usize) -> Trade {
    let (baskets, hours) = (trade.baskets[..baskets].to_vec(), trade.hours[..baskets].to_vec());
    Trade { baskets, hours, ..trade.clone() }
}

pub(crate) fn since(baskets: usize) -> Since {
    Since { baskets, hour: i64::MAX }
}

#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
pub(crate) fn read(bytes: &[u8]) -> Packed {
    Packed::read(bytes).unwrap()
}

fn everything(count: usize) -> Wanted<'static> {
    Wanted { count, may_show: &|_| true, explore: None }
}

/// The ten that suit a basket best, by what they are.
fn ten(packed: &Packed, basket: &[ProductId], catalogue: &[ProductId]) -> Vec<ProductId> {
    let numbers: Vec<u32> = basket.iter().filter_map(|it| packed.number(it)).collect();
    let found = packed.suggest(&numbers, &everything(10));
    let product = |number: u32| catalogue.iter().copied().find(|it| packed.number(it) == Some(number));
    found.into_iter().filter_map(|it| product(it.product)).collect()
}

/// NDCG among the first ten of all products, for one taken out of each of the baskets behind so many.
fn gain(packed: &Packed, trade: &Trade, behind: usize) -> f64 {
    let (mut quality, mut seeds) = (Quality::default(), Seeds::new(5));
    for basket in &trade.baskets[behind..] {
        let mut numbers: Vec<u32> = basket.iter().filter_map(|it| packed.number(it)).collect();
        let taken = numbers.swap_remove(seeds.below(4) as usize);
        let scores = packed.score(&packed.fold_in(&numbers), &numbers);
        let others = (0u32..).zip(&scores).filter(|it| it.0 != taken && !numbers.contains(&it.0));
        quality.count(scores[taken as usize], others.map(|it| *it.1));
    }
    quality.gain()
}

#[test]
fn a_new_product_is_suggested_after_a_refresh() {
    let mut all = trade(1, 640);
    let parent = read(&until(&all, 600).train(7).unwrap());
    let (bought, described, liked) = (id(1_000), id(1_001), id(1_002));
    all.products.extend([bought, described, liked]);
    // One is bought with a taste, one is only described as this taste is, and one was only liked.
    all.baskets[610..630].iter_mut().zip(0..).for_each(|(basket, at)| {
        *basket = vec![id(at % 5), id(5 + at % 3), bought];
    });
    let trait_of = |it: u32| (id(it), vec![it / PER_TASTE]);
    all.traits = (0..TASTES * PER_TASTE).map(trait_of).chain([(described, vec![0])]).collect();
    let did = |product, deed| Signal { product, deed, hour: 90_000 };
    all.people = (0..20)
        .map(|at| {
            vec![did(id(at % 5), Deed::Bought), did(id(5 + at % 4), Deed::Bought), did(liked, Deed::Liked)]
        })
        .collect();
    let refreshed = read(&all.refresh(&parent, Since { baskets: 40, hour: 80_000 }).unwrap());
    let best = |packed: &Packed| ten(packed, &[id(0), id(1), id(2), id(3), id(4), id(5)], &all.products);
    for new in [bought, described, liked] {
        assert_eq!(parent.number(&new), None);
    }
    let found = best(&refreshed);
    assert!(found.contains(&bought) && found.contains(&described), "{found:?}");
    let number = |it: &ProductId| refreshed.number(it).unwrap();
    let of_taste: Vec<u32> = (0..PER_TASTE)
        .map(|it| number(&id(it)))
        .chain([number(&bought), number(&described), number(&liked)])
        .collect();
    for new in [bought, described, liked] {
        let similar = refreshed.similar(number(&new), &everything(10));
        assert!(similar.iter().filter(|it| of_taste.contains(&it.product)).count() >= 8, "{similar:?}");
    }
    let with = refreshed.goes_with(&[number(&bought)], &everything(1))[0];
    let together = all.baskets.iter().filter(|it| it.contains(&bought)).count();
    assert!(matches!(with.reason, Reason::Together { of, both, .. } if of as usize == together && both >= 3));
}

#[test]
fn a_refresh_with_nothing_new_is_the_same_model_and_one_with_something_changes_only_that() {
    let all = trade(1, 640);
    let bytes = until(&all, 600).train(7).unwrap();
    let parent = read(&bytes);
    assert!(parent.bytes() == bytes);
    assert!(until(&all, 600).refresh(&parent, since(0)).unwrap() == bytes);
    // Baskets of what is bought most of one taste: how often the products of the others were bought is as before.
    let mut more = until(&all, 600);
    let own = (600..640).map(|at: u32| vec![id(at % 8), id((at + 3) % 8), id((at + 5) % 8)]);
    more.baskets.extend(own);
    more.hours.extend(600..640);
    let refreshed = more.refresh(&parent, since(40)).unwrap();
    assert_ne!(model_id(&refreshed), model_id(&bytes));
    assert!(refreshed == more.refresh(&parent, since(40)).unwrap());
    let now = read(&refreshed);
    let history: Vec<u32> = (20..24).map(|it| now.number(&id(it)).unwrap()).collect();
    assert!(now.fold_in(&history) == parent.fold_in(&history));
    for product in PER_TASTE..TASTES * PER_TASTE {
        let number = now.number(&id(product)).unwrap();
        assert_eq!(now.count(number), parent.count(number), "{product}");
        let with = |packed: &Packed| packed.goes_with(&[number], &everything(32));
        assert_eq!(with(&now).len(), with(&parent).len(), "{product}");
    }
    // What is not offered any more is gone.
    more.products.retain(|it| *it != id(30));
    assert_eq!(read(&more.refresh(&parent, since(40)).unwrap()).number(&id(30)), None);
}

#[test]
fn refresh_after_refresh_stays_near_a_full_training() {
    let all = trade(3, 1_600);
    let first = until(&all, 600).train(7).unwrap();
    let mut chained = first.clone();
    for end in (680..=1_000).step_by(80) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + end / 80 % 2).build().unwrap();
        chained = pool.install(|| until(&all, end).refresh(&read(&chained), since(80))).unwrap();
    }
    let full = until(&all, 1_000).train(7).unwrap();
    let [first, chained, full] = [first, chained, full].map(|bytes| gain(&read(&bytes), &all, 1_000));
    println!(
        "NDCG@10 of 600 baskets: before {first:.4}, five refreshes {chained:.4}, full training {full:.4}"
    );
    assert!(full > 0.2 && chained > full * 0.95, "before {first}, five refreshes {chained}, full {full}");
}

#[test]
fn a_refresh_that_learns_from_nonsense_is_worse_by_the_gate() {
    let all = trade(3, 1_600);
    let parent = read(&until(&all, 1_000).train(7).unwrap());
    let fine = all.compare_refreshed(&parent, since(600), 7).unwrap();
    assert!(fine.baskets.tested == 160 && fine.baskets.old.is_some() && !fine.is_worse(), "{fine:?}");
    let mut nonsense = all.clone();
    let mut seeds = Seeds::new(3);
    for basket in &mut nonsense.baskets[..1_440] {
        *basket = (0..6).map(|_| id(seeds.below(TASTES * PER_TASTE))).collect();
    }
    let poor = nonsense.compare_refreshed(&parent, since(600), 7).unwrap();
    assert!(poor.is_worse(), "{poor:?}");
    assert_eq!(
        all.compare_refreshed(&parent, since(40), 7).unwrap().baskets.old,
        None,
        "too few say nothing"
    );
}

#[test]
fn a_poisoned_history_moves_nobody_elses_top_ten_in_a_refresh() {
    let quiet = trade(1, 640);
    let parent = read(&until(&quiet, 600).train(7).unwrap());
    let honest = quiet.refresh(&parent, Since { baskets: 40, hour: 80_000 }).unwrap();
    let everything: Vec<ProductId> = quiet.products.clone();
    for deed in [Deed::Bought, Deed::Liked, Deed::Dismissed] {
        let mut loud = quiet.clone();
        loud.baskets.extend(std::iter::repeat_n(everything.clone(), 1_000));
        loud.hours.extend(640..1_640);
        let often = everything.iter().cycle().take(10_000);
        loud.people.push(often.map(|it| Signal { product: *it, deed, hour: 90_000 }).collect());
        let poisoned = loud.refresh(&parent, Since { baskets: 1_040, hour: 80_000 }).unwrap();
        for basket in quiet.baskets.iter().step_by(100) {
            let tens = [&honest, &poisoned].map(|it| ten(&read(it), basket, &quiet.products));
            assert_eq!(tens[0], tens[1], "{deed:?}");
        }
        // The rest of what is said of products, too: it is the same model.
        assert!(poisoned == honest, "{deed:?}");
    }
}

/// 120 products that were bought, and 50,000 that only are something. (A full training packs rows of the same size; its EASE takes too long
/// without optimisation.)
#[test]
fn fifty_thousand_new_products_fit_into_what_a_device_keeps() {
    let mut all = trade(1, 640);
    let parent = read(&until(&all, 640).train(7).unwrap());
    all.products.extend((0..50_000).map(|at| id(10_000 + at)));
    let old = (0..TASTES * PER_TASTE).map(|it| (id(it), vec![it / PER_TASTE, 100 + it % 7]));
    let new = (0..50_000).map(|at| (id(10_000 + at), vec![at % TASTES, 100 + at % 7, 1_000 + at % 997]));
    all.traits = old.chain(new).collect();
    let bytes = all.refresh(&parent, since(0)).unwrap();
    println!("{} bytes of {} products", bytes.len(), all.products.len());
    assert!(bytes.len() <= PACKED_BYTES_MAX);
    let packed = read(&bytes);
    assert_eq!(packed.products(), all.products.len() + 1, "and the row of newcomers");
    let number = packed.number(&id(10_006)).unwrap();
    let known: Vec<u32> = (0..TASTES * PER_TASTE).map(|it| packed.number(&id(it)).unwrap()).collect();
    let may_show = |it: u32| known.contains(&it);
    let similar = packed.similar(number, &Wanted { count: 5, may_show: &may_show, explore: None });
    let own = &known[..PER_TASTE as usize];
    assert!(similar.iter().filter(|it| own.contains(&it.product)).count() >= 4, "{similar:?}");
    // Whoever had something is suggested the same of what was there before: what nobody could have had says nothing of them.
    let old: Vec<ProductId> = (0..TASTES * PER_TASTE).map(id).collect();
    let may_show = |it: u32| old.iter().any(|old| packed.number(old) == Some(it));
    let of_old = Wanted { count: 10, may_show: &may_show, explore: None };
    for basket in all.baskets.iter().step_by(80) {
        let numbers: Vec<u32> = basket.iter().filter_map(|it| packed.number(it)).collect();
        let found = packed.suggest(&numbers, &of_old).into_iter().map(|it| it.product);
        let found: Vec<Option<ProductId>> =
            found.map(|it| old.iter().copied().find(|old| packed.number(old) == Some(it))).collect();
        assert_eq!(found, ten(&parent, basket, &old).into_iter().map(Some).collect::<Vec<_>>());
    }
    // What was bought together is still there.
    assert!(!packed.goes_with(&known[..2], &everything(5)).is_empty());
}
