//! The device's state machine, one step at a time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use std::convert::Infallible;

use common::{LOG, Replica, chain, commit};
use soko_domain::ids::{AuthorId, EpochId, LogId, ThingId};
use soko_replication::fill::Source;
use soko_replication::limits::ASKS_MAX;
use soko_replication::page::NOT_TAKEN;
use soko_replication::session::{HOLD_BACK_MS, IDLE_MS, REPLY_MS, RETRY_FIRST_MS, RETRY_MAX_MS};
use soko_replication::{
    Answer, Ask, Capabilities, Epoch, EpochStep, Heads, Offer, Page, Progress, Protocol, Record,
    ReplyRefused, Session, Start, Timing, Verdict,
};

const DEVICE: AuthorId = AuthorId([1; 16]);

fn epoch(id: u8, counter: u64) -> Epoch {
    Epoch { id: EpochId([id; 16]), counter }
}

fn session(known: Epoch) -> Session {
    Session::new(Start {
        log: LOG,
        sender: DEVICE,
        offer: Offer::OURS,
        epoch: known,
        first_number: 100,
        seed: 5,
        timing: Timing::default(),
    })
}

/// A server's answer to a page, holding what this replica holds.
fn reply(to: &Page, server: &Replica, epoch: Epoch) -> Page {
    let mut page = Page::new(LOG, AuthorId([9; 16]), Offer::OURS, epoch);
    page.in_reply_to = Some(to.number);
    page.heads = server.heads_now();
    page
}

fn poll(session: &mut Session, now_ms: u64, device: &Replica) -> Option<Page> {
    session.poll_page(now_ms, device, &[]).unwrap()
}

/// One exchange in which the server takes everything.
fn exchange(
    session: &mut Session,
    now_ms: u64,
    device: &Replica,
    server: &mut Replica,
    epoch: Epoch,
) -> Progress {
    let page = poll(session, now_ms, device).expect("a page is due");
    page.runs.iter().for_each(|run| drop(server.take(run.clone()).unwrap()));
    session.handle_page(reply(&page, server, epoch), now_ms).unwrap()
}

fn holding(number: u8, commits: &[usize]) -> Replica {
    let mut replica = Replica::default();
    replica.keep(chain(number, commits).1);
    replica
}

#[test]
fn it_asks_what_the_server_has_before_it_pushes() {
    let (device, mut server) = (holding(1, &[2]), Replica::default());
    let mut session = session(Epoch::UNKNOWN);
    let first = poll(&mut session, 0, &device).unwrap();
    assert_eq!((first.number, first.runs.len(), first.heads.len()), (100, 0, 1));
    assert_eq!(poll(&mut session, 1, &device), None, "one page on its way at most");
    let progress = session.handle_page(reply(&first, &server, epoch(1, 1)), 10).unwrap();
    assert_eq!(progress.epoch, EpochStep::First);
    assert_eq!(progress.agreed.capabilities, Capabilities::ALL);
    assert_eq!(session.epoch(), epoch(1, 1));

    let progress = exchange(&mut session, 10, &device, &mut server, epoch(1, 1));
    assert_eq!((progress.epoch, progress.server_went_back), (EpochStep::Same, false));
    assert_eq!(session.server_heads(), Some(&device.heads_now()));
    assert_eq!(poll(&mut session, 10, &device), None, "nothing is left to say");
    let idle_ms = session.next_deadline() - 10;
    assert!((IDLE_MS * 7 / 8..=IDLE_MS).contains(&idle_ms), "{idle_ms}");
    assert!(poll(&mut session, 10 + idle_ms, &device).is_some(), "but it listens again after a while");
}

#[test]
fn a_wake_up_goes_at_once_even_when_it_comes_while_a_page_is_on_its_way() {
    let (mut pen, records) = chain(1, &[1]);
    let (mut device, mut server) = (Replica::default(), Replica::default());
    device.keep(records);
    let mut session = session(Epoch::UNKNOWN);
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    assert_eq!(poll(&mut session, 0, &device), None);

    device.keep(commit(&mut pen, 1, b"a sale"));
    session.wake(20);
    let page = poll(&mut session, 20, &device).unwrap();
    assert_eq!(page.runs[0].first_seq, 3);
    session.wake(21);
    assert_eq!(poll(&mut session, 21, &device), None);
    session.handle_page(reply(&page, &server, epoch(1, 1)), 30).unwrap();
    assert!(poll(&mut session, 30, &device).is_some());
}

