//! Sales, voids and refunds.

use std::collections::BTreeMap;

use soko_app_api::{
    BeyondShare, Command, DiscountInput, PurseInput, RefundLineInput, Reply, SaleLineInput, TenderInput, Verb,
};
use soko_domain::basket::{Basket, BasketLine, Discount, Policy, TenderKind};
use soko_domain::entry::{
    Entry, GoodsBack, RefundLine, RefundMade, SaleLine, SplitUnits, Standing, Tendered, Units,
};
use soko_domain::ids::{LogId, ProductId, SaleId, ThingId};
use soko_domain::money::{CashRounding, Currency, Ppm, Rounding};
use soko_domain::people::Doer;
use soko_domain::quantity::{Quantity, Unit};
use soko_domain::refusal::Refusal;
use soko_domain::stock::MOVE_QUANTITY_MAX;
use soko_domain::tax::TaxRate;
use soko_domain::verbs::make_sale::{BeyondRule, LineText, OwnPrice};
use soko_domain::verbs::verify_payment::code_key;
use soko_domain::verbs::{make_sale, refund as refund_verb, void_sale};
use soko_domain::wrong::Wrong;
use soko_projection::{figures, payments, read as facts, read_prices as prices};
use soko_record_log::{StoreError, Tx};

use super::labels::{self, Label};
use super::{bundles, purses, tabs};
use crate::failure::{Failure, NotDone};
use crate::own;
use crate::stall::Stall;
use crate::weaken::Sabotage;
use crate::write::Writing;

pub(super) fn make(writing: &mut Writing<'_>, verb: &Verb) -> Result<Reply, NotDone> {
    decide(writing, verb, Vec::new())?.write(writing, Vec::new())
}

/// A sale that is decided and not written.
pub(super) struct Decided {
    /// Nothing where the sale was made before.
    entries: Option<Vec<Entry>>,
    reply: Reply,
}

impl Decided {
    /// Together with what came before it.
    pub(super) fn write(self, writing: &mut Writing<'_>, before: Vec<Entry>) -> Result<Reply, NotDone> {
        if let Some(entries) = self.entries {
            own::take_receipt_number(writing.tx, writing.stall.row.stall)?;
            writing.write(before.into_iter().chain(entries).collect())?;
        }
        Ok(self.reply)
    }
}

/// Something may have been handed over already: goods that came back.
pub(super) fn decide(
    writing: &mut Writing<'_>,
    verb: &Verb,
    handed: Vec<TenderInput>,
) -> Result<Decided, NotDone> {
    let Verb::MakeSale { sale, lines, discount, tenders, beyond, about } = verb else {
        return Err(Refusal::Invalid(Wrong::SaleOdd).into());
    };
    let tenders: &Vec<TenderInput> = &handed.into_iter().chain(tenders.iter().cloned()).collect();
    let Priced { basket, texts, own, moved, beyond_rule } = basket(writing, lines, *discount)?;
    let (paid, paying) = purses::payments(writing, tenders)?;
    if let Some(reply) = made_before(writing, *sale, (&basket, &paid))? {
        return Ok(Decided { entries: None, reply });
    }
    let mut shares = BTreeMap::new();
    for line in &basket.lines {
        let share = writing.own_share(line.product)?;
        let skipped = writing.weakened.is(Sabotage::ShareCheckSkipped);
        shares.insert(line.product, if skipped { MOVE_QUANTITY_MAX } else { share });
    }
    let packed = bundles::pack(writing, (*sale, &basket.lines), *beyond, &mut shares)?;
    let of_tab = tabs::of_sale(writing, *sale, about)?;
    let facts = make_sale::Facts {
        frozen: false,
        open_shift: writing.open_shift()?.map(|open| open.shift),
        next_receipt_number: next_receipt_number(writing)?,
        shares,
        own_prices: own,
        moved_prices: moved,
        doer: writing.doer.clone(),
        beyond_rule,
        tab_closed_by: of_tab.closed_by,
        codes_used: codes_used(writing, *sale, tenders)?,
    };
    let payload = make_sale::MakeSale {
        sale: *sale,
        basket,
        texts,
        discount_reason: about.discount_reason.clone(),
        tenders: paid,
        beyond: match beyond {
            BeyondShare::Refuse => make_sale::BeyondShare::Refuse,
            BeyondShare::Allow if writing.weakened.is(Sabotage::NumberRefuses) => {
                make_sale::BeyondShare::Refuse
            }
            BeyondShare::Allow => make_sale::BeyondShare::GoodsInHand,
        },
        note: about.note.clone(),
        customer: about.customer,
        tab: about.tab,
    };
    let entries = make_sale::decide(&facts, &payload)?;
    let goods = payload.basket.lines.iter().map(|line| line.product);
    let costs = figures::costs_today(writing.tx, writing.log, *sale, goods)?;
    let mut reply = sold(&entries)?;
    if let (Reply::Sold { total_minor, .. }, true) = (&mut reply, writing.weakened.is(Sabotage::TotalApart)) {
        *total_minor += 1;
    }
    let beside = make_sale::beside(&facts, &payload);
    let (spent, earned) = match entries.as_slice() {
        [Entry::SaleMade(made)] => purses::settle(writing, made, &paying)?,
        _ => Default::default(),
    };
    let before = packed.into_iter().chain(spent).chain(of_tab.word.map(Entry::from));
    // Nothing may stand between what goods cost and their sale.
    let before = before.chain(costs.map(Entry::from));
    Ok(Decided { entries: Some(before.chain(entries).chain(earned).chain(beside).collect()), reply })
}

