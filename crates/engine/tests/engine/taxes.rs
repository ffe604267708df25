//! Taxes that products share: one change of a rate is every product's, whichever arrives first.

use soko_app_api::{
    Command, DiscountInput, ProductContent, ProductEdit, ProductView, Query, SaleLineInput, StallEdit,
    TaxClass, Verb, View,
};
use soko_domain::ids::ThingId;
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;

use crate::world::{Device, Relay, STALL, command, now, product, thing};

const OIL: u16 = 111;
const SOAP: u16 = 112;

fn class(number: u16, label: &str, ppm: u32) -> TaxClass {
    TaxClass { class: thing(number), label: label.into(), ppm, is_inclusive: true }
}

fn put(number: u16, tax: TaxClass) -> Command {
    command(number, Verb::EditStall { edits: vec![StallEdit::PutTax(tax)] })
}

fn remove(number: u16, class: ThingId) -> Command {
    command(number, Verb::EditStall { edits: vec![StallEdit::RemoveTax(class)] })
}

fn create(number: u16, tax_class: Option<ThingId>) -> Command {
    let content = ProductContent {
        tax_ppm: 50_000,
        tax_class,
        ..ProductContent::piece(&format!("Thing {number}"), 1_160)
    };
    command(1_000 + number, Verb::CreateProduct { product: product(number), content })
}

fn edit(number: u16, of: u16, edits: Vec<ProductEdit>) -> Command {
    command(number, Verb::EditProduct { product: product(of), edits })
}

fn shown(device: &mut Device, of: u16) -> ProductView {
    match device.engine.answer(&Query::Product { stall: STALL, product: product(of) }, now()).unwrap() {
        View::Product(view) => view,
        other => panic!("{other:?}"),
    }
}

/// Rate and name as a basket with one of it has them.
fn taxed(device: &mut Device, of: u16) -> (u32, String, i64) {
    let (lines, discount) = (vec![SaleLineInput::of(product(of), 1)], DiscountInput::None);
    let asked = Query::Basket { stall: STALL, lines, discount, tenders: vec![] };
    let View::Basket(basket) = device.engine.answer(&asked, now()).unwrap() else { panic!("no basket") };
    let tax = basket.taxes.first().unwrap();
    (tax.ppm, tax.label.clone(), tax.tax_minor)
}

#[test]
fn one_change_of_a_rate_is_every_products() {
    let mut device = Device::ready(1, &[], None);
    device.done(put(10, class(1, "Standard", 160_000)));
    device.done(create(OIL, Some(thing(1))));
    device.done(create(SOAP, None));
    assert_eq!(taxed(&mut device, OIL), (160_000, "Standard".into(), 160));
    assert_eq!(taxed(&mut device, SOAP), (50_000, String::new(), 55));
    device.done(edit(11, SOAP, vec![ProductEdit::TaxClass(Some(thing(1)))]));
    device.done(put(12, TaxClass { is_inclusive: false, ..class(1, "Standard", 180_000) }));
    for of in [OIL, SOAP] {
        assert_eq!(taxed(&mut device, of), (180_000, "Standard".into(), 209));
    }
    let view = shown(&mut device, SOAP);
    assert_eq!((view.tax_ppm, view.tax_mode, view.tax_class), (180_000, TaxMode::Exclusive, Some(thing(1))));
    // Nothing of it, but on the receipt.
    device.done(put(13, class(1, "Exempt", 0)));
    assert_eq!(taxed(&mut device, OIL), (0, "Exempt".into(), 0));
    assert_eq!(device.refused(remove(14, thing(1))), "tax_in_use", "nobody's tax changes by tidying up");
    for (number, of) in [(15, OIL), (16, SOAP)] {
        let own =
            vec![ProductEdit::TaxClass(None), ProductEdit::TaxPpm(50_000), ProductEdit::TaxInclusive(true)];
        device.done(edit(number, of, own));
        assert_eq!(taxed(&mut device, of), (50_000, String::new(), 55));
    }
    device.done(remove(17, thing(1)));
    assert_eq!(shown(&mut device, OIL).tax_class, None);
}

#[test]
fn what_no_receipt_could_tell_apart_is_no_class() {
    let mut device = Device::ready(1, &[], None);
    device.done(put(10, class(1, "Standard", 160_000)));
    for (number, code, wrong) in [
        (11, "tax_name_taken", class(2, " standard ", 80_000)),
        (12, "tax_odd", class(2, "", 80_000)),
        (13, "tax_odd", class(2, "Much too long for the paper", 80_000)),
        (14, "tax_odd", class(2, "More than all", 1_000_001)),
    ] {
        assert_eq!(device.refused(put(number, wrong)), code);
    }
    device.done(put(20, class(1, "standard", 160_000)));
    for number in 2..=12 {
        device.done(put(20 + number, class(number, &format!("Rate {number}"), 10_000)));
    }
    assert_eq!(device.refused(put(40, class(13, "Rate 13", 10_000))), "taxes_full");
    device.done(put(41, class(12, "Rate of twelve", 10_000)));
}

/// One register takes a class away while another, that does not hear it, puts a product into it and a third changes it.
#[test]
fn registers_agree_whichever_they_hear_first() {
    let mut relay = Relay::new();
    let mut first = Device::ready(1, &[], Some(&relay));
    relay.admit(&first);
    first.done(put(10, class(1, "Standard", 160_000)));
    first.done(create(OIL, Some(thing(1))));
    first.done(create(SOAP, None));
    first.replicate(&mut relay);
    let mut second = Device::with_role(2, Role::Owner, Some(&relay));
    relay.admit(&second);
    second.replicate(&mut relay);
    assert_eq!(taxed(&mut second, OIL), (160_000, "Standard".into(), 160));
    second.done(edit(2_001, SOAP, vec![ProductEdit::TaxClass(Some(thing(1)))]));
    first.done(edit(12, OIL, vec![ProductEdit::TaxClass(None)]));
    first.done(remove(11, thing(1)));
    first.replicate(&mut relay);
    second.replicate(&mut relay);
    first.replicate(&mut relay);
    for device in [&mut first, &mut second] {
        assert_eq!(taxed(device, SOAP), (50_000, String::new(), 55));
    }
    let mut third = Device::with_role(3, Role::Owner, Some(&relay));
    relay.admit(&third);
    third.replicate(&mut relay);
    third.done(put(3_001, class(1, "Standard", 180_000)));
    third.replicate(&mut relay);
    for device in [&mut first, &mut second, &mut third] {
        device.replicate(&mut relay);
        assert_eq!(taxed(device, SOAP), (180_000, "Standard".into(), 177));
        device.engine.rebuild(STALL).unwrap();
        assert_eq!(taxed(device, SOAP), (180_000, "Standard".into(), 177), "and from the records alone");
    }
    // Whoever gave it a rate of its own while the class was gone keeps that, though the class comes back.
    third.done(edit(3_002, SOAP, vec![ProductEdit::TaxClass(None)]));
    third.done(remove(3_003, thing(1)));
    third.done(edit(3_004, SOAP, vec![ProductEdit::TaxClass(Some(thing(1)))]));
    third.done(edit(3_005, SOAP, vec![ProductEdit::TaxPpm(80_000)]));
    third.done(put(3_006, class(1, "Standard", 180_000)));
    assert_eq!(taxed(&mut third, SOAP).0, 80_000);
}
