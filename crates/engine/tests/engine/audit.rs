//! Who wrote off twelve eggs, who changed the price, who gave the discount and why: on every register, and after the tables
//! were filled anew.

use soko_app_api::{
    AdjustedLineInput, AuditBefore, AuditRow, AuditWhat, BeyondShare, Command, DiscountInput, LimitsView,
    PeopleVerb, ProductEdit, Query, SaleAbout, SaleLineInput, TenderInput, Verb, View,
};
use soko_domain::entry::{Act, AdjustReason};
use soko_domain::people::Limits;
use soko_domain::role::Role;
use soko_engine::Now;

use crate::desk::{CASHIER, OWNER, wrapped};
use crate::world::{Device, NOON_MS, Relay, STALL, command, product, receive, sale_id, thing};

const EGG: u16 = 101;

fn edit(number: u16, edits: Vec<ProductEdit>) -> Command {
    command(number, Verb::EditProduct { product: product(EGG), edits })
}

fn adjust(number: u16, reason: AdjustReason, quantity: i64, note: &str) -> Command {
    let lines = vec![AdjustedLineInput { product: product(EGG), quantity }];
    command(number, Verb::AdjustStock { reason, lines, note: note.into() })
}

fn charge(number: u16, lines: Vec<SaleLineInput>, about: SaleAbout, discount: DiscountInput) -> Command {
    let (sale, tenders, beyond) = (sale_id(number), vec![TenderInput::cash(100_000)], BeyondShare::Refuse);
    command(number, Verb::MakeSale { sale, lines, discount, tenders, beyond, about })
}

fn bag(price_minor: i64, quantity: i64) -> SaleLineInput {
    SaleLineInput {
        product: None,
        name: Some("Bag".into()),
        unit_price_minor: Some(price_minor),
        ..SaleLineInput::of(product(EGG), quantity)
    }
}

fn cashier_sells_bags_up_to(number: u16, custom_minor: i64) -> Command {
    let limits = LimitsView { custom_minor, ..Limits::of(Role::Cashier).into() };
    command(number, Verb::PutLimits { role: Role::Cashier, limits })
}

/// A row in a few words: what, who, who allowed it, why, and its parts.
fn told(row: &AuditRow) -> String {
    let parts = row.parts.iter().map(|part| {
        let amount = part.amount.map(|amount| format!(" x{}", amount.quantity)).unwrap_or_default();
        let was = part.was.map(|was| format!(" {}->", was.minor)).unwrap_or_default();
        let now = part.now.map(|now| format!(" {}", now.minor)).unwrap_or_default();
        let total = part.total_minor.map(|total| format!(" ={total}")).unwrap_or_default();
        let reason = if part.reason.is_empty() { String::new() } else { format!(" ({})", part.reason) };
        format!("{}{amount}{was}{now}{total}{reason}", part.about)
    });
    let parts: Vec<String> = parts.collect();
    let by = if row.approved_by.is_empty() {
        row.by.clone()
    } else {
        format!("{}/{}: {}", row.by, row.approved_by, row.approved_why)
    };
    format!("{} {by} {} {} [{}]", row.what.word(), row.word, row.reason, parts.join(", "))
}

/// What is done at the first register; the answer is what an owner reads of it.
fn a_day_of_a_stall(till: &mut Device) -> Vec<(AuditWhat, &'static str)> {
    till.done(receive(3, product(EGG), 50));
    till.staffed();
    till.done(adjust(10, AdjustReason::Waste, 12, "fell"));
    till.done(adjust(11, AdjustReason::Found, 2, ""));
    till.done(edit(12, vec![ProductEdit::PriceMinor(300)]));
    till.done(edit(13, vec![ProductEdit::Name("Large egg".into()), ProductEdit::PriceMinor(300)]));
    till.done(cashier_sells_bags_up_to(14, 500));
    till.people(PeopleVerb::Lock);
    till.enter(CASHIER, "0815");

    let plain = SaleAbout::default;
    till.done(charge(20, vec![bag(250, 2)], plain(), DiscountInput::None));
    let more = || charge(21, vec![bag(250, 2), bag(1, 1)], plain(), DiscountInput::None);
    assert_eq!(till.refused(more()), "approval_needed");
    assert_eq!(till.refused(charge(22, vec![bag(0, 1)], plain(), DiscountInput::None)), "approval_needed");
    let approval = till.approval(&[Act::ChangePrice]);
    till.done(wrapped(23, approval, more()));
    let cheaper = SaleLineInput { unit_price_minor: Some(200), ..SaleLineInput::of(product(EGG), 3) };
    let off = SaleAbout { discount_reason: "cracked".into(), ..plain() };
    let sale = charge(24, vec![cheaper], off, DiscountInput::PercentPpm(500_000));
    let approval = till.approval(&[Act::ChangePrice, Act::Discount]);
    till.done(wrapped(25, approval, sale));
    till.done(charge(26, vec![SaleLineInput::of(product(EGG), 1)], plain(), DiscountInput::None));
    vec![
        (AuditWhat::StockAdjusted, "stock-adjusted Amina waste fell [Large egg x-12]"),
        (AuditWhat::StockAdjusted, "stock-adjusted Amina found  [Large egg x2]"),
        (AuditWhat::PriceSet, "price-set Amina   [Large egg 250-> 300]"),
        (AuditWhat::CustomAmount, "custom-amount Baraka   [Bag x2 250 =500]"),
        (
            AuditWhat::CustomAmount,
            "custom-amount Baraka/Amina: old customer   [Bag x2 250 =500, Bag x1 1 =1]",
        ),
        (
            AuditWhat::PriceOverridden,
            "price-overridden Baraka/Amina: old customer   [Large egg x3 300-> 200]",
        ),
        (AuditWhat::Discount, "discount Baraka/Amina: old customer   [ =300 (cracked)]"),
    ]
}

