//! What has been stored stays readable for ever: each file in `frozen/` was written once and is only read.
//!
//! A new kind of document or a new version of the body gets a new file. An existing file never changes; if it
//! no longer reads as expected, the code is wrong.

#![expect(clippy::unwrap_used, reason = "allow-unwrap-in-tests does not reach helpers outside #[test]")]

mod common;

use std::path::PathBuf;

use common::{MOMENT_MS, author, edits, thing, written};
use soko_documents::{ChangeBody, Document, DocumentKind, Edit, Field, Value, apply_checked};
use soko_domain::wire::Wire;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name)
}

/// Reads a frozen file. To add one, write the expected bytes there once with `SOKO_FREEZE=1`; a file that exists
/// is never written again.
fn frozen(name: &str, fresh: &[u8]) -> Vec<u8> {
    let path = path(name);
    if std::env::var_os("SOKO_FREEZE").is_some() && !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, fresh).unwrap();
    }
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn body(kind: DocumentKind) -> ChangeBody {
    ChangeBody { document: thing(0x11), kind, change: written(kind, 1).1 }
}

/// A document with a second author's concurrent edit in it.
fn document(kind: DocumentKind) -> Document {
    let (document, _) = written(kind, 1);
    let mut apart = Document::new(kind).unwrap();
    let field = if kind == DocumentKind::OpenOrder { Field::Title } else { Field::Name };
    let edit = Edit::SetText { field, text: "Second".into() };
    let edited = apart.edit(&author(2), MOMENT_MS, &[edit]).unwrap().unwrap();
    let changes = [(author(2), edited.change.as_slice())];
    let applied = apply_checked(Some(&document.save()), kind, &changes).unwrap();
    Document::load(kind, &applied.saved).unwrap()
}

fn file(kind: DocumentKind, what: &str) -> String {
    let name = match kind {
        DocumentKind::Product => "product",
        DocumentKind::Category => "category",
        DocumentKind::PriceList => "price-list",
        DocumentKind::Stall => "stall",
        DocumentKind::OpenOrder => "open-order",
    };
    format!("{name}.{what}.v1.bin")
}

#[test]
fn frozen_change_bodies_decode_as_ever_and_are_written_the_same() {
    for kind in DocumentKind::ALL {
        let body = body(*kind);
        let bytes = frozen(&file(*kind, "change"), &body.to_bytes());
        assert_eq!(ChangeBody::from_bytes(&bytes), Ok(body.clone()), "{kind:?}");
        assert_eq!(body.to_bytes(), bytes, "{kind:?}");
    }
}

#[test]
fn frozen_documents_read_as_ever() {
    for kind in DocumentKind::ALL {
        let expected = document(*kind);
        let bytes = frozen(&file(*kind, "document"), &expected.save());
        let loaded = Document::load(*kind, &bytes).unwrap();
        assert_eq!(loaded.heads(), expected.heads(), "{kind:?}");
        assert_eq!(loaded.value(), expected.value(), "{kind:?}");
        // And it can still be worked on.
        let mut loaded = loaded;
        loaded.edit(&author(3), MOMENT_MS, &edits(*kind)).unwrap();
        loaded.save_checked().unwrap();
    }
}

/// The roots that every document of a kind shares. Another root is another document for every merge.
#[test]
fn the_genesis_of_each_kind_is_the_same_for_ever() {
    let roots: Vec<String> = DocumentKind::ALL
        .iter()
        .map(|kind| {
            let heads = Document::new(*kind).unwrap().heads();
            assert_eq!(heads.len(), 1);
            heads[0].to_string()
        })
        .collect();
    assert_eq!(roots, ROOTS);
}

const ROOTS: [&str; 5] = [
    "04a18dd39de8d793310d48694c319f92920a1f6d146975a5fabae95fcc4db4f6",
    "800b58a692b19e220138e9071726325ac0cf389d989f8940852d2a3599102af1",
    "ad082b186b60a9d827dbab932a68e8864ee66549ba47fa1f99377a10cc01abcb",
    "e9daed4a9f7547518e29e23eb48f591e20a81597d869fe19ca7b6b956718439c",
    "c0bbb157acfc1fd1eca3e791245e9ca25b7fd54cb286879951222cf242f01b8e",
];

#[test]
fn the_typed_reading_of_a_frozen_document_is_written_down() {
    let bytes = std::fs::read(path("category.document.v1.bin")).unwrap();
    let (value, problems) = Document::load(DocumentKind::Category, &bytes).unwrap().value();
    let Value::Category(category) = value else {
        panic!("{value:?}");
    };
    assert_eq!((category.parent, category.position), (Some(thing(0x30)), 2));
    assert_eq!(problems.len(), 1, "the two names are a conflict: {problems:?}");
    assert_eq!(problems[0].field(), "name");
}

#[test]
fn bodies_of_another_version_or_with_more_behind_them_are_not_read() {
    let mut bytes = body(DocumentKind::Category).to_bytes();
    bytes.push(0);
    assert!(ChangeBody::from_bytes(&bytes).is_err());
    bytes.pop();
    bytes[0] = 2;
    assert!(ChangeBody::from_bytes(&bytes).is_err());
    bytes[0] = 1;
    bytes[17] = 99;
    assert!(ChangeBody::from_bytes(&bytes).is_err(), "unknown kind");
}
