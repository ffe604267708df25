//! Prices that move by themselves, as their owner allowed: looked at every quarter of an hour, and when stock, a drawer or a
//! limit changed. It needs no server; what moved goes out like every other edit.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::select;
use soko_app_api::{Notice, QueryKey};

use crate::device::Device;

const LOOK_EVERY_MS: u64 = 15 * 60 * 1_000;

impl Device {
    pub(crate) async fn follow_prices(self: Rc<Self>) {
        while !self.is_closed() {
            let heard = self.prices.heard();
            self.move_prices();
            select(pin!(self.prices.after(heard)), self.host.sleep(LOOK_EVERY_MS)).await;
        }
    }

    /// Moves what may move now, at every stall.
    pub(crate) fn move_prices(&self) {
        let Ok(stalls) = self.engine().map(|engine| engine.stalls()) else { return };
        for stall in stalls {
            // What fails here is no reason to stop selling; the next look tries again.
            let moved = self.engine().map(|mut engine| engine.move_prices(stall, self.now()));
            if matches!(moved, Ok(Ok(moved)) if moved > 0) {
                self.tell_changes();
                self.ring(stall);
            }
        }
    }
}

/// Whether a price may be another one after this.
pub(crate) fn may_move(notice: &Notice) -> bool {
    let is_about = |key: &QueryKey| {
        matches!(key, QueryKey::Prices | QueryKey::Shift | QueryKey::Stock(_) | QueryKey::Everything)
    };
    notice.keys.iter().any(is_about)
}
