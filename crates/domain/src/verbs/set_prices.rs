//! Say who set prices by hand or from a list. The edit itself is the products' documents; what is written here stands
//! beside it, because a document does not say who edited it.

use crate::entry::{Entry, PriceSet, PricesSet, SetCause};

/// Nothing where no price became another.
pub fn decide(cause: SetCause, mut lines: Vec<PriceSet>) -> Vec<Entry> {
    lines.retain(|line| (line.from_minor, line.from_per) != (line.to_minor, line.to_per));
    if lines.is_empty() { Vec::new() } else { vec![PricesSet { cause, lines }.into()] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProductId;

    #[test]
    fn only_what_became_another_price_is_said() {
        let line = |number, (from_minor, from_per), (to_minor, to_per)| PriceSet {
            product: ProductId([number; 16]),
            from_minor,
            from_per,
            to_minor,
            to_per,
        };
        let lines =
            vec![line(1, (100, 1), (100, 1)), line(2, (100, 1), (90, 1)), line(3, (100, 1_000), (100, 100))];
        assert_eq!(decide(SetCause::Edited, lines[..1].to_vec()), []);
        let said = PricesSet { cause: SetCause::Imported, lines: lines[1..].to_vec() };
        assert_eq!(decide(SetCause::Imported, lines), [said.into()]);
    }
}
