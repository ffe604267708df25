//! What a shopper meets: kept on the device in any case, sent once somebody agreed, and gone when they say so.

use std::path::Path;

use soko_app_api::{
    Answer, Arm, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, Call, ConsentView, DeviceCommand,
    DeviceReply, DeviceVerb, FunnelSteps, FunnelView, Liked, MarketQuery, MarketView, Noticed, Query, View,
    Window,
};
use soko_domain::delivery::Handing;
use soko_domain::ids::{OrderId, ProductId};
use soko_domain::interaction::{Met, Place};

use crate::world::*;

async fn buy(shell: &Shell, verb: BuyerVerb) {
    let command = BuyerCommand { id: shell.device.random_id(), verb };
    assert_eq!(shell.call(Call::Buy(command)).await, Answer::Bought);
}

fn noticed(met: Met, place: Place, product: ProductId) -> Noticed {
    Noticed { met, place, stall: STALL, product, arm: None }
}

async fn notice(shell: &Shell, all: &[Noticed]) {
    assert_eq!(shell.call(Call::Noticed(all.to_vec())).await, Answer::Bought);
}

async fn consent(shell: &Shell) -> ConsentView {
    match shell.call(Call::Buyer(BuyerQuery::Consent)).await {
        Answer::Buyer(BuyerView::Consent(view)) => view,
        other => panic!("{other:?}"),
    }
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

/// What is in the basket, to be fetched.
fn order() -> BuyerVerb {
    BuyerVerb::PlaceOrder {
        stall: STALL,
        order: OrderId([5; 16]),
        note: String::new(),
        pay: None,
        handing: Handing::Pickup,
        zone: String::new(),
        contact: None,
        coupon: String::new(),
        seen_total_minor: None,
        seen_tax_minor: None,
        card: String::new(),
        seen_card_minor: None,
    }
}

/// What the server keeps of whoever is signed in: what, where, and in which arm.
async fn at_server(shell: &Shell) -> Option<Vec<(String, String, String)>> {
    // A server that was just started anew may not answer yet.
    let command = DeviceCommand { id: shell.device.random_id(), verb: DeviceVerb::OwnData };
    let Answer::Device(DeviceReply::File(file)) = shell.call(Call::Device(command)).await else {
        return None;
    };
    let data: serde_json::Value = serde_json::from_slice(&file.bytes).unwrap();
    let text = |it: &serde_json::Value, field: &str| it[field].as_str().unwrap_or_default().to_owned();
    let one = |it: &serde_json::Value| (text(it, "met"), text(it, "place"), text(it, "arm"));
    let mut all: Vec<_> = data["interactions"].as_array().unwrap().iter().map(one).collect();
    all.sort();
    Some(all)
}

async fn until_there(shell: &Shell, what: &str, wanted: &[(&str, &str, &str)]) {
    let wanted: Vec<_> =
        wanted.iter().map(|it| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned())).collect();
    shell
        .until(what, async || {
            shell.device(DeviceVerb::ExchangeNow).await;
            (at_server(shell).await.as_ref() == Some(&wanted)).then_some(())
        })
        .await;
}

#[test]
fn nothing_leaves_before_somebody_agrees_and_nothing_stays_that_they_want_gone() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let server = Running::start(&at("server"));
        let port = server.port();
        let stall = Shell::open(&at("till"));
        stall.shop(&server).await;
        let phone = visitor(&at("phone"), &server).await;
        phone.sign_up(&server, "amina@example.org").await;

        // Before anybody was asked: kept here, the same within the hour once, and not sent.
        let seen = [noticed(Met::Seen, Place::Home, MANGO), noticed(Met::Opened, Place::Product, MANGO)];
        notice(&phone, &seen).await;
        notice(&phone, &seen).await;
        // What only the device can know, and what names no arm, is not believed.
        let odd = Arm { experiment: "home".into(), arm: String::new() };
        let odd = Noticed { arm: Some(odd), ..noticed(Met::Suggested, Place::Home, TEA) };
        notice(&phone, &[noticed(Met::Ordered, Place::Home, TEA), odd]).await;
        let view = ConsentView { agrees: None, is_due: false, gathered: 2, is_forgetting: false };
        assert_eq!(consent(&phone).await, view);
        until_there(&phone, "nothing to be sent", &[]).await;

        // Agreed, and alone for a while: what is met from now on waits, and survives a start.
        buy(&phone, BuyerVerb::Consent { agrees: true }).await;
        drop(server);
        notice(&phone, &seen[..1]).await;
        let arm = Some(Arm { experiment: "home".into(), arm: "b".into() });
        let tapped = |met| Noticed { arm: arm.clone(), ..noticed(met, Place::Home, TEA) };
        notice(&phone, &[tapped(Met::Suggested), tapped(Met::Followed)]).await;
        for quantity in [1, 2] {
            buy(&phone, BuyerVerb::PutLine { stall: STALL, product: TEA, quantity, shown: None }).await;
        }
        buy(&phone, BuyerVerb::Like { it: Liked { stall: STALL, product: MANGO }, is_liked: true }).await;
        phone.close();
        let server = Running::start_at(&at("server"), port);
        let phone = Shell::open(&at("phone"));
        let sent = [
            ("followed", "home", "b"),
            ("liked", "product", ""),
            ("put", "home", "b"),
            ("seen", "home", ""),
            ("suggested", "home", "b"),
        ];
        until_there(&phone, "what was met alone", &sent).await;
        // An order, and a suggestion that is sent away.
        buy(&phone, order()).await;
        buy(&phone, BuyerVerb::Unwanted { product: MANGO, is_unwanted: true }).await;
        let more = [&[("dismissed", "product", "")], &sent[..2], &[("ordered", "basket", "b")], &sent[2..]];
        until_there(&phone, "the order and what was sent away", &more.concat()).await;

        // Taken back: what comes now stays here, and what was sent goes there. And then all of it goes here, too.
        buy(&phone, BuyerVerb::Consent { agrees: false }).await;
        notice(&phone, &[noticed(Met::Seen, Place::Search, TEA)]).await;
        until_there(&phone, "nothing of what was agreed to before", &[]).await;
        drop(server);
        buy(&phone, BuyerVerb::ForgetNoticed).await;
        let view = ConsentView { agrees: Some(false), is_due: false, gathered: 0, is_forgetting: true };
        assert_eq!(consent(&phone).await, view);
        let _server = Running::start_at(&at("server"), port);
        until_there(&phone, "nothing of them at the server", &[]).await;
        phone.until("to hear of it", async || (!consent(&phone).await.is_forgetting).then_some(())).await;
        for shell in [stall, phone] {
            shell.close();
        }
    });
}

