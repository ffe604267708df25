//! The open cart of a register: what is on the counter, before it is a sale. The sale's identity is born with it.
//! It knows prices only to show them; what it costs is asked for. Pure.

use serde::{Deserialize, Serialize};
use soko_app_api::text::{as_hex, as_hex_list, as_hex_opt, as_word};
use soko_app_api::{
    DiscountInput, LabelView, OpenOrderLineView, OpenOrderView, ProductRow, RefundLineInput, ReturnInput,
    SaleAbout, SaleLineInput, ScannedRow, TakenOffInput, TenderInput,
};
use soko_domain::ids::{Hash, OrderId, ProductId, SaleId, ThingId};
use soko_domain::money::Ppm;
use soko_domain::quantity::Unit;

#[cfg(test)]
mod apart;
mod kept;
mod meanwhile;
mod open_order;
mod rows;

pub use kept::{LAYOUT, unpack};
pub use meanwhile::{NotTaken, Reduced};
pub use open_order::emptied;

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
    /// Why something comes off the whole cart.
    pub reason: String,
    pub note: String,
    /// The open order that was taken up.
    pub tab: Option<Tab>,
    #[serde(with = "as_hex_opt")]
    pub customer: Option<ThingId>,
    /// What came back of an earlier sale, in exchange.
    pub returned: Option<Returned>,
    next_key: u32,
    /// Paying began, so the customer was told what it costs.
    pub is_told: bool,
    /// What it knows of the lines of its open order.
    there: Vec<There>,
    /// What was taken out of it from here, and is not known to be out.
    outs: Vec<Out>,
    /// What the order said of itself when this cart looked last.
    known: Option<Known>,
    /// The keys of its lines of which something else was changed here than how much there is.
    changed: Vec<u32>,
    /// Parts of what is due that were taken already: money in somebody's hand, of which nothing else knows before the sale.
    pub taken: Vec<TenderInput>,
}

/// An open order as this cart knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tab {
    #[serde(with = "as_hex")]
    pub order: OrderId,
    pub title: String,
    /// Its lines that this cart has seen: what of them is not in the cart any more was taken out here.
    #[serde(with = "as_hex_list")]
    pub seen: Vec<ThingId>,
}

/// A line of the open order, as it was when this cart looked last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct There {
    #[serde(with = "as_hex")]
    line: ThingId,
    /// So much of it is to be paid,
    quantity: i64,
    /// and so much is paid.
    paid: i64,
    /// What was put in from here, and is not known to be there.
    sent: Option<Sent>,
}

/// So many units of a line were taken out from here by a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Out {
    #[serde(with = "as_hex")]
    word: ThingId,
    #[serde(with = "as_hex")]
    line: ThingId,
    units: i64,
}

/// What an open order says beside its lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Known {
    discount: DiscountInput,
    reason: String,
    note: String,
    #[serde(with = "as_hex_opt")]
    customer: Option<ThingId>,
    is_told: bool,
}

/// So much was asked for, which was so much more than there was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Sent {
    quantity: i64,
    more: i64,
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
    /// Why something comes off.
    pub reason: String,
    pub note: String,
    /// What the label of a scale said, in place of the price.
    pub label: Option<Label>,
    /// Which line of the open order it is, and how much of it there was.
    #[serde(with = "as_hex_opt")]
    pub tab_line: Option<ThingId>,
    pub tab_quantity: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Returned {
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    pub receipt_number: u64,
    pub lines: Vec<RefundLineInput>,
    pub reason: String,
}

/// A packet's label.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Label {
    pub code: String,
    pub price_minor: i64,
    pub quantity: i64,
}

impl Label {
    fn of(view: &LabelView) -> Self {
        Self { code: view.code.clone(), price_minor: view.price_minor, quantity: view.quantity }
    }
}