fn next_receipt_number(writing: &mut Writing<'_>) -> Result<u64, StoreError> {
    let last = own::last_receipt_number(writing.tx, writing.stall.row.stall)?;
    Ok(if writing.weakened.is(Sabotage::NumberReused) { last.max(1) } else { last + 1 })
}

/// What needed a manager's word came with another command, so a repeat of it is known by the sale's identity alone.
fn made_before(
    writing: &mut Writing<'_>,
    sale: SaleId,
    (basket, tenders): (&Basket, &[Tendered]),
) -> Result<Option<Reply>, NotDone> {
    if writing.weakened.is(Sabotage::RetryExecutesAgain) {
        return Ok(None);
    }
    let Some((author, made)) = writing.sale(sale)? else { return Ok(None) };
    let same_line = |(was, now): (&SaleLine, &BasketLine)| {
        let was_priced = OwnPrice { unit_price_minor: was.unit_price_minor, price_per: was.price_per };
        was.product.unwrap_or(make_sale::NO_PRODUCT) == now.product
            && was.quantity == now.quantity.0
            && was_priced == OwnPrice::of(now)
    };
    let is_same = author == writing.me
        && made.lines.len() == basket.lines.len()
        && made.lines.iter().zip(&basket.lines).all(same_line)
        && made.tenders == tenders;
    if !is_same {
        return Err(Refusal::IdReused.into());
    }
    Ok(Some(sold(&[made.into()])?))
}

pub(super) fn codes_used(
    writing: &mut Writing<'_>,
    sale: SaleId,
    tenders: &[TenderInput],
) -> Result<BTreeMap<String, SaleId>, StoreError> {
    let mut used = BTreeMap::new();
    for tender in tenders.iter().filter(|tender| tender.kind == TenderKind::MobileMoney) {
        let code = code_key(&tender.reference);
        if code.is_empty() {
            continue;
        }
        if let Some(other) = payments::sale_of_code(writing.tx, writing.log, (&code, sale))? {
            used.insert(code, other);
        }
    }
    Ok(used)
}

fn sold(entries: &[Entry]) -> Result<Reply, Failure> {
    let [Entry::SaleMade(made)] = entries else {
        return Err(Failure::Inconsistent("a sale did not become one entry".into()));
    };
    Ok(Reply::Sold {
        sale: made.sale,
        receipt_number: made.receipt_number,
        currency: made.currency.to_string(),
        total_minor: made.total_minor,
        cash_rounding_minor: made.cash_rounding_minor,
        change_minor: made.change_minor,
        beyond_share: made.lines.iter().map(|line| line.beyond_share).sum(),
    })
}

pub(crate) fn tendered(input: &TenderInput) -> Tendered {
    let standing = match input.kind {
        TenderKind::MobileMoney if input.seen => Standing::Verified,
        TenderKind::MobileMoney => Standing::Claimed,
        TenderKind::Cash
        | TenderKind::Card
        | TenderKind::Voucher
        | TenderKind::BankTransfer
        | TenderKind::Other => Standing::Taken,
    };
    Tendered {
        kind: input.kind,
        amount_minor: input.amount_minor,
        reference: input.reference.clone(),
        standing,
    }
}

/// A price that somebody was told holds for so long.
pub(crate) const TOLD_MS: i64 = 12 * 3_600 * 1_000;

/// A basket ready to be totalled, and what its lines are called.
pub(crate) struct Priced {
    pub(crate) basket: Basket,
    pub(crate) texts: Vec<LineText>,
    pub(crate) beyond_rule: BeyondRule,
    /// What each line costs without anybody's word.
    pub(crate) own: Vec<Option<OwnPrice>>,
    /// What a line costs by now, where that is one that was told before it moved.
    moved: Vec<Option<OwnPrice>>,
}

