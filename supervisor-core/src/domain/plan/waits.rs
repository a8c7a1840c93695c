//! What is not done yet: services that wait for others, or for an API key.

use std::collections::BTreeMap;

use supervisor_proto::ids::ServiceName;

use super::Draft;
use crate::domain::{
    dependency::{Condition, Lack, Wait, lack},
    standing::{must_wait, needs_start},
    wanted::WantedService,
};

impl<'a> Draft<'a> {
    /// Services that cannot be made yet, because they want an API key and none is known.
    pub(super) fn waiting(&self) -> Vec<ServiceName> {
        let services = self.wanted.services.iter();
        services
            .filter(|(name, s)| must_wait(s) && !self.kept.contains_key(name))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Services that have to be started and must not be yet.
    pub(super) fn waits(&self) -> BTreeMap<&'a ServiceName, Wait> {
        let mut waits = BTreeMap::new();
        for name in &self.wanted.order {
            let Some(service) = self.wanted.services.get(name) else { continue };
            let starts = self.kept.get(name).is_none_or(|c| needs_start(c, service));
            if service.run
                && starts
                && let Some(wait) = self.wait(name, service, &waits)
            {
                waits.insert(name, wait);
            }
        }
        waits
    }

    /// A service that was stopped on purpose is not waited for.
    fn wait(
        &self,
        name: &ServiceName,
        service: &WantedService,
        others: &BTreeMap<&ServiceName, Wait>,
    ) -> Option<Wait> {
        let running = service.waits_for.iter().filter_map(|(other, dependency)| {
            Some((other, dependency, self.wanted.services.get(other).filter(|s| s.run)?))
        });
        for (other, dependency, wanted) in running {
            let lack = match self.kept.get(other).filter(|c| !needs_start(c, wanted)) {
                Some(container) => lack(dependency.condition, container),
                None => match dependency.condition {
                    Condition::Started => others.contains_key(other).then_some(Lack::Start),
                    Condition::Healthy => Some(Lack::Health),
                    Condition::Completed => Some(Lack::End),
                },
            };
            if let Some(lack) = lack.filter(|lack| !(dependency.optional && lack.is_failure())) {
                return Some(Wait { service: name.clone(), dependency: other.clone(), lack });
            }
        }
        None
    }
}
