//! Ids for targets that come without them, as a compose file's do: derived from the content, so that the
//! same content always gets the same ids, and another content another commit.

use sha2::{Digest, Sha256};

use super::{container::hex, target::Target};

/// Fills in every id that is missing.
pub fn fill(target: &mut Target) {
    let app = target.app.app_id;
    if target.app.app_uuid.is_empty() {
        target.app.app_uuid = word(&format!("app {app}"));
    }
    for (name, service) in &mut target.services {
        if service.service_id == 0 {
            service.service_id = number(&format!("service {app} {name}"));
        }
        if service.image_id == 0 {
            // As in the cloud, services do not share one: by it a client tells them apart.
            service.image_id = number(&format!("image {} of {app} {name}", service.image));
        }
    }
    // The content with everything but what is still to be derived from it.
    let content = serde_json::to_string(&target).unwrap_or_default();
    if target.app.commit.is_empty() {
        target.app.commit = word(&content);
    }
    if target.app.release_id == 0 {
        target.app.release_id = number(&content);
    }
}

/// 32 lower-case hex, as a commit or a uuid of the cloud.
fn word(text: &str) -> String {
    hex(&Sha256::digest(text)).chars().take(32).collect()
}

/// 1 to 2^31, as the cloud's ids.
fn number(text: &str) -> u64 {
    let digest = Sha256::digest(text);
    let value = digest.iter().take(4).fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    (value >> 1) + 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use supervisor_proto::ids::ServiceName;

    use super::*;
    use crate::domain::{
        target::{AppFacts, Service},
        test_samples,
    };

    fn target(name: &str) -> Target {
        let app = AppFacts {
            app_id: supervisor_proto::ids::AppId::new(7).unwrap(),
            name: name.to_owned(),
            commit: String::new(),
            app_uuid: String::new(),
            release_id: 0,
            volumes: std::collections::BTreeMap::new(),
            networks: std::collections::BTreeMap::new(),
        };
        let mut target = Target { app, services: std::collections::BTreeMap::new() };
        fill(&mut target);
        target
    }

    #[test]
    fn services_of_the_same_image_have_image_ids_of_their_own() {
        let mut target = target("a");
        for name in ["one", "two"] {
            let service = Service { image_id: 0, ..test_samples::service() };
            target.services.insert(ServiceName::parse(name).unwrap(), service);
        }
        fill(&mut target);
        let ids: BTreeSet<u64> = target.services.values().map(|service| service.image_id).collect();
        assert_eq!(ids.len(), 2);
    }

    #[test]
    fn ids_of_the_same_content_are_the_same() {
        assert_eq!(target("a"), target("a"));
        assert_eq!(target("a").app.commit.len(), 32);
    }

    #[test]
    fn commit_of_another_content_is_another_while_the_app_stays_the_same() {
        assert_ne!(target("a").app.commit, target("b").app.commit);
        assert_eq!(target("a").app.app_uuid, target("b").app.app_uuid);
    }
}
