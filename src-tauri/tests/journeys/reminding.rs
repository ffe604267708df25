//! An order that nobody begins with is told again and again, by one notification.

use soko_app_api::{Call, Query, Verb};
use soko_domain::entry::OrderStep;
use soko_domain::ids::OrderId;

use crate::app::{App, MANGO, STALL};
use crate::counting::{Daemon, Heard};
use crate::meeting::{become_one, become_two};
use crate::server::{Server, Wish};
use crate::stage::{Stage, until};

const FIRST: u8 = 0x0d;
const SECOND: u8 = 0x0e;

fn shown(id: u32, instead_of: u32, begins: &str) -> Heard {
    Heard::Shown { id, instead_of, title: format!("{begins} at Amina's fruit") }
}

fn is_ordered(server: &Server, order: u8) {
    let order = format!("{order:02x}").repeat(16);
    let wish = Wish { stall: STALL, product: MANGO, quantity: 1, order: &order };
    until("the server takes an order", || server.order(&wish).ok());
}

#[test]
fn an_order_has_one_notification_through_reminders_and_a_kill_until_another_device_accepts_it() {
    let [folder, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (stage, elsewhere) = (Stage::without_daemon(folder.path()), Stage::without_daemon(other.path()));
    let (daemon, server) = (Daemon::on(&stage), Server::start(&stage));
    let start = || App::start_with(&stage, &["--remind-after", "1"]);
    let (app, second) = (start(), App::start(&elsewhere));
    app.open_stall();
    app.act(20, Verb::ReturnShare { product: MANGO, quantity: 5 });
    become_two(&server, &app, &second);

    is_ordered(&server, FIRST);
    let heard = daemon.until("it is told twice again", |heard| heard.len() >= 3);
    let expected = [shown(1, 0, "New order"), shown(1, 1, "Still waiting"), shown(1, 1, "Still waiting")];
    assert_eq!(heard[..3], expected, "{heard:?}");

    app.kill();
    let before = daemon.heard().len();
    let app = start();
    let heard = daemon.until("it is told where it was", |heard| heard.len() > before);
    assert_eq!(heard[before], shown(1, 1, "Still waiting"));

    second.act(21, Verb::StepOrder { order: OrderId([FIRST; 16]), step: OrderStep::Accepted });
    let heard = daemon.until("it goes away", |heard| heard.contains(&Heard::Closed(1)));
    assert!(heard.ends_with(&[Heard::Closed(1)]), "{heard:?}");

    is_ordered(&server, SECOND);
    let before = heard.len();
    let heard = daemon.until("another order has its own", |heard| heard.len() > before);
    assert_eq!(heard[before], shown(2, 0, "New order"), "{heard:?}");
    app.call(&Call::Ask(Query::Order { stall: STALL, order: OrderId([SECOND; 16]) }));
    daemon.until("whoever looks needs it no more", |heard| heard.ends_with(&[Heard::Closed(2)]));
}

#[test]
fn a_reminder_replaces_what_the_same_connection_showed_and_a_normal_end_takes_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let (daemon, server) = (Daemon::strict_on(&stage), Server::start(&stage));
    let start = || App::start_with(&stage, &["--remind-after", "1"]);
    let app = start();
    app.open_stall();
    app.act(20, Verb::ReturnShare { product: MANGO, quantity: 5 });
    become_one(&server, &app);

    is_ordered(&server, FIRST);
    let heard = daemon.until("it is told twice again", |heard| heard.len() >= 3);
    let expected = [shown(1, 0, "New order"), shown(1, 1, "Still waiting"), shown(1, 1, "Still waiting")];
    assert_eq!(heard[..3], expected, "{heard:?}");

    // Whoever showed it is gone, so what is told next stands beside nothing.
    app.kill();
    let before = daemon.heard().len();
    let app = start();
    let heard = daemon.until("it is told anew", |heard| heard.len() > before);
    assert_eq!(heard[before], shown(2, 0, "Still waiting"), "{heard:?}");

    app.end();
    let heard = daemon.until("it goes with the program", |heard| heard.contains(&Heard::Closed(2)));
    assert!(heard.ends_with(&[Heard::Closed(2)]), "{heard:?}");
}
