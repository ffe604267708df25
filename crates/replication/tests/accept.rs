//! What is kept of somebody's records, and each reason to refuse them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use common::{LOG, Replica, begin, chain, commit, run};
use soko_domain::ids::{Hash, LogId};
use soko_domain::wire::Wire as _;
use soko_replication::record::{BODY_BYTES_MAX, KIND_INTRODUCTION, NO_RECORD, SEQ_MAX};
use soko_replication::{
    Body, Head, Heads, Introduction, NotARun, Pen, Record, Refused, Resume, Run, Signature, Unwritable,
    heads_digest,
};

fn holding(records: &[Record]) -> Replica {
    let mut replica = Replica::default();
    replica.keep(records.to_vec());
    replica
}

#[test]
fn a_new_author_is_taken_whole() {
    let (pen, records) = chain(1, &[3, 1]);
    let accepted = Replica::default().judge(run(&records)).unwrap();
    assert_eq!(accepted.head, pen.head());
    assert_eq!(accepted.duplicates, 0);
    assert_eq!(accepted.introduction.as_ref().unwrap().about, b"register 1");
    // The signature in between is not sent, since the last one vouches for it.
    let expected: Vec<Record> = records
        .iter()
        .map(|record| Record {
            signature: if record.seq == 5 { record.signature } else { None },
            ..record.clone()
        })
        .collect();
    assert_eq!(accepted.records, expected);
    for (id, record) in accepted.records_with_ids() {
        assert_eq!(id, record.id());
    }
    assert_eq!(run(&records).into_records(LOG), expected);
}

#[test]
fn only_what_is_new_is_kept() {
    let (_, records) = chain(1, &[2, 2, 2]);
    let cases = [
        // held, from, to, duplicates, new
        (1, 0, 7, 1, 6),
        (3, 0, 7, 3, 4),
        (3, 3, 7, 0, 4),
        (3, 2, 5, 1, 2),
        (5, 0, 3, 3, 0),
        (7, 0, 7, 7, 0),
        (7, 3, 5, 2, 0),
    ];
    for (held, from, to, duplicates, new) in cases {
        let accepted = holding(&records[..held]).judge(run(&records[from..to])).unwrap();
        let case = format!("held {held}, sent {from}..{to}");
        assert_eq!((accepted.duplicates, accepted.records.len()), (duplicates, new), "{case}");
        assert_eq!(accepted.introduction, None, "{case}");
        let head = &records[held.max(to) - 1];
        assert_eq!(accepted.head, Head { seq: head.seq, hash: head.id() }, "{case}");
    }
}

#[test]
fn a_withheld_body_keeps_the_chain_provable() {
    let (pen, mut records) = chain(1, &[3]);
    records[2].body = records[2].body.withheld();
    let accepted = Replica::default().judge(run(&records)).unwrap();
    assert_eq!(accepted.head, pen.head());
    assert_eq!(accepted.records[2].body, records[2].body);
    // Another hash in its place is another record.
    records[2].body = Body::Withheld(Hash([9; 32]));
    assert_eq!(Replica::default().judge(run(&records)), Err(Refused::BadSignature));
    // Without the introduction's body nobody can check anything.
    records[0].body = records[0].body.withheld();
    assert_eq!(Replica::default().judge(run(&records)), Err(Refused::NoIntroduction));
}

