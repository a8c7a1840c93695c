//! Limits: what a container may use of the machine. Nearly all only take something away.

use serde_json::{Value, json};

use super::{case::Case, shape::is_integer_from};

/// Limits of processes that cannot starve others.
const ULIMITS: [&str; 13] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nofile",
    "nproc",
    "rss",
    "rttime",
    "sigpending",
    "stack",
];

pub(super) fn is_one(key: &str) -> bool {
    matches!(
        key,
        "Memory"
            | "MemoryReservation"
            | "MemorySwap"
            | "MemorySwappiness"
            | "NanoCpus"
            | "CpuShares"
            | "CpuQuota"
            | "CpuPeriod"
            | "CpusetCpus"
            | "PidsLimit"
            | "ShmSize"
            | "OomScoreAdj"
            | "OomKillDisable"
            | "Ulimits"
    )
}

pub(super) fn check(case: &mut Case<'_>, key: &str, value: &Value) {
    match key {
        "CpusetCpus" => case.expect(key, value.is_string()),
        "MemorySwap" | "PidsLimit" => case.expect(key, is_integer_from(value, -1)),
        "OomScoreAdj" => oom_score(case, value),
        "OomKillDisable" => oom_kill(case, value),
        "Ulimits" => ulimits(case, value),
        _ => case.expect(key, is_integer_from(value, 0)),
    }
}

fn oom_score(case: &mut Case<'_>, value: &Value) {
    let Some(score) = value.as_i64() else { return case.expect("oom_score_adj", false) };
    if score < 0 && !case.granted(|grant| grant.oom_score_adj.is_some_and(|least| least <= score)) {
        case.needs("oom_score_adj", "a negative value needs the owner's grant", "oom_score_adj", score);
    }
}

fn oom_kill(case: &mut Case<'_>, value: &Value) {
    case.expect("oom_kill_disable", value.is_boolean());
    if value.as_bool() == Some(true) && !case.granted(|grant| grant.oom_kill_disable) {
        case.needs("oom_kill_disable", "it needs the owner's grant", "oom_kill_disable", true);
    }
}

fn ulimits(case: &mut Case<'_>, value: &Value) {
    let Some(items) = value.as_array() else { return case.expect("ulimits", false) };
    for item in items {
        case.each("ulimits", item, ulimit_key);
    }
}

fn ulimit_key(case: &mut Case<'_>, key: &str, value: &Value) {
    match (key, value.as_str()) {
        ("Name", Some(name)) => {
            if !ULIMITS.contains(&name) && !case.granted(|grant| grant.ulimits.contains(name)) {
                case.needs("ulimits", format!("{name} needs the owner's grant"), "ulimits", json!([name]));
            }
        }
        ("Soft" | "Hard", _) => case.expect("ulimits", is_integer_from(value, -1)),
        _ => case.unknown(&format!("HostConfig.Ulimits.{key}")),
    }
}
