//! The folder of finished files: names with hashes, and beside each file that shrinks its compressed forms.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Hexadecimal digits of a hash in a name: enough that two builds never meet.
const HASH_DIGITS: usize = 16;
/// Already compressed, or too rarely loaded to matter.
const COMPRESSED: &[&str] = &["html", "css", "js", "wasm", "txt", "svg", "webmanifest"];

/// How hard to compress.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    Quick,
    Small,
}

pub(crate) struct Dist {
    dir: PathBuf,
    effort: Effort,
    written: Vec<Written>,
}

pub(crate) struct Written {
    /// Below the folder, with `/`.
    pub(crate) name: String,
    pub(crate) bytes: usize,
    pub(crate) gzip: Option<usize>,
    pub(crate) brotli: Option<usize>,
}

impl Dist {
    /// Starts with an empty folder.
    pub(crate) fn begin(dir: &Path, effort: Effort) -> Result<Self, String> {
        if dir.exists() {
            fs::remove_dir_all(dir).map_err(|error| at(dir, &error))?;
        }
        fs::create_dir_all(dir).map_err(|error| at(dir, &error))?;
        Ok(Self { dir: dir.to_owned(), effort, written: Vec::new() })
    }

    /// Writes `STEM-<hash>SUFFIX` and answers that name.
    pub(crate) fn hashed(&mut self, stem: &str, suffix: &str, bytes: &[u8]) -> Result<String, String> {
        let name = format!("{stem}-{}{suffix}", hash(bytes));
        self.fixed(&name, bytes)?;
        Ok(name)
    }

    pub(crate) fn fixed(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.dir.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
        }
        fs::write(&path, bytes).map_err(|error| at(&path, &error))?;
        let shrinks = path.extension().is_some_and(|ending| COMPRESSED.iter().any(|it| ending == *it));
        let (gzip, brotli) = if shrinks { self.compress(&path, bytes)? } else { (None, None) };
        self.written.push(Written { name: name.to_owned(), bytes: bytes.len(), gzip, brotli });
        Ok(())
    }

    pub(crate) fn written(&self) -> &[Written] {
        &self.written
    }

    fn compress(&self, path: &Path, bytes: &[u8]) -> Result<(Option<usize>, Option<usize>), String> {
        let gzip = self.beside(path, "gz", bytes, &gzip(bytes, self.effort)?)?;
        let brotli = self.beside(path, "br", bytes, &brotli(bytes, self.effort)?)?;
        Ok((gzip, brotli))
    }

    /// Keeps the compressed form only where it is smaller.
    fn beside(
        &self,
        path: &Path,
        ending: &str,
        plain: &[u8],
        packed: &[u8],
    ) -> Result<Option<usize>, String> {
        if packed.len() >= plain.len() {
            return Ok(None);
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{ending}"));
        let path = PathBuf::from(name);
        fs::write(&path, packed).map_err(|error| at(&path, &error))?;
        Ok(Some(packed.len()))
    }
}

/// A few digits that change with the bytes.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    digits.chars().take(HASH_DIGITS).collect()
}

fn gzip(bytes: &[u8], effort: Effort) -> Result<Vec<u8>, String> {
    let level = match effort {
        Effort::Quick => Compression::fast(),
        Effort::Small => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| format!("gzip: {error}"))
}

fn brotli(bytes: &[u8], effort: Effort) -> Result<Vec<u8>, String> {
    let (quality, lgwin) = match effort {
        Effort::Quick => (4, 22),
        Effort::Small => (11, 24),
    };
    let params = BrotliEncoderParams { quality, lgwin, size_hint: bytes.len(), ..Default::default() };
    let mut packed = Vec::new();
    let mut rest = bytes;
    brotli::BrotliCompress(&mut rest, &mut packed, &params).map_err(|error| format!("brotli: {error}"))?;
    Ok(packed)
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_from_the_bytes_and_packed_forms_unpack_to_them() {
        let dir = tempfile::tempdir().unwrap();
        let mut dist = Dist::begin(dir.path(), Effort::Small).unwrap();
        let text = "soko ".repeat(1_000);
        let name = dist.hashed("app", ".css", text.as_bytes()).unwrap();
        assert_eq!(name, format!("app-{}.css", hash(text.as_bytes())));
        let mut plain = Vec::new();
        let packed = fs::read(dir.path().join(format!("{name}.br"))).unwrap();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut plain).unwrap();
        assert_eq!(plain, text.as_bytes());
        let mut unzipped = String::new();
        let packed = fs::File::open(dir.path().join(format!("{name}.gz"))).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut unzipped).unwrap();
        assert_eq!(unzipped, text);
        assert_ne!(dist.hashed("app", ".css", b"other").unwrap(), name);
    }

    #[test]
    fn what_does_not_shrink_has_no_packed_form_and_the_old_files_go() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("old.js"), "x").unwrap();
        let mut dist = Dist::begin(dir.path(), Effort::Quick).unwrap();
        dist.fixed("icons/a.png", &[0; 4_000]).unwrap();
        dist.fixed("tiny.js", b"1").unwrap();
        for gone in ["old.js", "icons/a.png.br", "tiny.js.br", "tiny.js.gz"] {
            assert!(!dir.path().join(gone).exists(), "{gone}");
        }
        assert!(dir.path().join("icons/a.png").exists());
    }
}
