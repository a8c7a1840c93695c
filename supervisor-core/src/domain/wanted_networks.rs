//! Which networks an app wants of the engine, under which names, and how its containers are on them.

use std::collections::BTreeMap;

use supervisor_proto::ids::{AppId, NetworkName, ServiceName};

use super::{
    container::Network,
    network::{AppNetwork, Attachment, DEFAULT_NETWORK, Endpoint, KnownNetworks, NetworkOptions},
    target::{AppFacts, NetworkMode, Service},
};

/// How much of the installation's label tells its networks from another's of the same app.
const SHORT_INSTANCE_CHARS: usize = 8;

/// The networks of one app in the engine's terms.
#[derive(Debug, Clone, Copy)]
pub struct NetworkNames<'a> {
    /// The app.
    pub app: &'a AppFacts,
    /// This installation's label.
    pub instance: &'a str,
    /// The engine's networks.
    pub known: &'a KnownNetworks,
}

/// How one container is on its networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The network that it is made on.
    pub network: Network,
    /// All of its named networks; none where `network` says everything.
    pub endpoints: Vec<Endpoint>,
    /// The engine's names of networks that somebody else has to have made.
    pub external: Vec<String>,
}

/// The engine's name of an app's own network, unless that name is taken.
pub fn network_name(app: AppId, network: &str) -> String {
    format!("{app}_{network}")
}

impl NetworkNames<'_> {
    /// Two installations on one engine may have apps of the same id: the second's networks bear a part of
    /// its label as well, and keep it.
    fn own(&self, network: &str) -> String {
        let plain = network_name(self.app.app_id, network);
        let short: String = self.instance.chars().take(SHORT_INSTANCE_CHARS).collect();
        let longer = format!("{plain}_{short}");
        let taken = self.known.foreign.contains(&plain) && !self.known.own.contains_key(&plain);
        if taken || self.known.own.contains_key(&longer) { longer } else { plain }
    }

    fn definition(&self, network: &str) -> AppNetwork {
        let name = NetworkName::parse(network).ok();
        name.and_then(|name| self.app.networks.get(&name)).cloned().unwrap_or_default()
    }

    /// The networks that these services are on and that core makes, by the engine's name.
    pub fn wanted<'s>(
        &self,
        services: impl Iterator<Item = &'s Service>,
    ) -> BTreeMap<String, NetworkOptions> {
        let mut all = BTreeMap::new();
        for service in services.filter(|service| service.network == NetworkMode::App) {
            for (network, _) in attachments(service) {
                if let AppNetwork::Own(options) = self.definition(network) {
                    all.insert(self.own(network), *options);
                }
            }
        }
        all
    }

    /// How the container of `service` is on its networks.
    pub fn place(&self, name: &ServiceName, service: &Service) -> Placement {
        let network = match service.network {
            NetworkMode::Host => Network::Host,
            NetworkMode::None => Network::None,
            NetworkMode::Bridge => Network::Bridge,
            NetworkMode::App => return self.on_networks(name, service),
        };
        Placement { network, endpoints: Vec::new(), external: Vec::new() }
    }

    fn on_networks(&self, name: &ServiceName, service: &Service) -> Placement {
        let mut external = Vec::new();
        let mut endpoints = Vec::new();
        for (network, attachment) in attachments(service) {
            let (engine_name, made_from) = match self.definition(network) {
                AppNetwork::Own(options) => (self.own(network), options.fingerprint()),
                AppNetwork::External(engine_name) => {
                    external.push(engine_name.clone());
                    (engine_name, String::new())
                }
            };
            endpoints.push(endpoint(name, engine_name, made_from, &attachment));
        }
        let first = endpoints.first().map(|e| e.network.clone()).unwrap_or_default();
        // A container of an older release, which knew one plain network only, is the same container.
        if let [only] = endpoints.as_slice()
            && external.is_empty()
            && only.is_plainly(name.as_str())
        {
            endpoints.clear();
        }
        let network = Network::Named { name: first, alias: name.to_string() };
        Placement { network, endpoints, external }
    }
}

/// The networks of a service, the one that its container is made on first.
fn attachments(service: &Service) -> Vec<(&str, Attachment)> {
    if service.networks.is_empty() {
        return vec![(DEFAULT_NETWORK, Attachment::default())];
    }
    let mut all: Vec<(&str, Attachment)> =
        service.networks.iter().map(|(name, attachment)| (name.as_str(), attachment.clone())).collect();
    all.sort_by_key(|(_, attachment)| std::cmp::Reverse(attachment.priority));
    all
}

fn endpoint(name: &ServiceName, network: String, made_from: String, attachment: &Attachment) -> Endpoint {
    let mut aliases = vec![name.to_string()];
    aliases.extend(attachment.aliases.iter().filter(|alias| alias.as_str() != name.as_str()).cloned());
    Endpoint {
        network,
        aliases,
        ipv4_address: attachment.ipv4_address.clone(),
        ipv6_address: attachment.ipv6_address.clone(),
        link_local_ips: attachment.link_local_ips.clone(),
        mac_address: attachment.mac_address.clone(),
        made_from,
    }
}

#[cfg(test)]
#[path = "wanted_networks_tests.rs"]
mod tests;
