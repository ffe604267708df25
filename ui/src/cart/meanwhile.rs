//! What is put onto the counter while something else is waited for, an answer or a person, and the two carts that are one then:
//! nothing that was tapped or scanned is lost.

use soko_app_api::{DiscountInput, OpenOrderView, TenderInput};
use soko_domain::ids::SaleId;

use super::{Cart, CartLine};

/// What a cart is to be once somebody said why something leaves it, and what it was when that was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reduced {
    pub asked_on: Cart,
    pub after: Cart,
}

impl Reduced {
    /// The counter once it is done: what was scanned while somebody thought of a reason is there all the same. None where another
    /// cart is there by now.
    pub fn done(self, now: &Cart, fresh: Cart) -> Option<Cart> {
        let Self { asked_on, mut after } = self;
        if now.sale != asked_on.sale {
            return None;
        }
        after.gather(&now.since(&asked_on, fresh));
        Some(after)
    }
}

/// Why an open order was not taken up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotTaken {
    /// Another one is on the counter.
    Other,
    Full,
}

impl Cart {
    /// What was put here after it was as `before`, in a fresh one. What others put into the open order meanwhile is there.
    pub fn since(&self, before: &Self, fresh: Self) -> Self {
        let mine = |line: &CartLine| {
            let was = before.lines.iter().find(|was| was.key == line.key);
            self.here(line) - was.map_or(0, |was| before.here(was))
        };
        // What others said of the order meanwhile was followed, and is of the order.
        let theirs = self.known.as_ref();
        let customer = self.customer.filter(|_| {
            self.customer != before.customer && theirs.is_none_or(|it| it.customer != self.customer)
        });
        let returned = self.returned.clone().filter(|_| self.returned != before.returned);
        let is_told = self.is_told && !before.is_told && theirs.is_none_or(|it| !it.is_told);
        let is_noted = self.note != before.note && theirs.is_none_or(|it| it.note != self.note);
        let note = if is_noted { self.note.clone() } else { String::new() };
        let is_followed = theirs.is_some_and(|it| it.discount == self.discount);
        let (discount, reason) = match self.discount == before.discount || is_followed {
            true => (DiscountInput::None, String::new()),
            false => (self.discount, self.reason.clone()),
        };
        let taken = self.taken_since(before);
        Self { customer, returned, is_told, note, discount, reason, taken, ..self.only(mine, fresh) }
    }

    /// Money that was taken since. Two parts of one amount are two.
    fn taken_since(&self, before: &Self) -> Vec<TenderInput> {
        let mut known = before.taken.clone();
        let is_new = |part: &&TenderInput| match known.iter().position(|other| other == *part) {
            Some(at) => {
                known.remove(at);
                false
            }
            None => true,
        };
        self.taken.iter().filter(is_new).cloned().collect()
    }

    /// What is here and was never in the open order, in a fresh cart: it stays where somebody paid for the order elsewhere.
    pub fn beside_tab(&self, fresh: Self) -> Self {
        let beside =
            |line: &CartLine| line.quantity - if line.tab_line.is_some() { line.tab_quantity } else { 0 };
        let (returned, taken) = (self.returned.clone(), self.taken.clone());
        let rest = Self { returned, taken, ..self.only(beside, fresh) };
        // Whose an order was, and what they were told, is said of what they have not paid.
        if rest.is_blank() { rest } else { Self { customer: self.customer, is_told: self.is_told, ..rest } }
    }

    /// So much of each line.
    fn only(&self, quantity: impl Fn(&CartLine) -> i64, fresh: Self) -> Self {
        let part = |line: &CartLine| CartLine { quantity: quantity(line), ..line.clone() }.own();
        let lines = self.lines.iter().map(part).filter(|line| line.quantity > 0).collect();
        Self { lines, next_key: self.next_key, ..fresh }
    }

