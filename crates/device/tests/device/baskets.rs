//! Baskets on all devices of somebody: put in, taken out and ordered without a signal, and whose they are.

use std::path::Path;

use soko_app_api::{
    Answer, BuyerCommand, BuyerQuery, BuyerVerb, BuyerView, CHECKOUT_DRAFT, Call, DeviceReply, DeviceVerb,
    OwnOrderState, ProductEdit, SessionsVerb, Verb, WantedLine,
};
use soko_domain::ids::{OrderId, ProductId};
use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};

use crate::buyer::{buyer, own_order, place, put, until_state};
use crate::world::*;

const ORDER: OrderId = OrderId([0x31; 16]);
const AMINA: &str = "amina@example.org";
const BARAKA: &str = "baraka@example.org";
const MARKET: Marked = Marked { method: "POST ", path: "/market/ask", instead: Instead::Nothing };
const MARKET_STREAM: Marked = Marked { method: "GET ", path: "/market/stream", instead: Instead::Nothing };
const BASKETS: Marked = Marked { method: "POST ", path: "/me/baskets", instead: Instead::Nothing };

async fn buy(shell: &Shell, verb: BuyerVerb) {
    let command = BuyerCommand { id: shell.device.random_id(), verb };
    assert_eq!(shell.call(Call::Buy(command)).await, Answer::Bought);
}

async fn lines(shell: &Shell) -> Vec<WantedLine> {
    match shell.call(Call::Buyer(BuyerQuery::Baskets)).await {
        Answer::Buyer(BuyerView::Baskets(all)) => all.into_iter().flat_map(|it| it.lines).collect(),
        other => panic!("{other:?}"),
    }
}

/// How many there are of each, the mango first.
async fn basket(shell: &Shell) -> Vec<(ProductId, i64)> {
    let mut all: Vec<_> = lines(shell).await.iter().map(|line| (line.product, line.quantity)).collect();
    all.sort_unstable();
    all
}

async fn until(shell: &Shell, what: &str, wanted: &[(ProductId, i64)]) {
    shell.until(what, async || (basket(shell).await == wanted).then_some(())).await;
}

async fn sign_in(shell: &Shell, email: &str) {
    shell.device(DeviceVerb::SignIn { email: email.into(), password: PASSWORD.into() }).await;
}

/// A stall, and two devices that somebody is signed in on.
async fn stall_and_two(folder: &Path, server: &Running) -> (Shell, Shell, Shell) {
    let stall = Shell::open(&folder.join("till"));
    stall.shop(server).await;
    let (phone, tablet) = (Shell::open(&folder.join("phone")), Shell::open(&folder.join("tablet")));
    buyer(&phone, server).await;
    buyer(&tablet, server).await;
    for email in [BARAKA, AMINA] {
        phone.sign_up(server, email).await;
    }
    sign_in(&tablet, AMINA).await;
    (stall, phone, tablet)
}

#[test]
fn what_two_devices_put_in_without_a_signal_is_in_on_both_and_what_is_ordered_is_out_on_both() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        buy(&phone, put(TEA, 1)).await;
        until(&tablet, "the tea", &[(TEA, 1)]).await;
        let [line] = lines(&tablet).await.try_into().unwrap();
        assert_eq!((line.name.as_str(), line.price_minor, line.is_gone), ("Crème tea", 400, false));
        drop(server);

        // Each puts one more in; one takes out what it sees, the other puts a mango in.
        buy(&phone, put(TEA, 2)).await;
        buy(&tablet, put(TEA, 2)).await;
        buy(&tablet, put(MANGO, 3)).await;
        let server = Running::start_at(&data, port);
        for shell in [&phone, &tablet] {
            shell.device(DeviceVerb::ExchangeNow).await;
            until(shell, "what both put in", &[(MANGO, 3), (TEA, 3)]).await;
        }
        drop(server);
        buy(&phone, put(TEA, 0)).await;
        buy(&tablet, put(TEA, 4)).await;
        let server = Running::start_at(&data, port);
        for shell in [&phone, &tablet] {
            shell.device(DeviceVerb::ExchangeNow).await;
            until(shell, "what was put in meanwhile", &[(MANGO, 3), (TEA, 1)]).await;
        }

        // The phone orders all that it sees; the tablet takes one of that out, and puts one more in.
        drop(server);
        buy(&phone, place(ORDER)).await;
        assert_eq!(basket(&phone).await, []);
        buy(&tablet, put(MANGO, 2)).await;
        buy(&tablet, put(TEA, 2)).await;
        let _server = Running::start_at(&data, port);
        phone.device(DeviceVerb::ExchangeNow).await;
        tablet.device(DeviceVerb::ExchangeNow).await;
        until_state(&phone, ORDER, OwnOrderState::Held).await;
        let ordered = own_order(&phone, ORDER).await.lines;
        assert_eq!(ordered.iter().map(|line| line.quantity).sum::<i64>(), 4);
        for shell in [&tablet, &phone] {
            until(shell, "what was not ordered", &[(TEA, 1)]).await;
        }
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

