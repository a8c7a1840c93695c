//! `app logs`, `app shell`, `app exec`: what a service writes, and its container from within.

use clap::Args as ClapArgs;
use supervisor_proto::ids::{AppId, ServiceName};

use super::{help, values};

/// `app logs`.
#[derive(Debug, ClapArgs)]
pub struct LogsArgs {
    /// The app's id.
    #[arg(value_parser = values::app_id)]
    pub id: AppId,
    /// Which service; may be left out for an app of one service.
    #[arg(long, value_name = "NAME", value_parser = values::service)]
    pub service: Option<ServiceName>,
    /// Go on until the service ends or Ctrl-C.
    #[arg(long, short)]
    pub follow: bool,
    /// Only this many lines from the end.
    #[arg(long, value_name = "N")]
    pub tail: Option<u32>,
    /// Each line with its time, as RFC 3339 in UTC.
    #[arg(long, short)]
    pub timestamps: bool,
    /// Only lines since then: a time in RFC 3339, or how long ago, such as 10m or 2h.
    #[arg(long, value_name = "TIME", value_parser = values::since_ms)]
    pub since: Option<u64>,
}

/// `app shell`.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::SHELL)]
pub struct ShellArgs {
    /// The app's id.
    #[arg(value_parser = values::app_id)]
    pub id: AppId,
    /// Which service; otherwise the only one, or the one called main.
    #[arg(long, value_name = "NAME", value_parser = values::service)]
    pub service: Option<ServiceName>,
}

/// `app exec`.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::EXEC)]
pub struct ExecArgs {
    /// The app's id.
    #[arg(value_parser = values::app_id)]
    pub id: AppId,
    /// Which service; otherwise the only one, or the one called main.
    #[arg(long, value_name = "NAME", value_parser = values::service)]
    pub service: Option<ServiceName>,
    /// The program and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}
