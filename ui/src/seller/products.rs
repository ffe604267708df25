//! What the stall offers: a list of any length, searched and by category.

use soko_app_api::{Answer, Call, OwnStall, ProductFilter, ProductRow, Query, View, Window};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::sell::{Categories, kinds, price_and_share};
use super::with_stall;
use crate::acting::sets;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Empty, Icon, Photo, SearchBox, Segmented, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

const HITS_MAX: u32 = 60;
/// More questions than these are said to be as many.
const QUESTIONS_MAX: u32 = 50;

#[component]
pub(super) fn Products() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

/// Which products are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Offered,
    Favourites,
    Archived,
}

impl Which {
    fn word(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Favourites => "favourites",
            Self::Archived => "archived",
        }
    }

    fn of(word: &str) -> Self {
        let all = [Self::Offered, Self::Favourites, Self::Archived];
        all.into_iter().find(|which| which.word() == word).unwrap_or(Self::Offered)
    }
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let stall = props.stall.stall;
    let (text, category, which) =
        (use_state(String::new), use_state(|| None::<ThingId>), use_state(|| Which::Offered));
    let archived = *which == Which::Archived;
    let is_searching = !text.trim().is_empty();
    let call = if is_searching {
        Call::Ask(Query::Search { stall, text: text.trim().into(), rows: HITS_MAX })
    } else {
        let favourites = *which == Which::Favourites;
        let filter = ProductFilter { category: *category, archived, favourites, families: true };
        Call::Ask(Query::Products { stall, filter, window: Window::first(1) })
    };
    let slot = Callback::from(|slot: Slot| {
        let Answer::View(View::Products(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| html! { <Row row={row.clone()} /> })
    });
    let on_text = sets(&text);
    let on_category = sets(&category);
    let on_which = {
        let which = which.clone();
        Callback::from(move |word: AttrValue| which.set(Which::of(&word)))
    };
    let questions = use_query(Some(Query::Questions { stall, window: Window::first(QUESTIONS_MAX) }));
    let asked = match questions.view() {
        Some(View::Questions(rows)) => i64::try_from(rows.len()).unwrap_or(0),
        _ => 0,
    };
    html! {
        <section class="page">
            <header class="page-head">
                <h1>{ speech.say("nav.products") }</h1>
                <Go to={Route::Categories} class="button">{ icon(Icon::Grid) }{ speech.say("categories.title") }</Go>
                <Go to={Route::ImportProducts} class="button">{ icon(Icon::Note) }{ speech.say("products.import") }</Go>
                <Go to={Route::Prices} class="button">{ icon(Icon::Percent) }{ speech.say("prices.title") }</Go>
                <Go to={Route::Labels} class="button">{ icon(Icon::Barcode) }{ speech.say("labels.title") }</Go>
                <Go to={Route::NewProduct { code: String::new() }} class="button button-main">
                    { icon(Icon::Plus) }{ speech.say("products.add") }
                </Go>
            </header>
            <div class="row">
                <SearchBox label={speech.say("search.products")} value={(*text).clone()} on_input={on_text} />
                <Segmented label={speech.say("products.which")} value={which.word()}
                    on_choose={on_which} options={vec![
                        ("offered".into(), html! { <>{ speech.say("products.offered") }</> }),
                        ("favourites".into(), html! { <>{ speech.say("products.favourites") }</> }),
                        ("archived".into(), html! { <>{ speech.say("products.archived") }</> }),
                    ]} />
            </div>
            if asked > 0 {
                <Go to={Route::NeedsEye} class="problem">
                    { icon(Icon::Warning) }<p>{ speech.count("question.waiting", asked) }</p>
                </Go>
            }
            if !is_searching && !archived {
                <Categories {stall} chosen={*category} on_choose={on_category} />
            }
            <Windowed label={speech.say("nav.products")} {call} {slot} empty={empty(&speech, is_searching, *which)} />
        </section>
    }
}

fn empty(speech: &Speech, is_searching: bool, which: Which) -> Html {
    let (title, text) = match (is_searching, which) {
        (true, _) => ("search.none", "search.none-text"),
        (false, Which::Archived) => ("products.none-archived", "products.none-archived-text"),
        (false, Which::Favourites) => ("products.none-favourites", "products.none-favourites-text"),
        (false, Which::Offered) => ("products.none", "products.none-text"),
    };
    html! { <Empty icon={Icon::Tag} title={speech.say(title)} text={speech.say(text)} /> }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: ProductRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let row = &props.row;
    let (price, own_share) = price_and_share(&speech, row);
    let left = speech.fill("sell.left", &[("n", &speech.quantity(own_share, row.unit))]);
    let sku = (!row.sku.is_empty()).then(|| row.sku.clone().into());
    let kinds = row.family.as_ref().map(|family| kinds(&speech, family));
    let more: Vec<AttrValue> = [sku, Some(left), kinds].into_iter().flatten().collect();
    html! {
        <Go to={Route::Product(row.product)} class="list-row">
            <Photo address={row.picture.as_ref().map(|hash| desk.picture(hash))} name={row.name.clone()} />
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span><span class="list-more">{ more.join(" · ") }</span>
            </span>
            <span class="list-end number">{ price }</span>
        </Go>
    }
}
