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
use crate::server::{Mailed, Unanswered};

/// Receipts that wait at once: more than a day without a network brings.
const WAITING_MAX: i64 = 500;
/// Receipts that one look takes along.
const PORTION: usize = 20;
/// How long an address is kept for a stall that has no connection.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// What a sale's page shows of one sale.
const SHOWN_MAX: usize = 10;
const STATES: &[(MailedState, u8)] =
    &[(MailedState::Waiting, 1), (MailedState::Sent, 2), (MailedState::Refused, 3)];

const WAYS: &[(MailedWay, u8)] = &[(MailedWay::Mail, 1), (MailedWay::Text, 2)];

fn number(state: MailedState) -> u8 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

fn way_number(way: MailedWay) -> u8 {
    WAYS.iter().find(|(known, _)| *known == way).map_or(0, |(_, number)| *number)
}

fn way(number: u8) -> Result<MailedWay, StoreError> {
    let known = WAYS.iter().find(|(_, known)| *known == number).map(|(way, _)| *way);
    known.ok_or_else(|| StoreError::Corrupt("a way of a sent receipt is unknown".into()))
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
        let waiting = number(MailedState::Waiting);
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
                    way_number(way),
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

    /// Asks for each receipt that waits, the oldest first. One that cannot leave keeps no other waiting.
    pub(crate) async fn send_mailed(&self) -> Result<Option<Waits>, Undone> {
        let before_ms = self.now().at_ms - KEPT_MS;
        for late in self.read(|tx| unsent(tx, Some(before_ms)))? {
            self.receipt_became(&late, (MailedState::Refused, "there was no connection for 30 days"))?;
        }
        let mut waits = None;
        for unsent in self.read(|tx| unsent(tx, None))? {
            match self.send_receipt(&unsent).await? {
                Ok(None) => waits = Some(Waits::ForServer),
                Ok(Some((state, because))) => self.receipt_became(&unsent, (state, &because))?,
                Err(Waits::ForServer) => return Ok(Some(Waits::ForServer)),
                Err(Waits::ForPerson) => waits = waits.or(Some(Waits::ForPerson)),
            }
        }
        Ok(waits)
    }

    /// What became of it; nothing yet if it is under way or too early.
    async fn send_receipt(
        &self,
        unsent: &Unsent,
    ) -> Result<Result<Option<(MailedState, String)>, Waits>, Undone> {
        let Ok(link) = self.connected(unsent.stall) else { return Ok(Err(Waits::ForPerson)) };
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
        let mut answer = server.mail_receipt(&mailed, &link.access_token).await;
        if let Err(Unanswered::NoAccess(_)) = &answer {
            let Ok(link) = self.refresh(&server, unsent.stall).await else {
                return Ok(Err(Waits::ForServer));
            };
            answer = server.mail_receipt(&mailed, &link.access_token).await;
        }
        Ok(match answer {
            Ok(said) if said.state == "waiting" => Ok(None),
            Ok(said) if said.state == "sent" => Ok(Some((MailedState::Sent, String::new()))),
            Ok(said) => Ok(Some((MailedState::Refused, said.reason))),
            Err(Unanswered::Later { .. }) => Ok(None),
            Err(Unanswered::NoAnswer(_)) => Err(Waits::ForServer),
            Err(Unanswered::NoAccess(_)) => Err(Waits::ForPerson),
            Err(Unanswered::Refused { sentence, .. }) => Ok(Some((MailedState::Refused, sentence))),
        })
    }

    fn receipt_became(&self, it: &Unsent, (state, because): (MailedState, &str)) -> Result<(), Undone> {
        self.write(|tx| {
            tx.run(
                "update own_mailed_receipt set state = $2, because = $3, address = '' where request = $1",
                params![it.request, number(state), because],
            )
        })?;
        // Nobody got it, so what is printed now may be the first.
        if state == MailedState::Refused {
            self.note_not_issued(it.stall, it.sale)?;
        }
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
        let known: u8 = row.number(0)?;
        let state = STATES.iter().find(|(_, number)| *number == known).map(|(state, _)| *state);
        let state =
            state.ok_or_else(|| StoreError::Corrupt("a state of a mailed receipt is unknown".into()))?;
        Ok(MailedRow { way: way(row.number(3)?)?, state, because: row.text(1)?.into(), at_ms: row.int(2)? })
    };
    rows.iter().map(one).collect()
}

/// The oldest that can leave now, or the oldest that waited since before a moment. Those of a stall that has no connection keep none
/// of another waiting.
fn unsent(tx: &mut dyn Tx, before_ms: Option<i64>) -> Result<Vec<Unsent>, StoreError> {
    let which = match before_ms {
        Some(_) => "at_ms < $2",
        None => "at_ms >= $2 and log in (select log from own_link where refresh_token <> '')",
    };
    let rows = tx.query(
        &format!(
            "select request, log, sale, address, language, is_copy, way from own_mailed_receipt
             where state = $1 and {which} order by at_ms, request limit $3"
        ),
        params![number(MailedState::Waiting), before_ms.unwrap_or(i64::MIN), PORTION],
    )?;
    let one = |row: &Row| {
        Ok(Unsent {
            request: row.id(0)?,
            stall: row.id(1)?,
            sale: SaleId(row.id(2)?),
            way: way(row.number(6)?)?,
            address: row.text(3)?.into(),
            language: row.text(4)?.into(),
            is_copy: row.bool(5)?,
        })
    };
    rows.iter().map(one).collect()
}
