//! Whether this register may refund a sale, and what it asked the server for.

use std::collections::BTreeMap;

use soko_app_api::{
    AllowedRefund, GivenBackView, Query, RefundAllowedRow, RefundHolder, RefundPlanView, RefundRightView,
    View,
};
use soko_domain::ask::{Answer, Ask};
use soko_domain::entry::GivenBack;
use soko_domain::ids::SaleId;
use soko_domain::wire::Wire as _;
use soko_projection::read as facts;
use soko_record_log::StoreError;

use super::Asking;
use crate::failure::NotDone;
use crate::{own, verbs};

pub(super) fn right(asking: &mut Asking<'_>, sale: SaleId) -> Result<Option<RefundRightView>, StoreError> {
    let (log, me) = (asking.log, asking.stall.row.author);
    let Some(found) = facts::sale(asking.tx, log, sale)? else { return Ok(None) };
    let is_open = facts::shift_is_open(asking.tx, log, (found.author, found.made.shift))?;
    let holder = if found.author == me && (is_open || asking.stall.is_alone()) {
        RefundHolder::Here
    } else if is_open {
        RefundHolder::Maker
    } else {
        RefundHolder::Server
    };
    let asked = asked(asking, sale)?;
    let mut lines = Vec::new();
    for (line, _) in (0u32..).zip(&found.made.lines) {
        let allowed = facts::allowance(asking.tx, (log, me), sale, line)?;
        let (waiting, refused) = asked.get(&line).cloned().unwrap_or_default();
        let row = RefundAllowedRow {
            line,
            allowed: allowed.map(|it| AllowedRefund { quantity: it.quantity, amount_minor: it.amount_minor }),
            asked: waiting,
            refused,
        };
        if row.allowed.is_some() || row.asked > 0 || row.refused.is_some() {
            lines.push(row);
        }
    }
    let register_name = facts::device(asking.tx, log, found.author)?.map(|device| device.name);
    Ok(Some(RefundRightView { holder, register_name: register_name.unwrap_or_default(), lines }))
}

/// Decided by what decides the refund.
pub(super) fn plan(asking: &mut Asking<'_>, query: &Query) -> Result<View, NotDone> {
    let Query::RefundPlan { sale, lines, tender, rest_into_purse, .. } = query else {
        return Ok(View::Missing);
    };
    let means = (*tender, *rest_into_purse);
    let back = verbs::would_go_back((asking.tx, asking.stall), (*sale, lines), means)?;
    let part = |part: &GivenBack| GivenBackView {
        kind: part.kind,
        amount_minor: part.amount_minor,
        never_came: part.never_came,
    };
    Ok(View::RefundPlan(RefundPlanView {
        amount_minor: back.amount_minor,
        cash_rounding_minor: back.cash_rounding_minor,
        given: back.given.iter().map(part).collect(),
    }))
}

/// What waits for an answer, and why the latest answer was no.
type Asked = (i64, Option<(String, String)>);

fn asked(asking: &mut Asking<'_>, wanted: SaleId) -> Result<BTreeMap<u32, Asked>, StoreError> {
    let mut lines: BTreeMap<u32, Asked> = BTreeMap::new();
    for (body, answer) in own::asks(asking.tx, asking.log)? {
        let Ok(Ask::Refund { sale, line, quantity }) = Ask::from_bytes(&body) else { continue };
        if sale != wanted {
            continue;
        }
        // The latest comes first, and what was said before it is past.
        let is_latest = !lines.contains_key(&line);
        let (waiting, refused) = lines.entry(line).or_default();
        match answer.as_deref().map(Answer::from_bytes) {
            None => *waiting = waiting.saturating_add(quantity),
            Some(Ok(Answer::Refused { code, sentence })) if is_latest => *refused = Some((code, sentence)),
            Some(_) => {}
        }
    }
    Ok(lines)
}
