//! What a first visit fetches before the app shows itself: the page, and the files that the page names, packed. A
//! phone on a slow line waits for every one of them, so there is a limit.

use crate::dist::Written;

/// Pictures and the market's answers come on top of it, and the whole is to stay below 400 KiB.
const BYTES_MAX: usize = 400_000;
/// The page names it for later: it is fetched when the app is shown already.
const LATER: &str = "worker-";
/// One language of several is fetched; the largest counts.
const WORDS: &str = "shop-words-";

/// The files with what each costs.
pub(crate) struct FirstVisit(Vec<(String, usize)>);

impl FirstVisit {
    pub(crate) fn of(page: &str, written: &[Written]) -> Self {
        let cost = |file: &Written| {
            let packed = [file.brotli, file.gzip].into_iter().flatten().min().unwrap_or(file.bytes);
            (file.name.clone(), packed)
        };
        let named = written.iter().filter(|file| page.contains(&file.name) && !file.name.starts_with(LATER));
        let (words, mut all): (Vec<_>, Vec<_>) =
            named.map(cost).partition(|(name, _)| name.starts_with(WORDS));
        all.extend(words.into_iter().max_by_key(|(_, bytes)| *bytes));
        all.push(("the page".into(), page.len()));
        Self(all)
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, bytes)| bytes).sum()
    }

    pub(crate) fn told(&self) -> String {
        format!("\na first visit fetches {} bytes, {BYTES_MAX} at most", self.bytes())
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.bytes() <= BYTES_MAX {
            return Ok(());
        }
        let files: Vec<String> = self.0.iter().map(|(name, bytes)| format!("  {bytes:>8}  {name}")).collect();
        let what = "bring less to the shopper's side, or fetch it later";
        Err(format!("{}, which is too much: {what}\n{}", self.told().trim(), files.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: usize, brotli: Option<usize>) -> Written {
        Written { name: name.into(), bytes, gzip: None, brotli }
    }

    #[test]
    fn what_the_page_names_counts_packed_with_one_language() {
        let written = [
            file("shop-1.js", 1_000, Some(400)),
            file("icons/soko.svg", 90, None),
            file("shop-words-en-1.txt", 500, Some(50)),
            file("shop-words-ar-1.txt", 700, Some(70)),
            file("worker-1.js", 9_000, Some(9_000)),
            file("ui-1.js", 9_000, Some(9_000)),
        ];
        let page = "shop-1.js icons/soko.svg shop-words-en-1.txt shop-words-ar-1.txt worker-1.js";
        let visit = FirstVisit::of(page, &written);
        assert_eq!(visit.bytes(), 400 + 90 + 70 + page.len());
        assert!(visit.check().is_ok());
    }

    #[test]
    fn a_heavy_first_visit_is_refused_with_what_makes_it_heavy() {
        let refused = FirstVisit::of("shop-1.js", &[file("shop-1.js", BYTES_MAX, None)]).check().unwrap_err();
        assert!(refused.contains("shop-1.js") && refused.contains("too much"), "{refused}");
    }
}
