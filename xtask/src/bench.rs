//! `cargo xtask bench`: runs the programs that measure, prints a table, writes the figures.
//!
//! A measuring program gets the wanted group as its argument and prints one JSON object a line:
//! `{"name", "value", "unit", "baseline", "ratio"}`. Other lines are passed on to the person. The names are
//! stable and stand in docs/benchmarks.md. Baselines are measured in the same run, by the same program.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::browser;
use crate::machine;
use crate::packages::require_program;
use crate::postgres::{ADDRESS_VARIABLE, Durability, Postgres};
use crate::shell::{Doing as _, Failure, Outcome, cargo, say, warn};
use crate::web::{self, Kind};

/// Where measurements find PostgreSQL's own measuring tool, for the baseline.
const PGBENCH_VARIABLE: &str = "SOKO_PGBENCH";

/// A program that measures one or more groups.
struct Bench {
    package: &'static str,
    program: &'static str,
    groups: &'static [&'static str],
    needs_postgres: bool,
}

const BENCHES: &[Bench] = &[
    Bench {
        package: "soko-bench",
        program: "soko-bench",
        groups: &[
            "register",
            "engine",
            "search",
            "import",
            "replicate",
            "server",
            "checkout",
            "notify",
            "market",
            "operator",
            "analysis",
            "retail",
        ],
        needs_postgres: true,
    },
    Bench {
        package: "soko-recommend-bench",
        program: "soko-recommend-bench",
        groups: &["recommend"],
        needs_postgres: false,
    },
    Bench {
        package: "soko-pricing-bench",
        program: "soko-pricing-bench",
        groups: &["pricing"],
        needs_postgres: false,
    },
    Bench {
        package: "soko-experiment-bench",
        program: "soko-experiment-bench",
        groups: &["experiment"],
        needs_postgres: false,
    },
];

/// What a person waits for in a real browser, at a first visit and with a whole shop in it; measured by the script
/// beside the journeys.
const IN_BROWSER: [&str; 2] = ["web", "app"];

/// The same in the window; measured by a program beside its journeys.
const IN_WINDOW: &str = "window";

/// Of this group some figures are the window's.
const TOLD_NATIVELY: &str = "notify";

/// Measures the wanted groups, or all.
pub(crate) fn measure(wanted: &[String], json_file: Option<&Path>) -> Outcome {
    refuse_unknown(wanted)?;
    let is_wanted = |group: &str| wanted.is_empty() || wanted.iter().any(|it| it == group);
    let mut figures = Map::new();
    let programs: Vec<(&Bench, &str)> = BENCHES
        .iter()
        .flat_map(|bench| bench.groups.iter().map(move |group| (bench, *group)))
        .filter(|(_, group)| is_wanted(group))
        .collect();
    let postgres = match programs.iter().any(|(bench, _)| bench.needs_postgres) {
        true => Some(Postgres::start(Durability::WaitForDisk)?),
        false => None,
    };
    let postgres_url = postgres.as_ref().map(|postgres| postgres.url.as_str());
    let mut failed = Vec::new();
    // One that cannot be measured takes nothing from the others.
    for (bench, group) in programs {
        failed.extend(bench.measure(group, postgres_url, &mut figures).err());
    }
    for group in IN_BROWSER.into_iter().chain([IN_WINDOW]).filter(|group| is_wanted(group)) {
        warn(&format!("measuring {group}"));
        let measured = if group == IN_WINDOW {
            measure_window(&mut figures)
        } else {
            browser::measure(group).and_then(|printed| collect(&printed, &mut figures))
        };
        failed.extend(measured.err());
    }
    if is_wanted(TOLD_NATIVELY) {
        warn("measuring notifications of the window");
        failed.extend(measure_native(&mut figures).err());
    }
    say(&table(&figures));
    if let Some(file) = json_file {
        let text = serde_json::to_string_pretty(&figures).doing("writing the figures as JSON")?;
        std::fs::write(file, text + "\n").doing(&format!("writing {}", file.display()))?;
    }
    match failed.as_slice() {
        [] if figures.is_empty() => Err(Failure::new("nothing was measured")),
        [] => Ok(()),
        some => Err(Failure::new(some.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))),
    }
}

impl Bench {
    fn measure(&self, group: &str, postgres_url: Option<&str>, figures: &mut Map<String, Value>) -> Outcome {
        require_program(self.package, self.program)?;
        warn(&format!("measuring {group}"));
        let mut command =
            cargo(&["run", "--quiet", "--release", "-p", self.package, "--bin", self.program, "--", group]);
        if let Some(programs) = machine::postgres_programs() {
            command.env(PGBENCH_VARIABLE, programs.join("pgbench"));
        }
        if let Some(url) = postgres_url {
            command.env(ADDRESS_VARIABLE, url);
        }
        run(&mut command, &format!("{} {group}", self.program), figures)
    }
}

/// The screens are built into the window, so they come first.
fn measure_window(figures: &mut Map<String, Value>) -> Outcome {
    web::build(Kind::Release)?;
    run(&mut cargo(&["bench", "--quiet", "-p", "soko", "--bench", IN_WINDOW, "--locked"]), IN_WINDOW, figures)
}

