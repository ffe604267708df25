//! Runs the example of docs/large-questions.md as it stands there, and the exploration of docs/recommendations.md: a small
//! demo, its ledger as files, and an engine of others that reads them.

use std::fs;
use std::process::Command;

use crate::machine;
use crate::server::{small_demo, test_build};
use crate::shell::{Doing as _, Outcome, root, run, run_aside, target_dir};

const SCRIPTS: &[&str] = &["docs/large-questions/ask.py", "docs/recommendations/explore.py"];

/// Why it cannot be run here.
pub(crate) fn missing() -> Option<String> {
    (!machine::datafusion().is_dir())
        .then(|| "DataFusion could not be installed from PyPI: `cargo xtask setup` says why".to_owned())
}

/// By the server of the test build. The scripts fail where a question has no answer, and where other rows are read than were written.
pub(crate) fn ask() -> Outcome {
    let program = test_build()?;
    let folder = target_dir().join(format!("questions-{}", std::process::id()));
    let (data, ledger) = (folder.join("data"), folder.join("ledger"));
    let asked = small_demo(&program, &data, &[])
        .and_then(|()| run(Command::new(&program).arg("parquet").arg(&ledger).arg("--data-dir").arg(&data)))
        .and_then(|()| {
            SCRIPTS.iter().try_for_each(|script| {
                run_aside(Command::new(machine::datafusion_python()).arg(root().join(script)).arg(&ledger))
            })
        });
    fs::remove_dir_all(&folder).doing("removing the demo of the questions")?;
    asked
}