impl Cart {
    pub fn new(sale: SaleId, command: ThingId) -> Self {
        Self {
            sale,
            command,
            lines: Vec::new(),
            discount: DiscountInput::None,
            reason: String::new(),
            note: String::new(),
            tab: None,
            customer: None,
            returned: None,
            next_key: 1,
            is_told: false,
            there: Vec::new(),
            outs: Vec::new(),
            known: None,
            changed: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// One more of a product: on its plain line when there is one. Answers whether there was room.
    pub fn add(&mut self, row: &ProductRow) -> bool {
        self.put(CartLine::of(row, step(row.unit, row.price_per)))
    }

    /// As one more on a line like it, where nothing is said about either.
    fn put(&mut self, more: CartLine) -> bool {
        let same =
            self.lines.iter_mut().find(|line| more.is_plain() && line.is_plain() && line.is_like(&more));
        if let Some(line) = same {
            line.quantity = line.quantity.saturating_add(more.quantity);
            return true;
        }
        self.push(more)
    }

    /// What a scale's label says: a line of its own, since it is a packet of its own.
    pub fn add_labelled(&mut self, code: &str, scanned: &ScannedRow) -> bool {
        let quantity = scanned.quantity;
        let label = scanned.price_minor.map(|price_minor| Label { code: code.into(), price_minor, quantity });
        self.push(CartLine { label, ..CartLine::of(&scanned.row, quantity) })
    }

    pub fn add_custom(&mut self, name: String, price_minor: i64) -> bool {
        self.push(CartLine::plain(name, Unit::Piece, (price_minor, 1)))
    }

    fn push(&mut self, line: CartLine) -> bool {
        if self.lines.len() >= LINES_MAX {
            return false;
        }
        self.place(self.lines.len(), line);
        true
    }

    /// What is there already, whatever room there is: a limit drops nothing.
    fn place(&mut self, at: usize, line: CartLine) {
        self.lines.insert(at, CartLine { key: self.next_key, ..line });
        self.next_key = self.next_key.wrapping_add(1);
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
        let Some(line) = self.lines.iter_mut().find(|line| line.key == changed.key) else { return };
        let is_as_much =
            CartLine { quantity: line.quantity, tab_quantity: line.tab_quantity, ..changed.clone() };
        if is_as_much != *line && !self.changed.contains(&changed.key) {
            self.changed.push(changed.key);
        }
        *line = changed;
    }

    /// A line that was taken out, where it had been; what others put on top of it meanwhile is a part of it again.
    pub fn put_back(&mut self, before: &Self, key: u32) {
        let Some(at) = before.lines.iter().position(|line| line.key == key) else { return };
        let was = &before.lines[at];
        let is_it =
            |line: &&mut CartLine| line.key == key || was.tab_line.is_some() && line.tab_line == was.tab_line;
        match self.lines.iter_mut().find(is_it) {
            Some(line) if line.key == key => {}
            Some(line) => (line.key, line.quantity) = (key, line.quantity + was.quantity),
            None => {
                // What was asked for then and is in the order by now is there.
                let sent = |cart: &Self| {
                    let there = cart.there.iter().find(|there| Some(there.line) == was.tab_line)?;
                    Some(there.sent)
                };
                let arrived = match (sent(before), sent(self)) {
                    (Some(Some(sent)), Some(None)) => sent.more,
                    (_, _) => 0,
                };
                let line = CartLine { tab_quantity: was.tab_quantity + arrived, ..was.clone() };
                self.lines.insert(at.min(self.lines.len()), line);
            }
        }
    }

    pub fn remove(&mut self, key: u32) {
        self.lines.retain(|line| line.key != key);
    }

    /// What was asked for here, and is not any more in what it is to be: units, and what the rest costs less. Off the whole
    /// of it comes under a name of its own.
    pub fn taken_off(&self, after: &Self, whole: &str) -> Vec<TakenOffInput> {
        let same =
            |line: &CartLine| after.lines.iter().find(|kept| after.sale == self.sale && kept.key == line.key);
        let mut off: Vec<TakenOffInput> =
            self.lines.iter().filter_map(|line| line.taken_off(same(line))).collect();
        let goods = after.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.worth(line.quantity)));
        let less = part_off(after.discount, goods).saturating_sub(part_off(self.discount, goods));
        if after.sale == self.sale && less > 0 {
            off.push(TakenOffInput { product: None, name: whole.into(), quantity: 1, amount_minor: less });
        }
        off
    }

