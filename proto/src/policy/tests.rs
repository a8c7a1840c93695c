mod documentation;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::*;

const GRANT: &str =
    "[[grant]]\napp = 2167\nservice = \"modem\"\nimage = \"registry.example.org/acme/modem\"\n";

fn lines(text: &str) -> Vec<usize> {
    parse(text).unwrap_err().iter().map(|mistake| mistake.line).collect()
}

fn permissions(text: &str) -> Permissions {
    let mut policy = parse(&format!("{GRANT}{text}")).unwrap();
    policy.grants.remove(0).allows
}

#[test]
fn empty_policy_grants_nothing() {
    assert_eq!(parse(""), Ok(Policy::default()));
    assert_eq!(parse("# nothing yet\n"), Ok(Policy::default()));
}

#[test]
fn every_key_of_a_grant_is_read() {
    let all = permissions(
        r#"
privileged = true
terminal = true
cap_add = ["net_admin", "CAP_SYS_TIME"]
devices = ["/dev/ttyUSB0"]
device_cgroup_rules = ["c 188:* rmw"]
device_requests = [{ driver = "nvidia", count = -1, capabilities = ["gpu"] }]
binds = [{ source = "/run/dbus", read_only = true }]
volumes = [{ name = "shared" }]
networks = [{ name = "lan", driver = "macvlan", driver_opts = { parent = "eth0" } }]
security_opt = ["seccomp=unconfined"]
sysctls = { "net.ipv4.ip_forward" = "1" }
group_add = ["dialout"]
pid = "host"
ipc = "shareable"
uts = "host"
userns_mode = "host"
cgroup = "host"
cgroup_parent = "/apps"
runtime = "kata"
features = ["dbus"]
logging = { driver = "syslog", options = { tag = "modem" } }
ulimits = ["rtprio"]
oom_score_adj = -500
oom_kill_disable = true
"#,
    );
    let capabilities: Vec<&str> = all.cap_add.iter().map(Capability::as_str).collect();
    assert_eq!(capabilities, ["NET_ADMIN", "SYS_TIME"]);
    assert!(all.privileged && all.terminal && all.oom_kill_disable);
    assert_eq!(
        (all.ipc, all.pid, all.oom_score_adj),
        (Some(IpcMode::Shareable), Some(HostMode::Host), Some(-500))
    );
    assert!(all.binds[0].read_only);
    assert_eq!(all.device_requests[0].count, -1);
}

#[test]
fn each_mistake_is_named_with_its_line() {
    let text = format!(
        "{GRANT}cap_add = \"NET_ADMIN\"\nprivilegde = true\n\n[[grant]]\napp = 0\nservice = \"a b\"\npid = \"container:x\"\n"
    );
    assert_eq!(lines(&text), [5, 6, 8, 9, 10, 11]);
}

