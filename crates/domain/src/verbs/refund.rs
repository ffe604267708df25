//! Refund part or all of a sale. The right to refund is bounded like stock: the selling register holds it
//! until the sale's shift closes, then the server does and grants it line by line. So two registers that
//! cannot see each other never refund more than was sold. Where no server joins the stall yet, the right stays.
//!
//! Nor does more go back than was paid, as far as this register knows: money that nobody saw does not leave the drawer, and what
//! a gift card, credit or points paid does not become money. What somebody looked for and never came is written off.

use std::collections::BTreeMap;

use crate::entry::{
    Entry, GivenBack, GoodsBack, RefundAllowed, RefundLine, RefundMade, SaleLine, SaleMade, Standing,
    TenderKind,
};
use crate::ids::{AuthorId, SaleId, ShiftId, ThingId};
use crate::money::CashRounding;
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::{check_lines, check_note};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    pub refund: ThingId,
    pub sale: SaleId,
    pub lines: Vec<RefundedLine>,
    /// By what means, as far as it goes.
    pub tender: TenderKind,
    /// What cannot go back so because a purse paid it goes into a purse.
    pub rest_into_purse: bool,
    pub reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefundedLine {
    pub line: u32,
    pub quantity: i64,
    pub goods: GoodsBack,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub me: AuthorId,
    pub frozen: bool,
    pub open_shift: Option<ShiftId>,
    pub sale: Option<(AuthorId, SaleMade)>,
    pub voided: bool,
    /// Whether the shift of the sale is still open at its register.
    pub sale_shift_open: bool,
    /// No server joins the stall yet, so nobody else could hold the right.
    pub is_alone: bool,
    /// Refunded so far: line, quantity, amount.
    pub refunded: Vec<(u32, i64, i64)>,
    /// What this register knows that can go back of what was paid.
    pub left: Left,
    /// What the drawer's coins can pay.
    pub coins: CashRounding,
    /// An allowance of the server to this register for this sale, not used yet.
    pub allowance: Option<RefundAllowed>,
    pub doer: Doer,
}

/// What can go back of what a sale was paid with.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Left {
    /// As money.
    pub money_minor: i64,
    /// As money, or into a purse.
    pub all_minor: i64,
    /// What never came, by its means: nothing goes back for it.
    pub never_came: Vec<(TenderKind, i64)>,
    /// What the goods that were paid back in cash were worth beyond the coins that left for them.
    pub coins_owed_minor: i64,
}

fn sum(parts: impl Iterator<Item = i64>) -> i64 {
    parts.fold(0, i64::saturating_add)
}

fn is_purse(kind: TenderKind) -> bool {
    kind == TenderKind::Voucher
}

impl Left {
    /// Of a sale whose payments stand so by now, after these refunds.
    pub fn of(sale: &SaleMade, standing: impl Fn(u32) -> Standing, refunds: &[RefundMade]) -> Self {
        let paid = || (0..).zip(&sale.tenders).map(|(at, paid)| (standing(at), paid));
        let seen = || paid().filter(|(standing, _)| !standing.is_unseen()).map(|(_, paid)| paid);
        let all = sum(seen().map(|paid| paid.amount_minor));
        let by_purse = sum(seen().filter(|paid| is_purse(paid.kind)).map(|paid| paid.amount_minor));
        let kept = sale.change_minor.saturating_add(sale.cash_rounding_minor);
        let all = all.saturating_sub(kept);
        // Coins that were rounded are no part of what the goods were worth.
        let rounded = sum(refunds.iter().map(|refund| refund.cash_rounding_minor));
        let gone_all = sum(refunds.iter().map(RefundMade::all_given)).saturating_sub(rounded);
        let gone_as_money = gone_all.saturating_sub(sum(refunds.iter().map(RefundMade::voucher_given)));
        let all_left = all.saturating_sub(gone_all).max(0);
        let money_left = all.saturating_sub(by_purse).saturating_sub(gone_as_money);
        let failed = paid().filter(|(standing, _)| *standing == Standing::Failed);
        Self {
            money_minor: money_left.clamp(0, all_left),
            all_minor: all_left,
            never_came: never_came(failed.map(|(_, paid)| (paid.kind, paid.amount_minor)), refunds),
            coins_owed_minor: rounded.saturating_neg(),
        }
    }
}

