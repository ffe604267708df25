//! Bytes on their way to a receipt printer: over the network or into a device file, with the printer's own word on
//! whether they are on paper where it gives one. It waits, so it runs on a thread of its own. Natively only.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use soko_app_api::{Printer, PrinterAt, PrinterTrouble};
use soko_print::{ASK_PAPER, ASK_TROUBLE, ASK_WHEN_DONE, Status};

use crate::host::NotPrinted;

/// Where printers listen.
const PORT: u16 = 9100;
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// An answer to a question comes at once, or never.
const ANSWER_MAX: Duration = Duration::from_millis(700);
/// The longest receipt takes less.
const PRINTED_MAX: Duration = Duration::from_secs(15);

/// Prints, and says whether the printer confirmed it.
pub fn send(printer: &Printer, bytes: &[u8]) -> Result<bool, NotPrinted> {
    match &printer.at {
        PrinterAt::Network(address) => over_network(address, bytes),
        PrinterAt::File(path) => into_file(path, bytes).map(|()| false),
    }
}

fn unreachable(address: &str, because: impl std::fmt::Display) -> NotPrinted {
    NotPrinted::before(PrinterTrouble::Unreachable { address: address.into(), because: because.to_string() })
}

fn over_network(address: &str, bytes: &[u8]) -> Result<bool, NotPrinted> {
    let mut stream = connect(address)?;
    let prepared = stream.set_write_timeout(Some(PRINTED_MAX)).and_then(|()| stream.set_nodelay(true));
    prepared.map_err(|error| unreachable(address, error))?;
    let answers = match trouble(&mut stream) {
        Some(trouble) => return Err(NotPrinted::before(trouble)),
        None => ask(&mut stream, ASK_PAPER, ANSWER_MAX).is_some(),
    };
    stream.write_all(bytes).map_err(|_| NotPrinted::during(PrinterTrouble::Stopped))?;
    if !answers {
        return Ok(false);
    }
    if ask(&mut stream, ASK_WHEN_DONE, PRINTED_MAX).is_some() {
        return Ok(true);
    }
    // It answered before and does not any more: it says why, if it still says anything.
    Err(NotPrinted::during(trouble(&mut stream).unwrap_or(PrinterTrouble::Stopped)))
}

fn connect(address: &str) -> Result<TcpStream, NotPrinted> {
    let address = address.trim();
    let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let found = if has_port { address.to_socket_addrs() } else { (address, PORT).to_socket_addrs() };
    let mut last = unreachable(address, "nothing has this name");
    for one in found.map_err(|error| unreachable(address, error))? {
        match TcpStream::connect_timeout(&one, CONNECT_MAX) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = unreachable(address, error),
        }
    }
    Err(last)
}

/// What stands in the way now, as far as the printer says.
fn trouble(stream: &mut TcpStream) -> Option<PrinterTrouble> {
    let status = match ask(stream, ASK_TROUBLE, ANSWER_MAX).map(Status::of_trouble) {
        Some(Status::Ready) => ask(stream, ASK_PAPER, ANSWER_MAX).map(Status::of_paper),
        other => other,
    };
    match status {
        Some(Status::PaperOut) => Some(PrinterTrouble::PaperOut),
        Some(Status::CoverOpen) => Some(PrinterTrouble::CoverOpen),
        Some(Status::Faulty) => Some(PrinterTrouble::Faulty),
        Some(Status::Ready | Status::Unclear) | None => None,
    }
}

fn ask(stream: &mut TcpStream, question: [u8; 3], wait: Duration) -> Option<u8> {
    stream.set_read_timeout(Some(wait)).ok()?;
    stream.write_all(&question).ok()?;
    let mut answer = [0];
    stream.read_exact(&mut answer).ok()?;
    Some(answer[0])
}

/// Only into what stands for a device: a wrong path must not overwrite somebody's file.
fn into_file(path: &str, bytes: &[u8]) -> Result<(), NotPrinted> {
    let found = std::fs::metadata(path).map_err(|error| unreachable(path, error))?;
    if !is_device(&found) {
        return Err(unreachable(path, "this is an ordinary file and no printer"));
    }
    let opened = std::fs::OpenOptions::new().write(true).open(path);
    let mut file = opened.map_err(|error| unreachable(path, error))?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(|_| NotPrinted::during(PrinterTrouble::Stopped))
}

#[cfg(unix)]
fn is_device(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = found.file_type();
    kind.is_char_device() || kind.is_fifo()
}

#[cfg(not(unix))]
fn is_device(found: &std::fs::Metadata) -> bool {
    !found.is_file() && !found.is_dir()
}
