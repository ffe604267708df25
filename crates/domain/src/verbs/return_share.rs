//! Give a share back to the shop. Only its holder can.

use crate::entry::{Entry, ShareReturned};
use crate::ids::{ProductId, ShareId, ThingId};
use crate::refusal::{Refusal, ensure};
use crate::verbs::check_quantity;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnShare {
    pub share: ShareId,
    pub product: ProductId,
    pub quantity: i64,
    /// The server's request that this answers.
    pub recall: Option<ThingId>,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub frozen: bool,
    pub own_share: i64,
}

pub fn decide(facts: &Facts, command: &ReturnShare) -> Result<Vec<Entry>, Refusal> {
    ensure(!facts.frozen, Refusal::RegisterFrozen)?;
    check_quantity(command.quantity)?;
    let (product, asked, available) = (command.product, command.quantity, facts.own_share.max(0));
    ensure(asked <= available, Refusal::ShareExceeded { product, available, asked })?;
    Ok(vec![ShareReturned { share: command.share, product, quantity: asked, recall: command.recall }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_held_can_be_returned() {
        let product = ProductId([2; 16]);
        for (frozen, own_share, quantity, refused) in [
            (false, 5, 5, None),
            (false, 5, 6, Some(Refusal::ShareExceeded { product, available: 5, asked: 6 })),
            (false, -2, 1, Some(Refusal::ShareExceeded { product, available: 0, asked: 1 })),
            (true, 5, 1, Some(Refusal::RegisterFrozen)),
        ] {
            let command = ReturnShare { share: ShareId([1; 16]), product, quantity, recall: None };
            assert_eq!(decide(&Facts { frozen, own_share }, &command).err(), refused);
        }
    }
}
