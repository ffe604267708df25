//! The seller's side of the counter.

mod begin;
pub(crate) mod camera;
mod categories;
mod choose;
mod claims;
mod columns;
mod counter;
mod counting;
mod coupon_form;
mod coupons;
mod deal;
mod draft;
mod drawer;
mod family;
mod figures;
mod figures_goods;
mod figures_way;
mod find;
mod hand_over;
mod home;
mod hooks;
mod import;
mod import_choice;
mod incidents;
mod issue;
mod labels;
mod line;
mod mailed;
mod offer_with;
mod option_fields;
mod order;
mod order_refund;
mod order_returns;
mod orders;
mod passing;
mod pay;
mod pickup;
mod price;
mod price_experiment;
mod price_rule;
mod price_words;
mod prices;
mod product;
mod product_fields;
mod products;
mod program_keys;
mod programs;
mod questions;
mod receipt;
mod refund;
mod refund_asked;
mod report;
mod reviews;
mod rival_feeds;
mod rival_file;
mod rival_sources;
mod rivals;
mod sales;
mod scans;
mod sell;
mod session;
mod session_sheet;
mod shift;
mod statement;
mod statement_parts;
mod stock;
mod stock_history;
mod stock_of;
mod swaps;
mod tabs;
mod take_picture;
mod taken_off;
mod tenders;
mod today;
mod transfer;
mod variants;

use soko_app_api::OwnStall;
use soko_domain::ids::{AuthorId, ShiftId};
use yew::prelude::*;

pub use find::Palette;
pub use home::Home;
pub use scans::Scans;

use crate::app::use_stall;
use crate::nav::Go;
use crate::parts::{Empty, Icon};
use crate::route::Route;
use crate::speech::use_speech;

/// The screen of an address on this side; none for an address of the other.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other side's addresses are the other side's")]
pub fn screen(route: &Route) -> Option<Html> {
    Some(match route.clone() {
        Route::Begin => html! { <begin::Begin /> },
        Route::Sell => html! { <sell::Sell /> },
        Route::Pay => html! { <pay::Pay /> },
        Route::Receipt(sale) => html! { <receipt::Receipt key={sale.to_string()} {sale} is_new=true /> },
        Route::Orders => html! { <orders::Orders /> },
        Route::Order(order) => html! { <order::Order key={order.to_string()} {order} /> },
        Route::Reviews => html! { <reviews::Reviews /> },
        Route::Coupons => html! { <coupons::Coupons /> },
        Route::Programs => html! { <programs::Programs /> },
        Route::Products => html! { <products::Products /> },
        Route::Labels => html! { <labels::Labels /> },
        Route::Prices => html! { <prices::Prices /> },
        Route::Price(product) => html! { <price::Price key={product.to_string()} {product} /> },
        Route::NewProduct { code } => html! { <product::New {code} /> },
        Route::Categories => html! { <categories::Categories /> },
        Route::NeedsEye => html! { <questions::NeedsEye /> },
        Route::StockSession(kind) => html! { <session::StockSession key={kind.word()} {kind} /> },
        Route::ImportProducts => html! { <import::Import /> },
        Route::Product(product) => html! { <product::Edit key={product.to_string()} {product} /> },
        Route::Stock => html! { <stock::Stock /> },
        Route::StockOf(product) => html! { <stock_of::StockOf key={product.to_string()} {product} /> },
        Route::Today => html! { <today::Today /> },
        Route::Incidents => html! { <incidents::Incidents /> },
        Route::Figures => html! { <figures::Figures /> },
        Route::Drawer => html! { <drawer::Drawer /> },
        Route::ShiftReportNow => html! { <report::Report of={None::<(AuthorId, ShiftId)>} /> },
        Route::ShiftReport(register, shift) => {
            html! { <report::Report key={shift.to_string()} of={Some((register, shift))} /> }
        }
        Route::Sales => html! { <sales::Sales /> },
        Route::Sale(sale) => html! { <receipt::Receipt key={sale.to_string()} {sale} is_new=false /> },
        _ => return None,
    })
}

#[derive(Properties, PartialEq)]
struct WithStallProps {
    show: Callback<OwnStall, Html>,
}

/// The stall that a screen is about; on a device without one, the way to one.
#[component]
fn WithStall(props: &WithStallProps) -> Html {
    let speech = use_speech();
    match use_stall() {
        Some(stall) => props.show.emit(stall),
        None => html! {
            <Empty icon={Icon::Stall} title={speech.say("stall.none")} text={speech.say("stall.none-text")}>
                <Go to={Route::Begin} class="button button-main">{ speech.say("mode.begin") }</Go>
                <Go to={Route::Devices} class="button">{ speech.say("begin.join-link") }</Go>
            </Empty>
        },
    }
}

fn with_stall(show: impl Fn(OwnStall) -> Html + 'static) -> Html {
    html! { <WithStall show={Callback::from(show)} /> }
}
