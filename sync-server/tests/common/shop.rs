//! A stall with a shop: an owner, one register, one product, and units that the shop may promise.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test helper that fails fails the test")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::json;
use soko_documents::{DocumentKind, Product, Stall, Typed as _};
use soko_domain::ask;
use soko_domain::basket::TenderKind;
use soko_domain::entry::{
    Entry, OrderHandedOver, ReceivedLine, SaleLine, SaleMade, ShiftOpened, Standing, Tendered,
};
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ShareId, ShiftId, ThingId};
use soko_domain::money::Currency;
use soko_domain::quantity::Unit;
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};
use soko_domain::wire::Wire as _;
use soko_projection::LocalApplier;
use soko_replication::Page;
use soko_sync_server::core::StallCore;
use soko_sync_server::demo::Device;
use soko_sync_server::secret::ServerSecret;
use soko_sync_server::stall::Core;
use soko_sync_server::web::Web;
use soko_sync_server::worker::child::SUBCOMMAND;
use soko_sync_server::worker::{PoolApplier, WorkerCommand, WorkerPool};

use crate::common::TestStore;
use crate::common::server::{Answer, Ask, SECRET, TestServer, Wanted, hex};

pub(crate) const STALL: LogId = LogId([0x51; 16]);
/// What [`Shop::sell`] makes.
pub(crate) const SALE: SaleId = SaleId([0x5b; 16]);
pub(crate) const TEA: ProductId = ProductId([0x7e; 16]);
const AT_MS: i64 = 1_790_000_000_000;
const EXCHANGES_MAX: usize = 20;

/// The rules, with documents applied in this process.
pub(crate) fn core() -> Arc<Core> {
    let key = ServerSecret::new(SECRET).stall_key();
    Arc::new(Core::new(key, Box::new(|| Box::new(LocalApplier))))
}

/// The rules, with documents applied in children of the real program.
pub(crate) fn core_with_children() -> Arc<Core> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_soko-server"));
    let own = WorkerCommand { program, arguments: vec![SUBCOMMAND.to_owned()] };
    let applier = PoolApplier::new(Arc::new(WorkerPool::new(own, Duration::from_secs(60))));
    let key = ServerSecret::new(SECRET).stall_key();
    Arc::new(Core::new(key, Box::new(move || Box::new(applier.clone()))))
}

/// Every engine there is.
pub(crate) fn stores() -> Vec<TestStore> {
    // On a thread of its own: the caller may be inside the async runtime.
    let open = || [Some(TestStore::sqlite()), TestStore::postgres()].into_iter().flatten().collect();
    std::thread::spawn(open).join().unwrap()
}

/// A register with access.
pub(crate) struct Register {
    pub(crate) device: Device,
    pub(crate) access: String,
}

pub(crate) struct Shop {
    pub(crate) server: TestServer,
    pub(crate) core: Arc<Core>,
    pub(crate) owner: String,
    pub(crate) register: Register,
}

impl Shop {
    /// Open, with so many units of tea that the shop may promise.
    pub(crate) async fn open(store: TestStore, core: Arc<Core>, units: i64) -> Self {
        Self::open_wanted(store, core, units, Wanted::default()).await
    }

    /// The same with a web app.
    pub(crate) async fn open_with(store: TestStore, core: Arc<Core>, units: i64, web: Option<Web>) -> Self {
        Self::open_wanted(store, core, units, Wanted { web, ..Wanted::default() }).await
    }

    pub(crate) async fn open_wanted(store: TestStore, core: Arc<Core>, units: i64, wanted: Wanted) -> Self {
        let as_core: Arc<dyn StallCore> = core.clone();
        let server = TestServer::on(store, Wanted { core: Some(as_core), ..wanted });
        let owner = server.person("owner@example.org").await;
        let device = Device::new([1; 32], STALL, [1; 16], "counter").unwrap();
        let claim = json!({"introduction": hex(&device.introduction())});
        server.post("/v1/stalls", &claim).bearer(&owner).send().await.expect(StatusCode::CREATED);
        let access = enrolled(&server, &owner, &device, "owner", 1).await;
        let mut shop = Self { server, core, owner, register: Register { device, access } };
        shop.stock(units);
        shop.exchange().await;
        shop
    }

