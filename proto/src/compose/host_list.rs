//! Host names and addresses.

use std::net::IpAddr;

use serde_json::Value;

use super::{
    list,
    reader::{Node, Reader},
};

/// An address that the engine fills in: the host's, as containers reach it.
const GATEWAY: &str = "host-gateway";

/// A host's name.
pub(super) fn name(reader: &mut Reader, node: &Node<'_>) -> Option<String> {
    let text = node.text(reader)?;
    if is_name(&text) { Some(text) } else { reader.refuse(&node.path, "must be a host name") }
}

/// <https://www.rfc-editor.org/rfc/rfc1123#page-13>, and underscores, which services have.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        !label.is_empty() && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// IP addresses.
pub(super) fn addresses(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    let all = list::one_or_many(reader, node);
    if all.iter().any(|text| text.parse::<IpAddr>().is_err()) {
        reader.note(&node.path, "must be IP addresses");
    }
    all
}

/// `extra_hosts`, as `name:address`: a list of `name=address` or `name:address`, or a mapping.
/// <https://docs.docker.com/reference/compose-file/services/#extra_hosts>
pub(super) fn extra(reader: &mut Reader, node: &Node<'_>) -> Vec<String> {
    let pairs: Vec<(String, String, String)> = match node.value {
        Value::Object(_) => node
            .entries(reader)
            .iter()
            .flat_map(|entry| {
                let addresses = list::one_or_many(reader, entry);
                addresses.into_iter().map(|address| (entry.path.clone(), entry.key.to_owned(), address))
            })
            .collect(),
        _ => node
            .items(reader)
            .iter()
            .filter_map(|item| {
                let text = item.text(reader)?;
                let (name, address) =
                    text.split_once('=').or_else(|| text.split_once(':')).unwrap_or((&text, ""));
                Some((item.path.clone(), name.to_owned(), address.to_owned()))
            })
            .collect(),
    };
    let mut hosts = Vec::new();
    for (path, name, address) in pairs {
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&address);
        if is_name(&name) && (bare == GATEWAY || bare.parse::<IpAddr>().is_ok()) {
            hosts.push(format!("{name}:{bare}"));
        } else {
            reader.note(&path, "must be a host name and an IP address or host-gateway");
        }
    }
    hosts
}
