//! What goes with what: learnt by the server from what was sold, and suggested by devices that are alone again.

use std::path::Path;
use std::sync::Arc;

use soko_app_api::{
    Answer, Because, BeyondShare, BuyerCommand, BuyerVerb, Call, DeviceVerb, DiscountInput, Liked,
    MarketQuery, MarketView, Noticed, OptionValue, ProductContent, ProductEdit, SaleAbout, SaleLineInput,
    SuggestQuery, Suggested, Suggestions, TenderInput, VariantInput, Verb, Window,
};
use soko_device::Options;
use soko_domain::delivery::Handing;
use soko_domain::ids::{Hash, LogId, OrderId, ProductId, SaleId, ThingId};
use soko_domain::interaction::{self, Met};
use soko_experiment::Metric;
use soko_experiment::assign::Shares;
use soko_sync_server::experiments::{self, Wanted, WantedArm};
use soko_sync_server::model::{self, NotTrained};
use soko_sync_server::outside::{Clock as _, SystemClock};
use soko_sync_server::store::{Place, Shard, Store};

use crate::world::*;

async fn sell(shell: &Shell, number: u8, lines: &[ProductId]) {
    let verb = Verb::MakeSale {
        sale: SaleId([number; 16]),
        lines: lines.iter().map(|product| SaleLineInput::of(*product, 1)).collect(),
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(10_000)],
        beyond: BeyondShare::Allow,
        about: SaleAbout::default(),
    };
    shell.done(verb).await;
}

/// So many that it shows where counts are told rounded: 70 of 100 baskets.
async fn sell_ten_more(stall: &Shell) {
    for number in 90..100 {
        sell(stall, number, &[MANGO, TEA]).await;
    }
}

/// Something done with the data of a server that is stopped.
fn in_store<T: Send + 'static>(data: &Path, work: impl FnOnce(&Store) -> T + Send + 'static) -> T {
    let place = Place::Directory(data.to_owned());
    // A thread that may wait.
    let done = std::thread::spawn(move || {
        let store = Store::open(&place, Arc::new(|_| {})).unwrap();
        let done = work(&store);
        store.close();
        done
    });
    done.join().unwrap()
}

/// What the server does by itself now and then, done at once.
fn learn(data: &Path) -> Result<model::Trained, NotTrained> {
    in_store(data, |store| {
        model::train(store, SystemClock.now_ms(), &|_, _| std::ops::ControlFlow::Continue(()))
    })
}

fn for_me() -> SuggestQuery {
    SuggestQuery::ForMe { around: None }
}

async fn suggestions(shell: &Shell, query: SuggestQuery) -> Suggestions {
    match shell.call(Call::Suggest(query)).await {
        Answer::Suggested(found) => found,
        other => panic!("{other:?}"),
    }
}

async fn offers(shell: &Shell, query: SuggestQuery) -> Vec<(ProductId, Because)> {
    match suggestions(shell, query).await {
        Suggestions::Offers(found) => found.into_iter().map(|it| (it.row.product, it.because)).collect(),
        other => panic!("{other:?}"),
    }
}

fn opened(product: ProductId) -> Noticed {
    Noticed { met: Met::Opened, place: interaction::Place::Product, stall: STALL, product, arm: None }
}

async fn buy(shell: &Shell, id: u8, verb: BuyerVerb) {
    assert_eq!(shell.call(Call::Buy(BuyerCommand { id: ThingId([id; 16]), verb })).await, Answer::Bought);
}

