//! Whether somebody likes a product, said on several devices that do not hear each other. Each product has a count of
//! turns: liking and unliking each add one, an odd count is a like, and of two counts the larger is what holds. So no
//! clock decides, saying the same twice is saying it once, and every order of arrival ends the same.

/// Products that one person likes or liked. Whoever likes more should say what they do not like any more.
pub const LIKES_MAX: u32 = 1_000;
/// More turns than anybody takes; there a product stays as it is.
pub const TURNS_MAX: u32 = 1_000_000;

#[must_use]
pub fn is_liked(turns: u32) -> bool {
    turns % 2 == 1
}

/// The count after somebody said so, who saw this one.
#[must_use]
pub fn turned(turns: u32, wanted: bool) -> u32 {
    if is_liked(turns) == wanted || turns >= TURNS_MAX { turns } else { turns + 1 }
}

#[must_use]
pub fn merged(one: u32, other: u32) -> u32 {
    one.max(other).min(TURNS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saying_the_same_twice_is_saying_it_once() {
        for (turns, wanted, expected) in [
            (0, true, 1),
            (1, true, 1),
            (1, false, 2),
            (2, false, 2),
            (0, false, 0),
            (TURNS_MAX, true, TURNS_MAX),
        ] {
            assert_eq!(turned(turns, wanted), expected, "{turns} {wanted}");
            assert_eq!(turned(turned(turns, wanted), wanted), expected, "{turns} {wanted}");
        }
    }

    #[test]
    fn every_order_of_arrival_ends_the_same_and_the_last_word_of_whoever_saw_the_others_holds() {
        // Liked on both devices, apart; one of them heard of the other and takes it back.
        let (phone, tablet) = (turned(0, true), turned(0, true));
        let back = turned(merged(phone, tablet), false);
        for order in [[phone, tablet, back], [back, phone, tablet], [tablet, back, phone]] {
            let all = order.into_iter().fold(0, merged);
            assert_eq!((all, is_liked(all)), (2, false), "{order:?}");
        }
        assert_eq!(merged(u32::MAX, 3), TURNS_MAX);
    }
}
