//! Baskets, sales, shifts and orders, with every total computed.

use std::collections::BTreeMap;

use soko_app_api::{
    BackLine, BasketLineView, BasketView, CardPart, DeliveryView, DiscountInput, OrderLineView,
    OrderRefundView, OrderRow, OrderStepView, OrderView, Query, ReturnInput, ReturnRow, SaleFacts,
    SaleLineInput, SaleRow, SaleView, ShareShort, ShiftView, SwapView, TaxRow, TenderInput, TenderView,
    TodayView, TransferView, View, Window,
};
use soko_domain::basket::{
    BasketLine, PricedLine, SettleError, Settled, Tender, TenderKind, price, settle_exchange,
};
use soko_domain::entry::{BackWay, OrderLine, OrderStep, Stamp, Tendered};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, SaleId};
use soko_domain::money::part_of;
use soko_domain::quantity::Unit;
use soko_domain::refusal::Refusal;
use soko_domain::stock::Account;
use soko_domain::tax::TaxTotal;
use soko_domain::transfer::reference;
use soko_domain::verbs::hand_over_order::due_minor;
use soko_domain::verbs::make_sale::{LineText, NO_PRODUCT, OwnPrice};
use soko_domain::verbs::pay_order::PayStanding;
use soko_domain::verbs::refund_order::{self, PartStanding};
use soko_domain::verbs::release_order::OrderState;
use soko_domain::verbs::step_order;
use soko_domain::verbs::swap_order::Swap;
use soko_projection::read::SaleFound;
use soko_projection::returns::ReturnFound;
use soko_projection::{
    order_money, order_refunds, order_steps, payments, read as facts, returns, swaps, transfers,
};
use soko_record_log::{Row, StoreError, params};

use super::{Asking, bounded};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};
use crate::options::Now;
use crate::verbs::{self, Catalogue, Offered, Priced, Terms};

impl Catalogue for Asking<'_> {
    fn offered(&mut self, product: ProductId) -> Result<Option<Offered>, StoreError> {
        verbs::offered(self.tx, self.log, product)
    }

    fn label(&mut self, code: &str) -> Result<Option<verbs::Label>, StoreError> {
        verbs::label(self.tx, self.log, code)
    }

    fn terms(&mut self) -> Result<Terms, NotDone> {
        verbs::terms(self.tx, self.log)
    }

    fn had_price(&mut self, product: ProductId, price_minor: i64) -> Result<bool, StoreError> {
        let since_ms = self.now.at_ms - verbs::TOLD_MS;
        soko_projection::read_prices::had_price(self.tx, self.log, (product, price_minor), since_ms)
    }
}

/// What came back is worth more than what goes out.
const NOTHING_DUE: Settled = Settled {
    tendered_minor: 0,
    cash_rounding_minor: 0,
    change_minor: 0,
    due_minor: 0,
    due_in_cash_minor: 0,
    cash_kept_minor: 0,
};

/// What a basket costs, or an exchange.
pub(super) fn priced(asking: &mut Asking<'_>, query: &Query) -> Result<BasketView, NotDone> {
    if let Query::Exchange { returned, lines, discount, tenders, .. } = query {
        return basket(asking, (lines, *discount), tenders, Some(returned));
    }
    let Query::Basket { lines, discount, tenders, .. } = query else {
        return Err(Failure::Inconsistent("a question went the wrong way".into()).into());
    };
    basket(asking, (lines, *discount), tenders, None)
}

