//! Where a PostgreSQL database is and how it is spoken to: in the open, or over TLS with a name and a certificate that are
//! checked. There is nothing between: encryption towards whoever answers keeps nobody out.

use std::fs;
use std::time::Duration;

use soko_record_log::StoreError;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// libpq's three words for it; here all of them check the whole certificate.
const CHECKED_MODES: [&str; 3] = ["require", "verify-ca", "verify-full"];

/// A database's address, read once.
#[derive(Clone)]
pub(crate) struct Address {
    config: Config,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    connector: MakeRustlsConnect,
    /// The file whose certificates may sign the database's own; without one, those that browsers know.
    authorities: Option<String>,
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=FILE`.
    pub(crate) fn read(url: &str) -> Result<Self, StoreError> {
        let (url, mode) = take_parameter(url, "sslmode");
        let (url, authorities) = take_parameter(&url, "sslrootcert");
        let mut config: Config = url
            .parse()
            .map_err(|error| StoreError::Other(format!("the database URL cannot be read: {error}")))?;
        let is_checked = match (mode.as_deref(), &authorities) {
            (None, authorities) => authorities.is_some(),
            (Some(mode), _) if CHECKED_MODES.contains(&mode) => true,
            (Some("disable"), None) => false,
            (Some(_), _) => {
                let what = "the database URL's sslmode should be require (TLS, and the certificate is checked) or, without sslrootcert, disable";
                return Err(StoreError::Other(what.to_owned()));
            }
        };
        let tls = if is_checked { Some(Tls::new(authorities)?) } else { None };
        config.application_name("soko-server").connect_timeout(CONNECT_TIMEOUT).ssl_mode(if is_checked {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self { config, tls })
    }

    /// Whether what is said travels readable over a network that is not this machine's own.
    pub(crate) fn is_in_the_open(&self) -> bool {
        let is_here = |host: &Host| match host {
            Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        self.tls.is_none() && !self.config.get_hosts().iter().all(is_here)
    }

    /// A connection that moves on the runtime in which this is awaited. What ends it, the client tells.
    pub(crate) async fn connect(&self) -> Result<Client, Error> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.connector.clone()).await?;
                tokio::spawn(async move { drop(connection.await) });
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(async move { drop(connection.await) });
                client
            }
        };
        Ok(client)
    }

    /// The same for a thread without a runtime.
    pub(crate) fn connect_blocking(&self) -> Result<postgres::Client, Error> {
        let config = postgres::Config::from(self.config.clone());
        match &self.tls {
            Some(tls) => config.connect(tls.connector.clone()),
            None => config.connect(NoTls),
        }
    }

    /// The same address as the variables that PostgreSQL's own programs read.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let host = config.get_hosts().first().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let authorities = self.tls.as_ref().and_then(|tls| tls.authorities.clone());
        let mode = match (&self.tls, &authorities) {
            (None, _) => "disable",
            // Before version 16 these programs know no authorities of the system's own.
            (Some(_), None) => "require",
            (Some(_), Some(_)) => "verify-full",
        };
        let all = [
            ("PGHOST", host),
            ("PGPORT", config.get_ports().first().map(u16::to_string)),
            ("PGUSER", config.get_user().map(str::to_owned)),
            ("PGPASSWORD", password),
            ("PGDATABASE", config.get_dbname().map(str::to_owned)),
            ("PGSSLMODE", Some(mode.to_owned())),
            ("PGSSLROOTCERT", authorities),
        ];
        all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}

impl Tls {
    fn new(authorities: Option<String>) -> Result<Self, StoreError> {
        let mut roots = rustls::RootCertStore::empty();
        match &authorities {
            Some(file) => trust_file(&mut roots, file)?,
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let provider = rustls::crypto::ring::default_provider();
        let config = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Other(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { connector: MakeRustlsConnect::new(config), authorities })
    }
}

fn trust_file(roots: &mut rustls::RootCertStore, file: &str) -> Result<(), StoreError> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    let wrong = |what: String| StoreError::Other(format!("sslrootcert {file}: {what}"));
    let text = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("there is no certificate in it".to_owned())) } else { Ok(()) }
}

/// The address without this parameter, and its value. These two are ours to read: the client library knows one of them in part
/// and refuses the other.
fn take_parameter(url: &str, name: &str) -> (String, Option<String>) {
    let Some((before, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut found = None;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key == name {
            found = Some(value.into_owned());
        } else {
            rest.append_pair(&key, &value);
        }
    }
    let rest = rest.finish().replace('+', "%20");
    let url = if rest.is_empty() { before.to_owned() } else { format!("{before}?{rest}") };
    (url, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(url: &str) -> String {
        match Address::read(url) {
            Ok(address) => format!("tls {}, open {}", address.tls.is_some(), address.is_in_the_open()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn tls_is_on_when_it_was_asked_for_and_then_the_certificate_is_checked() {
        for (url, expected) in [
            ("postgres://soko@db.example/soko", "tls false, open true"),
            ("postgres://soko@localhost/soko", "tls false, open false"),
            ("postgres://soko@127.0.0.1:5433/soko?sslmode=disable", "tls false, open false"),
            ("postgres://soko@db.example/soko?sslmode=require", "tls true, open false"),
            ("postgres://soko@db.example/soko?connect_timeout=2&sslmode=verify-full", "tls true, open false"),
            ("postgres://soko@%2Frun%2Fpostgresql/soko", "tls false, open false"),
        ] {
            assert_eq!(said(url), expected, "{url}");
        }
        for (url, part) in [
            ("postgres://soko@db/soko?sslmode=prefer", "should be require"),
            ("postgres://soko@db/soko?sslmode=disable&sslrootcert=/etc/ca.pem", "should be require"),
            ("postgres://soko@db/soko?sslrootcert=/nowhere/ca.pem", "sslrootcert /nowhere/ca.pem"),
            ("postgres://soko@db/soko?sslmode=require&sslmoode=x", "cannot be read"),
        ] {
            assert!(said(url).contains(part), "{url}: {}", said(url));
        }
    }

    #[test]
    fn what_else_the_address_says_stays_as_it_was() {
        let url = "postgres://soko@db/soko?options=-c%20geqo%3Doff&sslmode=require&connect_timeout=3";
        let (rest, mode) = take_parameter(url, "sslmode");
        assert_eq!(rest, "postgres://soko@db/soko?options=-c%20geqo%3Doff&connect_timeout=3");
        assert_eq!(mode.as_deref(), Some("require"));
        assert_eq!(take_parameter("postgres://soko@db/soko", "sslmode").1, None);
    }
}
