//! Windows of one stall on one network, while there is no server.

use std::path::PathBuf;

use serde_json::Value;
use soko_app_api::{
    Answer, BeyondShare, Call, Command, DeviceReply, DeviceVerb, DiscountInput, OpenOrderEdit, OpenOrderView,
    Query, SaleAbout, SaleLineInput, TabLine, TenderInput, Verb, View,
};
use soko_device::Invitation;
use soko_domain::ids::{OrderId, SaleId, ShiftId, ThingId};
use soko_domain::role::Role;

use crate::app::{App, MANGO, STALL};
use crate::server::{Server, program};
use crate::stage::{Stage, until};

const TABLE: OrderId = OrderId([0x70; 16]);

/// First hour 9, without any server: both add to one open order, one is paid for, and the other cannot pay again.
#[test]
fn two_windows_without_a_server_share_an_open_order_and_it_is_paid_once() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let server = Server::start(&stage);
    let (first, second) = (App::start(&stage), App::start_beside(&stage, "second"));
    first.open_stall();
    become_two(&server, &first, &second);
    let third = ByHand::enrolled(&stage, &first);
    until("all three know each other", || (devices(&first) == 3 && devices(&second) == 3).then_some(()));
    drop(server);

    first.act(20, edit(vec![OpenOrderEdit::Title("Table 4".into()), line(0x71)]));
    assert_eq!(first.sell(0x22), 1);
    let address = first.listens();
    second.listens();
    second.is_told_what_is_no_address();
    second.write("Address of another register", &address);
    second.press_in_dialog("Add");
    second.read("Met just now");
    until("the sale is at the second", || (second.receipts() == [1]).then_some(()));
    assert_eq!(lines(&second), 1);
    second.act(21, edit(vec![line(0x72)]));
    first.act(22, edit(vec![line(0x73)]));
    second.press_in_dialog("Meet now");
    for app in [&first, &second] {
        until("all lines are at both", || (lines(app) == 3).then_some(()));
    }

    assert!(matches!(pay(&first, 30), Answer::Done(_)));
    // Nobody presses anything: it comes by itself.
    until("the second hears that it is paid", || order(&second)?.closed_by);
    let again = pay(&second, 31);
    assert!(matches!(&again, Answer::Refused(refused) if refused.code == "tab_closed"), "{again:?}");
    let met = third.says(&stage, &["meet", &address]);
    assert!(met["records"].as_u64().is_some_and(|records| records > 0), "{met}");
    let sales = third.says(&stage, &["sale", "list", "--rows", "5"]);
    assert_eq!(sales["sales"].as_array().map(Vec::len), Some(2), "{sales}");
}

/// The first claims its stall at the server, and lets the second in.
pub(crate) fn become_two(server: &Server, first: &App, second: &App) {
    become_one(server, first);
    is_done(&second.device(0x40, DeviceVerb::UseServer { server: server.url() }));
    let device_name = "second till".to_owned();
    let joined = second.device(0x44, DeviceVerb::Join { invitation: invitation(first, 0x43), device_name });
    assert!(matches!(joined, Answer::Device(DeviceReply::Joined(_))), "{joined:?}");
    let product = Query::Product { stall: STALL, product: MANGO };
    until("the second knows the mangoes", || {
        matches!(second.call(&Call::Ask(product.clone())), Answer::View(View::Product(_))).then_some(())
    });
    second.act(0x45, Verb::OpenShift { shift: ShiftId([0x46; 16]), float_minor: 0 });
}

/// The stall of one window is at the server.
pub(crate) fn become_one(server: &Server, app: &App) {
    is_done(&app.device(0x40, DeviceVerb::UseServer { server: server.url() }));
    let (email, password) = ("amina@example.org".to_owned(), "orchid ladder frost".to_owned());
    is_done(&app.device(0x41, DeviceVerb::CreateAccount { email, password }));
    is_done(&app.device(0x42, DeviceVerb::Connect(STALL)));
}

