//! Whom an open order is for. It is in no record: the server tells who works at the stall, and this device keeps it for when there
//! is no network, until the order ends.

use soko_app_api::{ContactView, View};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::release_order::OrderState;
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};
use crate::server::{Unanswered, timed};

impl Device {
    pub(crate) async fn order_contact(&self, stall: LogId, order: OrderId) -> Result<View, Undone> {
        self.write(|tx| forget_ended(tx, stall))?;
        let is_open = self.read(|tx| {
            Ok(facts::order(tx, stall, order)?.is_some_and(|found| found.state == OrderState::Held))
        })?;
        if !is_open {
            return Ok(View::Missing);
        }
        let kept = self.read(|tx| kept(tx, stall, order))?.map_or(View::Missing, View::OrderContact);
        let Ok(link) = self.connected(stall) else { return Ok(kept) };
        if self.heard.is_online() == Some(false) {
            return Ok(kept);
        }
        let server = self.server_at(&link.server)?;
        let mut access = link.access_token;
        let asked = async {
            let first = server.order_contact(stall, order, &access).await;
            if let Err(Unanswered::NoAccess(_)) = &first
                && let Ok(link) = self.refresh(&server, stall).await
            {
                access = link.access_token;
                return server.order_contact(stall, order, &access).await;
            }
            first
        };
        // The server is asked each time: whoever erased their account since is nobody here, too. One that only does not know may have been
        // restored, and this is the last copy then.
        let contact = match timed(&*self.host, self.options.market_ms, asked).await {
            Some(Ok(contact)) => contact,
            Some(Err(Unanswered::Refused { code, .. })) if code == "contact_erased" => {
                self.write(|tx| forget(tx, stall, order))?;
                return Ok(View::Missing);
            }
            Some(Err(_)) | None => return Ok(kept),
        };
        self.write(|tx| {
            tx.execute(
                "insert into order_contact (log, order_id, contact) values ($1, $2, $3)
                 on conflict (log, order_id) do update set contact = excluded.contact",
                params![stall, order, pack(&contact)?],
            )
        })?;
        Ok(View::OrderContact(contact))
    }
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

/// What ended needs nobody's address.
fn forget_ended(tx: &mut dyn Tx, stall: LogId) -> Result<(), StoreError> {
    tx.execute(
        "delete from order_contact where log = $1 and exists (
           select 1 from orders o where o.log = order_contact.log and o.order_id = order_contact.order_id
             and (o.handed_over = 1 or o.released = 1 or o.fulfilled = 1))",
        params![stall],
    )?;
    Ok(())
}
