//! One exchange: a page in, a page out. Takes what the device brings, makes the accounts true, answers what it
//! asks, and fills a page with what it lacks.

use std::collections::BTreeSet;

use soko_domain::entry::{Entry, Kind};
use soko_domain::ids::{AuthorId, LogId, ProductId};
use soko_projection::{Applier, running_digest};
use soko_record_log::log::LogSource;
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::protocol::Offer;
use soko_replication::{Budget, Capabilities, Page, Run, Verdict, agree, fill};

use crate::core::{CoreRefusal, Fault, Now, PageIn, PageOut};
use crate::stall::desk::Desk;
use crate::stall::{Core, epoch, ingest, settle, sharing};

/// Verdicts about parked records that one page repeats.
const VERDICTS_MAX: usize = 100;

pub(super) fn replicate(
    core: &Core,
    tx: &mut dyn Tx,
    request: &PageIn<'_>,
    applier: &mut dyn Applier,
    now: Now,
) -> Result<PageOut, CoreRefusal> {
    let page = read_page(request)?;
    let agreed =
        agree(Offer::OURS, page.offer()).map_err(|refused| malformed("version", refused.to_string()))?;
    let caller = (request.author, agreed.capabilities.contains(Capabilities::SHARES));
    epoch::raise_above(tx, request.stall, page.epoch, now)?;
    epoch::notice_set_back(tx, request.stall, &page.heads, now)?;
    let mut desk = Desk::open(core, tx, request.stall, applier, now)?;
    let stock = stock_of(&page.runs);
    let mut verdicts = ingest::take_runs(&mut desk, page.runs)?;
    epoch::report(&mut desk, request.author, page.epoch, &page.heads)?;
    settle::settle(&mut desk)?;
    epoch::end_access(&mut desk)?;
    let answers = sharing::answer(&mut desk, caller, &page.asks)?;
    epoch::try_unfreeze(&mut desk)?;
    sharing::share_out(&mut desk, caller, &stock)?;
    verdicts.extend(parked(desk.tx, request.stall, request.author)?);
    verdicts.truncate(VERDICTS_MAX);

    let moved_to = desk.moved_to()?;
    let (epoch, author) = (desk.epoch, desk.author());
    let mut reply = Page::new(request.stall, author, Offer::OURS, epoch);
    let mut their_heads = page.heads;
    reply.heads = log::heads(desk.tx, request.stall)?;
    // What has just been taken need not be sent back to whoever brought it.
    if let Some(head) = reply.heads.get(&request.author) {
        their_heads.insert(request.author, *head);
    }
    let filled = fill(&LogSource::new(desk.tx, request.stall), &their_heads, Budget::PAGE)?;
    reply.state_digest = Some(running_digest(desk.tx, request.stall)?);
    reply.number = page.number;
    reply.in_reply_to = Some(page.number);
    reply.runs = filled.runs;
    reply.more = filled.more;
    reply.verdicts = verdicts;
    reply.answers = answers;
    let page = reply.encode().map_err(|error| StoreError::Other(format!("a page of our own: {error}")))?;
    Ok(PageOut { page, moved_to })
}

fn read_page(request: &PageIn<'_>) -> Result<Page, CoreRefusal> {
    let page = Page::decode(request.page).map_err(|error| malformed("page", error.to_string()))?;
    if page.log != request.stall {
        return Err(malformed("wrong_stall", "the page is about another stall: send it there".into()));
    }
    if page.sender != request.author && page.sender != AuthorId::default() {
        return Err(malformed("wrong_sender", "the page names another device than the one signed in".into()));
    }
    Ok(page)
}

/// The products whose stock the page is about.
fn stock_of(runs: &[Run]) -> BTreeSet<ProductId> {
    let mut products = BTreeSet::new();
    for run in runs {
        for (kind, body) in &run.records {
            let entry = Kind::from_number(*kind)
                .zip(body.bytes())
                .and_then(|(kind, body)| Entry::from_body(kind, body).ok());
            let Some((_, entry)) = entry else { continue };
            let moved = soko_domain::stock::transfers(run.author, &entry).unwrap_or_default();
            products.extend(moved.into_iter().map(|transfer| transfer.product));
        }
    }
    products
}

/// What of the caller's own records counts for nothing, so that it can say so and mend it.
fn parked(tx: &mut dyn Tx, stall: LogId, author: AuthorId) -> Result<Vec<Verdict>, StoreError> {
    let rows = tx.query(
        "select seq, code, note from parked where log = $1 and author = $2 order by seq desc limit $3",
        params![stall, author, VERDICTS_MAX],
    )?;
    let verdict = |row: &soko_record_log::Row| {
        Ok(Verdict { author, seq: row.number(0)?, code: row.number(1)?, note: row.text(2)?.into() })
    };
    rows.iter().map(verdict).collect()
}

fn malformed(code: &'static str, detail: String) -> CoreRefusal {
    CoreRefusal::Refused { fault: Fault::Malformed, code, detail }
}
