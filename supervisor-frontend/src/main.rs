//! The frontend's process: reads its settings, starts the server, waits for the signal to stop.

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
};

use sd_notify::NotifyState;
use supervisor_frontend::{
    config::{self, Command, Config, EXIT_USAGE, Stop},
    error_chain::chain,
    healthcheck,
    server::{self, Limits},
    watchdog::{self, Heart},
};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let (command, config) = match config::load(env::args_os(), |name| env::var_os(name)) {
        Ok(loaded) => loaded,
        Err(stop) => return explain(&stop),
    };
    match command {
        Command::Healthcheck => match healthcheck::check(&config) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&chain(&error).to_string()),
        },
        Command::Serve => {
            start_log(&config);
            match run(&config) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&format!("not served address={} error='{error}'", config.listen)),
            }
        }
    }
}

fn start_log(config: &Config) {
    env_logger::Builder::new()
        // It tells of its threads at info; who wants that names it in the filter.
        .filter_module("actix_server", log::LevelFilter::Warn)
        .parse_filters(&config.log_filter)
        .init();
}

fn run(config: &Config) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        log::warn!("running as root, which the frontend does not need: run it as an ordinary user");
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
    runtime.block_on(serve(config))
}

async fn serve(config: &Config) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let asked_to_stop = async {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    };
    tokio::pin!(asked_to_stop);
    let running = tokio::select! {
        started = server::start(config, Limits::default()) => started?,
        _ = &mut asked_to_stop => return Ok(()),
    };
    watchdog::start(running.hearts())?;
    let beating = tokio::spawn(Heart::default().beat(|| tell_systemd(&[NotifyState::Watchdog])));
    tell_systemd(&[NotifyState::Ready]);
    let signal = asked_to_stop.await;
    log::info!("stopping signal={signal}");
    tell_systemd(&[NotifyState::Stopping]);
    let stopped = running.stop().await;
    beating.abort();
    log::info!("stopped");
    stopped
}

/// Does nothing outside systemd.
fn tell_systemd(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::debug!("systemd not told error='{error}'");
    }
}

fn explain(stop: &Stop) -> ExitCode {
    match stop {
        Stop::Arguments(error) => {
            // Help and version are answers, not mistakes; both go where clap sends them.
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
        }
        Stop::Setting(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn fail(line: &str) -> ExitCode {
    // Standard error may be closed; the exit code says it too.
    let _ = writeln!(io::stderr(), "{line}");
    ExitCode::FAILURE
}
