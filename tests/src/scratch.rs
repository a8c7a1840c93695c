//! Names and folders of one test run.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Result;
use crate::command::run;

const FIRST_PORT: u32 = 20_000;
const PORTS: u32 = 12_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A suffix that no other test of this machine has at the same time.
pub fn unique() -> String {
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An app id that no other test of this machine has at the same time.
pub fn unique_app_id() -> u64 {
    1_000_000 + u64::from(std::process::id()) * 100 + u64::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A port of this machine that nobody listens on. It is none of those that the system gives to whoever wants any, see
/// `ip_local_port_range` in ip(7): until its program listens, or listens again, nobody else comes by it.
pub fn free_port() -> Result<u16> {
    let spread = std::process::id().wrapping_mul(37);
    for _ in 0..PORTS {
        let next = spread.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let port = u16::try_from(FIRST_PORT + next)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("every port is taken".into())
}

/// A folder that everyone may pass through and that is removed at the end.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it under /run.
    pub fn new() -> Result<Self> {
        Self::under("/run")
    }

    /// Makes it where there is room for images: /run is in memory on most machines.
    pub fn on_disk() -> Result<Self> {
        Self::under("/var/tmp")
    }

    /// Makes it in memory, as `shm_overview(7)` has it: what is written there is written to no disk.
    pub fn in_memory() -> Result<Self> {
        Self::under("/dev/shm")
    }

    fn under(parent: &str) -> Result<Self> {
        let path = PathBuf::from(format!("{parent}/supervisor-test-{}", unique()));
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path below it, as text.
    pub fn join(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A small file system of its own over a folder, gone at the end.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it over `path`; `size` as `mount` reads it, e.g. `256k`.
    pub fn mount(path: &Path, size: &str) -> Result<Self> {
        fs::create_dir_all(path)?;
        let options = format!("size={size},mode=0700");
        run(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs", &path.to_string_lossy()])?;
        Ok(Self(path.to_owned()))
    }

    /// Bytes that are free.
    pub fn free_bytes(&self) -> Result<u64> {
        let space = rustix::fs::statvfs(&self.0)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// Leaves no more free than so many bytes; gives the file that takes the others.
    pub fn leave(&self, bytes: u64) -> Result<PathBuf> {
        let filler = self.0.join("filler");
        let surplus = self.free_bytes()?.checked_sub(bytes).ok_or("less is free already")?;
        rustix::fs::fallocate(fs::File::create(&filler)?, rustix::fs::FallocateFlags::empty(), 0, surplus)?;
        Ok(filler)
    }

    /// Fills it to the last byte; gives the file that does.
    pub fn fill(&self) -> Result<PathBuf> {
        let filler = self.0.join("filler");
        let mut file = fs::File::create(&filler)?;
        while file.write_all(&[0; 512]).is_ok() {}
        Ok(filler)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(run(&["umount", "-l", &self.0.to_string_lossy()]));
    }
}
