//! The first thing that a visitor sees: name, description and a plain list inside the page, before any of the app
//! has arrived. Everything that people wrote is escaped; there is no other way to put it in.

use chrono::DateTime;
use serde_json::Value;
use soko_app_api::{MarketCategory, OfferDeal, OfferPage, OfferRow, Spot, StallCard, StallPage, address};
use soko_domain::money::{Currency, Money};
use soko_domain::quantity::Unit;

use super::structured::{self, Origin};
use crate::messages::words::Language;

const HEAD: &str = "<!--soko:head-->";
const BODY: &str = "<!--soko:body-->";
/// Longest description in the head.
const DESCRIPTION_CHARS_MAX: usize = 200;
const UNITS_IN_LARGE: i64 = 1_000;

/// What is known of a page before the app runs.
#[derive(Default)]
pub(crate) struct Paint {
    title: String,
    description: String,
    /// The one path under which this page is known, whatever stands behind it in an address.
    path: String,
    /// What social pages call it.
    kind: &'static str,
    /// The address of a picture that stands for it.
    picture: Option<String>,
    body: String,
    /// What it is, for programs.
    data: Vec<Value>,
}

/// Fills the page around the app. Where nothing is known it stays as it is.
pub(crate) fn fill(index: &str, paint: Option<&Paint>, origin: &str) -> String {
    let Some(paint) = paint else { return index.replacen(HEAD, "", 1).replacen(BODY, "", 1) };
    let mut head = format!("<title>{}</title>", escaped(&paint.title));
    let description: String = paint.description.chars().take(DESCRIPTION_CHARS_MAX).collect();
    let mut meta = |attribute: &str, name: &str, content: &str| {
        head.push_str(&format!("<meta {attribute}=\"{name}\" content=\"{}\">", escaped(content)));
    };
    meta("name", "description", &description);
    meta("property", "og:title", &paint.title);
    meta("property", "og:description", &description);
    meta("property", "og:type", if paint.kind.is_empty() { "website" } else { paint.kind });
    meta("property", "og:site_name", "Soko");
    let address = format!("{origin}{}", paint.path);
    meta("property", "og:url", &address);
    if let Some(picture) = &paint.picture {
        meta("property", "og:image", &format!("{origin}{picture}"));
    }
    head.push_str(&format!("<link rel=\"canonical\" href=\"{}\">", escaped(&address)));
    paint.data.iter().for_each(|data| head.push_str(&structured::element(data)));
    // The page's own words are for when nothing better is known.
    let bare = without(&without(index, "<title>", "</title>"), "<meta name=\"description\"", ">");
    let body = format!("<main class=\"first-paint\">{}</main>", paint.body);
    // In one pass: what people wrote may look like a mark.
    let (before, rest) = bare.split_once(HEAD).unwrap_or((&bare, ""));
    let (between, after) = rest.split_once(BODY).unwrap_or((rest, ""));
    [before, &head, between, &body, after].concat()
}

pub(crate) fn market(
    stalls: &[StallCard],
    categories: &[MarketCategory],
    featured: &[Spot],
    language: Language,
) -> Paint {
    let mut body = String::from("<h1>Soko</h1><ul>");
    for category in categories {
        let name = link(&address::category(&category.slug), &category.name);
        body.push_str(&format!("<li>{name} {}</li>", category.offers));
    }
    body.push_str("</ul>");
    let cards = featured.iter().map(|spot| &spot.card).collect::<Vec<_>>();
    if !cards.is_empty() {
        let words = escaped(&language.say("market.featured", &[]));
        // The page around it is in English until the app has come.
        let tongue = match language {
            Language::English => String::new(),
            Language::Swahili | Language::French | Language::Arabic => {
                format!(" lang=\"{}\" dir=\"{}\"", language.code(), language.direction())
            }
        };
        body.push_str(&format!("<h2{tongue}>{words}</h2>{}", list(&cards)));
    }
    body.push_str(&list(&stalls.iter().collect::<Vec<_>>()));
    let names: Vec<&str> = stalls.iter().map(|stall| stall.name.as_str()).collect();
    let description = language.say("market.stalls", &[("names", &names.join(", "))]);
    Paint { title: "Soko".into(), description, path: "/".into(), body, ..Paint::default() }
}

