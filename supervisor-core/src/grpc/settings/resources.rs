//! What a container may use of the machine.

use supervisor_proto::v1;

use super::Checks;
use crate::{
    domain::settings::{DeviceRequest, Resources, Ulimit},
    error::CoreError,
};

/// The engine counts in 63 bits.
const MAX: u64 = i64::MAX as u64;

pub(super) fn from_wire(checks: &Checks<'_>, wire: v1::Resources) -> Result<Resources, CoreError> {
    let amounts = [
        ("mem_limit", wire.memory_bytes),
        ("mem_reservation", wire.memory_reservation_bytes),
        ("cpus", wire.nano_cpus),
        ("cpu_shares", wire.cpu_shares),
        ("cpu_quota", wire.cpu_quota_us),
        ("cpu_period", wire.cpu_period_us),
        ("shm_size", wire.shm_size_bytes),
    ];
    for (field, amount) in amounts {
        checks.require(field, amount <= MAX, "it is too large")?;
    }
    let either = wire.nano_cpus == 0 || (wire.cpu_quota_us == 0 && wire.cpu_period_us == 0);
    checks.require(
        "cpus",
        either,
        "it says the same as cpu_quota and cpu_period: only one of them counts",
    )?;
    let at_least = |value: Option<i64>| value.is_none_or(|value| value >= -1);
    checks.require("memswap_limit", at_least(wire.memory_swap_bytes), "it is at least -1")?;
    checks.require("pids_limit", at_least(wire.pids_limit), "it is at least -1")?;
    let percent = wire.memory_swappiness_percent.is_none_or(|value| value <= 100);
    checks.require("mem_swappiness", percent, "it is at most 100")?;
    let score = wire.oom_score_adj.is_none_or(|value| (-1000..=1000).contains(&value));
    checks.require("oom_score_adj", score, "it is between -1000 and 1000")?;
    let cpuset = wire.cpuset.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b','));
    checks.require("cpuset", cpuset, "it is a list of processors such as 0-2,4")?;
    Ok(Resources {
        memory_bytes: wire.memory_bytes,
        memory_reservation_bytes: wire.memory_reservation_bytes,
        memory_swap_bytes: wire.memory_swap_bytes,
        memory_swappiness_percent: wire.memory_swappiness_percent,
        nano_cpus: wire.nano_cpus,
        cpu_shares: wire.cpu_shares,
        cpu_quota_us: wire.cpu_quota_us,
        cpu_period_us: wire.cpu_period_us,
        cpuset: checks.line("cpuset", wire.cpuset)?,
        pids_limit: wire.pids_limit,
        oom_score_adj: wire.oom_score_adj,
        oom_kill_disable: wire.oom_kill_disable,
        shm_size_bytes: wire.shm_size_bytes,
        ulimits: wire.ulimits.into_iter().map(|l| ulimit(checks, l)).collect::<Result<_, _>>()?,
        device_requests: wire
            .device_requests
            .into_iter()
            .map(|r| device_request(checks, r))
            .collect::<Result<_, _>>()?,
    })
}

fn ulimit(checks: &Checks<'_>, wire: v1::Ulimit) -> Result<Ulimit, CoreError> {
    const FIELD: &str = "ulimits";
    let named = !wire.name.is_empty() && wire.name.bytes().all(|b| b.is_ascii_lowercase());
    checks.require(FIELD, named, "a limit's name is lower-case letters")?;
    checks.require(FIELD, wire.soft >= -1 && wire.hard >= -1, "a limit is at least -1")?;
    let ordered = wire.hard == -1 || (wire.soft != -1 && wire.soft <= wire.hard);
    checks.require(FIELD, ordered, "a soft limit is at most the hard one")?;
    Ok(Ulimit { name: wire.name, soft: wire.soft, hard: wire.hard })
}

fn device_request(checks: &Checks<'_>, wire: v1::DeviceRequest) -> Result<DeviceRequest, CoreError> {
    const FIELD: &str = "deploy.resources.reservations.devices";
    checks.require(FIELD, wire.count >= -1, "a count is at least -1")?;
    checks.require(
        FIELD,
        (wire.count == 0) != wire.device_ids.is_empty(),
        "devices are counted or named, one of both",
    )?;
    Ok(DeviceRequest {
        driver: checks.line(FIELD, wire.driver)?,
        count: wire.count,
        device_ids: checks.lines(FIELD, wire.device_ids)?,
        capabilities: checks.lines(FIELD, wire.capabilities)?,
        options: checks.pairs(FIELD, wire.options)?,
    })
}
