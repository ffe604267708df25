//! Journeys through the real program in a real window, on a screen, a message bus and a notification daemon of their
//! own. They speak with the page as the page's script does; how each screen looks is the browser journeys' part.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other answer fails the test")]
#![expect(clippy::print_stdout, reason = "a repeated start or click is said")]

mod app;
mod counting;
mod driver;
mod http;
mod market_day;
mod meeting;
mod person;
mod reminding;
mod running_low;
mod server;
mod stage;
mod wire;

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::json;
use soko_app_api::{Answer, Call, DeviceReply, DeviceVerb, Hindrance, Query, Verb, View};
use soko_domain::entry::OrderStep;
use soko_domain::ids::{OrderId, ThingId};

use crate::app::{App, MANGO, STALL};
use crate::server::{Server, Wish};
use crate::stage::{Stage, until};

#[test]
fn a_sale_survives_a_kill_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    app.open_stall();
    assert_eq!(app.sell(10), 1);
    assert_eq!(app.sell(11), 2);
    app.kill();
    let app = App::start(&stage);
    assert_eq!(app.receipts(), [2, 1]);
    assert_eq!(app.sell(11), 2, "a repeated command gets its first answer");
    assert_eq!(app.sell(12), 3);
}

#[test]
fn the_page_can_ask_the_device_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    for command in [
        "anything",
        "plugin:window|close",
        "plugin:webview|create_webview_window",
        "plugin:event|listen",
        "plugin:path|resolve_directory",
        "plugin:window-state|save_window_state",
        "plugin:shell|execute",
        "plugin:fs|read_file",
    ] {
        let refused = app.invoke(command, &json!({"path": "/etc/passwd"})).unwrap_err();
        assert!(refused.contains("not allowed") || refused.contains("not found"), "{command}: {refused}");
    }
    assert_eq!(app.invoke("call", &json!({"Ask": "Stalls"})).unwrap_err(), "a call is bytes");
    let about = app.call(&Call::Kept { key: "nothing".into() });
    assert_eq!(about, Answer::Kept(Vec::new()), "it still works afterwards");
}

#[test]
fn a_file_of_many_products_passes_from_the_page_to_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    app.found_stall();
    let about = "ripe, and as sweet as they come ".repeat(12);
    let rows = 4_000;
    let file: String = (0..rows).map(|number| format!("Ware {number},1.50,{about}\n")).collect();
    let bytes = format!("Name,Price,Description\n{file}").into_bytes();
    assert!(bytes.len() > 3 << 19, "half as large again as a picture may be: {}", bytes.len());
    let import = ThingId([7; 16]);
    app.act_as(import, Verb::KeepImport { file_name: "list.csv".into(), bytes });
    match app.call(&Call::Ask(Query::Import { stall: STALL, import, choice: None })) {
        Answer::View(View::Import(view)) => assert_eq!((view.rows, view.problems_count), (rows, 0)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_page_leads_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    stranger.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", stranger.local_addr().unwrap());
    for script in [
        "location.href = arguments[0]; done(0);",
        "location.assign('data:text/html,<p>x'); done(0);",
        "window.open(arguments[0]); done(0);",
        "const link = document.createElement('a'); link.href = arguments[0]; document.body.append(link); \
         link.click(); done(0);",
        "const frame = document.createElement('iframe'); frame.src = arguments[0]; document.body.append(frame); \
         done(0);",
        "const picture = new Image(); picture.onerror = () => done(0); picture.src = arguments[0];",
        "fetch(arguments[0]).then(() => done('fetched'), () => done(0));",
        "const script = document.createElement('script'); script.textContent = 'window.broken = true'; \
         document.body.append(script); done(0);",
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = true\">'); done(0);",
        "try { Object.prototype.polluted = true } catch {} done(0);",
    ] {
        assert_eq!(app.driver.run(script, &json!([url])), 0, "{script}");
        app.driver.run("requestAnimationFrame(() => requestAnimationFrame(() => done(0)))", &json!([]));
        assert!(!was_asked(&stranger), "somebody was asked by: {script}");
    }
    assert_eq!(app.driver.text("location.protocol + location.host"), "tauri:localhost");
    assert_eq!(app.driver.value("window.broken ?? false"), false, "no script of a page's text runs");
    assert_eq!(app.driver.value("({}).polluted ?? false"), false, "prototypes are frozen");
}

/// Whether a request came. The webview opens a connection when a link is clicked, before it asks whether it may be
/// followed, and sends nothing on it.
fn was_asked(stranger: &TcpListener) -> bool {
    let connections = std::iter::from_fn(|| stranger.accept().ok());
    connections.into_iter().any(|(mut stream, _)| {
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream.read(&mut [0; 64]).is_ok_and(|bytes| bytes > 0)
    })
}

#[test]
fn a_picture_that_is_not_there_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    // The page has come to rest once the device has answered it.
    app.call(&Call::About);
    let look = "const picture = new Image(); picture.onload = () => done(picture.naturalWidth); \
                picture.onerror = () => done('missing'); picture.src = arguments[0];";
    for address in [format!("picture://localhost/{}", "ab".repeat(32)), "picture://localhost/../x".into()] {
        assert_eq!(app.driver.run(look, &json!([address])), "missing", "{address}");
    }
}

