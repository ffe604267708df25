//! A market day: two registers sell two thousand baskets between them, void, refund, receive, change shifts and
//! meet a server now and then, while each of them is killed fifty times in the middle of its work. A model that
//! knows nothing of Soko but the prices says what must be left: every sale once, chains that prove themselves,
//! stock to the unit, and both drawers right to the cent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::network::World;
use crate::programs::{Script, id};

const SALES: u32 = 1_000;
const KILLS: u32 = 50;
/// Commands that are on their way when a register is killed: some done, one under way, the rest unread.
const IN_FLIGHT: usize = 12;
/// Another shift begins after so many sales.
const SHIFT_SALES: u32 = 500;
const FLOAT: i64 = 1_000;
const RECEIVED: [(usize, i64); 3] = [(0, 9_000), (1, 9_000), (2, 9_000_000)];
/// The longest list that a register shows at once.
const ROWS: usize = 500;

/// What the market sells: its name and what a quantity costs, taxes in.
const GOODS: [(&str, &str, fn(i64) -> i64); 3] = [
    ("tea", "", |pieces| pieces * 250),
    // The tax comes on top: 1,285 and a fifth of it.
    ("bread", "product add --name bread --price 1285 --tax-ppm 200000 --tax-on-top", |loaves| loaves * 1_542),
    ("rice", "product add --name rice --unit gram --price 12000 --per 1000", |grams| grams * 12),
];

/// A small generator of our own, so that the day is the same each time.
struct Dice(u64);

impl Dice {
    /// A number below the bound.
    fn throw(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(bound)).unwrap()
    }
}

#[derive(Clone)]
struct Sold {
    id: String,
    lines: Vec<(usize, i64)>,
    total: i64,
    cash: i64,
}

/// One register's day as it must be, and the register.
struct Day {
    number: u8,
    till: PathBuf,
    script: Option<Script>,
    dice: Dice,
    /// Commands that were sent and not answered, in order.
    unheard: Vec<String>,
    acts: u32,
    sold: u32,
    sales: Vec<Sold>,
    voided: BTreeSet<String>,
    drawer: i64,
    gone: [i64; 3],
    kills: u32,
}

impl Day {
    fn new(number: u8, till: &Path, script: Script) -> Self {
        Self {
            number,
            till: till.to_owned(),
            script: Some(script),
            dice: Dice(u64::from(number) + 7),
            unheard: Vec::new(),
            acts: 0,
            sold: 0,
            sales: Vec::new(),
            voided: BTreeSet::new(),
            drawer: FLOAT,
            gone: [0; 3],
            kills: 0,
        }
    }

    fn script(&mut self) -> &mut Script {
        self.script.as_mut().unwrap()
    }

    fn next_id(&mut self) -> String {
        self.acts += 1;
        id(0xd0 + self.number, self.acts)
    }

    fn send(&mut self, line: String) {
        self.script().send(&line);
        self.unheard.push(line);
    }

    /// Waits for the answer to the oldest command.
    fn hear(&mut self) {
        let answer = self.script().hear();
        let line = self.unheard.remove(0);
        // An exchange may fail while the other one writes; what it could not send waits.
        assert!(answer["ok"] == true || line.starts_with("replicate"), "{line}: {answer}");
    }

    fn hear_all(&mut self) {
        while !self.unheard.is_empty() {
            self.hear();
        }
    }

    /// Pulls the plug, and starts again: whoever did not hear an answer asks again under the same id.
    fn kill(&mut self) {
        self.script.take().unwrap().kill();
        self.kills += 1;
        self.script = Some(Script::start(&self.till));
        for line in std::mem::take(&mut self.unheard) {
            self.send(line);
        }
    }

    fn act(&mut self) {
        match self.dice.throw(40) {
            0 => self.void(),
            1 | 2 => self.refund(),
            3 => self.send("replicate --failures 2".into()),
            _ => self.sell(),
        }
    }

    fn sell(&mut self) {
        let id = self.next_id();
        let mut lines = Vec::new();
        for _ in 0..=self.dice.throw(3) {
            let good = usize::try_from(self.dice.throw(3)).unwrap();
            let quantity = i64::from(1 + self.dice.throw(4)) * if good == 2 { 125 } else { 1 };
            lines.push((good, quantity));
        }
        let total = lines.iter().map(|(good, quantity)| GOODS[*good].2(*quantity)).sum::<i64>();
        let card = [0, 0, total, total / 2][usize::try_from(self.dice.throw(4)).unwrap()];
        let cash = total - card;
        let basket: Vec<String> =
            lines.iter().map(|(good, quantity)| format!("{}={quantity}", GOODS[*good].0)).collect();
        let mut line = format!("sell {} --id {id}", basket.join(" "));
        if cash > 0 {
            // Notes of 50.00: the change never counts as money in the drawer.
            line.push_str(&format!(" --cash {}", (cash + 4_999) / 5_000 * 5_000));
        }
        if card > 0 {
            line.push_str(&format!(" --card {card}"));
        }
        self.send(line);
        self.drawer += cash;
        lines.iter().for_each(|(good, quantity)| self.gone[*good] += quantity);
        self.sales.push(Sold { id, lines, total, cash });
        self.sold += 1;
    }

