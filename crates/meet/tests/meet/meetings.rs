//! Registers that meet: in memory, and on a real network.

use soko_domain::wire::Wire as _;
use soko_engine::MeetingSide;
use soko_meet::{Channel, Listening, Meeting, Parted, Register as _, answer, call, call_at};
use tokio::io::duplex;
use tokio::net::TcpListener;

use crate::world::{STALL, Till, pair};

/// Smaller than most messages: both sides must read while the other one writes.
const PIPE_BYTES: usize = 512;

async fn meet(caller: &Till, answerer: &Till) -> (Result<Meeting, Parted>, Result<Meeting, Parted>) {
    let (near, far) = duplex(PIPE_BYTES);
    tokio::join!(call(near, STALL, caller), answer(far, answerer))
}

#[tokio::test]
async fn registers_that_meet_hold_the_same() {
    let (_, first, second) = pair();
    let (called, answered) = meet(&second, &first).await;
    let (called, answered) = (called.unwrap(), answered.unwrap());
    assert_eq!((called.with, answered.with), (first.me, second.me));
    assert!(called.records > 0 && answered.records > 0, "{called:?} {answered:?}");
    second.create_product(102, "Papaya");
    first.create_product(103, "Guava");
    let (called, answered) = meet(&first, &second).await;
    assert!(called.unwrap().records > 0 && answered.unwrap().records > 0);
    assert_eq!(first.digest(), second.digest());
    assert!(first.finds("Papaya") && second.finds("Guava"));
    // Then neither has anything to say, and both notice it in one page.
    let (called, answered) = meet(&first, &second).await;
    assert_eq!((called.unwrap().records, answered.unwrap().records), (0, 0));
}

#[tokio::test]
async fn a_stranger_and_a_register_that_was_shut_out_get_nothing() {
    let (mut server, first, second) = pair();
    let stranger = Till::new(5, &server);
    server.revoke(&second);
    server.tell(&first);
    for other in [&stranger, &second] {
        let before = other.digest();
        let (called, answered) = meet(other, &first).await;
        assert!(matches!(called, Err(Parted::Stranger)), "{called:?}");
        assert!(matches!(answered, Err(Parted::Stranger)), "{answered:?}");
        assert_eq!(other.digest(), before);
        assert!(!other.finds("Mango"));
        // Called by a register, they hear who it is, and nothing of what it holds.
        let (called, _) = meet(&first, other).await;
        assert!(matches!(called, Err(Parted::Stranger)), "{called:?}");
        assert_eq!(other.digest(), before);
    }
}

/// Somebody between two registers, whom both take for the other one, has two channels: what one side shows is no proof on
/// the other. Here it is even a register of the stall, so that both would talk to it in its own name.
#[tokio::test]
async fn a_proof_of_one_channel_is_none_in_another() {
    let (mut server, first, second) = pair();
    let between = Till::new(5, &server);
    server.admit(&between);
    for till in [&first, &second, &between] {
        server.tell(till);
    }
    let (near, far) = duplex(PIPE_BYTES);
    let (left, right) = duplex(PIPE_BYTES);
    let middle = async {
        let (mut to_caller, mut to_answerer) =
            tokio::try_join!(Channel::accept(far), Channel::open(left)).unwrap();
        let hello = to_caller.receive(usize::MAX).await.unwrap().unwrap();
        to_answerer.send(&hello).await.unwrap();
        let heard = to_answerer.receive(usize::MAX).await.unwrap();
        assert_eq!(heard, None, "it was answered in another one's name");
        to_caller
    };
    let caller = call(near, STALL, &first);
    let show_anothers = async {
        let mut to_caller = middle.await;
        // What the second register showed of itself elsewhere, which an insider can have heard.
        let elsewhere = second.prove(STALL, MeetingSide::Answers, &[1; 32]).unwrap().unwrap();
        to_caller.send(&elsewhere.to_bytes()).await.unwrap();
        to_caller.receive(usize::MAX).await.unwrap()
    };
    let (called, answered, heard) = tokio::join!(caller, answer(right, &second), show_anothers);
    assert!(matches!(called, Err(Parted::Stranger)), "{called:?}");
    assert!(matches!(answered, Err(Parted::Stranger)), "{answered:?}");
    assert_eq!(heard, None);
}

#[tokio::test]
async fn a_register_that_listens_is_met_by_whoever_calls_its_address() {
    let (_, first, second) = pair();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut listening = Listening::new(listener, &first);
    let (talked, called) = tokio::join!(listening.next(), call_at(&address, STALL, &second));
    assert_eq!(talked.ended.unwrap().with, second.me);
    assert!(called.unwrap().records > 0);
    assert_eq!(first.digest(), second.digest());
    drop(listening);
    let gone = call_at(&address, STALL, &second).await;
    assert!(matches!(gone, Err(Parted::Gone(_))), "{gone:?}");
}
