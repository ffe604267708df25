//! What others ask: typed in at any register, with its age and source, and what it does to the limits of a price.

use soko_app_api::{
    AuditWhat, MarketRow, PriceRuleInput, ProductEdit, Query, RivalAnswer, RivalChoice, RivalFit,
    RivalStanding, RivalsView, Verb, View,
};
use soko_domain::entry::{PriceWhy, RivalLine, RivalPrice, RivalWay, RivalsFetched};
use soko_domain::ids::ProductId;
use soko_domain::import::DecimalMark;
use soko_domain::money::Currency;
use soko_domain::quantity::Unit;
use soko_domain::rival::RivalField;
use soko_domain::role::Role;
use soko_engine::{NotDone, Now};

use crate::prices::{DAY_MS, MANGO, Stall, plain, too_cheap};
use crate::replication::{meet, pair};
use crate::world::{Device, NOON_MS, Relay, STALL, command, now, product};

fn see(source: &str, price_minor: i64) -> Verb {
    Verb::SeeRival { product: product(MANGO), source: source.into(), price_minor }
}

fn put(source: &str, is_on: bool, forget: bool) -> Verb {
    Verb::PutRivalSource { source: source.into(), is_on, forget }
}

/// Three who ask 180, 200 and 220 for what is 250 here.
fn among_others() -> Stall {
    let mut stall = too_cheap();
    for (source, price) in [("Across", 180), ("Corner", 200), ("Market hall", 220)] {
        stall.does(see(source, price));
    }
    stall
}

fn standings(stall: &mut Stall) -> Vec<(String, RivalStanding)> {
    stall.price().others.rows.into_iter().map(|row| (row.source, row.standing)).collect()
}

#[test]
fn what_others_ask_limits_a_price_and_is_named_as_its_reason() {
    let mut stall = too_cheap();
    let alone = stall.row().suggested.unwrap();
    assert!(alone.price_minor > 260 && alone.reasons.iter().all(|it| it.why != PriceWhy::Market));
    stall.does(see("Across", 180));
    stall.does(see(" Corner ", 200));
    let two = stall.price();
    assert_eq!((two.others.sources, two.others.sources_min, two.others.market), (2, 3, None));
    assert_eq!(two.row.suggested.unwrap(), alone, "two make no market");

    stall.does(see("Market hall", 220));
    let price = stall.price();
    let market = MarketRow { median_minor: 200, low_minor: 140, high_minor: 260 };
    assert_eq!((price.others.sources, price.others.market), (3, Some(market)));
    let better = price.row.suggested.unwrap();
    assert!(better.price_minor <= 260 && better.high_minor == 260, "{better:?}");
    let why = |why| better.reasons.iter().find(|it| it.why == why).map(|it| (it.first, it.second));
    assert_eq!(why(PriceWhy::Market), Some((3, 200)));
    assert_eq!(why(PriceWhy::HeldByMarket), Some((260, 0)));
    // Whoever asks for more is asked for the same limit.
    let beyond = stall.accept(250, 261);
    assert_eq!(stall.refused(beyond), "price_beyond_limits");
    let row = &price.others.rows[1];
    assert_eq!((row.source.as_str(), row.way, row.own_minor), ("Corner", RivalWay::Typed, Some(200)));
    assert_eq!((row.seen_at_ms, row.standing), (stall.at_ms, RivalStanding::Counts));
}

#[test]
fn an_owner_says_how_far_from_others_a_price_may_be() {
    let mut stall = among_others();
    for (market_ppm, (low_minor, high_minor)) in [(50_000, (190, 210)), (400_000, (120, 280))] {
        stall.rules(PriceRuleInput { market_ppm, step_ppm: 500_000, ..plain() });
        let market = MarketRow { median_minor: 200, low_minor, high_minor };
        assert_eq!(stall.price().others.market, Some(market));
        // Whoever moves a price is held by the same.
        let beyond = stall.accept(250, high_minor + 1);
        assert_eq!(stall.refused(beyond), "price_beyond_limits");
    }
    let better = stall.row().suggested.unwrap();
    assert!(better.price_minor > 260 && better.high_minor == 280, "{better:?}");
    for market_ppm in [49_999, 500_001] {
        let rule = PriceRuleInput { market_ppm, ..plain() };
        let verb = Verb::PutPriceRule { product: Some(product(MANGO)), rule };
        assert_eq!(stall.refused(verb), "market_odd");
    }
}

