//! The guard: every honest change passes, nothing that a stranger can send does harm.

#![expect(clippy::unwrap_used, reason = "allow-unwrap-in-tests does not reach helpers outside #[test]")]

mod common;

use common::{Choices, MOMENT_MS, author, edits, written};
use sha2::{Digest, Sha256};
use soko_documents::limits::{CHANGE_BYTES_MAX, DEPS_MAX, INFLATED_BYTES_MAX, RUN_LENGTH_SUM_MAX};
use soko_documents::worker::{WorkChange, WorkReply, WorkRequest, frame, frame_len, handle};
use soko_documents::{
    Document, DocumentKind, Edit, Field, Limits, Part, Problem, Refused, Scalar, apply_checked, prescan,
};
use soko_domain::ids::Hash;
use soko_domain::wire::{Wire, Writer};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// A chunk with the right length and checksum around any data.
fn chunk(kind: u8, data: &[u8]) -> Vec<u8> {
    let mut change = Writer::new();
    change.byte(1);
    change.bytes(data);
    let checksum = Sha256::digest(change.finish());
    framed(kind, &checksum[..4], data)
}

fn framed(kind: u8, checksum: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.raw(&MAGIC);
    out.raw(checksum);
    out.byte(kind);
    out.bytes(data);
    out.finish()
}

