//! An open cart as a device keeps it for the next start of the program, which may be that of a newer one.

use super::Cart;
use crate::drafts::{self, Draft};

/// Of an open cart as it is kept. Whoever changes what a cart has counts it up and reads the one before, too.
pub const LAYOUT: u8 = 5;
/// The last one that wrote how much there is of a line over what others wrote.
const OVERWROTE: u8 = 3;

/// A cart as it was kept, also by the programs before: the last one did not know what was taken already, the one before it wrote how much
/// there is of a line over what others wrote, the one before that did not know what was paid of an open order, and the first one not
/// whether paying had begun.
pub fn unpack(bytes: &[u8]) -> Draft<Cart> {
    let found = drafts::unpack(LAYOUT, bytes);
    if found != Draft::Unreadable {
        return found;
    }
    for (layout, missing) in [(LAYOUT - 1, 1), (OVERWROTE, 4), (OVERWROTE - 1, 5), (OVERWROTE - 2, 6)] {
        match drafts::unpack::<Cart>(layout, &[bytes, &[0; 6][..missing]].concat()) {
            Draft::Unreadable => {}
            Draft::None => return Draft::None,
            Draft::Is(mut cart) => {
                if layout <= OVERWROTE {
                    cart.forget_overwritten();
                }
                return Draft::Is(cart);
            }
        }
    }
    Draft::Unreadable
}

#[cfg(test)]
mod tests {
    use soko_app_api::{DiscountInput, ProductRow, RefundLineInput, ScannedRow, TenderInput};
    use soko_domain::basket::TenderKind;
    use soko_domain::entry::GoodsBack;
    use soko_domain::ids::{OrderId, SaleId, ThingId};
    use soko_domain::quantity::Unit;

    use super::super::tests::{cart, row, tab};
    use super::super::{Known, Out, Returned, Sent, Tab, There};
    use super::*;

    /// A cart with something everywhere, as it was kept: if it is not read any more, `LAYOUT` has to be counted up, and this one read beside it.
    #[test]
    fn a_cart_that_was_kept_is_read() {
        let mut full = cart();
        let cheese = ProductRow { unit: Unit::Gram, price_minor: 1_500, price_per: 1_000, ..row(1) };
        full.add_labelled(
            "2204217009902",
            &ScannedRow { row: cheese, quantity: 660, price_minor: Some(990) },
        );
        full.add_custom("Bag".into(), 20);
        full.discount = DiscountInput::PercentPpm(50_000);
        full.reason = "old customer".into();
        full.note = "for Sunday".into();
        full.customer = Some(ThingId([7; 16]));
        full.tab =
            Some(Tab { order: OrderId([8; 16]), title: "Table 4".into(), seen: vec![ThingId([9; 16])] });
        full.returned = Some(Returned {
            sale: SaleId([10; 16]),
            receipt_number: 12,
            lines: vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Sellable }],
            reason: "too green".into(),
        });
        let oldest = bytes(FROZEN);
        assert_eq!(unpack(&oldest), Draft::Is(full.clone()), "as the program before the last one kept it");
        assert_eq!(unpack(&oldest[1..]), Draft::Is(full.clone()), "and the one before that");
        full.is_told = true;
        let before = [&[0xd2], &oldest[1..], &[1]].concat();
        assert_eq!(unpack(&before), Draft::Is(full.clone()), "as the second last one kept it");
        let there = |quantity| There {
            line: ThingId([9; 16]),
            quantity: 3,
            paid: 2,
            sent: Some(Sent { quantity, more: 1 }),
        };
        for (quantity, word, is_kept) in [(1, 2, true), (4, 8, false)] {
            full.there = vec![There { sent: there(quantity).sent.filter(|_| is_kept), ..there(quantity) }];
            let last = [&[0xd3], &before[1..], &[1, 16], &[9; 16], &[6, 4, 1, word, 2]].concat();
            assert_eq!(
                unpack(&last),
                Draft::Is(full.clone()),
                "a number that it wrote over is asked for anew"
            );
        }
        full.there = vec![there(1)];
        full.outs = vec![Out { word: ThingId([5; 16]), line: ThingId([9; 16]), units: 1 }];
        full.known = Some(Known { reason: "old".into(), ..cart_known() });
        full.changed = vec![3];
        let last = full.clone();
        let reference = "12".into();
        full.taken = vec![TenderInput {
            kind: TenderKind::Card,
            amount_minor: 1_000,
            reference,
            seen: true,
            purse: None,
        }];
        let packed = drafts::pack(LAYOUT, &full);
        let there = [&[1, 16][..], &[9; 16], &[6, 4, 1, 2, 2]].concat();
        let outs = [&[1, 16][..], &[5; 16], &[16], &[9; 16], &[2]].concat();
        let known = [&[1, 0, 3][..], b"old", &[0, 0, 0, 1, 3]].concat();
        let taken = [&[1, 2, 0xd0, 0x0f, 2][..], b"12", &[1, 0]].concat();
        let as_before = [&before[1..], &there, &outs, &known].concat();
        assert_eq!(packed[1..], [&as_before[..], &taken].concat());
        assert_eq!((packed[0], unpack(&packed)), (0xd5, Draft::Is(full)));
        assert_eq!(unpack(&[&[0xd4], &as_before[..]].concat()), Draft::Is(last), "as the last one kept it");
        assert_eq!(unpack(&packed[..9]), Draft::Unreadable);
    }

    fn cart_known() -> Known {
        Known::of(&tab(&[]))
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    const FROZEN: &str = "d1100101010101010101010101010101010110020202020202020202020202020202020201011001010101010101010101010101\
        01010106436c6f76657302a80ab817d00f00000000010d32323034323137303039393032bc0fa80a000002000342616701022802\
        0000000000000002d086030c6f6c6420637573746f6d65720a666f722053756e6461790110080808080808080808080808080808\
        08075461626c65203401100909090909090909090909090909090901100707070707070707070707070707070701100a0a0a0a0a\
        0a0a0a0a0a0a0a0a0a0a0a0c0100020209746f6f20677265656e03";
}