    fn stock(&mut self, units: i64) {
        let device = &mut self.register.device;
        let profile = Stall {
            name: "Tea House".into(),
            currency: "EUR".into(),
            takes_card: true,
            takes_phone: true,
            return_days: 14,
            local_terms: "zone 150 Town\nzone 300 Hills\nfree 2000\ntax 250000 inclusive".into(),
            ..Stall::default()
        };
        device.edit((ThingId(STALL.0), DocumentKind::Stall), &profile.edits(), AT_MS).unwrap();
        let tea = Product {
            name: "Crème tea".into(),
            price_minor: 450,
            currency: "EUR".into(),
            ..Product::default()
        };
        device.edit((ThingId(TEA.0), DocumentKind::Product), &tea.edits(), AT_MS).unwrap();
        if units == 0 {
            return;
        }
        // The register keeps as many, so that nobody is below a target and nothing is shared out anew.
        let line = ReceivedLine { product: TEA, quantity: 2 * units, cost_minor: None };
        let command = ReceiveStock { delivery: ThingId([3; 16]), lines: vec![line], note: String::new() };
        device.write(receive_stock::decide(&command).unwrap(), AT_MS).unwrap();
        let facts = return_share::Facts { frozen: false, own_share: 2 * units };
        let command = ReturnShare { share: ShareId([4; 16]), product: TEA, quantity: units, recall: None };
        device.write(return_share::decide(&facts, &command).unwrap(), AT_MS).unwrap();
    }

    /// Another device, enrolled by the owner.
    pub(crate) async fn register(&self, number: u8, role: &str) -> Register {
        let device = Device::new([number; 32], STALL, [number; 16], "other").unwrap();
        let access = enrolled(&self.server, &self.owner, &device, role, number).await;
        Register { device, access }
    }

    /// Access lasts minutes: after some time the register is let in again.
    pub(crate) async fn renew(&mut self, number: u8) {
        let Self { server, owner, register, .. } = self;
        register.access = enrolled(server, owner, &register.device, "owner", number).await;
    }

    /// Pages both ways until the server has everything of the first register.
    pub(crate) async fn exchange(&mut self) {
        let Self { server, register, .. } = self;
        exchange(server, register).await;
    }

    pub(crate) fn page(&self, access: &str, bytes: Vec<u8>) -> Ask {
        send_page(&self.server, access, bytes)
    }

    /// The register sells so much tea over the counter.
    pub(crate) async fn sell(&mut self, quantity: i64) {
        self.sell_for(quantity, (TenderKind::Cash, Standing::Settled)).await;
    }

    /// The same, paid in some way that somebody saw or did not see.
    pub(crate) async fn sell_for(&mut self, quantity: i64, (kind, standing): (TenderKind, Standing)) {
        let at_ms = self.server.app.now_ms();
        let shift = ShiftId([0x5a; 16]);
        let sale = sale(SALE, shift, quantity, (kind, standing));
        let entries = [ShiftOpened { shift, float_minor: 0 }.into(), Entry::from(sale)];
        self.register.device.write(entries, at_ms).unwrap();
        self.exchange().await;
    }

    /// An order by a guest.
    pub(crate) fn order(&self, guest: u8, order: u8, quantity: i64) -> Ask {
        let body = json!({"order": id(order), "lines": [{"product": TEA.to_string(), "quantity": quantity}]});
        self.server.post(&orders(), &body).header("soko-buyer", &secret(guest))
    }

    /// Another register gives an order out, whatever is known of its money.
    pub(crate) async fn hand_over(&self, order: u8) {
        let mut register = self.register(0x80 | order, "cashier").await;
        let order = OrderId::from_hex(&id(order)).unwrap();
        let handed = OrderHandedOver { order, taken: None };
        register.device.write([Entry::from(handed)], self.server.app.now_ms()).unwrap();
        exchange(&self.server, &mut register).await;
    }

