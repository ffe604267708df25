//! What a notification says and what a click on it opens. Pure: showing it is the system's part.

use soko_app_api::route::at_stall;
use soko_app_api::{Arrival, OwnNews, OwnOrderState};
use soko_domain::ids::{LogId, OrderId, ProductId};
use soko_domain::money::{Currency, Money};

use crate::words::{Language, Words};

/// Longest name of a stall in a notification: it is somebody's text, and daemons differ in how they cut.
const NAME_CHARS_MAX: usize = 60;

/// One notification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct News {
    pub(crate) title: String,
    pub(crate) body: String,
    /// What the button says, where there are buttons.
    pub(crate) action: &'static str,
    /// The screen that a click opens.
    pub(crate) path: String,
    /// Said again until somebody looked.
    pub(crate) waits_for: Option<Waiting>,
    /// Rings in quiet hours, too, if the person wants that.
    pub(crate) is_urgent: bool,
}

/// An order at a stall of this device that nobody has looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Waiting {
    pub(crate) stall: LogId,
    pub(crate) order: OrderId,
}

/// What arrived, in this language.
pub(crate) fn of(arrival: &Arrival, language: Language) -> News {
    let words = language.words();
    match arrival {
        Arrival::Order { stall, order, stall_name, currency, total_minor, lines } => News {
            title: at(words.new_order, stall_name),
            body: order_body(words, currency, *total_minor, *lines),
            action: words.show,
            path: at_stall(&format!("/orders/{order}"), *stall),
            waits_for: Some(Waiting { stall: *stall, order: *order }),
            is_urgent: true,
        },
        Arrival::OwnOrder { order, stall_name, state } => News {
            title: words.own_order(*state).to_owned(),
            body: escaped(&short(stall_name)),
            action: words.show,
            path: format!("/my-orders/{order}"),
            waits_for: None,
            is_urgent: *state == OwnOrderState::OnTheWay,
        },
        Arrival::Paid { stall, order, stall_name, currency, amount_minor, payments } => {
            paid(words, (*stall, *order, stall_name), (&money(currency, *amount_minor), *payments))
        }
        Arrival::OwnNews { order, stall_name, currency, news } => {
            own_news(words, (*order, stall_name), (*news, currency))
        }
        Arrival::Level { stall, stall_name, product, product_name, is_out, products } => {
            level(words, (*stall, stall_name), (*product, product_name), (*is_out, *products))
        }
        Arrival::Incident { stall, stall_name } => News {
            title: at(words.incident, stall_name),
            body: words.incident_more.to_owned(),
            action: words.show,
            path: at_stall("/incidents", *stall),
            waits_for: None,
            is_urgent: false,
        },
        Arrival::Test => test(language),
    }
}

/// The same order once more.
pub(crate) fn again(arrival: &Arrival, language: Language) -> News {
    let mut news = of(arrival, language);
    if let Arrival::Order { stall_name, .. } = arrival {
        news.title = at(language.words().still_waiting, stall_name);
    }
    news
}

/// Shown when a person wants to see that notifications arrive.
pub(crate) fn test(language: Language) -> News {
    let words = language.words();
    News {
        title: words.test.to_owned(),
        body: words.test_more.to_owned(),
        action: words.show,
        path: "/settings".to_owned(),
        waits_for: None,
        is_urgent: true,
    }
}

/// One payment opens its order, several the orders.
fn paid(
    words: &Words,
    (stall, order, stall_name): (LogId, OrderId, &str),
    (amount, payments): (&str, u32),
) -> News {
    let (title, path) = match payments {
        0 | 1 => (words.paid.replace("{amount}", amount), format!("/orders/{order}")),
        _ => (words.paid_many.replace("{count}", &payments.to_string()), "/orders".to_owned()),
    };
    News {
        title: at(&title, stall_name),
        body: String::new(),
        action: words.show,
        path: at_stall(&path, stall),
        waits_for: None,
        is_urgent: false,
    }
}

