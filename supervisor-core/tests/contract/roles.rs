//! Every method as every kind of caller, by the kernel's word: the test program runs itself as other users.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Stdio,
};

use supervisor_core::grpc::roles::{Role, may_call};
use supervisor_proto::v1::ErrorReason;
use tokio::process::Command;
use tonic::transport::Endpoint;

use crate::{
    raw::{call, methods, reason_of},
    served::{ADMIN_GID, FRONTEND_UID, Served},
};

/// Tells the program that it is the caller.
const SOCKET: &str = "CONTRACT_TEST_SOCKET";
const STRANGE: [&str; 3] = ["/supervisor.core.v1.Apps/Nothing", "/grpc.health.v1.Health/Nothing", "/x"];

/// The caller's side, when the program has been started as one; prints which methods were let through.
#[tokio::test]
async fn method_that_has_no_rule_is_refused_to_whoever_calls() {
    let served;
    let socket = if let Ok(socket) = std::env::var(SOCKET) {
        socket
    } else {
        served = Served::new();
        served.socket().display().to_string()
    };
    let channel = Endpoint::try_from(format!("unix://{socket}")).unwrap().connect().await.unwrap();
    for method in STRANGE {
        assert_eq!(reason_of(&call(&channel, method, vec![]).await), Some(ErrorReason::PeerDenied));
    }
    let mut lines = String::new();
    for method in methods() {
        let denied = reason_of(&call(&channel, &method, vec![]).await) == Some(ErrorReason::PeerDenied);
        lines.push_str(if denied { "denied " } else { "passed " });
        lines.push_str(&method);
        lines.push('\n');
    }
    if let Ok(answers) = std::env::var("CONTRACT_TEST_ANSWERS") {
        fs::write(answers, lines).unwrap();
    }
}

/// Others may look for the socket, so that the gate is what refuses them.
fn open_to_everybody(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

async fn passed(served: &Served, uid: u32, gid: u32) -> Vec<String> {
    let folder = served.folder.path();
    open_to_everybody(folder, 0o777);
    open_to_everybody(&folder.join("run"), 0o755);
    open_to_everybody(&served.socket(), 0o666);
    let program = folder.join("program");
    if !program.exists() {
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        open_to_everybody(&program, 0o755);
    }
    let answers = folder.join(format!("answers-{uid}-{gid}"));
    let mut caller = Command::new("setpriv");
    caller.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
    caller.arg(program).args(["--exact", "roles::method_that_has_no_rule_is_refused_to_whoever_calls"]);
    caller.env(SOCKET, served.socket()).env("CONTRACT_TEST_ANSWERS", &answers).current_dir(folder);
    let output = caller.stdout(Stdio::piped()).stderr(Stdio::piped()).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = fs::read_to_string(answers).unwrap();
    lines.lines().filter_map(|line| line.strip_prefix("passed ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_method_is_let_through_for_its_roles_and_refused_to_the_others() {
    let served = Served::new();
    let allowed = |role: Option<Role>| -> Vec<String> {
        methods().into_iter().filter(|method| role.is_some_and(|role| may_call(role, method))).collect()
    };
    for (uid, gid, role) in [
        (0, 0, Some(Role::Admin)),
        (1000, ADMIN_GID, Some(Role::Admin)),
        (FRONTEND_UID, FRONTEND_UID, Some(Role::Frontend)),
        (FRONTEND_UID, 0, Some(Role::Frontend)),
        (FRONTEND_UID, ADMIN_GID, Some(Role::Frontend)),
        (1000, 1000, None),
        (1000, 0, None),
    ] {
        assert_eq!(passed(&served, uid, gid).await, allowed(role), "uid {uid} gid {gid}");
    }
}

#[tokio::test]
async fn socket_and_its_folder_are_closed_to_others() {
    let served = Served::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&served.folder.path().join("run")), mode(&served.socket())), (0o750, 0o660));
}
