//! Pictures under the hash of their bytes: kept, brought to the server, fetched when somebody wants to see them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use soko_app_api::{Notice, PICTURE_BYTES_MAX, QueryKey};
use soko_domain::ids::{Hash, LogId, ProductId};
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::server::{Server, Unanswered};

/// The kinds of pictures, and how each begins.
const JPEG: &str = "image/jpeg";
const PNG: &str = "image/png";
const WEBP: &str = "image/webp";
const MEDIA_TYPES: [&str; 3] = [JPEG, PNG, WEBP];
/// Pictures of the market that are kept; the ones kept longest make room.
const MARKET_MAX: u32 = 300;
/// Pictures that one turn brings or fetches: records go first.
const TURN_MAX: usize = 4;
/// A picture that nobody has is asked for again after this.
const MISSING_MS: u64 = 600_000;
const UNSENT: u8 = 0;
const SENT: u8 = 1;
const REFUSED: u8 = 2;

/// What is known of pictures in memory.
#[derive(Default)]
pub(crate) struct Pictures {
    /// Products that may name pictures that are not here.
    doubted: BTreeMap<LogId, Doubted>,
    /// Named by products and not here.
    wanted: BTreeMap<LogId, BTreeSet<Hash>>,
    /// Not at the server, or not to be kept; until when it is not asked again.
    missing: BTreeMap<Hash, u64>,
}

/// Which products of a stall are looked at before its next pictures are fetched.
enum Doubted {
    These(BTreeSet<ProductId>),
    All,
}

impl Pictures {
    /// Any product of this stall may name a picture that is not here.
    pub(crate) fn doubt(&mut self, stall: LogId) {
        self.doubted.insert(stall, Doubted::All);
    }

    /// Nothing of this stall is looked at any more.
    pub(crate) fn forget(&mut self, stall: LogId) {
        self.doubted.remove(&stall);
        self.wanted.remove(&stall);
    }

    /// What changed is looked at again, and nothing else: an edit must not cost a look at the whole catalogue.
    pub(crate) fn hear(&mut self, notice: &Notice) {
        for key in &notice.keys {
            if *key == QueryKey::Everything {
                return self.doubt(notice.stall);
            }
            let QueryKey::Product(product) = key else { continue };
            match self.doubted.entry(notice.stall).or_insert_with(|| Doubted::These(BTreeSet::new())) {
                Doubted::These(products) => {
                    products.insert(*product);
                }
                Doubted::All => return,
            }
        }
    }
}

/// What kind of picture this is, by its first bytes; nothing if it is none that a browser shows safely.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some(JPEG),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(PNG),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(WEBP),
        _ => None,
    }
}

impl Device {
    /// Keeps a picture here; it goes to the server when it can.
    pub(crate) fn put_picture(&self, bytes: &[u8]) -> Result<Hash, Undone> {
        if bytes.len() > PICTURE_BYTES_MAX {
            let sentence = format!("a picture has at most {PICTURE_BYTES_MAX} bytes: make it smaller");
            return Err(Undone::refused("picture_size", sentence));
        }
        let Some(media_type) = media_type(bytes) else {
            return Err(Undone::refused("picture_kind", "use a JPEG, PNG or WebP picture"));
        };
        let hash = Hash(Sha256::digest(bytes).into());
        let now_ms = self.host.now().at_ms;
        self.write(|tx| keep(tx, (hash, media_type, bytes), (true, UNSENT), now_ms))?;
        if let Ok(stalls) = self.engine().map(|engine| engine.stalls()) {
            stalls.into_iter().for_each(|stall| self.ring(stall));
        }
        Ok(hash)
    }

    /// A picture that is kept here, and its media type. Waits for nobody.
    pub fn kept_picture(&self, hash: Hash) -> Option<(Vec<u8>, &'static str)> {
        self.read(|tx| read(tx, hash)).ok().flatten()
    }

    /// A picture that is kept here, or that the server has.
    pub async fn picture(&self, hash: Hash) -> Option<(Vec<u8>, &'static str)> {
        if let Some(kept) = self.kept_picture(hash) {
            return Some(kept);
        }
        let server = self.server().ok()?;
        let (bytes, media_type) = self.fetch(&server, hash).await.ok().flatten()?;
        let now_ms = self.host.now().at_ms;
        // A picture that cannot be kept is shown all the same.
        let _ = self.write(|tx| keep(tx, (hash, media_type, &bytes), (false, SENT), now_ms));
        Some((bytes, media_type))
    }

