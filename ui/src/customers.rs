//! Customers, and what the stall owes them: gift cards, store credit, points.

mod card;
mod cards;
mod fill;
mod form;
mod list;
mod loyalty;
mod one;
mod pay;
mod pick;
mod purse;

use soko_app_api::{OwnStall, Query, View};
use soko_domain::basket::TenderKind;
use soko_domain::ids::ThingId;
use soko_domain::purse::of_reference;
use yew::prelude::*;

pub use loyalty::LoyaltyForm;
pub use pay::PayFromPurse;
pub use pick::OnCounter;
pub use purse::{Into, IntoPurse};

use crate::live::use_query;
use crate::route::Route;
use crate::speech::Speech;

/// The screen of an address about customers.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other addresses are others'")]
pub fn screen(route: &Route) -> Option<Html> {
    Some(match route {
        Route::Customers => html! { <list::Customers /> },
        Route::Customer(customer) => {
            html! { <one::Customer key={customer.to_string()} customer={*customer} /> }
        }
        Route::Cards => html! { <cards::Cards /> },
        _ => return None,
    })
}

/// What a customer is called; nothing while it is not known, or once they were erased.
#[hook]
pub fn use_customer_name(stall: &OwnStall, customer: Option<ThingId>) -> String {
    let live = use_query(customer.map(|customer| Query::Customer { stall: stall.stall, customer }));
    match live.view() {
        Some(View::Customer(view)) if customer == Some(view.customer) => view.about.name.clone(),
        _ => String::new(),
    }
}

/// What a payment is called, with what may be read of it.
pub fn payment_name(speech: &Speech, kind: TenderKind, reference: &str) -> AttrValue {
    use soko_app_api::text::Worded as _;

    let of_purse = of_reference(reference).filter(|_| kind == TenderKind::Voucher);
    let (word, rest) = of_purse.map_or((kind.word(), reference), |(purse, rest)| (purse.word(), rest));
    let name = speech.say_or(&format!("tender.{word}"), word);
    if rest.is_empty() { name } else { format!("{name} {rest}").into() }
}
