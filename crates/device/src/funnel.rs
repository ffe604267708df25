//! The way of a stall's shoppers from a glance to an order. The server adds it up; this device keeps what it said for when there is no
//! network, with the moment at which it was said.

use soko_app_api::{FunnelRow, FunnelSteps, FunnelView, Query, View};
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};
use crate::server::{FunnelSaid, Unanswered, timed};

/// All of it, and each product.
type Kept = (FunnelSteps, Vec<(String, FunnelSteps)>);

impl Device {
    /// As the server says now, or as it said last. Whoever may not see what was sold sees nothing of it.
    pub(crate) async fn funnel(&self, stall: LogId, days: u16) -> Result<View, Undone> {
        if self.ask(&Query::Funnel { stall, days })? == View::ForManagers {
            return Ok(View::ForManagers);
        }
        let Some(said) = self.ask_funnel(stall, days).await? else {
            let kept = self.read(|tx| kept(tx, stall, days))?;
            let (told_ms, (all, products)) = kept.map_or_else(Default::default, |(at, it)| (Some(at), it));
            return self.shown(stall, (told_ms, false), all, &products);
        };
        let told_ms = self.host.now().at_ms;
        let products: Vec<(String, FunnelSteps)> =
            said.products().into_iter().map(|(product, steps)| (product.to_string(), steps)).collect();
        let all = said.all.into();
        self.write(|tx| {
            tx.execute(
                "insert into funnel_seen (log, days, told_ms, funnel) values ($1, $2, $3, $4)
                 on conflict (log, days) do update set told_ms = excluded.told_ms, funnel = excluded.funnel",
                params![stall, days, told_ms, pack(&(all, &products))?],
            )
        })?;
        self.shown(stall, (Some(told_ms), true), all, &products)
    }

    /// With the names as they are here, also of what is not sold any more.
    fn shown(
        &self,
        stall: LogId,
        (told_ms, is_now): (Option<i64>, bool),
        all: FunnelSteps,
        products: &[(String, FunnelSteps)],
    ) -> Result<View, Undone> {
        let products = self.read(|tx| {
            let mut rows = Vec::new();
            for (hex, steps) in products {
                let Some(product) = ProductId::from_hex(hex) else { continue };
                let sql = "select name from product where log = $1 and product = $2";
                let known = tx.query_opt(sql, params![stall, product])?;
                let name = known.map_or(Ok(String::new()), |row| row.text(0).map(str::to_owned))?;
                rows.push(FunnelRow { product, name, steps: *steps });
            }
            Ok(rows)
        })?;
        Ok(View::Funnel(FunnelView { told_ms, is_now, all, products }))
    }

    /// Nothing where the server cannot be asked, refuses, or takes too long.
    async fn ask_funnel(&self, stall: LogId, days: u16) -> Result<Option<FunnelSaid>, Undone> {
        let Ok(link) = self.connected(stall) else { return Ok(None) };
        let server = self.server_at(&link.server)?;
        let asked = async {
            let first = server.funnel(stall, days, &link.access_token).await;
            if let Err(Unanswered::NoAccess(_)) = &first
                && let Ok(link) = self.refresh(&server, stall).await
            {
                return server.funnel(stall, days, &link.access_token).await;
            }
            first
        };
        Ok(timed(&*self.host, self.options.market_ms, asked).await.and_then(Result::ok))
    }
}

fn kept(tx: &mut dyn Tx, stall: LogId, days: u16) -> Result<Option<(i64, Kept)>, StoreError> {
    let sql = "select told_ms, funnel from funnel_seen where log = $1 and days = $2";
    let Some(row) = tx.query_opt(sql, params![stall, days])? else { return Ok(None) };
    let at_ms = row.int(0)?;
    Ok(unpack(row.blob(1)?).map(|kept| (at_ms, kept)))
}
