//! Sales, refunds, shares and orders, as rows. What they add to a shift is `drawer`'s.

use soko_domain::entry::{
    OrderHandedOver, OrderPlaced, OrderReleased, RefundAllowed, RefundMade, SaleMade, SaleVoided,
    ShareGranted, ShareRecalled, ShareReturned, Stamp,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::verbs::make_sale::cash_kept;
use soko_record_log::{StoreError, Tx, params};

use crate::book::Book;
use crate::deals;
use crate::digest::{
    ORDER_HANDED, ORDERS, RECALL, REFUND_ALLOWANCE, REFUND_LINE, SALE, SALE_VOID, SHARE_MOVED,
};
use crate::drawer;
use crate::figures;
use crate::ledger::Place;
use crate::payments;
use crate::project::Touched;
use crate::tabs;

pub(crate) fn sale_made(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    sale: &SaleMade,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.sales = true;
    let row = params![
        sale.sale,
        place.author,
        place.seq,
        sale.shift,
        sale.receipt_number,
        sale.total_minor,
        stamp.business_day,
        stamp.at_ms
    ];
    book.add(
        &SALE,
        row,
        "insert into sale (log, sale, author, seq, shift, receipt_number, total_minor, business_day, at_ms,
           cash_minor, tab, customer)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (log, sale, author, seq) do nothing",
        params![
            place.log,
            sale.sale,
            place.author,
            place.seq,
            sale.shift,
            sale.receipt_number,
            sale.total_minor,
            stamp.business_day,
            stamp.at_ms,
            cash_kept(sale),
            sale.tab,
            sale.customer
        ],
    )?;
    payments::taken(book, place, sale)?;
    figures::sale_made(book, place, stamp, sale)?;
    sale.tab.map_or(Ok(()), |tab| tabs::sold(book, tab, touched))?;
    drawer::sold(book, place, sale, touched)
}

pub(crate) fn sale_voided(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    void: &SaleVoided,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.sales = true;
    figures::sale_voided(book, place, stamp, void)?;
    book.add(
        &SALE_VOID,
        params![void.sale, place.author, place.seq, 1],
        "insert into sale_void (log, sale, author, seq) values ($1, $2, $3, $4)
         on conflict (log, sale, author, seq) do nothing",
        params![place.log, void.sale, place.author, place.seq],
    )?;
    tabs::voided(book, void.sale, touched)?;
    drawer::voided(book, place, void, touched)
}

pub(crate) fn refund_made(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    refund: &RefundMade,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.sales = true;
    payments::written_off(book, place, refund)?;
    for (at, line) in refund.lines.iter().enumerate() {
        let row = params![
            place.author,
            place.seq,
            at,
            refund.refund,
            refund.sale,
            line.line,
            line.quantity,
            line.amount_minor,
            refund.allowance
        ];
        book.add(
            &REFUND_LINE,
            row,
            "insert into refund_line
               (log, author, seq, place, refund, sale, line, quantity, amount_minor, allowance,
                business_day, cash, shift)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (log, author, seq, place) do nothing",
            params![
                place.log,
                place.author,
                place.seq,
                at,
                refund.refund,
                refund.sale,
                line.line,
                line.quantity,
                line.amount_minor,
                refund.allowance,
                stamp.business_day,
                refund.cash_given() != 0,
                refund.shift
            ],
        )?;
    }
    figures::refund_made(book, place, stamp, refund)?;
    drawer::refunded(book, place, refund, touched)
}

pub(crate) fn refund_allowed(
    book: &mut Book<'_>,
    place: &Place,
    allowed: &RefundAllowed,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.sales = true;
    let row = params![
        allowed.allowance,
        allowed.to,
        allowed.sale,
        allowed.line,
        allowed.quantity,
        allowed.amount_minor,
        allowed.money_minor,
        allowed.all_minor
    ];
    book.insert(
        &REFUND_ALLOWANCE,
        row,
        "insert into refund_allowance (log, allowance, to_author, sale, line, quantity, amount_minor, money_minor, all_minor)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (log, allowance) do nothing",
        params![
            place.log,
            allowed.allowance,
            allowed.to,
            allowed.sale,
            allowed.line,
            allowed.quantity,
            allowed.amount_minor,
            allowed.money_minor,
            allowed.all_minor
        ],
    )?;
    Ok(())
}

pub(crate) fn share_granted(
    book: &mut Book<'_>,
    place: &Place,
    share: &ShareGranted,
) -> Result<(), StoreError> {
    let row =
        params![place.author, place.seq, share.share, share.ask, share.product, share.quantity, share.to];
    book.add(
        &SHARE_MOVED,
        row,
        "insert into share_moved (log, author, seq, share, ask, product, quantity, to_author)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            share.share,
            share.ask,
            share.product,
            share.quantity,
            share.to
        ],
    )?;
    Ok(())
}

pub(crate) fn share_returned(
    book: &mut Book<'_>,
    place: &Place,
    share: &ShareReturned,
) -> Result<(), StoreError> {
    let nobody = None::<AuthorId>;
    let row =
        params![place.author, place.seq, share.share, share.recall, share.product, share.quantity, nobody];
    book.add(
        &SHARE_MOVED,
        row,
        "insert into share_moved (log, author, seq, share, ask, product, quantity, to_author)
         values ($1, $2, $3, $4, $5, $6, $7, null) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, share.share, share.recall, share.product, share.quantity],
    )?;
    let Some(recall) = share.recall else { return Ok(()) };
    // The answer may arrive before the request it answers.
    book.change(&RECALL, params![recall], |tx| {
        tx.run(
            "insert into recall (log, recall, author, product, quantity, answered)
             values ($1, $2, $3, $4, 0, 1) on conflict (log, recall) do update set answered = 1",
            params![place.log, recall, place.author, share.product],
        )
    })
}

