//! A product's variants as a table: those that there are, with what they cost and how many are here, and those that are
//! missing, made with one press.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{
    FamilyView, OptionValue, ProductView, Query, Reply, VARIANTS_AT_ONCE_MAX, VariantInput, VariantRow, Verb,
    View,
};
use soko_domain::family;
use soko_domain::ids::{LogId, ProductId};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::option_fields::{OptionFields, Side};
use crate::acting::use_acting;
use crate::browser;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Icon, Problem, icon};
use crate::route::Route;
use crate::speech::use_speech;
use crate::typed;

/// A place of the table: one value of each side.
type Place = Vec<String>;

/// What is typed.
#[derive(Clone, PartialEq, Default)]
struct Table {
    sides: Vec<Side>,
    /// Not to be made.
    left_out: BTreeSet<Place>,
    prices: BTreeMap<Place, String>,
}

impl Table {
    /// With every value of which there is a variant, where one fits into it.
    fn joined(mut self, family: &FamilyView) -> Self {
        if self.sides.is_empty() {
            self.sides = vec![Side::default()];
            let names: BTreeSet<&String> = options(family).map(|option| &option.name).collect();
            if (1..=family::OPTIONS_MAX).contains(&names.len()) {
                let side = |name: &String| Side { name: name.clone(), ..Side::default() };
                self.sides = names.into_iter().map(side).collect();
            }
        }
        for side in &mut self.sides {
            let mut known = used(family, &side.name);
            known.sort_by(|a, b| family::order(a, b));
            known.iter().for_each(|value| side.add(value));
        }
        self
    }

    /// Those that say something.
    fn whole(&self) -> Vec<&Side> {
        self.sides.iter().filter(|side| !side.values.is_empty()).collect()
    }

    fn places(&self) -> Vec<Place> {
        let mut places = vec![Vec::new()];
        for side in self.whole() {
            let longer = |place: Place| {
                side.values.iter().map(move |value| [&place[..], std::slice::from_ref(value)].concat())
            };
            places = places.into_iter().flat_map(longer).collect();
        }
        places.into_iter().filter(|place| !place.is_empty()).collect()
    }

    fn options(&self, place: &Place) -> Vec<OptionValue> {
        let option = |(side, value): (&Side, &String)| OptionValue {
            name: side.name.trim().to_owned(),
            value: value.clone(),
        };
        let mut options: Vec<OptionValue> = self.whole().into_iter().zip(place).map(option).collect();
        options.sort();
        options
    }

    fn there<'f>(&self, family: &'f FamilyView, place: &Place) -> Vec<&'f VariantRow> {
        let wanted = self.options(place);
        family.variants.iter().filter(|variant| variant.options == wanted).collect()
    }

    /// Each says what it is by a name of its own.
    fn is_named(&self) -> bool {
        let names: BTreeSet<&str> = self.whole().iter().map(|side| side.name.trim()).collect();
        !names.contains("") && names.len() == self.whole().len()
    }
}

fn options(family: &FamilyView) -> impl Iterator<Item = &OptionValue> {
    family.variants.iter().flat_map(|variant| &variant.options)
}

/// The values of an option of which there are variants.
fn used(family: &FamilyView, name: &str) -> Vec<String> {
    let values: BTreeSet<&String> =
        options(family).filter(|option| option.name == name).map(|option| &option.value).collect();
    values.into_iter().cloned().collect()
}

#[derive(Properties, PartialEq)]
pub(super) struct VariantsProps {
    pub stall: LogId,
    pub view: ProductView,
}

#[component]
pub(super) fn Variants(props: &VariantsProps) -> Html {
    let speech = use_speech();
    let typed = use_state(Table::default);
    let live = use_query(Some(Query::Family { stall: props.stall, product: props.view.product }));
    let Some(View::Family(family)) = live.view() else { return Html::default() };
    let table = (*typed).clone().joined(family);
    let set = Callback::from({
        let typed = typed.setter();
        move |table: Table| typed.set(table)
    });
    let elsewhere = elsewhere(&table, family);
    html! {
        <details class="card more" open={!family.variants.is_empty()}>
            <summary>{ speech.say("variant.title") }</summary>
            <div class="stack">
                <p class="field-hint">{ speech.say("variant.text") }</p>
                <Sides table={table.clone()} family={(**family).clone()} set={set.clone()} />
                <Grid table={table.clone()} family={(**family).clone()} set={set.clone()} />
                <Make stall={props.stall} product={props.view.product} {table} family={(**family).clone()} {set}
                    currency={props.view.currency.clone()} />
                if !elsewhere.is_empty() {
                    <div>
                        <h3 class="h-small">{ speech.say("variant.others") }</h3>
                        { for elsewhere.into_iter().map(|variant| html! {
                            <Go to={Route::Product(variant.row.product)} class="list-row">
                                <span class="list-main"><span class="list-name">{ variant.row.options.clone() }</span></span>
                                <span class="list-end number">{ speech.money(variant.row.price_minor, &variant.row.currency) }</span>
                            </Go>
                        }) }
                    </div>
                }
            </div>
        </details>
    }
}

