//! What a person waits for in the window, and what it takes: one figure a line, for `cargo xtask bench window`. The
//! window is driven as the journeys drive it, without any server. With `native` it is what `cargo xtask bench notify` asks of it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the run")]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other answer ends the run")]
#![expect(clippy::print_stdout, reason = "figures are printed")]

#[path = "../tests/journeys/app.rs"]
#[expect(dead_code, reason = "the journeys do more")]
mod app;
#[path = "../tests/journeys/counting.rs"]
#[expect(dead_code, reason = "the journeys do more")]
mod counting;
#[path = "../tests/journeys/driver.rs"]
#[expect(dead_code, reason = "the journeys do more")]
mod driver;
#[path = "../tests/journeys/http.rs"]
mod http;
mod native;
mod processes;
#[path = "../tests/journeys/server.rs"]
#[expect(dead_code, reason = "the journeys do more")]
mod server;
#[path = "../tests/journeys/stage.rs"]
#[expect(dead_code, reason = "the journeys do more")]
mod stage;

use std::fmt::Write as _;

use serde_json::{Value, json};
use soko_app_api::{Answer, Call, Query, Reply, Verb, View};
use soko_domain::ids::ThingId;

use crate::app::{App, STALL};
use crate::processes::{age_ms, resident_mb, tree};
use crate::stage::Stage;

/// Fewer only to try the program: the figures are those of this many.
const PRODUCTS: &str = "100000";
const PRODUCTS_VARIABLE: &str = "SOKO_BENCH_PRODUCTS";
const STARTS: usize = 9;
const TAPS: usize = 300;
/// Products that are tapped in turn, before the cart is emptied.
const CELLS: usize = 12;
const SELL: &str = "soko://sell";
/// Shared with the figures of a browser.
const WATCH: &str = include_str!("../../tests/browser/lib/taps.js");

/// What else can be measured: how soon an order is told.
const NATIVE: &str = "native";

fn main() {
    if std::env::args().any(|argument| argument == NATIVE) {
        let times = json!(native::times_ms());
        say("notify.native.p99_ms", "ms", percentile(&times, 99), None);
        say("notify.native.p50_ms", "ms", percentile(&times, 50), None);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::without_daemon(folder.path());
    let products = std::env::var(PRODUCTS_VARIABLE).unwrap_or_else(|_| PRODUCTS.into()).parse().unwrap();
    let empty = furnish(&stage, products);
    let mut starts: Vec<Start> = (1..STARTS).map(|_| Start::of(&stage).0).collect();
    let (last, app) = Start::of(&stage);
    starts.push(last);
    let memory = Memory::of(&app);
    say("window.first_paint_ms", "ms", median(starts.iter().map(|start| start.painted_ms)), None);
    say("window.cold_start_ms", "ms", median(starts.iter().map(|start| start.products_ms)), None);
    say("window.memory_mb", "MB", memory.all_mb, Some(empty.all_mb));
    say("window.engine_memory_mb", "MB", memory.engine_mb, Some(empty.engine_mb));
    let taps = tap(&app);
    say("window.add_line.p99_ms", "ms", percentile(&taps["lines"], 99), Some(percentile(&taps["bare"], 99)));
    say("window.add_line.p50_ms", "ms", percentile(&taps["lines"], 50), Some(percentile(&taps["bare"], 50)));
}

/// A stall with so many products, from a file as a person takes one. What the window took before there was any.
fn furnish(stage: &Stage, products: u32) -> Memory {
    let app = App::start(stage);
    app.found_stall();
    let empty = Memory::of(&app);
    let mut file = String::from("Name,Price\n");
    for number in 1..=products {
        writeln!(file, "Ware {number},{}.50", 1 + number % 90).unwrap();
    }
    let import = ThingId([7; 16]);
    app.act_as(import, Verb::KeepImport { file_name: "list.csv".into(), bytes: file.into_bytes() });
    let view = app.call(&Call::Ask(Query::Import { stall: STALL, import, choice: None }));
    let Answer::View(View::Import(view)) = view else { panic!("{view:?}") };
    let mut from = 0;
    while from < products {
        let verb = Verb::TakeImport { import, choice: view.choice.clone(), from };
        let id = ThingId(u128::from(from + 1).to_be_bytes());
        match app.act_as(id, verb) {
            Reply::Imported(progress) => from = progress.done,
            other => panic!("{other:?}"),
        }
    }
    empty
}

/// How long after its process began the window showed anything, and the products.
struct Start {
    painted_ms: f64,
    products_ms: f64,
}

impl Start {
    fn of(stage: &Stage) -> (Self, App) {
        let app = App::start_with(stage, &[SELL]);
        let seen = app.driver.run(
            "const look = () => document.querySelector('[aria-label=Products] button') \
               ? done([performance.now(), performance.getEntriesByName('first-contentful-paint')[0].startTime]) \
               : requestAnimationFrame(look); \
             look();",
            &json!([]),
        );
        let [seen_ms, painted_ms] = [0, 1].map(|at| seen[at].as_f64().unwrap());
        let products_ms = f64::from(u32::try_from(age_ms(app.process())).unwrap());
        (Self { painted_ms: products_ms - (seen_ms - painted_ms), products_ms }, app)
    }
}

/// Resident memory: of the window with its pages and all else that it started, and of the process in which the engine is.
struct Memory {
    all_mb: f64,
    engine_mb: f64,
}

impl Memory {
    fn of(app: &App) -> Self {
        // It has come to rest once everything is answered and drawn.
        app.call(&Call::About);
        app.driver.run("requestAnimationFrame(() => requestAnimationFrame(() => done(0)))", &json!([]));
        let process = app.process();
        let all_mb = tree(process).into_iter().map(resident_mb).sum();
        Self { all_mb, engine_mb: resident_mb(process) }
    }
}

/// From the tap to the frame that shows the line, in turns with the same for a button that only adds an element.
fn tap(app: &App) -> Value {
    let watch = WATCH.replacen("export function", "function", 1);
    app.driver.run(&format!("{watch} watchTaps(); done(0);"), &json!([]));
    for tapped in 0..TAPS {
        if tapped > 0 && tapped % CELLS == 0 {
            app.driver.click("//button[@aria-label = 'Empty the cart']");
        }
        let cell = tapped % CELLS + 1;
        app.driver.click(&format!("(//*[@aria-label = 'Products']//button)[{cell}]"));
        drawn(app, "lines", tapped);
        app.driver.click("//*[@id = 'bare-tap']");
        drawn(app, "bare", tapped);
    }
    app.driver.value("window.taps")
}

fn drawn(app: &App, list: &str, many: usize) {
    app.driver.run(
        "const look = () => window.taps[arguments[0]].length > arguments[1] ? done(0) : requestAnimationFrame(look); look();",
        &json!([list, many]),
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What so many of a hundred do not exceed.
fn percentile(list: &Value, percent: usize) -> f64 {
    let mut values: Vec<f64> = list.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    values.sort_by(f64::total_cmp);
    values[(values.len() * percent).div_ceil(100) - 1]
}

fn say(name: &str, unit: &str, value: f64, baseline: Option<f64>) {
    let ratio = baseline.map(|baseline| (value / baseline * 1_000.0).round() / 1_000.0);
    let rounded = |value: f64| (value * 10.0).round() / 10.0;
    let (value, baseline) = (rounded(value), baseline.map(rounded));
    println!("{}", json!({"name": name, "value": value, "unit": unit, "baseline": baseline, "ratio": ratio}));
}