impl Left {
    /// What the server's word lets of it. That counted some of the worth as what never came, for this word alone: as far as
    /// it came meanwhile, it may go back.
    fn within(self, most: Option<Most>) -> Self {
        let Some(most) = most else { return self };
        let never = sum(self.never_came.iter().map(|(_, minor)| *minor));
        let came = most.never_minor.saturating_sub(never).max(0);
        let mut rest = most.never_minor;
        let part = |(kind, minor): (TenderKind, i64)| {
            let part = minor.min(rest);
            rest -= part;
            (part > 0).then_some((kind, part))
        };
        Self {
            money_minor: self.money_minor.min(most.money_minor.saturating_add(came)),
            all_minor: self.all_minor.min(most.all_minor.saturating_add(came)),
            never_came: self.never_came.into_iter().filter_map(part).collect(),
            ..self
        }
    }

    /// Without what is promised to others. They have the server's word and may use it at any time.
    pub(crate) fn besides(self, promised: &[RefundAllowed]) -> Self {
        let less = |minor: i64, of: fn(&RefundAllowed) -> i64| {
            minor.saturating_sub(sum(promised.iter().map(of))).max(0)
        };
        let mut written_off = sum(promised.iter().map(|it| it.amount_minor.saturating_sub(it.all_minor)));
        let mut never_came = self.never_came;
        for (_, minor) in &mut never_came {
            let part = written_off.clamp(0, *minor);
            *minor -= part;
            written_off -= part;
        }
        // What of it came meanwhile is theirs, too.
        let came = written_off.max(0);
        let all_minor = less(self.all_minor, |it| it.all_minor).saturating_sub(came).max(0);
        let money_minor = less(self.money_minor, |it| it.money_minor).saturating_sub(came).max(0);
        Self { money_minor: money_minor.min(all_minor), all_minor, never_came, ..self }
    }
}

/// What failed and is in the books still.
fn never_came(
    failed: impl Iterator<Item = (TenderKind, i64)>,
    refunds: &[RefundMade],
) -> Vec<(TenderKind, i64)> {
    let mut left: BTreeMap<TenderKind, i64> = BTreeMap::new();
    let written_off = refunds.iter().flat_map(|refund| &refund.given).filter(|part| part.never_came);
    let written_off = written_off.map(|part| (part.kind, part.amount_minor.saturating_neg()));
    for (kind, minor) in failed.chain(written_off) {
        let sum = left.entry(kind).or_default();
        *sum = sum.saturating_add(minor);
    }
    left.into_iter().filter(|(_, minor)| *minor > 0).collect()
}

pub fn decide(facts: &Facts, command: &Refund) -> Result<Vec<Entry>, Refusal> {
    check_note(&command.reason)?;
    let returned = returned(facts, command)?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    let GoesBack { amount_minor, cash_rounding_minor, given } = goes_back(facts, command, &returned)?;
    let Returned { lines, allowance, .. } = returned;
    // Of one sale together: many small refunds are a large one.
    let before = sum(facts.refunded.iter().map(|(_, _, minor)| *minor));
    facts.doer.allow(&[Wish::Refund { minor: amount_minor.saturating_add(before) }])?;
    let (refund, sale, reason) = (command.refund, command.sale, command.reason.clone());
    Ok(vec![
        RefundMade {
            refund,
            sale,
            shift,
            allowance,
            lines,
            amount_minor,
            cash_rounding_minor,
            given,
            reason,
        }
        .into(),
    ])
}

/// What the customer has for what came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GoesBack {
    /// What the lines are worth.
    pub amount_minor: i64,
    pub cash_rounding_minor: i64,
    pub given: Vec<GivenBack>,
}

impl GoesBack {
    /// What leaves at all.
    pub fn leaves(&self) -> impl Iterator<Item = &GivenBack> {
        self.given.iter().filter(|part| !part.never_came)
    }
}