/// A stall that sold both in 60 baskets and mangoes alone in 30, the server that learnt it and is stopped, and its port.
async fn taught(till: &Path, data: &Path) -> (Shell, u16) {
    let server = Running::start(data);
    let port = server.port();
    let stall = Shell::open(till);
    stall.shop(&server).await;
    stall.receive(MANGO, 500).await;
    stall.receive(TEA, 500).await;
    for number in 0..40 {
        sell(&stall, number, &[MANGO, TEA]).await;
    }
    let sent = async || {
        stall.until("the server to have it", async || (stall.status().await.unsent == 0).then_some(())).await;
    };
    sent().await;
    drop(server);
    assert!(matches!(learn(data), Err(NotTrained::TooFew(40))));
    let server = Running::start_at(data, port);
    for number in 40..60 {
        sell(&stall, number, &[MANGO, TEA]).await;
    }
    for number in 60..90 {
        sell(&stall, number, &[MANGO]).await;
    }
    stall.device(DeviceVerb::ExchangeNow).await;
    sent().await;
    drop(server);
    let first = learn(data).unwrap();
    assert!(first.is_in_use && first.card.baskets == 90 && first.card.products == 2, "{:?}", first.card);
    // Nothing happened since: the same trade gives the same model.
    assert_eq!(learn(data).unwrap().model, first.model);
    (stall, port)
}

#[test]
fn what_was_sold_together_is_suggested_offline_to_buyer_and_cashier_with_its_reason() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let (stall, port) = taught(&till, &data).await;
        let server = Running::start_at(&data, port);
        let shopper = Shell::open(&phone);
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
        let reason = Because::Together { with: "Mango".into(), both: 60, of: 90 };
        shopper
            .until("the model and the offers", async || {
                let found = offers(&shopper, with_mango.clone()).await;
                (found == [(TEA, reason.clone())]).then_some(())
            })
            .await;
        let at_counter = SuggestQuery::AtCounter { stall: STALL, products: vec![MANGO] };
        stall
            .until("the model at the register", async || {
                let Suggestions::Products(found) = suggestions(&stall, at_counter.clone()).await else {
                    panic!("a register gets its own products");
                };
                let [Suggested { row, because, .. }] = found.try_into().ok()?;
                (row.product == TEA && because == reason && row.own_share > 0).then_some(())
            })
            .await;
        drop(server);

        // Alone, and opened again.
        shopper.close();
        let shopper = Shell::open(&phone);
        assert_eq!(offers(&shopper, with_mango).await, [(TEA, reason.clone())]);
        let popular = offers(&shopper, for_me()).await;
        assert_eq!(popular, [(MANGO, Because::Popular), (TEA, Because::Popular)]);
        // What is in the basket is not suggested, and says what goes with it.
        buy(&shopper, 1, BuyerVerb::PutLine { stall: STALL, product: MANGO, quantity: 1, shown: None }).await;
        assert_eq!(offers(&shopper, for_me()).await, [(TEA, reason.clone())]);
        let with_all = |products| offers(&shopper, SuggestQuery::WithAll { stall: STALL, products });
        assert_eq!(with_all(vec![MANGO]).await, [(TEA, reason.clone())]);
        assert_eq!(with_all(vec![MANGO, TEA]).await, [], "all of it lies in the basket");
        // What somebody sent away stays away, until they want it back.
        buy(&shopper, 2, BuyerVerb::Unwanted { product: TEA, is_unwanted: true }).await;
        assert_eq!(offers(&shopper, for_me()).await, []);
        buy(&shopper, 3, BuyerVerb::Unwanted { product: TEA, is_unwanted: false }).await;
        assert_eq!(offers(&shopper, for_me()).await, [(TEA, reason)]);
        // What is liked counts like what was had, and the reason says so; not liked any more, it does not.
        buy(&shopper, 4, BuyerVerb::EmptyBasket { stall: STALL }).await;
        let liked = Liked { stall: STALL, product: MANGO };
        buy(&shopper, 5, BuyerVerb::Like { it: liked, is_liked: true }).await;
        let because = Because::Liked { product: "Mango".into() };
        assert_eq!(offers(&shopper, for_me()).await, [(TEA, because)]);
        buy(&shopper, 6, BuyerVerb::Like { it: liked, is_liked: false }).await;
        let popular = offers(&shopper, for_me()).await;
        assert_eq!(popular, [(MANGO, Because::Popular), (TEA, Because::Popular)]);
        // What was only looked at counts where nothing else is known.
        assert_eq!(shopper.call(Call::Noticed(vec![opened(MANGO)])).await, Answer::Bought);
        let because = Because::Looked { product: "Mango".into() };
        assert_eq!(offers(&shopper, for_me()).await, [(TEA, because)]);
        let query = MarketQuery::Stalls { text: String::new(), window: Window::first(5) };
        let Answer::Market(MarketView::Stalls(seen)) = shopper.call(Call::Market(query)).await else {
            panic!("no stalls")
        };
        assert!(!seen.is_fresh, "this was done without the server");
    });
}

