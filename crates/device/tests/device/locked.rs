//! What a register tells and gives away while nobody said who they are, and to somebody who only sells.

use soko_app_api::{
    Answer, Call, DeviceReply, DeviceVerb, PeopleCall, PeopleReply, PeopleVerb, Query, Verb, View, Window,
};
use soko_domain::ids::PersonId;
use soko_domain::role::Role;

use crate::world::*;

const OWNER: PersonId = PersonId([0xa1; 16]);
const CASHIER: PersonId = PersonId([0xa2; 16]);

async fn people(shell: &Shell, verb: PeopleVerb) -> PeopleReply {
    match shell.call(Call::People(PeopleCall { stall: STALL, verb })).await {
        Answer::People(reply) => reply,
        other => panic!("{other:?}"),
    }
}

async fn enter(shell: &Shell, person: PersonId, pin: &str) {
    assert_eq!(people(shell, PeopleVerb::Enter { person, pin: pin.into() }).await, PeopleReply::Done);
}

/// With an owner and a cashier; nobody is here.
async fn closed(shell: &Shell) {
    shell.found().await;
    for (person, name, role, pin) in
        [(OWNER, "Amina", Role::Owner, "4711"), (CASHIER, "Baraka", Role::Cashier, "0815")]
    {
        shell.done(Verb::PutPerson { person, name: name.into(), role, is_active: true }).await;
        let (pin, old) = (pin.into(), String::new());
        people(shell, PeopleVerb::SetPin { person, pin, old, approval: None }).await;
    }
    people(shell, PeopleVerb::Lock).await;
}

#[test]
fn a_locked_register_tells_nothing_of_the_stall_but_how_it_stands() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        closed(&shell).await;
        let window = Window::first(5);
        let asked = || {
            [
                Query::Customers { stall: STALL, text: "a".into(), window },
                Query::Search { stall: STALL, text: "mango".into(), rows: 5 },
                Query::Sales { stall: STALL, window },
                Query::Today(STALL),
                Query::Leaving(STALL),
            ]
        };
        for query in asked() {
            let Answer::Refused(refused) = shell.call(Call::Ask(query.clone())).await else {
                panic!("{query:?} was answered")
            };
            assert_eq!(refused.code, "locked", "{query:?}");
        }
        let View::AtRegister(here) = shell.ask(Query::AtRegister(STALL)).await else { panic!("who is here") };
        assert!(here.is_locked());
        assert!(matches!(shell.ask(Query::Status(STALL)).await, View::Status(_)));
        enter(&shell, CASHIER, "0815").await;
        for query in asked() {
            assert!(matches!(shell.call(Call::Ask(query.clone())).await, Answer::View(_)), "{query:?}");
        }
        shell.close();
    });
}

#[test]
fn only_who_sees_all_of_a_stall_carries_it_away_in_a_file() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        closed(&shell).await;
        let back_up = || DeviceVerb::BackUp { stall: STALL, password: PASSWORD.into() };
        assert_eq!(shell.device_refused(back_up()).await, "locked");
        enter(&shell, CASHIER, "0815").await;
        assert_eq!(shell.device_refused(back_up()).await, "not_allowed");
        enter(&shell, OWNER, "4711").await;
        assert!(matches!(shell.device(back_up()).await, DeviceReply::File(_)));
        shell.close();
    });
}
