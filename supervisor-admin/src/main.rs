//! The local command-line tool of the device supervisor: a client of core's Unix socket.
//! It parses its arguments, calls core, and ends with an exit code that says what happened.

mod args;
mod cloud_standing;
mod commands;
mod compose_file;
mod confirm;
mod doctor;
mod exit_code;
mod failure;
mod output;
mod progress;
mod raw_mode;
mod render;
mod request_id;
mod surroundings;
mod timestamp;
mod views;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use crate::{args::Args, failure::Failure, output::Output};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let mut output = Output::new(words.iter().any(|word| word == "--json"));
    let outcome = match Args::try_parse_from(words) {
        Ok(args) => run(&args, &mut output),
        Err(error) => explain(&error, &mut output),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => output.failure(&failure),
    }
}

fn run(args: &Args, output: &mut Output) -> Result<u8, Failure> {
    env_logger::Builder::new().parse_filters(&args.log).format_timestamp(None).init();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(commands::run(args, output))
}

/// Help and version are answers; anything else that clap stops at is wrong usage.
fn explain(error: &clap::Error, output: &mut Output) -> Result<u8, Failure> {
    if error.use_stderr() {
        return Err(Failure::Usage(error.to_string()));
    }
    output.text(&error.to_string())?;
    Ok(0)
}
