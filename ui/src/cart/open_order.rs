//! The open order that a cart is: what others do to it is followed, what was done here is kept apart from that, and what was
//! paid of it stays in it when it is put aside again.

use soko_app_api::{OpenOrderEdit, OpenOrderLineView, OpenOrderView, TabLine, TabTaken};
use soko_domain::ids::ThingId;

use super::{Cart, CartLine, Sent, Tab, There};

impl Cart {
    /// Takes over what others did to the open order meanwhile: lines they added, took out and were paid for, and quantities. What
    /// was done here comes on top of it. Says whether anything changed. One that was paid for is followed no further.
    pub fn follow(&mut self, view: &OpenOrderView) -> bool {
        if view.closed_by.is_some() {
            return self.tab.as_ref().is_some_and(|tab| tab.order == view.order) && self.has_arrived(view);
        }
        let is_same = |tab: &&mut Tab| tab.order == view.order;
        let Some(tab) = self.tab.as_mut().filter(is_same) else { return false };
        let before = (self.lines.clone(), tab.clone(), self.there.clone());
        let is_there = |line: ThingId| view.lines.iter().any(|known| known.line == line);
        let seen = std::mem::take(&mut tab.seen);
        tab.seen = view.lines.iter().map(|line| line.line).collect();
        tab.title.clone_from(&view.title);
        // A line that was put there a moment ago is not seen yet.
        self.lines.retain(|line| line.tab_line.is_none_or(|known| is_there(known) || !seen.contains(&known)));
        let known = std::mem::take(&mut self.there);
        for at in &view.lines {
            let was = known.iter().find(|was| was.line == at.line);
            let sent = self.follow_line(at, was, seen.contains(&at.line));
            self.there.push(There { line: at.line, quantity: at.quantity, paid: at.paid, sent });
        }
        self.there.extend(known.into_iter().filter(|was| was.sent.is_some() && !is_there(was.line)));
        self.lines.retain(|line| line.quantity > 0);
        (&self.lines, self.tab.as_ref(), &self.there) != (&before.0, Some(&before.1), &before.2)
    }

    /// What was asked for in an order that is paid by now, and is in it, was paid there: it is not beside the order.
    fn has_arrived(&mut self, view: &OpenOrderView) -> bool {
        let mut is_news = false;
        for at in &view.lines {
            let Some(there) = self.there.iter_mut().find(|there| there.line == at.line) else { continue };
            let has_come = |sent: &Sent| sent.quantity + there.paid == at.quantity + at.paid;
            let Some(sent) = there.sent.filter(has_come) else { continue };
            there.sent = None;
            for line in self.lines.iter_mut().filter(|line| line.tab_line == Some(at.line)) {
                line.tab_quantity += sent.more;
            }
            is_news = true;
        }
        is_news
    }

    /// Answers what was asked for and is not known to be there still.
    fn follow_line(&mut self, at: &OpenOrderLineView, was: Option<&There>, is_seen: bool) -> Option<Sent> {
        let sent = was.and_then(|was| was.sent);
        let has_come = sent.filter(|sent| sent.quantity == at.quantity);
        let Some(line) = self.lines.iter_mut().find(|line| line.tab_line == Some(at.line)) else {
            // Taken out here: what others put on top of it is there all the same.
            let known = was.map_or(if is_seen { at.quantity } else { 0 }, |was| was.quantity);
            if at.quantity > known && has_come.is_none() {
                self.push(CartLine { quantity: at.quantity - known, ..CartLine::of_tab(at) });
            }
            return None;
        };
        let here = line.quantity - line.tab_quantity - has_come.map_or(0, |sent| sent.more);
        line.quantity = at.quantity + here;
        line.tab_quantity = at.quantity;
        if has_come.is_some() { None } else { sent }
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
        let there = self.there.iter().find(|there| line.tab_line == Some(there.line));
        let sent = there.and_then(|there| there.sent);
        line.quantity - line.tab_quantity - sent.map_or(0, |sent| sent.more)
    }

