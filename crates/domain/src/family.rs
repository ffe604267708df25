//! A family: a product and its variants, which differ by an option or two, such as size and colour. Here is which table they
//! make, and in which order its values stand. It does not know what a variant costs, nor how many there are.

use std::cmp::Ordering;

/// Options by which the variants of one product differ at most: more make no table.
pub const OPTIONS_MAX: usize = 2;

/// One side of a family's table: an option with its values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    pub name: String,
    pub values: Vec<String>,
}

/// The sides of the table that variants make, by what makes each of them: one side or two. None where they do not all have
/// the same options: no table would have a place for each.
pub fn axes(variants: &[&[(String, String)]]) -> Vec<Axis> {
    let Some(first) = variants.first().filter(|first| (1..=OPTIONS_MAX).contains(&first.len())) else {
        return Vec::new();
    };
    let names =
        |options: &[(String, String)]| options.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let wanted = names(first);
    if variants.iter().any(|options| names(options) != wanted) {
        return Vec::new();
    }
    let values = |at: usize| {
        let mut values: Vec<String> =
            variants.iter().filter_map(|options| options.get(at)).map(|(_, value)| value.clone()).collect();
        values.sort_by(|a, b| order(a, b));
        values.dedup();
        values
    };
    wanted.into_iter().enumerate().map(|(at, name)| Axis { name, values: values(at) }).collect()
}

/// As people expect values to stand: sizes from small to large, numbers by what they are, and everything else by its letters.
pub fn order(a: &str, b: &str) -> Ordering {
    (rank(a), a).cmp(&(rank(b), b))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Of clothes; M is 0.
    Size(i32),
    /// In millionths.
    Number(i64),
    Text(String),
}

fn rank(value: &str) -> Rank {
    let plain = value.trim().to_lowercase();
    if let Some(size) = size(&plain) {
        return Rank::Size(size);
    }
    match number(&plain) {
        Some(number) => Rank::Number(number),
        None => Rank::Text(plain),
    }
}

/// XS, XXL and 3XL, and their likes.
fn size(plain: &str) -> Option<i32> {
    let (way, before) = match plain {
        "m" => return Some(0),
        _ => (plain.strip_suffix('s').map(|before| (-1, before)))
            .or(plain.strip_suffix('l').map(|before| (1, before)))?,
    };
    let many = match before.strip_suffix('x') {
        None if before.is_empty() => 0,
        None => return None,
        Some(digits) if digits.bytes().all(|digit| digit == b'x') => i32::try_from(before.len()).ok()?,
        Some(digits) => digits.parse::<i32>().ok().filter(|many| (1..=99).contains(many))?,
    };
    Some(way * (many + 1))
}

/// The number that stands in front, with up to six places.
fn number(plain: &str) -> Option<i64> {
    const PLACES: usize = 6;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let whole = digits(plain);
    let rest = plain.get(whole.len()..).unwrap_or_default();
    let part: String =
        rest.strip_prefix(['.', ',']).map(digits).unwrap_or_default().chars().take(PLACES).collect();
    let all = format!("{whole}{part:0<PLACES$}");
    if whole.is_empty() { None } else { all.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_as_people_expect_them() {
        for (mixed, expected) in [
            ("XL M XXS 3XL S XXL L XS 2XL", "XXS XS S M L XL 2XL XXL 3XL"),
            ("10 9 1,5 0.25 42", "0.25 1,5 9 10 42"),
            ("red Blue green", "Blue green red"),
            ("red 5 M apples", "M 5 apples red"),
        ] {
            let mut values: Vec<&str> = mixed.split(' ').collect();
            values.sort_by(|a, b| order(a, b));
            assert_eq!(values.join(" "), expected);
        }
        // Neither a size nor a number that fits.
        assert_eq!(order("xs of it", "xs of it"), Ordering::Equal);
        assert_eq!(order("99999999999999999999", "a"), Ordering::Less);
    }

    #[test]
    fn variants_make_a_table_only_if_each_has_a_place_in_it() {
        let options = |text: &str| -> Vec<(String, String)> {
            text.split_terminator(' ')
                .filter_map(|option| option.split_once('='))
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        let table = |variants: &[&str]| -> Vec<String> {
            let variants: Vec<_> = variants.iter().map(|text| options(text)).collect();
            let variants: Vec<_> = variants.iter().map(Vec::as_slice).collect();
            axes(&variants).iter().map(|axis| format!("{}: {}", axis.name, axis.values.join(" "))).collect()
        };
        for (variants, expected) in [
            (
                &["Colour=red Size=L", "Colour=red Size=S", "Colour=blue Size=M"][..],
                &["Colour: blue red", "Size: S M L"][..],
            ),
            (&["Size=41", "Size=9"], &["Size: 9 41"]),
            (&["Size=S", "Colour=red"], &[]),
            (&["Size=S", "Colour=red Size=S"], &[]),
            (&["A=1 B=2 C=3"], &[]),
            (&[""], &[]),
            (&[], &[]),
        ] {
            assert_eq!(table(variants), expected, "{variants:?}");
        }
    }
}