/// Two people use one phone: neither is told what the other one had, liked or did not want.
#[test]
fn what_one_person_had_and_sent_away_says_nothing_to_who_signs_in_after_them() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let (_stall, port) = taught(&till, &data).await;
        let server = Running::start_at(&data, port);
        let shopper = Shell::open(&phone);
        shopper.sign_up(&server, "amina@example.org").await;
        let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
        let reason = Because::Together { with: "Mango".into(), both: 60, of: 90 };
        let told = [(TEA, reason.clone())];
        shopper
            .until("the model and the offers", async || {
                (offers(&shopper, with_mango.clone()).await == told).then_some(())
            })
            .await;
        buy(&shopper, 1, BuyerVerb::PutLine { stall: STALL, product: MANGO, quantity: 1, shown: None }).await;
        let order = BuyerVerb::PlaceOrder {
            stall: STALL,
            order: OrderId([7; 16]),
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
        };
        buy(&shopper, 2, order).await;
        assert_eq!(offers(&shopper, for_me()).await, told);
        buy(&shopper, 3, BuyerVerb::Unwanted { product: TEA, is_unwanted: true }).await;
        assert_eq!(offers(&shopper, for_me()).await, []);
        assert_eq!(offers(&shopper, with_mango.clone()).await, [], "nor on the page of a product");

        shopper.device(DeviceVerb::SignOut).await;
        let popular = [(MANGO, Because::Popular), (TEA, Because::Popular)];
        assert_eq!(offers(&shopper, for_me()).await, popular, "a guest is somebody else");
        shopper.sign_up(&server, "juma@example.org").await;
        assert_eq!(offers(&shopper, for_me()).await, popular);
        assert_eq!(offers(&shopper, with_mango.clone()).await, told);
        shopper.device(DeviceVerb::SignOut).await;
        let email = "amina@example.org".into();
        shopper.device(DeviceVerb::SignIn { email, password: PASSWORD.into() }).await;
        assert_eq!(offers(&shopper, with_mango).await, []);
    });
}

const DELTAS: Marked = Marked {
    method: "GET ",
    path: "/from/",
    instead: Instead::Reply(
        "HTTP/1.1 200 OK\r\ncontent-length: 18\r\nconnection: close\r\n\r\nno difference here",
    ),
};

#[test]
fn a_damaged_difference_is_refused_and_the_whole_model_is_fetched() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let (stall, port) = taught(&till, &data).await;
        let server = Running::start_at(&data, port);
        let way = Lossy::before(&server, (DELTAS, 9)).await;
        let shopper = Shell::open(&phone);
        shopper.device(DeviceVerb::UseServer { server: way.url() }).await;
        let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
        let until = async |shopper: &Shell, both, of| {
            let told = [(TEA, Because::Together { with: "Mango".into(), both, of })];
            shopper
                .until("the model in use", async || {
                    (offers(shopper, with_mango.clone()).await == told).then_some(())
                })
                .await;
        };
        until(&shopper, 60, 90).await;
        assert_eq!(way.lost.get(), 0, "who has none asks for no difference");
        sell_ten_more(&stall).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the server to have it", async || (stall.status().await.unsent == 0).then_some(())).await;
        drop(server);
        shopper.close();
        assert!(learn(&data).unwrap().is_in_use);
        let _server = Running::start_at(&data, port);
        let shopper = Shell::open(&phone);
        until(&shopper, 70, 100).await;
        assert!(way.lost.get() > 0, "a difference was asked for");
        way.end().await;
    });
}

