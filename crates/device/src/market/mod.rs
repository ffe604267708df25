//! Looking at the market: from the server when it answers in time, otherwise from what was seen. What passes by is
//! kept, and the market is fetched in the background, so that there is something to see offline.

mod akin;
mod cache;
mod groups;
mod offers;
mod spots;

use std::pin::pin;
use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use soko_app_api::{MarketMoved, MarketQuery, MarketView, Spot, Spots, Told, WINDOW_ROWS_MAX, Window};
use soko_domain::ids::LogId;
use soko_record_log::{StoreError, Tx};
use soko_search::fold;

use crate::device::Device;
use crate::failure::Undone;
use crate::host::random;
use crate::server::{Server, Unanswered, timed};

pub(crate) use cache::{handings, stall_card, stall_name};
pub(crate) use offers::{OfferKept, of_family, offer};

/// Stalls that are fetched ahead.
const STALLS_AHEAD: u32 = 50;
/// How often what would be suggested is looked at anew, where some of it was sold out or gone.
const LOOKS_AGAIN: u32 = 4;
/// After the stream ended in order.
const AGAIN_MS: u64 = 5_000;
const RETRY_FIRST_MS: u64 = 1_000;
const RETRY_MAX_MS: u64 = 60_000;

impl Device {
    pub(crate) async fn market_answer(&self, query: &MarketQuery) -> Result<MarketView, Undone> {
        if self.heard.is_online() == Some(false) {
            return self.seen(query);
        }
        let Ok(server) = self.server() else { return self.seen(query) };
        let wait_ms = self.options.market_ms;
        match timed(&*self.host, wait_ms, server.market(query)).await {
            Some(Ok(view)) => {
                self.keep_seen(query, &view)?;
                Ok(view)
            }
            Some(Err(_)) => self.seen(query),
            None => {
                // The next look need not wait as long; whatever the server says turns it on again.
                let silence = Unanswered::NoAnswer(format!("nothing came within {wait_ms} ms"));
                self.heard.note(&*self.host, Some(&silence));
                self.seen(query)
            }
        }
    }

    /// Fetches the market and hears what moves, for as long as the device is there.
    pub(crate) async fn follow_market(self: Rc<Self>) {
        let mut failures = 0;
        while !self.is_closed() {
            let heard = self.market.heard();
            let wait_ms = match self.watch_market(heard).await {
                Ok(()) => {
                    failures = 0;
                    AGAIN_MS
                }
                Err(_) => {
                    failures += 1;
                    self.back_off_ms(failures)
                }
            };
            if !self.is_closed() {
                select(pin!(self.market.after(heard)), self.host.sleep(wait_ms)).await;
            }
        }
    }

