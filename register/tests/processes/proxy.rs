//! The proxy does what it is told, and counts what it did.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::programs::{NO_HEADER, Proxy, ask};

/// Answers every request with the number of requests so far. Ends with the test's process.
fn counting_server() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer_one(stream.unwrap(), &counter);
        }
    });
    (address, seen)
}

fn answer_one(mut stream: TcpStream, seen: &AtomicU64) {
    let mut bytes = Vec::new();
    let mut part = [0; 1024];
    // The test's requests end with this word, so that a cut one is not counted.
    while !bytes.ends_with(b"end") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
    let number = seen.fetch_add(1, Ordering::SeqCst) + 1;
    let body = number.to_string();
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
}

#[test]
fn each_fault_does_what_its_name_says() {
    // The word, what the client hears, how often the server got the whole request, the counter that moves.
    for (word, status, seen_expected, counter) in [
        ("heal", 200, 1, "whole"),
        ("dup 100", 200, 2, "duplicate"),
        ("delay 100", 200, 1, "delay"),
        ("stall 100", 0, 0, "stall"),
        ("partition on", 0, 0, "partition"),
    ] {
        let (server, seen) = counting_server();
        let mut proxy = Proxy::start(&server, 3);
        for word in ["stall-ms 30", "delay-ms 5", word] {
            proxy.obey(word);
        }
        let address = proxy.url.trim_start_matches("http://").to_owned();
        let (heard, _) = ask(&address, ("POST", "/"), NO_HEADER, "end");
        assert_eq!(heard, status, "{word}");
        assert_eq!(seen.load(Ordering::SeqCst), seen_expected, "{word}");
        let counters = proxy.end();
        assert_eq!(counters[counter], 1, "{word}: {counters}");
    }
}

#[test]
fn loss_and_cuts_hit_both_directions() {
    let (server, seen) = counting_server();
    let mut proxy = Proxy::start(&server, 11);
    let address = proxy.url.trim_start_matches("http://").to_owned();
    proxy.obey("loss 50");
    proxy.obey("cut 50");
    let mut whole = 0;
    for _ in 0..60 {
        let (status, body) = ask(&address, ("POST", "/"), NO_HEADER, "end");
        whole += u64::from(status == 200 && body.is_number());
    }
    let counters = proxy.end();
    for counter in ["lost_request", "lost_reply", "cut_request", "cut_reply"] {
        assert!(counters[counter].as_u64().unwrap() > 0, "{counters}");
    }
    let reached = counters["lost_reply"].as_u64().unwrap() + counters["cut_reply"].as_u64().unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), reached, "a lost or cut request reached the server whole");
    assert_eq!(whole, 0, "{counters}");
}

#[test]
fn a_partition_cuts_what_is_open_and_heals() {
    let (server, _) = counting_server();
    let mut proxy = Proxy::start(&server, 5);
    let address = proxy.url.trim_start_matches("http://").to_owned();
    let mut open = TcpStream::connect(&address).unwrap();
    open.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // An answer shows that the proxy has this connection.
    open.write_all(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nend").unwrap();
    assert!(open.read(&mut [0; 512]).unwrap() > 0);
    proxy.obey("partition on");
    assert!(matches!(open.read(&mut [0; 1]), Ok(0) | Err(_)), "the open connection was not cut");
    assert_eq!(ask(&address, ("POST", "/"), NO_HEADER, "end").0, 0);
    proxy.obey("partition off");
    assert_eq!(ask(&address, ("POST", "/"), NO_HEADER, "end").0, 200);
    assert!(proxy.counters()["partition"].as_u64().unwrap() >= 2);
    proxy.end();
}
