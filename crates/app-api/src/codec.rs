//! Bytes in, bytes out: one call is one compact message, never text per row. Not for storage that outlives a
//! version of the program, except where a version byte stands in front.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why bytes are not the message expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the message cannot be read: let both sides run the same version ({0})")]
pub struct CodecError(String);

pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    postcard::to_allocvec(message).map_err(|error| CodecError(error.to_string()))
}

/// Reads one message and nothing else.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(CodecError("bytes remain after the end".into())),
        Err(error) => Err(CodecError(error.to_string())),
    }
}
