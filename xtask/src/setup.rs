//! Finds what the tasks need, installs what is missing, and says what it does.
//!
//! Debian packages come from apt, Rust's parts from rustup, one optional test tool from PyPI into the target
//! folder. Nothing is compiled here, and nothing that is already there is touched.

use std::path::Path;
use std::process::Command;

use crate::machine;
use crate::shell::{Doing as _, Failure, Outcome, root, run, say, succeeds, target_dir, which};

/// Something a task starts.
struct Tool {
    name: &'static str,
    why: &'static str,
    is_there: fn() -> bool,
    source: Source,
    need: Need,
}

/// Where a missing tool comes from.
#[derive(Clone, Copy)]
enum Source {
    Debian(&'static [&'static str]),
    RustTarget(&'static str),
    RustComponent(&'static str),
    /// The folder below the tools, and what is installed into it.
    PyPi(&'static str, &'static [&'static str]),
}

/// The first task that cannot do without a tool; each task needs what those before it need.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// To build and start the server with its web app.
    Serve,
    /// To open the window, too.
    Window,
    Test,
    /// A step that is left out, and says so, without it.
    Optional,
}

/// What follows where a required tool cannot be had.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Fails,
    /// Whoever needs it leaves that out, and the end of the run says so.
    IsSaid,
}

/// What the window is built with, and what its tests need.
const FOR_WINDOW: &[&str] = &["window libraries", "window driver", "virtual screen", "message bus", "dunst"];

/// A mock of Stripe that others wrote.
const LOCALSTRIPE: &[&str] = &["localstripe==1.15.10"];
const SCHEMATHESIS: &[&str] = &["schemathesis==4.32.5"];
/// Made out of the schema of Grafana 11.6, the latest of which there is one there. What stands before the "!" is when they made it.
const GRAFANA: &[&str] = &["grafana-foundation-sdk==1769699379!11.6.0"];
/// The query engine of docs/large-questions.md, and what the page beside it computes with.
const DATAFUSION: &[&str] = &["datafusion==55.0.0", "pyarrow==26.0.1", "numpy==2.4.6"];

const TOOLS: &[Tool] = &[
    Tool {
        name: "C compiler",
        why: "SQLite and ring are C",
        is_there: || which("cc").is_some(),
        source: Source::Debian(&["gcc", "libc6-dev"]),
        need: Need::Serve,
    },
    Tool {
        name: "PostgreSQL",
        why: "the server's second store; tests start a throw-away cluster of their own",
        is_there: || machine::postgres_programs().is_some(),
        source: Source::Debian(&["postgresql"]),
        need: Need::Test,
    },
    Tool {
        name: "clang and llvm-ar",
        why: "SQLite for the browser's target",
        is_there: || machine::clang().is_some(),
        source: Source::Debian(&["clang-19", "llvm-19"]),
        need: Need::Serve,
    },
    Tool {
        name: "strace",
        why: "crash tests kill a process at every write",
        is_there: || which("strace").is_some(),
        source: Source::Debian(&["strace"]),
        need: Need::Test,
    },
    Tool {
        name: "window libraries",
        why: "the desktop app is a WebKitGTK window with a tray icon",
        is_there: || {
            machine::has_library("webkit2gtk-4.1") && machine::has_library("ayatana-appindicator3-0.1")
        },
        source: Source::Debian(&[
            "pkg-config",
            "libwebkit2gtk-4.1-dev",
            "libgtk-3-dev",
            "librsvg2-dev",
            "libayatana-appindicator3-dev",
        ]),
        need: Need::Window,
    },
    Tool {
        name: "window driver",
        why: "tests drive the real window",
        is_there: || which("WebKitWebDriver").is_some(),
        source: Source::Debian(&["webkit2gtk-driver"]),
        need: Need::Test,
    },
    Tool {
        name: "virtual screen",
        why: "tests open the window on a screen of their own",
        is_there: || which("Xvfb").is_some(),
        source: Source::Debian(&["xvfb", "xauth"]),
        need: Need::Test,
    },
    Tool {
        name: "message bus",
        why: "tests give the window a bus of its own, with a notification daemon on it",
        is_there: || which("dbus-run-session").is_some(),
        source: Source::Debian(&["dbus", "dbus-bin", "dbus-daemon"]),
        need: Need::Test,
    },
    Tool {
        name: "dunst",
        why: "a notification daemon that people use, for the test that the window's notifications reach it",
        is_there: || which("dunst").is_some(),
        source: Source::Debian(&["dunst"]),
        need: Need::Test,
    },
    Tool {
        name: "Rust for the browser",
        why: "the engine compiles for it",
        is_there: machine::has_wasm_target,
        source: Source::RustTarget(machine::WASM_TARGET),
        need: Need::Serve,
    },
    Tool {
        name: "rustfmt",
        why: "`cargo xtask ci` checks the format",
        is_there: || machine::has_cargo_command("fmt"),
        source: Source::RustComponent("rustfmt"),
        need: Need::Test,
    },
    Tool {
        name: "clippy",
        why: "`cargo xtask ci` checks the lints",
        is_there: || machine::has_cargo_command("clippy"),
        source: Source::RustComponent("clippy"),
        need: Need::Test,
    },
    Tool {
        name: "Chromium",
        why: "journeys in a real browser",
        is_there: || machine::chromium().is_some(),
        source: Source::Debian(&["chromium"]),
        need: Need::Optional,
    },
    Tool {
        name: "Chromium's headless shell",
        why: "most journeys need no more of it, and take a third less of a processor",
        is_there: || which("chromium-headless-shell").is_some(),
        source: Source::Debian(&["chromium-headless-shell"]),
        need: Need::Optional,
    },
    Tool {
        name: "Node and npm",
        why: "drive that browser; nothing of them is shipped",
        is_there: || which("node").is_some() && which("npm").is_some(),
        source: Source::Debian(&["nodejs", "npm"]),
        need: Need::Optional,
    },
    Tool {
        name: "Python's venv",
        why: "a place of its own for the tools that are Python's",
        is_there: machine::has_python_venv,
        source: Source::Debian(&["python3-venv"]),
        need: Need::Test,
    },
    Tool {
        name: "localstripe",
        why: "the adapter for Stripe is tried with it",
        is_there: || machine::localstripe().is_file(),
        source: Source::PyPi("localstripe", LOCALSTRIPE),
        need: Need::Optional,
    },
    Tool {
        name: "schemathesis",
        why: "tries every published HTTP operation with odd input",
        is_there: || machine::schemathesis().is_file(),
        source: Source::PyPi("schemathesis", SCHEMATHESIS),
        need: Need::Optional,
    },
    Tool {
        name: "DataFusion",
        why: "asks the questions of docs/large-questions.md",
        is_there: || machine::datafusion().is_dir(),
        source: Source::PyPi("datafusion", DATAFUSION),
        need: Need::Optional,
    },
    Tool {
        name: "Grafana's schema",
        why: "dashboards are checked against it",
        is_there: || machine::grafana_schema().is_dir(),
        source: Source::PyPi("grafana", GRAFANA),
        need: Need::Optional,
    },
];

/// Says what is there and what would be done, and does nothing.
pub(crate) fn describe() -> Outcome {
    for tool in TOOLS {
        let state = if (tool.is_there)() { "there".to_owned() } else { tool.source.plan() };
        say(&format!("{:<22} {:<12} {state}  ({})", tool.name, tool.need.word(), tool.why));
    }
    Ok(())
}

/// Why the window cannot be built or tested here; nothing if it can.
pub(crate) fn missing_for_window() -> Option<String> {
    let missing = TOOLS.iter().filter(|tool| FOR_WINDOW.contains(&tool.name) && !(tool.is_there)());
    let names: Vec<&str> = missing.map(|tool| tool.name).collect();
    (!names.is_empty()).then(|| format!("the window is left out without: {}", names.join(", ")))
}

/// Installs what is missing for a task. An optional tool that cannot be had is a sentence, a required one mostly a failure.
pub(crate) fn install_missing(task: Need, required: Missing) -> Outcome {
    let needed = TOOLS.iter().filter(|tool| tool.need <= task);
    let missing: Vec<&Tool> = needed.filter(|tool| !(tool.is_there)()).collect();
    if missing.is_empty() {
        say("Everything that the tasks need is there.");
        return Ok(());
    }
    for tool in &missing {
        say(&format!("missing: {} ({}): {}", tool.name, tool.why, tool.source.plan()));
    }
    let packages: Vec<&str> =
        missing.iter().flat_map(|tool| tool.source.debian_packages()).copied().collect();
    let debian = if packages.is_empty() { Ok(()) } else { install_debian(&packages) };
    for tool in missing {
        let outcome = match tool.source {
            Source::Debian(_) => {
                debian.as_ref().copied().map_err(|failure| Failure::new(failure.to_string()))
            }
            Source::RustTarget(target) => rustup(&["target", "add", target]),
            Source::RustComponent(component) => rustup(&["component", "add", component]),
            Source::PyPi(name, requirements) => install_python_tool(name, requirements),
        };
        settle(tool, outcome, required)?;
    }
    Ok(())
}

/// What counts is whether the tool is there now, not what an installer answered.
fn settle(tool: &Tool, outcome: Outcome, required: Missing) -> Outcome {
    if (tool.is_there)() {
        return Ok(());
    }
    let reason =
        outcome.err().map_or_else(|| "it was installed but is not found".to_owned(), |it| it.to_string());
    let sentence = format!("{} cannot be had: {reason}", tool.name);
    if tool.need != Need::Optional && required == Missing::Fails {
        return Err(Failure::new(sentence));
    }
    say(&format!("{sentence}. What needs it ({}) is left out.", tool.why));
    Ok(())
}

impl Need {
    fn word(self) -> &'static str {
        match self {
            Self::Serve => "to serve",
            Self::Window => "for windows",
            Self::Test => "to test",
            Self::Optional => "optional",
        }
    }
}

