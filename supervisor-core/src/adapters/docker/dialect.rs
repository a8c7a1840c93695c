//! What has to be known of an engine before it is asked for anything: its API version, and where its answers
//! lack something.

use super::{answers::Version, path::prefix};
use crate::domain::engine_kind::EngineKind;

/// How to talk to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// `/v1.41` or what the engine offers instead.
    pub prefix: String,
    /// Whose engine it is.
    pub kind: EngineKind,
    /// Whether the list of containers tells their health. Podman's does not.
    pub lists_health: bool,
    /// Whether what it says of a container has all settings. Podman's has not.
    pub tells_all_settings: bool,
}

impl From<&Version> for Dialect {
    fn from(version: &Version) -> Self {
        let is_podman = version.components.iter().any(|part| part.name == "Podman Engine");
        Self {
            prefix: prefix(&version.newest_api, &version.oldest_api),
            kind: if is_podman { EngineKind::podman(&version.engine) } else { EngineKind::Docker },
            lists_health: !is_podman,
            tells_all_settings: !is_podman,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &str) -> Dialect {
        Dialect::from(&serde_json::from_str::<Version>(answer).unwrap())
    }

    #[test]
    fn docker_speaks_our_version_and_tells_everything() {
        for answer in [
            r#"{"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1"}],"Version":"20.10.24+dfsg1","ApiVersion":"1.41","MinAPIVersion":"1.12"}"#,
            r#"{"Components":[{"Name":"Engine","Version":"26.1.5+dfsg1"}],"Version":"26.1.5+dfsg1","ApiVersion":"1.45","MinAPIVersion":"1.24"}"#,
            r#"{"Components":[{"Name":"Engine","Version":"28.5.2+dfsg4"}],"Version":"28.5.2+dfsg4","ApiVersion":"1.51","MinAPIVersion":"1.24"}"#,
        ] {
            let wanted = Dialect {
                prefix: "/v1.41".to_owned(),
                kind: EngineKind::Docker,
                lists_health: true,
                tells_all_settings: true,
            };
            assert_eq!(of(answer), wanted, "{answer}");
        }
    }

    #[test]
    fn podman_speaks_our_version_and_keeps_some_things_to_itself() {
        for (major, answer) in [
            (
                4,
                r#"{"Components":[{"Name":"Podman Engine","Version":"4.3.1"},{"Name":"Conmon"}],"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24"}"#,
            ),
            (
                5,
                r#"{"Components":[{"Name":"Podman Engine","Version":"5.4.2"},{"Name":"Conmon"}],"Version":"5.4.2","ApiVersion":"1.41","MinAPIVersion":"1.24"}"#,
            ),
        ] {
            let wanted = Dialect {
                prefix: "/v1.41".to_owned(),
                kind: EngineKind::Podman { major },
                lists_health: false,
                tells_all_settings: false,
            };
            assert_eq!(of(answer), wanted, "{answer}");
        }
    }
}
