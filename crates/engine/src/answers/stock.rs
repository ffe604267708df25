//! Where a product's units are, in the cashier's words.

use soko_app_api::{Holder, HolderRow, StockView};
use soko_domain::ids::ProductId;
use soko_domain::stock::Account;
use soko_projection::read as facts;
use soko_record_log::StoreError;

use super::Asking;
use crate::own;

pub(super) fn stock(asking: &mut Asking<'_>, product: ProductId) -> Result<StockView, StoreError> {
    let log = asking.log;
    let me = asking.stall.row.author;
    let accounts = facts::accounts(asking.tx, log, product)?;
    // What this register gave back is in the shop's account already, and the shop cannot know it yet.
    let on_the_way = own::on_the_way(asking.tx, log, product)?;
    let mut view = StockView {
        product,
        counted: facts::expected(&accounts),
        own_share: 0,
        shop: -on_the_way,
        on_the_way,
        held: 0,
        set_apart: 0,
        owed: 0,
        holders: Vec::new(),
    };
    for (account, quantity) in accounts {
        let holder = match account {
            Account::Pool => {
                view.shop += quantity;
                continue;
            }
            Account::Share(author) => {
                view.own_share += if author == me { quantity } else { 0 };
                Holder::Register(author)
            }
            Account::Hold(order) => {
                view.held += quantity;
                Holder::Order(order)
            }
            Account::Quarantine(author) => {
                view.set_apart += quantity;
                Holder::SetApart(author)
            }
            Account::Deficit => {
                view.owed -= quantity;
                continue;
            }
            Account::Supply | Account::Sold | Account::WriteOff => continue,
        };
        view.holders.push(HolderRow { holder, quantity });
    }
    view.holders.insert(0, HolderRow { holder: Holder::Shop, quantity: view.shop });
    Ok(view)
}
