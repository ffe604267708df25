//! Gift cards that pay for orders, wholly or in part: whoever is first has what is on a card, a register that heard of nothing spends its
//! own part of it alone, and what goes back of an order is on its card again. On every engine, with the hostile provider.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use soko_domain::entry::{
    BackWay, Entry, FillCause, GoodsBack, Kind, OrderBackLine, OrderHandedOver, OrderRefundAsked, OrderTaken,
    PayWay, PurseFilled, PurseKind, PurseSpent, ShareReturned, SpendCause, Standing, TenderKind, Tendered,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, ShareId, ShiftId, ThingId};
use soko_domain::order_card::CardWord;
use soko_domain::purse::{CARD_LETTERS, CardCode, of_code};
use soko_domain::stock::Account;
use soko_domain::verbs::card_order::Card;
use soko_domain::verbs::pay_order::PayStanding;
use soko_projection::{order_money, read};
use soko_record_log::{Dialect, StoreError, log, params};
use soko_replication::Record;
use soko_sync_server::core::{Now, StallCore};
use soko_sync_server::guard::limits::Rates;
use soko_sync_server::pay::Provider;
use soko_sync_server::platform::Refusal;
use soko_sync_server::store::Shard;

use crate::common::hostile::{Asks, Fault};
use crate::common::server::{Answer, Ask, Wanted};
use crate::common::shop::{STALL, Shop, TEA, core, exchange, id, orders, secret, stores};
use crate::paying::{ORDER, World, scenes};

const AT_MS: i64 = 1_790_000_000_000;
/// What one tea costs.
const TEA_MINOR: i64 = 450;
const AT_ONCE: usize = 50;
const TRIES: u32 = 200;

pub(crate) fn code(number: u8) -> String {
    CardCode::of_chance([number; CARD_LETTERS]).to_string()
}

fn purse(number: u8) -> ProductId {
    of_code(STALL, &code(number)).unwrap()
}

/// The register sells a card, and gives some of what is on it to the shop, as it does when it is asked.
pub(crate) async fn sell(shop: &mut Shop, number: u8, (units, to_shop): (i64, i64)) {
    let filled = PurseFilled {
        purse: purse(number),
        kind: PurseKind::GiftCard,
        customer: None,
        units,
        cause: FillCause::Given,
        shift: None,
        sale: None,
        tender: None,
        reference: String::new(),
        reason: String::new(),
    };
    shop.register.device.write([Entry::from(filled)], AT_MS).unwrap();
    give(shop, number, to_shop).await;
}

async fn give(shop: &mut Shop, number: u8, units: i64) {
    let share = ShareId([number ^ 0x70; 16]);
    let given = ShareReturned { share, product: purse(number), quantity: units, recall: None };
    shop.register.device.write((units > 0).then(|| Entry::from(given)), AT_MS).unwrap();
    shop.exchange().await;
}

