//! Makes the market: people, stalls, devices, goods, sales, orders.

use std::collections::BTreeMap;

use soko_documents::{DocumentKind, Product, Stall, Typed as _};
use soko_domain::basket::{Basket, BasketLine, Discount, Policy};
use soko_domain::entry::{ReceivedLine, ReleaseReason, TenderKind, Tendered};
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ShareId, ShiftId, ThingId};
use soko_domain::money::Currency;
use soko_domain::quantity::Quantity;
use soko_domain::refusal::Refusal as Refused;
use soko_domain::role::Role;
use soko_domain::tax::TaxRate;
use soko_domain::verbs::make_sale::{self, BeyondShare, MakeSale};
use soko_domain::verbs::open_shift::{self, OpenShift};
use soko_domain::verbs::place_order::AskedLine;
use soko_domain::verbs::receive_stock::{self, ReceiveStock};
use soko_domain::verbs::return_share::{self, ReturnShare};
use soko_record_log::{StoreError, Tx, log};
use soko_replication::Page;

use crate::core::{Admitted, CoreRefusal, Now, PageIn, StallCore as _};
use crate::demo::device::{Device, DeviceError};
use crate::demo::goods::{Goods, SHELVES, Shelf};
use crate::outside::{Entropy, NoEntropy, random};
use crate::platform::accounts::{self, Email, NewAccount};
use crate::platform::enrol::{self, Enrol, Ticket};
use crate::platform::passwords::Passwords;
use crate::platform::{Refusal, introduction, stalls};
use crate::secret::{ServerSecret, Token};
use crate::stall::{Core, EndOrder, PlaceOrder, Placed};
use crate::store::{Failed, Shard, Store};

/// Exchanges that bring all of a device's records over; more would be a fault.
const EXCHANGES_MAX: usize = 20;
/// Sales of one register.
const SALES: usize = 8;
const MINUTE_MS: i64 = 60_000;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the store is not empty: make the demo in a data directory or database of its own")]
    NotEmpty,
    #[error("the demo could not be made: {0}")]
    Failed(String),
}

/// Somebody whom the demo made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignIn {
    pub email: String,
    pub password: String,
    pub what: String,
}

/// What was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    pub sign_ins: Vec<SignIn>,
    pub stalls: usize,
    pub products: usize,
    pub sales: usize,
    pub orders: usize,
}

/// What the demo is made with.
pub struct Tools<'a> {
    pub store: &'a Store,
    pub core: &'a std::sync::Arc<Core>,
    pub secret: &'a ServerSecret,
    pub passwords: &'a Passwords,
    pub entropy: &'a dyn Entropy,
    pub now_ms: i64,
}

/// Makes the market in an empty store.
pub fn make(tools: &Tools<'_>) -> Result<Made, DemoError> {
    let is_empty = tools.store.read_blocking(|tx| {
        let people = tx.query_opt("select 1 from account limit 1", &[])?;
        Ok::<_, StoreError>(people.is_none() && log::logs(tx)?.is_empty())
    });
    if !is_empty.map_err(|failed| DemoError::Failed(format!("{failed:?}")))? {
        return Err(DemoError::NotEmpty);
    }
    let mut made = Made { sign_ins: Vec::new(), stalls: 0, products: 0, sales: 0, orders: 0 };
    let buyer = person(tools, &mut made, "buyer@demo.example", "buys everywhere".to_owned())?;
    for (number, shelf) in (1..).zip(SHELVES) {
        let mut stall = DemoStall::found(tools, &mut made, shelf, number)?;
        stall.fill(&mut made)?;
        // Orders first: a shop that nobody has bought from keeps next to nothing of its share.
        stall.order(&mut made, buyer)?;
        stall.sell(&mut made)?;
    }
    Ok(made)
}

fn person(tools: &Tools<'_>, made: &mut Made, email: &str, what: String) -> Result<ThingId, DemoError> {
    let password = password(tools)?;
    let hash = tools.passwords.hash(&password, random(tools.entropy)?).map_err(fault)?;
    let (account, now_ms) = (ThingId(random(tools.entropy)?), tools.now_ms);
    let address = Email::read(email).map_err(fault)?;
    let work = move |tx: &mut dyn Tx| {
        accounts::create(tx, &NewAccount { account, email: &address, password_hash: &hash, now_ms })
    };
    tools.store.write_blocking(Shard::account(account), work)?;
    made.sign_ins.push(SignIn { email: email.to_owned(), password, what });
    Ok(account)
}

/// Four groups of letters and digits: a demo that is reachable must not have a password that everybody knows.
fn password(tools: &Tools<'_>) -> Result<String, DemoError> {
    let bytes: [u8; 10] = random(tools.entropy)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups: Vec<&str> = (0..digits.len()).step_by(5).filter_map(|at| digits.get(at..at + 5)).collect();
    Ok(groups.join("-"))
}

