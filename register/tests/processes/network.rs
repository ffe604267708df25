//! One server and several registers, with a proxy between them that loses, doubles, delays, cuts and closes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::programs::{NO_HEADER, PASSWORD, Place, Proxy, Script, Server, ask, id, not_tried};

const REGISTERS: usize = 4;
/// Sales of each register while the network is bad.
const ROUNDS: u32 = 4;
/// After this many exchanges on a good network everybody must have met.
const MEETINGS_MAX: u32 = 8;
const EMAIL: &str = "njeri@example.org";
/// The variable in which tests find a PostgreSQL that they may use.
const POSTGRES_VARIABLE: &str = "SOKO_TEST_POSTGRES";

/// A server, a proxy before it, and registers behind the proxy.
pub(crate) struct World {
    pub(crate) registers: Vec<Script>,
    proxy: Proxy,
    pub(crate) server: Server,
    stall: String,
    _database: Option<Database>,
    folder: TempDir,
}

impl World {
    /// All enrolled at one stall that sells tea, each with an open shift; the first one is its founder.
    pub(crate) fn new(registers: usize, seed: u64, database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = match &database {
            Some(database) => Place::Postgres(database.url.clone()),
            None => Place::Sqlite(folder.path().join("server")),
        };
        let server = Server::start(&place, &folder.path().join("server.log"));
        let proxy = Proxy::start(&server.address, seed);
        let mut founder = Script::start(&folder.path().join("till-0"));
        let stall =
            founder.done("create-stall --name Duka --currency KES")["stall"].as_str().unwrap().to_owned();
        founder.done("product add --name tea --price 250");
        let account = json!({"email": EMAIL, "password": PASSWORD}).to_string();
        let (made, why) = ask(&server.address, ("POST", "/v1/accounts"), NO_HEADER, &account);
        assert_eq!(made, 201, "{why}");
        let (url, person) = (&proxy.url, person());
        founder.patiently(&format!("enrol --server {url} {person} --register till-0"));
        founder.done("replicate");
        let all = vec![founder];
        let mut world = Self { registers: all, proxy, server, stall, _database: database, folder };
        for _ in 1..registers {
            world.enrol_another();
        }
        for register in &mut world.registers {
            register.done("shift open --float 1000");
        }
        world
    }

    /// One more, with a code of the founder's.
    pub(crate) fn enrol_another(&mut self) {
        let number = self.registers.len();
        let invite = format!("invite {} --role manager", person());
        let code = self.registers[0].patiently(&invite)["code"].clone();
        let mut register = Script::start(&self.till(number));
        let (url, stall, code) = (&self.proxy.url, &self.stall, code.as_str().unwrap());
        register.patiently(&format!(
            "enrol --server {url} --stall {stall} --code '{code}' --register till-{number}"
        ));
        register.done("replicate");
        self.registers.push(register);
    }

    /// The folder of a register.
    pub(crate) fn till(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("till-{number}"))
    }

    /// The folder of the server, and of whatever else the test needs.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exchanges on a good network until all hold the same.
    pub(crate) fn meet(&mut self) {
        self.proxy.obey("heal");
        let mut seen = Vec::new();
        for _ in 0..MEETINGS_MAX {
            for register in &mut self.registers {
                register.done("replicate");
            }
            seen = self.registers.iter_mut().map(|register| register.done("status")).collect();
            let proofs: Vec<_> =
                seen.iter().map(|it| (&it["heads_digest"], &it["state_digest"], &it["unsent"])).collect();
            if proofs.iter().all(|it| *it == proofs[0] && *it.2 == 0) {
                return;
            }
        }
        panic!("the registers did not meet: {seen:#?}\n{}", self.server.log());
    }

    pub(crate) fn product(&mut self) -> String {
        let found = self.registers[0].done("product search tea");
        found["products"][0]["product"].as_str().unwrap().to_owned()
    }

    /// Orders one piece at the shop, past the proxy: the shop is the server itself.
    pub(crate) fn order(&self, product: &str, number: u32) -> (u16, Value) {
        let lines = json!([{"product": product, "quantity": 1}]);
        let body = json!({"order": id(0x0d, number), "lines": lines}).to_string();
        let guest = guest(number);
        ask(&self.server.address, ("POST", &format!("/v1/stalls/{}/orders", self.stall)), &guest, &body)
    }

    /// The order as its buyer sees it.
    /// What the server answers whoever asks whether it can do its work.
    pub(crate) fn ready(&self) -> u16 {
        ask(&self.server.address, ("GET", "/readyz"), "Accept: application/json", "").0
    }

    pub(crate) fn find_order(&self, number: u32) -> (u16, Value) {
        let path = format!("/v1/stalls/{}/orders/{}", self.stall, id(0x0d, number));
        ask(&self.server.address, ("GET", &path), &guest(number), "")
    }
}