/// By the means that is wished as far as that goes, then into a purse what a purse paid; what never came is written off.
pub fn goes_back(facts: &Facts, command: &Refund, back: &Returned) -> Result<GoesBack, Refusal> {
    let amount_minor = sum(back.lines.iter().map(|line| line.amount_minor));
    let left = facts.left.clone().within(back.most);
    let mut given: Vec<GivenBack> = Vec::new();
    let mut rest = amount_minor;
    let mut give = |kind: TenderKind, most: i64, never_came: bool| {
        let part = rest.min(most);
        rest -= part;
        if part > 0 {
            given.push(GivenBack { kind, amount_minor: part, never_came });
        }
        part
    };
    let most = if is_purse(command.tender) { left.all_minor } else { left.money_minor };
    let first = give(command.tender, most, false);
    let second = if command.rest_into_purse && !is_purse(command.tender) {
        give(TenderKind::Voucher, left.all_minor - first, false)
    } else {
        0
    };
    // Nothing is written off in place of what could go back in another way.
    let mut beyond = amount_minor.saturating_sub(left.all_minor).max(0);
    for (kind, minor) in &left.never_came {
        beyond -= give(*kind, (*minor).min(beyond), true);
    }
    let left_minor = first.saturating_add(second);
    ensure(rest == 0, Refusal::RefundUnpaid { left_minor })?;
    let mut cash_rounding_minor = 0;
    for part in given.iter_mut().filter(|part| part.kind == TenderKind::Cash && !part.never_came) {
        // What coins could not pay at the parts before is made up for: together they are what the whole would have been.
        let due = part.amount_minor.saturating_add(left.coins_owed_minor).max(0);
        let in_coins = facts.coins.payable(due).ok_or(Refusal::TooLarge)?;
        cash_rounding_minor = in_coins - part.amount_minor;
        part.amount_minor = in_coins;
    }
    Ok(GoesBack { amount_minor, cash_rounding_minor, given })
}

/// What comes back, and what it is worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Returned {
    pub lines: Vec<RefundLine>,
    /// The server's word that is used up by it.
    pub allowance: Option<ThingId>,
    /// What that lets go back at most.
    pub most: Option<Most>,
}

/// What the server's word lets go back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Most {
    pub money_minor: i64,
    /// As money, or into a purse.
    pub all_minor: i64,
    /// What of the worth it counted as never paid.
    pub never_minor: i64,
}

/// What would be given back, whoever does it and whether a drawer is open or not.
pub fn returned(facts: &Facts, command: &Refund) -> Result<Returned, Refusal> {
    ensure(!facts.frozen, Refusal::RegisterFrozen)?;
    check_lines(command.lines.len())?;
    let (maker, sale) = facts.sale.as_ref().ok_or(Refusal::UnknownSale(command.sale))?;
    ensure(!facts.voided, Refusal::SaleVoided)?;
    if *maker == facts.me && (facts.sale_shift_open || facts.is_alone) {
        return Ok(Returned { lines: own_lines(facts, sale, &command.lines)?, allowance: None, most: None });
    }
    let allowance = facts.allowance.as_ref().ok_or(Refusal::RefundHeldElsewhere { register: *maker })?;
    let line = allowed_line(allowance, sale, &command.lines)?;
    let most = Most {
        money_minor: allowance.money_minor,
        all_minor: allowance.all_minor,
        never_minor: allowance.amount_minor.saturating_sub(allowance.all_minor),
    };
    Ok(Returned { lines: vec![line], allowance: Some(allowance.allowance), most: Some(most) })
}

fn own_lines(facts: &Facts, sale: &SaleMade, asked: &[RefundedLine]) -> Result<Vec<RefundLine>, Refusal> {
    let mut refunded = facts.refunded.clone();
    let mut lines = Vec::new();
    for wanted in asked {
        let (position, sold) = sold_line(sale, wanted.line)?;
        let (quantity, amount) = already(&refunded, wanted.line);
        let amount_minor = refundable_amount(sold, quantity, amount, wanted.quantity)?;
        refunded.push((position, wanted.quantity, amount_minor));
        lines.push(refund_line(wanted, sold, amount_minor));
    }
    Ok(lines)
}

fn allowed_line(
    allowance: &RefundAllowed,
    sale: &SaleMade,
    asked: &[RefundedLine],
) -> Result<RefundLine, Refusal> {
    let [wanted] = asked else {
        return Err(invalid(Wrong::AllowanceLines));
    };
    ensure(wanted.line == allowance.line, invalid(Wrong::AllowanceOther))?;
    let (_, sold) = sold_line(sale, wanted.line)?;
    // What is not used of it is free again, since the word is used up.
    let allowed = (allowance.quantity, allowance.amount_minor);
    let amount_minor = part_of_line(allowed, (0, 0), wanted.quantity)?;
    Ok(refund_line(wanted, sold, amount_minor))
}