fn basket(
    asking: &mut Asking<'_>,
    (lines, discount): (&[SaleLineInput], DiscountInput),
    tenders: &[TenderInput],
    returned: Option<&ReturnInput>,
) -> Result<BasketView, NotDone> {
    let handed = match returned {
        Some(returned) => verbs::pays(asking.tx, asking.stall, returned)?,
        None => Vec::new(),
    };
    let Priced { basket, texts, own, .. } = verbs::basket(asking, lines, discount)?;
    let priced = price(&basket).map_err(Refusal::from)?;
    let by_purse = handed.iter().filter(|part| part.kind == TenderKind::Voucher);
    let by_purse = by_purse.fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
    let plain = |tender: &TenderInput| Tender { kind: tender.kind, amount_minor: tender.amount_minor };
    let goods_minor = handed.iter().filter(|part| part.kind == TenderKind::Cash);
    let goods_minor = goods_minor.fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
    let purses = handed.iter().filter(|part| part.kind != TenderKind::Cash);
    let tenders: Vec<Tender> = purses.chain(tenders).map(plain).collect();
    let rounding = basket.policy.cash_rounding;
    let (settled, excess_minor) = match settle_exchange((priced.total_minor, goods_minor), &tenders, rounding)
    {
        Ok(settled) => (settled, 0),
        // Goods that a purse paid come back for less: that is said, and nothing can be taken so.
        Err(SettleError::NonCashExceedsTotal { excess_minor }) if by_purse > priced.total_minor => {
            (NOTHING_DUE, excess_minor)
        }
        Err(none) => return Err(Refusal::from(none).into()),
    };
    let short = short(asking, &priced.lines)?;
    let line = |((line, text), (asked, own)): ((PricedLine, LineText), (&BasketLine, Option<OwnPrice>))| {
        BasketLineView {
            product: (line.product != NO_PRODUCT).then_some(line.product),
            name: text.name,
            quantity: line.quantity.0,
            unit_price_minor: asked.unit_price_minor,
            price_per: asked.price_per,
            own_price_minor: own.filter(|own| *own != OwnPrice::of(asked)).map(|own| own.unit_price_minor),
            discount_minor: line.discount_minor + line.basket_discount_minor,
            tax_minor: line.tax_minor,
            total_minor: line.total_minor,
        }
    };
    let asked = basket.lines.iter().zip(own);
    Ok(BasketView {
        currency: priced.currency.to_string(),
        lines: priced.lines.into_iter().zip(texts).zip(asked).map(line).collect(),
        taxes: priced.taxes.iter().map(tax_total).collect(),
        gross_minor: priced.gross_minor,
        discount_minor: priced.discount_minor,
        net_minor: priced.net_minor,
        tax_minor: priced.tax_minor,
        total_minor: priced.total_minor,
        cash_rounding_minor: settled.cash_rounding_minor,
        change_minor: settled.change_minor,
        due_minor: settled.due_minor,
        due_in_cash_minor: settled.due_in_cash_minor,
        returned_minor: handed.iter().fold(0, |sum, part| sum.saturating_add(part.amount_minor)),
        excess_minor,
        short,
    })
}

/// What the register's share does not cover, product by product.
fn short(asking: &mut Asking<'_>, lines: &[PricedLine]) -> Result<Vec<ShareShort>, StoreError> {
    let mut asked: BTreeMap<ProductId, i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.product != NO_PRODUCT) {
        let sum = asked.entry(line.product).or_default();
        *sum = sum.saturating_add(line.quantity.0);
    }
    let own = Account::Share(asking.stall.row.author);
    let mut short = Vec::new();
    for (product, asked) in asked {
        let share = facts::balance(asking.tx, asking.log, product, own)?;
        let share = share.max(0).saturating_add(super::products::can_be_packed(asking, product)?);
        let frozen = asking.stall.row.frozen.is_some();
        let available = if frozen { 0 } else { share.max(0) };
        if available < asked {
            short.push(ShareShort { product, available, asked });
        }
    }
    Ok(short)
}

fn tax_total(tax: &TaxTotal) -> TaxRow {
    TaxRow {
        ppm: tax.rate.ppm.0,
        mode: tax.rate.mode,
        label: tax.rate.label.clone(),
        net_minor: tax.net_minor,
        tax_minor: tax.tax_minor,
    }
}

pub(super) fn shift(asking: &mut Asking<'_>) -> Result<Option<ShiftView>, StoreError> {
    let me = asking.stall.row.author;
    let Some(open) = facts::open_shift(asking.tx, asking.log, me)? else { return Ok(None) };
    let is_blind = super::desk::is_blind(asking, open.counts)?;
    Ok(Some(ShiftView {
        shift: open.shift,
        float_minor: open.float_minor,
        expected_minor: (!is_blind).then_some(open.expected_minor),
        counted_minor: (open.counts > 0).then_some(open.last_counted_minor),
        opened_at_ms: open.opened_at_ms,
    }))
}

pub(super) fn sales(asking: &mut Asking<'_>, window: Window) -> Result<Vec<SaleRow>, NotDone> {
    let log = asking.log;
    let (offset, limit) = bounded(window);
    let rows = asking.tx.query(
        "select sale from sale where log = $1 order by business_day desc, at_ms desc, sale limit $2 offset $3",
        params![log, limit, offset],
    )?;
    let sale_id = |row: &Row| row.id(0).map(SaleId);
    let ids: Vec<SaleId> = rows.iter().map(sale_id).collect::<Result<_, StoreError>>()?;
    let mut sales = Vec::new();
    for id in ids {
        sales.extend(sale(asking, id)?.map(|view| view.row));
    }
    Ok(sales)
}

