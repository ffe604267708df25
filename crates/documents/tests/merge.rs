//! Concurrent edits: what merges, what is reported, and that order never matters.

#![expect(clippy::unwrap_used, reason = "allow-unwrap-in-tests does not reach helpers outside #[test]")]

mod common;

use common::{Choices, MOMENT_MS, author, edits, line, product, product_id, thing};
use soko_documents::{
    Document, DocumentKind, Edit, EditRefused, Field, Limits, OpenOrder, PriceList, Problem, Product,
    Refused, Scalar, Scanned, Typed, prescan,
};
use soko_domain::deal::Deal;
use soko_domain::entry::TabSpan;
use soko_domain::ids::{AuthorId, ProductId};

/// One device's copy of a document.
struct Replica {
    author: AuthorId,
    document: Document,
    made: Vec<Scanned>,
}

impl Replica {
    fn new(kind: DocumentKind, number: u8) -> Self {
        Self { author: author(number), document: Document::new(kind).unwrap(), made: Vec::new() }
    }

    fn edit(&mut self, edits: &[Edit]) {
        if let Some(edited) = self.document.edit(&self.author, MOMENT_MS, edits).unwrap() {
            let scanned = prescan(&edited.change, &self.author, &Limits::STANDARD).unwrap();
            assert_eq!(scanned.hash(), edited.hash);
            self.made.push(scanned);
        }
    }

    fn hear(&mut self, other: &Self) {
        self.document.apply_all(&other.made).unwrap();
    }
}

/// Two replicas that edit apart after one common start, then meet.
fn meet(kind: DocumentKind, first: &[Edit], second: &[Edit]) -> Document {
    let mut a = Replica::new(kind, 1);
    let mut b = Replica::new(kind, 2);
    a.edit(&edits(kind));
    b.hear(&a);
    a.edit(first);
    b.edit(second);
    let mut a_met = a.document.clone();
    a_met.apply_all(&b.made).unwrap();
    b.document.apply_all(&a.made).unwrap();
    assert_eq!(a_met.heads(), b.document.heads());
    assert_eq!(a_met.value(), b.document.value());
    a_met
}

fn price(number: i64) -> Edit {
    Edit::SetNumber { field: Field::Price, number }
}

fn name(text: &str) -> Edit {
    Edit::SetText { field: Field::Name, text: text.into() }
}

#[test]
fn what_is_written_is_read() {
    let (document, _) = common::written(DocumentKind::Product, 1);
    assert_eq!(document.read::<Product>(), (product(), vec![]));
    let saved = document.save_checked().unwrap();
    let loaded = Document::load(DocumentKind::Product, &saved).unwrap();
    assert_eq!(loaded.heads(), document.heads());
    assert_eq!(loaded.read::<Product>(), (product(), vec![]));
}

#[test]
fn two_devices_that_create_the_same_document_apart_keep_both_their_edits() {
    let mut a = Replica::new(DocumentKind::Product, 1);
    let mut b = Replica::new(DocumentKind::Product, 2);
    assert_eq!(a.document.heads(), b.document.heads());
    a.edit(&[name("Rye bread"), Edit::AddBarcode { barcode: "1".into() }]);
    b.edit(&[price(450), Edit::AddBarcode { barcode: "2".into() }]);
    a.hear(&b);
    let (merged, problems) = a.document.read::<Product>();
    assert_eq!(merged.name, "Rye bread");
    assert_eq!(merged.price_minor, 450);
    assert_eq!(merged.barcodes, ["1".to_owned(), "2".to_owned()].into());
    assert!(problems.iter().all(|problem| matches!(problem, Problem::Missing { .. })), "{problems:?}");
}

#[test]
fn concurrent_edits_of_different_fields_both_stay() {
    let merged = meet(DocumentKind::Product, &[name("Spelt bread")], &[price(500)]);
    let (merged, problems) = merged.read::<Product>();
    assert_eq!((merged.name.as_str(), merged.price_minor, problems), ("Spelt bread", 500, vec![]));
}

#[test]
fn a_price_set_twice_at_once_is_reported_until_somebody_chooses() {
    let mut merged = meet(DocumentKind::Product, &[price(500)], &[price(600)]);
    let (value, problems) = merged.read::<Product>();
    let [Problem::Conflict { field, values }] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    assert_eq!(field, "price_minor");
    assert_eq!(values.last(), Some(&Scalar::Number(value.price_minor)));
    let mut sorted = values.clone();
    sorted.sort();
    assert_eq!(sorted, [Scalar::Number(500), Scalar::Number(600)]);
    // Choosing what already wins must settle it too.
    let chosen = value.price_minor;
    assert!(merged.edit(&author(3), MOMENT_MS, &[price(chosen)]).unwrap().is_some());
    let (value, problems) = merged.read::<Product>();
    assert_eq!((value.price_minor, problems), (chosen, vec![]));
}

