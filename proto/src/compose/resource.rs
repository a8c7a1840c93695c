//! What a container may use of the machine.

use super::{
    list, number,
    reader::{Node, Reader},
};
use crate::v1::{Resources, Ulimit};

/// One field.
pub(super) fn read(reader: &mut Reader, field: &Node<'_>, resources: &mut Resources) {
    match field.key {
        "mem_limit" => set(reader, field, &mut resources.memory_bytes, number::bytes),
        "mem_reservation" => set(reader, field, &mut resources.memory_reservation_bytes, number::bytes),
        "memswap_limit" => resources.memory_swap_bytes = number::bytes_or_unlimited(reader, field),
        "mem_swappiness" => {
            let percent = number::between(reader, field, 0, 100);
            resources.memory_swappiness_percent = percent.and_then(|percent| u32::try_from(percent).ok());
        }
        "cpus" => set(reader, field, &mut resources.nano_cpus, number::nano_cpus),
        "cpu_shares" => set(reader, field, &mut resources.cpu_shares, number::amount),
        "cpu_quota" => set(reader, field, &mut resources.cpu_quota_us, number::amount),
        "cpu_period" => set(reader, field, &mut resources.cpu_period_us, number::amount),
        "cpuset" => resources.cpuset = cpuset(reader, field).unwrap_or_default(),
        "pids_limit" => pids(reader, field, resources),
        "oom_score_adj" => resources.oom_score_adj = number::between(reader, field, -1000, 1000),
        "oom_kill_disable" => resources.oom_kill_disable = field.flag(reader).unwrap_or_default(),
        "shm_size" => set(reader, field, &mut resources.shm_size_bytes, number::bytes),
        _ => resources.ulimits = ulimits(reader, field),
    }
}

/// Two fields may say the same thing, but not two different ones.
pub(super) fn set(
    reader: &mut Reader,
    field: &Node<'_>,
    place: &mut u64,
    read: impl FnOnce(&mut Reader, &Node<'_>) -> Option<u64>,
) {
    let Some(value) = read(reader, field) else { return };
    if *place != 0 && *place != value {
        reader.note(&field.path, "contradicts another field of the service that says the same thing");
    }
    *place = value;
}

/// The most processes and threads.
pub(super) fn pids(reader: &mut Reader, field: &Node<'_>, resources: &mut Resources) {
    let Some(value) = number::whole(reader, field) else { return };
    if value < -1 {
        reader.note(&field.path, "must be a whole number, or -1 for no limit");
    }
    if resources.pids_limit.is_some_and(|other| other != value) {
        reader.note(&field.path, "contradicts another field of the service that says the same thing");
    }
    resources.pids_limit = Some(value);
}

fn cpuset(reader: &mut Reader, field: &Node<'_>) -> Option<String> {
    let text = list::filled(reader, field)?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let range =
        |text: &str| text.split_once('-').map_or_else(|| number(text), |(a, b)| number(a) && number(b));
    if text.split(',').all(range) {
        return Some(text);
    }
    reader.refuse(&field.path, "must be processors such as 0-2,4")
}

/// <https://docs.docker.com/reference/compose-file/services/#ulimits>
fn ulimits(reader: &mut Reader, field: &Node<'_>) -> Vec<Ulimit> {
    let mut limits = Vec::new();
    for entry in field.entries(reader) {
        if !entry.key.bytes().all(|b| b.is_ascii_lowercase()) || entry.key.is_empty() {
            reader.note(&entry.path, "is no limit: its name is lower-case letters");
            continue;
        }
        limits.extend(ulimit(reader, &entry));
    }
    limits
}

fn ulimit(reader: &mut Reader, entry: &Node<'_>) -> Option<Ulimit> {
    let (soft, hard) = if entry.value.is_object() {
        soft_and_hard(reader, entry)?
    } else {
        let both = number::whole(reader, entry)?;
        (both, both)
    };
    if soft < -1 || hard < -1 || (hard != -1 && (soft == -1 || soft > hard)) {
        return reader.refuse(&entry.path, "must be at least -1 (no limit), and soft at most hard");
    }
    Some(Ulimit { name: entry.key.to_owned(), soft, hard })
}

fn soft_and_hard(reader: &mut Reader, entry: &Node<'_>) -> Option<(i64, i64)> {
    let (mut soft, mut hard) = (None, None);
    for field in entry.entries(reader) {
        match field.key {
            "soft" => soft = Some(number::whole(reader, &field)?),
            "hard" => hard = Some(number::whole(reader, &field)?),
            _ => reader.unknown(&field),
        }
    }
    if soft.is_none() || hard.is_none() {
        reader.note(&entry.path, "needs soft and hard");
    }
    soft.zip(hard)
}
