//! Who this device is at a stall, and whether it still may be: a restored backup or a copied disk cannot go on
//! as the author it was. It is frozen, sends what it holds, and is renewed as another author.

use ed25519_dalek::{Signer as _, SigningKey};
use soko_app_api::QueryKey;
use soko_domain::about::About;
use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_record_log::{StoreError, Tx, log};
use soko_replication::{Epoch, Introduction, Pen, Record, Resume};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::own::{self, StallRow, StoreRow};
use crate::stall::{Parts, Stall};
use crate::vault::{Secret, VaultContent};
use crate::weaken::{Sabotage, Weakened};

soko_domain::wire_choice! {
    /// Why a register may not go on as the author it was.
    pub enum FrozenWhy {
        /// The database is older than the vault remembers: a backup was put back.
        Restored = 1,
        /// The folder was copied, or moved to another machine.
        Copied = 2,
        /// The keys are gone.
        NoVault = 3,
        /// The server holds records of this author that this device does not.
        Behind = 4,
        /// Two devices wrote as this author.
        Forked = 5,
        /// The device told the server that it leaves, and must write nothing more until it knows whether that was heard.
        Leaving = 6,
    }
}

impl FrozenWhy {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Restored => "a backup of this register was put back; renew it before it sells again",
            Self::Copied => {
                "this is a copy of a register, or its folder moved to another disk; renew it before it sells"
            }
            Self::NoVault => {
                "the keys beside this register's database are missing; renew it before it sells again"
            }
            Self::Behind => {
                "the server holds sales of this register that it has forgotten; renew it before it sells again"
            }
            Self::Forked => {
                "another copy of this register has been selling; renew both before they sell again"
            }
            Self::Leaving => {
                "this register is leaving the stall; it waits for the server to say that it may go"
            }
        }
    }
}

/// How a device begins to work for a stall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Join {
    pub stall: LogId,
    /// What people call this register.
    pub name: String,
    /// As the server's admission will say; until then what the person was told.
    pub role: Role,
    /// The keys under which the server's entries count.
    pub server_keys: Vec<[u8; 32]>,
}

/// The author that was made. Tell the server, which admits it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joined {
    pub author: AuthorId,
    pub public_key: [u8; 32],
    pub replaces: Option<AuthorId>,
    pub introduction: Record,
}

impl Engine {
    /// Begins to work for a stall, as a new author.
    pub fn join(&mut self, join: Join) -> Result<Joined, Failure> {
        if self.stalls.contains_key(&join.stall) {
            return Err(Failure::KnownStall(join.stall));
        }
        let replaces =
            self.vault_content.secrets.keys().find(|(log, _)| *log == join.stall).map(|(_, old)| *old);
        let row = StallRow {
            stall: 0,
            log: join.stall,
            author: AuthorId::default(),
            name: join.name.clone(),
            role: join.role,
            epoch: Epoch::UNKNOWN,
            frozen: None,
            trouble: None,
        };
        let (pen, joined) = self.new_author(&row, replaces)?;
        let mut row = StallRow { author: joined.author, ..row };
        let keys = join.server_keys.clone();
        let generation = self.db.transaction::<_, Failure>(|tx| {
            row.stall = own::add_stall(tx, &row)?;
            for key in &keys {
                own::add_server(tx, row.log, key)?;
            }
            keep_author(tx, &joined)
        })?;
        self.vault.raise(generation)?;
        let seed = self.random();
        let parts = Parts { row, pen: Some(pen), server_keys: keys, seed, options: &self.session_options };
        let mut stall = Stall::new(parts);
        stall.changed([QueryKey::Everything]);
        self.stalls.insert(join.stall, stall);
        Ok(joined)
    }

    /// Goes on as a new author after the register was frozen. The old author's records are still sent; its
    /// share is set apart by the server.
    pub fn renew(&mut self, stall: LogId) -> Result<Joined, Failure> {
        let old = self.stall(stall)?.row.clone();
        let (pen, joined) = self.new_author(&old, Some(old.author))?;
        let row = StallRow { author: joined.author, frozen: None, trouble: None, ..old };
        let generation = self.db.transaction::<_, Failure>(|tx| {
            own::update_stall(tx, &row)?;
            own::begin_receipts(tx, row.stall)?;
            keep_author(tx, &joined)
        })?;
        self.vault.raise(generation)?;
        let seed = self.random();
        let options = &self.session_options;
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        known.row = row;
        known.pen = Some(pen);
        known.restart_session(seed, options);
        known.changed([QueryKey::Everything]);
        Ok(joined)
    }

