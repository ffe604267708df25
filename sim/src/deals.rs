//! A special offer: so many units at another price, and so many for each buyer. Buyers of several names want it at once, people
//! change its price, end it and offer it again, and orders that have it are cancelled.

use soko_app_api::{DealInput, ProductEdit, Verb};
use soko_domain::ids::{OrderId, ProductId, ThingId};
use soko_domain::verbs::place_order::AskedLine;
use soko_sync_server::stall::PlaceOrder;

use crate::broken::Broken;
use crate::counters::Counter;
use crate::plan::Knob;
use crate::server::NOON_MS;
use crate::world::World;

/// What the offer says, whatever else is changed of it.
pub(crate) const OFFER_UNITS: i64 = 3;
pub(crate) const EACH_UNITS: i64 = 2;
/// Below every price of a product.
const CHEAPEST_MINOR: i64 = 150;
const DEAREST_MINOR: i64 = 240;
const BUYERS: u64 = 4;
/// Clocks here are off by ten years at most.
const LONG_MS: i64 = 30 * 365 * 24 * 60 * 60 * 1_000;
/// Steps between two that have to do with an offer.
const STEPS_BETWEEN: u64 = 4;

impl World<'_> {
    /// The first product is on offer from the beginning.
    pub(crate) fn open_deal(&mut self) -> Result<(), Broken> {
        match self.products.first().copied() {
            Some(product) if self.plan.knobs.get(Knob::Deals) > 0 => {
                self.say_deal(0, product, Some(CHEAPEST_MINOR))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn deal_step(&mut self) -> Result<(), Broken> {
        let strength = self.strength(Knob::Deals);
        if strength == 0 || self.choices.below(STEPS_BETWEEN) != 0 || !self.choices.chance(strength) {
            return Ok(());
        }
        let Some(product) = self.products.first().copied() else { return Ok(()) };
        match self.choices.below(10) {
            0 => self.change_deal(product, false),
            1 => self.change_deal(product, true),
            _ => {
                let (buyer, quantity) = (self.choices.below(BUYERS), self.choices.between(1, EACH_UNITS));
                self.order_at_deal(product, (buyer, quantity)).map(drop)
            }
        }
    }

    /// Whether the units are held, at the deal's price or at another.
    pub(crate) fn order_at_deal(
        &mut self,
        product: ProductId,
        (buyer, quantity): (u64, i64),
    ) -> Result<bool, Broken> {
        let [.., buyer] = buyer.to_be_bytes();
        let order = PlaceOrder {
            actor: ThingId([3; 16]),
            key: self.fresh().to_string(),
            ..PlaceOrder::fetched(
                ThingId([0xd0 | buyer; 16]),
                OrderId(self.fresh().0),
                vec![AskedLine { product, quantity, seen_price_minor: None }],
            )
        };
        self.ask_for(order)
    }

    /// Another price, or an end of it; it stays the same offer, and what was sold of it counts.
    fn change_deal(&mut self, product: ProductId, ends: bool) -> Result<(), Broken> {
        let Some(at) = self.some_device() else { return Ok(()) };
        let price_minor = self.choices.between(CHEAPEST_MINOR, DEAREST_MINOR);
        self.say_deal(at, product, (!ends).then_some(price_minor))
    }

    fn say_deal(&mut self, at: usize, product: ProductId, price_minor: Option<i64>) -> Result<(), Broken> {
        let deal = price_minor.map(|price_minor| DealInput {
            deal: ThingId(product.0),
            price_minor,
            price_per: Some(1),
            from_ms: NOON_MS - LONG_MS,
            until_ms: NOON_MS + LONG_MS,
            quantity: OFFER_UNITS,
            each: Some(EACH_UNITS),
        });
        let edits = vec![ProductEdit::Deal(deal)];
        if let Some(Ok(_)) = self.command(at, Verb::EditProduct { product, edits })? {
            self.counters.add(Counter::DealsSaid);
        }
        Ok(())
    }
}
