//! Addresses that a buyer keeps, written on several devices that do not hear each other. Each has a count of edits: of
//! two the one with more holds, and of as many the greater words, so that what somebody wrote outlives that it was taken
//! out elsewhere. Which is the usual one is a count, too: whoever chooses counts on from the highest. So no clock decides,
//! and every order of arrival ends the same.

/// Addresses that are kept at once.
pub const ADDRESSES_MAX: usize = 20;
/// With those that were taken out, of which nothing is left but their number.
pub const EVER_MAX: usize = 200;
/// More edits than anybody makes; there an address stays as it is.
pub const COUNT_MAX: u32 = 1_000_000;
pub const LABEL_BYTES_MAX: usize = 60;
pub const NAME_BYTES_MAX: usize = 200;
pub const REACH_BYTES_MAX: usize = 200;
pub const ADDRESS_BYTES_MAX: usize = 500;

/// What somebody wrote.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Written {
    /// What its owner calls it.
    pub label: String,
    /// Whom it is for.
    pub name: String,
    /// A telephone number or a mail address.
    pub reach: String,
    /// Where it goes, line by line.
    pub address: String,
}

/// What is wrong with what somebody wrote.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unkeepable {
    Missing,
    TooLong,
    Odd,
}

impl Unkeepable {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "address_missing",
            Self::TooLong => "address_too_long",
            Self::Odd => "address_odd",
        }
    }

    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Missing => {
                "an address has a name of its own, and says whom it is for, how they are reached and where it goes"
            }
            Self::TooLong => {
                "an address has at most 60 bytes for what it is called, 200 each for whom it is for and how they are reached, \
                 and 500 for where it goes"
            }
            Self::Odd => "an address holds no control characters and no blanks around what it says",
        }
    }
}

impl Written {
    /// # Errors
    /// Why it cannot be kept.
    pub fn check(&self) -> Result<(), Unkeepable> {
        let parts = [
            (&self.label, LABEL_BYTES_MAX),
            (&self.name, NAME_BYTES_MAX),
            (&self.reach, REACH_BYTES_MAX),
            (&self.address, ADDRESS_BYTES_MAX),
        ];
        if parts.iter().any(|(text, _)| text.trim().is_empty()) {
            return Err(Unkeepable::Missing);
        }
        if parts.iter().any(|(text, bytes_max)| text.len() > *bytes_max) {
            return Err(Unkeepable::TooLong);
        }
        let is_line = |text: &str| !text.chars().any(char::is_control);
        let is_plain = is_line(&self.label) && is_line(&self.name) && is_line(&self.reach);
        let is_address = self.address.split('\n').all(is_line);
        let is_trimmed = parts.iter().all(|(text, _)| text.trim() == text.as_str());
        if is_plain && is_address && is_trimmed { Ok(()) } else { Err(Unkeepable::Odd) }
    }
}

/// One address of a book.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Kept {
    pub edits: u32,
    /// The highest of a book is its usual address.
    pub chosen: u32,
    /// None was taken out.
    pub written: Option<Written>,
}

impl Kept {
    /// The same once somebody wrote this, or took it out.
    #[must_use]
    pub fn edited(&self, written: Option<Written>) -> Self {
        if self.written == written || self.edits >= COUNT_MAX {
            return self.clone();
        }
        Self { edits: self.edits + 1, chosen: self.chosen, written }
    }

    /// What two devices know of it, together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let (edits, written) = (self.edits, &self.written).max((other.edits, &other.written));
        Self {
            edits: edits.min(COUNT_MAX),
            chosen: self.chosen.max(other.chosen).min(COUNT_MAX),
            written: written.clone(),
        }
    }
}

/// The count of whoever is chosen next.
#[must_use]
pub fn next_chosen<'a>(book: impl Iterator<Item = &'a Kept>) -> u32 {
    book.map(|kept| kept.chosen).max().unwrap_or(0).saturating_add(1).min(COUNT_MAX)
}

