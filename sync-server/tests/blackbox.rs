//! What strangers and broken devices send: each is refused with a reason or parked, nothing fails, nobody else
//! notices, every document still loads, and memory stays flat. Documents are applied in the real child processes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use axum::http::StatusCode;
use common::server::Answer;
use common::shop::{Register, STALL, Shop, core_with_children, exchange, send_page, stores};
use sha2::{Digest as _, Sha256};
use soko_documents::{ChangeBody, Document, DocumentKind, Product, Typed as _};
use soko_domain::entry::{Entry, ShiftClosed};
use soko_domain::ids::{AuthorId, LogId, ShiftId, ThingId};
use soko_domain::wire::{Wire as _, Writer};
use soko_projection::change_kind;
use soko_record_log::{StoreError, Tx, params};
use soko_replication::limits::PAGE_BYTES_MAX;
use soko_replication::{Page, Run};
use soko_sync_server::demo::Device;

/// What hostile bytes may add to the server's greatest memory, far below what one of them would take if it were
/// believed.
const MEMORY_KIB_MAX: u64 = 96 * 1024;
const EXCHANGES: usize = 4;

struct Scene {
    shop: Shop,
    evil: Register,
    honest: Register,
}

impl Scene {
    async fn set(store: common::TestStore) -> Self {
        let shop = Shop::open(store, core_with_children(), 5).await;
        let evil = shop.register(6, "manager").await;
        let honest = shop.register(7, "manager").await;
        Self { shop, evil, honest }
    }

    async fn send(&self, bytes: Vec<u8>) -> Answer {
        send_page(&self.shop.server, &self.evil.access, bytes).send().await
    }

    async fn refused(&self, bytes: Vec<u8>, what: &str) {
        let answer = self.send(bytes).await;
        assert!(answer.status.is_client_error(), "{what}: {answer:?}");
        let json = answer.json();
        assert!(json["code"].is_string() && json["detail"].is_string(), "{what}: {json}");
    }

