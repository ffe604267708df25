//! What a device hears of the others of its stall, and how it takes its leave.

use serde_json::json;
use soko_domain::ids::{AuthorId, LogId};

use super::web::read_json;
use super::{Server, Unanswered};
use crate::hex::hex;
use crate::words::WordsSaid;

const LEAVE_DOMAIN: &[u8] = b"soko leave 1";

/// What a device says when it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Farewell {
    pub(crate) author: AuthorId,
    /// The last record that it wrote.
    pub(crate) seq: u64,
    /// Whatever could not be sent or given back stays where it is.
    pub(crate) anyway: bool,
}

impl Farewell {
    /// What the device signs of it.
    pub(crate) fn message(self) -> Vec<u8> {
        [LEAVE_DOMAIN, self.author.as_bytes(), &self.seq.to_be_bytes(), &[u8::from(self.anyway)]].concat()
    }
}

impl Server {
    pub(crate) async fn device_words(&self, stall: LogId, access: &str) -> Result<WordsSaid, Unanswered> {
        let request = self.web.get(&format!("/v1/stalls/{stall}/devices")).bearer_auth(access);
        read_json(&self.web.whole(request).await?)
    }

    /// Says it as often as it is asked, and answers the same each time.
    pub(crate) async fn leave(&self, farewell: Farewell, signature: &[u8; 64]) -> Result<(), Unanswered> {
        let body = json!({
            "author": farewell.author.to_string(), "seq": farewell.seq, "anyway": farewell.anyway,
            "signature": hex(signature),
        });
        // Whatever stands between and answers anything else did not hear it.
        match self.web.post("/v1/devices/leave", None, &body).await {
            Ok(told) if told.is_empty() => Ok(()),
            Ok(_) => Err(Unanswered::NoAnswer("this is no answer of a Soko server".into())),
            Err(unanswered) => Err(unanswered),
        }
    }
}
