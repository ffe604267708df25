//! What training promises: it finds a taste, it is the same on any number of threads, and no one account is loud.

use soko_recommend::train::{
    Blend, Factors, Histories, Model, Order, Parameters, Quality, Recency, Shards, Trial, Weighed, ease,
    standardise,
};

use crate::{PEOPLE, PER_TASTE, TASTES, histories, market, parameters};

/// The best ten that somebody does not have.
fn top_ten(model: &Model, history: &[u32]) -> Vec<u32> {
    let scores = model.score(history);
    let mut order: Vec<u32> = (0u32..).take(scores.len()).filter(|it| !history.contains(it)).collect();
    order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b)));
    order.truncate(10);
    order
}

#[test]
fn each_part_and_the_blend_find_what_a_taste_is() {
    let histories = histories(&market());
    let model = Model::train(&histories, parameters(), 1);
    let only = |ials, ease, follows| Blend { ials, ease, follows, popular: 0.0 };
    for (name, blend) in [
        ("factors", only(1.0, 0.0, 0.0)),
        ("ease", only(0.0, 1.0, 0.0)),
        ("follows", only(0.0, 0.0, 1.0)),
        ("all", parameters().blend),
    ] {
        let model = Model { parameters: Parameters { blend, ..parameters() }, ..model.clone() };
        for taste in 0..TASTES {
            let history: Vec<u32> = (0..4).map(|at| taste * PER_TASTE + at).collect();
            let own = top_ten(&model, &history).iter().filter(|it| **it / PER_TASTE == taste).count();
            assert!(own >= 9, "{name}, taste {taste}: only {own} of ten");
        }
    }
}

#[test]
fn a_model_is_the_same_on_one_thread_and_on_many_and_another_with_another_seed() {
    let histories = histories(&market());
    let train = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Model::train(&histories, parameters(), seed))
    };
    let one = train(1, 1);
    assert!(one == train(4, 1));
    assert!(one != train(1, 2));
}

#[test]
fn a_persons_vector_solves_their_least_squares() {
    let histories = histories(&market());
    let factors = Factors::train(&histories, parameters().ials, 1);
    let history = histories.row(3).to_vec();
    let weights = Recency { base: 1.0, extra: 2.0, keep: 0.5 }.weights(history.len());
    let person = factors.fold_in(&history, &weights);
    let at = parameters().ials;
    let products = TASTES * PER_TASTE;
    let held_back = at.regularisation * (history.len() as f32 + at.unobserved * products as f32);
    // The slope of the loss at the solution, by its definition: over all products, not by the shortcut.
    for axis in 0..at.dimension {
        let mut slope = held_back * person[axis];
        for product in 0..products {
            let row = factors.product(product as usize);
            let score: f32 = row.iter().zip(&person).map(|(a, b)| a * b).sum();
            slope += at.unobserved * score * row[axis];
            if let Some(place) = history.iter().position(|it| *it == product) {
                slope += weights[place] * (score - 1.0) * row[axis];
            }
        }
        assert!(slope.abs() < 1e-3, "axis {axis}: {slope}");
    }
}

#[test]
fn ease_is_the_closed_form() {
    let mut histories = Histories::new(3);
    for history in [&[0, 1][..], &[0, 1], &[1, 2], &[0]] {
        histories.push(history);
    }
    let at =
        soko_recommend::train::EaseParameters { regularisation: 1.0, products_max: 3, neighbours_max: 3 };
    let weights = ease(&histories, at);
    // By hand: with G = XᵀX + 1 = [[4,2,0],[2,4,1],[0,1,2]], the inverse is a twentieth of [[7,-4,2],[-4,8,-4],[2,-4,12]].
    let expected =
        [[0.0, 4.0 / 8.0, -2.0 / 12.0], [4.0 / 7.0, 0.0, 4.0 / 12.0], [-2.0 / 7.0, 4.0 / 8.0, 0.0]];
    for (product, row) in expected.iter().enumerate() {
        for (other, expected) in (0u32..).zip(row) {
            let weight =
                weights.of(product).iter().find(|it| it.product == other).map_or(0.0, |it| it.weight);
            assert!((weight - expected).abs() < 1e-6, "{product} {other}: {weight}, not {expected}");
        }
    }
}

#[test]
fn one_account_that_likes_everything_ten_thousand_times_moves_no_one_elses_top_ten() {
    let honest = market();
    let before = Model::train(&histories(&honest), parameters(), 1);
    let with = |loud: Vec<u32>| {
        let mut all = honest.clone();
        all.push(loud);
        Model::train(&histories(&all), parameters(), 1)
    };
    let after = with((0..10_000).flat_map(|_| 0..TASTES * PER_TASTE).collect());
    for history in &honest {
        assert_eq!(top_ten(&before, history), top_ten(&after, history));
    }
    // Liking some things again and again is liking them: the model is the same to the last bit.
    let some = [7, 8, 50];
    assert!(with(some.repeat(10_000)) == with(some.to_vec()));
}

#[test]
fn repeated_and_unknown_products_count_once_and_not_at_all() {
    let mut histories = Histories::new(5);
    histories.push(&[3, 1, 3, 9, 1, 2]);
    assert_eq!(histories.row(0), [3, 1, 2]);
    assert_eq!(histories.counts(), [0, 1, 1, 1, 0]);
    histories.push(&[]);
    let (shorter, taken) = histories.without_one(|length| length - 1);
    assert_eq!((shorter.row(0), taken), (&[3, 1][..], vec![Some(2), None]));
}

