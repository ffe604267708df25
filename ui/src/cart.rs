//! The open cart of a register: what is on the counter, before it is a sale. The sale's identity is born with it.
//! It knows prices only to show them; what it costs is asked for. Pure.

use serde::{Deserialize, Serialize};
use soko_app_api::text::{as_hex, as_hex_opt, as_word};
use soko_app_api::{DiscountInput, ProductRow, SaleLineInput};
use soko_domain::ids::{Hash, ProductId, SaleId, ThingId};
use soko_domain::quantity::Unit;

/// More lines are no sale at a counter, and a draft has its limit.
pub const LINES_MAX: usize = 300;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cart {
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    /// Of the command that makes the sale.
    #[serde(with = "as_hex")]
    pub command: ThingId,
    pub lines: Vec<CartLine>,
    pub discount: DiscountInput,
    next_key: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CartLine {
    /// Which line it is, as long as it is in the cart.
    pub key: u32,
    /// None for a custom amount.
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub quantity: i64,
    pub price_minor: i64,
    pub price_per: i64,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    pub discount: DiscountInput,
    pub note: String,
}

impl Cart {
    pub fn new(sale: SaleId, command: ThingId) -> Self {
        Self { sale, command, lines: Vec::new(), discount: DiscountInput::None, next_key: 1 }
    }

    /// One more of a product: on its plain line when there is one. Answers whether there was room.
    pub fn add(&mut self, row: &ProductRow) -> bool {
        let step = step(row.unit, row.price_per);
        let plain = self.lines.iter_mut().find(|line| {
            line.product == Some(row.product) && line.note.is_empty() && line.discount == DiscountInput::None
        });
        if let Some(line) = plain {
            line.quantity = line.quantity.saturating_add(step);
            return true;
        }
        self.push(CartLine {
            key: 0,
            product: Some(row.product),
            name: row.name.clone(),
            unit: row.unit,
            quantity: step,
            price_minor: row.price_minor,
            price_per: row.price_per,
            picture: row.picture,
            discount: DiscountInput::None,
            note: String::new(),
        })
    }

    pub fn add_custom(&mut self, name: String, price_minor: i64) -> bool {
        self.push(CartLine {
            key: 0,
            product: None,
            name,
            unit: Unit::Piece,
            quantity: 1,
            price_minor,
            price_per: 1,
            picture: None,
            discount: DiscountInput::None,
            note: String::new(),
        })
    }

    fn push(&mut self, line: CartLine) -> bool {
        if self.lines.len() >= LINES_MAX {
            return false;
        }
        self.lines.push(CartLine { key: self.next_key, ..line });
        self.next_key = self.next_key.wrapping_add(1);
        true
    }

    /// Nothing of it takes the line out.
    pub fn set_quantity(&mut self, key: u32, quantity: i64) {
        if quantity <= 0 {
            self.remove(key);
        } else if let Some(line) = self.lines.iter_mut().find(|line| line.key == key) {
            line.quantity = quantity;
        }
    }

    pub fn replace(&mut self, changed: CartLine) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.key == changed.key) {
            *line = changed;
        }
    }

    pub fn remove(&mut self, key: u32) {
        self.lines.retain(|line| line.key != key);
    }

    pub fn quantity_of(&self, product: ProductId) -> i64 {
        self.lines.iter().filter(|line| line.product == Some(product)).map(|line| line.quantity).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines as a sale or a question has them.
    pub fn inputs(&self) -> Vec<SaleLineInput> {
        self.lines.iter().map(CartLine::input).collect()
    }
}

impl CartLine {
    /// The step of its plus and minus.
    pub fn step(&self) -> i64 {
        match self.unit {
            Unit::Piece => 1,
            Unit::Gram | Unit::Millilitre => 50,
        }
    }

    fn input(&self) -> SaleLineInput {
        // A note goes onto the receipt with the name.
        let name = match (self.product, self.note.is_empty()) {
            (Some(_), true) => None,
            (_, true) => Some(self.name.clone()),
            (_, false) => Some(format!("{} · {}", self.name, self.note)),
        };
        SaleLineInput {
            product: self.product,
            name,
            quantity: self.quantity,
            unit_price_minor: self.product.is_none().then_some(self.price_minor),
            discount: self.discount,
            tax: None,
        }
    }
}

/// What one tap adds.
fn step(unit: Unit, price_per: i64) -> i64 {
    match unit {
        Unit::Piece => 1,
        Unit::Gram | Unit::Millilitre => price_per.max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u8) -> ProductRow {
        ProductRow {
            product: ProductId([number; 16]),
            name: "Cloves".into(),
            sku: String::new(),
            unit: Unit::Piece,
            price_minor: 500,
            price_per: 1,
            currency: "KES".into(),
            archived: false,
            favourite: false,
            options: String::new(),
            is_bundle: false,
            own_share: 3,
            picture: None,
            categories: Vec::new(),
        }
    }

    fn cart() -> Cart {
        Cart::new(SaleId([1; 16]), ThingId([2; 16]))
    }

    #[test]
    fn a_second_tap_is_a_second_piece_unless_the_line_is_special() {
        let mut cart = cart();
        cart.add(&row(1));
        cart.add(&row(2));
        cart.add(&row(1));
        assert_eq!((cart.lines.len(), cart.quantity_of(ProductId([1; 16]))), (2, 2));
        let special = CartLine { note: "ground".into(), ..cart.lines[0].clone() };
        cart.replace(special);
        cart.add(&row(1));
        assert_eq!((cart.lines.len(), cart.quantity_of(ProductId([1; 16]))), (3, 3));
        assert_eq!(cart.inputs()[0].name.as_deref(), Some("Cloves · ground"));
        assert_eq!(cart.inputs()[2].name, None);
    }

    #[test]
    fn nothing_of_it_is_no_line() {
        let mut cart = cart();
        cart.add(&row(1));
        cart.add_custom("Bag".into(), 20);
        let key = cart.lines[0].key;
        cart.set_quantity(key, 0);
        assert_eq!(cart.lines.len(), 1);
        let bag = &cart.inputs()[0];
        assert_eq!((bag.name.as_deref(), bag.unit_price_minor), (Some("Bag"), Some(20)));
    }

    /// C18: the identity is born with the cart, and a restart does not change it.
    #[test]
    fn a_cart_comes_back_as_it_was_kept() {
        let mut cart = cart();
        cart.add(&row(1));
        cart.discount = DiscountInput::PercentPpm(100_000);
        let bytes = soko_app_api::encode(&cart).unwrap();
        assert_eq!(soko_app_api::decode::<Cart>(&bytes).unwrap(), cart);
    }

    #[test]
    fn a_full_cart_fits_into_a_draft() {
        let mut cart = cart();
        for number in 0..LINES_MAX {
            cart.add_custom(format!("A thing with a long name, number {number}"), 1);
        }
        assert!(!cart.add(&row(1)));
        assert!(soko_app_api::encode(&cart).unwrap().len() <= soko_app_api::DRAFT_BYTES_MAX);
    }
}
