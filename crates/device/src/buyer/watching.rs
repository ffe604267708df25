//! Hearing at once when a stall goes on with an order of this buyer. Whatever is missed here is asked about now and then.

use std::pin::pin;
use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use soko_domain::ids::{LogId, OrderId};

use crate::device::Device;
use crate::failure::Undone;
use crate::server::PlacedAs;

/// Orders that are listened for; the server follows no more at once.
const ORDERS_MAX: usize = 10;
/// After the stream ended in order.
const AGAIN_MS: u64 = 5_000;
/// With nothing to listen for the bell wakes; this is only for what it might miss.
const IDLE_MS: u64 = 600_000;

/// What one stream is about. Another one is opened when it is another.
#[derive(Clone, PartialEq, Eq)]
struct Heard {
    server: String,
    buyer: PlacedAs,
    orders: Vec<(LogId, OrderId)>,
}

impl Device {
    /// Listens to what becomes of orders, for as long as the device is there.
    pub(crate) async fn listen_to_orders(self: Rc<Self>) {
        let mut failures = 0;
        while !self.is_closed() {
            let heard = self.orders.heard();
            let wanted = self.to_hear().unwrap_or_default();
            let wait_ms = match &wanted {
                None => IDLE_MS,
                Some(wanted) if self.listen(wanted).await.is_ok() => {
                    failures = 0;
                    AGAIN_MS
                }
                Some(_) => {
                    failures += 1;
                    self.back_off_ms(failures)
                }
            };
            // Something else to listen for is not waited with.
            if !self.is_closed() && self.to_hear().unwrap_or_default() == wanted {
                select(pin!(self.orders.after(heard)), self.host.sleep(wait_ms)).await;
            }
        }
    }

    /// Until the stream ends, or there is something else to listen for.
    async fn listen(&self, wanted: &Heard) -> Result<(), Undone> {
        let server = self.server_at(&wanted.server)?;
        let mut words = server.order_moves(&wanted.buyer, &wanted.orders).await?;
        // What moved before somebody listened.
        self.orders.ring();
        while !self.is_closed() {
            let heard = self.orders.heard();
            if self.to_hear()?.as_ref() != Some(wanted) {
                return Ok(());
            }
            match select(words.next(), pin!(self.orders.after(heard))).await {
                Either::Left((Some(_), _)) => self.orders.ring(),
                Either::Left((None, _)) => return Ok(()),
                Either::Right(_) => {}
            }
        }
        Ok(())
    }

    /// The youngest orders that are under way at one server, as one buyer.
    fn to_hear(&self) -> Result<Option<Heard>, Undone> {
        let own = self.own()?;
        let open = self.own_open()?;
        let mut heard = None::<Heard>;
        for open in open.iter().rev().filter(|open| open.state.is_under_way()) {
            let Some(buyer) = open.buyer.placed_as(&own) else { continue };
            let heard = heard.get_or_insert_with(|| Heard {
                server: open.buyer.server.clone(),
                buyer: buyer.clone(),
                orders: Vec::new(),
            });
            if heard.server == open.buyer.server && heard.buyer == buyer && heard.orders.len() < ORDERS_MAX {
                heard.orders.push((open.stall, open.order));
            }
        }
        Ok(heard)
    }
}
