//! Lists that screens show: filters, categories, all stock at once, the day; and tables that an older version
//! filled.

use soko_app_api::{
    BeyondShare, CategoryEdit, CategoryRow, ProductEdit, ProductFilter, ProductRow, Query, RefundLineInput,
    StockRow, TodayView, Verb, View, Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::delivery::Handing;
use soko_domain::entry::{GoodsBack, OrderLine, OrderPlaced};
use soko_domain::ids::{Hash, OrderId, ThingId};
use soko_domain::money::Currency;
use soko_engine::Now;
use soko_record_log::{Sqlite, StoreError};

use crate::world::*;

const MANGO: u16 = 101;
const TEA: u16 = 102;
const OLD_TEA: u16 = 103;
const FRUIT: u16 = 201;
const DRINKS: u16 = 202;
const DAY_MS: i64 = 86_400_000;

/// Mango is a fruit with two pictures, tea a drink, and the old tea was archived.
fn shop(relay: Option<&Relay>) -> Device {
    let mut device = Device::ready(1, &["Mango", "Tea", "Old tea"], relay);
    for (category, name, position) in [(FRUIT, "Fruit", 2), (DRINKS, "Drinks", 1)] {
        let edits = vec![CategoryEdit::Name(name.into()), CategoryEdit::Position(position)];
        device.done(command(category, Verb::EditCategory { category: thing(category), edits }));
    }
    let edit = |number: u16, of: u16, edits: Vec<ProductEdit>| {
        command(number, Verb::EditProduct { product: product(of), edits })
    };
    let in_drinks = ProductEdit::AddCategory(thing(DRINKS));
    device.done(edit(
        10,
        MANGO,
        vec![
            ProductEdit::AddCategory(thing(FRUIT)),
            ProductEdit::PutPicture { picture: Hash([2; 32]), position: 2 },
            ProductEdit::PutPicture { picture: Hash([1; 32]), position: 1 },
        ],
    ));
    device.done(edit(11, TEA, vec![in_drinks.clone()]));
    device.done(edit(12, OLD_TEA, vec![in_drinks, ProductEdit::Archived(true)]));
    device
}

fn products(device: &mut Device, filter: ProductFilter) -> Vec<ProductRow> {
    let query = Query::Products { stall: STALL, filter, window: Window::first(10) };
    match device.engine.answer(&query, now()).unwrap() {
        View::Products(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn names(device: &mut Device, category: Option<ThingId>, archived: bool) -> Vec<String> {
    products(device, ProductFilter { category, archived, ..ProductFilter::default() })
        .into_iter()
        .map(|row| row.name)
        .collect()
}

fn categories(device: &mut Device) -> Vec<CategoryRow> {
    match device.engine.answer(&Query::Categories(STALL), now()).unwrap() {
        View::Categories(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn stock_list(device: &mut Device) -> Vec<StockRow> {
    let query = Query::StockList { stall: STALL, window: Window::first(10) };
    match device.engine.answer(&query, now()).unwrap() {
        View::StockList(rows) => rows,
        other => panic!("{other:?}"),
    }
}

fn today(device: &mut Device, now: Now) -> TodayView {
    match device.engine.answer(&Query::Today(STALL), now).unwrap() {
        View::Today(today) => today,
        other => panic!("{other:?}"),
    }
}

#[test]
fn products_are_listed_by_category_and_the_archived_apart() {
    let mut device = shop(None);
    for (category, archived, expected) in [
        (None, false, vec!["Mango", "Tea"]),
        (None, true, vec!["Old tea"]),
        (Some(FRUIT), false, vec!["Mango"]),
        (Some(DRINKS), false, vec!["Tea"]),
        (Some(DRINKS), true, vec!["Old tea"]),
        (Some(999), false, vec![]),
    ] {
        assert_eq!(names(&mut device, category.map(thing), archived), expected, "{category:?} {archived}");
    }
    device.done(receive(20, product(MANGO), 7));
    let rows = products(&mut device, ProductFilter::default());
    let mango = &rows[0];
    assert_eq!(mango.picture, Some(Hash([1; 32])), "the first one by position");
    assert_eq!((mango.categories.as_slice(), mango.own_share), (&[thing(FRUIT)][..], 7));
    assert_eq!((rows[1].picture, rows[1].own_share), (None, 0));
}

#[test]
fn categories_count_what_is_on_offer_in_them() {
    let mut device = shop(None);
    let row = |category: u16, name: &str, position, products| CategoryRow {
        category: thing(category),
        name: name.into(),
        parent: None,
        position,
        products,
    };
    assert_eq!(categories(&mut device), [row(DRINKS, "Drinks", 1, 1), row(FRUIT, "Fruit", 2, 1)]);
    let edits = vec![ProductEdit::RemoveCategory(thing(FRUIT)), ProductEdit::AddCategory(thing(DRINKS))];
    device.done(command(30, Verb::EditProduct { product: product(MANGO), edits }));
    let edits = vec![CategoryEdit::Parent(Some(thing(DRINKS)))];
    device.done(command(31, Verb::EditCategory { category: thing(FRUIT), edits }));
    let below = CategoryRow { parent: Some(thing(DRINKS)), ..row(FRUIT, "Fruit", 2, 0) };
    assert_eq!(categories(&mut device), [row(DRINKS, "Drinks", 1, 2), below]);
}

#[test]
fn the_stock_list_says_of_each_product_what_its_own_view_says() {
    let mut relay = Relay::new();
    let mut device = shop(Some(&relay));
    relay.admit(&device);
    device.done(receive(20, product(MANGO), 10));
    device.done(receive(21, product(TEA), 5));
    device.done(sell(22, product(TEA), 7, BeyondShare::Allow));
    device.done(command(23, Verb::ReturnShare { product: product(MANGO), quantity: 4 }));
    let rows = stock_list(&mut device);
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["Mango", "Tea"]);
    for row in &rows {
        let one = device.stock(row.product);
        assert_eq!(
            (row.counted, row.own_share, row.shop, row.on_the_way, row.held, row.set_apart, row.owed),
            (one.counted, one.own_share, one.shop, one.on_the_way, one.held, one.set_apart, one.owed),
            "{}",
            row.name
        );
        let parts = row.shop + row.own_share + row.others + row.on_the_way + row.held + row.set_apart;
        assert_eq!(row.counted, parts - row.owed, "{row:?}");
    }
    assert_eq!((rows[0].own_share, rows[0].on_the_way, rows[0].shop), (6, 4, 0));
    assert_eq!((rows[1].own_share, rows[1].owed), (0, 2));
    device.replicate(&mut relay);
    let mango = &stock_list(&mut device)[0];
    assert_eq!((mango.on_the_way, mango.shop), (0, 4), "the server has the return");
}

#[test]
fn the_day_counts_sales_refunds_cash_and_waiting_orders() {
    let mut relay = Relay::new();
    let mut device = shop(Some(&relay));
    relay.admit(&device);
    assert_eq!((today(&mut device, now()).sales, today(&mut device, now()).currency.as_str()), (0, "EUR"));
    device.done(receive(20, product(MANGO), 10));
    device.done(sell(21, product(MANGO), 3, BeyondShare::Refuse));
    device.done(sell(22, product(MANGO), 2, BeyondShare::Refuse));
    device.done(command(23, Verb::VoidSale { sale: sale_id(22), reason: "changed mind".into() }));
    let line = RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable };
    for (number, tender) in [(24, TenderKind::Cash), (25, TenderKind::Card)] {
        let (sale, lines) = (sale_id(21), vec![line.clone()]);
        device.done(command(number, Verb::Refund { sale, lines, tender, reason: "ripe".into(), into: None }));
    }
    relay.write(OrderPlaced {
        order: OrderId(thing(90).0),
        buyer: thing(91),
        currency: Currency::parse("EUR").unwrap(),
        lines: vec![OrderLine {
            product: product(MANGO),
            name: "Mango".into(),
            quantity: 1,
            unit_price_minor: 250,
            price_per: 1,
            discount_minor: 0,
            taxes: vec![],
            tax_minor: 0,
            total_minor: 250,
        }],
        total_minor: 250,
        note: String::new(),
        handing: Handing::Pickup,
        delivery: None,
        coupon: None,
    });
    device.replicate(&mut relay);
    let view = today(&mut device, now());
    let expected = TodayView {
        business_day: view.business_day,
        currency: "EUR".into(),
        sales: 1,
        total_minor: Some(750),
        refunds_minor: Some(500),
        cash_minor: Some(500),
        orders_waiting: 1,
    };
    assert_eq!(view, expected);
    let tomorrow = today(&mut device, Now::utc(NOON_MS + DAY_MS));
    assert_eq!((tomorrow.business_day, tomorrow.sales), (view.business_day + 1, 0));
    assert_eq!((tomorrow.cash_minor, tomorrow.orders_waiting), (Some(0), 1), "orders wait over night");
}

#[test]
fn a_receipt_has_its_head() {
    let mut device = shop(None);
    device.done(receive(20, product(MANGO), 1));
    let at = Now { at_ms: NOON_MS, offset_minutes: 180 };
    device.engine.handle(sell(21, product(MANGO), 1, BeyondShare::Refuse), at).unwrap();
    let asked = Query::Sale { stall: STALL, sale: sale_id(21) };
    let View::Sale(sale) = device.engine.answer(&asked, now()).unwrap() else { panic!("no sale") };
    assert_eq!((sale.stall_name.as_str(), sale.register_name.as_str()), ("Duka", "till 1"));
    assert_eq!((sale.row.offset_minutes, sale.tenders.len()), (180, 1));
}

/// The database as the version before the lists left it.
fn as_before_the_lists(disk: &[u8]) -> Vec<u8> {
    let mut db = Sqlite::deserialize(disk).unwrap();
    db.transaction::<_, StoreError>(|tx| {
        for sql in [
            "create table own_command (
               command blob not null primary key check (length(command) = 16), log blob not null,
               fingerprint blob not null, outcome blob not null
             ) strict, without rowid",
            "insert into own_command select command, log, fingerprint, outcome from own_answer",
            "drop table tables_stale",
            "drop table product_category",
            "drop table category",
            "drop index orders_waiting",
            "drop index refund_line_day",
            "alter table product drop column pictures",
            "alter table product drop column categories",
            "alter table orders drop column currency",
            "alter table orders drop column lines",
            "alter table sale drop column cash_minor",
            "alter table refund_line drop column business_day",
            "alter table refund_line drop column cash",
            "alter table stall_profile drop column hours",
            "delete from schema_migration where number >= 4",
        ] {
            tx.execute(sql, &[])?;
        }
        // Tables that are gone as a whole take their later columns along.
        let mut gone = vec!["category"];
        let later = || soko_engine::schema().iter().filter(|step| step.number > 4);
        for later in later() {
            for made in later.sql.split("create table ").skip(1) {
                let name = made.split_whitespace().next().unwrap();
                // One that is made anew in a later step was made before.
                if gone.contains(&name) {
                    continue;
                }
                tx.execute(&format!("drop table {name}"), &[])?;
                gone.push(name);
            }
            // Indexes of tables that stay; then all columns, of which a later step's index may be.
            for made in later.sql.split("create index ").skip(1) {
                let name = made.split_whitespace().next().unwrap();
                tx.execute(&format!("drop index if exists {name}"), &[])?;
            }
        }
        for later in later() {
            for added in later.sql.split("alter table ").skip(1) {
                let words: Vec<&str> = added.split_whitespace().collect();
                let ["add", "column", column] = words[1..4] else { continue };
                if gone.contains(&words[0]) {
                    continue;
                }
                tx.execute(&format!("alter table {} drop column {column}", words[0]), &[])?;
            }
        }
        Ok(())
    })
    .unwrap();
    db.serialize().unwrap()
}

#[test]
fn an_older_database_gets_its_new_columns_from_its_records() {
    let mut device = shop(None);
    device.done(receive(20, product(MANGO), 3));
    device.done(sell(21, product(MANGO), 1, BeyondShare::Refuse));
    let before = (
        products(&mut device, ProductFilter::default()),
        categories(&mut device),
        today(&mut device, now()),
        device.engine.state_digest(STALL).unwrap(),
    );
    assert_eq!(before.2.cash_minor, Some(250));
    let disk = as_before_the_lists(&device.disk());
    let mut device = device.restart_on(&disk);
    let after = (
        products(&mut device, ProductFilter::default()),
        categories(&mut device),
        today(&mut device, now()),
        device.engine.state_digest(STALL).unwrap(),
    );
    assert_eq!(before, after);
    assert_eq!(device.search("mango"), ["Mango"]);
    // Answers moved, too: a repeat does nothing.
    device.done(sell(21, product(MANGO), 1, BeyondShare::Refuse));
    assert_eq!(before.2, today(&mut device, now()));
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}
