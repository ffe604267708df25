//! Ordering again: what was ordered goes into the basket beside what is there, and prices and stock of now are seen before anything
//! is ordered.

use soko_app_api::{Answer, BasketOf, BuyerQuery, BuyerVerb, BuyerView, Call, OwnOrderState, OwnOrderView};
use soko_domain::ids::ProductId;

use crate::desk::{Desk, Trouble, trouble};

/// What the device says of a product that is not offered any more.
const GONE: &str = "unknown_product";

/// What became of it.
pub(super) struct Again {
    /// What the stall does not offer any more, by name.
    pub(super) gone: Vec<String>,
    /// Nothing else was on the order.
    pub(super) is_all_gone: bool,
}

pub(super) async fn order_again(desk: Desk, order: OwnOrderView) -> Result<Again, Trouble> {
    let answer = desk.call(Call::Buyer(BuyerQuery::Baskets)).await;
    let Answer::Buyer(BuyerView::Baskets(baskets)) = answer else { return Err(trouble(answer)) };
    let (wanted, mut gone) = (quantities(&order, &baskets), Vec::new());
    let all = wanted.len();
    for (product, name, (quantity, known)) in wanted {
        let put = BuyerVerb::PutLine { stall: order.row.stall, product, quantity, shown: Some(known) };
        match desk.buy(put).await {
            Err(Trouble::Refused(refused)) if refused.code == GONE => gone.push(name),
            done => done?,
        }
    }
    Ok(Again { is_all_gone: all > 0 && gone.len() == all, gone })
}

/// How much of each is to be in the basket, and how much is. What waited for its buyer came back into it by itself: only what was taken out is put
/// again.
fn quantities(order: &OwnOrderView, baskets: &[BasketOf]) -> Vec<(ProductId, String, (i64, i64))> {
    let there = baskets.iter().find(|basket| basket.stall == order.row.stall);
    let mut wanted: Vec<(ProductId, String, (i64, i64))> = Vec::new();
    for line in order.lines.iter().filter(|line| line.quantity > 0) {
        if let Some((_, _, (quantity, _))) = wanted.iter_mut().find(|(product, ..)| *product == line.product)
        {
            *quantity = quantity.saturating_add(line.quantity);
            continue;
        }
        let known = there.and_then(|basket| basket.lines.iter().find(|known| known.product == line.product));
        let known = known.map_or(0, |known| known.quantity);
        if known == 0 || order.row.state != OwnOrderState::Reconfirm {
            wanted.push((line.product, line.name.clone(), (line.quantity.saturating_add(known), known)));
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use soko_app_api::{OrderLineView, WantedLine};
    use soko_domain::ids::LogId;
    use soko_domain::quantity::Unit;

    use super::super::progress::tests::order;
    use super::*;

    const TEA: ProductId = ProductId([1; 16]);
    const MANGO: ProductId = ProductId([2; 16]);

    fn ordered(state: OwnOrderState, lines: &[(ProductId, i64)]) -> OwnOrderView {
        let line = |(product, quantity): &(ProductId, i64)| OrderLineView {
            product: *product,
            name: "Tea".into(),
            unit: Unit::Piece,
            quantity: *quantity,
            total_minor: 100,
        };
        OwnOrderView { lines: lines.iter().map(line).collect(), ..order(state, false) }
    }

    fn holding(stall: LogId, product: ProductId, quantity: i64) -> BasketOf {
        let line = WantedLine {
            product,
            name: "Tea".into(),
            unit: Unit::Piece,
            quantity,
            price_minor: 100,
            price_per: 1,
            total_minor: 100,
            price_was_minor: None,
            available: 9,
            is_gone: false,
            picture: None,
        };
        BasketOf {
            stall,
            stall_name: "Duka".into(),
            currency: "KES".into(),
            lines: vec![line],
            total_minor: 100,
        }
    }

    #[test]
    fn what_is_ordered_again_comes_to_what_is_in_the_basket_and_what_waited_is_there_already() {
        let (ended, waits) = (OwnOrderState::HandedOver, OwnOrderState::Reconfirm);
        let both = [(TEA, 2), (MANGO, 3)];
        // A line that went when something else was taken in its place, and that in two lines.
        let changed = [(TEA, 2), (MANGO, 0), (TEA, 1)];
        for (state, lines, has_tea, expected) in [
            (ended, &both[..], 0, vec![(TEA, 2), (MANGO, 3)]),
            (ended, &both, 4, vec![(TEA, 6), (MANGO, 3)]),
            (ended, &changed, 4, vec![(TEA, 7)]),
            (waits, &both, 5, vec![(MANGO, 3)]),
            (waits, &both, 0, vec![(TEA, 2), (MANGO, 3)]),
        ] {
            let order = ordered(state, lines);
            let other = holding(LogId([99; 16]), MANGO, 7);
            let baskets =
                if has_tea > 0 { vec![other, holding(order.row.stall, TEA, has_tea)] } else { vec![other] };
            let wanted: Vec<(ProductId, i64)> = quantities(&order, &baskets)
                .into_iter()
                .map(|(product, _, (quantity, _))| (product, quantity))
                .collect();
            assert_eq!(wanted, expected, "{state:?} {has_tea}");
        }
    }
}
