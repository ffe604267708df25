//! How the device stands, in one sentence and one dot: what the tray shows. Pure.

use soko_app_api::Trust;

use crate::words::Language;

/// Red, green, blue.
type Colour = [u8; 3];
const RED: Colour = [0xb9, 0x1c, 0x1c];
const AMBER: Colour = [0xd9, 0x77, 0x06];
const GREY: Colour = [0x78, 0x71, 0x6c];
const GREEN: Colour = [0x15, 0x80, 0x3d];

pub(crate) fn sentence(trust: Trust, language: Language) -> String {
    let words = language.words();
    let counted = |sentence: &str, count: u64| sentence.replace("{count}", &count.to_string());
    match trust {
        Trust::GettingReady => words.getting_ready.to_owned(),
        Trust::OnlineOnly | Trust::NotOpened | Trust::NothingKept | Trust::Trouble => {
            words.trouble.to_owned()
        }
        Trust::OnlyHere => words.only_here.to_owned(),
        Trust::AllSent => words.all_sent.to_owned(),
        Trust::Arriving => words.arriving.to_owned(),
        Trust::Waiting { waiting } => counted(words.waiting, waiting),
        Trust::Offline { waiting: 0 } => words.no_connection.to_owned(),
        Trust::Offline { waiting } => counted(words.no_connection_waiting, waiting),
    }
}

fn dot(trust: Trust) -> Option<Colour> {
    match trust {
        Trust::GettingReady | Trust::OnlyHere => None,
        Trust::OnlineOnly | Trust::NotOpened | Trust::NothingKept | Trust::Trouble => Some(RED),
        Trust::AllSent => Some(GREEN),
        Trust::Waiting { .. } | Trust::Arriving => Some(AMBER),
        Trust::Offline { .. } => Some(GREY),
    }
}

/// The icon with this standing's dot at its lower end, cut out with a gap so that it shows on any ground.
pub(crate) fn draw(trust: Trust, rgba: &[u8], width: u32) -> Vec<u8> {
    let mut drawn = rgba.to_vec();
    let Some([red, green, blue]) = dot(trust) else { return drawn };
    let side = i64::from(width);
    let (centre, radius, gap) = (side * 25 / 32, side * 6 / 32, side * 8 / 32);
    for (pixel, at) in drawn.chunks_exact_mut(4).zip(0..) {
        let (x, y) = (at % side - centre, at / side - centre);
        let squared = x * x + y * y;
        if squared <= radius * radius {
            pixel.copy_from_slice(&[red, green, blue, u8::MAX]);
        } else if squared <= gap * gap {
            pixel.fill(0);
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_pill_says() {
        for (trust, said) in [
            (Trust::GettingReady, "Getting ready"),
            (Trust::OnlyHere, "Saved on this device"),
            (Trust::AllSent, "All sent"),
            (Trust::Arriving, "Fetching what your stall has"),
            (Trust::Waiting { waiting: 3 }, "Waiting to be sent: 3"),
            (Trust::Offline { waiting: 0 }, "No connection, selling works"),
            (Trust::Offline { waiting: 4 }, "No connection, selling works. Waiting to be sent: 4"),
            (Trust::Trouble, "Needs your attention"),
        ] {
            assert_eq!(sentence(trust, Language::English), said);
        }
        assert_eq!(dot(Trust::Trouble), Some(RED), "no green where somebody must look");
    }

    #[test]
    fn the_dot_is_drawn_into_the_corner_only() {
        let plain = vec![9; 64 * 64 * 4];
        assert_eq!(draw(Trust::OnlyHere, &plain, 64), plain);
        let drawn = draw(Trust::Waiting { waiting: 1 }, &plain, 64);
        let pixel = |x: usize, y: usize| &drawn[(y * 64 + x) * 4..][..4];
        assert_eq!(pixel(50, 50), [0xd9, 0x77, 0x06, 255]);
        assert_eq!(pixel(50, 64 - 28), [0; 4], "a gap around it");
        assert_eq!(pixel(10, 10), [9; 4]);
        assert_ne!(draw(Trust::AllSent, &plain, 64), drawn);
    }
}
