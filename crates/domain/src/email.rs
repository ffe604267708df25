//! What an e-mail address looks like. Whether somebody reads there is not known here.

/// Longest one that mail knows.
pub const EMAIL_BYTES_MAX: usize = 254;

/// Whether a text, without anything around it, can be written to: `name@host`.
pub fn is_email(text: &str) -> bool {
    let unusable = |c: char| c.is_whitespace() || c.is_control();
    text.len() <= EMAIL_BYTES_MAX
        && !text.contains(unusable)
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host() {
        for right in ["amina@example.org", "a@b", "a.b+c@mail.example.org"] {
            assert!(is_email(right), "{right}");
        }
        let long = format!("{}@example.org", "a".repeat(EMAIL_BYTES_MAX));
        for wrong in ["", "amina", "@example.org", "amina@", "a@b@c", "a@.org", "a b@c", "a@b\n", &long] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