    /// All of it is asked for in the order from now on, until it is known to be there.
    pub fn send(&mut self) {
        for line in &self.lines {
            let (Some(known), more) = (line.tab_line, line.quantity - line.tab_quantity) else { continue };
            let sent = (more != 0).then_some(Sent { quantity: line.quantity, more });
            match self.there.iter_mut().find(|there| there.line == known) {
                Some(there) => there.sent = sent,
                None => self.there.push(There { line: known, quantity: 0, paid: 0, sent }),
            }
        }
    }

    /// It was refused.
    pub fn unsend(&mut self) {
        self.there.iter_mut().for_each(|there| there.sent = None);
    }

    /// The edits that put this cart aside as an open order, and the ids that its lines have there.
    pub fn parked(&self, title: &str, mut id: impl FnMut() -> ThingId) -> Vec<OpenOrderEdit> {
        let mut edits = vec![
            OpenOrderEdit::Title(title.into()),
            OpenOrderEdit::Discount(self.discount),
            OpenOrderEdit::Reason(self.reason.clone()),
            OpenOrderEdit::Note(self.note.clone()),
            OpenOrderEdit::Customer(self.customer),
        ];
        edits.extend(self.is_told.then_some(OpenOrderEdit::Told));
        let gone = |line: &&ThingId| !self.lines.iter().any(|mine| mine.tab_line == Some(**line));
        let seen = self.tab.as_ref().map(|tab| tab.seen.as_slice()).unwrap_or_default();
        edits.extend(seen.iter().filter(gone).map(|line| taken_out(*line, self.paid(*line))));
        for line in &self.lines {
            let content = TabLine {
                product: line.product,
                name: line.name.clone(),
                quantity: line.quantity + line.tab_line.map_or(0, |line| self.paid(line)),
                unit_price_minor: line.price_minor,
                discount: line.discount,
                note: line.note.clone(),
                reason: line.reason.clone(),
                label: line.label.as_ref().map(|label| label.code.clone()).unwrap_or_default(),
            };
            edits.push(OpenOrderEdit::PutLine { line: line.tab_line.unwrap_or_else(&mut id), content });
        }
        edits
    }

    fn paid(&self, line: ThingId) -> i64 {
        self.there.iter().find(|there| there.line == line).map_or(0, |there| there.paid)
    }
}

/// Takes out what of an open order is to be paid, so that it is open nowhere. What somebody puts into it meanwhile, at another
/// register, opens it again with that alone.
pub fn emptied(tab: &OpenOrderView) -> Vec<OpenOrderEdit> {
    let due = tab.lines.iter().filter(|line| line.quantity > 0 || line.paid == 0);
    due.map(|line| taken_out(line.line, line.paid)).collect()
}

/// What was paid of it stays in the order.
fn taken_out(line: ThingId, paid: i64) -> OpenOrderEdit {
    match paid {
        0 => OpenOrderEdit::RemoveLine(line),
        quantity => OpenOrderEdit::LineQuantity { line, quantity },
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::SaleId;

    use super::super::tests::{row, tab};
    use super::*;

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
        let puts = |edit: &OpenOrderEdit| {
            let OpenOrderEdit::PutLine { line, content } = edit else { return None };
            Some((line.0[0], content.quantity))
        };
        let edits = cart.parked("Table 4", || ThingId([40; 16]));
        assert_eq!(edits.iter().filter_map(puts).collect::<Vec<_>>(), [(21, 4)]);
        cart.lines.clear();
        let edits = cart.parked("Table 4", || ThingId([40; 16]));
        let kept = |line: u8, quantity| OpenOrderEdit::LineQuantity { line: ThingId([line; 16]), quantity };
        assert!(edits.contains(&kept(21, 2)), "{edits:?}");
        assert_eq!(emptied(&partly()), [kept(21, 2)]);
        assert_eq!(emptied(&tab(&[(21, 1)])), [OpenOrderEdit::RemoveLine(ThingId([21; 16]))]);
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
        cart.send();
        let mut paid = tab(&[(21, 0)]);
        paid.lines[0].paid = 3;
        paid.closed_by = Some(SaleId([7; 16]));
        assert!(cart.follow(&paid));
        assert_eq!(cart.lines[0].quantity - cart.lines[0].tab_quantity, 0);
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
}
