//! What a buyer may say about a product, and when: only after an order with it was handed over, once for each such
//! order, by whoever ordered. Reviews are no entries: people wrote them, so they can be taken back and erased.

use crate::ids::ThingId;
use crate::verbs::release_order::OrderState;

pub const STARS_MAX: u8 = 5;
/// Longest text of a review, of an answer, and of the reason for which one is hidden.
pub const TEXT_CHARS_MAX: usize = 1_000;
pub const REASON_CHARS_MAX: usize = 200;

/// What is known of the order that a review is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    pub buyer: ThingId,
    pub state: OrderState,
    /// Whether the product stands on it.
    pub has_product: bool,
    /// Whether its buyer, also as a guest of before, is one of the stall's people.
    pub sells_here: bool,
}

/// Why something is no review, in order of precedence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    #[error("this is somebody else's order")]
    NotYours,
    #[error("this is the stall that you sell for: reviews are for its buyers")]
    OwnStall,
    #[error("this product is not on the order")]
    NotOrdered,
    #[error("review it once the order was handed over: nobody has it yet")]
    NotHandedOver,
    #[error("stars are one to five")]
    Stars,
    #[error("the text is too long: {TEXT_CHARS_MAX} letters say a lot")]
    TooLong,
    #[error("the text holds control characters: write plain lines")]
    NotPlain,
    #[error("say why it is hidden, in {REASON_CHARS_MAX} letters at most")]
    NoReason,
}

impl Unfit {
    pub fn code(self) -> &'static str {
        match self {
            Self::NotYours => "not_yours",
            Self::OwnStall => "own_stall",
            Self::NotOrdered => "not_ordered",
            Self::NotHandedOver => "not_handed_over",
            Self::Stars => "stars",
            Self::TooLong => "text_too_long",
            Self::NotPlain => "text_not_plain",
            Self::NoReason => "no_reason",
        }
    }
}

/// Whether `buyer` may say this of a product on that order.
pub fn check(facts: &Facts, buyer: ThingId, stars: u8, text: &str) -> Result<(), Unfit> {
    if facts.buyer != buyer {
        return Err(Unfit::NotYours);
    }
    if facts.sells_here {
        return Err(Unfit::OwnStall);
    }
    if !facts.has_product {
        return Err(Unfit::NotOrdered);
    }
    if !is_handed_over(facts.state) {
        return Err(Unfit::NotHandedOver);
    }
    said(stars, text)
}

/// Whether this could be a review at all.
pub fn said(stars: u8, text: &str) -> Result<(), Unfit> {
    if !(1..=STARS_MAX).contains(&stars) {
        return Err(Unfit::Stars);
    }
    plain(text)
}

/// Whether this could be the text of a review, or an answer to one.
pub fn plain(text: &str) -> Result<(), Unfit> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Unfit::TooLong);
    }
    let is_odd = |letter: char| letter.is_control() && letter != '\n';
    if text.chars().any(is_odd) { Err(Unfit::NotPlain) } else { Ok(()) }
}

/// Nothing is hidden without a word why.
pub fn reason(text: &str) -> Result<(), Unfit> {
    let letters = text.trim().chars().count();
    if !(1..=REASON_CHARS_MAX).contains(&letters) {
        return Err(Unfit::NoReason);
    }
    if text.chars().any(char::is_control) { Err(Unfit::NotPlain) } else { Ok(()) }
}

fn is_handed_over(state: OrderState) -> bool {
    match state {
        OrderState::HandedOver | OrderState::Fulfilled => true,
        OrderState::Held | OrderState::Released => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMINA: ThingId = ThingId([1; 16]);
    const BOUGHT: Facts =
        Facts { buyer: AMINA, state: OrderState::Fulfilled, has_product: true, sells_here: false };

    #[test]
    fn a_review_is_of_what_somebody_has() {
        let long = "é".repeat(TEXT_CHARS_MAX);
        let (too_long, novel) = (format!("{long}!"), "x".repeat(10_000));
        let handed = Facts { state: OrderState::HandedOver, ..BOUGHT };
        let table: &[(Facts, ThingId, u8, &str, Result<(), Unfit>)] = &[
            (BOUGHT, AMINA, 5, "", Ok(())),
            (handed, AMINA, 1, "Sour.\nNot again.", Ok(())),
            (BOUGHT, AMINA, 3, &long, Ok(())),
            (BOUGHT, AMINA, 3, "<script>alert(1)</script>", Ok(())),
            (BOUGHT, ThingId([2; 16]), 5, "", Err(Unfit::NotYours)),
            (Facts { sells_here: true, ..BOUGHT }, AMINA, 5, "", Err(Unfit::OwnStall)),
            (Facts { has_product: false, ..BOUGHT }, AMINA, 5, "", Err(Unfit::NotOrdered)),
            (Facts { state: OrderState::Held, ..BOUGHT }, AMINA, 5, "", Err(Unfit::NotHandedOver)),
            (Facts { state: OrderState::Released, ..BOUGHT }, AMINA, 5, "", Err(Unfit::NotHandedOver)),
            (BOUGHT, AMINA, 0, "", Err(Unfit::Stars)),
            (BOUGHT, AMINA, 6, "", Err(Unfit::Stars)),
            (BOUGHT, AMINA, 5, &too_long, Err(Unfit::TooLong)),
            (BOUGHT, AMINA, 5, &novel, Err(Unfit::TooLong)),
            (BOUGHT, AMINA, 5, "bell\u{7}", Err(Unfit::NotPlain)),
        ];
        for (facts, buyer, stars, text, expected) in table {
            assert_eq!(check(facts, *buyer, *stars, text), *expected, "{facts:?} {stars}");
        }
    }

    #[test]
    fn nothing_is_hidden_without_a_reason() {
        for (text, expected) in [
            ("names a person", Ok(())),
            ("", Err(Unfit::NoReason)),
            ("  ", Err(Unfit::NoReason)),
            (&"x".repeat(REASON_CHARS_MAX + 1), Err(Unfit::NoReason)),
            ("two\nlines", Err(Unfit::NotPlain)),
        ] {
            assert_eq!(reason(text), expected, "{text}");
        }
    }
}
