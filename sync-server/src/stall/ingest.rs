//! Takes the runs of a page: the server's own forgotten records first, since they are the certificates that the
//! others spent; then everybody's. A run that is refused keeps nobody else waiting.

use soko_documents::{ChangeBody, DocumentKind, Limits, prescan};
use soko_domain::entry::{
    DeviceRevoked, Entry, IncidentKind, IncidentRaised, Kind, Move, MoveCause, RecordParked, StockMoved,
};
use soko_domain::ids::{AuthorId, ProductId};
use soko_domain::role::Role;
use soko_domain::sabotage::Sabotage;
use soko_domain::stock::Account;
use soko_domain::wire::Wire as _;
use soko_projection::{ParkCode, change_kind, read};
use soko_record_log::log::{self, beside};
use soko_record_log::{StoreError, params};
use soko_replication::page::{FORKED, NOT_TAKEN};
use soko_replication::record::{KIND_CHANGE_FIRST, KIND_CHANGE_LAST};
use soko_replication::{
    Accepted, Body, Head, Introduction, KnownAuthor, Record, Refused, Run, Verdict, accept,
};

use crate::core::CoreRefusal;
use crate::messages;
use crate::stall::desk::Desk;
use crate::stall::epoch;
use crate::stall::{paid_twice, refunds, settle, sharing, swaps, transfers};

const NOTE_BYTES_MAX: usize = 200;

/// Takes every run that can be taken; says what became of the others.
pub(super) fn take_runs(desk: &mut Desk<'_>, runs: Vec<Run>) -> Result<Vec<Verdict>, CoreRefusal> {
    let mut verdicts = Vec::new();
    let (mut later, mut stale) = (Vec::new(), None);
    for run in runs {
        if is_server(desk, &run)? {
            take_server_run(desk, run, &mut verdicts)?;
        } else {
            later.push(run);
        }
    }
    // One that nobody let in may be explained by another of the same page.
    loop {
        let mut unexplained = Vec::new();
        let count = later.len();
        for run in later {
            match take_devices_run(desk, run, &mut verdicts) {
                Ok(run) => unexplained.extend(run),
                // Nothing of this will be kept. The others are looked at all the same, so that what must be found out
                // about documents is known of all of them at once.
                Err(refusal) if is_stale(&refusal) => stale = stale.or(Some(refusal)),
                Err(refusal) => return Err(stale.unwrap_or(refusal)),
            }
        }
        if unexplained.is_empty() || unexplained.len() == count {
            let why = "this device is not enrolled at the stall; enrol it";
            verdicts.extend(unexplained.iter().map(|run| not_taken((run.author, run.first_seq), why)));
            return stale.map_or(Ok(verdicts), Err);
        }
        later = unexplained;
    }
}

fn is_stale(refusal: &CoreRefusal) -> bool {
    matches!(refusal, CoreRefusal::Store(StoreError::Serialization(_)))
}

/// Gives the run back if nobody ever let its author in, nor who goes on for it.
fn take_devices_run(
    desk: &mut Desk<'_>,
    run: Run,
    verdicts: &mut Vec<Verdict>,
) -> Result<Option<Run>, CoreRefusal> {
    let author = run.author;
    if let Some(device) = read::device(desk.tx, desk.log, author)?.filter(|device| device.admitted) {
        take_run(desk, run, device.role, verdicts)?;
        return Ok(None);
    }
    let Some((successor, role)) = epoch::successor(desk, author)? else { return Ok(Some(run)) };
    take_run(desk, run, role, verdicts)?;
    epoch::inherit(desk, successor, author)?;
    Ok(None)
}

fn is_server(desk: &mut Desk<'_>, run: &Run) -> Result<bool, StoreError> {
    let key = match log::known(desk.tx, desk.log, &run.author)? {
        Some(known) => Some(known.public_key),
        None => run
            .records
            .first()
            .and_then(|(_, body)| body.bytes().and_then(|body| Introduction::from_bytes(body).ok()))
            .map(|introduction| introduction.public_key),
    };
    Ok(key == Some(desk.core.public_key()))
}

