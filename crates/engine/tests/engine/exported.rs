//! A stall with one of everything, exported, read back, and compared with its reports.

use std::collections::BTreeMap;

use soko_app_api::{
    AdjustedLineInput, BeyondShare, CategoryEdit, CoinsInput, CouponInput, CustomerInput, DiscountInput,
    LimitsView, OpenOrderEdit, ProductEdit, PurseInput, Query, RefundLineInput, SaleAbout, SaleLineInput,
    ShiftReport, StallEdit, TabLine, TaxClass, TenderInput, Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{AdjustReason, GoodsBack};
use soko_domain::ids::{AuthorId, Hash, OrderId, ShiftId};
use soko_domain::people::Limits;
use soko_domain::purse::CardCode;
use soko_domain::role::Role;
use soko_engine::NotDone;
use soko_record_log::{StoreError, params};

use crate::desk::{CASHIER, OWNER};
use crate::world::{Device, Relay, STALL, command, now, product, receive, sale_id, thing};

const TEA: u16 = 101;
const CUSTOMER: u16 = 500;
const PICTURE: Hash = Hash([0x51; 32]);
const AWAY: Hash = Hash([0x52; 32]);
const PICTURE_BYTES: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 1, 2, 3];

/// The members of a zip by its directory, each checked as a reader would.
fn members(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let number = |at: usize, len: usize| {
        zip[at..at + len].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let end = zip.len() - 22;
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut found = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
        let (len, name_len, offset) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4));
        let name = String::from_utf8(zip[at + 46..at + 46 + name_len].to_vec()).unwrap();
        assert_eq!(&zip[offset..offset + 4], b"PK\x03\x04", "{name}");
        let from = offset + 30 + name_len;
        assert!(found.insert(name, zip[from..from + len].to_vec()).is_none(), "twice");
        at += 46 + name_len;
    }
    assert_eq!(at, end, "nothing lies between");
    found
}

/// Rows by column.
type Table = Vec<BTreeMap<String, String>>;

fn csv(text: &str) -> Table {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().unwrap();
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            other => row.last_mut().unwrap().push(other),
        }
    }
    rows.pop();
    let heads = rows.remove(0);
    rows.into_iter().map(|row| heads.iter().cloned().zip(row).collect()).collect()
}

fn minor(cell: &str) -> i64 {
    cell.replace('.', "").parse().unwrap_or(0)
}

fn sum(table: &Table, column: &str) -> i64 {
    table.iter().map(|row| minor(&row[column])).sum()
}

fn verb(device: &mut Device, number: u16, verb: Verb) {
    device.done(command(number, verb));
}

fn sell(device: &mut Device, number: u16, lines: Vec<SaleLineInput>, discount: DiscountInput) {
    let tenders = vec![TenderInput::cash(10_000)];
    let about = SaleAbout {
        note: "for, \"the\" fair".into(),
        customer: Some(thing(CUSTOMER)),
        discount_reason: "wet".into(),
        ..SaleAbout::default()
    };
    let (sale, beyond) = (sale_id(number), BeyondShare::Refuse);
    verb(device, number, Verb::MakeSale { sale, lines, discount, tenders, beyond, about });
}

fn goods(device: &mut Device) {
    let put = |picture, position| ProductEdit::PutPicture { picture, position };
    let edits =
        vec![put(PICTURE, 1), put(AWAY, 2), ProductEdit::PriceMinor(300), ProductEdit::TaxPpm(160_000)];
    verb(device, 10, Verb::EditProduct { product: product(TEA), edits });
    let kept = device.engine.database().transaction::<_, StoreError>(|tx| {
        tx.execute(
            "insert into picture (hash, media_type, bytes, is_own, is_sent, kept_ms) values ($1, 0, $2, 1, 0, 0)",
            params![PICTURE, PICTURE_BYTES],
        )
    });
    kept.unwrap();
    device.done(receive(11, product(TEA), 90));
    let lines = vec![AdjustedLineInput { product: product(TEA), quantity: 12 }];
    verb(device, 12, Verb::AdjustStock { reason: AdjustReason::Waste, lines, note: "rain".into() });
    let edits = vec![CategoryEdit::Name("Hot drinks".into())];
    verb(device, 15, Verb::EditCategory { category: thing(70), edits });
    let edits = vec![CategoryEdit::Name("Warm".into()), CategoryEdit::Archived(true)];
    verb(device, 16, Verb::EditCategory { category: thing(71), edits });
    let tax = TaxClass { class: thing(72), label: "Standard".into(), ppm: 160_000, is_inclusive: true };
    verb(device, 17, Verb::EditStall { edits: vec![StallEdit::PutTax(tax)] });
    let seen = Verb::SeeRival { product: product(TEA), source: "Across".into(), price_minor: 240 };
    verb(device, 49, seen);
    let terms = CouponInput { off: DiscountInput::PercentPpm(100_000), ..CouponInput::default() };
    verb(device, 13, Verb::PutCoupon { code: "SUMMER".into(), terms });
    let content = TabLine {
        product: Some(product(TEA)),
        name: String::new(),
        quantity: 2,
        unit_price_minor: 300,
        discount: DiscountInput::None,
        note: "no sugar".into(),
        reason: String::new(),
        label: String::new(),
    };
    let edits =
        vec![OpenOrderEdit::Title("Table 4".into()), OpenOrderEdit::PutLine { line: thing(61), content }];
    verb(device, 14, Verb::EditOpenOrder { order: OrderId(thing(60).0), edits });
}

