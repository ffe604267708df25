//! Which amounts a customer is likely to hand over, so that taking cash is one tap. Pure.

/// Multiples of these, in a currency's own units, are what notes and coins add up to.
const STEPS: [i64; 3] = [1, 2, 5];
const AMOUNTS_MAX: usize = 4;
/// More pieces than this of one note are no likely payment.
const SMALLEST: i64 = 20;

/// Above what is due, ascending: the next round amounts, each of one more note.
pub fn likely(due_minor: i64, exponent: u8) -> Vec<i64> {
    if due_minor <= 0 {
        return Vec::new();
    }
    let unit = 10_i64.checked_pow(u32::from(exponent)).unwrap_or(1);
    let mut amounts = Vec::new();
    let mut power = unit;
    // A step a thousand times above what is due is no note that anybody hands over.
    while power <= due_minor.saturating_mul(10) && amounts.len() < 24 {
        for step in STEPS {
            let note = power.saturating_mul(step);
            // Nobody makes up a price of coins that are worth so little of it.
            if note.saturating_mul(SMALLEST) < due_minor {
                continue;
            }
            let over = due_minor.checked_rem(note).unwrap_or(0);
            let amount = if over == 0 { due_minor } else { due_minor.saturating_add(note - over) };
            if amount > due_minor && amount < due_minor.saturating_mul(10) {
                amounts.push(amount);
            }
        }
        power = power.saturating_mul(10);
    }
    amounts.sort_unstable();
    amounts.dedup();
    amounts.truncate(AMOUNTS_MAX);
    amounts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_round_amounts_are_offered() {
        for (due, exponent, wanted) in [
            (3015, 2, vec![3200, 3500, 4000, 5000]),
            (8500, 2, vec![9000, 10_000, 20_000, 50_000]),
            (12_000, 2, vec![15_000, 20_000, 50_000, 100_000]),
            (1250, 0, vec![1300, 1400, 1500, 2000]),
            (100, 2, vec![200, 500]),
            (0, 2, vec![]),
        ] {
            let found = likely(due, exponent);
            assert!(found.iter().all(|amount| *amount > due), "{due}: {found:?}");
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{due}: {found:?}");
            assert_eq!(found, wanted, "{due}");
        }
    }
}