    /// What a counter is once it is known what is kept of it. None where this page's own cart stays as it is, and what is kept is not
    /// written over by it.
    pub fn taken_over(
        self,
        (before, now): (&Self, &Self),
        (paying, fresh): (Option<SaleId>, Self),
    ) -> Option<Self> {
        // Whoever pays has the next cart with the answer. What another page put into this one meanwhile is there.
        if paying == Some(now.sale) && self.sale != now.sale {
            return None;
        }
        if now == before || *now == self {
            return Some(self);
        }
        let is_nothing = self.is_blank();
        self.found((before, now), fresh).or_else(|| is_nothing.then(|| now.clone()))
    }

    /// What was kept, with what was put on the counter while it was looked for. None where another cart is there by now.
    pub fn found(mut self, (before, now): (&Self, &Self), fresh: Self) -> Option<Self> {
        if (now.sale, &now.tab) != (before.sale, &before.tab) {
            return None;
        }
        self.gather(&now.since(before, fresh));
        Some(self)
    }

    /// Puts another cart's goods here, too, and whose they are. Answers whether there was room.
    pub fn gather(&mut self, more: &Self) -> bool {
        // Whoever knows a line of either by its key takes no other one for it.
        self.next_key = self.next_key.max(more.next_key);
        self.customer = self.customer.or(more.customer);
        self.returned = self.returned.take().or_else(|| more.returned.clone());
        self.is_told |= more.is_told;
        self.taken.extend_from_slice(&more.taken);
        if self.note.is_empty() {
            self.note.clone_from(&more.note);
        }
        if self.discount == DiscountInput::None {
            self.discount = more.discount;
            self.reason.clone_from(&more.reason);
        }
        let mut has_room = true;
        for line in &more.lines {
            // What lies on a counter is not dropped for want of room.
            if !self.put(line.clone().own()) {
                self.place(self.lines.len(), line.clone().own());
                has_room = false;
            }
        }
        has_room
    }

    /// An open order taken up, with what lies here already.
    pub fn with_tab(&self, view: &OpenOrderView) -> Result<Self, NotTaken> {
        match &self.tab {
            Some(tab) if tab.order == view.order => {
                let mut same = self.clone();
                same.follow(view);
                Ok(same)
            }
            Some(_) if !self.is_empty() => Err(NotTaken::Other),
            Some(_) | None => {
                let mut taken = Self::of_tab(view, self.sale, self.command);
                if taken.gather(self) { Ok(taken) } else { Err(NotTaken::Full) }
            }
        }
    }
}