#[test]
fn a_lost_answer_and_a_repeat_change_nothing_and_the_price_of_the_first_stays() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        let lossy = Lossy::before(&server, (BASKETS, 3)).await;
        let desk = Shell::open(&folder.path().join("desk"));
        desk.device(DeviceVerb::UseServer { server: lossy.url() }).await;
        sign_in(&desk, AMINA).await;
        desk.until("the market", async || {
            let seen = crate::buyer::offers(&desk, "").await;
            (seen.value.len() == 2).then_some(())
        })
        .await;
        buy(&desk, put(TEA, 2)).await;
        desk.until("lost answers", async || {
            desk.device(DeviceVerb::ExchangeNow).await;
            (lossy.lost.get() == 3).then_some(())
        })
        .await;
        until(&tablet, "the two", &[(TEA, 2)]).await;
        // It costs more by now: whoever puts another one in sees what the first cost, on each device.
        stall.done(Verb::EditProduct { product: TEA, edits: vec![ProductEdit::PriceMinor(450)] }).await;
        let dearer = async || (lines(&tablet).await.first()?.price_minor == 450).then_some(());
        tablet.until("the price", dearer).await;
        buy(&tablet, put(TEA, 3)).await;
        buy(&tablet, put(TEA, 2)).await;
        buy(&tablet, put(TEA, 3)).await;
        until(&phone, "the third", &[(TEA, 3)]).await;
        desk.device(DeviceVerb::ExchangeNow).await;
        until(&desk, "the third, after lost answers", &[(TEA, 3)]).await;
        for shell in [&phone, &tablet] {
            assert_eq!(lines(shell).await[0].price_was_minor, Some(400));
        }
        for shell in [stall, phone, tablet, desk] {
            shell.close();
        }
        lossy.end().await;
    });
}

