//! The addresses of whoever uses this device: kept here, with or without an account, and brought together with what
//! their other devices say once somebody is signed in. They go to their own account, and with an order to its stall.

use soko_app_api::{AddressInput, AddressView, ContactView, Told};
use soko_domain::address_book::{ADDRESSES_MAX, EVER_MAX, Kept, Written, next_chosen, usual};
use soko_domain::ids::ThingId;
use soko_record_log::{Row, StoreError, Tx, params};

use super::sending::{Heard, Waits};
use super::{Tried, baskets, by_whom, likes, refused};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
use crate::server::{AddressesSaid, BookEntry};

/// Addresses that are sent at once, as the server takes them.
const AT_ONCE: usize = 10;

type Book = Vec<(ThingId, Kept)>;

pub(super) fn put(tx: &mut dyn Tx, whose: &str, address: ThingId, it: &AddressInput) -> Tried {
    let AddressInput { label, contact, is_usual } = it;
    let tidy = |text: &str| text.trim().to_owned();
    let written = Written {
        label: tidy(label),
        name: tidy(&contact.name),
        reach: tidy(&contact.reach),
        address: tidy(&contact.address),
    };
    if let Err(why) = written.check() {
        return Ok(Err(refused(why.code(), why.sentence())));
    }
    let book = book(tx, whose)?;
    let known = book.iter().find(|(id, _)| *id == address).map(|(_, kept)| kept);
    let there = book.iter().filter(|(_, kept)| kept.written.is_some()).count();
    let is_there = known.is_some_and(|kept| kept.written.is_some());
    if (!is_there && there >= ADDRESSES_MAX) || (known.is_none() && book.len() >= EVER_MAX) {
        return Ok(Err(refused("addresses_full", "so many addresses are kept and no more")));
    }
    let mut now = known.cloned().unwrap_or_default().edited(Some(written));
    // The first of all is the usual one without being asked.
    if (*is_usual && usual(&book) != Some(address)) || there == 0 {
        now.chosen = next_chosen(book.iter().map(|(_, kept)| kept));
    }
    if known != Some(&now) {
        keep(tx, whose, &BookEntry { address, kept: now }, false)?;
    }
    Ok(Ok(()))
}

/// One that is not here any more was taken out.
pub(super) fn remove(tx: &mut dyn Tx, whose: &str, address: ThingId) -> Result<(), StoreError> {
    let Some((_, known)) = book(tx, whose)?.into_iter().find(|(id, _)| *id == address) else {
        return Ok(());
    };
    if whose.is_empty() {
        // Nobody else has heard of it.
        return forget_one(tx, whose, address);
    }
    keep(tx, whose, &BookEntry { address, kept: known.edited(None) }, false)
}

/// Those that are there: the usual one first, the others by what they are called.
pub(super) fn views(tx: &mut dyn Tx, whose: &str) -> Result<Vec<AddressView>, StoreError> {
    let book = book(tx, whose)?;
    let usual = usual(&book);
    let mut views: Vec<AddressView> = Vec::new();
    for (address, kept) in book {
        let Some(Written { label, name, reach, address: goes_to }) = kept.written else { continue };
        let contact = ContactView { name, reach, address: goes_to };
        views.push(AddressView { address, label, contact, is_usual: usual == Some(address) });
    }
    views.sort_by(|one, other| {
        (!one.is_usual, &one.label, one.address).cmp(&(!other.is_usual, &other.label, other.address))
    });
    Ok(views)
}

/// An account that is no more has none.
pub(crate) fn forget(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    tx.execute("delete from own_address where whose = $1", params![whose])?;
    tx.execute("delete from own_address_seen where whose = $1", params![whose])?;
    Ok(())
}

impl Device {
    /// Tells the account which addresses are kept here, and hears what its other devices said.
    pub(super) async fn exchange_addresses(&self) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let Some(session) = own.session() else { return Ok(None) };
        let (server, whose) = (self.server_at(&own.server)?, likes::whose(&own));
        self.write(|tx| adopt(tx, &whose))?;
        loop {
            let (since, said) = self.read(|tx| Ok((seen(tx, &whose)?, unsent(tx, &whose)?)))?;
            let heard = match self.heard(&own, server.exchange_addresses(session, since, &said).await)? {
                Heard::Now(heard) => heard,
                Heard::Waits(waits) => return Ok(Some(waits)),
                Heard::Refused { .. } => {
                    // They stay on this device: asking again would be answered the same.
                    self.write(|tx| note_sent(tx, &whose, &said))?;
                    return Ok(None);
                }
            };
            if heard.email.to_lowercase() != own.email.to_lowercase() {
                self.is_called(&own, &heard.email)?;
                // What is kept under the new name goes there with the next look.
                self.orders.ring();
                return Ok(None);
            }
            if heard.up_to < since {
                // The server was restored and has forgotten: it is told everything again.
                self.write(|tx| begin_again(tx, &whose))?;
                continue;
            }
            if self.write(|tx| take(tx, &whose, &said, &heard))? {
                self.tell(&Told::Buyer);
            }
            if said.len() < AT_ONCE {
                return Ok(None);
            }
        }
    }
}

/// Where something stands under whoever was signed in.
const OF_SOMEBODY: [&str; 8] = [
    "own_like",
    "own_like_seen",
    "own_address",
    "own_address_seen",
    "interaction",
    "consent",
    "unwanted",
    "basket_line",
];

