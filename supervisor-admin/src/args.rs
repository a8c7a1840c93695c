//! The command line.

use std::{convert::Infallible, path::PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use log::LevelFilter;
use supervisor_proto::ids::{AppId, InvalidId, ServiceName};

const DEFAULT_SOCKET: &str = "/run/supervisor/core.sock";
const DEFAULT_LED: &str = "/sys/class/leds/led0/brightness";
const DEFAULT_LOG: &str = "info";

const AFTER_HELP: &str = "\
Exit codes:
   0  done
   1  only `doctor`: warnings
   2  `doctor`: something does not work; with --exit-code of `app plan` and `app apply --dry-run`: there is
      something to do
  64  wrong usage or bad input; a dangerous verb without a yes
  65  the compose or policy file was not accepted
  66  no such app, service or file; no key yet
  69  core, the engine, logind or the frontend is not available; a shell or command did not end by itself
  70  a failure inside core or this tool, or two releases that do not fit
  75  try again later: updates locked, still in progress, limit reached, or the store cannot be written
  77  not allowed

With --json an answer is one JSON object on stdout (`app logs`, `events`: one per line), and an error is
  {\"error\":{\"reason\":\"updates-locked\",\"subject\":\"...\",\"message\":\"...\"}} on stderr.";

const PLAN_HELP: &str = "\
Examples:
  supervisor-admin app plan 2167                          what core still has to do for app 2167
  supervisor-admin app plan compose.yaml --app-id 2167    what applying the file would do
  supervisor-admin app plan compose.yaml --app-id 2167 --exit-code >/dev/null || echo changes

Each service comes with what would happen to it and why: + created or started, ~ recreated,
- removed or stopped, = unchanged. Names of fields are shown, values never.";

const DOCTOR_HELP: &str = "\
Examples:
  supervisor-admin doctor
  supervisor-admin doctor --json | jq '.findings[] | select(.level == \"fail\")'

Exit codes: 0 nothing is wrong, 1 warnings only, 2 something does not work. It also looks when core is not
there, and then says why. It changes nothing.";

const MAN_HELP: &str = "\
Examples:
  supervisor-admin man | man -l -
  supervisor-admin man --out-dir /usr/local/share/man/man1";

const LOGS_HELP: &str = "\
Examples:
  supervisor-admin app logs 2167 --tail 50
  supervisor-admin app logs 2167 --service web --follow";

const APPLY_HELP: &str = "\
Examples:
  supervisor-admin app apply compose.yaml --app-id 2167 --name demo
  supervisor-admin app apply compose.yaml --app-id 2167 --dry-run
  generate-compose | supervisor-admin app apply - --app-id 2167 --name demo";

const RESTART_HELP: &str = "\
Examples:
  supervisor-admin app restart 2167
  supervisor-admin app restart 2167 --service web --service db
  supervisor-admin app restart 2167 --force               although the app holds its update lock";

const EVENTS_HELP: &str = "\
Examples:
  supervisor-admin events                   everything, with who called what
  supervisor-admin events --app 2167        one app
  supervisor-admin events --json | jq -r 'select(.event == \"container-changed\") | .happening'

Times are UTC. Nothing is kept: an event that nobody follows is not told again. Why a running container
was made stands in `app show`.";

const SHELL_HELP: &str = "\
The image's bash, or else its sh. The exit code is the shell's own; where the terminal ends for another
reason, a line says why, and the exit code is 69.";

const EXEC_HELP: &str = "\
Standard input goes to the command, with its end; standard output and standard error stay apart. The exit
code is the command's own, also where it is one of this tool's; this tool's own failures leave a line that
begins with `supervisor-admin:`. Example: supervisor-admin app exec 2167 -- tar -C /data -c . > data.tar";

/// Looks after the apps of this device: a client of supervisor-core's Unix socket.
#[derive(Debug, Parser)]
#[command(name = "supervisor-admin", version, after_help = AFTER_HELP)]
pub struct Args {
    /// The Unix socket of supervisor-core.
    #[arg(long, env = "CORE_SOCKET", global = true, value_name = "PATH", default_value = DEFAULT_SOCKET, value_parser = socket)]
    pub core_socket: PathBuf,
    /// Which log lines go to stderr, for example `debug`.
    #[arg(long, env = "SUPERVISOR_LOG", global = true, value_name = "FILTER", default_value = DEFAULT_LOG, value_parser = log_filter)]
    pub log: String,
    /// Answer in JSON, errors too.
    #[arg(long, global = true)]
    pub json: bool,
    /// Do not ask before a dangerous verb: reboot, shutdown, app purge, app remove, key rotate.
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Core, engine, heartbeat and apps at a glance.
    Status,
    /// What is wrong with core, engine, bus, disks, clock, locks and apps, and what to do about it.
    #[command(after_help = DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// Apply, look at and control apps.
    App {
        /// What to do with apps.
        #[command(subcommand)]
        verb: AppVerb,
    },
    /// What core does, as it happens: actions, steps, pulls, containers, locks, calls. Until Ctrl-C.
    #[command(after_help = EVENTS_HELP)]
    Events(EventsArgs),
    /// Reboot the device; asks first.
    Reboot(Force),
    /// Power the device off; asks first.
    Shutdown(Force),
    /// The TCP heartbeat to the cloud: on and off last until core restarts.
    TcpPing {
        /// Switch it, or look at it.
        switch: Switch,
    },
    /// The key of the HTTP API.
    Key {
        /// Show the key, or replace it by a new one (asks first: apps that have it are recreated).
        verb: KeyVerb,
    },
    /// The owner's policy: what a cloud may have run.
    Policy {
        /// What to do with it.
        #[command(subcommand)]
        verb: PolicyVerb,
    },
    /// Write the manual page to stdout, or all pages into a folder.
    #[command(after_help = MAN_HELP)]
    Man {
        /// The folder for this tool's page and one for each of its verbs.
        #[arg(long, value_name = "FOLDER")]
        out_dir: Option<PathBuf>,
    },
    /// Write a completion script for a shell to stdout.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What to do with the owner's policy.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Read a policy file by core's rules and name each mistake with its line; core is not asked.
    Check {
        /// The file; otherwise that of `CORE_POLICY`.
        #[arg(env = "CORE_POLICY", hide_env_values = true)]
        file: PathBuf,
    },
    /// What of a compose file would be refused if a cloud sent it, and which lines would grant it.
    Explain(ExplainArgs),
}

/// `policy explain`.
#[derive(Debug, ClapArgs)]
pub struct ExplainArgs {
    /// The compose file; `-` reads standard input.
    pub file: PathBuf,
    /// The app's id, 1 to 2^53-1.
    #[arg(long, value_parser = app_id, value_name = "ID")]
    pub app_id: AppId,
    /// The app's name, as for `app apply`.
    #[arg(long, value_parser = app_name)]
    pub name: Option<String>,
    /// What the file takes from around it.
    #[command(flatten)]
    pub compose: ComposeArgs,
}

/// What to do with apps.
#[derive(Debug, Subcommand)]
pub enum AppVerb {
    /// Make an app what a compose file says, and wait until it runs.
    #[command(after_help = APPLY_HELP)]
    Apply(ApplyArgs),
    /// What would be done now for an app, or if a compose file were applied; nothing is changed.
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// All apps.
    List,
    /// One app in full.
    Show {
        /// The app's id.
        #[arg(value_parser = app_id)]
        id: AppId,
    },
    /// Remove an app's containers and network and forget it; its data and volumes stay. Asks first.
    Remove(WholeApp),
    /// Start services that were stopped.
    Start(AppServices),
    /// Stop services, also over restarts and boots.
    Stop(AppServices),
    /// Stop, recreate and start services, in the order of their dependencies.
    #[command(after_help = RESTART_HELP)]
    Restart(AppServices),
    /// Empty an app's data folder and volumes and recreate its containers. Asks first.
    Purge(WholeApp),
    /// The output of one service.
    #[command(after_help = LOGS_HELP)]
    Logs(LogsArgs),
    /// A shell in a service's container, on this terminal.
    Shell(ShellArgs),
    /// Run one command in a service's container, without a terminal.
    Exec(ExecArgs),
}

/// What a compose file takes from around it.
#[derive(Debug, ClapArgs)]
pub struct ComposeArgs {
    /// Services of this profile count too; again for more, `*` for all.
    #[arg(long = "profile", env = "COMPOSE_PROFILES", value_name = "NAME", value_delimiter = ',')]
    pub profiles: Vec<String>,
    /// Variables of the compose file, instead of `.env` beside it; the caller's environment wins.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

/// `app apply`.
#[derive(Debug, ClapArgs)]
pub struct ApplyArgs {
    /// The compose file; `-` reads standard input.
    pub file: PathBuf,
    /// The app's id, 1 to 2^53-1.
    #[arg(long, value_parser = app_id, value_name = "ID")]
    pub app_id: AppId,
    /// The app's name; otherwise the file's `name`, otherwise the name of the file's folder.
    #[arg(long, value_parser = app_name)]
    pub name: Option<String>,
    /// What the file takes from around it.
    #[command(flatten)]
    pub compose: ComposeArgs,
    /// Change nothing, show what would be done: the same as `app plan`.
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: exit code 2 when there is something to do.
    #[arg(long, requires = "dry_run")]
    pub exit_code: bool,
    /// How to treat locks.
    #[command(flatten)]
    pub force: Force,
}

/// `app plan`.
#[derive(Debug, ClapArgs)]
pub struct PlanArgs {
    /// The app's id; or, with --app-id, a compose file (`-` reads standard input).
    #[arg(value_name = "ID|FILE")]
    pub what: String,
    /// The id of the app that the file is for.
    #[arg(long, value_parser = app_id, value_name = "ID")]
    pub app_id: Option<AppId>,
    /// The app's name, as for `app apply`.
    #[arg(long, value_parser = app_name, requires = "app_id")]
    pub name: Option<String>,
    /// What the file takes from around it.
    #[command(flatten)]
    pub compose: ComposeArgs,
    /// Exit code 2 when there is something to do.
    #[arg(long)]
    pub exit_code: bool,
}

/// A verb for a whole app.
#[derive(Debug, ClapArgs)]
pub struct WholeApp {
    /// The app's id.
    #[arg(value_parser = app_id)]
    pub id: AppId,
    /// How to treat locks.
    #[command(flatten)]
    pub force: Force,
}

/// A verb for an app or some of its services.
#[derive(Debug, ClapArgs)]
pub struct AppServices {
    /// The app's id.
    #[arg(value_parser = app_id)]
    pub id: AppId,
    /// Only these services; may be given more than once.
    #[arg(long = "service", value_name = "NAME", num_args = 1.., value_parser = service)]
    pub services: Vec<ServiceName>,
    /// How to treat locks.
    #[command(flatten)]
    pub force: Force,
}

/// `app logs`.
#[derive(Debug, ClapArgs)]
pub struct LogsArgs {
    /// The app's id.
    #[arg(value_parser = app_id)]
    pub id: AppId,
    /// Which service; may be left out for an app of one service.
    #[arg(long, value_name = "NAME", value_parser = service)]
    pub service: Option<ServiceName>,
    /// Go on until the service ends or Ctrl-C.
    #[arg(long, short)]
    pub follow: bool,
    /// Only this many lines from the end.
    #[arg(long, value_name = "N")]
    pub tail: Option<u32>,
}

/// `doctor`.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// The LED's file that the frontend is configured with.
    #[arg(long, env = "LED_FILE", value_name = "PATH", default_value = DEFAULT_LED, value_parser = led)]
    pub led_file: PathBuf,
}

/// `events`.
#[derive(Debug, ClapArgs)]
pub struct EventsArgs {
    /// Only this app, and the container engine's coming and going.
    #[arg(long, value_parser = app_id, value_name = "ID")]
    pub app: Option<AppId>,
}

/// `app shell`.
#[derive(Debug, ClapArgs)]
#[command(after_help = SHELL_HELP)]
pub struct ShellArgs {
    /// The app's id.
    #[arg(value_parser = app_id)]
    pub id: AppId,
    /// Which service; otherwise the only one, or the one called main.
    #[arg(long, value_name = "NAME", value_parser = service)]
    pub service: Option<ServiceName>,
}

/// `app exec`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXEC_HELP)]
pub struct ExecArgs {
    /// The app's id.
    #[arg(value_parser = app_id)]
    pub id: AppId,
    /// Which service; otherwise the only one, or the one called main.
    #[arg(long, value_name = "NAME", value_parser = service)]
    pub service: Option<ServiceName>,
    /// The program and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// How to treat the apps' update locks.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct Force {
    /// Override the apps' update locks.
    #[arg(long)]
    pub force: bool,
}

/// `tcp-ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Heartbeat on.
    On,
    /// Heartbeat off.
    Off,
    /// What it does.
    Status,
}

/// `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyVerb {
    /// The current key.
    Show,
    /// A new key.
    Rotate,
}

