//! Who is at the register. PINs separate those who share a register; against whoever holds the device's disk they
//! protect nothing. They are kept as hashes on this register alone, with a secret of the vault in them, because a few
//! digits are soon guessed by whoever has a hash. Who is here stands in memory: after a start, somebody says it anew.

use argon2::{Algorithm, Argon2, Params, Version};
use soko_app_api::{PIN_LEN_MAX, PIN_LEN_MIN, PeopleCall, PeopleReply, PeopleVerb, QueryKey};
use soko_domain::entry::{Act, Approval};
use soko_domain::ids::{AuthorId, LogId, PersonId, ThingId};
use soko_domain::people::{Backing, Doer, Wish};
use soko_domain::refusal::Refusal;
use soko_domain::role::Role;
use soko_domain::wrong::Wrong;
use soko_projection::read_desk as facts;
use soko_record_log::{StoreError, Tx, params};

use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;
use crate::stall::Stall;

/// As OWASP asks for: a guess costs a tenth of a second and nineteen megabytes.
const MEMORY_KIB: u32 = 19_456;
const ROUNDS: u32 = 2;
/// Wrong PINs before the next try must wait.
const FREE_TRIES: u32 = 5;
const WAIT_MS_FIRST: i64 = 30_000;
const WAIT_MS_MAX: i64 = 15 * 60_000;
/// Approvals that wait for their command.
const APPROVALS_MAX: usize = 16;
const APPROVAL_MS_MAX: i64 = 5 * 60_000;
/// The owner's way back in stands among the PINs, as nobody's.
const RECOVERY: PersonId = PersonId([0; 16]);
/// Letters that nobody takes for another one.
const RECOVERY_LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const RECOVERY_LEN: usize = 12;

/// Who is at the register, and what was allowed for the next commands.
#[derive(Default)]
pub(crate) struct Here {
    pub(crate) person: Option<PersonId>,
    approvals: Vec<(ThingId, i64, Approval)>,
}

impl Here {
    /// Takes an approval out: it is good for one command.
    pub(crate) fn take_approval(&mut self, id: ThingId, now_ms: i64) -> Option<Approval> {
        let at = self.approvals.iter().position(|(known, ..)| *known == id)?;
        let (_, given_ms, approval) = self.approvals.remove(at);
        // A clock that was set back meanwhile is no reason to refuse.
        (now_ms.saturating_sub(given_ms) <= APPROVAL_MS_MAX).then_some(approval)
    }

    fn keep_approval(&mut self, id: ThingId, now_ms: i64, approval: Approval) {
        if self.approvals.len() >= APPROVALS_MAX {
            self.approvals.remove(0);
        }
        self.approvals.push((id, now_ms, approval));
    }
}

/// Somebody must say who they are from when an owner or a manager had a PIN here until the owner's way back in is used:
/// that the last of them works here no longer opens nothing.
pub(crate) fn is_guarded(tx: &mut dyn Tx, log: LogId, me: AuthorId) -> Result<bool, StoreError> {
    has_pin(tx, (log, me), RECOVERY)
}

/// Whether somebody has a PIN here who could let others in.
fn has_guard(tx: &mut dyn Tx, log: LogId, me: AuthorId) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "select 1 from own_pin p join person q on q.log = p.log and q.person = p.person
         where p.log = $1 and p.author = $2 and q.active = 1 and q.erased = 0 and q.role <= $3 limit 1",
        params![log, me, Role::Manager.number()],
    )?;
    Ok(row.is_some())
}

/// Who does what is done now, and what that person is at most.
pub(crate) fn doer(
    tx: &mut dyn Tx,
    stall: &Stall,
    register: Role,
) -> Result<(Doer, Option<PersonId>, Role), StoreError> {
    let (log, me) = (stall.log(), stall.row.author);
    if !is_guarded(tx, log, me)? {
        return Ok((Doer::Anybody, None, register));
    }
    let Some(person) = stall.here.person else { return Ok((Doer::Nobody, None, register)) };
    let found = facts::person(tx, log, person)?.filter(|found| found.is_active);
    let Some(found) = found else { return Ok((Doer::Nobody, None, register)) };
    if !has_pin(tx, (log, me), person)? {
        return Ok((Doer::Nobody, None, register));
    }
    let (_, limits) = facts::limits(tx, log, found.role)?;
    let role = register.max(found.role);
    Ok((Doer::Person { role, limits, backing: None }, Some(person), role))
}

