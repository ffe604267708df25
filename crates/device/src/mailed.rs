//! Receipts that a customer gets by mail or by text. Asked for at the counter and kept here, with the address, until there is a connection; then the
//! stall's server is asked, by the same request as often as it takes, until it says what became of it. The address is in no record, and
//! is forgotten with the answer.

use soko_app_api::{MailedRow, MailedState, MailedView, MailedWay, PaperReply, Query, View};
use soko_domain::email::is_email;
use soko_domain::ids::{LogId, SaleId, ThingId};
use soko_domain::telephone::Telephone;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::buyer::Waits;
use crate::device::Device;
use crate::failure::Undone;
use crate::link::Link;
use crate::server::{Mailed, MailedNow, Unanswered};

/// Receipts that wait at once: more than a day without a network brings.
const WAITING_MAX: i64 = 500;
/// Receipts of one stall that one look takes along.
const PORTION: usize = 20;
/// How long until the server is asked again whether one left that waits there. It grows with each answer, up to the longest.
const ASK_FIRST_MS: i64 = 2_000;
const ASK_LONGEST_MS: i64 = 15 * 60_000;
/// After so many answers the wait of a server that is busy, or says nothing that can be read, grows no further.
const BUSY_TRIES_MAX: u32 = 5;
/// Longest wait that a server may ask for. What is due later than that was written down by a clock that was wrong.
const ASKED_LONGEST_MS: i64 = 24 * 3_600_000;
/// How long an address is kept for a stall that has no connection.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// What a sale's page shows of one sale.
const SHOWN_MAX: usize = 10;
const STATES: &[(MailedState, u8)] =
    &[(MailedState::Waiting, 1), (MailedState::Sent, 2), (MailedState::Refused, 3)];

const WAYS: &[(MailedWay, u8)] = &[(MailedWay::Mail, 1), (MailedWay::Text, 2)];

/// As the table has it.
fn number<T: PartialEq>(all: &[(T, u8)], it: T) -> u8 {
    all.iter().find(|(known, _)| *known == it).map_or(0, |(_, number)| *number)
}

/// What a number of the table means.
fn of_number<T: Copy>(all: &[(T, u8)], number: u8) -> Result<T, StoreError> {
    let known = all.iter().find(|(_, known)| *known == number).map(|(it, _)| *it);
    known.ok_or_else(|| StoreError::Corrupt("a state or way of a sent receipt is unknown".into()))
}

/// A receipt whose server did not say yet that it left.
struct Unsent {
    request: ThingId,
    stall: LogId,
    sale: SaleId,
    way: MailedWay,
    address: String,
    language: String,
    is_copy: bool,
    /// How often it was asked for lately and not decided.
    tries: u32,
    /// Its request may have reached the server.
    may_be_there: bool,
}

/// What an answer means for a receipt.
enum Heard {
    Became(MailedState, String),
    /// It waits there.
    Waiting,
    /// The server is busy, for so many milliseconds at least.
    Busy(i64),
    /// Nothing: whatever became of it.
    Silence,
    Waits(Waits),
}

impl Device {
    /// Keeps a wish for a receipt. The sale is looked up first: nothing is sent of a sale that is not on the disk.
    pub(crate) fn mail_receipt(
        &self,
        (stall, sale): (LogId, SaleId),
        (way, typed): (MailedWay, &str),
        language: &str,
    ) -> Result<PaperReply, Undone> {
        let receipt = self.receipt_view(stall, sale)?;
        let address = address(way, typed, &receipt.sale.row.currency)?;
        let is_copy = receipt.is_copy;
        let (request, at_ms) = (self.random_id(), self.now().at_ms);
        let waiting = number(STATES, MailedState::Waiting);
        let is_kept = self.write(|tx| {
            let waits = tx.query_one("select count(*) from own_mailed_receipt where state = $1", params![waiting])?;
            if waits.int(0)? >= WAITING_MAX {
                return Ok(false);
            }
            tx.run(
                "insert into own_mailed_receipt (request, log, sale, way, address, language, is_copy, state, because, at_ms)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9)",
                params![
                    request,
                    stall,
                    sale,
                    number(WAYS, way),
                    address,
                    language,
                    i64::from(is_copy),
                    waiting,
                    at_ms
                ],
            )?;
            Ok(true)
        })?;
        if !is_kept {
            let sentence = format!("{WAITING_MAX} receipts wait for a connection: connect first");
            return Err(Undone::refused("mailed_full", sentence));
        }
        // What is given out later is a copy.
        self.note_issued(stall, sale)?;
        self.tell_device();
        self.orders.ring();
        self.mailed(stall, sale)
    }