fn refund_line(wanted: &RefundedLine, sold: &SaleLine, amount_minor: i64) -> RefundLine {
    RefundLine {
        line: wanted.line,
        product: sold.product,
        quantity: wanted.quantity,
        amount_minor,
        goods: wanted.goods,
    }
}

pub(crate) fn sold_line(sale: &SaleMade, line: u32) -> Result<(u32, &SaleLine), Refusal> {
    let index = usize::try_from(line).map_err(|_| Refusal::TooLarge)?;
    let sold = sale.lines.get(index).ok_or(invalid(Wrong::SaleLineUnknown))?;
    Ok((line, sold))
}

pub(crate) fn already(refunded: &[(u32, i64, i64)], line: u32) -> (i64, i64) {
    let same = refunded.iter().filter(|(at, ..)| *at == line);
    same.fold((0, 0), |(quantity, amount), (_, q, a)| (quantity + q, amount + a))
}

/// The money for `more` units after `quantity` units got `amount`: the parts of a line always add up to the
/// line, whatever the order.
pub(crate) fn refundable_amount(
    sold: &SaleLine,
    quantity: i64,
    amount: i64,
    more: i64,
) -> Result<i64, Refusal> {
    part_of_line((sold.quantity, sold.total_minor), (quantity, amount), more)
}

