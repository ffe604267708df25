//! A statement of a bank or of mobile money, from its bytes to its rows.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::import::Table;
use soko_domain::money::Currency;
use soko_domain::statement::{StatementReading, read_statement, statement_table};

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = Table::read(bytes) else { return };
    let table = statement_table(table);
    let reading = StatementReading::guess(&table);
    for currency in ["EUR", "JPY", "KWD"].iter().filter_map(|code| Currency::parse(code)) {
        let read = read_statement(&table, &reading, currency);
        assert!(read.rows.len() <= table.lines.len());
    }
});