#[test]
fn late_and_foreign_replies_change_nothing() {
    let (device, server) = (holding(1, &[1]), Replica::default());
    let mut session = session(Epoch::UNKNOWN);
    let page = poll(&mut session, 0, &device).unwrap();
    let good = reply(&page, &server, epoch(1, 1));
    let early = Page { in_reply_to: Some(99), ..good.clone() };
    let unasked = Page { in_reply_to: None, ..good.clone() };
    let theirs = LogId([8; 16]);
    let foreign = Page { log: theirs, ..good.clone() };
    assert_eq!(session.handle_page(early, 1), Err(ReplyRefused::NotAwaited));
    assert_eq!(session.handle_page(unasked, 1), Err(ReplyRefused::NotAwaited));
    assert_eq!(session.handle_page(foreign, 1), Err(ReplyRefused::WrongLog { ours: LOG, theirs }));
    assert_eq!(session.next_deadline(), REPLY_MS, "it still waits for its reply");
    session.failed(99, 1);
    assert_eq!(session.failures(), 0, "the failure of an earlier page is old news");
    session.handle_page(good.clone(), 2).unwrap();
    assert_eq!(session.handle_page(good, 3), Err(ReplyRefused::NotAwaited), "the second copy");

    // A reply that arrives after its page was given up.
    let page = poll(&mut session, 3, &device).unwrap();
    assert_eq!(poll(&mut session, 3 + REPLY_MS, &device), None);
    assert_eq!(session.failures(), 1);
    let late = reply(&page, &server, epoch(1, 1));
    assert_eq!(session.handle_page(late, 4 + REPLY_MS), Err(ReplyRefused::NotAwaited));
    assert_eq!(session.failures(), 1);
}

#[test]
fn failures_wait_longer_each_time_and_a_wake_up_does_not_shorten_it() {
    let device = holding(1, &[1]);
    let mut session = session(Epoch::UNKNOWN);
    let mut now_ms = 0;
    for failure in 0..70u32 {
        let page = poll(&mut session, now_ms, &device).unwrap();
        session.failed(page.number, now_ms);
        session.failed(page.number, now_ms);
        let longest = RETRY_FIRST_MS.saturating_mul(1 << failure.min(20)).min(RETRY_MAX_MS);
        let wait = session.next_deadline() - now_ms;
        assert!((longest / 2..=longest).contains(&wait), "failure {failure}: {wait} ms");
        session.wake(now_ms);
        assert_eq!(poll(&mut session, now_ms + wait - 1, &device), None);
        now_ms += wait;
    }
    assert_eq!(session.failures(), 64);
    exchange(&mut session, now_ms, &device, &mut Replica::default(), epoch(1, 1));
    assert_eq!(session.failures(), 0);
    let page = poll(&mut session, now_ms, &device).unwrap();
    session.failed(page.number, now_ms);
    assert!(session.next_deadline() - now_ms <= RETRY_FIRST_MS, "a good reply ends the waiting");
}

#[test]
fn jitter_differs_between_seeds_and_never_within_one() {
    let device = holding(1, &[1]);
    let wait = |seed| {
        let start = Start {
            log: LOG,
            sender: DEVICE,
            offer: Offer::OURS,
            epoch: Epoch::UNKNOWN,
            first_number: 0,
            seed,
            timing: Timing { retry_first_ms: RETRY_MAX_MS, ..Timing::default() },
        };
        let mut session = Session::new(start);
        let page = poll(&mut session, 0, &device).unwrap();
        session.failed(page.number, 0);
        session.next_deadline()
    };
    assert_eq!(wait(1), wait(1));
    let mut waits: Vec<u64> = (0..50).map(wait).collect();
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 40, "{waits:?}");
}

