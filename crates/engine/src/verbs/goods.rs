//! Goods that come, are counted, or are given back to the shop.

use std::collections::BTreeMap;

use soko_app_api::{AdjustedLineInput, Command, ReceivedLineInput, Reply, Verb};
use soko_domain::entry::{Entry, ReceivedLine, Units};
use soko_domain::ids::{ProductId, ShareId, ThingId};
use soko_domain::stock::Account;
use soko_domain::verbs::{adjust_stock, count_stock, receive_stock, return_share};
use soko_projection::{counts, read as facts};
use soko_record_log::StoreError;

use crate::failure::{Failure, NotDone};
use crate::write::Writing;

pub(super) fn receive(
    writing: &mut Writing<'_>,
    delivery: ThingId,
    lines: &[ReceivedLineInput],
    note: &str,
) -> Result<Reply, NotDone> {
    for line in lines {
        writing.require_product(line.product)?;
    }
    let received = |line: &ReceivedLineInput| ReceivedLine {
        product: line.product,
        quantity: line.quantity,
        cost_minor: line.cost_minor,
    };
    let payload = receive_stock::ReceiveStock {
        delivery,
        lines: lines.iter().map(received).collect(),
        note: note.into(),
    };
    writing.write(receive_stock::decide(&payload)?)?;
    Ok(Reply::Done)
}

pub(super) fn adjust(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    let Verb::AdjustStock { reason, lines, note } = &command.verb else {
        return Err(Failure::Inconsistent("a verb went the wrong way".into()).into());
    };
    let mut shares = BTreeMap::new();
    for line in lines {
        writing.require_product(line.product)?;
        shares.insert(line.product, writing.own_share(line.product)?);
    }
    let units = |line: &AdjustedLineInput| Units { product: line.product, quantity: line.quantity };
    let payload = adjust_stock::AdjustStock {
        adjustment: command.id,
        reason: *reason,
        lines: lines.iter().map(units).collect(),
        note: note.clone(),
    };
    writing.write(adjust_stock::decide(&adjust_stock::Facts { shares }, &payload)?)?;
    Ok(Reply::Done)
}

pub(super) fn count(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    let Verb::CountStock { product, counted, reason, count } = &command.verb else {
        return Err(Failure::Inconsistent("a verb went the wrong way".into()).into());
    };
    writing.require_product(*product)?;
    let opened = opened_for(writing, *product, *count)?;
    let mut left_open = counts::open_of(writing.tx, writing.log, (writing.me, *product))?;
    left_open.retain(|open| Some(*open) != opened);
    let accounts = facts::accounts(writing.tx, writing.log, *product)?;
    let (mut expected, mut seen) = (facts::expected(&accounts), writing.seen()?);
    if opened.is_none() {
        expected = expected.saturating_sub(counts::gone(writing.tx, writing.log, *product)?);
    }
    if let Some(count) = opened {
        let marks = counts::marks(writing.tx, writing.log, count)?;
        let around = counts::around(writing.tx, writing.log, *product, &marks)?;
        expected = count_stock::expected_at_marks(expected, around);
        for (author, mark) in marks {
            seen.retain(|(seen, _)| *seen != author);
            seen.push((author, mark));
        }
        seen.sort_unstable();
    }
    let set_apart = set_apart(writing, &accounts)?;
    let own_share = writing.own_share(*product)?;
    let known = count_stock::Facts { expected, own_share, left_open, set_apart, seen };
    let payload = count_stock::CountStock {
        count: opened.unwrap_or(command.id),
        product: *product,
        counted: *counted,
        reason: reason.clone(),
    };
    writing.write(count_stock::decide(&known, &payload)?)?;
    Ok(Reply::Counted { expected: known.expected, counted: *counted })
}

/// Marks of any other count say what had happened when somebody looked another time. One that ended meanwhile, since the
/// product was counted twice at once, still has the marks of when this number was seen.
fn opened_for(
    writing: &mut Writing<'_>,
    product: ProductId,
    count: Option<ThingId>,
) -> Result<Option<ThingId>, StoreError> {
    let Some(count) = count else { return Ok(None) };
    let opened = counts::opened_by(writing.tx, writing.log, (writing.me, count))?;
    Ok(opened.filter(|(of, _)| *of == product).map(|_| count))
}

/// What revoked devices hold, whether the server heard of it already or not.
fn set_apart(writing: &mut Writing<'_>, accounts: &[(Account, i64)]) -> Result<i64, StoreError> {
    let mut sum = 0;
    for (account, quantity) in accounts {
        let is_apart = match account {
            Account::Quarantine(_) => true,
            Account::Share(author) => writing.device(*author)?.is_some_and(|device| device.revoked),
            Account::Pool
            | Account::Hold(_)
            | Account::Supply
            | Account::Sold
            | Account::WriteOff
            | Account::Deficit => false,
        };
        sum += if is_apart { *quantity } else { 0 };
    }
    Ok(sum)
}

pub(super) fn open_count(
    writing: &mut Writing<'_>,
    count: ThingId,
    product: ProductId,
) -> Result<Reply, NotDone> {
    writing.require_product(product)?;
    writing.write(count_stock::decide_open(count, product))?;
    Ok(Reply::Done)
}

pub(super) fn drop_count(writing: &mut Writing<'_>, count: ThingId) -> Result<Reply, NotDone> {
    let opened = counts::opened_by(writing.tx, writing.log, (writing.me, count))?;
    if opened.is_some_and(|(_, is_open)| is_open) {
        writing.write(count_stock::decide_drop(count))?;
    }
    Ok(Reply::Done)
}

/// Units on their way to the shop's share.
pub(crate) struct GivenBack {
    pub(crate) share: ThingId,
    pub(crate) product: ProductId,
    pub(crate) quantity: i64,
    /// The server's request that this answers.
    pub(crate) recall: Option<ThingId>,
}

pub(crate) fn return_share(writing: &mut Writing<'_>, back: GivenBack) -> Result<Reply, NotDone> {
    let facts = return_share::Facts { frozen: false, own_share: writing.own_share(back.product)? };
    let payload = return_share::ReturnShare {
        share: ShareId(back.share.0),
        product: back.product,
        quantity: back.quantity,
        recall: back.recall,
    };
    let entries: Vec<Entry> = return_share::decide(&facts, &payload)?;
    let seq = writing.write(entries)?;
    writing.gave_back(&back, seq)?;
    Ok(Reply::Done)
}