/// The doer with somebody else's word.
pub(crate) fn backed(
    tx: &mut dyn Tx,
    log: LogId,
    doer: Doer,
    approval: &Approval,
) -> Result<Doer, StoreError> {
    let Doer::Person { role, limits, .. } = doer else { return Ok(doer) };
    let Some(by) = facts::person(tx, log, approval.by)? else {
        return Ok(Doer::Person { role, limits, backing: None });
    };
    let (_, theirs) = facts::limits(tx, log, by.role)?;
    let backing = Backing { approval: approval.clone(), role: by.role, limits: theirs };
    Ok(Doer::Person { role, limits, backing: Some(backing) })
}

pub(crate) fn has_pin(
    tx: &mut dyn Tx,
    (log, me): (LogId, AuthorId),
    person: PersonId,
) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "select 1 from own_pin where log = $1 and author = $2 and person = $3",
        params![log, me, person],
    )?;
    Ok(row.is_some())
}

/// Somebody without a name enters nowhere.
pub(crate) fn forget_pin(tx: &mut dyn Tx, log: LogId, person: PersonId) -> Result<(), StoreError> {
    tx.execute("delete from own_pin where log = $1 and person = $2", params![log, person])?;
    Ok(())
}

/// A PIN as it is kept.
struct Pin {
    salt: [u8; 16],
    hash: [u8; 32],
    failures: u32,
    wait_until_ms: i64,
}

fn pin(tx: &mut dyn Tx, (log, me): (LogId, AuthorId), person: PersonId) -> Result<Option<Pin>, StoreError> {
    let row = tx.query_opt(
        "select salt, hash, failures, wait_until_ms from own_pin
         where log = $1 and author = $2 and person = $3",
        params![log, me, person],
    )?;
    row.map(|row| {
        Ok(Pin { salt: row.id(0)?, hash: row.id(1)?, failures: row.number(2)?, wait_until_ms: row.int(3)? })
    })
    .transpose()
}

/// How long to wait after so many wrong ones.
fn wait_ms(failures: u32) -> i64 {
    match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(more) => WAIT_MS_FIRST.saturating_mul(1_i64 << more.min(20)).min(WAIT_MS_MAX),
    }
}

impl Engine {
    /// Says who is at the register, or allows something. Nothing of it is kept but PINs' hashes.
    pub fn people(&mut self, call: &PeopleCall, now: Now) -> Result<PeopleReply, NotDone> {
        self.settle()?;
        let log = call.stall;
        self.stall(log)?;
        let reply = match &call.verb {
            PeopleVerb::Lock => {
                self.leave(log);
                PeopleReply::Done
            }
            PeopleVerb::Enter { person, pin } => self.enter(log, (*person, pin), now)?,
            PeopleVerb::Approve { person, pin, acts, reason } => {
                self.approve(log, (*person, pin), (acts, reason), now)?
            }
            PeopleVerb::SetPin { person, pin, old, approval } => {
                self.set_pin(log, (*person, pin), (old, *approval), now)?
            }
            PeopleVerb::Recover { code } => self.recover(log, code, now)?,
        };
        if let Some(stall) = self.stalls.get_mut(&log) {
            stall.changed([QueryKey::People, QueryKey::Shift]);
        }
        Ok(reply)
    }

    /// What whoever is at the register may be there, at most: the register's role where nobody has to say who they are,
    /// nothing while nobody did.
    pub fn role_here(&mut self, log: LogId) -> Result<Option<Role>, Failure> {
        let stall = self.stalls.get(&log).ok_or(Failure::UnknownStall(log))?;
        let (doer, _, role) = self.db.read::<_, StoreError>(|tx| doer(tx, stall, stall.row.role))?;
        Ok((doer != Doer::Nobody).then_some(role))
    }

    fn leave(&mut self, log: LogId) {
        if let Some(stall) = self.stalls.get_mut(&log) {
            stall.here = Here::default();
        }
    }

    fn enter(
        &mut self,
        log: LogId,
        (person, pin): (PersonId, &str),
        now: Now,
    ) -> Result<PeopleReply, NotDone> {
        if let Some(wrong) = self.check_pin(log, (person, pin), now)? {
            return Ok(wrong);
        }
        self.leave(log);
        if let Some(stall) = self.stalls.get_mut(&log) {
            stall.here.person = Some(person);
        }
        Ok(PeopleReply::Done)
    }

