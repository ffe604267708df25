//! Words, money, numbers and times as the person reads them: the texts of `words` with the browser's knowledge of
//! locales. Amounts cross as decimal text, never as a float.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Intl, Object, Reflect};
use soko_app_api::Said;
use soko_domain::money::{Currency, Money};
use soko_domain::quantity::Unit;
use soko_domain::role::Role;
use wasm_bindgen::{JsCast as _, JsValue};
use yew::prelude::*;

use crate::browser::time::{js_number, now_ms};
use crate::words::{self, Language, Words};

const DAYS_OF_WEEK: u8 = 7;

/// Each ends with its dot.
pub type Sections = &'static [&'static str];

/// One language in one place of the world. Cheap to copy; a context of every view.
#[derive(Clone)]
pub struct Speech(Rc<Inner>);

struct Inner {
    words: Words,
    refusals: Sections,
    locale: String,
    /// Formatters by what they format; making one is slow.
    made: RefCell<Vec<(String, Function)>>,
}

impl PartialEq for Speech {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[hook]
#[expect(clippy::expect_used, reason = "the app provides a language around every view")]
pub fn use_speech() -> Speech {
    use_context::<Speech>().expect("views stand inside of the app")
}

impl Speech {
    /// Speaks as soon as the words have arrived.
    pub async fn arrived(refusals: Sections, language: Language, locale: &str) -> Self {
        let words = Words::of(language, words::fetch(language).await);
        Self(Rc::new(Inner { words, refusals, locale: locale.into(), made: RefCell::default() }))
    }

    pub fn language(&self) -> Language {
        self.0.words.language
    }

    pub fn say(&self, key: &'static str) -> AttrValue {
        AttrValue::Static(self.0.words.say(key))
    }

    /// The text of a key that was put together; the other text where there is none.
    pub fn say_or(&self, key: &str, other: &str) -> AttrValue {
        self.0.words.find(key).map_or_else(|| AttrValue::from(other.to_owned()), AttrValue::Static)
    }

    /// Why not, by its code; the sentence where there is no text of it.
    pub fn refused(&self, code: &str, sentence: &str) -> AttrValue {
        let find = |section: &&str| self.0.words.find(&format!("{section}{code}"));
        let text = self.0.refusals.iter().find_map(find);
        text.map_or_else(|| AttrValue::from(sentence.to_owned()), AttrValue::Static)
    }

    /// What a device has to say, in the person's language where there is a text for it.
    pub fn said(&self, said: &Said) -> AttrValue {
        self.said_about(said, &said.about)
    }

    /// The same, with another name for what it is about.
    pub fn said_about(&self, said: &Said, about: &str) -> AttrValue {
        let text = self.0.words.find_filled(&said.key, &[("about", about)]);
        text.unwrap_or_else(|| said.sentence.clone()).into()
    }

    pub fn fill(&self, key: &'static str, names: &[(&str, &str)]) -> AttrValue {
        self.0.words.fill(key, names).into()
    }

    /// The text for so many; `n` in it is the number.
    pub fn count(&self, key: &'static str, n: i64) -> AttrValue {
        self.count_with(key, n, &[])
    }

    pub fn count_with(&self, key: &'static str, n: i64, more: &[(&str, &str)]) -> AttrValue {
        let number = self.number(n);
        let mut names = vec![("n", number.as_str())];
        names.extend_from_slice(more);
        self.0.words.count(key, &self.category(n), &names).into()
    }

    pub fn number(&self, n: i64) -> String {
        self.decimal(&n.to_string())
    }

    /// A decimal fraction, from its text.
    pub fn decimal(&self, plain: &str) -> String {
        self.formatted("number", &JsValue::from_str(plain), || {
            Some(Intl::NumberFormat::new(&self.locales(), &Object::new()).format())
        })
        .unwrap_or_else(|| plain.into())
    }