#[test]
fn a_window_that_was_started_for_a_market_looks_at_that_one() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start_with(&stage, &["--server", "http://127.0.0.1:9"]);
    let Answer::About(about) = app.call(&Call::About) else { panic!("the device stands somehow") };
    assert_eq!(about.server, "http://127.0.0.1:9");
}

#[test]
fn a_notification_reaches_the_daemon_and_its_click_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::set(folder.path());
    let app = App::start(&stage);
    assert_eq!(app.device(1, DeviceVerb::TestNotification), Answer::Device(DeviceReply::Done));
    let shown = stage.click_notification(|| app.path() == "/settings");
    assert_eq!((shown.app.as_str(), shown.title.as_str()), ("Soko", "Notifications arrive"));
}

#[test]
fn without_a_daemon_it_says_that_nothing_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    let Answer::Failed(said) = app.device(1, DeviceVerb::TestNotification) else {
        panic!("nobody could have shown it")
    };
    let Answer::About(about) = app.call(&Call::About) else { panic!("the device stands somehow") };
    assert!(about.warnings.contains(&said), "{:?}", about.warnings);
}

#[test]
fn a_second_program_leads_to_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let app = App::start(&stage);
    // The device's folder is taken, and its door open, before the first answer.
    app.call(&Call::About);
    for (link, path) in
        [("soko://market", "/market"), ("soko://nowhere/%2e%2e", "/market"), ("soko://basket", "/basket")]
    {
        let ended = app.second(&stage, link);
        assert!(ended.status.success());
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(said.contains("open with this data already"), "{said}");
        app.until_path(path);
    }
}

#[test]
fn a_device_that_cannot_be_read_is_said_and_never_looks_empty() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    std::fs::create_dir_all(stage.folder.join("device/register.sqlite")).unwrap();
    let app = App::start(&stage);
    for call in [Call::About, Call::Ask(soko_app_api::Query::Stalls)] {
        let answer = app.call(&call);
        assert!(matches!(&answer, Answer::Failed(said) if Hindrance::of(said).is_some()), "{answer:?}");
    }
}

#[test]
fn an_order_arrives_as_a_notification_that_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::set(folder.path());
    let server = Server::start(&stage);
    let app = App::start(&stage);
    app.open_stall();
    app.act(20, Verb::ReturnShare { product: MANGO, quantity: 5 });
    let (email, password) = ("amina@example.org".to_owned(), "orchid ladder frost".to_owned());
    for (id, verb) in [
        (21, DeviceVerb::UseServer { server: server.url() }),
        (22, DeviceVerb::CreateAccount { email, password }),
        (23, DeviceVerb::Connect(STALL)),
    ] {
        assert_eq!(app.device(id, verb), Answer::Device(DeviceReply::Done));
    }
    until("everything is sent", || {
        let Answer::About(about) = app.call(&Call::About) else { return None };
        about.stalls.iter().all(|stall| stall.is_connected && stall.unsent == 0).then_some(())
    });
    let order = "0d".repeat(16);
    let wish = Wish { stall: STALL, product: MANGO, quantity: 2, order: &order };
    until("the server takes an order", || server.order(&wish).ok());
    let path = format!("/orders/{order}");
    let shown = stage.click_notification(|| app.path() == path);
    assert_eq!((shown.app.as_str(), shown.title.as_str()), ("Soko", "New order at Amina's fruit"));
    assert!(shown.body.contains("KES 100.00"), "{}", shown.body);
    // Another one, which somebody begins with before anybody clicks: it goes by itself.
    let other = OrderId([0x0e; 16]);
    let wish = Wish { stall: STALL, product: MANGO, quantity: 1, order: &other.to_string() };
    until("the server takes an order", || server.order(&wish).ok());
    stage.until_displayed(1);
    app.act(24, Verb::StepOrder { order: other, step: OrderStep::Accepted });
    until("nothing is displayed", || (stage.displayed() == 0).then_some(()));
}
