//! A market's model: what goes together is found and counted, a worse model is noticed, and nobody alone is loud.

use soko_recommend::packed::{Packed, ProductId, Reason, Wanted};
use soko_recommend::train::{Seeds, Trade};

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
    Trade { products: (0..PRODUCTS).map(id).collect(), baskets, people: Vec::new() }
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
        assert_eq!(reason, Reason::Together { with: packed.number(&id(product)).unwrap(), both, of });
    }
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
    let same = now.compare(Some((&good, 60)), 7).unwrap();
    assert!(
        same.tested == 60 && same.old == Some(same.new) && same.new > 0.5 && !same.is_worse(),
        "{same:?}"
    );
    let first = now.compare(None, 7).unwrap();
    assert!(first.old.is_none() && !first.is_worse(), "{first:?}");
    // The latest baskets of a market that forgot what goes together are what the good model was made for.
    let keep = poor.baskets.len() - poor.baskets.len() / 10;
    poor.baskets.splice(keep.., now.baskets[keep..].iter().cloned());
    let worse = poor.compare(Some((&good, 60)), 7).unwrap();
    assert!(worse.is_worse(), "{worse:?}");
    // Of baskets that it learnt from it would know too much.
    assert_eq!(poor.compare(Some((&good, 0)), 7).unwrap().old, None);
}

#[test]
fn somebody_who_buys_everything_moves_nothing_for_others() {
    let quiet = trade(1, 600);
    let mut loud = quiet.clone();
    let everything: Vec<ProductId> = (0..PRODUCTS).map(id).collect();
    loud.baskets.extend(std::iter::repeat_n(everything.clone(), 1_000));
    loud.people.extend(std::iter::repeat_n(everything, 1_000));
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