pub(super) fn sale(asking: &mut Asking<'_>, id: SaleId) -> Result<Option<SaleView>, StoreError> {
    let log = asking.log;
    let Some(found) = facts::sale(asking.tx, log, id)? else { return Ok(None) };
    told(asking, found).map(|(view, _)| Some(view))
}

/// Where a sale stands among all, the latest first.
#[derive(Clone, Copy)]
pub(crate) struct SalePlace {
    business_day: i32,
    at_ms: i64,
    sale: SaleId,
}

impl SalePlace {
    /// Before all of them.
    pub(crate) const FIRST: Self =
        Self { business_day: i32::MAX, at_ms: i64::MAX, sale: SaleId([0; SaleId::SIZE]) };
}

/// Sales with the moment and the people of their records, and the last one's place; none at the end.
pub(crate) type SalesPage = (Vec<(SaleView, Stamp)>, Option<SalePlace>);

impl Engine {
    /// The sales behind a place, each read once, however many there are before it.
    pub(crate) fn sales_page(
        &mut self,
        stall: LogId,
        now: Now,
        (after, limit): (SalePlace, u32),
    ) -> Result<SalesPage, Failure> {
        let known = self.stalls.get(&stall).ok_or(Failure::UnknownStall(stall))?;
        let page = self.db.read::<_, StoreError>(|tx| {
            let asking = &mut Asking { tx, stall: known, log: stall, now };
            let SalePlace { business_day, at_ms, sale } = after;
            // The first bound says no more than the others: by it the index on days is used.
            let rows = asking.tx.query(
                "select business_day, at_ms, sale from sale
                 where log = $1 and business_day <= $2 and (business_day < $2 or at_ms < $3
                   or (at_ms = $3 and sale > $4))
                 order by business_day desc, at_ms desc, sale limit $5",
                params![stall, business_day, at_ms, sale, limit],
            )?;
            let (mut sales, mut last) = (Vec::new(), None);
            for row in &rows {
                let place = SalePlace { business_day: row.number(0)?, at_ms: row.int(1)?, sale: row.id(2)? };
                last = Some(place);
                if let Some(found) = facts::sale(asking.tx, stall, place.sale)? {
                    sales.push(told(asking, found)?);
                }
            }
            Ok((sales, last))
        });
        Ok(page?)
    }
}

fn told(asking: &mut Asking<'_>, found: SaleFound) -> Result<(SaleView, Stamp), StoreError> {
    let (log, id) = (asking.log, found.made.sale);
    let refunded = facts::refunded(asking.tx, log, id)?;
    let voided = facts::voided(asking.tx, log, id)?;
    let tenders = tenders(asking, id, &found.made.tenders)?;
    let profile = facts::profile(asking.tx, log)?;
    let (stall_name, stall_place) = profile.map(|it| (it.name, it.place)).unwrap_or_default();
    let device = facts::device(asking.tx, log, found.author)?;
    // A register that was not admitted yet knows its own name only.
    let own = (found.author == asking.stall.row.author).then(|| asking.stall.row.name.clone());
    let register_name = device.map(|device| device.name).or(own).unwrap_or_default();
    let view = SaleView::of(SaleFacts {
        register: found.author,
        stamp: &found.stamp,
        made: found.made,
        voided,
        refunded: &refunded,
        tenders,
        stall_name,
        stall_place,
        register_name,
    });
    Ok((view, found.stamp))
}

/// The payments as they stand now.
fn tenders(asking: &mut Asking<'_>, sale: SaleId, taken: &[Tendered]) -> Result<Vec<TenderView>, StoreError> {
    let known = payments::payments_of(asking.tx, asking.log, sale)?;
    let mut views = Vec::new();
    for (tender, taken) in (0u32..).zip(taken) {
        let found = known.iter().find(|found| found.payment.tender == tender);
        let twin = match found.filter(|found| !found.code.is_empty()) {
            Some(found) => payments::sale_of_code(asking.tx, asking.log, (&found.code, sale))?,
            None => None,
        };
        let known = found.map(|found| (found.standing, found.code.as_str()));
        views.push(TenderView::of(taken, known, twin.is_some()));
    }
    Ok(views)
}

