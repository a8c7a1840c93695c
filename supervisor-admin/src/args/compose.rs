//! What a compose file takes from around it.

use std::path::PathBuf;

use clap::Args as ClapArgs;

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
