use soko_domain::quantity::{Quantity, QuantityError, Unit};
use soko_domain::wire::Wire;

#[test]
fn arithmetic_is_checked() {
    assert_eq!(Quantity(5).checked_add(Quantity(-7)), Ok(Quantity(-2)));
    assert_eq!(Quantity(5).checked_sub(Quantity(7)), Ok(Quantity(-2)));
    assert_eq!(Quantity(5).checked_neg(), Ok(Quantity(-5)));
    assert_eq!(Quantity::sum([Quantity(1), Quantity(2)]), Ok(Quantity(3)));
    assert_eq!(Quantity::sum([]), Ok(Quantity::ZERO));
    for too_large in [
        Quantity(i64::MAX).checked_add(Quantity(1)),
        Quantity(i64::MIN).checked_sub(Quantity(1)),
        Quantity(i64::MIN).checked_neg(),
        Quantity::sum([Quantity(i64::MAX), Quantity(1)]),
    ] {
        assert_eq!(too_large, Err(QuantityError::Overflow));
    }
    let signs = |quantity: Quantity| (quantity.is_positive(), quantity.is_negative());
    assert_eq!([-1, 0, 1].map(|n| signs(Quantity(n))), [(false, true), (false, false), (true, false)]);
}

#[test]
fn text_is_a_whole_number_or_refused() {
    let table: &[(&str, Result<i64, QuantityError>)] = &[
        ("3", Ok(3)),
        (" -3 ", Ok(-3)),
        ("007", Ok(7)),
        ("9223372036854775807", Ok(i64::MAX)),
        ("9223372036854775808", Err(QuantityError::Overflow)),
        ("", Err(QuantityError::NotANumber)),
        ("-", Err(QuantityError::NotANumber)),
        ("+3", Err(QuantityError::NotANumber)),
        ("1.5", Err(QuantityError::NotANumber)),
        ("three", Err(QuantityError::NotANumber)),
    ];
    for (text, expected) in table {
        assert_eq!(text.parse::<Quantity>(), expected.map(Quantity), "{text:?}");
    }
}

#[test]
fn the_stored_form_is_frozen() {
    assert_eq!(Quantity(-2).to_bytes(), [3]);
    assert_eq!(Quantity(1500).to_bytes(), [0xb8, 0x17]);
    let units = Unit::ALL.iter().map(|unit| (unit.to_bytes(), unit.symbol())).collect::<Vec<_>>();
    assert_eq!(units, [(vec![1], ""), (vec![2], "g"), (vec![3], "ml")]);
}
