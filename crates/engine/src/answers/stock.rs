//! Where a product's units are, in the cashier's words.

use std::collections::BTreeMap;

use soko_app_api::{Holder, HolderRow, ShareOfRow, SharesRow, StockRow, StockView, Window};
use soko_domain::ask::{Answer, Ask};
use soko_domain::ids::{AuthorId, ProductId};
use soko_domain::stock::Account;
use soko_domain::wire::Wire as _;
use soko_projection::counts;
use soko_projection::read::{self as facts, ProductsOf};
use soko_record_log::StoreError;

use super::{Asking, bounded};
use crate::own;

/// One product's accounts, added up by what they mean at a counter.
#[derive(Clone, Copy, Default)]
struct Places {
    counted: i64,
    own_share: i64,
    shop: i64,
    others: i64,
    on_the_way: i64,
    held: i64,
    set_apart: i64,
    owed: i64,
}

impl Places {
    fn add(&mut self, me: AuthorId, (account, quantity): (Account, i64)) {
        self.counted += facts::expected(&[(account, quantity)]);
        match account {
            Account::Pool => self.shop += quantity,
            Account::Share(author) if author == me => self.own_share += quantity,
            Account::Share(_) => self.others += quantity,
            Account::Hold(_) => self.held += quantity,
            Account::Quarantine(_) => self.set_apart += quantity,
            Account::Deficit => self.owed -= quantity,
            Account::Supply | Account::Sold | Account::WriteOff => {}
        }
    }

    /// What this register gave back is in the shop's account already, and the shop cannot know it yet.
    fn return_on_the_way(&mut self, quantity: i64) {
        self.on_the_way = quantity;
        self.shop -= quantity;
    }
}

pub(super) fn stock(asking: &mut Asking<'_>, product: ProductId) -> Result<StockView, StoreError> {
    let log = asking.log;
    let me = asking.stall.row.author;
    let accounts = facts::accounts(asking.tx, log, product)?;
    let mut places = Places::default();
    places.return_on_the_way(own::on_the_way(asking.tx, log, product)?);
    for of_account in &accounts {
        places.add(me, *of_account);
    }
    places.counted -= counts::gone(asking.tx, log, product)?;
    let holder = |(account, quantity): (Account, i64)| {
        let holder = match account {
            Account::Share(author) => Holder::Register(author),
            Account::Hold(order) => Holder::Order(order),
            Account::Quarantine(author) => Holder::SetApart(author),
            Account::Pool | Account::Deficit | Account::Supply | Account::Sold | Account::WriteOff => {
                return None;
            }
        };
        Some(HolderRow { holder, quantity })
    };
    let shop = HolderRow { holder: Holder::Shop, quantity: places.shop };
    let waits_for = match counts::open_of(asking.tx, log, (me, product))?.first() {
        Some(count) => counts::waits_for(asking.tx, log, (*count, me))?,
        None => Vec::new(),
    };
    Ok(StockView {
        product,
        counted: places.counted,
        own_share: places.own_share,
        shop: places.shop,
        on_the_way: places.on_the_way,
        held: places.held,
        set_apart: places.set_apart,
        owed: places.owed,
        holders: std::iter::once(shop).chain(accounts.into_iter().filter_map(holder)).collect(),
        waits_for,
        refused: refused(asking, product)?,
    })
}

/// Why the latest answer was no; what waits for one, and what was said before, are passed over.
fn refused(asking: &mut Asking<'_>, product: ProductId) -> Result<Option<(String, String)>, StoreError> {
    for (body, answer) in own::asks(asking.tx, asking.log)? {
        let is_meant = Ask::from_bytes(&body).is_ok_and(|ask| ask.product() == Some(product));
        match answer.filter(|_| is_meant).as_deref().map(Answer::from_bytes) {
            Some(Ok(Answer::Refused { code, sentence })) => return Ok(Some((code, sentence))),
            Some(Ok(Answer::Done)) => return Ok(None),
            Some(Err(_)) | None => {}
        }
    }
    Ok(None)
}

