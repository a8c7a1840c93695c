//! A private system bus, with or without a logind on it that only notes what it is told.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::command::run;
use crate::process::Process;
use crate::scratch::Folder;
use crate::wait::wait_until;

const READY: Duration = Duration::from_mins(2);
/// Debian's own Python: the mock is a Debian package.
const PYTHON: &str = "/usr/bin/python3";

/// Everybody may do everything: the mock needs it, and nobody else is on it.
const CONFIGURATION: &str = r#"<busconfig><type>system</type><listen>unix:path=SOCKET</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_type="method_call"/><allow send_type="signal"/><allow send_destination="*" eavesdrop="true"/>
<allow receive_sender="*" eavesdrop="true"/></policy></busconfig>"#;

/// A bus that ends with its owner.
#[derive(Debug)]
pub struct Bus {
    logind: Option<Process>,
    daemon: Option<Process>,
    folder: Folder,
}

impl Bus {
    /// A bus with nobody on it.
    pub fn start() -> Result<Self> {
        let mut bus = Self { logind: None, daemon: None, folder: Folder::new()? };
        fs::write(
            bus.folder.path().join("bus.conf"),
            CONFIGURATION.replace("SOCKET", &bus.folder.join("bus")),
        )?;
        bus.start_daemon()?;
        Ok(bus)
    }

    /// A bus with a logind that allows everything.
    pub fn with_logind() -> Result<Self> {
        let mut bus = Self::start()?;
        bus.start_logind("{}")?;
        Ok(bus)
    }

    /// Starts the daemon, again after `stop_daemon`.
    pub fn start_daemon(&mut self) -> Result<()> {
        let mut command = Command::new("dbus-daemon");
        command
            .args(["--nofork", "--nopidfile"])
            .arg(format!("--config-file={}", self.folder.join("bus.conf")));
        self.daemon = Some(Process::start(&mut command, &self.log())?);
        // Its socket is there before it listens.
        wait_until("the bus", READY, || Ok(UnixStream::connect(self.folder.path().join("bus"))?)).map(drop)
    }

    /// The bus goes, and everybody on it.
    pub fn stop_daemon(&mut self) {
        self.logind = None;
        self.daemon = None;
        drop(fs::remove_file(self.folder.path().join("bus")));
    }

    /// A logind with the mock's parameters as JSON, e.g. `{"CanReboot": "challenge"}`.
    pub fn start_logind(&mut self, parameters: &str) -> Result<()> {
        let mut command = Command::new(PYTHON);
        command
            .args(["-u", "-m", "dbusmock", "--system", "--template", "logind", "--parameters", parameters])
            .env("DBUS_SYSTEM_BUS_ADDRESS", self.address());
        self.logind = Some(Process::start(&mut command, &self.log())?);
        // It has its name on the bus before it has read its template; it answers after that.
        let (address, name) = (format!("--bus={}", self.address()), "--dest=org.freedesktop.login1");
        let words = ["dbus-send", &address, "--print-reply", name, "/", "org.freedesktop.DBus.Peer.Ping"];
        wait_until("logind", READY, || run(&words)).map(drop)
    }

    /// What `DBUS_SYSTEM_BUS_ADDRESS` has to be.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.folder.join("bus"))
    }

    /// How often logind was told this, e.g. `Reboot False`.
    pub fn calls(&self, call: &str) -> usize {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().filter(|line| line.ends_with(call)).count()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("bus.log")
    }
}
