//! Every language says everything, nothing is said that no view asks for, and no view has a text of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Language, Words, filled, read};

/// The plural categories that a language's whole numbers fall into, by the Unicode plural rules. French has
/// `many` for round millions only, and says `other` for it.
fn categories(language: Language) -> &'static [&'static str] {
    match language {
        Language::English | Language::Swahili | Language::French => &["one", "other"],
        Language::Arabic => &["zero", "one", "two", "few", "many", "other"],
    }
}

/// What is said, by key without category.
fn said(language: Language) -> BTreeMap<&'static str, Vec<(&'static str, &'static str)>> {
    let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (key, text) in read(language.text()) {
        let (base, category) = match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            Some((base, category)) => (base, category),
            None => (key, ""),
        };
        by_key.entry(base).or_default().push((category, text));
    }
    by_key
}

fn names(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_language_says_everything_with_the_same_names() {
    let english = said(Language::English);
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let here = said(language);
        let code = language.code();
        for key in english.keys().filter(|key| !here.contains_key(**key)) {
            wrong.push(format!("{code}: {key} is missing"));
        }
        for (key, lines) in &here {
            let Some(original) = english.get(key) else {
                wrong.push(format!("{code}: {key} is not in English"));
                continue;
            };
            let is_counted = original.iter().any(|(category, _)| !category.is_empty());
            let wanted: Vec<&str> = if is_counted { categories(language).to_vec() } else { vec![""] };
            let found: Vec<&str> = lines.iter().map(|(category, _)| *category).collect();
            if found != wanted {
                wrong.push(format!("{code}: {key} has {found:?}, wants {wanted:?}"));
            }
            let all: BTreeSet<&str> = original.iter().flat_map(|(_, text)| names(text)).collect();
            for (category, text) in lines {
                let here = names(text);
                // One thing may be told without its number: "one product".
                let optional = ["zero", "one", "two"].contains(category);
                let missing = all.iter().any(|name| !(here.contains(name) || optional && *name == "n"));
                if missing || !here.is_subset(&all) {
                    wrong.push(format!("{code}: {key}[{category}] names {here:?}, wants {all:?}"));
                }
                if text.is_empty() {
                    wrong.push(format!("{code}: {key} says nothing"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

fn views() -> Vec<(String, String)> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

/// String literals of a source text with the code before each, comments left out.
fn literals(source: &str) -> Vec<(usize, &str, String)> {
    let mut found = Vec::new();
    let bytes = source.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += source[at..].find('\n').unwrap_or(source.len() - at);
            }
            b'\'' if bytes.get(at + 1) == Some(&b'"') => at += 3,
            b'"' => {
                let start = at + 1;
                let mut end = start;
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                let before = source[..at].trim_end();
                let from = before.char_indices().rev().nth(30).map_or(0, |(from, _)| from);
                found.push((
                    source[..at].matches('\n').count() + 1,
                    &source[start..end],
                    before[from..].into(),
                ));
                at = end + 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Looks like a key: words with dots between them.
fn is_key(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|part| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part
                    .bytes()
                    .all(|letter| letter.is_ascii_lowercase() || letter == b'-' || letter.is_ascii_digit())
        })
}

/// Keys are put together behind these.
const MADE: &[&str] = &[
    "refused.",
    "refused-more.",
    "undone.",
    "warning.",
    "trouble.",
    "frozen.",
    "set-aside.",
    "problem.",
    "role.",
    "tender.",
    "unit.",
    "import-field.",
    "import-trouble.",
    "statement-field.",
    "statement-trouble.",
    "statement-found.",
    "statement-text.",
    "adjust-reason.",
    "question.",
    "order-state.",
    "own-order.",
    "handing-way.",
    "handing-word.",
    "own-pay.",
    "order-money.",
    "order-refund.end-",
    "order-swap.end-",
    "order-refund.is-",
    "order-refund.way-",
    "ordering.pay-",
    "refund.goods-",
    "return-why.",
    "act.",
    "standing.",
    "beyond.",
    "audit.is-",
    "audit.from-",
    "prices.cause-",
    "prices.mode-",
    "prices.aim-",
    "purse.did-",
    "told.is-",
    "told.by-",
    "told.state-",
    "programs.scope-",
    "programs.topic-",
    "replication.wrote-",
    "rival-field.",
    "rival-trouble.",
    "feed-trouble.",
];

#[test]
fn every_key_that_is_asked_for_is_said_and_every_key_that_is_said_is_asked_for() {
    let english = said(Language::English);
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for (file, source) in views() {
        for (line, text, _) in literals(&source) {
            if is_key(text) {
                asked.insert(text.to_owned());
                if !english.contains_key(text) {
                    wrong.push(format!("{file}:{line}: {text} is not said"));
                }
            }
        }
    }
    // Put together at run time from codes of refusals, roles, states.
    for key in english.keys() {
        if !asked.contains(*key) && !MADE.iter().any(|start| key.starts_with(start)) {
            wrong.push(format!("{key} is said and nobody asks for it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_a_device_says_has_a_text() {
    let english = said(Language::English);
    let keys = || {
        let sayings = soko_app_api::Saying::ALL.iter().map(|saying| saying.key());
        sayings.chain(soko_app_api::Hindrance::ALL.iter().map(|hindrance| hindrance.key()))
    };
    for key in keys() {
        assert!(english.contains_key(key), "{key} is not said");
    }
    let starts = ["undone.", "warning.", "trouble.", "frozen.", "set-aside.", "problem."];
    let known = |key: &str| keys().any(|known| known == key);
    let odd = |key: &&&str| starts.iter().any(|start| key.starts_with(start)) && !known(key);
    assert_eq!(english.keys().find(odd), None, "nothing says it");
}

/// Where what is refused has its codes, and whether each is the word behind `=>` or the first that `refused` is given.
const REFUSING: &[(&str, &str)] = &[
    ("crates/domain/src/refusal.rs", "=>"),
    ("crates/domain/src/review.rs", "=>"),
    ("sync-server/src/platform/refusal.rs", "=>"),
    ("crates/device/src", "refused("),
];

/// What only programs, the operators' own pages and the screens' own mistakes meet, and what names a field that the screen has checked before.
const FOR_PROGRAMS: &[&str] = &[
    "author_taken",
    "draft",
    "introduction_unproven",
    "not_by_name",
    "not_for_keys",
    "not_the_operator",
    "other_picture",
    "other_stall",
    "rank_too_low",
    "scope_missing",
    "signature_wrong",
    "store",
];

#[test]
fn whatever_is_refused_has_a_text() {
    let english = said(Language::English);
    let has_text = |code: &str| {
        ["refused", "refused-more"]
            .iter()
            .any(|section| english.contains_key(format!("{section}.{code}").as_str()))
    };
    let mut codes = BTreeSet::new();
    for (place, before) in REFUSING {
        let found = refusals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(place), before);
        assert!(!found.is_empty(), "{place} refuses nothing");
        codes.extend(found);
    }
    codes.extend(soko_domain::wrong::Wrong::ALL.iter().map(|wrong| wrong.code().to_owned()));
    let missing: Vec<&String> =
        codes.iter().filter(|code| !has_text(code) && !FOR_PROGRAMS.contains(&code.as_str())).collect();
    assert!(missing.is_empty(), "refused in English alone: {missing:?}");
    let gone = FOR_PROGRAMS.iter().find(|code| !codes.contains(**code));
    assert_eq!(gone, None, "nobody refuses this");
}

/// A first visit has the texts of `refused.` alone.
#[test]
fn whatever_may_be_wrong_with_an_order_has_a_text_on_a_first_visit() {
    use soko_domain::wrong::Wrong;
    let english = said(Language::English);
    let verbs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/domain/src/verbs");
    // What decides an order, and the checks that all verbs share.
    for file in ["place_order.rs", "mod.rs"] {
        let source = std::fs::read_to_string(verbs.join(file)).unwrap();
        let named = Wrong::ALL.iter().filter(|wrong| source.contains(&format!("Wrong::{wrong:?}")));
        let codes: Vec<&str> = named.map(|wrong| wrong.code()).collect();
        assert!(!codes.is_empty(), "{file} finds nothing wrong");
        let missing = codes.iter().find(|code| !english.contains_key(format!("refused.{code}").as_str()));
        assert_eq!(missing, None, "{file}");
    }
}

/// So has whatever makes an order wait for its buyer again.
#[test]
fn whatever_is_to_be_confirmed_again_says_why_on_a_first_visit() {
    let sending = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/device/src/buyer/sending.rs");
    let source = std::fs::read_to_string(sending).unwrap();
    let (_, after) = source.split_once("const RECONFIRM: &[&str] = &[").unwrap();
    let (list, _) = after.split_once("];").unwrap();
    let codes: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(codes.contains(&"price_changed"), "{codes:?}");
    for language in Language::ALL {
        let texts = said(language);
        let missing = codes.iter().find(|code| !texts.contains_key(format!("refused.{code}").as_str()));
        assert_eq!(missing, None, "{language:?}");
    }
}

/// The codes in a file or a folder of sources.
fn refusals(place: &Path, before: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    if place.is_dir() {
        let entries = std::fs::read_dir(place).unwrap().flatten();
        entries.for_each(|entry| codes.extend(refusals(&entry.path(), before)));
        return codes;
    }
    let source = std::fs::read_to_string(place).unwrap();
    let is_code =
        |text: &&str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    let quoted = source.split(before).skip(1).filter_map(|behind| behind.trim_start().strip_prefix('"'));
    codes.extend(quoted.filter_map(|text| text.split('"').next()).filter(is_code).map(str::to_owned));
    codes
}

/// Attributes that a person reads or hears.
const SPOKEN: &[&str] = &["title=", "placeholder=", "alt=", "aria-label=", "label=", "hint=", "text="];

/// Values of attributes that may stand alone in braces.
const STATES: &[&str] = &["true", "false"];

fn spoken_literals(source: &str) -> Vec<(usize, String)> {
    let mut inside = Vec::new();
    let mut from = 0;
    while let Some(start) = source[from..].find("html! {").map(|found| from + found) {
        let mut depth = 0_usize;
        let mut end = source.len();
        for (offset, letter) in source[start..].char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        end = start + offset;
                        break;
                    }
                }
                _ => {}
            }
        }
        inside.push(start..end);
        from = end;
    }
    let lines: Vec<(usize, usize)> = inside
        .iter()
        .map(|range| {
            (source[..range.start].matches('\n').count() + 1, source[..range.end].matches('\n').count() + 1)
        })
        .collect();
    let mut found = Vec::new();
    for (line, text, before) in literals(source) {
        if !lines.iter().any(|(first, last)| (first..=last).contains(&&line)) {
            continue;
        }
        if !text.chars().any(char::is_alphabetic) || is_key(text) || STATES.contains(&text) {
            continue;
        }
        // A choice between two values of an attribute, such as `class={if wide { "a" } else { "b" }}`.
        let so_far = source.lines().nth(line - 1).and_then(|whole| whole.split_once(&format!("\"{text}\"")));
        let is_attribute = so_far.and_then(|(left, _)| left.rfind("={if ").map(|at| &left[at..]));
        if is_attribute.is_some_and(|choice| {
            !SPOKEN.iter().any(|name| so_far.is_some_and(|(left, _)| left.contains(&format!("{name}{{if "))))
                && !choice.contains("/>")
        }) {
            continue;
        }
        let is_text = before.ends_with(['{', '>', '}']) && !before.ends_with("=>") && !before.ends_with("={");
        let is_spoken = SPOKEN.iter().any(|name| {
            let given = ["", "{", "{Some("].map(|opening| format!("{name}{opening}"));
            let rest = given.iter().find_map(|end| before.strip_suffix(end.as_str()));
            // The attribute's whole name, and not the end of another's.
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(char::is_whitespace))
        });
        if is_text || is_spoken {
            found.push((line, text.to_owned()));
        }
    }
    found
}

#[test]
fn no_view_has_a_text_of_its_own() {
    let mut wrong = Vec::new();
    for (file, source) in views() {
        for (line, text) in spoken_literals(&source) {
            wrong.push(format!("{file}:{line}: \"{text}\" belongs into i18n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_in_a_view_is_seen() {
    for (source, count) in [
        ("html! { <p>{ \"Hello\" }</p> }", 1),
        ("html! { <p class=\"big\">{ say(\"sell.title\") }</p> }", 0),
        ("html! { <button title=\"Remove\" type=\"button\">{ \"×\" }</button> }", 1),
        ("html! { <p>\"Hello\"</p> }", 1),
        ("html! { <Field label={\"Name\"} /> }", 1),
        ("html! { <p>{ icon(\"cart\") }</p> }", 0),
        ("html! { <p class={if wide { \"wide\" } else { \"narrow\" }} /> }", 0),
        ("html! { <p title={if wide { \"Wide\" } else { \"Narrow\" }} /> }", 2),
        ("let word = \"Hello\";", 0),
    ] {
        assert_eq!(spoken_literals(source).len(), count, "{source}");
    }
}

#[test]
fn names_are_filled_in() {
    assert_eq!(filled("{a} of {b}", &[("a", "1"), ("b", "{a}")]), "1 of {a}");
    assert_eq!(filled("{c} {", &[]), "{c} {");
}

#[test]
fn a_language_is_found_among_those_of_a_person() {
    assert_eq!(Language::among(["de-CH", "fr-CH", "en"]), Some((Language::French, "fr-CH")));
    assert_eq!(Language::among(["AR"]), Some((Language::Arabic, "AR")));
    assert_eq!(Language::among(["de"]), None);
}

#[test]
fn a_counted_text_falls_back_to_the_other_category() {
    let words = Words::of(Language::French, Language::French.text());
    let many = words.count("trust.waiting", "many", &[("n", "1 000 000")]);
    assert!(many.contains("1 000 000"), "{many}");
}
