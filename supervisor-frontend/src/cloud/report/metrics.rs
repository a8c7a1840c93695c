//! What the device has left of memory and storage, and how busy and warm it is: from `/proc`, `/sys` and `statvfs`, which
//! need no privilege. Blocks.

use std::{fs, path::Path};

use rustix::fs::statvfs;
use serde::Serialize;

use super::hardware;

const MEGABYTE: u64 = 1 << 20;
/// More than the cloud's numbers hold is not sent.
const LARGEST: u64 = (1 << 31) - 1;

/// Whole numbers, as the cloud takes no others; what the device does not tell is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Metrics {
    /// Megabytes (2^20) in use: what no program could get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_usage: Option<u64>,
    /// Megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_total: Option<u64>,
    /// Megabytes in use of the file system with the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_usage: Option<u64>,
    /// Megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_total: Option<u64>,
    /// The device that this file system is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_block_device: Option<String>,
    /// Percent of all processors since the last measurement, or since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_usage: Option<u64>,
    /// Degrees Celsius of the warmest zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_temp: Option<u64>,
    /// The board's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_id: Option<String>,
    /// The board has too little voltage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_undervolted: Option<bool>,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// `/proc`
    pub proc: &'a Path,
    /// `/sys`
    pub sys: &'a Path,
    /// A path of the file system whose space counts.
    pub storage: &'a Path,
}

/// Processor time since boot, in the kernel's ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTime {
    busy: u64,
    all: u64,
}

/// Measures; `before` is the processor time of the last measurement, and becomes this one's.
pub fn measure(sources: &Sources<'_>, before: &mut CpuTime) -> Metrics {
    let memory = fs::read_to_string(sources.proc.join("meminfo")).ok();
    let memory = memory.as_deref().and_then(memory_kib);
    let storage = statvfs(sources.storage).ok();
    let mb = |blocks: u64, size: u64| blocks.saturating_mul(size) / MEGABYTE;
    let now = fs::read_to_string(sources.proc.join("stat")).ok().as_deref().and_then(cpu_time);
    let cpu_usage = now.and_then(|now| percent(std::mem::replace(before, now), now));
    Metrics {
        memory_usage: memory.map(|(total, available)| total.saturating_sub(available) / 1024),
        memory_total: memory.map(|(total, _)| total / 1024),
        storage_usage: storage.as_ref().map(|fs| mb(fs.f_blocks.saturating_sub(fs.f_bfree), fs.f_frsize)),
        storage_total: storage.map(|fs| mb(fs.f_blocks, fs.f_frsize)),
        storage_block_device: block_device(sources),
        cpu_usage,
        cpu_temp: warmest(&sources.sys.join("class/thermal")),
        cpu_id: hardware::serial(sources.proc),
        is_undervolted: hardware::is_undervolted(sources.sys),
    }
    .within_bounds()
}

impl Metrics {
    fn within_bounds(self) -> Self {
        let bound = |value: Option<u64>| value.map(|value| value.min(LARGEST));
        Self {
            memory_usage: bound(self.memory_usage),
            memory_total: bound(self.memory_total),
            storage_usage: bound(self.storage_usage),
            storage_total: bound(self.storage_total),
            ..self
        }
    }
}

/// `MemTotal` and `MemAvailable` (`proc_meminfo(5)`).
fn memory_kib(text: &str) -> Option<(u64, u64)> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((value("MemTotal")?, value("MemAvailable")?))
}

/// The first line of `/proc/stat` (`proc_stat(5)`): user, nice, system, idle, iowait, irq, softirq, steal.
fn cpu_time(text: &str) -> Option<CpuTime> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let all: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    Some(CpuTime { busy: all.saturating_sub(idle), all })
}

fn percent(before: CpuTime, now: CpuTime) -> Option<u64> {
    let all = now.all.checked_sub(before.all).filter(|all| *all > 0)?;
    let busy = now.busy.saturating_sub(before.busy).min(all);
    Some(busy.saturating_mul(100) / all)
}

