//! Addresses of the market, as a screen writes them and as the server does: both must lead to the same page.

/// The page of a category; without one it is that of everything.
pub fn category(slug: &str) -> String {
    if slug.is_empty() { "/category".into() } else { format!("/category/{}", encoded(slug)) }
}

/// Text as it stands in an address.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Text out of an address; what is no text stays as it is.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_an_address_is_read_out_of_it() {
        for (text, address) in [
            ("sweet", "/category/sweet"),
            ("café & tea", "/category/caf%C3%A9%20%26%20tea"),
            ("100%/+", "/category/100%25%2F%2B"),
            ("", "/category"),
        ] {
            assert_eq!(category(text), address);
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("50%"), "50%", "what is no code stays");
    }
}
