//! Translates between the bytes that cross a link and JSON, line by line, for tests in other languages:
//! `call {json}` and `told {hex}` and `answer {hex}` are each answered with one line.

use std::io::{BufRead as _, Write as _};

use serde::Serialize;
use serde::de::DeserializeOwned;
use soko_app_api::{Answer, Call, Told, decode, encode};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (kind, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let translated = match kind {
            "call" => to_hex(rest),
            "answer" => to_json::<Answer>(rest),
            "told" => to_json::<Told>(rest),
            other => Err(format!("{other} is neither call, answer nor told")),
        };
        let line = translated.unwrap_or_else(|problem| format!("! {problem}"));
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}

fn to_hex(json: &str) -> Result<String, String> {
    let call: Call = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let bytes = encode(&call).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn to_json<T: DeserializeOwned + Serialize>(hex: &str) -> Result<String, String> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    let bytes: Result<Vec<u8>, _> = digits.map(|pair| u8::from_str_radix(pair, 16)).collect();
    let message: T = decode(&bytes.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    serde_json::to_string(&message).map_err(|error| error.to_string())
}
