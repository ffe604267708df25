//! Whoever speaks no word of a register, half a word, too many, or none.

use std::cell::Cell;
use std::time::Instant;

use soko_domain::ids::{AuthorId, LogId};
use soko_domain::wire::Wire;
use soko_engine::{MeetingProof, MeetingSide};
use soko_meet::{
    Channel, Failed, Hello, Listening, MESSAGE_BYTES_MAX, Meeting, PAGES_MAX, Parted, Pieces, Register,
    STEP_MAX, TALKS_MAX, answer, call, call_at,
};
use soko_replication::Introduction;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{STALL, Till, pair};

/// More than any message of these tests.
const PIPE_BYTES: usize = 4 * MESSAGE_BYTES_MAX;
/// The caller's first piece, and the answer to it: two keys.
const KEY_BYTES: usize = 32;

/// What a register makes of somebody who sends these bytes and goes.
async fn heard(bytes: &[u8], till: &Till) -> (Result<Meeting, Parted>, Result<Meeting, Parted>) {
    let both = async |is_called: bool| {
        let (mut near, far) = duplex(PIPE_BYTES);
        near.write_all(bytes).await.unwrap();
        near.shutdown().await.unwrap();
        if is_called { answer(far, till).await } else { call(far, STALL, till).await }
    };
    (both(true).await, both(false).await)
}

#[tokio::test]
async fn what_is_no_word_of_a_register_changes_nothing() {
    let (_, first, _) = pair();
    let before = first.digest();
    let key = [&[0, 32], [7; KEY_BYTES].as_slice()].concat();
    for bytes in [
        vec![],
        vec![0],
        vec![0, 0],
        vec![255, 255],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        key[..10].to_vec(),
        [0, 31].iter().chain(&[7; 31]).copied().collect(),
        [&key[..], &[0, 0]].concat(),
        [&key[..], &[0, 5, 1, 2, 3, 4, 5]].concat(),
        [&key[..], &[255, 255], &[1; 65_535]].concat(),
        vec![0xa5; 200_000],
    ] {
        let (answered, called) = heard(&bytes, &first).await;
        let start: Vec<_> = bytes.iter().take(8).collect();
        assert!(answered.is_err(), "{start:?}: {answered:?}");
        assert!(called.is_err(), "{start:?}: {called:?}");
    }
    assert_eq!(first.digest(), before);
}

/// A register of the stall that has shown who it is to one that answers, in whose name a test goes on.
async fn shown(near: DuplexStream, till: &Till) -> Channel<DuplexStream> {
    let mut channel = Channel::open(near).await.unwrap();
    let transcript = channel.transcript();
    let proof = till.prove(STALL, MeetingSide::Calls, &transcript).unwrap().unwrap();
    channel.send(&[STALL.to_bytes(), proof.to_bytes()].concat()).await.unwrap();
    let theirs = MeetingProof::from_bytes(&channel.receive(usize::MAX).await.unwrap().unwrap()).unwrap();
    assert!(till.believe(STALL, MeetingSide::Answers, &transcript, &theirs).unwrap().is_some());
    channel
}

#[tokio::test]
async fn a_register_that_says_too_much_or_nonsense_is_left_and_what_it_gave_before_is_kept() {
    let (_, first, second) = pair();
    let before = second.digest();
    for (message, why) in [
        (vec![], "a page"),
        (b"nonsense".to_vec(), "a page"),
        (vec![0; MESSAGE_BYTES_MAX + 1], "too long"),
        (vec![0; 2 * MESSAGE_BYTES_MAX], "too long"),
    ] {
        let (near, far) = duplex(PIPE_BYTES);
        let says = async {
            let mut channel = shown(near, &first).await;
            // It may be left while it still speaks.
            let _ = channel.send(&message).await;
            channel.receive(usize::MAX).await
        };
        let (heard, answered) = tokio::join!(says, answer(far, &second));
        assert!(!matches!(heard, Ok(Some(_))), "{why}: it was answered");
        let is_right = match &answered {
            Err(Parted::Failed(_)) => why == "a page",
            Err(Parted::Garbled(words)) => words.contains(why),
            Ok(_) | Err(_) => false,
        };
        assert!(is_right, "{why}: {answered:?}");
    }
    assert_eq!(second.digest(), before);
    // A good page, and then half of one: what the good one brought stays.
    let (near, far) = duplex(PIPE_BYTES);
    let says = async {
        let mut channel = shown(near, &first).await;
        let asks = second.page(STALL, None).unwrap();
        channel.send(&first.page(STALL, Some(&asks)).unwrap()).await.unwrap();
        channel.receive(usize::MAX).await.unwrap().unwrap();
    };
    let ((), answered) = tokio::join!(says, answer(far, &second));
    assert!(answered.unwrap().records > 0);
    assert!(second.finds("Mango"));
}

