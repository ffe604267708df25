//! Likes: without a signal, without an account, on all devices of somebody who has one, and gone with it.

use std::path::Path;

use soko_app_api::{
    Answer, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, Call, DeviceReply, DeviceVerb, Liked, Likes,
    MarketQuery, MarketView, Window,
};
use soko_domain::ids::ProductId;

use crate::world::*;

async fn like(shell: &Shell, product: ProductId, is_liked: bool) {
    let verb = BuyerVerb::Like { it: Liked { stall: STALL, product }, is_liked };
    let command = BuyerCommand { id: shell.device.random_id(), verb };
    assert_eq!(shell.call(Call::Buy(command)).await, Answer::Bought);
}

async fn keys(shell: &Shell) -> Vec<ProductId> {
    match shell.call(Call::Buyer(BuyerQuery::LikedKeys)).await {
        Answer::Buyer(BuyerView::LikedKeys(keys)) => keys.into_iter().map(|it| it.product).collect(),
        other => panic!("{other:?}"),
    }
}

async fn page(shell: &Shell) -> Likes {
    match shell.call(Call::Buyer(BuyerQuery::Likes { window: Window::first(10) })).await {
        Answer::Buyer(BuyerView::Likes(likes)) => likes,
        other => panic!("{other:?}"),
    }
}

/// Asks now and then, since another device rings nobody's bell.
async fn until_liked(shell: &Shell, what: &str, wanted: &[ProductId]) {
    shell
        .until(what, async || {
            page(shell).await;
            (keys(shell).await == wanted).then_some(())
        })
        .await;
}

async fn visitor(folder: &Path, server: &Running) -> Shell {
    let shell = Shell::open(folder);
    shell.device(DeviceVerb::UseServer { server: server.url() }).await;
    let query = MarketQuery::Offers {
        stall: None,
        text: String::new(),
        category: None,
        families: true,
        window: Window::first(9),
    };
    shell
        .until("the market", async || match shell.call(Call::Market(query.clone())).await {
            Answer::Market(MarketView::Offers(seen)) => (seen.value.len() == 2).then_some(()),
            _ => None,
        })
        .await;
    shell
}

async fn sign_in(shell: &Shell, email: &str) {
    shell.device(DeviceVerb::SignIn { email: email.into(), password: PASSWORD.into() }).await;
}

#[test]
fn likes_made_alone_are_kept_and_meet_on_all_devices_of_a_person_and_nobody_elses() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let server = Running::start(&at("server"));
        let port = server.port();
        let stall = Shell::open(&at("till"));
        stall.shop(&server).await;
        let tablet = visitor(&at("tablet"), &server).await;
        tablet.sign_up(&server, "amina@example.org").await;
        tablet.sign_up(&server, "baraka@example.org").await;
        tablet.device(DeviceVerb::SignOut).await;
        let phone = visitor(&at("phone"), &server).await;
        drop(server);

        // Nobody is signed in and nobody answers: it is liked all the same, and still after a start.
        like(&phone, MANGO, true).await;
        like(&phone, TEA, true).await;
        phone.close();
        let phone = Shell::open(&at("phone"));
        let seen = page(&phone).await;
        let names: Vec<&str> = seen.offers.iter().map(|row| row.name.as_str()).collect();
        assert_eq!((names, seen.gone), (vec!["Crème tea", "Mango"], 0), "the latest first");
        like(&phone, TEA, false).await;
        assert_eq!(keys(&phone).await, [MANGO]);

        // Signed in, it is the person's, here and on the other device.
        let _server = Running::start_at(&at("server"), port);
        sign_in(&phone, "amina@example.org").await;
        sign_in(&tablet, "amina@example.org").await;
        until_liked(&tablet, "what the phone liked", &[MANGO]).await;
        assert_eq!(page(&tablet).await.offers[0].name, "Mango");
        like(&tablet, MANGO, false).await;
        like(&tablet, TEA, true).await;
        until_liked(&phone, "what the tablet said", &[TEA]).await;

        // Whoever uses the tablet next sees none of it, and says nothing in another's name.
        tablet.device(DeviceVerb::SignOut).await;
        assert_eq!(keys(&tablet).await, []);
        sign_in(&tablet, "baraka@example.org").await;
        like(&tablet, MANGO, true).await;
        until_liked(&tablet, "another person's", &[MANGO]).await;
        until_liked(&phone, "the same as before", &[TEA]).await;

        // All of it can be taken away, and ended.
        let DeviceReply::File(file) = phone.device(DeviceVerb::OwnData).await else { panic!("no file") };
        let text = String::from_utf8(file.bytes).unwrap();
        assert!(text.contains("amina@example.org") && text.contains(&TEA.to_string()), "{text}");
        assert!(!text.contains("baraka"), "{text}");
        let wrong = DeviceVerb::EraseAccount { password: "not the password".into() };
        assert_eq!(phone.device_refused(wrong).await, "wrong_credentials");
        phone.device(DeviceVerb::EraseAccount { password: PASSWORD.into() }).await;
        assert_eq!((keys(&phone).await, phone.about().await.account), (vec![], None));
        let again = DeviceVerb::SignIn { email: "amina@example.org".into(), password: PASSWORD.into() };
        assert_eq!(phone.device_refused(again).await, "wrong_credentials");
        for shell in [stall, tablet, phone] {
            shell.close();
        }
    });
}