#[test]
fn ties_and_what_is_no_number_count_against_a_model() {
    let rank = |taken: f32, others: &[f32]| {
        let mut quality = Quality::default();
        quality.count(taken, others.iter().copied());
        quality.gain()
    };
    assert_eq!(rank(1.0, &[0.5, 0.2]), 1.0);
    assert!((rank(1.0, &[1.0, 0.2]) - 1.0 / 3f64.log2()).abs() < 1e-12);
    assert!(rank(1.0, &[f32::NAN; 10]) < 1e-12);
    let mut scores = [1.0, 100.0, 3.0, 5.0];
    standardise(&mut scores, &[1]);
    assert!((scores[0] + scores[2] + scores[3]).abs() < 1e-5, "{scores:?}");
}

#[test]
fn the_search_keeps_what_finds_more_and_says_what_it_tried() {
    let histories = histories(&market());
    let trial = Trial::new(&histories, Order::Time, PEOPLE as usize, 3);
    let mut steps = Vec::new();
    let start =
        Parameters { blend: Blend { ials: 0.0, ease: 0.0, follows: 0.0, popular: 1.0 }, ..parameters() };
    let chosen = trial.choose(start, 1, &mut |step| steps.push(step.to_owned()));
    assert!(chosen.blend.ials > 0.0 && chosen.blend.popular < 1.0, "{chosen:?}");
    assert!(steps.iter().any(|step| step.starts_with("ials.unobserved")) && steps.len() > 20, "{steps:?}");
    assert_eq!(chosen, trial.choose(start, 1, &mut |_| ()));
}

/// Shards in memory that count how often they were asked for.
struct Pieces {
    rows: Vec<Weighed>,
    vectors: Vec<Vec<f32>>,
    reads: usize,
}

impl Shards for Pieces {
    type Fault = &'static str;

    fn count(&self) -> usize {
        self.rows.len()
    }

    fn rows(&mut self, shard: usize) -> Result<Weighed, Self::Fault> {
        self.reads += 1;
        self.rows.get(shard).cloned().ok_or("no such shard")
    }

    fn vectors(&mut self, shard: usize) -> Result<Vec<f32>, Self::Fault> {
        Ok(self.vectors[shard].clone())
    }

    fn keep(&mut self, shard: usize, vectors: Vec<f32>) -> Result<(), Self::Fault> {
        self.vectors[shard] = vectors;
        Ok(())
    }
}

#[test]
fn factors_from_shards_are_those_from_one_piece_but_for_rounding() {
    let count = (TASTES * PER_TASTE) as usize + 1;
    // What was sent away weighs against, and one product nobody met.
    let weight = |at: usize| if at == 3 { -0.4 } else { 1.0 / (1.0 + at as f32 / 8.0) };
    let row = |had: &Vec<u32>| had.iter().enumerate().map(|(at, it)| (*it, weight(at))).collect::<Vec<_>>();
    let mut seen = std::collections::BTreeSet::new();
    // Each product once in a row.
    let all: Vec<Vec<(u32, f32)>> = market()
        .iter()
        .map(|had| {
            seen.clear();
            row(&had.iter().copied().filter(|it| seen.insert(*it)).collect())
        })
        .collect();
    let weighed = |rows: &[Vec<(u32, f32)>]| {
        let mut weighed = Weighed::new(count);
        rows.iter().for_each(|row| weighed.push(row.iter().copied()));
        weighed
    };
    let whole = Factors::train_weighed(&weighed(&all), parameters().ials, 1);
    for size in [PEOPLE as usize, 100, 7] {
        let rows: Vec<Weighed> = all.chunks(size).map(weighed).collect();
        let vectors = vec![Vec::new(); rows.len()];
        let mut pieces = Pieces { rows, vectors, reads: 0 };
        let sharded = Factors::train_in_shards(&mut pieces, count, parameters().ials, 1).unwrap();
        let passes = 1 + parameters().ials.sweeps * (1 + parameters().ials.steps);
        assert_eq!(pieces.reads, passes * pieces.rows.len());
        let cut = Factors::train_in_pieces(&weighed(&all), size * 9, parameters().ials, 1);
        for (product, found) in (0..count).flat_map(|it| [(it, &sharded), (it, &cut)]) {
            let (one, other) = (whole.product(product), found.product(product));
            let length = one.iter().map(|it| it * it).sum::<f32>().sqrt();
            let apart = one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
            assert!(apart <= 1e-3 * length, "{size} a shard, product {product}: {apart} of {length}");
        }
        // Who is found by them is found as before.
        let person = |factors: &Factors| factors.fold_in(&[1, 2, 3], &[1.0; 3]);
        let apart =
            person(&whole).iter().zip(person(&sharded)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-3, "{apart}");
    }
    let mut pieces = Pieces { rows: vec![], vectors: vec![], reads: 0 };
    assert!(Factors::train_in_shards(&mut pieces, count, parameters().ials, 1).is_ok());
}

/// Five thousand products that nobody could have had yet say nothing against what somebody had.
#[test]
fn what_nobody_met_holds_nobody_back() {
    let liking = |products: usize| {
        let mut histories = Histories::new(products);
        market().iter().for_each(|history| histories.push(history));
        let factors = Factors::train(&histories, parameters().ials, 1);
        let history = histories.row(0);
        let mut scores = vec![0.0; products];
        factors.score(&factors.fold_in(history, &[]), &mut scores);
        history.iter().map(|product| scores[*product as usize]).sum::<f32>()
    };
    let own = (TASTES * PER_TASTE) as usize;
    let (few, many) = (liking(own), liking(own + 5_000));
    assert!((few - many).abs() < 0.2 * few, "{few} among its own, {many} beside 5,000 new ones");
}
