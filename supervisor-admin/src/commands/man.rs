//! `man`: manual pages from the same declaration as the command line.

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::Session;
use crate::{args::Args, failure::Failure};

/// The tool's own page to stdout, or a page for it and each of its verbs into a folder.
pub(super) fn run(session: &mut Session<'_>, folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(command()).render(&mut page).map_err(Failure::Output)?;
        return session.output.bytes(&page);
    };
    clap_mangen::generate_to(command(), folder)
        .map_err(|source| Failure::File { path: folder.to_owned(), source })
}

/// Pages say what a variable is called, not what it holds where they were made; and there is none for `help`.
fn command() -> clap::Command {
    Args::command().mut_args(|arg| arg.hide_env_values(true)).disable_help_subcommand(true)
}
