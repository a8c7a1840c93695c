//! Settings: declared once for flags, environment and help; checked once, with one line per mistake.

mod cli;
mod filter;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use crate::{
    auth::api_key::{ApiKey, KEY_MAX_BYTES},
    cloud::{
        CloudConfig,
        api::{ApiEndpoint, BadEndpoint},
        settings::{LONGEST_INTERVAL, SHORTEST_INTERVAL},
    },
    interfaces::InterfaceNames,
    terminal::{lifetime::Allowance, tunnel::command::TunnelCommand},
};

/// The exit code for settings and arguments that make no sense (`EX_USAGE` of sysexits).
pub const EXIT_USAGE: u8 = 64;

/// Holds the fixed key, which is for this process alone.
pub const SECRET_VARIABLE: &str = "RESIN_SUPERVISOR_SECRET";
/// What a Unix socket's address holds, without its final zero (`unix(7)`).
const SOCKET_PATH_MAX_BYTES: usize = 107;

/// A terminal that ends before anybody can have opened it is of no use.
const LIFETIME_MIN: Duration = Duration::from_secs(1);
/// One that lives longer is as good as without an end.
const LIFETIME_MAX: Duration = Duration::from_hours(30 * 24);

/// What the process is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Serve the API.
    Serve,
    /// Ask the running API whether it is alive.
    Healthcheck,
}

/// Checked settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Core's socket.
    pub core_socket: PathBuf,
    /// Where the key is kept.
    pub state_dir: PathBuf,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Whose connections are accepted; `None`: all interfaces'.
    pub interfaces: Option<InterfaceNames>,
    /// The terminal's port, at the API's address and interfaces.
    pub tty_port: u16,
    /// How long terminals may go without use.
    pub tty_allowance: Allowance,
    /// What makes the terminal reachable from elsewhere.
    pub tunnel: Option<TunnelCommand>,
    /// A fixed key.
    pub fixed_key: Option<ApiKey>,
    /// The fleet's cloud.
    pub cloud: CloudConfig,
    /// The identification light.
    pub led_file: PathBuf,
    /// The host's os-release.
    pub os_release: PathBuf,
    /// The log filter.
    pub log_filter: String,
}

/// A setting that makes no sense. One line; it never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value}: expected {expected}")]
pub struct ConfigError {
    variable: &'static str,
    value: String,
    expected: &'static str,
}

/// Why there is nothing to do.
#[derive(Debug)]
pub enum Stop {
    /// The arguments were not understood, or help was asked for.
    Arguments(Box<clap::Error>),
    /// A setting makes no sense.
    Setting(ConfigError),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(error) => error.render().fmt(f),
            Self::Setting(error) => error.fmt(f),
        }
    }
}

