//! A receipt by mail or by text: asked for without a network, sent once there is one, through the real outbox to a mail server on this machine.

use soko_app_api::{
    Answer, Call, DeviceCommand, DeviceVerb, MailedRow, MailedState, MailedWay, PaperCall, PaperReply,
};
use soko_domain::ids::SaleId;

use crate::sink::Sink;
use crate::world::{Instead, Lossy, Marked, PASSWORD, Running, STALL, Shell, Ways, on_one_thread};

const SALE: SaleId = SaleId([0x41; 16]);

fn send(way: MailedWay, address: &str) -> Call {
    let (address, language) = (address.into(), "fr".into());
    Call::Paper(PaperCall::Mail { stall: STALL, sale: SALE, way, address, language })
}

const DAY_MS: i64 = 24 * 3_600_000;
/// What a register asks for a receipt by.
const ASKS: Marked = Marked { method: "PUT ", path: "/mailed/", instead: Instead::Nothing };

fn mail(address: &str) -> Call {
    send(MailedWay::Mail, address)
}

async fn rows(shell: &Shell) -> Vec<MailedRow> {
    match shell.call(Call::Paper(PaperCall::Mailed { stall: STALL, sale: SALE })).await {
        Answer::Paper(PaperReply::Mailed(view)) => view.rows,
        other => panic!("{other:?}"),
    }
}

/// Where the youngest of these rows stands, once it is not waiting any more.
async fn decided(shell: &Shell) -> MailedRow {
    let row = async || rows(shell).await.into_iter().find(|row| row.state != MailedState::Waiting);
    shell.until("the server's word", row).await
}

async fn is_copy(shell: &Shell) -> bool {
    match shell.call(Call::Paper(PaperCall::Look { stall: STALL, sale: SALE })).await {
        Answer::Paper(PaperReply::Receipt(view)) => view.is_copy,
        other => panic!("{other:?}"),
    }
}

async fn code(shell: &Shell, call: Call) -> String {
    match shell.call(call).await {
        Answer::Refused(refused) => refused.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_receipt_waits_for_a_connection_and_is_mailed_once() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let sink = Sink::open().await;
        let server = Running::start_with(&data, 0, Some(sink.address));
        let port = server.port();
        let till = Shell::open(&folder.path().join("till"));
        till.shop(&server).await;
        drop(server);

        assert_eq!(code(&till, mail("amina@example.org")).await, "unknown_sale");
        till.sell_mangoes(SALE).await;
        assert_eq!(code(&till, mail("amina at example.org")).await, "email_unreadable");
        assert!(!is_copy(&till).await && rows(&till).await.is_empty());
        let kept = till.call(mail(" amina@example.org ")).await;
        assert!(matches!(kept, Answer::Paper(PaperReply::Mailed(_))), "{kept:?}");
        let waiting = rows(&till).await;
        assert_eq!(waiting.iter().map(|row| row.state).collect::<Vec<_>>(), [MailedState::Waiting]);
        assert!(is_copy(&till).await, "what is printed now is the second one");

        // The first answer is that it waits in the outbox: what is heard after that is asked for by the same request again.
        let _server = Running::start_with(&data, port, Some(sink.address));
        till.device(DeviceVerb::ExchangeNow).await;
        let sent = till
            .until("it to leave", async || {
                rows(&till).await.into_iter().find(|row| row.state != MailedState::Waiting)
            })
            .await;
        assert_eq!((sent.state, sent.because.as_str()), (MailedState::Sent, ""));
        let mails = sink.taken();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].header("To"), "amina@example.org");
        let text = mails[0].text();
        for part in ["Total EUR", "5,00", "10,00", "Espèces"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    });
}

#[test]
fn a_receipt_by_text_is_refused_where_the_server_sends_none() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let till = Shell::open(&folder.path().join("till"));
        till.shop(&server).await;
        let text = |number| send(MailedWay::Text, number);
        assert_eq!(code(&till, text("+254 712 345 678")).await, "unknown_sale");
        till.sell_mangoes(SALE).await;
        for odd in ["", "0712 345 678", "amina@example.org", "+254 CALL ME"] {
            assert_eq!(code(&till, text(odd)).await, "telephone_unreadable", "{odd}");
        }
        assert!(rows(&till).await.is_empty());
        till.call(text(" +254 712-345-678 ")).await;
        let refused = till
            .until("the server's word", async || {
                rows(&till).await.into_iter().find(|row| row.state != MailedState::Waiting)
            })
            .await;
        assert_eq!((refused.way, refused.state), (MailedWay::Text, MailedState::Refused));
        assert!(refused.because.contains("sends no texts"), "{}", refused.because);
    });
}

