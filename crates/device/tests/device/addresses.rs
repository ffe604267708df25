//! The address book: without a signal, without an account, on all devices of somebody who has one, and gone with it.

use std::path::Path;

use soko_app_api::{
    AddressInput, AddressView, Answer, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, Call, CheckoutView,
    ContactView, DeviceReply, DeviceVerb,
};
use soko_domain::ids::ThingId;

use crate::sink::Sink;
use crate::world::*;

const HOME: ThingId = ThingId([1; 16]);
const WORK: ThingId = ThingId([2; 16]);
const AUNT: ThingId = ThingId([3; 16]);

fn at(address: &str) -> ContactView {
    ContactView { name: "Amina".into(), reach: "+254 700 000 001".into(), address: address.into() }
}

async fn buy(shell: &Shell, verb: BuyerVerb) -> Answer {
    shell.call(Call::Buy(BuyerCommand { id: shell.device.random_id(), verb })).await
}

fn put(address: ThingId, label: &str, goes_to: &str, is_usual: bool) -> BuyerVerb {
    let it = AddressInput { label: label.into(), contact: at(goes_to), is_usual };
    BuyerVerb::PutAddress { address, it }
}

async fn keep(shell: &Shell, address: ThingId, label: &str, goes_to: &str) {
    assert_eq!(buy(shell, put(address, label, goes_to, false)).await, Answer::Bought);
}

async fn views(shell: &Shell) -> Vec<AddressView> {
    match shell.call(Call::Buyer(BuyerQuery::Addresses)).await {
        Answer::Buyer(BuyerView::Addresses(views)) => views,
        other => panic!("{other:?}"),
    }
}

async fn labels(shell: &Shell) -> Vec<String> {
    views(shell).await.into_iter().map(|it| format!("{}: {}", it.label, it.contact.address)).collect()
}

async fn checkout(shell: &Shell) -> CheckoutView {
    let query = BuyerQuery::Checkout {
        stall: STALL,
        handing: None,
        zone: String::new(),
        coupon: Some(String::new()),
        card: None,
    };
    match shell.call(Call::Buyer(query)).await {
        Answer::Buyer(BuyerView::Checkout(view)) => *view,
        other => panic!("{other:?}"),
    }
}

/// Asks now and then, since another device rings nobody's bell.
async fn until(shell: &Shell, what: &str, wanted: &[&str]) {
    shell.until(what, async || (labels(shell).await == wanted).then_some(())).await;
}

async fn visitor(folder: &Path, server: &Running) -> Shell {
    let shell = Shell::open(folder);
    shell.device(DeviceVerb::UseServer { server: server.url() }).await;
    shell
}

async fn sign_in(shell: &Shell, email: &str) {
    shell.device(DeviceVerb::SignIn { email: email.into(), password: PASSWORD.into() }).await;
}

#[test]
fn addresses_kept_alone_meet_on_all_devices_of_a_person_and_nobody_elses_and_go_with_the_account() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let server = Running::start(&path("server"));
        let port = server.port();
        let tablet = visitor(&path("tablet"), &server).await;
        tablet.sign_up(&server, "amina@example.org").await;
        tablet.sign_up(&server, "baraka@example.org").await;
        tablet.device(DeviceVerb::SignOut).await;
        let phone = visitor(&path("phone"), &server).await;
        drop(server);

        // Nobody is signed in and nobody answers: it is kept all the same, and still after a start.
        keep(&phone, HOME, "Home", "Moi Avenue 7").await;
        keep(&phone, WORK, " Work ", "Uhuru Street 1\n2nd floor").await;
        phone.close();
        let phone = Shell::open(&path("phone"));
        assert_eq!(labels(&phone).await, ["Home: Moi Avenue 7", "Work: Uhuru Street 1\n2nd floor"]);
        let usual: Vec<bool> = views(&phone).await.iter().map(|it| it.is_usual).collect();
        assert_eq!(usual, [true, false], "the first is the usual one");

        // Signed in, it is the person's, here and on the other device; apart they edit, and both edits hold.
        let server = Running::start_at(&path("server"), port);
        sign_in(&phone, "amina@example.org").await;
        sign_in(&tablet, "amina@example.org").await;
        let both = ["Home: Moi Avenue 7", "Work: Uhuru Street 1\n2nd floor"];
        until(&tablet, "what the phone keeps", &both).await;
        drop(server);
        assert_eq!(buy(&tablet, put(WORK, "Work", "Kenyatta Road 3", true)).await, Answer::Bought);
        keep(&phone, AUNT, "Aunt", "Lamu").await;
        let _server = Running::start_at(&path("server"), port);
        let all = ["Work: Kenyatta Road 3", "Aunt: Lamu", "Home: Moi Avenue 7"];
        until(&phone, "what both wrote, the usual one first", &all).await;
        until(&tablet, "the same there", &all).await;
        assert_eq!(buy(&phone, BuyerVerb::RemoveAddress { address: WORK }).await, Answer::Bought);
        until(&tablet, "what was taken out", &["Home: Moi Avenue 7", "Aunt: Lamu"]).await;

        // Whoever uses the tablet next sees none of it, and says nothing in another's name.
        tablet.device(DeviceVerb::SignOut).await;
        assert_eq!(labels(&tablet).await, [""; 0]);
        sign_in(&tablet, "baraka@example.org").await;
        keep(&tablet, HOME, "Mine", "Kisumu").await;
        until(&tablet, "another person's", &["Mine: Kisumu"]).await;
        until(&phone, "the same as before", &["Home: Moi Avenue 7", "Aunt: Lamu"]).await;

        // All of it can be taken away, and ended.
        let DeviceReply::File(file) = phone.device(DeviceVerb::OwnData).await else { panic!("no file") };
        let text = String::from_utf8(file.bytes).unwrap();
        assert!(text.contains("Moi Avenue 7") && text.contains("Lamu"), "{text}");
        assert!(!text.contains("Kisumu") && !text.contains("Kenyatta"), "{text}");
        phone.device(DeviceVerb::EraseAccount { password: PASSWORD.into() }).await;
        assert_eq!(labels(&phone).await, [""; 0]);
        until(&tablet, "what is another's stays", &["Mine: Kisumu"]).await;
        for shell in [tablet, phone] {
            shell.close();
        }
    });
}