impl Device {
    /// The account has another mail address by now: what is kept under the old one is theirs all the same.
    fn is_called(&self, own: &Own, email: &str) -> Result<(), Undone> {
        // Whoever signed out meanwhile is nobody.
        if self.own()? != *own {
            return Ok(());
        }
        let now = Own { email: email.to_owned(), ..own.clone() };
        let (old, new) = (likes::whose(own), likes::whose(&now));
        self.write(|tx| {
            by_whom::forget(tx, &new)?;
            for table in OF_SOMEBODY.into_iter().chain(baskets::TABLES) {
                // Whoever had this address here before is another account, or none.
                tx.execute(&format!("delete from {table} where whose = $1"), params![new])?;
                tx.execute(&format!("update {table} set whose = $2 where whose = $1"), params![old, new])?;
            }
            // Whose it was before is on this device all the same.
            tx.execute("update own_order set whose = $2 where whose = $1", params![old, new])?;
            tx.execute("update own_device set email = $1", params![now.email])
        })?;
        self.tell_device();
        self.tell(&Told::Buyer);
        Ok(())
    }
}

/// What was kept before anybody was signed in is theirs who then did.
fn adopt(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    let guests = book(tx, "")?;
    if guests.is_empty() {
        return Ok(());
    }
    let own = book(tx, whose)?;
    let has_usual = usual(&own).is_some();
    for (address, guest) in guests {
        let known = own.iter().find(|(id, _)| *id == address).map(|(_, kept)| kept);
        // Whoever has a usual address keeps it.
        let guest = if has_usual { Kept { chosen: 0, ..guest } } else { guest };
        let kept = known.map_or(guest.clone(), |known| known.merged(&guest));
        if known != Some(&kept) {
            keep(tx, whose, &BookEntry { address, kept }, false)?;
        }
    }
    forget(tx, "")
}

/// Keeps what came; says whether anything is other than it was.
fn take(tx: &mut dyn Tx, whose: &str, said: &[BookEntry], heard: &AddressesSaid) -> Result<bool, StoreError> {
    note_sent(tx, whose, said)?;
    let book = book(tx, whose)?;
    let mut is_new = false;
    for BookEntry { address, kept: theirs } in &heard.entries {
        let ours = book.iter().find(|(id, _)| id == address).map(|(_, kept)| kept.clone());
        let now = ours.clone().unwrap_or_default().merged(theirs);
        if ours.as_ref() != Some(&now) {
            let is_sent = now == *theirs;
            keep(tx, whose, &BookEntry { address: *address, kept: now }, is_sent)?;
            is_new = true;
        }
    }
    tx.execute(
        "insert into own_address_seen (whose, version) values ($1, $2)
         on conflict (whose) do update set version = excluded.version",
        params![whose, heard.up_to],
    )?;
    Ok(is_new)
}

/// Unless somebody changed it meanwhile.
fn note_sent(tx: &mut dyn Tx, whose: &str, said: &[BookEntry]) -> Result<(), StoreError> {
    for BookEntry { address, kept } in said {
        tx.execute(
            "update own_address set is_sent = 1
             where whose = $1 and address = $2 and edits = $3 and chosen = $4",
            params![whose, *address, kept.edits, kept.chosen],
        )?;
    }
    Ok(())
}

fn begin_again(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    tx.execute("update own_address set is_sent = 0 where whose = $1", params![whose])?;
    tx.execute("delete from own_address_seen where whose = $1", params![whose])?;
    Ok(())
}

fn forget_one(tx: &mut dyn Tx, whose: &str, address: ThingId) -> Result<(), StoreError> {
    tx.execute("delete from own_address where whose = $1 and address = $2", params![whose, address])?;
    Ok(())
}

fn keep(tx: &mut dyn Tx, whose: &str, entry: &BookEntry, is_sent: bool) -> Result<(), StoreError> {
    let BookEntry { address, kept } = entry;
    let is_gone = kept.written.is_none();
    let Written { label, name, reach, address: goes_to } = kept.written.clone().unwrap_or_default();
    tx.execute(
        "insert into own_address (whose, address, edits, chosen, is_gone, label, name, reach, goes_to, is_sent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (whose, address) do update
         set edits = excluded.edits, chosen = excluded.chosen, is_gone = excluded.is_gone, label = excluded.label,
           name = excluded.name, reach = excluded.reach, goes_to = excluded.goes_to, is_sent = excluded.is_sent",
        params![
            whose,
            *address,
            kept.edits,
            kept.chosen,
            i64::from(is_gone),
            label,
            name,
            reach,
            goes_to,
            i64::from(is_sent)
        ],
    )?;
    Ok(())
}

const COLUMNS: &str = "address, edits, chosen, is_gone, label, name, reach, goes_to";

fn book(tx: &mut dyn Tx, whose: &str) -> Result<Book, StoreError> {
    let sql = format!("select {COLUMNS} from own_address where whose = $1 order by address");
    tx.query(&sql, params![whose])?.iter().map(entry).collect()
}

fn unsent(tx: &mut dyn Tx, whose: &str) -> Result<Vec<BookEntry>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from own_address where whose = $1 and is_sent = 0 order by address limit $2"
    );
    let rows = tx.query(&sql, params![whose, AT_ONCE])?;
    let read = |row: &Row| entry(row).map(|(address, kept)| BookEntry { address, kept });
    rows.iter().map(read).collect()
}

fn entry(row: &Row) -> Result<(ThingId, Kept), StoreError> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let written = if row.bool(3)? {
        None
    } else {
        Some(Written { label: text(4)?, name: text(5)?, reach: text(6)?, address: text(7)? })
    };
    Ok((row.id(0)?, Kept { edits: row.number(1)?, chosen: row.number(2)?, written }))
}

fn seen(tx: &mut dyn Tx, whose: &str) -> Result<i64, StoreError> {
    let row = tx.query_opt("select version from own_address_seen where whose = $1", params![whose])?;
    row.map_or(Ok(0), |row| row.int(0))
}
