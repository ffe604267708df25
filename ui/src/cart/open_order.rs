//! The open order that a cart is: what others do to it is followed, what was done here is kept apart from that, and only that is
//! said of it when it is put aside again.

use std::collections::BTreeMap;

use soko_app_api::{DiscountInput, OpenOrderEdit, OpenOrderLineView, OpenOrderView, TabLine, TabTaken};
use soko_domain::ids::{OrderId, ThingId};

use super::{Cart, CartLine, Known, Out, Sent, Tab, There};

impl Cart {
    /// Takes over what others did to the open order meanwhile: lines they added, took out and were paid for, and what they said of
    /// it. What was done here comes on top of it. Says whether anything changed. One that was paid for is followed no further.
    pub fn follow(&mut self, view: &OpenOrderView) -> bool {
        if view.closed_by.is_some() {
            return self.tab.as_ref().is_some_and(|tab| tab.order == view.order) && self.has_arrived(view);
        }
        if self.tab.as_ref().is_none_or(|tab| tab.order != view.order) {
            return false;
        }
        let before = self.clone();
        let is_there = |line: ThingId| view.lines.iter().any(|known| known.line == line);
        let seen = self.see(view);
        // A line that was put there a moment ago is not seen yet.
        self.lines.retain(|line| line.tab_line.is_none_or(|known| is_there(known) || !seen.contains(&known)));
        let asked: BTreeMap<ThingId, i64> =
            self.there.iter().map(|there| (there.line, self.asked(there.line))).collect();
        self.outs.retain(|out| !view.words.contains(&out.word));
        let known = std::mem::take(&mut self.there);
        for at in &view.lines {
            let was = known.iter().find(|was| was.line == at.line);
            let asked = asked.get(&at.line).copied().unwrap_or(0);
            let gone =
                was.map_or(if seen.contains(&at.line) { at.quantity } else { 0 }, |was| was.quantity + asked);
            self.follow_line(at, asked, gone);
            self.there.push(There { line: at.line, quantity: at.quantity, paid: at.paid, sent: None });
        }
        self.there.extend(known.into_iter().filter(|was| was.sent.is_some() && !is_there(was.line)));
        self.lines.retain(|line| line.quantity > 0);
        *self != before
    }

    /// Takes over what the order says of itself, but for what something else was said of here. Answers which lines were seen.
    fn see(&mut self, view: &OpenOrderView) -> Vec<ThingId> {
        let now = Known::of(view);
        // One that was kept by the program before does not know what was said here: nothing of it is said over what others did.
        let was = self.known.replace(now).unwrap_or_else(|| self.said());
        // Whoever says another reason says no discount: it is the order's all the same, and may be spent by now.
        if self.discount == was.discount {
            self.discount = view.discount;
            if self.reason == was.reason {
                self.reason.clone_from(&view.reason);
            }
        }
        if self.note == was.note {
            self.note.clone_from(&view.note);
        }
        if self.customer == was.customer {
            self.customer = view.customer;
        }
        self.is_told |= view.is_told;
        let Some(tab) = &mut self.tab else { return Vec::new() };
        tab.title.clone_from(&view.title);
        std::mem::replace(&mut tab.seen, view.lines.iter().map(|line| line.line).collect())
    }

    /// What this cart says, in the place of what its order is known to say.
    fn said(&self) -> Known {
        let Self { discount, customer, is_told, .. } = *self;
        Known { discount, reason: self.reason.clone(), note: self.note.clone(), customer, is_told }
    }

    /// What was asked for in an order that is paid by now, and is in it, was paid there: it is not beside the order.
    fn has_arrived(&mut self, view: &OpenOrderView) -> bool {
        let mut is_news = false;
        for at in &view.lines {
            let Some(there) = self.there.iter_mut().find(|there| there.line == at.line) else { continue };
            let Some(sent) = there.sent.take() else { continue };
            for line in self.lines.iter_mut().filter(|line| line.tab_line == Some(at.line)) {
                line.tab_quantity += sent.more;
            }
            is_news = true;
        }
        is_news
    }

    /// One line as it is in the order by now, with what was done here on top. `asked` was not known to be done before, and `gone`
    /// is what is taken out where no line of it is here.
    fn follow_line(&mut self, at: &OpenOrderLineView, asked: i64, gone: i64) {
        // What was put in is there now, since its line is. What is taken out may be on its way still.
        let still = self.asked(at.line);
        let Some(line) = self.lines.iter_mut().find(|line| line.tab_line == Some(at.line)) else {
            // Taken out here: what others put on top of it is there all the same.
            let quantity = at.quantity + still - gone;
            if quantity > 0 {
                self.place(self.lines.len(), CartLine { quantity, ..CartLine::of_tab(at) });
            }
            return;
        };
        let here = line.quantity - line.tab_quantity - asked;
        let content = if self.changed.contains(&line.key) { line.clone() } else { CartLine::of_tab(at) };
        let (key, quantity, tab_quantity) = (line.key, at.quantity + still + here, at.quantity);
        *line = CartLine { key, quantity, tab_quantity, ..content };
    }

