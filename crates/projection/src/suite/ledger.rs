//! Random ledgers: registers that sell, void and refund on some days about a month's end, each other's sales included.

use std::error::Error;

use soko_domain::entry::{
    Entry, GoodsBack, Kind, RecordParked, RefundLine, RefundMade, SaleLine, SaleMade, SaleVoided, Stamp,
    Standing, TenderKind, Tendered,
};
use soko_domain::ids::{AuthorId, LogId, PersonId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::money::{Currency, Ppm};
use soko_domain::quantity::Unit;
use soko_domain::tax::{LineTax, TaxRate};
use soko_replication::{Pen, Record};

use crate::ParkCode;

const REGISTERS: u8 = 3;
const ACTS: u64 = 14;
/// 2026-11-29, so that a month ends in between.
const FIRST_DAY: i32 = 20_786;
const DAYS: u64 = 4;
const MS_PER_DAY: i64 = 86_400_000;

/// Repeats itself for the same seed.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn amount(&mut self, end: u64) -> i64 {
        i64::try_from(self.below(end)).unwrap_or(0)
    }

    fn byte(&mut self, end: u64) -> u8 {
        u8::try_from(self.below(end)).unwrap_or(0)
    }
}

/// What counts: who says what, at which place of their chain.
pub(super) struct Said {
    pub(super) author: AuthorId,
    pub(super) seq: u64,
    pub(super) stamp: Stamp,
    pub(super) entry: Entry,
}

struct Chain {
    pen: Pen,
    records: Vec<Record>,
}

impl Chain {
    fn new(number: u8, log: LogId) -> Result<Self, Box<dyn Error>> {
        let (pen, introduction) = Pen::new([number; 32], log, [number; 16], vec![number])?;
        Ok(Self { pen, records: vec![introduction] })
    }

    fn write(&mut self, kind: u16, body: Vec<u8>) -> Result<u64, Box<dyn Error>> {
        let mut record = self.pen.write(kind, body)?;
        self.pen.sign(&mut record)?;
        let seq = record.seq;
        self.records.push(record);
        Ok(seq)
    }
}

pub(super) struct Ledger {
    pub(super) log: LogId,
    chains: Vec<Chain>,
    server: Chain,
    said: Vec<Said>,
}

impl Ledger {
    pub(super) fn new(seed: u64) -> Result<Self, Box<dyn Error>> {
        let mut log = LogId([0xf1; 16]);
        log.0[..8].copy_from_slice(&seed.to_be_bytes());
        let mut ledger = Self { log, chains: Vec::new(), server: Chain::new(9, log)?, said: Vec::new() };
        for number in 1..=REGISTERS {
            ledger.chains.push(Chain::new(number, log)?);
        }
        let mut chance = Chance(seed);
        let mut sold: Vec<(usize, SaleMade)> = Vec::new();
        // Whoever refunds saw the sale; whoever gets the records may see the refund first.
        for act in 0..ACTS * u64::from(REGISTERS) {
            let at = usize::from(chance.byte(u64::from(REGISTERS)));
            ledger.act(&mut chance, (at, act), &mut sold)?;
        }
        Ok(ledger)
    }

    pub(super) fn server_key(&self) -> [u8; 32] {
        self.server.pen.public_key()
    }

