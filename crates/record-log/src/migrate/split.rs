//! Cuts a script into statements. A semicolon inside a quote, a comment, a `$$` body or a trigger does not
//! end one.

/// The statements of a script, without their semicolons.
pub(super) fn statements(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut statement = Statement::default();
    let (mut start, mut at) = (0, 0);
    while let Some(token) = Token::first(&script[at..]) {
        if token.kind == Kind::Semicolon && statement.may_end() {
            found.push(&script[start..at]);
            statement = Statement::default();
            start = at + token.len;
        } else {
            statement.see(&token, &script[at..at + token.len]);
        }
        at += token.len;
        if statement.is_empty() {
            start = at;
        }
    }
    if !statement.is_empty() {
        found.push(&script[start..]);
    }
    found.into_iter().map(str::trim).filter(|text| !text.is_empty()).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    Semicolon,
    Other,
}

struct Token {
    kind: Kind,
    len: usize,
}

impl Token {
    fn first(text: &str) -> Option<Self> {
        let first = text.chars().next()?;
        let (kind, len) = match first {
            ';' => (Kind::Semicolon, 1),
            '\'' | '"' => (Kind::Other, after(text, 1, &text[..1])),
            '$' if text.starts_with("$$") => (Kind::Other, after(text, 2, "$$")),
            '-' if text.starts_with("--") => (Kind::Blank, after(text, 2, "\n")),
            '/' if text.starts_with("/*") => (Kind::Blank, after(text, 2, "*/")),
            _ if first.is_whitespace() => (Kind::Blank, first.len_utf8()),
            _ if is_word(first) => (Kind::Word, text.find(|c| !is_word(c)).unwrap_or(text.len())),
            _ => (Kind::Other, first.len_utf8()),
        };
        Some(Self { kind, len })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length up to and including the closing mark. A doubled quote reads as two quotes, which is as good.
fn after(text: &str, open: usize, close: &str) -> usize {
    text[open..].find(close).map_or(text.len(), |end| open + end + close.len())
}

/// What is known of the statement being read.
#[derive(Default)]
struct Statement {
    tokens: usize,
    words: usize,
    creates: bool,
    is_trigger: bool,
    depth: usize,
    has_body: bool,
}

impl Statement {
    fn is_empty(&self) -> bool {
        self.tokens == 0
    }

    fn may_end(&self) -> bool {
        !self.is_trigger || self.has_body && self.depth == 0
    }

    fn see(&mut self, token: &Token, text: &str) {
        if token.kind == Kind::Blank {
            return;
        }
        self.tokens += 1;
        if token.kind == Kind::Word {
            self.words += 1;
            self.see_word(&text.to_ascii_lowercase());
        }
    }

    fn see_word(&mut self, word: &str) {
        match (self.words, word) {
            (1, "create") => self.creates = true,
            // `create trigger` or `create temp trigger`; PostgreSQL's have no body and no place here.
            (2 | 3, "trigger") if self.creates => self.is_trigger = true,
            (_, "begin") if self.is_trigger => {
                self.depth += 1;
                self.has_body = true;
            }
            (_, "case") if self.is_trigger => self.depth += 1,
            (_, "end") if self.is_trigger => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn only_a_semicolon_of_its_own_ends_a_statement() {
        let cases: [(&str, &[&str]); 10] = [
            ("", &[]),
            (" ;; -- nothing;\n /* ; */ ", &[]),
            ("a; b", &["a", "b"]),
            ("a;b;", &["a", "b"]),
            ("-- why;\na;", &["a"]),
            ("insert into t values ('x;''y', \"c;d\"); b", &["insert into t values ('x;''y', \"c;d\")", "b"]),
            ("a /* ; */ b; c -- ;\n d;", &["a /* ; */ b", "c -- ;\n d"]),
            (
                "create trigger t after insert on a begin update b set c = case when 1 then 2 else 3 end; \
                 delete from d; end; e",
                &[
                    "create trigger t after insert on a begin update b set c = case when 1 then 2 else 3 end; \
                     delete from d; end",
                    "e",
                ],
            ),
            (
                "create function f() returns int as $$ begin; end; $$; g",
                &["create function f() returns int as $$ begin; end; $$", "g"],
            ),
            ("Größe; 'offen;", &["Größe", "'offen;"]),
        ];
        for (script, expected) in cases {
            assert_eq!(statements(script), expected, "{script}");
        }
    }
}
