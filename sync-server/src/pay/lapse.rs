//! Ends orders that were to be paid by bank transfer and were not. Nobody can be asked about those, so here the clock decides, long
//! after the buyer was told when.

use std::time::Duration;

use soko_projection::transfers;

use crate::http::App;
use crate::pay::drive;
use crate::pay::rows::DuePayment;
use crate::stall::PayTurn;

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Orders that one look ends; the next one goes on.
const ENDED_MAX: usize = 100;

/// For as long as the server runs.
pub async fn follow(app: App) {
    let mut closing = app.closing();
    let mut turns = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            _ = closing.changed() => return,
        }
        once(&app).await;
    }
}

/// All that are overdue now, as far as one look goes.
pub async fn once(app: &App) {
    let now_ms = app.now_ms();
    let found = match app.store().read(move |tx| transfers::overdue(tx, now_ms, ENDED_MAX)).await {
        Ok(found) => found,
        Err(failed) => {
            tracing::warn!(?failed, "pay.transfers_not_looked_at");
            return;
        }
    };
    for (stall, order) in found {
        // No provider has anything to do with it.
        let due = DuePayment { stall, order, provider: String::new() };
        match drive::turn(app, &due, PayTurn::Lapsed).await {
            Ok(_) => tracing::info!(%stall, %order, "pay.transfer_lapsed"),
            Err(error) => tracing::error!(%error, %order, "pay.transfer_not_ended"),
        }
    }
}
