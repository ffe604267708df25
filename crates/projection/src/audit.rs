//! Which records somebody may want to look into: all that moves money, goods or rights and is not a plain sale. A row names
//! the record and what of it is to be looked into; what it says is read from there.

use soko_domain::entry::{DrawerMoved, Entry, FillCause, Kind, ProgramAct, SaleMade, Stamp};
use soko_domain::ids::{AuthorId, LogId, PersonId};
use soko_record_log::{Param, StoreError, ToParam as _, Tx, log, params};

use crate::book::Book;
use crate::ledger::Place;
use crate::project::Touched;

soko_domain::wire_choice! {
    /// What of a record is to be looked into: one record may say several things that are looked for apart.
    pub enum Facet {
        /// All of it.
        Whole = 0,
        /// A sale's discounts.
        Discount = 1,
        /// More was sold than the register held.
        BeyondShare = 2,
        /// A sale's lines that are no product's.
        CustomAmount = 3,
        /// Money that left the drawer, not money that was put in.
        PaidOut = 4,
        KeyEnded = 5,
        HookPut = 6,
        HookEnded = 7,
        HookSecretMade = 8,
    }
}

pub(crate) fn note(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let approved_by = stamp.approval.as_ref().map(|approval| approval.by);
    for facet in facets(stamp, entry) {
        touched.audit = true;
        book.tx.run(
            "insert into audit_row (log, author, seq, facet, kind, at_ms, business_day, person, approved_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (log, author, seq, facet) do nothing",
            params![
                place.log,
                place.author,
                place.seq,
                facet.number(),
                entry.kind().number(),
                stamp.at_ms,
                stamp.business_day,
                stamp.by,
                approved_by
            ],
        )?;
    }
    Ok(())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever comes later is looked into where it was allowed"
)]
fn facets(stamp: &Stamp, entry: &Entry) -> Vec<Facet> {
    match entry {
        Entry::SaleMade(sale) => of_sale(stamp, sale),
        Entry::DrawerMoved(DrawerMoved { amount_minor, .. }) if *amount_minor < 0 => vec![Facet::PaidOut],
        Entry::ProgramActed(acted) => vec![match acted.act {
            ProgramAct::KeyMade => Facet::Whole,
            ProgramAct::KeyEnded => Facet::KeyEnded,
            ProgramAct::HookPut => Facet::HookPut,
            ProgramAct::HookEnded => Facet::HookEnded,
            ProgramAct::HookSecretMade => Facet::HookSecretMade,
        }],
        Entry::PurseFilled(filled) if filled.cause == FillCause::Given => vec![Facet::Whole],
        // Said by the sale behind it.
        Entry::TabPaid(_) | Entry::CostsNoted(_) => Vec::new(),
        Entry::ShiftOpened(_)
        | Entry::ShiftClosed(_)
        | Entry::SaleVoided(_)
        | Entry::LinesTakenOff(_)
        | Entry::LinesRepriced(_)
        | Entry::RefundMade(_)
        | Entry::DrawerMoved(_)
        | Entry::DrawerOpened(_)
        | Entry::DrawerCounted(_)
        | Entry::StockCounted(_)
        | Entry::StockAdjusted(_)
        | Entry::StockReceived(_)
        | Entry::DeviceAdmitted(_)
        | Entry::DeviceRevoked(_)
        | Entry::PersonPut(_)
        | Entry::PersonErased(_)
        | Entry::LimitsPut(_)
        | Entry::LoyaltyPut(_)
        | Entry::PriceRulePut(_)
        | Entry::CouponPut(_)
        | Entry::PriceMoved(_)
        | Entry::PricesSet(_)
        | Entry::RivalsSeen(_)
        | Entry::RivalSourcePut(_)
        | Entry::RivalsFetched(_)
        | Entry::CustomerErased(_)
        | Entry::IncidentSettled(_)
        | Entry::OrderBackAsked(_)
        | Entry::OrderRefundAsked(_)
        | Entry::OrderCashGiven(_)
        | Entry::OrderTransferCame(_)
        | Entry::OrderSentBack(_) => vec![Facet::Whole],
        _ => whole_if_allowed(stamp),
    }
}

fn whole_if_allowed(stamp: &Stamp) -> Vec<Facet> {
    if stamp.approval.is_some() { vec![Facet::Whole] } else { Vec::new() }
}

/// A plain sale has none; what a manager allowed of one that is otherwise plain is looked into as a whole.
fn of_sale(stamp: &Stamp, sale: &SaleMade) -> Vec<Facet> {
    let has = [
        (sale.lines.iter().any(|line| line.discount_minor != 0), Facet::Discount),
        (sale.lines.iter().any(|line| line.beyond_share != 0), Facet::BeyondShare),
        (sale.lines.iter().any(|line| line.product.is_none()), Facet::CustomAmount),
    ];
    let facets: Vec<Facet> = has.into_iter().filter(|(is_so, _)| *is_so).map(|(_, facet)| facet).collect();
    if facets.is_empty() { whole_if_allowed(stamp) } else { facets }
}

/// Which kinds of things to look for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AuditKinds {
    All,
    One(Kind, Facet),
    /// Whatever is none of these.
    But(Vec<Kind>),
}

