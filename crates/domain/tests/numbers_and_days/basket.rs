use soko_domain::basket::{
    Basket, BasketLine, Discount, LINE_TAXES_MAX, LINES_MAX, Policy, PriceError, Priced, TenderKind, price,
    settle,
};
use soko_domain::basket::{Settled, Tender};
use soko_domain::ids::ProductId;
use soko_domain::money::{CashRounding, Currency, Money, Ppm, Rounding};
use soko_domain::quantity::Quantity;
use soko_domain::tax::{TaxRate, TaxRounding, TaxTotal};
use soko_domain::wire::{Malformed, Wire};

fn euro() -> Policy {
    Policy::plain(Currency::parse("EUR").unwrap())
}

fn line(unit_price_minor: i64, taxes: &[TaxRate]) -> BasketLine {
    BasketLine {
        product: ProductId([7; 16]),
        quantity: Quantity(1),
        unit_price_minor,
        price_per: 1,
        discount: Discount::None,
        taxes: taxes.to_vec(),
    }
}

fn incl(ppm: u32) -> TaxRate {
    TaxRate::inclusive(Ppm(ppm))
}

fn excl(ppm: u32) -> TaxRate {
    TaxRate::exclusive(Ppm(ppm))
}

fn basket(lines: Vec<BasketLine>) -> Basket {
    Basket { lines, discount: Discount::None, policy: euro() }
}

fn lines_of(priced: &Priced) -> Vec<[i64; 6]> {
    let amounts = |line: &soko_domain::basket::PricedLine| {
        [
            line.gross_minor,
            line.discount_minor,
            line.basket_discount_minor,
            line.net_minor,
            line.tax_minor,
            line.total_minor,
        ]
    };
    priced.lines.iter().map(amounts).collect()
}

#[test]
fn the_receipt_of_30_15_is_exact_everywhere() {
    for tax_place in TaxRounding::ALL {
        let mut sale = basket(vec![line(2890, &[incl(220_000)]), line(125, &[incl(100_000)])]);
        sale.policy.tax_place = *tax_place;
        sale.policy.cash_rounding = CashRounding { step_minor: 5, rounding: Rounding::HalfUp };
        let priced = price(&sale).unwrap();
        assert_eq!(priced.total_minor, 3015);
        let shown = Money { minor: priced.total_minor, currency: priced.currency };
        assert_eq!(shown.to_string(), "30.15 EUR");
        assert_eq!(lines_of(&priced), [[2890, 0, 0, 2369, 521, 2890], [125, 0, 0, 114, 11, 125]]);
        let taxes = [
            TaxTotal { rate: incl(100_000), net_minor: 114, tax_minor: 11 },
            TaxTotal { rate: incl(220_000), net_minor: 2369, tax_minor: 521 },
        ];
        assert_eq!(priced.taxes, taxes);
        assert_eq!((priced.net_minor, priced.tax_minor), (2483, 532));

        // 20.02 by phone leaves 10.13 in cash: 10.15, and the sale is still one of 30.15.
        let tenders = [
            Tender { kind: TenderKind::MobileMoney, amount_minor: 2002 },
            Tender { kind: TenderKind::Cash, amount_minor: 2000 },
        ];
        let settled = settle(priced.total_minor, &tenders, sale.policy.cash_rounding).unwrap();
        let expected = Settled {
            tendered_minor: 4002,
            cash_rounding_minor: 2,
            change_minor: 985,
            due_minor: 0,
            due_in_cash_minor: 0,
            cash_kept_minor: 1015,
        };
        assert_eq!(settled, expected);
    }
}

#[test]
fn prices_per_weight_discounts_and_taxes_combine() {
    let weighed = |grams, per_kilogram| BasketLine {
        quantity: Quantity(grams),
        price_per: 1000,
        ..line(per_kilogram, &[])
    };
    let off = |discount, line| BasketLine { discount, ..line };
    let ten_percent = Discount::Percent(Ppm(100_000));
    // lines, basket discount, each line: gross, discount, basket discount, net, tax, total
    let table: &[(Vec<BasketLine>, Discount, &[[i64; 6]])] = &[
        (vec![], Discount::None, &[]),
        (vec![weighed(350, 1299)], Discount::None, &[[455, 0, 0, 455, 0, 455]]),
        (vec![weighed(1, 499)], Discount::None, &[[0, 0, 0, 0, 0, 0]]),
        (vec![off(ten_percent, line(1005, &[]))], Discount::None, &[[1005, 101, 0, 904, 0, 904]]),
        (
            vec![off(Discount::Amount(1000), line(1000, &[incl(220_000)]))],
            Discount::None,
            &[[1000, 1000, 0, 0, 0, 0]],
        ),
        (
            vec![line(1000, &[incl(220_000)]), line(1000, &[excl(220_000)])],
            Discount::None,
            &[[1000, 0, 0, 820, 180, 1000], [1000, 0, 0, 1000, 220, 1220]],
        ),
        (
            vec![line(100, &[]), line(100, &[]), line(100, &[])],
            Discount::Amount(100),
            &[[100, 0, 34, 66, 0, 66], [100, 0, 33, 67, 0, 67], [100, 0, 33, 67, 0, 67]],
        ),
        (
            vec![off(ten_percent, line(1000, &[])), line(100, &[])],
            Discount::Percent(Ppm(500_000)),
            &[[1000, 100, 450, 450, 0, 450], [100, 0, 50, 50, 0, 50]],
        ),
        (
            vec![line(70, &[incl(220_000)]), line(30, &[])],
            Discount::Amount(100),
            &[[70, 0, 70, 0, 0, 0], [30, 0, 30, 0, 0, 0]],
        ),
    ];
    for (lines, discount, expected) in table {
        let priced = price(&Basket { discount: *discount, ..basket(lines.clone()) }).unwrap();
        assert_eq!(lines_of(&priced), *expected, "{lines:?}");
        let discounts: i64 = expected.iter().map(|line| line[1] + line[2]).sum();
        assert_eq!(priced.discount_minor, discounts);
    }
}

