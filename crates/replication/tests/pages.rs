//! Pages as bytes: every value comes back, and nothing else is taken for a page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use common::{LOG, chain, run};
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use soko_domain::ids::{AuthorId, EpochId, Hash, LogId, ThingId};
use soko_domain::wire::{Malformed, Wire as _, Writer};
use soko_replication::limits::{
    ANSWER_BYTES_MAX, ANSWERS_MAX, ASK_BYTES_MAX, ASKS_MAX, AUTHORS_MAX, NOTE_BYTES_MAX, PAGE_BYTES_MAX,
    PAGE_INFLATED_MAX, RUNS_PER_PAGE_MAX, VERDICTS_MAX,
};
use soko_replication::protocol::{EPOCH_COUNTER_MAX, EPOCH_LEAP_MAX, PROTOCOL};
use soko_replication::record::{BODY_BYTES_MAX, NO_RECORD, SEQ_MAX};
use soko_replication::{
    Agreed, Answer, Ask, Body, Capabilities, Epoch, Head, Heads, Offer, Page, PageRefused, Protocol, Record,
    Run, Signature, Verdict, VersionRefused, agree,
};

/// Header: magic 4, flags 1, version 2, lowest version 2, length 4, checksum 8.
const FLAGS_AT: usize = 4;
const MIN_VERSION_AT: usize = 7;
const LENGTH_AT: usize = 9;
const CHECK_AT: usize = 13;
const CONTENT_AT: usize = 21;

fn blank() -> Page {
    Page::new(LOG, AuthorId([1; 16]), Offer::OURS, Epoch { id: EpochId([2; 16]), counter: 3 })
}

/// A page with something everywhere, short enough to travel as it is.
fn small() -> Page {
    let (pen, records) = chain(1, &[1]);
    Page {
        number: 9,
        in_reply_to: Some(8),
        heads: [(pen.author(), pen.head())].into(),
        runs: vec![run(&records)],
        verdicts: vec![Verdict { author: pen.author(), seq: 2, code: 5, note: "unknown product".into() }],
        asks: vec![Ask { id: ThingId([3; 16]), body: b"share".to_vec() }],
        answers: vec![Answer { ask: ThingId([4; 16]), body: b"granted".to_vec() }],
        state_digest: Some(Hash([5; 32])),
        more: true,
        ..blank()
    }
}

fn large() -> Page {
    let (_, records) = chain(1, &[200]);
    Page { runs: vec![run(&records)], ..small() }
}

#[test]
fn pages_come_back() {
    for page in [blank(), small(), large()] {
        let bytes = page.encode().unwrap();
        assert_eq!(Page::decode(&bytes).unwrap(), page);
    }
    let bytes = large().encode().unwrap();
    assert_eq!(bytes[FLAGS_AT], 1, "a large page is deflated");
    assert!(bytes.len() < large().runs[0].records.len() * 20, "and shorter for it");
}

