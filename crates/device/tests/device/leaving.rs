//! What a device knows of the others of its stall, and how it leaves one: what it may promise goes back, what is unsent is sent, and only
//! then its copy goes.

use soko_app_api::{
    Answer, Call, DeviceCommand, DeviceReply, DeviceVerb, DeviceWords, LeavingView, Query, RegisterState,
    StallContent, Verb, View, Window,
};
use soko_domain::ids::{LogId, SaleId, ShiftId};
use soko_domain::role::Role;

use crate::world::*;

const OTHER: LogId = LogId([0x52; 16]);
const PASSWORD: &str = "orchid ladder frost";
const LEAVING: Marked = Marked { method: "POST ", path: "/devices/leave HTTP", instead: Instead::Nothing };

fn leave(by_backup: bool) -> DeviceVerb {
    DeviceVerb::Leave { stall: STALL, by_backup }
}

/// A second register that has everything, and a share of the mangoes.
async fn joined(first: &Shell, second: &Shell) {
    let invited = first.device(DeviceVerb::Invite { stall: STALL, role: Role::Cashier }).await;
    let DeviceReply::Invitation { invitation, .. } = invited else { panic!("{invited:?}") };
    second.device(DeviceVerb::Join { invitation, device_name: "phone".into() }).await;
    second.done(Verb::AskShare { product: MANGO, quantity: 4 }).await;
    let has = async || (mangoes(second).await.own_share >= 4 && all_sent(second).await).then_some(());
    second.until("a share", has).await;
}

async fn mangoes(shell: &Shell) -> soko_app_api::StockView {
    match shell.ask(Query::Stock { stall: STALL, product: MANGO }).await {
        View::Stock(stock) => stock,
        other => panic!("{other:?}"),
    }
}

async fn all_sent(shell: &Shell) -> bool {
    shell.status().await.unsent == 0
}

async fn words(shell: &Shell) -> DeviceWords {
    match shell.ask(Query::DeviceWords(STALL)).await {
        View::DeviceWords(words) => words,
        other => panic!("{other:?}"),
    }
}

async fn standing(shell: &Shell) -> LeavingView {
    match shell.ask(Query::Leaving(STALL)).await {
        View::Leaving(view) => view,
        other => panic!("{other:?}"),
    }
}

async fn closes_drawer(shell: &Shell, shift: u8, counted_minor: i64) {
    let reason = "as counted".into();
    shell.done(Verb::CloseShift { shift: ShiftId([shift; 16]), counted_minor, reason }).await;
}

#[test]
fn each_device_shows_when_the_others_were_last_there_and_as_of_when_it_knows() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.shop(&server).await;
        let second = Shell::open(&folder.path().join("second"));
        joined(&first, &second).await;
        let there = second.status().await.author;
        let now = words(&first).await;
        let heard = now.rows.iter().find(|row| row.author == there).unwrap();
        assert!(now.is_now && now.told_ms.is_some());
        assert_eq!((heard.waiting, heard.has_left), (0, false));
        assert!((right_ms() - heard.last_ms).abs() < 60_000, "{heard:?}");
        let shares = Query::SharesOf { stall: STALL, author: there, window: Window::first(5) };
        let held = async || match first.ask(shares.clone()).await {
            View::SharesOf(rows) => {
                rows.iter().find(|row| row.product == MANGO).map(|row| (row.name.clone(), row.quantity))
            }
            _ => None,
        };
        let (name, quantity) = first.until("the share to be known", held).await;
        assert_eq!((name.as_str(), quantity), ("Mango", mangoes(&second).await.own_share));
        drop(server);
        // Nobody can be asked: what was said last, and when.
        let later = words(&first).await;
        assert_eq!((later.is_now, later.told_ms, later.rows.len()), (false, now.told_ms, now.rows.len()));
        assert_eq!(later.rows, now.rows);
        first.close();
        second.close();
    });
}

