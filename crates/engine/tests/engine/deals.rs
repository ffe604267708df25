//! Another price for a while and for so many, as a register says it without a network; at the counter nothing changes.

use soko_app_api::{DealInput, ProductEdit, ProductView, Query, Verb, View};

use crate::world::*;

const MANGO: u16 = 101;

fn deal(price_minor: i64) -> DealInput {
    let (from_ms, until_ms) = (1_000, 2_000);
    DealInput {
        deal: thing(7),
        price_minor,
        price_per: Some(1),
        from_ms,
        until_ms,
        quantity: 50,
        each: Some(2),
    }
}

fn edit(number: u16, edits: Vec<ProductEdit>) -> soko_app_api::Command {
    command(number, Verb::EditProduct { product: product(MANGO), edits })
}

fn shown(device: &mut Device) -> ProductView {
    match device.engine.answer(&Query::Product { stall: STALL, product: product(MANGO) }, now()).unwrap() {
        View::Product(view) => view,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deal_is_below_the_price_is_kept_as_one_value_and_can_be_taken_away() {
    let mut device = Device::ready(1, &["Mango"], None);
    let usual_minor = shown(&mut device).price_minor;
    let cheap = usual_minor - 1;
    for (number, wrong, edits) in [
        (20, "deal_not_below", vec![ProductEdit::Deal(Some(deal(usual_minor)))]),
        (21, "deal_not_below", vec![ProductEdit::PriceMinor(cheap), ProductEdit::Deal(Some(deal(cheap)))]),
        (22, "deal_each_odd", vec![ProductEdit::Deal(Some(DealInput { each: Some(51), ..deal(cheap) }))]),
        (23, "until_early", vec![ProductEdit::Deal(Some(DealInput { until_ms: 1_000, ..deal(cheap) }))]),
        (
            24,
            "quantity_odd",
            vec![ProductEdit::Deal(Some(DealInput { quantity: 0, each: None, ..deal(cheap) }))],
        ),
        (25, "negative", vec![ProductEdit::Deal(Some(deal(-1)))]),
        (
            26,
            "deal_other_measure",
            vec![ProductEdit::Deal(Some(DealInput { price_per: Some(100), ..deal(cheap) }))],
        ),
        (27, "deal_other_measure", vec![ProductEdit::PricePer(100), ProductEdit::Deal(Some(deal(cheap)))]),
    ] {
        assert_eq!(device.refused(edit(number, edits)), wrong, "{number}");
    }
    assert_eq!(shown(&mut device).deal, None);
    device.done(edit(30, vec![ProductEdit::Deal(Some(deal(cheap)))]));
    let view = shown(&mut device);
    assert_eq!(view.deal.map(|known| (known.said, known.sold)), Some((deal(cheap), 0)));
    assert_eq!((view.price_minor, view.problems), (usual_minor, vec![]));
    // What is the price of ten pieces from now on is no price of one.
    device.done(edit(32, vec![ProductEdit::PricePer(10)]));
    assert_eq!(shown(&mut device).deal, None);
    device.done(edit(33, vec![ProductEdit::PricePer(1)]));
    assert_eq!(shown(&mut device).deal.map(|known| known.said), Some(deal(cheap)));
    device.done(edit(31, vec![ProductEdit::Deal(None)]));
    assert_eq!(shown(&mut device).deal, None);
}
