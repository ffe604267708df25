//! Which variant is it? A product with variants is one place at the counter; a tap on it opens this, and a tap here puts one
//! of them onto the counter.

use soko_app_api::{FamilyView, OwnStall, ProductRow, Query, VariantRow, View};
use soko_domain::ids::ProductId;
use yew::prelude::*;

use super::scans::put_one;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::parts::{Dialog, Empty, Icon, icon};
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

#[derive(Properties, PartialEq)]
pub(super) struct ChoosingProps {
    pub stall: OwnStall,
}

/// Open while a product waits for the choice of its variant.
#[component]
pub(super) fn Choosing(props: &ChoosingProps) -> Html {
    let desk = use_desk();
    let (chosen, route) = (use_watched(&desk.choosing), use_watched(&desk.route));
    {
        // Whoever goes on to another screen chooses nothing here any more.
        let leaving = desk.clone();
        use_effect_with(route, move |_| leaving.choosing.set(None));
    }
    let on_close = Callback::from(move |()| desk.choosing.set(None));
    match chosen {
        Some(product) => {
            html! { <Sheet key={product.to_string()} stall={props.stall.clone()} {product} {on_close} /> }
        }
        None => Html::default(),
    }
}

#[derive(Properties, PartialEq)]
struct SheetProps {
    stall: OwnStall,
    product: ProductId,
    on_close: Callback<()>,
}

#[component]
fn Sheet(props: &SheetProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let live = use_query(Some(Query::Family { stall: props.stall.stall, product: props.product }));
    let put = {
        let (desk, speech, on_close) = (desk, speech.clone(), props.on_close.clone());
        Callback::from(move |row: ProductRow| {
            on_close.emit(());
            put_one(&desk, &speech, &row);
        })
    };
    // Opened when there is something to choose, so that the first choice has the focus.
    let Some(view) = live.view() else { return Html::default() };
    let View::Family(family) = view else {
        return html! {
            <Dialog title={speech.say("product.missing")} on_close={props.on_close.clone()}>
                <Empty icon={Icon::Tag} title={speech.say("product.missing")} text={speech.say("product.missing-text")} />
            </Dialog>
        };
    };
    let itself = &family.itself;
    let without = put.reform({
        let itself = itself.clone();
        move |_: MouseEvent| itself.clone()
    });
    html! {
        <Dialog title={itself.name.clone()} on_close={props.on_close.clone()} class="dialog-choose">
            if family.axes.len() == 2 {
                <Places family={(**family).clone()} {put} />
            } else {
                <div class="choices">
                    { for family.variants.iter().enumerate().map(|(at, variant)| html! {
                        <Choice key={variant.row.product.to_string()} family={(**family).clone()} variant={variant.clone()} name={variant.row.options.clone()} put={put.clone()} is_first={at == 0} />
                    }) }
                </div>
            }
            if itself.own_share > 0 {
                <button type="button" class="button button-quiet button-wide" onclick={without}>
                    { speech.fill("choose.itself", &[("name", &itself.name), ("n", &speech.quantity(itself.own_share, itself.unit))]) }
                </button>
            }
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct PlacesProps {
    family: FamilyView,
    put: Callback<ProductRow>,
}

/// Rows and columns; on a phone a list, row by row.
#[component]
fn Places(props: &PlacesProps) -> Html {
    let family = &props.family;
    let [rows, columns] = family.axes.as_slice() else { return Html::default() };
    let first = family.variants.first().map(|variant| variant.row.product);
    let cell = |row: &String, column: &String| {
        let here = family.variants.iter().filter(|variant| {
            let values: Vec<&String> = variant.options.iter().map(|option| &option.value).collect();
            values == [row, column]
        });
        let choice = |variant: &VariantRow| {
            let is_first = Some(variant.row.product) == first;
            html! { <Choice family={family.clone()} variant={variant.clone()} name={column.clone()} put={props.put.clone()} {is_first} /> }
        };
        html! { <td class="cell">{ for here.map(choice) }</td> }
    };
    html! {
        <table class="cells cells-choose">
            <caption class="silent">{ family.itself.name.clone() }</caption>
            <thead><tr><td></td>{ for columns.values.iter().map(|column| html! { <th scope="col"><bdi>{ column.clone() }</bdi></th> }) }</tr></thead>
            <tbody>
                { for rows.values.iter().map(|row| html! {
                    <tr key={row.clone()}>
                        <th scope="row"><bdi>{ row.clone() }</bdi></th>
                        { for columns.values.iter().map(|column| cell(row, column)) }
                    </tr>
                }) }
            </tbody>
        </table>
    }
}

#[derive(Properties, PartialEq)]
struct ChoiceProps {
    family: FamilyView,
    variant: VariantRow,
    /// What it says where no table says it.
    name: AttrValue,
    put: Callback<ProductRow>,
    is_first: bool,
}

#[component]
fn Choice(props: &ChoiceProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let row = &props.variant.row;
    let on_counter = use_watched(&desk.cart).quantity_of(row.product);
    let onclick = props.put.reform({
        let row = row.clone();
        move |_: MouseEvent| row.clone()
    });
    let price = price(&speech, &props.family, row);
    let left = left(&speech, &props.variant);
    let label: Vec<String> =
        [Some(row.options.clone()), left.clone().map(|left| left.to_string()), price.clone()]
            .into_iter()
            .flatten()
            .collect();
    html! {
        <button type="button" class={classes!("choice", props.variant.is_sold_out.then_some("choice-out"))} {onclick}
            aria-label={label.join(", ")} autofocus={props.is_first}>
            <strong class="choice-name"><bdi>{ props.name.clone() }</bdi></strong>
            if let Some(left) = &left {
                <span class={classes!("choice-left", props.variant.is_sold_out.then_some("offer-none"))}>{ left }</span>
            }
            if let Some(price) = &price { <span class="choice-price number">{ price }</span> }
            if left.is_none() && price.is_none() { <span class="choice-plus">{ icon(Icon::Plus) }</span> }
            if on_counter > 0 { <span class="offer-count number">{ speech.quantity(on_counter, row.unit) }</span> }
        </button>
    }
}

/// Nothing where all cost the same.
fn price(speech: &Speech, family: &FamilyView, row: &ProductRow) -> Option<String> {
    let is_from = family.itself.family.as_ref().is_some_and(|family| family.is_from);
    is_from.then(|| speech.price(row.price_minor, &row.currency, row.unit, row.price_per))
}

/// Nothing where nobody counted.
fn left(speech: &Speech, variant: &VariantRow) -> Option<AttrValue> {
    let row = &variant.row;
    if variant.is_sold_out {
        return Some(speech.say("sell.none-left"));
    }
    (row.own_share > 0).then(|| speech.fill("sell.left", &[("n", &speech.quantity(row.own_share, row.unit))]))
}