impl CartLine {
    /// In no open order.
    pub(super) fn own(self) -> Self {
        Self { tab_line: None, tab_quantity: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::basket::TenderKind;
    use soko_domain::ids::{OrderId, ProductId, ThingId};

    use super::super::open_order::tests::said;
    use super::super::tests::{cart, ids, row, tab};
    use super::super::{LINES_MAX, Returned};
    use super::*;

    fn fresh() -> Cart {
        Cart::new(SaleId([8; 16]), ThingId([9; 16]))
    }

    fn goods(cart: &Cart) -> Vec<(u8, i64)> {
        cart.lines.iter().map(|line| (line.product.unwrap().0[0], line.quantity)).collect()
    }

    fn returned() -> Option<Returned> {
        Some(Returned { sale: SaleId([10; 16]), receipt_number: 12, lines: vec![], reason: "sour".into() })
    }

    #[test]
    fn what_is_scanned_while_a_cart_is_paid_is_the_next_ones() {
        let mut sold = cart();
        sold.add(&row(1));
        sold.add(&row(2));
        sold.is_told = true;
        sold.customer = Some(ThingId([7; 16]));
        let mut now = sold.clone();
        now.add(&row(1));
        now.add(&row(3));
        let next = now.since(&sold, fresh());
        assert_eq!((goods(&next), next.sale), (vec![(1, 1), (3, 1)], SaleId([8; 16])));
        assert_eq!(
            (next.customer, next.is_told),
            (None, false),
            "whose it was and what they were told is the sale's"
        );
        assert!(sold.since(&sold, fresh()).is_blank());
        now.customer = Some(ThingId([6; 16]));
        assert_eq!(now.since(&sold, fresh()).customer, now.customer);
    }

    /// A cart is put aside, and somebody else changes the open order before it is known that it was.
    #[test]
    fn what_others_put_into_an_open_order_meanwhile_stays_in_it() {
        let sent = Cart::of_tab(&tab(&[(21, 2)]), SaleId([1; 16]), ThingId([2; 16]));
        let mut now = sent.clone();
        now.follow(&tab(&[(21, 4), (22, 1)]));
        now.add(&row(3));
        let next = now.since(&sent, fresh());
        assert_eq!(goods(&next), [(3, 1)]);
        let mine = CartLine { quantity: 5, ..now.lines[0].clone() };
        now.replace(mine);
        let next = now.since(&sent, fresh());
        assert_eq!((goods(&next), next.lines[0].tab_line), (vec![(1, 1), (3, 1)], None));
    }

    /// The money is on its way, and somebody else says something of the order.
    #[test]
    fn what_others_say_of_an_open_order_meanwhile_is_not_said_of_the_next_customers_cart() {
        let sent = Cart::of_tab(&tab(&[(21, 2)]), SaleId([1; 16]), ThingId([2; 16]));
        let mut now = sent.clone();
        let mut view = tab(&[(21, 2)]);
        view.discount = DiscountInput::PercentPpm(100_000);
        view.reason = "regular".into();
        (view.note, view.customer, view.is_told) = ("no ice".into(), Some(ThingId([7; 16])), true);
        assert!(now.follow(&view));
        let next = now.since(&sent, fresh());
        assert_eq!(next, Cart { next_key: next.next_key, ..fresh() });
        now.note = "for here".into();
        assert_eq!(now.since(&sent, fresh()).note, "for here", "what was typed here is here");
    }

    /// It was written, and its answer was lost: a stranger to the order until it is heard of.
    #[test]
    fn what_others_say_of_an_order_whose_answer_was_lost_is_followed() {
        let mut cart = cart();
        cart.add(&row(1));
        cart.send(ids(40));
        let mut view = tab(&[(42, 1)]);
        view.order = cart.tab.as_ref().unwrap().order;
        (view.discount, view.note) = (DiscountInput::PercentPpm(100_000), "no ice".into());
        assert!(cart.follow(&view));
        assert_eq!((cart.discount, cart.note.as_str()), (view.discount, "no ice"));
        assert_eq!(cart.parked("Table 4"), []);
    }

    #[derive(Clone, Copy)]
    enum Happens {
        Tap,
        /// What was put aside stands in the order.
        Write,
        /// Somebody else puts two more into it, as a line of their own.
        Others,
        Look,
    }

    /// Taps, what is written, what others do and what is shown of it, in every order before the answer comes.
    #[test]
    fn what_is_tapped_while_a_cart_is_put_aside_is_the_next_ones_in_every_order() {
        let all = [Happens::Tap, Happens::Write, Happens::Others, Happens::Look];
        for (number, more) in
            (0..all.len().pow(6)).flat_map(|number| [(number, 0), (number, 1), (number, -1)])
        {
            let mut sent = Cart::of_tab(&tab(&[(21, 2)]), SaleId([1; 16]), ThingId([2; 16]));
            let key = sent.lines[0].key;
            sent.set_quantity(key, 2 + more);
            sent.send(ids(40));
            let (mut now, mut view, mut is_written, mut taps) = (sent.clone(), tab(&[(21, 2)]), false, 0);
            for at in 0..6_u8 {
                match all[number / all.len().pow(u32::from(at)) % all.len()] {
                    Happens::Tap => {
                        now.set_quantity(key, now.lines[0].quantity + 1);
                        taps += 1;
                    }
                    Happens::Write if !is_written => {
                        is_written = true;
                        view.lines[0].quantity += more.min(0);
                        view.words.extend((more < 0).then_some(ThingId([41; 16])));
                        view.lines.extend((more > 0).then(|| tab(&[(41, more)]).lines.remove(0)));
                    }
                    Happens::Others => view.lines.extend(tab(&[(60 + at, 2)]).lines),
                    Happens::Write => {}
                    Happens::Look => {
                        now.follow(&view);
                    }
                }
            }
            let next: i64 = now.since(&sent, fresh()).lines.iter().map(|line| line.quantity).sum();
            assert_eq!(next, taps, "{number}, {more} more");
        }
    }

    #[test]
    fn an_open_order_that_is_taken_up_takes_nothing_off_the_counter() {
        let mut here = cart();
        here.add(&row(1));
        here.add(&row(3));
        here.customer = Some(ThingId([7; 16]));
        here.returned = returned();
        let view = tab(&[(21, 2)]);
        let taken = here.with_tab(&view).unwrap();
        assert_eq!(goods(&taken), [(1, 2), (1, 1), (3, 1)]);
        assert_eq!((taken.sale, taken.customer, &taken.returned), (here.sale, here.customer, &here.returned));
        let lines: Vec<_> = taken.lines.iter().map(|line| line.tab_line).collect();
        assert_eq!(lines, [Some(ThingId([21; 16])), None, None]);
        let mut keys: Vec<u32> = taken.lines.iter().map(|line| line.key).collect();
        keys.dedup();
        assert_eq!(keys.len(), 3);
        // Pressed twice: what was tapped in between is there still.
        assert_eq!(taken.with_tab(&view).unwrap(), taken);
        let other = OpenOrderView { order: OrderId([5; 16]), ..view.clone() };
        assert_eq!(taken.with_tab(&other), Err(NotTaken::Other));
        let emptied = Cart { lines: Vec::new(), ..taken };
        assert_eq!(goods(&emptied.with_tab(&other).unwrap()), [(1, 2)]);
        let mut full = cart();
        for _ in 0..LINES_MAX {
            full.add_custom("Bag".into(), 20);
        }
        assert_eq!(full.with_tab(&view), Err(NotTaken::Full), "and the order stays where it is");
        let told = Cart { is_told: true, ..cart() };
        assert!(told.with_tab(&view).unwrap().is_told);
    }

    /// Card for a part, and the page was not there when the rest was to be taken.
    #[test]
    fn money_that_was_taken_stays_with_its_cart_and_is_no_other_ones() {
        let part = |amount_minor| TenderInput {
            kind: TenderKind::Cash,
            amount_minor,
            reference: String::new(),
            seen: false,
            purse: None,
        };
        let mut sent = Cart::of_tab(&tab(&[(21, 2)]), SaleId([1; 16]), ThingId([2; 16]));
        sent.taken = vec![part(500)];
        assert!(sent.since(&sent, fresh()).is_blank(), "what paid the sale pays no other one");
        let now = Cart { taken: vec![part(500), part(500)], ..sent.clone() };
        assert_eq!(now.since(&sent, fresh()).taken, [part(500)]);
        assert_eq!(sent.clone().found((&cart(), &cart()), fresh()).map(|it| it.taken_minor()), Some(500));
        assert_eq!(
            sent.beside_tab(fresh()).taken,
            sent.taken,
            "somebody else was paid for the order, and this is here"
        );
        let emptied = Cart { lines: Vec::new(), tab: None, ..sent.clone() };
        assert!(emptied.is_empty() && !emptied.is_blank());
        assert_eq!(emptied.with_tab(&tab(&[(21, 2)])).unwrap().taken, sent.taken);
    }

    #[test]
    fn two_carts_are_one_with_all_that_is_in_either() {
        let mut kept = cart();
        kept.add(&row(1));
        kept.customer = Some(ThingId([7; 16]));
        let mut more = fresh();
        more.add(&row(1));
        more.add(&row(2));
        more.customer = Some(ThingId([6; 16]));
        more.returned = returned();
        assert!(kept.gather(&more));
        assert_eq!(goods(&kept), [(1, 2), (2, 1)]);
        assert_eq!((kept.customer, &kept.returned), (Some(ThingId([7; 16])), &more.returned));
    }

    #[test]
    fn what_is_scanned_while_a_reason_is_asked_for_stays_on_the_counter() {
        let mut asked_on = cart();
        asked_on.add(&row(1));
        asked_on.add(&row(2));
        asked_on.is_told = true;
        let mut after = asked_on.clone();
        after.remove(asked_on.lines[0].key);
        let mut now = asked_on.clone();
        now.add(&row(2));
        now.add(&row(3));
        let reduced = Reduced { asked_on, after };
        let done = reduced.clone().done(&now, fresh()).unwrap();
        assert_eq!((goods(&done), done.is_told), (vec![(2, 2), (3, 1)], true));
        let all = Reduced { after: fresh(), ..reduced.clone() };
        assert_eq!(goods(&all.done(&now, fresh()).unwrap()), [(2, 1), (3, 1)]);
        assert_eq!(reduced.done(&fresh(), fresh()), None);
    }

    #[test]
    fn what_is_tapped_before_a_kept_cart_is_found_is_added_to_it() {
        let mut kept = fresh();
        kept.add(&row(1));
        let before = cart();
        let mut now = before.clone();
        now.add(&row(3));
        let both = kept.clone().found((&before, &now), fresh()).unwrap();
        assert_eq!((goods(&both), both.sale), (vec![(1, 1), (3, 1)], kept.sale));
        assert_eq!(kept.found((&before, &fresh()), fresh()), None);
    }

    #[test]
    fn a_cart_that_is_kept_is_not_written_over_by_another_one() {
        let before = cart();
        let mut kept = fresh();
        kept.add(&row(1));
        let mut other = Cart::of_tab(&tab(&[(21, 2)]), before.sale, before.command);
        let over = |kept: &Cart, now: &Cart| kept.clone().taken_over((&before, now), (None, fresh()));
        assert_eq!(over(&kept, &before), Some(kept.clone()));
        assert_eq!(over(&kept, &other), None);
        assert_eq!(over(&fresh(), &other), Some(other.clone()), "nothing is kept that could be lost");
        (other.tab, other.sale) = (None, SaleId([11; 16]));
        assert_eq!(over(&kept, &other), None);
    }

    #[test]
    fn what_another_page_puts_into_a_cart_that_is_paid_is_the_next_ones() {
        let mut now = cart();
        now.add(&row(1));
        let mut kept = now.clone();
        kept.add(&row(3));
        let over = |kept: &Cart| kept.clone().taken_over((&now, &now), (Some(now.sale), fresh()));
        let taken = over(&kept).unwrap();
        assert_eq!(goods(&taken.since(&now, fresh())), [(3, 1)]);
        // It is known to be sold, and the answer to whoever pays is on its way.
        assert_eq!(over(&fresh()), None);
        assert_eq!(kept.taken_over((&now, &now), (None, fresh())), Some(taken));
    }

    /// First-hour 9: each taps more of what is in the order already, apart from each other, on its own line or anew.
    #[test]
    fn one_more_of_what_an_open_order_has_is_a_line_of_its_own() {
        let view = tab(&[(21, 1)]);
        let parked = |line: u8| {
            let mut cart = Cart::of_tab(&view, SaleId([line; 16]), ThingId([line; 16]));
            cart.add(&row(1));
            cart.add(&row(1));
            cart.set_quantity(cart.lines[0].key, 2);
            cart.send(ids(line));
            said(&cart.parked("Table 4"))
        };
        assert_eq!(parked(31), (vec![(32, 1), (33, 2)], vec![]));
        assert_eq!(parked(51), (vec![(52, 1), (53, 2)], vec![]));
    }

    #[test]
    fn what_was_never_in_an_order_that_was_paid_stays() {
        let mut cart = Cart::of_tab(&tab(&[(21, 2), (22, 1)]), SaleId([1; 16]), ThingId([2; 16]));
        cart.add(&row(3));
        cart.set_quantity(cart.lines[0].key, 3);
        // Somebody wanted to put it aside, and it was refused.
        cart.lines[2].tab_line = Some(ThingId([23; 16]));
        cart.customer = Some(ThingId([7; 16]));
        let rest = cart.beside_tab(fresh());
        assert_eq!((goods(&rest), rest.customer, rest.tab), (vec![(1, 1), (3, 1)], cart.customer, None));
        let paid = Cart::of_tab(&tab(&[(21, 2)]), SaleId([1; 16]), ThingId([2; 16]));
        assert!(Cart { customer: cart.customer, ..paid }.beside_tab(fresh()).is_blank());
        let product = ProductId([3; 16]);
        assert_eq!((rest.lines[1].product, rest.lines[1].tab_line), (Some(product), None));
    }
}
