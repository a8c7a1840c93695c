//! An app's volumes from the wire.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use supervisor_proto::{
    ids::{AppId, VolumeName},
    v1,
};

use crate::{
    domain::{
        target::Volume,
        volume::{VolumeOptions, engine_name},
    },
    error::CoreError,
};

/// Checks the volumes of an app.
pub fn from_wire(
    app: AppId,
    wire: HashMap<String, v1::Volume>,
) -> Result<BTreeMap<VolumeName, Volume>, CoreError> {
    let mut volumes = BTreeMap::new();
    for (name, volume) in wire {
        let name = VolumeName::parse(&name)?;
        let volume = convert(&name, volume)?;
        volumes.insert(name, volume);
    }
    let mut taken = BTreeSet::new();
    for (name, volume) in volumes.iter().filter(|(_, volume)| !matches!(volume, Volume::External(_))) {
        if !taken.insert(engine_name(app, name, volume)) {
            return Err(invalid(name, "another volume of the app has the same name"));
        }
    }
    Ok(volumes)
}

fn invalid(name: &VolumeName, problem: &str) -> CoreError {
    CoreError::InvalidField { field: format!("volumes.{name}"), problem: problem.to_owned() }
}

fn convert(key: &VolumeName, wire: v1::Volume) -> Result<Volume, CoreError> {
    let engine_name = |name: &str| VolumeName::parse(name).map(|name| name.to_string());
    if wire.external {
        let name = if wire.external_name.is_empty() { key.as_str() } else { &wire.external_name };
        return Ok(Volume::External(engine_name(name)?));
    }
    let options = VolumeOptions {
        name: if wire.name.is_empty() { String::new() } else { engine_name(&wire.name)? },
        driver: wire.driver,
        driver_options: wire.driver_options.into_iter().collect(),
        labels: wire.labels.into_iter().collect(),
    };
    let texts = options.driver_options.iter().chain(&options.labels).flat_map(|(name, value)| [name, value]);
    if texts.chain([&options.driver]).any(|text| text.contains(char::is_control)) {
        return Err(invalid(key, "a text holds a control character"));
    }
    if options.labels.keys().any(|label| label.is_empty() || label.starts_with("io.supervisor.")) {
        return Err(invalid(key, "a label's name is empty or reserved"));
    }
    Ok(if options == VolumeOptions::default() { Volume::Own } else { Volume::Configured(options) })
}

#[cfg(test)]
#[path = "volumes_tests.rs"]
mod tests;
