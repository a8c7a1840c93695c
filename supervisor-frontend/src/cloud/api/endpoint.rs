//! Where the cloud's API is.

use std::{fmt, str::FromStr};

use reqwest::Url;

/// An `http` or `https` URL of an ASCII host (also punycode), without user, query or fragment; a path is kept, and requests go below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiEndpoint(Url);

/// The text is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an http or https URL of an ASCII host, without user, password, query and fragment")]
pub struct BadEndpoint;

impl ApiEndpoint {
    /// Whether what is sent can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The server's name or address.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The URL of `path`, which begins with a slash.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for ApiEndpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url: Url = text.trim().parse().map_err(|_| BadEndpoint)?;
        let fits = matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if fits { Ok(Self(url)) } else { Err(BadEndpoint) }
    }
}

impl fmt::Display for ApiEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_with_or_without_path_is_the_beginning_of_every_url() {
        for (text, url) in [
            ("https://api.example.org", "https://api.example.org/ping"),
            ("https://api.example.org/", "https://api.example.org/ping"),
            ("http://10.0.0.7:8080", "http://10.0.0.7:8080/ping"),
            ("https://example.org/fleet/", "https://example.org/fleet/ping"),
            ("https://xn--gerte-hra.example.org", "https://xn--gerte-hra.example.org/ping"),
            ("https://[fd00::7]:444", "https://[fd00::7]:444/ping"),
        ] {
            assert_eq!(text.parse::<ApiEndpoint>().unwrap().at("/ping"), url);
        }
    }

    #[test]
    fn endpoint_that_is_no_plain_web_address_is_refused() {
        let foreign = [
            "",
            "api.example.org",
            "ftp://example.org",
            "https://",
            "unix:/run/x",
            "https://geräte.example.org",
        ];
        let hiding = ["https://user@example.org", "https://u:p@example.org", "https://example.org/?key=1"];
        for text in foreign.into_iter().chain(hiding).chain(["https://example.org/#x"]) {
            assert_eq!(text.parse::<ApiEndpoint>(), Err(BadEndpoint), "{text}");
        }
    }
}