#[test]
fn a_basket_is_with_whoever_is_signed_in_and_a_guests_joins_it_once() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        buy(&phone, put(TEA, 2)).await;
        until(&tablet, "the tea", &[(TEA, 2)]).await;
        tablet.device(DeviceVerb::SignOut).await;
        assert_eq!(basket(&tablet).await, [], "nobody's");
        // The next guest's, who has an account of their own.
        buy(&tablet, put(MANGO, 1)).await;
        sign_in(&tablet, BARAKA).await;
        assert_eq!(basket(&tablet).await, [(MANGO, 1)]);
        let desk = Shell::open(&folder.path().join("desk"));
        buyer(&desk, &server).await;
        sign_in(&desk, BARAKA).await;
        until(&desk, "another person's", &[(MANGO, 1)]).await;
        assert_eq!(basket(&phone).await, [(TEA, 2)]);

        // What a guest wanted here, and they before, is wanted once; more of it is theirs.
        tablet.device(DeviceVerb::SignOut).await;
        buy(&tablet, put(TEA, 1)).await;
        buy(&tablet, put(MANGO, 1)).await;
        sign_in(&tablet, AMINA).await;
        for shell in [&tablet, &phone] {
            until(shell, "hers and the guest's", &[(MANGO, 1), (TEA, 2)]).await;
        }
        assert_eq!(basket(&desk).await, [(MANGO, 1)]);
        tablet.device(DeviceVerb::SignOut).await;
        assert_eq!(basket(&tablet).await, []);

        // A device that never heard of her account has a guest who wants the same.
        let laptop = Shell::open(&folder.path().join("laptop"));
        buyer(&laptop, &server).await;
        buy(&laptop, put(TEA, 3)).await;
        sign_in(&laptop, AMINA).await;
        for shell in [&laptop, &phone] {
            until(shell, "what both wanted once, and the guest's third", &[(MANGO, 1), (TEA, 3)]).await;
        }
        buy(&laptop, put(TEA, 2)).await;
        until(&phone, "one less", &[(MANGO, 1), (TEA, 2)]).await;
        laptop.close();

        // Erased, nothing of it is left where it was erased, and whoever has the address next has none of it elsewhere.
        phone.device(DeviceVerb::EraseAccount { password: PASSWORD.into() }).await;
        assert_eq!(basket(&phone).await, []);
        phone.sign_up(&server, AMINA).await;
        sign_in(&tablet, AMINA).await;
        until(&tablet, "nothing of who was erased", &[]).await;
        buy(&phone, put(MANGO, 4)).await;
        until(&tablet, "somebody new", &[(MANGO, 4)]).await;
        phone.device(DeviceVerb::EraseAccount { password: PASSWORD.into() }).await;
        phone.close();
        assert_eq!(kept(&folder.path().join("phone")), 0);
        for shell in [stall, tablet, desk] {
            shell.close();
        }
    });
}

/// Rows of anybody's baskets.
fn kept(folder: &Path) -> i64 {
    let mut database = Sqlite::open(&folder.join("register.sqlite"), OpenMode::ReadOnly).unwrap();
    let count = |tx: &mut dyn Tx| {
        let sql = "select (select count(*) from basket_line) + (select count(*) from basket_part)
                   + (select count(*) from basket_heard) + (select count(*) from basket_told)";
        tx.query_one(sql, &[])?.int(0)
    };
    database.read::<_, StoreError>(count).unwrap()
}

#[test]
fn a_device_that_was_set_back_counts_anew_and_its_next_units_are_in() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        buy(&phone, put(TEA, 1)).await;
        until(&tablet, "the tea", &[(TEA, 1)]).await;
        phone.close();
        let (here, copy) = (folder.path().join("phone"), folder.path().join("copy"));
        copied(&here, &copy);
        let phone = Shell::open(&here);
        buy(&phone, put(TEA, 3)).await;
        until(&tablet, "two more", &[(TEA, 3)]).await;
        phone.close();
        let older = Shell::open(&copy);
        until(&older, "what it had forgotten", &[(TEA, 3)]).await;
        buy(&older, put(MANGO, 2)).await;
        until(&tablet, "what it put in since", &[(MANGO, 2), (TEA, 3)]).await;
        for shell in [stall, tablet, older] {
            shell.close();
        }
    });
}

/// What a backup holds of a device that is closed.
fn copied(here: &Path, copy: &Path) {
    std::fs::create_dir(copy).unwrap();
    for file in std::fs::read_dir(here).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn a_device_that_was_set_back_and_counts_as_far_before_it_hears_of_that_loses_nothing_and_doubles_nothing() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        buy(&phone, put(TEA, 1)).await;
        until(&tablet, "the tea", &[(TEA, 1)]).await;
        drop(server);
        // The copy has a mango that nobody heard of yet.
        buy(&phone, put(MANGO, 1)).await;
        phone.close();
        let (here, copy) = (folder.path().join("phone"), folder.path().join("copy"));
        copied(&here, &copy);
        let server = Running::start_at(&data, port);
        let phone = Shell::open(&here);
        buy(&phone, put(TEA, 3)).await;
        tablet.device(DeviceVerb::ExchangeNow).await;
        until(&tablet, "the mango and two more", &[(MANGO, 1), (TEA, 3)]).await;
        phone.close();
        drop(server);

        // It gives out the numbers of the two more again, before anybody can tell it.
        let older = Shell::open(&copy);
        buy(&older, put(MANGO, 3)).await;
        assert_eq!(basket(&older).await, [(MANGO, 3), (TEA, 1)]);
        let _server = Running::start_at(&data, port);
        for shell in [&older, &tablet] {
            shell.device(DeviceVerb::ExchangeNow).await;
            until(shell, "what both put in, and the first mango once", &[(MANGO, 3), (TEA, 3)]).await;
        }
        buy(&older, put(TEA, 2)).await;
        buy(&older, put(MANGO, 4)).await;
        until(&tablet, "what it did since", &[(MANGO, 4), (TEA, 2)]).await;
        for shell in [stall, tablet, older] {
            shell.close();
        }
    });
}