    fn approve(
        &mut self,
        log: LogId,
        (person, pin): (PersonId, &str),
        (acts, reason): (&[Act], &str),
        now: Now,
    ) -> Result<PeopleReply, NotDone> {
        if reason.trim().is_empty() || reason.len() > soko_domain::verbs::NOTE_LEN_MAX {
            return Err(Refusal::Invalid(Wrong::ReasonMissing).into());
        }
        if let Some(wrong) = self.check_pin(log, (person, pin), now)? {
            return Ok(wrong);
        }
        let role =
            self.db.read::<_, StoreError>(|tx| facts::person(tx, log, person))?.map(|found| found.role);
        if !role.is_some_and(Role::may_manage_people) {
            return Err(Refusal::NotAllowed.into());
        }
        let id = ThingId(self.random());
        let mut acts = acts.to_vec();
        acts.sort_unstable();
        acts.dedup();
        let approval = Approval { by: person, acts, reason: reason.trim().into() };
        if let Some(stall) = self.stalls.get_mut(&log) {
            stall.here.keep_approval(id, now.at_ms, approval);
        }
        Ok(PeopleReply::Approval(id))
    }

    fn set_pin(
        &mut self,
        log: LogId,
        (person, new): (PersonId, &str),
        (old, approval): (&str, Option<ThingId>),
        now: Now,
    ) -> Result<PeopleReply, NotDone> {
        let digits = new.bytes().all(|digit| digit.is_ascii_digit());
        if !digits || !(PIN_LEN_MIN..=PIN_LEN_MAX).contains(&new.len()) {
            return Err(Refusal::Invalid(Wrong::PinOdd).into());
        }
        let is_theirs = self.stall(log)?.here.person == Some(person);
        let knows_old = is_theirs && !old.is_empty();
        if knows_old && let Some(wrong) = self.check_pin(log, (person, old), now)? {
            return Ok(wrong);
        }
        self.may_set_pin(log, (person, knows_old), approval, now)?;
        let me = self.stall(log)?.row.author;
        self.keep_pin(log, person, new)?;
        let closes =
            self.db.read::<_, StoreError>(|tx| Ok(!is_guarded(tx, log, me)? && has_guard(tx, log, me)?));
        if !closes? {
            return Ok(PeopleReply::Done);
        }
        // Whoever closed it stands before it.
        if let Some(stall) = self.stalls.get_mut(&log) {
            stall.here.person = Some(person);
        }
        let recovery = self.recovery_code();
        self.keep_pin(log, RECOVERY, &recovery)?;
        Ok(PeopleReply::Closed { recovery })
    }

    fn may_set_pin(
        &mut self,
        log: LogId,
        (person, knows_old): (PersonId, bool),
        approval: Option<ThingId>,
        now: Now,
    ) -> Result<(), NotDone> {
        let stall = self.stalls.get_mut(&log).ok_or(Failure::UnknownStall(log))?;
        let given = approval.and_then(|id| stall.here.take_approval(id, now.at_ms));
        let stall = &*stall;
        self.db.read(|tx| {
            let found = facts::person(tx, log, person)?.filter(|found| found.is_active);
            let found = found.ok_or(Refusal::Invalid(Wrong::PersonGone))?;
            let (doer, by, mine) = doer(tx, stall, stall.row.role)?;
            if knows_old && by == Some(person) {
                return Ok(());
            }
            let doer = match &given {
                Some(approval) => backed(tx, log, doer, approval)?,
                None => doer,
            };
            doer.allow(&[Wish::ManagePeople])?;
            // Whoever finds the register open under somebody's name could be that person from then on.
            let is_alone = matches!(doer, Doer::Person { backing: None, .. });
            if is_alone && has_pin(tx, (log, stall.row.author), person)? {
                return Err(Refusal::ApprovalNeeded { acts: vec![Act::ManagePeople] }.into());
            }
            let most = match &doer {
                Doer::Person { backing: Some(backing), .. } => backing.role,
                Doer::Anybody | Doer::Nobody | Doer::Person { .. } => mine,
            };
            // A manager who could set an owner's PIN would be one.
            if found.role < most { Err(Refusal::NotAllowed.into()) } else { Ok(()) }
        })
    }

    fn recover(&mut self, log: LogId, code: &str, now: Now) -> Result<PeopleReply, NotDone> {
        let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        if let Some(wrong) = self.check_hash(log, (RECOVERY, &letters.to_ascii_uppercase()), now)? {
            return Ok(wrong);
        }
        let me = self.stall(log)?.row.author;
        self.db.transaction::<_, StoreError>(|tx| {
            tx.execute("delete from own_pin where log = $1 and author = $2", params![log, me])?;
            Ok(())
        })?;
        self.leave(log);
        Ok(PeopleReply::Done)
    }

