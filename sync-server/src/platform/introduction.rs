//! The proof that whoever enrols holds an author's key: the first record of its chain, signed by itself.

use soko_domain::ids::{AuthorId, LogId};
use soko_domain::wire::Wire as _;
use soko_replication::{Record, Run, accept};

/// Longest introduction in bytes: the record's envelope around what an author may say about itself.
pub const INTRODUCTION_BYTES_MAX: usize = soko_replication::author::ABOUT_BYTES_MAX + 512;

/// An author whose first record was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Introduced {
    pub author: AuthorId,
    pub stall: LogId,
    pub public_key: [u8; 32],
    /// The record as it came.
    pub record: Vec<u8>,
}

/// Why an introduction proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unproven {
    #[error("the introduction is longer than {INTRODUCTION_BYTES_MAX} bytes")]
    TooLong,
    #[error("the introduction is not a record: {0}")]
    Unreadable(soko_domain::wire::Malformed),
    #[error("the introduction is not the first record of a chain, signed by its author: {0}")]
    NotFirst(String),
}

/// Checks the first record of a chain.
pub fn check(bytes: &[u8]) -> Result<Introduced, Unproven> {
    if bytes.len() > INTRODUCTION_BYTES_MAX {
        return Err(Unproven::TooLong);
    }
    let record = Record::from_bytes(bytes).map_err(Unproven::Unreadable)?;
    let stall = record.log;
    let run = Run::from_records(vec![record]).map_err(not_first)?;
    let author = run.author;
    let accepted = accept(None, stall, run, |_| None).map_err(not_first)?;
    let introduction = accepted.introduction.ok_or_else(|| not_first("it introduces nobody"))?;
    Ok(Introduced { author, stall, public_key: introduction.public_key, record: bytes.to_vec() })
}

fn not_first(why: impl std::fmt::Display) -> Unproven {
    Unproven::NotFirst(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use soko_replication::Pen;

    fn introduction() -> (Pen, Record) {
        Pen::new([7; 32], LogId([1; 16]), [2; 16], b"kiosk".to_vec()).unwrap()
    }

    #[test]
    fn a_first_record_proves_its_author() {
        let (pen, record) = introduction();
        let found = check(&record.to_bytes()).unwrap();
        assert_eq!(
            (found.author, found.stall, found.public_key),
            (pen.author(), pen.log(), pen.public_key())
        );
    }

    #[test]
    fn anything_else_does_not() {
        let (mut pen, record) = introduction();
        let other_author = Record { author: AuthorId([9; 16]), ..record.clone() };
        let other_stall = Record { log: LogId([9; 16]), ..record.clone() };
        let unsigned = Record { signature: None, ..record.clone() };
        let mut second = pen.write(3, vec![1]).unwrap();
        pen.sign(&mut second).unwrap();
        for wrong in [other_author, other_stall, unsigned, second] {
            assert!(matches!(check(&wrong.to_bytes()), Err(Unproven::NotFirst(_))), "{wrong:?}");
        }
        let bytes = record.to_bytes();
        for len in 0..bytes.len() {
            assert!(check(&bytes[..len]).is_err(), "{len} bytes");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(check(&flipped).is_err(), "bit flipped at {at}");
        }
        assert_eq!(check(&vec![0; INTRODUCTION_BYTES_MAX + 1]), Err(Unproven::TooLong));
    }
}
