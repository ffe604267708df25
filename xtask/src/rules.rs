//! Alerts and dashboard, by Prometheus itself: its checker reads the rules and plants the faults that they are for, and it scrapes
//! a server and answers every question that the dashboard asks. Whether an alert arrives is in `alerts`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::alerts;
use crate::machine;
use crate::postgres::free_port;
use crate::server::{Server, small_demo, test_build};
use crate::shell::{Doing as _, Failure, Outcome, root, run, run_aside, say, succeeds, target_dir, which};

const CHECKER: &str = "promtool";
/// Debian's packages that hold it, and what tells people of alerts.
const PACKAGE: &str = "prometheus";
const TELLER: (&str, &str) = ("prometheus-alertmanager", "prometheus-alertmanager");
const CHECKS: [[&str; 3]; 3] = [
    ["check", "rules", "ops/rules/soko.yml"],
    ["test", "rules", "ops/tests/rules.yml"],
    ["check", "config", "ops/prometheus.yml"],
];
const SCRAPER: &str = "prometheus";
const DASHBOARD: &str = "ops/grafana/dashboards/soko.json";
const SCRAPED_WAIT_MAX: Duration = Duration::from_secs(30);
const SCRAPED_POLL: Duration = Duration::from_millis(500);
/// Of scrapes: a rate needs two of them.
const SCRAPE_EVERY: &str = "500ms";

/// What checks rules and scrapes, and what tells people; or why nobody is told here.
pub(crate) struct Programs {
    checker: PathBuf,
    teller: Result<PathBuf, &'static str>,
}

/// Where they are installed or could be fetched. Rules are checked also where nobody can be told.
pub(crate) fn programs() -> Outcome<Option<Programs>> {
    let Some(checker) = program_of(PACKAGE, CHECKER)? else { return Ok(None) };
    let (package, program) = TELLER;
    let teller = match program_of(package, program)? {
        None => Err("Alertmanager: Debian's prometheus-alertmanager is not installed and cannot be fetched"),
        Some(teller) if alerts::can_start(&teller) => Ok(teller),
        Some(_) => {
            Err("Alertmanager: it cannot be shown its texts here, which takes unshare and mount: install \
                        Debian's prometheus-alertmanager")
        }
    };
    Ok(Some(Programs { checker, teller }))
}

/// A program, where it is installed or its package could be fetched. The package would start a service: it is unpacked below the
/// target folder and not installed.
fn program_of(package: &str, program: &str) -> Outcome<Option<PathBuf>> {
    if let Some(installed) = which(program) {
        return Ok(Some(installed));
    }
    let folder = target_dir().join("tools").join(package);
    let unpacked = folder.join("usr/bin").join(program);
    if unpacked.is_file() {
        return Ok(Some(unpacked));
    }
    if which("apt-get").is_none() || which("dpkg-deb").is_none() {
        return Ok(None);
    }
    fs::create_dir_all(&folder).doing("making a folder for the checker of rules")?;
    if !succeeds(Command::new("apt-get").args(["download", "--quiet", package]).current_dir(&folder)) {
        return Ok(None);
    }
    for entry in fs::read_dir(&folder).doing("looking for the package")? {
        let path = entry.doing("looking for the package")?.path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(path).arg(&folder))?;
        }
    }
    Ok(Some(unpacked).filter(|program| program.is_file()))
}

/// What could not be tried, and why.
pub(crate) fn check(Programs { checker, teller }: &Programs) -> Outcome<Option<&'static str>> {
    CHECKS.iter().try_for_each(|check| run(Command::new(checker).args(check).current_dir(root())))?;
    scrape(checker)?;
    match teller {
        Ok(teller) => alerts::arrive(&checker.with_file_name(SCRAPER), teller).map(|()| None),
        Err(why) => Ok(Some(why)),
    }
}