#[test]
fn a_restored_server_gets_back_what_it_forgot_of_every_author() {
    let (mut device, mut server) = (holding(1, &[2, 2]), Replica::default());
    let (pen, other) = chain(2, &[3]);
    device.keep(other.clone());
    let mut session = session(Epoch::UNKNOWN);
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    let backup = {
        let mut backup = Replica::default();
        backup.keep(chain(1, &[2]).1);
        backup
    };
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    assert_eq!(server.heads_now(), device.heads_now());

    // The backup knows the first author's beginning and nothing of the second.
    let mut server = backup;
    session.wake(1);
    let progress = exchange(&mut session, 1, &device, &mut server, epoch(2, 2));
    assert_eq!(progress.epoch, EpochStep::Newer { from: epoch(1, 1) });
    assert!(!progress.server_went_back, "a new epoch may hold less");
    assert_eq!(session.server_heads().unwrap().len(), 1);
    let page = poll(&mut session, 1, &device).expect("pushed without waiting");
    assert_eq!(page.epoch, epoch(2, 2));
    let mut pushed: Vec<_> =
        page.runs.iter().map(|run| (run.author == pen.author(), run.first_seq)).collect();
    pushed.sort_unstable();
    assert_eq!(pushed, [(false, 4), (true, 1)]);
    page.runs.into_iter().for_each(|run| drop(server.take(run).unwrap()));
    assert_eq!(server.state_digest(), device.state_digest());
}

#[test]
fn a_server_restored_to_nothing_gets_everything_at_once() {
    let device = holding(1, &[2]);
    let mut session = session(epoch(1, 1));
    let page = poll(&mut session, 0, &device).unwrap();
    let progress = session.handle_page(reply(&page, &Replica::default(), epoch(2, 2)), 0).unwrap();
    assert_eq!(progress.epoch, EpochStep::Newer { from: epoch(1, 1) });
    assert_eq!(poll(&mut session, 0, &device).unwrap().runs.len(), 1);
}

#[test]
fn replies_of_an_older_epoch_are_dropped() {
    let device = holding(1, &[1]);
    let known = epoch(2, 5);
    let cases =
        [("older", epoch(1, 4)), ("same height, other life", epoch(3, 5)), ("no epoch", Epoch::UNKNOWN)];
    for (case, theirs) in cases {
        let mut session = session(known);
        let mut server = Replica::default();
        exchange(&mut session, 0, &device, &mut server, known);
        exchange(&mut session, 0, &device, &mut server, known);
        let acknowledged = session.server_heads().cloned();
        session.wake(1);
        let page = poll(&mut session, 1, &device).unwrap();
        let stale = Page { runs: Vec::new(), ..reply(&page, &Replica::default(), theirs) };
        let refused = ReplyRefused::StaleEpoch { ours: known, theirs };
        assert_eq!(session.handle_page(stale, 2), Err(refused), "{case}");
        assert_eq!((session.epoch(), session.server_heads().cloned()), (known, acknowledged), "{case}");
        assert_eq!(session.failures(), 1, "{case}");
        assert_eq!(poll(&mut session, 2, &device), None, "{case}");
    }
}

#[test]
fn a_server_that_loses_data_in_the_same_epoch_is_noticed_and_helped() {
    let (device, mut server) = (holding(1, &[2]), Replica::default());
    let mut session = session(Epoch::UNKNOWN);
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    session.wake(1);
    let page = poll(&mut session, 1, &device).unwrap();
    let progress = session.handle_page(reply(&page, &Replica::default(), epoch(1, 1)), 1).unwrap();
    assert!(progress.server_went_back);
    assert_eq!(poll(&mut session, 1, &device).unwrap().runs[0].first_seq, 1);
}

#[test]
fn a_side_that_is_too_old_is_told_so() {
    let device = holding(1, &[1]);
    let mut session = session(Epoch::UNKNOWN);
    let page = poll(&mut session, 0, &device).unwrap();
    let protocol = Protocol { version: 3, min_version: 2 };
    let newer = Page { protocol, ..reply(&page, &Replica::default(), epoch(1, 1)) };
    assert!(matches!(session.handle_page(newer, 0), Err(ReplyRefused::Version(_))));
    assert_eq!((session.failures(), session.agreed()), (1, None));
}

