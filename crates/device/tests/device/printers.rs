//! A printer on the loopback that reads what it is sent: `soko_print::peer` behind a socket.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use soko_print::Picture;
use soko_print::peer::Peer;

pub(crate) struct Printer {
    pub(crate) address: SocketAddr,
    peer: Arc<Mutex<Peer>>,
}

impl Printer {
    /// Listens until the test ends.
    pub(crate) fn start(peer: Peer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = Arc::new(Mutex::new(peer));
        let shared = Arc::clone(&peer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut bytes) = (stream.unwrap(), [0; 4096]);
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    let answers = shared.lock().unwrap().receive(&bytes[..count]);
                    if stream.write_all(&answers).is_err() {
                        break;
                    }
                }
            }
        });
        Self { address, peer }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Peer) -> T) -> T {
        look(&mut self.peer.lock().unwrap())
    }

    pub(crate) fn paper(&self) -> Picture {
        self.with(|peer| {
            assert_eq!(peer.complaints, Vec::<String>::new());
            peer.paper().clone()
        })
    }
}
