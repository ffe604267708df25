//! First-hour 12: whatever three registers and a server do with one gift card, and in whatever order they hear of each
//! other, no more is spent than was put in, nobody's share falls below zero, and nothing gets lost on the way.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, FillCause, PurseKind, ShareGranted, ShareRecalled, SpendCause};
use soko_domain::ids::{AuthorId, ProductId, SaleId, ShareId, ShiftId, ThingId};
use soko_domain::people::Doer;
use soko_domain::stock::{Account, transfers};
use soko_domain::verbs::fill_purse::{self, FillPurse};
use soko_domain::verbs::grant_share::{self, GrantShare};
use soko_domain::verbs::return_share::{self, ReturnShare};
use soko_domain::verbs::spend_purse::{self, SpendPurse, Touched};

const REGISTERS: usize = 3;
/// The server's place in lists of parties.
const SERVER: usize = REGISTERS;
const CARD: ProductId = ProductId([0xca; 16]);
const KIND: PurseKind = PurseKind::GiftCard;
const SHIFT: ShiftId = ShiftId([2; 16]);

fn author(party: usize) -> AuthorId {
    AuthorId([u8::try_from(party).unwrap() + 1; 16])
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Fill {
        register: usize,
        units: i64,
    },
    Spend {
        register: usize,
        units: i64,
    },
    /// The register voids the last sale that it was paid for with the card.
    Void {
        register: usize,
    },
    /// So many more records of a register reach the server.
    Send {
        register: usize,
        records: usize,
    },
    /// So many more records of a party, as far as the server has them, reach a register.
    Deliver {
        register: usize,
        of: usize,
        records: usize,
    },
    Ask {
        register: usize,
        units: i64,
    },
    /// The register gives back what it was asked for and can spare.
    Answer {
        register: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let of = (0..REGISTERS, 1..40_i64);
    let records = (0..REGISTERS, 1..6_usize);
    let step = prop_oneof![
        2 => of.clone().prop_map(|(register, units)| Step::Fill { register, units }),
        5 => of.clone().prop_map(|(register, units)| Step::Spend { register, units }),
        1 => (0..REGISTERS).prop_map(|register| Step::Void { register }),
        4 => records.clone().prop_map(|(register, records)| Step::Send { register, records }),
        5 => (records, 0..=SERVER).prop_map(|((register, records), of)| Step::Deliver { register, of, records }),
        4 => of.prop_map(|(register, units)| Step::Ask { register, units }),
        3 => (0..REGISTERS).prop_map(|register| Step::Answer { register }),
    ];
    prop::collection::vec(step, 1..120)
}

/// Every party's chain, and how much of each chain each party has.
#[derive(Default)]
struct World {
    chains: [Vec<Entry>; REGISTERS + 1],
    known: [[usize; REGISTERS + 1]; REGISTERS + 1],
    sales: u8,
    /// A register spends what it sees, wherever it lies; only to see that the test notices.
    is_hasty: bool,
}

impl World {
    fn write(&mut self, party: usize, entries: Vec<Entry>) {
        self.chains[party].extend(entries);
        self.known[party][party] = self.chains[party].len();
    }

    /// What is in an account as a party knows it; as everybody together does where no party is named.
    fn balance(&self, party: Option<usize>, account: Account) -> i64 {
        let mut sum = 0;
        for (of, chain) in self.chains.iter().enumerate() {
            let seen = party.map_or(chain.len(), |party| self.known[party][of]);
            for moved in chain[..seen].iter().flat_map(|entry| transfers(author(of), entry).unwrap()) {
                assert_eq!(moved.product, CARD);
                sum += if moved.to == account { moved.quantity } else { 0 };
                sum -= if moved.from == account { moved.quantity } else { 0 };
            }
        }
        sum
    }

    fn share(&self, register: usize) -> i64 {
        self.balance(Some(register), Account::Share(author(register)))
    }

    fn elsewhere(&self, register: usize) -> i64 {
        let others =
            (0..REGISTERS).filter(|other| *other != register).map(|other| Account::Share(author(other)));
        others.chain([Account::Pool]).map(|account| self.balance(Some(register), account)).sum()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Fill { register, units } => {
                let facts = fill_purse::Facts {
                    open_shift: Some(SHIFT),
                    customer_known: false,
                    code_used_by: None,
                    doer: Doer::Anybody,
                };
                let (purse, kind, customer, tender) = (CARD, KIND, None, Some(TenderKind::Cash));
                let (reference, reason) = (String::new(), String::new());
                let command =
                    FillPurse { purse, kind, customer, units, tender, reference, is_seen: true, reason };
                self.write(register, fill_purse::decide(&facts, &command).unwrap());
            }
            Step::Spend { register, units } => self.spend(register, units),
            Step::Void { register } => self.void(register),
            Step::Send { register, records } => {
                let all = self.chains[register].len();
                let known = &mut self.known[SERVER][register];
                *known = (*known + records).min(all);
            }
            Step::Deliver { register, of, records } if of != register => {
                let all = self.known[SERVER][of];
                let known = &mut self.known[register][of];
                *known = (*known + records).min(all);
            }
            Step::Deliver { .. } => {}
            Step::Ask { register, units } => self.ask(register, units),
            Step::Answer { register } => self.answer(register),
        }
    }

    fn spend(&mut self, register: usize, units: i64) {
        let (here, elsewhere) = (self.share(register), self.elsewhere(register));
        let facts = spend_purse::Facts {
            is_known: here + elsewhere > 0,
            here: if self.is_hasty { here + elsewhere } else { here },
            elsewhere,
            ..spend_purse::Facts::default()
        };
        self.sales += 1;
        let sale = SaleId([self.sales; 16]);
        let (purse, kind, customer) = (CARD, KIND, None);
        let command = SpendPurse { purse, kind, customer, money_minor: units, sale, shift: SHIFT };
        if let Ok(spent) = spend_purse::decide(&facts, &command) {
            self.write(register, vec![spent.into()]);
        }
    }

    fn void(&mut self, register: usize) {
        let undone = |sale: SaleId| {
            self.chains[register].iter().any(|entry| {
                matches!(entry, Entry::PurseFilled(it) if it.cause == FillCause::Undone && it.sale == Some(sale))
            })
        };
        let paid = self.chains[register].iter().rev().find_map(|entry| {
            let Entry::PurseSpent(spent) = entry else { return None };
            spent.sale.zip((spent.cause == SpendCause::Paid).then_some(spent.units))
        });
        let Some((sale, paid)) = paid.filter(|(sale, _)| !undone(*sale)) else { return };
        let here = self.share(register);
        let touched = Touched { purse: CARD, kind: KIND, customer: None, paid, earned: 0, reversed: 0, here };
        self.write(register, spend_purse::undo(&[touched], (sale, SHIFT)));
    }

    /// As the server does it: what the shop has is granted, and whoever else holds some is asked for the rest.
    fn ask(&mut self, register: usize, units: i64) {
        let pool = self.balance(Some(SERVER), Account::Pool);
        let facts = grant_share::Facts { frozen: false, holder_known: true, holder_revoked: false, pool };
        let id = u8::try_from(self.chains[SERVER].len()).unwrap();
        let (share, to) = (ShareId([id; 16]), author(register));
        let command = GrantShare { share, to, product: CARD, quantity: units, ask: None, partial: true };
        let granted = grant_share::decide(&facts, &command).unwrap_or_default();
        let mut missing = units
            - granted
                .iter()
                .map(|entry| {
                    if let Entry::ShareGranted(ShareGranted { quantity, .. }) = entry { *quantity } else { 0 }
                })
                .sum::<i64>();
        self.write(SERVER, granted);
        for other in (0..REGISTERS).filter(|other| *other != register) {
            let held = self.balance(Some(SERVER), Account::Share(author(other)));
            let quantity = held.min(missing);
            // One request at a time.
            if quantity > 0 && !self.is_asked(other) {
                missing -= quantity;
                let id = u8::try_from(self.chains[SERVER].len()).unwrap();
                let recall =
                    ShareRecalled { recall: ThingId([id; 16]), from: author(other), product: CARD, quantity };
                self.write(SERVER, vec![recall.into()]);
            }
        }
    }

    /// Whether a register was asked for some and did not answer yet, as the server knows it.
    fn is_asked(&self, register: usize) -> bool {
        let heard = &self.chains[register][..self.known[SERVER][register]];
        self.chains[SERVER].iter().any(|entry| {
            let Entry::ShareRecalled(it) = entry else { return false };
            let answers =
                |entry: &Entry| matches!(entry, Entry::ShareReturned(back) if back.recall == Some(it.recall));
            it.from == author(register) && !heard.iter().any(answers)
        })
    }

    fn answer(&mut self, register: usize) {
        let answered = |recall: ThingId| {
            self.chains[register]
                .iter()
                .any(|entry| matches!(entry, Entry::ShareReturned(back) if back.recall == Some(recall)))
        };
        let heard = &self.chains[SERVER][..self.known[register][SERVER]];
        let asked: Vec<(ThingId, i64)> = heard
            .iter()
            .filter_map(|entry| {
                let Entry::ShareRecalled(it) = entry else { return None };
                (it.from == author(register)).then_some((it.recall, it.quantity))
            })
            .filter(|(recall, _)| !answered(*recall))
            .collect();
        for (recall, wanted) in asked {
            let own_share = self.share(register);
            let facts = return_share::Facts { frozen: false, own_share };
            let command = ReturnShare {
                share: ShareId(recall.0),
                product: CARD,
                quantity: wanted.min(own_share),
                recall: Some(recall),
            };
            if let Ok(entries) = return_share::decide(&facts, &command) {
                self.write(register, entries);
            }
        }
    }

    /// What went wrong, if something did.
    fn damage(&self) -> Option<String> {
        let issued = -self.balance(None, Account::Supply);
        let spent = self.balance(None, Account::Sold);
        if spent > issued {
            return Some(format!("{spent} spent of {issued}"));
        }
        // The truth, and what each party believes of its own: neither is below zero.
        let mut all = self.balance(None, Account::Pool);
        if all < 0 {
            return Some(format!("the shop owes {all}"));
        }
        for register in 0..REGISTERS {
            let share = self.balance(None, Account::Share(author(register)));
            if share < 0 || self.share(register) > share {
                return Some(format!("register {register} has {share} and sees {}", self.share(register)));
            }
            all += share;
        }
        (all != issued - spent).then(|| format!("{all} is left of {issued} less {spent}"))
    }
}

