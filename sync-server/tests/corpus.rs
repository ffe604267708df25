//! Every decoder of bytes from outside against its seeds and some thousand mutations of each: nothing panics, and
//! what is read is written back as the same bytes. The same seeds feed the fuzzers in `fuzz/`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use soko_app_api::route::Route;
use soko_app_api::{
    Answer as Answered, Call, MarketQuery, Said, Window, decode, decode_for_shoppers, encode,
};
use soko_documents::worker::{WorkChange, WorkReply, WorkRequest, handle};
use soko_documents::{
    ChangeBody, Document, DocumentKind, Limits, Product, Typed as _, apply_checked, prescan,
};
use soko_domain::about::About;
use soko_domain::ask::{Answer, Ask};
use soko_domain::deal::Deal;
use soko_domain::delivery::Terms;
use soko_domain::entry::{Entry, Kind};
use soko_domain::essence::Proof;
use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::import::{Reading, Table, guess_decimal, guess_fields, read_rows};
use soko_domain::money::{Currency, Money, Ppm};
use soko_domain::opening::Opening;
use soko_domain::point::Point;
use soko_domain::purse::{CARD_LETTERS, CardCode};
use soko_domain::scale;
use soko_domain::statement::{StatementReading, read_statement, statement_table};
use soko_domain::stock::transfers;
use soko_domain::tab;
use soko_domain::tax::TaxRate;
use soko_domain::telephone::Telephone;
use soko_domain::transfer::TransferTerms;
use soko_domain::wire::Wire;
use soko_replication::{Introduction, Page, Record};
use soko_sync_server::demo::Device;
use soko_sync_server::messages::{SmsShape, TextReports, is_bounced};
use soko_sync_server::pay::Secret;
use soko_sync_server::rivals::may_read;

const MUTATIONS_PER_SEED: u64 = 1_500;

type Seeds = Vec<(String, Vec<u8>)>;

/// Name, seeds, and what reading them must keep true. Says whether the bytes were accepted.
type Target = (&'static str, Seeds, fn(&[u8]) -> bool);

fn folder(inside: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(inside)
}

fn device() -> Device {
    let mut device = Device::new([1; 32], LogId([2; 16]), [3; 16], "corpus").unwrap();
    let product = Product { name: "Rye bread".into(), currency: "EUR".into(), ..Product::default() };
    device.edit((ThingId([4; 16]), DocumentKind::Product), &product.edits(), 5).unwrap();
    for (kind, body) in entries().into_iter().filter(|(kind, _)| *kind < 0x100) {
        device.write_body(kind, body).unwrap();
    }
    device
}

/// One body of every kind, as it is frozen.
fn entries() -> Vec<(u16, Vec<u8>)> {
    let samples = std::fs::read_dir(folder("crates/domain/tests/frozen_entries/samples")).unwrap();
    let mut entries: Vec<_> = samples
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let kind = u16::from_str_radix(name.split('-').next().unwrap(), 16).unwrap();
            let digits = std::fs::read_to_string(file.path()).unwrap();
            let digits = digits.trim().as_bytes();
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            (kind, digits.chunks(2).map(byte).collect())
        })
        .collect();
    entries.sort();
    entries
}

fn changes() -> Vec<(AuthorId, Vec<u8>)> {
    let author = AuthorId([7; 16]);
    let mut document = Document::new(DocumentKind::Product).unwrap();
    let product = Product {
        name: "Tea".into(),
        description: "Green. ".repeat(100),
        currency: "EUR".into(),
        ..Product::default()
    };
    let first = document.edit(&author, 1, &product.edits()).unwrap().unwrap();
    let renamed = Product { name: "Black tea".into(), ..product };
    let second = document.edit(&author, 2, &renamed.edits()).unwrap().unwrap();
    vec![(author, first.change), (author, second.change)]
}

fn named<T>(values: Vec<T>, bytes: impl Fn(T) -> Vec<u8>) -> Seeds {
    (0..).zip(values).map(|(number, value): (u32, T)| (format!("{number:02}.bin"), bytes(value))).collect()
}

