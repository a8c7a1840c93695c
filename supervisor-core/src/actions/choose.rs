//! Which container a call without a service, or with one, is about.

use supervisor_proto::ids::{AppId, ServiceName};

use crate::{domain::observed::Container, error::CoreError};

/// Which service counts when none is named and the app has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// None: the caller has to name one.
    Ask,
    /// The one called `main`.
    Main,
}

/// The newest container of the service: the named one, or else the app's only one, or else by `fallback`.
pub fn choose<'a>(
    app: AppId,
    service: Option<&ServiceName>,
    fallback: Fallback,
    containers: &'a [Container],
) -> Result<(&'a ServiceName, &'a Container), CoreError> {
    let mut names: Vec<&ServiceName> = containers.iter().filter_map(|c| c.service.as_ref()).collect();
    names.sort_unstable();
    names.dedup();
    let main = names.iter().find(|name| fallback == Fallback::Main && name.as_str() == "main");
    let chosen = match (service, names.as_slice(), main) {
        (Some(service), _, _) => service,
        (None, [only], _) => only,
        (None, [], _) => return Err(CoreError::AppNotFound(app)),
        (None, _, Some(main)) => main,
        (None, several, None) => {
            let names = several.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ");
            let problem = format!("the app has several, name one of {names}");
            return Err(CoreError::InvalidField { field: "service".to_owned(), problem });
        }
    };
    let of_service = containers.iter().filter_map(|c| Some((c.service.as_ref()?, c)));
    let newest = of_service.filter(|(name, _)| *name == chosen).max_by_key(|(_, c)| c.created_s);
    newest.ok_or_else(|| CoreError::ServiceNotFound { app, service: chosen.clone() })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::observed::{ContainerId, ContainerState};

    fn containers(services: &[&str]) -> Vec<Container> {
        let container = |(number, service): (usize, &&str)| Container {
            id: ContainerId(format!("c{number}")),
            name: String::new(),
            app: AppId::new(7).ok(),
            service: ServiceName::parse(service).ok(),
            generation: 1,
            config_hash: String::new(),
            state: ContainerState::Running,
            health: String::new(),
            exit_code: None,
            networks: BTreeSet::new(),
            created_s: i64::try_from(number).unwrap(),
            labels: BTreeMap::new(),
        };
        services.iter().enumerate().map(container).collect()
    }

    fn chosen(service: Option<&str>, fallback: Fallback, services: &[&str]) -> Result<String, CoreError> {
        let service = service.map(|name| ServiceName::parse(name).unwrap());
        let all = containers(services);
        choose(AppId::new(7).unwrap(), service.as_ref(), fallback, &all).map(|(_, c)| c.id.0.clone())
    }

    #[test]
    fn named_service_counts_and_its_newest_container() {
        assert_eq!(chosen(Some("web"), Fallback::Main, &["web", "main", "web"]).unwrap(), "c2");
        let missing = chosen(Some("db"), Fallback::Main, &["web"]);
        assert!(matches!(missing, Err(CoreError::ServiceNotFound { .. })));
    }

    #[test]
    fn without_a_name_the_only_service_counts_then_main_then_the_caller_is_asked() {
        assert_eq!(chosen(None, Fallback::Ask, &["web"]).unwrap(), "c0");
        assert_eq!(chosen(None, Fallback::Main, &["web", "main"]).unwrap(), "c1");
        let asked = chosen(None, Fallback::Ask, &["web", "main"]);
        assert!(matches!(asked, Err(CoreError::InvalidField { .. })));
        let Err(CoreError::InvalidField { problem, .. }) = chosen(None, Fallback::Main, &["web", "db"])
        else {
            panic!("several services");
        };
        assert!(problem.contains("db, web"), "{problem}");
        assert!(matches!(chosen(None, Fallback::Main, &[]), Err(CoreError::AppNotFound(_))));
    }
}
