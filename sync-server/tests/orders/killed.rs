//! The program itself, killed with -9 at each phase of paying, with requests and answers lost on the way and fifty
//! repetitions at once, against a hostile provider: on SQLite, and on PostgreSQL with two processes on one database.
//! There is one order, at most one charge, and always the same answer.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use soko_domain::deal::Deal;
use soko_domain::ids::ThingId;
use soko_sync_server::store::Place;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::TestStore;
use crate::common::hostile::{Asks, Fault, Hostile, WEBHOOK_SECRET, word};
use crate::common::shop::{STALL, Shop, TEA, core, id, orders, secret, stores};
use crate::deals;

const ORDER: u8 = 1;
const GUEST: u8 = 1;
const AT_ONCE: usize = 50;
/// Far more than anything here takes; only a hang meets it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what another process does.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server's process.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(place: &Place, provider: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_soko-server"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SOKO_")) {
            command.env_remove(name);
        }
        match place {
            Place::Directory(path) => command.arg("serve").arg("--data-dir").arg(path),
            Place::Url(url) => command.arg("serve").arg("--database-url").arg(url),
        };
        command
            .args(["--listen", "127.0.0.1:0", "--log", "off", "--limits=false"])
            .env("SOKO_STRIPE_KEY", "sk_test_of_the_test")
            .env("SOKO_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("SOKO_STRIPE_URL", provider);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        Self { child, address }
    }
}

