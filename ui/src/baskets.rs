//! Baskets of a first visit, before there is an engine: what was put in, kept by the page, and shown with what
//! the server says about it.

use std::collections::BTreeMap;
use std::future::Future;

use serde::{Deserialize, Serialize};
use soko_app_api::{
    Answer, BasketOf, BuyerCommand, BuyerVerb, BuyerView, DeviceView, Keeps, KeptIn, MarketQuery, MarketView,
    OfferRow, WantedLine,
};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::money::{Rounding, div_round};

use crate::{browser, drafts};

const KEY: &str = "soko-basket";
/// Of a basket as it is kept: whoever changes what it has counts it up and reads the one before, too.
const LAYOUT: u8 = 1;

/// What is wanted, by stall and product; each line under the id that it will have in the engine.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Early {
    lines: Vec<EarlyLine>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct EarlyLine {
    command: [u8; 16],
    stall: [u8; 16],
    product: [u8; 16],
    quantity: i64,
}

impl Early {
    pub fn apply(&mut self, command: &BuyerCommand) {
        match command.verb {
            BuyerVerb::PutLine { stall, product, quantity } => {
                self.lines.retain(|line| line.stall != stall.0 || line.product != product.0);
                if quantity > 0 {
                    let command = command.id.0;
                    self.lines.push(EarlyLine { command, stall: stall.0, product: product.0, quantity });
                }
            }
            BuyerVerb::EmptyBasket { stall } => self.lines.retain(|line| line.stall != stall.0),
            BuyerVerb::PlaceOrder { .. }
            | BuyerVerb::CancelOrder { .. }
            | BuyerVerb::Unwanted { .. }
            | BuyerVerb::Like { .. }
            | BuyerVerb::PutAddress { .. }
            | BuyerVerb::RemoveAddress { .. }
            | BuyerVerb::Review { .. }
            | BuyerVerb::AnswerSwap { .. }
            | BuyerVerb::Consent { .. }
            | BuyerVerb::ForgetNoticed
            | BuyerVerb::ReturnGoods { .. } => {}
        }
    }

    /// That line is in an engine's basket.
    pub fn bought(&mut self, command: ThingId) {
        self.lines.retain(|line| line.command != command.0);
    }

    /// What brings an engine to the same baskets, under the same ids however often.
    pub fn commands(&self) -> Vec<BuyerCommand> {
        let command = |line: &EarlyLine| BuyerCommand {
            id: ThingId(line.command),
            verb: BuyerVerb::PutLine {
                stall: LogId(line.stall),
                product: ProductId(line.product),
                quantity: line.quantity,
            },
        };
        self.lines.iter().map(command).collect()
    }
}

pub fn kept() -> Early {
    let text = browser::kept(KEY).unwrap_or_default();
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    bytes.and_then(|bytes| drafts::unpack(LAYOUT, &bytes).found()).unwrap_or_default()
}

/// Nothing is kept of baskets in which nothing is.
pub fn keep(early: &Early) {
    if early.lines.is_empty() {
        return browser::forget(KEY);
    }
    let text: String = drafts::pack(LAYOUT, early).iter().map(|byte| format!("{byte:02x}")).collect();
    browser::keep(KEY, &text);
}

/// The baskets with the server's names and prices.
pub async fn view<F: Future<Output = Answer>>(early: &Early, ask: impl Fn(MarketQuery) -> F) -> BuyerView {
    let mut baskets: BTreeMap<[u8; 16], BasketOf> = BTreeMap::new();
    for line in &early.lines {
        let (stall, product) = (LogId(line.stall), ProductId(line.product));
        let answer = ask(MarketQuery::Offer { stall, product }).await;
        let row =
            if let Answer::Market(MarketView::Offer(offer)) = answer { Some(offer.value.row) } else { None };
        let basket = baskets.entry(line.stall).or_insert_with(|| BasketOf {
            stall,
            stall_name: String::new(),
            currency: String::new(),
            lines: Vec::new(),
            total_minor: 0,
        });
        if let Some(row) = &row {
            basket.stall_name.clone_from(&row.stall_name);
            basket.currency.clone_from(&row.currency);
        }
        let wanted = wanted(product, line.quantity, row);
        basket.total_minor = basket.total_minor.saturating_add(wanted.total_minor);
        basket.lines.push(wanted);
    }
    BuyerView::Baskets(baskets.into_values().collect())
}

fn wanted(product: ProductId, quantity: i64, row: Option<OfferRow>) -> WantedLine {
    let Some(row) = row else {
        return WantedLine {
            product,
            name: String::new(),
            unit: soko_domain::quantity::Unit::Piece,
            quantity,
            price_minor: 0,
            price_per: 1,
            total_minor: 0,
            price_was_minor: None,
            available: 0,
            is_gone: true,
            picture: None,
        };
    };
    let price_minor = row.price_of(quantity);
    WantedLine {
        product,
        name: row.name,
        unit: row.unit,
        quantity,
        price_minor,
        price_per: row.price_per,
        total_minor: priced(price_minor, quantity, row.price_per),
        price_was_minor: None,
        available: row.available,
        is_gone: false,
        picture: row.picture,
    }
}

/// Half away from zero, as a sale's line is rounded.
fn priced(price_minor: i64, quantity: i64, per: i64) -> i64 {
    div_round(i128::from(price_minor) * i128::from(quantity), i128::from(per.max(1)), Rounding::HalfUp)
        .unwrap_or(i64::MAX)
}

/// How the device stands while there is no engine.
pub fn about() -> DeviceView {
    DeviceView {
        version: env!("CARGO_PKG_VERSION").into(),
        server: String::new(),
        is_online: None,
        last_contact_ms: None,
        clock_ahead_ms: None,
        account: None,
        stalls: Vec::new(),
        keeps: Keeps { place: KeptIn::Memory, used_bytes: None, free_bytes: None },
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(id: u8, product: u8, quantity: i64) -> BuyerCommand {
        let verb = BuyerVerb::PutLine { stall: LogId([1; 16]), product: ProductId([product; 16]), quantity };
        BuyerCommand { id: ThingId([id; 16]), verb }
    }

    fn ids(early: &Early) -> Vec<u8> {
        early.commands().iter().map(|command| command.id.0[0]).collect()
    }

    #[test]
    fn a_line_stays_until_it_is_in_an_engines_basket() {
        let mut early = Early::default();
        early.apply(&put(1, 7, 2));
        early.apply(&put(2, 8, 1));
        early.bought(ThingId([1; 16]));
        assert_eq!(ids(&early), [2]);
        // What somebody wants of it by now is another command.
        early.apply(&put(3, 8, 5));
        early.bought(ThingId([2; 16]));
        assert_eq!(ids(&early), [3]);
        early.bought(ThingId([3; 16]));
        assert_eq!(early, Early::default());
    }
}