/// Variants that have no place in the table.
fn elsewhere<'f>(table: &Table, family: &'f FamilyView) -> Vec<&'f VariantRow> {
    let placed: BTreeSet<ProductId> = table
        .places()
        .iter()
        .flat_map(|place| table.there(family, place))
        .map(|variant| variant.row.product)
        .collect();
    family.variants.iter().filter(|variant| !placed.contains(&variant.row.product)).collect()
}

#[derive(Properties, PartialEq)]
struct TableProps {
    table: Table,
    family: FamilyView,
    set: Callback<Table>,
}

/// What the variants differ by: one option or two.
#[component]
fn Sides(props: &TableProps) -> Html {
    let speech = use_speech();
    let table = &props.table;
    let one = |(at, side): (usize, &Side)| {
        let fixed = used(&props.family, &side.name);
        let on_change = {
            let (table, set) = (table.clone(), props.set.clone());
            Callback::from(move |side: Side| {
                let mut now = table.clone();
                now.sides.iter_mut().skip(at).take(1).for_each(|known| known.clone_from(&side));
                set.emit(now);
            })
        };
        let on_remove = (table.sides.len() > 1 && fixed.is_empty()).then(|| {
            let (table, set) = (table.clone(), props.set.clone());
            Callback::from(move |_: MouseEvent| {
                let mut now = table.clone();
                now.sides.remove(at);
                set.emit(now);
            })
        });
        let other = table.sides.get(1 - at.min(1)).map(|other| other.name.clone()).unwrap_or_default();
        html! { <OptionFields key={at} side={side.clone()} {fixed} {other} {on_change} {on_remove} /> }
    };
    let more = {
        let (table, set) = (table.clone(), props.set.clone());
        Callback::from(move |_: MouseEvent| {
            let mut now = table.clone();
            now.sides.push(Side::default());
            set.emit(now);
        })
    };
    html! {
        <div class="variant-sides">
            { for table.sides.iter().enumerate().map(one) }
            if table.sides.len() < family::OPTIONS_MAX {
                <button type="button" class="button button-quiet variant-more" onclick={more}>{ icon(Icon::Plus) }{ speech.say("variant.second") }</button>
            }
        </div>
    }
}

