//! A database that speaks TLS: the real one, behind a far end of ours that has a certificate and passes the bytes on.

use std::path::Path;
use std::sync::Arc;

use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use soko_domain::ids::LogId;
use soko_record_log::{StoreError, params};
use soko_sync_server::store::{Heard, Place, Shard, Store, meet_neighbours};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::common::TestStore;

/// What a client says that wants TLS, before anything else: its length and a number that is no version.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A certificate for this name, and the file that says whom to trust.
struct Identity {
    acceptor: TlsAcceptor,
    authorities: String,
}

impl Identity {
    fn of(name: &str, folder: &Path) -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, cert.pem()).unwrap();
        let chain = vec![CertificateDer::from(cert.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config =
            rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .unwrap();
        Self { acceptor: Arc::new(config).into(), authorities: file.display().to_string() }
    }
}

/// Listens for clients that want TLS, and passes what they say on to the database. Anybody else is hung up on.
async fn far_end(acceptor: TlsAcceptor, database: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let (acceptor, database) = (acceptor.clone(), database.clone());
            tokio::spawn(async move {
                let mut wants = [0; WANTS_TLS.len()];
                if client.read_exact(&mut wants).await.is_err() || wants != WANTS_TLS {
                    return;
                }
                client.write_all(b"S").await.unwrap();
                // A client that does not trust us ends here.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut database = TcpStream::connect(database).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut database).await;
            });
        }
    });
    port
}

/// Whether the database at this address is opened, written and read, and another process hears of it.
fn used(url: String) -> Result<i64, StoreError> {
    let place = Place::Url(url);
    let store = Store::open(&place, Arc::new(|_| ()))?;
    let (heard, was_heard) = std::sync::mpsc::channel();
    let neighbours = meet_neighbours(&place, 1, move |word| heard.send(word).unwrap())?;
    assert_eq!(was_heard.recv().unwrap(), Heard::Everything, "and listens");
    let read = store.write_blocking(Shard::stall(LogId([1; 16])), |tx| -> Result<i64, StoreError> {
        tx.query_one("select 40 + cast($1 as bigint)", params![2])?.int(0)
    });
    drop(neighbours);
    store.close();
    Ok(read.unwrap())
}

/// Not inside a runtime: the store's connections have their own.
#[test]
fn a_database_over_tls_is_used_only_if_it_is_who_it_says_it_is() {
    let Some(store) = TestStore::postgres() else { return };
    let Place::Url(plain) = &store.place else { panic!("{:?}", store.place) };
    let (access, rest) = plain.rsplit_once('@').unwrap();
    let (database, name) = rest.split_once('/').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (here, elsewhere) =
        (Identity::of("localhost", folder.path()), Identity::of("db.example", folder.path()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let begin =
        |identity: &Identity| runtime.block_on(far_end(identity.acceptor.clone(), database.to_owned()));
    let (good, misnamed) = (begin(&here), begin(&elsewhere));
    let at = |port: u16, trust: &str| format!("{access}@localhost:{port}/{name}?sslmode=verify-full{trust}");
    let trust = |identity: &Identity| format!("&sslrootcert={}", identity.authorities);

    assert_eq!(used(at(good, &trust(&here))), Ok(42));

    for (what, url) in [
        ("signed by nobody we know", at(good, "")),
        ("signed by another", at(good, &trust(&elsewhere))),
        ("another's name", at(misnamed, &trust(&elsewhere))),
        ("no TLS at the far end", format!("{plain}?sslmode=require")),
    ] {
        let refused = used(url).unwrap_err();
        assert!(matches!(refused, StoreError::Io(_)), "{what}: {refused:?}");
    }
}