fn targets() -> Vec<Target> {
    let mut device = device();
    let full = device.page().unwrap().encode().unwrap();
    let empty = Page { runs: Vec::new(), ..device.page().unwrap() }.encode().unwrap();
    let request = WorkRequest {
        kind: DocumentKind::Product,
        saved: None,
        changes: changes().into_iter().map(|(author, change)| WorkChange { author, change }).collect(),
    };
    let bodies = changes().into_iter().map(|(_, change)| ChangeBody {
        document: ThingId([4; 16]),
        kind: DocumentKind::Product,
        change,
    });
    let prefixed = |(author, change): (AuthorId, Vec<u8>)| [author.as_bytes(), change.as_slice()].concat();
    vec![
        ("page", named(vec![full, empty], |bytes| bytes), read_page),
        ("record", named(device.records().iter().take(3).collect(), |record| record.to_bytes()), read_record),
        (
            "entry",
            named(entries(), |(kind, body)| [&kind.to_be_bytes(), body.as_slice()].concat()),
            read_entry,
        ),
        ("change_body", named(bodies.collect(), |body| body.to_bytes()), read_change_body),
        ("prescan", named(changes(), prefixed), read_change),
        ("work_request", named(vec![request], |request| request.to_bytes()), read_work),
        ("said", named(said(), |bytes| bytes), read_said),
        ("table", named(tables(), |text: &str| text.as_bytes().to_vec()), read_table),
        ("call", named(calls(), |call| encode(&call).unwrap()), read_call),
        ("typed", named(typed(), |text| text.into_bytes()), read_typed),
        ("statement", named(statements(), |text: &str| text.as_bytes().to_vec()), read_statement_file),
        ("address", named(addresses(), |text: &str| text.as_bytes().to_vec()), read_address),
        ("shopper", named(answers(), |answer| encode(&answer).unwrap()), read_answer),
        ("bounced", named(bounced(), String::into_bytes), is_bounced),
        ("robots", named(robots(), |text: &str| text.as_bytes().to_vec()), read_robots),
        ("kept_text", named(kept_texts(), |text| text), read_kept_text),
        ("dictated", named(dictated(), String::into_bytes), read_dictated),
        ("text_report", named(text_reports(), |report| report), read_text_report),
    ]
}

/// The first byte chooses how the rest is read.
fn said() -> Vec<Vec<u8>> {
    let about = About { name: "till".into(), replaces: Some(AuthorId([6; 16])) };
    let introduction = Introduction { public_key: [1; 32], nonce: [2; 16], about: about.to_bytes() };
    let refused = Answer::Refused { code: "share_exceeded".into(), sentence: "Only 2 are left.".into() };
    let share = Ask::Share { product: ProductId([5; 16]), quantity: 3 };
    let bodies = [share.to_bytes(), refused.to_bytes(), introduction.to_bytes(), about.to_bytes()];
    (0..).zip(bodies).map(|(choice, body): (u8, _)| [&[choice], body.as_slice()].concat()).collect()
}

fn tables() -> Vec<&'static str> {
    vec![
        "name,price,sku,barcode,stock\nMango,1.25,M1,2012345678900,12\n\"Tea, green\",2.50,T1,,3\n",
        "\u{feff}Nom;Prix;Cat\u{e9}gorie;Unit\u{e9}\r\nPain;1,20;Boulangerie;piece\r\nRiz;2,40;;kg\r\n",
        "bei\tjina\n100\tEmbe\n",
    ]
}

fn calls() -> Vec<Call> {
    let window = Window { offset: 0, rows: 50 };
    vec![
        Call::Market(MarketQuery::Stalls { text: "duka".into(), window }),
        Call::Market(MarketQuery::Stall(LogId([2; 16]))),
    ]
}

fn typed() -> Vec<String> {
    let proof = std::fs::read_to_string(folder("crates/domain/tests/frozen_receipts/v1.txt")).unwrap();
    let scale = "20IIIIIWWWWWC 2012345015005";
    vec![proof.trim().into(), scale.into(), "1 250,50".into()]
}

fn statements() -> Vec<&'static str> {
    vec![
        "Account,254700000000\nReceipt No.,Completion Time,Details,Paid In,Withdrawn\nSB12,2026-11-29 10:00:01,Tea,\"1,250.00\",\n",
        "Date;Libellé;Référence;Crédit;Débit\r\n29/11/2026;Paiement;AB-1;12,50;\r\n28/11/2026;Retrait;AB-2;;3,00\r\n",
    ]
}

fn addresses() -> Vec<&'static str> {
    vec![
        "/stall/02020202020202020202020202020202/7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",
        "/category/fruit%20%26%20veg?sort=price",
        "/search?q=th%C3%A9",
        "/verify/SK1-ABC?stall=02020202020202020202020202020202",
    ]
}

