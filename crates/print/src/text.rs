//! A paper as plain text: for messages, and for the letters that a printer has itself. Columns are counted in
//! characters, which is right for the scripts whose letters stand beside each other.

use crate::rows::{Row, Sheet};

/// How far details are moved in.
pub(crate) const INDENT: usize = 2;

/// The whole paper, in lines of at most so many characters. A code is left out.
pub fn to_text(sheet: &Sheet, columns: usize) -> String {
    let mut text = String::new();
    for row in &sheet.rows {
        for line in lines_of(row, columns, sheet.is_right_to_left) {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// What a row is in lines of characters. Read from right to left, beginning and end change places.
pub(crate) fn lines_of(row: &Row, columns: usize, is_right_to_left: bool) -> Vec<String> {
    match row {
        Row::Middle { text, .. } => {
            wrapped(text, columns).iter().map(|line| centred(line, columns)).collect()
        }
        Row::Detail(text) => {
            let indent = INDENT.min(columns.saturating_sub(1));
            let lines = wrapped(text, columns - indent);
            let placed = |line: &String| {
                let moved = format!("{}{line}", " ".repeat(indent));
                if is_right_to_left {
                    at_end(&format!("{line}{}", " ".repeat(indent)), columns)
                } else {
                    moved
                }
            };
            lines.iter().map(placed).collect()
        }
        Row::Pair { begin, end, .. } => pair(begin, end, columns, is_right_to_left),
        Row::Rule => vec!["-".repeat(columns)],
        Row::Space => vec![String::new()],
        Row::Code(_) => Vec::new(),
    }
}

/// The end stands on the last line of the beginning, or below it where there is no room beside it.
fn pair(begin: &str, end: &str, columns: usize, is_right_to_left: bool) -> Vec<String> {
    let room = columns.saturating_sub(width(end) + 1);
    let narrow = room < columns / 3;
    let mut lines = wrapped(begin, if narrow { columns } else { room });
    if narrow {
        lines.push(String::new());
    }
    let last = lines.pop().unwrap_or_default();
    let gap = " ".repeat(columns.saturating_sub(width(&last) + width(end)));
    let joined = if is_right_to_left { format!("{end}{gap}{last}") } else { format!("{last}{gap}{end}") };
    let mut lines: Vec<String> =
        lines.into_iter().map(|line| if is_right_to_left { at_end(&line, columns) } else { line }).collect();
    lines.push(joined);
    lines
}

fn at_end(line: &str, columns: usize) -> String {
    format!("{}{line}", " ".repeat(columns.saturating_sub(width(line))))
}

fn centred(line: &str, columns: usize) -> String {
    format!("{}{line}", " ".repeat(columns.saturating_sub(width(line)) / 2))
}

/// Broken between words; a word longer than a line is broken anywhere.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        loop {
            let line = lines.last_mut().map_or(0, |line| width(line));
            let space = usize::from(line > 0);
            if line + space + rest.len() <= columns {
                push(&mut lines, &rest, space);
                break;
            }
            if line == 0 {
                let later = rest.split_off(columns);
                push(&mut lines, &rest, 0);
                rest = later;
            }
            lines.push(String::new());
        }
    }
    lines
}

fn push(lines: &mut [String], word: &[char], space: usize) {
    if let Some(line) = lines.last_mut() {
        line.extend(std::iter::repeat_n(' ', space));
        line.extend(word);
    }
}

/// Marks of direction take no room.
pub(crate) fn width(text: &str) -> usize {
    text.chars().filter(|letter| !('\u{200e}'..='\u{200f}').contains(letter)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Look;

    fn of(begin: &str, end: &str, columns: usize, is_right_to_left: bool) -> Vec<String> {
        let row = Row::Pair { begin: begin.into(), end: end.into(), look: Look::Plain };
        lines_of(&row, columns, is_right_to_left)
    }

    #[test]
    fn pairs_fill_the_line_and_wrap_between_words() {
        assert_eq!(of("Mango", "3.00", 12, false), ["Mango   3.00"]);
        assert_eq!(of("Mango", "3.00", 12, true), ["3.00   Mango"]);
        assert_eq!(of("Ripe mango", "3.00", 12, false), ["Ripe", "mango   3.00"]);
        assert_eq!(of("Ripe mango", "3.00", 12, true), ["        Ripe", "3.00   mango"]);
        assert_eq!(of("Mangomangomango", "3.00", 12, false), ["Mangoma", "ngomang", "o       3.00"]);
        assert_eq!(of("Mango", "1234567.00", 12, false), ["Mango", "  1234567.00"]);
    }

    #[test]
    fn no_line_is_longer_than_the_paper() {
        for columns in 1..60 {
            for text in
                ["", "a", "ab cd", "abcdefghijklmnop", "  many   words of many lengths to be broken  "]
            {
                let broken = wrapped(text, columns);
                assert!(broken.iter().all(|line| width(line) <= columns), "{columns}: {broken:?}");
                let joined: String = broken.concat().split_whitespace().collect();
                assert_eq!(joined, text.split_whitespace().collect::<String>());
            }
        }
    }
}
