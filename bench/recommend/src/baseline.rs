//! The library `implicit`, in an environment of its own that is kept between runs outside the repository. It runs on one
//! thread, which is how it uses the least processor time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use soko_recommend::train::Histories;

use soko_measure::figure::{Fault, Measured, tell};

const LIBRARIES: [&str; 3] = ["implicit==0.7.3", "numpy", "scipy"];
const PROGRAM: &str = include_str!("implicit.py");
/// A Python with the libraries, where there is one already.
const PYTHON_VARIABLE: &str = "SOKO_PYTHON";

pub(crate) struct Library {
    python: PathBuf,
}

pub(crate) struct Baseline {
    pub(crate) hit_rate: f64,
    pub(crate) gain: f64,
    pub(crate) recall: f64,
    pub(crate) cpu_s: f64,
    pub(crate) peak_mb: f64,
}

impl Library {
    /// Installs it where that is possible, and otherwise says why not.
    pub(crate) fn prepare() -> Option<Self> {
        if let Some(python) = std::env::var_os(PYTHON_VARIABLE) {
            return Some(Self { python: PathBuf::from(python) });
        }
        let folder = Path::new("target/tools/implicit");
        let python = folder.join("bin/python");
        let ran = |command: &mut Command| {
            let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            ended.is_ok_and(|status| status.success())
        };
        if ran(Command::new(&python).args(["-c", "import implicit"])) {
            return Some(Self { python });
        }
        tell("installing the library `implicit`, to compare with");
        let made = ran(Command::new("python3").args(["-m", "venv"]).arg(folder))
            && ran(Command::new(&python)
                .args(["-m", "pip", "install", "--only-binary", ":all:"])
                .args(LIBRARIES));
        if !made {
            tell("without the library `implicit`: Python, its venv or its package index is not there");
        }
        made.then_some(Self { python })
    }

    /// Trains and judges it on the same files.
    pub(crate) fn measure(&self, train: &Histories, dimension: usize, folder: &Path) -> Measured<Baseline> {
        let pairs = std::env::temp_dir().join(format!("soko-recommend-bench-{}.tsv", std::process::id()));
        let lines =
            (0..train.rows()).flat_map(|row| train.row(row).iter().map(move |it| format!("{row}\t{it}\n")));
        fs::write(&pairs, lines.collect::<String>())?;
        let test = soko_measure::data::text(&folder.join("movielens/test.tsv.xz"))?;
        let test_file = pairs.with_extension("test");
        fs::write(&test_file, test)?;
        let output = Command::new(&self.python)
            .args(["-c", PROGRAM])
            .arg(&pairs)
            .arg(&test_file)
            .arg(dimension.to_string())
            .env("OPENBLAS_NUM_THREADS", "1")
            .env("OMP_NUM_THREADS", "1")
            // Settings for another library's bugs would slow this one down.
            .env_remove("OPENBLAS_CORETYPE")
            .env_remove("OPENBLAS_L2_SIZE")
            .stderr(Stdio::inherit())
            .output();
        let _ = fs::remove_file(&pairs);
        let _ = fs::remove_file(&test_file);
        let figures: serde_json::Value = serde_json::from_slice(&output?.stdout)?;
        let figure = |name: &str| figures[name].as_f64().ok_or_else(|| Fault(format!("no figure {name}")));
        let baseline = Baseline {
            hit_rate: figure("hit_rate")?,
            gain: figure("gain")?,
            recall: figure("recall")?,
            cpu_s: figure("cpu_s")?,
            peak_mb: figure("peak_mb")?,
        };
        let Baseline { hit_rate, gain, recall, cpu_s, .. } = baseline;
        tell(&format!(
            "| implicit ALS, {dimension} | {hit_rate:.4} | {gain:.4} | {recall:.4} | {cpu_s:.2} |"
        ));
        Ok(baseline)
    }
}