/// What a stall says about all of its sales.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    policy: Policy,
    beyond_rule: BeyondRule,
    /// Of an amount that is no product's.
    tax: (u32, bool),
}

impl Terms {
    pub(crate) fn cash_rounding(&self) -> CashRounding {
        self.policy.cash_rounding
    }
}

/// What a product says about a line.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) unit_price_minor: i64,
    pub(crate) price_per: i64,
    pub(crate) taxes: Vec<TaxRate>,
}

/// Where prices come from: a command's facts or a screen's question.
pub(crate) trait Catalogue {
    fn offered(&mut self, product: ProductId) -> Result<Option<Offered>, StoreError>;
    fn label(&mut self, code: &str) -> Result<Option<Label>, StoreError>;
    fn terms(&mut self) -> Result<Terms, NotDone>;
    /// Whether a product had this price a little while ago, before it moved by itself or by a suggestion.
    fn had_price(&mut self, product: ProductId, price_minor: i64) -> Result<bool, StoreError>;
}

impl Catalogue for Writing<'_> {
    fn offered(&mut self, product: ProductId) -> Result<Option<Offered>, StoreError> {
        offered(self.tx, self.log, product)
    }

    fn label(&mut self, code: &str) -> Result<Option<Label>, StoreError> {
        labels::label(self.tx, self.log, code)
    }

    fn terms(&mut self) -> Result<Terms, NotDone> {
        terms(self.tx, self.log)
    }

    fn had_price(&mut self, product: ProductId, price_minor: i64) -> Result<bool, StoreError> {
        prices::had_price(self.tx, self.log, (product, price_minor), self.stamp.at_ms - TOLD_MS)
    }
}

/// What the catalogue says about a product, archived or not: goods in the hand are sold.
pub(crate) fn offered(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
) -> Result<Option<Offered>, StoreError> {
    let found = facts::product(tx, log, product)?;
    Ok(found.map(|product| Offered {
        name: product.name,
        unit: product.unit,
        unit_price_minor: product.price_minor,
        price_per: product.price_per,
        taxes: TaxRate::all(product.tax_ppm, product.tax_inclusive, &product.tax_label),
    }))
}

/// The stall's currency, without which nothing has a price.
pub(crate) fn currency(tx: &mut dyn Tx, log: LogId) -> Result<Currency, NotDone> {
    Ok(terms(tx, log)?.policy.currency)
}

/// How the stall computes, with its smallest coin for what is paid in cash, and what it lets sellers do.
pub(crate) fn terms(tx: &mut dyn Tx, log: LogId) -> Result<Terms, NotDone> {
    let unset = Refusal::Invalid(Wrong::CurrencyMissing);
    let profile = facts::profile(tx, log)?.ok_or(unset.clone())?;
    let currency = Currency::parse(&profile.currency).ok_or(unset)?;
    let cash_rounding = CashRounding { step_minor: profile.cash_step_minor, rounding: Rounding::HalfUp };
    let policy = Policy { cash_rounding, ..Policy::plain(currency) };
    let tax = (profile.tax_ppm, profile.tax_inclusive);
    Ok(Terms { policy, beyond_rule: profile.beyond_rule, tax })
}

/// Fills in what the lines leave open from the catalogue.
pub(crate) fn basket(
    catalogue: &mut dyn Catalogue,
    inputs: &[SaleLineInput],
    discount: DiscountInput,
) -> Result<Priced, NotDone> {
    let Terms { policy, beyond_rule, tax } = catalogue.terms()?;
    let (mut lines, mut texts) = (Vec::new(), Vec::new());
    let (mut own, mut moved) = (Vec::new(), Vec::new());
    for input in inputs {
        let offered = match input.product {
            Some(product) => catalogue.offered(product)?.ok_or(Refusal::UnknownProduct(product))?,
            None => custom_amount(input, tax)?,
        };
        let by_now = OwnPrice { unit_price_minor: offered.unit_price_minor, price_per: offered.price_per };
        let told = told_price(catalogue, input, by_now)?;
        own.push(match told {
            Some(told) => Some(told),
            None => own_price(catalogue, input, (by_now, &offered))?,
        });
        moved.push(told.map(|_| by_now));
        let taxes = match input.tax {
            Some(tax) => vec![TaxRate { ppm: Ppm(tax.ppm), mode: tax.mode, label: String::new() }],
            None => offered.taxes,
        };
        lines.push(BasketLine {
            product: input.product.unwrap_or(make_sale::NO_PRODUCT),
            quantity: Quantity(input.quantity),
            unit_price_minor: input.unit_price_minor.unwrap_or(offered.unit_price_minor),
            price_per: input.price_per.unwrap_or(offered.price_per),
            discount: discount_of(input.discount),
            taxes,
        });
        let name = input.name.clone().unwrap_or(offered.name);
        texts.push(LineText {
            name,
            unit: Some(offered.unit),
            note: input.note.clone(),
            discount_reason: input.discount_reason.clone(),
        });
    }
    let basket = Basket { lines, discount: discount_of(discount), policy };
    Ok(Priced { basket, texts, own, moved, beyond_rule })
}

