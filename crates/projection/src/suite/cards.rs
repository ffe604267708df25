//! A gift card that pays for orders, as a server says it in two lives of which one was restored from a backup of the other: whatever
//! each says, and in whatever order both are heard of, balances, the card's own list and the figures are one.

use std::error::Error;

use soko_domain::delivery::Handing;
use soko_domain::entry::{
    Entry, OrderHandedOver, OrderLine, OrderPlaced, OrderPurseHeld, OrderPurseMoved, PurseMove, Stamp,
};
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_domain::money::Currency;
use soko_domain::order_card::{self, CardWord};
use soko_domain::stock::Account;
use soko_record_log::{StoreError, Tx, params};
use soko_replication::{Pen, Record};

use super::ledger::Chance;
use super::{Outcome, forget_records, take};
use crate::project::{Trust, rebuild};
use crate::{LocalApplier, read, running_digest, state_digest};

const CARD: ProductId = ProductId([0xca; 16]);
const ORDER: OrderId = OrderId([0x0d; 16]);
/// What stands of a card once all is heard: where its units are, and what its list and the figures say.
type Stands = (Vec<i64>, Vec<(i64, i64, i64)>, Vec<(i64, i64)>);

struct Life {
    pen: Pen,
    records: Vec<Record>,
    words: Vec<CardWord>,
}

impl Life {
    fn new(log: LogId, (key, nonce): (u8, u8)) -> Result<Self, Box<dyn Error>> {
        let (pen, introduction) = Pen::new([key; 32], log, [nonce; 16], vec![key])?;
        Ok(Self { pen, records: vec![introduction], words: Vec::new() })
    }

    fn says(&mut self, entry: Entry) -> Outcome {
        let stamp = Stamp::at(1_790_000_000_000, 0, super::ledger::FIRST_DAY);
        let mut record = self.pen.write(entry.kind().number(), entry.to_body(&stamp))?;
        self.pen.sign(&mut record)?;
        self.records.push(record);
        self.words.extend(CardWord::of(self.pen.author(), &entry).map(|(_, word)| word));
        Ok(())
    }
}

/// Some of what a server may say of a card, in no order that makes sense.
fn word(chance: &mut Chance) -> Entry {
    let units = i64::try_from(chance.below(4)).unwrap_or(0) * 100;
    let before = i64::try_from(chance.below(3)).unwrap_or(0) * 100;
    let (order, purse) = (ORDER, CARD);
    let cause = match chance.below(5) {
        0 => return OrderPurseHeld { order, purse, units, rest_minor: 0, before }.into(),
        1 | 2 => PurseMove::Paid,
        3 => PurseMove::Freed,
        _ => PurseMove::Back,
    };
    let is_part = cause == PurseMove::Back && chance.below(2) == 0;
    let refund = is_part.then_some(ThingId([0x9a; 16]));
    OrderPurseMoved { order, purse, cause, units, refund, before }.into()
}

fn placed() -> Result<OrderPlaced, Box<dyn Error>> {
    let line = OrderLine {
        product: ProductId([0x7e; 16]),
        name: "Tea".into(),
        quantity: 1,
        unit_price_minor: 300,
        price_per: 1,
        discount_minor: 0,
        taxes: vec![],
        tax_minor: 0,
        total_minor: 300,
    };
    Ok(OrderPlaced {
        order: ORDER,
        buyer: ThingId([0xb0; 16]),
        currency: Currency::parse("EUR").ok_or("no currency")?,
        lines: vec![line],
        total_minor: 300,
        note: String::new(),
        handing: Handing::Pickup,
        delivery: None,
        coupon: None,
    })
}

/// Three ways of arrival of what two lives and a register say, one after the other.
pub fn what_lives_say_of_a_card_counts_once(tx: &mut dyn Tx, seed: u64) -> Outcome {
    let mut log = LogId([0xf2; 16]);
    log.0[..8].copy_from_slice(&seed.to_be_bytes());
    let mut chance = Chance(seed);
    let (mut first, mut second) = (Life::new(log, (9, 1))?, Life::new(log, (9, 2))?);
    let mut register = Life::new(log, (3, 3))?;
    first.says(placed()?.into())?;
    let held = OrderPurseHeld { order: ORDER, purse: CARD, units: 300, rest_minor: 0, before: 0 };
    first.says(held.into())?;
    for _ in 0..4 {
        first.says(word(&mut chance))?;
        second.says(word(&mut chance))?;
    }
    register.says(OrderHandedOver { order: ORDER, taken: None }.into())?;
    let trust = Trust { server_keys: [first.pen.public_key()].into_iter().collect() };
    let mut words = [first.words, second.words];
    words.sort_by_key(|words| words.first().map(|word| word.author));
    let expected = lies(&words.concat());
    let chains = [first.records, second.records, register.records];
    let mut told = Vec::new();
    for way in 0..3 {
        let mut next = [0; 3];
        while next.iter().zip(&chains).any(|(next, chain)| *next < chain.len()) {
            let at = usize::try_from((chance.below(3) + way) % 3)?;
            if let Some(record) = chains[at].get(next[at]) {
                take(tx, log, &trust, std::slice::from_ref(record))?;
                next[at] += 1;
            }
        }
        let stands = stands(tx, log)?;
        assert_eq!(stands.0, expected, "seed {seed}, way {way}");
        let spent: i64 = stands.1.iter().map(|(is_filled, units, _)| units * (1 - 2 * is_filled)).sum();
        assert_eq!(spent, expected[2], "seed {seed}: the card's own list");
        assert_eq!(running_digest(tx, log)?, state_digest(tx, log)?, "seed {seed}");
        rebuild(tx, log, &trust, &mut LocalApplier)?;
        assert_eq!(self::stands(tx, log)?, stands, "seed {seed}: filled again it is another");
        told.push((stands, running_digest(tx, log)?));
        forget_records(tx, log)?;
    }
    told.dedup();
    assert_eq!(told.len(), 1, "seed {seed}: the order of arrival shows");
    Ok(())
}

/// What the shop, the order and nobody any more have of it.
fn lies(words: &[CardWord]) -> Vec<i64> {
    let mut sums = vec![0; 3];
    for step in order_card::moved(ORDER, &[], words) {
        for (account, by) in [(step.from, -step.quantity), (step.to, step.quantity)] {
            if let Some(at) = accounts().iter().position(|known| *known == account) {
                sums[at] += by;
            }
        }
    }
    sums
}

fn accounts() -> [Account; 3] {
    [Account::Pool, Account::Hold(ORDER), Account::Sold]
}

fn stands(tx: &mut dyn Tx, log: LogId) -> Result<Stands, StoreError> {
    let lies = accounts().map(|account| read::balance(tx, log, CARD, account));
    let list = tx.query(
        "select filled, units, money_minor from purse_entry where log = $1 order by author, seq",
        params![log],
    )?;
    let list = list.iter().map(|row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)));
    let paid = tx.query(
        "select amount_minor, refunded_minor from figure_tender
         where log = $1 and (amount_minor <> 0 or refunded_minor <> 0) order by business_day, kind",
        params![log],
    )?;
    let paid = paid.iter().map(|row| Ok((row.int(0)?, row.int(1)?)));
    Ok((
        lies.into_iter().collect::<Result<_, _>>()?,
        list.collect::<Result<_, StoreError>>()?,
        paid.collect::<Result<_, StoreError>>()?,
    ))
}
