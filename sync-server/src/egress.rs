//! Requests to addresses that strangers name: push services, webhooks, lists of prices. They reach public addresses alone, so that nobody
//! makes this server talk to what stands behind its own walls.
//!
//! A name is looked up here, and the connection goes to what was found and checked: a name that answers differently a
//! moment later gains nothing. There are no redirects and no proxies. Nothing of an answer's body is read, but for providers of texts,
//! whom whoever runs the server names: theirs say in it what became of a number; and for lists of prices, up to a size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer that is read; what is longer is read as if there were none.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest address that is taken.
pub(crate) const URL_BYTES_MAX: usize = 2_048;

/// Why an address is not talked to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadTarget {
    #[error("this is no address of the form https://host/path")]
    Unreadable,
    #[error("the address has to begin with https://")]
    Open,
    #[error("the address does not lead to the public internet")]
    Private,
}

/// What came back: the status, and how long the other side asks to be left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Back {
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<u32>,
}

/// The same with the answer's body, as far as it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    pub(crate) back: Back,
    pub(crate) body: Vec<u8>,
}

/// What an address answered when it was read.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) retry_after_s: Option<u32>,
    pub(crate) body: Vec<u8>,
}

/// Why nothing was read of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotGot {
    /// It leads to no public address, or is none.
    Private,
    TooLarge,
    Slow,
    /// Nobody is there, or they left.
    Nobody,
}

/// Where requests to strangers' addresses go out. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    client: Client,
    is_open: bool,
    own: Option<SocketAddr>,
}