/// C53: who was told a price pays it, also where it moved meanwhile; that needs nobody's word.
fn told_price(
    catalogue: &mut dyn Catalogue,
    input: &SaleLineInput,
    by_now: OwnPrice,
) -> Result<Option<OwnPrice>, StoreError> {
    let told = input.unit_price_minor.filter(|told| *told != by_now.unit_price_minor);
    let Some((product, told)) = input.product.zip(told) else { return Ok(None) };
    let is_told =
        input.price_per.is_none_or(|per| per == by_now.price_per) && catalogue.had_price(product, told)?;
    Ok(is_told.then_some(OwnPrice { unit_price_minor: told, ..by_now }))
}

/// A label says its price only for the product that it names.
fn own_price(
    catalogue: &mut dyn Catalogue,
    input: &SaleLineInput,
    (own, offered): (OwnPrice, &Offered),
) -> Result<Option<OwnPrice>, StoreError> {
    let Some(product) = input.product else { return Ok(None) };
    if input.label.is_empty() {
        return Ok(Some(own));
    }
    let label = catalogue.label(&input.label)?.filter(|label| label.products.contains(&product));
    Ok(Some(label.and_then(|label| label.price(own, offered.unit)).unwrap_or(own)))
}

fn custom_amount(input: &SaleLineInput, tax: (u32, bool)) -> Result<Offered, Refusal> {
    let missing = Refusal::Invalid(Wrong::CustomAmountOdd);
    let name = input.name.clone().filter(|name| !name.trim().is_empty()).ok_or(missing.clone())?;
    let unit_price_minor = input.unit_price_minor.ok_or(missing)?;
    Ok(Offered {
        name,
        unit: Unit::Piece,
        unit_price_minor,
        price_per: 1,
        taxes: TaxRate::all(tax.0, tax.1, ""),
    })
}

pub(super) fn discount_of(input: DiscountInput) -> Discount {
    match input {
        DiscountInput::None => Discount::None,
        DiscountInput::AmountMinor(minor) => Discount::Amount(minor),
        DiscountInput::PercentPpm(ppm) => Discount::Percent(Ppm(ppm)),
    }
}

pub(super) fn void(writing: &mut Writing<'_>, sale: SaleId, reason: &str) -> Result<Reply, NotDone> {
    // A voucher of an exchange stands for what a purse paid: no purse has it again by a void, and it is no cash.
    let is_kept_nowhere = |paid: &Tendered| paid.kind == TenderKind::Voucher && paid.is_exchange();
    if writing.sale(sale)?.is_some_and(|(_, made)| made.tenders.iter().any(is_kept_nowhere)) {
        return Err(Refusal::Invalid(Wrong::SaleExchanged).into());
    }
    let facts = void_sale::Facts {
        me: writing.me,
        open_shift: writing.open_shift()?.map(|open| open.shift),
        sale: writing.sale(sale)?,
        voided: writing.voided(sale)?,
        refunded: !writing.refunded(sale)?.is_empty(),
        doer: writing.doer.clone(),
    };
    let payload = void_sale::VoidSale { sale, reason: reason.into() };
    let entries = void_sale::decide(&facts, &payload)?;
    let [Entry::SaleVoided(voided)] = entries.as_slice() else {
        return Err(Failure::Inconsistent("a void did not become one entry".into()).into());
    };
    let reply = Reply::Voided { cash_back_minor: voided.cash_back_minor };
    let all = |units: &SplitUnits| Units {
        product: units.product,
        quantity: units.from_share.saturating_add(units.beyond_share),
    };
    let back: Vec<Units> = voided.units.iter().map(all).collect();
    let mut undone = purses::undo(writing, (sale, voided.shift))?;
    undone.extend(bundles::unpack(writing, (sale, ThingId(sale.0)), &back, true)?);
    writing.write(entries.into_iter().chain(undone).collect())?;
    Ok(reply)
}

