use super::*;
use crate::domain::{
    record::ServiceIntent,
    target::{Healthcheck, Mount, Port, Protocol, RestartPolicy, Target},
    test_samples::{
        DATA_PATH, EXTERNAL_VOLUME, GATEWAY, INSTANCE, api, depending_on, name, names, record, render_with,
        rendered, service, volume,
    },
};

type Change<T> = (&'static str, fn(&mut T));

fn of_service(service: Service) -> WantedService {
    rendered(&record([("web", service)])).services.remove(&name("web")).unwrap()
}

fn hash_of(service: &Service) -> String {
    of_service(service.clone()).config_hash
}

fn full() -> Service {
    Service {
        mounts: vec![mount("store", "/store")],
        ports: vec![Port {
            host_address: String::new(),
            host_port: 80,
            container_port: 8080,
            protocol: Protocol::Tcp,
        }],
        healthcheck: Some(Healthcheck {
            test: vec!["CMD".to_owned(), "true".to_owned()],
            interval_ms: Some(1),
            timeout_ms: Some(2),
            start_period_ms: Some(3),
            retries: Some(4),
        }),
        ..service()
    }
}

fn mount(name: &str, target: &str) -> Mount {
    Mount { volume: volume(name), target: target.to_owned(), read_only: false, no_copy: false }
}

const MUST_CHANGE: [Change<Service>; 29] = [
    ("image", |s| s.image.push('x')),
    ("command set", |s| s.command = Some(vec!["x".to_owned()])),
    ("command none", |s| s.command = Some(Vec::new())),
    ("entrypoint set", |s| s.entrypoint = Some(vec!["x".to_owned()])),
    ("entrypoint none", |s| s.entrypoint = Some(Vec::new())),
    ("environment", |s| drop(s.environment.insert("X".to_owned(), String::new()))),
    ("labels", |s| drop(s.labels.insert("x".to_owned(), String::new()))),
    ("ports", |s| s.ports.clear()),
    ("host address", |s| s.ports[0].host_address = "127.0.0.1".to_owned()),
    ("host port", |s| s.ports[0].host_port += 1),
    ("container port", |s| s.ports[0].container_port += 1),
    ("protocol", |s| s.ports[0].protocol = Protocol::Udp),
    ("mounts", |s| s.mounts.clear()),
    ("mounted volume", |s| s.mounts[0].volume = volume("shared")),
    ("mount target", |s| s.mounts[0].target.push('x')),
    ("read only", |s| s.mounts[0].read_only = true),
    ("network", |s| s.network = NetworkMode::Bridge),
    ("restart", |s| s.restart = RestartPolicy::UnlessStopped),
    ("restart limit", |s| s.restart = RestartPolicy::OnFailure(1)),
    ("user", |s| s.user.push('x')),
    ("working folder", |s| s.working_dir.push('x')),
    ("healthcheck", |s| s.healthcheck = None),
    ("healthcheck test", |s| s.healthcheck.as_mut().unwrap().test.push(String::new())),
    ("healthcheck interval", |s| s.healthcheck.as_mut().unwrap().interval_ms = None),
    ("healthcheck timeout", |s| s.healthcheck.as_mut().unwrap().timeout_ms = None),
    ("healthcheck start", |s| s.healthcheck.as_mut().unwrap().start_period_ms = None),
    ("healthcheck retries", |s| s.healthcheck.as_mut().unwrap().retries = None),
    ("stop signal", |s| s.stop_signal.push('x')),
    ("stop grace", |s| s.stop_grace_ms += 1),
];

/// What names the release or only orders the start, and makes no different container.
const MUST_NOT_CHANGE: [Change<Service>; 4] = [
    ("image id", |s| s.image_id += 1),
    ("service id", |s| s.service_id += 1),
    ("depends on", |s| s.depends_on.extend([name("db")])),
    ("own version variable", |s| drop(s.environment.insert("RESIN_SUPERVISOR_VERSION".into(), "0".into()))),
];

#[test]
fn hash_with_any_changed_field_of_the_container_differs_from_all_others() {
    let mut hashes = BTreeMap::from([(hash_of(&full()), "unchanged")]);
    for (field, change) in MUST_CHANGE {
        let mut changed = full();
        change(&mut changed);
        assert_eq!(hashes.insert(hash_of(&changed), field), None, "{field}");
    }
}

#[test]
fn hash_with_only_names_of_the_release_changed_stays() {
    for (field, change) in MUST_NOT_CHANGE {
        let mut changed = full();
        change(&mut changed);
        assert_eq!(hash_of(&changed), hash_of(&full()), "{field}");
    }
    let mut next = record([("web", full())]);
    next.target.app.release_id += 1;
    next.target.app.commit.push('x');
    next.target.app.app_uuid.push('x');
    next.services.insert(name("web"), ServiceIntent { generation: 9, run: false });
    let changed = &rendered(&next).services[&name("web")];
    assert_eq!(changed.config_hash, hash_of(&full()));
    assert_ne!(changed.spec.name, of_service(full()).spec.name);
    assert_ne!(changed.spec.labels, of_service(full()).spec.labels);
}

#[test]
fn hash_of_a_container_with_another_version_of_the_supervisor_stays() {
    let mut spec = of_service(full()).spec;
    let before = spec.config_hash(&full().labels);
    for family in ["RESIN", "BALENA"] {
        spec.environment.insert(format!("{family}_SUPERVISOR_VERSION"), "99.0.0".to_owned());
    }
    assert_eq!(spec.config_hash(&full().labels), before);
    spec.environment.insert("BALENA_SUPERVISOR_PORT".to_owned(), "1".to_owned());
    assert_ne!(spec.config_hash(&full().labels), before);
}

#[test]
fn hash_with_other_facts_that_reach_the_container_differs() {
    let original = record([("web", full())]);
    let before = rendered(&original).services[&name("web")].config_hash.clone();
    let changes: [Change<Target>; 2] = [
        ("app name", |t| t.app.name.push('x')),
        ("volume's kind", |t| drop(t.app.volumes.insert(volume("store"), Volume::External("x".into())))),
    ];
    for (fact, change) in changes {
        let mut next = original.clone();
        change(&mut next.target);
        assert_ne!(rendered(&next).services[&name("web")].config_hash, before, "{fact}");
    }
}

#[test]
fn hash_and_generation_stand_in_the_labels() {
    let mut changed = record([("web", full())]);
    changed.services.insert(name("web"), ServiceIntent { generation: 9, run: false });
    let wanted = &rendered(&changed).services[&name("web")];
    let label = |key: &str| wanted.spec.labels.get(key).map(String::as_str);
    assert_eq!(label(labels::CONFIG_HASH), Some(wanted.config_hash.as_str()));
    assert_eq!(label(labels::GENERATION), Some("9"));
    assert_eq!((wanted.generation, wanted.run), (9, false));
}

#[test]
fn labels_of_the_service_never_replace_the_supervisors() {
    let own = [labels::INSTANCE, labels::APP_ID, labels::SERVICE_NAME, labels::CONFIG_HASH, "mine"];
    let own = own.map(|label| (label.to_owned(), "own".to_owned()));
    let spec = of_service(Service { labels: BTreeMap::from(own), ..service() }).spec;
    let label = |key: &str| spec.labels.get(key).map(String::as_str);
    assert_eq!(label(labels::INSTANCE), Some(INSTANCE));
    assert_eq!(label(labels::APP_ID), Some("2167"));
    assert_eq!(label(labels::SERVICE_NAME), Some("web"));
    assert_ne!(label(labels::CONFIG_HASH), Some("own"));
    assert_eq!(label("mine"), Some("own"));
    for (key, value) in
        [(labels::SUPERVISED, "true"), (labels::APP_UUID, "app-uuid"), (labels::SERVICE_ID, "21")]
    {
        assert_eq!(label(key), Some(value), "{key}");
    }
}

#[test]
fn container_name_is_of_service_image_release_and_commit() {
    assert_eq!(of_service(service()).spec.name, "web_11_7_c0ffee");
}

#[test]
fn order_of_services_with_a_cycle_is_by_name() {
    let cyclic = record([("b", depending_on(&["a"])), ("a", depending_on(&["b"])), ("c", service())]);
    assert_eq!(rendered(&cyclic).order, names(&["a", "b", "c"]));
    let chain = record([("a", depending_on(&["b"])), ("b", service())]);
    assert_eq!(rendered(&chain).order, names(&["b", "a"]));
}

#[test]
fn volumes_to_make_are_the_apps_own_only() {
    let wanted = rendered(&record([("web", service())]));
    assert_eq!(wanted.volumes.keys().collect::<Vec<_>>(), ["2167_store"]);
    let plain = BTreeMap::from([("2167_default".to_owned(), NetworkOptions::default())]);
    assert_eq!(wanted.networks, plain);
}

#[path = "wanted_place_tests.rs"]
mod places;
