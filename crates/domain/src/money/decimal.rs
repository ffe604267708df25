//! Decimal text to an integer of a fixed number of decimals, and back. Exact: what does not fit is refused,
//! never rounded. Western digits only; the screens translate others.

/// Longest text that is looked at. The longest amount with groups has 27 characters.
pub const TEXT_CHARS_MAX: usize = 40;

/// Why a text is not a number with so many decimals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TextProblem {
    #[error("nothing is written: write a number such as 12.50")]
    Empty,
    #[error("this is not a number: use digits and one decimal point or comma, such as 12.50")]
    NotANumber,
    #[error(
        "only {allowed} decimals are possible: write fewer, and leave out a comma that separates thousands"
    )]
    TooManyDecimals { allowed: u8 },
    #[error("the number is too large: check for digits too many")]
    TooLarge,
}

/// Reads `text` as a number of 10^-decimals. The rules are told at `Money::parse`.
pub(super) fn parse(text: &str, decimals: u8) -> Result<i64, TextProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextProblem::Empty);
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(TextProblem::TooLarge);
    }
    let (negative, body) = split_sign(text);
    let (whole, fraction) = split_fraction(body)?;
    if whole.is_empty() && fraction.is_empty() {
        return Err(TextProblem::NotANumber);
    }
    let whole = ungroup(whole)?;
    if fraction.len() > usize::from(decimals) {
        return Err(TextProblem::TooManyDecimals { allowed: decimals });
    }
    let padding = usize::from(decimals) - fraction.len();
    let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', padding));
    let sign = if negative { -1 } else { 1 };
    let value = digits.map(|digit| i64::from(digit - b'0') * sign).try_fold(0i64, push_digit);
    value.ok_or(TextProblem::TooLarge)
}

/// Writes what `parse` reads: a point, every decimal, no groups.
pub(super) fn plain(value: i64, decimals: u8) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    if decimals == 0 {
        return format!("{sign}{magnitude}");
    }
    let unit = 10u64.pow(u32::from(decimals));
    let width = usize::from(decimals);
    format!("{sign}{}.{:0width$}", magnitude / unit, magnitude % unit)
}

fn push_digit(value: i64, signed_digit: i64) -> Option<i64> {
    value.checked_mul(10)?.checked_add(signed_digit)
}

fn split_sign(text: &str) -> (bool, &str) {
    if let Some(body) = text.strip_prefix(['-', '\u{2212}']) {
        return (true, body);
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

/// Parts the whole from the decimals, which are digits only. Without a decimal mark they are empty.
fn split_fraction(body: &str) -> Result<(&str, &str), TextProblem> {
    let Some(mark) = decimal_mark(body) else {
        return Ok((body, ""));
    };
    let (whole, fraction) = body.split_once(mark).ok_or(TextProblem::NotANumber)?;
    if fraction.is_empty() || !is_digits(fraction) {
        return Err(TextProblem::NotANumber);
    }
    Ok((whole, fraction))
}

/// A mark that stands alone is the decimal mark; of two kinds it is the last; a repeated one groups.
fn decimal_mark(body: &str) -> Option<char> {
    let last = body.chars().rfind(|mark| is_mark(*mark))?;
    let repeated = body.chars().filter(|mark| *mark == last).count() > 1;
    if repeated { None } else { Some(last) }
}

/// Takes the group separators out of a whole number: one kind only, groups of three. Commas may also stand
/// after two digits within the number, as in 12,50,000.
fn ungroup(whole: &str) -> Result<String, TextProblem> {
    let Some(separator) = whole.chars().find(|letter| !letter.is_ascii_digit()) else {
        return Ok(whole.to_owned());
    };
    if !is_mark(separator) && !is_gap(separator) {
        return Err(TextProblem::NotANumber);
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    let last = groups.len() - 1;
    let fits = |(place, group): (usize, &&str)| match place {
        0 => (1..=3).contains(&group.len()),
        _ if place == last => group.len() == 3,
        _ => group.len() == 3 || (separator == ',' && group.len() == 2),
    };
    if !groups.iter().all(|group| is_digits(group)) || !groups.iter().enumerate().all(fits) {
        return Err(TextProblem::NotANumber);
    }
    Ok(groups.concat())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '.' | ',')
}

/// Space, no-break space, thin space, narrow no-break space, both apostrophes.
fn is_gap(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '\u{2019}')
}