fn is_done(answer: &Answer) {
    assert_eq!(*answer, Answer::Device(DeviceReply::Done));
}

fn invitation(app: &App, id: u8) -> String {
    match app.device(id, DeviceVerb::Invite { stall: STALL, role: Role::Owner }) {
        Answer::Device(DeviceReply::Invitation { invitation, .. }) => invitation,
        other => panic!("{other:?}"),
    }
}

fn devices(app: &App) -> usize {
    match app.call(&Call::Ask(Query::Devices(STALL))) {
        Answer::View(View::Devices(rows)) => rows.len(),
        other => panic!("{other:?}"),
    }
}

impl App {
    /// Turns meeting on by the switch, and reads where this window can be called. The dialog stays open.
    fn listens(&self) -> String {
        self.driver.click("//button[contains(., 'No connection') or contains(., 'Saved here')]");
        self.driver.click("//dialog//label[contains(., 'Meet other registers of my stall on this network')]");
        let shown =
            "document.querySelector('dialog section[aria-labelledby=meetings] dd')?.textContent ?? ''";
        let own = until("it listens", || Some(self.driver.text(shown)).filter(|own| own.contains(':')));
        let port = own.rsplit_once(':').unwrap().1;
        format!("127.0.0.1:{port}")
    }

    fn is_told_what_is_no_address(&self) {
        self.write("Address of another register", "203.0.113.7");
        self.press_in_dialog("Add");
        self.read("This address is outside of your network.");
    }
}

/// A register without a window.
struct ByHand(PathBuf);

impl ByHand {
    fn enrolled(stage: &Stage, by: &App) -> Self {
        let third = Self(stage.folder.join("third"));
        let invited = Invitation::read(&invitation(by, 0x47)).unwrap();
        let stall = STALL.to_string();
        third.says(
            stage,
            &[
                "enrol",
                "--server",
                &invited.server,
                "--stall",
                &stall,
                "--code",
                &invited.code,
                "--register",
                "third",
            ],
        );
        third.says(stage, &["replicate"]);
        third
    }

    fn says(&self, stage: &Stage, words: &[&str]) -> Value {
        let mut command = stage.command(program("soko-register"));
        let said = command.arg("--json").arg("--data-dir").arg(&self.0).args(words).output().unwrap();
        let answer: Value = serde_json::from_slice(&said.stdout).unwrap();
        assert!(said.status.success(), "{words:?}: {answer}");
        answer["answer"].clone()
    }
}

fn edit(edits: Vec<OpenOrderEdit>) -> Verb {
    Verb::EditOpenOrder { order: TABLE, edits }
}

fn line(id: u8) -> OpenOrderEdit {
    OpenOrderEdit::PutLine {
        line: ThingId([id; 16]),
        content: TabLine {
            product: Some(MANGO),
            name: String::new(),
            quantity: 1,
            unit_price_minor: 5_000,
            discount: DiscountInput::None,
            note: String::new(),
            reason: String::new(),
            label: String::new(),
        },
    }
}

/// The open order as it is shown here, if it is known here.
fn order(app: &App) -> Option<OpenOrderView> {
    match app.call(&Call::Ask(Query::OpenOrder { stall: STALL, order: TABLE })) {
        Answer::View(View::OpenOrder(view)) => Some(view),
        _ => None,
    }
}

fn lines(app: &App) -> usize {
    order(app).map_or(0, |order| order.lines.len())
}

fn pay(app: &App, number: u8) -> Answer {
    let verb = Verb::MakeSale {
        sale: SaleId([number; 16]),
        lines: vec![SaleLineInput::of(MANGO, 3)],
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(15_000)],
        beyond: BeyondShare::Allow,
        about: SaleAbout { tab: Some(TABLE), ..SaleAbout::default() },
    };
    app.call(&Call::Do(Command { id: ThingId([number; 16]), stall: STALL, verb }))
}