#[test]
fn the_same_price_set_twice_at_once_is_no_conflict() {
    let (value, problems) = meet(DocumentKind::Product, &[price(500)], &[price(500)]).read::<Product>();
    assert_eq!((value.price_minor, problems), (500, vec![]));
}

#[test]
fn both_sets_of_order_lines_remain() {
    let first = Edit::PutLine { line: thing(0x43), content: line(3, 1) };
    let second = Edit::PutLine { line: thing(0x44), content: line(3, 5) };
    let (order, problems) = meet(DocumentKind::OpenOrder, &[first], &[second]).read::<OpenOrder>();
    let lines: Vec<_> = order.lines.iter().map(|(id, line)| (*id, line.quantity)).collect();
    assert_eq!(lines, [(thing(0x41), 2), (thing(0x42), 1), (thing(0x43), 1), (thing(0x44), 5)]);
    assert_eq!(problems, []);
}

#[test]
fn parts_of_one_line_merge_and_removing_it_wins_visibly() {
    let quantity = Edit::SetLineQuantity { line: thing(0x41), quantity: 9 };
    let note = Edit::SetLineNote { line: thing(0x41), note: "whole".into() };
    let (order, problems) =
        meet(DocumentKind::OpenOrder, std::slice::from_ref(&quantity), &[note]).read::<OpenOrder>();
    let changed = &order.lines[&thing(0x41)];
    assert_eq!((changed.quantity, changed.note.as_str(), problems), (9, "whole", vec![]));

    let remove = Edit::RemoveLine { line: thing(0x41) };
    let mut merged = meet(DocumentKind::OpenOrder, &[quantity], std::slice::from_ref(&remove));
    let (order, problems) = merged.read::<OpenOrder>();
    assert_eq!(order.lines.keys().copied().collect::<Vec<_>>(), [thing(0x42)]);
    assert_eq!(problems, [Problem::Missing { field: format!("line/{}/product", thing(0x41)) }]);
    // Removing what is left settles it.
    merged.edit(&author(3), MOMENT_MS, &[remove]).unwrap().unwrap();
    assert_eq!(merged.read::<OpenOrder>().1, []);
}

#[test]
fn what_two_take_out_of_a_line_apart_is_out_by_the_word_of_each() {
    let span = |from, upto| TabSpan { line: thing(0x41), from, upto };
    let take =
        |word, spans: &[TabSpan]| Edit::TakeOut { line: thing(0x41), word: thing(word), spans: spans.into() };
    let met = meet(
        DocumentKind::OpenOrder,
        &[take(0x61, &[span(1, 2)])],
        &[take(0x62, &[span(0, 1), span(3, 9)]), Edit::RemoveLine { line: thing(0x42) }],
    );
    let (order, problems) = met.read::<OpenOrder>();
    let outs = [
        ((thing(0x41), thing(0x61)), vec![span(1, 2)]),
        ((thing(0x41), thing(0x62)), vec![span(0, 1), span(3, 9)]),
    ];
    assert_eq!((order.outs.clone(), order.lines.len(), problems), (outs.into(), 1, vec![]));
    let mut copy = Document::new(DocumentKind::OpenOrder).unwrap();
    copy.edit(&author(3), MOMENT_MS, &order.edits()).unwrap();
    assert_eq!(copy.read::<OpenOrder>().0, order);
    let refused = copy.edit(&author(3), MOMENT_MS, &[take(0x63, &[span(2, 2)])]);
    assert!(matches!(refused, Err(EditRefused::Problem(Problem::OutOfRange { .. }))), "{refused:?}");
}

#[test]
fn an_order_closed_by_two_registers_shows_both_sales() {
    let close = |number| Edit::SetThing { field: Field::ClosedBy, thing: thing(number) };
    let (_, problems) = meet(DocumentKind::OpenOrder, &[close(1)], &[close(2)]).read::<OpenOrder>();
    let [Problem::Conflict { field, values }] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    assert_eq!((field.as_str(), values.len()), ("closed_by", 2));
}

#[test]
fn prices_of_different_products_merge() {
    let put = |product, price_minor| Edit::PutPrice { product: product_id(product), price_minor };
    let (list, problems) = meet(DocumentKind::PriceList, &[put(1, 410)], &[put(3, 90)]).read::<PriceList>();
    assert_eq!(list.prices, [(product_id(1), 410), (product_id(2), -50), (product_id(3), 90)].into());
    assert_eq!(problems, []);
}

