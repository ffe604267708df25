//! Units that go from one register to another, or between a register and the shop: to whom, and what stays where they were.

use soko_app_api::{OwnStall, Query, StockView, View};
use soko_domain::ids::{AuthorId, LogId, ProductId};
use soko_domain::quantity::Unit;
use yew::prelude::*;

use crate::live::use_query;
use crate::parts::Choice;
use crate::speech::use_speech;

/// Which way units go, as seen from this register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Goes {
    /// From the shop to this register.
    Here,
    /// From this register to wherever.
    Away,
}

/// Another register of the stall that may be given units.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Other {
    pub author: AuthorId,
    pub name: String,
}

/// The registers beside this one, as far as they are known here; nobody to give to where there is no server.
#[hook]
pub(super) fn use_others(stall: &OwnStall) -> Vec<Other> {
    let live = use_query(stall.is_connected.then_some(Query::Devices(stall.stall)));
    let Some(View::Devices(rows)) = live.view() else { return Vec::new() };
    let is_there = |author: AuthorId| !rows.iter().any(|row| row.replaces == Some(author));
    rows.iter()
        .filter(|row| !row.is_this_register && !row.revoked && is_there(row.author))
        .map(|row| Other { author: row.author, name: row.name.clone() })
        .collect()
}

#[derive(Properties, PartialEq)]
pub(super) struct ToWhomProps {
    pub others: Vec<Other>,
    pub to: Option<AuthorId>,
    pub on_choose: Callback<AuthorId>,
}

#[component]
pub(super) fn ToWhom(props: &ToWhomProps) -> Html {
    let speech = use_speech();
    let options =
        props.others.iter().map(|other| (other.author.to_string().into(), other.name.clone().into()));
    let value = props.to.map_or_else(String::new, |to| to.to_string());
    let on_choose = props.on_choose.clone();
    let on_choose = Callback::from(move |word: String| {
        if let Some(author) = AuthorId::from_hex(&word) {
            on_choose.emit(author);
        }
    });
    html! { <Choice label={speech.say("stock.pass-to")} {value} options={options.collect::<Vec<_>>()} {on_choose} /> }
}

#[derive(Properties, PartialEq)]
pub(super) struct StaysProps {
    pub stall: LogId,
    pub product: ProductId,
    pub unit: Unit,
    pub goes: Goes,
    /// None while it is not a number.
    pub quantity: Option<i64>,
}

/// What is left where the units come from.
#[component]
pub(super) fn Stays(props: &StaysProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stock { stall: props.stall, product: props.product }));
    let Some(View::Stock(stock)) = live.view() else { return Html::default() };
    let (key, units) = stays(props.goes, stock, props.quantity.unwrap_or(0));
    html! { <p class="field-hint" role="status">{ speech.fill(key, &[("n", &speech.quantity(units, props.unit))]) }</p> }
}

/// Which sentence says it, and how many units stand in it.
fn stays(goes: Goes, stock: &StockView, quantity: i64) -> (&'static str, i64) {
    let (there, keeps, short) = match goes {
        Goes::Here => (stock.shop.max(0), "stock.shop-keeps", "stock.shop-short"),
        Goes::Away => (stock.own_share.max(0), "stock.register-keeps", "stock.register-short"),
    };
    if quantity > there { (short, there) } else { (keeps, there - quantity) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_what_is_there_less_what_goes_and_never_below_nothing() {
        let stock = StockView {
            product: ProductId([1; 16]),
            counted: 40,
            own_share: 30,
            shop: 10,
            on_the_way: 0,
            held: 0,
            set_apart: 0,
            owed: 0,
            holders: Vec::new(),
            waits_for: Vec::new(),
            refused: None,
        };
        let owes = StockView { own_share: -2, ..stock.clone() };
        for (goes, stock, quantity, expected) in [
            (Goes::Away, &stock, 12, ("stock.register-keeps", 18)),
            (Goes::Away, &stock, 30, ("stock.register-keeps", 0)),
            (Goes::Away, &stock, 31, ("stock.register-short", 30)),
            (Goes::Away, &owes, 1, ("stock.register-short", 0)),
            (Goes::Here, &stock, 4, ("stock.shop-keeps", 6)),
            (Goes::Here, &stock, 11, ("stock.shop-short", 10)),
        ] {
            assert_eq!(stays(goes, stock, quantity), expected);
        }
    }
}
