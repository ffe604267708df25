//! Pictures for the page: `picture://localhost/<hash>`, answered from what the device keeps.
//!
//! The bytes were given by a person or came from a server, so their type is read from the bytes and never guessed by
//! the page, and what is no picture is not found.

use soko_domain::ids::Hash;
use tauri::http::{Response, StatusCode, header};

/// The first bytes of each kind of picture, and its type.
const KINDS: &[(&[u8], &str)] = &[(b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png")];

/// The picture that an address names.
pub(crate) fn hash_of(path: &str) -> Option<Hash> {
    Hash::from_hex(path.strip_prefix('/')?)
}

/// The answer for the page. A picture never changes under its hash, so it may be kept for ever.
pub(crate) fn answer(bytes: Option<Vec<u8>>) -> Response<Vec<u8>> {
    let found = bytes.and_then(|bytes| kind_of(&bytes).map(|kind| (kind, bytes)));
    let (status, kind, cache, body) = match found {
        Some((kind, bytes)) => (StatusCode::OK, kind, "public, max-age=31536000, immutable", bytes),
        None => (StatusCode::NOT_FOUND, "text/plain", "no-store", Vec::new()),
    };
    let built = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .header(header::CACHE_CONTROL, cache)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'")
        .body(body);
    // The headers above are constants, so this cannot fail; an empty answer shows as a missing picture.
    built.unwrap_or_default()
}

fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    KINDS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_type_of_its_bytes_and_is_never_sniffed() {
        for (bytes, kind) in [
            (&b"\xff\xd8\xff\xe0rest"[..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\nrest", "image/png"),
            (b"RIFF\x04\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            let answer = answer(Some(bytes.to_vec()));
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
            assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(answer.body(), bytes);
        }
    }

    #[test]
    fn what_is_no_picture_is_not_found() {
        for bytes in [None, Some(vec![]), Some(b"<script>alert(1)</script>".to_vec()), Some(b"RIFF".to_vec())]
        {
            let answer = answer(bytes.clone());
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{bytes:?}");
            assert!(answer.body().is_empty());
        }
    }

    #[test]
    fn only_a_whole_hash_names_a_picture() {
        let hash = "ab".repeat(Hash::SIZE);
        assert!(hash_of(&format!("/{hash}")).is_some());
        for path in [hash.clone(), format!("/{hash}0"), format!("/x/{hash}"), "/../secret".into(), "/".into()]
        {
            assert_eq!(hash_of(&path), None, "{path}");
        }
    }
}