fn answers() -> Vec<Answered> {
    vec![Answered::Failed(Said::plainly("no network"))]
}

/// A letter of ours that came back, whole and with its heads alone.
fn bounced() -> Vec<String> {
    let heads = "Message-ID: <00112233445566778899aabbccddeeff@market.example>\nSubject: Hello";
    let report = |returned: String| {
        format!(
            "From: MAILER-DAEMON@relay.example\nSubject: Undelivered\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nI could not bring it.\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n\
             Final-Recipient: rfc822; amina@example.org\nAction: failed\nStatus: 5.1.1\n\
             Diagnostic-Code: smtp; 550 5.1.1 <amina@example.org>:\n  no such user\n\n\
             --b\n{returned}\n\n--b--\n"
        )
    };
    vec![
        report(format!("Content-Type: message/rfc822\n\n{heads}\n\nHello")),
        report(format!("Content-Type: text/rfc822-headers\n\n{heads}\n")).replace('\n', "\r\n"),
    ]
}

/// The first line is the path that is asked for; none of these may be read.
fn robots() -> Vec<&'static str> {
    vec![
        "/private/prices.csv\nUser-agent: *\nDisallow: /private\nAllow: /private/list\n",
        "/prices.csv?day=1\nUser-agent: other\nAllow: /\n\nUser-agent: Soko/1.0\nDisallow: /*.csv # not those\n",
    ]
}

/// The first byte chooses what a text is.
fn kept_texts() -> Vec<Vec<u8>> {
    let deal = format!("{} 199 1790000000000 1790003600000 500 1", ThingId([7; 16]));
    let texts = [
        "1111100 08:00-18:00\n0000010 09:00-13:00",
        "160000=VAT A",
        deal.as_str(),
        "2-3 5-9",
        "-1286389,36817223",
        "zone 150 Town\nzone 300 Hills\nfree 2000\ntax 250000 inclusive",
        "holder Mama Akinyi\nnumber 0123456789\nbank Equity\ndays 3",
    ];
    (0..).zip(texts).map(|(choice, text): (u8, _)| [&[choice], text.as_bytes()].concat()).collect()
}

fn dictated() -> Vec<String> {
    let card = CardCode::of_chance([9; CARD_LETTERS]).to_string();
    vec![
        "1 250,50".into(),
        "8.875%".into(),
        "+254 (0)712-345 678".into(),
        card,
        "-1.286389, 36.817223".into(),
    ]
}

/// Says whether it forbids the path. Lines for others, before all else, say nothing to us.
fn read_robots(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (path, text) = text.split_once('\n').unwrap_or((text, ""));
    let may = may_read(text, path);
    let others = format!("User-agent: other\nDisallow: /\n{}", text.trim_start_matches('\u{feff}'));
    assert_eq!(may_read(&others, path), may, "{path}: {text}");
    !may
}

/// What is read has one way of being written; two forgive blanks, and are written anew as the same.
fn read_kept_text(bytes: &[u8]) -> bool {
    let Some((choice, text)) = bytes.split_first() else { return false };
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let written = match choice % 7 {
        0 => Opening::read(text).map(|it| it.to_string()),
        1 => TaxRate::parse_class(text).map(|it| it.kept()),
        2 => Deal::read(text).map(|it| it.to_string()),
        3 => tab::read(ThingId::default(), text).map(|it| tab::kept(&it)),
        4 => Point::read(text).map(|it| it.to_string()),
        5 => {
            let Ok(terms) = Terms::parse(text) else { return false };
            assert_eq!(Terms::parse(&terms.to_string()), Ok(terms), "{text}");
            return true;
        }
        _ => {
            let Ok(terms) = TransferTerms::parse(text) else { return false };
            assert_eq!(TransferTerms::parse(&terms.to_string()), Ok(terms), "{text}");
            return true;
        }
    };
    assert!(written.as_deref().is_none_or(|written| written == text), "{written:?} of {text}");
    written.is_some()
}

