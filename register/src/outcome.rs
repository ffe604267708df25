//! How a command of the command line ends: what people and programs read, and the exit code.

use std::process::ExitCode;

use serde_json::{Value, json};
use soko_app_api::Refused;
use soko_engine::{Failure, NotDone, OpenError};
use soko_record_log::StoreError;

/// Asked wrongly: nothing was tried.
const EXIT_USAGE: u8 = 2;
/// A rule forbids it; asking the same again gets the same answer.
const EXIT_REFUSED: u8 = 3;
/// It did not work: the disk, the network, the store.
const EXIT_FAILED: u8 = 4;

/// Why a command was not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Undone {
    #[error("{0}")]
    Usage(String),
    #[error("{sentence}")]
    Refused { code: String, sentence: String },
    #[error("{0}")]
    Failed(String),
}

pub type Outcome = Result<Value, Undone>;

impl Undone {
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::Usage(sentence.into())
    }

    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }

    pub fn refused(code: &str, sentence: impl Into<String>) -> Self {
        Self::Refused { code: code.into(), sentence: sentence.into() }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            Self::Refused { .. } => EXIT_REFUSED,
            Self::Failed(_) => EXIT_FAILED,
        }
    }
}

impl From<soko_device::Undone> for Undone {
    fn from(undone: soko_device::Undone) -> Self {
        match undone {
            soko_device::Undone::Failed(said) => Self::Failed(said.sentence),
            soko_device::Undone::Refused(refused) => match refused.code.as_str() {
                "address" => Self::Usage(refused.sentence),
                // Trying again can help, without anything changed.
                "busy" | "no_access" | "disk_full" => Self::Failed(refused.sentence),
                _ => refused.into(),
            },
        }
    }
}

impl From<soko_device::Unanswered> for Undone {
    fn from(unanswered: soko_device::Unanswered) -> Self {
        soko_device::Undone::from(unanswered).into()
    }
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl From<OpenError> for Undone {
    fn from(error: OpenError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Refused> for Undone {
    fn from(refused: Refused) -> Self {
        Self::Refused { code: refused.code, sentence: refused.sentence }
    }
}

impl From<NotDone> for Undone {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refused) => refused.into(),
            NotDone::Failed(failure) => failure.into(),
        }
    }
}

/// What the process says to whoever started it.
pub fn exit_code(outcome: &Outcome) -> ExitCode {
    outcome.as_ref().map_or_else(|undone| ExitCode::from(undone.exit_code()), |_| ExitCode::SUCCESS)
}

/// One line for programs: always an object with `ok` and `exit`.
pub fn as_json(outcome: &Outcome) -> String {
    let line = match outcome {
        Ok(answer) => json!({"ok": true, "exit": 0, "answer": answer}),
        Err(undone) => {
            let (kind, code) = match undone {
                Undone::Usage(_) => ("usage", "usage"),
                Undone::Refused { code, .. } => ("refused", code.as_str()),
                Undone::Failed(_) => ("failed", "failed"),
            };
            let sentence = undone.to_string();
            json!({"ok": false, "exit": undone.exit_code(), "kind": kind, "code": code, "sentence": sentence})
        }
    };
    line.to_string()
}

/// The same for people: names and values, lists as indented blocks.
pub fn as_text(answer: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, answer, 0);
    text.trim_start_matches('\n').to_owned()
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                text.push_str(&format!("\n{indent}{}:", name.replace('_', " ")));
                write_value(text, field, depth + 1);
            }
        }
        Value::Array(rows) if rows.is_empty() => text.push_str(" none"),
        Value::Array(rows) => {
            for row in rows {
                text.push_str(&format!("\n{indent}-"));
                write_value(text, row, depth + 1);
            }
        }
        Value::String(line) => text.push_str(&format!(" {line}")),
        Value::Null => text.push_str(" -"),
        Value::Bool(_) | Value::Number(_) => text.push_str(&format!(" {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_names_and_values() {
        let answer =
            json!({"sold": {"receipt_number": 3, "lines": [{"name": "tea"}], "note": null, "taxes": []}});
        let expected =
            "sold:\n  lines:\n    -\n      name: tea\n  note: -\n  receipt number: 3\n  taxes: none";
        assert_eq!(as_text(&answer), expected);
    }

    #[test]
    fn programs_read_how_it_ended() {
        for (outcome, expected) in [
            (Ok(json!("done")), r#"{"answer":"done","exit":0,"ok":true}"#),
            (
                Err(Undone::refused("no_shift", "open one")),
                r#"{"code":"no_shift","exit":3,"kind":"refused","ok":false,"sentence":"open one"}"#,
            ),
            (
                Err(Undone::failed("disk")),
                r#"{"code":"failed","exit":4,"kind":"failed","ok":false,"sentence":"disk"}"#,
            ),
            (
                Err(Undone::usage("no")),
                r#"{"code":"usage","exit":2,"kind":"usage","ok":false,"sentence":"no"}"#,
            ),
        ] {
            assert_eq!(as_json(&outcome), expected);
        }
    }
}
