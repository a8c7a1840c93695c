//! What role frontend may apply, over the real socket as its own user.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use supervisor_proto::{
    client::{CallError, CoreClient},
    policy::parse,
    v1::{self, ErrorReason},
};
use tokio::process::Command;

use crate::{
    fakes::{APP, IMAGE, World, apply, target},
    served::{FRONTEND_UID, Served},
};

/// Tells the program that it is the frontend.
const SOCKET: &str = "POLICY_TEST_SOCKET";
const ANSWERS: &str = "POLICY_TEST_ANSWERS";
/// An app of the owner's.
const OWNERS: u64 = APP;
const OTHER: u64 = 4711;

type Change = fn(&mut v1::Target);

fn service(target: &mut v1::Target) -> &mut v1::Service {
    target.services.get_mut("main").unwrap()
}

fn privileges(change: impl FnOnce(&mut v1::Privileges)) -> impl FnOnce(&mut v1::Target) {
    |target| change(service(target).privileges.get_or_insert_default())
}

fn bind(target: &mut v1::Target, source: &str, must_exist: bool) {
    let bind = v1::HostBind {
        source: source.to_owned(),
        target: "/x".to_owned(),
        read_only: true,
        must_exist,
        ..v1::HostBind::default()
    };
    service(target).binds.push(bind);
}

fn volume(target: &mut v1::Target, volume: v1::Volume) {
    target.volumes.insert("store".to_owned(), volume);
    let mount = v1::Mount { volume: "store".to_owned(), target: "/x".to_owned(), ..v1::Mount::default() };
    service(target).volumes.push(mount);
}

fn network(target: &mut v1::Target, network: v1::Network) {
    target.networks.insert("lan".to_owned(), network);
    service(target).networks.insert("lan".to_owned(), v1::NetworkAttachment::default());
}

fn options<const N: usize>(pairs: [(&str, &str); N]) -> std::collections::HashMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Every way to root that a target can name.
const HOSTILE: &[(&str, Change)] = &[
    ("privileged", |t| privileges(|p| p.privileged = true)(t)),
    ("capability", |t| privileges(|p| p.cap_add = vec!["SYS_ADMIN".to_owned()])(t)),
    ("all capabilities", |t| privileges(|p| p.cap_add = vec!["ALL".to_owned()])(t)),
    ("seccomp", |t| privileges(|p| p.security_options = vec!["seccomp=unconfined".to_owned()])(t)),
    ("paths", |t| privileges(|p| p.security_options = vec!["systempaths=unconfined".to_owned()])(t)),
    ("device", |t| {
        let device = v1::Device {
            host_path: "/dev/sda".to_owned(),
            container_path: "/dev/sda".to_owned(),
            permissions: "rwm".to_owned(),
        };
        privileges(|p| p.devices.push(device))(t);
    }),
    ("device rule", |t| privileges(|p| p.device_cgroup_rules = vec!["a *:* rwm".to_owned()])(t)),
    ("group", |t| privileges(|p| p.groups = vec!["0".to_owned()])(t)),
    ("pid", |t| privileges(|p| p.pid_mode = String::from("host"))(t)),
    ("ipc", |t| privileges(|p| p.ipc_mode = String::from("host"))(t)),
    ("uts", |t| privileges(|p| p.uts_mode = String::from("host"))(t)),
    ("userns", |t| privileges(|p| p.userns_mode = String::from("host"))(t)),
    ("cgroup", |t| privileges(|p| p.cgroup_mode = String::from("host"))(t)),
    ("cgroup parent", |t| privileges(|p| p.cgroup_parent = String::from("/"))(t)),
    ("runtime", |t| privileges(|p| p.runtime = String::from("runc"))(t)),
    ("sysctl", |t| privileges(|p| p.sysctls = options([("net.ipv4.ip_forward", "1")]))(t)),
    ("gpu", |t| {
        let request =
            v1::DeviceRequest { count: -1, capabilities: vec!["gpu".to_owned()], ..Default::default() };
        service(t).resources.get_or_insert_default().device_requests.push(request);
    }),
    ("oom", |t| service(t).resources.get_or_insert_default().oom_score_adj = Some(-1000)),
    ("bind", |t| bind(t, "/", false)),
    ("bind that has to exist", |t| bind(t, "/", true)),
    ("engine's socket", |t| bind(t, "/var/run/docker.sock", true)),
    ("core's socket", |t| bind(t, "/run/supervisor", true)),
    ("another app's data", |t| bind(t, "/resin-data/2167", true)),
    ("below its own data", |t| bind(t, "/resin-data/4711/link", true)),
    ("proc", |t| bind(t, "/proc/1/root", false)),
    ("volume that is a bind", |t| {
        let driver_options = options([("type", "none"), ("o", "bind"), ("device", "/")]);
        volume(t, v1::Volume { driver_options, ..v1::Volume::default() });
    }),
    ("volume of another driver", |t| {
        volume(t, v1::Volume { driver: "rexray".to_owned(), ..v1::Volume::default() });
    }),
    ("volume of another name", |t| {
        volume(t, v1::Volume { name: "2167_store".to_owned(), ..v1::Volume::default() });
    }),
    ("external volume", |t| {
        let external_name = "2167_store".to_owned();
        volume(t, v1::Volume { external: true, external_name, ..v1::Volume::default() });
    }),
    ("external network", |t| {
        let external_name = "2167_default".to_owned();
        network(t, v1::Network { external: true, external_name, ..v1::Network::default() });
    }),
    ("macvlan", |t| network(t, v1::Network { driver: "macvlan".to_owned(), ..v1::Network::default() })),
    ("bridge's name", |t| {
        let driver_opts = options([("com.docker.network.bridge.name", "eth0")]);
        network(t, v1::Network { driver_opts, ..v1::Network::default() });
    }),
    ("port", |t| {
        let port = v1::Port {
            host_port: 48484,
            container_port: 80,
            protocol: "tcp".to_owned(),
            ..Default::default()
        };
        service(t).ports.push(port);
    }),
    ("feature", |t| service(t).labels.extend(options([("io.balena.features.balena-socket", "1")]))),
    ("log driver", |t| {
        service(t).logging = Some(v1::Logging { driver: "syslog".to_owned(), options: options([]) });
    }),
    ("tmpfs", |t| {
        service(t).tmpfs.push(v1::Tmpfs { target: "/x".to_owned(), options: vec!["dev".to_owned()] });
    }),
    ("tmpfs over proc", |t| {
        service(t).tmpfs.push(v1::Tmpfs { target: "/proc".to_owned(), options: Vec::new() });
    }),
];

