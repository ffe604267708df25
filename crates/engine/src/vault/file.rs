//! A vault in two files beside the database. A backup of the database alone, or a copy of the whole folder, is
//! noticed: the one by the number in `generation`, the other by the machine and the folder's own identity, which
//! `mv` keeps and `cp -r` does not.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use soko_domain::ids::Hash;
use soko_domain::wire::Wire as _;

use super::{Vault, VaultContent, VaultError};

const CONTENT_FILE: &str = "vault";
const CONTENT_NEXT_FILE: &str = "vault.next";
const GENERATION_FILE: &str = "generation";
const MAGIC: &[u8; 8] = b"sokovlt1";
/// More is not a vault.
const CONTENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
const GENERATION_BYTES: usize = 16;
const MACHINE_FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

#[derive(Debug)]
pub struct FileVault {
    folder: PathBuf,
    /// Kept open: raising it is one small write.
    generation: Option<File>,
}

impl FileVault {
    /// The folder must exist.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), generation: None }
    }

    fn generation_file(&mut self) -> Result<&mut File, VaultError> {
        let file = match self.generation.take() {
            Some(file) => file,
            None => open_private(&self.folder.join(GENERATION_FILE))?,
        };
        Ok(self.generation.insert(file))
    }
}

impl Vault for FileVault {
    fn load(&mut self) -> Result<Option<VaultContent>, VaultError> {
        let path = self.folder.join(CONTENT_FILE);
        let bytes = match File::open(&path) {
            Ok(file) => {
                let mut bytes = Vec::new();
                file.take(CONTENT_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| io(&path, &error))?;
                bytes
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path, &error)),
        };
        let damaged = || VaultError::Damaged(path.display().to_string());
        let (check, content) = bytes
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.split_at_checked(Hash::SIZE))
            .ok_or_else(damaged)?;
        if Sha256::digest(content).as_slice() != check {
            return Err(damaged());
        }
        VaultContent::from_bytes(content).map(Some).map_err(|_| damaged())
    }

    fn store(&mut self, content: &VaultContent) -> Result<(), VaultError> {
        let (next, path) = (self.folder.join(CONTENT_NEXT_FILE), self.folder.join(CONTENT_FILE));
        let content = content.to_bytes();
        let mut file = open_private(&next)?;
        file.set_len(0)
            .and_then(|()| file.write_all(MAGIC))
            .and_then(|()| file.write_all(&Sha256::digest(&content)))
            .and_then(|()| file.write_all(&content))
            .and_then(|()| file.sync_all())
            .map_err(|error| io(&next, &error))?;
        fs::rename(&next, &path).map_err(|error| io(&path, &error))?;
        if cfg!(unix) {
            let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
            synced.map_err(|error| io(&self.folder, &error))?;
        }
        Ok(())
    }

    fn generation(&mut self) -> Result<u64, VaultError> {
        let file = self.generation_file()?;
        let mut bytes = [0; GENERATION_BYTES];
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut bytes));
        if read.is_err() {
            // Never raised, or cut short by the end of power: as if it were lower.
            return Ok(0);
        }
        let (number, check) = bytes.split_at(GENERATION_BYTES / 2);
        let number = u64::from_be_bytes(number.try_into().unwrap_or_default());
        let check = u64::from_be_bytes(check.try_into().unwrap_or_default());
        Ok(if number == !check { number } else { 0 })
    }

    /// One small write into the page cache and no fsync. A killed process keeps it, and that is when backups
    /// and copies are put back by hand; a power cut can only leave an older number, which misses a restore and
    /// freezes nobody. The chain at the server finds what is missed here.
    fn raise(&mut self, generation: u64) -> Result<(), VaultError> {
        let path = self.folder.join(GENERATION_FILE);
        let file = self.generation_file()?;
        let mut bytes = [0; GENERATION_BYTES];
        let (number, check) = bytes.split_at_mut(GENERATION_BYTES / 2);
        number.copy_from_slice(&generation.to_be_bytes());
        check.copy_from_slice(&(!generation).to_be_bytes());
        file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&bytes)).map_err(|error| io(&path, &error))
    }

    fn binding(&self) -> Result<Hash, VaultError> {
        let mut hasher = Sha256::new_with_prefix(b"soko place 1");
        let machine = MACHINE_FILES.iter().find_map(|file| fs::read(file).ok()).unwrap_or_default();
        hasher.update(Sha256::digest(&machine));
        hasher.update(place(&self.folder)?);
        Ok(Hash(hasher.finalize().into()))
    }
}

/// The folder's own number on its disk.
#[cfg(unix)]
fn place(folder: &Path) -> Result<Vec<u8>, VaultError> {
    use std::os::unix::fs::MetadataExt as _;
    let about = fs::metadata(folder).map_err(|error| io(folder, &error))?;
    Ok([about.dev().to_be_bytes(), about.ino().to_be_bytes()].concat())
}

/// Systems without such numbers know a folder by its path.
#[cfg(not(unix))]
fn place(folder: &Path) -> Result<Vec<u8>, VaultError> {
    let path = fs::canonicalize(folder).map_err(|error| io(folder, &error))?;
    Ok(path.to_string_lossy().into_owned().into_bytes())
}

/// Opens or creates a file that only its owner may read.
fn open_private(path: &Path) -> Result<File, VaultError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|error| io(path, &error))
}

fn io(path: &Path, error: &std::io::Error) -> VaultError {
    VaultError::Io(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Secret;
    use soko_domain::ids::{AuthorId, LogId, ThingId};

    fn content(vault: &FileVault) -> VaultContent {
        VaultContent {
            store: ThingId([1; 16]),
            binding: vault.binding().unwrap(),
            secrets: [((LogId([2; 16]), AuthorId([3; 16])), Secret([4; 32]))].into(),
        }
    }

    #[test]
    fn content_and_number_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = FileVault::new(folder.path());
        assert_eq!(vault.load(), Ok(None));
        assert_eq!(vault.generation(), Ok(0));
        let content = content(&vault);
        vault.store(&content).unwrap();
        vault.raise(7).unwrap();
        vault.raise(8).unwrap();
        let mut again = FileVault::new(folder.path());
        assert_eq!(again.load(), Ok(Some(content)));
        assert_eq!(again.generation(), Ok(8));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mut vault = FileVault::new(folder.path());
        let content = content(&vault);
        vault.store(&content).unwrap();
        let mode = fs::metadata(folder.path().join(CONTENT_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_moved_folder_is_the_same_place_and_a_copied_one_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let (first, moved, copied) =
            (parent.path().join("a"), parent.path().join("b"), parent.path().join("c"));
        fs::create_dir(&first).unwrap();
        let binding = FileVault::new(&first).binding().unwrap();
        fs::create_dir(&copied).unwrap();
        assert_ne!(FileVault::new(&copied).binding().unwrap(), binding);
        if cfg!(unix) {
            fs::rename(&first, &moved).unwrap();
            assert_eq!(FileVault::new(&moved).binding().unwrap(), binding);
        }
    }

    #[test]
    fn damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = FileVault::new(folder.path());
        let stored = content(&vault);
        vault.store(&stored).unwrap();
        let path = folder.path().join(CONTENT_FILE);
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(vault.load(), Err(VaultError::Damaged(_))), "byte {place}");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(matches!(vault.load(), Err(VaultError::Damaged(_))));
    }
}
