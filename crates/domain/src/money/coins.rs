//! The coins and notes that people count. A help for counting, no law: what is missing here is typed as a sum.

use super::Currency;

/// Values in the smallest unit, largest first.
pub fn coins(currency: Currency) -> Vec<i64> {
    let known = COINS.iter().find(|(code, _)| *code == currency.code());
    match known {
        Some((_, values)) => values.to_vec(),
        // Most currencies go 1, 2, 5, from a hundredth of their unit to a hundred of it.
        None => {
            let unit = 10_i64.pow(u32::from(currency.exponent()));
            let steps = [100, 50, 20, 10, 5, 2, 1].map(|times| times * unit);
            let parts = [50, 20, 10, 5].map(|part| unit * part / 100);
            steps.into_iter().chain(parts).filter(|value| *value >= 1).collect()
        }
    }
}

const COINS: &[(&str, &[i64])] = &[
    ("CHF", &[20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5]),
    ("EGP", &[20_000, 10_000, 5_000, 2_000, 1_000, 500, 100, 50, 25]),
    ("ETB", &[20_000, 10_000, 5_000, 1_000, 500, 100, 50, 25, 10]),
    ("EUR", &[20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1]),
    ("GBP", &[5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1]),
    ("GHS", &[20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10]),
    ("INR", &[50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100]),
    ("JPY", &[10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1]),
    ("KES", &[100_000, 50_000, 20_000, 10_000, 5_000, 4_000, 2_000, 1_000, 500, 100]),
    ("MAD", &[20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10]),
    ("NGN", &[100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500]),
    ("RWF", &[5_000, 2_000, 1_000, 500, 100, 50, 20, 10]),
    ("TZS", &[1_000_000, 500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000]),
    ("UGX", &[50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50]),
    ("USD", &[10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 25, 10, 5, 1]),
    ("XAF", &[10_000, 5_000, 2_000, 1_000, 500, 100, 50, 25, 10, 5]),
    ("XOF", &[10_000, 5_000, 2_000, 1_000, 500, 250, 200, 100, 50, 25, 10, 5]),
    ("ZAR", &[20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_can_be_counted_from_the_largest_down() {
        for currency in Currency::current() {
            let values = coins(currency);
            assert!(values.len() >= 7, "{currency}");
            assert!(values.is_sorted_by(|left, right| left > right), "{currency}: {values:?}");
            assert!(values.iter().all(|value| *value >= 1), "{currency}");
        }
        for (code, _) in COINS {
            assert!(Currency::parse(code).is_some(), "{code}");
        }
    }
}
