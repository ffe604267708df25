//! Whether an address can be listened on, and who holds it if not. Nothing is kept: whoever asks starts right afterwards.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::shell::{Failure, Outcome};

/// How `/proc/net/tcp` says that somebody listens.
const LISTENS: &str = "0A";

/// The address, if a server can begin there; otherwise what is in its way and what to do.
pub(crate) fn require_free(listen: &str) -> Outcome<SocketAddr> {
    // As the server reads it: numbers, and a port that others can be told.
    let address: Option<SocketAddr> = listen.parse().ok().filter(|address: &SocketAddr| address.port() > 0);
    let wrong = || Failure::new(format!("{listen} is no address to listen on, such as 127.0.0.1:7300"));
    let address = address.ok_or_else(wrong)?;
    match TcpListener::bind(address) {
        Ok(_) => Ok(address),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let port = address.port();
            let holder = holder(port).unwrap_or_else(|| "a program of somebody else".into());
            let other = SocketAddr::new(address.ip(), port.checked_add(1).unwrap_or(7300));
            Err(Failure::new(format!(
                "{listen} is taken by {holder}: end that first, or take another address: --listen {other}"
            )))
        }
        Err(error) => Err(Failure::new(format!("{listen} cannot be listened on: {error}"))),
    }
}

/// The program that listens on a port, if it may be looked at.
fn holder(port: u16) -> Option<String> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let socket = format!("socket:[{}]", tables.iter().find_map(|table| inode(table, port))?);
    let is_number = |name: &std::ffi::OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    let processes =
        fs::read_dir("/proc").ok()?.flatten().filter(|it| is_number(&it.file_name())).map(|it| it.path());
    let holder = processes.into_iter().find(|process| holds(process, &socket))?;
    let name = fs::read_to_string(holder.join("comm")).ok()?;
    Some(format!("{} (process {})", name.trim(), holder.file_name()?.display()))
}

/// Out of the kernel's table: the address and the port in hex, then the other side's, the state, and the socket's number.
fn inode(table: &str, port: u16) -> Option<&str> {
    let wanted = format!(":{port:04X}");
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = |columns: &Vec<&str>| {
        columns.get(1).is_some_and(|own| own.ends_with(&wanted)) && columns.get(3) == Some(&LISTENS)
    };
    lines.into_iter().find(listening)?.get(9).copied()
}

fn holds(process: &Path, socket: &str) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else { return false };
    open.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|link| link.as_os_str() == socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_a_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = taken.local_addr().unwrap();
        let refused = require_free(&address.to_string()).unwrap_err().to_string();
        let me = format!("(process {})", std::process::id());
        assert!(refused.contains(&me) && refused.contains("--listen 127.0.0.1:"), "{refused}");
        drop(taken);
        assert_eq!(require_free(&address.to_string()).unwrap(), address);
        assert!(require_free("nowhere").unwrap_err().to_string().contains("no address"));
    }

    #[test]
    fn only_whoever_listens_holds_a_port() {
        let line = |own: &str, state: &str| {
            format!(
                "   0: 0100007F:{own} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 4711 1"
            )
        };
        assert_eq!(inode(&line("1C84", "0A"), 7300), Some("4711"));
        assert_eq!(inode(&line("1C84", "01"), 7300), None, "a connection");
        assert_eq!(inode(&line("1C85", "0A"), 7300), None, "another port");
    }
}