    async fn watch_market(&self, heard: u64) -> Result<(), Undone> {
        let server = self.server()?;
        // Listening begins first: what moves while everything is fetched is fetched again.
        let mut moves = server.market_moves().await?;
        let begun_ms = self.fetch_market(&server).await?;
        // A server that has none, or an older one, is no reason to look away.
        let _ = self.fetch_model(&server).await;
        if let Some(begun_ms) = begun_ms {
            self.look_again(&server, begun_ms).await?;
        }
        self.tell(&Told::Market(MarketMoved::Everything));
        while !self.is_closed() {
            match select(moves.next(), pin!(self.market.after(heard))).await {
                Either::Left((Some(stall), _)) => {
                    self.fetch_stall(&server, stall).await?;
                    self.tell(&Told::Market(MarketMoved::Stall(stall)));
                    self.orders.ring();
                }
                Either::Left((None, _)) | Either::Right(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// When the offers were asked for, if there are more than were.
    async fn fetch_market(&self, server: &Server) -> Result<Option<i64>, Undone> {
        let query = MarketQuery::Stalls { text: String::new(), window: Window::first(STALLS_AHEAD) };
        let view = server.market(&query).await?;
        self.keep_seen(&query, &view)?;
        if let MarketView::Stalls(stalls) = &view
            && stalls.value.len() < STALLS_AHEAD as usize
        {
            self.forget_stalls_before(stalls.as_of_ms)?;
        }
        self.fetch_spots(server, Spots::All).await?;
        let begun_ms = self.fetch_offers(server, None).await?;
        self.fetch_newer(server, MarketQuery::Categories).await?;
        Ok(begun_ms)
    }

    /// Where stalls are and when they are open, without saying where this device is.
    async fn fetch_spots(&self, server: &Server, which: Spots) -> Result<(), Undone> {
        let window = Window::first(WINDOW_ROWS_MAX);
        self.fetch_newer(server, MarketQuery::Spots { which, window }).await
    }

    async fn fetch_newer(&self, server: &Server, query: MarketQuery) -> Result<(), Undone> {
        match server.market(&query).await {
            Ok(view) => self.keep_seen(&query, &view),
            // An older server names none.
            Err(Unanswered::Refused { .. }) => Ok(()),
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// What a stall shows now, instead of what was kept of it.
    pub(crate) async fn fetch_stall(&self, server: &Server, stall: LogId) -> Result<(), Undone> {
        let query = MarketQuery::Stall(stall);
        let view = server.market(&query).await?;
        if view == MarketView::Missing {
            return self.forget_stall(stall);
        }
        self.keep_seen(&query, &view)?;
        self.fetch_spots(server, Spots::Of(stall)).await?;
        self.fetch_offers(server, Some(stall)).await?;
        Ok(())
    }

    /// As many as are fetched ahead, by name. What is older and would be among them is not offered any more. Says when that began if there
    /// are more.
    async fn fetch_offers(&self, server: &Server, stall: Option<LogId>) -> Result<Option<i64>, Undone> {
        let most = self.options.offers_ahead;
        let (mut offset, mut first_ms, mut last) = (0, None, String::new());
        while offset < most {
            let window = Window { offset, rows: WINDOW_ROWS_MAX.min(most - offset) };
            // Each variant, too: what is not here cannot be chosen offline.
            let (text, category, families) = (String::new(), None, false);
            let query = MarketQuery::Offers { stall, text, category, families, window };
            let view = server.market(&query).await?;
            self.keep_seen(&query, &view)?;
            let MarketView::Offers(offers) = view else { return Ok(None) };
            let first_ms = *first_ms.get_or_insert(offers.as_of_ms);
            if offers.value.len() < usize::try_from(window.rows).unwrap_or(usize::MAX) {
                self.forget_offers_before(stall, first_ms, None)?;
                return Ok(None);
            }
            last = offers.value.last().map_or(last, |row| fold(&row.name));
            offset += window.rows;
        }
        if let Some(first_ms) = first_ms {
            self.forget_offers_before(stall, first_ms, Some(&last))?;
        }
        Ok(first_ms)
    }

    /// Of what is behind all that was fetched ahead, nobody said whether it is still offered: what would be suggested of it is asked about.
    async fn look_again(&self, server: &Server, begun_ms: i64) -> Result<(), Undone> {
        for _ in 0..LOOKS_AGAIN {
            let old = self.suggested_before(begun_ms)?;
            if old.is_empty() {
                return Ok(());
            }
            for (stall, product) in old {
                let query = MarketQuery::Offer { stall, product };
                let view = server.market(&query).await?;
                if view == MarketView::Missing {
                    self.forget_offer(stall, product)?;
                }
                self.keep_seen(&query, &view)?;
            }
        }
        Ok(())
    }

    /// A wait that doubles with each failure, up to a minute, and is never the same for two devices.
    pub(crate) fn back_off_ms(&self, failures: u32) -> u64 {
        let longest = RETRY_FIRST_MS.saturating_mul(1 << failures.min(10)).min(RETRY_MAX_MS);
        let [chance] = random::<1>(&*self.host);
        longest / 2 + longest / 2 * u64::from(chance) / 255
    }
}

/// What a stall was last seen to say of where it is and when it is open.
pub(crate) fn spot_of(tx: &mut dyn Tx, stall: LogId) -> Result<Option<Spot>, StoreError> {
    Ok(spots::of(tx, stall)?.map(|(_, spot)| spot))
}
