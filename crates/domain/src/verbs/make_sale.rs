//! Sell goods that are in the buyer's hands. Totals are computed here, by the one computation there is, and
//! copied into the entry. Goods in the hand are not refused because a number is wrong: what the share does not
//! cover is stated as such, when the cashier has said that the goods are there. A stall may want a manager's word
//! for that (R16), for discounts above what a role may give alone, and for another price than the product's own.

use std::collections::{BTreeMap, BTreeSet};

use crate::basket::{
    Basket, BasketLine, Discount, Priced, PricedLine, Settled, Tender, price, settle_exchange,
};
use crate::entry::{
    Entry, LinesRepriced, Reduction, Repriced, SaleLine, SaleMade, Standing, TenderKind, Tendered,
};
use crate::ids::{OrderId, ProductId, SaleId, ShiftId, ThingId};
use crate::money::Ppm;
use crate::people::{Doer, Wish};
use crate::quantity::Unit;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::verify_payment::code_key;
use crate::verbs::{NOTE_LEN_MAX, check_lines, check_note, check_quantity};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MakeSale {
    pub sale: SaleId,
    pub basket: Basket,
    /// Line by line, what the basket does not say.
    pub texts: Vec<LineText>,
    /// Why something comes off the whole basket.
    pub discount_reason: String,
    pub tenders: Vec<Tendered>,
    pub beyond: BeyondShare,
    pub note: String,
    pub customer: Option<ThingId>,
    /// The open order that this sale closes.
    pub tab: Option<OrderId>,
}

/// What a receipt says of a line beside its amounts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct LineText {
    pub name: String,
    pub unit: Option<Unit>,
    pub note: String,
    pub discount_reason: String,
}

impl LineText {
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// What to do with units that the register's share does not cover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BeyondShare {
    /// Refuse: the goods are not in the buyer's hands yet.
    Refuse,
    /// Record and mark: the goods are there, whatever the numbers say.
    GoodsInHand,
}

crate::wire_choice! {
    /// What a stall lets its sellers do with goods in the hand that no share covers (R16).
    pub enum BeyondRule {
        /// They are told, and sell.
        Warn = 1,
        /// A manager's word is needed.
        Approve = 2,
        /// Never.
        Refuse = 3,
    }
}

/// What a line costs without anybody's word: the product's own price, or what the label of a scale says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnPrice {
    pub unit_price_minor: i64,
    pub price_per: i64,
}

impl OwnPrice {
    /// As a line has it.
    pub fn of(line: &BasketLine) -> Self {
        Self { unit_price_minor: line.unit_price_minor, price_per: line.price_per }
    }
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub frozen: bool,
    pub open_shift: Option<ShiftId>,
    pub next_receipt_number: u64,
    /// The register's own share of each product of the basket.
    pub shares: BTreeMap<ProductId, i64>,
    /// Line by line; none for what has no price of its own.
    pub own_prices: Vec<Option<OwnPrice>>,
    /// What a line costs by now, where its own price is one that was told before that moved; none or no place for it otherwise.
    pub moved_prices: Vec<Option<OwnPrice>>,
    /// Who sells, and what they may do alone.
    pub doer: Doer,
    pub beyond_rule: BeyondRule,
    /// The sale that closed the tab already.
    pub tab_closed_by: Option<SaleId>,
    /// Of the codes of this sale's payments, those that stand on another sale, as [`code_key`] spells them.
    pub codes_used: BTreeMap<String, SaleId>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            frozen: false,
            open_shift: None,
            next_receipt_number: 1,
            shares: BTreeMap::new(),
            own_prices: Vec::new(),
            moved_prices: Vec::new(),
            doer: Doer::Anybody,
            beyond_rule: BeyondRule::Warn,
            tab_closed_by: None,
            codes_used: BTreeMap::new(),
        }
    }
}

/// A line of this product has no stock: a custom amount.
pub const NO_PRODUCT: ProductId = ProductId([0; 16]);