/// One product opens itself, several the list of what is there.
fn level(
    words: &Words,
    (stall, stall_name): (LogId, &str),
    (product, product_name): (ProductId, &str),
    (is_out, products): (bool, u32),
) -> News {
    let (one, many) = if is_out { (words.out, words.out_many) } else { (words.low, words.low_many) };
    let (title, path) = match products {
        0 | 1 => {
            (at(one, stall_name).replace("{product}", &short(product_name)), format!("/stock/{product}"))
        }
        _ => (at(many, stall_name).replace("{count}", &products.to_string()), "/stock".to_owned()),
    };
    News {
        title,
        body: String::new(),
        action: words.show,
        path: at_stall(&path, stall),
        waits_for: None,
        is_urgent: false,
    }
}

fn own_news(words: &Words, (order, stall_name): (OrderId, &str), (news, currency): (OwnNews, &str)) -> News {
    let title = match news {
        OwnNews::PartBack { amount_minor } => {
            words.part_back.replace("{amount}", &money(currency, amount_minor))
        }
        OwnNews::PartOwed { amount_minor } => {
            words.part_owed.replace("{amount}", &money(currency, amount_minor))
        }
        OwnNews::ReturnTaken => words.return_taken.to_owned(),
        OwnNews::ReturnRefused => words.return_refused.to_owned(),
    };
    News {
        title: at(&title, stall_name),
        body: String::new(),
        action: words.show,
        path: format!("/my-orders/{order}"),
        waits_for: None,
        is_urgent: false,
    }
}

fn order_body(words: &Words, currency: &str, total_minor: i64, lines: u32) -> String {
    words
        .new_order_more
        .replace("{total}", &money(currency, total_minor))
        .replace("{lines}", &lines.to_string())
}

fn at(sentence: &str, stall_name: &str) -> String {
    sentence.replace("{stall}", &short(stall_name))
}

fn money(currency: &str, total_minor: i64) -> String {
    match Currency::parse(currency) {
        Some(currency) => format!("{} {}", currency.code(), Money { minor: total_minor, currency }.plain()),
        // An amount whose currency this version does not know is better left out than shown a hundred times too large.
        None => currency.chars().take(3).collect(),
    }
}

fn short(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(NAME_CHARS_MAX).collect()
}