impl Source {
    fn plan(self) -> String {
        match self {
            Self::Debian(packages) => format!("apt-get install {}", packages.join(" ")),
            Self::RustTarget(target) => format!("rustup target add {target}"),
            Self::RustComponent(component) => format!("rustup component add {component}"),
            Self::PyPi(_, requirements) => {
                format!("pip install {} below the target folder", requirements.join(" "))
            }
        }
    }

    fn debian_packages(self) -> &'static [&'static str] {
        match self {
            Self::Debian(packages) => packages,
            Self::RustTarget(_) | Self::RustComponent(_) | Self::PyPi(..) => &[],
        }
    }
}

fn install_debian(packages: &[&str]) -> Outcome {
    let by_hand = format!("install by hand: {}", packages.join(" "));
    if which("apt-get").is_none() {
        return Err(Failure::new(format!("this is not a Debian system; {by_hand}")));
    }
    if !machine::is_root() && !succeeds(Command::new("sudo").args(["-n", "true"])) {
        return Err(Failure::new(format!("neither root nor sudo without a password; {by_hand}")));
    }
    if packages.contains(&"postgresql") {
        keep_debian_from_starting_a_cluster()?;
    }
    run(as_root("apt-get").args(["update", "-q"]))?;
    let options = ["install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
    // One that this release of the system does not have must not keep the others away.
    let known = |package: &&&str| succeeds(Command::new("apt-cache").args(["show", "--quiet", package]));
    run(as_root("apt-get").args(options).args(packages.iter().filter(known)))
}

/// Debian would make a cluster and start it as a service. Ours are thrown away, so none is wanted; a setting
/// that is already there stays as it is.
fn keep_debian_from_starting_a_cluster() -> Outcome {
    let setting = Path::new("/etc/postgresql-common/createcluster.conf");
    if setting.exists() {
        return Ok(());
    }
    say(&format!("writing {} so that installing PostgreSQL starts no service", setting.display()));
    let draft = target_dir().join("createcluster.conf");
    std::fs::create_dir_all(target_dir()).doing("making the target folder")?;
    std::fs::write(&draft, "create_main_cluster = false\n").doing("writing createcluster.conf")?;
    run(as_root("install").args(["-D", "-m", "644"]).arg(draft).arg(setting))
}

fn as_root(program: &str) -> Command {
    let settings = ["DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1"];
    let mut command = if machine::is_root() {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "env"]);
        sudo
    };
    command.args(settings).arg(program);
    command
}

