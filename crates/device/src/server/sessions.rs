//! Where somebody is signed in, at the server.

use serde::Deserialize;
use soko_app_api::{SessionRow, SessionsVerb};
use soko_domain::ids::ThingId;

use super::web::read_json;
use super::{Server, Unanswered};

const SESSIONS: &str = "/v1/me/sessions";

#[derive(Deserialize)]
struct SessionsBody {
    sessions: Vec<SessionBody>,
}

#[derive(Deserialize)]
struct SessionBody {
    session: String,
    name: String,
    begun_ms: i64,
    seen_ms: i64,
    current: bool,
}

impl SessionBody {
    fn row(self) -> Option<SessionRow> {
        let Self { session, name, begun_ms, seen_ms, current } = self;
        Some(SessionRow { session: ThingId::from_hex(&session)?, name, begun_ms, seen_ms, is_here: current })
    }
}

impl Server {
    /// Does it, and says what there is then.
    pub(crate) async fn sessions(
        &self,
        session: &str,
        verb: SessionsVerb,
    ) -> Result<Vec<SessionRow>, Unanswered> {
        let ended = match verb {
            SessionsVerb::Look => None,
            SessionsVerb::End(which) => Some(format!("{SESSIONS}/{which}")),
            SessionsVerb::EndOthers => Some(SESSIONS.to_owned()),
        };
        if let Some(path) = ended {
            self.web.whole(self.web.delete(&path).bearer_auth(session)).await?;
        }
        let answer = self.web.whole(self.web.get(SESSIONS).bearer_auth(session)).await?;
        let SessionsBody { sessions } = read_json(&answer)?;
        let rows: Option<Vec<SessionRow>> = sessions.into_iter().map(SessionBody::row).collect();
        rows.ok_or_else(|| Unanswered::NoAnswer("a session has no identity".into()))
    }
}
