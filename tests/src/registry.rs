//! A registry of images on this machine's loopback.

use std::fs;
use std::process::Command;
use std::time::Duration;

use fake_cloud::FakeCloud;

use crate::Result;
use crate::command::run;
use crate::image::{Image, Layer};
use crate::process::Process;
use crate::scratch::{Folder, free_port};
use crate::wait::{check, wait_until};

const READY: Duration = Duration::from_mins(2);
const NOISE_MEGABYTES: u64 = 64;

/// A registry that ends with its owner.
#[derive(Debug)]
pub struct Registry {
    _process: Process,
    port: u16,
    folder: Folder,
}

impl Registry {
    /// Starts an empty one.
    pub fn start() -> Result<Self> {
        let folder = Folder::on_disk()?;
        let (process, port) = serve(&folder, "open", "")?;
        let address = format!("http://127.0.0.1:{port}/v2/");
        wait_until("the registry", READY, || run(&["curl", "-fsS", &address]))?;
        Ok(Self { _process: process, port, folder })
    }

    /// Its address, as images name it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A second door to the same images, which asks for tokens of this cloud. Answers its process and address.
    pub fn guarded_by(&self, cloud: &FakeCloud) -> Result<(Process, String)> {
        let certificate = self.folder.path().join("cloud.pem");
        fs::write(&certificate, cloud.token_certificate())?;
        let (realm, issuer) = (cloud.token_realm(), cloud.token_issuer());
        let guard = format!(
            "auth:\n  token:\n    realm: {realm}\n    service: fleet\n    issuer: {issuer}\n    rootcertbundle: {}\n",
            certificate.display()
        );
        let (process, port) = serve(&self.folder, "guarded", &guard)?;
        let address = format!("127.0.0.1:{port}");
        wait_until_it_asks(&address)?;
        Ok((process, address))
    }

    /// A door to the same images for whoever knows this name and password. Answers its process and address.
    pub fn behind_password(&self, username: &str, password: &str) -> Result<(Process, String)> {
        self.expect_password(username, password)?;
        let guard = format!("auth:\n  htpasswd:\n    realm: tests\n    path: {}\n", self.passwords());
        let (process, port) = serve(&self.folder, "passwords", &guard)?;
        let address = format!("127.0.0.1:{port}");
        wait_until_it_asks(&address)?;
        Ok((process, address))
    }

    /// Opens that door again, at its address, after its process has ended.
    pub fn behind_password_again(&self, username: &str, password: &str, address: &str) -> Result<Process> {
        self.expect_password(username, password)?;
        self.open_again("passwords", address)
    }

    fn open_again(&self, name: &str, address: &str) -> Result<Process> {
        let process = run_registry(&self.folder, name)?;
        wait_until_it_asks(address)?;
        Ok(process)
    }

    fn passwords(&self) -> String {
        self.folder.join("passwords")
    }

    /// The only hash that the registry takes is bcrypt's, which Debian's Perl has from the system.
    fn expect_password(&self, username: &str, password: &str) -> Result<()> {
        let program = "print crypt($ARGV[0], '$2y$04$abcdefghijklmnopqrstuu')";
        let hash = run(&["perl", "-e", program, password])?;
        Ok(fs::write(self.passwords(), format!("{username}:{hash}\n"))?)
    }

    /// Opens the guarded door again, at its address, after its process has ended.
    pub fn guarded_again(&self, address: &str) -> Result<Process> {
        self.open_again("guarded", address)
    }

    /// Puts an image into the registry as it is, forgets it on this machine, and gives its path with its digest,
    /// which is the same at every door.
    pub fn hold(&self, image: &str, name: &str) -> Result<String> {
        let full = format!("127.0.0.1:{}/{name}", self.port);
        run(&["docker", "tag", image, &full])?;
        let pushed = run(&["docker", "push", &full])?;
        forget(&full)?;
        let digest = pushed.split_whitespace().find(|word| word.starts_with("sha256:"));
        Ok(format!("{name}@{}", digest.ok_or("the engine tells no digest")?))
    }

    /// Puts a copy of an image with a large layer of noise into the registry, forgets it on this
    /// machine, and gives its name.
    pub fn push(&self, image: &str, name: &str) -> Result<String> {
        let full = format!("127.0.0.1:{}/{name}", self.port);
        let made = Image::on(image, &[Layer::Noise(NOISE_MEGABYTES)])?;
        run(&["docker", "tag", made.name(), &full])?;
        run(&["docker", "push", "-q", &full])?;
        forget(&full)?;
        Ok(full)
    }
}

/// Starts a registry over the folder's images, with these further lines of configuration.
fn serve(folder: &Folder, name: &str, more: &str) -> Result<(Process, u16)> {
    let port = free_port()?;
    let images = folder.join("images");
    let configuration = format!(
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {images}\nhttp:\n  addr: 127.0.0.1:{port}\n{more}"
    );
    fs::write(folder.join(&format!("{name}.yml")), configuration)?;
    Ok((run_registry(folder, name)?, port))
}

fn run_registry(folder: &Folder, name: &str) -> Result<Process> {
    let mut command = Command::new("docker-registry");
    command.args(["serve", &folder.join(&format!("{name}.yml"))]);
    Process::start(&mut command, &folder.path().join("log"))
}

/// Waits for a door that lets nobody in without a word.
fn wait_until_it_asks(address: &str) -> Result<()> {
    let address = format!("http://{address}/v2/");
    let refused = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", &address];
    wait_until("the guarded registry", READY, || check(run(&refused)? == "401", "no 401"))
}

/// Removes an image from this machine.
pub fn forget(image: &str) -> Result<()> {
    run(&["docker", "image", "rm", "-f", image]).map(drop)
}
