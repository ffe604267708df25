//! Just enough reading of Rust: comments and texts blanked out, lines kept, so that words can be searched and
//! braces counted. It is no parser; what it cannot see, review must.

/// The code without what stands in comments, texts and characters. Newlines and length in lines stay.
pub(super) fn code_only(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = skip_len(rest, out.chars().next_back());
        if skipped > 0 {
            out.extend(rest[..skipped].chars().map(|it| if it == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// How many bytes at the start are no code.
fn skip_len(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|it| it.is_alphanumeric() || it == '_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_len(rest);
    }
    if rest.starts_with('"') {
        return text_len(rest);
    }
    if !in_word && (rest.starts_with('r') || rest.starts_with("br")) {
        return raw_text_len(rest).unwrap_or(0);
    }
    if rest.starts_with('\'') { char_len(rest) } else { 0 }
}

fn block_comment_len(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn text_len(rest: &str) -> usize {
    let mut escaped = false;
    for (at, it) in rest.char_indices().skip(1) {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_text_len(rest: &str) -> Option<usize> {
    let prefix = if rest.starts_with("br") { 2 } else { 1 };
    let hashes = rest[prefix..].chars().take_while(|it| *it == '#').count();
    let opening = prefix + hashes;
    if !rest[opening..].starts_with('"') {
        return None;
    }
    let closing = format!("\"{}", "#".repeat(hashes));
    let end = rest[opening + 1..].find(&closing).map(|at| opening + 1 + at + closing.len());
    Some(end.unwrap_or(rest.len()))
}

/// A character, as opposed to a lifetime.
fn char_len(rest: &str) -> usize {
    let mut inside = rest.char_indices().skip(1);
    match (inside.next(), inside.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            rest[from..].find('\'').map_or(0, |closing| from + closing + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// A function and how many lines it takes.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) lines: usize,
}

/// Every function with a body, in code from [`code_only`].
pub(super) fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let in_word = code[..at].chars().next_back().is_some_and(|it| it.is_alphanumeric() || it == '_');
        let name: String =
            code[at + 3..].chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
        if in_word || name.is_empty() {
            continue;
        }
        if let Some(end) = body_end(code, at) {
            let line = code[..at].matches('\n').count() + 1;
            let lines = code[at..end].matches('\n').count() + 1;
            found.push(Function { name, line, lines });
        }
    }
    found
}

/// The code without what is compiled for tests only; lines stay where they are.
pub(super) fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let end =
            body_end(rest, at).unwrap_or_else(|| rest[at..].find(';').map_or(rest.len(), |it| at + it + 1));
        out.extend(rest[at..end].chars().filter(|it| *it == '\n'));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where the braces that open next are closed again; nothing when a `;` ends it first.
fn body_end(code: &str, from: usize) -> Option<usize> {
    let mut brackets = 0usize;
    let mut braces = 0usize;
    for (at, it) in code[from..].char_indices() {
        match it {
            '(' | '[' if braces == 0 => brackets += 1,
            ')' | ']' if braces == 0 => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 {
                    return Some(from + at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn what_is_not_code_is_blanked_and_lines_stay() {
    for (source, expected) in [
        ("a // b { \nc", "a        \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"x("a\"{", b"}")"#, "x(      , b   )"),
        ("r#\"a\"{\"#; br\"{\"; var", "        ;      ; var"),
        ("'{' '\\'' '\\u{7b}' &'a str 'l: loop", "                  &'a str 'l: loop"),
        ("\"two\nlines\" end", "    \n       end"),
    ] {
        assert_eq!(code_only(source), expected, "{source}");
    }
}

#[test]
fn functions_are_measured_with_their_bodies() {
    let code = "fn one() -> [u8; 4] {\n  x\n}\ntrait T { fn none(&self); }\nlet f: fn (u8) = g;\n  pub fn two<'a>() { if a { b } }";
    let found: Vec<_> = functions(code).into_iter().map(|it| (it.name, it.line, it.lines)).collect();
    assert_eq!(found, [("one".to_owned(), 1, 3), ("two".to_owned(), 6, 1)]);
}

#[test]
fn test_modules_are_left_out() {
    let code = "a\n#[cfg(test)]\nmod tests { b { c } }\nd\n#[cfg(test)]\nmod far;\ne";
    let left = without_tests(code);
    for (word, expected) in
        [("a", true), ("b", false), ("c", false), ("d", true), ("far", false), ("e", true)]
    {
        assert_eq!(left.contains(word), expected, "{word} in {left:?}");
    }
}
