//! Sales of a register that rounds otherwise than this one: whatever its policy, what it wrote adds up here to the same figures
//! in every place. No screen sets a policy yet but for the smallest coin, so such sales come from another author.

use std::collections::BTreeMap;

use soko_app_api::{Query, View};
use soko_domain::basket::{Basket, BasketLine, Discount, Policy, TenderKind, price};
use soko_domain::entry::{Entry, SaleMade, ShiftOpened, Standing, Tendered};
use soko_domain::ids::{SaleId, ShiftId};
use soko_domain::money::{CashRounding, Currency, Ppm, Rounding};
use soko_domain::quantity::Quantity;
use soko_domain::tax::{TaxMode, TaxRate, TaxRounding};
use soko_domain::verbs::make_sale::{self, BeyondShare, LineText, MakeSale, NO_PRODUCT};

use crate::counter::{Chance, summed};
use crate::world::{Device, Relay, STALL, now, product, thing};

const SHIFT: ShiftId = ShiftId([0x77; 16]);

fn one<T: Copy>(chance: &mut Chance, of: &[T]) -> T {
    of[usize::try_from(chance.below(i64::try_from(of.len()).unwrap())).unwrap()]
}

fn policy(chance: &mut Chance) -> Policy {
    Policy {
        currency: Currency::parse("EUR").unwrap(),
        line_rounding: one(chance, Rounding::ALL),
        tax_place: one(chance, TaxRounding::ALL),
        tax_rounding: one(chance, Rounding::ALL),
        cash_rounding: CashRounding {
            step_minor: one(chance, &[0, 1, 5, 10, 100]),
            rounding: one(chance, Rounding::ALL),
        },
    }
}

fn off(chance: &mut Chance, of_minor: i64) -> Discount {
    match chance.below(3) {
        0 => Discount::None,
        1 => Discount::Percent(Ppm(u32::try_from(chance.below(1_000_001)).unwrap())),
        _ => Discount::Amount(chance.below(of_minor + 1)),
    }
}

fn basket(chance: &mut Chance) -> Basket {
    let policy = policy(chance);
    let rates = [0, 50_000, 88_750, 160_000, 333_333];
    let lines = (0..=chance.below(5)).map(|_| BasketLine {
        product: if chance.below(6) == 0 { NO_PRODUCT } else { product(101) },
        quantity: Quantity(1 + chance.below(1_500)),
        unit_price_minor: chance.below(4_000),
        price_per: one(chance, &[1, 100, 1_000]),
        discount: Discount::None,
        taxes: vec![TaxRate {
            ppm: Ppm(one(chance, &rates)),
            mode: one(chance, TaxMode::ALL),
            label: String::new(),
        }],
    });
    let mut basket = Basket { lines: lines.collect(), discount: Discount::None, policy };
    let bare = price(&basket).unwrap();
    for (line, priced) in basket.lines.iter_mut().zip(&bare.lines) {
        line.discount = off(chance, priced.gross_minor);
    }
    let left = price(&basket).unwrap();
    basket.discount = off(chance, left.gross_minor - left.discount_minor);
    basket
}

fn sold(chance: &mut Chance, number: u16) -> SaleMade {
    let basket = basket(chance);
    let texts = basket.lines.iter().map(|_| LineText::named("Thing")).collect();
    let total_minor = price(&basket).unwrap().total_minor;
    let paid = Tendered {
        kind: TenderKind::Cash,
        amount_minor: total_minor + 100 + chance.below(500),
        reference: String::new(),
        standing: Standing::Taken,
    };
    let command = MakeSale {
        sale: SaleId(thing(number).0),
        basket,
        texts,
        discount_reason: String::new(),
        tenders: vec![paid],
        beyond: BeyondShare::GoodsInHand,
        note: String::new(),
        customer: None,
        tab: None,
    };
    let next_receipt_number = u64::from(number);
    let facts = make_sale::Facts { open_shift: Some(SHIFT), next_receipt_number, ..Default::default() };
    match make_sale::decide(&facts, &command).unwrap().remove(0) {
        Entry::SaleMade(made) => made,
        other => panic!("{other:?}"),
    }
}

/// C57, P11: whatever a register's rounding is, what its sales wrote is what receipt, report, day and export show.
#[test]
fn sales_that_were_rounded_otherwise_add_up_everywhere() {
    let mut relay = Relay::new();
    let mut device = Device::ready(1, &["Thing"], Some(&relay));
    relay.admit(&device);
    let mut chance = Chance(57);
    relay.write(ShiftOpened { shift: SHIFT, float_minor: 0 });
    let author = relay.pen.author();
    let (mut total, mut rounding, mut off, mut kept) = (0, 0, 0, 0);
    let mut taxes: BTreeMap<(u32, TaxMode), (i64, i64)> = BTreeMap::new();
    let mut made = Vec::new();
    for number in 1_000..1_150 {
        let sale = sold(&mut chance, number);
        relay.write(sale.clone());
        total += sale.total_minor;
        rounding += sale.cash_rounding_minor;
        off += sale.lines.iter().map(|line| line.discount_minor).sum::<i64>();
        kept += make_sale::cash_kept(&sale);
        for line in &sale.lines {
            let tax = &line.taxes[0];
            let sum = taxes.entry((tax.rate.ppm.0, tax.rate.mode)).or_default();
            *sum = (sum.0 + line.total_minor - tax.tax_minor, sum.1 + tax.tax_minor);
        }
        made.push(sale);
    }
    assert!(rounding != 0 && off > 0);
    device.replicate(&mut relay);
    for sale in &made {
        let View::Sale(shown) = device.view(Query::Sale { stall: STALL, sale: sale.sale }) else {
            panic!("no sale")
        };
        let lines: i64 = shown.lines.iter().map(|line| line.total_minor).sum();
        let of_taxes: i64 = shown.taxes.iter().map(|tax| tax.net_minor + tax.tax_minor).sum();
        assert_eq!(
            (lines, of_taxes, shown.row.total_minor),
            (sale.total_minor, sale.total_minor, sale.total_minor)
        );
    }
    let query = Query::ShiftReport { stall: STALL, register: Some(author), shift: Some(SHIFT) };
    let View::ShiftReport(report) = device.view(query) else { panic!("no report") };
    assert_eq!((report.sales_minor, report.rounding_minor, report.discounts_minor), (total, rounding, off));
    assert_eq!(report.expected_minor, Some(kept));
    let told: BTreeMap<_, _> =
        report.taxes.iter().map(|tax| ((tax.ppm, tax.mode), (tax.net_minor, tax.tax_minor))).collect();
    assert_eq!(told, taxes);
    let View::Today(today) = device.view(Query::Today(STALL)) else { panic!("no day") };
    assert_eq!((today.sales, today.total_minor, today.cash_minor), (150, Some(total), Some(kept)));
    let zip = device.engine.export_tables(STALL, now()).unwrap();
    assert_eq!(summed(&zip, "sale-lines.csv", "total"), total);
    assert_eq!(summed(&zip, "sale-taxes.csv", "tax"), taxes.values().map(|(_, tax)| tax).sum::<i64>());
    assert_eq!(summed(&zip, "sale-payments.csv", "amount"), total + rounding);
}
