//! The frame around a page's bytes: magic, versions, declared length, checksum, deflate with a hard limit.
//!
//! The header stays as it is in every version, so that an old side can say "update" instead of "malformed".
//! The checksum catches what a broken proxy does to bytes; who wrote a record is proven by its signature.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use sha2::{Digest as _, Sha256};
use soko_domain::wire::{Malformed, Reader};

use crate::limits::{CHECK_BYTES, DEFLATE_BYTES_MIN, HEADER_BYTES, PAGE_BYTES_MAX, PAGE_INFLATED_MAX};
use crate::page::PageRefused;
use crate::protocol::Protocol;

const MAGIC: &[u8; 4] = b"SKP1";
const FLAG_DEFLATED: u8 = 1;
const DEFLATE_LEVEL: u8 = 6;
/// Deflate cannot shrink further than this: what claims more is refused before memory is taken for it.
const DEFLATE_RATIO_MAX: usize = 1_032;
const DEFLATE_SLACK_BYTES: usize = 64;

pub(crate) fn wrap(protocol: Protocol, content: &[u8]) -> Result<Vec<u8>, PageRefused> {
    let too_large = PageRefused::TooLarge { bytes: content.len() };
    let inflated = u32::try_from(content.len()).map_err(|_| too_large.clone())?;
    let deflated =
        if content.len() < DEFLATE_BYTES_MIN { None } else { Some(compress_to_vec(content, DEFLATE_LEVEL)) };
    let (flags, payload) = match &deflated {
        Some(deflated) if deflated.len() < content.len() => (FLAG_DEFLATED, deflated.as_slice()),
        Some(_) | None => (0, content),
    };
    if content.len() > PAGE_INFLATED_MAX || HEADER_BYTES + payload.len() > PAGE_BYTES_MAX {
        return Err(too_large);
    }
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend_from_slice(MAGIC);
    bytes.push(flags);
    bytes.extend_from_slice(&protocol.version.to_be_bytes());
    bytes.extend_from_slice(&protocol.min_version.to_be_bytes());
    bytes.extend_from_slice(&inflated.to_be_bytes());
    bytes.extend_from_slice(&checksum(protocol, content));
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

/// What a frame says before its content is looked at.
pub(crate) struct Frame<'a> {
    pub(crate) protocol: Protocol,
    is_deflated: bool,
    inflated: usize,
    check: [u8; CHECK_BYTES],
    payload: &'a [u8],
}

pub(crate) fn open(bytes: &[u8]) -> Result<Frame<'_>, PageRefused> {
    if bytes.len() > PAGE_BYTES_MAX {
        return Err(PageRefused::TooLarge { bytes: bytes.len() });
    }
    let mut input = Reader::new(bytes);
    if array::<4>(&mut input)? != *MAGIC {
        return Err(PageRefused::NotAPage);
    }
    let is_deflated = match input.byte()? {
        0 => false,
        FLAG_DEFLATED => true,
        _ => return Err(PageRefused::NotAPage),
    };
    let version = u16::from_be_bytes(array(&mut input)?);
    let min_version = u16::from_be_bytes(array(&mut input)?);
    let inflated = usize::try_from(u32::from_be_bytes(array(&mut input)?)).unwrap_or(usize::MAX);
    if inflated > PAGE_INFLATED_MAX {
        return Err(PageRefused::TooLarge { bytes: inflated });
    }
    let check = array(&mut input)?;
    let payload = input.raw(input.left())?;
    let protocol = Protocol { version, min_version };
    Ok(Frame { protocol, is_deflated, inflated, check, payload })
}

impl Frame<'_> {
    pub(crate) fn content(&self) -> Result<Vec<u8>, PageRefused> {
        let content = if self.is_deflated {
            inflate(self.payload, self.inflated)?
        } else if self.payload.len() == self.inflated {
            self.payload.to_vec()
        } else {
            return Err(PageRefused::WrongLength { declared: self.inflated });
        };
        if checksum(self.protocol, &content) != self.check {
            return Err(PageRefused::WrongChecksum);
        }
        Ok(content)
    }
}

/// Inflates to exactly the declared length, from exactly these bytes.
fn inflate(payload: &[u8], declared: usize) -> Result<Vec<u8>, PageRefused> {
    let wrong = PageRefused::WrongLength { declared };
    if declared > payload.len().saturating_mul(DEFLATE_RATIO_MAX) + DEFLATE_SLACK_BYTES {
        return Err(wrong);
    }
    let mut content = vec![0; declared];
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let (status, consumed, produced) = decompress(&mut state, payload, &mut content, 0, flags);
    if status != TINFLStatus::Done || consumed != payload.len() || produced != declared {
        return Err(wrong);
    }
    Ok(content)
}

fn checksum(protocol: Protocol, content: &[u8]) -> [u8; CHECK_BYTES] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(protocol.version.to_be_bytes())
        .chain_update(protocol.min_version.to_be_bytes())
        .chain_update(content)
        .finalize()
        .into();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}

fn array<const N: usize>(input: &mut Reader<'_>) -> Result<[u8; N], PageRefused> {
    input.raw(N)?.try_into().map_err(|_| PageRefused::Malformed(Malformed::Truncated))
}
