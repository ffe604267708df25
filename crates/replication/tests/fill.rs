//! What is sent to somebody who lacks records.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use common::{LOG, Replica, begin, chain, commit};
use soko_domain::ids::Hash;
use soko_domain::wire::Wire as _;
use soko_replication::limits::{COMMIT_BYTES_MAX, PAGE_BYTES_MAX, RUNS_BYTES_MAX, RUNS_PER_PAGE_MAX};
use soko_replication::record::BODY_BYTES_MAX;
use soko_replication::{
    Budget, Epoch, Filled, Head, Heads, Offer, Page, Pen, Record, Refused, Run, fill, heads_digest,
};

fn holding(chains: &[Vec<Record>]) -> Replica {
    let mut replica = Replica::default();
    chains.iter().for_each(|chain| replica.keep(chain.clone()));
    replica
}

fn filled(source: &Replica, theirs: &Heads, budget: Budget) -> Filled {
    fill(source, theirs, budget).unwrap()
}

/// First and last place of each run.
fn spans(filled: &Filled) -> Vec<(u64, u64)> {
    let mut spans: Vec<_> = filled.runs.iter().map(|run| (run.first_seq, run.last_seq())).collect();
    spans.sort_unstable();
    spans
}

#[test]
fn only_what_the_other_side_lacks_is_sent() {
    let (one, first) = chain(1, &[2, 2]);
    let (two, second) = chain(2, &[1]);
    let source = holding(&[first.clone(), second]);
    let at = |seq: usize| Head { seq: seq as u64, hash: first[seq - 1].id() };
    let cases = [
        ("nothing there", Heads::new(), vec![(1, 2), (1, 5)]),
        ("one behind", [(one.author(), at(3)), (two.author(), two.head())].into(), vec![(4, 5)]),
        ("equal", source.heads_now(), vec![]),
        (
            "ahead",
            [(one.author(), Head { seq: 9, hash: Hash([1; 32]) }), (two.author(), two.head())].into(),
            vec![],
        ),
    ];
    for (case, theirs, expected) in cases {
        let filled = filled(&source, &theirs, Budget::PAGE);
        assert_eq!((spans(&filled), filled.more), (expected, false), "{case}");
    }
}

#[test]
fn the_same_place_with_another_hash_is_shown() {
    let (mut pen, common) = chain(1, &[2]);
    let head = pen.head();
    let ours = [common.clone(), commit(&mut pen, 2, b"ours")].concat();
    pen.rewind(head);
    let theirs = [common, commit(&mut pen, 2, b"theirs")].concat();
    let (source, other) = (holding(&[ours]), holding(&[theirs]));
    let filled = filled(&source, &other.heads_now(), Budget::PAGE);
    assert_eq!((spans(&filled), filled.more), (vec![(5, 5)], false));
    assert!(matches!(other.judge(filled.runs[0].clone()), Err(Refused::Fork { seq: 4, .. })));
}

#[test]
fn runs_end_at_signed_records_within_the_budget() {
    let (_, records) = chain(1, &[3, 3, 3]);
    let source = holding(&[records]);
    // Room for so many records: the introduction, then whole commits of three.
    let cases = [
        (0, vec![]),
        (1, vec![(1, 1)]),
        (3, vec![(1, 1)]),
        (4, vec![(1, 4)]),
        (9, vec![(1, 7)]),
        (10, vec![(1, 10)]),
    ];
    for (records, expected) in cases {
        let filled = filled(&source, &Heads::new(), Budget { records, ..Budget::PAGE });
        assert_eq!(spans(&filled), expected, "{records} records");
        assert_eq!(filled.more, records < 10, "{records} records");
        let bytes: usize = filled.runs.iter().map(|run| run.to_bytes().len()).sum();
        assert!(bytes <= RUNS_BYTES_MAX);
    }
}

#[test]
fn a_commit_longer_than_the_budget_goes_alone() {
    let (pen, long) = chain(1, &[30, 1]);
    let mut source = holding(std::slice::from_ref(&long));
    let theirs = [(pen.author(), Head { seq: 1, hash: long[0].id() })].into();
    let small = Budget { records: 20, ..Budget::PAGE };
    let alone = filled(&source, &theirs, small);
    assert_eq!((spans(&alone), alone.more), (vec![(2, 31)], true));
    // What fits goes before it.
    source.keep(chain(2, &[1]).1);
    let first = filled(&source, &theirs, small);
    assert_eq!((spans(&first), first.more), (vec![(1, 2)], true));
    // Who has no room at all gets nothing, but hears that there is more.
    let none = filled(&source, &theirs, Budget::NONE);
    assert_eq!((spans(&none), none.more), (vec![], true));
}