#[test]
fn whoever_looks_into_it_finds_who_said_what_others_ask() {
    let mut stall = among_others();
    stall.does(put("Corner", false, false));
    let mut rows = |what| {
        let what = Some(what);
        let audit =
            Query::Audit { stall: STALL, person: None, business_day: None, what, before: None, rows: 9 };
        if let View::Audit(rows) = stall.asked(&audit) { rows } else { panic!("no audit") }
    };
    let seen: Vec<(String, String, i64)> = rows(AuditWhat::RivalsSeen)
        .into_iter()
        .map(|row| (row.reason, row.parts[0].about.clone(), row.parts[0].now.unwrap().minor))
        .collect();
    let mut sources: Vec<&str> = seen.iter().map(|(source, ..)| source.as_str()).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["Across", "Corner", "Market hall"]);
    assert!(seen.contains(&("Across".into(), "Mango".into(), 180)), "{seen:?}");
    assert_eq!(rows(AuditWhat::RivalSourceChanged)[0].reason, "Corner");
}

#[test]
fn what_is_old_does_not_count_and_what_is_seen_anew_does() {
    let mut stall = among_others();
    stall.at_ms += 14 * DAY_MS + 1;
    assert_eq!(stall.price().others.market, None);
    assert!(standings(&mut stall).iter().all(|(_, standing)| *standing == RivalStanding::Old));
    stall.does(see("Across", 190));
    let others = stall.price().others;
    assert_eq!((others.sources, others.rows.len(), others.rows[0].price_minor), (1, 3, 190));
}

#[test]
fn one_price_is_deleted_a_source_is_switched_off_and_forgotten() {
    let mut stall = among_others();
    let key = product(MANGO).to_string();
    stall.does(Verb::DropRival { source: "Across".into(), key: key.clone() });
    assert_eq!(stall.refused(Verb::DropRival { source: "Nobody".into(), key }), "rival_unknown");
    assert_eq!(stall.price().others.rows.len(), 2);
    stall.does(see("Across", 181));
    assert!(stall.price().others.market.is_some());

    stall.does(put("Corner", false, false));
    assert_eq!(standings(&mut stall)[1], ("Corner".into(), RivalStanding::Off));
    assert_eq!(stall.price().others.market, None);
    let sources = stall.prices().sources;
    assert_eq!((sources.len(), sources[1].is_on, sources[1].prices), (3, false, 1));
    stall.does(put("Corner", true, false));
    assert!(stall.price().others.market.is_some());

    stall.does(put("Corner", true, true));
    assert_eq!(stall.price().others.rows.len(), 2);
    assert_eq!(stall.prices().sources.len(), 2);
    // A name that was forgotten begins anew.
    stall.does(see("Corner", 210));
    assert_eq!(stall.price().others.market.unwrap().median_minor, 210);
}

#[test]
fn nonsense_is_refused_where_it_is_typed() {
    let mut stall = Stall::new();
    let unknown = Verb::SeeRival { product: ProductId([5; 16]), source: "Across".into(), price_minor: 80 };
    assert_eq!(stall.refused(unknown), "unknown_product");
    let long = "x".repeat(121);
    for (verb, code) in [
        (see("Across", 0), "price_odd"),
        (see("Across", -80), "price_odd"),
        (see("Across", i64::MAX), "price_odd"),
        (see(" ", 80), "name_missing"),
        (see(&long, 80), "too_long"),
    ] {
        assert_eq!(stall.refused(verb), code);
    }
    let mut till = Device::with_role(2, Role::Cashier, None);
    assert_eq!(till.refused(command(4, see("Across", 80))), "not_allowed");
    assert_eq!(till.refused(command(5, put("Across", false, false))), "not_allowed");
}

