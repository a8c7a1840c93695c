//! Fields of a target that an engine takes and does nothing about. Nothing else would tell the owner: the engine
//! answers a request with such a field as it answers one without it.

use std::collections::BTreeSet;

use super::{
    engine_kind::EngineKind,
    network::{AppNetwork, Attachment, NetworkOptions},
    settings::DeviceRequest,
    target::{Service, Target},
};

/// Which engines ignore a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Podman of every version that was tried.
    Podman,
    /// Podman up to version 4.
    Podman4,
}

/// Where the field is in a target, and whether it is said there.
enum Place {
    Service(fn(&Service) -> bool),
    Attachment(fn(&Attachment) -> bool),
    Network(fn(&NetworkOptions) -> bool),
}

struct Rule {
    /// Below its place, as in `docs/compose.md`; with the value, where only that one is ignored.
    field: &'static str,
    by: By,
    place: Place,
}

const fn rule(field: &'static str, by: By, place: Place) -> Rule {
    Rule { field, by, place }
}

/// Found by asking each engine for every field. The table in `docs/engines.md` is held against this one.
const RULES: [Rule; 17] = [
    rule(
        "deploy.resources.reservations.devices",
        By::Podman,
        Place::Service(|service| requests(service, |request| request.driver != CDI)),
    ),
    rule(
        "deploy.resources.reservations.devices: driver cdi",
        By::Podman4,
        Place::Service(|service| requests(service, |request| request.driver == CDI)),
    ),
    rule(
        "device_cgroup_rules",
        By::Podman4,
        Place::Service(|service| !service.settings.privileges.device_cgroup_rules.is_empty()),
    ),
    rule("domainname", By::Podman, Place::Service(|service| !service.settings.naming.domainname.is_empty())),
    rule("extra_hosts: host-gateway", By::Podman4, Place::Service(names_the_gateway)),
    rule("logging.options", By::Podman, Place::Service(has_unknown_log_options)),
    rule(
        "memswap_limit: -1",
        By::Podman,
        Place::Service(|service| service.settings.resources.memory_swap_bytes == Some(-1)),
    ),
    rule("runtime", By::Podman, Place::Service(|service| !service.settings.privileges.runtime.is_empty())),
    rule("security_opt: systempaths=unconfined", By::Podman, Place::Service(unconfines_paths)),
    rule(
        "volumes[].bind.create_host_path: false",
        By::Podman,
        Place::Service(|service| service.settings.binds.iter().any(|bind| bind.must_exist)),
    ),
    rule(
        "volumes[].volume.nocopy",
        By::Podman,
        Place::Service(|service| service.mounts.iter().any(|mount| mount.no_copy)),
    ),
    rule("link_local_ips", By::Podman, Place::Attachment(|on| !on.link_local_ips.is_empty())),
    rule("attachable", By::Podman, Place::Network(|network| network.attachable)),
    rule("driver_opts", By::Podman, Place::Network(has_unknown_driver_options)),
    rule("ipam.config[].aux_addresses", By::Podman, Place::Network(reserves_addresses)),
    rule("ipam.driver", By::Podman, Place::Network(|network| !network.ipam_driver.is_empty())),
    rule("ipam.options", By::Podman, Place::Network(|network| !network.ipam_options.is_empty())),
];

/// The one driver of devices that Podman's Docker API knows, from version 5 on.
const CDI: &str = "cdi";
/// What Podman takes of a log driver's options.
const LOG_OPTIONS: [&str; 3] = ["max-size", "path", "tag"];
/// What Podman takes of a network driver's options.
const DRIVER_OPTIONS: [&str; 5] =
    ["mtu", "com.docker.network.driver.mtu", "com.docker.network.bridge.name", "mode", "parent"];

fn requests(service: &Service, is_meant: fn(&DeviceRequest) -> bool) -> bool {
    service.settings.resources.device_requests.iter().any(is_meant)
}

fn names_the_gateway(service: &Service) -> bool {
    service.settings.naming.extra_hosts.iter().any(|host| host.ends_with(":host-gateway"))
}

fn has_unknown_log_options(service: &Service) -> bool {
    let options = service.settings.logging.iter().flat_map(|logging| logging.options.keys());
    has_others(options, &LOG_OPTIONS)
}

fn unconfines_paths(service: &Service) -> bool {
    service.settings.privileges.security_options.iter().any(|option| option == "systempaths=unconfined")
}

fn has_unknown_driver_options(network: &NetworkOptions) -> bool {
    has_others(network.driver_options.keys(), &DRIVER_OPTIONS)
}

fn reserves_addresses(network: &NetworkOptions) -> bool {
    network.pools.iter().any(|pool| !pool.aux_addresses.is_empty())
}

fn has_others<'a>(mut said: impl Iterator<Item = &'a String>, known: &[&str]) -> bool {
    said.any(|option| !known.contains(&option.as_str()))
}

impl By {
    const fn is(self, engine: EngineKind) -> bool {
        match (self, engine) {
            (_, EngineKind::Docker) => false,
            (Self::Podman, EngineKind::Podman { .. }) => true,
            (Self::Podman4, EngineKind::Podman { major }) => major <= 4,
        }
    }
}

impl Rule {
    /// Where `target` says the field.
    fn found(&self, target: &Target) -> Vec<String> {
        let field = self.field;
        match self.place {
            Place::Service(is_said) => {
                let services = target.services.iter().filter(|(_, service)| is_said(service));
                services.map(|(name, _)| format!("services.{name}.{field}")).collect()
            }
            Place::Attachment(is_said) => {
                let all = target.services.iter().flat_map(|(name, service)| {
                    service.networks.iter().map(move |(network, on)| (name, network, on))
                });
                let said = all.filter(|(.., on)| is_said(on));
                said.map(|(name, network, _)| format!("services.{name}.networks.{network}.{field}")).collect()
            }
            Place::Network(is_said) => {
                let own = target.app.networks.iter().filter_map(|(name, network)| match network {
                    AppNetwork::Own(options) => Some((name, options)),
                    AppNetwork::External(_) => None,
                });
                let said = own.filter(|(_, options)| is_said(options));
                said.map(|(name, _)| format!("networks.{name}.{field}")).collect()
            }
        }
    }
}

/// Whether it depends on the engine what becomes of `target`: where it does not, no engine has to be asked.
pub fn depends_on_engine(target: &Target) -> bool {
    RULES.iter().any(|rule| !rule.found(target).is_empty())
}

/// Fields that `target` says and that `engine` ignores, in the order of services, then networks.
pub fn ignored_fields(target: &Target, engine: EngineKind) -> Vec<String> {
    let found = RULES.iter().filter(|rule| rule.by.is(engine)).flat_map(|rule| rule.found(target));
    let in_order: BTreeSet<(bool, String)> =
        found.map(|field| (field.starts_with("networks."), field)).collect();
    in_order.into_iter().map(|(_, field)| field).collect()
}

/// The sentence about one of them.
pub fn warning(field: &str, engine: EngineKind) -> String {
    format!("{field} has no effect: {engine} ignores it")
}

#[cfg(test)]
#[path = "ignored_fields_tests.rs"]
mod tests;