/// Who may promise something, and of how many products.
pub(super) fn shares(asking: &mut Asking<'_>) -> Result<Vec<SharesRow>, StoreError> {
    let mut rows = Vec::new();
    for held in facts::holders(asking.tx, asking.log)? {
        let holder = match held.account {
            Account::Pool => Holder::Shop,
            Account::Share(author) => Holder::Register(author),
            Account::Quarantine(author) => Holder::SetApart(author),
            Account::Hold(_) | Account::Deficit | Account::Supply | Account::Sold | Account::WriteOff => {
                continue;
            }
        };
        rows.push(SharesRow { holder, products: held.products, pieces: held.pieces });
    }
    Ok(rows)
}

/// What one device may promise; of one that was shut out, what was set apart, as soon as the server did that.
pub(super) fn shares_of(
    asking: &mut Asking<'_>,
    author: AuthorId,
    window: Window,
) -> Result<Vec<ShareOfRow>, StoreError> {
    let (log, part) = (asking.log, bounded(window));
    let mut held = facts::held_by(asking.tx, log, Account::Share(author), part)?;
    if held.is_empty() {
        held = facts::held_by(asking.tx, log, Account::Quarantine(author), part)?;
    }
    let row = |of: facts::HeldOf| ShareOfRow {
        product: of.product,
        name: of.name,
        unit: of.unit,
        quantity: of.quantity,
    };
    Ok(held.into_iter().map(row).collect())
}

/// All of a window in three questions, however many products it shows.
pub(super) fn list(asking: &mut Asking<'_>, window: Window) -> Result<Vec<StockRow>, StoreError> {
    let (log, me) = (asking.log, asking.stall.row.author);
    let part = bounded(window);
    let products = facts::products_and_shares(asking.tx, (log, me), ProductsOf::default(), part)?;
    let accounts = facts::accounts_of_products(asking.tx, log, part)?;
    rows(asking, products.into_iter().map(|listed| listed.product), accounts)
}

/// Those of which there are no more than somebody wanted to be told at.
pub(super) fn to_buy(asking: &mut Asking<'_>, window: Window) -> Result<Vec<StockRow>, StoreError> {
    let products = facts::products_to_buy(asking.tx, asking.log, bounded(window))?;
    let mut accounts = Vec::new();
    for found in &products {
        let of_product = facts::accounts(asking.tx, asking.log, found.product)?;
        accounts.extend(of_product.into_iter().map(|(account, quantity)| (found.product, account, quantity)));
    }
    rows(asking, products.into_iter(), accounts)
}

fn rows(
    asking: &mut Asking<'_>,
    products: impl Iterator<Item = facts::ProductFound>,
    accounts: Vec<(ProductId, Account, i64)>,
) -> Result<Vec<StockRow>, StoreError> {
    let (log, me) = (asking.log, asking.stall.row.author);
    let mut places: BTreeMap<ProductId, Places> = BTreeMap::new();
    for (product, account, quantity) in accounts {
        places.entry(product).or_default().add(me, (account, quantity));
    }
    for (product, quantity) in own::all_on_the_way(asking.tx, log)? {
        places.entry(product).or_default().return_on_the_way(quantity);
    }
    let row = |product: facts::ProductFound| {
        let at = places.get(&product.product).copied().unwrap_or_default();
        StockRow {
            product: product.product,
            name: product.name,
            unit: product.unit,
            picture: product.pictures.first().copied(),
            low_level: product.low_level,
            counted: at.counted,
            own_share: at.own_share,
            shop: at.shop,
            others: at.others,
            on_the_way: at.on_the_way,
            held: at.held,
            set_apart: at.set_apart,
            owed: at.owed,
        }
    };
    Ok(products.map(row).collect())
}