#[test]
fn an_address_is_written_at_the_checkout_and_what_cannot_be_kept_is_refused() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        assert_eq!((checkout(&shell).await.addresses, checkout(&shell).await.contact), Default::default());
        keep(&shell, HOME, "Home", "Moi Avenue 7").await;
        keep(&shell, AUNT, "Aunt", "Lamu").await;
        let view = checkout(&shell).await;
        assert_eq!((view.contact, view.addresses.len()), (at("Moi Avenue 7"), 2));
        assert_eq!(buy(&shell, put(AUNT, "Aunt", "Lamu", true)).await, Answer::Bought);
        assert_eq!(checkout(&shell).await.contact, at("Lamu"), "the usual one");

        let refused = async |verb| match buy(&shell, verb).await {
            Answer::Refused(refused) => refused.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(put(WORK, "", "Lamu", false)).await, "address_missing");
        assert_eq!(refused(put(WORK, &"x".repeat(61), "Lamu", false)).await, "address_too_long");
        assert_eq!(refused(put(WORK, "Wo\nrk", "Lamu", false)).await, "address_odd");
        for number in 3..=20 {
            keep(&shell, ThingId([number; 16]), &format!("Place {number}"), "Nairobi").await;
        }
        keep(&shell, ThingId([21; 16]), "Place 21", "Nairobi").await;
        assert_eq!(views(&shell).await.len(), 20);
        assert_eq!(refused(put(WORK, "Work", "Lamu", false)).await, "addresses_full");
        assert_eq!(buy(&shell, BuyerVerb::RemoveAddress { address: AUNT }).await, Answer::Bought);
        keep(&shell, WORK, "Work", "Nairobi").await;
        shell.close();
    });
}

#[test]
fn an_account_that_has_another_mail_address_keeps_what_its_devices_had_under_the_old_one() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let sink = Sink::open().await;
        let server = Running::start_with(&path("server"), 0, Some(sink.address));
        let (phone, tablet) =
            (visitor(&path("phone"), &server).await, visitor(&path("tablet"), &server).await);
        phone.sign_up(&server, "amina@example.org").await;
        sign_in(&tablet, "amina@example.org").await;
        keep(&phone, HOME, "Home", "Moi Avenue 7").await;
        until(&tablet, "what the phone keeps", &["Home: Moi Avenue 7"]).await;

        let (email, password) = ("amina@new.example".to_owned(), "not the password".to_owned());
        let wrong = DeviceVerb::ChangeEmail { email: email.clone(), password };
        assert_eq!(phone.device_refused(wrong).await, "wrong_credentials");
        phone.device(DeviceVerb::ChangeEmail { email: email.clone(), password: PASSWORD.into() }).await;
        sink.heard(2).await;
        let mails = sink.taken();
        let confirm = mails.iter().find(|mail| mail.header("To") == email).unwrap();
        let link = format!("{}{}", server.url(), confirm.link("/confirm-address/"));
        let pressed = reqwest::Client::new().post(link).send().await.unwrap();
        assert!(pressed.status().is_success(), "{pressed:?}");

        for shell in [&phone, &tablet] {
            let is_new = async || {
                views(shell).await;
                (shell.about().await.account.as_deref() == Some(email.as_str())).then_some(())
            };
            shell.until("the new address", is_new).await;
            assert_eq!(labels(shell).await, ["Home: Moi Avenue 7"]);
        }
        keep(&tablet, AUNT, "Aunt", "Lamu").await;
        until(&phone, "what is kept afterwards", &["Home: Moi Avenue 7", "Aunt: Lamu"]).await;
        for shell in [phone, tablet] {
            shell.close();
        }
    });
}