fn rustup(args: &[&str]) -> Outcome {
    if which("rustup").is_none() {
        let wanted = args.join(" ");
        return Err(Failure::new(format!("rustup is not installed, so `rustup {wanted}` cannot be run")));
    }
    run(Command::new("rustup").args(args).current_dir(root()))
}

fn install_python_tool(name: &str, requirements: &[&str]) -> Outcome {
    if !machine::has_python_venv() {
        return Err(Failure::new("it needs Python with venv"));
    }
    let home = target_dir().join("tools").join(name);
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(home.join("bin/python3")).args(pip).args(requirements))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(need: Need, is_there: fn() -> bool) -> Tool {
        Tool { name: "hammer", why: "nails", is_there, source: Source::Debian(&["hammer"]), need }
    }

    #[test]
    fn only_a_required_tool_that_is_still_missing_fails() {
        let refused = || Err(Failure::new("no network"));
        let fails = Missing::Fails;
        assert!(settle(&tool(Need::Test, || true), refused(), fails).is_ok());
        assert!(settle(&tool(Need::Optional, || false), refused(), fails).is_ok());
        assert!(settle(&tool(Need::Test, || false), refused(), Missing::IsSaid).is_ok());
        let failure = settle(&tool(Need::Test, || false), refused(), fails).unwrap_err().to_string();
        assert_eq!(failure, "hammer cannot be had: no network");
        let failure = settle(&tool(Need::Test, || false), Ok(()), fails).unwrap_err().to_string();
        assert_eq!(failure, "hammer cannot be had: it was installed but is not found");
    }

    #[test]
    fn what_the_window_needs_is_known_by_its_name() {
        for name in FOR_WINDOW {
            assert!(TOOLS.iter().any(|tool| tool.name == *name), "{name}");
        }
    }

    /// Debian and the registry of Rust's crates are enough for all that a run must not do without.
    #[test]
    fn no_other_registry_is_required() {
        for tool in TOOLS.iter().filter(|tool| tool.need != Need::Optional) {
            assert!(!matches!(tool.source, Source::PyPi(..)), "{}", tool.name);
        }
    }

    #[test]
    fn every_plan_names_what_it_installs() {
        for tool in TOOLS {
            assert!(tool.source.plan().split(' ').count() >= 3, "{}", tool.name);
        }
    }
}