    /// What of the order was to be paid, as this cart saw it. One that was kept by the program before does not know.
    pub(super) fn taken(&self, tab: &Tab) -> Option<Vec<TabTaken>> {
        let seen = self.there.iter().filter(|there| tab.seen.contains(&there.line));
        let taken: Vec<TabTaken> =
            seen.map(|there| TabTaken { line: there.line, quantity: there.quantity }).collect();
        (taken.len() == tab.seen.len()).then_some(taken)
    }

    /// So much of a line was done here: beyond what the order has, and what was not asked for it.
    pub(super) fn here(&self, line: &CartLine) -> i64 {
        line.quantity - line.tab_quantity - line.tab_line.map_or(0, |known| self.asked(known))
    }

    /// So much more of a line of the order was asked for, or less, and is not known to be so.
    fn asked(&self, line: ThingId) -> i64 {
        let there = self.there.iter().find(|there| there.line == line);
        let more = there.and_then(|there| there.sent).map_or(0, |sent| sent.more);
        more - self.outs.iter().filter(|out| out.line == line).map(|out| out.units).sum::<i64>()
    }

    /// All of it is asked for in the order from now on, until it is known to be there. What is put in is a line of its own, also
    /// where it is more of one that is there: so nobody's number is written over another one's. What is taken out is said by a
    /// word. Each has an identity, by which it is known again, and a repeat does nothing twice.
    pub fn send(&mut self, mut id: impl FnMut() -> ThingId) {
        self.split();
        if self.tab.is_none() {
            self.tab = Some(Tab { order: OrderId(id().0), title: String::new(), seen: Vec::new() });
            // Whatever others say of it before this device hears of it again is theirs.
            self.known = Some(Known::nothing());
        }
        let seen = self.tab.as_ref().map_or_else(Vec::new, |tab| tab.seen.clone());
        for line in &mut self.lines {
            let known = *line.tab_line.get_or_insert_with(&mut id);
            if self.there.iter().any(|there| there.line == known) {
                continue;
            }
            let is_new = !seen.contains(&known);
            let sent = is_new.then_some(Sent { quantity: line.quantity, more: line.quantity });
            self.there.push(There { line: known, quantity: line.tab_quantity, paid: 0, sent });
        }
        let word = id();
        let less = |there: &There| {
            let kept = self.lines.iter().find(|line| line.tab_line == Some(there.line));
            let units = there.quantity + self.asked(there.line) - kept.map_or(0, |line| line.quantity);
            (units > 0).then_some(Out { word, line: there.line, units })
        };
        let outs: Vec<Out> = self.there.iter().filter_map(less).collect();
        self.outs.extend(outs);
    }

    /// Makes lines of their own of what came on top of lines of the order. An amount off a line came off once.
    fn split(&mut self) {
        let mut at = 0;
        while at < self.lines.len() {
            let more = self.here(&self.lines[at]);
            if self.lines[at].tab_line.is_some() && more > 0 {
                self.lines[at].quantity -= more;
                let own = CartLine { quantity: more, ..self.lines[at].clone() }.own().without_amount();
                at += 1;
                self.place(at, own);
            }
            at += 1;
        }
        self.lines.retain(|line| line.quantity > 0);
    }

    /// What the program before asked for by writing over a number is not known again: it is asked for anew.
    pub(super) fn forget_overwritten(&mut self) {
        for there in &mut self.there {
            there.sent = there.sent.filter(|sent| sent.quantity == sent.more);
        }
    }