#[test]
fn a_register_leaves_with_nothing_unsent_and_everything_it_held_is_the_shops() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.shop(&server).await;
        let path = folder.path().join("second");
        let second = Shell::open(&path);
        let content = StallContent {
            name: "Own".into(),
            currency: "EUR".into(),
            zone: "Europe/Berlin".into(),
            cut_off_minutes: 0,
        };
        second.device(DeviceVerb::FoundStall { stall: OTHER, content, device_name: "phone".into() }).await;
        joined(&first, &second).await;
        let (there, port) = (second.status().await.author, server.port());
        second.done(Verb::OpenShift { shift: ShiftId([9; 16]), float_minor: 0 }).await;
        drop(server);
        second.sell_mangoes(SaleId([7; 16])).await;
        assert_eq!(second.device_refused(leave(false)).await, "leave_drawer_open");
        closes_drawer(&second, 9, 500).await;
        // Without a network it stays, with all that it has.
        assert_eq!(second.device_refused(leave(false)).await, "leave_no_server");
        let stays = standing(&second).await;
        assert!(stays.records >= 3 && stays.is_connected && !stays.is_leaving, "{stays:?}");
        assert!(mangoes(&second).await.own_share > 0, "it sells on");
        assert_eq!(second.about().await.stalls.len(), 2);

        let _server = Running::start_at(&folder.path().join("server"), port);
        assert_eq!(second.device(leave(false)).await, DeviceReply::Done);
        assert_eq!(second.device(leave(false)).await, DeviceReply::Done, "once more is no more");
        let about = second.about().await;
        assert_eq!(about.stalls.iter().map(|stall| stall.stall).collect::<Vec<_>>(), [OTHER]);
        first.device(DeviceVerb::ExchangeNow).await;
        let known = async || match first.ask(Query::Devices(STALL)).await {
            View::Devices(rows) => rows.iter().any(|row| row.author == there && row.revoked).then_some(()),
            _ => None,
        };
        first.until("its leave to be known", known).await;
        assert!(words(&first).await.rows.iter().any(|row| row.author == there && row.has_left));
        let stock = mangoes(&first).await;
        assert_eq!((stock.counted, stock.set_apart), (18, 0), "its sale arrived, and nothing is set apart");
        assert_eq!(stock.own_share + stock.shop + stock.held, 18, "{stock:?}");
        second.close();
        let second = Shell::open(&path);
        assert_eq!(second.about().await.stalls.len(), 1);
        first.close();
        second.close();
    });
}

#[test]
fn what_is_on_this_device_alone_is_not_left() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(&folder.path().join("alone"));
        shell.found().await;
        closes_drawer(&shell, 1, 0).await;
        assert_eq!(shell.device_refused(leave(false)).await, "leave_not_connected");
        assert_eq!(shell.device_refused(leave(true)).await, "leave_not_connected");
        assert_eq!(shell.about().await.stalls.len(), 1);
        shell.close();
    });
}

/// The answer of the server is lost, and the device is closed before it could ask again.
#[test]
fn whoever_does_not_know_whether_it_left_records_nothing_and_asks_again_after_its_next_start() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let lossy = Lossy::before(&server, (LEAVING, 1)).await;
        let first = Shell::open(&folder.path().join("first"));
        first.shop_at(lossy.url()).await;
        let path = folder.path().join("second");
        let second = Shell::open(&path);
        joined(&first, &second).await;
        assert_eq!(second.device_refused(leave(false)).await, "leave_unanswered");
        assert_eq!(lossy.lost.get(), 1);
        let sale = Verb::OpenShift { shift: ShiftId([9; 16]), float_minor: 0 };
        if !second.about().await.stalls.is_empty() {
            assert_eq!(second.status().await.state, RegisterState::Leaving);
            assert_eq!(second.refused(sale).await, "leaving");
        }
        second.close();
        let second = Shell::open(&path);
        let gone = async || second.about().await.stalls.is_empty().then_some(());
        second.until("the server's word", gone).await;
        first.device(DeviceVerb::ExchangeNow).await;
        let stock = async || {
            let stock = mangoes(&first).await;
            (stock.own_share + stock.shop == 20).then_some(())
        };
        first.until("its share to be the shop's", stock).await;
        second.close();
        first.close();
    });
}