/// Nobody ever buys it here.
const GREEN: ProductId = ProductId([0x33; 16]);

#[test]
fn a_new_product_is_suggested_offline_with_what_it_is_like_before_anybody_bought_it() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let (stall, port) = taught(&till, &data).await;
        let server = Running::start_at(&data, port);
        let content = ProductContent::piece("Green mango", 240);
        stall.done(Verb::CreateProduct { product: GREEN, content }).await;
        stall.receive(GREEN, 20).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the server to have it", async || (stall.status().await.unsent == 0).then_some(())).await;
        drop(server);
        let trained = learn(&data).unwrap();
        assert!(trained.is_in_use && trained.card.products == 3, "{:?}", trained.card);

        let server = Running::start_at(&data, port);
        let shopper = Shell::open(&phone);
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        let with_green = SuggestQuery::With { stall: STALL, product: GREEN };
        let like_green = SuggestQuery::Similar { stall: STALL, product: GREEN };
        let because = |product: &str| Because::Similar { product: product.into() };
        shopper
            .until("the model and the offers", async || {
                let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
                let (found, said) =
                    (offers(&shopper, like_green.clone()).await, offers(&shopper, with_mango).await);
                // Without a model nothing goes with anything.
                (found.first() == Some(&(MANGO, because("Green mango"))) && !said.is_empty()).then_some(())
            })
            .await;
        drop(server);
        // Alone, and opened again.
        shopper.close();
        let shopper = Shell::open(&phone);
        assert_eq!(offers(&shopper, like_green.clone()).await[0], (MANGO, because("Green mango")));
        assert_eq!(offers(&shopper, with_green).await, [], "nobody bought it with something yet");
        buy(&shopper, 1, BuyerVerb::PutLine { stall: STALL, product: MANGO, quantity: 1, shown: None }).await;
        let found = offers(&shopper, for_me()).await;
        assert!(found.contains(&(GREEN, because("Mango"))), "{found:?}");
        // It was bought together with nothing, and nobody is told so.
        let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
        let found = offers(&shopper, with_mango).await;
        assert!(found.len() == 1 && found[0].0 == TEA, "{found:?}");
        let found = offers(&shopper, SuggestQuery::Similar { stall: STALL, product: MANGO }).await;
        assert!(found.iter().all(|it| it.0 != TEA), "it is said once: {found:?}");
        // What somebody sends away stays away wherever it was shown.
        buy(&shopper, 2, BuyerVerb::Unwanted { product: MANGO, is_unwanted: true }).await;
        assert!(offers(&shopper, like_green).await.iter().all(|it| it.0 != MANGO));
    });
}

const EXPERIMENT: ThingId = ThingId([0xe1; 16]);

/// Nearly every device gets the second of these.
fn try_out(data: &Path, models: [Hash; 2]) {
    share_out(data, models, [1, 999_999]);
}

fn share_out(data: &Path, models: [Hash; 2], shares: [u32; 2]) {
    let arm = |name: &str, share_ppm, model| WantedArm {
        name: name.into(),
        share_ppm,
        model: Some(model),
        explores: true,
    };
    let wanted = Wanted {
        name: "the one before".into(),
        aim: Metric::Tapped,
        arms: vec![arm("A", shares[0], models[0]), arm("B", shares[1], models[1])],
        worth_ppm: 10_000,
        people_min: 100,
        people_max: 10_000,
        ordered_margin_ppm: 5_000,
        dismissed_margin_ppm: 5_000,
    };
    in_store(data, move |store| {
        let begin = move |tx: &mut dyn soko_record_log::Tx| {
            experiments::begin(tx, (EXPERIMENT, &wanted), SystemClock.now_ms())
        };
        store.write_blocking(Shard::stall(LogId::default()), begin).unwrap();
    });
}