    /// The edits that put this cart aside as an open order: what was done to it here, and nothing else.
    pub fn parked(&self, title: &str) -> Vec<OpenOrderEdit> {
        let Some(tab) = &self.tab else { return Vec::new() };
        let nothing = Known::nothing();
        let was = self.known.as_ref().unwrap_or(&nothing);
        let said = [
            (title != tab.title).then(|| OpenOrderEdit::Title(title.into())),
            (self.discount != was.discount).then_some(OpenOrderEdit::Discount(self.discount)),
            (self.reason != was.reason).then(|| OpenOrderEdit::Reason(self.reason.clone())),
            (self.note != was.note).then(|| OpenOrderEdit::Note(self.note.clone())),
            (self.customer != was.customer).then_some(OpenOrderEdit::Customer(self.customer)),
            (self.is_told && !was.is_told).then_some(OpenOrderEdit::Told),
        ];
        let mut edits: Vec<OpenOrderEdit> = said.into_iter().flatten().collect();
        edits.extend(self.there.iter().filter_map(|there| self.put_in(there)));
        let mut words: BTreeMap<ThingId, Vec<TabTaken>> = BTreeMap::new();
        for out in &self.outs {
            words.entry(out.word).or_default().push(TabTaken { line: out.line, quantity: out.units });
        }
        edits.extend(words.into_iter().map(|(word, lines)| OpenOrderEdit::TakeOut { word, lines }));
        edits
    }

    /// A line that is put in, or of which something else was changed.
    fn put_in(&self, there: &There) -> Option<OpenOrderEdit> {
        let line = self.lines.iter().find(|line| line.tab_line == Some(there.line))?;
        let quantity = match there.sent {
            Some(sent) => sent.more,
            None if self.changed.contains(&line.key) => there.quantity + there.paid,
            None => return None,
        };
        let content = TabLine {
            product: line.product,
            name: line.name.clone(),
            quantity,
            unit_price_minor: line.price_minor,
            discount: line.discount,
            note: line.note.clone(),
            reason: line.reason.clone(),
            label: line.label.as_ref().map(|label| label.code.clone()).unwrap_or_default(),
        };
        Some(OpenOrderEdit::PutLine { line: there.line, content })
    }
}

impl CartLine {
    fn without_amount(self) -> Self {
        match self.discount {
            DiscountInput::AmountMinor(_) => {
                Self { discount: DiscountInput::None, reason: String::new(), ..self }
            }
            DiscountInput::None | DiscountInput::PercentPpm(_) => self,
        }
    }
}

impl Known {
    pub(super) fn nothing() -> Self {
        Self {
            discount: DiscountInput::None,
            reason: String::new(),
            note: String::new(),
            customer: None,
            is_told: false,
        }
    }

    pub(super) fn of(view: &OpenOrderView) -> Self {
        let OpenOrderView { discount, customer, is_told, .. } = *view;
        Self { discount, reason: view.reason.clone(), note: view.note.clone(), customer, is_told }
    }
}

/// Takes out what of an open order is to be paid, by a word, so that it is open nowhere. What somebody puts into it meanwhile, at
/// another register, opens it again with that alone.
pub fn emptied(tab: &OpenOrderView, word: ThingId) -> Vec<OpenOrderEdit> {
    let due = tab.lines.iter().filter(|line| line.quantity > 0);
    let lines = due.map(|line| TabTaken { line: line.line, quantity: line.quantity }).collect();
    vec![OpenOrderEdit::TakeOut { word, lines }]
}

#[cfg(test)]
pub(super) mod tests {
    use soko_domain::ids::SaleId;

    use super::super::LINES_MAX;
    use super::super::tests::{cart, ids, row, tab};
    use super::*;

    /// Of what edits put in and take out, how much of which line.
    pub(in super::super) fn said(edits: &[OpenOrderEdit]) -> (Vec<(u8, i64)>, Vec<(u8, i64)>) {
        let (mut puts, mut outs) = (Vec::new(), Vec::new());
        for edit in edits {
            if let OpenOrderEdit::PutLine { line, content } = edit {
                puts.push((line.0[0], content.quantity));
            } else if let OpenOrderEdit::TakeOut { lines, .. } = edit {
                outs.extend(lines.iter().map(|line| (line.line.0[0], line.quantity)));
            }
        }
        (puts, outs)
    }

    /// An order of which two of three were paid, and one line whole.
    fn partly() -> OpenOrderView {
        let mut view = tab(&[(21, 1), (22, 0)]);
        view.lines[0].paid = 2;
        view.lines[1].paid = 4;
        OpenOrderView { paid_by: Some(SaleId([7; 16])), ..view }
    }

    fn of(view: &OpenOrderView) -> Cart {
        Cart::of_tab(view, SaleId([1; 16]), ThingId([2; 16]))
    }

