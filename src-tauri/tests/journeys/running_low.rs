//! What runs low is told by the system's notifications, once for each fall, on a till that has no server either.

use std::time::{Duration, Instant};

use soko_app_api::{ProductContent, ReceivedLineInput, Verb};

use crate::app::{App, MANGO};
use crate::counting::{Daemon, Heard};
use crate::stage::Stage;

const LEVEL: i64 = 8;
/// Also on a machine that does something else, too.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

fn shown(id: u32, title: &str) -> Heard {
    Heard::Shown { id, instead_of: 0, title: title.into() }
}

#[test]
fn a_till_without_a_server_tells_its_seller_when_a_sale_takes_a_product_under_its_level_and_to_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let (daemon, app) = (Daemon::on(&stage), App::start(&stage));
    app.found_stall();
    let content = ProductContent { low_level: Some(LEVEL), ..ProductContent::piece("Mango", 5_000) };
    app.act(2, Verb::CreateProduct { product: MANGO, content });
    let lines = vec![ReceivedLineInput { product: MANGO, quantity: 10, cost_minor: None }];
    app.act(3, Verb::ReceiveStock { lines, note: String::new() });
    app.sell(10);
    let began = Instant::now();
    app.sell(11);
    let heard = daemon.until("eight are left", |heard| !heard.is_empty());
    assert_eq!(heard, [shown(1, "Mango runs low at Amina's fruit")]);
    let took = daemon.shown_at(0).saturating_duration_since(began);
    assert!(took <= TOLD_WITHIN, "{took:?}");
    // Eight more sales, and not a word of any before the last.
    for sale in 12..20 {
        app.sell(sale);
    }
    let heard = daemon.until("none is left", |heard| heard.len() >= 2);
    assert_eq!(heard[1..], [shown(2, "Mango has run out at Amina's fruit")]);
    app.end();
    assert!(!daemon.heard()[2..].iter().any(|heard| matches!(heard, Heard::Shown { .. })), "{heard:?}");
}
