//! A list of objects, as programs write JSON, as the table that it is: a column for each name, a line for each object. What
//! is nested deeper is left out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::table::{Encoding, Line, Table, TableFault};
use super::{IMPORT_COLUMNS_MAX, IMPORT_ROWS_MAX};

/// Whether a text looks like one.
pub(super) fn is_meant(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}

pub(super) fn read(text: &str) -> Result<Table, TableFault> {
    let value: Value = serde_json::from_str(text).map_err(|_| TableFault::NotText)?;
    let objects = list(&value).filter(|list| !list.is_empty()).ok_or(TableFault::Empty)?;
    if objects.len() > IMPORT_ROWS_MAX {
        return Err(TableFault::TooManyRows);
    }
    let names: BTreeSet<&String> =
        objects.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys).collect();
    if names.is_empty() {
        return Err(TableFault::Empty);
    }
    if names.len() > IMPORT_COLUMNS_MAX {
        return Err(TableFault::TooManyColumns);
    }
    let lines = (1..).zip(objects).map(|(number, object)| Line {
        number,
        cells: names.iter().map(|name| object.get(*name).map(cell).unwrap_or_default()).collect(),
    });
    let headers = names.iter().map(|name| (*name).clone()).collect();
    Ok(Table { encoding: Encoding::Utf8, mark: ',', headers, lines: lines.collect() })
}

/// The list itself, or the first one in an object around it.
fn list(value: &Value) -> Option<&Vec<Value>> {
    let of_objects =
        |value: &'_ Value| value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
    match value {
        Value::Array(list) => of_objects(value).then_some(list),
        Value::Object(around) => around.values().find(|inner| of_objects(inner))?.as_array(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => plain_number(&number.to_string()),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// One with an exponent is nobody's price: it stays what no reader of amounts takes.
fn plain_number(text: &str) -> String {
    if text.contains(['e', 'E']) {
        return format!("\"{text}\"");
    }
    text.strip_suffix(".0").unwrap_or(text).to_owned()
}
