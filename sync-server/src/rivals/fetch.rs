//! One look at an address: what it may answer, in how much time, by how many redirects.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{
    ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, USER_AGENT,
};
use soko_domain::rival::RIVAL_BYTES_MAX;

use super::robots;
use crate::egress::{Egress, Got, NotGot};

/// All of a look, whatever dribbles.
const LOOK_TIMEOUT: Duration = Duration::from_secs(30);
const REDIRECTS_MAX: usize = 3;
/// What a site's rules may lie away from where they are looked for.
const ROBOTS_REDIRECTS_MAX: usize = 5;
/// Rules that are longer are not read, and then nothing is; RFC 9309 wants so much to be read.
const ROBOTS_BYTES_MAX: usize = 500 * 1024;
/// Longest mark of a version that is remembered.
const MARK_BYTES_MAX: usize = 200;

/// What an address said, as far as it is known already.
#[derive(Clone, Default, Debug)]
pub(super) struct Marks {
    pub(super) etag: String,
    pub(super) modified: String,
}

#[derive(Debug)]
pub(super) enum Look {
    New { body: Vec<u8>, marks: Marks },
    Same,
}

/// Why a look brought nothing, as a word that screens translate; and how long the other side asks to be left alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trouble {
    pub(super) word: &'static str,
    pub(super) wait_s: Option<u32>,
}

impl Trouble {
    pub(super) fn of(word: &'static str) -> Self {
        Self { word, wait_s: None }
    }
}

pub(super) async fn look(
    egress: &Egress,
    agent: &str,
    address: &str,
    marks: &Marks,
) -> Result<Look, Trouble> {
    let looked = tokio::time::timeout(LOOK_TIMEOUT, follow(egress, agent, address, marks)).await;
    looked.unwrap_or(Err(Trouble::of("slow")))
}

async fn follow(egress: &Egress, agent: &str, address: &str, marks: &Marks) -> Result<Look, Trouble> {
    let mut address = address.to_owned();
    let mut rules = BTreeMap::new();
    for _ in 0..=REDIRECTS_MAX {
        let url = egress.checked(&address).map_err(|_| Trouble::of("private"))?;
        may_read(egress, agent, &url, &mut rules).await?;
        let got = get(egress, agent, &address, marks).await?;
        match got.status {
            200 => return Ok(Look::New { marks: Marks::of(&got.headers), body: got.body }),
            304 => return Ok(Look::Same),
            301 | 302 | 303 | 307 | 308 => {
                address = target(&url, &got.headers).ok_or(Trouble::of("status"))?.to_string();
            }
            404 | 410 => return Err(Trouble::of("gone")),
            401 | 403 => return Err(Trouble::of("forbidden")),
            _ => return Err(Trouble { word: "status", wait_s: got.retry_after_s }),
        }
    }
    Err(Trouble::of("redirects"))
}

/// Asks a site once for its rules. Where there are none all may be read; where they cannot be had, nothing is.
async fn may_read(
    egress: &Egress,
    agent: &str,
    url: &Url,
    rules: &mut BTreeMap<String, String>,
) -> Result<(), Trouble> {
    let site = url.origin().ascii_serialization();
    if !rules.contains_key(&site) {
        rules.insert(site.clone(), rules_of(egress, agent, &site).await?);
    }
    let path = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let text = rules.get(&site).map_or("", String::as_str);
    if robots::allows(text, &path) { Ok(()) } else { Err(Trouble::of("robots")) }
}

/// What a site says of its rules, also where that lies elsewhere: each address on the way is checked as any other.
async fn rules_of(egress: &Egress, agent: &str, site: &str) -> Result<String, Trouble> {
    let mut address = format!("{site}/robots.txt");
    for _ in 0..=ROBOTS_REDIRECTS_MAX {
        let url = egress.checked(&address).map_err(|_| Trouble::of("private"))?;
        let got = match egress.get(&address, named(agent), ROBOTS_BYTES_MAX).await {
            Ok(got) => got,
            Err(NotGot::TooLarge) => return Err(Trouble::of("robots-unread")),
            Err(error) => return Err(trouble(&error)),
        };
        match got.status {
            200 => return Ok(String::from_utf8_lossy(&got.body).into_owned()),
            301 | 302 | 303 | 307 | 308 => {
                let to = target(&url, &got.headers).ok_or(Trouble::of("robots-unread"))?;
                address = to.to_string();
            }
            429 | 500.. => return Err(Trouble { word: "robots-unread", wait_s: got.retry_after_s }),
            _ => return Ok(String::new()),
        }
    }
    Err(Trouble::of("robots-unread"))
}

/// Where a redirect leads.
fn target(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let to = headers.get(LOCATION)?.to_str().ok()?;
    url.join(to).ok()
}

async fn get(egress: &Egress, agent: &str, address: &str, marks: &Marks) -> Result<Got, Trouble> {
    let mut headers = named(agent);
    for (name, mark) in [(IF_NONE_MATCH, &marks.etag), (IF_MODIFIED_SINCE, &marks.modified)] {
        if let Some(mark) = HeaderValue::from_str(mark).ok().filter(|mark| !mark.is_empty()) {
            headers.insert(name, mark);
        }
    }
    egress.get(address, headers, RIVAL_BYTES_MAX).await.map_err(|error| trouble(&error))
}

fn named(agent: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(agent) = HeaderValue::from_str(agent) {
        headers.insert(USER_AGENT, agent);
    }
    headers
}

fn trouble(error: &NotGot) -> Trouble {
    Trouble::of(match error {
        NotGot::Private => "private",
        NotGot::TooLarge => "too-large",
        NotGot::Slow => "slow",
        NotGot::Nobody => "nobody",
    })
}

impl Marks {
    fn of(headers: &HeaderMap) -> Self {
        let mark = |name| {
            let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            value.filter(|value| value.len() <= MARK_BYTES_MAX).unwrap_or_default().to_owned()
        };
        Self { etag: mark(ETAG), modified: mark(LAST_MODIFIED) }
    }
}
