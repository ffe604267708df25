//! Many commands in one process: lines as they would be typed, one JSON line for each answer, at once.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};

use clap::Parser as _;
use serde_json::Value;

use super::Line;
use super::run::one;
use crate::home::Home;
use crate::outcome::{Outcome, Undone, as_json};

/// Longest line that is a command.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Does the lines of a file in order; an undone one does not stop the rest.
pub(super) fn run(home: &Home, file: &str) -> Outcome {
    let lines: Box<dyn BufRead> = if file == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let opened =
            File::open(file).map_err(|error| Undone::usage(format!("{file} cannot be read: {error}")))?;
        Box::new(BufReader::new(opened))
    };
    for line in lines.lines() {
        let line = line.map_err(|error| Undone::failed(format!("{file} cannot be read: {error}")))?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        say(&as_json(&answer(home, line)));
    }
    Ok(Value::Null)
}

fn answer(home: &Home, line: &str) -> Outcome {
    if line.len() > LINE_BYTES_MAX {
        return Err(Undone::usage(format!("a line is longer than {LINE_BYTES_MAX} bytes")));
    }
    let words = words(line).ok_or_else(|| Undone::usage(format!("a quote does not end: {line}")))?;
    let line = Line::try_parse_from(words).map_err(|error| Undone::usage(error.to_string()))?;
    one(home, line.stall, &line.what)
}

/// Words between spaces; quotes, single or double, keep spaces inside. Nothing if a quote does not end.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// The program's answer. A reader that is gone has no use for it.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_spaces_together() {
        for (line, expected) in [
            ("sell tea=1  --cash 5", vec!["sell", "tea=1", "--cash", "5"]),
            (r#"sell "green tea"=1"#, vec!["sell", "green tea=1"]),
            (r#"a '' "it's""#, vec!["a", "", "it's"]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
        assert_eq!(words("say \"no end"), None);
    }
}
