//! A container's own names, and how it finds others.

use serde::{Deserialize, Serialize};

use super::is_default;

/// A container's own names, and how it finds others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Naming {
    /// Host name; empty: the engine chooses.
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: String,
    /// NIS domain name; empty: none.
    #[serde(skip_serializing_if = "is_default")]
    pub domainname: String,
    /// IP addresses of name servers; none: the engine's.
    #[serde(skip_serializing_if = "is_default")]
    pub dns_servers: Vec<String>,
    /// Search domains.
    #[serde(skip_serializing_if = "is_default")]
    pub dns_search: Vec<String>,
    /// Options of the resolver.
    #[serde(skip_serializing_if = "is_default")]
    pub dns_options: Vec<String>,
    /// `name:address`; the address may be `host-gateway`.
    #[serde(skip_serializing_if = "is_default")]
    pub extra_hosts: Vec<String>,
}
