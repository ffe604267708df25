//! What stands below the goods of an order: bringing them, and the taxes in the total.

use soko_app_api::TaxRow;
use soko_domain::tax::TaxMode;
use yew::prelude::*;

use crate::parts::{Icon, icon};
use crate::speech::Speech;

/// What bringing costs, as a line among those of the goods.
pub(super) fn delivery(speech: &Speech, (minor, zone): (i64, &str), currency: &str) -> Html {
    let price = if minor == 0 { speech.say("checkout.free") } else { speech.money(minor, currency).into() };
    html! {
        <li>
            <span class="checkout-quantity">{ icon(Icon::Boxes) }</span>
            <span class="grow">{ speech.say("checkout.delivery") }{ if zone.is_empty() { String::new() } else { format!(" · {zone}") } }</span>
            <span class="number">{ price }</span>
        </li>
    }
}

/// Each rate with what it is on, as a receipt from the counter says it.
pub(super) fn taxes(speech: &Speech, taxes: &[TaxRow], currency: &str) -> Html {
    let row = |tax: &TaxRow| {
        let key = match tax.mode {
            TaxMode::Inclusive => "receipt.tax-included",
            TaxMode::Exclusive => "receipt.tax-added",
        };
        let (rate, net) = (speech.percent(tax.ppm), speech.money(tax.net_minor, currency));
        let said = speech.fill(key, &[("rate", &rate), ("net", &net)]);
        // By its class, too: two of them may have one rate.
        let said = if tax.label.is_empty() { said } else { format!("{} · {said}", tax.label).into() };
        html! {
            <p class="prose row row-apart"><span>{ said }</span><span class="number">{ speech.money(tax.tax_minor, currency) }</span></p>
        }
    };
    html! { { for taxes.iter().map(row) } }
}
