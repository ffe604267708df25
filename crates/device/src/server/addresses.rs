//! The address book of an account, at its server.

use serde::Deserialize;
use serde_json::{Value, json};
use soko_domain::address_book::{Kept, Written};
use soko_domain::ids::ThingId;

use super::web::read_json;
use super::{Server, Unanswered};

/// One address, with what was said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BookEntry {
    pub(crate) address: ThingId,
    pub(crate) kept: Kept,
}

/// What other devices said, and how far everything was then seen.
pub(crate) struct AddressesSaid {
    /// The mail address of the account by now.
    pub(crate) email: String,
    pub(crate) up_to: i64,
    pub(crate) entries: Vec<BookEntry>,
}

#[derive(Deserialize)]
struct AddressesBody {
    email: String,
    up_to: i64,
    addresses: Vec<AddressBody>,
}

#[derive(Deserialize)]
struct AddressBody {
    address: String,
    edits: u32,
    chosen: u32,
    written: Option<WrittenBody>,
}

#[derive(Deserialize)]
struct WrittenBody {
    label: String,
    name: String,
    reach: String,
    goes_to: String,
}

impl AddressBody {
    fn read(self) -> Option<BookEntry> {
        let written = self.written.map(|it| Written {
            label: it.label,
            name: it.name,
            reach: it.reach,
            address: it.goes_to,
        });
        let kept = Kept { edits: self.edits, chosen: self.chosen, written };
        Some(BookEntry { address: ThingId::from_hex(&self.address)?, kept })
    }
}

impl Server {
    pub(crate) async fn exchange_addresses(
        &self,
        session: &str,
        since: i64,
        said: &[BookEntry],
    ) -> Result<AddressesSaid, Unanswered> {
        let body = json!({"since": since, "addresses": said.iter().map(shown).collect::<Vec<_>>()});
        let answer = self.web.post("/v1/me/addresses", Some(session), &body).await?;
        let AddressesBody { email, up_to, addresses } = read_json(&answer)?;
        Ok(AddressesSaid {
            email,
            up_to,
            entries: addresses.into_iter().filter_map(AddressBody::read).collect(),
        })
    }
}

fn shown(entry: &BookEntry) -> Value {
    let Kept { edits, chosen, written } = &entry.kept;
    let written = written
        .as_ref()
        .map(|it| json!({"label": it.label, "name": it.name, "reach": it.reach, "goes_to": it.address}));
    json!({"address": entry.address.to_string(), "edits": edits, "chosen": chosen, "written": written})
}
