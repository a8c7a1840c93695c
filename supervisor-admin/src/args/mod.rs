//! The command line.

mod app;
mod compose;
mod help;
mod inside;
mod policy;
mod values;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use supervisor_proto::ids::AppId;

pub use self::{
    app::{AppVerb, ApplyArgs, PlanArgs},
    compose::ComposeArgs,
    inside::{ExecArgs, LogsArgs, ShellArgs},
    policy::{ExplainArgs, PolicyVerb},
};

/// Looks after the apps of this device: a client of supervisor-core's Unix socket.
#[derive(Debug, Parser)]
#[command(name = "supervisor-admin", version, after_help = help::TOOL)]
pub struct Args {
    /// The Unix socket of supervisor-core.
    #[arg(long, env = "CORE_SOCKET", global = true, value_name = "PATH", default_value = values::DEFAULT_SOCKET, value_parser = values::socket)]
    pub core_socket: PathBuf,
    /// Which log lines go to stderr, for example `debug`.
    #[arg(long, env = "SUPERVISOR_LOG", global = true, value_name = "FILTER", default_value = values::DEFAULT_LOG, value_parser = values::log_filter)]
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
    #[command(after_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Apply, look at and control apps.
    App {
        /// What to do with apps.
        #[command(subcommand)]
        verb: AppVerb,
    },
    /// What core does, as it happens: actions, steps, pulls, containers, locks, calls. Until Ctrl-C.
    #[command(after_help = help::EVENTS)]
    Events(EventsArgs),
    /// Look after every app now, and carry out what waits for its time.
    #[command(after_help = help::UPDATE)]
    Update(UpdateArgs),
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
    #[command(after_help = help::MAN)]
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

/// `doctor`.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// The LED's file that the frontend is configured with.
    #[arg(long, env = "LED_FILE", value_name = "PATH", default_value = values::DEFAULT_LED, value_parser = values::led)]
    pub led_file: PathBuf,
}

/// `events`.
#[derive(Debug, ClapArgs)]
pub struct EventsArgs {
    /// Only this app, and the container engine's coming and going.
    #[arg(long, value_parser = values::app_id, value_name = "ID")]
    pub app: Option<AppId>,
}

/// `update`.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct UpdateArgs {
    /// How to treat locks.
    #[command(flatten)]
    pub force: Force,
    /// Abort running downloads, and nothing else.
    #[arg(long, conflicts_with_all = ["force", "apply"])]
    pub cancel: bool,
    /// Carry out updates that wait for a reboot, a time of the day or a call.
    #[arg(long)]
    pub apply: bool,
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsStr};

    use clap::{Command, CommandFactory as _};

    use super::*;

    fn variables(command: &Command, found: &mut BTreeMap<String, Option<String>>) {
        let text = |os: &OsStr| os.to_str().unwrap().to_owned();
        for argument in command.get_arguments() {
            let default = argument.get_default_values().first();
            found.extend(argument.get_env().map(|name| (text(name), default.map(|value| text(value)))));
        }
        command.get_subcommands().for_each(|verb| variables(verb, found));
    }

    #[test]
    fn table_of_the_readme_has_exactly_the_variables_and_their_defaults() {
        let mut declared = BTreeMap::new();
        variables(&Args::command(), &mut declared);
        let documented = supervisor_docs::settings("tool").into_iter();
        let documented = documented.map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
        assert_eq!(declared, documented.collect());
    }

    #[test]
    fn declaration_of_flags_is_sound() {
        Args::command().debug_assert();
    }
}
