//! A private D-Bus daemon.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

const BUS_CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"#;

/// A private bus daemon, which ends with the test.
pub struct Bus {
    folder: TempDir,
    daemon: Option<Child>,
}

impl Bus {
    pub fn absent() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), daemon: None }
    }

    pub fn started() -> Self {
        let mut bus = Self::absent();
        bus.start();
        bus
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("bus")
    }

    pub fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    pub fn start(&mut self) {
        let config = self.folder.path().join("bus.conf");
        std::fs::write(&config, BUS_CONFIG.replace("SOCKET", &self.socket().display().to_string())).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address"])
            .arg(format!("--config-file={}", config.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed");
        // It prints its address when it listens.
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with("unix:"), "{address:?}");
        self.daemon = Some(daemon);
    }

    pub fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
        }
        std::fs::remove_file(self.socket()).ok();
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.stop();
    }
}