#[test]
fn edits_that_change_nothing_make_no_change() {
    let (mut document, _) = common::written(DocumentKind::Product, 1);
    assert_eq!(document.edit(&author(1), MOMENT_MS, &product().edits()).unwrap(), None);
    let absent = Edit::RemoveBarcode { barcode: "absent".into() };
    assert_eq!(document.edit(&author(1), MOMENT_MS, &[absent]).unwrap(), None);
}

#[test]
fn edits_outside_the_schema_are_refused_and_leave_the_document_alone() {
    let (mut document, _) = common::written(DocumentKind::Product, 1);
    let (mut order, _) = common::written(DocumentKind::OpenOrder, 1);
    let text = |field, text: &str| Edit::SetText { field, text: text.into() };
    let number = |field, number| Edit::SetNumber { field, number };
    let field = |key: &str| key.to_owned();
    let table = [
        (number(Field::Name, 1), Problem::WrongType { field: field("name") }),
        (text(Field::Price, "4.50"), Problem::WrongType { field: field("price_minor") }),
        (text(Field::Name, &"x".repeat(201)), Problem::TooLong { field: field("name") }),
        (text(Field::Name, "a\nb"), Problem::OutOfRange { field: field("name") }),
        (text(Field::Currency, "euro"), Problem::OutOfRange { field: field("currency") }),
        (number(Field::PricePer, 0), Problem::OutOfRange { field: field("price_per") }),
        (number(Field::TaxPpm, 1_000_001), Problem::OutOfRange { field: field("tax_ppm") }),
        (number(Field::Price, i64::MAX), Problem::OutOfRange { field: field("price_minor") }),
        (text(Field::Zone, "Europe/Berlin"), Problem::Unknown { field: field("zone") }),
        (Edit::AddBarcode { barcode: String::new() }, Problem::OutOfRange { field: field("barcode/") }),
    ];
    let heads = document.heads();
    for (edit, problem) in table {
        let refused = document.edit(&author(1), MOMENT_MS, &[price(1), edit]);
        assert_eq!(refused, Err(EditRefused::Problem(problem)));
        assert_eq!(document.heads(), heads);
    }
    let gone = Edit::SetLineQuantity { line: thing(0x77), quantity: 1 };
    let missing = Problem::Missing { field: format!("line/{}/product", thing(0x77)) };
    assert_eq!(order.edit(&author(1), MOMENT_MS, &[gone]), Err(EditRefused::Problem(missing)));
    let many = vec![price(1); 2_001];
    assert_eq!(document.edit(&author(1), MOMENT_MS, &many), Err(EditRefused::TooMany));
}

/// As many prices as one change may hold.
fn prices(from: u16) -> Vec<Edit> {
    let put = |number: u16| {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        Edit::PutPrice { product: ProductId(id), price_minor: i64::from(number) }
    };
    (from..from + 2_000).map(put).collect()
}

#[test]
fn a_large_price_list_is_one_change() {
    let mut list = Document::new(DocumentKind::PriceList).unwrap();
    list.edit(&author(1), MOMENT_MS, &prices(0)).unwrap().unwrap();
    assert_eq!(list.read::<PriceList>().0.prices.len(), 2_000);
    list.save_checked().unwrap();
}

#[test]
fn a_document_that_is_full_says_so_and_stays_whole() {
    let mut list = Document::new(DocumentKind::PriceList).unwrap();
    let mut rounds = 0;
    let refused = loop {
        match list.edit(&author(1), MOMENT_MS, &prices(rounds * 2_000)) {
            Ok(edited) => assert!(edited.is_some()),
            Err(refused) => break refused,
        }
        rounds += 1;
    };
    assert_eq!(refused, EditRefused::Change(Refused::TooLarge));
    // Six times 2,000 registers and the two of the genesis change are more than may be shown.
    assert_eq!((rounds, list.last_seq(&author(1))), (5, 5));
    assert_eq!(list.read::<PriceList>().0.prices.len(), 10_000);
    list.save_checked().unwrap();
}

#[test]
fn a_change_without_its_past_is_named_and_taken_later() {
    let mut a = Replica::new(DocumentKind::Product, 1);
    a.edit(&[price(1)]);
    a.edit(&[price(2)]);
    let mut other = Document::new(DocumentKind::Product).unwrap();
    let refused = other.apply(&a.made[1]).unwrap_err();
    assert_eq!(refused, Refused::MissingDependencies(vec![a.made[0].hash()]));
    assert!(refused.may_succeed_later());
    // Both at once in the wrong order are fine, and so is a repeat.
    let reversed: Vec<Scanned> = a.made.iter().rev().cloned().collect();
    other.apply_all(&reversed).unwrap();
    other.apply_all(&reversed).unwrap();
    assert_eq!(other.heads(), a.document.heads());
    assert_eq!((other.last_seq(&author(1)), other.last_seq(&author(2))), (2, 0));
}