fn trade(device: &mut Device, code: &str) {
    let about =
        CustomerInput { name: "Zuri".into(), phone: "+254700000001".into(), ..CustomerInput::default() };
    verb(device, 20, Verb::PutCustomer { customer: thing(CUSTOMER), about });
    let card = PurseInput::Card(code.into());
    let tender = Some(TenderInput::cash(2_000));
    verb(device, 21, Verb::FillPurse { purse: card, units: 2_000, tender, reason: String::new() });
    let tea = |quantity| SaleLineInput::of(product(TEA), quantity);
    let bag = SaleLineInput {
        product: None,
        name: Some("Bag".into()),
        unit_price_minor: Some(50),
        ..SaleLineInput::of(product(TEA), 1)
    };
    let cheaper = SaleLineInput { unit_price_minor: Some(250), ..tea(1) };
    sell(device, 30, vec![tea(4), bag], DiscountInput::AmountMinor(100));
    sell(device, 31, vec![cheaper], DiscountInput::None);
    sell(device, 32, vec![tea(2)], DiscountInput::None);
    verb(device, 33, Verb::VoidSale { sale: sale_id(32), reason: "typo".into() });
    let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Waste }];
    let (sale, tender, reason) = (sale_id(30), TenderKind::Cash, "stale".to_owned());
    verb(device, 34, Verb::Refund { sale, lines, tender, reason, into: None });
    verb(device, 35, Verb::MoveDrawer { amount_minor: 500, reason: "coins".into() });
    verb(device, 36, Verb::MoveDrawer { amount_minor: -200, reason: "milk".into() });
    verb(device, 37, Verb::OpenDrawer { reason: "look".into() });
}

fn closed(device: &mut Device) -> ShiftReport {
    let shift = ShiftId(thing(2).0);
    let coins = vec![CoinsInput { value_minor: 100, pieces: 3 }];
    verb(device, 40, Verb::CountDrawer { shift, coins, other_minor: 100 });
    verb(device, 41, Verb::CloseShift { shift, counted_minor: 4_000, reason: "who knows".into() });
    let query = Query::ShiftReport { stall: STALL, register: Some(device.me()), shift: Some(shift) };
    let View::ShiftReport(report) = device.view(query) else { panic!("no report") };
    *report
}

/// With what must not be in it.
fn stall_with_everything() -> (Device, ShiftReport, Vec<Vec<u8>>) {
    let mut device = Device::ready(1, &["Tea"], None);
    let recovery = device.staffed();
    let limits = LimitsView { custom_minor: 700, ..Limits::of(Role::Cashier).into() };
    verb(&mut device, 9, Verb::PutLimits { role: Role::Cashier, limits });
    goods(&mut device);
    let code = CardCode::of_chance([9; 16]).to_string();
    trade(&mut device, &code);
    let report = closed(&mut device);
    let mut secrets = vec![recovery.into_bytes(), code.replace('-', "").into_bytes(), code.into_bytes()];
    let pins =
        device.engine.database().read::<_, StoreError>(|tx| tx.query("select salt, hash from own_pin", &[]));
    let pins = pins.unwrap();
    assert_eq!(pins.len(), 3, "two people and the way back in");
    for row in &pins {
        for secret in [row.blob(0).unwrap(), row.blob(1).unwrap()] {
            let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
            secrets.extend([secret.to_vec(), hex.into_bytes()]);
        }
    }
    (device, report, secrets)
}