    pub fn quantity_of(&self, product: ProductId) -> i64 {
        self.lines.iter().filter(|line| line.product == Some(product)).map(|line| line.quantity).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Nobody would miss it: a customer who was chosen, goods that came back, or money that was taken are something.
    pub fn is_blank(&self) -> bool {
        self.is_empty()
            && self.tab.is_none()
            && self.customer.is_none()
            && self.returned.is_none()
            && self.taken.is_empty()
    }

    /// How much was taken already.
    pub fn taken_minor(&self) -> i64 {
        self.taken.iter().fold(0, |sum, part| sum.saturating_add(part.amount_minor))
    }

    pub fn about(&self) -> SaleAbout {
        SaleAbout {
            note: self.note.clone(),
            customer: self.customer,
            tab: self.tab.as_ref().map(|tab| tab.order),
            tab_lines: self.tab.as_ref().and_then(|tab| self.taken(tab)),
            discount_reason: self.reason.clone(),
        }
    }

    /// An open order taken up: its lines are on the counter.
    pub fn of_tab(view: &OpenOrderView, sale: SaleId, command: ThingId) -> Self {
        let mut cart = Self::new(sale, command);
        cart.discount = view.discount;
        cart.reason = view.reason.clone();
        cart.is_told = view.is_told;
        cart.note = view.note.clone();
        cart.customer = view.customer;
        cart.tab = Some(Tab { order: view.order, title: view.title.clone(), seen: Vec::new() });
        cart.follow(view);
        cart
    }

    pub fn return_input(&self) -> Option<ReturnInput> {
        let back = self.returned.as_ref()?;
        Some(ReturnInput { sale: back.sale, lines: back.lines.clone(), reason: back.reason.clone() })
    }
}

impl CartLine {
    /// What of it leaves where this stays, as it is written down; nothing where no unit does and the others cost as much.
    fn taken_off(&self, kept: Option<&Self>) -> Option<TakenOffInput> {
        let stays = kept.map_or(0, |kept| kept.quantity.min(self.quantity));
        let gone = self.quantity.saturating_sub(stays);
        let cheaper = kept.map_or(0, |kept| self.worth(stays).saturating_sub(kept.worth(stays))).max(0);
        let amount_minor = self.gross(gone).saturating_add(cheaper);
        let quantity = if gone > 0 { gone } else { stays };
        (gone > 0 || cheaper > 0).then(|| TakenOffInput {
            product: self.product,
            name: self.name.clone(),
            quantity,
            amount_minor,
        })
    }

    /// Of a product, with nothing said about it. A line of an open order is none: what is put on top of it is a line of its own.
    fn is_plain(&self) -> bool {
        self.product.is_some()
            && self.note.is_empty()
            && self.discount == DiscountInput::None
            && self.label.is_none()
            && self.tab_line.is_none()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.product == other.product
            && (self.price_minor, self.price_per) == (other.price_minor, other.price_per)
    }

    fn gross(&self, quantity: i64) -> i64 {
        let (price_minor, per) = self.asked();
        let amount = i128::from(price_minor) * i128::from(quantity) / i128::from(per.max(1));
        i64::try_from(amount).unwrap_or(i64::MAX)
    }

    /// What so much of it costs after its own discount.
    fn worth(&self, quantity: i64) -> i64 {
        let gross = self.gross(quantity);
        gross.saturating_sub(part_off(self.discount, gross))
    }

    /// Its price, and for how much.
    fn asked(&self) -> (i64, i64) {
        let price = (self.price_minor, self.price_per);
        self.label.as_ref().map_or(price, |label| (label.price_minor, label.quantity))
    }