#[component]
fn Grid(props: &TableProps) -> Html {
    let speech = use_speech();
    let table = &props.table;
    let whole = table.whole();
    let Some(rows) = whole.first() else { return Html::default() };
    let columns = whole.get(1).map(|side| side.values.as_slice()).unwrap_or_default();
    let cell = |place: Place| {
        let there = props.table.there(&props.family, &place);
        let name = place.get(1).cloned().unwrap_or_default();
        html! {
            <td class="cell" data-name={name}>
                if there.is_empty() {
                    <Missing {place} table={table.clone()} family={props.family.clone()} set={props.set.clone()} />
                } else {
                    { for there.into_iter().map(|variant| html! { <There variant={variant.clone()} /> }) }
                }
            </td>
        }
    };
    let row = |value: &String| {
        let places: Vec<Place> = if columns.is_empty() {
            vec![vec![value.clone()]]
        } else {
            columns.iter().map(|column| vec![value.clone(), column.clone()]).collect()
        };
        html! { <tr key={value.clone()}><th scope="row"><bdi>{ value.clone() }</bdi></th>{ for places.into_iter().map(cell) }</tr> }
    };
    html! {
        <div class="cells-scroll">
            <table class={classes!("cells", columns.is_empty().then_some("cells-one"))}>
                <caption class="silent">{ speech.say("variant.title") }</caption>
                if !columns.is_empty() {
                    <thead><tr><td></td>{ for columns.iter().map(|column| html! { <th scope="col"><bdi>{ column.clone() }</bdi></th> }) }</tr></thead>
                }
                <tbody>{ for rows.values.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ThereProps {
    variant: VariantRow,
}

#[component]
fn There(props: &ThereProps) -> Html {
    let speech = use_speech();
    let (row, here) = (&props.variant.row, props.variant.here);
    let price = speech.money(row.price_minor, &row.currency);
    let stock = speech.fill("variant.here", &[("n", &speech.quantity(here, row.unit))]);
    html! {
        <Go to={Route::Product(row.product)} class="cell-there" label={format!("{}, {price}, {stock}", row.name)}>
            <strong class="number">{ price }</strong>
            <span class={classes!("cell-stock", props.variant.is_sold_out.then_some("cell-none"))}>{ stock }</span>
        </Go>
    }
}

#[derive(Properties, PartialEq)]
struct MissingProps {
    place: Place,
    table: Table,
    family: FamilyView,
    set: Callback<Table>,
}

/// One that can be made: whether it is, and for which price.
#[component]
fn Missing(props: &MissingProps) -> Html {
    let speech = use_speech();
    let (table, place, itself) = (&props.table, &props.place, &props.family.itself);
    let is_wanted = !table.left_out.contains(place);
    let flip = {
        let (table, place, set) = (table.clone(), place.clone(), props.set.clone());
        Callback::from(move |_: Event| {
            let mut now = table.clone();
            if !now.left_out.remove(&place) {
                now.left_out.insert(place.clone());
            }
            set.emit(now);
        })
    };
    let on_price = {
        let (table, place, set) = (table.clone(), place.clone(), props.set.clone());
        Callback::from(move |input: InputEvent| {
            let mut now = table.clone();
            now.prices.insert(place.clone(), input.target_unchecked_into::<HtmlInputElement>().value());
            set.emit(now);
        })
    };
    let name = place.join(" · ");
    let price = table.prices.get(place).cloned().unwrap_or_default();
    let is_wrong = !price.trim().is_empty() && typed::amount(&price, &itself.currency).is_none();
    html! {
        <div class={classes!("cell-missing", (!is_wanted).then_some("cell-out"))}>
            <label class="cell-tick">
                <input type="checkbox" checked={is_wanted} onchange={flip} aria-label={speech.fill("variant.make-this", &[("name", &name)])} />
            </label>
            <input type="text" class="cell-price number" inputmode="decimal" autocomplete="off" value={price} oninput={on_price} disabled={!is_wanted}
                placeholder={typed::plain(itself.price_minor, &itself.currency)} aria-invalid={is_wrong.then_some("true")}
                aria-label={speech.fill("variant.price-of", &[("name", &name)])} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct MakeProps {
    stall: LogId,
    product: ProductId,
    table: Table,
    family: FamilyView,
    set: Callback<Table>,
    currency: AttrValue,
}

/// The missing ones that are ticked, made with one press.
#[component]
fn Make(props: &MakeProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let table = &props.table;
    let missing: Vec<Place> =
        table.places().into_iter().filter(|place| table.there(&props.family, place).is_empty()).collect();
    let wanted: Vec<Place> =
        missing.iter().filter(|place| !table.left_out.contains(*place)).cloned().collect();
    if missing.is_empty() {
        return Html::default();
    }
    let price = |place: &Place| match table.prices.get(place).map(|text| text.trim()) {
        None | Some("") => Some(None),
        Some(text) => typed::amount(text, &props.currency).map(Some),
    };
    let prices: Option<Vec<Option<i64>>> = wanted.iter().map(price).collect();
    let is_too_many = wanted.len() > VARIANTS_AT_ONCE_MAX;
    let is_ready =
        table.is_named() && prices.is_some() && !wanted.is_empty() && !is_too_many && !acting.is_busy();
    let make = {
        let (acting, table, set, wanted) = (acting.clone(), table.clone(), props.set.clone(), wanted.clone());
        let (stall, product) = (props.stall, props.product);
        Callback::from(move |_: MouseEvent| {
            let Some(prices) = &prices else { return };
            let variant = |(place, price_minor): (&Place, &Option<i64>)| VariantInput {
                product: ProductId(browser::chance()),
                options: table.options(place),
                price_minor: *price_minor,
            };
            let variants = wanted.iter().zip(prices).map(variant).collect();
            let (told, after, set) = (acting.clone(), table.clone(), set.clone());
            acting.act(stall, Verb::MakeVariants { product, variants }, move |reply| {
                set.emit(Table { prices: BTreeMap::new(), ..after });
                if let Reply::VariantsMade { made } = reply {
                    told.desk.toasts.done(told.speech.count("variant.made", i64::from(made)));
                }
            });
        })
    };
    let count = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
    html! {
        <>
            if is_too_many {
                <Problem text={speech.fill("variant.too-many", &[("most", &VARIANTS_AT_ONCE_MAX.to_string()), ("n", &speech.number(count))])} />
            }
            <div class="row row-apart">
                <span class="field-hint">{ speech.say("variant.price-hint") }</span>
                <button type="button" class="button button-main" onclick={make} disabled={!is_ready}>{ icon(Icon::Plus) }{ speech.count("variant.make", count) }</button>
            </div>
        </>
    }
}
