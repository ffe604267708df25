//! Files that the page would download, put where this system keeps downloads. A file that is there already stays.

use std::io;
use std::path::{Path, PathBuf};

use soko_app_api::{Answer, Hindrance, PaperFile, PaperReply};

use crate::files;

pub(crate) const PDF: &str = "application/pdf";
/// So many files of one name, and then it is said that there are too many.
const SAME_NAME_MAX: u32 = 10_000;

pub(crate) fn save(file: &PaperFile) -> Answer {
    match save_in(&folder(), file) {
        Ok(path) => {
            let path = path.display().to_string();
            Answer::Paper(PaperReply::Saved { path, missing: file.missing.clone(), is_copy: file.is_copy })
        }
        Err(error) => {
            let sentence = format!("{} cannot be saved: {error}", file.name);
            Answer::Failed(Hindrance::FileNotSaved.said(format!("{}: {error}", file.name), sentence))
        }
    }
}

#[cfg(not(any(target_os = "android", target_os = "ios")))]
fn folder() -> PathBuf {
    dirs::download_dir().or_else(dirs::home_dir).unwrap_or_else(std::env::temp_dir)
}

#[cfg(any(target_os = "android", target_os = "ios"))]
fn folder() -> PathBuf {
    std::env::temp_dir()
}

fn save_in(folder: &Path, file: &PaperFile) -> io::Result<PathBuf> {
    let (stem, ending) = file.name.rsplit_once('.').unwrap_or((file.name.as_str(), "pdf"));
    let names = (0..SAME_NAME_MAX).map(|number| {
        let more = if number == 0 { String::new() } else { format!("-{number}") };
        format!("{stem}{more}.{ending}")
    });
    files::put_first(folder, names, &file.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = |bytes: &[u8]| PaperFile {
            name: "receipt-1.pdf".into(),
            media_type: PDF.into(),
            bytes: bytes.into(),
            missing: String::new(),
            is_copy: false,
        };
        let first = save_in(folder.path(), &file(b"one")).unwrap();
        let second = save_in(folder.path(), &file(b"two")).unwrap();
        assert_eq!(second.file_name().unwrap(), "receipt-1-1.pdf");
        assert_eq!(
            (std::fs::read(first).unwrap(), std::fs::read(second).unwrap()),
            (b"one".to_vec(), b"two".to_vec())
        );
    }
}