/// Where a row stands among all; the latest are the highest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AuditPlace {
    pub at_ms: i64,
    pub author: AuthorId,
    pub seq: u64,
    pub facet: Facet,
}

/// Which rows to read.
#[derive(Clone, Debug)]
pub struct AuditFilter {
    pub person: Option<PersonId>,
    pub business_day: Option<i32>,
    pub kinds: AuditKinds,
    /// Only what stands before this.
    pub before: Option<AuditPlace>,
}

/// A row; `said` is nothing where the record's body was taken out.
pub struct AuditFound {
    pub place: AuditPlace,
    pub kind: Kind,
    pub person: Option<PersonId>,
    pub approved_by: Option<PersonId>,
    pub said: Option<(Stamp, Entry)>,
}

/// Latest first, so many at most.
pub fn rows(
    tx: &mut dyn Tx,
    log: LogId,
    filter: &AuditFilter,
    limit: usize,
) -> Result<Vec<AuditFound>, StoreError> {
    let mut found = Vec::new();
    match filter.person {
        None => found.extend(page(tx, log, (filter, None), limit)?),
        // Whoever did it and whoever allowed it are two indexes; the page is what both have first.
        Some(person) => {
            for column in ["person", "approved_by"] {
                found.extend(page(tx, log, (filter, Some((column, person))), limit)?);
            }
            found.sort_unstable_by_key(|row| std::cmp::Reverse(row.place));
            found.dedup_by(|one, other| one.place == other.place);
            found.truncate(limit);
        }
    }
    for row in &mut found {
        let record = log::record_at(tx, log, &row.place.author, row.place.seq)?;
        let body = record.as_ref().and_then(|record| record.body.bytes());
        row.said = body.and_then(|body| Entry::from_body(row.kind, body).ok());
    }
    Ok(found)
}

/// Where an author last said such a thing, in its own chain; before all where it never did.
pub fn last_said(tx: &mut dyn Tx, (log, author): (LogId, AuthorId), kind: Kind) -> Result<u64, StoreError> {
    let sql = "select coalesce(max(seq), 0) from audit_row where log = $1 and author = $2 and kind = $3";
    tx.query_one(sql, params![log, author, kind.number()])?.number(0)
}

fn page(
    tx: &mut dyn Tx,
    log: LogId,
    (filter, by): (&AuditFilter, Option<(&str, PersonId)>),
    limit: usize,
) -> Result<Vec<AuditFound>, StoreError> {
    let mut wanted = Wanted { conditions: String::new(), params: vec![log.to_param(), limit.to_param()] };
    if let Some((column, person)) = &by {
        wanted.add(column, "=", &[person.to_param()]);
    }
    if let Some(day) = &filter.business_day {
        wanted.add("business_day", "=", &[day.to_param()]);
    }
    match &filter.kinds {
        AuditKinds::All => {}
        AuditKinds::One(kind, facet) => {
            wanted.add("kind", "=", &[int(kind.number())]);
            wanted.add("facet", "=", &[int(facet.number())]);
        }
        AuditKinds::But(kinds) => {
            kinds.iter().for_each(|kind| wanted.add("kind", "<>", &[int(kind.number())]));
        }
    }
    if let Some(AuditPlace { at_ms, author, seq, facet }) = &filter.before {
        let place = [at_ms.to_param(), author.to_param(), seq.to_param(), int(facet.number())];
        wanted.add("(at_ms, author, seq, facet)", "<", &place);
    }
    let Wanted { conditions, params } = wanted;
    let rows = tx.query(
        &format!(
            "select at_ms, author, seq, facet, kind, person, approved_by from audit_row where log = $1{conditions}
             order by at_ms desc, author desc, seq desc, facet desc limit $2"
        ),
        &params,
    )?;
    let found = |row: &soko_record_log::Row| -> Result<AuditFound, StoreError> {
        let facet = Facet::from_number(row.number(3)?).ok_or_else(|| odd("what of an entry"))?;
        Ok(AuditFound {
            place: AuditPlace { at_ms: row.int(0)?, author: row.id(1)?, seq: row.number(2)?, facet },
            kind: Kind::from_number(row.number(4)?).ok_or_else(|| odd("a kind of entry"))?,
            person: row.id_opt::<[u8; 16]>(5)?.map(PersonId),
            approved_by: row.id_opt::<[u8; 16]>(6)?.map(PersonId),
            said: None,
        })
    };
    rows.iter().map(found).collect()
}

fn int(number: impl Into<i64>) -> Param<'static> {
    Param::Int(number.into())
}

fn odd(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} is none that this program knows"))
}

/// Conditions with their values.
struct Wanted<'a> {
    conditions: String,
    params: Vec<Param<'a>>,
}

impl<'a> Wanted<'a> {
    fn add(&mut self, what: &str, how: &str, values: &[Param<'a>]) {
        let places: Vec<String> = values
            .iter()
            .map(|value| {
                self.params.push(*value);
                format!("${}", self.params.len())
            })
            .collect();
        let places = places.join(", ");
        let wanted = if values.len() > 1 { format!("({places})") } else { places };
        self.conditions.push_str(&format!(" and {what} {how} {wanted}"));
    }
}
