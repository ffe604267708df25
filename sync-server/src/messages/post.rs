//! The mail server that takes our messages: SMTP, with TLS wherever it is not on this machine.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use lettre::address::{Address, AddressError, Envelope};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::bounced::Enhanced;
use super::delivery::Delivery;
use super::letter::Letter;
use super::outbox::CALL_MAX;

/// For one word of the mail server. A letter takes several: all of them have [`CALL_MAX`].
const TIMEOUT: Duration = Duration::from_secs(30);
/// Answers that are about our own access: another letter fares no better, and this one is none the worse.
const ACCESS_CODES: [u16; 4] = [530, 534, 535, 538];
/// Answers that are about the address.
const ADDRESS_CODES: [u16; 3] = [550, 551, 553];

/// Why mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum BadMail {
    #[error("the mail server's address is not like smtps://user:password@mail.example: {0}")]
    Server(SmtpError),
    #[error("mail to another machine needs TLS: use smtps://, or smtp://…?tls=required for STARTTLS")]
    Unsealed,
    #[error("the sender is not like Soko <market@example.org>: {0}")]
    From(AddressError),
}

/// Takes letters to the mail server. Cheap to clone.
#[derive(Clone)]
pub struct Post {
    builder: AsyncSmtpTransportBuilder,
    /// Its connections are looked after by a task, so it begins with the first letter, inside the runtime.
    server: Arc<OnceLock<AsyncSmtpTransport<Tokio1Executor>>>,
    from: Mailbox,
    /// Where it is reported what does not arrive; else to `from`.
    reports_to: Option<Address>,
    /// For one letter.
    patience: Duration,
}

impl Post {
    /// # Errors
    /// Where the server's address, its lack of TLS or the sender cannot be used.
    pub fn new(server: &str, from: &str) -> Result<Self, BadMail> {
        if server.starts_with("smtp://") && !server.contains("tls=required") && !is_local(server) {
            return Err(BadMail::Unsealed);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(server).map_err(BadMail::Server)?;
        Ok(Self {
            builder: builder.timeout(Some(TIMEOUT)),
            server: Arc::default(),
            from: from.parse().map_err(BadMail::From)?,
            reports_to: None,
            patience: CALL_MAX,
        })
    }

    /// The same, with reports of what does not arrive going there.
    ///
    /// # Errors
    /// Where that is no address.
    pub fn reporting_to(self, address: &str) -> Result<Self, BadMail> {
        Ok(Self { reports_to: Some(address.parse().map_err(BadMail::From)?), ..self })
    }

    /// The same with less time for one letter.
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience: patience.min(CALL_MAX), ..self }
    }

    fn server(&self) -> &AsyncSmtpTransport<Tokio1Executor> {
        self.server.get_or_init(|| self.builder.clone().build())
    }

    /// Whether the mail server answers and takes our access.
    ///
    /// # Errors
    /// What it says instead.
    pub async fn check(&self) -> Result<(), String> {
        match self.server().test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the mail server does not answer".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) async fn send(&self, letter: &Letter) -> Delivery {
        let message = match self.sealed(letter) {
            Ok(message) => message,
            Err(because) => return Delivery::Refused(because),
        };
        // Whoever is slow with every word would else outlast the lease, and somebody else bring the same letter meanwhile.
        let Ok(answer) = tokio::time::timeout(self.patience, self.server().send(message)).await else {
            return Delivery::later("the mail server takes too long".to_owned());
        };
        match answer {
            Ok(_) => Delivery::Taken,
            Err(error) => {
                // What servers say often names the address.
                let because = error.to_string().replace(letter.to.as_str(), "…");
                let is_access = error.status().is_some_and(|code| ACCESS_CODES.contains(&code.into()));
                if !error.is_permanent() || is_access {
                    return Delivery::later(because);
                }
                let is_address = error.status().is_some_and(|code| ADDRESS_CODES.contains(&code.into()));
                match is_address && Enhanced::find(&because).is_none_or(Enhanced::is_no_mailbox) {
                    true => Delivery::Gone(because),
                    false => Delivery::Refused(because),
                }
            }
        }
    }

    /// The same bytes at every try, but for the date: whoever gets it twice sees by its identity that it is one.
    fn sealed(&self, letter: &Letter) -> Result<Message, String> {
        let to: Mailbox = letter.to.parse().map_err(|error: AddressError| format!("the address: {error}"))?;
        let host = self.from.email.domain();
        let reports_to = self.reports_to.clone().unwrap_or_else(|| self.from.email.clone());
        let envelope = Envelope::new(Some(reports_to), vec![to.email.clone()]);
        let mut builder = Message::builder()
            .envelope(envelope.map_err(|error| error.to_string())?)
            .from(self.from.clone())
            .to(to)
            .date(SystemTime::now())
            .message_id(Some(format!("<{}@{host}>", letter.message)))
            .subject(letter.subject.clone())
            .raw_header(raw("Auto-Submitted", "auto-generated"));
        if let Some(stop) = &letter.stop {
            builder = builder
                .raw_header(raw("List-Unsubscribe", &format!("<{stop}>")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let body = MultiPart::alternative_plain_html(letter.plain.clone(), letter.html.clone());
        builder.multipart(body).map_err(|error| error.to_string())
    }
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Whether the address names this very machine.
fn is_local(server: &str) -> bool {
    let rest = server.strip_prefix("smtp://").unwrap_or(server);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_in_the_open_stays_on_this_machine() {
        let from = "Soko <market@example.org>";
        let open = |server: &str| Post::new(server, from).map(drop);
        for fine in [
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
            "smtp://me:secret@[::1]:25",
            "smtps://me:secret@mail.example",
            "smtp://me:secret@mail.example?tls=required",
        ] {
            assert!(open(fine).is_ok(), "{fine}");
        }
        for unsealed in
            ["smtp://mail.example", "smtp://localhost@mail.example", "smtp://mail.example?tls=opportunistic"]
        {
            assert!(matches!(open(unsealed), Err(BadMail::Unsealed)), "{unsealed}");
        }
        assert!(matches!(open("http://mail.example"), Err(BadMail::Server(_))));
        assert!(matches!(Post::new("smtp://localhost", "nobody"), Err(BadMail::From(_))));
    }
}
