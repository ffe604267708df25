//! Products and stock as a seller keeps them: imports and taking them back, what is gone, what happened, what to buy,
//! what needs an eye.

use soko_app_api::{
    AdjustedLineInput, AnswerValue, BeyondShare, ImportChoice, ImportProgress, ImportView, PartInput,
    ProductContent, ProductEdit, ProductFilter, ProductRow, Query, QuestionAbout, QuestionRow,
    RefundLineInput, Reply, StockChange, StockChangeRow, StockRow, Verb, View, Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{AdjustReason, GoodsBack};
use soko_domain::ids::ProductId;
use soko_domain::import::{IfKnown, ImportField, ImportTrouble};

use crate::world::*;

const MANGO: u16 = 101;
const TEA: u16 = 102;
const FILE: u16 = 300;

fn keep(device: &mut Device, text: &str) {
    let (file_name, bytes) = ("list.csv".into(), text.as_bytes().to_vec());
    device.done(command(FILE, Verb::KeepImport { file_name, bytes }));
}

fn look(device: &mut Device, choice: Option<ImportChoice>) -> ImportView {
    let query = Query::Import { stall: STALL, import: thing(FILE), choice };
    match device.engine.answer(&query, now()).unwrap() {
        View::Import(view) => view,
        other => panic!("{other:?}"),
    }
}

fn step(device: &mut Device, number: u16, verb: Verb) -> ImportProgress {
    match device.done(command(number, verb)) {
        Reply::Imported(progress) => progress,
        other => panic!("{other:?}"),
    }
}

fn take(device: &mut Device, number: u16, choice: &ImportChoice, from: u32) -> ImportProgress {
    step(device, number, Verb::TakeImport { import: thing(FILE), choice: choice.clone(), from })
}

fn undo(device: &mut Device, number: u16, from: u32) -> ImportProgress {
    step(device, number, Verb::UndoImport { import: thing(FILE), from })
}

fn products(device: &mut Device, archived: bool) -> Vec<ProductRow> {
    let filter = ProductFilter { archived, ..ProductFilter::default() };
    match device
        .engine
        .answer(&Query::Products { stall: STALL, filter, window: Window::first(500) }, now())
        .unwrap()
    {
        View::Products(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn scanned(device: &mut Device, code: &str) -> ProductId {
    match device.engine.answer(&Query::Scan { stall: STALL, code: code.into() }, now()).unwrap() {
        View::Products(rows) => rows.first().unwrap_or_else(|| panic!("nothing has {code}")).product,
        other => panic!("{other:?}"),
    }
}

fn edit(device: &mut Device, number: u16, of: ProductId, edits: Vec<ProductEdit>) {
    device.done(command(number, Verb::EditProduct { product: of, edits }));
}

fn price(device: &mut Device, of: ProductId) -> i64 {
    match device.engine.answer(&Query::Product { stall: STALL, product: of }, now()).unwrap() {
        View::Product(view) => view.price_minor,
        other => panic!("{other:?}"),
    }
}

const LIST: &str = "Name,Price,SKU,Barcode,Category,Stock\n\
    Mango,2.75,M-1,,Fruit,9\n\
    Rice,1.20,R-1,111,Food,40\n\
    Beans,abc,B-1,,Food,1\n\
    Salt,0.80,R-1,,Food,1\n\
    ,1.00,X-1,,,\n\
    Oil,3.00,,222,Food,\n";

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let mut device = Device::ready(1, &["Mango", "Tea"], None);
    edit(&mut device, 10, product(MANGO), vec![ProductEdit::Sku("M-1".into())]);
    let before = device.engine.state_digest(STALL).unwrap();
    keep(&mut device, LIST);
    let view = look(&mut device, None);
    let fields = [
        ImportField::Name,
        ImportField::Price,
        ImportField::Sku,
        ImportField::Barcode,
        ImportField::Category,
        ImportField::Stock,
    ];
    assert_eq!(view.choice.fields, fields);
    assert_eq!((view.creates, view.updates, view.skips), (2, 1, 1));
    let problems: Vec<_> = view
        .problems
        .iter()
        .map(|problem| (problem.line, problem.column.as_str(), problem.trouble, problem.value.as_str()))
        .collect();
    assert_eq!(
        problems,
        [
            (4, "Price", ImportTrouble::NotAnAmount, "abc"),
            (5, "SKU", ImportTrouble::Repeated, "3"),
            (6, "", ImportTrouble::NoName, ""),
        ]
    );
    let skip = ImportChoice { if_known: IfKnown::Skip, ..view.choice.clone() };
    assert_eq!((look(&mut device, Some(skip)).updates, view.is_begun), (0, false));
    // Another column for the name, as a person may choose.
    let mut other = view.choice.clone();
    other.fields[0] = ImportField::Ignore;
    other.fields[4] = ImportField::Name;
    assert_eq!(look(&mut device, Some(other)).samples[1].name, "Food");
    assert_eq!(device.engine.state_digest(STALL).unwrap(), before);
}

/// A scanner sends a number with or without the zeros in front, as it is set; so does whoever writes a list.
#[test]
fn a_number_of_goods_is_found_in_each_form_that_a_scanner_sends() {
    let mut device = Device::ready(1, &["Mango", "Tea"], None);
    edit(&mut device, 10, product(TEA), vec![ProductEdit::AddBarcode("036000291452".into())]);
    for form in ["036000291452", "0036000291452", "00036000291452"] {
        assert_eq!(scanned(&mut device, form), product(TEA), "{form}");
    }
    keep(&mut device, "Name,Price,Barcode\nTea,2.00,00036000291452\n");
    assert_eq!(look(&mut device, None).updates, 1);
    // Whoever has another form for something else means that.
    edit(&mut device, 11, product(MANGO), vec![ProductEdit::AddBarcode("0036000291452".into())]);
    assert_eq!(scanned(&mut device, "0036000291452"), product(MANGO));
    assert_eq!(scanned(&mut device, "036000291452"), product(TEA));
}

#[test]
fn an_import_is_taken_and_taken_back_with_sales_in_between() {
    let mut device = Device::ready(1, &["Mango", "Tea"], None);
    edit(&mut device, 10, product(MANGO), vec![ProductEdit::Sku("M-1".into())]);
    keep(&mut device, LIST);
    let choice = look(&mut device, None).choice;
    let progress = take(&mut device, 301, &choice, 0);
    assert_eq!((progress.created, progress.updated, progress.skipped), (2, 1, 1));
    assert_eq!((progress.done, progress.rows), (4, 4));
    // A repeat and a screen that is behind change nothing.
    assert_eq!(take(&mut device, 301, &choice, 0), progress);
    let late = take(&mut device, 302, &choice, 0);
    assert_eq!((late.done, late.created), (4, 0));

    let rice = scanned(&mut device, "111");
    assert_eq!((price(&mut device, product(MANGO)), price(&mut device, rice)), (275, 120));
    // The stock of a product that was there before is not received a second time.
    assert_eq!((device.stock(product(MANGO)).counted, device.stock(rice).own_share), (0, 40));
    device.done(sell(310, rice, 3, BeyondShare::Refuse));

    // Somebody sets another price after the import: undoing it leaves that alone.
    edit(&mut device, 311, product(MANGO), vec![ProductEdit::PriceMinor(300)]);
    let back = undo(&mut device, 320, 0);
    assert_eq!((back.done, back.created, back.updated), (4, 2, 1));
    let names: Vec<String> = products(&mut device, false).into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["Mango", "Tea"]);
    assert_eq!(products(&mut device, true).len(), 2);
    assert_eq!(price(&mut device, product(MANGO)), 300);
    let stock = device.stock(rice);
    assert_eq!((stock.counted, stock.own_share), (0, 0), "what was not sold never came");
    let View::Categories(categories) = device.engine.answer(&Query::Categories(STALL), now()).unwrap() else {
        panic!("no categories")
    };
    // Mango is still on offer, but the undone import took it out of its new category again.
    assert_eq!(categories, []);
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

/// What two rows say of one product, under its own number and under its barcode, goes back the way it came, whether both are
/// taken back at once or one after the other.
#[test]
fn a_product_that_stands_in_the_file_twice_is_as_before_after_undoing() {
    for between in [0, 300] {
        let mut device = Device::ready(1, &["Mango"], None);
        let codes = vec![
            ProductEdit::Sku("M-1".into()),
            ProductEdit::AddBarcode("111".into()),
            ProductEdit::PriceMinor(1_000),
        ];
        edit(&mut device, 10, product(MANGO), codes);
        let others: Vec<String> = (0..between).map(|row| format!("Thing {row},1.50,T-{row},\n")).collect();
        let list = format!("name,price,sku,barcode\nMango,20.00,M-1,\n{}Mango,30.00,,111\n", others.concat());
        keep(&mut device, &list);
        let choice = look(&mut device, None).choice;
        let (mut taken, mut undone) = (0, 0);
        for number in 301..303 {
            taken = take(&mut device, number, &choice, taken).done;
        }
        assert_eq!((taken, price(&mut device, product(MANGO))), (between + 2, 3_000));
        for number in 320..322 {
            undone = undo(&mut device, number, undone).done;
        }
        assert_eq!((undone, price(&mut device, product(MANGO))), (between + 2, 1_000));
        assert_eq!(products(&mut device, false).len(), 1);
    }
}

#[test]
fn a_killed_import_goes_on_where_it_was() {
    let mut device = Device::ready(1, &[], None);
    let rows: Vec<String> = (0..600).map(|row| format!("Thing {row},1.50,T-{row}")).collect();
    keep(&mut device, &format!("name,price,sku\n{}\n", rows.join("\n")));
    let choice = look(&mut device, None).choice;
    let first = take(&mut device, 301, &choice, 0);
    assert_eq!((first.done, first.created), (250, 250));
    let mut device = device.restart();
    let view = look(&mut device, None);
    assert_eq!((view.taken, view.is_begun, view.updates, view.creates), (250, true, 250, 350));
    let second = take(&mut device, 302, &choice, view.taken);
    let third = take(&mut device, 303, &choice, second.done);
    assert_eq!((third.done, third.created), (600, 100));
    assert_eq!(device.search("thing 599")[0], "Thing 599");
    let mut from = 0;
    for number in 320..323 {
        from = undo(&mut device, number, from).done;
    }
    assert_eq!((from, products(&mut device, false)), (600, vec![]));
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

fn history(device: &mut Device, of: ProductId) -> Vec<StockChangeRow> {
    let query = Query::StockHistory { stall: STALL, product: of, window: Window::first(20) };
    match device.engine.answer(&query, now()).unwrap() {
        View::StockHistory(rows) => rows,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_happened_to_a_products_units_is_told_with_who() {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(receive(20, product(MANGO), 10));
    device.done(sell(21, product(MANGO), 3, BeyondShare::Refuse));
    let lines = vec![AdjustedLineInput { product: product(MANGO), quantity: 2 }];
    let note = "rained in".to_owned();
    device.done(command(22, Verb::AdjustStock { reason: AdjustReason::Waste, lines, note }));
    let count = Verb::CountStock { product: product(MANGO), counted: 6, reason: String::new(), count: None };
    device.done(command(23, count));
    let stock = device.stock(product(MANGO));
    assert_eq!((stock.counted, stock.own_share), (6, 6));
    let mut told: Vec<_> =
        history(&mut device, product(MANGO)).into_iter().map(|row| (row.what, row.here, row.who)).collect();
    // All at one moment of this test's clock: what was written last is told first.
    told.reverse();
    let till = || "till 1".to_owned();
    assert_eq!(
        told,
        [
            (StockChange::Received { cost_minor: None }, 10, till()),
            (StockChange::Sold { receipt_number: 1 }, -3, till()),
            (StockChange::Adjusted(AdjustReason::Waste), -2, till()),
            (StockChange::Counted { counted: 6, expected: 5 }, 1, till()),
        ]
    );
    assert_eq!(history(&mut device, product(MANGO))[1].note, "rained in");
    // The history is derived: it is the same after the tables were filled again.
    let before = history(&mut device, product(MANGO));
    device.engine.rebuild(STALL).unwrap();
    assert_eq!(history(&mut device, product(MANGO)), before);
}

fn to_buy(device: &mut Device) -> Vec<StockRow> {
    match device.engine.answer(&Query::ToBuy { stall: STALL, window: Window::first(20) }, now()).unwrap() {
        View::StockList(rows) => rows,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_down_to_its_level_is_to_buy() {
    let mut device = Device::ready(1, &["Mango", "Tea"], None);
    edit(&mut device, 10, product(MANGO), vec![ProductEdit::LowLevel(Some(5))]);
    device.done(receive(20, product(MANGO), 6));
    assert_eq!(to_buy(&mut device), []);
    device.done(sell(21, product(MANGO), 1, BeyondShare::Refuse));
    let rows = to_buy(&mut device);
    assert_eq!(rows.iter().map(|row| (row.name.as_str(), row.counted)).collect::<Vec<_>>(), [("Mango", 5)]);
    edit(&mut device, 11, product(MANGO), vec![ProductEdit::LowLevel(None)]);
    assert_eq!(to_buy(&mut device), []);
}

fn questions(device: &mut Device) -> Vec<QuestionRow> {
    match device.engine.answer(&Query::Questions { stall: STALL, window: Window::first(20) }, now()).unwrap()
    {
        View::Questions(rows) => rows,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_prices_set_at_once_are_a_question_with_both_answers() {
    let mut relay = Relay::new();
    let mut one = Device::ready(1, &["Mango"], Some(&relay));
    let mut two = Device::new(2, Some(&relay));
    relay.admit(&one);
    relay.admit(&two);
    one.replicate(&mut relay);
    two.replicate(&mut relay);
    edit(&mut one, 10, product(MANGO), vec![ProductEdit::PriceMinor(300), ProductEdit::Sku("M".into())]);
    edit(&mut two, 11, product(MANGO), vec![ProductEdit::PriceMinor(350), ProductEdit::Favourite(true)]);
    one.replicate(&mut relay);
    two.replicate(&mut relay);
    one.replicate(&mut relay);
    assert_eq!(one.engine.state_digest(STALL).unwrap(), two.engine.state_digest(STALL).unwrap());
    // What only one of them changed merged by itself.
    let View::Product(view) =
        one.engine.answer(&Query::Product { stall: STALL, product: product(MANGO) }, now()).unwrap()
    else {
        panic!("no product")
    };
    assert_eq!((view.sku.as_str(), view.favourite), ("M", true));
    let [row] = questions(&mut one).try_into().unwrap();
    let [question] = row.questions.try_into().unwrap();
    assert_eq!(question.about, QuestionAbout::Field("price_minor".into()));
    let mut values: Vec<_> = question.answers.iter().map(|answer| answer.value.clone()).collect();
    values.sort_by_key(|value| format!("{value:?}"));
    assert_eq!(values, [AnswerValue::Money(300), AnswerValue::Money(350)]);
    let shown = question.answers.iter().find(|answer| answer.is_shown).unwrap();
    assert_eq!(shown.value, AnswerValue::Money(view.price_minor));
    // The other one is chosen, and everybody has that one.
    let other = question.answers.iter().find(|answer| !answer.is_shown).unwrap();
    for to_edit in &other.edits {
        edit(&mut one, 20, to_edit.product, to_edit.edits.clone());
    }
    one.replicate(&mut relay);
    two.replicate(&mut relay);
    assert_eq!((questions(&mut one), questions(&mut two)), (vec![], vec![]));
    assert_eq!(AnswerValue::Money(price(&mut two, product(MANGO))), other.value);
}

#[test]
fn a_barcode_on_two_products_is_asked_once() {
    let mut device = Device::ready(1, &["Mango", "Tea"], None);
    for of in [MANGO, TEA] {
        edit(&mut device, of + 100, product(of), vec![ProductEdit::AddBarcode("40063813".into())]);
    }
    let [row] = questions(&mut device).try_into().unwrap();
    let [question] = row.questions.try_into().unwrap();
    assert_eq!(question.about, QuestionAbout::Barcode("40063813".into()));
    let tea =
        question.answers.iter().find(|answer| answer.value == AnswerValue::Product("Tea".into())).unwrap();
    assert_eq!(tea.edits.iter().map(|edit| edit.product).collect::<Vec<_>>(), [product(MANGO)]);
    for (number, to_edit) in (400..).zip(&tea.edits) {
        edit(&mut device, number, to_edit.product, to_edit.edits.clone());
    }
    assert_eq!(questions(&mut device), []);
    assert_eq!(scanned(&mut device, "40063813"), product(TEA));
}

#[test]
fn selling_a_bundle_moves_its_parts() {
    let mut device = Device::ready(1, &["Mango", "Tea"], None);
    let set = product(150);
    let content = ProductContent {
        parts: vec![
            PartInput { product: product(MANGO), quantity: 2 },
            PartInput { product: product(TEA), quantity: 1 },
        ],
        ..ProductContent::piece("Breakfast", 900)
    };
    device.done(command(150, Verb::CreateProduct { product: set, content }));
    device.done(receive(20, product(MANGO), 5));
    device.done(receive(21, product(TEA), 5));
    let breakfast = |device: &mut Device| {
        let rows = products(device, false);
        rows.into_iter().find(|row| row.product == set).map(|row| (row.own_share, row.is_bundle)).unwrap()
    };
    assert_eq!(breakfast(&mut device), (2, true), "five mangoes are two breakfasts");
    device.done(sell(30, set, 2, BeyondShare::Refuse));
    let left = |device: &mut Device| [MANGO, TEA].map(|of| device.stock(product(of)).counted);
    assert_eq!((left(&mut device), breakfast(&mut device)), ([1, 3], (0, true)));
    // One more is in the customer's hands: it is sold, and what is missing is owed.
    assert_eq!(device.refused(sell(31, set, 1, BeyondShare::Refuse)), "share_exceeded");
    device.done(sell(32, set, 1, BeyondShare::Allow));
    let mango = device.stock(product(MANGO));
    assert_eq!((left(&mut device), mango.own_share, mango.owed), ([-1, 2], 0, 1));
    // A voided bundle lies on the shelf as what it was made of, and so does one that comes back.
    device.done(command(33, Verb::VoidSale { sale: sale_id(32), reason: "changed her mind".into() }));
    assert_eq!((device.stock(set).own_share, left(&mut device)), (0, [1, 3]));
    let mango = device.stock(product(MANGO));
    assert_eq!((mango.own_share, mango.owed), (1, 0), "nothing more to promise than before");
    let back = |goods| {
        let lines = vec![RefundLineInput { line: 0, quantity: 1, goods }];
        let (sale, tender, reason) = (sale_id(30), TenderKind::Cash, "cold".to_owned());
        Verb::Refund { sale, lines, tender, reason, into: None }
    };
    device.done(command(34, back(GoodsBack::Sellable)));
    assert_eq!((device.stock(set).own_share, left(&mut device)), (0, [3, 4]));
    device.done(command(35, back(GoodsBack::Waste)));
    assert_eq!(
        (device.stock(set).own_share, left(&mut device)),
        (0, [3, 4]),
        "what is spoilt is not on the shelf"
    );
    let story: Vec<StockChange> =
        history(&mut device, product(TEA)).into_iter().map(|row| row.what).collect();
    assert_eq!(story.iter().filter(|what| **what == StockChange::Converted).count(), 4);
    // A bundle of bundles is none, nor one of itself.
    let again = vec![ProductEdit::PutPart(PartInput { product: set, quantity: 1 })];
    assert_eq!(
        device.refused(command(40, Verb::EditProduct { product: product(MANGO), edits: again.clone() })),
        "bundle_in_bundle"
    );
    assert_eq!(
        device.refused(command(41, Verb::EditProduct { product: set, edits: again })),
        "bundle_in_bundle"
    );
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}
