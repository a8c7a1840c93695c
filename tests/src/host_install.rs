//! The supervisor as services of the device itself, by the project's own scripts.

use std::path::Path;
use std::time::Duration;

use crate::Result;
use crate::app::IMAGE;
use crate::compose::one_service;
use crate::curl::Client;
use crate::device::Device;
use crate::live::built_programs;
use crate::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
const SOURCE: &str = "/opt/source";
const PROGRAMS: &str = "/opt/programs";

/// Brings the scripts, what they install and the programs onto a device, and an app's image.
pub fn prepare(device: &Device) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the tests are in no folder")?;
    device.copy(&root.join("scripts"), SOURCE)?;
    for half in ["supervisor-core", "supervisor-frontend"] {
        device.copy(&root.join(half).join("packaging"), &format!("{SOURCE}/{half}"))?;
    }
    for program in ["supervisor-core", "supervisor-frontend", "supervisor-admin"] {
        device.copy(&built_programs()?.join(program), PROGRAMS)?;
    }
    device.load_images(&[&format!("{IMAGE}:latest")])
}

/// `scripts/install` as the README has it; what it says.
pub fn install(device: &Device) -> Result<String> {
    device.shell(&format!("{SOURCE}/scripts/install --binaries {PROGRAMS} 2>&1"))
}

/// `scripts/uninstall` with these options; what it says.
pub fn uninstall(device: &Device, options: &str) -> Result<String> {
    device.shell(&format!("{SOURCE}/scripts/uninstall {options} 2>&1"))
}

/// Makes the programs and units to install other ones than those installed: their files differ, at their ends.
pub fn make_next_release(device: &Device) -> Result<()> {
    device.shell(&format!("for p in {PROGRAMS}/*; do echo next >>$p; done"))?;
    device.shell(&format!("for u in {SOURCE}/*/packaging/*.service; do echo '# next' >>$u; done")).map(drop)
}

/// The local tool, as root.
pub fn admin(device: &Device, words: &str) -> Result<String> {
    device.shell(&format!("/usr/local/bin/supervisor-admin {words}"))
}

/// A client on this machine; returns when the API answers.
pub fn client(device: &Device) -> Result<Client> {
    let key = wait_until("the API key", SOON, || admin(device, "key show"))?;
    let base = format!("http://{}:48484", device.address()?);
    let client = Client { launcher: vec![], base, key };
    wait_until("the API", SOON, || check(client.get("/ping")?.body == "OK", "/ping is not OK"))?;
    Ok(client)
}

/// One property of a service, as `systemctl show` has it.
pub fn property(device: &Device, service: &str, name: &str) -> Result<String> {
    device.shell(&format!("systemctl show --value -p {name} {service}"))
}

/// Has core read a boot id that each boot of the device makes anew, as a real one does: the kernel's is that of the
/// machine that the device is a container on.
pub fn give_each_boot_its_id(device: &Device) -> Result<()> {
    let make = "[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\n\
                ExecStart=/bin/cp /proc/sys/kernel/random/uuid /run/boot-id\n[Install]\nWantedBy=sysinit.target\n";
    let read = "[Service]\nBindReadOnlyPaths=/run/boot-id:/proc/sys/kernel/random/boot_id\n";
    device.write("/etc/systemd/system/boot-id.service", make)?;
    device.write("/usr/local/lib/systemd/system/supervisor-core.service.d/boot-id.conf", read)?;
    device.shell(
        "systemctl daemon-reload && systemctl enable --now boot-id && systemctl restart supervisor-core",
    )?;
    client(device).map(drop)
}

/// An app of one service, `main`, on a device.
#[derive(Debug)]
pub struct HostApp<'device> {
    device: &'device Device,
    /// Its id.
    pub id: u64,
}

impl<'device> HostApp<'device> {
    /// Applies it and waits until it runs.
    pub fn apply(device: &'device Device, id: u64) -> Result<Self> {
        client(device)?;
        let app = Self { device, id };
        app.change(&[])?;
        app.container()?;
        Ok(app)
    }

    /// Applies it with more lines of its service.
    pub fn change(&self, lines: &[&str]) -> Result<()> {
        self.device.write("/tmp/app/compose.yaml", &one_service(IMAGE, lines))?;
        let words = format!("app apply /tmp/app/compose.yaml --app-id {} --name demo", self.id);
        admin(self.device, &words).map(drop)
    }

    /// Its running container, waited for.
    pub fn container(&self) -> Result<String> {
        wait_until("the app's container", SOON, || self.device.engine().running_service(self.id, "main"))
    }

    /// How often it has started, its last start included.
    pub fn starts(&self) -> Result<u32> {
        self.device.engine().app_starts(self.id)
    }

    /// `GET /ping` from inside, with the variables of its environment.
    pub fn ping(&self) -> Result<String> {
        let line = "curl -sS \"$RESIN_SUPERVISOR_ADDRESS/ping?apikey=$RESIN_SUPERVISOR_API_KEY\"";
        self.device.engine().shell(&self.container()?, line)
    }

    /// Its data folder on the device.
    pub fn data(&self) -> String {
        format!("/resin-data/{}", self.id)
    }
}
