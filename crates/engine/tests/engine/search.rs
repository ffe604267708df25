//! Finding products: wrong letters, accents, parts of words, codes.

use soko_app_api::{ProductContent, ProductEdit, Query, Verb, View};

use crate::world::*;

const NAMES: &[&str] = &[
    "Mango",
    "Mango chutney",
    "Strawberry jam",
    "Café crème",
    "Milk",
    "Milk chocolate",
    "Dark chocolate",
    "Chocolate cake",
    "Green tea",
    "Straße honey",
    "Jalapeño sauce",
    "Rice 5 kg",
];

#[test]
fn table_of_what_people_type() {
    let mut device = Device::ready(1, NAMES, None);
    for (typed, first) in [
        ("mango", "Mango"),
        ("MANGO", "Mango"),
        ("mamgo", "Mango"),
        ("mnago", "Mango"),
        ("mang", "Mango"),
        ("ma", "Mango"),
        ("cafe", "Café crème"),
        ("CREME cafe", "Café crème"),
        ("kreme", "Café crème"),
        ("jalapeno", "Jalapeño sauce"),
        ("halapeno", "Jalapeño sauce"),
        ("strasse", "Straße honey"),
        ("strawbery", "Strawberry jam"),
        ("stawbrry", "Strawberry jam"),
        ("berry", "Strawberry jam"),
        ("mlik", "Milk"),
        ("dark choclate", "Dark chocolate"),
        ("chocolat cake", "Chocolate cake"),
        ("tea grene", "Green tea"),
        ("rice 5", "Rice 5 kg"),
    ] {
        let found = device.search(typed);
        assert_eq!(found.first().map(String::as_str), Some(first), "{typed}: {found:?}");
    }
    for typed in ["", "  ", "qqqq", "xyz", "zebra"] {
        assert_eq!(device.search(typed), Vec::<String>::new(), "{typed}");
    }
}

#[test]
fn a_product_that_lacks_a_word_comes_after_all_that_have_it() {
    let mut device = Device::ready(1, NAMES, None);
    let found = device.search("milk chocolate");
    assert_eq!(found.first().map(String::as_str), Some("Milk chocolate"));
    assert!(found.len() > 1, "{found:?}");
}

#[test]
fn the_index_follows_edits_and_a_restart() {
    let mut device = Device::ready(1, NAMES, None);
    assert_eq!(device.search("mango").len(), 2);
    let edit = |number, edits| command(number, Verb::EditProduct { product: product(101), edits });
    device.done(edit(20, vec![ProductEdit::Name("Kiwi".into())]));
    assert_eq!(device.search("mango"), ["Mango chutney"]);
    assert_eq!(device.search("kivi"), ["Kiwi"]);
    let mut device = device.restart();
    assert_eq!(device.search("kivi"), ["Kiwi"]);
    device.done(edit(21, vec![ProductEdit::Archived(true)]));
    assert_eq!(device.search("kiwi"), Vec::<String>::new());
    device.done(edit(22, vec![ProductEdit::Archived(false)]));
    assert_eq!(device.search("kiwi"), ["Kiwi"]);
}

#[test]
fn a_code_finds_exactly_its_product() {
    let mut device = Device::ready(1, &["Mango"], None);
    let content = ProductContent {
        barcodes: vec!["4006381333931".into()],
        sku: "PEN-1".into(),
        ..ProductContent::piece("Pen", 120)
    };
    device.done(command(20, Verb::CreateProduct { product: product(120), content: content.clone() }));
    let mut scan = |code: &str| match device
        .engine
        .answer(&Query::Scan { stall: STALL, code: code.into() }, now())
        .unwrap()
    {
        View::Products(rows) => rows.into_iter().map(|row| row.name).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(scan("4006381333931"), ["Pen"]);
    assert_eq!(scan("PEN-1"), ["Pen"]);
    assert_eq!(scan("400638133393"), Vec::<String>::new());
    assert_eq!(device.search("4006381333931"), ["Pen"]);
    let again = command(21, Verb::CreateProduct { product: product(120), content });
    assert_eq!(device.refused(again), "id_reused");
}