#[test]
fn what_was_put_in_elsewhere_is_looked_up_until_its_stall_is_known() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        buy(&phone, put(TEA, 1)).await;
        until(&tablet, "the tea", &[(TEA, 1)]).await;
        // It never hears of the market by itself, and the first answer about the stall is lost.
        let unheard = Lossy::before(&server, (MARKET_STREAM, u32::MAX)).await;
        let lossy = Lossy::before(&Running::behind(&unheard), (MARKET, 1)).await;
        let desk = Shell::open(&folder.path().join("desk"));
        desk.device(DeviceVerb::UseServer { server: lossy.url() }).await;
        sign_in(&desk, AMINA).await;
        let is_known = async || (!lines_of(&desk, TEA).await?.is_gone).then_some(());
        desk.until("the tea to be on offer", is_known).await;
        assert_eq!(lossy.lost.get(), 1);
        for shell in [stall, phone, tablet, desk] {
            shell.close();
        }
        lossy.end().await;
        unheard.end().await;
    });
}

/// So much, by somebody who saw so much in the basket.
fn put_seeing(product: ProductId, quantity: i64, shown: i64) -> BuyerVerb {
    BuyerVerb::PutLine { stall: STALL, product, quantity, shown: Some(shown) }
}

#[test]
fn whoever_saw_less_than_there_is_takes_nothing_out_of_what_others_put_in() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        buy(&phone, put_seeing(TEA, 3, 0)).await;
        until(&tablet, "the tea", &[(TEA, 3)]).await;
        // A page that showed an empty basket: one more.
        buy(&tablet, put_seeing(TEA, 1, 0)).await;
        until(&phone, "one more", &[(TEA, 4)]).await;
        // One that showed three: one less, all of them out, more than there is out.
        for (quantity, left) in [(2, 3), (0, 0)] {
            buy(&tablet, put_seeing(TEA, quantity, 3)).await;
            let wanted = if left > 0 { vec![(TEA, left)] } else { vec![] };
            until(&phone, "so many less", &wanted).await;
        }
        buy(&phone, put_seeing(TEA, 1, 0)).await;
        buy(&phone, put_seeing(TEA, 0, 9)).await;
        assert_eq!(basket(&phone).await, []);
        let command = BuyerCommand { id: phone.device.random_id(), verb: put_seeing(TEA, 1, -1) };
        match phone.call(Call::Buy(command)).await {
            Answer::Refused(refused) => assert_eq!(refused.code, "quantity"),
            other => panic!("{other:?}"),
        }
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

#[test]
fn what_was_written_on_the_way_to_an_order_is_kept_until_it_is_ordered_and_for_nobody_else() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        let key = format!("{CHECKOUT_DRAFT}{STALL}");
        let written = async |shell: &Shell| match shell.call(Call::Kept { key: key.clone() }).await {
            Answer::Kept(bytes) => bytes,
            other => panic!("{other:?}"),
        };
        let write = async |shell: &Shell| {
            shell.call(Call::Keep { key: key.clone(), value: vec![1, 2, 3] }).await;
            assert_eq!(written(shell).await, [1, 2, 3]);
        };
        // A guest's is theirs who sign in; whoever comes after them finds nothing of it.
        tablet.device(DeviceVerb::SignOut).await;
        write(&tablet).await;
        sign_in(&tablet, AMINA).await;
        assert_eq!(written(&tablet).await, [1, 2, 3]);
        sign_in(&tablet, AMINA).await;
        assert_eq!(written(&tablet).await, [1, 2, 3]);
        sign_in(&tablet, BARAKA).await;
        assert!(written(&tablet).await.is_empty(), "another person");
        write(&tablet).await;
        tablet.device(DeviceVerb::SignOut).await;
        assert!(written(&tablet).await.is_empty(), "nobody");

        // It ends with its basket: emptied or ordered.
        for end in [BuyerVerb::EmptyBasket { stall: STALL }, place(ORDER)] {
            buy(&phone, put(TEA, 1)).await;
            write(&phone).await;
            buy(&phone, end).await;
            assert!(written(&phone).await.is_empty(), "ordered or emptied");
        }
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

