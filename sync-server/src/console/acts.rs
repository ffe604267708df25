//! What operators did: who, when, to whom, and why. Rows are added in the transaction of what they tell, and nothing here
//! changes one. Each carries a hash over itself and the row before, so that a row that was changed or taken out by other
//! means shows; whoever may write all of the database can write a whole new chain, and then an export from before tells.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{Hash, ThingId};
use soko_record_log::{Param, Row, StoreError, Tx, params};

use crate::console::Acting;
use crate::platform::Refusal;

/// Rows that are looked through at once for whether the chain holds; the latest.
pub const PROOF_ROWS_MAX: i64 = 100_000;
/// Rows of one export; a larger one begins where the other ended.
pub const EXPORT_ROWS_MAX: usize = 10_000;
const PROOF_PORTION: i64 = 1_000;

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    Granted,
    Revoked,
    BlockedStall,
    UnblockedStall,
    LookedAtAccount,
    SearchedAddress,
    LockedAccount,
    UnlockedAccount,
    EndedSessions,
    LookedAtOrder,
    HidReview,
    ShowedReview,
    ChoseModel,
    BeganExperiment,
    EndedExperiment,
    FeaturedStall,
    EndedFeaturing,
    RanJob,
    TriedAgain,
    DiscardedMessage,
    Exported,
}

impl Act {
    pub const ALL: [Self; 21] = [
        Self::Granted,
        Self::Revoked,
        Self::BlockedStall,
        Self::UnblockedStall,
        Self::LookedAtAccount,
        Self::SearchedAddress,
        Self::LockedAccount,
        Self::UnlockedAccount,
        Self::EndedSessions,
        Self::LookedAtOrder,
        Self::HidReview,
        Self::ShowedReview,
        Self::ChoseModel,
        Self::BeganExperiment,
        Self::EndedExperiment,
        Self::FeaturedStall,
        Self::EndedFeaturing,
        Self::RanJob,
        Self::TriedAgain,
        Self::DiscardedMessage,
        Self::Exported,
    ];

    /// As it is kept and shown; never changed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Revoked => "revoked",
            Self::BlockedStall => "blocked-stall",
            Self::UnblockedStall => "unblocked-stall",
            Self::LookedAtAccount => "looked-at-account",
            Self::SearchedAddress => "searched-address",
            Self::LockedAccount => "locked-account",
            Self::UnlockedAccount => "unlocked-account",
            Self::EndedSessions => "ended-sessions",
            Self::LookedAtOrder => "looked-at-order",
            Self::HidReview => "hid-review",
            Self::ShowedReview => "showed-review",
            Self::ChoseModel => "chose-model",
            Self::BeganExperiment => "began-experiment",
            Self::EndedExperiment => "ended-experiment",
            Self::FeaturedStall => "featured-stall",
            Self::EndedFeaturing => "ended-featuring",
            Self::RanJob => "ran-job",
            Self::TriedAgain => "tried-again",
            Self::DiscardedMessage => "discarded-message",
            Self::Exported => "exported",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }
}

/// One act, as it is added.
#[derive(Clone, Copy, Debug)]
pub struct Done<'a> {
    pub acting: Acting,
    pub act: Act,
    /// The identity of what it was done to.
    pub subject: &'a str,
    pub because: &'a str,
    pub more: &'a str,
    pub at_ms: i64,
}

/// One act, as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActView {
    pub seq: i64,
    pub at_ms: i64,
    /// Nobody: whoever knows the server's key.
    pub actor: Option<ThingId>,
    pub act: String,
    pub subject: String,
    pub because: String,
    pub more: String,
    pub hash: Hash,
}

/// Which are looked for; all of it has to fit.
#[derive(Clone, Default, Debug)]
pub struct ActsAsked {
    pub actor: Option<ThingId>,
    pub act: Option<Act>,
    pub subject: Option<String>,
    /// Only those before this one.
    pub before: Option<i64>,
}

/// Whether the chain holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proof {
    pub acts: i64,
    /// The first that was looked at.
    pub from: i64,
    /// The first whose hash is not what it should be, or that is missing.
    pub broken_at: Option<i64>,
    /// Of the last.
    pub hash: Hash,
}

/// Alone until the commit.
pub(super) fn take_turn(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.run("update operator_act_count set acts = acts where only_row = 1", &[])
}

/// Adds one, in the transaction of what it tells.
pub fn add(tx: &mut dyn Tx, done: &Done<'_>) -> Result<(), Refusal> {
    tx.run("update operator_act_count set acts = acts + 1 where only_row = 1", &[])?;
    let seq = tx.query_one("select acts from operator_act_count where only_row = 1", &[])?.int(0)?;
    let before = tx.query_opt("select hash from operator_act where seq = $1", params![seq - 1])?;
    let before = before.map_or(Ok(Hash::default()), |row| row.id(0))?;
    let view = ActView {
        seq,
        at_ms: done.at_ms,
        actor: done.acting.account(),
        act: done.act.name().to_owned(),
        subject: done.subject.to_owned(),
        because: done.because.to_owned(),
        more: done.more.to_owned(),
        hash: Hash::default(),
    };
    Ok(tx.run(
        "insert into operator_act (seq, at_ms, actor, act, subject, because, more, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            seq,
            view.at_ms,
            view.actor,
            view.act,
            view.subject,
            view.because,
            view.more,
            chained(&before, &view)
        ],
    )?)
}

