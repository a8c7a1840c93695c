//! How a service's container makes way for the one of a new release: labels of the service, as the balena
//! supervisor reads them.

use std::collections::BTreeMap;

use super::target::{NetworkMode, Service, Target};

/// Labels that say how an update goes. They make no container a different one.
const UPDATE_LABELS: [&str; 3] = ["io.balena.update.", "io.resin.update.", "io.supervisor.update."];
/// Where a strategy may be said; the first one counts.
const STRATEGY: [&str; 2] = ["io.balena.update.strategy", "io.resin.update.strategy"];
/// Where the time of a hand-over may be said, in milliseconds.
const HANDOVER_TIMEOUT: [&str; 2] = ["io.balena.update.handover-timeout", "io.resin.update.handover-timeout"];

/// How long the old container runs beside the new one, unless the new one says earlier that it has taken over.
pub const DEFAULT_HANDOVER_MS: u64 = 60_000;
/// The longest that may be asked for.
pub const LONGEST_HANDOVER_MS: u64 = 3_600_000;

/// How the old container goes and the new one comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UpdateStrategy {
    /// The old one runs until the new image is here.
    #[default]
    DownloadThenKill,
    /// The old one goes before the new image is fetched.
    KillThenDownload,
    /// The old one and its image go before the new image is fetched: where there is no room for both.
    DeleteThenDownload,
    /// The new one starts beside the old one, which goes when the new one says so.
    HandOver {
        /// Or after this time.
        timeout_ms: u64,
    },
}

/// Whether a label says how an update goes.
pub fn is_update_label(name: &str) -> bool {
    UPDATE_LABELS.iter().any(|prefix| name.starts_with(prefix))
}

/// These labels without those that say how an update goes.
pub fn without_update_labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let kept = labels.iter().filter(|(name, _)| !is_update_label(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl UpdateStrategy {
    /// What the service's labels ask for, as far as it can be done.
    pub fn of(service: &Service) -> Self {
        chosen(service).0
    }

    /// Whether an old image goes before its successor comes.
    pub const fn deletes_image(self) -> bool {
        match self {
            Self::DeleteThenDownload => true,
            Self::DownloadThenKill | Self::KillThenDownload | Self::HandOver { .. } => false,
        }
    }

    /// Whether the image may be fetched while the old container runs.
    pub const fn downloads_first(self) -> bool {
        match self {
            Self::DownloadThenKill | Self::HandOver { .. } => true,
            Self::KillThenDownload | Self::DeleteThenDownload => false,
        }
    }
}

/// One sentence for each label of the target that cannot be done as it says.
pub fn warnings(target: &Target) -> Vec<String> {
    let of = |(name, service): (_, &Service)| {
        let problems = chosen(service).1.into_iter();
        problems.map(move |problem| format!("services.{name}.labels: {problem}")).collect::<Vec<_>>()
    };
    target.services.iter().flat_map(of).collect()
}

fn label<'a>(service: &'a Service, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| service.labels.get(*name)).map(String::as_str)
}

fn chosen(service: &Service) -> (UpdateStrategy, Vec<String>) {
    let fallback = UpdateStrategy::default();
    match label(service, &STRATEGY) {
        None | Some("" | "download-then-kill") => (fallback, Vec::new()),
        Some("kill-then-download") => (UpdateStrategy::KillThenDownload, Vec::new()),
        Some("delete-then-download") => (UpdateStrategy::DeleteThenDownload, Vec::new()),
        Some("hand-over") => hand_over(service),
        Some(other) => {
            (fallback, vec![format!("the update strategy {other:?} is not known, it is download-then-kill")])
        }
    }
}

/// Two containers cannot have the same port of the host, nor the same address.
fn hand_over(service: &Service) -> (UpdateStrategy, Vec<String>) {
    if let Some(taken) = exclusive(service) {
        let problem = format!("no hand-over, {taken}; the update strategy is download-then-kill");
        return (UpdateStrategy::default(), vec![problem]);
    }
    let (timeout_ms, problem) = timeout(label(service, &HANDOVER_TIMEOUT));
    (UpdateStrategy::HandOver { timeout_ms }, problem.into_iter().collect())
}

fn exclusive(service: &Service) -> Option<&'static str> {
    let publishes = service.network != NetworkMode::Host && service.ports.iter().any(|p| p.host_port != 0);
    let is_fixed = service.networks.values().any(|on| {
        !on.ipv4_address.is_empty()
            || !on.ipv6_address.is_empty()
            || !on.link_local_ips.is_empty()
            || !on.mac_address.is_empty()
    });
    if publishes {
        Some("old and new container cannot publish the same port")
    } else if is_fixed {
        Some("old and new container cannot have the same address")
    } else {
        None
    }
}

