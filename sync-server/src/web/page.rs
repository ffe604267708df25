//! The first thing that a visitor sees: name, description and a plain list inside the page, before any of the app
//! has arrived. Everything that people wrote is escaped; there is no other way to put it in.

use soko_app_api::{OfferPage, OfferRow, StallCard, StallPage};
use soko_domain::money::{Currency, Money};
use soko_domain::quantity::Unit;

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
    /// The address of a picture that stands for it.
    picture: Option<String>,
    body: String,
}

/// Fills the page around the app. Where nothing is known it stays as it is.
pub(crate) fn fill(index: &str, paint: Option<&Paint>) -> String {
    let Some(paint) = paint else { return index.replacen(HEAD, "", 1).replacen(BODY, "", 1) };
    let mut head = format!("<title>{}</title>", escaped(&paint.title));
    let description: String = paint.description.chars().take(DESCRIPTION_CHARS_MAX).collect();
    let mut meta = |attribute: &str, name: &str, content: &str| {
        head.push_str(&format!("<meta {attribute}=\"{name}\" content=\"{}\">", escaped(content)));
    };
    meta("name", "description", &description);
    meta("property", "og:title", &paint.title);
    meta("property", "og:description", &description);
    if let Some(picture) = &paint.picture {
        meta("property", "og:image", picture);
    }
    // The page's own words are for when nothing better is known.
    let bare = without(&without(index, "<title>", "</title>"), "<meta name=\"description\"", ">");
    let body = format!("<main class=\"first-paint\">{}</main>", paint.body);
    // In one pass: what people wrote may look like a mark.
    let (before, rest) = bare.split_once(HEAD).unwrap_or((&bare, ""));
    let (between, after) = rest.split_once(BODY).unwrap_or((rest, ""));
    [before, &head, between, &body, after].concat()
}

pub(crate) fn market(stalls: &[StallCard]) -> Paint {
    let mut body = String::from("<h1>Soko</h1><ul>");
    for stall in stalls {
        let name = link(&format!("/stall/{}", stall.stall), &stall.name);
        body.push_str(&format!("<li>{name} {}</li>", escaped(&stall.place)));
    }
    body.push_str("</ul>");
    let names: Vec<&str> = stalls.iter().map(|stall| stall.name.as_str()).collect();
    let description = format!("Stalls of this market: {}", names.join(", "));
    Paint { title: "Soko".into(), description, picture: None, body }
}

pub(crate) fn stall(page: &StallPage, offers: &[OfferRow]) -> Paint {
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
        picture: card.picture.map(|picture| format!("/pictures/{picture}")),
        body,
    }
}

pub(crate) fn offer(page: &OfferPage) -> Paint {
    let row = &page.row;
    let picture = row.picture.map(|picture| format!("/pictures/{picture}"));
    let mut body = String::new();
    if let Some(picture) = &picture {
        body.push_str(&format!("<img src=\"{picture}\" alt=\"\" width=\"320\" height=\"320\">"));
    }
    let stall = link(&format!("/stall/{}", row.stall), &row.stall_name);
    body.push_str(&format!("<h1>{}</h1><p>{stall}</p>", escaped(&row.name)));
    for line in [&price(row), &page.description] {
        body.push_str(&format!("<p>{}</p>", escaped(line)));
    }
    let title = format!("{} – {}", row.name, row.stall_name);
    let description = if page.description.is_empty() { price(row) } else { page.description.clone() };
    Paint { title, description, picture, body }
}

fn link(address: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(address), escaped(text))
}

/// As the app shows it without a language: amount, currency, and for how much of it.
fn price(offer: &OfferRow) -> String {
    let amount = match Currency::parse(&offer.currency) {
        Some(currency) => Money { minor: offer.price_minor, currency }.to_string(),
        None => return String::new(),
    };
    let (symbol, large) = match offer.unit {
        Unit::Piece => {
            return if offer.price_per == 1 { amount } else { format!("{amount} / {}", offer.price_per) };
        }
        Unit::Gram => ("g", "kg"),
        Unit::Millilitre => ("ml", "l"),
    };
    match (offer.price_per.checked_rem(UNITS_IN_LARGE), offer.price_per / UNITS_IN_LARGE) {
        (Some(0), 1) => format!("{amount} / {large}"),
        (Some(0), many) => format!("{amount} / {many} {large}"),
        _ => format!("{amount} / {} {symbol}", offer.price_per),
    }
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
    use super::*;

    const INDEX: &str = "<head><title>Soko</title><meta name=\"description\" content=\"x\">\
                         <!--soko:head--></head><body><!--soko:body--></body>";

    #[test]
    fn what_people_wrote_stays_text() {
        let evil = "\"><script>alert('1')</script><!--soko:body-->";
        let paint = Paint { title: evil.into(), description: evil.into(), ..Paint::default() };
        let page = fill(INDEX, Some(&paint));
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("<title>").count(), 1);
        assert_eq!(page.matches("name=\"description\"").count(), 1);
        assert!(page.contains("<main class=\"first-paint\"></main></body>"), "{page}");
    }

    #[test]
    fn where_nothing_is_known_the_page_stays_as_it_is() {
        let page = fill(INDEX, None);
        assert!(page.contains("<title>Soko</title>") && !page.contains("soko:"), "{page}");
    }
}