impl Egress {
    /// `is_open` lets requests go to this machine and its network, too, and without TLS: for tests and closed networks.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn new(is_open: bool) -> Result<Self, String> {
        Self::patient(is_open, CALL_TIMEOUT)
    }

    /// Public addresses, and this one on this machine: for tests of what else is on it.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn but_for(own: SocketAddr, call_timeout: Duration) -> Result<Self, String> {
        Ok(Self { own: Some(own), ..Self::patient(false, call_timeout)? })
    }

    /// The same with so much time for one request.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn patient(is_open: bool, call_timeout: Duration) -> Result<Self, String> {
        crate::tls::install();
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy();
        let client = client.connect_timeout(CONNECT_TIMEOUT).timeout(call_timeout);
        let client = if is_open { client } else { client.dns_resolver(Arc::new(PublicOnly)) };
        Ok(Self { client: client.build().map_err(|error| error.to_string())?, is_open, own: None })
    }

    /// Whether this may be talked to, as far as can be said without looking its name up.
    ///
    /// # Errors
    /// Why not.
    pub fn checked(&self, address: &str) -> Result<Url, BadTarget> {
        if address.len() > URL_BYTES_MAX {
            return Err(BadTarget::Unreadable);
        }
        let url = Url::parse(address).map_err(|_| BadTarget::Unreadable)?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|host| !host.is_empty() && is_plain).ok_or(BadTarget::Unreadable)?;
        let is_own = |own: SocketAddr| host == own.ip().to_string() && url.port() == Some(own.port());
        if self.own.is_some_and(is_own) && url.scheme() == "http" {
            return Ok(url);
        }
        if self.is_open && matches!(url.scheme(), "http" | "https") {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err(BadTarget::Open);
        }
        // The client connects to a literal address without looking anything up.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if literal.is_ok_and(|literal| !is_public(literal)) {
            return Err(BadTarget::Private);
        }
        Ok(url)
    }

    /// Brings bytes there. The sentence of a failure names no address.
    pub(crate) async fn post(
        &self,
        address: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Back, String> {
        Ok(back(&self.sent(address, headers, body).await?))
    }

    /// The same, and listens to what is answered.
    pub(crate) async fn ask(&self, address: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Said, String> {
        let mut response = self.sent(address, headers, body).await?;
        let (back, mut body) = (back(&response), Vec::new());
        while let Some(part) = response.chunk().await.map_err(|error| sentence(&error))? {
            if body.len() + part.len() > ANSWER_BYTES_MAX {
                return Ok(Said { back, body: Vec::new() });
            }
            body.extend_from_slice(&part);
        }
        Ok(Said { back, body })
    }

    /// Reads what an address says, if that is no longer than so many bytes. No redirect is followed: whoever asks checks where it
    /// leads and asks again.
    pub(crate) async fn get(
        &self,
        address: &str,
        headers: HeaderMap,
        bytes_max: usize,
    ) -> Result<Got, NotGot> {
        let url = self.checked(address).map_err(|_| NotGot::Private)?;
        let mut response =
            self.client.get(url).headers(headers).send().await.map_err(|error| not_got(&error))?;
        let is_long = |bytes: u64| usize::try_from(bytes).is_ok_and(|bytes| bytes > bytes_max);
        if response.content_length().is_some_and(is_long) {
            return Err(NotGot::TooLarge);
        }
        let Back { status, retry_after_s } = back(&response);
        let (headers, mut body) = (response.headers().clone(), Vec::new());
        while let Some(part) = response.chunk().await.map_err(|error| not_got(&error))? {
            if body.len() + part.len() > bytes_max {
                return Err(NotGot::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        Ok(Got { status, headers, retry_after_s, body })
    }

    async fn sent(&self, address: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Response, String> {
        let url = self.checked(address).map_err(|bad| bad.to_string())?;
        let sent = self.client.post(url).headers(headers).body(body).send().await;
        sent.map_err(|error| sentence(&error))
    }
}

fn back(response: &Response) -> Back {
    let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
    Back { status: response.status().as_u16(), retry_after_s: wait.and_then(|wait| wait.trim().parse().ok()) }
}

fn not_got(error: &reqwest::Error) -> NotGot {
    if is_private(error) {
        return NotGot::Private;
    }
    if error.is_timeout() { NotGot::Slow } else { NotGot::Nobody }
}

/// Whether its name was looked up and leads home.
fn is_private(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

fn sentence(error: &reqwest::Error) -> String {
    if is_private(error) {
        return BadTarget::Private.to_string();
    }
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection ended before an answer"
    };
    what.to_owned()
}

/// Finds public addresses of a name and no others.
struct PublicOnly;

#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One that is not public among them is reason enough: such a name was made for this.
            if found.is_empty() || found.iter().any(|found| !is_public(found.ip())) {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address belongs to the public internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => is_public_four(four),
        IpAddr::V6(six) => is_public_six(six),
    }
}

fn is_public_four(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_kept = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224 // several receivers, and what is kept for later
        || (a == 100 && (64..128).contains(&b)) // between providers and their customers
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)); // measurements
    !is_kept
}

fn is_public_six(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only what is given out; of that not what carries another address inside, and no examples.
    let is_given_out = first & 0xe000 == 0x2000;
    let is_inside = first == 0x2002 || (first == 0x2001 && (second < 0x0200 || second == 0x0db8));
    is_given_out && !is_inside && first != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let public = ["1.1.1.1", "100.63.0.1", "172.15.0.1", "198.20.0.1", "2606:4700::1111", "2a00:1450::1"];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_is_checked_before_it_is_talked_to() {
        let (closed, open) = (Egress::new(false).unwrap(), Egress::new(true).unwrap());
        assert!(closed.checked("https://push.example/a?b=c").is_ok());
        let cases = [
            ("", BadTarget::Unreadable),
            ("push.example/a", BadTarget::Unreadable),
            ("https://me:secret@push.example/", BadTarget::Unreadable),
            ("https://push.example/#a", BadTarget::Unreadable),
            ("http://push.example/", BadTarget::Open),
            ("ftp://push.example/", BadTarget::Open),
            ("https://127.0.0.1/", BadTarget::Private),
            ("https://2130706433/", BadTarget::Private),
            ("https://0x7f.1/", BadTarget::Private),
            ("https://[::1]:8443/", BadTarget::Private),
            ("https://[::ffff:192.168.0.1]/", BadTarget::Private),
        ];
        for (address, why) in cases {
            assert_eq!(closed.checked(address).map(drop), Err(why), "{address}");
        }
        assert!(open.checked("http://127.0.0.1:9/a").is_ok());
        assert!(open.checked("file:///etc/passwd").is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let closed = Egress::new(false).unwrap();
        let asked = closed.post("https://localhost:9/", HeaderMap::new(), Vec::new()).await;
        assert_eq!(asked, Err(BadTarget::Private.to_string()));
    }
}