pub(super) fn today(asking: &mut Asking<'_>) -> Result<TodayView, StoreError> {
    let profile = facts::profile(asking.tx, asking.log)?;
    let (currency, cut_off_minutes) = profile.map(|it| (it.currency, it.cut_off_minutes)).unwrap_or_default();
    let business_day = asking.now.stamp(cut_off_minutes).business_day;
    let day = facts::day(asking.tx, asking.log, business_day)?;
    let open = facts::open_shift(asking.tx, asking.log, asking.stall.row.author)?;
    let is_blind = super::desk::is_blind(asking, open.map_or(0, |open| open.counts))?;
    Ok(TodayView {
        business_day,
        currency,
        sales: day.sales,
        total_minor: (!is_blind).then_some(day.total_minor),
        refunds_minor: (!is_blind).then_some(day.refunds_minor),
        cash_minor: (!is_blind).then_some(day.cash_minor),
        orders_waiting: day.orders_waiting,
    })
}

pub(super) fn orders(
    asking: &mut Asking<'_>,
    only_waiting: bool,
    window: Window,
) -> Result<View, StoreError> {
    let found = facts::orders(asking.tx, (asking.log, only_waiting), bounded(window))?.into_iter();
    Ok(View::Orders(found.map(|found| order_row(asking, found)).collect::<Result<_, _>>()?))
}

/// Nothing where the code is none.
pub(super) fn orders_by_code(
    asking: &mut Asking<'_>,
    code: &str,
    rows: u32,
) -> Result<Vec<OrderRow>, StoreError> {
    let digits = OrderId::default().to_string().len();
    let code = code.trim();
    let end = |digit: &str| {
        let missing = digits.checked_sub(code.len()).filter(|_| !code.is_empty())?;
        OrderId::from_hex(&format!("{}{}", code.to_ascii_lowercase(), digit.repeat(missing)))
    };
    let Some(span) = end("0").zip(end("f")) else { return Ok(Vec::new()) };
    let (_, rows) = bounded(Window::first(rows));
    let found = facts::orders_between(asking.tx, asking.log, span, rows)?;
    found.into_iter().map(|found| order_row(asking, found)).collect()
}

pub(super) fn order(asking: &mut Asking<'_>, order: OrderId) -> Result<Option<OrderView>, StoreError> {
    let log = asking.log;
    let Some(found) = facts::order(asking.tx, log, order)? else { return Ok(None) };
    let placed = facts::order_placed(asking.tx, log, &found)?;
    let sold: Vec<(i64, i64)> = placed.lines.iter().map(|line| (line.quantity, line.total_minor)).collect();
    let mut lines = Vec::with_capacity(placed.lines.len());
    for line in placed.lines {
        lines.push(order_line(asking, line)?);
    }
    let steps = order_steps::steps(asking.tx, log, order)?;
    let steps = steps.into_iter().map(|(step, at_ms)| OrderStepView { step, at_ms }).collect();
    let cancel_reason = order_steps::cancel_reason(asking.tx, log, order)?;
    let (state, ended) = (found.state, found.ended);
    let is_open = state == OrderState::Held;
    let swaps = swaps::of_order(asking.tx, log, order)?;
    let is_early = !matches!(found.step, Some(OrderStep::Ready | OrderStep::OnTheWay));
    let (row, note) = (order_row(asking, found)?, placed.note);
    let delivery = placed.delivery.map(|it| DeliveryView { zone: it.zone, total_minor: it.total_minor });
    let money = order_refunds::facts(asking.tx, log, order)?;
    let lines_left =
        (0..lines.len()).map(|at| money.line_left(u32::try_from(at).unwrap_or(u32::MAX))).collect();
    // Of what was cancelled, only what does not go back by itself is given by hand.
    let is_by_hand = state != OrderState::Released || money.money.is_not_taken;
    let left_minor = if is_by_hand { money.left_minor() } else { 0 };
    let me = asking.stall.row.author;
    let (is_transfer, card) = (money.money.is_transfer(), money.money.card);
    let refunds = money.parts.into_iter().map(|part| refund_view(part, me, is_transfer)).collect();
    let transfer = if is_transfer { transfers::of_order(asking.tx, log, order)? } else { None };
    let transfer = transfer.map(|it| Box::new(TransferView::of(order, &it.to, it.amount_minor, it.until_ms)));
    let returns = returns::of_order(asking.tx, log, order)?;
    let returns = returns.into_iter().map(|found| return_row(found, &sold)).collect();
    let (coupon, discount_minor) = placed.coupon.map(|it| (it.code, it.discount_minor)).unwrap_or_default();
    let may_swap = is_open && is_early && row.money != PayStanding::Waiting;
    let due_minor = if is_open { due_minor(row.money, row.total_minor, card) } else { 0 };
    let profile = facts::profile(asking.tx, log)?;
    Ok(Some(OrderView {
        row,
        lines,
        note,
        steps,
        cancel_reason,
        ended,
        delivery,
        refunds,
        left_minor,
        lines_left,
        returns,
        coupon,
        discount_minor,
        due_minor,
        swaps: swap_views(asking, swaps)?,
        may_swap,
        transfer,
        card: card.and_then(|card| {
            let pays_minor = card.shown_minor(state)?;
            Some(CardPart { pays_minor, back_minor: card.back_minor })
        }),
        cash_step_minor: profile.map_or(0, |it| it.cash_step_minor),
    }))
}

