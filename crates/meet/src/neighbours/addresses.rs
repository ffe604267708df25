//! Addresses as people type them and as they are called, and where this machine is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use soko_app_api::MEET_ADDRESS_BYTES_MAX;
use soko_device::Undone;

use super::PORT;
use crate::is_local;

/// An address as it is called. A name may still lead far away, which is seen when it is called.
pub(super) fn read(typed: &str) -> Result<String, Undone> {
    let typed = typed.trim();
    if let Some(address) = as_number(typed) {
        if is_local(address.ip()) {
            return Ok(address.to_string());
        }
        return Err(Undone::refused("meet_far", format!("{address} is on no network that a device is in")));
    }
    as_name(typed).ok_or_else(|| Undone::refused("meet_address", format!("{typed:?} is no address")))
}

fn as_number(typed: &str) -> Option<SocketAddr> {
    let alone = typed.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(typed);
    let address = alone.parse().map(|ip: IpAddr| SocketAddr::new(ip, PORT));
    address.or_else(|_| typed.parse()).ok().filter(|address| address.port() > 0)
}

fn as_name(typed: &str) -> Option<String> {
    let (host, port) = match typed.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (typed, PORT),
    };
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
    // Numbers alone are none, but half an address.
    let is_name = host.chars().all(is_of_a_name) && host.contains(char::is_alphabetic);
    (is_name && typed.len() <= MEET_ADDRESS_BYTES_MAX).then(|| format!("{host}:{port}"))
}

/// Where this machine is on its networks: from where it would send to some that are common. Nothing is sent.
pub(super) fn own() -> Vec<IpAddr> {
    let mut own = Vec::new();
    for far in [[192, 0, 2, 1], [192, 168, 255, 254], [10, 255, 255, 254], [172, 31, 255, 254]] {
        let from = || -> std::io::Result<IpAddr> {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect((Ipv4Addr::from(far), 9))?;
            Ok(socket.local_addr()?.ip())
        };
        own.extend(from().ok().filter(|address| is_local(*address) && !own.contains(address)));
    }
    if own.is_empty() {
        // Without any network, whoever else runs on this machine.
        own.push(Ipv4Addr::LOCALHOST.into());
    }
    own
}

/// Whether this device, which listens at this port, would call itself there.
pub(super) fn is_own(address: &str, port: u16) -> bool {
    let is_here = |at: SocketAddr| at.port() == port && (at.ip().is_loopback() || own().contains(&at.ip()));
    address.parse().is_ok_and(is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(typed: &str) -> Result<String, String> {
        read(typed).map_err(|undone| match undone {
            Undone::Refused(refused) => refused.code,
            Undone::Failed(said) => panic!("{said:?}"),
        })
    }

    #[test]
    fn an_address_is_taken_as_people_type_it() {
        for (typed, called) in [
            ("192.168.1.20", "192.168.1.20:7317"),
            (" till-2.local ", "till-2.local:7317"),
            ("192.168.1.20:9000", "192.168.1.20:9000"),
            ("till-2:7318", "till-2:7318"),
            ("fe80::1", "[fe80::1]:7317"),
            ("[fe80::1]", "[fe80::1]:7317"),
            ("[fd00::1]:80", "[fd00::1]:80"),
        ] {
            assert_eq!(read_as(typed).as_deref(), Ok(called), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_address_or_far_away_is_refused() {
        let long = format!("a{}", "x".repeat(MEET_ADDRESS_BYTES_MAX));
        for typed in [
            "",
            ":7317",
            "till:",
            "till:99999",
            "till:0",
            "10.0.0.1:0",
            "two words",
            "http://till",
            "a:b:80",
            "7317",
            "192.168.1",
            &long,
        ] {
            assert_eq!(read_as(typed), Err("meet_address".into()), "{typed:?}");
        }
        for typed in [
            "8.8.8.8",
            "203.0.113.7:7317",
            "[2001:db8::1]:7317",
            "0.0.0.0",
            "255.255.255.255",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(read_as(typed), Err("meet_far".into()), "{typed:?}");
        }
    }

    #[test]
    fn a_device_says_where_it_is() {
        let own = own();
        assert!(!own.is_empty() && own.iter().all(|address| is_local(*address)), "{own:?}");
    }
}