/// Launch scripts pass empty variables: they count as unset.
#[allow(clippy::unnecessary_wraps, reason = "the signature that clap asks of a value parser")]
fn socket(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(if text.is_empty() { DEFAULT_SOCKET } else { text }))
}

#[allow(clippy::unnecessary_wraps, reason = "the signature that clap asks of a value parser")]
fn led(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(if text.is_empty() { DEFAULT_LED } else { text }))
}

/// `level`, `module` or `module=level`, separated by commas.
fn log_filter(text: &str) -> Result<String, &'static str> {
    let text = if text.is_empty() { DEFAULT_LOG } else { text };
    let fits = |directive: &str| match directive.split_once('=') {
        Some((module, level)) => !module.is_empty() && level.parse::<LevelFilter>().is_ok(),
        None => !directive.is_empty(),
    };
    if text.split(',').all(fits) {
        Ok(text.to_owned())
    } else {
        Err("SUPERVISOR_LOG is error, warn, info, debug, trace or off, or module=level, separated by commas")
    }
}

fn app_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.len() > 255 || text.contains(char::is_control) {
        Err("a name has 1 to 255 bytes and no control character")
    } else {
        Ok(text.to_owned())
    }
}

fn app_id(text: &str) -> Result<AppId, InvalidId> {
    AppId::parse(text)
}

fn service(text: &str) -> Result<ServiceName, InvalidId> {
    ServiceName::parse(text)
}
