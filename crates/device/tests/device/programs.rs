//! What an owner lets programs of their own do, made on a device and kept at the server.

use soko_app_api::{
    Answer, Call, DeviceVerb, HOOK_TOPICS, HookInput, KEY_SCOPES, ProgramsCall, ProgramsReply, ProgramsVerb,
    ProgramsView,
};

use crate::world::*;

async fn call(shell: &Shell, verb: ProgramsVerb) -> Answer {
    shell.call(Call::Programs(ProgramsCall { stall: STALL, verb })).await
}

async fn ask(shell: &Shell, verb: ProgramsVerb) -> ProgramsReply {
    match call(shell, verb).await {
        Answer::Programs(reply) => reply,
        other => panic!("{other:?}"),
    }
}

async fn refused(shell: &Shell, verb: ProgramsVerb) -> String {
    match call(shell, verb).await {
        Answer::Refused(refused) => refused.code,
        other => panic!("{other:?}"),
    }
}

async fn look(shell: &Shell) -> ProgramsView {
    match ask(shell, ProgramsVerb::Look).await {
        ProgramsReply::Programs(view) => view,
        other => panic!("{other:?}"),
    }
}

async fn secret(shell: &Shell, verb: ProgramsVerb) -> String {
    match ask(shell, verb).await {
        ProgramsReply::Secret(secret) => secret,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_owner_makes_and_ends_keys_and_addresses_from_a_register() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let till = Shell::open(&folder.path().join("a"));
        till.shop(&server).await;
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let make =
            ProgramsVerb::MakeKey { name: "Bookkeeping".into(), scopes: all(&KEY_SCOPES), ends_ms: None };
        let key = secret(&till, make).await;
        assert!(key.starts_with("soko_k_"), "the server knows every scope that a screen offers");
        let view = look(&till).await;
        let [row] = view.keys.as_slice() else { panic!("{view:?}") };
        assert_eq!((row.name.as_str(), row.used_ms, &row.scopes), ("Bookkeeping", None, &all(&KEY_SCOPES)));
        let example = view.example(STALL, &key, &row.scopes);
        assert!(example.contains(&format!("{}/v1/stalls/{STALL}/orders", server.url())), "{example}");

        let input =
            |topics: &[&str]| HookInput { address: "http://127.0.0.1:9/soko".into(), topics: all(topics) };
        let first = secret(&till, ProgramsVerb::MakeHook(input(&HOOK_TOPICS))).await;
        let hook = look(&till).await.hooks[0].hook;
        assert_eq!(look(&till).await.hooks[0].topics, all(&HOOK_TOPICS));
        let fewer = ProgramsVerb::PutHook { hook, input: input(&HOOK_TOPICS[..1]) };
        assert_eq!(ask(&till, fewer).await, ProgramsReply::Done);
        let renewed = secret(&till, ProgramsVerb::RenewSecret(hook)).await;
        let row = look(&till).await.hooks[0].clone();
        assert!(first != renewed && row.before_until_ms.is_some() && row.topics == all(&HOOK_TOPICS[..1]));
        assert_eq!(ask(&till, ProgramsVerb::TestHook(hook)).await, ProgramsReply::Done);
        let ProgramsReply::Deliveries(log) = ask(&till, ProgramsVerb::Deliveries(hook)).await else {
            panic!("no log")
        };
        assert_eq!(log.iter().map(|row| row.topic.as_str()).collect::<Vec<_>>(), ["test"]);
        let again = ProgramsVerb::Again { hook, delivery: Some(log[0].delivery) };
        assert_eq!(ask(&till, again).await, ProgramsReply::Done);

        // Ended twice is ended.
        for _ in 0..2 {
            assert_eq!(ask(&till, ProgramsVerb::EndKey(view.keys[0].key)).await, ProgramsReply::Done);
            assert_eq!(ask(&till, ProgramsVerb::EndHook(hook)).await, ProgramsReply::Done);
        }
        let left = look(&till).await;
        assert!(left.keys.is_empty() && left.hooks.is_empty());
        let elsewhere = HookInput { address: "gopher://shop.example".into(), topics: all(&HOOK_TOPICS) };
        assert_eq!(refused(&till, ProgramsVerb::MakeHook(elsewhere)).await, "bad_address");
        till.device(DeviceVerb::SignOut).await;
        assert_eq!(refused(&till, ProgramsVerb::Look).await, "not_signed_in");
    });
}
