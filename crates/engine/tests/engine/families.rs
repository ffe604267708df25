//! A product and its variants: many made at once, one row of a list, and the table to choose from.

use soko_app_api::{
    BeyondShare, CategoryEdit, FamilyView, OptionValue, ProductContent, ProductEdit, ProductFilter,
    ProductRow, Query, Reply, VARIANTS_AT_ONCE_MAX, VariantInput, Verb, View, Window,
};
use soko_domain::ids::ProductId;

use crate::world::*;

const SHIRT: u16 = 101;
const TEA: u16 = 102;

fn options(pairs: &[(&str, &str)]) -> Vec<OptionValue> {
    pairs.iter().map(|(name, value)| OptionValue { name: (*name).into(), value: (*value).into() }).collect()
}

fn variant(number: u16, pairs: &[(&str, &str)], price_minor: Option<i64>) -> VariantInput {
    VariantInput { product: product(number), options: options(pairs), price_minor }
}

fn make(of: u16, variants: Vec<VariantInput>) -> Verb {
    Verb::MakeVariants { product: product(of), variants }
}

fn made(device: &mut Device, number: u16, verb: Verb) -> u32 {
    match device.done(command(number, verb)) {
        Reply::VariantsMade { made } => made,
        other => panic!("{other:?}"),
    }
}

/// Two colours by three sizes; the large ones cost more.
fn two_by_three() -> Vec<VariantInput> {
    let mut all = Vec::new();
    for (row, colour) in [(0, "red"), (1, "blue")] {
        for (column, size, price) in [(0, "XL", Some(1_200)), (1, "S", None), (2, "M", None)] {
            all.push(variant(160 + row * 3 + column, &[("Size", size), ("Colour", colour)], price));
        }
    }
    all
}

fn edit(device: &mut Device, number: u16, of: u16, edits: Vec<ProductEdit>) {
    device.done(command(number, Verb::EditProduct { product: product(of), edits }));
}

