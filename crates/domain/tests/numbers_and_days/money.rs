use soko_domain::money::{
    CashRounding, Currency, Money, MoneyError, MoneyTextError, Ppm, Rounding, TextProblem, allocate,
    div_round, part_of,
};
use soko_domain::wire::{Malformed, Wire};

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

#[test]
fn currencies_have_the_decimals_of_iso_4217() {
    let table: &[(&str, Option<u8>)] = &[
        ("EUR", Some(2)),
        ("usd", Some(2)),
        (" Kes ", Some(2)),
        ("TZS", Some(2)),
        ("JPY", Some(0)),
        ("UGX", Some(0)),
        ("ISK", Some(0)),
        ("KWD", Some(3)),
        ("TND", Some(3)),
        ("CLF", Some(4)),
        ("UYW", Some(4)),
        ("HRK", Some(2)),
        ("XXX", None),
        ("XAU", None),
        ("EURO", None),
        ("E1R", None),
        ("", None),
        ("€", None),
    ];
    for (code, expected) in table {
        assert_eq!(Currency::parse(code).map(Currency::exponent), *expected, "{code:?}");
    }
    assert!(currency("EUR").is_current() && !currency("HRK").is_current());
    assert_eq!(Currency::current().count(), 165);
    assert!(
        Currency::current().all(|known| known.is_current() && Currency::parse(known.code()) == Some(known))
    );
}

#[test]
fn stored_currencies_are_three_capital_letters() {
    assert_eq!(currency("eur").to_bytes(), b"EUR");
    let table: &[(&[u8], Malformed)] =
        &[(b"eur", Malformed::Choice), (b"QQQ", Malformed::Choice), (b"EU", Malformed::Truncated)];
    for (bytes, expected) in table {
        assert_eq!(Currency::from_bytes(bytes), Err(*expected), "{bytes:?}");
    }
    let money = Money { minor: -1250, currency: currency("EUR") };
    assert_eq!(money.to_bytes(), b"\xc3\x13EUR");
}

#[test]
fn typed_amounts_are_read_exactly_or_refused() {
    use TextProblem::{Empty, NotANumber, TooLarge, TooManyDecimals};
    let table: &[(&str, &str, Result<i64, TextProblem>)] = &[
        ("EUR", "12.50", Ok(1250)),
        ("EUR", "12,5", Ok(1250)),
        ("EUR", " 12 ", Ok(1200)),
        ("EUR", "1 250,5", Ok(125_050)),
        ("EUR", "1\u{202f}250\u{202f}000,05", Ok(125_000_005)),
        ("CHF", "1'250.50", Ok(125_050)),
        ("CHF", "1’250.50", Ok(125_050)),
        ("USD", "1,250.50", Ok(125_050)),
        ("EUR", "1.250,50", Ok(125_050)),
        ("EUR", "1.250.000", Ok(125_000_000)),
        ("INR", "12,50,000.25", Ok(125_000_025)),
        ("EUR", ".5", Ok(50)),
        ("EUR", "-3.05", Ok(-305)),
        ("EUR", "\u{2212}3.05", Ok(-305)),
        ("EUR", "+3", Ok(300)),
        ("JPY", "1250", Ok(1250)),
        ("JPY", "1 250", Ok(1250)),
        ("KWD", "1.250", Ok(1250)),
        ("CLF", "1.2345", Ok(12_345)),
        ("EUR", "92233720368547758.07", Ok(i64::MAX)),
        ("EUR", "-92233720368547758.08", Ok(i64::MIN)),
        ("EUR", "92233720368547758.08", Err(TooLarge)),
        ("EUR", "1", Ok(100)),
        ("EUR", "00000000000000000000000000000000000000001", Err(TooLarge)),
        ("EUR", "", Err(Empty)),
        ("EUR", "  ", Err(Empty)),
        ("EUR", "1,250", Err(TooManyDecimals { allowed: 2 })),
        ("EUR", "1.005", Err(TooManyDecimals { allowed: 2 })),
        ("JPY", "1.5", Err(TooManyDecimals { allowed: 0 })),
        ("EUR", "-", Err(NotANumber)),
        ("EUR", ".", Err(NotANumber)),
        ("EUR", "5.", Err(NotANumber)),
        ("EUR", "1 25 000", Err(NotANumber)),
        ("EUR", "1 2", Err(NotANumber)),
        ("EUR", "1 250 ,5", Err(NotANumber)),
        ("EUR", "1.250,000.5", Err(NotANumber)),
        ("EUR", "1 250'000", Err(NotANumber)),
        ("EUR", "1.5.0", Err(NotANumber)),
        ("EUR", "--5", Err(NotANumber)),
        ("EUR", "5-", Err(NotANumber)),
        ("EUR", "1e3", Err(NotANumber)),
        ("EUR", "0x10", Err(NotANumber)),
        ("EUR", "٣", Err(NotANumber)),
        ("EUR", "12.5€", Err(NotANumber)),
    ];
    for (code, text, expected) in table {
        let read = Money::parse(text, currency(code)).map(|money| money.minor);
        assert_eq!(read, *expected, "{text:?} {code}");
    }
}