pub fn decide(facts: &Facts, command: &MakeSale) -> Result<Vec<Entry>, Refusal> {
    check_texts(command)?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    ensure_open(facts, command)?;
    let priced = price(&command.basket)?;
    let mut wishes = vec![Wish::Discount { ppm: most_off(&priced) }];
    if repriced(facts, &command.basket).next().is_some() {
        wishes.push(Wish::ChangePrice);
    }
    wishes.extend(custom_amount(&priced));
    let paid = pay(facts, command, priced.total_minor)?;
    let mut shares = facts.shares.clone();
    let mut lines = Vec::new();
    for (place, line) in priced.lines.iter().enumerate() {
        check_quantity(line.quantity.0)?;
        let beyond_share = take_share(facts, &mut shares, line, command.beyond)?;
        lines.push(sale_line(command, (place, line), beyond_share));
    }
    if lines.iter().any(|line| line.beyond_share > 0) {
        match facts.beyond_rule {
            BeyondRule::Warn => {}
            BeyondRule::Approve => wishes.push(Wish::SellBeyondShare),
            BeyondRule::Refuse => return Err(Refusal::BeyondForbidden),
        }
    }
    facts.doer.allow(&wishes)?;
    let off_all = priced.lines.iter().map(|line| line.basket_discount_minor).sum();
    Ok(vec![
        SaleMade {
            sale: command.sale,
            shift,
            receipt_number: facts.next_receipt_number,
            currency: priced.currency,
            lines,
            discount: reduction(command.basket.discount, off_all, &command.discount_reason),
            total_minor: priced.total_minor,
            cash_rounding_minor: paid.cash_rounding_minor,
            tenders: command.tenders.clone(),
            change_minor: paid.change_minor,
            note: command.note.clone(),
            customer: command.customer,
            tab: command.tab,
        }
        .into(),
    ])
}

fn check_texts(command: &MakeSale) -> Result<(), Refusal> {
    check_lines(command.basket.lines.len())?;
    ensure(command.texts.len() == command.basket.lines.len(), invalid(Wrong::SaleNamesOdd))?;
    ensure(command.texts.iter().all(|text| text.name.len() <= NOTE_LEN_MAX), invalid(Wrong::TooLong))?;
    check_note(&command.note)?;
    check_note(&command.discount_reason)?;
    for text in &command.texts {
        check_note(&text.note)?;
        check_note(&text.discount_reason)?;
    }
    Ok(())
}

/// C1: what was paid is paid. A tab is closed by one sale.
fn ensure_open(facts: &Facts, command: &MakeSale) -> Result<(), Refusal> {
    let closed_by = command.tab.and(facts.tab_closed_by).filter(|sale| *sale != command.sale);
    closed_by.map_or(Ok(()), |sale| Err(Refusal::TabClosed(sale)))
}

/// The lines that have another price than their own.
fn repriced<'a>(facts: &'a Facts, basket: &'a Basket) -> impl Iterator<Item = (usize, OwnPrice)> + 'a {
    other_than(facts.own_prices.iter().copied(), basket)
}

fn other_than<'a>(
    own: impl Iterator<Item = Option<OwnPrice>> + 'a,
    basket: &'a Basket,
) -> impl Iterator<Item = (usize, OwnPrice)> + 'a {
    let lines = own.zip(&basket.lines).enumerate();
    lines.filter_map(|(place, (own, line))| Some((place, own.filter(|own| *own != OwnPrice::of(line))?)))
}