pub(super) fn refund(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    let Verb::Refund { sale, lines, tender, reason, into } = &command.verb else {
        return Err(Failure::Inconsistent("a verb went the wrong way".into()).into());
    };
    let payload = refund_verb::Refund {
        refund: command.id,
        sale: *sale,
        lines: lines.iter().map(refunded_line).collect(),
        tender: *tender,
        rest_into_purse: into.is_some(),
        reason: reason.clone(),
    };
    let facts = refund_facts(writing.tx, writing.stall, &payload)?;
    let facts = refund_verb::Facts { doer: writing.doer.clone(), ..facts };
    let entries = refund_verb::decide(&facts, &payload)?;
    let refund = the_refund(&entries)?;
    if into.is_none() && refund.voucher_given() > 0 {
        return Err(Refusal::Invalid(Wrong::PurseUnnamed).into());
    }
    let reply = Reply::Refunded { refund: refund.refund, amount_minor: refund.all_given() };
    let value = refunded_value(writing, (refund, &facts), into.as_ref())?;
    writing.write(entries.into_iter().chain(value).collect())?;
    Ok(reply)
}

pub(super) fn the_refund(entries: &[Entry]) -> Result<&RefundMade, Failure> {
    match entries {
        [Entry::RefundMade(refund)] => Ok(refund),
        _ => Err(Failure::Inconsistent("a refund did not become one entry".into())),
    }
}

/// What goes with a refund that was decided: points that the sale had earned, the purse that takes its money, and bundles that
/// are their parts again.
pub(super) fn refunded_value(
    writing: &mut Writing<'_>,
    (refund, facts): (&RefundMade, &refund_verb::Facts),
    into: Option<&PurseInput>,
) -> Result<Vec<Entry>, NotDone> {
    let total_minor = facts.sale.as_ref().map_or(0, |(_, made)| made.total_minor);
    let mut value = purses::refunded(writing, (refund, total_minor), into)?;
    let sellable = refund.lines.iter().filter(|line| line.goods == GoodsBack::Sellable);
    let units = |line: &RefundLine| Some(Units { product: line.product?, quantity: line.quantity });
    let back: Vec<Units> = sellable.filter_map(units).collect();
    value.extend(bundles::unpack(writing, (refund.sale, refund.refund), &back, false)?);
    Ok(value)
}

pub(super) fn refunded_line(line: &RefundLineInput) -> refund_verb::RefundedLine {
    refund_verb::RefundedLine { line: line.line, quantity: line.quantity, goods: line.goods }
}

/// What a refund would give, whoever did it and whether a drawer is open or not.
pub(crate) fn would_go_back(
    (tx, stall): (&mut dyn Tx, &Stall),
    (sale, lines): (SaleId, &[RefundLineInput]),
    (tender, rest_into_purse): (TenderKind, bool),
) -> Result<refund_verb::GoesBack, NotDone> {
    let payload = refund_verb::Refund {
        refund: ThingId::default(),
        sale,
        lines: lines.iter().map(refunded_line).collect(),
        tender,
        rest_into_purse,
        reason: String::new(),
    };
    let facts = refund_facts(tx, stall, &payload)?;
    let returned = refund_verb::returned(&facts, &payload)?;
    Ok(refund_verb::goes_back(&facts, &payload, &returned)?)
}

/// All but who does it.
pub(super) fn refund_facts(
    tx: &mut dyn Tx,
    stall: &Stall,
    refund: &refund_verb::Refund,
) -> Result<refund_verb::Facts, NotDone> {
    let (log, me, sale) = (stall.log(), stall.row.author, refund.sale);
    let coins = terms(tx, log)?.cash_rounding();
    let made = facts::sale(tx, log, sale)?.map(|found| (found.author, found.made));
    let left = match &made {
        Some((_, made)) => payments::left(tx, log, made)?,
        None => refund_verb::Left::default(),
    };
    let sale_shift_open = match &made {
        Some((maker, made)) => facts::shift_is_open(tx, log, (*maker, made.shift))?,
        None => false,
    };
    let allowance = match refund.lines.first() {
        Some(first) => facts::allowance(tx, (log, me), sale, first.line)?,
        None => None,
    };
    Ok(refund_verb::Facts {
        me,
        frozen: false,
        open_shift: facts::open_shift(tx, log, me)?.map(|open| open.shift),
        sale: made,
        voided: facts::voided(tx, log, sale)?,
        sale_shift_open,
        is_alone: stall.is_alone(),
        refunded: facts::refunded(tx, log, sale)?,
        left,
        coins,
        allowance,
        doer: Doer::Anybody,
    })
}
