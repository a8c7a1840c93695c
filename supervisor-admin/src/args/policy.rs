//! `policy`: the owner's policy.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use supervisor_proto::ids::AppId;

use super::{compose::ComposeArgs, values};

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
    #[arg(long, value_parser = values::app_id, value_name = "ID")]
    pub app_id: AppId,
    /// The app's name, as for `app apply`.
    #[arg(long, value_parser = values::app_name)]
    pub name: Option<String>,
    /// What the file takes from around it.
    #[command(flatten)]
    pub compose: ComposeArgs,
}