impl Drop for Process {
    /// With -9: nothing is said before the end.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(method: &str, path: &str, (header, body): (&str, &str)) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: shop\r\n{header}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Status and body.
async fn answer(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A stall in a store that only processes have open, and who takes its payments.
struct Scene {
    store: TestStore,
    provider: Hostile,
    processes: Vec<Process>,
    words: u32,
}

impl Scene {
    async fn open(store: TestStore, provider: Hostile) -> Self {
        Self::open_with(store, provider, 5).await
    }

    async fn open_with(store: TestStore, provider: Hostile, units: i64) -> Self {
        Self::of(Shop::open(store, core(), units).await, provider)
    }

    fn of(shop: Shop, provider: Hostile) -> Self {
        let store = shop.server.store;
        store.store.close();
        let mut scene = Self { store, provider, processes: Vec::new(), words: 0 };
        scene.start_again();
        scene
    }

    /// Whoever runs dies at once, and others come.
    fn start(&mut self, count: usize) {
        self.processes.clear();
        self.processes.extend((0..count).map(|_| Process::start(&self.store.place, &self.provider.url)));
    }

    /// A directory belongs to one process alone.
    fn start_again(&mut self) {
        self.start(if matches!(self.store.place, Place::Url(_)) { 2 } else { 1 });
    }

    fn address(&self, number: usize) -> &str {
        &self.processes[number % self.processes.len()].address
    }

    fn placing() -> String {
        let lines = [json!({"product": TEA.to_string(), "quantity": 3})];
        let body = json!({"order": id(ORDER), "lines": lines, "pay": {"way": "card"}}).to_string();
        request("POST", &orders(), (&format!("soko-buyer: {}", secret(GUEST)), &body))
    }

    /// A request that is cut, one whose answer nobody waits for, and then many at once, at every process.
    async fn place(&self) -> String {
        let asked = Self::placing();
        let mut cut = TcpStream::connect(self.address(0)).await.unwrap();
        cut.write_all(&asked.as_bytes()[..asked.len() - 9]).await.unwrap();
        drop(cut);
        let mut unheard = TcpStream::connect(self.address(1)).await.unwrap();
        unheard.write_all(asked.as_bytes()).await.unwrap();
        drop(unheard);
        let all = (0..AT_ONCE).map(|number| answer(self.address(number), &asked));
        let mut answers = futures_util::future::join_all(all).await;
        answers.dedup();
        assert_eq!(answers.len(), 1, "everybody gets the same answer");
        let (status, body) = answers.remove(0);
        assert_eq!(status, 201, "{body}");
        body
    }

    async fn seen(&self) -> Value {
        let path = format!("{}/{}", orders(), id(ORDER));
        let asked = request("GET", &path, (&format!("soko-buyer: {}", secret(GUEST)), ""));
        let (status, body) = answer(self.address(1), &asked).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Many at once again: it is cancelled once.
    async fn cancel(&self) {
        let path = format!("{}/{}/cancel", orders(), id(ORDER));
        let asked = request("POST", &path, (&format!("soko-buyer: {}", secret(GUEST)), ""));
        let all = (0..AT_ONCE).map(|number| answer(self.address(number), &asked));
        for (status, body) in futures_util::future::join_all(all).await {
            assert_eq!(status, 200, "{body}");
        }
    }

    /// The provider says that something happened.
    async fn told(&mut self) {
        self.told_often(1).await;
    }

    /// The same word so many times at once, to every process.
    async fn told_often(&mut self, times: usize) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        self.words += 1;
        let about = (STALL.to_string(), id(ORDER));
        let name = format!("evt_{}", self.words);
        let now_ms = i64::try_from(now.as_millis()).unwrap();
        let (body, signature) = word(&name, (&about.0, &about.1), now_ms);
        let asked =
            request("POST", "/v1/pay/stripe/webhook", (&format!("stripe-signature: {signature}"), &body));
        let all = (0..times).map(|number| answer(self.address(number), &asked));
        for (status, body) in futures_util::future::join_all(all).await {
            assert_eq!(status, 200, "{body}");
        }
    }

    async fn until(&mut self, wanted: (&str, &str)) {
        let began = Instant::now();
        self.told().await;
        loop {
            let seen = self.seen().await;
            if (seen["state"].as_str(), seen["payment"]["state"].as_str()) == (Some(wanted.0), Some(wanted.1))
            {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{wanted:?}: {seen}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Until the provider has this request and keeps it.
    async fn until_asked(&self, asks: Asks) {
        let began = Instant::now();
        while !self.provider.books().asked_for(asks) {
            assert!(began.elapsed() < PATIENCE, "{asks:?} was never asked");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// As far as the call that hangs, and no further.
async fn up_to(scene: &mut Scene, phase: Asks, fault: Fault) -> String {
    let plan = |scene: &Scene| scene.provider.plan(&[(phase, fault)]);
    if phase == Asks::Create {
        plan(scene);
        return scene.place().await;
    }
    let first = scene.place().await;
    scene.until(("held", "waiting")).await;
    match phase {
        Asks::Capture => {
            plan(scene);
            scene.provider.books().buyer(true);
            scene.told_often(AT_ONCE).await;
        }
        Asks::Void => {
            plan(scene);
            scene.cancel().await;
        }
        Asks::Refund => {
            scene.provider.books().buyer(true);
            scene.until(("held", "paid")).await;
            plan(scene);
            scene.cancel().await;
        }
        Asks::Create | Asks::Look | Asks::Hold => {}
    }
    first
}

async fn killed_at(store: TestStore, phase: Asks, fault: Fault) {
    let mut scene = Scene::open(store, Hostile::open().await).await;
    let first = up_to(&mut scene, phase, fault).await;
    scene.until_asked(phase).await;
    scene.start_again();
    assert_eq!(scene.place().await, first, "the first answer again, from whoever is asked");
    let is_ended = matches!(phase, Asks::Void | Asks::Refund);
    if is_ended {
        let ended = if phase == Asks::Void { "cancelled" } else { "returned" };
        scene.until(("cancelled", ended)).await;
        scene.cancel().await;
    } else {
        if phase == Asks::Create {
            scene.until(("held", "waiting")).await;
            scene.provider.books().buyer(true);
        }
        scene.until(("held", "paid")).await;
    }
    let books = scene.provider.books();
    let moved = (books.sessions(), books.charges, books.refunds);
    let wanted = (1, u32::from(phase != Asks::Void), u32::from(phase == Asks::Refund));
    assert_eq!(moved, wanted, "{phase:?} {fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_process_is_killed_at_a_call_there_is_one_charge_and_one_answer() {
    for phase in [Asks::Create, Asks::Capture, Asks::Void, Asks::Refund] {
        // On each engine, on both sides of the effect.
        let on_each = |fault| stores().into_iter().map(move |store| killed_at(store, phase, fault));
        let all = [Fault::HangsBefore, Fault::HangsAfter].into_iter().flat_map(on_each);
        futures_util::future::join_all(all).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_an_order_is_placed_it_is_placed_once_or_not_at_all() {
    for store in stores() {
        let mut scene = Scene::open(store, Hostile::open().await).await;
        // Whether the kill comes before the commit or after it is chance; what is true after it is not.
        let asked = Scene::placing();
        let mut unheard = Vec::new();
        for number in 0..AT_ONCE {
            let mut stream = TcpStream::connect(scene.address(number)).await.unwrap();
            stream.write_all(asked.as_bytes()).await.unwrap();
            unheard.push(stream);
        }
        scene.start_again();
        drop(unheard);
        scene.place().await;
        scene.until(("held", "waiting")).await;
        assert_eq!(scene.provider.books().sessions(), 1);
        let path = format!("/v1/stalls/{STALL}/products");
        let (_, shown) = answer(scene.address(0), &request("GET", &path, ("accept: */*", ""))).await;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["products"][0]["available"], 2, "held once");
    }
}

/// Far more buyers than there is: everybody is answered, nobody with anything but an order or "sold out".
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_sells_exactly_what_is_there() {
    const BUYERS: usize = 400;
    const UNITS: i64 = 20;
    for store in stores() {
        let mut scene = Scene::open_with(store, Hostile::open().await, UNITS).await;
        scene.start_again();
        let buy = |number: usize| {
            let lines = [json!({"product": TEA.to_string(), "quantity": 1})];
            let body = json!({"order": format!("{number:032x}"), "lines": lines}).to_string();
            request("POST", &orders(), (&format!("soko-buyer: {number:064x}"), &body))
        };
        let scene = &scene;
        let all = (1..=BUYERS).map(|number| async move { answer(scene.address(number), &buy(number)).await });
        let answers = futures_util::future::join_all(all).await;
        let sold = answers.iter().filter(|(status, _)| *status == 201).count();
        let out = answers.iter().filter(|(status, body)| *status == 409 && body.contains("share_exceeded"));
        assert_eq!((sold, out.count()), (20, BUYERS - 20), "{answers:?}");
    }
}

/// Every process dies in the middle of a burst for a deal. Whoever asks again has what was kept, and no unit is taken twice or lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_sold_to_its_last_unit_though_every_process_dies_meanwhile() {
    const BUYERS: usize = 100;
    for store in stores() {
        let mut shop = Shop::open(store, core(), 90).await;
        let (from_ms, until_ms) = (0, 4_000_000_000_000);
        let deal = Deal {
            id: ThingId([7; 16]),
            price_minor: 300,
            price_per: Some(1),
            from_ms,
            until_ms,
            quantity: 20,
            each: Some(1),
        };
        deals::said(&mut shop, &deal).await;
        let mut scene = Scene::of(shop, Hostile::open().await);
        scene.start_again();
        let buy = |number: usize| {
            let line = json!({"product": TEA.to_string(), "quantity": 1, "seen_price_minor": 300});
            let body = json!({"order": format!("{number:032x}"), "lines": [line]}).to_string();
            request("POST", &orders(), (&format!("soko-buyer: {number:064x}"), &body))
        };
        let mut unheard = Vec::new();
        for number in 1..=BUYERS {
            let mut stream = TcpStream::connect(scene.address(number)).await.unwrap();
            stream.write_all(buy(number).as_bytes()).await.unwrap();
            unheard.push(stream);
        }
        scene.start_again();
        drop(unheard);
        let mut heard = Vec::new();
        for _ in 0..2 {
            let ask = |number| {
                let (scene, buy) = (&scene, buy(number));
                async move { answer(scene.address(number), &buy).await }
            };
            heard.push(futures_util::future::join_all((1..=BUYERS).map(ask)).await);
        }
        assert_eq!(heard[0], heard[1], "the first answer again");
        let sold = heard[0].iter().filter(|(status, _)| *status == 201).count();
        let out = heard[0].iter().filter(|(status, body)| *status == 409 && body.contains("deal_sold_out"));
        assert_eq!((sold, out.count()), (20, BUYERS - 20), "{:?}", heard[0]);
        let path = format!("/v1/stalls/{STALL}/products");
        let (_, shown) = answer(scene.address(0), &request("GET", &path, ("accept: */*", ""))).await;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let tea = &shown["products"][0];
        assert_eq!((&tea["deal"]["left"], &tea["available"]), (&json!(0), &json!(70)));
    }
}
