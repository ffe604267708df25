//! The reason for a suggestion, in words.

use soko_app_api::Because;
use yew::AttrValue;

use crate::speech::Speech;

pub fn because(speech: &Speech, reason: &Because) -> AttrValue {
    match reason {
        Because::Together { with, both, of } => {
            let [both, of] = [both, of].map(|number| speech.number(i64::from(*number)));
            speech.fill("because.together", &[("name", with), ("both", &both), ("of", &of)])
        }
        Because::Like { product } => speech.fill("because.like", &[("name", product)]),
        Because::Liked { product } => speech.fill("because.liked", &[("name", product)]),
        Because::Similar { product } => speech.fill("because.similar", &[("name", product)]),
        Because::Looked { product } => speech.fill("because.looked", &[("name", product)]),
        Because::Shared { what } => speech.fill("because.shared", &[("name", what)]),
        Because::Popular => speech.say("because.popular"),
    }
}
