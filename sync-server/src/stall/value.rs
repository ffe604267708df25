//! Gift cards, credit and points in other hands. Value is no stock that one spreads out before anybody asks: it stays
//! where it came in, and is asked back when somebody wants to spend it elsewhere.

use soko_domain::entry::ShareRecalled;
use soko_domain::ids::{AuthorId, ProductId};
use soko_domain::stock::Account;
use soko_projection::read;
use soko_record_log::params;

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;

/// Registers that one request asks.
const HOLDERS_MAX: usize = 20;

/// Asks whoever else holds some of a purse for what the shop lacks. Whether the request waits for them: while the shop
/// has nothing at all and somebody was asked, it is answered when they gave it back.
pub(super) fn recall(
    desk: &mut Desk<'_>,
    wanted_by: AuthorId,
    (purse, units): (ProductId, i64),
) -> Result<bool, CoreRefusal> {
    let pool = read::balance(desk.tx, desk.log, purse, Account::Pool)?.max(0);
    let mut missing = units.saturating_sub(pool);
    if missing <= 0 || read::stall_frozen(desk.tx, desk.log)? {
        return Ok(false);
    }
    let rows = desk.tx.query(
        "select b.whose, b.quantity, (select count(*) from recall r
           where r.log = b.log and r.author = b.whose and r.product = b.product and r.answered = 0)
         from balance b join stall_device d on d.log = b.log and d.author = b.whose
         where b.log = $1 and b.product = $2 and b.account = $3 and b.quantity > 0 and b.whose <> $4
           and d.admitted = 1 and d.revoked = 0
         order by b.quantity desc, b.whose limit $5",
        params![desk.log, purse, Account::Share(wanted_by).parts().0, wanted_by, HOLDERS_MAX],
    )?;
    let mut is_asked = false;
    for row in &rows {
        let (from, share, open): (AuthorId, i64, i64) = (row.id(0)?, row.int(1)?, row.int(2)?);
        if missing <= 0 {
            break;
        }
        let quantity = share.min(missing);
        missing -= quantity;
        is_asked = true;
        if open == 0 {
            let recall = desk.id();
            desk.write([ShareRecalled { recall, from, product: purse, quantity }.into()])?;
        }
    }
    Ok(is_asked && pool == 0)
}
