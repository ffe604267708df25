//! How the device stands, in one sentence and one dot: what the tray shows. Pure.

use soko_app_api::DeviceView;

use crate::words::Language;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Standing {
    /// No server was named: everything is here and nowhere else.
    #[default]
    OnlyHere,
    AllSent,
    Waiting(u64),
    NoConnection(u64),
}

/// Red, green, blue.
type Colour = [u8; 3];
const AMBER: Colour = [0xd9, 0x77, 0x06];
const GREY: Colour = [0x78, 0x71, 0x6c];
const GREEN: Colour = [0x15, 0x80, 0x3d];

impl Standing {
    pub(crate) fn of(about: &DeviceView) -> Self {
        let unsent = about.stalls.iter().map(|stall| stall.unsent).fold(0, u64::saturating_add);
        if about.server.is_empty() {
            return Self::OnlyHere;
        }
        match (about.is_online, unsent) {
            (Some(false), unsent) => Self::NoConnection(unsent),
            (Some(true) | None, 0) => Self::AllSent,
            (Some(true) | None, unsent) => Self::Waiting(unsent),
        }
    }

    pub(crate) fn sentence(self, language: Language) -> String {
        let words = language.words();
        let counted = |sentence: &str, count: u64| sentence.replace("{count}", &count.to_string());
        match self {
            Self::OnlyHere => words.only_here.to_owned(),
            Self::AllSent => words.all_sent.to_owned(),
            Self::Waiting(count) => counted(words.waiting, count),
            Self::NoConnection(0) => words.no_connection.to_owned(),
            Self::NoConnection(count) => counted(words.no_connection_waiting, count),
        }
    }

    fn dot(self) -> Option<Colour> {
        match self {
            Self::OnlyHere => None,
            Self::AllSent => Some(GREEN),
            Self::Waiting(_) => Some(AMBER),
            Self::NoConnection(_) => Some(GREY),
        }
    }

    /// The icon with this standing's dot at its lower end, cut out with a gap so that it shows on any ground.
    pub(crate) fn draw(self, rgba: &[u8], width: u32) -> Vec<u8> {
        let mut drawn = rgba.to_vec();
        let Some([red, green, blue]) = self.dot() else { return drawn };
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
}

#[cfg(test)]
mod tests {
    use soko_app_api::{Keeps, KeptIn, OwnStall};
    use soko_domain::ids::{AuthorId, LogId};
    use soko_domain::role::Role;

    use super::*;

    fn about(server: &str, is_online: Option<bool>, unsent: &[u64]) -> DeviceView {
        let stall = |unsent: &u64| OwnStall {
            stall: LogId([1; 16]),
            author: AuthorId([2; 16]),
            name: "Amina".into(),
            currency: "KES".into(),
            role: Role::Owner,
            is_connected: true,
            is_arriving: false,
            unsent: *unsent,
            trouble: None,
        };
        DeviceView {
            version: String::new(),
            server: server.into(),
            is_online,
            last_contact_ms: None,
            clock_ahead_ms: None,
            account: None,
            stalls: unsent.iter().map(stall).collect(),
            keeps: Keeps { place: KeptIn::Files, used_bytes: None, free_bytes: None },
            warnings: Vec::new(),
        }
    }

    #[test]
    fn it_says_what_is_known_and_no_more() {
        for (server, is_online, unsent, expected, sentence) in [
            ("", None, &[3][..], Standing::OnlyHere, "Saved on this device"),
            ("s", Some(true), &[0, 0], Standing::AllSent, "All sent"),
            ("s", Some(true), &[1, 2], Standing::Waiting(3), "Waiting to be sent: 3"),
            ("s", None, &[1], Standing::Waiting(1), "Waiting to be sent: 1"),
            ("s", Some(false), &[0], Standing::NoConnection(0), "No connection, selling works"),
            (
                "s",
                Some(false),
                &[4],
                Standing::NoConnection(4),
                "No connection, selling works. Waiting to be sent: 4",
            ),
        ] {
            let standing = Standing::of(&about(server, is_online, unsent));
            assert_eq!(standing, expected);
            assert_eq!(standing.sentence(Language::English), sentence);
        }
    }

    #[test]
    fn the_dot_is_drawn_into_the_corner_only() {
        let plain = vec![9; 64 * 64 * 4];
        assert_eq!(Standing::OnlyHere.draw(&plain, 64), plain);
        let drawn = Standing::Waiting(1).draw(&plain, 64);
        let pixel = |x: usize, y: usize| &drawn[(y * 64 + x) * 4..][..4];
        assert_eq!(pixel(50, 50), [0xd9, 0x77, 0x06, 255]);
        assert_eq!(pixel(50, 64 - 28), [0; 4], "a gap around it");
        assert_eq!(pixel(10, 10), [9; 4]);
        assert_ne!(Standing::AllSent.draw(&plain, 64), drawn);
    }
}
