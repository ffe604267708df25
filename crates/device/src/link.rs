//! How a stall's server is reached, and the tokens that open it. Kept durably before they are used: a refresh token
//! that was spent and whose successor is lost locks the device out.

use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::wire::Wire as _;
use soko_record_log::{StoreError, Tx, params};

use crate::device::Device;
use crate::failure::Undone;
use crate::host::random;
use crate::server::{Server, Ticket, refresh_message};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    pub stall: LogId,
    /// The author that the tokens are for.
    pub author: AuthorId,
    pub server: String,
    /// Kept before the server is asked, so that a repeat is recognised.
    pub(crate) request: ThingId,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// Whether this device had everything once.
    pub(crate) caught_up: bool,
}

impl Link {
    pub fn is_connected(&self) -> bool {
        !self.refresh_token.is_empty()
    }
}

impl Device {
    /// What is known of a stall's server, for the author that this device is now; nothing before it was asked.
    pub fn link(&self, stall: LogId) -> Result<Option<Link>, Undone> {
        let author = self.engine()?.author(stall)?;
        let Some(link) = self.read(|tx| read_link(tx, stall))? else { return Ok(None) };
        if link.author == author {
            return Ok(Some(link));
        }
        // Tokens of another author open nothing.
        let none = String::new;
        let link =
            Link { author, request: self.random_id(), access_token: none(), refresh_token: none(), ..link };
        Ok(Some(link))
    }

    /// The same, which must be there and open something.
    pub(crate) fn connected(&self, stall: LogId) -> Result<Link, Undone> {
        let link = self.link(stall)?.filter(Link::is_connected);
        link.ok_or_else(|| {
            Undone::refused("not_enrolled", "this device is not enrolled at a server for this stall")
        })
    }

    pub(crate) fn keep_link(&self, link: &Link) -> Result<(), Undone> {
        self.write(|tx| {
            tx.execute(
                "insert into own_link (log, author, server, request, access_token, refresh_token, caught_up)
                 values ($1, $2, $3, $4, $5, $6, $7)
                 on conflict (log) do update
                 set author = excluded.author, server = excluded.server, request = excluded.request,
                     access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                     caught_up = excluded.caught_up",
                params![
                    link.stall,
                    link.author,
                    link.server,
                    link.request,
                    link.access_token,
                    link.refresh_token,
                    link.caught_up
                ],
            )
        })?;
        Ok(())
    }

    /// Lets this device in at a stall's server, and keeps its tokens and the server's key.
    pub async fn enrol(
        &self,
        server: &Server,
        stall: LogId,
        (name, ticket): (&str, &Ticket),
    ) -> Result<(), Undone> {
        let introduction = self.engine()?.introduction(stall)?.to_bytes();
        let author = self.engine()?.author(stall)?;
        let known = self.link(stall)?;
        let mut link = known.unwrap_or_else(|| Link {
            stall,
            author,
            server: String::new(),
            request: self.random_id(),
            access_token: String::new(),
            refresh_token: String::new(),
            caught_up: false,
        });
        link.server = server.base().to_owned();
        self.keep_link(&link)?;
        let request = link.request.to_string();
        let enrolled = server.enrol((&introduction, name), &request, ticket).await?;
        let key = enrolled.key()?;
        let tokens = enrolled.tokens;
        (link.access_token, link.refresh_token) = (tokens.access_token, tokens.refresh_token);
        self.keep_link(&link)?;
        if let Some(key) = key {
            self.engine()?.trust_server(stall, key)?;
        }
        Ok(())
    }

    /// Fresh access for ten minutes more.
    pub(crate) async fn refresh(&self, server: &Server, stall: LogId) -> Result<Link, Undone> {
        let mut link = self.connected(stall)?;
        let nonce: [u8; 16] = random(&*self.host);
        let message = refresh_message(link.author, &link.refresh_token, &nonce)
            .ok_or_else(|| Undone::failed("the refresh token cannot be read: enrol again"))?;
        let signature = self.engine()?.sign(stall, &message)?;
        let signature = signature.ok_or_else(|| Undone::failed("the register's key is missing: renew it"))?;
        let tokens = server
            .refresh(link.author, &link.refresh_token, (&nonce, &signature))
            .await
            .map_err(Undone::from)?;
        (link.access_token, link.refresh_token) = (tokens.access_token, tokens.refresh_token);
        self.keep_link(&link)?;
        Ok(link)
    }

    /// Sixteen random bytes.
    pub fn random_id(&self) -> ThingId {
        ThingId(random(&*self.host))
    }
}

fn read_link(tx: &mut dyn Tx, stall: LogId) -> Result<Option<Link>, StoreError> {
    let row = tx.query_opt(
        "select author, server, request, access_token, refresh_token, caught_up from own_link where log = $1",
        params![stall],
    )?;
    let link = |row: soko_record_log::Row| {
        Ok(Link {
            stall,
            author: row.id(0)?,
            server: row.text(1)?.into(),
            request: row.id(2)?,
            access_token: row.text(3)?.into(),
            refresh_token: row.text(4)?.into(),
            caught_up: row.bool(5)?,
        })
    };
    row.map(link).transpose()
}
