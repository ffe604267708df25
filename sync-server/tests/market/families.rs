//! A product with its variants as buyers see it: once in a list, and whole on its page.

use axum::http::StatusCode;
use serde_json::json;
use soko_app_api::{Browse, Choices, MarketQuery, MarketView, OfferPage, OfferRow, Rating, Sort, Window};
use soko_documents::{DocumentKind, Edit, Field, Product, Typed as _};
use soko_domain::entry::ReceivedLine;
use soko_domain::ids::{Hash, ProductId, ShareId, ThingId};
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};

use crate::common::server::TestServer;
use crate::common::shop::{STALL, Shop, core, id, orders, secret, stores};
use crate::{AT_MS, CHEESE, ask, named, names, offers, put};

const SHIRT: u8 = 0x10;
const RED_S: u8 = 0x11;
const RED_M: u8 = 0x12;
const BLUE_S: u8 = 0x13;

fn product(number: u8) -> ProductId {
    ProductId([number; 16])
}

fn variant(name: &str, price_minor: i64, (colour, size): (&str, &str)) -> Product {
    let options = [("Colour".into(), colour.into()), ("Size".into(), size.into())].into();
    Product {
        price_minor,
        variant_of: Some(product(SHIRT)),
        options,
        categories: [CHEESE].into(),
        ..named(name)
    }
}

/// So many for the shop, and as many for the register, so that nothing is shared out anew.
fn stock(shop: &mut Shop, number: u8, units: i64) {
    let device = &mut shop.register.device;
    let line = ReceivedLine { product: product(number), quantity: 2 * units, cost_minor: None };
    let command = ReceiveStock { delivery: ThingId([number; 16]), lines: vec![line], note: String::new() };
    device.write(receive_stock::decide(&command).unwrap(), AT_MS).unwrap();
    let facts = return_share::Facts { frozen: false, own_share: 2 * units };
    let command =
        ReturnShare { share: ShareId([number; 16]), product: product(number), quantity: units, recall: None };
    device.write(return_share::decide(&facts, &command).unwrap(), AT_MS).unwrap();
}

/// A shirt that only holds its three variants together: the cheapest is sold out.
async fn shirts(mut shop: Shop) -> Shop {
    let pictures = vec![Hash([7; 32])];
    let shirt = Product { price_minor: 100, pictures, categories: [CHEESE].into(), ..named("Shirt") };
    put(&mut shop, SHIRT, &shirt);
    put(&mut shop, RED_S, &variant("Shirt red S", 800, ("red", "S")));
    put(&mut shop, RED_M, &variant("Shirt red M", 900, ("red", "M")));
    put(&mut shop, BLUE_S, &variant("Shirt blue S", 1_200, ("blue", "S")));
    stock(&mut shop, RED_M, 3);
    stock(&mut shop, BLUE_S, 2);
    let content = soko_documents::Category { name: "Clothes".into(), ..Default::default() };
    shop.register.device.edit((CHEESE, DocumentKind::Category), &content.edits(), AT_MS).unwrap();
    shop.exchange().await;
    shop
}

fn listed(text: &str, families: bool) -> MarketQuery {
    MarketQuery::Offers {
        stall: Some(STALL),
        text: text.into(),
        category: None,
        families,
        window: Window::first(50),
    }
}

async fn page(server: &TestServer, number: u8) -> OfferPage {
    let query = MarketQuery::Offer { stall: STALL, product: product(number) };
    let MarketView::Offer(page) = ask(server, &query).await else { panic!("no page of {number}") };
    page.value
}

