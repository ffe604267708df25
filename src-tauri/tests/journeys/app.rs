//! The real program in a window, as its page sees it, and its data directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use soko_app_api::{
    Answer, BeyondShare, Call, Command as ShopCommand, DeviceCommand, DeviceReply, DeviceVerb, DiscountInput,
    ProductContent, ProductFilter, Query, ReceivedLineInput, Reply, SaleLineInput, StallContent, TenderInput,
    Verb, View, Window as Rows, decode, encode,
};
use soko_domain::ids::{LogId, ProductId, SaleId, ShiftId, ThingId};

use crate::driver::Driver;
use crate::stage::{Stage, until};

const BINARY: &str = env!("CARGO_BIN_EXE_soko");

pub(crate) const STALL: LogId = LogId([0x51; 16]);
pub(crate) const MANGO: ProductId = ProductId([0x52; 16]);

/// Asks the device through the page's own way, and answers bytes.
const ASK: &str = "window.__TAURI_INTERNALS__.invoke('call', new Uint8Array(arguments[0]))\
    .then(answer => done(Array.from(new Uint8Array(answer))), error => done(String(error)));";

pub(crate) struct App {
    pub(crate) driver: Driver,
    folder: PathBuf,
}

impl App {
    pub(crate) fn start(stage: &Stage) -> Self {
        Self::start_with(stage, &[])
    }

    pub(crate) fn start_with(stage: &Stage, args: &[&str]) -> Self {
        Self::start_in(stage, "device", args)
    }

    /// Another device on the same screen.
    pub(crate) fn start_beside(stage: &Stage, name: &str) -> Self {
        Self::start_in(stage, name, &[])
    }

    fn start_in(stage: &Stage, name: &str, args: &[&str]) -> Self {
        let folder = stage.folder.join(name);
        let mut all = vec!["--data-dir", folder.to_str().unwrap()];
        all.extend(args);
        let driver = Driver::start(stage, Path::new(BINARY), &all);
        let app = Self { driver, folder };
        until("the first screen is there; was the program built after `cargo xtask web`?", || {
            (app.driver.value("document.querySelector('main') !== null") == true).then_some(())
        });
        app
    }

    pub(crate) fn call(&self, call: &Call) -> Answer {
        let answer = self.driver.run(ASK, &json!([encode(call).unwrap()]));
        let bytes: Vec<u8> = serde_json::from_value(answer.clone()).unwrap_or_else(|_| panic!("{answer}"));
        decode(&bytes).unwrap()
    }

    pub(crate) fn device(&self, id: u8, verb: DeviceVerb) -> Answer {
        self.call(&Call::Device(DeviceCommand { id: ThingId([id; 16]), verb }))
    }

    pub(crate) fn act(&self, id: u8, verb: Verb) -> Reply {
        self.act_as(ThingId([id; 16]), verb)
    }

    pub(crate) fn act_as(&self, id: ThingId, verb: Verb) -> Reply {
        let command = ShopCommand { id, stall: STALL, verb };
        match self.call(&Call::Do(command)) {
            Answer::Done(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// A stall with its shift open and ten mangoes to sell, without any network.
    pub(crate) fn open_stall(&self) {
        self.found_stall();
        self.act(2, Verb::CreateProduct { product: MANGO, content: ProductContent::piece("Mango", 5_000) });
        let lines = vec![ReceivedLineInput { product: MANGO, quantity: 10, cost_minor: None }];
        self.act(3, Verb::ReceiveStock { lines, note: String::new() });
    }

    /// A stall with its shift open and nothing to sell.
    pub(crate) fn found_stall(&self) {
        let content = StallContent {
            name: "Amina's fruit".into(),
            currency: "KES".into(),
            zone: "Africa/Nairobi".into(),
            cut_off_minutes: 0,
        };
        let found = DeviceVerb::FoundStall { stall: STALL, content, device_name: "till".into() };
        assert_eq!(self.device(1, found), Answer::Device(DeviceReply::Done));
        self.act(4, Verb::OpenShift { shift: ShiftId([5; 16]), float_minor: 0 });
    }

    /// Sells one mango for cash and answers the receipt's number.
    pub(crate) fn sell(&self, sale: u8) -> u64 {
        let verb = Verb::MakeSale {
            sale: SaleId([sale; 16]),
            lines: vec![SaleLineInput::of(MANGO, 1)],
            discount: DiscountInput::None,
            tenders: vec![TenderInput::cash(5_000)],
            beyond: BeyondShare::Allow,
            about: soko_app_api::SaleAbout::default(),
        };
        match self.act(sale, verb) {
            Reply::Sold { receipt_number, .. } => receipt_number,
            other => panic!("{other:?}"),
        }
    }

    /// Receipts of the stall, latest first.
    pub(crate) fn receipts(&self) -> Vec<u64> {
        let query = Query::Sales { stall: STALL, window: Rows::first(50) };
        match self.call(&Call::Ask(query)) {
            Answer::View(View::Sales(rows)) => rows.iter().map(|row| row.receipt_number).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// What the first stall of the device offers first.
    pub(crate) fn first_product(&self) -> (LogId, ProductId) {
        let Answer::About(about) = self.call(&Call::About) else { panic!("the device stands somehow") };
        let stall = about.stalls[0].stall;
        let filter = ProductFilter::default();
        let query = Query::Products { stall, filter, window: Rows::first(1) };
        match self.call(&Call::Ask(query)) {
            Answer::View(View::Products(rows)) => (stall, rows[0].product),
            other => panic!("{other:?}"),
        }
    }

    /// What the page's script answers, an error being a text.
    pub(crate) fn invoke(&self, command: &str, arguments: &Value) -> Result<Value, String> {
        let script = "window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1])\
            .then(value => done({value: value ?? null}), error => done({error: String(error)}));";
        let answer = self.driver.run(script, &json!([command, arguments]));
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Another process with the same data, as a second click on the icon starts it.
    pub(crate) fn second(&self, stage: &Stage, link: &str) -> Output {
        let mut command = stage.command(BINARY);
        command.arg("--data-dir").arg(&self.folder).arg(link).output().unwrap()
    }

    pub(crate) fn path(&self) -> String {
        self.driver.text("location.pathname")
    }

    pub(crate) fn until_path(&self, path: &str) {
        until(&format!("the page shows {path}"), || (self.path() == path).then_some(()));
    }

    /// Kills the program, and not the driver, at this very moment.
    pub(crate) fn kill(self) {
        self.end_by("-KILL");
    }

    /// As a session says to its programs that it ends.
    pub(crate) fn end(self) {
        self.end_by("-TERM");
    }

    fn end_by(self, signal: &str) {
        let process = self.process();
        let killed = Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
        assert!(killed.success());
        until("the program is gone", || {
            (!Path::new("/proc").join(process.to_string()).join("exe").exists()).then_some(())
        });
    }

    /// The process of the program itself: the one that was started with this data directory.
    pub(crate) fn process(&self) -> u32 {
        let folder = self.folder.to_str().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let is_ours = |id: &u32| {
            let words = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let mut words = words.split(|byte| *byte == 0);
            words.next() == Some(BINARY.as_bytes()) && words.any(|word| word == folder.as_bytes())
        };
        ids.find(is_ours).expect("the program runs")
    }
}
