//! Which screens can be named from outside: by a link that somebody clicked elsewhere, or by a notification.
//!
//! A link from outside is a stranger's text. It becomes the address of a known screen with ids in it, or nothing.

/// What the system hands to Soko because of its scheme.
const SCHEME: &str = "soko://";

/// Longer than any address of a screen.
const LINK_BYTES_MAX: usize = 200;

/// First words of the addresses that may be named, and how many ids may follow.
const SCREENS: &[(&str, usize)] = &[
    ("", 0),
    ("sell", 0),
    ("orders", 1),
    ("products", 1),
    ("stock", 1),
    ("today", 0),
    ("incidents", 0),
    ("sales", 1),
    ("verify", 0),
    ("settings", 0),
    ("devices", 0),
    ("market", 0),
    ("search", 0),
    ("stall", 2),
    ("basket", 0),
    ("my-orders", 1),
    ("me", 0),
];

/// Length of an id in hex digits.
const ID_DIGITS: usize = 32;

/// The screen's address, when this is a link to one.
pub(crate) fn path_of_link(link: &str) -> Option<String> {
    if link.len() > LINK_BYTES_MAX {
        return None;
    }
    path_of(link.strip_prefix(SCHEME)?.trim_end_matches('/'))
}

/// Whether an address that this program made itself, for a notification, is one of these.
#[cfg(test)]
pub(crate) fn is_known(path: &str) -> bool {
    path.strip_prefix('/').and_then(path_of).as_deref() == Some(path)
}

fn path_of(address: &str) -> Option<String> {
    let mut parts = address.split('/');
    let first = parts.next().unwrap_or_default();
    let ids: Vec<&str> = parts.collect();
    let (_, ids_max) = SCREENS.iter().find(|(word, _)| *word == first)?;
    (ids.len() <= *ids_max && ids.iter().all(|id| is_id(id))).then(|| format!("/{address}"))
}

fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            format!("soko://stall/{}", "0".repeat(LINK_BYTES_MAX)),
            "soko://javascript:alert(1)".to_owned(),
            "--data-dir=elsewhere".to_owned(),
        ] {
            assert_eq!(path_of_link(&link), None, "{link}");
        }
    }

    #[test]
    fn a_path_is_held_to_the_same_rule() {
        assert!(is_known(&format!("/orders/{ID}")));
        assert!(!is_known("orders"));
        assert!(!is_known("//evil.example"));
    }
}
