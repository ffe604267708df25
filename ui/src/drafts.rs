//! What a screen keeps for its next start, which may be that of a newer program: in front stands the layout that the rest has, so that
//! bytes of another one are known as such and never misread.

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use soko_app_api::{Answer, Call};

use crate::desk::Desk;
use crate::speech::Speech;

/// Layouts count up from here. What was kept before they stood in front begins with less: the length of an id, or of a short list.
const FIRST: u8 = 0xd0;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Draft<T> {
    None,
    Is(T),
    /// Something was kept, and this program cannot read it.
    Unreadable,
}

impl<T> Draft<T> {
    pub fn found(self) -> Option<T> {
        match self {
            Self::Is(found) => Some(found),
            Self::None | Self::Unreadable => None,
        }
    }
}

pub fn pack<T: Serialize>(layout: u8, draft: &T) -> Vec<u8> {
    let rest = soko_app_api::encode(draft).unwrap_or_default();
    std::iter::once(FIRST + layout).chain(rest).collect()
}

pub fn unpack<T: DeserializeOwned>(layout: u8, bytes: &[u8]) -> Draft<T> {
    let rest = match bytes {
        [] => return Draft::None,
        [first, rest @ ..] if *first == FIRST + layout => rest,
        [first, ..] if *first >= FIRST => return Draft::Unreadable,
        [..] => bytes,
    };
    soko_app_api::decode(rest).map_or(Draft::Unreadable, Draft::Is)
}

/// Keeps it on the device. That it is not kept is said once, for as long as it is so: the page alone has it then.
pub async fn keep(desk: &Desk, speech: &Speech, is_said: &Cell<bool>, (key, value): (String, Vec<u8>)) {
    let is_kept = matches!(desk.call(Call::Keep { key, value }).await, Answer::Kept(_));
    if !is_said.replace(!is_kept) && !is_kept {
        desk.toasts.error(speech.say("session.not-kept"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_or_known_as_something_else() {
        let draft = (7_u32, "Mango".to_owned());
        let packed = pack(1, &draft);
        assert_eq!(unpack(1, &packed), Draft::Is(draft.clone()));
        assert_eq!(unpack::<(u32, String)>(2, &packed), Draft::Unreadable);
        assert_eq!(unpack::<(u32, String)>(1, &[]), Draft::None);
        assert_eq!(unpack::<(u32, String)>(1, &packed[..3]), Draft::Unreadable);
        let before = soko_app_api::encode(&draft).unwrap();
        assert_eq!(unpack(1, &before), Draft::Is(draft));
    }
}
