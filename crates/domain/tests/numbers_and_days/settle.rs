use soko_domain::basket::{SettleError, Settled, TENDERS_MAX, Tender, TenderKind, settle, settle_exchange};
use soko_domain::money::{CashRounding, Rounding};
use soko_domain::wire::Wire;

const FIVE: CashRounding = CashRounding { step_minor: 5, rounding: Rounding::HalfUp };

fn cash(amount_minor: i64) -> Tender {
    Tender { kind: TenderKind::Cash, amount_minor }
}

fn mobile(amount_minor: i64) -> Tender {
    Tender { kind: TenderKind::MobileMoney, amount_minor }
}

#[test]
fn cash_rounding_touches_the_cash_part_only() {
    struct Row {
        total: i64,
        tenders: &'static [(TenderKind, i64)],
        rounding: i64,
        change: i64,
        due: i64,
        due_in_cash: i64,
    }
    use TenderKind::{Card, Cash, MobileMoney, Voucher};
    let row = |total, tenders, [rounding, change, due, due_in_cash]: [i64; 4]| Row {
        total,
        tenders,
        rounding,
        change,
        due,
        due_in_cash,
    };
    let table = [
        // Nothing tendered: both prices are shown, nothing is rounded yet.
        row(3013, &[], [0, 0, 3013, 3015]),
        row(3012, &[], [0, 0, 3012, 3010]),
        // All in cash.
        row(3013, &[(Cash, 5000)], [2, 1985, 0, 0]),
        row(3012, &[(Cash, 3010)], [-2, 0, 0, 0]),
        row(3015, &[(Cash, 2000), (Cash, 2000)], [0, 985, 0, 0]),
        // Nothing in cash: never rounded.
        row(3013, &[(Card, 3013)], [0, 0, 0, 0]),
        row(3013, &[(MobileMoney, 1000), (Voucher, 2013)], [0, 0, 0, 0]),
        // Split: 30.15 as 10.02 by phone leaves 20.13 in cash, which is 20.15.
        row(3015, &[(MobileMoney, 1002), (Cash, 2015)], [2, 0, 0, 0]),
        row(3015, &[(Cash, 2020), (MobileMoney, 1002)], [2, 5, 0, 0]),
        row(3015, &[(MobileMoney, 1015), (Cash, 2000)], [0, 0, 0, 0]),
        // Cash first, the rest still open, by either means.
        row(3013, &[(Cash, 1000)], [0, 0, 2013, 2015]),
        row(3013, &[(Card, 2013), (Cash, 1000)], [0, 0, 0, 0]),
        row(3013, &[(Card, 2010)], [0, 0, 1003, 1005]),
        // To the unit, and in between.
        row(3013, &[(Cash, 3013)], [0, 0, 0, 0]),
        row(3013, &[(Cash, 3014)], [1, 0, 0, 0]),
        row(3012, &[(Cash, 3012)], [0, 0, 0, 0]),
        row(3012, &[(Cash, 3011)], [-2, 1, 0, 0]),
        // What rounds to nothing is paid by no coin.
        row(2, &[], [0, 0, 2, 0]),
        row(2, &[(Cash, 0)], [-2, 0, 0, 0]),
        row(0, &[], [0, 0, 0, 0]),
        row(0, &[(Cash, 500)], [0, 500, 0, 0]),
        row(3013, &[(Card, 3013), (Cash, 500)], [0, 500, 0, 0]),
    ];
    for row in table {
        let tenders: Vec<Tender> =
            row.tenders.iter().map(|(kind, minor)| Tender { kind: *kind, amount_minor: *minor }).collect();
        let settled = settle(row.total, &tenders, FIVE).unwrap();
        let tendered_minor = tenders.iter().map(|tender| tender.amount_minor).sum();
        let cash: i64 = tenders.iter().filter(|t| t.kind == Cash).map(|tender| tender.amount_minor).sum();
        let expected = Settled {
            tendered_minor,
            cash_rounding_minor: row.rounding,
            change_minor: row.change,
            due_minor: row.due,
            due_in_cash_minor: row.due_in_cash,
            cash_kept_minor: cash - row.change,
        };
        assert_eq!(settled, expected, "{} by {:?}", row.total, row.tenders);
        assert_eq!(settled.is_paid(), row.due == 0);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let many = vec![cash(1); TENDERS_MAX + 1];
    let table: &[(i64, &[Tender], SettleError)] = &[
        (-1, &many, SettleError::TooManyTenders),
        (-1, &[cash(-1)], SettleError::TotalNegative),
        (10, &[mobile(20), cash(-1)], SettleError::TenderNotPositive { tender: 1 }),
        (10, &[mobile(0)], SettleError::TenderNotPositive { tender: 0 }),
        (10, &[mobile(7), mobile(4)], SettleError::NonCashExceedsTotal { excess_minor: 1 }),
        (10, &[cash(i64::MAX), cash(1)], SettleError::Overflow),
        (10, &[mobile(i64::MAX), mobile(1)], SettleError::Overflow),
        (10, &[mobile(10), cash(i64::MAX)], SettleError::Overflow),
        (i64::MAX, &[], SettleError::Overflow),
    ];
    let up = CashRounding { step_minor: 10, rounding: Rounding::Up };
    for (total, tenders, expected) in table {
        assert_eq!(settle(*total, tenders, up), Err(*expected), "{total}");
    }
}

#[test]
fn the_stored_form_is_frozen() {
    assert_eq!(mobile(1002).to_bytes(), [3, 0xd4, 0x0f]);
    let numbers = TenderKind::ALL.iter().map(|kind| (kind.number(), *kind)).collect::<Vec<_>>();
    use TenderKind::{BankTransfer, Card, Cash, MobileMoney, Other, Voucher};
    let expected = [(1, Cash), (2, Card), (3, MobileMoney), (4, Voucher), (5, BankTransfer), (6, Other)];
    assert_eq!(numbers, expected);
    let settled = settle(3015, &[mobile(1002), cash(2020)], FIVE).unwrap();
    assert_eq!(settled.to_bytes(), [0x9c, 0x2f, 4, 10, 0, 0, 0xbe, 0x1f]);
    assert_eq!(Settled::from_bytes(&settled.to_bytes()), Ok(settled));
}

/// What comes back pays with no coin: what moves beside it is what coins can pay, either way, and the books agree.
#[test]
fn only_the_coins_of_an_exchange_are_rounded() {
    for (total, goods, tenders, rounding, change, due_in_cash) in [
        (1009, 1003, vec![], 0, 0, 5),
        (1009, 1003, vec![cash(10)], -1, 5, 0),
        (1009, 1003, vec![cash(5)], -1, 0, 0),
        (1009, 1003, vec![mobile(6)], 0, 0, 0),
        (1001, 1003, vec![], 2, 0, 0),
        (1000, 1003, vec![], -2, 5, 0),
        (1000, 1003, vec![cash(0)], -2, 5, 0),
        (900, 1003, vec![mobile(100)], -2, 205, 0),
        (1003, 1003, vec![], 0, 0, 0),
    ] {
        let settled = settle_exchange((total, goods), &tenders, FIVE).unwrap();
        let told = (settled.cash_rounding_minor, settled.change_minor, settled.due_in_cash_minor);
        assert_eq!(told, (rounding, change, due_in_cash), "{total} for {goods} and {tenders:?}");
        let sides = (
            settled.tendered_minor + settled.due_minor,
            total + settled.cash_rounding_minor + settled.change_minor,
        );
        assert_eq!(sides.0, sides.1, "{total} for {goods} and {tenders:?}");
        assert_eq!(settled.is_paid(), due_in_cash == 0);
        let coins = settled.cash_kept_minor - goods;
        assert!(!settled.is_paid() || coins % 5 == 0, "{coins} is no coin");
    }
}