/// One stall with its one register.
struct DemoStall<'a> {
    tools: &'a Tools<'a>,
    shelf: &'static Shelf,
    stall: LogId,
    currency: Currency,
    device: Device,
    products: Vec<(ProductId, &'static Goods)>,
    at_ms: i64,
}

impl<'a> DemoStall<'a> {
    fn found(
        tools: &'a Tools<'a>,
        made: &mut Made,
        shelf: &'static Shelf,
        number: usize,
    ) -> Result<Self, DemoError> {
        let email = format!("owner{number}@demo.example");
        let owner = person(tools, made, &email, format!("owns {}", shelf.name))?;
        let stall = LogId(random(tools.entropy)?);
        let device = Device::new(random(tools.entropy)?, stall, random(tools.entropy)?, "Demo register")?;
        let introduced = introduction::check(&device.introduction()).map_err(fault)?;
        let request = ThingId(random(tools.entropy)?);
        let ticket = Ticket::Person { account: owner, role: Role::Owner, request };
        let access = Token::new(random(tools.entropy)?);
        let (core, secret, now) = (tools.core.clone(), tools.secret.clone(), now(tools)?);
        let work = move |tx: &mut dyn Tx| {
            stalls::claim(tx, owner, &introduced, now.now_ms)?;
            let (ticket, introduced, secret, access) = (&ticket, &introduced, &secret, &access);
            let name = "Demo register";
            enrol::enrol(tx, &Enrol { ticket, introduced, name, secret, access, now_ms: now.now_ms })?;
            let record = introduced.record.as_slice();
            let admitted = Admitted { stall, author: introduced.author, role: Role::Owner, name, record };
            core.admitted(tx, &admitted, now)?;
            Ok::<_, Refusal>(())
        };
        tools.store.write_blocking(Shard::stall(stall), work)?;
        let currency = Currency::parse(shelf.currency).ok_or_else(|| fault("an unknown currency"))?;
        made.stalls += 1;
        let at_ms = tools.now_ms - 120 * MINUTE_MS;
        Ok(Self { tools, shelf, stall, currency, device, products: Vec::new(), at_ms })
    }

    /// The profile, the products and what is there of each; half of it goes to the shop.
    fn fill(&mut self, made: &mut Made) -> Result<(), DemoError> {
        let profile = Stall {
            name: self.shelf.name.into(),
            currency: self.shelf.currency.into(),
            zone: self.shelf.zone.into(),
            description: self.shelf.description.into(),
            place: self.shelf.place.into(),
            ..Stall::default()
        };
        // There is one profile, and its document has the stall's own identity.
        let document = ThingId(self.stall.0);
        self.device.edit((document, DocumentKind::Stall), &profile.edits(), self.at_ms)?;
        for goods in self.shelf.goods {
            let product: ThingId = ThingId(random(self.tools.entropy)?);
            let edits = product_of(goods, self.shelf.currency).edits();
            self.device.edit((product, DocumentKind::Product), &edits, self.at_ms)?;
            self.products.push((ProductId(product.0), goods));
            made.products += 1;
        }
        let lines = self.products.iter().map(|(product, goods)| ReceivedLine {
            product: *product,
            quantity: goods.received,
            cost_minor: None,
        });
        let delivery = ThingId(random(self.tools.entropy)?);
        let command = ReceiveStock { delivery, lines: lines.collect(), note: "opening stock".into() };
        self.write(receive_stock::decide(&command))?;
        for (product, goods) in self.products.clone() {
            let facts = return_share::Facts { frozen: false, own_share: goods.received };
            let share = ShareId(random(self.tools.entropy)?);
            let command = ReturnShare { share, product, quantity: goods.received / 2, recall: None };
            self.write(return_share::decide(&facts, &command))?;
        }
        self.exchange()
    }

    fn sell(&mut self, made: &mut Made) -> Result<(), DemoError> {
        let shift = ShiftId(random(self.tools.entropy)?);
        self.write(open_shift::decide(
            &open_shift::Facts::default(),
            &OpenShift { shift, float_minor: 5_000 },
        ))?;
        for (receipt, (product, goods)) in (1..).zip(self.products.clone().into_iter().cycle().take(SALES)) {
            let facts = make_sale::Facts {
                frozen: false,
                open_shift: Some(shift),
                next_receipt_number: receipt,
                // Part of the half that was kept: two rounds take less than there is.
                shares: BTreeMap::from([(product, goods.received / 4)]),
            };
            let quantity = (goods.received / 20).max(1);
            let sale = SaleId(random(self.tools.entropy)?);
            self.at_ms += 7 * MINUTE_MS;
            self.write(make_sale::decide(&facts, &self.sale_of(sale, (product, goods), quantity)))?;
            made.sales += 1;
        }
        self.exchange()
    }

