//! Where the fleet's cloud listens.

use std::{fmt, num::NonZeroU16, str::FromStr};

/// The host and port of the fleet's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: NonZeroU16,
}

/// An `API_ENDPOINT` that names no host and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It begins neither with `https://` nor with `http://`.
    #[error("an API endpoint begins with https:// or http://")]
    Scheme,
    /// The host is missing or has characters that no host name has.
    #[error("an API endpoint names a host, as in https://api.example.org")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("an API endpoint's port is a number from 1 to 65535")]
    Port,
}

const HTTPS_PORT: NonZeroU16 = NonZeroU16::new(443).unwrap();
const HTTP_PORT: NonZeroU16 = NonZeroU16::new(80).unwrap();

impl Endpoint {
    /// A name or an address; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// 1 to 65535.
    pub fn port(&self) -> u16 {
        self.port.get()
    }
}

/// Parses the authority of an absolute URL: <https://www.rfc-editor.org/rfc/rfc3986#section-3.2>. What follows it
/// is ignored; user information is refused.
impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Scheme)?;
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "https" => HTTPS_PORT,
            "http" => HTTP_PORT,
            _ => return Err(EndpointError::Scheme),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => split_address(literal)?,
            None => split_name(authority)?,
        };
        let port = match port {
            None => default_port,
            Some(digits) => parse_port(digits)?,
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

fn split_address(literal: &str) -> Result<(&str, Option<&str>), EndpointError> {
    let (host, rest) = literal.split_once(']').ok_or(EndpointError::Host)?;
    host.parse::<std::net::Ipv6Addr>().map_err(|_| EndpointError::Host)?;
    match rest {
        "" => Ok((host, None)),
        rest => rest.strip_prefix(':').map(|port| (host, Some(port))).ok_or(EndpointError::Host),
    }
}

fn split_name(authority: &str) -> Result<(&str, Option<&str>), EndpointError> {
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if host.is_empty() || !is_name { Err(EndpointError::Host) } else { Ok((host, port)) }
}

fn parse_port(digits: &str) -> Result<NonZeroU16, EndpointError> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(EndpointError::Port);
    }
    digits.parse().map_err(|_| EndpointError::Port)
}

/// `host:port`, an IPv6 address in brackets.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_is_host_and_port_of_the_url() {
        for (url, expected) in [
            ("https://api.example.org", "api.example.org:443"),
            ("http://api.example.org", "api.example.org:80"),
            ("HTTPS://api.example.org/", "api.example.org:443"),
            ("https://api.example.org:8443", "api.example.org:8443"),
            ("http://10.0.0.1:3000/v6?x=1#y", "10.0.0.1:3000"),
            ("https://[::1]", "[::1]:443"),
            ("https://[2001:db8::1]:65535/", "[2001:db8::1]:65535"),
        ] {
            assert_eq!(url.parse::<Endpoint>().unwrap().to_string(), expected, "{url}");
        }
        assert_eq!("http://[::1]:1".parse::<Endpoint>().unwrap().host(), "::1");
    }

    #[test]
    fn endpoint_of_anything_else_is_refused_with_the_reason() {
        use EndpointError::{Host, Port, Scheme};
        for (url, expected) in [
            ("", Scheme),
            ("api.example.org", Scheme),
            ("ftp://api.example.org", Scheme),
            ("https://", Host),
            ("https:///path", Host),
            ("https://:443", Host),
            ("https://user@host", Host),
            ("https://a b", Host),
            ("https://[::1", Host),
            ("https://[nonsense]", Host),
            ("https://[::1]x", Host),
            ("https://host:", Port),
            ("https://host:0", Port),
            ("https://host:65536", Port),
            ("https://host:+1", Port),
            ("https://::1", Host),
        ] {
            assert_eq!(url.parse::<Endpoint>(), Err(expected), "{url}");
        }
    }
}