    /// Trusts another key of the server, such as after it was moved. What it wrote counts from now on.
    pub fn trust_server(&mut self, stall: LogId, key: [u8; 32]) -> Result<(), Failure> {
        self.stall(stall)?;
        self.db.transaction::<_, Failure>(|tx| Ok(own::add_server(tx, stall, &key)?))?;
        if let Some(known) = self.stalls.get_mut(&stall) {
            known.trust.server_keys.insert(key);
        }
        self.rebuild(stall)
    }

    /// The first record of this device's chain at a stall, which proves who it is.
    pub fn introduction(&mut self, stall: LogId) -> Result<Record, Failure> {
        let author = self.stall(stall)?.row.author;
        let first = self.db.read::<_, StoreError>(|tx| log::record_at(tx, stall, &author, 1))?;
        first.ok_or_else(|| Failure::Inconsistent("the register's first record is missing".into()))
    }

    /// Who this device is at a stall.
    pub fn author(&self, stall: LogId) -> Result<AuthorId, Failure> {
        Ok(self.stall(stall)?.row.author)
    }

    /// Signs with the key of the author at a stall. The message says itself what it is for, so that it can be
    /// no record. Nothing if the key is gone.
    pub fn sign(&self, stall: LogId, message: &[u8]) -> Result<Option<[u8; 64]>, Failure> {
        let author = self.stall(stall)?.row.author;
        let secret = self.vault_content.secrets.get(&(stall, author));
        Ok(secret.map(|secret| SigningKey::from_bytes(&secret.0).sign(message).to_bytes()))
    }

    /// Makes an author and puts its secret into the vault, durably and before anything is signed with it.
    fn new_author(&mut self, row: &StallRow, replaces: Option<AuthorId>) -> Result<(Pen, Joined), Failure> {
        let mut secret = [0; 32];
        self.entropy.fill(&mut secret);
        let nonce = self.random();
        let about = About { name: row.name.clone(), replaces };
        let (pen, introduction) = Pen::new(secret, row.log, nonce, about.to_bytes())?;
        let mut content = self.vault_content.clone();
        content.store = self.store;
        content.binding = self.vault.binding()?;
        // A key that may be in two places is never used again.
        content.secrets.retain(|(log, author), _| *log != row.log || Some(*author) != replaces);
        content.secrets.insert((row.log, pen.author()), Secret(secret));
        self.vault.store(&content)?;
        self.vault_content = content;
        let joined = Joined { author: pen.author(), public_key: pen.public_key(), replaces, introduction };
        Ok((pen, joined))
    }
}

fn keep_author(tx: &mut dyn Tx, joined: &Joined) -> Result<u64, Failure> {
    let log = joined.introduction.log;
    let body = joined.introduction.body.bytes().unwrap_or_default();
    let introduction = Introduction::from_bytes(body)
        .map_err(|_| Failure::Inconsistent("a new introduction cannot be read".into()))?;
    own::add_author(tx, log, joined.author, &introduction)?;
    log::append(tx, std::slice::from_ref(&joined.introduction))?;
    Ok(own::next_generation(tx)?)
}

/// What the vault and the database say about each other.
pub(crate) struct Seen<'a> {
    pub(crate) store: StoreRow,
    pub(crate) content: Option<&'a VaultContent>,
    pub(crate) generation: u64,
    pub(crate) binding: Hash,
    pub(crate) weakened: Weakened,
}

impl Seen<'_> {
    /// Whether this is the database that the vault was made for, where it was made, and not older.
    pub(crate) fn frozen(&self) -> Option<FrozenWhy> {
        let Some(content) = self.content else { return Some(FrozenWhy::NoVault) };
        if content.binding != self.binding && !self.weakened.is(Sabotage::NoCloneCheck) {
            return Some(FrozenWhy::Copied);
        }
        let is_older = content.store != self.store.store || self.store.generation < self.generation;
        (is_older && !self.weakened.is(Sabotage::NoRestoreCheck)).then_some(FrozenWhy::Restored)
    }
}

/// The pen of an author that may go on, or why it may not.
pub(crate) fn resume(
    tx: &mut dyn Tx,
    row: &StallRow,
    content: Option<&VaultContent>,
) -> Result<Result<Pen, FrozenWhy>, StoreError> {
    let secret = content.and_then(|content| content.secrets.get(&(row.log, row.author)));
    let Some(secret) = secret else { return Ok(Err(FrozenWhy::NoVault)) };
    let introduction = own::introduction(tx, row.log, row.author)?;
    let Some(head) = log::head(tx, row.log, &row.author)? else {
        return Err(StoreError::Corrupt(format!("author {} has no record", row.author)));
    };
    let resume = Resume { secret: secret.0, log: row.log, introduction: &introduction, head };
    Ok(Pen::resume(resume).map_err(|_| FrozenWhy::NoVault))
}