/// Why dashboards cannot be checked against Grafana's own schema here.
pub(crate) fn no_schema() -> Option<String> {
    (!machine::grafana_schema().is_dir()).then(|| {
        "Grafana's types are not installed: `cargo xtask setup` installs them from PyPI, or says why not"
            .to_owned()
    })
}

/// By the types that Grafana publishes: what they do not know, and values that they do not allow, are faults.
pub(crate) fn dashboards() -> Outcome {
    let script = root().join("ops/grafana/check.py");
    run_aside(Command::new(machine::grafana_python()).arg(script).arg(root().join(DASHBOARD)))
}

/// Starts a server with a small market and Prometheus beside it, and asks that what the dashboard asks.
fn scrape(checker: &Path) -> Outcome {
    let program = test_build()?;
    let folder = target_dir().join(format!("scrape-{}", std::process::id()));
    let data = folder.join("data");
    small_demo(&program, &data, &[])?;
    let [server, prometheus] =
        [free_port()?, free_port()?].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let serving = Server::start(&program, &data, server, &[])?;
    let scraper = Scraper::start(&checker.with_file_name(SCRAPER), &folder, (server, prometheus))?;
    let asked = questions()?.iter().try_for_each(|question| scraper.answers(checker, question));
    drop((scraper, serving));
    fs::remove_dir_all(&folder).doing("removing what Prometheus kept")?;
    asked
}

/// All that the dashboard asks.
fn questions() -> Outcome<Vec<String>> {
    let text = fs::read_to_string(root().join(DASHBOARD)).doing("reading the dashboard")?;
    let board: Value =
        serde_json::from_str(&text).map_err(|error| Failure::new(format!("{DASHBOARD}: {error}")))?;
    let panels = board["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let asked: Vec<String> =
        targets.filter_map(|target| target["expr"].as_str()).map(ToOwned::to_owned).collect();
    if asked.is_empty() { Err(Failure::new(format!("{DASHBOARD} asks nothing"))) } else { Ok(asked) }
}

/// A Prometheus of this step; dropping it ends it.
struct Scraper {
    child: Child,
    url: String,
}

impl Scraper {
    fn start(program: &Path, folder: &Path, (server, own): (SocketAddr, SocketAddr)) -> Outcome<Self> {
        let rules = root().join("ops/rules/soko.yml");
        let config = format!(
            "global: {{ scrape_interval: {SCRAPE_EVERY}, evaluation_interval: {SCRAPE_EVERY} }}\n\
             rule_files: [\"{}\"]\n\
             scrape_configs: [{{ job_name: soko, static_configs: [{{ targets: [\"{server}\"] }}] }}]\n",
            rules.display()
        );
        let settings = folder.join("prometheus.yml");
        fs::write(&settings, config).doing("writing the settings of Prometheus")?;
        let log = fs::File::create(folder.join("prometheus.log")).doing("making the log of Prometheus")?;
        let mut command = Command::new(program);
        command
            .arg(format!("--config.file={}", settings.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={own}"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        Ok(Self { child: child.doing("starting Prometheus")?, url: format!("http://{own}") })
    }

    /// Whether there is an answer with at least one row, as soon as enough was scraped.
    fn answers(&self, checker: &Path, question: &str) -> Outcome {
        let started = Instant::now();
        loop {
            let asked = Command::new(checker).args(["query", "instant", &self.url, question]).output();
            let answer = asked.doing("asking Prometheus")?;
            if answer.status.success() && !answer.stdout.trim_ascii().is_empty() {
                say(&format!("{question}: {}", String::from_utf8_lossy(&answer.stdout).trim()));
                return Ok(());
            }
            if started.elapsed() > SCRAPED_WAIT_MAX {
                let why = String::from_utf8_lossy(&answer.stderr).into_owned();
                return Err(Failure::new(format!("the dashboard's {question} has no answer. {why}")));
            }
            std::thread::sleep(SCRAPED_POLL);
        }
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
