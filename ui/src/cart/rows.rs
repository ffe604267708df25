//! What a counter shows of a cart: of what is the same and was put in at several moments there is one row, and one line of the sale. The
//! cart's lines stay apart underneath, since an open order knows each by its own name.

use soko_app_api::{DiscountInput, SaleLineInput};

use super::{Cart, CartLine};

impl Cart {
    /// Each as the first of its lines, with the units of all of them.
    pub fn rows(&self) -> Vec<CartLine> {
        let mut rows: Vec<CartLine> = Vec::new();
        for line in &self.lines {
            match rows.iter_mut().find(|row| row.is_same(line)) {
                Some(row) => row.quantity = row.quantity.saturating_add(line.quantity),
                None => rows.push(line.clone()),
            }
        }
        rows
    }

    /// The rows as a sale or a question has them.
    pub fn inputs(&self) -> Vec<SaleLineInput> {
        self.rows().iter().map(CartLine::input).collect()
    }

    /// The lines of the row that this one is in.
    fn keys_of_row(&self, key: u32) -> Vec<u32> {
        let Some(of) = self.lines.iter().find(|line| line.key == key) else { return Vec::new() };
        let row = self.lines.iter().filter(|line| line.key == key || of.is_same(line));
        row.map(|line| line.key).collect()
    }

    /// More comes on top of what was put in last, and less is taken off that first. Nothing of it takes the row out.
    pub fn set_row(&mut self, key: u32, quantity: i64) {
        let keys = self.keys_of_row(key);
        let units = |cart: &Self, key: u32| {
            cart.lines.iter().find(|line| line.key == key).map_or(0, |line| line.quantity)
        };
        let there: i64 = keys.iter().map(|key| units(self, *key)).sum();
        let mut more = quantity.max(0) - there;
        for key in keys.into_iter().rev() {
            let before = units(self, key);
            let now = (before + more).max(0);
            if now != before {
                self.set_quantity(key, now);
            }
            more -= now - before;
        }
    }

    /// The row as it was changed. An amount comes off its lines one after the other.
    pub fn replace_row(&mut self, changed: &CartLine) {
        let keys = self.keys_of_row(changed.key);
        self.set_row(changed.key, changed.quantity);
        let mut left_minor = match changed.discount {
            DiscountInput::AmountMinor(minor) => minor,
            DiscountInput::None | DiscountInput::PercentPpm(_) => 0,
        };
        let kept: Vec<CartLine> =
            self.lines.iter().filter(|line| keys.contains(&line.key)).cloned().collect();
        for (at, line) in kept.iter().enumerate() {
            let CartLine { key, quantity, tab_line, tab_quantity, .. } = *line;
            let mut now = CartLine { key, quantity, tab_line, tab_quantity, ..changed.clone() };
            if matches!(changed.discount, DiscountInput::AmountMinor(_)) && kept.len() > 1 {
                let is_last = at + 1 == kept.len();
                let part_minor = if is_last { left_minor } else { left_minor.min(now.gross(quantity)) };
                left_minor -= part_minor;
                now = now.with_amount(part_minor);
            }
            self.replace(now);
        }
    }

    /// A row that was taken out, where it had been.
    pub fn put_row_back(&mut self, before: &Self, key: u32) {
        before.keys_of_row(key).into_iter().for_each(|key| self.put_back(before, key));
    }
}

impl CartLine {
    /// Units of one product for one price, with the same said of them. A packet with a label and an amount off are of their own.
    fn is_same(&self, other: &Self) -> bool {
        self.product.is_some()
            && self.is_like(other)
            && self.label.is_none()
            && other.label.is_none()
            && !matches!(self.discount, DiscountInput::AmountMinor(_))
            && (self.discount, &self.reason, &self.note) == (other.discount, &other.reason, &other.note)
    }

    fn with_amount(self, minor: i64) -> Self {
        if minor > 0 {
            return Self { discount: DiscountInput::AmountMinor(minor), ..self };
        }
        Self { discount: DiscountInput::None, reason: String::new(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::{SaleId, ThingId};

    use super::super::tests::{row, tab};
    use super::*;

    /// Two of the order, one more of it, and one that was tapped here.
    fn gathered() -> Cart {
        let mut cart = Cart::of_tab(&tab(&[(21, 2), (22, 1)]), SaleId([1; 16]), ThingId([2; 16]));
        cart.add(&row(1));
        cart
    }

    fn quantities(cart: &Cart) -> Vec<i64> {
        cart.lines.iter().map(|line| line.quantity).collect()
    }

    #[test]
    fn what_was_put_in_at_several_moments_is_one_row() {
        let mut cart = gathered();
        cart.add(&row(2));
        let rows: Vec<i64> = cart.rows().iter().map(|row| row.quantity).collect();
        assert_eq!((rows, quantities(&cart)), (vec![4, 1], vec![2, 1, 1, 1]));
        let inputs: Vec<i64> = cart.inputs().iter().map(|line| line.quantity).collect();
        assert_eq!(inputs, [4, 1], "and so it is on the receipt");
        let taken = cart.about().tab_lines.unwrap();
        assert_eq!(taken.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2, 1]);
        // What something else is said of is of its own.
        cart.replace(CartLine { note: "no ice".into(), ..cart.lines[1].clone() });
        let rows: Vec<i64> = cart.rows().iter().map(|row| row.quantity).collect();
        assert_eq!(rows, [3, 1, 1]);
    }

    #[test]
    fn less_of_a_row_is_taken_off_what_was_put_in_last() {
        for (quantity, left) in [(6, vec![2, 1, 3]), (3, vec![2, 1]), (2, vec![2]), (1, vec![1]), (0, vec![])]
        {
            let mut cart = gathered();
            let before = cart.clone();
            let key = cart.rows()[0].key;
            cart.set_row(key, quantity);
            assert_eq!(quantities(&cart), left);
            if left.is_empty() {
                cart.put_row_back(&before, key);
                assert_eq!(quantities(&cart), [2, 1, 1]);
            }
        }
    }

    #[test]
    fn what_is_said_of_a_row_is_said_of_all_of_it() {
        let mut cart = gathered();
        let changed = CartLine { note: "no ice".into(), quantity: 5, ..cart.rows()[0].clone() };
        cart.replace_row(&changed);
        assert_eq!((quantities(&cart), cart.rows().len()), (vec![2, 1, 2], 1));
        assert_eq!(cart.rows()[0].note, "no ice");
        // 14.00 off 25.00: the first two are worth 10.00, the third one 5.00.
        let off = DiscountInput::AmountMinor(1_400);
        cart.replace_row(&CartLine { discount: off, ..cart.rows()[0].clone() });
        let offs: Vec<DiscountInput> = cart.lines.iter().map(|line| line.discount).collect();
        assert_eq!(
            offs,
            [DiscountInput::AmountMinor(1_000), DiscountInput::AmountMinor(400), DiscountInput::None]
        );
    }
}
