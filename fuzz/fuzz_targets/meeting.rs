//! What a register hears of whoever calls it on the local network. The first byte chooses: who somebody says to be, a message in its
//! pieces, or the bytes of a connection from the first one.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::wire::Wire;
use soko_engine::MeetingProof;
use soko_meet::{Channel, Hello, Pieces};

/// Messages here are no longer, so that the limit is met.
const BYTES_MAX: usize = 600;

fn same<T: Wire>(bytes: &[u8]) {
    if let Ok(read) = T::from_bytes(bytes) {
        assert_eq!(read.to_bytes(), bytes);
    }
}

/// Each piece has its length before it.
fn pieces(bytes: &[u8]) {
    let mut rest = bytes;
    let mut next = || {
        let (length, behind) = rest.split_first()?;
        let (piece, behind) = behind.split_at_checked(usize::from(*length))?;
        rest = behind;
        Some(piece)
    };
    let Some(first) = next() else { return };
    let Ok(mut pieces) = Pieces::begin(first.to_vec(), BYTES_MAX) else { return };
    while !pieces.are_all() {
        let Some(piece) = next() else { return };
        if pieces.add(piece).is_err() {
            return;
        }
    }
    assert!(pieces.message().len() <= BYTES_MAX);
}

fn connection(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("one thread");
    runtime.block_on(async {
        let stream = tokio::io::join(bytes, tokio::io::sink());
        if let Ok(mut channel) = Channel::accept(stream).await {
            assert!(!matches!(channel.receive(BYTES_MAX).await, Ok(Some(_))), "nobody else can seal a word");
        }
    });
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match choice % 4 {
        0 => same::<Hello>(rest),
        1 => same::<MeetingProof>(rest),
        2 => pieces(rest),
        _ => connection(rest),
    }
});
