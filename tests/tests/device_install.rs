//! Installed on the host itself, by the project's own scripts.

use std::process::ExitCode;
use std::time::Duration;

use supervisor_tests::device::Device;
use supervisor_tests::host_install::{
    HostApp, admin, client, give_each_boot_its_id, install, make_next_release, prepare, property, uninstall,
};
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::{Result, suite};

const SOON: Duration = Duration::from_mins(2);
const REBOOTED: i32 = 129;
const CORE: &str = "supervisor-core";
const FRONTEND: &str = "supervisor-frontend";
const MANUAL: &str = "/usr/local/share/man/man1/supervisor-admin.1";
const COMPLETIONS: &str = "/usr/local/share/bash-completion/completions/supervisor-admin";
const STORED: &str = "/var/lib/supervisor/core/instance.json";

fn main() -> ExitCode {
    let cases: [suite::Case; 10] = [
        (
            "install_refuses_a_port_and_a_device_that_are_taken",
            install_refuses_a_port_and_a_device_that_are_taken,
        ),
        ("install_survives_a_reboot_with_app_and_key", install_survives_a_reboot_with_app_and_key),
        (
            "update_that_waits_for_a_reboot_is_carried_out_by_it",
            update_that_waits_for_a_reboot_is_carried_out_by_it,
        ),
        ("services_run_with_the_privileges_they_need", services_run_with_the_privileges_they_need),
        ("lock_outlives_the_cleaning_of_tmp", lock_outlives_the_cleaning_of_tmp),
        ("connectivity_check_looks_names_up_and_connects", connectivity_check_looks_names_up_and_connects),
        ("purge_sees_what_the_host_mounts_after_the_start", purge_sees_what_the_host_mounts_after_the_start),
        (
            "upgrade_keeps_state_and_key_and_leaves_the_app_alone",
            upgrade_keeps_state_and_key_and_leaves_the_app_alone,
        ),
        (
            "store_of_a_newer_release_is_refused_once_and_kept",
            store_of_a_newer_release_is_refused_once_and_kept,
        ),
        (
            "uninstall_leaves_data_and_apps_and_takes_what_it_is_told",
            uninstall_leaves_data_and_apps_and_takes_what_it_is_told,
        ),
    ];
    suite::run_prepared(&cases, prepare)
}

fn refusal(device: &Device) -> Result<String> {
    match install(device) {
        Ok(said) => Err(format!("installed: {said}").into()),
        Err(error) => Ok(error.to_string()),
    }
}

fn install_refuses_a_port_and_a_device_that_are_taken(device: &Device) -> Result<()> {
    drop(uninstall(device, ""));
    // A socket of systemd's own listens for a service that is not there.
    let socket = "[Socket]\nListenStream=48484\n";
    device.write("/run/systemd/system/taker.socket", socket)?;
    device.write("/run/systemd/system/taker.service", "[Service]\nExecStart=/bin/true\n")?;
    device.shell("systemctl daemon-reload && systemctl start taker.socket")?;
    let refused = refusal(device)?;
    assert!(refused.contains("something else listens on port 48484"), "{refused}");
    device.shell("systemctl stop taker.socket")?;

    let words = ["run", "-d", "--name", "balena_supervisor", "supervisor-test-app"];
    device.engine().docker(&words)?;
    let refused = refusal(device)?;
    assert!(refused.contains("the container balena_supervisor is a supervisor, too"), "{refused}");
    device.engine().docker(&["rm", "-f", "balena_supervisor"])?;
    assert_eq!(device.shell("ls /usr/local/bin")?, "", "something was installed");
    Ok(())
}

fn install_survives_a_reboot_with_app_and_key(device: &Device) -> Result<()> {
    let said = install(device)?;
    assert!(said.contains("http://127.0.0.1:48484") && said.contains("key show"), "{said}");
    assert!(said.contains("LISTEN_INTERFACES is not set"), "{said}");
    let app = HostApp::apply(device, 2167)?;
    let (before, starts) = (client(device)?, app.starts()?);
    assert_eq!(app.ping()?, "OK");

    assert_eq!(before.post_empty("/v1/reboot")?.status, 202);
    assert_eq!(device.wait_until_off()?, REBOOTED);
    device.switch_on()?;

    wait_until("the app's next start", SOON, || check(app.starts()? > starts, "not started again"))?;
    let after = client(device)?;
    assert_eq!(after.key, before.key);
    assert_eq!(app.ping()?, "OK");
    // It serves a moment before it says that it has started.
    wait_until("both services to be active", SOON, || {
        let states =
            [CORE, FRONTEND].map(|service| property(device, service, "ActiveState").unwrap_or_default());
        check(states == ["active", "active"], format!("{states:?}"))
    })
}

