//! A drawer through its shifts, who is at it, and what somebody may want to look into.

use soko_app_api::{
    AtRegisterView, AuditRow, AuditWhat, BeyondShare, CoinsInput, Command, DiscountInput, PeopleCall,
    PeopleReply, PeopleVerb, PurseInput, Query, RefundLineInput, Reply, ReturnInput, SaleAbout,
    SaleLineInput, ShiftReport, ShiftReportRow, StallEdit, TakenOffInput, TaxInput, TenderInput, Verb, View,
    Window,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Standing;
use soko_domain::entry::{Act, Entry, GoodsBack, SaleMade, ShiftClosed, ShiftOpened, Stamp, Tendered};
use soko_domain::ids::{PersonId, SaleId, ShiftId, ThingId};
use soko_domain::money::Currency;
use soko_domain::purse::CardCode;
use soko_domain::role::Role;
use soko_domain::tax::TaxMode;
use soko_engine::{NotDone, Now};
use soko_record_log::log;
use soko_replication::Pen;

use crate::world::{
    Device, NOON_MS, Relay, STALL, command, now, open_shift, product, receive, sale_id, sell, thing,
};

const MANGO: u16 = 101;
pub(crate) const OWNER: PersonId = PersonId([0xa1; 16]);
pub(crate) const CASHIER: PersonId = PersonId([0xa2; 16]);

fn stocked() -> Device {
    let mut device = Device::ready(1, &["Mango"], None);
    device.done(receive(3, product(MANGO), 50));
    device
}

impl Device {
    pub(crate) fn view(&mut self, query: Query) -> View {
        self.engine.answer(&query, now()).unwrap()
    }

    fn report(&mut self) -> ShiftReport {
        match self.view(Query::ShiftReport { stall: STALL, register: None, shift: None }) {
            View::ShiftReport(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn report_of(&mut self, row: &ShiftReportRow) -> ShiftReport {
        let (register, shift) = (Some(row.register), Some(row.shift));
        match self.view(Query::ShiftReport { stall: STALL, register, shift }) {
            View::ShiftReport(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn reports(&mut self) -> Vec<ShiftReportRow> {
        match self.view(Query::ShiftReports { stall: STALL, window: Window::first(10) }) {
            View::ShiftReports(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    fn at_register(&mut self) -> AtRegisterView {
        match self.view(Query::AtRegister(STALL)) {
            View::AtRegister(view) => view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn audit(&mut self, person: Option<PersonId>, what: Option<AuditWhat>) -> Vec<AuditRow> {
        let (business_day, before, rows) = (None, None, 50);
        match self.view(Query::Audit { stall: STALL, person, business_day, what, before, rows }) {
            View::Audit(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    fn people_at(&mut self, verb: PeopleVerb, at_ms: i64) -> Result<PeopleReply, NotDone> {
        self.engine.people(&PeopleCall { stall: STALL, verb }, Now::utc(at_ms))
    }

    pub(crate) fn people(&mut self, verb: PeopleVerb) -> PeopleReply {
        self.people_at(verb, NOON_MS).unwrap()
    }

    fn set_pin(&mut self, person: PersonId, pin: &str) -> PeopleReply {
        self.people(PeopleVerb::SetPin { person, pin: pin.into(), old: String::new(), approval: None })
    }

    pub(crate) fn enter(&mut self, person: PersonId, pin: &str) -> PeopleReply {
        self.people(PeopleVerb::Enter { person, pin: pin.into() })
    }

    pub(crate) fn approval(&mut self, acts: &[Act]) -> ThingId {
        let (pin, reason) = ("4711".into(), "old customer".into());
        match self.people(PeopleVerb::Approve { person: OWNER, pin, acts: acts.to_vec(), reason }) {
            PeopleReply::Approval(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// With an owner and a cashier who have PINs here; answers the owner's way back in.
    pub(crate) fn staffed(&mut self) -> String {
        self.done(put(900, OWNER, "Amina", Role::Owner));
        self.done(put(901, CASHIER, "Baraka", Role::Cashier));
        let PeopleReply::Closed { recovery } = self.set_pin(OWNER, "4711") else { panic!("not closed") };
        assert_eq!(self.set_pin(CASHIER, "0815"), PeopleReply::Done);
        recovery
    }
}

fn put(number: u16, person: PersonId, name: &str, role: Role) -> Command {
    command(number, Verb::PutPerson { person, name: name.into(), role, is_active: true })
}

fn close(number: u16, shift: u16, counted_minor: i64, reason: &str) -> Command {
    let shift = ShiftId(thing(shift).0);
    command(number, Verb::CloseShift { shift, counted_minor, reason: reason.into() })
}

fn pay(number: u16, quantity: i64, tenders: Vec<TenderInput>, discount: DiscountInput) -> Command {
    charge(number, SaleLineInput::of(product(MANGO), quantity), tenders, discount)
}

fn charge(number: u16, line: SaleLineInput, tenders: Vec<TenderInput>, discount: DiscountInput) -> Command {
    let (sale, lines) = (sale_id(number), vec![line]);
    command(
        number,
        Verb::MakeSale {
            sale,
            lines,
            discount,
            tenders,
            beyond: BeyondShare::Refuse,
            about: SaleAbout::default(),
        },
    )
}

fn card(amount_minor: i64) -> TenderInput {
    TenderInput { kind: TenderKind::Card, ..TenderInput::cash(amount_minor) }
}

pub(crate) fn wrapped(number: u16, approval: ThingId, of: Command) -> Command {
    command(number, Verb::Approved { approval, verb: Box::new(of.verb) })
}

/// C54, C55: change is no cash, the first shift's difference is said, the second one starts clean.
#[test]
fn two_shifts_of_one_day_have_each_their_own_totals() {
    let mut device = stocked();
    device.done(pay(20, 2, vec![TenderInput::cash(2_000)], DiscountInput::None));
    device.done(pay(21, 4, vec![card(500), TenderInput::cash(500)], DiscountInput::AmountMinor(100)));
    device.done(pay(22, 1, vec![TenderInput::cash(250)], DiscountInput::None));
    device.done(command(23, Verb::VoidSale { sale: sale_id(22), reason: "typo".into() }));
    let line = RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable };
    let (sale, lines, tender) = (sale_id(20), vec![line], TenderKind::Cash);
    device.done(command(24, Verb::Refund { sale, lines, tender, reason: "ripe".into(), into: None }));
    device.done(command(25, Verb::MoveDrawer { amount_minor: 300, reason: "change".into() }));
    device.done(command(26, Verb::MoveDrawer { amount_minor: -120, reason: "water".into() }));
    device.done(command(27, Verb::OpenDrawer { reason: "a note to change".into() }));

    let x = device.report();
    assert_eq!((x.z_number, x.sales, x.sales_minor, x.net_minor), (None, 3, 1_650, 1_150));
    assert_eq!((x.voids, x.voids_minor, x.refunds, x.refunds_minor), (1, 250, 1, 250));
    assert_eq!((x.discounts_minor, x.paid_in_minor, x.paid_out_minor, x.openings), (100, 300, 120, 1));
    assert_eq!((x.tendered_minor, x.change_minor, x.cash_refunds_minor), (2_500, 1_600, 250));
    // 1,000 float + 2,500 handed over − 1,600 change − 250 refund + 300 − 120.
    assert_eq!((x.expected_minor, x.counted_minor, x.variance_minor), (Some(1_830), None, None));
    let tenders: Vec<_> = x.tenders.iter().map(|of| (of.kind, of.payments, of.amount_minor)).collect();
    assert_eq!(tenders, [(TenderKind::Cash, 2, Some(900)), (TenderKind::Card, 1, Some(500))]);

    let shift = ShiftId(thing(2).0);
    let coins = vec![CoinsInput { value_minor: 200, pieces: 8 }, CoinsInput { value_minor: 10, pieces: 11 }];
    device.done(command(28, Verb::CountDrawer { shift, coins, other_minor: 0 }));
    assert_eq!(device.report().variance_minor, Some(-120));
    assert_eq!(device.refused(close(29, 2, 1_710, "")), "reason_missing");
    device.done(close(30, 2, 1_710, "wrong change"));

    device.done(open_shift(31));
    let second = device.report();
    assert_eq!((second.sales, second.net_minor, second.expected_minor), (0, 0, Some(1_000)));
    assert!(second.tenders.is_empty() && second.taxes.is_empty());
    device.done(close(32, 31, 1_000, ""));
    let rows = device.reports();
    let seen: Vec<_> = rows.iter().map(|row| (row.z_number, row.net_minor, row.variance_minor)).collect();
    assert_eq!(seen, [(2, 0, 0), (1, 1_150, -120)]);
    let z = device.report_of(&rows[1]);
    assert_eq!((z.z_number, z.counted_minor, z.reason.as_str()), (Some(1), Some(1_710), "wrong change"));
    // It is made from the same rows, so it is the same after a start, and after a rebuild.
    let mut device = device.restart();
    assert_eq!(device.report_of(&rows[1]), z);
    assert!(device.engine.verify(STALL).unwrap().is_sound());
}

/// First hour 16: what leaves a cart after paying began has a reason, and stands in the audit.
#[test]
fn lines_that_leave_a_cart_after_paying_began_are_in_the_audit() {
    let mut device = stocked();
    let off = |number, reason: &str| {
        let bag = TakenOffInput { product: None, name: "Bag".into(), quantity: 1, amount_minor: 50 };
        let mango = TakenOffInput {
            product: Some(product(MANGO)),
            name: "Mango".into(),
            quantity: 2,
            amount_minor: 500,
        };
        let verb = Verb::TakeOff { sale: sale_id(20), lines: vec![mango, bag], reason: reason.into() };
        command(number, verb)
    };
    assert_eq!(device.refused(off(20, " ")), "reason_missing");
    device.done(off(21, "too dear"));
    let rows = device.audit(None, Some(AuditWhat::TakenOff));
    let rows: Vec<_> = rows.iter().map(|row| (row.amount_minor, row.reason.as_str())).collect();
    assert_eq!(rows, [(Some(550), "too dear (Mango, Bag)")]);
    assert_eq!(device.stock(product(MANGO)).counted, 50, "nothing moved");
}

/// First hour 10: what a refund takes back is tax, too, to the cent, and a void leaves none.
#[test]
fn a_report_says_the_taxes_that_are_left() {
    let mut device = stocked();
    let taxed = |number: u16, quantity| {
        let tax = Some(TaxInput { ppm: 160_000, mode: TaxMode::Inclusive });
        let line = SaleLineInput { tax, ..SaleLineInput::of(product(MANGO), quantity) };
        charge(number, line, vec![TenderInput::cash(750)], DiscountInput::None)
    };
    let refund = |number, quantity| {
        let lines = vec![RefundLineInput { line: 0, quantity, goods: GoodsBack::Waste }];
        let (sale, tender, reason) = (sale_id(20), TenderKind::Cash, "ripe".to_owned());
        command(number, Verb::Refund { sale, lines, tender, reason, into: None })
    };
    let taxes = |device: &mut Device| -> Vec<(u32, i64, i64)> {
        device.report().taxes.iter().map(|tax| (tax.ppm, tax.net_minor, tax.tax_minor)).collect()
    };
    device.done(taxed(20, 3));
    assert_eq!(taxes(&mut device), [(160_000, 647, 103)]);
    device.done(refund(21, 1));
    assert_eq!(taxes(&mut device), [(160_000, 431, 69)]);
    device.done(taxed(22, 1));
    device.done(command(23, Verb::VoidSale { sale: sale_id(22), reason: "typo".into() }));
    device.done(refund(24, 2));
    assert_eq!(taxes(&mut device), [(160_000, 0, 0)]);
}

/// C10: what comes for a shift after its closing is in the numbers, and the report says so.
#[test]
fn a_late_sale_amends_its_report() {
    let mut relay = Relay::new();
    let mut device = Device::ready(1, &[], Some(&relay));
    relay.admit(&device);
    let (mut pen, introduction) = Pen::new([7; 32], STALL, [3; 16], Vec::new()).unwrap();
    let shift = ShiftId([8; 16]);
    let cash = |amount_minor| Tendered {
        kind: TenderKind::Cash,
        amount_minor,
        reference: String::new(),
        standing: Standing::Taken,
    };
    let sale = |number: u8, total_minor| {
        Entry::from(SaleMade {
            sale: SaleId([number; 16]),
            shift,
            receipt_number: number.into(),
            currency: Currency::parse("EUR").unwrap(),
            lines: vec![],
            total_minor,
            cash_rounding_minor: 0,
            tenders: vec![cash(total_minor)],
            change_minor: 0,
            discount: None,
            note: String::new(),
            customer: None,
            tab: None,
        })
    };
    let entries = [
        ShiftOpened { shift, float_minor: 500 }.into(),
        sale(1, 700),
        ShiftClosed { shift, expected_minor: 1_200, counted_minor: 1_200, reason: String::new() }.into(),
        sale(2, 300),
    ];
    let mut records = vec![introduction];
    for entry in &entries {
        let body = entry.to_body(&Stamp::at(NOON_MS, 0, 20_778));
        let mut record = pen.write(entry.kind().number(), body).unwrap();
        pen.sign(&mut record).unwrap();
        records.push(record);
    }
    relay.db.transaction::<_, log::AppendError>(|tx| log::append(tx, &records).map(drop)).unwrap();
    device.replicate(&mut relay);
    let rows = device.reports();
    assert_eq!((rows[0].z_number, rows[0].net_minor, rows[0].late), (1, 1_000, 1));
    let z = device.report_of(&rows[0]);
    assert_eq!((z.late_minor, z.expected_minor, z.variance_minor), (300, Some(1_500), Some(-300)));
}

/// C67, first hour 16: a PIN offline, limits by role, a manager's word for what goes beyond, and all of it on record.
#[test]
fn a_cashier_asks_for_what_goes_beyond_and_the_audit_names_both() {
    let mut device = stocked();
    assert!(!device.at_register().is_guarded);
    device.staffed();
    assert_eq!(device.at_register().person, Some(OWNER));
    device.people(PeopleVerb::Lock);
    assert!(device.at_register().is_locked());
    assert_eq!(device.refused(sell(40, product(MANGO), 1, BeyondShare::Refuse)), "locked");
    assert_eq!(device.enter(CASHIER, "0000"), PeopleReply::Wrong { wait_ms: 0 });
    assert_eq!(device.enter(CASHIER, "0815"), PeopleReply::Done);

    device.done(sell(41, product(MANGO), 1, BeyondShare::Refuse));
    let void = |number, sale| command(number, Verb::VoidSale { sale: sale_id(sale), reason: "typo".into() });
    assert_eq!(device.refused(void(42, 41)), "approval_needed");
    assert_eq!(device.refused(command(43, Verb::OpenDrawer { reason: "look".into() })), "approval_needed");
    assert_eq!(device.refused(put(44, CASHIER, "Baraka", Role::Owner)), "approval_needed");
    let edit = Verb::EditProduct { product: product(MANGO), edits: vec![] };
    assert_eq!(device.refused(command(45, edit)), "not_allowed");

    let approval = device.approval(&[Act::VoidSale]);
    // It is for what was asked, once.
    let opened = command(46, Verb::OpenDrawer { reason: "look".into() });
    assert_eq!(device.refused(wrapped(47, approval, opened)), "approval_needed");
    let approval = device.approval(&[Act::VoidSale]);
    device.done(wrapped(48, approval, void(0, 41)));
    device.done(sell(49, product(MANGO), 1, BeyondShare::Refuse));
    assert_eq!(device.refused(wrapped(50, approval, void(0, 49))), "approval_ended");
    // A repeat after the answer was lost does nothing more, and is answered as before.
    assert_eq!(device.done(wrapped(48, approval, void(0, 41))), Reply::Voided { cash_back_minor: 250 });

    sells_for_less(&mut device);

    let rows = device.audit(Some(CASHIER), Some(AuditWhat::Voided));
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.by.as_str(), row.approved_by.as_str()), ("Baraka", "Amina"));
    assert_eq!((row.reason.as_str(), row.approved_why.as_str()), ("typo", "old customer"));
    assert_eq!(device.audit(Some(OWNER), Some(AuditWhat::Voided)).len(), 1, "also of who approved");
    assert_eq!(device.audit(Some(CASHIER), Some(AuditWhat::DrawerOpened)).len(), 0, "it was refused");

    counts_blind(&mut device);

    // After a start, somebody says who they are.
    let mut device = device.restart();
    assert!(device.at_register().is_locked());
    assert_eq!(device.refused(sell(53, product(MANGO), 1, BeyondShare::Refuse)), "locked");
}

/// Nothing says what should be in a drawer, or leaves only one subtraction to it, until it was counted; and who then counts
/// again does not do so unseen.
fn counts_blind(device: &mut Device) {
    let today = |device: &mut Device| match device.view(Query::Today(STALL)) {
        View::Today(today) => (today.cash_minor, today.total_minor, today.refunds_minor),
        other => panic!("{other:?}"),
    };
    let moves = |amount_minor| Verb::MoveDrawer { amount_minor, reason: "change".into() };
    // Its clock was ahead when the drawer was opened, and was put right.
    let before = Now { at_ms: now().at_ms - 60_000, ..now() };
    device.engine.handle(command(54, moves(2_000)), before).unwrap();
    let approval = device.approval(&[Act::OpenDrawer]);
    device.done(wrapped(55, approval, command(0, moves(-420))));
    assert_eq!(today(device), (None, None, None));
    let hidden = device.report();
    assert_eq!((hidden.paid_in_minor, hidden.paid_out_minor), (0, 0));
    let moved = |device: &mut Device| -> Vec<Option<i64>> {
        let rows = [AuditWhat::PaidIn, AuditWhat::PaidOut].map(|what| device.audit(None, Some(what)));
        rows.iter().flatten().map(|row| row.amount_minor).collect()
    };
    assert_eq!(moved(device), [None, None], "that money moved is no secret, and how much of it is");
    assert_eq!((hidden.expected_minor, hidden.tendered_minor, hidden.float_minor), (None, 0, 1_000));
    assert_eq!((hidden.sales_minor, hidden.voids_minor, hidden.net_minor), (0, 0, 0));
    assert!(hidden.tenders.iter().all(|tender| tender.amount_minor.is_none()), "{:?}", hidden.tenders);
    let shift = ShiftId(thing(2).0);
    device.done(command(51, Verb::CountDrawer { shift, coins: vec![], other_minor: 0 }));
    let told = device.report();
    assert_eq!((told.expected_minor, told.counts, told.first_counted_minor), (Some(3_130), 1, None));
    assert!(matches!(today(device), (Some(_), Some(_), Some(_))));
    assert_eq!((told.paid_in_minor, told.paid_out_minor), (2_000, 420));
    assert_eq!(moved(device), [Some(2_000), Some(420)]);
    device.done(command(52, Verb::CountDrawer { shift, coins: vec![], other_minor: 3_130 }));
    let again = device.report();
    assert_eq!((again.variance_minor, again.counts, again.first_counted_minor), (Some(0), 2, Some(0)));
}

/// Another price and a large discount are asked for together, and the sale is made once, whichever command brings it.
fn sells_for_less(device: &mut Device) {
    let cheap = |number, discount| {
        let line = SaleLineInput { unit_price_minor: Some(200), ..SaleLineInput::of(product(MANGO), 3) };
        let (sale, lines, tenders) = (sale_id(70), vec![line], vec![TenderInput::cash(600)]);
        let (beyond, about) = (BeyondShare::Refuse, SaleAbout::default());
        command(number, Verb::MakeSale { sale, lines, discount, tenders, beyond, about })
    };
    let half = DiscountInput::PercentPpm(500_000);
    let refused = device.engine.handle(cheap(70, half), now());
    let Err(NotDone::Refused(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.acts, [Act::Discount, Act::ChangePrice]);
    let approval = device.approval(&refused.acts);
    let first = device.done(wrapped(71, approval, cheap(71, half)));
    assert!(matches!(first, Reply::Sold { total_minor: 300, .. }), "{first:?}");
    // The answer was lost, and the next try comes with another word and another command.
    let approval = device.approval(&refused.acts);
    assert_eq!(device.done(wrapped(72, approval, cheap(72, half))), first);
    assert_eq!(
        device.refused(command(73, sell(70, product(MANGO), 1, BeyondShare::Refuse).verb)),
        "id_reused"
    );
    // Of an exchange, too, everything is asked for at once.
    let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable }];
    let returned = ReturnInput { sale: sale_id(70), lines, reason: "bruised".into() };
    let goods = pay(74, 1, vec![TenderInput::cash(250)], half).verb;
    let exchange = command(74, Verb::Exchange { returned, sale: Box::new(goods) });
    let Err(NotDone::Refused(refused)) = device.engine.handle(exchange, now()) else { panic!("done") };
    assert_eq!(refused.acts, [Act::Discount, Act::Refund]);
    let rows = device.audit(Some(CASHIER), Some(AuditWhat::Discount));
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.approved_by.as_str(), row.approved_why.as_str()), ("Amina", "old customer"));
}

#[test]
fn wrong_pins_wait_longer_and_longer_and_a_lost_one_has_a_way_back() {
    let mut device = stocked();
    let recovery = device.staffed();
    device.people(PeopleVerb::Lock);
    let guess = |device: &mut Device, pin: &str, at_ms| {
        device.people_at(PeopleVerb::Enter { person: OWNER, pin: pin.into() }, at_ms).unwrap()
    };
    let waits: Vec<i64> = (0..7)
        .scan(NOON_MS, |at_ms, _| {
            let PeopleReply::Wrong { wait_ms } = guess(&mut device, "0000", *at_ms) else { panic!("right?") };
            *at_ms += wait_ms;
            Some(wait_ms)
        })
        .collect();
    assert_eq!(waits, [0, 0, 0, 0, 30_000, 60_000, 120_000]);
    let later_ms = NOON_MS + 30_000 + 60_000;
    // Neither the right one nor a restart shortens the wait; a clock far back does not make it longer.
    assert_eq!(guess(&mut device, "4711", later_ms), PeopleReply::Wrong { wait_ms: 120_000 });
    let mut device = device.restart();
    assert_eq!(guess(&mut device, "4711", 0), PeopleReply::Wrong { wait_ms: 120_000 });
    assert_eq!(guess(&mut device, "4711", later_ms + 120_000), PeopleReply::Done);

    device.people(PeopleVerb::Lock);
    let typed = format!("{}-{}", recovery[..6].to_lowercase(), &recovery[6..]);
    assert!(matches!(device.people(PeopleVerb::Recover { code: "WRONG".into() }), PeopleReply::Wrong { .. }));
    assert_eq!(device.people(PeopleVerb::Recover { code: typed }), PeopleReply::Done);
    assert!(!device.at_register().is_guarded);
    // No PIN stands on the disk, in whatever form a person would type it.
    assert!(!contains(&device.disk(), recovery.as_bytes()));
}

/// A name goes out of every record, on every device; what the person did stays.
#[test]
fn an_erased_name_is_in_no_file() {
    let mut relay = Relay::new();
    let mut phone = Device::ready(1, &["Mango"], Some(&relay));
    let mut laptop = Device::new(2, Some(&relay));
    relay.admit(&phone);
    relay.admit(&laptop);
    phone.done(put(60, CASHIER, "Zuhura-Wambui", Role::Cashier));
    phone.done(put(61, CASHIER, "Zuhura-Wambui N", Role::Manager));
    phone.replicate(&mut relay);
    laptop.replicate(&mut relay);
    let known = laptop.at_register().people;
    assert_eq!((known[0].name.as_str(), known[0].role), ("Zuhura-Wambui N", Role::Manager));

    laptop.done(command(62, Verb::ErasePerson { person: CASHIER }));
    laptop.replicate(&mut relay);
    phone.replicate(&mut relay);
    for device in [&mut phone, &mut laptop] {
        assert!(device.at_register().people.is_empty());
        assert_eq!(device.audit(None, Some(AuditWhat::PersonChanged)).len(), 2, "that it happened stays");
        assert!(device.engine.verify(STALL).unwrap().is_sound());
        assert!(!contains(&device.disk(), b"Zuhura"), "the name is still in the file");
    }
    // An edit that was on its way does not bring it back.
    phone.replicate(&mut relay);
    assert_eq!(phone.refused(put(63, CASHIER, "Zuhura-Wambui", Role::Cashier)), "person_erased");
}

/// First-hour 20: whoever reads the disk of a stolen register can neither say that they are the owner, nor pay with a card that was sold.
#[test]
fn neither_a_pin_nor_the_code_of_a_card_is_in_a_file() {
    let mut device = stocked();
    device.done(put(900, OWNER, "Amina", Role::Owner));
    assert!(matches!(device.set_pin(OWNER, "47110815"), PeopleReply::Closed { .. }));
    let code = CardCode::of_chance([9; 16]).to_string();
    let purse = PurseInput::Card(code.clone());
    let tender = Some(TenderInput::cash(1_000));
    let fill = Verb::FillPurse { purse: purse.clone(), units: 1_000, tender, reason: String::new() };
    device.done(command(40, fill));
    let paid = TenderInput { kind: TenderKind::Voucher, purse: Some(purse), ..TenderInput::cash(250) };
    device.done(pay(41, 1, vec![paid], DiscountInput::None));
    device.people(PeopleVerb::Lock);
    assert_eq!(device.enter(OWNER, "12345678"), PeopleReply::Wrong { wait_ms: 0 });
    assert_eq!(device.enter(OWNER, "47110815"), PeopleReply::Done);
    let disk = device.disk();
    let plain = code.replace(['-', ' '], "");
    for secret in ["47110815", "12345678", &code, &plain, &plain.to_lowercase()] {
        assert!(!contains(&disk, secret.as_bytes()), "{secret} is in the file");
    }
    assert!(contains(&disk, b"Amina"), "what is no secret is found");
}

fn contains(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|window| window == text)
}

/// The last manager with a PIN here leaves: the register stays closed to everybody else.
#[test]
fn a_register_stays_guarded_when_whoever_guarded_it_works_here_no_longer() {
    let mut relay = Relay::new();
    let mut device = Device::ready(1, &["Mango"], Some(&relay));
    let mut laptop = Device::new(2, Some(&relay));
    let recovery = device.staffed();
    relay.admit(&device);
    relay.admit(&laptop);
    device.replicate(&mut relay);
    laptop.replicate(&mut relay);
    let ends = Verb::PutPerson { person: OWNER, name: "Amina".into(), role: Role::Owner, is_active: false };
    laptop.done(command(910, ends));
    laptop.replicate(&mut relay);
    device.replicate(&mut relay);
    device.people(PeopleVerb::Lock);
    assert!(device.at_register().is_locked());
    assert_eq!(device.refused(sell(40, product(MANGO), 1, BeyondShare::Refuse)), "locked");
    assert_eq!(device.enter(CASHIER, "0815"), PeopleReply::Done);
    assert_eq!(device.refused(put(41, CASHIER, "Baraka", Role::Owner)), "approval_needed");
    // The owner's way back in opens it, and whoever sets a PIN next closes it with a new one.
    assert_eq!(device.people(PeopleVerb::Recover { code: recovery }), PeopleReply::Done);
    assert!(!device.at_register().is_guarded);
    assert_eq!(device.set_pin(CASHIER, "0815"), PeopleReply::Done);
    assert!(!device.at_register().is_guarded, "a cashier lets nobody else in");
}

/// Whoever finds the register open under another name does not become that person.
#[test]
fn a_pin_is_changed_by_whoever_knows_it_or_by_a_manager_s_word() {
    let mut device = stocked();
    device.staffed();
    let change = |device: &mut Device, person, old: &str, approval| {
        let (pin, old) = ("9999".into(), old.into());
        device.people_at(PeopleVerb::SetPin { person, pin, old, approval }, NOON_MS)
    };
    let needs_word = |outcome: Result<PeopleReply, NotDone>| {
        let Err(NotDone::Refused(refused)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((refused.code.as_str(), refused.acts), ("approval_needed", vec![Act::ManagePeople]));
    };
    needs_word(change(&mut device, OWNER, "", None));
    needs_word(change(&mut device, CASHIER, "", None));
    assert_eq!(change(&mut device, OWNER, "0000", None).unwrap(), PeopleReply::Wrong { wait_ms: 0 });
    let word = device.approval(&[Act::ManagePeople]);
    assert_eq!(change(&mut device, CASHIER, "", Some(word)).unwrap(), PeopleReply::Done);
    assert_eq!(device.enter(CASHIER, "9999"), PeopleReply::Done);
    // A cashier knows their own; what they know opens nobody else's.
    needs_word(change(&mut device, OWNER, "9999", None));
    assert_eq!(change(&mut device, CASHIER, "9999", None).unwrap(), PeopleReply::Done);
    assert_eq!(device.enter(OWNER, "4711"), PeopleReply::Done);
    assert_eq!(change(&mut device, OWNER, "4711", None).unwrap(), PeopleReply::Done);
    assert_eq!(device.enter(OWNER, "9999"), PeopleReply::Done);
}

/// Whatever counts money says no currency of its own.
#[test]
fn a_stall_keeps_its_currency_once_it_took_money() {
    let mut device = Device::new(1, None);
    let becomes = |number, code: &str| {
        command(number, Verb::EditStall { edits: vec![StallEdit::Currency(code.into())] })
    };
    assert_eq!(device.refused(becomes(1, "shillings")), "currency_odd");
    device.done(becomes(2, "JPY"));
    device.done(becomes(3, "EUR"));
    device.done(open_shift(4));
    assert_eq!(device.refused(becomes(5, "JPY")), "currency_kept");
    // A form that is saved as it was changes nothing.
    device.done(becomes(6, "EUR"));
}