/// What stands beside a sale that was decided from these facts: which lines have another price than their own. A sale at
/// its prices has nothing beside it. Who was told a price pays it without anybody's word; that the thing costs something else by now is
/// said all the same, for nobody can see when it was told.
pub fn beside(facts: &Facts, command: &MakeSale) -> Option<Entry> {
    let line = |(place, own): (usize, OwnPrice)| {
        let (line, text) = (&command.basket.lines[place], &command.texts[place]);
        Repriced {
            line: u32::try_from(place).unwrap_or(u32::MAX),
            product: line.product,
            name: text.name.clone(),
            quantity: line.quantity.0,
            unit: text.unit,
            own_minor: own.unit_price_minor,
            own_per: own.price_per,
            unit_price_minor: line.unit_price_minor,
            price_per: line.price_per,
        }
    };
    let by_now =
        |(place, own): (usize, &Option<OwnPrice>)| facts.moved_prices.get(place).copied().flatten().or(*own);
    let own = facts.own_prices.iter().enumerate().map(by_now);
    let lines: Vec<Repriced> = other_than(own, &command.basket).map(line).collect();
    (!lines.is_empty()).then(|| LinesRepriced { sale: command.sale, lines }.into())
}

/// What the lines that are no product's come to together, before anything comes off, so that neither several small ones nor a
/// discount pass under a limit. One for nothing gives something away, whatever it is: that is beyond every limit.
fn custom_amount(priced: &Priced) -> Option<Wish> {
    let mut amounts =
        priced.lines.iter().filter(|line| line.product == NO_PRODUCT).map(|line| line.gross_minor).peekable();
    amounts.peek()?;
    let sum = |sum: i64, gross: i64| if gross > 0 { sum.saturating_add(gross) } else { i64::MAX };
    Some(Wish::CustomAmount { minor: amounts.fold(0, sum) })
}

/// The largest part that comes off any price: of each line, and of the whole basket, so that two small discounts do
/// not pass for one. Rounding a percentage to whole coins does not make it larger.
fn most_off(priced: &Priced) -> u32 {
    let lines =
        priced.lines.iter().map(|line| (line.discount_minor + line.basket_discount_minor, line.gross_minor));
    let all = lines.chain([(priced.discount_minor, priced.gross_minor)]);
    all.map(|(off, gross)| part_off(off, gross)).max().unwrap_or(0)
}

/// The smallest percentage that, rounded up, takes so much off.
fn part_off(off_minor: i64, gross_minor: i64) -> u32 {
    if off_minor <= 0 || gross_minor <= 0 {
        return 0;
    }
    let below = i128::from(off_minor - 1) * i128::from(Ppm::ONE.0) / i128::from(gross_minor);
    u32::try_from(below + 1).map_or(Ppm::ONE.0, |ppm| ppm.min(Ppm::ONE.0))
}

fn sale_line(command: &MakeSale, (place, line): (usize, &PricedLine), beyond_share: i64) -> SaleLine {
    let (asked, text) = (&command.basket.lines[place], &command.texts[place]);
    SaleLine {
        product: (line.product != NO_PRODUCT).then_some(line.product),
        name: text.name.clone(),
        unit: text.unit,
        quantity: line.quantity.0,
        beyond_share,
        unit_price_minor: asked.unit_price_minor,
        price_per: asked.price_per,
        discount_minor: line.discount_minor + line.basket_discount_minor,
        discount: reduction(asked.discount, line.discount_minor, &text.discount_reason),
        taxes: line.taxes.clone(),
        total_minor: line.total_minor,
        note: text.note.clone(),
    }
}

fn reduction(off: Discount, amount_minor: i64, reason: &str) -> Option<Reduction> {
    (off != Discount::None).then(|| Reduction { off, amount_minor, reason: reason.into() })
}

/// Takes a line's units off the shares and returns how many were not there. One product on two lines is
/// summed: the second line finds what the first one left.
fn take_share(
    facts: &Facts,
    shares: &mut BTreeMap<ProductId, i64>,
    line: &PricedLine,
    beyond: BeyondShare,
) -> Result<i64, Refusal> {
    if line.product == NO_PRODUCT {
        return Ok(0);
    }
    // A restored or copied register may record what was handed over, and promise nothing.
    ensure(!facts.frozen || beyond == BeyondShare::GoodsInHand, Refusal::RegisterFrozen)?;
    let share = shares.entry(line.product).or_default();
    let available = if facts.frozen { 0 } else { (*share).max(0) };
    let asked = line.quantity.0;
    let covered = asked.min(available);
    if covered < asked && beyond == BeyondShare::Refuse {
        return Err(Refusal::ShareExceeded { product: line.product, available, asked });
    }
    *share -= covered;
    Ok(asked - covered)
}

