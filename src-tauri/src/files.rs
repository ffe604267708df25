//! Files for the person: put whole into a folder, under a name that nothing has yet.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// More files of one name than anybody keeps.
#[cfg(not(any(target_os = "android", target_os = "ios")))]
const TRIES_MAX: u32 = 1_000;

/// Writes the file under the first of these names that nothing has yet, and waits for the disk; says where it is.
pub(crate) fn put_first(
    folder: &Path,
    names: impl Iterator<Item = String>,
    bytes: &[u8],
) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    for name in names {
        let path = folder.join(name);
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
            // Half a backup looks like one.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        return Ok(path);
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// The same, under its own name or the next numbered one.
#[cfg(not(any(target_os = "android", target_os = "ios")))]
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    put_first(folder, (1..TRIES_MAX).map(|number| numbered(name, number)), bytes)
}

/// A file that is written piece by piece under a name that nothing has yet. It is gone again if it is not finished.
#[cfg(not(any(target_os = "android", target_os = "ios")))]
pub(crate) struct Begun {
    out: io::BufWriter<fs::File>,
    path: PathBuf,
    is_done: bool,
}

#[cfg(not(any(target_os = "android", target_os = "ios")))]
impl Begun {
    pub(crate) fn new(folder: &Path, name: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for name in (1..TRIES_MAX).map(|number| numbered(name, number)) {
            let path = folder.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { out: io::BufWriter::new(file), path, is_done: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    pub(crate) fn finish(mut self) -> io::Result<PathBuf> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        self.is_done = true;
        Ok(self.path.clone())
    }
}

/// Half an export looks like one.
#[cfg(not(any(target_os = "android", target_os = "ios")))]
impl Drop for Begun {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// `name (2).end` for the second one.
#[cfg(not(any(target_os = "android", target_os = "ios")))]
fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.') {
        _ if number == 1 => name.into(),
        Some((stem, end)) => format!("{stem} ({number}).{end}"),
        None => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_pieces_is_there_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "soko.zip", b"before").unwrap();
        let mut begun = Begun::new(folder.path(), "soko.zip").unwrap();
        begun.write(b"half").unwrap();
        drop(begun);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "half of it is none");
        let mut begun = Begun::new(folder.path(), "soko.zip").unwrap();
        begun.write(b"one").unwrap();
        begun.write(b"two").unwrap();
        let path = begun.finish().unwrap();
        assert_eq!(path.file_name().unwrap(), "soko (2).zip");
        assert_eq!(std::fs::read(path).unwrap(), b"onetwo");
    }

    #[test]
    fn a_file_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let first = put(folder.path(), "soko.zip", b"one").unwrap();
        let second = put(folder.path(), "soko.zip", b"two").unwrap();
        assert_eq!(first.file_name().unwrap(), "soko.zip");
        assert_eq!(second.file_name().unwrap(), "soko (2).zip");
        assert_eq!((fs::read(first).unwrap(), fs::read(second).unwrap()), (b"one".to_vec(), b"two".to_vec()));
    }
}
