//! What this device keeps for itself: its server, who is signed in, drafts; and how messages are kept.

use serde::Serialize;
use serde::de::DeserializeOwned;
use soko_app_api::{CHECKOUT_DRAFT, DRAFT_BYTES_MAX, DRAFT_KEY_BYTES_MAX, QuietHours, Told, decode, encode};
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::host::random;

/// The form of kept messages. Another version's are as good as none: they are fetched again.
const VERSION: u8 = 4;

/// Where the quiet hours of whoever is signed in are kept, among drafts.
const QUIET: &str = "quiet-hours";
/// When a server was last heard, among drafts.
const CONTACT: &str = "last-contact";
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The device's own row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Own {
    pub(crate) server: String,
    pub(crate) email: String,
    pub(crate) session: String,
    pub(crate) guest: [u8; 32],
}

impl Own {
    pub(crate) fn session(&self) -> Option<&str> {
        Some(self.session.as_str()).filter(|session| !session.is_empty())
    }

    /// Who holds the device, signed in or with a session that ended by itself; nobody is its guest.
    pub(crate) fn account(&self) -> Option<&str> {
        Some(self.email.as_str()).filter(|email| !email.is_empty())
    }
}

impl Device {
    /// What is kept of the device; begun with the first look.
    pub(crate) fn own(&self) -> Result<Own, Undone> {
        if let Some(own) = self.read(own)? {
            return Ok(own);
        }
        let first = Own {
            server: self.options.server.trim_end_matches('/').to_owned(),
            email: String::new(),
            session: String::new(),
            guest: random(&*self.host),
        };
        self.keep_own(&first)?;
        Ok(first)
    }

    pub(crate) fn keep_own(&self, own: &Own) -> Result<(), Undone> {
        self.write(|tx| put_own(tx, own))
    }

    /// Nobody is signed in any more, by their own wish or another's: nothing of theirs is shown.
    pub(crate) fn forget_session(&self) -> Result<(), Undone> {
        let own = self.own()?;
        // They were somebody's.
        self.quiet_learned_ms.set(None);
        self.write(|tx| tx.execute("delete from draft where name = $1", params![QUIET]))?;
        let was_tried = self.is_tried()?;
        self.keep_own(&Own { email: String::new(), session: String::new(), ..own })?;
        self.find_arm_again(was_tried);
        self.tell_device();
        // Nobody else is to see what was theirs.
        self.tell(&Told::Buyer);
        Ok(())
    }

    /// The session ended by itself: what they ordered and put into baskets stays in sight, and waits for them to sign in.
    pub(crate) fn end_session(&self) -> Result<(), Undone> {
        self.keep_own(&Own { session: String::new(), ..self.own()? })?;
        self.tell_device();
        self.tell(&Told::Buyer);
        Ok(())
    }

    /// What the account says of its quiet hours, for what this device rings by itself.
    pub(crate) fn keep_quiet(&self, quiet: &QuietHours) -> Result<(), Undone> {
        self.write(|tx| put_draft(tx, QUIET, &pack(quiet)?))
    }

    /// For how long nothing rings here, if it is quiet now.
    pub fn quiet_left_ms(&self, is_urgent: bool) -> Option<u64> {
        let kept = self.draft(QUIET).ok()?;
        let quiet: QuietHours = unpack(&kept)?;
        let now = self.now();
        let local_ms = now.at_ms + i64::from(now.offset_minutes) * MINUTE_MS;
        let of_day_ms = local_ms.rem_euclid(DAY_MS);
        let left = quiet.left_minutes(u32::try_from(of_day_ms / MINUTE_MS).ok()?, is_urgent)?;
        u64::try_from(i64::from(left) * MINUTE_MS - of_day_ms % MINUTE_MS).ok()
    }