fn told(row: &OfferRow) -> (i64, i64, bool, i64) {
    let all = row.together();
    (all.price_minor, all.most_minor, all.is_from, all.available)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_stands_once_in_a_list_with_what_all_of_it_comes_to() {
    for store in stores() {
        let mut shop = shirts(Shop::open(store, core(), 4).await).await;
        assert_eq!(names(&shop.server, &listed("", true)).await, ["Crème tea", "Shirt"]);
        assert_eq!(names(&shop.server, &listed("", false)).await.len(), 5, "a device fetches each");
        let second = MarketQuery::Offers {
            stall: None,
            text: String::new(),
            category: Some(CHEESE),
            families: true,
            window: Window { offset: 0, rows: 2 },
        };
        let rows = offers(&shop.server, &second).await;
        // Its own price is nobody's, and neither is that of what is sold out.
        assert_eq!((rows.len(), told(&rows[0])), (1, (900, 1_200, true, 5)));
        assert_eq!(rows[0].price_minor, 100);

        let MarketView::Stall(stall) = ask(&shop.server, &MarketQuery::Stall(STALL)).await else { panic!() };
        assert_eq!((stall.value.card.offers, stall.value.categories[0].offers), (2, 1));

        // What names the product finds it once; what says more finds the variant.
        assert_eq!(names(&shop.server, &listed("shirt", true)).await, ["Shirt"]);
        assert_eq!(names(&shop.server, &listed("shirt blue", true)).await[0], "Shirt blue S");
        let blue = &offers(&shop.server, &listed("blue", true)).await[0];
        assert_eq!((blue.picture, blue.family), (Some(Hash([7; 32])), None), "it has its product's picture");

        // As long as there is some of the product itself, it can be had as it is.
        stock(&mut shop, SHIRT, 1);
        shop.exchange().await;
        let rows = offers(&shop.server, &second).await;
        assert_eq!(told(&rows[0]), (100, 1_200, true, 6));

        // Without its product each stands for itself.
        let archived = [Edit::SetFlag { field: Field::Archived, flag: true }];
        shop.register.device.edit((ThingId([SHIRT; 16]), DocumentKind::Product), &archived, 9).unwrap();
        shop.exchange().await;
        let all = ["Crème tea", "Shirt blue S", "Shirt red M", "Shirt red S"];
        assert_eq!(names(&shop.server, &listed("", true)).await, all);
        let choices = page(&shop.server, RED_M).await.choices.unwrap();
        assert_eq!((choices.itself, choices.variants.len()), (None, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_sold_out_only_as_a_whole() {
    for store in stores() {
        let shop = shirts(Shop::open(store, core(), 4).await).await;
        let in_stock = MarketQuery::Browse {
            browse: Browse { in_stock: true, ..Browse::of("clothes") },
            window: Window::first(9),
        };
        assert_eq!(names(&shop.server, &in_stock).await, ["Shirt"]);
        for (guest, number, units, left) in
            [(1, RED_M, 3, (1_200, 1_200, false, 2)), (2, BLUE_S, 2, (800, 1_200, true, 0))]
        {
            let lines = [json!({"product": product(number).to_string(), "quantity": units})];
            let body = json!({"order": id(number), "lines": lines});
            let order = shop.server.post(&orders(), &body).header("soko-buyer", &secret(guest));
            order.send().await.expect(StatusCode::CREATED);
            assert_eq!(told(&page(&shop.server, SHIRT).await.row), left);
        }
        assert!(names(&shop.server, &in_stock).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_browsed_by_what_its_variants_cost() {
    for store in stores() {
        let mut shop = shirts(Shop::open(store, core(), 4).await).await;
        let browse = |browse: Browse| MarketQuery::Browse { browse, window: Window::first(9) };
        let dear = Browse { min: Some(11), ..Browse::of("") };
        assert_eq!(names(&shop.server, &browse(dear)).await, ["Shirt"]);
        let dearer = Browse { min: Some(13), ..Browse::of("") };
        assert!(names(&shop.server, &browse(dearer)).await.is_empty());
        let cheapest = Browse { sort: Sort::Cheapest, ..Browse::of("") };
        assert_eq!(names(&shop.server, &browse(cheapest)).await, ["Crème tea", "Shirt"]);
        // Only the dear one is in a category of its own: there it stands for itself.
        let other = ThingId([0xce; 16]);
        let content = soko_documents::Category { name: "Blue".into(), ..Default::default() };
        shop.register.device.edit((other, DocumentKind::Category), &content.edits(), AT_MS).unwrap();
        let edits = [Edit::AddCategory { category: other }];
        shop.register.device.edit((ThingId([BLUE_S; 16]), DocumentKind::Product), &edits, AT_MS).unwrap();
        shop.exchange().await;
        assert_eq!(names(&shop.server, &browse(Browse::of("blue"))).await, ["Shirt blue S"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_the_variants_to_choose_from_and_a_variant_its_sisters() {
    for store in stores() {
        let shop = shirts(Shop::open(store, core(), 4).await).await;
        for number in [SHIRT, BLUE_S] {
            let page = page(&shop.server, number).await;
            let Choices { itself, axes, variants } = *page.choices.unwrap();
            assert_eq!((page.row.product, page.pictures), (product(number), vec![Hash([7; 32])]));
            assert_eq!(itself.map(|row| told(&row)), Some((900, 1_200, true, 5)));
            let axes: Vec<_> = axes.iter().map(|axis| (axis.name.as_str(), axis.values.join(" "))).collect();
            assert_eq!(axes, [("Colour", "blue red".into()), ("Size", "S M".into())]);
            let found: Vec<_> = variants.iter().map(|row| (row.product.0[0], row.available)).collect();
            assert_eq!(found, [(BLUE_S, 2), (RED_S, 0), (RED_M, 3)]);
            assert!(variants.iter().all(|row| row.variant_of == Some(product(SHIRT))));
        }
        assert_eq!(page(&shop.server, SHIRT).await.row.rating, Rating::default());
        let tea = MarketQuery::Offer { stall: STALL, product: crate::common::shop::TEA };
        let MarketView::Offer(tea) = ask(&shop.server, &tea).await else { panic!() };
        assert_eq!(tea.value.choices, None);

        // The interface for programs names what each variant is.
        let path = format!("/v1/stalls/{STALL}/products?search=blue");
        let found = shop.server.get(&path).send().await.expect(StatusCode::OK).json();
        let blue = &found["products"][0];
        assert_eq!(blue["variant_of"], json!(product(SHIRT).to_string()));
        let options = json!([{"name": "Colour", "value": "blue"}, {"name": "Size", "value": "S"}]);
        assert_eq!(blue["options"], options);
    }
}
