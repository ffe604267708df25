//! What a site lets programs read (RFC 9309), as far as our own lines and those for everybody say it.

/// As sites call us.
pub(super) const NAME: &str = "soko";

/// Whether a path, with its query, may be read. The longest rule that fits counts, and of equal ones the one that allows.
pub fn allows(text: &str, path: &str) -> bool {
    let groups = groups(text);
    let own = groups.iter().any(|group| group.names.iter().any(|name| name == NAME));
    let is_meant = |name: &String| if own { name == NAME } else { name == "*" };
    let rules = groups.iter().filter(|group| group.names.iter().any(is_meant)).flat_map(|group| &group.rules);
    let path = plain(path);
    let fitting = rules.filter(|(_, rule)| fits(rule, &path));
    fitting.max_by_key(|(allows, rule)| (rule.len(), *allows)).is_none_or(|(allows, _)| *allows)
}

#[derive(Default)]
struct Group {
    names: Vec<String>,
    rules: Vec<(bool, String)>,
    /// A rule came, if only an empty one: the next name begins another group.
    is_ruled: bool,
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // A byte order mark is no part of the first word.
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((field, value)) = line.split_once(':') else { continue };
        let (field, value) = (field.trim().to_lowercase(), value.trim());
        match field.as_str() {
            "user-agent" => {
                if groups.last().is_none_or(|group| group.is_ruled) {
                    groups.push(Group::default());
                }
                let name = value.split('/').next().unwrap_or_default().to_lowercase();
                groups.iter_mut().rev().take(1).for_each(|group| group.names.push(name.clone()));
            }
            "allow" | "disallow" => {
                let Some(group) = groups.last_mut() else { continue };
                group.is_ruled = true;
                if !value.is_empty() {
                    group.rules.push((field == "allow", plain(value)));
                }
            }
            _ => {}
        }
    }
    groups
}

/// As rules and paths are compared, whichever way they are written: a letter that needs no percent sign has none, all else beyond plain
/// letters has one, with large letters behind it.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let coded = if byte == b'%' { bytes.get(at + 1..at + 3).and_then(coded) } else { None };
        match coded {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                plain.push(char::from(byte));
            }
            None if byte.is_ascii() => plain.push(char::from(byte)),
            Some(byte) => plain.push_str(&format!("%{byte:02X}")),
            None => plain.push_str(&format!("%{byte:02X}")),
        }
        at += if coded.is_some() { 3 } else { 1 };
    }
    plain
}

fn coded(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(text, 16).ok()
}

/// `*` is anything, and `$` the end.
fn fits(rule: &str, path: &str) -> bool {
    let (rule, is_whole) = rule.strip_suffix('$').map_or((rule, false), |rule| (rule, true));
    let mut parts = rule.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if is_whole && at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(found) = rest.find(part) else { return false };
        rest = rest.get(found + part.len()..).unwrap_or_default();
    }
    !is_whole || rest.is_empty() || rule.ends_with('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_counts_and_our_own_lines_before_those_for_everybody() {
        let all = "User-agent: *\nDisallow: /private\nAllow: /private/list\n";
        let own = "User-agent: *\nDisallow: /\n\nUser-agent: Soko/1.0\nUser-agent: other\nDisallow: /no # us\nAllow:\n";
        let coded = "User-agent: *\nDisallow: /l%69st\nDisallow: /a%2fb\nDisallow: /é\nDisallow: /50%\n";
        let odd = "user-agent:*\nDISALLOW: /*.csv$\ndisallow: /a*b/\nnonsense\n";
        for (text, path, is_allowed) in [
            ("", "/prices.csv", true),
            (all, "/prices.csv", true),
            (all, "/private/x", false),
            (all, "/private/list.csv", true),
            (own, "/prices.csv", true),
            (own, "/no/prices.csv", false),
            ("User-agent: *\nDisallow: /\n", "/prices.csv", false),
            ("User-agent: *\nDisallow:\n", "/prices.csv", true),
            ("User-agent: other\nDisallow: /\n", "/prices.csv", true),
            // An empty rule is one, too: what follows is about others.
            ("User-agent: *\nDisallow:\nUser-agent: badbot\nDisallow: /\n", "/prices.csv", true),
            ("User-agent: badbot\nAllow:\nUser-agent: *\nDisallow: /\n", "/prices.csv", false),
            ("\u{feff}User-agent: *\nDisallow: /\n", "/prices.csv", false),
            ("Disallow: /\nUser-agent: other\nDisallow: /\n", "/prices.csv", true),
            (odd, "/prices.csv", false),
            (odd, "/prices.csv?day=1", true),
            (odd, "/a-x-b/list", false),
            (odd, "/ab", true),
            // However a letter is written.
            (coded, "/%6Cist.csv", false),
            (coded, "/list.csv", false),
            (coded, "/a%2Fb", false),
            (coded, "/a/b", true),
            (coded, "/%c3%a9t%c3%a9", false),
            (coded, "/50%", false),
        ] {
            assert_eq!(allows(text, path), is_allowed, "{text:?} {path}");
        }
    }
}
