//! What a service says of its container beyond image, command, network and volumes.

use super::{
    deploy, device, host_list, list, logging, number, pairs,
    pairs::Pairs,
    privilege,
    reader::{Node, Reader},
    resource, tmpfs,
};
use crate::v1::{Naming, Privileges, Process, Resources, Service};

const ONLY_ONE: &str = "must be 1: one container runs each service of a device";

/// Reads a field that no other reader of a service knows.
pub(super) fn read(reader: &mut Reader, field: &Node<'_>, service: &mut Service) {
    match field.key {
        "init" | "tty" | "stdin_open" | "read_only" => {
            process(reader, field, service.process.get_or_insert_with(Process::default));
        }
        "hostname" | "domainname" | "dns" | "dns_search" | "dns_opt" | "extra_hosts" => {
            naming(reader, field, service.naming.get_or_insert_with(Naming::default));
        }
        "privileged"
        | "cap_add"
        | "cap_drop"
        | "security_opt"
        | "devices"
        | "device_cgroup_rules"
        | "group_add"
        | "pid"
        | "ipc"
        | "uts"
        | "userns_mode"
        | "cgroup"
        | "cgroup_parent"
        | "runtime"
        | "sysctls" => {
            privilege::read(reader, field, service.privileges.get_or_insert_with(Privileges::default));
        }
        "mem_limit" | "mem_reservation" | "memswap_limit" | "mem_swappiness" | "cpus" | "cpu_shares"
        | "cpu_quota" | "cpu_period" | "cpuset" | "pids_limit" | "oom_score_adj" | "oom_kill_disable"
        | "shm_size" | "ulimits" => {
            resource::read(reader, field, service.resources.get_or_insert_with(Resources::default));
        }
        "gpus" => {
            let requests = device::gpus(reader, field);
            service.resources.get_or_insert_with(Resources::default).device_requests.extend(requests);
        }
        "deploy" => deploy::read(reader, field, service),
        "logging" => service.logging = Some(logging::read(reader, field)),
        "tmpfs" => service.tmpfs.extend(tmpfs::short_list(reader, field)),
        "scale" => one_container(reader, field),
        "pull_policy" => drop(list::word(reader, field, &["missing", "if_not_present"])),
        "expose" => exposed(reader, field),
        "attach" | "develop" => {}
        _ => reader.unknown(field),
    }
}

/// A number of containers.
pub(super) fn one_container(reader: &mut Reader, field: &Node<'_>) {
    if number::whole(reader, field).is_some_and(|count| count != 1) {
        reader.note(&field.path, ONLY_ONE);
    }
}

/// Whether the parts of a service fit together.
pub(super) fn check(reader: &mut Reader, path: &str, service: &Service) {
    let uts = service.privileges.as_ref().map_or("", |privileges| &privileges.uts_mode);
    if uts == "host" && service.naming.as_ref().is_some_and(|naming| !naming.hostname.is_empty()) {
        reader.note(&format!("{path}.hostname"), "has no effect with uts host: remove one of them");
    }
    if let Some(resources) = &service.resources
        && resources.nano_cpus != 0
        && (resources.cpu_quota_us != 0 || resources.cpu_period_us != 0)
    {
        let message = "says the same as cpu_quota and cpu_period: remove one of them";
        reader.note(&format!("{path}.cpus"), message);
    }
    let volumes = service.volumes.iter().map(|mount| &mount.target);
    let mut seen: Vec<&String> = volumes.chain(service.binds.iter().map(|bind| &bind.target)).collect();
    for tmpfs in &service.tmpfs {
        if seen.contains(&&tmpfs.target) {
            reader.note(&format!("{path}.tmpfs"), format!("mounts a second thing on {}", tmpfs.target));
        }
        seen.push(&tmpfs.target);
    }
}

fn process(reader: &mut Reader, field: &Node<'_>, process: &mut Process) {
    let flag = field.flag(reader);
    match field.key {
        "init" => process.init = flag,
        "tty" => process.tty = flag.unwrap_or_default(),
        "stdin_open" => process.stdin_open = flag.unwrap_or_default(),
        _ => process.read_only = flag.unwrap_or_default(),
    }
}

fn naming(reader: &mut Reader, field: &Node<'_>, naming: &mut Naming) {
    match field.key {
        "hostname" => naming.hostname = host_list::name(reader, field).unwrap_or_default(),
        "domainname" => naming.domainname = host_list::name(reader, field).unwrap_or_default(),
        "dns" => naming.dns_servers = host_list::addresses(reader, field),
        "dns_search" => naming.dns_search = list::one_or_many(reader, field),
        "dns_opt" => naming.dns_options = list::scalars(reader, field),
        _ => naming.extra_hosts = host_list::extra(reader, field),
    }
}

fn exposed(reader: &mut Reader, field: &Node<'_>) {
    let plain = |text: &str| {
        let ports = text.split_once('/').map_or(text, |(ports, _)| ports);
        !ports.is_empty() && ports.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    for item in field.items(reader) {
        if item.scalar(reader).is_some_and(|text| !plain(&text)) {
            reader.note(&item.path, "must be a port of the container");
        }
    }
}

/// `sysctls` and other values that cannot be absent.
pub(super) fn values(reader: &mut Reader, field: &Node<'_>) -> std::collections::HashMap<String, String> {
    pairs::read(reader, field, Pairs::Values)
}