/// Who founds the stall.
pub(crate) fn person() -> String {
    format!("--email {EMAIL} --password '{PASSWORD}'")
}

/// A buyer without an account: another one for every few orders, since a shop holds only so many for one.
fn guest(order: u32) -> String {
    format!("Soko-Buyer: {:064x}", 1 + order / 10)
}

/// A database of one test.
pub(crate) struct Database {
    url: String,
    admin: String,
    name: String,
}

impl Database {
    /// Nothing, and a loud word, if there is no PostgreSQL to use.
    pub(crate) fn create(name: &str) -> Option<Self> {
        let Ok(admin) = std::env::var(POSTGRES_VARIABLE) else {
            not_tried(&format!("{name} on PostgreSQL: {POSTGRES_VARIABLE} is not set"));
            return None;
        };
        let name = format!("soko_{name}_{}", std::process::id());
        let mut client = postgres::Client::connect(&admin, postgres::NoTls).unwrap();
        client.batch_execute(&format!("create database {name}")).unwrap();
        let (before, after) = admin.rsplit_once('/').unwrap();
        let options = after.split_once('?').map_or(String::new(), |(_, options)| format!("?{options}"));
        Some(Self { url: format!("{before}/{name}{options}"), admin: admin.clone(), name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = postgres::Client::connect(&self.admin, postgres::NoTls) {
            // A database that stays is a nuisance and no error.
            let _ = client.batch_execute(&format!("drop database {} with (force)", self.name));
        }
    }
}

/// Everybody trades while the network is as bad as it can be.
fn trade_under_faults(database: Option<Database>) {
    let mut world = World::new(REGISTERS, 42, database);
    for word in ["loss 24", "cut 12", "dup 16", "delay 16", "stall 2", "delay-ms 120", "stall-ms 2000"] {
        world.proxy.obey(word);
    }
    let mut sold = 0;
    for round in 0..ROUNDS {
        for (number, register) in (0..).zip(&mut world.registers) {
            let sale = id(u8::try_from(number).unwrap(), round);
            let acts = [
                "receive tea=5".to_owned(),
                format!("sell tea=2 --cash 1000 --id {sale}"),
                format!("product edit tea --description 'round {round} of till {number}'"),
            ];
            for act in acts {
                register.done(&act);
                // It may give up; what it could not send waits.
                register.say("replicate --failures 6");
            }
            if round % 2 == 1 {
                register.done(&format!("refund {sale} 0=1 --reason cold"));
                sold -= 1;
            }
            sold += 2;
        }
    }
    let counted = world.proxy.counters();
    world.meet();
    for fault in ["lost_request", "lost_reply", "cut_request", "cut_reply", "duplicate", "delay"] {
        assert!(counted[fault].as_u64().unwrap() > 0, "{fault} never happened: {counted}");
    }
    let tills = i64::try_from(REGISTERS).unwrap();
    for register in &mut world.registers {
        register.done("verify");
        let stock = register.done("stock tea")["stock"].clone();
        assert_eq!(stock["counted"], tills * 5 * i64::from(ROUNDS) - sold, "{stock}");
        assert_eq!(stock["owed"], 0, "{stock}");
        let sales = register.done("sale list --rows 500");
        assert_eq!(sales["sales"].as_array().unwrap().len(), REGISTERS * usize::try_from(ROUNDS).unwrap());
        let parked = register.done("incidents");
        assert_eq!(parked["parked"], json!([]), "a record counts for nothing");
    }
}

#[test]
fn four_registers_meet_after_a_bad_network_on_sqlite() {
    trade_under_faults(None);
}

#[test]
fn four_registers_meet_after_a_bad_network_on_postgresql() {
    if let Some(database) = Database::create("faults") {
        trade_under_faults(Some(database));
    }
}

/// Five units; two registers and the shop, cut off from each other, each try to promise three.
fn five_units(database: Option<Database>) {
    let mut world = World::new(2, 7, database);
    world.registers[0].done("receive tea=5");
    world.registers[0].done("replicate");
    // Most of it to the shop, and from there a part to the other register.
    let own = |register: &mut Script| register.done("stock tea")["stock"]["own_share"].as_i64().unwrap();
    let given = own(&mut world.registers[0]) - 2;
    if given > 0 {
        world.registers[0].done(&format!("share return tea={given}"));
        world.registers[0].done("replicate");
    }
    world.registers[1].done("share ask tea=1");
    world.meet();
    let stock = world.registers[1].done("stock tea")["stock"].clone();
    let shares =
        [own(&mut world.registers[0]), own(&mut world.registers[1]), stock["shop"].as_i64().unwrap()];
    assert_eq!(shares.iter().sum::<i64>(), 5, "{stock}");
    let holders = shares.iter().filter(|share| **share > 0).count();
    assert!(holders >= 2, "one holds it all, so nothing can go wrong: {shares:?}");

    world.proxy.obey("partition on");
    let product = world.product();
    let mut promised = 0;
    for number in 0..3 {
        for (word, register) in (1..).zip(&mut world.registers) {
            let refused = register.say("replicate --failures 1");
            assert_eq!(refused["exit"], 4, "it is not cut off: {refused}");
            let answer = register.say(&format!("sell tea=1 --cash 250 --id {}", id(word, number)));
            match answer["exit"].as_u64() {
                Some(0) => promised += 1,
                _ => assert_eq!(answer["code"], "share_exceeded", "{answer}"),
            }
        }
        match world.order(&product, number) {
            (201, _) => promised += 1,
            (status, refusal) => {
                assert_eq!((status, refusal["code"].as_str()), (409, Some("share_exceeded")), "{refusal}")
            }
        }
    }
    assert!(promised <= 5, "{promised} promises of five units");
    assert_eq!(promised, shares.iter().map(|share| (*share).min(3)).sum::<i64>(), "{shares:?}");

    world.meet();
    for register in &mut world.registers {
        let stock = register.done("stock tea")["stock"].clone();
        assert_eq!(stock["owed"], 0, "{stock}");
        assert_eq!(register.done("incidents")["incidents"], json!([]));
    }
    assert!(world.proxy.end()["partition"].as_u64().unwrap() > 0, "nobody met the partition");
}

#[test]
fn five_units_are_never_promised_six_times_on_sqlite() {
    five_units(None);
}

#[test]
fn five_units_are_never_promised_six_times_on_postgresql() {
    if let Some(database) = Database::create("five") {
        five_units(Some(database));
    }
}

#[test]
fn a_second_process_on_one_folder_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir: &Path = folder.path();
    let mut first = Script::start(data_dir);
    first.done("create-stall --name Duka --currency KES");
    let refused = crate::programs::register(data_dir, &["status"]);
    assert_eq!(refused["exit"], 4, "{refused}");
    assert!(refused["sentence"].as_str().unwrap().contains("another process"), "{refused}");
}
