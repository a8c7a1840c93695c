//! `supervisor-core`: reads the settings, starts the log, runs.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use supervisor_core::{
    config::{self, Cli, Command, EXIT_USAGE},
    error::chain,
    healthcheck,
    run::{self, RunError},
};

/// Exit code for a failure of core's own, as `EX_SOFTWARE` of sysexits.h.
const EXIT_SOFTWARE: u8 = 70;
/// Exit code for what only the owner can put right, as `EX_CONFIG` of sysexits.h: starting again is of no use.
const EXIT_CONFIG: u8 = 78;

fn main() -> ExitCode {
    match config::parse(std::env::args_os()) {
        Ok(cli) => start(cli),
        Err(error) if error.use_stderr() => {
            // The first line names the setting, its value and what is expected.
            let text = error.to_string();
            say(text.lines().next().unwrap_or("error: the settings are not understood"));
            ExitCode::from(EXIT_USAGE)
        }
        Err(help) => {
            let _ = help.print();
            ExitCode::SUCCESS
        }
    }
}

fn start(cli: Cli) -> ExitCode {
    let mut logger = env_logger::Builder::new();
    logger.parse_filters(&cli.config.supervisor_log);
    if !std::io::stderr().is_terminal() {
        // journald and the engine stamp every line themselves.
        logger.format_timestamp(None);
    }
    logger.init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("error: cannot start: {error}"));
            return ExitCode::from(EXIT_SOFTWARE);
        }
    };
    match cli.command {
        Some(Command::Healthcheck) => {
            let healthy = runtime.block_on(healthcheck::serves(&cli.config.core_socket));
            if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        None => match runtime.block_on(run::run(cli.config)) {
            // A setting that is not acceptable is told like one that clap refuses.
            Err(RunError::Policy(error)) => {
                say(&format!("error: CORE_POLICY: {error}"));
                ExitCode::from(EXIT_USAGE)
            }
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                log::error!("core ended error='{}'", chain(&error));
                ExitCode::from(if error.needs_the_owner() { EXIT_CONFIG } else { EXIT_SOFTWARE })
            }
        },
    }
}

fn say(line: &str) {
    // There is nobody left to tell when even this fails.
    let _ = writeln!(std::io::stderr(), "{line}");
}
