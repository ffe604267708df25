//! Random ledgers: registers that sell, void and refund on some days about a month's end, each other's sales included, and hand
//! orders over, whose money moves before and after.

use std::error::Error;

use soko_domain::delivery::Handing;
use soko_domain::entry::{
    BackWay, CostsNoted, Entry, GivenBack, GoodsBack, Kind, OrderCashGiven, OrderDelivery, OrderHandedOver,
    OrderLine, OrderPaid, OrderPaidBack, OrderPlaced, OrderRefundAllowed, OrderRefundEnded, OrderSentBack,
    OrderTaken, OrderTransferCame, PayWay, RecordParked, RefundEnd, RefundLine, RefundMade, SaleLine,
    SaleMade, SaleVoided, Stamp, Standing, TenderKind, Tendered, UnitCost,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, PersonId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::money::{Currency, Ppm};
use soko_domain::quantity::Unit;
use soko_domain::tax::{LineTax, TaxRate};
use soko_replication::{Pen, Record};

use crate::{ParkCode, Trust};

const REGISTERS: u8 = 3;
const SERVER: usize = REGISTERS as usize;
const ACTS: u64 = 20;
/// 2026-11-29, so that a month ends in between.
pub(super) const FIRST_DAY: i32 = 20_786;
pub(super) const DAYS: u64 = 4;
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

/// Whether the server sets anything aside while a ledger is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    None,
    Some,
}

pub(super) struct Ledger {
    pub(super) log: LogId,
    /// Those of the registers, and behind them the server's.
    chains: Vec<Chain>,
    said: Vec<Said>,
    orders: Vec<OrderPlaced>,
    parts: Vec<OrderRefundAllowed>,
    /// What the server set aside while the ledger was written, and at its end.
    aside: Vec<(AuthorId, u64)>,
    aside_last: Vec<(AuthorId, u64)>,
    /// Records at the end of the server's chain that do not arrive with the others.
    kept_back: usize,
}

/// Some orders are paid to the stall's own account: registers say that it came, and that it was sent back.
fn by_transfer(order: OrderId) -> bool {
    order.0.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) % 2 == 1
}

impl Ledger {
    pub(super) fn new(seed: u64, words: Words) -> Result<Self, Box<dyn Error>> {
        let mut log = LogId([0xf1; 16]);
        log.0[..8].copy_from_slice(&seed.to_be_bytes());
        let chains = (1..=REGISTERS).chain([9]).map(|number| Chain::new(number, log));
        let chains = chains.collect::<Result<_, _>>()?;
        let mut ledger = Self {
            log,
            chains,
            said: Vec::new(),
            orders: Vec::new(),
            parts: Vec::new(),
            aside: Vec::new(),
            aside_last: Vec::new(),
            kept_back: 0,
        };
        let mut chance = Chance(seed);
        let mut sold: Vec<(usize, SaleMade)> = Vec::new();
        // Whoever refunds saw the sale; whoever gets the records may see the refund first.
        for act in 0..ACTS * u64::from(REGISTERS) {
            let at = usize::from(chance.byte(u64::from(REGISTERS)));
            match chance.below(3) {
                0 => ledger.order(&mut chance, (at, act))?,
                _ => ledger.act(&mut chance, (at, act), &mut sold)?,
            }
            if words == Words::Some && chance.below(12) == 0 {
                ledger.set_any_aside(&mut chance)?;
            }
        }
        if sold.is_empty() {
            ledger.act(&mut chance, (0, ACTS * 9), &mut sold)?;
        }
        Ok(ledger)
    }