/// Teas by a guest, with a card.
fn with_card(shop: &Shop, (guest, order): (u8, u8), quantity: i64, more: &Value) -> Ask {
    let mut body = json!({"order": id(order), "lines": [{"product": TEA.to_string(), "quantity": quantity}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shop.server.post(&orders(), &body).header("soko-buyer", &secret(guest))
}

fn look(shop: &Shop, code: &str) -> Ask {
    let path = format!("/v1/stalls/{STALL}/cards/look");
    shop.server.post(&path, &json!({"code": code})).header("soko-buyer", &secret(1))
}

/// What the shop, the order and nobody any more have of a card.
async fn lies(shop: &Shop, number: u8, order: u8) -> (i64, i64, i64) {
    let (card, order) = (purse(number), OrderId::from_hex(&id(order)).unwrap());
    let read = shop.server.store.store.read(move |tx| {
        let of = |account| (STALL, card, account);
        let mut balance = |(log, card, account)| read::balance(tx, log, card, account);
        Ok::<_, StoreError>((
            balance(of(Account::Pool))?,
            balance(of(Account::Hold(order)))?,
            balance(of(Account::Sold))?,
        ))
    });
    read.await.map_err(StoreError::from).unwrap()
}

async fn card_of(shop: &Shop, order: u8) -> (PayStanding, Option<Card>) {
    let order = OrderId::from_hex(&id(order)).unwrap();
    let read = shop.server.store.store.read(move |tx| order_money::of(tx, STALL, order)).await;
    let facts = read.map_err(StoreError::from).unwrap();
    (facts.standing(), facts.card)
}

async fn end(shop: &Shop, order: u8, how: &str) -> Answer {
    let path = format!("{}/{}/{how}", orders(), id(order));
    shop.server.ask(Method::POST, &path).bearer(&shop.owner).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_pays_all_is_paid_with_the_order_and_has_it_again_when_that_is_cancelled() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 9).await;
        sell(&mut shop, 1, (1_000, 1_000)).await;
        let typed = format!("  {} ", code(1).to_lowercase().replace('-', " "));
        let found = look(&shop, &typed).send().await.expect(StatusCode::OK).json();
        assert_eq!(found, json!({"currency": "EUR", "pays_minor": 1_000, "elsewhere_minor": 0}));
        let quoted = json!({"lines": [{"product": TEA.to_string(), "quantity": 1}], "card": {"code": typed}});
        let quote = shop.server.post(&format!("{}/quote", orders()), &quoted);
        let quote = quote.header("soko-buyer", &secret(1)).send().await.expect(StatusCode::OK).json();
        assert_eq!((&quote["card"]["pays_minor"], &quote["due_minor"]), (&json!(TEA_MINOR), &json!(0)));

        // Whatever way the buyer chose: nothing remains for it.
        let paid = json!({"card": {"code": typed, "pays_minor": TEA_MINOR}, "pay": {"way": "card"}});
        let first = with_card(&shop, (1, 1), 1, &json!({"card": paid["card"]})).send().await;
        let first = first.expect(StatusCode::CREATED);
        assert_eq!(first.json()["card"], json!({"pays_minor": TEA_MINOR, "back_minor": 0}));
        assert!(first.json().get("payment").is_none());
        assert_eq!((lies(&shop, 1, 1).await, card_of(&shop, 1).await.0), ((550, 0, 450), PayStanding::Paid));

        let again = with_card(&shop, (1, 1), 1, &json!({"card": paid["card"]})).send().await;
        assert_eq!(again.expect(StatusCode::CREATED).bytes, first.bytes);
        let other = json!({"card": {"code": code(2), "pays_minor": TEA_MINOR}});
        with_card(&shop, (1, 1), 1, &other)
            .send()
            .await
            .refused(StatusCode::UNPROCESSABLE_ENTITY, "id_reused");
        for _ in 0..2 {
            let cancelled = end(&shop, 1, "cancel").await.expect(StatusCode::OK).json();
            assert_eq!(cancelled["card"]["back_minor"], TEA_MINOR);
        }
        assert_eq!(
            (lies(&shop, 1, 1).await, card_of(&shop, 1).await.0),
            ((1_000, 0, 0), PayStanding::PaidBack)
        );
        let late = with_card(&shop, (1, 1), 1, &json!({"card": paid["card"]})).send().await;
        assert_eq!(late.expect(StatusCode::CREATED).bytes, first.bytes, "the first answer stays");
        // Given out by a word: it is paid, and nobody takes money for it.
        with_card(&shop, (1, 2), 2, &json!({"card": {"code": code(1)}}))
            .send()
            .await
            .expect(StatusCode::CREATED);
        assert_eq!(end(&shop, 2, "fulfil").await.expect(StatusCode::OK).text("state"), "fulfilled");
        assert_eq!(lies(&shop, 1, 2).await, (100, 0, 900));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_card_of_the_stall_is_unknown_and_a_card_with_less_asks_again() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 9).await;
        sell(&mut shop, 1, (100, 100)).await;
        sell(&mut shop, 3, (0, 0)).await;
        let elsewhere = of_code(LogId([0x52; 16]), &code(1)).unwrap();
        assert_ne!(elsewhere, purse(1));
        let (slip, mango) = (code(1).replace('-', "") + "0", TEA.to_string());
        for wrong in [code(2).as_str(), slip.as_str(), mango.as_str(), "", "'; drop table purse"] {
            look(&shop, wrong).send().await.refused(StatusCode::NOT_FOUND, "unknown_purse");
        }
        look(&shop, &"9".repeat(5_000)).send().await.refused(StatusCode::BAD_REQUEST, "malformed");
        for (order, (card, code)) in (10..).zip([
            (json!({"code": code(2)}), "unknown_purse"),
            (json!({"code": "nothing"}), "unknown_purse"),
            // It has less than was seen, more than was seen, or nothing.
            (json!({"code": code(1), "pays_minor": 450}), "card_changed"),
            (json!({"code": code(1), "pays_minor": 50}), "card_changed"),
            (json!({"code": code(1), "pays_minor": -50}), "card_changed"),
        ]) {
            let refused = with_card(&shop, (1, order), 1, &json!({"card": card})).send().await;
            refused.refused(StatusCode::CONFLICT, code);
        }
        assert_eq!((lies(&shop, 1, 1).await, shop.available().await), ((100, 0, 0), 9), "nothing is held");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_cards_are_not_tried_out_faster_than_those_of_coupons() {
    for store in stores() {
        let wanted = Wanted { rates: Some(Rates::default()), ..Wanted::default() };
        let shop = Shop::open_wanted(store, core(), 5, wanted).await;
        let mut tries = 0;
        for number in 0..TRIES {
            let answer = look(&shop, &code(u8::try_from(number).unwrap())).send().await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            answer.refused(StatusCode::NOT_FOUND, "unknown_purse");
            tries += 1;
        }
        assert!((5..TRIES).contains(&tries), "{tries} tries");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_orders_that_race_for_one_card_no_two_have_the_same_of_it() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        sell(&mut shop, 1, (2 * TEA_MINOR, 2 * TEA_MINOR)).await;
        let card = json!({"card": {"code": code(1), "pays_minor": TEA_MINOR}});
        let race = (1..=8).map(|guest| with_card(&shop, (guest, guest), 1, &card).send());
        let answers: Vec<Answer> = futures_util::future::join_all(race).await;
        let won = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
        let lost = answers.iter().filter(|answer| answer.status == StatusCode::CONFLICT).count();
        assert_eq!((won, lost, lies(&shop, 1, 1).await), (2, 6, (0, 0, 2 * TEA_MINOR)));

        // One order, asked for fifty times at once: one answer, and paid once.
        sell(&mut shop, 2, (1_000, 1_000)).await;
        let card = json!({"card": {"code": code(2), "pays_minor": TEA_MINOR}});
        let all = (0..AT_ONCE).map(|_| with_card(&shop, (9, 20), 1, &card).send());
        let mut answers: Vec<_> = (futures_util::future::join_all(all).await.into_iter())
            .map(|answer| (answer.status, answer.bytes))
            .collect();
        answers.dedup();
        assert_eq!((answers.len(), answers[0].0), (1, StatusCode::CREATED));
        assert_eq!(lies(&shop, 2, 20).await, (550, 0, TEA_MINOR));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_without_a_network_and_the_server_never_spend_the_same_of_a_card() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 50).await;
        sell(&mut shop, 1, (500, 200)).await;
        let found = look(&shop, &code(1)).send().await.expect(StatusCode::OK).json();
        assert_eq!((&found["pays_minor"], &found["elsewhere_minor"]), (&json!(200), &json!(300)));
        // The register spends its own before it hears that it was asked for it.
        let spent = PurseSpent {
            purse: purse(1),
            kind: PurseKind::GiftCard,
            customer: None,
            units: 300,
            money_minor: 300,
            cause: SpendCause::Paid,
            shift: None,
            sale: None,
            missing: 0,
        };
        shop.register.device.write([Entry::from(spent)], AT_MS).unwrap();
        let all = json!({"card": {"code": code(1), "pays_minor": 450}});
        with_card(&shop, (1, 1), 1, &all).send().await.refused(StatusCode::CONFLICT, "card_changed");
        let some = json!({"card": {"code": code(1), "pays_minor": 200}});
        with_card(&shop, (1, 2), 1, &some).send().await.expect(StatusCode::CREATED);
        assert_eq!(lies(&shop, 1, 2).await, (0, 200, 0));
        shop.exchange().await;
        assert_eq!(lies(&shop, 1, 2).await, (0, 200, 300));
        let ended = end(&shop, 2, "cancel").await.expect(StatusCode::OK);
        assert_eq!((ended.text("state"), ended.text("ended")), ("cancelled".into(), "stall".into()));
        assert_eq!(lies(&shop, 1, 2).await, (200, 0, 300));

        // A register that hears of it gives back what it was asked for, and then all of it can be spent.
        sell(&mut shop, 2, (500, 0)).await;
        look(&shop, &code(2)).send().await.expect(StatusCode::OK);
        look(&shop, &code(2)).send().await.expect(StatusCode::OK);
        let asked = shop.server.store.store.read(|tx| {
            let sql = "select count(*) from recall where log = $1 and product = $2 and answered = 0";
            tx.query_one(sql, params![STALL, purse(2)])?.int(0)
        });
        assert_eq!(asked.await.map_err(StoreError::from).unwrap(), 1, "asked once, however often one looks");
        give(&mut shop, 2, 500).await;
        let all = json!({"card": {"code": code(2), "pays_minor": 450}});
        with_card(&shop, (1, 3), 1, &all).send().await.expect(StatusCode::CREATED);
        assert_eq!(lies(&shop, 2, 3).await, (50, 0, 450));
    }
}

/// Three teas for 1350, of which a card pays 200.
async fn waiting(scene: crate::paying::Scene) -> World {
    let mut world = World::open(scene).await;
    sell(&mut world.shop, 1, (200, 200)).await;
    let more = json!({"card": {"code": code(1), "pays_minor": 200}, "pay": {"way": "card"}});
    with_card(&world.shop, (1, ORDER), 3, &more).send().await.expect(StatusCode::CREATED);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_phase_pays_the_card_once_with_the_rest_or_not_at_all() {
    for fault in [None, Some(Fault::Before), Some(Fault::After)] {
        for scene in scenes() {
            let mut world = waiting(scene).await;
            assert_eq!(world.records().await.to_pay, Some((PayWay::Card, 1_150)));
            world = match fault {
                None => world.begin_and_die().await,
                Some(fault) => {
                    world.provider.plan(&[(Asks::Create, fault)]);
                    world.drive().await;
                    world.restart()
                }
            };
            world.until(("held", "waiting")).await;
            assert_eq!(lies(&world.shop, 1, ORDER).await, (0, 200, 0), "held until the rest is paid");
            world.provider.books().buyer(true);
            if let Some(fault) = fault {
                world.provider.plan(&[(Asks::Capture, fault)]);
                world.drive().await;
                world = world.restart();
            }
            world.until(("held", "paid")).await;
            assert_eq!(lies(&world.shop, 1, ORDER).await, (0, 0, 200), "{fault:?}");
            let facts = world.records().await;
            assert_eq!((facts.paid_minor, facts.all_paid_minor()), (1_150, 1_350));
            // All of it goes back, each to where it came from.
            world.cancel().await;
            world.until(("cancelled", "returned")).await;
            assert_eq!(lies(&world.shop, 1, ORDER).await, (200, 0, 0));
            assert_eq!((world.moved(), world.returned()), ((1, 1, 1), (1, 1_150)), "{fault:?}");
            assert!(world.incidents().await.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_comes_to_nothing_leaves_the_card_as_it_was() {
    for scene in scenes() {
        let world = waiting(scene).await;
        world.until(("held", "waiting")).await;
        world.cancel().await;
        world.until(("cancelled", "cancelled")).await;
        assert_eq!(lies(&world.shop, 1, ORDER).await, (200, 0, 0));
        assert!(world.seen().await.get("card").is_none_or(Value::is_null), "it paid nothing");
    }
}

/// What the figures of the payments of all days say of vouchers and of cash: taken, and given back.
async fn by_kind(shop: &Shop) -> [(i64, i64); 2] {
    let read = shop.server.store.store.read(|tx| {
        let sql = "select cast(coalesce(sum(amount_minor), 0) as bigint),
                          cast(coalesce(sum(refunded_minor), 0) as bigint)
                   from figure_tender where log = $1 and kind = $2";
        let mut of = |kind: TenderKind| {
            let row = tx.query_one(sql, params![STALL, kind.number()])?;
            Ok::<_, StoreError>((row.int(0)?, row.int(1)?))
        };
        Ok::<_, StoreError>([of(TenderKind::Voucher)?, of(TenderKind::Cash)?])
    });
    read.await.map_err(StoreError::from).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_card_leaves_is_paid_with_the_goods_and_what_goes_back_goes_to_the_card_first() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 9).await;
        sell(&mut shop, 1, (200, 200)).await;
        let some = json!({"card": {"code": code(1), "pays_minor": 200}});
        with_card(&shop, (1, 1), 1, &some).send().await.expect(StatusCode::CREATED);
        assert_eq!(
            (lies(&shop, 1, 1).await, card_of(&shop, 1).await.0),
            ((0, 200, 0), PayStanding::AtHandOver)
        );
        end(&shop, 1, "fulfil").await.refused(StatusCode::UNPROCESSABLE_ENTITY, "underpaid");

        let mut register = shop.register(7, "cashier").await;
        let order = OrderId::from_hex(&id(1)).unwrap();
        let cash = Tendered {
            kind: TenderKind::Cash,
            amount_minor: 250,
            reference: String::new(),
            standing: Standing::Taken,
        };
        let taken = OrderTaken {
            shift: ShiftId([9; 16]),
            total_minor: 250,
            cash_rounding_minor: 0,
            tenders: vec![cash],
            change_minor: 0,
            taxes: vec![],
        };
        let handed = OrderHandedOver { order, taken: Some(taken) };
        // In the same page somebody asks for a part back: the card paid by then.
        let line = OrderBackLine { line: 0, quantity: 1, goods: GoodsBack::KeptByBuyer };
        let asked = |name: u8, lines, amount_minor| -> Entry {
            let (refund, way, reason) = (ThingId([name; 16]), BackWay::Cash, "cold".into());
            OrderRefundAsked { refund, order, lines, amount_minor, way, reason }.into()
        };
        register.device.write([handed.into(), asked(1, vec![], 150)], AT_MS).unwrap();
        exchange(&shop.server, &mut register).await;
        assert_eq!(lies(&shop, 1, 1).await, (150, 0, 50));
        assert_eq!(by_kind(&shop).await, [(200, 150), (250, 0)]);
        // The line that is left of it is more than the card has to get: the rest is for the drawer.
        register.device.write([asked(2, vec![line.clone()], 0), asked(3, vec![], 200)], AT_MS).unwrap();
        exchange(&shop.server, &mut register).await;
        assert_eq!(lies(&shop, 1, 1).await, (200, 0, 0));
        let seen = shop.server.get(&format!("{}/{}", orders(), id(1))).bearer(&shop.owner).send().await;
        let seen = seen.expect(StatusCode::OK).json();
        assert_eq!(seen["card"], json!({"pays_minor": 200, "back_minor": 200}));
        assert_eq!(by_kind(&shop).await, [(200, 200), (250, 0)], "nobody gave the cash yet: {seen}");
    }
}

/// One that was not updated sees no card, and does not hand over without all of the order's money.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_register_of_before_took_for_an_order_the_card_does_not_pay_again() {
    // All of it is on the card, and a part of it.
    for on_card in [TEA_MINOR, 200] {
        for store in stores() {
            let mut shop = Shop::open(store, core(), 9).await;
            sell(&mut shop, 1, (on_card, on_card)).await;
            let some = json!({"card": {"code": code(1), "pays_minor": on_card}});
            with_card(&shop, (1, 1), 1, &some).send().await.expect(StatusCode::CREATED);
            let mut register = shop.register(7, "cashier").await;
            let cash = Tendered {
                kind: TenderKind::Cash,
                amount_minor: TEA_MINOR,
                reference: String::new(),
                standing: Standing::Taken,
            };
            let taken = OrderTaken {
                shift: ShiftId([9; 16]),
                total_minor: TEA_MINOR,
                cash_rounding_minor: 0,
                tenders: vec![cash],
                change_minor: 0,
                taxes: vec![],
            };
            let order = OrderId::from_hex(&id(1)).unwrap();
            let handed = OrderHandedOver { order, taken: Some(taken) };
            register.device.write([Entry::from(handed)], AT_MS).unwrap();
            exchange(&shop.server, &mut register).await;
            assert_eq!(lies(&shop, 1, 1).await, (on_card, 0, 0), "the card has all of its own");
            exchange(&shop.server, &mut register).await;
            assert_eq!(lies(&shop, 1, 1).await, (on_card, 0, 0), "and no more, however often");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_here_and_given_out_there_is_paid_by_the_card_after_all() {
    for (is_spent_meanwhile, told) in [(false, 0), (true, 1)] {
        for store in stores() {
            let mut shop = Shop::open(store, core(), 9).await;
            sell(&mut shop, 1, (TEA_MINOR, TEA_MINOR)).await;
            let all = json!({"card": {"code": code(1)}});
            with_card(&shop, (1, 1), 1, &all).send().await.expect(StatusCode::CREATED);
            end(&shop, 1, "cancel").await.expect(StatusCode::OK);
            if is_spent_meanwhile {
                with_card(&shop, (2, 2), 1, &all).send().await.expect(StatusCode::CREATED);
            }
            shop.hand_over(1).await;
            assert_eq!(lies(&shop, 1, 1).await, (0, 0, TEA_MINOR));
            assert_eq!(before(&shop).await, 0, "no register is kept from reading what one life says");
            if !is_spent_meanwhile {
                assert_eq!(by_kind(&shop).await, [(TEA_MINOR, 0), (0, 0)], "it did not come back");
                let card = card_of(&shop, 1).await.1.unwrap();
                assert_eq!((card.paid_minor, card.back_minor), (TEA_MINOR, 0));
            }
            let incidents = shop.server.store.store.read(|tx| {
                tx.query_one("select count(*) from incident where log = $1 and kind = 9", params![STALL])?
                    .int(0)
            });
            assert_eq!(incidents.await.map_err(StoreError::from).unwrap(), told);
        }
    }
}

/// All that is kept of stalls as it is now, beside itself: a backup that either engine can put back.
pub(crate) struct Backup(Vec<String>);

impl Backup {
    pub(crate) async fn of(shop: &Shop) -> Self {
        let names = match shop.server.store.store.dialect() {
            Dialect::Sqlite => {
                "select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = 'log'
                 where m.type = 'table' order by m.name"
            }
            Dialect::Postgres => {
                "select table_name::text from information_schema.columns
                 where table_schema = 'public' and column_name = 'log' order by 1"
            }
        };
        let made = shop.server.store.store.write(Shard::stall(STALL), move |tx| {
            let rows = tx.query(names, &[])?;
            let tables = rows.iter().map(|row| Ok(row.text(0)?.to_owned()));
            let tables = tables.collect::<Result<Vec<_>, StoreError>>()?;
            for table in &tables {
                tx.run(&format!("create table backup_{table} as select * from {table}"), &[])?;
            }
            Ok::<_, StoreError>(tables)
        });
        Self(made.await.map_err(StoreError::from).unwrap())
    }

    /// As `restore` does it: everything is as it was, and the server begins another life.
    async fn put_back(self, shop: Shop) -> Shop {
        self.put_back_with(shop, vec![]).await
    }

    /// With whoever takes payments then.
    pub(crate) async fn put_back_with(self, mut shop: Shop, pay: Vec<Arc<dyn Provider>>) -> Shop {
        let core = shop.core.clone();
        let now = Now { now_ms: shop.server.app.now_ms(), seed: [9; 32] };
        let back = shop.server.store.store.write(Shard::stall(STALL), move |tx| {
            for table in &self.0 {
                tx.run(&format!("delete from {table}"), &[])?;
                tx.run(&format!("insert into {table} select * from backup_{table}"), &[])?;
                tx.run(&format!("drop table backup_{table}"), &[])?;
            }
            Ok::<_, Refusal>(core.new_epoch(tx, now)?)
        });
        back.await.map_err(|failed| format!("{failed:?}")).unwrap();
        let core: Arc<dyn StallCore> = shop.core.clone();
        shop.server = shop.server.restarted(Wanted { core: Some(core), pay, ..Wanted::default() });
        shop
    }
}

/// What the server wrote of this stall, as a device keeps it that heard of all.
pub(crate) async fn servers_records(shop: &Shop) -> Vec<Record> {
    let read = shop.server.store.store.read(|tx| {
        let row = tx.query_one("select author from stall_core where log = $1", params![STALL])?;
        let author: AuthorId = row.id(0)?;
        let head = log::head(tx, STALL, &author)?.map_or(0, |head| head.seq);
        let records = (1..=head).map(|seq| log::record_at(tx, STALL, &author, seq));
        Ok::<_, StoreError>(records.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    });
    read.await.map_err(StoreError::from).unwrap()
}

/// The most that any word of the server about a card says was before it: more than nothing only newer registers read.
async fn before(shop: &Shop) -> i64 {
    let word = |record: &Record| {
        let (_, entry) = Entry::from_body(Kind::from_number(record.kind)?, record.body.bytes()?).ok()?;
        CardWord::of(record.author, &entry).map(|(_, word)| word.before)
    };
    servers_records(shop).await.iter().filter_map(word).max().unwrap()
}

/// A server forgot that it called one of them off, and that the other one was handed over.
#[tokio::test(flavor = "multi_thread")]
async fn no_order_with_a_card_ends_while_the_stall_is_frozen() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 9).await;
        sell(&mut shop, 1, (1_000, 1_000)).await;
        sell(&mut shop, 2, (200, 200)).await;
        for (order, number) in [(1, 1), (2, 2)] {
            let card = json!({"card": {"code": code(number)}});
            with_card(&shop, (1, order), 1, &card).send().await.expect(StatusCode::CREATED);
        }
        let mut register = shop.register(7, "cashier").await;
        exchange(&shop.server, &mut register).await;
        let backup = Backup::of(&shop).await;

        // In the first life the one is called off, and the other one handed over; the register never heard the answer to that.
        end(&shop, 1, "cancel").await.expect(StatusCode::OK);
        let order = OrderId::from_hex(&id(2)).unwrap();
        register.device.write([Entry::from(OrderHandedOver { order, taken: None })], AT_MS).unwrap();
        let page = register.device.page().unwrap().encode().unwrap();
        shop.page(&register.access, page).send().await.expect(StatusCode::OK);
        assert_eq!((lies(&shop, 1, 1).await, lies(&shop, 2, 2).await), ((1_000, 0, 0), (0, 0, 200)));
        shop = backup.put_back(shop).await;

        // In the second one nothing can be spent, and nothing ends: it may have ended the other way.
        shop.exchange().await;
        assert_eq!((lies(&shop, 1, 1).await, lies(&shop, 2, 2).await), ((550, 0, 450), (0, 200, 0)));
        for number in [1, 2] {
            let frozen = look(&shop, &code(number)).send().await;
            frozen.refused(StatusCode::SERVICE_UNAVAILABLE, "stall_frozen");
        }
        look(&shop, &code(3)).send().await.refused(StatusCode::NOT_FOUND, "unknown_purse");
        for how in ["cancel", "fulfil"] {
            end(&shop, 1, how).await.refused(StatusCode::SERVICE_UNAVAILABLE, "stall_frozen");
        }
        exchange(&shop.server, &mut register).await;
        assert_eq!(lies(&shop, 1, 1).await, (550, 0, 450));
        assert_eq!(lies(&shop, 2, 2).await, (0, 200, 0), "left alone until all is heard");
    }
}
