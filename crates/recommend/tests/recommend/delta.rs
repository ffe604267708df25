//! The difference between two models leads from the one to the other to the last byte, or to nothing.

use soko_recommend::packed::{Malformed, apply, difference, model_id};
use soko_recommend::train::Since;

use crate::refresh::{id, read, since, trade, until};

#[test]
fn a_difference_leads_to_the_other_model_to_the_last_byte_and_is_smaller() {
    let all = trade(1, 640);
    let first = until(&all, 600).train(7).unwrap();
    let mut more = until(&all, 600);
    more.products.extend([id(1_000), id(1_001)]);
    more.products.retain(|it| *it != id(99));
    more.baskets.extend((0..8).map(|at| vec![id(at % 4), id(4 + at % 2), id(1_000)]));
    more.hours.extend(600..608);
    let second = more.refresh(&read(&first), since(8)).unwrap();
    let delta = difference(&first, &second).unwrap();
    println!("{} bytes for a model of {}", delta.len(), second.len());
    assert!(delta.len() * 3 < second.len(), "{} of {}", delta.len(), second.len());
    assert!(apply(&first, &delta).unwrap() == second);
    // Back again, and to a model that was trained anew: everything may be another one.
    assert!(apply(&second, &difference(&second, &first).unwrap()).unwrap() == first);
    let trained = all.train(8).unwrap();
    if let Some(delta) = difference(&first, &trained) {
        assert!(apply(&first, &delta).unwrap() == trained && delta.len() < trained.len());
    }
    let same = difference(&first, &first).unwrap();
    assert!(same.len() < 100 && apply(&first, &same).unwrap() == first);
    assert_eq!(difference(b"no model", &second), None);
    assert_eq!(difference(&first, &[]), None);
}

#[test]
fn a_damaged_difference_and_one_to_another_model_lead_to_nothing() {
    let all = trade(1, 640);
    let first = until(&all, 600).train(7).unwrap();
    let second = all.refresh(&read(&first), Since { baskets: 40, hour: i64::MAX }).unwrap();
    let delta = difference(&first, &second).unwrap();
    assert_eq!(apply(&second, &delta), Err(Malformed::OtherModel));
    assert_eq!(apply(&first, &[0; 100]), Err(Malformed::NotAModel));
    assert_eq!(apply(&first, &vec![0; 2_000_001]), Err(Malformed::TooLong));
    let mut more = delta.clone();
    more.push(0);
    assert_eq!(apply(&first, &more), Err(Malformed::TooMuch));
    for length in (0..delta.len()).step_by(211) {
        assert!(apply(&first, &delta[..length]).is_err(), "{length} bytes of it were taken");
    }
    for at in (0..delta.len()).step_by(89) {
        for change in [0xa5, 0x01] {
            let mut changed = delta.clone();
            changed[at] ^= change;
            // Whatever comes of it, it is what its name says or nothing.
            assert!(apply(&first, &changed).is_err(), "byte {at} was changed");
        }
    }
    assert_ne!(model_id(&first), model_id(&second));
}
