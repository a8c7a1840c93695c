//! `deploy`, as far as it means something on one device: what a container may use.
//! <https://docs.docker.com/reference/compose-file/deploy/>

use super::{
    device, list, number,
    reader::{Node, Reader},
    resource::{pids, set},
    settings::one_container,
};
use crate::v1::{Resources, Service};

/// Limits and reservations go into the service's resources.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>, service: &mut Service) {
    for field in node.entries(reader) {
        match field.key {
            "mode" => drop(list::word(reader, &field, &["replicated"])),
            "replicas" => one_container(reader, &field),
            "resources" => {
                resources(reader, &field, service.resources.get_or_insert_with(Resources::default));
            }
            _ => reader.unknown(&field),
        }
    }
}

fn resources(reader: &mut Reader, node: &Node<'_>, resources: &mut Resources) {
    for field in node.entries(reader) {
        match field.key {
            "limits" => limits(reader, &field, resources),
            "reservations" => reservations(reader, &field, resources),
            _ => reader.unknown(&field),
        }
    }
}

fn limits(reader: &mut Reader, node: &Node<'_>, resources: &mut Resources) {
    for field in node.entries(reader) {
        match field.key {
            "cpus" => set(reader, &field, &mut resources.nano_cpus, number::nano_cpus),
            "memory" => set(reader, &field, &mut resources.memory_bytes, number::bytes),
            "pids" => pids(reader, &field, resources),
            _ => reader.unknown(&field),
        }
    }
}

fn reservations(reader: &mut Reader, node: &Node<'_>, resources: &mut Resources) {
    for field in node.entries(reader) {
        match field.key {
            "memory" => set(reader, &field, &mut resources.memory_reservation_bytes, number::bytes),
            "devices" => resources.device_requests.extend(device::requests(reader, &field, false)),
            _ => reader.unknown(&field),
        }
    }
}
