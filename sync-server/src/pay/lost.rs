//! A provider names a payment that nobody here remembers, of an order that no record names. The word is believed as little as any
//! other: the provider is asked, and what it shows is told to the stall.

use soko_checkout::{Answer, Call, Due, Ending, Payment, Status};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;
use soko_projection::read;
use soko_record_log::{StoreError, Tx};

use tokio::sync::Semaphore;

use crate::http::App;
use crate::pay::drive;
use crate::pay::provider::{Asked, Heard, Provider};
use crate::pay::rows::{self, DuePayment};
use crate::stall::{PayTurn, ToPay};

/// How far back a payment is looked for whose name is not said.
const LOOKED_BACK_MS: i64 = 30 * 24 * 3_600_000;

/// One look at a time.
static ASKS: Semaphore = Semaphore::const_new(1);

/// What is done about a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lost {
    /// Its payment or its order is known here.
    No,
    /// It is about no money, or about some that the stall was told of.
    Taken,
    /// Nobody can say yet: the provider is to say it again.
    Later,
}

pub(crate) async fn heard(
    app: &App,
    provider: &dyn Provider,
    (said, stall, order): (&Heard, LogId, OrderId),
) -> Result<Lost, String> {
    let failed = |failed: StoreError| format!("{failed:?}");
    let read = move |tx: &mut dyn Tx| {
        let profile = read::profile(tx, stall)?;
        Ok::<_, StoreError>(rows::is_lost(tx, stall, order)?.then_some(profile))
    };
    let Some(profile) = app.store().read(read).await.map_err(|error| failed(error.into()))? else {
        return Ok(Lost::No);
    };
    let Some(currency) = profile.and_then(|profile| Currency::parse(&profile.currency)) else {
        return Ok(Lost::Later);
    };
    let account = provider.account(stall);
    // Nobody knows how much: what is shown says so.
    let due = Due { order, account: account.clone(), amount_minor: 0, currency };
    let asked =
        look_up(Payment { object: said.object.clone(), ..Payment::forgotten(due) }, (stall, app.now_ms()));
    // Whoever signs nothing may say so much. Payments that are known are not to wait for what is not.
    let Ok(_only) = ASKS.try_acquire() else { return Ok(Lost::Later) };
    let object = match app.pay().call(provider.name(), &asked, || app.now_ms()).await {
        Answer::Seen(object) => object,
        Answer::Nothing | Answer::Refused(_) => return Ok(Lost::Taken),
        Answer::Unknown | Answer::Gone => return Ok(Lost::Later),
    };
    let is_its = object.due.order == order && object.due.account == account;
    let is_money = match object.status {
        Status::Pending | Status::Authorised | Status::Captured => true,
        Status::Dead | Status::Refunded => false,
    };
    if !is_its || !is_money {
        return Ok(Lost::Taken);
    }
    tracing::error!(%stall, %order, provider = provider.name(), "pay.found_without_its_order");
    let (name, phone, back) = (provider.name().to_owned(), String::new(), String::new());
    let to_pay = ToPay { way: provider.way(), provider: name.clone(), account, phone, back };
    let due = DuePayment { stall, order, provider: name };
    drive::turn(app, &due, PayTurn::Found(Box::new((to_pay, object)))).await?;
    Ok(Lost::Taken)
}

/// Of a payment that is to end: nothing is held or taken by looking.
pub(crate) fn look_up(mut payment: Payment, (stall, now_ms): (LogId, i64)) -> Asked {
    payment.cancel(Ending::Failed);
    Asked {
        stall,
        call: Call::LookUp,
        key: payment.key(Call::LookUp),
        payment,
        part: None,
        phone: String::new(),
        back: String::new(),
        asked_ms: now_ms - LOOKED_BACK_MS,
        now_ms,
    }
}