/// The hash of a row behind another one. Every text carries its length, so that no two rows read the same.
fn chained(before: &Hash, view: &ActView) -> Hash {
    let mut hasher = Sha256::new_with_prefix(b"soko operator act 1");
    hasher.update(before.0);
    hasher.update(view.seq.to_be_bytes());
    hasher.update(view.at_ms.to_be_bytes());
    hasher.update([u8::from(view.actor.is_some())]);
    hasher.update(view.actor.unwrap_or_default().0);
    for text in [&view.act, &view.subject, &view.because, &view.more] {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    Hash(hasher.finalize().into())
}

const COLUMNS: &str = "seq, at_ms, actor, act, subject, because, more, hash";

/// The latest first.
pub fn list(tx: &mut dyn Tx, asked: &ActsAsked, limit: usize) -> Result<Vec<ActView>, StoreError> {
    let mut sql = format!("select {COLUMNS} from operator_act where seq < $1");
    let mut params: Vec<Param<'_>> = vec![asked.before.unwrap_or(i64::MAX).into(), Param::from(&limit)];
    if let Some(actor) = &asked.actor {
        params.push(actor.into());
        sql.push_str(&format!(" and actor = ${}", params.len()));
    }
    let act = asked.act.map(Act::name);
    if let Some(act) = &act {
        params.push(act.into());
        sql.push_str(&format!(" and act = ${}", params.len()));
    }
    if let Some(subject) = &asked.subject {
        params.push(subject.into());
        sql.push_str(&format!(" and subject = ${}", params.len()));
    }
    sql.push_str(" order by seq desc limit $2");
    tx.query(&sql, &params)?.iter().map(view).collect()
}

/// Looks through the latest rows of the chain.
pub fn prove(tx: &mut dyn Tx) -> Result<Proof, StoreError> {
    let acts = tx.query_one("select acts from operator_act_count where only_row = 1", &[])?.int(0)?;
    let from = (acts - PROOF_ROWS_MAX + 1).max(1);
    let before = tx.query_opt("select hash from operator_act where seq = $1", params![from - 1])?;
    let mut hash: Hash = before.map_or(Ok(Hash::default()), |row| row.id(0))?;
    let mut next = from;
    let sql = format!("select {COLUMNS} from operator_act where seq >= $1 order by seq limit $2");
    loop {
        let rows = tx.query(&sql, params![next, PROOF_PORTION])?;
        for row in &rows {
            let found = view(row)?;
            if found.seq != next || found.hash != chained(&hash, &found) {
                return Ok(Proof { acts, from, broken_at: Some(next), hash });
            }
            (hash, next) = (found.hash, next + 1);
        }
        if rows.is_empty() {
            let broken_at = Some(next).filter(|next| *next != acts + 1);
            return Ok(Proof { acts, from, broken_at, hash });
        }
    }
}

fn view(row: &Row) -> Result<ActView, StoreError> {
    Ok(ActView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.id_opt(2)?,
        act: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        because: row.text(5)?.to_owned(),
        more: row.text(6)?.to_owned(),
        hash: row.id(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ActView {
        ActView {
            seq: 7,
            at_ms: 1_790_000_000_000,
            actor: Some(ThingId([3; 16])),
            act: Act::BlockedStall.name().to_owned(),
            subject: "51".repeat(16),
            because: "sells what is not theirs".to_owned(),
            more: String::new(),
            hash: Hash::default(),
        }
    }

    #[test]
    fn every_part_of_a_row_is_in_its_hash_and_the_hash_stays_what_it_is() {
        let frozen = "c74148c4ccc4eb539f1292da2bff19f1961f966133d59e3f985d170700b2977c";
        assert_eq!(chained(&Hash([9; 32]), &sample()).to_string(), frozen);
        let moved = ActView { subject: "5".to_owned(), because: "1".to_owned(), ..sample() };
        let split = ActView { subject: "51".to_owned(), because: String::new(), ..sample() };
        assert_ne!(chained(&Hash([9; 32]), &moved), chained(&Hash([9; 32]), &split));
        let others = [
            ActView { seq: 8, ..sample() },
            ActView { at_ms: 1, ..sample() },
            ActView { actor: None, ..sample() },
            ActView { act: Act::LockedAccount.name().to_owned(), ..sample() },
            ActView { because: "another".to_owned(), ..sample() },
            ActView { more: "x".to_owned(), ..sample() },
        ];
        for other in others {
            assert_ne!(chained(&Hash([9; 32]), &other).to_string(), frozen, "{other:?}");
        }
        assert_ne!(chained(&Hash([8; 32]), &sample()).to_string(), frozen);
    }

    #[test]
    fn acts_are_told_apart_by_their_names() {
        for act in Act::ALL {
            assert_eq!(Act::parse(act.name()), Some(act));
        }
    }
}
