//! Grant a share from the shop to a register. Decided by the server alone.

use crate::entry::{Entry, ShareGranted};
use crate::ids::{AuthorId, ProductId, ShareId, ThingId};
use crate::refusal::{Refusal, ensure};
use crate::verbs::check_quantity;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantShare {
    pub share: ShareId,
    pub to: AuthorId,
    pub product: ProductId,
    pub quantity: i64,
    /// The register's request that this answers.
    pub ask: Option<ThingId>,
    /// Grant what there is when the whole is not there.
    pub partial: bool,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub frozen: bool,
    pub holder_known: bool,
    pub holder_revoked: bool,
    pub pool: i64,
}

pub fn decide(facts: &Facts, command: &GrantShare) -> Result<Vec<Entry>, Refusal> {
    ensure(!facts.holder_revoked, Refusal::DeviceRevoked)?;
    ensure(!facts.frozen, Refusal::StallFrozen)?;
    check_quantity(command.quantity)?;
    ensure(facts.holder_known, Refusal::UnknownDevice(command.to))?;
    let (product, asked, available) = (command.product, command.quantity, facts.pool.max(0));
    let quantity = if command.partial { asked.min(available) } else { asked };
    ensure(quantity >= 1 && quantity <= available, Refusal::ShareExceeded { product, available, asked })?;
    Ok(vec![
        ShareGranted { share: command.share, to: command.to, product, quantity, ask: command.ask }.into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let product = ProductId([2; 16]);
        let to = AuthorId([3; 16]);
        let good = Facts { frozen: false, holder_known: true, holder_revoked: false, pool: 5 };
        let exceeded = |available, asked| Err(Refusal::ShareExceeded { product, available, asked });
        for (facts, quantity, partial, expected) in [
            (good.clone(), 5, false, Ok(5)),
            (good.clone(), 6, false, exceeded(5, 6)),
            (good.clone(), 6, true, Ok(5)),
            (Facts { pool: 0, ..good.clone() }, 6, true, exceeded(0, 6)),
            (Facts { pool: -4, ..good.clone() }, 1, true, exceeded(0, 1)),
            (Facts { frozen: true, ..good.clone() }, 1, false, Err(Refusal::StallFrozen)),
            (Facts { holder_revoked: true, ..good.clone() }, 1, false, Err(Refusal::DeviceRevoked)),
            (Facts { holder_known: false, ..good }, 1, false, Err(Refusal::UnknownDevice(to))),
        ] {
            let command = GrantShare { share: ShareId([1; 16]), to, product, quantity, ask: None, partial };
            let granted = decide(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::ShareGranted(share)] => share.quantity,
                other => panic!("{other:?}"),
            });
            assert_eq!(granted, expected);
        }
    }
}