    /// An amount with its currency's sign and exactly its decimals.
    pub fn money(&self, minor: i64, currency: &str) -> String {
        let Some(known) = Currency::parse(currency) else { return format!("{minor} {currency}") };
        let plain = Money { minor, currency: known }.plain();
        self.formatted(currency, &JsValue::from_str(&plain), || {
            let options = options(&[
                ("style", "currency"),
                ("currency", currency),
                ("currencyDisplay", "narrowSymbol"),
            ]);
            let decimals = JsValue::from(known.exponent());
            Reflect::set(&options, &"minimumFractionDigits".into(), &decimals).ok()?;
            Reflect::set(&options, &"maximumFractionDigits".into(), &decimals).ok()?;
            Some(Intl::NumberFormat::new(&self.locales(), &options).format())
        })
        .map_or(plain, |shown| self.apart(shown))
    }

    /// From right to left, a sign such as US$ would be turned around by the amount beside it.
    fn apart(&self, amount: String) -> String {
        if self.language().direction() == "ltr" { amount } else { format!("\u{2066}{amount}\u{2069}") }
    }

    /// A price, with what it is the price of where that is not one piece.
    pub fn price(&self, minor: i64, currency: &str, unit: Unit, per: i64) -> String {
        let money = self.money(minor, currency);
        if unit == Unit::Piece && per == 1 {
            return money;
        }
        self.0.words.fill("price.per", &[("price", &money), ("quantity", &self.quantity(per, unit))])
    }

    /// So much of something: `3`, `250 g`, `1.5 kg`.
    pub fn quantity(&self, quantity: i64, unit: Unit) -> String {
        let (small, large) = match unit {
            Unit::Piece => return self.number(quantity),
            Unit::Gram => ("gram", "kilogram"),
            Unit::Millilitre => ("milliliter", "liter"),
        };
        let is_large = quantity.unsigned_abs() >= 1000;
        let (name, plain) = if is_large {
            let rest = (quantity % 1000).unsigned_abs();
            let sign = if quantity < 0 { "-" } else { "" };
            (large, format!("{sign}{}.{rest:03}", (quantity / 1000).unsigned_abs()))
        } else {
            (small, quantity.to_string())
        };
        self.formatted(name, &JsValue::from_str(&plain), || {
            let options = options(&[("style", "unit"), ("unit", name), ("unitDisplay", "short")]);
            Reflect::set(&options, &"maximumFractionDigits".into(), &JsValue::from(3)).ok()?;
            Some(Intl::NumberFormat::new(&self.locales(), &options).format())
        })
        .unwrap_or(plain)
    }

    /// Parts per million as a percentage.
    pub fn percent(&self, ppm: u32) -> String {
        self.part(i64::from(ppm))
    }

    /// The same, of what can be below nothing.
    pub fn part(&self, ppm: i64) -> String {
        let (sign, size) = (if ppm < 0 { "-" } else { "" }, ppm.unsigned_abs());
        let plain = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
        self.formatted("percent", &JsValue::from_str(&plain), || {
            let options = options(&[("style", "percent")]);
            Reflect::set(&options, &"maximumFractionDigits".into(), &JsValue::from(2)).ok()?;
            Some(Intl::NumberFormat::new(&self.locales(), &options).format())
        })
        .unwrap_or(plain)
    }

    /// Day and time of day, in a stall's zone or this device's.
    pub fn day_and_time(&self, at_ms: i64, zone: Option<&str>) -> String {
        self.moment(at_ms, zone, &[("dateStyle", "medium"), ("timeStyle", "short")])
    }

    pub fn time_of_day(&self, at_ms: i64, zone: Option<&str>) -> String {
        self.moment(at_ms, zone, &[("timeStyle", "short")])
    }

    /// A day, counted from 1970.
    pub fn day(&self, day: i32) -> String {
        let at_ms = i64::from(day) * 86_400_000;
        self.moment(at_ms, Some("UTC"), &[("weekday", "long"), ("day", "numeric"), ("month", "long")])
    }

    /// A day among others near it.
    pub fn day_short(&self, day: i32) -> String {
        self.moment(i64::from(day) * 86_400_000, Some("UTC"), &[("day", "numeric"), ("month", "short")])
    }

    /// A day by itself, as on paper.
    pub fn day_of_year(&self, day: i32) -> String {
        self.moment(i64::from(day) * 86_400_000, Some("UTC"), &[("dateStyle", "long")])
    }

    pub fn month(&self, day: i32) -> String {
        self.moment(i64::from(day) * 86_400_000, Some("UTC"), &[("month", "short"), ("year", "numeric")])
    }