#[test]
fn amounts_are_written_plainly() {
    let table: &[(&str, i64, &str)] = &[
        ("EUR", 3015, "30.15 EUR"),
        ("EUR", 5, "0.05 EUR"),
        ("EUR", -5, "-0.05 EUR"),
        ("EUR", 0, "0.00 EUR"),
        ("JPY", -1250, "-1250 JPY"),
        ("KWD", 1, "0.001 KWD"),
        ("CLF", 12_345, "1.2345 CLF"),
        ("EUR", i64::MIN, "-92233720368547758.08 EUR"),
    ];
    for (code, minor, text) in table {
        let money = Money { minor: *minor, currency: currency(code) };
        assert_eq!(money.to_string(), *text);
        assert_eq!(text.parse(), Ok(money));
    }
    assert_eq!("12.50 XYZ".parse::<Money>(), Err(MoneyTextError::UnknownCurrency));
    assert_eq!("12.50".parse::<Money>(), Err(MoneyTextError::UnknownCurrency));
    assert_eq!("x EUR".parse::<Money>(), Err(MoneyTextError::Amount(TextProblem::NotANumber)));
}

#[test]
fn arithmetic_neither_wraps_nor_mixes() {
    let (eur, usd) = (currency("EUR"), currency("USD"));
    let of = |minor| Money { minor, currency: eur };
    let mismatch = Err(MoneyError::CurrencyMismatch { left: eur, right: usd });
    assert_eq!(of(100).checked_add(of(-30)), Ok(of(70)));
    assert_eq!(of(100).checked_sub(of(130)), Ok(of(-30)));
    assert_eq!(of(100).checked_mul(-3), Ok(of(-300)));
    assert_eq!(of(100).checked_neg(), Ok(of(-100)));
    assert_eq!(Money::sum(eur, [of(1), of(2), of(3)]), Ok(of(6)));
    assert_eq!(Money::sum(eur, []), Ok(Money::zero(eur)));
    assert_eq!(of(1).checked_add(Money::zero(usd)), mismatch);
    assert_eq!(of(1).checked_sub(Money::zero(usd)), mismatch);
    assert_eq!(Money::sum(eur, [of(1), Money::zero(usd)]), mismatch);
    for too_large in [
        of(i64::MAX).checked_add(of(1)),
        of(i64::MIN).checked_sub(of(1)),
        of(i64::MIN).checked_neg(),
        of(i64::MAX).checked_mul(2),
    ] {
        assert_eq!(too_large, Err(MoneyError::Overflow));
    }
}

#[test]
fn each_rounding_does_what_its_name_says() {
    use Rounding::{Down, HalfDown, HalfEven, HalfUp, Up};
    let order = [HalfUp, HalfEven, HalfDown, Up, Down];
    assert_eq!(order, Rounding::ALL, "a new rounding needs a column");
    let table: &[(i128, i128, [i64; 5])] = &[
        (24, 10, [2, 2, 2, 3, 2]),
        (25, 10, [3, 2, 2, 3, 2]),
        (26, 10, [3, 3, 3, 3, 2]),
        (35, 10, [4, 4, 3, 4, 3]),
        (-25, 10, [-3, -2, -2, -3, -2]),
        (25, -10, [-3, -2, -2, -3, -2]),
        (-35, -10, [4, 4, 3, 4, 3]),
        (-24, 10, [-2, -2, -2, -3, -2]),
        (5, 10, [1, 0, 0, 1, 0]),
        (-5, 10, [-1, 0, 0, -1, 0]),
        (1, 3, [0, 0, 0, 1, 0]),
        (2, 3, [1, 1, 1, 1, 0]),
        (30, 10, [3, 3, 3, 3, 3]),
        (0, 7, [0, 0, 0, 0, 0]),
        (1, i128::MAX, [0, 0, 0, 1, 0]),
        (i128::from(i64::MAX) * 3, 3, [i64::MAX; 5]),
    ];
    for (numerator, denominator, expected) in table {
        let rounded = order.map(|rounding| div_round(*numerator, *denominator, rounding));
        assert_eq!(rounded, expected.map(Some), "{numerator} / {denominator}");
    }
    for (numerator, denominator) in [(1, 0), (i128::MAX, 1), (i128::MIN, -1), (i128::from(i64::MAX) + 1, 1)] {
        assert_eq!(div_round(numerator, denominator, HalfUp), None, "{numerator} / {denominator}");
    }
    let just_too_large = i128::from(i64::MAX) * 2 + 1;
    assert_eq!(div_round(just_too_large, 2, HalfUp), None);
    assert_eq!(div_round(just_too_large, 2, Down), Some(i64::MAX));
}

