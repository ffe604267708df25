//! What was once written must be read for ever. The files never change; a new form gets new files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use common::LOG;
use soko_domain::ids::{AuthorId, EpochId, Hash, ThingId};
use soko_domain::wire::Wire as _;
use soko_replication::protocol::PROTOCOL;
use soko_replication::{
    Answer, Ask, Body, Capabilities, Epoch, Head, Introduction, Page, Pen, Record, Run, Verdict, heads_digest,
};

const INTRODUCTION: &[u8] = include_bytes!("frozen/introduction.bin");
const RECORD: &[u8] = include_bytes!("frozen/record.bin");
const PAGE: &[u8] = include_bytes!("frozen/page.bin");
const PAGE_DEFLATED: &[u8] = include_bytes!("frozen/page_deflated.bin");

const AUTHOR: &str = "2d0789f8e64ff900a0011cca8b364e9a";
const RECORD_ID: &str = "c268e4859e01c8ff5b904dd2c35df2051cb105a7ca4aef505a355546ea36ad8f";
const HEADS_DIGEST: &str = "616cd2eea831c3f7c897bb1ef905e0361f242e87102ff994809a56a621be00ec";

fn author() -> (Pen, Record, Introduction) {
    let (pen, first) = Pen::new([1; 32], LOG, [2; 16], b"register at the fair".to_vec()).unwrap();
    let introduction = Introduction::from_bytes(first.body.bytes().unwrap()).unwrap();
    (pen, first, introduction)
}

fn second() -> Record {
    let (mut pen, _, _) = author();
    let mut record = pen.write(0x0123, b"two mangoes".to_vec()).unwrap();
    pen.sign(&mut record).unwrap();
    record
}

fn page(records: usize) -> Page {
    let (mut pen, first, _) = author();
    let mut records: Vec<Record> = [first]
        .into_iter()
        .chain((0..records).map(|_| pen.write(0x0123, b"two mangoes".to_vec()).unwrap()))
        .collect();
    if let Some(record) = records.get_mut(1) {
        record.body = record.body.withheld();
    }
    pen.sign(records.last_mut().unwrap()).unwrap();
    Page {
        protocol: PROTOCOL,
        capabilities: Capabilities(0b11),
        log: LOG,
        epoch: Epoch { id: EpochId([3; 16]), counter: 4 },
        sender: pen.author(),
        number: 300,
        in_reply_to: Some(299),
        heads: [(AuthorId([0xee; 16]), Head { seq: 7, hash: Hash([8; 32]) }), (pen.author(), pen.head())]
            .into(),
        runs: vec![Run::from_records(records).unwrap()],
        verdicts: vec![Verdict { author: pen.author(), seq: 2, code: 9, note: "no such product".into() }],
        asks: vec![Ask { id: ThingId([5; 16]), body: b"more mangoes".to_vec() }],
        answers: vec![Answer { ask: ThingId([6; 16]), body: b"granted".to_vec() }],
        state_digest: Some(Hash([7; 32])),
        more: true,
    }
}

#[test]
fn an_introduction_is_read() {
    let (_, _, introduction) = author();
    assert_eq!(Introduction::from_bytes(INTRODUCTION).unwrap(), introduction);
    assert_eq!(introduction.to_bytes(), INTRODUCTION);
    assert_eq!(introduction.author(LOG).to_string(), AUTHOR);
}

#[test]
fn a_record_is_read() {
    let record = Record::from_bytes(RECORD).unwrap();
    assert_eq!(record, second());
    assert_eq!(record.to_bytes(), RECORD);
    assert_eq!(record.id().to_string(), RECORD_ID);
    assert_eq!(record.body, Body::Here(b"two mangoes".to_vec()));
}

#[test]
fn pages_are_read() {
    for (name, bytes, records) in [("plain", PAGE, 2), ("deflated", PAGE_DEFLATED, 100)] {
        let expected = page(records);
        assert_eq!(Page::decode(bytes).unwrap(), expected, "{name}");
        // Another deflate may write other bytes, but they must say the same.
        assert_eq!(Page::decode(&expected.encode().unwrap()).unwrap(), expected, "{name}");
    }
    assert_eq!(page(2).encode().unwrap(), PAGE);
    assert_eq!(heads_digest(LOG, &page(2).heads).to_string(), HEADS_DIGEST);
}