#[test]
fn line_rounding_is_the_policys() {
    let mut sale = basket(vec![BasketLine { quantity: Quantity(350), price_per: 1000, ..line(1299, &[]) }]);
    let totals = Rounding::ALL.iter().map(|rounding| {
        sale.policy.line_rounding = *rounding;
        price(&sale).unwrap().total_minor
    });
    // 454.65: half up, half even, half down, up, down
    assert_eq!(totals.collect::<Vec<_>>(), [455, 455, 455, 455, 454]);
}

#[test]
fn refusals_come_in_order_and_name_the_line() {
    let good = line(100, &[]);
    let wrong = BasketLine {
        quantity: Quantity(0),
        unit_price_minor: -1,
        price_per: 0,
        discount: Discount::Amount(-1),
        taxes: vec![incl(1); LINE_TAXES_MAX + 1],
        ..good.clone()
    };
    let second = |second: BasketLine| basket(vec![good.clone(), second]);
    let wrong = |quantity, unit_price_minor, price_per, taxes| BasketLine {
        quantity: Quantity(quantity),
        unit_price_minor,
        price_per,
        taxes: vec![incl(1); taxes],
        ..wrong.clone()
    };
    let off = |discount| BasketLine { discount, ..good.clone() };
    let whole = |discount| Basket { discount, ..basket(vec![good.clone()]) };
    let above = LINE_TAXES_MAX + 1;
    let table = [
        (basket(vec![wrong(0, -1, 0, above); LINES_MAX + 1]), PriceError::TooManyLines),
        (second(wrong(0, -1, 0, above)), PriceError::QuantityNotPositive { line: 1 }),
        (second(wrong(-1, -1, 0, above)), PriceError::QuantityNotPositive { line: 1 }),
        (second(wrong(1, -1, 0, above)), PriceError::PriceNegative { line: 1 }),
        (second(wrong(1, 1, 0, above)), PriceError::PricePerNotPositive { line: 1 }),
        (second(wrong(1, 1, -1, above)), PriceError::PricePerNotPositive { line: 1 }),
        (second(wrong(1, 1, 1, above)), PriceError::TooManyTaxes { line: 1 }),
        (second(wrong(1, 1, 1, LINE_TAXES_MAX)), PriceError::LineDiscount { line: 1 }),
        (second(off(Discount::Amount(101))), PriceError::LineDiscount { line: 1 }),
        (second(off(Discount::Percent(Ppm(1_010_000)))), PriceError::LineDiscount { line: 1 }),
        (whole(Discount::Amount(101)), PriceError::BasketDiscount),
        (whole(Discount::Amount(-1)), PriceError::BasketDiscount),
        (whole(Discount::Percent(Ppm(1_010_000))), PriceError::BasketDiscount),
        (basket(vec![line(i64::MAX, &[]), line(1, &[])]), PriceError::Overflow),
        (basket(vec![line(i64::MAX, &[excl(1)])]), PriceError::Overflow),
        (basket(vec![wrong(i64::MAX, i64::MAX, 1, 0)]), PriceError::Overflow),
    ];
    for (basket, expected) in table {
        assert_eq!(price(&basket), Err(expected));
    }
}

#[test]
fn refunding_piece_by_piece_refunds_everything() {
    let three = BasketLine { quantity: Quantity(3), ..line(333, &[incl(220_000), excl(50_000)]) };
    let priced = price(&Basket { discount: Discount::Amount(100), ..basket(vec![three]) }).unwrap();
    let sold = &priced.lines[0];
    let parts: Vec<_> = (0..3).map(|before| sold.part(Quantity(before), Quantity(1)).unwrap()).collect();
    let totals: Vec<i64> = parts.iter().map(|part| part.total_minor).collect();
    assert_eq!((sold.total_minor, totals), (936, vec![312, 312, 312]));
    for part in &parts {
        assert_eq!(part.net_minor + part.tax_minor, part.total_minor);
        assert_eq!(part.tax_minor, part.taxes.iter().map(|tax| tax.tax_minor).sum::<i64>());
    }
    assert_eq!(parts.iter().map(|part| part.tax_minor).sum::<i64>(), sold.tax_minor);
    assert_eq!(sold.part(Quantity(2), Quantity(2)), None);
}

#[test]
fn the_stored_form_is_frozen() {
    let sale = Basket {
        lines: vec![BasketLine {
            quantity: Quantity(350),
            price_per: 1000,
            discount: Discount::Percent(Ppm(100_000)),
            ..line(1299, &[incl(220_000)])
        }],
        discount: Discount::Amount(5),
        policy: euro(),
    };
    let mut expected = vec![1];
    expected.extend([7; 16]); // product
    expected.extend([0xbc, 0x05]); // 350
    expected.extend([0xa6, 0x14]); // 1299
    expected.extend([0xd0, 0x0f]); // per 1000
    expected.extend([2, 0xa0, 0x8d, 0x06]); // 10 % off
    expected.extend([1, 0xe0, 0xb6, 0x0d, 1, 0]); // one tax, 22 %, inclusive, without a label
    expected.extend([1, 10]); // 0.05 off
    expected.extend(b"EUR\x01\x01\x01\x01\x01"); // policy
    assert_eq!(sale.to_bytes(), expected);
    assert_eq!(Discount::from_bytes(&[3]), Err(Malformed::Choice));
    assert_eq!(Discount::from_bytes(&[0, 0]), Err(Malformed::Trailing));
}