    /// What was sent of a sale, and whereto somebody may want it.
    pub(crate) fn mailed(&self, stall: LogId, sale: SaleId) -> Result<PaperReply, Undone> {
        let rows = self.read(|tx| of_sale(tx, stall, sale))?;
        let (address, phone) = self.addresses_of(stall, sale)?;
        Ok(PaperReply::Mailed(MailedView { rows, address, phone }))
    }

    /// The mailbox and the telephone of the sale's customer, if somebody wrote them down.
    fn addresses_of(&self, stall: LogId, sale: SaleId) -> Result<(String, String), Undone> {
        let View::Sale(view) = self.ask(&Query::Sale { stall, sale })? else { return Ok(Default::default()) };
        let Some(customer) = view.customer else { return Ok(Default::default()) };
        let View::Customer(view) = self.ask(&Query::Customer { stall, customer })? else {
            return Ok(Default::default());
        };
        Ok((view.about.email, view.about.phone))
    }

    /// Asks for the receipts that were due at a moment, a portion of each stall, the oldest first. One that cannot leave keeps no other
    /// waiting, and neither does a stall whose server says nothing.
    pub(crate) async fn send_mailed(&self, looked_ms: i64) -> Result<Option<Waits>, Undone> {
        let late = self.read(|tx| late(tx, looked_ms - KEPT_MS))?;
        for it in &late {
            self.give_up(it)?;
        }
        let mut is_more = late.len() == PORTION;
        let mut waits = None;
        for stall in self.read(|tx| stalls_due(tx, looked_ms))? {
            let due = self.read(|tx| due(tx, stall, looked_ms))?;
            match self.send_each(&due).await? {
                None => is_more |= due.len() == PORTION,
                Some(Waits::ForServer) => waits = Some(Waits::ForServer),
                Some(waiting @ (Waits::ForPerson | Waits::Alone)) => waits = waits.or(Some(waiting)),
            }
        }
        if is_more {
            self.orders.ring();
        }
        Ok(waits)
    }

    /// How long until the first is due that was not yet due when somebody looked.
    pub(crate) fn mailed_wait_ms(&self, looked_ms: i64) -> Option<u64> {
        let next_ms = self.read(|tx| next_ms(tx, looked_ms)).unwrap_or_default()?;
        Some(u64::try_from(next_ms - self.now().at_ms).unwrap_or(0))
    }

    async fn send_each(&self, due: &[Unsent]) -> Result<Option<Waits>, Undone> {
        for unsent in due {
            match self.send_receipt(unsent).await? {
                Heard::Became(state, because) => self.receipt_became(unsent, (state, &because))?,
                Heard::Waiting => self.ask_again(unsent, (u32::MAX, 0))?,
                Heard::Busy(wait_ms) => self.ask_again(unsent, (BUSY_TRIES_MAX, wait_ms))?,
                Heard::Silence => {
                    // If it is this one that the server cannot answer, the others have their turn first.
                    self.ask_again(unsent, (BUSY_TRIES_MAX, 0))?;
                    return Ok(Some(Waits::ForServer));
                }
                Heard::Waits(waits) => return Ok(Some(waits)),
            }
        }
        Ok(None)
    }

