//! As little HTTP as a load needs: one connection, one request at a time. A whole client library would take the
//! processor from the server that is measured.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::figure::{Fault, Measured};

const HEAD_END: &[u8] = b"\r\n\r\n";
const WORD: &[u8] = b"data: ";
const ANSWER_BYTES_MAX: usize = 64 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    address: String,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Measured<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address: address.to_owned(), read: Vec::new() })
    }

    /// Posts JSON as a guest; the status and the body of the answer.
    pub(crate) async fn post(&mut self, path: &str, buyer: &str, body: &str) -> Measured<(u16, String)> {
        self.send(("POST", path), &format!("soko-buyer: {buyer}"), body).await
    }

    pub(crate) async fn get(&mut self, path: &str, buyer: &str) -> Measured<(u16, String)> {
        self.send(("GET", path), &format!("soko-buyer: {buyer}"), "").await
    }

    /// From now on this connection only hears: each word of a stream of the server is one line of data.
    pub(crate) async fn listen(mut self, path: &str, buyer: &str) -> Measured<Words> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nsoko-buyer: {buyer}\r\n\r\n", self.address);
        self.stream.write_all(head.as_bytes()).await?;
        let at = self.head_end().await?;
        if !self.read.starts_with(b"HTTP/1.1 200") {
            return Err(Fault(format!("no stream: {}", String::from_utf8_lossy(&self.read))));
        }
        self.read.drain(..at);
        Ok(Words(self))
    }

    /// What a provider says, with its signature.
    pub(crate) async fn tell(&mut self, path: &str, signature: &str, body: &str) -> Measured<(u16, String)> {
        self.send(("POST", path), &format!("stripe-signature: {signature}"), body).await
    }

    async fn send(
        &mut self,
        (method, path): (&str, &str),
        header: &str,
        body: &str,
    ) -> Measured<(u16, String)> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{header}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.read.clear();
        let head_end = self.head_end().await?;
        let head = String::from_utf8_lossy(&self.read[..head_end]).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let (Some(status), Some(length)) = (status, length) else {
            return Err(Fault(format!("not an answer that this reads: {head}")));
        };
        let end = head_end.saturating_add(length);
        while self.read.len() < end {
            self.more().await?;
        }
        Ok((status, String::from_utf8_lossy(&self.read[head_end..]).into_owned()))
    }

    async fn head_end(&mut self) -> Measured<usize> {
        loop {
            let found = self.read.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END);
            if let Some(at) = found {
                return Ok(at + HEAD_END.len());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Measured {
        let read = self.stream.read_buf(&mut self.read).await?;
        if read == 0 || self.read.len() > ANSWER_BYTES_MAX {
            return Err(Fault("the server ended the connection, or says too much".into()));
        }
        Ok(())
    }
}

/// A stream of words.
pub(crate) struct Words(Connection);

impl Words {
    /// Waits for the next word, which only says that there is something to look at.
    pub(crate) async fn next(&mut self) -> Measured {
        loop {
            let Connection { read, .. } = &mut self.0;
            let found = read.windows(WORD.len()).position(|bytes| bytes == WORD);
            if let Some(at) = found {
                read.drain(..at + WORD.len());
                return Ok(());
            }
            self.0.more().await?;
        }
    }
}
