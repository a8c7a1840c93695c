//! Who may do what on a real device, and what the containers are allowed.

use std::process::ExitCode;
use std::time::Duration;

use supervisor_tests::device::Device;
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::{Result, suite};

const HEALTHY: Duration = Duration::from_mins(5);

fn main() -> ExitCode {
    suite::run(&[
        ("other_user_cannot_reach_the_socket", other_user_cannot_reach_the_socket),
        ("other_user_in_the_socket_group_is_refused", other_user_in_the_socket_group_is_refused),
        ("frontend_user_in_group_root_is_no_admin", frontend_user_in_group_root_is_no_admin),
        ("core_listens_on_no_port", core_listens_on_no_port),
        ("frontend_has_no_privilege", frontend_has_no_privilege),
        ("both_containers_become_healthy", both_containers_become_healthy),
    ])
}

/// The local tool as another user of the device; what it says when it is refused.
fn refused(device: &Device, uid: u32, gid: u32, words: &str) -> Result<String> {
    let tool = "docker cp -q supervisor-core:/supervisor-admin /usr/local/bin/ 2>/dev/null \
                || docker cp supervisor-core:/supervisor-admin /usr/local/bin/";
    device.shell(tool)?;
    let line = format!("setpriv --reuid {uid} --regid {gid} --clear-groups supervisor-admin {words} 2>&1");
    let said = device.shell(&format!("{line} && echo DONE || true"))?;
    check(!said.ends_with("DONE"), format!("uid {uid} gid {gid} may: {words}: {said}"))?;
    Ok(said)
}

fn other_user_cannot_reach_the_socket(device: &Device) -> Result<()> {
    for words in ["status", "app list", "key show", "reboot --yes"] {
        refused(device, 1000, 1000, words)?;
    }
    Ok(())
}

fn other_user_in_the_socket_group_is_refused(device: &Device) -> Result<()> {
    for words in ["status", "app list", "key show", "reboot --yes"] {
        refused(device, 1000, 65532, words)?;
    }
    Ok(())
}

fn frontend_user_in_group_root_is_no_admin(device: &Device) -> Result<()> {
    for words in ["key show", "app remove 2167 --yes"] {
        refused(device, 65532, 0, words)?;
    }
    Ok(())
}

fn core_listens_on_no_port(device: &Device) -> Result<()> {
    let listening = device.shell("ss -Hltunp")?;
    assert!(!listening.contains("supervisor-core"), "{listening}");
    assert!(listening.contains("supervisor-fron"), "{listening}");
    Ok(())
}

fn frontend_has_no_privilege(device: &Device) -> Result<()> {
    let status =
        device.shell("cat /proc/$(docker inspect -f '{{.State.Pid}}' supervisor-frontend)/status")?;
    for line in
        ["Uid:\t65532\t65532", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"]
    {
        assert!(status.contains(line), "no {line:?} in {status}");
    }
    Ok(())
}

fn both_containers_become_healthy(device: &Device) -> Result<()> {
    for container in ["supervisor-core", "supervisor-frontend"] {
        wait_until("health", HEALTHY, || {
            let health =
                device.shell(&format!("docker inspect -f '{{{{.State.Health.Status}}}}' {container}"))?;
            check(health == "healthy", format!("{container} is {health}"))
        })?;
    }
    Ok(())
}