#[test]
fn introductions_go_first_and_short_arrears_are_not_kept_waiting() {
    let long = chain(1, &[1; 300]).1;
    let short = chain(2, &[1]).1;
    let tiny = chain(3, &[]).1;
    let source = holding(&[long, short, tiny]);
    let filled = filled(&source, &Heads::new(), Budget { records: 60, ..Budget::PAGE });
    assert_eq!(spans(&filled), vec![(1, 1), (1, 2), (1, 57)]);
    assert!(filled.more);
}

#[test]
fn authors_share_a_page_fairly() {
    let chains: Vec<_> = (1..=4).map(|number| chain(number, &[1; 100]).1).collect();
    let source = holding(&chains);
    let filled = filled(&source, &Heads::new(), Budget { records: 100, ..Budget::PAGE });
    assert_eq!(spans(&filled), vec![(1, 25); 4]);
}

#[test]
fn more_authors_than_runs_arrive_in_several_pages() {
    let chains: Vec<Vec<Record>> = (0..=RUNS_PER_PAGE_MAX)
        .map(|number| {
            let mut nonce = [0; 16];
            nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
            vec![Pen::new([1; 32], LOG, nonce, Vec::new()).unwrap().1]
        })
        .collect();
    let source = holding(&chains);
    let mut other = Replica::default();
    let first = filled(&source, &other.heads_now(), Budget::PAGE);
    assert_eq!((first.runs.len(), first.more), (RUNS_PER_PAGE_MAX, true));
    first.runs.into_iter().for_each(|run| drop(other.take(run).unwrap()));
    let second = filled(&source, &other.heads_now(), Budget::PAGE);
    assert_eq!((second.runs.len(), second.more), (1, false));
}

#[test]
fn the_largest_commit_travels_and_a_larger_one_is_reported() {
    let (mut pen, first) = begin(1);
    let mut chain = vec![first];
    // Two bodies of full size fill a commit.
    for count in [2, 2, 3] {
        let body = |at: u8| vec![at; BODY_BYTES_MAX];
        let mut commit: Vec<Record> = (0..count).map(|at| pen.write(1, body(at)).unwrap()).collect();
        pen.sign(commit.last_mut().unwrap()).unwrap();
        chain.extend(commit);
    }
    let source = holding(&[chain]);
    let mut other = Replica::default();
    for expected in [(1, 3), (4, 5)] {
        let filled = filled(&source, &other.heads_now(), Budget::PAGE);
        assert_eq!((spans(&filled), filled.more), (vec![expected], true));
        let bytes: usize = filled.runs.iter().map(|run| run.to_bytes().len()).sum();
        assert!(bytes <= COMMIT_BYTES_MAX);
        let mut page = Page::new(LOG, pen.author(), Offer::OURS, Epoch::UNKNOWN);
        page.runs = filled.runs.clone();
        assert!(page.encode().unwrap().len() <= PAGE_BYTES_MAX);
        filled.runs.into_iter().for_each(|run| drop(other.take(run).unwrap()));
    }
    let last = filled(&source, &other.heads_now(), Budget::PAGE);
    assert_eq!((last.runs.len(), last.more, last.unsendable), (0, false, vec![pen.author()]));
}

#[test]
fn page_by_page_everything_arrives() {
    let chains: Vec<_> = (1..=5).map(|number| chain(number, &[usize::from(number); 40]).1).collect();
    let source = holding(&chains);
    let mut other = Replica::default();
    let mut pages = 0;
    loop {
        let filled = filled(&source, &other.heads_now(), Budget { records: 50, ..Budget::PAGE });
        for run in filled.runs {
            let new: Run = run.clone();
            assert_eq!(other.take(run).unwrap().records.len(), new.records.len(), "nothing is sent twice");
        }
        pages += 1;
        if !filled.more {
            break;
        }
        assert!(pages < 100, "no progress");
    }
    assert_eq!(heads_digest(LOG, &other.heads_now()), heads_digest(LOG, &source.heads_now()));
    assert_eq!(other.state_digest(), source.state_digest());
    assert!(pages >= 605 / 50);
}