/// All of it leaves in a form that other programs read, its sums are those of the reports, and no secret is in it.
#[test]
fn a_stall_with_one_of_everything_is_read_back_from_its_export() {
    let (mut device, report, secrets) = stall_with_everything();
    let mut pieces = Vec::new();
    let out = &mut |piece: &[u8]| {
        pieces.push(piece.to_vec());
        Ok(())
    };
    device.engine.export_to(STALL, now(), out).unwrap();
    assert!(pieces.iter().map(Vec::len).max().unwrap() < 16_384, "it is written row by row");
    let zip = pieces.concat();
    assert_eq!(zip, device.engine.export_tables(STALL, now()).unwrap());
    for secret in secrets {
        assert!(
            !zip.windows(secret.len()).any(|window| window == secret),
            "{:?}",
            String::from_utf8_lossy(&secret)
        );
    }
    let members = members(&zip);
    let text = |name: &str| String::from_utf8(members[name].clone()).unwrap();
    let table = |name: &str| csv(&text(&format!("{name}.csv")));
    explained(&text("README.txt"), &text("manifest.json"), members.keys());
    for name in members.keys().filter_map(|name| name.strip_suffix(".csv")) {
        let rows = table(name).len();
        assert_eq!(text(&format!("{name}.json")).matches("\n{\"").count(), rows, "{name}");
        assert!(rows > 0 || name == "orders", "{name} is empty");
    }
    agrees(&report, &table);
    people_and_drawer(&report, &table);
    sorted_and_taxed(&table, device.me());
    others(&table);
    let pictures: Vec<_> = table("pictures").iter().map(|row| row["file"].clone()).collect();
    assert_eq!(pictures, [format!("pictures/{PICTURE}.jpg"), String::new()]);
    assert_eq!(members[&pictures[0]], PICTURE_BYTES);
}

/// Each table and each of its columns is explained, to people and to programs.
fn explained<'a>(readme: &str, manifest: &str, members: impl Iterator<Item = &'a String>) {
    for name in members.filter_map(|name| name.strip_suffix(".csv")) {
        assert!(readme.contains(&format!("\n{name}\n  ")), "{name}");
        assert!(manifest.contains(&format!("\n{{\"name\":\"{name}\",\"about\":\"")), "{name}");
    }
    assert!(readme.contains("Not in here: PINs, keys") && manifest.contains("\"currency\":\"EUR\""));
    assert!(!readme.contains("had no room:") && manifest.contains("\"pictures_left_out\":0,"));
}

fn agrees(report: &ShiftReport, table: &dyn Fn(&str) -> Table) {
    let sales = table("sales");
    let of_voided = |is_voided: &str| -> i64 {
        sales.iter().filter(|row| row["voided"] == is_voided).map(|row| minor(&row["total"])).sum()
    };
    assert_eq!((of_voided("yes"), sum(&sales, "total")), (report.voids_minor, report.sales_minor));
    assert_eq!(sum(&table("sale-lines"), "total"), report.sales_minor);
    assert_eq!(sum(&table("sale-lines"), "discount"), report.discounts_minor);
    assert_eq!(sum(&table("refund-lines"), "worth"), report.refunds_minor);
    let taken = sum(&table("sale-payments"), "amount") - sum(&table("refund-payments"), "amount");
    assert_eq!(taken - report.voids_minor, report.net_minor + report.rounding_minor);
    let of = |row: &BTreeMap<String, String>| {
        (row["customer"].clone(), row["note"].clone(), row["person"].clone())
    };
    let said = (thing(CUSTOMER).to_string(), "for, \"the\" fair".to_owned(), OWNER.to_string());
    assert!(sales.len() == 3 && sales.iter().all(|row| of(row) == said), "{sales:?}");
    let reasons: Vec<&str> = sales.iter().map(|row| row["discount_reason"].as_str()).collect();
    assert_eq!(reasons.concat(), "wet", "only one of them had something off");
    let tabs = table("tabs");
    assert_eq!((tabs[0]["title"].as_str(), tabs[0]["note"].as_str()), ("Table 4", "no sugar"));
    let coupons = table("coupons");
    assert_eq!((coupons[0]["code"].as_str(), coupons[0]["off"].as_str()), ("SUMMER", "10 %"));
}