fn timeout(text: Option<&str>) -> (u64, Option<String>) {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return (DEFAULT_HANDOVER_MS, None) };
    match text.parse() {
        Ok(timeout_ms) if timeout_ms <= LONGEST_HANDOVER_MS => (timeout_ms, None),
        Ok(_) => {
            let problem =
                format!("the handover-timeout is more than an hour, it is {LONGEST_HANDOVER_MS} ms");
            (LONGEST_HANDOVER_MS, Some(problem))
        }
        Err(_) => {
            let problem = format!(
                "the handover-timeout {text:?} is no number of milliseconds, it is {DEFAULT_HANDOVER_MS}"
            );
            (DEFAULT_HANDOVER_MS, Some(problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        network::Attachment,
        target::{Port, Protocol},
        test_samples::{network, service, target},
    };

    fn labelled(labels: &[(&str, &str)]) -> Service {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Service { labels: labels.collect(), ..service() }
    }

    fn strategy(value: &str) -> UpdateStrategy {
        UpdateStrategy::of(&labelled(&[("io.balena.update.strategy", value)]))
    }

    fn warned(service: Service) -> Vec<String> {
        warnings(&target([("web", service)]))
    }

    #[test]
    fn strategy_of_each_label_is_the_one_it_names() {
        assert_eq!(UpdateStrategy::of(&service()), UpdateStrategy::DownloadThenKill);
        assert_eq!(strategy("download-then-kill"), UpdateStrategy::DownloadThenKill);
        assert_eq!(strategy("kill-then-download"), UpdateStrategy::KillThenDownload);
        assert_eq!(strategy("delete-then-download"), UpdateStrategy::DeleteThenDownload);
        assert_eq!(strategy("hand-over"), UpdateStrategy::HandOver { timeout_ms: 60_000 });
    }

    #[test]
    fn strategy_said_in_both_families_is_balenas() {
        let labels = [
            ("io.resin.update.strategy", "kill-then-download"),
            ("io.balena.update.strategy", "delete-then-download"),
        ];
        assert_eq!(UpdateStrategy::of(&labelled(&labels)), UpdateStrategy::DeleteThenDownload);
        assert_eq!(UpdateStrategy::of(&labelled(&labels[..1])), UpdateStrategy::KillThenDownload);
    }

    #[test]
    fn strategy_that_is_not_known_is_the_default_with_a_warning() {
        assert_eq!(strategy("hand_over"), UpdateStrategy::DownloadThenKill);
        assert_eq!(warned(labelled(&[("io.balena.update.strategy", "hand_over")])).len(), 1);
        assert!(warned(labelled(&[("io.balena.update.strategy", "hand-over")])).is_empty());
    }

    #[test]
    fn handover_timeout_is_read_and_bounded() {
        let of = |value| {
            labelled(&[
                ("io.balena.update.strategy", "hand-over"),
                ("io.resin.update.handover-timeout", value),
            ])
        };
        let cases = [
            ("0", 0, false),
            ("2500", 2_500, false),
            ("", 60_000, false),
            ("99999999", 3_600_000, true),
            ("1m", 60_000, true),
            ("-1", 60_000, true),
        ];
        for (value, timeout_ms, is_warned) in cases {
            assert_eq!(UpdateStrategy::of(&of(value)), UpdateStrategy::HandOver { timeout_ms }, "{value}");
            assert_eq!(!warned(of(value)).is_empty(), is_warned, "{value}");
        }
    }

    #[test]
    fn hand_over_of_what_two_containers_cannot_have_is_the_default_with_a_warning() {
        let asks = labelled(&[("io.balena.update.strategy", "hand-over")]);
        let port = |host_port| Port {
            host_address: String::new(),
            host_port,
            container_port: 80,
            protocol: Protocol::Tcp,
        };
        let fixed = Attachment { ipv4_address: "10.1.0.9".to_owned(), ..Attachment::default() };
        let refused = [
            Service { ports: vec![port(8080)], ..asks.clone() },
            Service { networks: [(network("lan"), fixed)].into(), ..asks.clone() },
        ];
        for service in refused {
            assert_eq!(UpdateStrategy::of(&service), UpdateStrategy::DownloadThenKill);
            assert_eq!(warned(service).len(), 1);
        }
        let done = [
            Service { ports: vec![port(0)], ..asks.clone() },
            Service { ports: vec![port(8080)], network: NetworkMode::Host, ..asks },
        ];
        for service in done {
            assert_eq!(UpdateStrategy::of(&service), UpdateStrategy::HandOver { timeout_ms: 60_000 });
        }
    }

    #[test]
    fn update_labels_are_told_from_others() {
        for name in ["io.balena.update.strategy", "io.resin.update.x", "io.supervisor.update.apply"] {
            assert!(is_update_label(name), "{name}");
        }
        for name in ["io.balena.features.supervisor-api", "io.balena.update", "update.strategy"] {
            assert!(!is_update_label(name), "{name}");
        }
    }
}