fn pay(facts: &Facts, command: &MakeSale, total_minor: i64) -> Result<Settled, Refusal> {
    check_tendered(&command.tenders, &facts.codes_used)?;
    let is_goods = |taken: &&Tendered| taken.kind == TenderKind::Cash && taken.is_exchange();
    let goods = command.tenders.iter().filter(is_goods);
    let goods_minor = goods.fold(0, |sum: i64, taken| sum.saturating_add(taken.amount_minor));
    let plain: Vec<Tender> =
        command.tenders.iter().filter(|taken| !is_goods(taken)).map(Tendered::plain).collect();
    let rounding = command.basket.policy.cash_rounding;
    let paid = settle_exchange((total_minor, goods_minor), &plain, rounding)?;
    ensure(paid.is_paid(), Refusal::Underpaid { missing_minor: paid.due_minor })?;
    Ok(paid)
}

/// What is said of payments beside their amounts, and that no code pays twice.
pub(super) fn check_tendered(
    tenders: &[Tendered],
    codes_used: &BTreeMap<String, SaleId>,
) -> Result<(), Refusal> {
    let mut codes = BTreeSet::new();
    for taken in tenders {
        ensure(taken.reference.len() <= NOTE_LEN_MAX, invalid(Wrong::TooLong))?;
        let code = code_key(&taken.reference);
        match taken.standing {
            Standing::Taken | Standing::Claimed => {}
            Standing::Verified => ensure(!code.is_empty(), invalid(Wrong::PaymentCodeMissing))?,
            Standing::Failed | Standing::Settled => return Err(invalid(Wrong::PaymentOpen)),
        }
        if taken.kind == TenderKind::MobileMoney && !code.is_empty() {
            codes_used.get(&code).map_or(Ok(()), |sale| Err(Refusal::CodeUsed(*sale)))?;
            ensure(codes.insert(code), invalid(Wrong::PaymentCodeTwice))?;
        }
    }
    Ok(())
}

