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

/// What is wanted beside whatever an engine knows of, by stall and product; each line under the id that it will have in the engine.
/// What was handed over once is not changed any more, since an engine may have it under its id: what somebody wants of it by then is
/// another line.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Early {
    lines: Vec<EarlyLine>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct EarlyLine {
    command: [u8; 16],
    stall: [u8; 16],
    product: [u8; 16],
    /// Less than nothing of what is handed over and was taken out since.
    quantity: i64,
}

impl Early {
    /// What somebody does, while what is named was handed to an engine.
    pub fn apply(&mut self, command: &BuyerCommand, handed: &[ThingId]) {
        match command.verb {
            BuyerVerb::PutLine { stall, product, quantity, shown } => {
                let is_it = |line: &EarlyLine| line.stall == stall.0 && line.product == product.0;
                let there: i64 = self.lines.iter().filter(|line| is_it(line)).map(|line| line.quantity).sum();
                let more = quantity - shown.unwrap_or(there);
                match self
                    .lines
                    .iter_mut()
                    .find(|line| is_it(line) && !handed.contains(&ThingId(line.command)))
                {
                    Some(line) => line.quantity += more,
                    None => {
                        let command = command.id.0;
                        self.lines.push(EarlyLine {
                            command,
                            stall: stall.0,
                            product: product.0,
                            quantity: more,
                        });
                    }
                }
                self.lines.retain(|line| line.quantity != 0);
            }
            BuyerVerb::EmptyBasket { .. } => self.drop_for(&command.verb),
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

    /// What somebody wants of it now is not what was wanted before.
    pub fn drop_for(&mut self, verb: &BuyerVerb) {
        if let BuyerVerb::PutLine { stall, product, .. } = verb {
            self.lines.retain(|line| line.stall != stall.0 || line.product != product.0);
        } else if let BuyerVerb::EmptyBasket { stall } = verb {
            self.lines.retain(|line| line.stall != stall.0);
        }
    }

    /// That line is in an engine's basket.
    pub fn bought(&mut self, command: ThingId) {
        self.lines.retain(|line| line.command != command.0);
    }

    /// All that an engine may have, when a page is loaded: another page, or this one before, may have handed it over.
    pub fn ids(&self) -> Vec<ThingId> {
        self.lines.iter().map(|line| ThingId(line.command)).collect()
    }

    /// What is handed over next, of what was not tried. What was wanted of something later waits for what was wanted before.
    pub fn next(&self, tried: &[ThingId]) -> Option<BuyerCommand> {
        let is_first = |at: usize| {
            let (line, before) = (&self.lines[at], &self.lines[..at]);
            before.iter().all(|known| (known.stall, known.product) != (line.stall, line.product))
        };
        let mut all = self.commands().into_iter().enumerate();
        all.find(|(at, command)| !tried.contains(&command.id) && is_first(*at)).map(|(_, command)| command)
    }

    /// What brings an engine to the same baskets, under the same ids however often.
    fn commands(&self) -> Vec<BuyerCommand> {
        let command = |line: &EarlyLine| BuyerCommand {
            id: ThingId(line.command),
            verb: BuyerVerb::PutLine {
                stall: LogId(line.stall),
                product: ProductId(line.product),
                quantity: line.quantity.max(0),
                shown: Some((-line.quantity).max(0)),
            },
        };
        self.lines.iter().map(command).collect()
    }

    /// How much there is of each.
    fn there(&self) -> Vec<EarlyLine> {
        let mut there: Vec<EarlyLine> = Vec::new();
        for line in &self.lines {
            let is_it = |known: &&mut EarlyLine| (known.stall, known.product) == (line.stall, line.product);
            match there.iter_mut().find(is_it) {
                Some(known) => known.quantity += line.quantity,
                None => there.push(line.clone()),
            }
        }
        there.retain(|line| line.quantity > 0);
        there
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

/// The baskets with the server's names and prices, or why it could not be asked: what nobody could ask for is on offer still, as far as
/// anybody knows.
pub async fn view<F: Future<Output = Answer>>(early: &Early, ask: impl Fn(MarketQuery) -> F) -> Answer {
    let mut baskets: BTreeMap<[u8; 16], BasketOf> = BTreeMap::new();
    for line in early.there() {
        let (stall, product) = (LogId(line.stall), ProductId(line.product));
        let answer = ask(MarketQuery::Offer { stall, product }).await;
        let Answer::Market(found) = answer else { return answer };
        let row = if let MarketView::Offer(offer) = found { Some(offer.value.row) } else { None };
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
    Answer::Buyer(BuyerView::Baskets(baskets.into_values().collect()))
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
        rested: None,
        stalls: Vec::new(),
        keeps: Keeps { place: KeptIn::Memory, used_bytes: None, free_bytes: None },
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(id: u8, product: u8, (quantity, shown): (i64, i64)) -> BuyerCommand {
        let (stall, product, shown) = (LogId([1; 16]), ProductId([product; 16]), Some(shown));
        BuyerCommand { id: ThingId([id; 16]), verb: BuyerVerb::PutLine { stall, product, quantity, shown } }
    }

    /// Under which id how much more, or less, goes to the engine.
    fn handed(early: &Early) -> Vec<(u8, i64)> {
        let more = |command: BuyerCommand| {
            let BuyerVerb::PutLine { quantity, shown, .. } = command.verb else { panic!("{command:?}") };
            (command.id.0[0], quantity - shown.unwrap())
        };
        early.commands().into_iter().map(more).collect()
    }

    fn there(early: &Early) -> Vec<(u8, i64)> {
        early.there().iter().map(|line| (line.product[0], line.quantity)).collect()
    }

    /// What is ready at once is not waited for.
    fn seen(early: &Early, answer: fn() -> Answer) -> Answer {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(view(early, |_| std::future::ready(answer()))).poll(&mut context) {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => panic!("nothing waits here"),
        }
    }

    #[test]
    fn what_nobody_could_ask_for_is_not_said_to_be_gone() {
        let mut early = Early::default();
        early.apply(&put(1, 7, (2, 0)), &[]);
        let offline = || Answer::Failed(soko_app_api::Said::keyed("link.offline"));
        assert_eq!(seen(&early, offline), offline());
        let Answer::Buyer(BuyerView::Baskets(baskets)) = seen(&early, || Answer::Market(MarketView::Missing))
        else {
            panic!("there are baskets");
        };
        assert!(baskets[0].lines[0].is_gone, "the server knows of no such offer");
    }

    #[test]
    fn a_line_stays_until_it_is_in_an_engines_basket_and_brings_no_more_than_what_was_wanted() {
        let mut early = Early::default();
        early.apply(&put(1, 7, (2, 0)), &[]);
        early.apply(&put(2, 8, (1, 0)), &[]);
        early.apply(&put(3, 8, (2, 1)), &[]);
        early.bought(ThingId([1; 16]));
        assert_eq!(handed(&early), [(2, 2)], "one line, however often it was tapped");
        // What somebody wants of it while it is handed over is another command, about the rest.
        early.apply(&put(4, 8, (5, 2)), &[ThingId([2; 16])]);
        assert_eq!((handed(&early), there(&early)), (vec![(2, 2), (4, 3)], vec![(8, 5)]));
        early.apply(&put(5, 8, (0, 5)), &[ThingId([2; 16])]);
        assert_eq!((handed(&early), there(&early)), (vec![(2, 2), (4, -2)], vec![]));
        // What is taken out again takes out nothing that others put in, before what was put in here is there.
        assert_eq!(early.next(&[]).map(|it| it.id), Some(ThingId([2; 16])));
        assert_eq!(early.next(&early.ids()[..1]), None);
        early.bought(ThingId([2; 16]));
        assert_eq!(handed(&early), [(4, -2)]);
        assert_eq!(early.next(&[ThingId([2; 16])]).map(|it| it.id), Some(ThingId([4; 16])));
        early.bought(ThingId([4; 16]));
        assert_eq!(early, Early::default());
        // What was put in and taken out again is nothing.
        early.apply(&put(6, 8, (3, 0)), &[]);
        early.apply(&put(7, 8, (0, 3)), &[]);
        assert_eq!(early, Early::default());
    }
}