/// Bytes that somebody turned over on the way.
#[tokio::test]
async fn a_channel_that_was_disturbed_is_left() {
    let (_, first, second) = pair();
    for at in [2, 20, 40, 60, 200] {
        let (near, mut wire) = duplex(PIPE_BYTES);
        let (mut other, far) = duplex(PIPE_BYTES);
        let carry = async move {
            let mut carried = 0;
            let mut bytes = [0; 1];
            let mut back = [0; 4_096];
            loop {
                tokio::select! {
                    read = wire.read(&mut bytes) => {
                        if read.unwrap_or(0) == 0 { return carried }
                        if carried == at { bytes[0] ^= 1 }
                        carried += 1;
                        if other.write_all(&bytes).await.is_err() { return carried }
                    }
                    read = other.read(&mut back) => {
                        let read = read.unwrap_or(0);
                        if read == 0 || wire.write_all(&back[..read]).await.is_err() { return carried }
                    }
                }
            }
        };
        let before = (first.digest(), second.digest());
        let (called, answered, carried) =
            tokio::join!(call(near, STALL, &first), answer(far, &second), carry);
        assert!(carried > at, "nothing was turned over at {at}");
        assert!(called.is_err() && answered.is_err(), "at {at}: {called:?} {answered:?}");
        assert_eq!((first.digest(), second.digest()), before, "at {at}");
    }
}

/// One that says nothing at all, and one that stops in the middle; called, and calling.
#[tokio::test]
async fn whoever_hangs_is_not_waited_for() {
    let (_, first, second) = pair();
    let began = Instant::now();
    let silent = async {
        let (_near, far) = duplex(PIPE_BYTES);
        answer(far, &second).await
    };
    let called_silent = async {
        let (_near, far) = duplex(PIPE_BYTES);
        call(far, STALL, &second).await
    };
    let stopped = async {
        let (near, far) = duplex(PIPE_BYTES);
        let says = async {
            let _channel = shown(near, &first).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = says => unreachable!("it says no more"),
            answered = answer(far, &second) => answered,
        }
    };
    // A byte now and then is no word either.
    let dripping = async {
        let (mut near, far) = duplex(PIPE_BYTES);
        let says = async {
            near.write_all(&[255, 255]).await.unwrap();
            loop {
                tokio::time::sleep(STEP_MAX / 20).await;
                near.write_all(&[1]).await.unwrap();
            }
        };
        tokio::select! {
            () = says => unreachable!("it goes on"),
            answered = answer(far, &second) => answered,
        }
    };
    for ended in <[_; 4]>::from(tokio::join!(silent, called_silent, stopped, dripping)) {
        assert!(matches!(ended, Err(Parted::Slow)), "{ended:?}");
    }
    assert!(began.elapsed() >= STEP_MAX && began.elapsed() < 3 * STEP_MAX, "{:?}", began.elapsed());
}

/// A register with ever more to say, which believes everybody who is a register.
struct Endless<'a> {
    till: &'a Till,
    said: Cell<usize>,
}

impl Register for Endless<'_> {
    fn prove(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
    ) -> Result<Option<MeetingProof>, Failed> {
        self.till.prove(stall, side, transcript)
    }

    fn believe(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
        proof: &MeetingProof,
    ) -> Result<Option<AuthorId>, Failed> {
        self.till.believe(stall, side, transcript, proof)
    }

    fn page(&self, _: LogId, _: Option<&[u8]>) -> Result<Vec<u8>, Failed> {
        self.said.set(self.said.get() + 1);
        Ok(self.said.get().to_be_bytes().to_vec())
    }

    fn take(&self, _: LogId, _: &[u8]) -> Result<usize, Failed> {
        Ok(1)
    }
}

#[tokio::test]
async fn whoever_has_ever_more_to_say_is_left_in_the_end() {
    let (_, first, second) = pair();
    let endless = |till| Endless { till, said: Cell::new(0) };
    let (first, second) = (endless(&first), endless(&second));
    let (near, far) = duplex(PIPE_BYTES);
    let (called, answered) = tokio::join!(call(near, STALL, &first), answer(far, &second));
    assert!(matches!(called, Err(Parted::Endless)), "{called:?}");
    assert!(matches!(answered, Err(Parted::Endless)), "{answered:?}");
    assert_eq!(second.said.get(), PAGES_MAX);
}