#[test]
fn rates_are_read_and_written_as_percentages() {
    let table: &[(&str, u32, &str)] = &[
        ("22", 220_000, "22"),
        ("22 %", 220_000, "22"),
        ("8.875%", 88_750, "8.875"),
        ("5,5", 55_000, "5.5"),
        ("0", 0, "0"),
        ("0.0001", 1, "0.0001"),
        ("100", 1_000_000, "100"),
    ];
    for (text, ppm, written) in table {
        assert_eq!(text.parse(), Ok(Ppm(*ppm)), "{text}");
        assert_eq!(Ppm(*ppm).to_string(), *written);
    }
    for (text, problem) in [
        ("-1", TextProblem::NotANumber),
        ("ten", TextProblem::NotANumber),
        ("%", TextProblem::Empty),
        ("1.00001", TextProblem::TooManyDecimals { allowed: 4 }),
        ("999999", TextProblem::TooLarge),
    ] {
        assert_eq!(text.parse::<Ppm>(), Err(problem), "{text}");
    }
    assert_eq!(Ppm(220_000).of(1_00, Rounding::HalfUp), Some(22));
    assert_eq!(Ppm(u32::MAX).of(i64::MAX, Rounding::HalfUp), None);
}

#[test]
fn cash_steps_round_to_coins() {
    let table: &[(u32, Rounding, i64, i64)] = &[
        (5, Rounding::HalfUp, 3012, 3010),
        (5, Rounding::HalfUp, 3013, 3015),
        (5, Rounding::HalfUp, -3013, -3015),
        (10, Rounding::HalfUp, 3015, 3020),
        (10, Rounding::HalfDown, 3015, 3010),
        (10, Rounding::Down, 3019, 3010),
        (10, Rounding::Up, 3011, 3020),
        (1, Rounding::Up, 3013, 3013),
        (0, Rounding::Up, 3013, 3013),
    ];
    for (step_minor, rounding, minor, expected) in table {
        let cash = CashRounding { step_minor: *step_minor, rounding: *rounding };
        assert_eq!(cash.payable(*minor), Some(*expected), "{minor} by {step_minor} {rounding:?}");
    }
    assert_eq!(CashRounding { step_minor: 10, rounding: Rounding::Up }.payable(i64::MAX), None);
}

#[test]
fn allocation_gives_the_rest_to_the_largest_remainders() {
    let table: &[(i64, &[i64], Option<&[i64]>)] = &[
        (100, &[1, 1, 1], Some(&[34, 33, 33])),
        (101, &[1, 1, 1], Some(&[34, 34, 33])),
        (10, &[1, 2, 4], Some(&[1, 3, 6])),
        (1, &[0, 5, 6], Some(&[0, 0, 1])),
        (0, &[3, 4], Some(&[0, 0])),
        (0, &[], Some(&[])),
        (0, &[0, 0], Some(&[0, 0])),
        (i64::MAX, &[i64::MAX, i64::MAX], Some(&[i64::MAX / 2 + 1, i64::MAX / 2])),
        (5, &[], None),
        (5, &[0, 0], None),
        (-5, &[1], None),
        (5, &[1, -1], None),
    ];
    for (amount, weights, expected) in table {
        assert_eq!(allocate(*amount, weights).as_deref(), *expected, "{amount} by {weights:?}");
    }
}

#[test]
fn parts_of_a_whole_refuse_what_is_not_in_it() {
    let table: &[(i64, i64, i64, i64, Option<i64>)] = &[
        (1000, 3, 0, 1, Some(333)),
        (1000, 3, 1, 1, Some(334)),
        (1000, 3, 2, 1, Some(333)),
        (1000, 3, 0, 3, Some(1000)),
        (1000, 3, 3, 0, Some(0)),
        (-1000, 3, 1, 1, Some(-334)),
        (1000, 3, 2, 2, None),
        (1000, 3, -1, 1, None),
        (1000, 3, 1, -1, None),
        (1000, 0, 0, 0, None),
        (1000, 3, i64::MAX, 1, None),
    ];
    for (amount, whole, before, now, expected) in table {
        assert_eq!(part_of(*amount, *whole, *before, *now), *expected, "{amount}: {before}+{now} of {whole}");
    }
}
