//! What a container may use of the machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_default;

/// What a container may use of the machine; 0 and none are the engine's own settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Memory, at most.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_bytes: u64,
    /// Memory that it keeps when the host runs short.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_reservation_bytes: u64,
    /// Memory and swap together, at most; -1: no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_swap_bytes: Option<i64>,
    /// How readily its memory is swapped, 0 to 100.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_swappiness_percent: Option<u32>,
    /// Processor time, at most; a thousand million is one processor.
    #[serde(skip_serializing_if = "is_default")]
    pub nano_cpus: u64,
    /// Weight against other containers when processors are busy.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_shares: u64,
    /// Processor time in each period, at most.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_quota_us: u64,
    /// The period.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_period_us: u64,
    /// Processors that it may run on, as `0-2,4`.
    #[serde(skip_serializing_if = "is_default")]
    pub cpuset: String,
    /// Processes and threads, at most; -1: no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub pids_limit: Option<i64>,
    /// How readily it is killed when memory runs out, -1000 to 1000.
    #[serde(skip_serializing_if = "is_default")]
    pub oom_score_adj: Option<i32>,
    /// It is never killed when memory runs out.
    #[serde(skip_serializing_if = "is_default")]
    pub oom_kill_disable: bool,
    /// Size of `/dev/shm`.
    #[serde(skip_serializing_if = "is_default")]
    pub shm_size_bytes: u64,
    /// Limits of its processes.
    #[serde(skip_serializing_if = "is_default")]
    pub ulimits: Vec<Ulimit>,
    /// Devices of the engine's drivers.
    #[serde(skip_serializing_if = "is_default")]
    pub device_requests: Vec<DeviceRequest>,
}

/// A limit of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// Lower case, without `RLIMIT_`.
    pub name: String,
    /// What counts; -1: no limit.
    pub soft: i64,
    /// What it may be raised to; -1: no limit.
    pub hard: i64,
}

/// Devices of one of the engine's drivers, such as GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// The driver; empty: the engine chooses by capability.
    pub driver: String,
    /// How many; -1: all.
    pub count: i64,
    /// Which.
    pub device_ids: Vec<String>,
    /// What they have to be able to do, all of it.
    pub capabilities: Vec<String>,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
}