/// The warmest of the thermal zones, in whole degrees; a zone below zero does not count.
fn warmest(zones: &Path) -> Option<u64> {
    let read = |path: &Path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let zones = fs::read_dir(zones).ok()?.filter_map(Result::ok);
    let zones = zones.filter(|zone| zone.file_name().to_string_lossy().starts_with("thermal_zone"));
    zones.filter_map(|zone| read(&zone.path().join("temp"))).max().map(|millis| (millis + 500) / 1000)
}

/// The source of the mount that holds the storage (`proc_pid_mountinfo(5)`), where that is a device.
fn block_device(sources: &Sources<'_>) -> Option<String> {
    let storage = fs::canonicalize(sources.storage).ok()?;
    let text = fs::read_to_string(sources.proc.join("self/mountinfo")).ok()?;
    let mounts = text.lines().filter_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let place = Path::new(front.split(' ').nth(4)?);
        let source = back.split(' ').nth(1)?;
        storage.starts_with(place).then_some((place.as_os_str().len(), source))
    });
    // The last of those at one place lies over the others.
    let (_, source) = mounts.max_by_key(|(length, _)| *length)?;
    source.starts_with("/dev/").then(|| source.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:        2000000 kB\nMemFree:  1 kB\nMemAvailable:    500000 kB\n";

    #[test]
    fn metrics_are_whole_numbers_in_the_clouds_units() {
        let root = tempfile::tempdir().unwrap();
        let (proc, sys) = (root.path().join("proc"), root.path().join("sys"));
        let zone = |name: &str, text: &str| {
            let folder = sys.join("class/thermal").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("temp"), text).unwrap();
        };
        fs::create_dir_all(proc.join("self")).unwrap();
        fs::write(proc.join("meminfo"), MEMINFO).unwrap();
        fs::write(proc.join("stat"), "cpu  10 0 10 70 10 0 0 0 5 0\ncpu0 1 2 3\n").unwrap();
        fs::write(proc.join("self/mountinfo"), "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n").unwrap();
        zone("thermal_zone0", "51700\n");
        zone("thermal_zone1", "-5000\n");
        zone("cooling_device0", "99000\n");
        let sources = Sources { proc: &proc, sys: &sys, storage: root.path() };
        let found = measure(&sources, &mut CpuTime::default());
        assert_eq!((found.memory_usage, found.memory_total), (Some(1464), Some(1953)));
        assert_eq!((found.cpu_usage, found.cpu_temp), (Some(20), Some(52)));
        assert_eq!(found.storage_block_device.as_deref(), Some("/dev/sda1"));
        assert!(found.storage_total > Some(0) && found.storage_usage <= found.storage_total);
    }

    #[test]
    fn metrics_that_the_device_does_not_tell_are_left_out() {
        let nowhere = Path::new("/nonexistent");
        let sources = Sources { proc: nowhere, sys: nowhere, storage: nowhere };
        assert_eq!(measure(&sources, &mut CpuTime::default()), Metrics::default());
        assert_eq!(serde_json::to_string(&Metrics::default()).unwrap(), "{}");
    }

    #[test]
    fn cpu_usage_is_that_since_the_last_measurement() {
        let before = cpu_time("cpu  100 0 0 900 0 0 0 0\n").unwrap();
        let now = cpu_time("cpu  130 0 0 1070 0 0 0 0\n").unwrap();
        assert_eq!(percent(before, now), Some(15));
        assert_eq!(percent(now, now), None, "no time has passed");
        assert_eq!(percent(now, before), None, "the counters started anew");
        assert_eq!(cpu_time("cpu x"), None);
    }

    #[test]
    fn metrics_of_this_machine_are_within_the_clouds_numbers() {
        let sources = Sources { proc: Path::new("/proc"), sys: Path::new("/sys"), storage: Path::new("/") };
        let found = measure(&sources, &mut CpuTime::default());
        assert!(found.memory_total > Some(0) && found.memory_usage <= found.memory_total);
        assert!(found.cpu_usage <= Some(100));
    }
}