/// Strangers who hold every place are sent away; then the register that waited is met.
#[tokio::test]
async fn strangers_who_take_every_place_keep_nobody_out_for_long() {
    let (_, first, second) = pair();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut silent = Vec::new();
    for _ in 0..TALKS_MAX {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut listening = Listening::new(listener, &first);
    let listens = async {
        let mut strangers = 0;
        loop {
            match listening.next().await.ended {
                Ok(meeting) => return (strangers, meeting),
                Err(_) => strangers += 1,
            }
        }
    };
    let calls = async {
        for _ in 0..5 {
            if let Ok(meeting) = call_at(&address, STALL, &second).await {
                return meeting;
            }
        }
        panic!("it was kept out");
    };
    let ((strangers, answered), called) = tokio::join!(listens, calls);
    assert!(strangers >= TALKS_MAX, "{strangers}");
    assert_eq!((answered.with, called.with), (second.me, first.me));
    assert_eq!(silent.len(), TALKS_MAX);
}

/// Who somebody says to be, a message in its pieces, and the first bytes of a connection, as the fuzzer `meeting` begins with them: the
/// first byte chooses.
fn seeds() -> Vec<Vec<u8>> {
    let introduction = Introduction { public_key: [1; 32], nonce: [2; 16], about: vec![3; 9] };
    let proof = [introduction.to_bytes(), vec![4; 64]].concat();
    let hello = [STALL.as_bytes(), proof.as_slice()].concat();
    let pieces = [&[8, 0, 0, 0, 8, 1, 2, 3, 4], [4, 5, 6, 7, 8].as_slice()].concat();
    let key = [&[0, 32], [7; KEY_BYTES].as_slice(), &[0, 3, 1, 2, 3]].concat();
    (0..)
        .zip([hello, proof, pieces, key])
        .map(|(choice, rest): (u8, _)| [&[choice], &rest[..]].concat())
        .collect()
}

/// Says whether it was anything.
fn is_read(bytes: &[u8]) -> bool {
    fn same<T: Wire>(bytes: &[u8]) -> bool {
        let Ok(read) = T::from_bytes(bytes) else { return false };
        assert_eq!(read.to_bytes(), bytes);
        true
    }
    match bytes.split_first() {
        Some((0, rest)) => same::<Hello>(rest),
        Some((1, rest)) => same::<MeetingProof>(rest),
        Some((2, rest)) => in_pieces(rest),
        Some(_) | None => false,
    }
}

fn in_pieces(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut next = || {
        let (length, behind) = rest.split_first()?;
        let (piece, behind) = behind.split_at_checked(usize::from(*length))?;
        rest = behind;
        Some(piece)
    };
    let Some(Ok(mut pieces)) = next().map(|first| Pieces::begin(first.to_vec(), 600)) else { return false };
    while !pieces.are_all() {
        let Some(Ok(())) = next().map(|piece| pieces.add(piece)) else { return false };
    }
    pieces.message().len() <= 600
}

#[test]
fn what_is_heard_of_strangers_is_read_to_the_letter_or_refused() {
    let kept = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/meeting");
    for (number, seed) in seeds().into_iter().enumerate() {
        let file = kept.join(format!("{number:02}.bin"));
        if std::env::var_os("SOKO_BLESS").is_some() {
            std::fs::create_dir_all(&kept).unwrap();
            std::fs::write(&file, &seed).unwrap();
        }
        assert!(std::fs::read(&file).unwrap() == seed, "{number}: set SOKO_BLESS=1 if that is meant");
        assert_eq!(is_read(&seed), number < 3, "{number}");
        // Cut off, one byte more, and each bit turned round: nothing panics.
        for at in 1..seed.len() {
            assert!(!is_read(&seed[..at]), "{number}, {at} bytes");
            for bit in 0..8 {
                let mut turned = seed.clone();
                turned[at] ^= 1 << bit;
                is_read(&turned);
            }
        }
        assert!(number == 2 || !is_read(&[&seed[..], &[0]].concat()), "{number}");
    }
    for (wrong, why) in [
        (vec![2, 3, 0, 0, 0], "half a length"),
        (vec![2, 4, 0, 0, 9, 9], "longer than anything may be"),
        (vec![2, 5, 0, 0, 0, 0, 1], "more than it said"),
        (vec![2, 4, 0, 0, 0, 2, 0], "an empty piece"),
        (vec![2, 4, 0, 0, 0, 2, 3, 1, 2, 3], "more with the second piece"),
    ] {
        assert!(!is_read(&wrong), "{why}");
    }
}
