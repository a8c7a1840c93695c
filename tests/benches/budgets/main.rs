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

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bare-http"] => bare::http(),
        ["bare-grpc", socket] => bare::grpc(socket),
        _ => measure(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("budgets: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<()> {
    let mut table = Table::default();
    start_up::measure(&mut table)?;
    throughput::measure(&mut table)?;
    latency::measure(&mut table)?;
    idle::measure(&mut table)?;
    app_actions::measure(&mut table)?;
    terminal::measure(&mut table)?;
    fleet::measure(&mut table)?;
    println!("{table}");
    Ok(())
}