fn update_that_waits_for_a_reboot_is_carried_out_by_it(device: &Device) -> Result<()> {
    install(device)?;
    give_each_boot_its_id(device)?;
    let app = HostApp::apply(device, 2167)?;
    let before = app.container()?;
    let stage = || device.engine().shell(&app.container()?, "echo $STAGE");
    let waits = || {
        wait_until("an update that waits for a reboot", SOON, || {
            let shown = admin(device, "app show 2167")?;
            check(shown.contains("is downloaded and waits for a reboot"), shown)
        })
    };

    app.change(&["environment: {STAGE: next}", "labels: {io.supervisor.update.apply: reboot}"])?;
    waits()?;
    // Core's own restart is none.
    device.shell(&format!("systemctl restart {CORE}"))?;
    waits()?;
    assert_eq!((app.container()?, stage()?), (before, String::new()));

    assert_eq!(client(device)?.post_empty("/v1/reboot")?.status, 202);
    assert_eq!(device.wait_until_off()?, REBOOTED);
    device.switch_on()?;

    wait_until("the next release", SOON, || check(stage()? == "next", "it is the old release"))?;
    wait_until("nothing to wait for", SOON, || {
        let shown = admin(device, "app show 2167")?;
        check(!shown.contains("waits for"), shown)
    })
}

/// A field of the kernel's word on a service's main process.
fn status(device: &Device, service: &str, field: &str) -> Result<String> {
    let pid = property(device, service, "MainPID")?;
    device.shell(&format!("sed -n 's/^{field}:[[:space:]]*//p' /proc/{pid}/status"))
}

fn services_run_with_the_privileges_they_need(device: &Device) -> Result<()> {
    install(device)?;
    client(device)?;
    // CHOWN, DAC_OVERRIDE and FOWNER; and none.
    for (service, uid, capabilities) in [(CORE, "0", 0b1011_u64), (FRONTEND, "65532", 0)] {
        assert_eq!(status(device, service, "Uid")?.split_whitespace().next(), Some(uid), "{service}");
        for set in ["CapEff", "CapPrm", "CapBnd"] {
            assert_eq!(
                u64::from_str_radix(&status(device, service, set)?, 16)?,
                capabilities,
                "{service} {set}"
            );
        }
        assert_eq!(status(device, service, "NoNewPrivs")?, "1", "{service}");
        assert_eq!(status(device, service, "Seccomp")?, "2", "{service}");
    }
    Ok(())
}

