//! Two windows of one stall on one network, while there is no server.

use soko_app_api::{
    Answer, BeyondShare, Call, Command, DeviceReply, DeviceVerb, DiscountInput, OpenOrderEdit, OpenOrderView,
    Query, SaleAbout, SaleLineInput, TabLine, TenderInput, Verb, View,
};
use soko_domain::ids::{OrderId, SaleId, ShiftId, ThingId};
use soko_domain::role::Role;

use crate::app::{App, MANGO, STALL};
use crate::server::Server;
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
    drop(server);

    first.act(20, edit(vec![OpenOrderEdit::Title("Table 4".into()), line(0x71)]));
    let address = first.listens();
    second.listens();
    second.write("Address of another register", &address);
    second.press_in_dialog("Add");
    second.read("Met just now");
    until("the order is at both", || (lines(&second) == 1).then_some(()));
    second.act(21, edit(vec![line(0x72)]));
    first.act(22, edit(vec![line(0x73)]));
    second.press_in_dialog("Meet now");
    until("both lines are at the first", || (lines(&first) == 3).then_some(()));
    until("both lines are at the second", || (lines(&second) == 3).then_some(()));

    assert!(matches!(pay(&first, 30), Answer::Done(_)));
    second.press_in_dialog("Meet now");
    until("the second hears that it is paid", || order(&second)?.closed_by);
    let again = pay(&second, 31);
    assert!(matches!(&again, Answer::Refused(refused) if refused.code == "tab_closed"), "{again:?}");
}

/// The first claims its stall at the server, and lets the second in.
fn become_two(server: &Server, first: &App, second: &App) {
    let is_done = |answer: Answer| assert_eq!(answer, Answer::Device(DeviceReply::Done));
    for app in [first, second] {
        is_done(app.device(0x40, DeviceVerb::UseServer { server: server.url() }));
    }
    let (email, password) = ("amina@example.org".to_owned(), "orchid ladder frost".to_owned());
    is_done(first.device(0x41, DeviceVerb::CreateAccount { email, password }));
    is_done(first.device(0x42, DeviceVerb::Connect(STALL)));
    let invited = first.device(0x43, DeviceVerb::Invite { stall: STALL, role: Role::Owner });
    let Answer::Device(DeviceReply::Invitation { invitation, .. }) = invited else { panic!("{invited:?}") };
    let device_name = "second till".to_owned();
    let joined = second.device(0x44, DeviceVerb::Join { invitation, device_name });
    assert!(matches!(joined, Answer::Device(DeviceReply::Joined(_))), "{joined:?}");
    until("both know each other and the mangoes", || {
        let knows = |app: &App| matches!(app.call(&Call::Ask(Query::Devices(STALL))), Answer::View(View::Devices(rows)) if rows.len() == 2);
        let product = Query::Product { stall: STALL, product: MANGO };
        let has_mangoes = matches!(second.call(&Call::Ask(product)), Answer::View(View::Product(_)));
        (knows(first) && knows(second) && has_mangoes).then_some(())
    });
    second.act(0x45, Verb::OpenShift { shift: ShiftId([0x46; 16]), float_minor: 0 });
}

impl App {
    /// Turns meeting on by the switch, and reads where this window can be called. The dialog stays open.
    fn listens(&self) -> String {
        self.driver.click("//button[contains(., 'No connection') or contains(., 'Saved here')]");
        self.driver.click("//dialog//label[contains(., 'Meet other registers of my stall on this network')]");
        let shown =
            "document.querySelector('dialog section[aria-labelledby=meetings] dd')?.textContent ?? ''";
        let own = until("it listens", || {
            let own = self.driver.text(shown);
            own.contains(':').then_some(own)
        });
        let port = own.rsplit_once(':').unwrap().1;
        format!("127.0.0.1:{port}")
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