#[test]
fn each_refusal() {
    let (_, records) = chain(1, &[3]);
    let whole = run(&records);
    let known = holding(&records[..1]);
    let nobody = Replica::default();
    let with = |change: &dyn Fn(&mut Run)| {
        let mut changed = whole.clone();
        change(&mut changed);
        changed
    };
    let other = begin(2).1;
    let large = Body::Here(vec![0; BODY_BYTES_MAX + 1]);
    let cases: Vec<(&str, &Replica, Run, Refused)> = vec![
        ("empty", &nobody, with(&|run| run.records.clear()), Refused::Empty),
        ("seq 0", &nobody, with(&|run| run.first_seq = 0), Refused::BrokenChain { seq: 0 }),
        ("large body", &nobody, with(&|run| run.records[2].1 = large.clone()), Refused::TooLarge { seq: 3 }),
        ("too far", &known, with(&|run| run.first_seq = SEQ_MAX - 2), Refused::TooLarge { seq: SEQ_MAX + 1 }),
        (
            "too many",
            &nobody,
            with(&|run| run.records = vec![(1, Body::Here(Vec::new())); 10_001]),
            Refused::TooLarge { seq: 10_001 },
        ),
        ("unknown, from the middle", &nobody, run(&records[1..]), Refused::Gap { expected: 1 }),
        ("unknown, no introduction", &nobody, with(&|run| run.records[0].0 = 1), Refused::NoIntroduction),
        (
            "introduction of another version",
            &nobody,
            with(&|run| run.records[0].1 = Body::Here(vec![2; 80])),
            Refused::NoIntroduction,
        ),
        ("another's introduction", &nobody, with(&|run| run.author = other.author), Refused::ForgedAuthor),
        (
            "another's name",
            &nobody,
            with(&|run| run.records[0].1 = other.body.clone()),
            Refused::ForgedAuthor,
        ),
        ("gap", &known, run(&records[2..]), Refused::Gap { expected: 2 }),
        (
            "named predecessor at 1",
            &nobody,
            with(&|run| run.prev = Hash([1; 32])),
            Refused::BrokenChain { seq: 1 },
        ),
        (
            "second introduction",
            &nobody,
            with(&|run| run.records[2].0 = KIND_INTRODUCTION),
            Refused::BrokenChain { seq: 3 },
        ),
        ("known, entry at 1", &known, with(&|run| run.records[0].0 = 1), Refused::BrokenChain { seq: 1 }),
        ("zero signature", &nobody, with(&|run| run.signature = Signature([0; 64])), Refused::BadSignature),
        ("changed kind", &nobody, with(&|run| run.records[3].0 = 2), Refused::BadSignature),
        (
            "changed body",
            &nobody,
            with(&|run| run.records[1].1 = Body::Here(b"more".to_vec())),
            Refused::BadSignature,
        ),
        ("shortened", &nobody, with(&|run| drop(run.records.pop())), Refused::BadSignature),
    ];
    for (case, replica, run, refused) in cases {
        assert_eq!(replica.judge(run), Err(refused), "{case}");
    }
}

#[test]
fn records_of_another_log_do_not_fit() {
    let (mut pen, first) = Pen::new([1; 32], LogId([8; 16]), [1; 16], Vec::new()).unwrap();
    let mut records = vec![first];
    records.extend(commit(&mut pen, 1, b"a sale"));
    assert_eq!(Replica::default().judge(run(&records)), Err(Refused::ForgedAuthor));
}

#[test]
fn a_fork_is_proven_and_named() {
    // Two lives of one author: equal up to record 3, then different.
    let (mut pen, common) = chain(1, &[2]);
    let head = pen.head();
    let ours = [common.clone(), commit(&mut pen, 3, b"ours")].concat();
    pen.rewind(head);
    let theirs = [common.clone(), commit(&mut pen, 3, b"theirs")].concat();
    let replica = holding(&ours);
    // Longer, equally long, beginning behind the border, and continuing what is not there.
    let longer = [theirs.clone(), commit(&mut pen, 1, b"theirs")].concat();
    let cases = [
        ("whole", run(&theirs), 4, &theirs[3..]),
        ("longer", run(&longer), 4, &longer[3..]),
        ("from the border", run(&theirs[3..]), 4, &theirs[3..]),
        ("from behind the border", run(&theirs[5..]), 5, &theirs[5..]),
        ("only continued", run(&longer[6..]), 6, &longer[6..]),
    ];
    for (case, run, at, evidence) in cases {
        let Err(Refused::Fork { seq, ours: own, theirs: other, branch }) = replica.judge(run) else {
            panic!("{case}: not a fork");
        };
        let place = usize::try_from(at).unwrap() - 1;
        assert_eq!((seq, own, other), (at, ours[place].id(), longer[place].id()), "{case}");
        let ids = |records: &[Record]| records.iter().map(Record::id).collect::<Vec<_>>();
        assert_eq!(ids(&branch), ids(evidence), "{case}");
    }
    // Nobody else can accuse an author of a fork.
    let mut forged = run(&theirs);
    forged.signature = run(&ours).signature;
    assert_eq!(replica.judge(forged), Err(Refused::BadSignature));
}