#[test]
fn what_the_server_does_not_take_is_not_offered_again_at_once() {
    let (mut device, mut server) = (holding(1, &[1]), Replica::default());
    device.keep(chain(2, &[1]).1);
    let (refused, _) = chain(1, &[]);
    let mut session = session(Epoch::UNKNOWN);
    exchange(&mut session, 0, &device, &mut server, epoch(1, 1));
    let page = poll(&mut session, 0, &device).unwrap();
    assert_eq!(page.runs.len(), 2);
    let welcome = page.runs.iter().find(|run| run.author != refused.author()).unwrap();
    server.take(welcome.clone()).unwrap();
    session.handle_page(reply(&page, &server, epoch(1, 1)), 0).unwrap();
    assert_eq!(poll(&mut session, 0, &device), None);
    session.wake(1);
    let page = poll(&mut session, 1, &device).unwrap();
    assert_eq!(page.runs.len(), 0, "held back");
    session.handle_page(reply(&page, &server, epoch(1, 1)), 1).unwrap();
    session.wake(HOLD_BACK_MS);
    assert_eq!(poll(&mut session, HOLD_BACK_MS, &device).unwrap().runs.len(), 1, "and tried again later");
}

#[test]
fn a_whole_chain_that_is_refused_is_offered_again_from_its_beginning() {
    let device = holding(1, &[1, 1]);
    let author = *device.heads().unwrap().keys().next().unwrap();
    let mut session = session(Epoch::UNKNOWN);
    let first = poll(&mut session, 0, &device).unwrap();
    session.handle_page(reply(&first, &device, epoch(1, 1)), 0).unwrap();
    session.offer_whole(author);
    session.wake(1);
    let page = poll(&mut session, 1, &device).unwrap();
    assert_eq!((page.runs[0].first_seq, page.runs[0].last_seq()), (1, 3));
    let note = "the signature does not fit".into();
    let verdicts = vec![Verdict { author, seq: 1, code: NOT_TAKEN, note }];
    session.handle_page(Page { verdicts, ..reply(&page, &device, epoch(1, 1)) }, 1).unwrap();
    assert!(!session.was_offered_whole(author), "what was refused is not known there");
    session.wake(2);
    let page = poll(&mut session, 2, &device).unwrap();
    assert_eq!(page.runs.len(), 0, "not at once");
    session.handle_page(reply(&page, &device, epoch(1, 1)), 2).unwrap();
    let later = 1 + HOLD_BACK_MS;
    session.wake(later);
    let page = poll(&mut session, later, &device).unwrap();
    assert_eq!((page.runs[0].first_seq, page.runs[0].last_seq()), (1, 3), "but later, as a whole");
    session.handle_page(reply(&page, &device, epoch(1, 1)), later).unwrap();
    assert!(session.was_offered_whole(author));
}

/// Holds one more history of its author than its log shows.
struct Branched {
    log: Replica,
    beside: Vec<Record>,
}

impl Source for Branched {
    type Error = Infallible;

    fn heads(&self) -> Result<Heads, Infallible> {
        self.log.heads()
    }

    fn range(
        &self,
        author: AuthorId,
        from: u64,
        records: usize,
        bytes: usize,
    ) -> Result<Vec<Record>, Infallible> {
        self.log.range(author, from, records, bytes)
    }

    fn beside(&self, _author: AuthorId, after: usize) -> Result<Vec<Record>, Infallible> {
        Ok(self.beside.iter().skip(after).take(1).cloned().collect())
    }
}

