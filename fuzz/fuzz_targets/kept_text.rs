//! Texts inside documents that others wrote: a stall's hours, prices of bringing, account and place, a class of tax, a deal, and what
//! was paid of a line. The first byte chooses.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::deal::Deal;
use soko_domain::delivery::Terms;
use soko_domain::ids::ThingId;
use soko_domain::opening::Opening;
use soko_domain::point::Point;
use soko_domain::tab;
use soko_domain::tax::TaxRate;
use soko_domain::transfer::TransferTerms;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    // What is read has one way of being written; two forgive blanks, and are written anew as the same.
    match choice % 7 {
        0 => Opening::read(text).into_iter().for_each(|it| assert_eq!(it.to_string(), text)),
        1 => TaxRate::parse_class(text).into_iter().for_each(|it| assert_eq!(it.kept(), text)),
        2 => Deal::read(text).into_iter().for_each(|it| assert_eq!(it.to_string(), text)),
        3 => tab::read(ThingId::default(), text).into_iter().for_each(|it| assert_eq!(tab::kept(&it), text)),
        4 => Point::read(text).into_iter().for_each(|it| assert_eq!(it.to_string(), text)),
        5 => Terms::parse(text).into_iter().for_each(|it| assert_eq!(Terms::parse(&it.to_string()), Ok(it))),
        _ => {
            let read = TransferTerms::parse(text).into_iter();
            read.for_each(|it| assert_eq!(TransferTerms::parse(&it.to_string()), Ok(it)));
        }
    }
});