    /// Brings what is not at the server, and fetches what products of the stall show. A little at a time.
    pub(crate) async fn carry_pictures(&self, server: &Server, stall: LogId) {
        // What fails now is due with the next turn.
        let Ok(unsent) = self.read(unsent) else { return };
        for (hash, media_type, bytes) in unsent {
            let Ok(link) = self.connected(stall) else { return };
            let sent = match server.put_picture(&link.access_token, hash, (media_type, bytes)).await {
                Ok(()) => SENT,
                Err(Unanswered::Refused { .. }) => REFUSED,
                Err(
                    Unanswered::NoAnswer(_)
                    | Unanswered::Unreached(_)
                    | Unanswered::NoAccess(_)
                    | Unanswered::Expired(_)
                    | Unanswered::Later { .. },
                ) => return,
            };
            let marked = self.write(|tx| {
                tx.execute("update picture set is_sent = $2 where hash = $1", params![hash, sent])
            });
            if marked.is_err() {
                return;
            }
        }
        self.fetch_wanted(server, stall).await;
    }

    /// Brings all that is not at the server, as long as some of it goes.
    pub(crate) async fn send_pictures(&self, stall: LogId) -> Result<(), Undone> {
        let link = self.connected(stall)?;
        let server = self.server_at(&link.server)?;
        let mut before = usize::MAX;
        loop {
            let left = self.read(|tx| {
                tx.query_one("select count(*) from picture where is_sent = 0", &[])?.number::<usize>(0)
            })?;
            if left == 0 || left >= before {
                return Ok(());
            }
            before = left;
            self.carry_pictures(&server, stall).await;
        }
    }

    /// Pictures that no other stall of this device shows make room for others; those that nobody else has stay.
    pub(crate) fn let_pictures_go(&self, stall: LogId) -> Result<(), Undone> {
        let others: Vec<LogId> =
            self.engine()?.stalls().into_iter().filter(|other| *other != stall).collect();
        self.write(|tx| {
            let mut shown = BTreeSet::new();
            for other in others {
                shown.extend(facts::pictures_of_products(tx, other)?);
            }
            for hash in facts::pictures_of_products(tx, stall)? {
                if !shown.contains(&hash) {
                    tx.execute(
                        "update picture set is_own = 0 where hash = $1 and is_sent = $2",
                        params![hash, SENT],
                    )?;
                }
            }
            Ok(())
        })
    }

    async fn fetch_wanted(&self, server: &Server, stall: LogId) {
        let doubted = self.pictures.borrow_mut().doubted.remove(&stall);
        if let Some(doubted) = doubted {
            let Ok(wanted) = self.read(|tx| wanted(tx, stall, &doubted)) else {
                return self.pictures.borrow_mut().doubt(stall);
            };
            self.pictures.borrow_mut().wanted.entry(stall).or_default().extend(wanted);
        }
        for hash in self.next_wanted(stall) {
            let is_here = self.write(|tx| take_over(tx, hash)).unwrap_or(false);
            let is_kept = is_here
                || match self.fetch(server, hash).await {
                    Ok(Some((bytes, media_type))) => {
                        let now_ms = self.host.now().at_ms;
                        self.write(|tx| keep(tx, (hash, media_type, &bytes), (true, SENT), now_ms)).is_ok()
                    }
                    Ok(None) => false,
                    Err(_) => return,
                };
            let until = self.clock_ms().saturating_add(MISSING_MS);
            let mut pictures = self.pictures.borrow_mut();
            if !is_kept {
                pictures.missing.insert(hash, until);
            } else if let Some(wanted) = pictures.wanted.get_mut(&stall) {
                wanted.remove(&hash);
            }
        }
    }

    /// The next pictures to fetch. What was not at the server, or could not be kept here, is asked for again after a while.
    fn next_wanted(&self, stall: LogId) -> Vec<Hash> {
        let clock_ms = self.clock_ms();
        let Pictures { wanted, missing, .. } = &*self.pictures.borrow();
        let wanted = wanted.get(&stall).into_iter().flatten();
        let may_come = |hash: &&Hash| missing.get(hash).is_none_or(|until| *until <= clock_ms);
        wanted.filter(may_come).take(TURN_MAX).copied().collect()
    }

