//! The budgets of the design, measured on this machine, each beside a bare server or the engine's own work
//! in the same run. Prints a Markdown table; judges nothing: machines are noisy, a person reads the ratios.
//!
//! `scripts/bench` runs it. The same program is its own reference: started with `bare-http` or `bare-grpc`
//! it is the smallest server that the same libraries make.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a program for the terminal that nobody's device runs"
)]

mod app_actions;
mod bare;
mod echo;
mod engine_call;
mod fleet;
mod http_load;
mod idle;
mod latency;
mod median;
mod process;
mod start_up;
mod table;
mod terminal;
mod throughput;

use std::{env, process::ExitCode};

use supervisor_tests::Result;

use crate::table::Table;

/// Adds rows to the table.
type Group = fn(&mut Table) -> Result<()>;

/// What is measured, in this order, unless the command line names some of it.
const GROUPS: [(&str, Group); 7] = [
    ("start-up", start_up::measure),
    ("throughput", throughput::measure),
    ("latency", latency::measure),
    ("idle", idle::measure),
    ("app-actions", app_actions::measure),
    ("terminal", terminal::measure),
    ("fleet", fleet::measure),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bare-http"] => bare::http(),
        ["bare-grpc", socket] => bare::grpc(socket),
        groups => measure(groups),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("budgets: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(groups: &[&str]) -> Result<()> {
    let known = GROUPS.map(|(name, _)| name);
    if let Some(unknown) = groups.iter().find(|group| !known.contains(group)) {
        return Err(format!("no group {unknown}; there are {}", known.join(", ")).into());
    }
    let mut table = Table::default();
    for (_, group) in GROUPS.iter().filter(|(name, _)| groups.is_empty() || groups.contains(name)) {
        group(&mut table)?;
    }
    println!("{table}");
    Ok(())
}