#[test]
fn a_device_finds_its_arm_alone_and_stays_in_it_offline_until_the_experiment_ends() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let (stall, port) = taught(&till, &data).await;
        let first = in_store(&data, |store| store.read_blocking(|tx| model::list(tx)).unwrap()[0].model);
        let server = Running::start_at(&data, port);
        sell_ten_more(&stall).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the server to have it", async || (stall.status().await.unsent == 0).then_some(())).await;
        drop(server);
        let second = learn(&data).unwrap();
        assert!(second.is_in_use && second.model != first);
        try_out(&data, [second.model, first]);

        let server = Running::start_at(&data, port);
        let shopper = Shell::open(&phone);
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
        let reason = |both, of| [(TEA, Because::Together { with: "Mango".into(), both, of })];
        let until = async |shopper: &Shell, both, of| {
            shopper
                .until("the model of the arm", async || {
                    (offers(shopper, with_mango.clone()).await == reason(both, of)).then_some(())
                })
                .await;
        };
        until(&shopper, 60, 90).await;
        drop(server);
        shopper.close();
        let shopper = Shell::open(&phone);
        assert_eq!(offers(&shopper, with_mango.clone()).await, reason(60, 90));

        in_store(&data, |store| {
            let stop = |tx: &mut dyn soko_record_log::Tx| {
                experiments::stop(tx, EXPERIMENT, "enough", SystemClock.now_ms())
            };
            assert!(store.write_blocking(Shard::stall(LogId::default()), stop).unwrap());
        });
        let server = Running::start_at(&data, port);
        until(&shopper, 70, 100).await;
        drop(server);
    });
}

#[test]
fn what_is_like_a_product_is_said_before_anybody_learnt_from_what_was_sold() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let content = ProductContent::piece("Green mango", 240);
        stall.done(Verb::CreateProduct { product: GREEN, content }).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        let like = |product| SuggestQuery::Similar { stall: STALL, product };
        let because = |what: &str| Because::Shared { what: what.into() };
        // What is not there is no way out.
        shopper
            .until("the market", async || {
                let found = offers(&shopper, like(GREEN)).await;
                (found == [(MANGO, because("mango"))]).then_some(())
            })
            .await;
        assert_eq!(offers(&shopper, like(MANGO)).await, []);
        stall.receive(GREEN, 20).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        shopper
            .until("what was received", async || {
                let found = offers(&shopper, like(MANGO)).await;
                (found == [(GREEN, because("Mango"))]).then_some(())
            })
            .await;
        assert_eq!(
            offers(&shopper, like(TEA)).await,
            [],
            "nothing has a word or a category in common with it"
        );
        buy(&shopper, 1, BuyerVerb::Unwanted { product: GREEN, is_unwanted: true }).await;
        assert_eq!(offers(&shopper, like(MANGO)).await, []);
        drop(server);
        stall.close();
        shopper.close();
    });
}