    /// Nothing if the server does not have it, or something else under its name.
    async fn fetch(
        &self,
        server: &Server,
        hash: Hash,
    ) -> Result<Option<(Vec<u8>, &'static str)>, Unanswered> {
        let bytes = match server.picture(hash).await {
            Ok(bytes) => bytes,
            Err(Unanswered::Refused { .. }) => return Ok(None),
            Err(unanswered) => return Err(unanswered),
        };
        let is_it = Hash(Sha256::digest(&bytes).into()) == hash;
        Ok(media_type(&bytes).filter(|_| is_it).map(|media_type| (bytes, media_type)))
    }
}

/// Pictures that no server has, those that it refused among them.
pub(crate) fn only_here(tx: &mut dyn Tx) -> Result<u32, StoreError> {
    tx.query_one("select count(*) from picture where is_sent <> $1", params![SENT])?.number(0)
}

fn keep(
    tx: &mut dyn Tx,
    (hash, media_type, bytes): (Hash, &str, &[u8]),
    (is_own, is_sent): (bool, u8),
    now_ms: i64,
) -> Result<(), StoreError> {
    let number = MEDIA_TYPES.iter().position(|known| *known == media_type);
    tx.execute(
        "insert into picture (hash, media_type, bytes, is_own, is_sent, kept_ms)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (hash) do update set is_own = max(picture.is_own, excluded.is_own)",
        params![hash, number, bytes, is_own, is_sent, now_ms],
    )?;
    tx.execute(
        "delete from picture where is_own = 0 and hash in (
           select hash from picture where is_own = 0 order by kept_ms desc, hash limit -1 offset $1)",
        params![MARKET_MAX],
    )?;
    Ok(())
}

/// A picture of the market that is one of a product of one's own, too, does not make room for others. Says whether it is
/// here.
fn take_over(tx: &mut dyn Tx, hash: Hash) -> Result<bool, StoreError> {
    let changed = tx.execute("update picture set is_own = 1 where hash = $1", params![hash])?;
    Ok(changed > 0)
}

fn read(tx: &mut dyn Tx, hash: Hash) -> Result<Option<(Vec<u8>, &'static str)>, StoreError> {
    let row = tx.query_opt("select media_type, bytes from picture where hash = $1", params![hash])?;
    let Some(row) = row else { return Ok(None) };
    let known = MEDIA_TYPES.get(row.number::<usize>(0)?);
    known.map(|media_type| Ok((row.blob(1)?.to_vec(), *media_type))).transpose()
}

fn unsent(tx: &mut dyn Tx) -> Result<Vec<(Hash, &'static str, Vec<u8>)>, StoreError> {
    let rows = tx.query(
        "select hash, media_type, bytes from picture where is_sent = 0 order by hash limit $1",
        params![TURN_MAX],
    )?;
    let mut pictures = Vec::new();
    for row in &rows {
        if let Some(media_type) = MEDIA_TYPES.get(row.number::<usize>(1)?) {
            pictures.push((row.id(0)?, *media_type, row.blob(2)?.to_vec()));
        }
    }
    Ok(pictures)
}

/// Pictures that these products of a stall show and that are not kept here as its own.
fn wanted(tx: &mut dyn Tx, stall: LogId, doubted: &Doubted) -> Result<BTreeSet<Hash>, StoreError> {
    let mut shown = BTreeSet::new();
    match doubted {
        Doubted::All => shown.extend(facts::pictures_of_products(tx, stall)?),
        Doubted::These(products) => {
            for product in products {
                let found = facts::product(tx, stall, *product)?;
                shown.extend(found.into_iter().flat_map(|found| found.pictures));
            }
        }
    }
    let mut missing = BTreeSet::new();
    for hash in shown {
        let sql = "select 1 from picture where hash = $1 and is_own = 1";
        if tx.query_opt(sql, params![hash])?.is_none() {
            missing.insert(hash);
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_how_they_begin() {
        for (bytes, expected) in [
            (&b"\xff\xd8\xff\xe0rest"[..], Some(JPEG)),
            (b"\x89PNG\r\n\x1a\nrest", Some(PNG)),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some(WEBP)),
            (b"RIFF\x01\x02\x03\x04WAVE", None),
            (b"<svg xmlns=", None),
            (b"GIF89a", None),
            (b"", None),
        ] {
            assert_eq!(media_type(bytes), expected, "{bytes:?}");
        }
    }
}
