//! The one list of compose fields: which are read, and why well-known others are not.
//! `docs/compose.md` shows it, and a test keeps both equal.

/// A field that is read. `*` stands for a name the file chooses, `[]` for an item of a list.
pub const SUPPORTED: &[&str] = &[
    "name",
    "services",
    "services.*",
    "services.*.command",
    "services.*.depends_on",
    "services.*.depends_on.*.condition",
    "services.*.entrypoint",
    "services.*.environment",
    "services.*.healthcheck",
    "services.*.healthcheck.disable",
    "services.*.healthcheck.interval",
    "services.*.healthcheck.retries",
    "services.*.healthcheck.start_period",
    "services.*.healthcheck.test",
    "services.*.healthcheck.timeout",
    "services.*.image",
    "services.*.labels",
    "services.*.network_mode",
    "services.*.ports",
    "services.*.ports[].host_ip",
    "services.*.ports[].mode",
    "services.*.ports[].protocol",
    "services.*.ports[].published",
    "services.*.ports[].target",
    "services.*.restart",
    "services.*.stop_grace_period",
    "services.*.stop_signal",
    "services.*.user",
    "services.*.volumes",
    "services.*.volumes[].read_only",
    "services.*.volumes[].source",
    "services.*.volumes[].target",
    "services.*.volumes[].type",
    "services.*.working_dir",
    "version",
    "volumes",
    "volumes.*",
    "volumes.*.external",
    "volumes.*.name",
];

const HOST_ACCESS: &str = "it gives the container access to the host";
const NO_FILES: &str = "files of the host are not read";
const ONE_NETWORK: &str = "every app has one network of its own; network_mode can say host, none or bridge";
const SWARM: &str = "it belongs to a cluster, and this is one device";

/// Well-known fields that are refused, with the reason that the refusal shows. Every field that is
/// in neither list is refused as well, without a reason.
pub const REFUSED: &[(&str, &str)] = &[
    ("configs", NO_FILES),
    ("include", NO_FILES),
    ("networks", ONE_NETWORK),
    ("secrets", NO_FILES),
    ("services.*.build", "images are built elsewhere; name the built one with image"),
    ("services.*.cap_add", HOST_ACCESS),
    ("services.*.cap_drop", "the engine's default capabilities are used"),
    ("services.*.configs", NO_FILES),
    ("services.*.container_name", "the supervisor names its containers itself"),
    ("services.*.cpus", "limits are not set yet"),
    ("services.*.depends_on.*.required", "every dependency is required"),
    ("services.*.depends_on.*.restart", "a restart of one service leaves the others running"),
    ("services.*.deploy", SWARM),
    ("services.*.devices", HOST_ACCESS),
    ("services.*.dns", "the engine's name servers are used"),
    ("services.*.env_file", "files of the host are not read; write the values under environment"),
    ("services.*.expose", "services of one app reach each other's ports anyway"),
    ("services.*.extends", NO_FILES),
    ("services.*.extra_hosts", "the engine's own names are used"),
    ("services.*.healthcheck.start_interval", "older engines do not know it"),
    ("services.*.hostname", "the engine chooses it"),
    ("services.*.init", "no init process is added"),
    ("services.*.ipc", HOST_ACCESS),
    ("services.*.links", "services of one app reach each other by name; use depends_on for the order"),
    ("services.*.logging", "the engine's default log driver is used"),
    ("services.*.mem_limit", "limits are not set yet"),
    ("services.*.networks", ONE_NETWORK),
    ("services.*.pid", HOST_ACCESS),
    ("services.*.ports[].app_protocol", "nothing here would use it"),
    ("services.*.ports[].name", "nothing here would use it"),
    ("services.*.privileged", HOST_ACCESS),
    ("services.*.profiles", "every service of the file is run"),
    ("services.*.pull_policy", "an image is pulled when it is missing"),
    ("services.*.read_only", "the container's own files stay writable"),
    ("services.*.scale", SWARM),
    ("services.*.secrets", NO_FILES),
    ("services.*.security_opt", HOST_ACCESS),
    ("services.*.sysctls", HOST_ACCESS),
    ("services.*.tmpfs", "only named volumes can be mounted"),
    ("services.*.tty", "no terminal is attached"),
    ("services.*.ulimits", "limits are not set yet"),
    ("services.*.volumes[].bind", "only named volumes can be mounted"),
    ("services.*.volumes[].tmpfs", "only named volumes can be mounted"),
    ("services.*.volumes[].volume", "options of a mount are not set yet"),
    ("services.*.volumes_from", "only named volumes can be mounted"),
    ("volumes.*.driver", "volumes are the engine's plain local ones"),
    ("volumes.*.driver_opts", "volumes are the engine's plain local ones"),
    ("volumes.*.labels", "the supervisor labels its volumes itself"),
];

/// Why the field at `path` is refused, when [`REFUSED`] says it.
pub(super) fn reason(path: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, reason)| *reason)
}

/// Names that the file chooses may hold dots, so the fixed parts are compared from both ends.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(rest) = path.strip_prefix(head) else {
        return false;
    };
    let Some(last) = tail.rsplit_once("[]").map(|(_, last)| last) else {
        let tail = tail.rsplit('*').next().unwrap_or(tail);
        return rest.strip_suffix(tail).is_some_and(|name| !name.is_empty() && !name.ends_with(']'));
    };
    rest.strip_suffix(last).is_some_and(|name| name.ends_with(']'))
}
