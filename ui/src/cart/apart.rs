//! Counters that have one open order and are apart from each other: no unit that somebody tapped is lost, and none is there
//! twice, whichever of them hears of what first, and whatever became of what was asked for.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{OpenOrderEdit, OpenOrderLineView, OpenOrderView};
use soko_domain::entry::TabSpan;
use soko_domain::ids::{SaleId, ThingId};
use soko_domain::tab::Bill;

use super::Cart;
use super::tests::{row, tab};

const COUNTERS: usize = 3;

/// What one register has heard of the order.
#[derive(Clone, Default)]
struct Order {
    put: BTreeMap<ThingId, i64>,
    outs: BTreeMap<(ThingId, ThingId), Vec<TabSpan>>,
}

impl Order {
    fn bill(&self) -> Bill {
        let mut bill = Bill { put: self.put.clone(), ..Bill::default() };
        self.outs.values().for_each(|spans| bill.out.add(spans));
        bill
    }

    fn due(&self) -> i64 {
        let bill = self.bill();
        self.put.keys().map(|line| bill.due(*line)).sum()
    }

    fn view(&self) -> OpenOrderView {
        let (bill, like) = (self.bill(), tab(&[(1, 1)]).lines.remove(0));
        let line =
            |line: &ThingId| OpenOrderLineView { line: *line, quantity: bill.due(*line), ..like.clone() };
        let words: BTreeSet<ThingId> = self.outs.keys().map(|(_, word)| *word).collect();
        OpenOrderView {
            lines: self.put.keys().map(line).collect(),
            words: words.into_iter().collect(),
            ..tab(&[])
        }
    }

    /// As an engine does.
    fn write(&mut self, edits: &[OpenOrderEdit]) {
        for edit in edits {
            if let OpenOrderEdit::PutLine { line, content } = edit {
                self.put.entry(*line).or_insert(content.quantity);
            }
            let OpenOrderEdit::TakeOut { word, lines } = edit else { continue };
            for taken in lines {
                let spans = self.bill().take_out(taken.line, taken.quantity);
                if !spans.is_empty() {
                    self.outs.entry((taken.line, *word)).or_insert(spans);
                }
            }
        }
    }

    fn hear(&mut self, other: &Self) {
        self.put.extend(other.put.clone());
        self.outs.extend(other.outs.clone());
    }
}

struct World {
    chance: u64,
    orders: Vec<Order>,
    carts: Vec<Option<Cart>>,
    /// What each has an identity for, such as the lines that it put in.
    own: Vec<BTreeSet<ThingId>>,
    wanted: i64,
    last: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let order = Order { put: [(ThingId([21; 16]), 2)].into(), ..Order::default() };
        Self {
            chance: seed,
            orders: vec![order; COUNTERS],
            carts: vec![None; COUNTERS],
            own: vec![BTreeSet::new(); COUNTERS],
            wanted: 2,
            last: 0,
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.chance >> 33).unwrap() % limit.max(1)
    }

    fn step(&mut self) {
        let (who, what, other) = (self.below(COUNTERS), self.below(10), self.below(COUNTERS));
        let (is_written, is_answered) = [(true, true), (true, false), (false, false)][self.below(3)];
        let at = self.below(self.carts[who].as_ref().map_or(0, |cart| cart.lines.len()));
        let Some(cart) = &mut self.carts[who] else {
            let fresh = SaleId([1; 16]);
            self.carts[who] = Some(Cart::of_tab(&self.orders[who].view(), fresh, ThingId([2; 16])));
            return;
        };
        match what {
            0 => {
                cart.add(&row(1));
                self.wanted += 1;
            }
            1 | 2 if at < cart.lines.len() => {
                cart.set_quantity(cart.lines[at].key, cart.lines[at].quantity + 1);
                self.wanted += 1;
            }
            3 | 4 if at < cart.lines.len() => {
                let line = cart.lines[at].clone();
                // Of two that take the same unit out apart from each other each means it, and it is out once.
                let is_own = line.tab_line.is_none_or(|known| self.own[who].contains(&known));
                if is_own || cart.here(&line) > 0 {
                    cart.set_quantity(line.key, line.quantity - 1);
                    self.wanted -= 1;
                }
            }
            5 => drop(cart.follow(&self.orders[who].view())),
            6 | 7 => {
                let heard = self.orders[other].clone();
                self.orders[who].hear(&heard);
            }
            _ => self.park(who, is_written, is_answered),
        }
    }

    fn park(&mut self, who: usize, is_written: bool, is_answered: bool) {
        let Some(cart) = &mut self.carts[who] else { return };
        let (last, own) = (&mut self.last, &mut self.own[who]);
        cart.send(|| {
            *last += 1;
            let id = ThingId([[0; 8], last.to_be_bytes()].concat().try_into().unwrap());
            own.insert(id);
            id
        });
        if is_written {
            self.orders[who].write(&cart.parked("Table 4"));
        }
        if is_answered {
            self.carts[who] = None;
        }
    }
}

#[test]
fn what_is_tapped_at_counters_apart_from_each_other_is_in_the_order_once() {
    for seed in 0..400 {
        let mut world = World::new(seed);
        for _ in 0..60 {
            world.step();
        }
        for who in 0..COUNTERS {
            if let Some(cart) = &mut world.carts[who] {
                cart.follow(&world.orders[who].view());
            }
            world.park(who, true, true);
        }
        let mut all = Order::default();
        world.orders.iter().for_each(|order| all.hear(order));
        assert_eq!(all.due(), world.wanted, "seed {seed}");
    }
}
