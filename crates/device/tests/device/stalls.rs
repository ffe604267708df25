//! Founding, connecting, letting in, exchanging, and what survives the night.

use soko_app_api::{
    Answer, Arrival, BeyondShare, Call, DeviceReply, DeviceVerb, DiscountInput, ProductEdit, Query, QueryKey,
    SaleLineInput, TenderInput, Told, Verb, View, Window,
};
use soko_device::Options;
use soko_domain::ids::{AuthorId, SaleId};
use soko_domain::role::Role;

use crate::world::*;

fn sell(number: u8, quantity: i64) -> Verb {
    Verb::MakeSale {
        sale: SaleId([number; 16]),
        lines: vec![SaleLineInput::of(MANGO, quantity)],
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(10_000)],
        beyond: BeyondShare::Allow,
        about: soko_app_api::SaleAbout::default(),
    }
}

pub(crate) async fn invite(owner: &Shell) -> String {
    let invited = owner.device(DeviceVerb::Invite { stall: STALL, role: Role::Cashier }).await;
    match invited {
        DeviceReply::Invitation { invitation, .. } => invitation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stall_founded_offline_connects_and_a_second_device_joins_by_invitation() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.found().await;
        first.receive(MANGO, 20).await;
        first.done(sell(1, 2)).await;
        assert_eq!(first.about().await.is_online, None, "nobody was asked");
        assert_eq!(first.device_refused(DeviceVerb::Connect(STALL)).await, "no_server");
        first.device(DeviceVerb::UseServer { server: server.url() }).await;
        assert_eq!(first.device_refused(DeviceVerb::Connect(STALL)).await, "not_signed_in");
        first.sign_up(&server, "owner@example.org").await;
        first.device(DeviceVerb::Connect(STALL)).await;
        first.until("everything sent", async || (first.status().await.unsent == 0).then_some(())).await;

        let invitation = invite(&first).await;
        let second = Shell::open(&folder.path().join("second"));
        let mistyped = invitation.replacen(char::is_numeric, "X", 1);
        let join = |invitation: String| DeviceVerb::Join { invitation, device_name: "till 2".into() };
        assert_eq!(second.device_refused(join(mistyped)).await, "invitation");
        assert_eq!(second.device(join(invitation)).await, DeviceReply::Joined(STALL));
        second
            .until("the first one's records", async || {
                (second.digest() == first.digest() && second.status().await.unsent == 0).then_some(())
            })
            .await;
        // From now on each hears of the other without asking.
        first.done(Verb::EditProduct { product: TEA, edits: vec![ProductEdit::PriceMinor(999)] }).await;
        second
            .until("the new price", async || {
                match second.ask(Query::Product { stall: STALL, product: TEA }).await {
                    View::Product(tea) if tea.price_minor == 999 => Some(()),
                    _ => None,
                }
            })
            .await;
        let about = second.about().await;
        assert_eq!((about.stalls[0].role, about.stalls[0].is_connected), (Role::Cashier, true));
        assert_eq!((about.is_online, about.server), (Some(true), server.url()));
        assert!(second.was_told(&Told::Device));
        first.close();
        second.close();
    });
}

/// First hour 14: the rule for the day itself is a table of the domain; this is what a wrong clock does to it.
#[test]
fn a_clock_that_is_hours_off_is_shown_and_labels_no_sale_wrongly() {
    on_one_thread(async {
        const HOUR_MS: i64 = 3_600_000;
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        for (number, hours) in [(1, 3), (2, -3)] {
            let ways = Ways { ahead_ms: hours * HOUR_MS, ..Ways::default() };
            let shell = Shell::open_so(&folder.path().join(format!("{hours}")), ways);
            shell.found().await;
            shell.receive(MANGO, 20).await;
            // Nobody has said yet that it is wrong, and nothing waits for that.
            shell.done(sell(1, 2)).await;
            shell.sign_up(&server, &format!("owner{number}@example.org")).await;
            shell
                .until("the server's clock", async || {
                    let off_ms = shell.about().await.clock_ahead_ms? - hours * HOUR_MS;
                    // A date of HTTP has whole seconds.
                    (off_ms.abs() < 60_000).then_some(())
                })
                .await;
            let before_ms = right_ms();
            shell.done(sell(2, 2)).await;
            let View::Sale(sale) = shell.ask(Query::Sale { stall: STALL, sale: SaleId([2; 16]) }).await
            else {
                panic!("no sale");
            };
            let late_ms = sale.row.at_ms - before_ms;
            assert!((-60_000..60_000).contains(&late_ms), "{late_ms} ms off with a clock {hours} h ahead");
            shell.close();
        }
    });
}

