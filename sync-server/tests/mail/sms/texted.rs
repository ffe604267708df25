//! Receipts of sales at a counter, that a register has texted.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Stall, Typed as _};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, SaleVoided, SplitUnits, Standing};
use soko_domain::ids::{LogId, ShiftId, ThingId};
use soko_record_log::{StoreError, Tx, params};
use soko_sync_server::demo::Device;
use soko_sync_server::messages::{Channel, Round, SmsShape, State, Which, again, listed};
use soko_sync_server::store::Shard;

use super::{DAY_MS, Market, NUMBER, SENT, SHAPES, assert_proven, no_number};
use crate::common::server::{Answer, Wanted, hex};
use crate::common::shop::{SALE, STALL, TEA, id, stores};
use crate::mail::MINUTE_MS;

/// Asks for the receipt of the shop's sale, as its register.
async fn text_receipt(market: &Market, request: u8, body: Value) -> Answer {
    let path = format!("/v1/stalls/{STALL}/sales/{SALE}/mailed/{}", id(request));
    market.server().put(&path, &body).bearer(&market.shop.register.access).send().await
}

fn to(number: &str, language: &str) -> Value {
    json!({"telephone": number, "language": language})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_texted_once_and_its_number_is_forgotten() {
    for shape in SHAPES {
        for store in stores() {
            let mut market = Market::open(store, shape).await;
            market.shop.sell(2).await;
            for _ in 0..2 {
                let asked = text_receipt(&market, 1, to(" +254 712-345-678 ", "fr")).await;
                assert_eq!(asked.expect(StatusCode::OK).text("state"), "waiting");
            }
            assert_eq!(market.round().await, Round { sent: 1, ..SENT });
            let taken = market.provider.taken();
            let [text] = taken.as_slice() else { panic!("{taken:?}") };
            let lines: Vec<&str> = text.text().lines().collect();
            assert_eq!(text.to(), NUMBER);
            assert!(lines[0].contains('1') && lines[0].contains("Tea House"), "{lines:?}");
            assert_eq!(lines[1], "Total EUR: 9,00");
            assert_eq!(lines[2], "2026-09-21 14:13", "{lines:?}");
            assert_proven(text, shape);
            let again = text_receipt(&market, 1, to(NUMBER, "fr")).await.expect(StatusCode::OK);
            assert_eq!((again.text("state"), market.round().await), ("sent".into(), Round::default()));
            assert_eq!(numbers(&market).await, [""]);

            // Nobody has this one: the register hears why, without the number.
            let (refused, words) = no_number(shape);
            market.provider.answer(&[refused]);
            text_receipt(&market, 2, to(NUMBER, "en")).await.expect(StatusCode::OK);
            assert_eq!(market.round().await, Round { given_up: 1, ..SENT });
            let told = text_receipt(&market, 2, to(NUMBER, "en")).await.expect(StatusCode::OK);
            let reason = told.text("reason");
            assert_eq!(told.text("state"), "given-up");
            assert!(reason.contains(words) && !reason.contains("712345678"), "{reason}");
            assert_eq!(numbers(&market).await, ["", ""]);
        }
    }
}

/// What the server holds of whom receipts went to.
async fn numbers(market: &Market) -> Vec<String> {
    let find = |tx: &mut dyn Tx| {
        let rows = tx.query("select address from mailed_receipt where stall = $1", params![STALL])?;
        rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
    };
    let found: Result<Vec<String>, _> = market.server().store.store.read(find).await;
    found.map_err(StoreError::from).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_texted_to_numbers_alone_and_as_often_as_a_day_allows() {
    for store in stores() {
        let mut market = Market::open(store, SmsShape::Http).await;
        market.shop.sell(1).await;
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        for (body, code) in [
            (to("0712 345 678", "en"), "telephone_unreadable"),
            (to("amina@example.org", "en"), "telephone_unreadable"),
            (to(NUMBER, "de"), "language_unknown"),
            (json!({"language": "en"}), "receipt_address"),
            (
                json!({"language": "en", "telephone": NUMBER, "address": "amina@example.org"}),
                "receipt_address",
            ),
        ] {
            text_receipt(&market, 1, body).await.refused(unprocessable, code);
        }
        let mail = json!({"address": "amina@example.org", "language": "en"});
        text_receipt(&market, 1, mail).await.refused(StatusCode::CONFLICT, "no_mail");
        texted_before(&market, 50).await;
        let later = text_receipt(&market, 1, to(NUMBER, "en")).await;
        assert_eq!(later.headers["retry-after"], "61", "it keeps waiting at the register");
        later.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
        market.server().clock.advance_ms(MINUTE_MS);
        text_receipt(&market, 1, to(NUMBER, "en")).await.expect(StatusCode::OK);
        assert_eq!(market.round().await, Round { sent: 1, ..SENT });
    }
}

/// As many receipts of other sales were texted, almost a day ago.
async fn texted_before(market: &Market, count: u8) {
    let made_ms = market.server().app.now_ms() - DAY_MS + MINUTE_MS;
    let work = move |tx: &mut dyn Tx| {
        for number in 0..count {
            tx.run(
                "insert into mailed_receipt (message, stall, author, sale, address, language, is_copy, made_ms, channel)
                 values ($1, $2, $3, $4, '', 'en', 0, $5, 4)",
                params![ThingId([number; 16]), STALL, ThingId([1; 16]), ThingId([200 - number; 16]), made_ms],
            )?;
        }
        Ok::<_, StoreError>(())
    };
    market.server().store.store.write(Shard::stall(STALL), work).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_to_one_number_have_an_end_whichever_stalls_send_them() {
    for store in stores() {
        let mut market = Market::open(store, SmsShape::Http).await;
        market.shop.sell(1).await;
        let other = Device::new([8; 32], LogId([0x52; 16]), [8; 16], "elsewhere").unwrap();
        let claim = json!({"introduction": hex(&other.introduction())});
        let buyer = market.buyer.clone();
        market.server().post("/v1/stalls", &claim).bearer(&buyer).send().await.expect(StatusCode::CREATED);
        for request in 1..=10 {
            text_receipt(&market, request, to(" +254 712-345-678 ", "en")).await.expect(StatusCode::OK);
            // As if each were of another sale, and half of them of the other stall.
            let stall = if request % 2 == 0 { STALL } else { LogId([0x52; 16]) };
            let sale = ThingId([request; 16]);
            let sql = "update mailed_receipt set sale = $1, stall = $2 where sale = $3";
            change(&market, move |tx| tx.run(sql, params![sale, stall, SALE])).await;
        }
        market.server().clock.advance_ms(MINUTE_MS);
        let later = text_receipt(&market, 11, to(NUMBER, "en")).await;
        let wait_s: i64 = later.headers["retry-after"].to_str().unwrap().parse().unwrap();
        later.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
        assert_eq!(wait_s, (DAY_MS - MINUTE_MS) / 1_000 + 1);
        text_receipt(&market, 12, to("+254712345679", "en")).await.expect(StatusCode::OK);
        market.server().clock.advance_ms(DAY_MS - MINUTE_MS);
        market.shop.renew(1).await;
        text_receipt(&market, 11, to(NUMBER, "en")).await.expect(StatusCode::OK);
        market.round().await;
        assert_eq!(digests(&market).await, 2, "no longer than a day");
    }
}

/// How many rows still say which texts went to one number.
async fn digests(market: &Market) -> i64 {
    let count = |tx: &mut dyn Tx| {
        let sql = "select count(*) from mailed_receipt where number_digest is not null";
        tx.query_one(sql, params![])?.int(0)
    };
    let found: Result<i64, _> = market.server().store.store.read(count).await;
    found.map_err(StoreError::from).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_says_how_many_receipts_are_texted_in_a_day() {
    for store in stores() {
        let wanted = Wanted { sends_sms: true, texted_receipts_per_day: Some(3), ..Wanted::default() };
        let mut market = Market::open_wanted(store, SmsShape::Http, wanted).await;
        market.shop.sell(1).await;
        texted_before(&market, 2).await;
        text_receipt(&market, 1, to(NUMBER, "en")).await.expect(StatusCode::OK);
        let later = text_receipt(&market, 2, to(NUMBER, "en")).await;
        assert_eq!(later.headers["retry-after"], "61");
        later.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_before_is_answered_by_a_server_that_texts_no_more() {
    for store in stores() {
        let mut market = Market::open(store, SmsShape::Http).await;
        market.shop.sell(1).await;
        text_receipt(&market, 1, to(NUMBER, "en")).await.expect(StatusCode::OK);
        assert_eq!(market.round().await, Round { sent: 1, ..SENT });
        let wanted = Wanted { core: Some(market.shop.core.clone()), ..Wanted::default() };
        market.shop.server = market.shop.server.restarted(wanted);
        let known = text_receipt(&market, 1, to(NUMBER, "en")).await.expect(StatusCode::OK);
        assert_eq!(known.text("state"), "sent");
        text_receipt(&market, 2, to(NUMBER, "en")).await.refused(StatusCode::CONFLICT, "no_texts");
    }
}

/// How the receipts that wait stand among the messages.
async fn waiting_numbers(market: &Market) -> Vec<i64> {
    let find = |tx: &mut dyn Tx| {
        let rows = tx.query("select state from message where topic = 23 order by state", params![])?;
        rows.iter().map(|row| row.int(0)).collect()
    };
    let found: Result<Vec<i64>, _> = market.server().store.store.read(find).await;
    found.map_err(StoreError::from).unwrap()
}

async fn change(
    market: &Market,
    mut work: impl FnMut(&mut dyn Tx) -> Result<(), StoreError> + Send + 'static,
) {
    let changed = market.server().store.store.write(Shard::stall(STALL), move |tx| work(tx)).await;
    changed.map_err(StoreError::from).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_no_texted_receipts_leaves_them_alone() {
    for store in stores() {
        let mut market = Market::open(store, SmsShape::Http).await;
        market.shop.sell(1).await;
        text_receipt(&market, 1, to(NUMBER, "en")).await.expect(StatusCode::OK);
        // Such a server takes along 1, 5, 6 and 7, and would mail this one.
        assert_eq!(waiting_numbers(&market).await, [8]);
        // Those that wait since before have the number of texts to people, until the step that changes it.
        change(&market, |tx| tx.run("update message set state = 7", params![])).await;
        let step = include_str!("../../../../migrations/server/0023_texted_numbers.sql");
        let step = step.split(';').next().unwrap().lines().last().unwrap();
        change(&market, |tx| tx.run(step, params![])).await;
        assert_eq!(waiting_numbers(&market).await, [8]);

        // Whoever knows them finds them, counts them and takes them along.
        let store = market.server().store.store.clone();
        let found = store.read(|tx| listed(tx, Some(State::Waiting), 10)).await;
        let found = found.map_err(StoreError::from).unwrap();
        assert_eq!(
            found.iter().map(|one| (one.channel, one.state)).collect::<Vec<_>>(),
            [(Channel::Sms, State::Waiting)]
        );
        market.provider.answer(&[(500, None, String::new())]);
        assert_eq!(market.round().await, Round { later: 1, ..SENT });
        let metrics = market.server().get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
        let metrics = String::from_utf8_lossy(&metrics.bytes).into_owned();
        assert!(metrics.lines().any(|line| line == "soko_messages_waiting 1"), "{metrics}");
        market.server().clock.advance_ms(2 * MINUTE_MS);
        market.provider.answer(&[no_number(SmsShape::Http).0]);
        assert_eq!(market.round().await, Round { given_up: 1, ..SENT });

        // The number is forgotten, so trying again brings it to nobody; it waits as what it is.
        let now_ms = market.server().app.now_ms();
        let again = store.write(Shard::stall(STALL), move |tx| again(tx, (None, &Which::All), now_ms)).await;
        assert_eq!(again.map_err(StoreError::from).unwrap(), 1);
        assert_eq!(waiting_numbers(&market).await, [8]);
        assert_eq!(market.round().await, Round { dropped: 1, ..SENT });
    }
}

/// The lines of the one text that is brought now.
async fn lines(market: &Market, request: u8, body: Value) -> Vec<String> {
    text_receipt(market, request, body).await.expect(StatusCode::OK);
    assert_eq!(market.round().await, Round { sent: 1, ..SENT });
    let taken = market.provider.taken();
    let [text] = taken.as_slice() else { panic!("{taken:?}") };
    text.text().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_says_first_what_nobody_may_miss() {
    let [store] = [crate::common::TestStore::sqlite()];
    let mut market = Market::open(store, SmsShape::Http).await;
    market.shop.sell_for(2, (TenderKind::MobileMoney, Standing::Claimed)).await;
    let whole = ["Payment not seen yet", "Receipt 1 from Tea House", "Total EUR: 9.00", "2026-09-21 14:13"];
    assert_eq!(lines(&market, 1, to(NUMBER, "en")).await, whole);

    let name = "Mama Amina’s Fresh Fruit and Vegetables of Kisumu".into();
    let profile = Stall { name, currency: "EUR".into(), ..Stall::default() };
    let at_ms = market.server().app.now_ms();
    let device = &mut market.shop.register.device;
    device.edit((ThingId(STALL.0), DocumentKind::Stall), &profile.edits(), at_ms).unwrap();
    market.shop.exchange().await;
    let copy =
        ["COPY, Payment not seen yet", "Receipt 1 from Mama Amina's Fresh Fruit and V", "Total EUR: 9.00"];
    assert_eq!(lines(&market, 2, to(NUMBER, "en")).await[..3], copy);
    // Seventy letters: the name gives way, and then the day.
    let arabic = ["نسخة, لم يُتحقق من الدفع بعد", "إيصال 1 من Mama Amina's", "المجموع EUR: 9.00"];
    assert_eq!(lines(&market, 3, to(NUMBER, "ar")).await, arabic);

    let units = vec![SplitUnits { product: TEA, from_share: 2, beyond_share: 0 }];
    let (shift, reason) = (ShiftId([0x5a; 16]), "typed wrong".into());
    let voided = SaleVoided { sale: SALE, shift, reason, units, cash_back_minor: 0 };
    market.shop.register.device.write([Entry::from(voided)], at_ms).unwrap();
    market.shop.exchange().await;
    let voided = lines(&market, 4, to(NUMBER, "en")).await;
    assert_eq!(voided[0], "COPY, VOID, Payment not seen yet");
}
