//! Which notices make which answers stale.

use soko_app_api::{ProductFilter, Query, QueryKey, SaleLineInput, Window};
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ThingId};

const STALL: LogId = LogId([1; 16]);
const MANGO: ProductId = ProductId([2; 16]);
const TEA: ProductId = ProductId([3; 16]);
const ORDER: OrderId = OrderId([4; 16]);
const OTHER_ORDER: OrderId = OrderId([5; 16]);
const ASK: ThingId = ThingId([6; 16]);
const CATEGORY: ThingId = ThingId([7; 16]);

/// Every key once, and those with an id for two of them.
fn keys() -> Vec<(&'static str, QueryKey)> {
    vec![
        ("status", QueryKey::Status),
        ("products", QueryKey::Products),
        ("product mango", QueryKey::Product(MANGO)),
        ("product tea", QueryKey::Product(TEA)),
        ("stock mango", QueryKey::Stock(MANGO)),
        ("stock tea", QueryKey::Stock(TEA)),
        ("document stall", QueryKey::Document(ThingId(STALL.0))),
        ("document mango", QueryKey::Document(ThingId(MANGO.0))),
        ("document order", QueryKey::Document(ThingId(ORDER.0))),
        ("document category", QueryKey::Document(CATEGORY)),
        ("shift", QueryKey::Shift),
        ("sales", QueryKey::Sales),
        ("orders", QueryKey::Orders),
        ("order", QueryKey::Order(ORDER)),
        ("other order", QueryKey::Order(OTHER_ORDER)),
        ("devices", QueryKey::Devices),
        ("incidents", QueryKey::Incidents),
        ("parked", QueryKey::Parked),
        ("ask", QueryKey::Ask(ASK)),
        ("other ask", QueryKey::Ask(CATEGORY)),
    ]
}

#[test]
fn table_of_what_makes_an_answer_stale() {
    let (stall, window) = (STALL, Window::first(10));
    let basket = Query::Basket {
        stall,
        lines: vec![SaleLineInput::of(MANGO, 1)],
        discount: Default::default(),
        tenders: Vec::new(),
    };
    let lists = &["products", "stock mango", "stock tea"][..];
    let documents = &["document stall", "document mango", "document order", "document category"];
    let categories = [&["products"], &documents[..]].concat();
    let table: Vec<(Query, &[&str])> = vec![
        (Query::Stalls, &[]),
        (Query::Status(stall), &["status"]),
        (Query::Written(stall), &["status"]),
        (Query::Stall(stall), &["document stall"]),
        (Query::Products { stall, filter: ProductFilter::default(), window }, lists),
        (Query::Search { stall, text: "m".into(), rows: 5 }, lists),
        (Query::Scan { stall, code: "1".into() }, lists),
        (Query::StockList { stall, window }, lists),
        (Query::Shares(stall), lists),
        (Query::Family { stall, product: MANGO }, lists),
        (Query::Payments { stall, window }, &["sales"]),
        (Query::Statement { stall, bytes: Vec::new(), choice: None }, &["sales"]),
        (Query::Categories(stall), &categories),
        (Query::Product { stall, product: MANGO }, &["product mango", "document mango"]),
        (Query::Stock { stall, product: MANGO }, &["stock mango"]),
        (basket, &["product mango", "stock mango", "document stall"]),
        (Query::Shift(stall), &["shift"]),
        (Query::Today(stall), &["document stall", "sales", "orders"]),
        (Query::Sale { stall, sale: SaleId([9; 16]) }, &["document stall", "sales", "devices"]),
        (Query::Sales { stall, window }, &["sales"]),
        (Query::Order { stall, order: ORDER }, &["order"]),
        (Query::Orders { stall, only_waiting: true, window }, &["orders"]),
        (Query::OrdersByCode { stall, code: "A1".into(), rows: 5 }, &["orders"]),
        (Query::OpenOrder { stall, order: ORDER }, &["document order"]),
        (Query::OpenOrders { stall, window }, documents),
        (Query::Devices(stall), &["status", "devices"]),
        (Query::Incidents { stall, window }, &["incidents"]),
        (Query::Parked { stall, window }, &["parked"]),
        (Query::Ask { stall, ask: ASK }, &["ask"]),
    ];
    for (query, expected) in &table {
        let concerned: Vec<&str> =
            keys().iter().filter(|(_, key)| query.concerns(key)).map(|(name, _)| *name).collect();
        assert_eq!(&concerned, expected, "{query:?}");
    }
    for (query, _) in &table {
        assert!(query.concerns(&QueryKey::Everything), "{query:?}");
        assert_eq!(query.stall(), (!matches!(query, Query::Stalls)).then_some(STALL), "{query:?}");
    }
}