fn connectivity_check_looks_names_up_and_connects(device: &Device) -> Result<()> {
    const SETTINGS: &str = "/etc/device-supervisor/supervisor.conf";
    install(device)?;
    device.shell(&format!("cp -p {SETTINGS} /tmp/settings"))?;
    // The frontend stands in for the cloud.
    let lines = "API_ENDPOINT=http://localhost:48484\\nHEARTBEAT_INTERVAL_MS=100\\n";
    device.shell(&format!(
        "printf '{lines}' >>{SETTINGS} && systemctl stop {FRONTEND} && systemctl restart {CORE}"
    ))?;
    let until_online = |wanted: bool| {
        wait_until("the connectivity check", SOON, || {
            let seen = admin(device, "tcp-ping status --json")?;
            check(seen.contains(&format!(r#""online":{wanted}"#)), seen)
        })
    };
    until_online(false)?;
    device.shell(&format!("systemctl start {FRONTEND}"))?;
    until_online(true)?;
    device.shell(&format!("mv /tmp/settings {SETTINGS} && systemctl restart {CORE}")).map(drop)
}

fn purge_sees_what_the_host_mounts_after_the_start(device: &Device) -> Result<()> {
    install(device)?;
    let app = HostApp::apply(device, 2167)?;
    let body = format!(r#"{{"appId": {}}}"#, app.id);
    let inside = format!("{}/inside", app.data());
    device
        .shell(&format!("mkdir -p {inside} && mount -t tmpfs tmpfs {inside} && echo mine >{inside}/kept"))?;

    let refused = client(device)?.post("/v1/purge", &body)?;
    assert_eq!(refused.status, 500, "{}", refused.body);
    assert!(refused.body.contains(&inside), "{}", refused.body);
    assert_eq!(device.shell(&format!("cat {inside}/kept"))?, "mine");

    device.shell(&format!("umount {inside}"))?;
    assert_eq!(client(device)?.post("/v1/purge", &body)?.status, 200);
    assert_eq!(device.shell(&format!("test -e {inside} && echo there || echo gone"))?, "gone");
    Ok(())
}

fn upgrade_keeps_state_and_key_and_leaves_the_app_alone(device: &Device) -> Result<()> {
    install(device)?;
    let app = HostApp::apply(device, 2167)?;
    let (key, container, starts) = (client(device)?.key, app.container()?, app.starts()?);
    let process = property(device, CORE, "MainPID")?;
    device.shell("echo SUPERVISOR_LOG=debug >>/etc/device-supervisor/supervisor.conf")?;

    make_next_release(device)?;
    install(device)?;

    assert_eq!(client(device)?.key, key);
    assert_ne!(property(device, CORE, "MainPID")?, process);
    assert_eq!(device.shell("tail -c 5 /usr/local/bin/supervisor-core")?, "next");
    assert_eq!((app.container()?, app.starts()?), (container, starts));
    assert!(admin(device, "app list")?.contains("2167"));
    assert_eq!(device.shell("tail -n 1 /etc/device-supervisor/supervisor.conf")?, "SUPERVISOR_LOG=debug");
    device.shell("sed -i '/SUPERVISOR_LOG=debug/d' /etc/device-supervisor/supervisor.conf").map(drop)
}

fn store_of_a_newer_release_is_refused_once_and_kept(device: &Device) -> Result<()> {
    install(device)?;
    let app = HostApp::apply(device, 2167)?;
    let (client, container) = (client(device)?, app.container()?);
    let stored = device.shell(&format!("cat {STORED}"))?;
    device.shell(&format!("systemctl stop {CORE} && sed -i 's/\"format\":1/\"format\":99/' {STORED}"))?;
    let newer = device.shell(&format!("cat {STORED}"))?;

    assert!(device.shell(&format!("systemctl start {CORE}")).is_err());

    let seen = |name| property(device, CORE, name);
    assert_eq!(
        (seen("ActiveState")?, seen("ExecMainStatus")?, seen("NRestarts")?),
        ("failed".into(), "78".into(), "0".into())
    );
    let log = device.shell(&format!(
        "journalctl --sync; journalctl -q --no-pager -o cat _SYSTEMD_UNIT={CORE}.service | grep -c 'has format 99'"
    ))?;
    assert_eq!(log, "1");
    assert_eq!(client.get("/ping")?.body, "OK");
    assert_eq!(client.post("/v1/restart", r#"{"appId": 2167}"#)?.status, 503);
    // An upgrade to a release that cannot read it says so, too, and is taken back.
    let sums = || device.shell("sha256sum /usr/local/bin/* /etc/systemd/system/supervisor-*");
    let installed = sums()?;
    make_next_release(device)?;
    let refused = refusal(device)?;
    assert!(refused.contains("has format 99"), "{refused}");
    assert_eq!(sums()?, installed);
    // So is one that does not come as far as the start.
    device.shell("mount -t tmpfs -o ro tmpfs /etc/sysusers.d")?;
    let refused = refusal(device)?;
    device.shell("umount /etc/sysusers.d")?;
    assert!(refused.contains("from before are back"), "{refused}");
    assert_eq!(sums()?, installed);
    assert_eq!(device.shell(&format!("cat {STORED}"))?, newer);
    assert_eq!(app.container()?, container);

    device.write(STORED, &format!("{stored}\n"))?;
    install(device)?;
    wait_until("core", SOON, || check(client.get("/v1/apps/2167")?.status == 200, "core is not there"))?;
    assert_eq!(app.container()?, container);
    Ok(())
}

/// As distributions do that clean /tmp by age.
fn lock_outlives_the_cleaning_of_tmp(device: &Device) -> Result<()> {
    install(device)?;
    let lock = "/tmp/balena-supervisor/services/2167/main/updates.lock";
    device.write("/etc/tmpfiles.d/tmp.conf", "q /tmp 1777 root root m:1d\n")?;
    device.shell(&format!(
        "mkdir -p $(dirname {lock}) && touch -d '9 days ago' {lock} /tmp/old && systemd-tmpfiles --clean"
    ))?;
    let kept = device.shell(&format!("ls /tmp/old {lock} 2>/dev/null || true"))?;
    device.shell(&format!("rm -f {lock} /etc/tmpfiles.d/tmp.conf"))?;
    assert_eq!(kept, lock);
    Ok(())
}

fn uninstall_leaves_data_and_apps_and_takes_what_it_is_told(device: &Device) -> Result<()> {
    install(device)?;
    let app = HostApp::apply(device, 2167)?;
    let (key, container) = (client(device)?.key, app.container()?);
    device.shell(&format!("echo mine >{}/kept", app.data()))?;
    assert_eq!(admin(device, "man")?, device.shell(&format!("cat {MANUAL}"))?);
    assert_eq!(admin(device, "completions bash")?, device.shell(&format!("cat {COMPLETIONS}"))?);

    uninstall(device, "")?;

    assert_eq!(app.container()?, container);
    for gone in [
        "/usr/local/bin/supervisor-core",
        MANUAL,
        COMPLETIONS,
        "/etc/systemd/system/supervisor-core.service",
        "/run/supervisor",
    ] {
        assert_eq!(device.shell(&format!("test -e {gone} && echo there || echo gone"))?, "gone", "{gone}");
    }
    install(device)?;
    assert_eq!(client(device)?.key, key);
    assert!(admin(device, "app list")?.contains("2167"));
    assert_eq!(app.container()?, container);

    uninstall(device, "--remove-apps --purge")?;
    assert!(device.engine().service_containers(app.id, "main")?.is_empty());
    for gone in ["/var/lib/supervisor", "/etc/device-supervisor"] {
        assert_eq!(device.shell(&format!("test -e {gone} && echo there || echo gone"))?, "gone", "{gone}");
    }
    assert_eq!(device.shell(&format!("cat {}/kept", app.data()))?, "mine");
    Ok(())
}
