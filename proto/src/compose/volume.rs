//! One volume of a document. <https://docs.docker.com/reference/compose-file/volumes/>

use super::{
    list, pairs,
    pairs::Pairs,
    reader::{Node, Reader},
    settings,
};
use crate::{ids::VolumeName, v1::Volume};

/// What is said of a volume; nothing at all makes a plain one.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Volume {
    let mut volume = Volume::default();
    if node.value.is_null() {
        return volume;
    }
    let mut name = None;
    let mut of_own = Vec::new();
    for field in node.entries(reader) {
        match field.key {
            "external" => volume.external = field.flag(reader).unwrap_or(false),
            "name" => name = volume_name(reader, &field),
            "driver" => volume.driver = list::filled(reader, &field).unwrap_or_default(),
            "driver_opts" => volume.driver_options = settings::values(reader, &field),
            "labels" => volume.labels = pairs::read(reader, &field, Pairs::Labels),
            _ => reader.unknown(&field),
        }
        if !matches!(field.key, "external" | "name") {
            of_own.push(field);
        }
    }
    if volume.external {
        for field in of_own.iter().filter(|field| matches!(field.key, "driver" | "driver_opts" | "labels")) {
            reader.note(&field.path, "has no effect on an external volume: remove it");
        }
        volume.external_name = name.unwrap_or_default();
    } else {
        volume.name = name.unwrap_or_default();
    }
    volume
}

fn volume_name(reader: &mut Reader, field: &Node<'_>) -> Option<String> {
    let text = field.text(reader)?;
    match VolumeName::parse(&text) {
        Ok(name) => Some(name.to_string()),
        Err(error) => reader.refuse(&field.path, format!("is no volume name: {error}")),
    }
}