fn list(stalls: &[&StallCard]) -> String {
    let line = |stall: &&StallCard| {
        let name = link(&format!("/stall/{}", stall.stall), &stall.name);
        format!("<li>{name} {}</li>", escaped(&stall.place))
    };
    format!("<ul>{}</ul>", stalls.iter().map(line).collect::<String>())
}

pub(crate) fn category(known: Option<&MarketCategory>, offers: &[OfferRow], origin: &str) -> Paint {
    let name = known.map_or("Soko", |known| &known.name);
    let path = address::category(known.map_or("", |known| &known.slug));
    let mut body = format!("<h1>{}</h1><ul>", escaped(name));
    for offer in offers {
        let title = link(&format!("/stall/{}/{}", offer.stall, offer.product), &offer.name);
        let rest = [offer.stall_name.as_str(), &price(offer)].join(", ");
        body.push_str(&format!("<li>{title} {}</li>", escaped(&rest)));
    }
    body.push_str("</ul>");
    let names: Vec<&str> = offers.iter().map(|offer| offer.name.as_str()).collect();
    Paint {
        title: format!("{name} – Soko"),
        description: format!("{name}: {}", names.join(", ")),
        data: vec![structured::collection(name, &path, offers, Origin(origin))],
        path,
        picture: offers.iter().find_map(|offer| offer.picture).map(|it| format!("/pictures/{it}")),
        body,
        ..Paint::default()
    }
}

pub(crate) fn stall(page: &StallPage, offers: &[OfferRow], origin: &str) -> Paint {
    let card = &page.card;
    let mut body = format!("<h1>{}</h1>", escaped(&card.name));
    for line in [&card.description, &card.place, &page.hours].into_iter().filter(|line| !line.is_empty()) {
        body.push_str(&format!("<p>{}</p>", escaped(line)));
    }
    body.push_str("<ul>");
    for offer in offers {
        let name = link(&format!("/stall/{}/{}", offer.stall, offer.product), &offer.name);
        body.push_str(&format!("<li>{name} {}</li>", escaped(&price(offer))));
    }
    body.push_str("</ul>");
    let description = if card.description.is_empty() { &card.place } else { &card.description };
    Paint {
        title: card.name.clone(),
        description: description.clone(),
        path: format!("/stall/{}", card.stall),
        picture: card.picture.map(|picture| format!("/pictures/{picture}")),
        body,
        data: vec![structured::store(page, Origin(origin))],
        ..Paint::default()
    }
}

pub(crate) fn offer(page: &OfferPage, origin: &str) -> Paint {
    let row = &page.row;
    let picture = row.picture.map(|picture| format!("/pictures/{picture}"));
    let mut body = String::new();
    if let Some(picture) = &picture {
        body.push_str(&format!("<img src=\"{picture}\" alt=\"\" width=\"320\" height=\"320\">"));
    }
    let stall = link(&format!("/stall/{}", row.stall), &row.stall_name);
    body.push_str(&format!("<h1>{}</h1><p>{stall}</p>", escaped(&row.name)));
    let rating = row.together().rating;
    let rated =
        rating.tenths().map(|tenths| format!("★ {}.{} ({})", tenths / 10, tenths % 10, rating.reviews));
    if let Some(deal) = &row.deal {
        body.push_str(&deal_line(row, deal));
    }
    for line in [&price(row), &rated.unwrap_or_default(), &page.description] {
        body.push_str(&format!("<p>{}</p>", escaped(line)));
    }
    if let Some(choices) = &page.choices {
        body.push_str("<ul>");
        for variant in &choices.variants {
            let name = link(&format!("/stall/{}/{}", variant.stall, variant.product), &variant.name);
            body.push_str(&format!("<li>{name} {}</li>", escaped(&price(variant))));
        }
        body.push_str("</ul>");
    }
    let path = format!("/stall/{}/{}", row.stall, row.product);
    let title = format!("{} – {}", row.name, row.stall_name);
    let description = if page.description.is_empty() { price(row) } else { page.description.clone() };
    let steps = [
        ("Soko", "/".to_owned()),
        (row.stall_name.as_str(), format!("/stall/{}", row.stall)),
        (row.name.as_str(), path.clone()),
    ];
    let data = vec![structured::product(page, Origin(origin)), structured::way(&steps, Origin(origin))];
    Paint { title, description, path, kind: "product", picture, body, data }
}

