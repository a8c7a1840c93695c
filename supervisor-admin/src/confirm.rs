//! The question before a dangerous verb.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::{args::Args, failure::Failure, output::Output};

/// Goes on with `--yes`, or when the person at the terminal says yes to "`what`?"; without a
/// terminal nobody can be asked.
pub fn confirm(args: &Args, output: &mut Output, what: &str) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let refused = |hint| Err(Failure::NotConfirmed { what: what.to_owned(), hint });
    if args.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return refused(": there is no terminal to ask on, so give --yes");
    }
    output.question(&format!("{what}? [y/N] "))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(Failure::Output)?;
    match answer.trim() {
        "y" | "Y" | "yes" | "Yes" | "YES" => Ok(()),
        _ => refused(""),
    }
}