    /// Asks for one, and hears what that means.
    async fn send_receipt(&self, unsent: &Unsent) -> Result<Heard, Undone> {
        let Ok(link) = self.connected(unsent.stall) else { return Ok(Heard::Waits(Waits::ForPerson)) };
        if !unsent.may_be_there {
            self.note_there(unsent, true)?;
        }
        let answer = self.ask_for(unsent, &link).await?;
        let is_not_there = matches!(&answer, Err(Unanswered::Unreached(_) | Unanswered::NoAccess(_)));
        if is_not_there && !unsent.may_be_there {
            self.note_there(unsent, false)?;
        }
        Ok(match answer {
            Ok(said) if said.state == "waiting" => Heard::Waiting,
            Ok(said) if said.state == "sent" => Heard::Became(MailedState::Sent, String::new()),
            Ok(said) => Heard::Became(MailedState::Refused, said.reason),
            Err(Unanswered::Later { after_s, .. }) => {
                let asked_ms = i64::try_from(after_s).unwrap_or(i64::MAX).saturating_mul(1_000);
                Heard::Busy(asked_ms.min(ASKED_LONGEST_MS))
            }
            Err(Unanswered::NoAnswer(_)) => Heard::Silence,
            Err(Unanswered::Unreached(_)) => Heard::Waits(Waits::ForServer),
            Err(Unanswered::NoAccess(_) | Unanswered::Expired(_)) => Heard::Waits(Waits::ForPerson),
            Err(Unanswered::Refused { sentence, .. }) => Heard::Became(MailedState::Refused, sentence),
        })
    }

    /// With fresh access if the old one has ended.
    async fn ask_for(&self, unsent: &Unsent, link: &Link) -> Result<Result<MailedNow, Unanswered>, Undone> {
        let server = self.server_at(&link.server)?;
        let mailed = Mailed {
            stall: unsent.stall,
            sale: unsent.sale,
            request: unsent.request,
            way: unsent.way,
            address: &unsent.address,
            language: &unsent.language,
            is_copy: unsent.is_copy,
        };
        let answer = server.mail_receipt(&mailed, &link.access_token).await;
        if !matches!(&answer, Err(Unanswered::NoAccess(_))) {
            return Ok(answer);
        }
        match self.refresh(&server, unsent.stall).await {
            Ok(link) => Ok(server.mail_receipt(&mailed, &link.access_token).await),
            // Of the receipt, nothing was asked.
            Err(_) => Ok(Err(Unanswered::Unreached("there is no access".into()))),
        }
    }

    /// Noted before it is asked for: whoever dies meanwhile does not know.
    fn note_there(&self, it: &Unsent, may_be_there: bool) -> Result<(), Undone> {
        self.write(|tx| {
            let sql = "update own_mailed_receipt set may_be_there = $2 where request = $1";
            tx.run(sql, params![it.request, i64::from(may_be_there)])
        })
    }

    /// Later, and later each time, up to so many tries; no sooner than asked.
    fn ask_again(&self, it: &Unsent, (tries_max, least_ms): (u32, i64)) -> Result<(), Undone> {
        let tries = it.tries.min(tries_max);
        let grown_ms = (ASK_FIRST_MS << tries.min(20)).min(ASK_LONGEST_MS);
        let next_ms = self.now().at_ms + grown_ms.max(least_ms);
        self.write(|tx| {
            let sql = "update own_mailed_receipt set next_ms = $2, tries = $3 where request = $1";
            tx.run(sql, params![it.request, next_ms, i64::from(tries.saturating_add(1).min(tries_max))])
        })
    }

    /// It waited for too long. What the server may have taken may have been sent: then what is printed now is no original.
    fn give_up(&self, it: &Unsent) -> Result<(), Undone> {
        if !it.may_be_there {
            return self.receipt_became(it, (MailedState::Refused, "there was no connection for 30 days"));
        }
        self.keep_state(it, (MailedState::Refused, "the server did not say for 30 days whether it left"))
    }

    fn receipt_became(&self, it: &Unsent, (state, because): (MailedState, &str)) -> Result<(), Undone> {
        self.keep_state(it, (state, because))?;
        // Nobody got it, so what is printed now may be the first.
        if state == MailedState::Refused {
            self.note_not_issued(it.stall, it.sale)?;
        }
        Ok(())
    }

    fn keep_state(&self, it: &Unsent, (state, because): (MailedState, &str)) -> Result<(), Undone> {
        self.write(|tx| {
            tx.run(
                "update own_mailed_receipt set state = $2, because = $3, address = '' where request = $1",
                params![it.request, number(STATES, state), because],
            )
        })?;
        self.tell_device();
        Ok(())
    }
}