#[test]
fn somebody_sees_where_they_are_signed_in_and_signs_out_elsewhere() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        let sessions = async |verb: SessionsVerb| match phone.device(DeviceVerb::Sessions(verb)).await {
            DeviceReply::Sessions(rows) => rows,
            other => panic!("{other:?}"),
        };
        let is_in = async |shell: &Shell| shell.about().await.account.is_some();
        let all = sessions(SessionsVerb::Look).await;
        assert_eq!(all.iter().filter(|row| row.is_here).count(), 1);
        let there = all.iter().find(|row| !row.is_here).unwrap().session;
        let left = sessions(SessionsVerb::End(there)).await;
        assert_eq!((left.len(), left[0].is_here), (1, true));
        tablet.device(DeviceVerb::ExchangeNow).await;
        tablet.until("nobody to be signed in", async || (!is_in(&tablet).await).then_some(())).await;
        sign_in(&tablet, AMINA).await;
        assert_eq!(sessions(SessionsVerb::Look).await.len(), 2);
        assert_eq!(sessions(SessionsVerb::EndOthers).await.len(), 1);
        tablet.device(DeviceVerb::ExchangeNow).await;
        tablet.until("nobody to be signed in", async || (!is_in(&tablet).await).then_some(())).await;
        assert!(is_in(&phone).await);
        let refused = tablet.device_refused(DeviceVerb::Sessions(SessionsVerb::Look)).await;
        assert_eq!(refused, "not_signed_in");
        for shell in [stall, phone, tablet] {
            shell.close();
        }
    });
}

/// The step of the schema before baskets were kept unit by unit.
const BEFORE: usize = 66;

#[test]
fn a_basket_of_an_earlier_version_is_still_there_and_goes_on() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (stall, phone, tablet) = stall_and_two(folder.path(), &server).await;
        let whose = format!("{}\n{AMINA}", server.url());
        let older = folder.path().join("older");
        std::fs::create_dir(&older).unwrap();
        let mut database = Sqlite::open(&older.join("register.sqlite"), OpenMode::Create).unwrap();
        database.migrate(soko_engine::schema().get(..BEFORE).unwrap()).unwrap();
        let lines = |tx: &mut dyn Tx| {
            for (whose, product, quantity, place) in
                [(whose.as_str(), TEA, 2_i64, 2_i64), (&whose, MANGO, 3, 1), ("", MANGO, 4, 1)]
            {
                tx.execute(
                    "insert into basket_line (whose, stall, product, quantity, seen_minor, place)
                     values ($1, $2, $3, $4, 111, $5)",
                    params![whose, STALL, product, quantity, place],
                )?;
            }
            Ok(())
        };
        database.transaction::<_, StoreError>(lines).unwrap();
        drop(database);

        let older = Shell::open(&older);
        assert_eq!(basket(&older).await, [(MANGO, 4)], "a guest's");
        buyer(&older, &server).await;
        sign_in(&older, AMINA).await;
        for shell in [&older, &phone, &tablet] {
            until(shell, "what was wanted before", &[(MANGO, 4), (TEA, 2)]).await;
            let price = async || (lines_of(shell, TEA).await?.price_was_minor == Some(111)).then_some(());
            shell.until("the price from then", price).await;
        }
        buy(&older, put(TEA, 3)).await;
        until(&tablet, "one more", &[(MANGO, 4), (TEA, 3)]).await;
        for shell in [stall, phone, tablet, older] {
            shell.close();
        }
    });
}

async fn lines_of(shell: &Shell, product: ProductId) -> Option<WantedLine> {
    lines(shell).await.into_iter().find(|line| line.product == product)
}
