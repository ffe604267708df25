//! Data that lies outside the repository, and is never kept in it.

use std::path::PathBuf;
use std::process::Command;

use crate::figure::{Fault, Measured};

/// Says where the data is, instead of beside the repository.
const FOLDER_VARIABLE: &str = "SOKO_DATA";
const FOLDER: &str = "../shared/data";

/// The folder with the data, if it is there.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(FOLDER_VARIABLE).map_or_else(|| PathBuf::from(FOLDER), PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// A compressed file's text.
pub fn text(path: &std::path::Path) -> Measured<String> {
    let output = Command::new("xz").args(["--decompress", "--stdout"]).arg(path).output();
    let output = output.map_err(|error| Fault(format!("xz could not be started: {error}")))?;
    if !output.status.success() {
        return Err(Fault(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr))));
    }
    Ok(String::from_utf8(output.stdout)?)
}
