use std::collections::HashMap;

use super::*;

fn wire() -> v1::Target {
    let web = v1::Service { image: "demo:1".to_owned(), ..v1::Service::default() };
    v1::Target {
        app_id: 7,
        name: "demo".to_owned(),
        services: HashMap::from([("web".to_owned(), web)]),
        ..v1::Target::default()
    }
}

/// The field that is refused after `change`.
fn refused(change: impl FnOnce(&mut v1::Target, &mut v1::Service)) -> String {
    let mut target = wire();
    let mut service = target.services.remove("web").unwrap();
    change(&mut target, &mut service);
    target.services.insert("web".to_owned(), service);
    match from_wire(target) {
        Err(CoreError::InvalidField { field, .. }) => field,
        Err(CoreError::InvalidId(_)) => "id".to_owned(),
        Err(CoreError::Cycle(_)) => "cycle".to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn target_with_nothing_but_an_image_gets_defaults_and_ids() {
    let target = from_wire(wire()).unwrap();
    let web = &target.services[&ServiceName::parse("web").unwrap()];
    assert_eq!(
        (web.restart, web.network, web.stop_grace_ms),
        (RestartPolicy::Always, NetworkMode::App, 10_000)
    );
    assert!(web.image_id > 0 && web.service_id > 0 && target.app.release_id > 0);
    assert_eq!((target.app.commit.len(), target.app.app_uuid.len()), (32, 32));
}

#[test]
fn target_with_the_same_content_gets_the_same_ids() {
    assert_eq!(from_wire(wire()).unwrap(), from_wire(wire()).unwrap());
}

#[test]
fn label_of_the_supervisors_own_says_how_an_update_goes_and_nothing_else() {
    let mut target = wire();
    let web = target.services.get_mut("web").unwrap();
    web.labels.insert("io.supervisor.update.apply".to_owned(), "reboot".to_owned());
    assert!(from_wire(target).is_ok());
}

#[test]
fn field_that_is_not_acceptable_is_refused_by_name() {
    let text = |s: &str| s.to_owned();
    assert_eq!(refused(|t, _| t.app_id = 0), "id");
    assert_eq!(refused(|t, _| t.app_id = u64::MAX), "id");
    assert_eq!(refused(|t, _| t.name = "a\nb".to_owned()), "name");
    assert_eq!(refused(|t, _| t.commit = "../x".to_owned()), "commit");
    assert_eq!(
        refused(|t, s| {
            t.services.insert(text("../x"), s.clone());
        }),
        "id"
    );
    assert_eq!(refused(|_, s| s.image = String::new()), "services.web.image");
    assert_eq!(refused(|_, s| s.image = "a b".to_owned()), "services.web.image");
    assert_eq!(refused(|_, s| s.network_mode = "container:x".to_owned()), "services.web.network_mode");
    assert_eq!(refused(|_, s| s.depends_on = vec![text("db")]), "services.web.depends_on");
    assert_eq!(refused(|_, s| s.depends_on = vec![text("web")]), "cycle");
    assert_eq!(
        refused(|_, s| {
            s.environment.insert(text("A=B"), text("c"));
        }),
        "services.web.environment"
    );
    assert_eq!(
        refused(|_, s| {
            s.environment.insert(text("A"), text("c\0"));
        }),
        "services.web.environment"
    );
    assert_eq!(
        refused(|_, s| {
            s.labels.insert(text("io.supervisor.instance"), text("x"));
        }),
        "services.web.labels"
    );
    for (label, value) in [("health-gate", "yes"), ("health-timeout", "soon")] {
        let label = format!("io.supervisor.update.{label}");
        let field = refused(|_, s| drop(s.labels.insert(label.clone(), text(value))));
        assert_eq!(field, format!("services.web.labels.{label}"));
    }
    assert_eq!(refused(|_, s| s.user = "\0".to_owned()), "services.web.user");
    assert_eq!(refused(|_, s| s.stop_grace_period_ms = Some(3_600_001)), "services.web.stop_grace_period");
}

#[test]
fn port_that_is_not_acceptable_is_refused() {
    let good = v1::Port { container_port: 80, protocol: "tcp".to_owned(), ..v1::Port::default() };
    for port in [
        v1::Port { container_port: 0, ..good.clone() },
        v1::Port { container_port: 65_536, ..good.clone() },
        v1::Port { host_port: 65_536, ..good.clone() },
        v1::Port { protocol: "icmp".to_owned(), ..good.clone() },
        v1::Port { host_address: "eth0".to_owned(), ..good.clone() },
    ] {
        assert_eq!(refused(|_, s| s.ports = vec![port.clone()]), "services.web.ports", "{port:?}");
    }
    let on_host = |_: &mut v1::Target, s: &mut v1::Service| {
        s.ports = vec![good.clone()];
        s.network_mode = "host".to_owned();
    };
    assert_eq!(refused(on_host), "services.web.ports");
}

#[test]
fn mount_that_is_not_acceptable_is_refused() {
    let mount = |volume: &str, target: &str| v1::Mount {
        volume: volume.to_owned(),
        target: target.to_owned(),
        ..v1::Mount::default()
    };
    let with = |mounts: Vec<v1::Mount>| {
        refused(|t, s| {
            t.volumes.insert("db".to_owned(), v1::Volume::default());
            s.volumes = mounts;
        })
    };
    assert_eq!(with(vec![mount("db", "data")]), "services.web.volumes");
    assert_eq!(with(vec![mount("db", "/a/../b")]), "services.web.volumes");
    assert_eq!(with(vec![mount("db", "/")]), "services.web.volumes");
    assert_eq!(with(vec![mount("db", "//data")]), "services.web.volumes");
    assert_eq!(with(vec![mount("db", "/tmp/./balena")]), "services.web.volumes");
    assert_eq!(with(vec![mount("other", "/a")]), "services.web.volumes");
    assert_eq!(with(vec![mount("../x", "/a")]), "id");
    assert_eq!(with(vec![mount("db", "/a"), mount("db", "/a/")]), "services.web.volumes");
}
