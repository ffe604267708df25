//! What is seen before the last tap is what the record says, rate by rate: prices with their tax and without, bringing among them,
//! and what a code takes off.

use soko_domain::basket::{Discount, Policy};
use soko_domain::coupon::{CouponTerms, Uses};
use soko_domain::delivery::{Handing, Handings};
use soko_domain::entry::Entry;
use soko_domain::ids::{OrderId, ProductId, ThingId};
use soko_domain::money::{Currency, Ppm};
use soko_domain::quantity::Unit;
use soko_domain::refusal::Refusal;
use soko_domain::tax::{TaxMode, TaxRate, TaxTotal};
use soko_domain::verbs::hand_over_order::taxes;
use soko_domain::verbs::place_order::{
    AskedLine, Facts, How, Offer, PlaceOrder, WorkedOut, decide, work_out,
};

const MANGO: ProductId = ProductId([3; 16]);

fn rate(ppm: u32, mode: TaxMode) -> TaxRate {
    TaxRate { ppm: Ppm(ppm), mode, label: String::new() }
}

/// Mangoes at 1.50, brought for 5.00 with a fifth of it tax.
fn facts(taxes: Vec<TaxRate>, has_code: bool) -> Facts {
    let offer = Offer {
        name: "Mango".into(),
        unit_price_minor: 150,
        price_per: 1,
        archived: false,
        taxes,
        unit: Unit::Piece,
        piece_g: 400,
        pool: 10,
        deal: None,
    };
    let terms = CouponTerms {
        off: Discount::Amount(7),
        min_minor: 0,
        products: vec![],
        from_day: None,
        until_day: None,
        uses_max: None,
        buyer_uses_max: None,
        is_ended: false,
    };
    Facts {
        frozen: false,
        policy: Policy::plain(Currency::parse("EUR").unwrap()),
        offers: [(MANGO, offer)].into(),
        handings: Handings::read(false, "flat 500\ntax 250000 inclusive", ""),
        held: 0,
        now_ms: 0,
        day: 0,
        has_account: false,
        coupon: has_code.then(|| (terms, Uses::default())),
        card: None,
    }
}

fn three(handing: Handing, has_code: bool) -> PlaceOrder {
    PlaceOrder {
        order: OrderId([1; 16]),
        buyer: ThingId([2; 16]),
        lines: vec![AskedLine { product: MANGO, quantity: 3, seen_price_minor: None }],
        note: String::new(),
        handing,
        zone: String::new(),
        coupon: if has_code { "SEVEN".into() } else { String::new() },
        seen_total_minor: None,
        seen_tax_minor: None,
        card: None,
    }
}

fn seen_before(facts: &Facts, command: &PlaceOrder) -> WorkedOut {
    let lines: Vec<_> = command.lines.iter().map(|line| (&facts.offers[&MANGO], line)).collect();
    let coupon = facts.coupon.as_ref().map(|(terms, _)| terms);
    let how = How { handings: &facts.handings, handing: command.handing, zone: "", coupon };
    work_out(facts.policy, &lines, &how).unwrap()
}

#[test]
fn the_taxes_that_are_seen_are_those_that_are_written() {
    use Handing::{Local, Pickup};
    let (within, on_top) = (rate(160_000, TaxMode::Inclusive), rate(80_000, TaxMode::Exclusive));
    let bringing = rate(250_000, TaxMode::Inclusive);
    let said = |rate: &TaxRate, net_minor, tax_minor| TaxTotal { rate: rate.clone(), net_minor, tax_minor };
    let both = vec![within.clone(), on_top.clone()];
    let of_both = vec![said(&on_top, 388, 31), said(&within, 388, 62), said(&bringing, 400, 100)];
    for (rates, handing, has_code, expected) in [
        (vec![], Pickup, false, (450, vec![])),
        (vec![within.clone()], Pickup, false, (450, vec![said(&within, 388, 62)])),
        (vec![on_top.clone()], Pickup, false, (486, vec![said(&on_top, 450, 36)])),
        (vec![on_top.clone()], Pickup, true, (478, vec![said(&on_top, 443, 35)])),
        (both, Local, false, (981, of_both)),
    ] {
        let (facts, command) = (facts(rates, has_code), three(handing, has_code));
        let entries = decide(&facts, &command).unwrap();
        let [Entry::OrderPlaced(placed)] = entries.as_slice() else { panic!("{entries:?}") };
        let worked = seen_before(&facts, &command);
        assert_eq!((placed.total_minor, taxes(placed)), expected, "{handing:?} {has_code}");
        assert_eq!((worked.total_minor, worked.taxes()), expected, "{handing:?} {has_code}");
        let tax_minor = taxes(placed).iter().map(|tax| tax.tax_minor).sum();
        assert_eq!(worked.tax_minor(), tax_minor);
        // Another sum of taxes than was seen is asked about, though the total is the same.
        let seen = |seen| PlaceOrder { seen_tax_minor: Some(seen), ..command.clone() };
        assert_eq!(decide(&facts, &seen(tax_minor)).as_ref(), Ok(&entries));
        assert_eq!(decide(&facts, &seen(tax_minor + 1)), Err(Refusal::TaxChanged { tax_minor }));
    }
}