/// First hour 16: an owner can answer who wrote off twelve eggs, who changed the price, who gave the discount and why.
#[test]
fn an_owner_finds_who_wrote_off_who_set_prices_and_who_gave_discounts() {
    let mut relay = Relay::new();
    let mut till = Device::ready(1, &["Large egg"], Some(&relay));
    let mut office = Device::new(2, Some(&relay));
    relay.admit(&till);
    relay.admit(&office);
    let expected = a_day_of_a_stall(&mut till);
    till.replicate(&mut relay);
    office.replicate(&mut relay);
    let mut rebuilt = office.restart();
    rebuilt.engine.rebuild(STALL).unwrap();
    for device in [&mut till, &mut rebuilt] {
        for what in AuditWhat::ALL {
            let mut rows: Vec<String> = device.audit(None, Some(*what)).iter().map(told).collect();
            // All at one moment of this test's clock: the later record stands first.
            rows.reverse();
            let wanted: Vec<&str> =
                expected.iter().filter(|(of, _)| of == what).map(|(_, told)| *told).collect();
            if !wanted.is_empty() {
                assert_eq!(rows, wanted);
            }
        }
        let of = |device: &mut Device, person, what| device.audit(Some(person), Some(what)).len();
        assert_eq!(of(device, CASHIER, AuditWhat::StockAdjusted), 0);
        assert_eq!(of(device, OWNER, AuditWhat::StockAdjusted), 2);
        assert_eq!(of(device, OWNER, AuditWhat::CustomAmount), 1, "what she allowed");
        let all = device.audit(None, None);
        // Registers are let in by the server.
        let (let_in, own): (Vec<&AuditRow>, Vec<&AuditRow>) =
            all.iter().partition(|row| row.what == AuditWhat::DeviceAdmitted);
        assert!(own.iter().all(|row| row.at_ms == NOON_MS && row.register_name == "till"), "{all:?}");
        assert_eq!(let_in.iter().map(|row| row.about.as_str()).collect::<Vec<_>>(), ["till"; 2]);
        assert_eq!(device.audit(None, Some(AuditWhat::DeviceAdmitted)).len(), 2);
        let received = device.audit(None, Some(AuditWhat::StockReceived));
        let came: Vec<_> =
            received.iter().flat_map(|row| &row.parts).map(|part| part.about.as_str()).collect();
        assert_eq!(came, ["Large egg"]);
        assert!(all.iter().all(|row| row.sale != Some(sale_id(26))), "a plain sale is not looked into");
        assert!(device.engine.verify(STALL).unwrap().is_sound());
    }
}

fn page(device: &mut Device, before: Option<AuditBefore>, rows: u32) -> Vec<AuditRow> {
    let (person, business_day, what) = (None, None, None);
    match device.view(Query::Audit { stall: STALL, person, business_day, what, before, rows }) {
        View::Audit(rows) => rows,
        other => panic!("{other:?}"),
    }
}

/// What is read page after page is what is read at once, also while more is done, and where one record has several rows.
#[test]
fn earlier_pages_begin_where_the_later_ones_end() {
    let mut device = Device::ready(1, &["Egg"], None);
    device.done(receive(3, product(EGG), 900));
    for number in 0..40_u16 {
        let (edge, off) = (SaleLineInput::of(product(EGG), 1), DiscountInput::AmountMinor(5));
        let sale = charge(300 + number, vec![edge, bag(10, 1)], SaleAbout::default(), off);
        // Three at each moment.
        let at_ms = NOON_MS + i64::from(number / 3) * 1_000;
        device.engine.handle(sale, Now::utc(at_ms)).unwrap();
    }
    let all = page(&mut device, None, 500);
    assert_eq!(all.len(), 82, "each sale's discount and custom amount, the shift, and what came in");
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let rows = page(&mut device, before, 7);
        let Some(last) = rows.last() else { break };
        before = Some(last.place());
        read.extend(rows);
        let now = Now::utc(NOON_MS + 3_600_000);
        let number = 600 + u16::try_from(read.len()).unwrap();
        device.engine.handle(adjust(number, AdjustReason::Waste, 1, ""), now).unwrap();
    }
    assert_eq!(read, all);
}

/// An import sets many prices; one row says so, and another that it was taken back.
#[test]
fn prices_out_of_a_list_are_one_row() {
    let mut device = Device::ready(1, &["Egg"], None);
    let bytes = b"sku,name,price\nE1,Egg,3.10\nM1,Milk,1.20\n".to_vec();
    let import = thing(50);
    device.done(edit(40, vec![ProductEdit::Sku("E1".into())]));
    device.done(command(50, Verb::KeepImport { file_name: "list.csv".into(), bytes }));
    let query = Query::Import { stall: STALL, import, choice: None };
    let View::Import(plan) = device.view(query) else { panic!("no plan") };
    device.done(command(51, Verb::TakeImport { import, choice: plan.choice, from: 0 }));
    device.done(command(52, Verb::UndoImport { import, from: 0 }));
    let rows: Vec<String> = device.audit(None, Some(AuditWhat::PriceSet)).iter().map(told).collect();
    assert_eq!(rows, ["price-set  import-undone  [Egg 310-> 250]", "price-set  imported  [Egg 250-> 310]"]);
}
