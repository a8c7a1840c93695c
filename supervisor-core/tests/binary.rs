//! The program itself: its exit codes, its settings, and that it listens on no network port.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use supervisor_proto::{
    client::CoreClient,
    v1::{self, Role},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_supervisor-core");
const LONG: Duration = Duration::from_mins(1);

/// The program in a folder of its own, with no engine and no bus.
struct Core {
    folder: TempDir,
    child: Child,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().kill_on_drop(true).stdin(Stdio::null());
    command.env("CORE_SOCKET", socket(folder)).env("CORE_STATE_DIR", folder.join("state"));
    command.env("DOCKER_SOCKET", folder.join("no-engine")).env("HOST_ROOT", folder);
    command.env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", folder.join("no-bus").display()));
    command.env("CONFIG_JSON", folder.join("config.json")).env("SOCKET_GID", "0");
    command
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("run/core.sock")
}

impl Core {
    /// A core that serves.
    async fn started() -> Self {
        Self::started_with(&[]).await
    }

    /// With more settings.
    async fn started_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Empty variables count as unset.
        let mut command = command(folder.path());
        command.envs(settings.iter().copied());
        command.env("ADMIN_GID", "").env("FRONTEND_UID", "").env("API_ENDPOINT", "");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let serves = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("core serves") {
                    return;
                }
            }
            panic!("core ended");
        };
        timeout(LONG, serves).await.unwrap();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { folder, child }
    }

    async fn terminate(&mut self) -> Option<i32> {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        timeout(LONG, self.child.wait()).await.unwrap().unwrap().code()
    }
}

async fn health(folder: &Path) -> Option<i32> {
    command(folder).arg("healthcheck").status().await.unwrap().code()
}

#[tokio::test]
async fn core_without_engine_and_bus_serves_is_healthy_and_ends_on_sigterm() {
    let mut core = Core::started().await;
    let client = CoreClient::new(&socket(core.folder.path()), "test");
    assert_eq!(client.hello().await.unwrap().role, Role::Admin);
    assert_eq!(health(core.folder.path()).await, Some(0));
    assert_eq!(core.terminate().await, Some(0));
    assert_eq!(health(core.folder.path()).await, Some(1));
}

#[tokio::test]
async fn second_core_on_the_same_store_is_refused() {
    let core = Core::started().await;
    let second = command(core.folder.path()).stderr(Stdio::null()).status().await.unwrap();
    assert_eq!(second.code(), Some(70));
    assert_eq!(health(core.folder.path()).await, Some(0));
}

#[tokio::test]
async fn core_on_a_store_of_a_newer_release_says_so_on_one_line_and_leaves_it_alone() {
    let mut core = Core::started().await;
    assert_eq!(core.terminate().await, Some(0));
    let path = core.folder.path().join("state/instance.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"format\":1", "\"format\":99");
    fs::write(&path, &text).unwrap();
    let refused = command(core.folder.path()).stderr(Stdio::piped()).output().await.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("has format 99") && said.contains(&path.display().to_string()), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// What core says when it is started with this policy file, and its exit code.
async fn with_policy(text: &str, mode: u32) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let mut command = command(folder.path());
    let ended = command.env("CORE_POLICY", &path).stderr(Stdio::piped()).output();
    let ended = timeout(LONG, ended).await.unwrap().unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[tokio::test]
async fn policy_that_is_not_acceptable_ends_core_with_one_line_that_names_file_and_problem() {
    for (text, mode, problem) in [("\nprivileged = true\n", 0o600, "line 2"), ("", 0o622, "chmod")] {
        let (code, said) = with_policy(text, mode).await;
        assert_eq!((code, said.lines().count()), (Some(64), 1), "{said}");
        assert!(said.contains("policy.toml") && said.contains(problem), "{said}");
    }
}

#[tokio::test]
async fn policy_that_is_read_again_on_sighup_changes_what_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, "").unwrap();
    let core = Core::started_with(&[("CORE_POLICY", &path.display().to_string())]).await;
    let client = CoreClient::new(&socket(core.folder.path()), "test");
    let privileges = v1::Privileges { privileged: true, ..Default::default() };
    let main = v1::Service { image: "demo".to_owned(), privileges: Some(privileges), ..Default::default() };
    let target = v1::Target {
        app_id: 7,
        name: "x".to_owned(),
        services: [("main".to_owned(), main)].into(),
        ..Default::default()
    };
    let refusals = async || {
        let request = v1::ExplainPolicyRequest { target: Some(target.clone()) };
        client.explain(request, "test").await.unwrap().refusals.len()
    };
    assert_eq!(refusals().await, 1);

    let grant = "[[grant]]\napp = 7\nservice = \"main\"\nimage = \"demo\"\nprivileged = true\n";
    fs::write(&path, grant).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(core.child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();

    let granted = async { while refusals().await != 0 {} };
    timeout(LONG, granted).await.expect("the new policy counts");
}

/// Inodes of the sockets that the process has open.
fn open_sockets(pid: u32) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    names.filter_map(|n| Some(n.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
}

/// Inodes of every IP socket of the process's network.
fn network_sockets(pid: u32) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        all.extend(text.lines().skip(1).filter_map(|l| l.split_whitespace().nth(9).map(str::to_owned)));
    }
    all
}

#[tokio::test]
async fn running_core_has_no_network_socket() {
    let mut core = Core::started().await;
    let own = open_sockets(std::process::id());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mine: BTreeSet<_> = open_sockets(std::process::id()).difference(&own).cloned().collect();
    let pid = core.child.id().unwrap();
    let network = network_sockets(pid);
    assert!(mine.iter().any(|inode| network.contains(inode)), "a listener is seen by this method");
    drop(listener);
    let of_core = open_sockets(pid);
    assert!(!of_core.is_empty());
    let shared: Vec<_> = of_core.intersection(&network).collect();
    assert!(shared.is_empty(), "{shared:?}");
    assert_eq!(core.terminate().await, Some(0));
}

#[tokio::test]
async fn setting_that_is_not_acceptable_ends_with_64_and_one_line_that_names_it() {
    for (variable, flag, value) in [
        ("FRONTEND_UID", "--frontend-uid", "root"),
        ("ADMIN_GID", "--admin-gid", "-1"),
        ("RESIN_DATA_PATH", "--resin-data-path", "data"),
        ("POWER_DELAY_MS", "--power-delay-ms", "soon"),
        ("HEARTBEAT_INTERVAL_MS", "--heartbeat-interval-ms", "0"),
        ("API_ENDPOINT", "--api-endpoint", "ftp://x"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = command(folder.path()).env(variable, value).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(flag) && said.contains(value), "{said}");
    }
}
