//! Flags and their environment variables.

use std::{ffi::OsString, path::PathBuf};

use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

const AFTER_HELP: &str = "\
Secrets have no flag:
  RESIN_SUPERVISOR_SECRET  a fixed API key of 1 to 64 word characters; without it a key is
                           generated at first start and kept in FRONTEND_STATE_DIR/api-key

An empty variable counts as unset. A wrong value ends the program with exit code 64.

Try it:
  supervisor-frontend --state-dir /tmp/frontend --listen-address 127.0.0.1
  curl \"http://127.0.0.1:48484/ping?apikey=$(cat /tmp/frontend/api-key)\"";

/// The supervisor's public HTTP API, without any privilege of its own.
///
/// Serves the Resin supervisor's API (/ping, /v1/device, /v1/restart and so on) to apps on the device
/// and to the fleet's cloud. What needs privilege is asked of supervisor-core over its socket; while
/// core is away, those routes answer 503 and the others go on. Run it as an ordinary user.
#[derive(Debug, Parser)]
#[command(name = "supervisor-frontend", version, after_help = AFTER_HELP)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Verb>,
    /// Socket of supervisor-core
    #[arg(long, env = "CORE_SOCKET", value_name = "PATH", default_value = "/run/supervisor/core.sock")]
    pub(super) core_socket: PathBuf,
    /// Directory that keeps the API key and the device's identity; created with mode 0700 if missing
    #[arg(
        long,
        env = "FRONTEND_STATE_DIR",
        value_name = "PATH",
        default_value = "/var/lib/supervisor/frontend"
    )]
    pub(super) state_dir: PathBuf,
    /// Address of the API; the API is plain HTTP
    #[arg(long, env = "LISTEN_ADDRESS", value_name = "ADDRESS", default_value = "0.0.0.0")]
    pub(super) listen_address: String,
    /// Port of the API; 0 takes any free one and logs it
    #[arg(long, env = "LISTEN_PORT", value_name = "PORT", default_value = "48484")]
    pub(super) listen_port: String,
    /// Interfaces of which connections are accepted, with commas, e.g. lo,docker0,supervisor0,tun0,resin-vpn;
    /// unset: all
    #[arg(long, env = "LISTEN_INTERFACES", value_name = "NAMES")]
    pub(super) listen_interfaces: Option<String>,
    /// Port of the web terminal's own listener, at the API's address; 0 takes any free one, but not
    /// where interfaces are listed
    #[arg(long, env = "TTY_LISTEN_PORT", value_name = "PORT", default_value = "48485")]
    pub(super) tty_listen_port: String,
    /// How long a web terminal whose URL nobody opened lives, e.g. 90s, 10m, 1h
    #[arg(long, env = "TTY_UNUSED_TIMEOUT", value_name = "DURATION", default_value = "10m")]
    pub(super) tty_unused_timeout: String,
    /// How long a web terminal in which nothing is typed and nothing shown lives
    #[arg(long, env = "TTY_IDLE_TIMEOUT", value_name = "DURATION", default_value = "30m")]
    pub(super) tty_idle_timeout: String,
    /// Command that makes the terminal's port reachable and prints a URL; run without a shell, {port} is the
    /// port; unset: none
    // It may hold a password, so the help does not show what it is set to.
    #[arg(long, env = "TTY_TUNNEL_COMMAND", value_name = "COMMAND", hide_default_value = true)]
    pub(super) tty_tunnel_command: Option<String>,
    /// URL of the fleet's cloud API, http or https; unset: that of config.json, else none, and nothing is ever sent
    /// anywhere
    #[arg(long, env = "API_ENDPOINT", value_name = "URL")]
    pub(super) api_endpoint: Option<String>,
    /// Milliseconds between two questions to the cloud for what should run, while the cloud's variables say nothing
    /// of it; unset: that of config.json, else 900000
    #[arg(long, env = "APPLICATION_UPDATE_POLL_INTERVAL", value_name = "MS")]
    pub(super) poll_interval: Option<String>,
    /// The device's identity in balenaOS format; read at start if it is there
    #[arg(long, env = "CONFIG_JSON", value_name = "PATH", default_value = "/mnt/boot/config.json")]
    pub(super) config_json: PathBuf,
    /// PEM file with certificate authorities that the cloud may have, beside the system's and config.json's
    #[arg(long, env = "NODE_EXTRA_CA_CERTS", value_name = "PATH")]
    pub(super) extra_authorities: Option<PathBuf>,
    /// Brightness file of the light that /v1/blink uses
    #[arg(long, env = "LED_FILE", value_name = "PATH", default_value = "/sys/class/leds/led0/brightness")]
    pub(super) led_file: PathBuf,
    /// os-release file of the host, for the name it gives itself
    #[arg(long, env = "HOST_OS_VERSION_PATH", value_name = "PATH", default_value = "/etc/os-release")]
    pub(super) os_release: PathBuf,
    /// Log filter: off, error, warn, info, debug, trace, or TARGET=LEVEL pairs with commas
    #[arg(long, env = "SUPERVISOR_LOG", value_name = "FILTER", default_value = "info")]
    pub(super) log: String,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Verb {
    /// Ask the API on this machine whether it is alive: exit code 0 or 1
    Healthcheck,
}

/// Parses; variables that are empty count as unset.
pub(super) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Cli, clap::Error> {
    // A flag may stand before and behind the verb.
    let command = Cli::command().mut_args(|argument| with_value(argument, &variable).global(true));
    let matches = command.try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// Makes a set variable the argument's default. clap's own look at the environment would take an
/// empty variable for a value, and the environment of this process for the caller's.
fn with_value(argument: Arg, variable: impl Fn(&str) -> Option<OsString>) -> Arg {
    let Some(name) = argument.get_env().and_then(|name| name.to_str()).map(ToOwned::to_owned) else {
        return argument;
    };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let argument = argument.env(None::<&'static str>).help(format!("{help} [env: {name}]"));
    match variable(&name).filter(|value| !value.is_empty()) {
        Some(value) => argument.default_value(clap::builder::OsStr::from(value)),
        None => argument,
    }
}
