//! What leaves this device as a file, and what comes back from one: backups under a password, and tables for other
//! programs.

use soko_app_api::FileMade;
use soko_domain::calendar::BusinessDay;
use soko_domain::ids::{Hash, LogId};
use soko_engine::backup::{self, BackupError, RestoreError, SALT_BYTES};
use soko_engine::{Failure, NotDone};

use crate::device::Device;
use crate::failure::Undone;
use crate::host::random;

/// A shorter one is guessed in an afternoon.
const PASSWORD_CHARS_MIN: usize = 8;

impl Device {
    pub(crate) fn back_up(&self, stall: LogId, password: &str) -> Result<FileMade, Undone> {
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(Undone::refused(
                "backup_password_short",
                "choose a password of at least 8 characters",
            ));
        }
        self.engine()?.may_back_up(stall)?;
        let heads = self.engine()?.own_heads(stall)?;
        let mut content = self.engine()?.backup(stall)?;
        content.server = self.link(stall)?.map(|link| link.server).unwrap_or_default();
        content.pictures = self.own_pictures()?;
        let salt: [u8; SALT_BYTES] = random(&*self.host);
        let bytes = backup::seal(&content, password, salt).map_err(not_sealed)?;
        self.backed_up.borrow_mut().insert(stall, heads);
        Ok(self.made(&format!("soko-{}.sokobackup", self.today()), bytes))
    }

    pub(crate) fn restore(&self, bytes: &[u8], password: &str, name: &str) -> Result<LogId, Undone> {
        let content = backup::open(bytes, password).map_err(not_sealed)?;
        let stall = content.log;
        if self.engine()?.stalls().contains(&stall) {
            let sentence = "this device works for that stall already; restore on another device";
            return Err(Undone::refused("backup_known_stall", sentence));
        }
        self.keep_pictures(&content.pictures)?;
        self.engine()?.restore(&content, name.trim()).map_err(not_restored)?;
        if !content.server.is_empty() && self.own()?.server.is_empty() {
            // An address that cannot be read any more is named again by the person.
            let _ = self.use_server(&content.server);
        }
        self.tell_changes();
        self.tell_device();
        Ok(stall)
    }

    /// Piece by piece into a file where the host has one; only a page must be handed the whole.
    pub(crate) fn export(&self, stall: LogId) -> Result<FileMade, Undone> {
        let name = format!("soko-{}.zip", self.today());
        let now = self.host.now();
        let Some(mut file) = self.host.begin_file(&name) else {
            let bytes = self.engine()?.export_tables(stall, now)?;
            return Ok(self.made(&name, bytes));
        };
        self.engine()?.export_to(stall, now, &mut |piece| file.write(piece).map_err(not_written))?;
        let place = file.finish().map_err(not_written)?;
        Ok(FileMade { name, place, bytes: Vec::new() })
    }

    pub(crate) fn made(&self, name: &str, bytes: Vec<u8>) -> FileMade {
        match self.host.put_file(name, &bytes) {
            Some(place) => FileMade { name: name.into(), place, bytes: Vec::new() },
            None => FileMade { name: name.into(), place: String::new(), bytes },
        }
    }

    /// For a file's name.
    fn today(&self) -> String {
        const DAY_MS: i64 = 86_400_000;
        const MINUTE_MS: i64 = 60_000;
        let now = self.host.now();
        let days = now.at_ms.saturating_add(i64::from(now.offset_minutes) * MINUTE_MS).div_euclid(DAY_MS);
        let day = i32::try_from(days).ok().and_then(BusinessDay::from_days);
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    fn own_pictures(&self) -> Result<Vec<backup::Picture>, Undone> {
        let rows = self.read(|tx| {
            tx.query("select media_type, bytes from picture where is_own = 1 order by hash", &[])
        })?;
        let picture = |row: &soko_record_log::Row| -> Result<backup::Picture, soko_record_log::StoreError> {
            Ok(backup::Picture { media_type: row.number(0)?, bytes: row.blob(1)?.to_vec() })
        };
        let pictures: Result<Vec<_>, _> = rows.iter().map(picture).collect();
        Ok(pictures.map_err(soko_engine::Failure::from)?)
    }

    fn keep_pictures(&self, pictures: &[backup::Picture]) -> Result<(), Undone> {
        use sha2::{Digest as _, Sha256};
        let now_ms = self.host.now().at_ms;
        self.write(|tx| {
            for picture in pictures {
                let hash = Hash(Sha256::digest(&picture.bytes).into());
                tx.execute(
                    "insert into picture (hash, media_type, bytes, is_own, is_sent, kept_ms)
                     values ($1, $2, $3, 1, 0, $4) on conflict (hash) do nothing",
                    soko_record_log::params![hash, picture.media_type, picture.bytes, now_ms],
                )?;
            }
            Ok(())
        })
    }
}

/// A file that could not be written says so, as the disk does.
fn not_written(error: std::io::Error) -> NotDone {
    Failure::Inconsistent(format!("the file could not be written: {error}")).into()
}

fn not_sealed(error: BackupError) -> Undone {
    let code = match error {
        BackupError::NotABackup => "backup_none",
        BackupError::Newer => "backup_newer",
        BackupError::WrongPassword => "backup_wrong_password",
        BackupError::Damaged => "backup_damaged",
        BackupError::NoMemory => "backup_no_memory",
    };
    Undone::refused(code, error.to_string())
}

fn not_restored(error: RestoreError) -> Undone {
    match error {
        RestoreError::Failure(failure) => failure.into(),
        forged @ RestoreError::Forged(_) => Undone::refused("backup_damaged", forged.to_string()),
    }
}
