//! Hearing at once how far one's own orders are. A word names an order and carries nothing else: its buyer asks then, and who
//! misses a word asks a little later.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::future::select_all;
use futures_util::stream::unfold;
use serde::Deserialize;
use soko_domain::entry::OrderStep;
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::verbs::release_order::OrderState;
use soko_domain::verbs::swap_order::SwapStanding;
use soko_record_log::Tx;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::core::StallCore;
use crate::guard::limits::{Who, cost};
use crate::guard::seats::Seat;
use crate::http::app::App;
use crate::http::asked::ApiQuery;
use crate::http::body::id;
use crate::http::front::Origin;
use crate::http::market::too_many_listeners;
use crate::http::orders::Buyer;
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal, authorise};

/// Orders that one stream follows: more are asked about now and then.
const ORDERS_MAX: usize = 10;
/// Several moves of a stall within this time are looked at together. What this process itself changed of an order is looked at at once.
const TOGETHER: Duration = Duration::from_millis(200);
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A buyer who still waits comes back.
const LIFE: Duration = Duration::from_secs(30 * 60);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamAsked {
    /// 1 to 10 of `stall.order`, with commas between them.
    orders: String,
}

/// Hear at once when something of one's own orders changed: how far the stall is, whether it is paid, how it ended.
///
/// Each word's data is an order's identity. Buyers sign in, or send `Soko-Buyer` as with their orders.
#[utoipa::path(get, path = "/v1/orders/stream", tag = "orders",
    params(StreamAsked, ("Soko-Buyer" = Option<String>, Header, description = "A guest's secret, 64 hexadecimal digits")),
    responses(
    (status = 200, description = "Server-sent words", content_type = "text/event-stream", body = String),
    (status = 404, description = "One of them is no order, or not yours", body = ProblemBody),
    (status = 429, description = "Too many listeners", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn stream(
    State(app): State<App>,
    origin: Origin,
    Buyer(principal): Buyer,
    ApiQuery(asked): ApiQuery<StreamAsked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let orders = read(&asked.orders)?;
    app.spend(Who::Prefix(origin.prefix), cost::STREAM)?;
    let seat = app.audience().take(origin.prefix, origin.is_local).ok_or_else(too_many_listeners)?;
    let listener = Listener::new(&app, principal, orders, seat).await?;
    let words = unfold(listener, |mut listener| async move {
        let order = listener.next().await?;
        Some((Ok(Event::default().data(order.to_string())), listener))
    });
    Ok(Sse::new(words).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

fn read(text: &str) -> Result<Vec<(LogId, OrderId)>, Problem> {
    let pairs: Vec<&str> = text.split(',').take(ORDERS_MAX + 1).collect();
    if pairs.len() > ORDERS_MAX {
        return Err(Problem::malformed(format!("one stream follows at most {ORDERS_MAX} orders")));
    }
    let pair = |pair: &&str| {
        let (stall, order) = pair.split_once('.').unwrap_or((pair, ""));
        Ok((id(stall, "the stall")?, id(order, "the order")?))
    };
    pairs.iter().map(pair).collect()
}

/// What a buyer sees change.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    state: OrderState,
    step: Option<OrderStep>,
    payment: Option<&'static str>,
    /// How far each offer in place of a line is.
    swaps: Vec<(ThingId, SwapStanding)>,
}

struct Followed {
    stall: LogId,
    order: OrderId,
    moved: watch::Receiver<u64>,
    changed: watch::Receiver<u64>,
    seen: Option<Seen>,
}

struct Listener {
    app: App,
    orders: Vec<Followed>,
    closing: watch::Receiver<bool>,
    to_tell: VecDeque<OrderId>,
    ends: Instant,
    _counted: Counted,
    _seat: Seat,
}

impl Listener {
    async fn new(
        app: &App,
        principal: Principal,
        orders: Vec<(LogId, OrderId)>,
        seat: Seat,
    ) -> Result<Self, Problem> {
        // Listening begins before the first look: what moves in between is looked at again.
        let follow = |(stall, order): (LogId, OrderId)| Followed {
            stall,
            order,
            moved: app.moved().listen(stall),
            changed: app.moved().listen_to_order(stall, order),
            seen: None,
        };
        let mut orders: Vec<Followed> = orders.into_iter().map(follow).collect();
        let core = app.core()?;
        let asked: Vec<(LogId, OrderId)> = orders.iter().map(|it| (it.stall, it.order)).collect();
        let look = move |tx: &mut dyn Tx| {
            for (stall, order) in &asked {
                authorise(tx, principal, Object::Order(*stall, *order), Action::SeeOrder)?;
            }
            asked.iter().map(|(stall, order)| seen(&*core, tx, *stall, *order)).collect::<Result<Vec<_>, _>>()
        };
        let first = app.store().read(look).await?;
        orders.iter_mut().zip(first).for_each(|(order, seen)| order.seen = seen);
        Ok(Self {
            app: app.clone(),
            orders,
            closing: app.closing(),
            to_tell: VecDeque::new(),
            ends: Instant::now() + LIFE,
            _counted: Counted::new(app),
            _seat: seat,
        })
    }

    async fn next(&mut self) -> Option<OrderId> {
        loop {
            if let Some(order) = self.to_tell.pop_front() {
                return Some(order);
            }
            if *self.closing.borrow() {
                return None;
            }
            self.until_told().await?;
            if let Err(failed) = self.look().await {
                // Its buyer asks now and then in any case.
                tracing::warn!(?failed, "orders.not_looked_at");
                return None;
            }
        }
    }

    /// Until there is reason to look; nothing at the end.
    async fn until_told(&mut self) -> Option<()> {
        let (stalls, orders): (Vec<_>, Vec<_>) = self
            .orders
            .iter_mut()
            .map(|order| (Box::pin(order.moved.changed()), Box::pin(order.changed.changed())))
            .unzip();
        let a_stall_moved = async {
            let (moved, ..) = select_all(stalls).await;
            tokio::time::sleep(TOGETHER).await;
            moved
        };
        tokio::select! {
            (changed, ..) = select_all(orders) => changed.ok(),
            moved = a_stall_moved => moved.ok(),
            _ = self.closing.changed() => None,
            () = tokio::time::sleep_until(self.ends) => None,
        }
    }

    async fn look(&mut self) -> Result<(), Problem> {
        for order in &mut self.orders {
            order.moved.mark_unchanged();
            order.changed.mark_unchanged();
        }
        let core = self.app.core()?;
        let asked: Vec<(LogId, OrderId)> = self.orders.iter().map(|it| (it.stall, it.order)).collect();
        let look = move |tx: &mut dyn Tx| {
            asked.iter().map(|(stall, order)| seen(&*core, tx, *stall, *order)).collect::<Result<Vec<_>, _>>()
        };
        let now = self.app.store().read(look).await?;
        for (order, now) in self.orders.iter_mut().zip(now) {
            if order.seen != now {
                order.seen = now;
                self.to_tell.push_back(order.order);
            }
        }
        Ok(())
    }
}

fn seen(
    core: &dyn StallCore,
    tx: &mut dyn Tx,
    stall: LogId,
    order: OrderId,
) -> Result<Option<Seen>, Refusal> {
    let view = core.order(tx, stall, order)?;
    Ok(view.map(|view| Seen {
        state: view.state,
        step: view.step,
        payment: view.payment.map(|payment| payment.state),
        swaps: view.swaps.iter().map(|swap| (swap.swap, swap.standing)).collect(),
    }))
}

/// One of the streams that the metrics count.
struct Counted(App);

impl Counted {
    fn new(app: &App) -> Self {
        app.metrics().streams.inc();
        Self(app.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics().streams.dec();
    }
}
