//! `app`: what to do with apps.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    Force,
    compose::ComposeArgs,
    help,
    inside::{ExecArgs, LogsArgs, ShellArgs},
    values,
};

/// What to do with apps.
#[derive(Debug, Subcommand)]
pub enum AppVerb {
    /// Make an app what a compose file says, and wait until it runs.
    #[command(after_help = help::APPLY)]
    Apply(ApplyArgs),
    /// What would be done now for an app, or if a compose file were applied; nothing is changed.
    #[command(after_help = help::PLAN)]
    Plan(PlanArgs),
    /// All apps.
    List,
    /// One app in full.
    Show {
        /// The app's id.
        #[arg(value_parser = values::app_id)]
        id: AppId,
    },
    /// Remove an app's containers and network and forget it; its data and volumes stay. Asks first.
    Remove(WholeApp),
    /// Start services that were stopped.
    Start(AppServices),
    /// Stop services, also over restarts and boots.
    Stop(AppServices),
    /// Stop, recreate and start services, in the order of their dependencies.
    #[command(after_help = help::RESTART)]
    Restart(AppServices),
    /// Empty an app's data folder and volumes and recreate its containers. Asks first.
    Purge(WholeApp),
    /// The output of one service.
    #[command(after_help = help::LOGS)]
    Logs(LogsArgs),
    /// A shell in a service's container, on this terminal.
    Shell(ShellArgs),
    /// Run one command in a service's container, without a terminal.
    Exec(ExecArgs),
}

/// `app apply`.
#[derive(Debug, ClapArgs)]
pub struct ApplyArgs {
    /// The compose file; `-` reads standard input.
    pub file: PathBuf,
    /// The app's id, 1 to 2^53-1.
    #[arg(long, value_parser = values::app_id, value_name = "ID")]
    pub app_id: AppId,
    /// The app's name; otherwise the file's `name`, otherwise the name of the file's folder.
    #[arg(long, value_parser = values::app_name)]
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
    #[arg(long, value_parser = values::app_id, value_name = "ID")]
    pub app_id: Option<AppId>,
    /// The app's name, as for `app apply`.
    #[arg(long, value_parser = values::app_name, requires = "app_id")]
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
    #[arg(value_parser = values::app_id)]
    pub id: AppId,
    /// How to treat locks.
    #[command(flatten)]
    pub force: Force,
}

/// A verb for an app or some of its services.
#[derive(Debug, ClapArgs)]
pub struct AppServices {
    /// The app's id.
    #[arg(value_parser = values::app_id)]
    pub id: AppId,
    /// Only these services; may be given more than once.
    #[arg(long = "service", value_name = "NAME", num_args = 1.., value_parser = values::service)]
    pub services: Vec<ServiceName>,
    /// How to treat locks.
    #[command(flatten)]
    pub force: Force,
}
