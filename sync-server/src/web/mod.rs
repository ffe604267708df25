//! The web app's files: inside the program, or in a folder while somebody works on them. How they are made is not
//! known here, only how their names speak: `x-<hash>.js` never changes, and `x.br` and `x.gz` are `x`, packed.

mod hours;
pub(crate) mod page;
pub(crate) mod spoken;
mod structured;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use soko_domain::ids::Hash;

pub(crate) use page::escaped;

/// What `cargo xtask web` had made when this program was built.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// The page that every address of the app begins with.
pub(crate) const INDEX: &str = "/index.html";
/// The same with the shopper's side alone, which is quicker to fetch.
const SHOP: &str = "/shop.html";
/// From here on a part of a name is taken for a hash.
const HASH_CHARS_MIN: usize = 8;

/// Where the app's files are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Web {
    /// In the program.
    #[default]
    Embedded,
    Folder(PathBuf),
}

/// What a page starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Program {
    Whole,
    /// The shopper's side, where there is such a program.
    Shop,
}

/// How a file is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Packed {
    Brotli,
    Gzip,
    Not,
}

/// A file on its way to a browser.
pub(crate) struct Found {
    pub(crate) bytes: Cow<'static, [u8]>,
    pub(crate) packed: Packed,
    /// The hash of the bytes.
    pub(crate) tag: String,
}

impl Web {
    /// The best form of a file that the browser understands.
    pub(crate) fn find(&self, path: &str, accepts: &[Packed]) -> Option<Found> {
        if path == INDEX || path == SHOP || is_packed(path) {
            return None;
        }
        self.bytes(path)?;
        let packed = accepts.iter().copied().chain([Packed::Not]);
        packed.into_iter().find_map(|packed| {
            let name = format!("{path}{}", packed.ending());
            let bytes = self.bytes(&name)?;
            Some(Found { tag: self.tag(&name, &bytes), bytes, packed })
        })
    }

    /// The page around the app, if there is an app.
    pub(crate) fn page(&self, program: Program) -> Option<String> {
        let quick = if program == Program::Shop { self.bytes(SHOP) } else { None };
        String::from_utf8(quick.or_else(|| self.bytes(INDEX))?.into_owned()).ok()
    }

    fn bytes(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Self::Embedded => {
                let at = EMBEDDED.binary_search_by_key(&name, |(name, _)| name).ok()?;
                EMBEDDED.get(at).map(|(_, bytes)| Cow::Borrowed(*bytes))
            }
            Self::Folder(folder) => std::fs::read(inside(folder, name)?).ok().map(Cow::Owned),
        }
    }

    fn tag(&self, name: &str, bytes: &[u8]) -> String {
        static TAGS: OnceLock<BTreeMap<&'static str, String>> = OnceLock::new();
        match self {
            Self::Folder(_) => tag_of(bytes),
            Self::Embedded => {
                let all = || EMBEDDED.iter().map(|(name, bytes)| (*name, tag_of(bytes))).collect();
                TAGS.get_or_init(all).get(name).cloned().unwrap_or_default()
            }
        }
    }
}

impl Packed {
    fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Not => "",
        }
    }
}

pub(crate) fn tag_of(bytes: &[u8]) -> String {
    Hash(Sha256::digest(bytes).into()).to_string()
}

/// Whether the name carries a hash of the content, as in `ui-0123456789abcdef_bg.wasm`.
pub(crate) fn never_changes(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let hash = stem.rsplit('-').next().unwrap_or_default().trim_end_matches("_bg");
    hash.len() < stem.len()
        && hash.len() >= HASH_CHARS_MIN
        && hash.bytes().all(|letter| letter.is_ascii_hexdigit())
}

/// Whether the last part of a path says what kind of file it is.
pub(crate) fn has_ending(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

pub(crate) fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn is_packed(path: &str) -> bool {
    [Packed::Brotli, Packed::Gzip].iter().any(|packed| path.ends_with(packed.ending()))
}

/// A file of the folder: plain names only, so that no path leads out of it.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let relative = Path::new(name.strip_prefix('/')?);
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && !name.contains('\\')).then(|| folder.join(relative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whether_they_change() {
        for (name, expected) in [
            ("/app-0123abcd.css", true),
            ("/ui-0123456789abcdef_bg.wasm", true),
            ("/worker-0123456789abcdef.js", true),
            ("/sw.js", false),
            ("/manifest.webmanifest", false),
            ("/icons/soko-512.png", false),
            ("/deadbeef.js", false),
            ("/app-nothexhash.css", false),
        ] {
            assert_eq!(never_changes(name), expected, "{name}");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = Path::new("/somewhere/dist");
        assert_eq!(inside(folder, "/icons/a.png"), Some(folder.join("icons/a.png")));
        for outside in ["/../secret", "//etc/passwd", "/a/../../b", "a", "/..\\b", "/./../b"] {
            assert_eq!(inside(folder, outside), None, "{outside}");
        }
    }
}
