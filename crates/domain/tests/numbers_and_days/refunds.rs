//! First-hour 10: whatever three registers and a server do, in whatever order they hear of each other, no line of a
//! sale is refunded beyond what was sold and paid; and when all of it came back, the money is exact to the cent.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use soko_domain::entry::{
    Entry, GoodsBack, RefundAllowed, RefundMade, SaleLine, SaleMade, Standing, TenderKind, Tendered,
};
use soko_domain::ids::{AuthorId, SaleId, ShiftId, ThingId};
use soko_domain::money::{CashRounding, Currency};
use soko_domain::people::Doer;
use soko_domain::verbs::{allow_refund, refund};

const REGISTERS: usize = 3;
const SALE: SaleId = SaleId([1; 16]);

fn register(number: usize) -> AuthorId {
    AuthorId([u8::try_from(number).unwrap() + 1; 16])
}

fn sale(lines: &[(i64, i64)]) -> SaleMade {
    let line = |(quantity, total_minor): &(i64, i64)| SaleLine {
        product: None,
        name: "Mango".into(),
        unit: None,
        quantity: *quantity,
        beyond_share: 0,
        unit_price_minor: *total_minor,
        price_per: *quantity,
        discount_minor: 0,
        discount: None,
        taxes: Vec::new(),
        total_minor: *total_minor,
        note: String::new(),
    };
    // Half of it in coins, the rest by a gift card.
    let total_minor: i64 = lines.iter().map(|(_, total)| total).sum();
    let paid = |kind, amount_minor| Tendered {
        kind,
        amount_minor,
        reference: String::new(),
        standing: Standing::Taken,
    };
    SaleMade {
        sale: SALE,
        shift: ShiftId([2; 16]),
        receipt_number: 1,
        currency: Currency::parse("EUR").unwrap(),
        lines: lines.iter().map(line).collect(),
        discount: None,
        total_minor,
        cash_rounding_minor: 0,
        tenders: vec![
            paid(TenderKind::Cash, total_minor / 2),
            paid(TenderKind::Voucher, total_minor - total_minor / 2),
        ],
        change_minor: 0,
        note: String::new(),
        customer: None,
        tab: None,
    }
}

/// What can happen. Registers are counted from 0, which is the one that sold.
#[derive(Clone, Copy, Debug)]
enum Step {
    Refund {
        register: usize,
        line: u32,
        quantity: i64,
    },
    /// The selling register closes the sale's shift.
    Close,
    /// Everything that the selling register wrote so far reaches the server.
    Hear,
    /// A register asks the server, and the answer may be long on its way.
    Ask {
        register: usize,
        line: u32,
        quantity: i64,
    },
    /// Everything that the server allowed so far reaches a register, and what it knows of the payments.
    Deliver {
        register: usize,
    },
    /// The money by phone, for which somebody looked in vain, came after all.
    Come,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let of = (0..REGISTERS, 0..2_u32, 1..5_i64);
    let step = prop_oneof![
        4 => of.clone().prop_map(|(register, line, quantity)| Step::Refund { register, line, quantity }),
        1 => Just(Step::Close),
        2 => Just(Step::Hear),
        4 => of.prop_map(|(register, line, quantity)| Step::Ask { register, line, quantity }),
        2 => (0..REGISTERS).prop_map(|register| Step::Deliver { register }),
        1 => Just(Step::Come),
    ];
    prop::collection::vec(step, 1..60)
}

/// Everybody's part of the truth.
struct World {
    sale: SaleMade,
    is_closed: bool,
    refunds: Vec<(usize, RefundMade)>,
    /// How many of the refunds the server has heard of; and whether it heard the end of the shift.
    heard: usize,
    heard_close: bool,
    allowed: Vec<RefundAllowed>,
    /// How many of the server's allowances each register has.
    delivered: [usize; REGISTERS],
    /// The server forgets to wait for the end of the shift; only to see that the test notices.
    is_hasty: bool,
    /// Whether the money by phone came, and who knows that: each register, and the server.
    has_come: bool,
    knows: [bool; REGISTERS],
    server_knows: bool,
    /// Whether the customers say into which card money goes that goes back as none.
    have_cards: bool,
}

/// A third of it was to come by phone.
fn by_phone(sale: SaleMade) -> SaleMade {
    let third = sale.total_minor / 3;
    let paid =
        |kind, amount_minor, standing| Tendered { kind, amount_minor, reference: String::new(), standing };
    let tenders = vec![
        paid(TenderKind::Cash, third, Standing::Taken),
        paid(TenderKind::Voucher, third, Standing::Taken),
        paid(TenderKind::MobileMoney, sale.total_minor - 2 * third, Standing::Claimed),
    ];
    SaleMade { tenders, ..sale }
}