/// What somebody says and another one types. Says whether it was anything.
fn read_dictated(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let money = Money::parse(text, Currency::parse("EUR").unwrap());
    if let Ok(money) = money {
        assert_eq!(Money::parse(&money.plain(), money.currency), Ok(money));
    }
    let part = text.parse::<Ppm>();
    if let Ok(part) = &part {
        assert_eq!(part.to_string().parse().as_ref(), Ok(part));
    }
    let numbers = [Telephone::read(text), Telephone::read_at(text, "KES")];
    for number in numbers.iter().flatten() {
        assert_eq!(Telephone::read(number.as_str()).as_ref(), Ok(number));
    }
    let (code, point) = (CardCode::parse(text), Point::typed(text));
    assert_eq!(code.and_then(|code| CardCode::parse(&code.to_string())), code);
    assert_eq!(point.and_then(|point| Point::read(&point.to_string())), point);
    let is_number = numbers.iter().any(Result::is_ok);
    money.is_ok() || part.is_ok() || is_number || code.is_some() || point.is_some()
}

/// The first byte chooses who reports.
fn text_reports() -> Vec<Vec<u8>> {
    [
        "\0{\"id\":\"00112233445566778899aabbccddeeff\",\"state\":\"failed\",\"reason\":\"no such number\"}",
        "\u{1}id=A1&status=Failed&phoneNumber=%2B254700000000&failureReason=no+%2B254700000000",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

/// Twilio signs, so what it does not sign says nothing.
fn read_text_report(bytes: &[u8]) -> bool {
    let Some((choice, body)) = bytes.split_first() else { return false };
    let shape = match choice % 3 {
        0 => SmsShape::Http,
        1 => SmsShape::AfricasTalking,
        _ => SmsShape::Twilio,
    };
    let address = "https://market.example/t".into();
    let is_read = TextReports { shape, address, secret: Secret::new("key") }.is_one("key", body);
    assert!(!is_read || shape != SmsShape::Twilio);
    is_read
}

fn same<T: Wire>(bytes: &[u8]) -> bool {
    let Ok(read) = T::from_bytes(bytes) else { return false };
    assert_eq!(read.to_bytes(), bytes);
    true
}

fn read_said(bytes: &[u8]) -> bool {
    let Some((choice, rest)) = bytes.split_first() else { return false };
    match choice % 5 {
        0 => same::<Ask>(rest),
        1 => same::<Answer>(rest),
        2 => same::<Introduction>(rest),
        3 => same::<About>(rest),
        _ => same::<WorkReply>(rest),
    }
}

fn read_table(bytes: &[u8]) -> bool {
    let Ok(table) = Table::read(bytes) else { return false };
    let fields = guess_fields(&table.headers);
    let (decimal, currency) = (guess_decimal(&table, &fields), Currency::parse("EUR").unwrap());
    let (rows, _) = read_rows(&table, &Reading { fields, decimal, currency });
    assert!(rows.len() <= table.lines.len());
    true
}

fn read_statement_file(bytes: &[u8]) -> bool {
    let Ok(table) = Table::read(bytes) else { return false };
    let table = statement_table(table);
    let reading = StatementReading::guess(&table);
    let read = read_statement(&table, &reading, Currency::parse("EUR").unwrap());
    assert!(read.rows.len() <= table.lines.len());
    reading.is_enough()
}

/// What a link says: a stranger's is one of ours to the letter, or nothing.
fn read_address(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (path, search) = text.split_once('?').unwrap_or((text, ""));
    let screen = Route::parse(path, search);
    if screen == Route::NotFound {
        assert_eq!(Route::of_stranger(text), None, "{text}");
        return false;
    }
    let again = screen.path();
    let (path, search) = again.split_once('?').unwrap_or((&again, ""));
    assert_eq!(Route::parse(path, search), screen, "{text}");
    if let Some(screen) = Route::of_stranger(text) {
        assert!(text.starts_with(&screen.path()), "{text}");
    }
    true
}

/// What a server or a worker answers a shopper's page that has no engine.
fn read_answer(bytes: &[u8]) -> bool {
    let Ok(answer) = decode_for_shoppers(bytes) else { return false };
    assert_eq!(decode_for_shoppers(&encode(&answer).unwrap()), Ok(answer));
    true
}

fn read_call(bytes: &[u8]) -> bool {
    let Ok(call) = decode::<Call>(bytes) else { return false };
    assert_eq!(decode::<Call>(&encode(&call).unwrap()), Ok(call));
    true
}

/// What people type and scanners read. Says whether it was anything.
fn read_typed(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let proof = Proof::from_text(text);
    if let Ok(proof) = &proof {
        assert_eq!(Proof::from_text(&proof.to_text()).as_ref(), Ok(proof));
    }
    let currency = Currency::parse("EUR").unwrap();
    let money = Money::parse(text, currency);
    if let Ok(money) = money {
        assert_eq!(Money::parse(&money.plain(), currency), Ok(money));
    }
    let (patterns, code) = text.rsplit_once(' ').unwrap_or(("20IIIIIWWWWWC", text));
    proof.is_ok() || money.is_ok() || scale::read(patterns, code).is_some()
}

fn read_page(bytes: &[u8]) -> bool {
    let Ok(page) = Page::decode(bytes) else { return false };
    assert_eq!(Page::decode(&page.encode().unwrap()), Ok(page));
    true
}

fn read_record(bytes: &[u8]) -> bool {
    let Ok(record) = Record::from_bytes(bytes) else { return false };
    assert_eq!(record.to_bytes(), bytes);
    true
}

fn read_entry(bytes: &[u8]) -> bool {
    let Some((kind, body)) = bytes.split_first_chunk::<2>() else { return false };
    let Some(kind) = Kind::from_number(u16::from_be_bytes(*kind)) else { return false };
    let Ok((stamp, entry)) = Entry::from_body(kind, body) else { return false };
    let again = entry.to_body(&stamp);
    // What an older version wrote is written anew as the newest, and says the same.
    if body.first() == again.first() {
        assert_eq!(again, body, "{kind:?}");
    }
    assert_eq!(Entry::from_body(kind, &again).as_ref(), Ok(&(stamp, entry.clone())), "{kind:?}");
    for transfer in transfers(AuthorId::default(), &entry).unwrap_or_default() {
        assert!(transfer.quantity >= 0, "{entry:?}");
    }
    true
}

fn read_change_body(bytes: &[u8]) -> bool {
    let Ok(body) = ChangeBody::from_bytes(bytes) else { return false };
    assert_eq!(body.to_bytes(), bytes);
    true
}

fn read_change(bytes: &[u8]) -> bool {
    let Some((author, change)) = bytes.split_first_chunk::<16>() else { return false };
    let author = AuthorId(*author);
    if prescan(change, &author, &Limits::STANDARD).is_err() {
        return false;
    }
    if let Ok(applied) = apply_checked(None, DocumentKind::Product, &[(author, change)]) {
        assert!(Document::load(DocumentKind::Product, &applied.saved).is_ok());
    }
    true
}

fn read_work(bytes: &[u8]) -> bool {
    matches!(WorkReply::from_bytes(&handle(bytes)).unwrap(), WorkReply::Applied(_))
}

/// A few bytes changed, cut off, repeated or put in; the same ones in every run.
fn mutant(seed: &[u8], number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(bound.max(1)).unwrap()).unwrap()
    };
    let mut bytes = seed.to_vec();
    for _ in 0..=below(3) {
        let at = below(bytes.len());
        let value = u8::try_from(below(256)).unwrap();
        match below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, value),
            2 => bytes.extend_from_slice(&seed[seed.len() - below(seed.len().min(64))..]),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 if at < bytes.len() => bytes[at] = [0, 0x7f, 0x80, 0xff][below(4)],
            _ if at < bytes.len() => bytes[at] ^= 1 << below(8),
            _ => bytes.push(value),
        }
    }
    bytes
}