/// Daemons read a body, but not a title, as a kind of HTML: a name must stay a name.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use soko_app_api::route::Route;

    use super::*;

    fn order(stall_name: &str, currency: &str, total_minor: i64) -> Arrival {
        Arrival::Order {
            stall: LogId([1; 16]),
            order: OrderId([2; 16]),
            stall_name: stall_name.to_owned(),
            currency: currency.to_owned(),
            total_minor,
            lines: 2,
        }
    }

    #[test]
    fn an_order_says_where_and_how_much_and_opens_itself() {
        for (language, title) in [
            (Language::English, "New order at Amina"),
            (Language::Swahili, "Oda mpya: Amina"),
            (Language::French, "Nouvelle commande chez Amina"),
            (Language::Arabic, "طلب جديد في Amina"),
        ] {
            let news = of(&order("Amina", "KES", 125_050), language);
            assert_eq!(news.title, title);
            assert!(news.body.contains("KES 1250.50") && news.body.contains('2'), "{}", news.body);
            assert_eq!(news.path, format!("/orders/{}?at={}", OrderId([2; 16]), LogId([1; 16])));
            assert_eq!(news.waits_for, Some(Waiting { stall: LogId([1; 16]), order: OrderId([2; 16]) }));
        }
    }

    fn paid_at(stall_name: &str, payments: u32) -> Arrival {
        let (stall, order, currency) = (LogId([1; 16]), OrderId([2; 16]), "KES".to_owned());
        let (stall_name, amount_minor) = (stall_name.to_owned(), 45_000);
        Arrival::Paid { stall, order, stall_name, currency, amount_minor, payments }
    }

    fn own_news_at(stall_name: &str, news: OwnNews) -> Arrival {
        let (order, currency) = (OrderId([3; 16]), "KES".to_owned());
        Arrival::OwnNews { order, stall_name: stall_name.to_owned(), currency, news }
    }

    #[test]
    fn money_that_came_or_goes_back_says_how_much_and_opens_its_order() {
        let at = LogId([1; 16]);
        let (one, many) =
            (of(&paid_at("Amina", 1), Language::English), of(&paid_at("Amina", 3), Language::French));
        assert_eq!(one.title, "KES 450.00 came for an order at Amina");
        assert_eq!(one.path, format!("/orders/{}?at={at}", OrderId([2; 16])));
        assert_eq!(
            (many.title.as_str(), many.path),
            ("3 paiements reçus chez Amina", format!("/orders?at={at}"))
        );
        for language in Language::ALL {
            for part in [OwnNews::PartBack { amount_minor: 250 }, OwnNews::PartOwed { amount_minor: 250 }] {
                let news = of(&own_news_at("Amina", part), language);
                assert!(news.title.contains("KES 2.50") && news.title.contains("Amina"), "{}", news.title);
                assert_eq!(news.path, format!("/my-orders/{}", OrderId([3; 16])));
            }
        }
    }

    fn level_at(stall_name: &str, (is_out, products): (bool, u32)) -> Arrival {
        let (stall, product) = (LogId([1; 16]), ProductId([4; 16]));
        let (stall_name, product_name) = (stall_name.to_owned(), "Mango".to_owned());
        Arrival::Level { stall, stall_name, product, product_name, is_out, products }
    }

    #[test]
    fn what_runs_low_is_named_and_several_are_counted() {
        for (level, title, path) in [
            ((false, 1), "Mango runs low at Amina", format!("/stock/{}", ProductId([4; 16]))),
            ((false, 3), "3 products run low at Amina", "/stock".to_owned()),
            ((true, 1), "Mango has run out at Amina", format!("/stock/{}", ProductId([4; 16]))),
            ((true, 2), "2 products have run out at Amina", "/stock".to_owned()),
        ] {
            let news = of(&level_at("Amina", level), Language::English);
            assert_eq!((news.title.as_str(), news.path), (title, format!("{path}?at={}", LogId([1; 16]))));
            assert!(!news.is_urgent && news.waits_for.is_none(), "it waits for the end of quiet hours");
        }
    }

    #[test]
    fn every_news_opens_a_known_screen() {
        let own = |state| Arrival::OwnOrder { order: OrderId([3; 16]), stall_name: "A".into(), state };
        let incident = Arrival::Incident { stall: LogId([1; 16]), stall_name: "A".into() };
        let mut all = vec![order("A", "KES", 1), own(OwnOrderState::Held), incident];
        all.extend([1, 2].map(|payments| paid_at("A", payments)));
        all.extend([(false, 1), (false, 2), (true, 1), (true, 2)].map(|level| level_at("A", level)));
        let amount_minor = 5;
        let parts = [
            OwnNews::PartBack { amount_minor },
            OwnNews::PartOwed { amount_minor },
            OwnNews::ReturnTaken,
            OwnNews::ReturnRefused,
        ];
        all.extend(parts.map(|news| own_news_at("A", news)));
        for news in all.iter().map(|it| of(it, Language::English)).chain([test(Language::French)]) {
            assert!(Route::of_stranger(&news.path).is_some(), "{}", news.path);
        }
    }

    #[test]
    fn amounts_follow_the_currency() {
        assert_eq!(money("JPY", 1250), "JPY 1250");
        assert_eq!(money("EUR", -5), "EUR -0.05");
        assert_eq!(money("???", 1250), "???");
    }

    #[test]
    fn a_name_stays_a_name() {
        let news = of(&order("<b>A</b>\n& co", "KES", 1), Language::English);
        assert_eq!(news.title, "New order at <b>A</b>& co", "a title is no HTML");
        let own = Arrival::OwnOrder {
            order: OrderId([3; 16]),
            stall_name: "<img src=x>".into(),
            state: OwnOrderState::Refused,
        };
        assert_eq!(of(&own, Language::English).body, "&lt;img src=x&gt;");
        assert!(of(&order(&"x".repeat(999), "KES", 1), Language::English).title.chars().count() < 100);
    }

    #[test]
    fn a_reminder_says_that_it_is_one() {
        assert_eq!(again(&order("Amina", "KES", 1), Language::English).title, "Still waiting at Amina");
    }
}