/// The data of a chunk with a length of one to three bytes.
fn data_of(change: &[u8]) -> &[u8] {
    let len_bytes = change[9..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    &change[9 + len_bytes..]
}

/// The form with compression that Automerge also reads.
fn compressed(data: &[u8]) -> Vec<u8> {
    let checksum = chunk(1, data)[4..8].to_vec();
    framed(2, &checksum, &miniz_oxide::deflate::compress_to_vec(data, 6))
}

/// A change taken apart, so that each part can be forged alone. As it stands it is honest: one register set.
struct Forged {
    deps: Vec<Hash>,
    actor: Vec<u8>,
    seq: u64,
    start_op: u64,
    message: Vec<u8>,
    others: Vec<Vec<u8>>,
    columns: Vec<(u64, Vec<u8>)>,
    trailing: Vec<u8>,
}

const KEY: usize = 0;
const INSERT: usize = 1;
const ACTION: usize = 2;
const META: usize = 3;
const VALUE: usize = 4;
const PREDECESSORS: usize = 5;

impl Forged {
    fn new() -> Self {
        Self {
            deps: Document::new(DocumentKind::Product).unwrap().heads(),
            actor: author(1).as_bytes().to_vec(),
            seq: 1,
            start_op: 3,
            message: Vec::new(),
            others: Vec::new(),
            columns: vec![
                (0x15, [&[0x7f, 4], b"name".as_slice()].concat()),
                (0x34, vec![1]),
                (0x42, vec![0x7f, 1]),
                (0x56, vec![0x7f, 0x36]),
                (0x57, b"Rye".to_vec()),
                (0x70, vec![0x7f, 0]),
            ],
            trailing: Vec::new(),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Vec<u8> {
        change(&mut self);
        chunk(1, &self.data())
    }

    fn data(&self) -> Vec<u8> {
        let mut out = Writer::new();
        self.deps.put(&mut out);
        out.bytes(&self.actor);
        out.varint(self.seq);
        out.varint(self.start_op);
        out.byte(0);
        out.bytes(&self.message);
        out.varint(self.others.len() as u64);
        self.others.iter().for_each(|other| out.bytes(other));
        out.varint(self.columns.len() as u64);
        for (number, data) in &self.columns {
            out.varint(*number);
            out.varint(data.len() as u64);
        }
        self.columns.iter().for_each(|(_, data)| out.raw(data));
        out.raw(&self.trailing);
        out.finish()
    }
}

/// A signed number as the columns spell it.
fn signed(mut value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        let done = value == 0 && byte & 0x40 == 0 || value == -1 && byte & 0x40 != 0;
        out.push(if done { byte } else { byte | 0x80 });
        if done {
            return out;
        }
    }
}

fn run(count: i64, value: &[u8]) -> Vec<u8> {
    [&signed(count), value].concat()
}

fn scan(change: &[u8]) -> Result<soko_documents::Scanned, Refused> {
    prescan(change, &author(1), &Limits::STANDARD)
}

#[test]
fn honest_changes_of_every_kind_pass_plain_and_compressed() {
    for kind in DocumentKind::ALL {
        let (document, change) = written(*kind, 1);
        let scanned = scan(&change).unwrap();
        assert_eq!(vec![scanned.hash()], document.heads());
        assert_eq!((scanned.actor(), scanned.seq(), scanned.moment_ms()), (author(1), 1, MOMENT_MS));
        assert_eq!(scanned.deps(), Document::new(*kind).unwrap().heads());
        assert!(scanned.ops().len() >= 3);
        assert_eq!(scan(&compressed(data_of(&change))).unwrap(), scanned);

        let applied = apply_checked(None, *kind, &[(author(1), &change)]).unwrap();
        assert_eq!(applied.heads, document.heads());
        assert_eq!(applied.fields, document.fields());
        assert_eq!(document.change(&scanned.hash()), Some(change.clone()));
        // A repeat on what was saved changes nothing.
        let again = apply_checked(Some(&applied.saved), *kind, &[(author(1), &change)]).unwrap();
        assert_eq!(again.heads, applied.heads);
    }
}

#[test]
fn the_hand_made_change_is_what_automerge_makes() {
    let mut document = Document::new(DocumentKind::Product).unwrap();
    let name = Edit::SetText { field: Field::Name, text: "Rye".into() };
    let edited = document.edit(&author(1), 0, &[name]).unwrap().unwrap();
    assert_eq!(Forged::new().with(|_| {}), edited.change);
}

type Forgery = (&'static str, Vec<u8>, Refused);

/// The envelope, the author and what the change builds on.
fn forged_chunks() -> Vec<Forgery> {
    let many_deps: Vec<Hash> =
        (0..=DEPS_MAX).map(|number| Hash([u8::try_from(number).unwrap(); 32])).collect();
    let other = author(2).as_bytes().to_vec();
    vec![
        ("nothing", Vec::new(), Refused::Malformed(Part::Chunk)),
        ("magic", vec![0; 40], Refused::NotAChange),
        ("document", chunk(0, &Forged::new().data()), Refused::NotAChange),
        ("bundle", chunk(3, &Forged::new().data()), Refused::NotAChange),
        ("unknown chunk", chunk(4, &Forged::new().data()), Refused::NotAChange),
        ("long", vec![0; CHANGE_BYTES_MAX + 1], Refused::TooLong),
        ("checksum", framed(1, &[0; 4], &Forged::new().data()), Refused::Checksum),
        ("two chunks", Forged::new().with(|_| {}).repeat(2), Refused::NotAllowed(Part::Trailing)),
        ("trailing", Forged::new().with(|f| f.trailing = vec![0]), Refused::NotAllowed(Part::Trailing)),
        ("actor", Forged::new().with(|f| f.actor = other.clone()), Refused::ForeignActor),
        ("short actor", Forged::new().with(|f| f.actor = vec![1; 15]), Refused::Malformed(Part::Actor)),
        ("deps", Forged::new().with(|f| f.deps = many_deps), Refused::TooManyDependencies),
        ("no deps", Forged::new().with(|f| f.deps.clear()), Refused::Malformed(Part::Dependencies)),
        (
            "dep twice",
            Forged::new().with(|f| f.deps = f.deps.repeat(2)),
            Refused::Malformed(Part::Dependencies),
        ),
    ]
}

/// The numbers and names before the columns.
fn forged_heads() -> Vec<Forgery> {
    let other = author(2).as_bytes().to_vec();
    vec![
        ("seq 0", Forged::new().with(|f| f.seq = 0), Refused::Malformed(Part::Sequence)),
        ("start 0", Forged::new().with(|f| f.start_op = 0), Refused::Malformed(Part::StartOperation)),
        (
            "start end",
            Forged::new().with(|f| f.start_op = 0xffff_ffff),
            Refused::Malformed(Part::StartOperation),
        ),
        ("message", Forged::new().with(|f| f.message = vec![b'x']), Refused::NotAllowed(Part::Message)),
        (
            "unused",
            Forged::new().with(|f| f.others = vec![other.clone()]),
            Refused::Malformed(Part::OtherActors),
        ),
        (
            "self",
            Forged::new().with(|f| f.others = vec![f.actor.clone()]),
            Refused::Malformed(Part::OtherActors),
        ),
        (
            "twice",
            Forged::new().with(|f| f.others = vec![other.clone(); 2]),
            Refused::Malformed(Part::OtherActors),
        ),
    ]
}

/// Columns that no document of this shop has.
fn forged_columns() -> Vec<Forgery> {
    vec![
        (
            "object",
            Forged::new().with(|f| f.columns.insert(0, (0x01, run(1, &[0])))),
            Refused::NotAllowed(Part::Object),
        ),
        (
            "list",
            Forged::new().with(|f| f.columns.insert(0, (0x13, run(1, &[0])))),
            Refused::NotAllowed(Part::Key),
        ),
        (
            "mark",
            Forged::new().with(|f| f.columns.push((0xa5, run(1, &[1, b'm'])))),
            Refused::NotAllowed(Part::Mark),
        ),
        (
            "expand",
            Forged::new().with(|f| f.columns.push((0x94, vec![0, 1]))),
            Refused::NotAllowed(Part::Mark),
        ),
        (
            "unknown",
            Forged::new().with(|f| f.columns.push((0xf2, run(1, &[0])))),
            Refused::NotAllowed(Part::Columns),
        ),
        ("deflated", Forged::new().with(|f| f.columns[KEY].0 = 0x1d), Refused::NotAllowed(Part::Columns)),
        ("unsorted", Forged::new().with(|f| f.columns.swap(0, 1)), Refused::Malformed(Part::Columns)),
        ("empty", Forged::new().with(|f| f.columns[VALUE].1.clear()), Refused::Malformed(Part::Columns)),
        ("none", Forged::new().with(|f| f.columns.clear()), Refused::Malformed(Part::Columns)),
    ]
}

/// What the columns say.
fn forged_rows() -> Vec<Forgery> {
    vec![
        (
            "insert",
            Forged::new().with(|f| f.columns[INSERT].1 = vec![0, 1]),
            Refused::NotAllowed(Part::Insert),
        ),
        (
            "make map",
            Forged::new().with(|f| f.columns[ACTION].1 = run(-1, &[0])),
            Refused::NotAllowed(Part::Action),
        ),
        (
            "increment",
            Forged::new().with(|f| f.columns[ACTION].1 = run(-1, &[5])),
            Refused::NotAllowed(Part::Action),
        ),
        (
            "delete value",
            Forged::new().with(|f| f.columns[ACTION].1 = run(-1, &[3])),
            Refused::Malformed(Part::Value),
        ),
        (
            "float",
            Forged::new().with(|f| f.columns[META].1 = run(-1, &[0x35])),
            Refused::NotAllowed(Part::Value),
        ),
        (
            "short value",
            Forged::new().with(|f| f.columns[META].1 = run(-1, &[0x46])),
            Refused::Malformed(Part::Value),
        ),
        (
            "long value",
            Forged::new().with(|f| f.columns[META].1 = run(-1, &[0x26])),
            Refused::Malformed(Part::Value),
        ),
        (
            "not text",
            Forged::new().with(|f| f.columns[VALUE].1 = vec![0xff; 3]),
            Refused::Malformed(Part::Value),
        ),
        (
            "ancestor",
            Forged::new().with(|f| f.columns[PREDECESSORS].1 = run(-1, &[1])),
            Refused::Malformed(Part::Predecessors),
        ),
        (
            "null rows",
            Forged::new().with(|f| f.columns[ACTION].1 = vec![0, 1]),
            Refused::Malformed(Part::Action),
        ),
        ("inflate", framed(2, &[0; 4], &[0xff; 40]), Refused::Deflate),
    ]
}

#[test]
fn every_forgery_is_refused_for_its_reason() {
    let table = [forged_chunks(), forged_heads(), forged_columns(), forged_rows()].concat();
    for (name, change, expected) in table {
        assert_eq!(scan(&change).unwrap_err(), expected, "{name}");
        let reply = apply_checked(None, DocumentKind::Product, &[(author(1), &change)]);
        assert_eq!(reply.unwrap_err(), expected, "{name}");
    }
}

/// A change of about a hundred bytes whose every column claims millions of rows.
#[test]
fn run_length_bombs_are_refused_at_once() {
    let bomb = Forged::new().with(|f| {
        let rows = 20_000_000;
        f.columns[KEY].1 = run(rows, &[1, b'k']);
        f.columns[INSERT].1 = vec![0x80, 0xda, 0xc4, 0x09];
        f.columns[ACTION].1 = run(rows, &[1]);
        f.columns[META].1 = run(rows, &[1]);
        f.columns[VALUE] = (0x70, run(rows, &[0]));
        f.columns.pop();
    });
    assert!(bomb.len() < 160, "{}", bomb.len());
    let one_more = i64::try_from(RUN_LENGTH_SUM_MAX).unwrap() + 1;
    let pieces = run(one_more / 2 + 1, &[1]).repeat(2);
    let table: Vec<Vec<u8>> = vec![
        bomb,
        Forged::new().with(|f| f.columns[ACTION].1 = run(one_more, &[1])),
        Forged::new().with(|f| f.columns[ACTION].1 = pieces),
        Forged::new().with(|f| f.columns[KEY].1 = run(i64::MAX, &[1, b'k'])),
        Forged::new().with(|f| f.columns[KEY].1 = run(i64::MIN, &[1, b'k'])),
        Forged::new().with(|f| f.columns[META].1 = run(i64::MIN + 1, &[1])),
        Forged::new().with(|f| f.columns[PREDECESSORS].1 = run(one_more, &[0])),
        Forged::new().with(|f| f.columns[INSERT].1 = vec![0xff, 0xff, 0xff, 0xff, 0x0f]),
        Forged::new().with(|f| f.columns.push((0x71, run(1 << 40, &[0])))),
        Forged::new().with(|f| f.columns.push((0x73, run(1 << 40, &[0])))),
    ];
    for (index, change) in table.iter().enumerate() {
        // A run of i64::MAX rows would never end if any row were expanded before it is counted.
        assert_eq!(scan(change).unwrap_err(), Refused::RunLengths, "{index}");
    }
    let claims_everything = Forged::new().with(|f| f.columns[PREDECESSORS].1 = run(-1, &[0xff; 9]));
    assert!(scan(&claims_everything).is_err());
}

#[test]
fn deflate_bombs_stop_at_the_limit() {
    let bomb = compressed(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < CHANGE_BYTES_MAX);
    assert_eq!(scan(&bomb).unwrap_err(), Refused::Inflated);
    let just_over = compressed(&vec![0; INFLATED_BYTES_MAX + 1]);
    assert_eq!(scan(&just_over).unwrap_err(), Refused::Inflated);
}

#[test]
fn a_change_cut_anywhere_is_refused() {
    for kind in DocumentKind::ALL {
        let (_, change) = written(*kind, 1);
        for end in 0..change.len() {
            assert!(scan(&change[..end]).is_err(), "{kind:?} cut at {end}");
        }
        // The same with a frame that fits what is left.
        let data = data_of(&change);
        for end in 0..data.len() {
            assert!(scan(&chunk(1, &data[..end])).is_err(), "{kind:?} data cut at {end}");
        }
    }
}

#[test]
fn values_outside_the_schema_never_reach_a_document() {
    let set = |key: &str, meta: u8, value: &[u8]| {
        Forged::new().with(|f| {
            f.columns[KEY].1 = [&[0x7f, u8::try_from(key.len()).unwrap()], key.as_bytes()].concat();
            f.columns[META].1 = run(-1, &[meta]);
            f.columns[VALUE].1 = value.to_vec();
        })
    };
    let field = |key: &str| key.to_owned();
    let table = [
        (
            set("price_minor", 0x36, b"450"),
            Refused::Schema(Problem::WrongType { field: field("price_minor") }),
        ),
        (set("currency", 0x36, b"eur"), Refused::Schema(Problem::OutOfRange { field: field("currency") })),
        (set("price_per", 0x14, &[0]), Refused::Schema(Problem::OutOfRange { field: field("price_per") })),
        (set("name", 0x36, b"a\x07b"), Refused::Schema(Problem::OutOfRange { field: field("name") })),
        (set("kind", 0x14, &[2]), Refused::NotAllowed(Part::Key)),
        (set("schema", 0x14, &[2]), Refused::NotAllowed(Part::Key)),
    ];
    for (change, expected) in table {
        assert_eq!(
            apply_checked(None, DocumentKind::Product, &[(author(1), &change)]).unwrap_err(),
            expected
        );
    }
    // What a newer version may write is kept and reported.
    let newer = set("allergens", 0x36, b"nut");
    let applied = apply_checked(None, DocumentKind::Product, &[(author(1), &newer)]).unwrap();
    assert_eq!(applied.fields.values("allergens"), [Scalar::Text("nut".into())]);
    let (_, problems) = applied.fields.value(DocumentKind::Product);
    assert!(problems.contains(&Problem::Unknown { field: "allergens".into() }));
}

#[test]
fn numbers_that_do_not_follow_are_refused() {
    let apply =
        |change: &[u8]| apply_checked(None, DocumentKind::Product, &[(author(1), change)]).unwrap_err();
    assert_eq!(apply(&Forged::new().with(|f| f.seq = 2)), Refused::OutOfOrder { expected: 1, found: 2 });
    // Using up the counters would stop everybody's later edits.
    assert_eq!(apply(&Forged::new().with(|f| f.start_op = 0xffff_0000)), Refused::Counters);
    assert_eq!(apply(&Forged::new().with(|f| f.start_op = 2)), Refused::Counters);
    let unknown = Hash([7; 32]);
    let orphan = Forged::new().with(|f| f.deps.push(unknown));
    assert_eq!(apply(&orphan), Refused::MissingDependencies(vec![unknown]));
    // A predecessor by somebody who never wrote to this document.
    let stranger = Forged::new().with(|f| {
        f.others = vec![author(2).as_bytes().to_vec()];
        f.columns[PREDECESSORS].1 = run(-1, &[1]);
        f.columns.push((0x71, run(-1, &[1])));
        f.columns.push((0x73, run(-1, &[2])));
    });
    assert_eq!(apply(&stranger), Refused::Malformed(Part::OtherActors));
    // A second first change of one author, as after a restored backup.
    let (document, _) = written(DocumentKind::Product, 1);
    let fork = Forged::new().with(|_| {});
    let refused = apply_checked(Some(&document.save()), DocumentKind::Product, &[(author(1), &fork)]);
    assert_eq!(refused.unwrap_err(), Refused::OutOfOrder { expected: 2, found: 1 });
    // Two changes of one author side by side may not share operation numbers.
    let first = Forged::new().with(|_| {});
    let second = Forged::new().with(|f| f.seq = 2);
    let both = [(author(1), first.as_slice()), (author(1), second.as_slice())];
    assert!(apply_checked(None, DocumentKind::Product, &both).is_err());
}

/// One place of honest data changed, with length and checksum made right again.
fn mutant(data: &[u8], choices: &mut Choices) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..1 + choices.below(3) {
        let at = choices.below(data.len());
        match choices.below(5) {
            0 => data[at] ^= 1 << choices.below(8),
            1 => data[at] = choices.byte(),
            2 => data.insert(at, choices.byte()),
            3 if data.len() > 1 => drop(data.remove(at)),
            _ => data[at] = [0, 1, 0x7f, 0x7e, 0x80, 0xff, 2, 3][choices.below(8)],
        }
    }
    chunk(1, &data)
}

/// Changes with a past: values replaced, deleted, and written by several authors.
fn history(kind: DocumentKind) -> (Document, Vec<u8>) {
    let (mut document, _) = written(kind, 1);
    let mut apart = document.clone();
    let second = if kind == DocumentKind::OpenOrder { Field::Title } else { Field::Name };
    let text = |text: &str| Edit::SetText { field: second, text: text.into() };
    document.edit(&author(2), MOMENT_MS, &[text("two")]).unwrap();
    let third = apart.edit(&author(3), MOMENT_MS, &[text("three")]).unwrap().unwrap();
    document.apply(&prescan(&third.change, &author(3), &Limits::STANDARD).unwrap()).unwrap();
    let mut later = document.clone();
    let mut all = edits(kind);
    all.push(text("four"));
    if kind == DocumentKind::Product {
        all.push(Edit::Clear { field: Field::Cost });
    }
    let change = later.edit(&author(1), MOMENT_MS + 1, &all).unwrap().unwrap().change;
    (document, change)
}

#[test]
fn mutants_never_escape_and_every_accepted_one_leaves_a_document_that_loads() {
    const MUTANTS_PER_CHANGE: usize = 600;
    std::panic::set_hook(Box::new(|_| {}));
    let (mut scanned, mut accepted, mut refused_by_automerge) = (0, 0, 0);
    let mut choices = Choices(0x5eed_5eed_5eed_5eed);
    for kind in DocumentKind::ALL {
        let root = Document::new(*kind).unwrap();
        let fresh = (root.save(), written(*kind, 1).1);
        let (old, change) = history(*kind);
        for (saved, honest) in [fresh, (old.save(), change)] {
            assert!(apply_checked(Some(&saved), *kind, &[(author(1), &honest)]).is_ok());
            for _ in 0..MUTANTS_PER_CHANGE {
                let mutant = mutant(data_of(&honest), &mut choices);
                scanned += usize::from(scan(&mutant).is_ok());
                let outcome = apply_checked(Some(&saved), *kind, &[(author(1), &mutant)]);
                let caught =
                    matches!(outcome, Err(Refused::Automerge | Refused::Panicked | Refused::NotDurable));
                refused_by_automerge += usize::from(caught);
                let Ok(applied) = outcome else {
                    continue;
                };
                accepted += 1;
                let loaded = Document::load(*kind, &applied.saved).unwrap();
                assert_eq!(loaded.heads(), applied.heads);
                assert_eq!(loaded.fields(), applied.fields);
            }
        }
    }
    let _ = std::panic::take_hook();
    println!("scanned {scanned}, accepted {accepted}, caught later {refused_by_automerge}");
    // The campaign met both outcomes; a guard that refuses everything would prove nothing.
    assert!(accepted > 100 && scanned > accepted);
}

#[test]
fn the_worker_answers_any_bytes() {
    let (document, change) = written(DocumentKind::Stall, 1);
    let request = WorkRequest {
        kind: DocumentKind::Stall,
        saved: None,
        changes: vec![WorkChange { author: author(1), change: change.clone() }],
    };
    let bytes = request.to_bytes();
    assert_eq!(WorkRequest::from_bytes(&bytes), Ok(request.clone()));
    let WorkReply::Applied(applied) = WorkReply::from_bytes(&handle(&bytes)).unwrap() else {
        panic!("refused");
    };
    assert_eq!((applied.heads, applied.fields), (document.heads(), document.fields()));

    for end in 0..bytes.len() {
        assert_eq!(handle(&bytes[..end]), WorkReply::Refused(Refused::Request).to_bytes());
    }
    let forged = WorkRequest { changes: vec![WorkChange { author: author(9), change }], ..request.clone() };
    let reply = WorkReply::from_bytes(&handle(&forged.to_bytes())).unwrap();
    assert_eq!(reply, WorkReply::Refused(Refused::ForeignActor));
    let rotten = WorkRequest { saved: Some(vec![1, 2, 3]), ..request };
    let reply = WorkReply::from_bytes(&handle(&rotten.to_bytes())).unwrap();
    assert_eq!(reply, WorkReply::Refused(Refused::Unreadable));

    let framed = frame(&bytes).unwrap();
    let length: [u8; 4] = framed[..4].try_into().unwrap();
    assert_eq!(frame_len(length), Some(bytes.len()));
    assert_eq!(frame_len([0xff; 4]), None);
}

#[test]
fn every_refusal_survives_the_pipe() {
    let field = || "name".to_owned();
    let problems = [
        Problem::Missing { field: field() },
        Problem::WrongType { field: field() },
        Problem::TooLong { field: field() },
        Problem::OutOfRange { field: field() },
        Problem::Conflict {
            field: field(),
            values: vec![
                Scalar::Flag(true),
                Scalar::Number(-5),
                Scalar::Text("x".into()),
                Scalar::Bytes(vec![1]),
                Scalar::Foreign,
            ],
        },
        Problem::TooMany { field: field() },
        Problem::Unknown { field: field() },
    ];
    let mut refusals = vec![
        Refused::TooLong,
        Refused::NotAChange,
        Refused::Checksum,
        Refused::Deflate,
        Refused::Inflated,
        Refused::TooManyDependencies,
        Refused::RunLengths,
        Refused::ForeignActor,
        Refused::MissingDependencies(vec![Hash([1; 32]), Hash([2; 32])]),
        Refused::OutOfOrder { expected: 1, found: 300 },
        Refused::Counters,
        Refused::TooLarge,
        Refused::Unreadable,
        Refused::Automerge,
        Refused::Panicked,
        Refused::NotDurable,
        Refused::Request,
    ];
    refusals.extend(problems.map(Refused::Schema));
    refusals
        .extend(Part::ALL.iter().flat_map(|part| [Refused::Malformed(*part), Refused::NotAllowed(*part)]));
    for refused in refusals {
        let reply = WorkReply::Refused(refused);
        assert_eq!(WorkReply::from_bytes(&reply.to_bytes()), Ok(reply));
    }
}
