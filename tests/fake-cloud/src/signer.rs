//! The key that signs tokens for the registry, and the certificate by which the registry knows it.
//!
//! <https://distribution.github.io/distribution/spec/auth/jwt/>

use std::{
    error::Error,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

/// Who signs; the registry is told the same name.
pub const ISSUER: &str = "fake-cloud";
const VALID_S: u64 = 4 * 3600;

/// A key of one run of the server.
pub struct Signer {
    key: EcdsaKeyPair,
    certificate_der: Vec<u8>,
    certificate_pem: String,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// Draws a key and signs its certificate.
    pub fn new() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let pair = rcgen::KeyPair::generate()?;
        let certificate = rcgen::CertificateParams::new(vec![ISSUER.to_owned()])?.self_signed(&pair)?;
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &pair.serialize_der(),
            &SystemRandom::new(),
        )
        .map_err(|error| error.to_string())?;
        let (der, pem) = (certificate.der().to_vec(), certificate.pem());
        Ok(Self { key, certificate_der: der, certificate_pem: pem })
    }

    /// What the registry's `rootcertbundle` holds.
    pub fn certificate(&self) -> &str {
        &self.certificate_pem
    }

    /// A token with which `subject` may do `access` at `service`.
    pub fn token(&self, service: &str, subject: &str, access: &[Value]) -> Option<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let head = json!({ "typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(&self.certificate_der)] });
        let claims = json!({
            "iss": ISSUER, "aud": service, "sub": subject, "access": access, "jti": format!("{now}"),
            "iat": now, "nbf": now.saturating_sub(10), "exp": now + VALID_S,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