fn take_server_run(desk: &mut Desk<'_>, run: Run, verdicts: &mut Vec<Verdict>) -> Result<(), CoreRefusal> {
    if desk.core.weak(Sabotage::NoCertificateImport) {
        return Ok(());
    }
    let place = (run.author, run.first_seq);
    match log::judge(desk.tx, desk.log, run)? {
        Ok(accepted) => {
            let projected = desk.keep(&accepted.records)?;
            // A word that this server forgot comes back behind the record that it is about, which was taken meanwhile.
            for (author, seq) in &projected.withheld {
                if let Some(record) = log::record_at(desk.tx, desk.log, author, *seq)? {
                    set_aside(desk, &record)?;
                }
            }
            desk.set_aside(&projected.withheld)?;
        }
        Err(Refused::Fork { branch, .. }) => say_again(desk, &branch)?,
        Err(refused) => verdicts.push(not_taken(place, &refused.to_string())),
    }
    Ok(())
}

/// What this server said before it was set back in silence, and then wrote something else in its place. It cannot
/// stand in the log any more; but who was let in by it wrote facts, which must be taken, and who was shut out stays so.
fn say_again(desk: &mut Desk<'_>, branch: &[Record]) -> Result<(), CoreRefusal> {
    for record in branch {
        beside::keep(desk.tx, record)?;
        let entry = Kind::from_number(record.kind)
            .zip(record.body.bytes())
            .and_then(|(kind, body)| Entry::from_body(kind, body).ok());
        let (device, is_admission) = match &entry {
            Some((_, Entry::DeviceAdmitted(device))) => (device.author, true),
            Some((_, Entry::DeviceRevoked(revoked))) => (revoked.author, false),
            Some(_) | None => continue,
        };
        let known = read::device(desk.tx, desk.log, device)?;
        let is_known = known.is_some_and(|known| if is_admission { known.admitted } else { known.revoked });
        if let Some((_, entry)) = entry.filter(|_| !is_known) {
            desk.write([entry])?;
        }
    }
    Ok(())
}

fn take_run(
    desk: &mut Desk<'_>,
    run: Run,
    role: Option<Role>,
    verdicts: &mut Vec<Verdict>,
) -> Result<(), CoreRefusal> {
    let (author, place) = (run.author, (run.author, run.first_seq));
    #[cfg(feature = "sabotage")]
    if desk.core.weak(Sabotage::ReturnTwice) {
        count_again(desk, &run)?;
    }
    let head = log::head(desk.tx, desk.log, &author)?.map_or(0, |head| head.seq);
    if run.first_seq > head + 1
        && let Some(branch) = goes_on_with_branch(desk, &run)?
    {
        return keep_branch(desk, author, &branch);
    }
    match log::judge(desk.tx, desk.log, run)? {
        Ok(accepted) => keep_checked(desk, author, role, accepted, verdicts),
        Err(Refused::Fork { seq, branch, .. }) if !joins(desk, &branch)? => {
            let why =
                format!("what stands before record {seq} of this branch is missing: send its whole chain");
            verdicts.push(not_taken((author, seq), &why));
            Ok(())
        }
        Err(Refused::Fork { seq, branch, .. }) => {
            verdicts.push(Verdict { author, seq, code: FORKED, note: "this history exists twice".into() });
            keep_branch(desk, author, &branch)
        }
        Err(refused) => {
            verdicts.push(not_taken(place, &refused.to_string()));
            Ok(())
        }
    }
}

/// Whether a branch goes on from something that is held. Its end would else stand for records that nobody has.
fn joins(desk: &mut Desk<'_>, branch: &[Record]) -> Result<bool, StoreError> {
    let Some(first) = branch.first() else { return Ok(false) };
    let before = first.seq.saturating_sub(1);
    let is_at_root =
        before == 0 || log::hash_at(desk.tx, desk.log, &first.author, before)? == Some(first.prev);
    Ok(is_at_root || beside::holds(desk.tx, desk.log, first.author, first.prev)?)
}

/// A branch longer than a page, and longer than what is held of the other one: the rest of it joins its beginning.
fn goes_on_with_branch(desk: &mut Desk<'_>, run: &Run) -> Result<Option<Vec<Record>>, CoreRefusal> {
    let Some(known) = log::known(desk.tx, desk.log, &run.author)? else { return Ok(None) };
    if !beside::holds(desk.tx, desk.log, run.author, run.prev)? {
        return Ok(None);
    }
    let head = Head { seq: run.first_seq - 1, hash: run.prev };
    let accepted = accept(Some(&KnownAuthor { head, ..known }), desk.log, run.clone(), |_| None);
    Ok(accepted.ok().map(|accepted| accepted.records))
}

