use std::collections::BTreeMap;

use super::*;
use crate::domain::{
    settings::{Capability, Device, DeviceRequest},
    test_samples::{record, service, volume},
};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/compose.md"));

fn places() -> OwnPlaces {
    OwnPlaces {
        engine_socket: "/var/run/docker.sock".to_owned(),
        state_folder: "/var/lib/supervisor/core".to_owned(),
        socket_folder: "/run/supervisor".to_owned(),
    }
}

fn of(change: impl FnOnce(&mut Service)) -> Vec<String> {
    let mut changed = service();
    change(&mut changed);
    warnings(&record([("web", changed)]).target, &places())
}

fn of_bind(source: &str) -> String {
    let bind = HostBind {
        source: source.to_owned(),
        target: "/x".to_owned(),
        read_only: true,
        propagation: None,
        must_exist: false,
    };
    of(|s| s.settings.binds.push(bind)).remove(0)
}

/// Everything that gives access to the host, said at once.
fn everything(service: &mut Service) {
    let host = || "host".to_owned();
    service.settings.privileges = Privileges {
        privileged: true,
        cap_add: Capability::parse("SYS_TIME").into_iter().collect(),
        cap_drop: Capability::parse("CHOWN").into_iter().collect(),
        security_options: vec!["no-new-privileges".to_owned(), "seccomp=unconfined".to_owned()],
        devices: vec![Device {
            host_path: "/dev/null".to_owned(),
            container_path: "/dev/x".to_owned(),
            permissions: "r".to_owned(),
        }],
        device_cgroup_rules: vec!["c 1:3 r".to_owned()],
        groups: vec!["0".to_owned()],
        pid_mode: host(),
        ipc_mode: host(),
        uts_mode: host(),
        userns_mode: host(),
        cgroup_mode: host(),
        cgroup_parent: host(),
        runtime: host(),
        sysctls: BTreeMap::from([(host(), host())]),
    };
    service.settings.resources.device_requests.push(DeviceRequest {
        driver: String::new(),
        count: -1,
        device_ids: Vec::new(),
        capabilities: Vec::new(),
        options: BTreeMap::new(),
    });
}

#[test]
fn target_that_keeps_to_itself_has_no_warning() {
    assert!(of(|_| {}).is_empty());
    let harmless = of(|s| {
        s.settings.privileges.cap_drop = Capability::parse("ALL").into_iter().collect();
        s.settings.privileges.security_options = vec!["no-new-privileges=true".to_owned()];
        s.settings.privileges.ipc_mode = "private".to_owned();
        s.settings.privileges.cgroup_mode = "private".to_owned();
        s.settings.resources.memory_bytes = 1;
        s.settings.process.read_only = true;
    });
    assert!(harmless.is_empty(), "{harmless:?}");
}

#[test]
fn field_that_gives_access_to_the_host_is_named_once_and_marked_on_the_page() {
    let said = of(everything);
    assert_eq!(said.len(), 15);
    for sentence in said {
        let field = sentence.strip_prefix("services.web.").unwrap().split(' ').next().unwrap();
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `services.*.{field}` | yes |")));
        assert!(row.is_some_and(|row| row.contains("*host*")), "{field}");
    }
}

#[test]
fn bind_tells_its_source_and_what_of_the_supervisor_s_it_holds() {
    assert_eq!(of_bind("/srv"), "services.web.volumes gives the container /srv of the host");
    for source in ["/run/docker.sock", "/var/run/docker.sock", "/var/run", "/run", "/"] {
        assert!(of_bind(source).contains("engine's socket"), "{source}");
    }
    for source in ["/var/lib/supervisor/core/apps", "/var/lib/supervisor", "/var/lib"] {
        assert!(of_bind(source).contains("supervisor's own store"), "{source}");
    }
    assert!(of_bind("/run/supervisor").contains("supervisor's own socket"));
    for source in ["/var/lib/supervisor/corex", "/run/docker.sock.old", "/run/supervisors"] {
        assert!(!of_bind(source).contains(", with "), "{source}");
    }
}

#[test]
fn volume_whose_data_is_elsewhere_is_named() {
    let mut target = record([("web", service())]).target;
    let options = VolumeOptions {
        driver_options: [("device".to_owned(), "/srv".to_owned())].into(),
        ..VolumeOptions::default()
    };
    target.app.volumes.insert(volume("store"), Volume::Configured(options));
    let expected = "volumes.store.driver_opts gives its containers /srv of the host";
    assert_eq!(warnings(&target, &places()), [expected]);
    let options = VolumeOptions { driver: "nfs".to_owned(), ..VolumeOptions::default() };
    target.app.volumes.insert(volume("store"), Volume::Configured(options));
    assert_eq!(warnings(&target, &places()).len(), 1);
}

#[test]
fn volume_in_memory_that_binds_a_folder_is_named() {
    let mut target = record([("web", service())]).target;
    let pairs = [("type", "tmpfs"), ("o", "bind"), ("device", "/")];
    let driver_options = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let options = VolumeOptions { driver_options, ..VolumeOptions::default() };
    target.app.volumes.insert(volume("store"), Volume::Configured(options));
    assert_eq!(
        warnings(&target, &places()),
        ["volumes.store.driver_opts gives its containers / of the host"]
    );
}
