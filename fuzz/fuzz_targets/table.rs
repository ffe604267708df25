//! A file of products that somebody saved in another program, from its bytes to its rows.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::import::{Reading, Table, guess_decimal, guess_fields, read_rows};
use soko_domain::money::Currency;

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = Table::read(bytes) else { return };
    let fields = guess_fields(&table.headers);
    let decimal = guess_decimal(&table, &fields);
    for currency in ["EUR", "JPY", "KWD"].iter().filter_map(|code| Currency::parse(code)) {
        let (rows, _) = read_rows(&table, &Reading { fields: fields.clone(), decimal, currency });
        assert!(rows.len() <= table.lines.len());
    }
});
