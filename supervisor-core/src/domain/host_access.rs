//! What in a target gives an app access to the host, in sentences for the owner. Whoever may apply a target as
//! role admin may say all of this; nobody should say it without noticing.

use super::{
    settings::{HostBind, Privileges, Resources},
    target::{Service, Target, Volume},
    volume::VolumeOptions,
};

/// Places of the host that are worth a word of their own: whoever has them has the device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnPlaces {
    /// The container engine's socket.
    pub engine_socket: String,
    /// Core's store.
    pub state_folder: String,
    /// The folder of core's own socket.
    pub socket_folder: String,
}

/// One sentence for each field that gives access to the host, in the order of services and fields.
pub fn warnings(target: &Target, places: &OwnPlaces) -> Vec<String> {
    let mut all = Vec::new();
    for (name, service) in &target.services {
        let path = format!("services.{name}");
        all.extend(fields(service).into_iter().map(|field| said(&format!("{path}.{field}"))));
        all.extend(service.settings.binds.iter().map(|bind| bound(&path, bind, places)));
    }
    for (name, volume) in &target.app.volumes {
        let Volume::Configured(options) = volume else { continue };
        all.extend(of_volume(&format!("volumes.{name}"), options));
    }
    all
}

fn said(field: &str) -> String {
    format!("{field} gives the container access to the host")
}

fn fields(service: &Service) -> Vec<&'static str> {
    let Privileges {
        privileged,
        cap_add,
        cap_drop: _,
        security_options,
        devices,
        device_cgroup_rules,
        groups,
        pid_mode,
        ipc_mode,
        uts_mode,
        userns_mode,
        cgroup_mode,
        cgroup_parent,
        runtime,
        sysctls,
    } = &service.settings.privileges;
    let Resources { device_requests, .. } = &service.settings.resources;
    let harmless = |option: &String| option.starts_with("no-new-privileges");
    let given = [
        ("cap_add", !cap_add.is_empty()),
        ("cgroup", cgroup_mode == "host"),
        ("cgroup_parent", !cgroup_parent.is_empty()),
        ("deploy.resources.reservations.devices", !device_requests.is_empty()),
        ("device_cgroup_rules", !device_cgroup_rules.is_empty()),
        ("devices", !devices.is_empty()),
        ("group_add", !groups.is_empty()),
        ("ipc", ipc_mode == "host"),
        ("pid", !pid_mode.is_empty()),
        ("privileged", *privileged),
        ("runtime", !runtime.is_empty()),
        ("security_opt", !security_options.iter().all(harmless)),
        ("sysctls", !sysctls.is_empty()),
        ("userns_mode", !userns_mode.is_empty()),
        ("uts", !uts_mode.is_empty()),
    ];
    given.into_iter().filter(|(_, given)| *given).map(|(field, _)| field).collect()
}

fn bound(path: &str, bind: &HostBind, places: &OwnPlaces) -> String {
    let source = plain(&bind.source);
    let own = [
        (&places.engine_socket, "the container engine's socket, and with it the whole device"),
        (&places.state_folder, "the supervisor's own store"),
        (&places.socket_folder, "the supervisor's own socket"),
    ];
    let told = own.into_iter().find(|(place, _)| {
        let place = plain(place);
        !place.is_empty() && (is_within(&source, &place) || is_within(&place, &source))
    });
    match told {
        Some((_, what)) => {
            format!("{path}.volumes gives the container {} of the host, with {what}", bind.source)
        }
        None => format!("{path}.volumes gives the container {} of the host", bind.source),
    }
}

/// `/var/run` is `/run` on every system of today; other symlinks are the owner's.
fn plain(path: &str) -> String {
    let path = path.trim_end_matches('/');
    path.strip_prefix("/var/run")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .map_or_else(|| path.to_owned(), |rest| format!("/run{rest}"))
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn of_volume(path: &str, options: &VolumeOptions) -> Option<String> {
    let device = options.driver_options.get("device").filter(|_| !options.is_kept_by_engine());
    match device {
        Some(device) => Some(format!("{path}.driver_opts gives its containers {device} of the host")),
        None if !options.is_kept_by_engine() => {
            Some(format!("{path}.driver has the data where the driver {} keeps it", options.driver))
        }
        None => None,
    }
}

#[cfg(test)]
#[path = "host_access_tests.rs"]
mod tests;