/// With a real server, whose program has to be beside the window's.
fn measure_native(figures: &mut Map<String, Value>) -> Outcome {
    web::build(Kind::Release)?;
    let server =
        ["build", "--quiet", "--release", "-p", "soko-sync-server", "--bin", "soko-server", "--locked"];
    run(&mut cargo(&server), "the server's program", figures)?;
    let native = ["bench", "--quiet", "-p", "soko", "--bench", IN_WINDOW, "--locked", "--", "native"];
    run(&mut cargo(&native), "native notifications", figures)
}

/// A program that fails has measured what it printed before.
fn run(command: &mut Command, what: &str, figures: &mut Map<String, Value>) -> Outcome {
    let output = command.stderr(Stdio::inherit()).output().doing("measuring")?;
    collect(&String::from_utf8(output.stdout).doing("reading the figures")?, figures)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{what} ended with {}", output.status)))
}

fn refuse_unknown(wanted: &[String]) -> Outcome {
    let groups = BENCHES.iter().flat_map(|bench| bench.groups).copied();
    let known: Vec<&str> = groups.chain(IN_BROWSER).chain([IN_WINDOW]).collect();
    match wanted.iter().find(|group| !known.contains(&group.as_str())) {
        None => Ok(()),
        Some(group) => {
            Err(Failure::new(format!("no group is called {group}; there are: {}", known.join(", "))))
        }
    }
}

/// Takes the figures out of what a program printed. A figure without its baseline, or one measured twice,
/// would be read as something it is not.
fn collect(printed: &str, figures: &mut Map<String, Value>) -> Outcome {
    for line in printed.lines() {
        if !line.starts_with('{') {
            warn(line);
            continue;
        }
        let figure: Value = serde_json::from_str(line).doing(&format!("reading {line:?}"))?;
        let Some(name) = figure["name"].as_str() else {
            return Err(Failure::new(format!("a figure has no name: {line}")));
        };
        if !figure["value"].is_number() || !figure["unit"].is_string() {
            return Err(Failure::new(format!("{name} needs a number as value and a unit: {line}")));
        }
        let kept = json!({
            "value": figure["value"], "unit": figure["unit"],
            "baseline": figure["baseline"], "ratio": figure["ratio"],
        });
        if figures.insert(name.to_owned(), kept).is_some() {
            return Err(Failure::new(format!("{name} was measured twice")));
        }
    }
    Ok(())
}

fn table(figures: &Map<String, Value>) -> String {
    let mut rows =
        vec![format!("{:<36} {:>14} {:<8} {:>14} {:>8}", "name", "value", "unit", "baseline", "ratio")];
    for (name, figure) in figures {
        let unit = figure["unit"].as_str().unwrap_or_default();
        let [value, baseline, ratio] = ["value", "baseline", "ratio"].map(|key| shown(&figure[key]));
        rows.push(format!("{name:<36} {value:>14} {unit:<8} {baseline:>14} {ratio:>8}"));
    }
    rows.join("\n")
}

fn shown(value: &Value) -> String {
    if value.is_null() { "-".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_kept_by_name_and_other_lines_are_not() {
        let mut figures = Map::new();
        let line = r#"{"name":"search.typo","value":3.5,"unit":"ms","baseline":7,"ratio":0.5}"#;
        collect(&format!("warming up\n{line}\n"), &mut figures).unwrap();
        let expected = json!({"search.typo": {"value": 3.5, "unit": "ms", "baseline": 7, "ratio": 0.5}});
        assert_eq!(Value::Object(figures.clone()), expected);
        let shown = table(&figures);
        assert!(shown.contains("search.typo") && shown.contains("3.5 ms"), "{shown}");
    }

    #[test]
    fn what_was_measured_before_a_failure_is_kept() {
        let mut figures = Map::new();
        let script = r#"echo '{"name":"a","value":1,"unit":"ms"}'; exit 3"#;
        let failed = run(Command::new("sh").args(["-c", script]), "a group", &mut figures).unwrap_err();
        assert!(failed.to_string().starts_with("a group ended with"), "{failed}");
        assert_eq!(figures["a"]["value"], 1);
    }

    #[test]
    fn a_figure_that_would_mislead_is_refused() {
        let twice = r#"{"name":"a","value":1,"unit":"ms"}"#;
        for (printed, expected) in [
            (r#"{"value":1,"unit":"ms"}"#.to_owned(), "has no name"),
            (r#"{"name":"a","value":"1","unit":"ms"}"#.to_owned(), "needs a number"),
            (r#"{"name":"a","value":1}"#.to_owned(), "a unit"),
            (format!("{twice}\n{twice}"), "measured twice"),
            ("{".to_owned(), "reading"),
        ] {
            let refused = collect(&printed, &mut Map::new()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{printed} gave {refused}");
        }
    }

    #[test]
    fn an_unknown_group_is_refused_with_the_known_ones() {
        let refused = refuse_unknown(&["registre".to_owned()]).unwrap_err().to_string();
        assert!(refused.contains("registre") && refused.contains("register"), "{refused}");
        assert!(refuse_unknown(&["server".to_owned(), "window".to_owned()]).is_ok());
    }
}