    /// When the server last answered, before this start, too. It is written once a minute at most.
    pub(crate) fn last_contact_ms(&self) -> Result<Option<i64>, Undone> {
        let kept = self.draft(CONTACT)?;
        let kept_ms = kept.try_into().ok().map(i64::from_le_bytes);
        let Some(heard_ms) = self.heard.last_contact_ms() else { return Ok(kept_ms) };
        if kept_ms.is_none_or(|kept_ms| heard_ms.abs_diff(kept_ms) >= MINUTE_MS.unsigned_abs()) {
            // On a full disk it is known until the end of this run.
            let _ = self.keep_draft(CONTACT, &heard_ms.to_le_bytes());
        }
        Ok(Some(heard_ms))
    }

    /// Another server: nothing is known of it.
    pub(crate) fn forget_contact(&self) -> Result<(), Undone> {
        self.heard.forget();
        self.keep_draft(CONTACT, &[])
    }

    pub(crate) fn keep_draft(&self, name: &str, value: &[u8]) -> Result<(), Undone> {
        if name.is_empty() || name.len() > DRAFT_KEY_BYTES_MAX || value.len() > DRAFT_BYTES_MAX {
            let sentence = format!(
                "a draft has a name of 1 to {DRAFT_KEY_BYTES_MAX} bytes and at most {DRAFT_BYTES_MAX} bytes"
            );
            return Err(Undone::refused("draft", sentence));
        }
        self.write(|tx| {
            if value.is_empty() {
                return tx.execute("delete from draft where name = $1", params![name]);
            }
            put_draft(tx, name, value).map(|()| 1)
        })?;
        Ok(())
    }

    pub(crate) fn draft(&self, name: &str) -> Result<Vec<u8>, Undone> {
        self.read(|tx| {
            let row = tx.query_opt("select value from draft where name = $1", params![name])?;
            row.map_or(Ok(Vec::new()), |row| row.blob(0).map(<[u8]>::to_vec))
        })
    }
}

pub(crate) fn put_draft(tx: &mut dyn Tx, name: &str, value: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "insert into draft (name, value) values ($1, $2)
         on conflict (name) do update set value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

pub(crate) fn put_own(tx: &mut dyn Tx, own: &Own) -> Result<(), StoreError> {
    // Whatever somebody wrote on the way to an order is nobody else's. A guest's goes on as theirs who sign in.
    tx.execute(
        "delete from draft where substr(name, 1, length($1)) = $1 and exists (
           select 1 from own_device where email <> '' and (server, email) <> ($2, $3))",
        params![CHECKOUT_DRAFT, own.server, own.email],
    )?;
    // Neither is the arm of an experiment: who signs in has that of their account, on any device.
    tx.execute(
        "delete from own_experiment where exists (select 1 from own_device where (server, lower(email)) <> ($1, $2))",
        params![own.server, own.email.to_lowercase()],
    )?;
    tx.execute(
        "insert into own_device (only_row, server, email, session, guest) values (1, $1, $2, $3, $4)
         on conflict (only_row) do update set server = excluded.server, email = excluded.email,
           session = excluded.session, guest = excluded.guest",
        params![own.server, own.email, own.session, own.guest],
    )?;
    Ok(())
}

pub(crate) fn own(tx: &mut dyn Tx) -> Result<Option<Own>, StoreError> {
    let row = tx.query_opt("select server, email, session, guest from own_device", &[])?;
    let own = |row: soko_record_log::Row| {
        Ok(Own {
            server: row.text(0)?.into(),
            email: row.text(1)?.into(),
            session: row.text(2)?.into(),
            guest: row.id(3)?,
        })
    };
    row.map(own).transpose()
}

pub(crate) fn pack<T: Serialize>(message: &T) -> Result<Vec<u8>, StoreError> {
    let bytes = encode(message).map_err(|error| StoreError::Other(error.to_string()))?;
    Ok([&[VERSION], bytes.as_slice()].concat())
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (version, message) = bytes.split_first()?;
    if *version == VERSION { decode(message).ok() } else { None }
}

/// The same of a message that got so many fields more at its end: an older one has nothing there, which is a zero each.
pub(crate) fn unpack_grown<T: DeserializeOwned>(bytes: &[u8], grown: usize) -> Option<T> {
    unpack(bytes).or_else(|| unpack(&[bytes, &vec![0; grown]].concat()))
}
