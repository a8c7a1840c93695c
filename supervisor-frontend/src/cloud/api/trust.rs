//! Whose word counts for a server's name: the certificate authorities.

use std::{fmt, fs::File, io, io::Read as _, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// More than any bundle of certificates.
const MAX_BYTES: u64 = 4 << 20;

/// The system's certificate authorities, or embedded ones where the system has none, and what the owner adds.
#[derive(Clone)]
pub struct Trust(RootCertStore);

/// What was to be trusted holds no certificate.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificate {
    /// The file cannot be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is no base64.
    #[error("is no base64")]
    NotBase64(#[source] base64::DecodeError),
    /// It is no PEM, or holds no certificate.
    #[error("is no PEM file with a certificate")]
    NotPem,
    /// A certificate in it is none that a server could be checked with.
    #[error("holds a certificate that cannot be used")]
    Unusable(#[source] rustls::Error),
}

impl Trust {
    /// Reads the system's certificates, as `SSL_CERT_FILE` and `SSL_CERT_DIR` or the usual places have them.
    /// Blocks on the disk.
    pub fn of_the_system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        let (usable, _) = store.add_parsable_certificates(found.certs);
        if usable == 0 {
            log::info!("the system has no certificate authorities, the embedded ones are trusted");
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Self(store)
    }

    /// Trusts nobody yet.
    pub fn nobody() -> Self {
        Self(RootCertStore::empty())
    }

    /// Trusts also the certificates of a PEM text.
    pub fn add_pem(&mut self, text: &[u8]) -> Result<(), BadCertificate> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(text)
            .collect::<Result<_, _>>()
            .map_err(|_| BadCertificate::NotPem)?;
        if certificates.is_empty() {
            return Err(BadCertificate::NotPem);
        }
        certificates
            .into_iter()
            .try_for_each(|certificate| self.0.add(certificate))
            .map_err(BadCertificate::Unusable)
    }

    /// Trusts also the certificates of a PEM text in base64, as `config.json` has it.
    pub fn add_base64_pem(&mut self, text: &str) -> Result<(), BadCertificate> {
        let compact: String = text.split_ascii_whitespace().collect();
        self.add_pem(&STANDARD.decode(compact).map_err(BadCertificate::NotBase64)?)
    }

    /// Trusts also the certificates of a PEM file. Blocks on the disk.
    pub fn add_file(&mut self, path: &Path) -> Result<(), BadCertificate> {
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut text))
            .map_err(BadCertificate::Unreadable)?;
        self.add_pem(&text)
    }

    /// TLS 1.2 and 1.3, without a certificate of the device's own.
    pub(super) fn tls(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.0.clone())
            .with_no_client_auth())
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({} authorities)", self.0.len())
    }
}
