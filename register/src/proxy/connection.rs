//! One client's connection: request by request, each with its own connection to the server, each with one fault
//! at most.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::Shared;
use super::faults::Fault;
use super::message::{Body, Head, asks_to_close, read_head, read_whole};

/// Carries requests until either side ends or a fault does.
pub(super) async fn carry(mut client: TcpStream, target: SocketAddr, shared: &Shared) -> io::Result<()> {
    while let Some(head) = read_head(&mut client, true).await? {
        let request = read_whole(&mut client, head).await?;
        let fault = shared.draw();
        let goes_on = match fault {
            None => {
                let goes_on = forward(&mut client, target, &request).await?;
                shared.count_whole();
                goes_on
            }
            Some(fault) => break_one(&mut client, target, &request, (fault, shared)).await?,
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// Does a fault to a request; says whether the connection goes on.
async fn break_one(
    client: &mut TcpStream,
    target: SocketAddr,
    request: &[u8],
    (fault, shared): (Fault, &Shared),
) -> io::Result<bool> {
    let knobs = shared.knobs();
    match fault {
        Fault::LostRequest => {
            shared.count(fault);
            Ok(false)
        }
        Fault::LostReply => {
            // A stream has no end to wait for; its head shows that the server did the work.
            let (_, _) = ask(target, request).await?;
            shared.count(fault);
            Ok(false)
        }
        Fault::CutRequest => {
            let mut server = TcpStream::connect(target).await?;
            server.write_all(&request[..cut_at(request.len(), shared)]).await?;
            server.shutdown().await?;
            shared.count(fault);
            Ok(false)
        }
        Fault::CutReply => {
            let (mut server, head) = ask(target, request).await?;
            let reply = match head.body {
                Body::Sized(_) => read_whole(&mut server, head).await?,
                Body::Chunked | Body::UntilClosed => head.bytes,
            };
            client.write_all(&reply[..cut_at(reply.len(), shared)]).await?;
            shared.count(fault);
            Ok(false)
        }
        Fault::Duplicate => {
            let (mut server, head) = ask(target, request).await?;
            if let Body::Sized(_) = head.body {
                read_whole(&mut server, head).await?;
            }
            shared.count(fault);
            // The answer to the second is the one that is heard.
            forward(client, target, request).await
        }
        Fault::Delay => {
            let wait_ms = 1 + shared.below(knobs.delay_ms);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            shared.count(fault);
            forward(client, target, request).await
        }
        Fault::Stall => {
            shared.count(fault);
            tokio::time::sleep(Duration::from_millis(knobs.stall_ms)).await;
            Ok(false)
        }
        Fault::Partition => Ok(false),
    }
}

/// Somewhere in the middle: one byte at least, and never all.
fn cut_at(len: usize, shared: &Shared) -> usize {
    let inside = u64::try_from(len).unwrap_or(u64::MAX).saturating_sub(2);
    let at = usize::try_from(shared.below(inside)).unwrap_or(0) + 1;
    at.min(len)
}

/// Sends a request and reads the head of its answer.
async fn ask(target: SocketAddr, request: &[u8]) -> io::Result<(TcpStream, Head)> {
    let mut server = TcpStream::connect(target).await?;
    server.set_nodelay(true)?;
    server.write_all(request).await?;
    let head = read_head(&mut server, false).await?;
    head.map(|head| (server, head)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Carries a request there and its answer back as it comes; says whether the connection goes on.
async fn forward(client: &mut TcpStream, target: SocketAddr, request: &[u8]) -> io::Result<bool> {
    let (mut server, head) = ask(target, request).await?;
    if let Body::Sized(_) = head.body {
        let reply = read_whole(&mut server, head).await?;
        client.write_all(&reply).await?;
        return Ok(!asks_to_close(request));
    }
    // A stream of words: as they come, until either side ends.
    client.write_all(&head.bytes).await?;
    tokio::io::copy_bidirectional(client, &mut server).await?;
    Ok(false)
}