/// Those of an order that is over are over with it.
fn swap_views(asking: &mut Asking<'_>, swaps: Vec<Swap>) -> Result<Vec<SwapView>, StoreError> {
    let mut views = Vec::with_capacity(swaps.len());
    for swap in swaps {
        let (into, delta_minor) = swap.offered.map(|it| (it.into, it.delta_minor)).unwrap_or_default();
        let into = match into {
            Some(line) => Some(order_line(asking, line)?),
            None => None,
        };
        views.push(SwapView {
            swap: swap.swap,
            line: swap.line,
            standing: swap.standing,
            end: swap.end,
            into,
            delta_minor,
            is_withdrawn: swap.is_withdrawn,
        });
    }
    Ok(views)
}

fn order_line(asking: &mut Asking<'_>, line: OrderLine) -> Result<OrderLineView, StoreError> {
    let product = facts::product(asking.tx, asking.log, line.product)?;
    Ok(OrderLineView {
        product: line.product,
        name: line.name,
        unit: product.map_or(Unit::Piece, |product| product.unit),
        quantity: line.quantity,
        total_minor: line.total_minor,
    })
}

/// What was paid for a part of a line is cut as it is where a sale is refunded in parts.
fn return_row(found: ReturnFound, sold: &[(i64, i64)]) -> ReturnRow {
    let worth = |line: &soko_domain::entry::BackLine| {
        let (quantity, total_minor) =
            usize::try_from(line.line).ok().and_then(|place| sold.get(place)).copied()?;
        part_of(total_minor, quantity, 0, line.quantity)
    };
    ReturnRow {
        returned: found.asked.returned,
        why: found.why,
        amount_minor: found.asked.lines.iter().filter_map(worth).fold(0, i64::saturating_add),
        lines: found.asked.lines.iter().map(|it| BackLine { line: it.line, quantity: it.quantity }).collect(),
        state: found.asked.state,
        reason: found.reason,
        asked_ms: found.asked_ms,
    }
}

fn refund_view(part: refund_order::Part, me: AuthorId, is_transfer: bool) -> OrderRefundView {
    let is_open = part.standing == PartStanding::Allowed && part.way == BackWay::Cash;
    let is_to_send = part.standing == PartStanding::Allowed && part.way == BackWay::AsPaid;
    OrderRefundView {
        refund: part.refund,
        way: part.way,
        standing: part.standing,
        end: part.end,
        amount_minor: part.shown_minor(),
        may_give: is_open && part.to == Some(me),
        may_send: is_to_send && is_transfer,
        reason: part.reason,
        at_ms: part.at_ms,
    }
}

fn order_row(asking: &mut Asking<'_>, found: facts::OrderFound) -> Result<OrderRow, StoreError> {
    let money = order_money::of(asking.tx, asking.log, found.order)?;
    let next = step_order::next(&order_steps::facts(&found));
    let awaits = money.awaits_transfer() && found.state == OrderState::Held;
    Ok(OrderRow {
        order: found.order,
        state: found.state.name().into(),
        at_ms: found.at_ms,
        currency: found.currency,
        total_minor: found.total_minor,
        lines: found.lines,
        money: money.standing(),
        step: found.step,
        next,
        handing: found.handing,
        reference: if awaits { reference(found.order) } else { String::new() },
    })
}