#[test]
fn reading_as_another_kind_fails_nothing_and_says_so() {
    let (document, _) = common::written(DocumentKind::Category, 1);
    let (_, problems) = document.read::<Product>();
    assert!(problems.contains(&Problem::WrongType { field: "kind".into() }));
    assert!(problems.contains(&Problem::Unknown { field: "position".into() }));
    assert!(problems.contains(&Problem::Missing { field: "currency".into() }));
    assert_eq!(Document::load(DocumentKind::Product, &document.save()).unwrap_err(), Refused::Unreadable);
}

fn random_edit(choices: &mut Choices) -> Edit {
    let small = u8::try_from(choices.below(4)).unwrap();
    let number = i64::from(choices.byte()) + 1;
    match choices.below(9) {
        7 => Edit::TakeOut {
            line: thing(small),
            word: thing(choices.byte()),
            spans: vec![TabSpan { line: thing(small), from: number - 1, upto: number }],
        },
        0 => Edit::SetText { field: Field::Title, text: format!("table {number}") },
        1 => Edit::SetThing { field: Field::Customer, thing: thing(small) },
        2 => Edit::Clear { field: Field::Customer },
        3 | 4 => Edit::PutLine { line: thing(small), content: line(small, number) },
        5 | 6 => Edit::RemoveLine { line: thing(small) },
        _ => Edit::SetThing { field: Field::ClosedBy, thing: thing(small) },
    }
}

/// What every replica makes passes every other's guard, in any order, and all end equal.
#[test]
fn replicas_that_heard_the_same_changes_in_any_order_are_equal() {
    for seed in 1..=40u64 {
        let mut choices = Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut replicas: Vec<Replica> =
            (1..=4).map(|number| Replica::new(DocumentKind::OpenOrder, number)).collect();
        for _ in 0..40 {
            let who = choices.below(4);
            if choices.below(3) == 0 {
                let from = choices.below(4);
                let made = replicas[from].made.clone();
                // Some of these build on what this replica has not heard, and wait.
                for change in &made {
                    let _ = replicas[who].document.apply(change);
                }
            } else {
                let edits: Vec<Edit> = (0..1 + choices.below(3)).map(|_| random_edit(&mut choices)).collect();
                replicas[who].edit(&edits);
            }
        }
        let mut all: Vec<Scanned> = replicas.iter().flat_map(|replica| replica.made.clone()).collect();
        let mut outcomes = Vec::new();
        for replica in &mut replicas {
            for index in (1..all.len()).rev() {
                all.swap(index, choices.below(index + 1));
            }
            replica.document.apply_all(&all).unwrap();
            replica.document.save_checked().unwrap();
            outcomes.push((replica.document.heads(), replica.document.value(), replica.document.fields()));
        }
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}");
    }
}

#[test]
fn two_deals_that_were_made_apart_are_never_mixed() {
    let deal = |id: u8, price_minor, quantity| Deal {
        id: thing(id),
        price_minor,
        price_per: Some(1),
        from_ms: 1_000,
        until_ms: 2_000,
        quantity,
        each: None,
    };
    let (cheap, many) = (deal(1, 100, 5), deal(2, 300, 500));
    let put = |deal: Deal| Edit::SetText { field: Field::Deal, text: deal.to_string() };
    let met = meet(DocumentKind::Product, &[put(cheap)], &[put(many), price(500)]);
    let (value, problems) = met.read::<Product>();
    assert!([Some(cheap), Some(many)].contains(&value.deal), "{:?}", value.deal);
    assert_eq!((value.price_minor, problems.len()), (500, 1));
    assert!(
        matches!(&problems[0], Problem::Conflict { field, values } if field == "deal" && values.len() == 2)
    );
    // A price for a piece is none for a hundred of them, nor back; and one that was said before it said so stays.
    let per = |per: i64| Edit::SetNumber { field: Field::PricePer, number: per };
    let first = Deal { price_per: None, ..cheap };
    for (said, expected) in [(cheap, None), (first, Some(first))] {
        let met = meet(DocumentKind::Product, &[put(said)], &[per(100)]);
        assert_eq!(met.read::<Product>().0.deal, expected);
    }
    // What nobody can read is no deal, and the product is whole all the same.
    let odd = meet(DocumentKind::Product, &[Edit::SetText { field: Field::Deal, text: "half".into() }], &[]);
    assert_eq!(odd.read::<Product>(), (product(), vec![]));
    let written = Product { deal: Some(many), ..product() };
    let mut document = Document::new(DocumentKind::Product).unwrap();
    document.edit(&author(1), MOMENT_MS, &written.edits()).unwrap();
    assert_eq!(document.read::<Product>().0, written);
}
