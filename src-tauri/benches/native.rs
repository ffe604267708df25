//! How soon whoever sells is told of an order: from the moment before it is placed at a server until the notification is at a real
//! message bus's daemon, shown by the real program on another device than the buyer's.

use std::time::{Duration, Instant};

use soko_app_api::{Answer, Call, DeviceReply, DeviceVerb, Query, Verb, View};

use crate::app::{App, MANGO, STALL};
use crate::counting::Daemon;
use crate::server::{Server, Wish, guest};
use crate::stage::{Stage, until};

const ORDERS: u32 = 200;
/// So that none is told again meanwhile.
const REMIND_AFTER_S: &str = "3600";
const UNITS: i64 = 1_000;

/// Each order's time in milliseconds.
pub(crate) fn times_ms() -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let (daemon, server) = (Daemon::on(&stage), Server::start(&stage));
    let app = App::start_with(&stage, &["--remind-after", REMIND_AFTER_S]);
    open(&app, &server);
    let mut times = Vec::new();
    for number in 1..=ORDERS {
        let order = format!("{number:032x}");
        let wish = Wish { stall: STALL, product: MANGO, quantity: 1, order: &order };
        let began = Instant::now();
        // One guest has few orders open at once.
        server.order_of(&guest(number), &wish).unwrap();
        let nth = times.len();
        daemon.until("the order is told", |heard| heard.len() > nth);
        times.push(millis(daemon.shown_at(nth).saturating_duration_since(began)));
    }
    app.end();
    times
}

/// A stall that is at the server, with enough to promise.
fn open(app: &App, server: &Server) {
    app.open_stall();
    let lines = vec![soko_app_api::ReceivedLineInput { product: MANGO, quantity: UNITS, cost_minor: None }];
    app.act(6, Verb::ReceiveStock { lines, note: String::new() });
    app.act(7, Verb::ReturnShare { product: MANGO, quantity: UNITS });
    let (email, password) = ("amina@example.org".to_owned(), "orchid ladder frost".to_owned());
    let steps = [
        DeviceVerb::UseServer { server: server.url() },
        DeviceVerb::CreateAccount { email, password },
        DeviceVerb::Connect(STALL),
    ];
    for (number, step) in (0x40..).zip(steps) {
        let done = app.device(number, step);
        assert_eq!(done, Answer::Device(DeviceReply::Done));
    }
    until("the server has everything", || match app.call(&Call::Ask(Query::Status(STALL))) {
        Answer::View(View::Status(status)) => (status.unsent == 0).then_some(()),
        other => panic!("{other:?}"),
    });
    until("the shop can promise them", || (server.available("Mango") > 0).then_some(()));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
