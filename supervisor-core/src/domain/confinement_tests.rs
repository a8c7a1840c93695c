use super::*;

const DATA: &str = "/resin-data/7";

fn ordinary() -> Confinement {
    let mount = |kind, source: &str| Mount { kind, source: source.to_owned() };
    Confinement {
        security_options: vec!["no-new-privileges".to_owned()],
        namespaces: vec![
            ("network_mode", "host".to_owned()),
            ("ipc", "shareable".to_owned()),
            ("pid", String::new()),
            ("cgroup", "private".to_owned()),
        ],
        mounts: vec![
            mount(MountKind::HostPath, DATA),
            mount(MountKind::PlainVolume, "7_data"),
            mount(MountKind::Memory, ""),
        ],
        ..Confinement::default()
    }
}

fn privilege(change: impl FnOnce(&mut Confinement)) -> Option<String> {
    let mut access = ordinary();
    change(&mut access);
    access.first_privilege(&[DATA.to_owned()])
}

#[test]
fn ordinary_container_on_the_hosts_network_holds_no_privilege() {
    assert_eq!(privilege(|_| {}), None);
    assert_eq!(Confinement::default().first_privilege(&[]), None);
}

#[test]
fn every_grant_is_a_privilege_and_named() {
    assert_eq!(privilege(|a| a.privileged = true).unwrap(), "privileged");
    assert_eq!(privilege(|a| a.unseen = true).unwrap(), "settings that core cannot see");
    assert_eq!(privilege(|a| a.granted.extend(["cap_add".to_owned()])).unwrap(), "cap_add");
    for option in ["seccomp=unconfined", "apparmor=unconfined", "label=disable", "no-new-privileges:false"] {
        let found = privilege(|a| a.security_options.push(option.to_owned()));
        assert_eq!(found.unwrap(), format!("security_opt {option}"));
    }
}

#[test]
fn namespace_of_the_host_or_of_another_container_is_a_privilege() {
    for (field, mode) in [
        ("pid", "host"),
        ("pid", "container:abc"),
        ("ipc", "host"),
        ("ipc", "container:abc"),
        ("uts", "host"),
        ("userns_mode", "host"),
        ("cgroup", "host"),
        ("network_mode", "container:abc"),
        ("network_mode", "ns:/proc/1/ns/net"),
        ("pid", "a mode of a newer engine"),
    ] {
        let found = privilege(|a| a.namespaces.push((field, mode.to_owned())));
        assert_eq!(found.unwrap(), format!("{field} {mode}"));
    }
}

#[test]
fn mount_of_anything_but_the_own_folders_is_a_privilege() {
    for source in ["/", "/resin-data", "/resin-data/8", "/resin-data/7/inside", "/var/run/docker.sock"] {
        let mount = Mount { kind: MountKind::HostPath, source: source.to_owned() };
        assert_eq!(privilege(|a| a.mounts.push(mount)).unwrap(), format!("volumes {source}"));
    }
    let strange = Mount { kind: MountKind::Other, source: "nfs".to_owned() };
    assert_eq!(privilege(|a| a.mounts.push(strange)).unwrap(), "volumes nfs");
}