    fn sale_of(&self, sale: SaleId, (product, goods): (ProductId, &Goods), quantity: i64) -> MakeSale {
        let line = BasketLine {
            product,
            quantity: Quantity(quantity),
            unit_price_minor: goods.price_minor,
            price_per: goods.per,
            discount: Discount::None,
            taxes: match goods.tax_ppm {
                0 => vec![],
                ppm => vec![TaxRate::inclusive(soko_domain::money::Ppm(ppm))],
            },
        };
        let handed_over = goods.price_minor * quantity / goods.per + 10_000;
        MakeSale {
            sale,
            basket: Basket {
                lines: vec![line],
                discount: Discount::None,
                policy: Policy::plain(self.currency),
            },
            names: vec![goods.name.into()],
            tenders: vec![Tendered {
                kind: TenderKind::Cash,
                amount_minor: handed_over,
                reference: String::new(),
            }],
            beyond: BeyondShare::Refuse,
        }
    }

    /// One order that waits, one that was handed over, one that was cancelled.
    fn order(&mut self, made: &mut Made, buyer: ThingId) -> Result<(), DemoError> {
        let ends = [None, Some(EndOrder::Fulfil), Some(EndOrder::Release(ReleaseReason::BuyerCancelled))];
        for (end, (product, goods)) in ends.into_iter().zip(self.products.clone()) {
            let order = OrderId(random(self.tools.entropy)?);
            let quantity = (goods.received / 20).max(1);
            let line = AskedLine { product, quantity, seen_price_minor: Some(goods.price_minor) };
            let (actor, key, note) = (buyer, order.to_string(), String::new());
            let asked = PlaceOrder { actor, key, order, buyer, lines: vec![line], note };
            let (core, stall, now) = (self.tools.core.clone(), self.stall, now(self.tools)?);
            let work = move |tx: &mut dyn Tx| {
                let (placed, _) = core.place_order(tx, stall, &asked, now)?;
                if let (Placed::Held(_), Some(end)) = (&placed, end) {
                    core.end_order(tx, stall, order, end, now)?;
                }
                Ok::<_, CoreRefusal>(placed)
            };
            match self.tools.store.write_blocking(Shard::stall(stall), work)? {
                Placed::Held(_) => made.orders += 1,
                Placed::Declined(declined) => return Err(fault(declined.detail)),
            }
        }
        Ok(())
    }

    fn write(&mut self, decided: Result<Vec<soko_domain::entry::Entry>, Refused>) -> Result<(), DemoError> {
        Ok(self.device.write(decided.map_err(fault)?, self.at_ms)?)
    }

    /// Pages both ways until the server has everything.
    fn exchange(&mut self) -> Result<(), DemoError> {
        for _ in 0..EXCHANGES_MAX {
            let page = self.device.page()?.encode().map_err(fault)?;
            let (core, stall, author) = (self.tools.core.clone(), self.stall, self.device.author());
            let now = now(self.tools)?;
            let work = move |tx: &mut dyn Tx| {
                core.replicate(tx, &PageIn { stall, author, role: Role::Owner, page: &page }, now)
            };
            let reply = self.tools.store.write_blocking(Shard::stall(stall), work)?;
            if !self.device.take(&Page::decode(&reply.page).map_err(fault)?) {
                return Ok(());
            }
        }
        Err(fault("a demo device could not hand in its records"))
    }
}

fn product_of(goods: &Goods, currency: &str) -> Product {
    Product {
        name: goods.name.into(),
        unit: goods.unit,
        price_minor: goods.price_minor,
        currency: currency.into(),
        price_per: goods.per,
        tax_ppm: goods.tax_ppm,
        tax_inclusive: true,
        ..Product::default()
    }
}

fn now(tools: &Tools<'_>) -> Result<Now, DemoError> {
    Ok(Now { now_ms: tools.now_ms, seed: random(tools.entropy)? })
}

fn fault(error: impl std::fmt::Display) -> DemoError {
    DemoError::Failed(error.to_string())
}

impl From<DeviceError> for DemoError {
    fn from(error: DeviceError) -> Self {
        fault(error)
    }
}

impl From<NoEntropy> for DemoError {
    fn from(error: NoEntropy) -> Self {
        fault(error)
    }
}

impl<E: std::fmt::Display> From<Failed<E>> for DemoError {
    fn from(failed: Failed<E>) -> Self {
        match failed {
            Failed::Refused(refusal) => fault(refusal),
            Failed::NoAnswer(none) => fault(none),
        }
    }
}
