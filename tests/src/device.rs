//! The small device: one container with systemd, logind, D-Bus and an engine of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::command::{finish, run, run_with_input};
use crate::engine::Engine;
use crate::scratch::unique;
use crate::wait::{check, wait_until};

/// Marks everything that the tests make, for cleaning up after a run that was killed.
const LABEL: &str = "supervisor-test=1";
const IMAGE: &str = "supervisor-test-device:latest";
const BOOT: Duration = Duration::from_mins(5);
/// systemd alone gives a service a minute and a half to stop.
const OFF: Duration = Duration::from_mins(5);

/// A device that is on, or was until it powered off.
#[derive(Debug)]
pub struct Device {
    name: String,
}

impl Device {
    /// Makes and boots a device; returns when its engine answers.
    pub fn boot() -> Result<Self> {
        let device = Self { name: format!("supervisor-device-{}", unique()) };
        let volume = format!("{}-docker", device.name);
        run(&["docker", "volume", "create", "--label", LABEL, &volume])?;
        let mount = format!("{volume}:/var/lib/docker");
        let mut words = vec!["docker", "run", "-d", "--name", &device.name, "--label", LABEL];
        words.extend(["--hostname", "device", "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE"]);
        words.extend(["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]);
        words.extend(["--cgroupns", "host", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]);
        words.extend(["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"]);
        words.extend(["-v", &mount, "-e", "container=docker", IMAGE, "/sbin/init"]);
        run(&words)?;
        device.wait_for_engine()?;
        Ok(device)
    }

    /// Switches a device on that powered off or rebooted.
    pub fn switch_on(&self) -> Result<()> {
        run(&["docker", "start", &self.name])?;
        self.wait_for_engine()
    }

    /// Waits until the device is off and gives its last word: 129 is a reboot, 130 a power-off.
    pub fn wait_until_off(&self) -> Result<i32> {
        wait_until("the device to go off", OFF, || {
            let state =
                run(&["docker", "inspect", "-f", "{{.State.Running}} {{.State.ExitCode}}", &self.name])?;
            let code = state.strip_prefix("false ").ok_or("it is on")?;
            Ok(code.parse()?)
        })
    }

    /// A shell line on the device, as root.
    pub fn shell(&self, line: &str) -> Result<String> {
        run(&["docker", "exec", &self.name, "sh", "-c", line])
    }

    /// Writes a file on the device.
    pub fn write(&self, path: &str, content: &str) -> Result<()> {
        let line = format!("mkdir -p \"$(dirname {path})\" && cat >{path}");
        run_with_input(&["docker", "exec", "-i", &self.name, "sh", "-c", &line], content).map(drop)
    }

    /// Copies a file or folder of this machine to a folder on the device.
    pub fn copy(&self, from: &Path, to: &str) -> Result<()> {
        self.shell(&format!("mkdir -p {to}"))?;
        run(&["docker", "cp", &from.to_string_lossy(), &format!("{}:{to}", self.name)]).map(drop)
    }

    /// Words that run a command on the device.
    pub fn launcher(&self) -> Vec<String> {
        ["docker", "exec", &self.name].map(str::to_owned).to_vec()
    }

    /// The device's own engine.
    pub fn engine(&self) -> Engine {
        Engine { launcher: self.launcher() }
    }

    /// The address by which this machine reaches the device.
    pub fn address(&self) -> Result<String> {
        run(&["docker", "inspect", "-f", "{{.NetworkSettings.IPAddress}}", &self.name])
    }

    /// Copies images of this machine's engine into the device's.
    pub fn load_images(&self, images: &[&str]) -> Result<()> {
        let mut save = Command::new("docker").arg("save").args(images).stdout(Stdio::piped()).spawn()?;
        let pipe = save.stdout.take().ok_or("docker save has no output")?;
        let load =
            Command::new("docker").args(["exec", "-i", &self.name, "docker", "load"]).stdin(pipe).output()?;
        check(save.wait()?.success(), format!("docker save {images:?} failed"))?;
        check(load.status.success(), String::from_utf8_lossy(&load.stderr))
    }

    /// What the device's journal and containers say, for a failed test's report.
    pub fn report(&self) -> String {
        let line = "docker ps -a; for c in supervisor-core supervisor-frontend; do echo \"== $c\"; \
                    docker logs --tail 60 $c; done; journalctl -n 60 --no-pager -u docker -u systemd-logind -u dbus -u supervisor-core -u supervisor-frontend";
        finish(&["docker", "exec", &self.name, "sh", "-c", &format!("({line}) 2>&1")])
            .map_or_else(|error| error.to_string(), |finished| finished.stdout)
    }

    fn wait_for_engine(&self) -> Result<()> {
        wait_until("the device's engine", BOOT, || self.shell("docker version")).map(drop)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Removes devices that an earlier, killed run left behind.
pub fn remove_leftovers() -> Result<()> {
    let names =
        run(&["docker", "ps", "-a", "--filter", &format!("label={LABEL}"), "--format", "{{.Names}}"])?;
    names.lines().filter(|name| is_abandoned(name)).for_each(remove);
    Ok(())
}

/// A device's name holds the process id of its test, which is gone.
fn is_abandoned(name: &str) -> bool {
    name.strip_prefix("supervisor-device-")
        .and_then(|rest| rest.split('-').next())
        .is_some_and(|pid| !PathBuf::from(format!("/proc/{pid}")).exists())
}

fn remove(name: &str) {
    let id = run(&["docker", "inspect", "-f", "{{.Id}}", name]).unwrap_or_default();
    for words in [
        ["docker", "rm", "-f", "-v", name],
        ["docker", "volume", "rm", "-f", &format!("{name}-docker")].map(|w| w),
    ] {
        drop(finish(&words));
    }
    remove_cgroups(&id);
}

/// The groups of the device's inner containers stay behind, empty.
fn remove_cgroups(id: &str) {
    let Ok(controllers) = fs::read_dir("/sys/fs/cgroup") else { return };
    for controller in controllers.flatten().filter(|_| !id.is_empty()) {
        remove_empty_tree(&controller.path().join("docker").join(id));
    }
}

fn remove_empty_tree(path: &Path) {
    let Ok(children) = fs::read_dir(path) else { return };
    for child in children.flatten().filter(|child| child.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_empty_tree(&child.path());
    }
    drop(fs::remove_dir(path));
}
