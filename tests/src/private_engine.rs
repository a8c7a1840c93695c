//! An engine of a test's own on this machine, which may be killed. It touches no firewall: its apps run on the host's
//! network.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::command::run;
use crate::engine::Engine;
use crate::process::Process;
use crate::scratch::{Folder, SmallDisk, unique};
use crate::wait::{check, wait_until};

const READY: Duration = Duration::from_mins(2);
const DATA: &str = "data";

/// A bridge that nothing is connected to, for an engine without containers on it. One that is told to have none
/// removes `docker0`, which is the machine's own engine's.
#[derive(Debug)]
struct Bridge(String);

impl Bridge {
    fn new() -> Result<Self> {
        // The kernel takes 15 characters.
        let bridge = Self(format!("st{}", unique()));
        run(&["ip", "link", "add", &bridge.0, "type", "bridge"])?;
        Ok(bridge)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        drop(run(&["ip", "link", "del", &self.0]));
    }
}

/// An engine that ends with its owner, and its containers with it.
#[derive(Debug)]
pub struct PrivateEngine {
    process: Option<Process>,
    /// Where it keeps everything, when that is a file system of its own.
    disk: Option<SmallDisk>,
    folder: Folder,
    bridge: Bridge,
}

impl PrivateEngine {
    /// Starts an empty one.
    pub fn start() -> Result<Self> {
        let mut engine = Self::prepare()?;
        engine.start_again()?;
        Ok(engine)
    }

    /// The same with no more room than this, as `mount` reads it, e.g. `256m`.
    pub fn start_on_disk(size: &str) -> Result<Self> {
        let mut engine = Self::prepare()?;
        engine.disk = Some(SmallDisk::mount(&engine.folder.path().join(DATA), size)?);
        engine.start_again()?;
        Ok(engine)
    }

    fn prepare() -> Result<Self> {
        Ok(Self { process: None, disk: None, folder: Folder::new()?, bridge: Bridge::new()? })
    }

    /// Its file system, when it has one of its own.
    pub fn disk(&self) -> Result<&SmallDisk> {
        self.disk.as_ref().ok_or_else(|| "the engine has no file system of its own".into())
    }

    /// Its socket.
    pub fn socket(&self) -> String {
        self.folder.join("docker.sock")
    }

    /// Its command line.
    pub fn engine(&self) -> Engine {
        Engine { launcher: vec!["env".to_owned(), format!("DOCKER_HOST=unix://{}", self.socket())] }
    }

    /// Ends it as `kill -9` of its daemons does; what it ran runs on without it.
    pub fn kill(&mut self) {
        self.process = None;
        Self::end(&format!("containerd --config {}", self.folder.join("exec")));
        drop(fs::remove_file(self.folder.path().join("exec/containerd/containerd.pid")));
    }

    /// Starts it over what it left.
    pub fn start_again(&mut self) -> Result<()> {
        // A killed one leaves its own process id, which may be somebody else's by now.
        drop(fs::remove_file(self.folder.path().join("pid")));
        let mut command = Command::new("dockerd");
        command
            .args(["--host", &format!("unix://{}", self.socket()), "--pidfile", &self.folder.join("pid")])
            .args(["--data-root", &self.folder.join(DATA), "--exec-root", &self.folder.join("exec")])
            .args([
                "--bridge",
                &self.bridge.0,
                "--iptables=false",
                "--ip6tables=false",
                "--log-level",
                "warn",
            ]);
        self.process = Some(Process::start(&mut command, &self.folder.path().join("log"))?);
        let engine = self.engine();
        wait_until("the private engine", READY, || engine.docker(&["version"])).map(drop).map_err(|error| {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            format!("{error}\n{log}").into()
        })
    }

    /// Brings an image of the machine's own engine to this one.
    pub fn load(&self, image: &str) -> Result<()> {
        let socket = self.socket();
        run(&["sh", "-c", &format!("docker save {image} | docker --host unix://{socket} load")]).map(drop)
    }

    /// Ends what was started with these words, which name its folder: it holds what the next one wants until it is
    /// gone.
    fn end(words: &str) {
        let ended = wait_until("the end of the engine's parts", READY, || {
            let ids = run(&["pgrep", "-f", words]).unwrap_or_default();
            for id in ids.lines() {
                drop(run(&["kill", "-9", id]));
            }
            check(ids.is_empty(), ids)
        });
        drop(ended);
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        let engine = self.engine();
        for id in engine.docker(&["ps", "-aq"]).unwrap_or_default().lines() {
            drop(engine.docker(&["rm", "-f", id]));
        }
        self.kill();
        Self::end(&self.folder.join("exec"));
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let own = self.folder.join("");
        for mount in mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|m| m.starts_with(&own))
        {
            drop(run(&["umount", "-l", mount]));
        }
    }
}