    #[test]
    fn what_was_paid_of_an_order_is_not_on_the_counter_and_stays_in_it() {
        let mut cart = of(&partly());
        assert_eq!(cart.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [1]);
        cart.set_quantity(cart.lines[0].key, 2);
        let mut fewer = cart.clone();
        cart.send(ids(40));
        assert_eq!(said(&cart.parked("Table 4")), (vec![(41, 1)], vec![]));
        fewer.lines.clear();
        fewer.send(ids(40));
        assert_eq!(said(&fewer.parked("Table 4")), (vec![], vec![(21, 1)]));
        assert_eq!(said(&emptied(&partly(), ThingId([40; 16]))), (vec![], vec![(21, 1)]));
    }

    #[test]
    fn what_is_paid_elsewhere_leaves_the_counter_and_what_was_added_here_stays() {
        let mut cart = of(&tab(&[(21, 3), (22, 4)]));
        cart.set_quantity(cart.lines[0].key, 5);
        cart.add(&row(3));
        assert!(cart.follow(&partly()));
        assert_eq!(cart.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [3, 1]);
        let taken = cart.about().tab_lines.unwrap();
        let taken: Vec<_> = taken.iter().map(|line| (line.line.0[0], line.quantity)).collect();
        assert_eq!(taken, [(21, 1), (22, 0)]);
    }

    /// Seen once: put aside, the program died before the answer, and another register took the money meanwhile.
    #[test]
    fn what_was_put_aside_and_paid_elsewhere_is_not_offered_as_unpaid() {
        let mut cart = of(&tab(&[(21, 2)]));
        cart.set_quantity(cart.lines[0].key, 3);
        cart.send(ids(40));
        let mut paid = tab(&[(21, 0), (41, 0)]);
        (paid.lines[0].paid, paid.lines[1].paid) = (2, 1);
        paid.closed_by = Some(SaleId([7; 16]));
        assert!(cart.follow(&paid));
        let beside: i64 = cart.lines.iter().map(|line| line.quantity - line.tab_quantity).sum();
        assert_eq!(beside, 0);
        assert!(!cart.follow(&paid), "it is no news again");
    }

    #[test]
    fn what_others_put_on_top_of_what_was_taken_out_here_is_there() {
        let mut cart = of(&tab(&[(21, 2)]));
        cart.remove(cart.lines[0].key);
        cart.follow(&tab(&[(21, 3)]));
        assert_eq!(cart.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [1]);
        assert_eq!(cart.about().tab_lines.unwrap()[0].quantity, 3);
    }

    /// An amount came off the line that it was given for; a part of each unit comes off what is put on top, too.
    #[test]
    fn more_of_a_line_with_an_amount_off_has_none_off() {
        let off = |discount| {
            let mut view = tab(&[(21, 2)]);
            view.lines[0].discount = discount;
            let mut cart = of(&view);
            cart.set_quantity(cart.lines[0].key, 3);
            cart.send(ids(40));
            cart.lines.iter().map(|line| line.discount).collect::<Vec<_>>()
        };
        let (amount, tenth) = (DiscountInput::AmountMinor(100), DiscountInput::PercentPpm(100_000));
        assert_eq!(off(amount), [amount, DiscountInput::None]);
        assert_eq!(off(tenth), [tenth, tenth]);
    }

    /// The answer was lost, and something more was done before it is known what became of it.
    #[test]
    fn a_cart_that_is_put_aside_again_says_the_same_again_and_what_is_new() {
        let mut cart = of(&tab(&[(21, 5)]));
        cart.add(&row(3));
        cart.set_quantity(cart.lines[0].key, 4);
        cart.send(ids(40));
        assert_eq!(said(&cart.parked("Table 4")), (vec![(41, 1)], vec![(21, 1)]));
        for key in [cart.lines[0].key, cart.lines[1].key] {
            cart.set_quantity(key, 3);
        }
        cart.send(ids(50));
        assert_eq!(said(&cart.parked("Table 4")), (vec![(41, 1), (51, 2)], vec![(21, 1), (21, 1)]));
        let mut now = tab(&[(21, 4), (41, 1)]);
        now.words = vec![ThingId([42; 16])];
        cart.follow(&now);
        assert_eq!(said(&cart.parked("Table 4")), (vec![(51, 2)], vec![(21, 1)]));
        let quantities: Vec<i64> = cart.lines.iter().map(|line| line.quantity).collect();
        assert_eq!(quantities, [3, 1, 2]);
    }

