//! The owner's policy: a TOML file that grants single apps what role frontend may not have run otherwise.
//! Core reads it at start; the local tool checks one with the same rules.

mod file;
mod grant;
mod mistake;
mod parse;
mod path;
mod repository;

pub use self::{
    file::{PolicyFileError, read},
    grant::{
        BindGrant, Capability, DeviceRequestGrant, Grant, HostMode, IpcMode, LoggingGrant, NetworkGrant,
        Permissions, VolumeGrant,
    },
    mistake::Mistake,
    parse::parse,
    path::HostPath,
    repository::Repository,
};

use crate::ids::{AppId, ServiceName};

/// What the owner grants; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// In the file's order.
    pub grants: Vec<Grant>,
}

impl Policy {
    /// The grants for a service of an app that runs an image of `repository`.
    pub fn grants_for(
        &self,
        app: AppId,
        service: &ServiceName,
        repository: Option<&Repository>,
    ) -> Vec<&Permissions> {
        let fits = |grant: &&Grant| {
            grant.app == app && grant.service == *service && Some(&grant.image) == repository
        };
        self.grants.iter().filter(fits).map(|grant| &grant.allows).collect()
    }
}

#[cfg(test)]
mod tests;
