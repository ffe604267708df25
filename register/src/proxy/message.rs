//! Where an HTTP/1.1 message ends: head, then a body of a told length, of chunks, or until the connection ends.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest head. Our own are some hundred bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Longest message that is held as a whole.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
const READ_BYTES: usize = 16 * 1024;

/// What follows a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    Sized(usize),
    Chunked,
    UntilClosed,
}

/// A head with the bytes behind it that were read along.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    /// Length of the head in them, its empty line included.
    pub(super) len: usize,
    pub(super) body: Body,
}

/// Reads a head; nothing if the other side closed in order before one began.
pub(super) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    is_request: bool,
) -> io::Result<Option<Head>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(len) = head_len(&bytes) {
            let body = body_of(&bytes[..len], is_request)?;
            return Ok(Some(Head { bytes, len, body }));
        }
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(io::Error::other("a head without an end"));
        }
        if read_some(stream, &mut bytes).await? == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    }
}

/// Reads the rest of a message of known length or in chunks, so that `bytes` is exactly the message.
pub(super) async fn read_whole(stream: &mut (impl AsyncRead + Unpin), head: Head) -> io::Result<Vec<u8>> {
    let Head { mut bytes, len, body } = head;
    loop {
        let end = match body {
            Body::Sized(more) => Some(len + more).filter(|end| *end <= bytes.len()),
            Body::Chunked => {
                bytes[len..].windows(5).position(|five| five == b"0\r\n\r\n").map(|at| len + at + 5)
            }
            Body::UntilClosed => None,
        };
        if let Some(end) = end {
            bytes.truncate(end);
            return Ok(bytes);
        }
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(io::Error::other("a message that is too long"));
        }
        if read_some(stream, &mut bytes).await? == 0 {
            return if body == Body::UntilClosed {
                Ok(bytes)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
    }
}

async fn read_some(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut part = [0; READ_BYTES];
    let read = stream.read(&mut part).await?;
    bytes.extend_from_slice(&part[..read]);
    Ok(read)
}

/// Whether a request asks for the connection to end after its answer.
pub(super) fn asks_to_close(request: &[u8]) -> bool {
    let head =
        head_len(request).and_then(|len| std::str::from_utf8(&request[..len]).ok()).unwrap_or_default();
    head.split("\r\n").any(|line| line.eq_ignore_ascii_case("connection: close"))
}

fn head_len(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn body_of(head: &[u8], is_request: bool) -> io::Result<Body> {
    let text = std::str::from_utf8(head).map_err(|_| io::Error::other("a head that is no text"))?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let field = |wanted: &str| {
        let found = lines.clone().filter_map(|line| line.split_once(':'));
        found.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim()).next()
    };
    if field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Ok(Body::Chunked);
    }
    if let Some(len) = field("content-length") {
        let len = len.parse().ok().filter(|len| *len <= MESSAGE_BYTES_MAX);
        return len.map(Body::Sized).ok_or_else(|| io::Error::other("a length that is none"));
    }
    let is_bodiless = [" 204 ", " 304 "].iter().any(|code| first.contains(code));
    Ok(if is_request || is_bodiless { Body::Sized(0) } else { Body::UntilClosed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_where_a_message_ends() {
        for (head, is_request, expected) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, Some(Body::Sized(0))),
            ("POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n", true, Some(Body::Sized(12))),
            ("POST / HTTP/1.1\r\nContent-Length: 12x\r\n\r\n", true, None),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", true, None),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", false, Some(Body::Chunked)),
            ("HTTP/1.1 204 No Content\r\n\r\n", false, Some(Body::Sized(0))),
            ("HTTP/1.1 200 OK\r\n\r\n", false, Some(Body::UntilClosed)),
        ] {
            assert_eq!(body_of(head.as_bytes(), is_request).ok(), expected, "{head}");
        }
    }

    #[tokio::test]
    async fn a_message_is_read_to_its_end_and_no_further() {
        for (text, expected) in [
            (
                "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET",
                "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
            ),
            ("GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"),
        ] {
            let mut stream = text.as_bytes();
            let head = read_head(&mut stream, true).await.unwrap().unwrap();
            assert_eq!(read_whole(&mut stream, head).await.unwrap(), expected.as_bytes());
        }
        let mut cut = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na".as_bytes();
        let head = read_head(&mut cut, true).await.unwrap().unwrap();
        assert!(read_whole(&mut cut, head).await.is_err());
        assert!(read_head(&mut "".as_bytes(), true).await.unwrap().is_none());
    }
}