fn run(steps: &[Step], is_hasty: bool) -> Result<World, String> {
    let mut world = World { is_hasty, ..World::default() };
    for step in steps {
        world.step(*step);
        if let Some(damage) = world.damage() {
            return Err(format!("{damage}, after {step:?}"));
        }
    }
    Ok(world)
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(30_15), failure_persistence: None, ..Default::default() })]
    #[test]
    fn a_card_is_spent_once_whatever_the_order(steps in steps()) {
        let mut world = run(&steps, false).map_err(TestCaseError::fail)?;
        // When everybody has heard of everything, one register can get all that is left, and spend it to the last coin.
        for round in 0..5 {
            let left = -world.balance(None, Account::Supply) - world.balance(None, Account::Sold);
            let wanted = left - world.balance(None, Account::Share(author(0)));
            hear_all(&mut world);
            if wanted > 0 {
                world.step(Step::Ask { register: 0, units: wanted });
            }
            hear_all(&mut world);
            // What it was asked for long ago it gives once, too.
            (usize::from(round > 0)..REGISTERS).for_each(|register| world.step(Step::Answer { register }));
            hear_all(&mut world);
        }
        let left = -world.balance(None, Account::Supply) - world.balance(None, Account::Sold);
        prop_assert_eq!(world.share(0), left);
        if left > 0 {
            world.step(Step::Spend { register: 0, units: left });
            prop_assert_eq!(world.balance(None, Account::Sold), -world.balance(None, Account::Supply));
        }
        prop_assert_eq!(world.damage(), None);
    }
}

fn hear_all(world: &mut World) {
    for party in 0..=SERVER {
        for of in 0..=SERVER {
            world.known[party][of] = world.chains[of].len();
        }
    }
}

/// The test can fail: registers that spend what they see elsewhere, too, spend it twice.
#[test]
fn spending_what_lies_elsewhere_is_noticed() {
    let sent = |register| Step::Send { register, records: 9 };
    let heard = |register, of| Step::Deliver { register, of, records: 9 };
    let steps = [
        Step::Fill { register: 0, units: 10 },
        sent(0),
        heard(1, 0),
        heard(2, 0),
        Step::Spend { register: 1, units: 10 },
        Step::Spend { register: 2, units: 10 },
    ];
    assert!(run(&steps, true).is_err());
    let world = run(&steps, false).unwrap();
    assert_eq!((world.balance(None, Account::Sold), world.share(0)), (0, 10));
}