    /// Takes the last sale back. What was paid by card goes back by card.
    fn void(&mut self) {
        let Some(last) = self.sales.last().filter(|sold| !self.voided.contains(&sold.id)).cloned() else {
            return self.sell();
        };
        let id = self.next_id();
        self.send(format!("void {} --reason 'rung up twice' --id {id}", last.id));
        self.drawer -= last.cash;
        last.lines.iter().for_each(|(good, quantity)| self.gone[*good] -= quantity);
        self.voided.insert(last.id);
    }

    /// A sale of its own, and then the first line of it comes back, for cash.
    fn refund(&mut self) {
        self.sell();
        let Some(sold) = self.sales.last().cloned() else { return };
        let (good, quantity) = sold.lines[0];
        let id = self.next_id();
        self.send(format!("refund {} 0={quantity} --reason cold --id {id}", sold.id));
        self.drawer -= GOODS[good].2(quantity);
        self.gone[good] -= quantity;
        // A sale that was refunded is not voided afterwards.
        self.voided.insert(format!("refunded {}", sold.id));
        self.sell();
    }

    /// Counts the drawer, which must agree with what the register expects, and begins the next shift.
    fn change_shifts(&mut self) {
        self.hear_all();
        let (close, open) = (self.next_id(), self.next_id());
        let drawer = self.drawer;
        let closed = self.script().done(&format!("shift close --counted {drawer} --id {close}"));
        assert_eq!(
            closed["reply"]["shift-closed"]["expected_minor"], drawer,
            "the drawer is wrong: {closed}"
        );
        self.script().done(&format!("shift open --float {FLOAT} --id {open}"));
        self.drawer = FLOAT;
    }

    fn trade(&mut self) {
        let mut shift = SHIFT_SALES;
        while self.sold < SALES || self.kills < KILLS {
            for _ in 0..IN_FLIGHT {
                self.act();
            }
            // Killed after the first of these answers, or the third, or before any: always in the middle.
            for _ in 0..self.dice.throw(u32::try_from(IN_FLIGHT).unwrap()) {
                self.hear();
            }
            if self.kills * SALES <= self.sold * KILLS {
                self.kill();
            }
            self.hear_all();
            if self.sold >= shift {
                self.change_shifts();
                shift += SHIFT_SALES;
            }
        }
    }

    /// What the register says of its own day, beside what must be.
    fn check(&mut self) {
        let shown = self.script().done("shift show");
        assert_eq!(shown["shift"]["expected_minor"], self.drawer, "the drawer is wrong: {shown}");
        self.script().done("verify");
        assert!(self.kills >= KILLS, "only {} kills", self.kills);
    }
}

/// Every sale that a register lists.
fn listed(script: &mut Script) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = script.done(&format!("sale list --rows {ROWS} --offset {}", all.len()));
        let rows = page["sales"].as_array().unwrap();
        all.extend(rows.iter().cloned());
        if rows.len() < ROWS {
            return all;
        }
    }
}

#[test]
fn a_market_day_of_two_thousand_sales_and_a_hundred_kills_loses_and_doubles_nothing() {
    let mut world = World::new(2, 77, None);
    for (_, add, _) in &GOODS[1..] {
        world.registers[0].done(add);
    }
    world.meet();
    for register in &mut world.registers {
        for (good, quantity) in RECEIVED {
            register.done(&format!("receive {}={quantity}", GOODS[good].0));
        }
    }
    let tills = [world.till(0), world.till(1)];
    let scripts = std::mem::take(&mut world.registers);
    let mut days: Vec<Day> = (0..)
        .zip(&tills)
        .zip(scripts)
        .map(|((number, till), script)| Day::new(number, till, script))
        .collect();
    // Both at once, as on a market.
    std::thread::scope(|threads| {
        for day in &mut days {
            threads.spawn(|| day.trade());
        }
    });
    days.iter_mut().for_each(Day::check);
    world.registers = days.iter_mut().map(|day| day.script.take().unwrap()).collect();
    world.meet();
    for register in &mut world.registers {
        let all = listed(register);
        for day in &days {
            check_sales(day, &all);
        }
        assert_eq!(all.len(), days.iter().map(|day| day.sales.len()).sum::<usize>(), "a sale is nobody's");
        for (good, received) in RECEIVED {
            let gone: i64 = days.iter().map(|day| day.gone[good]).sum();
            let stock = register.done(&format!("stock {}", GOODS[good].0))["stock"].clone();
            assert_eq!(stock["counted"], 2 * received - gone, "{}: {stock}", GOODS[good].0);
            assert_eq!(stock["owed"], 0, "{stock}");
        }
        register.done("verify");
        assert_eq!(
            register.done("incidents")["parked"],
            serde_json::json!([]),
            "a record counts for nothing"
        );
    }
}

/// Each sale of a register's day is there once, for its money, and its numbers have no gap.
fn check_sales(day: &Day, all: &[Value]) {
    let mut numbers = Vec::new();
    for sold in &day.sales {
        let mut found = all.iter().filter(|row| row["sale"] == sold.id.as_str());
        let row = found.next().unwrap_or_else(|| panic!("sale {} is lost", sold.id));
        assert!(found.next().is_none(), "sale {} is there twice", sold.id);
        assert_eq!(row["total_minor"], sold.total, "{row}");
        assert_eq!(row["voided"], day.voided.contains(&sold.id), "{row}");
        numbers.push(row["receipt_number"].as_u64().unwrap());
    }
    let count = u64::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "receipt numbers have a gap or another order");
}