pub(crate) fn share_recalled(
    book: &mut Book<'_>,
    place: &Place,
    recall: &ShareRecalled,
) -> Result<(), StoreError> {
    book.change(&RECALL, params![recall.recall], |tx| {
        tx.run(
            "insert into recall (log, recall, author, product, quantity, answered)
             values ($1, $2, $3, $4, $5, 0) on conflict (log, recall) do update
             set author = excluded.author, product = excluded.product, quantity = excluded.quantity",
            params![place.log, recall.recall, recall.from, recall.product, recall.quantity],
        )
    })
}

pub(crate) fn order_placed(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    order: &OrderPlaced,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.orders.insert(order.order);
    let coupon = order.coupon.as_ref();
    // What ends the order may have come first.
    book.add(
        &ORDERS,
        params![order.order, place.author, place.seq],
        "insert into orders (log, order_id, author, seq, buyer, total_minor, at_ms, placed, handed_over,
           cancel_asked, released, fulfilled, currency, lines, handing, coupon, discount_minor)
         values ($1, $2, $3, $4, $5, $6, $7, 1, 0, 0, 0, 0, $8, $9, $10, $11, $12)
         on conflict (log, order_id) do update
         set author = excluded.author, seq = excluded.seq, buyer = excluded.buyer,
             total_minor = excluded.total_minor, at_ms = excluded.at_ms, placed = 1,
             currency = excluded.currency, lines = excluded.lines, handing = excluded.handing,
             coupon = excluded.coupon, discount_minor = excluded.discount_minor",
        params![
            place.log,
            order.order,
            place.author,
            place.seq,
            order.buyer,
            order.total_minor,
            stamp.at_ms,
            order.currency.to_string(),
            order.lines.len(),
            order.handing.number(),
            coupon.map(|coupon| coupon.code.as_str()),
            coupon.map_or(0, |coupon| coupon.discount_minor)
        ],
    )
}

/// An order's state only moves forward, and what moves it may arrive before the order itself.
pub(crate) fn order_flag(
    book: &mut Book<'_>,
    place: &Place,
    order: OrderId,
    flag: &'static str,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.orders.insert(order);
    let had = deals::had(book.tx, place.log, order)?;
    book.change(&ORDERS, params![order], |tx| {
        order_row(tx, place.log, order)?;
        tx.run(
            &format!("update orders set {flag} = 1 where log = $1 and order_id = $2"),
            params![place.log, order],
        )
    })?;
    deals::went_on(book, order, had, touched)
}

/// Where two records say why it ended, the lower number counts, in whichever order they arrive.
pub(crate) fn order_released(
    book: &mut Book<'_>,
    place: &Place,
    released: &OrderReleased,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    order_flag(book, place, released.order, "released", touched)?;
    book.tx.run(
        "update orders set ended = $3 where log = $1 and order_id = $2 and (ended = 0 or ended > $3)",
        params![place.log, released.order, released.reason.number()],
    )
}

/// Each register that hands an order over says so in its own chain: the money that it took then is in its drawer, also where
/// another register had handed the same order over and neither had heard of it.
pub(crate) fn order_handed_over(
    book: &mut Book<'_>,
    place: &Place,
    handed: &OrderHandedOver,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    order_flag(book, place, handed.order, "handed_over", touched)?;
    book.add(
        &ORDER_HANDED,
        params![handed.order, place.author, place.seq, 1],
        "insert into order_handed (log, order_id, author, seq) values ($1, $2, $3, $4)
         on conflict (log, order_id, author, seq) do nothing",
        params![place.log, handed.order, place.author, place.seq],
    )?;
    match &handed.taken {
        Some(taken) => {
            for paid in &taken.tenders {
                payments::code_paid(book, place, (paid.kind, &paid.reference), ThingId(handed.order.0))?;
            }
            drawer::order_taken(book, place, taken, touched)
        }
        None => Ok(()),
    }
}

/// Its hold became a sale; from then on it can come back.
pub(crate) fn order_fulfilled(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    order: OrderId,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    order_flag(book, place, order, "fulfilled", touched)?;
    book.tx.run(
        "update orders set ended_ms = $3 where log = $1 and order_id = $2 and (ended_ms = 0 or ended_ms > $3)",
        params![place.log, order, stamp.at_ms],
    )
}

/// What follows an order may arrive before it, and needs a row to stand in.
pub(crate) fn order_row(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<(), StoreError> {
    tx.run(
        "insert into orders (log, order_id, author, seq, buyer, total_minor, at_ms, placed, handed_over,
           cancel_asked, released, fulfilled)
         values ($1, $2, $3, 0, $2, 0, 0, 0, 0, 0, 0, 0) on conflict (log, order_id) do nothing",
        // Whoever says more of an order is not its author: the placing entry fills that in, in whatever order.
        params![log, order, AuthorId::default()],
    )
}
