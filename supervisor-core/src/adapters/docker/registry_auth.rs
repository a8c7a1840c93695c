//! `X-Registry-Auth`: name and password for one pull.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#section/Authentication>

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use serde_json::json;

use crate::domain::registry_access::Credentials;

/// The header's value: JSON in base64 for URLs, with padding.
pub fn header(credentials: Credentials<'_>) -> String {
    let Credentials { registry, username, password } = credentials;
    let body = json!({ "username": username, "password": password, "serveraddress": registry });
    URL_SAFE.encode(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_url_safe_and_holds_name_password_and_registry() {
        let credentials =
            Credentials { registry: "registry2.example.org:5000", username: "d_01", password: "?>~\"ÿ" };
        let header = header(credentials);
        assert!(!header.contains(['+', '/']) && header.len().is_multiple_of(4), "{header}");
        let body: serde_json::Value = serde_json::from_slice(&URL_SAFE.decode(header).unwrap()).unwrap();
        assert_eq!(
            body,
            json!({ "username": "d_01", "password": "?>~\"ÿ", "serveraddress": "registry2.example.org:5000" })
        );
    }
}