/// Whether a sale put cash into the drawer, and how much.
pub fn cash_kept(sale: &SaleMade) -> i64 {
    crate::entry::cash_kept(&sale.tenders, sale.change_minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basket::Policy;
    use crate::entry::{Act, Approval};
    use crate::ids::PersonId;
    use crate::people::{Backing, Limits};
    use crate::quantity::Quantity;
    use crate::role::Role;

    const MANGO: ProductId = ProductId([3; 16]);
    const SHIFT: ShiftId = ShiftId([2; 16]);

    fn facts(share: i64) -> Facts {
        let shares = [(MANGO, share)].into();
        Facts { open_shift: Some(SHIFT), next_receipt_number: 7, shares, ..Facts::default() }
    }

    fn sale(quantities: &[i64], cash: i64, beyond: BeyondShare) -> MakeSale {
        let line = |quantity: &i64| BasketLine {
            product: MANGO,
            quantity: Quantity(*quantity),
            unit_price_minor: 100,
            price_per: 1,
            discount: Discount::None,
            taxes: vec![],
        };
        let policy = Policy::plain(crate::money::Currency::parse("EUR").unwrap());
        MakeSale {
            sale: SaleId([1; 16]),
            basket: Basket { lines: quantities.iter().map(line).collect(), discount: Discount::None, policy },
            texts: quantities.iter().map(|_| LineText::named("Mango")).collect(),
            discount_reason: String::new(),
            tenders: vec![paid(TenderKind::Cash, cash, "", Standing::Taken)],
            beyond,
            note: String::new(),
            customer: None,
            tab: None,
        }
    }

    fn paid(kind: TenderKind, amount_minor: i64, code: &str, standing: Standing) -> Tendered {
        Tendered { kind, amount_minor, reference: code.into(), standing }
    }

    fn made(facts: &Facts, command: &MakeSale) -> Result<SaleMade, Refusal> {
        decide(facts, command).map(|entries| match entries.as_slice() {
            [Entry::SaleMade(made)] => made.clone(),
            other => panic!("{other:?}"),
        })
    }

    fn beyond(facts: &Facts, command: &MakeSale) -> Result<Vec<i64>, Refusal> {
        made(facts, command).map(|made| made.lines.iter().map(|line| line.beyond_share).collect())
    }

    #[test]
    fn the_share_bounds_what_is_promised_and_never_what_is_handed_over() {
        use BeyondShare::{GoodsInHand, Refuse};
        let exceeded = |available, asked| Err(Refusal::ShareExceeded { product: MANGO, available, asked });
        for (share, quantities, how, expected) in [
            (5, &[3][..], Refuse, Ok(vec![0])),
            (2, &[3], Refuse, exceeded(2, 3)),
            (2, &[3], GoodsInHand, Ok(vec![1])),
            (-1, &[3], GoodsInHand, Ok(vec![3])),
            (4, &[3, 3], Refuse, exceeded(1, 3)),
            (4, &[3, 3], GoodsInHand, Ok(vec![0, 2])),
        ] {
            assert_eq!(beyond(&facts(share), &sale(quantities, 1000, how)), expected);
        }
    }

    #[test]
    fn a_frozen_register_promises_nothing_and_still_records_what_left() {
        let frozen = Facts { frozen: true, ..facts(5) };
        assert_eq!(beyond(&frozen, &sale(&[1], 100, BeyondShare::Refuse)), Err(Refusal::RegisterFrozen));
        assert_eq!(beyond(&frozen, &sale(&[2], 200, BeyondShare::GoodsInHand)), Ok(vec![2]));
    }

    #[test]
    fn money_and_number_are_right() {
        let entries = decide(&facts(5), &sale(&[2], 500, BeyondShare::Refuse)).unwrap();
        let [Entry::SaleMade(made)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((made.total_minor, made.change_minor, made.receipt_number), (200, 300, 7));
        assert_eq!(cash_kept(made), 200);
        let short = decide(&facts(5), &sale(&[2], 150, BeyondShare::Refuse));
        assert_eq!(short, Err(Refusal::Underpaid { missing_minor: 50 }));
        let closed = Facts { open_shift: None, ..facts(5) };
        assert_eq!(decide(&closed, &sale(&[2], 500, BeyondShare::Refuse)), Err(Refusal::NoShift));
    }

    /// A cashier, with a manager's word for these acts.
    fn cashier(acts: &[Act]) -> Doer {
        let word = Approval { by: PersonId([9; 16]), acts: acts.into(), reason: "old customer".into() };
        let (role, limits) = (Role::Manager, Limits::of(Role::Manager));
        let backing = (!acts.is_empty()).then_some(Backing { approval: word, role, limits });
        Doer::Person { role: Role::Cashier, limits: Limits::of(Role::Cashier), backing }
    }

    /// First-hour 16: 60 % off is more than a cashier gives alone, in one step or in two.
    #[test]
    fn more_than_the_role_may_take_off_needs_somebodys_word() {
        let off = |line: u32, all: u32| {
            let mut command = sale(&[2, 1], 300, BeyondShare::Refuse);
            command.basket.lines[0].discount = Discount::Percent(Ppm(line));
            command.basket.discount = Discount::Percent(Ppm(all));
            command.texts[0].discount_reason = "bruised".into();
            command
        };
        for (line, all, alone) in [
            (0, 0, true),
            (100_000, 0, true),
            (0, 100_000, true),
            (600_000, 0, false),
            (100_000, 100_000, false),
        ] {
            let by = |doer| made(&Facts { doer, ..facts(5) }, &off(line, all));
            let needs = Refusal::ApprovalNeeded { acts: vec![Act::Discount] };
            assert_eq!(by(cashier(&[])).err(), (!alone).then_some(needs), "{line} and {all}");
            let approved = by(cashier(&[Act::Discount])).unwrap();
            let of_line = approved.lines[0].discount.as_ref().unwrap();
            assert_eq!((of_line.reason.as_str(), of_line.off), ("bruised", Discount::Percent(Ppm(line))));
        }
        // A tenth of 0.05 is rounded up to a cent and is still a tenth; two cents are not.
        assert_eq!(
            [part_off(1, 5), part_off(2, 5), part_off(0, 5), part_off(5, 5)],
            [1, 200_001, 0, 800_001]
        );
    }

    /// Another price than the product's own needs somebody's word, up or down; an amount without a product has none.
    #[test]
    fn another_price_needs_somebodys_word() {
        let own = |unit_price_minor, price_per| Some(OwnPrice { unit_price_minor, price_per });
        for (own_prices, is_changed) in [
            (vec![own(100, 1)], false),
            (vec![None], false),
            (vec![own(120, 1)], true),
            (vec![own(80, 1)], true),
            (vec![own(100, 1_000)], true),
        ] {
            let command = sale(&[2], 200, BeyondShare::Refuse);
            let by = |doer| made(&Facts { doer, own_prices: own_prices.clone(), ..facts(5) }, &command).err();
            let needs = Refusal::ApprovalNeeded { acts: vec![Act::ChangePrice] };
            assert_eq!(by(cashier(&[])), is_changed.then_some(needs), "{own_prices:?}");
            assert_eq!(by(cashier(&[Act::ChangePrice])), None);
            assert_eq!(by(Doer::Anybody), None);
            let said = beside(&Facts { own_prices: own_prices.clone(), ..facts(5) }, &command);
            let from = said.map(|said| {
                let Entry::LinesRepriced(said) = said else { panic!("{said:?}") };
                (said.lines[0].own_minor, said.lines[0].own_per)
            });
            let own = own_prices[0].filter(|_| is_changed);
            assert_eq!(from, own.map(|own| (own.unit_price_minor, own.price_per)));
        }
        // Told before it moved: nobody's word, and written down.
        let told = Facts {
            doer: cashier(&[]),
            own_prices: vec![own(100, 1)],
            moved_prices: vec![own(120, 1)],
            ..facts(5)
        };
        let command = sale(&[2], 200, BeyondShare::Refuse);
        assert_eq!(made(&told, &command).err(), None);
        let Some(Entry::LinesRepriced(said)) = beside(&told, &command) else { panic!("nothing beside it") };
        assert_eq!((said.lines[0].own_minor, said.lines[0].unit_price_minor), (120, 100));
        // Whatever needs a word is asked for at once.
        let mut both = sale(&[2], 200, BeyondShare::Refuse);
        both.basket.discount = Discount::Percent(Ppm(600_000));
        let repriced = Facts { doer: cashier(&[]), own_prices: vec![own(120, 1)], ..facts(5) };
        let acts = vec![Act::Discount, Act::ChangePrice];
        assert_eq!(decide(&repriced, &both), Err(Refusal::ApprovalNeeded { acts }));
    }

    /// An amount that is no product's goes round no limit: neither in parts, nor by a discount, nor by the piece, nor for nothing.
    #[test]
    fn custom_amounts_above_the_roles_limit_need_somebodys_word() {
        let custom = |lines: &[(i64, i64)], off: u32| {
            let quantities: Vec<i64> = lines.iter().map(|(quantity, _)| *quantity).collect();
            let mut command = sale(&quantities, 1_000, BeyondShare::Refuse);
            for (line, (_, price)) in command.basket.lines.iter_mut().zip(lines) {
                (line.product, line.unit_price_minor) = (NO_PRODUCT, *price);
            }
            command.basket.discount = Discount::Percent(Ppm(off));
            command
        };
        let needs = || Some(Refusal::ApprovalNeeded { acts: vec![Act::ChangePrice] });
        for (limit, lines, off, alone) in [
            (i64::MAX, &[(1, 400)][..], 0, None),
            (i64::MAX, &[(1, 0)], 0, None),
            (300, &[(1, 300)], 0, None),
            (300, &[(1, 301)], 0, needs()),
            (300, &[(1, 150), (1, 151)], 0, needs()),
            (300, &[(4, 100)], 0, needs()),
            (300, &[(1, 310)], 50_000, needs()),
            (300, &[(1, 0)], 0, needs()),
            (0, &[(1, 1)], 0, needs()),
        ] {
            let by = |doer| made(&Facts { doer, ..facts(0) }, &custom(lines, off)).err();
            let limited = |doer| match doer {
                Doer::Person { role, limits, backing } => {
                    Doer::Person { role, limits: Limits { custom_minor: limit, ..limits }, backing }
                }
                Doer::Anybody | Doer::Nobody => doer,
            };
            assert_eq!(by(limited(cashier(&[]))), alone, "{limit} {lines:?} {off}");
            assert_eq!(by(limited(cashier(&[Act::ChangePrice]))), None);
            assert_eq!(by(Doer::Anybody), None);
        }
    }

    /// R16: the stall says what becomes of goods in the hand that no share covers.
    #[test]
    fn the_stall_says_who_may_sell_beyond_the_share() {
        let command = sale(&[3], 300, BeyondShare::GoodsInHand);
        let needs = || Some(Refusal::ApprovalNeeded { acts: vec![Act::SellBeyondShare] });
        let never = || Some(Refusal::BeyondForbidden);
        for (beyond_rule, alone, with_word) in [
            (BeyondRule::Warn, None, None),
            (BeyondRule::Approve, needs(), None),
            (BeyondRule::Refuse, never(), never()),
        ] {
            let by = |doer, share| made(&Facts { beyond_rule, doer, ..facts(share) }, &command).err();
            let outcomes = (by(cashier(&[]), 2), by(cashier(&[Act::SellBeyondShare]), 2));
            assert_eq!(outcomes, (alone, with_word), "{beyond_rule:?}");
            assert_eq!(by(cashier(&[]), 3), None);
        }
    }

    /// First-hour 9 and C1: one pays, the other cannot pay again; a repeat of the same sale is not another.
    #[test]
    fn a_tab_is_paid_once() {
        let tab = MakeSale { tab: Some(OrderId([4; 16])), ..sale(&[1], 100, BeyondShare::Refuse) };
        assert_eq!(made(&facts(5), &tab).unwrap().tab, tab.tab);
        let closed_by = SaleId([7; 16]);
        let closed = Facts { tab_closed_by: Some(closed_by), ..facts(5) };
        assert_eq!(decide(&closed, &tab), Err(Refusal::TabClosed(closed_by)));
        let own = Facts { tab_closed_by: Some(tab.sale), ..facts(5) };
        assert!(decide(&own, &tab).is_ok());
    }

    /// First-hour 17: a code that stands on another sale pays nothing here.
    #[test]
    fn a_payments_code_counts_once() {
        let with = |tenders| MakeSale { tenders, ..sale(&[2], 0, BeyondShare::Refuse) };
        let phone = |minor, code, standing| paid(TenderKind::MobileMoney, minor, code, standing);
        let other = SaleId([7; 16]);
        let known = Facts { codes_used: [("QX12".to_owned(), other)].into(), ..facts(5) };
        let once = with(vec![phone(200, "qx-12", Standing::Claimed)]);
        assert_eq!(decide(&known, &once), Err(Refusal::CodeUsed(other)));
        assert_eq!(made(&facts(5), &once).unwrap().tenders[0].standing, Standing::Claimed);
        let twice = with(vec![phone(100, "AB1", Standing::Claimed), phone(100, "ab 1", Standing::Claimed)]);
        assert!(matches!(decide(&facts(5), &twice), Err(Refusal::Invalid(Wrong::PaymentCodeTwice))));
        let nameless = with(vec![phone(200, "", Standing::Verified)]);
        assert!(matches!(decide(&facts(5), &nameless), Err(Refusal::Invalid(Wrong::PaymentCodeMissing))));
        assert!(decide(&facts(5), &with(vec![phone(200, "", Standing::Claimed)])).is_ok());
    }
}