    /// The step of its plus and minus.
    pub fn step(&self) -> i64 {
        match self.unit {
            Unit::Piece => 1,
            Unit::Gram | Unit::Millilitre => 50,
        }
    }

    /// One unit, of no product and with nothing said about it.
    fn plain(name: String, unit: Unit, (price_minor, price_per): (i64, i64)) -> Self {
        Self {
            key: 0,
            product: None,
            name,
            unit,
            quantity: 1,
            price_minor,
            price_per,
            picture: None,
            discount: DiscountInput::None,
            reason: String::new(),
            note: String::new(),
            label: None,
            tab_line: None,
            tab_quantity: 0,
        }
    }

    fn of(row: &ProductRow, quantity: i64) -> Self {
        Self {
            product: Some(row.product),
            quantity,
            picture: row.picture,
            ..Self::plain(row.name.clone(), row.unit, (row.price_minor, row.price_per))
        }
    }

    fn of_tab(line: &OpenOrderLineView) -> Self {
        Self {
            product: line.product,
            quantity: line.quantity,
            picture: line.picture,
            discount: line.discount,
            reason: line.reason.clone(),
            note: line.note.clone(),
            label: line.label.as_ref().map(Label::of),
            tab_line: Some(line.line),
            tab_quantity: line.quantity,
            ..Self::plain(line.name.clone(), line.unit, (line.unit_price_minor, line.price_per))
        }
    }

