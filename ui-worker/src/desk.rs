//! Answers calls with the engine.

use soko_app_api::{Answer, Call, DeviceReply, DeviceVerb, Refused, RetryHint, Told, Verb};
use soko_domain::ids::LogId;
use soko_domain::role::Role;
use soko_engine::{Engine, Failure, Join, NotDone, Options};

use crate::browser::{self, BrowserEntropy};
use crate::store::Store;

pub(crate) struct Desk {
    engine: Engine,
}

impl Desk {
    pub(crate) fn open(store: Store) -> Result<Self, String> {
        let options = Options::new(store.db, store.vault, Box::new(BrowserEntropy));
        Engine::open(options).map(|engine| Self { engine }).map_err(|error| error.to_string())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the device takes over all of it")]
    pub(crate) fn answer(&mut self, call: Call) -> Answer {
        let answered = match call {
            Call::Do(command) => self.engine.handle(command, browser::now()).map(Answer::Done),
            Call::Ask(query) => self.engine.answer(&query, browser::now()).map(Answer::View),
            Call::Device(command) => match command.verb {
                DeviceVerb::FoundStall { stall, content, device_name } => {
                    self.found(stall, device_name).map_err(NotDone::Failed).and_then(|()| {
                        let verb = Verb::CreateStall(content);
                        let command = soko_app_api::Command { id: command.id, stall, verb };
                        self.engine.handle(command, browser::now())?;
                        Ok(Answer::Device(DeviceReply::Done))
                    })
                }
                _ => return unknown(),
            },
            _ => return unknown(),
        };
        answered.unwrap_or_else(|error| match error {
            NotDone::Refused(refused) => Answer::Refused(refused),
            NotDone::Failed(failure) => Answer::Failed { sentence: failure.to_string() },
        })
    }

    pub(crate) fn told(&mut self) -> Vec<Told> {
        self.engine.take_notices().into_iter().map(Told::Stall).collect()
    }

    pub(crate) fn has_own(&self) -> bool {
        !self.engine.stalls().is_empty()
    }

    pub(crate) fn close(self) -> Result<(), Failure> {
        self.engine.close()
    }

    fn found(&mut self, stall: LogId, name: String) -> Result<(), Failure> {
        self.engine.join(Join { stall, name, role: Role::Owner, server_keys: Vec::new() }).map(|_| ())
    }
}

fn unknown() -> Answer {
    let sentence = "this browser cannot do that yet".to_owned();
    Answer::Refused(Refused { code: "unknown".into(), sentence, retry: RetryHint::Never, share: None })
}