    pub(crate) async fn available(&self) -> i64 {
        let answer = self.server.get(&format!("/v1/stalls/{STALL}/products")).send().await;
        answer.expect(StatusCode::OK).json()["products"][0]["available"].as_i64().unwrap()
    }

    /// Makes a person a member.
    pub(crate) async fn member(&self, email: &str, role: &str) -> String {
        let person = self.server.person(email).await;
        let member = json!({"email": email, "role": role});
        let path = format!("/v1/stalls/{STALL}/members");
        self.server.put(&path, &member).bearer(&self.owner).send().await.expect(StatusCode::NO_CONTENT);
        person
    }
}

/// So much tea.
pub(crate) fn sale(
    sale: SaleId,
    shift: ShiftId,
    quantity: i64,
    (kind, standing): (TenderKind, Standing),
) -> SaleMade {
    let line = SaleLine {
        product: Some(TEA),
        name: "Tea".into(),
        unit: Some(Unit::Piece),
        quantity,
        beyond_share: 0,
        unit_price_minor: 450,
        price_per: 1,
        discount_minor: 0,
        discount: None,
        taxes: vec![],
        total_minor: 450 * quantity,
        note: String::new(),
    };
    let tender = Tendered { kind, amount_minor: 450 * quantity, reference: String::new(), standing };
    SaleMade {
        sale,
        shift,
        receipt_number: 1,
        currency: Currency::parse("EUR").unwrap(),
        lines: vec![line],
        discount: None,
        total_minor: 450 * quantity,
        cash_rounding_minor: 0,
        tenders: vec![tender],
        change_minor: 0,
        note: String::new(),
        customer: None,
        tab: None,
    }
}

pub(crate) fn send_page(server: &TestServer, access: &str, bytes: Vec<u8>) -> Ask {
    let path = format!("/v1/stalls/{STALL}/replicate");
    server.ask(Method::POST, &path).body("application/octet-stream", bytes).bearer(access)
}

pub(crate) async fn exchange(server: &TestServer, register: &mut Register) -> Page {
    for _ in 0..EXCHANGES_MAX {
        let page = register.device.page().unwrap().encode().unwrap();
        let answer: Answer = send_page(server, &register.access, page).send().await.expect(StatusCode::OK);
        let reply = Page::decode(&answer.bytes).unwrap();
        if !register.device.take(&reply) {
            return reply;
        }
    }
    panic!("the server did not take everything");
}

/// What a register asks, in a page of its own; the code of the refusal, if it is one.
pub(crate) async fn asked(
    server: &TestServer,
    register: &mut Register,
    (number, wanted): (u8, ask::Ask),
) -> Option<String> {
    let id = ThingId([number; 16]);
    let mut page = register.device.page().unwrap();
    page.asks.push(soko_replication::Ask { id, body: wanted.to_bytes() });
    let page = page.encode().unwrap();
    let sent = send_page(server, &register.access, page).send().await.expect(StatusCode::OK);
    let reply = Page::decode(&sent.bytes).unwrap();
    register.device.take(&reply);
    let answer = reply.answers.iter().find(|answer| answer.ask == id).unwrap();
    match ask::Answer::from_bytes(&answer.body).unwrap() {
        ask::Answer::Done => None,
        ask::Answer::Refused { code, .. } => Some(code),
    }
}

pub(crate) async fn enrolled(
    server: &TestServer,
    owner: &str,
    device: &Device,
    role: &str,
    number: u8,
) -> String {
    let body = json!({
        "introduction": hex(&device.introduction()),
        "name": "counter",
        "request": id(number),
        "role": role,
    });
    let answer = server.post("/v1/devices/enrol", &body).bearer(owner).send().await;
    answer.expect(StatusCode::CREATED).text("access_token")
}

pub(crate) fn orders() -> String {
    format!("/v1/stalls/{STALL}/orders")
}

/// An identity of sixteen equal bytes.
pub(crate) fn id(number: u8) -> String {
    hex(&[number; 16])
}

/// A guest's secret.
pub(crate) fn secret(number: u8) -> String {
    hex(&[number; 32])
}