    /// First-hour 9: what somebody else did to the open order is followed, and what was done here stays.
    #[test]
    fn an_open_order_is_followed_while_it_is_on_the_counter() {
        let mut cart = Cart::of_tab(&tab(&[(21, 2), (22, 1)]), SaleId([1; 16]), ThingId([2; 16]));
        assert!(!cart.follow(&tab(&[(21, 2), (22, 1)])));
        let changed_here = cart.lines[0].key;
        cart.set_quantity(changed_here, 5);
        cart.add(&row(3));
        assert!(cart.follow(&tab(&[(21, 3), (22, 4), (23, 1)])));
        let quantities: Vec<i64> = cart.lines.iter().map(|line| line.quantity).collect();
        assert_eq!(quantities, [6, 4, 1, 1], "more here and there, changed there, added here, added there");
        cart.remove(cart.lines[1].key);
        cart.follow(&tab(&[(21, 3), (22, 4), (23, 1)]));
        assert_eq!(cart.lines.len(), 3, "taken out here stays out");
        cart.send(ids(40));
        let edits = cart.parked("Table 5");
        assert_eq!(edits[0], OpenOrderEdit::Title("Table 5".into()));
        let (puts, outs) = said(&edits);
        assert_eq!(
            (puts, outs),
            (vec![(41, 3), (42, 1)], vec![(22, 4)]),
            "what was done here, and nothing else"
        );
    }

    /// Each of two counters that have the order may pay a part, and an amount off it comes off once.
    #[test]
    fn what_others_say_of_an_open_order_is_followed_but_for_what_was_said_here() {
        let off = DiscountInput::AmountMinor(100);
        let mut view = tab(&[(21, 2)]);
        view.discount = off;
        view.reason = "regular".into();
        let mut cart = Cart::of_tab(&view, SaleId([1; 16]), ThingId([2; 16]));
        let mut own = cart.clone();
        own.discount = DiscountInput::AmountMinor(50);
        let rest =
            OpenOrderView { discount: DiscountInput::None, note: "no ice".into(), is_told: true, ..view };
        assert!(cart.follow(&rest) && own.follow(&rest));
        assert_eq!((cart.discount, cart.note.as_str(), cart.is_told), (DiscountInput::None, "no ice", true));
        assert_eq!((own.discount, own.note.as_str()), (DiscountInput::AmountMinor(50), "no ice"));
        for (cart, edits) in [(&cart, vec![]), (&own, vec![OpenOrderEdit::Discount(own.discount)])] {
            assert_eq!(cart.parked("Table 4"), edits, "what others said is not said over");
        }
    }

    /// Another reason is said here while the amount comes off a sale elsewhere.
    #[test]
    fn another_reason_does_not_say_an_amount_again() {
        let mut view = tab(&[(21, 2)]);
        (view.discount, view.reason) = (DiscountInput::AmountMinor(100), "regular".into());
        let mut cart = of(&view);
        cart.reason = "waited long".into();
        cart.follow(&OpenOrderView { discount: DiscountInput::None, ..view });
        assert_eq!((cart.discount, cart.reason.as_str()), (DiscountInput::None, "waited long"));
        assert_eq!(cart.parked("Table 4"), [OpenOrderEdit::Reason("waited long".into())]);
    }

    #[test]
    fn what_others_change_of_a_line_is_followed_but_for_what_was_changed_here() {
        let noted = |note: &str| {
            let mut view = tab(&[(21, 2), (22, 1)]);
            view.lines.iter_mut().for_each(|line| line.note = note.into());
            view
        };
        let mut cart = Cart::of_tab(&noted(""), SaleId([1; 16]), ThingId([2; 16]));
        cart.replace(CartLine { note: "rare".into(), ..cart.lines[1].clone() });
        cart.follow(&noted("well done"));
        let notes: Vec<&str> = cart.lines.iter().map(|line| line.note.as_str()).collect();
        assert_eq!(notes, ["well done", "rare"]);
        cart.send(ids(40));
        assert_eq!(said(&cart.parked("Table 4")), (vec![(22, 1)], vec![]));
    }

    /// More lines than fit are on the counter all the same: a sale that has seen them is of them.
    #[test]
    fn an_open_order_with_more_lines_than_fit_is_on_the_counter_whole() {
        let mut view = tab(&[]);
        view.lines = (0..LINES_MAX + 20)
            .map(|number| {
                let mut line = tab(&[(1, 1)]).lines.remove(0);
                line.line.0[..8].copy_from_slice(&number.to_be_bytes());
                line
            })
            .collect();
        let whole = of(&view);
        let paid = whole.about().tab_lines.unwrap().len();
        assert_eq!((whole.lines.len(), paid), (LINES_MAX + 20, LINES_MAX + 20));
        let (mut full, mut more) = (whole.clone(), cart());
        more.add(&row(7));
        assert!(!full.add(&row(7)) && !full.gather(&more));
        assert_eq!(full.lines.len(), LINES_MAX + 21, "nothing that lies on a counter is dropped");
    }
}