    /// Nothing when it is the PIN of somebody who works here.
    fn check_pin(
        &mut self,
        log: LogId,
        (person, given): (PersonId, &str),
        now: Now,
    ) -> Result<Option<PeopleReply>, NotDone> {
        let found = self.db.read::<_, StoreError>(|tx| facts::person(tx, log, person))?;
        if !found.is_some_and(|found| found.is_active) {
            return Err(Refusal::Invalid(Wrong::PersonGone).into());
        }
        self.check_hash(log, (person, given), now)
    }

    fn check_hash(
        &mut self,
        log: LogId,
        (person, given): (PersonId, &str),
        now: Now,
    ) -> Result<Option<PeopleReply>, NotDone> {
        let me = self.stall(log)?.row.author;
        let kept = self.db.read::<_, StoreError>(|tx| pin(tx, (log, me), person))?;
        let Some(kept) = kept else {
            return Err(Refusal::Invalid(Wrong::PinUnset).into());
        };
        // Whatever the clock was set to, nobody waits longer than the longest wait.
        let left = kept.wait_until_ms.saturating_sub(now.at_ms).min(wait_ms(kept.failures));
        if left > 0 {
            return Ok(Some(PeopleReply::Wrong { wait_ms: left }));
        }
        // Counted before it is looked at: a program that is killed meanwhile has tried, too.
        let failures = kept.failures.saturating_add(1);
        self.count_failures(log, person, (failures, now.at_ms.saturating_add(wait_ms(failures))))?;
        let hash = self.hash(log, given, &kept.salt)?;
        let differs = hash.iter().zip(kept.hash).fold(0, |differs, (one, other)| differs | (one ^ other));
        if differs != 0 {
            return Ok(Some(PeopleReply::Wrong { wait_ms: wait_ms(failures) }));
        }
        self.count_failures(log, person, (0, 0))?;
        Ok(None)
    }

    fn count_failures(
        &mut self,
        log: LogId,
        person: PersonId,
        (failures, wait_until_ms): (u32, i64),
    ) -> Result<(), Failure> {
        let me = self.stall(log)?.row.author;
        self.db.transaction::<_, Failure>(|tx| {
            tx.execute(
                "update own_pin set failures = $4, wait_until_ms = $5
                 where log = $1 and author = $2 and person = $3",
                params![log, me, person, failures, wait_until_ms],
            )?;
            Ok(())
        })
    }

    fn keep_pin(&mut self, log: LogId, person: PersonId, new: &str) -> Result<(), Failure> {
        let me = self.stall(log)?.row.author;
        let salt = self.random();
        let hash = self.hash(log, new, &salt)?;
        self.db.transaction::<_, Failure>(|tx| {
            tx.execute(
                "insert into own_pin (log, author, person, salt, hash, failures, wait_until_ms)
                 values ($1, $2, $3, $4, $5, 0, 0)
                 on conflict (log, author, person) do update
                 set salt = excluded.salt, hash = excluded.hash, failures = 0, wait_until_ms = 0",
                params![log, me, person, salt.as_slice(), hash.as_slice()],
            )?;
            Ok(())
        })
    }

    fn hash(&self, log: LogId, pin: &str, salt: &[u8; 16]) -> Result<[u8; 32], Failure> {
        let me = self.stall(log)?.row.author;
        let secret = self.vault_content.secrets.get(&(log, me));
        let secret: &[u8] = secret.map_or(&[], |secret| &secret.0);
        let odd = |error: argon2::Error| Failure::Inconsistent(format!("a PIN cannot be hashed: {error}"));
        let params = Params::new(MEMORY_KIB, ROUNDS, 1, Some(32)).map_err(odd)?;
        let argon2 =
            Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, params).map_err(odd)?;
        let mut hash = [0; 32];
        argon2.hash_password_into(pin.as_bytes(), salt, &mut hash).map_err(odd)?;
        Ok(hash)
    }

    fn recovery_code(&mut self) -> String {
        let bytes = self.random();
        let letter = |byte: &u8| char::from(RECOVERY_LETTERS[usize::from(byte % 32)]);
        bytes[..RECOVERY_LEN].iter().map(letter).collect()
    }
}
