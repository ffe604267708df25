//! How prices end.

use soko_pricing::endings::Endings;

#[test]
fn habits_are_found() {
    for (name, prices, coin, expected) in [
        ("whole fives of shillings", vec![2_500, 4_000, 8_500, 12_000, 500], 100, (500, 0)),
        ("one below", vec![199, 299, 499, 1_299, 999], 1, (100, 1)),
        ("ninety-five", vec![195, 295, 495, 1_295], 1, (100, 5)),
        ("no habit", vec![123, 457, 788, 911], 1, (1, 0)),
        ("never finer than a coin", vec![123, 457], 50, (50, 0)),
        ("nothing yet", vec![], 5, (5, 0)),
    ] {
        let found = Endings::habit(&prices, coin);
        assert_eq!((found.step_minor, found.minus_minor), expected, "{name}");
    }
}

#[test]
fn a_ladder_has_its_endings_and_stays_between() {
    let endings = Endings { step_minor: 100, minus_minor: 1, coin_minor: 1 };
    assert_eq!(endings.ladder((2_950, 3_450), 3_199, 20), [2_999, 3_099, 3_199, 3_299, 3_399]);
    // Today's price is offered, too, however it ends.
    assert_eq!(endings.ladder((2_950, 3_150), 3_010, 20), [2_999, 3_010, 3_099]);
    // What costs little cannot move in steps of a hundred.
    assert_eq!(
        Endings { step_minor: 100, minus_minor: 0, coin_minor: 1 }.ladder((85, 115), 100, 20).len(),
        7
    );
    // Nor in coins that there are not, also where an owner's ceiling is none.
    let coins = Endings { step_minor: 100, minus_minor: 0, coin_minor: 10 };
    assert_eq!(coins.ladder((85, 113), 100, 20), [90, 100, 110]);
    assert_eq!(Endings { step_minor: 10, ..coins }.ladder((21, 38), 30, 20), [30]);
    assert!(endings.ladder((5, 1), 3, 20).is_empty());
    let long = endings.ladder((1, 1_000_000_000_000), 5_000, 40);
    assert!(long.len() <= 41, "{}", long.len());
}