/// As the server has it sent.
fn address(way: MailedWay, typed: &str, currency: &str) -> Result<String, Undone> {
    match way {
        MailedWay::Mail if is_email(typed.trim()) => Ok(typed.trim().into()),
        MailedWay::Mail => {
            let sentence = "this is no e-mail address: it needs the form name@host";
            Err(Undone::refused("email_unreadable", sentence))
        }
        MailedWay::Text => {
            let number = Telephone::read_at(typed, currency);
            let number = number.map_err(|none| Undone::refused("telephone_unreadable", none.to_string()))?;
            Ok(number.as_str().into())
        }
    }
}

fn of_sale(tx: &mut dyn Tx, stall: LogId, sale: SaleId) -> Result<Vec<MailedRow>, StoreError> {
    let rows = tx.query(
        "select state, because, at_ms, way from own_mailed_receipt where log = $1 and sale = $2
         order by at_ms desc, request limit $3",
        params![stall, sale, SHOWN_MAX],
    )?;
    let one = |row: &Row| {
        let (state, way) = (of_number(STATES, row.number(0)?)?, of_number(WAYS, row.number(3)?)?);
        Ok(MailedRow { way, state, because: row.text(1)?.into(), at_ms: row.int(2)? })
    };
    rows.iter().map(one).collect()
}

/// Receipts of a stall of which nobody knows yet whether they left.
pub(crate) fn waiting(tx: &mut dyn Tx, stall: LogId) -> Result<u32, StoreError> {
    let sql = "select count(*) from own_mailed_receipt where state = $1 and log = $2";
    tx.query_one(sql, params![number(STATES, MailedState::Waiting), stall])?.number(0)
}

/// Of stalls that have a connection; those of another one keep none of theirs waiting.
const CAN_LEAVE: &str = "state = $1 and log in (select log from own_link where refresh_token <> '')";

/// The stalls of which something is due, those first that wait longest.
fn stalls_due(tx: &mut dyn Tx, now_ms: i64) -> Result<Vec<LogId>, StoreError> {
    let rows = tx.query(
        &format!(
            "select log from own_mailed_receipt where {CAN_LEAVE} and (next_ms <= $2 or next_ms > $3)
             group by log order by min(at_ms), log"
        ),
        params![number(STATES, MailedState::Waiting), now_ms, now_ms.saturating_add(ASKED_LONGEST_MS)],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// The oldest of a stall that are due.
fn due(tx: &mut dyn Tx, stall: LogId, now_ms: i64) -> Result<Vec<Unsent>, StoreError> {
    let rows = tx.query(
        &format!(
            "select {UNSENT} from own_mailed_receipt
             where state = $1 and log = $2 and (next_ms <= $3 or next_ms > $4) order by at_ms, request limit $5"
        ),
        params![
            number(STATES, MailedState::Waiting),
            stall,
            now_ms,
            now_ms.saturating_add(ASKED_LONGEST_MS),
            PORTION
        ],
    )?;
    rows.iter().map(read_unsent).collect()
}

/// Those that wait since before a moment.
fn late(tx: &mut dyn Tx, before_ms: i64) -> Result<Vec<Unsent>, StoreError> {
    let rows = tx.query(
        &format!(
            "select {UNSENT} from own_mailed_receipt where state = $1 and at_ms < $2
             order by at_ms, request limit $3"
        ),
        params![number(STATES, MailedState::Waiting), before_ms, PORTION],
    )?;
    rows.iter().map(read_unsent).collect()
}

/// When the first is due that was not due at a moment.
fn next_ms(tx: &mut dyn Tx, looked_ms: i64) -> Result<Option<i64>, StoreError> {
    let sql = format!("select min(next_ms) from own_mailed_receipt where {CAN_LEAVE} and next_ms > $2");
    tx.query_one(&sql, params![number(STATES, MailedState::Waiting), looked_ms])?.int_opt(0)
}

const UNSENT: &str = "request, log, sale, way, address, language, is_copy, tries, may_be_there";

fn read_unsent(row: &Row) -> Result<Unsent, StoreError> {
    Ok(Unsent {
        request: row.id(0)?,
        stall: row.id(1)?,
        sale: SaleId(row.id(2)?),
        way: of_number(WAYS, row.number(3)?)?,
        address: row.text(4)?.into(),
        language: row.text(5)?.into(),
        is_copy: row.bool(6)?,
        tries: row.number(7)?,
        may_be_there: row.bool(8)?,
    })
}