/// Reads arguments and environment.
pub fn load(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(Command, Config), Stop> {
    let cli = cli::parse(arguments, &variable).map_err(|error| Stop::Arguments(Box::new(error)))?;
    let command = if cli.command.is_some() { Command::Healthcheck } else { Command::Serve };
    let config = check(cli, variable(SECRET_VARIABLE)).map_err(Stop::Setting)?;
    Ok((command, config))
}

fn check(cli: cli::Cli, secret: Option<OsString>) -> Result<Config, ConfigError> {
    let address: IpAddr = parsed("LISTEN_ADDRESS", &cli.listen_address, "an IPv4 or IPv6 address")?;
    let port: u16 = parsed("LISTEN_PORT", &cli.listen_port, "a TCP port, 0 to 65535 (0: any free one)")?;
    let tty_port = tty_port(&cli.tty_listen_port, port)?;
    let interfaces = cli.listen_interfaces.map(|text| interfaces(&text)).transpose()?;
    if interfaces.is_some() {
        fixed("LISTEN_PORT", port)?;
        fixed("TTY_LISTEN_PORT", tty_port)?;
    }
    let core_socket = absolute("CORE_SOCKET", cli.core_socket)?;
    if core_socket.as_os_str().len() > SOCKET_PATH_MAX_BYTES {
        return Err(wrong("CORE_SOCKET", core_socket.as_os_str(), "a path of at most 107 bytes"));
    }
    if !filter::is_valid(&cli.log) {
        let expected = "off, error, warn, info, debug or trace, or pairs such as supervisor_frontend=debug";
        return Err(wrong("SUPERVISOR_LOG", OsStr::new(&cli.log), expected));
    }
    let state_dir = absolute("FRONTEND_STATE_DIR", cli.state_dir)?;
    let os_release = absolute("HOST_OS_VERSION_PATH", cli.os_release)?;
    Ok(Config {
        core_socket,
        cloud: CloudConfig {
            api_endpoint: cli.api_endpoint.map(|text| api_endpoint(&text)).transpose()?,
            config_json: absolute("CONFIG_JSON", cli.config_json)?,
            extra_authorities: cli
                .extra_authorities
                .map(|path| absolute("NODE_EXTRA_CA_CERTS", path))
                .transpose()?,
            state_dir: state_dir.clone(),
            poll_interval: cli.poll_interval.map(|text| poll_interval(&text)).transpose()?,
            os_release: os_release.clone(),
        },
        state_dir,
        listen: SocketAddr::new(address, port),
        interfaces,
        tty_port,
        tty_allowance: Allowance {
            unused: lifetime("TTY_UNUSED_TIMEOUT", &cli.tty_unused_timeout)?,
            idle: lifetime("TTY_IDLE_TIMEOUT", &cli.tty_idle_timeout)?,
        },
        tunnel: cli.tty_tunnel_command.map(|text| tunnel(&text)).transpose()?,
        fixed_key: secret.filter(|secret| !secret.is_empty()).map(|secret| fixed_key(&secret)).transpose()?,
        led_file: absolute("LED_FILE", cli.led_file)?,
        os_release,
        log_filter: cli.log,
    })
}

/// A URL with a password in it is one of the mistakes, so it is not shown.
fn api_endpoint(text: &str) -> Result<ApiEndpoint, ConfigError> {
    const EXPECTED: &str =
        "an http or https URL of an ASCII host, without user, password, query and fragment";
    text.parse().map_err(|BadEndpoint| {
        let shown = if text.contains('@') { "(not shown)" } else { text };
        wrong("API_ENDPOINT", OsStr::new(shown), EXPECTED)
    })
}

fn poll_interval(text: &str) -> Result<Duration, ConfigError> {
    let name = "APPLICATION_UPDATE_POLL_INTERVAL";
    let expected = "milliseconds, 10000 to 86400000";
    let interval = Duration::from_millis(parsed(name, text, expected)?);
    if (SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&interval) {
        Ok(interval)
    } else {
        Err(wrong(name, OsStr::new(text), expected))
    }
}

fn interfaces(text: &str) -> Result<InterfaceNames, ConfigError> {
    parsed("LISTEN_INTERFACES", text, "up to 64 interface names with commas, such as lo,docker0,tun0")
}

fn tty_port(text: &str, api_port: u16) -> Result<u16, ConfigError> {
    const NAME: &str = "TTY_LISTEN_PORT";
    let port: u16 = parsed(NAME, text, "a TCP port, 0 to 65535 (0: any free one)")?;
    if port != 0 && port == api_port {
        return Err(wrong(NAME, OsStr::new(text), "another port than LISTEN_PORT"));
    }
    Ok(port)
}

/// Each interface has a listener of its own, and they share the port.
fn fixed(variable: &'static str, port: u16) -> Result<(), ConfigError> {
    if port != 0 {
        return Ok(());
    }
    Err(wrong(variable, OsStr::new("0"), "a fixed port, 1 to 65535, with LISTEN_INTERFACES"))
}

/// How long a terminal may live without use.
fn lifetime(variable: &'static str, text: &str) -> Result<Duration, ConfigError> {
    const { assert!(LIFETIME_MAX.as_secs() == 30 * 24 * 60 * 60, "the sentence below says 30 days") };
    let lifetime =
        humantime::parse_duration(text).ok().filter(|time| (LIFETIME_MIN..=LIFETIME_MAX).contains(time));
    lifetime.ok_or_else(|| wrong(variable, OsStr::new(text), "a duration from 1s to 30d, such as 90s or 10m"))
}

/// It may hold a password, so it is not shown.
fn tunnel(text: &str) -> Result<TunnelCommand, ConfigError> {
    text.parse().map_err(|_| {
        let expected = "a command with its arguments, quoted as for a POSIX shell";
        wrong("TTY_TUNNEL_COMMAND", OsStr::new("(not shown)"), expected)
    })
}

fn fixed_key(secret: &OsStr) -> Result<ApiKey, ConfigError> {
    const { assert!(KEY_MAX_BYTES == 64, "the sentence below says 64") };
    secret.to_str().and_then(|text| ApiKey::parse(text).ok()).ok_or_else(|| {
        wrong(
            SECRET_VARIABLE,
            OsStr::new("(not shown)"),
            "1 to 64 of the characters A-Z a-z 0-9 and underscore",
        )
    })
}

fn parsed<T: std::str::FromStr>(
    variable: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<T, ConfigError> {
    text.parse().map_err(|_| wrong(variable, OsStr::new(text), expected))
}

fn absolute(variable: &'static str, path: PathBuf) -> Result<PathBuf, ConfigError> {
    if path.is_absolute() { Ok(path) } else { Err(wrong(variable, path.as_os_str(), "an absolute path")) }
}

fn wrong(variable: &'static str, value: &OsStr, expected: &'static str) -> ConfigError {
    // Escaped, so that a value with a newline still gives one line.
    ConfigError { variable, value: value.to_string_lossy().escape_debug().to_string(), expected }
}

#[cfg(test)]
mod tests;