/// The same of a line as numbers: how many of it were sold for how much, how many came back for how much.
pub(crate) fn part_of_line(
    (sold, total_minor): (i64, i64),
    (quantity, amount): (i64, i64),
    more: i64,
) -> Result<i64, Refusal> {
    let left = sold - quantity;
    ensure(more >= 1 && more <= left, Refusal::RefundExceeds { left: left.max(0) })?;
    let due = i128::from(total_minor) * i128::from(quantity + more) / i128::from(sold);
    let due = i64::try_from(due).map_err(|_| Refusal::TooLarge)?;
    Ok((due - amount).max(0))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::entry::Tendered;
    use crate::ids::ProductId;
    use crate::people::{Act, Limits};
    use crate::role::Role;

    pub(crate) fn sale_of(quantity: i64, total_minor: i64) -> SaleMade {
        SaleMade {
            sale: SaleId([1; 16]),
            shift: ShiftId([2; 16]),
            receipt_number: 1,
            currency: crate::money::Currency::parse("EUR").unwrap(),
            lines: vec![SaleLine {
                product: Some(ProductId([3; 16])),
                name: "Mango".into(),
                unit: None,
                quantity,
                beyond_share: 1,
                unit_price_minor: 100,
                price_per: 1,
                discount_minor: 0,
                discount: None,
                taxes: vec![],
                total_minor,
                note: String::new(),
            }],
            discount: None,
            total_minor,
            cash_rounding_minor: 0,
            tenders: vec![paid(TenderKind::Cash, total_minor)],
            change_minor: 0,
            note: String::new(),
            customer: None,
            tab: None,
        }
    }

    fn paid(kind: TenderKind, amount_minor: i64) -> Tendered {
        Tendered { kind, amount_minor, reference: String::new(), standing: Standing::Taken }
    }

    pub(crate) const ME: AuthorId = AuthorId([4; 16]);

    fn facts() -> Facts {
        Facts {
            me: ME,
            frozen: false,
            open_shift: Some(ShiftId([2; 16])),
            sale: Some((ME, sale_of(3, 100))),
            voided: false,
            sale_shift_open: true,
            is_alone: false,
            refunded: vec![],
            left: left(100, 100),
            coins: CashRounding::NONE,
            allowance: None,
            doer: Doer::Anybody,
        }
    }

    fn refund(quantity: i64) -> Refund {
        Refund {
            refund: ThingId([9; 16]),
            sale: SaleId([1; 16]),
            lines: vec![RefundedLine { line: 0, quantity, goods: GoodsBack::Sellable }],
            tender: TenderKind::Cash,
            rest_into_purse: false,
            reason: "ripe".into(),
        }
    }

    fn left(money_minor: i64, all_minor: i64) -> Left {
        Left { money_minor, all_minor, ..Left::default() }
    }

    #[test]
    fn table() {
        let allowance = RefundAllowed {
            allowance: ThingId([8; 16]),
            to: ME,
            sale: SaleId([1; 16]),
            line: 0,
            quantity: 2,
            amount_minor: 66,
            money_minor: 66,
            all_minor: 66,
        };
        let limits = Limits { refund_minor: 33, ..Limits::of(Role::Cashier) };
        let cashier = Doer::Person { role: Role::Cashier, limits, backing: None };
        let limited = cashier.clone();
        let other = AuthorId([5; 16]);
        let elsewhere = Facts { sale: Some((other, sale_of(3, 100))), ..facts() };
        let held = Err(Refusal::RefundHeldElsewhere { register: other });
        for (facts, quantity, expected) in [
            (facts(), 1, Ok(33)),
            (facts(), 3, Ok(100)),
            (facts(), 4, Err(Refusal::RefundExceeds { left: 3 })),
            (Facts { refunded: vec![(0, 2, 66)], ..facts() }, 1, Ok(34)),
            (Facts { refunded: vec![(0, 2, 66)], ..facts() }, 2, Err(Refusal::RefundExceeds { left: 1 })),
            (Facts { voided: true, ..facts() }, 1, Err(Refusal::SaleVoided)),
            (Facts { frozen: true, ..facts() }, 1, Err(Refusal::RegisterFrozen)),
            (Facts { doer: cashier.clone(), ..facts() }, 1, Ok(33)),
            (Facts { doer: cashier, ..facts() }, 2, Err(Refusal::ApprovalNeeded { acts: vec![Act::Refund] })),
            (
                Facts { doer: limited, refunded: vec![(0, 1, 33)], ..facts() },
                1,
                Err(Refusal::ApprovalNeeded { acts: vec![Act::Refund] }),
            ),
            (Facts { open_shift: None, ..facts() }, 1, Err(Refusal::NoShift)),
            (Facts { sale: None, ..facts() }, 1, Err(Refusal::UnknownSale(SaleId([1; 16])))),
            (elsewhere.clone(), 1, held.clone()),
            (Facts { allowance: Some(allowance.clone()), ..elsewhere.clone() }, 2, Ok(66)),
            (
                Facts {
                    allowance: Some(RefundAllowed { money_minor: 65, ..allowance.clone() }),
                    ..elsewhere.clone()
                },
                2,
                Err(Refusal::RefundUnpaid { left_minor: 65 }),
            ),
            (Facts { is_alone: true, ..elsewhere.clone() }, 1, held.clone()),
            (Facts { allowance: Some(allowance.clone()), ..elsewhere.clone() }, 1, Ok(33)),
            (Facts { allowance: Some(allowance), ..elsewhere }, 3, Err(Refusal::RefundExceeds { left: 2 })),
            (
                Facts { sale_shift_open: false, ..facts() },
                1,
                Err(Refusal::RefundHeldElsewhere { register: ME }),
            ),
            (Facts { sale_shift_open: false, is_alone: true, ..facts() }, 3, Ok(100)),
        ] {
            let decided = decide(&facts, &refund(quantity)).map(|entries| match entries.as_slice() {
                [Entry::RefundMade(made)] => made.amount_minor,
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected);
        }
    }

    fn gone(parts: &[(TenderKind, i64)]) -> Vec<RefundMade> {
        let made = |(kind, amount_minor): &(TenderKind, i64)| RefundMade {
            refund: ThingId([9; 16]),
            sale: SaleId([1; 16]),
            shift: ShiftId([2; 16]),
            allowance: None,
            lines: vec![],
            amount_minor: *amount_minor,
            cash_rounding_minor: 0,
            given: vec![part(*kind, *amount_minor)],
            reason: String::new(),
        };
        parts.iter().map(made).collect()
    }

    fn part(kind: TenderKind, amount_minor: i64) -> GivenBack {
        GivenBack { kind, amount_minor, never_came: false }
    }

    fn written_off(kind: TenderKind, amount_minor: i64) -> GivenBack {
        GivenBack { never_came: true, ..part(kind, amount_minor) }
    }

    #[test]
    fn money_that_was_not_paid_or_not_seen_does_not_go_back() {
        use TenderKind::{Card, Cash, MobileMoney, Voucher};
        let seen = |_| Standing::Taken;
        let claimed = |_| Standing::Claimed;
        let second_failed = |at| if at == 1 { Standing::Failed } else { Standing::Taken };
        let failed = |kind, minor, left: Left| Left { never_came: vec![(kind, minor)], ..left };
        let cases: [(&[(TenderKind, i64)], &dyn Fn(u32) -> Standing, &[(TenderKind, i64)], Left); 11] = [
            (&[(Cash, 100)], &seen, &[], left(100, 100)),
            (&[(Card, 100)], &seen, &[(Cash, 40)], left(60, 60)),
            (&[(Voucher, 100)], &seen, &[], left(0, 100)),
            (&[(Cash, 30), (Voucher, 70)], &seen, &[], left(30, 100)),
            (&[(Cash, 30), (Voucher, 70)], &seen, &[(Cash, 30)], left(0, 70)),
            (&[(Cash, 30), (Voucher, 70)], &seen, &[(Voucher, 60)], left(30, 40)),
            // What was paid in money may become credit, and is no money then.
            (&[(Cash, 100)], &seen, &[(Voucher, 80)], left(20, 20)),
            (&[(MobileMoney, 100)], &claimed, &[], left(0, 0)),
            (&[(Cash, 30), (MobileMoney, 70)], &second_failed, &[], failed(MobileMoney, 70, left(30, 30))),
            (&[(Cash, 30), (MobileMoney, 70)], &seen, &[], left(100, 100)),
            (&[(Cash, 100)], &seen, &[(Cash, 70), (Voucher, 70)], left(0, 0)),
        ];
        for (tenders, standing, parts, expected) in cases {
            let tenders = tenders.iter().map(|(kind, minor)| paid(*kind, *minor)).collect();
            let sale = SaleMade { tenders, ..sale_of(3, 100) };
            assert_eq!(Left::of(&sale, standing, &gone(parts)), expected, "{:?} {parts:?}", sale.tenders);
        }
        // Change went back at once, and coins that there are not were never owed.
        let changed = SaleMade { change_minor: 50, tenders: vec![paid(Cash, 150)], ..sale_of(3, 100) };
        assert_eq!(Left::of(&changed, seen, &[]), left(100, 100));
        let rounded = SaleMade { cash_rounding_minor: -2, tenders: vec![paid(Cash, 98)], ..sale_of(3, 100) };
        assert_eq!(Left::of(&rounded, seen, &[]), left(100, 100));

        let card = Facts { left: left(0, 100), ..facts() };
        assert_eq!(decide(&card, &refund(1)), Err(Refusal::RefundUnpaid { left_minor: 0 }));
        let into = Refund { tender: Voucher, ..refund(1) };
        assert!(decide(&card, &into).is_ok());
    }

    /// What goes back of all three mangoes, which cost 100.
    fn given(left: Left, command: &Refund) -> Result<Vec<GivenBack>, Refusal> {
        let made = decide(&Facts { left, ..facts() }, command)?;
        let [Entry::RefundMade(made)] = made.as_slice() else { panic!("{made:?}") };
        assert_eq!(made.amount_minor, 100);
        Ok(made.given.clone())
    }

    #[test]
    fn a_line_that_was_paid_in_several_ways_goes_back_in_several() {
        use TenderKind::{Card, Cash, MobileMoney, Voucher};
        let in_cash = refund(3);
        let rest = Refund { rest_into_purse: true, ..refund(3) };
        let unpaid = |left_minor| Err(Refusal::RefundUnpaid { left_minor });
        let with = |never: &[(TenderKind, i64)], left: Left| Left { never_came: never.to_vec(), ..left };
        for (left, command, expected) in [
            (left(30, 100), &in_cash, unpaid(30)),
            (left(30, 100), &rest, Ok(vec![part(Cash, 30), part(Voucher, 70)])),
            (left(100, 100), &rest, Ok(vec![part(Cash, 100)])),
            (left(0, 100), &rest, Ok(vec![part(Voucher, 100)])),
            // Only what somebody looked for in vain is written off.
            (left(30, 30), &in_cash, unpaid(30)),
            (
                with(&[(MobileMoney, 70)], left(30, 30)),
                &in_cash,
                Ok(vec![part(Cash, 30), written_off(MobileMoney, 70)]),
            ),
            (
                with(&[(Card, 20), (MobileMoney, 100)], left(0, 30)),
                &rest,
                Ok(vec![part(Voucher, 30), written_off(Card, 20), written_off(MobileMoney, 50)]),
            ),
            (with(&[(Card, 100)], left(0, 0)), &in_cash, Ok(vec![written_off(Card, 100)])),
            // What a purse paid is not written off because somebody wished for cash.
            (with(&[(Card, 100)], left(0, 30)), &in_cash, unpaid(0)),
            (with(&[(Card, 60)], left(0, 40)), &in_cash, unpaid(0)),
        ] {
            assert_eq!(given(left.clone(), command), expected, "{left:?}");
        }
        // What was written off once is not left for another time.
        let tenders = vec![paid(Cash, 30), paid(MobileMoney, 70)];
        let sale = SaleMade { tenders, ..sale_of(3, 100) };
        let failed = |at| if at == 1 { Standing::Failed } else { Standing::Taken };
        let mut made = gone(&[(Cash, 30)]);
        made[0].given.push(written_off(MobileMoney, 50));
        let expected = Left { never_came: vec![(MobileMoney, 20)], ..left(0, 0) };
        assert_eq!(Left::of(&sale, failed, &made), expected);
    }

    #[test]
    fn coins_that_go_back_in_parts_are_what_the_whole_is() {
        let coins = CashRounding { step_minor: 5, rounding: crate::money::Rounding::HalfUp };
        // A mango for 33, another one, and the last for 34.
        let (mut made, mut in_cash) = (Vec::new(), Vec::new());
        for quantity in 0..3 {
            let (_, sale) = facts().sale.unwrap();
            let facts = Facts {
                coins,
                refunded: vec![(0, quantity, 33 * quantity)],
                left: Left::of(&sale, |_| Standing::Taken, &made),
                ..facts()
            };
            let entries = decide(&facts, &refund(1)).unwrap();
            let [Entry::RefundMade(refund)] = entries.as_slice() else { panic!("{entries:?}") };
            assert_eq!(refund.all_given(), refund.amount_minor + refund.cash_rounding_minor);
            in_cash.push(refund.cash_given());
            made.push(refund.clone());
        }
        assert_eq!(in_cash, [35, 30, 35]);
        let card = Refund { tender: TenderKind::Card, ..refund(1) };
        let entries = decide(&Facts { coins, ..facts() }, &card).unwrap();
        let [Entry::RefundMade(refund)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((refund.all_given(), refund.cash_rounding_minor), (33, 0), "only coins are rounded");
    }

    /// What the server counted as never paid goes back after all if it came before its word was used; and nobody writes off
    /// more than that.
    #[test]
    fn an_allowance_follows_what_came_meanwhile() {
        use TenderKind::{Cash, MobileMoney, Voucher};
        let allowance = RefundAllowed {
            allowance: ThingId([8; 16]),
            to: ME,
            sale: SaleId([1; 16]),
            line: 0,
            quantity: 3,
            amount_minor: 100,
            money_minor: 0,
            all_minor: 30,
        };
        let facts = |left| Facts {
            sale: Some((AuthorId([5; 16]), sale_of(3, 100))),
            allowance: Some(allowance.clone()),
            left,
            ..facts()
        };
        let rest = Refund { rest_into_purse: true, ..refund(3) };
        let given = |left, command: &Refund| {
            decide(&facts(left), command).map(|entries| match entries.as_slice() {
                [Entry::RefundMade(made)] => made.given.clone(),
                other => panic!("{other:?}"),
            })
        };
        let failed = |minor, left: Left| Left { never_came: vec![(MobileMoney, minor)], ..left };
        let parts = Ok(vec![part(Voucher, 30), written_off(MobileMoney, 70)]);
        assert_eq!(given(failed(70, left(0, 30)), &rest), parts);
        assert_eq!(given(failed(170, left(0, 30)), &rest), parts, "the others' part stays");
        assert!(given(failed(70, left(0, 30)), &refund(3)).is_err());
        assert_eq!(given(left(70, 100), &rest), Ok(vec![part(Cash, 70), part(Voucher, 30)]), "it came");
    }

    #[test]
    fn one_line_named_twice_is_still_bounded() {
        let mut twice = refund(2);
        twice.lines.push(RefundedLine { line: 0, quantity: 2, goods: GoodsBack::Waste });
        assert_eq!(decide(&facts(), &twice), Err(Refusal::RefundExceeds { left: 1 }));
    }

    #[test]
    fn parts_of_a_line_add_up_to_the_line() {
        let sold = &sale_of(7, 1000).lines[0];
        let mut amount = 0;
        for quantity in 0..7 {
            amount += refundable_amount(sold, quantity, amount, 1).unwrap();
        }
        assert_eq!(amount, 1000);
    }
}