    fn act(
        &mut self,
        chance: &mut Chance,
        (at, act): (usize, u64),
        sold: &mut Vec<(usize, SaleMade)>,
    ) -> Result<(), Box<dyn Error>> {
        let stamp = stamp(chance);
        let known = usize::try_from(chance.below(u64::try_from(sold.len().max(1))?))?;
        let choice = if sold.is_empty() { 0 } else { chance.below(12) };
        match choice {
            0..=5 => {
                let sale = sale(chance, act);
                self.say(at, stamp, sale.clone().into())?;
                sold.push((at, sale));
            }
            // Sometimes a sale that was voided before, and sometimes one of another register, which is no void.
            6 | 7 => {
                let (maker, sale) = &sold[known];
                let by = if chance.below(8) == 0 { at } else { *maker };
                let void = SaleVoided {
                    sale: sale.sale,
                    shift: sale.shift,
                    reason: "mistake".into(),
                    units: Vec::new(),
                    cash_back_minor: 0,
                };
                self.say(by, stamp, void.into())?;
            }
            8..=10 => {
                let refund = refund(chance, act, &sold[known].1);
                self.say(at, stamp, refund.into())?;
            }
            // What cannot be read, and what a register may not say, count for nothing.
            _ => {
                let chain = self.chains.get_mut(at).ok_or("no such register")?;
                chain.write(Kind::SaleMade.number(), vec![2, 0xff])?;
                let word = RecordParked { author: chain.pen.author(), seq: 2, code: 6, note: String::new() };
                let entry = Entry::from(word);
                chain.write(Kind::RecordParked.number(), entry.to_body(&stamp))?;
            }
        }
        Ok(())
    }

    fn say(&mut self, at: usize, stamp: Stamp, entry: Entry) -> Result<(), Box<dyn Error>> {
        let chain = self.chains.get_mut(at).ok_or("no such register")?;
        let seq = chain.write(entry.kind().number(), entry.to_body(&stamp))?;
        self.said.push(Said { author: chain.pen.author(), seq, stamp, entry });
        Ok(())
    }

    /// Portions of random size, each chain in its own order; now and then something is sent once more.
    pub(super) fn arrivals(&self, chance: &mut Chance) -> Vec<Vec<Record>> {
        let mut portions = vec![self.server.records.clone()];
        let mut sent = vec![0_usize; self.chains.len()];
        loop {
            let open: Vec<usize> =
                (0..self.chains.len()).filter(|at| sent[*at] < self.chains[*at].records.len()).collect();
            if open.is_empty() {
                return portions;
            }
            let at = open[usize::from(chance.byte(u64::try_from(open.len()).unwrap_or(1)))];
            let records = &self.chains[at].records;
            let from = if chance.below(4) == 0 { sent[at].saturating_sub(2) } else { sent[at] };
            let to = records.len().min(sent[at] + 1 + usize::from(chance.byte(7)));
            sent[at] = to;
            let portion = records[from..to].to_vec();
            // Sometimes with what came before in one call, as a page with several runs is.
            match portions.last_mut() {
                Some(last) if chance.below(3) == 0 => last.extend(portion),
                Some(_) | None => portions.push(portion),
            }
        }
    }

    /// The first sale there is.
    pub(super) fn aside(&self) -> (AuthorId, u64) {
        let first = self.said.iter().find(|said| matches!(said.entry, Entry::SaleMade(_)));
        first.map_or((AuthorId::default(), 0), |said| (said.author, said.seq))
    }

    /// The server's word about it.
    pub(super) fn set_aside(&self) -> Result<Vec<Record>, Box<dyn Error>> {
        let mut server = Chain::new(9, self.log)?;
        let (author, seq) = self.aside();
        let word = RecordParked { author, seq, code: ParkCode::ServerSaid.number(), note: "no".into() };
        let entry = Entry::from(word);
        let body = entry.to_body(&Stamp::at(0, 0, FIRST_DAY));
        server.write(Kind::RecordParked.number(), body)?;
        Ok(server.records.split_off(1))
    }

    /// What counts, in no order.
    pub(super) fn said(&self, is_set_aside: bool) -> Vec<&Said> {
        let aside = self.aside();
        let counts = |said: &&Said| !is_set_aside || (said.author, said.seq) != aside;
        self.said.iter().filter(counts).collect()
    }
}

fn stamp(chance: &mut Chance) -> Stamp {
    let day = FIRST_DAY + i32::try_from(chance.below(DAYS)).unwrap_or(0);
    let offset = [0, 180, -210][usize::from(chance.byte(3))];
    let at_ms = i64::from(day) * MS_PER_DAY + chance.amount(86_400) * 1_000;
    let by = (chance.below(3) > 0).then(|| PersonId([chance.byte(2) + 1; 16]));
    Stamp { by, ..Stamp::at(at_ms, offset, day) }
}

