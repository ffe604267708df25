//! Which calls are lists, how they are asked for piece by piece, and how many rows an answer has.

#![expect(clippy::wildcard_enum_match_arm, reason = "whatever is not named here is no list, now and later")]

use soko_app_api::{Answer, BuyerQuery, BuyerView, Call, MarketQuery, MarketView, Query, View, Window};

use crate::desk::{Trouble, trouble};

/// Rows of one page: some screens full, and far below `WINDOW_ROWS_MAX`.
pub const PAGE_ROWS: usize = 60;

/// The same question about another part of the list. None where there is no other part.
pub fn at(call: &Call, window: Window) -> Option<Call> {
    let mut call = call.clone();
    let place = match &mut call {
        Call::Ask(query) => in_query(query),
        Call::Market(
            MarketQuery::Stalls { window, .. }
            | MarketQuery::Offers { window, .. }
            | MarketQuery::Browse { window, .. }
            | MarketQuery::Spots { window, .. },
        ) => Some(window),
        Call::Buyer(BuyerQuery::Orders { window } | BuyerQuery::Likes { window }) => Some(window),
        _ => None,
    };
    match place {
        Some(place) => {
            *place = window;
            Some(call)
        }
        // A list that comes whole has a first part only.
        None => (window.offset == 0).then_some(call),
    }
}

fn in_query(query: &mut Query) -> Option<&mut Window> {
    match query {
        Query::Products { window, .. }
        | Query::StockList { window, .. }
        | Query::Sales { window, .. }
        | Query::Orders { window, .. }
        | Query::OpenOrders { window, .. }
        | Query::Payments { window, .. }
        | Query::Customers { window, .. }
        | Query::Cards { window, .. }
        | Query::Incidents { window, .. }
        | Query::Parked { window, .. } => Some(window),
        _ => None,
    }
}

pub fn rows(answer: &Answer) -> usize {
    match answer {
        Answer::View(view) => match view {
            View::Products(rows) => rows.len(),
            View::StockList(rows) => rows.len(),
            View::Sales(rows) => rows.len(),
            View::Orders(rows) => rows.len(),
            View::OpenOrders(rows) => rows.len(),
            View::Payments(rows) => rows.len(),
            View::Customers(rows) => rows.len(),
            View::Cards(rows) => rows.len(),
            View::Incidents(rows) => rows.len(),
            View::Parked(rows) => rows.len(),
            _ => 0,
        },
        Answer::Market(MarketView::Stalls(dated)) => dated.value.len(),
        Answer::Market(MarketView::Offers(dated)) => dated.value.len(),
        Answer::Buyer(BuyerView::Orders(rows)) => rows.len(),
        Answer::Buyer(BuyerView::Likes(likes)) => likes.offers.len(),
        _ => 0,
    }
}

/// Why there is no answer.
pub fn failure(answer: &Answer) -> Option<Trouble> {
    matches!(answer, Answer::Failed(_) | Answer::Refused(_)).then(|| trouble(answer.clone()))
}
