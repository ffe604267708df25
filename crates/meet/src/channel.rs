//! A channel that nobody else reads or changes, over any connection. Who is on the other side it does not say.

use snow::{Builder, HandshakeState, TransportState};
use soko_replication::limits::PAGE_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::Parted;

/// Two fresh keys and nothing else: who they are is shown inside, where nobody who listens sees it.
const PATTERN: &str = "Noise_NN_25519_ChaChaPoly_SHA256";
/// Whoever speaks another version hears nothing.
const PROLOGUE: &[u8] = b"soko meeting 1";
/// What one sealed piece may hold, as Noise has it, and what sealing adds.
const PIECE_BYTES_MAX: usize = 65_535;
const SEAL_BYTES: usize = 16;
/// Of a message's first piece, its length.
const LENGTH_BYTES: usize = 4;
/// The longest message there is: a page.
pub const MESSAGE_BYTES_MAX: usize = PAGE_BYTES_MAX;

pub struct Channel<S> {
    stream: S,
    state: TransportState,
    transcript: [u8; 32],
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<S> {
    /// As whoever called.
    pub async fn open(mut stream: S) -> Result<Self, Parted> {
        let mut state = builder()?.build_initiator()?;
        say(&mut stream, &mut state).await?;
        hear(&mut stream, &mut state).await?;
        Self::begin(stream, state)
    }

    /// As whoever was called.
    pub async fn accept(mut stream: S) -> Result<Self, Parted> {
        let mut state = builder()?.build_responder()?;
        hear(&mut stream, &mut state).await?;
        say(&mut stream, &mut state).await?;
        Self::begin(stream, state)
    }

    fn begin(stream: S, state: HandshakeState) -> Result<Self, Parted> {
        let transcript = state.get_handshake_hash().try_into();
        let transcript = transcript.map_err(|_| Parted::Garbled("a channel without a name"))?;
        Ok(Self { stream, state: state.into_transport_mode()?, transcript })
    }

    /// Both sides call this channel so, and no other channel is called so: whoever stands between two of them has two names.
    pub fn transcript(&self) -> [u8; 32] {
        self.transcript
    }

    pub async fn send(&mut self, message: &[u8]) -> Result<(), Parted> {
        let length = u32::try_from(message.len()).map_err(|_| Parted::Garbled("a message too long"))?;
        let whole = [&length.to_be_bytes(), message].concat();
        let mut sealed = vec![0; PIECE_BYTES_MAX];
        for piece in whole.chunks(PIECE_BYTES_MAX - SEAL_BYTES) {
            let bytes = self.state.write_message(piece, &mut sealed)?;
            write_piece(&mut self.stream, sealed.get(..bytes).unwrap_or_default()).await?;
        }
        self.stream.flush().await?;
        Ok(())
    }

    /// The next message of at most so many bytes; nothing once the other one has gone.
    pub async fn receive(&mut self, bytes_max: usize) -> Result<Option<Vec<u8>>, Parted> {
        let Some(first) = self.open_piece().await? else { return Ok(None) };
        let mut pieces = Pieces::begin(first, bytes_max)?;
        while !pieces.are_all() {
            let piece = self.open_piece().await?.ok_or(Parted::Garbled("half a message"))?;
            pieces.add(&piece)?;
        }
        Ok(Some(pieces.message))
    }

    async fn open_piece(&mut self) -> Result<Option<Vec<u8>>, Parted> {
        let Some(sealed) = read_piece(&mut self.stream).await? else { return Ok(None) };
        let mut piece = vec![0; sealed.len()];
        let bytes = self.state.read_message(&sealed, &mut piece)?;
        piece.truncate(bytes);
        Ok(Some(piece))
    }
}

/// A message as its opened pieces make it.
#[derive(Debug)]
pub struct Pieces {
    message: Vec<u8>,
    length: usize,
}

impl Pieces {
    /// The first piece says how long the message is.
    pub fn begin(mut first: Vec<u8>, bytes_max: usize) -> Result<Self, Parted> {
        let Some((length, _)) = first.split_first_chunk::<LENGTH_BYTES>() else {
            return Err(Parted::Garbled("a message without a length"));
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > bytes_max {
            return Err(Parted::Garbled("a message too long"));
        }
        first.drain(..LENGTH_BYTES);
        Self { message: first, length }.checked()
    }

    pub fn add(&mut self, piece: &[u8]) -> Result<(), Parted> {
        if piece.is_empty() {
            return Err(Parted::Garbled("an empty piece"));
        }
        if self.message.len() + piece.len() > self.length {
            return Err(Parted::Garbled("more than the message"));
        }
        self.message.extend_from_slice(piece);
        Ok(())
    }

    pub fn are_all(&self) -> bool {
        self.message.len() == self.length
    }

    pub fn message(&self) -> &[u8] {
        &self.message
    }

    fn checked(self) -> Result<Self, Parted> {
        if self.message.len() > self.length {
            return Err(Parted::Garbled("more than the message"));
        }
        Ok(self)
    }
}

fn builder() -> Result<Builder<'static>, Parted> {
    let pattern = PATTERN.parse().map_err(|_| Parted::Garbled("an unknown pattern"))?;
    Ok(Builder::new(pattern).prologue(PROLOGUE)?)
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, state: &mut HandshakeState) -> Result<(), Parted> {
    let mut words = vec![0; PIECE_BYTES_MAX];
    let bytes = state.write_message(&[], &mut words)?;
    write_piece(stream, words.get(..bytes).unwrap_or_default()).await?;
    Ok(stream.flush().await?)
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut S, state: &mut HandshakeState) -> Result<(), Parted> {
    let words = read_piece(stream).await?.ok_or(Parted::Garbled("nothing"))?;
    let mut nothing = vec![0; words.len()];
    state.read_message(&words, &mut nothing)?;
    Ok(())
}

async fn write_piece<S: AsyncWrite + Unpin>(stream: &mut S, piece: &[u8]) -> Result<(), Parted> {
    let length = u16::try_from(piece.len()).map_err(|_| Parted::Garbled("a piece too long"))?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(piece).await?;
    Ok(())
}

/// Nothing if the connection ended between two pieces.
async fn read_piece<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<Vec<u8>>, Parted> {
    let mut length = [0; 2];
    if stream.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[1..]).await?;
    let mut piece = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut piece).await?;
    Ok(Some(piece))
}