/// A server whose mail server is away keeps what it took in its outbox.
fn without_a_mail_server() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn receipts_that_wait_at_the_server_keep_no_newer_one_waiting() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start_with(&data, 0, Some(without_a_mail_server()));
        let till = Shell::open(&folder.path().join("till"));
        till.shop(&server).await;
        // More than one look takes along; a sale has five.
        for number in 1..=5 {
            let sale = SaleId([number; 16]);
            till.sell_mangoes(sale).await;
            for _ in 0..5 {
                let (address, language) = ("amina@example.org".into(), "en".into());
                let way = MailedWay::Mail;
                till.call(Call::Paper(PaperCall::Mail { stall: STALL, sale, way, address, language })).await;
            }
        }
        till.sell_mangoes(SALE).await;
        till.call(send(MailedWay::Text, "+254 712 345 678")).await;
        assert_eq!(decided(&till).await.state, MailedState::Refused, "this server sends no texts");
    });
}

#[test]
fn a_server_that_is_busy_is_asked_again_when_it_said() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::open().await;
        let server = Running::start_with(&folder.path().join("server"), 0, Some(sink.address));
        let busy = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let lossy = Lossy::before(&server, (Marked { instead: Instead::Reply(busy), ..ASKS }, 1)).await;
        let till = Shell::open(&folder.path().join("till"));
        till.shop_at(lossy.url()).await;
        till.sell_mangoes(SALE).await;
        till.call(mail("amina@example.org")).await;
        till.until("it to be busy", async || (lossy.lost.get() == 1).then_some(())).await;
        // Another one goes at once, and the first is left alone meanwhile.
        till.call(send(MailedWay::Text, "+254 712 345 678")).await;
        assert_eq!(decided(&till).await.way, MailedWay::Text);
        let states: Vec<_> = rows(&till).await.into_iter().map(|row| (row.way, row.state)).collect();
        let expected = [(MailedWay::Text, MailedState::Refused), (MailedWay::Mail, MailedState::Waiting)];
        assert_eq!(states, expected);
        // Nobody rings: it wakes up by itself.
        till.until("the mail to be known as sent", async || {
            rows(&till).await.into_iter().find(|row| row.state == MailedState::Sent)
        })
        .await;
        assert_eq!(sink.taken().len(), 1);
    });
}

#[test]
fn what_nobody_can_have_got_makes_no_copy() {
    for was_handed_over in [false, true] {
        on_one_thread(async {
            let folder = tempfile::tempdir().unwrap();
            let sink = Sink::open().await;
            let server = Running::start_with(&folder.path().join("server"), 0, Some(sink.address));
            // No answer ever comes back.
            let lossy = Lossy::before(&server, (ASKS, u32::MAX)).await;
            let till = Shell::open(&folder.path().join("till"));
            let address = if was_handed_over { lossy.url() } else { server.url() };
            till.shop_at(address).await;
            till.sell_mangoes(SALE).await;
            let server = Some(server).filter(|_| was_handed_over);
            let asks_in_vain = async || {
                for _ in 0..5 {
                    let (email, password) = ("owner@example.org".into(), PASSWORD.into());
                    let (id, verb) = (till.device.random_id(), DeviceVerb::SignIn { email, password });
                    till.call(Call::Device(DeviceCommand { id, verb })).await;
                }
            };
            if !was_handed_over {
                // Whatever connections there were have ended.
                asks_in_vain().await;
                let is_away = async || (till.about().await.is_online == Some(false)).then_some(());
                till.until("the server to be away", is_away).await;
            }
            till.call(mail("amina@example.org")).await;
            if was_handed_over {
                till.until("it to leave", async || (!sink.taken().is_empty()).then_some(())).await;
            } else {
                // Until these have failed, the receipt has, too: it began before them.
                asks_in_vain().await;
            }
            assert!(is_copy(&till).await);
            till.close();
            drop(server);

            let late = Ways { ahead_ms: 31 * DAY_MS, ..Ways::default() };
            let till = Shell::open_so(&folder.path().join("till"), late);
            assert_eq!(decided(&till).await.state, MailedState::Refused);
            assert_eq!(is_copy(&till).await, was_handed_over);
        });
    }
}
