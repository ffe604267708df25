//! Receipts by mail or by text, asked for at the stall's server.

use serde::Deserialize;
use serde_json::json;
use soko_app_api::MailedWay;
use soko_domain::ids::{LogId, SaleId, ThingId};

use super::web::read_json;
use super::{Server, Unanswered};

/// What is asked for, by an identity that makes it one message however often it is asked.
pub(crate) struct Mailed<'a> {
    pub(crate) stall: LogId,
    pub(crate) sale: SaleId,
    pub(crate) request: ThingId,
    pub(crate) way: MailedWay,
    pub(crate) address: &'a str,
    pub(crate) language: &'a str,
    pub(crate) is_copy: bool,
}

/// Where it stands there.
#[derive(Deserialize)]
pub(crate) struct MailedNow {
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) reason: String,
}

impl Server {
    pub(crate) async fn mail_receipt(&self, it: &Mailed<'_>, access: &str) -> Result<MailedNow, Unanswered> {
        let path = format!("/v1/stalls/{}/sales/{}/mailed/{}", it.stall, it.sale, it.request);
        let to = match it.way {
            MailedWay::Mail => "address",
            MailedWay::Text => "telephone",
        };
        let body = json!({to: it.address, "language": it.language, "is_copy": it.is_copy});
        read_json(&self.web.whole(self.web.put(&path).bearer_auth(access).json(&body)).await?)
    }
}
