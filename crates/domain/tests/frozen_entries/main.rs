//! Every entry ever written can be read for ever. `samples/` holds the bytes of each kind in each version, and
//! they are never edited: a changed encoding is a new version with a new file, beside the old one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod samples;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use samples::{earlier, samples, stamp};
use soko_domain::entry::{Act, Approval, Entry, Kind, LimitsPut, PriceRulePut, Stamp};
use soko_domain::ids::PersonId;
use soko_domain::people::Limits;
use soko_domain::role::Role;
use soko_domain::wire::{Malformed, Writer};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen_entries/samples")
}

fn file(kind: Kind, version: u8) -> PathBuf {
    folder().join(format!("{:03x}-{}-v{version}.hex", kind.number(), kind.name()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn every_kind_has_a_sample() {
    let sampled: BTreeSet<Kind> = samples().iter().map(Entry::kind).collect();
    let all: BTreeSet<Kind> = Kind::ALL.iter().copied().collect();
    assert_eq!(sampled, all);
}

#[test]
fn frozen_bytes_are_read_and_written_as_ever() {
    for sample in samples() {
        let path = file(sample.kind(), sample.kind().version());
        let written = sample.to_body(&stamp());
        // A new kind freezes itself once, on the machine of whoever adds it; CI only compares.
        if !path.exists() && std::env::var_os("SOKO_FREEZE").is_some() {
            std::fs::write(&path, hex(&written) + "\n").unwrap();
        }
        let frozen = std::fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{} is missing: run once with SOKO_FREEZE=1", path.display()));
        assert_eq!(hex(&written), frozen.trim(), "{}", sample.kind().name());
        let read = Entry::from_body(sample.kind(), &bytes(frozen.trim())).unwrap();
        assert_eq!(read, (stamp(), sample));
    }
}

#[test]
fn earlier_versions_are_read_for_ever() {
    for (version, sample) in earlier() {
        let frozen = std::fs::read_to_string(file(sample.kind(), version)).unwrap();
        let read = Entry::from_body(sample.kind(), &bytes(frozen.trim())).unwrap();
        assert_eq!(read, (stamp(), sample));
    }
    let sampled: BTreeSet<(Kind, u8)> =
        earlier().iter().map(|(version, old)| (old.kind(), *version)).collect();
    let mut old = BTreeSet::new();
    for kind in Kind::ALL {
        old.extend(kind.versions().iter().map(|version| (*kind, *version)));
        old.remove(&(*kind, kind.version()));
    }
    assert_eq!(sampled, old);
}

/// Registers of before read it, as long as it says nothing that they do not know.
#[test]
fn limits_are_written_in_the_first_form_that_says_them() {
    let with = |custom_minor| -> Entry {
        let limits = Limits { custom_minor, ..Limits::of(Role::Cashier) };
        LimitsPut { role: Role::Cashier, revision: 4, limits }.into()
    };
    for (entry, version) in [(with(i64::MAX), 1), (with(i64::MAX - 1), 2), (with(0), 2)] {
        let body = entry.to_body(&stamp());
        assert_eq!(body[0], version);
        assert!(!Entry::is_newer(Kind::LimitsPut, &body));
        assert_eq!(Entry::from_body(Kind::LimitsPut, &body), Ok((stamp(), entry)));
    }
    let (_, earlier) = earlier().into_iter().find(|(_, old)| old.kind() == Kind::LimitsPut).unwrap();
    let frozen = std::fs::read_to_string(file(Kind::LimitsPut, 1)).unwrap();
    assert_eq!(hex(&earlier.to_body(&stamp())), frozen.trim());
}

#[test]
fn price_limits_are_written_in_the_first_form_that_says_them() {
    let (_, earlier) = earlier().into_iter().find(|(_, old)| old.kind() == Kind::PriceRulePut).unwrap();
    let frozen = std::fs::read_to_string(file(Kind::PriceRulePut, 1)).unwrap();
    assert_eq!(hex(&earlier.to_body(&stamp())), frozen.trim());
    let Entry::PriceRulePut(put) = earlier else { panic!("another entry") };
    for (market_ppm, version) in [(300_000, 1), (299_999, 2), (300_001, 2)] {
        let entry: Entry = PriceRulePut { market_ppm, ..put.clone() }.into();
        let body = entry.to_body(&stamp());
        assert_eq!(body[0], version);
        assert_eq!(Entry::from_body(Kind::PriceRulePut, &body), Ok((stamp(), entry)));
    }
}

#[test]
fn what_a_card_does_for_an_order_is_written_in_the_first_form_that_says_it() {
    let cards = earlier().into_iter().map(|(_, old)| old);
    let cards = cards.filter(|old| matches!(old.kind(), Kind::OrderPurseHeld | Kind::OrderPurseMoved));
    for earlier in cards {
        let frozen = std::fs::read_to_string(file(earlier.kind(), 1)).unwrap();
        assert_eq!(hex(&earlier.to_body(&stamp())), frozen.trim());
        let later = samples().into_iter().find(|it| it.kind() == earlier.kind()).unwrap();
        assert_eq!(later.to_body(&stamp())[0], 2, "something was said before it");
    }
}

#[test]
fn nothing_frozen_is_left_unread() {
    let files = |kind: &Kind| kind.versions().iter().map(|version| file(*kind, *version)).collect::<Vec<_>>();
    let expected: BTreeSet<PathBuf> = Kind::ALL.iter().flat_map(files).collect();
    let found: BTreeSet<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found, expected);
}

/// A drawer's opening as somebody did it, and as somebody did it whom a manager allowed it.
const FROZEN_WITH_PERSON: [&str; 2] = [
    "81f6f9b2e5bd68e802cec402012a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a0003030303030303030303030303030303904e",
    "81f6f9b2e5bd68e802cec402012a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a012b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b020104056c656e746503030303030303030303030303030303904e",
];

#[test]
fn who_did_it_stands_beside_the_stamp_and_only_where_somebody_did() {
    let by = Some(PersonId([0x2a; 16]));
    let acts = vec![Act::VoidSale, Act::OpenDrawer];
    let approval = Some(Approval { by: PersonId([0x2b; 16]), acts, reason: "lente".into() });
    let opened: Entry = samples()[0].clone();
    for (frozen, approval) in FROZEN_WITH_PERSON.into_iter().zip([None, approval]) {
        let stamp = Stamp { by, approval, ..stamp() };
        assert_eq!(hex(&opened.to_body(&stamp)), frozen);
        assert_eq!(Entry::from_body(opened.kind(), &bytes(frozen)), Ok((stamp, opened.clone())));
    }
    // The mark without a person is no encoding of nobody.
    let plain = opened.to_body(&stamp());
    let marked = [&[plain[0] | 0x80], &plain[1..12], &[0, 0], &plain[12..]].concat();
    assert_eq!(Entry::from_body(opened.kind(), &marked), Err(Malformed::Choice));
}

#[test]
fn damaged_bodies_are_refused_and_never_panic() {
    for sample in samples() {
        let kind = sample.kind();
        let body = sample.to_body(&stamp());
        for len in 0..body.len() {
            assert!(Entry::from_body(kind, &body[..len]).is_err(), "{} cut at {len}", kind.name());
        }
        let longer = [body.as_slice(), &[0]].concat();
        assert_eq!(Entry::from_body(kind, &longer), Err(Malformed::Trailing), "{}", kind.name());
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut flipped = body.clone();
                flipped[at] ^= 1 << bit;
                // What can still be read is written back as the same bytes: there is one encoding.
                if let Ok((stamp, entry)) = Entry::from_body(kind, &flipped) {
                    assert_eq!(entry.to_body(&stamp), flipped, "{} bit {bit} at {at}", kind.name());
                }
            }
        }
    }
}

#[test]
fn a_forged_length_reserves_nothing() {
    let mut out = Writer::new();
    out.byte(Kind::StockReceived.version());
    out.raw(&[0, 0, 0]);
    out.raw(&[7; 16]);
    out.varint(u64::MAX);
    assert_eq!(Entry::from_body(Kind::StockReceived, &out.finish()), Err(Malformed::TooLong));
}

#[test]
fn a_newer_version_is_not_guessed_at() {
    let mut body = samples()[0].to_body(&stamp());
    body[0] = samples()[0].kind().version() + 1;
    assert_eq!(Entry::from_body(samples()[0].kind(), &body), Err(Malformed::Choice));
}
