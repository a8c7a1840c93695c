//! Which images the cloud's name and password are for: those whose registry belongs to the API's own domain.
//!
//! The own domain is the API host's parent, `example.org` for `api.example.org`, so that `registry2.example.org`
//! belongs to it; where names right below the parent may be anybody's, as below `co.uk`, it is the host itself.
//! That is never more than the registrable domain, as far as the short lists below know. The full list of public
//! suffixes would make core 0.7 MB larger, for one comparison.

use std::{fmt, net::IpAddr};

/// Second labels below which names are sold, under the top level of a country.
const SOLD_BELOW_COUNTRIES: &[&str] = &[
    "ac", "ad", "asn", "asso", "biz", "co", "com", "ed", "edu", "firm", "gen", "go", "gob", "gouv", "gov",
    "govt", "gr", "id", "ind", "inf", "info", "lg", "ltd", "me", "mil", "mod", "name", "ne", "net", "nhs",
    "nom", "or", "org", "plc", "police", "res", "sch", "web",
];

/// Domains right below which names are given to anybody: dynamic addresses, tunnels, hosting.
const GIVEN_TO_ANYBODY: &[&str] = &[
    "a.run.app",
    "azurewebsites.net",
    "balena-devices.com",
    "ddns.net",
    "duckdns.org",
    "dyndns.org",
    "fly.dev",
    "github.io",
    "herokuapp.com",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "no-ip.org",
    "trycloudflare.com",
    "ts.net",
    "vercel.app",
];

/// Domains at any depth below which names are given to anybody, or name an address.
const NOBODYS: &[&str] = &["amazonaws.com", "cloudapp.azure.com", "nip.io", "sslip.io", "traefik.me"];

/// Longest host name in DNS.
const MAX_HOST_BYTES: usize = 253;
const MAX_USERNAME_BYTES: usize = 256;
const MAX_PASSWORD_BYTES: usize = 1024;

/// What is not acceptable as access to a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccess {
    /// The host is no name or address.
    #[error("it is no host name or address")]
    Host,
    /// The name cannot be sent.
    #[error("it is not 1 to {MAX_USERNAME_BYTES} printable ASCII characters without a colon")]
    Username,
    /// The password cannot be sent.
    #[error("it is not 1 to {MAX_PASSWORD_BYTES} bytes without control characters")]
    Password,
}

/// Name and password for the registries of one domain. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAccess {
    domain: Domain,
    username: String,
    password: String,
}

/// What goes to the engine with one pull. `Debug` hides the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// The registry, with its port, as the image names it.
    pub registry: &'a str,
    /// The name.
    pub username: &'a str,
    /// The password; for the engine only.
    pub password: &'a str,
}

impl RegistryAccess {
    /// Name and password of the cloud whose API is at `api_host`, with or without a port.
    pub fn new(api_host: &str, username: String, password: String) -> Result<Self, InvalidAccess> {
        let domain = Host::parse(api_host.strip_suffix('.').unwrap_or(api_host)).map(Domain::around);
        let domain = domain.ok_or(InvalidAccess::Host)?;
        let sendable = username.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        if !(1..=MAX_USERNAME_BYTES).contains(&username.len()) || !sendable {
            return Err(InvalidAccess::Username);
        }
        let length = 1..=MAX_PASSWORD_BYTES;
        if !length.contains(&password.len()) || password.chars().any(char::is_control) {
            return Err(InvalidAccess::Password);
        }
        Ok(Self { domain, username, password })
    }

    /// Name and password for this image, if it is of a registry of the API's own domain.
    pub fn of_image<'a>(&'a self, image: &'a str) -> Option<Credentials<'a>> {
        let registry = registry_of(image)?;
        let (username, password) = (self.username.as_str(), self.password.as_str());
        self.domain.has(&Host::parse(registry)?).then_some(Credentials { registry, username, password })
    }

    /// The domain whose registries it is for.
    pub fn domain(&self) -> String {
        self.domain.0.to_string()
    }
}

impl fmt::Debug for RegistryAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RegistryAccess");
        shown
            .field("domain", &self.domain)
            .field("username", &self.username)
            .field("password", &"redacted")
            .finish()
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown
            .field("registry", &self.registry)
            .field("username", &self.username)
            .field("password", &"redacted")
            .finish()
    }
}

/// The registry that an image's name begins with; none: the engine's default, which is nobody's own.
/// <https://pkg.go.dev/github.com/distribution/reference>
pub fn registry_of(image: &str) -> Option<&str> {
    let (first, _) = image.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first)
}

/// A host: an address, or a name in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl Host {
    /// A host with or without a port. Whatever else there is, a user or a path, makes it none.
    fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let port = port.strip_prefix(':').map_or(port.is_empty(), is_port);
            return address.parse().ok().filter(|_| port).map(|address| Self::Address(IpAddr::V6(address)));
        }
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        if port.is_some_and(|port| !is_port(port)) {
            return None;
        }
        if let Ok(address) = host.parse() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        let name = host.to_ascii_lowercase();
        let labels_are_good = name.split('.').all(is_label);
        // A last label that begins with a digit is an address in a form of its own, such as 127.1 or 0x7f.1.
        let is_number = name.rsplit('.').next()?.starts_with(|c: char| c.is_ascii_digit());
        (name.len() <= MAX_HOST_BYTES && labels_are_good && !is_number).then_some(Self::Name(name))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|port: u16| port != 0)
}

fn is_label(label: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed)
}

/// The hosts that are the API's own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Domain(Host);

impl Domain {
    fn around(api: Host) -> Self {
        let parent = match &api {
            Host::Address(_) => None,
            Host::Name(name) => name.split_once('.').map(|(_, parent)| parent.to_owned()),
        };
        match parent.filter(|parent| is_one_owners(parent)) {
            Some(parent) => Self(Host::Name(parent)),
            None => Self(api),
        }
    }

    fn has(&self, host: &Host) -> bool {
        match (&self.0, host) {
            (Host::Name(domain), Host::Name(name)) => {
                let below = name.strip_suffix(domain.as_str());
                // A single label has nothing below it: `localhost`, a machine of the local network.
                below.is_some_and(|rest| rest.is_empty() || (rest.ends_with('.') && domain.contains('.')))
            }
            (domain, host) => domain == host,
        }
    }
}

/// Whether all names below the domain belong to one owner.
fn is_one_owners(domain: &str) -> bool {
    let Some((second, top)) = domain.split_once('.') else { return false };
    let is_sold = top.len() == 2 && SOLD_BELOW_COUNTRIES.contains(&second);
    let is_nobodys =
        |above: &str| domain.strip_suffix(above).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !is_sold && !GIVEN_TO_ANYBODY.contains(&domain) && !NOBODYS.iter().any(|above| is_nobodys(above))
}

#[cfg(test)]
#[path = "registry_access_tests.rs"]
mod tests;
