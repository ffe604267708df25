//! One verb, one file: its payload, the facts it needs, its `decide`, its tests. A decision is pure; whoever
//! calls it has loaded the facts and writes the entries in the same transaction.

pub mod adjust_stock;
pub mod allow_refund;
pub mod card_order;
pub mod close_shift;
pub mod count_drawer;
pub mod count_stock;
pub mod fill_purse;
pub mod fulfil_order;
pub mod grant_share;
pub mod hand_over_order;
pub mod make_sale;
pub mod manage_customers;
pub mod manage_people;
pub mod move_drawer;
pub mod move_price;
pub mod note_rivals;
pub mod open_drawer;
pub mod open_shift;
pub mod pack_bundle;
pub mod pay_order;
pub mod place_order;
pub mod put_coupon;
pub mod receive_stock;
pub mod refund;
pub mod refund_order;
pub mod release_order;
pub mod return_goods;
pub mod return_share;
pub mod revoke_device;
pub mod set_prices;
pub mod settle_incident;
pub mod spend_purse;
pub mod step_order;
pub mod swap_order;
pub mod take_back;
pub mod take_off;
pub mod transfer_order;
pub mod verify_payment;
pub mod void_sale;

/// Most lines of one sale, order or delivery.
pub const LINES_MAX: usize = 500;
/// Longest free text, in bytes.
pub const NOTE_LEN_MAX: usize = 500;

use crate::refusal::{Refusal, ensure, invalid};
use crate::stock::MOVE_QUANTITY_MAX;
use crate::wrong::Wrong;

fn check_note(note: &str) -> Result<(), Refusal> {
    ensure(note.len() <= NOTE_LEN_MAX, invalid(Wrong::NoteTooLong))
}

fn check_quantity(quantity: i64) -> Result<(), Refusal> {
    ensure((1..=MOVE_QUANTITY_MAX).contains(&quantity), invalid(Wrong::QuantityOdd))
}

fn check_lines(len: usize) -> Result<(), Refusal> {
    ensure((1..=LINES_MAX).contains(&len), invalid(Wrong::LinesOdd))
}