#[test]
fn what_the_store_forgot_is_not_a_fork() {
    let (pen, records) = chain(1, &[2, 2]);
    let known = holding(&records).known(pen.author()).unwrap();
    let accepted = soko_replication::accept(Some(&known), LOG, run(&records[..3]), |_| None).unwrap();
    assert_eq!((accepted.duplicates, accepted.records.len()), (3, 0));
}

#[test]
fn a_run_is_contiguous_and_signed() {
    let (_, records) = chain(1, &[2]);
    let (_, foreign) = chain(2, &[2]);
    let unsigned = records[..2].to_vec();
    let gap = vec![records[0].clone(), records[2].clone()];
    let mixed = vec![records[0].clone(), foreign[1].clone(), records[2].clone()];
    assert_eq!(Run::from_records(Vec::new()), Err(NotARun::Empty));
    assert_eq!(Run::from_records(unsigned), Err(NotARun::Unsigned));
    assert_eq!(Run::from_records(gap), Err(NotARun::Gap { expected: 2 }));
    assert_eq!(Run::from_records(mixed), Err(NotARun::Mixed));
}

#[test]
fn a_pen_goes_on_where_it_stopped_and_only_there() {
    let (mut pen, records) = chain(1, &[2]);
    let introduction = Introduction::from_bytes(records[0].body.bytes().unwrap()).unwrap();
    let head = pen.head();
    let from = |secret| Resume { secret: [secret; 32], log: LOG, introduction: &introduction, head };
    assert_eq!(Pen::resume(from(2)).unwrap_err(), Unwritable::NotTheAuthor);
    let mut resumed = Pen::resume(from(1)).unwrap();
    assert_eq!(resumed.author(), pen.author());
    assert_eq!(commit(&mut resumed, 1, b"next"), commit(&mut pen, 1, b"next"));

    assert_eq!(pen.write(KIND_INTRODUCTION, Vec::new()).unwrap_err(), Unwritable::SecondIntroduction);
    let bytes = BODY_BYTES_MAX + 1;
    assert_eq!(pen.write(1, vec![0; bytes]).unwrap_err(), Unwritable::BodyTooLarge { bytes });
    assert_eq!(pen.sign(&mut begin(2).1), Err(Unwritable::NotMine));
    let bytes = 4097;
    let refused = Pen::new([1; 32], LOG, [1; 16], vec![0; bytes]).unwrap_err();
    assert_eq!(refused, Unwritable::AboutTooLarge { bytes });
    let full = Resume { head: Head { seq: SEQ_MAX, hash: NO_RECORD }, ..from(1) };
    assert_eq!(Pen::resume(full).unwrap().write(1, Vec::new()).unwrap_err(), Unwritable::ChainFull);
}

#[test]
fn secrets_and_bodies_do_not_print() {
    let (pen, first) = Pen::new([0xab; 32], LOG, [1; 16], b"Amina".to_vec()).unwrap();
    let printed = format!("{pen:?} {first:?}");
    assert!(!printed.contains("171, 171") && !printed.contains("abab"), "{printed}");
    assert!(!printed.contains("Amina") && !printed.contains("65, 109"), "{printed}");
}

#[test]
fn heads_digests_tell_logs_apart() {
    let (one, _) = chain(1, &[1]);
    let (two, _) = chain(2, &[1]);
    let heads: Heads = [(one.author(), one.head())].into();
    let both: Heads = [(two.author(), two.head()), (one.author(), one.head())].into();
    assert_eq!(heads_digest(LOG, &heads), heads_digest(LOG, &heads.clone()));
    assert_ne!(heads_digest(LOG, &heads), heads_digest(LOG, &both));
    assert_ne!(heads_digest(LOG, &heads), heads_digest(LogId([8; 16]), &heads));
    let mut moved = heads.clone();
    moved.get_mut(&one.author()).unwrap().seq += 1;
    assert_ne!(heads_digest(LOG, &heads), heads_digest(LOG, &moved));
}
