//! A receipt by mail or by text: asked for without a network, sent once there is one, through the real outbox to a mail server on this machine.

use soko_app_api::{Answer, Call, DeviceVerb, MailedRow, MailedState, MailedWay, PaperCall, PaperReply};
use soko_domain::ids::SaleId;

use crate::sink::Sink;
use crate::world::{Running, STALL, Shell, on_one_thread};

const SALE: SaleId = SaleId([0x41; 16]);

fn send(way: MailedWay, address: &str) -> Call {
    let (address, language) = (address.into(), "fr".into());
    Call::Paper(PaperCall::Mail { stall: STALL, sale: SALE, way, address, language })
}

fn mail(address: &str) -> Call {
    send(MailedWay::Mail, address)
}

async fn rows(shell: &Shell) -> Vec<MailedRow> {
    match shell.call(Call::Paper(PaperCall::Mailed { stall: STALL, sale: SALE })).await {
        Answer::Paper(PaperReply::Mailed(view)) => view.rows,
        other => panic!("{other:?}"),
    }
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