#[test]
fn a_page_cut_anywhere_is_refused() {
    for bytes in [small().encode().unwrap(), large().encode().unwrap()] {
        for len in 0..bytes.len() {
            assert!(Page::decode(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
        assert!(Page::decode(&[&bytes[..], &[0]].concat()).is_err(), "one byte more");
    }
}

#[test]
fn a_page_with_one_wrong_bit_is_refused() {
    for (page, step) in [(small(), 1), (large(), 7)] {
        let bytes = page.encode().unwrap();
        for at in (0..bytes.len() * 8).step_by(step) {
            let mut damaged = bytes.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            match Page::decode(&damaged) {
                Err(_) => {}
                // The padding bits behind the end of a deflate stream say nothing.
                Ok(same) => assert!(same == page && at / 8 == bytes.len() - 1, "bit {at} is not seen"),
            }
        }
    }
}

#[test]
fn a_bomb_is_refused_before_it_grows() {
    let frame = |declared: usize, payload: &[u8]| {
        let mut bytes = b"SKP1\x01\x00\x01\x00\x01".to_vec();
        bytes.extend_from_slice(&u32::try_from(declared).unwrap().to_be_bytes());
        bytes.extend_from_slice(&[0; CONTENT_AT - CHECK_AT]);
        bytes.extend_from_slice(payload);
        bytes
    };
    let bomb = compress_to_vec(&vec![0; 32 * 1024 * 1024], 9);
    assert!(bomb.len() < 40 * 1024);
    let wrong_length = |declared| PageRefused::WrongLength { declared };
    let cases = [
        ("more than a page", PAGE_INFLATED_MAX + 1, PageRefused::TooLarge { bytes: PAGE_INFLATED_MAX + 1 }),
        ("as much as a page", PAGE_INFLATED_MAX, wrong_length(PAGE_INFLATED_MAX)),
        ("hardly anything", 10, wrong_length(10)),
        ("nothing", 0, wrong_length(0)),
    ];
    for (case, declared, refused) in cases {
        assert_eq!(Page::decode(&frame(declared, &bomb)), Err(refused), "{case}");
    }
    // A few bytes cannot reserve a page's memory.
    assert_eq!(Page::decode(&frame(PAGE_INFLATED_MAX, &[3, 0])), Err(wrong_length(PAGE_INFLATED_MAX)));
    let long = vec![0; PAGE_BYTES_MAX + 1];
    assert_eq!(Page::decode(&long), Err(PageRefused::TooLarge { bytes: PAGE_BYTES_MAX + 1 }));
}

#[test]
fn what_is_not_a_page_is_named() {
    let bytes = small().encode().unwrap();
    assert_eq!(bytes[FLAGS_AT], 0, "a small page travels as it is");
    let changed = |at: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[at] = value;
        Page::decode(&changed).unwrap_err()
    };
    let declared = bytes.len() - CONTENT_AT;
    let lengthened = LENGTH_AT + 2;
    let theirs = Protocol { version: 1, min_version: 2 };
    let cases = [
        ("magic", changed(0, b'X'), PageRefused::NotAPage),
        ("flags", changed(FLAGS_AT, 2), PageRefused::NotAPage),
        ("version", changed(MIN_VERSION_AT + 1, 2), VersionRefused { mine: PROTOCOL, theirs }.into()),
        ("length", changed(lengthened, 99), PageRefused::WrongLength { declared: 99 * 256 + declared % 256 }),
        ("checksum", changed(CHECK_AT, !bytes[CHECK_AT]), PageRefused::WrongChecksum),
        ("content", changed(CONTENT_AT, !bytes[CONTENT_AT]), PageRefused::WrongChecksum),
        ("nothing", Page::decode(&[]).unwrap_err(), Malformed::Truncated.into()),
    ];
    for (case, refused, expected) in cases {
        assert_eq!(refused, expected, "{case}");
    }
}

/// Builds a page whose header is right, so that only its content is judged.
fn framed(content: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    let checked = [b"\x00\x01\x00\x01", content].concat();
    let mut bytes = b"SKP1\x00\x00\x01\x00\x01".to_vec();
    bytes.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&sha2::Sha256::digest(checked)[..CONTENT_AT - CHECK_AT]);
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn content_has_one_form_only() {
    let good = small().encode().unwrap()[CONTENT_AT..].to_vec();
    assert_eq!(Page::decode(&framed(&good)).unwrap(), small());

    let trailing = [&good[..], &[0]].concat();
    assert_eq!(Page::decode(&framed(&trailing)), Err(Malformed::Trailing.into()));
    let mut wrong_bool = good.clone();
    *wrong_bool.last_mut().unwrap() = 2;
    assert_eq!(Page::decode(&framed(&wrong_bool)), Err(Malformed::Choice.into()));
    let padded_number = [&[0x83, 0x00], &good[1..]].concat();
    assert_eq!(Page::decode(&framed(&padded_number)), Err(Malformed::Number.into()));
    for len in 0..good.len() {
        assert!(Page::decode(&framed(&good[..len])).is_err(), "{len} of {} bytes", good.len());
    }
}

#[test]
fn heads_are_sorted_and_unique() {
    let up_to_heads = |heads: &[u8]| {
        let mut out = Writer::new();
        0u64.put(&mut out);
        LOG.put(&mut out);
        Epoch::UNKNOWN.put(&mut out);
        AuthorId::default().put(&mut out);
        0u64.put(&mut out);
        None::<u64>.put(&mut out);
        out.varint(heads.len() as u64);
        for author in heads {
            AuthorId([*author; 16]).put(&mut out);
            Head { seq: 1, hash: Hash::default() }.put(&mut out);
        }
        // No runs, verdicts, requests, answers, digest; not more.
        out.raw(&[0; 6]);
        framed(&out.finish())
    };
    assert_eq!(Page::decode(&up_to_heads(&[1, 2])).unwrap().heads.len(), 2);
    assert_eq!(Page::decode(&up_to_heads(&[2, 1])), Err(PageRefused::Unsorted));
    assert_eq!(Page::decode(&up_to_heads(&[1, 1])), Err(PageRefused::Unsorted));
}

#[test]
fn more_than_a_page_may_have_is_not_written() {
    let heads = |count: usize| -> Heads {
        (0..count as u64)
            .map(|at| {
                let mut author = AuthorId::default();
                author.0[..8].copy_from_slice(&at.to_be_bytes());
                (author, Head { seq: 1, hash: Hash::default() })
            })
            .collect()
    };
    let short = run(&chain(1, &[]).1);
    let long = |count| Run { records: vec![(1, Body::Here(Vec::new())); count], ..short.clone() };
    let verdict =
        |note: usize| Verdict { author: AuthorId::default(), seq: 1, code: 0, note: "x".repeat(note) };
    let ask = |len| Ask { id: ThingId::default(), body: vec![0; len] };
    let answer = |len| Answer { ask: ThingId::default(), body: vec![0; len] };
    let too_many = |what, max| PageRefused::TooMany { what, max };
    let long_part = PageRefused::from(Malformed::TooLong);
    let cases = [
        (Page { heads: heads(AUTHORS_MAX + 1), ..blank() }, too_many("heads", AUTHORS_MAX)),
        (
            Page { runs: vec![short.clone(); RUNS_PER_PAGE_MAX + 1], ..blank() },
            too_many("runs", RUNS_PER_PAGE_MAX),
        ),
        (Page { runs: vec![long(5_000), long(5_001)], ..blank() }, too_many("records", 10_000)),
        (
            Page { verdicts: vec![verdict(0); VERDICTS_MAX + 1], ..blank() },
            too_many("verdicts", VERDICTS_MAX),
        ),
        (Page { asks: vec![ask(0); ASKS_MAX + 1], ..blank() }, too_many("requests", ASKS_MAX)),
        (Page { answers: vec![answer(0); ANSWERS_MAX + 1], ..blank() }, too_many("answers", ANSWERS_MAX)),
        (Page { verdicts: vec![verdict(NOTE_BYTES_MAX + 1)], ..blank() }, long_part.clone()),
        (Page { asks: vec![ask(ASK_BYTES_MAX + 1)], ..blank() }, long_part.clone()),
        (Page { answers: vec![answer(ANSWER_BYTES_MAX + 1)], ..blank() }, long_part),
    ];
    for (page, refused) in cases {
        assert_eq!(page.encode().unwrap_err(), refused);
    }
    // Bodies that nothing can shrink: more of them than travel at once.
    let noise: Vec<(u16, Body)> = (0..5u64).map(|at| (1, Body::Here(noise(at, BODY_BYTES_MAX)))).collect();
    let page = Page { runs: vec![Run { records: noise, ..short }], ..blank() };
    assert!(matches!(page.encode(), Err(PageRefused::TooLarge { .. })));
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    use sha2::Digest as _;
    (0u64..)
        .flat_map(|at| sha2::Sha256::digest([seed.to_be_bytes(), at.to_be_bytes()].concat()))
        .take(len)
        .collect()
}

#[test]
fn the_highest_common_version_is_agreed() {
    let offer = |min_version, version, capabilities| Offer {
        protocol: Protocol { version, min_version },
        capabilities: Capabilities(capabilities),
    };
    let cases = [
        (offer(1, 1, 0b11), offer(1, 1, 0b11), Some((1, 0b11))),
        (offer(1, 3, 0b11), offer(2, 5, 0b110), Some((3, 0b10))),
        (offer(2, 5, 0), offer(1, 2, 1 << 63), Some((2, 0))),
        (offer(3, 4, 0), offer(1, 2, 0), None),
        (offer(1, 2, 0), offer(3, 4, 0), None),
        (offer(2, 1, 0), offer(1, 1, 0), None),
    ];
    for (mine, theirs, expected) in cases {
        let expected = expected
            .map(|(version, capabilities)| Agreed { version, capabilities: Capabilities(capabilities) })
            .ok_or(VersionRefused { mine: mine.protocol, theirs: theirs.protocol });
        assert_eq!(agree(mine, theirs), expected);
    }
}

#[test]
fn a_server_restored_from_something_older_raises_its_epoch() {
    let epoch = |id, counter| Epoch { id: EpochId([id; 16]), counter };
    let cases = [
        ("its own", epoch(1, 5), epoch(1, 5), None),
        ("never met", epoch(1, 5), Epoch::UNKNOWN, None),
        ("an older one", epoch(1, 5), epoch(2, 4), None),
        ("another of the same height", epoch(1, 5), epoch(2, 5), Some(epoch(1, 6))),
        ("a later one", epoch(1, 5), epoch(2, 9), Some(epoch(1, 10))),
        ("the furthest", epoch(1, 5), epoch(2, 5 + EPOCH_LEAP_MAX), Some(epoch(1, 6 + EPOCH_LEAP_MAX))),
        ("an invention", epoch(1, 5), epoch(2, 6 + EPOCH_LEAP_MAX), None),
        ("the end", epoch(1, EPOCH_COUNTER_MAX), epoch(2, EPOCH_COUNTER_MAX), None),
    ];
    for (case, mine, told, raised) in cases {
        assert_eq!(mine.raised_above(told), raised, "{case}");
    }
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Body::Here),
        any::<[u8; 32]>().prop_map(|hash| Body::Withheld(Hash(hash))),
    ]
}