impl World {
    fn new(sale: SaleMade, is_hasty: bool) -> Self {
        Self {
            sale,
            is_closed: false,
            refunds: Vec::new(),
            heard: 0,
            heard_close: false,
            allowed: Vec::new(),
            delivered: [0; REGISTERS],
            is_hasty,
            has_come: false,
            knows: [false; REGISTERS],
            server_knows: false,
            have_cards: true,
        }
    }

    /// The lines of these refunds, as they are added up.
    fn lines<'r>(refunds: impl Iterator<Item = &'r RefundMade>) -> Vec<(u32, i64, i64)> {
        refunds
            .flat_map(|made| made.lines.iter().map(|line| (line.line, line.quantity, line.amount_minor)))
            .collect()
    }

    /// Refunds of the selling register by its own right, in its order.
    fn own(&self) -> Vec<(u32, i64, i64)> {
        let own = self.refunds.iter().map(|(_, made)| made).filter(|made| made.allowance.is_none());
        Self::lines(own)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Close => self.is_closed = true,
            Step::Hear => {
                (self.heard, self.heard_close) = (self.refunds.len(), self.is_closed);
                self.server_knows = self.has_come;
            }
            Step::Deliver { register } => {
                self.delivered[register] = self.allowed.len();
                self.knows[register] = self.has_come;
            }
            Step::Come => self.has_come = true,
            Step::Refund { register, line, quantity } => self.refund(register, line, quantity),
            Step::Ask { register, line, quantity } => self.ask(register, line, quantity),
        }
    }

    fn refund(&mut self, at: usize, line: u32, quantity: i64) {
        let is_used =
            |allowance: ThingId| self.refunds.iter().any(|(_, made)| made.allowance == Some(allowance));
        let here = self.allowed.iter().take(self.delivered[at]);
        let mut fitting =
            here.filter(|it| it.to == register(at) && it.line == line && !is_used(it.allowance));
        let facts = refund::Facts {
            me: register(at),
            doer: Doer::Anybody,
            frozen: false,
            open_shift: Some(ShiftId([9; 16])),
            sale: Some((register(0), self.sale.clone())),
            voided: false,
            // The others may believe what they like.
            sale_shift_open: at != 0 || !self.is_closed,
            is_alone: false,
            refunded: self.own(),
            left: self.left(self.knows[at], &|by, _| by == at),
            coins: CashRounding::NONE,
            allowance: fitting.next().cloned(),
        };
        let number = u8::try_from(self.refunds.len()).unwrap();
        let command = refund::Refund {
            refund: ThingId([number; 16]),
            sale: SALE,
            lines: vec![refund::RefundedLine { line, quantity, goods: GoodsBack::Sellable }],
            tender: TenderKind::Cash,
            rest_into_purse: self.have_cards,
            reason: "ripe".into(),
        };
        if let Ok(entries) = refund::decide(&facts, &command) {
            let [Entry::RefundMade(made)] = entries.as_slice() else { panic!("{entries:?}") };
            self.refunds.push((at, made.clone()));
        }
    }

    fn ask(&mut self, at: usize, line: u32, quantity: i64) {
        let heard: Vec<RefundMade> =
            self.refunds.iter().take(self.heard).map(|(_, made)| made.clone()).collect();
        let is_used = |word: &RefundAllowed| heard.iter().any(|made| made.allowance == Some(word.allowance));
        let promised: Vec<RefundAllowed> = self.allowed.iter().filter(|it| !is_used(it)).cloned().collect();
        let mut taken = Self::lines(heard.iter());
        taken.extend(promised.iter().map(|it| (it.line, it.quantity, it.amount_minor)));
        let facts = allow_refund::Facts {
            frozen: false,
            maker_is_unread: false,
            holder_revoked: false,
            sale: Some((register(0), self.sale.clone())),
            voided: false,
            sale_shift_closed: self.heard_close || self.is_hasty,
            maker_revoked: false,
            left: self.left(self.server_knows, &|_, made| heard.iter().any(|it| it.refund == made.refund)),
            promised,
            taken,
        };
        let allowance = ThingId([u8::try_from(self.allowed.len()).unwrap(); 16]);
        let command = allow_refund::AllowRefund { allowance, to: register(at), sale: SALE, line, quantity };
        if let Ok(entries) = allow_refund::decide(&facts, &command) {
            let [Entry::RefundAllowed(allowed)] = entries.as_slice() else { panic!("{entries:?}") };
            self.allowed.push(allowed.clone());
        }
    }

    /// What can go back, as far as somebody knows of the refunds.
    fn left(&self, has_come: bool, knows: &dyn Fn(usize, &RefundMade) -> bool) -> refund::Left {
        let known = self.refunds.iter().filter(|(by, made)| knows(*by, made));
        let known: Vec<RefundMade> = known.map(|(_, made)| made.clone()).collect();
        let standing = |at| match at {
            2 if has_come => Standing::Verified,
            2 => Standing::Failed,
            _ => Standing::Taken,
        };
        refund::Left::of(&self.sale, standing, &known)
    }

    /// What was paid by one means. Money by phone may be missing.
    fn paid(&self, at: usize) -> i64 {
        self.sale.tenders.get(at).map_or(0, |paid| paid.amount_minor)
    }

    /// What left in coins, and at all.
    fn given(&self) -> (i64, i64) {
        let parts = || self.refunds.iter().map(|(_, made)| made);
        (parts().map(RefundMade::cash_given).sum(), parts().map(RefundMade::all_given).sum())
    }

    /// Refunded of each line: quantity and amount.
    fn refunded(&self, line: u32) -> (i64, i64) {
        let lines = self.refunds.iter().flat_map(|(_, made)| &made.lines).filter(|it| it.line == line);
        lines.fold((0, 0), |(quantity, amount), it| (quantity + it.quantity, amount + it.amount_minor))
    }

    fn is_bounded(&self) -> bool {
        let (cash, all) = self.given();
        let came = if self.has_come { self.paid(2) } else { 0 };
        let off = self.refunds.iter().flat_map(|(_, made)| &made.given).filter(|part| part.never_came);
        let off: i64 = off.map(|part| part.amount_minor).sum();
        if cash > self.paid(0) + came || all > self.paid(0) + self.paid(1) + came || off > self.paid(2) {
            return false;
        }
        (0_u32..).zip(&self.sale.lines).all(|(place, sold)| {
            let (quantity, amount) = self.refunded(place);
            let is_exact = quantity < sold.quantity || amount == sold.total_minor;
            quantity <= sold.quantity && amount <= sold.total_minor && is_exact
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, rng_seed: RngSeed::Fixed(30_15), failure_persistence: None, ..Default::default() })]
    #[test]
    fn refunds_never_exceed_the_sale(
        lines in prop::collection::vec((1..6_i64, 0..1_000_i64), 2),
        steps in steps(),
        (is_by_phone, have_cards) in any::<(bool, bool)>(),
    ) {
        let sale = sale(&lines);
        let sale = if is_by_phone { by_phone(sale) } else { sale };
        let mut world = World { have_cards, ..World::new(sale, false) };
        for step in steps {
            world.take(step);
            prop_assert!(world.is_bounded(), "{step:?} made {:?}", world.refunds);
        }
    }
}