    /// Taken as a page, and said to be wrong inside it.
    async fn told(&self, page: &Page, what: &str) {
        let answer = self.send(page.encode().unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{what}: {answer:?}");
        let reply = Page::decode(&answer.bytes).unwrap();
        assert!(!reply.verdicts.is_empty(), "{what} was taken in silence");
    }

    /// Others are served, and every document loads.
    async fn all_is_well(&mut self, after: &str) {
        let product =
            Product { name: format!("after {after}"), currency: "EUR".into(), ..Product::default() };
        let digest = Sha256::digest(after.as_bytes());
        let document = ThingId(digest[..16].try_into().unwrap());
        self.honest.device.edit((document, DocumentKind::Product), &product.edits(), 1).unwrap();
        exchange(&self.shop.server, &mut self.honest).await;
        let path = format!("/v1/stalls/{STALL}/products?search=after");
        let shown = self.shop.server.get(&path).send().await.expect(StatusCode::OK);
        assert!(String::from_utf8_lossy(&shown.bytes).contains(after), "{after}");
        let documents = |tx: &mut dyn Tx| {
            let rows = tx.query("select kind, saved from document where log = $1", params![STALL])?;
            rows.iter()
                .map(|row| Ok((row.number::<u8>(0)?, row.blob(1)?.to_vec())))
                .collect::<Result<Vec<_>, StoreError>>()
        };
        let found = self.shop.server.store.store.read(documents).await.map_err(|e| format!("{e:?}")).unwrap();
        assert!(found.len() >= 3);
        for (number, saved) in found {
            let kind = DocumentKind::ALL.iter().find(|kind| kind.number() == number).unwrap();
            Document::load(*kind, &saved).unwrap();
        }
    }
}

/// The most memory this process ever had. The children are not counted: they have limits of their own.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_damaged_forged_or_foreign_are_refused_or_told() {
    for store in stores() {
        let mut scene = Scene::set(store).await;
        let honest_page = scene.evil.device.page().unwrap();
        let good = honest_page.encode().unwrap();
        for cut in (0..good.len()).step_by(good.len() / 40) {
            scene.refused(good[..cut].to_vec(), &format!("cut at {cut}")).await;
        }
        for bit in (0..good.len() * 8).step_by(13) {
            let mut flipped = good.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            scene.refused(flipped, &format!("bit {bit} flipped")).await;
        }
        scene.refused([good.as_slice(), b"x"].concat(), "a byte too many").await;
        let too_long = scene.send(vec![0; PAGE_BYTES_MAX + 1]).await;
        too_long.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
        let elsewhere = Page { log: LogId([0x99; 16]), ..honest_page.clone() };
        scene.refused(elsewhere.encode().unwrap(), "another stall's page").await;
        let other = Page { sender: scene.honest.device.author(), ..honest_page.clone() };
        scene.refused(other.encode().unwrap(), "another device's page").await;
        scene.all_is_well("pages").await;

        // Inside a sound page: somebody else's name, another stall's records, nobody's records.
        let mut forged = honest_page.clone();
        forged.runs[0].author = scene.shop.register.device.author();
        scene.told(&forged, "a forged author").await;
        let mut foreign = Device::new([8; 32], LogId([0x98; 16]), [8; 16], "foreign").unwrap();
        let foreign = Page { runs: foreign.page().unwrap().runs, ..honest_page.clone() };
        scene.told(&foreign, "another stall's records").await;
        let mut stranger = Device::new([9; 32], STALL, [9; 16], "stranger").unwrap();
        let unknown = Page { runs: stranger.page().unwrap().runs, ..honest_page.clone() };
        scene.told(&unknown, "records of nobody").await;
        scene.all_is_well("forgeries").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_and_reordering_change_nothing() {
    for store in stores() {
        let mut scene = Scene::set(store).await;
        for number in 0..6u8 {
            let product =
                Product { name: format!("p{number}"), currency: "EUR".into(), ..Product::default() };
            let document = (ThingId([0x60 + number; 16]), DocumentKind::Product);
            scene.evil.device.edit(document, &product.edits(), 1).unwrap();
        }
        let whole = scene.evil.device.page().unwrap();
        let records = scene.evil.device.records().to_vec();
        let run = |from: usize, to: usize| Run::from_records(records[from..to].to_vec()).unwrap();
        // The second half before the first: a gap is refused, the rest follows later.
        let reordered = Page { runs: vec![run(4, 7), run(0, 4)], ..whole.clone() };
        scene.send(reordered.encode().unwrap()).await.expect(StatusCode::OK);
        let mut heads = Vec::new();
        for _ in 0..EXCHANGES {
            let answer = scene.send(whole.encode().unwrap()).await.expect(StatusCode::OK);
            heads.push(Page::decode(&answer.bytes).unwrap().heads[&scene.evil.device.author()]);
        }
        assert!(heads.iter().all(|head| head.seq == 7 && *head == heads[0]), "{heads:?}");
        scene.all_is_well("replays").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_brings_the_edits_of_many_devices() {
    const MET: u8 = 7;
    for store in stores() {
        let mut scene = Scene::set(store).await;
        // Each edited a product of its own and one that all of them edited, and met nobody but the one that sends.
        let mut page = scene.honest.device.page().unwrap();
        for number in 0..MET {
            let mut met = scene.shop.register(0x30 + number, "manager").await;
            for document in [ThingId([0x70 + number; 16]), ThingId([0x6f; 16])] {
                let name = format!("by {number}");
                let product = Product { name, currency: "EUR".into(), ..Product::default() };
                met.device.edit((document, DocumentKind::Product), &product.edits(), 1).unwrap();
            }
            page.runs.extend(met.device.page().unwrap().runs);
        }
        let brought = page.runs.clone();
        let sent = send_page(&scene.shop.server, &scene.honest.access, page.encode().unwrap()).send().await;
        let reply = Page::decode(&sent.expect(StatusCode::OK).bytes).unwrap();
        assert_eq!(reply.verdicts, []);
        for run in brought {
            let last = run.first_seq - 1 + u64::try_from(run.records.len()).unwrap();
            assert_eq!(reply.heads[&run.author].seq, last);
        }
        scene.all_is_well("a meeting").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_parked_and_memory_stays_flat() {
    for store in stores() {
        let mut scene = Scene::set(store).await;
        exchange(&scene.shop.server, &mut scene.evil).await;
        scene.all_is_well("warming up").await;
        let before = memory_kib();
        let author = scene.evil.device.author();
        let runs = run_length_bomb(author);
        assert!(runs.len() < 200, "{}", runs.len());
        let bombs =
            [("a run length bomb", runs), ("a deflate bomb", deflate_bomb()), ("noise", vec![0xff; 5_000])];
        for (number, (what, change)) in (0x70..).zip(bombs) {
            let body = ChangeBody { document: ThingId([number; 16]), kind: DocumentKind::Product, change };
            let kind = change_kind(DocumentKind::Product);
            scene.evil.device.write_body(kind, body.to_bytes()).unwrap();
            let page = scene.evil.device.page().unwrap();
            scene.told(&page, what).await;
            exchange(&scene.shop.server, &mut scene.evil).await;
            scene.all_is_well(what).await;
        }
        scene.refused(page_bomb(), "a page that says it is small").await;
        scene.all_is_well("a page bomb").await;
        let grown = memory_kib() - before;
        assert!(grown < MEMORY_KIB_MAX, "{grown} KiB more than before");
    }
}

/// A kind that no program of today knows.
const NEWER: u16 = 0x0ffe;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_program_wrote_is_kept_and_given_to_others_to_the_byte() {
    for store in stores() {
        let mut scene = Scene::set(store).await;
        exchange(&scene.shop.server, &mut scene.honest).await;
        scene.evil.device.write_body(NEWER, b"of a later year \xff\x00".to_vec()).unwrap();
        exchange(&scene.shop.server, &mut scene.evil).await;
        let written = scene.evil.device.records().last().unwrap().clone();
        assert_eq!(written.kind, NEWER);

        let page = scene.honest.device.page().unwrap().encode().unwrap();
        let answer = send_page(&scene.shop.server, &scene.honest.access, page).send().await;
        let reply = Page::decode(&answer.expect(StatusCode::OK).bytes).unwrap();
        let author = scene.evil.device.author();
        let run = reply.runs.iter().find(|run| run.author == author).unwrap();
        assert_eq!(run.records.last(), Some(&(NEWER, written.body.clone())));
        assert_eq!(reply.heads[&author].hash, written.id());
        scene.all_is_well("a newer kind").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_no_column_holds_is_parked_or_kept_and_never_fails() {
    for store in stores() {
        let mut scene = Scene::set(store).await;
        let closed = ShiftClosed {
            shift: ShiftId([1; 16]),
            expected_minor: 0,
            counted_minor: i64::MIN,
            reason: "nul \u{0} and \u{1b}[2J".into(),
        };
        scene.evil.device.write([Entry::from(closed)], i64::MAX).unwrap();
        scene.evil.device.write_body(0x0fff, vec![0xff; 100]).unwrap();
        scene.evil.device.write_body(3, Vec::new()).unwrap();
        exchange(&scene.shop.server, &mut scene.evil).await;
        scene.all_is_well("odd text").await;
    }
}

/// A hundred bytes that say they are twenty million operations, with a right checksum.
fn run_length_bomb(author: AuthorId) -> Vec<u8> {
    let run = |value: &[u8]| [signed(20_000_000).as_slice(), value].concat();
    let columns: Vec<(u64, Vec<u8>)> = vec![
        (0x15, run(&[1, b'k'])),
        (0x34, vec![0x80, 0xda, 0xc4, 0x09]),
        (0x42, run(&[1])),
        (0x56, run(&[1])),
        (0x70, run(&[0])),
    ];
    let mut out = Writer::new();
    Document::new(DocumentKind::Product).unwrap().heads().put(&mut out);
    out.bytes(author.as_bytes());
    [1, 3].into_iter().for_each(|number| out.varint(number));
    out.byte(0);
    out.bytes(&[]);
    out.varint(0);
    out.varint(columns.len() as u64);
    for (number, data) in &columns {
        out.varint(*number);
        out.varint(data.len() as u64);
    }
    columns.iter().for_each(|(_, data)| out.raw(data));
    chunk(1, &out.finish(), None)
}

/// A signed number as Automerge's columns spell it.
fn signed(mut value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        let done = value == 0 && byte & 0x40 == 0;
        out.push(if done { byte } else { byte | 0x80 });
        if done {
            return out;
        }
    }
}

/// 64 MiB in as little as deflate can.
fn deflate_bomb() -> Vec<u8> {
    let zeros = vec![0; 64 * 1024 * 1024];
    chunk(2, &miniz_oxide::deflate::compress_to_vec(&zeros, 9), Some([0; 4]))
}

fn chunk(kind: u8, data: &[u8], checksum: Option<[u8; 4]>) -> Vec<u8> {
    let mut hashed = Writer::new();
    hashed.byte(kind);
    hashed.bytes(data);
    let digest = Sha256::digest(hashed.finish());
    let mut out = Writer::new();
    out.raw(&[0x85, 0x6f, 0x4a, 0x83]);
    out.raw(&checksum.unwrap_or(digest[..4].try_into().unwrap()));
    out.byte(kind);
    out.bytes(data);
    out.finish()
}

/// A page whose content is far longer than it declares.
fn page_bomb() -> Vec<u8> {
    let deflated = miniz_oxide::deflate::compress_to_vec(&vec![0; 64 * 1024 * 1024], 9);
    let header = [b"SKP1".as_slice(), &[1, 0, 1, 0, 1], &4_000_000u32.to_be_bytes(), &[0; 8]].concat();
    [header, deflated].concat()
}