#[test]
fn the_kept_seeds_are_real_values_and_are_read() {
    for (name, seeds, read) in targets() {
        let kept = folder("fuzz/corpus").join(name);
        for (file, bytes) in seeds {
            if std::env::var_os("SOKO_BLESS").is_some() {
                std::fs::create_dir_all(&kept).unwrap();
                std::fs::write(kept.join(&file), &bytes).unwrap();
            }
            let on_disk = std::fs::read(kept.join(&file)).unwrap_or_default();
            assert!(
                on_disk == bytes,
                "{name}/{file} is not what is written today: set SOKO_BLESS=1 if that is meant"
            );
            assert!(read(&bytes), "{name}/{file}");
        }
    }
}

/// What a fuzzer once found, by its target. Kept for ever.
#[test]
fn what_fuzzers_found_stays_mended() {
    for (name, _, read) in targets() {
        let Ok(found) = std::fs::read_dir(folder("fuzz/found").join(name)) else { continue };
        for file in found {
            read(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn mutations_are_refused_or_read_and_nothing_else() {
    for (name, seeds, read) in targets() {
        let mut refused = 0;
        for (_, bytes) in &seeds {
            for number in 0..MUTATIONS_PER_SEED {
                refused += u64::from(!read(&mutant(bytes, number)));
            }
        }
        assert!(refused > MUTATIONS_PER_SEED / 10, "{name}: only {refused} were refused");
    }
}
