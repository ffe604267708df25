//! Which screens can be named from outside, by a link that somebody clicked elsewhere.
//!
//! A link from outside is a stranger's text. It becomes the address of a known screen, or nothing.

use soko_app_api::route::Route;
use soko_domain::essence::{PROOF_SCHEME, Proof};

/// What the system hands to Soko because of its scheme.
const SCHEME: &str = "soko://";

/// The screen's address, when this is a link to one. Which screens there are, the screens' own list says.
pub(crate) fn path_of_link(link: &str) -> Option<String> {
    let address = match link.strip_prefix(SCHEME) {
        Some(screen) => format!("/{}", screen.trim_end_matches('/')),
        None => format!("/verify/{}", bare_proof(link)?),
    };
    Route::of_stranger(&address).map(|_| address)
}

/// What a receipt of a stall without a server says.
fn bare_proof(link: &str) -> Option<&str> {
    link.strip_prefix(PROOF_SCHEME).filter(|proof| Proof::from_text(proof).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &str = include_str!("../../crates/domain/tests/frozen_receipts/v1.txt");

    const ID: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn links_to_known_screens_become_their_addresses() {
        for (link, expected) in [
            ("soko://".to_owned(), "/".to_owned()),
            ("soko://sell".to_owned(), "/sell".to_owned()),
            ("soko://sell/".to_owned(), "/sell".to_owned()),
            (format!("soko://stall/{ID}"), format!("/stall/{ID}")),
            (format!("soko://stall/{ID}/{ID}"), format!("/stall/{ID}/{ID}")),
            (format!("soko://orders/{ID}"), format!("/orders/{ID}")),
            (format!("soko://orders/{ID}?at={ID}"), format!("/orders/{ID}?at={ID}")),
            ("soko://reviews".to_owned(), "/reviews".to_owned()),
            ("soko://category/bread".to_owned(), "/category/bread".to_owned()),
            (format!("soko://drawer/{ID}/{ID}"), format!("/drawer/{ID}/{ID}")),
            ("soko://verify/AQEC-_9".to_owned(), "/verify/AQEC-_9".to_owned()),
            (format!("soko:{}", RECEIPT.trim()), format!("/verify/{}", RECEIPT.trim())),
        ] {
            assert_eq!(path_of_link(&link), Some(expected), "{link}");
        }
    }

    #[test]
    fn everything_else_is_inert() {
        for link in [
            String::new(),
            "soko:sell".to_owned(),
            "SOKO://sell".to_owned(),
            "https://example.org/sell".to_owned(),
            "soko://nowhere".to_owned(),
            "soko://sell?then=javascript:alert(1)".to_owned(),
            "soko://sell#x".to_owned(),
            "soko://../sell".to_owned(),
            "soko://stall/../../sell".to_owned(),
            "soko://stall/%2e%2e".to_owned(),
            format!("soko://stall/{}", ID.to_uppercase()),
            format!("soko://stall/{ID}0"),
            format!("soko://stall/{ID}/{ID}/{ID}"),
            format!("soko://sell/{ID}"),
            format!("soko://stall//{ID}"),
            format!("soko://verify/{}", "0".repeat(2_000)),
            "soko://javascript:alert(1)".to_owned(),
            "--data-dir=elsewhere".to_owned(),
        ] {
            assert_eq!(path_of_link(&link), None, "{link}");
        }
    }
}