fn link(address: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(address), escaped(text))
}

/// As the app shows it without a language: amount, currency, and for how much of it; of a product with variants, the
/// lowest and the highest.
fn price(offer: &OfferRow) -> String {
    let shown = offer.together();
    let Some(currency) = Currency::parse(&offer.currency) else { return String::new() };
    let mut amount = Money { minor: shown.price_minor, currency }.to_string();
    if shown.is_from {
        amount = format!("{amount} – {}", Money { minor: shown.most_minor, currency });
    }
    let (symbol, large) = match offer.unit {
        Unit::Piece => {
            return if shown.price_per == 1 { amount } else { format!("{amount} / {}", shown.price_per) };
        }
        Unit::Gram => ("g", "kg"),
        Unit::Millilitre => ("ml", "l"),
    };
    match (shown.price_per.checked_rem(UNITS_IN_LARGE), shown.price_per / UNITS_IN_LARGE) {
        (Some(0), 1) => format!("{amount} / {large}"),
        (Some(0), many) => format!("{amount} / {many} {large}"),
        _ => format!("{amount} / {} {symbol}", shown.price_per),
    }
}

/// A deal as far as it needs no language: its price beside the usual one, when it begins or ends, and how many are left of it.
fn deal_line(row: &OfferRow, deal: &OfferDeal) -> String {
    let Some(currency) = Currency::parse(&row.currency) else { return String::new() };
    let amount = |minor| escaped(&Money { minor, currency }.to_string());
    let (own, usual) = (amount(deal.price_minor), amount(deal.usual_minor));
    let time = |at_ms| {
        DateTime::from_timestamp_millis(at_ms)
            .map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%MZ").to_string())
    };
    let (from, until) = (time(deal.from_ms), time(deal.until_ms));
    let span = format!("<time datetime=\"{from}\">{from}</time> – <time datetime=\"{until}\">{until}</time>");
    format!("<p>{own} <s>{usual}</s> {span} ({})</p>", deal.left)
}

/// The text without its first part between these two, both included.
fn without(text: &str, from: &str, to: &str) -> String {
    let Some((before, rest)) = text.split_once(from) else { return text.to_owned() };
    rest.split_once(to).map_or_else(|| text.to_owned(), |(_, after)| [before, after].concat())
}

/// Text as it may stand between tags and in quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INDEX: &str = "<head><title>Soko</title><meta name=\"description\" content=\"x\">\
                         <!--soko:head--></head><body><!--soko:body--></body>";

    #[test]
    fn what_people_wrote_stays_text() {
        let evil = "\"><script>alert('1')</script><!--soko:body-->";
        let data = vec![json!({"name": format!("</script>{evil}\u{2028}")})];
        let paint = Paint {
            title: evil.into(),
            description: evil.into(),
            path: evil.into(),
            data,
            ..Paint::default()
        };
        let page = fill(INDEX, Some(&paint), "https://market.example");
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(page.contains("<script type=\"application/ld+json\">{\"name\":"), "{page}");
        assert_eq!(page.matches("</script>").count(), 1, "{page}");
        let data =
            page.split_once("ld+json\">").and_then(|(_, rest)| rest.split_once("</script>")).unwrap().0;
        let read: Value = serde_json::from_str(data).unwrap();
        assert_eq!(read["name"], format!("</script>{evil}\u{2028}"), "programs read what was written");
        assert_eq!(page.matches("<title>").count(), 1);
        assert_eq!(page.matches("name=\"description\"").count(), 1);
        assert!(page.contains("<main class=\"first-paint\"></main></body>"), "{page}");
    }

    #[test]
    fn where_nothing_is_known_the_page_stays_as_it_is() {
        let page = fill(INDEX, None, "");
        assert!(page.contains("<title>Soko</title>") && !page.contains("soko:"), "{page}");
    }
}