    fn input(&self) -> SaleLineInput {
        // C53: the buyer was told this price, whatever becomes of the product's own.
        let (price_minor, price_per) = self.asked();
        SaleLineInput {
            product: self.product,
            name: self.product.is_none().then(|| self.name.clone()),
            quantity: self.quantity,
            unit_price_minor: Some(price_minor),
            price_per: Some(price_per),
            label: self.label.as_ref().map(|label| label.code.clone()).unwrap_or_default(),
            discount: self.discount,
            discount_reason: self.reason.clone(),
            note: self.note.clone(),
            tax: None,
        }
    }
}

/// What comes off an amount, near enough to tell which of two discounts is the larger one.
fn part_off(discount: DiscountInput, of_minor: i64) -> i64 {
    match discount {
        DiscountInput::None => 0,
        DiscountInput::AmountMinor(minor) => minor.min(of_minor),
        DiscountInput::PercentPpm(ppm) => {
            let part = i128::from(of_minor) * i128::from(ppm) / i128::from(Ppm::ONE.0);
            i64::try_from(part).unwrap_or(of_minor)
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
    use soko_app_api::OpenOrderEdit;

    use super::*;

    pub(super) fn row(number: u8) -> ProductRow {
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
            family: None,
        }
    }

    /// Identities that nobody else has.
    pub(super) fn ids(from: u8) -> impl FnMut() -> ThingId {
        let mut last = from;
        move || {
            last += 1;
            ThingId([last; 16])
        }
    }

    pub(super) fn cart() -> Cart {
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
        let inputs = cart.inputs();
        assert_eq!((inputs[0].name.as_deref(), inputs[0].note.as_str()), (None, "ground"));
        assert_eq!(inputs[2].note, "");
    }

    /// C53: who was told a price pays it; what comes afterwards has the new one.
    #[test]
    fn a_line_keeps_the_price_it_was_added_with() {
        let mut cart = cart();
        cart.add(&row(1));
        cart.add(&ProductRow { price_minor: 600, ..row(1) });
        let prices: Vec<_> = cart.inputs().iter().map(|line| line.unit_price_minor).collect();
        assert_eq!(prices, [Some(500), Some(600)]);
    }

    /// The label's price is for the packet, and it stays with it while the cart is put aside.
    #[test]
    fn a_packet_costs_what_its_label_says() {
        let mut cart = cart();
        let cheese = ProductRow { unit: Unit::Gram, price_minor: 1_500, price_per: 1_000, ..row(1) };
        let scanned = ScannedRow { row: cheese, quantity: 660, price_minor: Some(990) };
        cart.add_labelled("2204217009902", &scanned);
        let line = &cart.inputs()[0];
        assert_eq!((line.unit_price_minor, line.price_per), (Some(990), Some(660)));
        assert_eq!(line.label, "2204217009902");
        cart.lines[0].reason = "rind".into();
        cart.reason = "last one".into();
        cart.is_told = true;
        cart.send(ids(40));
        let edits = cart.parked("Table 4");
        let parked = edits.iter().find_map(|edit| {
            if let OpenOrderEdit::PutLine { content, .. } = edit { Some(content.clone()) } else { None }
        });
        let parked = parked.unwrap();
        let told = (parked.unit_price_minor, parked.label.as_str(), parked.reason.as_str());
        assert_eq!(told, (1_500, "2204217009902", "rind"));
        assert!(
            edits.contains(&OpenOrderEdit::Reason("last one".into())) && edits.contains(&OpenOrderEdit::Told)
        );

        let label = LabelView { code: parked.label, price_minor: 990, quantity: 660 };
        let mut view = tab(&[(21, 660)]);
        view.reason = "last one".into();
        view.is_told = true;
        view.lines[0] = OpenOrderLineView {
            price_per: 1_000,
            unit_price_minor: 1_500,
            reason: "rind".into(),
            label: Some(label),
            ..view.lines[0].clone()
        };
        let again = Cart::of_tab(&view, SaleId([3; 16]), ThingId([4; 16]));
        let line = &again.inputs()[0];
        assert_eq!((line.unit_price_minor, line.price_per), (Some(990), Some(660)));
        assert_eq!((line.discount_reason.as_str(), again.reason.as_str()), ("rind", "last one"));
        assert!(again.is_told, "nothing leaves it in silence by being put aside");
    }

    #[test]
    fn a_line_comes_back_where_it_was() {
        let mut before = cart();
        before.add(&row(1));
        before.add_custom("Bag".into(), 20);
        let mut now = before.clone();
        let key = now.lines[0].key;
        now.remove(key);
        now.add_custom("Box".into(), 30);
        now.is_told = true;
        for _ in 0..2 {
            now.put_back(&before, key);
        }
        let names: Vec<&str> = now.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!((names, now.is_told), (vec!["Cloves", "Bag", "Box"], true));
    }

    #[test]
    fn a_line_that_comes_back_is_one_with_what_others_put_on_top_of_it() {
        let mut before = Cart::of_tab(&tab(&[(21, 2)]), SaleId([1; 16]), ThingId([2; 16]));
        before.set_quantity(before.lines[0].key, 3);
        let (mut now, key) = (before.clone(), before.lines[0].key);
        now.remove(key);
        now.follow(&tab(&[(21, 4)]));
        for _ in 0..2 {
            now.put_back(&before, key);
        }
        let lines: Vec<_> = now.lines.iter().map(|line| (line.key, line.quantity)).collect();
        assert_eq!(lines, [(key, 5)], "the one more that was tapped here, too");
        assert!(!now.follow(&tab(&[(21, 4)])));
    }

    #[test]
    fn what_leaves_a_cart_is_known() {
        let mut before = cart();
        before.add(&row(1));
        before.add(&row(1));
        before.add_custom("Bag".into(), 20);
        let mut after = before.clone();
        assert!(before.taken_off(&after, "Discount").is_empty());
        after.add(&row(2));
        after.set_quantity(before.lines[0].key, 1);
        let off = |after: &Cart| -> Vec<(String, i64, i64)> {
            before
                .taken_off(after, "Discount")
                .into_iter()
                .map(|line| (line.name, line.quantity, line.amount_minor))
                .collect()
        };
        assert_eq!(off(&after), [("Cloves".into(), 1, 500)]);
        let other = Cart::new(SaleId([9; 16]), ThingId([9; 16]));
        assert_eq!(off(&other), [("Cloves".into(), 2, 1_000), ("Bag".into(), 1, 20)], "all of it");
    }

    /// Who was told a total and pays less has a reason, whether a line left, its price, or a part of the whole.
    #[test]
    fn what_costs_less_than_was_told_is_known() {
        let mut before = cart();
        before.add(&row(1));
        before.add(&row(1));
        before.add_custom("Bag".into(), 20);
        let cloves = before.lines[0].clone();
        let off = |line: CartLine, discount| -> Vec<(String, i64, i64)> {
            let mut after = Cart { discount, ..before.clone() };
            after.replace(line);
            let off = before.taken_off(&after, "Discount").into_iter();
            off.map(|line| (line.name, line.quantity, line.amount_minor)).collect()
        };
        let (none, tenth) = (DiscountInput::None, DiscountInput::PercentPpm(100_000));
        let named = |name: &str, quantity, minor| vec![(name.to_owned(), quantity, minor)];
        let cheap = CartLine { price_minor: 300, ..cloves.clone() };
        assert_eq!(off(cheap.clone(), none), named("Cloves", 2, 400));
        assert_eq!(off(CartLine { quantity: 1, ..cheap.clone() }, none), named("Cloves", 1, 700));
        assert_eq!(
            off(CartLine { quantity: 5, ..cheap }, none),
            named("Cloves", 2, 400),
            "more of it hides nothing"
        );
        assert_eq!(off(CartLine { discount: tenth, ..cloves.clone() }, none), named("Cloves", 2, 100));
        assert_eq!(off(cloves.clone(), tenth), named("Discount", 1, 102));
        assert_eq!(off(cloves.clone(), DiscountInput::AmountMinor(70)), named("Discount", 1, 70));
        assert_eq!(off(CartLine { price_minor: 600, note: "ground".into(), ..cloves }, none), []);
        // A discount that was told already, and a smaller one.
        let told = Cart { discount: tenth, ..before.clone() };
        assert!(told.taken_off(&told.clone(), "Discount").is_empty());
        assert!(told.taken_off(&before, "Discount").is_empty());
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

    pub(super) fn tab(lines: &[(u8, i64)]) -> OpenOrderView {
        let line = |(number, quantity): &(u8, i64)| OpenOrderLineView {
            line: ThingId([*number; 16]),
            product: Some(ProductId([1; 16])),
            name: "Cloves".into(),
            unit: Unit::Piece,
            picture: None,
            quantity: *quantity,
            paid: 0,
            unit_price_minor: 500,
            price_per: 1,
            discount: DiscountInput::None,
            reason: String::new(),
            note: String::new(),
            label: None,
        };
        OpenOrderView {
            order: OrderId([9; 16]),
            title: "Table 4".into(),
            lines: lines.iter().map(line).collect(),
            customer: None,
            discount: DiscountInput::None,
            reason: String::new(),
            note: String::new(),
            is_told: false,
            closed_by: None,
            paid_by: None,
            words: Vec::new(),
            problems: Vec::new(),
        }
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

        // Put into an open order, and more of each line of it.
        let (mut now, mut next) = (tab(&[]), 0_u32);
        let mut id = || {
            next += 1;
            ThingId([&next.to_be_bytes()[..], &[7; 12]].concat().try_into().unwrap())
        };
        for number in 0..LINES_MAX {
            let [line] = &tab(&[(1, 1)]).lines[..] else { panic!("one line") };
            let name = format!("A thing with a long name, number {number}");
            let picture = Some(Hash([9; 32]));
            now.lines.push(OpenOrderLineView { line: id(), name, picture, ..line.clone() });
        }
        let mut full = Cart::of_tab(&now, cart.sale, cart.command);
        for key in full.lines.iter().map(|line| line.key).collect::<Vec<_>>() {
            full.set_quantity(key, 2);
        }
        full.send(id);
        assert_eq!(full.lines.len(), 2 * LINES_MAX);
        assert!(soko_app_api::encode(&full).unwrap().len() <= soko_app_api::DRAFT_BYTES_MAX);
    }
}