fn sale(chance: &mut Chance, act: u64) -> SaleMade {
    let mut id = SaleId([3; 16]);
    id.0[..8].copy_from_slice(&act.to_be_bytes());
    let lines: Vec<SaleLine> = (0..=chance.below(3)).map(|_| line(chance)).collect();
    let total_minor: i64 = lines.iter().map(|line| line.total_minor).sum();
    let kind = [TenderKind::Cash, TenderKind::Card, TenderKind::MobileMoney][usize::from(chance.byte(3))];
    let change_minor = if kind == TenderKind::Cash { chance.amount(500) } else { 0 };
    let tendered = |kind, amount_minor| Tendered {
        kind,
        amount_minor,
        reference: String::new(),
        standing: Standing::Taken,
    };
    let by_voucher = chance.amount(3) * 10;
    let tenders = vec![
        tendered(kind, total_minor + change_minor - by_voucher),
        tendered(TenderKind::Voucher, by_voucher),
    ];
    SaleMade {
        sale: id,
        shift: ShiftId([4; 16]),
        receipt_number: act,
        currency: Currency::parse("EUR").unwrap_or_else(|| unreachable!("the euro is a currency")),
        lines,
        discount: None,
        total_minor,
        cash_rounding_minor: chance.amount(5) - 2,
        tenders,
        change_minor,
        note: String::new(),
        customer: None,
        tab: None,
    }
}

fn line(chance: &mut Chance) -> SaleLine {
    let total_minor = chance.amount(5_000);
    let rates = [
        TaxRate::inclusive(Ppm(200_000)),
        TaxRate::exclusive(Ppm(55_000)),
        TaxRate::inclusive(Ppm(200_000)).labelled("B"),
    ];
    let taxes = rates.into_iter().filter(|_| chance.below(2) == 0).collect::<Vec<_>>();
    let taxes = taxes
        .into_iter()
        .map(|rate| LineTax { rate, tax_minor: chance.amount(total_minor.unsigned_abs() / 4 + 1) });
    let taxes = taxes.collect();
    SaleLine {
        product: (chance.below(5) > 0).then(|| ProductId([chance.byte(4) + 1; 16])),
        name: "Mango".into(),
        unit: Some(Unit::Piece),
        quantity: chance.amount(9) + 1,
        beyond_share: 0,
        unit_price_minor: 100,
        price_per: 1,
        discount_minor: chance.amount(300),
        discount: None,
        taxes,
        total_minor,
        note: String::new(),
    }
}

/// Of one or two lines; sometimes more than was sold, and sometimes of a line that there is not.
fn refund(chance: &mut Chance, act: u64, sale: &SaleMade) -> RefundMade {
    let mut id = ThingId([5; 16]);
    id.0[..8].copy_from_slice(&act.to_be_bytes());
    let count = u64::try_from(sale.lines.len()).unwrap_or(1);
    let lines: Vec<RefundLine> = (0..=chance.below(2))
        .map(|_| {
            let beyond = u64::from(chance.below(9) == 0);
            let at = chance.below(count + beyond);
            let sold = usize::try_from(at).ok().and_then(|at| sale.lines.get(at));
            let most = sold.map_or(10, |line| line.total_minor).unsigned_abs();
            RefundLine {
                line: u32::try_from(at).unwrap_or(0),
                product: sold.and_then(|line| line.product),
                quantity: 1,
                amount_minor: chance.amount(most + 2),
                goods: [GoodsBack::KeptByBuyer, GoodsBack::Sellable, GoodsBack::Waste]
                    [usize::from(chance.byte(3))],
            }
        })
        .collect();
    let amount_minor = lines.iter().map(|line| line.amount_minor).sum();
    RefundMade {
        refund: id,
        sale: sale.sale,
        shift: ShiftId([4; 16]),
        allowance: None,
        lines,
        tender: [TenderKind::Cash, TenderKind::Card][usize::from(chance.byte(2))],
        amount_minor,
        reason: String::new(),
    }
}
