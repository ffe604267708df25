//! Whom an open order is for. It is in no record: the server tells who works at the stall, and this device keeps it for when there
//! is no network, until the order ends.

use soko_app_api::{ContactView, QueryKey, View};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::release_order::OrderState;
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};
use crate::server::{Unanswered, timed};

impl Device {
    /// What is kept is said at once; the server is asked meanwhile, and where it says something else, whoever asked hears of that.
    pub(crate) async fn order_contact(&self, stall: LogId, order: OrderId) -> Result<View, Undone> {
        if self.write(|tx| forget_ended(tx, stall))? > 0 {
            self.leave_no_trace()?;
        }
        if !self.read(|tx| is_held(tx, stall, order))? {
            return Ok(View::Missing);
        }
        let shown = || Ok(self.read(|tx| kept(tx, stall, order))?.map_or(View::Missing, View::OrderContact));
        if self.connected(stall).is_err() || self.heard.is_online() == Some(false) {
            return shown();
        }
        let said = shown()?;
        if said == View::Missing {
            timed(&*self.host, self.options.market_ms, self.ask_contact(stall, order)).await.transpose()?;
            return shown();
        }
        self.ask_contact_meanwhile(stall, order);
        Ok(said)
    }

    fn ask_contact_meanwhile(&self, stall: LogId, order: OrderId) {
        if !self.contacts_asked.borrow_mut().insert((stall, order)) {
            return;
        }
        self.spawn(move |device| {
            Box::pin(async move {
                let asked = device.ask_contact(stall, order).await;
                device.contacts_asked.borrow_mut().remove(&(stall, order));
                if matches!(asked, Ok(true))
                    && let Ok(mut engine) = device.engine()
                {
                    engine.note_change(stall, QueryKey::Order(order));
                    drop(engine);
                    device.tell_changes();
                }
            })
        });
    }

    /// Asks the server, and keeps what it says. Answers whether that is something else than what was kept.
    async fn ask_contact(&self, stall: LogId, order: OrderId) -> Result<bool, Undone> {
        let link = self.connected(stall)?;
        let server = self.server_at(&link.server)?;
        let mut asked = server.order_contact(stall, order, &link.access_token).await;
        if let Err(Unanswered::NoAccess(_)) = &asked
            && let Ok(link) = self.refresh(&server, stall).await
        {
            asked = server.order_contact(stall, order, &link.access_token).await;
        }
        let before = self.read(|tx| kept(tx, stall, order))?;
        // The server is asked each time: whoever erased their account since is nobody here, too. One that only does not know may have been
        // restored, and this is the last copy then.
        match asked {
            Ok(contact) => {
                if before.as_ref() == Some(&contact) {
                    return Ok(false);
                }
                self.write(|tx| keep(tx, (stall, order), &contact))
            }
            Err(Unanswered::Refused { code, .. }) if code == "contact_erased" => {
                self.write(|tx| forget(tx, stall, order))?;
                self.leave_no_trace()?;
                Ok(before.is_some())
            }
            Err(_) => Ok(false),
        }
    }
}

fn is_held(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<bool, StoreError> {
    Ok(facts::order(tx, stall, order)?.is_some_and(|found| found.state == OrderState::Held))
}

/// The order may have ended, or the stall been left, while the server was asked: nothing is kept of it then. Answers whether it was.
fn keep(
    tx: &mut dyn Tx,
    (stall, order): (LogId, OrderId),
    contact: &ContactView,
) -> Result<bool, StoreError> {
    if !is_held(tx, stall, order)? {
        return Ok(false);
    }
    tx.execute(
        "insert into order_contact (log, order_id, contact) values ($1, $2, $3)
         on conflict (log, order_id) do update set contact = excluded.contact",
        params![stall, order, pack(contact)?],
    )?;
    Ok(true)
}

fn kept(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<Option<ContactView>, StoreError> {
    let sql = "select contact from order_contact where log = $1 and order_id = $2";
    let row = tx.query_opt(sql, params![stall, order])?;
    Ok(row.map(|row| row.blob(0).map(unpack)).transpose()?.flatten())
}

fn forget(tx: &mut dyn Tx, stall: LogId, order: OrderId) -> Result<(), StoreError> {
    tx.execute("delete from order_contact where log = $1 and order_id = $2", params![stall, order])?;
    Ok(())
}

/// What ended needs nobody's address. Answers of how many there was one.
fn forget_ended(tx: &mut dyn Tx, stall: LogId) -> Result<u64, StoreError> {
    tx.execute(
        "delete from order_contact where log = $1 and exists (
           select 1 from orders o where o.log = order_contact.log and o.order_id = order_contact.order_id
             and (o.handed_over = 1 or o.released = 1 or o.fulfilled = 1))",
        params![stall],
    )
}
