//! Which calls would be answered differently after something was told.

use soko_app_api::{
    BuyerQuery, Call, MarketMoved, MarketQuery, MeetCall, PaperCall, Query, Spots, SuggestQuery, Told,
};
use soko_domain::ids::LogId;

pub fn concerns(call: &Call, told: &Told) -> bool {
    let is_everything = *told == Told::Everything;
    match call {
        Call::Ask(query) => is_everything || is_about(query, told),
        Call::Market(query) => {
            is_everything || matches!(told, Told::Market(moved) if looks_at(query, *moved))
        }
        // What is on a counter is asked anew with each change of it.
        Call::Suggest(SuggestQuery::AtCounter { .. }) => is_everything,
        Call::Buyer(BuyerQuery::LikedKeys | BuyerQuery::Consent | BuyerQuery::Addresses) => {
            is_everything || *told == Told::Buyer
        }
        Call::Suggest(_) | Call::Buyer(_) => is_everything || matches!(told, Told::Buyer | Told::Market(_)),
        Call::About => is_everything || matches!(told, Told::Device | Told::Stall(_)),
        Call::Paper(PaperCall::Look { stall, sale }) => {
            concerns(&Call::Ask(Query::Sale { stall: *stall, sale: *sale }), told)
        }
        Call::Paper(PaperCall::Printer | PaperCall::Mailed { .. }) => {
            is_everything || matches!(told, Told::Device)
        }
        Call::Meet(MeetCall::Look) => is_everything || *told == Told::Device,
        Call::Do(_)
        | Call::People(_)
        | Call::Buy(_)
        | Call::Device(_)
        | Call::Paper(_)
        | Call::Check { .. }
        | Call::Keep { .. }
        | Call::Kept { .. }
        | Call::Programs(_)
        | Call::Meet(_)
        | Call::ReadCode { .. }
        | Call::Noticed(_) => false,
    }
}

fn is_about(query: &Query, told: &Told) -> bool {
    let Told::Stall(notice) = told else { return false };
    query.stall() == Some(notice.stall) && notice.keys.iter().any(|key| query.concerns(key))
}

fn looks_at(query: &MarketQuery, moved: MarketMoved) -> bool {
    let about: Option<LogId> = match query {
        MarketQuery::Spots { which: Spots::Of(stall), .. } => Some(*stall),
        MarketQuery::Stalls { .. }
        | MarketQuery::Categories
        | MarketQuery::Browse { .. }
        | MarketQuery::Spots { which: Spots::All | Spots::Near(_) | Spots::Featured, .. } => None,
        MarketQuery::Stall(stall) | MarketQuery::Offer { stall, .. } | MarketQuery::Reviews { stall, .. } => {
            Some(*stall)
        }
        MarketQuery::Offers { stall, .. } => *stall,
    };
    match moved {
        MarketMoved::Everything => true,
        // A list of the whole market shows every stall.
        MarketMoved::Stall(stall) => about.is_none_or(|about| about == stall),
    }
}

#[cfg(test)]
mod tests {
    use soko_app_api::{Notice, QueryKey, Window};

    use super::*;

    #[test]
    fn only_what_is_asked_about_is_asked_again() {
        let (here, elsewhere) = (LogId([1; 16]), LogId([2; 16]));
        let shift = |stall| Told::Stall(Notice { stall, keys: vec![QueryKey::Shift], revision: 1 });
        let call = Call::Ask(Query::Shift(here));
        assert!(concerns(&call, &shift(here)));
        assert!(!concerns(&call, &shift(elsewhere)));
        assert!(!concerns(&call, &Told::Buyer));

        let page = Call::Market(MarketQuery::Stall(here));
        assert!(concerns(&page, &Told::Market(MarketMoved::Stall(here))));
        assert!(!concerns(&page, &Told::Market(MarketMoved::Stall(elsewhere))));
        let list = Call::Market(MarketQuery::Stalls { text: String::new(), window: Window::first(1) });
        assert!(concerns(&list, &Told::Market(MarketMoved::Stall(elsewhere))));
        assert!(concerns(&Call::About, &Told::Device));

        for asked in [call, page, list, Call::About] {
            assert!(concerns(&asked, &Told::Everything), "{asked:?}");
        }
        assert!(!concerns(&Call::Kept { key: "cart".into() }, &Told::Everything));
    }
}