fn plain(app_id: u64) -> v1::Target {
    let labels = options([("io.balena.features.supervisor-api", "0")]);
    let main = v1::Service { image: IMAGE.to_owned(), labels, ..v1::Service::default() };
    v1::Target {
        app_id,
        name: "demo".to_owned(),
        services: [("main".to_owned(), main)].into(),
        ..v1::Target::default()
    }
}

async fn applied(client: &CoreClient, target: v1::Target) -> Option<ErrorReason> {
    let request = v1::ApplyRequest { target: Some(target), ..v1::ApplyRequest::default() };
    match client.apply(request, "test").await {
        Ok(_) => None,
        Err(CallError::Refused { reason, .. }) => Some(reason),
        Err(error) => panic!("{error}"),
    }
}

/// The caller's side. As itself the program is root, whose word none of this needs a grant for.
#[tokio::test]
async fn hostile_target_is_the_owners_to_apply() {
    let served;
    let socket = if let Ok(socket) = std::env::var(SOCKET) {
        socket.into()
    } else {
        served = Served::on(World::new());
        served.socket()
    };
    let client = CoreClient::new(&socket, "test");
    let mut lines = Vec::new();
    for (name, change) in HOSTILE {
        let mut target = plain(OTHER);
        change(&mut target);
        let reason = applied(&client, target).await;
        lines.push(format!("{name}: {reason:?}"));
        let is_frontend = std::env::var(SOCKET).is_ok();
        assert_eq!(reason == Some(ErrorReason::PolicyRefused), is_frontend, "{name}: {reason:?}");
    }
    let owners = applied(&client, plain(OWNERS)).await;
    lines.push(format!("owner's: {owners:?}"));
    if let Ok(answers) = std::env::var(ANSWERS) {
        lines.push(format!("plain: {:?}", applied(&client, plain(OTHER)).await));
        fs::write(answers, lines.join("\n") + "\n").unwrap();
    }
}

/// The answers that the frontend's user got.
async fn as_frontend(served: &Served) -> String {
    let folder = served.folder.path();
    for (path, mode) in [(folder.to_owned(), 0o777), (folder.join("run"), 0o755), (served.socket(), 0o666)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let (program, answers) = (folder.join("program"), folder.join("answers"));
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let user = FRONTEND_UID.to_string();
    let mut caller = Command::new("setpriv");
    caller.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(program);
    caller.args(["--exact", "policy::hostile_target_is_the_owners_to_apply"]).current_dir(folder);
    let output = caller.env(SOCKET, served.socket()).env(ANSWERS, &answers).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read_to_string(answers).unwrap()
}

#[tokio::test]
async fn hostile_target_of_the_frontend_is_refused_and_nothing_reaches_the_engine() {
    let world = World::new();
    world.act(OWNERS, apply(target(OWNERS))).await.unwrap();
    world.reconciler.adoption_done(std::collections::BTreeSet::new());
    let served = Served::on(world);
    let device = std::sync::Arc::clone(&served.world.device);
    let before = device.calls().len();

    let answers = as_frontend(&served).await;

    for (name, _) in HOSTILE {
        assert!(answers.contains(&format!("{name}: Some(PolicyRefused)\n")), "{answers}");
    }
    assert!(answers.contains("owner's: Some(PolicyRefused)\n"), "{answers}");
    assert!(answers.contains("plain: None\n"), "{answers}");
    // Only the plain target, which came last, and whose container is the second of all.
    let made = device.calls().split_off(before).into_iter().filter(|call| call.starts_with("create main"));
    assert_eq!(made.count(), 1);
    assert_eq!(device.containers_in_all(), 2);
}

#[tokio::test]
async fn explain_says_what_would_be_refused_and_its_tables_grant_it() {
    let served = Served::on(World::new());
    let client = served.client();
    let mut target = plain(OTHER);
    privileges(|p| {
        p.privileged = true;
        p.cap_add = vec!["NET_ADMIN".to_owned()];
    })(&mut target);
    let ask = || v1::ExplainPolicyRequest { target: Some(target.clone()) };

    let reply = client.explain(ask(), "test").await.unwrap();

    let fields: Vec<&str> = reply.refusals.iter().map(|refusal| refusal.field.as_str()).collect();
    assert_eq!(fields, ["services.main.cap_add", "services.main.privileged"]);
    served.world.policy.send_replace(parse(&reply.grants).unwrap());
    assert_eq!(client.explain(ask(), "test").await.unwrap(), v1::ExplainPolicyReply::default());
}