/// First hour 7 and 19: what this register has goes to another one, said while nobody can be reached. Until the server
/// heard of it nobody may promise it; then the other one may, and however it comes about, none is promised twice.
#[test]
fn what_is_passed_to_another_register_without_a_network_arrives_once_the_server_hears_of_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.shop(&server).await;
        let second = Shell::open(&folder.path().join("second"));
        let join = DeviceVerb::Join { invitation: invite(&first).await, device_name: "fair phone".into() };
        second.device(join).await;
        second.until("the stall", async || (second.digest() == first.digest()).then_some(())).await;
        let (here, there) = (first.status().await.author, second.status().await.author);
        let port = server.port();
        drop(server);

        let stock = async |shell: &Shell| match shell.ask(Query::Stock { stall: STALL, product: MANGO }).await
        {
            View::Stock(stock) => stock,
            other => panic!("{other:?}"),
        };
        let before = stock(&first).await;
        let at_most = before.own_share;
        assert!(at_most >= 2, "{before:?}");
        let pass = |quantity: i64, to: AuthorId| Verb::PassShare { product: MANGO, quantity, to };
        for (quantity, to, why) in [
            (at_most + 1, there, "share_exceeded"),
            (0, there, "quantity_odd"),
            (1, here, "unknown_device"),
            (1, AuthorId([9; 16]), "unknown_device"),
        ] {
            assert_eq!(first.refused(pass(quantity, to)).await, why);
        }
        first.done(pass(at_most, there)).await;
        let meanwhile = stock(&first).await;
        assert_eq!((meanwhile.own_share, meanwhile.on_the_way), (0, at_most));
        assert_eq!(meanwhile.counted, before.counted);

        let _server = Running::start_at(&folder.path().join("server"), port);
        let granted = second.until("what was passed", async || {
            let now = stock(&second).await;
            (now.own_share >= at_most && second.digest() == first.digest()).then_some(now)
        });
        let granted = granted.await;
        assert_eq!(granted.counted, before.counted);
        assert_eq!((stock(&first).await.own_share, stock(&first).await.on_the_way), (0, 0));
        first.close();
        second.close();
    });
}

#[test]
fn session_links_and_drafts_survive_reopening_and_the_exchange_goes_on() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let path = folder.path().join("till");
        let shell = Shell::open(&path);
        shell.shop(&server).await;
        shell.call(Call::Keep { key: "cart".into(), value: vec![1, 2, 3] }).await;
        let author = shell.status().await.author;
        shell.close();

        let shell = Shell::open(&path);
        let about = shell.about().await;
        assert_eq!(about.account.as_deref(), Some("owner@example.org"));
        assert_eq!((about.stalls[0].author, about.stalls[0].is_connected), (author, true));
        assert_eq!(shell.call(Call::Kept { key: "cart".into() }).await, Answer::Kept(vec![1, 2, 3]));
        shell.call(Call::Keep { key: "cart".into(), value: vec![] }).await;
        assert_eq!(shell.call(Call::Kept { key: "cart".into() }).await, Answer::Kept(vec![]));
        shell.done(sell(2, 1)).await;
        shell
            .until("the sale at the server", async || (shell.status().await.unsent == 0).then_some(()))
            .await;
        assert!(!invite(&shell).await.is_empty(), "the session is in force");
        shell.device(DeviceVerb::SignOut).await;
        assert_eq!(shell.about().await.account, None);
        let invite = DeviceVerb::Invite { stall: STALL, role: Role::Cashier };
        assert_eq!(shell.device_refused(invite).await, "not_signed_in");
        shell.close();
    });
}

#[test]
fn a_server_that_was_away_is_found_again_and_selling_waited_for_nothing() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, path) = (folder.path().join("server"), folder.path().join("till"));
        let server = Running::start(&data);
        let shell = Shell::open(&path);
        shell.shop(&server).await;
        let port = server.port();
        drop(server);
        shell.done(sell(3, 1)).await;
        shell
            .until("it to be noticed", async || (shell.about().await.is_online == Some(false)).then_some(()))
            .await;
        assert_eq!(shell.about().await.stalls[0].unsent, 1);
        let _server = Running::start_at(&data, port);
        shell.device(DeviceVerb::ExchangeNow).await;
        shell
            .until("the sale at the server", async || (shell.status().await.unsent == 0).then_some(()))
            .await;
        assert_eq!(shell.about().await.is_online, Some(true));
        shell.close();
    });
}

