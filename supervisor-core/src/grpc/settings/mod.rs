//! A container's settings from the wire, checked field by field and refused by name.

mod places;
mod privileges;
mod resources;

use std::collections::BTreeMap;

use supervisor_proto::v1;

pub use self::places::container_path;
use crate::{
    domain::settings::{Logging, Naming, Process, Settings},
    error::CoreError,
};

/// More items of one list than any real target has.
const MAX_ITEMS: usize = 1024;
/// Longest single text.
const MAX_TEXT_BYTES: usize = 4096;

/// Takes the settings out of a service.
pub fn from_wire(path: &str, wire: &mut v1::Service) -> Result<Settings, CoreError> {
    let checks = Checks { path };
    let process = wire.process.take().unwrap_or_default();
    Ok(Settings {
        process: Process {
            init: process.init,
            tty: process.tty,
            stdin_open: process.stdin_open,
            read_only: process.read_only,
        },
        privileges: privileges::from_wire(&checks, wire.privileges.take().unwrap_or_default())?,
        resources: resources::from_wire(&checks, wire.resources.take().unwrap_or_default())?,
        naming: naming(&checks, wire.naming.take().unwrap_or_default())?,
        logging: wire.logging.take().map(|wire| logging(&checks, wire)).transpose()?,
        binds: places::binds(&checks, std::mem::take(&mut wire.binds))?,
        tmpfs: places::tmpfs(&checks, std::mem::take(&mut wire.tmpfs))?,
    })
}

/// Checks of one service's fields, by name.
pub(super) struct Checks<'a> {
    path: &'a str,
}

impl Checks<'_> {
    fn refuse<T>(&self, field: &str, problem: &str) -> Result<T, CoreError> {
        let field = format!("{}.{field}", self.path);
        Err(CoreError::InvalidField { field, problem: problem.to_owned() })
    }

    fn require(&self, field: &str, holds: bool, problem: &str) -> Result<(), CoreError> {
        if holds { Ok(()) } else { self.refuse(field, problem) }
    }

    /// One line of bounded length: what reaches the engine is what was checked.
    fn line(&self, field: &str, text: String) -> Result<String, CoreError> {
        let plain = text.len() <= MAX_TEXT_BYTES && !text.contains(char::is_control);
        self.require(field, plain, "it is too long or holds a control character")?;
        Ok(text)
    }

    fn lines(&self, field: &str, list: Vec<String>) -> Result<Vec<String>, CoreError> {
        self.require(field, list.len() <= MAX_ITEMS, "it has too many items")?;
        list.into_iter()
            .map(|text| {
                self.require(field, !text.is_empty(), "an item is empty")?;
                self.line(field, text)
            })
            .collect()
    }

    fn pairs(
        &self,
        field: &str,
        map: std::collections::HashMap<String, String>,
    ) -> Result<BTreeMap<String, String>, CoreError> {
        self.require(field, map.len() <= MAX_ITEMS, "it has too many items")?;
        map.into_iter()
            .map(|(name, value)| {
                self.require(field, !name.is_empty(), "a name is empty")?;
                Ok((self.line(field, name)?, self.line(field, value)?))
            })
            .collect()
    }

    /// One of these words, or none.
    fn word(&self, field: &str, text: String, words: &[&str]) -> Result<String, CoreError> {
        let known = text.is_empty() || words.contains(&text.as_str());
        self.require(field, known, "it is not a word that is known here")?;
        Ok(text)
    }
}

/// <https://www.rfc-editor.org/rfc/rfc1123#page-13>
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        !label.is_empty() && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn naming(checks: &Checks<'_>, wire: v1::Naming) -> Result<Naming, CoreError> {
    for (field, name) in [("hostname", &wire.hostname), ("domainname", &wire.domainname)] {
        checks.require(field, name.is_empty() || is_host_name(name), "it is no host name")?;
    }
    let is_address = |text: &String| text.parse::<std::net::IpAddr>().is_ok();
    checks.require("dns", wire.dns_servers.iter().all(is_address), "a name server is an IP address")?;
    let is_host = |text: &String| {
        text.split_once(':').is_some_and(|(name, address)| {
            is_host_name(name) && (address == "host-gateway" || is_address(&address.to_owned()))
        })
    };
    checks.require("extra_hosts", wire.extra_hosts.iter().all(is_host), "an item is name:address")?;
    Ok(Naming {
        hostname: wire.hostname,
        domainname: wire.domainname,
        dns_servers: checks.lines("dns", wire.dns_servers)?,
        dns_search: checks.lines("dns_search", wire.dns_search)?,
        dns_options: checks.lines("dns_opt", wire.dns_options)?,
        extra_hosts: checks.lines("extra_hosts", wire.extra_hosts)?,
    })
}

fn logging(checks: &Checks<'_>, wire: v1::Logging) -> Result<Logging, CoreError> {
    Ok(Logging {
        driver: checks.line("logging", wire.driver)?,
        options: checks.pairs("logging", wire.options)?,
    })
}

#[cfg(test)]
#[path = "../settings_tests.rs"]
mod tests;
