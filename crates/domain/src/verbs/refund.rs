//! Refund part or all of a sale. The right to refund is bounded like stock: the selling register holds it
//! until the sale's shift closes, then the server does and grants it line by line. So two registers that
//! cannot see each other never refund more than was sold. Where no server joins the stall yet, the right stays.

use crate::entry::{Entry, GoodsBack, RefundAllowed, RefundLine, RefundMade, SaleLine, SaleMade, TenderKind};
use crate::ids::{AuthorId, SaleId, ShiftId, ThingId};
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::{check_lines, check_note};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    pub refund: ThingId,
    pub sale: SaleId,
    pub lines: Vec<RefundedLine>,
    pub tender: TenderKind,
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
    /// An allowance of the server to this register for this sale, not used yet.
    pub allowance: Option<RefundAllowed>,
    pub doer: Doer,
}

pub fn decide(facts: &Facts, command: &Refund) -> Result<Vec<Entry>, Refusal> {
    check_note(&command.reason)?;
    let Returned { lines, allowance } = returned(facts, command)?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    let amount_minor = lines.iter().map(|line| line.amount_minor).sum();
    facts.doer.allow(&[Wish::Refund { minor: amount_minor }])?;
    Ok(vec![
        RefundMade {
            refund: command.refund,
            sale: command.sale,
            shift,
            allowance,
            lines,
            tender: command.tender,
            amount_minor,
            reason: command.reason.clone(),
        }
        .into(),
    ])
}

/// What comes back, and what it is worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Returned {
    pub lines: Vec<RefundLine>,
    /// The server's word that is used up by it.
    pub allowance: Option<ThingId>,
}

/// What would be given back, whoever does it and whether a drawer is open or not.
pub fn returned(facts: &Facts, command: &Refund) -> Result<Returned, Refusal> {
    ensure(!facts.frozen, Refusal::RegisterFrozen)?;
    check_lines(command.lines.len())?;
    let (maker, sale) = facts.sale.as_ref().ok_or(Refusal::UnknownSale(command.sale))?;
    ensure(!facts.voided, Refusal::SaleVoided)?;
    if *maker == facts.me && (facts.sale_shift_open || facts.is_alone) {
        return Ok(Returned { lines: own_lines(facts, sale, &command.lines)?, allowance: None });
    }
    let allowance = facts.allowance.as_ref().ok_or(Refusal::RefundHeldElsewhere { register: *maker })?;
    let line = allowed_line(allowance, sale, &command.lines)?;
    Ok(Returned { lines: vec![line], allowance: Some(allowance.allowance) })
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
        return Err(invalid("lines", "an allowance covers one line; refund one line at a time"));
    };
    ensure(wanted.line == allowance.line, invalid("lines", "the allowance is for another line"))?;
    ensure(wanted.quantity == allowance.quantity, Refusal::RefundExceeds { left: allowance.quantity })?;
    let (_, sold) = sold_line(sale, wanted.line)?;
    Ok(refund_line(wanted, sold, allowance.amount_minor))
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
    let sold = sale.lines.get(index).ok_or(invalid("line", "the sale has no such line"))?;
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
            tenders: vec![],
            change_minor: 0,
            note: String::new(),
            customer: None,
            tab: None,
        }
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
            reason: "ripe".into(),
        }
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
        };
        let limits = Limits { refund_minor: 33, ..Limits::of(Role::Cashier) };
        let cashier = Doer::Person { role: Role::Cashier, limits, backing: None };
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
            (Facts { open_shift: None, ..facts() }, 1, Err(Refusal::NoShift)),
            (Facts { sale: None, ..facts() }, 1, Err(Refusal::UnknownSale(SaleId([1; 16])))),
            (elsewhere.clone(), 1, held.clone()),
            (Facts { allowance: Some(allowance.clone()), ..elsewhere.clone() }, 2, Ok(66)),
            (Facts { is_alone: true, ..elsewhere.clone() }, 1, held.clone()),
            (Facts { allowance: Some(allowance), ..elsewhere }, 1, Err(Refusal::RefundExceeds { left: 2 })),
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