#[test]
fn a_server_in_another_life_gets_what_is_kept_beside_the_log_again() {
    let log = holding(1, &[1, 1]);
    let author = *log.heads().unwrap().keys().next().unwrap();
    let all = log.range(author, 2, 10, 10_000).unwrap();
    let device = Branched { log, beside: all };
    let mut session = session(Epoch::UNKNOWN);
    let hand_in = |session: &mut Session, now_ms: u64, life: Epoch, verdicts: Vec<Verdict>| {
        session.hurry(now_ms);
        let page = session.poll_page(now_ms, &device, &[]).unwrap().unwrap();
        let places: Vec<u64> = page.runs.iter().map(|run| run.first_seq).collect();
        session.handle_page(Page { verdicts, ..reply(&page, &device.log, life) }, now_ms).unwrap();
        places
    };
    hand_in(&mut session, 0, epoch(1, 1), Vec::new());
    assert!(session.asks_beside());
    session.offer_beside([author]);
    let note = "missing".into();
    let refused = vec![Verdict { author, seq: 3, code: NOT_TAKEN, note }];
    assert_eq!(hand_in(&mut session, 1, epoch(1, 1), Vec::new()), [2]);
    assert_eq!(hand_in(&mut session, 2, epoch(1, 1), refused), [3]);
    assert_eq!(hand_in(&mut session, 3, epoch(1, 1), Vec::new()), [0; 0], "what was refused waits");
    let later = 2 + HOLD_BACK_MS;
    assert_eq!(hand_in(&mut session, later, epoch(1, 1), Vec::new()), [2], "and begins anew");
    assert_eq!(hand_in(&mut session, later + 1, epoch(1, 1), Vec::new()), [3]);
    assert_eq!(hand_in(&mut session, later + 2, epoch(1, 1), Vec::new()), [0; 0], "once");
    assert!(!session.asks_beside());
    hand_in(&mut session, later + 3, epoch(2, 2), Vec::new());
    assert!(session.asks_beside(), "another life may not know it");
}

#[test]
fn a_server_that_always_claims_more_makes_no_storm() {
    let device = holding(1, &[]);
    let mut session = session(Epoch::UNKNOWN);
    let mut pages = 0;
    let mut now_ms = 0;
    while now_ms < 60_000 {
        if let Some(page) = poll(&mut session, now_ms, &device) {
            pages += 1;
            let claims = Page { more: true, ..reply(&page, &device, epoch(1, 1)) };
            session.handle_page(claims, now_ms).unwrap();
        } else {
            now_ms = session.next_deadline();
        }
    }
    assert!((12..=16).contains(&pages), "{pages} pages in a minute");
}

#[test]
fn requests_are_repeated_until_answered_and_wait_for_room() {
    let (device, server) = (holding(1, &[]), Replica::default());
    let mut session = session(Epoch::UNKNOWN);
    let asks: Vec<Ask> = (0..20).map(|id| Ask { id: ThingId([id; 16]), body: vec![id] }).collect();
    let page = session.poll_page(0, &device, &asks).unwrap().unwrap();
    assert_eq!((page.asks.as_slice(), page.more), (&asks[..ASKS_MAX], true));
    session.failed(page.number, 0);
    let later = session.next_deadline();
    let again = session.poll_page(later, &device, &asks).unwrap().unwrap();
    assert_eq!(again.asks, page.asks);
    let answers: Vec<Answer> = again.asks.iter().map(|ask| Answer { ask: ask.id, body: vec![1] }).collect();
    let answered = Page { answers: answers.clone(), ..reply(&again, &server, epoch(1, 1)) };
    assert_eq!(session.handle_page(answered, later).unwrap().answers, answers);
    let rest = session.poll_page(later, &device, &asks[ASKS_MAX..]).unwrap().unwrap();
    assert_eq!((rest.asks.as_slice(), rest.more), (&asks[ASKS_MAX..], false));
    // Unanswered requests alone do not make it ask at once again.
    session.handle_page(reply(&rest, &device, epoch(1, 1)), later).unwrap();
    assert_eq!(session.poll_page(later, &device, &asks[ASKS_MAX..]).unwrap(), None);
}

#[test]
fn a_server_without_answers_is_not_asked() {
    let device = holding(1, &[]);
    let mut session = session(Epoch::UNKNOWN);
    let page = poll(&mut session, 0, &device).unwrap();
    let plain = Page { capabilities: Capabilities::NONE, ..reply(&page, &device, epoch(1, 1)) };
    session.handle_page(plain, 0).unwrap();
    session.wake(0);
    let asks = [Ask { id: ThingId([1; 16]), body: Vec::new() }];
    assert_eq!(session.poll_page(0, &device, &asks).unwrap().unwrap().asks, []);
}