/// Half of two lines was paid in coins. Two registers that do not hear each other give each coin back once.
#[test]
fn two_registers_with_a_line_each_do_not_give_the_same_coins() {
    let mut world = World::new(sale(&[(1, 600), (1, 600)]), false);
    for step in [
        Step::Close,
        Step::Hear,
        Step::Ask { register: 1, line: 0, quantity: 1 },
        Step::Ask { register: 2, line: 1, quantity: 1 },
        Step::Deliver { register: 1 },
        Step::Deliver { register: 2 },
        Step::Refund { register: 1, line: 0, quantity: 1 },
        Step::Refund { register: 2, line: 1, quantity: 1 },
    ] {
        world.take(step);
    }
    assert_eq!((world.refunds.len(), world.given()), (2, (600, 1_200)));
}

#[test]
fn a_server_that_does_not_wait_for_the_shift_to_end_is_noticed() {
    let steps = [
        Step::Ask { register: 1, line: 0, quantity: 3 },
        Step::Deliver { register: 1 },
        Step::Refund { register: 1, line: 0, quantity: 3 },
        Step::Refund { register: 0, line: 0, quantity: 1 },
    ];
    let run = |is_hasty| {
        let mut world = World::new(sale(&[(3, 100), (1, 5)]), is_hasty);
        steps.iter().for_each(|step| world.take(*step));
        world
    };
    assert!(run(false).is_bounded());
    assert!(!run(true).is_bounded());
}

#[test]
fn the_same_three_mangoes_offline_on_two_registers() {
    let mut world = World::new(sale(&[(3, 100), (1, 5)]), false);
    world.take(Step::Refund { register: 0, line: 0, quantity: 1 });
    world.take(Step::Refund { register: 1, line: 0, quantity: 3 });
    assert_eq!(world.refunded(0), (1, 33), "the other register refuses, whatever its paper says");
    for step in [
        Step::Close,
        Step::Hear,
        Step::Ask { register: 1, line: 0, quantity: 3 },
        Step::Ask { register: 1, line: 0, quantity: 2 },
        Step::Deliver { register: 1 },
        Step::Refund { register: 1, line: 0, quantity: 2 },
        Step::Refund { register: 1, line: 0, quantity: 1 },
    ] {
        world.take(step);
    }
    assert_eq!(world.refunded(0), (3, 100), "two more with the server's leave, to the cent, and no third");
}