fn sorted_and_taxed(table: &dyn Fn(&str) -> Table, me: AuthorId) {
    let categories: Vec<_> =
        table("categories").iter().map(|row| (row["name"].clone(), row["archived"].clone())).collect();
    assert_eq!(categories, [("Hot drinks".into(), "no".into()), ("Warm".into(), "yes".into())]);
    let taxes = table("tax-classes");
    assert_eq!((taxes[0]["label"].as_str(), taxes[0]["tax_percent"].as_str()), ("Standard", "16"));
    let devices = table("devices");
    let of = |column: &str| devices[0][column].clone();
    assert_eq!((of("device"), of("role"), of("revoked")), (me.to_string(), "owner".into(), "no".into()));
}

fn others(table: &dyn Fn(&str) -> Table) {
    let rows = table("others-prices");
    let of = |column: &str| rows[0][column].as_str();
    let said = ["source", "product", "how", "price", "currency", "price_per", "counts"].map(of);
    assert_eq!(said, ["Across", &product(TEA).to_string(), "typed", "2.40", "EUR", "1", "yes"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let audit = table("audit");
    let row = audit.iter().find(|row| row["what"] == "rivals-seen").unwrap();
    assert_eq!(row["reason"], "Across");
    let parts = table("audit-parts");
    let part = parts.iter().find(|part| part["what"] == "rivals-seen").unwrap();
    assert_eq!((part["name"].as_str(), part["now"].as_str()), ("Tea", "2.40"));
}

fn people_and_drawer(report: &ShiftReport, table: &dyn Fn(&str) -> Table) {
    let people: Vec<_> =
        table("people").iter().map(|row| (row["name"].clone(), row["role"].clone())).collect();
    assert_eq!(people, [("Amina".into(), "owner".into()), ("Baraka".into(), "cashier".into())]);
    let cashier = table("role-limits").pop().unwrap();
    assert_eq!((cashier["role"].as_str(), cashier["custom_amount"].as_str()), ("cashier", "7.00"));
    let shift = table("shifts").pop().unwrap();
    let of_shift = ["sales_total", "voids_total", "refunds", "paid_in", "variance", "discounts"];
    let of_shift: Vec<i64> = of_shift.iter().map(|column| minor(&shift[*column])).collect();
    let of_report = [
        report.sales_minor,
        report.voids_minor,
        report.refunds_minor,
        report.paid_in_minor,
        report.variance_minor.unwrap(),
        report.discounts_minor,
    ];
    assert_eq!(of_shift, of_report);
    let drawer = table("drawer");
    let what: Vec<_> = drawer.iter().map(|row| (row["what"].as_str(), minor(&row["amount"]))).collect();
    assert_eq!(
        what,
        [
            ("shift-opened", 1_000),
            ("paid-in", 500),
            ("paid-out", -200),
            ("drawer-opened", 0),
            ("drawer-counted", 400),
            ("shift-closed", 4_000),
        ]
    );
    assert_eq!((drawer[4]["coins"].as_str(), drawer[5]["reason"].as_str()), ("100=3", "who knows"));
    assert_eq!(minor(&drawer[5]["variance"]), report.variance_minor.unwrap());
    let audit: Vec<_> = table("audit").iter().map(|row| row["what"].clone()).collect();
    for what in ["stock-adjusted", "price-set", "price-overridden", "custom-amount", "discount", "voided"] {
        assert!(audit.iter().any(|row| row == what), "{what}");
    }
    let parts = table("audit-parts");
    let eggs = parts.iter().find(|row| row["what"] == "stock-adjusted").unwrap();
    assert_eq!((eggs["name"].as_str(), eggs["quantity"].as_str()), ("Tea", "-12"));
}

/// A cashier's register exports to nobody, and where several share one, only to whom figures are shown.
#[test]
fn only_an_owner_or_a_manager_exports() {
    let code = |device: &mut Device| match device.engine.export_tables(STALL, now()) {
        Ok(_) => String::new(),
        Err(NotDone::Refused(refused)) => refused.code,
        Err(NotDone::Failed(failure)) => panic!("{failure}"),
    };
    let mut relay = Relay::new();
    let mut till = Device::with_role(3, Role::Cashier, Some(&relay));
    relay.admit_author(&till.joined, Role::Cashier);
    till.replicate(&mut relay);
    assert_eq!(code(&mut till), "not_allowed");
    let mut device = Device::ready(1, &["Tea"], None);
    assert_eq!(code(&mut device), "", "nobody has a PIN");
    device.staffed();
    let mut device = device.restart();
    assert_eq!(code(&mut device), "not_allowed", "locked");
    device.enter(CASHIER, "0815");
    assert_eq!(code(&mut device), "not_allowed");
    device.enter(OWNER, "4711");
    assert_eq!(code(&mut device), "");
}
