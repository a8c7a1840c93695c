//! Devices of the host, and those of the engine's drivers.

use serde_json::Value;

use super::{
    list, number, place,
    reader::{Node, Reader},
    settings,
};
use crate::v1::{Device, DeviceRequest};

const SHORT: &str =
    "must look like /dev/host[:/dev/container][:rwm]; a path with a colon needs the long syntax";
const ALL: &str = "rwm";

/// `devices`, in the short and the long syntax.
/// <https://docs.docker.com/reference/compose-file/services/#devices>
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Vec<Device> {
    let mut devices = Vec::new();
    for item in node.items(reader) {
        let device = match item.value {
            Value::Object(_) => long(reader, &item),
            _ => short(reader, &item),
        };
        devices.extend(device);
    }
    devices
}

fn short(reader: &mut Reader, node: &Node<'_>) -> Option<Device> {
    let text = node.text(reader)?;
    let parts: Vec<&str> = text.split(':').collect();
    let (host, container, permissions) = match parts.as_slice() {
        [host] => (*host, *host, ALL),
        [host, second] if second.starts_with('/') => (*host, *second, ALL),
        [host, second] => (*host, *host, *second),
        [host, container, permissions] => (*host, *container, *permissions),
        _ => return reader.refuse(&node.path, SHORT),
    };
    checked(reader, node, host, container, permissions)
}

fn long(reader: &mut Reader, node: &Node<'_>) -> Option<Device> {
    let (mut source, mut target, mut permissions) = (None, None, None);
    for field in node.entries(reader) {
        match field.key {
            "source" => source = field.text(reader),
            "target" => target = field.text(reader),
            "permissions" => permissions = field.text(reader),
            _ => reader.unknown(&field),
        }
    }
    let Some(source) = source else { return reader.refuse(&node.path, "has no source") };
    let target = target.unwrap_or_else(|| source.clone());
    checked(reader, node, &source, &target, permissions.as_deref().unwrap_or(ALL))
}

fn checked(
    reader: &mut Reader,
    node: &Node<'_>,
    host: &str,
    container: &str,
    permissions: &str,
) -> Option<Device> {
    let paths = place::shortest(host).zip(place::shortest(container));
    let known = !permissions.is_empty() && permissions.bytes().all(|b| b"rwm".contains(&b));
    match paths {
        Some((host_path, container_path)) if known => {
            Some(Device { host_path, container_path, permissions: permissions.to_owned() })
        }
        _ => reader.refuse(&node.path, SHORT),
    }
}

/// `device_cgroup_rules`, as `c 13:* rmw`.
pub(super) fn rules(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    let fits = |text: &str| {
        let parts: Vec<&str> = text.split(' ').collect();
        let number =
            |text: &str| text == "*" || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
        let [kind, numbers, access] = parts.as_slice() else { return false };
        matches!(*kind, "a" | "b" | "c")
            && numbers.split_once(':').is_some_and(|(major, minor)| number(major) && number(minor))
            && (1..=3).contains(&access.len())
            && access.bytes().all(|b| b"rwm".contains(&b))
    };
    let mut rules = Vec::new();
    for item in node.items(reader) {
        let Some(text) = item.text(reader) else { continue };
        if !fits(&text) {
            reader.note(&item.path, "must be a rule such as \"c 13:* rmw\"");
        }
        rules.push(text);
    }
    rules
}

/// `gpus`: `all`, or a list as under `deploy.resources.reservations.devices`.
/// <https://docs.docker.com/reference/compose-file/services/#gpus>
pub(super) fn gpus(reader: &mut Reader, node: &Node<'_>) -> Vec<DeviceRequest> {
    if node.value.as_str() == Some("all") {
        return vec![DeviceRequest {
            count: -1,
            capabilities: vec!["gpu".to_owned()],
            ..DeviceRequest::default()
        }];
    }
    if !node.value.is_array() {
        return reader.refuse(&node.path, "must be all or a list").unwrap_or_default();
    }
    let mut requests = requests(reader, node, true);
    for request in &mut requests {
        if !request.capabilities.iter().any(|capability| capability == "gpu") {
            request.capabilities.insert(0, "gpu".to_owned());
        }
    }
    requests
}

/// Requests to the engine's drivers. `has_default`: capabilities may be absent.
/// <https://docs.docker.com/reference/compose-file/deploy/#devices>
pub(super) fn requests(reader: &mut Reader, node: &Node<'_>, has_default: bool) -> Vec<DeviceRequest> {
    node.items(reader).iter().filter_map(|item| request(reader, item, has_default)).collect()
}

fn request(reader: &mut Reader, node: &Node<'_>, has_default: bool) -> Option<DeviceRequest> {
    let mut request = DeviceRequest::default();
    let mut count = None;
    for field in node.entries(reader) {
        match field.key {
            "capabilities" => request.capabilities = list::scalars(reader, &field),
            "driver" => request.driver = list::filled(reader, &field).unwrap_or_default(),
            "device_ids" => request.device_ids = list::scalars(reader, &field),
            "options" => request.options = settings::values(reader, &field),
            "count" if field.value.as_str() == Some("all") => count = Some(-1),
            "count" => count = Some(number::amount(reader, &field).and_then(|n| i64::try_from(n).ok())?),
            _ => reader.unknown(&field),
        }
    }
    if count.is_some() && !request.device_ids.is_empty() {
        return reader.refuse(&node.path, "has count and device_ids: remove one of them");
    }
    if request.capabilities.is_empty() && !has_default {
        return reader.refuse(&node.path, "has no capabilities");
    }
    request.count = match count {
        Some(0) => return reader.refuse(&node.path, "asks for no device"),
        Some(count) => count,
        None if request.device_ids.is_empty() => -1,
        None => 0,
    };
    Some(request)
}
