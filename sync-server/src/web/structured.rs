//! The same page for programs: what a stall and a product are, in the words of schema.org.

use chrono::DateTime;
use serde_json::{Value, json};
use soko_app_api::{OfferPage, OfferRow, StallPage};
use soko_domain::money::{Currency, Money};
use soko_domain::quantity::Unit;

use super::hours;

const CONTEXT: &str = "https://schema.org";

/// Where addresses of this page begin, such as `https://market.example`.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a>(pub(super) &'a str);

impl Origin<'_> {
    fn at(self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// A value inside of a page: no letter of it can end the element that it stands in.
pub(super) fn element(value: &Value) -> String {
    let text = value.to_string();
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(letter)))
            }
            other => safe.push(other),
        }
    }
    format!("<script type=\"application/ld+json\">{safe}</script>")
}

pub(super) fn store(page: &StallPage, origin: Origin<'_>) -> Value {
    let card = &page.card;
    let mut store = json!({
        "@context": CONTEXT, "@type": "Store", "name": card.name,
        "url": origin.at(&format!("/stall/{}", card.stall)), "currenciesAccepted": card.currency,
    });
    if !card.description.is_empty() {
        store["description"] = json!(card.description);
    }
    if !card.place.is_empty() {
        store["address"] = json!(card.place);
    }
    if let Some(picture) = card.picture {
        store["image"] = json!(origin.at(&format!("/pictures/{picture}")));
    }
    if let Some(hours) = hours::read(&page.hours) {
        store["openingHoursSpecification"] = hours;
    }
    store
}

pub(super) fn product(page: &OfferPage, origin: Origin<'_>) -> Value {
    let row = &page.row;
    let pictures = page.pictures.iter().map(|picture| origin.at(&format!("/pictures/{picture}")));
    let mut product = json!({"@context": CONTEXT, "@type": "Product", "name": row.name});
    if !page.description.is_empty() {
        product["description"] = json!(page.description);
    }
    if !page.pictures.is_empty() {
        product["image"] = pictures.collect();
    }
    if let Some(offer) = offer(page, origin) {
        product["offers"] = offer;
    }
    let rating = row.together().rating;
    if let Some(tenths) = rating.tenths() {
        product["aggregateRating"] = json!({
            "@type": "AggregateRating", "ratingValue": format!("{}.{}", tenths / 10, tenths % 10),
            "bestRating": 5, "worstRating": 1, "reviewCount": rating.reviews,
        });
    }
    product
}

fn offer(page: &OfferPage, origin: Origin<'_>) -> Option<Value> {
    let row = &page.row;
    let currency = Currency::parse(&row.currency)?;
    let price = Money { minor: row.price_minor, currency }.plain();
    let state = if row.together().available > 0 { "InStock" } else { "OutOfStock" };
    let mut offer = json!({
        "@type": "Offer", "url": origin.at(&format!("/stall/{}/{}", row.stall, row.product)),
        "price": price, "priceCurrency": row.currency, "availability": format!("{CONTEXT}/{state}"),
        "seller": {
            "@type": "Store", "name": row.stall_name, "url": origin.at(&format!("/stall/{}", row.stall)),
        },
    });
    let ends = row.deal.filter(|deal| row.price_minor == deal.price_minor).map(|deal| deal.until_ms);
    if let Some(until) = ends.and_then(DateTime::from_timestamp_millis) {
        offer["priceValidUntil"] = json!(until.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    if let (Some(family), Some(choices), Some(told)) = (row.family, &page.choices, offer.as_object_mut()) {
        told.remove("price");
        told.insert("@type".into(), json!("AggregateOffer"));
        told.insert("lowPrice".into(), json!(Money { minor: family.price_minor, currency }.plain()));
        told.insert("highPrice".into(), json!(Money { minor: family.most_minor, currency }.plain()));
        told.insert("offerCount".into(), json!(choices.variants.len()));
        return Some(offer);
    }
    let code = match row.unit {
        Unit::Piece if row.price_per == 1 => return Some(offer),
        Unit::Piece => "C62",
        Unit::Gram => "GRM",
        Unit::Millilitre => "MLT",
    };
    offer["priceSpecification"] = json!({
        "@type": "UnitPriceSpecification", "price": price, "priceCurrency": row.currency,
        "referenceQuantity": {"@type": "QuantitativeValue", "value": row.price_per, "unitCode": code},
    });
    Some(offer)
}

/// The way from the market to here.
pub(super) fn way(steps: &[(&str, String)], origin: Origin<'_>) -> Value {
    let step = |(at, (name, path)): (usize, &(&str, String))| json!({"@type": "ListItem", "position": at + 1, "name": name, "item": origin.at(path)});
    let steps: Vec<Value> = steps.iter().enumerate().map(step).collect();
    json!({"@context": CONTEXT, "@type": "BreadcrumbList", "itemListElement": steps})
}

pub(super) fn collection(name: &str, path: &str, offers: &[OfferRow], origin: Origin<'_>) -> Value {
    let one = |(at, row): (usize, &OfferRow)| {
        let url = origin.at(&format!("/stall/{}/{}", row.stall, row.product));
        json!({"@type": "ListItem", "position": at + 1, "name": row.name, "url": url})
    };
    let list: Vec<Value> = offers.iter().enumerate().map(one).collect();
    json!({
        "@context": CONTEXT, "@type": "CollectionPage", "name": name, "url": origin.at(path),
        "mainEntity": {"@type": "ItemList", "itemListElement": list},
    })
}