#[test]
fn what_is_not_understood_is_a_mistake() {
    for text in [
        "grant = 1",
        "default = \"allow\"",
        "[grant]\napp = 1",
        "grant = [1]",
        "[[grant]]\n",
        "[[grant]]\napp = 1\napp = 2",
        "[[grant",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    for line in [
        "privileged = \"true\"",
        "binds = [\"/run\"]",
        "binds = [{ source = \"run\" }]",
        "binds = [{ source = \"/run/../etc\" }]",
        "binds = [{ source = \"/run/\" }]",
        "binds = [{ source = \"/run\", propagation = \"shared\" }]",
        "devices = [\"dev\"]",
        "pid = \"container:1\"",
        "cap_add = [\"NET ADMIN\"]",
        "sysctls = { a = 1 }",
        "nothing_more = 1",
    ] {
        assert_eq!(lines(&format!("{GRANT}{line}\n")), [5], "{line}");
    }
}

#[test]
fn grant_that_says_nothing_or_is_there_twice_is_a_mistake() {
    assert_eq!(lines(GRANT), [1]);
    let one = format!("{GRANT}privileged = true\n");
    assert_eq!(lines(&format!("{one}{one}")), [6]);
}

#[test]
fn image_with_tag_or_digest_is_a_mistake() {
    for image in ["acme/modem:1", "acme/modem@sha256:ab", "Acme Modem", ""] {
        let text = format!("[[grant]]\napp = 1\nservice = \"a\"\nimage = \"{image}\"\nprivileged = true\n");
        assert_eq!(lines(&text), [4], "{image}");
    }
}

#[test]
fn bind_below_a_writable_one_is_a_mistake() {
    let both = |outer: &str| format!("{GRANT}binds = [{outer}, {{ source = \"/srv/a/b\" }}]\n");
    assert_eq!(lines(&both("{ source = \"/srv/a\" }")), [5]);
    assert_eq!(lines(&both("{ source = \"/\" }")), [5]);
    assert!(parse(&both("{ source = \"/srv/a\", read_only = true }")).is_ok());
    assert!(parse(&both("{ source = \"/srv/aa\" }")).is_ok());
}

#[test]
fn repository_of_an_image_is_compared_in_one_form() {
    let of = |text: &str| Repository::of_image(text).map(|r| r.as_str().to_owned());
    for (image, repository) in [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.36", "docker.io/library/busybox"),
        ("docker.io/busybox@sha256:00", "docker.io/library/busybox"),
        ("index.docker.io/library/busybox", "docker.io/library/busybox"),
        ("acme/modem", "docker.io/acme/modem"),
        ("localhost/modem:1", "localhost/modem"),
        ("127.0.0.1:5000/acme/modem:1@sha256:00", "127.0.0.1:5000/acme/modem"),
        ("Registry.Example.ORG/acme/modem", "registry.example.org/acme/modem"),
        ("beef:1", "docker.io/library/beef"),
    ] {
        assert_eq!(of(image).as_deref(), Some(repository), "{image}");
    }
    let long = "0".repeat(64);
    let nameless = [
        "",
        "beef",
        "0123456789ab",
        &long,
        "sha256:beef",
        "acme//modem",
        "acme/../modem",
        "acme/Modem",
        "a b",
    ];
    for image in nameless {
        assert_eq!(of(image), None, "{image}");
    }
}

#[test]
fn grants_are_for_one_app_service_and_repository() {
    let policy = parse(&format!("{GRANT}privileged = true\n")).unwrap();
    let count = |app: u64, service: &str, image: &str| {
        let service = ServiceName::parse(service).unwrap();
        let repository = Repository::of_image(image);
        policy.grants_for(AppId::new(app).unwrap(), &service, repository.as_ref()).len()
    };
    assert_eq!(count(2167, "modem", "registry.example.org/acme/modem:2"), 1);
    assert_eq!(count(2168, "modem", "registry.example.org/acme/modem:2"), 0);
    assert_eq!(count(2167, "other", "registry.example.org/acme/modem:2"), 0);
    assert_eq!(count(2167, "modem", "registry.example.org/evil/modem:2"), 0);
    assert_eq!(count(2167, "modem", "acme/modem"), 0);
    assert_eq!(count(2167, "modem", "beef"), 0);
}

fn written(folder: &Path, text: &str, mode: u32) -> std::path::PathBuf {
    let path = folder.join("policy.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn file_of_ours_that_nobody_else_can_write_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &format!("{GRANT}privileged = true\n"), 0o644);
    assert_eq!(read(&path).unwrap().grants.len(), 1);
}

#[test]
fn file_that_somebody_else_could_have_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o664, 0o646] {
        let path = written(folder.path(), "", mode);
        assert!(matches!(read(&path), Err(PolicyFileError::Writable(_))), "{mode:o}");
    }
    let path = written(folder.path(), "", 0o600);
    std::os::unix::fs::chown(&path, Some(65532), None).unwrap();
    assert!(matches!(read(&path), Err(PolicyFileError::WrongOwner { uid: 65532, .. })));
}

#[test]
fn symlink_folder_large_or_absent_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "", 0o600);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(read(&link), Err(PolicyFileError::NotRegular(_))));
    assert!(matches!(read(folder.path()), Err(PolicyFileError::NotRegular(_))));
    assert!(matches!(read(&folder.path().join("none")), Err(PolicyFileError::Unreadable { .. })));
    let large = written(folder.path(), &"#\n".repeat(40_000), 0o600);
    assert!(matches!(read(&large), Err(PolicyFileError::TooLarge(_))));
}
