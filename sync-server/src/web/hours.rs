//! Opening hours that people wrote, as programs read them. Only what is understood whole is told; everything else stays
//! words.

use serde_json::{Value, json};

/// Names of weekdays by the letters that they begin with, Monday first: English, French, Swahili, Arabic.
const DAYS: [&[&str]; 7] = [
    &["mon", "lun", "jumatatu", "الاثنين", "الإثنين"],
    &["tue", "mar", "jumanne", "الثلاثاء"],
    &["wed", "mer", "jumatano", "الأربعاء"],
    &["thu", "jeu", "alhamisi", "الخميس"],
    &["fri", "ven", "ijumaa", "الجمعة"],
    &["sat", "sam", "jumamosi", "السبت"],
    &["sun", "dim", "jumapili", "الأحد"],
];
const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const EVERY: [&str; 4] = ["every day", "tous les jours", "kila siku", "كل يوم"];
const TO: [&str; 5] = ["to", "à", "au", "hadi", "إلى"];
const AND: [&str; 4] = ["and", "et", "na", "و"];

/// Days and times such as `Monday to Saturday, 7 to 15:30`; nothing if any part of it is not understood.
pub(super) fn read(text: &str) -> Option<Value> {
    let text = text.to_lowercase().replace(['–', '—'], "-");
    let (days, times) = text.rsplit_once(',')?;
    let days = read_days(days.trim())?;
    let (opens, closes) = span(times)?;
    let (opens, closes) = (time(&opens)?, time(&closes)?);
    let names: Vec<&str> = days.into_iter().filter_map(|day| NAMES.get(day).copied()).collect();
    Some(json!({"@type": "OpeningHoursSpecification", "dayOfWeek": names, "opens": opens, "closes": closes}))
}

fn read_days(text: &str) -> Option<Vec<usize>> {
    if EVERY.contains(&text) {
        return Some((0..7).collect());
    }
    if let Some((first, last)) = span(text) {
        let (first, last) = (day(&first)?, day(&last)?);
        let length = (last + 7 - first) % 7;
        return Some((first..=first + length).map(|day| day % 7).collect());
    }
    let words = text.split([' ', ',']).filter(|word| !word.is_empty() && !AND.contains(word));
    let days: Vec<usize> = words.map(day).collect::<Option<_>>()?;
    (!days.is_empty()).then_some(days)
}

/// Two things with "to" or a line between them.
fn span(text: &str) -> Option<(String, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [first, between, last] = words.as_slice()
        && (TO.contains(between) || *between == "-")
    {
        return Some(((*first).into(), (*last).into()));
    }
    let [one] = words.as_slice() else { return None };
    let (first, last) = one.split_once('-')?;
    Some((first.into(), last.into()))
}

fn day(word: &str) -> Option<usize> {
    DAYS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))
}

/// `7`, `7:30` or `7h30`.
fn time(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once([':', 'h', '.']).unwrap_or((text, ""));
    let hour: u8 = hour.parse().ok()?;
    let minute: u8 = if minute.is_empty() { 0 } else { minute.parse().ok()? };
    if hour == 24 && minute == 0 {
        return Some("23:59".into());
    }
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood_whole_is_told_and_nothing_else() {
        let week = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday";
        for (text, expected) in [
            (
                "Monday to Saturday, 7 to 15",
                Some(("Monday Tuesday Wednesday Thursday Friday Saturday", "07:00", "15:00")),
            ),
            ("Every day, 6 to 18", Some((week, "06:00", "18:00"))),
            ("Wednesday and Saturday, 8 to 13", Some(("Wednesday Saturday", "08:00", "13:00"))),
            (
                "Saturday to Thursday, 10 to 20",
                Some(("Saturday Sunday Monday Tuesday Wednesday Thursday", "10:00", "20:00")),
            ),
            ("Every day, 17 to 24", Some((week, "17:00", "23:59"))),
            (
                "lundi–vendredi, 8h30-12h",
                Some(("Monday Tuesday Wednesday Thursday Friday", "08:30", "12:00")),
            ),
            ("Jumatatu hadi Jumatano, 7 hadi 15", Some(("Monday Tuesday Wednesday", "07:00", "15:00"))),
            ("Sunday, 8 to 15", Some(("Sunday", "08:00", "15:00"))),
            ("Saturdays", None),
            ("when it is dry, 8 to 15", None),
            ("Sunday, 8 to 99", None),
            ("Sunday, morning to evening", None),
            ("</script>, 8 to 9", None),
            ("", None),
        ] {
            let found = read(text).map(|value| {
                let days: Vec<&str> =
                    value["dayOfWeek"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                (
                    days.join(" "),
                    value["opens"].as_str().unwrap().to_owned(),
                    value["closes"].as_str().unwrap().to_owned(),
                )
            });
            let expected = expected
                .map(|(days, opens, closes): (&str, &str, &str)| (days.into(), opens.into(), closes.into()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
