//! The packed model: one form, frozen, small, as good as the full one; and what is chosen from it, with reasons.

use soko_recommend::packed::{
    Contents, Malformed, Packed, Pair, ProductId, Reason, Unpackable, Wanted, model_id, pack,
};
use soko_recommend::train::Model;

use crate::{PER_TASTE, TASTES, histories, market, parameters};

fn id(product: u32) -> ProductId {
    u128::from(product).to_be_bytes()
}

fn packed_bytes() -> Result<Vec<u8>, Unpackable> {
    let histories = histories(&market());
    let model = Model::train(&histories, parameters(), 1);
    let ids: Vec<ProductId> = (0..TASTES * PER_TASTE).map(id).collect();
    // Every product was bought with the next two of its taste.
    let together: Vec<Vec<Pair>> = (0..TASTES * PER_TASTE)
        .map(|product| {
            let taste = product / PER_TASTE * PER_TASTE;
            let with = |step: u32, both: u32| Pair { product: taste + (product + step) % PER_TASTE, both };
            vec![with(1, 5), with(2, 4)]
        })
        .collect();
    let contents = Contents {
        ids: &ids,
        model: &model,
        histories: &histories,
        counts: &model.counts,
        together: &together,
    };
    pack(&contents)
}

fn everything(count: usize) -> Wanted<'static> {
    Wanted { count, may_show: &|_| true, explore: None }
}

#[test]
fn packing_keeps_the_ranking() {
    let histories = histories(&market());
    let model = Model::train(&histories, parameters(), 1);
    let packed = Packed::read(&packed_bytes().unwrap()).unwrap();
    let number: Vec<u32> = (0..TASTES * PER_TASTE).map(|it| packed.number(&id(it)).unwrap()).collect();
    let mut agreed = 0;
    for row in 0..histories.rows() {
        let history = histories.row(row);
        let numbers: Vec<u32> = history.iter().map(|it| number[*it as usize]).collect();
        let full = model.score(history);
        let small = packed.score(&packed.fold_in(&numbers), &numbers);
        let best = |scores: &dyn Fn(usize) -> f32| {
            let left = (0..full.len()).filter(|it| history.iter().all(|had| *had as usize != *it));
            left.max_by(|a, b| scores(*a).total_cmp(&scores(*b))).unwrap()
        };
        agreed += usize::from(best(&|it| full[it]) == best(&|it| small[number[it] as usize]));
    }
    assert!(agreed * 10 >= histories.rows() * 8, "the best agrees for {agreed} of {}", histories.rows());
}

#[test]
fn nothing_but_a_whole_model_is_read() {
    let bytes = packed_bytes().unwrap();
    assert!(Packed::read(&bytes).is_ok());
    for length in (0..bytes.len()).step_by(97) {
        assert!(Packed::read(&bytes[..length]).is_err(), "{length} bytes of it were read");
    }
    let mut more = bytes.clone();
    more.push(0);
    assert_eq!(Packed::read(&more), Err(Malformed::TooMuch));
    assert_eq!(Packed::read(&vec![0; 2_000_001]), Err(Malformed::TooLong));
    // Steps that divide no part of the form come to all of its parts. A changed byte is another model or none, and never a panic, neither when read nor when used.
    for at in (0..bytes.len()).step_by(89) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xa5;
        assert_ne!(model_id(&changed), model_id(&bytes));
        if let Ok(model) = Packed::read(&changed) {
            let _ = model.suggest(&[0, 1, 70_000], &everything(3));
            let _ = model.goes_with(&[0, 1], &everything(3));
        }
    }
}

#[test]
fn suggestions_suit_a_taste_respect_what_may_be_shown_and_say_why() {
    let packed = Packed::read(&packed_bytes().unwrap()).unwrap();
    let of_taste = |taste: u32| -> Vec<u32> {
        (0..PER_TASTE).map(|at| packed.number(&id(taste * PER_TASTE + at)).unwrap()).collect()
    };
    let taste = of_taste(2);
    let history = &taste[..4];
    let suggested = packed.suggest(history, &everything(5));
    assert_eq!(suggested.len(), 5);
    assert!(suggested.iter().filter(|it| taste.contains(&it.product)).count() >= 4, "{suggested:?}");
    assert!(suggested.iter().all(|it| !history.contains(&it.product)), "what they have is no suggestion");
    for it in &suggested {
        match it.reason {
            Reason::Together { with, both, of } => assert!(history.contains(&with) && both > 0 && of >= both),
            Reason::Like { product } | Reason::Similar { product } => assert!(history.contains(&product)),
            Reason::Popular => panic!("something is known of this person"),
        }
    }
    let forbidden = suggested[0].product;
    let wanted = Wanted { count: 5, may_show: &|it| it != forbidden, explore: None };
    assert!(packed.suggest(history, &wanted).iter().all(|it| it.product != forbidden));
    let explored = packed.suggest(history, &Wanted { explore: Some(5), ..everything(5) });
    assert_eq!(explored[..4], suggested[..4]);
    assert_ne!(explored[4], suggested[4]);
    assert!(packed.suggest(&[], &everything(3)).iter().all(|it| it.reason == Reason::Popular));
}

#[test]
fn what_goes_with_a_basket_says_in_how_many() {
    let packed = Packed::read(&packed_bytes().unwrap()).unwrap();
    let number = |product: u32| packed.number(&id(product)).unwrap();
    let found = packed.goes_with(&[number(0)], &everything(5));
    let of = packed.count(number(0));
    let expected = [(1, 5), (2, 4)]
        .map(|(product, both)| (number(product), Reason::Together { with: number(0), both, of }));
    let mut shown: Vec<(u32, Reason)> = found.iter().map(|it| (it.product, it.reason)).collect();
    shown.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(shown, expected);
    assert!(
        packed
            .goes_with(&[number(0), number(1), number(2)], &everything(9))
            .iter()
            .all(|it| it.product != number(1))
    );
    assert_eq!(packed.number(&id(999)), None);
}

/// A model of an older version is read for ever: these bytes stay, and so does what they say.
#[test]
fn the_frozen_model_is_read_as_ever() {
    let bytes = include_bytes!("frozen-v1.bin");
    let packed = Packed::read(bytes).unwrap();
    assert_eq!((packed.products(), packed.dimension()), (120, 12));
    let number = |product: u32| packed.number(&id(product)).unwrap();
    let both: Vec<(u32, Reason)> =
        packed.goes_with(&[number(41)], &everything(1)).iter().map(|it| (it.product, it.reason)).collect();
    let expected = Reason::Together { with: number(41), both: 5, of: packed.count(number(41)) };
    assert_eq!(both, [(number(42), expected)]);
    let suggested = packed.suggest(&[number(40), number(43)], &everything(3));
    assert!(
        suggested.iter().all(|it| (40..60).any(|product| number(product) == it.product)),
        "{suggested:?}"
    );
    let hex: String = model_id(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, include_str!("frozen-v1.sha256").trim());
}
