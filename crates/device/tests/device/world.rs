//! A device, a buyer, and a real server in this process on a port of the loopback.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use soko_app_api::{
    Answer, Arrival, BeyondShare, Call, Command, DeviceCommand, DeviceReply, DeviceVerb, DeviceView,
    DiscountInput, Keeps, KeptIn, ProductContent, Query, ReceivedLineInput, Reply, SaleAbout, SaleLineInput,
    StallContent, StatusView, TenderInput, Told, Verb, View, decode, encode,
};
use soko_device::{
    Device, Host, OpenedEngine, Options, Parts, Printing, Work, open_folder, send_to_printer as send,
};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, ProductId, SaleId, ShiftId, ThingId};
use soko_engine::{Entropy, Now, OpenError};
use soko_projection::LocalApplier;
use soko_replication::Timing;
use soko_sync_server::egress::Egress;
use soko_sync_server::http::server::{SocketLimits, serve};
use soko_sync_server::http::{App, Settings};
use soko_sync_server::messages::{Carriers, Post, follow};
use soko_sync_server::metrics::Metrics;
use soko_sync_server::outside::{OsEntropy, SystemClock};
use soko_sync_server::pay::test_money::TestMoney;
use soko_sync_server::pay::{PayDesk, Provider, drive};
use soko_sync_server::platform::passwords::{Cost, Passwords};
use soko_sync_server::platform::{Refusal, server_secret};
use soko_sync_server::stall::Core;
use soko_sync_server::store::{Place, Shard, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::LocalSet;

pub(crate) const STALL: LogId = LogId([0x51; 16]);
pub(crate) const MANGO: ProductId = ProductId([0x11; 16]);
pub(crate) const TEA: ProductId = ProductId([0x22; 16]);
pub(crate) const PASSWORD: &str = "orchid ladder frost";
/// Far more than anything here takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(40);
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

/// Runs a test on one thread with tasks of its own.
pub(crate) fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async { tokio::time::timeout(PATIENCE * 2, test).await.unwrap() });
}

/// Repeats itself for the same number.
struct Numbers(u64);

impl Entropy for Numbers {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[1];
        }
    }
}

/// Each device, and each opening of one, draws others.
fn numbers() -> Numbers {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Numbers(NEXT.fetch_add(1, Ordering::SeqCst) << 32)
}

/// What the server's clock says.
pub(crate) fn right_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

struct TestHost {
    begun: Instant,
    numbers: RefCell<Numbers>,
    ways: Ways,
}

/// In which a device differs from others.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ways {
    /// How wrong its clock is.
    pub(crate) ahead_ms: i64,
    /// Whether it shows notifications by itself.
    pub(crate) rings: bool,
}

impl Host for TestHost {
    fn now(&self) -> Now {
        Now::utc(right_ms() + self.ways.ahead_ms)
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap()
    }

    fn sleep(&self, ms: u64) -> Work {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn spawn(&self, work: Work) {
        tokio::task::spawn_local(work);
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.numbers.borrow_mut().fill(bytes);
    }

    fn keeps(&self) -> Keeps {
        Keeps { place: KeptIn::Files, used_bytes: None, free_bytes: None }
    }

    fn rings(&self) -> bool {
        self.ways.rings
    }

    fn can_print(&self) -> bool {
        true
    }

    fn print(&self, printer: &soko_app_api::Printer, bytes: Vec<u8>) -> Printing {
        let printer = printer.clone();
        Box::pin(async move { tokio::task::spawn_blocking(move || send(&printer, &bytes)).await.unwrap() })
    }
}

/// A device, and all that it told.
pub(crate) struct Shell {
    pub(crate) device: Rc<Device>,
    told: Rc<RefCell<VecDeque<Told>>>,
    rang: Rc<Notify>,
    next: Cell<u8>,
}

impl Shell {
    /// Opens the device of a folder, and runs it.
    pub(crate) fn open(folder: &Path) -> Self {
        let shell = Self::open_quiet(folder, Options::default());
        shell.device.run();
        shell
    }

    pub(crate) fn open_so(folder: &Path, ways: Ways) -> Self {
        let shell = Self::open_as(folder, Options::default(), ways);
        shell.device.run();
        shell
    }

    pub(crate) fn open_quiet(folder: &Path, options: Options) -> Self {
        Self::open_as(folder, options, Ways::default())
    }