    /// Monday is 0.
    pub fn weekday(&self, weekday: u8) -> String {
        // 1970-01-05 was a Monday.
        let at_ms = (i64::from(weekday) + 4) * 86_400_000;
        self.moment(at_ms, Some("UTC"), &[("weekday", "short")])
    }

    /// A full hour on the wall.
    pub fn hour(&self, hour: i32) -> String {
        self.minute(hour * 60)
    }

    /// A minute of a day on the wall.
    pub fn minute(&self, minute: i32) -> String {
        self.moment(i64::from(minute) * 60_000, Some("UTC"), &[("timeStyle", "short")])
    }

    /// The weekday with which a week begins where the person is, Monday as 0; Monday where the browser does not know.
    pub fn first_weekday(&self) -> u8 {
        let week = || -> Option<JsValue> {
            let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
            let made: Function = Reflect::get(&intl, &"Locale".into()).ok()?.dyn_into().ok()?;
            let locale = Reflect::construct(&made, &self.locales()).ok()?;
            // A method by now, and a property in older browsers.
            let method = Reflect::get(&locale, &"getWeekInfo".into()).ok()?.dyn_into::<Function>();
            let week =
                method.map_or_else(|_| Reflect::get(&locale, &"weekInfo".into()), |get| get.call0(&locale));
            Reflect::get(&week.ok()?, &"firstDay".into()).ok()
        };
        let first = week();
        (0..DAYS_OF_WEEK).find(|day| first == Some(JsValue::from(*day + 1))).unwrap_or(0)
    }

    /// How long ago, in the largest unit that fits.
    pub fn ago(&self, at_ms: i64) -> AttrValue {
        let seconds = (now_ms() - at_ms).max(0) / 1000;
        match seconds {
            0..60 => self.say("ago.now"),
            60..3600 => self.count("ago.minutes", seconds / 60),
            3600..86_400 => self.count("ago.hours", seconds / 3600),
            _ => self.count("ago.days", seconds / 86_400),
        }
    }

    fn moment(&self, at_ms: i64, zone: Option<&str>, parts: &[(&str, &str)]) -> String {
        let mut parts = parts.to_vec();
        parts.extend(zone.filter(|zone| !zone.is_empty()).map(|zone| ("timeZone", zone)));
        let name: String = parts.iter().flat_map(|(key, value)| [*key, *value]).collect();
        self.formatted(&name, &js_number(at_ms), || {
            Some(Intl::DateTimeFormat::new(&self.locales(), &options(&parts)).format())
        })
        .unwrap_or_default()
    }

    fn category(&self, n: i64) -> String {
        self.formatted("plural", &js_number(n), || {
            let rules = Intl::PluralRules::new(&self.locales(), &Object::new());
            let select: Function = Reflect::get(&rules, &"select".into()).ok()?.dyn_into().ok()?;
            select.bind0(&rules).dyn_into().ok()
        })
        .unwrap_or_else(|| "other".into())
    }

    fn formatted(
        &self,
        name: &str,
        value: &JsValue,
        make: impl FnOnce() -> Option<Function>,
    ) -> Option<String> {
        let known = self.0.made.borrow().iter().find(|(made, _)| made == name).map(|(_, made)| made.clone());
        let format = match known {
            Some(format) => format,
            None => {
                let made = make()?;
                self.0.made.borrow_mut().push((name.into(), made.clone()));
                made
            }
        };
        format.call1(&JsValue::UNDEFINED, value).ok()?.as_string()
    }

    fn locales(&self) -> Array {
        Array::of1(&JsValue::from_str(&self.0.locale))
    }
}

/// What somebody is at a stall.
pub fn role_name(speech: &Speech, role: &str) -> AttrValue {
    match Role::from_name(role) {
        Some(Role::Owner) => speech.say("role.owner"),
        Some(Role::Manager) => speech.say("role.manager"),
        Some(Role::Cashier) => speech.say("role.cashier"),
        Some(Role::Buyer | Role::Operator) | None => role.to_owned().into(),
    }
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (key, value) in pairs {
        // A new object takes every property.
        let _ = Reflect::set(&options, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    options
}
