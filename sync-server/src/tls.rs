//! Who does the arithmetic of TLS in this process: one provider for every client.

/// Before the first client is made. A second server in one process finds it installed already.
pub fn install() {
    let _ = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
}
