//! Documents are changed in child processes: the real program, its limits, and children that misbehave.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use soko_documents::worker::{WorkChange, WorkReply, WorkRequest};
use soko_documents::{Document, DocumentKind, Edit, Field, Refused};
use soko_domain::ids::AuthorId;
use soko_sync_server::worker::child::{CPU_SECONDS_MAX, MEMORY_BYTES_MAX, SUBCOMMAND};
use soko_sync_server::worker::{WorkFault, WorkerCommand, WorkerPool};

const PATIENT: Duration = Duration::from_secs(60);
const AUTHOR: AuthorId = AuthorId([7; 16]);

fn own() -> WorkerCommand {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_soko-server"));
    WorkerCommand { program, arguments: vec![SUBCOMMAND.to_owned()] }
}

fn shell(script: &str) -> WorkerCommand {
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    WorkerCommand { program: PathBuf::from("/bin/sh"), arguments }
}

fn request(change: Vec<u8>) -> WorkRequest {
    let changes = vec![WorkChange { author: AUTHOR, change }];
    WorkRequest { kind: DocumentKind::Product, saved: None, changes }
}

fn naming_change(name: &str) -> Vec<u8> {
    let mut document = Document::new(DocumentKind::Product).unwrap();
    let edits = [Edit::SetText { field: Field::Name, text: name.to_owned() }];
    document.edit(&AUTHOR, 0, &edits).unwrap().unwrap().change
}

#[test]
fn a_change_is_applied_elsewhere_and_a_bad_one_refused() {
    let pool = WorkerPool::new(own(), PATIENT);
    for _ in 0..3 {
        let WorkReply::Applied(applied) = pool.apply(&request(naming_change("Tea"))).unwrap() else {
            panic!("refused");
        };
        let document = Document::load(DocumentKind::Product, &applied.saved).unwrap();
        assert_eq!(document.heads(), applied.heads);
        let refused = pool.apply(&request(vec![0; 40])).unwrap();
        assert!(matches!(refused, WorkReply::Refused(_)), "{refused:?}");
    }
}

#[test]
fn a_child_that_dies_dawdles_or_babbles_refuses_the_bytes_and_is_replaced() {
    let dead = Ok(WorkReply::Refused(Refused::Panicked));
    for script in ["exit 3", "kill -9 $$", "printf '\\377\\377\\377\\377'", "printf '\\000\\000\\000\\001x'"]
    {
        let pool = WorkerPool::new(shell(script), PATIENT);
        for _ in 0..3 {
            assert_eq!(pool.apply(&request(Vec::new())), dead, "{script}");
        }
    }
    let pool = WorkerPool::new(shell("exec sleep 600"), Duration::from_millis(50));
    let started = Instant::now();
    assert_eq!(pool.apply(&request(vec![0; 200 * 1024])), dead);
    assert!(started.elapsed() < PATIENT);
}

#[test]
fn a_child_that_ended_in_good_order_costs_nobody_an_answer() {
    // Answers one request with a good reply that it was given, then ends: the next caller finds it gone.
    let program = env!("CARGO_BIN_EXE_soko-server");
    let once = format!("head -c {} | {program} {SUBCOMMAND}", framed_len(&request(naming_change("Tea"))));
    let pool = WorkerPool::new(shell(&once), PATIENT);
    for _ in 0..3 {
        let reply = pool.apply(&request(naming_change("Tea"))).unwrap();
        assert!(matches!(reply, WorkReply::Applied(_)), "{reply:?}");
    }
}

#[test]
fn many_callers_share_few_children() {
    let pool = WorkerPool::new(own(), PATIENT);
    let change = naming_change("Tea");
    std::thread::scope(|scope| {
        let ask = || pool.apply(&request(change.clone()));
        let callers: Vec<_> = (0..12).map(|_| scope.spawn(ask)).collect();
        for caller in callers {
            let reply = caller.join().unwrap();
            assert!(matches!(reply, Ok(WorkReply::Applied(_))), "{reply:?}");
        }
    });
}

#[test]
fn a_worker_that_cannot_be_started_is_told_apart() {
    let nowhere = WorkerCommand { program: PathBuf::from("/nonexistent/worker"), arguments: Vec::new() };
    let fault = WorkerPool::new(nowhere, PATIENT).apply(&request(Vec::new()));
    assert!(matches!(fault, Err(WorkFault::NotStarted(_))), "{fault:?}");
}

/// What the kernel says about a child at work.
#[cfg(target_os = "linux")]
#[test]
fn a_child_lives_within_its_limits() {
    use std::io::{Read as _, Write as _};
    let command = own();
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Its answer proves that it has set its limits.
    child.stdin.as_mut().unwrap().write_all(&[0, 0, 0, 0]).unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 4]).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success(), "it ends with its pipe");
    let hard = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(hard("Max address space"), MEMORY_BYTES_MAX);
    assert_eq!(hard("Max cpu time"), CPU_SECONDS_MAX);
    assert_eq!((hard("Max core file size"), hard("Max file size")), (0, 0));
}

/// Sets a limit of a child that has set its own.
#[cfg(target_os = "linux")]
fn limit(child: u32, what: &str) {
    let done = Command::new("prlimit").args(["--pid", &child.to_string(), what]).status().unwrap();
    assert!(done.success(), "{what}");
}

/// The children of this process that were started with this in their environment.
#[cfg(target_os = "linux")]
fn children(mark: &str) -> Vec<u32> {
    let me = format!("PPid:\t{}\n", std::process::id());
    let is_child = |id: &u32| {
        let of = |what: &str| std::fs::read_to_string(format!("/proc/{id}/{what}")).unwrap_or_default();
        of("status").contains(&me) && of("environ").contains(mark)
    };
    let ids = std::fs::read_dir("/proc").unwrap().flatten();
    ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_child).collect()
}

/// What a change needs beyond the limit of memory kills the child, and nobody waits for an answer in vain.
#[cfg(target_os = "linux")]
#[test]
fn a_child_without_memory_or_time_is_killed_and_replaced() {
    let program = env!("CARGO_BIN_EXE_soko-server");
    let mark = "SOKO_TEST_MARK=limits";
    let pool = WorkerPool::new(shell(&format!("exec env {mark} {program} {SUBCOMMAND}")), PATIENT);
    let children = || children(mark);
    let is_applied = |name: &str| {
        let reply = pool.apply(&request(naming_change(name)));
        assert!(matches!(reply, Ok(WorkReply::Applied(_))), "{reply:?}");
    };
    is_applied("Tea");
    let first = children();
    assert_eq!(first.len(), 1);
    let status = std::fs::read_to_string(format!("/proc/{}/status", first[0])).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let kib: u64 = size.split_whitespace().next().unwrap().parse().unwrap();
    limit(first[0], &format!("--as={}", kib * 1024));
    // A request of several megabytes is one more allocation than it may make.
    let large = WorkRequest { saved: Some(vec![7; 3 * 1024 * 1024]), ..request(naming_change("Tea")) };
    let reply = pool.apply(&large).unwrap();
    assert!(matches!(reply, WorkReply::Refused(_)), "{reply:?}");
    let second = children();
    assert!(second.len() == 1 && second != first, "it died, and another one answered");

    // One second of work at most: sooner or later it dies in the middle of some change, which another one applies.
    limit(second[0], "--cpu=1:1");
    while children() == second {
        is_applied(&"Tea ".repeat(50));
    }
    is_applied("Tea");
    assert_eq!(children().len(), 1);
}

fn framed_len(request: &WorkRequest) -> usize {
    use soko_domain::wire::Wire as _;
    4 + request.to_bytes().len()
}
