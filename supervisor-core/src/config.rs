//! Core's settings: each an environment variable and a flag of the same meaning.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable};

use crate::heartbeat::Endpoint;

/// Exit code for settings that are not acceptable, as `EX_USAGE` of sysexits.h.
pub const EXIT_USAGE: u8 = 64;

/// The root half of the device supervisor: keeps container apps as they should be, and serves the frontend
/// and the local tool over a Unix socket. It listens on no network port.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "supervisor-core",
    version,
    after_help = "An empty variable counts as unset. Exit codes: 0 ended on SIGTERM or SIGINT, 64 a setting is \
                  not acceptable, 70 core failed or was stuck, 78 only the owner can put it right, for example a store of a \
                  newer release."
)]
pub struct Cli {
    /// What to do; without a command, core runs.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings.
    #[command(flatten)]
    pub config: Config,
}

/// What else the program can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Ask the running core whether it serves; exit code 0 if so, 1 if not
    Healthcheck,
}

/// Core's settings.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The gRPC socket; its folder is made, for `SOCKET_GID` only
    #[arg(
        long,
        env = "CORE_SOCKET",
        value_name = "CORE_SOCKET",
        default_value = "/run/supervisor/core.sock",
        global = true
    )]
    pub core_socket: PathBuf,
    /// Where core keeps what must survive
    #[arg(
        long,
        env = "CORE_STATE_DIR",
        value_name = "CORE_STATE_DIR",
        default_value = "/var/lib/supervisor/core"
    )]
    pub core_state_dir: PathBuf,
    /// The user that the frontend runs as: never more than role frontend
    #[arg(long, env = "FRONTEND_UID", value_name = "FRONTEND_UID", default_value_t = 65532)]
    pub frontend_uid: u32,
    /// A group whose members (by primary group) are administrators, besides root
    #[arg(long, env = "ADMIN_GID", value_name = "ADMIN_GID")]
    pub admin_gid: Option<u32>,
    /// The owner's policy (TOML): what targets of role frontend may have beyond ordinary containers
    /// [default: nothing]
    #[arg(long, env = "CORE_POLICY", value_name = "CORE_POLICY")]
    pub core_policy: Option<PathBuf>,
    /// Group of the socket and of its folder
    #[arg(long, env = "SOCKET_GID", value_name = "SOCKET_GID", default_value_t = 65532)]
    pub socket_gid: u32,
    /// The container engine's socket
    #[arg(long, env = "DOCKER_SOCKET", value_name = "DOCKER_SOCKET", default_value = "/var/run/docker.sock")]
    pub docker_socket: PathBuf,
    /// The system bus, for example `unix:path=/run/dbus/system_bus_socket` [default: the system's]
    #[arg(long, env = "DBUS_SYSTEM_BUS_ADDRESS", value_name = "DBUS_SYSTEM_BUS_ADDRESS")]
    pub dbus_system_bus_address: Option<String>,
    /// Where core sees the host's root folder
    #[arg(long, env = "HOST_ROOT", value_name = "HOST_ROOT", default_value = "/")]
    pub host_root: PathBuf,
    /// The host's folder in which each app's id names the folder that is its /data
    #[arg(long, env = "RESIN_DATA_PATH", value_name = "RESIN_DATA_PATH", default_value = "/resin-data", value_parser = absolute)]
    pub resin_data_path: PathBuf,
    /// The host's folder in which a file `active` says that the VPN is up
    #[arg(
        long,
        env = "VPN_STATUS_PATH",
        value_name = "VPN_STATUS_PATH",
        default_value = "/run/openvpn/vpn_status"
    )]
    pub vpn_status_path: PathBuf,
    /// The host's unit that is the VPN, which a cloud may start and stop
    #[arg(
        long,
        env = "VPN_UNIT",
        value_name = "VPN_UNIT",
        default_value = "openvpn.service",
        value_parser = unit_name
    )]
    pub vpn_unit: String,
    /// Time between the end of one connectivity check and the next
    #[arg(long, env = "HEARTBEAT_INTERVAL_MS", value_name = "HEARTBEAT_INTERVAL_MS", default_value = "10000", value_parser = milliseconds)]
    pub heartbeat_interval_ms: Duration,
    /// Time after which a connectivity check has failed
    #[arg(long, env = "HEARTBEAT_TIMEOUT_MS", value_name = "HEARTBEAT_TIMEOUT_MS", default_value = "10000", value_parser = milliseconds)]
    pub heartbeat_timeout_ms: Duration,
    /// Time between the answer to a reboot or shutdown and the act
    #[arg(long, env = "POWER_DELAY_MS", value_name = "POWER_DELAY_MS", default_value = "1000", value_parser = delay)]
    pub power_delay_ms: Duration,
    /// Bytes that stay free where the engine keeps images: a pull that would leave less is refused
    #[arg(long, env = "PULL_RESERVE_BYTES", value_name = "PULL_RESERVE_BYTES", default_value_t = 64 << 20)]
    pub pull_reserve_bytes: u64,
    /// The cloud's API, whose host the connectivity check connects to [default: config.json's, else none]
    #[arg(long, env = "API_ENDPOINT", value_name = "API_ENDPOINT")]
    pub api_endpoint: Option<Endpoint>,
    /// The device's identity, in balenaOS format; read if it is there
    #[arg(long, env = "CONFIG_JSON", value_name = "CONFIG_JSON", default_value = "/mnt/boot/config.json")]
    pub config_json: PathBuf,
    /// Whether core may write into it what registering the device yields [possible values: 0, 1]
    #[arg(
        long,
        env = "CONFIG_JSON_WRITABLE",
        value_name = "CONFIG_JSON_WRITABLE",
        default_value = "0",
        value_parser = switch,
        action = clap::ArgAction::Set
    )]
    pub config_json_writable: bool,
    /// What is logged, for example warn or `supervisor_core=debug`
    #[arg(
        long,
        env = "SUPERVISOR_LOG",
        value_name = "SUPERVISOR_LOG",
        default_value = "info",
        value_parser = log_filter,
        global = true
    )]
    pub supervisor_log: String,
}

fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let plain = path.components().all(|c| !matches!(c, std::path::Component::ParentDir));
    if path.is_absolute() && plain {
        Ok(path)
    } else {
        Err("expected an absolute path without ..".to_owned())
    }
}

/// `env_logger` ignores what it does not understand, and with it every audit line.
fn log_filter(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    let good = text.split(',').all(|part| match part.split_once('=') {
        Some((target, level)) => !target.is_empty() && is_level(level),
        None => is_level(part),
    });
    if good {
        Ok(text.to_owned())
    } else {
        Err("expected levels such as info, or target=level pairs".to_owned())
    }
}

/// <https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html>
fn unit_name(text: &str) -> Result<String, String> {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    let is_unit =
        text.strip_suffix(".service").is_some_and(|stem| !stem.is_empty() && stem.chars().all(of_a_name));
    if is_unit && text.len() <= 255 {
        Ok(text.to_owned())
    } else {
        Err("expected the name of a service unit, such as openvpn.service".to_owned())
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err("expected 0 or 1".to_owned()),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(ms) if (1..=86_400_000).contains(&ms) => Ok(Duration::from_millis(ms)),
        Ok(_) | Err(_) => Err("expected milliseconds, 1 to 86400000".to_owned()),
    }
}

fn delay(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(ms) if ms <= 60_000 => Ok(Duration::from_millis(ms)),
        Ok(_) | Err(_) => Err("expected milliseconds, 0 to 60000".to_owned()),
    }
}

/// The program's flags, with those variables left out that are set and empty: launch scripts pass such.
pub fn command() -> clap::Command {
    let mut command = Cli::command().mut_args(|arg| arg.hide_env_values(true));
    let empty: Vec<clap::Id> = command
        .get_arguments()
        .filter(|arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty()))
        .map(|arg| arg.get_id().clone())
        .collect();
    for id in empty {
        command = command.mut_arg(id, |arg| arg.env(Resettable::Reset));
    }
    command
}

/// Reads flags and environment.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(arguments)?)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsStr};

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        parse(std::iter::once("supervisor-core").chain(arguments.iter().copied()).map(OsString::from))
    }

    #[test]
    fn defaults_are_those_of_the_configuration_contract() {
        let config = parsed(&[]).unwrap().config;
        assert_eq!(config.core_socket, PathBuf::from("/run/supervisor/core.sock"));
        assert_eq!((config.frontend_uid, config.admin_gid, config.socket_gid), (65532, None, 65532));
        assert_eq!(config.resin_data_path, PathBuf::from("/resin-data"));
        assert_eq!(config.heartbeat_interval_ms, Duration::from_secs(10));
        assert_eq!(config.power_delay_ms, Duration::from_secs(1));
    }

    #[test]
    fn value_that_is_not_acceptable_is_refused_by_name() {
        for (flag, value) in [
            ("--frontend-uid", "root"),
            ("--resin-data-path", "data"),
            ("--resin-data-path", "/a/../b"),
            ("--heartbeat-interval-ms", "0"),
            ("--power-delay-ms", "60001"),
            ("--supervisor-log", "inof"),
            ("--api-endpoint", "ftp://x"),
            ("--config-json-writable", "yes"),
            ("--vpn-unit", "reboot.target"),
            ("--vpn-unit", "../x.service"),
        ] {
            let error = parsed(&[flag, value]).unwrap_err().to_string();
            assert!(error.contains(flag) && error.contains(value), "{error}");
        }
    }

    #[test]
    fn declaration_of_flags_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn table_of_the_readme_has_exactly_the_variables_and_their_defaults() {
        let mut declared = BTreeMap::new();
        for argument in Cli::command().get_arguments() {
            let default = argument.get_default_values().first();
            let text = |os: &OsStr| os.to_str().unwrap().to_owned();
            let variable = argument.get_env();
            declared.extend(variable.map(|name| (text(name), default.map(|value| text(value)))));
        }
        let documented = supervisor_docs::settings("core").into_iter();
        let documented = documented.map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
        assert_eq!(declared, documented.collect());
    }
}