fn family(device: &mut Device, of: u16) -> FamilyView {
    match device.engine.answer(&Query::Family { stall: STALL, product: product(of) }, now()).unwrap() {
        View::Family(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn rows(device: &mut Device, query: &Query) -> Vec<ProductRow> {
    match device.engine.answer(query, now()).unwrap() {
        View::Products(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn listed(device: &mut Device, filter: ProductFilter) -> Vec<String> {
    let query = Query::Products { stall: STALL, filter, window: Window::first(500) };
    rows(device, &query).into_iter().map(|row| row.name).collect()
}

fn one_row(device: &mut Device, of: u16) -> ProductRow {
    let filter = ProductFilter { families: true, ..ProductFilter::default() };
    let query = Query::Products { stall: STALL, filter, window: Window::first(500) };
    let row = rows(device, &query).into_iter().find(|row| row.product == product(of));
    row.unwrap_or_else(|| panic!("{of} is not on the list"))
}

#[test]
fn a_grid_of_variants_is_made_at_once_and_each_is_a_product_like_its_own() {
    let mut device = Device::ready(1, &["Shirt", "Tea"], None);
    let edits =
        vec![ProductEdit::PriceMinor(900), ProductEdit::TaxPpm(160_000), ProductEdit::AddCategory(thing(7))];
    edit(&mut device, 10, SHIRT, edits);
    assert_eq!(made(&mut device, 11, make(SHIRT, two_by_three())), 6);
    let view = family(&mut device, SHIRT);
    let axes: Vec<_> = view.axes.iter().map(|axis| (axis.name.as_str(), axis.values.join(" "))).collect();
    assert_eq!(axes, [("Colour", "blue red".into()), ("Size", "S M XL".into())]);
    let told: Vec<_> =
        view.variants.iter().map(|variant| (variant.row.name.as_str(), variant.row.price_minor)).collect();
    assert_eq!(
        told,
        [
            ("Shirt blue S", 900),
            ("Shirt blue M", 900),
            ("Shirt blue XL", 1_200),
            ("Shirt red S", 900),
            ("Shirt red M", 900),
            ("Shirt red XL", 1_200),
        ]
    );
    match device.engine.answer(&Query::Product { stall: STALL, product: product(160) }, now()).unwrap() {
        View::Product(made) => {
            assert_eq!((made.tax_ppm, made.categories), (160_000, vec![thing(7)]));
            assert_eq!(made.variant_of, Some(product(SHIRT)));
            assert_eq!(made.options, options(&[("Colour", "red"), ("Size", "XL")]));
        }
        other => panic!("{other:?}"),
    }
    // Made again, nothing is made: what is there stays as it is.
    let again = two_by_three().into_iter().map(|one| VariantInput { price_minor: Some(1), ..one }).collect();
    assert_eq!(made(&mut device, 12, make(SHIRT, again)), 0);
    // What was taken off the offer comes back instead of a second one, at the price that is given.
    edit(&mut device, 13, 161, vec![ProductEdit::Archived(true)]);
    assert_eq!(family(&mut device, SHIRT).variants.len(), 5);
    let back = variant(190, &[("Colour", "red"), ("Size", "S")], Some(800));
    assert_eq!(made(&mut device, 14, make(SHIRT, vec![back])), 1);
    let view = family(&mut device, SHIRT);
    let red_s = view.variants.iter().find(|variant| variant.row.product == product(161)).unwrap();
    assert_eq!((view.variants.len(), red_s.row.price_minor), (6, 800));
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

fn in_category(device: &mut Device, category: u16) -> u32 {
    match device.engine.answer(&Query::Categories(STALL), now()).unwrap() {
        View::Categories(rows) => rows.iter().find(|row| row.category == thing(category)).unwrap().products,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_category_counts_a_product_with_its_variants_once() {
    let mut device = Device::ready(1, &["Shirt", "Tea"], None);
    let edits = vec![CategoryEdit::Name("Clothes".into())];
    device.done(command(10, Verb::EditCategory { category: thing(7), edits }));
    edit(&mut device, 11, SHIRT, vec![ProductEdit::AddCategory(thing(7))]);
    made(&mut device, 12, make(SHIRT, two_by_three()));
    assert_eq!(in_category(&mut device, 7), 1);
    // One that stands elsewhere does not stand for its variants here; nor does one that is off the offer.
    edit(&mut device, 13, SHIRT, vec![ProductEdit::RemoveCategory(thing(7))]);
    assert_eq!(in_category(&mut device, 7), 6);
    edit(&mut device, 14, SHIRT, vec![ProductEdit::AddCategory(thing(7)), ProductEdit::Archived(true)]);
    assert_eq!(in_category(&mut device, 7), 6);
}

#[test]
fn variants_that_cannot_be_are_refused_and_none_of_them_is_made() {
    let mut device = Device::ready(1, &["Shirt", "Tea"], None);
    let size = |number: u16| variant(1_000 + number, &[("Size", &number.to_string())], None);
    let most = u16::try_from(VARIANTS_AT_ONCE_MAX).unwrap();
    assert_eq!(made(&mut device, 20, make(SHIRT, (0..most).map(size).collect())), u32::from(most));
    assert_eq!(made(&mut device, 21, make(TEA, vec![variant(200, &[("Leaf", "black")], None)])), 1);
    let set = vec![ProductEdit::PutPart(soko_app_api::PartInput { product: product(SHIRT), quantity: 1 })];
    device.done(command(
        22,
        Verb::CreateProduct { product: product(300), content: ProductContent::piece("Set", 100) },
    ));
    edit(&mut device, 23, 300, set);
    let good = || variant(400, &[("Size", "S")], None);
    let table: Vec<(&str, Verb, &str)> = vec![
        ("none", make(TEA, Vec::new()), "variants_many"),
        ("too many", make(TEA, (0..=most).map(size).collect()), "variants_many"),
        ("of a variant", make(200, vec![good()]), "variants_of_variant"),
        ("of a bundle", make(300, vec![good()]), "variants_of_bundle"),
        ("of nothing", make(999, vec![good()]), "unknown_product"),
        ("the same twice", make(TEA, vec![good(), variant(401, &[("Size", " S ")], None)]), "variant_twice"),
        ("one id twice", make(TEA, vec![good(), variant(400, &[("Size", "M")], None)]), "variant_twice"),
        ("an id that is used", make(TEA, vec![good(), variant(SHIRT, &[("Size", "M")], None)]), "id_reused"),
        ("no option", make(TEA, vec![good(), variant(401, &[], None)]), "variant_options"),
        ("no value", make(TEA, vec![good(), variant(401, &[("Size", " ")], None)]), "variant_unsaid"),
        ("an odd name", make(TEA, vec![good(), variant(401, &[("a=b", "S")], None)]), "variant_unsaid"),
        (
            "three options",
            make(TEA, vec![good(), variant(401, &[("A", "1"), ("B", "2"), ("C", "3")], None)]),
            "variant_options",
        ),
        (
            "a long name",
            make(TEA, vec![good(), variant(401, &[("Size", &"x".repeat(70))], None)]),
            "invalid_edit",
        ),
    ];
    for (at, (what, verb, code)) in table.into_iter().enumerate() {
        let number = 30 + u16::try_from(at).unwrap();
        assert_eq!(device.refused(command(number, verb)), code, "{what}");
        assert_eq!(family(&mut device, TEA).variants.len(), 1, "{what}");
    }
    // One at a time it is the same.
    let of_variant = ProductContent { variant_of: Some(product(200)), ..ProductContent::piece("No", 1) };
    let verb = Verb::CreateProduct { product: product(402), content: of_variant };
    assert_eq!(device.refused(command(60, verb)), "variants_of_variant");
}

#[test]
fn a_family_is_one_row_and_its_variants_are_found_by_name_and_code() {
    let mut device = Device::ready(1, &["Shirt", "Tea"], None);
    edit(&mut device, 10, SHIRT, vec![ProductEdit::PriceMinor(900)]);
    made(&mut device, 11, make(SHIRT, two_by_three()));
    device.done(receive(12, product(160), 4));
    device.done(receive(13, product(161), 1));
    device.done(receive(14, product(SHIRT), 2));
    let families = ProductFilter { families: true, ..ProductFilter::default() };
    assert_eq!(listed(&mut device, families), ["Shirt", "Tea"]);
    assert_eq!(listed(&mut device, ProductFilter::default()).len(), 8);
    let sum = one_row(&mut device, SHIRT).family.unwrap();
    assert_eq!((sum.variants.len(), sum.price_minor, sum.is_from, sum.own_share), (6, 900, true, 7));
    assert_eq!(one_row(&mut device, TEA).family, None);

    // By a word of its name, and by its code.
    edit(&mut device, 15, 163, vec![ProductEdit::AddBarcode("6001".into())]);
    let hits = rows(&mut device, &Query::Search { stall: STALL, text: "shirt blue xl".into(), rows: 1 });
    assert_eq!(hits[0].product, product(163));
    let scanned = rows(&mut device, &Query::Scan { stall: STALL, code: "6001".into() });
    let told: Vec<_> =
        scanned.iter().map(|row| (row.product, row.options.as_str(), row.family.is_some())).collect();
    assert_eq!(told, [(product(163), "blue · XL", false)]);

    // A variant at hand stands by itself while its product does not, and so does one whose product is off the offer.
    edit(&mut device, 16, 161, vec![ProductEdit::Favourite(true)]);
    let at_hand = ProductFilter { favourites: true, ..families };
    assert_eq!(listed(&mut device, at_hand), ["Shirt red S"]);
    edit(&mut device, 17, SHIRT, vec![ProductEdit::Favourite(true)]);
    assert_eq!(listed(&mut device, at_hand), ["Shirt"]);
    edit(&mut device, 18, 162, vec![ProductEdit::AddCategory(thing(7))]);
    let category = ProductFilter { category: Some(thing(7)), ..families };
    assert_eq!(listed(&mut device, category), ["Shirt red M"]);
    edit(&mut device, 19, SHIRT, vec![ProductEdit::AddCategory(thing(7))]);
    assert_eq!(listed(&mut device, category), ["Shirt"]);
    edit(&mut device, 20, SHIRT, vec![ProductEdit::Archived(true)]);
    assert_eq!(listed(&mut device, families).len(), 7);
    assert_eq!(listed(&mut device, ProductFilter { archived: true, ..families }), ["Shirt"]);
}

#[test]
fn what_is_sold_out_was_there_once_and_a_family_without_a_table_is_a_list() {
    let mut device = Device::ready(1, &["Shirt", "Tea"], None);
    made(&mut device, 11, make(SHIRT, two_by_three()));
    device.done(receive(12, product(161), 1));
    device.done(sell(13, product(161), 1, BeyondShare::Refuse));
    device.done(sell(14, product(162), 1, BeyondShare::Allow));
    let view = family(&mut device, SHIRT);
    let of = |number: u16| {
        let found = view.variants.iter().find(|variant| variant.row.product == product(number)).unwrap();
        (found.here, found.is_sold_out)
    };
    assert_eq!((of(160), of(161), of(162)), ((0, false), (0, true), (-1, false)));

    // One that differs otherwise has no place in a table of two sides.
    made(&mut device, 15, make(SHIRT, vec![variant(170, &[("Size", "S")], None)]));
    let view = family(&mut device, SHIRT);
    let names: Vec<_> = view.variants.iter().map(|variant| variant.row.name.as_str()).collect();
    assert_eq!(
        (view.axes.len(), names.first().copied(), names.last().copied()),
        (0, Some("Shirt blue M"), Some("Shirt S"))
    );
    // Two registers made the same apart: both are there.
    let twin = ProductContent {
        variant_of: Some(product(TEA)),
        options: options(&[("Leaf", "black")]),
        ..ProductContent::piece("Tea black", 300)
    };
    for number in [180, 181] {
        device.done(command(number, Verb::CreateProduct { product: product(number), content: twin.clone() }));
    }
    let view = family(&mut device, TEA);
    assert_eq!((view.axes.len(), view.axes[0].values.len(), view.variants.len()), (1, 1, 2));
    assert!(matches!(
        device.engine.answer(&Query::Family { stall: STALL, product: ProductId([9; 16]) }, now()).unwrap(),
        View::Missing
    ));
}