/// A server that cannot be reached, after a word that it may have heard, makes no register of a device again.
#[test]
fn whoever_may_have_left_stays_silent_until_somebody_chooses_to_go_on_as_a_new_register() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let lossy = Lossy::before(&server, (LEAVING, u32::MAX)).await;
        let first = Shell::open(&folder.path().join("first"));
        first.shop_at(lossy.url()).await;
        let second = Shell::open(&folder.path().join("second"));
        joined(&first, &second).await;
        let author = second.status().await.author;
        assert_eq!(second.device_refused(leave(false)).await, "leave_unanswered");
        lossy.end().await;
        drop(server);
        let asked = async || {
            let code = second.device_refused(leave(false)).await;
            // While the device itself is asking, nobody else does.
            assert!(["leave_unanswered", "leaving"].contains(&code.as_str()), "{code}");
            (code == "leave_unanswered").then_some(())
        };
        second.until("nobody to answer", asked).await;
        assert_eq!(second.status().await.state, RegisterState::Leaving);
        let opens = Verb::OpenShift { shift: ShiftId([9; 16]), float_minor: 0 };
        assert_eq!(second.refused(opens.clone()).await, "leaving");
        let renewed = async || {
            let renew = DeviceCommand { id: second.device.random_id(), verb: DeviceVerb::Renew(STALL) };
            matches!(second.call(Call::Device(renew)).await, Answer::Device(_)).then_some(())
        };
        second.until("a new register", renewed).await;
        let status = second.status().await;
        assert!(status.author != author && status.state == RegisterState::Waiting, "{status:?}");
        second.done(opens).await;
        second.close();
        first.close();
    });
}

/// It was shut out with a sale that nobody has: that is not lost unless somebody saved it and chose so.
#[test]
fn what_cannot_be_sent_goes_into_a_backup_first_and_arrives_by_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let first = Shell::open(&folder.path().join("first"));
        first.shop(&server).await;
        let second = Shell::open(&folder.path().join("second"));
        joined(&first, &second).await;
        let author = second.status().await.author;
        second.done(Verb::OpenShift { shift: ShiftId([9; 16]), float_minor: 0 }).await;
        second.until("the shift at the server", async || all_sent(&second).await.then_some(())).await;
        first.done(Verb::RevokeDevice { author, reason: "it goes".into() }).await;
        let out = async || second.about().await.stalls[0].trouble.is_some().then_some(());
        second.until("its exchange to be refused", out).await;
        second.sell_mangoes(SaleId([7; 16])).await;
        closes_drawer(&second, 9, 500).await;
        assert_eq!(second.device_refused(leave(false)).await, "leave_unsent");
        assert_eq!(second.device_refused(leave(true)).await, "leave_unsent", "nothing was saved");
        let made = second.device(DeviceVerb::BackUp { stall: STALL, password: PASSWORD.into() }).await;
        let DeviceReply::File(file) = made else { panic!("{made:?}") };
        assert!(standing(&second).await.is_backed_up);
        assert_eq!(second.device_refused(leave(false)).await, "leave_unsent", "somebody has to choose it");
        assert_eq!(second.device(leave(true)).await, DeviceReply::Done);
        assert!(second.about().await.stalls.is_empty());
        let third = Shell::open(&folder.path().join("third"));
        let restore =
            DeviceVerb::Restore { bytes: file.bytes, password: PASSWORD.into(), device_name: "third".into() };
        third.device(restore).await;
        assert!(matches!(
            third.ask(Query::Sale { stall: STALL, sale: SaleId([7; 16]) }).await,
            View::Sale(_)
        ));
        for shell in [first, second, third] {
            shell.close();
        }
    });
}
