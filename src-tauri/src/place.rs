//! Where this device keeps what it holds, when nobody says otherwise.

/// Named in the environment of the program, and stronger than the system's place.
pub const DATA_DIR_VARIABLE: &str = "SOKO_DATA_DIR";
pub const SERVER_VARIABLE: &str = "SOKO_SERVER";

#[cfg(desktop)]
const FOLDER: &str = "soko";

/// The system's place for a program's data: below `~/.local/share`, `Application Support` or `%APPDATA%`.
#[cfg(desktop)]
pub(crate) fn standard() -> Option<std::path::PathBuf> {
    Some(dirs::data_dir()?.join(FOLDER))
}
