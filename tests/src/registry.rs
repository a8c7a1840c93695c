//! A registry of images on this machine's loopback.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::command::run;
use crate::live::Process;
use crate::scratch::Folder;
use crate::wait::wait_until;

const READY: Duration = Duration::from_secs(10);
const NOISE_MEGABYTES: usize = 64;

/// A registry that ends with its owner.
#[derive(Debug)]
pub struct Registry {
    process: Option<Process>,
    port: u16,
    folder: Folder,
}

impl Registry {
    /// Starts an empty one.
    pub fn start() -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut registry = Self { process: None, port, folder: Folder::new()? };
        let configuration = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            registry.folder.join("images")
        );
        fs::write(registry.folder.path().join("registry.yml"), configuration)?;
        let mut command = Command::new("docker-registry");
        command.args(["serve", &registry.folder.join("registry.yml")]);
        registry.process = Some(Process::start(&mut command, &registry.folder.path().join("log"))?);
        let address = format!("http://127.0.0.1:{port}/v2/");
        wait_until("the registry", READY, || run(&["curl", "-fsS", &address]))?;
        Ok(registry)
    }

    /// Puts a copy of an image with a large layer of noise into the registry, forgets it on this
    /// machine, and gives its name.
    pub fn push(&self, image: &str, name: &str) -> Result<String> {
        let full = format!("127.0.0.1:{}/{name}", self.port);
        let context = Folder::new()?;
        let noise = context.path().join("noise");
        let bytes = format!("head -c {NOISE_MEGABYTES}M /dev/urandom >{}", noise.display());
        run(&["sh", "-c", &bytes])?;
        fs::write(context.path().join("Dockerfile"), format!("FROM {image}\nCOPY noise /noise\n"))?;
        run(&[
            "env",
            "DOCKER_BUILDKIT=0",
            "docker",
            "build",
            "-q",
            "-t",
            &full,
            &context.path().to_string_lossy(),
        ])?;
        run(&["docker", "push", "-q", &full])?;
        forget(&full)?;
        Ok(full)
    }
}

/// Removes an image from this machine.
pub fn forget(image: &str) -> Result<()> {
    run(&["docker", "image", "rm", "-f", image]).map(drop)
}
