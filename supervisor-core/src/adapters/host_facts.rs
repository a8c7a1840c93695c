//! Facts about a Linux host: its file systems, and its clock by systemd's word.

use std::{
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use zbus::proxy::CacheProperties;

use super::bus::SystemBus;
use crate::ports::host_facts::{ClockUnknown, DiskSpace, HostFacts};

/// systemd-timesyncd makes it once the clock was set: systemd-timesyncd.service(8).
const SYNCHRONISED: &str = "run/systemd/timesync/synchronized";

/// The part of timedated that is used here:
/// <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.timedate1.html>
#[zbus::proxy(
    interface = "org.freedesktop.timedate1",
    default_service = "org.freedesktop.timedate1",
    default_path = "/org/freedesktop/timedate1"
)]
trait TimeDate {
    #[zbus(property, name = "NTPSynchronized")]
    fn ntp_synchronized(&self) -> zbus::Result<bool>;
}

/// [`HostFacts`] of this host.
#[derive(Debug, Clone)]
pub struct LinuxHostFacts {
    host_root: PathBuf,
    bus: SystemBus,
}

impl LinuxHostFacts {
    /// `host_root` is where this process sees the host's `/`.
    pub fn new(host_root: PathBuf, bus: SystemBus) -> Self {
        Self { host_root, bus }
    }
}

#[async_trait]
impl HostFacts for LinuxHostFacts {
    async fn disk_space(&self, path: &Path) -> io::Result<DiskSpace> {
        let path = path.to_owned();
        let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&path));
        let found = asked.await.map_err(io::Error::other)??;
        Ok(DiskSpace {
            free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
            free_inodes: found.f_favail,
            total_inodes: found.f_files,
        })
    }

    async fn is_clock_synchronised(&self) -> Result<bool, ClockUnknown> {
        let told = self.bus.run(async |connection| {
            let clock =
                TimeDateProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
            clock.ntp_synchronized().await
        });
        match told.await {
            Ok(synchronised) => Ok(synchronised),
            // Without timedated the file may still be there; its absence says nothing.
            Err(error) => {
                let file = self.host_root.join(SYNCHRONISED);
                let there = tokio::task::spawn_blocking(move || file.exists()).await.unwrap_or(false);
                if there { Ok(true) } else { Err(ClockUnknown(Box::new(error))) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(host_root: &Path) -> LinuxHostFacts {
        let nowhere = SystemBus::new(Some("unix:path=/nowhere".to_owned()));
        LinuxHostFacts::new(host_root.to_owned(), nowhere)
    }

    #[tokio::test]
    async fn disk_space_of_a_folder_is_told_and_of_nothing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let space = facts(folder.path()).disk_space(folder.path()).await.unwrap();
        assert!(space.total_bytes > 0 && space.free_bytes <= space.total_bytes, "{space:?}");
        let absent = facts(folder.path()).disk_space(&folder.path().join("absent")).await;
        assert_eq!(absent.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn clock_without_a_bus_is_known_only_by_the_file() {
        let folder = tempfile::tempdir().unwrap();
        facts(folder.path()).is_clock_synchronised().await.unwrap_err();
        let file = folder.path().join(SYNCHRONISED);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
        assert!(facts(folder.path()).is_clock_synchronised().await.unwrap());
    }
}
