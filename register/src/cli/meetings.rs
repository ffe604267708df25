//! Meets other registers of a stall, without any server.

use serde_json::{Value, json};
use soko_domain::ids::LogId;
use soko_meet::{Listening, Meeting, Parted, Talked, call_at};
use tokio::net::TcpListener;

use super::arguments::Meet;
use super::script;
use crate::home::Home;
use crate::outcome::{Outcome, Undone};

pub(super) async fn meet(home: &Home, stall: LogId, how: &Meet) -> Outcome {
    match (&how.address, &how.listen) {
        (Some(address), _) => Ok(as_value(&call_at(address, stall, home.device()).await?)),
        (None, Some(listen)) => answer(home, listen, how.once).await,
        (None, None) => Err(Undone::usage("say whom to call, or where to --listen")),
    }
}

/// Says each conversation as it ends.
async fn answer(home: &Home, listen: &str, once: bool) -> Outcome {
    let unheard = |error| Undone::failed(format!("nobody can be heard at {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(unheard)?;
    let address = listener.local_addr().map_err(unheard)?;
    script::say(&json!({"listening": address.to_string()}).to_string());
    let mut listening = Listening::new(listener, home.device());
    let (mut meetings, mut records) = (0_u64, 0);
    loop {
        let talked = tokio::select! {
            talked = listening.next() => talked,
            Ok(()) = tokio::signal::ctrl_c() => return Ok(json!({"meetings": meetings, "records": records})),
        };
        match told(&talked) {
            Ok(meeting) if once => return Ok(as_value(meeting)),
            Ok(meeting) => {
                (meetings, records) = (meetings + 1, records + meeting.records);
                script::say(&as_value(meeting).to_string());
            }
            Err(parted) => script::say(&parted.to_string()),
        }
    }
}

fn told(talked: &Talked) -> Result<&Meeting, Value> {
    let from = talked.from.to_string();
    talked.ended.as_ref().map_err(|parted| json!({"from": from, "parted": parted.to_string()}))
}

fn as_value(meeting: &Meeting) -> Value {
    json!({
        "stall": meeting.stall.to_string(), "with": meeting.with.to_string(),
        "records": meeting.records, "pages": meeting.pages,
    })
}

impl From<Parted> for Undone {
    fn from(parted: Parted) -> Self {
        Self::failed(parted.to_string())
    }
}
