//! Small targets.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::ids::{AppId, ServiceName, VolumeName};

use crate::domain::{
    environment::ApiAccess,
    intent::Action,
    record::AppliedBy,
    settings::Settings,
    target::{
        AppFacts, DEFAULT_STOP_GRACE_MS, Healthcheck, Mount, NetworkMode, RestartPolicy, Service, Target,
        Volume,
    },
};

/// The image of every service, unless a test says otherwise; it is there.
pub const IMAGE: &str = "demo:1";
/// The app of most tests.
pub const APP: u64 = 2167;

pub fn app(id: u64) -> AppId {
    AppId::new(id).unwrap()
}

pub fn name(text: &str) -> ServiceName {
    ServiceName::parse(text).unwrap()
}

/// A service that does not want the API.
pub fn service() -> Service {
    Service {
        image: IMAGE.to_owned(),
        image_id: 1,
        service_id: 1,
        command: None,
        entrypoint: None,
        environment: BTreeMap::new(),
        labels: [("io.balena.features.supervisor-api".to_owned(), "0".to_owned())].into(),
        ports: Vec::new(),
        mounts: Vec::new(),
        network: NetworkMode::App,
        networks: BTreeMap::new(),
        restart: RestartPolicy::Always,
        depends_on: BTreeSet::new(),
        conditions: BTreeMap::new(),
        user: String::new(),
        working_dir: String::new(),
        healthcheck: None,
        stop_signal: String::new(),
        stop_grace_ms: DEFAULT_STOP_GRACE_MS,
        settings: Settings::default(),
        stopped: false,
    }
}

/// A service that wants the API.
pub fn api_service() -> Service {
    Service { labels: BTreeMap::new(), ..service() }
}

/// A target of these services.
pub fn target_of(id: u64, services: Vec<(&str, Service)>) -> Target {
    Target {
        app: AppFacts {
            app_id: app(id),
            name: "demo".to_owned(),
            commit: format!("abc{id}"),
            app_uuid: "u".to_owned(),
            release_id: 1,
            volumes: BTreeMap::new(),
            networks: BTreeMap::new(),
        },
        services: services.into_iter().map(|(text, service)| (name(text), service)).collect(),
    }
}

/// A target of one service, `main`, with a volume.
pub fn target(id: u64) -> Target {
    let volume = VolumeName::parse("store").unwrap();
    let mount =
        Mount { volume: volume.clone(), target: "/var/store".to_owned(), read_only: false, no_copy: false };
    let mut target = target_of(id, vec![("main", Service { mounts: vec![mount], ..service() })]);
    target.app.volumes.insert(volume, Volume::Own);
    target
}

pub fn apply(target: Target) -> Action {
    Action::Apply(Box::new(target), AppliedBy::Admin)
}

pub fn restart() -> Action {
    Action::Restart(Vec::new())
}

pub fn api(key: &str) -> ApiAccess {
    ApiAccess::new(key.to_owned(), 48484).unwrap()
}

/// A release of [`target`] with a service that has a health check; another commit is another image.
pub fn release(id: u64, commit: &str) -> Target {
    let mut release = target(id);
    commit.clone_into(&mut release.app.commit);
    for service in release.services.values_mut() {
        service.image = format!("demo:{commit}");
        service.healthcheck = Some(Healthcheck {
            test: vec!["CMD".to_owned(), "true".to_owned()],
            interval_ms: None,
            timeout_ms: None,
            start_period_ms: None,
            retries: None,
        });
    }
    release
}

/// The same without the health check.
pub fn unchecked_release(id: u64, commit: &str) -> Target {
    let mut release = release(id, commit);
    for service in release.services.values_mut() {
        service.healthcheck = None;
    }
    release
}

pub fn by_frontend(target: Target) -> Action {
    Action::Apply(Box::new(target), AppliedBy::Frontend)
}
