//! Paying: what has been tendered against a total. Cash rounding is an amount of its own and arises only from
//! what is paid in cash; the sale's total and its taxes never change.

use crate::money::CashRounding;

/// Most tenders of one sale.
pub const TENDERS_MAX: usize = 32;

crate::wire_choice! {
    /// By what means a part is paid. Only cash is rounded, and only cash gives change.
    pub enum TenderKind {
        Cash = 1,
        Card = 2,
        MobileMoney = 3,
        /// A voucher good for anything: a means of payment, after tax.
        Voucher = 4,
        BankTransfer = 5,
        Other = 6,
    }
}

crate::wire_struct! {
    /// What a buyer hands over. Cash of 0 says that the rest is paid in cash when it rounds to nothing.
    #[derive(Copy)]
    pub struct Tender {
        pub kind: TenderKind,
        pub amount_minor: i64,
    }
}

crate::wire_struct! {
    /// Where a payment stands. Always: tendered + due = total + cash_rounding + change.
    #[derive(Copy)]
    pub struct Settled {
        pub tendered_minor: i64,
        /// What rounding the cash part adds to the total; negative when it takes off. 0 while something is due.
        pub cash_rounding_minor: i64,
        /// What is given back, in cash.
        pub change_minor: i64,
        /// What is still to be paid by means that need no rounding. 0: the sale is paid.
        pub due_minor: i64,
        /// What is still to be paid if all of it is paid in cash.
        pub due_in_cash_minor: i64,
        /// By how much the drawer grows: cash tendered less change.
        pub cash_kept_minor: i64,
    }
}

impl Settled {
    pub fn is_paid(&self) -> bool {
        self.due_minor == 0
    }
}

/// Why tenders do not settle a total, the first reason found. Tenders are counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettleError {
    #[error("a sale has at most {TENDERS_MAX} payments: combine some")]
    TooManyTenders,
    #[error("the total is below zero: record a refund instead")]
    TotalNegative,
    #[error("payment {tender}: the amount is not above zero: correct or remove it")]
    TenderNotPositive { tender: usize },
    #[error(
        "payments other than cash exceed the total by {excess_minor} minor units: lower them, they give no change"
    )]
    NonCashExceedsTotal { excess_minor: i64 },
    #[error("the amounts are too large to be stored: split the sale")]
    Overflow,
}

/// Compares tenders with a total; their order does not matter. What other means do not cover is the cash
/// part: as soon as cash is tendered it is rounded to what coins can pay. Whoever pays that part to the unit
/// is not rounded; whoever pays at least that part, and less than the rounded amount, owes nothing more.
pub fn settle(total_minor: i64, tenders: &[Tender], rounding: CashRounding) -> Result<Settled, SettleError> {
    settle_exchange((total_minor, 0), tenders, rounding)
}

/// The same where goods came back that count as `goods_minor` of cash: no coin moves for them, so only what is paid or given back
/// beside them is rounded.
pub fn settle_exchange(
    (total_minor, goods_minor): (i64, i64),
    tenders: &[Tender],
    rounding: CashRounding,
) -> Result<Settled, SettleError> {
    if tenders.len() > TENDERS_MAX {
        return Err(SettleError::TooManyTenders);
    }
    if total_minor < 0 || goods_minor < 0 {
        return Err(SettleError::TotalNegative);
    }
    let (cash, other) = add_tenders(tenders)?;
    if other > total_minor {
        return Err(SettleError::NonCashExceedsTotal { excess_minor: other - total_minor });
    }
    // Below zero where the goods are worth more than what goes out.
    let coin_part = total_minor - other - goods_minor;
    let payable = coins(rounding, coin_part).ok_or(SettleError::Overflow)?;
    let cash = cash.or((goods_minor > 0).then_some(0));
    let add = |sum: i64, more: i64| sum.checked_add(more).ok_or(SettleError::Overflow);
    let tendered_minor = add(add(other, goods_minor)?, cash.unwrap_or(0))?;
    let Some(cash) = cash.filter(|cash| *cash >= payable.min(coin_part)) else {
        let cash = cash.unwrap_or(0);
        return Ok(Settled {
            tendered_minor,
            cash_rounding_minor: 0,
            change_minor: 0,
            due_minor: coin_part - cash,
            due_in_cash_minor: payable - cash,
            cash_kept_minor: add(goods_minor, cash)?,
        });
    };
    let exact = cash == coin_part;
    let coins_kept = if exact { coin_part } else { payable.min(cash) };
    Ok(Settled {
        tendered_minor,
        cash_rounding_minor: coins_kept - coin_part,
        change_minor: cash - coins_kept,
        due_minor: 0,
        due_in_cash_minor: 0,
        cash_kept_minor: add(goods_minor, coins_kept)?,
    })
}

/// What goes back is rounded as what is paid.
fn coins(rounding: CashRounding, minor: i64) -> Option<i64> {
    if minor < 0 { rounding.payable(-minor).map(|back| -back) } else { rounding.payable(minor) }
}

/// The cash, if there is any, and everything else.
fn add_tenders(tenders: &[Tender]) -> Result<(Option<i64>, i64), SettleError> {
    let (mut cash, mut other) = (None, 0i64);
    for (place, tender) in tenders.iter().enumerate() {
        let is_cash = tender.kind == TenderKind::Cash;
        if tender.amount_minor < 0 || (tender.amount_minor == 0 && !is_cash) {
            return Err(SettleError::TenderNotPositive { tender: place });
        }
        let sum = if is_cash { cash.unwrap_or(0) } else { other };
        let sum = i64::checked_add(sum, tender.amount_minor).ok_or(SettleError::Overflow)?;
        if is_cash {
            cash = Some(sum);
        } else {
            other = sum;
        }
    }
    Ok((cash, other))
}
