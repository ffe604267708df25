//! Who calls whom on a network.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use soko_domain::ids::LogId;
use tokio::net::{TcpListener, TcpStream, lookup_host};

use crate::Parted;
use crate::meeting::{Meeting, answer, call, in_time};
use crate::register::Register;

/// Who calls while so many are talked to waits for one of them to end. A stranger is sent away after two steps at most.
pub const TALKS_MAX: usize = 8;
/// Whoever cannot take a connection now, since the system has no more, tries again so soon.
const REST: Duration = Duration::from_millis(100);

/// A conversation that somebody began, and how it ended.
#[derive(Debug)]
pub struct Talked {
    pub from: SocketAddr,
    pub ended: Result<Meeting, Parted>,
}

/// Answers whoever calls.
pub struct Listening<'a, R: ?Sized> {
    listener: TcpListener,
    register: &'a R,
    is_local_only: bool,
    talks: FuturesUnordered<LocalBoxFuture<'a, Talked>>,
}

impl<'a, R: Register + ?Sized> Listening<'a, R> {
    pub fn new(listener: TcpListener, register: &'a R) -> Self {
        Self { listener, register, is_local_only: false, talks: FuturesUnordered::new() }
    }

    /// Talks to nobody who calls from outside of this machine's own networks.
    pub fn local_only(self) -> Self {
        Self { is_local_only: true, ..self }
    }

    /// The next conversation that ended. They go on only while somebody waits for this, and nothing of them is lost if nobody does.
    pub async fn next(&mut self) -> Talked {
        loop {
            let has_room = self.talks.len() < TALKS_MAX;
            tokio::select! {
                Some(talked) = self.talks.next() => return talked,
                called = self.listener.accept(), if has_room => match called {
                    Ok((_, from)) if self.is_local_only && !is_local(from.ip()) => {}
                    Ok((stream, from)) => {
                        let register = self.register;
                        self.talks.push(Box::pin(async move {
                            Talked { from, ended: answer(at_once(stream), register).await }
                        }));
                    }
                    Err(_) => tokio::time::sleep(REST).await,
                },
            }
        }
    }
}

/// Meets whoever answers at an address: a name or a number, and a port.
pub async fn call_at<R>(address: &str, stall: LogId, register: &R) -> Result<Meeting, Parted>
where
    R: Register + ?Sized,
{
    let stream = in_time(async { Ok(TcpStream::connect(address).await?) }).await?;
    call(at_once(stream), stall, register).await
}

/// The same at an address that is on this machine or on a network that is nobody else's: whoever answers learns of which stall
/// the caller is, and a name that leads elsewhere shall not tell the world.
pub async fn call_local<R>(address: &str, stall: LogId, register: &R) -> Result<Meeting, Parted>
where
    R: Register + ?Sized,
{
    let found = in_time(async { Ok(lookup_host(address).await?.collect::<Vec<_>>()) }).await?;
    let local: Vec<SocketAddr> = found.into_iter().filter(|at| is_local(at.ip())).collect();
    if local.is_empty() {
        return Err(Parted::Far);
    }
    let stream = in_time(async { Ok(TcpStream::connect(&*local).await?) }).await?;
    call(at_once(stream), stall, register).await
}

/// Whether only this machine or a network of its own is meant: no router passes such addresses on.
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => it.is_loopback() || it.is_private() || it.is_link_local(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local(),
    }
}

/// Words are short and waited for. A system that cannot send them at once sends them a little later.
fn at_once(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}