#[test]
fn what_is_gathered_is_bounded_and_asked_about_once_there_is_something() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(&folder.path().join("phone"));
        let product = |number: u16| {
            let mut product = ProductId::default();
            product.0[..2].copy_from_slice(&number.to_be_bytes());
            product
        };
        let seen = |numbers: std::ops::Range<u16>| -> Vec<Noticed> {
            numbers.map(|it| noticed(Met::Seen, Place::Home, product(it))).collect()
        };
        notice(&shell, &seen(0..12)).await;
        // Without a server there is nobody to send it to.
        assert!(!consent(&shell).await.is_due);
        shell.device(DeviceVerb::UseServer { server: "http://127.0.0.1:9".into() }).await;
        assert!(consent(&shell).await.is_due);
        for portion in 0..30 {
            notice(&shell, &seen(portion * 200..portion * 200 + 200)).await;
        }
        assert_eq!(consent(&shell).await.gathered, 5_000);
        let Answer::Refused(refused) = shell.call(Call::Noticed(seen(0..201))).await else { panic!("taken") };
        assert_eq!(refused.code, "too_large");
        buy(&shell, BuyerVerb::Consent { agrees: true }).await;
        assert_eq!(consent(&shell).await.agrees, Some(true));
        // Another server is another question, and so is another person.
        shell.device(DeviceVerb::UseServer { server: "http://127.0.0.1:10".into() }).await;
        assert_eq!(consent(&shell).await.agrees, None);
        shell.close();
    });
}

#[test]
fn a_seller_sees_the_way_of_the_shoppers_and_its_age_without_a_network() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let server = Running::start(&at("server"));
        let stall = Shell::open(&at("till"));
        stall.shop(&server).await;
        for number in 0..5 {
            let shell = visitor(&at(&format!("phone {number}")), &server).await;
            buy(&shell, BuyerVerb::Consent { agrees: true }).await;
            notice(&shell, &[noticed(Met::Seen, Place::Home, MANGO)]).await;
            if number == 0 {
                notice(&shell, &[noticed(Met::Opened, Place::Product, MANGO)]).await;
            }
            shell.device(DeviceVerb::ExchangeNow).await;
            shell
                .until("everything to be sent", async || {
                    let sql = "select 1 from interaction where standing <> 2 limit 1";
                    let read = |tx: &mut dyn soko_record_log::Tx| tx.query_opt(sql, &[]);
                    let waits = shell.device.engine().unwrap().database().read(read).unwrap();
                    waits.is_none().then_some(())
                })
                .await;
            shell.close();
        }
        let ask = async || match stall.ask(Query::Funnel { stall: STALL, days: 7 }).await {
            View::Funnel(view) => view,
            other => panic!("{other:?}"),
        };
        let view = ask().await;
        let steps = FunnelSteps { seen: Some(5), opened: None, put: Some(0), ordered: Some(0) };
        assert_eq!((view.is_now, view.all), (true, steps));
        let [row] = &view.products[..] else { panic!("{view:?}") };
        assert_eq!((row.name.as_str(), row.steps), ("Mango", steps));
        drop(server);
        assert_eq!(ask().await, FunnelView { is_now: false, ..view });
        // Nothing was ever said of another span.
        let View::Funnel(none) = stall.ask(Query::Funnel { stall: STALL, days: 28 }).await else { panic!() };
        assert_eq!((none.told_ms, none.products.len()), (None, 0));
        stall.close();
    });
}