/// Which of a book is the usual one: the one that was chosen last of those that are there.
#[must_use]
pub fn usual<Id: Copy + Ord>(book: &[(Id, Kept)]) -> Option<Id> {
    let there = book.iter().filter(|(_, kept)| kept.written.is_some());
    there.max_by_key(|(id, kept)| (kept.chosen, *id)).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Written {
        Written {
            label: "Home".into(),
            name: "Amina".into(),
            reach: "+254 700 000 001".into(),
            address: "Moi Avenue 7\nNairobi".into(),
        }
    }

    #[test]
    fn what_is_too_long_or_missing_or_odd_is_not_kept() {
        assert_eq!(home().check(), Ok(()));
        let long = |bytes: usize| "x".repeat(bytes);
        for (wrong, why) in [
            (Written { label: String::new(), ..home() }, Unkeepable::Missing),
            (Written { name: " ".into(), ..home() }, Unkeepable::Missing),
            (Written { reach: String::new(), ..home() }, Unkeepable::Missing),
            (Written { address: "\n".into(), ..home() }, Unkeepable::Missing),
            (Written { label: long(LABEL_BYTES_MAX + 1), ..home() }, Unkeepable::TooLong),
            (Written { name: long(NAME_BYTES_MAX + 1), ..home() }, Unkeepable::TooLong),
            (Written { reach: long(REACH_BYTES_MAX + 1), ..home() }, Unkeepable::TooLong),
            (Written { address: long(ADDRESS_BYTES_MAX + 1), ..home() }, Unkeepable::TooLong),
            (Written { label: "Ho\nme".into(), ..home() }, Unkeepable::Odd),
            (Written { address: "Moi\u{7}".into(), ..home() }, Unkeepable::Odd),
            (Written { name: " Amina".into(), ..home() }, Unkeepable::Odd),
        ] {
            assert_eq!(wrong.check(), Err(why), "{wrong:?}");
        }
        let most = Written { address: long(ADDRESS_BYTES_MAX), ..home() };
        assert_eq!(most.check(), Ok(()));
    }

    #[test]
    fn every_order_of_arrival_ends_the_same_and_what_was_written_apart_outlives_what_was_taken_out() {
        let first = Kept::default().edited(Some(home()));
        let moved = first.edited(Some(Written { address: "Uhuru Street 1".into(), ..home() }));
        let gone = first.edited(None);
        let again = moved.merged(&gone).edited(None);
        for order in [[&first, &moved, &gone], [&gone, &moved, &first], [&moved, &first, &gone]] {
            let all = order.into_iter().fold(Kept::default(), |all, one| all.merged(one));
            assert_eq!(all, moved, "{order:?}");
        }
        // Whoever saw both and takes it out has the last word.
        assert_eq!(again.merged(&moved).written, None);
        assert_eq!(moved.merged(&again).written, None);
        assert_eq!(first.edited(Some(home())), first, "saying the same twice is saying it once");
        let beyond = Kept { edits: u32::MAX, chosen: u32::MAX, written: None };
        assert_eq!((beyond.merged(&first).edits, beyond.merged(&first).chosen), (COUNT_MAX, COUNT_MAX));
    }

    #[test]
    fn the_usual_address_is_the_one_that_was_chosen_last_of_those_that_are_there() {
        let kept = |chosen, written| Kept { edits: 1, chosen, written };
        assert_eq!(usual::<u8>(&[]), None);
        let mut book = vec![(1, kept(1, Some(home()))), (2, kept(3, None)), (3, kept(2, Some(home())))];
        assert_eq!(usual(&book), Some(3), "what was taken out is none");
        book[0].1.chosen = next_chosen(book.iter().map(|(_, kept)| kept));
        assert_eq!((book[0].1.chosen, usual(&book)), (4, Some(1)));
        assert_eq!(next_chosen([].iter()), 1);
        let full = kept(COUNT_MAX, None);
        assert_eq!(next_chosen([full].iter()), COUNT_MAX);
    }
}
