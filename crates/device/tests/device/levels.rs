//! What runs low is told once for each fall: on a till without any server, on one with, and on the stall's other devices.

use soko_app_api::{
    Arrival, BeyondShare, DeviceVerb, DiscountInput, ProductContent, QueryKey, ReceivedLineInput, SaleAbout,
    SaleLineInput, TenderInput, Told, Verb,
};
use soko_domain::ids::{ProductId, SaleId};

use crate::stalls::invite;
use crate::world::{Running, STALL, Shell, on_one_thread};

const LIME: ProductId = ProductId([0x4c; 16]);
const PLUM: ProductId = ProductId([0x4d; 16]);
const LEVEL: i64 = 5;

fn level((product, name): (ProductId, &str), (is_out, products): (bool, u32)) -> Arrival {
    let (stall_name, product_name) = ("Duka".to_owned(), name.to_owned());
    Arrival::Level { stall: STALL, stall_name, product, product_name, is_out, products }
}

fn low() -> Arrival {
    level((LIME, "Lime"), (false, 1))
}

fn out() -> Arrival {
    level((LIME, "Lime"), (true, 1))
}

async fn offer(shell: &Shell, (product, name): (ProductId, &str), quantity: i64) {
    let content = ProductContent { low_level: Some(LEVEL), ..ProductContent::piece(name, 100) };
    shell.done(Verb::CreateProduct { product, content }).await;
    deliver(shell, product, quantity).await;
}

/// How often it was said that it moved: it was looked at as often.
fn looks(shell: &Shell, product: ProductId) -> usize {
    let is_about = |told: &Told| match told {
        Told::Stall(notice) => notice.keys.contains(&QueryKey::Stock(product)),
        _ => false,
    };
    shell.told_where(is_about)
}

/// Waits until it was looked at once more: what is done at once is looked at together.
async fn looked(shell: &Shell, (product, before): (ProductId, usize)) {
    shell.until("a look", async || (looks(shell, product) > before).then_some(())).await;
}

async fn deliver(shell: &Shell, product: ProductId, quantity: i64) {
    let lines = vec![ReceivedLineInput { product, quantity, cost_minor: None }];
    let before = looks(shell, product);
    shell.done(Verb::ReceiveStock { lines, note: String::new() }).await;
    looked(shell, (product, before)).await;
}

fn sale(shell: &Shell, lines: &[(ProductId, i64)]) -> Verb {
    let lines = lines.iter().map(|(product, quantity)| SaleLineInput::of(*product, *quantity)).collect();
    Verb::MakeSale {
        sale: SaleId(shell.device.random_id().0),
        lines,
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(10_000)],
        beyond: BeyondShare::Allow,
        about: SaleAbout::default(),
    }
}

async fn sell(shell: &Shell, lines: &[(ProductId, i64)]) {
    let (product, _) = lines[0];
    let before = looks(shell, product);
    shell.done(sale(shell, lines)).await;
    looked(shell, (product, before)).await;
}

/// What was told of levels.
fn told(shell: &Shell) -> Vec<Arrival> {
    shell.arrivals().into_iter().filter(|news| matches!(news, Arrival::Level { .. })).collect()
}

#[test]
fn a_till_without_a_server_tells_its_seller_once_for_each_fall() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        offer(&till, (LIME, "Lime"), 8).await;
        assert_eq!(told(&till), [], "what is new is no news, with nothing there yet");
        sell(&till, &[(LIME, 2)]).await;
        assert_eq!(told(&till), [], "there are six of them");
        sell(&till, &[(LIME, 1)]).await;
        assert_eq!(told(&till), [low()]);
        sell(&till, &[(LIME, 1)]).await;
        sell(&till, &[(LIME, 2)]).await;
        assert_eq!(told(&till), [low()], "not again for each sale");
        sell(&till, &[(LIME, 2)]).await;
        assert_eq!(told(&till), [low(), out()]);
        sell(&till, &[(LIME, 1)]).await;
        assert_eq!(told(&till), [low(), out()], "less than nothing is nothing");
        deliver(&till, LIME, 20).await;
        sell(&till, &[(LIME, 15)]).await;
        assert_eq!(told(&till), [low(), out(), low()], "it was filled up meanwhile");
        till.close();
    });
}

#[test]
fn what_is_closed_and_opened_in_between_changes_nothing() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        offer(&till, (LIME, "Lime"), 8).await;
        sell(&till, &[(LIME, 4)]).await;
        assert!(told(&till).ends_with(&[low()]));
        till.close();
        let again = Shell::open(folder.path());
        sell(&again, &[(LIME, 1)]).await;
        assert_eq!(told(&again), [], "it was told before");
        sell(&again, &[(LIME, 3)]).await;
        assert_eq!(told(&again), [out()]);
        again.close();
    });
}

#[test]
fn what_is_sold_before_anybody_looked_at_it_is_told_too() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        // All of it is looked at together.
        let content = ProductContent { low_level: Some(LEVEL), ..ProductContent::piece("Lime", 100) };
        till.done(Verb::CreateProduct { product: LIME, content }).await;
        let lines = vec![ReceivedLineInput { product: LIME, quantity: 8, cost_minor: None }];
        till.done(Verb::ReceiveStock { lines, note: String::new() }).await;
        till.done(sale(&till, &[(LIME, 4)])).await;
        till.until("the limes", async || (told(&till) == [low()]).then_some(())).await;
        sell(&till, &[(LIME, 4)]).await;
        assert_eq!(told(&till), [low(), out()]);
        till.close();
    });
}

#[test]
fn several_that_fall_with_one_sale_are_one_notification() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        offer(&till, (LIME, "Lime"), 8).await;
        offer(&till, (PLUM, "Plum"), 8).await;
        sell(&till, &[(PLUM, 4), (LIME, 3)]).await;
        assert_eq!(told(&till), [level((LIME, "Lime"), (false, 2))]);
        till.close();
    });
}

#[test]
fn every_device_of_the_stall_hears_what_falls_and_not_what_fell_before_it_came() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let server = Running::start(&path("server"));
        let till = Shell::open(&path("till"));
        till.shop(&server).await;
        offer(&till, (PLUM, "Plum"), 8).await;
        offer(&till, (LIME, "Lime"), 8).await;
        sell(&till, &[(PLUM, 4)]).await;
        till.until("the plums", async || {
            told(&till).contains(&level((PLUM, "Plum"), (false, 1))).then_some(())
        })
        .await;
        let second = Shell::open(&path("second"));
        let invitation = invite(&till).await;
        let device_name = "till 2".into();
        second.device(DeviceVerb::Join { invitation, device_name }).await;
        second
            .until("all of the stall", async || {
                let about = second.about().await;
                (!about.stalls.is_empty() && about.stalls.iter().all(|stall| !stall.is_arriving))
                    .then_some(())
            })
            .await;
        assert_eq!(told(&second), [], "the plums were low before it came");
        sell(&till, &[(LIME, 3)]).await;
        second.until("the limes", async || told(&second).contains(&low()).then_some(())).await;
        assert_eq!(told(&second), [low()]);
        for shell in [till, second] {
            shell.close();
        }
    });
}