/// A call that needs no server is answered by the first look at its future.
#[test]
fn selling_asks_nobody() {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open_quiet(folder.path(), Options::default());
        shell.device(DeviceVerb::UseServer { server: "http://192.0.2.1:9".into() }).await;
        shell.found().await;
        let command = soko_app_api::Command { id: shell.device.random_id(), stall: STALL, verb: sell(1, 1) };
        let bytes = soko_app_api::encode(&Call::Do(command)).unwrap();
        let mut call = pin!(shell.device.call(&bytes));
        let Poll::Ready(answer) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("the sale waits")
        };
        assert!(matches!(soko_app_api::decode(&answer), Ok(Answer::Done(_))));
    });
}

#[test]
fn what_changed_is_told_once_for_many_changes() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        shell.found().await;
        for number in 10..40 {
            shell.done(sell(number, 1)).await;
        }
        let sales = |told: &Told| match told {
            Told::Stall(notice) => notice.keys.contains(&QueryKey::Sales) && notice.stall == STALL,
            _ => false,
        };
        shell.until("the last of them", async || shell.told_where(sales).checked_sub(1)).await;
        let told = shell.told_where(sales);
        assert!((1..30).contains(&told), "told {told} times");
        let asked = Query::Sales { stall: STALL, window: Window::first(50) };
        match shell.ask(asked).await {
            View::Sales(rows) => assert_eq!(rows.len(), 30),
            other => panic!("{other:?}"),
        }
        shell.close();
    });
}

#[test]
fn a_picture_travels_and_nothing_else_does() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.shop(&server).await;
        let bytes = [&b"\x89PNG\r\n\x1a\n"[..], &[7; 1_000]].concat();
        for (wrong, code) in
            [(b"<svg/>".to_vec(), "picture_kind"), ([&bytes[..], &vec![0; 600_000]].concat(), "picture_size")]
        {
            assert_eq!(first.device_refused(DeviceVerb::PutPicture { bytes: wrong }).await, code);
        }
        let put = first.device(DeviceVerb::PutPicture { bytes: bytes.clone() }).await;
        let DeviceReply::Picture(picture) = put else { panic!("{put:?}") };
        assert_eq!(first.device.kept_picture(picture), Some((bytes.clone(), "image/png")));
        let edits = vec![ProductEdit::PutPicture { picture, position: 0 }];
        first.done(Verb::EditProduct { product: MANGO, edits }).await;

        let second = Shell::open(&folder.path().join("second"));
        let (invitation, device_name) = (invite(&first).await, "till 2".into());
        second.device(DeviceVerb::Join { invitation, device_name }).await;
        let came = second.until("the picture", async || second.device.kept_picture(picture)).await;
        assert_eq!(came, (bytes.clone(), "image/png"));

        let buyer = Shell::open_quiet(&folder.path().join("buyer"), Options::default());
        buyer.device(DeviceVerb::UseServer { server: server.url() }).await;
        assert_eq!(buyer.device.kept_picture(picture), None);
        assert_eq!(buyer.device.picture(picture).await, Some((bytes.clone(), "image/png")));
        assert_eq!(buyer.device.kept_picture(picture), Some((bytes, "image/png")), "kept for offline");
        for shell in [first, second, buyer] {
            shell.close();
        }
    });
}

#[test]
fn a_test_notification_arrives() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        shell.device(DeviceVerb::TestNotification).await;
        assert_eq!(shell.arrivals(), [Arrival::Test]);
        shell.close();
    });
}

#[test]
fn after_a_start_without_a_network_it_is_known_when_the_server_last_answered() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till) = (folder.path().join("server"), folder.path().join("till"));
        let server = Running::start(&data);
        let stall = Shell::open(&till);
        stall.shop(&server).await;
        let before = stall.about().await.last_contact_ms;
        assert!(before.is_some());
        drop(server);
        stall.close();
        let again = Shell::open(&till);
        assert_eq!(again.about().await.last_contact_ms, before);
        again.device(DeviceVerb::UseServer { server: "http://127.0.0.1:9".into() }).await;
        assert_eq!(again.about().await.last_contact_ms, None, "of another server nothing is known");
    });
}