/// Keeps a run's records. What the role forbids, or what would damage a document, is parked: its body is set
/// aside here and travels on as a hash, so the chain stays whole.
fn keep_checked(
    desk: &mut Desk<'_>,
    author: AuthorId,
    role: Option<Role>,
    accepted: Accepted,
    verdicts: &mut Vec<Verdict>,
) -> Result<(), CoreRefusal> {
    let mut parked = Vec::new();
    let mut records = accepted.records;
    for record in &mut records {
        let is_behind = !parked.is_empty() && desk.core.weak(Sabotage::ParksNeighbours);
        let wrong = wrong_with(record, role).or_else(|| is_behind.then_some(ParkCode::RoleForbids));
        let Some(code) = wrong else { continue };
        set_aside(desk, record)?;
        parked.push((record.author, record.seq, code));
        record.body = record.body.withheld();
    }
    let before = desk.position();
    let projected = desk.keep(&records)?;
    note_taken(desk, before, &records)?;
    for (author, seq, code) in projected.parked {
        withhold(desk, &mut records, (author, seq))?;
        parked.push((author, seq, code));
    }
    // After a restore the server's own word may be here before the record that it is about.
    for place in projected.withheld {
        withhold(desk, &mut records, place)?;
    }
    settle::hear_counts(desk, &records)?;
    count_demand(desk, author, &records)?;
    paid_twice::tell(desk, author, &records)?;
    refunds::answer(desk, author, &records)?;
    swaps::hear(desk, author, &records)?;
    transfers::hear(desk, author, &records)?;
    for (author, seq, code) in parked {
        let note = code.sentence().to_string();
        verdicts.push(Verdict { author, seq, code: code.number(), note: note.clone() });
        desk.write([RecordParked { author, seq, code: code.number(), note }.into()])?;
    }
    Ok(())
}

/// What people are told of is as old as it is known here, whatever a device's clock says. After a restore devices bring again what was
/// taken before: when that was, only they can say.
fn note_taken(desk: &mut Desk<'_>, before: u64, records: &[Record]) -> Result<(), CoreRefusal> {
    if !records.iter().any(|record| messages::is_told(record.kind)) || read::stall_frozen(desk.tx, desk.log)?
    {
        return Ok(());
    }
    let place = (before + 1, desk.position());
    Ok(messages::note_taken(desk.tx, desk.log, place, desk.now.now_ms)?)
}

/// What a look at a record alone finds wrong.
fn wrong_with(record: &Record, role: Option<Role>) -> Option<ParkCode> {
    let Body::Here(body) = &record.body else { return None };
    if let Some(kind) = Kind::from_number(record.kind) {
        let may = role.is_some_and(|role| role.may_write(kind));
        return (!may).then_some(ParkCode::RoleForbids);
    }
    if !(KIND_CHANGE_FIRST..=KIND_CHANGE_LAST).contains(&record.kind) {
        return None;
    }
    let is_order = record.kind == change_kind(DocumentKind::OpenOrder);
    if !role.is_some_and(|role| role.may_edit_catalogue() || is_order) {
        return Some(ParkCode::RoleForbids);
    }
    let Ok(body) = ChangeBody::from_bytes(body) else { return Some(ParkCode::Undecodable) };
    let scanned = prescan(&body.change, &record.author, &Limits::STANDARD);
    scanned.is_err().then_some(ParkCode::ChangeRefused)
}

fn set_aside(desk: &mut Desk<'_>, record: &Record) -> Result<(), StoreError> {
    let Body::Here(body) = &record.body else { return Ok(()) };
    desk.tx.execute(
        "insert into set_aside (log, author, seq, body) values ($1, $2, $3, $4)
         on conflict (log, author, seq) do nothing",
        params![desk.log, record.author, record.seq, body],
    )?;
    Ok(())
}

/// Of a record that was just kept, so that nothing follows from it any more.
fn withhold(
    desk: &mut Desk<'_>,
    records: &mut [Record],
    (author, seq): (AuthorId, u64),
) -> Result<(), CoreRefusal> {
    let Some(record) = records.iter_mut().find(|record| record.author == author && record.seq == seq) else {
        return Ok(());
    };
    set_aside(desk, record)?;
    log::withhold(desk.tx, desk.log, &author, seq)?;
    record.body = record.body.withheld();
    Ok(())
}

