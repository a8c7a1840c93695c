//! A test program whose cases share one device, one after the other. Cargo's own harness has no
//! moment at which a shared device could be removed; this one speaks as it does.

use std::io::{Write, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use crate::Result;
use crate::device::{Device, remove_leftovers};
use crate::supervisor;

/// A case's name and what it does on a device with a supervisor.
pub type Case = (&'static str, fn(&Device) -> Result<()>);

/// Runs the cases whose names contain one of the program's arguments, all of them without one.
/// The exit code tells a failure.
pub fn run(cases: &[Case]) -> ExitCode {
    run_prepared(cases, |device| {
        supervisor::install(device)?;
        supervisor::client(device).map(drop)
    })
}

/// The same, on a device that is made ready in another way.
pub fn run_prepared(cases: &[Case], prepare: fn(&Device) -> Result<()>) -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let chosen =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let cases: Vec<&Case> = cases.iter().filter(|(name, _)| chosen(name)).collect();
    if std::env::args().any(|word| word == "--list") {
        for (name, _) in cases {
            say(&format!("{name}: test"));
        }
        return ExitCode::SUCCESS;
    }
    match boot(prepare) {
        Ok(device) => run_on(&device, &cases),
        Err(error) => {
            say(&format!("no device: {error}"));
            summary(0, cases.len())
        }
    }
}

fn run_on(device: &Device, cases: &[&Case]) -> ExitCode {
    say(&format!("\nrunning {} tests", cases.len()));
    let passed = cases.iter().filter(|case| passes(device, case)).count();
    summary(passed, cases.len() - passed)
}

fn passes(device: &Device, (name, case): &Case) -> bool {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| case(device)));
    let outcome = outcome.unwrap_or_else(|_| Err("an assertion failed, see above".into()));
    let seconds = start.elapsed().as_secs_f32();
    match &outcome {
        Ok(()) => say(&format!("test {name} ... ok ({seconds:.1} s)")),
        Err(error) => say(&format!("test {name} ... FAILED ({seconds:.1} s)\n{error}\n{}", device.report())),
    }
    outcome.is_ok()
}

fn boot(prepare: fn(&Device) -> Result<()>) -> Result<Device> {
    remove_leftovers()?;
    let device = Device::boot()?;
    prepare(&device).map_err(|error| format!("{error}\n{}", device.report()))?;
    Ok(device)
}

fn summary(passed: usize, failed: usize) -> ExitCode {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    say(&format!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out\n"
    ));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A closed standard output is no reason to stop before the device is removed.
fn say(line: &str) {
    drop(writeln!(stdout(), "{line}"));
}