/// Each phone was somebody else before: guests draw for themselves.
#[test]
fn one_account_is_in_one_arm_on_all_its_devices_whatever_they_were_in_before() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till) = (folder.path().join("server"), folder.path().join("till"));
        let (stall, port) = taught(&till, &data).await;
        let first = in_store(&data, |store| store.read_blocking(|tx| model::list(tx)).unwrap()[0].model);
        let server = Running::start_at(&data, port);
        sell_ten_more(&stall).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the server to have it", async || (stall.status().await.unsent == 0).then_some(())).await;
        drop(server);
        let second = learn(&data).unwrap();
        share_out(&data, [second.model, first], [500_000, 500_000]);

        let server = Running::start_at(&data, port);
        let with_mango = SuggestQuery::With { stall: STALL, product: MANGO };
        let seen = async |phone: &Shell| offers(phone, with_mango.clone()).await;
        let phones: Vec<Shell> =
            (0..6).map(|at| Shell::open(&folder.path().join(format!("phone-{at}")))).collect();
        for phone in &phones {
            phone.device(DeviceVerb::UseServer { server: server.url() }).await;
            phone.until("a guest's arm", async || (!seen(phone).await.is_empty()).then_some(())).await;
        }
        phones[0].sign_up(&server, "amina@example.org").await;
        let whose = format!("{}\namina@example.org", server.url().trim_end_matches('/'));
        let arm = Shares::new(&[500_000, 500_000]).unwrap().arm(EXPERIMENT.as_bytes(), whose.as_bytes());
        let (both, of) = if arm == Some(0) { (70, 100) } else { (60, 90) };
        let told = [(TEA, Because::Together { with: "Mango".into(), both, of })];
        for phone in &phones[1..] {
            let email = "amina@example.org".into();
            phone.device(DeviceVerb::SignIn { email, password: PASSWORD.into() }).await;
        }
        for phone in &phones {
            phone.until("the account's arm", async || (seen(phone).await == told).then_some(())).await;
        }
    });
}

/// Sizes of a thing are one thing to choose.
#[test]
fn variants_take_one_place_and_none_beside_their_own_product() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let content = ProductContent::piece("Green mango", 240);
        stall.done(Verb::CreateProduct { product: GREEN, content }).await;
        let sizes = [0x41, 0x42].map(|it| ProductId([it; 16]));
        let size = |(product, value): (ProductId, &str)| VariantInput {
            product,
            options: vec![OptionValue { name: "Size".into(), value: value.into() }],
            price_minor: None,
        };
        let variants = sizes.into_iter().zip(["small", "large"]).map(size).collect();
        stall.done(Verb::MakeVariants { product: MANGO, variants }).await;
        for product in [GREEN, sizes[0], sizes[1]] {
            stall.receive(product, 20).await;
        }
        stall.device(DeviceVerb::ExchangeNow).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        let like = async |product| offers(&shopper, SuggestQuery::Similar { stall: STALL, product }).await;
        shopper
            .until("all that is offered", async || {
                let found = like(MANGO).await;
                (found.len() == 1 && found[0].0 == GREEN).then_some(())
            })
            .await;
        for product in [GREEN, sizes[0], sizes[1]] {
            assert_eq!(like(product).await.len(), 1, "{product:?}");
        }
    });
}

/// A market of more than is fetched ahead: what is gone behind that is not suggested, either.
#[test]
fn what_is_not_offered_any_more_is_not_suggested_by_who_was_away_in_a_market_too_large_to_fetch() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, till, phone) =
            (folder.path().join("server"), folder.path().join("till"), folder.path().join("phone"));
        let (stall, port) = taught(&till, &data).await;
        let open = || {
            let shell = Shell::open_quiet(&phone, Options { offers_ahead: 1, ..Options::default() });
            shell.device.run();
            shell
        };
        let server = Running::start_at(&data, port);
        let shopper = open();
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        // It saw both, of which one is fetched ahead.
        let window = Window::first(9);
        let query =
            MarketQuery::Offers { stall: None, text: String::new(), category: None, families: false, window };
        shopper
            .until("both", async || {
                shopper.call(Call::Market(query.clone())).await;
                let mut found: Vec<_> = offers(&shopper, for_me()).await.into_iter().map(|it| it.0).collect();
                found.sort_unstable();
                (found == [MANGO, TEA]).then_some(())
            })
            .await;
        shopper.close();
        // The one that is not fetched ahead.
        stall.done(Verb::EditProduct { product: TEA, edits: vec![ProductEdit::Archived(true)] }).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        stall.until("the server to have it", async || (stall.status().await.unsent == 0).then_some(())).await;
        let shopper = open();
        shopper
            .until("it to be noticed", async || {
                (offers(&shopper, for_me()).await == [(MANGO, Because::Popular)]).then_some(())
            })
            .await;
    });
}