fn others(device: &mut Device) -> Vec<(String, i64, RivalWay)> {
    match device.engine.answer(&Query::Price { stall: STALL, product: product(MANGO) }, now()).unwrap() {
        View::Price(price) => {
            price.others.rows.into_iter().map(|row| (row.source, row.price_minor, row.way)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn fetched(relay: &mut Relay, revision: u64, price: (i64, &str, Unit, i64)) {
    let (price_minor, currency, unit, per) = price;
    let currency = Currency::parse(currency).unwrap();
    let price = RivalPrice { price_minor, currency, unit, per, seen_at_ms: NOON_MS };
    let line = RivalLine {
        key: "5449000000996".into(),
        name: "<script>Mango</script>".into(),
        product: Some(product(MANGO)),
        price: Some(price),
    };
    relay.write(RivalsFetched { source: "Feed".into(), revision, lines: vec![line] });
}

#[test]
fn two_registers_and_the_server_hold_the_same_whatever_came_first() {
    let (mut relay, mut first, mut second) = pair();
    // Both see the same stall, apart; one forgets it before it hears of the other.
    first.done(command(20, see("Across", 180)));
    second.done(command(30, see("Across", 190)));
    first.done(command(21, put("Across", true, true)));
    second.done(command(31, see("Corner", 170)));
    fetched(&mut relay, 1, (240, "EUR", Unit::Piece, 1));
    meet(&mut relay, &mut [&mut first, &mut second]);
    let seen = others(&mut first);
    assert_eq!(seen, others(&mut second));
    assert_eq!(seen.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["Corner", "Feed"]);
    for device in [&mut first, &mut second] {
        let from_rows = device.engine.state_digest(STALL).unwrap();
        assert_eq!(device.status().digest, from_rows, "the digest moved with the rows");
    }
    assert_eq!(first.engine.state_digest(STALL).unwrap(), second.engine.state_digest(STALL).unwrap());
    // What is seen after that stays.
    second.done(command(32, see("Across", 195)));
    meet(&mut relay, &mut [&mut first, &mut second]);
    assert!(others(&mut first).contains(&("Across".into(), 195, RivalWay::Typed)));
}

#[test]
fn nothing_is_compared_across_money_or_unit_and_the_amount_is() {
    let (mut relay, mut first, mut second) = pair();
    for (revision, price, own_minor, standing) in [
        (1, (240, "EUR", Unit::Piece, 1), Some(240), RivalStanding::Counts),
        (2, (2_400, "EUR", Unit::Piece, 10), Some(240), RivalStanding::Counts),
        (3, (240, "KES", Unit::Piece, 1), None, RivalStanding::NotComparable),
        (4, (240, "EUR", Unit::Gram, 1), None, RivalStanding::NotComparable),
        // Less than the smallest coin for one of them.
        (5, (1, "EUR", Unit::Piece, 10), None, RivalStanding::NotComparable),
        (6, (i64::MAX, "EUR", Unit::Piece, 1), None, RivalStanding::NotComparable),
        (7, (240, "EUR", Unit::Piece, 0), None, RivalStanding::NotComparable),
    ] {
        fetched(&mut relay, revision, price);
        meet(&mut relay, &mut [&mut first, &mut second]);
        let query = Query::Price { stall: STALL, product: product(MANGO) };
        let View::Price(view) = first.engine.answer(&query, Now::utc(NOON_MS)).unwrap() else { panic!() };
        let row = &view.others.rows[0];
        assert_eq!((row.own_minor, row.standing), (own_minor, standing), "{price:?}");
        // It is text, whatever it says.
        assert_eq!(row.name, "<script>Mango</script>");
    }
    for (revision, price) in [(8, 0), (9, -5)] {
        fetched(&mut relay, revision, (price, "EUR", Unit::Piece, 1));
        meet(&mut relay, &mut [&mut first, &mut second]);
        assert_eq!(others(&mut first), []);
    }
}

const MANGO_CODE: &str = "5449000000996";

fn with_catalogue() -> Device {
    let mut device = Device::ready(1, &["Mango Kent 1 kg", "Papaya", "Soap"], None);
    let edits = vec![ProductEdit::AddBarcode(MANGO_CODE.into())];
    device.done(command(20, Verb::EditProduct { product: product(101), edits }));
    device
}

fn look(device: &mut Device, text: &str, choice: Option<RivalChoice>) -> RivalsView {
    let bytes = text.as_bytes().to_vec();
    let query = Query::Rivals { stall: STALL, source: "Across".into(), bytes, choice };
    match device.engine.answer(&query, now()).unwrap() {
        View::Rivals(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn fits(view: &RivalsView) -> Vec<(RivalFit, Vec<&str>)> {
    let names = |group: &'_ soko_app_api::RivalGroup| group.rows.len();
    assert!(view.groups.iter().all(|group| names(group) == group.count as usize));
    let of = view.groups.iter();
    of.map(|group| (group.fit, group.rows.iter().map(|row| row.name.as_str()).collect())).collect()
}

fn take(text: &str, view: &RivalsView, answers: &[(&str, Option<u16>)]) -> Verb {
    let answer =
        |(key, of): &(&str, Option<u16>)| RivalAnswer { key: (*key).into(), product: of.map(product) };
    Verb::TakeRivals {
        source: "Across".into(),
        is_feed: false,
        bytes: text.as_bytes().to_vec(),
        choice: view.choice.clone(),
        answers: answers.iter().map(answer).collect(),
    }
}

const LIST: &str = "EAN;Name;Preis;Bei\n\
    5449000000996;MANGO;x;2,40\n\
    ;papayas;x;1,80\n\
    ;Bread;x;3,00\n\
    ;Soap;x;free\n";

#[test]
fn a_file_is_looked_at_before_it_is_taken_and_only_a_barcode_is_certain() {
    let mut device = with_catalogue();
    let view = look(&mut device, LIST, None);
    assert_eq!(view.columns.len(), 4);
    assert_eq!(
        fits(&view),
        [
            (RivalFit::Barcode, vec!["MANGO"]),
            (RivalFit::Like, vec!["papayas"]),
            (RivalFit::Unknown, vec!["Bread"])
        ]
    );
    let like = &view.groups[1].rows[0];
    assert_eq!((like.product, like.product_name.as_str()), (Some(product(102)), "Papaya"));
    assert!((55..100).contains(&like.percent), "{like:?}");
    assert_eq!((view.problems_count, view.problems[0].line), (1, 5));

    // What is only alike waits for somebody's word.
    device.done(command(30, take(LIST, &view, &[])));
    let asked = |device: &mut Device, of: u16| {
        let query = Query::Price { stall: STALL, product: product(of) };
        let View::Price(view) = device.engine.answer(&query, now()).unwrap() else { panic!() };
        view.others.rows.iter().map(|row| (row.price_minor, row.way)).collect::<Vec<_>>()
    };
    assert_eq!((asked(&mut device, 101), asked(&mut device, 102)), (vec![(240, RivalWay::File)], vec![]));
    let answers = [("papayas", Some(102)), ("bread", None)];
    device.done(command(31, take(LIST, &view, &answers)));
    assert_eq!(asked(&mut device, 102), [(180, RivalWay::File)]);
    // It is remembered, and not asked again.
    let next = LIST.replace("1,80", "1,90");
    let view = look(&mut device, &next, None);
    assert_eq!(
        fits(&view),
        [(RivalFit::Said, vec!["MANGO", "papayas"]), (RivalFit::NotHere, vec!["Bread"]),]
    );
    device.done(command(32, take(&next, &view, &[])));
    assert_eq!(asked(&mut device, 102), [(190, RivalWay::File)]);
    // The same once more writes nothing.
    let before = device.status().records;
    device.done(command(33, take(&next, &view, &[])));
    assert_eq!(device.status().records, before);
    // What somebody deleted does not come back with the next file, whatever its barcode says.
    device.done(command(34, Verb::DropRival { source: "Across".into(), key: MANGO_CODE.into() }));
    device.done(command(35, take(&next, &view, &[])));
    assert_eq!(asked(&mut device, 101), []);
}

#[test]
fn columns_are_chosen_and_a_file_that_is_none_is_said_so() {
    let mut device = with_catalogue();
    let odd = "a,b\nSoap,2.50\n";
    let view = look(&mut device, odd, None);
    assert!(!view.is_enough && view.groups.is_empty());
    let fields = vec![RivalField::Name, RivalField::Price];
    let choice = RivalChoice { fields, decimal: DecimalMark::Point };
    let view = look(&mut device, odd, Some(choice));
    assert_eq!(fits(&view), [(RivalFit::Like, vec!["Soap"])], "the same name is still asked about");
    assert_eq!(view.groups[0].rows[0].percent, 100);
    let json = r#"{"items": [{"ean": "5449000000996", "title": "Mango", "price": 2.4}]}"#;
    assert_eq!(fits(&look(&mut device, json, None)), [(RivalFit::Barcode, vec!["Mango"])]);
    for (bytes, code) in [
        (vec![b'a'; 2 * 1024 * 1024 + 1], "rivals_too_large"),
        (["n,p\n", &"a,1\n".repeat(20_001)].concat().into_bytes(), "rivals_too_many_rows"),
        (b"<!DOCTYPE html><title>Shop</title>".to_vec(), "import_page"),
        (b"PK\x03\x04\0".to_vec(), "import_not_text"),
        (b"name,price\n".to_vec(), "import_empty"),
        (b"{\"error\": \"no\"}".to_vec(), "import_empty"),
    ] {
        let query = Query::Rivals { stall: STALL, source: "Across".into(), bytes, choice: None };
        match device.engine.answer(&query, now()) {
            Err(NotDone::Refused(refused)) => assert_eq!(refused.code, code),
            other => panic!("{code}: {other:?}"),
        }
    }
}

/// Chance that repeats itself.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const PRICES: &[&str] = &[
    "0",
    "-2.50",
    "0.01",
    "1.00",
    "1.80",
    "2.40",
    "2.50",
    "3.10",
    "900.00",
    "9999999999.99",
    "1e9",
    "NaN",
    "",
    "free",
    "99999999999999999999",
    "2,50",
    "=1+1",
];
const MONEY: &[&str] = &["EUR", "", "", "eur", "KES", "XXX"];
const UNITS: &[&str] = &["piece", "", "", "kg", "barrel"];
const TIMES: &[&str] = &["", "", "", "", "2026-10-01", "2031-01-01", "1969-01-01", "soon"];
const NAMES: &[&str] = &["Mango", "<script>alert(1)</script>", "\"\"\"", "\u{202e}ognaM", "x"];

#[test]
fn no_list_whatever_it_says_gets_a_price_out_of_its_band() {
    let mut stall = too_cheap();
    stall.edits(ProductEdit::AddBarcode(MANGO_CODE.into()));
    let mut chance = Chance(7);
    let (mut markets, mut suggested) = (0, 0);
    for turn in 0..120 {
        stall.at_ms += DAY_MS / 24;
        let mut list = String::from("ean,name,price,currency,unit,date\n");
        for code in [MANGO_CODE, MANGO_CODE, "1", ""] {
            let [price, money] = [chance.of(PRICES), chance.of(MONEY)];
            let [unit, time, name] = [chance.of(UNITS), chance.of(TIMES), chance.of(NAMES)];
            list += &format!("{code},{name},{price},{money},{unit},{time}\n");
        }
        let source = format!("Shop {}", chance.below(5));
        let bytes = list.clone().into_bytes();
        let query =
            Query::Rivals { stall: STALL, source: source.clone(), bytes: bytes.clone(), choice: None };
        let View::Rivals(view) = stall.asked(&query) else { panic!("no view") };
        let choice = view.choice.clone();
        let _ =
            stall.try_to(Verb::TakeRivals { source, is_feed: turn % 2 == 0, bytes, choice, answers: vec![] });
        let price = stall.price();
        markets += i32::from(price.others.market.is_some());
        for rival in &price.others.rows {
            assert!(rival.price_minor > 0 && rival.seen_at_ms <= stall.at_ms, "{rival:?}");
            assert!(rival.standing != RivalStanding::Counts || rival.currency == "EUR", "{rival:?}");
        }
        let Some(better) = price.row.suggested else { continue };
        suggested += 1;
        let (low, high) = (better.low_minor, better.high_minor);
        assert!(
            (low..=high).contains(&better.price_minor) && low >= 213 && high <= 287,
            "{better:?}\n{list}"
        );
        if let Some(market) = price.others.market {
            assert!(low >= market.low_minor && high <= market.high_minor, "{better:?} {market:?}\n{list}");
        }
    }
    assert!(markets > 20, "a market was met {markets} times");
    assert!(suggested > 20, "something was suggested {suggested} times");
}