/// A copied device: its author is closed, and what either copy sold is a fact.
fn keep_branch(desk: &mut Desk<'_>, author: AuthorId, branch: &[Record]) -> Result<(), CoreRefusal> {
    let mut sold: Vec<(ProductId, i64)> = Vec::new();
    let mut fresh = false;
    let is_first = !beside::holds_any(desk.tx, desk.log, author)?;
    for record in branch {
        let is_new = beside::keep(desk.tx, record)?;
        fresh |= is_new;
        let entry = Kind::from_number(record.kind)
            .zip(record.body.bytes())
            .and_then(|(kind, body)| Entry::from_body(kind, body).ok());
        if let (true, Some((_, Entry::SaleMade(sale)))) = (is_new, entry) {
            sold.extend(sale.lines.iter().filter_map(|line| line.product.map(|p| (p, line.quantity))));
        }
    }
    if !fresh {
        return Ok(());
    }
    if is_first {
        close_forked(desk, author)?;
    }
    settle::quarantine(desk)?;
    for (product, quantity) in sold.into_iter().filter(|(_, quantity)| *quantity > 0) {
        let set_apart = Account::Quarantine(author);
        let covered = read::balance(desk.tx, desk.log, product, set_apart)?.clamp(0, quantity);
        let moves = [(set_apart, covered), (Account::Deficit, quantity - covered)];
        let moves = moves.into_iter().filter(|(_, quantity)| *quantity > 0);
        let moves = moves.map(|(from, quantity)| Move { product, from, to: Account::Sold, quantity });
        let reason = "sold by a copy of the device".into();
        desk.write([StockMoved { cause: MoveCause::OtherBranch, moves: moves.collect(), reason }.into()])?;
    }
    Ok(())
}

/// Whoever wrote as this author writes nothing more that counts, and a person hears of it.
fn close_forked(desk: &mut Desk<'_>, author: AuthorId) -> Result<(), CoreRefusal> {
    let incident = desk.id();
    desk.write([
        DeviceRevoked { author, reason: "its history exists twice: the device was copied".into() }.into(),
        IncidentRaised {
            incident,
            kind: IncidentKind::Fork,
            author: Some(author),
            product: None,
            quantity: 0,
            orders: vec![],
        }
        .into(),
    ])
}

/// Remembers who sells what and who gave what back unasked, for sharing out.
fn count_demand(desk: &mut Desk<'_>, author: AuthorId, records: &[Record]) -> Result<(), CoreRefusal> {
    for record in records {
        let kind = Kind::from_number(record.kind)
            .filter(|kind| matches!(kind, Kind::SaleMade | Kind::ShareReturned));
        let (Some(kind), Some(body)) = (kind, record.body.bytes()) else { continue };
        match Entry::from_body(kind, body) {
            Ok((_, Entry::SaleMade(sale))) => {
                for product in sale.lines.iter().filter_map(|line| line.product) {
                    sharing::note_demand(desk, product, author)?;
                }
            }
            Ok((_, Entry::ShareReturned(share))) if share.recall.is_none() => {
                sharing::note_given_back(desk, (share.product, author), share.quantity)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn not_taken((author, seq): (AuthorId, u64), why: &str) -> Verdict {
    let mut note = why.to_string();
    while note.len() > NOTE_BYTES_MAX {
        note.pop();
    }
    Verdict { author, seq, code: NOT_TAKEN, note }
}

/// Under the weakened rule that a repeated return counts again.
#[cfg(feature = "sabotage")]
fn count_again(desk: &mut Desk<'_>, run: &Run) -> Result<(), CoreRefusal> {
    let head = log::head(desk.tx, desk.log, &run.author)?.map_or(0, |head| head.seq);
    for record in run.clone().into_records(desk.log).into_iter().filter(|record| record.seq <= head) {
        let Some(body) = record.body.bytes() else { continue };
        if record.kind != Kind::ShareReturned.number() {
            continue;
        }
        let Ok((_, Entry::ShareReturned(share))) = Entry::from_body(Kind::ShareReturned, body) else {
            continue;
        };
        for (account, quantity) in [(Account::Pool, share.quantity), (Account::Supply, -share.quantity)] {
            let (kind, whose) = account.parts();
            desk.tx.execute(
                "insert into balance (log, product, account, whose, quantity) values ($1, $2, $3, $4, $5)
                 on conflict (log, product, account, whose)
                 do update set quantity = balance.quantity + excluded.quantity",
                params![desk.log, share.product, kind, whose, quantity],
            )?;
        }
    }
    Ok(())
}