    fn open_as(folder: &Path, options: Options, ways: Ways) -> Self {
        let host = TestHost { begun: Instant::now(), numbers: RefCell::new(numbers()), ways };
        let timing = Timing { retry_first_ms: 20, retry_max_ms: 200, ..Timing::default() };
        let open: Box<dyn FnMut() -> Result<OpenedEngine, OpenError>> =
            Box::new(open_folder(folder, timing, || Box::new(numbers())));
        let device = Device::open(Parts { host: Rc::new(host), open, options }).unwrap();
        let (told, rang): (Rc<RefCell<VecDeque<Told>>>, Rc<Notify>) = Default::default();
        let (to, ring) = (Rc::clone(&told), Rc::clone(&rang));
        device.on_told(Box::new(move |bytes| {
            to.borrow_mut().push_back(decode(&bytes).unwrap());
            ring.notify_one();
        }));
        Self { device, told, rang, next: Cell::new(0) }
    }

    pub(crate) async fn call(&self, call: Call) -> Answer {
        decode(&self.device.call(&encode(&call).unwrap()).await).unwrap()
    }

    fn id(&self) -> ThingId {
        self.device.random_id()
    }

    pub(crate) async fn device(&self, verb: DeviceVerb) -> DeviceReply {
        match self.call(Call::Device(DeviceCommand { id: self.id(), verb })).await {
            Answer::Device(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn device_refused(&self, verb: DeviceVerb) -> String {
        match self.call(Call::Device(DeviceCommand { id: self.id(), verb })).await {
            Answer::Refused(refused) => refused.code,
            other => panic!("{other:?}"),
        }
    }

    /// Two mangoes for cash, out of the hand.
    pub(crate) async fn sell_mangoes(&self, sale: SaleId) {
        let verb = Verb::MakeSale {
            sale,
            lines: vec![SaleLineInput::of(MANGO, 2)],
            discount: DiscountInput::None,
            tenders: vec![TenderInput::cash(1_000)],
            beyond: BeyondShare::Allow,
            about: SaleAbout::default(),
        };
        self.done(verb).await;
    }

    pub(crate) async fn done(&self, verb: Verb) -> Reply {
        match self.call(Call::Do(Command { id: self.id(), stall: STALL, verb })).await {
            Answer::Done(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn refused(&self, verb: Verb) -> String {
        match self.call(Call::Do(Command { id: self.id(), stall: STALL, verb })).await {
            Answer::Refused(refused) => refused.code,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn ask(&self, query: Query) -> View {
        match self.call(Call::Ask(query)).await {
            Answer::View(view) => view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn status(&self) -> StatusView {
        match self.ask(Query::Status(STALL)).await {
            View::Status(status) => status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn about(&self) -> DeviceView {
        match self.call(Call::About).await {
            Answer::About(view) => view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn digest(&self) -> String {
        self.device.engine().unwrap().state_digest(STALL).unwrap().to_string()
    }

    /// Waits until it holds, looking again whenever something is told and now and then.
    pub(crate) async fn until<T>(&self, what: &str, mut holds: impl AsyncFnMut() -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(value) = holds().await {
                    return value;
                }
                // The bell of another device may have rung, too.
                let _ = tokio::time::timeout(Duration::from_millis(20), self.rang.notified()).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited for {what}"))
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        let arrived = |told: &Told| if let Told::Arrived(news) = told { Some(news.clone()) } else { None };
        self.told.borrow().iter().filter_map(arrived).collect()
    }

    pub(crate) fn was_told(&self, told: &Told) -> bool {
        self.told.borrow().contains(told)
    }

    /// How many such things were told.
    pub(crate) fn told_where(&self, is_meant: impl Fn(&Told) -> bool) -> usize {
        self.told.borrow().iter().filter(|told| is_meant(told)).count()
    }

    /// Founds the stall, with mango and tea to sell, and an open shift.
    pub(crate) async fn found(&self) {
        let content = StallContent {
            name: "Duka".into(),
            currency: "EUR".into(),
            zone: "Europe/Berlin".into(),
            cut_off_minutes: 0,
        };
        let device_name = "till 1".into();
        self.device(DeviceVerb::FoundStall { stall: STALL, content, device_name }).await;
        for (product, name, price) in [(MANGO, "Mango", 250), (TEA, "Crème tea", 400)] {
            let content = ProductContent::piece(name, price);
            self.done(Verb::CreateProduct { product, content }).await;
        }
        self.next.set(self.next.get() + 1);
        self.done(Verb::OpenShift { shift: ShiftId([self.next.get(); 16]), float_minor: 0 }).await;
    }

    /// Half of what comes is for the shop.
    pub(crate) async fn receive(&self, product: ProductId, quantity: i64) {
        let lines = vec![ReceivedLineInput { product, quantity, cost_minor: None }];
        self.done(Verb::ReceiveStock { lines, note: String::new() }).await;
        self.done(Verb::ReturnShare { product, quantity: quantity / 2 }).await;
    }

    pub(crate) async fn sign_up(&self, server: &Running, email: &str) {
        self.sign_up_at(server.url(), email).await;
    }

    pub(crate) async fn sign_up_at(&self, server: String, email: &str) {
        self.device(DeviceVerb::UseServer { server }).await;
        let (email, password) = (email.into(), PASSWORD.into());
        self.device(DeviceVerb::CreateAccount { email, password }).await;
    }

    /// Founded, connected, and the server has everything.
    pub(crate) async fn shop(&self, server: &Running) {
        self.shop_at(server.url()).await;
    }

    /// The same with a server that is reached at some address.
    pub(crate) async fn shop_at(&self, server: String) {
        self.found().await;
        self.receive(MANGO, 20).await;
        self.receive(TEA, 20).await;
        self.sign_up_at(server, "owner@example.org").await;
        self.device(DeviceVerb::Connect(STALL)).await;
        self.until("the server to have everything", async || {
            let status = self.status().await;
            (status.unsent == 0 && self.device.link(STALL).unwrap().is_some_and(|it| it.is_connected()))
                .then_some(())
        })
        .await;
    }

    pub(crate) fn close(self) {
        self.device.close().unwrap();
    }
}

/// A server on a thread of its own, until it is dropped.
pub(crate) struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_at(folder, 0)
    }

    /// At a port, such as the one it had before.
    pub(crate) fn start_at(folder: &Path, port: u16) -> Self {
        Self::start_with(folder, port, None)
    }

    /// With a mail server, if there is one.
    pub(crate) fn start_with(folder: &Path, port: u16, mail: Option<SocketAddr>) -> Self {
        Self::start_as(folder, port, (mail, false))
    }

    /// With money for trying, which follows its payments.
    pub(crate) fn start_paid(folder: &Path) -> Self {
        Self::start_as(folder, 0, (None, true))
    }

    fn start_as(folder: &Path, port: u16, (mail, takes_money): (Option<SocketAddr>, bool)) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let place = Place::Directory(folder.to_owned());
        let thread = std::thread::spawn(move || {
            let app = app(&place, mail.is_some(), takes_money);
            let store = app.store().clone();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                if let Some(mail) = mail {
                    tokio::spawn(follow(app.clone(), carriers(mail)));
                }
                if takes_money {
                    tokio::spawn(drive::follow(app.clone()));
                }
                let limits =
                    SocketLimits { drain_timeout: Duration::from_millis(200), ..SocketLimits::default() };
                serve(app, listener, limits, async { drop(stopped.await) }).await;
            });
            drop(runtime);
            store.close();
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a buyer's browser sends; the first line of what comes back.
    pub(crate) async fn post(&self, path: &str, form: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let kind = "content-type: application/x-www-form-urlencoded";
        let head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{kind}\r\nconnection: close", self.address);
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{form}", form.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// A server as it is seen through something that stands before it.
    pub(crate) fn behind(lossy: &Lossy) -> Self {
        Self { address: lossy.address, stop: None, thread: None }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What browsers subscribe to at these servers.
pub(crate) const PUSH_KEY: &str =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";

/// Only mail.
fn carriers(mail: SocketAddr) -> Carriers {
    let post = Post::new(&format!("smtp://{mail}"), "Soko <market@example.org>").unwrap();
    Carriers { post: Some(post), push: None, hooks: None, sms: None, origin: "https://market.example".into() }
}

fn app(place: &Place, sends_mail: bool, takes_money: bool) -> App {
    let store = Store::open(place, Arc::new(|_| {})).unwrap();
    let mut pay: Vec<Arc<dyn Provider>> = Vec::new();
    if takes_money {
        pay.push(Arc::new(TestMoney::new(store.clone(), PayWay::Card)));
    }
    let secret = store.write_blocking(Shard::stall(LogId::default()), |tx| {
        Ok::<_, Refusal>(server_secret::ensure(tx, None, [5; 32])?)
    });
    let secret = secret.map_err(|error| format!("{error:?}")).unwrap();
    let core = Core::new(secret.stall_key(), Box::new(|| Box::new(LocalApplier)));
    App::new(soko_sync_server::http::Parts {
        store,
        secret,
        passwords: Passwords::new(CHEAP).unwrap(),
        core: Some(Arc::new(core)),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        metrics: Arc::new(Metrics::new()),
        settings: Settings {
            rates: None,
            sends_mail,
            push_key: Some(PUSH_KEY.into()),
            egress: Some(Egress::new(true).unwrap()),
            ..Settings::default()
        },
        pay: PayDesk::new(pay),
    })
}

/// A kind of request that something happens to on its way.
#[derive(Clone, Copy)]
pub(crate) struct Marked {
    pub(crate) method: &'static str,
    /// A part of its path.
    pub(crate) path: &'static str,
    pub(crate) instead: Instead,
}

/// What comes back in the place of the server's reply.
#[derive(Clone, Copy)]
pub(crate) enum Instead {
    /// The connection ends.
    Nothing,
    Reply(&'static str),
    /// The server's own, once it is let through.
    Later,
}

pub(crate) const ORDERS: Marked = Marked { method: "POST ", path: "/orders HTTP", instead: Instead::Nothing };

/// Stands before a server and loses the reply to the first requests of a kind.
pub(crate) struct Lossy {
    address: SocketAddr,
    pub(crate) lost: Rc<Cell<u32>>,
    /// Replies to such requests that came back.
    pub(crate) passed: Rc<Cell<u32>>,
    pub(crate) gate: Rc<Notify>,
    accepts: tokio::task::JoinHandle<()>,
}

impl Lossy {
    pub(crate) async fn before(server: &Running, (marked, losses): (Marked, u32)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, behind) = (listener.local_addr().unwrap(), server.address);
        let (lost, passed, gate) = (Rc::default(), Rc::default(), Rc::new(Notify::new()));
        let way = Way {
            marked,
            losses,
            lost: Rc::clone(&lost),
            passed: Rc::clone(&passed),
            gate: Rc::clone(&gate),
        };
        let accepts = tokio::task::spawn_local(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(behind).await else { continue };
                tokio::task::spawn_local(carry(near, far, way.clone()));
            }
        });
        Self { address, lost, passed, gate, accepts }
    }

    /// Nobody listens there any more.
    pub(crate) async fn end(self) {
        self.accepts.abort();
        let _ = self.accepts.await;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[derive(Clone)]
struct Way {
    marked: Marked,
    losses: u32,
    lost: Rc<Cell<u32>>,
    passed: Rc<Cell<u32>>,
    gate: Rc<Notify>,
}

/// Carries bytes both ways. What comes back for a request that is to lose its reply is what its kind says.
async fn carry(mut near: TcpStream, mut far: TcpStream, way: Way) {
    let (mut there, mut back) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let (method, path) = (way.marked.method.as_bytes(), way.marked.path.as_bytes());
    let mut is_marked = false;
    loop {
        tokio::select! {
            read = near.read(&mut there) => {
                let Some(part) = part(read, &there) else { return };
                is_marked |= part.starts_with(method) && part.windows(path.len()).any(|it| it == path);
                if far.write_all(part).await.is_err() {
                    return;
                }
            }
            read = far.read(&mut back) => {
                let Some(part) = part(read, &back) else { return };
                if is_marked && way.lost.get() < way.losses {
                    way.lost.set(way.lost.get() + 1);
                    match way.marked.instead {
                        Instead::Nothing => return,
                        Instead::Reply(said) => {
                            let _ = near.write_all(said.as_bytes()).await;
                            return;
                        }
                        Instead::Later => way.gate.notified().await,
                    }
                }
                if near.write_all(part).await.is_err() {
                    return;
                }
                way.passed.set(way.passed.get() + u32::from(is_marked));
                is_marked = false;
            }
        }
    }
}

/// What was read; nothing at the end.
fn part(read: std::io::Result<usize>, bytes: &[u8]) -> Option<&[u8]> {
    read.ok().and_then(|length| bytes.get(..length)).filter(|part| !part.is_empty())
}