    pub(super) fn trust(&self) -> Trust {
        Trust { server_keys: [self.chains[SERVER].pen.public_key()].into_iter().collect() }
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
                self.say_costs(chance, (at, &stamp), sale.sale)?;
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

    /// Orders are placed, paid, handed over, sometimes by two, and their money goes back, in parts or at once.
    fn order(&mut self, chance: &mut Chance, (at, act): (usize, u64)) -> Result<(), Box<dyn Error>> {
        let stamp = stamp(chance);
        let choice = if self.orders.is_empty() { 0 } else { chance.below(10) };
        if choice < 3 {
            let placed = placed(chance, act);
            self.orders.push(placed.clone());
            return self.say(SERVER, stamp, placed.into());
        }
        let placed = &self.orders[usize::from(chance.byte(u64::try_from(self.orders.len())?))];
        let (order, way, reference) = (placed.order, PayWay::Card, String::new());
        let amount_minor = placed.total_minor;
        match choice {
            3 if by_transfer(order) => {
                self.say(at, stamp, OrderTransferCame { order, amount_minor, reference }.into())
            }
            7 if by_transfer(order) => Ok(()),
            3 => self.say(SERVER, stamp, OrderPaid { order, way, amount_minor, reference }.into()),
            4..=6 => {
                let taken = (chance.below(3) > 0).then(|| taken(chance, amount_minor));
                self.say_costs(chance, (at, &stamp), SaleId(order.0))?;
                self.say(at, stamp, OrderHandedOver { order, taken }.into())
            }
            7 => {
                let amount_minor = chance.amount(amount_minor.unsigned_abs() + 1);
                self.say(SERVER, stamp, OrderPaidBack { order, way, amount_minor, reference }.into())
            }
            8 => {
                let lines = part(chance, placed);
                let of_lines: i64 = lines.iter().map(|line| line.amount_minor).sum();
                let allowed = OrderRefundAllowed {
                    refund: ThingId(act_id(8, act)),
                    order,
                    to: self.chains[at].pen.author(),
                    way: [BackWay::AsPaid, BackWay::Cash][usize::from(chance.byte(2))],
                    lines,
                    amount_minor: of_lines + chance.amount(40),
                };
                self.parts.push(allowed.clone());
                self.say(SERVER, stamp, allowed.into())
            }
            _ => self.end_part(chance, at, stamp),
        }
    }

    fn end_part(&mut self, chance: &mut Chance, at: usize, stamp: Stamp) -> Result<(), Box<dyn Error>> {
        let Some(part) = self.parts.get(usize::from(chance.byte(4))) else { return Ok(()) };
        let (refund, order, amount_minor) = (part.refund, part.order, part.amount_minor);
        match part.way {
            BackWay::Cash => {
                let shift = ShiftId([4; 16]);
                self.say(at, stamp, OrderCashGiven { refund, order, shift, amount_minor }.into())
            }
            BackWay::AsPaid if by_transfer(order) => {
                let reference = String::new();
                self.say(at, stamp, OrderSentBack { refund, order, amount_minor, reference }.into())
            }
            BackWay::AsPaid => {
                let end = [RefundEnd::PaidBack, RefundEnd::NotTaken][usize::from(chance.byte(2))];
                let reference = String::new();
                let ended = OrderRefundEnded { refund, order, end, amount_minor, reference };
                self.say(SERVER, stamp, ended.into())
            }
        }
    }

    /// Mostly what some of the goods cost; sometimes of another sale, which says nothing of this one.
    fn say_costs(
        &mut self,
        chance: &mut Chance,
        (at, stamp): (usize, &Stamp),
        sale: SaleId,
    ) -> Result<(), Box<dyn Error>> {
        let sale = match chance.below(6) {
            0 => return Ok(()),
            1 => SaleId([9; 16]),
            _ => sale,
        };
        let cost = |product: u8| UnitCost {
            product: ProductId([product; 16]),
            cost_minor: chance.amount(400),
            per: chance.amount(4) + 1,
        };
        let costs = [1, 2, 4].map(cost).to_vec();
        self.say(at, stamp.clone(), CostsNoted { sale, costs }.into())
    }

    fn say(&mut self, at: usize, stamp: Stamp, entry: Entry) -> Result<(), Box<dyn Error>> {
        let chain = self.chains.get_mut(at).ok_or("no such register")?;
        let seq = chain.write(entry.kind().number(), entry.to_body(&stamp))?;
        self.said.push(Said { author: chain.pen.author(), seq, stamp, entry });
        Ok(())
    }

    /// Portions of random size, each chain in its own order; now and then something is sent once more.
    pub(super) fn arrivals(&self, chance: &mut Chance) -> Vec<Vec<Record>> {
        let mut portions: Vec<Vec<Record>> = Vec::new();
        let mut sent = vec![0_usize; self.chains.len()];
        let end = |at: usize| self.chains[at].records.len() - if at == SERVER { self.kept_back } else { 0 };
        loop {
            let open: Vec<usize> = (0..self.chains.len()).filter(|at| sent[*at] < end(*at)).collect();
            if open.is_empty() {
                return portions;
            }
            let at = open[usize::from(chance.byte(u64::try_from(open.len()).unwrap_or(1)))];
            let records = &self.chains[at].records;
            let from = if chance.below(4) == 0 { sent[at].saturating_sub(2) } else { sent[at] };
            let to = end(at).min(sent[at] + 1 + usize::from(chance.byte(7)));
            sent[at] = to;
            let portion = records[from..to].to_vec();
            // Sometimes with what came before in one call, as a page with several runs is.
            match portions.last_mut() {
                Some(last) if chance.below(3) == 0 => last.extend(portion),
                Some(_) | None => portions.push(portion),
            }
        }
    }

    /// So many records at the end of the server's chain come by themselves.
    pub(super) fn keep_back(&mut self, count: usize) {
        self.kept_back = count;
    }

    /// A sale that stands as it was made, or an order.
    pub(super) fn newer(&self, chance: &mut Chance) -> (AuthorId, u64) {
        let mut found = self
            .said
            .iter()
            .filter(|said| matches!(said.entry, Entry::OrderPlaced(_)) || self.is_sale_that_stands(said));
        let at = usize::from(chance.byte(5));
        let first = found.clone().next();
        found.nth(at).or(first).map_or((AuthorId::default(), 0), |said| (said.author, said.seq))
    }

    fn is_sale_that_stands(&self, said: &Said) -> bool {
        let Entry::SaleMade(sale) = &said.entry else { return false };
        let is_void =
            |other: &Said| matches!(&other.entry, Entry::SaleVoided(void) if void.sale == sale.sale);
        sale.total_minor != 0 && !self.said.iter().any(is_void)
    }

    /// Anything that a register said, whenever that comes to whom.
    fn set_any_aside(&mut self, chance: &mut Chance) -> Result<(), Box<dyn Error>> {
        let server = self.chains[SERVER].pen.author();
        let at = usize::from(chance.byte(u64::try_from(self.said.len().max(1))?));
        let Some(said) = self.said.get(at).filter(|said| said.author != server) else { return Ok(()) };
        let place = (said.author, said.seq);
        self.aside.push(place);
        self.word(place)
    }

    /// The server's words about a sale that stands, and about one of each other deed that moves money.
    pub(super) fn set_aside(&mut self) -> Result<Vec<Record>, Box<dyn Error>> {
        let counts = |said: &&Said| !self.aside.contains(&(said.author, said.seq));
        let first = |wanted: &dyn Fn(&Said) -> bool| {
            let found = self.said.iter().filter(counts).find(|said| wanted(said));
            found.map(|said| (said.author, said.seq))
        };
        let places = [
            first(&|said| self.is_sale_that_stands(said)),
            first(&|said| matches!(said.entry, Entry::RefundMade(_))),
            first(&|said| matches!(said.entry, Entry::SaleVoided(_))),
            first(&|said| matches!(said.entry, Entry::OrderHandedOver(_))),
        ];
        self.aside_last = places.into_iter().flatten().collect();
        let before = self.chains[SERVER].records.len();
        self.aside_last.clone().into_iter().try_for_each(|place| self.word(place))?;
        Ok(self.chains[SERVER].records[before..].to_vec())
    }

    fn word(&mut self, (author, seq): (AuthorId, u64)) -> Result<(), Box<dyn Error>> {
        let word = RecordParked { author, seq, code: ParkCode::ServerSaid.number(), note: "no".into() };
        let body = Entry::from(word).to_body(&Stamp::at(0, 0, FIRST_DAY));
        self.chains[SERVER].write(Kind::RecordParked.number(), body).map(drop)
    }

    /// What counts, in no order.
    pub(super) fn said(&self, is_set_aside: bool) -> Vec<&Said> {
        let last: &[_] = if is_set_aside { &self.aside_last } else { &[] };
        let counts = |said: &&Said| {
            let place = (said.author, said.seq);
            !self.aside.contains(&place) && !last.contains(&place)
        };
        self.said.iter().filter(counts).collect()
    }
}

fn stamp(chance: &mut Chance) -> Stamp {
    let day = FIRST_DAY + i32::try_from(chance.below(DAYS)).unwrap_or(0);
    let offset = [0, 180, -210][usize::from(chance.byte(3))];
    // Days end at half past four, whatever the wall says of them.
    let at_ms = i64::from(day) * MS_PER_DAY + (chance.amount(86_400) + 16_200) * 1_000;
    let by = (chance.below(3) > 0).then(|| PersonId([chance.byte(2) + 1; 16]));
    Stamp { by, ..Stamp::at(at_ms, offset, day) }
}

fn placed(chance: &mut Chance, act: u64) -> OrderPlaced {
    let lines: Vec<OrderLine> = (0..=chance.below(3))
        .map(|_| {
            let SaleLine { product, name, quantity, discount_minor, taxes, total_minor, .. } = line(chance);
            OrderLine {
                product: product.unwrap_or(ProductId([1; 16])),
                name,
                quantity,
                unit_price_minor: 100,
                price_per: 1,
                discount_minor,
                tax_minor: taxes.iter().map(|tax| tax.tax_minor).sum(),
                taxes,
                total_minor,
            }
        })
        .collect();
    let delivery = (chance.below(2) == 0).then(|| {
        let SaleLine { taxes, total_minor, .. } = line(chance);
        let tax_minor = taxes.iter().map(|tax| tax.tax_minor).sum();
        OrderDelivery { zone: String::new(), taxes, tax_minor, total_minor }
    });
    let of_lines: i64 = lines.iter().map(|line| line.total_minor).sum();
    OrderPlaced {
        order: OrderId(act_id(6, act)),
        buyer: ThingId([7; 16]),
        currency: Currency::parse("EUR").unwrap_or_else(|| unreachable!("the euro is a currency")),
        total_minor: of_lines + delivery.as_ref().map_or(0, |delivery| delivery.total_minor),
        lines,
        note: String::new(),
        handing: Handing::Local,
        delivery,
        coupon: None,
    }
}

fn taken(chance: &mut Chance, total_minor: i64) -> OrderTaken {
    let change_minor = chance.amount(300);
    let cash = Tendered {
        kind: TenderKind::Cash,
        amount_minor: total_minor + change_minor,
        reference: String::new(),
        standing: Standing::Taken,
    };
    OrderTaken {
        shift: ShiftId([4; 16]),
        total_minor,
        cash_rounding_minor: chance.amount(5) - 2,
        tenders: vec![cash],
        change_minor,
        taxes: Vec::new(),
    }
}

/// Sometimes nothing but money.
fn part(chance: &mut Chance, placed: &OrderPlaced) -> Vec<RefundLine> {
    let some = chance.below(3);
    let one = |(at, line): (u32, &OrderLine)| RefundLine {
        line: at,
        product: Some(line.product),
        quantity: 1,
        amount_minor: line.total_minor / 3,
        goods: if at == 0 { GoodsBack::Sellable } else { GoodsBack::Waste },
    };
    (0_u32..).zip(&placed.lines).take(usize::try_from(some).unwrap_or(0)).map(one).collect()
}

/// A name for what an act made.
fn act_id(what: u8, act: u64) -> [u8; 16] {
    let mut id = [what; 16];
    id[..8].copy_from_slice(&act.to_be_bytes());
    id
}

fn sale(chance: &mut Chance, act: u64) -> SaleMade {
    let id = SaleId(act_id(3, act));
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
        customer: (!act.is_multiple_of(3)).then(|| ThingId([u8::try_from(act % 3).unwrap_or(1); 16])),
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
    let id = ThingId(act_id(5, act));
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
    let amount_minor: i64 = lines.iter().map(|line| line.amount_minor).sum();
    // In coins, in money and what never came, or by one of them alone.
    let cash_rounding_minor = chance.amount(5) - 2;
    let in_cash = chance.amount(amount_minor.unsigned_abs() + 1);
    let (card, never_came) = (TenderKind::Card, chance.byte(2) == 1);
    let given = vec![
        GivenBack { kind: TenderKind::Cash, amount_minor: in_cash + cash_rounding_minor, never_came: false },
        GivenBack { kind: card, amount_minor: amount_minor - in_cash, never_came },
    ];
    RefundMade {
        refund: id,
        sale: sale.sale,
        shift: ShiftId([4; 16]),
        allowance: None,
        lines,
        amount_minor,
        cash_rounding_minor,
        given,
        reason: String::new(),
    }
}
