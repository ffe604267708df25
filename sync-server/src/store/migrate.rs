//! The server's tables: numbered steps, one text for both engines.

use soko_record_log::{Migration, StoreError, Tx, migrate};

use crate::store::conn::{Conn, Undone, Work};

macro_rules! step {
    ($number:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../../migrations/server/", $name, ".sql")),
        }
    };
}

/// Every step, in order. A step that was released is never edited.
pub const STEPS: &[Migration] = &[
    step!(1, "0001_platform"),
    step!(2, "0002_stall"),
    Migration { number: 3, name: "record_log", sql: soko_record_log::log::SCHEMA },
    Migration { number: 4, name: "projection", sql: soko_projection::TABLES },
    Migration { number: 5, name: "lists", sql: soko_projection::LISTS },
    step!(6, "0003_market"),
    Migration { number: 7, name: "state_sum", sql: soko_projection::SUM_TABLE },
    step!(8, "0004_held"),
    Migration { number: 9, name: "desk", sql: soko_projection::DESK },
    Migration { number: 10, name: "goods", sql: soko_projection::GOODS },
    Migration { number: 11, name: "sell", sql: soko_projection::SELL },
    Migration { number: 12, name: "counts", sql: soko_projection::COUNTS },
    Migration { number: 13, name: "customers", sql: soko_projection::CUSTOMERS },
    step!(14, "0005_models"),
    Migration { number: 15, name: "figures", sql: soko_projection::FIGURES },
    step!(16, "0006_messages"),
    Migration { number: 17, name: "order_money", sql: soko_projection::ORDER_MONEY },
    step!(18, "0007_checkout"),
    Migration { number: 19, name: "prices", sql: soko_projection::PRICES },
    step!(20, "0008_likes"),
    Migration { number: 21, name: "order_steps", sql: soko_projection::ORDER_STEPS },
    step!(22, "0009_reviews"),
    step!(23, "0010_sweep"),
    Migration { number: 24, name: "incidents", sql: soko_projection::INCIDENTS },
    step!(25, "0011_browse"),
    Migration { number: 26, name: "delivery", sql: soko_projection::DELIVERY },
    step!(27, "0012_order_contact"),
    step!(28, "0013_wishes"),
    Migration { number: 29, name: "coupons", sql: soko_projection::COUPONS },
    Migration { number: 30, name: "order_refunds", sql: soko_projection::ORDER_REFUNDS },
    step!(31, "0014_refunds"),
    step!(32, "0015_by_hand"),
    Migration { number: 33, name: "returns", sql: soko_projection::RETURNS },
    step!(34, "0016_market_price"),
    step!(35, "0017_watched"),
    step!(36, "0018_program_keys"),
    step!(37, "0019_hooks"),
    Migration { number: 38, name: "orders_in_the_drawer", sql: soko_projection::DRAWER_ORDERS },
    step!(39, "0020_mailed_receipts"),
    Migration { number: 40, name: "swaps", sql: soko_projection::SWAPS },
    Migration { number: 41, name: "transfers", sql: soko_projection::TRANSFERS },
    step!(42, "0021_telephone"),
    step!(43, "0022_texted_receipts"),
    Migration { number: 44, name: "custom tax", sql: soko_projection::CUSTOM_TAX },
    step!(45, "0023_texted_numbers"),
    Migration { number: 46, name: "tax classes", sql: soko_projection::TAX_CLASSES },
    Migration { number: 47, name: "deals", sql: soko_projection::DEALS },
    Migration { number: 48, name: "device words", sql: soko_projection::DEVICE_WORDS },
    Migration { number: 49, name: "looked into", sql: soko_projection::LOOKED_INTO },
    step!(50, "0024_gathered"),
    step!(51, "0025_interactions"),
    Migration { number: 52, name: "rivals", sql: soko_projection::RIVALS },
    step!(53, "0026_rival_feeds"),
    step!(54, "0027_experiments"),
    Migration { number: 55, name: "open tabs", sql: soko_projection::OPEN_TABS },
    Migration { number: 56, name: "first count", sql: soko_projection::FIRST_COUNT },
    Migration { number: 57, name: "written off", sql: soko_projection::WRITTEN_OFF },
    Migration { number: 58, name: "market band", sql: soko_projection::MARKET_BAND },
    step!(59, "0028_address_book"),
    step!(60, "0029_email_change"),
    Migration { number: 61, name: "stall point", sql: soko_projection::STALL_POINT },
    step!(62, "0030_featured"),
    step!(63, "0031_discarded"),
    step!(64, "0032_text_reports"),
    step!(65, "0033_watch_rounds"),
    step!(66, "0034_operators"),
    Migration { number: 67, name: "deals compared", sql: soko_projection::DEALS_COMPARED },
    Migration { number: 68, name: "restated", sql: soko_projection::RESTATED },
    step!(69, "0035_money_messages"),
    step!(70, "0036_training"),
    step!(71, "0037_nobody_to_ask"),
    step!(72, "0038_orders_of_buyers"),
    Migration { number: 73, name: "told before", sql: soko_projection::TOLD_BEFORE },
    Migration { number: 74, name: "tabs paid", sql: soko_projection::TABS_PAID },
    step!(75, "0039_baskets"),
    Migration { number: 76, name: "tabs taken out", sql: soko_projection::TABS_TAKEN_OUT },
    step!(77, "0040_session_name"),
    step!(78, "0041_denied"),
    Migration { number: 79, name: "card lives", sql: soko_projection::CARD_LIVES },
    step!(80, "0042_denied_index"),
    step!(81, "0043_parts_allowed"),
    Migration { number: 82, name: "costs", sql: soko_projection::COSTS },
    Migration { number: 83, name: "order ended", sql: soko_projection::ORDER_ENDED },
    Migration { number: 84, name: "leveled", sql: soko_projection::LEVELED },
];

/// Brings the store up to date; says how many steps that took. Each step is a transaction of its own, and two
/// processes that start together take turns.
pub(crate) fn run(conn: &mut dyn Conn) -> Result<u32, StoreError> {
    let mut steps = 0;
    loop {
        let mut applied = None;
        write(conn, &mut |tx| {
            applied = migrate::step(tx, STEPS)?;
            Ok(())
        })?;
        if applied.is_none() {
            break;
        }
        steps += 1;
    }
    match write(conn, &mut |tx| Ok(migrate::tell_planner(tx)?)) {
        Ok(()) | Err(StoreError::Full(_)) => Ok(steps),
        Err(error) => Err(error),
    }
}

fn write(conn: &mut dyn Conn, work: Work<'_>) -> Result<(), StoreError> {
    conn.write(&[], work).map_err(|undone| match undone {
        Undone::Store(error) => error,
        Undone::Wanted => StoreError::Other("a migration was given up".into()),
    })
}

/// Whether the store is of this program's version; for whoever only reads.
pub(crate) fn is_current(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    migrate::is_current(tx, STEPS)
}