fn any_run() -> impl Strategy<Value = Run> {
    let records = prop::collection::vec((any::<u16>(), any_body()), 1..6);
    (any::<[u8; 16]>(), 1..SEQ_MAX - 10, any::<[u8; 32]>(), records, any::<[u8; 32]>()).prop_map(
        |(author, first_seq, prev, records, half)| {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&half);
            let prev = if first_seq == 1 { NO_RECORD } else { Hash(prev) };
            Run { author: AuthorId(author), first_seq, prev, records, signature: Signature(signature) }
        },
    )
}

fn any_page() -> impl Strategy<Value = Page> {
    let heads = prop::collection::btree_map(any::<[u8; 16]>(), (1..=SEQ_MAX, any::<[u8; 32]>()), 0..5);
    let verdicts = prop::collection::vec((any::<[u8; 16]>(), 1..=SEQ_MAX, any::<u8>(), "\\PC{0,50}"), 0..3);
    let things =
        || prop::collection::vec((any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 0..60)), 0..3);
    let epoch = (any::<[u8; 16]>(), 0..=EPOCH_COUNTER_MAX);
    let numbers =
        (any::<u64>(), any::<Option<u64>>(), any::<u64>(), any::<bool>(), any::<Option<[u8; 32]>>());
    let runs = prop::collection::vec(any_run(), 0..4);
    (epoch, numbers, heads, verdicts, things(), things(), runs).prop_map(
        |(epoch, (number, in_reply_to, capabilities, more, digest), heads, verdicts, asks, answers, runs)| {
            Page {
                protocol: PROTOCOL,
                capabilities: Capabilities(capabilities),
                log: LogId([1; 16]),
                epoch: Epoch { id: EpochId(epoch.0), counter: epoch.1 },
                sender: AuthorId([2; 16]),
                number,
                in_reply_to,
                heads: heads
                    .into_iter()
                    .map(|(author, (seq, hash))| (AuthorId(author), Head { seq, hash: Hash(hash) }))
                    .collect(),
                runs,
                verdicts: verdicts
                    .into_iter()
                    .map(|(author, seq, code, note)| Verdict { author: AuthorId(author), seq, code, note })
                    .collect(),
                asks: asks.into_iter().map(|(id, body)| Ask { id: ThingId(id), body }).collect(),
                answers: answers.into_iter().map(|(id, body)| Answer { ask: ThingId(id), body }).collect(),
                state_digest: digest.map(Hash),
                more,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, rng_seed: RngSeed::Fixed(30_15), failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_page_comes_back(page in any_page()) {
        let bytes = page.encode().unwrap();
        prop_assert_eq!(Page::decode(&bytes).unwrap(), page);
    }

    /// Behind a right checksum as well: what decodes is what would be written.
    #[test]
    fn mutated_content_is_refused_or_canonical(page in any_page(), at in any::<prop::sample::Index>(), value: u8) {
        let mut content = page.runs.to_bytes();
        let place = at.index(content.len());
        content[place] = value;
        if let Ok(runs) = Vec::<Run>::from_bytes(&content) {
            prop_assert_eq!(runs.to_bytes(), content);
        }
    }

    #[test]
    fn noise_never_panics(content in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Page::decode(&content);
        let _ = Page::decode(&framed(&content));
        let _ = Record::from_bytes(&content);
    }
}
